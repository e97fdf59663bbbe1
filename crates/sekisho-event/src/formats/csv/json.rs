//! Whether the text of a cell is JSON: only then may it stand in a record as
//! it is.

use crate::limits::NESTING_DEPTH_MAX;

/// Whether these bytes are one object.
pub(super) fn is_object(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'{') && is_value(bytes)
}

/// Whether these bytes are one object or array, without anything around it.
pub(super) fn is_value(bytes: &[u8]) -> bool {
    if !matches!(bytes.first(), Some(b'{' | b'[')) {
        return false;
    }
    let mut check = Check { bytes, at: 0, open: 0, objects: 0 };
    check.run().is_some() && check.at == bytes.len()
}

struct Check<'a> {
    bytes: &'a [u8],
    at: usize,
    open: usize,
    /// By depth: whether an object is open there.
    objects: u64,
}

impl Check<'_> {
    fn run(&mut self) -> Option<()> {
        loop {
            // A value begins here.
            let opened = match self.next()? {
                b'{' => self.enter(true)?,
                b'[' => self.enter(false)?,
                b'"' => self.string().map(|()| false)?,
                _ => self.scalar().map(|()| false)?,
            };
            if opened {
                continue;
            }
            // Behind a value.
            loop {
                if self.open == 0 {
                    return Some(());
                }
                match self.next()? {
                    b',' => {
                        self.at += 1;
                        if self.in_object() {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if self.in_object() => self.leave(),
                    b']' if !self.in_object() => self.leave(),
                    _ => return None,
                }
            }
        }
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn in_object(&self) -> bool {
        self.objects & 1 != 0
    }

    /// Opens an object or array; says whether a value of it comes next.
    fn enter(&mut self, object: bool) -> Option<bool> {
        if self.open >= NESTING_DEPTH_MAX - 2 {
            return None;
        }
        self.at += 1;
        self.open += 1;
        self.objects = self.objects << 1 | u64::from(object);
        let close = if object { b'}' } else { b']' };
        if self.next()? == close {
            self.leave();
            return Some(false);
        }
        if object {
            self.key()?;
        }
        Some(true)
    }

    fn leave(&mut self) {
        self.at += 1;
        self.open -= 1;
        self.objects >>= 1;
    }

    fn key(&mut self) -> Option<()> {
        if self.next()? != b'"' {
            return None;
        }
        self.string()?;
        let colon = self.next()? == b':';
        self.at += 1;
        colon.then_some(())
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += memchr::memchr2(b'"', b'\\', rest)?;
            if self.bytes.get(self.at) == Some(&b'"') {
                self.at += 1;
                return Some(());
            }
            self.at += 2;
        }
    }

    fn scalar(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let end = rest
            .iter()
            .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r'));
        let word = rest.get(..end.unwrap_or(rest.len()))?;
        self.at += word.len();
        let plain = || serde_json::from_slice::<serde_json::Number>(word).is_ok();
        (matches!(word, b"true" | b"false" | b"null") || plain()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_what_serde_takes_for_it() {
        for text in [
            "{}",
            "[]",
            r#"{"a":1}"#,
            r#" {"a":1}"#,
            r#"{"a":[1,2,{"b":null}],"c":"x\"y\\"}"#,
            r#"{"a":[1,2,{"b":null}],"c":"x\"y\\"#,
            r#"{"a":[1,2}]"#,
            r#"{"a" : true , "b":-1.5e3 }"#,
            r#"{"a":tru}"#,
            r#"{"a":01}"#,
            r#"{"a"}"#,
            r#"{"a":1,}"#,
            r#"{,}"#,
            "[1,]",
            "[,]",
            "[1 2]",
            "{}x",
            "{",
            "",
            "\"a\"",
        ] {
            let serde =
                serde_json::from_str::<serde_json::Value>(text).is_ok_and(|v| !v.is_string());
            assert_eq!(is_value(text.as_bytes()), serde && !text.starts_with(' '), "{text}");
        }
        assert!(!is_value("[".repeat(100_000).as_bytes()));
        assert!(is_object(b"{}") && !is_object(b"[]"));
    }
}
