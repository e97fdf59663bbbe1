//! SHA-256 of what was read, so that anyone can tell whether they look at the
//! same file.

use std::io::Read;

use sha2::{Digest, Sha256};

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 18;

/// Lower-case hexadecimal form of a hash.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        out
    })
}

/// SHA-256 of bytes, in hexadecimal.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of all that a reader gives, in hexadecimal. Stops early, with an
/// error of kind `Interrupted`, when `stop` says so.
///
/// # Errors
///
/// Those of the reader.
pub fn of_reader(input: &mut dyn Read, stop: &dyn Fn() -> bool) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hasher.finalize())),
            Ok(n) => hasher.update(buffer.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        if stop() {
            return Err(std::io::Error::other("interrupted"));
        }
    }
}

/// Passes bytes on and hashes them on their way.
pub struct Hashing<R> {
    inner: R,
    hasher: Sha256,
}

impl<R: Read> Hashing<R> {
    /// Hashes what is read from `inner`.
    pub fn new(inner: R) -> Self {
        Self { inner, hasher: Sha256::new() }
    }

    /// Reads on to the end; the SHA-256 of all, in hexadecimal.
    ///
    /// # Errors
    ///
    /// Those of the reader, and when `stop` says so.
    pub fn finish(mut self, stop: &dyn Fn() -> bool) -> std::io::Result<String> {
        let mut rest = vec![0; CHUNK_BYTES];
        while self.read(&mut rest)? > 0 {
            if stop() {
                return Err(std::io::Error::other("interrupted"));
            }
        }
        Ok(hex(&self.hasher.finalize()))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // In pieces that are still in the processor's cache when they are hashed.
        let most = buffer.len().min(CHUNK_BYTES);
        let n = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.hasher.update(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    #[test]
    fn the_hash_of_nothing_is_the_known_one() {
        let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::of_bytes(b""), known);
        assert_eq!(super::of_reader(&mut &b""[..], &|| false).unwrap(), known);
        let text = b"some bytes".repeat(100_000);
        let mut passing = super::Hashing::new(text.as_slice());
        passing.by_ref().take(12_345).read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(passing.finish(&|| false).unwrap(), super::of_bytes(&text));
    }
}
