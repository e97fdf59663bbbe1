//! The one hash of a case: SHA-256.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::error::Malformed;
use crate::key::PRIVATE_KEY_HEAD;

/// A SHA-256 hash. Written as lower-case hex in records, as base64 in
/// checkpoints and proofs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Length in bytes.
    pub const BYTES: usize = 32;

    /// SHA-256 of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// As checkpoints and proofs have it: base64 with padding.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// From base64 with padding.
    ///
    /// # Errors
    /// Anything but the one way of writing 32 bytes in base64.
    pub fn from_base64(text: &str) -> Result<Self, Malformed> {
        let expected = "44 characters of base64, which are 32 bytes";
        let wrong = || Malformed::new(format!("{} is no hash", shown(text)), expected);
        let short = text.len() == 44;
        let bytes = short.then(|| STANDARD.decode(text).ok()).flatten().ok_or_else(wrong)?;
        Self::from_slice(&bytes).ok_or_else(wrong)
    }

    /// From exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Hash {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let expected = "64 digits of lower-case hex";
        let wrong = || Malformed::new(format!("{} is no hash", shown(text)), expected);
        let mut bytes = Vec::with_capacity(32);
        let mut digits = text.bytes().map(hex_digit);
        while let Some(high) = digits.next() {
            match (high, digits.next().flatten()) {
                (Some(high), Some(low)) if bytes.len() < 32 => bytes.push(high << 4 | low),
                _ => return Err(wrong()),
            }
        }
        Self::from_slice(&bytes).ok_or_else(wrong)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The value of a lower-case hex digit.
pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Foreign text for an error message: quoted, escaped, not too long, and never
/// a private key, which somebody may have given where something else belongs.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 80;
    if text.contains(PRIVATE_KEY_HEAD) {
        return "a private key, which is not shown here".to_owned();
    }
    let mut out: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    format!("{out:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_and_read() {
        let hash = Hash::of(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash.to_string(), hex);
        assert_eq!(hex.parse(), Ok(hash));
        assert_eq!(hash.base64(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(Hash::from_base64(&hash.base64()), Ok(hash));
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<Hash>(&json).unwrap(), hash);
    }

    #[test]
    fn hashes_that_are_none_are_refused() {
        let hex = Hash::of(b"").to_string();
        for wrong in ["", "ab", &hex[1..], &hex.to_uppercase(), &format!("{hex}00"), &hex.repeat(9)]
        {
            assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
        }
        // The last one has bits that no byte uses.
        let base64 = [
            "",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
        ];
        for wrong in base64 {
            assert!(Hash::from_base64(wrong).is_err(), "{wrong}");
        }
    }
}
