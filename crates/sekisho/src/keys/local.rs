//! Stand-in until the case crate's keys are here.
#![allow(missing_docs, clippy::indexing_slicing)]
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

pub struct SigningKey {
    name: String,
    seed: zeroize::Zeroizing<[u8; 32]>,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    pub name: String,
    pub algorithm: u8,
    pub public: [u8; 32],
}
impl SigningKey {
    pub fn from_seed(name: &str, seed: [u8; 32]) -> anyhow::Result<Self> {
        Ok(Self { name: name.to_owned(), seed: seed.into() })
    }
    pub fn generate(name: &str) -> anyhow::Result<Self> {
        Self::from_seed(name, random()?)
    }
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        self.seed.clone()
    }
    pub fn with_name(&self, name: &str) -> anyhow::Result<Self> {
        Self::from_seed(name, *self.seed)
    }
    pub fn name(&self) -> &str {
        &self.name
    }
    fn key(&self, algorithm: u8) -> VerifyingKey {
        let public = ed25519_dalek::SigningKey::from_bytes(&self.seed).verifying_key().to_bytes();
        VerifyingKey { name: self.name.clone(), algorithm, public }
    }
    pub fn verifying_key(&self) -> VerifyingKey {
        self.key(1)
    }
    pub fn cosigner_key(&self) -> VerifyingKey {
        self.key(4)
    }
}
impl VerifyingKey {
    pub fn name(&self) -> &str {
        &self.name
    }
    pub fn id(&self) -> u32 {
        u32::from_be_bytes(self.hash())
    }
    pub fn algorithm(&self) -> Algorithm {
        if self.algorithm == 1 { Algorithm::Ed25519 } else { Algorithm::CosignatureV1 }
    }
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }
    fn bytes(&self) -> Vec<u8> {
        let mut b = vec![self.algorithm];
        b.extend(self.public);
        b
    }
    fn hash(&self) -> [u8; 4] {
        let mut h = Sha256::new();
        h.update(self.name.as_bytes());
        h.update(b"\n");
        h.update(self.bytes());
        let d: [u8; 32] = h.finalize().into();
        [d[0], d[1], d[2], d[3]]
    }
}
impl std::fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            u32::from_be_bytes(self.hash()),
            BASE64_STANDARD.encode(self.bytes())
        )
    }
}
impl std::str::FromStr for VerifyingKey {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            anyhow::bail!("no vkey")
        };
        let key = BASE64_STANDARD.decode(key)?;
        let [algorithm, public @ ..] = key.as_slice() else { anyhow::bail!("no vkey") };
        let found =
            Self { name: name.to_owned(), algorithm: *algorithm, public: public.try_into()? };
        if found.to_string() != text {
            anyhow::bail!("no vkey");
        }
        Ok(found)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Ed25519,
    CosignatureV1,
}
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("{e}"))?;
    Ok(bytes)
}
