//! Connections as firewalls and clouds' networks tell of them: every maker
//! calls the same things by other names.

use sekisho_event::Shape;

use super::ends::{Ends, seconds, truth};
use crate::activity::{Actor, Ended, Transfer, What};
use crate::extract::{Class, Extractor, Out, Row};

/// Makers whose records are read.
const PRODUCTS: [&str; 14] = [
    "fortigate",
    "fortinet",
    "paloalto",
    "checkpoint",
    "sonicwall",
    "sophos",
    "stormshield",
    "juniper",
    "huawei",
    "h3c",
    "mikrotik",
    "pfsense",
    "watchguard",
    "firewall",
];

const CLIENT: &[&str] = &[
    "srcip",
    "src_ip",
    "SrcIP",
    "src",
    "src-ip",
    "srcaddr",
    "source-address",
    "SourceIP",
    "source_ip",
    "jsonPayload.connection.src_ip",
];
const CLIENT_PORT: &[&str] = &[
    "srcport",
    "src_port",
    "SrcPort",
    "sport",
    "s_port",
    "src-port",
    "source-port",
    "SourcePort",
    "SPT",
    "jsonPayload.connection.src_port",
];
const SERVER: &[&str] = &[
    "dstip",
    "dst_ip",
    "DstIP",
    "dst",
    "dst-ip",
    "dstaddr",
    "destination-address",
    "DestinationIP",
    "destination_ip",
    "jsonPayload.connection.dest_ip",
];
const SERVER_PORT: &[&str] = &[
    "dstport",
    "dst_port",
    "DstPort",
    "dport",
    "dst-port",
    "destination-port",
    "DestinationPort",
    "DPT",
    "jsonPayload.connection.dest_port",
];
const SENT: &[&str] = &[
    "sentbyte",
    "bytes_sent",
    "sent_bytes",
    "InitiatorBytes",
    "bytes-from-client",
    "sent",
    "jsonPayload.bytes_sent",
];
const RECEIVED: &[&str] = &[
    "rcvdbyte",
    "bytes_received",
    "recv_bytes",
    "received_bytes",
    "ResponderBytes",
    "bytes-from-server",
    "rcvd",
];
const PROTOCOL: &[&str] = &["app", "service", "proto", "protocol", "Protocol"];
const DURATION: &[&str] = &["duration", "elapsed", "elapsed-time", "ConnectionDuration"];
const USER: &[&str] = &["user", "srcuser", "unauthuser", "user_name"];
const NAME: &[&str] = &["hostname", "dstname", "URL"];

/// A firewall, or the flow log of a cloud's network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Firewall;

impl Extractor for Firewall {
    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn reads(&self, shape: &Shape) -> bool {
        let product = shape.product.as_ref();
        PRODUCTS.contains(&product)
            || matches!(
                (product, shape.channel.as_ref()),
                ("cisco", "asa" | "ios" | "meraki")
                    | ("aws", "vpcflow")
                    | ("gcp", "vpc_flows")
                    | ("windows", "firewall")
            )
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let ends = Ends::of(row, [CLIENT, CLIENT_PORT, SERVER, SERVER_PORT], out);
        if ends.client.address.is_none() || ends.server.address.is_none() {
            return;
        }
        out.class(Class::Flow);
        let (sent, received) = (sent(row), bytes(row, RECEIVED));
        let protocol = row.any(PROTOCOL).unwrap_or("ip");
        let transfer = Transfer {
            server_name: name(row).map(|name| out.names().of(name)),
            sent,
            received,
            duration: row.any(DURATION).and_then(seconds),
            ended: ended(row, sent.is_some() || received.is_some()),
            ..ends.transfer(out.names().of(protocol))
        };
        let user = row.any(USER);
        let account = user.and_then(|user| out.names().account(user, None));
        let actor = Actor { account, ..ends.actor() };
        out.push_on(None, actor, What::Transfer(Box::new(transfer)));
    }
}

/// What all makers' names are.
const FIELDS: &[&str] = &[
    "srcip",
    "src_ip",
    "SrcIP",
    "src",
    "src-ip",
    "srcaddr",
    "source-address",
    "SourceIP",
    "source_ip",
    "jsonPayload.connection.src_ip",
    "srcport",
    "src_port",
    "SrcPort",
    "sport",
    "s_port",
    "src-port",
    "source-port",
    "SourcePort",
    "SPT",
    "jsonPayload.connection.src_port",
    "dstip",
    "dst_ip",
    "DstIP",
    "dst",
    "dst-ip",
    "dstaddr",
    "destination-address",
    "DestinationIP",
    "destination_ip",
    "jsonPayload.connection.dest_ip",
    "dstport",
    "dst_port",
    "DstPort",
    "dport",
    "dst-port",
    "destination-port",
    "DestinationPort",
    "DPT",
    "jsonPayload.connection.dest_port",
    "sentbyte",
    "bytes_sent",
    "sent_bytes",
    "InitiatorBytes",
    "bytes-from-client",
    "sent",
    "jsonPayload.bytes_sent",
    "bytes",
    "rcvdbyte",
    "bytes_received",
    "recv_bytes",
    "received_bytes",
    "ResponderBytes",
    "bytes-from-server",
    "rcvd",
    "app",
    "service",
    "proto",
    "protocol",
    "Protocol",
    "duration",
    "elapsed",
    "elapsed-time",
    "ConnectionDuration",
    "user",
    "srcuser",
    "unauthuser",
    "user_name",
    "hostname",
    "dstname",
    "URL",
    "misc",
    "blocked",
    "action",
    "subtype",
    "sentdelta",
];

fn bytes(row: &Row<'_>, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| row.number(name))
}

/// Of AWS, a record is of one direction; with others `bytes` are those of both.
fn sent(row: &Row<'_>) -> Option<u64> {
    let one_way = row.text("srcaddr").and_then(|_| row.number("bytes"));
    one_way.or_else(|| bytes(row, SENT))
}

/// The name that was called. Where a firewall looks for threats, the same field
/// may hold the name of a file.
fn name<'a>(row: &Row<'a>) -> Option<&'a str> {
    let address = row.text("misc").filter(|_| row.text("subtype") == Some("url"));
    row.any(NAME).or(address).and_then(host_of)
}

/// Bytes of a session that goes on are told too, and that it began without
/// any.
fn ended(row: &Row<'_>, counted: bool) -> Ended {
    let word = |name: &str| row.text(name).unwrap_or_default();
    let refused = |name: &str| ["REJECT", "DROP"].contains(&word(name));
    if truth(row.text("blocked")) == Some(true) || refused("action") {
        return Ended::Refused;
    }
    let goes_on = word("subtype") == "start"
        || word("action") == "start"
        || row.text("sentdelta").is_some()
        || row.text("jsonPayload.bytes_sent").is_some()
        || row.text("srcaddr").is_some();
    match (counted, goes_on) {
        (false, _) => Ended::Unknown,
        (true, true) => Ended::Open,
        (true, false) => Ended::Whole,
    }
}

/// The host in an address or a name.
fn host_of(text: &str) -> Option<&str> {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = text.split(['/', ':', '?']).next()?;
    let named = host.contains('.') && crate::names::address(host).is_none();
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    (named && plain).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_are_asked_for() {
        let lists = [
            CLIENT,
            CLIENT_PORT,
            SERVER,
            SERVER_PORT,
            SENT,
            RECEIVED,
            PROTOCOL,
            DURATION,
            USER,
            NAME,
        ];
        for name in lists.concat() {
            assert!(FIELDS.contains(&name), "{name}");
        }
    }

    #[test]
    fn hosts_of_addresses() {
        assert_eq!(host_of("drop.example:443/a"), Some("drop.example"));
        assert_eq!(host_of("https://drop.example/a"), Some("drop.example"));
        assert_eq!(host_of("192.0.2.1/"), None);
        assert_eq!(host_of("Some virus"), None);
        assert_eq!(host_of("a b.exe"), None);
    }
}
