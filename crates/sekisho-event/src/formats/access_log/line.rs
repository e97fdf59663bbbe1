//! A line of the common log format: who asked, when, for what, and with what
//! outcome, in this order; each site adds things of its own before, between
//! and after.

use memchr::memchr;

use crate::formats::text::Sink;
use crate::formats::web::{
    Target, Token, Tokens, bracketed_time, host_and_port, is_address, request_line,
    say_agent_and_referer, stated, unescaped,
};
use crate::time::{Stamp, month};

/// Most words before the time of a line that is taken for one of an access
/// log; user names may have spaces.
const WORDS_BEFORE_MAX: usize = 12;

/// Most words in which the address of the client is looked for.
const WORDS_OF_CLIENT: usize = 10;

/// A line, taken apart.
#[derive(Debug, Default)]
struct Entry<'a> {
    head: Head<'a>,
    stamp: Option<Stamp>,
    /// What stands between the time and the request.
    between: [Option<&'a str>; 3],
    /// As written between the quotes.
    request: &'a str,
    status: Option<&'a str>,
    bytes: Option<&'a str>,
    /// Milliseconds that the answer took.
    taken: Option<&'a str>,
    tail: &'a str,
    /// Nothing is quoted.
    bare: bool,
}

/// What stands before the time.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head<'a> {
    vhost: Option<&'a str>,
    client: Option<&'a str>,
    /// A second address after the client's.
    proxy: Option<&'a str>,
    ident: Option<&'a str>,
    user: Option<&'a str>,
}

/// The first word and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii_start();
    if text.is_empty() {
        return None;
    }
    let end = memchr(b' ', text.as_bytes()).unwrap_or(text.len());
    text.split_at_checked(end)
}

impl<'a> Head<'a> {
    fn of(before: &'a str) -> Self {
        let mut words = [""; WORDS_OF_CLIENT];
        let mut rests = [""; WORDS_OF_CLIENT];
        let (mut count, mut rest) = (0, before.trim_ascii());
        for (slot, left) in words.iter_mut().zip(&mut rests) {
            let Some((first, after)) = word(rest) else { break };
            (*slot, *left, rest) = (first, after, after);
            count += 1;
        }
        let words = words.get(..count).unwrap_or_default();
        let client = client_at(words);
        // Further addresses: those by which a request was forwarded.
        let further = words.get(client + 1..).unwrap_or_default().iter();
        let further = further.take_while(|w| **w == "->" || is_address(without_prefix(w))).count();
        let last = if client + further + 1 < count { client + further } else { client };
        let rest = rests.get(last).copied().unwrap_or_default().trim_ascii();
        let (ident, user) = match word(rest) {
            Some((ident, user)) if !user.is_empty() => (stated(ident), user.trim_ascii_start()),
            Some((user, _)) => (None, user),
            None => (None, ""),
        };
        Self {
            vhost: words.first().copied().filter(|_| client == 1).and_then(stated),
            client: words.get(client).copied().map(without_prefix).and_then(stated),
            proxy: words.get(last).copied().filter(|_| last > client),
            ident,
            user: stated(user.trim_matches('"')),
        }
    }

    fn say(&self, sink: &mut dyn Sink) {
        if let Some(client) = self.client {
            sink.text("c-ip", client);
        }
        if let Some(proxy) = self.proxy {
            sink.text("c-ip", without_prefix(proxy));
        }
        if let Some(ident) = self.ident {
            sink.text("ident", ident);
        }
        if let Some(user) = self.user {
            sink.text("cs-username", user);
        }
    }
}

/// Which of the words names the client: the first address, if one of the first
/// words is one; else the second word where the first is a virtual host.
fn client_at(words: &[&str]) -> usize {
    // A host's address, the client's name, and two dashes.
    if let [_, client, "-", _, ..] = words
        && *client != "-"
        && !is_address(without_prefix(client))
    {
        return 1;
    }
    match words.iter().position(|w| is_address(without_prefix(w))) {
        // What stands third after a dash is a user that looks like an address.
        Some(at) if at < 2 || words.get(1).is_some_and(|w| *w != "-") => at,
        _ => match words {
            [vhost, _, _, _, ..] if host_and_port(vhost).1.is_some() => 1,
            _ => 0,
        },
    }
}

/// An address without quotes and commas around it, and without what `grep` or
/// a logger puts before it (`access.log:`).
fn without_prefix(text: &str) -> &str {
    let text = text.trim_matches(['"', ',']);
    match text.rsplit_once(':') {
        Some((_, address)) if !is_address(text) && is_address(address) => address,
        _ => text,
    }
}

impl<'a> Entry<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (before, stamp, after) = bracketed_time(line)?;
        if before.is_empty()
            && let Some(entry) = Self::of_bare(after)
        {
            return Some(Self { stamp, ..entry });
        }
        let mut entry = Self { stamp, ..Self::default() };
        let mut rest = after.trim_ascii_start();
        for slot in &mut entry.between {
            if rest.starts_with('"') {
                break;
            }
            let (token, left) = word(rest)?;
            (*slot, rest) = (Some(token), left.trim_ascii_start());
        }
        let (request, left) = quoted_request(rest)?;
        (entry.request, rest) = (request, left);
        // Some sites put the name of the host before the request.
        if entry.between == [None; 3]
            && rest.trim_ascii_start().starts_with('"')
            && request_line(request).is_none()
            && let Some((second, left)) = quoted_request(rest.trim_ascii_start())
            && request_line(second).is_some()
        {
            entry.between = [Some(request), None, None];
            (entry.request, rest) = (second, left);
        }
        entry.head = Head::of(before);
        entry.numbers(rest);
        Some(entry)
    }

    /// What follows the time in a log of Atlassian's servers: user, thread and
    /// client, then request, outcome, page and program without quotes. An
    /// address for which the request was forwarded may stand first.
    fn of_bare(after: &'a str) -> Option<Self> {
        let mut words = [""; 4];
        let (mut count, mut rest) = (0, after.trim_ascii_start());
        for slot in &mut words {
            let (first, left) = word(rest)?;
            if is_method(first) && count > 2 {
                break;
            }
            (*slot, rest) = (first, left);
            count += 1;
        }
        let words = words.get(..count)?;
        let [further @ .., user, thread, client] = words else { return None };
        let (request, left) = rest.trim_ascii_start().split_once(" HTTP/")?;
        let (version, left) = word(left)?;
        let request = rest.trim_ascii_start().get(..request.len() + 6 + version.len())?;
        let (method, _) = word(request)?;
        let (status, left) = word(left)?;
        let (taken, left) = word(left)?;
        let (bytes, tail) = word(left)?;
        let taken = taken.strip_suffix("ms").filter(|taken| is_digits(taken))?;
        if !is_method(method) || !is_status(status) || !(is_digits(bytes) || bytes == "-") {
            return None;
        }
        let head = Head {
            client: stated(client),
            proxy: further.first().copied().filter(|w| is_address(w)),
            user: stated(user),
            ..Head::default()
        };
        let between = [stated(thread), None, None];
        let (status, bytes, taken) = (stated(status), stated(bytes), Some(taken));
        let stamp = None;
        Some(Self { head, stamp, between, request, status, bytes, taken, tail, bare: true })
    }

    /// Status and size, and what is left.
    fn numbers(&mut self, rest: &'a str) {
        self.tail = rest;
        let Some((first, left)) = word(rest) else { return };
        if is_status(first) || first == "-" {
            (self.status, self.tail) = (stated(first), left);
        } else if !is_digits(first) {
            return;
        }
        let Some((second, left)) = word(self.tail) else { return };
        if is_digits(second) || second == "-" {
            (self.bytes, self.tail) = (stated(second), left);
        }
    }

    fn say(&self, sink: &mut dyn Sink) {
        let line = request_line(self.request);
        let target = line.map(|(method, target, _)| Target::of(method, target));
        let proxy = target.is_some_and(|t| t.is_of_proxy());
        sink.shape("web", if proxy { "proxy" } else { "access" }, None);
        self.head.say(sink);
        match line.zip(target) {
            Some(((method, whole, protocol), target)) => {
                sink.text("cs-method", method);
                say_target(whole, target, sink);
                if let Some(protocol) = protocol {
                    sink.text("cs-version", protocol);
                }
            }
            None => {
                if let Some(request) = stated(self.request) {
                    sink.text("request", &unescaped(request));
                }
            }
        }
        if let Some(status) = self.status {
            sink.value("sc-status", status);
        }
        if let Some(bytes) = self.bytes {
            sink.value("sc-bytes", bytes);
        }
        self.say_vhost(target.is_some_and(|t| t.host.is_some()), sink);
        if let Some(taken) = self.taken {
            sink.value("time-taken", taken);
        }
        if self.bare {
            let (referer, agent) = word(self.tail).unwrap_or_default();
            say_agent_and_referer(stated(agent.trim_ascii()), stated(referer), sink);
        } else {
            say_tail(self.tail, sink);
        }
        if let Some(stamp) = self.stamp {
            sink.time(stamp);
        }
    }

    fn say_vhost(&self, named: bool, sink: &mut dyn Sink) {
        if let Some(vhost) = self.head.vhost.filter(|_| !named) {
            let (host, port) = host_and_port(vhost);
            if let Some(host) = host {
                sink.text("cs-host", host);
            }
            if let Some(port) = port {
                sink.value("s-port", port);
            }
        }
        for text in self.between.iter().flatten().filter_map(|text| stated(text)) {
            let client = self.head.client.is_none() && is_address(text);
            sink.value(if client { "c-ip" } else { "extra" }, text);
        }
    }
}

/// Says an address and its parts. What stands escaped in the line is resolved.
fn say_target(whole: &str, target: Target<'_>, sink: &mut dyn Sink) {
    if memchr(b'\\', whole.as_bytes()).is_none() {
        sink.text("c-uri", whole);
        target.say_parts(sink);
        target.say_host(sink);
        return;
    }
    let plain = unescaped(whole);
    sink.text("c-uri", &plain);
    // The method mattered for tunnels only, which need no escapes.
    let target = Target::of("", &plain);
    target.say_parts(sink);
    target.say_host(sink);
}

/// What follows the size: the page it came from and the program that asked,
/// then anything.
fn say_tail(tail: &str, sink: &mut dyn Sink) {
    let mut quoted: [Option<&str>; 2] = [None; 2];
    let mut further = 0;
    for token in Tokens::of(tail) {
        match token {
            // Envoy writes for whom a request was forwarded, then the program.
            Token::Quoted(text) if further == 0 && is_address(first_of(text)) => {
                sink.text("x-forwarded-for", text);
                further = 1;
            }
            Token::Quoted(text) if further < quoted.len() => {
                if let Some(slot) = quoted.get_mut(further) {
                    *slot = Some(text);
                }
                further += 1;
            }
            Token::Bare(text) if is_squid_result(text) => {
                let (action, hierarchy) = text.split_once(':').unwrap_or((text, ""));
                sink.text("s-action", action);
                if let Some(hierarchy) = stated(hierarchy) {
                    sink.text("s-hierarchy", hierarchy);
                }
            }
            token => {
                if let Some(text) = stated(token.text()) {
                    let forwarded = matches!(token, Token::Quoted(_)) && is_address(first_of(text));
                    let name = if forwarded { "x-forwarded-for" } else { "extra" };
                    sink.text(name, &unescaped(text));
                }
            }
        }
    }
    let (referer, agent) = match quoted {
        [Some(one), None] if one != "-" && !is_url(one) => (None, Some(one)),
        [Some(one), Some(two)] if is_url(two) && one != "-" && !is_url(one) => {
            (Some(two), Some(one))
        }
        [referer, agent] => (referer, agent),
    };
    let said = |text: &&str| *text != "-";
    say_agent_and_referer(agent.filter(said), referer.filter(said), sink);
}

/// The first of several texts with commas between them.
fn first_of(text: &str) -> &str {
    text.split(',').next().unwrap_or_default()
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://") || text.starts_with("android-app:")
}

fn is_squid_result(text: &str) -> bool {
    ["TCP_", "UDP_", "NONE:", "NONE_"].iter().any(|p| text.starts_with(p))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_method(text: &str) -> bool {
    (3..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn is_status(text: &str) -> bool {
    text.len() == 3 && is_digits(text)
}

/// The text of the quotes with which this begins and what follows them. Where
/// quotes within are not escaped, the request ends before a status.
fn quoted_request(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut tokens = Tokens::of(text);
    let Some(Token::Quoted(first)) = tokens.next() else { return None };
    let rest = tokens.rest();
    if ends_in_numbers(rest) || rest.trim_ascii_start().starts_with('"') {
        return Some((first, rest));
    }
    let later = inner.match_indices("\" ").find(|(at, _)| {
        *at > first.len() && ends_in_numbers(inner.get(at + 1..).unwrap_or_default())
    });
    match later {
        Some((at, _)) if request_line(first).is_none_or(|(_, _, p)| p.is_none()) => {
            Some((inner.get(..at)?, inner.get(at + 1..)?))
        }
        _ => Some((first, tokens.rest())),
    }
}

/// Whether a status or a size comes first.
fn ends_in_numbers(rest: &str) -> bool {
    word(rest).is_none_or(|(first, _)| is_digits(first) || first == "-")
}

/// Says what a line says; `false` if it is not of this format.
pub(super) fn say(line: &str, sink: &mut dyn Sink) -> bool {
    if super::aws::is_of_bucket(line) {
        return false;
    }
    let entry = Entry::of(line);
    if let Some(entry) = &entry {
        entry.say(sink);
    }
    entry.is_some()
}

/// Whether a line is certainly of this format.
pub(super) fn is_one(line: &str) -> bool {
    let b = line.as_bytes();
    // A collector's line, of which the access log is only the message.
    let wrapped = matches!(b, [b'<', b'0'..=b'9', ..] | [b'{', ..])
        || (b.get(..3).is_some_and(|m| month(m).is_some()) && b.get(3) == Some(&b' '));
    if wrapped {
        return false;
    }
    let Some(entry) = Entry::of(line) else { return false };
    let (before, ..) = bracketed_time(line).unwrap_or_default();
    let words = before.split_ascii_whitespace().take(WORDS_BEFORE_MAX + 1).count();
    let secured = entry.between.iter().flatten().any(|t| t.starts_with("TLS"));
    words <= WORDS_BEFORE_MAX && (entry.status.is_some() || secured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    fn json(line: &str) -> serde_json::Value {
        let (mut record, mut out) = (JsonRecord::default(), Vec::new());
        assert!(say(line, &mut record), "{line}");
        record.write(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn who_asked() {
        let head = |before| {
            let head = Head::of(before);
            [head.vhost, head.client, head.ident, head.user].map(Option::unwrap_or_default)
        };
        for (before, expected) in [
            ("192.0.2.1 - - ", ["", "192.0.2.1", "", ""]),
            ("192.0.2.1 - anna b ", ["", "192.0.2.1", "", "anna b"]),
            ("192.0.2.1 id \"anna\" ", ["", "192.0.2.1", "id", "anna"]),
            ("::1 - - ", ["", "::1", "", ""]),
            ("www.example.org:80 192.0.2.1 - - ", ["www.example.org:80", "192.0.2.1", "", ""]),
            ("www.example.org 192.0.2.1 - - ", ["www.example.org", "192.0.2.1", "", ""]),
            (
                "www.example.org client.example.net - - ",
                ["www.example.org", "client.example.net", "", ""],
            ),
            ("client.example.net - anna b ", ["", "client.example.net", "", "anna b"]),
            ("client.example.net - 192.0.2.9 ", ["", "client.example.net", "", "192.0.2.9"]),
            ("web_1  | 192.0.2.1 - - ", ["", "192.0.2.1", "", ""]),
            ("access.log:192.0.2.1 - - ", ["", "192.0.2.1", "", ""]),
            ("203.0.113.9, 192.0.2.1 - anna ", ["", "203.0.113.9", "", "anna"]),
            ("\"192.0.2.7, 192.0.2.8\" 192.0.2.1 - anna ", ["", "192.0.2.7", "", "anna"]),
            ("h.org:80 \"192.0.2.7, 192.0.2.8\" 192.0.2.1 - - ", ["h.org:80", "192.0.2.7", "", ""]),
            ("192.0.2.1 localhost - - ", ["192.0.2.1", "localhost", "", ""]),
            ("192.0.2.1 -> 10.0.0.1 - anna ", ["", "192.0.2.1", "", "anna"]),
            ("h.org:80 unix: - - ", ["h.org:80", "unix:", "", ""]),
            ("192.0.2.1 ", ["", "192.0.2.1", "", ""]),
            ("192.0.2.1 anna ", ["", "192.0.2.1", "", "anna"]),
            ("- - - ", ["", "", "", ""]),
            ("", ["", "", "", ""]),
        ] {
            assert_eq!(head(before), expected, "{before}");
        }
    }

    #[test]
    fn what_follows() {
        let start = r#"192.0.2.1 - - [10/Oct/2023:13:55:36 +0200] "GET /a.php?x=1 HTTP/1.1" 200 5"#;
        for (tail, field, expected) in [
            (r#" "-" "curl/8""#, "cs-user-agent", "curl/8"),
            (r#" "curl/8""#, "cs-user-agent", "curl/8"),
            (r#" "http://h/""#, "cs-referer", "http://h/"),
            (r#" "curl/8" "http://h/""#, "cs-user-agent", "curl/8"),
            (r#" "-" "a \"b\" c\\""#, "cs-user-agent", r#"a "b" c\"#),
            (r#" "-" "a" "203.0.113.9, 192.0.2.1""#, "x-forwarded-for", "203.0.113.9, 192.0.2.1"),
            (r#" "-" "a" 0.003"#, "extra", "0.003"),
            (" TCP_MISS:HIER_DIRECT", "s-action", "TCP_MISS"),
            ("", "c-uri", "/a.php?x=1"),
            (r#" "-" "unclosed"#, "c-uri-extension", "php"),
        ] {
            assert_eq!(json(&format!("{start}{tail}"))[field], expected, "{tail}");
        }
        let empty = json(&format!(r#"{start} "-" """#));
        assert_eq!(empty["cs-user-agent"], "");
        assert!(empty.get("cs-referer").is_none());
    }

    #[test]
    fn requests() {
        for (middle, field, expected) in [
            (r#""GET /?q="a b" HTTP/1.1" 200 5"#, "cs-uri-query", r#"q="a b""#),
            (r#""GET /a b HTTP/1.1" 200 5"#, "cs-uri-stem", "/a b"),
            (r#""\x16\x03" 400 5"#, "request", r"\x16\x03"),
            (r#""GET http://h.org/a HTTP/1.1" 200 5"#, "cs-host", "h.org"),
            (r#""www.h.org" "GET /a HTTP/1.1" 200 5"#, "extra", "www.h.org"),
            (r#"192.0.2.9 TLSv1.2 ECDHE "GET /a HTTP/1.1" 1234"#, "cs-method", "GET"),
            (r#""GET /a?\"x HTTP/1.1" 200 5"#, "c-uri", r#"/a?"x"#),
        ] {
            let line = format!("192.0.2.1 - - [10/Oct/2023:13:55:36 +0200] {middle}");
            assert_eq!(json(&line)[field], expected, "{middle}");
        }
        let envoy = r#"[2023-10-10T11:55:36.964Z] "GET / HTTP/1.1" 200 - 0 400 1 1 "192.0.2.7" "curl/8" "id" "h.org" "10.0.0.1:80""#;
        assert_eq!(json(envoy)["cs-user-agent"], "curl/8");
        assert_eq!(json(envoy)["x-forwarded-for"], "192.0.2.7");
        assert!(is_one(envoy));
        let bare = "[10/Oct/2023:13:55:36 +0200] 192.0.2.9 anna http-1 192.0.2.7 GET /a.jsp?b HTTP/1.1 \
                    200 35ms 120 http://h.org/ Moz/5 (X; Y)";
        for (field, expected) in [
            ("c-ip", serde_json::json!(["192.0.2.7", "192.0.2.9"])),
            ("cs-username", "anna".into()),
            ("cs-uri-query", "b".into()),
            ("sc-status", 200.into()),
            ("sc-bytes", 120.into()),
            ("time-taken", 35.into()),
            ("cs-referer", "http://h.org/".into()),
            ("cs-user-agent", "Moz/5 (X; Y)".into()),
        ] {
            assert_eq!(json(bare)[field], expected, "{field}");
        }
        assert!(is_one(bare));
        assert_eq!(json(&bare.replace("192.0.2.9 anna", "-"))["c-ip"], "192.0.2.7");
        let tls = r#"[10/Oct/2023:13:55:36 +0200] 192.0.2.9 TLSv1.2 X "GET /a HTTP/1.1" 1234"#;
        assert_eq!(json(tls)["c-ip"], "192.0.2.9");
        assert_eq!(json(tls)["sc-bytes"], 1234);
        assert!(is_one(tls));
    }

    #[test]
    fn other_lines() {
        for no in [
            "",
            "text",
            r#"Oct 10 13:55:36 host nginx: 192.0.2.1 - - [10/Oct/2023:13:55:36 +0200] "GET / HTTP/1.1" 200 5"#,
            "[10/Oct/2023:13:55:36 +0200] PHP Warning: x",
            r#"192.0.2.1 - - [10/Oct/2023:13:55:36 +0200] "GET /a"#,
            r#"192.0.2.1 - - [10/Oct/2023] "GET /a" 200 5"#,
        ] {
            assert!(!is_one(no), "{no}");
        }
        assert!(is_one(r#"192.0.2.1 - - [10/Oct/2023:13:55:36 +0200] "-" 408 - "-" "-""#));
    }
}
