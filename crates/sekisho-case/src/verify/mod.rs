//! What can be said of a case or a release, by somebody who has it and perhaps
//! a key: the steps of the format, in their order.
//!
//! Everything here is foreign until a signature has verified. Whatever is wrong
//! with it becomes a statement; an error is only for a wrong question.

mod authority;
mod case;
mod files;
mod folder;
mod release;
mod report;
mod tree;

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::Hash;
use crate::checkpoint::SignedCheckpoint;
use crate::event::EventHead;
use crate::key::VerifyingKey;
use crate::policy::Policy;
use crate::record::{Examination, Party, Release};
use crate::statement::{Statement, is_valid};

pub use case::verify_case;
pub use release::verify_release;

/// What a verifier brings along.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys that came by another way; without any, whose case it is remains
    /// claimed.
    pub keys: Vec<VerifyingKey>,
    /// A policy that must be met besides that of the case.
    pub policy: Option<Policy>,
    /// A checkpoint of the same log that was seen before.
    pub seen: Option<SignedCheckpoint>,
}

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The log, counted in entries.
    Log,
    /// The files that it names, counted in bytes.
    Files,
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being read.
    pub step: Step,
    /// How much of it was.
    pub done: u64,
    /// How much there is, as the case says.
    pub total: u64,
}

/// A question that cannot be answered.
#[derive(Debug)]
pub enum UsageError {
    /// There is no such folder.
    Folder {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The checkpoint seen before is signed with none of the keys given, or is
    /// no checkpoint of a case.
    Seen,
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, source } => {
                write!(f, "{} is no folder of a case: {source}", path.display())
            }
            Self::Seen => f.write_str(
                "the checkpoint seen before is signed with none of the keys given; expected one \
                 that was kept from a verification of this case",
            ),
        }
    }
}

impl std::error::Error for UsageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { source, .. } => Some(source),
            Self::Seen => None,
        }
    }
}

/// The outcome of a verification.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// All that can be said, in the order of checking. There is a limit to how
    /// much is named; the rest is counted.
    pub statements: Vec<Statement>,
    /// What it is, once the owner's signature was found good. Only what the
    /// statements call proven is.
    pub about: Option<About>,
    /// The events of a release that are as they were sealed.
    pub events: Vec<DisclosedEvent>,
    /// Records, members and lines that this version does not know.
    pub not_understood: u64,
}

impl Verified {
    /// Whether nothing is broken, and no cosignature that a policy asks for is
    /// missing.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        is_valid(&self.statements)
    }
}

/// A case, or what of it is in a release.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// Name of the log.
    pub origin: String,
    /// Entries of the log.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
    /// Who signed, under the name that the parties have.
    pub owner: VerifyingKey,
    /// The parties in force.
    pub parties: Vec<Party>,
    /// The policy in force.
    pub policy: String,
    /// Examinations, by entry.
    pub examinations: Vec<(u64, Examination)>,
    /// Releases, by entry.
    pub releases: Vec<(u64, Release)>,
    /// Cells.
    pub cells: u64,
    /// Events in them; of a release, those that are in it.
    pub events: u64,
    /// Runs of days over which records lack.
    pub gaps: u64,
    /// How many records lack there.
    pub missing_records: u64,
    /// Days on which a channel has no event, and none lacks.
    pub empty_days: u64,
}

/// An event of a release that was found to be as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisclosedEvent {
    /// Entry of the record of its cell.
    pub cell: u64,
    /// Its number in the cell.
    pub index: u64,
    /// Its position among the events of the release, from 0.
    pub position: u64,
    /// The product of its cell.
    pub product: String,
    /// The host of its cell.
    pub host: String,
    /// The channel of its cell.
    pub channel: String,
    /// Where and when.
    pub head: EventHead,
    /// Names (as the event has them) and values (JSON) of the fields that are
    /// disclosed.
    pub fields: Vec<(String, String)>,
    /// How many fields are withheld; `None` of a whole event that is.
    pub withheld: Option<u64>,
    /// Their names, if these are proven or claimed.
    pub withheld_names: Option<Vec<String>>,
    /// Whether the names are proven.
    pub names_proven: bool,
}
