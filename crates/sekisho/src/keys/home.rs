//! The home folder: where keys, and what is remembered between runs, live.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::guarded::{self, Access};
use super::name::KeyName;

/// The variable that names the home folder.
pub const HOME_VARIABLE: &str = "SEKISHO_HOME";

/// The home folder. Nothing in it need exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home folder at a path.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The home folder that the environment names: `SEKISHO_HOME`, else `sekisho` in the
    /// platform's folder for settings.
    ///
    /// # Errors
    ///
    /// If the environment names none.
    pub fn from_environment() -> Result<Self> {
        Self::named_by(cfg!(windows), &|name| std::env::var_os(name))
    }

    fn named_by(windows: bool, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // By the XDG specification a relative path is to be passed over.
        let absolute = |name| path(name).filter(|path| path.has_root());
        let settings = if windows {
            absolute("APPDATA")
        } else {
            absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))
        };
        match path(HOME_VARIABLE).or_else(|| Some(settings?.join("sekisho"))) {
            Some(root) => Ok(Self { root }),
            None => bail!(
                "there is no folder for keys: neither {HOME_VARIABLE} nor the user's home folder is \
                 known; set {HOME_VARIABLE} to a folder that is yours alone"
            ),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The file of a key.
    #[must_use]
    pub fn key_file(&self, name: &KeyName) -> PathBuf {
        self.keys().join(format!("{name}.key"))
    }

    /// The file that names the default key.
    #[must_use]
    pub fn default_file(&self) -> PathBuf {
        self.root.join("default")
    }

    /// The file with the generated passphrase.
    #[must_use]
    pub fn passphrase_file(&self) -> PathBuf {
        self.root.join("passphrase")
    }

    /// What a witness cosigned of each log.
    #[must_use]
    pub fn witness(&self) -> PathBuf {
        self.root.join("witness")
    }

    /// What was signed last of each log of our own cases.
    #[must_use]
    pub fn signed(&self) -> PathBuf {
        self.root.join("signed")
    }

    /// Makes a folder in the home folder, in which nobody else can write.
    ///
    /// # Errors
    ///
    /// If it cannot be made, or others may write in it.
    pub fn prepare_folder(&self, folder: &Path) -> Result<()> {
        guarded::make_folder(&self.root, Access::Public, HOME_VARIABLE)?;
        guarded::make_folder(folder, Access::Public, HOME_VARIABLE)
    }

    /// Makes the folder of the keys, and all above it, for nobody but the user.
    ///
    /// # Errors
    ///
    /// If it cannot be made, or others may write in it.
    pub fn prepare(&self) -> Result<()> {
        guarded::make_folder(&self.root, Access::Public, HOME_VARIABLE)?;
        guarded::make_folder(&self.keys(), Access::Secret, HOME_VARIABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(windows: bool, variables: &[(&str, &str)]) -> Option<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let home = Home::named_by(windows, &variable).ok()?;
        Some(home.root().to_str().unwrap().replace('\\', "/"))
    }

    #[test]
    fn the_first_variable_that_says_something_counts() {
        let all = [("SEKISHO_HOME", "s"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(home(false, &all).unwrap(), "s");
        assert_eq!(home(false, &all[1..]).unwrap(), "/x/sekisho");
        assert_eq!(home(false, &all[2..]).unwrap(), "/h/.config/sekisho");
        let relative = [("SEKISHO_HOME", ""), ("XDG_CONFIG_HOME", "x"), ("HOME", "/h")];
        assert_eq!(home(false, &relative).unwrap(), "/h/.config/sekisho");
        assert_eq!(home(true, &[("APPDATA", "/a"), ("HOME", "/h")]).unwrap(), "/a/sekisho");
        assert_eq!(home(true, &[("HOME", "/h")]), None);
        assert_eq!(home(false, &[]), None);
    }
}
