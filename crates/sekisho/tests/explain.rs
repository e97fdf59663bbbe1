//! `explain` from outside: it agrees with `examine`, names what held and what
//! did not, and says where nothing can be explained.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use common::{GOOD_RULE, Ground, Ran, data, good_lines, process_line, run};
use serde_json::Value;

/// Explains with these arguments after the ground's logs.
fn explain(ground: &Ground, args: &[&str]) -> Ran {
    let logs = ground.logs();
    let mut all = vec!["explain", logs.to_str().unwrap()];
    all.extend_from_slice(args);
    run(&all)
}

fn answers(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const ENCODED: &str = "title: encoded\nid: encoded\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  shell:\n    Image|endswith: '\\cmd.exe'\n  flag:\n    CommandLine|contains:\n      - ' -enc '\n      - ' -e '\n  condition: shell and flag\n";

#[test]
fn what_held_and_what_did_not_is_shown_with_the_values() {
    let ground = Ground::new();
    let time = "2026-01-05T10:00:00Z";
    let lines = process_line("H", time, 1, "x -enc abc") + &process_line("H", time, 2, "dir c:");
    ground.log("a.jsonl", lines);
    let rule = ground.rule("encoded.yml", ENCODED);
    let rules = ["--rules", rule.to_str().unwrap()];
    let held = explain(&ground, &[&rules[..], &["--record-id", "1"]].concat());
    assert_eq!(held.code, Some(0), "{}", held.stderr);
    for part in ["✓ encoded", "record id 1", "x -enc abc", "Image", "CommandLine"] {
        assert!(held.stdout.contains(part), "{part}: {}", held.stdout);
    }
    let not = explain(&ground, &[&rules[..], &["--record-id", "2"]].concat());
    assert_eq!(not.code, Some(0));
    for part in ["✗ encoded", "✓ shell", "✗ flag", "dir c:"] {
        assert!(not.stdout.contains(part), "{part}: {}", not.stdout);
    }
    let json = [&rules[..], &["--format", "json"]].concat();
    let held: Vec<Value> =
        answers(&explain(&ground, &json)).iter().map(|a| a["held"].clone()).collect();
    assert_eq!(held, [true, false]);
    let matching = answers(&explain(&ground, &[&json[..], &["--matching"]].concat()));
    assert_eq!(matching.len(), 1);
    assert_eq!(matching[0]["record_id"], 1);
    assert_eq!(answers(&explain(&ground, &[&json[..], &["--limit", "1"]].concat())).len(), 1);
}

#[test]
fn a_rule_for_another_log_says_so() {
    let ground = Ground::new();
    ground.log("a.jsonl", good_lines("H", 1));
    let rule = ground.rule("encoded.yml", ENCODED);
    let rule = rule.to_str().unwrap();
    let ran = explain(&ground, &["--rules", rule, "--record-id", "1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("✗ encoded"), "{}", ran.stdout);
    assert!(ran.stdout.contains("log source"), "{}", ran.stdout);
    let ran = explain(&ground, &["--rules", rule, "--record-id", "1", "--format", "json"]);
    let answer = &answers(&ran)[0];
    assert_eq!((&answer["looked_at"], &answer["held"]), (&Value::Bool(false), &Value::Bool(false)));
    assert!(answer["reason"].as_str().unwrap().contains("process_creation"));
}

#[test]
fn nothing_to_explain_is_a_failure_with_a_hint() {
    let ground = Ground::new();
    ground.log("a.jsonl", good_lines("H", 2));
    let none = explain(&ground, &["--id", GOOD_RULE, "--record-id", "99"]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("2 events were looked through"), "{}", none.stderr);
    let no_rule = explain(&ground, &["--id", "nowhere"]);
    assert_eq!(no_rule.code, Some(2));
    assert!(no_rule.stderr.contains("no rule"), "{}", no_rule.stderr);
    let nowhere = run(&["explain", "/nowhere/a.evtx", "--id", GOOD_RULE]);
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.stderr.contains("/nowhere/a.evtx: No such file"), "{}", nowhere.stderr);
    let bad = ground.rule("bad.yml", "title: [");
    let bad = explain(&ground, &["--rules", bad.to_str().unwrap()]);
    assert_eq!(bad.code, Some(2));
    assert!(bad.stderr.contains("bad.yml"), "{}", bad.stderr);
}

#[test]
fn text_from_logs_cannot_drive_a_terminal() {
    let ground = Ground::new();
    let line = process_line("H", "2026-01-05T10:00:00Z", 1, "\u{1b}]0;owned\u{7}\u{202e} -enc x");
    ground.log("a.jsonl", line);
    let rule = ground.rule("encoded.yml", ENCODED);
    let ran = explain(&ground, &["--rules", rule.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", ran.stdout);
    let examined = ground.examine(&[]).ran;
    assert!(!examined.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']));
}

/// For every detection in some real logs, the explanation must hold too.
#[test]
fn it_agrees_with_examine() {
    let Some(evtx) = data("evtx/Lateral Movement") else { return };
    let ground = Ground::new();
    let examined = ground.examine_paths(std::slice::from_ref(&evtx), &[]).done();
    let mut detections = examined.detections();
    detections.retain(|d| !d["source"].is_null());
    assert!(detections.len() > 10, "{}", detections.len());
    for d in detections.iter().step_by(1 + detections.len() / 20) {
        let offset = d["source"]["offset"].to_string();
        let ran = run(&[
            "explain",
            d["source"]["path"].as_str().unwrap(),
            "--offset",
            &offset,
            "--id",
            d["rule"]["id"].as_str().unwrap(),
            "--format",
            "json",
        ]);
        let all = answers(&ran);
        assert!(all.iter().any(|a| a["held"] == true && a["record_id"] == d["record_id"]), "{d}");
    }
}
