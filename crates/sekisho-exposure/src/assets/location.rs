//! Places: where an asset lies.

use super::fit::{Fit, HostRef, Match, Seen, View};
use super::{
    Account, BucketPattern, Folder, Glob, Mailbox, Message, PathPattern, Resource, SitePattern,
};
use crate::activity::Object;
use crate::names::Name;

/// One declared place.
#[derive(Clone, Debug)]
pub struct Location {
    /// Where.
    pub place: Place,
    /// As it is shown: `FS01 D:\Plans\**`.
    pub text: String,
}

/// Where an asset lies.
#[derive(Clone, Debug)]
pub enum Place {
    /// Everything on a host.
    Host(Host),
    /// Files of a host, by their path on it.
    Path {
        /// Which host.
        host: Host,
        /// Which files.
        path: PathPattern,
    },
    /// Files in a share.
    Share {
        /// The host that shares them.
        host: Host,
        /// The share's name.
        share: Glob,
        /// Files in it, by the path below the share.
        path: PathPattern,
    },
    /// Mail.
    Mail {
        /// Whose.
        mailbox: Mailbox,
        /// In which folder; `None` for all.
        folder: Option<Folder>,
        /// Which message; `None` for all.
        message: Option<Message>,
    },
    /// Objects in a bucket.
    Bucket(BucketPattern),
    /// Documents of a collaboration service.
    Site(SitePattern),
    /// A secret or a parameter.
    Secret(Resource),
    /// A snapshot or image.
    Snapshot(Resource),
    /// The means to be somebody.
    Credential(Account),
}

/// What kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "as in Place")]
pub enum Kind {
    Host,
    Path,
    Share,
    Mail,
    Bucket,
    Site,
    Secret,
    Snapshot,
    Credential,
}

/// A host, or a pattern of hosts.
#[derive(Clone, Debug)]
pub enum Host {
    /// One host or address.
    One(Name),
    /// Those whose name fits.
    Like(Glob),
}

/// Whether something is on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnHost {
    Yes,
    /// Where it lies is not known.
    Unknown,
    No,
}

impl Host {
    /// The host, unless it is a pattern.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        match self {
            Self::One(name) => Some(*name),
            Self::Like(_) => None,
        }
    }

    /// Whether it is this host, or one of these.
    #[must_use]
    pub fn is(&self, host: Name, view: &View<'_>) -> bool {
        let known = (view.hosts)(host);
        match self {
            Self::One(own) => *own == host || *own == known || (view.hosts)(*own) == known,
            Self::Like(glob) => [host, known].iter().any(|n| glob.matches(view.names.folded(*n))),
        }
    }

    pub(super) fn holds(&self, host: HostRef<'_>, view: &View<'_>) -> OnHost {
        let is = match host {
            HostRef::Unknown => return OnHost::Unknown,
            HostRef::Name(name) => self.is(name, view),
            HostRef::Text(text) => match self {
                Self::One(own) => view.names.folded(*own) == text,
                Self::Like(glob) => glob.matches(text),
            },
        };
        if is { OnHost::Yes } else { OnHost::No }
    }
}

impl Place {
    /// What kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Host(_) => Kind::Host,
            Self::Path { .. } => Kind::Path,
            Self::Share { .. } => Kind::Share,
            Self::Mail { .. } => Kind::Mail,
            Self::Bucket(_) => Kind::Bucket,
            Self::Site(_) => Kind::Site,
            Self::Secret(_) => Kind::Secret,
            Self::Snapshot(_) => Kind::Snapshot,
            Self::Credential(_) => Kind::Credential,
        }
    }

    /// The host on which it is, for places on hosts.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        match self {
            Self::Host(host) | Self::Path { host, .. } | Self::Share { host, .. } => Some(host),
            _ => None,
        }
    }

    /// The secret or snapshot that it is.
    #[must_use]
    pub(crate) fn resource(&self) -> Option<&Resource> {
        match self {
            Self::Secret(resource) | Self::Snapshot(resource) => Some(resource),
            _ => None,
        }
    }

    /// The name of the file, in lower case, where it is one file by name.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        match self {
            Self::Path { path, .. } | Self::Share { path, .. } => path.file_name(),
            Self::Bucket(bucket) => bucket.file_name(),
            Self::Site(site) => site.file_name(),
            _ => None,
        }
    }

    /// Whether a container is certainly the one in which it lies.
    pub(crate) fn lies_in(&self, container: &Object, view: &View<'_>) -> bool {
        let found = self.matches(&Seen::of(container, view), false, view);
        let own = match (self, container) {
            (Self::Site(site), Object::Site { url }) => site.is_in(view.names.folded(*url)),
            _ => true,
        };
        own && found.certain && found.fit >= Fit::Contains
    }

    /// Whether a thing is certainly it.
    pub(crate) fn is(&self, object: &Object, view: &View<'_>) -> bool {
        let found = self.matches(&Seen::of(object, view), false, view);
        found.certain && found.fit.is_touch()
    }

    /// Whether its name can be that of something in AWS.
    pub(crate) fn can_be_of_aws(&self) -> bool {
        match self {
            Self::Bucket(bucket) => bucket.can_be_of_aws(),
            Self::Secret(resource) | Self::Snapshot(resource) => resource.can_be_of_aws(),
            _ => true,
        }
    }

    /// How a thing relates to it.
    pub(super) fn matches(&self, seen: &Seen<'_>, whole: bool, view: &View<'_>) -> Match {
        match self {
            Self::Host(host) => seen.on_host(host, whole, view),
            Self::Path { host, path } => seen.in_path(host, path, whole, view),
            Self::Share { host, share, path } => seen.in_share(host, share, path, whole, view),
            Self::Mail { mailbox, folder, message } => {
                seen.in_mail(mailbox, folder.as_ref(), message.as_ref(), whole, view)
            }
            Self::Bucket(bucket) => seen.in_bucket(bucket, whole, view),
            Self::Site(site) => seen.in_site(site, whole, view),
            Self::Secret(secret) => seen.in_secret(secret, whole, view),
            Self::Snapshot(snapshot) => seen.is_snapshot(snapshot, view),
            Self::Credential(account) => seen.is_credential(account, whole, view),
        }
    }
}
