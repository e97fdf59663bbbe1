//! The sweep over stored events: groups of rows are shared among threads. Of
//! each it is found out, from as few columns as can be, in which rows some rule
//! or indicator may hold; only those rows are read, with all their fields, and
//! looked at. Outcomes are taken in the order of segments and groups, whoever
//! was faster.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use anyhow::Result;
use hashbrown::HashMap;
use sekisho_event::limits::FIELD_NAMES_MAX;
use sekisho_event::{
    EventBatch, FieldId, RECORD_ID_UNKNOWN, Shape, TIME_UNKNOWN, ValueId, Vocabulary,
};
use sekisho_sigma::{Correlator, LateMatcher, Match, Observation, Program};
use sekisho_store::{OpenSegment, Row, ShapeRows, Store, StoredBatch};

use super::columns::Columns;
use crate::examine::Place;
use crate::indicators::{
    IndicatorMatch, IndicatorMatcher, IndicatorProgram, LateIndicators, Unsearched,
};
use crate::seal::rows::{Names, event_json};

/// Outcomes that may wait for an earlier one.
const AHEAD_MAX: usize = 64;

/// What is swept with.
pub(super) struct Plan {
    pub(super) program: Arc<Program>,
    /// Knows which rules correlations look at.
    pub(super) correlator: Correlator,
    /// By rule: whether its own matches are not reported.
    pub(super) silent: Vec<bool>,
    pub(super) indicators: Option<Arc<IndicatorProgram>>,
}

impl Plan {
    /// Whether anything could be found in events of one of these shapes.
    fn looks_at(&self, shapes: &[Shape]) -> bool {
        self.indicators.is_some() || shapes.iter().any(|shape| self.program.looks_at(shape))
    }
}

/// What holds for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Rule(u32),
    Indicator(u32),
}

/// An event for which something holds.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) what: What,
    pub(super) row: Row,
    pub(super) place: Place,
    pub(super) matched: Vec<(String, String)>,
    /// The event's fields as JSON.
    pub(super) event: Arc<[u8]>,
}

/// An event that satisfies a part of an indicator.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub(super) indicator: u32,
    pub(super) observation: u16,
    pub(super) place: Place,
    /// Cell and index.
    pub(super) event: (u32, u64),
}

/// What came of one group of rows.
#[derive(Debug, Default)]
pub(super) struct Swept {
    pub(super) rows: u64,
    pub(super) found: Vec<Found>,
    pub(super) observations: Vec<(Observation, Place)>,
    pub(super) sightings: Vec<Sighting>,
    /// What limits kept indicators from looking at.
    pub(super) unsearched: Unsearched,
    pub(super) problem: Option<String>,
}

/// One group of rows of a segment.
#[derive(Debug)]
struct Piece {
    path: Arc<PathBuf>,
    group: usize,
    /// Of the whole segment.
    shapes: Arc<[Shape]>,
}

/// All groups of all segments of stores, in order.
///
/// # Errors
///
/// Where a segment cannot be opened.
fn pieces(stores: &[Store]) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for store in stores {
        for segment in store.segments() {
            let path = Arc::new(store.path(segment));
            let shapes: Arc<[Shape]> = segment.shapes.iter().map(shape_of).collect();
            let groups = store.segment(segment)?.groups();
            pieces.extend((0..groups).map(|group| Piece {
                path: Arc::clone(&path),
                group,
                shapes: Arc::clone(&shapes),
            }));
        }
    }
    Ok(pieces)
}

fn shape_of(rows: &ShapeRows) -> Shape {
    Shape {
        product: rows.product.as_str().into(),
        channel: rows.channel.as_str().into(),
        event_id: rows.event_id,
    }
}

/// What is shared among threads.
struct Shared<'a> {
    plan: &'a Plan,
    pieces: Vec<Piece>,
    next: AtomicUsize,
    stop: &'a AtomicBool,
    turn: Mutex<Turn>,
    moved: Condvar,
}

#[derive(Default)]
struct Turn {
    taken: usize,
    waiting: BTreeMap<usize, Swept>,
    broken: bool,
}

/// Sweeps stores; `take` gets what came of each group of rows, in order.
/// Whether all of it was swept.
///
/// # Errors
///
/// Where a segment cannot be opened or read, or `take` fails.
pub(super) fn sweep(
    stores: &[Store],
    plan: &Plan,
    threads: usize,
    stop: &AtomicBool,
    take: &mut dyn FnMut(Swept) -> Result<()>,
) -> Result<bool> {
    let shared = Shared {
        plan,
        pieces: pieces(stores)?,
        next: AtomicUsize::new(0),
        stop,
        turn: Mutex::default(),
        moved: Condvar::new(),
    };
    let total = shared.pieces.len();
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| shared.work());
        }
        for number in 0..total {
            let Some(swept) = shared.wait_for(number) else {
                // Whoever is ahead waits for a turn that does not come any more.
                shared.fail();
                return Ok(false);
            };
            if let Some(problem) = &swept.problem {
                shared.fail();
                anyhow::bail!("{problem}");
            }
            let taken = take(swept);
            if taken.is_err() {
                shared.fail();
            }
            taken?;
        }
        Ok(true)
    })
}

impl Shared<'_> {
    fn turn(&self) -> std::sync::MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self) {
        self.turn().broken = true;
        self.moved.notify_all();
    }

    /// The outcome with this number; `None` where the sweep was stopped.
    fn wait_for(&self, number: usize) -> Option<Swept> {
        let mut turn = self.turn();
        loop {
            if let Some(swept) = turn.waiting.remove(&number) {
                turn.taken = number + 1;
                drop(turn);
                self.moved.notify_all();
                return Some(swept);
            }
            if turn.broken || self.stop.load(Ordering::Relaxed) {
                return None;
            }
            turn = self.moved.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        // Whoever waits must hear of a thread that breaks down.
        let watch = Watch(self);
        let mut worker = Worker::new(self.plan);
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = self.pieces.get(number) else { break };
            let swept = worker
                .sweep(piece)
                .unwrap_or_else(|e| Swept { problem: Some(format!("{e:#}")), ..Swept::default() });
            let mut turn = self.turn();
            while number > turn.taken + AHEAD_MAX && !turn.broken {
                turn = self.moved.wait(turn).unwrap_or_else(PoisonError::into_inner);
            }
            turn.waiting.insert(number, swept);
            drop(turn);
            self.moved.notify_all();
        }
        drop(watch);
    }
}

struct Watch<'a, 'b>(&'a Shared<'b>);

impl Drop for Watch<'_, '_> {
    fn drop(&mut self) {
        // Under the lock: between looking and waiting nobody misses it.
        self.0.turn().broken |= thread::panicking();
        self.0.moved.notify_all();
    }
}

/// One thread's state.
struct Worker<'a> {
    plan: &'a Plan,
    late: LateMatcher,
    vocabulary: Vocabulary,
    indicators: Option<(LateIndicators, IndicatorMatcher)>,
    names: Names,
    open: Option<(Arc<PathBuf>, OpenSegment)>,
    matches: Vec<Match>,
    indicated: Vec<IndicatorMatch>,
}

/// A match without its event's fields.
struct Bare {
    what: What,
    row: Row,
    place: Place,
    matched: Vec<(String, String)>,
    /// The event's row in its batch.
    at: usize,
}

impl<'a> Worker<'a> {
    fn new(plan: &'a Plan) -> Self {
        let indicators = plan.indicators.as_ref().map(|program| {
            let late = LateIndicators::new(Arc::clone(program));
            (late, IndicatorMatcher::new(Arc::clone(program)))
        });
        Self {
            plan,
            late: LateMatcher::new(Arc::clone(&plan.program)),
            vocabulary: Vocabulary::default(),
            indicators,
            names: Names::default(),
            open: None,
            matches: Vec::new(),
            indicated: Vec::new(),
        }
    }

    /// Makes ready for a segment.
    fn turn_to(&mut self, piece: &Piece) -> Result<()> {
        if self.open.as_ref().is_some_and(|(path, _)| *path == piece.path) {
            return Ok(());
        }
        // Names are of all segments; long before there are too many the
        // vocabulary begins anew.
        if self.vocabulary.fields() > FIELD_NAMES_MAX / 2 {
            *self = Self::new(self.plan);
        }
        self.open = Some((Arc::clone(&piece.path), OpenSegment::open(&piece.path)?));
        Ok(())
    }

    fn sweep(&mut self, piece: &Piece) -> Result<Swept> {
        self.turn_to(piece)?;
        let Self { plan, late, vocabulary, indicators, open, .. } = self;
        let mut swept = Swept::default();
        let Some((_, segment)) = open else { return Ok(swept) };
        swept.rows = segment.group_rows(piece.group);
        if !plan.looks_at(&piece.shapes) {
            return Ok(swept);
        }
        let Some(group) = segment.group(piece.group)? else { return Ok(swept) };
        let mut columns = Columns::new(group)?;
        let shapes = columns.group.shapes().to_vec();
        let mut pairs = Vec::new();
        late.run(&shapes, &mut columns, &mut pairs)?;
        let mut rows: Vec<u32> = pairs.iter().map(|(row, _)| *row).collect();
        if let Some((late, _)) = indicators {
            late.rows(&shapes, &mut columns, &mut rows)?;
            swept.unsearched.merge(late.take_unsearched());
            rows.sort_unstable();
        }
        rows.dedup();
        if rows.is_empty() {
            return Ok(swept);
        }
        vocabulary.trim();
        let mut looking = Looking {
            plan,
            rows: &rows,
            pairs: &pairs,
            indicators: indicators.as_mut().map(|(_, matcher)| matcher),
            names: &mut self.names,
            matches: &mut self.matches,
            indicated: &mut self.indicated,
            swept: &mut swept,
        };
        let look = &mut |stored: &StoredBatch, vocabulary: &Vocabulary| {
            looking.look(stored, vocabulary);
        };
        columns.group.pick(&rows, vocabulary, look)?;
        if let Some((_, matcher)) = indicators {
            swept.unsearched.merge(matcher.take_unsearched());
        }
        swept.found.sort_by_key(|found| (found.row.cell, found.row.index, found.what));
        Ok(swept)
    }
}

/// Rows for which something may hold, one batch after the other.
struct Looking<'a> {
    plan: &'a Plan,
    /// The rows that are still to come, and the rules that may hold for them.
    rows: &'a [u32],
    pairs: &'a [(u32, u32)],
    indicators: Option<&'a mut IndicatorMatcher>,
    names: &'a mut Names,
    matches: &'a mut Vec<Match>,
    indicated: &'a mut Vec<IndicatorMatch>,
    swept: &'a mut Swept,
}

impl Looking<'_> {
    /// Rows of the next batch, numbered from 0, and rules that may hold.
    fn pairs_of(&mut self, rows: usize) -> Vec<(u32, u32)> {
        let (now, later) = self.rows.split_at_checked(rows).unwrap_or((self.rows, &[]));
        self.rows = later;
        let mut out = Vec::new();
        for (number, row) in (0..).zip(now) {
            while let Some(((of, rule), left)) = self.pairs.split_first()
                && of == row
            {
                out.push((number, *rule));
                self.pairs = left;
            }
        }
        out
    }

    fn look(&mut self, stored: &StoredBatch, vocabulary: &Vocabulary) {
        let pairs = self.pairs_of(stored.batch.rows());
        let Self { plan, indicators, names, matches, indicated, swept, .. } = self;
        let on = On { plan, stored, vocabulary };
        let mut bare = Vec::new();
        plan.program.judge(&pairs, &stored.batch, vocabulary, matches);
        matches.drain(..).for_each(|m| on.matched(&m, swept, &mut bare));
        if let Some(indicators) = indicators {
            indicators.run(&stored.batch, vocabulary, indicated);
            indicated.drain(..).for_each(|m| on.indicated(&m, swept, &mut bare));
        }
        if bare.is_empty() {
            return;
        }
        names.learn(&stored.batch, vocabulary);
        let columns = names.columns(&stored.batch, vocabulary);
        let mut events: HashMap<usize, Arc<[u8]>> = HashMap::new();
        for Bare { what, row, place, matched, at } in bare {
            let event = events.entry(at).or_insert_with(|| {
                let mut json = Vec::new();
                event_json(&columns, vocabulary, at, &mut json);
                json.into()
            });
            swept.found.push(Found { what, row, place, matched, event: Arc::clone(event) });
        }
    }
}

/// The batch at hand.
struct On<'a> {
    plan: &'a Plan,
    stored: &'a StoredBatch,
    vocabulary: &'a Vocabulary,
}

impl On<'_> {
    fn matched(&self, m: &Match, swept: &mut Swept, bare: &mut Vec<Bare>) {
        let batch = &self.stored.batch;
        // As in an examination: a rule that only says what must not be there
        // would match all that may be of any log source.
        if batch.shape.is_unknown() && m.evidence.is_empty() {
            return;
        }
        let at = m.row as usize;
        let Some((row, place)) = self.place(at) else { return };
        if place.time != TIME_UNKNOWN {
            for wanted in self.plan.correlator.wanted(m.rule) {
                let program = &self.plan.program;
                let mut field =
                    |name: &str| program.value_of(m.rule, name, batch, at, self.vocabulary);
                if let Some(observation) = wanted.observe(place.time, &mut field) {
                    swept.observations.push((observation, place.clone()));
                }
            }
        }
        if self.plan.silent.get(m.rule as usize) != Some(&true) {
            let matched = self.evidence(&m.evidence);
            bare.push(Bare { what: What::Rule(m.rule), row, place, matched, at });
        }
    }

    fn indicated(&self, m: &IndicatorMatch, swept: &mut Swept, bare: &mut Vec<Bare>) {
        let at = m.row as usize;
        let Some((row, place)) = self.place(at) else { return };
        match m.observation {
            Some(observation) => swept.sightings.push(Sighting {
                indicator: m.indicator,
                observation,
                place,
                event: (row.cell, row.index),
            }),
            None => {
                let matched = self.evidence(&m.evidence);
                bare.push(Bare { what: What::Indicator(m.indicator), row, place, matched, at });
            }
        }
    }

    fn place(&self, at: usize) -> Option<(Row, Place)> {
        let row = self.stored.row(at)?;
        let batch: &EventBatch = &self.stored.batch;
        let host = batch.hosts.get(at).copied().unwrap_or(ValueId::ABSENT);
        let place = Place {
            source: row.source as usize,
            offset: row.offset,
            time: batch.times.get(at).copied().unwrap_or(TIME_UNKNOWN),
            host: self.vocabulary.hosts.text(host).into(),
            channel: batch.shape.channel.clone(),
            record_id: batch.record_ids.get(at).copied().filter(|&id| id != RECORD_ID_UNKNOWN),
            ordinal: row.ordinal,
        };
        Some((row, place))
    }

    fn evidence(&self, evidence: &[(FieldId, ValueId)]) -> Vec<(String, String)> {
        let text = |&(field, value): &(FieldId, ValueId)| {
            let dictionary = self.vocabulary.dictionary(field);
            let text = dictionary.map_or("", |dictionary| dictionary.text(value));
            (self.vocabulary.name(field).to_owned(), text.to_owned())
        };
        evidence.iter().map(text).collect()
    }
}
