//! Makes leaves of events, in as few steps as there can be.
//!
//! The text of each field is laid out as it is hashed (`texts`), and kept for
//! as long as its value comes again: an event then only adds salts. Nothing is
//! allocated for an event once the buffers have grown.

use std::fmt;

use base64_simd::{AsOut as _, URL_SAFE_NO_PAD};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use super::leaf::{EventHead, HEAD_BYTES, Kind};
use super::name::{EVENT_NAME, NAMES_NAME, PreparedName, SALT_CHARS, SALT_OPENING};
use super::texts::{HEAD_CHARS, Place, Texts};
use crate::Hash;
use crate::key::SaltSecret;
use crate::limits::{KEPT_BYTES_MAX, LEAF_DIGESTS_MAX};

/// Bytes of a salt.
const SALT_BYTES: usize = 16;

/// Bytes of a salt that are encoded, so that each begins at a whole character.
const SALT_ROOM: usize = 18;

/// Characters which those become; all but [`SALT_CHARS`] of them are filling.
const SALT_ROOM_CHARS: usize = SALT_ROOM / 3 * 4;

/// Bytes of a text that depend on its salt.
const HEAD_ROOM: usize = HEAD_CHARS / 4 * 3;

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

/// Where a sealer keeps what it made of a field and one of its values. One for
/// each field and value, and for one sealer; at first it keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    /// In which round of the sealer it was kept; 0 for none.
    round: u32,
    /// The first byte of its disclosure's text, and how many characters it has.
    start: u32,
    chars: u32,
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
    /// Texts of fields: those that are kept, then those of the event at hand.
    texts: Texts,
    /// What was kept in rounds before is forgotten.
    round: u32,
    /// How many bytes of `texts` are kept.
    kept_to: usize,
    /// Of the event at hand: the texts of its fields.
    places: Vec<Place>,
    /// Of the event at hand: what `~names` or `~event` says.
    last: Vec<u8>,
    /// The text of `~names` or `~event`, and what it says.
    last_text: Texts,
    last_place: Option<Place>,
    last_said: Vec<u8>,
    stream: Vec<u8>,
    salts: Vec<u8>,
    salt_chars: Vec<u8>,
    openings: Vec<u8>,
    heads: Vec<u8>,
    digests: Vec<[u8; 32]>,
    order: Vec<u64>,
    unsorted: Vec<u64>,
    counts: Vec<usize>,
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
        let Self { stream, salts, salt_chars, openings, heads, .. } = self;
        for buffer in [stream, salts, salt_chars, openings, heads] {
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
            texts: Texts::default(),
            round: 1,
            kept_to: 0,
            places: Vec::new(),
            last: Vec::new(),
            last_text: Texts::default(),
            last_place: None,
            last_said: Vec::new(),
            stream: Vec::new(),
            salts: Vec::new(),
            salt_chars: Vec::new(),
            openings: Vec::new(),
            heads: Vec::new(),
            digests: Vec::new(),
            order: Vec::new(),
            unsorted: Vec::new(),
            counts: Vec::new(),
            leaf: Vec::new(),
        }
    }

    /// How it seals.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Forgets all that was [`Kept`]. To be called where slots are used for
    /// other fields or values than before.
    pub fn forget(&mut self) {
        self.round = self.round.checked_add(1).unwrap_or(1);
        self.kept_to = 0;
    }

    /// Begins an event; what was begun before and not finished is dropped.
    #[inline]
    pub fn begin<'s, 'n>(&'s mut self, head: &EventHead) -> OpenEvent<'s, 'n> {
        self.head = head.to_bytes(self.kind);
        if self.kept_to > KEPT_BYTES_MAX {
            self.forget();
        }
        self.texts.truncate(self.kept_to);
        self.places.clear();
        self.last.clear();
        let (name, opening) = match self.kind {
            Kind::Fields => (&self.names_name, b'['),
            Kind::Whole => (&self.event_name, b'{'),
        };
        self.last.extend_from_slice(&name.opening);
        self.last.push(opening);
        OpenEvent { sealer: self, last: None, unordered: None }
    }

    /// Adds a field to the event at hand; where its text is, if it has one of its
    /// own.
    #[inline]
    fn add(&mut self, name: &PreparedName, value: impl FnOnce(&mut Vec<u8>)) -> Option<Place> {
        match self.kind {
            Kind::Fields => {
                let place = self.texts.add(|out| {
                    out.extend_from_slice(&name.opening);
                    value(out);
                    out.push(b']');
                });
                self.last.extend_from_slice(&name.element);
                self.places.push(place);
                Some(place)
            }
            Kind::Whole => {
                self.last.extend_from_slice(&name.member);
                value(&mut self.last);
                self.last.push(b',');
                None
            }
        }
    }

    /// Adds a field to the event at hand, whose text may be kept. That of a whole
    /// event is made of all its values: to write one of them takes no longer
    /// than to find it again.
    #[inline]
    fn add_kept(&mut self, name: &PreparedName, slot: &mut Kept, value: impl FnOnce(&mut Vec<u8>)) {
        if slot.round == self.round {
            self.last.extend_from_slice(&name.element);
            self.places.push(Place::of(slot.start as usize, slot.chars as usize));
            return;
        }
        let Some(place) = self.add(name, value) else { return };
        // What the event had made for itself before stays too: it lies in between.
        self.kept_to = self.texts.len();
        if let (Ok(start), Ok(chars)) = (place.start().try_into(), place.chars().try_into()) {
            *slot = Kept { round: self.round, start, chars };
        }
    }

    fn finish(&mut self) -> Result<Hash, SealError> {
        if self.places.len() >= LEAF_DIGESTS_MAX {
            return Err(SealError::Fields);
        }
        let last = self.close_last();
        self.make_heads();
        self.hash_texts(last);
        Ok(self.build_leaf())
    }

    /// What the hash was made of, after [`finish`](Self::finish).
    fn sealed(&self) -> SealedEvent {
        let Self { texts, last_text, last_place, .. } = self;
        let fields = self.places.iter().map(|&place| texts.text(place));
        let last = last_place.iter().map(|&place| last_text.text(place));
        let named = |text: &[u8]| {
            let json = URL_SAFE_NO_PAD.decode_to_vec(text).unwrap_or_default();
            let name = json.get(SALT_OPENING.len() + SALT_CHARS + 2..).unwrap_or_default();
            let name = crate::json::first_string(name).unwrap_or_default();
            (name, String::from_utf8_lossy(text).into_owned())
        };
        let disclosures = fields.chain(last).map(named).collect();
        SealedEvent { leaf: self.leaf.get(1..).unwrap_or_default().to_vec(), disclosures }
    }

    /// The text of `~names` or `~event`; that of the event before where it says
    /// the same.
    fn close_last(&mut self) -> Place {
        if self.last.last() == Some(&b',') {
            self.last.pop();
        }
        let closing = match self.kind {
            Kind::Fields => b"]]",
            Kind::Whole => b"}]",
        };
        self.last.extend_from_slice(closing);
        let Self { last, last_text, last_place, last_said, kind, .. } = self;
        match last_place {
            Some(place) if *kind == Kind::Fields && last == last_said => *place,
            _ => {
                last_text.truncate(0);
                let place = last_text.add_plain(last);
                std::mem::swap(last, last_said);
                *last_place.insert(place)
            }
        }
    }

    /// Derives the salts, and makes of them the characters with which texts
    /// begin: the first ones are for the last text, the others for the texts
    /// in order.
    fn make_heads(&mut self) {
        let mut mac = self.examination.clone();
        mac.update(&self.head);
        let key = mac.finalize().into_bytes();
        let count = self.places.len() + 1;
        // Of one salt a single block is enough.
        let portion = if count == 1 { STREAM_BYTES / 4 } else { STREAM_BYTES };
        self.stream.resize((count * SALT_BYTES).next_multiple_of(portion), 0);
        ChaCha20::new(&key, &[0; 12].into()).write_keystream(&mut self.stream);

        self.salts.resize(count * SALT_ROOM, 0);
        let rooms = self.salts.as_chunks_mut::<SALT_ROOM>().0;
        for (room, salt) in rooms.iter_mut().zip(self.stream.as_chunks::<SALT_BYTES>().0) {
            if let Some(start) = room.first_chunk_mut() {
                *start = *salt;
            }
        }
        self.salt_chars.resize(count * SALT_ROOM_CHARS, 0);
        let _ = URL_SAFE_NO_PAD.encode(&self.salts, self.salt_chars.as_mut_slice().as_out());
        self.openings.resize(count * HEAD_ROOM, 0);
        let rooms = self.openings.as_chunks_mut::<HEAD_ROOM>().0;
        for (room, chars) in rooms.iter_mut().zip(self.salt_chars.as_chunks::<SALT_ROOM_CHARS>().0)
        {
            let (opening, rest) = room.split_at_mut(SALT_OPENING.len());
            opening.copy_from_slice(SALT_OPENING);
            if let (Some(to), Some(from)) =
                (rest.first_chunk_mut(), chars.first_chunk::<SALT_CHARS>())
            {
                *to = *from;
            }
        }
        self.heads.resize(count * HEAD_CHARS, 0);
        let _ = URL_SAFE_NO_PAD.encode(&self.openings, self.heads.as_mut_slice().as_out());
    }

    /// Hashes each text.
    fn hash_texts(&mut self, last: Place) {
        self.digests.clear();
        self.order.clear();
        let mut heads = self.heads.as_chunks::<HEAD_CHARS>().0.iter();
        let Some(first) = heads.next() else { return };
        self.digests.push(self.last_text.digest(last, first));
        for (&place, head) in self.places.iter().zip(heads) {
            self.digests.push(self.texts.digest(place, head));
        }
        for (digest, at) in self.digests.iter().zip(0u64..) {
            let first = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
            self.order.push(first & !ORDER_INDEX | at);
        }
    }

    /// Sorts `order`. Digests are spread evenly, so each is put near its place
    /// first: then hardly anything is left to be sorted.
    fn sort_order(&mut self) {
        let Self { order, unsorted, counts, .. } = self;
        let count = order.len() as u64;
        let bucket = |number: u64| usize::try_from(((number >> 32) * count) >> 32).unwrap_or(0);
        counts.clear();
        counts.resize(order.len() + 1, 0);
        for &number in order.iter() {
            if let Some(count) = counts.get_mut(bucket(number) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in counts.iter_mut() {
            sum += *count;
            *count = sum;
        }
        std::mem::swap(order, unsorted);
        order.clear();
        order.resize(unsorted.len(), 0);
        for &number in unsorted.iter() {
            let Some(next) = counts.get_mut(bucket(number)) else { continue };
            if let Some(place) = order.get_mut(*next) {
                *place = number;
            }
            *next += 1;
        }
        // Within a bucket: nearly all have one number or two.
        for at in 1..order.len() {
            let mut at = at;
            while let Some([before, number]) = at.checked_sub(1).and_then(|b| order.get_mut(b..=at))
                && before > number
            {
                std::mem::swap(before, number);
                at -= 1;
            }
        }
    }

    /// Puts the digests into order and the leaf together.
    fn build_leaf(&mut self) -> Hash {
        // Six bytes of a digest and its index in one number sort fastest; that
        // two digests share six bytes is rare.
        self.sort_order();
        let same = |pair: &[u64]| matches!(pair, [a, b] if (a ^ b) & !ORDER_INDEX == 0);
        if self.order.windows(2).any(same) {
            self.digests.sort_unstable();
            self.order.clear();
            self.order.extend((0u64..).take(self.digests.len()));
        }
        let count = u16::try_from(self.digests.len()).unwrap_or(u16::MAX);
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
        self.note(name);
        self.sealer.add(name, value);
    }

    /// Adds a field as [`field_with`](Self::field_with) does, and keeps its text
    /// where it has one of its own: then the closure is only called if `slot` has
    /// nothing.
    #[inline]
    pub fn field_kept(
        &mut self,
        name: &'n PreparedName,
        slot: &mut Kept,
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        self.note(name);
        self.sealer.add_kept(name, slot, value);
    }

    /// Notes whether a field comes in order.
    #[inline]
    fn note(&mut self, name: &'n PreparedName) {
        if self.last.is_some_and(|last| last >= name) && self.unordered.is_none() {
            self.unordered = Some(name);
        }
        self.last = Some(name);
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
