//! A group of rows of which nothing is decoded before it is asked for: the
//! distinct values of single columns as they lie in the segment, then the keys
//! of their rows, then all fields of a few rows.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use hashbrown::HashMap;
use sekisho_event::{
    Column, Dictionary, EventBatch, FieldId, Kind, RECORD_ID_UNKNOWN, Shape, TIME_UNKNOWN, ValueId,
    Vocabulary,
};

use crate::cursor::{Cursor, Head, Pages, Unpacker, cut, flaw, gather, not_text, take_bytes};
use crate::error::{Error, Flaw};
use crate::footer::{ChunkAt, Footer, Group};
use crate::grams::Grams;
use crate::hybrid::Stretch;
use crate::limits::{BATCH_CELLS_MAX, BATCH_ROWS_MAX, PLAIN_ROOM_BYTES_MAX};
use crate::pick::{self, Picker, unknown_key};
use crate::rest::{read_fields, read_values};
use crate::scan::{StoredBatch, Visit, bytes_at, put, shapes_of, short};
use crate::schema::{GramsAt, Own};

/// The distinct values of a column; all values one by one where it is stored
/// without a dictionary.
#[derive(Debug)]
pub struct LateText {
    /// What the values are.
    pub kind: Kind,
    /// The values, one behind the other.
    pub text: String,
    /// By value: where in the text it ends.
    pub ends: Vec<usize>,
    /// By row, once they were read: 0 for none, else one more than the number
    /// of the value.
    pub keys: Vec<u32>,
    /// Keys that were not read yet, from here on.
    pages: Option<Pages>,
}

/// The values that a field has in `_rest`.
#[derive(Debug, Default)]
pub struct RestField {
    /// The field.
    pub name: String,
    /// The values, one behind the other.
    pub text: String,
    /// By value: where in the text it ends.
    pub ends: Vec<usize>,
    /// By value: what it is.
    pub kinds: Vec<Kind>,
    /// Rows and one more than the number of a value that they have, in order
    /// of rows. A row may have several.
    pub cells: Vec<(u32, u32)>,
}

/// A group of rows that is open for reading.
pub struct OpenGroup<'a> {
    path: &'a Path,
    file: &'a mut File,
    footer: &'a Footer,
    about: &'a Group,
    shapes: Vec<(Shape, usize)>,
    /// By column.
    grams: Vec<Option<Grams>>,
    loaded: Vec<Option<LateText>>,
    unpacker: Unpacker,
}

impl<'a> OpenGroup<'a> {
    pub(crate) fn open(
        path: &'a Path,
        file: &'a mut File,
        footer: &'a Footer,
        about: &'a Group,
        grams: Option<&GramsAt>,
    ) -> Result<Self, Error> {
        let mut unpacker = Unpacker::new().map_err(|flaw| flaw.of(path))?;
        let mut own = |own: Own| {
            let bytes =
                bytes_at(file, about.own(own)).map_err(|e| Error::io("reading", path, e))?;
            Ok::<_, Error>(Cursor::new(bytes, own.optional()))
        };
        let cursors = [own(Own::Product)?, own(Own::Channel)?, own(Own::EventId)?];
        let shapes = shapes_of(cursors, about.rows, &mut unpacker).map_err(|flaw| flaw.of(path))?;
        let columns = footer.fields.len();
        let mut group = Self {
            path,
            file,
            footer,
            about,
            shapes,
            grams: vec![None; columns],
            loaded: (0..columns).map(|_| None).collect(),
            unpacker,
        };
        if let Some((at, sets)) = grams {
            group.read_grams(*at, sets)?;
        }
        Ok(group)
    }

    fn read_grams(&mut self, at: u64, sets: &[(usize, usize)]) -> Result<(), Error> {
        let len = sets.iter().map(|(_, len)| *len as u64).sum();
        let mut left = Bytes::from(self.bytes(ChunkAt { at, len, ..ChunkAt::default() })?);
        for &(column, len) in sets {
            let set = left.split_to(len.min(left.len()));
            if let Some(slot) = self.grams.get_mut(column) {
                *slot = Some(Grams::read(set).map_err(|flaw| flaw.of(self.path))?);
            }
        }
        Ok(())
    }

    fn bytes(&mut self, at: ChunkAt) -> Result<Vec<u8>, Error> {
        bytes_at(self.file, at).map_err(|e| Error::io("reading", self.path, e))
    }

    /// Shapes and how many rows of each come one after the other.
    #[must_use]
    pub fn shapes(&self) -> &[(Shape, usize)] {
        &self.shapes
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.about.rows
    }

    /// The fields that have columns, by number of the column, and the kind of
    /// their values.
    #[must_use]
    pub fn columns(&self) -> &'a [(String, Kind)] {
        &self.footer.fields
    }

    /// Whether `_rest` may hold this field.
    #[must_use]
    pub fn rest_may_hold(&self, name: &str) -> bool {
        self.footer.rest.as_ref().is_none_or(|names| names.contains(name))
    }

    /// Whether `_rest` may hold anything.
    #[must_use]
    pub fn has_rest(&self) -> bool {
        self.footer.rest.as_ref().is_none_or(|names| !names.is_empty())
    }

    /// Bytes that a column unpacks to, as the segment says.
    #[must_use]
    pub fn unpacked_bytes(&self, column: usize) -> u64 {
        self.about.field(column).unpacked
    }

    /// What the texts of a column are made of, where that was written down.
    #[must_use]
    pub fn grams(&self, column: usize) -> Option<&Grams> {
        self.grams.get(column)?.as_ref()
    }

    /// The values of a column that were read.
    #[must_use]
    pub fn text(&self, column: usize) -> Option<&LateText> {
        self.loaded.get(column)?.as_ref()
    }

    /// Reads the distinct values of a column.
    ///
    /// # Errors
    ///
    /// Those of the file system; a damaged segment.
    pub fn load(&mut self, column: usize) -> Result<(), Error> {
        let Some((_, kind)) = self.footer.fields.get(column) else { return Ok(()) };
        if self.text(column).is_none() {
            let at = self.about.field(column);
            let room = usize::try_from(at.unpacked).unwrap_or(usize::MAX);
            let chunk = self.bytes(at)?;
            let read = LateText::read(chunk, *kind, self.about.rows, room, &mut self.unpacker);
            let read = read.map_err(|flaw| flaw.of(self.path))?;
            if let Some(slot) = self.loaded.get_mut(column) {
                *slot = Some(read);
            }
        }
        Ok(())
    }

    /// Reads the keys of a column whose values were read.
    ///
    /// # Errors
    ///
    /// A damaged segment.
    pub fn load_keys(&mut self, column: usize) -> Result<(), Error> {
        let Some(Some(text)) = self.loaded.get_mut(column) else { return Ok(()) };
        let read = text.read_keys(self.about.rows, &mut self.unpacker);
        read.map_err(|flaw| flaw.of(self.path))
    }

    /// Reads the fields in `_rest` for which `wants` says so.
    ///
    /// # Errors
    ///
    /// Those of the file system; a damaged segment.
    pub fn rest(&mut self, wants: &dyn Fn(&str) -> bool) -> Result<Vec<RestField>, Error> {
        let chunk = self.bytes(self.about.own(Own::Rest))?;
        let (rows, unpacker) = (self.about.rows, &mut self.unpacker);
        let read = || {
            let mut text = LateText::read(chunk, Kind::String, rows, 0, unpacker)?;
            text.read_keys(rows, unpacker)?;
            rest_fields(&text, wants)
        };
        read().map_err(|flaw| flaw.of(self.path))
    }

    /// Shows these rows, which are sorted, with all their fields, batch by
    /// batch.
    ///
    /// # Errors
    ///
    /// Those of the file system; a damaged segment.
    pub fn pick(
        mut self,
        rows: &[u32],
        vocabulary: &mut Vocabulary,
        visit: Visit<'_>,
    ) -> Result<(), Error> {
        let most = (BATCH_CELLS_MAX / self.footer.fields.len().max(1)).clamp(256, BATCH_ROWS_MAX);
        let mut unpacker = Unpacker::new().map_err(|flaw| flaw.of(self.path))?;
        let mut pickers = Vec::new();
        for (number, (name, kind)) in self.footer.fields.iter().enumerate() {
            let Some(field) = vocabulary.field(name) else { continue };
            let loaded = self.loaded.get_mut(number).and_then(Option::as_mut);
            let from = match loaded.map(|text| text.pages.take()) {
                Some(keys) => Origin::Loaded(number, keys.map(|k| Box::new(Picker::over(k)))),
                None => {
                    let chunk = self.bytes(self.about.field(number))?;
                    Origin::Pages(Box::new(Picker::new(chunk)))
                }
            };
            pickers.push((field, *kind, from));
        }
        let hosts = Picker::new(self.bytes(self.about.own(Own::Host))?);
        let rest = Picker::new(self.bytes(self.about.own(Own::Rest))?);
        let heads = self.heads(rows, &mut unpacker)?;
        let mut picking = Picking {
            loaded: std::mem::take(&mut self.loaded),
            footer: self.footer,
            pickers,
            hosts,
            rest,
            heads,
            done: 0,
            unpacker,
        };
        let mut before = 0;
        for (shape, count) in &self.shapes {
            let from = rows.partition_point(|&row| (row as usize) < before);
            before += count;
            let to = rows.partition_point(|&row| (row as usize) < before);
            for some in rows.get(from..to).unwrap_or_default().chunks(most) {
                let stored = picking.batch(shape, some, vocabulary);
                visit(&stored.map_err(|flaw| flaw.of(self.path))?, vocabulary);
            }
        }
        Ok(())
    }

    fn heads(&mut self, rows: &[u32], unpacker: &mut Unpacker) -> Result<Heads, Error> {
        let mut numbers = |own: Own, none: i64| {
            let (chunk, mut out) = (self.bytes(self.about.own(own))?, Vec::new());
            pick::numbers(chunk, own.optional(), rows, none, unpacker, &mut out)
                .map_err(|flaw| flaw.of(self.path))?;
            Ok::<_, Error>(out)
        };
        Ok(Heads {
            times: numbers(Own::Time, TIME_UNKNOWN)?,
            record_ids: numbers(Own::RecordId, RECORD_ID_UNKNOWN.cast_signed())?,
            sources: numbers(Own::Source, 0)?,
            offsets: numbers(Own::Offset, 0)?,
            ordinals: numbers(Own::Ordinal, 0)?,
            cells: numbers(Own::Cell, 0)?,
            indexes: numbers(Own::Index, 0)?,
        })
    }
}

/// Where the values of picked rows come from.
enum Origin {
    /// A column of which the values were read already, and its keys if they were
    /// not.
    Loaded(usize, Option<Box<Picker>>),
    Pages(Box<Picker>),
}

/// The numbers of ours, by picked row.
struct Heads {
    times: Vec<i64>,
    record_ids: Vec<i64>,
    sources: Vec<i64>,
    offsets: Vec<i64>,
    ordinals: Vec<i64>,
    cells: Vec<i64>,
    indexes: Vec<i64>,
}

/// Rows on their way to batches.
struct Picking<'a> {
    loaded: Vec<Option<LateText>>,
    footer: &'a Footer,
    pickers: Vec<(FieldId, Kind, Origin)>,
    hosts: Picker,
    rest: Picker,
    heads: Heads,
    /// Rows that were shown.
    done: usize,
    unpacker: Unpacker,
}

impl Picking<'_> {
    fn batch(
        &mut self,
        shape: &Shape,
        rows: &[u32],
        vocabulary: &mut Vocabulary,
    ) -> Result<StoredBatch, Flaw> {
        let range = self.done..self.done + rows.len();
        self.done = range.end;
        let Self { heads, hosts, unpacker, .. } = self;
        let longs = |all: &[i64]| -> Vec<u64> {
            some(all, &range).iter().map(|number| number.cast_unsigned()).collect()
        };
        let shorts = |all: &[i64]| -> Vec<u32> {
            some(all, &range).iter().map(|&number| short(number)).collect()
        };
        let mut batch = EventBatch {
            shape: shape.clone(),
            times: some(&heads.times, &range).to_vec(),
            record_ids: longs(&heads.record_ids),
            records: (0_u32..).take(rows.len()).collect(),
            ..EventBatch::default()
        };
        let mut stored = StoredBatch {
            sources: shorts(&heads.sources),
            offsets: longs(&heads.offsets),
            ordinals: shorts(&heads.ordinals),
            cells: shorts(&heads.cells),
            indexes: longs(&heads.indexes),
            ..StoredBatch::default()
        };
        hosts.texts(rows, Kind::String, &mut vocabulary.hosts, unpacker, &mut batch.hosts)?;
        self.columns(rows, vocabulary, &mut batch)?;
        self.rest(rows, vocabulary, &mut batch)?;
        stored.batch = batch;
        Ok(stored)
    }

    fn columns(
        &mut self,
        rows: &[u32],
        vocabulary: &mut Vocabulary,
        batch: &mut EventBatch,
    ) -> Result<(), Flaw> {
        let Self { loaded, pickers, unpacker, .. } = self;
        let mut numbers = Vec::new();
        for (field, kind, from) in pickers {
            let Some(dictionary) = vocabulary.dictionary_mut(*field) else { continue };
            let mut keys = Vec::new();
            match from {
                Origin::Pages(picker) => {
                    picker.texts(rows, *kind, dictionary, unpacker, &mut keys)?
                }
                Origin::Loaded(column, unread) => {
                    let Some(Some(text)) = loaded.get(*column) else { continue };
                    numbers.clear();
                    match unread {
                        Some(picker) => picker.keys(rows, unpacker, &mut numbers)?,
                        None => numbers.extend(rows.iter().map(|&row| text.key(row))),
                    }
                    for &number in &numbers {
                        keys.push(text.intern(number, dictionary)?);
                    }
                }
            }
            let end = keys.iter().rposition(|id| id.is_present()).map_or(0, |last| last + 1);
            keys.truncate(end);
            if end > 0 {
                batch.columns.push(Column { field: *field, keys, more: Vec::new() });
            }
        }
        Ok(())
    }

    fn rest(
        &mut self,
        rows: &[u32],
        vocabulary: &mut Vocabulary,
        batch: &mut EventBatch,
    ) -> Result<(), Flaw> {
        let mut texts = Dictionary::default();
        let mut keys = Vec::new();
        self.rest.texts(rows, Kind::String, &mut texts, &mut self.unpacker, &mut keys)?;
        let columns = batch.columns.iter().enumerate();
        let mut places: HashMap<FieldId, usize> = columns.map(|(n, c)| (c.field, n)).collect();
        for (row, &key) in keys.iter().enumerate().filter(|(_, key)| key.is_present()) {
            read_fields(texts.text(key), &mut |name, value| {
                if self.footer.rest.as_ref().is_some_and(|names| !names.contains(name)) {
                    return Err(flaw(format!("the field {name:?} in _rest, which is not listed")));
                }
                let Some(field) = vocabulary.field(name) else { return Ok(()) };
                let Some(dictionary) = vocabulary.dictionary_mut(field) else { return Ok(()) };
                let mut values = Vec::new();
                read_values(value, &mut |kind, text| {
                    values.push(dictionary.intern_str(kind, text));
                })?;
                let place = *places.entry(field).or_insert_with(|| {
                    batch.columns.push(Column { field, keys: Vec::new(), more: Vec::new() });
                    batch.columns.len() - 1
                });
                batch.columns.get_mut(place).map_or(Ok(()), |column| put(column, row, &values))
            })?;
        }
        Ok(())
    }
}

fn some<'a>(all: &'a [i64], range: &Range<usize>) -> &'a [i64] {
    all.get(range.clone()).unwrap_or_default()
}

impl LateText {
    /// Reads the values of a column; `room` is how many bytes they are likely
    /// to take.
    fn read(
        chunk: Vec<u8>,
        kind: Kind,
        rows: usize,
        room: usize,
        unpacker: &mut Unpacker,
    ) -> Result<Self, Flaw> {
        let mut pages = Pages::new(chunk);
        let (mut bytes, mut ends, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let mut head = pages.head()?;
        let mut left = None;
        if head.is_dictionary() {
            pages.unpack(&head, unpacker)?;
            if head.values > pages.body.len() / 4 {
                return Err(cut());
            }
            unpacker.take(head.values * size_of::<usize>())?;
            ends = gather(&mut pages.body, head.values)?;
            bytes = std::mem::take(&mut pages.body);
            left = Some(pages);
        } else {
            let mut runs = Vec::new();
            bytes.reserve(room.min(PLAIN_ROOM_BYTES_MAX));
            loop {
                let at = plain(&mut pages, &head, &mut runs, unpacker)?;
                let count: usize = runs.iter().filter(|(has, _)| *has).map(|(_, some)| some).sum();
                unpacker.take(head.values * size_of::<u32>() + count * size_of::<usize>())?;
                let mut number = short_of(ends.len())?;
                values(&pages.body, at, count, &mut bytes, &mut ends)?;
                for &(has, some) in &runs {
                    if has {
                        let from = number + 1;
                        number = short_of(number as usize + some)?;
                        keys.extend(from..=number);
                    } else {
                        keys.resize(keys.len() + some, 0);
                    }
                }
                if keys.len() >= rows {
                    break;
                }
                head = pages.head()?;
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| not_text())?;
        if !text.is_ascii() && !ends.iter().all(|&end| text.is_char_boundary(end)) {
            return Err(not_text());
        }
        Ok(Self { kind, text, ends, keys, pages: left })
    }

    fn read_keys(&mut self, rows: usize, unpacker: &mut Unpacker) -> Result<(), Flaw> {
        let Some(mut pages) = self.pages.take() else { return Ok(()) };
        unpacker.take(rows.saturating_mul(size_of::<u32>()))?;
        self.keys.reserve(rows);
        let mut runs = Vec::new();
        while self.keys.len() < rows {
            let head = pages.head()?;
            if head.is_dictionary() || !head.has_keys()? {
                return Err(flaw("a page without keys behind a dictionary"));
            }
            pages.unpack(&head, unpacker)?;
            let at = pages.runs(&head, &mut runs)?;
            let mut decoder = pages.key_decoder(at)?;
            let from = self.keys.len();
            for &(has, count) in &runs {
                if !has {
                    self.keys.resize(self.keys.len() + count, 0);
                    continue;
                }
                decoder.take(&pages.body, count, &mut |stretch| {
                    match stretch {
                        Stretch::Same(key, count) => {
                            self.keys.resize(self.keys.len() + count, key.saturating_add(1));
                        }
                        Stretch::Each(keys) => {
                            self.keys.extend(keys.iter().map(|key| key.saturating_add(1)));
                        }
                    }
                    Ok(())
                })?;
            }
            let read = self.keys.get(from..).unwrap_or_default();
            // Unlike `max` of an iterator this is done many keys at a time.
            let most = read.iter().fold(0, |most, &key| key.max(most));
            if most as usize > self.ends.len() {
                return Err(unknown_key());
            }
        }
        Ok(())
    }

    /// The number of a row's value, once keys were read; 0 for none.
    fn key(&self, row: u32) -> u32 {
        self.keys.get(row as usize).copied().unwrap_or(0)
    }

    /// The value with this number, interned.
    fn intern(&self, number: u32, to: &mut Dictionary) -> Result<ValueId, Flaw> {
        if number == 0 {
            return Ok(ValueId::ABSENT);
        }
        let value = self.value(number).ok_or_else(unknown_key)?;
        Ok(to.intern_str(self.kind, value))
    }

    /// The value with this number, which is one more than its place.
    fn value(&self, number: u32) -> Option<&str> {
        let number = (number as usize).checked_sub(1)?;
        let from =
            number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(from..*self.ends.get(number)?)
    }
}

/// Unpacks a page of plain values, and finds out which stretches of its rows
/// have one; says where the values begin.
fn plain(
    pages: &mut Pages,
    head: &Head,
    runs: &mut Vec<(bool, usize)>,
    unpacker: &mut Unpacker,
) -> Result<usize, Flaw> {
    if head.is_dictionary() || head.has_keys()? {
        return Err(flaw("a page of keys without a dictionary"));
    }
    pages.unpack(head, unpacker)?;
    pages.runs(head, runs)
}

fn short_of(number: usize) -> Result<u32, Flaw> {
    u32::try_from(number).map_err(|_| flaw("more than 4 billion values"))
}

/// Appends values that stand in a page from here on.
fn values(
    body: &[u8],
    mut at: usize,
    count: usize,
    bytes: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Result<(), Flaw> {
    for _ in 0..count {
        bytes.extend_from_slice(take_bytes(body, &mut at)?);
        ends.push(bytes.len());
    }
    Ok(())
}

/// Of a text in `_rest`: its fields, and which of their values it has.
type RestCells = Vec<(usize, Range<usize>)>;

/// The wanted fields of `_rest`.
fn rest_fields(texts: &LateText, wants: &dyn Fn(&str) -> bool) -> Result<Vec<RestField>, Flaw> {
    let mut fields: Vec<RestField> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut read: Vec<Option<RestCells>> = vec![None; texts.ends.len()];
    for (row, &key) in (0_u32..).zip(&texts.keys) {
        let Some(number) = (key as usize).checked_sub(1) else { continue };
        let Some(slot) = read.get_mut(number) else { continue };
        if slot.is_none() {
            let mut found = Vec::new();
            read_fields(texts.value(key).unwrap_or_default(), &mut |name, value| {
                if !wants(name) {
                    return Ok(());
                }
                let place = by_name.get(name).copied().unwrap_or_else(|| {
                    fields.push(RestField { name: name.to_owned(), ..RestField::default() });
                    by_name.insert(name.to_owned(), fields.len() - 1);
                    fields.len() - 1
                });
                let Some(field) = fields.get_mut(place) else { return Ok(()) };
                let from = field.ends.len();
                read_values(value, &mut |kind, text| {
                    field.text.push_str(text);
                    field.ends.push(field.text.len());
                    field.kinds.push(kind);
                })?;
                found.push((place, from..field.ends.len()));
                Ok(())
            })?;
            *slot = Some(found);
        }
        for (place, values) in slot.iter().flatten() {
            let Some(field) = fields.get_mut(*place) else { continue };
            for number in values.clone() {
                field.cells.push((row, short_of(number)? + 1));
            }
        }
    }
    Ok(fields)
}
