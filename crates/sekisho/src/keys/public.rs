//! The public half of a key, as others are given it.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::guarded::{self, Access};
use super::limits::SMALL_FILE_BYTES_MAX;
use super::{Algorithm, SigningKey, VerifyingKey};

/// The public half of a key: one Ed25519 key in two roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// For checkpoints and what else its holder signs: algorithm 1 of C2SP signed-note.
    pub log: VerifyingKey,
    /// For cosignatures of other people's checkpoints: C2SP tlog-cosignature.
    pub cosigner: VerifyingKey,
}

impl PublicKey {
    /// That of a private key.
    #[must_use]
    pub fn of(key: &SigningKey) -> Self {
        Self { log: key.verifying_key(), cosigner: key.cosigner_key() }
    }

    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        self.log.name()
    }

    /// SHA-256 over the 32 bytes of the Ed25519 key, in hex: for comparing by eye or voice,
    /// whatever the key is called.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash: [u8; 32] = Sha256::digest(self.log.public()).into();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What stands in a `.pub` file: the log key and the cosigner key, one a line.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n", self.log, self.cosigner)
    }

    /// Reads a `.pub` file: the log key in the first line, the cosigner key in the second.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = guarded::read(path, Access::Public, SMALL_FILE_BYTES_MAX)?;
        let reading = || format!("reading the public key in {}", path.display());
        let text = std::str::from_utf8(&bytes).with_context(reading)?;
        Self::parse(text).with_context(reading)
    }

    fn parse(text: &str) -> Result<Self> {
        let lines: Vec<&str> = text.lines().collect();
        let &[log, cosigner] = lines.as_slice() else {
            bail!("expected two lines, the log key and the cosigner key");
        };
        let log: VerifyingKey = log.parse().context("in its first line")?;
        let cosigner: VerifyingKey = cosigner.parse().context("in its second line")?;
        let roles = (log.algorithm(), cosigner.algorithm());
        if roles != (Algorithm::Ed25519, Algorithm::CosignatureV1)
            || log.name() != cosigner.name()
            || log.public() != cosigner.public()
        {
            bail!("expected the same key twice, once as a log key and once as a cosigner key");
        }
        Ok(Self { log, cosigner })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lines_of_one_key() {
        let key = PublicKey::of(&SigningKey::from_seed("alice", [1; 32]).unwrap());
        let other = PublicKey::of(&SigningKey::from_seed("alice", [2; 32]).unwrap());
        assert_eq!(PublicKey::parse(&key.to_text()).unwrap(), key);
        assert_ne!(key.fingerprint(), other.fingerprint());
        assert_eq!(key.fingerprint().len(), 64);
        for wrong in [
            String::new(),
            format!("{}\n", key.log),
            format!("{}\n{}\n", key.cosigner, key.log),
            format!("{}\n{}\n", key.log, key.log),
            format!("{}\n{}\n", key.log, other.cosigner),
            format!("{}x", key.to_text()),
        ] {
            assert!(PublicKey::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
