//! What a case has, by number: for finding events in it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use hashbrown::HashMap;
use sekisho_case::Hash;
use sekisho_case::log::Log;
use sekisho_case::merkle::leaf_hash;
use sekisho_case::record::{Body, Examination, Exposure, Record, Results, Segment, Verdict};

use crate::seal::check::Sizes;

/// A cell, as far as finding needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellAt {
    pub(crate) entry: u64,
    pub(crate) events: u64,
    /// Over its leaves.
    pub(crate) root: Hash,
    /// Hash of its record.
    pub(crate) leaf: Hash,
}

/// An examination that sealed events.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) entry: u64,
    pub(crate) examination: Examination,
    pub(crate) sizes: Sizes,
    /// Its part of the store.
    pub(crate) segments: Vec<Segment>,
}

/// All that is needed to find events and to prove where they are.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Numbers of the sources of a path, with their hashes.
    sources: HashMap<String, Vec<(u32, Option<String>)>>,
    /// Sources of which not all records could be read, by number.
    pub(crate) unread: BTreeSet<u32>,
    pub(crate) cells: BTreeMap<u32, CellAt>,
    pub(crate) examinations: Vec<Sealed>,
    /// All examinations, also those that sealed nothing, by entry.
    pub(crate) all_examinations: Vec<(u64, Examination)>,
    /// All exposures, by entry.
    pub(crate) all_exposures: Vec<(u64, Exposure)>,
    /// What each of these wrote, by its entry.
    pub(crate) results: BTreeMap<u64, Results>,
    /// The verdicts of the latest exposure, by entry.
    pub(crate) verdicts: Vec<(u64, Verdict)>,
    /// Verdicts whose exposure has not come yet.
    pending: Vec<(u64, Verdict)>,
    /// Segments whose examination has not come yet.
    stored: Vec<Segment>,
    /// Entry of the latest parties.
    pub(crate) parties: u64,
    pub(crate) releases: u32,
}

impl Index {
    /// Reads the published log.
    ///
    /// # Errors
    ///
    /// Where an entry is damaged.
    pub(crate) fn read(log: &Log) -> Result<Self> {
        let mut index = Self::default();
        for entry in log.entries(0..log.size()) {
            let (number, bytes) = entry?;
            let record =
                Record::parse(&bytes).with_context(|| format!("entry {number} of the case"))?;
            index.add(number, record.body, &bytes);
        }
        Ok(index)
    }

    fn add(&mut self, entry: u64, body: Body, bytes: &[u8]) {
        match body {
            Body::Parties(_) => self.parties = entry,
            Body::Source(source) => {
                if source.problems > 0 {
                    self.unread.insert(source.number);
                }
                let hash = source.sha256.map(|hash| hash.to_string());
                self.sources.entry(source.path).or_default().push((source.number, hash));
            }
            Body::Cell(cell) => {
                let (events, root) = (cell.events, cell.root);
                let at = CellAt { entry, events, root, leaf: leaf_hash(bytes) };
                self.cells.insert(cell.number, at);
            }
            Body::Segment(segment) => self.stored.push(segment),
            // Said directly before what wrote it.
            Body::Results(results) => {
                self.results.insert(entry.saturating_add(1), results);
            }
            Body::Release(_) => self.releases += 1,
            Body::Verdict(verdict) => self.pending.push((entry, *verdict)),
            Body::Exposure(exposure) => {
                self.verdicts = std::mem::take(&mut self.pending);
                self.all_exposures.push((entry, *exposure));
            }
            Body::Examination(examination) => {
                self.all_examinations.push((entry, (*examination).clone()));
                let segments = std::mem::take(&mut self.stored);
                if examination.seal.is_none() {
                    return;
                }
                let first = examination.cells.first;
                let last = first.saturating_add(examination.cells.count);
                let events: Vec<u64> =
                    self.cells.range(first..last).map(|(_, cell)| cell.events).collect();
                let sizes = Sizes::new(first, &events);
                let examination = *examination;
                self.examinations.push(Sealed { entry, examination, sizes, segments });
            }
            _ => {}
        }
    }

    /// Path and hash of each source.
    pub(crate) fn sources(&self) -> BTreeMap<u32, (String, Option<String>)> {
        let all = self.sources.iter();
        all.flat_map(|(path, list)| {
            list.iter().map(move |(number, hash)| (*number, (path.clone(), hash.clone())))
        })
        .collect()
    }

    /// The latest source with this path and, where both are known, this hash.
    pub(crate) fn source(&self, path: &str, sha256: Option<&str>) -> Option<u32> {
        let fits = |hash: &Option<String>| match (hash, sha256) {
            (Some(known), Some(wanted)) => known == wanted,
            _ => true,
        };
        let all = self.sources.get(path)?.iter().rev();
        all.filter(|(_, hash)| fits(hash)).map(|(number, _)| *number).next()
    }

    /// The source with this path and, where both are known, this hash that an
    /// examination has read; if it has read none itself, the latest one.
    pub(crate) fn source_read(
        &self,
        path: &str,
        sha256: Option<&str>,
        by: &Examination,
    ) -> Option<u32> {
        let own = by.sources.first..by.sources.first.saturating_add(by.sources.count);
        if own.is_empty() {
            return self.source(path, sha256);
        }
        let fits = |hash: &Option<String>| match (hash, sha256) {
            (Some(known), Some(wanted)) => known == wanted,
            _ => true,
        };
        let mut all = self.sources.get(path)?.iter();
        let found = all.find(|(number, hash)| own.contains(&u64::from(*number)) && fits(hash));
        found.map(|(number, _)| *number)
    }

    /// The examination that sealed a cell.
    pub(crate) fn of_cell(&self, cell: u32) -> Option<&Sealed> {
        self.examinations.iter().find(|sealed| sealed.sizes.of(cell).is_some())
    }

    /// The examination that read a source.
    pub(crate) fn of_source(&self, source: u32) -> Option<&Sealed> {
        self.examinations.iter().find(|sealed| {
            let sources = sealed.examination.sources;
            (sources.first..sources.first.saturating_add(sources.count)).contains(&source.into())
        })
    }
}
