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
mod value;

use std::io::{self, Read};
use std::sync::Arc;

use crate::problem::{Problem, Problems};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

use chunk::CHUNK_BYTES;
pub use read::EvtxReader;

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
        start.starts_with(MAGIC)
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        let block_bytes = (block_bytes / CHUNK_BYTES).max(1) * CHUNK_BYTES;
        Box::new(EvtxCutter { hints, block_bytes, header: None, offset: 0, ended: false })
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
    offset: u64,
    ended: bool,
}

impl EvtxCutter {
    /// Reads the file's header; a problem if it ends too soon.
    fn read_header(&mut self, input: &mut dyn Read) -> io::Result<Option<Problem>> {
        let mut header = Vec::with_capacity(HEADER_BYTES);
        input.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        let stated = bytes::u16_at(&header, 40).map_or(HEADER_BYTES, usize::from);
        let size = if stated >= HEADER_BYTES { stated } else { HEADER_BYTES };
        let more = size.saturating_sub(HEADER_BYTES) as u64;
        input.take(more).read_to_end(&mut header)?;
        self.offset = header.len() as u64;
        let short = (header.len() < size).then(|| {
            let what = format!("file ends within its header, after {} bytes", header.len());
            Problem::new(self.offset, what, format!("a header of {size} bytes"))
        });
        self.header = Some(header.into());
        Ok(short)
    }
}

impl EvtxCutter {
    /// At the file's end, `more` bytes behind what was given out: a problem if
    /// the header counts more chunks than came. It may count fewer (a log that
    /// was not closed), and cannot count more than 65,535.
    fn missing_chunks(&self, more: usize) -> Option<Problem> {
        let header = self.header.as_deref()?;
        let stated = bytes::u16_at(header, 42).filter(|&n| n < u16::MAX)?;
        let end = self.offset + more as u64;
        let found = end.checked_sub(header.len() as u64)? / CHUNK_BYTES as u64;
        (found < u64::from(stated)).then(|| {
            let what = format!("file ends after {found} of the {stated} chunks its header counts");
            Problem::new(end, what, "the whole file; what is there was read")
        })
    }
}

impl Cutter for EvtxCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        if self.ended {
            return Ok(None);
        }
        let mut problems = Problems::default();
        if self.header.is_none()
            && let Some(short) = self.read_header(input)?
        {
            problems.push(short);
        }
        let size = self.block_bytes;
        let mut bytes = Vec::with_capacity(size);
        input.take(size as u64).read_to_end(&mut bytes)?;
        self.ended = bytes.len() < size;
        if self.ended
            && let Some(missing) = self.missing_chunks(bytes.len())
        {
            problems.push(missing);
        }
        if bytes.is_empty() && problems.count() == 0 {
            return Ok(None);
        }
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        let header = self.header.clone().unwrap_or_default();
        Ok(Some(Block { bytes, offset, header, hints: Arc::clone(&self.hints), problems }))
    }
}
