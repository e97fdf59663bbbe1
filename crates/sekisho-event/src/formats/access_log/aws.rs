//! Lines of load balancers (classic and application) and of bucket access
//! logs of AWS: values in a fixed order, which later versions made longer.

use crate::formats::text::Sink;
use crate::formats::web::{
    Target, Token, Tokens, bracketed_time, host_and_port, is_address, request_line,
    say_agent_and_referer, stated, unescaped,
};
use crate::time::{self, Stamp};

const APPLICATION: &[&str] = &[
    "type",
    "time",
    "elb",
    "client",
    "target",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "sc-status",
    "target_status_code",
    "cs-bytes",
    "sc-bytes",
    "request",
    "cs-user-agent",
    "ssl_cipher",
    "ssl_protocol",
    "target_group_arn",
    "trace_id",
    "domain_name",
    "chosen_cert_arn",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target_port_list",
    "target_status_code_list",
    "classification",
    "classification_reason",
    "conn_trace_id",
];

const CLASSIC: &[&str] = &[
    "time",
    "elb",
    "client",
    "backend",
    "request_processing_time",
    "backend_processing_time",
    "response_processing_time",
    "sc-status",
    "backend_status_code",
    "cs-bytes",
    "sc-bytes",
    "request",
    "cs-user-agent",
    "ssl_cipher",
    "ssl_protocol",
];

/// Of a network load balancer: connections of TLS.
const NETWORK: &[&str] = &[
    "type",
    "version",
    "time",
    "elb",
    "listener",
    "client",
    "destination",
    "connection_time",
    "tls_handshake_time",
    "cs-bytes",
    "sc-bytes",
    "incoming_tls_alert",
    "chosen_cert_arn",
    "chosen_cert_serial",
    "ssl_cipher",
    "ssl_protocol",
    "tls_named_group",
    "domain_name",
    "alpn_fe_protocol",
    "alpn_be_protocol",
    "alpn_client_preference_list",
    "tls_connection_creation_time",
];

/// Of an application load balancer: connections of its clients.
const CONNECTION: &[&str] = &[
    "time",
    "c-ip",
    "c-port",
    "s-port",
    "ssl_protocol",
    "ssl_cipher",
    "tls_handshake_time",
    "client_cert_subject",
    "client_cert_validity",
    "client_cert_serial",
    "tls_verify_status",
    "conn_trace_id",
];

/// After owner, bucket and time.
const BUCKET: &[&str] = &[
    "c-ip",
    "cs-username",
    "request_id",
    "operation",
    "key",
    "request",
    "sc-status",
    "error_code",
    "sc-bytes",
    "object_size",
    "time-taken",
    "turn_around_time",
    "cs-referer",
    "cs-user-agent",
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "cs-host",
    "tls_version",
    "access_point_arn",
    "acl_required",
];

/// Length of the id of an account that owns a bucket, in bytes.
const OWNER_BYTES: usize = 64;

/// Whether a line is of the access log of a bucket.
pub(super) fn is_of_bucket(line: &str) -> bool {
    let b = line.as_bytes();
    b.get(OWNER_BYTES) == Some(&b' ') && b.iter().take(OWNER_BYTES).all(u8::is_ascii_hexdigit)
}

fn bucket(line: &str) -> Option<(&str, &str, Option<Stamp>, &str)> {
    if !is_of_bucket(line) {
        return None;
    }
    let (before, stamp, after) = bracketed_time(line)?;
    let (owner, bucket) = before.trim_ascii().split_once(' ')?;
    Some((owner, bucket, stamp, after))
}

/// The names of the values of a line of a load balancer.
fn balancer(line: &str) -> Option<(&'static str, &'static [&'static str])> {
    let mut words = line.splitn(3, ' ');
    let (first, second) = (words.next()?, words.next()?);
    let timed = |text: &str| text.ends_with('Z') && time::parse(text).is_some();
    if matches!(first, "http" | "https" | "h2" | "grpcs" | "ws" | "wss") && timed(second) {
        return Some(("alb", APPLICATION));
    }
    if first == "tls" && matches!(second, "1.0" | "2.0") {
        let mut rest = words.next()?.split(' ');
        let timed = rest.next().is_some_and(|time| time::parse(time).is_some());
        return (timed && rest.next()?.starts_with("net/")).then_some(("nlb", NETWORK));
    }
    if timed(first) && is_address(second) {
        let mut ports = words.next()?.split(' ');
        let mut port = || ports.next().is_some_and(|p| p.parse::<u16>().is_ok());
        return (port() && port()).then_some(("alb-connection", CONNECTION));
    }
    let mut classic = || words.next().is_some_and(|rest| rest.contains(" \"") && is_classic(rest));
    (timed(first) && classic()).then_some(("elb", CLASSIC))
}

/// A client with its port, then what answered, then three times.
fn is_classic(rest: &str) -> bool {
    let mut words = rest.split(' ');
    let client = words.next().is_some_and(|w| host_and_port(w).1.is_some());
    let number = |w: &str| w.parse::<f64>().is_ok();
    client && words.next().is_some() && words.by_ref().take(3).filter(|w| number(w)).count() == 3
}

/// Whether a line is certainly one of these.
pub(super) fn is_one(line: &str) -> bool {
    bucket(line).is_some() || balancer(line).is_some()
}

/// Says what a line says; `false` if it is none of these.
pub(super) fn say(line: &str, sink: &mut dyn Sink) -> bool {
    if let Some((owner, name, stamp, after)) = bucket(line) {
        sink.shape("aws", "s3access", None);
        sink.text("bucket_owner", owner);
        sink.text("bucket", name);
        say_values(BUCKET, after, false, sink);
        stamp.into_iter().for_each(|stamp| sink.time(stamp));
        return true;
    }
    let Some((channel, names)) = balancer(line) else { return false };
    sink.shape("aws", channel, None);
    say_values(names, line, true, sink);
    true
}

fn say_values(names: &[&str], line: &str, timed: bool, sink: &mut dyn Sink) {
    let mut names = names.iter();
    for token in Tokens::of(line) {
        let name = names.next().copied().unwrap_or("extra");
        let Some(text) = stated(token.text()) else { continue };
        match name {
            "time" if timed => match time::parse(text) {
                // All times of AWS are UTC; some do not say so.
                Some(Stamp::Zoneless(nanos)) => sink.time(Stamp::Utc(nanos)),
                stamp => stamp.into_iter().for_each(|stamp| sink.time(stamp)),
            },
            "client" => {
                let (host, port) = host_and_port(text);
                host.into_iter().for_each(|host| sink.text("c-ip", host));
                port.into_iter().for_each(|port| sink.value("c-port", port));
            }
            "request" => say_request(text, sink),
            "cs-user-agent" => say_agent_and_referer(Some(text), None, sink),
            "cs-referer" => say_agent_and_referer(None, Some(text), sink),
            name => match token {
                Token::Bare(_) => sink.value(name, text),
                Token::Quoted(_) => sink.text(name, &unescaped(text)),
            },
        }
    }
}

/// A load balancer writes the whole address; rules of web servers know only
/// path and query.
fn say_request(text: &str, sink: &mut dyn Sink) {
    sink.text("request", &unescaped(text));
    let Some((method, whole, protocol)) = request_line(text) else { return };
    if method != "-" {
        sink.text("cs-method", method);
    }
    if let Some(protocol) = protocol.filter(|p| *p != "-") {
        sink.text("cs-version", protocol);
    }
    let target = Target::of(method, whole);
    if !target.local.is_empty() {
        sink.text("c-uri", target.local);
    }
    target.say_parts(sink);
    target.say_host(sink);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    #[test]
    fn balancers() {
        let network = "tls 2.0 2023-10-10T13:55:36 net/n/1 2 192.0.2.7:2817 10.0.0.1:80 5 2 98 246 - \
                       arn:x - C tlsv12 - h.org h2 h2 \"h2\",\"http/1.1\" 2023-10-10T13:55:30";
        let connection =
            "2023-10-10T13:55:36.5Z 192.0.2.7 2817 443 TLSv1.2 C 4.0 \"CN=h, O=i\" N A Success";
        for (line, field, expected) in [
            (network, "c-ip", "192.0.2.7"),
            (network, "domain_name", "h.org"),
            (connection, "c-ip", "192.0.2.7"),
            (connection, "client_cert_subject", "CN=h, O=i"),
            (connection, "tls_verify_status", "Success"),
        ] {
            let (mut record, mut out) = (JsonRecord::default(), Vec::new());
            assert!(is_one(line) && say(line, &mut record), "{line}");
            record.write(&mut out);
            let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(json[field], expected, "{line}");
        }
        for no in ["tls 2.0 x net/", "tls 1.3 is new", "2023-10-10T13:55:36Z 192.0.2.7 80 is up"] {
            assert!(!is_one(no), "{no}");
        }
    }
}
