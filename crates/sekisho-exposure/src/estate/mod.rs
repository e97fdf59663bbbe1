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

// DRAFT until the estate lands.
/// d
#[derive(Debug, Default)]
pub struct Estate {}
/// d
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// d
    Yes,
    /// d
    No,
    /// d
    Unknown,
}
impl Estate {
    /// d
    #[must_use]
    pub fn canonical(&self, name: crate::names::Name, _time: i64) -> crate::names::Name {
        name
    }
    /// d
    #[must_use]
    pub fn host_at(&self, _name: crate::names::Name, _time: i64) -> Option<crate::names::Name> {
        None
    }
    /// d
    #[must_use]
    pub fn inside(&self, _name: crate::names::Name) -> Inside {
        Inside::Unknown
    }
}
