//! CEF, the Common Event Format: a header of seven parts between bars, then
//! `key=value`, where values may hold spaces and only the next key ends them.

use std::borrow::Cow;

use memchr::memchr_iter;

use super::firewall::say_verdict;
use super::line::{Message, stamp};
use crate::formats::text::Sink;

/// The parts of the header after the version.
const HEADER: [&str; 6] =
    ["deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "severity"];

/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// Most pairs of an event among which labels are looked for.
const LABELLED_PAIRS_MAX: usize = 256;

/// Where the format begins in a line.
pub(super) fn start(text: &str) -> Option<usize> {
    super::line::marker(text, b"CEF:", |after| {
        let after = after.strip_prefix(' ').unwrap_or(after);
        matches!(
            after.as_bytes(),
            [b'0'..=b'9', b'|', ..] | [b'0'..=b'9', b'.', b'0'..=b'9', b'|', ..]
        )
    })
}

/// Says an event; `at` is where it begins.
pub(super) fn say(message: &Message<'_>, at: usize, sink: &mut dyn Sink) {
    let (parts, extension) = header(message.text.get(at + 4..).unwrap_or_default());
    let part = |n: usize| parts.get(n).map(|p| &**p).unwrap_or_default();
    let mut channel = String::with_capacity(64);
    channel.push_str(part(1));
    channel.push(' ');
    channel.push_str(part(2));
    message.open("cef", channel.trim(), sink);
    for (name, value) in HEADER.iter().zip(parts.iter().skip(1)) {
        sink.value(name, value);
    }
    let pairs = pairs(extension);
    for (key, value) in &pairs {
        sink.value(key, value);
    }
    let pairs = pairs.get(..pairs.len().min(LABELLED_PAIRS_MAX)).unwrap_or_default();
    let get = |key: &str| pairs.iter().find(|(k, _)| *k == key).map(|(_, value)| &**value);
    for (key, label) in pairs {
        if let Some(value) = key.strip_suffix("Label").and_then(get)
            && !label.is_empty()
            && label != value
        {
            sink.value(label, value);
        }
    }
    if get("dst").is_some()
        && let Some(action) = ["act", "deviceAction"].iter().find_map(|key| get(key))
    {
        say_verdict(action, sink);
    }
    let when = ["rt", "FTNTFGTeventtime", "start", "end", "deviceCustomDate1"].iter();
    if let Some(time) = when.filter_map(|key| get(key)).find_map(stamp) {
        sink.time(time);
    }
    if let Some(host) = ["dvchost", "deviceHostName", "dvc"].iter().find_map(|key| get(key)) {
        sink.host(host);
    }
}

/// The parts of the header, the version among them, and what follows.
fn header(text: &str) -> (Vec<Cow<'_, str>>, &str) {
    let (mut parts, mut from) = (Vec::with_capacity(7), 0);
    for bar in memchr_iter(b'|', text.as_bytes()) {
        if escaped(text.as_bytes(), bar) {
            continue;
        }
        parts.push(unescaped(text.get(from..bar).unwrap_or_default()));
        from = bar + 1;
        if parts.len() == 7 {
            return (parts, text.get(from..).unwrap_or_default());
        }
    }
    // Some leave out the bar after the severity, or what follows.
    parts.push(unescaped(text.get(from..).unwrap_or_default()));
    (parts, "")
}

/// Whether an odd number of backslashes stands before a place.
fn escaped(b: &[u8], at: usize) -> bool {
    let before = b.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// The keys of an extension with their values.
pub(super) fn pairs(text: &str) -> Vec<(&str, Cow<'_, str>)> {
    let b = text.as_bytes();
    let mut out: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(32);
    let (mut open, mut floor) = (None, 0);
    for sign in memchr_iter(b'=', b) {
        let Some(start) = key_before(b, floor, sign) else { continue };
        if let Some((key, from)) = open {
            out.push((key, unescaped(text.get(from..start).unwrap_or_default().trim())));
        }
        open = text.get(start..sign).map(|key| (key, sign + 1));
        floor = sign + 1;
    }
    if let Some((key, from)) = open {
        out.push((key, unescaped(text.get(from..).unwrap_or_default().trim())));
    }
    out
}

/// Where the key begins that ends at a sign, if one does.
fn key_before(b: &[u8], floor: usize, sign: usize) -> Option<usize> {
    let before = b.get(floor.max(sign.saturating_sub(KEY_BYTES_MAX))..sign)?;
    let in_key = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || b"_-.[]/@:".contains(&b);
    let len = before.iter().rev().take_while(|b| in_key(**b)).count();
    let start = sign - len;
    let apart = match b.get(..start).and_then(<[u8]>::last) {
        None => true,
        // A value that is empty ends where it begins.
        Some(_) if start == floor && floor > 0 => false,
        Some(c) => matches!(c, b' ' | b'\t' | b'|' | b'\n'),
    };
    let named = b.get(start).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80);
    (apart && named && len > 0).then_some(start)
}

/// `\|`, `\=` and `\\` are what follows the backslash; `\n` and `\r` end lines.
fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return raw.into();
    }
    let (mut out, mut chars) = (String::with_capacity(raw.len()), raw.chars().peekable());
    while let Some(c) = chars.next() {
        let meant = match (c, chars.peek()) {
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some(&next @ ('|' | '=' | '\\'))) => Some(next),
            _ => None,
        };
        if meant.is_some() {
            chars.next();
        }
        out.push(meant.unwrap_or(c));
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions() {
        for (text, expected) in [
            ("src=1.2.3.4 dst=5.6.7.8", vec![("src", "1.2.3.4"), ("dst", "5.6.7.8")]),
            ("msg=two words  act=", vec![("msg", "two words"), ("act", "")]),
            ("a= b=1", vec![("a", ""), ("b", "1")]),
            (r"msg=a\=b c\\d\nnext cs1=x", vec![("msg", "a=b c\\d\nnext"), ("cs1", "x")]),
            (
                "request=http://x/?a=1&b=2 ad.key[0]=y",
                vec![("request", "http://x/?a=1&b=2"), ("ad.key[0]", "y")],
            ),
            ("a==b", vec![("a", "=b")]),
            ("no pairs", vec![]),
            ("= =", vec![]),
        ] {
            let found: Vec<_> = pairs(text).into_iter().map(|(k, v)| (k, v.into_owned())).collect();
            let expected: Vec<_> = expected.into_iter().map(|(k, v)| (k, v.to_owned())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn headers() {
        let (parts, rest) = header(r"0|a\|b|c|1|2|n\\|9|src=1");
        assert_eq!(parts, ["0", "a|b", "c", "1", "2", "n\\", "9"]);
        assert_eq!(rest, "src=1");
        assert_eq!(header("0|a|b").0, ["0", "a", "b"]);
        for (text, at) in [
            ("CEF:0|a|", Some(0)),
            ("CEF: 1|a|", Some(0)),
            ("Jan  2 03:04:05 h CEF:0|a|", Some(18)),
            ("Jan  2 03:04:05 h app: CEF:0|a|", Some(23)),
            ("xCEF:0|a|", None),
            ("CEF:x|", None),
            ("CEF:", None),
        ] {
            assert_eq!(start(text), at, "{text}");
        }
    }
}
