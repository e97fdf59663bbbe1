//! Merkle trees as in RFC 6962, section 2.1: roots, proofs, and the strict
//! check of proofs that come from strangers.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::hash::Hash;
use crate::limits::PROOF_HASHES_MAX;

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// The index is not in a tree of that size, or the old tree is larger than
    /// the new one, or what should be a subtree is none.
    Range,
    /// The proof has too few or too many hashes for this place.
    Length,
    /// The proof leads to another root than it should.
    Root,
    /// The proof leads to another root of the *old* tree than it should.
    OldRoot,
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Range => "the proof is for a place that is not in the tree",
            Self::Length => "the proof has another number of hashes than its place needs",
            Self::Root => "the proof leads to another root",
            Self::OldRoot => "the proof leads to another root of the older tree",
        })
    }
}

impl std::error::Error for ProofError {}

/// The hash of a leaf: SHA-256(0x00 ‖ bytes).
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    let (_, rest) = bytes.split_at_mut(1);
    rest.iter_mut().zip(left.0.iter().chain(&right.0)).for_each(|(to, from)| *to = *from);
    Hash(Sha256::digest(bytes).into())
}

/// The root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(b"")
}

/// A tree that only grows and only needs its root: O(log n) memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, one for each bit of `size`, largest
    /// first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of that size whose complete subtrees have these roots, largest
    /// first; `None` if there should be more or fewer of them.
    #[must_use]
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (u32::try_from(peaks.len()) == Ok(size.count_ones())).then_some(Self { size, peaks })
    }

    /// Adds the hash of a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Forgets all leaves.
    pub fn clear(&mut self) {
        self.size = 0;
        self.peaks.clear();
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The root over the hashes of leaves.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// The proof that the leaf at `index` is in the tree over `leaves`. Costs as
/// much as computing the root; for many proofs of one tree see [`Tree`]. Empty
/// if there is no such leaf.
#[must_use]
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Vec<Hash> {
    let ranges = inclusion_ranges(number(index), number(leaves.len()));
    ranges.iter().map(|range| root_of(slice(leaves, *range))).collect()
}

/// The proof that the tree over the first `old_size` of `leaves` is the
/// beginning of the tree over all of them. Empty if there is no such tree.
#[must_use]
pub fn consistency_proof(leaves: &[Hash], old_size: usize) -> Vec<Hash> {
    let ranges = consistency_ranges(number(old_size), number(leaves.len()));
    ranges.iter().map(|range| root_of(slice(leaves, *range))).collect()
}

/// A whole tree in memory (about 64 bytes a leaf), of which many proofs are
/// wanted.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Roots of complete subtrees: of one leaf, of two, of four …
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree over the hashes of leaves.
    #[must_use]
    pub fn new(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let pairs = below.chunks_exact(2);
            let above = pairs.filter_map(|pair| match pair {
                [left, right] => Some(node_hash(left, right)),
                _ => None,
            });
            let above = above.collect();
            levels.push(above);
        }
        Self { levels }
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| number(leaves.len()))
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.range((0, self.size()))
    }

    /// The proof that the leaf at `index` is in it; `None` if it is not.
    #[must_use]
    pub fn inclusion(&self, index: u64) -> Option<Vec<Hash>> {
        let ranges = (index < self.size()).then(|| inclusion_ranges(index, self.size()))?;
        Some(ranges.into_iter().map(|range| self.range(range)).collect())
    }

    /// The proof that the tree of its first `old_size` leaves is its beginning.
    #[must_use]
    pub fn consistency(&self, old_size: u64) -> Option<Vec<Hash>> {
        let ranges =
            (old_size <= self.size()).then(|| consistency_ranges(old_size, self.size()))?;
        Some(ranges.into_iter().map(|range| self.range(range)).collect())
    }

    fn range(&self, range: Range) -> Hash {
        let node = |(height, index): (u32, u64)| {
            let level = self.levels.get(usize::try_from(height).ok()?)?;
            level.get(usize::try_from(index).ok()?).copied()
        };
        let peaks = complete_subtrees(range).into_iter().filter_map(node).collect();
        Frontier { size: range.1 - range.0, peaks }.root()
    }
}

/// Checks that a leaf is in a tree.
///
/// # Errors
/// Why the proof does not show it.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    if proof.len() > PROOF_HASHES_MAX + 1 {
        return Err(ProofError::Length);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that an older tree is the beginning of a newer one. The empty tree
/// is the beginning of every one, which needs no proof: asking for it is
/// refused, so that nobody takes it for one.
///
/// # Errors
/// Why the proof does not show it.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size == 0 {
        return Err(ProofError::Range);
    }
    verify_subtree_consistency((0, old_size), old_root, new_size, new_root, proof)
}

/// Checks that a leaf is in the subtree over the leaves `start..end` of a
/// larger tree.
///
/// # Errors
/// Why the proof does not show it.
pub fn verify_subtree_inclusion(
    leaf: &Hash,
    index: u64,
    (start, end): Range,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if !is_subtree((start, end)) || index < start {
        return Err(ProofError::Range);
    }
    verify_inclusion(leaf, index - start, end - start, proof, root)
}

/// Checks that the subtree over the leaves `start..end` belongs to a tree. Of
/// the empty one only its root is asked.
///
/// # Errors
/// Why the proof does not show it.
pub fn verify_subtree_consistency(
    (start, end): Range,
    subtree_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if start > end || end > size || (start < end && !is_subtree((start, end))) {
        return Err(ProofError::Range);
    }
    if proof.len() > PROOF_HASHES_MAX + 1 || (start == end && !proof.is_empty()) {
        return Err(ProofError::Length);
    }
    if start == end {
        let fits = *subtree_root == empty_root();
        return if fits { Ok(()) } else { Err(ProofError::OldRoot) };
    }
    let (mut first, mut last, mut whole) = (start, end - 1, size - 1);
    while first != last && (last == whole && end == size || last & 1 == 1) {
        (first, last, whole) = (first >> 1, last >> 1, whole >> 1);
    }
    let (mut old, rest) = match proof.split_first() {
        _ if first == last => (*subtree_root, proof),
        Some((seed, rest)) => (*seed, rest),
        None => return Err(ProofError::Length),
    };
    let mut new = old;
    for sibling in rest {
        if whole == 0 {
            return Err(ProofError::Length);
        }
        if last & 1 == 1 || last == whole {
            if first < last {
                old = node_hash(sibling, &old);
            }
            new = node_hash(sibling, &new);
            while last & 1 == 0 && last != 0 {
                (first, last, whole) = (first >> 1, last >> 1, whole >> 1);
            }
        } else {
            new = node_hash(&new, sibling);
        }
        (first, last, whole) = (first >> 1, last >> 1, whole >> 1);
    }
    match (whole == 0, old == *subtree_root, new == *root) {
        (false, ..) => Err(ProofError::Length),
        (true, false, _) => Err(ProofError::OldRoot),
        (true, true, false) => Err(ProofError::Root),
        (true, true, true) => Ok(()),
    }
}

/// Leaves from the first number up to, without, the second.
pub type Range = (u64, u64);

/// Whether some leaves are a subtree of every tree that has them, or its
/// ragged right edge: they begin at a multiple of the next power of two.
fn is_subtree((start, end): Range) -> bool {
    let power = end.checked_sub(start).filter(|n| *n > 0).and_then(u64::checked_next_power_of_two);
    power.is_some_and(|power| start % power == 0)
}

/// The largest power of two that is smaller than `n`, for `n` > 1: where RFC
/// 6962 splits a tree.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// The subtrees whose roots are the inclusion proof, in the order in which
/// proofs have them.
pub(crate) fn inclusion_ranges(index: u64, size: u64) -> Vec<Range> {
    let (mut start, mut end, mut out) = (0, size, Vec::new());
    while index < size && end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            out.push((middle, end));
            end = middle;
        } else {
            out.push((start, middle));
            start = middle;
        }
    }
    out.reverse();
    out
}

/// The subtrees whose roots are the consistency proof, in the order in which
/// proofs have them.
pub(crate) fn consistency_ranges(old_size: u64, new_size: u64) -> Vec<Range> {
    let (mut start, mut end, mut out) = (0, new_size, Vec::new());
    if old_size == 0 || old_size >= new_size {
        return out;
    }
    while old_size != end {
        let middle = start + split(end - start);
        if old_size <= middle {
            out.push((middle, end));
            end = middle;
        } else {
            out.push((start, middle));
            start = middle;
        }
    }
    if start != 0 {
        out.push((start, end));
    }
    out.reverse();
    out
}

/// The complete subtrees of which a subtree consists, as height and index
/// among those of that height, largest first.
pub(crate) fn complete_subtrees((start, end): Range) -> Vec<(u32, u64)> {
    let (mut at, mut out) = (start, Vec::new());
    while at < end {
        let height = 63 - (end - at).leading_zeros();
        out.push((height, at >> height));
        at += 1 << height;
    }
    out
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn slice(leaves: &[Hash], (start, end): Range) -> &[Hash] {
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    range.and_then(|(start, end)| leaves.get(start..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    /// RFC 6962, section 2.1, word for word.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of(b""),
            [leaf] => *leaf,
            _ => {
                let k = naive_split(leaves.len());
                node_hash(&naive_root(&leaves[..k]), &naive_root(&leaves[k..]))
            }
        }
    }

    fn naive_split(n: usize) -> usize {
        (0..).map(|bit| 1usize << bit).take_while(|k| *k < n).last().unwrap()
    }

    /// Section 2.1.1.
    fn naive_path(m: usize, d: &[Hash]) -> Vec<Hash> {
        if d.len() <= 1 {
            return Vec::new();
        }
        let k = naive_split(d.len());
        let (mut path, sibling) = if m < k {
            (naive_path(m, &d[..k]), naive_root(&d[k..]))
        } else {
            (naive_path(m - k, &d[k..]), naive_root(&d[..k]))
        };
        path.push(sibling);
        path
    }

    /// Section 2.1.2.
    fn naive_subproof(m: usize, d: &[Hash], whole: bool) -> Vec<Hash> {
        if m == d.len() {
            return if whole { Vec::new() } else { vec![naive_root(d)] };
        }
        let k = naive_split(d.len());
        let (mut proof, sibling) = if m <= k {
            (naive_subproof(m, &d[..k], whole), naive_root(&d[k..]))
        } else {
            (naive_subproof(m - k, &d[k..], false), naive_root(&d[..k]))
        };
        proof.push(sibling);
        proof
    }

    #[test]
    fn small_trees_are_those_of_the_standard() {
        let all = leaves(70);
        for size in 0..=all.len() {
            let tree = Tree::new(all[..size].to_vec());
            let root = naive_root(&all[..size]);
            assert_eq!((root_of(&all[..size]), tree.root()), (root, root), "{size}");
            for index in 0..size {
                let proof = naive_path(index, &all[..size]);
                assert_eq!(inclusion_proof(&all[..size], index), proof);
                assert_eq!(tree.inclusion(index as u64).unwrap(), proof);
                let (index, size) = (index as u64, size as u64);
                assert_eq!(
                    verify_inclusion(&all[index as usize], index, size, &proof, &root),
                    Ok(())
                );
            }
            for old in 1..=size {
                let proof = naive_subproof(old, &all[..size], true);
                assert_eq!(consistency_proof(&all[..size], old), proof);
                assert_eq!(tree.consistency(old as u64).unwrap(), proof);
                let old_root = naive_root(&all[..old]);
                let (old, size) = (old as u64, size as u64);
                assert_eq!(verify_consistency(old, &old_root, size, &root, &proof), Ok(()));
            }
            assert_eq!(tree.inclusion(size as u64), None);
            assert_eq!(tree.consistency(size as u64 + 1), None);
        }
    }

    #[test]
    fn the_empty_tree_proves_nothing() {
        let (empty, root) = (empty_root(), root_of(&leaves(3)));
        assert_eq!(verify_consistency(0, &empty, 3, &root, &[]), Err(ProofError::Range));
        assert_eq!(verify_consistency(0, &empty, 0, &empty, &[]), Err(ProofError::Range));
        assert_eq!(verify_subtree_consistency((1, 1), &empty, 3, &root, &[]), Ok(()));
    }

    #[test]
    fn sizes_beyond_all_measure_do_no_harm() {
        let hash = empty_root();
        for size in [u64::MAX, 1 << 63, (1 << 63) + 1] {
            for index in [0, 1, size - 1, size] {
                assert!(verify_inclusion(&hash, index, size, &[hash; 64], &hash).is_err());
                assert!(verify_consistency(index, &hash, size, &hash, &[hash; 64]).is_err());
                let subtree = (index, size);
                assert!(verify_subtree_inclusion(&hash, 1, subtree, &[hash; 9], &hash).is_err());
            }
        }
    }

    #[test]
    fn a_frontier_goes_on_where_it_was_left() {
        let all = leaves(23);
        let peaks = |size: u64| {
            complete_subtrees((0, size))
                .into_iter()
                .map(|(height, index)| {
                    let (start, end) = (index << height, (index + 1) << height);
                    root_of(slice(&all, (start, end)))
                })
                .collect::<Vec<_>>()
        };
        let mut frontier = Frontier::from_peaks(13, peaks(13)).unwrap();
        all[13..].iter().for_each(|leaf| frontier.push(*leaf));
        assert_eq!((frontier.size(), frontier.root()), (23, naive_root(&all)));
        assert_eq!(Frontier::from_peaks(13, peaks(12)), None);
    }

    proptest! {
        #[test]
        fn proofs_hold_for_their_place_only(
            size in 1usize..600, at in 0usize..600, old in 1usize..600, flip in 0usize..4096
        ) {
            let (at, old) = (at % size, old % size + 1);
            let all = leaves(size);
            let root = naive_root(&all);
            let (index, whole, before) = (at as u64, size as u64, old as u64);

            let proof = inclusion_proof(&all, at);
            prop_assert_eq!(&proof, &naive_path(at, &all));
            prop_assert_eq!(verify_inclusion(&all[at], index, whole, &proof, &root), Ok(()));
            let other = (index + 1) % whole;
            if other != index {
                prop_assert!(verify_inclusion(&all[at], other, whole, &proof, &root).is_err());
            }
            let old_root = naive_root(&all[..old]);
            let path = consistency_proof(&all, old);
            prop_assert_eq!(&path, &naive_subproof(old, &all, true));
            prop_assert_eq!(verify_consistency(before, &old_root, whole, &root, &path), Ok(()));

            for honest in [&proof, &path] {
                let mut forged = honest.clone();
                if let Some(hash) = forged.get_mut(flip % honest.len().max(1)) {
                    hash.0[flip % 32] ^= 1 << (flip % 8);
                    if honest == &proof {
                        prop_assert!(verify_inclusion(&all[at], index, whole, &forged, &root).is_err());
                    }
                    if honest == &path {
                        prop_assert!(
                            verify_consistency(before, &old_root, whole, &root, &forged).is_err()
                        );
                    }
                }
            }
        }

        #[test]
        fn nothing_panics_on_strange_proofs(
            a in any::<u64>(), b in any::<u64>(), c in any::<u64>(), length in 0usize..70
        ) {
            let hash = empty_root();
            let proof = vec![hash; length];
            let _ = verify_inclusion(&hash, a, b, &proof, &hash);
            let _ = verify_consistency(a, &hash, b, &hash, &proof);
            let _ = verify_subtree_inclusion(&hash, a, (b, c), &proof, &hash);
            let _ = verify_subtree_consistency((a, b), &hash, c, &hash, &proof);
        }
    }
}
