//! Names: what was asked of name servers, leases, names that servers are
//! called by. Of most it is only noted which host has which address.

use super::super::ends::is_private;
use crate::activity::{Ended, Transfer, What};
use crate::extract::{Known, NameBy, Out, Row};
use crate::names::address;

/// Port of remote desktop, whose servers show certificates made out to
/// themselves.
const RDP_PORT: u16 = 3389;

/// A question to a name server. Bytes that go out in questions reach the world
/// through the resolver of the network: its address is the server here, and
/// what is sent is the length of the name alone. Counts of the connection are
/// those of its own record.
pub(super) fn dns(row: &Row<'_>, out: &mut Out<'_>) {
    let ends = super::ends(row, out);
    let Some(query) = row.text("query") else { return };
    learn_answers(row, query, out);
    let local = query.ends_with(".arpa") || !query.contains('.') || query.starts_with('_');
    if local || ends.server.port.is_some_and(|port| port != 53) {
        return;
    }
    let transfer = Transfer {
        server_name: Some(out.names().of(query)),
        sent: u64::try_from(query.len()).ok(),
        ended: Ended::Unknown,
        ..ends.transfer(out.names().of("dns"))
    };
    out.push_on(None, ends.actor(), What::Transfer(Box::new(transfer)));
}

/// Addresses of the network that an answer gives to a name, and to the names
/// that it stands for.
fn learn_answers(row: &Row<'_>, query: &str, out: &mut Out<'_>) {
    if !matches!(row.text("qtype_name"), Some("A" | "AAAA") | None) || query.starts_with('_') {
        return;
    }
    let answers: Vec<&str> = row.values("answers").take(64).collect();
    let names = answers.iter().filter(|answer| address(answer).is_none());
    let names: Vec<&str> = names.copied().chain([query]).collect();
    for found in answers.iter().filter_map(|answer| address(answer)).filter(|a| is_private(a)) {
        for name in names.iter().filter(|name| address(name).is_none()) {
            knows(name, found, NameBy::Dns, out);
        }
    }
}

/// A lease.
pub(super) fn dhcp(row: &Row<'_>, out: &mut Out<'_>) {
    let name = row.any(&["host_name", "client_fqdn"]);
    let given = row.any(&["assigned_addr", "assigned_ip"]).and_then(address);
    let mut kinds = row.values("msg_types").peekable();
    let acknowledged = kinds.peek().is_none() || kinds.any(|kind| kind.contains("ACK"));
    let holds = row.any(&["client_addr"]).and_then(address);
    let leased = given.filter(|_| acknowledged).or(holds);
    if let Some((name, leased)) = name.zip(leased) {
        knows(name, leased, NameBy::Lease, out);
    }
}

/// A connection under TLS: by what name the server was called, and whom its
/// certificate names.
pub(super) fn ssl(row: &Row<'_>, out: &mut Out<'_>) {
    let mut ends = super::ends(row, out);
    if ends.server.port == Some(RDP_PORT) && row.text("subject") == row.text("issuer") {
        let subject = row.text("subject").unwrap_or_default();
        let name = subject.split(',').find_map(|part| part.trim().strip_prefix("CN="));
        if let Some(name) = name {
            ends.called(name, out);
        }
    }
    let Some(name) = row.text("server_name").filter(|name| address(name).is_none()) else { return };
    let transfer = Transfer {
        server_name: Some(out.names().of(name)),
        ..ends.transfer(out.names().of("tls"))
    };
    out.push_on(None, ends.actor(), What::Transfer(Box::new(transfer)));
}

fn knows(name: &str, of: &str, how: NameBy, out: &mut Out<'_>) {
    let Some(host) = out.names().host(name) else { return };
    let address = out.names().of(of);
    let from = out.time();
    out.knows(Known { host, address, from, how });
}
