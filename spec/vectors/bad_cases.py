"""Vectors of damaged cases.

First what somebody without the owner's key can do, then what only the owner
(or a thief of the key) can: those cases are signed anew after the damage.
"""

import struct

from good import changed_owner, large
from story import (
    ASSESSOR, EXAMINATION, FRIDAY, GAP, LATER, MONDAY, OTHER, OWNER, PARTIES, PARTNER, PICKS, POLICY, QUIET,
    RELEASE, RESULTS, SEGMENT, SERVER, SIZE, SOURCE, TUESDAY, released, run, small, small_story, workstation,
)
from writer import Cell, Event, RECORD_ID_UNKNOWN, TIME_UNKNOWN, b64, b64url, compact, mth, tiles

ENTRIES = f"tile/entries/000.p/{SIZE}"
TILE = f"tile/0/000.p/{SIZE}"


def make(out):
    log_files(out)
    log_of_others(out)
    seen(out)
    checkpoints(out)
    signatures(out)
    cosignatures(out)
    owners(out)
    files(out)
    population(out)
    numbers(out)
    counts(out)
    record_forms(out)
    record_meanings(out)
    parties(out)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def bundle(entries):
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def damaged(out, name, what, change, broken, case=None, **how):
    """A published case of which `change` alters files."""
    folder = (case or small()).folder()
    change(folder)
    out.case(name, what, folder, broken=broken, **how)


def resealed(out, name, what, change, broken, case=None, repair=True, **how):
    """A case of which `change` alters records, and which the owner signs anew."""
    case = case or small()
    change(case)
    if repair:
        case.repair(EXAMINATION)
    out.case(name, what, case.folder(), broken=broken, **how)


# ---- Without the key ---------------------------------------------------------


def log_files(out):
    case = small()
    entries, hashes = case.entries(), case.hashes()
    swapped = entries[:]
    swapped[TUESDAY], swapped[FRIDAY] = swapped[FRIDAY], swapped[TUESDAY]
    changed = entries[:]
    changed[TUESDAY] = flipped(changed[TUESDAY], 200)

    def put(path, data):
        return lambda folder: folder.__setitem__(path, data)

    def both(listed):
        return lambda folder: folder.update(tiles(listed))

    damaged(out, "entry-dropped", "an entry is taken out of the bundle",
            put(ENTRIES, bundle(entries[:FRIDAY] + entries[FRIDAY + 1 :])), [f"file {ENTRIES}"])
    damaged(out, "entry-dropped-last", "the last entry is taken out of the bundle",
            put(ENTRIES, bundle(entries[:-1])), [f"file {ENTRIES}"])
    damaged(out, "entries-reordered", "two entries change places in the bundle",
            put(ENTRIES, bundle(swapped)), [f"entry {TUESDAY}", f"entry {FRIDAY}"])
    damaged(out, "entries-reordered-with-tile", "two entries change places in bundle and tile",
            both(swapped), ["checkpoint"])
    damaged(out, "entry-changed", "one bit of an entry", put(ENTRIES, bundle(changed)), [f"entry {TUESDAY}"])
    damaged(out, "entry-changed-with-tile", "one bit of an entry, the tile made to fit", both(changed), ["checkpoint"])
    damaged(out, "entry-appended", "an entry is put behind the last one",
            put(ENTRIES, bundle(entries + [entries[1]])), [f"file {ENTRIES}"])
    damaged(out, "entries-cut", "the bundle ends within an entry", put(ENTRIES, bundle(entries)[:-9]), [f"file {ENTRIES}"])
    damaged(out, "entries-missing", "the bundle is not there", lambda f: f.pop(ENTRIES), [f"file {ENTRIES}"])
    damaged(out, "tile-changed", "one bit of a tile", put(TILE, flipped(b"".join(hashes), 77)), [f"file {TILE}"])
    damaged(out, "tile-too-long", "a tile with one hash more", put(TILE, b"".join(hashes + hashes[:1])), [f"file {TILE}"])
    damaged(out, "tile-missing", "a tile is not there", lambda f: f.pop(TILE), [f"file {TILE}"])


def log_of_others(out):
    def truncate(folder):
        for name in (ENTRIES, TILE):
            del folder[name]
        folder.update(tiles(small().entries(9)))

    damaged(out, "log-truncated", "the log is cut to nine entries, with the tile of then", truncate,
            [f"file {ENTRIES}", f"file {TILE}"])
    upper = "tile/1/000.p/1"
    damaged(out, "upper-tile-changed", "one bit of a tile of level 1",
            lambda f: f.__setitem__(upper, flipped(f[upper], 3)), [f"file {upper}"], case=large())
    other = small(story=small_story()[:2])
    damaged(out, "log-of-another-case", "entries and tiles of another state under this checkpoint",
            lambda f: f.update({ENTRIES: bundle(other.entries()), TILE: b"".join(other.hashes())}),
            [f"file {ENTRIES}", f"file {TILE}"])


def seen(out):
    case, fork = small(), small()
    fork.records[SOURCE]["path"] = "logs/other.evtx"
    out.case("log-forked", "another checkpoint of the same size was seen before", case.folder(),
             broken=["checkpoint"], seen=fork.checkpoint())
    out.case("log-forked-earlier", "an earlier checkpoint was seen that this log does not continue",
             case.folder(), broken=["checkpoint"], seen=fork.checkpoint(size=5))
    case.add("remark", text="later")
    out.case("older-checkpoint", "an older state is served than was seen before", case.folder(size=SIZE),
             broken=["checkpoint"], seen=case.checkpoint())
    stranger = small()
    stranger.origin = f"{OWNER.name}/case/fedcba9876543210"
    out.case("seen-of-another-case", "the checkpoint seen before is of another case of the same owner",
             case.folder(), broken=["checkpoint"], seen=stranger.checkpoint())
    case = small()
    case.files["forks/0123.seen"] = case.checkpoint()
    case.files["forks/0123.offered"] = fork.checkpoint()
    out.case("fork-kept", "a checkpoint of another history, signed by the owner, is kept as evidence",
             case.folder(), broken=["file forks/0123.offered"])
    case.files["forks/0123.offered"] = f"old 5\n{b64(bytes(32))}\n\n".encode() + fork.checkpoint(size=9)
    out.case("fork-in-request", "a request for a cosignature is kept, for another history",
             case.folder(), broken=["file forks/0123.offered"])
    case.files["forks/0123.offered"] = b"no checkpoint"
    out.case("fork-malformed", "what is kept as evidence of a fork is no checkpoint",
             case.folder(), broken=["file forks/0123.offered"])


def checkpoints(out):
    case = small()
    text, good = case.text(), case.checkpoint().decode()
    signature = good[len(text) + 1 :]
    longer = small()
    longer.add("remark", text="appended")
    root, other = text.split("\n")[2], b64(mth(longer.hashes()))

    def served(name, what, data, keys=None, folder=None):
        data = data.encode() if isinstance(data, str) else data
        files = {**(folder or case.folder()), "checkpoint": data}
        out.case(name, what, files, broken=["checkpoint"], keys=keys)

    served("checkpoint-root-changed", "another root under the old signature", good.replace(root, other))
    served("checkpoint-size-changed", "another size under the old signature", good.replace(f"\n{SIZE}\n", "\n10\n"))
    grown = f"{case.origin}\n{SIZE + 1}\n{other}\n\n{signature}"
    served("entry-appended-after-signing", "an entry more in log, tiles and text; the signature is the old one",
           grown, folder=longer.folder())
    served("checkpoint-origin-changed", "the origin of another case under the old signature",
           good.replace("0123456789abcdef", "fedcba9876543210"))
    moved = small()
    moved.origin = f"{OWNER.name}/case/fedcba9876543210"
    served("checkpoint-of-another-case", "a checkpoint of another case of the same owner, with this root",
           moved.checkpoint())
    served("checkpoint-size-with-zero", "the size is written with a zero in front, and signed so",
           case.checkpoint(text=text.replace(f"\n{SIZE}\n", f"\n0{SIZE}\n")))
    odd = root[:-2] + chr(ord(root[-2]) + 1) + "="
    served("checkpoint-root-not-canonical", "the root in base64 with bits that do not count, signed so",
           case.checkpoint(text=text.replace(root, odd)))
    served("checkpoint-trailing-bytes", "a line behind the signatures", good + "more\n")
    served("checkpoint-carriage-returns", "lines end in CR LF", good.replace("\n", "\r\n"))
    damaged(out, "checkpoint-missing", "there is no checkpoint", lambda f: f.pop("checkpoint"), ["checkpoint"])


def signatures(out):
    case = small()
    text = case.text()

    def signed(name, what, lines, keys=None):
        files = {**case.folder(), "checkpoint": f"{text}\n{lines}".encode()}
        out.case(name, what, files, broken=["checkpoint"], keys=keys)

    mine = OWNER.under(case.origin)
    line, foreign = mine.line(text), OTHER.under(case.origin)
    signed("signed-by-another-key", "another key of the same name signs", foreign.line(text))
    signed("signed-by-another-key-without-keys", "the same, and no key is given", foreign.line(text), keys=[])
    name, data = f"\u2014 {mine.name} ", foreign.key().sign(text.encode())
    signed("signed-by-another-key-with-its-hash", "another key signs, with the key hash of the owner's",
           name + b64(mine.id(1) + data) + "\n")
    signed("key-hash-wrong", "the owner's signature with another key hash",
           name + b64(foreign.id(1) + mine.key().sign(text.encode())) + "\n")
    signed("signature-removed", "the owner's line is taken away; a witness's is left", PARTNER.cosignature(text, 1))
    signed("no-signature", "no line at all", "")
    signed("signed-under-own-name", "signed under the owner's name, not that of the log", OWNER.line(text))
    signed("signature-not-canonical", "a signature line in base64 with padding too much", line[:-1] + "=\n")
    signed("two-signatures-one-wrong", "a good line of the owner, and one that is wrong", line + name
           + b64(mine.id(1) + data) + "\n")
    signed("other-key-given", "the key that is given is another one", line, keys=[OTHER.vkey()])
    signed("second-key-wrong", "a second key that is given has a line that does not fit", line + foreign_line(case),
           keys=[OWNER.vkey(), OTHER.vkey()])
    signed("own-name-wrong", "a line under the owner's own name that does not fit", line
           + f"\u2014 {OWNER.name} {b64(OWNER.id(1) + bytes(64))}\n")
    signed("signer-name-too-long", "a line of an unknown key whose name has 256 bytes", line
           + f"\u2014 {'é' * 128} {b64(bytes(68))}\n")
    signed("signer-name-with-control", "a line of an unknown key whose name has a control character", line
           + f"\u2014 a\u0081b {b64(bytes(68))}\n")
    signed("signature-too-long", "a line of an unknown key with a signature beyond the limit", line
           + f"\u2014 slh.example {b64(bytes(16_400))}\n")
    signed("cosigned-by-owner-only", "the owner's cosignature in place of its signature",
           mine.cosignature(text, 5))


def foreign_line(case):
    """A line by the key of another owner of the same name, with a signature of nothing."""
    foreign = OTHER.under(case.origin)
    return f"\u2014 {foreign.name} {b64(foreign.id(1) + bytes(64))}\n"


def cosignatures(out):
    case = small(policy=POLICY, parties=PARTIES)
    good = case.checkpoint(cosigners=[PARTNER]).decode()
    start = good.rindex("\u2014")
    line, text = good[start:], case.text()

    def cosigned(name, what, lines, broken=(), missing=(), **how):
        files = {**case.folder(), "checkpoint": (good[:start] + lines).encode()}
        out.case(name, what, files, broken=broken, missing=missing, **how)

    lacks = dict(missing=["checkpoint"])
    cosigned("cosignature-missing", "the policy wants a cosignature that is not there", "", **lacks)
    cosigned("cosignature-by-assessor-only", "another party has cosigned, not the one that the policy wants",
             ASSESSOR.cosignature(text, 7), **lacks)
    cosigned("cosignature-as-signature", "the witness signs as if it were a log",
             PARTNER.line(text), **lacks)
    cosigned("cosignature-other-name", "the witness cosigns under another name",
             PARTNER.under("elsewhere.example").cosignature(text, 7), **lacks)
    wrong = dict(broken=["checkpoint"], missing=["checkpoint"])
    cosigned("cosignature-wrong", "one bit of the cosignature", line[:-10] + ("A" if line[-10] != "A" else "B")
             + line[-9:], **wrong)
    cosigned("cosignature-of-another-checkpoint", "the cosignature of an earlier checkpoint",
             PARTNER.cosignature(case.text(size=9), 1_771_400_000), **wrong)
    cosigned("cosignature-of-another-time", "the time of the cosignature is changed", line[:line.rindex(" ") + 1]
             + b64(PARTNER.id(4) + struct.pack(">Q", 1) + PARTNER.key().sign(
                 f"cosignature/v1\ntime 1771400000\n{text}".encode())) + "\n", **wrong)
    plain = small()
    out.case("given-policy-not-met", "a policy that is given wants a cosignature", plain.folder(),
             missing=["checkpoint"], policy=POLICY)
    out.case("given-policy-other-log", "a policy that is given names another log", plain.folder(),
             broken=["checkpoint"], policy=f"log {OTHER.under(plain.origin).vkey()}\nquorum none\n")


def owners(out):
    case = changed_owner()
    both = [OWNER.vkey(), OTHER.vkey()]
    out.case("later-key-on-earlier-entries", "the owner's later key signs a state from before it was named",
             case.folder(size=SIZE, signer=OTHER), broken=["checkpoint"], keys=both)
    out.case("earlier-key-on-later-entries", "the owner's earlier key signs on after it was replaced",
             case.folder(), broken=["checkpoint"], keys=both)
    case = small()
    out.case("root-signed-by-party", "a party that is not the owner signs as the log",
             case.folder(signer=PARTNER), broken=["checkpoint"], keys=[OWNER.vkey(), PARTNER.vkey()])


def files(out):
    def flip(name):
        return lambda f: f.__setitem__(name, flipped(f[name], len(f[name]) // 2))

    folder = "examinations/0001"
    for name, path in (("segment", "store/0001/0001.parquet"), ("detections", f"{folder}/detections.jsonl"),
                       ("timeline", f"{folder}/timeline.csv"), ("kept-release", "releases/0001.zip")):
        damaged(out, f"{name}-changed", f"one bit of {path}", flip(path), [f"file {path}"], case=released())
    damaged(out, "segment-missing", "a segment is not there", lambda f: f.pop("store/0001/0001.parquet"),
            ["file store/0001/0001.parquet"])
    damaged(out, "detections-line-dropped", "a line of the detections is taken away",
            lambda f: f.__setitem__(f"{folder}/detections.jsonl", f[f"{folder}/detections.jsonl"].split(b"\n")[0] + b"\n"),
            [f"file {folder}/detections.jsonl"])
    damaged(out, "leaves-changed", "one bit of the leaves of cell 2",
            lambda f: f.__setitem__("leaves/0001", flipped(f["leaves/0001"], 32 * 6)), ["cell 2"])
    damaged(out, "leaves-swapped", "leaves of two cells change places",
            lambda f: f.__setitem__("leaves/0001", f["leaves/0001"][32:] + f["leaves/0001"][:32]),
            [f"cell {n}" for n in range(5)])
    damaged(out, "leaves-cut", "the last leaf hash is taken away",
            lambda f: f.__setitem__("leaves/0001", f["leaves/0001"][:-32]), ["file leaves/0001"])
    damaged(out, "leaves-missing", "the leaves are not there", lambda f: f.pop("leaves/0001"), ["file leaves/0001"])
    case, other = released(), small()
    case.keep(other.release(PICKS, to="Somebody else"))
    out.case("kept-release-replaced", "another release in place of the one that was sealed", case.folder(),
             broken=["file releases/0001.zip"])
    kept_releases(out)


def kept_releases(out):
    """Releases that are kept with what was sealed of them, and something else changed."""
    def kept(name, what, change):
        case = small()
        case.keep(change(case.release(PICKS)))
        out.case(f"kept-release-{name}", what, case.folder(), broken=["file releases/0001.zip"])

    kept("entry-changed", "in the release that is kept the record of the case is another",
         lambda members: [(n, data.replace(b"rehearsal", b"rehearsol") if n == "entries/0" else data)
                          for n, data in members])
    kept("without-entries", "of the release that is kept the records are taken away", lambda members: members[:2])
    kept("with-more", "something is added to the release that is kept",
         lambda members: [*members, ("evil/../../x", b"more")])
    kept("not-signed", "the release that is kept has another's signature in its checkpoint",
         lambda members: [(n, signed_by_another(data)) for n, data in members])


def signed_by_another(data):
    """The same, with the signature line of a checkpoint at its end in another's place."""
    text, separator, lines = data.decode().rpartition("\n\n")
    if not separator or not lines.startswith("\u2014"):
        return data
    return f"{text}\n\n{OTHER.line(text)}".encode()


# ---- With the key: signed anew ------------------------------------------------


def population(out):
    story = small_story()

    def told(name, what, parts, broken, **how):
        out.case(name, what, small(parts, **how).folder(), broken=broken)

    told("cell-left-out", "a cell in the middle is left out, all counts made to fit",
         story[:1] + story[2:], ["entry 3"])
    told("empty-day-left-out", "the record of the quiet days is left out", story[:2] + story[3:], ["entry 4"])
    told("one-empty-day-left-out", "the quiet days are told one day short",
         story[:2] + [run("empty", "2026-02-18", "2026-02-18", proof=None)] + story[3:], ["entry 5"])
    told("gap-left-out", "the record of a gap is left out", story[:4] + story[5:], ["entry 6"])
    told("cell-counted-twice", "a cell is there twice, under two numbers",
         story[:2] + [small_story()[1]] + story[2:], ["entry 4"])
    told("day-overlapping", "the quiet days begin on a day that has a cell",
         story[:2] + [run("empty", "2026-02-17", "2026-02-19", proof=None)] + story[3:], ["entry 4"])
    told("gap-overlapping-cell", "a gap lies over a day that has a cell",
         story[:4] + [run("gap", "2026-02-21", "2026-02-23", missing=1, reason="")] + story[5:], ["entry 7"])
    timeless = [Cell("windows", "WS01", "Setup", None, [Event(TIME_UNKNOWN, RECORD_ID_UNKNOWN, n, [("Id", n)])])
                for n in (1, 2)]
    told("two-cells-without-day", "two cells without a day of one channel", timeless, ["entry 3"])
    far = [workstation("2016-02-15", (1, {})), workstation("2026-02-16", (2, {}))]
    told("clock-jump-not-counted", "a hole of decades that clock_jumps does not count", far, ["entry 6"])
    near = [workstation("2016-02-17", (1, {})), workstation("2026-02-16", (2, {}))]
    told("hole-of-under-ten-years", "a hole a little shorter than a clock jump, counted as one", near,
         ["entry 3", "entry 6"], clock_jumps=1)


def numbers(out):
    def edit(entry, **members):
        return lambda case: case.records[entry].update(members)

    resealed(out, "cell-number-twice", "two cells with the same number", edit(FRIDAY, number=1), [f"entry {FRIDAY}"])
    resealed(out, "source-number-wrong", "sources are not numbered from 0", edit(SOURCE, number=1), [f"entry {SOURCE}"])
    resealed(out, "examination-number-wrong", "the first examination has number 2", edit(EXAMINATION, number=2),
             [f"entry {EXAMINATION}", f"entry {RESULTS}", "file leaves/0002", "file examinations/0002/detections.jsonl"])
    resealed(out, "release-number-wrong", "the first release has number 3", edit(RELEASE, number=3),
             [f"entry {RELEASE}"], case=released(), missing=["file releases/0003.zip"])
    resealed(out, "record-of-no-examination", "a cell after the examination that counts it", lambda case: case.records
             .append({**case.records[SERVER], "number": 5, "day": None, "first": {"time": None, "record_id": 1},
                      "last": {"time": None, "record_id": 1}}), [f"entry {SIZE}"])


def counts(out):
    def edit(**changes):
        def change(case):
            for name, value in changes.items():
                record = case.records[EXAMINATION]
                record[name] = {**record[name], **value} if isinstance(value, dict) else value
        return change

    def wrote(**members):
        return lambda case: case.records[RESULTS].update(members)

    def swapped(case):
        case.records[SEGMENT], case.records[RESULTS] = case.records[RESULTS], case.records[SEGMENT]

    def doubled(case):
        case.records[SEGMENT] = dict(case.records[RESULTS])

    place = [f"entry {EXAMINATION}"]
    resealed(out, "records-count-wrong", "records of the examination do not end before it",
             edit(records={"count": 8}), place)
    resealed(out, "records-range-short", "the range of records leaves out the source",
             edit(records={"first": 2, "count": 9}), [f"entry {SOURCE}", *place])
    resealed(out, "records-range-long", "the range of records takes in the case itself",
             edit(records={"first": 0, "count": 11}), place)
    resealed(out, "sources-count-wrong", "one source too many is counted", edit(sources={"count": 2}), place)
    resealed(out, "cells-count-wrong", "one cell too few is counted",
             edit(cells={"count": 4}, verdicts={"clean": 2}), place)
    resealed(out, "cells-events-wrong", "one event too many is counted", edit(cells={"events": 12}), place, repair=False)
    resealed(out, "input-root-wrong", "input_root over other cells", edit(input_root="0" * 64), place, repair=False)
    resealed(out, "output-root-wrong", "output_root over other lines", wrote(output_root="0" * 64), [f"entry {RESULTS}"])
    resealed(out, "output-root-left-out", "no output_root", wrote(output_root=None), [f"entry {RESULTS}"])
    resealed(out, "results-of-declarations", "the results of an examination name assets",
             wrote(assets="0" * 64), [f"entry {RESULTS}"])
    resealed(out, "results-left-out", "an examination without its results",
             lambda case: (case.records.pop(RESULTS), case.records[RESULTS]["records"].update(count=9)),
             [f"entry {RESULTS}"], repair=False)
    resealed(out, "results-not-last", "the results are not the last record of the examination", swapped,
             [f"entry {EXAMINATION}"])
    resealed(out, "results-twice", "an examination has two records of results", doubled, [f"entry {SEGMENT}"])
    resealed(out, "detections-count-wrong", "one detection too many", edit(detections=3), place)
    resealed(out, "verdicts-wrong", "more cells have a verdict than there are", edit(verdicts={"clean": 4}), place)
    resealed(out, "clock-jumps-wrong", "a clock jump that is none", edit(clock_jumps=1), place)
    resealed(out, "examine-without-seal", "an examination of sources without a seal", edit(seal=None), place)
    resealed(out, "detections-not-named", "detections.jsonl is not among the files", wrote(files=[]),
             [f"entry {RESULTS}"])
    resealed(out, "segment-events-wrong", "a segment with an event too few",
             lambda case: case.records[SEGMENT].update(events=10), place)
    resealed(out, "segment-elsewhere", "a segment in the folder of another examination",
             lambda case: case.records[SEGMENT].update(name="store/0002/0001.parquet"),
             [*place, "file store/0002/0001.parquet"])
    resealed(out, "cell-count-changed", "a cell counts one event more; the examination made to fit",
             lambda case: case.records[TUESDAY].update(events=3), [*place, "file leaves/0001"])
    resealed(out, "cell-root-changed", "a cell with the root of another; the examination made to fit",
             lambda case: case.records[TUESDAY].update(root=case.records[FRIDAY]["root"]), ["cell 1"])
    hunts = small()
    hunts.hunt(0, 5)
    hunts.records[SIZE + 1]["cells"].update(count=6)
    hunts.records[SIZE + 1]["verdicts"].update(clean=6)
    resealed(out, "hunt-over-unknown-cells", "a hunt over a cell that is not there", lambda case: None,
             [f"entry {SIZE + 1}"], case=hunts)
    hunts = small()
    hunts.hunt(1, 2)
    hunts.records[SIZE + 1].update(input_root=hunts.root_of_records([FRIDAY, TUESDAY]))
    resealed(out, "hunt-input-reordered", "input_root over the cells in another order", lambda case: None,
             [f"entry {SIZE + 1}"], case=hunts)


def record_forms(out):
    """Records that are not written as they must be; all signed by the owner."""
    def form(name, what, entry, change):
        case = small()
        case.records[entry] = change(case.records[entry])
        out.case(name, what, case_folder(case), broken=[f"entry {entry}"])

    def raw(old, new):
        return lambda record: compact(record).replace(old.encode(), new.encode(), 1)

    def without(member):
        return lambda record: {k: v for k, v in record.items() if k != member}

    form("nonce-missing", "a record without a nonce", TUESDAY, without("nonce"))
    form("nonce-short", "a nonce of 15 bytes", TUESDAY, lambda r: {**r, "nonce": b64url(bytes(15))})
    form("member-missing", "a cell without its channel", TUESDAY, without("channel"))
    form("member-twice", "a record names a member twice", TUESDAY, raw('"events":2', '"events":2,"events":2'))
    form("member-twice-escaped", "a member twice, once with an escape", TUESDAY,
         raw('"events":2', '"events":2,"\\u0065vents":3'))
    form("white-space", "a blank between tokens", TUESDAY, raw('"events":2', '"events": 2'))
    form("type-not-first", "the type is not the first member", TUESDAY,
         lambda r: {"nonce": r["nonce"], "type": "cell", **r})
    form("number-with-fraction", "a count as 2.0", TUESDAY, raw('"events":2', '"events":2.0'))
    form("number-negative", "a count below zero", TUESDAY, raw('"events":2', '"events":-2'))
    form("number-as-text", "a count as a text", TUESDAY, raw('"events":2', '"events":"2"'))
    form("number-as-true", "a count that is true", TUESDAY, lambda r: {**r, "events": True})
    form("number-too-large", "a count of 2^64", TUESDAY, lambda r: {**r, "events": 2**64})
    form("hash-in-capitals", "a hash in upper-case hex", TUESDAY, lambda r: {**r, "root": r["root"].upper()})
    form("hash-as-number", "a hash as a number of 64 digits", TUESDAY,
         lambda r: compact({**r, "root": "@"}).replace(b'"@"', b"1" * 64))
    form("time-beyond", "a time that no leaf can hold", TUESDAY, lambda r: {
        **r, "day": "2263-02-17", "first": {**r["first"], "time": "2263-02-17T08:00:00.000000000Z"},
        "last": {**r["last"], "time": "2263-02-17T08:00:00.000000000Z"}})
    form("half-surrogate", "a text with half a surrogate pair", TUESDAY, raw('"host":"WS01"', '"host":"\\ud800"'))
    form("not-utf-8", "a byte that is no UTF-8", TUESDAY, lambda r: compact(r).replace(b"WS01", b"WS\xff1"))
    form("not-an-object", "a record that is a list", TUESDAY, lambda r: b"[]")
    form("not-json", "a record that ends too early", TUESDAY, lambda r: compact(r)[:-1])
    form("trailing-json", "a record with something behind it", TUESDAY, lambda r: compact(r) + b"{}")
    form("empty-record", "a record of no bytes", TUESDAY, lambda r: b"")
    form("nested-too-deep", "an unknown member with lists in lists beyond the limit", TUESDAY,
         lambda r: {**r, "more": deep(200)})


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def case_folder(case):
    """The folder, where a record may be bytes by now."""
    return {**case.files, "checkpoint": case.checkpoint(), **tiles(case.entries())}


def record_meanings(out):
    def edit(title, what, entry, **members):
        resealed(out, title, what, lambda case: case.records[entry].update(members), [f"entry {entry}"], repair=False)

    first = {"time": "2026-02-18T08:00:00.000000000Z", "record_id": 4}
    edit("day-not-in-calendar", "a day that no month has", QUIET, **{"from": "2026-02-30"})
    edit("day-short", "a day without its zero", QUIET, **{"from": "2026-2-18"})
    edit("days-backwards", "days that end before they begin", QUIET, until="2026-02-17")
    edit("empty-with-events", "quiet days with events", QUIET, events=1)
    edit("gap-of-nothing", "a gap in which nothing is missing", GAP, missing=0)
    edit("cell-without-events", "a cell without events", LATER, events=0)
    edit("cell-time-of-another-day", "a cell whose events are of the next day", TUESDAY, first=first, last=first)
    edit("cell-times-backwards", "a cell that ends before it begins", SERVER,
         first={"time": "2026-02-17T09:00:02.000000123Z", "record_id": 902},
         last={"time": "2026-02-17T09:00:00.000000123Z", "record_id": 900})
    edit("cell-time-without-fraction", "a time without nanoseconds", TUESDAY,
         first={"time": "2026-02-17T08:00:00Z", "record_id": 4})
    edit("cell-time-unknown", "a cell of a day that does not say its times", TUESDAY,
         first={"time": None, "record_id": 4})
    edit("segment-path-upwards", "a segment outside of the case", SEGMENT, name="store/0001/../../secret")
    edit("segment-path-absolute", "a segment at an absolute path", SEGMENT, name="/etc/passwd")
    edit("kind-unknown", "an examination of an unknown kind", EXAMINATION, kind="guess")


def parties(out):
    def first(name, what, broken=("entry 0",), entry=0, **members):
        resealed(out, name, what, lambda case: case.records[entry].update(members), list(broken))

    owner = {"name": "Ministry", "role": "owner", "key": OWNER.vkey()}
    first("owner-missing", "a case without an owner", parties=[{**owner, "role": "partner"}])
    first("owner-twice", "a case with two owners", parties=[owner, {**owner, "key": OTHER.vkey()}])
    first("party-key-twice", "two parties with one key", parties=[owner, {**owner, "role": "partner"}])
    first("party-role-unknown", "a role that is none", parties=[owner, {**PARTIES[0], "role": "king"}])
    first("owner-key-for-cosigning", "the owner's key has type 4", parties=[{**owner, "key": OWNER.vkey(4)}])
    vkey = OWNER.vkey()
    start = vkey.index("+") + 1
    wrong = vkey[:start] + "00000000" + vkey[start + 8 :]
    first("vkey-hash-wrong", "the hash in the owner's key does not fit", parties=[{**owner, "key": wrong}])
    first("policy-without-quorum", "the policy of the case has no quorum", policy="")
    first("policy-of-undefined", "the policy wants what it does not define", policy="quorum partner\n")
    first("case-version-2", "a case of a version that is not known", version=2)
    first("case-of-another-origin", "the record of the case names another origin", ["checkpoint"],
          origin=f"{OWNER.name}/case/fedcba9876543210")
    first("case-of-another-owner", "the origin does not begin with the name of the owner's key",
          parties=[{**owner, "key": OWNER.under("other.example").vkey()}])
    resealed(out, "case-twice", "a second record of a case", lambda case: case.records.append(case.records[0]),
             [f"entry {SIZE}"])
    resealed(out, "case-not-first", "the log does not begin with the case",
             lambda case: case.records.__setitem__(0, case.records[SEGMENT]), ["entry 0"])
