//! Events as columns: one batch a shape, one column a field, one value id a
//! cell. Beside them the time, the host and where each event was read.

use hashbrown::HashMap;

use crate::dictionary::{Kind, ValueId};
use crate::limits::{SPARSE_CELLS_FREE, SPARSE_CELLS_PER_VALUE};
use crate::reader::Block;
use crate::shape::Shape;
use crate::vocabulary::{FieldId, Vocabulary};

/// "No time could be read." Times are nanoseconds since 1970 in UTC.
pub const TIME_UNKNOWN: i64 = i64::MIN;

/// "The record has no id of its own."
pub const RECORD_ID_UNKNOWN: u64 = u64::MAX;

/// One field of the events of a batch.
#[derive(Clone, Debug)]
pub struct Column {
    /// Which field.
    pub field: FieldId,
    /// One id a row; rows past the end have none ([`ValueId::ABSENT`]).
    pub keys: Vec<ValueId>,
    /// Further values of rows that have several (arrays, repeated fields):
    /// `(row, value)`, in order of rows.
    pub more: Vec<(u32, ValueId)>,
}

impl Column {
    /// The first value of a row.
    #[must_use]
    pub fn first(&self, row: usize) -> ValueId {
        self.keys.get(row).copied().unwrap_or(ValueId::ABSENT)
    }

    /// All values of a row, in the order in which they were read.
    pub fn values(&self, row: usize) -> impl Iterator<Item = ValueId> + '_ {
        let first = Some(self.first(row)).filter(|id| id.is_present());
        let start = self.more.partition_point(|&(r, _)| (r as usize) < row);
        let rest = self.more.get(start..).unwrap_or_default();
        first
            .into_iter()
            .chain(rest.iter().take_while(move |&&(r, _)| r as usize == row).map(|&(_, id)| id))
    }

    /// Adds a value and returns how many cells the column grew by.
    fn push(&mut self, row: usize, value: ValueId) -> usize {
        let before = self.keys.len();
        if before > row {
            self.more.push((u32::try_from(row).unwrap_or(u32::MAX), value));
            return 1;
        }
        self.keys.resize(row, ValueId::ABSENT);
        self.keys.push(value);
        self.keys.len() - before
    }
}

/// Events of one shape.
#[derive(Clone, Debug, Default)]
pub struct EventBatch {
    /// Of what shape.
    pub shape: Shape,
    /// Nanoseconds since 1970 in UTC, or [`TIME_UNKNOWN`].
    pub times: Vec<i64>,
    /// Ids in [`Vocabulary::hosts`](crate::Vocabulary).
    pub hosts: Vec<ValueId>,
    /// The record's own id, or [`RECORD_ID_UNKNOWN`].
    pub record_ids: Vec<u64>,
    /// Number of the record within its block; see [`Parsed`](crate::Parsed).
    pub records: Vec<u32>,
    /// The fields that occur.
    pub columns: Vec<Column>,
    /// How many events got the host that is known of their source, because
    /// they name none.
    pub hosts_given: u32,
}

impl EventBatch {
    /// How many events.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// The events for whose rows `keep` says so; rows past its end go.
    #[must_use]
    pub fn filtered(&self, keep: &[bool]) -> Self {
        let kept = |row: usize| keep.get(row).copied().unwrap_or(false);
        let rows: Vec<usize> = (0..self.rows()).filter(|&row| kept(row)).collect();
        let mut out = Self {
            shape: self.shape.clone(),
            times: rows.iter().filter_map(|&row| self.times.get(row).copied()).collect(),
            hosts: rows.iter().filter_map(|&row| self.hosts.get(row).copied()).collect(),
            record_ids: rows.iter().filter_map(|&row| self.record_ids.get(row).copied()).collect(),
            records: rows.iter().filter_map(|&row| self.records.get(row).copied()).collect(),
            hosts_given: self.hosts_given.min(u32::try_from(rows.len()).unwrap_or(u32::MAX)),
            columns: Vec::with_capacity(self.columns.len()),
        };
        for column in &self.columns {
            let mut filtered = Column { field: column.field, keys: Vec::new(), more: Vec::new() };
            for (to, &from) in rows.iter().enumerate() {
                for value in column.values(from) {
                    filtered.push(to, value);
                }
            }
            if !filtered.keys.is_empty() {
                out.columns.push(filtered);
            }
        }
        out
    }

    /// The column of a field, if any event has it.
    #[must_use]
    pub fn column(&self, field: FieldId) -> Option<&Column> {
        self.columns.iter().find(|c| c.field == field)
    }
}

/// What is known about an event beside its fields.
#[derive(Clone, Copy, Debug)]
pub struct RowHead {
    /// Nanoseconds since 1970 in UTC, or [`TIME_UNKNOWN`].
    pub time: i64,
    /// Id in [`Vocabulary::hosts`](crate::Vocabulary).
    pub host: ValueId,
    /// The record's own id, or [`RECORD_ID_UNKNOWN`].
    pub record_id: u64,
    /// Number of the record within its block.
    pub record: u32,
}

#[derive(Debug, Default)]
struct Building {
    batch: EventBatch,
    /// By field id: one more than the column's number, 0 for none.
    column_of: Vec<u32>,
    /// Cells that the columns hold, and those of them with a value.
    cells: usize,
    filled: usize,
    /// Earlier batches of the shape.
    sealed: Vec<EventBatch>,
}

impl Building {
    /// Goes on with a new batch where the columns of this one are all but
    /// empty: records of which each has fields of its own would otherwise take
    /// memory and time by the square of their number.
    fn seal_if_sparse(&mut self) {
        if self.cells <= SPARSE_CELLS_FREE || self.cells / SPARSE_CELLS_PER_VALUE <= self.filled {
            return;
        }
        let batch = self.take();
        self.sealed.push(batch);
    }

    fn take(&mut self) -> EventBatch {
        self.column_of.clear();
        (self.cells, self.filled) = (0, 0);
        let empty = EventBatch { shape: self.batch.shape.clone(), ..EventBatch::default() };
        std::mem::replace(&mut self.batch, empty)
    }
}

/// Number of a shape within a [`BatchBuilder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeId(usize);

/// Sorts the events of a block into batches by shape.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    ids: HashMap<Shape, ShapeId>,
    building: Vec<Building>,
    /// Of events that name none.
    host: ValueId,
}

impl BatchBuilder {
    /// The id of a shape; stable for the life of the builder, also over
    /// [`BatchBuilder::finish`].
    pub fn shape(&mut self, shape: &Shape) -> ShapeId {
        if let Some(&id) = self.ids.get(shape) {
            return id;
        }
        let id = ShapeId(self.building.len());
        let batch = EventBatch { shape: shape.clone(), ..EventBatch::default() };
        self.building.push(Building { batch, ..Building::default() });
        self.ids.insert(shape.clone(), id);
        id
    }

    /// Before the events of a block: those that name no host get the one that
    /// is known of their source.
    pub fn begin(&mut self, block: &Block, vocabulary: &mut Vocabulary) {
        let hosts = &mut vocabulary.hosts;
        let host = block.hints.host.as_ref();
        self.host = host.map_or(ValueId::ABSENT, |name| hosts.intern_str(Kind::String, name));
    }

    /// Adds an event with its cells. A field that comes twice has two values.
    pub fn push(&mut self, shape: ShapeId, head: RowHead, cells: &[(FieldId, ValueId)]) {
        let Self { building, host, .. } = self;
        let Some(building) = building.get_mut(shape.0) else { return };
        building.seal_if_sparse();
        let Building { batch, column_of, cells: grown, .. } = building;
        let row = batch.rows();
        batch.times.push(head.time);
        batch.hosts.push(if head.host.is_present() { head.host } else { *host });
        batch.hosts_given += u32::from(!head.host.is_present() && host.is_present());
        batch.record_ids.push(head.record_id);
        batch.records.push(head.record);
        for &(field, value) in cells {
            if column_of.len() <= field.index() {
                column_of.resize(field.index() + 1, 0);
            }
            let Some(slot) = column_of.get_mut(field.index()) else { continue };
            if *slot == 0 {
                batch.columns.push(Column { field, keys: Vec::new(), more: Vec::new() });
                *slot = u32::try_from(batch.columns.len()).unwrap_or(u32::MAX);
            }
            if let Some(column) = batch.columns.get_mut(*slot as usize - 1) {
                *grown += column.push(row, value);
            }
        }
        building.filled += cells.len();
    }

    /// The batches that have rows, in the order in which their shapes were
    /// first seen; the builder is empty afterwards. A shape has more than one
    /// batch where its events have few fields in common.
    pub fn finish(&mut self) -> Vec<EventBatch> {
        let mut out = Vec::new();
        for building in &mut self.building {
            out.append(&mut building.sealed);
            if building.batch.rows() > 0 {
                out.push(building.take());
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_with_fields_of_their_own_take_no_square_of_memory() {
        let mut b = BatchBuilder::default();
        let s = b.shape(&Shape::unknown());
        for n in 0..20_000 {
            let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record: n };
            b.push(s, head, &[(FieldId(n), ValueId(n)), (FieldId(50_000), ValueId(1))]);
        }
        let batches = b.finish();
        let cells = |b: &EventBatch| b.columns.iter().map(|c| c.keys.len()).sum::<usize>();
        assert!(batches.iter().map(cells).sum::<usize>() < 40_000 * 64);
        let records: Vec<u32> = batches.iter().flat_map(|b| b.records.clone()).collect();
        assert!(records.iter().copied().eq(0..20_000));
        for batch in &batches {
            for (row, &record) in batch.records.iter().enumerate() {
                let column = batch.column(FieldId(record)).unwrap();
                assert_eq!(column.first(row), ValueId(record));
            }
        }
        assert!(b.finish().is_empty());
    }

    #[test]
    fn missing_and_repeated_cells_keep_their_rows() {
        let mut b = BatchBuilder::default();
        let s = b.shape(&Shape::unknown());
        let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record: 0 };
        let (f, g) = (FieldId(0), FieldId(3));
        b.push(s, head, &[(g, ValueId(9))]);
        b.push(s, head, &[(f, ValueId(1)), (f, ValueId(2)), (f, ValueId(3))]);
        b.push(s, head, &[]);
        let batches = b.finish();
        assert_eq!(batches.len(), 1);
        let batch = &batches[0];
        assert_eq!(batch.rows(), 3);
        let column = batch.column(f).unwrap();
        assert_eq!(column.values(0).count(), 0);
        assert_eq!(column.values(1).collect::<Vec<_>>(), [ValueId(1), ValueId(2), ValueId(3)]);
        assert_eq!(column.values(2).count(), 0);
        assert_eq!(batch.column(g).unwrap().first(0), ValueId(9));
        assert!(b.finish().is_empty());
        let later = batch.filtered(&[false, true, true]);
        let column = later.column(f).unwrap();
        assert_eq!(column.values(0).collect::<Vec<_>>(), [ValueId(1), ValueId(2), ValueId(3)]);
        assert_eq!(column.values(1).count(), 0);
        assert!(later.column(g).is_none() && later.rows() == 2);
        assert_eq!(batch.filtered(&[]).rows(), 0);
    }
}
