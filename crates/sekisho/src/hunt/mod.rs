//! `sekisho hunt`: new rules and new indicators over evidence that is stored
//! already, as a further examination of the same case.

mod columns;
mod lines;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, bail};
use sekisho_case::Hash;
use sekisho_case::key::SigningKey;
use sekisho_case::merkle::Frontier;
use sekisho_case::record::{Cells, Counted, Examination, ExaminationKind, Span, Verdicts};
use sekisho_sigma::rule::Level;
use sekisho_sigma::{Correlator, ParseOptions, Program};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::disclose::Index;
use crate::examine::{Place, Places, Progress, Timeline, TimelineRow, threads};
use crate::indicators::{
    self, Indicator, IndicatorCorrelator, IndicatorProgram, Refused, Unsearched,
};
use crate::rules::{self, Selection};
use crate::seal::publish::{self, ENGINE, append_results, write_verdicts};
use crate::seal::{CaseWriter, Sealed, intact_stores, outside_case};
use lines::{By, Sources, Together};
use sweep::{Found, Plan, Sighting, Swept, What};

/// Most events that indicators sighted in part of which the place is kept; an
/// occurrence of others is told without host and source.
const SIGHTED_MAX: usize = 1_000_000;

/// Most alternatives of one indicator that a sentence tells as not looked for.
const PASSED_OVER_TOLD: usize = 3;

/// What to hunt for, and where.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folder of the case.
    pub case: PathBuf,
    /// Rule files and folders. With none, and without indicators, the built-in pack.
    pub rules: Vec<PathBuf>,
    /// Which of the rules.
    pub selection: Selection,
    /// Values of placeholders in rules.
    pub placeholders: ParseOptions,
    /// STIX bundles: files and folders.
    pub indicators: Vec<PathBuf>,
    /// Folder for a copy of the results.
    pub out: Option<PathBuf>,
    /// Threads; 0 for one a core.
    pub threads: usize,
}

/// What a hunt came to.
#[derive(Debug)]
pub struct Outcome {
    /// Stored events that were swept.
    pub events: u64,
    /// How many detections, by what they are by: level (or `indicator`), title
    /// and id; the most frequent first.
    pub by: Vec<(String, String, String, u64)>,
    /// All detections.
    pub detections: u64,
    /// Gravest level of a rule that fired; an indicator counts as high.
    pub worst: Option<Level>,
    /// How many rules and indicators were looked for.
    pub rules: usize,
    /// See `rules`.
    pub indicators: usize,
    /// What could not be loaded, one sentence each.
    pub refused: Vec<String>,
    /// Whether it came to its end.
    pub complete: bool,
    /// Where the results are.
    pub results: PathBuf,
    /// The state of the case afterwards.
    pub sealed: Sealed,
}

/// What is hunted for, loaded.
struct Loaded {
    plan: Arc<Plan>,
    correlator: Correlator,
    /// Rules, correlations, and indicators, as lines have them.
    rules: Vec<By>,
    correlations: Vec<By>,
    indicators: Vec<By>,
    /// Level, title and id of each of the above, in the same order.
    names: Vec<(String, String, String)>,
    levels: Vec<Level>,
    found: Vec<Indicator>,
    sighted: IndicatorCorrelator<(u32, u64)>,
    rules_sum: Counted,
    indicators_sum: Option<Counted>,
    refused: Vec<String>,
}

impl Loaded {
    fn of(options: &Options, threads: usize) -> Result<Self> {
        let only_indicators = options.rules.is_empty() && !options.indicators.is_empty();
        let mut loaded = if only_indicators {
            rules::Loaded::default()
        } else {
            rules::load(&options.rules, &options.selection, &options.placeholders, threads)
        };
        if !only_indicators && loaded.rules.is_empty() && loaded.correlations.is_empty() {
            bail!("{}", rules::nothing_loaded(&loaded));
        }
        let program = Arc::new(Program::new(std::mem::take(&mut loaded.rules)));
        let correlations = std::mem::take(&mut loaded.correlations);
        let (observer, unresolved) = Correlator::new(correlations, &program);
        loaded.rejected.extend(unresolved);
        let mut refused: Vec<String> = loaded
            .rejected
            .iter()
            .map(|r| format!("rule {}:{}: {}", r.file, r.line, r.reason))
            .collect();
        let read = indicators::load(&options.indicators);
        let (compiled, too_many) = IndicatorProgram::new(&read.indicators);
        refused.extend(read.refused.iter().chain(&too_many).map(refusal));
        let beyond: BTreeSet<&str> = too_many.iter().map(|refused| &*refused.id).collect();
        let among = |indicator: &&Indicator| !beyond.contains(&*indicator.id);
        refused.extend(read.indicators.iter().filter(among).filter_map(searched_in_part));
        if !options.indicators.is_empty() && read.indicators.is_empty() && only_indicators {
            let first = refused.first().map_or("no indicator in what was given", |r| r);
            bail!("nothing to hunt for: {first}");
        }
        let headers: Vec<_> = program.rules().map(|rule| rule.header.clone()).collect();
        let correlated: Vec<_> = observer.correlations().iter().map(|c| c.header.clone()).collect();
        let all = headers.iter().chain(&correlated);
        let mut names: Vec<_> = all
            .clone()
            .map(|h| (h.level.name().to_owned(), h.title.to_string(), h.id.to_string()))
            .collect();
        names.extend(read.indicators.iter().map(|indicator| {
            ("indicator".to_owned(), indicator.name.to_string(), indicator.id.to_string())
        }));
        let levels = all.map(|h| h.level).collect();
        let count = (headers.len() + correlated.len()) as u64;
        Ok(Self {
            correlator: observer.clone(),
            rules: headers.iter().map(By::rule).collect(),
            correlations: correlated.iter().map(By::rule).collect(),
            indicators: read.indicators.iter().map(By::indicator).collect(),
            names,
            levels,
            sighted: IndicatorCorrelator::new(&read.indicators),
            rules_sum: Counted { count, sha256: Hash(loaded.sha256) },
            indicators_sum: sum_of(&read.indicators),
            refused,
            plan: Arc::new(Plan {
                silent: (0..).zip(&headers).map(|(id, _)| observer.silences(id)).collect(),
                correlator: observer,
                program,
                indicators: (!read.indicators.is_empty()).then(|| Arc::new(compiled)),
            }),
            found: read.indicators,
        })
    }

    /// What is said of rules that could not search all values to their end.
    fn cut_short(&self) -> impl Iterator<Item = String> {
        let program = &self.plan.program;
        let rules = program.cut_short().into_iter().filter_map(|id| program.rule(id));
        rules.map(|rule| {
            let (file, line) = (&rule.header.file, rule.header.line);
            format!("rule {file}:{line}: its expression could not search all values to their end")
        })
    }

    fn by(&self, what: What) -> Option<&By> {
        match what {
            What::Rule(id) => self.rules.get(id as usize),
            What::Indicator(id) => self.indicators.get(id as usize),
        }
    }

    /// Number of a rule, correlation or indicator among all.
    fn number(&self, what: What) -> usize {
        match what {
            What::Rule(id) => id as usize,
            What::Indicator(id) => self.rules.len() + self.correlations.len() + id as usize,
        }
    }
}

/// What is refused, in a sentence. Where there is no id it is the file.
fn refusal(refused: &Refused) -> String {
    let Refused { file, id, reason, .. } = refused;
    if id.is_empty() {
        return format!("indicators in {}: {reason}", file.display());
    }
    format!("indicator {id} ({}): {reason}", file.display())
}

/// What of an indicator is not looked for, in a sentence, where that is not
/// all of it. `run.json` has the alternatives that are too many for one.
fn searched_in_part(indicator: &Indicator) -> Option<String> {
    let all = &indicator.passed_over;
    if all.is_empty() {
        return None;
    }
    let reasons: Vec<&str> = all.iter().take(PASSED_OVER_TOLD).map(|r| &**r).collect();
    let more = match all.len() - reasons.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let (id, file) = (&indicator.id, indicator.file.display());
    let reasons = reasons.join("; ");
    Some(format!("indicator {id} ({file}): not in full: {reasons}{more}"))
}

/// How many indicators, and SHA-256 over the SHA-256 of each one's id and
/// pattern, in bytewise order.
fn sum_of(indicators: &[Indicator]) -> Option<Counted> {
    if indicators.is_empty() {
        return None;
    }
    let hash = |i: &Indicator| -> [u8; 32] {
        Sha256::digest(format!("{}\n{}\n", i.id, i.pattern).as_bytes()).into()
    };
    let mut hashes: Vec<[u8; 32]> = indicators.iter().map(hash).collect();
    hashes.sort_unstable();
    let sha256 = Hash(Sha256::digest(hashes.as_flattened()).into());
    Some(Counted { count: indicators.len() as u64, sha256 })
}

/// Writes what is found.
struct Writer {
    loaded: Loaded,
    sources: Sources,
    detections: BufWriter<File>,
    timeline: Timeline,
    places: Places,
    /// By rule, correlation, indicator.
    counts: Vec<u64>,
    /// By cell.
    of_cell: BTreeMap<u32, u64>,
    /// Events that indicators sighted in part: their places.
    sighted: BTreeMap<(u32, u64), Place>,
    unsearched: Unsearched,
    events: u64,
    total: u64,
}

impl Writer {
    fn take(&mut self, swept: Swept, progress: &Progress) -> Result<()> {
        self.events += swept.rows;
        self.unsearched.merge(swept.unsearched);
        for (observation, place) in swept.observations {
            let Self { loaded, places, .. } = self;
            loaded.correlator.add(observation, || places.add(&place));
        }
        for Sighting { indicator, observation, place, event } in swept.sightings {
            self.loaded.sighted.add(indicator, observation, place.time, event);
            if self.sighted.len() < SIGHTED_MAX {
                self.sighted.insert(event, place);
            }
        }
        for found in &swept.found {
            self.write(found)?;
        }
        progress.detections.store(self.total, Ordering::Relaxed);
        Ok(())
    }

    fn write(&mut self, found: &Found) -> Result<()> {
        let Some(by) = self.loaded.by(found.what) else { return Ok(()) };
        let mut line = Vec::new();
        lines::detection(found, by, &self.sources, &mut line);
        self.detections.write_all(&line)?;
        line.clear();
        lines::timeline(&found.place, by, &found.matched, &mut line);
        self.timeline.add(&line, &[TimelineRow { time: found.place.time, bytes: line.len() }])?;
        *self.of_cell.entry(found.row.cell).or_default() += 1;
        self.count(self.loaded.number(found.what));
        Ok(())
    }

    fn count(&mut self, number: usize) {
        self.total += 1;
        if let Some(count) = self.counts.get_mut(number) {
            *count += 1;
        }
    }

    /// What several events show together.
    fn conclude(&mut self) -> Result<()> {
        let rules = self.loaded.rules.len();
        let matches = self.loaded.correlator.finish(|place| self.places.standing(place));
        for m in matches {
            let places: Vec<Place> =
                m.places.iter().filter_map(|&number| self.places.get(number)).collect();
            let together = Together::correlation(&m, &places);
            self.together(&together, rules + m.correlation)?;
        }
        let empty = IndicatorCorrelator::new(&[]);
        let concluded = std::mem::replace(&mut self.loaded.sighted, empty).conclude();
        for (indicator, why) in &concluded.incomplete {
            let id = self.loaded.found.get(*indicator as usize).map_or("", |i| &*i.id);
            self.loaded.refused.push(format!("indicator {id}: not all was told: {why}"));
        }
        // First: of a list that is cut this counts for more than one refused.
        let mut told = self.unsearched.told(&self.loaded.found);
        told.extend(self.loaded.cut_short());
        self.loaded.refused.splice(0..0, told);
        for occurrence in concluded.occurrences {
            let places: Vec<Place> = occurrence
                .events
                .iter()
                .map(|(time, event)| self.place_of(*time, *event))
                .collect();
            let times: Vec<i64> = occurrence.events.iter().map(|(time, _)| *time).collect();
            let last = times.iter().copied().max().unwrap_or_default();
            let together = Together {
                time: last,
                first: times.iter().copied().min().unwrap_or_default(),
                last,
                value: places.len().to_string(),
                group: &[],
                places: &places,
            };
            let number = self.loaded.number(What::Indicator(occurrence.indicator));
            self.together(&together, number)?;
        }
        self.detections.flush()?;
        Ok(())
    }

    fn place_of(&self, time: i64, event: (u32, u64)) -> Place {
        let unknown = || Place {
            source: usize::MAX,
            offset: 0,
            time,
            host: Box::default(),
            channel: Box::default(),
            record_id: None,
            ordinal: 0,
        };
        self.sighted.get(&event).cloned().unwrap_or_else(unknown)
    }

    fn together(&mut self, together: &Together<'_>, number: usize) -> Result<()> {
        let rules = self.loaded.rules.len();
        let by = match number.checked_sub(rules) {
            Some(at) if at < self.loaded.correlations.len() => self.loaded.correlations.get(at),
            Some(at) => self.loaded.indicators.get(at - self.loaded.correlations.len()),
            None => None,
        };
        let Some(by) = by else { return Ok(()) };
        let mut line = Vec::new();
        together.line(by, &self.sources, &mut line);
        self.detections.write_all(&line)?;
        line.clear();
        let place = together.place();
        lines::timeline(&place, by, together.group, &mut line);
        self.timeline.add(&line, &[TimelineRow { time: place.time, bytes: line.len() }])?;
        self.count(number);
        Ok(())
    }
}

/// Sweeps the stored events of a case and appends an examination to it.
///
/// # Errors
///
/// Where there is nothing to hunt for or in, or the case cannot be read or
/// written; [`Invalid`](crate::Invalid) where its store is not what was sealed.
/// The case is then as it was.
pub fn hunt(
    options: &Options,
    key: &SigningKey,
    stop: &AtomicBool,
    progress: &Progress,
) -> Result<Outcome> {
    let threads = threads(options.threads);
    if let Some(out) = &options.out {
        outside_case(out)?;
    }
    let loaded = Loaded::of(options, threads)?;
    let mut case = CaseWriter::open(&options.case, key)?;
    let log = case.log.log()?;
    let index = Index::read(&log)?;
    if index.examinations.is_empty() {
        bail!("{}: there is no stored evidence in this case yet", options.case.display());
    }
    let stores = intact_stores(&options.case, &index, threads, stop)?;
    let places = publish::Places::new(&options.case, case.next.examination);
    fs::create_dir_all(places.results())
        .with_context(|| format!("making {}", places.results().display()))?;
    let total = stores.iter().map(|store| store.catalogue().rows()).sum();
    progress.bytes_total.store(total, Ordering::Relaxed);
    let mut writer = Writer::create(loaded, &index, &places)?;
    let writing = || format!("writing results into {}", places.results().display());
    let plan = Arc::clone(&writer.loaded.plan);
    let swept = sweep::sweep(&stores, &plan, threads, stop, &mut |swept| {
        progress.bytes_done.fetch_add(swept.rows, Ordering::Relaxed);
        progress.records.fetch_add(swept.rows, Ordering::Relaxed);
        writer.take(swept, progress).with_context(writing)
    })?;
    writer.conclude().with_context(writing)?;
    finish(options, &mut case, &index, &places, writer, swept)
}

impl Writer {
    fn create(loaded: Loaded, index: &Index, places: &publish::Places) -> Result<Self> {
        let folder = places.results();
        let path = folder.join("detections.jsonl");
        let file = File::create(&path).with_context(|| format!("writing {}", path.display()))?;
        Ok(Self {
            counts: vec![0; loaded.names.len()],
            loaded,
            sources: Sources(index.sources()),
            detections: BufWriter::with_capacity(1 << 20, file),
            timeline: Timeline::new(&folder),
            places: Places::default(),
            of_cell: BTreeMap::new(),
            sighted: BTreeMap::new(),
            unsearched: Unsearched::default(),
            events: 0,
            total: 0,
        })
    }
}

/// Puts the hunt on record.
fn finish(
    options: &Options,
    case: &mut CaseWriter,
    index: &Index,
    places: &publish::Places,
    writer: Writer,
    complete: bool,
) -> Result<Outcome> {
    let Writer { loaded, timeline, counts, of_cell, unsearched, events, total, .. } = writer;
    let folder = places.results();
    timeline.finish().with_context(|| format!("writing results into {}", folder.display()))?;
    let by = by_frequency(&loaded, &counts);
    let fired = Fired { by: &by, events, complete, unsearched: &unsearched };
    write_run(&places.results().join("run.json"), &loaded, &fired)?;
    let of_cell: Vec<u64> =
        index.cells.keys().map(|cell| of_cell.get(cell).copied().unwrap_or(0)).collect();
    let first = index.cells.keys().next().copied().unwrap_or(0);
    write_verdicts(places, first, &of_cell)?;
    let records = Span { first: case.log.size(), count: 1 };
    let detections = append_results(case, places, &places.results())?;
    if detections != total {
        bail!("{total} detections were written and {detections} are there");
    }
    let findings = of_cell.iter().filter(|&&count| count > 0).count() as u64;
    let examination = Examination {
        number: case.next.examination,
        kind: ExaminationKind::Hunt,
        engine: ENGINE.to_owned(),
        complete,
        rules: loaded.rules_sum,
        indicators: loaded.indicators_sum,
        seal: None,
        sources: Span { first: case.next.source.into(), count: 0 },
        cells: looked_at(index, first),
        records,
        clock_jumps: 0,
        input_root: input_root(index),
        detections,
        verdicts: Verdicts { clean: of_cell.len() as u64 - findings, findings, gap: 0, refused: 0 },
    };
    let sealed = publish::finish(case, examination, 0)?;
    if let Some(out) = &options.out {
        copy_results(&places.results(), out)?;
    }
    let fired = |(at, level): (usize, &Level)| (counts.get(at) > Some(&0)).then_some(*level);
    let worst = loaded.levels.iter().enumerate().filter_map(fired).max();
    let sighted = counts.iter().skip(loaded.levels.len()).any(|&count| count > 0);
    Ok(Outcome {
        events,
        by,
        detections,
        worst: worst.max(sighted.then_some(Level::High)),
        rules: loaded.rules.len() + loaded.correlations.len(),
        indicators: loaded.indicators.len(),
        refused: loaded.refused,
        complete,
        results: options.out.clone().unwrap_or_else(|| places.results()),
        sealed,
    })
}

fn looked_at(index: &Index, first: u32) -> Cells {
    let count = u32::try_from(index.cells.len()).unwrap_or(u32::MAX);
    Cells { first, count, events: index.cells.values().map(|cell| cell.events).sum() }
}

fn input_root(index: &Index) -> Hash {
    let mut tree = Frontier::new();
    index.cells.values().for_each(|cell| tree.push(cell.leaf));
    tree.root()
}

/// What fired, the most frequent first.
fn by_frequency(loaded: &Loaded, counts: &[u64]) -> Vec<(String, String, String, u64)> {
    let fired = loaded.names.iter().zip(counts).filter(|(_, count)| **count > 0);
    let mut by: Vec<_> = fired
        .map(|((level, title, id), &count)| (level.clone(), title.clone(), id.clone(), count))
        .collect();
    by.sort_by(|a, b| b.3.cmp(&a.3).then_with(|| a.cmp(b)));
    by
}

/// What came of a sweep, for `run.json`.
struct Fired<'a> {
    by: &'a [(String, String, String, u64)],
    events: u64,
    complete: bool,
    unsearched: &'a Unsearched,
}

fn write_run(path: &Path, loaded: &Loaded, what: &Fired<'_>) -> Result<()> {
    let fired: Vec<_> = what
        .by
        .iter()
        .map(|(level, title, id, count)| {
            json!({ "level": level, "title": title, "id": id, "detections": count })
        })
        .collect();
    let unsearched: BTreeMap<_, _> = what.unsearched.counts().into_iter().collect();
    let in_part = loaded.found.iter().filter(|indicator| !indicator.passed_over.is_empty());
    let passed_over: BTreeMap<&str, Vec<&str>> =
        in_part.map(|i| (&*i.id, i.passed_over.iter().map(|reason| &**reason).collect())).collect();
    let run = json!({
        "version": 1,
        "kind": "hunt",
        "engine": ENGINE,
        "complete": what.complete,
        "events": what.events,
        "rules": loaded.rules_sum.count,
        "indicators": loaded.indicators_sum.map_or(0, |sum| sum.count),
        "fired": fired,
        "refused": loaded.refused,
        "passed_over": passed_over,
        "unsearched": unsearched,
    });
    let mut text = serde_json::to_vec_pretty(&run)?;
    text.push(b'\n');
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn copy_results(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for name in ["detections.jsonl", "timeline.csv", "run.json", "verdicts.tsv"] {
        let (from, to) = (from.join(name), to.join(name));
        fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
    }
    Ok(())
}
