//! What must hold for any format, on its fixtures: the size of blocks changes
//! nothing, damage never panics, and no record is lost.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_event::formats::FORMATS;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{EventBatch, Format, SourceHints, TIME_UNKNOWN, Untimed, Vocabulary};

/// What was read of a source: of each record its offset, time, host, shape and
/// JSON; problems by offset.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    records: Vec<(u64, i64, String, String, String)>,
    problems: Vec<(u64, String)>,
    untimed: Untimed,
}

fn read(format: &dyn Format, mut bytes: &[u8], size: usize) -> Outcome {
    let hints = SourceHints {
        name: "a.log".to_owned(),
        written_before: Some(1_735_689_600_000_000_000),
        ..SourceHints::default()
    };
    let mut cutter = format.cutter(Arc::new(hints), size);
    let (mut reader, mut vocabulary) = (format.reader(), Vocabulary::default());
    let mut out = Outcome::default();
    while let Some(block) = cutter.next(&mut bytes).unwrap() {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            let rows: usize = parsed.batches.iter().map(EventBatch::rows).sum();
            assert_eq!(rows, parsed.count as usize, "every record is in one batch");
            let none = (0, TIME_UNKNOWN, String::new(), String::new(), String::new());
            let mut records = vec![none; rows];
            for batch in parsed.batches {
                for (row, &record) in batch.records.iter().enumerate() {
                    let mut json = Vec::new();
                    parsed.records.write_json(record, &mut json);
                    let json = String::from_utf8(json).unwrap();
                    serde_json::from_str::<serde_json::Value>(&json).unwrap();
                    assert!(records[record as usize].4.is_empty(), "a record twice");
                    records[record as usize] = (
                        parsed.records.offset(record),
                        batch.times[row],
                        vocabulary.hosts.text(batch.hosts[row]).to_owned(),
                        batch.shape.to_string(),
                        json,
                    );
                }
            }
            out.records.append(&mut records);
            out.problems.extend(parsed.problems.named.iter().map(|p| (p.offset, p.what.clone())));
            out.untimed.add(parsed.untimed);
        });
    }
    out
}

/// All but the one whose fixtures are the public test data.
fn formats() -> impl Iterator<Item = &'static dyn Format> {
    FORMATS.iter().copied().filter(|format| format.name() != "evtx")
}

fn fixtures(format: &dyn Format) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sekisho/tests/fixtures");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.join(format.name())).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        if format.recognises(&bytes, true) {
            found.push((path, bytes));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{} has no fixture that is plain", format.name());
    found
}

#[test]
fn the_size_of_blocks_changes_nothing() {
    for format in formats() {
        for (path, bytes) in fixtures(format) {
            let whole = read(format, &bytes, BLOCK_BYTES);
            assert!(!whole.records.is_empty(), "{}", path.display());
            assert!(whole.records.is_sorted_by_key(|r| r.0), "{}", path.display());
            for size in [1, 2, 7, 64, 100, 257, 1_000, 4_097] {
                assert_eq!(read(format, &bytes, size), whole, "{} {size}", path.display());
            }
        }
    }
}

/// Bytes that mean something to some format.
const ODD: &[u8] = b"\"\\,|=:%<>[]{} \t\n\r\0\xff\xc3;#&x0";

#[test]
fn damage_never_panics_and_does_not_depend_on_blocks() {
    let mut seed: u64 = 11;
    let mut dice = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % below.max(1)
    };
    for format in formats() {
        for (_, bytes) in fixtures(format) {
            for _ in 0..60 {
                let mut bad = bytes.clone();
                bad.truncate(4_000.max(dice(bad.len())));
                for _ in 0..=dice(6) {
                    let at = dice(bad.len());
                    let byte = ODD[dice(ODD.len())];
                    match dice(4) {
                        0 => bad.truncate(at + 1),
                        1 => bad[at] = byte,
                        2 => drop(bad.remove(at)),
                        _ => bad.insert(at, byte),
                    }
                    if bad.is_empty() {
                        bad.push(b'\n');
                    }
                }
                format.recognises(&bad, dice(2) == 0);
                let whole = read(format, &bad, BLOCK_BYTES);
                assert_eq!(read(format, &bad, 1 + dice(300)), whole);
            }
        }
    }
}
