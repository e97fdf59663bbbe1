//! A witness of other people's cases: which key it trusts for which log, and
//! what it answers to a request for a cosignature. What it saw of each log,
//! and the evidence of forks, is kept by [`sekisho_case::witness`].

mod answer;

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};
use sekisho_case::Hash;
use sekisho_case::key::{Algorithm, SigningKey, VerifyingKey};
use sekisho_case::note::NoteSignature;
use sekisho_case::witness::{AddCheckpoint, Refusal, Witness};

use crate::keys::Home;
use crate::keys::guarded::{self, Access};
use crate::keys::limits::SMALL_FILE_BYTES_MAX;

pub use answer::{Answer, add_to_case, add_to_release};

/// What stands between the name of an owner's key and the number of a case in an origin.
const CASE: &str = "/case/";

/// Why no cosignature was given.
#[derive(Debug)]
pub enum Denial {
    /// The log was never seen, and nobody said which key it has.
    UnknownLog(String),
    /// The key that was given is another one than that which the log had before.
    OtherKey {
        /// The one it had.
        known: Box<VerifyingKey>,
    },
    /// The key that was given belongs to another log.
    OtherLog {
        /// What the request is about.
        origin: String,
        /// The key that was given.
        given: Box<VerifyingKey>,
    },
    /// What was offered does not go on from what was seen, or cannot be remembered.
    Refused(Refusal),
    /// The folder of the witness cannot be used.
    Folder(anyhow::Error),
}

impl Denial {
    /// Whether the witness looked at what was offered and found it wrong, rather than being unable
    /// to say.
    #[must_use]
    pub fn is_verdict(&self) -> bool {
        match self {
            Self::OtherKey { .. } | Self::OtherLog { .. } => true,
            Self::Refused(refusal) => matches!(
                refusal,
                Refusal::Unsigned(_)
                    | Refusal::Rollback { .. }
                    | Refusal::OldSize { .. }
                    | Refusal::Fork(_)
                    | Refusal::Inconsistent { .. }
            ),
            Self::UnknownLog(_) | Self::Folder(_) => false,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownLog(origin) => write!(
                f,
                "the log {origin} was never seen here: get its owner's log key in a way that you \
                 trust (`sekisho key show` prints it there) and give it with --log-key"
            ),
            Self::OtherKey { known } => write!(
                f,
                "the log key is not the one that this log had before, which is {known}: ask its \
                 owner why"
            ),
            Self::OtherLog { origin, given } => {
                write!(f, "the request is about the log {origin}, which is not one of {given}")
            }
            Self::Refused(Refusal::OldSize { seen, offered }) => write!(
                f,
                "the request goes on from size {offered}, but this witness saw the log at size \
                 {seen}: ask for one made with --since {seen}"
            ),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Folder(e) => write!(f, "{e:#}"),
        }
    }
}

impl From<anyhow::Error> for Denial {
    fn from(e: anyhow::Error) -> Self {
        Self::Folder(e)
    }
}

/// A cosignature, and what it was given for.
#[derive(Clone, Debug)]
pub struct Cosigned {
    /// The line to give back.
    pub signature: NoteSignature,
    /// The key that checks it.
    pub key: VerifyingKey,
    /// How large the log was when it was last seen, if it was.
    pub seen: Option<u64>,
}

/// Cosigns a request at a time (seconds since 1970), if it goes on from what was seen of this log.
/// A log that was never seen needs its key. Our own key is asked for only once the request is known
/// to be one of that log.
///
/// # Errors
///
/// Why not.
pub fn cosign(
    home: &Home,
    request: &AddCheckpoint,
    given: Option<&VerifyingKey>,
    key: &mut dyn FnMut() -> Result<SigningKey>,
    time: u64,
) -> Result<Cosigned, Denial> {
    let origin = &request.checkpoint.unverified().origin;
    let given = given.map(|given| log_key(given, origin)).transpose()?;
    let file = home.witness().join("logs").join(Hash::of(origin.as_bytes()).to_string());
    let known = known_key(&file)?;
    let log = match (known.clone(), given) {
        (Some(known), Some(given)) if known != given => {
            return Err(Denial::OtherKey { known: Box::new(known) });
        }
        (Some(log), _) | (None, Some(log)) => log,
        (None, None) => return Err(Denial::UnknownLog(origin.clone())),
    };
    request.checkpoint.verify(&log).map_err(|e| Denial::Refused(Refusal::Unsigned(e)))?;
    let key = key()?;
    if known.is_none() {
        home.prepare_folder(&home.witness().join("logs"))?;
        guarded::create(&file, format!("{log}\n").as_bytes(), Access::Secret)?;
    }
    let cosigner = key.cosigner_key();
    let witness = Witness::new(&home.witness(), key);
    let seen = witness.seen(&log).map_err(Denial::Refused)?;
    let signature = witness.cosign(request, &log, time).map_err(Denial::Refused)?;
    let seen = seen.map(|seen| seen.unverified().size);
    Ok(Cosigned { signature, key: cosigner, seen })
}

/// The key of a log: given by its own name, or as its owner's key, which signs the owner's cases
/// under the names of their logs.
fn log_key(given: &VerifyingKey, origin: &str) -> Result<VerifyingKey, Denial> {
    let of_owner = origin.strip_prefix(given.name()).is_some_and(|rest| rest.starts_with(CASE));
    if given.name() != origin && !of_owner {
        return Err(Denial::OtherLog { origin: origin.to_owned(), given: Box::new(given.clone()) });
    }
    let key = given.with_algorithm(Algorithm::Ed25519);
    key.with_name(origin).map_err(|e| Denial::Folder(e.into()))
}

/// The key that a log had when it was first seen.
fn known_key(file: &Path) -> Result<Option<VerifyingKey>> {
    if file.symlink_metadata().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let bytes = guarded::read(file, Access::Secret, SMALL_FILE_BYTES_MAX)?;
    let reading = || format!("reading the key of a log in {}", file.display());
    let text = std::str::from_utf8(&bytes).with_context(reading)?;
    text.trim_end().parse().map(Some).with_context(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_its_own_key_or_that_of_its_owner() {
        let key = SigningKey::from_seed("alice", [1; 32]).unwrap();
        let origin = "alice/case/0123456789abcdef";
        let log = key.with_name(origin).unwrap().verifying_key();
        assert_eq!(log_key(&key.verifying_key(), origin).unwrap(), log);
        assert_eq!(log_key(&key.cosigner_key(), origin).unwrap(), log);
        assert_eq!(log_key(&log, origin).unwrap(), log);
        for other in ["alice2/case/01", "ali", "alice/", "alice/other/01", "bob/case/01"] {
            let denied = log_key(&key.verifying_key(), other).unwrap_err();
            assert!(denied.is_verdict(), "{other}");
        }
    }
}
