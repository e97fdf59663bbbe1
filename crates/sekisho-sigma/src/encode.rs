//! Encodings of values: UTF-16, Base64, and Base64 at each of its three
//! offsets.

/// How text becomes bytes of two each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wide {
    /// UTF-16, low byte first.
    Little,
    /// UTF-16, high byte first.
    Big,
    /// UTF-16, low byte first, after a byte order mark.
    Marked,
}

/// Which Base64 texts are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base64 {
    /// That of the value alone.
    Whole,
    /// The parts that do not depend on what stands around the value.
    Offsets,
}

impl Wide {
    pub(crate) fn named(modifier: &str) -> Option<Self> {
        Some(match modifier {
            "wide" | "utf16le" => Self::Little,
            "utf16be" => Self::Big,
            "utf16" => Self::Marked,
            _ => return None,
        })
    }

    /// The bytes of a text.
    pub(crate) fn bytes(self, text: &str) -> Vec<u8> {
        let mark = if self == Self::Marked { "\u{feff}" } else { "" };
        let units = mark.encode_utf16().chain(text.encode_utf16());
        match self {
            Self::Big => units.flat_map(u16::to_be_bytes).collect(),
            Self::Little | Self::Marked => units.flat_map(u16::to_le_bytes).collect(),
        }
    }

    /// The bytes shown as text, for a log that does so: `c\0m\0d\0`. Only
    /// ASCII has such a form.
    pub(crate) fn text(self, text: &str) -> Option<String> {
        if !text.is_ascii() {
            return None;
        }
        let pair = |c: char| if self == Self::Big { ['\0', c] } else { [c, '\0'] };
        Some(text.chars().flat_map(pair).collect())
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let sextet = (bits >> (18 - 6 * i)) as usize & 63;
            let letter = ALPHABET.get(sextet).copied().unwrap_or_default();
            out.push(if i <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// What is seen of the bytes in the Base64 of a longer text, at offsets 0, 1
/// and 2: the letters that depend on neighbours are left out.
pub(crate) fn base64_offsets(bytes: &[u8]) -> [String; 3] {
    [0usize, 1, 2].map(|offset| {
        let mut shifted = vec![b' '; offset];
        shifted.extend_from_slice(bytes);
        let text = base64(&shifted);
        let start = [0, 2, 3].get(offset).copied().unwrap_or_default();
        let end = match shifted.len() % 3 {
            0 => text.len(),
            1 => text.len().saturating_sub(3),
            _ => text.len().saturating_sub(2),
        };
        text.get(start..end).unwrap_or_default().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_the_vectors_of_rfc_4648() {
        for (plain, want) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), want);
        }
    }

    #[test]
    fn offsets_are_found_wherever_the_value_stands() {
        for value in ["a", "ab", "abc", "/bin/sh", "IEX ", "ü-x"] {
            let offsets = base64_offsets(value.as_bytes());
            for before in 0..6 {
                for after in 0..4 {
                    let whole = format!("{}{value}{}", "x".repeat(before), "y".repeat(after));
                    let text = base64(whole.as_bytes());
                    let found = offsets.iter().any(|o| text.contains(o.as_str()));
                    assert!(found, "{value} {before} {after}");
                }
            }
        }
        assert_eq!(base64_offsets(b"foobar"), ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]);
    }

    #[test]
    fn wide_bytes() {
        assert_eq!(Wide::Little.bytes("ab"), b"a\0b\0");
        assert_eq!(Wide::Big.bytes("ab"), b"\0a\0b");
        assert_eq!(Wide::Marked.bytes("a"), b"\xFF\xFEa\0");
        assert_eq!(Wide::Little.text("ab").as_deref(), Some("a\0b\0"));
        assert_eq!(Wide::Big.text("ä"), None);
    }
}
