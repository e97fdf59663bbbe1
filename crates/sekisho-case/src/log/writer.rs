//! The one writer of a log: stages entries, and publishes them by giving a
//! signed checkpoint its name.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{CHECKPOINT, CHECKPOINT_NEXT, LOCK, Log, LogError, read_checkpoint};
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::durable::{Disk, DiskError, Folders, RealDisk, UNFINISHED};
use crate::hash::Hash;
use crate::key::{SigningKey, VerifyingKey};
use crate::merkle::{Frontier, leaf_hash};
use crate::note::NoteSignature;
use crate::tile::{
    TILE_WIDTH, Tile, TileKind, frontier_of, partial_tiles, push_entry, root_of_hashes,
    write_hashes,
};

/// The one writer of a log. What it appends is staged: seen by nobody before
/// [`LogWriter::publish`], and removed by the next writer if that never came.
/// Tiles are written as they fill, so that memory does not grow with them.
///
/// After a failure of the disk a writer does nothing more: dropped and opened
/// anew, the log is at its last published state, or at the one that was just
/// being published.
pub struct LogWriter {
    folder: PathBuf,
    owner: VerifyingKey,
    disk: Arc<dyn Disk>,
    /// Locked as long as the writer lives.
    _lock: File,
    published: Option<SignedCheckpoint>,
    tree: Frontier,
    /// Hashes of the tile that is being filled, by level.
    levels: Vec<Vec<Hash>>,
    /// Bytes of the bundle that is being filled.
    bundle: Vec<u8>,
    folders: Folders,
    failed: bool,
}

impl LogWriter {
    /// As [`Log::create`].
    ///
    /// # Errors
    /// There is a log already, or the folder cannot be written.
    pub fn create(folder: &Path, owner: &VerifyingKey) -> Result<Self, LogError> {
        Self::create_on(Arc::new(RealDisk), folder, owner)
    }

    /// Opens a log to append to it: locks it, publishes a checkpoint that was
    /// signed and not published any more, and removes what else a writer that
    /// died has left.
    ///
    /// # Errors
    /// Another writer is at work, or the published state is not signed by the
    /// owner, or is damaged where it would go on.
    pub fn open(folder: &Path, owner: &VerifyingKey) -> Result<Self, LogError> {
        Self::open_on(Arc::new(RealDisk), folder, owner)
    }

    /// [`LogWriter::create`] on any disk.
    ///
    /// # Errors
    /// As there.
    pub fn create_on(
        disk: Arc<dyn Disk>,
        folder: &Path,
        owner: &VerifyingKey,
    ) -> Result<Self, LogError> {
        let mut folders = Folders::default();
        folders.create(&*disk, folder)?;
        folders.sync(&*disk)?;
        let writer = Self::open_any(disk, folder, owner)?;
        match writer.published {
            Some(_) => Err(LogError::Exists { path: folder.join(CHECKPOINT) }),
            None => Ok(writer),
        }
    }

    /// [`LogWriter::open`] on any disk.
    ///
    /// # Errors
    /// As there.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        folder: &Path,
        owner: &VerifyingKey,
    ) -> Result<Self, LogError> {
        let path = folder.join(CHECKPOINT);
        if !path.exists() && !folder.join(CHECKPOINT_NEXT).exists() {
            return Err(LogError::NotPublished { path });
        }
        let writer = Self::open_any(disk, folder, owner)?;
        match writer.published {
            Some(_) => Ok(writer),
            None => Err(LogError::NotPublished { path }),
        }
    }

    fn open_any(
        disk: Arc<dyn Disk>,
        folder: &Path,
        owner: &VerifyingKey,
    ) -> Result<Self, LogError> {
        let lock = lock(&folder.join(LOCK))?;
        let published = roll_forward(&*disk, folder, owner)?;
        let size = published.as_ref().map_or(0, |signed| signed.unverified().size);
        remove_leftovers(&*disk, folder, size)?;
        let mut writer = Self {
            folder: folder.to_owned(),
            owner: owner.clone(),
            disk,
            _lock: lock,
            published: None,
            tree: Frontier::new(),
            levels: Vec::new(),
            bundle: Vec::new(),
            folders: Folders::below(folder),
            failed: false,
        };
        if let Some(signed) = published {
            writer.resume(&Log::at(folder, signed.clone()))?;
            writer.published = Some(signed);
        }
        Ok(writer)
    }

    /// Goes on where the published state ends.
    fn resume(&mut self, log: &Log) -> Result<(), LogError> {
        let edge = log.edge()?;
        self.tree = frontier_of(log.size(), edge).unwrap_or_default();
        for (level, hashes) in edge {
            let level = usize::from(*level);
            self.levels.resize(self.levels.len().max(level + 1), Vec::new());
            if let Some(slot) = self.levels.get_mut(level) {
                hashes.clone_into(slot);
            }
        }
        let first = log.size() / TILE_WIDTH * TILE_WIDTH;
        for entry in log.entries(first..log.size()) {
            push_entry(&mut self.bundle, &entry?.1).map_err(LogError::Entry)?;
        }
        Ok(())
    }

    /// Stages an entry and gives its number.
    ///
    /// # Errors
    /// It is too long, or the disk fails.
    pub fn append(&mut self, entry: &[u8]) -> Result<u64, LogError> {
        self.usable()?;
        let index = self.tree.size();
        push_entry(&mut self.bundle, entry).map_err(LogError::Entry)?;
        let leaf = leaf_hash(entry);
        self.tree.push(leaf);
        self.push_hash(0, leaf);
        if self.tree.size().is_multiple_of(TILE_WIDTH) {
            let done = self.write_full(index / TILE_WIDTH);
            self.keep_failure(done)?;
        }
        Ok(index)
    }

    /// Publishes all that was staged: makes it durable, signs the checkpoint
    /// and gives it its name. The key is the owner's, under any name. Without
    /// anything staged, the published checkpoint stays as it is.
    ///
    /// # Errors
    /// It is another key, or the disk fails.
    pub fn publish(&mut self, key: &SigningKey) -> Result<&SignedCheckpoint, LogError> {
        self.usable()?;
        let origin = self.owner.name();
        let key = key.with_name(origin).map_err(LogError::Entry)?;
        if key.verifying_key().public() != self.owner.public() {
            return Err(LogError::OtherKey { origin: origin.to_owned() });
        }
        let old_size = self.published.as_ref().map(|signed| signed.unverified().size);
        if old_size != Some(self.tree.size()) {
            let checkpoint = Checkpoint::new(origin, self.tree.size(), self.tree.root());
            let signed = SignedCheckpoint::sign(&checkpoint, &key).map_err(LogError::Entry)?;
            let done = self.write_partial(old_size.unwrap_or(0)).and_then(|()| self.name(signed));
            self.keep_failure(done)?;
            remove_outgrown(&*self.disk, &self.folder, old_size.unwrap_or(0), self.tree.size());
        }
        self.published.as_ref().ok_or(LogError::Failed)
    }

    /// Adds a signature by a known key to the published checkpoint: that of a
    /// witness.
    ///
    /// # Errors
    /// It does not fit, nothing is published, or the disk fails.
    pub fn add_signature(
        &mut self,
        signature: NoteSignature,
        key: &VerifyingKey,
    ) -> Result<&SignedCheckpoint, LogError> {
        self.usable()?;
        let path = self.folder.join(CHECKPOINT);
        let Some(signed) = &self.published else { return Err(LogError::NotPublished { path }) };
        let mut signed = signed.clone();
        signed.add(signature);
        if let Err(why) = signed.note().verify(key) {
            return Err(LogError::Unsigned { path, why });
        }
        let done = self.name(signed);
        self.keep_failure(done)?;
        self.published.as_ref().ok_or(LogError::Failed)
    }

    /// The published checkpoint, if there is one.
    #[must_use]
    pub fn published(&self) -> Option<&SignedCheckpoint> {
        self.published.as_ref()
    }

    /// The published state, for reading.
    ///
    /// # Errors
    /// Nothing is published yet.
    pub fn log(&self) -> Result<Log, LogError> {
        let path = || self.folder.join(CHECKPOINT);
        let signed = self.published.clone();
        let signed = signed.ok_or_else(|| LogError::NotPublished { path: path() })?;
        Ok(Log::at(&self.folder, signed))
    }

    /// How many entries there are, with those that are staged.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root over all entries, with those that are staged.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    fn usable(&self) -> Result<(), LogError> {
        if self.failed { Err(LogError::Failed) } else { Ok(()) }
    }

    fn keep_failure<T>(&mut self, done: Result<T, LogError>) -> Result<T, LogError> {
        self.failed |= done.is_err();
        done
    }

    fn push_hash(&mut self, level: usize, hash: Hash) {
        self.levels.resize(self.levels.len().max(level + 1), Vec::new());
        if let Some(hashes) = self.levels.get_mut(level) {
            hashes.push(hash);
        }
    }

    /// Writes a bundle that is full, and all tiles that became full with it.
    fn write_full(&mut self, index: u64) -> Result<(), LogError> {
        let bundle = std::mem::take(&mut self.bundle);
        let kind = TileKind::Entries;
        self.write(Tile { kind, index, width: 256 }, &bundle)?;
        let mut index = index;
        for level in 0..8u8 {
            let slot = self.levels.get_mut(usize::from(level));
            let Some(slot) = slot.filter(|hashes| hashes.len() == 256) else { break };
            let hashes = std::mem::take(slot);
            let kind = TileKind::Level(level);
            self.write(Tile { kind, index, width: 256 }, &write_hashes(&hashes))?;
            self.push_hash(usize::from(level) + 1, root_of_hashes(&hashes));
            index /= TILE_WIDTH;
        }
        Ok(())
    }

    /// Writes the tiles at the right edge that are not published yet, and waits
    /// until the names of all tiles are on the disk.
    fn write_partial(&mut self, old_size: u64) -> Result<(), LogError> {
        let published: Vec<Tile> = partial_tiles(old_size).collect();
        for tile in partial_tiles(self.tree.size()).filter(|tile| !published.contains(tile)) {
            let bytes = match tile.kind {
                TileKind::Entries => self.bundle.clone(),
                TileKind::Level(level) => {
                    let hashes = self.levels.get(usize::from(level));
                    write_hashes(hashes.map(Vec::as_slice).unwrap_or_default())
                }
            };
            self.write(tile, &bytes)?;
        }
        Ok(self.folders.sync(&*self.disk)?)
    }

    fn write(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), LogError> {
        let path = self.folder.join(tile.to_string());
        Ok(self.folders.write(&*self.disk, &path, bytes)?)
    }

    /// Makes a signed checkpoint the published one.
    fn name(&mut self, signed: SignedCheckpoint) -> Result<(), LogError> {
        let next = self.folder.join(CHECKPOINT_NEXT);
        let written = self.disk.write_synced(&next, &signed.to_bytes());
        written.map_err(|e| DiskError::new("cannot write", &next, e))?;
        give_name(&*self.disk, &self.folder)?;
        self.published = Some(signed);
        Ok(())
    }
}

impl fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("LogWriter");
        out.field("folder", &self.folder).field("size", &self.size()).finish_non_exhaustive()
    }
}

fn lock(path: &Path) -> Result<File, LogError> {
    // On a pipe one would wait for ever.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let what = "it is no regular file; remove it if nobody writes the case";
        let e = io::Error::new(io::ErrorKind::InvalidData, what);
        return Err(DiskError::new("cannot lock", path, e).into());
    }
    let open = File::options().create(true).truncate(false).write(true).open(path);
    let file = open.map_err(|e| DiskError::new("cannot open", path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(e)) => Err(DiskError::new("cannot lock", path, e).into()),
    }
}

fn give_name(disk: &dyn Disk, folder: &Path) -> Result<(), LogError> {
    let (next, path) = (folder.join(CHECKPOINT_NEXT), folder.join(CHECKPOINT));
    let renamed = disk.rename(&next, &path);
    renamed.map_err(|e| DiskError::new("cannot give its name to", &path, e))?;
    let synced = disk.sync_folder(folder);
    synced.map_err(|e| DiskError::new("cannot sync the folder", folder, e))?;
    Ok(())
}

/// Publishes a checkpoint that was signed before a writer died, and gives the
/// one that is published then.
fn roll_forward(
    disk: &dyn Disk,
    folder: &Path,
    owner: &VerifyingKey,
) -> Result<Option<SignedCheckpoint>, LogError> {
    let (path, next_path) = (folder.join(CHECKPOINT), folder.join(CHECKPOINT_NEXT));
    let published = read_checkpoint(&path)?;
    if let Some(signed) = &published {
        signed.verify(owner).map_err(|why| LogError::Unsigned { path: path.clone(), why })?;
    }
    let next = match read_checkpoint(&next_path) {
        Ok(next) => next.filter(|next| next.verify(owner).is_ok()),
        Err(LogError::Malformed { .. }) => None,
        Err(e) => return Err(e),
    };
    let Some(next) = next else {
        // Not there, or cut off while it was written: nobody has seen it.
        let removed = disk.remove_file(&next_path);
        removed.map_err(|e| DiskError::new("cannot remove", &next_path, e))?;
        return Ok(published);
    };
    let log = Log::at(folder, next.clone());
    if let Some(published) = published {
        let before = Log::at(folder, published.clone());
        agree(&before, &log, &next_path)?;
        if log.size() < before.size() {
            let removed = disk.remove_file(&next_path);
            removed.map_err(|e| DiskError::new("cannot remove", &next_path, e))?;
            return Ok(Some(published));
        }
    }
    log.edge()?;
    give_name(disk, folder)?;
    Ok(Some(next))
}

/// That one of two states of a log is the beginning of the other.
fn agree(published: &Log, next: &Log, path: &Path) -> Result<(), LogError> {
    let size = published.size().min(next.size());
    let (expected, found) = if next.size() > size {
        (published.root(), next.root_at(size)?)
    } else {
        (published.root_at(size)?, next.root())
    };
    if found == expected {
        return Ok(());
    }
    let (path, published) = (path.to_owned(), expected);
    Err(LogError::Contradiction { path, found, published, size })
}

/// Removes tiles that a log of that size does not have, and files that were
/// not finished.
fn remove_leftovers(disk: &dyn Disk, folder: &Path, size: u64) -> Result<(), LogError> {
    let mut open = vec![(folder.join("tile"), "tile".to_owned())];
    while let Some((path, name)) = open.pop() {
        let listed = match fs::read_dir(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            listed => listed.map_err(|e| DiskError::new("cannot list", &path, e))?,
        };
        for found in listed {
            let found = found.map_err(|e| DiskError::new("cannot list", &path, e))?;
            let name = format!("{name}/{}", found.file_name().to_string_lossy());
            let kind = found.file_type();
            if kind.map_err(|e| DiskError::new("cannot look at", &found.path(), e))?.is_dir() {
                open.push((found.path(), name));
            } else if is_left_over(&name, size) {
                let removed = disk.remove_file(&found.path());
                removed.map_err(|e| DiskError::new("cannot remove", &found.path(), e))?;
            }
        }
    }
    Ok(())
}

/// Whether a log of that size does not need a file. What is no tile at all is
/// somebody else's.
fn is_left_over(name: &str, size: u64) -> bool {
    let fits = |tile: Tile| tile.log_size_min().is_some_and(|needed| needed <= size);
    match name.parse::<Tile>() {
        Ok(tile) => !fits(tile) || (!tile.is_full() && fits(tile.full())),
        Err(_) => name.ends_with(UNFINISHED),
    }
}

/// Removes partial tiles in whose place there are full ones now. All is
/// published by then, so what cannot be removed is left to the next writer.
fn remove_outgrown(disk: &dyn Disk, folder: &Path, old_size: u64, size: u64) {
    for tile in partial_tiles(old_size) {
        if tile.full().log_size_min().is_none_or(|needed| needed > size) {
            continue;
        }
        let partial = folder.join(tile.to_string());
        let Some(beside) = partial.parent() else { continue };
        for found in fs::read_dir(beside).into_iter().flatten().flatten() {
            let _ = disk.remove_file(&found.path());
        }
        let _ = disk.remove_folder(beside);
    }
}
