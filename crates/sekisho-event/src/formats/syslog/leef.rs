//! LEEF, the Log Event Extended Format, 1.0 and 2.0: a header between bars,
//! then attributes with a delimiter, which version 2.0 may name.

use memchr::memchr;

use super::cef;
use super::firewall::say_verdict;
use super::line::{Message, stamp};
use crate::formats::text::Sink;

/// The parts of the header after the version.
const HEADER: [&str; 4] = ["vendor", "product", "version", "eventId"];

/// Where the format begins in a line.
pub(super) fn start(text: &str) -> Option<usize> {
    super::line::marker(text, b"LEEF:", |after| {
        let after = after.trim_start_matches(' ');
        after.starts_with(|c: char| c.is_ascii_digit()) && after.bytes().take(8).any(|b| b == b'|')
    })
}

/// Says an event; `at` is where it begins.
pub(super) fn say(message: &Message<'_>, at: usize, sink: &mut dyn Sink) {
    let text = message.text.get(at + 5..).unwrap_or_default().trim_start_matches(' ');
    let mut parts = text.splitn(6, '|');
    let version = parts.next().unwrap_or_default();
    let header: Vec<&str> = parts.by_ref().take(4).collect();
    let rest = parts.next().unwrap_or_default();
    let part = |n: usize| header.get(n).copied().unwrap_or_default();
    let mut channel = String::with_capacity(64);
    channel.push_str(part(0));
    channel.push(' ');
    channel.push_str(part(1));
    message.open("leef", channel.trim(), sink);
    for (name, value) in HEADER.iter().zip(&header) {
        sink.value(name, value);
    }
    let (delimiter, attributes) = delimited(version, rest);
    let mut when = Vec::new();
    let attributes = split(attributes, delimiter);
    let connects = attributes.iter().any(|(key, _)| &**key == "dst");
    for (key, value) in attributes {
        sink.value(&key, &value);
        if connects && matches!(&*key, "action" | "act") {
            say_verdict(&value, sink);
        }
        if matches!(&*key, "devTime" | "devTimeEpoch" | "eventTime") {
            when.push(stamp(&value));
        }
        if &*key == "identHostName" && !value.is_empty() {
            sink.host(&value);
        }
    }
    if let Some(time) = when.into_iter().flatten().next() {
        sink.time(time);
    }
}

/// The delimiter of the attributes, and the attributes.
fn delimited<'a>(version: &str, rest: &'a str) -> (char, &'a str) {
    if !version.starts_with('2') {
        return ('\t', rest);
    }
    match rest.split_once('|') {
        Some(("", attributes)) => ('\t', attributes),
        Some((named, attributes)) => match delimiter(named) {
            Some(delimiter) => (delimiter, attributes),
            None => ('\t', rest),
        },
        None => ('\t', rest),
    }
}

/// A delimiter: itself, or its number in hex.
fn delimiter(named: &str) -> Option<char> {
    let mut chars = named.chars();
    match (chars.next(), chars.next()) {
        (Some(only), None) => return Some(only),
        (Some('\\'), Some('t')) => return Some('\t'),
        _ => {}
    }
    let digits = named.strip_prefix("0x").or_else(|| named.strip_prefix(['x', 'X']));
    let digits =
        digits.or_else(|| named.strip_prefix("\\x")).or_else(|| named.strip_prefix("0X"))?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}

type Attribute<'a> = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>);

fn split(text: &str, delimiter: char) -> Vec<Attribute<'_>> {
    // Collectors turn tabs into spaces, or into their octal number.
    if delimiter == '\t' && memchr(b'\t', text.as_bytes()).is_none() {
        if text.contains("#011") {
            return parts(text.split("#011"));
        }
        let spaced = cef::pairs(text).into_iter();
        return spaced.map(|(key, value)| (key.into(), value)).collect();
    }
    parts(text.split(delimiter))
}

fn parts<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<Attribute<'a>> {
    let mut out: Vec<Attribute<'a>> = Vec::new();
    for part in parts {
        match part.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                out.push((key.trim().into(), value.trim().into()));
            }
            // A value that holds the delimiter.
            _ => {
                if let Some((_, value)) = out.last_mut().filter(|_| !part.trim().is_empty()) {
                    let value = value.to_mut();
                    value.push(' ');
                    value.push_str(part.trim());
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters() {
        for (version, rest, delimiter, attributes) in [
            ("1.0", "src=1\tdst=2", '\t', "src=1\tdst=2"),
            ("2.0", "^|src=1^dst=2", '^', "src=1^dst=2"),
            ("2.0", "0x5e|src=1^dst=2", '^', "src=1^dst=2"),
            ("2.0", "x5E|src=1^dst=2", '^', "src=1^dst=2"),
            ("2.0", "|src=1", '\t', "src=1"),
            ("2.0", "src=1\tmsg=a|b", '\t', "src=1\tmsg=a|b"),
            ("2.0", "src=1", '\t', "src=1"),
        ] {
            assert_eq!(delimited(version, rest), (delimiter, attributes), "{rest}");
        }
        for (text, delimiter) in [
            ("src=1\tmsg=a b\tx=", '\t'),
            ("src=1^msg=a b^x=", '^'),
            ("src=1 msg=a b x=", '\t'),
            ("src=1#011msg=a b#011x=", '\t'),
            ("src=1\tmsg=a\tb\tx=", '\t'),
        ] {
            let found = split(text, delimiter);
            let found: Vec<_> = found.iter().map(|(k, v)| (&**k, &**v)).collect();
            assert_eq!(found, [("src", "1"), ("msg", "a b"), ("x", "")], "{text}");
        }
    }
}
