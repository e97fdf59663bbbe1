//! Checks stored events against what was sealed: the leaf of each is made anew
//! from its segment, which only the owner of the salts can do, and compared
//! with the leaf hash that the cell's root stands on.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::{Context as _, Result};
use sekisho_case::Hash;
use sekisho_case::event::{EventHead, EventSealer};
use sekisho_case::key::SigningKey;
use sekisho_case::log::Log;
use sekisho_case::record::{Examination, Seal};
use sekisho_case::statement::{Place, Standing, Statement};
use sekisho_event::{Projection, RECORD_ID_UNKNOWN, TIME_UNKNOWN, Vocabulary};
use sekisho_store::{Row, Store, StoredBatch};

use super::leaves::HASH_BYTES;
use super::publish::Places;
use super::rows::{Names, open_event};
use crate::disclose::{Index, Sealed};

/// Most events that are named one by one.
const NAMED_MAX: usize = 100;

/// Bytes of leaf hashes that are read at once.
const WINDOW_BYTES: usize = 64 << 10;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoreCheck {
    /// Events whose leaf is the sealed one.
    pub equal: u64,
    /// Cell and index of events that differ from what was sealed, the first
    /// ones.
    pub different: Vec<(u32, u64)>,
    /// How many more.
    pub more: u64,
    /// Events that were sealed and are not in the store, or are there twice.
    pub unmatched: u64,
}

impl StoreCheck {
    fn note(&mut self, equal: bool, row: &Row) {
        if equal {
            self.equal += 1;
        } else if self.different.len() < NAMED_MAX {
            self.different.push((row.cell, row.index));
        } else {
            self.more += 1;
        }
    }
}

/// The events of one examination: where each cell's leaves begin.
#[derive(Debug)]
pub(crate) struct Sizes {
    first: u32,
    /// By cell, and the sum at the end.
    starts: Vec<u64>,
}

impl Sizes {
    /// Of cells from `first` on, which have so many events.
    pub(crate) fn new(first: u32, events: &[u64]) -> Self {
        let mut starts = vec![0];
        let mut sum = 0_u64;
        for count in events {
            sum = sum.saturating_add(*count);
            starts.push(sum);
        }
        Self { first, starts }
    }

    pub(crate) fn total(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The place of a cell's leaves: the first one's number and how many.
    pub(crate) fn of(&self, cell: u32) -> Option<(u64, u64)> {
        let at = cell.checked_sub(self.first)? as usize;
        let (start, end) = (*self.starts.get(at)?, *self.starts.get(at + 1)?);
        Some((start, end - start))
    }

    /// The number of an event's leaf in the file of leaves.
    pub(crate) fn place(&self, cell: u32, index: u64) -> Option<u64> {
        let (start, count) = self.of(cell)?;
        (index < count).then(|| start + index)
    }
}

/// A file of leaf hashes.
#[derive(Debug)]
pub(crate) struct Leaves {
    file: File,
    window: Vec<u8>,
    /// Number of the first hash in the window.
    at: u64,
}

impl Leaves {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, window: Vec::new(), at: 0 })
    }

    /// The hash with this number.
    pub(crate) fn get(&mut self, number: u64) -> io::Result<Hash> {
        let within = |at: u64, window: &[u8]| {
            let from = usize::try_from(number.checked_sub(at)?).ok()?.checked_mul(HASH_BYTES)?;
            Hash::from_slice(window.get(from..from.checked_add(HASH_BYTES)?)?)
        };
        if let Some(hash) = within(self.at, &self.window) {
            return Ok(hash);
        }
        self.at = number;
        self.window.clear();
        self.file.seek(SeekFrom::Start(number.saturating_mul(HASH_BYTES as u64)))?;
        (&mut self.file).take(WINDOW_BYTES as u64).read_to_end(&mut self.window)?;
        within(self.at, &self.window).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Hashes from one number on.
    pub(crate) fn range(&mut self, from: u64, count: u64) -> io::Result<Vec<Hash>> {
        (from..from.saturating_add(count)).map(|number| self.get(number)).collect()
    }
}

/// The sealer of an examination that is sealed already.
pub(crate) fn sealer(key: &SigningKey, origin: &str, seal: &Seal) -> EventSealer {
    EventSealer::new(&key.salt_secret(), origin, &seal.nonce.0, seal.kind.into())
}

/// The head of a stored event.
pub(crate) fn head_of(stored: &StoredBatch, at: usize, row: &Row) -> EventHead {
    EventHead {
        time: stored.batch.times.get(at).copied().unwrap_or(TIME_UNKNOWN),
        record_id: stored.batch.record_ids.get(at).copied().unwrap_or(RECORD_ID_UNKNOWN),
        source: row.source,
        offset: row.offset,
        ordinal: row.ordinal,
    }
}

/// Compares all stored events of an examination with their leaves.
///
/// # Errors
///
/// Where the store or the leaves cannot be read.
pub(crate) fn check_store(
    folder: &Path,
    key: &SigningKey,
    origin: &str,
    examination: &Examination,
    seal: &Seal,
    sizes: &Sizes,
) -> Result<StoreCheck> {
    let places = Places::new(folder, examination.number);
    let store = Store::open(&places.store())?;
    let mut leaves = Leaves::open(&places.leaves())
        .with_context(|| format!("opening {}", places.leaves().display()))?;
    let mut sealer = sealer(key, origin, seal);
    let (mut names, mut check) = (Names::default(), StoreCheck::default());
    let mut seen = Seen::new(sizes.total());
    for segment in store.segments() {
        // Each with a vocabulary of its own: no limit on names can then leave
        // a field out that was there when the segment was written.
        let mut vocabulary = Vocabulary::new(Projection::All);
        store.segment(segment)?.scan(&mut vocabulary, &mut |stored, vocabulary| {
            names.learn(&stored.batch, vocabulary);
            let mut columns = names.columns(&stored.batch, vocabulary);
            columns.iter_mut().for_each(|column| column.keep(Vec::new()));
            for at in 0..stored.batch.rows() {
                let Some(row) = stored.row(at) else { continue };
                let event = open_event(&mut sealer, &head_of(stored, at, &row), &mut columns, at);
                let place = sizes.place(row.cell, row.index);
                let sealed = place.and_then(|place| leaves.get(place).ok());
                let equal = event.finish().is_ok_and(|leaf| Some(leaf) == sealed);
                check.note(equal && place.is_some_and(|place| seen.first(place)), &row);
            }
        })?;
        names = Names::default();
    }
    check.unmatched = sizes.total().saturating_sub(check.equal);
    Ok(check)
}

/// What comparing the store of a whole case came to.
#[derive(Clone, Debug, Default)]
pub struct StoreStanding {
    /// By examination: its entry, its number, and what came of it or why it could not be compared.
    examinations: Vec<(u64, u32, Result<StoreCheck, String>)>,
    /// Why nothing was compared at all.
    not_compared: Option<String>,
}

impl StoreStanding {
    /// Nothing was compared.
    #[must_use]
    pub fn not_compared(why: &str) -> Self {
        Self { examinations: Vec::new(), not_compared: Some(why.to_owned()) }
    }

    /// What there is to say.
    #[must_use]
    pub fn statements(&self) -> Vec<Statement> {
        let say = |standing, place, text: String| Statement::new(standing, place, text);
        let mut said = Vec::new();
        if let Some(why) = &self.not_compared {
            let text = format!("stored events were not compared with what was sealed: {why}");
            said.push(say(Standing::Missing, Place::Log, text));
        }
        for (entry, number, outcome) in &self.examinations {
            let place = Place::Entry(*entry);
            let check = match outcome {
                Ok(check) => check,
                Err(why) => {
                    let text = format!("the store of examination {number} cannot be read: {why}");
                    said.push(say(Standing::Broken, place, text));
                    continue;
                }
            };
            if check.equal > 0 {
                let text = format!(
                    "examination {number}: {} stored events are, field by field, what was sealed",
                    check.equal
                );
                said.push(say(Standing::Proven, place.clone(), text));
            }
            for (cell, index) in &check.different {
                let text = format!("event {index} in the store is not what was sealed");
                said.push(say(Standing::Broken, Place::Cell(*cell), text));
            }
            if check.unmatched > 0 || check.more > 0 {
                let text = format!(
                    "examination {number}: {} sealed events are not in the store as they were, {} \
                     stored ones beside those named are others",
                    check.unmatched, check.more
                );
                said.push(say(Standing::Broken, place, text));
            }
        }
        said
    }
}

/// Compares all stored events of a case with what was sealed; needs the
/// owner's key.
///
/// # Errors
///
/// Where the log cannot be read.
pub fn compare_store(folder: &Path, key: &SigningKey) -> Result<StoreStanding> {
    let log = Log::open(folder)?;
    let index = Index::read(&log)?;
    let mut standing = StoreStanding::default();
    for Sealed { entry, examination, sizes, .. } in &index.examinations {
        let Some(seal) = &examination.seal else { continue };
        let outcome = check_store(folder, key, log.origin(), examination, seal, sizes);
        let outcome = outcome.map_err(|e| format!("{e:#}"));
        standing.examinations.push((*entry, examination.number, outcome));
    }
    Ok(standing)
}

/// Which leaves have had their event.
struct Seen(Vec<u64>);

impl Seen {
    fn new(count: u64) -> Self {
        Self(vec![0; usize::try_from(count.div_ceil(64)).unwrap_or(0)])
    }

    /// Whether this is the first time.
    fn first(&mut self, number: u64) -> bool {
        let word = usize::try_from(number / 64).ok().and_then(|at| self.0.get_mut(at));
        let bit = 1 << (number % 64);
        word.is_some_and(|word| {
            let first = *word & bit == 0;
            *word |= bit;
            first
        })
    }
}
