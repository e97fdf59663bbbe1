//! The whole log, read from its entries upwards and compared with the hashes
//! that are stored: what is damaged is named as narrowly as hashes allow.

use super::{Damage, Log, LogError, Place};
use crate::hash::Hash;
use crate::limits::DAMAGES_NAMED_MAX;
use crate::merkle::leaf_hash;
use crate::tile::{TILE_WIDTH, Tile, TileKind, frontier_of, root_of_hashes};

/// What a check of a whole log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// How many entries there are.
    pub entries: u64,
    /// What is damaged, at most [`DAMAGES_NAMED_MAX`] places.
    pub damages: Vec<Damage>,
    /// How many more places there are.
    pub more: u64,
}

impl Check {
    /// Whether every byte fits the root of the checkpoint.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty()
    }

    fn add(&mut self, place: Place, what: &str) {
        if self.damages.len() < DAMAGES_NAMED_MAX {
            self.damages.push(Damage { place, what: what.to_owned() });
        } else {
            self.more += 1;
        }
    }
}

const ENTRY: &str = "its bytes do not have the hash that was sealed";
const HASH: &str = "it is not the hash of what is below it, which is as it was sealed";
const TILE: &str = "its hashes do not lead to the hash in the tile above it";
const EITHER: &str = "it is not the hash of what is below it, and neither leads to the root";
const ROOT: &str = "the entries do not lead to the root in the checkpoint";

pub(super) fn check_all(log: &Log) -> Result<Check, LogError> {
    let check = Check { entries: log.size(), ..Check::default() };
    let mut checker = Checker { log, check, levels: Vec::new() };
    for index in 0..log.size().div_ceil(TILE_WIDTH) {
        let hashes = checker.bundle(index)?;
        let full = hashes.len() == 256;
        checker.set(0, hashes);
        if full {
            checker.climb(index)?;
        }
    }
    checker.right_edge()?;
    Ok(checker.check)
}

/// What a tile should hold, as far as what is below it can say.
type Computed = Vec<Option<Hash>>;

struct Checker<'a> {
    log: &'a Log,
    check: Check,
    /// Of each level the tile that is being filled.
    levels: Vec<Computed>,
}

/// A tile as it is stored beside what it should hold.
struct Compared {
    tile: Tile,
    stored: Option<Vec<Hash>>,
    computed: Option<Vec<Hash>>,
    /// Where the two differ.
    differences: Vec<u16>,
}

impl Checker<'_> {
    fn set(&mut self, level: usize, computed: Computed) {
        self.levels.resize(self.levels.len().max(level + 1), Vec::new());
        if let Some(slot) = self.levels.get_mut(level) {
            *slot = computed;
        }
    }

    /// The hashes of the entries of a bundle.
    fn bundle(&mut self, index: u64) -> Result<Computed, LogError> {
        let width = self.log.entry_tile(index).width;
        Ok(match self.known(self.log.bundle(index))? {
            Some(entries) => entries.iter().map(|entry| Some(leaf_hash(entry))).collect(),
            None => vec![None; width.into()],
        })
    }

    /// Notes damage, passes on other errors.
    fn known<T>(&mut self, read: Result<T, LogError>) -> Result<Option<T>, LogError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(LogError::Damaged(damage)) => {
                self.check.add(damage.place, &damage.what);
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    /// Settles the tiles that are full with the bundle `index`, upwards.
    fn climb(&mut self, mut index: u64) -> Result<(), LogError> {
        for level in 0..8u8 {
            let Some(slot) = self.levels.get_mut(usize::from(level)) else { break };
            if slot.len() < 256 {
                break;
            }
            let computed = std::mem::take(slot);
            let compared = self.compare(level, index, &computed)?;
            let root = self.settle(&compared)?;
            let above = usize::from(level) + 1;
            self.levels.resize(self.levels.len().max(above + 1), Vec::new());
            if let Some(slot) = self.levels.get_mut(above) {
                slot.push(root);
            }
            index /= TILE_WIDTH;
        }
        Ok(())
    }

    fn compare(
        &mut self,
        level: u8,
        index: u64,
        computed: &Computed,
    ) -> Result<Compared, LogError> {
        let tile = self.log.hash_tile(level, index);
        let stored = self.known(self.log.stored_hashes(tile))?;
        let pairs = stored.iter().flatten().zip(computed);
        let differs = |(stored, computed): (&Hash, &Option<Hash>)| {
            computed.is_some_and(|computed| computed != *stored)
        };
        let places = (0..).zip(pairs.map(differs));
        let differences = places.filter(|(_, differs)| *differs).map(|(at, _)| at).collect();
        let computed = computed.iter().copied().collect();
        Ok(Compared { tile, stored, computed, differences })
    }

    /// Says of a full tile what is wrong in or below it, by what the tile above
    /// says of it. Gives the root that it should have had.
    fn settle(&mut self, compared: &Compared) -> Result<Option<Hash>, LogError> {
        let Compared { tile, stored, computed, .. } = compared;
        let [stored, computed] = [stored, computed].map(|h| h.as_deref().map(root_of_hashes));
        if compared.differences.is_empty() {
            return Ok(stored.or(computed));
        }
        let above = self.log.hash_tile(tile.level() + 1, tile.index / TILE_WIDTH);
        let at = usize::try_from(tile.index % TILE_WIDTH).unwrap_or(usize::MAX);
        let expected = match self.log.stored_hashes(above) {
            Ok(hashes) => hashes.get(at).copied(),
            // It is reported where that tile itself is looked at.
            Err(LogError::Damaged(_)) => None,
            Err(e) => return Err(e),
        };
        if expected.is_some() && expected == stored {
            self.blame_below(compared);
        } else if expected.is_some() && expected == computed {
            self.blame_tile(compared, HASH);
        } else {
            self.blame_tile(compared, EITHER);
        }
        Ok(expected.or(stored))
    }

    fn blame_tile(&mut self, compared: &Compared, what: &str) {
        for at in &compared.differences {
            self.check.add(Place::Hash(compared.tile, *at), what);
        }
    }

    fn blame_below(&mut self, compared: &Compared) {
        let first = compared.tile.index * TILE_WIDTH;
        for at in &compared.differences {
            let index = first + u64::from(*at);
            match compared.tile.level().checked_sub(1) {
                None => self.check.add(Place::Entry(index), ENTRY),
                Some(level) => {
                    let kind = TileKind::Level(level);
                    self.check.add(Place::Tile(Tile { kind, index, width: 256 }), TILE);
                }
            }
        }
    }

    /// The tiles at the right edge have none above them: together they must
    /// lead to the root. Of those that differ from what is below, either the
    /// stored or the computed hashes are taken, until it does.
    fn right_edge(&mut self) -> Result<(), LogError> {
        let mut edge = Vec::new();
        for (level, computed) in (0..).zip(std::mem::take(&mut self.levels)) {
            let index = self.log.hashes_at(level) / TILE_WIDTH;
            if !computed.is_empty() {
                edge.push(self.compare(level, index, &computed)?);
            }
        }
        let open = edge.iter().filter(|compared| !compared.differences.is_empty()).count();
        for choice in 0..1u32 << open.min(8) {
            let taken = choose(&edge, choice);
            let hashes = taken.iter().zip(&edge).map(|(hashes, compared)| {
                (compared.tile.level(), hashes.cloned().unwrap_or_default())
            });
            let frontier = frontier_of(self.log.size(), &hashes.collect::<Vec<_>>());
            if frontier.is_none_or(|frontier| frontier.root() != self.log.root()) {
                continue;
            }
            for (taken, compared) in taken.iter().zip(&edge) {
                match *taken == compared.stored.as_ref() {
                    true => self.blame_below(compared),
                    false => self.blame_tile(compared, HASH),
                }
            }
            return Ok(());
        }
        edge.iter().for_each(|compared| self.blame_tile(compared, EITHER));
        self.check.add(Place::Root, ROOT);
        Ok(())
    }
}

/// The hashes of each tile: stored ones where the bits of `choice` say so (or
/// where both are the same), else computed ones.
fn choose(edge: &[Compared], choice: u32) -> Vec<Option<&Vec<Hash>>> {
    let mut bit = 0;
    let mut taken = Vec::new();
    for compared in edge {
        let (stored, computed) = (compared.stored.as_ref(), compared.computed.as_ref());
        taken.push(if compared.differences.is_empty() {
            stored.or(computed)
        } else {
            bit += 1;
            if choice >> (bit - 1) & 1 == 0 { stored } else { computed }
        });
    }
    taken
}
