//! `sekisho disclose`.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use super::key::PassphraseArgs;
use super::options::check_name;
use super::seal::{key_of_case, warn};
use super::show;
use crate::Exit;
use crate::disclose::{Disclosure, FieldChoice, Part, Preview, Request, events};
use crate::exposure::read_by_verdicts;
use crate::seal::{find_case, outside_case};

/// Most lines that are shown before a release: a terminal keeps no more for sure.
const LINES_MAX: usize = 1_000;

/// Most bytes that are shown before a release.
const BYTES_MAX: usize = 1 << 20;

/// Show some events of a case to somebody, field by field, with proofs.
#[derive(Debug, Args)]
#[command(after_help = "\
What will leave is shown first: every record that comes along and every disclosure as it is, control
characters as escapes; of hashes and proofs only the number. Of a release that is too long for a
terminal the beginning is shown, and how much is left; --dry-run shows all. At a terminal you are
asked. The release goes on record in the case before the file is written. Whoever gets it checks it
with `sekisho verify release.zip --key VKEY`, where VKEY is what `sekisho key show` says.")]
pub(super) struct Disclose {
    /// The case: its folder, or the folder that has it as `case`.
    #[arg(value_name = "CASE")]
    pub(super) case: PathBuf,
    /// Events: CELL.INDEX (several divided by commas), or a file with lines of detections.jsonl;
    /// may be given again.
    #[arg(long, value_name = "EVENTS", required_unless_present = "verdict")]
    events: Vec<String>,
    /// Prove the latest verdict on an asset: its record, and the events that it rests on.
    #[arg(long, value_name = "ASSET")]
    verdict: Option<String>,
    /// Fields to show: names divided by commas, `all`, or `none`. Without it: of a verdict's events
    /// those that verdicts are made from, else none.
    #[arg(long, value_name = "FIELDS")]
    fields: Option<String>,
    /// Keep the names of withheld fields hidden too; then only their number can be proven.
    #[arg(long)]
    hide_names: bool,
    /// For whom the release is; goes on record and into the file.
    #[arg(long, value_name = "NAME", default_value = "")]
    to: String,
    /// The file to write.
    #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
    out: Option<PathBuf>,
    /// Only show what would leave, all of it; nothing is written, nor put on record.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask. Without a terminal nobody is asked either.
    #[arg(long)]
    yes: bool,
    /// Key of the owner: its name or its file; else the one that the case was begun with.
    #[arg(long, value_name = "NAME|FILE")]
    key: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl Disclose {
    pub(super) fn run(self) -> Result<Exit> {
        let case = find_case(&self.case)?;
        check_name("--to", &self.to)?;
        self.out.as_deref().map_or(Ok(()), outside_case)?;
        let no_events = self.events.is_empty() && self.verdict.is_some();
        let request = Request {
            events: if no_events { Vec::new() } else { events(&self.events)? },
            fields: match (&self.fields, &self.verdict) {
                (Some(fields), _) => FieldChoice::parse(fields),
                (None, Some(_)) => FieldChoice::Among(read_by_verdicts()),
                (None, None) => FieldChoice::parse("none"),
            },
            verdict: self.verdict.clone(),
            hide_names: self.hide_names,
            to: self.to.clone(),
        };
        let key = key_of_case(&self.passphrase.keys()?, self.key.as_deref(), &case)?;
        let disclosure = Disclosure::prepare(&case, &key, &request)?;
        let preview = disclosure.preview();
        let Some(out) = self.out.filter(|_| !self.dry_run) else {
            for part in preview.parts() {
                show::data(&text(&part))?;
            }
            show::talk(&said(preview));
            return Ok(Exit::Done);
        };
        if out.exists() {
            bail!("{} is there already: a release is never written over", out.display());
        }
        let left = begin(preview, LINES_MAX, BYTES_MAX);
        show::talk(&said(preview));
        left.iter().for_each(|left| show::talk(left));
        if !self.yes && std::io::stdin().is_terminal() && !agreed(left.is_some())? {
            show::talk("Nothing was released.");
            return Ok(Exit::Denied);
        }
        let released = disclosure.release(&out)?;
        warn(released.warning.as_deref());
        show::data(&format!(
            "Release {}: {} with {}, {} bytes: {}\nThe case keeps a copy: {}\n",
            released.number,
            show::counted(released.events as u64, "event"),
            show::counted(released.fields, "disclosure"),
            show::grouped(released.bytes as u64),
            out.display(),
            released.kept.display(),
        ))?;
        Ok(Exit::Done)
    }
}

fn said(preview: &Preview) -> String {
    let linkage: Vec<String> =
        preview.linkage().into_iter().map(|line| format!("  {line}")).collect();
    let to = if preview.to.is_empty() { "nobody named" } else { &preview.to };
    let to = show::safe_json(to);
    let mut text = format!("To {to}. What its reader can tell beside the fields shown:\n");
    text.push_str(&linkage.join("\n"));
    let in_clear = preview.withheld_in_clear();
    if !in_clear.is_empty() {
        text.push_str(
            "\nWARNING: withheld as fields, these leave in clear, for a record says them:",
        );
        for line in in_clear {
            text.push_str("\n  ");
            text.push_str(&show::safe_json(&line));
        }
    }
    text
}

/// A piece of a preview, safe for a terminal: no text of a log begins a line.
fn text(part: &Part) -> String {
    part.lines.iter().map(|line| show::safe_json(line) + "\n").collect()
}

/// Shows the beginning of a preview; what is left of it, if anything.
fn begin(preview: &Preview, lines_max: usize, bytes_max: usize) -> Option<String> {
    let (mut lines, mut bytes, mut left) = (0, 0, None);
    let (mut files, mut events) = (0, 0);
    for part in preview.parts() {
        if left.is_none() {
            let text = text(&part);
            lines += part.lines.len();
            bytes += text.len();
            if lines <= lines_max && bytes <= bytes_max {
                show::talk(text.trim_end_matches('\n'));
                continue;
            }
        }
        *(if part.is_event { &mut events } else { &mut files }) += 1;
        left = Some(());
    }
    left.map(|()| not_shown(files, events, preview.events.len() as u64))
}

fn not_shown(files: u64, events: u64, of: u64) -> String {
    let files = match files {
        0 => String::new(),
        files => format!(" and {}", show::counted(files, "record")),
    };
    format!(
        "NOT SHOWN above: {} of {}{files}; --dry-run instead of --out shows all",
        show::grouped(events),
        show::counted(of, "event"),
    )
}

fn agreed(cut: bool) -> Result<bool> {
    show::talk(if cut {
        "Release this, which was not shown in full? Type yes to do it:"
    } else {
        "Release this? Type yes to do it:"
    });
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().eq_ignore_ascii_case("yes"))
}
