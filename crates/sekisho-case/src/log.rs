//! The log of a case in a folder: entries and hashes in tiles, and a signed
//! checkpoint that says how much of it is published.
//!
//! Readers see the published state and nothing else. There is one writer at a
//! time; what it stages is published whole or not at all, by giving one file
//! its name.

mod check;
mod error;
mod writer;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::bounded::read_regular;
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::durable::DiskError;
use crate::error::Malformed;
use crate::hash::Hash;
use crate::key::VerifyingKey;
use crate::limits::{NOTE_BYTES_MAX, TILES_CACHED_MAX};
use crate::merkle::{
    Frontier, Range, complete_subtrees, consistency_ranges, inclusion_ranges, leaf_hash,
};
use crate::tile::{
    TILE_WIDTH, Tile, TileKind, frontier_of, parse_entries, parse_hashes, partial_tiles,
    root_of_hashes, width_of,
};

pub use check::Check;
pub use error::{Damage, LogError, Place};
pub use writer::LogWriter;

/// Name of the file with the published checkpoint.
pub const CHECKPOINT: &str = "checkpoint";

/// Name of the file with a checkpoint that is about to be published.
pub const CHECKPOINT_NEXT: &str = "checkpoint.next";

/// Name of the file that the one writer has locked.
pub const LOCK: &str = "lock";

/// The hashes at the right edge of a log: those of partial tiles, by level.
type Edge = Vec<(u8, Vec<Hash>)>;

/// Full tiles of hashes that were checked, by level and number.
type Tiles = BTreeMap<(u8, u64), Arc<Vec<Hash>>>;

/// The published state of a log, as it was when it was opened. What is read is
/// checked against the root of its checkpoint; whether that is signed by whom
/// it should be, [`Log::verify`] says.
#[derive(Debug)]
pub struct Log {
    folder: PathBuf,
    signed: SignedCheckpoint,
    edge: OnceLock<Edge>,
    tiles: Mutex<Tiles>,
}

impl Log {
    /// Opens the published state for reading.
    ///
    /// # Errors
    /// Nothing was published there, or the checkpoint is none.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        let path = folder.join(CHECKPOINT);
        match read_checkpoint(&path)? {
            Some(signed) => Ok(Self::at(folder, signed)),
            None => Err(LogError::NotPublished { path }),
        }
    }

    /// Begins a new log, without entries, whose key has the name of its
    /// origin. The folder is made if it is missing.
    ///
    /// # Errors
    /// There is a log already, or the folder cannot be written.
    pub fn create(folder: &Path, owner: &VerifyingKey) -> Result<LogWriter, LogError> {
        LogWriter::create(folder, owner)
    }

    /// Opens a log to append to it; see [`LogWriter::open`].
    ///
    /// # Errors
    /// Another writer is at work, or the published state is not as it should
    /// be.
    pub fn open_for_writing(folder: &Path, owner: &VerifyingKey) -> Result<LogWriter, LogError> {
        LogWriter::open(folder, owner)
    }

    /// The state that a checkpoint describes, with the tiles of a folder.
    #[must_use]
    pub fn at(folder: &Path, signed: SignedCheckpoint) -> Self {
        let (edge, tiles) = (OnceLock::new(), Mutex::default());
        Self { folder: folder.to_owned(), signed, edge, tiles }
    }

    /// The published checkpoint with its signatures.
    #[must_use]
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// What the checkpoint says, if it is signed by the log's owner.
    ///
    /// # Errors
    /// It is not.
    pub fn verify(&self, owner: &VerifyingKey) -> Result<&Checkpoint, LogError> {
        let path = || self.folder.join(CHECKPOINT);
        self.signed.verify(owner).map_err(|why| LogError::Unsigned { path: path(), why })
    }

    /// How many entries are published.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.signed.unverified().size
    }

    /// The root over all published entries, as the checkpoint says.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.signed.unverified().root
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.signed.unverified().origin
    }

    /// An entry, checked against the root.
    ///
    /// # Errors
    /// There is none of that number, or it is damaged.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, LogError> {
        if index >= self.size() {
            return Err(LogError::Beyond { wanted: index, size: self.size() });
        }
        let bundle = self.bundle(index / TILE_WIDTH)?;
        let at = usize::try_from(index % TILE_WIDTH).unwrap_or(usize::MAX);
        let entry = bundle.into_iter().nth(at).unwrap_or_default();
        self.check_entry(index, &entry).map(|()| entry)
    }

    /// Entries in order, each checked against the root. A damaged one is an
    /// error in its place, and those after it are read; where a whole bundle
    /// cannot be read, there is one error for all of its entries.
    pub fn entries(&self, range: std::ops::Range<u64>) -> Entries<'_> {
        let end = range.end.min(self.size());
        Entries { log: self, next: range.start, end, bundle: Vec::new() }
    }

    /// The root over the first `size` entries.
    ///
    /// # Errors
    /// There are not so many, or a tile is damaged.
    pub fn root_at(&self, size: u64) -> Result<Hash, LogError> {
        self.within(size)?;
        self.range((0, size))
    }

    /// The hash of an entry as a leaf.
    ///
    /// # Errors
    /// There is none of that number, or a tile is damaged.
    pub fn leaf(&self, index: u64) -> Result<Hash, LogError> {
        self.within(index.saturating_add(1))?;
        self.range((index, index + 1))
    }

    /// The proof that an entry is among the first `size` ones.
    ///
    /// # Errors
    /// It is not, or there are not so many, or a tile is damaged.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, LogError> {
        self.within(size)?;
        if index >= size {
            return Err(LogError::Beyond { wanted: index, size });
        }
        inclusion_ranges(index, size).into_iter().map(|range| self.range(range)).collect()
    }

    /// The proof that the first `old` entries are the beginning of the first
    /// `new` ones. Empty if the two are the same, or the older one is empty.
    ///
    /// # Errors
    /// They are not, or there are not so many, or a tile is damaged.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, LogError> {
        self.within(new)?;
        if old > new {
            return Err(LogError::Beyond { wanted: old, size: new });
        }
        consistency_ranges(old, new).into_iter().map(|range| self.range(range)).collect()
    }

    /// Reads everything and says what is damaged, and where.
    ///
    /// # Errors
    /// What is not damage, such as a folder that may not be read.
    pub fn check_all(&self) -> Result<Check, LogError> {
        check::check_all(self)
    }

    fn within(&self, size: u64) -> Result<(), LogError> {
        let known = self.size();
        if size <= known { Ok(()) } else { Err(LogError::Beyond { wanted: size, size: known }) }
    }

    fn range(&self, range: Range) -> Result<Hash, LogError> {
        let mut peaks = Vec::new();
        for (height, index) in complete_subtrees(range) {
            let (level, inner) = (u8::try_from(height / 8).unwrap_or(u8::MAX), height % 8);
            let first = index << inner;
            let tile = self.tile(level, first / TILE_WIDTH)?;
            let start = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
            let hashes = tile.get(start..start.saturating_add(1 << inner));
            peaks.push(root_of_hashes(hashes.unwrap_or_default()));
        }
        let frontier = Frontier::from_peaks(range.1 - range.0, peaks);
        Ok(frontier.map_or(self.root(), |frontier| frontier.root()))
    }

    /// How many hashes there are at a level.
    fn hashes_at(&self, level: u8) -> u64 {
        self.size().checked_shr(u32::from(level) * 8).unwrap_or(0)
    }

    fn entry_tile(&self, index: u64) -> Tile {
        Tile { kind: TileKind::Entries, index, width: width_of(index, self.size()) }
    }

    fn hash_tile(&self, level: u8, index: u64) -> Tile {
        let width = width_of(index, self.hashes_at(level));
        Tile { kind: TileKind::Level(level), index, width }
    }

    /// The bytes of a tile that is published, or of the full one that took the
    /// place of a partial one since; and which of the two that is.
    fn stored(&self, tile: Tile) -> Result<(Tile, Vec<u8>), LogError> {
        for found in [tile, tile.full()] {
            let path = self.folder.join(found.to_string());
            match read_regular(&path, found.bytes_max()) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) if e.kind() == io::ErrorKind::InvalidData => {
                    return Err(damaged(Place::Tile(found), &e.to_string()));
                }
                Err(e) => return Err(DiskError::new("cannot read", &path, e).into()),
                Ok(bytes) => return Ok((found, bytes)),
            }
        }
        Err(damaged(Place::Tile(tile), "it is missing"))
    }

    /// The hashes of a tile as they are stored, unchecked.
    fn stored_hashes(&self, tile: Tile) -> Result<Vec<Hash>, LogError> {
        let (found, bytes) = self.stored(tile)?;
        let parsed = parse_hashes(&bytes);
        let mut hashes = parsed.map_err(|e| damaged(Place::Tile(found), &e.to_string()))?;
        if hashes.len() != usize::from(found.width) {
            let what = format!("it has {} hashes, expected {}", hashes.len(), found.width);
            return Err(damaged(Place::Tile(found), &what));
        }
        hashes.truncate(tile.width.into());
        Ok(hashes)
    }

    /// The entries of a bundle as they are stored, unchecked.
    fn bundle(&self, index: u64) -> Result<Vec<Vec<u8>>, LogError> {
        let tile = self.entry_tile(index);
        let (found, bytes) = self.stored(tile)?;
        let parsed = parse_entries(&bytes);
        let entries = parsed.map_err(|e| damaged(Place::Tile(found), &e.to_string()))?;
        if entries.len() != usize::from(found.width) {
            let what = format!("it has {} entries, expected {}", entries.len(), found.width);
            return Err(damaged(Place::Tile(found), &what));
        }
        Ok(entries.into_iter().take(tile.width.into()).map(<[u8]>::to_vec).collect())
    }

    /// The partial tiles, checked against the root.
    fn edge(&self) -> Result<&Edge, LogError> {
        if let Some(edge) = self.edge.get() {
            return Ok(edge);
        }
        let mut edge = Edge::new();
        for tile in partial_tiles(self.size()) {
            if tile.kind == TileKind::Level(tile.level()) {
                edge.push((tile.level(), self.stored_hashes(tile)?));
            }
        }
        let fits = frontier_of(self.size(), &edge).is_some_and(|f| f.root() == self.root());
        if !fits {
            let what = "the partial tiles at the right edge do not lead to the checkpoint's root";
            return Err(damaged(Place::Root, what));
        }
        Ok(self.edge.get_or_init(|| edge))
    }

    /// The hashes of a tile, checked against the root.
    fn tile(&self, level: u8, index: u64) -> Result<Arc<Vec<Hash>>, LogError> {
        let tile = self.hash_tile(level, index);
        if !tile.is_full() {
            let edge = self.edge()?;
            let hashes = edge.iter().find(|(at, _)| *at == level).map(|(_, hashes)| hashes.clone());
            return Ok(Arc::new(hashes.unwrap_or_default()));
        }
        let known = |tiles: &Tiles| tiles.get(&(level, index)).cloned();
        if let Some(hashes) = known(&self.tiles.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(hashes);
        }
        let above = self.tile(level + 1, index / TILE_WIDTH)?;
        let at = usize::try_from(index % TILE_WIDTH).ok();
        let hashes = self.stored_hashes(tile)?;
        if at.and_then(|at| above.get(at)) != Some(&root_of_hashes(&hashes)) {
            let what = "its hashes do not lead to the hash in the tile above it";
            return Err(damaged(Place::Tile(tile), what));
        }
        let hashes = Arc::new(hashes);
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        if tiles.len() >= TILES_CACHED_MAX {
            tiles.clear();
        }
        tiles.insert((level, index), Arc::clone(&hashes));
        Ok(hashes)
    }

    fn check_entry(&self, index: u64, entry: &[u8]) -> Result<(), LogError> {
        let tile = self.tile(0, index / TILE_WIDTH)?;
        let at = usize::try_from(index % TILE_WIDTH).ok();
        if at.and_then(|at| tile.get(at)) == Some(&leaf_hash(entry)) {
            return Ok(());
        }
        Err(damaged(Place::Entry(index), "its bytes do not have the hash that was sealed"))
    }
}

/// Entries of a log in order; see [`Log::entries`].
#[derive(Debug)]
pub struct Entries<'a> {
    log: &'a Log,
    next: u64,
    end: u64,
    /// What is left of the bundle of `next`, the nearest last; empty if it was
    /// not read yet.
    bundle: Vec<Vec<u8>>,
}

impl Entries<'_> {
    fn read_bundle(&mut self) -> Result<(), LogError> {
        let entries = self.log.bundle(self.next / TILE_WIDTH)?;
        let skip = usize::try_from(self.next % TILE_WIDTH).unwrap_or(usize::MAX);
        self.bundle = entries.into_iter().skip(skip).collect();
        self.bundle.reverse();
        Ok(())
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<(u64, Vec<u8>), LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        if self.bundle.is_empty()
            && let Err(e) = self.read_bundle()
        {
            self.next = (index / TILE_WIDTH + 1) * TILE_WIDTH;
            return Some(Err(e));
        }
        self.next += 1;
        let entry = self.bundle.pop().unwrap_or_default();
        Some(self.log.check_entry(index, &entry).map(|()| (index, entry)))
    }
}

/// Reads a checkpoint, if the file is there.
fn read_checkpoint(path: &Path) -> Result<Option<SignedCheckpoint>, LogError> {
    let bytes = match read_regular(path, NOTE_BYTES_MAX) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::InvalidData => {
            let what = Malformed::new(e.to_string(), "a signed checkpoint");
            return Err(LogError::Malformed { path: path.to_owned(), what });
        }
        read => read.map_err(|e| DiskError::new("cannot read", path, e))?,
    };
    let signed = SignedCheckpoint::parse(&bytes);
    let signed = signed.map_err(|what| LogError::Malformed { path: path.to_owned(), what })?;
    Ok(Some(signed))
}

fn damaged(place: Place, what: &str) -> LogError {
    LogError::Damaged(Damage { place, what: what.to_owned() })
}

#[cfg(test)]
mod tests;
