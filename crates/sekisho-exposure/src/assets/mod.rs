//! Assets: what is to be protected, as `assets.toml` declares it, and whether a
//! thing that was touched is one of them.
//!
//! ```toml
//! [[asset]]
//! id = "plans-2024"
//! name = "Evaluation of deficiencies"
//! classification = "secret"
//! size_bytes = 12_000_000
//! sha256 = ["…"]
//! locations = [
//!   { host = "FS01", path = 'D:\Plans\**' },
//!   { share = '\\FS01\Plans\**' },
//!   { mailbox = "staff@example.org", folder = "Inbox", message = "…" },
//!   { bucket = "plans", prefix = "2024/" },          # or key = "2024/a.pdf"
//!   { site = "https://example.sharepoint.com/sites/plans", path = "**" },
//!   { secret = "arn:aws:secretsmanager:…" },
//!   { snapshot = "snap-…" },
//!   { credential = "krbtgt@example.org" },
//!   { host = "DC01" },
//! ]
//! ```
//!
//! Patterns: `*` and `?` within a component, `[..]` for one of several
//! characters, `**` for any depth. What lies below something that fits is in
//! it: `D:\Plans`, `D:\Plans\**` and `D:\Plans\*` all cover
//! `D:\Plans\x\y.txt`, and the first two the folder itself. Everything is
//! compared without regard to case, `/` and `\` are alike.
//!
//! Nothing is dropped in silence: what cannot be read is named in a notice and
//! counted in [`Asset::unread`]. Of an asset with such a place nothing can be
//! ruled out.

mod declared;
mod fit;
mod glob;
mod index;
mod location;
mod mail;
mod parse;
mod path;
mod pattern;
pub(crate) mod reading;
mod shares;
mod site;
mod store;
mod tree;

pub(crate) use fit::drive_share;
pub use fit::{Fit, Match, View};
pub use glob::Glob;
pub use index::{Found, Index};
pub use location::{Host, Kind, Location, Place};
pub(crate) use mail::{ALL, SOME, is_one_folder};
pub use mail::{Folder, Mailbox, Message};
pub use pattern::PathPattern;
pub use shares::Shares;
pub use site::SitePattern;
pub use store::{Account, BucketPattern, Resource};

use crate::activity::Object;
use crate::answer::Notice;
use crate::names::{Name, Names};

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
    /// What people call it.
    pub name: Option<String>,
    /// How secret it is, in the owner's words.
    pub classification: Option<String>,
    /// Its size; bounds of volume can speak only where it is known.
    pub size_bytes: Option<u64>,
    /// Digests of its content (SHA-256, SHA-1 or MD5), in hex.
    pub hashes: Vec<Name>,
    /// Where it lies.
    pub locations: Vec<Location>,
    /// Declared places that could not be read. Where there are any, the asset
    /// also lies where nobody looks, and nothing can be ruled out.
    pub unread: usize,
    /// The line of its declaration, from 1.
    pub line: usize,
}

impl Assets {
    /// Reads `assets.toml`. What cannot be used is named in a notice; an asset
    /// none of whose places can be used stays, and nothing can be determined
    /// of it.
    ///
    /// # Errors
    ///
    /// Text that is no TOML, in words with the line.
    pub fn parse(text: &str, names: &mut Names) -> Result<(Self, Vec<Notice>), String> {
        parse::parse(text, names)
    }

    /// The assets, made ready for many questions ([`Index::find`]). `hosts` gives
    /// the one name of a host or address ([`Estate::canonical`](crate::estate::Estate::canonical)).
    #[must_use]
    pub fn index(&self, view: &View<'_>) -> Index {
        Index::of(self, view)
    }
}

impl Asset {
    /// Whether any of its places can be used.
    #[must_use]
    pub fn usable(&self) -> bool {
        !self.locations.is_empty()
    }

    /// Whether all of its declared places can be used: only then can it be
    /// ruled out.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.usable() && self.unread == 0
    }

    /// How a thing that was touched relates to the asset: the strongest of its
    /// places. `whole` is that of the touch ([`Touch::whole`](crate::activity::Touch::whole)):
    /// all that is in the thing, too.
    ///
    /// For many things use [`Assets::index`].
    #[must_use]
    pub fn matches(&self, object: &Object, whole: bool, view: &View<'_>) -> Match {
        let seen = fit::Seen::of(object, view);
        let fits = self.locations.iter().map(|l| l.place.matches(&seen, whole, view));
        fits.max().unwrap_or_default()
    }

    /// Keys of the hosts on which it is declared to lie (as declared; not those
    /// given by a pattern).
    pub fn host_names(&self) -> impl Iterator<Item = Name> + '_ {
        self.locations.iter().filter_map(|l| l.place.host()?.name())
    }

    /// Names of its files (last components without wildcards, in lower case):
    /// what a sensor may see of it in an upload.
    pub fn file_names(&self) -> impl Iterator<Item = &str> + '_ {
        self.locations.iter().filter_map(|l| l.place.file_name())
    }

    /// The accounts whose credentials it is.
    pub fn credentials(&self) -> impl Iterator<Item = &Account> + '_ {
        self.locations.iter().filter_map(|l| match &l.place {
            Place::Credential(account) => Some(account),
            _ => None,
        })
    }

    /// Whether it is a credential and nothing else.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.usable() && self.locations.iter().all(|l| l.place.kind() == Kind::Credential)
    }

    /// Whether a whole host is one of its places.
    #[must_use]
    pub fn has_whole_host(&self) -> bool {
        self.locations.iter().any(|l| l.place.kind() == Kind::Host)
    }
}

#[cfg(test)]
mod tests;
