//! Sessions: 4624, 4625, 4634, 4647, 4648, 4672, 4778, 4779.

use super::event::{Event, Who};
use crate::activity::{Actor, LogonKind, Peer, ProcessRef, Session, SessionStep, What};
use crate::names::Name;

/// The code for "yes" in `ElevatedToken`.
const YES: &str = "%%1842";

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    match e.id {
        4624 => opened(e),
        4625 => failed(e),
        4634 | 4647 => closed(e),
        4648 => asked_elsewhere(e),
        4672 => elevated(e),
        4778 | 4779 => window_station(e),
        _ => {}
    }
}

/// A session of which nothing is known but its step.
pub(super) fn session(step: SessionStep) -> Session {
    Session {
        step,
        kind: LogonKind::Unknown,
        key: None,
        linked: None,
        guid: None,
        account: None,
        from: Peer::default(),
        to: Peer::default(),
        privileged: false,
    }
}

fn kind(e: &Event<'_, '_, '_>) -> LogonKind {
    match e.number("LogonType") {
        Some(2 | 7 | 11 | 13) => LogonKind::Interactive,
        Some(3 | 8) => LogonKind::Network,
        Some(4) => LogonKind::Batch,
        Some(0 | 5) => LogonKind::Service,
        Some(9) => LogonKind::NewCredentials,
        Some(10 | 12) => LogonKind::RemoteInteractive,
        _ => LogonKind::Unknown,
    }
}

/// Where a logon came from. What names no place and did not come over a
/// network, came from here.
fn source(e: &mut Event<'_, '_, '_>, kind: LogonKind) -> Peer {
    let mut from = e.peer("WorkstationName", "IpAddress", "IpPort");
    let remote =
        matches!(kind, LogonKind::Network | LogonKind::RemoteInteractive | LogonKind::Unknown);
    if from.host.is_none() && from.address.is_none() && !remote {
        from.host = e.here();
    }
    // Remote desktop writes the name of this host beside the client's address.
    if from.address.is_some() && from.host == e.here() {
        from.host = None;
    }
    from
}

/// Who asked: the account that came in, from where; and for sessions that a
/// process here opened, this process.
fn asker(e: &mut Event<'_, '_, '_>, account: Option<Name>, from: Peer) -> Actor {
    let local = from.host.is_some() && from.host == e.here();
    let (process, image) = match local {
        true => (e.process("", "ProcessId"), e.name("ProcessName")),
        false => (ProcessRef::default(), None),
    };
    let session = e.session("SubjectLogonId");
    let (host, address) = (from.host, from.address);
    Actor { host, account, session, process, image, address, ..Actor::default() }
}

fn opened(e: &mut Event<'_, '_, '_>) {
    let kind = kind(e);
    let account = e.account(Who::TARGET);
    let from = source(e, kind);
    let actor = asker(e, account, from);
    let unlocked = matches!(e.number("LogonType"), Some(7 | 13));
    let what = Session {
        kind,
        key: e.session("TargetLogonId"),
        linked: e.session("TargetLinkedLogonId"),
        guid: e.guid("LogonGuid"),
        account,
        from,
        privileged: e.text("ElevatedToken") == Some(YES),
        ..session(if unlocked { SessionStep::Resumed } else { SessionStep::Opened })
    };
    e.push(actor, What::Session(what));
}

fn failed(e: &mut Event<'_, '_, '_>) {
    let kind = kind(e);
    let account = e.account(Who { logon: "", ..Who::TARGET });
    let from = source(e, kind);
    let actor = asker(e, account, from);
    let what = Session { kind, account, from, ..session(SessionStep::Failed) };
    e.push(actor, What::Session(what));
}

fn closed(e: &mut Event<'_, '_, '_>) {
    let account = e.account(Who::TARGET);
    let key = e.session("TargetLogonId");
    let kind = kind(e);
    let actor = Actor { host: e.here(), account, session: key, ..Actor::default() };
    let what = Session { kind, key, account, ..session(SessionStep::Closed) };
    e.push(actor, What::Session(what));
}

fn elevated(e: &mut Event<'_, '_, '_>) {
    let actor = e.subject();
    let what = Session {
        key: actor.session,
        account: actor.account,
        privileged: true,
        ..session(SessionStep::Elevated)
    };
    e.push(actor, What::Session(what));
}

/// A process here used other credentials, mostly to go elsewhere.
fn asked_elsewhere(e: &mut Event<'_, '_, '_>) {
    let actor = e.subject_process();
    let account = e.account(Who { sid: "", logon: "", ..Who::TARGET });
    let mut to = e.peer("TargetServerName", "", "");
    if to.host.is_none() {
        // `TERMSRV/srv`, `cifs/srv.example.org`: a name of a service.
        let host = e.text("TargetInfo").and_then(|info| info.split('/').nth(1));
        to.host = host.and_then(|host| e.host(host.split(':').next().unwrap_or(host)));
    }
    let from = e.peer("", "IpAddress", "IpPort");
    let guid = e.guid("TargetLogonGuid");
    let what = Session { guid, account, from, to, ..session(SessionStep::AskedElsewhere) };
    e.push(actor, What::Session(what));
}

/// A session on a screen was taken up again (4778) or left (4779).
fn window_station(e: &mut Event<'_, '_, '_>) {
    if e.id != 4778 {
        return;
    }
    let whole = Who { user: "AccountName", domain: "AccountDomain", sid: "", logon: "LogonID" };
    let account = e.account(whole);
    let from = e.peer("ClientName", "ClientAddress", "");
    let key = e.session("LogonID");
    let (host, address) = (from.host, from.address);
    let actor = Actor { host, account, session: key, address, ..Actor::default() };
    let kind = LogonKind::RemoteInteractive;
    let what = Session { kind, key, account, from, ..session(SessionStep::Resumed) };
    e.push(actor, What::Session(what));
}
