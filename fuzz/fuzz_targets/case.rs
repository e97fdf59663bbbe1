//! A folder with a case, changed as the bytes say, or with the records that
//! they are, signed by a dishonest owner. What a stranger who has the owner's
//! key calls valid says what the owner sealed, whatever was done to the files;
//! the reader of logs agrees.
#![no_main]

mod edits;
#[allow(dead_code, reason = "other targets need the rest")]
mod sealed;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use edits::{Bytes, edit};
use libfuzzer_sys::fuzz_target;
use sealed::{Files, ORIGIN, Sealed, log_files, owner, trust};
use sekisho_case::limits::ENTRY_BYTES_MAX;
use sekisho_case::log::Log;
use sekisho_case::record::SealKind;
use sekisho_case::statement::{Standing, Statement};
use sekisho_case::tile::parse_entries;
use sekisho_case::verify::{Trust, Verified, verify_case};

/// Most entries of a log that is tried: those of a tile.
const ENTRIES_MAX: usize = 256;

/// In memory where the system has such a folder: it is written for each input.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Some(PathBuf::from("/dev/shm")).filter(|memory| memory.is_dir());
    let below = memory.unwrap_or_else(std::env::temp_dir);
    below.join(format!("fuzz-case-{}", std::process::id()))
});

/// A case: its records, its files, and what is said of it.
struct Right {
    sealed: Sealed,
    files: Files,
    verified: Verified,
}

static RIGHT: LazyLock<Right> = LazyLock::new(|| {
    let sealed = Sealed::new(SealKind::Fields);
    let files = sealed.all_files();
    put(&files);
    let verified = verified(&trust());
    assert!(verified.is_valid(), "{:#?}", verified.statements);
    Right { sealed, files, verified }
});

/// Puts files, and no others, into the folder.
fn put(files: &Files) {
    let _ = fs::remove_dir_all(&*FOLDER);
    for (name, bytes) in files {
        let path = FOLDER.join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder can be made");
        fs::write(path, bytes).expect("a file can be written");
    }
}

fn verified(trust: &Trust) -> Verified {
    verify_case(&FOLDER, trust, &mut |_| ()).expect("there is a folder")
}

/// What is proven, but for a file that may be missing.
fn proven(verified: &Verified) -> BTreeSet<String> {
    let proven = |statement: &&Statement| statement.standing == Standing::Proven;
    let all = verified.statements.iter().filter(proven).map(Statement::to_string);
    all.filter(|text| !text.contains("releases/")).collect()
}

/// The log by its own reader: what verifies has no damage there either.
fn read_log(is_valid: bool) {
    let key = owner().with_name(ORIGIN).expect("a name").verifying_key();
    let Ok(log) = Log::open(&FOLDER) else { return assert!(!is_valid) };
    let signed = log.verify(&key).is_ok();
    let sound = log.check_all().is_ok_and(|check| check.is_sound());
    assert!(!is_valid || (signed && sound), "the verifier passed over damage");
    for index in 0..log.size().min(8) {
        let read = log.entry(index);
        if signed && sound {
            assert!(read.is_ok());
        } else if let (true, Ok(entry)) = (signed, read) {
            // Each entry is checked against the root that is signed.
            assert!(RIGHT.sealed.entries.get(usize::try_from(index).expect("few")) == Some(&entry));
        }
    }
}

/// Files changed, left out, or in another's place.
fn forged(mut edits: Bytes<'_>) {
    let right = &*RIGHT;
    let mut files = right.files.clone();
    let names: Vec<&String> = right.files.keys().collect();
    while let (Some(how), Some(at)) = (edits.byte(), edits.below(names.len())) {
        let name = names[at];
        match how % 5 {
            0..=2 => edit(files.entry(name.clone()).or_default(), &mut edits),
            3 => drop(files.remove(name)),
            _ => {
                let Some(other) = edits.below(names.len()) else { break };
                let bytes = files.get(names[other]).cloned().unwrap_or_default();
                files.insert(name.clone(), bytes);
            }
        }
    }
    put(&files);
    if files.is_empty() {
        return;
    }
    let _ = verified(&Trust::default());
    let found = verified(&trust());
    if found.is_valid() {
        assert_eq!(found.about, right.verified.about);
        assert_eq!(proven(&found), proven(&right.verified));
    }
    read_log(found.is_valid());
}

/// A log of any records, with the files of the case beside it.
fn dishonest(entries: &[Vec<u8>]) {
    let mut files = RIGHT.files.clone();
    files.retain(|name, _| name != "checkpoint" && !name.starts_with("tile/"));
    files.extend(log_files(entries));
    put(&files);
    let found = verified(&trust());
    if found.is_valid() {
        let about = found.about.as_ref().expect("of a valid case");
        assert_eq!(about.size, entries.len() as u64);
        let log = Log::open(&FOLDER).expect("a valid log");
        assert!(log.check_all().expect("a folder that can be read").is_sound());
    }
    assert_eq!(verified(&trust()), found);
}

/// The records of the case, changed.
fn rewritten(mut edits: Bytes<'_>) -> Vec<Vec<u8>> {
    let mut entries = RIGHT.sealed.entries.clone();
    while let (Some(how), Some(at)) = (edits.byte(), edits.below(entries.len())) {
        match how % 6 {
            0..=2 => edit(&mut entries[at], &mut edits),
            3 if entries.len() > 1 => drop(entries.remove(at)),
            4 if entries.len() < 64 => entries.insert(at, entries[at].clone()),
            _ => entries[at..].rotate_left(1),
        }
    }
    entries.retain(|entry| entry.len() <= ENTRY_BYTES_MAX);
    entries
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entries) = parse_entries(bytes) {
        let entries: Vec<Vec<u8>> = entries.into_iter().map(<[u8]>::to_vec).collect();
        return dishonest(&entries[..entries.len().min(ENTRIES_MAX)]);
    }
    let mut edits = Bytes(bytes);
    match edits.byte().unwrap_or(0) & 1 {
        0 => forged(edits),
        _ => dishonest(&rewritten(edits)),
    }
});
