//! What a witness answered, put where it belongs: to the checkpoint of the
//! case, or to that of a release which left before it was cosigned.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use sekisho_case::checkpoint::{Checkpoint, SignedCheckpoint};
use sekisho_case::key::VerifyingKey;
use sekisho_case::log::{Log, LogWriter};
use sekisho_case::note::{NoteSignature, parse_signatures};
use sekisho_case::release::OpenRelease;
use sekisho_case::statement::Standing;
use sekisho_case::verify::{Trust, Verified, verify_release};

use crate::Invalid;
use crate::overview::{Overview, cosigners};
use crate::seal::check_history;

/// Cosignatures that somebody gave: the lines alone, or a checkpoint that has
/// them, such as the one of a case.
#[derive(Clone, Debug)]
pub enum Answer {
    /// What a witness answers.
    Lines(Vec<NoteSignature>),
    /// A checkpoint with its signatures.
    Checkpoint(Box<SignedCheckpoint>),
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        const EXPECTED: &str = "expected the line that the witness answered";
        let text = std::str::from_utf8(bytes).context(EXPECTED)?;
        if text.contains("\n\n") {
            return Ok(Self::Checkpoint(Box::new(SignedCheckpoint::parse(bytes)?)));
        }
        let signatures = parse_signatures(text)?;
        if signatures.is_empty() {
            bail!(EXPECTED);
        }
        Ok(Self::Lines(signatures))
    }

    /// The signatures that are to be added to a checkpoint.
    fn signatures(self, to: &SignedCheckpoint) -> Result<Vec<NoteSignature>> {
        let from = match self {
            Self::Lines(lines) => return Ok(lines),
            Self::Checkpoint(from) => from,
        };
        if from.note().text() != to.note().text() {
            bail!(
                "the cosignatures are for another checkpoint: {}; expected {}",
                named(from.unverified()),
                named(to.unverified())
            );
        }
        let there = to.note().signatures();
        let new = from.note().signatures().iter().filter(|signature| !there.contains(signature));
        let new: Vec<NoteSignature> = new.cloned().collect();
        if new.is_empty() {
            bail!("it has no signature that is not there already");
        }
        Ok(new)
    }
}

fn named(checkpoint: &Checkpoint) -> String {
    format!("size {} of {}", checkpoint.size, checkpoint.origin)
}

/// Adds an answer to the published checkpoint of a case; the names of those
/// whose cosignatures it now has.
///
/// # Errors
///
/// An answer by somebody who is not known to the case and is not `given`, or
/// for another checkpoint; a case that cannot be read or written.
pub fn add_to_case(
    folder: &Path,
    answer: Answer,
    given: Option<VerifyingKey>,
) -> Result<Vec<String>> {
    let overview = Overview::of(&Log::open(folder)?)?;
    let mut keys = overview.cosigners();
    keys.extend(given);
    let owner = overview.owner()?;
    check_history(folder, &owner)?;
    let mut log = LogWriter::open(folder, &owner)?;
    let published = log.published().context("nothing is published yet")?;
    let checked = checked(published, answer, &keys)?;
    let mut by = Vec::new();
    for (signature, key) in checked {
        log.add_signature(signature, &key)?;
        by.push(key.name().to_owned());
    }
    Ok(by)
}

/// Adds an answer to the checkpoint of a release. The bytes of the release
/// with it, and the names of those whose cosignatures it now has.
///
/// # Errors
///
/// [`Invalid`] where the release is broken; else as [`add_to_case`].
pub fn add_to_release(
    release: &[u8],
    answer: Answer,
    given: Option<VerifyingKey>,
) -> Result<(Vec<u8>, Vec<String>)> {
    let before = unbroken(release).context("nothing was added to the release")?;
    let about = before.about.context("the release names no owner")?;
    let mut keys = cosigners(&about.parties, &about.policy);
    keys.extend(given);
    let mut open = OpenRelease::open(release)?;
    let mut by = Vec::new();
    for (signature, key) in checked(open.checkpoint(), answer, &keys)? {
        open.add_signature(signature, &key)?;
        by.push(key.name().to_owned());
    }
    let bytes = open.to_bytes()?;
    unbroken(&bytes).context("with the cosignature the release would be broken")?;
    Ok((bytes, by))
}

/// What is to be said of a release in which nothing is broken. Cosignatures may
/// lack: that is why they are added.
fn unbroken(release: &[u8]) -> Result<Verified> {
    let verified = verify_release(release, &Trust::default())?;
    match verified.statements.iter().find(|s| s.standing == Standing::Broken) {
        None => Ok(verified),
        Some(broken) => {
            bail!(Invalid(format!("it is not valid: {}: {}", broken.place, broken.text)))
        }
    }
}

/// The signatures of an answer with their keys, all of them good for a
/// checkpoint.
fn checked(
    to: &SignedCheckpoint,
    answer: Answer,
    keys: &[VerifyingKey],
) -> Result<Vec<(NoteSignature, VerifyingKey)>> {
    let mut checked = Vec::new();
    for signature in answer.signatures(to)? {
        let key = key_of(&signature, keys)?;
        // A time tells a cosignature from a plain signature.
        let fits = key.verify_note(to.note().text(), &signature.signature);
        if !matches!(fits, Ok(Some(_))) {
            bail!(
                "the cosignature by {} does not fit the checkpoint here ({}); it may be for an \
                 earlier or a later one: ask for one of this",
                key.name(),
                named(to.unverified())
            );
        }
        checked.push((signature, key));
    }
    Ok(checked)
}

/// The key that a signature says it is by.
fn key_of(signature: &NoteSignature, keys: &[VerifyingKey]) -> Result<VerifyingKey> {
    let by = |key: &&VerifyingKey| key.name() == signature.name && key.id() == signature.id;
    let key = keys.iter().find(by).cloned();
    key.with_context(|| {
        format!(
            "the cosignature is by {} (key {:08x}), who is no party of this case and not in its \
             policy: give the cosigner key with --cosigner-key",
            signature.name, signature.id
        )
    })
}
