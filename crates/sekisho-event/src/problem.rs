//! What could not be read: counted and named, and nothing else is lost by it.

/// One thing that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Byte offset in the (decompressed) source at which it was noticed.
    pub offset: u64,
    /// What is wrong, in lower case, one line.
    pub what: String,
    /// What was expected there, or what can be done about it.
    pub expected: String,
}

impl Problem {
    /// A problem at an offset.
    pub fn new(offset: u64, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { offset, what: what.into(), expected: expected.into() }
    }
}

/// The problems of one block: the first ones in full, the rest as a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// At most [`BLOCK_PROBLEMS_MAX`](crate::limits::BLOCK_PROBLEMS_MAX).
    pub named: Vec<Problem>,
    /// How many more there were.
    pub more: u64,
}

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        if self.named.len() < crate::limits::BLOCK_PROBLEMS_MAX {
            self.named.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// How many there were in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.named.len() as u64 + self.more
    }
}
