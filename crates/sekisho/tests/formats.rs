//! Each format on fixtures of our own: every record read or named, the format
//! told by content, and rules of the public rule base that fire on the log
//! which shows the thing and are silent on its twin.
//!
//! `tests/fixtures/FORMAT/cases.tsv` lists, tab-separated: the log, how many
//! records it has, how many problems, further options or `-`, and for each
//! rule of the public rule base its path and how often it fires, or `-`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Ground, data, program, watch};
use sekisho_event::formats::FORMATS;
use serde_json::Value;

struct Case {
    format: String,
    log: PathBuf,
    records: u64,
    problems: u64,
    options: Vec<String>,
    /// Path below the rule base, and how often it fires.
    rules: Vec<(String, usize)>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn case(format: &str, line: &str) -> Case {
    let mut cells = line.split('\t');
    let mut next = || cells.next().unwrap_or_else(|| panic!("too few cells: {format}: {line}"));
    let log = fixtures().join(format).join(next());
    let (records, problems) = (next().parse().unwrap(), next().parse().unwrap());
    let options = match next() {
        "-" => Vec::new(),
        some => some.split(' ').map(str::to_owned).collect(),
    };
    let rest: Vec<&str> = cells.filter(|cell| *cell != "-").collect();
    let rules = rest.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].parse().unwrap()));
    Case { format: format.to_owned(), log, records, problems, options, rules: rules.collect() }
}

fn cases() -> Vec<Case> {
    let mut out = Vec::new();
    for format in formats() {
        let table = fixtures().join(format).join("cases.tsv");
        let text = fs::read_to_string(&table)
            .unwrap_or_else(|e| panic!("every format has fixtures: {}: {e}", table.display()));
        let lines = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
        out.extend(lines.map(|line| case(format, line)));
    }
    out
}

/// Binary; the public regression cases are its fixtures (`conformance.rs`).
const ELSEWHERE: &[&str] = &["evtx"];

/// All formats with fixtures here.
fn formats() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name()).filter(|name| !ELSEWHERE.contains(name))
}

/// What a run said of the one source, and the ids of the rules that fired.
fn examine(case: &Case, rules: Option<&[PathBuf]>) -> (Value, usize) {
    let ground = Ground::new();
    let out = ground.path("out");
    let mut command = program();
    command.arg("examine").arg(&case.log).arg("--out").arg(&out).args(&case.options);
    for rule in rules.unwrap_or_default() {
        command.arg("--rules").arg(rule);
    }
    let ran = watch(&mut command);
    assert_eq!(ran.code, Some(0), "{}: {}", case.log.display(), ran.stderr);
    let run: Value = serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap();
    let detections = fs::read_to_string(out.join("detections.jsonl")).unwrap();
    (run, detections.lines().count())
}

#[test]
fn every_record_of_the_fixtures_is_read_or_named() {
    for case in cases() {
        let (run, _) = examine(&case, None);
        let source = &run["sources"][0];
        let name = case.log.display();
        assert_eq!(source["format"], Value::from(case.format.as_str()), "{name}");
        assert_eq!(source["records"], Value::from(case.records), "{name}: {source:#}");
        let problems = source["problems"].as_u64();
        assert_eq!(problems, Some(case.problems), "{name}: {:#}", run["problems"]);
    }
}

#[test]
fn public_rules_fire_on_the_thing_and_not_on_its_twin() {
    let Some(base) = data("sigma") else { return };
    let mut fires: BTreeMap<(String, String), [usize; 2]> = BTreeMap::new();
    for case in cases() {
        for (rule, expected) in &case.rules {
            let path = base.join(rule);
            assert!(path.is_file(), "no such rule: {rule}");
            let (_, found) = examine(&case, Some(&[path]));
            assert_eq!(found, *expected, "{}: {rule}", case.log.display());
            let slot = fires.entry((case.format.clone(), rule.clone())).or_default();
            slot[usize::from(*expected > 0)] += 1;
        }
    }
    for format in formats() {
        let both =
            fires.iter().any(|((f, _), [silent, loud])| f == format && *silent > 0 && *loud > 0);
        assert!(both, "{}: no rule that fires on one log and not on its twin", format);
    }
}
