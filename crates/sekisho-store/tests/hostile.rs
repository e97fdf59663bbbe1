//! Damaged and hostile segments are refused in words, or read as far as they
//! make sense; nothing panics and nothing grows beyond its limits.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; it reads what it wrote"
)]

mod common;

use std::fs;
use std::path::Path;

use common::{plain_events, store, write_all};
use proptest::prelude::*;
use sekisho_event::{Projection, Vocabulary};
use sekisho_store::{Catalogue, Error, OpenSegment, Store};

/// Reads all of a segment; how many rows.
fn read(path: &Path) -> Result<u64, Error> {
    let mut vocabulary = Vocabulary::new(Projection::All);
    let mut rows = 0;
    OpenSegment::open(path)?.scan(&mut vocabulary, &mut |stored, _| {
        rows += stored.batch.rows() as u64;
        for row in 0..stored.batch.rows() {
            assert!(stored.row(row).is_some());
        }
    })?;
    Ok(rows)
}

/// Reads all columns of a segment late, and some of its rows.
fn read_late(path: &Path) -> Result<(), Error> {
    let mut open = OpenSegment::open(path)?;
    for number in 0..open.groups() {
        let Some(mut group) = open.group(number)? else { continue };
        let rows: Vec<u32> = (0..).take(group.rows()).step_by(7).collect();
        for column in (0..group.columns().len()).step_by(2) {
            group.load(column)?;
            group.load_keys(column)?;
            if let Some(grams) = group.grams(column) {
                let _ = grams.may_hold("something", true, false);
            }
        }
        group.rest(&|_| true)?;
        let mut vocabulary = Vocabulary::new(Projection::All);
        group.pick(&rows, &mut vocabulary, &mut |stored, _| {
            assert!((0..stored.batch.rows()).all(|row| stored.row(row).is_some()));
        })?;
    }
    Ok(())
}

fn segment(folder: &Path) -> Vec<u8> {
    let segments = write_all(store(&plain_events(300), folder, 1 << 20), folder);
    fs::read(folder.join(&segments[0].name)).unwrap()
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = segment(folder.path());
    let path = folder.path().join("cut");
    for len in (0..whole.len()).step_by(37) {
        fs::write(&path, &whole[..len]).unwrap();
        let e = read(&path).expect_err("cut off").to_string();
        assert!(e.contains("cut") && e.contains("expected"), "{e}");
    }
    fs::write(&path, &whole).unwrap();
    assert!(read(&path).unwrap() > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn changed_bytes_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        at_end in any::<bool>(),
    ) {
        static WHOLE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let whole = WHOLE.get_or_init(|| segment(tempfile::tempdir().unwrap().path()));
        let mut bytes = whole.clone();
        // The footer is where sizes and places are.
        let from = if at_end { bytes.len() * 3 / 4 } else { 0 };
        let len = bytes.len() - from;
        for (place, byte) in &changes {
            bytes[from + place.index(len)] = *byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("changed");
        fs::write(&path, &bytes).unwrap();
        if let Err(e) = read(&path) {
            prop_assert!(e.to_string().contains("changed"), "{}", e);
        }
        if let Err(e) = read_late(&path) {
            prop_assert!(e.to_string().contains("changed"), "{}", e);
        }
    }
}

#[test]
fn a_catalogue_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let segments = write_all(store(&plain_events(30), folder.path(), 1 << 20), folder.path());
    let path = folder.path().join("catalogue.json");
    let good = fs::read_to_string(&path).unwrap();
    assert_eq!(Catalogue::read(folder.path()).unwrap(), Catalogue::new(segments.clone()));
    let name = segments[0].name.as_str();
    let rows = format!("\"rows\": {}", segments[0].rows);
    let wrong = [
        (name, "../elsewhere.parquet"),
        (name, "x/y.parquet"),
        (name, ".parquet"),
        ("\"version\": 1", "\"version\": 2"),
        ("\"kind\": \"string\"", "\"kind\": \"text\""),
        (rows.as_str(), "\"rows\": 31"),
        ("\"sha256\": \"", "\"sha256\": \"X"),
        ("\"bytes\"", "\"byte\""),
    ];
    for (from, to) in wrong {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        fs::write(&path, bad).unwrap();
        let e = Catalogue::read(folder.path()).expect_err(to).to_string();
        assert!(e.contains("catalogue.json") && e.contains("expected"), "{e}");
    }
    fs::write(&path, &good).unwrap();
    let store = Store::open(folder.path()).unwrap();
    fs::remove_file(folder.path().join(name)).unwrap();
    let gone = store.segment(&segments[0]).expect_err("gone").to_string();
    assert!(gone.contains(name), "{gone}");
}

#[test]
fn a_file_that_is_there_already_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let mut pending = store(&plain_events(30), folder.path(), 1 << 20);
    fs::write(folder.path().join(pending[0].name()), "evidence").unwrap();
    let e = pending.remove(0).write().expect_err("there already").to_string();
    assert!(e.contains(".parquet"), "{e}");
}

#[test]
fn many_small_shapes_share_few_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = plain_events(3_000);
    for (number, event) in (0_u32..).zip(events.iter_mut().flatten()) {
        event.shape.event_id = Some(number);
    }
    let segments = write_all(store(&events, folder.path(), 1 << 20), folder.path());
    assert!(segments.len() < 20, "{} segments", segments.len());
    let rows: u64 = segments.iter().map(|segment| segment.rows).sum();
    assert_eq!(rows, 3_000);
}
