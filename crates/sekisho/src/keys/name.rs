//! Names of keys. A name stands in signatures (C2SP signed-note), in vkeys, in
//! the origin of a case and in the name of a file, so it is held to what is
//! safe in all of them on every platform.

use std::fmt;
use std::str::FromStr;

use super::limits::NAME_BYTES_MAX;

/// What Windows takes for a device, whatever follows the first dot.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];
const NUMBERED_DEVICES: &[&str] = &["com", "lpt"];

/// The name of a key: ASCII letters, digits, `.`, `_` and `-`; begins with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

/// Why something cannot be the name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAKeyName(&'static str);

impl fmt::Display for NotAKeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; expected 1 to {NAME_BYTES_MAX} letters, digits, '.', '_' or '-' that begin with a \
             letter or digit, as in soc.example.org",
            self.0
        )
    }
}

impl std::error::Error for NotAKeyName {}

impl FromStr for KeyName {
    type Err = NotAKeyName;

    fn from_str(text: &str) -> Result<Self, NotAKeyName> {
        let wrong = |why| Err(NotAKeyName(why));
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if text.is_empty() {
            return wrong("the name of the key is empty");
        }
        if text.len() > NAME_BYTES_MAX {
            return wrong("the name of the key is too long");
        }
        if !text.bytes().all(allowed) {
            return wrong("the name of the key has a character that no name may have");
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) || text.ends_with('.') {
            return wrong(
                "the name of the key begins or ends with a sign that may not stand there",
            );
        }
        let lower = text.to_ascii_lowercase();
        if lower.ends_with(".key") || lower.ends_with(".pub") {
            return wrong("the name of the key ends like the name of a file");
        }
        if is_device(lower.split('.').next().unwrap_or_default()) {
            return wrong("the name of the key is the name of a device on Windows");
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_device(stem: &str) -> bool {
    let numbered = NUMBERED_DEVICES.iter().filter_map(|device| stem.strip_prefix(device));
    DEVICES.contains(&stem)
        || numbered.into_iter().any(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']))
}

impl KeyName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_safe_everywhere_pass() {
        let long = "x".repeat(NAME_BYTES_MAX);
        for name in ["a", "alice", "SOC-2", "soc.example.org", "0_1", "console", "com10", &long] {
            assert_eq!(name.parse::<KeyName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_break_a_note_a_path_or_a_platform_are_refused() {
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        let wrong = [
            "",
            "a+b",
            "a b",
            "a\n",
            "a\tb",
            "a/b",
            "a\\b",
            "..",
            ".a",
            "-a",
            "a.",
            "ä",
            "a:b",
            "x.key",
            "x.PUB",
            "con",
            "NUL.x",
            "com1",
            "lpt9.a",
            "a\u{200b}",
            &long,
        ];
        for name in wrong {
            let error = name.parse::<KeyName>().unwrap_err().to_string();
            assert!(error.contains("expected 1 to 64"), "{name:?}: {error}");
        }
    }
}
