//! A segment back to event batches, with only those columns decoded that the
//! vocabulary's projection wants.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use sekisho_event::{
    Column, Dictionary, EventBatch, FieldId, Kind, Projection, RECORD_ID_UNKNOWN, Shape,
    TIME_UNKNOWN, ValueId, Vocabulary,
};

use crate::cursor::{Cursor, Unpacker};
use crate::error::{Error, Flaw};
use crate::footer::{ChunkAt, Footer, Group};
use crate::group::OpenGroup;
use crate::limits::{
    BATCH_CELLS_MAX, BATCH_ROWS_MAX, FOOTER_BYTES_MAX, REST_CELLS_KEPT, SEGMENT_SHAPES_MAX,
};
use crate::rest::{read_fields, read_values};
use crate::schema::Own;

const EXPECTED: &str = "a segment as it was written here";
const MAGIC: &[u8; 4] = b"PAR1";

/// Stored events of one shape, and where each stands in the case.
#[derive(Clone, Debug, Default)]
pub struct StoredBatch {
    /// The events. Their records are numbered from 0 in each batch.
    pub batch: EventBatch,
    /// For each row the number of its source.
    pub sources: Vec<u32>,
    /// Where its record begins in the source.
    pub offsets: Vec<u64>,
    /// How many events before it have the same source and offset.
    pub ordinals: Vec<u32>,
    /// The number of its cell.
    pub cells: Vec<u32>,
    /// Its number in that cell.
    pub indexes: Vec<u64>,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number of its source.
    pub source: u32,
    /// Where its record begins in the source.
    pub offset: u64,
    /// How many events before it have the same source and offset.
    pub ordinal: u32,
    /// The number of its cell.
    pub cell: u32,
    /// Its number in that cell.
    pub index: u64,
}

impl StoredBatch {
    /// Where a row stands.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<Row> {
        Some(Row {
            source: *self.sources.get(row)?,
            offset: *self.offsets.get(row)?,
            ordinal: *self.ordinals.get(row)?,
            cell: *self.cells.get(row)?,
            index: *self.indexes.get(row)?,
        })
    }

    /// The rows for which `keep` says so; those past its end go.
    #[must_use]
    pub fn filtered(&self, keep: &[bool]) -> Self {
        fn kept<T: Copy>(all: &[T], keep: &[bool]) -> Vec<T> {
            all.iter().zip(keep).filter(|(_, keep)| **keep).map(|(one, _)| *one).collect()
        }
        Self {
            batch: self.batch.filtered(keep),
            sources: kept(&self.sources, keep),
            offsets: kept(&self.offsets, keep),
            ordinals: kept(&self.ordinals, keep),
            cells: kept(&self.cells, keep),
            indexes: kept(&self.indexes, keep),
        }
    }
}

/// A segment that is open for reading.
#[derive(Debug)]
pub struct OpenSegment {
    path: PathBuf,
    file: File,
    footer: Footer,
}

/// What a scan calls with each batch.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&StoredBatch, &Vocabulary);

impl OpenSegment {
    /// Opens a segment and reads its footer.
    ///
    /// # Errors
    ///
    /// Those of the file system; a file that is no segment of ours.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let read = |e| Error::io("reading", path, e);
        if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(Flaw::new("is no regular file", EXPECTED).of(path));
        }
        let mut file = File::open(path).map_err(|e| Error::io("opening", path, e))?;
        let len = file.seek(SeekFrom::End(0)).map_err(read)?;
        let damaged = |what: &str| Flaw::new(what, EXPECTED).of(path);
        let tail = ChunkAt { at: len.saturating_sub(8), len: len.min(8), ..ChunkAt::default() };
        let tail = bytes_at(&mut file, tail).map_err(read)?;
        let (size, magic) = tail.split_at_checked(4).unwrap_or_default();
        let size = size.first_chunk().map(|four| u32::from_le_bytes(*four));
        let (Some(size), true) = (size, magic == MAGIC) else {
            return Err(damaged("is no Parquet file, or was cut off"));
        };
        let size = u64::from(size);
        let at = len.checked_sub(8 + size).filter(|_| size <= FOOTER_BYTES_MAX as u64);
        let at = at.ok_or_else(|| damaged("has a footer that is longer than it can be"))?;
        let bytes =
            bytes_at(&mut file, ChunkAt { at, len: size, ..ChunkAt::default() }).map_err(read)?;
        let footer = Footer::parse(&bytes, at).map_err(|flaw| flaw.of(path))?;
        Ok(Self { path: path.to_owned(), file, footer })
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.footer.rows
    }

    /// How many groups of rows: parts that can be scanned by themselves.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.footer.groups.len()
    }

    /// How many rows a group has.
    #[must_use]
    pub fn group_rows(&self, group: usize) -> u64 {
        self.footer.groups.get(group).map_or(0, |group| group.rows as u64)
    }

    /// Shows all rows, batch by batch, in their order. Between two groups of
    /// rows the vocabulary may empty its dictionaries. A field that it does not
    /// take any more is left out; [`Vocabulary::overflowed`] tells.
    ///
    /// # Errors
    ///
    /// Those of the file system; a damaged segment. What was shown before is
    /// good as far as it goes.
    pub fn scan(&mut self, vocabulary: &mut Vocabulary, visit: Visit<'_>) -> Result<(), Error> {
        (0..self.groups()).try_for_each(|group| self.scan_group(group, vocabulary, visit))
    }

    /// As [`OpenSegment::scan`], of one group of rows.
    ///
    /// # Errors
    ///
    /// See [`OpenSegment::scan`].
    pub fn scan_group(
        &mut self,
        group: usize,
        vocabulary: &mut Vocabulary,
        visit: Visit<'_>,
    ) -> Result<(), Error> {
        vocabulary.trim();
        let Self { path, file, footer } = self;
        let Some(about) = footer.groups.get(group) else { return Ok(()) };
        let mut scan = Scan::begin(path, file, footer, about, vocabulary)?;
        scan.run(vocabulary, visit).map_err(|flaw| flaw.of(path))
    }

    /// A group of rows, of which nothing is decoded yet but what shapes its
    /// rows have; `None` where there is no such group.
    ///
    /// # Errors
    ///
    /// See [`OpenSegment::scan`].
    pub fn group(&mut self, group: usize) -> Result<Option<OpenGroup<'_>>, Error> {
        let Self { path, file, footer } = self;
        let Some(about) = footer.groups.get(group) else { return Ok(None) };
        let grams = footer.grams.get(group);
        OpenGroup::open(path, file, footer, about, grams).map(Some)
    }

    /// Shows the rows for which `keep` says so, and decodes fields only where
    /// there are such. It is asked twice about a row of a group that has some.
    ///
    /// # Errors
    ///
    /// See [`OpenSegment::scan`].
    pub fn select(
        &mut self,
        keep: &mut dyn FnMut(&Row) -> bool,
        vocabulary: &mut Vocabulary,
        visit: Visit<'_>,
    ) -> Result<(), Error> {
        for group in 0..self.groups() {
            let mut heads = Vocabulary::new(Projection::Only(Default::default()));
            let mut any = false;
            self.scan_group(group, &mut heads, &mut |stored, _| {
                any = any
                    || (0..stored.batch.rows())
                        .filter_map(|row| stored.row(row))
                        .any(|row| keep(&row));
            })?;
            if !any {
                continue;
            }
            self.scan_group(group, vocabulary, &mut |stored, vocabulary| {
                let rows = (0..stored.batch.rows()).map(|row| stored.row(row));
                let kept: Vec<bool> = rows.map(|row| row.is_some_and(|row| keep(&row))).collect();
                if kept.contains(&true) {
                    visit(&stored.filtered(&kept), vocabulary);
                }
            })?;
        }
        Ok(())
    }
}

pub(crate) fn bytes_at(file: &mut File, at: ChunkAt) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at.at))?;
    // The place was checked against the size of the file.
    let mut bytes = vec![0; usize::try_from(at.len).unwrap_or(0)];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A column of a field.
struct FieldColumn {
    field: FieldId,
    kind: Kind,
    cursor: Cursor,
    /// Wanted in every shape, or only where a shape is wanted whole.
    always: bool,
}

/// The columns that say where a row stands.
struct Heads {
    times: Cursor,
    hosts: Cursor,
    record_ids: Cursor,
    sources: Cursor,
    offsets: Cursor,
    ordinals: Cursor,
    cells: Cursor,
    indexes: Cursor,
}

/// What `_rest` holds of the rows at hand.
#[derive(Default)]
struct Rest {
    cursor: Option<Cursor>,
    /// Its distinct texts.
    texts: Dictionary,
    /// By number of the text: the fields in it and their values.
    read: HashMap<ValueId, Vec<(FieldId, bool, Vec<ValueId>)>>,
    cells: usize,
    rows: Vec<ValueId>,
}

/// The scan of one group of rows.
struct Scan<'a> {
    footer: &'a Footer,
    /// Shapes and how many rows of each come one after the other.
    shapes: Vec<(Shape, usize)>,
    heads: Heads,
    fields: Vec<FieldColumn>,
    rest: Rest,
    unpacker: Unpacker,
    batch_rows: usize,
}

impl<'a> Scan<'a> {
    fn begin(
        path: &Path,
        file: &mut File,
        footer: &'a Footer,
        group: &Group,
        vocabulary: &mut Vocabulary,
    ) -> Result<Self, Error> {
        let mut unpacker = Unpacker::new().map_err(|flaw| flaw.of(path))?;
        let mut column = |at: ChunkAt, optional: bool| {
            let bytes = bytes_at(file, at).map_err(|e| Error::io("reading", path, e))?;
            Ok::<_, Error>(Cursor::new(bytes, optional))
        };
        let mut own = |own: Own| column(group.own(own), own.optional());
        let shapes = [own(Own::Product)?, own(Own::Channel)?, own(Own::EventId)?];
        let shapes = shapes_of(shapes, group.rows, &mut unpacker).map_err(|flaw| flaw.of(path))?;
        let heads = Heads {
            times: own(Own::Time)?,
            hosts: own(Own::Host)?,
            record_ids: own(Own::RecordId)?,
            sources: own(Own::Source)?,
            offsets: own(Own::Offset)?,
            ordinals: own(Own::Ordinal)?,
            cells: own(Own::Cell)?,
            indexes: own(Own::Index)?,
        };
        let whole = shapes.iter().any(|(shape, _)| vocabulary.projection().wants_all_of(shape));
        let wanted = |name: &str, v: &Vocabulary| whole || v.projection().wants(name);
        let in_rest = match &footer.rest {
            None => sekisho_event::limits::FIELD_NAMES_MAX,
            Some(names) => names.iter().filter(|name| wanted(name, vocabulary)).count(),
        };
        let rest = if in_rest > 0 { Some(own(Own::Rest)?) } else { None };
        let mut fields = Vec::new();
        for (number, (name, kind)) in footer.fields.iter().enumerate() {
            if !wanted(name, vocabulary) {
                continue;
            }
            let always = vocabulary.projection().wants(name);
            let Some(field) = vocabulary.field(name) else { continue };
            let cursor = column(group.field(number), true)?;
            fields.push(FieldColumn { field, kind: *kind, cursor, always });
        }
        let columns = (fields.len() + in_rest).max(1);
        let batch_rows = (BATCH_CELLS_MAX / columns).clamp(256, BATCH_ROWS_MAX);
        let rest = Rest { cursor: rest, ..Rest::default() };
        Ok(Self { footer, shapes, heads, fields, rest, unpacker, batch_rows })
    }

    fn run(&mut self, vocabulary: &mut Vocabulary, visit: Visit<'_>) -> Result<(), Flaw> {
        for (shape, rows) in std::mem::take(&mut self.shapes) {
            let whole = vocabulary.projection().wants_all_of(&shape);
            let mut left = rows;
            while left > 0 {
                let rows = left.min(self.batch_rows);
                let mut stored = self.heads(rows, vocabulary)?;
                stored.batch.shape = shape.clone();
                self.columns(rows, whole, vocabulary, &mut stored.batch)?;
                self.rest(rows, whole, vocabulary, &mut stored.batch)?;
                visit(&stored, vocabulary);
                left -= rows;
            }
        }
        Ok(())
    }

    fn heads(&mut self, rows: usize, vocabulary: &mut Vocabulary) -> Result<StoredBatch, Flaw> {
        let Self { heads, unpacker, .. } = self;
        let mut numbers = Vec::with_capacity(rows);
        let mut longs = |cursor: &mut Cursor, none: u64, unpacker: &mut Unpacker| {
            numbers.clear();
            cursor.numbers(rows, none.cast_signed(), unpacker, &mut numbers)?;
            Ok::<Vec<u64>, Flaw>(numbers.iter().map(|n| n.cast_unsigned()).collect())
        };
        let record_ids = longs(&mut heads.record_ids, RECORD_ID_UNKNOWN, unpacker)?;
        let offsets = longs(&mut heads.offsets, 0, unpacker)?;
        let indexes = longs(&mut heads.indexes, 0, unpacker)?;
        let mut shorts = |cursor: &mut Cursor, unpacker: &mut Unpacker| {
            numbers.clear();
            cursor.numbers(rows, 0, unpacker, &mut numbers)?;
            Ok::<Vec<u32>, Flaw>(numbers.iter().map(|&number| short(number)).collect())
        };
        let sources = shorts(&mut heads.sources, unpacker)?;
        let ordinals = shorts(&mut heads.ordinals, unpacker)?;
        let cells = shorts(&mut heads.cells, unpacker)?;
        let mut batch = EventBatch { record_ids, ..EventBatch::default() };
        heads.times.numbers(rows, TIME_UNKNOWN, unpacker, &mut batch.times)?;
        let hosts = &mut vocabulary.hosts;
        heads.hosts.texts(rows, Kind::String, hosts, unpacker, &mut batch.hosts)?;
        batch.records = (0_u32..).take(rows).collect();
        Ok(StoredBatch { batch, sources, offsets, ordinals, cells, indexes })
    }

    fn columns(
        &mut self,
        rows: usize,
        whole: bool,
        vocabulary: &mut Vocabulary,
        batch: &mut EventBatch,
    ) -> Result<(), Flaw> {
        for column in &mut self.fields {
            let Some(dictionary) = vocabulary.dictionary_mut(column.field) else { continue };
            let mut keys = Vec::with_capacity(rows);
            column.cursor.texts(rows, column.kind, dictionary, &mut self.unpacker, &mut keys)?;
            if !(whole || column.always) {
                continue;
            }
            let end = keys.iter().rposition(|id| id.is_present()).map_or(0, |last| last + 1);
            keys.truncate(end);
            if end > 0 {
                batch.columns.push(Column { field: column.field, keys, more: Vec::new() });
            }
        }
        Ok(())
    }

    /// Adds what stands in `_rest`.
    fn rest(
        &mut self,
        rows: usize,
        whole: bool,
        vocabulary: &mut Vocabulary,
        batch: &mut EventBatch,
    ) -> Result<(), Flaw> {
        let Self { footer, rest, unpacker, .. } = self;
        let Some(cursor) = &mut rest.cursor else { return Ok(()) };
        rest.rows.clear();
        cursor.texts(rows, Kind::String, &mut rest.texts, unpacker, &mut rest.rows)?;
        if rest.cells > REST_CELLS_KEPT {
            rest.read.clear();
            rest.cells = 0;
        }
        let columns = batch.columns.iter().enumerate();
        let mut places: HashMap<FieldId, usize> = columns.map(|(n, c)| (c.field, n)).collect();
        for (row, &text) in rest.rows.iter().enumerate().filter(|(_, text)| text.is_present()) {
            if !rest.read.contains_key(&text) {
                let fields = read_rest(rest.texts.text(text), footer, whole, vocabulary)?;
                rest.cells += 1 + fields.len();
                rest.read.insert(text, fields);
            }
            let fields = rest.read.get(&text).map(Vec::as_slice).unwrap_or_default();
            for (field, always, values) in fields {
                if !(whole || *always) {
                    continue;
                }
                let place = *places.entry(*field).or_insert_with(|| {
                    batch.columns.push(Column {
                        field: *field,
                        keys: Vec::new(),
                        more: Vec::new(),
                    });
                    batch.columns.len() - 1
                });
                if let Some(column) = batch.columns.get_mut(place) {
                    put(column, row, values)?;
                }
            }
        }
        Ok(())
    }
}

/// Adds a row's values to a column.
pub(crate) fn put(column: &mut Column, row: usize, values: &[ValueId]) -> Result<(), Flaw> {
    let Some((&first, more)) = values.split_first() else { return Ok(()) };
    if column.keys.len() <= row {
        column.keys.resize(row + 1, ValueId::ABSENT);
    }
    let Some(slot) = column.keys.get_mut(row) else { return Ok(()) };
    if slot.is_present() {
        return Err(Flaw::new("a value that stands in a column and in _rest", EXPECTED));
    }
    *slot = first;
    let row = u32::try_from(row).unwrap_or(u32::MAX);
    column.more.extend(more.iter().map(|&value| (row, value)));
    Ok(())
}

/// The wanted fields of a text in `_rest`: which, whether in every shape, and
/// their values.
fn read_rest(
    text: &str,
    footer: &Footer,
    whole: bool,
    vocabulary: &mut Vocabulary,
) -> Result<Vec<(FieldId, bool, Vec<ValueId>)>, Flaw> {
    let mut out: Vec<(FieldId, bool, Vec<ValueId>)> = Vec::new();
    read_fields(text, &mut |name, value| {
        let always = vocabulary.projection().wants(name);
        if !whole && !always {
            return Ok(());
        }
        if footer.rest.as_ref().is_some_and(|names| !names.contains(name)) {
            return Err(Flaw::new(format!("the field {name:?} in _rest"), "only those it lists"));
        }
        let Some(field) = vocabulary.field(name) else { return Ok(()) };
        let Some(dictionary) = vocabulary.dictionary_mut(field) else { return Ok(()) };
        let mut values = Vec::new();
        read_values(value, &mut |kind, text| values.push(dictionary.intern_str(kind, text)))?;
        out.push((field, always, values));
        Ok(())
    })?;
    Ok(out)
}

/// A number of 32 bits: differences between them wrap around.
pub(crate) fn short(number: i64) -> u32 {
    u32::try_from(number.cast_unsigned() & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// Product, channel and event id.
type ShapeKey = (ValueId, ValueId, Option<u32>);

/// The shapes of the rows and how many of each come one after the other.
pub(crate) fn shapes_of(
    [mut products, mut channels, mut ids]: [Cursor; 3],
    rows: usize,
    unpacker: &mut Unpacker,
) -> Result<Vec<(Shape, usize)>, Flaw> {
    let mut texts = Dictionary::default();
    let (mut product, mut channel, mut id) = (Vec::new(), Vec::new(), Vec::new());
    let mut out: Vec<(ShapeKey, usize)> = Vec::new();
    let mut left = rows;
    while left > 0 {
        let some = left.min(BATCH_ROWS_MAX);
        product.clear();
        channel.clear();
        id.clear();
        products.texts(some, Kind::String, &mut texts, unpacker, &mut product)?;
        channels.texts(some, Kind::String, &mut texts, unpacker, &mut channel)?;
        ids.numbers(some, i64::MIN, unpacker, &mut id)?;
        for ((&product, &channel), &id) in product.iter().zip(&channel).zip(&id) {
            let id = Some(id).filter(|&id| id != i64::MIN).map(short);
            match out.last_mut() {
                Some((last, count)) if *last == (product, channel, id) => *count += 1,
                _ => out.push(((product, channel, id), 1)),
            }
        }
        if out.len() > SEGMENT_SHAPES_MAX {
            return Err(Flaw::new("rows that are not sorted by shape", EXPECTED));
        }
        left -= some;
    }
    let shape = |((product, channel, event_id), rows): (ShapeKey, usize)| {
        let (product, channel) = (texts.text(product).into(), texts.text(channel).into());
        (Shape { product, channel, event_id }, rows)
    };
    Ok(out.into_iter().map(shape).collect())
}
