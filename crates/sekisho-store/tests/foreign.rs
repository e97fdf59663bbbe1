//! Other programs read what is stored: pyarrow and DuckDB see the same rows,
//! values and statistics, and the SQL in `docs/store.md` runs.
//!
//! Needs a Python with both packages, named by `SEKISHO_PYTHON`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; it reads what it wrote"
)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Event, plain_events, store, write_all};
use sekisho_event::{Kind, RECORD_ID_UNKNOWN, TIME_UNKNOWN};
use serde_json::{Map, Value, json};

/// Events that a reader may stumble over.
fn odd_events() -> Vec<Event> {
    let mut events = plain_events(40).concat();
    for (number, event) in (0_u64..).zip(&mut events) {
        event.place.0 = 77;
        event.place.1 = u64::MAX - number;
        event.time =
            if number == 0 { 9_000_000_000_000_000_001 } else { -1_000_000_000_000_000_001 };
        event.fields.insert("long".to_owned(), vec![(Kind::String, "ü".repeat(40_000))]);
        event.fields.insert("Empty".to_owned(), vec![(Kind::String, String::new())]);
        event.fields.insert(format!("_{}", number % 3), vec![(Kind::Null, String::new())]);
        event.fields.insert("_Time".to_owned(), vec![(Kind::String, "not ours".to_owned())]);
        event.fields.insert("a.b[0]".to_owned(), vec![(Kind::Number, number.to_string())]);
        event.fields.insert("quote\"d 'x'".to_owned(), vec![(Kind::Bool, "false".to_owned())]);
    }
    events
}

/// What a reader should see of an event.
fn seen(event: &Event) -> Value {
    let kind = |kind: &Kind| match kind {
        Kind::String => "string",
        Kind::Number => "number",
        Kind::Bool => "bool",
        Kind::Null => "null",
    };
    let values = |values: &Vec<(Kind, String)>| -> Value {
        values.iter().map(|(of, text)| json!([kind(of), text])).collect()
    };
    let fields: Map<String, Value> =
        event.fields.iter().map(|(name, all)| (name.clone(), values(all))).collect();
    let (source, offset, ordinal, cell, index) = event.place;
    json!({
        "_time": (event.time != TIME_UNKNOWN).then_some(event.time),
        "_host": event.host,
        "_product": event.shape.product,
        "_channel": event.shape.channel,
        "_event_id": event.shape.event_id,
        "_record_id": (event.record_id != RECORD_ID_UNKNOWN).then_some(event.record_id),
        "_source": source,
        "_offset": offset,
        "_ordinal": ordinal,
        "_cell": cell,
        "_index": index,
        "fields": fields,
    })
}

#[test]
fn pyarrow_and_duckdb_agree() {
    let Some(python) = std::env::var_os("SEKISHO_PYTHON") else {
        println!("skipped: SEKISHO_PYTHON names no Python with pyarrow and duckdb");
        return;
    };
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("CASE/store/0001");
    let mut events = plain_events(600);
    events.push(odd_events());
    let segments = write_all(store(&events, &folder, 40_000), &folder);
    assert!(segments.len() > 3, "{} segments", segments.len());
    let all: Vec<Value> = events.concat().iter().map(seen).collect();
    let expected = temporary.path().join("expected.json");
    fs::write(&expected, serde_json::to_vec(&all).unwrap()).unwrap();

    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python)
        .arg(here.join("tests/foreign.py"))
        .arg(&folder)
        .arg(&expected)
        .arg(here.join("../../docs/store.md"))
        .current_dir(temporary.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaint}");
    // The script counts what it compared: it cannot pass by looking at nothing.
    let counts: Value = serde_json::from_str(said.lines().last().unwrap_or_default())
        .unwrap_or_else(|e| panic!("{e}: {said}"));
    assert_eq!(counts["rows"], all.len());
    assert_eq!(counts["segments"], segments.len());
    assert!(counts["queries"].as_u64() >= Some(7), "{counts}");
    assert!(counts["statistics"].as_u64() > Some(50), "{counts}");
}
