//! Cuts a source after the end of an event. UTF-16 is turned to UTF-8 on the
//! way, while offsets stay those of the source.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::memmem;

use crate::formats::lines::too_long;
use crate::formats::utf16::{Decoder, Encoding, wide_len};
use crate::limits::RECORD_BYTES_MAX;
use crate::problem::Problems;
use crate::reader::{Block, Cutter, SourceHints};

/// Marks, in a block's header, a source in UTF-16.
pub(super) const WIDE: u8 = 1;

/// How an event begins; a letter may follow that makes it another element.
pub(super) const OPEN: &[u8] = b"<Event";

const CLOSE: &[u8] = b"</Event>";

/// By the byte order mark, or by the zero byte beside the first bracket.
pub(super) fn encoding(start: &[u8]) -> Encoding {
    match start {
        [b'<', 0, ..] => Encoding::Utf16Le,
        [0, b'<', ..] => Encoding::Utf16Be,
        _ => Encoding::of(start),
    }
}

/// Where the first event that ends after `from` does so.
pub(super) fn end_of_event(bytes: &[u8], from: usize) -> Option<usize> {
    Some(from + memmem::find(bytes.get(from..)?, CLOSE)? + CLOSE.len())
}

pub(super) struct XmlCutter {
    hints: Arc<SourceHints>,
    block_bytes: usize,
    decoder: Option<Decoder>,
    header: Arc<[u8]>,
    /// Read and not yet given out; begins between two events.
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte in the source.
    offset: u64,
    started: bool,
    ended: bool,
    problems: Problems,
}

impl XmlCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        Self {
            hints,
            block_bytes: block_bytes.max(1),
            decoder: None,
            header: Arc::new([]),
            buffer: Vec::new(),
            offset: 0,
            started: false,
            ended: false,
            problems: Problems::default(),
        }
    }

    /// Reads until the buffer holds this much or the source ends.
    fn fill(&mut self, input: &mut dyn Read, bytes: usize) -> io::Result<()> {
        while !self.ended && self.buffer.len() < bytes {
            let missing = (bytes - self.buffer.len()).max(4) as u64;
            let mut piece = Vec::new();
            let limited = &mut *input;
            self.ended = limited.take(missing).read_to_end(&mut piece)? == 0;
            if !std::mem::replace(&mut self.started, true) {
                match encoding(&piece) {
                    Encoding::Utf8 => {}
                    wide => {
                        self.decoder = Some(Decoder::new(wide));
                        self.header = Arc::new([WIDE]);
                    }
                }
            }
            match &mut self.decoder {
                Some(decoder) => {
                    decoder.decode(&piece, &mut self.buffer);
                    if self.ended {
                        decoder.end(&mut self.buffer);
                    }
                }
                None if self.buffer.is_empty() => self.buffer = piece,
                None => self.buffer.append(&mut piece),
            }
        }
        Ok(())
    }

    fn source_len(&self, len: usize) -> u64 {
        let bytes = self.buffer.get(..len).unwrap_or_default();
        if self.decoder.is_some() { wide_len(bytes) } else { bytes.len() as u64 }
    }

    fn give(&mut self, len: usize) -> Block {
        let offset = self.offset;
        self.offset += self.source_len(len);
        let rest = self.buffer.split_off(len);
        Block {
            bytes: std::mem::replace(&mut self.buffer, rest),
            offset,
            header: Arc::clone(&self.header),
            hints: Arc::clone(&self.hints),
            problems: std::mem::take(&mut self.problems),
        }
    }

    /// Drops what is longer than any event may be, up to an event's end.
    fn skip_long(&mut self, input: &mut dyn Read) -> io::Result<()> {
        let start = super::opens(&self.buffer, 0).unwrap_or(0);
        self.problems.push(too_long(self.offset + self.source_len(start)));
        loop {
            let end = end_of_event(&self.buffer, 0);
            let keep = if self.ended { 0 } else { CLOSE.len() };
            let len = end.unwrap_or(self.buffer.len().saturating_sub(keep));
            self.offset += self.source_len(len);
            self.buffer.drain(..len);
            if end.is_some() || self.ended {
                return Ok(());
            }
            self.fill(input, self.buffer.len() + self.block_bytes.max(1 << 16))?;
        }
    }
}

impl Cutter for XmlCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let mut target = self.block_bytes;
        loop {
            self.fill(input, target)?;
            if self.ended && self.buffer.len() <= RECORD_BYTES_MAX.max(self.block_bytes) {
                let last = !self.buffer.is_empty() || self.problems.count() > 0;
                return Ok(last.then(|| self.give(self.buffer.len())));
            }
            if let Some(at) = memmem::rfind(&self.buffer, CLOSE) {
                return Ok(Some(self.give(at + CLOSE.len())));
            }
            if self.buffer.len() > RECORD_BYTES_MAX {
                self.skip_long(input)?;
            }
            target = self.buffer.len() + self.block_bytes.max(64);
        }
    }
}
