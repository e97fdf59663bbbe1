//! The sealed case through the program: what `examine` and `demo` seal,
//! `verify` finds valid, `hunt` sweeps, `disclose` shows in part; and what is
//! tampered with is found and named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{Ground, Ran, copy_folder, forget_signed, owner_key, process_line, program, run};
use common::{said, valid, verify, watch};
use sekisho_case::Hash;
use sekisho_case::log::Log;
use serde_json::{Value, json};

/// Everything below a folder but the case, by path.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn enter(root: &Path, folder: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                enter(root, &path, out);
            } else {
                out.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    enter(root, root, &mut out);
    out
}

fn without_case(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = files(root);
    all.retain(|name, _| !name.starts_with("case/"));
    all
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All records of a case.
fn records(case: &Path) -> Vec<Value> {
    let log = Log::open(case).unwrap();
    let entries = log.entries(0..log.size());
    entries.map(|entry| serde_json::from_slice(&entry.unwrap().1).unwrap()).collect()
}

fn of_type(case: &Path, kind: &str) -> Vec<Value> {
    records(case).into_iter().filter(|record| record["type"] == kind).collect()
}

fn demo(out: &Path, args: &[&str]) -> Ran {
    watch(program().args(["demo", "--out"]).arg(out).args(args))
}

fn hunt(case: &Path, args: &[&str]) -> Ran {
    watch(program().arg("hunt").arg(case).args(args))
}

fn disclose(case: &Path, args: &[&str]) -> Ran {
    watch(program().arg("disclose").arg(case).arg("--yes").args(args))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A detection without what only one of the two says: a hunt, the event's place
/// in the case and the hashes of a correlation's sources; an examination, the
/// record as it was read.
fn finding(detection: &Value) -> String {
    let mut finding = detection.clone();
    let members = finding.as_object_mut().unwrap();
    members.retain(|name, _| !["sealed", "event"].contains(&name.as_str()));
    for event in finding["correlation"]["events"].as_array_mut().into_iter().flatten() {
        event.as_object_mut().unwrap().retain(|name, _| name != "sha256");
    }
    sorted(&finding).to_string()
}

/// With all members in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let all: BTreeMap<&String, Value> =
                members.iter().map(|(name, value)| (name, sorted(value))).collect();
            json!(all)
        }
        Value::Array(all) => all.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// All findings of a file, in an order that does not depend on the reading.
fn findings(path: &Path) -> Vec<String> {
    let mut all: Vec<String> = lines(path).iter().map(finding).collect();
    all.sort();
    all
}

#[track_caller]
fn same_findings(examined: &Path, hunted: &Path) -> usize {
    let (one, two) = (findings(examined), findings(hunted));
    for (one, two) in one.iter().zip(&two) {
        if let Some(at) = one.bytes().zip(two.bytes()).position(|(a, b)| a != b) {
            let part = |text: &str| {
                let bytes: Vec<u8> = text.bytes().skip(at.saturating_sub(80)).take(160).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            };
            panic!("examined: …{}…\nhunted:   …{}…", part(one), part(two));
        }
    }
    assert_eq!(one.len(), two.len());
    one.len()
}

// ---- the rehearsal ----

#[test]
fn a_rehearsal_is_sealed_and_a_hunt_finds_the_same_in_it() {
    let ground = Ground::new();
    let out = ground.path("demo");
    let told = demo(&out, &["--seed", "3"]);
    assert!(told.ok().contains("Sealed:") && told.stdout.contains("examination 1:"));
    let case = out.join("case");
    for path in [&out, &case] {
        let answer = valid(path, &[]);
        assert!(said(&answer, "claimed").iter().any(|s| s.contains("--key") || s.contains("key")));
        assert_eq!(said(&answer, "broken").len(), 0);
    }
    let answer = valid(&case, &["--key", &owner_key()]);
    let claimed = said(&answer, "claimed");
    assert!(!claimed.iter().any(|s| s.contains("key")), "{claimed:#?}");
    let proven = said(&answer, "proven");
    assert!(proven.iter().any(|s| s.contains("field by field")), "{proven:#?}");
    assert!(proven.iter().any(|s| s.starts_with("checkpoint: ")), "{proven:#?}");
    assert_eq!(answer["log"]["size"], records(&case).len());

    let plain = run(&["verify", text(&out), "--without-store"]);
    assert!(plain.ok().starts_with(&format!("VALID: {}\n", out.display())), "{}", plain.stdout);
    for heading in ["\nProven\n", "\nClaimed, not proven\n"] {
        assert!(plain.stdout.contains(heading), "{heading}: {}", plain.stdout);
    }
    assert!(!plain.stdout.contains("BROKEN"));
    assert!(!plain.stdout.contains("field by field"));

    // The built-in rules once more, over what is stored.
    hunt(&out, &[]).ok();
    let count = same_findings(
        &out.join("results/detections.jsonl"),
        &case.join("examinations/0002/detections.jsonl"),
    );
    assert!(count > 30, "{count}");
    let answer = valid(&out, &["--key", &owner_key()]);
    assert_eq!(said(&answer, "missing").len(), 0, "{answer:#}");
    assert_eq!(of_type(&case, "examination").len(), 2);
}

#[test]
fn sealing_changes_no_result() {
    let ground = Ground::new();
    let out = ground.path("demo");
    demo(&out, &["--no-seal"]).ok();
    assert!(!out.join("case").exists());
    let unsealed = files(&out);
    demo(&out, &["--threads", "3"]).ok();
    let sealed = without_case(&out);
    assert_eq!(unsealed.keys().collect::<Vec<_>>(), sealed.keys().collect::<Vec<_>>());
    for (name, bytes) in &unsealed {
        assert!(*bytes == sealed[name], "{name} differs");
    }
    // With events sealed as a whole just as well.
    let examine = |args: &[&str]| {
        let mut command = program();
        command.arg("examine").arg(out.join("logs")).arg("--out").arg(ground.path("out"));
        watch(command.args(args)).ok().to_owned()
    };
    let said = examine(&["--no-seal"]);
    let unsealed = files(&ground.path("out"));
    let said_sealed = examine(&["--seal-whole-events", "--threads", "1"]);
    assert!(said_sealed.starts_with(&said) && said_sealed.contains("Sealed:"), "{said_sealed}");
    assert!(unsealed == without_case(&ground.path("out")));
    for name in ["detections.jsonl", "timeline.csv", "run.json", "report.html"] {
        let kept = ground.path("out/case/examinations/0001").join(name);
        assert!(fs::read(&kept).unwrap() == unsealed[name], "{name}");
    }
    valid(&ground.path("out"), &["--key", &owner_key()]);

    // A store does not depend on threads, nor on how events are sealed.
    let (one, two) = (out.join("case"), ground.path("out/case"));
    let (stored, again) = (files(&one.join("store")), files(&two.join("store")));
    assert!(stored.len() > 3, "{}", stored.len());
    assert!(stored == again);
    let leaves = |case: &Path| fs::read(case.join("leaves/0001")).unwrap();
    assert_eq!(leaves(&one).len(), leaves(&two).len());
    assert_ne!(leaves(&one), leaves(&two));
    // The rehearsal has asked besides what was exposed.
    let mut one = records(&one);
    let of_exposure = |record: &Value| match record["type"].as_str() {
        Some("results") => record["output_root"].is_null(),
        kind => matches!(kind, Some("verdict" | "exposure")),
    };
    one.retain(|record| !of_exposure(record));
    let two = records(&two);
    assert_eq!(one.len(), two.len());
    for (one, two) in one.iter().zip(&two).skip(1) {
        assert_eq!(settled(one), settled(two));
    }
}

/// A record without what is random or follows from it.
fn settled(record: &Value) -> Value {
    let mut record = record.clone();
    let members = record.as_object_mut().unwrap();
    members.retain(|name, _| !["nonce", "root", "seal", "input_root"].contains(&name.as_str()));
    record
}

// ---- hunting ----

#[test]
fn a_hunt_finds_what_the_examination_found() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let out = ground.path("out");
    let rules = ground.path("rules");
    copy_folder(&out, &ground.path("two"));
    let before = fs::read(out.join("case/checkpoint")).unwrap();
    fs::write(ground.path("seen"), &before).unwrap();
    let hunted = hunt(&out, &["--rules", text(&rules), "--threads", "1"]);
    let results = out.join("case/examinations/0002");
    let count = same_findings(&out.join("detections.jsonl"), &results.join("detections.jsonl"));
    // Of each of two hosts 14 commands, and of five records that the log was cleared.
    let found = lines(&results.join("detections.jsonl"));
    let correlated = found.iter().filter(|d| !d["correlation"].is_null()).count();
    assert_eq!(count - correlated, 2 * 14 + 5);
    assert!(correlated > 0 && hunted.ok().contains(&format!("{count} detections")));
    for d in found.iter().filter(|d| d["correlation"].is_null()) {
        assert!(d["sealed"]["cell"].is_u64() && d["sealed"]["index"].is_u64(), "{d}");
    }

    forget_signed(&ground.path("two/case"));
    let again = hunt(&ground.path("two"), &["--rules", text(&rules), "--threads", "3"]);
    again.ok();
    assert!(files(&results) == files(&ground.path("two/case/examinations/0002")));

    let answer = valid(&out, &["--key", &owner_key(), "--seen", text(&ground.path("seen"))]);
    assert_eq!(said(&answer, "missing").len(), 0, "{answer:#}");
    let made = of_type(&out.join("case"), "examination");
    assert_eq!(made.len(), 2);
    assert_eq!((&made[1]["number"], &made[1]["kind"]), (&json!(2), &json!("hunt")));
    assert_eq!(made[1]["cells"]["events"], 207);
    assert_eq!(made[1]["input_root"], made[0]["input_root"]);
    let shown = run(&["case", "show", text(&out)]);
    assert!(shown.ok().contains("hunt"), "{}", shown.stdout);
}

/// Rules over events of several shapes and files, and correlations in which
/// the order of two events of the same time decides.
const SAME_TIME_RULES: &str = "\
title: connection
name: connection
id: 00000001-0000-4000-8000-000000000000
logsource:
  product: windows
detection:
  s:
    DestinationIp: 10.0.0.1
  condition: s
---
title: process
name: process
id: 00000002-0000-4000-8000-000000000000
logsource:
  product: windows
detection:
  s:
    Image|endswith: evil.exe
  condition: s
---
title: connection then process
id: 00000003-0000-4000-8000-000000000000
correlation:
  type: temporal_ordered
  rules: [connection, process]
  group-by: [Pair]
  timespan: 1m
---
title: process then connection
id: 00000004-0000-4000-8000-000000000000
correlation:
  type: temporal_ordered
  rules: [process, connection]
  group-by: [Pair]
  timespan: 1m
";

/// A log of pairs of events of the same time. Of one in three the process comes
/// first.
fn same_time_log(first: usize, count: usize) -> String {
    let mut out = String::new();
    for pair in first..first + count {
        let event = |id: u32, field: &str, value: &str| {
            json!({
                "EventID": id, "Channel": "Microsoft-Windows-Sysmon/Operational",
                "Computer": format!("WS{id}"), "TimeCreated": "2026-01-01T00:00:00.000Z",
                "Pair": pair.to_string(), field: value,
            })
        };
        let connection = event(3, "DestinationIp", "10.0.0.1");
        let process = event(1, "Image", r"C:\evil.exe");
        let both = if pair % 3 == 0 { [process, connection] } else { [connection, process] };
        both.iter().for_each(|event| out.extend([event.to_string(), "\n".to_owned()]));
    }
    out
}

#[test]
fn events_of_the_same_time_count_in_the_order_of_the_logs() {
    let ground = Ground::new();
    ground.rule("same.yml", SAME_TIME_RULES);
    ground.log("a.jsonl", same_time_log(0, 300));
    ground.log("b.jsonl", same_time_log(300, 300));
    // Pairs of two files: the listed order of the files decides.
    let (mut early, mut late) = (String::new(), String::new());
    for line in same_time_log(600, 30).lines() {
        let of = if line.contains("evil.exe") { &mut early } else { &mut late };
        of.extend([line, "\n"]);
    }
    ground.log("c.jsonl", early);
    ground.log("d.jsonl", late);
    ground.seal("one", &["--threads", "1"]).ok();
    let one = ground.path("one/detections.jsonl");
    let found = lines(&one);
    let of = |title: &str| found.iter().filter(|d| d["rule"]["title"] == title).count();
    assert_eq!((of("process then connection"), of("connection then process")), (230, 400));
    for n in 0..4 {
        let out = format!("two{n}");
        ground.seal(&out, &["--threads", "2"]).ok();
        let two = ground.path(&out).join("detections.jsonl");
        assert!(fs::read(&two).unwrap() == fs::read(&one).unwrap(), "with two threads");
    }
    hunt(&ground.path("one"), &["--rules", text(&ground.path("rules"))]).ok();
    let hunted = ground.path("one/case/examinations/0002/detections.jsonl");
    assert_eq!(same_findings(&one, &hunted), 630);
    // The hosts of a pair differ: then there is none, in both.
    assert!(lines(&hunted).iter().all(|d| d["host"].is_null() && d["channel"].is_string()));
}

fn bundle(patterns: &[&str]) -> String {
    let object = |(n, pattern): (usize, &&str)| {
        json!({
            "type": "indicator", "spec_version": "2.1",
            "id": format!("indicator--00000000-0000-4000-8000-{n:012}"),
            "name": format!("planted {n}"), "pattern": pattern, "pattern_type": "stix",
            "created": "2024-01-01T00:00:00Z", "modified": "2024-01-01T00:00:00Z",
            "valid_from": "2024-01-01T00:00:00Z",
        })
    };
    let objects: Vec<Value> = patterns.iter().enumerate().map(object).collect();
    let id = "bundle--00000000-0000-4000-8000-000000000000";
    json!({"type": "bundle", "id": id, "objects": objects}).to_string()
}

#[test]
fn indicators_are_hunted_for_in_what_is_stored() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let out = ground.path("out");
    let file = ground.path("bundle.json");
    let planted = [
        "[ipv4-addr:value = '203.0.113.0/24']",
        "[process:command_line = 'cmd.exe WS2 33']",
        "[ipv4-addr:value = '192.0.2.77']",
    ];
    fs::write(&file, bundle(&planted)).unwrap();
    let copy = ground.path("copy");
    let hunted = hunt(&out, &["--indicators", text(&file), "--out", text(&copy)]);
    assert!(hunted.ok().contains("0 rules and 3 indicators: 2 detections"), "{}", hunted.stdout);
    let found = lines(&out.join("case/examinations/0002/detections.jsonl"));
    assert_eq!(found.len(), 2);
    let command = found.iter().find(|d| d["host"] == "WS2").unwrap();
    assert_eq!((&command["record_id"], &command["source"]["offset"].is_u64()), (&json!(33), &true));
    assert!(command.to_string().contains("planted 1"), "{command}");
    assert!(found.iter().any(|d| d.to_string().contains("planted 0")));
    assert!(
        files(&copy)["detections.jsonl"]
            == fs::read(out.join("case/examinations/0002/detections.jsonl")).unwrap()
    );
    valid(&out, &["--key", &owner_key()]);

    // An indicator counts as high.
    let args = |level: &str| hunt(&out, &["--indicators", text(&file), "--fail-on", level]).code;
    assert_eq!((args("high"), args("critical")), (Some(1), Some(0)));
    assert_eq!(of_type(&out.join("case"), "examination").len(), 4);
    valid(&out, &[]);
}

#[test]
fn an_indicator_of_several_events_names_each_of_them() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let (out, file) = (ground.path("out"), ground.path("bundle.json"));
    let both =
        "[process:command_line = 'cmd.exe WS1 33'] AND [process:command_line = 'cmd.exe WS2 34']";
    fs::write(&file, bundle(&[both])).unwrap();
    hunt(&out, &["--indicators", text(&file)]).ok();
    let found = lines(&out.join("case/examinations/0002/detections.jsonl"));
    assert_eq!(found.len(), 1);
    let events = found[0]["correlation"]["events"].as_array().unwrap();
    let of: Vec<_> = events.iter().map(|e| (&e["host"], &e["record_id"])).collect();
    assert_eq!(of, [(&json!("WS1"), &json!(33)), (&json!("WS2"), &json!(34))]);
    assert!(events.iter().all(|e| e["sha256"].is_string() && e["offset"].is_u64()), "{events:?}");
}

#[test]
fn what_limits_on_indicators_cut_short_is_told() {
    let ground = Ground::of_a_case();
    let sysmon = |id: u32, field: &str, value: String| {
        let event = json!({
            "EventID": id, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "WS9",
            "UtcTime": "2026-01-01 00:00:00.000", "Image": r"C:\a.exe", field: value,
        });
        format!("{event}\n")
    };
    let list: String = (0..300).map(|n| format!("10.1.{}.{};", n / 200, n % 200)).collect();
    let long = format!("cmd {}needle", "a".repeat(1 << 20));
    ground.log(
        "long.jsonl",
        sysmon(22, "QueryResults", list + "203.0.113.5;") + &sysmon(1, "CommandLine", long),
    );
    let names = (0..99).map(|n| format!("d{n}.example"));
    let addresses = (0..99).map(|n| format!("10.0.0.{n}"));
    let answers: Vec<String> = names
        .chain(["zz.example".to_owned()])
        .chain(addresses)
        .chain(["192.0.2.9".to_owned()])
        .collect();
    let dns = json!({
        "_path": "dns", "ts": 1_772_440_047.5, "uid": "C1", "query": "q.example",
        "answers": answers,
    });
    ground.log("dns.log", format!("{dns}\n"));
    ground.seal("out", &[]).ok();
    let (out, file, copy) = (ground.path("out"), ground.path("bundle.json"), ground.path("copy"));
    let planted = [
        "[ipv4-addr:value = '203.0.113.5']",
        "[process:command_line LIKE '%needle']",
        "[(domain-name:value LIKE '%.example' OR ipv4-addr:value LIKE '1%') AND \
         domain-name:value LIKE 'zz%' AND ipv4-addr:value LIKE '192%']",
    ];
    fs::write(&file, bundle(&planted)).unwrap();
    let hunted = hunt(&out, &["--indicators", text(&file), "--out", text(&copy)]);
    assert!(hunted.ok().contains("3 not looked for, or not in full"), "{}", hunted.stdout);
    for told in [
        "for ipv4-addr:value: 1 list was not read beyond the first 256 entries",
        "for process:command_line by LIKE or MATCHES: 1 value was not searched beyond 1048576",
        "-000000000002: of 1 event only 4096 choices of objects were tried",
    ] {
        assert!(hunted.stdout.contains(told), "{told}: {}", hunted.stdout);
    }
    let ran: Value = serde_json::from_slice(&files(&copy)["run.json"]).unwrap();
    assert_eq!(ran["unsearched"], json!({"choices": 1, "long_lists": 1, "long_values": 1}));
    assert_eq!(ran["refused"].as_array().unwrap().len(), 3);
}

#[test]
fn what_of_a_pattern_is_not_looked_for_is_told_without_a_detection() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let (out, file, copy) = (ground.path("out"), ground.path("bundle.json"), ground.path("copy"));
    let half =
        "[domain-name:value = 'x.example' OR hostname:value = 'x.example'] OR [file:size = 3]";
    let sizes: Vec<String> = (0..5).map(|n| format!("x-p{n}:a = 'b'")).collect();
    let many = format!("[mutex:name = 'x' OR {}]", sizes.join(" OR "));
    fs::write(&file, bundle(&[half, "[mutex:name = 'whole']", &many])).unwrap();
    let hunted = hunt(&out, &["--indicators", text(&file), "--out", text(&copy)]);
    assert!(hunted.ok().contains("3 indicators: 0 detections"), "{}", hunted.stdout);
    for told in [
        "2 not looked for, or not in full:\n",
        "-000000000000 (",
        "not in full: no log carries hostname:value; no log carries file:size\n",
        "not in full: no log carries x-p0:a; no log carries x-p1:a; no log carries x-p2:a; and 2 \
         more\n",
    ] {
        assert!(hunted.stdout.contains(told), "{told}: {}", hunted.stdout);
    }
    let ran: Value = serde_json::from_slice(&files(&copy)["run.json"]).unwrap();
    assert_eq!(ran["refused"].as_array().unwrap().len(), 2);
    let passed_over = ran["passed_over"].as_object().unwrap();
    let told: Vec<_> = passed_over.iter().map(|(id, all)| (&id[46..], all)).collect();
    let of_half = json!(["no log carries hostname:value", "no log carries file:size"]);
    assert_eq!(told[0], ("0", &of_half));
    assert_eq!((told[1].0, told[1].1.as_array().unwrap().len(), told.len()), ("2", 5, 2));
}

#[test]
fn a_list_that_is_cut_says_so_and_run_json_has_all_of_it() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let (out, file, copy) = (ground.path("out"), ground.path("bundle.json"), ground.path("copy"));
    let found = vec!["[process:command_line LIKE 'cmd.exe%']".to_owned(); 25];
    let refused: Vec<String> = (0..23).map(|n| format!("[x-p{n}:a = 'b']")).collect();
    let all: Vec<&str> = found.iter().chain(&refused).map(String::as_str).collect();
    fs::write(&file, bundle(&all)).unwrap();
    let hunted = hunt(&out, &["--indicators", text(&file), "--out", text(&copy)]);
    let ran: Value = serde_json::from_slice(&files(&copy)["run.json"]).unwrap();
    let (fired, not) = (ran["fired"].as_array().unwrap(), ran["refused"].as_array().unwrap());
    assert_eq!((fired.len(), not.len()), (25, 23));
    for more in [5, 3] {
        let line = format!("  and {more} more, all in run.json\n");
        assert!(hunted.ok().contains(&line), "{line}{}", hunted.stdout);
    }
}

#[test]
fn a_rule_that_could_not_search_all_is_told() {
    let ground = Ground::new();
    ground.rule(
        "look.yml",
        "title: look\nid: 00000001-0000-4000-8000-000000000000\nlogsource:\n  product: windows\n\
         detection:\n  s:\n    CommandLine|re: '(?=y)y+x'\n  condition: s\n",
    );
    let event = json!({
        "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "WS1",
        "UtcTime": "2026-01-01 00:00:00.000", "CommandLine": format!("{}x", "y".repeat(40_000)),
    });
    ground.log("long.jsonl", format!("{event}\n"));
    let told = ground.seal("out", &[]);
    assert!(told.ok().contains("1 rule has an expression that could not"), "{}", told.stdout);
    let read = |path: &str| -> Value {
        serde_json::from_slice(&fs::read(ground.path(path)).unwrap()).unwrap()
    };
    assert_eq!(read("out/run.json")["rules"]["cut_short"][0]["title"], "look");
    hunt(&ground.path("out"), &["--rules", text(&ground.path("rules"))]).ok();
    let ran = read("out/case/examinations/0002/run.json");
    assert!(ran["refused"][0].as_str().unwrap().contains("could not search all"), "{ran}");
}

#[test]
fn a_hunt_says_what_it_could_not_look_for() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let (out, rules) = (ground.path("out"), ground.path("rules"));
    let untouched = fs::read(out.join("case/checkpoint")).unwrap();
    let none = ground.path("none");
    fs::create_dir(&none).unwrap();
    hunt(&out, &["--rules", text(&none)]).refused(2, &["no rule"]);
    hunt(&out, &["--indicators", text(&none)]).refused(2, &["nothing to hunt for"]);
    let broken = ground.path("bad.json");
    fs::write(&broken, "x").unwrap();
    let hunted = hunt(&out, &["--indicators", text(&broken)]);
    hunted.refused(2, &["indicators in ", "bad.json: not JSON", "no indicator stands before"]);
    // Nothing is put beside what is sealed.
    let before = files(&out);
    for within in ["case", "case/store", "case/new/folder", "new/../case/store"] {
        let within = out.join(within);
        hunt(&out, &["--out", text(&within)]).refused(2, &["lies within the case"]);
    }
    assert!(files(&out) == before);
    hunt(&ground.path("logs"), &[]).refused(2, &["expected the folder of a case"]);
    assert_eq!(fs::read(out.join("case/checkpoint")).unwrap(), untouched);

    ground.rule("broken.yml", "title: Broken\ndetection:\n  a: {X: 1}\n  condition: b\n");
    let hunted = hunt(&out, &["--rules", text(&rules)]);
    assert!(hunted.ok().contains("not looked for"), "{}", hunted.stdout);
    assert!(hunted.stdout.contains("broken.yml"), "{}", hunted.stdout);
    let level = |level: &str| hunt(&out, &["--rules", text(&rules), "--fail-on", level]).code;
    assert_eq!((level("high"), level("critical")), (Some(1), Some(0)));
    valid(&out, &["--key", &owner_key()]);
}

#[test]
fn a_hunt_sweeps_only_what_was_sealed() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let rules = ground.path("rules");
    let sealed = ground.path("out/case");
    let segment = of_type(&sealed, "segment").remove(0);
    let (name, hash) = (segment["name"].as_str().unwrap(), segment["sha256"].as_str().unwrap());
    let refused = |what: &str, parts: &[&str], change: &dyn Fn(&Path)| {
        let case = ground.path("case");
        copy_folder(&sealed, &case);
        change(&case);
        let before = files(&case);
        let hunted = hunt(&case, &["--rules", text(&rules), "--threads", "2"]);
        hunted.refused(4, &[parts, &["nothing was read from it"]].concat());
        assert!(hunted.stdout.is_empty(), "{what}: {}", hunted.stdout);
        assert!(files(&case) == before, "{what}: something was written");
        fs::remove_dir_all(&case).unwrap();
    };
    let found = |bytes: &[u8]| sekisho_case::Hash::of(bytes).to_string();
    let mut changed = fs::read(sealed.join(name)).unwrap();
    let at = changed.len() / 2;
    changed[at] ^= 1;
    let parts = [name, &format!("SHA-256 {hash}"), &format!("SHA-256 {}", found(&changed))];
    refused("a byte", &parts, &|case| fs::write(case.join(name), &changed).unwrap());
    // A segment that can be read just as well, but is another's.
    let other = ground.path("other");
    let line = process_line("WS9", "2026-01-05T10:01:00.5Z", 1, "cmd.exe other");
    fs::write(ground.path("other.jsonl"), line).unwrap();
    let mut command = program();
    command.arg("examine").arg(ground.path("other.jsonl")).arg("--out").arg(&other);
    watch(&mut command).ok();
    let another = fs::read(first(&other.join("case/store"), ".parquet")).unwrap();
    let parts = [name, "expected", hash, &format!("found {} bytes", another.len())];
    refused("another", &parts, &|case| fs::write(case.join(name), &another).unwrap());
    refused("a store", &["store/0001/catalogue.json", "expected"], &|case| {
        fs::remove_dir_all(case.join("store")).unwrap();
        copy_folder(&other.join("case/store"), &case.join("store"));
    });
    refused("none", &[name, "there is no such file", hash], &|case| {
        fs::remove_file(case.join(name)).unwrap();
    });
    #[cfg(unix)]
    refused("a link", &[name, "there is no such file"], &|case| {
        let apart = ground.path("apart");
        fs::rename(case.join(name), &apart).unwrap();
        std::os::unix::fs::symlink(&apart, case.join(name)).unwrap();
    });
    // The catalogue says which rules look at a segment at all.
    refused("the catalogue", &["store/0001/catalogue.json", "SHA-256"], &|case| {
        let path = case.join("store/0001/catalogue.json");
        let catalogue = fs::read_to_string(&path).unwrap();
        fs::write(&path, catalogue.replace("windows", "windowz")).unwrap();
    });
    hunt(&ground.path("out"), &["--rules", text(&rules)]).ok();
    valid(&ground.path("out"), &["--key", &owner_key()]);
}

/// Ends a child as Ctrl-C does, once a file is there; its code and stdout.
fn interrupted(command: &mut Command, once: &Path) -> (Option<i32>, String) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while !once.exists() && start.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(1));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A rule that asks so many expressions of each value, none of which has a
/// text that could be looked for first.
fn slow_rule(expressions: u32) -> String {
    let asked = |n: u32| {
        let letter = char::from_u32(0x3b1 + n / 60).unwrap();
        format!("      - '^(?:.?){{{}}}[z{letter}]$'\n", 30 + n % 60)
    };
    let asked: String = (0..expressions).map(asked).collect();
    format!(
        "title: Slow\nlevel: low\nlogsource: {{product: windows}}\ndetection:\n  a:\n    a|re:\n\
         {asked}  condition: a\n"
    )
}

#[cfg(unix)]
#[test]
fn what_is_stopped_is_sealed_as_incomplete() {
    let ground = Ground::of_a_case();
    // Each with a value of its own; and six segments, since a hunt stops
    // between groups of rows.
    let line = |n: u32| {
        let x = n.wrapping_mul(2_654_435_761);
        format!("{{\"EventID\":{},\"Channel\":\"c\",\"a\":\"{x:x}{n}\"}}\n", n % 6)
    };
    ground.log("large.jsonl", (0..60_000).map(line).collect::<String>());
    ground.seal("out", &[]).ok();
    let (out, rules) = (ground.path("out"), ground.path("slow"));
    fs::create_dir(&rules).unwrap();
    // One thread: what is left to do when the signal comes is not begun. And
    // twice the work each time, until a machine is slower than the signal.
    let stopped = (2..7).any(|number| {
        fs::write(rules.join("slow.yml"), slow_rule(60 << number)).unwrap();
        let once = out.join(format!("case/examinations/{number:04}/detections.jsonl"));
        let mut command = program();
        command.arg("hunt").arg(&out).args(["--threads", "1", "--rules", text(&rules)]);
        let (code, told) = interrupted(&mut command, &once);
        let made = of_type(&out.join("case"), "examination");
        let made = made.last().unwrap();
        assert_eq!(made["number"], number);
        assert_eq!(made["complete"], code == Some(0), "{told}");
        assert_eq!(told.contains("INCOMPLETE"), code == Some(2), "{told}");
        code == Some(2)
    });
    assert!(stopped, "a hunt always came to its end");
    // An examination just as well: what was read until then is sealed.
    let number = of_type(&out.join("case"), "examination").len() + 1;
    let mut command = program();
    command.arg("examine").arg(ground.logs()).arg("--out").arg(&out);
    let once = out.join(format!("case/store/{number:04}"));
    let (code, told) = interrupted(&mut command, &once);
    assert!(told.contains("Sealed:"), "{told}");
    let made = of_type(&out.join("case"), "examination").pop().unwrap();
    assert_eq!((&made["number"], &made["complete"]), (&json!(number), &json!(code == Some(0))));
    valid(&out, &["--key", &owner_key()]);
}

// ---- adding to a case ----

#[test]
fn a_second_examination_is_added_to_the_case() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let before = files(&case);
    fs::write(ground.path("seen"), &before["checkpoint"]).unwrap();
    ground.log("more.jsonl", common::good_lines("WS4", 3));
    let second = ground.seal("out", &["--seal-whole-events"]);
    assert!(second.ok().contains("examination 2: 210 events"), "{}", second.stdout);
    let made = of_type(&case, "examination");
    assert_eq!(made.len(), 2);
    assert_eq!(made[1]["cells"]["first"], made[0]["cells"]["count"]);
    assert_eq!(made[1]["sources"]["first"], made[0]["sources"]["count"]);
    let kinds: Vec<&Value> = made.iter().map(|e| &e["seal"]["kind"]).collect();
    assert_eq!(kinds, ["fields", "whole"]);
    let after = files(&case);
    for (name, bytes) in before.iter().filter(|(name, _)| name.contains("0001")) {
        assert!(after.get(name) == Some(bytes), "{name}");
    }
    let answer = valid(&case, &["--key", &owner_key(), "--seen", text(&ground.path("seen"))]);
    assert_eq!(said(&answer, "missing").len(), 0, "{answer:#}");
    // A hunt sweeps both, and says where in the case each event is.
    let rules = ground.path("rules");
    assert!(hunt(&case, &["--rules", text(&rules)]).ok().contains("417 stored events"));
    let new = of_type(&case, "cell").into_iter().find(|cell| cell["host"] == "WS4").unwrap();
    assert!(new["number"].as_u64() >= made[1]["cells"]["first"].as_u64());
    let found = lines(&case.join("examinations/0003/detections.jsonl"));
    let of_new = found.iter().filter(|d| d["host"] == "WS4");
    let cells: Vec<&Value> = of_new.map(|d| &d["sealed"]["cell"]).collect();
    assert_eq!(cells, [&new["number"]; 3]);
    // And what was added can be shown as well as what was there before.
    for (n, cell) in [&new["number"], &json!(0)].into_iter().enumerate() {
        let (event, zip) = (format!("{cell}.1"), ground.path(&format!("{n}.zip")));
        let args = ["--events", &event, "--fields", "all", "--out", text(&zip)];
        disclose(&case, &args).ok();
        assert_eq!(events(&zip).len(), 1);
    }
    valid(&case, &["--key", &owner_key()]);
}

#[test]
fn a_case_is_its_owners() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let before = files(&case);
    let home = ground.path("home");
    let stranger = |args: &[&str]| {
        watch(program().env("SEKISHO_HOME", &home).env_remove("SEKISHO_PASSPHRASE").args(args))
    };
    stranger(&["key", "new", "stranger", "--store-in-clear"]).ok();
    let (out, logs) = (ground.path("out"), ground.logs());
    let rules = ground.path("rules");
    let with = ["--rules", text(&rules)];
    let release = ground.path("release.zip");
    for (what, args) in [
        ("examine", &["examine", text(&logs), "--out", text(&out), with[0], with[1]][..]),
        ("hunt", &["hunt", text(&out), with[0], with[1]]),
        (
            "disclose",
            &["disclose", text(&out), "--events", "0.0", "--yes", "--out", text(&release)],
        ),
    ] {
        let ran = stranger(args);
        assert_eq!(ran.code, Some(2), "{what}: {}", ran.stdout);
        let mine = ["only the owner of a case adds to it", "private key"];
        assert!(mine.iter().any(|part| ran.stderr.contains(part)), "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("owner") && ran.stderr.contains("--key"), "{}", ran.stderr);
        // A key that is named is tried, and refused.
        let ran = stranger(&[args, &["--key", "stranger"]].concat());
        ran.refused(2, &["only the owner of a case adds to it", "key stranger"]);
        assert!(files(&case) == before, "{what} changed something");
    }
    assert!(!release.exists());
    // But anybody may verify it, and is told what cannot be seen without the key.
    let ran = stranger(&["verify", text(&out), "--key", &owner_key()]);
    assert!(ran.ok().contains("\nMissing\n") && ran.stdout.contains("not at hand"));
    let other: Value =
        serde_json::from_str(stranger(&["key", "show", "--format", "json"]).ok()).unwrap();
    let (code, answer) = verify(&out, &["--key", other["log_key"].as_str().unwrap()]);
    assert_eq!(code, Some(4), "{answer:#}");
    assert!(!said(&answer, "broken").is_empty() && said(&answer, "broken")[0].contains("key"));
}

#[test]
fn a_case_is_no_log() {
    let ground = Ground::of_a_case();
    let rules = ground.path("rules");
    let logs = ground.logs();
    let examine = |args: &[&str]| {
        let mut command = program();
        command.current_dir(&logs).args(["examine", ".", "--out", ".", "--rules"]);
        watch(command.arg(&rules).args(args)).ok().to_owned()
    };
    let files_read = |told: &str| told.lines().next().unwrap().to_owned();
    let first = files_read(&examine(&[]));
    assert!(first.contains("207 records"), "{first}");
    assert_eq!(files_read(&examine(&[])), first);
    // Nor is one that is there already and not added to.
    assert_eq!(files_read(&examine(&["--no-seal"])), first);
    assert_eq!(of_type(&logs.join("case"), "examination").len(), 2);
    valid(&logs, &["--key", &owner_key()]);
}

// ---- disclosing ----

/// The fields of each event of a release, and what is withheld of them.
fn events(release: &Path) -> Vec<Value> {
    let answer = valid(release, &["--key", &owner_key()]);
    answer["events"].as_array().unwrap().clone()
}

#[test]
fn an_event_leaves_field_by_field() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let (out, case) = (ground.path("out"), ground.path("out/case"));
    let zip = |name: &str| ground.path(name).to_str().unwrap().to_owned();
    let before = files(&case);

    // Nothing happens yet.
    let dry = disclose(&out, &["--events", "0.0", "--fields", "all", "--dry-run"]);
    assert!(dry.ok().contains("event 0.0") && dry.stdout.contains("shows"), "{}", dry.stdout);
    let wrong = disclose(&out, &["--events", "0.0", "--fields", "Nonsense", "--out", &zip("x")]);
    wrong.refused(2, &["--fields Nonsense", "they have"]);
    disclose(&out, &["--events", "999.0", "--out", &zip("x")]).refused(2, &["999.0"]);
    disclose(&out, &["--events", "0.99999", "--out", &zip("x")]).refused(2, &["0.99999"]);
    disclose(&out, &["--events", "zero", "--out", &zip("x")]).refused(2, &["CELL.INDEX"]);
    disclose(&out, &["--events", "0.0"]).refused(2, &["--out"]);
    fs::write(zip("there"), "something").unwrap();
    let there = disclose(&out, &["--events", "0.0", "--out", &zip("there")]);
    there.refused(2, &["never written over"]);
    assert_eq!(fs::read(zip("there")).unwrap(), b"something");
    let nowhere = disclose(&out, &["--events", "0.0", "--out", &zip("there/x")]);
    nowhere.refused(2, &["writing the release"]);
    assert!(!Path::new(&zip("x")).exists());
    assert!(files(&case) == before, "something was changed");

    // Two fields of the first, by its place in the case.
    let (cell, wanted) = process_cell(&case);
    let event = format!("{cell}.3,{cell}.1");
    let args = ["--events", &event, "--fields", "Image, CommandLine", "--to", "Partner"];
    let told = disclose(&out, &[&args[..], &["--out", &zip("1.zip")]].concat());
    assert!(told.ok().contains("Release 1: 2 events"), "{}", told.stdout);
    assert!(told.stderr.contains("To Partner") && told.stderr.contains("shows"));
    assert!(!told.stderr.contains("left before"), "{}", told.stderr);
    let shown = events(&ground.path("1.zip"));
    assert_eq!(shown.len(), 2);
    for event in &shown {
        let fields = event["fields"].as_object().unwrap();
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert!(names.contains(&"Image") && names.contains(&"CommandLine"), "{names:?}");
        assert!(fields["CommandLine"].as_str().unwrap().contains(&wanted), "{fields:?}");
        assert!(!event.to_string().contains("-user"), "{event}");
        let withheld = event["withheld_names"].to_string();
        assert!(withheld.contains("User") && !withheld.contains("Image"), "{withheld}");
    }
    let release = fs::read(ground.path("1.zip")).unwrap();
    assert!(!release.windows(8).any(|part| part == b"WS1-user"));
    assert!(fs::read(case.join("releases/0001.zip")).unwrap() == release);
    let record = of_type(&case, "release").pop().unwrap();
    assert_eq!(
        (&record["number"], &record["to"], &record["events"]),
        (&json!(1), &json!("Partner"), &json!(2))
    );
    let answer = valid(&out, &["--key", &owner_key()]);
    assert!(said(&answer, "proven").iter().any(|s| s.starts_with("file releases/0001.zip")));

    // The same again: the owner is told what can be put together.
    let again = disclose(&out, &["--events", &event, "--fields", "User", "--out", &zip("2.zip")]);
    again.ok();
    assert!(again.stderr.contains("2 of the events left before"), "{}", again.stderr);
    assert!(again.stderr.contains("left before in release [1]"), "{}", again.stderr);
    assert_eq!(events(&ground.path("2.zip")).len(), 2);
    valid(&out, &["--key", &owner_key()]);
}

/// The member `release.json` of a release.
fn content(release: &Path) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(fs::File::open(release).unwrap()).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut zip.by_name("release.json").unwrap(), &mut bytes).unwrap();
    bytes
}

#[test]
fn nothing_is_on_record_whose_file_is_not_made() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let leave = |name: &str| {
        disclose(&case, &["--events", "0.0", "--fields", "all", "--out", text(&ground.path(name))])
    };
    // A writer that died once it was on record: the next one makes the file.
    leave("1.zip").ok();
    let kept = case.join("releases/0001.zip");
    let before = fs::read(&kept).unwrap();
    fs::remove_file(&kept).unwrap();
    fs::write(case.join("releases/0001.json"), content(&ground.path("1.zip"))).unwrap();
    // And what was kept for one that never was.
    fs::write(case.join("releases/0002.json"), "{}").unwrap();
    valid(&case, &["--key", &owner_key()]);
    hunt(&case, &[]).ok();
    assert!(fs::read(&kept).unwrap() == before, "another file");
    let names = |_| fs::read_dir(case.join("releases")).unwrap().count();
    assert_eq!(names(()), 1, "something was left behind");

    // The file that was asked for cannot be written: the case has it.
    fs::create_dir(ground.path("2.zip.unfinished")).unwrap();
    let failed = leave("2.zip");
    failed.refused(2, &["release 2 is on record", "releases/0002.zip instead"]);
    assert_eq!(events(&case.join("releases/0002.zip")).len(), 1);
    assert_eq!(names(()), 2);
    valid(&case, &["--key", &owner_key()]);
}

#[test]
fn what_is_not_remembered_is_done_all_the_same() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let origin = Log::open(&case).unwrap().origin().to_owned();
    let memory = format!("signed/{}.unfinished", Hash::of(origin.as_bytes()));
    // Nothing can be written there, by anybody.
    fs::create_dir(common::home().join(memory)).unwrap();
    for number in [1, 2] {
        let file = ground.path(&format!("{number}.zip"));
        let told = disclose(&case, &["--events", "0.0", "--out", text(&file)]);
        assert!(told.ok().contains(&format!("Release {number}: ")), "{}", told.stdout);
        assert!(told.stderr.contains("warning: what was done is published"), "{}", told.stderr);
        assert_eq!(events(&file).len(), 1);
    }
    let hunted = hunt(&case, &[]);
    hunted.ok();
    assert!(hunted.stderr.contains("not remembered in"), "{}", hunted.stderr);
    valid(&case, &["--key", &owner_key()]);
}

#[test]
fn nothing_is_written_into_a_case_or_over_a_file() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let file = |name: &str| ground.path(name).to_str().unwrap().to_owned();
    let request = file("request");
    run(&["checkpoint", "show", text(&case), "--since", "0", "--out", &request]).ok();
    disclose(&case, &["--events", "0.0", "--out", &file("1.zip")]).ok();
    let before = files(&case);
    let (next, checkpoint) = (file("out/case/releases/0002.zip"), file("out/case/checkpoint"));
    let key = owner_key();
    let within: [&[&str]; 9] = [
        &["disclose", text(&case), "--events", "0.0", "--out", &next],
        &["checkpoint", "show", text(&case), "--out", &checkpoint],
        &["checkpoint", "show", &file("1.zip"), "--out", &next],
        &["checkpoint", "cosign", &request, "--log-key", &key, "--out", &next],
        &["checkpoint", "add", &file("1.zip"), &request, "--out", &next],
        &["exposure", text(&case), "--out", text(&case)],
        &["examine", &file("logs"), "--out", text(&case)],
        &["demo", "--out", &file("out/case/new")],
        &["key", "new", "inside", "--store-in-clear", "--out", &file("out/case/inside.key")],
    ];
    for args in within {
        run(args).refused(2, &["lies within the case"]);
    }
    assert!(files(&case) == before, "something was changed");
    let over: [&[&str]; 2] = [
        &["checkpoint", "show", text(&case), "--out", &request],
        &["checkpoint", "cosign", &request, "--log-key", &key, "--out", &request],
    ];
    let kept = fs::read(&request).unwrap();
    for args in over {
        run(args).refused(2, &["is never written over"]);
    }
    assert_eq!(fs::read(&request).unwrap(), kept);
}

/// The first cell of processes: its number, and what is in its commands.
fn process_cell(case: &Path) -> (u64, String) {
    let cells = of_type(case, "cell");
    let cell = cells.iter().find(|c| c["host"] == "WS1" && c["events"] == 39).unwrap();
    (cell["number"].as_u64().unwrap(), "WS1".to_owned())
}

#[test]
fn detections_leave_with_names_hidden_or_in_full() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let out = ground.path("out");
    let detections = out.join("detections.jsonl");
    let path = |name: &str| ground.path(name);
    let by_lines = |fields: &str, name: &str, more: &[&str]| {
        let (events, zip) = (text(&detections).to_owned(), path(name));
        let args = ["--events", &events, "--fields", fields, "--out", text(&zip)];
        disclose(&out, &[&args, more].concat()).ok();
        self::events(&zip)
    };
    // 33 events: those of correlations are among them.
    let hidden = by_lines("CommandLine,SubjectUserName", "hidden.zip", &["--hide-names"]);
    assert_eq!(hidden.len(), 33);
    for event in &hidden {
        assert!(event["withheld"].as_u64().unwrap() > 2, "{event}");
        assert_eq!(event["withheld_names"], Value::Null, "{event}");
        assert_eq!(event["fields"].as_object().unwrap().len(), 1, "{event}");
    }
    let all = by_lines("all", "all.zip", &[]);
    let user = |e: &Value| e["fields"]["SubjectUserName"] == "kim";
    assert_eq!((all.len(), all.iter().filter(|e| user(e)).count()), (33, 5));
    for event in &all {
        assert_eq!((&event["withheld"], &event["withheld_names"]), (&json!(0), &json!([])));
    }
    let nothing = by_lines("none", "none.zip", &[]);
    assert!(nothing.iter().all(|e| e["withheld"].as_u64() > Some(4)), "{nothing:?}");

    // Lines of a hunt serve as well; lines of something else do not.
    let rules = path("rules");
    hunt(&out, &["--rules", text(&rules)]).ok();
    let hunted = out.join("case/examinations/0002/detections.jsonl");
    let dry = disclose(&out, &["--events", text(&hunted), "--dry-run"]);
    assert_eq!(dry.ok().lines().filter(|l| l.starts_with("event ")).count(), 33);
    let log = ground.logs().join("WS1.jsonl");
    disclose(&out, &["--events", text(&log), "--dry-run"]).refused(2, &["names no event"]);

    // With another's key it is somebody else's release; one byte changed, nobody's.
    let release = path("all.zip");
    let home = path("home");
    let mut other = program();
    other.env("SEKISHO_HOME", &home).args(["key", "new", "other", "--store-in-clear"]);
    watch(&mut other).ok();
    let shown =
        watch(program().env("SEKISHO_HOME", &home).args(["key", "show", "--format", "json"]));
    let shown: Value = serde_json::from_str(shown.ok()).unwrap();
    let (code, answer) = verify(&release, &["--key", shown["log_key"].as_str().unwrap()]);
    assert_eq!((code, &answer["valid"]), (Some(4), &json!(false)));
    let mut bytes = fs::read(&release).unwrap();
    let at = bytes.len() / 3;
    bytes[at] ^= 1;
    fs::write(path("changed.zip"), bytes).unwrap();
    assert_eq!(verify(&path("changed.zip"), &[]).0, Some(4));
    valid(&out, &["--key", &owner_key()]);
}

/// What a log may say to whoever reads it.
const HOSTILE: &str = "\u{1b}[2J\u{9b}1mred\u{202e}\r\nBROKEN\n  event 7  fine\u{7f}\u{2028}";

/// A number that no computer keeps.
const EXACT: &str = "12345678901234567890.10";

/// A release of 25 events that were made to do harm.
fn hostile_release(ground: &Ground) -> PathBuf {
    let line = |n: u32| {
        let event = json!({
            "EventTime": format!("2026-01-05T10:{n:02}:00Z"), "Hostname": "WS1",
            "Channel": "Security", "EventID": 4688, "EventRecordID": n, "Hostile": HOSTILE,
            "Long": "x".repeat(5_000), "(withheld: 0 fields)": "a \u{1b} name",
            "Kept": "secret", "Text": "443", "Plain": "C:\\Windows",
        });
        event.to_string().replace(r#""Kept""#, &format!(r#""Exact":{EXACT},"Kept""#)) + "\n"
    };
    ground.log("a.jsonl", (0..25).map(line).collect::<String>());
    let mut command = program();
    command.arg("examine").arg(ground.logs()).arg("--out").arg(ground.path("out"));
    watch(&mut command).ok();
    let (out, zip) = (ground.path("out"), ground.path("1.zip"));
    let events = (0..25).map(|n| format!("0.{n}")).collect::<Vec<_>>().join(",");
    let fields = "Hostile,Long,Text,Plain,Exact,(withheld: 0 fields)";
    let args = ["--events", &events, "--fields", fields, "--out", text(&zip)];
    disclose(&out, &args).ok();
    zip
}

/// What `verify` says of a release, which must do nobody harm.
#[track_caller]
fn told(release: &Path, more: &[&str]) -> Ran {
    let key = owner_key();
    let ran = watch(program().arg("verify").arg(release).args(["--key", &key]).args(more));
    let harmful = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2028}".contains(c);
    assert!(!ran.stdout.contains(harmful), "{:?}", ran.stdout);
    ran
}

#[test]
fn what_a_release_shows_is_read_without_harm() {
    let ground = Ground::new();
    let (zip, long) = (hostile_release(&ground), "x".repeat(5_000));
    let short = told(&zip, &[]);
    let lines: Vec<&str> = short.ok().lines().collect();
    let at = lines.iter().position(|line| *line == "Disclosed").unwrap();
    assert!(lines[..at].contains(&"Proven"), "{}", short.stdout);
    let time = "2026-01-05T10:00:00.000000000Z";
    assert_eq!(lines[at + 1], format!("  event 0  WS1  Security  record 0  {time}"));
    let block = lines[at + 2..].iter().take_while(|line| line.starts_with("    "));
    let block: Vec<&str> = block.copied().collect();
    let of = |name: &str| {
        let line = block.iter().find_map(|line| line.trim_start().strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {block:#?}")).trim_start()
    };
    assert_eq!(of("Plain"), r"C:\Windows");
    assert_eq!((of("Text"), of("Exact")), (r#""443""#, EXACT));
    assert_eq!(of("Long"), format!("{} … (4,800 more characters)", &long[..200]));
    let told_hostile = r#""\u001b[2J\u009b1mred\u202e\r\nBROKEN\n  event 7  fine\u007f\u2028""#;
    assert_eq!(of("Hostile"), told_hostile);
    assert_eq!(of("\"(withheld: 0 fields)\""), r#""a \u001b name""#);
    assert!(of("(withheld: ").contains("fields: Channel, ") && of("(withheld: ").contains("Kept"));
    assert!(!short.stdout.contains("secret"));
    let shown = |ran: &Ran| ran.stdout.matches("  WS1  Security  record ").count();
    assert_eq!(shown(&short), 20);
    assert_eq!(lines.last(), Some(&"  … 5 more events (--full shows all)"));
    let full = told(&zip, &["--full"]);
    assert_eq!(shown(&full), 25);
    assert!(full.ok().contains(&long) && !full.stdout.contains("--full"));

    // Nothing is shown of what is not valid.
    let policy = ground.path("policy");
    let other = sekisho_case::key::SigningKey::from_seed("other", [3; 32]).unwrap().cosigner_key();
    fs::write(&policy, format!("witness other {other}\nquorum other\n")).unwrap();
    let invalid = told(&zip, &["--policy", text(&policy)]);
    assert_eq!(invalid.code, Some(4));
    assert!(invalid.stdout.contains("25 events, not shown"), "{}", invalid.stdout);
    assert!(!invalid.stdout.contains("Windows"));
}

#[test]
fn what_a_release_shows_is_given_to_programs_in_full() {
    let ground = Ground::new();
    let json = told(&hostile_release(&ground), &["--format", "json"]);
    assert!(json.ok().contains(&format!("\"Exact\":{EXACT}")), "{}", json.stdout);
    let answer: Value = serde_json::from_str(json.ok()).unwrap();
    let shown = answer["events"].as_array().unwrap();
    assert_eq!(shown.len(), 25);
    let first = &shown[0];
    assert_eq!(first["fields"]["Hostile"], HOSTILE);
    assert_eq!(first["fields"]["Long"].as_str().unwrap().len(), 5_000);
    assert_eq!((&first["host"], &first["channel"]), (&json!("WS1"), &json!("Security")));
    let time = json!("2026-01-05T10:00:00.000000000Z");
    assert_eq!((&first["record_id"], &first["time"]), (&json!(0), &time));
    assert_eq!(first["names_proven"], true);
}

#[test]
fn names_of_any_length_are_sealed() {
    let ground = Ground::new();
    let long = "x".repeat(70_000);
    let event = |host: &str, channel: &str| {
        let event = json!({"EventTime": "2026-02-17 08:15:30", "Hostname": host,
            "Channel": channel, "EventID": 4624, "TargetUserName": "ann"});
        format!("{event}\n")
    };
    let lines = event(&long, "Security") + &event("WS1", &long);
    ground.log("long.json", lines);
    ground.rule("r.yml", "title: t\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\nlevel: low\n");
    ground.seal("out", &[]).ok();
    valid(&ground.path("out"), &["--key", &owner_key()]);
    let cells = of_type(&ground.path("out").join("case"), "cell");
    let cut = |name: &str| cells.iter().any(|cell| cell[name].as_str().unwrap().ends_with("xx…"));
    assert!(cut("host") && cut("channel"), "{cells:?}");
}

#[test]
fn events_sealed_as_a_whole_leave_as_a_whole() {
    let ground = Ground::of_a_case();
    ground.seal("out", &["--seal-whole-events"]).ok();
    let (out, zip) = (ground.path("out"), ground.path("1.zip"));
    for fields in ["Image", "none"] {
        let args = ["--events", "0.0", "--fields", fields, "--out", text(&zip)];
        disclose(&out, &args).refused(2, &["as a whole", "--fields all"]);
    }
    assert!(!zip.exists() && of_type(&out.join("case"), "release").is_empty());
    let (cell, _) = process_cell(&out.join("case"));
    let event = format!("{cell}.0");
    disclose(&out, &["--events", &event, "--fields", "all", "--out", text(&zip)]).ok();
    let shown = events(&zip);
    assert_eq!(shown.len(), 1);
    assert!(shown[0].to_string().contains("cmd.exe WS1 1"), "{shown:?}");
    valid(&out, &["--key", &owner_key()]);
}

// ---- tampering ----

/// Changes a byte in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// The first file below a folder whose name ends so.
fn first(folder: &Path, end: &str) -> PathBuf {
    let name = files(folder).into_keys().find(|name| name.ends_with(end));
    folder.join(name.unwrap_or_else(|| panic!("{}: no {end}", folder.display())))
}

#[test]
fn what_is_changed_is_found_and_named() {
    let ground = Ground::new();
    let out = ground.path("demo");
    demo(&out, &[]).ok();
    let older = ground.path("older");
    copy_folder(&out.join("case"), &older);
    let (seen, zip) = (ground.path("seen"), ground.path("1.zip"));
    disclose(&out, &["--events", "0.0", "--fields", "all", "--out", text(&zip)]).ok();
    fs::copy(out.join("case/checkpoint"), &seen).unwrap();
    let key = owner_key();
    valid(&out, &["--key", &key, "--seen", text(&seen)]);

    let tampered = |what: &str, wanted: &str, change: &dyn Fn(&Path)| {
        let case = ground.path("case");
        copy_folder(&out.join("case"), &case);
        change(&case);
        let (code, answer) = verify(&case, &["--key", &key]);
        let broken = said(&answer, "broken");
        assert_eq!((code, &answer["valid"]), (Some(4), &json!(false)), "{what}");
        assert!(broken.iter().any(|s| s.starts_with(wanted)), "{what}: {broken:#?}");
        fs::remove_dir_all(&case).unwrap();
    };
    tampered("a segment", "file store/0001/", &|case| {
        flip(&first(&case.join("store"), ".parquet"))
    });
    tampered("a segment gone", "file store/0001/", &|case| {
        fs::remove_file(first(&case.join("store"), ".parquet")).unwrap();
    });
    tampered("leaves", "cell ", &|case| flip(&case.join("leaves/0001")));
    tampered("detections", "file examinations/0001/detections.jsonl", &|case| {
        flip(&case.join("examinations/0001/detections.jsonl"));
    });
    tampered("a detection gone", "file examinations/0001/detections.jsonl", &|case| {
        let path = case.join("examinations/0001/detections.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.split_once('\n').unwrap().1).unwrap();
    });
    tampered("the report", "file examinations/0001/report.html", &|case| {
        flip(&case.join("examinations/0001/report.html"));
    });
    tampered("a release", "file releases/0001.zip", &|case| flip(&case.join("releases/0001.zip")));
    // A full bundle: one entry changed, and one that is not there any more.
    let bundle = |case: &Path| {
        let tiles = case.join("tile/entries");
        if tiles.join("000").is_file() { tiles.join("000") } else { first(&tiles, "") }
    };
    tampered("an entry", "entry ", &|case| flip(&bundle(case)));
    tampered("an entry gone", "", &|case| {
        let bytes = fs::read(bundle(case)).unwrap();
        let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        fs::write(bundle(case), &bytes[2 + length..]).unwrap();
    });
    tampered("the checkpoint cut", "checkpoint", &|case| {
        let text = fs::read_to_string(case.join("checkpoint")).unwrap();
        fs::write(case.join("checkpoint"), text.split_once("\n\n").unwrap().0).unwrap();
    });
    tampered("the checkpoint says less", "checkpoint", &|case| {
        let path = case.join("checkpoint");
        let size = Log::open(case).unwrap().size();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(&format!("\n{size}\n"), &format!("\n{}\n", size - 1)))
            .unwrap();
    });
    // An older state of the case is valid by itself, but not to one who saw more.
    valid(&older, &["--key", &key]);
    let (code, answer) = verify(&older, &["--key", &key, "--seen", text(&seen)]);
    let broken = said(&answer, "broken");
    assert_eq!(code, Some(4), "{answer:#}");
    assert!(broken.iter().any(|s| s.starts_with("checkpoint")), "{broken:#?}");
}

#[test]
fn a_store_that_was_made_anew_is_found_by_the_owner() {
    // Two cases of the same owner: the store of one put in place of the other's, with its records
    // left as they are, cannot pass; and stored events are looked at one by one.
    let ground = Ground::of_a_case();
    ground.seal("one", &[]).ok();
    fs::write(
        ground.logs().join("WS1.jsonl"),
        process_line("WS1", "2026-01-05T10:01:00.5Z", 1, "cmd.exe other"),
    )
    .unwrap();
    ground.seal("two", &[]).ok();
    let case = ground.path("one/case");
    fs::remove_dir_all(case.join("store")).unwrap();
    copy_folder(&ground.path("two/case/store"), &case.join("store"));
    let (code, answer) = verify(&case, &["--key", &owner_key()]);
    assert_eq!(code, Some(4));
    assert!(said(&answer, "broken").iter().any(|s| s.starts_with("file store/0001/")));
}

// ---- what is damaged ends with one code, whoever reads it ----

#[test]
fn a_case_without_its_checkpoint_is_a_broken_case() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let checkpoint = case.join("checkpoint");
    fs::remove_file(&checkpoint).unwrap();
    for path in [&ground.path("out"), &case] {
        let (code, answer) = verify(path, &[]);
        assert_eq!(code, Some(4), "{answer:#}");
        assert_eq!(said(&answer, "broken"), ["checkpoint: is not there"]);
    }
    fs::create_dir(&checkpoint).unwrap();
    let (code, answer) = verify(&case, &[]);
    assert_eq!(code, Some(4), "{answer:#}");
    assert!(said(&answer, "broken")[0].starts_with("checkpoint: is no regular file"));
    // What is no folder at all is a wrong question.
    run(&["verify", text(&ground.path("nowhere"))]).refused(2, &["nowhere"]);
}

#[test]
fn every_command_says_of_a_damaged_case_that_it_is_one() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let case = text(&case);
    let all = |what: &str| {
        let args: [&[&str]; 3] = [
            &["hunt", case],
            &["disclose", case, "--events", "0.0", "--dry-run"],
            &["case", "show", case],
        ];
        for args in args {
            let ran = run(args);
            assert_eq!(ran.code, Some(4), "{what}, {args:?}: {}", ran.stderr);
            let told =
                ran.stderr.contains("sekisho verify") || ran.stdout.contains("sekisho verify");
            assert!(told, "{what}, {args:?}: {}", ran.stderr);
        }
    };
    let entries = first(&Path::new(case).join("tile/entries"), "");
    let bytes = fs::read(&entries).unwrap();
    flip(&entries);
    all("an entry");
    fs::write(&entries, bytes).unwrap();
    let checkpoint = Path::new(case).join("checkpoint");
    let signed = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, signed.split_once("\n\n").unwrap().0).unwrap();
    all("the checkpoint");
    fs::write(&checkpoint, signed).unwrap();
    valid(Path::new(case), &[]);
}

#[test]
fn nothing_leaves_that_does_not_lead_to_what_was_sealed() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let (case, out) = (ground.path("out/case"), ground.path("1.zip"));
    let (cell, _) = process_cell(&case);
    let event = format!("{cell}.1");
    let leaves = case.join("leaves/0001");
    let before = fs::read(&leaves).unwrap();
    let size = Log::open(&case).unwrap().size();
    let of_cell = |number: u64| of_type(&case, "cell")[usize::try_from(number).unwrap()].clone();
    let start: u64 = (0..cell).map(|number| of_cell(number)["events"].as_u64().unwrap()).sum();
    // The leaf of the event, and the one beside it, to which nothing else leads.
    for (index, said) in [(1, "is not what was sealed"), (2, "do not give the root")] {
        let mut changed = before.clone();
        changed[usize::try_from(start + index).unwrap() * 32 + 3] ^= 1;
        fs::write(&leaves, &changed).unwrap();
        let told = disclose(&case, &["--events", &event, "--fields", "all", "--out", text(&out)]);
        told.refused(4, &[said, "nothing was released"]);
        assert!(!out.exists() && !case.join("releases/0001.zip").exists());
        assert_eq!(Log::open(&case).unwrap().size(), size);
    }
    fs::write(&leaves, &before).unwrap();
    let segment = first(&case.join("store/0001"), ".parquet");
    let stored = fs::read(&segment).unwrap();
    flip(&segment);
    let told = disclose(&case, &["--events", &event, "--fields", "all", "--out", text(&out)]);
    told.refused(4, &["not what was sealed"]);
    fs::write(&segment, stored).unwrap();
    disclose(&case, &["--events", &event, "--fields", "all", "--out", text(&out)]).ok();
    valid(&out, &["--key", &owner_key()]);
}

#[test]
fn an_answer_of_another_form_is_no_failure_of_its_case() {
    // What is in `exposure.json` the format leaves open: these two are not ours, and valid.
    let ground = Ground::new();
    for name in ["good-exposures", "good-exposure-time-unknown"] {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors");
        let vector = fs::read_to_string(vectors.join(format!("{name}.vector"))).unwrap();
        let case = ground.path(name);
        unpack(&vector, &case);
        let answer = valid(&case, &[]);
        let claimed = said(&answer, "claimed");
        assert!(claimed.iter().any(|s| s.contains("was not compared")), "{name}: {claimed:#?}");
    }
}

/// Writes the files of a vector: base64 of zlib, after a line with the name of each.
fn unpack(vector: &str, to: &Path) {
    use base64::Engine as _;
    use std::io::Read as _;
    for part in vector.split("\n\nfile: ").skip(1) {
        let (name, text) = part.split_once('\n').unwrap();
        let text: String = text.split_whitespace().collect();
        let packed = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let mut bytes = Vec::new();
        flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
        fs::create_dir_all(to.join(name).parent().unwrap()).unwrap();
        fs::write(to.join(name), bytes).unwrap();
    }
}

#[test]
fn nobody_goes_on_from_an_older_checkpoint() {
    let ground = Ground::of_a_case();
    ground.seal("out", &[]).ok();
    let case = ground.path("out/case");
    let zip = |name: &str| ground.path(name).to_str().unwrap().to_owned();
    let checkpoint = case.join("checkpoint");
    let older = fs::read(&checkpoint).unwrap();
    let args = ["--events", "0.0", "--fields", "all", "--out"];
    disclose(&case, &[&args[..], &[&zip("1.zip")]].concat()).ok();
    let (newer, kept) = (fs::read(&checkpoint).unwrap(), case.join("releases/0001.zip"));
    let release = fs::read(&kept).unwrap();
    fs::write(&checkpoint, &older).unwrap();
    let before = files(&case);
    let refused = |what: &str| {
        let out = zip("2.zip");
        let commands: [&[&str]; 3] = [
            &[
                "disclose",
                text(&case),
                "--events",
                "0.1",
                "--fields",
                "all",
                "--yes",
                "--out",
                &out,
            ],
            &["hunt", text(&case)],
            &["exposure", text(&case)],
        ];
        for command in commands {
            run(command).refused(4, &["put the newest copy", what]);
            assert!(!Path::new(&out).exists() && files(&case) == before, "{command:?}");
        }
    };
    // Both the program's memory and the release that the case has kept tell.
    refused("releases/0001.zip");
    fs::remove_file(&kept).unwrap();
    let before = files(&case);
    let memory = common::home().join("signed");
    let told = run(&["hunt", text(&case)]);
    told.refused(4, &["fork the log", text(&memory)]);
    assert!(files(&case) == before);
    fs::write(&kept, release).unwrap();
    // On another machine the release alone tells.
    forget_signed(&case);
    let told = run(&["hunt", text(&case)]);
    told.refused(4, &["releases/0001.zip", "nothing was written"]);
    fs::write(&kept, "no release").unwrap();
    let disclose = ["disclose", text(&case), "--events", "0.1", "--dry-run"];
    let told = run(&disclose);
    told.refused(4, &["releases/0001.zip is there", "put the newest copy"]);
    // With the newest state all goes on.
    fs::write(&checkpoint, newer).unwrap();
    let told = run(&disclose);
    told.ok();
    assert!(told.stderr.contains("1 are not kept in the case"), "{}", told.stderr);
}
