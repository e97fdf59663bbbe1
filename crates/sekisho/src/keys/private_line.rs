//! A private key as one line, in the form that signed notes have made common:
//! `PRIVATE+KEY+name+hex8+base64(0x01 ‖ seed)`, where hex8 is the key's hash as
//! in its public line (C2SP signed-note).

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::SigningKey;
use super::limits::KEY_LINE_BYTES_MAX;
use super::name::KeyName;

/// How such a line begins.
pub(super) use sekisho_case::key::PRIVATE_KEY_HEAD as HEAD;

/// The byte for Ed25519 in front of a seed.
const ED25519: u8 = 1;

/// Why a text is no private key line. It says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotALine(&'static str);

impl fmt::Display for NotALine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; expected {HEAD}name+hash+key in one line, of an Ed25519 key", self.0)
    }
}

impl std::error::Error for NotALine {}

/// The line of a key, with a line break.
pub(super) fn format(key: &SigningKey) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([ED25519; 33]);
    bytes.iter_mut().skip(1).zip(key.seed().iter()).for_each(|(to, from)| *to = *from);
    // Room from the start: growing would leave copies behind.
    let mut line = Zeroizing::new(String::with_capacity(KEY_LINE_BYTES_MAX));
    line.push_str(HEAD);
    line.push_str(&format!("{}+{:08x}+", key.name(), key.verifying_key().id()));
    BASE64_STANDARD.encode_string(bytes.as_slice(), &mut line);
    line.push('\n');
    line
}

/// The key in a line. A line break at its end may be missing.
pub(super) fn parse(bytes: &[u8]) -> Result<SigningKey, NotALine> {
    let text = std::str::from_utf8(bytes).map_err(|_| NotALine("no text"))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let rest = line.strip_prefix(HEAD).ok_or(NotALine("no private key line"))?;
    // The key may have further signs of this kind in it.
    let mut parts = rest.splitn(3, '+');
    let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NotALine("an incomplete private key line"));
    };
    let name: KeyName = name.parse().map_err(|_| NotALine("a name that no key may have"))?;
    let wrong_key = NotALine("a damaged key");
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(key).map_err(|_| wrong_key)?);
    let [ED25519, seed @ ..] = bytes.as_slice() else { return Err(wrong_key) };
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.try_into().map_err(|_| wrong_key)?);
    let key = SigningKey::from_seed(name.as_str(), *seed).map_err(|_| wrong_key)?;
    if format!("{:08x}", key.verifying_key().id()) != hash {
        return Err(NotALine("a hash that does not fit name and key"));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, byte: u8) -> SigningKey {
        SigningKey::from_seed(name, [byte; 32]).unwrap()
    }

    #[test]
    fn a_line_says_what_it_was_made_from() {
        for byte in [0, 7, 0xfb] {
            let line = format(&key("soc.example.org", byte));
            for line in [line.as_str(), line.trim_end()] {
                let parsed = parse(line.as_bytes()).unwrap();
                assert_eq!((parsed.name(), *parsed.seed()), ("soc.example.org", [byte; 32]));
            }
        }
    }

    #[test]
    fn a_changed_or_cut_line_is_refused() {
        let line = format(&key("a", 0xfb));
        let bytes = line.trim_end().as_bytes();
        for at in 0..bytes.len() {
            assert!(parse(bytes.get(..at).unwrap()).is_err(), "cut at {at}");
            let mut changed = bytes.to_vec();
            *changed.get_mut(at).unwrap() ^= 1;
            assert!(parse(&changed).is_err(), "changed at {at}");
        }
        for end in ["\n\n", " ", "\n\r", "x"] {
            assert!(parse(format!("{}{end}", line.trim_end()).as_bytes()).is_err(), "{end:?}");
        }
    }
}
