//! What the targets of all readers ask: no panic, every record accounted for,
//! nothing that depends on how the bytes were cut, every record shown as JSON.

use std::io::Read;
use std::sync::Arc;

use sekisho_event::{Cutter, EventBatch, Format, SourceHints, TIME_UNKNOWN, Vocabulary};

/// Gives at most a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = buffer.len().min(self.1);
        self.0.read(buffer.get_mut(..n).unwrap_or_default())
    }
}

/// What was read of a source.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Each record as JSON, in order.
    pub records: Vec<(u64, Vec<u8>)>,
    /// Times, in order of records.
    pub times: Vec<i64>,
    /// How many problems.
    pub problems: u64,
}

/// Reads a whole source; `slow` is the most that one read gives.
pub fn read(
    format: &dyn Format,
    mut cutter: Box<dyn Cutter>,
    bytes: &[u8],
    slow: usize,
) -> Outcome {
    let mut input = Slow(bytes, slow);
    let mut reader = format.reader();
    let mut vocabulary = Vocabulary::default();
    let mut out = Outcome::default();
    let (mut blocks, mut shown) = (0usize, 0usize);
    while let Some(block) = cutter.next(&mut input).expect("reading from memory") {
        blocks += 1;
        assert!(blocks <= bytes.len() + 2, "blocks without end");
        assert!(block.offset <= bytes.len() as u64 * 4 + 4, "a block beyond the source");
        out.problems += block.problems.count();
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            shown += 1;
            let rows: usize = parsed.batches.iter().map(EventBatch::rows).sum();
            assert!(rows <= parsed.count as usize, "more rows than records");
            let mut seen = vec![false; parsed.count as usize];
            let mut times = vec![TIME_UNKNOWN; parsed.count as usize];
            for batch in parsed.batches {
                check(batch, vocabulary);
                for (row, &record) in batch.records.iter().enumerate() {
                    let slot = seen.get_mut(record as usize).expect("a record that is counted");
                    assert!(!std::mem::replace(slot, true), "a record twice");
                    times[record as usize] = batch.times[row];
                }
            }
            assert!(seen.iter().all(|s| *s), "a record lost");
            out.problems += parsed.problems.count();
            out.times.extend(times);
            for record in 0..parsed.count {
                let mut json = Vec::new();
                parsed.records.write_json(record, &mut json);
                assert!(!json.contains(&b'\n') && !json.is_empty());
                assert!(std::str::from_utf8(&json).is_ok(), "JSON that is not UTF-8");
                out.records.push((parsed.records.offset(record), json));
            }
        });
        assert_eq!(shown, blocks, "a block not shown exactly once");
        vocabulary.trim();
    }
    out
}

fn check(batch: &EventBatch, vocabulary: &Vocabulary) {
    let rows = batch.rows();
    assert!(batch.hosts.len() == rows && batch.record_ids.len() == rows);
    assert!(batch.records.len() == rows);
    for (at, column) in batch.columns.iter().enumerate() {
        assert!(column.keys.len() <= rows);
        assert!(column.more.is_sorted_by_key(|(row, _)| *row));
        assert!(column.more.iter().all(|(row, _)| (*row as usize) < rows));
        assert!(batch.columns.iter().skip(at + 1).all(|other| other.field != column.field));
        let values = vocabulary.dictionary(column.field).expect("a field that is known");
        for row in 0..rows {
            for value in column.values(row) {
                assert!(values.get(value).is_some(), "a value that is not there");
            }
        }
    }
}

/// Hints for a source of some name.
pub fn hints(name: &str) -> Arc<SourceHints> {
    let written_before = Some(1_700_000_000_000_000_000);
    Arc::new(SourceHints { name: name.into(), written_before, ..SourceHints::default() })
}
