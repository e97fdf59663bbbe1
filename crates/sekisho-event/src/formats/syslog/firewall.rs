//! Firewalls that write lists of names and values, each maker in its own way.

use memchr::memmem;

use super::head::Head;
use super::line::{Message, stamp};
use super::pairs::Pairs;
use super::{device, line, paloalto};
use crate::dictionary::Kind;
use crate::formats::text::Sink;
use crate::time::{self, Stamp};

/// How much of a line is looked at to tell the maker, in bytes.
const LOOKED_AT_BYTES: usize = 1_024;

/// Who made the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    FortiGate,
    PaloAlto,
    CheckPoint,
    SonicWall,
    Stormshield,
    Sophos,
    SophosUtm,
    Juniper,
    Huawei,
    H3c,
    Meraki,
    MikroTik,
    /// pfSense and OPNsense.
    Filterlog,
    WatchGuard,
    /// Snort and Suricata, which tell of connections as firewalls do.
    Snort,
    /// Devices of Fortinet other than FortiGate.
    Fortinet,
    /// A list with a source and a destination, of whomever.
    Other,
}

/// What sources are called in lists.
const SOURCES: [&str; 9] = [
    "src",
    "srcip",
    "src_ip",
    "source",
    "source-address",
    "source_address",
    "source_ip",
    "SrcIP",
    "sourceip",
];

/// What destinations are called in lists.
const DESTINATIONS: [&str; 10] = [
    "dst",
    "dstip",
    "dst_ip",
    "dest",
    "destination",
    "destination-address",
    "destination_address",
    "destination_ip",
    "DstIP",
    "destip",
];

fn has(text: &str, part: &str) -> bool {
    memmem::find(text.as_bytes(), part.as_bytes()).is_some()
}

impl Maker {
    /// The maker of a device by what it says, if it is a firewall.
    pub(super) fn of(head: &Head<'_>, text: &str) -> Option<Self> {
        let (program, body) = (head.program.unwrap_or_default(), head.body);
        let by_program = match program {
            "filterlog" => Some(Self::Filterlog),
            "CheckPoint" => Some(Self::CheckPoint),
            _ if device::is_juniper(head) => Some(Self::Juniper),
            _ => None,
        };
        if by_program.is_some() {
            return by_program;
        }
        if let Some(maker) = device::huawei_mark(text) {
            return Some(if maker.0 { Self::Huawei } else { Self::H3c });
        }
        if paloalto::is(body) {
            return Some(Self::PaloAlto);
        }
        if device::is_mikrotik(body) {
            return Some(Self::MikroTik);
        }
        if device::is_watchguard(body) {
            return Some(Self::WatchGuard);
        }
        if device::is_snort(body) {
            return Some(Self::Snort);
        }
        let end = text.floor_char_boundary(LOOKED_AT_BYTES.min(text.len()));
        let start = text.get(..end).unwrap_or_default();
        if !start.contains(['=', ':']) {
            return None;
        }
        Self::by_list(program, body, start)
    }

    fn by_list(program: &str, body: &str, start: &str) -> Option<Self> {
        if has(start, "logid=")
            && (has(start, "devname=") || has(start, "devid=") || has(start, "type="))
        {
            return Some(Self::FortiGate);
        }
        if has(start, "log_id=") && has(start, "device_id=") && body.starts_with("date=") {
            return Some(Self::Fortinet);
        }
        let listed = body.starts_with("id=") || has(start, "id=firewall ");
        if listed && has(start, "time=") && has(start, "fw=") {
            let stormshield = has(start, "startime=") || has(start, "logtype=");
            return Some(if stormshield { Self::Stormshield } else { Self::SonicWall });
        }
        if has(start, "log_component=") || has(start, "device=\"SFW\"") {
            return Some(Self::Sophos);
        }
        if has(start, "sys=\"Sec") && has(start, "sub=\"") {
            return Some(Self::SophosUtm);
        }
        if has(start, "origin:\"") && has(start, "action:\"")
            || has(start, "loguid=") && has(start, "|product=")
            || has(start, "@1.3.6.1.4.1.2620 ")
        {
            return Some(Self::CheckPoint);
        }
        if has(start, "NetScreen device_id=") {
            return Some(Self::Other);
        }
        let flow = matches!(
            program,
            "flows" | "urls" | "ip_flow_start" | "ip_flow_end" | "firewall" | "security_event"
        ) || program.ends_with("_firewall");
        let told = matches!(program, "events" | "airmarshal_events") && body.starts_with("type=");
        if told || flow && has(body, "src=") {
            return Some(Self::Meraki);
        }
        if !program.is_empty()
            || has(start, "msg=audit(")
            || !(has(start, "src") || has(start, "ource") || has(start, "Src"))
        {
            return None;
        }
        let pairs = Pairs::read(body, b'=');
        let complete = pairs.0.len() > 3 && pairs.any(&SOURCES).is_some();
        (complete && pairs.any(&DESTINATIONS).is_some()).then_some(Self::Other)
    }
}

/// Whether what was asked for was kept from happening; firewalls have many
/// words for it.
pub(super) fn say_blocked(blocked: bool, sink: &mut dyn Sink) {
    sink.field("blocked", Kind::Bool, if blocked { "true" } else { "false" });
}

/// Likewise, by the word for what was done. What says neither is left open.
pub(super) fn say_verdict(action: &str, sink: &mut dyn Sink) {
    const LET_PASS: [&str; 20] = [
        "accept",
        "accepted",
        "allow",
        "allowed",
        "alert",
        "pass",
        "passed",
        "permit",
        "permitted",
        "close",
        "client-rst",
        "server-rst",
        "timeout",
        "start",
        "encrypt",
        "decrypt",
        "forward",
        "continue",
        "tunnel-up",
        "vpnroute",
    ];
    const KEPT: [&str; 21] = [
        "refuse",
        "refused",
        "deny",
        "denied",
        "drop",
        "dropped",
        "block",
        "blocked",
        "reject",
        "rejected",
        "prevent",
        "prevented",
        "reset",
        "reset-both",
        "reset-client",
        "reset-server",
        "drop-packet",
        "block-url",
        "discard",
        "discarded",
        "drop-icmp",
    ];
    let is = |word: &&str| action.eq_ignore_ascii_case(word);
    if LET_PASS.iter().any(is) {
        say_blocked(false, sink);
    } else if KEPT.iter().any(is) {
        say_blocked(true, sink);
    }
}

/// Says the line of a firewall.
pub(super) fn say(message: &Message<'_>, maker: Maker, sink: &mut dyn Sink) {
    match maker {
        Maker::FortiGate => fortinet(message, "fortigate", sink),
        Maker::Fortinet => fortinet(message, "fortinet", sink),
        Maker::WatchGuard => device::say_watchguard(message, sink),
        Maker::Snort => device::say_snort(message, sink),
        Maker::CheckPoint => checkpoint(message, sink),
        Maker::SonicWall => id_list(message, "sonicwall", sink),
        Maker::Stormshield => id_list(message, "stormshield", sink),
        Maker::Sophos => sophos(message, sink),
        Maker::SophosUtm => plain(message, ("sophos", "utm"), sink),
        Maker::Meraki => plain(message, ("cisco", "meraki"), sink),
        Maker::PaloAlto => paloalto::say(message, sink),
        Maker::Juniper => device::say_juniper(message, sink),
        Maker::Huawei | Maker::H3c => device::say_huawei(message, sink),
        Maker::MikroTik => device::say_mikrotik(message, sink),
        Maker::Filterlog => device::say_filterlog(message, sink),
        Maker::Other => plain(message, ("firewall", ""), sink),
    }
}

/// `date=… time=… devname=… logid=… type=… subtype=…`, parted by spaces or
/// commas.
fn fortinet(message: &Message<'_>, product: &str, sink: &mut dyn Sink) {
    let pairs = Pairs::read(message.head.body, b'=');
    message.open(product, pairs.get("type").unwrap_or_default(), sink);
    pairs.say(sink);
    if pairs.get("type") == Some("traffic") || pairs.get("dstip").is_some() {
        say_verdict(pairs.get("action").unwrap_or_default(), sink);
    }
    if let Some(name) = pairs.any(&["devname", "devid", "device_id"]) {
        sink.host(name);
        if message.head.host.is_none() {
            sink.text("host", name);
        }
    }
    let written = || {
        let (date, time) = (pairs.get("date")?, pairs.get("time")?);
        let zone = pairs.get("tz").unwrap_or_default();
        time::parse(&format!("{date} {time}{zone}"))
            .or_else(|| time::parse(&format!("{date} {time}")))
    };
    let event = pairs.get("eventtime").and_then(time::epoch).map(Stamp::Utc);
    if let Some(time) = event.or_else(written) {
        sink.time(time);
    }
}

/// `[action:"Accept"; src:"…"; …]`, and `time=…|product=…|src=…`.
fn checkpoint(message: &Message<'_>, sink: &mut dyn Sink) {
    let head = &message.head;
    let list = if head.data.is_empty() { head.body } else { head.data };
    let pairs = if list.contains(":\"") {
        Pairs::read(list, b':')
    } else if list.contains('|') {
        Pairs::read_to(list, b'=', Some(b'|'))
    } else {
        Pairs::read(list, b'=')
    };
    message.open("checkpoint", pairs.any(&["product", "ProductName"]).unwrap_or_default(), sink);
    pairs.say(sink);
    say_verdict(pairs.any(&["action", "rule_action"]).unwrap_or_default(), sink);
    if let Some(time) = pairs.any(&["time", "Time"]).and_then(stamp) {
        sink.time(time);
    }
}

/// `id=firewall sn=… time="…" fw=… src=1.2.3.4:5:X1 dst=…`, of which the
/// endpoints hold ports and interfaces, and the like of others.
fn id_list(message: &Message<'_>, product: &str, sink: &mut dyn Sink) {
    let pairs = Pairs::read(message.head.body, b'=');
    message.open(product, "firewall", sink);
    for (name, value) in &pairs.0 {
        sink.value(name, value);
    }
    say_endpoint(&pairs, "src", ["src_ip", "src_port"], sink);
    say_endpoint(&pairs, "dst", ["dst_ip", "dst_port"], sink);
    let action = pairs.any(&["fw_action", "action", "af_action"]).unwrap_or_default();
    let action = action.trim_matches('"');
    say_verdict(action, sink);
    // Some collectors write who sent it before it, and nothing else.
    let sender = message.head.body.split_once("id=").map_or("", |parts| parts.0.trim());
    let sender = Some(sender).filter(|s| s.parse::<std::net::IpAddr>().is_ok());
    if message.head.host.is_none()
        && let Some(host) = sender.or(pairs.get("fw"))
    {
        sink.text("host", host);
        sink.host(host);
    }
    let zone = pairs.get("tz").unwrap_or_default();
    let time = pairs.get("time").and_then(|t| stamp(&format!("{t}{zone}")).or_else(|| stamp(t)));
    if let Some(time) = time {
        sink.time(time);
    }
}

/// `1.2.3.4:5:X1` as address and port.
fn say_endpoint(pairs: &Pairs<'_>, name: &str, names: [&str; 2], sink: &mut dyn Sink) {
    let Some(value) = pairs.get(name) else { return };
    let mut parts = value.split(':');
    let address = parts.next().unwrap_or_default();
    if address.parse::<std::net::Ipv4Addr>().is_err() {
        return;
    }
    sink.text(names[0], address);
    if let Some(port) =
        parts.next().filter(|p| p.bytes().all(|b| b.is_ascii_digit()) && !p.is_empty())
    {
        sink.value(names[1], port);
    }
}

/// `device="SFW" date=… time=… timezone="IST" … log_type="Firewall" …`.
fn sophos(message: &Message<'_>, sink: &mut dyn Sink) {
    let pairs = Pairs::read(message.head.body, b'=');
    message.open("sophos", pairs.get("log_type").unwrap_or_default(), sink);
    pairs.say(sink);
    let verdict = pairs.any(&["log_subtype", "status", "action"]).unwrap_or_default();
    say_verdict(verdict, sink);
    if message.head.host.is_none()
        && let Some(name) = pairs.get("device_name").filter(|name| *name != "SFW")
    {
        sink.text("host", name);
        sink.host(name);
    }
    let written = || time::parse(&format!("{} {}", pairs.get("date")?, pairs.get("time")?));
    if let Some(time) = pairs.get("timestamp").and_then(stamp).or_else(written) {
        sink.time(time);
    }
}

/// Any other list.
fn plain(message: &Message<'_>, shape: (&str, &str), sink: &mut dyn Sink) {
    let pairs = Pairs::read(message.head.body, b'=');
    message.open(shape.0, shape.1, sink);
    pairs.say(sink);
    say_endpoint(&pairs, "src", ["src_ip", "src_port"], sink);
    say_endpoint(&pairs, "dst", ["dst_ip", "dst_port"], sink);
    // Meraki: `allow src=… pattern: 1 all`, or without a verdict before,
    // `pattern: deny all`.
    let pattern = message.head.body.split_once(" pattern: ").map(|parts| line_word(parts.1));
    let first = Some(line_word(message.head.body)).filter(|word| !word.contains('='));
    let first = first.or(pattern).unwrap_or_default();
    say_verdict(pairs.any(&["action", "act", "disposition", "result"]).unwrap_or(first), sink);
    let written = || time::parse(&format!("{} {}", pairs.get("date")?, pairs.get("time")?));
    let single = pairs.any(&["timestamp", "time", "eventtime"]).and_then(line::stamp);
    if message.head.time.is_none()
        && let Some(time) = single.or_else(written)
    {
        sink.time(time);
    }
}

/// The first word, which with some makers is what was done.
fn line_word(body: &str) -> &str {
    super::head::word(body).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    /// Some fields of a line.
    fn fields(line: &str, names: &str) -> String {
        let mut record = JsonRecord::default();
        line::say(line, ("", ""), &mut record);
        let mut json = Vec::new();
        record.write(&mut json);
        let object: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let value = |name: &str| object.get(name).map_or("-".to_owned(), ToString::to_string);
        names.split(' ').map(value).collect::<Vec<_>>().join(" ").replace('"', "")
    }

    #[test]
    fn what_makers_say() {
        for (line, names, expected) in [
            (
                "10.0.0.9 id=firewall sn=1 time=\"2024-01-02 03:04:05 UTC\" fw=10.0.0.1 src=1.2.3.4:5:X0 dst=5.6.7.8:443:X1 appName='General HTTPS' fw_action=\"drop\"",
                "host src_ip src_port appName blocked",
                "10.0.0.9 1.2.3.4 5 General HTTPS true",
            ),
            (
                "<190>date=2024-01-02,time=03:04:05.678,device_id=F1,log_id=1,type=spam, user=,detail='a b',client_ip=\"1.2.3.4\"",
                "host type detail client_ip",
                "F1 spam a b 1.2.3.4",
            ),
            (
                "<134>1 1704164645.123456789 MX60 vpn_firewall src=1.2.3.4 dst=5.6.7.8 protocol=udp sport=5 dport=53 pattern: deny all",
                "host src_ip blocked",
                "MX60 1.2.3.4 true",
            ),
            (
                "<134>1 1704164645.123456789 MR1 events type=wpa_auth radio='1' client_mac='a b'",
                "host type client_mac",
                "MR1 wpa_auth a b",
            ),
            (
                "<85>1 2024-01-02T03:04:05--5:00 gw1 CP-GW - Log [Fields@1.3.6.1.4.1.2620 src=\"1.2.3.4\" ProductName=\"VPN\"]",
                "host src ProductName",
                "gw1 1.2.3.4 VPN",
            ),
            (
                "<142>Jan  2 03:04:05 fb 70A (2024-01-02T03:04:05) firewall: msg_id=\"3000-0148\" Deny a b tcp 20 127 1.2.3.4 5.6.7.8 5 80 x",
                "host msg_id action blocked src_ip dst_ip src_port dst_port",
                "fb 3000-0148 Deny true 1.2.3.4 5.6.7.8 5 80",
            ),
            (
                "Jan  2 03:04:05 ids snort: [1:2:3] a b [Classification: c d] [Priority: 2] {TCP} 1.2.3.4:5 -> 5.6.7.8:9",
                "signature classification priority src_ip dst_port",
                "a b c d 2 1.2.3.4 9",
            ),
            (
                "Jan  2 03:04:05 gw kernel: [WAN_IN-3-D]IN=eth0 OUT= SRC=1.2.3.4 DST=5.6.7.8 PROTO=TCP SPT=5 DPT=80",
                "log_prefix action DPT",
                "[WAN_IN-3-D] drop 80",
            ),
            (
                "Jan  2 03:04:05 DENY: IN=eth0 OUT= SRC=1.2.3.4 DST=5.6.7.8 PROTO=TCP SPT=5 DPT=80",
                "log_prefix action blocked",
                "DENY drop true",
            ),
            (
                "0123,2024/01/02 03:04:05,audit,2561,gui-op,bob,\"<x/>\",success",
                "serial type subtype admin cmd result",
                "0123 audit gui-op bob <x/> success",
            ),
        ] {
            assert_eq!(fields(line, names), expected, "{line}");
        }
    }
}
