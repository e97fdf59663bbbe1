//! Cuts a Zeek log between lines, and where its header changes.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memmem, memrchr};

use super::header::counts;
use crate::formats::lines::{Buffer, Pace};
use crate::limits::RECORD_BYTES_MAX;
use crate::reader::{Block, Cutter, SourceHints};

pub(super) struct TsvCutter {
    buffer: Buffer,
    pace: Pace,
    started: bool,
}

impl TsvCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        let buffer = Buffer::new(hints, block_bytes);
        let pace = Pace::new(buffer.block_bytes);
        Self { buffer, pace, started: false }
    }

    /// Takes the header lines at the start of the buffer, whatever else
    /// begins with `#` included. `false` if more bytes are needed first.
    fn take_header(&mut self) -> bool {
        let mut lines: Vec<u8> = Vec::new();
        let mut at = 0;
        while self.buffer.bytes.get(at) == Some(&b'#') {
            let rest = self.buffer.bytes.get(at..).unwrap_or_default();
            let len = match memchr(b'\n', rest) {
                Some(n) => n + 1,
                None if self.buffer.ended => rest.len(),
                None => return false,
            };
            let line = rest.get(..len).unwrap_or_default();
            if counts(line) {
                lines.extend_from_slice(line);
                if !line.ends_with(b"\n") {
                    lines.push(b'\n');
                }
            }
            at += len;
        }
        if at == self.buffer.bytes.len() && !self.buffer.ended {
            return false;
        }
        if !lines.is_empty() {
            // A header that says only some things keeps the rest of the old.
            let fresh = lines.starts_with(b"#separator");
            let mut all = if fresh { Vec::new() } else { self.buffer.header.to_vec() };
            all.extend_from_slice(&lines);
            self.buffer.header = all.into();
        }
        self.buffer.drop_front(at);
        true
    }

    /// Where the lines under the present header end, as far as can be seen,
    /// and whether it is a header that ends them.
    fn cut(&self) -> Option<(usize, bool)> {
        let mut from = 0;
        while let Some(n) = memmem::find(self.buffer.bytes.get(from..)?, b"\n#") {
            let line = from + n + 1;
            let rest = self.buffer.bytes.get(line..)?;
            if counts(rest) {
                return Some((line, true));
            }
            from = line;
        }
        if self.buffer.ended {
            return Some((self.buffer.bytes.len(), false));
        }
        memrchr(b'\n', &self.buffer.bytes).map(|n| (n + 1, false))
    }
}

impl Cutter for TsvCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let mut target = self.pace.bytes();
        loop {
            self.buffer.fill(input, target)?;
            if !self.started {
                self.started = true;
                self.buffer.drop_bom();
                let bytes = &self.buffer.bytes;
                let blank = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
                self.buffer.drop_front(blank);
            }
            let ready = self.take_header();
            let empty = self.buffer.bytes.is_empty();
            if ready && empty && self.buffer.ended {
                return Ok(self.buffer.give_last());
            }
            if ready
                && !empty
                && let Some((len, by_header)) = self.cut()
            {
                self.pace.cut(by_header);
                return Ok(Some(self.buffer.give(len)));
            }
            if self.buffer.bytes.len() > RECORD_BYTES_MAX {
                self.buffer.skip_long(input)?;
            }
            target = self.buffer.bytes.len() + self.pace.bytes();
        }
    }
}
