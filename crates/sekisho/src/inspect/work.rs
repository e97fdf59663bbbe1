//! What one thread does with a piece of work: read it, and note who wrote
//! what, when, and with which numbers. No rule is run.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hashbrown::HashMap;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{
    Block, EventBatch, Format, Parsed, Projection, RECORD_ID_UNKNOWN, Reader, Shape, TIME_UNKNOWN,
    Untimed, ValueId, Vocabulary,
};

use super::channels::{Key, Part};
use super::digests::{self, Digest};
use super::identity::{self, Identity};
use super::ranges::Ranges;
use super::silence::Times;
use crate::examine::feed::{Reading, Task, problem, recognise};
use crate::examine::stats::Span;
use crate::sources::open::Counted;
use crate::sources::walk::Inventory;
use crate::sources::{SourceProblem, hash};

/// What is the same for all threads.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) inventory: Inventory,
    pub(crate) reading: Reading,
    pub(crate) stop: Arc<AtomicBool>,
}

/// The outcome of a piece of work.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) source: Option<usize>,
    pub(crate) format: Option<&'static str>,
    /// Number of a file on disk and its hash.
    pub(crate) hash: Option<(usize, String)>,
    pub(crate) records: u64,
    pub(crate) parts: Vec<Part>,
    pub(crate) shapes: BTreeSet<Shape>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) digests: Vec<Digest>,
    pub(crate) untimed: Untimed,
    pub(crate) labels_unknown: u64,
    pub(crate) problems: Vec<SourceProblem>,
    pub(crate) problems_more: u64,
    /// Bytes that this took in, for the progress bar.
    pub(crate) input_bytes: u64,
}

/// One thread's state.
pub(crate) struct Worker {
    plan: Arc<Plan>,
    vocabulary: Vocabulary,
    readers: HashMap<&'static str, Box<dyn Reader>>,
}

impl Worker {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let fields = identity::fields().map(Into::into).collect();
        let vocabulary = Vocabulary::new(Projection::Only(fields));
        Self { plan, vocabulary, readers: HashMap::new() }
    }

    /// Does a piece of work. What breaks it down costs that piece and nothing
    /// else: it is named as a problem, and the worker begins afresh.
    pub(crate) fn work(&mut self, task: &Task) -> Outcome {
        if let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| self.attempt(task))) {
            return outcome;
        }
        *self = Self::new(Arc::clone(&self.plan));
        self.broken_down(task)
    }

    /// What is said of a piece of work that broke down.
    fn broken_down(&self, task: &Task) -> Outcome {
        let (number, offset) = match task {
            Task::Block { source, block, .. } => (Some(*source), block.offset),
            Task::Whole { source, .. } | Task::Failed { source, .. } => (Some(*source), 0),
            Task::Hash { .. } | Task::Hashed { .. } => (None, 0),
        };
        let source = number.and_then(|number| self.plan.inventory.sources.get(number));
        let hash = match (task, source) {
            (Task::Whole { bytes, .. }, Some(source)) => {
                Some((source.file_number, hash::of_bytes(bytes)))
            }
            _ => None,
        };
        let what = "a fault of this program while it read from here: these records are not counted";
        let expected = "nothing of this; please report it with the file, if it can be shared";
        let problems = source.map(|source| problem(source, Some(offset), what, expected));
        Outcome {
            source: number,
            hash,
            problems: problems.into_iter().collect(),
            ..Outcome::default()
        }
    }

    fn attempt(&mut self, task: &Task) -> Outcome {
        match task {
            &Task::Hash { file } => self.hash(file),
            Task::Hashed { file, hash } => {
                Outcome { hash: Some((*file, hash.clone())), ..Outcome::default() }
            }
            Task::Whole { source, bytes } => self.whole(*source, bytes),
            &Task::Block { source, format, ref block, .. } => {
                let mut outcome = Outcome {
                    source: Some(source),
                    format: Some(format.name()),
                    input_bytes: block.bytes.len() as u64,
                    ..Outcome::default()
                };
                self.block(source, format, block, &mut outcome);
                outcome
            }
            Task::Failed { source, problem } => {
                let problems = vec![problem.clone()];
                Outcome { source: Some(*source), problems, ..Outcome::default() }
            }
        }
    }

    fn hash(&self, number: usize) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(file) = self.plan.inventory.files.get(number) else { return outcome };
        let stop = || self.plan.stop.load(Ordering::Relaxed);
        // Where it cannot be hashed it cannot be read either, and that is told.
        let read = AtomicU64::new(0);
        let hashed = File::open(&file.file)
            .and_then(|file| hash::of_reader(&mut Counted::new(file, &read), &stop));
        if let Ok(hash) = hashed {
            outcome.hash = Some((number, hash));
            outcome.problems.extend(file.changed(read.into_inner()));
        }
        outcome
    }

    fn whole(&mut self, number: usize, bytes: &[u8]) -> Outcome {
        let plan = Arc::clone(&self.plan);
        let mut outcome = Outcome { source: Some(number), ..Outcome::default() };
        let Some(source) = plan.inventory.sources.get(number) else { return outcome };
        outcome.hash = Some((source.file_number, hash::of_bytes(bytes)));
        outcome.input_bytes = bytes.len() as u64;
        let file = plan.inventory.files.get(source.file_number);
        outcome.problems.extend(file.and_then(|file| file.changed(bytes.len() as u64)));
        let format = match recognise(bytes, true) {
            Ok(format) => format,
            Err((what, expected)) => {
                outcome.problems.push(problem(source, Some(0), what, expected));
                return outcome;
            }
        };
        outcome.format = Some(format.name());
        let mut cutter = format.cutter(plan.reading.hints(source), BLOCK_BYTES);
        let mut input = bytes;
        let input: &mut dyn Read = &mut input;
        loop {
            match cutter.next(input) {
                Ok(Some(block)) => self.block(number, format, &block, &mut outcome),
                Ok(None) => return outcome,
                Err(e) => {
                    outcome.problems.push(problem(source, None, e, "a source that can be cut"));
                    return outcome;
                }
            }
        }
    }

    fn block(
        &mut self,
        number: usize,
        format: &'static dyn Format,
        block: &Block,
        outcome: &mut Outcome,
    ) {
        let plan = Arc::clone(&self.plan);
        let Some(source) = plan.inventory.sources.get(number) else { return };
        let reader = self.readers.entry(format.name()).or_insert_with(|| format.reader());
        reader.read(block, &mut self.vocabulary, &mut |parsed, vocabulary| {
            outcome.records += u64::from(parsed.count);
            outcome.untimed.add(parsed.untimed);
            outcome.labels_unknown += parsed.records.labels_unknown();
            outcome.problems_more += parsed.problems.more;
            outcome.problems.extend(
                parsed
                    .problems
                    .named
                    .iter()
                    .map(|p| problem(source, Some(p.offset), &p.what, &p.expected)),
            );
            for batch in parsed.batches {
                if !outcome.shapes.contains(&batch.shape) {
                    outcome.shapes.insert(batch.shape.clone());
                }
                identity::identities(batch, vocabulary, &mut outcome.identities);
                if digests::is_digest(&batch.shape) {
                    read_digests(parsed, batch, number, &mut outcome.digests);
                }
            }
            outcome.parts.extend(parts(parsed.batches, vocabulary));
        });
        self.vocabulary.trim();
    }
}

fn read_digests(parsed: &Parsed<'_>, batch: &EventBatch, source: usize, out: &mut Vec<Digest>) {
    let mut json = Vec::new();
    for &record in &batch.records {
        json.clear();
        parsed.records.write_json(record, &mut json);
        out.extend(Digest::read(&json, source));
    }
}

/// Times and record ids of a host's channel, as they come.
struct Raw<'a> {
    host: ValueId,
    shape: &'a Shape,
    times: Vec<i64>,
    ids: Vec<u64>,
    records: u64,
}

/// What the batches of a block say of each host's channels.
fn parts(batches: &[EventBatch], vocabulary: &Vocabulary) -> Vec<Part> {
    let mut raws: Vec<Raw<'_>> = Vec::new();
    let mut known: HashMap<(ValueId, &str, &str), usize> = HashMap::new();
    for batch in batches {
        let mut last: Option<(ValueId, usize)> = None;
        let rows = batch.times.iter().zip(&batch.hosts).zip(&batch.record_ids);
        for ((&time, &host), &id) in rows {
            let at = match last {
                Some((before, at)) if before == host => at,
                _ => *known
                    .entry((host, &*batch.shape.product, &*batch.shape.channel))
                    .or_insert_with(|| {
                        let shape = &batch.shape;
                        let (times, ids) = (Vec::new(), Vec::new());
                        raws.push(Raw { host, shape, times, ids, records: 0 });
                        raws.len() - 1
                    }),
            };
            last = Some((host, at));
            let Some(raw) = raws.get_mut(at) else { continue };
            raw.records += 1;
            if time != TIME_UNKNOWN {
                raw.times.push(time);
            }
            if id != RECORD_ID_UNKNOWN {
                raw.ids.push(id);
            }
        }
    }
    raws.into_iter().map(|raw| raw.part(vocabulary)).collect()
}

impl Raw<'_> {
    fn part(mut self, vocabulary: &Vocabulary) -> Part {
        let mut span = Span::default();
        self.times.iter().for_each(|&time| span.add(time));
        let (ids, repeated) = Ranges::of(&mut self.ids);
        Part {
            key: Key {
                host: vocabulary.hosts.text(self.host).into(),
                product: self.shape.product.clone(),
                channel: self.shape.channel.clone(),
            },
            records: self.records,
            span,
            ids,
            repeated,
            times: Times::of(&mut self.times),
        }
    }
}
