//! Sessions: somebody is let in.

use super::Peer;
use crate::names::Name;

/// What happened to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionStep {
    /// It began.
    Opened,
    /// It was seen to be in use (a cloud's records name it with each call).
    Seen,
    /// It got special privileges.
    Elevated,
    /// It was taken up again (remote desktop).
    Resumed,
    /// It ended.
    Closed,
    /// It was refused.
    Failed,
    /// It was asked for; what became of it the record does not say (a sensor
    /// that sees an encrypted connection).
    Attempted,
    /// On the *source*: a process asked for a session elsewhere with other
    /// credentials (Windows 4648). [`Session::to`] says where, and
    /// [`Session::account`] whose.
    AskedElsewhere,
}

/// How somebody came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LogonKind {
    /// At the keyboard.
    Interactive,
    /// Over the network: shares, remote calls.
    Network,
    /// Remote desktop.
    RemoteInteractive,
    /// Scheduled tasks.
    Batch,
    /// A service.
    Service,
    /// Other credentials for the network only (Windows type 9).
    NewCredentials,
    /// A remote shell (SSH, WinRM).
    RemoteShell,
    /// A cloud's sign-in or call.
    Cloud,
    /// Not said.
    #[default]
    Unknown,
}

/// A step of a session. Of the activity, `place` is where the session is, and
/// `actor` who asked for it (for [`SessionStep::AskedElsewhere`], the session
/// on the source that asked).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// What happened.
    pub step: SessionStep,
    /// How.
    pub kind: LogonKind,
    /// Its key: `host|logon id`, access key id, token id. `None` where the
    /// record has none (a failed one).
    pub key: Option<Name>,
    /// Another session of the same logon (the elevated half).
    pub linked: Option<Name>,
    /// The id that the source's and the target's records share (Windows
    /// `LogonGuid`), if not zero.
    pub guid: Option<Name>,
    /// Whose.
    pub account: Option<Name>,
    /// Where it came from.
    pub from: Peer,
    /// Where it was asked for ([`SessionStep::AskedElsewhere`]).
    pub to: Peer,
    /// With an elevated token, or rights of an administrator.
    pub privileged: bool,
}
