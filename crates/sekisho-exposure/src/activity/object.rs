//! Things that can be touched, and lost.

use crate::names::{Name, Names};

/// A thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// A file or folder: the host it lies on, and its path there (`C:\…`,
    /// `/etc/…`).
    File {
        /// Where it lies.
        host: Option<Name>,
        /// The path on that host; a bare file name where no more is known.
        path: Name,
    },
    /// A file in a share, by the share's name and the path below it. With
    /// `local`, the folder that is shared.
    Shared {
        /// The host that shares it.
        host: Option<Name>,
        /// The share: `Plans`, `C$`, `IPC$`; empty where a sensor saw a file go
        /// over a share, and not over which.
        share: Name,
        /// Path below the share, with backslashes; empty for the share itself.
        path: Name,
        /// The shared folder on the host, where the record says it.
        local: Option<Name>,
    },
    /// Mail: a mailbox, a folder in it, a message in that.
    Mail {
        /// Whose mailbox, by its address.
        mailbox: Name,
        /// Folder; `None` where not said.
        folder: Option<Name>,
        /// Message id; `None` where not said, or for all of a folder.
        message: Option<Name>,
    },
    /// An object in a bucket, or the bucket itself.
    Bucket {
        /// Name of the bucket.
        bucket: Name,
        /// Key of the object.
        key: Option<Name>,
    },
    /// A document or a site of a collaboration service, by address.
    Site {
        /// Whole address.
        url: Name,
    },
    /// A secret or a parameter, by whatever the record names it with.
    Secret {
        /// Id, name or ARN.
        id: Name,
    },
    /// A snapshot or image of a disk or database.
    Snapshot {
        /// Its id.
        id: Name,
    },
    /// The means to be somebody: a password, a key, a hash, a ticket.
    Credential {
        /// Whose ([`Names::account`](crate::names::Names::account)).
        account: Name,
    },
    /// A registry key.
    Registry {
        /// On which host.
        host: Option<Name>,
        /// Whole path.
        key: Name,
    },
    /// A directory (of accounts): Active Directory, a tenant's, a cloud's.
    Directory {
        /// Domain or realm.
        realm: Name,
    },
    /// Something of a service that has no kind of its own: the service and
    /// what it calls the thing.
    Other {
        /// The service.
        service: Name,
        /// The thing.
        id: Name,
    },
}

impl Object {
    /// Names its host by what `host` gives for it.
    pub fn resolve(&mut self, host: &dyn Fn(Option<Name>) -> Option<Name>) {
        if let Self::File { host: of, .. }
        | Self::Shared { host: of, .. }
        | Self::Registry { host: of, .. } = self
        {
            *of = host(*of);
        }
    }

    /// The host on which it lies, where it lies on one.
    #[must_use]
    pub fn host(&self) -> Option<Name> {
        match self {
            Self::File { host, .. } | Self::Shared { host, .. } | Self::Registry { host, .. } => {
                *host
            }
            _ => None,
        }
    }

    /// The path on its host, for a file in a share whose folder is known: by
    /// the record, or since it is the root of a drive.
    #[must_use]
    pub fn local_path(&self, names: &Names) -> Option<String> {
        let Self::Shared { share, path, local, .. } = self else { return None };
        let path = names.folded(*path).trim_start_matches('\\');
        let root = match (local, names.folded(*share)) {
            (Some(local), _) => names.folded(*local).trim_start_matches("\\??\\").to_owned(),
            (None, "admin$") => "c:\\windows".to_owned(),
            (None, drive) => {
                let letter = drive.strip_suffix('$').filter(|letter| letter.len() == 1)?;
                format!("{letter}:")
            }
        };
        Some(format!("{}\\{path}", root.trim_end_matches('\\')))
    }
}
