//! EVTX: the fast path against the crate's own rendering, and damaged files.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail, and says what it skipped"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_event::formats::evtx::{Evtx, EvtxReader};
use sekisho_event::formats::json::Json;
use sekisho_event::limits::{BLOCK_BYTES, RECOGNISED_BYTES};
use sekisho_event::{
    Block, EventBatch, Format, Kind, Parsed, Problem, Projection, Reader, Shape, SourceHints,
    Vocabulary,
};

const HEADER_BYTES: usize = 4096;
const CHUNK_BYTES: usize = 65536;

/// A record as it was read: all that a batch says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    shape: Shape,
    time: i64,
    host: String,
    record_id: u64,
    /// Field, kind and text, sorted by field.
    fields: Vec<(String, Kind, String)>,
}

impl Row {
    fn texts(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|f| f.0 == name).map(|f| &*f.2).collect()
    }
}

/// What was read, by offset, and the problems.
#[derive(Debug, Default, PartialEq, Eq)]
struct Log {
    rows: BTreeMap<u64, Row>,
    problems: Vec<Problem>,
}

fn blocks(mut bytes: &[u8]) -> Vec<Block> {
    let mut cutter = Evtx.cutter(Arc::new(SourceHints::default()), BLOCK_BYTES);
    std::iter::from_fn(|| cutter.next(&mut bytes).unwrap()).collect()
}

fn rows_of(batch: &EventBatch, parsed: &Parsed<'_>, v: &Vocabulary, log: &mut Log) {
    for row in 0..batch.rows() {
        let mut fields = Vec::new();
        for column in &batch.columns {
            let dictionary = v.dictionary(column.field).unwrap();
            for value in column.values(row).map(|id| dictionary.get(id).unwrap()) {
                fields.push((v.name(column.field).to_owned(), value.kind, value.text.to_owned()));
            }
        }
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        let read = Row {
            shape: batch.shape.clone(),
            time: batch.times[row],
            host: v.hosts.text(batch.hosts[row]).to_owned(),
            record_id: batch.record_ids[row],
            fields,
        };
        let before = log.rows.insert(parsed.records.offset(batch.records[row]), read);
        assert!(before.is_none(), "two records at one offset");
    }
}

fn read_with(reader: &mut dyn Reader, v: &mut Vocabulary, bytes: &[u8]) -> Log {
    let mut log = Log::default();
    for block in blocks(bytes) {
        let mut visits = 0;
        reader.read(&block, v, &mut |parsed, v| {
            visits += 1;
            let rows: usize = parsed.batches.iter().map(EventBatch::rows).sum();
            assert_eq!(rows, parsed.count as usize);
            parsed.batches.iter().for_each(|batch| rows_of(batch, parsed, v, &mut log));
            log.problems.extend(parsed.problems.named.iter().cloned());
        });
        assert_eq!(visits, 1);
    }
    log
}

fn read(bytes: &[u8]) -> Log {
    read_with(&mut EvtxReader::default(), &mut Vocabulary::default(), bytes)
}

fn read_slowly(bytes: &[u8]) -> Log {
    read_with(&mut EvtxReader::oracle(), &mut Vocabulary::default(), bytes)
}

/// The folder of test data, if it is there.
fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("SEKISHO_TEST_DATA").map_or(beside, PathBuf::from);
    if !data.is_dir() {
        eprintln!("skipped: no test data");
        return None;
    }
    Some(data)
}

/// All EVTX files below some folders of the test data, in order.
fn files(folders: &[&str]) -> Vec<PathBuf> {
    let Some(data) = data() else { return Vec::new() };
    let mut open: Vec<PathBuf> = folders.iter().map(|f| data.join(f)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        } else if std::fs::read(&path).unwrap().starts_with(b"ElfFile\0") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A file of one chunk with many records, for damaging.
fn sample() -> Option<Vec<u8>> {
    let all = files(&["evtx"]).into_iter().map(|p| std::fs::read(p).unwrap());
    let mut short: Vec<Vec<u8>> = all.filter(|b| b.len() == HEADER_BYTES + CHUNK_BYTES).collect();
    short.sort_by_key(|b| read(b).rows.len());
    short.pop()
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mixed = (self.0 >> 33) ^ (self.0 >> 13);
        usize::try_from(mixed % below as u64).unwrap()
    }
}

#[test]
fn both_paths_read_the_same() {
    let mut records = 0;
    let mut fast = (EvtxReader::default(), Vocabulary::default());
    for file in files(&["evtx", "sigma-regression"]) {
        let bytes = std::fs::read(&file).unwrap();
        let ours = read_with(&mut fast.0, &mut fast.1, &bytes);
        let oracle = read_slowly(&bytes);
        assert_eq!(ours.problems, oracle.problems, "{}", file.display());
        for (offset, row) in &oracle.rows {
            assert_eq!(ours.rows.get(offset), Some(row), "{} at {offset}", file.display());
        }
        assert_eq!(ours.rows.len(), oracle.rows.len(), "{}", file.display());
        records += ours.rows.len();
    }
    let slow = fast.0.slow_records();
    eprintln!("{records} records compared, {slow} of them out of the ordinary");
    assert!(slow * 100 <= records as u64, "the fast path reads too few");
}

#[test]
fn a_projection_only_takes_away() {
    let names = ["EventID", "CommandLine", "Image", "TargetUserName", "Data", "Param1"];
    let security = Shape { product: "windows".into(), channel: "Security".into(), event_id: None };
    let projection = Projection::Some {
        names: names.iter().map(|&n| n.into()).collect(),
        whole: vec![security.clone()],
    };
    let mut reader = EvtxReader::default();
    let mut v = Vocabulary::new(projection);
    for file in files(&["evtx"]).into_iter().step_by(9) {
        let bytes = std::fs::read(&file).unwrap();
        let mut all = read_slowly(&bytes);
        for row in all.rows.values_mut().filter(|row| !security.covers(&row.shape)) {
            row.fields.retain(|f| names.contains(&&*f.0));
        }
        assert_eq!(read_with(&mut reader, &mut v, &bytes), all, "{}", file.display());
    }
}

#[test]
fn records_are_shown_as_the_crate_renders_them() {
    for file in files(&["evtx"]) {
        let bytes = std::fs::read(&file).unwrap();
        let mut reader = EvtxReader::default();
        let mut v =
            Vocabulary::new(Projection::Some { names: Default::default(), whole: Vec::new() });
        let mut shown = Vec::new();
        for block in blocks(&bytes) {
            reader.read(&block, &mut v, &mut |parsed, _| {
                for record in 0..parsed.count {
                    let mut json = Vec::new();
                    parsed.records.write_json(record, &mut json);
                    shown.push(json);
                }
                let mut json = Vec::new();
                parsed.records.write_json(parsed.count, &mut json);
                assert_eq!(json, b"null");
            });
        }
        let mut parser = evtx::EvtxParser::from_buffer(bytes).unwrap();
        let crates: Vec<Vec<u8>> =
            parser.records_json_bytes().filter_map(|r| r.ok()).map(|r| r.data).collect();
        assert_eq!(shown, crates, "{}", file.display());
        assert!(
            shown.iter().all(|json| json.starts_with(b"{\"Event\":{") && !json.contains(&b'\n'))
        );
    }
}

#[test]
fn a_logon_has_the_names_that_rules_use() {
    let Some(data) = data() else { return };
    let file = "evtx/Lateral Movement/LM_Remote_Service01_5145_svcctl.evtx";
    let Ok(bytes) = std::fs::read(data.join(file)) else { return };
    let log = read(&bytes);
    let row = log.rows.values().next().unwrap();
    assert_eq!(row.shape.to_string(), "windows Security 5145");
    assert_eq!(row.texts("Provider_Name"), ["Microsoft-Windows-Security-Auditing"]);
    assert_eq!(row.texts("EventID"), ["5145"]);
    assert_eq!(row.texts("Computer"), [row.host.as_str()]);
    assert_eq!(row.texts("EventRecordID"), [row.record_id.to_string()]);
    assert_eq!(row.texts("Execution_ProcessID").len(), 1);
    assert_eq!(row.texts("ShareName"), ["\\\\*\\IPC$"]);
}

#[test]
fn cut_files_name_what_is_missing() {
    let Some(whole) = sample() else { return };
    let expected = read(&whole);
    for len in (0..whole.len()).step_by(977) {
        let log = read(&whole[..len]);
        assert!(log.rows.iter().all(|(at, row)| expected.rows.get(at) == Some(row)));
        let complete = len == HEADER_BYTES || len == 0 || log.rows == expected.rows;
        assert!(complete || !log.problems.is_empty(), "nothing said of a cut at {len}");
    }
}

#[test]
fn random_bytes_are_one_problem() {
    let mut dice = Dice(7);
    let mut bytes = b"ElfFile\0".to_vec();
    bytes.extend((0..300_000).map(|_| dice.roll(256) as u8));
    let log = read(&bytes);
    assert!(log.rows.is_empty());
    assert!(!log.problems.is_empty());
    for at in (HEADER_BYTES..bytes.len() - 8).step_by(CHUNK_BYTES) {
        bytes[at..at + 8].copy_from_slice(b"ElfChnk\0");
    }
    bytes[40..42].copy_from_slice(&4096u16.to_le_bytes());
    assert!(read(&bytes).problems.len() >= 4);
}

#[test]
fn flipped_bytes_lose_no_more_than_they_must() {
    let Some(whole) = sample() else { return };
    let expected = read(&whole);
    let mut dice = Dice(42);
    for round in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..1 + round % 7 {
            let at = HEADER_BYTES + dice.roll(bytes.len() - HEADER_BYTES);
            bytes[at] ^= 1 << dice.roll(8);
        }
        let log = read(&bytes);
        let changed = log.rows != expected.rows;
        assert!(!changed || !log.problems.is_empty(), "round {round}: damage went unseen");
    }
}

#[test]
fn damaged_records_are_read_alike_by_both_paths() {
    let Some(whole) = sample() else { return };
    let mut dice = Dice(4242);
    let (mut same, mut rows) = (0, 0);
    for round in 0..150 {
        let mut bytes = whole.clone();
        let at = HEADER_BYTES + 512 + dice.roll(bytes.len() - HEADER_BYTES - 512);
        bytes[at] = dice.roll(256) as u8;
        let (ours, oracle) = (read(&bytes), read_slowly(&bytes));
        for (offset, row) in &oracle.rows {
            rows += 1;
            same += u32::from(ours.rows.get(offset) == Some(row));
            assert!(ours.rows.contains_key(offset), "round {round}: lost {offset}");
        }
    }
    // Where a length is wrong, the two may differ about what follows.
    assert!(rows - same <= rows / 200, "{same} of {rows} alike");
}

#[test]
fn unused_chunks_are_no_problem_and_foreign_ones_are() {
    let Some(whole) = sample() else { return };
    let expected = read(&whole);
    let mut bytes = whole.clone();
    bytes.extend([0; 2 * CHUNK_BYTES]);
    bytes.extend_from_slice(&whole[HEADER_BYTES..]);
    bytes.extend_from_slice(b"left over");
    let log = read(&bytes);
    assert_eq!(log.rows.len(), 2 * expected.rows.len());
    // The foreign one, and the two of zeros that a chunk follows.
    assert_eq!(log.problems.len(), expected.problems.len() * 2 + 2);
    let last = log.problems.last().unwrap();
    assert!(last.what.starts_with("chunk 4 is no chunk"), "{last:?}");
    assert_eq!(last.offset, (HEADER_BYTES + 4 * CHUNK_BYTES) as u64);
}

/// A file of several chunks whose header counts them all.
fn long() -> Option<Vec<u8>> {
    let mut all = files(&["evtx"]).into_iter().map(|p| std::fs::read(p).unwrap());
    all.find(|b| b.len() >= HEADER_BYTES + 4 * CHUNK_BYTES && read(b).problems.is_empty())
}

/// The offset of a chunk in a file.
fn chunk(number: usize) -> usize {
    HEADER_BYTES + number * CHUNK_BYTES
}

fn whats(log: &Log) -> Vec<&str> {
    log.problems.iter().map(|p| p.what.as_str()).collect()
}

/// Changes the header of a file and states its checksum anew.
fn restate(bytes: &mut [u8], at: usize, value: u8) {
    bytes[at] = value;
    let checksum = evtx::checksum_ieee(&bytes[..120]);
    bytes[124..128].copy_from_slice(&checksum.to_le_bytes());
}

#[test]
fn a_wiped_chunk_is_named() {
    let Some(whole) = long() else { return };
    let expected = read(&whole);
    let stated = usize::from(u16::from_le_bytes([whole[42], whole[43]]));
    let mut bytes = whole.clone();
    bytes[chunk(1)..chunk(2)].fill(0);
    assert_eq!(whats(&read(&bytes)), ["chunk 1 holds nothing but zeros"]);
    let mut bytes = whole.clone();
    bytes[chunk(stated - 1)..chunk(stated)].fill(0);
    let log = read(&bytes);
    let last = stated - 1;
    assert_eq!(log.problems[0].what, format!("chunk {last} holds nothing but zeros"));
    assert!(log.problems[1].what.starts_with("its last record has number "), "{log:?}");
    assert_eq!(log.problems.len(), 2);
    assert!(log.rows.iter().all(|(at, row)| expected.rows.get(at) == Some(row)));
    // A file that was open says nothing of its last chunks.
    restate(&mut bytes, 120, 1);
    assert_eq!(whats(&read(&bytes)), [""; 0]);
    // Cut off behind a chunk, with a header that was made to fit.
    let mut bytes = whole[..chunk(2)].to_vec();
    bytes[42..44].copy_from_slice(&2u16.to_le_bytes());
    restate(&mut bytes, 43, 0);
    let log = read(&bytes);
    assert_eq!(log.problems.len(), 1);
    assert!(log.problems[0].what.starts_with("its last record has number "), "{log:?}");
}

#[test]
fn sound_files_have_no_problem() {
    for file in files(&["evtx"]) {
        let log = read(&std::fs::read(&file).unwrap());
        let new = ["zeros", "last record", "header of the file", "between chunks"];
        let said = log.problems.iter().find(|p| new.iter().any(|new| p.what.contains(new)));
        assert_eq!(said, None, "{}", file.display());
    }
}

#[test]
fn a_wrong_header_of_a_chunk_costs_none_of_its_records() {
    let Some(whole) = long() else { return };
    let expected = read(&whole);
    let count = expected.rows.range(chunk(1) as u64..chunk(2) as u64).count();
    // The end of the records, the last record, the first and last number.
    for (at, value) in [(48, 0x200), (48, 0), (44, 0), (44, 1), (32, 0), (24, u32::MAX)] {
        let mut bytes = whole.clone();
        bytes[chunk(1) + at..chunk(1) + at + 4].copy_from_slice(&value.to_le_bytes());
        let log = read(&bytes);
        assert_eq!(log.rows, expected.rows, "offset {at}");
        assert!(log.problems[0].what.starts_with("chunk 1 is damaged: its header"), "{log:?}");
        assert_eq!(
            log.problems[0].expected,
            format!("an unaltered chunk; {count} records were read from it")
        );
        assert_eq!(log.problems.len(), 1, "{:?}", log.problems);
    }
}

#[test]
fn chunks_are_found_where_they_should_not_be() {
    let Some(whole) = long() else { return };
    let expected = read(&whole);
    let rows = |log: &Log| log.rows.values().cloned().collect::<Vec<_>>();
    let inserted = [&whole[..chunk(1)], &[b'G'; 1000], &whole[chunk(1)..]].concat();
    let log = read(&inserted);
    assert_eq!(rows(&log), rows(&expected));
    assert_eq!(whats(&log), ["1000 bytes between chunks, which are none"]);
    // Some bytes missing: the chunk that they are missing from loses its end.
    let missing = [&whole[..chunk(2) - 100], &whole[chunk(2)..]].concat();
    let log = read(&missing);
    assert!(expected.rows.len() - log.rows.len() < 10, "{} rows", log.rows.len());
    assert!(log.problems[0].what.starts_with("chunk 1 is cut off after"), "{log:?}");
    // Without a header, and with one that was overwritten.
    let wiped = [&[0xaa; HEADER_BYTES], &whole[HEADER_BYTES..]].concat();
    for bytes in [&whole[HEADER_BYTES..], &wiped] {
        assert!(Evtx.recognises(&bytes[..RECOGNISED_BYTES], false));
        let log = read(bytes);
        assert_eq!(rows(&log), rows(&expected));
        assert_eq!(whats(&log), ["file has no header, only chunks"]);
    }
    let mut bytes = whole.clone();
    bytes[24] ^= 1;
    assert!(read(&bytes).problems[0].what.starts_with("header of the file has checksum"));
}

#[test]
fn an_empty_file_is_no_problem() {
    let mut header = b"ElfFile\0".to_vec();
    header.resize(HEADER_BYTES, 0);
    header[40..42].copy_from_slice(&4096u16.to_le_bytes());
    let checksum = evtx::checksum_ieee(&header[..120]);
    header[124..128].copy_from_slice(&checksum.to_le_bytes());
    assert_eq!(read(&header), Log::default());
    assert_eq!(read(&header[..100]).problems.len(), 1);
    assert!(Evtx.recognises(&header, true));
    assert!(!Evtx.recognises(b"{}", true));
}

#[test]
fn a_reader_serves_several_vocabularies() {
    let Some(whole) = sample() else { return };
    let mut reader = EvtxReader::default();
    let mut first = Vocabulary::default();
    first.field("only here");
    let a = read_with(&mut reader, &mut first, &whole);
    let b = read_with(&mut reader, &mut Vocabulary::default(), &whole);
    assert_eq!(a, b);
    assert!(!a.rows.is_empty());
}

fn number(data: &[u8], at: usize) -> usize {
    u32::from_le_bytes(data[at..at + 4].try_into().unwrap()) as usize
}

fn set_number(data: &mut [u8], at: usize, n: usize) {
    data[at..at + 4].copy_from_slice(&u32::try_from(n).unwrap().to_le_bytes());
}

/// The descriptors and the values of the template instance at `at`.
fn instance(data: &[u8], at: usize) -> (std::ops::Range<usize>, usize) {
    assert_eq!(data[at..at + 5], [0x0f, 1, 1, 0, 0x0c]);
    let mut at = at + 14;
    if number(data, at - 4) == at {
        at += 24 + number(data, at + 20);
    }
    let values = at + 4 + 4 * number(data, at);
    (at + 4..values, values)
}

/// BinXML of elements without a template.
struct Elements(Vec<u8>, usize);

impl Elements {
    fn text(&mut self, text: &str) {
        self.0.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
        self.0.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }

    fn name(&mut self, name: &str) {
        let target = u32::try_from(self.1 + self.0.len() + 4).unwrap();
        self.0.extend(target.to_le_bytes());
        self.0.extend([0; 6]);
        self.text(name);
        self.0.extend([0; 2]);
    }

    fn open(&mut self, token: u8, name: &str) {
        self.0.extend([token, 0, 0, 0, 0]);
        self.name(name);
    }

    fn value(&mut self, text: &str) {
        self.0.extend([5, 1]);
        self.text(text);
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.open(1, name);
        self.0.push(2);
        self.value(text);
        self.0.push(4);
    }
}

/// A file whose last record has what a collector adds to forwarded events.
fn forwarded(file: &[u8]) -> Option<Vec<u8>> {
    let mut chunk = file[HEADER_BYTES..].to_vec();
    let (at, free) = (number(&chunk, 44), number(&chunk, 48));
    let (descriptors, mut from) = instance(&chunk, at + 24);
    let gap = descriptors.step_by(4).find(|&d| {
        let found = chunk[d + 2] == 0x21;
        from += if found { 0 } else { usize::from(chunk[d]) + 256 * usize::from(chunk[d + 1]) };
        found
    })?;
    let len = usize::from(u16::from_le_bytes([chunk[gap], chunk[gap + 1]]));
    let (inner, mut end) = instance(&chunk, from);
    for d in inner.step_by(4) {
        end += usize::from(chunk[d]) + 256 * usize::from(chunk[d + 1]);
    }
    let mut added = Elements(Vec::new(), end);
    added.open(0x41, "RenderingInfo");
    added.0.extend([0, 0, 0, 0, 6]);
    added.name("Culture");
    added.value("en-US");
    added.0.push(2);
    added.leaf("Message", "An account \"logged\" on.\n");
    added.leaf("Level", "Information");
    added.0.extend([4, 0]);
    chunk.splice(end..from + len, added.0);
    let grown = chunk.len() - CHUNK_BYTES;
    let new_len = u16::try_from(len + grown).unwrap();
    chunk[gap..gap + 2].copy_from_slice(&new_len.to_le_bytes());
    let size = number(&chunk, at + 4) + grown;
    set_number(&mut chunk, at + 4, size);
    set_number(&mut chunk, at + size - 4, size);
    set_number(&mut chunk, 48, free + grown);
    chunk.truncate(CHUNK_BYTES);
    chunk[120] |= 4; // without checksums
    (free + grown <= CHUNK_BYTES).then(|| [&file[..HEADER_BYTES], &chunk].concat())
}

#[test]
fn what_a_collector_adds_is_read() {
    let mut read_so = 0;
    for file in files(&["evtx"]) {
        let bytes = std::fs::read(&file).unwrap();
        if bytes.len() != HEADER_BYTES + CHUNK_BYTES {
            continue;
        }
        let Some(bytes) = forwarded(&bytes) else { continue };
        let mut reader = EvtxReader::default();
        let ours = read_with(&mut reader, &mut Vocabulary::default(), &bytes);
        assert_eq!(ours, read_slowly(&bytes), "{}", file.display());
        assert_eq!(ours.problems, [], "{}", file.display());
        if reader.slow_records() > 0 {
            // The gap is one of `UserData`, where nothing is ever added.
            continue;
        }
        let row = ours.rows.values().last().unwrap();
        assert_eq!(row.texts("Message"), ["An account \"logged\" on.\n"]);
        assert_eq!(row.texts("RenderingInfo.Message"), row.texts("Message"));
        assert_eq!(row.texts("RenderingInfo.Level"), ["Information"]);
        assert_eq!(row.texts("RenderingInfo_Culture"), ["en-US"]);
        let mut parser = evtx::EvtxParser::from_buffer(bytes.clone()).unwrap();
        let last = parser.records_json_bytes().last().unwrap().unwrap().data;
        let block = blocks(&bytes).pop().unwrap();
        reader.read(&block, &mut Vocabulary::default(), &mut |parsed, _| {
            let mut json = Vec::new();
            parsed.records.write_json(parsed.count - 1, &mut json);
            assert_eq!(String::from_utf8_lossy(&json), String::from_utf8_lossy(&last));
            // Written as JSON, it has the same fields.
            let mut cutter = Json.cutter(Arc::new(SourceHints::default()), BLOCK_BYTES);
            let block = cutter.next(&mut json.as_slice()).unwrap().unwrap();
            let mut log = Log::default();
            Json.reader().read(&block, &mut Vocabulary::default(), &mut |parsed, v| {
                parsed.batches.iter().for_each(|batch| rows_of(batch, parsed, v, &mut log));
            });
            assert_eq!(log.rows.values().collect::<Vec<_>>(), [row]);
        });
        read_so += 1;
    }
    assert!(read_so > 0 || data().is_none());
}
