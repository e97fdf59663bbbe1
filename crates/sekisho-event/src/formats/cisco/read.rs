//! Reads lines into the one batch that they all belong to.

use std::borrow::Cow;

use super::line::{FIELDS, Line};
use crate::batch::{BatchBuilder, RECORD_ID_UNKNOWN, RowHead, ShapeId};
use crate::dictionary::{Kind, ValueId};
use crate::formats::json::write_string;
use crate::formats::lines::{Untimed, lines, too_long};
use crate::limits::RECORD_BYTES_MAX;
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Parsed, Reader, Records};
use crate::shape::Shape;
use crate::vocabulary::{FieldId, Vocabulary};

#[derive(Default)]
pub(super) struct CiscoReader {
    builder: BatchBuilder,
    row: Vec<(FieldId, ValueId)>,
}

/// What stands beside the events of a block.
#[derive(Default)]
struct Found {
    spans: Vec<(usize, usize)>,
    problems: Problems,
    untimed: Untimed,
}

/// Where the values of a line go.
struct Target {
    shape: ShapeId,
    /// The fields that are wanted, by the numbers of [`FIELDS`].
    fields: [Option<FieldId>; FIELDS.len()],
}

impl Reader for CiscoReader {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        let shape = Shape { product: "cisco".into(), channel: "ios".into(), event_id: None };
        let whole = vocabulary.projection().wants_all_of(&shape);
        let field = |name| vocabulary.field(name).filter(|&f| whole || vocabulary.wanted(f));
        let fields = FIELDS.map(field);
        let target = Target { shape: self.builder.shape(&shape), fields };
        let mut found = Found { problems: block.problems.clone(), ..Found::default() };
        for (at, line) in lines(&block.bytes) {
            self.line(&mut found, (block, at), line, &target, vocabulary);
        }
        let batches = self.builder.finish();
        let records = Lines { block, spans: found.spans };
        let parsed = Parsed {
            batches: &batches,
            count: u32::try_from(records.spans.len()).unwrap_or(u32::MAX),
            records: &records,
            problems: found.problems,
            zoneless: found.untimed.zoneless,
            timeless: found.untimed.timeless,
        };
        visit(&parsed, vocabulary);
    }
}

impl CiscoReader {
    fn line(
        &mut self,
        found: &mut Found,
        (block, at): (&Block, usize),
        raw: &[u8],
        target: &Target,
        vocabulary: &mut Vocabulary,
    ) {
        let offset = block.offset + at as u64;
        if raw.len() > RECORD_BYTES_MAX {
            found.problems.push(too_long(offset));
            return;
        }
        let text = String::from_utf8_lossy(raw);
        if matches!(text, Cow::Owned(_)) {
            let what = "invalid UTF-8, read with U+FFFD in its place";
            found.problems.push(Problem::new(offset, what, "UTF-8"));
        }
        let line = Line::of(&text);
        self.row.clear();
        for (n, kind, value) in line.fields() {
            if let Some(field) = target.fields.get(n).copied().flatten()
                && let Some(dictionary) = vocabulary.dictionary_mut(field)
            {
                self.row.push((field, dictionary.intern_str(kind, value)));
            }
        }
        let head = line.head();
        let intern = |host| vocabulary.hosts.intern_str(Kind::String, host);
        let host = head.host.map_or(ValueId::ABSENT, intern);
        let time = found.untimed.utc(head.time, &block.hints);
        let record = u32::try_from(found.spans.len()).unwrap_or(u32::MAX);
        found.spans.push((at, at + raw.len()));
        let head = RowHead { time, host, record_id: RECORD_ID_UNKNOWN, record };
        self.builder.push(target.shape, head, &self.row);
    }
}

/// The records of a block.
struct Lines<'a> {
    block: &'a Block,
    spans: Vec<(usize, usize)>,
}

impl Records for Lines<'_> {
    fn offset(&self, record: u32) -> u64 {
        let start = self.spans.get(record as usize).map_or(0, |s| s.0);
        self.block.offset + start as u64
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        let span = self.spans.get(record as usize);
        let Some(raw) = span.and_then(|&(start, end)| self.block.bytes.get(start..end)) else {
            out.extend_from_slice(b"null");
            return;
        };
        let text = String::from_utf8_lossy(raw);
        for (n, kind, value) in Line::of(&text).fields() {
            out.push(if n == 0 { b'{' } else { b',' });
            write_string(FIELDS.get(n).copied().unwrap_or_default(), out);
            out.push(b':');
            match kind {
                Kind::Number => out.extend_from_slice(value.as_bytes()),
                _ => write_string(value, out),
            }
        }
        out.push(b'}');
    }
}
