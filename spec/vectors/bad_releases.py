"""Vectors of damaged releases.

First what somebody without the owner's key can do to the file, then what only
the owner (or a thief of the key) can: those are sealed and signed anew.
"""

import base64
import struct
import zipfile
import zlib

from good import changed_owner
from story import (
    EXAMINATION, MONDAY, OTHER, OWNER, PARTIES, PARTNER, PICKS, POLICY, SERVER, TUESDAY, small, small_story,
)
from writer import b64, b64url, compact, digest_of, disclosure, leaf_bytes, leaf_hash, path, seal, zip_of

RELEASED = 12  # the entry of the release's record, the last one
SALT = bytes(range(16))


def make(out):
    zips(out)
    members(out)
    contents(out)
    proofs(out)
    checkpoints(out)
    documents(out)
    records(out)
    disclosures(out)
    fields(out)
    withheld(out)
    places(out)
    leaves(out)
    heads(out)


def good():
    return small().release(PICKS)


def changed(listed, name, change):
    return [(n, change(data) if n == name else data) for n, data in listed]


# ---- Without the key: the zip --------------------------------------------------


def zips(out):
    listed, data = good(), zip_of(good())

    def broken(name, what, file):
        out.release(name, what, file, broken=["zip"])

    end = data.rindex(b"PK\x05\x06")
    start = data.index(b"PK\x01\x02")
    broken("zip-cut", "the last byte is cut off", data[:-1])
    broken("zip-cut-after-members", "cut after the last member", data[:start])
    broken("zip-cut-within-member", "cut in the middle", data[: len(data) // 2])
    broken("zip-empty", "a file of no bytes", b"")
    broken("zip-trailing-bytes", "bytes behind the end", data + b"\n")
    broken("zip-leading-bytes", "bytes before the first member", b"#!/bin/sh\n" + data)
    broken("zip-comment", "a comment of the zip", data[:-2] + b"\x05\x00hello")
    broken("zip-compressed", "members are compressed", zip_of(listed, zipfile.ZIP_DEFLATED))
    broken("zip-other-date", "another date in the directory", data[: start + 14] + b"\x22" + data[start + 15 :])
    broken("zip-other-name-in-directory", "the directory calls a member otherwise",
           data[:start] + data[start:].replace(b"checkpoint", b"checkp0int", 1))
    broken("zip-crc-wrong", "a checksum that does not fit", data[:14] + bytes([data[14] ^ 1]) + data[15:])
    broken("zip-hidden-bytes", "bytes between members and directory", hidden(data, start, end))


def hidden(data, start, end):
    """The zip with bytes before its directory, which says where it is now."""
    more = b"hidden"
    tail = data[end : end + 16] + struct.pack("<I", start + len(more)) + data[end + 20 :]
    return data[:start] + more + data[start:end] + tail


def members(out):
    listed = good()
    names = [name for name, _ in listed]

    def broken(name, what, made, place="zip"):
        out.release(name, what, made, broken=[place])

    broken("extra-member", "a file that does not belong there", listed + [("readme.txt", b"hello")])
    broken("duplicate-member", "release.json is there twice", listed[:1] + listed)
    broken("members-reordered", "members in another order", [listed[1], listed[0], *listed[2:]])
    broken("proof-missing", "the proof of an entry is not there", [m for m in listed if m[0] != "entries/2.proof"])
    broken("entry-missing", "an entry and its proof are not there",
           [m for m in listed if not m[0].startswith("entries/2")])
    broken("release-record-left-out", "the record of the release is not there", listed[:-2])
    broken("checkpoint-left-out", "the checkpoint is not there", [m for m in listed if m[0] != "checkpoint"],
           "file checkpoint")
    broken("document-left-out", "release.json is not there", listed[1:], "file release.json")
    broken("member-with-zero", "an entry's number with a zero in front",
           [(n.replace("entries/2", "entries/02"), d) for n, d in listed])
    assert names[0] == "release.json"


def contents(out):
    def broken(name, what, member, change, place):
        out.release(name, what, changed(good(), member, change), broken=place)

    broken("released-entry-changed", "a word of a record", f"entries/{TUESDAY}",
           lambda d: d.replace(b"WS01", b"WS02"), [f"entry {TUESDAY}"])
    broken("released-document-changed", "the receiver in release.json", "release.json",
           lambda d: d.replace(b'"Partner"', b'"Sponsor"'), ["file release.json", f"entry {RELEASED}"])
    broken("released-value-changed", "a value, and so the disclosure, in release.json", "release.json",
           lambda d: swap_disclosure(d), ["file release.json", "event 0"])
    broken("released-disclosure-dropped", "a disclosure is taken away", "release.json",
           lambda d: drop_disclosure(d), ["file release.json", f"entry {RELEASED}", "event 0"])


def swap_disclosure(data):
    old = small().cells[0].sealed[0].disclosures["CommandLine"]
    return data.replace(old.encode(), reencoded(old, lambda p: p.replace(b"whoami", b"format")).encode())


def drop_disclosure(data):
    old = small().cells[0].sealed[0].disclosures["CommandLine"]
    return data.replace(f'"{old}",'.encode(), b"")


def reencoded(encoded, change):
    return b64url(change(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))))


def proofs(out):
    """Proofs of entries."""
    case = small()
    listed = case.release(PICKS)
    checkpoint = dict(listed)["checkpoint"]
    name = f"entries/{TUESDAY}.proof"
    lines = dict(listed)[name].split(b"\n")

    def broken(title, what, proof):
        out.release(title, what, changed(listed, name, lambda _: proof), broken=[f"entry {TUESDAY}"])

    broken("proof-of-another-entry", "the proof of another entry", case.proof(MONDAY, checkpoint))
    other = case.proof(MONDAY, checkpoint).replace(b"index 2", b"index 3")
    broken("proof-of-another-entry-renamed", "the proof of another entry under this number", other)
    broken("proof-too-long", "a hash too many", b"\n".join(lines[:6] + [lines[5]] + lines[6:]))
    broken("proof-too-short", "a hash too few", b"\n".join(lines[:5] + lines[6:]))
    broken("proof-hash-short", "a hash of 31 bytes",
           b"\n".join(lines[:2] + [b64(bytes(31)).encode()] + lines[3:]))
    broken("proof-with-extra", "extra data in the proof", b"\n".join(lines[:1] + [b"extra AAAA"] + lines[1:]))
    broken("proof-index-with-zero", "the number with a zero in front",
           dict(listed)[name].replace(b"index 3", b"index 03"))
    size = len(case.records) - 1
    broken("proof-under-older-checkpoint", "a proof under an earlier checkpoint",
           case.proof(TUESDAY, case.checkpoint(size=size), size))
    broken("proof-other-version", "a proof of another version", dict(listed)[name].replace(b"@v1", b"@v2"))


def checkpoints(out):
    def broken(name, what, case, released, keys=None, **how):
        out.release(name, what, released, broken=["checkpoint"], keys=keys, **how)

    case = small()
    broken("release-signed-by-another-key", "the root is signed anew with another key", case,
           case.release(PICKS, signer=OTHER))
    case = small()
    broken("release-signed-by-another-key-without-keys", "the same, and no key is given", case,
           case.release(PICKS, signer=OTHER), keys=[])
    case = changed_owner()
    listed = case.release(PICKS)
    broken("release-earlier-key", "signed by a key that was replaced before", case, listed,
           keys=[OWNER.vkey(), OTHER.vkey()])
    case = small()
    broken("release-later-key", "signed by a key that became the owner's later", case,
           case.release(PICKS, signer=OTHER), keys=[OWNER.vkey(), OTHER.vkey()])
    case, fork = small(), small()
    listed = case.release(PICKS)
    fork.release(PICKS[:1])
    broken("release-forked", "another checkpoint of the same size was seen before", case, listed,
           seen=fork.checkpoint())
    case = small(policy=POLICY, parties=PARTIES)
    out.release("release-cosignature-missing", "the policy of the case wants a cosignature",
                case.release(PICKS), missing=["checkpoint"])
    case = small(policy=POLICY, parties=PARTIES)
    listed = case.release(PICKS)
    earlier = PARTNER.cosignature(case.text(size=5), 1_771_400_000).encode()
    listed = [(n, d.replace(dict(listed)["checkpoint"], dict(listed)["checkpoint"] + earlier)) for n, d in listed]
    broken("release-cosignature-of-another-checkpoint", "the cosignature of an earlier checkpoint", case,
           listed, missing=["checkpoint"])


# ---- With the key: release.json and its record ----------------------------------


def resealed(out, name, what, broken, alter=None, case=None, picks=PICKS, **how):
    case = case or small()
    out.release(name, what, case.release(picks, alter=alter, **how), broken=broken)


def documents(out):
    document = ["file release.json"]
    listed = dict(good())
    data = listed["release.json"]

    def written(name, what, content):
        case = small()
        out.release(name, what, case.release(PICKS, content=content), broken=document)

    written("document-member-twice", "release.json names a member twice",
            data.replace(b'"version":1', b'"version":1,"version":1'))
    written("document-white-space", "a line end behind release.json", data + b"\n")
    written("document-version-2", "a version that is not known", data.replace(b'"version":1', b'"version":2'))
    written("document-not-json", "release.json ends too early", data[:-1])

    def entries_reversed(d):
        d["entries"].reverse()

    def event_twice(d):
        d["events"].append(d["events"][-1])

    def events_reversed(d):
        d["events"].reverse()

    resealed(out, "document-events-reordered", "events in another order", document, events_reversed)
    resealed(out, "event-twice", "an event is there twice", document, event_twice)
    resealed(out, "document-of-another-case", "release.json names another case", document,
             lambda d: d.update(origin="ministry.example/case/fedcba9876543210"))
    resealed(out, "document-entries-reordered", "entries in another order", document, entries_reversed)
    resealed(out, "cell-not-in-release", "the record of an event's cell is not there", ["event 1"],
             lambda d: d["entries"].remove(TUESDAY))
    resealed(out, "examination-not-in-release", "the examination of the events is not there",
             ["event 0", "event 1"], lambda d: d["entries"].remove(EXAMINATION))


def records(out):
    place = [f"entry {RELEASED}"]
    for name, members_ in (("number", {"number": 2}), ("to", {"to": "Nobody"}), ("events", {"events": 1}),
                           ("fields", {"fields": 4})):
        resealed(out, f"release-record-{name}-wrong", f"the record of the release differs in `{name}`", place,
                 alter_record=members_)
    resealed(out, "content-hash-wrong", "the record of the release has sealed another file",
             ["file release.json"], alter_record={"content": "0" * 64})
    case = small()
    listed = case.release(PICKS)
    document = dict(listed)["release.json"]
    case.add("remark", text="after the release")
    out.release("release-record-missing", "the checkpoint's last entry is not the record of the release",
                case.release_members(document, [0, MONDAY, TUESDAY, EXAMINATION]), broken=["entry 13"])
    case = small()
    case.records[TUESDAY]["more"] = "x" * 65_535
    resealed(out, "record-too-long", "a record of more than 65,535 bytes", [f"entry {TUESDAY}"], case=case)
    case = small()
    del case.records[TUESDAY]["nonce"]
    resealed(out, "released-record-without-nonce", "a record without a nonce", [f"entry {TUESDAY}"], case=case)


# ---- With the key: events ---------------------------------------------------------


def edit_event(out, name, what, change, n=0, case=None, picks=PICKS, broken=None, **how):
    resealed(out, name, what, broken or [f"event {n}"], lambda d: change(d["events"][n]), case, picks, **how)


def disclosures(out):
    def nth(change, n=0):
        return lambda event: event["disclosures"].__setitem__(n, reencoded(event["disclosures"][n], change))

    def moved(event):
        event["disclosures"][1] = small().cells[0].sealed[1].disclosures["EventID"]

    def appended(encoded):
        return lambda event: event["disclosures"].append(encoded)

    def first_twice(event):
        event["disclosures"].append(event["disclosures"][0])

    edit_event(out, "value-changed", "the value of a disclosure", nth(lambda p: p.replace(b"whoami", b"format")))
    edit_event(out, "name-changed", "the name of a disclosure", nth(lambda p: p.replace(b"CommandLine", b"Command")))
    edit_event(out, "salt-swapped", "a disclosure with another salt",
               nth(lambda p: b'["' + b64url(SALT).encode() + p[24:]))
    edit_event(out, "disclosure-reencoded", "the same value with an escape: other bytes",
               nth(lambda p: p.replace(b"whoami", b"who\\u0061mi")))
    edit_event(out, "disclosure-moved", "a disclosure of another event", moved)
    edit_event(out, "field-added", "a disclosure that no digest is of",
               appended(disclosure(SALT, "Extra", "made up")))
    edit_event(out, "disclosure-twice", "the same disclosure twice", first_twice)
    edit_event(out, "disclosure-white-space", "a blank in the array", nth(lambda p: p.replace(b'","', b'", "', 1)))
    edit_event(out, "disclosure-padded", "base64url with padding",
               lambda e: e["disclosures"].__setitem__(0, e["disclosures"][0] + "="))
    edit_event(out, "disclosure-of-two-parts", "an array without a name",
               appended(b64url(compact([b64url(SALT), 1]))))


def sealed_with(parts, kind="fields"):
    """A case in which the first event of cell 1 is sealed with these disclosures."""
    story = small_story()
    cell = story[1]

    def plain_seal(case):
        sealed = case.cells[1].sealed[0]
        encoded = {f"{n}": disclosure(bytes([n]) * 16, *part) for n, part in enumerate(parts)}
        sealed.leaf = leaf_bytes(sealed.leaf[:34], sorted(map(digest_of, encoded.values())))
        sealed.disclosures = encoded

    return recelled(plain_seal, story, cell)


def recelled(change, story=None, _cell=None, number=1, kind="fields"):
    """The small case with changed leaves in a cell, all hashes above made to fit."""
    case = small(story, kind=kind)
    change(case)
    cell = case.cells[number]
    from writer import mth

    case.records[cell.entry]["root"] = mth(cell.hashes()).hex()
    case.repair(EXAMINATION)
    return case


def fields(out):
    """Events that the owner sealed otherwise than the format allows."""
    def sealed(name, what, parts, shown=None, withheld_names=()):
        case = sealed_with(parts)

        def only(document):
            event = document["events"][0]
            event["withheld"] = list(withheld_names)

        names = tuple(str(n) for n in range(len(parts))) if shown is None else shown
        resealed(out, name, what, ["event 0"], only, case, [(1, 0, names)], names=False)

    sealed("field-duplicated", "a field is sealed twice with two values",
           [("~names", ["A", "B"]), ("A", 1), ("A", 2)])
    sealed("names-name-too-few", "~names leaves out a field that is sealed", [("~names", ["A"]), ("A", 1), ("B", 2)],
           shown=("0", "1"))
    sealed("names-name-another", "~names has another name than the field that is shown",
           [("~names", ["A", "C"]), ("A", 1), ("B", 2)])
    sealed("names-name-too-many", "~names has a field that is not sealed", [("~names", ["A", "B"]), ("A", 1)],
           withheld_names=["B"])
    sealed("names-not-sorted", "~names is not in order", [("~names", ["B", "A"]), ("A", 1), ("B", 2)])
    sealed("names-twice", "~names has a name twice", [("~names", ["A", "A"]), ("A", 1), ("B", 2)],
           shown=("0", "1"), withheld_names=["A"])
    sealed("names-no-list", "~names is a text", [("~names", "A"), ("A", 1)])
    sealed("name-not-escaped", "a field whose name begins with ~", [("~names", ["~x"]), ("~x", 1)])
    sealed("name-kept-by-sd-jwt", "a field that is called _sd", [("~names", ["_sd"]), ("_sd", 1)])
    sealed("value-an-object", "a value that is an object", [("~names", ["A"]), ("A", {"b": 1})])
    sealed("value-nested-list", "a list in a list", [("~names", ["A"]), ("A", [1, [2]])])
    sealed("value-list-of-one", "a list of one value", [("~names", ["A"]), ("A", [1])])
    sealed("whole-in-fields", "~event in an event of kind fields", [("~names", ["~event"]), ("~event", {"A": 1})])
    short = b64url(compact([b64url(bytes(8)), "A", 1]))

    def put(case):
        case.cells[1].sealed[0].leaf = leaf_bytes(case.cells[1].sealed[0].leaf[:34], [digest_of(short)])
        case.cells[1].sealed[0].disclosures = {"A": short}

    resealed(out, "salt-short", "a salt of 8 bytes", ["event 0"], case=recelled(put), picks=[(1, 0, ("A",))])


def withheld(out):
    def set_to(value):
        return lambda event: event.__setitem__("withheld", value)

    edit_event(out, "withheld-too-few", "a withheld field is not told, though ~names is shown", set_to([]))
    edit_event(out, "withheld-other", "another name is told than ~names has", set_to(["Computer", "Image"]))
    edit_event(out, "withheld-null", "withheld is null, though ~names is shown", set_to(None))
    edit_event(out, "withheld-not-sorted", "withheld names in another order", set_to(["User", "Image"]))
    edit_event(out, "withheld-too-many-claimed", "more names are claimed than digests are left",
               set_to(["Image", "Nothing", "User"]), names=False)
    edit_event(out, "withheld-is-disclosed", "a name is both shown and withheld", set_to(["EventID", "User"]),
               names=False)
    whole = small(kind="whole")
    edit_event(out, "withheld-of-whole", "withheld names of an event that is shown whole", set_to(["User"]),
               case=whole, picks=[(0, 0, ("~event",))])


def places(out):
    """Events at places where they are not."""
    case = small()
    far, near = case.cells[4], case.cells[1]

    def elsewhere(document):
        document["events"][1]["cell"] = far.entry
        document["entries"] = sorted({*document["entries"], far.entry})

    resealed(out, "event-in-another-cell", "an event said to be of another cell", ["event 1"], elsewhere)
    edit_event(out, "event-swapped-between-cells", "leaf and disclosures of an event in another cell",
               lambda e: e.update(leaf=b64(case.cells[2].sealed[0].leaf), disclosures=[], withheld=None), n=1)
    edit_event(out, "event-moved", "an event said to be at another index", lambda e: e.update(index=2))
    edit_event(out, "event-beyond-cell", "an index beyond the events of the cell", lambda e: e.update(index=3))
    edit_event(out, "event-proof-of-another", "the proof of another event of the cell",
               lambda e: e.update(proof=case.cells[0].proof(1)))
    edit_event(out, "event-proof-too-long", "a hash too many", lambda e: e["proof"].append(e["proof"][0]))
    edit_event(out, "event-proof-too-short", "a hash too few", lambda e: e["proof"].pop())
    edit_event(out, "event-proof-not-canonical", "a hash in base64 with bits that do not count",
               lambda e: e["proof"].__setitem__(0, loose(e["proof"][0])))
    edit_event(out, "event-cell-is-no-cell", "an event of an entry that is no cell", lambda e: e.update(cell=0))
    assert near.entry == TUESDAY and far.entry == SERVER


def loose(text):
    """The same bytes in base64, with an unused bit set."""
    return text[:-2] + chr(ord(text[-2]) + 1) + "="


def leaves(out):
    """Leaves that are not what was sealed, or were sealed against the format."""
    leaf = small().cells[0].sealed[0].leaf

    def swapped(data):
        return lambda event: event.__setitem__("leaf", b64(data))

    def of(digests):
        return leaf_bytes(leaf[:34], digests)

    digests = [leaf[n : n + 32] for n in range(36, len(leaf), 32)]
    edit_event(out, "digest-removed", "a digest is taken out of the leaf", swapped(of(digests[1:])))
    edit_event(out, "digest-added", "a digest is put into the leaf", swapped(of(sorted([*digests, SALT * 2]))))
    edit_event(out, "digests-swapped", "two digests change places", swapped(of([digests[1], digests[0], *digests[2:]])))

    def sealed(name, what, change):
        def put(case):
            event = case.cells[1].sealed[0]
            event.leaf = change(event.leaf)

        resealed(out, name, what, ["event 0"], case=recelled(put), picks=[(1, 0, ("Image",))])

    def rest(data):
        return [data[n : n + 32] for n in range(36, len(data), 32)]

    sealed("digests-unsorted", "digests that were sealed out of order",
           lambda d: leaf_bytes(d[:34], rest(d)[::-1]))
    sealed("digest-twice", "a digest that was sealed twice",
           lambda d: leaf_bytes(d[:34], sorted([*rest(d), rest(d)[0]])))
    sealed("leaf-version-2", "a leaf of another version", lambda d: b"\x02" + d[1:])
    sealed("leaf-kind-unknown", "a leaf of an unknown kind", lambda d: d[:1] + b"\x03" + d[2:])
    sealed("leaf-trailing-byte", "a byte behind the digests", lambda d: d + b"\0")
    sealed("leaf-cut", "a leaf that ends within a digest", lambda d: d[:-1])
    sealed("leaf-kind-not-of-seal", "a whole event where the examination sealed fields",
           lambda d: leaf_bytes(d[:1] + b"\x02" + d[2:34], rest(d)[:1]))
    sealed("leaf-time-of-another-day", "a sealed event that is not of its cell's day",
           lambda d: d[:2] + struct.pack(">q", 0) + d[10:])
    sealed("leaf-time-unknown", "a sealed event without time in a cell with a day",
           lambda d: d[:2] + struct.pack(">q", -(2**63)) + d[10:])
    sealed("leaf-source-unknown", "a sealed event of a source that the examination has not",
           lambda d: d[:18] + struct.pack(">I", 7) + d[22:])


def heads(out):
    """The head of a released leaf changed, without sealing it anew."""
    leaf = small().cells[0].sealed[0].leaf
    for name, at in (("time", 9), ("record-id", 17), ("source", 21), ("offset", 29), ("ordinal", 33), ("kind", 1)):
        changed_ = bytearray(leaf)
        changed_[at] ^= 3
        edit_event(out, f"leaf-{name}-changed", f"{name} in the head of a leaf",
                   lambda event, data=bytes(changed_): event.__setitem__("leaf", b64(data)))
