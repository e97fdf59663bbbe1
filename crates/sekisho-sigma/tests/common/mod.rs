//! What the tests of this crate share: rules from short texts, events from
//! lists of fields.
#![allow(dead_code, reason = "not every test file uses all of it")]
#![allow(clippy::indexing_slicing, reason = "it is a test")]

pub(crate) mod compare;
pub(crate) mod generate;
pub(crate) mod late;

use sekisho_event::{BatchBuilder, EventBatch, Kind, RowHead, Shape, ValueId, Vocabulary};
use sekisho_sigma::rule::{Document, Rule};
use sekisho_sigma::{EventView, FieldMap, ParseOptions, Parsed, parse};

/// A field of an event. The value's first character tells its kind: `#` a
/// number, `!` a boolean, `0` alone null, anything else text (`'` in front of
/// text that begins with one of these).
pub(crate) type Field<'a> = (&'a str, &'a str);

pub(crate) fn kind_of(value: &str) -> (Kind, &str) {
    match value.as_bytes().first() {
        Some(b'#') => (Kind::Number, &value[1..]),
        Some(b'!') => (Kind::Bool, &value[1..]),
        Some(b'0') if value.len() == 1 => (Kind::Null, ""),
        Some(b'\'') => (Kind::String, &value[1..]),
        _ => (Kind::String, value),
    }
}

/// A batch of these events.
pub(crate) fn batch(events: &[&[Field<'_>]]) -> (EventBatch, Vocabulary) {
    let mut vocabulary = Vocabulary::default();
    let mut builder = BatchBuilder::default();
    let shape = builder.shape(&Shape::unknown());
    for (record, fields) in (0..).zip(events) {
        let mut cells = Vec::new();
        for (name, value) in *fields {
            let field = vocabulary.field(name).unwrap();
            let (kind, text) = kind_of(value);
            cells.push((field, vocabulary.dictionary_mut(field).unwrap().intern_str(kind, text)));
        }
        let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record };
        builder.push(shape, head, &cells);
    }
    (builder.finish().pop().unwrap_or_default(), vocabulary)
}

pub(crate) fn view<'a>(
    batch: &'a EventBatch,
    row: usize,
    vocabulary: &'a Vocabulary,
    fields: &'a FieldMap<'a>,
) -> EventView<'a> {
    EventView { batch, row, vocabulary, fields }
}

pub(crate) fn parse_text(text: &str, options: &ParseOptions) -> Parsed {
    parse(&"test.yml".into(), text.as_bytes(), options)
}

/// A whole rule around the lines of its detection section. Without a
/// condition among them, it is `sel`.
pub(crate) fn rule_text(detection: &str) -> String {
    let mut out = "title: t\nlogsource:\n  product: p\ndetection:\n".to_owned();
    for line in detection.trim_matches('\n').lines() {
        out.push_str("  ");
        out.push_str(line);
        out.push('\n');
    }
    if !detection.contains("condition:") {
        out.push_str("  condition: sel\n");
    }
    out
}

pub(crate) fn one_rule(text: &str, options: &ParseOptions) -> Result<Rule, String> {
    let mut parsed = parse_text(text, options);
    if let Some(rejected) = parsed.rejected.pop() {
        return Err(format!("{}: {}", rejected.line, rejected.reason));
    }
    match parsed.documents.pop() {
        Some(Document::Rule(rule)) => Ok(rule),
        other => Err(format!("no rule but {other:?}")),
    }
}
