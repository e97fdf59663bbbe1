//! Classes of evidence: what a source can show. A verdict rests on classes,
//! not on logs: whether a file was opened is shown by one class, whether
//! somebody logged on by another.

use std::collections::BTreeSet;

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

/// The classes of which records of a log can be, as far as its name tells
/// ([`channel_of`](super::channel_of)); none where nobody reads it.
#[must_use]
pub fn shows(channel: &str) -> BTreeSet<Class> {
    use Class::{
        AccountChange, CloudData, CloudManagement, DocumentAccess, FileAccess, HostFlow, Logon,
        MailAccess, MailboxChange, Persistence, Process, SignIn,
    };
    let channel = channel.to_ascii_lowercase();
    let (product, log) = channel.split_once('/').unwrap_or((&channel, ""));
    let classes: &[Class] = match (product, log) {
        ("linux", "auditd") => &[Logon, Process, FileAccess, HostFlow, Persistence, AccountChange],
        ("linux", "sshd") => &[Logon],
        ("linux", "auth") => &[Logon, AccountChange],
        ("linux", "sudo") => &[Process],
        ("linux", "cron") => &[Persistence],
        ("aws", "cloudtrail") => &[SignIn, CloudManagement, CloudData],
        ("m365", _) => {
            &[SignIn, AccountChange, CloudManagement, MailAccess, MailboxChange, DocumentAccess]
        }
        ("azure", "auditlogs") => &[AccountChange],
        ("azure", "microsoftgraphactivitylogs" | "auditevent") => &[CloudData],
        ("azure", log) if log.ends_with("signinlogs") => &[SignIn],
        ("azure", log) if log.starts_with("storage") => &[CloudData],
        ("azure", _) => &[CloudManagement],
        ("gcp", _) => &[SignIn, CloudManagement, CloudData, DocumentAccess],
        _ => return super::windows::shows(&channel),
    };
    classes.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_can_show_is_known_by_its_name() {
        let security = shows("Security");
        for class in [Class::Logon, Class::Process, Class::FileAccess, Class::ShareAccess] {
            assert!(security.contains(&class), "{class:?}");
        }
        let sysmon = shows("Microsoft-Windows-Sysmon/Operational");
        assert!(sysmon.contains(&Class::Process) && !sysmon.contains(&Class::Logon));
        assert_eq!(shows("linux/sshd"), BTreeSet::from([Class::Logon]));
        assert!(shows("aws/cloudtrail").contains(&Class::CloudData));
        assert_eq!(shows("Application"), BTreeSet::new());
        assert_eq!(shows(""), BTreeSet::new());
    }
}
