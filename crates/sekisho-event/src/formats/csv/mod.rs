//! Tables with a header row, as programs export them: RFC 4180 and what is
//! made of it. What a row means is told by the names of the columns; where the
//! same records are known as JSON, a row is read as that.
//!
//! The path of a byte: `look` tells how the table is written (by its `head`)
//! and which of the `kinds` it is, `cutter` finds where records end through
//! `cells`, what blocks need of that travels as `plan`, `row` turns a row into
//! a line of JSON or into the cells that such a line would have, and `read` has
//! those read.

mod cells;
mod code_page;
mod cutter;
mod dates;
mod head;
mod json;
mod kinds;
mod look;
mod plan;
mod read;
mod row;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::utf16::{Encoding, decode_start};
use crate::reader::{Cutter, Format, Reader, SourceHints};
use code_page::in_code_page;

pub(super) use code_page::CodePage;
pub(super) use cutter::TableCutter;
pub(super) use dates::{Order, read as read_date};
pub(super) use head::Head;
pub(super) use kinds::{as_it_is, folded};
pub(super) use look::{order, plan_of};
pub(super) use plan::Plan;
pub(super) use read::TableReader;
pub(super) use row::{Cast, Column};

/// The format `csv`.
#[derive(Clone, Copy, Debug)]
pub struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        in_utf8(start, CodePage::of_text, |start| look::plausible(start, whole))
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(TableCutter::new(hints, block_bytes, look::look, CodePage::of_text))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TableReader::default())
    }
}

/// What is found in the start of a source, whichever way its characters are
/// written.
pub(super) fn in_utf8(
    start: &[u8],
    page: fn(&[u8]) -> Option<CodePage>,
    look: impl Fn(&[u8]) -> bool,
) -> bool {
    match Encoding::of(start) {
        Encoding::Utf8 if in_code_page(start) => {
            match page(start).and_then(|page| page.text(start)) {
                Some(text) => look(text.as_bytes()),
                None => look(start),
            }
        }
        Encoding::Utf8 => look(start),
        wide => look(decode_start(start, wide).as_bytes()),
    }
}
