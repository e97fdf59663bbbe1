//! Any bytes as a record of a case, or as a bundle of records that follow one
//! another: what is read and written says the same when it is read again, what
//! a later version adds is passed over, and records are counted however many
//! of them contradict one another.
#![no_main]

mod edits;
#[allow(dead_code, reason = "other targets need the rest")]
mod sealed;

use std::sync::LazyLock;

use edits::{Bytes, edit};
use libfuzzer_sys::fuzz_target;
use sealed::{Sealed, others};
use sekisho_case::record::{Body, Population, Record, SealKind};
use sekisho_case::tile::{parse_entries, push_entry};

/// The records of a case, and one of each type that it has not.
static ENTRIES: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| Sealed::new(SealKind::Fields).entries.into_iter().chain(others()).collect());

fn read(bytes: &[u8]) -> Option<Record> {
    let record = match Record::parse(bytes) {
        Ok(record) => record,
        Err(e) => {
            let said = e.to_string();
            assert!(!said.is_empty() && !said.contains('\n'), "{said:?}");
            return None;
        }
    };
    let written = record.to_bytes().expect("what was read can be written");
    if let Body::Unknown { name, .. } = &record.body {
        assert_eq!((written.as_slice(), record.type_name()), (bytes, name.as_str()));
        return Some(record);
    }
    let again = Record::parse(&written).expect("what was written can be read");
    assert_eq!((&again.body, again.nonce, again.not_understood), (&record.body, record.nonce, 0));
    assert_eq!(again.to_bytes().expect("what was read can be written"), written);
    // It is no longer than another way of saying the same.
    assert!(written.len() <= bytes.len());
    later(&written, &record);
    Some(record)
}

/// A member that this version does not know changes nothing else.
fn later(written: &[u8], record: &Record) {
    let open = written.strip_suffix(b"}").expect("an object");
    let more = [open, b",\"~later\":{\"a\":[1,null]}}"].concat();
    let Ok(more) = Record::parse(&more) else {
        // There was hardly any room left in the entry.
        return assert!(more.len() > sekisho_case::limits::ENTRY_BYTES_MAX);
    };
    assert_eq!((&more.body, more.nonce, more.not_understood), (&record.body, record.nonce, 1));
}

/// Follows records one after the other.
fn follow<'a>(entries: impl Iterator<Item = &'a [u8]>) {
    let mut population = Population::default();
    for (number, entry) in (0..).zip(entries) {
        if let Some(record) = read(entry) {
            population.add(number, &record, entry);
        }
    }
    let accounted = population.end();
    for examined in &accounted.examinations {
        assert!(accounted.cells.get(examined.cells.clone()).is_some(), "cells that are not there");
    }
}

/// Records of the case, some of them changed, left out, or there twice.
fn changed(mut edits: Bytes<'_>) {
    let mut entries = ENTRIES.clone();
    while let (Some(how), Some(at)) = (edits.byte(), edits.below(entries.len())) {
        match how % 4 {
            0 => edit(&mut entries[at], &mut edits),
            1 if entries.len() > 1 => drop(entries.remove(at)),
            2 if entries.len() < 64 => entries.insert(at, entries[at].clone()),
            _ => entries[at..].rotate_left(1),
        }
    }
    follow(entries.iter().map(Vec::as_slice));
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    if let Ok(entries) = parse_entries(bytes) {
        let mut bundle = Vec::new();
        entries.iter().for_each(|entry| push_entry(&mut bundle, entry).expect("as it was read"));
        assert_eq!(bundle, bytes);
        follow(entries.into_iter());
    }
    changed(Bytes(bytes));
});
