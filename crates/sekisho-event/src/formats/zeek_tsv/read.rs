//! Reads lines of a Zeek log into the batch of its path.

use super::header::{Header, Scalar, Type, decoded, split};
use crate::batch::{BatchBuilder, RECORD_ID_UNKNOWN, RowHead, ShapeId};
use crate::dictionary::{Dictionary, Kind, ValueId};
use crate::formats::json::{path_of_name, write_string};
use crate::formats::lines::{Spans, lines, too_long};
use crate::formats::text::is_number;
use crate::limits::{READER_SHAPES_MAX, RECORD_BYTES_MAX, RECORD_CELLS_MAX};
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Parsed, Reader, Records, Untimed};
use crate::shape::Shape;
use crate::time;
use crate::vocabulary::{FieldId, Vocabulary};

/// The form of a value as it stands in the file, in dictionaries.
const FORM: u8 = 68;

/// A column of the present header.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The field, where it is wanted.
    field: Option<FieldId>,
    kind: Type,
    host: bool,
    time: bool,
}

#[derive(Default)]
pub(super) struct TsvReader {
    builder: BatchBuilder,
    blocks: usize,
    row: Vec<(FieldId, ValueId)>,
}

/// What stands beside the events of a block.
#[derive(Default)]
struct Found {
    spans: Vec<(usize, usize)>,
    problems: Problems,
    untimed: Untimed,
}

impl Reader for TsvReader {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        self.blocks += 1;
        if self.blocks.is_multiple_of(READER_SHAPES_MAX) {
            // Each block may have a path of its own.
            self.builder = BatchBuilder::default();
        }
        let header = Header::parse(&block.header);
        let path = header.path.as_deref().or_else(|| path_of_name(&block.hints.name));
        let shape = Shape {
            product: "zeek".into(),
            channel: path.unwrap_or_default().into(),
            event_id: None,
        };
        let whole = vocabulary.projection().wants_all_of(&shape);
        let places = places(&header, whole, vocabulary);
        let shape = self.builder.shape(&shape);
        self.builder.begin(block, vocabulary);
        let mut found = Found { problems: block.problems.clone(), ..Found::default() };
        for (at, line) in lines(&block.bytes) {
            if line.first() != Some(&b'#') {
                self.line(&mut found, (block, at), line, &header, &places, shape, vocabulary);
            }
        }
        let batches = self.builder.finish();
        let spans = Spans { block, spans: found.spans };
        let count = spans.count();
        let records = Lines { header: &header, spans };
        let parsed = Parsed {
            batches: &batches,
            count,
            records: &records,
            problems: found.problems,
            untimed: found.untimed,
        };
        visit(&parsed, vocabulary);
    }
}

fn places(header: &Header, whole: bool, vocabulary: &mut Vocabulary) -> Vec<Place> {
    let host = ["_system_name", "peer"].into_iter().find(|h| header.fields.iter().any(|f| f == h));
    let named = header.fields.iter().enumerate();
    let place = |(n, name): (usize, &String)| Place {
        field: vocabulary.field(name).filter(|&f| whole || vocabulary.wanted(f)),
        kind: header.type_of(n),
        host: Some(name.as_str()) == host,
        time: name == "ts",
    };
    named.map(place).collect()
}

impl TsvReader {
    #[expect(clippy::too_many_arguments, reason = "what one line is read with, and nothing else")]
    fn line(
        &mut self,
        found: &mut Found,
        (block, at): (&Block, usize),
        line: &[u8],
        header: &Header,
        places: &[Place],
        shape: ShapeId,
        vocabulary: &mut Vocabulary,
    ) {
        let offset = block.offset + at as u64;
        if let Some(problem) = unreadable(line, header, offset) {
            found.problems.push(problem);
            return;
        }
        if std::str::from_utf8(line).is_err() {
            let what = "invalid UTF-8, read with U+FFFD in its place";
            found.problems.push(Problem::new(offset, what, "UTF-8"));
        }
        self.row.clear();
        let (mut time, mut host) = (None, ValueId::ABSENT);
        for (place, raw) in places.iter().zip(split(line, &header.separator)) {
            if raw == header.unset_field {
                continue;
            }
            if place.time {
                time = std::str::from_utf8(raw).ok().and_then(time::parse);
            }
            if place.host {
                host = intern(&mut vocabulary.hosts, Scalar::Text, raw);
            }
            if let Some(field) = place.field
                && let Some(dictionary) = vocabulary.dictionary_mut(field)
            {
                for raw in values(header, place.kind, raw) {
                    if self.row.len() < RECORD_CELLS_MAX {
                        self.row.push((field, intern(dictionary, place.kind.scalar, raw)));
                    }
                }
            }
        }
        if self.row.len() >= RECORD_CELLS_MAX {
            let what = "too many values in a line, the last ones are not read";
            let expected = format!("fewer than {RECORD_CELLS_MAX} values");
            found.problems.push(Problem::new(offset, what, expected));
        }
        let record = u32::try_from(found.spans.len()).unwrap_or(u32::MAX);
        found.spans.push((at, at + line.len()));
        let time = found.untimed.utc(time, &block.hints);
        let head = RowHead { time, host, record_id: RECORD_ID_UNKNOWN, record };
        self.builder.push(shape, head, &self.row);
    }
}

/// Why a line cannot be read, if it cannot.
fn unreadable(line: &[u8], header: &Header, offset: u64) -> Option<Problem> {
    let named = header.fields.len();
    if line.len() > RECORD_BYTES_MAX {
        return Some(too_long(offset));
    }
    let columns = split(line, &header.separator).count();
    if named == 0 {
        return Some(Problem::new(offset, "line without a header", "a #fields line before it"));
    }
    (columns != named).then(|| {
        let expected = format!("{named} columns, as the #fields line names them");
        Problem::new(offset, format!("line of {columns} columns"), expected)
    })
}

/// The values of a column: an empty text where it says so.
fn values<'a>(
    header: &'a Header,
    kind: Type,
    raw: &'a [u8],
) -> impl Iterator<Item = &'a [u8]> + 'a {
    let empty = raw == header.empty_field;
    let whole = (empty || !kind.several).then_some(if empty { b"".as_slice() } else { raw });
    let several = whole.is_none().then(|| split(raw, &header.set_separator));
    let several = several.into_iter().flatten().filter(|v| *v != header.unset_field);
    let several = several.map(|v| if v == header.empty_field { b"".as_slice() } else { v });
    whole.into_iter().chain(several)
}

fn kind_of(scalar: Scalar, raw: &[u8]) -> Kind {
    match (scalar, raw) {
        (Scalar::Bool, b"T" | b"F") => Kind::Bool,
        (Scalar::Number, raw) if is_number(raw) => Kind::Number,
        _ => Kind::String,
    }
}

fn intern(dictionary: &mut Dictionary, scalar: Scalar, raw: &[u8]) -> ValueId {
    match kind_of(scalar, raw) {
        Kind::Bool => dictionary.intern_str(Kind::Bool, if raw == b"T" { "true" } else { "false" }),
        Kind::Number => {
            dictionary.intern_str(Kind::Number, std::str::from_utf8(raw).unwrap_or_default())
        }
        _ => dictionary.intern(FORM, raw, |raw, out| {
            out.push_str(&String::from_utf8_lossy(&decoded(raw)));
            Kind::String
        }),
    }
}

/// The records of a block.
struct Lines<'a> {
    header: &'a Header,
    spans: Spans<'a>,
}

impl Records for Lines<'_> {
    fn offset(&self, record: u32) -> u64 {
        self.spans.offset(record)
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        let Some(line) = self.spans.bytes(record) else {
            out.extend_from_slice(b"null");
            return;
        };
        out.push(b'{');
        let mut first = true;
        let columns = split(line, &self.header.separator).enumerate();
        for ((n, raw), name) in columns.zip(&self.header.fields) {
            if raw == self.header.unset_field {
                continue;
            }
            if !std::mem::replace(&mut first, false) {
                out.push(b',');
            }
            write_string(name, out);
            out.push(b':');
            self.write_column(self.header.type_of(n), raw, out);
        }
        out.push(b'}');
    }
}

impl Lines<'_> {
    fn write_column(&self, kind: Type, raw: &[u8], out: &mut Vec<u8>) {
        if !kind.several {
            return write_value(kind.scalar, values(self.header, kind, raw).next(), out);
        }
        out.push(b'[');
        if raw != self.header.empty_field {
            for (n, value) in values(self.header, kind, raw).enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_value(kind.scalar, Some(value), out);
            }
        }
        out.push(b']');
    }
}

fn write_value(scalar: Scalar, raw: Option<&[u8]>, out: &mut Vec<u8>) {
    let raw = raw.unwrap_or_default();
    match kind_of(scalar, raw) {
        Kind::Number => out.extend_from_slice(raw),
        Kind::Bool if raw == b"T" => out.extend_from_slice(b"true"),
        Kind::Bool => out.extend_from_slice(b"false"),
        _ => write_string(&String::from_utf8_lossy(&decoded(raw)), out),
    }
}
