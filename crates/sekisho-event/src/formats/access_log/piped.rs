//! Lines of Bitbucket's access log: values with ` | ` between them.

use memchr::memchr;

use crate::formats::text::Sink;
use crate::formats::web::{
    Target, Token, Tokens, is_address, request_line, say_agent_and_referer, stated,
};
use crate::time::{self, Stamp};

/// A line, taken apart.
struct Entry<'a> {
    clients: &'a str,
    user: &'a str,
    stamp: Stamp,
    request: &'a str,
    /// The page it came from, and the program.
    details: &'a str,
    /// Status, sizes in and out, labels, milliseconds.
    rest: [&'a str; 5],
}

impl<'a> Entry<'a> {
    fn of(line: &'a str) -> Option<Self> {
        // Nearly all lines of other logs are told apart here.
        let clients = line.get(..memchr(b'|', line.as_bytes())?)?.trim_ascii();
        if !clients.split(',').all(|client| is_address(client.trim_ascii())) {
            return None;
        }
        let mut values =
            line.split(" | ").skip(1).map(|v| v.trim_ascii_end().trim_end_matches('|'));
        let (scheme, _id, mut user) = (values.next()?, values.next()?, values.next()?);
        // Of a request within a request both ids are named.
        if user.starts_with('@') {
            user = values.next()?;
        }
        let stamp = time::parse(values.next()?)?;
        let request = values.next()?;
        let request = request.strip_prefix('"')?.strip_suffix('"')?;
        let details = values.next()?;
        let mut rest = [""; 5];
        for (slot, value) in rest.iter_mut().zip(values) {
            *slot = value.trim_ascii();
        }
        let known = ["http", "https", "ssh", "grpc"].contains(&scheme);
        known.then_some(Self { clients, user, stamp, request, details, rest })
    }
}

/// Whether a line is certainly of this format.
pub(super) fn is_one(line: &str) -> bool {
    Entry::of(line).is_some()
}

/// Says what a line says; `false` if it is not of this format.
pub(super) fn say(line: &str, sink: &mut dyn Sink) -> bool {
    let Some(entry) = Entry::of(line) else { return false };
    sink.shape("web", "access", None);
    for client in entry.clients.split(',') {
        sink.text("c-ip", client.trim_ascii());
    }
    if let Some(user) = stated(entry.user) {
        sink.text("cs-username", user);
    }
    match request_line(entry.request) {
        Some((method, whole, protocol)) if protocol.is_some() => {
            let target = Target::of(method, whole);
            sink.text("cs-method", method);
            sink.text("c-uri", whole);
            target.say_parts(sink);
            sink.text("cs-version", protocol.unwrap_or_default());
        }
        _ => sink.text("request", entry.request),
    }
    let mut quoted = Tokens::of(entry.details).filter_map(|token| match token {
        Token::Quoted(text) => Some(text),
        Token::Bare(_) => None,
    });
    let (referer, agent) = (quoted.next(), quoted.next());
    let said = |text: &&str| !text.is_empty() && *text != "-";
    say_agent_and_referer(agent.filter(said), referer.filter(said), sink);
    let names = ["sc-status", "cs-bytes", "sc-bytes", "extra", "time-taken"];
    for (name, value) in names.into_iter().zip(entry.rest) {
        if let Some(value) = stated(value) {
            sink.value(name, value);
        }
    }
    sink.time(entry.stamp);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    #[test]
    fn lines() {
        let line = "192.0.2.7,10.0.0.1 | https | o@9K7x3112x1 | anna | 2023-10-10 13:55:36,838 | \
                    \"GET /a.git?b HTTP/1.1\" | \"\" \"git/2\" | 200 | 13 | 40 | refs, x | 101 | tm |";
        let (mut record, mut out) = (JsonRecord::default(), Vec::new());
        assert!(is_one(line) && say(line, &mut record));
        record.write(&mut out);
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        for (field, expected) in [
            ("cs-username", "anna"),
            ("cs-uri-query", "b"),
            ("cs-user-agent", "git/2"),
            ("extra", "refs, x"),
        ] {
            assert_eq!(json[field], expected, "{json}");
        }
        assert_eq!((&json["sc-status"], &json["time-taken"]), (&200.into(), &101.into()));
        let nested =
            "::1 | grpc | o@1 | @5 | anna | 2023-10-10 13:55:36,838 | \"A/b\" | - | 0 | 2 |";
        assert!(is_one(nested));
        for no in ["", "192.0.2.7 | x", "| a | b |", "web_1 | 192.0.2.7 - -"] {
            assert!(!is_one(no), "{no}");
        }
    }
}
