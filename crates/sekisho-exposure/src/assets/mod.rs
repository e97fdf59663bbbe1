//! Assets: what is to be protected, as `assets.toml` declares it.

use crate::answer::Notice;
use crate::names::Names;

/// All declared assets.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// In the order of declaration.
    pub all: Vec<Asset>,
}

/// One of them.
#[derive(Clone, Debug, Default)]
pub struct Asset {
    /// Its id, unique.
    pub id: String,
}

impl Assets {
    /// Reads `assets.toml`. What cannot be used is named in a notice; an asset
    /// none of whose places can be used stays, and nothing can be determined
    /// of it.
    ///
    /// # Errors
    ///
    /// Text that is no TOML, in words with the line.
    pub fn parse(_text: &str, _names: &mut Names) -> Result<(Self, Vec<Notice>), String> {
        Ok((Self::default(), Vec::new()))
    }
}
