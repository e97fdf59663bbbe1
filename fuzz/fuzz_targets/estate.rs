//! Any text as `estate.toml`: what is used of it makes an estate in which each
//! host has one name, which is its own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_exposure::estate::{Declared, Estate};
use sekisho_exposure::extract::Extraction;
use sekisho_exposure::names::Name;

/// 2024-03-15T00:00:00Z, in nanoseconds.
const TIME: i64 = 1_710_460_800_000_000_000;

fuzz_target!(|text: &str| {
    let mut extraction = Extraction::default();
    let (declared, notices) = match Declared::parse(text, &mut extraction.names) {
        Ok(read) => read,
        Err(why) => return assert!(!why.is_empty()),
    };
    let lines = text.matches('\n').count() + 1;
    for host in &declared.hosts {
        assert!(!host.names.is_empty() && (1..=lines).contains(&host.line));
        assert!(host.addresses.iter().all(|held| held.from < held.to));
    }
    assert!(notices.iter().all(|notice| notice.text.starts_with("line ") || notices.len() > 1000));
    let estate = Estate::learn(&declared, &extraction);
    let every = (0..extraction.names.len()).filter_map(|n| u32::try_from(n).ok()).map(Name);
    for name in every {
        let one = estate.canonical_always(name);
        assert_eq!(estate.canonical_always(one), one, "a name of a name");
        for time in [i64::MIN, TIME, i64::MAX] {
            let one = estate.canonical(name, time);
            assert_eq!(estate.canonical(one, time), one, "a name of a name");
        }
        let _ = (estate.inside(name), estate.is_ours(name), estate.host_at(name, TIME));
    }
    for host in &declared.hosts {
        let first = host.names.first().copied().expect("a host has a name");
        assert!(estate.is_ours(first), "a declared host is not of the estate");
    }
});
