//! A release: what leaves a case, in one file, with all that a stranger needs
//! to check it but the owner's public key.

pub(crate) mod archive;
mod open;

use std::collections::BTreeSet;

use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Hash;
use crate::checkpoint::SignedCheckpoint;
use crate::event::{CheckError, Disclosure, DisclosureError, Leaf, LeafError, check};
use crate::limits::{RELEASE_BYTES_MAX, RELEASE_EVENTS_MAX, RELEASE_FILES_MAX};
use crate::log::{Log, LogError};
use crate::note::NotSigned;
use crate::proof::TlogProof;
use archive::File;

pub use open::OpenRelease;

pub(crate) const CONTENT_FILE: &str = "release.json";
pub(crate) const CHECKPOINT_FILE: &str = "checkpoint";
pub(crate) const ENTRIES_FOLDER: &str = "entries/";
pub(crate) const PROOF_SUFFIX: &str = ".proof";

/// The version of releases.
const VERSION: u32 = 1;

/// An event in a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedEvent {
    /// Entry of the record of its cell.
    pub cell: u64,
    /// Its number in the cell.
    pub index: u64,
    /// From its leaf to the root of the cell.
    #[serde(with = "base64_hashes")]
    pub proof: Vec<Hash>,
    /// Its leaf.
    #[serde(with = "base64_bytes")]
    pub leaf: Vec<u8>,
    /// What is disclosed.
    pub disclosures: Vec<String>,
    /// Written names of the fields that are withheld, in bytewise order (none of
    /// a whole event that is disclosed); `None` if even these are.
    pub withheld: Option<Vec<String>>,
}

/// What a release says: `release.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// 1.
    pub version: u32,
    /// Origin of the log.
    pub origin: String,
    /// Number of the release in the case.
    pub number: u32,
    /// For whom, or empty.
    pub to: String,
    /// The events.
    pub events: Vec<ReleasedEvent>,
    /// Entries of the log that come along, ascending: the case, the latest
    /// parties, the examinations and the cells. Not the `release` record, which
    /// comes along too.
    pub entries: Vec<u64>,
}

/// Why a release cannot be made.
#[derive(Debug, Error)]
pub enum ReleaseError {
    /// More than a release can have.
    #[error(
        "the release is too large; at most {RELEASE_EVENTS_MAX} events, {RELEASE_FILES_MAX} \
             files and {RELEASE_BYTES_MAX} bytes"
    )]
    Large,
    /// An event that nobody could check.
    #[error("event {index} of the cell of entry {cell}: {why}")]
    Event {
        /// Entry of its cell.
        cell: u64,
        /// Its number.
        index: u64,
        /// What is wrong.
        why: String,
    },
    /// The log could not be read.
    #[error("reading the log: {0}")]
    Log(#[from] LogError),
    /// It is no release, or one that is broken.
    #[error("this is no release as it should be: {0}")]
    Broken(String),
    /// A signature is not one of its checkpoint.
    #[error("the checkpoint of the release: {0}")]
    Unsigned(#[from] NotSigned),
    /// It could not be written as JSON.
    #[error("writing release.json: {0}")]
    Json(#[from] serde_json::Error),
}

impl ReleasedEvent {
    /// Reads leaf and disclosures, and checks them against one another.
    fn opened(&self) -> Result<(Leaf, crate::event::Disclosed), EventError> {
        let leaf = Leaf::parse(&self.leaf)?;
        let disclosures: Result<Vec<_>, _> =
            self.disclosures.iter().map(|text| Disclosure::parse(text)).collect();
        let disclosed = check(&leaf, &disclosures?)?;
        Ok((leaf, disclosed))
    }
}

#[derive(Debug, Error)]
#[error(transparent)]
enum EventError {
    Leaf(#[from] LeafError),
    Disclosure(#[from] DisclosureError),
    Check(#[from] CheckError),
}

impl Content {
    /// What a release will say. Events, entries and withheld names are put into
    /// order.
    ///
    /// # Errors
    ///
    /// There are too many events, or one twice, or one whose disclosures do not
    /// go with its leaf.
    pub fn new(
        origin: &str,
        number: u32,
        to: &str,
        mut events: Vec<ReleasedEvent>,
        entries: &[u64],
    ) -> Result<Self, ReleaseError> {
        if events.len() > RELEASE_EVENTS_MAX {
            return Err(ReleaseError::Large);
        }
        events.sort_by_key(|event| (event.cell, event.index));
        let mut before = None;
        for event in &mut events {
            let (cell, index) = (event.cell, event.index);
            let wrong = |why: String| ReleaseError::Event { cell, index, why };
            event.opened().map_err(|e| wrong(e.to_string()))?;
            if before.replace((cell, index)) == Some((cell, index)) {
                return Err(wrong("it is there twice".to_owned()));
            }
            event.withheld.iter_mut().for_each(|names| names.sort_unstable());
        }
        let entries: BTreeSet<u64> = entries.iter().copied().collect();
        let entries = entries.into_iter().collect();
        let (origin, to) = (origin.to_owned(), to.to_owned());
        Ok(Self { version: VERSION, origin, number, to, events, entries })
    }

    /// The exact bytes of `release.json`.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ReleaseError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// How many disclosures there are, in all events: what the record of the
    /// release counts.
    #[must_use]
    pub fn fields(&self) -> u64 {
        self.events.iter().map(|event| event.disclosures.len() as u64).sum()
    }
}

/// Writes a release whose `release` record is the last published entry of the
/// log. The same release is the same bytes, always.
///
/// # Errors
///
/// The log cannot be read, or the release is too large.
pub fn write(content: &Content, log: &Log) -> Result<Vec<u8>, ReleaseError> {
    let last = log.size().checked_sub(1);
    let numbers: BTreeSet<u64> = content.entries.iter().copied().chain(last).collect();
    let mut entries = Vec::new();
    for number in numbers {
        entries.push((log.entry(number)?, TlogProof::of(log, number)?));
    }
    pack(&content.to_bytes()?, log.checkpoint(), &entries)
}

/// Puts a release together from its parts, which are not checked; `entries`
/// ascending.
///
/// # Errors
///
/// The release is too large.
pub fn pack(
    content: &[u8],
    checkpoint: &SignedCheckpoint,
    entries: &[(Vec<u8>, TlogProof)],
) -> Result<Vec<u8>, ReleaseError> {
    let file = |name: &str, bytes: Vec<u8>| File { name: name.to_owned(), bytes };
    let mut files =
        vec![file(CONTENT_FILE, content.to_vec()), file(CHECKPOINT_FILE, checkpoint.to_bytes())];
    for (entry, proof) in entries {
        let name = format!("{ENTRIES_FOLDER}{}", proof.index);
        files.push(file(&name, entry.clone()));
        files.push(file(&format!("{name}{PROOF_SUFFIX}"), proof.to_bytes()));
    }
    archive::write(&files).ok_or(ReleaseError::Large)
}

mod base64_bytes {
    use base64::Engine as _;

    use super::{Deserialize as _, STANDARD};

    pub(super) fn serialize<S: serde::Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<Vec<u8>, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(|_| serde::de::Error::custom("expected base64"))
    }
}

mod base64_hashes {
    use super::{Deserialize as _, Hash};

    pub(super) fn serialize<S: serde::Serializer>(
        hashes: &[Hash],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(hashes.iter().map(Hash::base64))
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<Vec<Hash>, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|t| Hash::from_base64(t).map_err(serde::de::Error::custom)).collect()
    }
}
