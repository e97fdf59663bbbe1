//! Which host had which address, as Windows' records say in passing.

use super::event::Event;
use crate::extract::{Known, NameBy};
use crate::names::{Name, address};

/// Directions of a connection as the filtering platform writes them, the same
/// in every language.
const INBOUND: &str = "%%14592";
const OUTBOUND: &str = "%%14593";

/// Reads what a record of the Security log says.
pub(super) fn security(event: &mut Event<'_, '_, '_>) {
    match event.id {
        5156 => {
            let own = match event.text("Direction") {
                Some(OUTBOUND) => "SourceAddress",
                Some(INBOUND) => "DestAddress",
                _ => return,
            };
            let here = event.here();
            says(event, here, own, NameBy::OwnRecord);
        }
        4624 | 4625 => {
            // Remote desktop names this host beside the address of the client.
            let host = event.text("WorkstationName").and_then(|name| event.host(name));
            let host = host.filter(|host| Some(*host) != event.here());
            // A machine that logs on with a ticket says what its ticket says.
            let machine = event.text("TargetUserName").and_then(|user| user.strip_suffix('$'));
            let machine = machine.filter(|_| event.id == 4624 && event.guid("LogonGuid").is_some());
            match machine.and_then(|name| event.host(name)).filter(|m| Some(*m) != event.here()) {
                Some(machine) => says(event, Some(machine), "IpAddress", NameBy::MachineTicket),
                None => says(event, host, "IpAddress", NameBy::Logon),
            }
        }
        4768 | 4769 => {
            let machine = event.text("TargetUserName").and_then(|user| {
                let user = user.split('@').next().unwrap_or(user);
                user.strip_suffix('$')
            });
            let host = machine.and_then(|name| event.host(name));
            says(event, host, "IpAddress", NameBy::MachineTicket);
        }
        _ => {}
    }
}

/// Reads what a record of Sysmon's says.
pub(super) fn sysmon(event: &mut Event<'_, '_, '_>) {
    if event.id != 3 {
        return;
    }
    let own = match event.text("Initiated") {
        Some(yes) if yes.eq_ignore_ascii_case("true") => "SourceIp",
        Some(_) => "DestinationIp",
        None => return,
    };
    let here = event.here();
    says(event, here, own, NameBy::OwnRecord);
}

fn says(event: &mut Event<'_, '_, '_>, host: Option<Name>, field: &str, how: NameBy) {
    let Some(text) = event.text(field).and_then(address).filter(|text| is_one_host(text)) else {
        return;
    };
    let Some(host) = host else { return };
    let address = event.of(text);
    let from = event.out().time();
    event.out().knows(Known { host, address, from, how });
}

/// Not the host itself, all hosts, or a link's.
fn is_one_host(text: &str) -> bool {
    match text.parse() {
        Ok(std::net::IpAddr::V4(a)) => {
            !(a.is_loopback()
                || a.is_multicast()
                || a.is_broadcast()
                || a.is_unspecified()
                || a.is_link_local())
        }
        Ok(std::net::IpAddr::V6(a)) => {
            !(a.is_loopback()
                || a.is_multicast()
                || a.is_unspecified()
                || a.is_unicast_link_local())
        }
        Err(_) => false,
    }
}
