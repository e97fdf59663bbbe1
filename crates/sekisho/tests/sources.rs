//! Where bytes come from, through the real binary: archives within archives,
//! hosts and years that a path tells, rotated logs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use common::{Examined, Ground, PEAK_KIB_MAX, good_line, good_lines, gzip, slow, tar, zip, zstd};
use serde_json::Value;

/// A log of a Cisco device: two lines without year and zone.
fn cisco(host: &str) -> String {
    let line = |n| {
        format!(
            "Feb  3 10:00:0{n} {host} 7{n}: Feb  3 10:00:0{n}: %SYS-5-CONFIG_I: Configured from \
             console by admin on vty0 (10.0.0.1)\n"
        )
    };
    line(1) + &line(2)
}

fn zeek(n: usize) -> String {
    let mut text = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n\
                    #path\tconn\n#fields\tts\tuid\tid.orig_h\n#types\ttime\tstring\taddr\n"
        .to_owned();
    let _ = writeln!(text, "1700000000.{n:06}\tC{n}\t10.0.0.1");
    text
}

/// The entry of a source in `run.json` whose path ends so.
fn source(examined: &Examined, path_end: &str) -> Value {
    let run = examined.run_json();
    let all = run["sources"].as_array().unwrap();
    let mut here = all.iter().filter(|s| s["path"].as_str().unwrap().ends_with(path_end));
    let found = here.next().unwrap_or_else(|| panic!("no source {path_end}: {all:#?}")).clone();
    assert!(here.next().is_none(), "more than one source {path_end}");
    found
}

/// What is taken for granted about sources whose path contains this.
fn assumptions(examined: &Examined, about: &str) -> Vec<String> {
    let run = examined.run_json();
    let all = run["assumptions"].as_array().unwrap();
    let here = all.iter().filter(|a| a["about"].as_str().unwrap().contains(about));
    here.map(|a| a["text"].as_str().unwrap().to_owned()).collect()
}

// ---- archives ----

/// Small files of several kinds in archives within archives; the members of
/// each in this order or in the other.
fn pile(ground: &Ground, outers: usize, inners: usize, files: usize, reversed: bool) {
    let ordered = |mut members: Vec<(String, Vec<u8>)>| {
        if reversed {
            members.reverse();
        }
        let members: Vec<(&str, &[u8])> =
            members.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
        (zip(&members), tar(&members))
    };
    for outer in 0..outers {
        let mut members = Vec::new();
        for inner in 0..inners {
            let file = |n: usize| {
                let id = ((outer * inners + inner) * files + n) as u64;
                let line = good_line("PILE", id);
                match n % 10 {
                    0 => (format!("d{}/{n:05}.jsonl.gz", n % 7), gzip(line.as_bytes())),
                    1 => (format!("{n:05}.log"), zeek(n).into_bytes()),
                    2 => (format!("{n:05}"), cisco("r1").into_bytes()),
                    3 => (format!("z/{n:05}"), zstd(line.as_bytes())),
                    4 if n == 4 => ("empty".to_owned(), Vec::new()),
                    5 if n == 5 => ("noise".to_owned(), vec![7, 200, 3, 0, 9]),
                    _ => (format!("d{}/{n:05}.json", n % 7), line.into_bytes()),
                }
            };
            let (zipped, tarred) = ordered((0..files).map(file).collect());
            match inner % 5 {
                0 => members.push((format!("{inner:03}.tar.gz"), gzip(&tarred))),
                1 => members.push((format!("{inner:03}.tar"), tarred)),
                2 => members.push((format!("{inner:03}.tar.zst"), zstd(&tarred))),
                _ => members.push((format!("{inner:03}.zip"), zipped)),
            }
        }
        ground.log(&format!("{outer}/pile.zip"), ordered(members).0);
    }
}

/// Examines with few open files allowed, and checks what must hold of a pile.
fn examine_pile(ground: &Ground, count: u64, paths: &[PathBuf], threads: &str) -> Examined {
    let out = ground.path("out");
    let _ = std::fs::remove_dir_all(&out);
    let limit = "ulimit -n 64; exec \"$0\" \"$@\"";
    let ran = common::watch(
        std::process::Command::new("sh")
            .args(["-c", limit, env!("CARGO_BIN_EXE_sekisho"), "examine", "--threads", threads])
            .arg("--out")
            .arg(&out)
            .args(paths)
            .env("NO_COLOR", "1")
            .stdin(std::process::Stdio::null()),
    );
    let examined = Examined { ran, out }.done();
    let ran = &examined.ran;
    eprintln!("{count} files: {:?}, {} KiB", ran.took, ran.peak_kib);
    assert!(ran.peak_kib < PEAK_KIB_MAX, "took {} KiB", ran.peak_kib);
    let run = examined.run_json();
    assert_eq!(run["sources"].as_array().unwrap().len() as u64, count);
    let piles = count / 500;
    let named = run["problems"].as_array().unwrap().len() as u64;
    assert_eq!(named, piles * 2, "an empty file and noise in each archive");
    examined
}

fn without_hashes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\"sha256\":") {
        let (before, after) = rest.split_at(at + 9);
        out.push_str(before);
        let end = after.find([',', '}']).unwrap();
        rest = &after[end..];
    }
    out + rest
}

fn check_pile(outers: usize, inners: usize) -> Duration {
    let files = 500;
    let count = (outers * inners * files) as u64;
    let ground = Ground::new();
    pile(&ground, outers, inners, files, false);
    let mut paths: Vec<PathBuf> = (0..outers).map(|n| ground.logs().join(n.to_string())).collect();
    let first = examine_pile(&ground, count, &paths, "2");
    let took = first.ran.took;
    let written =
        [first.text("detections.jsonl"), first.text("timeline.csv"), first.text("run.json")];
    let good = count / 10 * 7 - count / 500 + count / 10 - count / 500;
    assert_eq!(first.detections().len() as u64, good);
    paths.reverse();
    let again = examine_pile(&ground, count, &paths, "1");
    assert!(again.text("detections.jsonl") == written[0], "other detections");
    assert!(again.text("timeline.csv") == written[1], "another timeline");
    pile(&ground, outers, inners, files, true);
    paths.sort();
    let turned = examine_pile(&ground, count, &paths, "2");
    let same =
        |name: &str, at: usize| without_hashes(&turned.text(name)) == without_hashes(&written[at]);
    assert!(same("detections.jsonl", 0), "other detections");
    assert!(turned.text("timeline.csv") == written[1], "another timeline");
    took
}

#[cfg(unix)]
#[test]
fn a_pile_of_small_files_in_nested_archives() {
    check_pile(2, 3);
}

#[cfg(unix)]
#[test]
fn a_pile_of_100_000_small_files_in_nested_archives() {
    if slow() {
        let took = check_pile(4, 50);
        assert!(took < Duration::from_secs(120), "took {took:?}");
    }
}

#[test]
fn members_of_archives_within_archives_are_read_where_they_stand() {
    let ground = Ground::new();
    let lines = |host: &str, count| good_lines(host, count).into_bytes();
    let deepest =
        zip(&[("a/deep.jsonl", &lines("DEEP", 1)), ("b.jsonl.gz", &gzip(&lines("B", 2)))]);
    let middle = tar(&[("x/in.zip", &deepest), ("y.jsonl", &lines("Y", 3))]);
    let members: &[(&str, &[u8])] =
        &[("m.tar.gz", &gzip(&middle)), ("m.tar.zst", &zstd(&middle)), ("z.jsonl", &lines("Z", 4))];
    let bytes = zip(members);
    ground.log("outer.zip", &bytes);
    ground.log("alone.tar", &middle);
    ground.log("alone.tgz", gzip(&middle));
    ground.log("zipped.gz", gzip(&deepest));
    let examined = ground.examine(&[]).done();
    for (path, count) in [
        ("outer.zip!m.tar.gz!x/in.zip!a/deep.jsonl", 1),
        ("outer.zip!m.tar.gz!x/in.zip!b.jsonl.gz", 2),
        ("outer.zip!m.tar.gz!y.jsonl", 3),
        ("outer.zip!m.tar.zst!x/in.zip!b.jsonl.gz", 2),
        ("outer.zip!z.jsonl", 4),
        ("alone.tar!x/in.zip!a/deep.jsonl", 1),
        ("alone.tgz!y.jsonl", 3),
        ("zipped.gz!b.jsonl.gz", 2),
    ] {
        assert_eq!(examined.good(path).len(), count, "{path}");
    }
    let hash = source(&examined, "outer.zip!m.tar.gz!y.jsonl")["sha256"].clone();
    assert_eq!(hash, sekisho::sources::hash::of_bytes(&bytes));
    assert!(examined.problems("").is_empty(), "{:?}", examined.problems(""));
}

#[test]
fn an_archive_that_is_cut_off_keeps_the_members_before_the_cut() {
    let ground = Ground::new();
    let lines = good_lines("CUT", 400).into_bytes();
    let members: &[(&str, &[u8])] = &[("a.jsonl", &lines), ("b.jsonl", &lines)];
    let whole = tar(members);
    ground.log("cut.tar", &whole[..whole.len() * 2 / 3]);
    let packed = gzip(&whole);
    ground.log("cut.tar.gz", &packed[..packed.len() * 2 / 3]);
    let examined = ground.examine(&[]).done();
    for name in ["cut.tar", "cut.tar.gz"] {
        assert_eq!(examined.good(&format!("{name}!a.jsonl")).len(), 400, "{name}");
        let part = examined.good(&format!("{name}!b.jsonl")).len();
        assert!((1..400).contains(&part), "{name}: {part}");
        let problems = examined.problems(&format!("{name}!b.jsonl"));
        assert!(problems.iter().any(|p| p.contains("the archive is cut off")), "{problems:?}");
    }
    assert!(!examined.problems("cut.tar.gz").is_empty());
}

// ---- hosts ----

#[test]
fn the_host_comes_from_the_path_or_is_stated() {
    let ground = Ground::new();
    let line =
        "{\"EventTime\":\"2026-01-05T10:00:00Z\",\"Channel\":\"Security\",\"EventID\":1102}\n";
    ground.log("triage/WEB01/C/Windows/System32/winevt/Logs/a.jsonl", line.repeat(2));
    let named = [line.repeat(2), good_line("OTHER", 1)].concat();
    ground.log("uac-db1-linux-20240301120000/x.jsonl", &named);
    ground.log("x/nobody.jsonl", line);
    ground.log("x/somebody.jsonl", good_line("SOME", 1));
    let examined = ground.examine(&[]).done();
    for (path, from, given, without) in [
        ("Logs/a.jsonl", "path", 2, 0),
        ("x.jsonl", "path", 2, 0),
        ("nobody.jsonl", "unknown", 0, 1),
        ("somebody.jsonl", "record", 0, 0),
    ] {
        let source = source(&examined, path);
        assert_eq!(source["host_from"], from, "{path}");
        assert_eq!(source["records_with_host_given"], given, "{path}");
        assert_eq!(source["records_without_host"], without, "{path}");
    }
    let mut hosts: Vec<String> =
        examined.detections().iter().map(|d| d["host"].as_str().unwrap().to_owned()).collect();
    hosts.dedup();
    assert_eq!(hosts, ["WEB01", "db1", "OTHER", "", "SOME"]);
    let said = assumptions(&examined, "a.jsonl");
    let text = "2 records that name no host were taken for those of WEB01, which its path names";
    assert_eq!(said, [text]);
    let said = assumptions(&examined, "records without a host");
    let text = "1 records in 1 files name no host, nor do the paths; state it with --host";
    assert_eq!(said, [text]);

    let stated = ground.examine(&["--host", "GW7"]).done();
    assert_eq!(source(&stated, "Logs/a.jsonl")["host_from"], "stated");
    let hosts: std::collections::BTreeSet<String> =
        stated.detections().iter().map(|d| d["host"].as_str().unwrap().to_owned()).collect();
    assert!(hosts.iter().eq(["GW7", "OTHER", "SOME"]), "{hosts:?}");
    assert_eq!(stated.run_json()["options"]["host"], "GW7");
    assert_eq!(stated.run_json()["records_without_host"], 0);
}

// ---- years ----

/// Lines without a year, as daemons write them; with another process in each
/// file, since a copy is not read again.
fn yearless(process: u32) -> String {
    format!(
        "Feb  3 10:00:01 r1 sshd[{process}]: Accepted password for kim from 10.0.0.1 port 22 ssh2\n\
         Feb  3 10:00:02 r1 sshd[{process}]: pam_unix(sshd:session): session opened for user kim\n"
    )
}

#[test]
fn a_year_that_no_record_names_comes_from_elsewhere() {
    let ground = Ground::new();
    ground.log("named/r1.log-20240301", yearless(1));
    ground.log("2023/02/05/r1.log", yearless(2));
    ground.log("a.tar", tar(&[("r1.log", yearless(3).as_bytes())]));
    let mut packed = gzip(yearless(4).as_bytes());
    packed[4..8].copy_from_slice(&1_600_000_000_u32.to_le_bytes());
    ground.log("r2.log.gz", &packed);
    let path = ground.log("r3.log", yearless(5));
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_500_000_000)).unwrap();
    let examined = ground.examine(&[]).done();
    if source(&examined, "r3.log")["format"].is_null() {
        eprintln!("skipped: no format with times that name no year");
        return;
    }
    for (path, year, from) in [
        ("r1.log-20240301", "2024", "path"),
        ("2023/02/05/r1.log", "2023", "path"),
        ("a.tar!r1.log", "2023", "archive"),
        ("r2.log.gz", "2020", "gzip"),
        ("r3.log", "2017", "file"),
    ] {
        let source = source(&examined, path);
        assert_eq!(source["first"], format!("{year}-02-03T10:00:01.000Z"), "{path}");
        assert_eq!(source["year_from"], from, "{path}");
        assert_eq!(source["records_without_year"], 2, "{path}");
    }
    let said = assumptions(&examined, "r1.log-20240301");
    let text = "2 times without a year were read so that none is after 2024-03-01, the date in its \
                path; state it with --year";
    assert!(said.iter().any(|s| s == text), "{said:?}");

    let stated = ground.examine(&["--year", "2019"]).done();
    for path in ["r1.log-20240301", "r3.log"] {
        let source = source(&stated, path);
        assert_eq!(source["last"], "2019-02-03T10:00:02.000Z", "{path}");
        assert_eq!(source["year_from"], "stated");
    }
}

#[test]
fn what_says_when_a_log_was_last_written_to() {
    let ground = Ground::new();
    ground.log("a.log-20240301", "x");
    ground.log("b.tar", tar(&[("a.log", b"x")]));
    let mut packed = gzip(b"x");
    packed[4..8].copy_from_slice(&1_600_000_000_u32.to_le_bytes());
    ground.log("c.gz", &packed);
    ground.log("d.log", "x");
    let inventory = sekisho::sources::walk::Inventory::of(&[ground.logs()]);
    let by: Vec<_> = inventory.sources.iter().map(|s| s.dated_by.unwrap().name()).collect();
    assert_eq!(by, ["path", "archive", "gzip", "file"]);
    let at = |n: usize| inventory.sources[n].written_before.unwrap() / 1_000_000_000;
    assert_eq!((at(0), at(1), at(2)), (1_709_337_599, 1_703_980_800, 1_600_000_000));
}

// ---- rotations ----

#[test]
fn rotated_logs_are_read_with_the_oldest_first() {
    let ground = Ground::new();
    for (name, id) in [
        ("app.log", 9),
        ("app.log.1", 8),
        ("app.log.10.gz", 5),
        ("app.log.2.gz", 7),
        ("messages-20240101", 1),
        ("messages-20231224", 0),
        ("other.log", 3),
    ] {
        let line = good_line("R", id).into_bytes();
        ground.log(name, if name.ends_with(".gz") { gzip(&line) } else { line });
    }
    let examined = ground.examine(&[]).done();
    assert_eq!(examined.good(""), [5, 7, 8, 9, 0, 1, 3]);
    for (path, series) in [
        ("app.log.10.gz", Some("app.log")),
        ("app.log", Some("app.log")),
        ("messages-20240101", Some("messages")),
        ("other.log", None),
    ] {
        let said = source(&examined, path)["series"].as_str().map(str::to_owned);
        assert_eq!(said.is_some(), series.is_some(), "{path}");
        let ends = said.is_none_or(|said| said.ends_with(series.unwrap()));
        assert!(ends, "{path}");
    }
}

// ---- pieces ----

/// Where each detection of a log stands: the piece and the offset there.
fn places(examined: &Examined, part: &str) -> Vec<(u64, String, u64, String)> {
    let place = |d: &Value| {
        let path = d["source"]["path"].as_str().unwrap();
        let name = path.rsplit('/').next().unwrap().to_owned();
        let hash = d["source"]["sha256"].as_str().unwrap().to_owned();
        (d["record_id"].as_u64().unwrap(), name, d["source"]["offset"].as_u64().unwrap(), hash)
    };
    let all = examined.detections();
    let here = all.iter().filter(|d| d["source"]["path"].as_str().unwrap().contains(part));
    here.map(place).collect()
}

#[test]
fn pieces_of_a_split_log_are_read_as_one() {
    let ground = Ground::new();
    let whole = good_lines("SPLIT", 200).into_bytes();
    let line = whole.len() / 200;
    // Within a record, between two, over many, and where a piece is smaller
    // than a record.
    let cuts = [0, 3 * line + 17, 90 * line + 60, 90 * line + 70, 150 * line + 1, whole.len()];
    let mut pieces = Vec::new();
    for (two, ending) in cuts.windows(2).zip(["aa", "ab", "ac", "ad", "ae"]) {
        let bytes = &whole[two[0]..two[1]];
        ground.log(&format!("big.jsonl.{ending}"), bytes);
        pieces.push((format!("big.jsonl.{ending}"), two[0] as u64, bytes));
    }
    ground.log("two.log.001", &whole[..line * 7 - 9]);
    ground.log("two.log.002", &whole[line * 7 - 9..]);
    let examined = ground.examine(&[]).done();
    assert!(examined.problems("").is_empty(), "{:?}", examined.problems(""));
    let mut at = 0;
    let mut expected = Vec::new();
    for (id, text) in (1..).zip(whole.split_inclusive(|&b| b == b'\n')) {
        let (name, start, bytes) = pieces.iter().rfind(|(_, start, _)| *start <= at).unwrap();
        expected.push((id, name.clone(), at - start, sekisho::sources::hash::of_bytes(bytes)));
        at += text.len() as u64;
    }
    assert_eq!(places(&examined, "big.jsonl"), expected);
    assert_eq!(examined.good("two.log.001").len() + examined.good("two.log.002").len(), 200);
    let series = source(&examined, "big.jsonl.ad")["series"].as_str().unwrap().to_owned();
    assert!(series.ends_with("big.jsonl"), "{series}");
}

#[test]
fn files_that_are_no_pieces_are_read_alone() {
    let ground = Ground::new();
    let whole = good_lines("ALONE", 20);
    let (first, second) = whole.split_at(whole.len() / 2 + 3);
    // One is missing between them.
    ground.log("gap.jsonl.aa", first);
    ground.log("gap.jsonl.ac", second);
    // Each is whole.
    ground.log("own.log.01", good_lines("ALONE", 2));
    ground.log("own.log.02", good_lines("ALONE", 3));
    let examined = ground.examine(&[]).done();
    assert_eq!(examined.good("own.log.01"), [1, 2]);
    assert_eq!(examined.good("own.log.02"), [1, 2, 3]);
    let broken = examined.problems("gap.jsonl.aa").len() + examined.problems("gap.jsonl.ac").len();
    assert_eq!(broken, 2, "{:?}", examined.problems("gap"));
}

// ---- beginnings ----

#[test]
fn nul_bytes_before_a_log_are_passed_over_and_named() {
    let ground = Ground::new();
    let lines = good_lines("NUL", 3).into_bytes();
    for (name, nuls) in [("few.jsonl", 4), ("many.jsonl", 200_000), ("very_many.jsonl", 9_000_000)]
    {
        let bytes = [vec![0; nuls], lines.clone()].concat();
        ground.log(name, &bytes);
        ground.log(&format!("{name}.gz"), gzip(&bytes));
    }
    ground.log("only.jsonl", vec![0; 100_000]);
    let examined = ground.examine(&[]).done();
    for (name, nuls) in [("few.jsonl", 4), ("many.jsonl", 200_000), ("very_many.jsonl", 9_000_000)]
    {
        for name in [name.to_owned(), format!("{name}.gz")] {
            assert_eq!(examined.good(&format!("/{name}")), [1, 2, 3], "{name}");
            let said = format!("begins with {nuls} NUL bytes");
            let problems = examined.problems(&format!("/{name}"));
            assert!(problems.iter().any(|p| p.starts_with(&said)), "{name}: {problems:?}");
            let detections = examined.detections();
            let at =
                |d: &&Value| d["source"]["path"].as_str().unwrap().ends_with(&format!("/{name}"));
            assert_eq!(detections.iter().find(at).unwrap()["source"]["offset"], nuls);
        }
    }
    assert_eq!(examined.problems("only.jsonl"), ["NUL bytes only; a log with records"]);
}

// ---- damage ----

/// How many records were read from a log that is written so, and the problems.
fn read_as(name: &str, bytes: impl AsRef<[u8]>) -> (u64, Vec<String>) {
    let ground = Ground::new();
    ground.log(name, bytes);
    let examined = ground.examine(&["--no-seal"]).done();
    (examined.run_json()["records"].as_u64().unwrap(), examined.problems(""))
}

#[test]
fn archives_that_are_set_end_to_end_or_cut_are_named() {
    let file = |n: u64| good_lines(&format!("H{n}"), 3);
    let archive = |n| tar(&[(&format!("{n}.json"), file(n).as_bytes())]);
    let whole = [archive(1), archive(2)].concat();
    assert_eq!(read_as("both.tar", &whole), (6, vec![]));
    let packed = [gzip(&archive(1)), gzip(&archive(2))].concat();
    assert_eq!(read_as("both.tgz", packed), (6, vec![]));
    let (records, problems) = read_as("cut.tar", &archive(1)[..1024]);
    assert_eq!(records, 3);
    assert!(problems[0].contains("without its end mark"), "{problems:?}");
    let zipped = |n| zip(&[(&format!("{n}.json"), file(n).as_bytes())]);
    let (records, problems) = read_as("both.zip", [zipped(1), zipped(2)].concat());
    assert_eq!(records, 3);
    assert!(problems[0].contains("bytes before its first member"), "{problems:?}");
    let ground = Ground::new();
    ground.log("empty.zip", zip(&[]));
    ground.log("a.json", file(1));
    let examined = ground.examine(&["--no-seal"]).done();
    assert_eq!(examined.problems("empty.zip"), ["an archive without files; logs in it"]);
}

#[test]
fn zstandard_streams_are_read_up_to_a_cut_and_with_a_wrong_checksum() {
    let text: String = (1..=40_000).map(|id| good_line("H", id)).collect();
    let packed = zstd(text.as_bytes());
    let (records, problems) = read_as("cut.zst", &packed[..packed.len() / 2]);
    assert!(records > 15_000, "{records}");
    // And the record that the cut goes through.
    assert!(problems.iter().any(|p| p.contains("what came before was read")), "{problems:?}");
    assert_eq!(problems.len(), 2, "{problems:?}");
    let mut wrong = packed;
    *wrong.last_mut().unwrap() ^= 1;
    let (records, problems) = read_as("wrong.zst", wrong);
    assert_eq!(records, 40_000);
    assert!(problems[0].contains("checksum"), "{problems:?}");
}

/// Logs of text of several formats: two records each, their ends included.
fn texts() -> Vec<(&'static str, String, String)> {
    let syslog = |n: u64| format!("May  1 10:00:0{n} h1 sshd[1]: Failed password for root\n");
    let audit = |n: u64| {
        format!("type=SYSCALL msg=audit(171455760{n}.001:{n}): syscall=59 comm=\"a\" exe=\"/a\"\n")
    };
    let xml = |n: u64| {
        format!(
            "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System>\
             <Provider Name=\"P\"/><EventID>1</EventID><EventRecordID>{n}</EventRecordID>\
             <Channel>Security</Channel><Computer>c</Computer></System></Event>\n"
        )
    };
    let access = |n: u64| {
        format!(
            "1.2.3.{n} - - [01/May/2024:10:00:0{n} +0000] \"GET /x HTTP/1.1\" 200 5 \"-\" \"curl\"\n"
        )
    };
    let stamped = |n: u64| format!("2024-05-01 10:00:0{n},123 INFO [main] a.b.C: text {n}\n");
    let table = |n: u64| format!("2024-05-01T10:00:0{n}Z,h{n},x\n");
    let rows = |n| table(n) + &table(n + 1);
    let two = |line: &dyn Fn(u64) -> String| (line(1) + &line(2), line(3) + &line(4));
    let all: [(&'static str, (String, String)); 8] = [
        ("auth.log", two(&syslog)),
        ("audit.log", two(&audit)),
        ("x.json", two(&|n| good_line("H", n))),
        ("x.xml", two(&xml)),
        ("access.log", two(&access)),
        ("app.log", two(&stamped)),
        ("x.csv", (format!("time,host,message\n{}", rows(1)), rows(3))),
        ("conn.log", (zeek(1), "1700000000.2\tC2\t10.0.0.1\n".repeat(3))),
    ];
    all.into_iter().map(|(name, (first, second))| (name, first, second)).collect()
}

/// The records of a log, without what tells where they stand.
fn events(name: &str, bytes: &[u8]) -> (Vec<Value>, Vec<String>) {
    let ground = Ground::new();
    ground.log(name, bytes);
    let all = |product: &str| {
        format!(
            "title: {product}\nlogsource: {{product: {product}}}\ndetection: {{k: ['*'], condition: k}}\n---\n"
        )
    };
    let web =
        "title: web\nlogsource: {category: webserver}\ndetection: {k: ['*'], condition: k}\n---\n";
    ground.rule("r.yml", all("windows") + &all("linux") + &all("zeek") + &all("any") + web);
    let examined = ground.examine_with_rules(&["--no-seal"]).done();
    let mut found = examined.detections();
    for d in &mut found {
        // The folder of a test is another each time.
        (d["source"], d["rule"]["file"]) = (Value::Null, Value::Null);
    }
    (found, examined.problems(""))
}

#[test]
fn gaps_and_marks_within_a_text_spoil_no_record() {
    for (name, first, second) in texts() {
        let (expected, none) =
            events(name, [first.as_bytes(), second.as_bytes()].concat().as_slice());
        assert_eq!(none, [""; 0], "{name}");
        let with =
            |between: &[u8]| events(name, &[first.as_bytes(), between, second.as_bytes()].concat());
        let (found, problems) = with(&[0; 4096]);
        assert_eq!(found, expected, "{name}");
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
        assert!(problems[0].starts_with("4096 NUL bytes, which are passed over"), "{problems:?}");
        let (found, problems) = with("\u{feff}".as_bytes());
        assert_eq!((found, problems), (expected, vec![]), "{name}");
    }
}

#[test]
fn a_torn_line_ends_where_the_gap_begins() {
    let line = |n| format!("May  1 10:00:0{n} h1 sshd[1]: Failed password for root\n");
    let torn =
        [line(1).as_bytes(), b"May  1 10:00:02 h1 ss", &[0; 99], line(3).as_bytes()].concat();
    let (records, problems) = read_as("auth.log", torn);
    assert_eq!(records, 3);
    assert!(problems[0].starts_with("99 NUL bytes"), "{problems:?}");
}

#[test]
fn lines_may_end_in_cr_alone() {
    for (name, first, second) in texts() {
        let text = first + &second;
        let (expected, _) = read_as(name, &text);
        let (records, problems) = read_as(name, text.replace('\n', "\r"));
        assert_eq!((records, problems), (expected, vec![]), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn names_of_rule_files_cannot_write_to_a_terminal() {
    let ground = Ground::new();
    ground.rule("bad\u{1b}[31m.yml", "title: x\nlogsource: 5\n");
    let ran = common::run(&["rules", "check", ground.path("rules").to_str().unwrap()]);
    assert!(ran.stdout.contains("bad"), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
}
