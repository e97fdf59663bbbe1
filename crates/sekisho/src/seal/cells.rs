//! Cells: the events of one host, channel and UTC day. Each is counted, its
//! record ids are watched for holes, and it has a Merkle tree over its events.
//!
//! A worker draws up what a block says of each cell ([`CellPart`]); the
//! collector adds the parts up in the order of reading ([`Cells`]).

use std::io;
use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_case::Hash;
use sekisho_case::merkle::Frontier;
use sekisho_case::time::Day;
use sekisho_event::{RECORD_ID_UNKNOWN, TIME_UNKNOWN};

use super::limits::CELLS_MAX;
use crate::inspect::ranges::Ranges;

/// The UTC day of a time; `None` where the time is unknown.
pub(crate) fn day_of(time: i64) -> Option<Day> {
    (time != TIME_UNKNOWN).then(|| Day::of_nanos(time))
}

/// A stream of records: what a cell is without its day.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Stream {
    pub(crate) product: Box<str>,
    pub(crate) host: Box<str>,
    pub(crate) channel: Box<str>,
}

/// What a cell is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CellKey {
    pub(crate) stream: Arc<Stream>,
    pub(crate) day: Option<Day>,
}

/// An event at either end of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) time: Option<i64>,
    pub(crate) record_id: Option<u64>,
}

impl End {
    pub(crate) fn new(time: i64, record_id: u64) -> Self {
        Self {
            time: Some(time).filter(|&t| t != TIME_UNKNOWN),
            record_id: Some(record_id).filter(|&id| id != RECORD_ID_UNKNOWN),
        }
    }
}

/// What one block says of a cell.
#[derive(Debug)]
pub(crate) struct CellPart {
    pub(crate) key: CellKey,
    /// First and last in the order of time, then of reading.
    pub(crate) ends: Option<(End, End)>,
    /// The record ids that occur.
    pub(crate) ids: Vec<u64>,
}

impl CellPart {
    pub(crate) fn new(key: CellKey) -> Self {
        Self { key, ends: None, ids: Vec::new() }
    }

    pub(crate) fn add(&mut self, time: i64, record_id: u64) {
        let end = End::new(time, record_id);
        self.ends = Some(widened(self.ends, (end, end)));
        self.ids.extend(end.record_id);
    }
}

fn widened(ends: Option<(End, End)>, (first, last): (End, End)) -> (End, End) {
    let Some((from, to)) = ends else { return (first, last) };
    let from = if first.time < from.time { first } else { from };
    let to = if last.time >= to.time { last } else { to };
    (from, to)
}

/// A cell as far as it is read.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) key: CellKey,
    pub(crate) ends: Option<(End, End)>,
    pub(crate) ids: Ranges,
    pub(crate) tree: Frontier,
}

impl Cell {
    /// Record ids between the lowest and the highest that did not come;
    /// `None` where records have no ids.
    pub(crate) fn missing(&self) -> Option<u64> {
        (self.ids.len() > 0).then(|| self.ids.holes(0).missing)
    }
}

/// All cells, numbered in the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    numbers: HashMap<CellKey, u32>,
    pub(crate) list: Vec<Cell>,
}

impl Cells {
    /// Adds what a block says of a cell; the cell's number.
    pub(crate) fn merge(&mut self, part: CellPart) -> io::Result<u32> {
        let CellPart { key, ends, mut ids } = part;
        let number = match self.numbers.get(&key) {
            Some(&number) => number,
            None => self.begin(key)?,
        };
        if let Some(cell) = self.list.get_mut(number as usize) {
            if let Some(ends) = ends {
                cell.ends = Some(widened(cell.ends, ends));
            }
            cell.ids.merge(&Ranges::of(&mut ids).0);
        }
        Ok(number)
    }

    fn begin(&mut self, key: CellKey) -> io::Result<u32> {
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        if number >= CELLS_MAX {
            return Err(io::Error::other(format!(
                "more than {CELLS_MAX} cells (host, channel and day) in one examination; examine \
                 fewer hosts or days at a time, or use --no-seal"
            )));
        }
        self.numbers.insert(key.clone(), number);
        self.list.push(Cell { key, ends: None, ids: Ranges::default(), tree: Frontier::default() });
        Ok(number)
    }

    /// Adds an event to a cell; its index there.
    pub(crate) fn push(&mut self, cell: u32, leaf: Hash) -> u64 {
        let Some(cell) = self.list.get_mut(cell as usize) else { return 0 };
        let index = cell.tree.size();
        cell.tree.push(leaf);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_NANOS: i64 = 86_400_000_000_000;

    fn key(day: Option<Day>) -> CellKey {
        let stream = Stream { product: "windows".into(), host: "a".into(), channel: "S".into() };
        CellKey { stream: Arc::new(stream), day }
    }

    #[test]
    fn parts_add_up() {
        let mut cells = Cells::default();
        let mut first = CellPart::new(key(day_of(DAY_NANOS)));
        first.add(50, 7);
        first.add(40, 5);
        let mut second = CellPart::new(key(day_of(DAY_NANOS)));
        second.add(60, 9);
        second.add(40, RECORD_ID_UNKNOWN);
        let other = CellPart::new(key(None));
        assert_eq!(cells.merge(first).unwrap(), 0);
        assert_eq!(cells.merge(other).unwrap(), 1);
        assert_eq!(cells.merge(second).unwrap(), 0);
        let cell = &cells.list[0];
        assert_eq!(cell.ends, Some((End::new(40, 5), End::new(60, 9))));
        assert_eq!(cell.missing(), Some(2), "6 and 8 did not come");
        assert_eq!(cells.list[1].missing(), None);
    }

    #[test]
    fn days_are_of_utc() {
        let number = |time| day_of(time).map(Day::number);
        assert_eq!(number(-1), Some(-1));
        assert_eq!(number(DAY_NANOS - 1), Some(0));
        assert_eq!(number(DAY_NANOS), Some(1));
        assert_eq!(number(TIME_UNKNOWN), None);
    }
}
