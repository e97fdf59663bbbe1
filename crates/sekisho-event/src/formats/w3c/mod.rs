//! The extended log format of the W3C: lines of values under a `#Fields` line
//! that names them. IIS, proxies, CloudFront, the Windows firewall and Exchange
//! write it, each with habits of its own.
//!
//! The header travels with each block. A source whose header changes in the
//! middle (a server that was started anew) is cut where that happens.

mod cutter;
mod header;
mod headless;
mod record;

use std::sync::Arc;

use memchr::memrchr;

use self::header::Header;
use super::lines::lines;
use super::text::{Fault, Sink, TextFormat, TextReader};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

/// How many lines may stand before the first line of the header.
const LINES_BEFORE_MAX: usize = 20;

/// The format `w3c`.
#[derive(Clone, Copy, Debug)]
pub struct W3c;

impl Format for W3c {
    fn name(&self) -> &'static str {
        "w3c"
    }

    /// A `#Fields:` line, near the start or among lines that all begin with
    /// `#`; or lines of IIS that need none.
    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
        // The last line may be cut off.
        let end = memrchr(b'\n', start).filter(|_| !whole).unwrap_or(start.len());
        let sure = lines(start.get(..end).unwrap_or_default()).map(|(_, line)| line);
        if headless::recognises(sure.filter(|l| l.first() != Some(&b'#')).take(LINES_BEFORE_MAX)) {
            return true;
        }
        let mut others = 0;
        for (_, line) in lines(start) {
            if header::is_fields(line) {
                return true;
            }
            others += usize::from(line.first() != Some(&b'#'));
            if others > LINES_BEFORE_MAX {
                return false;
            }
        }
        false
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(cutter::HeaderCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TextReader::<Lines>::default())
    }
}

/// A line that is no comment is a record.
#[derive(Default)]
struct Lines;

impl TextFormat for Lines {
    type Context = Header;

    fn context(&self, block: &Block) -> Header {
        Header::parse(&block.header)
    }

    fn spans(&self, bytes: &[u8], header: &Header) -> Vec<(usize, usize)> {
        lines(bytes)
            .filter(|(_, line)| line.first() != Some(&b'#') && !header.is_repeated_by(line))
            .map(|(at, line)| (at, at + line.len()))
            .collect()
    }

    fn read(&self, text: &str, header: &Header, sink: &mut dyn Sink) -> Result<(), Fault> {
        record::say(text, header, sink)
    }
}
