//! `sekisho inspect`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use super::examine::{records, watched};
use super::inspect_table::table;
use super::options::{RuleArgs, StatedArgs, TimeArgs};
use super::show;
use crate::Exit;
use crate::inspect::{Options, inspect};

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    #[default]
    #[value(alias = "text")]
    Table,
    /// For programs; the form is versioned.
    Json,
}

/// Show what there is, before sweeping it: formats, hosts, times, gaps, problems.
#[derive(Debug, Args)]
#[command(after_help = "\
Every record is read and no rule is run. A hole is a range of record ids that is missing between the
first and the last one of a channel: a log that was forwarded by a subscription is full of them.")]
pub(super) struct Inspect {
    /// Logs: files or folders, also packed (.gz, .zst, .zip, .tar, one within another). The format
    /// is told from the content.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    stated: StatedArgs,
    /// Threads; 0: one per core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Form of the answer on stdout.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

impl Inspect {
    pub(super) fn run(self) -> Result<Exit> {
        let options = Options {
            selection: self.rules.selection(),
            placeholders: self.rules.parse_options()?,
            rules: self.rules.rules,
            timezone: self.time.zone()?.map(|(_, zone)| zone),
            host: self.stated.host()?,
            year: self.stated.year,
            paths: self.paths,
            threads: self.threads,
        };
        let message = |progress: &_| format!("{} records", records(progress));
        let inspection = watched(&message, |stop, progress| inspect(&options, stop, progress))?;
        let text = match self.format {
            Form::Table => table(&inspection),
            Form::Json => {
                let json = serde_json::to_string_pretty(&inspection);
                json.context("writing the answer")? + "\n"
            }
        };
        show::data(&text)?;
        Ok(if inspection.complete { Exit::Done } else { Exit::Failed })
    }
}
