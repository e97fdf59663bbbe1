//! Events as plain data, stored and read back.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::path::Path;

use sekisho_event::{BatchBuilder, Kind, Projection, RowHead, Shape, ValueId, Vocabulary};
use sekisho_store::{
    Catalogue, OpenGroup, Pending, Placed, RestField, RowPacker, Segment, Store, StoreLimits,
    StoreWriter, StoredBatch,
};

/// An event as plain data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) shape: Shape,
    pub(crate) time: i64,
    pub(crate) host: Option<String>,
    pub(crate) record_id: u64,
    /// Source, offset, ordinal, cell, index.
    pub(crate) place: (u32, u64, u32, u32, u64),
    pub(crate) fields: BTreeMap<String, Vec<(Kind, String)>>,
}

pub(crate) const KINDS: [Kind; 4] = [Kind::String, Kind::Number, Kind::Bool, Kind::Null];

/// Writes events, each block of them from one source, and returns what is
/// given out.
pub(crate) fn store(events: &[Vec<Event>], folder: &Path, limit: usize) -> Vec<Pending> {
    let mut writer = StoreWriter::create(folder, StoreLimits { buffered_bytes: limit }).unwrap();
    let mut vocabulary = Vocabulary::new(Projection::All);
    let mut packer = RowPacker::default();
    let mut pending = Vec::new();
    for block in events {
        let mut builder = BatchBuilder::default();
        for (number, event) in block.iter().enumerate() {
            let shape = builder.shape(&event.shape);
            let host = match &event.host {
                Some(host) => vocabulary.hosts.intern_str(Kind::String, host),
                None => ValueId::ABSENT,
            };
            let record = u32::try_from(number).unwrap();
            let head = RowHead { time: event.time, host, record_id: event.record_id, record };
            let mut cells = Vec::new();
            for (name, values) in &event.fields {
                let field = vocabulary.field(name).unwrap();
                let dictionary = vocabulary.dictionary_mut(field).unwrap();
                cells.extend(values.iter().map(|(k, v)| (field, dictionary.intern_str(*k, v))));
            }
            builder.push(shape, head, &cells);
        }
        for batch in builder.finish() {
            let of = |record: &u32| &block[*record as usize];
            let ordinals: Vec<u32> = batch.records.iter().map(|r| of(r).place.2).collect();
            let placed = Placed {
                cells: batch.records.iter().map(|r| of(r).place.3).collect(),
                indexes: batch.records.iter().map(|r| of(r).place.4).collect(),
            };
            let offsets = |record: u32| block[record as usize].place.1;
            let rows = packer.pack(&batch, &vocabulary, block[0].place.0, &offsets, &ordinals);
            assert_eq!(rows.rows(), batch.rows());
            pending.extend(writer.append(rows, placed));
            assert!(writer.buffered_bytes() <= limit);
        }
    }
    pending.extend(writer.drain());
    assert_eq!(writer.buffered_bytes(), 0);
    assert!(writer.drain().is_empty());
    pending
}

pub(crate) fn events_of(stored: &StoredBatch, vocabulary: &Vocabulary, out: &mut Vec<Event>) {
    let batch = &stored.batch;
    for row in 0..batch.rows() {
        let mut fields = BTreeMap::new();
        for column in &batch.columns {
            let dictionary = vocabulary.dictionary(column.field).unwrap();
            let value = |id| dictionary.get(id).map(|v| (v.kind, v.text.to_owned())).unwrap();
            let values: Vec<(Kind, String)> = column.values(row).map(value).collect();
            if !values.is_empty() {
                fields.insert(vocabulary.name(column.field).to_owned(), values);
            }
        }
        let at = stored.row(row).unwrap();
        let host = vocabulary.hosts.get(batch.hosts[row]).map(|host| host.text.to_owned());
        out.push(Event {
            shape: batch.shape.clone(),
            time: batch.times[row],
            host,
            record_id: batch.record_ids[row],
            place: (at.source, at.offset, at.ordinal, at.cell, at.index),
            fields,
        });
    }
}

pub(crate) fn sorted(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| event.place);
    events
}

pub(crate) fn write_all(pending: Vec<Pending>, folder: &Path) -> Vec<Segment> {
    let segments: Vec<Segment> = pending.into_iter().map(|one| one.write().unwrap()).collect();
    Catalogue::new(segments.clone()).write(folder).unwrap();
    segments
}

pub(crate) fn read_all(folder: &Path, projection: Projection) -> Vec<Event> {
    let mut vocabulary = Vocabulary::new(projection);
    let mut out = Vec::new();
    let store = Store::open(folder).unwrap();
    store.scan(&mut vocabulary, &mut |stored, v| events_of(stored, v, &mut out)).unwrap();
    assert_eq!(store.catalogue().rows(), out.len() as u64);
    sorted(out)
}

/// The rows that `keep` names, read by themselves; and columns that are read
/// late say the same of them.
pub(crate) fn read_late(folder: &Path, keep: &dyn Fn(usize) -> bool) -> Vec<Event> {
    let mut vocabulary = Vocabulary::new(Projection::All);
    let mut out = Vec::new();
    let store = Store::open(folder).unwrap();
    let mut before = 0;
    for segment in store.segments() {
        let mut open = store.segment(segment).unwrap();
        for number in 0..open.groups() {
            let mut group = open.group(number).unwrap().unwrap();
            let count = group.rows();
            assert_eq!(group.shapes().iter().map(|(_, rows)| rows).sum::<usize>(), count);
            let rows = (0_u32..).take(count).filter(|row| keep(before + *row as usize));
            let rows: Vec<u32> = rows.collect();
            before += count;
            // Some columns are read before, with or without keys, some are not.
            for column in (0..group.columns().len()).filter(|column| column % 3 != 0) {
                group.load(column).unwrap();
                if column % 3 == 1 {
                    group.load_keys(column).unwrap();
                }
            }
            let from = out.len();
            group.pick(&rows, &mut vocabulary, &mut |s, v| events_of(s, v, &mut out)).unwrap();
            assert_eq!(out.len() - from, rows.len());
            let mut group = open.group(number).unwrap().unwrap();
            for column in 0..group.columns().len() {
                group.load(column).unwrap();
                group.load_keys(column).unwrap();
            }
            let rest = group.rest(&|_| true).unwrap();
            for (event, &row) in out[from..].iter().zip(&rows) {
                assert_eq!(late_fields(&group, &rest, row), event.fields);
            }
        }
    }
    sorted(out)
}

/// The fields of a row, as columns say that are read late.
fn late_fields(
    group: &OpenGroup<'_>,
    rest: &[RestField],
    row: u32,
) -> BTreeMap<String, Vec<(Kind, String)>> {
    let mut fields: BTreeMap<String, Vec<(Kind, String)>> = BTreeMap::new();
    let value = |text: &str, ends: &[usize], key: u32| {
        let at = key as usize - 1;
        let from = if at == 0 { 0 } else { ends[at - 1] };
        text[from..ends[at]].to_owned()
    };
    for (number, (name, kind)) in group.columns().iter().enumerate() {
        let column = group.text(number).unwrap();
        let key = column.keys[row as usize];
        if key != 0 {
            let text = value(&column.text, &column.ends, key);
            let lower: String = text.chars().map(|c| c.to_lowercase().next().unwrap()).collect();
            let may = group.grams(number).is_none_or(|grams| grams.may_hold(&lower, true, true));
            assert!(may, "{name}: {lower:?} is denied");
            fields.entry(name.clone()).or_default().push((*kind, text));
        }
    }
    for field in rest {
        for &(_, key) in field.cells.iter().filter(|(of, _)| *of == row) {
            let kind = field.kinds[key as usize - 1];
            let text = value(&field.text, &field.ends, key);
            fields.entry(field.name.clone()).or_default().push((kind, text));
        }
    }
    fields
}

/// Events as they may be in life: processes, their connections, logons.
pub(crate) fn plain_events(count: u32) -> Vec<Vec<Event>> {
    let mut blocks = Vec::new();
    for block in 0..count.div_ceil(100) {
        let numbers = block * 100..count.min((block + 1) * 100);
        blocks.push(numbers.map(|number| plain_event(number, block)).collect());
    }
    blocks
}

fn plain_event(number: u32, source: u32) -> Event {
    let mut fields: BTreeMap<String, Vec<(Kind, String)>> = BTreeMap::new();
    let mut put = |name: &str, kind, text: String| {
        fields.entry(name.to_owned()).or_default().push((kind, text));
    };
    let (channel, event_id) = match number % 3 {
        0 => ("Microsoft-Windows-Sysmon/Operational", 1),
        1 => ("Microsoft-Windows-Sysmon/Operational", 3),
        _ => ("Security", 4624),
    };
    let guid = format!("{{{:08x}-0000}}", number / 6);
    match event_id {
        1 => {
            put("ProcessGuid", Kind::String, guid);
            put("ProcessId", Kind::Number, (number * 4).to_string());
            put("Image", Kind::String, format!("C:\\Windows\\System32\\app{}.exe", number % 7));
            put("ParentImage", Kind::String, format!("C:\\Windows\\parent{}.exe", number % 3));
            put("CommandLine", Kind::String, "x ".repeat(number as usize * 3 % 700));
        }
        3 => {
            put("ProcessGuid", Kind::String, guid);
            put("ProcessId", Kind::Number, (number * 4).to_string());
            put("DestinationIp", Kind::String, format!("10.0.0.{}", number % 9));
            put("DestinationPort", Kind::Number, (number % 50 + 1).to_string());
        }
        _ => {
            put("TargetUserName", Kind::String, format!("user{}", number % 5));
            put("LogonType", Kind::Number, "3".to_owned());
            put("IpAddress", Kind::String, format!("10.0.0.{}", number % 11));
            put("ProcessId", Kind::String, format!("0x{number:x}"));
        }
    }
    match number % 10 {
        4 => put("Hashes", Kind::String, "SHA1=00\0,MD5=\u{1F600}".to_owned()),
        5 => {
            put("Hashes", Kind::String, "first".to_owned());
            put("Hashes", Kind::Number, "2".to_owned());
        }
        6 => put("hashes", Kind::Null, String::new()),
        7 => put("Elevated", Kind::Bool, "true".to_owned()),
        _ => {}
    }
    Event {
        shape: Shape {
            product: "windows".into(),
            channel: channel.into(),
            event_id: Some(event_id),
        },
        time: if number.is_multiple_of(50) {
            sekisho_event::TIME_UNKNOWN
        } else {
            1_750_000_000_123_456_789 + i64::from(number) * 61_000_000_007
        },
        host: Some(format!("PC{:02}", number % 4)).filter(|_| number % 40 != 7),
        record_id: if number % 30 == 1 { u64::MAX } else { u64::from(number) },
        place: (source, u64::from(number) * 2_048, number % 2, number % 6, u64::from(number / 6)),
        fields,
    }
}
