//! Strict JSON: RFC 8259 without white space, without lone surrogates, and
//! without an object that has a name twice. Numbers stay as they are written.
//!
//! What is sealed is bytes, so what is read must have one meaning only; a
//! lenient reader would let two verifiers see two things in one text.

use std::collections::HashSet;

use thiserror::Error;

use crate::limits::JSON_DEPTH_MAX;

/// Why a text is not the JSON that is expected here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("at byte {at}: expected {expected}")]
pub struct JsonError {
    /// Byte offset in the text.
    pub at: usize,
    /// What should have been there.
    pub expected: &'static str,
}

/// A place in a text that is being read.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Arrays and objects around this place that it was told of.
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    fn error<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError { at: self.at, expected })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes past a byte if it is the next one.
    pub(crate) fn skip(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    /// Goes past a byte that must come.
    pub(crate) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), JsonError> {
        if self.skip(byte) { Ok(()) } else { self.error(expected) }
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), JsonError> {
        if self.at == self.text.len() { Ok(()) } else { self.error("the end") }
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Reads any value; gives its text.
    pub(crate) fn value(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        self.pass()?;
        Ok(self.since(start))
    }

    /// Goes past any value.
    fn pass(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'[') => self.array(Self::pass),
            Some(b'{') => self.object(|scanner, _| scanner.pass()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                match ["true", "false", "null"].iter().find(|word| rest.starts_with(**word)) {
                    Some(word) => self.at += word.len(),
                    None => return self.error("a value"),
                }
                Ok(())
            }
        }
    }

    /// Goes into an array or object, if it is not the one too many.
    fn enter(&mut self, bracket: u8, expected: &'static str) -> Result<(), JsonError> {
        if self.peek() == Some(bracket) && self.depth == JSON_DEPTH_MAX {
            return self.error("less nesting");
        }
        self.expect(bracket, expected)?;
        self.depth += 1;
        Ok(())
    }

    /// Goes out of an array or object, if it ends here.
    fn leave(&mut self, bracket: u8) -> bool {
        let ends = self.skip(bracket);
        self.depth -= usize::from(ends);
        ends
    }

    /// Reads an array; the closure reads each element.
    pub(crate) fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.enter(b'[', "an array")?;
        if self.leave(b']') {
            return Ok(());
        }
        loop {
            element(self)?;
            if self.leave(b']') {
                return Ok(());
            }
            self.expect(b',', "`,` or `]`")?;
        }
    }

    /// Reads an object; the closure reads each value.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, String) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.enter(b'{', "an object")?;
        if self.leave(b'}') {
            return Ok(());
        }
        let mut seen = HashSet::new();
        loop {
            let at = self.at;
            let name = self.string()?;
            if !seen.insert(name.clone()) {
                return Err(JsonError { at, expected: "a name that was not there before" });
            }
            self.expect(b':', "`:`")?;
            member(self, name)?;
            if self.leave(b'}') {
                return Ok(());
            }
            self.expect(b',', "`,` or `}`")?;
        }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let length = number_length(self.text.as_bytes().get(self.at..).unwrap_or_default());
        if length == 0 {
            return self.error("a number");
        }
        self.at += length;
        Ok(())
    }

    /// Reads a string; gives what it means.
    pub(crate) fn string(&mut self) -> Result<String, JsonError> {
        self.expect(b'"', "a string")?;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..0x20)) {
                self.at += 1;
            }
            out.push_str(self.since(start));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.error("a character of a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.error("an escape of JSON"),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let at = self.at;
        let lone = JsonError { at, expected: "a character, not half of one" };
        let first = self.hex4()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(lone);
        }
        if first >= 0xdc00 || !self.skip(b'\\') || !self.skip(b'u') {
            return Err(lone);
        }
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone);
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(lone)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return self.error("four hexadecimal digits") };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }
}

/// Bytes of the number that stands at the beginning; 0 if none does.
pub(crate) fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        bytes.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let is = |at: usize, of: &[u8]| bytes.get(at).is_some_and(|byte| of.contains(byte));
    let mut at = usize::from(is(0, b"-"));
    at += match (is(at, b"0"), digits(at)) {
        (_, 0) => return 0,
        (true, _) => 1,
        (false, count) => count,
    };
    if is(at, b".") {
        match digits(at + 1) {
            0 => return 0,
            count => at += 1 + count,
        }
    }
    if is(at, b"eE") {
        let sign = usize::from(is(at + 1, b"+-"));
        match digits(at + 1 + sign) {
            0 => return 0,
            count => at += 1 + sign + count,
        }
    }
    at
}

/// The string that stands at the beginning.
pub(crate) fn first_string(bytes: &[u8]) -> Option<String> {
    Scanner::new(std::str::from_utf8(bytes).ok()?).string().ok()
}

/// Checks that a text is one value, and nothing but it.
#[cfg(test)]
pub(crate) fn validate(text: &str) -> Result<(), JsonError> {
    let mut scanner = Scanner::new(text);
    scanner.value()?;
    scanner.end()
}

/// The members of an object, in order: decoded names, texts of values.
pub(crate) fn members(text: &str) -> Result<Vec<(String, &str)>, JsonError> {
    let mut found = Vec::new();
    let mut scanner = Scanner::new(text);
    scanner.object(|scanner, name| {
        found.push((name, scanner.value()?));
        Ok(())
    })?;
    scanner.end()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_what_is_json() {
        for text in [
            "0",
            "-0",
            "-1.5e+300",
            "1E9",
            "123456789012345678901234567890",
            "\"\"",
            "true",
            "null",
            "[]",
            "{}",
            "[1,[2,{\"a\":[]}]]",
            "{\"a\":1,\"b\":{\"a\":2}}",
            r#""\ud83d\ude00\u0041\n\/""#,
        ] {
            assert_eq!(validate(text), Ok(()), "{text}");
        }
        assert_eq!(first_string(br#""\ud83d\ude00\u0041\n\/"x"#).as_deref(), Some("😀A\n/"));
    }

    #[test]
    fn refuses_what_is_not() {
        for text in [
            "",
            " 1",
            "1 ",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "0x1",
            "NaN",
            "tru",
            "[1,]",
            "[1 ,2]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" :1}",
            "\"\n\"",
            "\"",
            "\"\\x\"",
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83d\u0041""#,
            r#""\u12g4""#,
            "[1]2",
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"b":{"a":1,"a":1}}]"#,
        ] {
            assert!(validate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(validate(&nested(JSON_DEPTH_MAX)), Ok(()));
        assert!(validate(&nested(JSON_DEPTH_MAX + 1)).is_err());
        let within = |depth| format!("{{\"a\":{}}}", nested(depth - 1));
        assert!(members(&within(JSON_DEPTH_MAX)).is_ok());
        assert!(members(&within(JSON_DEPTH_MAX + 1)).is_err());
        assert_eq!(validate(&format!("[{}[]]", "[],".repeat(100))), Ok(()));
        assert!(validate(&"[".repeat(1_000_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_stricter_than_needed_and_no_laxer_than_serde(text in r#"[\[\]{}:,"\\a0-9.eE+\- untrlfsx]{0,12}"#) {
            if validate(&text).is_ok() {
                prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
            } else if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                // White space, names twice, or a lone surrogate.
                let written = value.to_string();
                prop_assert_ne!(written, text);
            }
        }
    }
}
