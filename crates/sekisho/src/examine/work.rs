//! What one thread does with a piece of work: read it, run the rules over it,
//! write the detections down.

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hashbrown::{HashMap, HashSet};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{
    Block, Column, EventBatch, FieldId, Format, Parsed, Projection, RECORD_ID_UNKNOWN, Reader,
    Shape, ValueId, Vocabulary,
};
use sekisho_sigma::rule::Level;
use sekisho_sigma::{Correlator, Match, Matcher, Observation, Program};

use super::feed::{Reading, Task, problem, recognise};
use super::identity::{FIELD, Identities, Pass};
use super::json;
use super::stats::{EXAMPLES_MAX, Example, Stats};
use crate::seal::Sealing;
use crate::seal::rows::{RowSealer, SealedBlock};
use crate::sources::open::Counted;
use crate::sources::walk::Inventory;
use crate::sources::{SourceProblem, hash};

/// Length of a SHA-256 in hexadecimal.
pub(crate) const HASH_CHARS: usize = 64;

/// Fields that name an account, the most telling first.
pub(crate) const ACCOUNT_FIELDS: &[&str] = &[
    "TargetUserName",
    "SubjectUserName",
    "User",
    "AccountName",
    "UserId",
    "UserKey",
    "userIdentity.arn",
    "userIdentity.userName",
    "user",
    "username",
];

/// What is the same for all threads.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) inventory: Inventory,
    pub(crate) reading: Reading,
    pub(crate) program: Arc<Program>,
    /// By rule: `"rule":{…}` as it stands in each detection.
    pub(crate) rule_json: Vec<Vec<u8>>,
    /// By rule: what a line of the timeline says about it.
    pub(crate) rule_csv: Vec<Vec<u8>>,
    pub(crate) levels: Vec<Level>,
    /// By rule: whether its own matches are not reported.
    pub(crate) silent: Vec<bool>,
    /// Knows which rules correlations look at; observes nothing itself.
    pub(crate) correlator: Correlator,
    /// Records that may come more than once.
    pub(crate) identities: Identities,
    /// How events are sealed, if they are.
    pub(crate) sealing: Option<Arc<Sealing>>,
    pub(crate) stop: Arc<AtomicBool>,
}

/// A line of the timeline, within [`Done::timeline`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimelineRow {
    pub(crate) time: i64,
    pub(crate) bytes: usize,
}

/// An event that a correlation may cite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) source: usize,
    pub(crate) offset: u64,
    pub(crate) time: i64,
    pub(crate) host: Box<str>,
    pub(crate) channel: Box<str>,
    pub(crate) record_id: Option<u64>,
    /// Which of the events that begin at the same offset, in their order; only
    /// good to compare places of one source.
    pub(crate) ordinal: u32,
}

/// The outcome of a piece of work.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) source: Option<usize>,
    pub(crate) format: Option<&'static str>,
    /// Number of a file on disk and its hash.
    pub(crate) hash: Option<(usize, String)>,
    /// Lines of `detections.jsonl`, with zeroes where the file's hash belongs.
    pub(crate) detections: Vec<u8>,
    /// Where in `detections` the hash belongs.
    pub(crate) hash_slots: Vec<usize>,
    pub(crate) timeline: Vec<u8>,
    pub(crate) timeline_rows: Vec<TimelineRow>,
    pub(crate) observations: Vec<(Observation, Place)>,
    /// The events, sealed, one a block.
    pub(crate) sealed: Vec<SealedBlock>,
    pub(crate) stats: Stats,
    pub(crate) problems: Vec<SourceProblem>,
    pub(crate) problems_more: u64,
    /// Bytes as stored that this took in, for the progress bar.
    pub(crate) input_bytes: u64,
}

impl Done {
    /// Memory it holds until it is written, in bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        let sealed: usize = self.sealed.iter().map(SealedBlock::held_bytes).sum();
        self.detections.len() + self.timeline.len() + self.observations.len() * 128 + sealed
    }
}

/// One thread's state.
pub(crate) struct Worker {
    plan: Arc<Plan>,
    vocabulary: Vocabulary,
    matcher: Matcher,
    sealer: Option<RowSealer>,
    readers: HashMap<&'static str, Box<dyn Reader>>,
    matches: Vec<Match>,
    /// Of the piece of work at hand.
    number: u64,
    /// Room that the last outcome's detections and timeline took: the next
    /// ones will need about as much.
    room: (usize, usize),
    /// Fields that occurred, by shape.
    occurred: HashMap<Shape, HashSet<FieldId>>,
    /// The same by name, of the time before it began afresh.
    occurred_before: HashMap<Shape, HashSet<Box<str>>>,
}

impl Worker {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let extra: Vec<&str> =
            ACCOUNT_FIELDS.iter().copied().chain(plan.correlator.fields()).chain([FIELD]).collect();
        let projection = match plan.sealing {
            Some(_) => Projection::All,
            None => plan.program.projection(&extra),
        };
        let vocabulary = Vocabulary::new(projection);
        let sealer = plan.sealing.clone().map(RowSealer::new);
        let matcher = Matcher::new(Arc::clone(&plan.program));
        Self {
            plan,
            vocabulary,
            matcher,
            sealer,
            readers: HashMap::new(),
            matches: Vec::new(),
            number: 0,
            room: (0, 0),
            occurred: HashMap::new(),
            occurred_before: HashMap::new(),
        }
    }

    /// By name, the fields that occurred in each shape.
    pub(crate) fn into_occurred(mut self) -> HashMap<Shape, HashSet<Box<str>>> {
        let occurred = std::mem::take(&mut self.occurred);
        let vocabulary = std::mem::take(&mut self.vocabulary);
        self.note_occurred(occurred, &vocabulary);
        self.occurred_before
    }

    fn note_occurred(
        &mut self,
        occurred: HashMap<Shape, HashSet<FieldId>>,
        vocabulary: &Vocabulary,
    ) {
        for (shape, fields) in occurred {
            let names = fields.iter().map(|&field| vocabulary.name(field).into());
            self.occurred_before.entry(shape).or_default().extend(names);
        }
    }

    /// Does a piece of work. What breaks it down costs that piece and nothing
    /// else: it is named as a problem, and the worker begins afresh.
    pub(crate) fn work(&mut self, number: u64, task: &Task) -> Done {
        let plan = Arc::clone(&self.plan);
        let _pass = Pass(&plan.identities, number);
        self.number = number;
        match catch_unwind(AssertUnwindSafe(|| self.attempt(task))) {
            Ok(done) => done,
            Err(_) => {
                let occurred = std::mem::take(&mut self.occurred);
                let earlier = std::mem::take(&mut self.occurred_before);
                let vocabulary = std::mem::take(&mut self.vocabulary);
                *self = Self::new(Arc::clone(&self.plan));
                self.occurred_before = earlier;
                self.note_occurred(occurred, &vocabulary);
                self.broken_down(task)
            }
        }
    }

    /// What is said of a piece of work that broke down.
    fn broken_down(&self, task: &Task) -> Done {
        let (number, offset) = match task {
            Task::Block { source, block, .. } => (Some(*source), block.offset),
            Task::Whole { source, .. } | Task::Failed { source, .. } => (Some(*source), 0),
            Task::Hash { .. } | Task::Hashed { .. } => (None, 0),
        };
        let mut done = Done { source: number, ..Done::default() };
        let source = number.and_then(|number| self.plan.inventory.sources.get(number));
        if let (Task::Whole { bytes, .. }, Some(source)) = (task, source) {
            done.hash = Some((source.file_number, hash::of_bytes(bytes)));
        }
        let what =
            "a fault of this program while it read from here: these records are not examined";
        let expected = "nothing of this; please report it with the file, if it can be shared";
        done.problems.extend(source.map(|source| problem(source, Some(offset), what, expected)));
        done
    }

    fn attempt(&mut self, task: &Task) -> Done {
        match task {
            &Task::Hash { file } => self.hash(file),
            Task::Hashed { file, hash } => {
                Done { hash: Some((*file, hash.clone())), ..Done::default() }
            }
            Task::Whole { source, bytes } => self.whole(*source, bytes),
            &Task::Block { source, format, ref block, stored_bytes } => {
                let (detections, timeline) = self.room;
                let mut done = Done {
                    source: Some(source),
                    format: Some(format.name()),
                    input_bytes: stored_bytes,
                    detections: Vec::with_capacity(detections),
                    timeline: Vec::with_capacity(timeline),
                    ..Done::default()
                };
                self.block(source, format, block, &mut done);
                self.room = (done.detections.len(), done.timeline.len());
                done
            }
            Task::Failed { source, problem } => {
                Done { source: Some(*source), problems: vec![problem.clone()], ..Done::default() }
            }
        }
    }

    fn hash(&self, number: usize) -> Done {
        let mut done = Done::default();
        let Some(file) = self.plan.inventory.files.get(number) else { return done };
        let stop = || self.plan.stop.load(Ordering::Relaxed);
        let read = AtomicU64::new(0);
        let hashed = File::open(&file.file)
            .and_then(|file| hash::of_reader(&mut Counted::new(file, &read), &stop));
        match hashed {
            Ok(hash) => {
                done.hash = Some((number, hash));
                done.problems.extend(file.changed(read.into_inner()));
            }
            Err(e) => done.problems.push(SourceProblem {
                path: file.path.clone(),
                offset: None,
                what: format!("could not be hashed: {e}"),
                expected: "a file that can be read to its end".to_owned(),
            }),
        }
        done
    }

    fn whole(&mut self, number: usize, bytes: &[u8]) -> Done {
        let plan = Arc::clone(&self.plan);
        let mut done = Done { source: Some(number), ..Done::default() };
        let Some(source) = plan.inventory.sources.get(number) else { return done };
        done.hash = Some((source.file_number, hash::of_bytes(bytes)));
        done.input_bytes = bytes.len() as u64;
        let file = plan.inventory.files.get(source.file_number);
        done.problems.extend(file.and_then(|file| file.changed(bytes.len() as u64)));
        let format = match recognise(bytes, true) {
            Ok(format) => format,
            Err((what, expected)) => {
                done.problems.push(problem(source, Some(0), what, expected));
                return done;
            }
        };
        done.format = Some(format.name());
        let mut cutter = format.cutter(plan.reading.hints(source), BLOCK_BYTES);
        let mut input = bytes;
        let input: &mut dyn Read = &mut input;
        loop {
            match cutter.next(input) {
                Ok(Some(block)) => self.block(number, format, &block, &mut done),
                Ok(None) => return done,
                Err(e) => {
                    done.problems.push(problem(source, None, e, "a source that can be cut"));
                    return done;
                }
            }
        }
    }

    fn block(
        &mut self,
        source: usize,
        format: &'static dyn Format,
        block: &Block,
        done: &mut Done,
    ) {
        let plan = Arc::clone(&self.plan);
        let Some(about) = plan.inventory.sources.get(source) else { return };
        let reader = self.readers.entry(format.name()).or_insert_with(|| format.reader());
        let (matcher, matches, occurred) =
            (&mut self.matcher, &mut self.matches, &mut self.occurred);
        let sealer = &mut self.sealer;
        let number = self.number;
        let mut path_json = Vec::new();
        json::string(&about.path, &mut path_json);
        reader.read(block, &mut self.vocabulary, &mut |parsed, vocabulary| {
            let first_seen = |batch| plan.identities.first_seen(number, batch, vocabulary);
            let once: Vec<Option<EventBatch>> = parsed.batches.iter().map(first_seen).collect();
            let batches: Vec<&EventBatch> = parsed
                .batches
                .iter()
                .zip(&once)
                .map(|(all, once)| once.as_ref().unwrap_or(all))
                .collect();
            let sealed = sealer.as_mut().map(|sealer| {
                sealer.seal(source, parsed, &batches, vocabulary).map_err(|e| {
                    let what = format!("the events from here on cannot be sealed: {e}");
                    problem(about, Some(block.offset), what, "an event with fewer fields")
                })
            });
            let mut sealed = sealed.transpose().unwrap_or_else(|problem| {
                done.problems.push(problem);
                None
            });
            let mut writer =
                Writer { plan: &plan, source, path_json: &path_json, parsed, batches, vocabulary };
            writer.note_problems(&about.path, done);
            writer.run(matcher, matches, occurred, sealed.as_mut(), done);
            done.sealed.extend(sealed);
        });
        self.vocabulary.trim();
    }
}

/// Writes down what was found in a block.
struct Writer<'a> {
    plan: &'a Plan,
    source: usize,
    path_json: &'a [u8],
    parsed: &'a Parsed<'a>,
    /// The events, those left out that came before.
    batches: Vec<&'a EventBatch>,
    vocabulary: &'a Vocabulary,
}

/// A match with its batch, to be put in the order of records.
struct Found<'a> {
    batch: &'a EventBatch,
    batch_number: usize,
    accounts: &'a [&'a Column],
    row: usize,
    found: Match,
}

impl Writer<'_> {
    fn note_problems(&self, path: &str, done: &mut Done) {
        let problems = &self.parsed.problems;
        done.problems_more += problems.more;
        done.problems.extend(problems.named.iter().map(|p| SourceProblem {
            path: path.to_owned(),
            offset: Some(p.offset),
            what: p.what.clone(),
            expected: p.expected.clone(),
        }));
    }

    fn run(
        &mut self,
        matcher: &mut Matcher,
        matches: &mut Vec<Match>,
        occurred: &mut HashMap<Shape, HashSet<FieldId>>,
        sealed: Option<&mut SealedBlock>,
        done: &mut Done,
    ) {
        let accounts: Vec<Vec<&Column>> =
            self.batches.iter().map(|batch| self.account_columns(batch)).collect();
        let mut found: Vec<Found<'_>> = Vec::new();
        let all: usize = self.parsed.batches.iter().map(EventBatch::rows).sum();
        let once: usize = self.batches.iter().map(|batch| batch.rows()).sum();
        let duplicates = (all - once) as u64;
        done.stats.duplicates += duplicates;
        done.stats.records += u64::from(self.parsed.count).saturating_sub(duplicates);
        done.stats.untimed.add(self.parsed.untimed);
        done.stats.labels_unknown += self.parsed.records.labels_unknown();
        for (batch_number, (&batch, accounts)) in self.batches.iter().zip(&accounts).enumerate() {
            let fields = occurred.entry_ref(&batch.shape).or_default();
            fields.extend(batch.columns.iter().map(|column| column.field));
            self.count(batch, &mut done.stats);
            matcher.run(batch, self.vocabulary, matches);
            let unknown = batch.shape.is_unknown();
            for m in matches.drain(..) {
                // Every rule looks at what may be of any log source. One that
                // only says what must not be there would match all of it.
                if unknown && m.evidence.is_empty() {
                    continue;
                }
                let row = m.row as usize;
                self.observe(batch, row, &m, done);
                if self.plan.silent.get(m.rule as usize) != Some(&true) {
                    found.push(Found { batch, batch_number, accounts, row, found: m });
                }
            }
        }
        found.sort_by_key(|f| (f.batch.records.get(f.row).copied(), f.found.rule));
        self.write_all(&found, done);
        if let Some(sealed) = sealed {
            found.iter().for_each(|f| sealed.detected(f.batch_number, f.row));
        }
    }

    fn account_columns<'b>(&self, batch: &'b EventBatch) -> Vec<&'b Column> {
        let names = ACCOUNT_FIELDS.iter();
        names.filter_map(|name| batch.column(self.vocabulary.find(name)?)).collect()
    }

    fn count(&self, batch: &EventBatch, stats: &mut Stats) {
        *stats.shapes.entry(batch.shape.clone()).or_default() += batch.rows() as u64;
        batch.times.iter().for_each(|&time| stats.span.add(time));
        stats.read_at(&batch.times);
        stats.hosts_of.given += u64::from(batch.hosts_given);
        // Neighbours are mostly of the same host: runs are counted first.
        let mut by_host: HashMap<ValueId, u64> = HashMap::new();
        for run in batch.hosts.chunk_by(|a, b| a == b) {
            if let Some(&host) = run.first() {
                *by_host.entry(host).or_default() += run.len() as u64;
            }
        }
        for (host, count) in by_host {
            let name = self.vocabulary.hosts.text(host);
            if name.is_empty() {
                stats.hosts_of.unknown += count;
            } else {
                stats.hosts.entry(name.into()).or_default().records += count;
            }
        }
    }

    fn observe(&self, batch: &EventBatch, row: usize, m: &Match, done: &mut Done) {
        for wanted in self.plan.correlator.wanted(m.rule) {
            let time = batch.times.get(row).copied().unwrap_or(sekisho_event::TIME_UNKNOWN);
            if time == sekisho_event::TIME_UNKNOWN {
                continue;
            }
            let program = &self.plan.program;
            let mut field =
                |name: &str| program.value_of(m.rule, name, batch, row, self.vocabulary);
            if let Some(observation) = wanted.observe(time, &mut field) {
                done.observations.push((observation, self.place(batch, row, time)));
            }
        }
    }

    fn place(&self, batch: &EventBatch, row: usize, time: i64) -> Place {
        let record = batch.records.get(row).copied().unwrap_or(0);
        let host = batch.hosts.get(row).copied().unwrap_or(ValueId::ABSENT);
        let record_id = batch.record_ids.get(row).copied();
        Place {
            source: self.source,
            offset: self.parsed.records.offset(record),
            time,
            host: self.vocabulary.hosts.text(host).into(),
            channel: batch.shape.channel.clone(),
            record_id: record_id.filter(|&id| id != RECORD_ID_UNKNOWN),
            ordinal: record,
        }
    }

    fn write_all(&self, found: &[Found<'_>], done: &mut Done) {
        let mut event = Vec::new();
        let mut written = None;
        for f in found {
            let record = f.batch.records.get(f.row).copied().unwrap_or(u32::MAX);
            if written != Some(record) {
                event.clear();
                self.parsed.records.write_json(record, &mut event);
                written = Some(record);
            }
            self.write(f, record, &event, done);
            self.count_detection(f, record, &mut done.stats);
        }
    }

    fn write(&self, f: &Found<'_>, record: u32, event: &[u8], done: &mut Done) {
        let rule = f.found.rule as usize;
        let time = f.batch.times.get(f.row).copied().unwrap_or(sekisho_event::TIME_UNKNOWN);
        let (host, channel, id) = self.head(f);
        let out = &mut done.detections;
        json::event_head(time, host, channel, id, out);
        out.extend_from_slice(b",\"source\":{\"path\":");
        out.extend_from_slice(self.path_json);
        out.extend_from_slice(b",\"sha256\":\"");
        done.hash_slots.push(out.len());
        out.extend_from_slice(&[b'0'; HASH_CHARS]);
        out.extend_from_slice(b"\",\"offset\":");
        json::number(self.parsed.records.offset(record), out);
        out.extend_from_slice(b"},");
        out.extend_from_slice(self.plan.rule_json.get(rule).map_or(&[][..], |r| r));
        out.extend_from_slice(b",\"matched\":");
        self.write_matched(f, out);
        out.extend_from_slice(b",\"event\":");
        out.extend_from_slice(event);
        out.extend_from_slice(b"}\n");
        self.write_timeline(f, time, host, channel, done);
    }

    /// Host, channel and record id of a match's event.
    fn head<'c>(&'c self, f: &Found<'c>) -> (&'c str, &'c str, Option<u64>) {
        let host = f.batch.hosts.get(f.row).copied().unwrap_or(ValueId::ABSENT);
        let id = f.batch.record_ids.get(f.row).copied().filter(|&id| id != RECORD_ID_UNKNOWN);
        (self.vocabulary.hosts.text(host), &f.batch.shape.channel, id)
    }

    /// An object of the fields that speak for the rule; a field with several
    /// such values has an array.
    fn write_matched(&self, f: &Found<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        let evidence = f.found.evidence.as_slice();
        for (at, (field, value)) in evidence.iter().enumerate() {
            if evidence.iter().take(at).any(|(before, _)| before == field) {
                continue;
            }
            if at > 0 {
                out.push(b',');
            }
            json::string(self.vocabulary.name(*field), out);
            out.push(b':');
            let more = evidence.iter().skip(at + 1).filter(|(other, _)| other == field);
            if more.clone().next().is_some() {
                out.push(b'[');
                json::string(self.text(*field, *value), out);
                for (field, value) in more {
                    out.push(b',');
                    json::string(self.text(*field, *value), out);
                }
                out.push(b']');
            } else {
                json::string(self.text(*field, *value), out);
            }
        }
        out.push(b'}');
    }

    fn text(&self, field: FieldId, value: ValueId) -> &str {
        self.vocabulary.dictionary(field).map_or("", |d| d.text(value))
    }

    fn write_timeline(&self, f: &Found<'_>, time: i64, host: &str, channel: &str, done: &mut Done) {
        let start = done.timeline.len();
        let out = &mut done.timeline;
        if time != sekisho_event::TIME_UNKNOWN {
            json::plain_time(time, out);
        }
        out.push(b',');
        csv(host, out);
        out.push(b',');
        csv(channel, out);
        out.push(b',');
        if let (_, _, Some(id)) = self.head(f) {
            json::number(id, out);
        }
        out.push(b',');
        out.extend_from_slice(self.plan.rule_csv.get(f.found.rule as usize).map_or(&[][..], |r| r));
        out.push(b',');
        let mut matched = String::new();
        for (field, value) in &f.found.evidence {
            if !matched.is_empty() {
                matched.push_str(" ¦ ");
            }
            matched.push_str(self.vocabulary.name(*field));
            matched.push_str(": ");
            matched.push_str(self.text(*field, *value));
        }
        csv(&matched, out);
        out.push(b'\n');
        done.timeline_rows.push(TimelineRow { time, bytes: done.timeline.len() - start });
    }

    fn count_detection(&self, f: &Found<'_>, record: u32, stats: &mut Stats) {
        let rule = f.found.rule;
        let level = self.plan.levels.get(rule as usize).copied().unwrap_or_default();
        let time = f.batch.times.get(f.row).copied().unwrap_or(sekisho_event::TIME_UNKNOWN);
        let (host, channel, record_id) = self.head(f);
        stats.at(time, level);
        if !host.is_empty() {
            stats.hosts.entry(host.into()).or_default().detection(time, level);
        }
        if let Some(account) = self.account(f) {
            stats.accounts.entry(account.into()).or_default().detection(time, level);
        }
        let of_rule = stats.rules.entry(rule).or_default();
        of_rule.detections += 1;
        of_rule.span.add(time);
        if !host.is_empty() && !of_rule.hosts.contains(host) {
            of_rule.hosts.insert(host.into());
        }
        if of_rule.examples.len() < EXAMPLES_MAX {
            let matched = f.found.evidence.iter().map(|(field, value)| {
                (self.vocabulary.name(*field).to_owned(), self.text(*field, *value).to_owned())
            });
            of_rule.examples.push(Example {
                time,
                host: host.to_owned(),
                channel: channel.to_owned(),
                record_id,
                offset: self.parsed.records.offset(record),
                source: self.source,
                matched: matched.collect(),
            });
        }
    }

    /// The account that an event is about.
    fn account(&self, f: &Found<'_>) -> Option<&str> {
        f.accounts.iter().find_map(|column| {
            let value = column.first(f.row);
            let text = self.text(column.field, value);
            (value.is_present() && !text.is_empty() && text != "-").then_some(text)
        })
    }
}

/// Appends a cell of a CSV file. Cells that a spreadsheet would take for a
/// formula get a leading apostrophe: the text comes from an attacker. Line
/// breaks and other white space become one space, so that a detection is a
/// line.
pub(crate) fn csv(text: &str, out: &mut Vec<u8>) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text != "-";
    let broken = text.bytes().any(|b| b.is_ascii_control());
    if !formula && !broken && !text.contains([',', '"']) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    if formula {
        out.push(b'\'');
    }
    let mut after_space = false;
    for byte in text.bytes() {
        let space = byte == b' ' || byte.is_ascii_control();
        if broken && space {
            if !after_space {
                out.push(b' ');
            }
        } else {
            if byte == b'"' {
                out.push(b'"');
            }
            out.push(byte);
        }
        after_space = space;
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sekisho_event::{Cutter, SourceHints};

    use super::*;
    use crate::sources::{Source, Wrapping};

    /// A format whose reader breaks down.
    #[derive(Debug)]
    struct Broken;

    impl Format for Broken {
        fn name(&self) -> &'static str {
            "broken"
        }

        fn recognises(&self, _: &[u8], _: bool) -> bool {
            true
        }

        fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
            sekisho_event::formats::json::Json.cutter(hints, block_bytes)
        }

        fn reader(&self) -> Box<dyn Reader> {
            Box::new(Self)
        }
    }

    impl Reader for Broken {
        fn read(
            &mut self,
            _: &Block,
            _: &mut Vocabulary,
            _: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
        ) {
            panic!("a fault")
        }
    }

    fn plan() -> Arc<Plan> {
        let source = Source {
            path: "a.log".to_owned(),
            file: std::path::Path::new("a.log").into(),
            file_number: 0,
            wrapping: Wrapping::Plain,
            name: "a.log".to_owned(),
            member: None,
            bytes: 10,
            stored_bytes: 10,
            host: None,
            written_before: None,
            dated_by: None,
            series: None,
            pieces: Vec::new(),
        };
        let mut inventory = Inventory::default();
        inventory.sources.push(source);
        let program = Arc::new(Program::new(Vec::new()));
        let (correlator, _) = Correlator::new(Vec::new(), &program);
        Arc::new(Plan {
            inventory,
            reading: Reading::default(),
            program,
            rule_json: Vec::new(),
            rule_csv: Vec::new(),
            levels: Vec::new(),
            silent: Vec::new(),
            correlator,
            identities: Identities::default(),
            sealing: None,
            stop: Arc::default(),
        })
    }

    fn block(bytes: &[u8]) -> Block {
        Block {
            bytes: bytes.to_vec(),
            offset: 7,
            header: Arc::default(),
            hints: Arc::default(),
            problems: sekisho_event::Problems::default(),
        }
    }

    #[test]
    fn what_breaks_a_reader_down_costs_its_block_and_nothing_else() {
        let mut worker = Worker::new(plan());
        let good = Task::Block {
            source: 0,
            format: &sekisho_event::formats::json::Json,
            block: block(b"{\"a\":1}\n"),
            stored_bytes: 8,
        };
        assert_eq!(worker.work(0, &good).stats.records, 1);
        let broken =
            Task::Block { source: 0, format: &Broken, block: block(b"x"), stored_bytes: 1 };
        let done = worker.work(1, &broken);
        assert_eq!((done.source, done.stats.records), (Some(0), 0));
        let problem = done.problems.first().unwrap();
        assert_eq!((problem.path.as_str(), problem.offset), ("a.log", Some(7)));
        assert_eq!(worker.work(2, &good).stats.records, 1);
        assert_eq!(worker.into_occurred().len(), 1, "what it saw before is kept");
    }
}
