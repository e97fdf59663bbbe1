//! The two ends of a connection, and what all records of one have in common.

use std::net::IpAddr;
use std::time::Duration;

use crate::activity::{Actor, Ended, Peer, Transfer};
use crate::extract::{Known, NameBy, Out, Row};
use crate::names::{Name, address};

/// Longest text of a request that is kept, in bytes.
const REQUEST_BYTES_MAX: usize = 256;

/// Who called whom.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) client: Peer,
    pub(super) server: Peer,
    /// The sensor's id of the connection.
    pub(super) uid: Option<Name>,
}

impl Ends {
    /// By the names that fields have: address and port of the client, address
    /// and port of the server; of each the first that says something. Ends
    /// that may be of the network are noted as watched.
    pub(super) fn of(row: &Row<'_>, fields: [&[&str]; 4], out: &mut Out<'_>) -> Self {
        let [client, client_port, server, server_port] = fields.map(|names| row.any(names));
        Self::between((client, client_port), (server, server_port), out)
    }

    /// By addresses and ports as they were written.
    pub(super) fn between(
        client: (Option<&str>, Option<&str>),
        server: (Option<&str>, Option<&str>),
        out: &mut Out<'_>,
    ) -> Self {
        let (client, server) = (peer(client, out), peer(server, out));
        let mut inside = |end: &Name| is_private(out.names().folded(*end));
        let ends: Vec<Name> = [client.address, server.address].into_iter().flatten().collect();
        // The other end of a network's own address is the world, unless that
        // is private too.
        let any = ends.iter().any(&mut inside);
        for end in ends {
            if !any || is_private(out.names().folded(end)) {
                out.watched(end);
            }
        }
        Self { client, server, uid: None }
    }

    /// Who did it, as far as a sensor sees it.
    pub(super) fn actor(&self) -> Actor {
        Actor { address: self.client.address, connection: self.uid, ..Actor::default() }
    }

    /// The server as a place.
    pub(super) fn place(&self) -> Option<Name> {
        self.server.host.or(self.server.address)
    }

    /// The server was called by this name. Notes which host that is, unless it
    /// is an address, nothing, or outside: names of the world are not hosts.
    pub(super) fn called(&mut self, name: &str, out: &mut Out<'_>) {
        if name.starts_with('*') || address(name).is_some() {
            return;
        }
        let Some(host) = out.names().host(name) else { return };
        self.server.host = Some(host);
        if let Some(address) = self.server.address.filter(|&a| is_private(out.names().folded(a))) {
            let from = out.time();
            out.knows(Known { host, address, from, how: NameBy::Called });
        }
    }

    /// A transfer between them of which nothing else is known.
    pub(super) fn transfer(&self, protocol: Name) -> Transfer {
        Transfer {
            client: self.client,
            server: self.server,
            server_name: None,
            protocol,
            uid: self.uid,
            sent: None,
            received: None,
            missed: 0,
            duration: None,
            ended: Ended::Unknown,
            files: Vec::new(),
            request: None,
        }
    }
}

fn peer((text, port): (Option<&str>, Option<&str>), out: &mut Out<'_>) -> Peer {
    let found = text.and_then(address).filter(|text| is_an_end(text));
    Peer {
        host: None,
        address: found.map(|text| out.names().of(text)),
        port: port.and_then(|port| port.parse().ok()),
    }
}

/// Whether an address can be that of one host.
fn is_an_end(text: &str) -> bool {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(a)) => !(a.is_unspecified() || a.is_multicast() || a.is_broadcast()),
        Ok(IpAddr::V6(a)) => !(a.is_unspecified() || a.is_multicast()),
        Err(_) => false,
    }
}

/// Whether an address is of those that only mean something inside of a
/// network.
pub(super) fn is_private(text: &str) -> bool {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(a)) => {
            let [first, second, ..] = a.octets();
            a.is_private() || (first == 100 && second & 0xc0 == 64)
        }
        Ok(IpAddr::V6(a)) => a.is_unique_local(),
        Err(_) => false,
    }
}

/// A number of seconds, as nanoseconds.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let duration = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
    i64::try_from(duration.as_nanos()).ok()
}

/// `true`, `T`, `1`; `None` where it says neither.
pub(super) fn truth(text: Option<&str>) -> Option<bool> {
    match text? {
        "true" | "T" | "True" | "TRUE" | "1" => Some(true),
        "false" | "F" | "False" | "FALSE" | "0" => Some(false),
        _ => None,
    }
}

/// A part as a share of the whole; `None` of nothing.
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    // Shares are estimates: what a count loses beyond 2^32 does not matter.
    let scale = whole.max(part) >> 32;
    let scaled = |n: u64| u32::try_from(n / (scale + 1)).ok().map(f64::from);
    let (part, whole) = (scaled(part)?, scaled(whole)?);
    (whole > 0.0).then(|| (part / whole).min(1.0))
}

/// The start of a text, at most so many bytes as are kept of a request.
pub(super) fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(REQUEST_BYTES_MAX.min(text.len()));
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_seconds() {
        assert_eq!(seconds("0.0015"), Some(1_500_000));
        assert_eq!(seconds("1e-05"), Some(10_000));
        assert_eq!(seconds("-1"), None);
        assert_eq!(seconds("1e300"), None);
        assert_eq!(seconds("nan"), None);
    }

    #[test]
    fn addresses_of_a_network() {
        for (text, private) in [
            ("10.0.1.4", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("100.64.0.1", true),
            ("8.8.8.8", false),
            ("fd00::1", true),
            ("2001:db8::1", false),
            ("host", false),
        ] {
            assert_eq!(is_private(text), private, "{text}");
        }
        assert!(!is_an_end("224.0.0.251") && !is_an_end("255.255.255.255"));
        assert!(is_an_end("192.0.2.1") && !is_an_end("::"));
    }
}
