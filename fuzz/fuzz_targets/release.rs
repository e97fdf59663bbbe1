//! Any bytes as a release. What a stranger who has the owner's key calls valid
//! says what the owner released, whatever was done to it; and a release that a
//! dishonest owner made says nothing that is not in it.
#![no_main]

mod edits;
#[allow(dead_code, reason = "other targets need the rest")]
mod sealed;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use edits::{Bytes, edit};
use libfuzzer_sys::fuzz_target;
use sealed::{Sealed, release, trust, written};
use sekisho_case::Hash;
use sekisho_case::record::{Body, Record, SealKind};
use sekisho_case::statement::{Standing, Statement};
use sekisho_case::verify::{Trust, Verified, verify_release};

/// A release: what it is made of, its bytes, and what is said of it.
struct Right {
    sealed: Sealed,
    bytes: Vec<u8>,
    members: Vec<(String, Vec<u8>)>,
    verified: Verified,
}

static RIGHT: LazyLock<[Right; 2]> = LazyLock::new(|| {
    [SealKind::Fields, SealKind::Whole].map(|kind| {
        let sealed = Sealed::new(kind);
        let bytes = sealed.release();
        let verified = verify_release(&bytes, &trust()).expect("a good question");
        assert!(verified.is_valid(), "{:#?}", verified.statements);
        let members = members(&bytes);
        assert_eq!(zip(&members), bytes);
        Right { sealed, bytes, members, verified }
    })
});

fn proven(verified: &Verified) -> BTreeSet<String> {
    let proven = |statement: &&Statement| statement.standing == Standing::Proven;
    verified.statements.iter().filter(proven).map(Statement::to_string).collect()
}

/// What is called valid says what is right.
fn nothing_else(right: &Right, bytes: &[u8]) {
    let _ = verify_release(bytes, &Trust::default()).expect("a good question");
    let verified = verify_release(bytes, &trust()).expect("a good question");
    if verified.is_valid() {
        assert_eq!(verified.about, right.verified.about);
        assert_eq!(verified.events, right.verified.events);
        assert_eq!(proven(&verified), proven(&right.verified));
    }
}

/// The members of a release that is right, which are stored plainly.
fn members(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut members = Vec::new();
    let mut rest = bytes;
    while rest.starts_with(b"PK\x03\x04") {
        let size = u32::from_le_bytes(*rest[22..].first_chunk().expect("a size")) as usize;
        let name = usize::from(u16::from_le_bytes(*rest[26..].first_chunk().expect("a length")));
        let body = 30 + name;
        let text = String::from_utf8(rest[30..body].to_vec()).expect("a name");
        members.push((text, rest[body..body + size].to_vec()));
        rest = &rest[body + size..];
    }
    members
}

/// An archive of members in the one right way, whatever they are.
fn zip(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let offset = u32::try_from(out.len()).expect("small");
        let size = u32::try_from(bytes.len()).expect("small").to_le_bytes();
        let length = u16::try_from(name.len()).expect("small").to_le_bytes();
        let crc = crc32fast::hash(bytes).to_le_bytes();
        let fixed: [u8; 10] = [10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        let header = [fixed.as_slice(), &crc, &size, &size, &length, &[0; 2]].concat();
        out.extend([b"PK\x03\x04", header.as_slice(), name.as_bytes(), bytes].concat());
        let place = offset.to_le_bytes();
        directory.extend(
            [b"PK\x01\x02\x0a\0", header.as_slice(), &[0; 10], &place, name.as_bytes()].concat(),
        );
    }
    let count = u16::try_from(members.len()).expect("small").to_le_bytes();
    let sizes = [directory.len(), out.len()].map(|n| u32::try_from(n).expect("small"));
    let [length, offset] = sizes.map(u32::to_le_bytes);
    out.extend(directory);
    out.extend(
        [b"PK\x05\x06", [0; 4].as_slice(), &count, &count, &length, &offset, &[0; 2]].concat(),
    );
    out
}

/// Members that were changed, left out, moved, or come twice.
fn forged(right: &Right, edits: &mut Bytes<'_>) {
    let mut members = right.members.clone();
    while let (Some(how), Some(at)) = (edits.byte(), edits.below(members.len())) {
        match how % 6 {
            0 | 1 => edit(&mut members[at].1, edits),
            2 if members.len() > 1 => drop(members.remove(at)),
            3 if members.len() < 64 => members.insert(at, members[at].clone()),
            4 => members[at..].rotate_left(1),
            _ => {
                let mut name = members[at].0.clone().into_bytes();
                edit(&mut name, edits);
                members[at].0 = String::from_utf8_lossy(&name).into_owned();
            }
        }
    }
    nothing_else(right, &zip(&members));
}

/// Records and `release.json` changed by the owner, who signs it all anew.
fn dishonest(right: &Right, edits: &mut Bytes<'_>) {
    let mut entries = right.sealed.entries.clone();
    let mut content = right.sealed.content.to_bytes().expect("JSON");
    let last = entries.len() - 1;
    while let (Some(how), Some(at)) = (edits.byte(), edits.below(last)) {
        match how % 2 {
            0 => edit(&mut content, edits),
            _ => edit(&mut entries[at], edits),
        }
    }
    if entries.iter().any(|entry| entry.len() > sekisho_case::limits::ENTRY_BYTES_MAX) {
        return;
    }
    let Ok(Record { body: Body::Release(mut sealed), .. }) = Record::parse(&entries[last]) else {
        unreachable!("the last record was not changed");
    };
    sealed.content = Hash::of(&content);
    entries[last] = written(Body::Release(sealed));
    let Some(bytes) = release(&content, &entries, &right.sealed.content.entries) else { return };
    let verified = verify_release(&bytes, &trust()).expect("a good question");
    if verified.is_valid() {
        let about = verified.about.expect("of a valid release");
        assert_eq!(
            (about.size, about.events),
            (entries.len() as u64, verified.events.len() as u64)
        );
        assert!(verified.events.is_sorted_by(|a, b| (a.cell, a.index) < (b.cell, b.index)));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut edits = Bytes(bytes);
    let Some(how) = edits.byte() else { return };
    let right = &RIGHT[usize::from(how & 1)];
    if bytes.starts_with(b"PK") {
        // Perhaps a good release, but none of this owner's.
        let _ = verify_release(bytes, &Trust::default()).expect("a good question");
        assert!(!verify_release(bytes, &trust()).expect("a good question").is_valid());
        return;
    }
    match how >> 1 & 3 {
        0 => {
            let mut changed = right.bytes.clone();
            edit(&mut changed, &mut edits);
            nothing_else(right, &changed);
        }
        1 => dishonest(right, &mut edits),
        _ => forged(right, &mut edits),
    }
});
