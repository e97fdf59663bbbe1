//! `sekisho examine`: logs in, detections and a report out.
//!
//! One thread cuts the sources into blocks (`feed`), all threads read them
//! and run the rules (`work`); outcomes are put back into order and written
//! (`collect`), and at the end they are drawn together (`conclude`).

mod assumptions;
mod collect;
mod conclude;
pub(crate) mod feed;
mod identity;
pub(crate) mod json;
mod pieces;
mod places;
mod run_file;
pub(crate) mod share;
mod slots;
mod sources;
pub(crate) mod stats;
mod timeline;
mod work;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use anyhow::{Context as _, Result, bail};
use hashbrown::{HashMap, HashSet};
use jiff::tz::TimeZone;
use sekisho_case::Hash;
use sekisho_case::log::CHECKPOINT;
use sekisho_case::record::Counted;
use sekisho_event::{Block, Format, Shape};
use sekisho_sigma::rule::Level;
use sekisho_sigma::{Correlator, ParseOptions, Program};

pub use conclude::Outcome;
pub(crate) use conclude::{common, log_source, rule_csv, rule_json};
pub(crate) use places::Places;
pub(crate) use timeline::Timeline;
pub(crate) use work::{Place, TimelineRow, csv as write_csv};

use crate::rules::{self, Loaded, Selection};
use crate::seal::publish::Said;
use crate::seal::{Seal, SealOptions, case_below};
use crate::sources::Source;
use crate::sources::walk::Inventory;
use collect::Collector;
use feed::{Reading, Task};
use share::Sharing;
use work::{Plan, Worker};

/// Files that a run writes.
const RESULTS: [&str; 4] = ["detections.jsonl", "timeline.csv", "run.json", "report.html"];

/// What to examine, with what, and where to write to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Rule files and folders; with none, the built-in pack.
    pub rules: Vec<PathBuf>,
    /// Which of the rules.
    pub selection: Selection,
    /// Values of placeholders in rules.
    pub placeholders: ParseOptions,
    /// Folder for the results.
    pub out: PathBuf,
    /// Threads; 0 for one a core.
    pub threads: usize,
    /// Zone of times that state none, and its name.
    pub timezone: Option<(String, TimeZone)>,
    /// Host of records that name none.
    pub host: Option<String>,
    /// Year of the last record of logs whose records name none.
    pub year: Option<i64>,
    /// What to seal into, if at all.
    pub seal: Option<Arc<SealOptions>>,
}

/// Tells how far the work is, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes to read, once known.
    pub bytes_total: AtomicU64,
    /// Bytes read, as they are stored.
    pub bytes_done: AtomicU64,
    /// Records read.
    pub records: AtomicU64,
    /// Matches found.
    pub detections: AtomicU64,
}

/// Examines logs and writes `detections.jsonl`, `timeline.csv`, `run.json`
/// and `report.html`. When `stop` is set while it runs, what was found so far
/// is written, marked as incomplete.
///
/// # Errors
///
/// Where nothing can be said: the results cannot be written, or there is no
/// rule or no source at all.
pub fn examine(options: &Options, stop: &Arc<AtomicBool>, progress: &Progress) -> Result<Outcome> {
    let out = &options.out;
    fs::create_dir_all(out).with_context(|| format!("creating the folder {}", out.display()))?;
    let threads = threads(options.threads);
    let loaded = rules::load(&options.rules, &options.selection, &options.placeholders, threads);
    let (mut plan, correlator, loaded) = plan(options, loaded, stop)?;
    let total = plan.inventory.sources.iter().map(|s| s.stored_bytes).sum();
    progress.bytes_total.store(total, Ordering::Relaxed);
    let (seal, seal_writer) = options.seal.as_deref().map(Seal::begin).transpose()?.unzip();
    plan.sealing = seal.as_ref().map(|seal| Arc::clone(&seal.sealing));
    let plan = Arc::new(plan);
    let collector = Collector::new(Arc::clone(&plan), out, correlator, seal_writer)
        .with_context(|| format!("writing detections into {}", out.display()))?;
    let occurred = run(&plan, &collector, threads, progress);
    let (collected, writer, seal_writer) =
        collector.finish().with_context(|| format!("writing into {}", out.display()))?;
    let complete = !stop.load(Ordering::Relaxed);
    let rules = Counted {
        count: (plan.program.rules().len() + plan.correlator.correlations().len()) as u64,
        sha256: Hash(loaded.sha256),
    };
    let sources =
        seal.as_ref().map(|seal| sources::records(&plan, &collected, seal.sources_from()));
    let mut outcome =
        conclude::conclude(options, &plan, loaded, collected, writer, &occurred, complete)
            .with_context(|| format!("writing into {}", out.display()))?;
    if let (Some(seal), Some(writer), Some(sources)) = (seal, seal_writer, sources) {
        let said = Said { complete, rules, sources, results: out.clone() };
        outcome.sealed = Some(seal.publish(writer, said)?);
    }
    Ok(outcome)
}

/// How many threads to use: as many as asked for; if 0, one a core.
pub(crate) fn threads(asked: usize) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    if asked == 0 { cores() } else { asked }
}

fn plan(
    options: &Options,
    mut loaded: Loaded,
    stop: &Arc<AtomicBool>,
) -> Result<(Plan, Correlator, Loaded)> {
    if loaded.rules.is_empty() && loaded.correlations.is_empty() {
        bail!("{}", rules::nothing_loaded(&loaded));
    }
    let program = Arc::new(Program::new(std::mem::take(&mut loaded.rules)));
    let correlations = std::mem::take(&mut loaded.correlations);
    let (observer, unresolved) = Correlator::new(correlations, &program);
    let correlator = observer.clone();
    loaded.rejected.extend(unresolved);
    let mut results: Vec<PathBuf> = RESULTS.iter().map(|name| options.out.join(name)).collect();
    // A case is no log either, also one of before that is not added to.
    results.extend(options.seal.iter().map(|seal| seal.case.clone()));
    let before = case_below(&options.out);
    results.extend(before.join(CHECKPOINT).is_file().then_some(before));
    let inventory = Inventory::without(&options.paths, &results);
    if inventory.sources.is_empty() {
        match inventory.problems.first() {
            Some(first) => bail!("nothing to examine: {}: {}", first.path, first.what),
            None => bail!("nothing to examine: no file under the paths that were given"),
        }
    }
    let timezone = options.timezone.as_ref().map(|(_, zone)| zone.clone());
    let reading = Reading { timezone, host: options.host.clone(), year: options.year };
    let headers = || program.rules().map(|rule| &rule.header);
    let plan = Plan {
        inventory,
        reading,
        rule_json: headers().map(conclude::rule_json).collect(),
        rule_csv: headers().map(conclude::rule_csv).collect(),
        levels: headers().map(|h| h.level).collect::<Vec<Level>>(),
        silent: (0..).zip(program.rules()).map(|(id, _)| observer.silences(id)).collect(),
        correlator: observer,
        identities: identity::Identities::default(),
        sealing: None,
        stop: Arc::clone(stop),
        program,
    };
    Ok((plan, correlator, loaded))
}

type Occurred = HashMap<Shape, HashSet<Box<str>>>;

/// Does all the work; the fields that occurred in each shape.
fn run(plan: &Arc<Plan>, collector: &Collector, threads: usize, progress: &Progress) -> Occurred {
    let work = |worker: &mut Worker, number: u64, task: &Task| {
        let done = worker.work(number, task);
        progress.bytes_done.fetch_add(done.input_bytes, Ordering::Relaxed);
        progress.records.fetch_add(done.stats.records, Ordering::Relaxed);
        progress.detections.fetch_add(done.hash_slots.len() as u64, Ordering::Relaxed);
        collector.take(number, done);
    };
    let sharing = Sharing {
        worker: &|| Worker::new(Arc::clone(plan)),
        work: &work,
        broke_down: &|| collector.broke_down(),
    };
    let mut all = Occurred::new();
    for worker in sharing.run(&plan.inventory, &plan.reading, &plan.stop, threads) {
        for (shape, fields) in worker.into_occurred() {
            all.entry(shape).or_default().extend(fields);
        }
    }
    all
}

/// Shows all blocks of one source to `take`, until it returns false. What
/// cannot be read is left out: whoever wants the problems examines.
pub(crate) fn blocks(
    source: &Source,
    timezone: Option<TimeZone>,
    stop: &AtomicBool,
    take: &mut dyn FnMut(&'static dyn Format, Block) -> bool,
) {
    feed::stream(
        source,
        &Reading { timezone, ..Reading::default() },
        stop,
        &mut |task| match task {
            Task::Block { format, block, .. } => take(format, block),
            _ => true,
        },
    );
}
