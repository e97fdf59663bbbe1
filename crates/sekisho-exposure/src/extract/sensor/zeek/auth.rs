//! Who showed which credential to whom: Kerberos, NTLM, remote desktop, SSH.

use super::super::ends::{Ends, truth};
use crate::activity::{
    Actor, LogonKind, Session, SessionStep, Ticket, TicketKind, TicketStep, What,
};
use crate::extract::{Known, NameBy, Out, Row};
use crate::names::Name;

/// A request for a ticket. The first try without a password is how every log-on
/// begins, and says nothing.
pub(super) fn kerberos(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = super::ends(row, out);
    let kind = match row.text("request_type") {
        Some("AS") => TicketKind::KerberosTgt,
        Some(_) => TicketKind::KerberosService,
        None => return,
    };
    if row.text("error_msg") == Some("KDC_ERR_PREAUTH_REQUIRED") {
        return;
    }
    let success = truth(row.text("success"));
    let client = row.text("client");
    let (user, realm) = match client.and_then(|client| client.rsplit_once('/')) {
        Some((user, realm)) => (Some(user), Some(realm)),
        None => (client, None),
    };
    let account = user.and_then(|user| out.names().account(user, realm));
    if let Some(machine) = user.filter(|user| user.ends_with('$') && success == Some(true)) {
        knows(machine, &ends, NameBy::MachineTicket, out);
    }
    let step = match (success, row.text("request_type")) {
        (Some(false), _) => TicketStep::Refused,
        (_, Some("AP")) => TicketStep::Used,
        _ => TicketStep::Issued,
    };
    let ticket = Ticket {
        step,
        kind,
        account,
        everyone: false,
        service: row.text("service").map(|service| out.names().of(service)),
        issued: None,
        from: ends.client,
        method: row.text("cipher").map(|cipher| out.names().of(cipher)),
    };
    let actor = Actor { account, ..ends.actor() };
    out.push_on(ends.place(), actor, What::Ticket(Box::new(ticket)));
}

/// A log-on with NTLM. Both sides say what they are called.
pub(super) fn ntlm(row: &Row<'_>, out: &mut Out<'_>) {
    let mut ends = super::ends(row, out);
    if let Some(name) = row.any(&["server_dns_computer_name", "server_nb_computer_name"]) {
        ends.called(name, out);
    }
    if let Some(name) = row.text("hostname") {
        ends.client.host = out.names().host(name);
        knows(name, &ends, NameBy::Logon, out);
    }
    let Some(user) = row.text("username") else { return };
    let account = out.names().account(user, row.text("domainname"));
    let step = match truth(row.text("success")) {
        Some(false) => TicketStep::Refused,
        _ => TicketStep::Used,
    };
    let ticket = Ticket {
        step,
        kind: TicketKind::Ntlm,
        account,
        everyone: false,
        service: None,
        issued: None,
        from: ends.client,
        method: None,
    };
    let actor = Actor { account, ..ends.actor() };
    out.push_on(ends.place(), actor, What::Ticket(Box::new(ticket)));
}

/// Remote desktop. The log-on itself is encrypted; whether it succeeded is
/// known only of old protocols, and to sensors that infer it.
pub(super) fn rdp(row: &Row<'_>, out: &mut Out<'_>) {
    let mut ends = super::ends(row, out);
    if let Some(name) = row.text("client_name") {
        ends.client.host = out.names().host(name);
        knows(name, &ends, NameBy::Logon, out);
    }
    let result = row.text("result").unwrap_or_default();
    let step = match truth(row.text("auth_success")) {
        Some(true) => SessionStep::Opened,
        Some(false) => SessionStep::Failed,
        None if result.eq_ignore_ascii_case("Success") => SessionStep::Opened,
        None => SessionStep::Attempted,
    };
    // The cookie is cut to nine letters by some clients, and never checked.
    let account = row.text("cookie").and_then(|user| out.names().account(user, None));
    session(step, LogonKind::RemoteInteractive, account, &ends, out);
}

/// SSH. Success is inferred from sizes.
pub(super) fn ssh(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = super::ends(row, out);
    let step = match truth(row.text("auth_success")) {
        Some(true) => SessionStep::Opened,
        Some(false) => SessionStep::Failed,
        None => SessionStep::Attempted,
    };
    session(step, LogonKind::RemoteShell, None, &ends, out);
}

fn session(
    step: SessionStep,
    kind: LogonKind,
    account: Option<Name>,
    ends: &Ends,
    out: &mut Out<'_>,
) {
    let session = Session {
        step,
        kind,
        key: None,
        linked: None,
        guid: None,
        account,
        from: ends.client,
        to: ends.server,
        privileged: false,
    };
    let actor = Actor { account, ..ends.actor() };
    out.push_on(ends.place(), actor, What::Session(session));
}

/// The client has this name.
fn knows(name: &str, ends: &Ends, how: NameBy, out: &mut Out<'_>) {
    let host = out.names().host(name);
    if let (Some(host), Some(address)) = (host, ends.client.address) {
        let from = out.time();
        out.knows(Known { host, address, from, how });
    }
}
