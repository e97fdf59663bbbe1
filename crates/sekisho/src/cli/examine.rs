//! `sekisho examine`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::exposure::QuestionArgs;
use super::options::{Format, LevelArg, RuleArgs, StatedArgs, TimeArgs};
use super::seal::{self, SealArgs};
use super::{on_terminal, show};
use crate::Exit;
use crate::examine::{Options, Outcome, Progress, examine};
use crate::exposure::Options as Question;
use crate::report::{Level, Report};
use crate::seal::{case_below, outside_case};

/// Sweep logs with Sigma rules; write detections, a timeline and a report.
#[derive(Debug, Args)]
pub(super) struct Examine {
    /// Logs: files or folders, also compressed (gzip, Zstandard) and in archives (zip, tar),
    /// also within one another. The format is told from the content.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    stated: StatedArgs,
    /// Folder for detections.jsonl, timeline.csv, run.json and report.html, and for the sealed
    /// case (`case`), to which a further examination is added. They are never read as logs.
    #[arg(long, value_name = "DIR", default_value = "sekisho-out")]
    out: PathBuf,
    /// Exit with 1 if there are detections of this level or above.
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<LevelArg>,
    /// Threads; 0: one per core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Form of the summary on stdout.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    question: QuestionArgs,
    #[command(flatten)]
    seal: SealArgs,
}

impl Examine {
    pub(super) fn run(self) -> Result<Exit> {
        outside_case(&self.out)?;
        // What cannot be asked is said before the work is done.
        let question = self.question(&self.out)?;
        let options = Options {
            seal: self.seal.options(&self.out)?,
            selection: self.rules.selection(),
            placeholders: self.rules.parse_options()?,
            rules: self.rules.rules,
            timezone: self.time.zone()?,
            host: self.stated.host()?,
            year: self.stated.year,
            paths: self.paths,
            out: self.out,
            threads: self.threads,
        };
        let outcome = run(&options)?;
        let sealing = options.seal.as_ref().filter(|_| outcome.complete);
        let exposed = match (question, sealing) {
            (Some(question), Some(sealing)) => Some(super::exposure::run(&question, &sealing.key)?),
            _ => None,
        };
        match self.format {
            Format::Text => show::data(&summary(&outcome, &options.out))?,
            Format::Json => {
                let run = options.out.join("run.json");
                let text = std::fs::read_to_string(&run)
                    .with_context(|| format!("reading {}", run.display()))?;
                show::data(&text)?;
            }
        }
        if let (Some(exposed), Format::Text) = (&exposed, self.format) {
            show::data(&format!("\n{}", super::exposure::summary(exposed)))?;
        }
        if !outcome.complete {
            return Ok(Exit::Failed);
        }
        let limit = self.fail_on.map(Into::into);
        let reached = limit.is_some_and(|limit| outcome.worst.is_some_and(|worst| worst >= limit));
        Ok(if reached { Exit::Findings } else { Exit::Done })
    }
}

impl Examine {
    /// What is asked once the logs are sealed, if anything is.
    fn question(&self, out: &Path) -> Result<Option<Question>> {
        if !self.question.asks() {
            return Ok(None);
        }
        if self.seal.is_off() {
            bail!(
                "--no-seal with --assets, --estate, --seed or --clear: verdicts rest on sealed \
                 events; leave --no-seal away"
            );
        }
        self.question.options(&case_below(out), Some(out.to_owned())).map(Some)
    }
}

/// Examines with a progress bar, until done or Ctrl-C.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let message = |progress: &Progress| {
        let detections = show::grouped(progress.detections.load(Ordering::Relaxed));
        format!("{} records, {detections} detections", records(progress))
    };
    let outcome = watched(&message, |stop, progress| examine(options, stop, progress))?;
    seal::warn(outcome.sealed.as_ref().and_then(|sealed| sealed.warning.as_deref()));
    Ok(outcome)
}

/// Works with a progress bar, until done or Ctrl-C.
pub(super) fn watched<T>(
    message: &(dyn Fn(&Progress) -> String + Sync),
    work: impl FnOnce(&Arc<AtomicBool>, &Progress) -> T,
) -> T {
    let stop = Arc::new(AtomicBool::new(false));
    let on_interrupt = Arc::clone(&stop);
    // A second handler in one process (as in tests) is refused; the first serves.
    let _ = ctrlc::set_handler(move || {
        if on_interrupt.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Failed as u8));
        }
        show::talk(
            "sekisho: stopping; what was found so far is being written (again: stop at once)",
        );
    });
    let progress = Progress::default();
    let finished = AtomicBool::new(false);
    thread::scope(|scope| {
        let bar = on_terminal().then(|| scope.spawn(|| draw(&progress, message, &finished)));
        let outcome = work(&stop, &progress);
        finished.store(true, Ordering::Relaxed);
        if let Some(bar) = bar {
            bar.thread().unpark();
            let _ = bar.join();
        }
        outcome
    })
}

/// Records read so far.
pub(super) fn records(progress: &Progress) -> String {
    show::grouped(progress.records.load(Ordering::Relaxed))
}

fn draw(progress: &Progress, message: &dyn Fn(&Progress) -> String, finished: &AtomicBool) {
    let bar = ProgressBar::new(0);
    let template = "{bar:30} {bytes} of {total_bytes} · {msg} · {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    while !finished.load(Ordering::Relaxed) {
        let total = progress.bytes_total.load(Ordering::Relaxed);
        let done = progress.bytes_done.load(Ordering::Relaxed);
        bar.set_length(total.max(done));
        bar.set_position(done);
        bar.set_message(message(progress));
        thread::park_timeout(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}

/// What is printed at the end.
pub(super) fn summary(outcome: &Outcome, out: &Path) -> String {
    let report = &outcome.report;
    let mut text = String::new();
    let t = &report.totals;
    let n = show::grouped;
    if !report.complete {
        text.push_str("INCOMPLETE: stopped before the end; not everything was read.\n");
    }
    let _ = writeln!(
        text,
        "{} of {} in {}{}",
        show::counted(t.records, "record"),
        show::counted(t.hosts, "host"),
        show::counted(t.files, "file"),
        hours(report),
    );
    let _ = writeln!(
        text,
        "{} by {} of {} on {}",
        show::counted(t.detections, "detection"),
        n(t.rules_fired),
        show::counted(t.rules_loaded, "rule"),
        show::counted(t.hosts_with_detections, "host"),
    );
    for level in Level::ALL {
        let count = report.levels.get(level);
        if count.detections > 0 {
            let (d, r) = (n(count.detections), show::counted(count.rules, "rule"));
            let _ = writeln!(text, "  {:<14}{d:>10}  by {r}", level.name());
        }
    }
    text.push_str(&worst_rules(report));
    text.push_str(&not_seen(report));
    let _ = writeln!(text, "Results: {}", out.display());
    let _ = writeln!(text, "Report:  {}", out.join("report.html").display());
    text.extend(outcome.sealed.as_ref().map(seal::summary));
    text
}

fn hours(report: &Report) -> String {
    let t = &report.totals;
    let (Some(first), Some(last)) = (t.first_ns, t.last_ns) else { return String::new() };
    let time = |ns: i64| {
        let mut out = Vec::new();
        crate::examine::json::plain_time(ns, &mut out);
        String::from_utf8_lossy(out.get(..16).unwrap_or_default()).replace('T', " ")
    };
    format!(", {} to {} UTC", time(first), time(last))
}

fn worst_rules(report: &Report) -> String {
    let mut rules: Vec<_> = report.rules.items.iter().collect();
    rules.sort_by(|a, b| {
        (a.level, std::cmp::Reverse(a.detections), &a.title).cmp(&(
            b.level,
            std::cmp::Reverse(b.detections),
            &b.title,
        ))
    });
    let mut text = String::new();
    for rule in rules.iter().take(10) {
        let title = show::cut(&show::safe(&rule.title), 60);
        let _ = writeln!(
            text,
            "  {:<14}{:>10}  {title}",
            rule.level.name(),
            show::grouped(rule.detections)
        );
    }
    if text.is_empty() { text } else { format!("Gravest rules that fired\n{text}") }
}

fn not_seen(report: &Report) -> String {
    let unseen = &report.unseen;
    let mut lines = Vec::new();
    let mut line = |count: u64, one: &str, many: &str| {
        if count > 0 {
            let what = if count == 1 { one } else { many };
            lines.push(format!("  {:>10} {what}", show::grouped(count)));
        }
    };
    line(
        unseen.files_unread,
        "file or folder could not be read",
        "files or folders could not be read",
    );
    line(
        unseen.files_in_part,
        "file could be read in part only",
        "files could be read in part only",
    );
    line(
        unseen.records_unexamined,
        "record was of a kind that no rule looks at",
        "records were of kinds that no rule looks at",
    );
    line(
        unseen.rules_idle(),
        "rule had nothing to look at on this input",
        "rules had nothing to look at on this input",
    );
    line(report.rejected.count(), "rule could not be loaded", "rules could not be loaded");
    line(
        unseen.rules_cut_short,
        "rule has an expression that could not search all values to their end",
        "rules have expressions that could not search all values to their end",
    );
    line(unseen.assumptions.count(), "assumption had to be made", "assumptions had to be made");
    line(
        unseen.duplicates.count(),
        "file is a copy of another and was not read again",
        "files are copies of others and were not read again",
    );
    if lines.is_empty() {
        return String::new();
    }
    format!("What could not be seen (details in the report)\n{}\n", lines.join("\n"))
}
