//! The command line: flags in, built things out. Nothing beyond this module
//! sees a flag. Data goes to stdout, talk to stderr.

mod case;
mod checkpoint;
mod demo;
mod disclose;
mod examine;
mod explain;
mod exposure;
mod hunt;
mod inspect;
mod inspect_table;
mod key;
mod options;
mod rules;
mod seal;
mod show;
mod verify;
mod verify_events;

use std::borrow::Cow;
use std::io::IsTerminal as _;

use clap::{Parser, Subcommand};

use crate::{Exit, in_case, says_invalid};

/// Trust without access: prove what a network's evidence says to those who may not see it.
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 done, 1 findings at or above --fail-on (or rules rejected by `rules check`), 2 failed,
3 denied (`checkpoint cosign` or `disclose` refused), 4 the case or release is invalid.
New here? `sekisho demo` makes the logs of a small network that was broken into, examines them
and shows what was found against what was true.")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what there is, before sweeping it: formats, hosts, times, gaps, problems.
    Inspect(inspect::Inspect),
    /// Sweep logs with Sigma rules; write detections, a timeline and a report.
    Examine(examine::Examine),
    /// Sweep evidence that is stored already with new rules and indicators; adds to the case.
    Hunt(hunt::Hunt),
    /// Say what leaked, what did not, and what nobody can say; adds to the case.
    Exposure(exposure::Exposure),
    /// Check a case or a release: what is proven, what is only claimed, what is missing.
    Verify(verify::Verify),
    /// Show some events of a case to somebody, field by field, with proofs.
    Disclose(disclose::Disclose),
    /// Say why a rule did or did not match an event.
    Explain(explain::Explain),
    /// Work with rule files.
    Rules(rules::Rules),
    /// Make and show the keys that cases and checkpoints are signed with.
    Key(key::Key),
    /// Show the published state of a case, have it cosigned, and cosign that of others.
    Checkpoint(checkpoint::Checkpoint),
    /// Look into a sealed case; say who takes part in it, and whose cosignature it needs.
    Case(case::Case),
    /// Rehearse: make the logs of a small network that was broken into, and examine them.
    Demo(demo::Demo),
}

/// Runs the program.
#[must_use]
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are data; everything else is a mistake.
            let exit = if e.use_stderr() { Exit::Failed } else { Exit::Done };
            let text = e.render().to_string();
            // It quotes what was given, which may be a private key in the place of a public one.
            match show::without_private_keys(&text) {
                Cow::Borrowed(_) => drop(e.print()),
                Cow::Owned(safe) => show::talk(safe.trim_end()),
            }
            return exit;
        }
    };
    let done = match cli.verb {
        Verb::Inspect(verb) => verb.run(),
        Verb::Examine(verb) => verb.run(),
        Verb::Hunt(verb) => in_case(&verb.case.clone(), verb.run()),
        Verb::Exposure(verb) => in_case(&verb.case.clone(), verb.run()),
        Verb::Verify(verb) => verb.run(),
        Verb::Disclose(verb) => in_case(&verb.case.clone(), verb.run()),
        Verb::Explain(verb) => verb.run(),
        Verb::Rules(verb) => verb.run(),
        Verb::Key(verb) => verb.run(),
        Verb::Checkpoint(verb) => verb.run(),
        Verb::Case(verb) => verb.run(),
        Verb::Demo(verb) => verb.run(),
    };
    done.unwrap_or_else(|e| {
        if e.root_cause().downcast_ref::<std::io::Error>().map(std::io::Error::kind)
            == Some(std::io::ErrorKind::BrokenPipe)
        {
            return Exit::Done;
        }
        // Messages name files, hosts and records, which others may have written.
        show::talk(&show::safe_lines(&format!("sekisho: {e:#}")));
        if says_invalid(&e) { Exit::Invalid } else { Exit::Failed }
    })
}

/// Whether to draw and colour for a person.
fn on_terminal() -> bool {
    std::io::stderr().is_terminal()
}
