//! The public rule base must load as a whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_sigma::reference::Regex;
use sekisho_sigma::rule::{Detection, Document, Test};
use sekisho_sigma::{ParseOptions, parse};

fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("SEKISHO_TEST_DATA").map_or_else(beside, PathBuf::from)
}

fn rule_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            rule_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            out.push(path);
        }
    }
}

fn regexes_compile(detection: &Detection) {
    match detection {
        Detection::All(parts) | Detection::Any(parts) => parts.iter().for_each(regexes_compile),
        Detection::Item(item) => {
            for test in &item.tests {
                if let Test::Regex(source) = test {
                    assert!(Regex::new(source).is_some(), "{source:?}");
                }
            }
        }
    }
}

#[test]
fn the_public_rule_base_loads_without_a_rejection() {
    let mut files = Vec::new();
    rule_files(&data().join("sigma"), &mut files);
    if files.is_empty() {
        eprintln!("skipped: no test data");
        return;
    }
    files.sort();
    let texts: Vec<(Arc<str>, Vec<u8>)> = files
        .iter()
        .map(|path| (path.to_string_lossy().into(), std::fs::read(path).unwrap()))
        .collect();
    let options = ParseOptions::default();
    let start = std::time::Instant::now();
    let parsed: Vec<_> = texts.iter().map(|(file, text)| parse(file, text, &options)).collect();
    eprintln!("{} files in {:?}", files.len(), start.elapsed());
    let rejected: Vec<_> = parsed.iter().flat_map(|p| &p.rejected).collect();
    for note in parsed.iter().flat_map(|p| &p.notes) {
        eprintln!("{}:{}: {}", note.file, note.line, note.text);
    }
    assert!(rejected.is_empty(), "{rejected:#?}");
    assert!(parsed.iter().map(|p| p.documents.len()).sum::<usize>() >= files.len());
    for document in parsed.iter().flat_map(|p| &p.documents) {
        let Document::Rule(rule) = document else { continue };
        rule.detections.iter().for_each(|(_, detection)| regexes_compile(detection));
    }
}
