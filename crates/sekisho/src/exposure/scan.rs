//! All stored events of a case, once and in order, shown to the method. Only
//! the fields that it reads are decoded; heads are, of every event, for the
//! ledger counts them all.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use sekisho_event::{Projection, RECORD_ID_UNKNOWN, TIME_UNKNOWN, Vocabulary};
use sekisho_exposure::extract::{Extraction, Leaf};
use sekisho_store::StoredBatch;

use super::detected::Detections;
use crate::disclose::Index;
use crate::examine::{Progress, json, threads};
use crate::seal::intact_stores;

/// What a scan fills.
pub(super) struct Scan<'a> {
    pub(super) extraction: &'a mut Extraction,
    pub(super) detections: &'a mut Detections,
    /// Sources of which not all records could be read, by number.
    pub(super) unread: &'a BTreeSet<u32>,
}

impl Scan<'_> {
    /// Shows the events of all examinations; how many there were.
    ///
    /// # Errors
    ///
    /// Where a segment cannot be read, or `stop` was set;
    /// [`Invalid`](crate::Invalid) where a store is not what was sealed.
    pub(super) fn all(
        &mut self,
        case: &Path,
        index: &Index,
        stop: &AtomicBool,
        progress: &Progress,
    ) -> Result<u64> {
        self.extraction.wanted.extend(self.detections.events());
        let stores = intact_stores(case, index, threads(0), stop)?;
        let total = stores.iter().map(|store| store.catalogue().rows()).sum();
        progress.bytes_total.store(total, Ordering::Relaxed);
        let mut events = 0;
        let fields = Extraction::fields();
        for store in &stores {
            for segment in store.segments() {
                if stop.load(Ordering::Relaxed) {
                    bail!("stopped before the end: nothing was put on record");
                }
                // Names in a vocabulary have a limit; each segment has its own.
                let mut vocabulary = Vocabulary::new(Projection::Only(fields.clone()));
                store.segment(segment)?.scan(&mut vocabulary, &mut |stored, vocabulary| {
                    self.batch(stored, vocabulary);
                    let rows = stored.batch.rows() as u64;
                    events += rows;
                    progress.bytes_done.fetch_add(rows, Ordering::Relaxed);
                    progress.records.fetch_add(rows, Ordering::Relaxed);
                })?;
            }
        }
        Ok(events)
    }

    fn batch(&mut self, stored: &StoredBatch, vocabulary: &Vocabulary) {
        if self.detections.has_places() {
            self.find_detected(stored);
        }
        self.find_unread(stored);
        let leaf = |at: usize| {
            let row = stored.row(at)?;
            Some(Leaf { cell: row.cell, index: row.index })
        };
        self.extraction.batch(&stored.batch, vocabulary, &leaf);
    }

    /// Notes cells with events of files of which not all records could be read.
    fn find_unread(&mut self, stored: &StoredBatch) {
        if self.unread.is_empty() {
            return;
        }
        let rows = (0..stored.batch.rows()).filter_map(|at| stored.row(at));
        let unread = rows.filter(|row| self.unread.contains(&row.source)).map(|row| row.cell);
        self.extraction.unread.extend(unread);
    }

    fn find_detected(&mut self, stored: &StoredBatch) {
        let batch = &stored.batch;
        for at in 0..batch.rows() {
            let Some(row) = stored.row(at) else { continue };
            let event = (row.cell, row.index);
            let id = batch.record_ids.get(at).copied().filter(|&id| id != RECORD_ID_UNKNOWN);
            let time = || {
                let time = batch.times.get(at).copied().filter(|&time| time != TIME_UNKNOWN)?;
                let mut text = Vec::new();
                json::plain_time(time, &mut text);
                String::from_utf8(text).ok()
            };
            if self.detections.found((row.source, row.offset), event, &time, id) {
                self.extraction.wanted.insert(event);
            }
        }
    }
}
