//! What a verification says: statements, each about a place, each with what it
//! rests on.

use std::fmt;

/// What a statement rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It follows from hashes and signatures that were checked.
    Proven,
    /// Someone says so, and signed that; nothing here shows it.
    Claimed,
    /// What would be needed to tell is not here.
    Missing,
    /// It contradicts what was sealed, or cannot be read.
    Broken,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Proven => "proven",
            Self::Claimed => "claimed",
            Self::Missing => "missing",
            Self::Broken => "broken",
        })
    }
}

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The checkpoint: signatures, policy, root of the log, forks.
    Checkpoint,
    /// An entry of the log.
    Entry(u64),
    /// The leaves of the cell of that number.
    Cell(u32),
    /// A file, by its path in the case or release.
    File(String),
    /// The zip that a release is.
    Zip,
    /// An event of a release, by its position there.
    Event(u64),
    /// The whole log of a case.
    Log,
    /// The whole of a release.
    Release,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Entry(entry) => write!(f, "entry {entry}"),
            Self::Cell(number) => write!(f, "cell {number}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Zip => f.write_str("zip"),
            Self::Event(position) => write!(f, "event {position}"),
            Self::Log => f.write_str("log"),
            Self::Release => f.write_str("release"),
        }
    }
}

/// One thing that a verification says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    /// What it rests on.
    pub standing: Standing,
    /// What it is about.
    pub place: Place,
    /// One line, in lower case. It may quote foreign text, escaped.
    pub text: String,
    /// Of what is missing: nothing is valid without it.
    pub required: bool,
}

impl Statement {
    /// A statement.
    pub fn new(standing: Standing, place: Place, text: impl Into<String>) -> Self {
        Self { standing, place, text: text.into(), required: false }
    }

    /// Something missing without which nothing is valid: a cosignature that a
    /// policy asks for.
    pub fn required(place: Place, text: impl Into<String>) -> Self {
        Self { required: true, ..Self::new(Standing::Missing, place, text) }
    }

    /// Whether nothing may be built on what was verified: something is broken,
    /// or a cosignature that a policy asks for is missing.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.standing == Standing::Broken || self.required
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.standing, self.place, self.text)
    }
}

/// Whether what was verified is valid.
#[must_use]
pub fn is_valid(statements: &[Statement]) -> bool {
    !statements.iter().any(Statement::is_fatal)
}
