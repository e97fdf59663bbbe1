//! SHA-256 of a message that lies in memory as a whole.
//!
//! `Sha256::digest` copies through a buffer, which costs as much as hashing a
//! block does; an event has some twenty messages of two blocks. Here the
//! library's compression function reads the message where it lies, and only the
//! end of it, with the padding of FIPS 180-4, is put together.

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

/// The SHA-256 of a message.
pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    let mut state = INITIAL;
    let (blocks, rest) = message.as_chunks::<64>();
    compress256(&mut state, blocks);
    let mut end = [[0u8; 64]; 2];
    let flat = end.as_flattened_mut();
    for (to, &from) in flat.iter_mut().zip(rest.iter().chain(&[0x80])) {
        *to = from;
    }
    // 64 bits of length do not fit behind more than 55 bytes.
    let used = if rest.len() < 56 { 1 } else { 2 };
    let bits = (message.len() as u64).wrapping_mul(8);
    if let Some(length) = end.get_mut(used - 1).and_then(|block| block.last_chunk_mut()) {
        *length = bits.to_be_bytes();
    }
    compress256(&mut state, end.get(..used).unwrap_or_default());
    let mut hash = [0u8; 32];
    for (to, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::sha256;

    #[test]
    fn equals_the_librarys_digest_at_every_length() {
        let bytes: Vec<u8> = (0..1000u32).map(|n| (n * 31 % 251) as u8).collect();
        for length in 0..bytes.len() {
            let message = &bytes[..length];
            assert_eq!(sha256(message).as_slice(), Sha256::digest(message).as_slice(), "{length}");
        }
    }
}
