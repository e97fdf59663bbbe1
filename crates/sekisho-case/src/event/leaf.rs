//! The leaf of an event: where it comes from, and the digests of its fields.

use thiserror::Error;

use crate::Hash;
use crate::merkle::leaf_hash;

/// The version of leaves.
const VERSION: u8 = 1;

/// Bytes of a leaf before the number of digests; what salts are derived from.
pub const HEAD_BYTES: usize = 34;

/// Bytes of a leaf before its digests.
const DIGESTS_AT: usize = HEAD_BYTES + 2;

/// How an event is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Each field can be disclosed by itself.
    Fields,
    /// All fields or none.
    Whole,
}

/// Where and when an event was, as its leaf says in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventHead {
    /// Nanoseconds since 1970 UTC; `i64::MIN` if unknown.
    pub time: i64,
    /// The record's own number; `u64::MAX` if unknown.
    pub record_id: u64,
    /// Number of the `source` record.
    pub source: u32,
    /// Byte offset in the unwrapped source.
    pub offset: u64,
    /// How many events before it have the same source and offset.
    pub ordinal: u32,
}

impl EventHead {
    /// No time is known.
    pub const TIME_UNKNOWN: i64 = i64::MIN;
    /// No record id is known.
    pub const RECORD_ID_UNKNOWN: u64 = u64::MAX;

    /// The first bytes of the leaf.
    #[must_use]
    pub fn to_bytes(&self, kind: Kind) -> [u8; HEAD_BYTES] {
        let kind = match kind {
            Kind::Fields => 1,
            Kind::Whole => 2,
        };
        let mut bytes = [0; HEAD_BYTES];
        let parts: [&[u8]; 6] = [
            &[VERSION, kind],
            &self.time.to_be_bytes(),
            &self.record_id.to_be_bytes(),
            &self.source.to_be_bytes(),
            &self.offset.to_be_bytes(),
            &self.ordinal.to_be_bytes(),
        ];
        for (to, from) in bytes.iter_mut().zip(parts.iter().copied().flatten()) {
            *to = *from;
        }
        bytes
    }
}

/// Why bytes are no leaf.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LeafError {
    /// Shorter than the part that every leaf has, or its digests are cut.
    #[error("a leaf of {found} bytes; expected {expected}")]
    Length {
        /// Bytes there are.
        found: usize,
        /// Bytes that it must have, as far as that is known.
        expected: usize,
    },
    /// Made by something newer, or no leaf at all.
    #[error("version {0} of leaves is not known; expected 1")]
    Version(u8),
    /// Neither 1 nor 2.
    #[error("kind {0} of leaves is not known; expected 1 (fields) or 2 (whole)")]
    Kind(u8),
    /// A number of digests that no event of that kind has.
    #[error("{0} digests in a leaf; expected one if whole, else at least one")]
    Digests(u16),
    /// Not strictly ascending.
    #[error("digest {0} is not greater than the one before it")]
    Order(usize),
}

/// A leaf that was read and found to be well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where and when.
    pub head: EventHead,
    /// How it is sealed.
    pub kind: Kind,
    digests: Vec<Hash>,
    bytes: Vec<u8>,
}

impl Leaf {
    /// Reads a leaf.
    ///
    /// # Errors
    ///
    /// If a byte is missing or left over, version or kind is unknown, or the
    /// digests are not strictly ascending.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let length = |expected| LeafError::Length { found: bytes.len(), expected };
        let mut rest = bytes;
        let short = || length(DIGESTS_AT);
        let [version, kind] = take(&mut rest).ok_or_else(short)?;
        if version != VERSION {
            return Err(LeafError::Version(version));
        }
        let kind = match kind {
            1 => Kind::Fields,
            2 => Kind::Whole,
            other => return Err(LeafError::Kind(other)),
        };
        let head = EventHead {
            time: i64::from_be_bytes(take(&mut rest).ok_or_else(short)?),
            record_id: u64::from_be_bytes(take(&mut rest).ok_or_else(short)?),
            source: u32::from_be_bytes(take(&mut rest).ok_or_else(short)?),
            offset: u64::from_be_bytes(take(&mut rest).ok_or_else(short)?),
            ordinal: u32::from_be_bytes(take(&mut rest).ok_or_else(short)?),
        };
        let count = u16::from_be_bytes(take(&mut rest).ok_or_else(short)?);
        if count == 0 || (kind == Kind::Whole && count != 1) {
            return Err(LeafError::Digests(count));
        }
        let (digests, left) = rest.as_chunks::<32>();
        if digests.len() != usize::from(count) || !left.is_empty() {
            return Err(length(DIGESTS_AT + usize::from(count) * 32));
        }
        if let Some(at) = digests.windows(2).position(|pair| pair.first() >= pair.last()) {
            return Err(LeafError::Order(at + 1));
        }
        let digests = digests.iter().copied().map(Hash).collect();
        Ok(Self { head, kind, digests, bytes: bytes.to_vec() })
    }

    /// The digests, ascending.
    #[must_use]
    pub fn digests(&self) -> &[Hash] {
        &self.digests
    }

    /// The exact bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash of the leaf in the tree of its cell (RFC 6962).
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.bytes)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}
