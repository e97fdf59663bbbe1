//! Changes of accounts, groups and rights: 4704 to 4781.

use super::event::{Event, Who};
use crate::activity::{Actor, Ticket, TicketKind, TicketStep, What};

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    use TicketKind::{Account, Password};
    use TicketStep::{Created, Refused, Revoked, Rolled};
    match e.id {
        4720 | 4722 | 4741 => account(e, Created, Account),
        4723 | 4724 | 4794 => account(e, Rolled, Password),
        4725 | 4726 | 4743 => account(e, Revoked, Account),
        4738 | 4742 => changed(e),
        4740 => locked_out(e),
        4765 => account(e, Created, TicketKind::Role),
        4723..=4767 if e.is_failure() => account(e, Refused, Password),
        4781 => renamed(e),
        4728 | 4732 | 4756 => member(e, Created),
        4729 | 4733 | 4757 => member(e, Revoked),
        4704 | 4717 => right(e, Created),
        4705 | 4718 => right(e, Revoked),
        _ => {}
    }
}

fn push(e: &mut Event<'_, '_, '_>, what: Ticket) {
    let actor = e.subject();
    e.push(actor, What::Ticket(Box::new(what)));
}

fn account(e: &mut Event<'_, '_, '_>, step: TicketStep, kind: TicketKind) {
    let step = if e.is_failure() { TicketStep::Refused } else { step };
    let account = e.account(Who::TARGET_SID);
    push(e, Ticket { account, ..Ticket::of(step, kind) });
}

/// An account was changed. A password that was set is one that was rolled;
/// delegation, service names and foreign SIDs are rights that were given.
fn changed(e: &mut Event<'_, '_, '_>) {
    const RIGHTS: &[&str] = &["AllowedToDelegateTo", "ServicePrincipalNames", "SidHistory"];
    let account = e.account(Who::TARGET_SID);
    if said(e, "PasswordLastSet").is_some() {
        push(e, Ticket { account, ..Ticket::of(TicketStep::Rolled, TicketKind::Password) });
    }
    for &field in RIGHTS {
        let Some(value) = said(e, field) else { continue };
        let service = Some(e.of(value));
        let method = Some(e.of(field));
        let what = Ticket::of(TicketStep::Created, TicketKind::Role);
        push(e, Ticket { account, service, method, ..what });
    }
}

/// A field that says something new: what is unchanged is `-` or a code.
fn said<'r>(e: &Event<'r, '_, '_>, field: &str) -> Option<&'r str> {
    e.text(field).filter(|text| !text.starts_with("%%"))
}

/// Too many wrong passwords, from a computer that is named as the domain.
fn locked_out(e: &mut Event<'_, '_, '_>) {
    let whole = Who { user: "TargetUserName", sid: "TargetSid", ..Who::default() };
    let account = e.account(whole);
    let from = e.peer("TargetDomainName", "", "");
    let actor = Actor { host: from.host, account, ..Actor::default() };
    let what = Ticket::of(TicketStep::Refused, TicketKind::Password);
    e.push(actor, What::Ticket(Box::new(Ticket { account, from, ..what })));
}

fn renamed(e: &mut Event<'_, '_, '_>) {
    let domain = e.text("TargetDomainName");
    let new = e.text("NewTargetUserName").and_then(|user| e.user(user, domain));
    let service = e.text("OldTargetUserName").and_then(|user| e.user(user, domain));
    let method = Some(e.of("renamed"));
    let what = Ticket::of(TicketStep::Created, TicketKind::Account);
    push(e, Ticket { account: new, service, method, ..what });
}

/// Into a group, or out of it. `service` is the group's name, `method` its SID.
fn member(e: &mut Event<'_, '_, '_>, step: TicketStep) {
    let domain = e.text("TargetDomainName").filter(|_| {
        // The groups that each host has are of no domain.
        !e.text("TargetSid").is_some_and(|sid| sid.starts_with("S-1-5-32-"))
    });
    let name = e.text("MemberName").and_then(common_name).map(|name| name.replace("\\", ""));
    let account = match name {
        Some(name) => e.user(&name, domain),
        None => e.account(Who { sid: "MemberSid", ..Who::default() }),
    };
    let service = e.name("TargetUserName");
    let method = e.name("TargetSid");
    push(e, Ticket { account, service, method, ..Ticket::of(step, TicketKind::Role) });
}

/// The first part of a distinguished name: `ann` of `CN=ann,OU=staff,DC=corp`.
pub(super) fn common_name(name: &str) -> Option<&str> {
    let rest = name.get(..3).filter(|p| p.eq_ignore_ascii_case("cn="))?;
    let rest = name.get(rest.len()..)?;
    let mut end = rest.len();
    let mut escaped = false;
    for (at, letter) in rest.char_indices() {
        match letter {
            ',' if !escaped => {
                end = at;
                break;
            }
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    rest.get(..end).filter(|name| !name.is_empty())
}

/// The first domain component of a distinguished name: `corp`.
pub(super) fn domain_of(name: &str) -> Option<&str> {
    let parts = name.split(',').map(str::trim);
    parts
        .filter_map(|part| part.get(..3).map(|head| (head, part.get(3..).unwrap_or_default())))
        .find_map(|(head, rest)| head.eq_ignore_ascii_case("dc=").then_some(rest))
}

/// A right was given or taken: `service` is its name.
fn right(e: &mut Event<'_, '_, '_>, step: TicketStep) {
    let account = e.account(Who { sid: "TargetSid", ..Who::default() });
    let words = ["PrivilegeList", "AccessGranted", "AccessRemoved"];
    let service = e.any(&words).map(|text| e.of(text));
    push(e, Ticket { account, service, ..Ticket::of(step, TicketKind::Role) });
}
