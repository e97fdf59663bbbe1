//! A release that was written before somebody cosigned its checkpoint: taken
//! apart, and put together again with the signature. Nothing that the owner
//! signed changes, so it is the same release; the checkpoint only has one line
//! more, and so has each proof, for all of them end in it.

use super::archive::{self, File};
use super::{CHECKPOINT_FILE, ENTRIES_FOLDER, PROOF_SUFFIX, ReleaseError};
use crate::checkpoint::SignedCheckpoint;
use crate::key::VerifyingKey;
use crate::note::NoteSignature;

/// A release, taken apart. What is in it is not verified by opening it.
#[derive(Clone, Debug)]
pub struct OpenRelease {
    files: Vec<File>,
    /// The bytes of the checkpoint in `files`.
    before: Vec<u8>,
    checkpoint: SignedCheckpoint,
}

impl OpenRelease {
    /// Takes a release apart.
    ///
    /// # Errors
    ///
    /// It is no archive of a release, or its checkpoint cannot be read.
    pub fn open(bytes: &[u8]) -> Result<Self, ReleaseError> {
        let opened = archive::open(bytes);
        if let Some(broken) = opened.broken.first() {
            return Err(ReleaseError::Broken(format!("{} {}", broken.file, broken.what)));
        }
        let file = opened.files.iter().find(|file| file.name == CHECKPOINT_FILE);
        let before = file.map(|file| file.bytes.clone());
        let before = before.ok_or_else(|| {
            ReleaseError::Broken(format!("{CHECKPOINT_FILE} is not in it; expected a release"))
        })?;
        let checkpoint = parse(&before)?;
        Ok(Self { files: opened.files, before, checkpoint })
    }

    /// Its checkpoint, with what was added.
    #[must_use]
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Adds a signature to its checkpoint; whether it was not there yet.
    ///
    /// # Errors
    ///
    /// The checkpoint is not signed by this key then, or has more signatures
    /// than are read.
    pub fn add_signature(
        &mut self,
        signature: NoteSignature,
        key: &VerifyingKey,
    ) -> Result<bool, ReleaseError> {
        let mut checkpoint = self.checkpoint.clone();
        checkpoint.add(signature);
        checkpoint.note().verify(key)?;
        let is_new = checkpoint != self.checkpoint;
        // What is written must be read again, with all limits.
        self.checkpoint = parse(&checkpoint.to_bytes())?;
        Ok(is_new)
    }

    /// The release with its checkpoint as it is now, in all places.
    ///
    /// # Errors
    ///
    /// A proof does not end in the checkpoint, or the release is too large.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ReleaseError> {
        let now = self.checkpoint.to_bytes();
        let changed = |file: &File| {
            let bytes = if file.name == CHECKPOINT_FILE {
                now.clone()
            } else if file.name.starts_with(ENTRIES_FOLDER) && file.name.ends_with(PROOF_SUFFIX) {
                let head = file.bytes.strip_suffix(self.before.as_slice());
                let head = head.ok_or_else(|| {
                    ReleaseError::Broken(format!("{} does not end in its checkpoint", file.name))
                })?;
                [head, &now].concat()
            } else {
                file.bytes.clone()
            };
            Ok(File { name: file.name.clone(), bytes })
        };
        let files: Result<Vec<File>, ReleaseError> = self.files.iter().map(changed).collect();
        archive::write(&files?).ok_or(ReleaseError::Large)
    }
}

fn parse(checkpoint: &[u8]) -> Result<SignedCheckpoint, ReleaseError> {
    SignedCheckpoint::parse(checkpoint).map_err(|e| ReleaseError::Broken(e.to_string()))
}
