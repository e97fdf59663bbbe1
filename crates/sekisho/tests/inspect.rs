//! `inspect` from outside: what it says of a pile of files, in both forms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::{
    Ground, PEAK_KIB_MAX, Ran, data, good_line, good_lines, gzip, program, run, watch, zip,
};
use serde_json::{Value, json};

fn inspect(ground: &Ground, args: &[&str]) -> Ran {
    let logs = ground.logs();
    let mut all = vec!["inspect", logs.to_str().unwrap()];
    all.extend_from_slice(args);
    let ran = run(&all);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.lines().all(|l| l.chars().count() <= 100), "{}", ran.stdout);
    ran
}

fn answer(ground: &Ground, args: &[&str]) -> Value {
    let logs = ground.logs();
    let ran = watch(program().arg("inspect").arg(logs).args(["--format", "json"]).args(args));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The source whose path ends so.
fn source<'a>(answer: &'a Value, end: &str) -> &'a Value {
    let sources = answer["sources"].as_array().unwrap();
    let found = sources.iter().find(|s| s["path"].as_str().unwrap().ends_with(end));
    found.unwrap_or_else(|| panic!("{end}: {answer:#}"))
}

fn lines(host: &str, ids: impl IntoIterator<Item = u64>) -> String {
    ids.into_iter().map(|id| good_line(host, id)).collect()
}

/// A Windows event at a second of 2026-01-05.
fn at(second: u64, id: u64) -> String {
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    let event = json!({
        "EventTime": format!("2026-01-05T{h:02}:{m:02}:{s:02}.000Z"), "Hostname": "H",
        "Channel": "System", "EventID": 7036, "EventRecordID": id,
    });
    format!("{event}\n")
}

#[test]
fn a_source_says_what_it_is() {
    let ground = Ground::new();
    ground.log("a.jsonl", good_lines("DC01", 3));
    let answer = answer(&ground, &[]);
    assert_eq!((&answer["version"], &answer["complete"]), (&json!(1), &json!(true)));
    let a = source(&answer, "a.jsonl");
    let expected = json!({
        "format": "json", "host": "DC01", "channel": "Security", "records": 3, "duplicates": 0,
        "first": "2026-01-05T10:00:01.000Z", "last": "2026-01-05T10:00:03.000Z", "problems": [],
        "hosts": ["DC01"], "host_count": 1, "problem_count": 0, "zone": "utc",
        "records_without_zone": 0, "records_without_year": 0, "records_without_time": 0,
        "labels_unknown": 0,
        "duplicate_of": null, "channel_count": 1,
        "channels": [{"product": "windows", "channel": "Security", "event_ids": 1, "records": 3}],
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&a[key], value, "{key}");
    }
    assert_eq!(a["bytes"], json!(good_lines("DC01", 3).len()));
    assert_eq!(a["sha256"].as_str().unwrap().len(), 64);
    assert!(a["rules_could_fire"]["total"].as_u64().unwrap() > 0, "{a:#}");
    let text = inspect(&ground, &[]).stdout;
    for part in ["a.jsonl", "DC01 · Security (1 event id)", "could fire", "3 records of 1 host"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('!'), "{text}");
}

#[test]
fn a_log_over_many_files_is_one_log() {
    let ground = Ground::new();
    ground.log("1.jsonl", lines("H", 1..=50));
    ground.log("2.jsonl", lines("H", 51..=70));
    ground.log("3.jsonl.gz", gzip(lines("H", 81..=90).as_bytes()));
    ground.log("z.zip", zip(&[("in/4.jsonl", lines("H", 91..=100).as_bytes())]));
    let answer = answer(&ground, &[]);
    for name in ["1.jsonl", "2.jsonl", "3.jsonl.gz", "z.zip!in/4.jsonl"] {
        let ids = &source(&answer, name)["gaps"]["record_ids"];
        assert_eq!(ids["holes"], json!(0), "{name}: {ids}");
    }
    let channels = answer["channels"].as_array().unwrap();
    assert_eq!(channels.len(), 1, "{channels:#?}");
    let channel = &channels[0];
    assert_eq!((&channel["sources"], &channel["records"]), (&json!(4), &json!(90)));
    let ids = &channel["gaps"]["record_ids"];
    assert_eq!((&ids["holes"], &ids["missing"]), (&json!(1), &json!(10)));
    assert_eq!(ids["first"], json!([{"host": "H", "channel": "Security", "from": 71, "to": 80}]));
}

#[test]
fn what_was_read_before_is_a_duplicate() {
    let ground = Ground::new();
    ground.log("a.jsonl", lines("H", 1..=30));
    ground.log("b.jsonl", lines("H", 21..=40));
    ground.log("c.jsonl", lines("H", 1..=30));
    ground.log("d.jsonl", lines("H", [50, 51, 51]));
    let answer = answer(&ground, &[]);
    let of = |name: &str| source(&answer, name)["duplicates"].as_u64().unwrap();
    assert_eq!([of("a.jsonl"), of("b.jsonl"), of("c.jsonl"), of("d.jsonl")], [0, 10, 30, 1]);
    let copy = &source(&answer, "c.jsonl")["duplicate_of"];
    assert!(copy.as_str().unwrap().ends_with("a.jsonl"), "{copy}");
    let totals = &answer["totals"];
    assert_eq!((&totals["records"], &totals["duplicates"]), (&json!(83), &json!(41)));
    assert_eq!(totals["files_copied"], json!(1));
    let text = inspect(&ground, &[]).stdout;
    assert!(text.contains("! copy of "), "{text}");
    assert!(text.contains("! 10 of the records were read before"), "{text}");
}

#[test]
fn m365_records_are_known_by_their_id() {
    let ground = Ground::new();
    let record = |id: &str| {
        let record = json!({
            "CreationTime": "2026-01-05T10:00:00", "Id": id, "Operation": "MailItemsAccessed",
            "RecordType": 50, "UserType": 0, "Workload": "Exchange", "UserId": "kim@example.com",
        });
        format!("{record}\n")
    };
    ground.log("a.jsonl", ["x", "y", "x"].map(record).concat());
    ground.log("b.jsonl", ["y", "z"].map(record).concat());
    let answer = answer(&ground, &[]);
    let of = |name: &str| source(&answer, name)["duplicates"].as_u64().unwrap();
    assert_eq!([of("a.jsonl"), of("b.jsonl")], [1, 1]);
    assert_eq!(source(&answer, "a.jsonl")["records"], json!(3));
    assert_eq!(source(&answer, "a.jsonl")["zone"], json!("utc"));
}

#[test]
fn a_numbering_that_begins_anew_is_no_duplicate() {
    let ground = Ground::new();
    let first: String = (1..=20).map(|n| at(n, n)).collect();
    let second: String = (1..=20).map(|n| at(40_000 + n, n)).collect();
    ground.log("a.jsonl", first);
    ground.log("b.jsonl", second);
    let answer = answer(&ground, &[]);
    assert_eq!(answer["totals"]["duplicates"], json!(0));
    let ids = &answer["channels"][0]["gaps"]["record_ids"];
    assert_eq!((&ids["reused"], &ids["holes"]), (&json!(20), &json!(0)));
}

#[test]
fn silences_are_told_by_the_own_rate() {
    let ground = Ground::new();
    let seconds = (0..100).chain(20_000..20_100);
    let log: String = seconds.zip(1..).map(|(second, id)| at(second, id)).collect();
    ground.log("a.jsonl", log);
    let answer = answer(&ground, &[]);
    let time = &source(&answer, "a.jsonl")["gaps"]["time"];
    assert_eq!((&time["silences"], &time["longer_than_seconds"]), (&json!(1), &json!(3600)));
    let longest = json!([{
        "from": "2026-01-05T00:01:39.000Z", "to": "2026-01-05T05:33:20.000Z", "seconds": 19_901,
    }]);
    assert_eq!(time["longest"], longest);
    assert!(answer["silence_rule"].as_str().unwrap().contains("20 times"));
    let text = inspect(&ground, &[]).stdout;
    assert!(text.contains("! 1 silence: the longest 5 h 31 min from 2026-01-05 00:01"), "{text}");
}

#[test]
fn zones_are_told() {
    let ground = Ground::new();
    let line = "{\"timestamp\":\"2026-01-05 10:00:00\",\"message\":\"x\"}\n";
    ground.log("a.jsonl", line);
    let assumed = answer(&ground, &["--host", "relay"]);
    let a = source(&assumed, "a.jsonl");
    assert_eq!((&a["zone"], &a["records_without_zone"]), (&json!("assumed"), &json!(1)));
    assert_eq!((&a["host"], &a["channel"]), (&json!("relay"), &Value::Null));
    assert_eq!(a["first"], json!("2026-01-05T10:00:00.000Z"));
    let stated = answer(&ground, &["--timezone", "+02:00"]);
    let a = source(&stated, "a.jsonl");
    assert_eq!((&a["zone"], &a["first"]), (&json!("stated"), &json!("2026-01-05T08:00:00.000Z")));
    assert!(inspect(&ground, &[]).stdout.contains("state it with --timezone"));
}

#[test]
fn what_cannot_be_read_is_named() {
    let ground = Ground::new();
    ground.log("a.jsonl", good_lines("H", 2) + "{\"broken\": \n" + &good_line("H", 3));
    ground.log("empty.log", "");
    ground.log("noise.bin", [0u8, 159, 146, 150].repeat(100));
    ground.log("bad.zip", b"PK\x03\x04 this is no archive");
    let answer = answer(&ground, &[]);
    let a = source(&answer, "a.jsonl");
    assert_eq!((&a["records"], &a["problem_count"]), (&json!(3), &json!(1)));
    let problem = &a["problems"][0];
    let start = good_lines("H", 2).len() as u64;
    let offset = problem["offset"].as_u64().unwrap();
    assert!((start..start + 20).contains(&offset), "{problem}");
    assert!(!problem["what"].as_str().unwrap().is_empty());
    assert!(!problem["expected"].as_str().unwrap().is_empty());
    for name in ["empty.log", "noise.bin"] {
        let it = source(&answer, name);
        assert_eq!(
            (&it["format"], &it["records"], &it["host"]),
            (&Value::Null, &json!(0), &Value::Null)
        );
        assert_eq!(it["problem_count"], json!(1), "{it:#}");
    }
    assert!(answer["problems"][0]["path"].as_str().unwrap().ends_with("bad.zip"));
    assert_eq!(answer["totals"]["sources_unread"], json!(2));
    let text = inspect(&ground, &[]).stdout;
    let unread = text.split("Could not be read").nth(1).unwrap();
    for name in ["empty.log", "noise.bin", "bad.zip"] {
        assert!(unread.contains(name), "{name}: {text}");
    }
}

#[test]
fn the_answer_does_not_depend_on_threads() {
    let ground = Ground::new();
    for host in ["A", "B"] {
        let ids = (1..40_000u64).filter(|id| id % 1_000 != 7).map(|id| id ^ 3);
        let mut log = String::new();
        ids.for_each(|id| log.push_str(&at(id * 2 % 86_400, id)));
        ground.log(&format!("{host}.jsonl"), log.replace("\"H\"", &format!("\"{host}\"")));
    }
    ground.log("a.jsonl.gz", gzip(good_lines("C", 500).as_bytes()));
    let logs = ground.logs();
    for form in ["json", "table"] {
        let said = |threads: &str| {
            let args = ["inspect", logs.to_str().unwrap(), "--format", form, "--threads", threads];
            run(&args).stdout
        };
        let one = said("1");
        for threads in ["2", "5"] {
            assert_eq!(said(threads), one, "{form}, {threads} threads");
        }
    }
}

#[test]
fn rules_that_could_fire_are_those_of_the_log_sources() {
    let ground = Ground::new();
    ground.log("a.jsonl", good_lines("H", 1));
    let rule = |source: &str, level: &str| {
        format!(
            "title: t\nid: {source}-{level}\nlevel: {level}\nlogsource:\n  product: windows\n  service: {source}\ndetection:\n  s:\n    A: b\n  condition: s\n"
        )
    };
    ground.rule("a.yml", rule("security", "high"));
    ground.rule("b.yml", rule("security", "low"));
    ground.rule("c.yml", rule("system", "low"));
    let rules = ground.path("rules");
    let answer = answer(&ground, &["--rules", rules.to_str().unwrap()]);
    let could = &source(&answer, "a.jsonl")["rules_could_fire"];
    let counts = (&could["total"], &could["high"], &could["low"], &could["medium"]);
    assert_eq!(counts, (&json!(2), &json!(1), &json!(1), &json!(0)));
    assert_eq!(answer["totals"]["rules_loaded"], json!(3));
}

#[test]
fn nothing_to_inspect_is_a_failure() {
    let ran = run(&["inspect", "/nowhere/at/all"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("nothing to inspect"), "{}", ran.stderr);
}

/// Digest files end to end; what they prove in which case is tested beside
/// the code.
#[test]
fn cloudtrail_digests_prove_what_is_here() {
    let ground = Ground::new();
    let event = json!({"Records": [{
        "eventVersion": "1.08", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "eventTime": "2026-01-05T00:10:00Z", "eventID": "e1", "awsRegion": "r",
    }]})
    .to_string();
    let sha = |bytes: &str| {
        use sha2::Digest as _;
        let hash = sha2::Sha256::digest(bytes.as_bytes());
        hash.iter().fold(String::new(), |mut out, b| {
            let _ = write!(out, "{b:02x}");
            out
        })
    };
    let log = "1_CloudTrail_r_20260105T0010Z_a.json.gz";
    let name = |hour: u32| format!("1_CloudTrail-Digest_r_t_r_20260105T{hour:02}0000Z.json.gz");
    let digest = |hour: u32, before: Option<&str>, files: Value| {
        json!({
            "awsAccountId": "1", "digestStartTime": format!("2026-01-05T{:02}:00:00Z", hour - 1),
            "digestEndTime": format!("2026-01-05T{hour:02}:00:00Z"),
            "digestS3Bucket": "b", "digestS3Object": format!("x/{}", name(hour)),
            "previousDigestS3Object": before.map(|_| format!("x/{}", name(hour - 1))),
            "previousDigestHashValue": before.map(sha), "logFiles": files,
        })
        .to_string()
    };
    let first =
        digest(1, None, json!([{"s3Object": format!("y/{log}"), "hashValue": sha(&event)}]));
    let second = digest(2, Some(&first), json!([]));
    ground.log(log, gzip(event.as_bytes()));
    ground.log(&name(1), gzip(first.as_bytes()));
    ground.log(&name(2), gzip(second.as_bytes()));
    let answer = answer(&ground, &[]);
    let digests = &answer["cloudtrail_digests"];
    assert_eq!((&digests["digests"], &digests["verified"]), (&json!(2), &json!(1)), "{digests:#}");
    let trail = &digests["trails"][0];
    assert_eq!(trail["covered"][0]["to"], json!("2026-01-05T02:00:00.000Z"));
    assert_eq!(trail["quiet"][0]["from"], json!("2026-01-05T01:00:00.000Z"));
    assert_eq!(digests["signature_checked"], json!(false));
    assert!(inspect(&ground, &[]).stdout.contains("1 log file named: 1 here unchanged"));
}

#[test]
fn public_logs_are_inspected() {
    let Some(logs) = data("evtx") else { return };
    let ran = watch(program().arg("inspect").arg(&logs));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.peak_kib < PEAK_KIB_MAX, "{} KiB", ran.peak_kib);
    assert!(ran.stdout.lines().all(|l| l.chars().count() <= 100), "{}", ran.stdout);
    let files = walk(&logs);
    let json = watch(program().arg("inspect").arg(&logs).args(["--format", "json"]));
    let answer: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(answer["totals"]["files"], json!(files));
}

fn walk(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}
