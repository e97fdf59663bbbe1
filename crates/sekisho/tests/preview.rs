//! What `disclose` shows before it releases, against what is then in the file:
//! whatever leaves was shown, and what is withheld and leaves all the same was
//! said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, reason = "it is a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Ground, Ran, program, run, valid, watch};
use sekisho_case::event::Leaf;
use sekisho_case::log::Log;
use sekisho_case::release::{Content, ReleasedEvent};
use serde_json::Value;

/// Bytes of a leaf before its hashes: version, kind, time, record id, source,
/// offset, ordinal, number of hashes.
const HEAD_BYTES: usize = 2 + 8 + 8 + 4 + 8 + 4 + 2;

fn disclose(case: &Path, args: &[&str]) -> Ran {
    watch(program().arg("disclose").arg(case).args(args))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn unzipped(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

/// The lines of a preview.
struct Shown<'t>(BTreeSet<&'t str>);

impl<'t> Shown<'t> {
    fn new(preview: &'t str) -> Self {
        Self(preview.lines().map(str::trim_start).collect())
    }

    #[track_caller]
    fn has(&self, line: &str) {
        assert!(self.0.contains(line), "not shown: {line}\nshown: {:#?}", self.0);
    }

    /// JSON is shown as it is, or with escapes where it could steer a terminal.
    #[track_caller]
    fn has_json(&self, before: &str, json: &str) {
        if json.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
            return self.has(&format!("{before}{json}"));
        }
        let value: Value = serde_json::from_str(json).unwrap();
        let same = |line: &&str| {
            let shown = line.strip_prefix(before).map(serde_json::from_str::<Value>);
            shown.is_some_and(|shown| shown.is_ok_and(|shown| shown == value))
        };
        assert!(self.0.iter().any(same), "not shown: {json}\nshown: {:#?}", self.0);
    }

    #[track_caller]
    fn has_event(&self, event: &ReleasedEvent) {
        let leaf = Leaf::parse(&event.leaf).unwrap();
        assert_eq!(event.leaf.len(), HEAD_BYTES + 32 * leaf.digests().len());
        let head = leaf.head;
        let id = match head.record_id {
            u64::MAX => "no record id".to_owned(),
            id => format!("record id {id}"),
        };
        self.has(&format!(
            "in clear  index {} of the cell of entries/{}; time {} (nanoseconds since 1970); {id}; \
             source {}, offset {}, ordinal {}",
            event.index, event.cell, head.time, head.source, head.offset, head.ordinal
        ));
        for disclosure in &event.disclosures {
            let json = String::from_utf8(URL_SAFE_NO_PAD.decode(disclosure).unwrap()).unwrap();
            self.has_json("shows     ", &json);
        }
        if let Some(withheld) = event.withheld.as_ref().filter(|names| !names.is_empty()) {
            self.has_json("withholds ", &serde_json::to_string(withheld).unwrap());
        }
    }

    #[track_caller]
    fn has_content(&self, bytes: &[u8]) {
        let mut content: Content = serde_json::from_slice(bytes).unwrap();
        // Nothing is in the file that this does not know.
        assert_eq!(content.to_bytes().unwrap(), bytes);
        content.events.iter().for_each(|event| self.has_event(event));
        let leaf = |event: &ReleasedEvent| Leaf::parse(&event.leaf).unwrap().digests().len();
        let fields: usize = content.events.iter().map(leaf).sum();
        let cells: usize = content.events.iter().map(|event| event.proof.len()).sum();
        self.has(&format!(
            "hashes within the events: {fields} of fields, {cells} on the way to the roots of \
             their cells"
        ));
        content.events.clear();
        self.has_json("", &String::from_utf8(content.to_bytes().unwrap()).unwrap());
    }
}

/// Asserts that a preview shows every byte of a release but hashes and
/// signatures, and nothing that could steer a terminal.
#[track_caller]
fn shows_all(preview: &str, release: &Path) {
    assert!(preview.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')));
    let (shown, files) = (Shown::new(preview), unzipped(release));
    let mut proofs = 0;
    for (name, bytes) in &files {
        let text = || String::from_utf8(bytes.clone()).unwrap();
        if name == "release.json" {
            shown.has_content(bytes);
        } else if name == "checkpoint" {
            let text = text();
            let lines: Vec<&str> = text.lines().collect();
            // Name and size; the root, an empty line and the signature of the owner alone.
            lines[..2].iter().for_each(|line| shown.has(line));
            assert_eq!((lines[2].len(), lines[3], lines.len()), (44, "", 5), "{text}");
        } else if name.ends_with(".proof") {
            proofs += 1;
        } else {
            assert!(name.starts_with("entries/"), "{name}: nothing shows it");
            let kind: Value = serde_json::from_slice(bytes).unwrap();
            let begins = format!("{name}  {}: ", kind["type"].as_str().unwrap());
            assert!(shown.0.iter().any(|line| line.starts_with(&begins)), "no {begins}");
            shown.has_json("", &text());
        }
    }
    let begins = format!("entries/*.proof  {proofs} files: ");
    assert!(shown.0.iter().any(|line| line.starts_with(&begins)), "no {begins}");
}

fn first_record(case: &Path) -> Value {
    serde_json::from_slice(&Log::open(case).unwrap().entry(0).unwrap()).unwrap()
}

fn sealed() -> (Ground, PathBuf) {
    let ground = Ground::of_a_case();
    ground.log(
        "steering.jsonl",
        common::process_line("WS9", "2026-01-09T10:00:00Z", 7, "a\u{202e}b\u{9b}c\nevent 9.9"),
    );
    ground.seal("out", &[]).ok();
    let out = ground.path("out");
    (ground, out)
}

/// All events of a case, as `--events` takes them.
fn all_events(case: &Path) -> Vec<String> {
    let log = Log::open(case).unwrap();
    let mut all = Vec::new();
    for entry in log.entries(0..log.size()) {
        let record: Value = serde_json::from_slice(&entry.unwrap().1).unwrap();
        if record["type"] == "cell" {
            let cell = record["number"].as_u64().unwrap();
            all.extend((0..record["events"].as_u64().unwrap()).map(|at| format!("{cell}.{at}")));
        }
    }
    all
}

#[test]
fn every_byte_that_leaves_was_shown() {
    let (ground, out) = sealed();
    let home = ground.path("home");
    watch(program().env("SEKISHO_HOME", &home).args(["key", "new", "other", "--store-in-clear"]))
        .ok();
    let key = watch(program().env("SEKISHO_HOME", &home).args(["key", "show", "--format", "json"]));
    let key: Value = serde_json::from_str(key.ok()).unwrap();
    let key = key["cosigner_key"].as_str().unwrap();
    let party = ["--role", "partner", "--name", "Other Partner Inc", "--key", key];
    run(&[&["case", "party", text(&out)], &party[..]].concat()).ok();

    let all = all_events(&out.join("case"));
    // The last ones are those of WS9 and of Zeek.
    let few: Vec<String> = all.iter().rev().take(12).cloned().collect();
    let few = few.join(",");
    for (at, more) in [
        &["--fields", "none", "--hide-names", "--to", "a\u{202e}b"][..],
        &["--fields", "none"],
        &["--fields", "all"],
        &["--fields", "all", "--hide-names"],
    ]
    .into_iter()
    .enumerate()
    {
        let zip = ground.path(&format!("{at}.zip"));
        let args = [&["--events", &few, "--out", text(&zip)], more].concat();
        let told = disclose(&out, &args);
        told.ok();
        assert!(told.stderr.contains("Other Partner Inc"), "{}", told.stderr);
        assert!(!told.stderr.contains("NOT SHOWN"), "{}", told.stderr);
        shows_all(&told.stderr, &zip);
        valid(&zip, &[]);
    }
}

#[test]
fn a_preview_that_is_cut_says_how_much_is_left_and_a_dry_run_shows_it() {
    let (ground, out) = sealed();
    let (zip, all) = (ground.path("all.zip"), all_events(&out.join("case")));
    let events = all.join(",");
    let args = ["--events", &events, "--fields", "all"];
    let dry = disclose(&out, &[&args[..], &["--dry-run"]].concat());
    dry.ok();
    let told = disclose(&out, &[&args[..], &["--out", text(&zip)]].concat());
    told.ok();
    let events = |text: &str| text.lines().filter(|line| line.starts_with("event ")).count();
    assert_eq!(events(&dry.stdout), all.len());
    let left = all.len() - events(&told.stderr);
    assert!(left > 50 && left < all.len(), "{left}");
    let said = format!("NOT SHOWN above: {left} of {} events; --dry-run", all.len());
    assert!(told.stderr.contains(&said), "{said}: {}", told.stderr);
    // Of the two runs nothing differs but a nonce, as is said.
    let nonce = |text: &str| {
        let begin = r#"{"type":"release","nonce":""#;
        text[text.find(begin).unwrap() + begin.len()..][..22].to_owned()
    };
    assert!(dry.stdout.contains("its nonce is drawn anew by each run"));
    shows_all(&dry.stdout.replace(&nonce(&dry.stdout), &nonce(&told.stderr)), &zip);
}

#[test]
fn what_a_verdict_says_of_withheld_fields_is_named() {
    let ground = Ground::new();
    let out = ground.path("demo");
    watch(program().args(["demo", "--out"]).arg(&out)).ok();
    let zip = ground.path("v.zip");
    let args = ["--verdict", "plans", "--fields", "none", "--hide-names", "--out", text(&zip)];
    let told = disclose(&out, &args);
    told.ok();
    shows_all(&told.stderr, &zip);
    let warned = |text: &str| -> Vec<String> {
        let warned = text.lines().skip_while(|line| !line.starts_with("WARNING: ")).skip(1);
        warned.map(str::to_owned).collect()
    };
    let verdict = warned(&told.stderr).into_iter().find(|line| line.starts_with("  verdict "));
    let verdict = verdict.expect("a warning about the verdict");
    for said in [
        r#"User "EXAMPLE\\adm-tanaka""#,
        r#"id.resp_h "203.0.113.77""#,
        r#"orig_bytes "1945416417""#,
        r#"a part of CommandLine "7z.exe", "E:\\Shares\\Plans\\*""#,
    ] {
        assert!(verdict.contains(said), "{said}: {verdict}");
    }
    // All of it is in the file, and what is shown as a field is not warned of.
    let record = unzipped(&zip).into_values().find(|b| b.starts_with(br#"{"type":"verdict""#));
    let record = String::from_utf8(record.unwrap()).unwrap();
    assert!(record.contains(r"EXAMPLE\\adm-tanaka") && record.contains("1945416417"), "{record}");
    let dry = disclose(&out, &["--verdict", "plans", "--dry-run"]);
    dry.ok();
    let warned = warned(&dry.stderr).join("\n");
    assert!(!warned.contains("adm-tanaka") && !warned.contains("203.0.113.77"), "{warned}");
}

#[test]
fn a_case_is_not_named_after_a_folder() {
    let ground = Ground::of_a_case();
    let out = "Nightfall - Dr Weber suspected";
    let case = ground.path(out).join("case");
    ground.seal(out, &[]).ok();
    assert_eq!(first_record(&case)["name"], "case");
    let zip = ground.path("r.zip");
    let told = disclose(&case, &["--events", "0.1", "--out", text(&zip)]);
    told.ok();
    shows_all(&told.stderr, &zip);
    for (name, bytes) in unzipped(&zip) {
        assert!(!String::from_utf8_lossy(&bytes).contains("Weber"), "{name}");
    }
    // It keeps the name that it was begun with.
    ground.seal(out, &["--case-name", "case"]).ok();
    ground.seal(out, &["--case-name", "Other"]).refused(2, &["\"case\"", "--case-name"]);
    ground.seal("named", &["--case-name", " Matter 7 "]).ok();
    assert_eq!(first_record(&ground.path("named/case"))["name"], "Matter 7");
    ground.seal("bad", &["--case-name", "a\nb"]).refused(2, &["what people call the case"]);
}
