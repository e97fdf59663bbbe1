//! Events as plain data, stored and read back.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::path::Path;

use sekisho_event::{BatchBuilder, Kind, Projection, RowHead, Shape, ValueId, Vocabulary};
use sekisho_store::{
    Catalogue, Pending, Placed, RowPacker, Segment, Store, StoreLimits, StoreWriter, StoredBatch,
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

/// What columns say that are read late: for each group of rows that `keep` has
/// rows of, these rows; and that their values are where the columns say.
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
            let rows: Vec<u32> = (0..count)
                .filter(|row| keep(before + row))
                .map(|n| u32::try_from(n).unwrap())
                .collect();
            before += count;
            // Some columns are read before, some are not.
            for column in (0..group.columns().len()).filter(|column| column % 2 == 0) {
                group.load(column).unwrap();
            }
            let from = out.len();
            group.pick(&rows, &mut vocabulary, &mut |s, v| events_of(s, v, &mut out)).unwrap();
            assert_eq!(out.len() - from, rows.len());
            let rest = group.rest(&|_| true).unwrap();
            for column in 0..group.columns().len() {
                group.load(column).unwrap();
                group.load_keys(column).unwrap();
                let (name, kind) = &group.columns()[column];
                let text = group.text(column).unwrap();
                for (event, &row) in out[from..].iter().zip(&rows) {
                    let values = event.fields.get(name).map_or(&[][..], Vec::as_slice);
                    let found = match text.keys[row as usize].checked_sub(1) {
                        None => continue,
                        Some(0) => &text.text[..text.ends[0]],
                        Some(n) => &text.text[text.ends[n as usize - 1]..text.ends[n as usize]],
                    };
                    assert_eq!(values, [(*kind, found.to_owned())]);
                    let lower: String =
                        found.chars().map(|c| c.to_lowercase().next().unwrap()).collect();
                    let may = group.grams(column).is_none_or(|g| g.may_hold(&lower, true, true));
                    assert!(may, "{name}: {lower:?} is denied");
                }
            }
            for (event, &row) in out[from..].iter().zip(&rows) {
                for (name, values) in &event.fields {
                    let column = group.columns().iter().position(|(n, _)| n == name);
                    let there = column
                        .and_then(|column| group.text(column)?.keys.get(row as usize))
                        .is_some_and(|key| *key != 0);
                    let in_rest = rest.iter().find(|field| field.name == *name);
                    let in_rest: Vec<(Kind, &str)> = in_rest
                        .into_iter()
                        .flat_map(|f| f.cells.iter().filter(|c| c.0 == row).map(move |c| (f, c.1)))
                        .map(|(f, n)| {
                            let n = n as usize;
                            let start = n.checked_sub(2).map_or(0, |before| f.ends[before]);
                            (f.kinds[n - 1], &f.text[start..f.ends[n - 1]])
                        })
                        .collect();
                    let own: Vec<(Kind, &str)> =
                        values.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
                    assert_eq!(in_rest, if there { Vec::new() } else { own });
                }
            }
        }
    }
    sorted(out)
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
