"""Vectors that are valid."""

from story import (
    ASSESSOR, DETECTIONS, OTHER, OWNER, PARTIES, PARTNER, PICKS, POLICY, SIZE, released, small, small_story,
)
from writer import RECORD_ID_UNKNOWN, TIME_UNKNOWN, Case, Cell, Event, nanoseconds


def odd_fields():
    """Fields whose names and values need care."""
    fields = [
        ("_sd", "kept by RFC 9901"), ("...", 1), ("~names", "a field of that name"), ("~", None),
        ("", "no name"), ("id.orig_h", "10.0.0.1"), ("ユーザー", "花子"), ("Line\n", "a\tb\u0001"),
        ("Big", 18446744073709551617), ("Flags", [True, False, None, -1.5e3]), ("None", []),
    ]
    return Event(nanoseconds("2026-02-17 00:00:00"), 7, 0, fields)


def everything():
    """Three examinations, fields and whole events, a change of parties, cosigned."""
    case = Case(OWNER, name="All that there is", parties=PARTIES, policy=POLICY)
    jump = [Cell("windows", "DC01", "System", day, [Event(nanoseconds(f"{day} 01:00:00"), 1, 0, [("EventID", 6005)])])
            for day in ("2016-02-17", "2026-02-17")]
    timeless = Cell("windows", "WS01", "Setup", None, [Event(TIME_UNKNOWN, RECORD_ID_UNKNOWN, 64, [("Id", 1)])])
    case.examine([*small_story(), *jump, timeless], detections=DETECTIONS, clock_jumps=1)
    case.add("remark", text="of a type that is not known", more={"a": [1.5, {"b": None}]})
    case.records[1]["colour"] = "a member that is not known"
    case.keep(case.release([(0, 0, ("EventID",)), (7, 0, ())]))
    case.hunt(0, len(case.cells), detections=DETECTIONS[:1])
    case.add("parties", **case.parties(PARTIES[:1], POLICY))
    mail = [Cell("squid", "PROXY", "access", f"2026-02-{day}", [
        Event(nanoseconds(f"2026-02-{day} 12:00:0{n}"), RECORD_ID_UNKNOWN, n, [("c-ip", "10.0.0.9")])
        for n in range(2)]) for day in (16, 18)]
    quiet = ("empty", "squid", "PROXY", "access", ("2026-02-17", "2026-02-17"), {"proof": None})
    case.examine([mail[0], quiet, mail[1]], kind="whole")
    case.hunt(2, 3)
    return case


def changed_owner():
    """A case whose owner got another key; then small further by it."""
    case = small()
    case.add("parties", **case.parties([], "quorum none\n", OTHER))
    return case


def large():
    """More than 256 entries, so that there are full tiles and upper ones."""
    case = small()
    for n in range(300 - len(case.records)):
        case.add("remark", n=n)
    return case


def make(out):
    cases(out)
    keys_and_seen(out)
    releases(out)
    cosigned(out)


def cases(out):
    out.case("good-case", "a case with quiet days, a gap, two channels and a release", released().folder())
    case = everything()
    out.case(
        "good-everything",
        "several examinations, hunts, whole events, unknown types and members, clock jump, cosigned",
        case.folder(cosigners=[PARTNER]),
    )
    out.case("good-large", "a log of 300 entries: full tiles, level 1", large().folder())
    files = large().folder()
    for kind in ("entries", "0"):
        files.pop(f"tile/{kind}/001.p/44")
    longer = large()
    for n in range(512 - len(longer.records)):
        longer.add("remark", n=n)
    more = longer.folder()
    files.update({name: more[name] for name in ("tile/entries/001", "tile/0/001")})
    out.case("good-full-tile-for-partial", "a full tile stands where the partial one was", files)
    case, left = small(), small()
    left.add("remark", text="never published")
    files = {**left.folder(), **case.folder(), "store/0002/0001.parquet": b"PAR1 torn"}
    out.case("good-left-over", "files that a writer left which died before it published", files)
    case = released()
    case.files.pop("releases/0001.zip")
    out.case("good-release-not-kept", "the zip of a release is not kept", case.folder(),
             missing=["file releases/0001.zip"], valid=True)


def keys_and_seen(out):
    case = small()
    out.case("good-without-keys", "no key is given: all fits together, whose it is is claimed",
             case.folder(), keys=[])
    out.case("good-key-of-log", "the key is given under the name of the origin", case.folder(),
             keys=[OWNER.under(case.origin).vkey()])
    out.case("good-other-keys-too", "several keys are given", case.folder(),
             keys=[PARTNER.vkey(4), OTHER.vkey(), OWNER.vkey()])
    out.case("good-seen", "an earlier checkpoint was seen before", case.folder(), seen=case.checkpoint(size=9))
    out.case("good-seen-same", "the same checkpoint was seen before", case.folder(), seen=case.checkpoint())
    text = case.text() + "a further line\n"
    out.case("good-further-line", "a checkpoint with a further line, passed over",
             {**case.folder(), "checkpoint": case.checkpoint(text=text)})
    case = changed_owner()
    out.case("good-owner-changed", "the owner has another key, given under the same name",
             case.folder(signer=OTHER), keys=[OTHER.vkey()])
    out.case("good-owner-before-change", "the state before the change, signed by the key of then",
             case.folder(size=SIZE), keys=[OWNER.vkey(), OTHER.vkey()])
    fork = small(story=small_story()[:2])
    case.files["forks/0123.seen"] = case.checkpoint(size=5)
    case.files["forks/0123.offered"] = fork.checkpoint(signer=PARTNER)
    out.case("good-no-fork", "checkpoints in forks/ of which none is signed by the owner and of another history",
             case.folder(size=SIZE))


def releases(out):
    case = small()
    out.release("good-release", "few fields of two events; withheld names proven", case.release(PICKS))
    case = small()
    members = case.release(PICKS, names=False)
    out.release("good-release-names-claimed", "~names is withheld: the names of withheld fields are claimed",
                members, claimed=["event 0", "event 1"])

    def untold(document):
        for event in document["events"]:
            event["withheld"] = None

    case = small()
    out.release("good-release-names-untold", "~names is withheld and the names are not told",
                case.release(PICKS, names=False, alter=untold))
    case = small(kind="whole")
    picks = [(0, 0, ("~event",)), (4, 2, ())]
    out.release("good-release-whole", "events sealed whole: one shown, one proven to be there", case.release(picks))
    cell = Cell("zeek", "SENSOR", "conn", "2026-02-17", [odd_fields()])
    case = small([cell])
    names = tuple(case.cells[0].sealed[0].disclosures)
    out.release("good-release-odd-fields", "names that are escaped; numbers, lists, null, control characters",
                case.release([(0, 0, names)]))
    case = small()
    out.release("good-release-nothing", "no event: only the records", case.release([]))
    case = everything()
    picks = [(5, 0, ("EventID",)), (7, 0, ("Id",)), (8, 1, ("~event",)), (9, 0, ())]
    out.release("good-release-everything", "events of two examinations, the second release of its case",
                case.release(picks, to="", cosigners=[PARTNER]), keys=[OWNER.vkey(), PARTNER.vkey(4)])
    case = small()
    out.release("good-release-without-keys", "no key is given: whose it is is claimed",
                case.release(PICKS), keys=[], claimed=["checkpoint"])
    case = changed_owner()
    out.release("good-release-owner-changed", "signed by the owner's later key",
                case.release(PICKS, signer=OTHER), keys=[OTHER.vkey()])
    case = small()
    members = case.release(PICKS)
    case.add("remark", text="after the release")
    out.release("good-release-seen-later", "a later checkpoint was seen: whether it continues this one is open",
                members, seen=case.checkpoint(), missing=["checkpoint"], valid=True)


def cosigned(out):
    case = small(policy=POLICY, parties=PARTIES)
    out.case("good-cosigned", "the case's policy wants a cosignature, and it is there",
             case.folder(cosigners=[PARTNER]))
    out.release("good-release-cosigned", "a release under a policy",
                case.release(PICKS, cosigners=[PARTNER]))
    case = small()
    folder = case.folder(cosigners=[PARTNER, ASSESSOR])
    out.case("good-given-policy", "a policy is given and met", folder, policy=POLICY)
    two = (f"# two of three\nwitness a {PARTNER.vkey(4)} https://a.example\nwitness b {ASSESSOR.vkey(4)}\n"
           f"witness c {OWNER.vkey(4)}\n\ngroup some 2 a b c\n  quorum\tsome\n"
           f"log {OWNER.under(case.origin).vkey()}\n")
    out.case("good-given-policy-group", "a policy with a group and a log", folder, policy=two)
    out.case("good-unknown-cosigner", "cosignatures of unknown keys are passed over", folder)
