//! The keys seen so far as a tree of paths. A path has a number; what its
//! cells are called is found out once for it and not for each record. The same
//! keys mostly follow each other in the same order, so each path remembers
//! which ones came after it last.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

use crate::limits::{FIELD_NAME_BYTES_MAX, JSON_KEY_BYTES_MAX, JSON_PATHS_MAX};

/// Number of a path within [`Paths`].
pub(super) type PathId = u32;

/// The path of the record itself.
pub(super) const ROOT: PathId = 0;

/// "No path".
const NONE: PathId = u32::MAX;

/// Bits of keys by whose presence the dialect is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Marks([u128; 2]);

impl Marks {
    /// None.
    pub(super) const NONE: Self = Self([0; 2]);

    /// How many there can be.
    pub(super) const BITS: u32 = 256;

    /// The bit of this number, if there is one.
    pub(super) fn bit(number: u32) -> Option<Self> {
        let one = |shift: u32| 1_u128.checked_shl(shift);
        match number.checked_sub(128) {
            None => Some(Self([one(number)?, 0])),
            Some(high) => Some(Self([0, one(high)?])),
        }
    }

    /// Those of either.
    #[inline(always)]
    pub(super) fn and(self, other: Self) -> Self {
        let (Self([a, b]), Self([c, d])) = (self, other);
        Self([a | c, b | d])
    }

    fn common(self, other: Self) -> Self {
        let (Self([a, b]), Self([c, d])) = (self, other);
        Self([a & c, b & d])
    }

    /// Whether all of the others are among these.
    pub(super) fn hold(self, others: Self) -> bool {
        self.common(others) == others
    }

    /// Whether any of the others is among these.
    pub(super) fn meet(self, others: Self) -> bool {
        self.common(others) != Self::NONE
    }
}

/// What follows a path or opens an object.
#[derive(Clone, Copy, Debug)]
struct Guess([PathId; 2]);

#[derive(Debug)]
struct Path {
    parent: PathId,
    /// The raw key and its closing quote.
    key_at: u32,
    key_len: u32,
    marks: Marks,
    /// What came after it in the same object.
    next: Guess,
    /// What came first in the object that it is.
    first: Guess,
    /// Dotted names down to here; longer than a name may be where it is cut.
    name: Box<str>,
}

#[derive(Debug)]
pub(super) struct Paths {
    paths: Vec<Path>,
    keys: Vec<u8>,
    table: HashTable<PathId>,
    hasher: DefaultHashBuilder,
    marks_of: HashMap<String, Marks>,
}

impl Paths {
    /// No paths yet; those with these names carry marks.
    pub(super) fn new(marks_of: HashMap<String, Marks>) -> Self {
        let mut paths = Self {
            paths: Vec::new(),
            keys: Vec::new(),
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            marks_of,
        };
        paths.clear();
        paths
    }

    fn clear(&mut self) {
        self.paths.clear();
        self.keys.clear();
        self.table.clear();
        let none = Guess([NONE; 2]);
        self.paths.push(Path {
            parent: NONE,
            key_at: 0,
            key_len: 0,
            marks: Marks::NONE,
            next: none,
            first: none,
            name: "".into(),
        });
    }

    /// Between two records: forgets everything if it has become too much.
    /// Says whether it did; path numbers are void then.
    pub(super) fn trim(&mut self) -> bool {
        let full = self.paths.len() > JSON_PATHS_MAX || self.keys.len() > JSON_KEY_BYTES_MAX;
        if full {
            self.clear();
        }
        full
    }

    pub(super) fn len(&self) -> usize {
        self.paths.len()
    }

    pub(super) fn name(&self, path: PathId) -> &str {
        self.paths.get(path as usize).map_or("", |p| &p.name)
    }

    pub(super) fn marks(&self, path: PathId) -> Marks {
        self.paths.get(path as usize).map_or(Marks::NONE, |p| p.marks)
    }

    /// The path of the key whose content starts these bytes, if it is one of
    /// those that came here before, and the length of the key with its quote.
    #[inline(always)]
    pub(super) fn guess(
        &self,
        parent: PathId,
        before: PathId,
        tail: &[u8],
    ) -> Option<(PathId, usize)> {
        let Guess(likely) = self.guesses(parent, before)?;
        likely.into_iter().find_map(|id| {
            let path = self.paths.get(id as usize)?;
            let len = path.key_len as usize;
            let at = path.key_at as usize;
            same(tail.get(..len)?, self.keys.get(at..at + len)?).then_some((id, len))
        })
    }

    fn guesses(&self, parent: PathId, before: PathId) -> Option<Guess> {
        match self.paths.get(before as usize) {
            Some(path) if before != ROOT => Some(path.next),
            _ => Some(self.paths.get(parent as usize)?.first),
        }
    }

    /// The path of a raw key (with its closing quote), and remembers that it
    /// came here.
    pub(super) fn find(&mut self, parent: PathId, before: PathId, key: &[u8]) -> PathId {
        let hash = self.hasher.hash_one((parent, key));
        let Self { paths, keys, table, .. } = self;
        let this = |&id: &PathId| {
            paths.get(id as usize).is_some_and(|p| p.parent == parent && key_of(p, keys) == key)
        };
        let id = match table.find(hash, this) {
            Some(&id) => id,
            None => self.add(parent, key, hash),
        };
        let slot = match before {
            ROOT => self.paths.get_mut(parent as usize).map(|p| &mut p.first),
            _ => self.paths.get_mut(before as usize).map(|p| &mut p.next),
        };
        if let Some(Guess(likely)) = slot {
            likely.swap(0, 1);
            *likely.first_mut().unwrap_or(&mut 0) = id;
        }
        id
    }

    fn add(&mut self, parent: PathId, key: &[u8], hash: u64) -> PathId {
        let id = u32::try_from(self.paths.len()).unwrap_or(NONE - 1);
        let mut name = self.name(parent).to_owned();
        if parent != ROOT {
            name.push('.');
        }
        if name.len() <= FIELD_NAME_BYTES_MAX {
            let raw = key.get(..key.len().saturating_sub(1)).unwrap_or_default();
            super::text::unescape(
                raw.get(..raw.len().min(8 * FIELD_NAME_BYTES_MAX)).unwrap_or(raw),
                &mut name,
            );
        }
        let marks = super::dialect::unwrapped(&name);
        let marks = self.marks_of.get(marks).copied().unwrap_or_default();
        let none = Guess([NONE; 2]);
        self.paths.push(Path {
            parent,
            key_at: u32::try_from(self.keys.len()).unwrap_or(u32::MAX),
            key_len: u32::try_from(key.len()).unwrap_or(u32::MAX),
            marks,
            next: none,
            first: none,
            name: name.into(),
        });
        self.keys.extend_from_slice(key);
        let Self { paths, keys, table, hasher, .. } = self;
        table.insert_unique(hash, id, |&i| {
            paths.get(i as usize).map_or(0, |p| hasher.hash_one((p.parent, key_of(p, keys))))
        });
        id
    }
}

/// Whether two slices of one length are equal. Keys are short: comparing words
/// costs less than a call.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if let (Some(a_end), Some(b_end)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        let words = |s| <[u8]>::as_chunks::<8>(s).0.iter().map(|c| u64::from_le_bytes(*c));
        return a_end == b_end && words(a).zip(words(b)).all(|(x, y)| x == y);
    }
    if let (Some(a_end), Some(b_end)) = (a.last_chunk::<4>(), b.last_chunk::<4>()) {
        return a_end == b_end && a.first_chunk::<4>() == b.first_chunk::<4>();
    }
    a == b
}

fn key_of<'a>(path: &Path, keys: &'a [u8]) -> &'a [u8] {
    let at = path.key_at as usize;
    keys.get(at..at + path.key_len as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_paths_are_forgotten() {
        let mut paths = Paths::new(HashMap::new());
        for n in 0..JSON_PATHS_MAX {
            assert!(!paths.trim());
            paths.find(ROOT, ROOT, format!("{n}\"").as_bytes());
        }
        assert!(paths.trim() && !paths.trim());
        assert_eq!(paths.len(), 1);
    }

    #[test]
    fn too_many_bytes_of_keys_are_forgotten() {
        let mut paths = Paths::new(HashMap::new());
        paths.find(ROOT, ROOT, &vec![b'x'; JSON_KEY_BYTES_MAX]);
        assert!(!paths.trim());
        let long = paths.find(ROOT, ROOT, b"y\"");
        assert_eq!(paths.name(long), "y");
        assert!(paths.trim());
    }

    #[test]
    fn a_key_that_came_here_before_is_guessed() {
        let mut paths = Paths::new(HashMap::new());
        let a = paths.find(ROOT, ROOT, b"a\"");
        let b = paths.find(ROOT, a, b"with\\u0020space\"");
        let c = paths.find(ROOT, a, b"c\"");
        assert_eq!(paths.name(b), "with space");
        assert_eq!(paths.guess(ROOT, ROOT, b"a\":1"), Some((a, 2)));
        assert_eq!(paths.guess(ROOT, a, b"c\":1"), Some((c, 2)));
        assert_eq!(paths.guess(ROOT, a, b"with\\u0020space\":1"), Some((b, 16)));
        assert_eq!(paths.guess(ROOT, a, b"with\\u0020spice\":1"), None);
        assert_eq!(paths.guess(ROOT, b, b"c\":1"), None);
    }
}
