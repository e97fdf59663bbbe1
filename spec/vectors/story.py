"""The small story that most vectors tell, and the writing down of vectors."""

import textwrap
import zlib

from writer import Case, Cell, Event, Signer, b64, nanoseconds, zip_of

OWNER = Signer.of("ministry.example")
OTHER = Signer.of("ministry.example", "another key")
PARTNER = Signer.of("partner.example/witness")
ASSESSOR = Signer.of("assessor.example")

POLICY = f"witness partner {PARTNER.vkey(4)}\nquorum partner\n"
PARTIES = [
    {"name": "Partner", "role": "partner", "key": PARTNER.vkey(4)},
    {"name": "Assessor", "role": "assessor", "key": ASSESSOR.vkey()},
]

# Entries of the small case, by what they are.
SOURCE, MONDAY, TUESDAY, QUIET, FRIDAY, GAP, LATER, SERVER, SEGMENT, RESULTS, EXAMINATION = range(1, 12)
SIZE = RELEASE = 12  # where there is a release, its record is the next entry


def event(day, clock, record_id, **fields):
    base = [("EventID", 1), ("Image", "C:\\Windows\\System32\\cmd.exe"), ("User", "LAB\\alice")]
    more = list(fields.items())
    return Event(nanoseconds(f"{day} {clock}"), record_id, 4096 + 512 * record_id, base + more)


def workstation(day, *events):
    made = [event(day, f"08:{n:02d}:00", id_, **fields) for n, (id_, fields) in enumerate(events)]
    return Cell("windows", "WS01", "Security", day, made)


def run(type_, first, last, **members):
    return (type_, "windows", "WS01", "Security", (first, last), members)


def small_story():
    """A week of one workstation, with a quiet stretch and a gap, and a day of a server."""
    server = [event("2026-02-17", f"09:00:0{n}", 900 + n, LogonType=3) for n in range(3)]
    return [
        workstation("2026-02-16", (1, {"CommandLine": "whoami /all"}), (2, {}), (3, {"Note": ["a", "b"]})),
        workstation("2026-02-17", (4, {}), (6, {"CommandLine": "net view"})),
        run("empty", "2026-02-18", "2026-02-19", proof="record ids go on"),
        workstation("2026-02-20", (7, {}), (8, {})),
        run("gap", "2026-02-21", "2026-02-22", missing=40, reason="record ids do not go on"),
        workstation("2026-02-23", (49, {})),
        Cell("windows", "DC01", "Security", "2026-02-17", server),
    ]


DETECTIONS = [{"rule": "Whoami", "host": "WS01"}, {"rule": "Net view", "host": "WS01"}]


def small(story=None, policy="quorum none\n", parties=(), **how):
    case = Case(OWNER, parties=parties, policy=policy)
    case.examine(small_story() if story is None else story, detections=DETECTIONS, **how)
    return case


PICKS = [(0, 0, ("CommandLine", "EventID")), (1, 1, ("Image",))]


def released(**how):
    """The small case with one release in it; `how` goes to `small`."""
    case = small(**how)
    case.keep(case.release(PICKS))
    return case


class Vectors:
    """Collects vectors; README.md says what their text means."""

    def __init__(self):
        self.texts = {}

    def _add(self, name, what, of, files, expect, keys, policy, seen, **places):
        assert name not in self.texts, name
        lines = ["sekisho-vector: 1", f"name: {name}", f"what: {what}", f"of: {of}"]
        lines += [f"key: {key}" for key in keys]
        lines += [f"policy: {b64(policy.encode())}"] if policy else []
        lines += [f"seen: {b64(seen)}"] if seen else []
        lines += [f"expect: {expect}"]
        for outcome, listed in places.items():
            lines += [f"{outcome}: {place}" for place in listed]
        for path, data in sorted(files.items()):
            lines += ["", f"file: {path}", *textwrap.wrap(b64(zlib.compress(data, 9)), 100)]
        self.texts[name] = "\n".join(lines) + "\n"

    def case(self, name, what, files, broken=(), missing=(), keys=None, policy=None, seen=None, valid=None):
        expect = "invalid" if broken or (missing and not valid) else "valid"
        keys = [OWNER.vkey()] if keys is None else keys
        self._add(name, what, "case", files, expect, keys, policy, seen, broken=broken, missing=missing)

    def release(self, name, what, data, broken=(), missing=(), keys=None, policy=None, seen=None,
                valid=None, claimed=()):
        data = data if isinstance(data, bytes) else zip_of(data)
        expect = "invalid" if broken or (missing and not valid) else "valid"
        keys = [OWNER.vkey()] if keys is None else keys
        self._add(name, what, "release", {"release.zip": data}, expect, keys, policy, seen,
                  broken=broken, missing=missing, claimed=claimed)
