"""Vectors of exposures: verdicts and the events that they rest on, good and damaged."""

from story import EXAMINATION, RESULTS, small, small_story
from writer import RECORD_ID_UNKNOWN, TIME_UNKNOWN, Cell, Event

# Entries of the case with an exposure, by what they are.
OPENED, QUIET, ANSWER, EXPOSURE = range(EXAMINATION + 1, EXAMINATION + 5)

VERDICTS = [("plans", "accessed", [(0, 0), (1, 1)]), ("mail", "ruled-out", [])]
PICKS = [(0, 0, ("CommandLine",)), (1, 1, ())]


def exposed(verdicts=VERDICTS, story=None, **members):
    case = small(story)
    case.expose(verdicts, **members)
    return case


def make(out):
    cases(out)
    bad_cases(out)
    releases(out)
    bad_releases(out)


def cases(out):
    case = exposed()
    case.expose([])
    case.hunt(0, len(case.cells))
    case.expose([("plans", "exfiltrated", [(2, 0)])])
    out.case("good-exposures", "three exposures, one without verdicts, a hunt between", case.folder())
    timeless = Cell("windows", "WS01", "Setup", None, [Event(TIME_UNKNOWN, RECORD_ID_UNKNOWN, 64, [("Id", 1)])])
    case = exposed([("plans", "reachable", [(5, 0)])], small_story() + [timeless])
    out.case("good-exposure-time-unknown", "a verdict rests on an event without time and record id", case.folder())


def bad_cases(out):
    def wrong(name, what, broken, change=None, case=None, **how):
        case = case or exposed(**how)
        if change:
            change(case)
        out.case(name, what, case.folder(), broken=broken)

    def leaf(**members):
        return lambda case: case.records[OPENED]["evidence"][0].update(members)

    def answer(**members):
        return lambda case: case.records[ANSWER].update(members)

    opened, answered, exposure = f"entry {OPENED}", f"entry {ANSWER}", f"entry {EXPOSURE}"
    wrong("verdict-of-no-such-event", "rests on an event beyond its cell's", [opened], leaf(index=3))
    wrong("verdict-of-no-such-cell", "rests on an event of a cell that is not there", [opened], leaf(cell=9))
    wrong("verdict-time-not-of-cell", "rests on an event at a time of another day", [opened],
          leaf(time="2026-02-17T08:00:00.000000123Z"))
    wrong("verdict-time-left-out", "rests on an event of a cell with a day, without a time", [opened], leaf(time=None))
    wrong("verdict-evidence-twice", "names an event twice", [opened],
          lambda case: case.records[OPENED].update(evidence=2 * case.records[OPENED]["evidence"][:1]))
    wrong("verdict-unknown-word", "says what no verdict says", [opened],
          lambda case: case.records[OPENED].update(verdict="clean"))
    wrong("verdict-asset-twice", "two verdicts of one asset", [f"entry {QUIET}"],
          lambda case: case.records[QUIET].update(asset="plans"))
    wrong("verdict-of-another-exposure", "a verdict names another exposure", [opened],
          lambda case: case.records[OPENED].update(exposure=2))
    wrong("verdict-size-before-cell", "rests on an event of entries that it does not speak of", [opened], size=2)
    wrong("exposure-size-too-large", "speaks of its own verdicts", [exposure], size=EXAMINATION + 2)
    wrong("exposure-size-zero", "speaks of nothing", [exposure, opened], size=0)
    wrong("exposure-number-wrong", "numbered from 2",
          [exposure, opened, f"entry {QUIET}", "file exposures/0002/exposure.json"],
          answer(files=[{"name": "exposures/0002/exposure.json", "sha256": 64 * "0", "bytes": 0}]), number=2)
    wrong("exposure-count-wrong", "leaves out its first verdict", [opened],
          records={"first": QUIET, "count": 2}, size=EXAMINATION + 1)
    wrong("exposure-records-not-before", "its records do not end before it", [exposure],
          records={"first": OPENED, "count": 1})
    wrong("exposure-answer-not-named", "does not name the answer", [answered],
          lambda case: case.records[ANSWER]["files"].pop(0))
    wrong("exposure-file-outside", "names a file of an examination", [answered],
          lambda case: case.records[ANSWER]["files"].append(case.records[RESULTS]["files"][0]))
    wrong("exposure-output-root", "the results of an exposure have an output_root", [answered],
          answer(output_root="0" * 64))
    wrong("exposure-results-left-out", "an exposure without its results", [f"entry {ANSWER}"],
          lambda case: (case.records.pop(ANSWER), case.records[ANSWER]["records"].update(count=2)))
    case = exposed()
    case.verdict("plans", "accessed", [])
    wrong("verdict-without-exposure", "a verdict at the end that no exposure follows",
          [f"entry {EXPOSURE + 1}"], case=case)
    folder = exposed().folder()
    folder["exposures/0001/exposure.json"] = b"{ }\n"
    out.case("exposure-answer-changed", "the answer is changed", folder, broken=["file exposures/0001/exposure.json"])
    del folder["exposures/0001/exposure.json"]
    out.case("exposure-answer-missing", "the answer is not there", folder, broken=["file exposures/0001/exposure.json"])


def releases(out):
    case = exposed()
    out.release("good-release-verdict", "a release that proves a verdict",
                case.release(PICKS, more=[OPENED, EXPOSURE]), claimed=[f"entry {OPENED}"])
    case = exposed()
    out.release("good-release-verdict-in-part", "a release of a verdict with one of its two events",
                case.release(PICKS[:1], more=[OPENED, EXPOSURE]), missing=[f"entry {OPENED}"], valid=True)
    case = exposed()
    out.release("good-release-verdict-on-no-event", "a release of a verdict that rests on no event",
                case.release([], more=[QUIET, EXPOSURE]))


def bad_releases(out):
    def wrong(name, what, change=None, more=(OPENED, EXPOSURE), **how):
        case = exposed(**how)
        if change:
            change(case.records[OPENED]["evidence"][1])
        out.release(name, what, case.release(PICKS, more=more), broken=[f"entry {OPENED}"])

    wrong("release-verdict-without-exposure", "the exposure is left out", more=[OPENED])
    wrong("release-verdict-of-another-exposure", "the exposure has another number", number=2)
    wrong("release-verdict-other-record-id", "another record id than the leaf has", lambda e: e.update(record_id=77))
    wrong("release-verdict-other-time", "another time than the leaf has",
          lambda e: e.update(time="2026-02-17T08:01:00.000000124Z"))
    wrong("release-verdict-no-such-event", "rests on an event that its cell does not have", lambda e: e.update(index=2))
