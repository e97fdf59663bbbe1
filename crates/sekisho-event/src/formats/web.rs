//! What logs of web servers and proxies share: an address taken apart into the
//! fields that rules ask for, tokens and quoted texts of a line, and times as
//! the common log format writes them. Percent-encoding stays as it is written;
//! rules are made for that.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memrchr};

use super::text::Sink;
use crate::time::{Civil, Stamp, fraction_of, month, number, zone_seconds};

/// Longest ending of a path that is taken for a file's extension, in bytes.
const EXTENSION_BYTES_MAX: usize = 12;

/// What a request asks for, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// `http` of `http://…`.
    pub(super) scheme: Option<&'a str>,
    pub(super) host: Option<&'a str>,
    pub(super) port: Option<&'a str>,
    /// Path and query as they are written.
    pub(super) local: &'a str,
    /// The path.
    pub(super) stem: &'a str,
    /// What follows the question mark.
    pub(super) query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Of an address with or without scheme and host; `method` tells that of
    /// a tunnel (`host:443`).
    pub(super) fn of(method: &str, text: &'a str) -> Self {
        let mut target = Self { local: text, ..Self::default() };
        if let Some((scheme, rest)) = scheme_of(text) {
            let end = rest.find(['/', '?', '#', ';']).unwrap_or(rest.len());
            let (authority, local) = rest.split_at_checked(end).unwrap_or((rest, ""));
            target.scheme = Some(scheme);
            target.local = local;
            (target.host, target.port) = host_and_port(authority);
        } else if method.eq_ignore_ascii_case("CONNECT") {
            (target.host, target.port) = host_and_port(text);
            target.local = "";
        }
        let (stem, query) = match memchr(b'?', target.local.as_bytes()) {
            Some(at) => (target.local.get(..at), target.local.get(at + 1..)),
            None => (Some(target.local), None),
        };
        (target.stem, target.query) = (stem.unwrap_or_default(), query);
        target
    }

    /// Whether it is what a client says to a proxy, not to a server.
    pub(super) fn is_of_proxy(&self) -> bool {
        self.host.is_some()
    }

    /// Says path, query and extension.
    pub(super) fn say_parts(&self, sink: &mut dyn Sink) {
        if !self.stem.is_empty() {
            sink.text("cs-uri-stem", self.stem);
        }
        if let Some(query) = self.query {
            sink.text("cs-uri-query", query);
        }
        say_extension(self.stem, sink);
    }

    /// Says the host.
    pub(super) fn say_host(&self, sink: &mut dyn Sink) {
        if let Some(host) = self.host {
            sink.text("cs-host", host);
        }
    }
}

/// Says the extension of the file that a path names, if it has one.
pub(super) fn say_extension(stem: &str, sink: &mut dyn Sink) {
    if let Some(extension) = extension(stem) {
        sink.text("c-uri-extension", extension);
    }
}

fn extension(stem: &str) -> Option<&str> {
    let bytes = stem.as_bytes();
    let from = bytes.len().saturating_sub(EXTENSION_BYTES_MAX + 1);
    let dot = from + memrchr(b'.', bytes.get(from..)?)?;
    let extension = stem.get(dot + 1..)?;
    let fits = !extension.is_empty() && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some(extension)
}

fn scheme_of(text: &str) -> Option<(&str, &str)> {
    if !text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let at = memchr(b':', text.as_bytes().get(..16).unwrap_or(text.as_bytes()))?;
    let rest = text.get(at + 1..)?.strip_prefix("//")?;
    let scheme = text.get(..at)?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    scheme.bytes().all(fits).then_some((scheme, rest))
}

/// Host and port of `user@host:port`; brackets of an IPv6 address are dropped.
pub(super) fn host_and_port(authority: &str) -> (Option<&str>, Option<&str>) {
    let text = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    let port = port.filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    (Some(host).filter(|h| !h.is_empty()), port)
}

/// A value that says something: neither empty nor `-`.
pub(super) fn stated(value: &str) -> Option<&str> {
    (!value.is_empty() && value != "-").then_some(value)
}

/// Whether a text is an IP address, by its looks.
pub(super) fn is_address(text: &str) -> bool {
    let bytes = text.as_bytes();
    let four = bytes.first().is_some_and(u8::is_ascii_digit)
        && bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && bytes.iter().filter(|b| **b == b'.').count() == 3;
    let six = || {
        let hex = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'%');
        bytes.iter().filter(|b| **b == b':').count() >= 2 && bytes.iter().all(hex)
    };
    four || six()
}

/// The parts of a line one after the other: bare ones end at a space, quoted
/// ones at a quote that a space or the end follows, bracketed ones at `]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// A quote or a bracket was not closed: no other one is looked for, which
    /// would take time by the square of the line's length.
    unclosed: bool,
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Bare(&'a str),
    /// What stands between the quotes, escapes and all.
    Quoted(&'a str),
}

impl<'a> Token<'a> {
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Bare(text) | Self::Quoted(text) => text,
        }
    }
}

impl<'a> Tokens<'a> {
    pub(super) fn of(rest: &'a str) -> Self {
        Self { rest, unclosed: false }
    }

    /// What was not yet taken.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    fn quoted(&mut self) -> Option<Token<'a>> {
        let inner = self.rest.get(1..)?;
        let end = closing_quote(inner.as_bytes())?;
        self.rest = inner.get(end + 1..)?;
        Some(Token::Quoted(inner.get(..end)?))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.starts_with('"') && !self.unclosed {
            if let Some(token) = self.quoted() {
                return Some(token);
            }
            self.unclosed = true;
        }
        let bytes = self.rest.as_bytes();
        let from = match bytes.first()? {
            b'[' if !self.unclosed => memchr(b']', bytes),
            _ => Some(0),
        };
        self.unclosed |= from.is_none();
        let from = from.unwrap_or(0);
        let end = memchr2(b' ', b'\t', bytes.get(from..)?).map_or(bytes.len(), |n| from + n);
        let (token, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(Token::Bare(token))
    }
}

/// Where the quote stands that ends a quoted text: not escaped, and before a
/// space or the end, since some servers do not escape quotes at all.
fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let n = at + memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(n) == Some(&b'\\') {
            at = n + 2;
        } else if matches!(bytes.get(n + 1), None | Some(b' ' | b'\t')) {
            return Some(n);
        } else {
            at = n + 1;
        }
    }
}

/// A quoted text with `\"`, `\\` and the `\xNN` of printable characters
/// resolved. Other escapes stay as they are written.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'\\', text.as_bytes()) else { return Cow::Borrowed(text) };
    let (plain, mut rest) = text.split_at_checked(first).unwrap_or(("", text));
    let mut out = plain.to_owned();
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let (meant, len) = match rest.as_bytes().get(at + 1..).unwrap_or_default() {
            [b'"', ..] => ('"', 2),
            [b'\\', ..] => ('\\', 2),
            [b'x', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high @ 2..=7), Some(low)) if (high, low) != (7, 15) => {
                    (char::from(high * 16 + low), 4)
                }
                _ => ('\\', 1),
            },
            _ => ('\\', 1),
        };
        out.push(meant);
        rest = rest.get(at + len..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// Percent-encoded printable ASCII resolved, in names of programs; twice where
/// the percent sign itself was encoded.
pub(super) fn percent_decoded(text: &str) -> Cow<'_, str> {
    let once = percent_decoded_once(text);
    match once {
        Cow::Owned(once) if text.contains("%25") => {
            Cow::Owned(percent_decoded_once(&once).into_owned())
        }
        once => once,
    }
}

fn percent_decoded_once(text: &str) -> Cow<'_, str> {
    if memchr(b'%', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'%', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let digits = rest.as_bytes().get(at + 1..at + 3).unwrap_or_default();
        let code = match digits {
            [high, low] => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        let (meant, len) = match code {
            Some(code @ 0x20..=0x7e) => (char::from(code), 3),
            _ => ('%', 1),
        };
        out.push(meant);
        rest = rest.get(at + len..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A time as `10/Oct/2000:13:55:36 -0700`, with or without a fraction and a
/// zone; or as ISO 8601.
pub(super) fn clf_time(text: &str) -> Option<Stamp> {
    let b = text.as_bytes();
    let digits = b.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    let b = if digits == 1 { b.get(1..)? } else { b.get(2..)? };
    if digits == 0 || !matches!(b.first(), Some(b'/' | b'-')) {
        return (digits == 2).then(|| crate::time::parse(text)).flatten();
    }
    if !matches!(b.get(4), Some(b'/' | b'-')) || !matches!(b.get(9), Some(b':' | b' ')) {
        return None;
    }
    let day = number(text.as_bytes(), 0, digits)?;
    let month = month(b.get(1..4)?)?;
    let year = Some(number(b, 5, 4)?);
    let (hour, minute, second) = (number(b, 10, 2)?, number(b, 13, 2)?, number(b, 16, 2)?);
    if b.get(12) != Some(&b':') || b.get(15) != Some(&b':') {
        return None;
    }
    let (mut nanos, mut at) = (0, 18);
    if matches!(b.get(at), Some(b'.' | b',' | b':')) {
        let (fraction, digits) = fraction_of(b.get(at + 1..)?);
        (nanos, at) = (fraction, at + 1 + digits);
    }
    let ahead = zone_seconds(b.get(at..)?)?;
    Civil { year, month, day, hour, minute, second, nanos, ahead }.stamp()
}

/// Where the first `[` stands that a time follows, and what follows the `]`.
pub(super) fn bracketed_time(line: &str) -> Option<(&str, Option<Stamp>, &str)> {
    for at in memchr::memchr_iter(b'[', line.as_bytes()).take(8) {
        let rest = line.get(at + 1..)?;
        let b = rest.as_bytes();
        if !b.first().is_some_and(u8::is_ascii_digit) {
            continue;
        }
        let Some(end) = memchr(b']', b.get(..48).unwrap_or(b)) else { continue };
        let (Some(text), Some(before), Some(after)) =
            (rest.get(..end), line.get(..at), rest.get(end + 1..))
        else {
            continue;
        };
        if text.len() < 17 {
            continue;
        }
        if let Some(stamp) = clf_time(text) {
            return Some((before, Some(stamp), after));
        }
    }
    None
}

/// The fields of the program that asks, and of the page it came from.
pub(super) fn say_agent_and_referer(
    agent: Option<&str>,
    referer: Option<&str>,
    sink: &mut dyn Sink,
) {
    if let Some(referer) = referer {
        sink.text("cs-referer", &unescaped(referer));
    }
    if let Some(agent) = agent {
        sink.text("cs-user-agent", &unescaped(agent));
    }
}

/// Method, address and protocol of a request line; `None` where it is none.
pub(super) fn request_line(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let (method, rest) = text.split_once(' ')?;
    let token = |b: u8| b.is_ascii_alphabetic() || b == b'-' || b == b'_';
    if method.is_empty() || method.len() > 24 || !method.bytes().all(token) {
        return None;
    }
    let (target, protocol) = match rest.rsplit_once(' ') {
        Some((target, protocol)) if is_protocol(protocol) => (target, Some(protocol)),
        _ => (rest, None),
    };
    let target = target.trim_ascii();
    let usual = target.starts_with(['/', '*']) || scheme_of(target).is_some();
    let fits = !target.is_empty() && (protocol.is_some() || usual);
    fits.then_some((method, target, protocol))
}

fn is_protocol(text: &str) -> bool {
    ["HTTP/", "http/", "RTSP/", "SIP/", "ICAP/"].iter().any(|p| text.starts_with(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let of = |method, text| {
            let t = Target::of(method, text);
            (t.host, t.port, t.stem, t.query)
        };
        for (method, text, expected) in [
            ("GET", "/a/b.php?x=1?y", (None, None, "/a/b.php", Some("x=1?y"))),
            ("GET", "/a?", (None, None, "/a", Some(""))),
            ("GET", "http://u:p@h.org:80/a", (Some("h.org"), Some("80"), "/a", None)),
            ("GET", "http://h.org?q", (Some("h.org"), None, "", Some("q"))),
            ("GET", "https://[2001:db8::1]:8443/", (Some("2001:db8::1"), Some("8443"), "/", None)),
            ("CONNECT", "h.org:443", (Some("h.org"), Some("443"), "", None)),
            ("OPTIONS", "*", (None, None, "*", None)),
            ("GET", "/r?u=http://h/", (None, None, "/r", Some("u=http://h/"))),
            ("GET", "é://x", (None, None, "é://x", None)),
        ] {
            assert_eq!(of(method, text), expected, "{text}");
        }
        for (stem, expected) in [
            ("/a.tar.gz", Some("gz")),
            ("/a.b/c", None),
            ("/a.", None),
            ("/x.thisisnoextension", None),
            ("/é.exe", Some("exe")),
            ("", None),
        ] {
            assert_eq!(extension(stem), expected, "{stem}");
        }
    }

    #[test]
    fn tokens_quotes_and_brackets() {
        let all: Vec<_> =
            Tokens::of(r#" 200 - "a \" b" "say "hi", now" [x y] "c\\" "" "open"#).collect();
        let (bare, quoted) = (Token::Bare, Token::Quoted);
        assert_eq!(
            all,
            [
                bare("200"),
                bare("-"),
                quoted(r#"a \" b"#),
                quoted(r#"say "hi", now"#),
                bare("[x y]"),
                quoted(r"c\\"),
                quoted(""),
                bare("\"open"),
            ]
        );
    }

    #[test]
    fn escapes() {
        for (text, expected) in [
            ("plain", "plain"),
            (r#"a\"b\\c"#, r#"a"b\c"#),
            (r"\x22\x5C\x16\x03\xd0\x7f", r#""\\x16\x03\xd0\x7f"#),
            (r"\x2", r"\x2"),
            ("\\", "\\"),
            (r"\xé", r"\xé"),
            (r"a\nb", r"a\nb"),
        ] {
            assert_eq!(unescaped(text), expected, "{text}");
        }
        for (text, expected) in [
            ("Mozilla/5.0%20(X11)", "Mozilla/5.0 (X11)"),
            ("a%2520b", "a b"),
            ("100%", "100%"),
            ("%é%0a%", "%é%0a%"),
        ] {
            assert_eq!(percent_decoded(text), expected, "{text}");
        }
    }

    #[test]
    fn times() {
        let utc = Some(Stamp::Utc(971_211_336_000_000_000));
        let ms = Some(Stamp::Utc(971_211_336_250_000_000));
        for (text, expected) in [
            ("10/Oct/2000:13:55:36 -0700", utc),
            ("10/Oct/2000:20:55:36 GMT", utc),
            ("10/Oct/2000:13:55:36.250 -0700", ms),
            ("10/Oct/2000:13:55:36,250 -0700", ms),
            ("10/Oct/2000:20:55:36", Some(Stamp::Zoneless(971_211_336_000_000_000))),
            ("10/Oct/2000 20:55:36", Some(Stamp::Zoneless(971_211_336_000_000_000))),
            ("2000-10-10T13:55:36-07:00", utc),
            ("31/Feb/2000:13:55:36 -0700", None),
            ("10/Okt/2000:13:55:36 -0700", None),
            ("10/Oct/2000", None),
            ("1", None),
            ("", None),
            ("é0/Oct/2000:13:55:36", None),
        ] {
            assert_eq!(clf_time(text), expected, "{text}");
        }
    }

    #[test]
    fn request_lines() {
        for (text, expected) in [
            ("GET /a HTTP/1.1", Some(("GET", "/a", Some("HTTP/1.1")))),
            ("GET /a b c HTTP/1.0", Some(("GET", "/a b c", Some("HTTP/1.0")))),
            ("GET /old", Some(("GET", "/old", None))),
            ("M-SEARCH * HTTP/1.1", Some(("M-SEARCH", "*", Some("HTTP/1.1")))),
            (r"\x16\x03\x01", None),
            ("-", None),
            ("", None),
            ("hello world", None),
            ("GET  HTTP/1.1", None),
        ] {
            assert_eq!(request_line(text), expected, "{text}");
        }
    }
}
