//! What can go wrong with stored evidence, said for people.

use std::io;
use std::path::{Path, PathBuf};

/// Why stored evidence could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {what}; expected {expected}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What was expected in its place.
        expected: &'static str,
    },
    /// Evidence could not be turned into a segment.
    #[error("encoding the segment {name}: {what}")]
    Encoding {
        /// Which segment.
        name: String,
        /// What is wrong.
        what: String,
    },
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }
}

/// What is wrong with the bytes of a file, before it is known which.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) what: String,
    pub(crate) expected: &'static str,
}

impl Flaw {
    pub(crate) fn new(what: impl Into<String>, expected: &'static str) -> Self {
        Self { what: what.into(), expected }
    }

    pub(crate) fn of(self, path: &Path) -> Error {
        Error::Damaged { path: path.to_owned(), what: self.what, expected: self.expected }
    }
}
