//! Tickets of a domain controller: 4768 to 4773, and NTLM (4776).

use super::event::{Event, Who};
use crate::activity::{Actor, Ticket, TicketKind, TicketStep, What};

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    match e.id {
        4768 | 4771 | 4772 => kerberos(e, TicketKind::KerberosTgt),
        4769 | 4770 | 4773 => kerberos(e, TicketKind::KerberosService),
        4776 | 4777 => ntlm(e),
        _ => {}
    }
}

fn status(e: &Event<'_, '_, '_>) -> TicketStep {
    let failed = matches!(e.id, 4771 | 4772 | 4773 | 4777)
        || e.number("Status").is_some_and(|status| status != 0)
        || e.is_failure();
    if failed { TicketStep::Refused } else { TicketStep::Issued }
}

fn kerberos(e: &mut Event<'_, '_, '_>, kind: TicketKind) {
    let account = e.account(Who::TARGET_SID);
    let from = e.peer("", "IpAddress", "IpPort");
    let (host, address) = (from.host, from.address);
    let actor = Actor { host, account, address, ..Actor::default() };
    let what = Ticket {
        account,
        service: e.name("ServiceName"),
        issued: e.guid("LogonGuid"),
        from,
        method: e.name("TicketEncryptionType"),
        ..Ticket::of(status(e), kind)
    };
    e.push(actor, What::Ticket(Box::new(what)));
}

/// A password was checked. Of the client only the name is known that it gave
/// itself.
fn ntlm(e: &mut Event<'_, '_, '_>) {
    let account = e.account(Who { user: "TargetUserName", ..Who::default() });
    let from = e.peer("Workstation", "", "");
    let actor = Actor { host: from.host, account, ..Actor::default() };
    let what = Ticket { account, from, ..Ticket::of(status(e), TicketKind::Ntlm) };
    e.push(actor, What::Ticket(Box::new(what)));
}
