//! Where bytes come from: folders, files, compressed files and archives. What
//! cannot be opened is a named problem and nothing else is lost by it.

pub mod hash;
pub mod open;
pub mod walk;

use std::path::PathBuf;

/// How the bytes of a file are wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Not at all.
    Plain,
    /// gzip; several members after one another are one source.
    Gzip,
    /// Zstandard; several frames after one another are one source.
    Zstd,
    /// Member of a zip archive, by its number, and how it is wrapped in turn.
    ZipMember(usize, Box<Wrapping>),
}

/// One log to be read: a file or a member of an archive.
#[derive(Clone, Debug)]
pub struct Source {
    /// As shown to people: the path as it was reached, and behind a `!` the
    /// member of an archive.
    pub path: String,
    /// File on disk.
    pub file: PathBuf,
    /// Number of the file on disk in [`walk::Inventory::files`].
    pub file_number: usize,
    /// How its bytes are wrapped.
    pub wrapping: Wrapping,
    /// Name without folders and without the ending of the wrapping.
    pub name: String,
    /// Bytes of the file or member as stored.
    pub bytes: u64,
    /// The host that its path names.
    pub host: Option<String>,
    /// No record in it was written after this: nanoseconds since 1970.
    pub written_before: Option<i64>,
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
