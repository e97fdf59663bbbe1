//! What formats of lines share: how a source is cut between lines, how lines
//! over the limit are passed by, and where records stand.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memrchr};

use crate::limits::{BLOCK_PROBLEMS_MAX, RECORD_BYTES_MAX};
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Cutter, SourceHints};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The problem of a line over the limit.
pub(super) fn too_long(offset: u64) -> Problem {
    Problem::new(
        offset,
        format!("line longer than {RECORD_BYTES_MAX} bytes"),
        "shorter lines; this one is skipped",
    )
}

/// The lines of a block that are not empty, without their ends, and where each
/// of them begins.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    let all = std::iter::from_fn(move || {
        let at = next;
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let len = memchr(b'\n', rest).unwrap_or(rest.len());
        next = at + len + 1;
        let line = rest.get(..len)?;
        Some((at, line.strip_suffix(b"\r").unwrap_or(line)))
    });
    all.filter(|(_, line)| !line.is_empty())
}

/// Of the first lines of a source, at most so many, how many there are and how
/// many are known. The last line of a start that is not all may be cut off,
/// and does not count.
pub(super) fn sampled(
    start: &[u8],
    whole: bool,
    lines_max: usize,
    is_known: impl Fn(&str) -> bool,
) -> (usize, usize) {
    let start = start.strip_prefix(BOM).unwrap_or(start);
    let end = memrchr(b'\n', start).filter(|_| !whole).unwrap_or(start.len());
    let (mut seen, mut known) = (0, 0);
    for (_, line) in lines(start.get(..end).unwrap_or_default()).take(lines_max) {
        seen += 1;
        known += usize::from(is_known(&String::from_utf8_lossy(line)));
    }
    (seen, known)
}

/// The records of a block whose lines are kept as they are: where they stand.
#[derive(Debug)]
pub(super) struct Spans<'a> {
    pub(super) block: &'a Block,
    /// Start and end of each record within the block.
    pub(super) spans: Vec<(usize, usize)>,
}

impl<'a> Spans<'a> {
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.spans.len()).unwrap_or(u32::MAX)
    }

    /// Offset of a record in the source; of the block where there is none.
    pub(super) fn offset(&self, record: u32) -> u64 {
        let start = self.spans.get(record as usize).map_or(0, |s| s.0);
        self.block.offset + start as u64
    }

    /// The bytes of a record.
    pub(super) fn bytes(&self, record: u32) -> Option<&'a [u8]> {
        let &(start, end) = self.spans.get(record as usize)?;
        self.block.bytes.get(start..end)
    }
}

/// Bytes on their way from a source into blocks.
pub(super) struct Buffer {
    hints: Arc<SourceHints>,
    /// How large a block should be.
    pub(super) block_bytes: usize,
    /// What goes with each block.
    pub(super) header: Arc<[u8]>,
    /// Read and not yet given out; begins at the start of a line.
    pub(super) bytes: Vec<u8>,
    offset: u64,
    /// The source has no more.
    pub(super) ended: bool,
    problems: Problems,
}

impl Buffer {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        Self {
            hints,
            block_bytes: block_bytes.max(16),
            header: Arc::new([]),
            bytes: Vec::new(),
            offset: 0,
            ended: false,
            problems: Problems::default(),
        }
    }

    /// Reads until there are so many bytes, or the source ends.
    pub(super) fn fill(&mut self, input: &mut dyn Read, bytes: usize) -> io::Result<()> {
        if !self.ended && self.bytes.len() < bytes {
            let missing = bytes - self.bytes.len();
            self.bytes.reserve_exact(missing + 64);
            let limited = &mut *input;
            let got = limited.take(missing as u64).read_to_end(&mut self.bytes)?;
            self.ended = got < missing;
        }
        Ok(())
    }

    /// A block of the first `len` bytes.
    pub(super) fn give(&mut self, len: usize) -> Block {
        let rest = self.bytes.split_off(len);
        let bytes = std::mem::replace(&mut self.bytes, rest);
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

    /// The last block, if there is still something to say in one.
    pub(super) fn give_last(&mut self) -> Option<Block> {
        let last = !self.bytes.is_empty() || self.problems.count() > 0;
        last.then(|| self.give(self.bytes.len()))
    }

    pub(super) fn drop_front(&mut self, len: usize) {
        self.offset += len as u64;
        self.bytes.drain(..len);
    }

    /// At the start of a source: drops what says only that it is UTF-8.
    pub(super) fn drop_bom(&mut self) {
        let bom = self.bytes.starts_with(BOM);
        self.drop_front(if bom { BOM.len() } else { 0 });
    }

    /// Names a problem of what begins the buffer.
    pub(super) fn name(&mut self, problem: fn(u64) -> Problem) {
        if self.problems.named.len() < BLOCK_PROBLEMS_MAX {
            self.problems.push(problem(self.offset));
        }
    }

    /// Drops the first line, which is over the limit.
    pub(super) fn skip_long(&mut self, input: &mut dyn Read) -> io::Result<()> {
        self.name(too_long);
        loop {
            let end = memchr(b'\n', &self.bytes).map(|n| n + 1);
            self.drop_front(end.unwrap_or(self.bytes.len()));
            if end.is_some() || self.ended {
                return Ok(());
            }
            self.fill(input, self.block_bytes.max(1 << 16))?;
        }
    }
}

/// How large the next block of a log with header lines should be: little at
/// first and after the header changed, so that headers in a row do not each
/// cost a whole block.
#[derive(Debug)]
pub(super) struct Pace {
    next_bytes: usize,
    block_bytes: usize,
}

impl Pace {
    const FIRST_BYTES: usize = 64 << 10;

    /// How much larger a block may be than the one before it.
    const GROWTH: usize = 4;

    pub(super) fn new(block_bytes: usize) -> Self {
        Self { next_bytes: block_bytes.min(Self::FIRST_BYTES), block_bytes }
    }

    /// How much should be read before the next block is cut.
    pub(super) fn bytes(&self) -> usize {
        self.next_bytes
    }

    /// A block was cut, and whether a header ended it.
    pub(super) fn cut(&mut self, by_header: bool) {
        let grown = self.next_bytes.saturating_mul(Self::GROWTH).max(64);
        let bytes = if by_header { Self::FIRST_BYTES } else { grown };
        self.next_bytes = bytes.min(self.block_bytes);
    }
}

/// Cuts a source of lines that need nothing of each other.
pub(super) struct LineCutter {
    buffer: Buffer,
    started: bool,
}

impl LineCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        Self { buffer: Buffer::new(hints, block_bytes), started: false }
    }
}

impl Cutter for LineCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let buffer = &mut self.buffer;
        let mut target = buffer.block_bytes;
        loop {
            buffer.fill(input, target)?;
            if !std::mem::replace(&mut self.started, true) {
                buffer.drop_bom();
            }
            if buffer.ended {
                return Ok(buffer.give_last());
            }
            if let Some(end) = memrchr(b'\n', &buffer.bytes) {
                return Ok(Some(buffer.give(end + 1)));
            }
            if buffer.bytes.len() > RECORD_BYTES_MAX {
                buffer.skip_long(input)?;
            }
            target = buffer.bytes.len() + buffer.block_bytes;
        }
    }
}
