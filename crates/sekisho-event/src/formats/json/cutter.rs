//! Cuts a JSON source between records. Where every record begins on a line of
//! its own, a search for that line's beginning suffices; elsewhere brackets and
//! quotes are followed. Memory stays bounded whatever the source holds.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::memmem;

use super::layout::{Balance, Outside, balanced_end, boundary, outside};
use super::utf16::{Decoder, Encoding, wide_len};
use crate::limits::RECORD_BYTES_MAX;
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Cutter, SourceHints};

/// Marks, in a block's header, a source in UTF-16.
pub(super) const WIDE: u8 = 1;

/// The problem of a record over the limit.
pub(super) fn too_long(offset: u64) -> Problem {
    Problem::new(
        offset,
        format!("record longer than {RECORD_BYTES_MAX} bytes"),
        "shorter records; this one is skipped",
    )
}

/// Whether records begin with a known line, once the start was seen.
#[derive(Debug)]
enum Way {
    Unknown,
    /// Each begins with these bytes; the first of them is the line break.
    Lines(Vec<u8>),
    Brackets,
}

pub(super) struct JsonCutter {
    hints: Arc<SourceHints>,
    block_bytes: usize,
    way: Way,
    decoder: Option<Decoder>,
    header: Arc<[u8]>,
    /// Read and not yet given out; begins between two records.
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte in the source.
    offset: u64,
    piece: Vec<u8>,
    started: bool,
    ended: bool,
}

impl JsonCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        Self {
            hints,
            block_bytes: block_bytes.max(1),
            way: Way::Unknown,
            decoder: None,
            header: Arc::new([]),
            buffer: Vec::new(),
            offset: 0,
            piece: Vec::new(),
            started: false,
            ended: false,
        }
    }

    /// Reads until the buffer holds this much or the source ends.
    fn fill(&mut self, input: &mut dyn Read, bytes: usize) -> io::Result<()> {
        while !self.ended && self.buffer.len() < bytes {
            let missing = (bytes - self.buffer.len()).max(4) as u64;
            self.piece.clear();
            // A block is filled once and given away: no growing step by step.
            self.buffer.reserve_exact(bytes - self.buffer.len() + 64);
            let limited = &mut *input;
            let got = if self.started && self.decoder.is_none() {
                limited.take(missing).read_to_end(&mut self.buffer)?
            } else {
                limited.take(missing).read_to_end(&mut self.piece)?
            };
            self.ended = got == 0;
            if !self.started {
                self.start();
            }
            if let Some(decoder) = &mut self.decoder {
                decoder.decode(&self.piece, &mut self.buffer);
                if self.ended {
                    decoder.end(&mut self.buffer);
                }
            }
        }
        Ok(())
    }

    /// At the first bytes: encoding and byte order mark.
    fn start(&mut self) {
        self.started = true;
        let piece = std::mem::take(&mut self.piece);
        match Encoding::of(&piece) {
            Encoding::Utf8 => self.buffer = piece,
            wide => {
                self.decoder = Some(Decoder::new(wide));
                self.piece = piece;
            }
        }
    }

    fn decide(&mut self) {
        self.way = boundary(&self.buffer, self.ended).map_or(Way::Brackets, Way::Lines);
        let mut header = vec![if self.decoder.is_some() { WIDE } else { 0 }];
        if let Way::Lines(pattern) = &self.way {
            header.extend_from_slice(pattern);
        }
        self.header = header.into();
    }

    /// Where the last whole record of the buffer ends.
    fn cut(&self) -> Option<usize> {
        match &self.way {
            Way::Lines(pattern) => memmem::rfind(&self.buffer, pattern)
                .map(|n| n + 1)
                .filter(|&n| n < self.buffer.len()),
            _ => {
                let (mut at, mut cut) = (0, None);
                loop {
                    match outside(&self.buffer, at) {
                        Outside::Record(start) => match balanced_end(&self.buffer, start) {
                            Some(end) => {
                                at = end;
                                cut = Some(end);
                            }
                            None => return cut,
                        },
                        Outside::Junk(_, end) if end < self.buffer.len() => at = end,
                        _ => return cut,
                    }
                }
            }
        }
    }

    /// Where the first record of a buffer that is over the limit ends, if it
    /// is a whole one.
    fn first_record_end(&self) -> Option<usize> {
        if self.buffer.len() <= RECORD_BYTES_MAX {
            return None;
        }
        match outside(&self.buffer, 0) {
            Outside::Record(start) => balanced_end(&self.buffer, start),
            _ => None,
        }
    }

    /// Gives out the first bytes of the buffer.
    fn give(&mut self, len: usize, problems: Problems) -> Block {
        let rest = self.buffer.split_off(len);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let offset = self.offset;
        self.offset += self.source_len(&bytes);
        Block {
            bytes,
            offset,
            header: Arc::clone(&self.header),
            hints: Arc::clone(&self.hints),
            problems,
        }
    }

    fn source_len(&self, bytes: &[u8]) -> u64 {
        if self.decoder.is_some() { wide_len(bytes) } else { bytes.len() as u64 }
    }

    fn drop_front(&mut self, len: usize) {
        self.offset += self.source_len(self.buffer.get(..len).unwrap_or_default());
        self.buffer.drain(..len);
    }

    /// Skips the record that is longer than the limit.
    fn skip_long(&mut self, input: &mut dyn Read) -> io::Result<Problem> {
        let start = match outside(&self.buffer, 0) {
            Outside::Record(start) => start,
            _ => 0,
        };
        let offset = self.offset + self.source_len(self.buffer.get(..start).unwrap_or_default());
        self.drop_front(start);
        let mut balance = Balance::default();
        loop {
            let (end, keep) = match &self.way {
                Way::Lines(pattern) => {
                    (memmem::find(&self.buffer, pattern).map(|n| n + 1), pattern.len() - 1)
                }
                _ => (balance.advance(&self.buffer), 0),
            };
            let keep = if self.ended { 0 } else { keep };
            let len = end.unwrap_or(self.buffer.len().saturating_sub(keep));
            self.drop_front(len);
            if end.is_some() || self.ended {
                return Ok(too_long(offset));
            }
            let more = self.buffer.len() + self.block_bytes.max(1 << 16);
            self.fill(input, more)?;
        }
    }
}

impl Cutter for JsonCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let mut target = self.block_bytes;
        if matches!(self.way, Way::Unknown) {
            // What decides must not depend on the size of blocks.
            self.fill(input, (1 << 16).max(target))?;
            let shown = self.buffer.len().min(1 << 16);
            let whole = self.ended && shown == self.buffer.len();
            let rest = self.buffer.split_off(shown);
            let ended = std::mem::replace(&mut self.ended, whole);
            self.decide();
            self.ended = ended;
            self.buffer.extend_from_slice(&rest);
        }
        loop {
            self.fill(input, target)?;
            if self.ended && self.buffer.len() <= RECORD_BYTES_MAX.max(self.block_bytes) {
                let len = self.buffer.len();
                return Ok((len > 0).then(|| self.give(len, Problems::default())));
            }
            if let Some(len) = self.cut() {
                return Ok(Some(self.give(len, Problems::default())));
            }
            if let Some(end) = self.first_record_end() {
                // What follows it is none, however long: only that is skipped.
                return Ok(Some(self.give(end, Problems::default())));
            }
            if self.buffer.len() > RECORD_BYTES_MAX {
                let mut problems = Problems::default();
                problems.push(self.skip_long(input)?);
                return Ok(Some(self.give(0, problems)));
            }
            target = (self.buffer.len() + self.block_bytes).min(RECORD_BYTES_MAX + 1);
            target = target.max(self.buffer.len() + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(source: &[u8], size: usize) -> Vec<Block> {
        let mut cutter = JsonCutter::new(Arc::default(), size);
        let mut input = source;
        std::iter::from_fn(|| cutter.next(&mut input).unwrap()).collect()
    }

    #[test]
    fn no_byte_is_lost_or_twice() {
        let source = b"[{\"a\":\"}{\"},{\"b\":[{}]} ,\n{\"c\":\"\\\"\"}]\n".repeat(5);
        for size in 1..source.len() {
            let all: Vec<u8> = blocks(&source, size).into_iter().flat_map(|b| b.bytes).collect();
            assert_eq!(all, source);
        }
    }

    #[test]
    fn a_record_before_much_junk_is_kept() {
        for junk in [b' ', b'\n', b'x'] {
            let mut source = b"{\"a\":1}\n{\"b\":2}\n".to_vec();
            source.resize(RECORD_BYTES_MAX + (1 << 20), junk);
            source.extend_from_slice(b"\n{\"c\":3}\n");
            let all: Vec<u8> = blocks(&source, 1 << 20).into_iter().flat_map(|b| b.bytes).collect();
            for record in [&b"{\"a\":1}"[..], b"{\"b\":2}", b"{\"c\":3}"] {
                assert!(memmem::find(&all, record).is_some(), "{junk}");
            }
        }
    }

    #[test]
    fn a_long_record_is_named_and_the_next_one_read() {
        for (open, close) in [("{\"a\":1}\n{\"b\":\"", "\"}\n"), ("[{\"a\":1},{\"b\":\"", "\"},")] {
            let mut source = open.as_bytes().to_vec();
            source.resize(RECORD_BYTES_MAX + 100, b'x');
            source.extend_from_slice(close.as_bytes());
            let tail = source.len();
            source.extend_from_slice(b"{\"c\":3}");
            let blocks = blocks(&source, 1 << 20);
            let problems: Vec<_> = blocks.iter().flat_map(|b| &b.problems.named).collect();
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].offset, open.find("{\"b").unwrap() as u64);
            assert!(blocks.iter().all(|b| b.bytes.len() < 2 << 20));
            let last = blocks.last().unwrap();
            assert_eq!(last.offset + last.bytes.len() as u64, tail as u64 + 7);
            assert!(last.bytes.ends_with(b"{\"c\":3}"));
        }
    }
}
