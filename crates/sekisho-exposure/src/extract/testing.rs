//! For tests of extractors: events from fields and values, and activities as
//! text with their names.

use sekisho_event::{BatchBuilder, Kind, Projection, RowHead, Shape, ValueId, Vocabulary};

use super::{Class, Extraction, Leaf};
use crate::activity::Activity;

/// The time of events whose row has no `@time`: 2024-01-01T00:00:00Z.
pub(crate) const TIME: i64 = 1_704_067_200_000_000_000;

/// A shape; an event id of 0 is none.
pub(crate) fn shape(product: &str, channel: &str, event_id: u32) -> Shape {
    let event_id = (event_id != 0).then_some(event_id);
    Shape { product: product.into(), channel: channel.into(), event_id }
}

/// What [`EXTRACTORS`](super::EXTRACTORS) read out of events of one shape. A
/// row is fields with values; a field that comes twice has two values. Of the
/// record itself say `@host`, `@time` (nanoseconds since 1970; else one second
/// after [`TIME`] a row) and `@id`.
pub(crate) fn events(shape: &Shape, rows: &[&[(&str, &str)]]) -> Extraction {
    let mut extraction = Extraction::default();
    add(&mut extraction, shape, rows);
    extraction
}

/// The same, to an extraction that has something already.
pub(crate) fn add(extraction: &mut Extraction, shape: &Shape, rows: &[&[(&str, &str)]]) {
    let mut vocabulary = Vocabulary::new(Projection::All);
    let mut builder = BatchBuilder::default();
    let id = builder.shape(shape);
    let cell = u32::try_from(extraction.evidence.records().len()).unwrap();
    for (number, row) in rows.iter().enumerate() {
        let own = |name: &str| row.iter().find(|(field, _)| *field == name).map(|(_, v)| *v);
        let host = own("@host")
            .map_or(ValueId::ABSENT, |host| vocabulary.hosts.intern_str(Kind::String, host));
        let number = u32::try_from(number).unwrap();
        let time = TIME + i64::from(number) * 1_000_000_000;
        let head = RowHead {
            time: own("@time").map_or(time, |text| text.parse().unwrap()),
            host,
            record_id: own("@id").map_or(u64::from(number) + 1, |text| text.parse().unwrap()),
            record: number,
        };
        let mut cells = Vec::new();
        for (field, value) in row.iter().filter(|(field, _)| !field.starts_with('@')) {
            let field = vocabulary.field(field).unwrap();
            let values = vocabulary.dictionary_mut(field).unwrap();
            cells.push((field, values.intern_str(Kind::String, value)));
        }
        builder.push(id, head, &cells);
    }
    for (number, batch) in builder.finish().iter().enumerate() {
        let cell = cell + u32::try_from(number).unwrap();
        let leaf = |row: usize| Some(Leaf { cell, index: row as u64 });
        extraction.batch(batch, &vocabulary, &leaf);
    }
}

/// An activity as text: its `Debug`, with the names in place of their numbers
/// (as the first record wrote them) and without what it does not say.
pub(crate) fn shown(extraction: &Extraction, activity: &Activity) -> String {
    let debug = format!("{:?} {:?} {:?}", activity.place, activity.actor, activity.what);
    let mut out = String::new();
    let mut rest = debug.as_str();
    while let Some((before, after)) = rest.split_once("Name(") {
        let (number, after) = after.split_once(')').unwrap();
        out.push_str(before);
        let name = crate::names::Name(number.parse().unwrap());
        out.push_str(extraction.names.shown(name));
        rest = after;
    }
    out.push_str(rest);
    without_nothing(&out)
}

/// Without `field: None` and without `Some(…)` around what is there.
fn without_nothing(debug: &str) -> String {
    let mut out = String::new();
    let mut wrapped = vec![false];
    let mut rest = debug;
    while let Some(letter) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("Some(") {
            wrapped.push(true);
            rest = after;
            continue;
        }
        rest = &rest[letter.len_utf8()..];
        match letter {
            '(' => wrapped.push(false),
            ')' if wrapped.len() > 1 && wrapped.pop() == Some(true) => continue,
            _ => {}
        }
        out.push(letter);
    }
    let mut kept = String::new();
    let mut rest = out.as_str();
    while let Some((before, after)) = rest.split_once(": None") {
        let field = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let start = before.rfind(field).map_or(0, |at| at + 1);
        kept.push_str(&before[..start]);
        rest = match after.strip_prefix(", ") {
            Some(after) => after,
            None => {
                kept.truncate(kept.trim_end_matches([',', ' ']).len());
                after
            }
        };
    }
    kept.push_str(rest);
    kept
}

/// All activities as text.
pub(crate) fn all_shown(extraction: &Extraction) -> Vec<String> {
    extraction.activities.iter().map(|a| shown(extraction, a)).collect()
}

/// Fails unless some activity's text has all of the parts.
#[track_caller]
pub(crate) fn has(extraction: &Extraction, parts: &[&str]) {
    let all = all_shown(extraction);
    let found = all.iter().any(|text| parts.iter().all(|part| text.contains(part)));
    assert!(found, "no activity has all of {parts:#?} in\n{}", all.join("\n"));
}

/// Fails if some activity's text has all of the parts.
#[track_caller]
pub(crate) fn has_not(extraction: &Extraction, parts: &[&str]) {
    let all = all_shown(extraction);
    let found = all.iter().find(|text| parts.iter().all(|part| text.contains(part)));
    assert!(found.is_none(), "{parts:?} is in {found:?}");
}

/// The classes of which something was heard, in order.
pub(crate) fn classes(extraction: &Extraction) -> Vec<Class> {
    let mut classes: Vec<Class> = extraction.heard.hours.keys().map(|(_, class)| *class).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

#[test]
fn events_come_as_they_are_given() {
    let row: &[_] = &[("@host", "FS01"), ("@id", "7"), ("EventID", "1")];
    let mut extraction = Extraction::default();
    extraction.wanted.insert((0, 1));
    add(&mut extraction, &shape("none", "", 0), &[&[("a", "b")], row]);
    let record = extraction.evidence.records()[0];
    assert_eq!(record.record_id, 7);
    assert_eq!(record.time, TIME + 1_000_000_000);
    assert_eq!(extraction.names.shown(record.host.unwrap()), "FS01");
    assert_eq!(classes(&extraction), [Class::Other]);
}

#[test]
fn what_an_activity_does_not_say_is_not_shown() {
    let text = "Some(A) Actor { host: None, account: Some(x (y)), process: R { a: None, b: None }, z: None } F(Some(B), None)";
    let expected = "A Actor { account: x (y), process: R { } } F(B, None)";
    assert_eq!(without_nothing(text), expected);
}
