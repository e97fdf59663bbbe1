//! A column whose values do not repeat is read page by page, where it is known
//! of what each page is made.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; it reads what it wrote"
)]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use common::{Event, events_of, sorted, store, write_all};
use sekisho_event::{Kind, Projection, Shape, Vocabulary};
use sekisho_store::{GramSet, LateText, OpenSegment};

const NEEDLE: &str = "ist-nicht-dort";
const NEEDLE_AT: usize = 777;
const ROWS: usize = 1_000;

/// Long texts of which no two are the same; every fifth event has none.
fn events() -> Vec<Event> {
    let mut state = 7_u64;
    let mut text = || {
        let mut text = String::new();
        while text.len() < 2_000 {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            write!(text, "{:x} ", state >> 40).unwrap();
        }
        text
    };
    let event = |at: usize| {
        let mut fields = BTreeMap::new();
        if !at.is_multiple_of(5) {
            let needle = if at == NEEDLE_AT { "Ist-Nicht-Dort" } else { "" };
            fields.insert("Text".to_owned(), vec![(Kind::String, text() + needle)]);
        }
        Event {
            shape: Shape::default(),
            time: at as i64,
            host: None,
            record_id: at as u64,
            place: (0, at as u64, 0, 0, at as u64),
            fields,
        }
    };
    (0..ROWS).map(event).collect()
}

fn segment(folder: &Path, events: &[Event]) -> OpenSegment {
    let segments = write_all(store(&[events.to_vec()], folder, 1 << 24), folder);
    OpenSegment::open(&folder.join(&segments[0].name)).unwrap()
}

fn may_hold(text: &str) -> impl FnMut(&GramSet) -> bool {
    move |pieces| pieces.may_hold(text, false, false)
}

/// What a row has, of what was read.
fn value(text: &LateText, row: usize) -> Option<&str> {
    let number = (text.keys[row] as usize).checked_sub(1)?;
    let from = number.checked_sub(1).map_or(0, |before| text.ends[before]);
    Some(&text.text[from..text.ends[number]])
}

fn wanted(event: &Event) -> Option<&str> {
    event.fields.get("Text").map(|values| values[0].1.as_str())
}

#[test]
fn only_the_pages_that_may_hold_a_text_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let events = events();
    let mut segment = segment(folder.path(), &events);
    let mut group = segment.group(0).unwrap().unwrap();
    let all = group.unread_bytes(0);
    group.load_where(0, &mut may_hold("nowhere-at-all")).unwrap();
    assert!(group.text(0).unwrap().ends.is_empty() && group.unread_bytes(0) + 8_192 > all);

    group.load_where(0, &mut may_hold(NEEDLE)).unwrap();
    let text = group.text(0).unwrap();
    assert_eq!(value(text, NEEDLE_AT), wanted(&events[NEEDLE_AT]));
    let (read, numbers) = (text.ends.len(), text.keys.clone());
    assert!((1..ROWS / 4).contains(&read), "{read} values of {ROWS} rows were read");
    for (row, event) in events.iter().enumerate() {
        assert!(value(text, row).is_none() || value(text, row) == wanted(event), "{row}");
    }

    group.load(0).unwrap();
    let text = group.text(0).unwrap();
    assert_eq!(group.unread_bytes(0), 0);
    for (row, event) in events.iter().enumerate() {
        assert_eq!(value(text, row), wanted(event), "{row}");
        assert!(numbers[row] == 0 || numbers[row] == text.keys[row], "{row} has another number");
    }
}

#[test]
fn rows_are_picked_from_pages_that_were_read_and_others() {
    let folder = tempfile::tempdir().unwrap();
    let events = events();
    let mut segment = segment(folder.path(), &events);
    for load in [false, true] {
        let mut group = segment.group(0).unwrap().unwrap();
        group.load_where(0, &mut may_hold(NEEDLE)).unwrap();
        if load {
            group.load(0).unwrap();
        }
        let rows: Vec<u32> = (0..1_000).filter(|row| row % 3 == 0).collect();
        let (mut vocabulary, mut picked) = (Vocabulary::new(Projection::All), Vec::new());
        group.pick(&rows, &mut vocabulary, &mut |s, v| events_of(s, v, &mut picked)).unwrap();
        let expected = events.iter().filter(|event| event.place.1 % 3 == 0).cloned();
        assert_eq!(sorted(picked), expected.collect::<Vec<_>>());
    }
}
