//! The log in its tiles, read once from the first entry to the last: whether
//! the entries give the root of the checkpoint, and if not, where the damage
//! is.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::Folder;
use super::report::Report;
use super::{Progress, Step};
use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::limits::{ENTRY_BYTES_MAX, STATEMENTS_NAMED_MAX, TILES_LACKING_MAX};
use crate::merkle::{Frontier, leaf_hash, root_of};
use crate::statement::Place;
use crate::tile::{TILE_WIDTH, Tile, TileKind, parse_entries, parse_hashes, width_of};

/// Longest bundle of entries, in bytes.
const BUNDLE_BYTES_MAX: usize = 256 * (2 + ENTRY_BYTES_MAX);

/// Longest tile of hashes, in bytes.
const TILE_BYTES_MAX: usize = 256 * Hash::BYTES;

/// Roots of the log at the sizes that were asked for.
pub(super) type Roots = BTreeMap<u64, Hash>;

/// Reads the log up to a checkpoint. `visit` gets each entry, and says whether
/// the root up to and with it is wanted; so are those of `sizes`. `None` if the
/// log is damaged, which is then reported.
pub(super) fn read_log(
    folder: &Folder,
    checkpoint: &Checkpoint,
    sizes: BTreeSet<u64>,
    visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> Option<Roots> {
    let mut reader = Reader {
        folder,
        size: checkpoint.size,
        entries: Frontier::new(),
        hashes: Frontier::new(),
        levels: Vec::new(),
        roots: Roots::new(),
        sizes,
        lacking: Vec::new(),
        tiles: BTreeSet::new(),
        changed: Vec::new(),
        more: 0,
    };
    let total = checkpoint.size;
    for index in 0..total.div_ceil(TILE_WIDTH) {
        progress(Progress { step: Step::Log, done: index * TILE_WIDTH, total });
        reader.bundle(index, visit);
        if reader.lacking.len() >= TILES_LACKING_MAX {
            break;
        }
    }
    progress(Progress { step: Step::Log, done: total, total });
    reader.right_edge();
    reader.end(checkpoint, report)
}

struct Reader<'a> {
    folder: &'a Folder,
    size: u64,
    /// The tree over the entries.
    entries: Frontier,
    /// The tree over the hashes of entries as the tiles have them.
    hashes: Frontier,
    /// Of each level from 1 on, the tile that is being filled.
    levels: Vec<Filling>,
    roots: Roots,
    sizes: BTreeSet<u64>,
    /// Tiles and bundles that are not there or not of their length.
    lacking: Vec<(Tile, String)>,
    /// Tiles that hold something else than the entries give.
    tiles: BTreeSet<Tile>,
    /// Entries whose hash is not the one in the tile, and how many more.
    changed: Vec<u64>,
    more: u64,
}

/// A tile that is being filled: roots of the tiles below it as the entries give
/// them, where these could be read.
#[derive(Default)]
struct Filling {
    index: u64,
    roots: Vec<Option<Hash>>,
}

impl Reader<'_> {
    fn bundle(&mut self, index: u64, visit: &mut dyn FnMut(u64, &[u8]) -> bool) {
        let width = width_of(index, self.size);
        let bytes = self.stored(TileKind::Entries, index, width, BUNDLE_BYTES_MAX);
        let stored = self.hashes(0, index, width);
        let Some((bundle, bytes)) = bytes else { return self.climb(None, width) };
        let entries = match parse_entries(&bytes) {
            Ok(entries) if entries.len() == usize::from(bundle.width) => entries,
            Ok(entries) => {
                let what = format!("{} entries; expected {}", entries.len(), bundle.width);
                return self.lacks(bundle, what, width);
            }
            Err(e) => return self.lacks(bundle, e.to_string(), width),
        };
        let mut computed = Vec::new();
        for (number, entry) in (index * TILE_WIDTH..).zip(entries.iter().take(width.into())) {
            let hash = leaf_hash(entry);
            computed.push(hash);
            self.entries.push(hash);
            let wanted = visit(number, entry) || self.sizes.contains(&(number + 1));
            if wanted {
                self.roots.insert(number + 1, self.entries.root());
            }
        }
        for hash in stored.iter().flatten() {
            self.hashes.push(*hash);
        }
        if let Some(stored) = stored.filter(|stored| *stored != computed) {
            self.tiles.insert(Tile { kind: TileKind::Level(0), index, width });
            let pairs = (index * TILE_WIDTH..).zip(stored.iter().zip(&computed));
            for (number, _) in pairs.filter(|(_, (stored, computed))| stored != computed) {
                if self.changed.len() < STATEMENTS_NAMED_MAX {
                    self.changed.push(number);
                } else {
                    self.more += 1;
                }
            }
        }
        self.climb(Some(root_of(&computed)), width);
    }

    /// A bundle that cannot be used.
    fn lacks(&mut self, tile: Tile, what: String, width: u16) {
        self.lacking.push((tile, what));
        self.climb(None, width);
    }

    /// The bytes of a tile, or of the full one in its place; and which it is.
    fn stored(
        &mut self,
        kind: TileKind,
        index: u64,
        width: u16,
        bytes_max: usize,
    ) -> Option<(Tile, Vec<u8>)> {
        let mut tile = Tile { kind, index, width };
        if !self.folder.has(&tile.to_string()) && self.folder.has(&tile.full().to_string()) {
            tile = tile.full();
        }
        match self.folder.read(&tile.to_string(), bytes_max) {
            Ok(bytes) => Some((tile, bytes)),
            Err(what) => {
                self.lacking.push((tile, what));
                None
            }
        }
    }

    /// The hashes of a tile as they are stored.
    fn hashes(&mut self, level: u8, index: u64, width: u16) -> Option<Vec<Hash>> {
        let (tile, bytes) = self.stored(TileKind::Level(level), index, width, TILE_BYTES_MAX)?;
        let hashes = parse_hashes(&bytes).ok().filter(|h| h.len() == usize::from(tile.width));
        let Some(mut hashes) = hashes else {
            let what = format!("{} bytes; expected {} hashes of 32", bytes.len(), tile.width);
            self.lacking.push((tile, what));
            return None;
        };
        hashes.truncate(width.into());
        Some(hashes)
    }

    /// Hands the root of a bundle, if it is full, to the levels above.
    fn climb(&mut self, mut root: Option<Hash>, width: u16) {
        let mut is_full = u64::from(width) == TILE_WIDTH;
        for level in 1..=8u8 {
            if !is_full {
                return;
            }
            let at = usize::from(level) - 1;
            if self.levels.len() <= at {
                self.levels.push(Filling::default());
            }
            let Some(filling) = self.levels.get_mut(at) else { return };
            filling.roots.push(root);
            is_full = filling.roots.len() == 256;
            if is_full {
                let full = std::mem::take(filling);
                filling.index = full.index + 1;
                root = self.settle(level, &full);
            }
        }
    }

    /// Compares a tile above level 0 with what is below it; gives its root.
    fn settle(&mut self, level: u8, computed: &Filling) -> Option<Hash> {
        let hashes = self.size.checked_shr(u32::from(level) * 8).unwrap_or(0);
        let (index, width) = (computed.index, width_of(computed.index, hashes));
        let stored = self.hashes(level, index, width);
        let differ = |(stored, computed): (&Hash, &Option<Hash>)| {
            computed.is_some_and(|computed| computed != *stored)
        };
        if stored.is_some_and(|stored| stored.iter().zip(&computed.roots).any(differ)) {
            self.tiles.insert(Tile { kind: TileKind::Level(level), index, width });
        }
        let whole: Option<Vec<Hash>> = computed.roots.iter().copied().collect();
        whole.map(|hashes| root_of(&hashes))
    }

    /// Compares the tiles that are not full.
    fn right_edge(&mut self) {
        if self.lacking.len() >= TILES_LACKING_MAX {
            return;
        }
        for (level, filling) in (1u8..).zip(std::mem::take(&mut self.levels)) {
            if !filling.roots.is_empty() {
                self.settle(level, &filling);
            }
        }
    }

    fn end(self, checkpoint: &Checkpoint, report: &mut Report) -> Option<Roots> {
        let file = |tile: &Tile| Place::File(tile.to_string());
        let before = report.broken_so_far();
        if !self.lacking.is_empty() {
            self.lacking.into_iter().for_each(|(tile, what)| report.broken(file(&tile), what));
        } else if self.entries.root() == checkpoint.root {
            for tile in &self.tiles {
                report.broken(file(tile), "it does not hold the hashes of what is below it");
            }
        } else {
            for entry in &self.changed {
                report.broken(Place::Entry(*entry), "its bytes are not those that were sealed");
            }
            report.more_broken(self.more);
            if self.hashes.root() != checkpoint.root {
                report.broken(Place::Checkpoint, "its root is not that of the log");
            }
        }
        (report.broken_so_far() == before).then_some(self.roots)
    }
}
