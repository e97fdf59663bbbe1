//! A case that is being written: opened or begun, and where the next
//! examination goes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use sekisho_case::checkpoint::Checkpoint;
use sekisho_case::durable::UNFINISHED;
use sekisho_case::key::{SigningKey, VerifyingKey, random};
use sekisho_case::log::{CHECKPOINT, Log, LogError, LogWriter};
use sekisho_case::note::NotSigned;
use sekisho_case::record::{Body, Case, Nonce, Party, Record, Role};

use super::{history, releases};
use crate::Invalid;

/// The name of a case that was given none. It leaves with every release, so it
/// is not taken from the folder: what an owner calls that is nobody else's.
const UNNAMED: &str = "case";

/// The policy of a case that asks for no cosignature.
const NO_QUORUM: &str = "quorum none\n";

/// Folders below a case that are written examination by examination.
const NUMBERED: [&str; 3] = ["store", "leaves", "examinations"];

/// Folder below a case that is written exposure by exposure.
const EXPOSURES: &str = "exposures";

/// Folder below a case with what left it.
pub(super) const RELEASES: &str = "releases";

/// What the next examination of a case is numbered from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) examination: u32,
    pub(crate) source: u32,
    pub(crate) cell: u32,
    pub(crate) exposure: u32,
}

/// Where nonces come from: the system's source of randomness. Only tests that
/// compare what is written byte for byte can have others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nonces {
    #[cfg(test)]
    pub(crate) counted: Option<u128>,
}

impl Nonces {
    pub(crate) fn next(&mut self) -> Result<Nonce> {
        #[cfg(test)]
        if let Some(number) = &mut self.counted {
            *number += 1;
            return Ok(Nonce(number.to_be_bytes()));
        }
        Ok(Nonce::random()?)
    }
}

/// A state that was published.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) checkpoint: Checkpoint,
    /// What could not be done besides, and what to do.
    pub(crate) warning: Option<String>,
}

/// The one writer of a case.
pub(crate) struct CaseWriter {
    pub(crate) folder: PathBuf,
    origin: String,
    pub(crate) log: LogWriter,
    pub(crate) key: SigningKey,
    pub(crate) next: Next,
    pub(crate) nonces: Nonces,
}

impl CaseWriter {
    /// Opens the case in a folder, or begins one where there is none.
    ///
    /// # Errors
    ///
    /// Where the case is of another owner's key, another writer is at work on
    /// it, or it is damaged.
    pub(crate) fn open(folder: &Path, key: &SigningKey) -> Result<Self> {
        Self::open_as(folder, key, None)
    }

    /// As [`open`](Self::open); a case that is begun gets this name.
    ///
    /// # Errors
    ///
    /// Also where the case is there and has another name.
    pub(crate) fn open_as(folder: &Path, key: &SigningKey, name: Option<&str>) -> Result<Self> {
        match Log::open(folder) {
            Ok(log) => {
                name.map_or(Ok(()), |name| has_name(&log, folder, name))?;
                Self::go_on(folder, key, log.origin())
            }
            Err(_) if !folder.join("checkpoint").exists() => {
                Self::begin(folder, key, name.unwrap_or(UNNAMED))
            }
            Err(e) => Err(e).with_context(|| format!("opening the case {}", folder.display())),
        }
    }

    fn begin(folder: &Path, key: &SigningKey, name: &str) -> Result<Self> {
        let number: [u8; 8] = random()?;
        let number: String = number.iter().map(|byte| format!("{byte:02x}")).collect();
        let origin = format!("{}/case/{number}", key.name());
        let owner = key.verifying_key().with_name(&origin)?;
        let mut log = Log::create(folder, &owner)
            .with_context(|| format!("beginning a case in {}", folder.display()))?;
        remove_leftovers(folder, Next::default())?;
        let body = Body::Case(Case {
            version: 1,
            origin: origin.clone(),
            name: name.to_owned(),
            parties: vec![Party {
                name: key.name().to_owned(),
                role: Role::Owner,
                key: key.verifying_key(),
            }],
            policy: NO_QUORUM.to_owned(),
        });
        let mut nonces = Nonces::default();
        log.append(&Record::new(nonces.next()?, body).to_bytes()?)?;
        let next = Next { examination: 1, exposure: 1, ..Next::default() };
        Ok(Self { folder: folder.to_owned(), origin, log, key: key.clone(), next, nonces })
    }

    fn go_on(folder: &Path, key: &SigningKey, origin: &str) -> Result<Self> {
        let owner = key.verifying_key().with_name(origin)?;
        // Before anything is touched that only a later state has.
        history::check(folder, &owner)?;
        let log = Log::open_for_writing(folder, &owner)
            .map_err(|e| not_the_owner(e, key))
            .with_context(|| format!("opening the case {} to add to it", folder.display()))?;
        let next = next_of(&log.log()?)?;
        remove_leftovers(folder, next)?;
        releases::make_up(folder, &log.log()?)?;
        let (folder, origin, key) = (folder.to_owned(), origin.to_owned(), key.clone());
        Ok(Self { folder, origin, log, key, next, nonces: Nonces::default() })
    }

    /// The name of the case's log.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Publishes all that was appended, and remembers that it was signed.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub(crate) fn publish(&mut self) -> Result<Published> {
        let signed = self.log.publish(&self.key)?;
        // It is published, whatever else fails: the caller goes on and tells of it.
        let warning = history::remember(signed).err().map(|e| format!("{e:#}"));
        Ok(Published { checkpoint: signed.unverified().clone(), warning })
    }

    /// Appends a record; its bytes.
    pub(crate) fn append(&mut self, body: Body) -> Result<Vec<u8>> {
        let bytes = Record::new(self.nonces.next()?, body).to_bytes()?;
        self.log.append(&bytes)?;
        Ok(bytes)
    }
}

/// Says what to do where a case is signed with another key.
fn not_the_owner(error: LogError, key: &SigningKey) -> anyhow::Error {
    match error {
        LogError::Unsigned { path, why: why @ NotSigned::Wrong(_) }
            if path.ends_with(CHECKPOINT) =>
        {
            anyhow!(Invalid(format!(
                "{} is not what was signed: {why}; take the file from an intact copy of the case, \
                 `sekisho verify` says whether it fits",
                path.display()
            )))
        }
        LogError::Unsigned { path, .. } if path.ends_with(CHECKPOINT) => anyhow!(
            "{} is not signed with the key {}: only the owner of a case adds to it; expected the \
             key that it was begun with (--key NAME|FILE)",
            path.display(),
            key.name()
        ),
        other => other.into(),
    }
}

/// Refuses a case that was begun with another name.
fn has_name(log: &Log, folder: &Path, name: &str) -> Result<()> {
    let case = first_record(log, folder)?;
    if case.name != name {
        bail!(
            "{}: the case was begun with the name {:?} and keeps it; expected that or no \
             --case-name",
            folder.display(),
            case.name
        );
    }
    Ok(())
}

/// What a case says of itself in its first entry.
fn first_record(log: &Log, folder: &Path) -> Result<Case> {
    let Body::Case(case) = Record::parse(&log.entry(0)?)?.body else {
        bail!("{}: the first entry of the log is no `case` record", folder.display());
    };
    Ok(case)
}

/// What comes after the last examination.
pub(crate) fn next_of(log: &Log) -> Result<Next> {
    let mut next = Next { examination: 1, exposure: 1, ..Next::default() };
    for entry in log.entries(0..log.size()) {
        let (number, bytes) = entry?;
        // Only these two matter here, and there may be millions of others.
        let kinds: [&[u8]; 2] = [br#"{"type":"examination""#, br#"{"type":"exposure""#];
        if !kinds.iter().any(|kind| bytes.starts_with(kind)) {
            continue;
        }
        let record =
            Record::parse(&bytes).with_context(|| format!("entry {number} of the case"))?;
        match record.body {
            Body::Examination(e) => {
                next.examination = e.number + 1;
                if e.seal.is_some() {
                    next.source = u32::try_from(e.sources.first + e.sources.count)?;
                    next.cell = e.cells.first.saturating_add(e.cells.count);
                }
            }
            Body::Exposure(e) => next.exposure = e.number + 1,
            _ => {}
        }
    }
    Ok(next)
}

/// Removes what a writer that died has left: whatever is numbered at or above
/// the next examination or exposure, and releases that were cut off while they were
/// written.
fn remove_leftovers(folder: &Path, next: Next) -> Result<()> {
    for entry in fs::read_dir(folder.join(RELEASES)).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.to_string_lossy().ends_with(UNFINISHED) {
            removed(&path, fs::remove_file(&path))?;
        }
    }
    let numbered = NUMBERED.map(|name| (name, next.examination));
    for (name, next) in numbered.into_iter().chain([(EXPOSURES, next.exposure)]) {
        let Ok(entries) = fs::read_dir(folder.join(name)) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u32>().ok());
            if number.is_none_or(|number| number < next) {
                continue;
            }
            let done =
                if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed(&path, done)?;
        }
    }
    Ok(())
}

fn removed(path: &Path, done: io::Result<()>) -> Result<()> {
    done.with_context(|| format!("removing {}, left over from before", path.display()))
}

/// The key that the owner of a case had when it was begun, under the owner's
/// own name.
///
/// # Errors
///
/// Where the folder is no case, or its first entry is damaged.
pub fn owner_of(folder: &Path) -> Result<VerifyingKey> {
    let case = first_record(&Log::open(folder)?, folder)?;
    let owner = case.parties.into_iter().find(|party| party.role == Role::Owner);
    Ok(owner.context("the first entry of the case names no owner")?.key)
}

/// Whether a folder is a case, or the folder within it that is one.
///
/// # Errors
///
/// Where neither is.
pub fn find_case(path: &Path) -> Result<PathBuf> {
    for folder in [path.to_owned(), path.join("case")] {
        if folder.join("checkpoint").is_file() {
            return Ok(folder);
        }
    }
    bail!(
        "{}: expected the folder of a case (with a file `checkpoint`) or one that has it as `case`",
        path.display()
    )
}
