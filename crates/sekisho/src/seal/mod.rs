//! Sealing: what an examination read becomes evidence that others can check.
//!
//! Beside the examination, worker threads seal the events of each block
//! (`rows`), the collector gives them their places in the order of reading
//! (`writer`, `cells`), and at the end all of it is put on record and
//! published at once (`publish`). The bytes are those of `spec/case-v1.md`.

mod case;
pub(crate) mod cells;
pub(crate) mod check;
mod history;
mod leaves;
mod limits;
mod outside;
mod parties;
pub(crate) mod publish;
mod quiet;
pub(crate) mod releases;
pub(crate) mod rows;
mod stores;
#[cfg(test)]
mod tests;
pub(crate) mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sekisho_case::durable::{RealDisk, write_file};
use sekisho_case::event::EventSealer;
use sekisho_case::key::{SaltSecret, SigningKey};
use sekisho_case::record::{self, Nonce, SealKind};

use case::Nonces;
pub(crate) use case::{CaseWriter, Published};
pub use case::{find_case, owner_of};
pub use check::{StoreStanding, compare_store};
pub(crate) use history::check as check_history;
pub use outside::outside_case;
pub use parties::{Named, Naming, name_party, set_policy};
pub use publish::Sealed;
use publish::{Places, Said};
pub(crate) use stores::{SealedFile, intact_stores};
use writer::SealWriter;

/// What to seal into, and with what.
#[derive(Debug)]
pub struct SealOptions {
    /// The folder of the case, made where there is none.
    pub case: PathBuf,
    /// The owner's key.
    pub key: SigningKey,
    /// How finely.
    pub kind: SealKind,
    /// What a case that is begun is called; one that is there must be called so.
    pub name: Option<String>,
    nonces: Nonces,
}

impl SealOptions {
    /// Sealing into the case in a folder.
    #[must_use]
    pub fn new(case: PathBuf, key: SigningKey, kind: SealKind) -> Self {
        Self { case, key, kind, name: None, nonces: Nonces::default() }
    }
}

/// What all threads need to seal events of one examination.
#[derive(Debug)]
pub(crate) struct Sealing {
    secret: SaltSecret,
    origin: String,
    nonce: Nonce,
    kind: SealKind,
    /// Number of the examination's first source in the case.
    sources_from: u32,
}

impl Sealing {
    pub(crate) fn sealer(&self) -> EventSealer {
        EventSealer::new(&self.secret, &self.origin, &self.nonce.0, self.kind.into())
    }

    /// The number in the case of a source of the inventory.
    pub(crate) fn source_number(&self, source: usize) -> u32 {
        u32::try_from(source).unwrap_or(u32::MAX).saturating_add(self.sources_from)
    }
}

/// An examination that is being sealed.
pub(crate) struct Seal {
    case: CaseWriter,
    pub(crate) sealing: Arc<Sealing>,
}

impl Seal {
    /// Opens or begins the case and makes room for the examination in it.
    ///
    /// # Errors
    ///
    /// Where the case cannot be opened or written.
    pub(crate) fn begin(options: &SealOptions) -> Result<(Self, SealWriter)> {
        let name = options.name.as_deref();
        let mut case = CaseWriter::open_as(&options.case, &options.key, name)?;
        case.nonces = options.nonces.clone();
        let sealing = Arc::new(Sealing {
            secret: options.key.salt_secret(),
            origin: case.origin().to_owned(),
            nonce: case.nonces.next()?,
            kind: options.kind,
            sources_from: case.next.source,
        });
        let places = Places::new(&case.folder, case.next.examination);
        let making = || format!("making room in the case {}", options.case.display());
        places.create().with_context(making)?;
        let writer = SealWriter::create(&places.store(), &places.spill(), case.next.cell)
            .with_context(making)?;
        Ok((Self { case, sealing }, writer))
    }

    /// Number in the case of the examination's first source.
    pub(crate) fn sources_from(&self) -> u32 {
        self.sealing.sources_from
    }

    /// Puts everything on record and publishes it.
    ///
    /// # Errors
    ///
    /// Where it cannot be written; then the case is as it was before.
    pub(crate) fn publish(mut self, writer: SealWriter, said: Said) -> Result<Sealed> {
        let seal = record::Seal { kind: self.sealing.kind, nonce: self.sealing.nonce };
        publish::publish(&mut self.case, writer, seal, said)
            .with_context(|| format!("sealing into {}", self.case.folder.display()))
    }
}

/// Writes a file so that it is there as a whole or not at all.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(write_file(&RealDisk, path, bytes)?)
}

/// The folder of the case that an examination with this output folder seals
/// into.
#[must_use]
pub fn case_below(out: &Path) -> PathBuf {
    out.join("case")
}
