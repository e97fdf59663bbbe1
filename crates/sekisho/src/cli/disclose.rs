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
use crate::disclose::{Disclosure, FieldChoice, Preview, Request, events};
use crate::exposure::read_by_verdicts;
use crate::seal::{find_case, outside_case};

/// Most events that are shown in full before a release.
const PREVIEWED_MAX: usize = 10;

/// Show some events of a case to somebody, field by field, with proofs.
#[derive(Debug, Args)]
#[command(after_help = "\
What will leave is shown first, byte for byte; at a terminal you are asked. The release goes on
record in the case before the file is written. Whoever gets it checks it with
`sekisho verify release.zip --key VKEY`, where VKEY is what `sekisho key show` says.")]
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
            show::data(&show::safe_lines(&preview.to_text(usize::MAX)))?;
            show::talk(&said(preview));
            return Ok(Exit::Done);
        };
        if out.exists() {
            bail!("{} is there already: a release is never written over", out.display());
        }
        show::talk(&show::safe_lines(&preview.to_text(PREVIEWED_MAX)));
        show::talk(&said(preview));
        if !self.yes && std::io::stdin().is_terminal() && !agreed()? {
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
    let to = if preview.to.is_empty() { "nobody named" } else { &show::safe(&preview.to) };
    format!("To {to}. What its reader can tell beside the fields shown:\n{}", linkage.join("\n"))
}

fn agreed() -> Result<bool> {
    show::talk("Release this? Type yes to do it:");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().eq_ignore_ascii_case("yes"))
}
