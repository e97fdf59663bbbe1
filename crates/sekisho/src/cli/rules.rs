//! `sekisho rules check`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use sekisho_sigma::{Correlator, ParseOptions, Program};
use serde_json::json;

use super::options::Format;
use super::show;
use crate::Exit;
use crate::rules::{Selection, load};

/// Work with rule files.
#[derive(Debug, Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say what is wrong in rule files.
    Check(Check),
}

#[derive(Debug, Args)]
struct Check {
    /// Rule files or folders; without them, the built-in pack.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Rules {
    pub(super) fn run(self) -> Result<Exit> {
        match self.verb {
            Verb::Check(check) => check.run(),
        }
    }
}

impl Check {
    fn run(self) -> Result<Exit> {
        let mut loaded = load(&self.paths, &Selection::default(), &ParseOptions::default(), 1);
        let program = Program::new(std::mem::take(&mut loaded.rules));
        let correlations = std::mem::take(&mut loaded.correlations);
        let (correlator, unresolved) = Correlator::new(correlations, &program);
        loaded.rejected.extend(unresolved);
        let count = program.rules().len() + correlator.correlations().len() + loaded.filters;
        if count == 0 && loaded.rejected.is_empty() {
            let given: Vec<String> = self.paths.iter().map(|p| p.display().to_string()).collect();
            bail!(
                "{}: no rule there; expected .yml or .yaml files with Sigma rules",
                given.join(", ")
            );
        }
        let text = match self.format {
            Format::Json => {
                let rejected: Vec<_> = loaded
                    .rejected
                    .iter()
                    .map(|r| json!({"file": &*r.file, "line": r.line, "reason": r.reason}))
                    .collect();
                let notes: Vec<_> = loaded
                    .notes
                    .iter()
                    .map(|r| json!({"file": &*r.file, "line": r.line, "note": r.text}))
                    .collect();
                format!(
                    "{:#}\n",
                    json!({"version": 1, "loaded": count, "rejected": rejected, "notes": notes})
                )
            }
            Format::Text => {
                let mut text = format!(
                    "{} loaded, {} rejected\n",
                    show::grouped(count as u64),
                    show::grouped(loaded.rejected.len() as u64)
                );
                for r in &loaded.rejected {
                    let line = if r.line > 0 { format!("{}:", r.line) } else { String::new() };
                    let (file, reason) = (show::safe(&r.file), show::safe(&r.reason));
                    let _ = writeln!(text, "{file}:{line} {reason}");
                }
                for r in &loaded.notes {
                    let (file, note) = (show::safe(&r.file), show::safe(&r.text));
                    let _ = writeln!(text, "{file}:{}: note: {note}", r.line);
                }
                text
            }
        };
        show::data(&text)?;
        Ok(if loaded.rejected.is_empty() { Exit::Done } else { Exit::Findings })
    }
}
