//! `examine` from outside: the form of what it writes, that nothing depends on
//! threads or the file system, its flags, and what ends it early.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use common::{Examined, GOOD_RULE, Ground, data, good_line, good_lines, gzip, process_line};
use common::{run, zip, zstd};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const RESULTS: [&str; 4] = ["detections.jsonl", "timeline.csv", "run.json", "report.html"];

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A Zeek log with two connections, the second a very large upload.
fn zeek() -> String {
    let head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n\
                #path\tconn\n#fields\tts\tuid\tid.orig_h\tid.resp_h\torig_bytes\n\
                #types\ttime\tstring\taddr\taddr\tcount\n";
    format!(
        "{head}1772440047.409355\tCa\t10.0.0.5\t198.51.100.7\t1000\n\
         1772440048.5\tCb\t10.0.0.5\t198.51.100.7\t900000000\n"
    )
}

/// Logs of many kinds, wrapped in all ways.
fn mixed() -> Ground {
    let ground = Ground::new();
    ground.log("b/plain.jsonl", good_lines("PLAIN", 40));
    ground.log("b/packed.jsonl.gz", gzip(good_lines("GZ", 40).as_bytes()));
    ground.log("a/packed.jsonl.zst", zstd(good_lines("ZST", 40).as_bytes()));
    let (one, two) = (good_lines("ZIP1", 5), gzip(good_lines("ZIP2", 5).as_bytes()));
    let members: &[(&str, &[u8])] = &[("z/one.jsonl", one.as_bytes()), ("a/two.jsonl.gz", &two)];
    ground.log("c.zip", zip(members));
    ground.log("a/conn.log", zeek());
    ground.log("broken.jsonl", format!("{}{{\"a\":\n{}", good_line("B", 1), good_line("B", 2)));
    ground.log("no.log", "this is no log\n");
    // Several blocks of 4 MiB.
    let large: String = (0..70_000).map(|n| good_line("LARGE", n)).collect();
    ground.log("large.jsonl", large);
    if let Some(evtx) = data("evtx/Defense Evasion") {
        for entry in fs::read_dir(evtx).unwrap().flatten().filter(|e| e.path().is_file()) {
            ground.log(
                &format!("evtx/{}", entry.file_name().display()),
                fs::read(entry.path()).unwrap(),
            );
        }
    }
    ground
}

fn results(examined: &Examined) -> Vec<Vec<u8>> {
    RESULTS.iter().map(|name| examined.bytes(name)).collect()
}

// ---- the form of the results ----

#[test]
fn a_detection_has_its_whole_form() {
    let ground = Ground::new();
    let text = good_lines("HOST", 3);
    let path = ground.log("a.jsonl", &text);
    let examined = ground.examine(&[]).done();
    let detections = examined.detections();
    assert_eq!(detections.len(), 3);
    for (d, line) in detections.iter().zip(text.lines()) {
        let keys: Vec<&str> = d.as_object().unwrap().keys().map(String::as_str).collect();
        let mut wanted =
            ["time", "host", "channel", "record_id", "source", "rule", "matched", "event"];
        wanted.sort_unstable();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, wanted);
        assert_eq!((&d["host"], &d["channel"]), (&json!("HOST"), &json!("Security")));
        assert_eq!(d["event"], serde_json::from_str::<Value>(line).unwrap());
        assert_eq!(d["record_id"], d["event"]["EventRecordID"]);
        assert_eq!(d["time"], d["event"]["EventTime"]);
        let source = &d["source"];
        assert_eq!(source["path"], path.to_str().unwrap());
        assert_eq!(source["sha256"], sha256(text.as_bytes()));
        let offset = usize::try_from(source["offset"].as_u64().unwrap()).unwrap();
        assert!(text[offset..].starts_with(line));
        assert_eq!(d["matched"], json!({"EventID": "1102"}));
        let rule = &d["rule"];
        assert_eq!((&rule["id"], &rule["level"]), (&json!(GOOD_RULE), &json!("high")));
        assert_eq!(rule["title"], "Event Log Cleared");
        assert_eq!(rule["tags"], json!(["attack.defense-impairment", "attack.t1685.005"]));
        assert_eq!(rule["file"], "built-in/windows_log_cleared.yml");
    }
    // The order of keys is that of the documentation.
    let first = examined.text("detections.jsonl");
    let at = |key: &str| first.find(&format!("\"{key}\":")).unwrap();
    assert!(at("time") < at("host") && at("host") < at("channel") && at("channel") < at("source"));
    assert!(at("source") < at("rule") && at("rule") < at("matched") && at("matched") < at("event"));
}

#[test]
fn hash_and_offset_lead_to_the_record_in_every_format() {
    let ground = mixed();
    let examined = ground.examine(&[]).done();
    let mut seen = BTreeMap::<String, usize>::new();
    let (mut files, mut hashes) = (BTreeMap::<String, Vec<u8>>::new(), BTreeMap::new());
    for d in examined.detections().iter().filter(|d| !d["source"].is_null()) {
        let path = d["source"]["path"].as_str().unwrap();
        let (file, member) = path
            .split_once(".zip!")
            .map_or((path.to_owned(), None), |(zip, m)| (format!("{zip}.zip"), Some(m)));
        let stored = files.entry(file.clone()).or_insert_with(|| fs::read(&file).unwrap());
        hashes.entry(file.clone()).or_insert_with(|| sha256(stored));
        assert_eq!(d["source"]["sha256"], hashes[&file], "{path}");
        let offset = usize::try_from(d["source"]["offset"].as_u64().unwrap()).unwrap();
        let kind = path.rsplit('.').next().unwrap().to_owned();
        if path.ends_with(".evtx") {
            assert_eq!(stored[offset..offset + 4], [0x2a, 0x2a, 0, 0], "{path}");
            let id = u64::from_le_bytes(stored[offset + 8..offset + 16].try_into().unwrap());
            assert!(d["record_id"].as_u64() == Some(id) || d["record_id"].is_u64(), "{path}");
        } else if path.ends_with("conn.log") {
            assert!(stored[offset..].starts_with(b"1772440048.5\tCb"), "{path}");
        } else if member.is_none() && path.ends_with(".jsonl") {
            assert!(stored[offset..].starts_with(b"{\"EventTime\""), "{path}");
        } else {
            // Offsets in what is packed are those of the unpacked bytes.
            let host = d["host"].as_str().unwrap();
            let before: String =
                (1..d["record_id"].as_u64().unwrap()).map(|id| good_line(host, id)).collect();
            assert_eq!(offset, before.len(), "{path}");
        }
        *seen.entry(kind).or_default() += 1;
    }
    assert_eq!(seen.get("gz"), Some(&45));
    assert_eq!(seen.get("zst"), Some(&40));
    assert_eq!(seen.get("log"), Some(&1));
    assert_eq!(seen.get("jsonl"), Some(&(40 + 5 + 2 + 70_000)));
    if data("evtx").is_some() {
        assert!(seen.get("evtx").is_some_and(|&n| n > 0));
    }
}

/// Splits a line of CSV as RFC 4180 says.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !quoted, "the last line is whole");
    rows
}

#[test]
fn the_timeline_is_in_order_and_every_row_is_whole() {
    let ground = mixed();
    let examined = ground.examine(&[]).done();
    let rows = csv(&examined.text("timeline.csv"));
    let head = ["time", "host", "channel", "record_id", "level", "rule", "rule_id", "matched"];
    assert_eq!(rows[0], head);
    assert_eq!(rows.len() - 1, examined.detections().len());
    assert!(rows.iter().all(|row| row.len() == head.len()));
    let times: Vec<&String> =
        rows[1..].iter().map(|row| &row[0]).filter(|t| !t.is_empty()).collect();
    let instant = |t: &&String| t.parse::<jiff::Timestamp>().unwrap();
    assert!(times.iter().map(instant).is_sorted());
}

#[test]
fn a_spreadsheet_runs_nothing_from_a_log() {
    let ground = Ground::new();
    let bad =
        ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\tx", "\rx", "a\",=1,\"b", "x\n=1"];
    let lines: String = (1..)
        .zip(bad)
        .map(|(id, host)| good_line("HOST", id).replace("\"HOST\"", &json!(host).to_string()))
        .collect();
    ground.log("a.jsonl", lines);
    let examined = ground.examine(&[]).done();
    let rows = csv(&examined.text("timeline.csv"));
    assert_eq!(rows.len(), bad.len() + 1);
    for row in &rows[1..] {
        assert_eq!(row.len(), 8, "{row:?}");
        assert!(
            row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])),
            "{row:?}"
        );
    }
    let page = examined.text("report.html");
    assert!(!page.contains("\u{202e}"));
}

#[test]
fn run_json_says_what_was_done() {
    let ground = mixed();
    let examined = ground.examine(&[]).done();
    let run = examined.run_json();
    assert_eq!(run["version"], 1);
    assert_eq!(run["complete"], true);
    assert_eq!(run["detections"], examined.detections().len());
    let by_level = run["detections_by_level"].as_object().unwrap();
    let sum: u64 = by_level.values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(run["detections"], sum);
    let sources = run["sources"].as_array().unwrap();
    let records: u64 = sources.iter().map(|s| s["records"].as_u64().unwrap()).sum();
    assert_eq!(run["records"], records);
    let kinds = run["records_by_kind"].as_array().unwrap();
    let of_kinds: u64 = kinds.iter().map(|s| s["records"].as_u64().unwrap()).sum();
    assert_eq!(of_kinds, records);
    for source in sources {
        assert_eq!(source["sha256"].as_str().unwrap().len(), 64, "{source}");
    }
    assert!(run["rules"]["loaded"].as_u64().unwrap() > 20);
    assert!(!run["rules"]["idle"].as_array().unwrap().is_empty());
    assert_eq!(examined.problems("no.log").len(), 1);
    assert_eq!(examined.problems("broken.jsonl").len(), 1);
    // The same on stdout when asked.
    let out = ground.path("out");
    let logs = ground.logs();
    let (logs, out) = (logs.to_str().unwrap(), out.to_str().unwrap());
    let ran = run_args(&["examine", logs, "--out", out, "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&ran).unwrap(), run);
}

fn run_args(args: &[&str]) -> String {
    let ran = run(args);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}

#[test]
fn the_report_needs_nothing_but_itself() {
    let ground = mixed();
    let host = "<script>alert(1)</script>";
    ground.log("x.jsonl", good_line("HOST", 1).replace("HOST", host));
    let examined = ground.examine(&[]).done();
    let page = examined.text("report.html");
    assert!(page.contains("Content-Security-Policy"));
    assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
    for load in
        ["src=\"http", "src='http", "url(http", "@import", "<link", "<iframe", "<img", "src=\"//"]
    {
        assert!(!page.contains(load), "{load}");
    }
    let page_lower = page.to_lowercase();
    for at in page_lower.match_indices("http://").chain(page_lower.match_indices("https://")) {
        let before = &page[at.0.saturating_sub(40)..at.0];
        // An address may be shown or linked to, not loaded.
        let namespace = page[at.0..].starts_with("http://www.w3.org/");
        assert!(
            namespace || before.contains("href=\"") || !before.ends_with(['"', '\'', '(']),
            "{before}"
        );
    }
    assert!(!page.contains(host), "text from a log is escaped");
}

// ---- nothing depends on chance ----

#[test]
fn results_are_equal_for_any_number_of_threads_and_from_run_to_run() {
    let ground = mixed();
    let first = results(&ground.examine(&["--threads", "1"]).done());
    assert!(first.iter().all(|bytes| !bytes.is_empty()));
    for threads in ["1", "2", "3", "8", "0"] {
        let again = results(&ground.examine(&["--threads", threads]).done());
        for ((name, a), b) in RESULTS.iter().zip(&first).zip(&again) {
            assert!(a == b, "{name} differs with --threads {threads}");
        }
    }
}

#[test]
fn results_do_not_depend_on_the_order_of_the_file_system_or_the_command_line() {
    let names: Vec<String> = (0..60).map(|n| format!("{}/{n}.jsonl", n % 7)).collect();
    let make = |names: &mut dyn Iterator<Item = &String>| {
        let ground = Ground::new();
        for name in names {
            ground.log(name, good_lines(&name.replace('/', "-"), 3));
        }
        ground
    };
    let sorted = |ground: &Ground| {
        let examined = ground.examine(&[]).done();
        let root = ground.path("").to_string_lossy().into_owned();
        results(&examined)
            .into_iter()
            .map(|bytes| String::from_utf8(bytes).unwrap().replace(&root, ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(sorted(&make(&mut names.iter())), sorted(&make(&mut names.iter().rev())));

    let ground = make(&mut names.iter());
    let mut paths: Vec<PathBuf> = (0..7).map(|n| ground.logs().join(n.to_string())).collect();
    let there = ground.examine_paths(&paths, &[]).done().bytes("detections.jsonl");
    paths.reverse();
    let back = ground.examine_paths(&paths, &[]).done().bytes("detections.jsonl");
    assert!(there == back);
}

#[test]
fn its_own_results_are_not_read_as_logs() {
    let ground = Ground::new();
    ground.log("a.jsonl", good_lines("A", 3));
    let out = ground.logs().join("out");
    let args = ["--out", out.to_str().unwrap()];
    let examine = || {
        let logs = ground.logs();
        run_args(&["examine", logs.to_str().unwrap(), args[0], args[1]]);
        RESULTS.map(|name| fs::read(out.join(name)).unwrap())
    };
    let first = examine();
    assert!(first == examine());
}

// ---- flags ----

#[test]
fn fail_on_and_exit_codes() {
    let ground = Ground::new();
    ground.log("a.jsonl", good_lines("A", 1));
    for (level, code) in [("critical", 0), ("high", 1), ("medium", 1), ("informational", 1)] {
        assert_eq!(ground.examine(&["--fail-on", level]).ran.code, Some(code), "{level}");
    }
    let quiet = ground.examine(&["--fail-on", "low", "--exclude-id", GOOD_RULE]);
    assert_eq!(quiet.ran.code, Some(0));
    assert_eq!(ground.examine(&["--no-seal"]).done().rule_ids(), [GOOD_RULE]);
    for wrong in
        [&["--fail-on", "loud"][..], &["--what"], &["--threads", "-1"], &["--rules", "/nowhere"]]
    {
        let examined = ground.examine(wrong);
        assert_eq!(examined.ran.code, Some(2), "{wrong:?}");
        assert!(!examined.ran.stderr.is_empty() && examined.ran.stdout.is_empty());
    }
    assert_eq!(run(&["examine"]).code, Some(2));
    assert_eq!(run(&["--version"]).code, Some(0));
}

/// A rule with this title (also its id), status, level and tag that every
/// Windows event fires.
fn every(title: &str, status: &str, level: &str, tag: &str) -> String {
    format!(
        "title: {title}\nid: {title}\nstatus: {status}\nlevel: {level}\ntags: [{tag}]\n\
         logsource:\n  product: windows\ndetection:\n  a:\n    EventID|exists: true\n  condition: a\n"
    )
}

#[test]
fn rules_are_chosen_by_level_status_tag_and_id() {
    let ground = Ground::new();
    ground.log("a.jsonl", good_lines("A", 1));
    ground.rule("a.yml", every("aa", "stable", "critical", "attack.t1059.001"));
    ground.rule("b.yml", every("bb", "test", "medium", "attack.t1059"));
    ground.rule("c.yml", every("cc", "experimental", "low", "attack.t1105"));
    ground.rule("deep/d.yaml", every("dd", "deprecated", "informational", "attack.t10599"));
    ground.rule("not_a_rule.txt", "nonsense");
    for (args, fired) in [
        (&[][..], &["aa", "bb", "cc", "dd"][..]),
        (&["--level", "medium"], &["aa", "bb"]),
        (&["--level", "critical"], &["aa"]),
        (&["--status", "test"], &["aa", "bb"]),
        (&["--status", "experimental"], &["aa", "bb", "cc"]),
        (&["--tag", "attack.t1059"], &["aa", "bb"]),
        (&["--tag", "attack.t1059.001", "--tag", "attack.t1105"], &["aa", "cc"]),
        (&["--id", "cc", "--id", "AA"], &["aa", "cc"]),
        (&["--exclude-tag", "attack.t1059"], &["cc", "dd"]),
        (&["--exclude-id", "aa", "--exclude-id", "dd"], &["bb", "cc"]),
        (&["--tag", "attack.t1059", "--exclude-id", "aa"], &["bb"]),
    ] {
        let examined = ground.examine_with_rules(args).done();
        assert_eq!(examined.titles(), fired, "{args:?}");
    }
    assert_eq!(ground.examine_with_rules(&["--id", "none"]).ran.code, Some(2));
}

#[test]
fn the_timezone_is_stated_and_never_guessed_in_silence() {
    let ground = Ground::new();
    let zoneless = good_line("A", 1).replace("2026-01-05T10:00:01.000Z", "2026-01-05 10:00:01");
    ground.log("a.jsonl", zoneless);
    let time = |args: &[&str]| ground.examine(args).done().detections()[0]["time"].clone();
    assert_eq!(time(&["--timezone", "Europe/Berlin"]), "2026-01-05T09:00:01.000Z");
    assert_eq!(time(&["--timezone", "+09:00"]), "2026-01-05T01:00:01.000Z");
    assert_eq!(time(&["--timezone=-05:30"]), "2026-01-05T15:30:01.000Z");
    assert_eq!(time(&["--timezone", "UTC"]), "2026-01-05T10:00:01.000Z");
    let silent = ground.examine(&[]).done();
    assert_eq!(silent.detections()[0]["time"], "2026-01-05T10:00:01.000Z");
    assert_eq!(silent.run_json()["records_without_zone"], 1);
    assert!(silent.text("report.html").contains("read as UTC"));
    for wrong in ["Europe/Berlinn", "+99:00", "", "9"] {
        let ran = ground.examine(&["--timezone", wrong]).ran;
        assert_eq!(ran.code, Some(2), "{wrong:?}");
        assert!(ran.stderr.contains("such as"), "{wrong:?}: {}", ran.stderr);
    }
}

// ---- more than one event, more than one rule ----

const BASE: &str = "title: base\nname: base\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  a:\n    CommandLine|contains: alpha\n  condition: a\n---\n";
const NEXT: &str = "title: next\nname: next\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  a:\n    CommandLine|contains: beta\n  condition: a\n---\n";

fn correlated(ground: &Ground, section: &str) -> Vec<Value> {
    let text =
        format!("{BASE}{NEXT}title: together\nid: together\nlevel: high\ncorrelation:\n{section}");
    ground.rule("c.yml", text);
    let mut all = ground.examine_with_rules(&["--threads", "2"]).done().detections();
    all.retain(|d| d["rule"]["id"] == "together");
    all
}

fn times(ground: &Ground, file: &str, host: &str, events: &[(&str, &str)]) {
    let lines: String = (1..)
        .zip(events)
        .map(|(id, (minute, command))| {
            process_line(host, &format!("2026-01-05T10:{minute}:00Z"), id, command)
        })
        .collect();
    ground.log(file, lines);
}

#[test]
fn events_are_counted_across_files_and_hosts() {
    let ground = Ground::new();
    // The later file comes first by name.
    times(&ground, "a.jsonl", "H2", &[("04", "alpha 3"), ("30", "alpha 9")]);
    times(&ground, "b.jsonl", "H1", &[("01", "alpha 1"), ("03", "alpha 2")]);
    let count = |gte: u32, by: &str| {
        let section = format!(
            "  type: event_count\n  rules: [base]\n  group-by: [{by}]\n  timespan: 5m\n  condition:\n    gte: {gte}\n"
        );
        correlated(&ground, &section)
    };
    let found = count(3, "Image");
    assert_eq!(found.len(), 1, "{found:?}");
    let events = found[0]["correlation"]["events"].as_array().unwrap();
    let hosts: Vec<&Value> = events.iter().map(|e| &e["host"]).collect();
    assert_eq!(hosts, ["H1", "H1", "H2"]);
    assert!(events[2]["path"].as_str().unwrap().ends_with("a.jsonl"));
    assert_eq!(found[0]["host"], Value::Null);
    assert_eq!(found[0]["matched"]["Image"], "C:\\Windows\\System32\\cmd.exe");
    assert_eq!(count(4, "Image").len(), 0);
    assert_eq!(count(3, "User").len(), 0);
    assert_eq!(count(2, "User").len(), 1);
}

#[test]
fn values_are_counted_and_rules_are_put_in_order() {
    let ground = Ground::new();
    times(&ground, "a.jsonl", "H1", &[("01", "beta"), ("03", "alpha same"), ("04", "alpha same")]);
    times(&ground, "b.jsonl", "H2", &[("05", "beta"), ("06", "alpha other")]);
    let values = |gte: u32| {
        let section = format!(
            "  type: value_count\n  rules: [base]\n  group-by: [Image]\n  timespan: 10m\n  condition:\n    field: CommandLine\n    gte: {gte}\n"
        );
        correlated(&ground, &section).len()
    };
    assert_eq!((values(2), values(3)), (1, 0));
    let temporal = |kind: &str, rules: &str, by: &str, span: &str| {
        let section =
            format!("  type: {kind}\n  rules: [{rules}]\n  group-by: [{by}]\n  timespan: {span}\n");
        correlated(&ground, &section).len()
    };
    assert!(temporal("temporal", "base, next", "Image", "1m") >= 1);
    assert!(temporal("temporal", "base, next", "User", "5m") >= 2, "each on its own host");
    assert!(temporal("temporal_ordered", "base, next", "Image", "2m") >= 1, "across hosts");
    assert_eq!(temporal("temporal_ordered", "base, next", "User", "30m"), 0);
    assert!(temporal("temporal_ordered", "next, base", "User", "30m") >= 2);
}

#[test]
fn rules_that_a_correlation_stands_on_are_quiet_unless_asked() {
    let ground = Ground::new();
    times(&ground, "a.jsonl", "H1", &[("01", "alpha 1"), ("02", "alpha 2")]);
    let section = "  type: event_count\n  rules: [base]\n  group-by: [Image]\n  timespan: 5m\n  condition:\n    gte: 2\n";
    for (generate, titles) in
        [("", &["together"][..]), ("  generate: true\n", &["base", "base", "together"])]
    {
        assert_eq!(correlated(&ground, &format!("{section}{generate}")).len(), 1);
        let mut fired = ground.examine_with_rules(&[]).done().titles();
        fired.sort();
        assert_eq!(fired, titles);
    }
}

#[test]
fn filters_take_out_what_they_describe() {
    let ground = Ground::new();
    times(&ground, "a.jsonl", "H1", &[("01", "alpha 1"), ("02", "alpha backup")]);
    ground.rule("base.yml", BASE);
    assert_eq!(ground.examine_with_rules(&[]).done().detections().len(), 2);
    let filter = "title: filter\nlogsource:\n  product: windows\n  category: process_creation\nfilter:\n  rules: [base]\n  backup:\n    CommandLine|endswith: backup\n  condition: not backup\n";
    ground.rule("filter.yml", filter);
    let examined = ground.examine_with_rules(&[]).done();
    assert_eq!(examined.run_json()["rules"]["filters"], 1);
    let left: Vec<Value> = examined.detections().iter().map(|d| d["record_id"].clone()).collect();
    assert_eq!(left, [1]);
}

#[test]
fn placeholders_are_filled_in_from_the_command_line() {
    let ground = Ground::new();
    times(
        &ground,
        "a.jsonl",
        "H1",
        &[("01", "run alpha"), ("02", "run beta"), ("03", "run gamma")],
    );
    ground.rule("p.yml", "title: p\nlogsource:\n  product: windows\ndetection:\n  a:\n    CommandLine|contains|expand: 'run %names%'\n  condition: a\n");
    let examined = ground.examine_with_rules(&[
        "--placeholder",
        "names=alpha",
        "--placeholder",
        "%names%=gamma",
    ]);
    let ids: Vec<Value> =
        examined.done().detections().iter().map(|d| d["record_id"].clone()).collect();
    assert_eq!(ids, [1, 3]);
    let without = ground.examine_with_rules(&["--placeholder", "names"]);
    assert_eq!(without.ran.code, Some(2));
    assert!(without.ran.stderr.contains("NAME=VALUE"), "{}", without.ran.stderr);
}

// ---- stopped ----

#[cfg(unix)]
#[test]
fn control_c_leaves_results_marked_as_incomplete() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let ground = Ground::new();
    let mut large = good_lines("LARGE", 5);
    // Each with values of its own, so that it takes a while.
    large.extend((0..1_500_000_u32).map(|n| {
        let x = n.wrapping_mul(2_654_435_761);
        format!(
            "{{\"EventID\":{},\"Channel\":\"c{x:x}\",\"a\":\"{x:x}{n}\",\"b\":\"{n:x}\"}}\n",
            n % 9
        )
    }));
    ground.log("large.jsonl", large);
    let out = ground.path("out");
    let child = common::program()
        .args(["examine", "--threads", "2"])
        .arg(ground.logs())
        .arg("--out")
        .arg(&out)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !out.join("detections.jsonl").exists() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("stopping"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("INCOMPLETE"));
    let run: Value = serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(run["complete"], false);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<strong>Incomplete.</strong>"));
    for line in fs::read_to_string(out.join("detections.jsonl")).unwrap().lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    csv(&fs::read_to_string(out.join("timeline.csv")).unwrap());
}

#[test]
fn a_record_that_is_delivered_twice_counts_once() {
    let ground = Ground::new();
    let line = |id: u32| {
        format!(
            "{{\"Id\":\"{id}\",\"CreationTime\":\"2026-01-05T10:00:00\",\"RecordType\":2,\
             \"Workload\":\"Exchange\",\"Operation\":\"New-InboxRule\",\"UserType\":0}}\n"
        )
    };
    let lines = |from: u32, to: u32| (from..to).map(line).collect::<String>();
    // Each file overlaps the one before it; the last one is large enough to be cut.
    ground.log("a.jsonl", lines(0, 100) + &lines(50, 120));
    ground.log("b.jsonl", lines(110, 300));
    ground.log("c.jsonl", lines(290, 60_000));
    let rule = ground.path("rule.yml");
    fs::write(
        &rule,
        "title: t\nlogsource: {product: m365}\ndetection: {s: {Operation: New-InboxRule}, \
         condition: s}\n",
    )
    .unwrap();
    let mut runs = Vec::new();
    for threads in ["1", "2", "5"] {
        let rules = rule.to_str().unwrap();
        let done = ground.examine(&["--rules", rules, "--threads", threads]).done();
        let run = done.run_json();
        assert_eq!(run["records"], 60_000);
        assert_eq!(run["duplicates"], 50 + 10 + 10);
        let per_source: Vec<_> =
            run["sources"].as_array().unwrap().iter().map(|s| s["duplicates"].clone()).collect();
        assert_eq!(per_source, [50, 10, 10]);
        assert_eq!(done.detections().len(), 60_000);
        runs.push(done.bytes("detections.jsonl"));
    }
    assert!(runs.iter().all(|run| *run == runs[0]));
}

#[test]
fn a_record_of_an_unknown_kind_needs_something_that_speaks_for_a_rule() {
    let ground = Ground::new();
    ground.log("a.jsonl", "{\"tool\":\"mimikatz\",\"n\":1}\n{\"tool\":\"ls\",\"n\":2}\n");
    let rule = |name: &str, detection: &str| {
        let text =
            format!("title: {name}\nlogsource: {{product: zeek}}\ndetection: {{{detection}}}\n");
        let path = ground.path(&format!("{name}.yml"));
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let absent = rule("absent", "s: {id.orig_h: 10.0.0.1}, condition: not s");
    let there = rule("there", "s: {tool: mimikatz}, f: {x: 1}, condition: s and not f");
    let done = ground.examine(&["--rules", &absent, "--rules", &there]).done();
    assert_eq!(done.titles(), ["there"]);
}

/// What becomes of a correlation with these lines over two rules, `ra` for
/// `K: a` and `rb` for `J: a`, and these fields of Sysmon's events.
fn with_correlation(lines: &str, events: &[&str]) -> (usize, Vec<String>) {
    let ground = Ground::new();
    let rule = |name: &str, field: &str| {
        format!(
            "title: {name}\nname: {name}\nlogsource: {{product: windows, service: sysmon}}\n\
             detection: {{s: {{{field}: a}}, condition: s}}\n---\n"
        )
    };
    let correlation = format!("title: c\ncorrelation:\n  timespan: 10s\n{lines}");
    ground.rule("r.yml", rule("ra", "K") + &rule("rb", "J") + &correlation);
    let line = |(n, fields): (usize, &&str)| {
        format!(
            "{{\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"EventID\":1,\"Computer\":\"H\",\
             \"EventRecordID\":{n},\"UtcTime\":\"2024-05-01 10:00:0{n}.000\",{fields}}}\n"
        )
    };
    ground.log("e.json", events.iter().enumerate().map(line).collect::<String>());
    let examined = ground.examine_with_rules(&["--no-seal"]).done();
    let idle = examined.run_json()["rules"]["idle"].as_array().unwrap().clone();
    let idle = idle.iter().filter(|rule| rule["title"] == "c");
    let reasons = idle.map(|rule| rule["reason"].as_str().unwrap().to_owned()).collect();
    (examined.titles().iter().filter(|title| *title == "c").count(), reasons)
}

#[test]
fn correlations_that_can_never_hold_are_idle() {
    let two = ["\"K\":\"a\"", "\"K\":\"a\""];
    let count = "  type: event_count\n  rules: [ra]\n  condition: {gte: 2}\n";
    assert_eq!(with_correlation(count, &two), (1, vec![]));
    let grouped = format!("{count}  group-by: [Computer, Nope]\n");
    assert_eq!(with_correlation(&grouped, &two), (0, vec!["field Nope never occurred".to_owned()]));
    let values = "  type: value_count\n  rules: [ra]\n  condition: {gte: 1, field: Nope}\n";
    assert_eq!(with_correlation(values, &two), (0, vec!["field Nope never occurred".to_owned()]));
}

#[test]
fn null_is_no_value_and_no_group() {
    let events = ["\"K\":\"a\",\"User\":null", "\"K\":\"a\",\"User\":null"];
    let count = "  type: event_count\n  rules: [ra]\n  group-by: [User]\n  condition: {gte: 2}\n";
    assert_eq!(with_correlation(count, &events).0, 0);
    let events = ["\"K\":\"a\",\"User\":null", "\"K\":\"a\",\"User\":\"x\""];
    let values = "  type: value_count\n  rules: [ra]\n  condition: {gte: 2, field: User}\n";
    assert_eq!(with_correlation(values, &events).0, 0);
}

#[test]
fn an_event_that_fits_two_rules_is_one() {
    let one = ["\"K\":\"a\",\"J\":\"a\""];
    let count = "  type: event_count\n  rules: [ra, rb]\n  condition: {gte: 2}\n";
    assert_eq!(with_correlation(count, &one).0, 0);
    assert_eq!(with_correlation("  type: temporal_ordered\n  rules: [ra, rb]\n", &one).0, 0);
    assert_eq!(with_correlation("  type: temporal\n  rules: [ra, rb]\n", &one).0, 1);
}
