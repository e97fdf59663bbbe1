//! Whether the records of an examination account for everything: each channel
//! for each of its days exactly once, numbers without holes, and sums that agree
//! with what the examination says. What was left out shows here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Body, Cell, Examination, ExaminationKind, Record};
use crate::time::Day;
use crate::{Hash, merkle};

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

#[derive(Debug)]
struct SeenCell {
    entry: u64,
    events: u64,
    hash: Hash,
}

/// Follows the records of a case in order, and checks them at the end of each
/// examination.
#[derive(Debug, Default)]
pub struct Population {
    cells: BTreeMap<u32, SeenCell>,
    sources: BTreeMap<u32, u64>,
    channels: BTreeMap<Channel, Vec<Days>>,
    undated: BTreeMap<Channel, u64>,
    /// The first entry since the last examination that belongs to one.
    pending: Option<u64>,
    next_examination: u32,
    complaints: Vec<Complaint>,
}

impl Population {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { next_examination: 1, ..Self::default() }
    }

    /// Looks at an entry; gives what is wrong about the population so far, once.
    pub fn add(&mut self, entry: u64, record: &Record, bytes: &[u8]) -> Vec<Complaint> {
        match &record.body {
            Body::Cell(cell) => self.cell(entry, cell, bytes),
            Body::Empty(empty) => {
                let of = (&empty.product, &empty.host, &empty.channel);
                self.days(of, (empty.from, empty.until, entry));
            }
            Body::Gap(gap) => {
                self.days((&gap.product, &gap.host, &gap.channel), (gap.from, gap.until, entry));
            }
            Body::Source(source) => {
                if let Some(before) = self.sources.insert(source.number, entry) {
                    let text = format!("source {} is already in entry {before}", source.number);
                    self.complaints.push((entry, text));
                }
            }
            Body::Segment(_) => {}
            Body::Examination(examination) => self.examination(entry, examination),
            Body::Case(_) | Body::Parties(_) | Body::Release(_) | Body::Unknown { .. } => {
                return Vec::new();
            }
        }
        if !matches!(record.body, Body::Examination(_)) {
            self.pending = self.pending.or(Some(entry));
        }
        std::mem::take(&mut self.complaints)
    }

    /// What is wrong at the end of the log.
    #[must_use]
    pub fn end(self) -> Vec<Complaint> {
        let left = self.pending.map(|entry| (entry, "belongs to no examination".to_owned()));
        left.into_iter().collect()
    }

    fn days(&mut self, (product, host, channel): (&String, &String, &String), days: Days) {
        let channel = (product.clone(), host.clone(), channel.clone());
        self.channels.entry(channel).or_default().push(days);
    }

    fn cell(&mut self, entry: u64, cell: &Cell, bytes: &[u8]) {
        let of = (&cell.product, &cell.host, &cell.channel);
        match cell.day {
            Some(day) => self.days(of, (day, day, entry)),
            None => {
                let channel = (of.0.clone(), of.1.clone(), of.2.clone());
                if let Some(before) = self.undated.insert(channel, entry) {
                    let text = format!("the events of unknown time are already in entry {before}");
                    self.complaints.push((entry, text));
                }
            }
        }
        let seen = SeenCell { entry, events: cell.events, hash: merkle::leaf_hash(bytes) };
        if let Some(before) = self.cells.get(&cell.number) {
            let text = format!("cell {} is already in entry {}", cell.number, before.entry);
            self.complaints.push((entry, text));
        } else {
            self.cells.insert(cell.number, seen);
        }
    }

    fn examination(&mut self, entry: u64, examination: &Examination) {
        self.examination_number(entry, examination);
        self.examination_entries(entry, examination);
        self.examination_cells(entry, examination);
        self.examination_sources(entry, examination);
        let mut jumps = 0;
        for (channel, mut days) in std::mem::take(&mut self.channels) {
            days.sort_unstable();
            jumps += covered(&channel, &days, &mut self.complaints);
        }
        if jumps != examination.clock_jumps {
            let said = examination.clock_jumps;
            let text = format!("{said} clock jumps are said, and {jumps} are in the days");
            self.complaints.push((entry, text));
        }
        self.undated.clear();
        self.pending = None;
    }

    fn examination_number(&mut self, entry: u64, examination: &Examination) {
        let expected = self.next_examination;
        if examination.number != expected {
            let text = format!("examination {}; expected {expected}", examination.number);
            self.complaints.push((entry, text));
        }
        self.next_examination = examination.number.saturating_add(1);
    }

    /// All that belongs to an examination is directly before it.
    fn examination_entries(&mut self, entry: u64, examination: &Examination) {
        let records = examination.records;
        if records.first.checked_add(records.count) != Some(entry) {
            let text = "the entries of the examination do not end before it".to_owned();
            self.complaints.push((entry, text));
        }
        if let Some(pending) = self.pending.filter(|pending| *pending < records.first) {
            self.complaints.push((pending, "belongs to no examination".to_owned()));
        }
    }

    fn examination_cells(&mut self, entry: u64, examination: &Examination) {
        let cells = examination.cells;
        let own = examination.kind == ExaminationKind::Examine;
        let (mut frontier, mut events) = (merkle::Frontier::new(), 0u64);
        let mut expected = u64::from(cells.first);
        let end = expected + u64::from(cells.count);
        for (&number, cell) in self.cells.range(cells.first..) {
            if u64::from(number) >= end {
                break;
            }
            for hole in (expected..u64::from(number)).take(1) {
                self.complaints.push((entry, format!("cell {hole} is missing")));
            }
            expected = u64::from(number) + 1;
            if own && cell.entry < examination.records.first {
                let text = format!("cell {number} is of an earlier examination");
                self.complaints.push((cell.entry, text));
            }
            frontier.push(cell.hash);
            events = events.saturating_add(cell.events);
        }
        if expected != end {
            self.complaints.push((entry, format!("cell {expected} is missing")));
        }
        let outside = self.cells.iter().filter(|(number, cell)| {
            let inside = (u64::from(cells.first)..end).contains(&u64::from(**number));
            cell.entry >= examination.records.first && !(inside && own)
        });
        for (number, cell) in outside {
            let text = format!("cell {number} is not among those of its examination");
            self.complaints.push((cell.entry, text));
        }
        if events != cells.events {
            let text = format!("the cells have {events} events; {} are said", cells.events);
            self.complaints.push((entry, text));
        }
        if frontier.root() != examination.input_root {
            let text = "the input root is not that of the cells".to_owned();
            self.complaints.push((entry, text));
        }
    }

    fn examination_sources(&mut self, entry: u64, examination: &Examination) {
        let said = examination.sources;
        let own: Vec<u64> = self
            .sources
            .iter()
            .filter(|(_, at)| **at >= examination.records.first)
            .map(|(number, _)| u64::from(*number))
            .collect();
        let first = own.first().copied().unwrap_or(said.first);
        let expected = own.len() as u64;
        let holes = own.iter().zip(first..).any(|(number, expected)| *number != expected);
        if holes || first != said.first || expected != said.count {
            let text = format!(
                "{} sources from number {} on are said, and {expected} are in the entries{}",
                said.count,
                said.first,
                if holes { ", with holes" } else { "" }
            );
            self.complaints.push((entry, text));
        }
    }
}

/// Checks that sorted days follow one another, and counts leaps of the clock.
fn covered(channel: &Channel, days: &[Days], complaints: &mut Vec<Complaint>) -> u64 {
    let (product, host, name) = channel;
    let of = || format!("{product}, {host}, {name}");
    let mut jumps = 0;
    let mut last: Option<(Day, u64)> = None;
    for &(from, until, entry) in days {
        if let Some((before, at)) = last {
            if from <= before {
                let text = format!("{from} of {} is already in entry {at}", of());
                complaints.push((entry, text));
            } else if is_jump(before, from) {
                jumps += 1;
            } else if before.next() != Some(from) {
                let missing = before.next().unwrap_or(before);
                let text = format!("{missing} of {} is in no entry before this one", of());
                complaints.push((entry, text));
            }
        }
        if last.is_none_or(|(before, _)| until > before) {
            last = Some((until, entry));
        }
    }
    jumps
}
