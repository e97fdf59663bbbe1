//! SHA-256 of a message that lies in memory as a whole.
//!
//! `Sha256::digest` copies through a buffer, which costs as much as hashing a
//! block does; an event has some twenty messages of two blocks. Here the padding
//! of FIPS 180-4 is written behind the message, and the library's compression
//! function reads all of it where it lies.

use sha2::{Digest as _, Sha256};

use sha2::block_api::compress256;

/// The initial hash value, FIPS 180-4, 5.3.3.
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

/// Bytes behind a message that [`sha256_in_place`] writes over.
pub(crate) const BEHIND_BYTES: usize = 128;

/// The padding: a bit, then zeros.
const PADDING: [u8; 72] = {
    let mut padding = [0; 72];
    padding[0] = 0x80;
    padding
};

/// The SHA-256 of a message.
pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// The SHA-256 of a message within a buffer; up to [`BEHIND_BYTES`] behind the
/// message are written over, and must be there.
pub(crate) fn sha256_in_place(buffer: &mut [u8], start: usize, length: usize) -> [u8; 32] {
    // One byte of padding and eight of length at least, in whole blocks.
    let padded = (length + 9).next_multiple_of(64);
    let end = start + length;
    let behind = buffer.get_mut(end..).and_then(|behind| behind.first_chunk_mut::<72>());
    let Some(behind) = behind else {
        return sha256(buffer.get(start..end).unwrap_or_default());
    };
    *behind = PADDING;
    let Some(message) = buffer.get_mut(start..start + padded) else {
        return sha256(buffer.get(start..end).unwrap_or_default());
    };
    if let Some(bits) = message.last_chunk_mut() {
        *bits = (length as u64).wrapping_mul(8).to_be_bytes();
    }
    let mut state = INITIAL;
    compress256(&mut state, message.as_chunks::<64>().0);
    let mut hash = [0u8; 32];
    for (to, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_librarys_digest_at_every_length_and_place() {
        let bytes: Vec<u8> = (0..1000u32).map(|n| (n * 31 % 251) as u8).collect();
        for start in [0, 1, 64, 333] {
            for length in 0..=bytes.len() - start {
                let mut buffer = bytes.clone();
                let hash = sha256_in_place(&mut buffer, start, length);
                assert_eq!(hash, sha256(&bytes[start..start + length]), "{start} {length}");
                let end = start + length;
                assert_eq!(buffer[..end], bytes[..end]);
                let behind = bytes.len().min(end + BEHIND_BYTES);
                assert_eq!(buffer[behind..], bytes[behind..]);
            }
        }
    }
}
