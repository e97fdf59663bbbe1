//! Values of an event's fields as JSON: what is sealed, and shown.

use crate::json::number_length;

/// A value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    /// Text.
    String(&'a str),
    /// A number as its source wrote it; a string if JSON has no such number.
    Number(&'a str),
    /// True or false.
    Bool(bool),
    /// Nothing, said in so many words.
    Null,
}

/// Appends the JSON of a value.
pub fn write_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::String(text) => write_string(out, text),
        Value::Number(text) if !text.is_empty() && number_length(text.as_bytes()) == text.len() => {
            out.extend_from_slice(text.as_bytes());
        }
        Value::Number(text) => write_string(out, text),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Null => out.extend_from_slice(b"null"),
    }
}

/// Appends the JSON of a field's values: one as it is, several (or none) as an
/// array.
pub fn write_values<'a>(out: &mut Vec<u8>, values: impl IntoIterator<Item = Value<'a>>) {
    let mut values = values.into_iter();
    let (first, second) = (values.next(), values.next());
    if let (Some(only), None) = (first, second) {
        return write_value(out, only);
    }
    out.push(b'[');
    for (n, value) in first.into_iter().chain(second).chain(values).enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write_value(out, value);
    }
    out.push(b']');
}

/// Appends a string in quotes; only what JSON demands is escaped, in the
/// shortest way.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.push(b'"');
    // Most texts have nothing that must be escaped.
    if any(bytes, needs_escape) {
        let (chunks, rest) = bytes.as_chunks::<16>();
        for chunk in chunks {
            if any(chunk, needs_escape) {
                write_chunk(out, chunk);
            } else {
                out.extend_from_slice(chunk);
            }
        }
        write_escaped(out, rest);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

/// Whether something holds for any of some bytes. Without branches, so that the
/// compiler makes one comparison of many.
#[inline]
fn any(bytes: &[u8], holds: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |any, &byte| any | holds(byte))
}

#[inline]
fn needs_escape(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// What stands behind the backslash for a byte; 0 where it stands for itself.
const LETTERS: [u8; 256] = letters();

#[expect(clippy::indexing_slicing, reason = "constant, and out of bounds does not compile")]
const fn letters() -> [u8; 256] {
    let mut letters = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        letters[control] = b'u';
        control += 1;
    }
    letters[0x08] = b'b';
    letters[0x0c] = b'f';
    letters[b'\n' as usize] = b'n';
    letters[b'\r' as usize] = b'r';
    letters[b'\t' as usize] = b't';
    letters[b'"' as usize] = b'"';
    letters[b'\\' as usize] = b'\\';
    letters
}

#[inline]
fn letter_of(byte: u8) -> u8 {
    LETTERS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// Sixteen bytes of which some must be escaped, most likely with one letter:
/// paths of Windows, and lines.
fn write_chunk(out: &mut Vec<u8>, chunk: &[u8; 16]) {
    let (mut room, mut length) = ([b'\\'; 32], 0);
    let mut put = |byte: u8, escaped: bool| {
        let at = length + usize::from(escaped);
        if let Some(place) = room.get_mut(at) {
            *place = byte;
        }
        length = at + 1;
    };
    if any(chunk, |byte| byte < 0x20) {
        if any(chunk, |byte| letter_of(byte) == b'u') {
            return write_escaped(out, chunk);
        }
        for &byte in chunk {
            let letter = letter_of(byte);
            put(if letter == 0 { byte } else { letter }, letter != 0);
        }
    } else {
        // What is escaped then stands for itself.
        chunk.iter().for_each(|&byte| put(byte, needs_escape(byte)));
    }
    out.extend_from_slice(room.get(..length).unwrap_or_default());
}

fn write_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        let letter = letter_of(byte);
        if letter == 0 {
            out.push(byte);
            continue;
        }
        out.extend_from_slice(&[b'\\', letter]);
        if letter == b'u' {
            let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
            out.extend_from_slice(&[b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(values: &[Value<'_>]) -> String {
        let mut out = Vec::new();
        write_values(&mut out, values.iter().copied());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_value_is_itself_and_several_are_an_array() {
        assert_eq!(written(&[Value::Bool(true)]), "true");
        assert_eq!(written(&[Value::Null, Value::Bool(false)]), "[null,false]");
        assert_eq!(
            written(&[Value::String("a"), Value::Number("7"), Value::Null]),
            "[\"a\",7,null]"
        );
        assert_eq!(written(&[]), "[]");
    }

    #[test]
    fn numbers_stay_as_they_are_and_what_is_none_becomes_a_string() {
        for number in ["0", "-12", "1.50", "1e400", "18446744073709551616"] {
            assert_eq!(written(&[Value::Number(number)]), number);
        }
        for other in ["", "0x3e7", "007", "1.", "NaN", "-", "1 ", "+1", "1,5"] {
            assert_eq!(written(&[Value::Number(other)]), format!("\"{other}\""));
        }
    }

    proptest! {
        #[test]
        fn strings_are_as_serde_json_writes_them(text in "\\PC*|[ -~\\x00-\\x1f\\\\\"é]{0,60}") {
            prop_assert_eq!(
                written(&[Value::String(&text)]),
                serde_json::to_string(&text).unwrap()
            );
        }
    }
}
