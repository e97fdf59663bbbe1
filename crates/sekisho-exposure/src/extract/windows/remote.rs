//! Ways to another host, in logs of their own: remote desktop, remote shells,
//! transfers in the background.

use super::event::{Event, Who};
use super::logon::session;
use crate::activity::{Actor, Ended, LogonKind, Peer, Session, SessionStep, Transfer, What};
use crate::names;

/// The local session manager: 21 logon, 23 logoff, 25 reconnected. 24 leaves
/// the session alive.
pub(super) fn sessions(e: &mut Event<'_, '_, '_>) {
    let step = match e.id {
        21 => SessionStep::Opened,
        23 => SessionStep::Closed,
        25 => SessionStep::Resumed,
        _ => return,
    };
    let account = e.text("User").and_then(|user| e.user(user, None));
    let mut from = e.peer("", "Address", "");
    // What is no address is the word for "local".
    let remote = from.address.is_some();
    if !remote {
        from.host = e.here();
    }
    let kind = if remote { LogonKind::RemoteInteractive } else { LogonKind::Interactive };
    let actor = Actor { host: from.host, account, address: from.address, ..Actor::default() };
    e.push(actor, What::Session(Session { kind, account, from, ..session(step) }));
}

/// 1149: somebody was let through to the screen where sessions begin.
pub(super) fn connections(e: &mut Event<'_, '_, '_>) {
    if e.id != 1149 {
        return;
    }
    let account = e.account(Who { user: "Param1", domain: "Param2", ..Who::default() });
    let from = e.peer("", "Param3", "");
    let actor = Actor { host: from.host, account, address: from.address, ..Actor::default() };
    let kind = LogonKind::RemoteInteractive;
    e.push(actor, What::Session(Session { kind, account, from, ..session(SessionStep::Seen) }));
}

/// The client of remote desktop: 1024 names the server, 1102 its address.
pub(super) fn client(e: &mut Event<'_, '_, '_>) {
    let to = match e.id {
        1024 => e.peer("Value", "", ""),
        1102 => e.peer("", "Value", ""),
        _ => return,
    };
    go(e, LogonKind::RemoteInteractive, to);
}

/// Somebody here asked for a session elsewhere.
fn go(e: &mut Event<'_, '_, '_>, kind: LogonKind, to: Peer) {
    let account = e.head_account();
    let process = e.writer();
    let actor = Actor { host: e.here(), account, process, ..Actor::default() };
    let step = SessionStep::AskedElsewhere;
    e.push(actor, What::Session(Session { kind, account, to, ..session(step) }));
}

/// Remote shells: 6 is asked for here, 91 is opened here.
pub(super) fn shells(e: &mut Event<'_, '_, '_>) {
    match e.id {
        6 => {
            // `srv.example.org/wsman?PSVersion=5.1`
            let Some(text) = e.text("connection") else { return };
            let text = text.split_once("://").map_or(text, |(_, rest)| rest);
            let host = text.split(['/', ':', '?']).next().unwrap_or(text);
            let host = e.host(host);
            go(e, LogonKind::RemoteShell, Peer { host, ..Peer::default() });
        }
        91 => {
            let account = e.head_account();
            let actor = Actor { account, ..Actor::default() };
            let kind = LogonKind::RemoteShell;
            let what = Session { kind, account, ..session(SessionStep::Opened) };
            e.push(actor, What::Session(what));
        }
        169 => {
            let account = e.text("username").and_then(|user| e.user(user, None));
            let actor = Actor { account, ..Actor::default() };
            let kind = LogonKind::RemoteShell;
            e.push(actor, What::Session(Session { kind, account, ..session(SessionStep::Seen) }));
        }
        _ => {}
    }
}

/// The core of remote desktop: 131 is a connection, before anybody signs in.
pub(super) fn desktop_core(e: &mut Event<'_, '_, '_>) {
    if e.id != 131 {
        return;
    }
    // `10.0.0.1:50000`, `[fe80::1]:50000`.
    let Some((address, port)) = e.text("ClientIP").and_then(|text| text.rsplit_once(':')) else {
        return;
    };
    let Some(address) = names::address(address) else { return };
    let address = Some(e.of(address));
    let from = Peer { host: None, address, port: port.parse().ok() };
    let kind = LogonKind::RemoteInteractive;
    let actor = Actor { address, ..Actor::default() };
    e.push(actor, What::Session(Session { kind, from, ..session(SessionStep::Seen) }));
}

/// BITS: 59 begins, 60 ends a transfer. Which way it went, they do not say.
pub(super) fn background(e: &mut Event<'_, '_, '_>) {
    if !matches!(e.id, 59..=61) {
        return;
    }
    let Some(url) = e.text("url") else { return };
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let name = rest.split(['/', '?']).next().unwrap_or(rest);
    let name = name.rsplit('@').next().unwrap_or(name);
    let (name, port) = name.rsplit_once(':').unwrap_or((name, ""));
    let account = e.head_account();
    let actor = Actor { host: e.here(), account, ..Actor::default() };
    let client = Peer { host: e.here(), ..Peer::default() };
    let server = Peer { port: port.parse().ok(), ..Peer::default() };
    let what = Transfer {
        client,
        server,
        server_name: Some(e.of(name)),
        protocol: e.of("http"),
        uid: e.guid("transferId"),
        sent: None,
        received: None,
        missed: 0,
        duration: None,
        ended: Ended::Unknown,
        files: Vec::new(),
        request: Some(e.of(url)),
    };
    e.push(actor, What::Transfer(Box::new(what)));
}
