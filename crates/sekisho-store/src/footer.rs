//! The footer of a segment: which columns it has and where they lie. All of it
//! is checked against the file's size and the layout before it is used.

use std::collections::HashSet;

use sekisho_event::Kind;

use crate::error::Flaw;
use crate::limits::{COLUMNS_MAX, GRAMS_BYTES_MAX, GROUP_ROWS_MAX, ROW_GROUPS_MAX};
use crate::schema::{self, GRAMS_KEY, GramsAt, KINDS_KEY, Own, REST_KEY, VERSION, VERSION_KEY};
use crate::thrift::{Thrift, Wire};

const EXPECTED: &str = "a segment as it was written here";
const BYTE_ARRAY: i64 = 6;
const CODEC_ZSTD: i64 = 6;

/// A segment's columns and groups of rows.
#[derive(Debug)]
pub(crate) struct Footer {
    pub(crate) rows: u64,
    /// The fields that have columns, in order, and the kind of their values.
    pub(crate) fields: Vec<(String, Kind)>,
    /// Fields that `_rest` may hold; any where it is not said.
    pub(crate) rest: Option<HashSet<String>>,
    pub(crate) groups: Vec<Group>,
    /// By group of rows: the sets of pieces of its columns, if there are such.
    pub(crate) grams: Vec<GramsAt>,
}

/// A group of rows.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) rows: usize,
    /// Where the bytes of each column lie.
    pub(crate) chunks: Vec<ChunkAt>,
}

/// Where the bytes of a column lie.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChunkAt {
    pub(crate) at: u64,
    pub(crate) len: u64,
    /// How many bytes they unpack to, as the footer says.
    pub(crate) unpacked: u64,
}

impl Group {
    /// The bytes of a column of ours.
    pub(crate) fn own(&self, own: Own) -> ChunkAt {
        let number = match own {
            Own::Rest => self.chunks.len().checked_sub(1),
            _ => Own::ALL.iter().position(|&other| other == own),
        };
        number.and_then(|number| self.chunks.get(number)).copied().unwrap_or_default()
    }

    /// The bytes of a field's column.
    pub(crate) fn field(&self, number: usize) -> ChunkAt {
        self.chunks.get(Own::ALL.len() - 1 + number).copied().unwrap_or_default()
    }
}

#[derive(Default)]
struct Element {
    name: String,
    physical: Option<i64>,
    repetition: Option<i64>,
    children: Option<usize>,
}

#[derive(Default)]
struct Raw {
    rows: u64,
    schema: Vec<Element>,
    groups: Vec<Group>,
    entries: Vec<(String, String)>,
}

impl Footer {
    /// Reads a footer of a file of which `data_bytes` bytes lie before it.
    pub(crate) fn parse(bytes: &[u8], data_bytes: u64) -> Result<Self, Flaw> {
        let mut raw = Raw::default();
        let mut thrift = Thrift::new(bytes);
        thrift.structure(&mut |thrift, id, wire| match (id, wire) {
            (2, Wire::List) => {
                raw.schema = list(thrift, COLUMNS_MAX + 1, &mut element)?;
                Ok(true)
            }
            (3, Wire::Integer) => {
                raw.rows = thrift.size()? as u64;
                Ok(true)
            }
            (4, Wire::List) => {
                raw.groups = list(thrift, ROW_GROUPS_MAX, &mut |t| group(t, data_bytes))?;
                Ok(true)
            }
            (5, Wire::List) => {
                raw.entries = list(thrift, COLUMNS_MAX, &mut entry)?;
                Ok(true)
            }
            _ => Ok(false),
        })?;
        raw.check(data_bytes)
    }
}

impl Raw {
    fn check(self, data_bytes: u64) -> Result<Footer, Flaw> {
        let entry = |key: &str| {
            let found = self.entries.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let version = entry(VERSION_KEY);
        if version != VERSION {
            return Err(Flaw::new(format!("the layout {version:?}"), "a segment of layout 1"));
        }
        let names = fields(&self.schema)?;
        let unread =
            |what: &str, e| Flaw::new(format!("{what} that cannot be read ({e})"), EXPECTED);
        let kinds: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(entry(KINDS_KEY)).map_err(|e| unread("kinds of columns", e))?;
        let rest: Option<HashSet<String>> =
            serde_json::from_str(entry(REST_KEY)).map_err(|e| unread("names in _rest", e))?;
        let kind_of = |name: &String| match kinds.get(name) {
            None => Ok(Kind::String),
            Some(kind) => kind
                .as_str()
                .and_then(schema::kind_named)
                .ok_or_else(|| Flaw::new(format!("a column of the kind {kind}"), EXPECTED)),
        };
        let columns = names.len() + Own::ALL.len();
        let kinds: Result<Vec<Kind>, Flaw> = names.iter().map(kind_of).collect();
        let fields = names.into_iter().zip(kinds?).collect();
        let mut sum = 0_u64;
        for group in &self.groups {
            if group.chunks.len() != columns || group.rows > GROUP_ROWS_MAX {
                let what = format!("{} columns of {} rows", group.chunks.len(), group.rows);
                return Err(Flaw::new(what, EXPECTED));
            }
            sum = sum.saturating_add(group.rows as u64);
        }
        if sum != self.rows {
            return Err(Flaw::new(format!("{} rows in groups of {sum}", self.rows), EXPECTED));
        }
        let grams = grams(entry(GRAMS_KEY), data_bytes)?;
        Ok(Footer { rows: self.rows, fields, rest, groups: self.groups, grams })
    }
}

/// Where sets of pieces lie; nowhere in a segment that was written without.
fn grams(text: &str, data_bytes: u64) -> Result<Vec<GramsAt>, Flaw> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |what: String| Flaw::new(what, "sets of pieces that lie before the footer");
    let all: Vec<GramsAt> = serde_json::from_str(text)
        .map_err(|e| wrong(format!("a list of sets that cannot be read ({e})")))?;
    for (at, sets) in &all {
        let bytes = sets.iter().fold(0_usize, |sum, (_, len)| sum.saturating_add(*len));
        let end = at.checked_add(bytes as u64);
        if bytes > GRAMS_BYTES_MAX || end.is_none_or(|end| end > data_bytes) {
            return Err(wrong(format!("sets at byte {at} of {bytes} bytes")));
        }
    }
    Ok(all)
}

/// The names of the fields in a schema that is laid out as ours.
fn fields(schema: &[Element]) -> Result<Vec<String>, Flaw> {
    let wrong = |what: String| Flaw::new(what, EXPECTED);
    let Some((root, columns)) = schema.split_first() else {
        return Err(wrong("no schema".to_owned()));
    };
    if root.children != Some(columns.len()) {
        return Err(wrong("columns within columns".to_owned()));
    }
    let ours = Own::ALL.len() - 1;
    let fields = columns.get(ours..columns.len().saturating_sub(1)).unwrap_or_default();
    let own = columns.iter().take(ours).chain(columns.iter().skip(ours + fields.len()));
    if columns.len() != fields.len() + Own::ALL.len() {
        return Err(wrong(format!("{} columns", columns.len())));
    }
    for (column, own) in own.zip(Own::ALL) {
        let physical = match own.physical() {
            parquet::basic::Type::INT32 => 1,
            parquet::basic::Type::INT64 => 2,
            _ => BYTE_ARRAY,
        };
        let right = column.name == own.name()
            && column.physical == Some(physical)
            && column.repetition == Some(i64::from(own.optional()));
        if !right {
            return Err(wrong(format!("the column {:?} in place of {}", column.name, own.name())));
        }
    }
    let odd = fields.iter().find(|f| f.physical != Some(BYTE_ARRAY) || f.repetition != Some(1));
    if let Some(field) = odd {
        return Err(wrong(format!("the column {:?} does not hold text", field.name)));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = fields.iter().find(|field| !seen.insert(field.name.as_str())) {
        return Err(wrong(format!("two columns {:?}", twice.name)));
    }
    Ok(fields.iter().map(|field| field.name.clone()).collect())
}

fn list<T>(
    thrift: &mut Thrift<'_>,
    most: usize,
    each: &mut dyn FnMut(&mut Thrift<'_>) -> Result<T, Flaw>,
) -> Result<Vec<T>, Flaw> {
    let (wire, count) = thrift.list()?;
    if count > most || (wire != Wire::Struct && count > 0) {
        return Err(Flaw::new(format!("a list of {count} in the metadata"), EXPECTED));
    }
    (0..count).map(|_| each(thrift)).collect()
}

fn element(thrift: &mut Thrift<'_>) -> Result<Element, Flaw> {
    let mut out = Element::default();
    thrift.structure(&mut |thrift, id, wire| {
        match (id, wire) {
            (1, Wire::Integer) => out.physical = Some(thrift.integer()?),
            (3, Wire::Integer) => out.repetition = Some(thrift.integer()?),
            (4, Wire::Bytes) => out.name = thrift.text()?.to_owned(),
            (5, Wire::Integer) => out.children = Some(thrift.size()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(out)
}

fn group(thrift: &mut Thrift<'_>, data_bytes: u64) -> Result<Group, Flaw> {
    let mut out = Group::default();
    thrift.structure(&mut |thrift, id, wire| {
        match (id, wire) {
            (1, Wire::List) => {
                out.chunks = list(thrift, COLUMNS_MAX, &mut |t| column(t, data_bytes))?;
            }
            (3, Wire::Integer) => out.rows = thrift.size()?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(out)
}

fn column(thrift: &mut Thrift<'_>, data_bytes: u64) -> Result<ChunkAt, Flaw> {
    let mut out = ChunkAt::default();
    thrift.structure(&mut |thrift, id, wire| match (id, wire) {
        (3, Wire::Struct) => {
            out = chunk(thrift)?;
            Ok(true)
        }
        _ => Ok(false),
    })?;
    if out.at.checked_add(out.len).is_none_or(|end| end > data_bytes) || out.len == 0 {
        let what = format!("a column at byte {} of {} bytes", out.at, out.len);
        return Err(Flaw::new(what, "columns that lie before the footer"));
    }
    Ok(out)
}

fn chunk(thrift: &mut Thrift<'_>) -> Result<ChunkAt, Flaw> {
    let (mut codec, mut unpacked, mut len, mut data, mut dictionary) = (-1, 0, 0, 0, None);
    thrift.structure(&mut |thrift, id, wire| {
        match (id, wire) {
            (4, Wire::Integer) => codec = thrift.integer()?,
            (6, Wire::Integer) => unpacked = thrift.size()?,
            (7, Wire::Integer) => len = thrift.size()?,
            (9, Wire::Integer) => data = thrift.size()?,
            (11, Wire::Integer) => dictionary = Some(thrift.size()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if codec != CODEC_ZSTD {
        return Err(Flaw::new(format!("a column packed with codec {codec}"), "zstd"));
    }
    let at = dictionary.unwrap_or(data) as u64;
    Ok(ChunkAt { at, len: len as u64, unpacked: unpacked as u64 })
}

fn entry(thrift: &mut Thrift<'_>) -> Result<(String, String), Flaw> {
    let mut out = (String::new(), String::new());
    thrift.structure(&mut |thrift, id, wire| {
        match (id, wire) {
            (1, Wire::Bytes) => out.0 = thrift.text()?.to_owned(),
            (2, Wire::Bytes) => out.1 = thrift.text()?.to_owned(),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(out)
}
