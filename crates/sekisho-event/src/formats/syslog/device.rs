//! Devices whose messages are neither lists of one kind nor prose: Juniper,
//! Huawei and H3C, MikroTik, pfSense and OPNsense, and the firewall of Linux.

use memchr::memmem;

use super::endpoints;
use super::firewall::{say_blocked, say_verdict};
use super::head::Head;
use super::line::Message;
use super::pairs::Pairs;
use crate::formats::text::Sink;

fn has(text: &str, part: &str) -> bool {
    memmem::find(text.as_bytes(), part.as_bytes()).is_some()
}

/// Up to so many bytes of some text.
fn start(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes.min(text.len()))).unwrap_or_default()
}

/// Whether Junos wrote it.
pub(super) fn is_juniper(head: &Head<'_>) -> bool {
    let program = head.program.unwrap_or_default();
    matches!(
        program,
        "rpd" | "mgd" | "/kernel" | "jddosd" | "chassisd" | "jlaunchd" | "pfed" | "cosd"
    ) || program.starts_with("RT_")
        || head.message_id.is_some_and(|id| id.starts_with("RT_"))
        || head.data.starts_with("[junos@")
        || head.body.starts_with("RT_")
        || has(start(head.body, 160), "[junos@")
}

/// `RT_FLOW_SESSION_CREATE [junos@2636.1.1.1.2.40 source-address="…" …]`, or
/// the same in prose.
pub(super) fn say_juniper(message: &Message<'_>, sink: &mut dyn Sink) {
    let head = &message.head;
    let (program, body) = (head.program.unwrap_or_default(), head.body);
    let named =
        |text: &str| text.starts_with(|c: char| c.is_ascii_uppercase()) && text.contains('_');
    let first = super::head::word(body).0.trim_end_matches(':');
    let event = [head.message_id.unwrap_or_default(), first, program];
    let event = event.into_iter().find(|e| named(e)).unwrap_or_default();
    let flow = event.starts_with("RT_");
    message.open("juniper", if flow { "flow" } else { program }, sink);
    if !event.is_empty() {
        sink.text("event", event);
    }
    let list = if head.data.is_empty() { body } else { head.data };
    if list.contains("=\"") {
        Pairs::read(list, b'=').say(sink);
    } else if flow && let Some((from, to)) = endpoints::pair(body) {
        endpoints::say(from, to, sink);
    }
    if event.starts_with("RT_FLOW_SESSION") {
        let deny = event.ends_with("_DENY") || event.ends_with("_DENY_LS");
        sink.text("action", if deny { "deny" } else { "accept" });
        say_blocked(deny, sink);
    }
}

/// `%%01MODULE/4/MNEMONIC(l):` of Huawei (`true`), `%%10…` of H3C: module,
/// severity, mnemonic and what follows.
fn huawei(text: &str) -> Option<(bool, [&str; 4])> {
    let start = start(text, 512);
    let at = memmem::find(start.as_bytes(), b"%%")?;
    let rest = text.get(at + 2..)?;
    let number = rest.get(..2)?.parse::<u8>().ok()?;
    let mut parts = rest.get(2..)?.splitn(3, '/');
    let (module, severity, after) = (parts.next()?, parts.next()?, parts.next()?);
    let end = after.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))?;
    let (mnemonic, after) = after.split_at_checked(end)?;
    let (_, after) = after.split_once(':')?;
    let fits = module.len() < 64
        && module.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        && matches!(severity.as_bytes(), [b'0'..=b'9'])
        && !mnemonic.is_empty();
    fits.then_some((number != 10, [module, severity, mnemonic, after]))
}

/// Whether it is a line of Huawei (`true`) or H3C, and the mark of it.
pub(super) fn huawei_mark(text: &str) -> Option<(bool, [&str; 4])> {
    memchr::memchr(b'%', text.as_bytes().get(..512).unwrap_or(text.as_bytes()))?;
    huawei(text)
}

/// Says the line of a device of Huawei or H3C.
pub(super) fn say_huawei(message: &Message<'_>, sink: &mut dyn Sink) {
    let Some((huawei, [module, severity, mnemonic, after])) = huawei(message.text) else { return };
    message.open(if huawei { "huawei" } else { "h3c" }, &module.to_ascii_lowercase(), sink);
    sink.text("module", module);
    sink.value("severity", severity);
    sink.text("mnemonic", mnemonic);
    let part = if after.contains(", ") || !after.contains(';') { ',' } else { ';' };
    for item in after.split(part) {
        let Some((name, value)) = item.split_once('=') else { continue };
        // `Protocol(1001)=TCP`; `…failed. (PeerIP=1.2.3.4`.
        let name = name.trim();
        let bare = match name.strip_suffix(')').and_then(|n| n.rsplit_once('(')) {
            Some((bare, _)) => bare,
            None => name,
        };
        let bare = bare
            .rsplit([' ', '(', ':', '-'])
            .next()
            .filter(|_| !bare.contains('-'))
            .unwrap_or(bare);
        let bare = bare.rsplit([' ', '(']).next().unwrap_or(bare);
        let value = value.trim().trim_matches('"').trim_end_matches(['.', ')', ';']);
        if !bare.is_empty() && bare.len() < 128 {
            sink.value(bare, value);
            if matches!(bare, "action" | "Action" | "policy-action") {
                say_verdict(value, sink);
            }
        }
    }
    if mnemonic.ends_with("PERMIT") || mnemonic.ends_with("DENY") {
        sink.text("action", if mnemonic.ends_with("DENY") { "deny" } else { "accept" });
        say_blocked(mnemonic.ends_with("DENY"), sink);
    }
}

/// `firewall,info forward: in:ether1 out:ether2, …, proto TCP (SYN),
/// 1.2.3.4:5->10.0.0.1:80, len 52`.
pub(super) fn is_mikrotik(body: &str) -> bool {
    let start = start(body, 300);
    has(start, "in:") && has(start, " out:") && has(start, "proto ") && has(start, "->")
}

/// Says such a line.
pub(super) fn say_mikrotik(message: &Message<'_>, sink: &mut dyn Sink) {
    message.open("mikrotik", "firewall", sink);
    let body = message.head.body;
    for part in body.split(',') {
        let part = part.trim();
        if let Some(protocol) = part.strip_prefix("proto ") {
            sink.text("protocol", super::head::word(protocol).0);
        } else if let Some(mac) = part.rsplit_once("src-mac ").map(|m| m.1) {
            sink.text("src_mac", mac);
        }
    }
    let listed = body.split(", ").find(|part| part.contains("->"));
    if let Some((from, to)) = listed.and_then(endpoints::pair) {
        endpoints::say(from, to, sink);
    }
}

/// `msg_id="3000-0148" Allow 1-Trusted 0-External tcp 10.0.0.1 1.2.3.4 5 80 …`
/// of WatchGuard, after the number of the device and its time.
pub(super) fn is_watchguard(text: &str) -> bool {
    let start = start(text, 300);
    start.starts_with("msg_id=\"") || has(start, "(") && has(start, ": msg_id=\"")
}

/// Says such a line.
pub(super) fn say_watchguard(message: &Message<'_>, sink: &mut dyn Sink) {
    let body = message.head.body;
    let at = memmem::find(body.as_bytes(), b"msg_id=").unwrap_or(0);
    let (before, list) = body.split_at_checked(at).unwrap_or(("", body));
    let named = before.trim_end().trim_end_matches(':').rsplit(' ').next().unwrap_or_default();
    let program = named.split('[').next().unwrap_or_default();
    message.open("watchguard", message.head.program.unwrap_or(program), sink);
    Pairs::read(list, b'=').say(sink);
    let mut words = list.split_ascii_whitespace().skip(1).take(16);
    if let Some(action @ ("Allow" | "Deny")) = words.next() {
        sink.text("action", action);
        say_verdict(action, sink);
        let address = |word: &str| word.parse::<std::net::IpAddr>().is_ok();
        let number = |word: &&str| word.parse::<u16>().is_ok();
        if let Some(from) = words.by_ref().find(|word| address(word)) {
            sink.text("src_ip", from);
            if let Some(to) = words.next().filter(|word| address(word)) {
                sink.text("dst_ip", to);
            }
            for name in ["src_port", "dst_port"] {
                if let Some(port) = words.next().filter(number) {
                    sink.value(name, port);
                }
            }
        }
    }
    let time = before.split_once('(').and_then(|(_, after)| after.split_once(')'));
    if let Some(time) = time.and_then(|(time, _)| crate::time::parse(time)) {
        sink.time(time);
    }
}

/// `[1:2012811:2] Words [Classification: …] [Priority: 2] {UDP} 1.2.3.4:5 ->
/// 10.0.0.1:53` of Snort and Suricata, with stars around it or without.
fn snort(body: &str) -> Option<(&str, &str)> {
    let body = body.strip_prefix("[**] ").unwrap_or(body);
    let (id, after) = body.strip_prefix('[')?.split_once("] ")?;
    let parts = id.split(':').count();
    let fits = parts == 3 && id.bytes().all(|b| b.is_ascii_digit() || b == b':');
    (fits && has(after, "[Priority: ") && has(after, "} ")).then_some((id, after))
}

/// Whether it is such a line.
pub(super) fn is_snort(body: &str) -> bool {
    body.starts_with('[') && snort(body).is_some()
}

/// Says such a line.
pub(super) fn say_snort(message: &Message<'_>, sink: &mut dyn Sink) {
    message.open("snort", "alert", sink);
    let Some((id, after)) = snort(message.head.body) else { return };
    let mut parts = id.split(':');
    for name in ["generator_id", "signature_id", "revision"] {
        sink.value(name, parts.next().unwrap_or_default());
    }
    let end =
        [" [**]", " [Classification", " [Priority"].iter().filter_map(|e| after.find(e)).min();
    sink.text("signature", after.get(..end.unwrap_or_default()).unwrap_or_default().trim());
    let between = |open: &str, close: char| Some(after.split_once(open)?.1.split_once(close)?.0);
    let more = [
        ("classification", between("[Classification: ", ']')),
        ("priority", between("[Priority: ", ']')),
        ("protocol", between("{", '}')),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            sink.value(name, value);
        }
    }
    let speakers = after.split_once("} ").map_or("", |parts| parts.1);
    if let Some((from, to)) = endpoints::pair(speakers) {
        endpoints::say(from, to, sink);
    }
}

/// Before the addresses: what every line of `filterlog` has.
const FILTERLOG: [&str; 9] = [
    "rule",
    "subrule",
    "anchor",
    "tracker",
    "interface",
    "reason",
    "action",
    "direction",
    "ip_version",
];

const FILTERLOG_4: [&str; 11] = [
    "tos",
    "ecn",
    "ttl",
    "id",
    "offset",
    "flags",
    "protocol_id",
    "protocol",
    "length",
    "src_ip",
    "dst_ip",
];

const FILTERLOG_6: [&str; 8] =
    ["class", "flow_label", "hop_limit", "protocol", "protocol_id", "length", "src_ip", "dst_ip"];

const FILTERLOG_PORTS: [&str; 3] = ["src_port", "dst_port", "data_length"];

/// Says a line of the packet filter of pfSense or OPNsense.
pub(super) fn say_filterlog(message: &Message<'_>, sink: &mut dyn Sink) {
    message.open("pfsense", "filterlog", sink);
    let values: Vec<&str> = message.head.body.split(',').take(64).collect();
    let value = |n: usize| values.get(n).copied().unwrap_or_default();
    let addresses: &[&str] = if value(8) == "6" { &FILTERLOG_6 } else { &FILTERLOG_4 };
    let names = FILTERLOG.iter().chain(addresses).enumerate();
    let (mut count, mut protocol) = (0, "");
    for (n, name) in names {
        let value = value(n);
        count = n + 1;
        if *name == "protocol" {
            protocol = value;
        }
        if !value.is_empty() {
            sink.value(name, value);
        }
    }
    if protocol.eq_ignore_ascii_case("tcp") || protocol.eq_ignore_ascii_case("udp") {
        for (n, name) in FILTERLOG_PORTS.iter().enumerate() {
            if !value(count + n).is_empty() {
                sink.value(name, value(count + n));
            }
        }
    }
    say_verdict(value(6), sink);
}

/// `IN=eth0 OUT= MAC=… SRC=1.2.3.4 DST=… PROTO=TCP SPT=5 DPT=80 … SYN`.
pub(super) fn is_netfilter(body: &str) -> bool {
    let start = start(body, 400);
    has(start, "IN=") && has(start, " OUT=") && has(start, " SRC=") && has(start, " DST=")
}

/// Says a packet that the kernel logged, for UFW, firewalld or `iptables`.
pub(super) fn say_netfilter(message: &Message<'_>, sink: &mut dyn Sink) {
    message.open_with_priority("linux", "iptables", sink);
    let body = message.head.body;
    let at = memmem::find(body.as_bytes(), b"IN=").unwrap_or(0);
    let (before, list) = body.split_at_checked(at).unwrap_or(("", body));
    // The kernel's own time, since it was started, stands before the prefix.
    let prefix = match before.trim_start().strip_prefix('[').and_then(|b| b.split_once(']')) {
        Some((uptime, rest)) if uptime.trim().bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
            rest
        }
        _ => before,
    };
    let prefix = prefix.trim().trim_end_matches(':');
    // Without a program the prefix stands where it would.
    let program = message.head.program.filter(|p| prefix.is_empty() && !p.starts_with("kernel"));
    let prefix = program.unwrap_or(prefix);
    if !prefix.is_empty() {
        sink.text("log_prefix", prefix);
    }
    Pairs::read(list, b'=').say(sink);
    let word = prefix.to_ascii_uppercase();
    // Ubiquiti ends the name of a rule so.
    let says = |words: &[&str]| words.iter().any(|w| word.contains(w));
    let ends = |end: &str| word.trim_end_matches(']').ends_with(end);
    let action = if says(&["BLOCK", "DROP", "DENY", "DENIED", "DISCARD"]) || ends("-D") {
        "drop"
    } else if says(&["REJECT"]) || ends("-R") {
        "reject"
    } else if says(&["ALLOW", "ACCEPT", "PERMIT", "PASS"]) || ends("-A") {
        "accept"
    } else {
        return;
    };
    sink.text("action", action);
    say_blocked(action != "accept", sink);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_huawei_and_h3c() {
        let bgp =
            "Jan  2 2024 03:04:05 r %%01BGP/3/BGP_AUTH_FAILED(l)[3]:BGP failed. (PeerIP=1.2.3.4)";
        let (is_huawei, [module, severity, mnemonic, after]) = huawei(bgp).unwrap();
        assert!(is_huawei);
        assert_eq!([module, severity, mnemonic], ["BGP", "3", "BGP_AUTH_FAILED"]);
        assert_eq!(after, "BGP failed. (PeerIP=1.2.3.4)");
        assert!(!huawei("x %%10SHELL/5/SHELL_LOGIN: y").unwrap().0);
        for no in ["", "%%", "%%01", "%%01A/5", "%%01A/55/B(l):", "%%01A/5/B", "100%% 12/3/x: y"] {
            assert!(huawei(no).is_none(), "{no}");
        }
    }

    #[test]
    fn what_is_told_by_its_words() {
        let mikrotik =
            "firewall,info forward: in:e1 out:e2, proto TCP (SYN), 1.2.3.4:5->10.0.0.1:80, len 52";
        assert!(is_mikrotik(mikrotik));
        assert!(!is_mikrotik("in: out: x"));
        assert!(is_netfilter("[1.5] [UFW BLOCK] IN=eth0 OUT= MAC= SRC=1.2.3.4 DST=10.0.0.1 LEN=1"));
        assert!(!is_netfilter("IN=eth0"));
        assert!(is_watchguard("FVE6 (2024-01-02T03:04:05) firewall: msg_id=\"3000-0148\" Allow x"));
        assert!(is_watchguard("msg_id=\"3000-0148\" Allow x"));
        assert!(!is_watchguard("x: msg_id=\"1\""));
        assert!(is_snort("[**] [1:2:3] a b [**] [Priority: 0] {TCP} 1.2.3.4:5 -> 10.0.0.1:80"));
        assert!(is_snort("[1:2:3] a b [Priority: 0] {ICMP} 1.2.3.4 -> 10.0.0.1"));
        assert!(!is_snort("[1:2] a b [Priority: 0] {ICMP} 1.2.3.4 -> 10.0.0.1"));
        let head = Head::read(
            "<14>1 2024-01-02T03:04:05Z srx RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1 a=\"b\"] x",
        );
        assert!(is_juniper(&head));
        assert!(!is_juniper(&Head::read("Jan  2 03:04:05 h su: x")));
    }
}
