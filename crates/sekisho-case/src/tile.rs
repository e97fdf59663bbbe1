//! C2SP tlog-tiles: where the hashes and entries of a log lie, and how.

use std::fmt;
use std::str::FromStr;

use crate::error::Malformed;
use crate::hash::{Hash, shown};
use crate::limits::ENTRY_BYTES_MAX;
use crate::merkle::{Frontier, complete_subtrees};

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// What is in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Entries.
    Entries,
    /// Hashes of a level, from 0 (hashes of entries) to 63.
    Level(u8),
}

/// Which tile of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What is in it.
    pub kind: TileKind,
    /// Its number among those of its kind.
    pub index: u64,
    /// How many hashes or entries it has, 1 to 256.
    pub width: u16,
}

impl Tile {
    /// The level of the hashes, or of the hashes of the entries, in it.
    #[must_use]
    pub fn level(&self) -> u8 {
        match self.kind {
            TileKind::Entries => 0,
            TileKind::Level(level) => level,
        }
    }

    /// Whether nothing more can be added.
    #[must_use]
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }

    /// How many entries a log needs to have this tile; `None` if no log can be
    /// so large.
    #[must_use]
    pub fn log_size_min(&self) -> Option<u64> {
        let hashes = self.index.checked_mul(TILE_WIDTH)?.checked_add(u64::from(self.width))?;
        let shift = u32::from(self.level()).checked_mul(8).filter(|shift| *shift < 64)?;
        let size = hashes.checked_mul(1 << shift)?;
        i64::try_from(size).is_ok().then_some(size)
    }

    /// How long its file can be, in bytes.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        let each = match self.kind {
            TileKind::Entries => 2 + ENTRY_BYTES_MAX,
            TileKind::Level(_) => Hash::BYTES,
        };
        usize::from(self.width) * each
    }

    /// The same tile with all that it can hold.
    #[must_use]
    pub fn full(self) -> Self {
        Self { width: 256, ..self }
    }
}

/// The path below the folder of the log, with slashes.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("tile/entries")?,
            TileKind::Level(level) => write!(f, "tile/{level}")?,
        }
        let (mut rest, mut groups) = (self.index, Vec::new());
        while rest >= 1_000 {
            groups.push(rest % 1_000);
            rest /= 1_000;
        }
        groups.push(rest);
        while let Some(group) = groups.pop() {
            write!(f, "/{}{group:03}", if groups.is_empty() { "" } else { "x" })?;
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for Tile {
    type Err = Malformed;

    fn from_str(path: &str) -> Result<Self, Malformed> {
        let wrong = || Malformed::new(format!("{} is no tile", shown(path)), "tile/0/x001/234.p/5");
        let tile = parse_path(path).ok_or_else(wrong)?;
        // What is not written in the one right way is no path of a tile.
        if tile.to_string() == path { Ok(tile) } else { Err(wrong()) }
    }
}

fn parse_path(path: &str) -> Option<Tile> {
    const LONGEST_PATH_BYTES: usize = 64;
    let path = path.strip_prefix("tile/").filter(|path| path.len() < LONGEST_PATH_BYTES)?;
    let (kind, path) = path.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Level(level.parse().ok().filter(|level| *level < 64)?),
    };
    let (path, width) = match path.split_once(".p/") {
        Some((path, width)) => (path, width.parse().ok().filter(|width| *width < 256)?),
        None => (path, 256),
    };
    let digits = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    let mut index = 0u64;
    for group in path.split('/') {
        let group = group.strip_prefix('x').unwrap_or(group);
        let value = digits(group).then(|| group.parse::<u64>().ok()).flatten()?;
        index = index.checked_mul(1_000)?.checked_add(value)?;
    }
    (width > 0).then_some(Tile { kind, index, width })
}

/// The tiles that a log has beyond those it had at an older size, of all kinds:
/// entries and then levels upwards, in order. The last of a kind may be
/// partial.
pub fn tiles_between(old_size: u64, size: u64) -> impl Iterator<Item = Tile> {
    let levels = (0..8).map(TileKind::Level);
    std::iter::once(TileKind::Entries).chain(levels).flat_map(move |kind| {
        let shift = match kind {
            TileKind::Entries => 0,
            TileKind::Level(level) => u32::from(level) * 8,
        };
        let (old, new) = (old_size >> shift, size >> shift);
        let first = old / TILE_WIDTH;
        let last = if new > old { new.div_ceil(TILE_WIDTH) } else { first };
        (first..last).map(move |index| Tile { kind, index, width: width_of(index, new) })
    })
}

/// The tiles at the right edge of a log, of a kind that has a partial one.
pub fn partial_tiles(size: u64) -> impl Iterator<Item = Tile> {
    let last = |kind, hashes: u64| {
        let width = width_of(hashes / TILE_WIDTH, hashes);
        (width > 0).then_some(Tile { kind, index: hashes / TILE_WIDTH, width })
    };
    let levels = (0..8u8).map(move |level| (TileKind::Level(level), size >> (level * 8)));
    let all = std::iter::once((TileKind::Entries, size)).chain(levels);
    all.filter_map(move |(kind, hashes)| last(kind, hashes))
}

/// How wide a tile is where there are so many hashes at its level.
pub(crate) fn width_of(index: u64, hashes: u64) -> u16 {
    let width = hashes.saturating_sub(index.saturating_mul(TILE_WIDTH)).min(TILE_WIDTH);
    u16::try_from(width).unwrap_or(256)
}

/// Reads the hashes of a tile.
///
/// # Errors
/// There are not whole hashes in it, or none, or too many.
pub fn parse_hashes(bytes: &[u8]) -> Result<Vec<Hash>, Malformed> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || hashes.is_empty() || hashes.len() > 256 {
        let what = format!("a tile of {} bytes", bytes.len());
        return Err(Malformed::new(what, "1 to 256 hashes of 32 bytes"));
    }
    Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// The bytes of a tile of hashes.
#[must_use]
pub fn write_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Adds an entry to the bytes of a bundle.
///
/// # Errors
/// It is too long.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), Malformed> {
    let length = u16::try_from(entry.len()).map_err(|_| {
        let what = format!("an entry of {} bytes", entry.len());
        Malformed::new(what, format!("at most {ENTRY_BYTES_MAX}"))
    })?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// The entries of a bundle.
///
/// # Errors
/// A length goes beyond the end, or there are too many of them.
pub fn parse_entries(bundle: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let (mut rest, mut entries) = (bundle, Vec::new());
    while !rest.is_empty() {
        let cut = rest.split_first_chunk::<2>().and_then(|(length, after)| {
            after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        });
        let Some((entry, after)) = cut else {
            let what = format!("entry {} of the bundle is cut off", entries.len());
            return Err(Malformed::new(what, "two bytes of length and as many bytes"));
        };
        entries.push(entry);
        rest = after;
        if entries.len() > 256 {
            return Err(Malformed::new("a bundle of more than 256 entries", "at most 256"));
        }
    }
    Ok(entries)
}

/// The root over the hashes of a full tile, or of a complete subtree in it.
#[must_use]
pub(crate) fn root_of_hashes(hashes: &[Hash]) -> Hash {
    crate::merkle::root_of(hashes)
}

/// The tree of a log from the partial tiles at its right edge, each with its
/// level. `None` if they are not those that a log of that size has.
pub(crate) fn frontier_of(size: u64, edge: &[(u8, Vec<Hash>)]) -> Option<Frontier> {
    let mut peaks = Vec::new();
    for (height, index) in complete_subtrees((0, size)) {
        let (level, inner) = (u8::try_from(height / 8).ok()?, height % 8);
        let (_, hashes) = edge.iter().find(|(at, _)| *at == level)?;
        let start = usize::try_from((index << inner) % TILE_WIDTH).ok()?;
        peaks.push(root_of_hashes(hashes.get(start..start + (1 << inner))?));
    }
    Frontier::from_peaks(size, peaks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let cases = [
            (TileKind::Level(0), 1_234_067, 256, "tile/0/x001/x234/067"),
            (TileKind::Level(63), 0, 1, "tile/63/000.p/1"),
            (TileKind::Entries, 1_000, 255, "tile/entries/x001/000.p/255"),
            (TileKind::Entries, 999, 256, "tile/entries/999"),
        ];
        for (kind, index, width, path) in cases {
            let tile = Tile { kind, index, width };
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(tile));
        }
    }

    #[test]
    fn paths_that_are_none_are_refused() {
        for path in [
            "tile/0/0",
            "tile/0/00a",
            "tile/0/+00",
            "tile/00/000",
            "tile/+0/000",
            "tile/64/000",
            "tile/0/x000/001",
            "tile/0/001/001",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/",
            "tile/0/000.tmp",
            "/tile/0/000",
            "tile/0/../000",
            "tile/entries",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert!(path.parse::<Tile>().is_err(), "{path}");
        }
    }

    #[test]
    fn a_log_has_the_tiles_of_the_specification() {
        let names = |old, new| tiles_between(old, new).map(|t| t.to_string()).collect::<Vec<_>>();
        let all = names(0, 70_000);
        assert_eq!(all.len(), 274 + 274 + 2 + 1);
        for name in ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17"]
        {
            assert!(all.contains(&name.to_owned()), "{name}");
        }
        assert_eq!(all.last().unwrap(), "tile/2/000.p/1");
        assert_eq!(names(0, 256), ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(names(256, 257), ["tile/entries/001.p/1", "tile/0/001.p/1"]);
        assert_eq!(names(5, 5), [""; 0]);
        let edge: Vec<_> = partial_tiles(70_000).map(|t| t.to_string()).collect();
        let expected =
            ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"];
        assert_eq!(edge, expected);
        assert_eq!(partial_tiles(65_536).count(), 1);
    }

    #[test]
    fn a_tile_says_how_large_its_log_is() {
        let size = |path: &str| path.parse::<Tile>().unwrap().log_size_min();
        assert_eq!(size("tile/0/000.p/7"), Some(7));
        assert_eq!(size("tile/1/001.p/17"), Some(273 * 256));
        assert_eq!(size("tile/entries/001"), Some(512));
        assert_eq!(size("tile/63/000.p/1"), None);
        assert_eq!(size("tile/7/000.p/255"), None);
    }

    #[test]
    fn bundles_are_written_and_read() {
        let entries = [b"".as_slice(), b"one", &[7; ENTRY_BYTES_MAX]];
        let mut bundle = Vec::new();
        entries.iter().for_each(|entry| push_entry(&mut bundle, entry).unwrap());
        assert_eq!(parse_entries(&bundle).unwrap(), entries);
        assert!(parse_entries(&bundle[..bundle.len() - 1]).is_err());
        assert!(push_entry(&mut bundle, &[0; ENTRY_BYTES_MAX + 1]).is_err());
        assert!(parse_entries(&[0]).is_err());
        assert_eq!(parse_entries(&[0; 512]).unwrap().len(), 256);
        assert!(parse_entries(&[0; 514]).is_err());
    }

    #[test]
    fn tiles_hold_whole_hashes() {
        let hashes = [Hash([1; 32]), Hash([2; 32])];
        assert_eq!(parse_hashes(&write_hashes(&hashes)).unwrap(), hashes);
        for length in [0, 31, 33, 257 * 32] {
            assert!(parse_hashes(&vec![0; length]).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn every_path_is_read_as_it_was_written(
            level in 0u8..65, index in any::<u64>(), width in 1u16..257
        ) {
            let kind = if level == 64 { TileKind::Entries } else { TileKind::Level(level) };
            let tile = Tile { kind, index, width };
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
            let _ = tile.log_size_min();
        }

        #[test]
        fn growing_in_steps_gives_the_same_tiles(a in 0u64..200_000, b in 0u64..200_000) {
            let (old, new) = (a.min(b), a.max(b));
            let all: Vec<Tile> = tiles_between(0, new).collect();
            let full = |tile: &Tile| tile.is_full();
            let mut stepwise: Vec<Tile> = tiles_between(0, old).filter(full).collect();
            stepwise.extend(tiles_between(old, new));
            stepwise.sort();
            stepwise.dedup();
            let mut whole = all.clone();
            whole.sort();
            let edge: Vec<Tile> = partial_tiles(new).collect();
            whole.retain(|tile| tile.is_full() || !edge.contains(tile) || stepwise.contains(tile));
            prop_assert_eq!(stepwise, whole);
            prop_assert!(all.iter().all(|tile| tile.log_size_min().is_some_and(|n| n <= new)));
            prop_assert!(edge.iter().all(|tile| all.contains(tile)));
        }
    }
}
