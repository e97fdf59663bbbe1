//! Hunting: rules and indicators over evidence that is stored. Segments are
//! shared among threads; what no rule looks at is not decoded, and whole
//! events are put together only where something was found.

mod event;
mod worker;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use sekisho_sigma::{Correlator, Observation, Program, RuleId};
use sekisho_store::{Error, Row, Store};

use crate::indicators::{IndicatorId, IndicatorProgram};
use worker::Worker;

/// How many segments ahead of the one that is due next a thread may work: so
/// many results may have to wait for their turn, for each thread.
const AHEAD_PER_THREAD: usize = 4;

/// What to look for, and where.
#[derive(Clone, Copy, Debug)]
pub struct Hunt<'a> {
    /// The evidence.
    pub store: &'a Store,
    /// The rules.
    pub program: &'a Arc<Program>,
    /// Indicators of compromise, if any.
    pub indicators: Option<&'a Arc<IndicatorProgram>>,
    /// Which rules correlations look at.
    pub correlator: Option<&'a Correlator>,
    /// How many threads work; at least one does.
    pub threads: usize,
    /// Set to stop early.
    pub stop: &'a AtomicBool,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// This rule holds.
    Rule(RuleId),
    /// An indicator: the event satisfies it alone, or makes the observation
    /// with this number.
    Indicator(IndicatorId, Option<u16>),
}

/// An event in which something was found.
#[derive(Clone, Debug)]
pub struct HuntMatch {
    /// What.
    pub what: What,
    /// Where the event stands in the case.
    pub place: Row,
    /// Nanoseconds since 1970 in UTC, or [`sekisho_event::TIME_UNKNOWN`].
    pub time: i64,
    /// Its host; empty where unknown.
    pub host: Box<str>,
    /// Its channel; empty where unknown.
    pub channel: Box<str>,
    /// The record's own id.
    pub record_id: Option<u64>,
    /// The fields that speak for it, and their values.
    pub matched: Vec<(Box<str>, Box<str>)>,
    /// The whole event, as a JSON object with its fields in bytewise order.
    pub event: Arc<[u8]>,
    /// What correlations are to be shown of it.
    pub observations: Vec<Observation>,
}

/// What was found in a segment.
#[derive(Debug, Default)]
pub struct Found {
    /// Number of the segment in the catalogue.
    pub segment: usize,
    /// In the order of rows, then of rules, then of indicators.
    pub matches: Vec<HuntMatch>,
    /// How many of its rows are of a kind that some rule or indicator looks
    /// at.
    pub looked_at: u64,
    /// How many rows it has.
    pub rows: u64,
    /// Why not all of it could be read. What was found before stands.
    pub error: Option<Error>,
}

/// Sweeps all segments and shows what was found to `take`, segment by segment
/// in the order of the catalogue, whatever the number of threads. Where it was
/// stopped, the segments from some one on are not shown.
pub fn sweep(hunt: &Hunt<'_>, take: &mut dyn FnMut(Found)) {
    let turns = Turns::new(hunt);
    thread::scope(|scope| {
        for _ in 0..hunt.threads.max(1) {
            scope.spawn(|| {
                let _watch = Watch(&turns);
                let mut worker = Worker::new(hunt);
                while let Some(segment) = turns.next() {
                    turns.put(worker.search(segment));
                }
            });
        }
        while let Some(found) = turns.due() {
            take(found);
        }
    });
}

/// Gives out segments in order, and takes what was found back into it.
struct Turns<'a> {
    segments: usize,
    ahead: usize,
    stop: &'a AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The next segment to be given out, and the next to be shown.
    next: usize,
    due: usize,
    threads: usize,
    waiting: BTreeMap<usize, Found>,
}

impl<'a> Turns<'a> {
    fn new(hunt: &Hunt<'a>) -> Self {
        let threads = hunt.threads.max(1);
        Self {
            segments: hunt.store.segments().len(),
            ahead: AHEAD_PER_THREAD * threads,
            stop: hunt.stop,
            state: Mutex::new(State { threads, ..State::default() }),
            changed: Condvar::new(),
        }
    }

    fn next(&self) -> Option<usize> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |state: &mut State| state.next >= state.due + self.ahead;
        let mut state =
            self.changed.wait_while(state, full).unwrap_or_else(PoisonError::into_inner);
        if state.next >= self.segments || self.stop.load(Ordering::Relaxed) {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    fn put(&self, found: Found) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.insert(found.segment, found);
        drop(state);
        self.changed.notify_all();
    }

    /// What is to be shown next; `None` when all was, or nobody works any more.
    fn due(&self) -> Option<Found> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |state: &mut State| {
            !state.waiting.contains_key(&state.due)
                && state.due < self.segments
                && state.threads > 0
        };
        let mut state = self.changed.wait_while(state, due).unwrap_or_else(PoisonError::into_inner);
        let now = state.due;
        let found = state.waiting.remove(&now)?;
        state.due += 1;
        drop(state);
        self.changed.notify_all();
        Some(found)
    }
}

/// Says when a thread ends, also where it breaks down, so that none waits for
/// what it would have brought.
struct Watch<'a, 'b>(&'a Turns<'b>);

impl Drop for Watch<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.threads -= 1;
        if thread::panicking() {
            // Others would wait for room that never comes.
            state.next = self.0.segments;
            state.due = state.due.max(state.next.saturating_sub(self.0.ahead));
        }
        drop(state);
        self.0.changed.notify_all();
    }
}
