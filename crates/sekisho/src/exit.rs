//! What the program's exit code says.

use std::fmt;

/// Exit codes of all verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, with findings or without.
    Done = 0,
    /// Done, with findings at or above the level that `--fail-on` names.
    Findings = 1,
    /// Failed: nothing can be said.
    Failed = 2,
    /// Denied by policy.
    Denied = 3,
    /// The case is invalid.
    Invalid = 4,
}

/// Why a verb does not go on with a case or a release: it is not what its owner
/// sealed. The program then ends with [`Exit::Invalid`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
