//! What a worker does of sealing: the fields of each event become the leaf of
//! a tree, the events of a block are packed for the store, and it is worked
//! out which cell each belongs to. Everything that depends on what was read
//! before (numbers of cells, places in them) is left to the collector.

use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_case::Hash;
use sekisho_case::event::{EventHead, EventSealer, Kept, OpenEvent, PreparedName, SealError};
use sekisho_case::time::Day;
use sekisho_case::value::{Value, write_value, write_values};
use sekisho_event::{
    Column, Dictionary, EventBatch, Kind, Parsed, RECORD_ID_UNKNOWN, TIME_UNKNOWN, ValueId,
    Vocabulary,
};
use sekisho_store::{RowBlock, RowPacker};

use super::Sealing;
use super::cells::{CellKey, CellPart, Stream, day_of};
use super::limits::CELL_NAME_BYTES_MAX;
use crate::examine::json;

/// The events of a block, sealed.
#[derive(Debug, Default)]
pub(crate) struct SealedBlock {
    /// One a batch.
    pub(crate) rows: Vec<RowBlock>,
    /// By batch and row: the leaf, and the cell as a number in `parts`.
    pub(crate) leaves: Vec<Vec<(Hash, u32)>>,
    pub(crate) parts: Vec<CellPart>,
    /// By number in `parts`: how many detections.
    pub(crate) detections: Vec<u64>,
    /// Batch and row of each event, in the order of reading.
    pub(crate) order: Vec<(u32, u32)>,
}

impl SealedBlock {
    /// Memory that it takes, in bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        self.rows.iter().map(RowBlock::bytes).sum::<usize>() + self.order.len() * 48
    }

    /// The cell of an event, as a number in `parts`.
    fn cell_of(&self, batch: usize, row: usize) -> Option<u32> {
        self.leaves.get(batch)?.get(row).map(|&(_, cell)| cell)
    }

    /// Counts a detection in the cell of its event.
    pub(crate) fn detected(&mut self, batch: usize, row: usize) {
        let cell = self.cell_of(batch, row).map(|cell| cell as usize);
        if let Some(count) = cell.and_then(|cell| self.detections.get_mut(cell)) {
            *count += 1;
        }
    }
}

/// Seals the events of one thread.
#[derive(Debug)]
pub(crate) struct RowSealer {
    plan: Arc<Sealing>,
    sealer: EventSealer,
    names: Names,
    /// By number of the field and of the value: what the sealer keeps of them.
    kept: Vec<Vec<Kept>>,
    /// Of which value ids that is true.
    epoch: u64,
    packer: RowPacker,
}

impl RowSealer {
    pub(crate) fn new(plan: Arc<Sealing>) -> Self {
        let sealer = plan.sealer();
        Self {
            plan,
            sealer,
            names: Names::default(),
            kept: Vec::new(),
            epoch: 0,
            packer: RowPacker::default(),
        }
    }

    /// Seals the events of a block of the source with this number in the
    /// inventory. All blocks come with the same vocabulary.
    ///
    /// # Errors
    ///
    /// Where an event has more fields than can be sealed.
    pub(crate) fn seal(
        &mut self,
        source: usize,
        parsed: &Parsed<'_>,
        batches: &[&EventBatch],
        vocabulary: &Vocabulary,
    ) -> Result<SealedBlock, SealError> {
        if self.epoch != vocabulary.epoch() {
            // Ids mean other values now.
            self.epoch = vocabulary.epoch();
            self.kept.clear();
            self.sealer.forget();
        }
        let source = self.plan.source_number(source);
        let order = order_of(batches);
        let ordinals = ordinals(parsed, batches, &order);
        let mut out = SealedBlock { order, ..SealedBlock::default() };
        let mut cells = LocalCells::default();
        for (batch, ordinals) in batches.iter().zip(&ordinals) {
            let rows = Rows { source, parsed, batch, ordinals, vocabulary };
            out.leaves.push(self.batch(&rows, &mut cells)?);
            let offset = |record| parsed.records.offset(record);
            out.rows.push(self.packer.pack(batch, vocabulary, source, &offset, ordinals));
        }
        out.detections = vec![0; cells.parts.len()];
        out.parts = cells.parts;
        Ok(out)
    }

    fn batch(
        &mut self,
        rows: &Rows<'_>,
        cells: &mut LocalCells,
    ) -> Result<Vec<(Hash, u32)>, SealError> {
        let batch = rows.batch;
        self.names.learn(batch, rows.vocabulary);
        let mut columns = self.names.columns(batch, rows.vocabulary);
        for column in &mut columns {
            let kept = self.kept.get_mut(column.column.field.index());
            column.keep(kept.map(std::mem::take).unwrap_or_default());
        }
        let mut leaves = Vec::with_capacity(batch.rows());
        cells.begin();
        for row in 0..batch.rows() {
            let head = rows.head(row);
            let leaf = open_event(&mut self.sealer, &head, &mut columns, row).finish()?;
            let host = batch.hosts.get(row).copied().unwrap_or(ValueId::ABSENT);
            let cell = cells.of(batch, rows.vocabulary, host, head.time);
            if let Some(part) = cells.parts.get_mut(cell as usize) {
                part.add(head.time, head.record_id);
            }
            leaves.push((leaf, cell));
        }
        for column in columns {
            let field = column.column.field.index();
            if self.kept.len() <= field {
                self.kept.resize_with(field + 1, Vec::new);
            }
            if let Some(slot) = self.kept.get_mut(field) {
                *slot = column.kept;
            }
        }
        Ok(leaves)
    }
}

/// Gives a sealer an event: its head and its fields, in the order of their
/// names.
pub(crate) fn open_event<'s, 'n>(
    sealer: &'s mut EventSealer,
    head: &EventHead,
    columns: &mut [NamedColumn<'n>],
    row: usize,
) -> OpenEvent<'s, 'n> {
    let mut event = sealer.begin(head);
    for NamedColumn { name, column, dictionary, kept } in columns {
        let first = column.first(row);
        if !first.is_present() {
            continue;
        }
        match kept.get_mut(first.index()).filter(|_| !has_more(column, row)) {
            Some(slot) => {
                event.field_kept(name, slot, |out| write_value(out, value_of(dictionary, first)))
            }
            None => event.field_with(name, |out| write_row(column, dictionary, row, out)),
        }
    }
    event
}

/// Appends the fields of an event as a JSON object, in the order of their
/// names.
pub(crate) fn event_json(
    columns: &[NamedColumn<'_>],
    vocabulary: &Vocabulary,
    row: usize,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    let start = out.len();
    for column in columns.iter().filter(|column| column.column.first(row).is_present()) {
        if out.len() > start {
            out.push(b',');
        }
        json::string(vocabulary.name(column.column.field), out);
        out.push(b':');
        column.write(row, out);
    }
    out.push(b'}');
}

/// The names of fields, made ready for sealing once. By number of the field,
/// which stays when dictionaries are emptied.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<Option<PreparedName>>);

impl Names {
    /// Makes the names of a batch's fields ready.
    pub(crate) fn learn(&mut self, batch: &EventBatch, vocabulary: &Vocabulary) {
        for column in &batch.columns {
            let at = column.field.index();
            if self.0.len() <= at {
                self.0.resize(at + 1, None);
            }
            if let Some(slot @ None) = self.0.get_mut(at) {
                *slot = Some(PreparedName::new(vocabulary.name(column.field)));
            }
        }
    }

    /// The columns of a batch in the order of their names.
    pub(crate) fn columns<'a>(
        &'a self,
        batch: &'a EventBatch,
        vocabulary: &'a Vocabulary,
    ) -> Vec<NamedColumn<'a>> {
        let named = |column: &'a Column| {
            let dictionary = vocabulary.dictionary(column.field)?;
            let name = self.0.get(column.field.index())?.as_ref()?;
            Some(NamedColumn { name, column, dictionary, kept: Vec::new() })
        };
        let mut columns: Vec<NamedColumn<'a>> = batch.columns.iter().filter_map(named).collect();
        columns.sort_by(|a, b| a.name.cmp(b.name));
        columns
    }
}

/// A column with its name and what its ids mean.
#[derive(Debug)]
pub(crate) struct NamedColumn<'a> {
    pub(crate) name: &'a PreparedName,
    column: &'a Column,
    dictionary: &'a Dictionary,
    /// By value id: what a sealer keeps; empty where it shall keep nothing.
    kept: Vec<Kept>,
}

impl NamedColumn<'_> {
    /// From now on a sealer keeps what it made of values. The slots are new
    /// ones, or of the same field, the same ids and the same sealer.
    pub(crate) fn keep(&mut self, mut kept: Vec<Kept>) {
        kept.resize(self.dictionary.len() + 1, Kept::default());
        self.kept = kept;
    }

    /// Appends the JSON of a row's values.
    fn write(&self, row: usize, out: &mut Vec<u8>) {
        write_row(self.column, self.dictionary, row, out);
    }
}

/// Whether a row has further values.
fn has_more(column: &Column, row: usize) -> bool {
    !column.more.is_empty()
        && column.more.binary_search_by(|&(other, _)| (other as usize).cmp(&row)).is_ok()
}

/// Appends the JSON of a row's values.
fn write_row(column: &Column, dictionary: &Dictionary, row: usize, out: &mut Vec<u8>) {
    write_values(out, column.values(row).map(|id| value_of(dictionary, id)));
}

fn value_of(dictionary: &Dictionary, id: ValueId) -> Value<'_> {
    let Some(value) = dictionary.get(id) else { return Value::Null };
    match value.kind {
        Kind::String => Value::String(value.text),
        Kind::Number => Value::Number(value.text),
        Kind::Bool => Value::Bool(value.text.eq_ignore_ascii_case("true")),
        Kind::Null => Value::Null,
    }
}

/// The rows of a batch, and where they were read.
struct Rows<'a> {
    source: u32,
    parsed: &'a Parsed<'a>,
    batch: &'a EventBatch,
    ordinals: &'a [u32],
    vocabulary: &'a Vocabulary,
}

impl Rows<'_> {
    fn head(&self, row: usize) -> EventHead {
        let record = self.batch.records.get(row).copied().unwrap_or(0);
        EventHead {
            time: self.batch.times.get(row).copied().unwrap_or(TIME_UNKNOWN),
            record_id: self.batch.record_ids.get(row).copied().unwrap_or(RECORD_ID_UNKNOWN),
            source: self.source,
            offset: self.parsed.records.offset(record),
            ordinal: self.ordinals.get(row).copied().unwrap_or(0),
        }
    }
}

/// Batch and row of each event, in the order of reading.
fn order_of(batches: &[&EventBatch]) -> Vec<(u32, u32)> {
    let mut order: Vec<(u32, u32, u32)> = Vec::new();
    for (number, batch) in (0..).zip(batches) {
        order.extend(batch.records.iter().zip(0..).map(|(&record, row)| (record, number, row)));
    }
    order.sort_unstable();
    order.into_iter().map(|(_, batch, row)| (batch, row)).collect()
}

/// By batch and row: how many events before it have the same offset.
fn ordinals(parsed: &Parsed<'_>, batches: &[&EventBatch], order: &[(u32, u32)]) -> Vec<Vec<u32>> {
    let mut out: Vec<Vec<u32>> = batches.iter().map(|batch| vec![0; batch.rows()]).collect();
    let mut last: Option<(u64, u32)> = None;
    for &(batch, row) in order {
        let (batch, row) = (batch as usize, row as usize);
        let record = batches.get(batch).and_then(|b| b.records.get(row)).copied();
        let offset = parsed.records.offset(record.unwrap_or(0));
        let ordinal = match last {
            Some((before, ordinal)) if before == offset => ordinal + 1,
            _ => 0,
        };
        last = Some((offset, ordinal));
        if let Some(slot) = out.get_mut(batch).and_then(|rows| rows.get_mut(row)) {
            *slot = ordinal;
        }
    }
    out
}

/// A name as the record of a cell has it: a longer one, which no machine has and
/// a hostile log may, is cut. The event itself keeps all of it.
fn named(text: &str) -> Box<str> {
    if text.len() <= CELL_NAME_BYTES_MAX {
        return text.into();
    }
    let end = text.floor_char_boundary(CELL_NAME_BYTES_MAX);
    format!("{}…", text.get(..end).unwrap_or_default()).into()
}

/// The cells of a block.
#[derive(Debug, Default)]
struct LocalCells {
    parts: Vec<CellPart>,
    numbers: HashMap<CellKey, u32>,
    /// Of the batch at hand: its cells by host and day, and the one asked for last.
    of_batch: HashMap<(ValueId, Option<Day>), u32>,
    last: Option<((ValueId, Option<Day>), u32)>,
}

impl LocalCells {
    /// Before the rows of a batch.
    fn begin(&mut self) {
        self.of_batch.clear();
        self.last = None;
    }

    /// The cell of a row of the batch at hand.
    fn of(&mut self, batch: &EventBatch, vocabulary: &Vocabulary, host: ValueId, time: i64) -> u32 {
        let wanted = (host, day_of(time));
        if let Some((last, number)) = self.last
            && last == wanted
        {
            return number;
        }
        let number = match self.of_batch.get(&wanted) {
            Some(&number) => number,
            None => self.add(batch, vocabulary, wanted),
        };
        self.last = Some((wanted, number));
        number
    }

    fn add(
        &mut self,
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        (host, day): (ValueId, Option<Day>),
    ) -> u32 {
        let stream = Stream {
            product: named(&batch.shape.product),
            host: named(vocabulary.hosts.text(host)),
            channel: named(&batch.shape.channel),
        };
        let key = CellKey { stream: Arc::new(stream), day };
        let next = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(key.clone()).or_insert(next);
        if number == next {
            self.parts.push(CellPart::new(key));
        }
        self.of_batch.insert((host, day), number);
        number
    }
}
