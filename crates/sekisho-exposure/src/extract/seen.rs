//! Events that a case holds twice: a log beside a collection of all logs, one
//! export beside another.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use hashbrown::HashMap;
use sekisho_event::{Column, TIME_UNKNOWN};

use super::Row;
use crate::evidence::RecordId;

/// Two digests of an event under keys that are drawn anew in every run: nobody
/// can make two events that fall together.
pub(super) type Digest = (u64, u64);

/// Those that came, and the record that was made of each.
#[derive(Debug, Default)]
pub struct Seen {
    keys: (RandomState, RandomState),
    once: HashMap<Digest, Option<RecordId>>,
    /// Events that came again, and were not read again.
    pub repeated: u64,
}

impl Seen {
    /// What an event is known by. One without a time is not.
    pub(super) fn digest(&self, columns: &[(&str, &Column)], row: &Row<'_>) -> Option<Digest> {
        let known = row.time() != TIME_UNKNOWN;
        known.then(|| (digest(&self.keys.0, columns, row), digest(&self.keys.1, columns, row)))
    }

    /// Whether it came before, and if so the record that was made of it.
    pub(super) fn before(&mut self, digest: Digest) -> Option<Option<RecordId>> {
        let before = self.once.get(&digest).copied();
        self.repeated += u64::from(before.is_some());
        before
    }

    /// It was read, and this record made of it.
    pub(super) fn add(&mut self, digest: Digest, record: Option<RecordId>) {
        self.once.insert(digest, record);
    }
}

fn digest(key: &RandomState, columns: &[(&str, &Column)], row: &Row<'_>) -> u64 {
    let mut hasher = key.build_hasher();
    let shape = row.shape();
    (&shape.product, &shape.channel, row.time()).hash(&mut hasher);
    for (name, column) in columns {
        let mut values = row.of_column(column).peekable();
        if values.peek().is_none() {
            continue;
        }
        name.hash(&mut hasher);
        values.for_each(|value| value.hash(&mut hasher));
        hasher.write_u8(0);
    }
    hasher.finish()
}
