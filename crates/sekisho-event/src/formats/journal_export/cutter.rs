//! Cuts an export between entries. Values may hold anything, so it is walked
//! from its beginning.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::memmem;

use super::entry::{self, End};
use crate::formats::lines::Buffer;
use crate::limits::RECORD_BYTES_MAX;
use crate::problem::Problem;
use crate::reader::{Block, Cutter, SourceHints};

pub(super) struct EntryCutter {
    buffer: Buffer,
    started: bool,
    /// Up to here entries are known to end.
    walked: usize,
}

/// The problem of an entry over the limit.
pub(super) fn too_long(offset: u64) -> Problem {
    Problem::new(
        offset,
        format!("entry longer than {RECORD_BYTES_MAX} bytes"),
        "shorter entries; this one is skipped",
    )
}

/// Where what follows an entry over the limit begins.
pub(super) fn after_long(bytes: &[u8], start: usize) -> Option<usize> {
    // The empty line may begin within what was looked at.
    let from = start + RECORD_BYTES_MAX - 1;
    Some(from + memmem::find(bytes.get(from..)?, b"\n\n")? + 2)
}

impl EntryCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        Self { buffer: Buffer::new(hints, block_bytes), started: false, walked: 0 }
    }

    fn give(&mut self) -> Block {
        let len = std::mem::take(&mut self.walked);
        self.buffer.give(len)
    }

    /// Drops the entry over the limit at the buffer's beginning.
    fn skip_long(&mut self, input: &mut dyn Read) -> io::Result<()> {
        self.buffer.name(too_long);
        loop {
            if let Some(end) = after_long(&self.buffer.bytes, 0) {
                self.buffer.drop_front(end);
                return Ok(());
            }
            if self.buffer.ended {
                self.buffer.drop_front(self.buffer.bytes.len());
                return Ok(());
            }
            let more = self.buffer.bytes.len() + self.buffer.block_bytes.max(1 << 16);
            // What was looked at is dropped, but for the length that is passed
            // by again.
            let seen = self.buffer.bytes.len() - RECORD_BYTES_MAX;
            self.buffer.drop_front(seen);
            self.buffer.fill(input, more - seen)?;
        }
    }
}

impl Cutter for EntryCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let mut target = self.buffer.block_bytes;
        loop {
            self.buffer.fill(input, target)?;
            if !std::mem::replace(&mut self.started, true) {
                self.buffer.drop_bom();
            }
            loop {
                let (bytes, ended) = (&self.buffer.bytes, self.buffer.ended);
                if self.walked >= bytes.len() {
                    break;
                }
                match entry::end(bytes, self.walked, ended) {
                    End::At(len) => self.walked += len,
                    End::Long if self.walked == 0 => self.skip_long(input)?,
                    End::Long | End::Open => break,
                }
            }
            if self.walked > 0 {
                return Ok(Some(self.give()));
            }
            if self.buffer.ended {
                return Ok(self.buffer.give_last());
            }
            target = self.buffer.bytes.len() + self.buffer.block_bytes;
        }
    }
}
