//! Verdicts over recorded intrusions, against what truly happened. What is
//! protected, where it lies and where to begin is taken from the files with
//! the truth; names and addresses are never written here.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests may fail as tests do"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Projection, SourceHints, Vocabulary, formats};
use sekisho_exposure::answer::{Answer, HostWord, Verdict};
use sekisho_exposure::assets::Assets;
use sekisho_exposure::estate::Declared;
use sekisho_exposure::extract::{Columns, Extraction, Leaf, Row};
use sekisho_exposure::judge::judge;
use sekisho_exposure::question::{Question, SaidSeed, Seed};
use serde_json::Value;

/// The folder of a case; says so where there is no test data.
fn case(name: &str) -> Option<PathBuf> {
    let given = std::env::var_os("SEKISHO_TEST_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = given.unwrap_or(beside).join("cases").join(name);
    if !folder.is_dir() {
        println!("skipped: no test data ({})", folder.display());
        return None;
    }
    Some(folder)
}

fn truth(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("truth.json")).unwrap()).unwrap()
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
    out.sort();
}

/// Which events are there.
type Keep = fn(&Row<'_>) -> bool;

/// Everything that is read out of the logs of a case.
fn extracted(folder: &Path, keep: Keep) -> Extraction {
    let mut extraction = Extraction::default();
    let mut all = Vec::new();
    files(&folder.join("logs"), &mut all);
    let mut cell = 0;
    for file in all {
        let bytes = std::fs::read(&file).unwrap();
        let start = bytes.get(..bytes.len().min(65_536)).unwrap();
        let format = formats::recognise(start, false).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let hints = SourceHints { name, ..SourceHints::default() };
        let mut cutter = format.cutter(Arc::new(hints), BLOCK_BYTES);
        let mut reader = format.reader();
        let mut vocabulary = Vocabulary::new(Projection::Only(Extraction::fields()));
        let mut input = bytes.as_slice();
        while let Some(block) = cutter.next(&mut input).unwrap() {
            reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
                for batch in parsed.batches {
                    cell += 1;
                    let columns = Columns::of(batch, vocabulary);
                    let leaf = |row: usize| {
                        keep(&columns.row(row)).then_some(Leaf { cell, index: row as u64 })
                    };
                    extraction.batch(batch, vocabulary, &leaf);
                }
            });
        }
    }
    extraction
}

fn answered(folder: &Path, assets: &str, estate: &str, seeds: Vec<SaidSeed>) -> Answer {
    answered_of(folder, |_| true, assets, estate, seeds)
}

fn answered_of(
    folder: &Path,
    keep: Keep,
    assets: &str,
    estate: &str,
    seeds: Vec<SaidSeed>,
) -> Answer {
    let mut extraction = extracted(folder, keep);
    let (assets, notices) = Assets::parse(assets, &mut extraction.names).unwrap();
    assert_eq!(notices, []);
    let (estate, notices) = Declared::parse(estate, &mut extraction.names).unwrap();
    assert_eq!(notices, []);
    let seeds = seeds.into_iter().map(|seed| Seed::Said(Box::new(seed))).collect();
    let answer = judge(&mut extraction, &Question { assets, estate, seeds, ..Question::default() });
    println!("{}", answer.sentence);
    for verdict in &answer.verdicts {
        println!(
            "{} {:?} {:?} {} | {}",
            verdict.asset, verdict.verdict, verdict.grade, verdict.detail, verdict.why
        );
        for cited in verdict.evidence.iter().take(3) {
            println!("    {} {} {} {}", cited.time, cited.host, cited.channel, cited.why);
        }
        for missing in verdict.missing.iter().take(3) {
            println!(
                "    lacks {} {} {}: {}",
                missing.host, missing.channel, missing.class, missing.reason
            );
        }
    }
    for host in &answer.hosts {
        println!("host {} {:?} {:?}", host.host, host.state, host.known_as);
    }
    for account in &answer.accounts {
        println!("account {} {:?} {}", account.account, account.grade, account.how);
    }
    for edge in &answer.edges {
        println!("  {} {} -> {} {} {:?}", edge.time, edge.from, edge.to, edge.how, edge.grade);
    }
    for notice in &answer.notices {
        println!("notice {} {}", notice.kind, notice.text);
    }
    answer
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exfiltrated => "EXFILTRATED",
        Verdict::Accessed => "ACCESSED",
        Verdict::Reachable => "REACHABLE",
        Verdict::RuledOut => "RULED_OUT",
        Verdict::CannotBeDetermined => "CANNOT_DETERMINE",
    }
}

/// Every verdict is what is expected, or also right; none is one that must not
/// be given.
fn check(answer: &Answer, truth: &Value) {
    let assets = truth["assets"].as_array().unwrap();
    assert_eq!(answer.verdicts.len(), assets.len());
    let mut wrong = String::new();
    for (asset, verdict) in assets.iter().zip(&answer.verdicts) {
        let said = word(verdict.verdict);
        let words = |key: &str| -> Vec<String> {
            let list = asset[key].as_array().into_iter().flatten();
            list.filter_map(|w| Some(w.as_str()?.split(' ').next()?.to_owned())).collect()
        };
        let right = asset["expected"] == said || words("also_ok").iter().any(|w| w == said);
        if !right || words("must_not").iter().any(|w| w == said) {
            writeln!(wrong, "{}: {said}, but {}", asset["id"], asset["expected"]).unwrap();
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn a_network_sensor_alone() {
    let Some(folder) = case("apt29-day1-net") else { return };
    let truth = truth(&folder);
    let known = truth["estate"].as_object().unwrap();
    let label = |key: &str| key.split(' ').next().unwrap().to_owned();
    let mut declared = String::new();
    for asset in truth["assets"].as_array().unwrap() {
        let text = asset["asset"].as_str().unwrap();
        let host = known.keys().map(|key| label(key)).find(|host| text.contains(host)).unwrap();
        let size = asset["asset"]
            .as_str()
            .unwrap()
            .split(", ")
            .nth(1)
            .and_then(|s| s.strip_suffix(" bytes")?.replace(',', "").parse::<u64>().ok());
        let mega = text.split(' ').position(|word| word == "MB");
        let mega = mega.and_then(|at| text.split(' ').nth(at - 1)?.parse::<u64>().ok());
        let first = text.split(' ').next().unwrap();
        let location = if first == "SYSVOL" {
            format!(r"share = '\\{host}\SYSVOL\**'")
        } else if first.contains('.') {
            format!(r"host = '{host}', path = '**\{first}'")
        } else if mega.is_some() {
            format!(r"host = '{host}', path = 'D:\data\large.mdb'")
        } else {
            format!("host = '{host}'")
        };
        writeln!(declared, "[[asset]]\nid = {}\nlocations = [{{ {location} }}]", asset["id"])
            .unwrap();
        if let Some(size) = size.or(mega.map(|mega| mega * 1_000_000)) {
            writeln!(declared, "size_bytes = {size}").unwrap();
        }
    }
    let mut estate = String::new();
    let mut seeds = Vec::new();
    for (key, address) in known {
        let address = address.as_str().unwrap();
        if key.chars().next().unwrap().is_uppercase() {
            let host = label(key);
            writeln!(estate, "[[host]]\nname = '{host}'\naddresses = ['{address}']").unwrap();
        } else if address.parse::<std::net::IpAddr>().is_ok() {
            seeds.push(SaidSeed {
                text: address.to_owned(),
                address: Some(address.to_owned()),
                ..SaidSeed::default()
            });
        }
    }
    check(&answered(&folder, &declared, &estate, seeds.clone()), &truth);
    check(&answered(&folder, &declared, "", seeds), &truth);
}

#[test]
fn a_cloud_account_with_data_events() {
    let Some(folder) = case("aws-s3-exfil") else { return };
    let truth = truth(&folder);
    let assets = truth["assets"].as_array().unwrap();
    let place = |asset: &Value| {
        let text = asset["asset"].as_str().unwrap();
        let path = text.strip_prefix("s3://")?.split(' ').next()?;
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        Some((bucket.to_owned(), key.to_owned()))
    };
    let first = place(&assets[0]).unwrap();
    let mut declared = String::new();
    for asset in assets {
        let location = match place(asset) {
            Some((bucket, key)) if !key.is_empty() => format!("bucket = '{bucket}', key = '{key}'"),
            Some((bucket, _)) => format!("bucket = '{bucket}'"),
            None => format!("bucket = '{}', prefix = 'others/'", first.0),
        };
        writeln!(declared, "[[asset]]\nid = {}\nlocations = [{{ {location} }}]", asset["id"])
            .unwrap();
    }
    let role = truth["principals"][0]["id"].as_str().unwrap().strip_prefix("role/").unwrap();
    let said =
        SaidSeed { text: role.to_owned(), account: Some(role.to_owned()), ..SaidSeed::default() };
    // Without what is recorded of the buckets nothing of them is ruled out, and
    // without the trail nothing at all.
    let blind: [Keep; 2] = [|row| row.text("requestParameters.bucketName").is_none(), |_| false];
    for keep in blind {
        let answer = answered_of(&folder, keep, &declared, "", vec![said.clone()]);
        assert!(answer.verdicts.iter().all(|v| v.verdict != Verdict::RuledOut));
    }
    for seeds in [vec![said], Vec::new()] {
        let answer = answered(&folder, &declared, "", seeds);
        check(&answer, &truth);
        let volume = answer.verdicts[0].volume;
        let bytes: Vec<u64> = truth["assets"][0]["volume_bytes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_u64().unwrap())
            .collect();
        assert_eq!([volume.lower, volume.upper], [bytes.first().copied(), bytes.get(1).copied()]);
        // Somebody else works from the same address.
        let trap = truth["traps"][0]["what"].as_str().unwrap();
        let other = trap.split(' ').nth(1).unwrap();
        assert!(!answer.accounts.iter().any(|account| account.account.ends_with(other)));
    }
}

#[test]
fn a_tool_that_is_delivered_is_no_theft() {
    let Some(folder) = case("smb-copy-3host") else { return };
    let truth = truth(&folder);
    let truth = &truth["truth"];
    let text = |key: &str| truth[key].as_str().unwrap();
    let target = text("to");
    let assets = format!(
        "[[asset]]\nid = 'all'\nlocations = [{{ host = '{target}' }}]\n\
         [[asset]]\nid = 'users'\nlocations = [{{ host = '{target}', path = 'C:\\Users\\**' }}]\n"
    );
    let seed = SaidSeed {
        text: "x".to_owned(),
        account: Some(text("actor").to_owned()),
        session: Some(text("logon_id_on_target").to_owned()),
        ..SaidSeed::default()
    };
    let answer = answered(&folder, &assets, "", vec![seed]);
    for verdict in &answer.verdicts {
        assert_ne!(verdict.verdict, Verdict::Exfiltrated);
        assert_ne!(verdict.verdict, Verdict::RuledOut);
    }
    let host = answer.hosts.iter().find(|host| host.host.eq_ignore_ascii_case(target)).unwrap();
    assert!(host.state >= HostWord::Reached);
    // Holes by subscription are not tampering.
    assert!(
        answer.coverage.iter().all(|c| !c.reason.contains("record ids")),
        "{:?}",
        answer.coverage
    );
}

#[test]
fn a_service_that_is_installed_from_afar() {
    let Some(folder) = case("psexec-3host") else { return };
    let truth = truth(&folder);
    let from = truth["truth"]["from"].as_str().unwrap().split(' ').next().unwrap().to_owned();
    let to = truth["truth"]["to"].as_str().unwrap();
    let seed = SaidSeed {
        text: "x".to_owned(),
        host: Some(from.clone()),
        process: Some("powershell.exe".to_owned()),
        ..SaidSeed::default()
    };
    let assets = format!("[[asset]]\nid = 'all'\nlocations = [{{ host = '{to}' }}]\n");
    let answer = answered(&folder, &assets, "", vec![seed]);
    assert_eq!(answer.verdicts.first().map(|v| v.verdict), Some(Verdict::Accessed));
    for name in [from.as_str(), to] {
        let host = answer.hosts.iter().find(|host| host.host.eq_ignore_ascii_case(name)).unwrap();
        assert_eq!(host.state, HostWord::Compromised, "{name}");
    }
}
