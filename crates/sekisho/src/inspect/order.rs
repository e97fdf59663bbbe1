//! Puts the outcomes of many threads back into the order in which the work was
//! given out, so that no result depends on who was faster.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

/// So many outcomes may wait for an earlier one; then whoever brings more
/// waits too.
const WAITING_MAX: usize = 32;

struct State<T, S> {
    next: u64,
    waiting: BTreeMap<u64, T>,
    settled: S,
    broken: bool,
}

/// Takes outcomes in any order and settles them in theirs.
pub(crate) struct InOrder<T, S> {
    state: Mutex<State<T, S>>,
    moved: Condvar,
    settle: fn(&mut S, T),
}

impl<T, S> InOrder<T, S> {
    /// Settles outcomes into `settled`.
    pub(crate) fn new(settled: S, settle: fn(&mut S, T)) -> Self {
        let state = State { next: 0, waiting: BTreeMap::new(), settled, broken: false };
        Self { state: Mutex::new(state), moved: Condvar::new(), settle }
    }

    /// Takes the outcome with this number. Numbers start at 0 and leave none
    /// out.
    pub(crate) fn take(&self, number: u64, outcome: T) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.waiting.len() >= WAITING_MAX && state.next != number && !state.broken {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.insert(number, outcome);
        while let Some(outcome) = {
            let next = state.next;
            state.waiting.remove(&next)
        } {
            state.next += 1;
            (self.settle)(&mut state.settled, outcome);
        }
        drop(state);
        self.moved.notify_all();
    }

    /// Notes that a thread ended before its work was done.
    pub(crate) fn broke_down(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).broken = true;
        self.moved.notify_all();
    }

    /// All that was settled; `None` if an outcome never came.
    pub(crate) fn finish(self) -> Option<S> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (!state.broken && state.waiting.is_empty()).then_some(state.settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_settled_in_order() {
        let order = InOrder::new(Vec::new(), |all: &mut Vec<u64>, n| all.push(n));
        for n in [2, 0, 1, 4, 3] {
            order.take(n, n);
        }
        assert_eq!(order.finish(), Some(vec![0, 1, 2, 3, 4]));
        let order = InOrder::new(Vec::new(), |all: &mut Vec<u64>, n| all.push(n));
        order.take(1, 1);
        assert_eq!(order.finish(), None);
    }
}
