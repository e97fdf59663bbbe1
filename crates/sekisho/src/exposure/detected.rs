//! What was detected in a case, as seeds: the lines of `detections.jsonl` of
//! its examinations and hunts, from a level on. Hunts say which event of the
//! case a line is about; examinations say where it was read, and the scan
//! finds it there.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use hashbrown::{HashMap, HashSet};
use sekisho_case::record::Examination;
use sekisho_exposure::answer::Notice;
use sekisho_exposure::evidence::{Evidence, RecordId};
use sekisho_exposure::question::Seed;
use sekisho_sigma::rule::Level;
use serde::Deserialize;

use crate::disclose::Index;
use crate::seal::SealedFile;

/// Most detections that are taken for seeds.
pub(super) const DETECTIONS_MAX: usize = 2_000_000;

/// What a detection of an indicator has for a level.
const INDICATOR: &str = "indicator";

/// What of a line says what was detected, and where.
#[derive(Deserialize)]
struct Line {
    time: Option<String>,
    record_id: Option<u64>,
    source: Option<ReadAt>,
    sealed: Option<InCell>,
    rule: Option<Rule>,
    indicator: Option<Indicator>,
    correlation: Option<Correlation>,
}

#[derive(Deserialize)]
struct ReadAt {
    path: String,
    sha256: Option<String>,
    offset: u64,
}

#[derive(Deserialize)]
struct InCell {
    cell: u32,
    index: u64,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    title: String,
    level: String,
}

#[derive(Deserialize)]
struct Indicator {
    id: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Correlation {
    events: Vec<Correlated>,
}

#[derive(Deserialize)]
struct Correlated {
    time: Option<String>,
    record_id: Option<u64>,
    #[serde(flatten)]
    read: ReadAt,
}

/// By what something was detected: a number in [`Detections::by`].
type By = u32;

/// A place at which something was detected while it was read.
struct AtPlace {
    by: By,
    time: Option<String>,
    record_id: Option<u64>,
}

/// Detections that are seeds.
#[derive(Default)]
pub(super) struct Detections {
    /// Title (or name) and level.
    by: Vec<(String, String)>,
    by_number: HashMap<(String, String), By>,
    /// By cell and number in it.
    in_cell: HashMap<(u32, u64), Vec<By>>,
    /// By source and offset: not yet found in the store.
    read: HashMap<(u32, u64), Vec<AtPlace>>,
    count: usize,
    /// Those beyond the limit.
    more: u64,
    /// Those whose source the case does not have.
    lost: u64,
}

impl Detections {
    /// Reads all detections of a case from a level on.
    ///
    /// # Errors
    ///
    /// Where a file is not what was sealed, or cannot be read.
    pub(super) fn read(
        case: &Path,
        index: &Index,
        level: Level,
        stop: &AtomicBool,
    ) -> Result<Self> {
        let mut all = Self::default();
        for of in &index.all_examinations {
            all.file(case, of, index, level, stop)?;
        }
        Ok(all)
    }

    fn file(
        &mut self,
        case: &Path,
        (entry, examination): &(u64, Examination),
        index: &Index,
        level: Level,
        stop: &AtomicBool,
    ) -> Result<()> {
        let name = examination.detections_file();
        let mut file = SealedFile::of(case, index, *entry, &name)?;
        let read = self.lines(&mut file, examination, index, level);
        // What was changed is called so, and not a line that cannot be read.
        file.check(stop)?;
        read.with_context(|| format!("reading {}", case.join(&name).display()))
    }

    fn lines(
        &mut self,
        file: &mut SealedFile<'_>,
        examination: &Examination,
        index: &Index,
        level: Level,
    ) -> Result<()> {
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            self.line(serde_json::from_slice(&line)?, examination, index, level);
            line.clear();
        }
        Ok(())
    }

    fn line(&mut self, line: Line, examination: &Examination, index: &Index, level: Level) {
        let by = match (line.rule, line.indicator) {
            (Some(rule), _) if level_of(&rule.level) >= Some(level) => {
                let by = if rule.title.is_empty() { rule.id } else { rule.title };
                (by, rule.level)
            }
            (None, Some(indicator)) => {
                let by = if indicator.name.is_empty() { indicator.id } else { indicator.name };
                (by, INDICATOR.to_owned())
            }
            _ => return,
        };
        if self.count >= DETECTIONS_MAX {
            self.more += 1;
            return;
        }
        self.count += 1;
        let by = self.number(by);
        // Of several events the last one stands for all: it completed them.
        let last = line.correlation.and_then(|mut c| c.events.pop());
        match (line.sealed, last, line.source) {
            (Some(at), ..) => self.add((at.cell, at.index), by),
            (None, Some(event), _) => {
                let place = AtPlace { by, time: event.time, record_id: event.record_id };
                self.place(&event.read, place, examination, index);
            }
            (None, None, Some(read)) => {
                let place = AtPlace { by, time: line.time, record_id: line.record_id };
                self.place(&read, place, examination, index);
            }
            _ => self.lost += 1,
        }
    }

    fn place(&mut self, read: &ReadAt, at: AtPlace, examination: &Examination, index: &Index) {
        let sha256 = read.sha256.as_deref().filter(|hash| hash.len() == 64);
        match index.source_read(&read.path, sha256, examination) {
            Some(source) => self.read.entry((source, read.offset)).or_default().push(at),
            None => self.lost += 1,
        }
    }

    fn number(&mut self, by: (String, String)) -> By {
        if let Some(&number) = self.by_number.get(&by) {
            return number;
        }
        let number = By::try_from(self.by.len()).unwrap_or(By::MAX);
        self.by.push(by.clone());
        self.by_number.insert(by, number);
        number
    }

    fn add(&mut self, event: (u32, u64), by: By) {
        let list = self.in_cell.entry(event).or_default();
        if !list.contains(&by) {
            list.push(by);
        }
    }

    /// The events in which something was detected that are known so far.
    pub(super) fn events(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.in_cell.keys().copied()
    }

    /// Whether something was detected at any place that was read.
    pub(super) fn has_places(&self) -> bool {
        !self.read.is_empty()
    }

    /// Whether something was detected in the event that was read here; then
    /// it is known by its cell and number.
    pub(super) fn found(
        &mut self,
        read: (u32, u64),
        event: (u32, u64),
        time: &dyn Fn() -> Option<String>,
        record_id: Option<u64>,
    ) -> bool {
        let Some(places) = self.read.get(&read) else { return false };
        let time = time();
        // A record of several events is at one place: time and id tell them apart.
        let fits = |at: &&AtPlace| at.time == time && at.record_id == record_id;
        let fitting: Vec<By> = places.iter().filter(fits).map(|at| at.by).collect();
        for by in &fitting {
            self.add(event, *by);
        }
        !fitting.is_empty()
    }

    /// The seeds, in the order of cells.
    pub(super) fn seeds(&mut self, evidence: &Evidence) -> Vec<Seed> {
        let mut records: HashMap<(u32, u64), RecordId> = HashMap::new();
        for (at, record) in (0u32..).zip(evidence.records()) {
            let event = (record.cell, record.index);
            if self.in_cell.contains_key(&event) {
                records.insert(event, RecordId(at));
            }
        }
        records.extend(evidence.again().iter().copied());
        let mut events: Vec<(&(u32, u64), &Vec<By>)> = self.in_cell.iter().collect();
        events.sort_unstable_by_key(|(event, _)| **event);
        let mut seeds = Vec::new();
        let mut lost = HashSet::new();
        for (event, list) in events {
            let Some(&record) = records.get(event) else {
                lost.insert(*event);
                continue;
            };
            let mut by: Vec<&(String, String)> =
                list.iter().filter_map(|by| self.by.get(*by as usize)).collect();
            by.sort_unstable();
            seeds.extend(by.into_iter().map(|(by, level)| Seed::Detected {
                record,
                by: by.clone(),
                level: level.clone(),
            }));
        }
        self.lost += lost.len() as u64;
        seeds
    }

    /// What has to be said of them.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut say = |kind: &str, text: String| {
            notices.push(Notice { kind: kind.to_owned(), text, evidence: Vec::new() });
        };
        if self.more > 0 {
            let text = format!(
                "{} detections beyond the first {DETECTIONS_MAX} were not taken for the \
                 intruder's: ask for a higher level with --seed-level",
                self.more
            );
            say("seeds-limit", text);
        }
        if self.lost > 0 {
            let text = format!(
                "{} detections are about events that could not be found in the store, and were \
                 not taken for the intruder's",
                self.lost
            );
            say("seeds-lost", text);
        }
        notices
    }
}

fn level_of(name: &str) -> Option<Level> {
    let all = [Level::Informational, Level::Low, Level::Medium, Level::High, Level::Critical];
    all.into_iter().find(|level| level.name() == name)
}
