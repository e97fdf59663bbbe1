//! Flags about sealing, and what is said of a case that was sealed.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use sekisho_case::key::SigningKey;
use sekisho_case::record::SealKind;

use super::key::{PassphraseArgs, say_made};
use super::show;
use crate::keys::Keys;
use crate::seal::{SealOptions, Sealed, case_below, owner_of};

/// How what was read is sealed.
#[derive(Debug, Args)]
pub(super) struct SealArgs {
    /// Do not seal: no case is written, only results. Quicker, but nobody else can check anything.
    #[arg(long, help_heading = "Sealing")]
    no_seal: bool,
    /// Seal each event as a whole. Cheaper, but an event can then be shown in full or not at all.
    #[arg(long, conflicts_with = "no_seal", help_heading = "Sealing")]
    seal_whole_events: bool,
    /// Key of the owner: its name or its file. Without it, the default key; where there is none
    /// yet, one is made.
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "no_seal", help_heading = "Sealing")]
    key: Option<String>,
    /// What a new case is called; leaves with every release. Without it: `case`.
    #[arg(
        long,
        value_name = "NAME",
        value_parser = case_name,
        conflicts_with = "no_seal",
        help_heading = "Sealing"
    )]
    case_name: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// A name that people can read.
fn case_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().any(show::is_hidden) {
        return Err("expected what people call the case".to_owned());
    }
    Ok(name.to_owned())
}

impl SealArgs {
    /// Whether nothing is to be sealed.
    pub(super) fn is_off(&self) -> bool {
        self.no_seal
    }

    /// What to seal into, below the folder of the results.
    pub(super) fn options(&self, out: &Path) -> Result<Option<Arc<SealOptions>>> {
        if self.no_seal {
            return Ok(None);
        }
        let keys = self.passphrase.keys()?;
        let key = keys.owner_key(self.key.as_deref(), &mut say_made)?;
        let kind = if self.seal_whole_events { SealKind::Whole } else { SealKind::Fields };
        let mut options = SealOptions::new(case_below(out), key, kind);
        options.name.clone_from(&self.case_name);
        Ok(Some(Arc::new(options)))
    }
}

/// The owner's key of a case that is there: the one that is named, else the
/// one that the case was begun with. None is made.
pub(super) fn key_of_case(keys: &Keys, wanted: Option<&str>, case: &Path) -> Result<SigningKey> {
    if let Some(wanted) = wanted {
        return keys.unlock(&keys.place(wanted)?);
    }
    let owner =
        owner_of(case).with_context(|| format!("looking for the owner of {}", case.display()))?;
    match keys.holder_of(&owner)? {
        Some(place) => keys.unlock(&place),
        None => bail!(
            "{}: the owner's private key ({}) is not among your keys; name its file with --key",
            case.display(),
            owner.name()
        ),
    }
}

/// Says what could not be done beside what was.
pub(super) fn warn(warning: Option<&str>) {
    if let Some(warning) = warning {
        show::talk(&show::safe_lines(&format!("sekisho: warning: {warning}")));
    }
}

/// A sealed case in a few lines.
pub(super) fn summary(sealed: &Sealed) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Sealed:  {}", sealed.folder.display());
    let _ = writeln!(
        text,
        "         examination {}: {} in {}{}",
        sealed.examination,
        show::counted(sealed.events, "event"),
        show::counted(sealed.cells, "cell"),
        match sealed.stored_bytes {
            0 => String::new(),
            bytes => format!(", {} MB stored", show::grouped(bytes.div_ceil(1_000_000))),
        },
    );
    let entries = show::grouped(sealed.entries);
    let _ =
        writeln!(text, "         log {}: {entries} entries, root {}", sealed.origin, sealed.root);
    text
}
