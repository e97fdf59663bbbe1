//! Touches: a thing is read, written, listed, removed.

use super::Object;
use crate::names::Name;

/// What was done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TouchKind {
    /// Its name was seen (a listing, a search, an open that says no more).
    Listed,
    /// It was opened with the right to read; whether it was read is not said.
    Opened,
    /// Its content was read.
    Read,
    /// Its content was handed to the caller of a service as a copy: a
    /// download, a get of an object, a synchronised folder.
    Delivered,
    /// It was copied within the estate, or put into an archive (staged).
    Staged,
    /// It was created or written.
    Written,
    /// It was removed or renamed away.
    Deleted,
    /// Who may read it was widened: a share to outside, a public policy, a
    /// link for anyone, a delegation, a forwarding rule.
    Shared,
    /// It was refused.
    Denied,
    /// A record may be of it, and does not say what was done, or to what. It
    /// shows nothing; it keeps the thing from being ruled out. Of something
    /// that is not named, the object is [`Object::Other`] with the id `*`.
    Named,
}

/// How a touch came about: what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// The system's own record of the access.
    Recorded,
    /// A sensor saw it on the network.
    Network,
    /// A command line or script asked for it; whether it succeeded is not
    /// recorded.
    Commanded,
}

/// Of the activity, `actor` is who did it and `place` where it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Touch {
    /// What was done.
    pub kind: TouchKind,
    /// To what.
    pub object: Object,
    /// How it is known.
    pub via: Via,
    /// Bytes that were handed over, where the record says.
    pub bytes: Option<u64>,
    /// All things in it, not this one alone (a synchronised folder, a share).
    pub whole: bool,
    /// Records of this kind were held back that day; there were more.
    pub throttled: bool,
    /// Where it went: the archive, the copy, whom it was opened to.
    pub to: Option<Name>,
    /// SHA-256 of the content, in hex.
    pub sha256: Option<Name>,
}
