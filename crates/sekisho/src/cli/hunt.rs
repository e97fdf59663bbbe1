//! `sekisho hunt`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use anyhow::Result;
use clap::Args;

use super::examine::{records, watched};
use super::key::PassphraseArgs;
use super::options::{LevelArg, RuleArgs};
use super::seal::{self, key_of_case};
use super::show;
use crate::Exit;
use crate::examine::Progress;
use crate::hunt::{Options, Outcome, hunt};
use crate::seal::find_case;

/// Most lines about what fired, and about what could not be loaded.
const LINES_MAX: usize = 20;

/// Sweep evidence that is stored already with new rules and indicators; adds to the case.
#[derive(Debug, Args)]
#[command(after_help = "\
Results lie in the case, in examinations/NNNN, and are sealed with it. With indicators and without
--rules, only indicators are looked for. What is stored is first compared with the hashes that the
case has sealed. Exit code 4: it is not what was sealed; then nothing is swept.")]
pub(super) struct Hunt {
    /// The case: its folder, or the folder that has it as `case`.
    #[arg(value_name = "CASE")]
    pub(super) case: PathBuf,
    #[command(flatten)]
    rules: RuleArgs,
    /// STIX 2.1 bundle, or folder with such; may be given again.
    #[arg(long, value_name = "PATH")]
    indicators: Vec<PathBuf>,
    /// Folder for a copy of the results.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Exit with 1 if there are detections of this level or above; an indicator counts as high.
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<LevelArg>,
    /// Threads; 0: one per core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Key of the owner: its name or its file; else the one that the case was begun with.
    #[arg(long, value_name = "NAME|FILE", help_heading = "Sealing")]
    key: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl Hunt {
    pub(super) fn run(self) -> Result<Exit> {
        let options = Options {
            case: find_case(&self.case)?,
            selection: self.rules.selection(),
            placeholders: self.rules.parse_options()?,
            rules: self.rules.rules,
            indicators: self.indicators,
            out: self.out,
            threads: self.threads,
        };
        let key = key_of_case(&self.passphrase.keys()?, self.key.as_deref(), &options.case)?;
        let message = |progress: &Progress| {
            let detections = show::grouped(progress.detections.load(Ordering::Relaxed));
            format!("{} stored events, {detections} detections", records(progress))
        };
        let outcome = watched(&message, |stop, progress| hunt(&options, &key, stop, progress))?;
        seal::warn(outcome.sealed.warning.as_deref());
        show::data(&summary(&outcome))?;
        if !outcome.complete {
            return Ok(Exit::Failed);
        }
        let limit = self.fail_on.map(Into::into);
        let reached = limit.is_some_and(|limit| outcome.worst.is_some_and(|worst| worst >= limit));
        Ok(if reached { Exit::Findings } else { Exit::Done })
    }
}

fn summary(outcome: &Outcome) -> String {
    let mut text = String::new();
    if !outcome.complete {
        text.push_str("INCOMPLETE: stopped before the end; not everything was swept.\n");
    }
    let _ = writeln!(
        text,
        "{} swept with {} and {}: {}",
        show::counted(outcome.events, "stored event"),
        show::counted(outcome.rules as u64, "rule"),
        show::counted(outcome.indicators as u64, "indicator"),
        show::counted(outcome.detections, "detection"),
    );
    for (level, title, id, count) in outcome.by.iter().take(LINES_MAX) {
        let name = if title.is_empty() { id } else { title };
        let title = show::cut(&show::safe(name), 60);
        let _ = writeln!(text, "  {level:<14}{:>10}  {title}", show::grouped(*count));
    }
    text.push_str(&left_out(outcome.by.len()));
    if !outcome.refused.is_empty() {
        let count = show::grouped(outcome.refused.len() as u64);
        let _ = writeln!(text, "{count} not looked for, or not in full:");
        for line in outcome.refused.iter().take(LINES_MAX) {
            let _ = writeln!(text, "  {}", show::safe(line));
        }
        text.push_str(&left_out(outcome.refused.len()));
    }
    let _ = writeln!(text, "Results: {}", outcome.results.display());
    text.push_str(&seal::summary(&outcome.sealed));
    text
}

/// Says how many lines a list has beyond those that are shown.
fn left_out(lines: usize) -> String {
    match lines.saturating_sub(LINES_MAX) {
        0 => String::new(),
        more => format!("  and {} more, all in run.json\n", show::grouped(more as u64)),
    }
}
