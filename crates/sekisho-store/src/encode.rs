//! Rows to the bytes of a segment. What comes out depends on the rows and
//! their order alone.

use std::ops::Range;
use std::sync::Arc;

use parquet::basic::{Encoding, Type as Physical};
use parquet::data_type::{DataType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnPath;
use sekisho_event::{Kind, RECORD_ID_UNKNOWN, Shape, TIME_UNKNOWN};

use crate::block::{BlockColumn, RowBlock};
use crate::grams::GramMaker;
use crate::limits::{GRAM_COLUMN_BYTES_MIN, PAGE_ROWS, REST_BYTES};
use crate::page::{self, PageMaker};
use crate::plan::{Field, Plan, fits};
use crate::rest::RestText;
use crate::schema::{self, GRAMS_KEY, GramsAt, KINDS_KEY, Own, REST_KEY, VERSION, VERSION_KEY};
use crate::values::ColumnValues;
use crate::writer::Part;

/// The bytes of a Parquet file with these rows, which are sorted by shape.
pub(crate) fn segment(parts: &[Part], plan: &Plan<'_>) -> Result<Vec<u8>> {
    let names = plan.columns().map(|field| field.name);
    let file = SerializedFileWriter::new(Vec::new(), schema::of(names)?, Arc::new(properties()?))?;
    let mut encoder = Encoder {
        parts,
        plan,
        file,
        pages: PageMaker::new()?,
        values: ColumnValues::default(),
        rest: ColumnValues::default(),
        pieces: Vec::new(),
        rows: 0,
        gram_maker: GramMaker::default(),
        grams: Vec::new(),
    };
    let mut text = RestText::default();
    for number in 0..parts.len() {
        encoder.part(number, &mut text)?;
    }
    encoder.group()?;
    encoder.metadata();
    encoder.file.into_inner()
}

/// How our own numbers are written; text columns make their pages themselves.
fn properties() -> Result<WriterProperties> {
    let mut properties = WriterProperties::builder()
        .set_created_by("sekisho version 1.0.0".to_owned())
        .set_compression(page::compression()?)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_data_page_row_count_limit(PAGE_ROWS);
    for own in Own::ALL {
        if own.physical() != Physical::BYTE_ARRAY {
            let path = ColumnPath::from(own.name());
            properties = properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
    }
    Ok(properties.build())
}

/// Rows of a part.
struct Piece {
    part: usize,
    rows: Range<usize>,
}

struct Encoder<'a> {
    parts: &'a [Part],
    plan: &'a Plan<'a>,
    file: SerializedFileWriter<Vec<u8>>,
    pages: PageMaker,
    values: ColumnValues,
    /// Of the group of rows at hand.
    rest: ColumnValues,
    pieces: Vec<Piece>,
    rows: usize,
    gram_maker: GramMaker,
    /// By group of rows.
    grams: Vec<GramsAt>,
}

/// A cell that stands in `_rest`: row, number of the field in the plan, and in
/// the block.
type RestCell = (usize, usize, usize);

impl Encoder<'_> {
    /// Takes a part into the group at hand, and begins another one where
    /// `_rest` becomes too large: names of fields stand there in every row.
    fn part(&mut self, number: usize, text: &mut RestText) -> Result<()> {
        let Some(part) = self.parts.get(number) else { return Ok(()) };
        let cells = rest_cells(&part.block, number, self.plan);
        let mut from = 0;
        for of_row in cells.chunk_by(|a, b| a.0 == b.0) {
            let Some(&(row, ..)) = of_row.first() else { continue };
            if self.rest.page().len() > REST_BYTES {
                self.piece(number, from..row);
                self.group()?;
                from = row;
            }
            text.begin();
            for &(_, field, local) in of_row {
                let name = self.plan.fields.get(field).map_or("", |field| field.name);
                let column = part.block.field(local);
                let values = column.map(|column| values_of(&column, row)).unwrap_or_default();
                text.field(name, values.into_iter());
            }
            self.rest.fill(self.rows + row - from);
            let key = self.rest.intern(text.finish());
            self.rest.push(key);
        }
        self.piece(number, from..part.block.rows());
        Ok(())
    }

    fn piece(&mut self, part: usize, rows: Range<usize>) {
        self.rows += rows.len();
        self.pieces.push(Piece { part, rows });
    }

    /// Writes the group of rows at hand.
    fn group(&mut self) -> Result<()> {
        if self.rows == 0 {
            self.pieces.clear();
            return Ok(());
        }
        self.rest.fill(self.rows);
        let Self { parts, plan, file, pages, values, rest, pieces, rows, gram_maker, grams } = self;
        let part = |piece: &Piece| parts.get(piece.part);
        let rows_of: Vec<(&Part, Range<usize>)> =
            pieces.iter().filter_map(|piece| Some((part(piece)?, piece.rows.clone()))).collect();
        let about = file.schema_descr().columns().to_vec();
        let mut about = about.into_iter();
        let mut group = file.next_row_group()?;
        for own in Own::ALL.into_iter().filter(|&own| own != Own::Rest) {
            let about = about.next().ok_or_else(missing)?;
            match own_text(own, &rows_of, values) {
                Some(text) => pages.chunk(text, about)?.append_to(&mut group)?,
                None => own_numbers(own, &rows_of, &mut group)?,
            }
        }
        let (mut sets, mut whose) = (Vec::new(), Vec::new());
        for (number, field) in plan.columns().enumerate() {
            field_values(field, parts, pieces, *rows, values);
            if values.page().len() >= GRAM_COLUMN_BYTES_MIN {
                let before = sets.len();
                gram_maker.write(values.texts(), field.kind, &mut sets);
                whose.push((number, sets.len() - before));
            }
            pages.chunk(values, about.next().ok_or_else(missing)?)?.append_to(&mut group)?;
        }
        pages.chunk(rest, about.next().ok_or_else(missing)?)?.append_to(&mut group)?;
        group.close()?;
        grams.push((file.bytes_written() as u64, whose));
        file.write_all(&sets)?;
        rest.clear();
        pieces.clear();
        *rows = 0;
        Ok(())
    }

    fn metadata(&mut self) {
        let odd: serde_json::Map<String, serde_json::Value> = self
            .plan
            .columns()
            .filter(|field| field.kind != Kind::String)
            .map(|field| (field.name.to_owned(), schema::kind_name(field.kind).into()))
            .collect();
        let rest: serde_json::Value = self.plan.rest_names().into();
        let grams = serde_json::json!(self.grams);
        let entries = [
            (VERSION_KEY, VERSION.to_owned()),
            (KINDS_KEY, serde_json::Value::Object(odd).to_string()),
            (REST_KEY, rest.to_string()),
            (GRAMS_KEY, grams.to_string()),
        ];
        for (key, value) in entries {
            self.file.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
    }
}

/// The cells of a block that stand in `_rest`, in order of rows, then of
/// names.
fn rest_cells(block: &RowBlock, number: usize, plan: &Plan<'_>) -> Vec<RestCell> {
    let mut cells = Vec::new();
    for (local, column) in block.fields().enumerate() {
        let Some((place, field)) = plan.field(number, local) else { continue };
        if field.column && fits(&column, field.kind) {
            continue;
        }
        let odd: Vec<bool> = column.values().map(|(kind, _)| kind != field.kind).collect();
        let is_odd =
            |key: u32| (key as usize).checked_sub(1).and_then(|n| odd.get(n)) == Some(&true);
        let mut row = 0;
        column.each_key(|key| {
            if key != 0 && (!field.column || is_odd(key)) {
                cells.push((row, place, local));
            }
            row += 1;
        });
        cells.extend(column.more().iter().map(|&(row, _)| (row as usize, place, local)));
    }
    cells.sort_unstable();
    cells.dedup();
    cells
}

/// The values of a row of a block's column, in order.
fn values_of<'a>(column: &BlockColumn<'a>, row: usize) -> Vec<(Kind, &'a str)> {
    let more = column.more();
    let from = more.partition_point(|&(other, _)| (other as usize) < row);
    let more = more.get(from..).unwrap_or_default();
    let more = more.iter().take_while(|&&(other, _)| other as usize == row);
    let keys = std::iter::once(column.key(row)).chain(more.map(|&(_, key)| key));
    keys.filter(|&key| key != 0).filter_map(|key| column.value(key)).collect()
}

/// The values of a field's column for a group of rows.
fn field_values(
    field: &Field<'_>,
    parts: &[Part],
    pieces: &[Piece],
    rows: usize,
    values: &mut ColumnValues,
) {
    values.clear();
    let mut before = 0;
    let mut places = field.parts.iter().peekable();
    for piece in pieces {
        while places.next_if(|(part, _)| *part < piece.part).is_some() {}
        let local = places.peek().filter(|(part, _)| *part == piece.part).map(|(_, local)| *local);
        let column = local.and_then(|local| parts.get(piece.part)?.block.field(local));
        if let Some(column) = column {
            values.fill(before);
            piece_values(&column, Some(field.kind), &piece.rows, values);
        }
        before += piece.rows.len();
    }
    values.fill(rows);
}

/// Adds those rows of a block's column whose value can stand in a column of
/// this kind; of any kind where none is given.
fn piece_values(
    column: &BlockColumn<'_>,
    kind: Option<Kind>,
    rows: &Range<usize>,
    values: &mut ColumnValues,
) {
    const NOT_YET: u32 = u32::MAX;
    let fits = |of| kind.is_none_or(|kind| kind == of);
    if rows.len() == column.rows() && column.more().is_empty() {
        // All values are used, in this order.
        let texts = column.values();
        let keys =
            texts.map(|(of, text)| if fits(of) { values.intern(text.as_bytes()) } else { 0 });
        let keys: Vec<u32> = std::iter::once(0).chain(keys).collect();
        return values.extend(column, &keys);
    }
    let texts: Vec<(Kind, &str)> = column.values().collect();
    let mut keys = vec![NOT_YET; texts.len()];
    // Rows with several values stand in `_rest`.
    let mut several = column.more().iter().map(|&(row, _)| row as usize).peekable();
    let mut row = 0;
    column.each_key(|local| {
        let at = row;
        row += 1;
        if !rows.contains(&at) {
            return;
        }
        while several.next_if(|&other| other < at).is_some() {}
        let number = (local as usize).checked_sub(1).filter(|_| several.peek() != Some(&at));
        let slot = number.and_then(|number| Some((keys.get_mut(number)?, texts.get(number)?)));
        let Some((key, &(of, text))) = slot else { return values.push(0) };
        // Only what is used goes into the dictionary.
        if *key == NOT_YET {
            *key = if fits(of) { values.intern(text.as_bytes()) } else { 0 };
        }
        values.push(*key);
    });
}

type Rows<'a> = [(&'a Part, Range<usize>)];

/// A column of ours that holds text.
fn own_text<'a>(
    own: Own,
    rows: &Rows<'_>,
    values: &'a mut ColumnValues,
) -> Option<&'a ColumnValues> {
    let of_shape: fn(&Shape) -> &str = match own {
        Own::Product => |shape| &shape.product,
        Own::Channel => |shape| &shape.channel,
        Own::Host => |_| "",
        _ => return None,
    };
    values.clear();
    let mut before = 0;
    for (part, range) in rows {
        if own == Own::Host {
            if let Some(hosts) = part.block.hosts() {
                values.fill(before);
                piece_values(&hosts, None, range, values);
            }
        } else {
            let key = values.intern(of_shape(part.block.shape()).as_bytes());
            range.clone().for_each(|_| values.push(key));
        }
        before += range.len();
    }
    values.fill(before);
    Some(values)
}

/// Writes a column of ours that holds numbers.
fn own_numbers(
    own: Own,
    rows: &Rows<'_>,
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
) -> Result<()> {
    if own.physical() == Physical::INT64 {
        numbers::<Int64Type>(group, own, &gather(rows, &|part| longs(own, part)))
    } else {
        numbers::<Int32Type>(group, own, &gather(rows, &|part| shorts(own, part)))
    }
}

fn longs(own: Own, part: &Part) -> Vec<Option<i64>> {
    let block = &part.block;
    let known = |id: u64| (id != RECORD_ID_UNKNOWN).then_some(id.cast_signed());
    let every = |numbers: &[u64]| numbers.iter().map(|n| Some(n.cast_signed())).collect();
    match own {
        Own::Time => block.times.iter().map(|&t| (t != TIME_UNKNOWN).then_some(t)).collect(),
        Own::RecordId => block.record_ids.iter().map(|&id| known(id)).collect(),
        Own::Offset => every(&block.offsets),
        _ => every(&part.placed.indexes),
    }
}

fn shorts(own: Own, part: &Part) -> Vec<Option<i32>> {
    let block = &part.block;
    let rows = block.rows();
    match own {
        Own::EventId => vec![block.shape().event_id.map(u32::cast_signed); rows],
        Own::Source => vec![Some(block.source().cast_signed()); rows],
        Own::Ordinal => {
            let ordinal = |row| block.ordinals.get(row).copied().unwrap_or(0);
            (0..rows).map(|row| Some(ordinal(row).cast_signed())).collect()
        }
        _ => part.placed.cells.iter().map(|cell| Some(cell.cast_signed())).collect(),
    }
}

fn gather<T: Copy>(rows: &Rows<'_>, of: &dyn Fn(&Part) -> Vec<T>) -> Vec<T> {
    let mut out = Vec::with_capacity(rows.iter().map(|(_, range)| range.len()).sum());
    for (part, range) in rows {
        out.extend(of(part).get(range.clone()).unwrap_or_default());
    }
    out
}

fn numbers<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    own: Own,
    numbers: &[Option<T::T>],
) -> Result<()>
where
    T::T: Copy,
{
    let mut column = group.next_column()?.ok_or_else(missing)?;
    let values: Vec<T::T> = numbers.iter().filter_map(|number| *number).collect();
    let levels: Option<Vec<i16>> =
        own.optional().then(|| numbers.iter().map(|n| i16::from(n.is_some())).collect());
    column.typed::<T>().write_batch(&values, levels.as_deref(), None)?;
    column.close()
}

fn missing() -> ParquetError {
    ParquetError::General("a column that the schema does not have".to_owned())
}
