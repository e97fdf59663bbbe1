//! C2SP tlog-cosignature v1: a witness says, at a time, that a checkpoint goes
//! on from all that it saw before.

use crate::error::decimal;
use crate::key::SigningKey;
use crate::note::NoteSignature;

/// What is signed: the text of the checkpoint below a time, in seconds since
/// 1970.
#[must_use]
pub fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// Cosigns the text of a checkpoint at a time, in seconds since 1970. Whether
/// the checkpoint goes on from those before is the witness's business: see
/// [`Witness`](crate::witness::Witness). `None` if the time is beyond 2^63 - 1.
#[must_use]
pub fn cosign(key: &SigningKey, text: &str, time: u64) -> Option<NoteSignature> {
    decimal(&time.to_string())?;
    let mut bytes = time.to_be_bytes().to_vec();
    bytes.extend(key.sign_bytes(message(text, time).as_bytes()));
    Some(NoteSignature::by(&key.cosigner_key(), bytes))
}

/// Time and signature of a cosignature.
pub(crate) fn split(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = bytes.split_first_chunk::<8>()?;
    let time = u64::from_be_bytes(*time);
    i64::try_from(time).ok()?;
    Some((time, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosignature_is_for_a_text_a_time_and_a_key() {
        let key = SigningKey::from_seed("witness.example/w", [3; 32]).unwrap();
        let text = "example.com/log\n0\nabc\n";
        let good = cosign(&key, text, 1_679_315_147).unwrap();
        let verifier = key.cosigner_key();
        assert_eq!(verifier.verify_note(text, &good.signature), Ok(Some(1_679_315_147)));
        assert!(verifier.verify_note("example.com/log\n1\nabc\n", &good.signature).is_err());
        for at in 0..good.signature.len() {
            let mut forged = good.signature.clone();
            forged[at] ^= 1;
            assert!(verifier.verify_note(text, &forged).is_err(), "byte {at}");
            assert!(verifier.verify_note(text, &good.signature[..at]).is_err(), "{at} bytes");
        }
        assert!(key.verifying_key().verify_note(text, &good.signature[8..]).is_err());
        assert_eq!(cosign(&key, text, 1 << 63), None);
    }
}
