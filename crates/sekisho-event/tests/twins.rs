//! Records that were written twice, as EVTX and as JSON: both readers must
//! put the same fields with the same values into columns, or a rule would find
//! a thing in one file and not in its twin.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail, and says what it skipped"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_event::formats::evtx::Evtx;
use sekisho_event::formats::json::Json;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Format, Kind, Parsed, Projection, Shape, SourceHints, Vocabulary};

/// A record as a batch has it.
#[derive(Debug, PartialEq)]
struct Event {
    shape: Shape,
    time: i64,
    host: String,
    record_id: u64,
    fields: BTreeMap<String, Vec<(Kind, String)>>,
}

fn events(parsed: &Parsed<'_>, v: &Vocabulary) -> BTreeMap<u32, Event> {
    let mut events = BTreeMap::new();
    for batch in parsed.batches {
        for row in 0..batch.rows() {
            let mut fields = BTreeMap::new();
            for column in &batch.columns {
                let dictionary = v.dictionary(column.field).unwrap();
                let values: Vec<_> = column
                    .values(row)
                    .map(|id| dictionary.get(id).unwrap())
                    .map(|value| (value.kind, value.text.to_owned()))
                    .collect();
                if !values.is_empty() {
                    fields.insert(v.name(column.field).to_owned(), values);
                }
            }
            let event = Event {
                shape: batch.shape.clone(),
                time: *batch.times.get(row).unwrap(),
                host: v.hosts.text(*batch.hosts.get(row).unwrap()).to_owned(),
                record_id: *batch.record_ids.get(row).unwrap(),
                fields,
            };
            events.insert(*batch.records.get(row).unwrap(), event);
        }
    }
    events
}

/// Reads a file; calls `visit` with the events of each block and, for each of
/// them, all that it says as JSON.
fn read(format: &dyn Format, mut bytes: &[u8], visit: &mut dyn FnMut(Vec<Event>, Vec<u8>)) {
    let mut cutter = format.cutter(Arc::new(SourceHints::default()), BLOCK_BYTES);
    let (mut reader, mut v) = (format.reader(), Vocabulary::new(Projection::All));
    while let Some(block) = cutter.next(&mut bytes).unwrap() {
        reader.read(&block, &mut v, &mut |parsed, v| {
            let mut json = Vec::new();
            for record in 0..parsed.count {
                parsed.records.write_json(record, &mut json);
                json.push(b'\n');
            }
            visit(events(parsed, v).into_values().collect(), json);
        });
        v.trim();
    }
}

fn read_all(format: &dyn Format, bytes: &[u8]) -> Vec<Event> {
    let mut all = Vec::new();
    read(format, bytes, &mut |events, _| all.extend(events));
    all
}

/// All files with this ending below a folder of the test data.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("SEKISHO_TEST_DATA").map_or(beside, PathBuf::from);
    if !data.is_dir() {
        println!("skipped: no test data");
        return Vec::new();
    }
    let (mut open, mut found) = (vec![data.join(folder)], Vec::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A value without what the tools that made the JSON files of the test data
/// write otherwise. Nothing of this is of our readers' making:
///
/// - GUIDs: without braces and in capitals;
/// - texts: without the spaces at their ends;
/// - the system's time: to the microsecond, where EVTX has 100 ns.
fn normal(field: &str, (kind, text): &(Kind, String)) -> (Kind, String) {
    let text = text.trim();
    let text = match field {
        "SystemTime" => text.trim_end_matches('Z').get(..26).unwrap_or(text).to_owned(),
        _ => match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text) {
            guid if is_guid(guid) => guid.to_ascii_lowercase(),
            _ => text.to_owned(),
        },
    };
    (*kind, text)
}

fn is_guid(text: &str) -> bool {
    let dash = |n| matches!(n, 8 | 13 | 18 | 23);
    text.len() == 36
        && text.bytes().enumerate().all(|(n, b)| (b == b'-') == dash(n))
        && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

fn normalised(event: &Event) -> Event {
    let fields = event.fields.iter().map(|(name, values)| {
        (name.clone(), values.iter().map(|value| normal(name, value)).collect())
    });
    Event {
        shape: event.shape.clone(),
        time: event.time.div_euclid(1_000) * 1_000,
        host: event.host.clone(),
        record_id: event.record_id,
        fields: fields.collect(),
    }
}

/// What is different between two events, in words.
fn differences(a: &Event, b: &Event) -> Vec<String> {
    let mut found = Vec::new();
    if (&a.shape, a.time, &a.host, a.record_id) != (&b.shape, b.time, &b.host, b.record_id) {
        found.push(format!("heads of {} {} and {} {}", a.shape, a.time, b.shape, b.time));
    }
    let names: BTreeSet<&String> = a.fields.keys().chain(b.fields.keys()).collect();
    for name in names {
        let (a, b) = (a.fields.get(name), b.fields.get(name));
        if a != b {
            found.push(format!("{name}: {a:?} and {b:?}"));
        }
    }
    found
}

fn compare(a: &[Event], b: &[Event], what: &Path) -> BTreeMap<String, String> {
    assert_eq!(a.len(), b.len(), "{}", what.display());
    let mut all = BTreeMap::new();
    for (a, b) in a.iter().zip(b) {
        for difference in differences(a, b) {
            let field = difference.split(':').next().unwrap_or_default().to_owned();
            all.entry(field).or_insert(format!("{difference} in {}, {}", what.display(), a.shape));
        }
    }
    all
}

#[test]
fn twins_of_the_test_data_are_equal() {
    let mut different = BTreeMap::new();
    let twins = files("sigma-regression", "evtx");
    for evtx in &twins {
        let json = evtx.with_extension("json");
        let normal = |format: &dyn Format, path: &Path| {
            let mut events = read_all(format, &std::fs::read(path).unwrap());
            events.sort_by_key(|event| event.record_id);
            events.iter().map(normalised).collect::<Vec<_>>()
        };
        different.extend(compare(&normal(&Evtx, evtx), &normal(&Json, &json), evtx));
    }
    println!("{} pairs of files compared", twins.len());
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn a_record_written_as_json_is_read_the_same() {
    let (mut different, mut compared) = (BTreeMap::new(), 0);
    for folder in ["evtx", "sigma-regression", "cases"] {
        for path in files(folder, "evtx") {
            read(&Evtx, &std::fs::read(&path).unwrap(), &mut |events, json| {
                compared += events.len();
                different.extend(compare(&events, &read_all(&Json, &json), &path));
            });
        }
    }
    println!("{compared} records compared");
    assert!(different.is_empty(), "{different:#?}");
}
