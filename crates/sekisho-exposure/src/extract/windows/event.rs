//! One Windows event: its fields as the things that activities are made of.

use super::fields::FIELDS;
use super::identity;
use crate::activity::{Actor, Peer, ProcessRef, What};
use crate::extract::{Class, Out, Row};
use crate::names::{self, Name};

/// An event and where its activities go.
pub(super) struct Event<'r, 'o, 'e> {
    row: Row<'r>,
    out: &'o mut Out<'e>,
    /// Its id.
    pub(super) id: u32,
}

impl<'r, 'o, 'e> Event<'r, 'o, 'e> {
    pub(super) fn new(row: Row<'r>, out: &'o mut Out<'e>, id: u32) -> Self {
        Self { row, out, id }
    }

    pub(super) fn class(&mut self, class: Class) {
        self.out.class(class);
    }

    pub(super) fn push(&mut self, actor: Actor, what: What) {
        self.out.push(actor, what);
    }

    pub(super) fn out(&mut self) -> &mut Out<'e> {
        self.out
    }

    /// The log as the record spells it.
    pub(super) fn channel(&self) -> &'r str {
        &self.row.shape().channel
    }

    /// The host that wrote it.
    pub(super) fn here(&self) -> Option<Name> {
        self.out.host()
    }

    /// A field's text; `None` where it says nothing.
    pub(super) fn text(&self, field: &str) -> Option<&'r str> {
        debug_assert!(FIELDS.contains(&field), "{field} is not among the fields");
        self.row.text(field)
    }

    /// The first of several fields that says something.
    pub(super) fn any(&self, fields: &[&str]) -> Option<&'r str> {
        fields.iter().find_map(|field| self.text(field))
    }

    /// All values of a field.
    pub(super) fn values(&self, field: &str) -> impl Iterator<Item = &'r str> + use<'r> {
        debug_assert!(FIELDS.contains(&field), "{field} is not among the fields");
        self.row.values(field)
    }

    /// A number, decimal or with `0x`.
    pub(super) fn number(&self, field: &str) -> Option<u64> {
        number(self.text(field)?)
    }

    /// A name.
    pub(super) fn of(&mut self, text: &str) -> Name {
        self.out.names().of(text)
    }

    /// A field as a name.
    pub(super) fn name(&mut self, field: &str) -> Option<Name> {
        let text = self.text(field)?;
        Some(self.of(text))
    }

    /// A GUID without braces; `None` where it is all zeros.
    pub(super) fn guid(&mut self, field: &str) -> Option<Name> {
        let text = self.text(field)?.trim_start_matches('{').trim_end_matches('}');
        text.bytes().any(|b| b != b'0' && b != b'-').then(|| self.of(text))
    }

    /// The key of the session with this logon id on this host. None for the
    /// logon id 0, which is nobody's.
    pub(super) fn session(&mut self, field: &str) -> Option<Name> {
        let id = self.number(field).filter(|id| *id != 0)?;
        let host = self.here()?;
        let names = self.out.names();
        let key = format!("{}|0x{id:x}", names.folded(host));
        Some(names.of(&key))
    }

    /// An account by the fields of its parts, of which the record may lack
    /// some. The system's own are known by SID or logon id.
    pub(super) fn account(&mut self, parts: Who) -> Option<Name> {
        let text = |field: &str| if field.is_empty() { None } else { self.text(field) };
        let sid = text(parts.sid).filter(|sid| !identity::is_nobody(sid));
        let user = text(parts.user);
        if let Some(known) = sid.and_then(|sid| identity::by_sid(sid, user)) {
            return Some(self.of(&known));
        }
        let logon = if parts.logon.is_empty() { None } else { self.number(parts.logon) };
        if let Some(known) = logon.and_then(identity::by_logon) {
            return Some(self.of(known));
        }
        let domain = text(parts.domain);
        let sid = sid.map(|sid| self.of(sid));
        let Some(account) = user.and_then(|user| self.user(user, domain)) else { return sid };
        if let Some(sid) = sid {
            self.out.same_account(sid, account);
        }
        Some(account)
    }

    /// An account by its name.
    pub(super) fn user(&mut self, user: &str, domain: Option<&str>) -> Option<Name> {
        let split = user.split_once('\\').map(|(domain, user)| (Some(domain), user));
        let (own, bare) = split.unwrap_or((domain, user));
        if let Some(known) = own.and_then(|domain| identity::by_name(domain.trim(), bare)) {
            return Some(self.of(&known));
        }
        if let Some(known) = identity::by_sid(bare, None) {
            return Some(self.of(&known));
        }
        self.out.names().account(user, domain)
    }

    /// A process by the fields of its id and its number (0 is none).
    pub(super) fn process(&mut self, guid: &str, pid: &str) -> ProcessRef {
        let guid = if guid.is_empty() { None } else { self.guid(guid) };
        let pid = if pid.is_empty() { None } else { self.number(pid) };
        let pid = pid.filter(|pid| *pid != 0).and_then(|pid| u32::try_from(pid).ok());
        ProcessRef { guid, pid }
    }

    /// The process that wrote the event, by the record's head.
    pub(super) fn writer(&mut self) -> ProcessRef {
        let head = self.process("", "Execution_ProcessID");
        if head.is_known() { head } else { self.process("", "ExecutionProcessID") }
    }

    /// The account that the record's head names.
    pub(super) fn head_account(&mut self) -> Option<Name> {
        let whole = Who { user: "AccountName", domain: "Domain", sid: "UserID", ..Who::default() };
        self.account(whole)
    }

    /// `Subject…`: who did it, here.
    pub(super) fn subject(&mut self) -> Actor {
        let account = self.account(Who::SUBJECT);
        let session = self.session("SubjectLogonId");
        Actor { host: self.here(), account, session, ..Actor::default() }
    }

    /// [`Event::subject`], with `ProcessId` and `ProcessName`.
    pub(super) fn subject_process(&mut self) -> Actor {
        let process = self.process("", "ProcessId");
        let image = self.name("ProcessName");
        Actor { process, image, ..self.subject() }
    }

    /// The other end, by a field with a name and one with an address. The
    /// loopback address is this host.
    pub(super) fn peer(&mut self, host: &str, address: &str, port: &str) -> Peer {
        let mut peer = Peer::default();
        if let Some(name) = (!host.is_empty()).then(|| self.text(host)).flatten() {
            peer.host = self.host(name);
        }
        let address = (!address.is_empty()).then(|| self.text(address)).flatten();
        match address.and_then(names::address).and_then(|a| a.parse::<std::net::IpAddr>().ok()) {
            Some(ip) if ip.is_loopback() => peer.host = self.here(),
            Some(ip) if !ip.is_unspecified() => {
                peer.address = Some(self.of(&ip.to_string()));
            }
            _ => {}
        }
        let port = (!port.is_empty()).then(|| self.number(port)).flatten();
        peer.port = port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
        peer
    }

    /// A host by its name; `localhost` and `.` are this one.
    pub(super) fn host(&mut self, name: &str) -> Option<Name> {
        let bare = name.trim().trim_start_matches('\\');
        if bare == "." || bare.eq_ignore_ascii_case("localhost") {
            return self.here();
        }
        self.out.names().host(name)
    }

    /// Whether it records something that was refused.
    pub(super) fn is_failure(&self) -> bool {
        /// The keyword of failed audits.
        const FAILURE: u64 = 0x10_0000_0000_0000;
        if self.text("EventType").is_some_and(|t| t.eq_ignore_ascii_case("AUDIT_FAILURE")) {
            return true;
        }
        self.values("Keywords").any(|text| {
            let bits = match text.parse::<i64>() {
                Ok(signed) => Some(signed.cast_unsigned()),
                Err(_) => number(text),
            };
            bits.is_some_and(|bits| bits & FAILURE != 0)
                || text.eq_ignore_ascii_case("audit failure")
        })
    }
}

/// A number, decimal or with `0x`.
pub(super) fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The fields that say who; an empty name is none.
#[derive(Clone, Copy, Default)]
pub(super) struct Who {
    pub(super) user: &'static str,
    pub(super) domain: &'static str,
    pub(super) sid: &'static str,
    pub(super) logon: &'static str,
}

impl Who {
    pub(super) const SUBJECT: Self = Self {
        user: "SubjectUserName",
        domain: "SubjectDomainName",
        sid: "SubjectUserSid",
        logon: "SubjectLogonId",
    };

    pub(super) const TARGET: Self = Self {
        user: "TargetUserName",
        domain: "TargetDomainName",
        sid: "TargetUserSid",
        logon: "TargetLogonId",
    };

    /// `TargetUserName` of events that call its SID `TargetSid`.
    pub(super) const TARGET_SID: Self = Self { sid: "TargetSid", logon: "", ..Self::TARGET };
}

/// The file name of a path, with either slash.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}
