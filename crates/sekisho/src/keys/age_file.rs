//! Secrets under a passphrase: age v1 files with one scrypt recipient
//! (<https://c2sp.org/age>), armored where we write them. Everything that is
//! cryptography is the `age` crate's.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::iter;

use age::armor::{ArmoredReadError, ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient, scrypt};
use anyhow::{Context as _, Result};
use zeroize::Zeroizing;

use super::limits::SCRYPT_WORK_LOG2_MAX;
use super::passphrase::Passphrase;

/// Length of all lines of a stanza's body but the last, which is shorter.
const STANZA_LINE_BYTES: usize = 64;

/// Why an age file did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotOpened {
    /// The text around the file is damaged.
    Armor,
    /// No age file, or its header is damaged.
    Header,
    /// Opening would take too much work: the logarithm of scrypt's N.
    Work(u8),
    /// The passphrase is not the one.
    NoMatch,
    /// The header was changed.
    Mac,
    /// The content is damaged.
    Payload,
    /// The content is longer than what was expected.
    TooLong,
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Armor => f.write_str(
                "its armor is damaged: expected base64 between the lines \"-----BEGIN AGE \
                 ENCRYPTED FILE-----\" and \"-----END AGE ENCRYPTED FILE-----\"",
            ),
            Self::Header => f.write_str(
                "it is no key file, or its head is damaged: expected an age v1 file with a \
                 passphrase",
            ),
            Self::Work(log2) => write!(
                f,
                "trying a passphrase would take scrypt 2^{log2} steps; expected at most \
                 2^{SCRYPT_WORK_LOG2_MAX}"
            ),
            Self::NoMatch => f.write_str("the passphrase is wrong"),
            Self::Mac => f.write_str("the passphrase is right, but its head was changed"),
            Self::Payload => f.write_str("the passphrase is right, but its content is damaged"),
            Self::TooLong => f.write_str("its content is longer than a key"),
        }
    }
}

impl std::error::Error for NotOpened {}

/// An armored age file of these bytes.
pub(super) fn seal(content: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>> {
    let mut recipient = scrypt::Recipient::new(passphrase.to_age());
    recipient.set_work_factor(passphrase.work_log2());
    let encrypting = "encrypting the key";
    let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn Recipient))
        .ok()
        .context(encrypting)?;
    let write = || -> io::Result<Vec<u8>> {
        let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armor)?;
        writer.write_all(content)?;
        writer.finish()?.finish()
    };
    write().context(encrypting)
}

/// What is in an age file, armored or not, under a passphrase.
pub(super) fn open(
    bytes: &[u8],
    passphrase: &Passphrase,
    content_bytes_max: usize,
) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let mut identity = scrypt::Identity::new(passphrase.to_age());
    identity.set_max_work_factor(SCRYPT_WORK_LOG2_MAX);
    open_as(bytes, &identity, content_bytes_max)
}

/// As [`open`], for whoever an identity says we are.
fn open_as(
    bytes: &[u8],
    identity: &dyn Identity,
    content_bytes_max: usize,
) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let file = without_armor(bytes)?;
    if !stanzas_end_short(&file) {
        return Err(NotOpened::Header);
    }
    let decryptor = Decryptor::new(file.as_slice()).map_err(|e| not_opened(&e))?;
    let reader = decryptor.decrypt(iter::once(identity)).map_err(|e| not_opened(&e))?;
    // Room from the start: growing would leave copies of a secret behind.
    let mut content = Zeroizing::new(Vec::with_capacity(content_bytes_max.saturating_add(1)));
    let limit = u64::try_from(content_bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut content).map_err(|_| NotOpened::Payload)?;
    if content.len() > content_bytes_max {
        return Err(NotOpened::TooLong);
    }
    Ok(content)
}

fn not_opened(error: &DecryptError) -> NotOpened {
    match error {
        DecryptError::ExcessiveWork { required, .. } => NotOpened::Work(*required),
        DecryptError::InvalidMac => NotOpened::Mac,
        DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed
        | DecryptError::NoMatchingKeys => NotOpened::NoMatch,
        _ => NotOpened::Header,
    }
}

/// The age file that armor is around, if there is any.
fn without_armor(bytes: &[u8]) -> Result<Vec<u8>, NotOpened> {
    // White space may stand before armor (https://c2sp.org/age), but hides it from the reader.
    let trimmed = bytes.trim_ascii_start();
    let bytes = if trimmed.starts_with(b"-----BEGIN ") { trimmed } else { bytes };
    let mut file = Vec::new();
    ArmoredReader::new(bytes).read_to_end(&mut file).map_err(|e| {
        let armor = e.get_ref().is_some_and(|inner| inner.is::<ArmoredReadError>());
        if armor { NotOpened::Armor } else { NotOpened::Header }
    })?;
    Ok(file)
}

/// Whether each stanza of a header ends with a short line, as it must. The library also takes what
/// early versions of age wrote, which had none after a full line.
fn stanzas_end_short(file: &[u8]) -> bool {
    let mut in_body = false;
    for line in file.split(|&byte| byte == b'\n').skip(1) {
        let begins = line.starts_with(b"-> ");
        if begins || line.starts_with(b"---") {
            if in_body {
                return false;
            }
            if !begins {
                return true;
            }
            in_body = true;
        } else if line.len() < STANZA_LINE_BYTES {
            in_body = false;
        }
    }
    true
}

#[cfg(test)]
mod tests;
