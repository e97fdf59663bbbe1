//! `sekisho inspect`: what is in a pile of files, before it is swept. Every
//! record is read, no rule is run.
//!
//! As in an examination one thread cuts sources into blocks and all others
//! read them (`work`); outcomes are put back into order (`order`) and drawn
//! together (`collect`) into what is written (`model`).

mod channels;
mod collect;
mod digests;
pub(crate) mod identity;
mod model;
mod order;
pub(crate) mod ranges;
mod serve;
mod silence;
mod work;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Result, bail};
use jiff::tz::TimeZone;
use sekisho_sigma::ParseOptions;

pub use digests::{Break, Digests, Names, Period, Trail};
pub use model::{
    ChannelTotal, Gaps, HoleOut, Inspection, ProblemOut, RecordIds, Silences, Source,
    SourceChannel, Totals,
};
pub use serve::RulesCouldFire;
pub use silence::SilenceOut;

use crate::examine::feed::{Reading, Task};
use crate::examine::share::Sharing;
use crate::examine::{Progress, threads};
use crate::rules::{self, Selection};
use crate::sources::walk::Inventory;
use crate::sources::{hash, open};
use collect::{Collected, first_last};
use order::InOrder;
use serve::Served;
use work::{Plan, Worker};

/// What to look at.
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
    /// Threads; 0 for one a core.
    pub threads: usize,
    /// Zone of times that state none.
    pub timezone: Option<TimeZone>,
    /// Host of records that name none.
    pub host: Option<String>,
    /// Year of the last record of each log whose times carry none.
    pub year: Option<i64>,
}

/// Looks at logs. When `stop` is set meanwhile, what was found so far is
/// returned, marked as incomplete.
///
/// # Errors
///
/// Where nothing can be said: there is no source, or no rule could be loaded.
pub fn inspect(
    options: &Options,
    stop: &Arc<AtomicBool>,
    progress: &Progress,
) -> Result<Inspection> {
    let threads = threads(options.threads);
    let loaded = rules::load(&options.rules, &options.selection, &options.placeholders, threads);
    if loaded.rules.is_empty() && loaded.correlations.is_empty() {
        bail!("{}", rules::nothing_loaded(&loaded));
    }
    let inventory = Inventory::of(&options.paths);
    if inventory.sources.is_empty() {
        match inventory.problems.first() {
            Some(first) => bail!("nothing to inspect: {}: {}", first.path, first.what),
            None => bail!("nothing to inspect: no file under the paths that were given"),
        }
    }
    let total = inventory.sources.iter().map(|s| s.bytes).sum();
    progress.bytes_total.store(total, Ordering::Relaxed);
    let reading = Reading {
        timezone: options.timezone.clone(),
        host: options.host.clone(),
        year: options.year,
    };
    let plan = Arc::new(Plan { inventory, reading, stop: Arc::clone(stop) });
    let Some(mut collected) = read(&plan, Served::new(&loaded), threads, progress) else {
        bail!("a thread broke down; the results are not whole");
    };
    collected.finish_source();
    let mut inspection = conclude(&plan, collected, threads);
    inspection.totals.rules_rejected = loaded.rejected.len() as u64;
    Ok(inspection)
}

/// Reads everything; `None` where a thread broke down.
fn read(
    plan: &Arc<Plan>,
    served: Served,
    threads: usize,
    progress: &Progress,
) -> Option<Collected> {
    let order = InOrder::new(Collected::new(plan, served), Collected::settle);
    let work = |worker: &mut Worker, number: u64, task: &Task| {
        let outcome = worker.work(task);
        progress.bytes_done.fetch_add(outcome.input_bytes, Ordering::Relaxed);
        progress.records.fetch_add(outcome.records, Ordering::Relaxed);
        order.take(number, outcome);
    };
    let sharing = Sharing {
        worker: &|| Worker::new(Arc::clone(plan)),
        work: &work,
        broke_down: &|| order.broke_down(),
    };
    sharing.run(&plan.inventory, &plan.reading, &plan.stop, threads);
    order.finish()
}

fn conclude(plan: &Plan, mut collected: Collected, threads: usize) -> Inspection {
    let inventory = &plan.inventory;
    let channels = collected.channels();
    let mut sources: Vec<Source> = Vec::with_capacity(inventory.sources.len());
    for (source, out) in inventory.sources.iter().zip(std::mem::take(&mut collected.sources)) {
        let unread =
            || Source { path: source.path.clone(), bytes: source.bytes, ..Source::default() };
        let mut out = out.unwrap_or_else(unread);
        out.sha256 = collected.hashes.get(source.file_number).cloned().flatten();
        sources.push(out);
    }
    let totals = totals(plan, &mut collected, &sources, &channels);
    let names: Vec<&str> = inventory.sources.iter().map(|s| s.name.as_str()).collect();
    let digests = std::mem::take(&mut collected.digests)
        .conclude(&names, &|numbers| content_hashes(plan, numbers, threads));
    Inspection {
        version: 1,
        complete: !plan.stop.load(Ordering::Relaxed),
        sources,
        channels,
        totals,
        cloudtrail_digests: digests,
        silence_rule: silence::RULE,
        problems: inventory.problems.clone(),
    }
}

fn totals(
    plan: &Plan,
    collected: &mut Collected,
    sources: &[Source],
    channels: &[ChannelTotal],
) -> Totals {
    let inventory = &plan.inventory;
    let sum = |of: fn(&Source) -> u64| sources.iter().map(of).sum::<u64>();
    let hosts: BTreeSet<&str> =
        channels.iter().map(|c| c.host.as_str()).filter(|host| !host.is_empty()).collect();
    let (first, last) = first_last(collected.span);
    let copies: BTreeSet<usize> = inventory
        .sources
        .iter()
        .zip(sources)
        .filter(|(_, out)| out.duplicate_of.is_some())
        .map(|(source, _)| source.file_number)
        .collect();
    let shapes = std::mem::take(&mut collected.shapes);
    Totals {
        files: inventory.files.len() as u64,
        sources: sources.len() as u64,
        bytes: inventory.files.iter().map(|f| f.bytes).sum(),
        records: sum(|s| s.records),
        duplicates: sum(|s| s.duplicates),
        records_not_compared: collected.seen.beyond_limit,
        records_beyond_limit: collected.all.records_beyond_limit,
        hosts: hosts.len() as u64,
        channels: channels.len() as u64,
        first,
        last,
        sources_unread: sources.iter().filter(|s| s.records == 0).count() as u64,
        files_copied: copies.len() as u64,
        problem_count: sum(|s| s.problem_count) + inventory.problems.len() as u64,
        rules_loaded: collected.served.rules,
        rules_rejected: 0,
        rules_could_fire: collected.served.by(&shapes),
    }
}

/// SHA-256 of the uncompressed bytes of sources.
fn content_hashes(plan: &Plan, numbers: &[usize], threads: usize) -> Vec<Option<String>> {
    let stop = || plan.stop.load(Ordering::Relaxed);
    let one = |number: &usize| {
        let source = plan.inventory.sources.get(*number)?;
        open::with_source(source, |input| hash::of_reader(input, &stop).ok()).ok().flatten()
    };
    let share = numbers.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let parts: Vec<_> = numbers
            .chunks(share)
            .map(|part| (part.len(), scope.spawn(move || part.iter().map(one).collect::<Vec<_>>())))
            .collect();
        let joined =
            parts.into_iter().map(|(len, part)| part.join().unwrap_or_else(|_| vec![None; len]));
        joined.flatten().collect()
    })
}
