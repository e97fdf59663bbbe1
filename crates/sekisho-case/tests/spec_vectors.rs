//! The test vectors of the format: what is said of each case and release, and
//! where; and a good case with a byte changed or a file taken away.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use proptest::prelude::*;
use sekisho_case::checkpoint::SignedCheckpoint;
use sekisho_case::policy::Policy;
use sekisho_case::statement::Standing;
use sekisho_case::verify::{Trust, UsageError, Verified, verify_case, verify_release};
use tempfile::TempDir;

/// At least so many there are.
const VECTORS_MIN: usize = 290;

/// A case or release, and what must be said of it.
struct Vector {
    header: BTreeMap<String, Vec<String>>,
    files: BTreeMap<String, Vec<u8>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors")
}

impl Vector {
    /// Reads a vector, as the README of the vectors says.
    fn read(name: &str) -> Self {
        let text = fs::read_to_string(folder().join(format!("{name}.vector"))).unwrap();
        let (head, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut header: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in head.lines() {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{name}: {line}"));
            header.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        let mut files = BTreeMap::new();
        for file in rest.split("\n\n").filter(|file| !file.is_empty()) {
            let (first, body) = file.split_once('\n').unwrap_or((file, ""));
            let packed = STANDARD.decode(body.replace('\n', "")).unwrap();
            let mut bytes = Vec::new();
            ZlibDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
            files.insert(first.strip_prefix("file: ").unwrap().to_owned(), bytes);
        }
        Self { header, files }
    }

    fn values(&self, name: &str) -> &[String] {
        self.header.get(name).map_or(&[], Vec::as_slice)
    }

    fn trust(&self) -> Trust {
        let bytes =
            |name: &str| self.values(name).first().map(|value| STANDARD.decode(value).unwrap());
        let policy = bytes("policy").map(|bytes| String::from_utf8(bytes).unwrap());
        Trust {
            keys: self.values("key").iter().map(|key| key.parse().unwrap()).collect(),
            policy: policy.map(|text| Policy::parse(&text).unwrap()),
            seen: bytes("seen").map(|bytes| SignedCheckpoint::parse(&bytes).unwrap()),
        }
    }

    /// Puts the files into a new folder.
    fn put(&self) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, bytes) in &self.files {
            write(folder.path(), name, bytes);
        }
        folder
    }

    fn verify(&self) -> Verified {
        match self.values("of")[0].as_str() {
            "case" => case(self.put().path(), &self.trust()),
            _ => verify_release(&self.files["release.zip"], &self.trust()).unwrap(),
        }
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn case(folder: &Path, trust: &Trust) -> Verified {
    verify_case(folder, trust, &mut |_| ()).unwrap()
}

fn told(verified: &Verified) -> String {
    verified.statements.iter().map(|statement| format!("  {statement}\n")).collect()
}

fn places(verified: &Verified, standing: Standing) -> BTreeSet<String> {
    let of = verified.statements.iter().filter(|statement| statement.standing == standing);
    of.map(|statement| statement.place.to_string()).collect()
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let vectors = files.filter(|path| path.extension().is_some_and(|e| e == "vector"));
    let mut names: Vec<_> =
        vectors.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_vector_is_decided_as_it_states_and_at_the_places_it_states() {
    let names = names();
    assert!(names.len() >= VECTORS_MIN, "{} vectors", names.len());
    let mut wrong = String::new();
    for name in &names {
        let vector = Vector::read(name);
        assert_eq!(vector.values("name"), std::slice::from_ref(name));
        let verified = vector.verify();
        let expected = vector.values("expect")[0] == "valid";
        let mut fits = verified.is_valid() == expected;
        for (header, standing) in [
            ("broken", Standing::Broken),
            ("missing", Standing::Missing),
            ("claimed", Standing::Claimed),
        ] {
            let found = places(&verified, standing);
            let stated: BTreeSet<String> = vector.values(header).iter().cloned().collect();
            fits &= stated.is_subset(&found);
            // Of what is broken and missing no more is stated anywhere, and no
            // more is said.
            fits &= standing == Standing::Claimed || stated == found;
        }
        if !fits {
            let header = &vector.header;
            let stated = ["expect", "broken", "missing", "claimed"].map(|n| (n, header.get(n)));
            wrong += &format!("{name}: {stated:?}\n{}", told(&verified));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn of_a_good_case_it_is_said_what_it_is() {
    let vector = Vector::read("good-case");
    let folder = vector.put();
    let mut last = None;
    let verified = verify_case(folder.path(), &vector.trust(), &mut |progress| {
        assert!(progress.done <= progress.total);
        last = Some(progress);
    });
    let verified = verified.unwrap();
    let about = verified.about.clone().unwrap();
    assert_eq!(about.size, 13);
    assert_eq!((about.examinations.len(), about.releases.len()), (1, 1));
    assert_eq!(about.cells, 5);
    assert_eq!(about.events, about.examinations[0].1.cells.events);
    assert_eq!(about.owner.name(), about.origin.split_once("/case/").unwrap().0);
    assert!(last.is_some_and(|progress| progress.done == progress.total));
    let summed =
        verified.statements.iter().find(|statement| statement.text.starts_with("5 cells: "));
    assert_eq!(summed.map(|s| s.standing), Some(Standing::Proven), "{}", told(&verified));
}

#[test]
fn of_a_good_release_its_events_are_given() {
    let verified = Vector::read("good-release").verify();
    let about = verified.about.as_ref().unwrap();
    assert_eq!(about.events, verified.events.len() as u64);
    assert!(!verified.events.is_empty());
    for event in &verified.events {
        assert!(event.withheld.is_none() || !event.fields.is_empty() || event.withheld > Some(0));
    }
}

/// A good case, changed in some way and then put back.
struct Changed {
    vector: Vector,
    trust: Trust,
    folder: TempDir,
}

impl Changed {
    fn new() -> Self {
        let vector = Vector::read("good-case");
        let (trust, folder) = (vector.trust(), vector.put());
        assert!(case(folder.path(), &trust).is_valid());
        Self { vector, trust, folder }
    }

    fn valid_with(&self, name: &str, bytes: &[u8]) -> bool {
        write(self.folder.path(), name, bytes);
        let valid = case(self.folder.path(), &self.trust).is_valid();
        write(self.folder.path(), name, &self.vector.files[name]);
        valid
    }
}

#[test]
fn without_any_one_of_its_files_only_the_release_is_not_needed() {
    let changed = Changed::new();
    for name in changed.vector.files.keys() {
        let path = changed.folder.path().join(name);
        fs::remove_file(&path).unwrap();
        let verified = case(changed.folder.path(), &changed.trust);
        assert_eq!(verified.is_valid(), name.starts_with("releases/"), "{name}");
        write(changed.folder.path(), name, &changed.vector.files[name]);
    }
}

#[test]
fn a_case_with_a_byte_changed_in_any_file_is_not_valid() {
    let changed = Changed::new();
    for (name, bytes) in &changed.vector.files {
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 16) {
            let mut other = bytes.clone();
            other[at] ^= 1 << (at % 8);
            assert!(!changed.valid_with(name, &other), "{name}, byte {at}");
        }
    }
}

#[test]
fn a_release_cut_anywhere_is_not_valid() {
    let vector = Vector::read("good-release");
    let (bytes, trust) = (&vector.files["release.zip"], vector.trust());
    assert!(verify_release(bytes, &trust).unwrap().is_valid());
    for end in (0..bytes.len()).step_by(7) {
        assert!(!verify_release(&bytes[..end], &trust).unwrap().is_valid(), "{end} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_done_to_a_file_the_case_is_not_valid(
        file: prop::sample::Index,
        at: prop::sample::Index,
        bits in 1u8..,
        cut: bool,
    ) {
        let changed = Changed::new();
        let (name, bytes) = changed.vector.files.iter().nth(file.index(changed.vector.files.len())).unwrap();
        let mut other = bytes.clone();
        let at = at.index(bytes.len());
        if cut {
            other.truncate(at);
        } else {
            other[at] ^= bits;
        }
        prop_assert!(!changed.valid_with(name, &other), "{}, byte {}", name, at);
    }

    #[test]
    fn a_release_with_a_byte_changed_is_not_valid(at: prop::sample::Index, bits in 1u8..) {
        let vector = Vector::read("good-release");
        let mut bytes = vector.files["release.zip"].clone();
        let at = at.index(bytes.len());
        bytes[at] ^= bits;
        prop_assert!(!verify_release(&bytes, &vector.trust()).unwrap().is_valid(), "byte {}", at);
    }
}

#[test]
fn a_fork_is_seen_whoever_kept_it() {
    let vector = Vector::read("log-forked");
    let seen = STANDARD.decode(&vector.values("seen")[0]).unwrap();
    let folder = vector.put();
    let keys = Trust { seen: None, ..vector.trust() };
    assert!(case(folder.path(), &keys).is_valid());
    let verified = case(folder.path(), &vector.trust());
    assert_eq!(places(&verified, Standing::Broken), ["checkpoint".to_owned()].into());
    // The same checkpoint, put into the case by somebody: in any file below
    // `forks`, with no key given.
    for name in ["forks/a", "forks/2026/b.offered"] {
        write(folder.path(), name, &seen);
        let verified = case(folder.path(), &Trust::default());
        assert_eq!(places(&verified, Standing::Broken), [format!("file {name}")].into());
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    // One that is of this very history proves nothing, and breaks nothing.
    write(folder.path(), "forks/c", &vector.files["checkpoint"]);
    assert!(case(folder.path(), &keys).is_valid());
}

#[test]
fn a_wrong_question_is_an_error_and_no_verdict() {
    let vector = Vector::read("log-forked");
    let folder = vector.put();
    let nowhere = folder.path().join("nowhere");
    let asked = verify_case(&nowhere, &vector.trust(), &mut |_| ());
    assert!(matches!(asked, Err(UsageError::Folder { .. })));
    let other = Vector::read("other-key-given");
    let trust = Trust { keys: other.trust().keys, ..vector.trust() };
    let asked = verify_case(folder.path(), &trust, &mut |_| ());
    assert!(matches!(asked, Err(UsageError::Seen)));
}

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    let changed = Changed::new();
    let elsewhere = TempDir::new().unwrap();
    for name in changed.vector.files.keys().filter(|name| !name.starts_with("releases/")) {
        let (path, other) = (changed.folder.path().join(name), elsewhere.path().join("file"));
        fs::rename(&path, &other).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(!case(changed.folder.path(), &changed.trust).is_valid(), "{name}");
        fs::remove_file(&path).unwrap();
        fs::rename(&other, &path).unwrap();
    }
    let (real, moved) = (changed.folder.path().join("store"), elsewhere.path().join("store"));
    fs::rename(&real, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &real).unwrap();
    assert!(!case(changed.folder.path(), &changed.trust).is_valid());
}
