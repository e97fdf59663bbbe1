//! Where bytes come from: folders, files, compressed files and archives. What
//! cannot be opened is a named problem and nothing else is lost by it.

pub mod archive;
pub mod bytes;
pub mod dates;
pub mod hash;
pub mod host;
pub mod limits;
pub mod open;
pub mod series;
pub mod tar;
pub mod walk;
pub mod zip;
mod zstd;

use std::path::Path;
use std::sync::Arc;

/// How the bytes of a file or member are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Not at all.
    Plain,
    /// gzip; several members after one another are one source.
    Gzip,
    /// Zstandard; several frames after one another are one source.
    Zstd,
}

/// What says when a log was last written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatedBy {
    /// The name of the file, or of its folders.
    Path,
    /// The archive that it is in.
    Archive,
    /// The header of its gzip stream.
    Gzip,
    /// The time at which the file was last changed.
    File,
}

impl DatedBy {
    /// For programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Archive => "archive",
            Self::Gzip => "gzip",
            Self::File => "file",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Path => "the date in its path",
            Self::Archive => "its time in the archive",
            Self::Gzip => "the time in its gzip header",
            Self::File => "the time at which the file was last changed",
        }
    }
}

/// One log to be read: a file or a member of an archive.
#[derive(Clone, Debug)]
pub struct Source {
    /// As shown to people: the path as it was reached, and behind a `!` the
    /// member of an archive.
    pub path: String,
    /// File on disk.
    pub file: Arc<Path>,
    /// Number of the file on disk in [`walk::Inventory::files`].
    pub file_number: usize,
    /// The member of an archive that it is.
    pub member: Option<archive::Member>,
    /// How its bytes are wrapped.
    pub wrapping: Wrapping,
    /// Name without folders and without the ending of the wrapping.
    pub name: String,
    /// Bytes of the file, or of the member as its archive says.
    pub bytes: u64,
    /// Bytes that it takes on disk or in its archive.
    pub stored_bytes: u64,
    /// The host that its path names.
    pub host: Option<String>,
    /// No record in it was written after this: nanoseconds since 1970.
    pub written_before: Option<i64>,
    /// What says so.
    pub dated_by: Option<DatedBy>,
    /// The log of which it is one of several files (`auth.log`, `auth.log.1`).
    pub series: Option<Arc<str>>,
    /// Where it is the first piece of a log that was split: the numbers of the
    /// sources that continue it by their names, in order.
    pub pieces: Vec<usize>,
}

/// Something that could not be read, with where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct SourceProblem {
    /// Path of the source.
    pub path: String,
    /// Byte offset in the decompressed source, where known.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// What was expected, or what to do.
    pub expected: String,
}
