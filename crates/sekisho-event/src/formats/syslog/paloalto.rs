//! Palo Alto's PAN-OS: comma-separated values, whose meaning is told by the
//! kind of log and their place. Names are those of its documentation.

use super::firewall::say_verdict;
use super::line::Message;
use crate::formats::text::Sink;
use crate::time::{self, Stamp};

/// Most values of a line.
const VALUES_MAX: usize = 512;

/// After the kind of log: what all kinds begin with.
const COMMON: &str = "subtype config_ver time_generated";

const SESSION: &str = "src dst natsrc natdst rule srcuser dstuser app vsys from to inbound_if \
    outbound_if logset - sessionid repeatcnt sport dport natsport natdport flags proto action";

const TRAFFIC: &str = "bytes bytes_sent bytes_received packets start elapsed category - seqno \
    actionflags srcloc dstloc - pkts_sent pkts_received session_end_reason dg_hier_level_1 \
    dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name action_source";

const THREAT: &str = "misc threatid category severity direction seqno actionflags srcloc dstloc - \
    contenttype pcap_id filedigest cloud url_idx user_agent filetype xff referer sender subject \
    recipient reportid dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name \
    device_name - src_uuid dst_uuid http_method";

const SYSTEM: &str = "vsys eventid object - - module severity opaque seqno actionflags \
    dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name device_name";

const CONFIG: &str = "host vsys cmd admin client result path";

const CONFIG_DETAIL: &str = "before-change-detail after-change-detail";

const CONFIG_END: &str = "seqno actionflags dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 \
    dg_hier_level_4 vsys_name device_name";

const GLOBALPROTECT: &str = "vsys eventid stage auth_method tunnel_type srcuser srcregion \
    machinename public_ip public_ipv6 private_ip private_ipv6 hostid serialnumber client_ver \
    client_os client_os_ver repeatcnt reason error opaque status location login_duration \
    connect_method error_code portal seqno actionflags";

const USERID: &str = "vsys ip user datasourcename eventid repeatcnt timeout beginport endport \
    datasource datasourcetype seqno actionflags";

const HIPMATCH: &str = "srcuser vsys machinename os src matchname repeatcnt matchtype - - seqno \
    actionflags";

const AUTHENTICATION: &str = "vsys ip user normalize_user object authpolicy repeatcnt authid \
    vendor logset serverprofile desc clienttype event factorno seqno actionflags";

const KINDS: [&str; 17] = [
    "GTP",
    "SCTP",
    "IPTAG",
    "TRAFFIC",
    "THREAT",
    "SYSTEM",
    "CONFIG",
    "GLOBALPROTECT",
    "USERID",
    "HIPMATCH",
    "HIP-MATCH",
    "AUTHENTICATION",
    "DECRYPTION",
    "CORRELATION",
    "TUNNEL",
    "URL",
    "AUDIT",
];

/// Where the kind of log stands among the values.
fn kind_at<'a>(values: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut found = values.take(7).enumerate().skip(2);
    // Of sessions within tunnels: `START`, `END`.
    let tunnel = |n: usize, value: &str| n == 3 && matches!(value, "START" | "END");
    let is = |n: usize, value: &str| {
        KINDS.iter().any(|k| value.eq_ignore_ascii_case(k)) || tunnel(n, value)
    };
    found.find(|(n, value)| is(*n, value)).map(|(n, _)| n)
}

/// Whether a message begins as these do.
pub(super) fn is(body: &str) -> bool {
    let mut values = body.split(',');
    let first = values.next().unwrap_or_default();
    let numbered = first.bytes().all(|b| b.is_ascii_digit());
    let time = values.next().unwrap_or_default();
    // Without the first value, which means nothing.
    if first.len() > 3 {
        let audit = values.next().is_some_and(|kind| kind.eq_ignore_ascii_case("audit"));
        return numbered && first.len() < 32 && audit && time::parse(time).is_some();
    }
    numbered
        && time.len() >= 10
        && time::parse(time).is_some()
        && kind_at(body.split(',')).is_some()
}

/// Says a line.
pub(super) fn say(message: &Message<'_>, sink: &mut dyn Sink) {
    let values = values(message.head.body);
    let at = kind_at(values.iter().map(|v| &**v)).unwrap_or(3);
    let value = |n: usize| values.get(n).map(|v| &**v).unwrap_or_default();
    let kind = value(at).to_ascii_lowercase();
    let portal = kind == "system" && value(at + 1) == "globalprotect";
    message.open("paloalto", if portal { "globalprotect" } else { &kind }, sink);
    for (name, n) in [("receive_time", 1), ("serial", if at > 2 { 2 } else { 0 }), ("type", at)] {
        sink.text(name, value(n));
    }
    // Between the kind and the rest, a number of the format.
    let rest: &[&str] = match kind.as_str() {
        "traffic" => &[COMMON, SESSION, TRAFFIC],
        "threat" | "url" => &[COMMON, SESSION, THREAT],
        "system" => &[COMMON, SYSTEM],
        "config" if is_number(value(at + 11)) && value(at + 12).starts_with("0x") => {
            &[COMMON, CONFIG, CONFIG_END]
        }
        "config" => &[COMMON, CONFIG, CONFIG_DETAIL, CONFIG_END],
        "globalprotect" => &[COMMON, GLOBALPROTECT],
        "userid" => &[COMMON, USERID],
        "hipmatch" | "hip-match" => &[COMMON, HIPMATCH],
        "authentication" => &[COMMON, AUTHENTICATION],
        "decryption" | "tunnel" | "start" | "end" | "gtp" | "sctp" => &[COMMON, SESSION],
        "audit" => &["config_ver subtype admin cmd result"],
        _ => &[COMMON],
    };
    let names = rest.iter().flat_map(|part| part.split_ascii_whitespace());
    for (n, name) in names.enumerate() {
        let value = value(at + 1 + n);
        if name != "-" && !value.is_empty() {
            sink.value(name, value);
        }
        match name {
            "action" => say_verdict(value, sink),
            "device_name" if !value.is_empty() => sink.host(value),
            _ => {}
        }
    }
    let generated = time::parse(value(at + 3)).or_else(|| time::parse(value(1)));
    if let Some(time) = generated {
        let precise = values.iter().skip(at + 4).find_map(|value| precise(value, time));
        sink.time(precise.unwrap_or(time));
    }
}

/// The same time with its zone and its fraction, which newer versions write
/// among their last values.
fn precise(value: &str, time: Stamp) -> Option<Stamp> {
    const MINUTE: u64 = 60_000_000_000;
    let Stamp::Zoneless(time) = time else { return None };
    let bare = value.get(..23).filter(|_| value.len() == 29 && value.get(10..11) == Some("T"))?;
    let Some(Stamp::Zoneless(shown)) = time::parse(bare) else { return None };
    let near = shown.abs_diff(time) <= MINUTE;
    time::parse(value).filter(|_| near)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The values of a line: commas in quotes part nothing, quotes in quotes are
/// doubled.
fn values(text: &str) -> Vec<std::borrow::Cow<'_, str>> {
    let mut out = Vec::with_capacity(64);
    let mut rest = text;
    while out.len() < VALUES_MAX {
        let Some(inside) = rest.strip_prefix('"') else {
            let (value, after) = rest.split_once(',').unzip();
            out.push(value.unwrap_or(rest).into());
            match after {
                Some(after) => rest = after,
                None => break,
            }
            continue;
        };
        let b = inside.as_bytes();
        let mut end = 0;
        while let Some(n) = memchr::memchr(b'"', b.get(end..).unwrap_or_default()) {
            end += n;
            if b.get(end + 1) != Some(&b'"') {
                break;
            }
            end += 2;
        }
        let end = if b.get(end) == Some(&b'"') { end } else { inside.len() };
        let value = inside.get(..end).unwrap_or_default();
        out.push(if value.contains("\"\"") {
            value.replace("\"\"", "\"").into()
        } else {
            value.into()
        });
        match inside.get(end..).and_then(|after| after.split_once(',')) {
            Some((_, after)) => rest = after,
            None => break,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_kinds() {
        assert_eq!(values("a,,\"b, \"\"c\"\"\",d"), ["a", "", "b, \"c\"", "d"]);
        assert_eq!(values("\"open,x"), ["open,x"]);
        assert_eq!(values(""), [""]);
        for (body, yes) in [
            ("1,2024/01/02 03:04:05,001,TRAFFIC,end,2561,2024/01/02 03:04:05,10.0.0.1", true),
            ("1,2024-01-02T03:04:05.000Z,001,THREAT,url", true),
            ("1,2020/04/01 10:49:35,015351000040055,11,0x0,GLOBALPROTECT,0,2305,x", true),
            ("1,2024/01/02 03:04:05,001,START,start,2561,x", true),
            ("0123,2024/01/02 03:04:05,audit,2561,gui-op,bob,x,success", true),
            ("0123,2024/01/02 03:04:05,001,TRAFFIC,end", false),
            ("1,2024/01/02 03:04:05,001,OTHER,end", false),
            ("a,b,c,TRAFFIC", false),
        ] {
            assert_eq!(is(body), yes, "{body}");
        }
    }
}
