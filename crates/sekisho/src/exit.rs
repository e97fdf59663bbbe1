//! What the program's exit code says.

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

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
