//! What was exposed, through the program: the rehearsal with a file of assets;
//! the answer, its records, a release that proves a verdict, and what is wrong
//! with what was given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, reason = "it is a test")]

mod common;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use common::{Ground, Ran, copy_folder, program, said, valid, verify, watch};
use sekisho_case::log::Log;
use serde_json::Value;

/// Protected things of the rehearsal's network, of several kinds.
const ASSETS: &str = r#"
[[asset]]
id = "plans"
name = "Plans"
classification = "secret"
locations = [{ host = "FS01", path = 'D:\Plans\**' }, { share = '\\FS01\Plans\**' }]

[[asset]]
id = "controller"
locations = [{ host = "DC01" }]

[[asset]]
id = "nowhere"
locations = [{ bucket = "no-such-bucket", prefix = "2024/" }]
"#;

/// A case of the rehearsal, with a file of assets beside it.
fn ground() -> (Ground, PathBuf) {
    let ground = Ground::new();
    let out = ground.path("demo");
    let ran = watch(program().args(["demo", "--out"]).arg(&out));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    fs::write(ground.path("assets.toml"), ASSETS).unwrap();
    (ground, out)
}

fn expose(case: &Path, assets: &Path, more: &[&str]) -> Ran {
    watch(program().arg("exposure").arg(case).arg("--assets").arg(assets).args(more))
}

fn records(case: &Path) -> Vec<Value> {
    let log = Log::open(case).unwrap();
    let entries = log.entries(0..log.size());
    entries.map(|entry| serde_json::from_slice(&entry.unwrap().1).unwrap()).collect()
}

fn of_type(case: &Path, kind: &str) -> Vec<Value> {
    records(case).into_iter().filter(|record| record["type"] == kind).collect()
}

#[test]
fn the_answer_is_on_record_and_a_release_proves_a_verdict() {
    let (ground, out) = ground();
    let case = out.join("case");
    let assets = ground.path("assets.toml");
    let copy = ground.path("copy");
    let more = ["--format", "json", "--out", copy.to_str().unwrap(), "--seed", "host=WS07"];
    let ran = expose(&case, &assets, &more);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    shape(&answer);
    assert_eq!(fs::read_to_string(copy.join("exposure-2.json")).unwrap(), ran.stdout);
    let page = fs::read_to_string(copy.join("exposure-2.html")).unwrap();
    assert!(page.contains("protected assets") && page.contains("host=WS07"));
    let exposure = of_type(&case, "exposure").pop().unwrap();
    // The rehearsal has asked already.
    assert_eq!(exposure["number"], 2);
    assert_eq!(exposure["records"]["count"], 4);
    let results = of_type(&case, "results").pop().unwrap();
    let names: Vec<&str> =
        results["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    for name in ["exposure.json", "exposure.html", "assets.toml", "seeds.json"] {
        assert!(names.contains(&format!("exposures/0002/{name}").as_str()), "{names:?}");
    }
    let mut verdicts = of_type(&case, "verdict");
    verdicts.retain(|verdict| verdict["exposure"] == 2);
    assert_eq!(verdicts.len(), 3);
    for (sealed, said) in verdicts.iter().zip(answer["verdicts"].as_array().unwrap()) {
        for member in ["asset", "verdict", "grade"] {
            assert_eq!(sealed[member], said[member]);
        }
        let cited = |v: &Value| (v["cell"].clone(), v["index"].clone());
        let of = |list: &Value| list.as_array().unwrap().iter().map(cited).collect::<Vec<_>>();
        assert_eq!(of(&sealed["evidence"]), of(&said["evidence"]));
    }
    let proven = said(&valid(&case, &[]), "proven").join("\n");
    assert!(proven.contains("exposure 2: 3 verdicts"), "{proven}");
    assert!(proven.contains("events that it cites are in the store"), "{proven}");
    // A second time, with the same words: the same answer, as another record.
    let again = expose(&case, &assets, &["--format", "json", "--seed", "host=WS07"]);
    assert_eq!(again.stdout, ran.stdout);
    assert_eq!(of_type(&case, "exposure").len(), 3);
    prove(&ground, &case, &answer);
}

/// Each member that docs/exposure.md names is there.
fn shape(answer: &Value) {
    assert_eq!(answer["version"], 1);
    assert!(!answer["sentence"].as_str().unwrap().is_empty());
    for list in ["verdicts", "hosts", "accounts", "coverage", "edges", "collect_next", "notices"] {
        assert!(answer[list].is_array(), "{list}");
    }
    for member in ["censored", "evicted", "evicted_why", "reentries"] {
        assert!(!answer["window"][member].is_null(), "window.{member}");
    }
    let ids: Vec<&str> = answer["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["asset"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["plans", "controller", "nowhere"], "in the order of declaration");
    for verdict in answer["verdicts"].as_array().unwrap() {
        for member in ["verdict", "grade", "detail", "why", "evidence", "conditions", "missing"] {
            assert!(!verdict[member].is_null(), "{member}");
        }
        for cited in verdict["evidence"].as_array().unwrap() {
            for member in ["host", "channel", "time", "why", "cell", "index"] {
                assert!(!cited[member].is_null(), "{member}");
            }
        }
    }
    assert!(!answer["coverage"].as_array().unwrap().is_empty());
}

/// A verdict goes to somebody who has nothing else.
fn prove(ground: &Ground, case: &Path, answer: &Value) {
    let rests = |v: &&Value| !v["evidence"].as_array().unwrap().is_empty();
    let verdict = answer["verdicts"].as_array().unwrap().iter().find(rests);
    let asset = verdict.expect("a verdict that rests on records")["asset"].as_str().unwrap();
    let count = verdict.unwrap()["evidence"].as_array().unwrap().len();
    let release = ground.path("release.zip");
    let ran = watch(
        program()
            .arg("disclose")
            .arg(case)
            .args(["--verdict", asset, "--yes", "--out"])
            .arg(&release),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let proven = said(&valid(&release, &[]), "proven").join("\n");
    let text = format!("of asset \"{asset}\" in exposure 3, rests on {count} events, all proven");
    assert!(proven.contains(&text), "{proven}");
    commits_to_nothing(&release, case);
    let none = watch(program().arg("disclose").arg(case).args(["--verdict", "x", "--dry-run"]));
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("it has plans, controller, nowhere"), "{}", none.stderr);
}

/// What is in files of the case can be guessed: detections with what they
/// matched, seeds, assets, a small store. Nothing in a release says whether a
/// guess is right.
fn commits_to_nothing(release: &Path, case: &Path) {
    let mut zip = zip::ZipArchive::new(fs::File::open(release).unwrap()).unwrap();
    let mut all = String::new();
    for at in 0..zip.len() {
        let mut bytes = Vec::new();
        zip.by_index(at).unwrap().read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for kind in ["results", "segment", "source"] {
            assert!(!text.starts_with(&format!("{{\"type\":\"{kind}\"")), "{text}");
        }
        all.push_str(&text);
    }
    let sealed = records(case);
    let list = |record: &Value, name: &str| record[name].as_array().cloned().unwrap_or_default();
    let mut sums: Vec<&Value> = Vec::new();
    let files: Vec<Value> = sealed.iter().flat_map(|record| list(record, "files")).collect();
    for record in sealed.iter().chain(&files) {
        sums.extend(["sha256", "output_root", "assets", "estate"].iter().map(|name| &record[name]));
    }
    sums.retain(|sum| sum.is_string());
    assert!(files.len() > 10 && sums.len() > files.len() + 20, "{} {}", files.len(), sums.len());
    for sum in sums {
        let hash: sekisho_case::Hash = sum.as_str().unwrap().parse().unwrap();
        assert!(!all.contains(sum.as_str().unwrap()) && !all.contains(&hash.base64()), "{sum}");
    }
}

#[test]
fn what_is_tampered_with_is_found() {
    let (ground, out) = ground();
    let ran = expose(&out, &ground.path("assets.toml"), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for name in ["exposure.json", "exposure.html", "assets.toml", "seeds.json"] {
        let copy = ground.path(&format!("copy-{name}"));
        copy_folder(&out.join("case"), &copy);
        let path = copy.join("exposures/0002").join(name);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let (code, answer) = verify(&copy, &[]);
        assert_eq!(code, Some(4), "{name}");
        let broken = said(&answer, "broken");
        assert!(broken[0].starts_with(&format!("file exposures/0002/{name}: ")), "{broken:?}");
    }
}

#[test]
fn nobody_is_cleared_by_evidence_that_was_changed() {
    let (ground, out) = ground();
    let sealed = out.join("case");
    let segment = of_type(&sealed, "segment").remove(0);
    let segment = segment["name"].as_str().unwrap();
    for name in [segment, "store/0001/catalogue.json", "examinations/0001/detections.jsonl"] {
        let case = ground.path("changed");
        copy_folder(&sealed, &case);
        let mut bytes = fs::read(case.join(name)).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(case.join(name), bytes).unwrap();
        let entries = records(&case).len();
        let ran = expose(&case, &ground.path("assets.toml"), &["--seed-level", "high"]);
        assert_eq!(ran.code, Some(4), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(name) && ran.stderr.contains("not what was sealed"), "{name}");
        assert_eq!(records(&case).len(), entries, "{name}: something was put on record");
        fs::remove_dir_all(&case).unwrap();
    }
}

#[test]
fn what_was_given_wrongly_is_said() {
    let (ground, out) = ground();
    let assets = ground.path("assets.toml");
    for (seed, part) in [
        ("hots=WS01", "keys are host, process, account"),
        ("host=WS01 since=yesterday", "as 2026-02-17T08:15:30Z"),
        ("WS01", "expected KEY=VALUE"),
    ] {
        let ran = expose(&out, &assets, &["--seed", seed]);
        assert_eq!(ran.code, Some(2), "{seed}");
        assert!(ran.stderr.contains(part) && ran.stderr.contains(seed), "{}", ran.stderr);
    }
    fs::write(&assets, "[[asset]\nid = 1").unwrap();
    let ran = expose(&out, &assets, &[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("assets.toml"), "{}", ran.stderr);
    fs::write(&assets, "[[asset]]\nid = \"a\"\nlocations = [{ hots = \"FS01\" }]\n").unwrap();
    let ran = expose(&out, &assets, &["--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(!answer["notices"].as_array().unwrap().is_empty(), "{}", ran.stdout);
    assert_eq!(answer["verdicts"][0]["verdict"], "cannot-be-determined");
    let without = watch(program().arg("exposure").arg(&out));
    assert_eq!(without.code, Some(0), "{}", without.stderr);
    assert!(without.stdout.contains("Hosts") && without.stdout.contains("out?"));
    let failing = expose(&out, &assets, &["--fail-on", "cannot-be-determined"]);
    assert_eq!(failing.code, Some(1), "{}", failing.stderr);
}

#[test]
fn an_examination_answers_in_one_go() {
    let ground = Ground::new();
    ground.log("a.jsonl", common::good_lines("WS01", 3));
    fs::write(ground.path("assets.toml"), ASSETS).unwrap();
    let assets = ground.path("assets.toml");
    let args = ["--assets", assets.to_str().unwrap()];
    let examined = ground.examine(&args).done();
    assert!(examined.ran.stdout.contains("cannot be determined"), "{}", examined.ran.stdout);
    assert!(examined.out.join("exposure-1.json").is_file());
    assert!(examined.out.join("exposure-1.html").is_file());
    valid(&examined.out, &[]);
    let ran = ground.examine(&[args[0], args[1], "--no-seal"]).ran;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("rest on sealed events"), "{}", ran.stderr);
}

/// A rule for whatever a tool of the administrators does.
const TOOL_RULE: &str = "\
title: Deployment tool
id: 0b4c1b0e-57a2-4c55-9f5c-3d2f0c7d9a11
level: high
logsource: {category: process_creation, product: windows}
detection:
    tool: {Image|endswith: '\\deploy.exe'}
    condition: tool
";

/// A host on which somebody deploys something at each hour of two days.
fn deployed(ground: &Ground) {
    ground.rule("tool.yml", TOOL_RULE);
    let line = |hour: u64| {
        let image = if hour.is_multiple_of(2) { "deploy.exe" } else { "svchost.exe" };
        let (day, of_day) = (5 + hour / 24, hour % 24);
        let event = serde_json::json!({
            "EventTime": format!("2026-01-{day:02}T{of_day:02}:00:00.000Z"), "Hostname": "WS01",
            "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1,
            "EventRecordID": hour + 1, "Image": format!("C:\\Tools\\{image}"),
            "ProcessId": 1000 + hour, "CommandLine": image, "User": "CORP\\ann",
        });
        format!("{event}\n")
    };
    ground.log("ws01.jsonl", (0..48).map(line).collect::<String>());
}

fn one<'a>(answer: &'a Value, kind: &str) -> &'a str {
    let mut notices = answer["notices"].as_array().unwrap().iter().filter(|n| n["kind"] == kind);
    let notice = notices.next().unwrap_or_else(|| panic!("{kind}: {}", answer["notices"]));
    assert!(notices.next().is_none(), "{kind}: {}", answer["notices"]);
    notice["text"].as_str().unwrap()
}

#[test]
fn what_is_cleared_is_no_seed_and_is_on_record() {
    let ground = Ground::new();
    deployed(&ground);
    let assets = ground.path("assets.toml");
    fs::write(&assets, "[[asset]]\nid = 'desk'\nlocations = [{ host = 'WS01' }]\n").unwrap();
    let rules = ground.path("rules");
    let given = ["--rules", rules.to_str().unwrap(), "--assets", assets.to_str().unwrap()];
    let examined = ground.examine(&given).done();
    let case = examined.out.join("case");
    let exposure = |number: usize| of_type(&case, "exposure")[number - 1].clone();
    assert_eq!(exposure(1)["seeds"], 24);
    assert_eq!(of_type(&case, "verdict")[0]["verdict"], "accessed");
    let word = "host=WS01 process=deploy.exe until=2026-01-06T00:30:00Z";
    let clear = ["--clear", word, "--clear", "process=nobody.exe"];
    let text = expose(&case, &assets, &clear);
    assert_eq!(text.code, Some(0), "{}", text.stderr);
    assert!(text.stdout.contains("from 11 seeds on; 13 detections cleared"), "{}", text.stdout);
    let ran = expose(&case, &assets, &[&clear[..], &["--format", "json"]].concat());
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["cleared"]["detections"], 13);
    let rule = &answer["cleared"]["by"][0]["rules"][0];
    assert_eq!((&rule["title"], &rule["detections"]), (&"Deployment tool".into(), &13.into()));
    let notice = one(&answer, "cleared");
    assert!(notice.contains(word) && notice.contains("Deployment tool (high, 13)"), "{notice}");
    assert!(one(&answer, "cleared-nothing").contains("process=nobody.exe"));
    assert_eq!(answer["notices"][0]["kind"], "cleared", "it comes first");
    assert_eq!(exposure(3)["seeds"], 11);
    // The record of the verdict says so by itself, and the words are sealed.
    let verdict = of_type(&case, "verdict").pop().unwrap();
    assert!(verdict["why"].as_str().unwrap().ends_with("; the analyst cleared 13 detections"));
    let seeds = fs::read_to_string(case.join("exposures/0003/seeds.json")).unwrap();
    let seeds: Value = serde_json::from_str(&seeds).unwrap();
    assert_eq!(seeds["cleared"], answer["cleared"]);
    let page = fs::read_to_string(case.join("exposures/0003/exposure.html")).unwrap();
    assert!(page.contains("Cleared by the analyst") && page.contains(word));
    valid(&case, &[]);
    let wrong = expose(&case, &assets, &["--clear", "hots=WS01"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("--clear hots=WS01: no such key"), "{}", wrong.stderr);
    // In one go, and alone: nothing else was asked.
    let all = ["--rules", rules.to_str().unwrap(), "--clear", "process=deploy.exe"];
    let examined = ground.examine(&all).done();
    let answer = fs::read_to_string(examined.out.join("exposure-1.json")).unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["cleared"]["detections"], 24);
    assert_eq!(answer["window"]["evicted"], "no-intruder");
}

#[test]
fn what_the_estate_expects_and_nobody_has_is_missing_by_name() {
    let ground = Ground::new();
    deployed(&ground);
    let (assets, estate) = (ground.path("assets.toml"), ground.path("estate.toml"));
    let declared = "[[asset]]\nid = 'desk'\nlocations = [{ host = 'WS01', path = 'C:\\a' }]\n\
                    [[asset]]\nid = 'backup'\nlocations = [{ host = 'BK01', path = '/a' }]\n";
    fs::write(&assets, declared).unwrap();
    let sysmon = "Microsoft-Windows-Sysmon/Operational";
    let hosts = format!(
        "[[host]]\nname = 'WS01'\nlogs = ['{sysmon}', 'Security', 'System']\n\
         [[host]]\nname = 'BK01'\n"
    );
    fs::write(&estate, hosts).unwrap();
    let examined = ground.examine(&[]).done();
    let estate = estate.to_str().unwrap();
    let more = ["--estate", estate, "--seed", "process=deploy.exe", "--format", "json"];
    let ran = expose(&examined.out, &assets, &more);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let row = |host: &str, channel: &str| {
        let all = answer["coverage"].as_array().unwrap();
        let mut found = all.iter().filter(|c| c["host"] == host && c["channel"] == channel);
        let row = found.next().unwrap_or_else(|| panic!("{host} {channel}")).clone();
        assert!(found.next().is_none(), "one stretch, the whole time");
        row
    };
    let heard = row("WS01", sysmon);
    for (host, channel) in [("WS01", "Security"), ("WS01", "System"), ("BK01", "any")] {
        let missing = row(host, channel);
        assert_eq!(missing["state"], "missing");
        assert_eq!((&missing["from"], &missing["to"]), (&heard["from"], &heard["to"]));
    }
    assert!(one(&answer, "expected-log-missing").contains("Security, System"));
    assert!(one(&answer, "expected-host-missing").contains("BK01"));
    for (at, host, channel) in [(0, "WS01", "Security"), (1, "BK01", "any")] {
        let verdict = &answer["verdicts"][at];
        for list in ["missing", "collect_next"] {
            let mut all = verdict[list].as_array().unwrap().iter();
            assert!(all.any(|m| m["host"] == host && m["channel"] == channel), "{verdict}");
        }
    }
}
