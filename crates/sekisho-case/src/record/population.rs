//! Whether the records of an examination account for everything: each channel
//! for each of its days exactly once, numbers without holes, and sums that agree
//! with what the examination says. What was left out shows here.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Body, Cell, Examination, ExaminationKind, Exposure, Record, Results, Segment, Verdict,
};
use crate::Hash;
use crate::hash::shown;
use crate::limits::COMPLAINTS_NAMED_MAX;
use crate::merkle::{self, Frontier};
use crate::time::{Day, Timestamp};

/// Days between two days with events of a channel beyond which the days between
/// are not accounted for: then a clock was wrong.
pub const CLOCK_JUMP_DAYS: i32 = 3_652;

/// Something that does not add up, at an entry of the log.
pub type Complaint = (u64, String);

/// Days of a channel without events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// First and last day of each run.
    pub runs: Vec<(Day, Day)>,
    /// Leaps too wide to be filled.
    pub clock_jumps: u64,
}

/// The days between those on which a channel has events: what its `empty` and
/// `gap` records have to cover.
#[must_use]
pub fn days_unseen(seen: &BTreeSet<Day>) -> Unseen {
    let mut unseen = Unseen::default();
    for (&before, &after) in seen.iter().zip(seen.iter().skip(1)) {
        if is_jump(before, after) {
            unseen.clock_jumps += 1;
        } else if let (Some(from), Some(until)) = (before.next(), after.previous())
            && from <= until
        {
            unseen.runs.push((from, until));
        }
    }
    unseen
}

fn is_jump(before: Day, after: Day) -> bool {
    after.since(before) > CLOCK_JUMP_DAYS
}

/// Product, host, channel.
type Channel = (String, String, String);

/// What was said of days: from, until, entry.
type Days = (Day, Day, u64);

/// An exposure, with how many verdicts it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposed {
    /// The entry of its record.
    pub entry: u64,
    /// What it says.
    pub exposure: Exposure,
    /// What it wrote, with the entry that says so.
    pub results: Option<(u64, Results)>,
    /// How many events its verdicts rest on, each verdict's counted for itself.
    pub evidence: u64,
    /// Whether all that it counts is there.
    pub adds_up: bool,
}

/// What is kept of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedCell {
    /// The entry of its record.
    pub entry: u64,
    /// How many events it has.
    pub events: u64,
    /// The root over their leaves.
    pub root: Hash,
    /// The times of its first and last event, if it has a day.
    times: Option<(Timestamp, Timestamp)>,
    /// The hash of its record.
    hash: Hash,
}

/// An examination, with what it has sealed itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    /// The entry of its record.
    pub entry: u64,
    /// What it says.
    pub examination: Examination,
    /// Its own cells, by their places among all.
    pub cells: std::ops::Range<usize>,
    /// The segments that it wrote.
    pub segments: Vec<Segment>,
    /// What else it wrote, with the entry that says so.
    pub results: Option<(u64, Results)>,
    /// Whether all that it counts is there.
    pub adds_up: bool,
}

/// What the records of a case say together.
#[derive(Debug, Default)]
pub struct Accounted {
    /// What does not add up, at most [`COMPLAINTS_NAMED_MAX`].
    pub complaints: Vec<Complaint>,
    /// How many more there are.
    pub more: u64,
    /// The examinations in order, up to the first one whose records are not
    /// those directly before it: from there on nothing can be counted.
    pub examinations: Vec<Examined>,
    /// The exposures in order.
    pub exposures: Vec<Exposed>,
    /// All cells of these, in order: the place is the number.
    pub cells: Vec<SealedCell>,
    /// How many runs of days there are on which records lack.
    pub gaps: u64,
    /// How many records lack there.
    pub missing: u64,
    /// How many days there are without events and without gap.
    pub empty_days: u64,
}

/// The records since the last examination.
#[derive(Debug, Default)]
struct Pending {
    cells: Vec<(u32, SealedCell)>,
    sources: Vec<(u32, u64)>,
    segments: Vec<(u64, Segment)>,
    results: Vec<(u64, Results)>,
    channels: BTreeMap<Channel, Vec<Days>>,
    undated: BTreeMap<Channel, Vec<u64>>,
    /// All entries that belong to an examination.
    entries: Vec<u64>,
}

/// Follows the records of a case in order, and checks them at each examination.
#[derive(Debug)]
pub struct Population {
    pending: Pending,
    /// How many sources there were before.
    sources: u64,
    /// The last entry that belongs to no examination.
    foreign: Option<u64>,
    /// What is to be numbered next.
    next_examination: u64,
    next_release: u64,
    next_exposure: u64,
    /// The verdicts since the last exposure, by entry.
    verdicts: Vec<(u64, Verdict)>,
    /// The tree over the first cells of the case: most hunts look at all.
    prefix: Frontier,
    /// The same from another cell on, which was asked for last.
    other: (usize, Frontier),
    /// Whether each examination so far had its records directly before it.
    whole: bool,
    out: Accounted,
}

impl Default for Population {
    fn default() -> Self {
        Self::new()
    }
}

impl Population {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            pending: Pending::default(),
            sources: 0,
            foreign: None,
            next_examination: 1,
            next_release: 1,
            next_exposure: 1,
            verdicts: Vec::new(),
            prefix: Frontier::new(),
            other: (0, Frontier::new()),
            whole: true,
            out: Accounted::default(),
        }
    }

    /// Looks at the next entry.
    pub fn add(&mut self, entry: u64, record: &Record, bytes: &[u8]) {
        match &record.body {
            Body::Cell(cell) => self.pending.cell(entry, cell, bytes),
            Body::Empty(empty) => {
                let days = u64::from(empty.until.since(empty.from).unsigned_abs()) + 1;
                self.out.empty_days = self.out.empty_days.saturating_add(days);
                let of = (&empty.product, &empty.host, &empty.channel);
                self.pending.days(of, (empty.from, empty.until, entry));
            }
            Body::Gap(gap) => {
                self.out.gaps += 1;
                self.out.missing = self.out.missing.saturating_add(gap.missing);
                let of = (&gap.product, &gap.host, &gap.channel);
                self.pending.days(of, (gap.from, gap.until, entry));
            }
            Body::Source(source) => self.pending.sources.push((source.number, entry)),
            Body::Segment(segment) => self.pending.segments.push((entry, segment.clone())),
            Body::Results(results) => self.pending.results.push((entry, results.clone())),
            Body::Examination(examination) => return self.examination(entry, examination),
            Body::Unknown { .. } => return,
            Body::Case(_) | Body::Parties(_) => {
                self.foreign = Some(entry);
                return;
            }
            Body::Release(release) => {
                self.foreign = Some(entry);
                let expected = self.next_release;
                self.number("release", release.number, expected, entry);
                self.next_release += 1;
                return;
            }
            Body::Verdict(verdict) => {
                self.foreign = Some(entry);
                self.verdicts.push((entry, (**verdict).clone()));
                return;
            }
            Body::Exposure(exposure) => {
                self.foreign = Some(entry);
                return self.exposure(entry, exposure);
            }
        }
        self.pending.entries.push(entry);
    }

    /// What all the records say together.
    #[must_use]
    pub fn end(mut self) -> Accounted {
        if self.whole {
            for entry in std::mem::take(&mut self.pending.entries) {
                self.complain(entry, STRAY);
            }
        }
        for (entry, _) in std::mem::take(&mut self.verdicts) {
            self.complain(entry, STRAY_VERDICT);
        }
        self.out
    }

    fn complain(&mut self, entry: u64, what: impl Into<String>) {
        if self.out.complaints.len() < COMPLAINTS_NAMED_MAX {
            self.out.complaints.push((entry, what.into()));
        } else {
            self.out.more += 1;
        }
    }

    fn number(&mut self, what: &str, number: u32, expected: u64, entry: u64) {
        if u64::from(number) != expected {
            self.complain(entry, format!("{what} {number}; expected {what} {expected}"));
        }
    }

    fn complaints(&self) -> u64 {
        self.out.more.saturating_add(self.out.complaints.len() as u64)
    }

    fn examination(&mut self, entry: u64, examination: &Examination) {
        let before = self.complaints();
        let mut own = std::mem::take(&mut self.pending);
        let foreign = self.foreign.replace(entry);
        let (first, count) = (examination.records.first, examination.records.count);
        if first.checked_add(count) != Some(entry) {
            self.complain(entry, "its records do not end directly before it");
            self.whole = false;
        } else if let Some(foreign) = foreign.filter(|foreign| *foreign >= first) {
            let text = format!("its records include entry {foreign}, which is none of its own");
            self.complain(entry, text);
            self.whole = false;
        }
        if !self.whole {
            return;
        }
        for stray in own.split_off_before(first) {
            self.complain(stray, STRAY);
        }
        let results = own.results_before(entry);
        if results.is_none() {
            self.complain(entry, NO_RESULTS);
        }
        let expected = self.next_examination;
        self.number("examination", examination.number, expected, entry);
        self.next_examination += 1;
        let start = self.out.cells.len();
        self.numbers(&own);
        self.days(entry, examination, &mut own);
        self.own_records(entry, examination, &own, start as u64);
        for (more, _) in own.results.iter().filter(|_| results.is_some()) {
            self.complain(*more, "more results of an examination that has others");
        }
        self.out.cells.extend(own.cells.iter().map(|(_, cell)| *cell));
        self.sources = self.sources.saturating_add(own.sources.len() as u64);
        self.cells_looked_at(entry, examination);
        self.segments(entry, examination, &own);
        if let Some((at, results)) = &results {
            self.files(*at, examination, results);
        }
        self.out.examinations.push(Examined {
            entry,
            examination: examination.clone(),
            cells: start..self.out.cells.len(),
            segments: own.segments.into_iter().map(|(_, segment)| segment).collect(),
            results,
            adds_up: self.complaints() == before,
        });
    }

    fn exposure(&mut self, entry: u64, said: &Exposure) {
        let before = self.complaints();
        let expected = self.next_exposure;
        self.number("exposure", said.number, expected, entry);
        self.next_exposure += 1;
        let first = said.records.first;
        let mut own = std::mem::take(&mut self.verdicts);
        let strays = own.partition_point(|(at, _)| *at < first);
        for (stray, _) in own.drain(..strays) {
            self.complain(stray, STRAY_VERDICT);
        }
        let results = self.pending.results_before(entry);
        if results.is_none() {
            self.complain(entry, NO_RESULTS);
        }
        let ends = first.checked_add(said.records.count) == Some(entry);
        let count = own.len() as u64 + u64::from(results.is_some());
        if !ends || count != said.records.count {
            let text = "its records are not the verdicts directly before it, and its results";
            self.complain(entry, text);
        }
        if said.size == 0 || said.size > first {
            let text = format!("it speaks of {} entries, not of 1 to {first}", said.size);
            self.complain(entry, text);
        }
        let mut assets = BTreeSet::new();
        for (at, verdict) in &own {
            if verdict.exposure != said.number {
                let text =
                    format!("is of exposure {}, and not of {}", verdict.exposure, said.number);
                self.complain(*at, text);
            }
            if !assets.insert(&verdict.asset) {
                self.complain(*at, format!("a second verdict of {}", shown(&verdict.asset)));
            }
            if self.whole {
                self.evidence(*at, verdict, said.size);
            }
        }
        if let Some((at, results)) = &results {
            self.exposure_files(*at, said, results);
        }
        let evidence = own.iter().map(|(_, verdict)| verdict.evidence.len() as u64).sum();
        let adds_up = self.whole && self.complaints() == before;
        let exposure = said.clone();
        self.out.exposures.push(Exposed { entry, exposure, results, evidence, adds_up });
    }

    /// Each event that a verdict rests on is in the case.
    fn evidence(&mut self, entry: u64, verdict: &Verdict, size: u64) {
        for leaf in &verdict.evidence {
            let cell = self.out.cells.get(leaf.cell as usize).filter(|cell| cell.entry < size);
            let wrong = match cell {
                None => "its cell is not among the entries that it speaks of",
                Some(cell) if leaf.index >= cell.events => "its cell has no such event",
                Some(cell) if !cell.can_have(leaf.time) => "its time is none of its cell's",
                Some(_) => continue,
            };
            let text = format!("rests on event {}.{}: {wrong}", leaf.cell, leaf.index);
            self.complain(entry, text);
        }
    }

    fn exposure_files(&mut self, entry: u64, said: &Exposure, results: &Results) {
        if results.output_root.is_some() {
            self.complain(entry, "the results of an exposure have no output_root");
        }
        let (folder, answer) = (said.folder(), said.answer_file());
        let names = || results.files.iter().map(|file| &file.name);
        if let Some(name) = names().find(|name| !name.starts_with(&folder)) {
            self.complain(entry, format!("names a file outside of {folder}: {}", shown(name)));
        }
        if !names().any(|name| *name == answer) {
            self.complain(entry, format!("does not name {answer}"));
        }
    }

    /// Cells and sources are numbered on.
    fn numbers(&mut self, own: &Pending) {
        for (expected, (number, cell)) in (self.out.cells.len() as u64..).zip(&own.cells) {
            self.number("cell", *number, expected, cell.entry);
        }
        for (expected, (number, entry)) in (self.sources..).zip(&own.sources) {
            self.number("source", *number, expected, *entry);
        }
    }

    /// Each day of each channel is covered once.
    fn days(&mut self, entry: u64, examination: &Examination, own: &mut Pending) {
        for second in own.undated.values().flat_map(|entries| entries.iter().skip(1)) {
            self.complain(*second, "a second cell of its channel without a day");
        }
        let mut jumps = 0;
        for (channel, mut days) in std::mem::take(&mut own.channels) {
            days.sort_unstable();
            let complain = &mut |entry: u64, text: String| self.complain(entry, text);
            jumps += covered(&channel, &days, complain);
        }
        if jumps != examination.clock_jumps {
            let said = examination.clock_jumps;
            let text = format!("{said} clock jumps are said, and {jumps} are in the days");
            self.complain(entry, text);
        }
    }

    /// What an examination says of its own records and of its kind.
    fn own_records(&mut self, entry: u64, said: &Examination, own: &Pending, cells: u64) {
        let is_examine = said.kind == ExaminationKind::Examine;
        if is_examine != said.seal.is_some() {
            let text =
                if is_examine { "sources are examined without a seal" } else { "a hunt seals" };
            self.complain(entry, text);
        }
        let counted = (said.sources.first, said.sources.count);
        let there = (self.sources, own.sources.len() as u64);
        if is_examine {
            if counted != there {
                self.miscounted(entry, "sources", counted, there);
            }
            let counted = (u64::from(said.cells.first), u64::from(said.cells.count));
            let there = (cells, own.cells.len() as u64);
            if counted != there {
                self.miscounted(entry, "cells", counted, there);
            }
            return;
        }
        if said.sources.count != 0 {
            self.complain(entry, "a hunt has no sources");
        }
        if said.records.count > 1 {
            self.complain(entry, "a hunt has no records of its own but that of its results");
        }
    }

    fn miscounted(&mut self, entry: u64, what: &str, said: (u64, u64), there: (u64, u64)) {
        let text = format!(
            "{} {what} from number {} on are said, and {} from number {} on are in the entries",
            said.1, said.0, there.1, there.0
        );
        self.complain(entry, text);
    }

    /// Sums and root over the cells that were looked at.
    fn cells_looked_at(&mut self, entry: u64, said: &Examination) {
        let (first, count) = (said.cells.first as usize, said.cells.count as usize);
        let end = first.saturating_add(count).min(self.out.cells.len());
        let cells = self.out.cells.get(first.min(end)..end).unwrap_or_default();
        let lacking = count - cells.len();
        let events = cells.iter().fold(0u64, |sum, cell| sum.saturating_add(cell.events));
        let root = if first == 0 && self.prefix.size() <= end as u64 {
            extended(&mut self.prefix, cells)
        } else {
            let (from, tree) = &mut self.other;
            if *from != first || tree.size() > cells.len() as u64 {
                (*from, *tree) = (first, Frontier::new());
            }
            extended(tree, cells)
        };
        if lacking > 0 {
            self.complain(entry, format!("{lacking} of the cells that it looked at are not there"));
        }
        if events != said.cells.events {
            let text = format!("its cells have {events} events; {} are said", said.cells.events);
            self.complain(entry, text);
        }
        if root != said.input_root {
            self.complain(entry, "input_root is not that of its cells");
        }
        let verdicts = [said.verdicts.clean, said.verdicts.findings, said.verdicts.refused];
        let verdicts: u128 = verdicts.into_iter().map(u128::from).sum();
        if verdicts != u128::from(said.cells.count) {
            self.complain(entry, format!("{verdicts} verdicts on {} cells", said.cells.count));
        }
    }

    /// What an examination says of its segments.
    fn segments(&mut self, entry: u64, said: &Examination, own: &Pending) {
        let stored = own.segments.iter().map(|(_, segment)| u128::from(segment.events));
        let stored: u128 = stored.sum();
        if !own.segments.is_empty() && stored != u128::from(said.cells.events) {
            let text = format!("its segments hold {stored} of {} events", said.cells.events);
            self.complain(entry, text);
        }
        let store = said.store_folder();
        let mut segments = own.segments.iter().map(|(_, segment)| &segment.name);
        if let Some(name) = segments.find(|name| !name.starts_with(&store)) {
            self.complain(entry, format!("names a segment outside of {store}: {}", shown(name)));
        }
    }

    /// What an examination says of the files that it wrote.
    fn files(&mut self, entry: u64, said: &Examination, wrote: &Results) {
        if wrote.output_root.is_none() || wrote.assets.or(wrote.estate).is_some() {
            let text = "the results of an examination have an output_root, no assets, no estate";
            self.complain(entry, text);
        }
        let (store, results) = (said.store_folder(), said.results_folder());
        let names = || wrote.files.iter().map(|file| &file.name);
        let outside = |name: &&String| !name.starts_with(&store) && !name.starts_with(&results);
        if let Some(name) = names().find(outside) {
            let text = format!("names a file outside of {store} and {results}: {}", shown(name));
            self.complain(entry, text);
        }
        let detections = said.detections_file();
        if !names().any(|name| *name == detections) {
            self.complain(entry, format!("does not name {detections}"));
        }
    }
}

const STRAY: &str = "belongs to no examination";
const NO_RESULTS: &str = "its last record is not that of its results";
const STRAY_VERDICT: &str = "belongs to no exposure";

impl SealedCell {
    /// Whether an event of this time can be in the cell.
    fn can_have(&self, time: Option<Timestamp>) -> bool {
        match (self.times, time) {
            (Some((first, last)), Some(time)) => first <= time && time <= last,
            (times, time) => times.is_none() && time.is_none(),
        }
    }
}

impl Pending {
    fn days(&mut self, (product, host, channel): (&String, &String, &String), days: Days) {
        let channel = (product.clone(), host.clone(), channel.clone());
        self.channels.entry(channel).or_default().push(days);
    }

    fn cell(&mut self, entry: u64, cell: &Cell, bytes: &[u8]) {
        match cell.day {
            Some(day) => {
                self.days((&cell.product, &cell.host, &cell.channel), (day, day, entry));
            }
            None => {
                let channel = (cell.product.clone(), cell.host.clone(), cell.channel.clone());
                self.undated.entry(channel).or_default().push(entry);
            }
        }
        let (events, root) = (cell.events, cell.root);
        let times = cell.first.time.zip(cell.last.time);
        let sealed = SealedCell { entry, events, root, times, hash: merkle::leaf_hash(bytes) };
        self.cells.push((cell.number, sealed));
    }

    /// Takes out what was written, if that is said directly before an entry.
    fn results_before(&mut self, entry: u64) -> Option<(u64, Results)> {
        let directly = |at: u64| at.checked_add(1) == Some(entry);
        let own = self.results.pop_if(|(at, _)| directly(*at))?;
        self.entries.pop_if(|at| directly(*at));
        Some(own)
    }

    /// Takes out what is before an entry; gives the entries.
    fn split_off_before(&mut self, first: u64) -> Vec<u64> {
        let count = self.entries.partition_point(|entry| *entry < first);
        let strays: Vec<u64> = self.entries.drain(..count).collect();
        if strays.is_empty() {
            return strays;
        }
        self.cells.retain(|(_, cell)| cell.entry >= first);
        self.sources.retain(|(_, entry)| *entry >= first);
        self.segments.retain(|(entry, _)| *entry >= first);
        self.results.retain(|(entry, _)| *entry >= first);
        for days in self.channels.values_mut() {
            days.retain(|(_, _, entry)| *entry >= first);
        }
        for entries in self.undated.values_mut() {
            entries.retain(|entry| *entry >= first);
        }
        strays
    }
}

/// Checks that sorted days follow one another, and counts leaps of the clock.
fn covered(channel: &Channel, days: &[Days], complain: &mut dyn FnMut(u64, String)) -> u64 {
    let (product, host, name) = channel;
    let of = || format!("{}, {}, {}", shown(product), shown(host), shown(name));
    let mut jumps = 0;
    let mut last: Option<(Day, u64)> = None;
    for &(from, until, entry) in days {
        if let Some((before, at)) = last {
            if from <= before {
                let text = format!("{from} of {} is already in entry {at}", of());
                complain(entry, text);
            } else if is_jump(before, from) {
                jumps += 1;
            } else if before.next() != Some(from) {
                let missing = before.next().unwrap_or(before);
                let text = format!("{missing} of {} is in no entry before this one", of());
                complain(entry, text);
            }
        }
        if last.is_none_or(|(before, _)| until > before) {
            last = Some((until, entry));
        }
    }
    jumps
}

/// The root over cells, of which a tree has the first ones already: many hunts
/// look at the same cells, and none is hashed into it again.
fn extended(tree: &mut Frontier, cells: &[SealedCell]) -> Hash {
    let known = usize::try_from(tree.size()).unwrap_or(usize::MAX);
    cells.iter().skip(known).for_each(|cell| tree.push(cell.hash));
    tree.root()
}
