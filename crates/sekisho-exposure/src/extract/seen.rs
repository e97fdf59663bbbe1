//! Events that a case holds twice: a log beside a collection of all logs, one
//! export beside another.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use hashbrown::HashSet;
use sekisho_event::{Column, TIME_UNKNOWN};

use super::Row;

/// Those that came, by two digests of their content under keys that are drawn
/// anew in every run: nobody can make two events that fall together.
#[derive(Debug, Default)]
pub struct Seen {
    keys: (RandomState, RandomState),
    once: HashSet<(u64, u64)>,
    /// Events that came again, and were not read again.
    pub repeated: u64,
}

impl Seen {
    /// Whether it is the first with this content in these columns. One without
    /// a time always is.
    pub(super) fn first(&mut self, columns: &[(&str, &Column)], row: &Row<'_>) -> bool {
        if row.time() == TIME_UNKNOWN {
            return true;
        }
        let digests = (digest(&self.keys.0, columns, row), digest(&self.keys.1, columns, row));
        let first = self.once.insert(digests);
        self.repeated += u64::from(!first);
        first
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
