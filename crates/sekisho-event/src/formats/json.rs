//! JSON records: one a line, pretty-printed one after another, in arrays or
//! in an object `{"Records": […]}`, in UTF-8 or UTF-16. What kind of record it
//! is (its *dialect*) is decided for each record, not for the file.
//!
//! The path of a byte: `cutter` finds where blocks may end, `layout` says
//! what stands between records, `scan` turns a record into cells without a
//! tree, `dialect` says what the cells are called, `read` puts them
//! into batches.

mod cloud;
mod cutter;
mod dialect;
mod layout;
mod paths;
mod read;
mod roles;
mod scan;
mod text;
mod windows;
mod zeek;

use std::sync::Arc;

use super::utf16;
use crate::problem::Problems;
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

/// The format `json`.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn recognises(&self, start: &[u8], _whole: bool) -> bool {
        match utf16::Encoding::of(start) {
            utf16::Encoding::Utf8 => layout::plausible(start),
            wide => layout::plausible(utf16::decode_start(start, wide).as_bytes()),
        }
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(cutter::JsonCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(read::JsonReader::default())
    }
}

/// A block of JSON records that another format wrote down, one a line.
pub(super) fn block_of_lines(lines: Vec<u8>, hints: &Arc<SourceHints>) -> Block {
    Block {
        bytes: lines,
        offset: 0,
        header: Arc::from(*b"\0\n{"),
        hints: Arc::clone(hints),
        problems: Problems::default(),
    }
}

pub(super) use text::write_string;
pub(super) use zeek::path_of_name;
