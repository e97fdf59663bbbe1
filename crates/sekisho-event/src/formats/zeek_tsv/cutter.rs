//! Cuts a Zeek log between lines, and where its header changes.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memmem, memrchr};

use super::header::counts;
use crate::limits::{BLOCK_PROBLEMS_MAX, RECORD_BYTES_MAX};
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Cutter, SourceHints};

pub(super) struct TsvCutter {
    hints: Arc<SourceHints>,
    block_bytes: usize,
    header: Arc<[u8]>,
    /// Read and not yet given out; begins at the start of a line.
    buffer: Vec<u8>,
    offset: u64,
    started: bool,
    ended: bool,
    problems: Problems,
}

/// The problem of a line over the limit.
pub(super) fn too_long(offset: u64) -> Problem {
    Problem::new(
        offset,
        format!("line longer than {RECORD_BYTES_MAX} bytes"),
        "shorter lines; this one is skipped",
    )
}

impl TsvCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        Self {
            hints,
            block_bytes: block_bytes.max(1),
            header: Arc::new([]),
            buffer: Vec::new(),
            offset: 0,
            started: false,
            ended: false,
            problems: Problems::default(),
        }
    }

    fn fill(&mut self, input: &mut dyn Read, bytes: usize) -> io::Result<()> {
        if !self.ended && self.buffer.len() < bytes {
            let missing = bytes - self.buffer.len();
            self.buffer.reserve_exact(missing + 64);
            let limited = &mut *input;
            let got = limited.take(missing as u64).read_to_end(&mut self.buffer)?;
            self.ended = got < missing;
        }
        Ok(())
    }

    fn give(&mut self, len: usize) -> Block {
        let rest = self.buffer.split_off(len);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Block {
            bytes,
            offset,
            header: Arc::clone(&self.header),
            hints: Arc::clone(&self.hints),
            problems: std::mem::take(&mut self.problems),
        }
    }

    fn drop_front(&mut self, len: usize) {
        self.offset += len as u64;
        self.buffer.drain(..len);
    }

    /// Takes the header lines at the start of the buffer, whatever else
    /// begins with `#` included. `false` if more bytes are needed first.
    fn take_header(&mut self) -> bool {
        let mut lines: Vec<u8> = Vec::new();
        let mut at = 0;
        while self.buffer.get(at) == Some(&b'#') {
            let rest = self.buffer.get(at..).unwrap_or_default();
            let len = match memchr(b'\n', rest) {
                Some(n) => n + 1,
                None if self.ended => rest.len(),
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
        if at == self.buffer.len() && !self.ended {
            return false;
        }
        if !lines.is_empty() {
            // A header that says only some things keeps the rest of the old.
            let fresh = lines.starts_with(b"#separator");
            let mut all = if fresh { Vec::new() } else { self.header.to_vec() };
            all.extend_from_slice(&lines);
            self.header = all.into();
        }
        self.drop_front(at);
        true
    }

    /// Where the lines under the present header end, as far as can be seen.
    fn cut(&self) -> Option<usize> {
        let mut from = 0;
        while let Some(n) = memmem::find(self.buffer.get(from..)?, b"\n#") {
            let line = from + n + 1;
            let rest = self.buffer.get(line..)?;
            if counts(rest) {
                return Some(line);
            }
            from = line;
        }
        if self.ended {
            return Some(self.buffer.len());
        }
        memrchr(b'\n', &self.buffer).map(|n| n + 1)
    }

    fn skip_long(&mut self, input: &mut dyn Read) -> io::Result<()> {
        if self.problems.named.len() < BLOCK_PROBLEMS_MAX {
            self.problems.push(too_long(self.offset));
        }
        loop {
            let end = memchr(b'\n', &self.buffer).map(|n| n + 1);
            self.drop_front(end.unwrap_or(self.buffer.len()));
            if end.is_some() || self.ended {
                return Ok(());
            }
            self.fill(input, self.block_bytes.max(1 << 16))?;
        }
    }
}

impl Cutter for TsvCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let mut target = self.block_bytes.max(16);
        loop {
            self.fill(input, target)?;
            if !self.started {
                self.started = true;
                let bom = self.buffer.starts_with(b"\xEF\xBB\xBF");
                self.drop_front(if bom { 3 } else { 0 });
                let blank = self.buffer.iter().take_while(|b| b.is_ascii_whitespace()).count();
                self.drop_front(blank);
            }
            let ready = self.take_header();
            if ready && self.buffer.is_empty() && self.ended {
                let last = self.problems.count() > 0;
                return Ok(last.then(|| self.give(0)));
            }
            if ready
                && !self.buffer.is_empty()
                && let Some(len) = self.cut()
            {
                return Ok(Some(self.give(len)));
            }
            if self.buffer.len() > RECORD_BYTES_MAX {
                self.skip_long(input)?;
            }
            target = self.buffer.len() + self.block_bytes.max(16);
        }
    }
}
