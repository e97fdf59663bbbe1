//! Our use of age against the vectors of the community (C2SP CCTV), and
//! against files of our own that were damaged.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "it is a test")]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use age::x25519;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::keys::passphrase::generate;

/// Largest content of a vector, in bytes.
const VECTOR_BYTES_MAX: usize = 64 << 20;

/// A vector, and what its head says of it.
struct Vector {
    name: String,
    expect: String,
    payload: Option<String>,
    passphrases: Vec<String>,
    identities: Vec<x25519::Identity>,
    /// Whether it needs an identity of a kind that is not read here.
    outside: bool,
    armored: bool,
    file: Vec<u8>,
}

fn vectors() -> Option<Vec<Vector>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("SEKISHO_TEST_DATA").map_or_else(beside, PathBuf::from);
    let Ok(entries) = fs::read_dir(root.join("vectors/age/testdata")) else {
        eprintln!("skipped: no test data");
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    Some(paths.iter().map(|path| vector(path)).collect())
}

fn vector(path: &Path) -> Vector {
    let bytes = fs::read(path).unwrap();
    let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
    let head = std::str::from_utf8(bytes.get(..end).unwrap()).unwrap();
    let mut vector = Vector {
        name: path.file_name().unwrap().to_str().unwrap().to_owned(),
        expect: String::new(),
        payload: None,
        passphrases: Vec::new(),
        identities: Vec::new(),
        outside: false,
        armored: false,
        file: bytes.get(end + 2..).unwrap().to_vec(),
    };
    for line in head.lines() {
        let (key, value) = line.split_once(": ").unwrap();
        match key {
            "expect" => value.clone_into(&mut vector.expect),
            "payload" => vector.payload = Some(value.to_owned()),
            "passphrase" => vector.passphrases.push(value.to_owned()),
            "identity" => match value.parse() {
                Ok(identity) => vector.identities.push(identity),
                Err(_) => vector.outside = true,
            },
            "armored" => vector.armored = value == "yes",
            "compressed" => {
                let mut plain = Vec::new();
                let packed = std::mem::take(&mut vector.file);
                flate2::read::ZlibDecoder::new(packed.as_slice()).read_to_end(&mut plain).unwrap();
                vector.file = plain;
            }
            "file key" | "comment" => {}
            other => panic!("{}: unknown key {other}", vector.name),
        }
    }
    vector
}

/// As key files are opened; for vectors that are about something else than passphrases, the same
/// with their X25519 identity.
fn open_vector(vector: &Vector) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let mut last = Err(NotOpened::NoMatch);
    for passphrase in &vector.passphrases {
        last = open(&vector.file, &Passphrase::for_test(passphrase), VECTOR_BYTES_MAX);
        if last != Err(NotOpened::NoMatch) {
            return last;
        }
    }
    for identity in &vector.identities {
        last = open_as(&vector.file, identity, VECTOR_BYTES_MAX);
        if last != Err(NotOpened::NoMatch) {
            return last;
        }
    }
    // The header of a file that no identity comes with can still be wrong.
    if vector.passphrases.is_empty() && vector.identities.is_empty() {
        last = open(&vector.file, &Passphrase::for_test("none"), VECTOR_BYTES_MAX);
    }
    last
}

/// What is wrong with how a vector was decided.
fn check(vector: &Vector) -> Option<String> {
    let name = &vector.name;
    let opened = open_vector(vector);
    let found = match &opened {
        Ok(_) => "success",
        // Text that does not begin as armor is taken for an age file without armor.
        Err(NotOpened::Armor) => "armor failure",
        Err(NotOpened::Header) if vector.expect == "armor failure" && vector.armored => {
            "armor failure"
        }
        Err(NotOpened::Header | NotOpened::Work(_)) => "header failure",
        Err(NotOpened::NoMatch) => "no match",
        Err(NotOpened::Mac) => "HMAC failure",
        Err(NotOpened::Payload) => "payload failure",
        Err(NotOpened::TooLong) => panic!("{name}: too long"),
    };
    if found != vector.expect {
        return Some(format!("{name}: {found}, expected {}", vector.expect));
    }
    if let Ok(content) = opened {
        let hash: [u8; 32] = Sha256::digest(&*content).into();
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Some(hash), vector.payload, "{name}");
    }
    None
}

/// Vectors about recipients other than a passphrase, which no key file has.
fn is_outside(vector: &Vector) -> bool {
    let about = ["x25519", "hybrid", "armor_x25519", "armor_hybrid"];
    vector.outside || about.iter().any(|kind| vector.name.starts_with(kind))
}

#[test]
fn age_vectors_are_decided_as_they_state() {
    let Some(vectors) = vectors() else { return };
    let (outside, covered): (Vec<&Vector>, Vec<&Vector>) =
        vectors.iter().partition(|v| is_outside(v));
    let wrong: Vec<String> = covered.iter().filter_map(|vector| check(vector)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let about = |part: &str| covered.iter().filter(|v| v.name.starts_with(part)).count();
    let counts = ["scrypt", "armor", "stream", "stanza", "hmac", "header"].map(about);
    assert_eq!(counts, [25, 31, 28, 14, 8, 1], "of {}", covered.len());
    let outside: Vec<&str> = outside.iter().map(|v| v.name.as_str()).collect();
    eprintln!("outside of our use of age: {}", outside.join(", "));
    assert_eq!(covered.len() + outside.len(), vectors.len());
}

/// A passphrase of our own making, and a file under it.
fn sealed() -> (Passphrase, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = generate(&folder.path().join("passphrase")).unwrap();
    let bytes = seal(b"content", &passphrase).unwrap();
    (passphrase, bytes)
}

#[test]
fn what_was_sealed_opens_with_its_passphrase_alone() {
    let (passphrase, bytes) = sealed();
    assert_eq!(open(&bytes, &passphrase, 7).unwrap().as_slice(), b"content");
    assert_eq!(open(&bytes, &passphrase, 6), Err(NotOpened::TooLong));
    assert_eq!(open(&bytes, &Passphrase::for_test("x"), 7), Err(NotOpened::NoMatch));
    let again = seal(b"content", &passphrase).unwrap();
    assert_ne!(again, bytes, "nothing random in it");
}

#[test]
fn a_file_that_is_cut_or_changed_anywhere_does_not_open_as_something_else() {
    let (passphrase, bytes) = sealed();
    let trimmed = bytes.trim_ascii_end().len();
    for end in 0..bytes.len() {
        let opened = open(bytes.get(..end).unwrap(), &passphrase, 7);
        // The line break at the end is no part of the armor.
        assert_eq!(opened.is_ok(), end >= trimmed, "cut at {end}");
    }
    for at in 0..trimmed {
        let mut changed = bytes.clone();
        *changed.get_mut(at).unwrap() ^= 1;
        assert!(open(&changed, &passphrase, 7).is_err(), "changed at {at}");
    }
}

#[test]
fn work_beyond_the_limit_is_refused_at_once() {
    let (passphrase, bytes) = sealed();
    // The work stands in clear in the head; without armor it is easily changed.
    let mut plain = Vec::new();
    ArmoredReader::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
    let text = String::from_utf8_lossy(&plain).into_owned();
    let line = text.lines().find(|line| line.starts_with("-> scrypt ")).unwrap();
    let heavy = line.replace(" 10", " 21");
    let at = plain.windows(line.len()).position(|part| part == line.as_bytes()).unwrap();
    plain.splice(at..at + line.len(), heavy.bytes());
    assert_eq!(open(&plain, &passphrase, 7), Err(NotOpened::Work(21)));
}
