//! `sekisho key`: the keys with which cases and checkpoints are signed.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};

use super::options::Format;
use super::show;
use crate::Exit;
use crate::keys::{KeyName, Keys, Listed, Made, Origin, Place, Protection, PublicKey};
use crate::seal::outside_case;

/// Make and show the keys that cases and checkpoints are signed with.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys live in $SEKISHO_HOME (else in sekisho/ in your folder of settings). A passphrase comes from
--passphrase-fd, else from SEKISHO_PASSPHRASE, else from the file with the generated one, if there is
one, else you are asked. It is never an argument. docs/keys.md says what the files hold.")]
pub(super) struct Key {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a key.
    New(New),
    /// Show the public half of a key.
    Show(Show),
    /// List the keys that there are.
    List(List),
    /// Encrypt a key with a new passphrase.
    Passphrase(Passphrase),
}

/// Make a key: a private one, encrypted with a passphrase, and beside it its public half.
#[derive(Debug, Args)]
struct New {
    /// What it is called in signatures, as in soc.example.org.
    #[arg(value_name = "NAME")]
    name: KeyName,
    /// Write it there instead of among your keys.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not encrypt it: whoever can read the file can sign.
    #[arg(long, conflicts_with = "passphrase_fd")]
    store_in_clear: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Show the public half of a key, to give to others: it unlocks nothing if that lies beside it.
#[derive(Debug, Args)]
struct Show {
    /// Its name or file; else your default key.
    #[arg(value_name = "NAME|FILE")]
    key: Option<String>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// List the keys that there are; nothing is unlocked.
#[derive(Debug, Args)]
struct List {
    /// Form of the answer; JSON is one line a key.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Encrypt a key with a new passphrase; also one that was stored in clear.
#[derive(Debug, Args)]
#[command(after_help = "\
The new passphrase comes from --new-passphrase-fd, else from SEKISHO_NEW_PASSPHRASE, else you are
asked. Copies of the old file still open with the old one.")]
struct Passphrase {
    /// Its name or file.
    #[arg(value_name = "NAME|FILE")]
    key: String,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Read the new passphrase from this file descriptor (its first line).
    #[arg(long, value_name = "N")]
    new_passphrase_fd: Option<u32>,
}

/// Where the passphrase of a key comes from.
#[derive(Clone, Debug, Args)]
pub(super) struct PassphraseArgs {
    /// Read the passphrase from this file descriptor (its first line).
    #[arg(long, value_name = "N")]
    passphrase_fd: Option<u32>,
}

impl PassphraseArgs {
    /// The user's keys.
    pub(super) fn keys(&self) -> Result<Keys> {
        Keys::from_environment(self.passphrase_fd)
    }
}

impl Key {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::New(new) => new.run(),
            What::Show(show) => show.run(),
            What::List(list) => list.run(),
            What::Passphrase(passphrase) => passphrase.run(),
        }
    }
}

impl New {
    fn run(self) -> Result<Exit> {
        self.out.as_deref().map_or(Ok(()), outside_case)?;
        let keys = self.passphrase.keys()?;
        let made = keys.make(&self.name, self.out.as_deref(), self.store_in_clear)?;
        let mut text = format!("Made the key {}.\n", made.public.name());
        text.push_str(&described(&made));
        if made.is_default {
            text.push_str("It is your default key.\n");
        }
        show::talk(text.trim_end());
        show::data(&made.public.to_text())?;
        Ok(Exit::Done)
    }
}

/// Says that a key was made because there was none, with what somebody who knows nothing of keys
/// has to know.
pub(super) fn say_made(made: &Made) {
    let text = format!(
        "There was no key to sign with, so one was made:\n{}\
         `sekisho key show` shows its public half, for those who are to check what you sign.",
        described(made)
    );
    show::talk(&text);
}

fn described(made: &Made) -> String {
    let protection = match &made.protection {
        Protection::Passphrase(Origin::Generated(path)) => format!(
            "encrypted with a passphrase that was generated and is kept in\n               {}\n  \
             Whoever can read both files can sign in your name. With a passphrase of your own:\n  \
             `sekisho key passphrase {}`.",
            path.display(),
            made.file.display()
        ),
        Protection::Passphrase(origin) => format!("encrypted with {origin}"),
        Protection::Clear => "in clear: whoever can read it can sign in your name".to_owned(),
    };
    format!(
        "  public key   {}\n  private key  {},\n               {protection}\n",
        made.public.log,
        made.file.display()
    )
}

impl Show {
    fn run(self) -> Result<Exit> {
        let keys = self.passphrase.keys()?;
        let place = match &self.key {
            Some(wanted) => keys.place(wanted)?,
            None => {
                let name = keys.default_name()?.context(
                    "there is no key yet: make one with `sekisho key new NAME`, or name a file",
                )?;
                keys.place(name.as_str())?
            }
        };
        let public = keys.public(&place)?;
        let private = place.file.symlink_metadata().is_ok();
        let stored = private.then(|| stored(keys.is_in_clear(&place)));
        show::data(&match self.format {
            Format::Text => text(&public, &place, stored.as_deref()),
            Format::Json => format!("{}\n", json(&public, &place, stored.as_deref())),
        })?;
        Ok(Exit::Done)
    }
}

fn stored(in_clear: Result<bool>) -> String {
    match in_clear {
        Ok(false) => "encrypted".to_owned(),
        Ok(true) => "in clear".to_owned(),
        Err(e) => format!("refused: {e:#}"),
    }
}

fn text(public: &PublicKey, place: &Place, stored: Option<&str>) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "name          {}", public.name());
    let _ = writeln!(out, "log key       {}", public.log);
    let _ = writeln!(out, "cosigner key  {}", public.cosigner);
    let _ = writeln!(out, "fingerprint   {}", public.fingerprint());
    if let Some(stored) = stored {
        let _ = writeln!(out, "private key   {} ({stored})", place.file.display());
    }
    out
}

fn json(public: &PublicKey, place: &Place, stored: Option<&str>) -> serde_json::Value {
    serde_json::json!({
        "version": 1, "name": public.name(), "log_key": public.log.to_string(),
        "cosigner_key": public.cosigner.to_string(), "fingerprint": public.fingerprint(),
        "file": stored.map(|_| place.file.display().to_string()), "stored": stored,
    })
}

impl List {
    fn run(self) -> Result<Exit> {
        let keys = Keys::from_environment(None)?;
        let list = keys.list()?;
        if list.is_empty() {
            show::talk(&format!("There are no keys in {}.", keys.home().keys().display()));
        }
        let mut out = String::new();
        for listed in list {
            match self.format {
                Format::Text => out.push_str(&line(listed)),
                Format::Json => {
                    let _ = writeln!(out, "{}", json_line(&keys, listed)?);
                }
            }
        }
        show::data(&out)?;
        Ok(Exit::Done)
    }
}

fn line(listed: Listed) -> String {
    let mark = if listed.is_default { '*' } else { ' ' };
    let public = listed.public.map_or_else(
        |e| format!("(no public half beside it: {e:#})"),
        |public| public.log.to_string(),
    );
    format!("{mark} {:<24} {:<10} {public}\n", listed.name.as_str(), stored(listed.in_clear))
}

fn json_line(keys: &Keys, listed: Listed) -> Result<serde_json::Value> {
    let place = keys.place(listed.name.as_str())?;
    let stored = stored(listed.in_clear);
    let mut value = match &listed.public {
        Ok(public) => json(public, &place, Some(&stored)),
        Err(_) => serde_json::json!({
            "version": 1, "name": listed.name.as_str(), "log_key": null, "cosigner_key": null,
            "fingerprint": null, "file": place.file.display().to_string(), "stored": stored,
        }),
    };
    if let Some(members) = value.as_object_mut() {
        members.insert("default".to_owned(), listed.is_default.into());
    }
    Ok(value)
}

impl Passphrase {
    fn run(self) -> Result<Exit> {
        let keys = self.passphrase.keys()?;
        let place = keys.place(&self.key)?;
        if place.file.extension().is_some_and(|extension| extension == "pub") {
            bail!("{} is a public key, which has no passphrase", place.file.display());
        }
        let (before, after) = keys.change_passphrase(&place, self.new_passphrase_fd)?;
        if let Protection::Passphrase(origin) = after {
            show::talk(&format!("{} is now encrypted with {origin}.", place.file.display()));
        }
        match before {
            Protection::Clear => {
                show::talk("Before, it lay there in clear; copies of it still do.")
            }
            Protection::Passphrase(Origin::Generated(path)) => show::talk(&format!(
                "The generated passphrase in {} does not open it any more. Keep that file while \
                 other keys need it.",
                path.display()
            )),
            Protection::Passphrase(_) => {}
        }
        Ok(Exit::Done)
    }
}
