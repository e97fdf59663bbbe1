//! Where in `detections.jsonl` the hash of the file at hand is missing. A file
//! that is read once has its hash at its end, and may have millions of
//! detections before: the places beyond what memory should hold wait on disk.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// Places that are held in memory, of 8 bytes each.
const SLOTS_MAX: usize = 1 << 18;

/// Places, in rising order.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    held: Vec<u64>,
    spilled: Option<BufWriter<File>>,
}

impl Slots {
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.spilled.is_none()
    }

    pub(crate) fn extend(&mut self, slots: impl Iterator<Item = u64>) -> io::Result<()> {
        self.held.extend(slots);
        if self.held.len() <= SLOTS_MAX {
            return Ok(());
        }
        let out = match &mut self.spilled {
            Some(out) => out,
            slot => slot.insert(BufWriter::with_capacity(1 << 18, tempfile::tempfile()?)),
        };
        for slot in self.held.drain(..) {
            out.write_all(&slot.to_le_bytes())?;
        }
        Ok(())
    }

    /// Shows all places in order to `put`; there are none afterwards.
    pub(crate) fn drain(&mut self, mut put: impl FnMut(u64) -> io::Result<()>) -> io::Result<()> {
        if let Some(out) = self.spilled.take() {
            let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            let count = file.stream_position()? / 8;
            file.seek(SeekFrom::Start(0))?;
            let mut input = BufReader::with_capacity(1 << 18, file);
            for _ in 0..count {
                let mut slot = [0; 8];
                input.read_exact(&mut slot)?;
                put(u64::from_le_bytes(slot))?;
            }
        }
        self.held.drain(..).try_for_each(put)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_places_come_back_in_order() {
        for count in [0, 3, SLOTS_MAX as u64, 3 * SLOTS_MAX as u64 + 7] {
            let mut slots = Slots::default();
            for start in (0..count).step_by(1_000) {
                slots.extend(start..(start + 1_000).min(count)).unwrap();
                assert!(slots.held.len() <= SLOTS_MAX);
            }
            assert_eq!(slots.is_empty(), count == 0);
            let mut next = 0;
            slots
                .drain(|slot| {
                    assert_eq!(slot, next);
                    next += 1;
                    Ok(())
                })
                .unwrap();
            assert_eq!(next, count);
            assert!(slots.is_empty());
        }
    }
}
