//! EVTX, the event log of Windows. Records are templates with gaps and typed
//! values that fill them; so the fields of a template are worked out once
//! (`layout`) and a record costs only its values, looked up in the
//! dictionaries by their raw bytes. What is out of the ordinary is rendered by
//! the `evtx` crate and read from that (`slow`).

mod bytes;
mod chunk;
mod json;
mod layout;
pub(super) mod names;
mod open;
mod read;
mod slow;
mod survey;
mod value;

use std::io::{self, Read};
use std::sync::Arc;

use crate::problem::Problem;
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

use chunk::CHUNK_BYTES;
pub use read::EvtxReader;
use survey::{Stretch, Survey};

const MAGIC: &[u8] = b"ElfFile\0";
const HEADER_BYTES: usize = 4096;

/// The format `evtx`.
#[derive(Clone, Copy, Debug)]
pub struct Evtx;

impl Format for Evtx {
    fn name(&self) -> &'static str {
        "evtx"
    }

    fn recognises(&self, start: &[u8], _whole: bool) -> bool {
        // Where the header was wiped, the chunks behind it say what it is.
        start.starts_with(MAGIC)
            || chunk::is_header(start)
            || start.get(HEADER_BYTES..).is_some_and(chunk::is_header)
    }

    fn is_text(&self) -> bool {
        false
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        let block_bytes = (block_bytes / CHUNK_BYTES).max(1) * CHUNK_BYTES;
        Box::new(EvtxCutter {
            hints,
            block_bytes,
            header: None,
            buffer: Vec::new(),
            offset: 0,
            ended: false,
            survey: Survey::default(),
        })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(EvtxReader::default())
    }
}

/// Cuts a file behind its header into blocks of whole chunks.
#[derive(Debug)]
struct EvtxCutter {
    hints: Arc<SourceHints>,
    block_bytes: usize,
    header: Option<Arc<[u8]>>,
    /// Read and not yet given out; begins where a chunk should.
    buffer: Vec<u8>,
    /// Of the buffer in the source.
    offset: u64,
    /// Nothing more can be read.
    ended: bool,
    survey: Survey,
}

impl EvtxCutter {
    /// Reads the file's header, and names what is wrong with it.
    fn read_header(&mut self, input: &mut dyn Read) -> io::Result<()> {
        let mut header = Vec::with_capacity(HEADER_BYTES);
        input.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        if !header.starts_with(MAGIC) {
            // Recognised by its chunks: they stand at once, or behind what is
            // left of a header.
            let what = "file has no header, only chunks";
            let expected = "the magic `ElfFile` and how many chunks there are; whether any are \
                            missing is not known";
            self.survey.problems.push(Problem::new(0, what, expected));
            if chunk::is_header(&header) {
                self.buffer = std::mem::take(&mut header);
            }
        } else if let Some(damage) = survey::damage(&header) {
            self.survey.problems.push(Problem::new(0, damage, "an unaltered header"));
        } else {
            let stated = bytes::u16_at(&header, 40).map_or(HEADER_BYTES, usize::from);
            let size = stated.max(HEADER_BYTES);
            let more = size.saturating_sub(HEADER_BYTES) as u64;
            input.take(more).read_to_end(&mut header)?;
            if header.len() < size {
                let what = format!("file ends within its header, after {} bytes", header.len());
                let expected = format!("a header of {size} bytes");
                self.survey.problems.push(Problem::new(header.len() as u64, what, expected));
            }
            self.survey.state(&header);
        }
        self.offset = header.len() as u64;
        self.header = Some(header.into());
        Ok(())
    }
}

impl Cutter for EvtxCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        if self.header.is_none() {
            self.read_header(input)?;
        }
        loop {
            if !self.ended {
                let missing = self.block_bytes.saturating_sub(self.buffer.len());
                self.buffer.reserve_exact(missing);
                let got = input.take(missing as u64).read_to_end(&mut self.buffer)?;
                self.ended = got < missing;
            }
            let header = self.header.clone().unwrap_or_default();
            let Stretch { given, passed } =
                self.survey.look(&self.buffer, self.offset, header.len() as u64);
            let at_end = self.ended && given + passed >= self.buffer.len();
            if at_end {
                let end = self.offset + self.buffer.len() as u64;
                self.survey.end(end, header.len() as u64);
            }
            if given == 0 && passed > 0 && !at_end {
                self.offset += passed as u64;
                self.buffer.drain(..passed);
                continue;
            }
            let problems = std::mem::take(&mut self.survey.problems);
            if given == 0 && problems.count() == 0 {
                return Ok(None);
            }
            let rest = self.buffer.split_off(given);
            let bytes = std::mem::replace(&mut self.buffer, rest);
            let offset = self.offset;
            self.offset += (given + passed) as u64;
            self.buffer.drain(..passed);
            return Ok(Some(Block {
                bytes,
                offset,
                header,
                hints: Arc::clone(&self.hints),
                problems,
            }));
        }
    }
}
