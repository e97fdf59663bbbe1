//! A release: what leaves a case, in one file, with all that a stranger needs
//! to check it but the owner's public key.

pub(crate) mod archive;

pub(crate) const CONTENT_FILE: &str = "release.json";
pub(crate) const CHECKPOINT_FILE: &str = "checkpoint";
pub(crate) const ENTRIES_FOLDER: &str = "entries/";
pub(crate) const PROOF_SUFFIX: &str = ".proof";
