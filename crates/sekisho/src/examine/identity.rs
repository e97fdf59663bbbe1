//! Records that are delivered more than once: Microsoft 365 hands out the same
//! audit record, with the same `Id`, in several exports and pages. Each counts
//! once: the first in the order of sources and records, whatever thread reads
//! it.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, PoisonError};

use hashbrown::HashSet;
use sekisho_event::{EventBatch, Vocabulary};

use crate::inspect::identity::{IDENTITIES_MAX, Identity, identity};

/// The field that is a record's identity, and the product whose records have
/// it.
pub(crate) const FIELD: &str = "Id";
const PRODUCT: &str = "m365";

/// What has been seen by all threads.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    seen: HashSet<Identity>,
    /// All pieces of work below this number are through.
    next: u64,
    /// Those above it that are.
    ahead: BTreeSet<u64>,
    full: bool,
}

impl Identities {
    /// Says that a piece of work looks at no identity any more. Each number
    /// is said, in any order and more than once if need be.
    pub(crate) fn pass(&self, number: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if number >= state.next {
            state.ahead.insert(number);
        }
        while let next = state.next
            && state.ahead.remove(&next)
        {
            state.next += 1;
        }
        drop(state);
        self.moved.notify_all();
    }

    /// The events of a batch that no earlier piece of work and no earlier row
    /// had; `None` where that is all of them. Waits for the earlier pieces.
    pub(crate) fn first_seen(
        &self,
        number: u64,
        batch: &EventBatch,
        vocabulary: &Vocabulary,
    ) -> Option<EventBatch> {
        let field = vocabulary.find(FIELD).filter(|_| &*batch.shape.product == PRODUCT)?;
        let (column, dictionary) = (batch.column(field)?, vocabulary.dictionary(field)?);
        let of_row = |row: usize| {
            let id = Some(column.first(row)).filter(|id| id.is_present())?;
            Some(identity(PRODUCT, dictionary.text(id)))
        };
        let identities: Vec<Option<Identity>> = (0..batch.rows()).map(of_row).collect();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.next < number {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let fresh: Vec<bool> =
            identities.iter().map(|id| id.is_none_or(|id| state.is_new(id))).collect();
        drop(state);
        let kept = fresh.iter().filter(|fresh| **fresh).count();
        (kept < fresh.len()).then(|| batch.filtered(&fresh))
    }

    /// Whether there were more identities than are remembered.
    pub(crate) fn overflowed(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).full
    }
}

impl State {
    /// Beyond the limit, records that come twice count twice, which is said.
    fn is_new(&mut self, identity: Identity) -> bool {
        if self.seen.len() >= IDENTITIES_MAX {
            self.full = true;
            return !self.seen.contains(&identity);
        }
        self.seen.insert(identity)
    }
}

/// Passes a piece of work when it ends, however it ends.
pub(crate) struct Pass<'a>(pub(crate) &'a Identities, pub(crate) u64);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.pass(self.1);
    }
}
