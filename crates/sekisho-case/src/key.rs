//! Keys: Ed25519, with the names and the written form of C2SP signed-note.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::cosignature;
use crate::error::Malformed;
use crate::hash::{hex_digit, shown};
use crate::limits::KEY_NAME_BYTES_MAX;
use crate::note::NoteSignature;

/// How a private key that is written as a line begins.
pub const PRIVATE_KEY_HEAD: &str = "PRIVATE+KEY+";

/// Refuses a private key where something else was to be read: an error that
/// quoted it would give it away.
///
/// # Errors
/// It is one; what is said has nothing of it.
pub fn no_private_key(text: &str, expected: &str) -> Result<(), Malformed> {
    if text.trim_start().starts_with(PRIVATE_KEY_HEAD) {
        return Err(Malformed::new("this is a private key, which is not shown here", expected));
    }
    Ok(())
}

/// What a signature of a note means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Type 1: Ed25519 over the text of the note.
    Ed25519,
    /// Type 4: tlog-cosignature v1, Ed25519 over time and text.
    CosignatureV1,
}

impl Algorithm {
    /// The byte that stands for it.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::CosignatureV1 => 4,
        }
    }
}

/// A signature that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongSignature;

impl fmt::Display for WrongSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not fit the text and the key")
    }
}

impl std::error::Error for WrongSignature {}

/// The system gave no random bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRandomness(pub String);

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the system gives no random bytes: {}", self.0)
    }
}

impl std::error::Error for NoRandomness {}

/// Random bytes from the system.
///
/// # Errors
/// The system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| NoRandomness(e.to_string()))?;
    Ok(bytes)
}

/// The key with which a party signs. It is wiped from memory when dropped.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A new key of that name.
    ///
    /// # Errors
    /// The name cannot be a key's, or the system gives no random bytes.
    pub fn generate(name: &str) -> Result<Self, GenerateError> {
        check_name(name)?;
        let mut seed = random::<32>()?;
        let key = Self::from_seed(name, seed);
        seed.zeroize();
        Ok(key?)
    }

    /// The key that RFC 8032 makes of a seed.
    ///
    /// # Errors
    /// The name cannot be a key's.
    pub fn from_seed(name: &str, mut seed: [u8; 32]) -> Result<Self, Malformed> {
        check_name(name)?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        seed.zeroize();
        Ok(Self { name: name.to_owned(), key })
    }

    /// The same key under another name: that of the log for which it signs.
    ///
    /// # Errors
    /// The name cannot be a key's.
    pub fn with_name(&self, name: &str) -> Result<Self, Malformed> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key: self.key.clone() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The seed, to keep the key. Whoever has it can sign.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    /// The key that checks its signatures of notes.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::of(&self.name, Algorithm::Ed25519, self.key.verifying_key())
    }

    /// The key that checks its cosignatures.
    #[must_use]
    pub fn cosigner_key(&self) -> VerifyingKey {
        VerifyingKey::of(&self.name, Algorithm::CosignatureV1, self.key.verifying_key())
    }

    /// The key that checks its signatures of notes, as it is written.
    #[must_use]
    pub fn vkey(&self) -> String {
        self.verifying_key().to_string()
    }

    /// The key that checks its cosignatures, as it is written.
    #[must_use]
    pub fn cosigner_vkey(&self) -> String {
        self.cosigner_key().to_string()
    }

    /// Signs the text of a note.
    #[must_use]
    pub fn sign_note(&self, text: &str) -> NoteSignature {
        let signature = self.key.sign(text.as_bytes()).to_bytes().to_vec();
        NoteSignature::by(&self.verifying_key(), signature)
    }

    /// Signs any bytes, for formats other than notes. They must not be able to
    /// pass for a note or a cosignature.
    #[must_use]
    pub fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// The secret from which the salts of sealed events come.
    #[must_use]
    pub fn salt_secret(&self) -> SaltSecret {
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(self.seed().iter()).for_each(|(to, from)| *to = *from);
        // A key shorter than a block is filled up with zeros by HMAC itself.
        let mut mac = Hmac::<Sha256>::new(&(*block).into());
        mac.update(b"sekisho salt secret v1");
        SaltSecret(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why no key was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GenerateError {
    /// The name cannot be a key's.
    Name(Malformed),
    /// The system gives no random bytes.
    Random(NoRandomness),
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(e) => e.fmt(f),
            Self::Random(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for GenerateError {}

impl From<Malformed> for GenerateError {
    fn from(e: Malformed) -> Self {
        Self::Name(e)
    }
}

impl From<NoRandomness> for GenerateError {
    fn from(e: NoRandomness) -> Self {
        Self::Random(e)
    }
}

/// The secret from which the salts of sealed events come. Whoever has it can
/// guess what is hidden. It is wiped from memory when dropped.
#[derive(Clone)]
pub struct SaltSecret([u8; 32]);

impl SaltSecret {
    /// A secret kept elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for SaltSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SaltSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltSecret(..)")
    }
}

/// The key that checks signatures. Written `name+hash+base64`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    id: u32,
    algorithm: Algorithm,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifyingKey {
    /// A key from its parts.
    ///
    /// # Errors
    /// The name cannot be a key's, or the bytes are no public key.
    pub fn new(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> Result<Self, Malformed> {
        check_name(name)?;
        let wrong = || Malformed::new("these bytes are no public key", "an Ed25519 public key");
        let key = ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| wrong())?;
        // Under a weak key one signature fits many texts.
        if key.is_weak() {
            return Err(Malformed::new("the public key is a weak one", "one of full order"));
        }
        Ok(Self::of(name, algorithm, key))
    }

    fn of(name: &str, algorithm: Algorithm, key: ed25519_dalek::VerifyingKey) -> Self {
        let name = name.to_owned();
        let id = key_id(&name, algorithm, key.as_bytes());
        Self { name, id, algorithm, key }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of the hash of name, algorithm and key.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What its signatures mean.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The same public key under another name.
    ///
    /// # Errors
    /// The name cannot be a key's.
    pub fn with_name(&self, name: &str) -> Result<Self, Malformed> {
        check_name(name)?;
        Ok(Self::of(name, self.algorithm, self.key))
    }

    /// The same public key and name for another kind of signature.
    #[must_use]
    pub fn with_algorithm(&self, algorithm: Algorithm) -> Self {
        Self::of(&self.name, algorithm, self.key)
    }

    /// Checks a signature of a note by this key: 64 bytes, or for a
    /// cosignature 72. Gives the time of a cosignature, in seconds since 1970.
    ///
    /// # Errors
    /// It does not fit.
    pub fn verify_note(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, WrongSignature> {
        match self.algorithm {
            Algorithm::Ed25519 => self.verify_bytes(text.as_bytes(), signature).map(|()| None),
            Algorithm::CosignatureV1 => {
                let (time, signature) = cosignature::split(signature).ok_or(WrongSignature)?;
                self.verify_bytes(cosignature::message(text, time).as_bytes(), signature)?;
                Ok(Some(time))
            }
        }
    }

    /// Checks an Ed25519 signature of any bytes. What RFC 8032 leaves open is
    /// decided strictly: no weak keys, no second way of writing a signature.
    ///
    /// # Errors
    /// It does not fit.
    pub fn verify_bytes(&self, bytes: &[u8], signature: &[u8]) -> Result<(), WrongSignature> {
        let signature = signature.try_into().map_err(|_| WrongSignature)?;
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.key.verify_strict(bytes, &signature).map_err(|_| WrongSignature)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.algorithm.number()], self.public().as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(bytes))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for VerifyingKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        const FORM: &str = "a verifier key: name+hash+base64";
        no_private_key(text, "its public half: name+hash+base64, as a .pub file has it")?;
        let wrong = |what: &str| Malformed::new(format!("{}: {what}", shown(text)), FORM);
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("there are not three parts"));
        };
        let id = key_id_of(id).ok_or_else(|| wrong("the hash is not 8 digits of hex"))?;
        let bytes = STANDARD.decode(key).map_err(|_| wrong("the last part is no base64"))?;
        let (algorithm, public) = match bytes.split_first() {
            Some((1, public)) => (Algorithm::Ed25519, public),
            Some((4, public)) => (Algorithm::CosignatureV1, public),
            Some((number, _)) => {
                let what = format!("{}: keys of type {number} are not known here", shown(text));
                return Err(Malformed::new(what, "type 1 (Ed25519) or 4 (cosignature/v1)"));
            }
            None => return Err(wrong("there is no key in it")),
        };
        let public = public.try_into().map_err(|_| wrong("the key has not 32 bytes"))?;
        let key = Self::new(name, algorithm, public)?;
        if key.id != id {
            return Err(wrong(&format!("the hash should be {:08x}", key.id)));
        }
        Ok(key)
    }
}

/// Checks that some text can be the name of a key: not empty, no spaces, no
/// plus sign, no control characters.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), Malformed> {
    let expected = "a name such as example.com/owner, without spaces and plus signs";
    let strange = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    let what = match name {
        "" => "the name of the key is empty",
        _ if name.len() > KEY_NAME_BYTES_MAX => "the name of the key is too long",
        _ if name.contains(strange) => "the name of the key has a space, a plus or a control sign",
        _ => return Ok(()),
    };
    Err(Malformed::new(format!("{what}: {}", shown(name)), expected))
}

fn key_id(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> u32 {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', algorithm.number()])
        .chain_update(public)
        .finalize();
    hash.iter().take(4).fold(0, |id, byte| id << 8 | u32::from(*byte))
}

fn key_id_of(text: &str) -> Option<u32> {
    let digits = text.bytes().map(hex_digit);
    let value = |id: u32, digit: Option<u8>| Some(id << 4 | u32::from(digit?));
    (text.len() == 8).then(|| digits.into_iter().try_fold(0, value)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed("example.com/owner", [7; 32]).unwrap()
    }

    #[test]
    fn keys_are_written_and_read() {
        for key in [key().verifying_key(), key().cosigner_key()] {
            assert_eq!(key.to_string().parse(), Ok(key.clone()));
        }
        assert_ne!(key().vkey(), key().cosigner_vkey());
        let known =
            "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
        let parsed: VerifyingKey = known.parse().unwrap();
        assert_eq!((parsed.name(), parsed.id()), ("example.com/log/testdata", 0x33d7_b496));
        assert_eq!(parsed.to_string(), known);
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let vkey = key().vkey();
        let (id, public) =
            vkey.strip_prefix("example.com/owner+").unwrap().split_once('+').unwrap();
        let mut weak = vec![1];
        weak.extend([0; 32]);
        weak[1] = 1;
        let wrong = [
            String::new(),
            "a+b".into(),
            format!("example.org/owner+{id}+{public}"),
            format!("example.com/owner+{}+{public}", id.to_uppercase()),
            format!("example.com/owner+0{id}+{public}"),
            format!("example.com/owner+{id}+{}", public.trim_end_matches('=').to_owned() + "AA"),
            format!("+{id}+{public}"),
            format!("example.com/ow ner+{id}+{public}"),
            format!("{vkey}\n"),
            format!("x+{:08x}+{}", 0, STANDARD.encode(&weak)),
        ];
        for text in wrong {
            assert!(text.parse::<VerifyingKey>().is_err(), "{text}");
        }
        let refused = format!(" {PRIVATE_KEY_HEAD}a+{id}+{public}").parse::<VerifyingKey>();
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("private key") && !refused.contains(public), "{refused}");
        let other = format!("x+00000000+{}", STANDARD.encode([6; 33]));
        assert!(other.parse::<VerifyingKey>().unwrap_err().what.contains("type 6"));
    }

    #[test]
    fn names_have_a_form() {
        let long = "x".repeat(KEY_NAME_BYTES_MAX + 1);
        for name in ["", "a b", "a+b", "a\u{a0}b", "a\u{7}", "a\n", long.as_str()] {
            assert!(check_name(name).is_err(), "{name:?}");
            assert!(SigningKey::generate(name).is_err());
            assert!(key().with_name(name).is_err());
        }
        assert!(check_name(&long[1..]).is_ok());
        assert!(check_name("関所.example/持ち主").is_ok());
    }

    #[test]
    fn secrets_stay_out_of_debug() {
        let (key, seed) = (key(), "7, 7, 7");
        assert!(!format!("{key:?}").contains(seed));
        assert!(!format!("{key:?}").contains("0707"));
        assert_eq!(format!("{:?}", key.salt_secret()), "SaltSecret(..)");
    }

    #[test]
    fn the_salt_secret_depends_on_the_seed_alone() {
        // hmac.new(b"\x07" * 32, b"sekisho salt secret v1", "sha256") in Python.
        let expected = "1728d6e21d4a34d06530f93c8f6c392d80809e54f15d89c0948acc9422ac1cdb";
        let secret = key().salt_secret();
        assert_eq!(crate::Hash(*secret.as_bytes()).to_string(), expected);
        let renamed = key().with_name("other").unwrap();
        assert_eq!(renamed.salt_secret().as_bytes(), secret.as_bytes());
        assert_eq!(*renamed.seed(), [7; 32]);
    }

    #[test]
    fn two_new_keys_differ() {
        let [a, b] = [1, 2].map(|_| SigningKey::generate("a").unwrap());
        assert_ne!(*a.seed(), *b.seed());
    }
}
