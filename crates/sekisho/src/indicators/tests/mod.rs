//! Indicators over events: by tables, and against the plain way.

mod bundles;
mod joined;
mod late;
mod logs;
mod objects;
mod random;

use std::path::Path;
use std::sync::Arc;

use sekisho_event::{BatchBuilder, EventBatch, Kind, RowHead, Shape, ValueId, Vocabulary};
use serde_json::json;

use super::{
    Indicator, IndicatorMatch, IndicatorMatcher, IndicatorProgram, Loaded, Unsearched, read,
    reference,
};

/// Indicators with these patterns; all must load.
fn indicators(patterns: &[&str]) -> Vec<Indicator> {
    let loaded = load_patterns(patterns);
    assert_eq!(loaded.refused, Vec::new());
    loaded.indicators
}

fn load_patterns(patterns: &[&str]) -> Loaded {
    let objects: Vec<_> = patterns
        .iter()
        .enumerate()
        .map(|(n, pattern)| {
            json!({
                "type": "indicator", "spec_version": "2.1", "id": format!("indicator--{n:08}"),
                "pattern": pattern, "pattern_type": "stix",
                "created": "2024-01-01T00:00:00Z", "modified": "2024-01-01T00:00:00Z",
                "valid_from": "2024-01-01T00:00:00Z",
            })
        })
        .collect();
    let bundle = json!({"type": "bundle", "id": "bundle--1", "objects": objects});
    read(Path::new("test.json"), bundle.to_string().as_bytes())
}

/// Why a pattern is refused.
fn refusal(pattern: &str) -> String {
    let mut loaded = load_patterns(&[pattern]);
    assert!(loaded.indicators.is_empty(), "{pattern} is not refused");
    loaded.refused.pop().unwrap().reason
}

/// `product:channel:id`, each perhaps empty.
fn shape(text: &str) -> Shape {
    let mut parts = text.splitn(3, '|');
    Shape {
        product: parts.next().unwrap_or_default().into(),
        channel: parts.next().unwrap_or_default().into(),
        event_id: parts.next().and_then(|id| id.parse().ok()),
    }
}

type Fields<'a> = &'a [(&'a str, &'a str)];

/// A batch of events of one shape; times are the numbers of rows, in seconds.
fn batch(shape: &Shape, events: &[Fields<'_>], vocabulary: &mut Vocabulary) -> EventBatch {
    let mut builder = BatchBuilder::default();
    let id = builder.shape(shape);
    for (record, fields) in events.iter().enumerate() {
        let mut cells = Vec::new();
        for (name, value) in *fields {
            let field = vocabulary.field(name).unwrap();
            let values = vocabulary.dictionary_mut(field).unwrap();
            cells.push((field, values.intern_str(Kind::String, value)));
        }
        let time = i64::try_from(record).unwrap() * 1_000_000_000;
        let record = u32::try_from(record).unwrap();
        let head = RowHead { time, host: ValueId::ABSENT, record_id: 0, record };
        builder.push(id, head, &cells);
    }
    let mut batches = builder.finish();
    assert!(batches.len() <= 1);
    batches.pop().unwrap_or_default()
}

/// Runs the compiled matcher and checks it against the plain one.
fn run(
    indicators: &[Indicator],
    batch: &EventBatch,
    vocabulary: &Vocabulary,
) -> Vec<IndicatorMatch> {
    let (program, refused) = IndicatorProgram::new(indicators);
    assert_eq!(refused, Vec::new());
    let program = Arc::new(program);
    let mut matcher = IndicatorMatcher::new(Arc::clone(&program));
    let mut out = Vec::new();
    matcher.run(batch, vocabulary, &mut out);
    assert_eq!(matcher.take_unsearched(), Unsearched::default());
    late::check(program, batch, vocabulary, &out);
    check_against_reference(indicators, batch, vocabulary, &out);
    out
}

fn check_against_reference(
    indicators: &[Indicator],
    batch: &EventBatch,
    vocabulary: &Vocabulary,
    found: &[IndicatorMatch],
) {
    let mut got: Vec<(u32, u32, usize)> = Vec::new();
    for m in found {
        assert!(!m.evidence.is_empty());
        for (field, value) in &m.evidence {
            let column = batch.column(*field).unwrap();
            assert!(column.values(m.row as usize).any(|v| v == *value), "evidence of the event");
        }
        got.push((m.row, m.indicator, m.observation.map_or(0, usize::from)));
    }
    let mut want = Vec::new();
    for row in 0..batch.rows() {
        for (n, indicator) in indicators.iter().enumerate() {
            let (row_number, n) = (u32::try_from(row).unwrap(), u32::try_from(n).unwrap());
            let held = reference::observations(indicator, batch, row, vocabulary);
            if indicator.needs_several_events() {
                want.extend(held.into_iter().map(|o| (row_number, n, o)));
            } else if !held.is_empty() {
                want.push((row_number, n, 0));
            }
        }
    }
    assert_eq!(got, want, "{:?}", indicators.iter().map(|i| &i.pattern).collect::<Vec<_>>());
}

/// Whether an event of a shape satisfies a pattern.
fn matches(pattern: &str, place: &str, fields: Fields<'_>) -> bool {
    let mut vocabulary = Vocabulary::default();
    let batch = batch(&shape(place), &[fields], &mut vocabulary);
    !run(&indicators(&[pattern]), &batch, &vocabulary).is_empty()
}
