//! The estate: hosts, their names and addresses, networks; declared in
//! `estate.toml`, or learned from the logs.

use crate::answer::Notice;
use crate::names::Names;

/// What `estate.toml` declares.
#[derive(Clone, Debug, Default)]
pub struct Declared {}

impl Declared {
    /// Reads `estate.toml`.
    ///
    /// # Errors
    ///
    /// Text that is no TOML, in words with the line.
    pub fn parse(_text: &str, _names: &mut Names) -> Result<(Self, Vec<Notice>), String> {
        Ok((Self::default(), Vec::new()))
    }
}
