//! Classes of evidence: what a source can show. A verdict rests on classes,
//! not on logs: whether a file was opened is shown by one class, whether
//! somebody logged on by another.

/// What kind of thing a record can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Sessions on a host (Windows 4624, SSH, PAM).
    Logon,
    /// Processes on a host.
    Process,
    /// Access to files on a host, where its owner asked for it (SACL, audit
    /// rules).
    FileAccess,
    /// Files created or written on a host.
    FileWrite,
    /// Access to shares of a host.
    ShareAccess,
    /// Connections of a host's processes.
    HostFlow,
    /// Changes of persistence on a host: services, tasks, run keys.
    Persistence,
    /// Text run by interpreters on a host.
    Script,
    /// Tickets issued by a domain controller.
    Kerberos,
    /// Changes of accounts and rights.
    AccountChange,
    /// Access to directory objects (Windows 4662).
    DirectoryAccess,
    /// Connections that a sensor saw.
    Flow,
    /// Files and requests that a sensor saw inside of connections.
    FlowContent,
    /// Names that were asked for.
    Dns,
    /// Sign-ins to a cloud.
    SignIn,
    /// Calls that manage a cloud's things.
    CloudManagement,
    /// Calls that read or write what is in a cloud's stores.
    CloudData,
    /// Mail items accessed.
    MailAccess,
    /// Files of a collaboration service accessed.
    DocumentAccess,
    /// Changes of a mailbox: rules, delegates, forwarding.
    MailboxChange,
    /// Of none of these; that it was written shows that its log was alive.
    Other,
}

impl Class {
    /// The word for it, as answers have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Logon => "logon",
            Self::Process => "process",
            Self::FileAccess => "file-access",
            Self::FileWrite => "file-write",
            Self::ShareAccess => "share-access",
            Self::HostFlow => "host-flow",
            Self::Persistence => "persistence",
            Self::Script => "script",
            Self::Kerberos => "kerberos",
            Self::AccountChange => "account-change",
            Self::DirectoryAccess => "directory-access",
            Self::Flow => "flow",
            Self::FlowContent => "flow-content",
            Self::Dns => "dns",
            Self::SignIn => "sign-in",
            Self::CloudManagement => "cloud-management",
            Self::CloudData => "cloud-data",
            Self::MailAccess => "mail-access",
            Self::DocumentAccess => "document-access",
            Self::MailboxChange => "mailbox-change",
            Self::Other => "other",
        }
    }
}
