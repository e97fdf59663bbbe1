//! The generator alone: what it writes is read whole by the real readers, and is as it says.

use std::collections::BTreeMap;

use super::truth::Fate;
use super::*;

#[test]
fn equal_seeds_give_equal_bytes() {
    let (one, two) = (generate(&Options::of(7)), generate(&Options::of(7)));
    assert_eq!(one.files, two.files);
    assert_eq!(one.beside.truth, two.beside.truth);
    assert_eq!(one.beside.assets_toml, two.beside.assets_toml);
    assert_ne!(one.files, generate(&Options::of(8)).files);
}

#[test]
fn every_record_is_read_with_time_and_host() {
    for seed in 1..9 {
        let rehearsal = generate(&Options::of(seed));
        let read = feed(&rehearsal.files, None);
        assert_eq!(read.problems, Vec::<String>::new(), "seed {seed}");
        let records: u64 = rehearsal.files.iter().map(|f| f.records).sum();
        assert_eq!(read.events, records, "seed {seed}");
        assert_eq!(records, rehearsal.beside.truth.kept);
        assert!(read.extraction.heard.timeless.is_empty(), "seed {seed}");
        let hosts =
            read.extraction.heard.runs.keys().filter(|source| source.host.is_some()).count();
        let windows = rehearsal.files.iter().filter(|f| f.source.starts_with("windows/"));
        let sources: std::collections::BTreeSet<_> = windows.map(|f| &f.source).collect();
        assert_eq!(hosts, sources.len(), "seed {seed}");
    }
}

#[test]
fn all_fates_occur_and_both_kinds_of_evidence() {
    let mut counts: BTreeMap<(Fate, bool), u32> = BTreeMap::new();
    for seed in 1..40 {
        for asset in generate(&Options::of(seed)).beside.truth.assets {
            *counts.entry((asset.fate, asset.determinable)).or_default() += 1;
            assert!(asset.shown <= Some(asset.fate), "{asset:?}");
        }
    }
    for fate in Fate::ALL {
        for known in [false, true] {
            assert!(
                counts.get(&(fate, known)).is_some_and(|n| *n >= 5),
                "{fate:?} {known}: {counts:?}"
            );
        }
    }
}

#[test]
fn no_name_gives_the_intruder_away() {
    for seed in 1..6 {
        for file in generate(&Options::of(seed)).files {
            let text = String::from_utf8(file.bytes).unwrap().to_lowercase();
            for word in ["evil", "attack", "malware", "intruder", "hack", "exfil", "beacon"] {
                assert!(!text.contains(word), "{word} in {}", file.path);
            }
        }
    }
}

#[test]
fn what_is_declared_can_be_parsed() {
    let beside = generate(&Options::of(3)).beside;
    let declared: toml_shape::File = toml_shape::parse(&beside.assets_toml);
    assert_eq!(declared.ids, beside.truth.assets.iter().map(|a| a.id.clone()).collect::<Vec<_>>());
}

/// As much TOML as the declaration uses, so that no library is needed for one test.
mod toml_shape {
    pub(super) struct File {
        pub(super) ids: Vec<String>,
    }

    pub(super) fn parse(text: &str) -> File {
        let ids = text
            .lines()
            .filter_map(|line| line.strip_prefix("id = "))
            .map(|id| id.trim_matches('"').to_owned());
        File { ids: ids.collect() }
    }
}
