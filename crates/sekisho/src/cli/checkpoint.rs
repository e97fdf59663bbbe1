//! `sekisho checkpoint`: the published state of a case, and its witnesses.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use sekisho_case::bounded::read_given;
use sekisho_case::checkpoint::SignedCheckpoint;
use sekisho_case::key::VerifyingKey;
use sekisho_case::limits::NOTE_BYTES_MAX;
use sekisho_case::log::Log;
use sekisho_case::release::OpenRelease;
use sekisho_case::witness::AddCheckpoint;

use super::key::{PassphraseArgs, say_made};
use super::show;
use super::verify::read_release;
use crate::seal::{find_case, outside_case, write_durably};
use crate::witness::{Answer, Cosigned, add_to_case, add_to_release, cosign};
use crate::{Exit, in_case};

/// Show the published state of a case, have it cosigned, and cosign that of others.
#[derive(Debug, Args)]
#[command(after_help = "\
How a witness is asked without a network: the owner runs `checkpoint show CASE --since N --out FILE`
(N is 0 the first time), the witness answers with `checkpoint cosign FILE`, and the owner puts the
answer into the case with `checkpoint add CASE FILE`, and into a release of this state with
`checkpoint add RELEASE FILE --out NEW`. Whoever has only a release asks with
`checkpoint show RELEASE --since 0`.")]
pub(super) struct Checkpoint {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the signed checkpoint of a case or a release, or the request to cosign it.
    Show(Show),
    /// Cosign a checkpoint, if it goes on from all that was seen of its log before.
    Cosign(Cosign),
    /// Add a cosignature to the checkpoint of a case or of a release.
    Add(Add),
}

/// Print the signed checkpoint of a case or a release, or the request to cosign it.
#[derive(Debug, Args)]
struct Show {
    /// Folder of the case, or one that has it as `case`; or the zip of a release.
    #[arg(value_name = "CASE|RELEASE")]
    case: PathBuf,
    /// Print the request (C2SP tlog-witness, add-checkpoint) to a witness that saw the log at this
    /// size, or as in this checkpoint; 0 if it never did. A release only has that from 0.
    #[arg(long, value_name = "N|FILE")]
    since: Option<String>,
    /// Write it to this new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Cosign a checkpoint, if it goes on from all that was seen of its log before.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the cosignature (C2SP tlog-cosignature). What was seen is kept in $SEKISHO_HOME/witness.
Exit code 3: the checkpoint is not signed by its log, or is not an extension of what was seen. Two
checkpoints that fork are kept as evidence.")]
struct Cosign {
    /// The request, as `checkpoint show --since` writes it.
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
    /// Key to cosign with: its name or its file; else the default key.
    #[arg(long, value_name = "NAME|FILE")]
    key: Option<String>,
    /// Public key of the log, or of the owner of its case. Needed when it is seen for the first
    /// time; later it must be the same.
    #[arg(long, value_name = "VKEY")]
    log_key: Option<VerifyingKey>,
    /// Write the cosignature to this new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Add a cosignature to the checkpoint of a case or of a release, if it fits.
#[derive(Debug, Args)]
#[command(after_help = "\
A release has the checkpoint of its time. What was cosigned later is added to a copy of it: nothing
in it changes but its checkpoint, which gets one line more, in all places. It can be added by
anybody; the cosignature must be one of exactly this checkpoint.
Exit code 4: the release is broken.")]
struct Add {
    /// Folder of the case, or one that has it as `case`; or the zip of a release.
    #[arg(value_name = "CASE|RELEASE")]
    case: PathBuf,
    /// What the witness answered; or a checkpoint that has its cosignature.
    #[arg(value_name = "COSIGNATURE")]
    cosignature: PathBuf,
    /// Cosigner key of the witness, if it is no party of the case.
    #[arg(long, value_name = "VKEY")]
    cosigner_key: Option<VerifyingKey>,
    /// Write the release with the cosignature to this new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Checkpoint {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::Show(show) => in_case(&show.case.clone(), show.run()),
            What::Cosign(cosign) => cosign.run(),
            What::Add(add) => in_case(&add.case.clone(), add.run()),
        }
    }
}

impl Show {
    fn run(self) -> Result<Exit> {
        self.out.as_deref().map_or(Ok(()), can_be_made)?;
        let text = if self.case.is_file() {
            self.of_release()?
        } else {
            let log = Log::open(&find_case(&self.case)?)?;
            match &self.since {
                None => log.checkpoint().to_string(),
                Some(since) => AddCheckpoint::of(&log, old_size(&log, since)?)?.to_string(),
            }
        };
        give(&text, self.out.as_deref())?;
        Ok(Exit::Done)
    }
}

impl Show {
    fn of_release(&self) -> Result<String> {
        let release = read_release(&self.case)?;
        let reading = || format!("reading {}", self.case.display());
        let checkpoint = OpenRelease::open(&release).with_context(reading)?.checkpoint().clone();
        match self.since.as_deref() {
            None => Ok(checkpoint.to_string()),
            Some("0") => {
                // Every log goes on from an empty one: that needs no proof.
                Ok(AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint }.to_string())
            }
            Some(since) => bail!(
                "--since {since}: a release has no proof that its log goes on from there; expected \
                 0, or the case"
            ),
        }
    }
}

/// The size at which a witness saw a log: a number, or that of a checkpoint which is one of it.
fn old_size(log: &Log, since: &str) -> Result<u64> {
    if let Ok(size) = since.parse::<u64>() {
        if size > log.size() {
            bail!("--since {size}: the log has only {} entries", log.size());
        }
        return Ok(size);
    }
    let path = Path::new(since);
    let seen = SignedCheckpoint::parse(&read(path)?)
        .with_context(|| format!("reading the checkpoint {since}"))?;
    let seen = seen.unverified();
    if seen.origin != log.origin() {
        bail!("{since} is a checkpoint of {}, not of {}", show::safe(&seen.origin), log.origin());
    }
    if seen.size > log.size() || log.root_at(seen.size)? != seen.root {
        bail!(
            "{since} says something else of this log: size {}, root {}; if both are signed, the \
             log was forked, or is an older copy",
            seen.size,
            seen.root
        );
    }
    Ok(seen.size)
}

impl Cosign {
    fn run(self) -> Result<Exit> {
        // Before it is remembered that this was cosigned.
        self.out.as_deref().map_or(Ok(()), can_be_made)?;
        let request = AddCheckpoint::parse(&read(&self.request)?)
            .with_context(|| format!("reading {}", self.request.display()))?;
        let keys = self.passphrase.keys()?;
        let time = SystemTime::now().duration_since(UNIX_EPOCH).context("asking for the time")?;
        let mut key = || keys.owner_key(self.key.as_deref(), &mut say_made);
        let given = self.log_key.as_ref();
        let cosigned = cosign(keys.home(), &request, given, &mut key, time.as_secs());
        let Cosigned { signature, key, seen } = match cosigned {
            Ok(cosigned) => cosigned,
            Err(denial) if denial.is_verdict() => {
                show::talk(&format!("sekisho: not cosigned: {}", show::safe(&denial.to_string())));
                return Ok(Exit::Denied);
            }
            Err(denial) => bail!("not cosigned: {denial}"),
        };
        let checkpoint = request.checkpoint.unverified();
        show::talk(&format!(
            "Cosigned {} at size {}, {}.\nYour cosigner key: {key}",
            show::safe(&checkpoint.origin),
            show::grouped(checkpoint.size),
            match seen {
                Some(size) =>
                    format!("which goes on from size {} seen before", show::grouped(size)),
                None => "seen for the first time".to_owned(),
            },
        ));
        give(&format!("{signature}\n"), self.out.as_deref())?;
        Ok(Exit::Done)
    }
}

impl Add {
    fn run(self) -> Result<Exit> {
        self.out.as_deref().map_or(Ok(()), can_be_made)?;
        let reading = || format!("reading {}", self.cosignature.display());
        let answer = Answer::parse(&read(&self.cosignature)?).with_context(reading)?;
        let (by, what) = if self.case.is_file() {
            let Some(out) = &self.out else {
                bail!(
                    "{} is a release, which is never changed: name the file for the one with the \
                     cosignature with --out",
                    self.case.display()
                );
            };
            let release = read_release(&self.case)?;
            let (bytes, by) = add_to_release(&release, answer, self.cosigner_key)?;
            write_durably(out, &bytes)?;
            (by, format!("checkpoint in {}", out.display()))
        } else {
            if self.out.is_some() {
                bail!("--out is for a release; the checkpoint of a case stays where it is");
            }
            let by = add_to_case(&find_case(&self.case)?, answer, self.cosigner_key)?;
            (by, "checkpoint".to_owned())
        };
        for name in by {
            show::talk(&format!("The {what} is now cosigned by {}.", show::safe(&name)));
        }
        Ok(Exit::Done)
    }
}

/// Prints a text, or writes it to a new file.
fn give(text: &str, out: Option<&Path>) -> Result<()> {
    let Some(path) = out else { return Ok(show::data(text)?) };
    let writing = || format!("writing {}", path.display());
    let mut file = File::create_new(path).with_context(writing)?;
    file.write_all(text.as_bytes()).with_context(writing)
}

/// Refuses a file that is there already, or would lie in a case.
fn can_be_made(out: &Path) -> Result<()> {
    outside_case(out)?;
    if out.symlink_metadata().is_ok() {
        bail!("{} is there already, and is never written over: name a new file", out.display());
    }
    Ok(())
}

/// The bytes of a small file that came from somebody else.
fn read(path: &Path) -> Result<Vec<u8>> {
    let reading = || format!("reading {}", path.display());
    read_given(path, NOTE_BYTES_MAX * 2).with_context(reading)
}
