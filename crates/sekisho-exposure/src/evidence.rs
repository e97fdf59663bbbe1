//! Records that activity rests on: where each stands in the sealed case.

use sekisho_event::TIME_UNKNOWN;

use crate::limits::{TIME_EARLIEST, TIME_LATEST};
use crate::names::{Name, Names};

/// Number of a record in [`Evidence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub u32);

impl RecordId {
    /// The number as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A record that some activity was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who wrote it: a host ([`Names::host`](crate::names::Names::host)), or
    /// the realm of a cloud service. `None` where it does not say.
    pub host: Option<Name>,
    /// The log that it is of, as the store has it.
    pub channel: Name,
    /// Its own id; [`sekisho_event::RECORD_ID_UNKNOWN`] where it has none.
    pub record_id: u64,
    /// Nanoseconds since 1970 in UTC, as the record says; what is cited.
    pub time: i64,
    /// Its cell in the case, and its number in that cell.
    pub cell: u32,
    /// See `cell`.
    pub index: u64,
}

impl Record {
    /// When it was, as far as can be reckoned with: [`reckoned`] of its time.
    #[must_use]
    pub fn when(&self) -> i64 {
        reckoned(self.time)
    }
}

/// A time that a record states, nanoseconds since 1970 in UTC;
/// [`TIME_UNKNOWN`] where it is so far off that the record does not know it
/// (FILETIME 0 is in 1601). Differences of what is left fit into 64 bits.
#[must_use]
pub fn reckoned(time: i64) -> i64 {
    if (TIME_EARLIEST..=TIME_LATEST).contains(&time) { time } else { TIME_UNKNOWN }
}

/// All records that activity was read from.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    records: Vec<Record>,
    again: Vec<((u32, u64), RecordId)>,
}

impl Evidence {
    /// Adds a record.
    pub fn push(&mut self, record: Record) -> RecordId {
        let id = RecordId(u32::try_from(self.records.len()).unwrap_or(u32::MAX));
        self.records.push(record);
        id
    }

    /// A record.
    #[must_use]
    pub fn get(&self, id: RecordId) -> Option<&Record> {
        self.records.get(id.index())
    }

    /// An event (cell, index) that says the same as a record word for word: a
    /// case holds it twice.
    pub fn push_again(&mut self, event: (u32, u64), record: RecordId) {
        self.again.push((event, record));
    }

    /// Events that something was detected in and that came again, each with
    /// the record that was read.
    #[must_use]
    pub fn again(&self) -> &[((u32, u64), RecordId)] {
        &self.again
    }

    /// Numbers the records anew, by what they are and no longer by the order in
    /// which they were read. Gives back the new number of each.
    pub(crate) fn settle(&mut self, names: &Names) -> Vec<RecordId> {
        let text = |name: Option<Name>| name.map_or("", |name| names.folded(name));
        let mut order: Vec<usize> = (0..self.records.len()).collect();
        order.sort_by_key(|&at| {
            self.records.get(at).map(|r| {
                (r.time, text(r.host), text(Some(r.channel)), r.record_id, r.cell, r.index)
            })
        });
        let mut new = vec![RecordId(u32::MAX); order.len()];
        for (number, &old) in order.iter().enumerate() {
            if let (Some(slot), Ok(number)) = (new.get_mut(old), u32::try_from(number)) {
                *slot = RecordId(number);
            }
        }
        self.records = order.iter().filter_map(|&at| self.records.get(at).copied()).collect();
        for (_, record) in &mut self.again {
            *record = new.get(record.index()).copied().unwrap_or(*record);
        }
        new
    }

    /// All of them, in the order in which they were added.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}
