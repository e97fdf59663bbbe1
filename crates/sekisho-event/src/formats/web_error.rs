//! Error logs of Apache (`[time] [module:level] [pid …] [client …] text`) and
//! of nginx (`time [level] pid#tid: *connection text, client: …`). What
//! programs write into them without such a head is a record of its own.

use std::sync::Arc;

use memchr::memchr;

use super::lines::{LineCutter, sampled};
use super::text::{Fault, Sink, TextFormat, TextReader};
use super::web::{Target, host_and_port, request_line, stated};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};
use crate::time::{self, Civil, Stamp, fraction_of, month, number};

/// How many lines are looked at to recognise the format.
const SAMPLE_LINES: usize = 60;

/// Severities as Apache and nginx name them.
const SEVERITIES: [&str; 18] = [
    "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug", "trace1", "trace2",
    "trace3", "trace4", "trace5", "trace6", "trace7", "trace8", "stderr", "warning",
];

/// The format `web-error`.
#[derive(Clone, Copy, Debug)]
pub struct WebError;

impl Format for WebError {
    fn name(&self) -> &'static str {
        "web-error"
    }

    /// At least a third of the first lines have a head; what scripts write
    /// has none.
    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        let (seen, known) = sampled(start, whole, SAMPLE_LINES, |line| {
            Apache::of(line).is_some() || Nginx::of(line).is_some()
        });
        known > 0 && known * 3 >= seen
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(LineCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TextReader::<Lines>::default())
    }
}

/// A line is a record.
#[derive(Default)]
struct Lines;

impl TextFormat for Lines {
    type Context = ();

    fn context(&self, _: &Block) {}

    fn read(&self, text: &str, (): &(), sink: &mut dyn Sink) -> Result<(), Fault> {
        if let Some(line) = Apache::of(text) {
            line.say(sink);
        } else if let Some(line) = Nginx::of(text) {
            line.say(sink);
        } else {
            sink.shape("web", "error", None);
            sink.text("message", text);
        }
        Ok(())
    }
}

/// A line of Apache.
#[derive(Debug)]
struct Apache<'a> {
    stamp: Stamp,
    /// What stands in brackets after the time.
    groups: &'a str,
    message: &'a str,
}

/// The text of the brackets with which this begins, and what follows them.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?;
    let end = memchr(b']', inner.as_bytes())?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

impl<'a> Apache<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (time, rest) = bracket(line)?;
        let stamp = english_time(time).or_else(|| {
            let iso = time.as_bytes().get(4) == Some(&b'-');
            iso.then(|| time::parse(time)).flatten()
        })?;
        let groups = rest.trim_ascii_start();
        let (level, _) = bracket(groups)?;
        if !is_level(level) {
            return None;
        }
        let mut message = groups;
        while let Some((group, rest)) = bracket(message) {
            let known = is_level(group)
                || ["pid ", "tid ", "client ", "remote "].iter().any(|p| group.starts_with(p));
            if !known {
                break;
            }
            message = rest.trim_ascii_start();
        }
        let groups = groups.get(..groups.len() - message.len())?;
        Some(Self { stamp, groups, message })
    }

    fn say(&self, sink: &mut dyn Sink) {
        sink.shape("apache", "error", None);
        let mut rest = self.groups;
        while let Some((group, left)) = bracket(rest) {
            say_group(group, sink);
            rest = left.trim_ascii_start();
        }
        let mut message = self.message;
        // With a module's own error the client stands behind it.
        if let Some(at) = message.find("[client ")
            && at < 200
            && let Some((group, _)) = message.get(at..).and_then(bracket)
        {
            say_group(group, sink);
        }
        if let Some(at) = message.rfind(", referer: ") {
            sink.text("cs-referer", message.get(at + 11..).unwrap_or_default());
            message = message.get(..at).unwrap_or_default();
        }
        sink.text("message", message);
        sink.time(self.stamp);
    }
}

fn is_level(group: &str) -> bool {
    let level = group.rsplit_once(':').map_or(group, |(_, level)| level);
    SEVERITIES.contains(&level)
}

fn say_group(group: &str, sink: &mut dyn Sink) {
    if let Some(client) = group.strip_prefix("client ").or_else(|| group.strip_prefix("remote ")) {
        // An IPv6 address is written with its port, and without brackets.
        let (host, port) = match client.rsplit_once(':') {
            Some((host, port)) if host.contains(':') && port.len() > 4 => (Some(host), Some(port)),
            _ => host_and_port(client),
        };
        host.into_iter().for_each(|host| sink.text("c-ip", host));
        port.into_iter().for_each(|port| sink.value("c-port", port));
    } else if let Some(pid) = group.strip_prefix("pid ") {
        let (pid, tid) = pid.split_once(":tid ").unwrap_or((pid, ""));
        sink.value("pid", pid);
        if let Some(tid) = stated(tid) {
            sink.value("tid", tid);
        }
    } else if let Some(tid) = group.strip_prefix("tid ") {
        sink.value("tid", tid);
    } else if let Some((module, level)) = group.rsplit_once(':') {
        if let Some(module) = stated(module) {
            sink.text("module", module);
        }
        sink.text("severity", level);
    } else {
        sink.text("severity", group);
    }
}

/// `Wed Oct 11 14:32:52.123456 2000`, in the zone of the machine.
pub(super) fn english_time(text: &str) -> Option<Stamp> {
    let b = text.as_bytes();
    if b.get(3) != Some(&b' ') || b.get(7) != Some(&b' ') {
        return None;
    }
    let month = month(b.get(4..7)?)?;
    let day = match (b.get(8)?, b.get(9)?) {
        (b' ', d) if d.is_ascii_digit() => i64::from(d - b'0'),
        _ => number(b, 8, 2)?,
    };
    let (hour, minute, second) = (number(b, 11, 2)?, number(b, 14, 2)?, number(b, 17, 2)?);
    let colons = (b.get(13)?, b.get(16)?);
    if colons != (&b':', &b':') || b.get(10) != Some(&b' ') {
        return None;
    }
    let (mut nanos, mut at) = (0, 19);
    if b.get(at) == Some(&b'.') {
        let (fraction, digits) = fraction_of(b.get(20..)?);
        (nanos, at) = (fraction, 20 + digits);
    }
    if b.get(at) != Some(&b' ') {
        return None;
    }
    let year = Some(number(b, at + 1, 4)?);
    if b.len() != at + 5 {
        return None;
    }
    Civil { year, month, day, hour, minute, second, nanos, ahead: None }.stamp()
}

/// A line of nginx.
#[derive(Debug)]
struct Nginx<'a> {
    stamp: Stamp,
    severity: &'a str,
    pid: &'a str,
    tid: &'a str,
    connection: Option<&'a str>,
    message: &'a str,
}

/// What nginx says of the request after its message, and the field it is.
const PARTS: [(&str, &str); 9] = [
    (", client: ", "c-ip"),
    (", server: ", "server"),
    (", request: ", "request"),
    (", upstream: ", "upstream"),
    (", host: ", "cs-host"),
    (", referrer: ", "cs-referer"),
    (", subrequest: ", "subrequest"),
    (", login: ", "cs-username"),
    (", bytes from/to client:", "bytes"),
];

impl<'a> Nginx<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let b = line.as_bytes();
        if b.get(4) != Some(&b'/') || b.get(19..21) != Some(b" [") {
            return None;
        }
        let stamp = time::parse(line.get(..19)?)?;
        let (severity, rest) = line.get(20..).and_then(bracket)?;
        if !SEVERITIES.contains(&severity) {
            return None;
        }
        let (process, rest) = rest.strip_prefix(' ')?.split_once(": ")?;
        let (pid, tid) = process.split_once('#')?;
        let (connection, message) = match rest.strip_prefix('*').and_then(|r| r.split_once(' ')) {
            Some((number, message)) if number.bytes().all(|b| b.is_ascii_digit()) => {
                (Some(number), message)
            }
            _ => (None, rest),
        };
        Some(Self { stamp, severity, pid, tid, connection, message })
    }

    fn say(&self, sink: &mut dyn Sink) {
        sink.shape("nginx", "error", None);
        sink.text("severity", self.severity);
        sink.value("pid", self.pid);
        sink.value("tid", self.tid);
        if let Some(connection) = self.connection {
            sink.value("connection", connection);
        }
        sink.text("message", self.message);
        let from = self.message.find(", client: ");
        if let Some(parts) = from.and_then(|at| self.message.get(at..)) {
            say_parts(parts, sink);
        }
        sink.time(self.stamp);
    }
}

/// Says the parts, each of which ends where the next begins.
fn say_parts(parts: &str, sink: &mut dyn Sink) {
    let mut rest = parts;
    while let Some((key, name)) = PARTS.iter().find(|(key, _)| rest.starts_with(key)) {
        let value = rest.get(key.len()..).unwrap_or_default();
        let next = value.match_indices(", ").find(|(at, _)| {
            let left = value.get(*at..).unwrap_or_default();
            PARTS.iter().any(|(key, _)| left.starts_with(key))
        });
        let end = next.map_or(value.len(), |(at, _)| at);
        let text = value.get(..end).unwrap_or_default().trim().trim_matches('"');
        rest = value.get(end..).unwrap_or_default();
        if *name == "request"
            && let Some((method, whole, _)) = request_line(text)
        {
            let target = Target::of(method, whole);
            sink.text("cs-method", method);
            sink.text("c-uri", whole);
            target.say_parts(sink);
        } else if let Some(text) = stated(text) {
            sink.text(name, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    fn json(line: &str) -> serde_json::Value {
        let (mut record, mut out) = (JsonRecord::default(), Vec::new());
        Lines.read(line, &(), &mut record).unwrap();
        record.write(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    const REFUSED: &str = "2023/08/05 19:01:37 [error] 1#2: *3 connect() failed, client: 192.0.2.7, \
        server: h.org, request: \"GET /a, b?c HTTP/1.1\", host: \"h.org\"";
    const DENIED: &str = "[Wed Oct 11 14:32:52.5 2023] [authz:error] [pid 7:tid 8] (13)denied: \
        [client 2001:db8::1:51234] AH01630: x, referer: http://h.org/";

    #[test]
    fn fields() {
        for (line, field, expected) in [
            (REFUSED, "c-ip", "192.0.2.7"),
            (REFUSED, "server", "h.org"),
            (REFUSED, "cs-uri-stem", "/a, b"),
            (REFUSED, "cs-uri-query", "c"),
            (REFUSED, "severity", "error"),
            (DENIED, "c-ip", "2001:db8::1"),
            (DENIED, "module", "authz"),
            (DENIED, "cs-referer", "http://h.org/"),
            (DENIED, "message", "(13)denied: [client 2001:db8::1:51234] AH01630: x"),
            ("sh: 1: x: not found", "message", "sh: 1: x: not found"),
        ] {
            assert_eq!(json(line)[field], expected, "{line}");
        }
        assert_eq!(json(DENIED)["c-port"], 51234);
        let old = "[Wed Oct 11 14:32:52 2023] [error] [client 192.0.2.1] x [y] z";
        assert_eq!(json(old)["c-ip"], "192.0.2.1");
        assert_eq!(json(old)["message"], "x [y] z");
    }

    #[test]
    fn times() {
        let nanos = 1_697_034_772_000_000_000;
        for (text, expected) in [
            ("Wed Oct 11 14:32:52 2023", Some(nanos)),
            ("Wed Oct 11 14:32:52.250 2023", Some(nanos + 250_000_000)),
            ("Wed Oct  1 14:32:52 2023", Some(nanos - 864_000_000_000_000)),
            ("Wed Oct 11 14:32:52", None),
            ("Wed Oct 11 14:32:52 2023 x", None),
            ("Wed Okt 11 14:32:52 2023", None),
            ("", None),
        ] {
            assert_eq!(english_time(text), expected.map(Stamp::Zoneless), "{text}");
        }
    }

    #[test]
    fn recognised_by_content() {
        let is = |text: &str| WebError.recognises(text.as_bytes(), true);
        for yes in [REFUSED, DENIED] {
            assert!(is(yes), "{yes}");
        }
        for no in ["", "x", "[Wed Oct 11 14:32:52 2023] x", "[2023-01-02 03:04:05] local.ERROR: x"]
        {
            assert!(!is(no), "{no}");
        }
    }
}
