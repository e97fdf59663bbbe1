//! Which folder of a host is shared by which name.

use hashbrown::HashMap;

use super::path::{self, Root};
use crate::activity::{Activity, Object, What};
use crate::names::{Name, Names, folded};

/// Shares and their folders, by host.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    by_host: HashMap<Name, HashMap<Box<str>, Vec<Box<str>>>>,
}

impl Shares {
    /// Those that records name with their folder (Windows 5140, 5145).
    #[must_use]
    pub fn learn(activities: &[Activity], names: &Names, hosts: &dyn Fn(Name) -> Name) -> Self {
        let mut shares = Self::default();
        let mut last = None;
        for activity in activities {
            let What::Touch(touch) = &activity.what else { continue };
            let Object::Shared { host: Some(host), share, local: Some(local), .. } = touch.object
            else {
                continue;
            };
            // The same share comes in runs.
            if last.replace((host, share, local)) != Some((host, share, local)) {
                shares.add(hosts(host), names.folded(share), names.folded(local));
            }
        }
        shares
    }

    /// Adds a share that a record names. A folder without a letter of a drive
    /// says nothing; of two for one name, the one that comes first in the
    /// alphabet is kept.
    fn add(&mut self, host: Name, share: &str, folder: &str) {
        let Some((share, parts)) = taken_apart(share, folder) else { return };
        let kept =
            self.by_host.entry(host).or_default().entry(share).or_insert_with(|| parts.clone());
        if parts < *kept {
            *kept = parts;
        }
    }

    /// Adds a share that is declared.
    pub(crate) fn declare(&mut self, host: Name, share: &str, folder: &str) {
        if let Some((share, parts)) = taken_apart(share, folder) {
            self.by_host.entry(host).or_default().insert(share, parts);
        }
    }

    /// Whether a folder can be declared: with its drive, or from the root.
    pub(crate) fn can_be(folder: &str) -> bool {
        taken_apart("", folder).is_some()
    }

    /// The folder of a share as components, drive or root first. `host` is the
    /// host's one name, `share` in lower case.
    #[must_use]
    pub fn folder(&self, host: Name, share: &str) -> Option<&[Box<str>]> {
        self.by_host.get(&host)?.get(share).map(Vec::as_slice)
    }
}

/// A share's name, and its folder as components.
fn taken_apart(share: &str, folder: &str) -> Option<(Box<str>, Vec<Box<str>>)> {
    let share = folded(share);
    let share = share.trim_end_matches(['\\', '/']);
    let share = share.rsplit(['\\', '/']).next().unwrap_or(share);
    let folder = folded(folder);
    let parsed = path::parse(&folder);
    let root: &[&str] = match parsed.root {
        Root::Drive => &[],
        Root::Unix => &["/"],
        Root::AnyDrive | Root::Unknown => return None,
    };
    let parts = root.iter().chain(&parsed.parts).map(|part| (*part).into()).collect();
    Some((share.into(), parts))
}
