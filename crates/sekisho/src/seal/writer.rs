//! What the collector does of sealing: it takes the sealed blocks in the order
//! of reading, gives each event its place in its cell, and hands the rows to
//! the store.

use std::io;
use std::path::Path;

use sekisho_store::{Pending, Placed, Segment, StoreLimits, StoreWriter};

use super::cells::Cells;
use super::leaves::Spill;
use super::rows::SealedBlock;

/// Everything sealed so far.
#[derive(Debug)]
pub(crate) struct SealWriter {
    store: StoreWriter,
    /// Number in the case of the first cell.
    first_cell: u32,
    pub(crate) cells: Cells,
    /// Detections by cell.
    pub(crate) detections: Vec<u64>,
    spill: Spill,
    /// By the order in which segments were begun; written in any order.
    segments: Vec<Option<Segment>>,
    begun: usize,
    pub(crate) events: u64,
}

/// A segment that is due to be written, and its number.
#[derive(Debug)]
pub(crate) struct Due {
    number: usize,
    pending: Pending,
}

impl Due {
    /// Encodes and writes the segment, on any thread.
    pub(crate) fn write(self) -> io::Result<(usize, Segment)> {
        let segment = self.pending.write().map_err(io::Error::other)?;
        Ok((self.number, segment))
    }
}

impl SealWriter {
    /// A writer into folders that exist and files that do not; cells are
    /// numbered from `first_cell` on.
    pub(crate) fn create(store: &Path, spill: &Path, first_cell: u32) -> io::Result<Self> {
        Ok(Self {
            first_cell,
            store: StoreWriter::create(store, StoreLimits::default()).map_err(io::Error::other)?,
            cells: Cells::default(),
            detections: Vec::new(),
            spill: Spill::create(spill.to_owned())?,
            segments: Vec::new(),
            begun: 0,
            events: 0,
        })
    }

    /// Takes the next block; the segments that are due now.
    pub(crate) fn take(&mut self, block: SealedBlock) -> io::Result<Vec<Due>> {
        let SealedBlock { rows, leaves, parts, detections, order } = block;
        // In the order of reading: the order of parts and batches is that in
        // which the thread came to know their shapes.
        let mut parts: Vec<_> = parts.into_iter().map(Some).collect();
        let mut numbers = vec![u32::MAX; parts.len()];
        for &(batch, row) in &order {
            let leaf = leaves.get(batch as usize).and_then(|rows| rows.get(row as usize));
            let Some(&(_, cell)) = leaf else { continue };
            let slot = parts.get_mut(cell as usize).and_then(Option::take);
            if let (Some(part), Some(number)) = (slot, numbers.get_mut(cell as usize)) {
                *number = self.cells.merge(part)?;
            }
        }
        self.detections.resize(self.cells.list.len(), 0);
        for (number, count) in numbers.iter().zip(detections) {
            if let Some(slot) = self.detections.get_mut(*number as usize) {
                *slot += count;
            }
        }
        let empty =
            |rows: &Vec<_>| Placed { cells: vec![0; rows.len()], indexes: vec![0; rows.len()] };
        let mut placed: Vec<Placed> = leaves.iter().map(empty).collect();
        for (batch, row) in order {
            let (batch, row) = (batch as usize, row as usize);
            let Some(&(leaf, cell)) = leaves.get(batch).and_then(|rows| rows.get(row)) else {
                continue;
            };
            let Some(&cell) = numbers.get(cell as usize) else { continue };
            let index = self.cells.push(cell, leaf);
            self.spill.push(cell, &leaf)?;
            self.events += 1;
            let slots = placed.get_mut(batch).and_then(|placed| {
                Some((placed.cells.get_mut(row)?, placed.indexes.get_mut(row)?))
            });
            if let Some(slots) = slots {
                (*slots.0, *slots.1) = (self.first_cell.saturating_add(cell), index);
            }
        }
        let mut due = Vec::new();
        let mut rows: Vec<_> = rows.into_iter().zip(placed).collect();
        rows.sort_by(|(a, _), (b, _)| a.shape().cmp(b.shape()));
        for (rows, placed) in rows {
            due.extend(self.store.append(rows, placed));
        }
        Ok(self.number(due))
    }

    fn number(&mut self, pending: Vec<Pending>) -> Vec<Due> {
        let due =
            pending.into_iter().zip(self.begun..).map(|(pending, number)| Due { number, pending });
        let due: Vec<Due> = due.collect();
        self.begun += due.len();
        self.segments.resize_with(self.begun, || None);
        due
    }

    /// Takes note of a segment that is written.
    pub(crate) fn written(&mut self, number: usize, segment: Segment) {
        if let Some(slot) = self.segments.get_mut(number) {
            *slot = Some(segment);
        }
    }

    /// The segments of what is left.
    pub(crate) fn drain(&mut self) -> Vec<Due> {
        let pending = self.store.drain();
        self.number(pending)
    }

    /// Puts the leaf hashes in order into a file; the cells, and the segments
    /// in the order in which they were begun.
    pub(crate) fn finish(self, leaves: &Path) -> io::Result<(Cells, Vec<u64>, Vec<Segment>)> {
        let sizes: Vec<u64> = self.cells.list.iter().map(|cell| cell.tree.size()).collect();
        self.spill.arrange(leaves, &sizes)?;
        let segments: Option<Vec<Segment>> = self.segments.into_iter().collect();
        let missing = || io::Error::other("a segment of the store was not written");
        Ok((self.cells, self.detections, segments.ok_or_else(missing)?))
    }
}
