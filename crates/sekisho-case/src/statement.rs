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
    /// The whole of what was given.
    All,
    /// A file in the case or release, by its path there.
    File(String),
    /// The checkpoint.
    Checkpoint,
    /// The cosignatures of the checkpoint: of a witness, or those that a policy
    /// asks for.
    Cosignature(String),
    /// An entry of the log.
    Entry(u64),
    /// The cell whose record is in an entry of the log.
    Cell(u64),
    /// An event of a cell.
    Event {
        /// Entry of the record of the cell.
        cell: u64,
        /// Number of the event in it.
        index: u64,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::File(name) => f.write_str(name),
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Cosignature(name) => write!(f, "cosignature of {name}"),
            Self::Entry(entry) => write!(f, "entry {entry}"),
            Self::Cell(entry) => write!(f, "cell of entry {entry}"),
            Self::Event { cell, index } => write!(f, "event {index} of the cell of entry {cell}"),
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
    /// One line, in lower case.
    pub text: String,
}

impl Statement {
    /// A statement.
    pub fn new(standing: Standing, place: Place, text: impl Into<String>) -> Self {
        Self { standing, place, text: text.into() }
    }

    /// Whether nothing may be built on what was verified: something is broken,
    /// or a cosignature that the policy asks for is missing.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self.standing {
            Standing::Broken => true,
            Standing::Missing => matches!(self.place, Place::Cosignature(_)),
            Standing::Proven | Standing::Claimed => false,
        }
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
