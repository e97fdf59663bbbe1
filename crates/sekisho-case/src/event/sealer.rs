//! Makes leaves of events, in as few steps as there can be.
//!
//! All texts of an event are laid one behind another into one buffer, each from
//! a multiple of three bytes on and filled up with zeros: so they become base64
//! in one go, and each begins at a whole character. Then salts are derived and
//! put in, and each text is hashed where it lies. Nothing is allocated for an
//! event once the buffers have grown.

use std::fmt;

use base64_simd::{AsOut as _, URL_SAFE_NO_PAD};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use super::leaf::{EventHead, HEAD_BYTES, Kind};
use super::name::{EVENT_NAME, NAMES_NAME, OPENING, PreparedName, SALT_AT, SALT_CHARS};
use crate::Hash;
use crate::key::SaltSecret;
use crate::limits::LEAF_DIGESTS_MAX;

/// Bytes of a salt.
const SALT_BYTES: usize = 16;

/// Bytes of a salt that are encoded, so that each begins at a whole character.
const SALT_ROOM: usize = 18;

/// Characters which those become; all but [`SALT_CHARS`] of them are filling.
const SALT_ROOM_CHARS: usize = SALT_ROOM / 3 * 4;

/// Key stream is made in portions of four blocks, as the cipher works on so
/// many at once.
const STREAM_BYTES: usize = 256;

/// Bits of a number for sorting that are an index.
const ORDER_INDEX: u64 = 0xffff;

/// Why an event cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// A field came twice, or before one that sorts before it.
    #[error("field {0:?} out of order; expected each field once, in the bytewise order of names")]
    Order(String),
    /// More fields than a leaf has room for.
    #[error("more than {} fields in an event", LEAF_DIGESTS_MAX - 1)]
    Fields,
}

/// An event that can be disclosed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEvent {
    /// The bytes of the leaf.
    pub leaf: Vec<u8>,
    /// Written name and disclosure of each field and of `~names`, or of
    /// `~event` alone.
    pub disclosures: Vec<(String, String)>,
}

/// Where a text lies in the buffer, in bytes.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    end: usize,
}

impl Place {
    /// Start and length of its disclosure in what all texts are encoded to.
    #[inline]
    fn coded(self) -> (usize, usize) {
        (self.start / 3 * 4, ((self.end - self.start) * 4).div_ceil(3))
    }
}

/// Seals the events of one examination. One for each thread.
///
/// For each event: [`begin`](Self::begin), then what [`OpenEvent`] has.
pub struct EventSealer {
    kind: Kind,
    examination: Hmac<Sha256>,
    names_name: PreparedName,
    event_name: PreparedName,
    head: [u8; HEAD_BYTES],
    /// The texts of disclosures.
    plain: Vec<u8>,
    places: Vec<Place>,
    /// The text of `~names` as far as it is known.
    names: Vec<u8>,
    stream: Vec<u8>,
    salts: Vec<u8>,
    salt_chars: Vec<u8>,
    coded: Vec<u8>,
    digests: Vec<[u8; 32]>,
    order: Vec<u64>,
    /// A zero, then the leaf: what the leaf's hash is made of.
    leaf: Vec<u8>,
}

impl fmt::Debug for EventSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSealer").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Drop for EventSealer {
    fn drop(&mut self) {
        for buffer in [&mut self.stream, &mut self.salts, &mut self.salt_chars] {
            buffer.zeroize();
        }
    }
}

impl EventSealer {
    /// A sealer for the examination with this nonce, in the case of this origin.
    #[must_use]
    pub fn new(secret: &SaltSecret, origin: &str, nonce: &[u8; 16], kind: Kind) -> Self {
        let mut mac = mac(secret.as_bytes());
        for part in [b"sekisho salts v1\0".as_slice(), origin.as_bytes(), b"\0", nonce] {
            mac.update(part);
        }
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&mac.finalize().into_bytes());
        Self {
            kind,
            examination: self::mac(&key),
            names_name: PreparedName::of_written(NAMES_NAME),
            event_name: PreparedName::of_written(EVENT_NAME),
            head: [0; HEAD_BYTES],
            plain: Vec::new(),
            places: Vec::new(),
            names: Vec::new(),
            stream: Vec::new(),
            salts: Vec::new(),
            salt_chars: Vec::new(),
            coded: Vec::new(),
            digests: Vec::new(),
            order: Vec::new(),
            leaf: Vec::new(),
        }
    }

    /// How it seals.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Begins an event; what was begun before and not finished is dropped.
    #[inline]
    pub fn begin<'s, 'n>(&'s mut self, head: &EventHead) -> OpenEvent<'s, 'n> {
        self.head = head.to_bytes(self.kind);
        self.plain.clear();
        self.places.clear();
        self.names.clear();
        match self.kind {
            Kind::Fields => {
                self.names.extend_from_slice(&self.names_name.opening);
                self.names.push(b'[');
            }
            Kind::Whole => {
                self.plain.extend_from_slice(&self.event_name.opening);
                self.plain.push(b'{');
            }
        }
        OpenEvent { sealer: self, last: None, unordered: None }
    }

    /// Ends a text: notes its place and fills up to a multiple of three.
    #[inline]
    fn close(&mut self, start: usize) {
        let end = self.plain.len();
        self.places.push(Place { start, end });
        self.plain.extend_from_slice(&[0, 0]);
        self.plain.truncate(end.next_multiple_of(3));
    }

    fn finish(&mut self) -> Result<Hash, SealError> {
        self.close_last();
        if self.places.len() > LEAF_DIGESTS_MAX {
            return Err(SealError::Fields);
        }
        self.put_salts();
        self.hash_texts();
        Ok(self.build_leaf())
    }

    /// What the hash was made of, after [`finish`](Self::finish).
    fn sealed(&mut self) -> SealedEvent {
        self.encode();
        let disclosures = self.places.iter().map(|place| {
            let text = self.plain.get(place.start..place.end).unwrap_or_default();
            let name = text.get(OPENING.len() - 1..).unwrap_or_default();
            let name = crate::json::first_string(name).unwrap_or_default();
            let (start, length) = place.coded();
            let coded = self.coded.get(start..start + length).unwrap_or_default();
            (name, String::from_utf8_lossy(coded).into_owned())
        });
        let disclosures = disclosures.collect();
        SealedEvent { leaf: self.leaf.get(1..).unwrap_or_default().to_vec(), disclosures }
    }

    /// Appends the text of `~names`, or ends that of `~event`.
    fn close_last(&mut self) {
        match self.kind {
            Kind::Fields => {
                if self.names.last() == Some(&b',') {
                    self.names.pop();
                }
                let start = self.plain.len();
                self.plain.extend_from_slice(&self.names);
                self.plain.extend_from_slice(b"]]");
                self.close(start);
            }
            Kind::Whole => {
                if self.plain.last() == Some(&b',') {
                    self.plain.pop();
                }
                self.plain.extend_from_slice(b"}]");
                self.close(0);
            }
        }
    }

    /// Derives the salts and writes them into the texts: the first one is for
    /// the last text, the others are for the texts in order.
    fn put_salts(&mut self) {
        let mut mac = self.examination.clone();
        mac.update(&self.head);
        let key = mac.finalize().into_bytes();
        let count = self.places.len();
        self.stream.resize((count * SALT_BYTES).next_multiple_of(STREAM_BYTES), 0);
        let mut cipher = ChaCha20::new(&key, &[0; 12].into());
        cipher.write_keystream(&mut self.stream);

        self.salts.resize(count * SALT_ROOM, 0);
        let rooms = self.salts.as_chunks_mut::<SALT_ROOM>().0;
        for (room, salt) in rooms.iter_mut().zip(self.stream.as_chunks::<SALT_BYTES>().0) {
            if let Some(start) = room.first_chunk_mut() {
                *start = *salt;
            }
        }
        self.salt_chars.resize(count * SALT_ROOM_CHARS, 0);
        let _ = URL_SAFE_NO_PAD.encode(&self.salts, self.salt_chars.as_mut_slice().as_out());
        let chars = self.salt_chars.as_chunks::<SALT_ROOM_CHARS>().0.iter();
        let last_first = self.places.iter().rev().take(1).chain(&self.places);
        for (place, chars) in last_first.zip(chars) {
            let to = self.plain.get_mut(place.start + SALT_AT..);
            if let (Some(to), Some(from)) =
                (to.and_then(|to| to.first_chunk_mut()), chars.first_chunk::<SALT_CHARS>())
            {
                *to = *from;
            }
        }
    }

    /// Encodes all texts.
    fn encode(&mut self) {
        let length = self.plain.len() / 3 * 4;
        if self.coded.len() < length {
            self.coded.resize(length, 0);
        }
        let _ = URL_SAFE_NO_PAD.encode(&self.plain, self.coded.as_mut_slice().as_out());
    }

    /// Hashes each text.
    fn hash_texts(&mut self) {
        self.encode();
        self.digests.clear();
        self.order.clear();
        for (place, at) in self.places.iter().zip(0u64..) {
            let (start, length) = place.coded();
            let text = self.coded.get(start..start + length).unwrap_or_default();
            let digest = Hash::of(text).0;
            let first = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
            self.digests.push(digest);
            self.order.push(first & !ORDER_INDEX | at);
        }
    }

    /// Puts the digests into order and the leaf together.
    fn build_leaf(&mut self) -> Hash {
        // Six bytes of a digest and its index in one number sort fastest; that
        // two digests share six bytes is rare.
        self.order.sort_unstable();
        let same = |pair: &[u64]| matches!(pair, [a, b] if (a ^ b) & !ORDER_INDEX == 0);
        if self.order.windows(2).any(same) {
            self.digests.sort_unstable();
            self.order.clear();
            self.order.extend((0u64..).take(self.digests.len()));
        }
        let count = u16::try_from(self.places.len()).unwrap_or(u16::MAX);
        self.leaf.clear();
        self.leaf.push(0);
        self.leaf.extend_from_slice(&self.head);
        self.leaf.extend_from_slice(&count.to_be_bytes());
        for key in &self.order {
            let at = usize::try_from(key & ORDER_INDEX).unwrap_or(usize::MAX);
            if let Some(digest) = self.digests.get(at) {
                self.leaf.extend_from_slice(digest);
            }
        }
        Hash::of(&self.leaf)
    }
}

/// An event whose fields are being given, in the bytewise order of their
/// written names.
#[derive(Debug)]
pub struct OpenEvent<'s, 'n> {
    sealer: &'s mut EventSealer,
    last: Option<&'n PreparedName>,
    /// The first field that was out of order.
    unordered: Option<&'n PreparedName>,
}

impl<'n> OpenEvent<'_, 'n> {
    /// Adds a field; `value` is JSON without white space, as
    /// [`write_values`](crate::value::write_values) writes it.
    #[inline]
    pub fn field(&mut self, name: &'n PreparedName, value: &[u8]) {
        self.field_with(name, |out| out.extend_from_slice(value));
    }

    /// Adds a field, whose value is appended to what the closure is given.
    #[inline]
    pub fn field_with(&mut self, name: &'n PreparedName, value: impl FnOnce(&mut Vec<u8>)) {
        if self.last.is_some_and(|last| !last.is_before(name)) && self.unordered.is_none() {
            self.unordered = Some(name);
        }
        self.last = Some(name);
        let sealer = &mut *self.sealer;
        match sealer.kind {
            Kind::Fields => {
                sealer.names.extend_from_slice(&name.element);
                let start = sealer.plain.len();
                sealer.plain.extend_from_slice(&name.opening);
                value(&mut sealer.plain);
                sealer.plain.push(b']');
                sealer.close(start);
            }
            Kind::Whole => {
                sealer.plain.extend_from_slice(&name.member);
                value(&mut sealer.plain);
                sealer.plain.push(b',');
            }
        }
    }

    /// Ends the event: the hash of its leaf.
    ///
    /// # Errors
    ///
    /// If its fields were out of order or too many.
    #[inline]
    pub fn finish(self) -> Result<Hash, SealError> {
        match self.unordered {
            Some(name) => Err(SealError::Order(name.written().into())),
            None => self.sealer.finish(),
        }
    }

    /// Ends the event as [`finish`](Self::finish) does, and gives what the hash
    /// was made of.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn disclose(self) -> Result<SealedEvent, SealError> {
        let Self { sealer, last, unordered } = self;
        OpenEvent { sealer: &mut *sealer, last, unordered }.finish()?;
        Ok(sealer.sealed())
    }
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    if let Some(start) = block.first_chunk_mut() {
        *start = *key;
    }
    Hmac::new((&*block).into())
}
