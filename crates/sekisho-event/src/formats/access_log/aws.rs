//! Lines of load balancers (classic and application) and of bucket access
//! logs of AWS: values in a fixed order, which later versions made longer.

use crate::formats::text::Sink;
use crate::formats::web::{
    Target, Token, Tokens, bracketed_time, host_and_port, request_line, say_agent_and_referer,
    stated, unescaped,
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
            "time" if timed => time::parse(text).into_iter().for_each(|t| sink.time(t)),
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
