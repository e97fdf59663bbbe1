//! Texts of disclosures, laid out as SHA-256 reads them.
//!
//! The salt stands in the first 24 bytes of a disclosure's text, which become
//! its first 32 characters. All behind it does not depend on the salt: it is
//! encoded once, padded to whole blocks, and hashed as often as its value
//! occurs, each time with another beginning. Nothing is copied for that.

use base64_simd::URL_SAFE_NO_PAD;
use sha2::block_api::compress256;
use zeroize::Zeroize as _;

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// Bytes that its padding has at least.
const PADDING_MIN: usize = 9;

/// Characters of a text that depend on its salt.
pub(super) const HEAD_CHARS: usize = 32;

/// Where SHA-256 starts (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Where a text lies: from which byte on, how many with its padding, and how
/// many of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    start: usize,
    padded: usize,
    chars: usize,
}

impl Place {
    /// Of a text of so many characters.
    #[inline]
    pub(super) fn of(start: usize, chars: usize) -> Self {
        Self { start, padded: (chars + PADDING_MIN).next_multiple_of(BLOCK), chars }
    }

    pub(super) fn start(self) -> usize {
        self.start
    }

    pub(super) fn chars(self) -> usize {
        self.chars
    }
}

/// Texts of disclosures, encoded and padded.
#[derive(Default)]
pub(super) struct Texts {
    /// Whole blocks.
    bytes: Vec<u8>,
    /// What is being added, before it is encoded.
    plain: Vec<u8>,
}

impl Drop for Texts {
    fn drop(&mut self) {
        // Beginnings hold the salts that came last.
        self.bytes.zeroize();
    }
}

impl Texts {
    /// Adds a text; what stands behind its salt is appended to what the closure
    /// is given.
    #[inline]
    pub(super) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Place {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        write(&mut plain);
        let place = self.add_plain(&plain);
        self.plain = plain;
        place
    }

    /// Adds a text of which this stands behind its salt.
    #[inline]
    pub(super) fn add_plain(&mut self, plain: &[u8]) -> Place {
        let start = self.bytes.len();
        let chars = HEAD_CHARS + URL_SAFE_NO_PAD.encoded_length(plain.len());
        let place = Place::of(start, chars);
        self.bytes.reserve(place.padded);
        self.bytes.extend_from_slice(&[0; HEAD_CHARS]);
        URL_SAFE_NO_PAD.encode_append(plain, &mut self.bytes);
        // The padding of SHA-256: a bit, zeros, and the length in bits.
        self.bytes.push(0x80);
        let length = (chars as u64 * 8).to_be_bytes();
        self.bytes.resize(start + place.padded - length.len(), 0);
        self.bytes.extend_from_slice(&length);
        place
    }

    /// The digest of a text with this beginning.
    #[inline]
    pub(super) fn digest(&mut self, place: Place, head: &[u8; HEAD_CHARS]) -> [u8; 32] {
        let bytes = self.bytes.get_mut(place.start..place.start + place.padded);
        let bytes = bytes.unwrap_or_default();
        if let Some(start) = bytes.first_chunk_mut() {
            *start = *head;
        }
        let mut state = INITIAL;
        compress256(&mut state, bytes.as_chunks().0);
        let mut digest = [0; 32];
        for (to, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
            *to = word.to_be_bytes();
        }
        digest
    }

    /// A text, with the beginning that it was hashed with last.
    pub(super) fn text(&self, place: Place) -> &[u8] {
        self.bytes.get(place.start..place.start + place.chars).unwrap_or_default()
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets all but the first bytes.
    #[inline]
    pub(super) fn truncate(&mut self, bytes: usize) {
        self.bytes.truncate(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hash;

    #[test]
    fn a_text_of_any_length_has_the_digest_of_its_characters() {
        let mut texts = Texts::default();
        let places: Vec<Place> =
            (0..200).map(|length| texts.add(|out| out.resize(length, b'x'))).collect();
        for (length, &place) in places.iter().enumerate().rev() {
            for head in [[b'a'; HEAD_CHARS], [b'b'; HEAD_CHARS]] {
                let digest = texts.digest(place, &head);
                let text = texts.text(place);
                assert_eq!(text.len(), 32 + (length * 4).div_ceil(3));
                assert_eq!(text[..32], head);
                assert_eq!(Hash(digest), Hash::of(text), "{length}");
            }
        }
    }
}
