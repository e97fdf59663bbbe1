//! Federation (AD FS): tokens it issued, and its key when that is exported.

use super::event::Event;
use super::kerberos::ticket;
use crate::activity::{Actor, Peer, Ticket, TicketKind, TicketStep, What};
use crate::names;

/// The audits of the service, in the security log under a provider of their
/// own: 299 and 1200 a token was issued, 1201 it was refused; 1202 and 1203 a
/// password was checked; 501 claims of a token that 299 names.
pub(super) fn audit(e: &mut Event<'_, '_, '_>) {
    let (step, kind) = match e.id {
        299 | 501 | 1200 => (TicketStep::Issued, TicketKind::Token),
        1201 => (TicketStep::Refused, TicketKind::Token),
        1202 => (TicketStep::Used, TicketKind::Password),
        1203 => (TicketStep::Refused, TicketKind::Password),
        _ => return,
    };
    let values: Vec<&str> = e.values("Data").chain(e.values("AuditData")).take(256).collect();
    let id = values.first().filter(|id| is_guid(id)).map(|id| e.of(id.trim_matches(['{', '}'])));
    let user = values.iter().find_map(|value| element(value, "UserId")).or_else(|| claim(&values));
    let account = user.and_then(|user| e.user(user, None));
    let address = values.iter().find_map(|value| element(value, "IpAddress"));
    let address = address.and_then(|list| names::address(list.split(',').next()?));
    let service = values.iter().find_map(|value| element(value, "RelyingParty"));
    let agent = values.iter().find_map(|value| element(value, "UserAgentString"));
    if account.is_none() && id.is_none() {
        return;
    }
    let address = address.map(|address| e.of(address));
    let agent = agent.map(|agent| e.of(agent));
    let actor = Actor { account, address, agent, ..Actor::default() };
    let from = Peer { address, ..Peer::default() };
    let service = service.map(|service| e.of(service));
    let what = Ticket { account, service, issued: id, from, ..ticket(step, kind) };
    e.push(actor, What::Ticket(Box::new(what)));
}

/// A certificate's private key was exported (lifecycle log 1007), or taken out
/// of its store by a process (CAPI2 70).
pub(super) fn exported(e: &mut Event<'_, '_, '_>) {
    let account = e.head_account();
    let process = e.writer();
    let actor = Actor { host: e.here(), account, process, ..Actor::default() };
    let name = e.any(&["SubjectNames", "SubjectName", "Thumbprint"]);
    let service = name.map(|name| e.of(name));
    let method = Some(e.of("certificate export"));
    let what = ticket(TicketStep::Taken, TicketKind::SigningKey);
    e.push(actor, What::Ticket(Box::new(Ticket { service, method, ..what })));
}

fn is_guid(text: &str) -> bool {
    let text = text.trim().trim_start_matches('{').trim_end_matches('}');
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// The value after the name of a claim that says who: values of 501 come in
/// pairs.
fn claim<'t>(values: &[&'t str]) -> Option<&'t str> {
    const NAMES: &[&str] = &["/claims/upn", "/claims/emailaddress", "/claims/windowsaccountname"];
    let named = |value: &str| NAMES.iter().any(|name| value.trim().ends_with(name));
    let at = values.iter().position(|value| named(value))?;
    values.get(at + 1).copied().map(str::trim).filter(|value| !value.is_empty())
}

/// The text of the first element of this name.
fn element<'t>(xml: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    names::present(text)
}
