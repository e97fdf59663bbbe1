//! Zeek's own log format: lines of columns under a header that names them.
//!
//! The header travels with each block. A source whose header changes in the
//! middle (rotated logs put together) is cut where that happens.

mod cutter;
mod header;
mod read;

use std::sync::Arc;

use crate::reader::{Cutter, Format, Reader, SourceHints};

/// The format `zeek-tsv`.
#[derive(Clone, Copy, Debug)]
pub struct ZeekTsv;

impl Format for ZeekTsv {
    fn name(&self) -> &'static str {
        "zeek-tsv"
    }

    fn recognises(&self, start: &[u8], _whole: bool) -> bool {
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
        let start = start.trim_ascii_start();
        [b"#separator ".as_slice(), b"#fields\t", b"#fields "].iter().any(|s| start.starts_with(s))
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(cutter::TsvCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(read::TsvReader::default())
    }
}
