//! Entries of systemd's journal in its export format, as `journalctl -o
//! export`, `systemd-journal-remote` and `systemd-journal-gatewayd` give it:
//! fields `NAME=value`, one a line, an empty line after each entry. A value
//! that holds a line break stands after its length in bytes.

mod cutter;
mod entry;
mod read;

use std::sync::Arc;

use crate::reader::{Cutter, Format, Reader, SourceHints};

/// The format `journal-export`.
#[derive(Clone, Copy, Debug)]
pub struct JournalExport;

impl Format for JournalExport {
    fn name(&self) -> &'static str {
        "journal-export"
    }

    fn recognises(&self, start: &[u8], _whole: bool) -> bool {
        entry::plausible(start)
    }

    /// Values that are not text stand in it as they are.
    fn is_text(&self) -> bool {
        false
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(cutter::EntryCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(read::EntryReader::default())
    }
}
