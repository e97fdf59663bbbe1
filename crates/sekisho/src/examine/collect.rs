//! Takes the outcomes of all threads, puts them back into the order in which
//! the work was given out, and writes them. So nothing that is written
//! depends on how many threads there were or which was faster.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use sekisho_event::Untimed;
use sekisho_sigma::Correlator;

use super::places::Places;
use super::slots::Slots;
use super::stats::{HostsOf, Span, Stats};
use super::timeline::Timeline;
use super::work::{Done, HASH_CHARS, Plan};
use crate::seal::rows::SealedBlock;
use crate::seal::writer::{Due, SealWriter};
use crate::sources::SourceProblem;

/// Outcomes that wait for an earlier one may take this much memory, in bytes;
/// then whoever brings more waits too.
const WAITING_BYTES_MAX: usize = 48 << 20;

/// Most problems that are named one by one in a run.
pub(crate) const PROBLEMS_MAX: usize = 10_000;

/// What is known about a source after it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceOutcome {
    pub(crate) format: Option<&'static str>,
    pub(crate) records: u64,
    pub(crate) span: Span,
    pub(crate) problems: u64,
    /// Records that had come before.
    pub(crate) duplicates: u64,
    pub(crate) untimed: Untimed,
    pub(crate) labels_unknown: u64,
    pub(crate) hosts_of: HostsOf,
    /// The file on disk with the same bytes that came first.
    pub(crate) duplicate_of: Option<usize>,
}

/// All outcomes together.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) stats: Stats,
    pub(crate) sources: Vec<SourceOutcome>,
    /// By file on disk.
    pub(crate) hashes: Vec<Option<String>>,
    pub(crate) problems: Vec<SourceProblem>,
    pub(crate) problems_more: u64,
    pub(crate) correlator: Correlator,
    /// Events that correlations cite.
    pub(crate) places: Places,
    pub(crate) timeline: Timeline,
    pub(crate) detections: u64,
}

struct State {
    next: u64,
    waiting: BTreeMap<u64, Done>,
    waiting_bytes: usize,
    collected: Collected,
    by_hash: HashMap<String, usize>,
    duplicates: Vec<Option<usize>>,
    writer: BufWriter<File>,
    /// Bytes of detections written.
    written: u64,
    /// Where in `detections.jsonl` the hash of the file at hand is missing.
    unhashed: Slots,
    seal: Option<SealWriter>,
    failure: Option<io::Error>,
}

/// Collects the outcomes of all threads.
pub(crate) struct Collector {
    plan: Arc<Plan>,
    state: Mutex<State>,
    moved: Condvar,
}

impl Collector {
    /// A collector that writes detections into a folder.
    pub(crate) fn new(
        plan: Arc<Plan>,
        out: &Path,
        correlator: Correlator,
        seal: Option<SealWriter>,
    ) -> io::Result<Self> {
        let writer = BufWriter::with_capacity(1 << 20, File::create(out.join("detections.jsonl"))?);
        let files = plan.inventory.files.len();
        let sources = vec![SourceOutcome::default(); plan.inventory.sources.len()];
        let mut problems = plan.inventory.problems.clone();
        let problems_more = problems.len().saturating_sub(PROBLEMS_MAX) as u64;
        problems.truncate(PROBLEMS_MAX);
        let collected = Collected {
            stats: Stats::default(),
            sources,
            hashes: vec![None; files],
            problems,
            problems_more,
            correlator,
            places: Places::default(),
            timeline: Timeline::new(out),
            detections: 0,
        };
        let state = State {
            next: 0,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            collected,
            by_hash: HashMap::new(),
            duplicates: vec![None; files],
            writer,
            written: 0,
            unhashed: Slots::default(),
            seal,
            failure: None,
        };
        Ok(Self { plan, state: Mutex::new(state), moved: Condvar::new() })
    }

    /// Takes the outcome of the piece of work with this number. Numbers start
    /// at 0 and leave none out. Waits where too much is waiting already.
    pub(crate) fn take(&self, number: u64, done: Done) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.waiting_bytes > WAITING_BYTES_MAX
            && state.next != number
            && state.failure.is_none()
        {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting_bytes += done.held_bytes();
        state.waiting.insert(number, done);
        let mut due = Vec::new();
        while let Some(done) = {
            let next = state.next;
            state.waiting.remove(&next)
        } {
            state.next += 1;
            state.waiting_bytes = state.waiting_bytes.saturating_sub(done.held_bytes());
            due.extend(state.settle(&self.plan, done));
        }
        drop(state);
        self.moved.notify_all();
        self.write_segments(due);
    }

    /// Encodes and writes segments while others go on.
    fn write_segments(&self, due: Vec<Due>) {
        for due in due {
            let written = due.write();
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            match (written, &mut state.seal) {
                (Ok((number, segment)), Some(seal)) => seal.written(number, segment),
                (Ok(_), None) => {}
                (Err(e), _) => state.note_failure(&self.plan, Err(e)),
            }
        }
    }

    /// Notes that a thread ended before its work was done.
    pub(crate) fn broke_down(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = io::Error::other("a thread broke down; the results are not whole");
        state.failure.get_or_insert(failure);
        drop(state);
        self.plan.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        self.moved.notify_all();
    }

    /// All outcomes, the writer of detections for what comes after them, and
    /// what was sealed.
    pub(crate) fn finish(self) -> io::Result<(Collected, BufWriter<File>, Option<SealWriter>)> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let filled = state.fill_in(&format!("{:HASH_CHARS$}", "unknown"));
        if !state.waiting.is_empty() {
            // Nothing is lost in silence: what waits for an outcome that never
            // came means that a thread broke down.
            return Err(io::Error::other("a thread broke down; the results are not whole"));
        }
        match state.failure {
            Some(e) => Err(e),
            None => filled.map(|()| (state.collected, state.writer, state.seal)),
        }
    }
}

impl State {
    /// Takes in the next outcome; the segments of the store that are due.
    fn settle(&mut self, plan: &Plan, mut done: Done) -> Vec<Due> {
        if let Some((file, hash)) = done.hash.take() {
            let filled = self.fill_in(&hash);
            self.note_failure(plan, filled);
            self.hashed(plan, file, hash);
        }
        let file = done.source.and_then(|s| plan.inventory.sources.get(s)).map(|s| s.file_number);
        let duplicate = file.and_then(|f| self.duplicates.get(f).copied().flatten());
        if let Some(source) = done.source
            && let Some(outcome) = self.collected.sources.get_mut(source)
        {
            outcome.format = done.format.or(outcome.format);
            outcome.duplicate_of = duplicate;
            if duplicate.is_some() {
                return Vec::new();
            }
            outcome.records += done.stats.records;
            outcome.span.merge(done.stats.span);
            outcome.problems += done.problems.len() as u64 + done.problems_more;
            outcome.duplicates += done.stats.duplicates;
            outcome.untimed.add(done.stats.untimed);
            outcome.labels_unknown += done.stats.labels_unknown;
            outcome.hosts_of.add(done.stats.hosts_of);
        }
        self.note_problems(&mut done);
        let written = self.write(file, &mut done);
        self.note_failure(plan, written);
        for (observation, place) in std::mem::take(&mut done.observations) {
            let Collected { correlator, places, .. } = &mut self.collected;
            correlator.add(observation, || places.add(&place));
        }
        let sealed = self.seal(std::mem::take(&mut done.sealed));
        self.collected.stats.merge(done.stats);
        match sealed {
            Ok(due) => due,
            Err(e) => {
                self.note_failure(plan, Err(e));
                Vec::new()
            }
        }
    }

    fn seal(&mut self, blocks: Vec<SealedBlock>) -> io::Result<Vec<Due>> {
        let Some(seal) = &mut self.seal else { return Ok(Vec::new()) };
        let mut due = Vec::new();
        for block in blocks {
            due.extend(seal.take(block)?);
        }
        Ok(due)
    }

    fn note_failure(&mut self, plan: &Plan, result: io::Result<()>) {
        if let Err(e) = result {
            self.failure.get_or_insert(e);
            plan.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }

    /// Puts the hash of the file at hand where it is missing.
    fn fill_in(&mut self, hash: &str) -> io::Result<()> {
        if self.unhashed.is_empty() {
            return Ok(());
        }
        self.writer.flush()?;
        let file = self.writer.get_mut();
        self.unhashed.drain(|at| {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(hash.as_bytes())
        })?;
        file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    fn hashed(&mut self, plan: &Plan, file: usize, hash: String) {
        // Empty files have nothing in common.
        let empty = plan.inventory.files.get(file).is_some_and(|f| f.bytes == 0);
        let first = if empty { file } else { *self.by_hash.entry(hash.clone()).or_insert(file) };
        if first != file
            && let Some(slot) = self.duplicates.get_mut(file)
        {
            *slot = Some(first);
        }
        if let Some(slot) = self.collected.hashes.get_mut(file) {
            *slot = Some(hash);
        }
    }

    fn note_problems(&mut self, done: &mut Done) {
        let free = PROBLEMS_MAX.saturating_sub(self.collected.problems.len());
        let extra = done.problems.len().saturating_sub(free) as u64;
        self.collected.problems_more += done.problems_more + extra;
        self.collected.problems.extend(done.problems.drain(..).take(free));
    }

    fn write(&mut self, file: Option<usize>, done: &mut Done) -> io::Result<()> {
        let hash = file.and_then(|f| self.collected.hashes.get(f)).and_then(|h| h.as_deref());
        if let Some(hash) = hash {
            for &slot in &done.hash_slots {
                if let Some(place) = done.detections.get_mut(slot..slot + HASH_CHARS)
                    && place.len() == hash.len()
                {
                    place.copy_from_slice(hash.as_bytes());
                }
            }
        }
        if hash.is_none() {
            let at = self.written;
            self.unhashed.extend(done.hash_slots.iter().map(|&slot| at + slot as u64))?;
        }
        self.written += done.detections.len() as u64;
        self.collected.detections += done.hash_slots.len() as u64;
        self.writer.write_all(&done.detections)?;
        self.collected.timeline.add(&done.timeline, &done.timeline_rows)
    }
}
