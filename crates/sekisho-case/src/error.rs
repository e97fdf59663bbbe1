//! What is said of bytes that are not what they should be: one line, in lower
//! case, with what was expected.

use std::fmt;

/// Bytes that are not in the format in which they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong, and where.
    pub what: String,
    /// What was expected there.
    pub expected: String,
}

impl Malformed {
    /// What is wrong and what was expected.
    pub fn new(what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { what: what.into(), expected: expected.into() }
    }

    /// The same, said of a part of something larger.
    #[must_use]
    pub fn in_part(self, part: impl fmt::Display) -> Self {
        Self { what: format!("{part}: {}", self.what), expected: self.expected }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; expected {}", self.what, self.expected)
    }
}

impl std::error::Error for Malformed {}

/// A decimal number as the formats of logs have it: digits only, no leading
/// zero, at most 2^63 - 1 (other verifiers count in signed numbers).
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let plain = digits && (text == "0" || !text.starts_with('0'));
    let number = plain.then(|| text.parse::<u64>().ok()).flatten();
    number.filter(|n| i64::try_from(*n).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_in_one_way_only() {
        for (text, number) in [("0", 0), ("7", 7), ("9223372036854775807", i64::MAX as u64)] {
            assert_eq!(decimal(text), Some(number));
        }
        let wrong = ["", "00", "07", "+7", "-7", " 7", "7 ", "0x7", "7\n", "9223372036854775808"];
        for text in wrong.into_iter().chain(["99999999999999999999", "٧"]) {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }
}
