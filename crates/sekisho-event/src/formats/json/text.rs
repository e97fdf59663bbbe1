//! JSON text on the level of bytes: where a string ends, what it says, and a
//! record as one clean line.

use memchr::memchr;

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// Position of the next `"` at or after `from`.
#[inline(always)]
pub(crate) fn find_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    // Most strings are short: eight bytes at a time costs less than a call.
    for _ in 0..5 {
        let Some(chunk) = bytes.get(at..).and_then(|b| b.first_chunk::<8>()) else { break };
        let differs = u64::from_le_bytes(*chunk) ^ (ONES * b'"' as u64);
        let found = differs.wrapping_sub(ONES) & !differs & TOPS;
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    memchr(b'"', bytes.get(at..)?).map(|n| at + n)
}

/// Position of the `"` that closes the string whose content starts at `from`.
#[inline(always)]
pub(crate) fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let end = find_quote(bytes, at)?;
        if end == from || bytes.get(end - 1) != Some(&b'\\') {
            return Some(end);
        }
        let content = bytes.get(from..end)?;
        let slashes = content.iter().rev().take_while(|&&b| b == b'\\').count();
        if slashes % 2 == 0 {
            return Some(end);
        }
        at = end + 1;
    }
}

/// Appends what the raw content of a string says. Lone surrogates and invalid
/// UTF-8 become U+FFFD; an escape that is none stays as it is written.
pub(crate) fn unescape(raw: &[u8], out: &mut String) {
    let mut rest = raw;
    while let Some(slash) = memchr(b'\\', rest) {
        let (plain, tail) = rest.split_at(slash);
        out.push_str(&String::from_utf8_lossy(plain));
        let used = escape(tail, out);
        rest = tail.get(used..).unwrap_or_default();
    }
    out.push_str(&String::from_utf8_lossy(rest));
}

/// Appends what the escape at the start of `tail` says; returns its length.
fn escape(tail: &[u8], out: &mut String) -> usize {
    let plain = match tail.get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(&b @ (b'"' | b'\\' | b'/')) => char::from(b),
        Some(b'u') => return unicode(tail, out),
        _ => {
            out.push('\\');
            return 1;
        }
    };
    out.push(plain);
    2
}

fn hex4(tail: &[u8]) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = tail else { return None };
    digits
        .first_chunk::<4>()?
        .iter()
        .try_fold(0, |n, &b| char::from(b).to_digit(16).map(|d| n * 16 + d))
}

fn unicode(tail: &[u8], out: &mut String) -> usize {
    let Some(first) = hex4(tail) else {
        out.push('\\');
        return 1;
    };
    if (0xD800..0xDC00).contains(&first)
        && let Some(second @ 0xDC00..0xE000) = tail.get(6..).and_then(hex4)
        && let Some(c) = char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    {
        out.push(c);
        return 12;
    }
    out.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    6
}

/// Appends a record as one line of valid JSON: no space outside of strings,
/// control characters escaped, invalid UTF-8 replaced.
pub(super) fn compact(record: &[u8], out: &mut Vec<u8>) {
    let record = String::from_utf8_lossy(record);
    let bytes = record.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        at += 1;
        if b == b'"' {
            let end = string_end(bytes, at).unwrap_or(bytes.len());
            out.push(b'"');
            clean(bytes.get(at..end).unwrap_or_default(), out);
            out.push(b'"');
            at = end + 1;
        } else if !b.is_ascii_whitespace() {
            out.push(b);
        }
    }
}

/// Appends the raw content of a string, mended where it is not valid JSON.
fn clean(raw: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&b) = raw.get(at) {
        let tail = raw.get(at..).unwrap_or_default();
        let used = match (b, tail.get(1)) {
            (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => 2,
            (b'\\', _) if hex4(tail).is_some() => 6,
            (b'\\', _) => {
                out.extend_from_slice(b"\\\\");
                at += 1;
                continue;
            }
            (0..0x20, _) => {
                out.extend_from_slice(format!("\\u{b:04x}").as_bytes());
                at += 1;
                continue;
            }
            _ => 1,
        };
        out.extend_from_slice(tail.get(..used).unwrap_or_default());
        at += used;
    }
}

/// Appends a text as a JSON string.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &b in text.as_bytes() {
        match b {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', b]),
            0..0x20 => out.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
            _ => out.push(b),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(raw: &str) -> String {
        let mut out = String::new();
        unescape(raw.as_bytes(), &mut out);
        out
    }

    #[test]
    fn strings_end_at_their_own_quote() {
        for (text, end) in [
            (r#""rest"#, Some(0)),
            (r#"a\"b" "#, Some(4)),
            (r#"a\\" "#, Some(3)),
            (r#"a\\\" "#, None),
            ("no end", None),
            (r#"0123456789012345678901234567890123456789012345678\"9" "#, Some(52)),
        ] {
            assert_eq!(string_end(text.as_bytes(), 0), end, "{text}");
        }
    }

    #[test]
    fn escapes_say_what_they_say() {
        assert_eq!(said(r#"a\n\t\"\\\/\u00e9\uD83D\ude00"#), "a\n\t\"\\/é😀");
        assert_eq!(said(r"\ud83d \udc00\ud800\u0041"), "\u{fffd} \u{fffd}\u{fffd}A");
        assert_eq!(said(r"C:\Windows\u12"), r"C:\Windows\u12");
        assert_eq!(said("\\"), "\\");
    }

    #[test]
    fn compact_is_valid_json_on_one_line() {
        let mut out = Vec::new();
        compact(b"{ \"a\" :\n [1,\t\"x \\\" y\nz\\q\xff\"] }", &mut out);
        assert_eq!(out, "{\"a\":[1,\"x \\\" y\\u000az\\\\q\u{fffd}\"]}".as_bytes());
        assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok());
    }
}
