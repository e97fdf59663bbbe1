//! What can be wrong with a log.

use std::fmt;
use std::path::PathBuf;

use crate::durable::DiskError;
use crate::error::Malformed;
use crate::hash::{Hash, shown};
use crate::note::NotSigned;
use crate::tile::Tile;

/// Why a log could not be read or written.
#[derive(Debug)]
pub enum LogError {
    /// The disk failed, or may not be read or written.
    Disk(DiskError),
    /// A file is not in its format.
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: Malformed,
    },
    /// There is no published checkpoint.
    NotPublished {
        /// Where it should be.
        path: PathBuf,
    },
    /// There is a log where a new one should begin.
    Exists {
        /// Its checkpoint.
        path: PathBuf,
    },
    /// Another writer is at work.
    Locked {
        /// The file that it has locked.
        path: PathBuf,
    },
    /// A checkpoint is not signed by the owner of the log.
    Unsigned {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        why: NotSigned,
    },
    /// Two signed checkpoints of this log cannot both be true.
    Contradiction {
        /// The one that is not published.
        path: PathBuf,
        /// What it says of a size.
        found: Hash,
        /// What the published one says.
        published: Hash,
        /// Of which size.
        size: u64,
    },
    /// The key is not the one with which this log is signed.
    OtherKey {
        /// The origin of the log.
        origin: String,
    },
    /// What was asked for is not published.
    Beyond {
        /// An entry, or a number of them.
        wanted: u64,
        /// How many there are.
        size: u64,
    },
    /// An entry cannot be written.
    Entry(Malformed),
    /// Bytes do not fit the root that was signed.
    Damaged(Damage),
    /// The writer failed before; nothing more is done with it.
    Failed,
}

/// Bytes that do not fit the root that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub what: String,
}

/// A place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An entry.
    Entry(u64),
    /// One hash of a tile.
    Hash(Tile, u16),
    /// A tile as a whole.
    Tile(Tile),
    /// The root in the checkpoint.
    Root,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(index) => write!(f, "entry {index}"),
            Self::Hash(tile, at) => write!(f, "hash {at} of {tile}"),
            Self::Tile(tile) => write!(f, "{tile}"),
            Self::Root => f.write_str("the root"),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(e) => e.fmt(f),
            Self::Malformed { path, what } => write!(f, "{}: {what}", path.display()),
            Self::NotPublished { path } => {
                write!(f, "there is no published case: {} is missing", path.display())
            }
            Self::Exists { path } => {
                write!(f, "there is a case already: {} exists", path.display())
            }
            Self::Locked { path } => write!(
                f,
                "another process is writing this case: {} is locked; wait until it is done",
                path.display()
            ),
            Self::Unsigned { path, why } => write!(f, "{}: {why}", path.display()),
            Self::Contradiction { path, found, published, size } => write!(
                f,
                "{}: for {size} entries it leads to the root {found}, but {published} is \
                 published; keep both files, they are evidence",
                path.display()
            ),
            Self::OtherKey { origin } => {
                write!(f, "this is not the key with which {} is signed", shown(origin))
            }
            Self::Beyond { wanted, size } => {
                write!(f, "{wanted} is beyond what is published, which are {size} entries")
            }
            Self::Entry(e) => e.fmt(f),
            Self::Damaged(damage) => write!(f, "damaged: {damage}"),
            Self::Failed => f.write_str(
                "an earlier step of this writer failed; what was published is safe, open it anew",
            ),
        }
    }
}

impl LogError {
    /// Whether it says that what is there is not what was sealed, rather than
    /// that something could not be done.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        match self {
            Self::Damaged(_) | Self::Malformed { .. } | Self::Contradiction { .. } => true,
            Self::Disk(_)
            | Self::NotPublished { .. }
            | Self::Exists { .. }
            | Self::Locked { .. }
            | Self::Unsigned { .. }
            | Self::OtherKey { .. }
            | Self::Beyond { .. }
            | Self::Entry(_)
            | Self::Failed => false,
        }
    }
}

impl std::error::Error for LogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(e) => e.source(),
            _ => None,
        }
    }
}

impl From<DiskError> for LogError {
    fn from(e: DiskError) -> Self {
        Self::Disk(e)
    }
}
