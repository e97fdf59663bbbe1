//! Lists of names and values, `name=value name="a value"`, as firewalls and
//! programs write them: parted by spaces, commas, semicolons or bars.

use std::borrow::Cow;

use memchr::memchr;

use crate::formats::text::Sink;

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// Names and their values, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs<'a>(pub(super) Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Pairs<'a> {
    /// Reads `name=value`; `assign` is what stands between them.
    pub(super) fn read(text: &'a str, assign: u8) -> Self {
        Self::read_to(text, assign, None)
    }

    /// Likewise; values without quotes end only at `part` where it is given.
    pub(super) fn read_to(text: &'a str, assign: u8, part: Option<u8>) -> Self {
        let (mut out, mut at) = (Vec::new(), 0);
        while let Some(sign) = find(text, at, assign) {
            let Some(name) = name_before(text, at, sign) else {
                at = sign + 1;
                continue;
            };
            let (value, end) = value(text, sign + 1, assign, part);
            out.push((name, value));
            at = end.max(sign + 1);
        }
        Self(out)
    }

    /// The first value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, value)| &**value)
    }

    /// The first value of the first of these names.
    pub(super) fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    pub(super) fn say(&self, sink: &mut dyn Sink) {
        for (name, value) in &self.0 {
            sink.value(name, value);
        }
    }
}

fn find(text: &str, at: usize, byte: u8) -> Option<usize> {
    memchr(byte, text.as_bytes().get(at..)?).map(|n| at + n)
}

fn in_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 0x80 || b"_-./@%#$".contains(&b)
}

/// The name that ends where its sign stands.
fn name_before(text: &str, from: usize, sign: usize) -> Option<&str> {
    let b = text.as_bytes().get(from..sign)?;
    let start = b.iter().rposition(|b| !in_name(*b)).map_or(0, |n| n + 1);
    let name = text.get(from + start..sign)?;
    let apart = start == 0 || b.get(start - 1).is_some_and(|b| b" \t\n\r,;|([{<:\"]".contains(b));
    (apart && !name.is_empty() && name.len() <= NAME_BYTES_MAX).then_some(name)
}

/// A value at a place, and where it ends.
fn value(text: &str, at: usize, assign: u8, part: Option<u8>) -> (Cow<'_, str>, usize) {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(inside) = rest.strip_prefix('"')
        && let Some((value, len)) = quoted(inside, assign)
    {
        return (value, at + 1 + len);
    }
    let b = rest.as_bytes();
    // Quotes of one stroke, where something follows that parts values.
    if let Some(inside) = rest.strip_prefix('\'').filter(|_| part.is_none())
        && let Some(len) = memchr(b'\'', inside.as_bytes())
        && matches!(inside.as_bytes().get(len + 1), None | Some(b' ' | b',' | b';' | b'\n'))
    {
        return (Cow::Borrowed(inside.get(..len).unwrap_or_default()), at + len + 2);
    }
    let ends = |n: usize| match (part, b.get(n)) {
        (_, Some(b'\n')) => true,
        (Some(part), Some(c)) => *c == part,
        (None, Some(b' ' | b'\t' | b'\r')) => true,
        (None, Some(b',' | b';' | b'|')) => name_follows(b, n + 1, assign),
        _ => false,
    };
    let len = (0..b.len()).find(|n| ends(*n)).unwrap_or(b.len());
    let value = rest.get(..len).unwrap_or_default().trim();
    // What closes the list is no part of its last value.
    let value =
        if len == b.len() { value.strip_suffix(['.', ';', ',']).unwrap_or(value) } else { value };
    (Cow::Borrowed(value), at + len)
}

/// Whether a name and its sign follow, or nothing does.
fn name_follows(b: &[u8], at: usize, assign: u8) -> bool {
    let rest = b.get(at..).unwrap_or_default().trim_ascii_start();
    let name = rest.iter().take(NAME_BYTES_MAX).take_while(|b| in_name(**b)).count();
    rest.is_empty() || name > 0 && rest.get(name) == Some(&assign)
}

/// What stands up to the closing quote, and the length of it with the quote.
fn quoted(inside: &str, assign: u8) -> Option<(Cow<'_, str>, usize)> {
    let b = inside.as_bytes();
    let (mut at, mut escaped) = (0, false);
    loop {
        let found = memchr::memchr2(b'"', b'\\', b.get(at..)?)? + at;
        if b.get(found) == Some(&b'"') {
            let raw = inside.get(..found)?;
            return Some((if escaped { unescaped(raw) } else { raw.into() }, found + 1));
        }
        // Paths of Windows end in a backslash that escapes nothing.
        let next = b.get(found + 1);
        let path = next == Some(&b'"')
            && matches!(b.get(found + 2), None | Some(b' ' | b','))
            && name_follows(b, found + 3, assign)
            && inside.get(..found).is_some_and(|so_far| so_far.contains(":\\"));
        escaped |= matches!(next, Some(b'"' | b'\\' | b']'));
        at = found + if path { 1 } else { 2 };
    }
}

fn unescaped(raw: &str) -> Cow<'_, str> {
    let (mut out, mut chars) = (String::with_capacity(raw.len()), raw.chars().peekable());
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next @ ('"' | '\\' | ']'))) => {
                chars.next();
                out.push(next);
            }
            _ => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, String)> {
        Pairs::read(text, b'=').0.into_iter().map(|(n, v)| (n, v.into_owned())).collect()
    }

    #[test]
    fn lists_as_they_are_written() {
        for (text, expected) in [
            ("a=1 b=\"x y\" c=", vec![("a", "1"), ("b", "x y"), ("c", "")]),
            ("a=1,b=2,3;c=\"\"|d=4", vec![("a", "1"), ("b", "2,3"), ("c", ""), ("d", "4")]),
            ("a=http://x/?q=1&r=2 b=3", vec![("a", "http://x/?q=1&r=2"), ("b", "3")]),
            ("a=\"x \\\"y\\\" \\\\z\" b=1", vec![("a", "x \"y\" \\z"), ("b", "1")]),
            ("p=\"C:\\dir\\\" b=1", vec![("p", "C:\\dir\\"), ("b", "1")]),
            ("a='x y' b='z',c='it", vec![("a", "x y"), ("b", "z"), ("c", "'it")]),
            ("x ? =1 é=2 a==3", vec![("é", "2"), ("a", "=3")]),
            ("a=\"open b=1", vec![("a", "\"open"), ("b", "1")]),
            (
                "user: name=x, UID=0, shell=/bin/sh.",
                vec![("name", "x"), ("UID", "0"), ("shell", "/bin/sh")],
            ),
            ("", vec![]),
            ("=", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(n, v)| (n, v.to_owned())).collect();
            assert_eq!(read(text), expected, "{text}");
        }
        let colon = Pairs::read("[action:\"Drop\"; src:\"1.2.3.4\"; ]", b':');
        assert_eq!(colon.get("src"), Some("1.2.3.4"));
        let bar = Pairs::read_to("time=1|rule=a b|src=1.2.3.4", b'=', Some(b'|'));
        assert_eq!(bar.any(&["x", "rule"]), Some("a b"));
    }
}
