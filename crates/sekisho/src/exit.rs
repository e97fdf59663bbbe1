//! What the program's exit code says.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use sekisho_case::log::LogError;

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

/// Whether an error says that a case or a release is not what was sealed.
pub(crate) fn says_invalid(error: &anyhow::Error) -> bool {
    let of_log = |e: &(dyn std::error::Error + 'static)| {
        e.downcast_ref::<LogError>().is_some_and(LogError::is_invalid)
    };
    error.downcast_ref::<Invalid>().is_some() || error.chain().any(of_log)
}

/// Names the case, and what to do, where something was found not to be what was
/// sealed into its log.
pub(crate) fn in_case<T>(case: &Path, done: Result<T>) -> Result<T> {
    done.map_err(|error| {
        if error.downcast_ref::<Invalid>().is_some() || !says_invalid(&error) {
            return error;
        }
        let case = case.display();
        error.context(Invalid(format!(
            "the case {case} is not as it was sealed: `sekisho verify {case}` says all that is \
             damaged; go on from an intact copy of it"
        )))
    })
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
