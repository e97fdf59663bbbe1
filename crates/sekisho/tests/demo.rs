//! The rehearsal from outside: the same seed gives the same bytes, and what is
//! found is most of what was done.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, reason = "it is a test")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{Ground, run};
use serde_json::Value;

/// All files below a folder, by their paths in it.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn enter(root: &Path, folder: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                enter(root, &path, out);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                out.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    enter(root, root, &mut out);
    out
}

/// Rehearses below `name` in a ground; what was printed and written.
fn demo(ground: &Ground, name: &str, args: &[&str]) -> (String, BTreeMap<String, Vec<u8>>) {
    let out = ground.path(name);
    let ran = run(&[&["demo", "--out", out.to_str().unwrap()], args].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    (ran.stdout.replace(out.to_str().unwrap(), "OUT"), files(&out))
}

/// "34 of 45 steps of the intrusion found".
fn found(stdout: &str) -> (usize, usize) {
    let line = stdout.lines().find(|l| l.contains("steps of the intrusion found")).unwrap();
    let numbers: Vec<usize> = line.split_whitespace().filter_map(|w| w.parse().ok()).collect();
    (numbers[0], numbers[1])
}

#[test]
fn a_seed_gives_the_same_bytes_each_time() {
    let ground = Ground::new();
    // A sealed case has random numbers in it, and a key of its own.
    let (said, one) = demo(&ground, "one", &["--seed", "5", "--threads", "1", "--no-seal"]);
    let (said_again, two) = demo(&ground, "two", &["--seed", "5", "--threads", "3", "--no-seal"]);
    assert_eq!(said, said_again);
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    let names = ground.path("").to_string_lossy().into_owned();
    let plain = |bytes: &[u8], name: &str| {
        String::from_utf8(bytes.to_vec()).unwrap().replace(&format!("{names}{name}"), "OUT")
    };
    for (name, bytes) in &one {
        assert!(plain(bytes, "one") == plain(&two[name], "two"), "{name} differs");
    }
    // Again into the same folder.
    let (_, again) = demo(&ground, "one", &["--seed", "5", "--no-seal"]);
    assert!(one == again);
}

#[test]
fn most_steps_are_found_with_any_seed_and_the_table_names_them_all() {
    let ground = Ground::new();
    let mut logs = Vec::new();
    for seed in ["1", "2", "77"] {
        let (said, files) = demo(&ground, seed, &["--seed", seed]);
        let (hits, steps) = found(&said);
        assert!(hits >= 30, "seed {seed}: {hits} of {steps}");
        let truth: Value = serde_json::from_slice(&files["truth.json"]).unwrap();
        let told = truth["steps"].as_array().unwrap();
        assert_eq!(told.len(), steps);
        assert_eq!(truth["seed"].to_string(), seed);
        for step in told {
            let start: String = step["name"].as_str().unwrap().chars().take(30).collect();
            assert!(said.contains(&start), "seed {seed}: {start}");
        }
        let rows = said.lines().filter(|l| l.contains("  found   ") || l.contains("  MISSED  "));
        assert_eq!(rows.count(), steps, "seed {seed}");
        for result in ["detections.jsonl", "timeline.csv", "run.json", "report.html"] {
            assert!(!files[&format!("results/{result}")].is_empty());
        }
        logs.push(files["logs/zeek/conn.log"].clone());
    }
    assert!(logs[0] != logs[1] && logs[1] != logs[2]);
}

#[test]
fn more_work_hides_no_step() {
    let ground = Ground::new();
    let records = |files: &BTreeMap<String, Vec<u8>>| {
        let run: Value = serde_json::from_slice(&files["results/run.json"]).unwrap();
        run["records"].as_u64().unwrap()
    };
    let (one, few) = demo(&ground, "one", &["--scale", "1"]);
    let (two, many) = demo(&ground, "two", &["--scale", "2"]);
    assert!(records(&many) > records(&few) * 3 / 2);
    assert!(found(&two).0 >= found(&one).0);
    assert_eq!(run(&["demo", "--scale", "0"]).code, Some(2));
}
