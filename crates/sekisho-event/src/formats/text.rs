//! What formats of text share: a record is a stretch of text that can be read
//! on its own, and reading it means saying what it is and which values its
//! fields have. Said once, it serves both ends: the columns of a batch
//! ([`Columns`]) and the record as JSON ([`JsonRecord`]).

use std::borrow::Cow;

use hashbrown::{Equivalent, HashMap};

use super::json::write_string;
use super::lines::{Spans, lines, too_long};
use crate::batch::{BatchBuilder, RECORD_ID_UNKNOWN, RowHead, ShapeId};
use crate::dictionary::{Kind, ValueId};
use crate::limits::{READER_SHAPES_MAX, RECORD_BYTES_MAX, RECORD_CELLS_MAX};
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Parsed, Reader, Records, Untimed};
use crate::shape::Shape;
use crate::time::Stamp;
use crate::vocabulary::{FieldId, Vocabulary};

/// Takes what a record says.
pub(super) trait Sink {
    /// What kind of record it is, in the words of [`Shape`]. Said before its
    /// first field, and once.
    fn shape(&mut self, product: &str, channel: &str, event_id: Option<u32>);

    /// A value of a field. A field that is named again has several values.
    fn field(&mut self, name: &str, kind: Kind, value: &str);

    /// When it was written. Of several times the best is named, last.
    fn time(&mut self, stamp: Stamp);

    /// Who wrote it. The last one counts.
    fn host(&mut self, name: &str);

    /// Its number within its log.
    fn record_id(&mut self, id: u64);

    /// A value that is text, whatever it looks like.
    fn text(&mut self, name: &str, value: &str) {
        self.field(name, Kind::String, value);
    }

    /// A value that is a number if it looks like one, and text otherwise.
    fn value(&mut self, name: &str, value: &str) {
        let kind = if is_number(value.as_bytes()) { Kind::Number } else { Kind::String };
        self.field(name, kind, value);
    }
}

/// Why a record could not be read, or not in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong, in lower case.
    pub(super) what: Cow<'static, str>,
    /// What was expected, or what to do.
    pub(super) expected: &'static str,
    /// The record counts all the same, with the fields that were said.
    pub(super) kept: bool,
}

/// A format of text records.
pub(super) trait TextFormat: Send + Default {
    /// What is known of a block before its records are read: its header lines
    /// put into order, for instance.
    type Context;

    /// Looks at what goes with a block.
    fn context(&self, block: &Block) -> Self::Context;

    /// Where the records of a block stand, in order, without line ends.
    /// Bytes in no record are neither read nor named.
    fn spans(&self, bytes: &[u8], _context: &Self::Context) -> Vec<(usize, usize)> {
        lines(bytes).map(|(at, line)| (at, at + line.len())).collect()
    }

    /// The offset in the source of a position in a block. It is another only
    /// where the block's bytes are not those of the source.
    fn offset(&self, block: &Block, _context: &Self::Context, at: usize) -> u64 {
        block.offset + at as u64
    }

    /// Says what a record says.
    ///
    /// # Errors
    ///
    /// Where it is no record of this format, or a damaged one.
    fn read(&self, text: &str, context: &Self::Context, sink: &mut dyn Sink) -> Result<(), Fault>;
}

/// Reads blocks of a format of text records.
#[derive(Default)]
pub(super) struct TextReader<F> {
    format: F,
    columns: Columns,
}

impl<F: TextFormat> Reader for TextReader<F> {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        let context = self.format.context(block);
        self.columns.begin(block, vocabulary);
        let mut problems = block.problems.clone();
        let mut kept = Vec::new();
        for (start, end) in self.format.spans(&block.bytes, &context) {
            let raw = block.bytes.get(start..end).unwrap_or_default();
            let offset = self.format.offset(block, &context, start);
            if raw.len() > RECORD_BYTES_MAX {
                problems.push(too_long(offset));
                continue;
            }
            let text = decoded(raw, offset, &mut problems);
            let mut record = self.columns.record(block, vocabulary);
            let read = self.format.read(&text, &context, &mut record);
            let left_out = record.left_out;
            if let Err(fault) = &read {
                let what = fault.what.as_ref();
                problems.push(Problem::new(offset, what, fault.expected));
            }
            if left_out > 0 {
                problems.push(too_many_values(offset, left_out));
            }
            if read.map_or_else(|fault| fault.kept, |()| true) {
                record.finish(u32::try_from(kept.len()).unwrap_or(u32::MAX));
                kept.push((start, end));
            }
        }
        let (batches, untimed) = self.columns.finish();
        let spans = Spans { block, spans: kept };
        let count = spans.count();
        let records = TextRecords { format: &self.format, context: &context, spans };
        let parsed = Parsed { batches: &batches, count, records: &records, problems, untimed };
        visit(&parsed, vocabulary);
    }
}

/// The text of some bytes; named where they are no UTF-8.
pub(super) fn decoded<'a>(raw: &'a [u8], offset: u64, problems: &mut Problems) -> Cow<'a, str> {
    let text = String::from_utf8_lossy(raw);
    if matches!(text, Cow::Owned(_)) {
        let what = "invalid UTF-8, read with U+FFFD in its place";
        problems.push(Problem::new(offset, what, "UTF-8"));
    }
    text
}

/// The problem of a record with more values than are read.
pub(super) fn too_many_values(offset: u64, left_out: usize) -> Problem {
    let what = format!("{left_out} values of a record are not read");
    Problem::new(offset, what, format!("at most {RECORD_CELLS_MAX} values in a record"))
}

/// The records of a block of text.
struct TextRecords<'a, F: TextFormat> {
    format: &'a F,
    context: &'a F::Context,
    spans: Spans<'a>,
}

impl<F: TextFormat> Records for TextRecords<'_, F> {
    fn offset(&self, record: u32) -> u64 {
        match self.spans.spans.get(record as usize) {
            Some(&(start, _)) => self.format.offset(self.spans.block, self.context, start),
            None => self.spans.block.offset,
        }
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        let Some(raw) = self.spans.bytes(record) else {
            out.extend_from_slice(b"null");
            return;
        };
        let mut json = JsonRecord::default();
        // What is wrong with it was named when it was read.
        let _: Result<(), Fault> =
            self.format.read(&String::from_utf8_lossy(raw), self.context, &mut json);
        json.write(out);
    }
}

/// Brings records into the columns of their shapes.
#[derive(Default)]
pub(super) struct Columns {
    builder: BatchBuilder,
    shapes: HashMap<Shape, Known>,
    shapes_made: usize,
    last: Option<(Shape, Known)>,
    row: Vec<(FieldId, ValueId)>,
    untimed: Untimed,
}

/// A shape's number in this block, and whether all its fields are wanted.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: ShapeId,
    whole: bool,
}

impl Columns {
    /// Before the records of a block.
    pub(super) fn begin(&mut self, block: &Block, vocabulary: &mut Vocabulary) {
        if self.shapes_made > READER_SHAPES_MAX {
            *self = Self::default();
        }
        self.shapes.clear();
        self.last = None;
        self.untimed = Untimed::default();
        self.builder.begin(block, vocabulary);
    }

    /// A new record.
    pub(super) fn record<'a>(
        &'a mut self,
        block: &'a Block,
        vocabulary: &'a mut Vocabulary,
    ) -> Row<'a> {
        self.row.clear();
        Row {
            columns: self,
            block,
            vocabulary,
            shape: None,
            stamp: None,
            host: ValueId::ABSENT,
            record_id: RECORD_ID_UNKNOWN,
            left_out: 0,
        }
    }

    /// After the last record of a block: the events, and what their times
    /// left open.
    pub(super) fn finish(&mut self) -> (Vec<crate::batch::EventBatch>, Untimed) {
        (self.builder.finish(), self.untimed)
    }

    fn shape(&mut self, sought: Sought<'_>, vocabulary: &Vocabulary) -> Known {
        if let Some((shape, known)) = &self.last
            && sought.equivalent(shape)
        {
            return *known;
        }
        let known = match self.shapes.get_key_value(&sought) {
            Some((_, &known)) => known,
            None => {
                let shape = sought.to_shape();
                self.shapes_made += 1;
                let whole = vocabulary.projection().wants_all_of(&shape);
                let known = Known { id: self.builder.shape(&shape), whole };
                self.shapes.insert(shape, known);
                known
            }
        };
        self.last = Some((sought.to_shape(), known));
        known
    }
}

/// A shape by which another is looked up.
#[derive(Clone, Copy, Debug, Hash)]
struct Sought<'a> {
    product: &'a str,
    channel: &'a str,
    event_id: Option<u32>,
}

impl Sought<'_> {
    fn to_shape(self) -> Shape {
        let Self { product, channel, event_id } = self;
        Shape { product: product.into(), channel: channel.into(), event_id }
    }
}

impl Equivalent<Shape> for Sought<'_> {
    fn equivalent(&self, shape: &Shape) -> bool {
        self.event_id == shape.event_id
            && *self.channel == *shape.channel
            && *self.product == *shape.product
    }
}

/// A record on its way into columns.
pub(super) struct Row<'a> {
    columns: &'a mut Columns,
    block: &'a Block,
    vocabulary: &'a mut Vocabulary,
    shape: Option<Known>,
    stamp: Option<Stamp>,
    host: ValueId,
    record_id: u64,
    /// Values beyond the limit.
    pub(super) left_out: usize,
}

impl Row<'_> {
    fn known(&mut self) -> Known {
        match self.shape {
            Some(known) => known,
            None => {
                self.shape("", "", None);
                self.shape.unwrap_or(Known {
                    id: self.columns.builder.shape(&Shape::unknown()),
                    whole: true,
                })
            }
        }
    }

    /// Puts it into its batch, as the record of this number.
    pub(super) fn finish(mut self, record: u32) {
        let shape = self.known();
        let time = self.columns.untimed.utc(self.stamp, &self.block.hints);
        let head = RowHead { time, host: self.host, record_id: self.record_id, record };
        self.columns.builder.push(shape.id, head, &self.columns.row);
    }
}

impl Sink for Row<'_> {
    fn shape(&mut self, product: &str, channel: &str, event_id: Option<u32>) {
        let sought = Sought { product, channel, event_id };
        self.shape = Some(self.columns.shape(sought, self.vocabulary));
    }

    fn field(&mut self, name: &str, kind: Kind, value: &str) {
        let whole = self.known().whole;
        let Some(field) = self.vocabulary.field(name) else { return };
        if !whole && !self.vocabulary.wanted(field) {
            return;
        }
        if self.columns.row.len() >= RECORD_CELLS_MAX {
            self.left_out += 1;
            return;
        }
        if let Some(dictionary) = self.vocabulary.dictionary_mut(field) {
            self.columns.row.push((field, dictionary.intern_str(kind, value)));
        }
    }

    fn time(&mut self, stamp: Stamp) {
        self.stamp = Some(stamp);
    }

    fn host(&mut self, name: &str) {
        self.host = self.vocabulary.hosts.intern_str(Kind::String, name);
    }

    fn record_id(&mut self, id: u64) {
        self.record_id = id;
    }
}

/// A record on its way into JSON: an object of its fields in the order in
/// which they were first named, those with several values as arrays.
#[derive(Debug, Default)]
pub(super) struct JsonRecord {
    fields: Vec<(String, Vec<(Kind, String)>)>,
    by_name: HashMap<String, usize>,
}

impl JsonRecord {
    /// Appends the object.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (n, (name, values)) in self.fields.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            write_string(name, out);
            out.push(b':');
            match values.as_slice() {
                [value] => write_value(value, out),
                values => {
                    for (n, value) in values.iter().enumerate() {
                        out.push(if n == 0 { b'[' } else { b',' });
                        write_value(value, out);
                    }
                    out.push(b']');
                }
            }
        }
        out.push(b'}');
    }
}

fn write_value((kind, value): &(Kind, String), out: &mut Vec<u8>) {
    match kind {
        Kind::Number if is_number(value.as_bytes()) => out.extend_from_slice(value.as_bytes()),
        Kind::Bool if value == "true" || value == "false" => {
            out.extend_from_slice(value.as_bytes());
        }
        Kind::Null => out.extend_from_slice(b"null"),
        _ => write_string(value, out),
    }
}

impl Sink for JsonRecord {
    fn shape(&mut self, _: &str, _: &str, _: Option<u32>) {}

    fn field(&mut self, name: &str, kind: Kind, value: &str) {
        let value = (kind, value.to_owned());
        if let Some(values) = self.by_name.get(name).and_then(|&at| self.fields.get_mut(at)) {
            values.1.push(value);
            return;
        }
        self.by_name.insert(name.to_owned(), self.fields.len());
        self.fields.push((name.to_owned(), vec![value]));
    }

    fn time(&mut self, _: Stamp) {}

    fn host(&mut self, _: &str) {}

    fn record_id(&mut self, _: u64) {}
}

/// Whether bytes are a number as JSON writes it, without an exponent.
pub(super) fn is_number(raw: &[u8]) -> bool {
    let digits = raw.strip_prefix(b"-").unwrap_or(raw);
    let lead = !matches!(digits, [b'0', b'0'..=b'9', ..] | []);
    let mut parts = digits.split(|&b| b == b'.');
    let whole = parts.next().is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit));
    let fraction = parts.next().is_none_or(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit));
    lead && whole && fraction && parts.next().is_none()
}
