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

/// `KEEP[64 - n..]` begins with `n` bytes of ones, and then zeros.
const KEEP: [u8; 128] = {
    let mut keep = [0; 128];
    let mut n = 0;
    while n < 64 {
        keep[n] = 0xff;
        n += 1;
    }
    keep
};

/// `END[64 - n..]` has the bit after `n` bytes, and else zeros.
const END: [u8; 128] = {
    let mut end = [0; 128];
    end[64] = 0x80;
    end
};

/// The SHA-256 of a message.
pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    sha256_at(message, 0, message.len())
}

/// The SHA-256 of a message within a buffer. It is the faster the more bytes
/// there are after the message: the last block is then taken as a whole.
pub(crate) fn sha256_at(buffer: &[u8], start: usize, length: usize) -> [u8; 32] {
    let message = buffer.get(start..start + length).unwrap_or_default();
    let (blocks, rest) = message.as_chunks::<64>();
    let mut state = INITIAL;
    if !blocks.is_empty() {
        compress256(&mut state, blocks);
    }
    let mut end = [[0u8; 64]; 2];
    let [last, further] = &mut end;
    let behind = buffer.get(start + blocks.len() * 64..).unwrap_or_default();
    match behind.first_chunk::<64>() {
        Some(whole) => *last = *whole,
        None => last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from),
    }
    let masks = |table: &'static [u8; 128]| table.get(64 - rest.len()..)?.first_chunk::<64>();
    if let (Some(keep), Some(bit)) = (masks(&KEEP), masks(&END)) {
        for (byte, (keep, bit)) in last.iter_mut().zip(keep.iter().zip(bit)) {
            *byte = *byte & keep | bit;
        }
    }
    // 64 bits of length do not fit behind more than 55 bytes.
    let bits = (message.len() as u64).wrapping_mul(8).to_be_bytes();
    let used = if rest.len() < 56 { 1 } else { 2 };
    let room = if used == 1 { last } else { further };
    if let Some(length) = room.last_chunk_mut() {
        *length = bits;
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

    use super::{sha256, sha256_at};

    #[test]
    fn equals_the_librarys_digest_at_every_length() {
        let bytes: Vec<u8> = (0..1000u32).map(|n| (n * 31 % 251) as u8).collect();
        for length in 0..bytes.len() {
            let message = &bytes[..length];
            let expected: [u8; 32] = Sha256::digest(message).into();
            assert_eq!(sha256(message), expected, "{length}");
            assert_eq!(sha256_at(&bytes, 0, length), expected, "{length}");
            let expected: [u8; 32] = Sha256::digest(&bytes[length..]).into();
            assert_eq!(sha256_at(&bytes, length, bytes.len() - length), expected, "{length}");
        }
    }
}
