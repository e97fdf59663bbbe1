//! Tickets: the means to be somebody are made, used, taken, changed.

use super::Peer;
use crate::names::Name;

/// What kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketKind {
    /// A Kerberos ticket for tickets.
    KerberosTgt,
    /// A Kerberos ticket for a service.
    KerberosService,
    /// NTLM.
    Ntlm,
    /// A password or its hash.
    Password,
    /// A long-lived key of a cloud account.
    AccessKey,
    /// A short-lived token or role session.
    Token,
    /// A secret or certificate of an application.
    AppSecret,
    /// An application's right to data, granted by a user or for all.
    Consent,
    /// Membership of a group, a role, a delegation.
    Role,
    /// The account itself.
    Account,
    /// A key that signs others' tokens (krbtgt, token-signing certificate).
    SigningKey,
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketStep {
    /// Somebody asked for one and got it.
    Issued,
    /// It was refused.
    Refused,
    /// It was used.
    Used,
    /// It, or what it opens, was made or added.
    Created,
    /// It was replaced: a password changed or reset, a key rolled.
    Rolled,
    /// It was taken away, disabled, deleted.
    Revoked,
    /// Secrets of it were read out: a process that holds it was opened, the
    /// directory was replicated, its store was copied.
    Taken,
    /// What was used cannot have been issued by who should: forged.
    Forged,
}

/// Of the activity, `actor` is who did it, and `place` where it was recorded
/// (the domain controller, the tenant).
#[derive(Clone, Debug, PartialEq)]
pub struct Ticket {
    /// What happened.
    pub step: TicketStep,
    /// To what kind of credential.
    pub kind: TicketKind,
    /// Whose. `None` where it is everybody's of the place (a directory that
    /// was replicated whole, memory of a system's process).
    pub account: Option<Name>,
    /// All accounts of the place, not this one alone.
    pub everyone: bool,
    /// For what: service, group, role, application.
    pub service: Option<Name>,
    /// Key of the session or credential that came of it: an access key id, a
    /// logon GUID, an application's key id.
    pub issued: Option<Name>,
    /// Where it was asked from.
    pub from: Peer,
    /// Cipher of a Kerberos ticket (`0x17`), method of a sign-in.
    pub method: Option<Name>,
}

impl Ticket {
    /// One of which nothing is known but this.
    #[must_use]
    pub fn of(step: TicketStep, kind: TicketKind) -> Self {
        Self {
            step,
            kind,
            account: None,
            everyone: false,
            service: None,
            issued: None,
            from: Peer::default(),
            method: None,
        }
    }
}
