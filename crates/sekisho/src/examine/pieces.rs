//! Logs that were split into pieces (`big.json.aa`, `big.json.ab`): they are
//! read as one, so that a record over a border is read whole, and each record
//! is named with the piece in which it begins.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use sekisho_event::{Block, Format};

use super::feed::{START_BYTES, recognise};
use crate::sources::Source;
use crate::sources::bytes::Bytes;
use crate::sources::walk::Inventory;

/// A piece of a log.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Number in [`Inventory::sources`].
    pub(super) source: usize,
    /// Number in [`Inventory::files`].
    pub(super) file: usize,
    /// Bytes of the pieces before it.
    pub(super) start: u64,
}

/// The pieces of which this source is the first, as far as they do continue
/// one another; none where it stands alone.
pub(super) fn of(inventory: &Inventory, first: usize) -> Vec<Piece> {
    let Some(source) = inventory.sources.get(first) else { return Vec::new() };
    let format = |source: &Source| {
        let start = Bytes::open(&source.file).and_then(|bytes| bytes.get(0, START_BYTES)).ok()?;
        recognise(&start, start.len() < START_BYTES).ok()
    };
    // An EVTX file is no stream of records.
    if source.pieces.is_empty() || format(source).is_none_or(|format| format.name() == "evtx") {
        return Vec::new();
    }
    let mut pieces = vec![Piece { source: first, file: source.file_number, start: 0 }];
    let (mut before, mut start) = (source, source.bytes);
    for &number in &source.pieces {
        let Some(next) = inventory.sources.get(number) else { break };
        // A file of its own may have such a name too.
        if format(next).is_some() && ends_line(before) {
            break;
        }
        pieces.push(Piece { source: number, file: next.file_number, start });
        start = start.saturating_add(next.bytes);
        before = next;
    }
    if pieces.len() > 1 { pieces } else { Vec::new() }
}

fn ends_line(source: &Source) -> bool {
    let last = |bytes: Bytes| bytes.get(bytes.len().saturating_sub(1), 1);
    Bytes::open(&source.file).and_then(last).is_ok_and(|last| last == b"\n")
}

/// Reads pieces one after another, each with the size that it was found with.
pub(super) struct Joined<'a> {
    left: std::vec::IntoIter<&'a Source>,
    open: Option<(io::Take<File>, &'a Source)>,
}

impl<'a> Joined<'a> {
    pub(super) fn new(inventory: &'a Inventory, pieces: &[Piece]) -> Self {
        let sources = pieces.iter().filter_map(|piece| inventory.sources.get(piece.source));
        Self { left: sources.collect::<Vec<_>>().into_iter(), open: None }
    }
}

impl Read for Joined<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((file, source)) = &mut self.open {
                let n = file.read(buffer)?;
                if n > 0 || buffer.is_empty() {
                    return Ok(n);
                }
                if file.limit() > 0 {
                    let text = format!("{} became shorter while it was read", source.path);
                    return Err(io::Error::other(text));
                }
            }
            let Some(next) = self.left.next() else { return Ok(0) };
            let file = File::open(&next.file)
                .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", next.path)))?;
            self.open = Some((file.take(next.bytes), next));
        }
    }
}

/// Parts a block where the first record behind a border begins; `None` for the
/// second part where there is none.
pub(super) fn part(mut block: Block, border: u64, format: &dyn Format) -> (Block, Option<Block>) {
    let at = border.checked_sub(block.offset).and_then(|at| usize::try_from(at).ok());
    let cut = at.filter(|&at| at > 0).and_then(|at| {
        let tail = block.bytes.get(at - 1..)?;
        let ends = tail.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(n, _)| at + n);
        ends.into_iter().find(|&cut| begins_record(&block.bytes, cut, format))
    });
    let Some(cut) = cut.filter(|&cut| cut < block.bytes.len()) else { return (block, None) };
    let offset = block.offset + cut as u64;
    let bytes = block.bytes.split_off(cut);
    let mut second = Block {
        bytes,
        offset,
        header: Arc::clone(&block.header),
        hints: Arc::clone(&block.hints),
        problems: sekisho_event::Problems::default(),
    };
    let named = std::mem::take(&mut block.problems.named);
    (second.problems.named, block.problems.named) =
        named.into_iter().partition(|problem| problem.offset >= offset);
    (block, Some(second))
}

/// Whether a record begins here, behind the end of a line: text that goes on
/// is indented, and JSON goes on until its brackets are closed.
fn begins_record(bytes: &[u8], at: usize, format: &dyn Format) -> bool {
    let Some(&first) = bytes.get(at) else { return false };
    if format.name() != "json" {
        return !first.is_ascii_whitespace();
    }
    let before = bytes.get(..at).unwrap_or_default().trim_ascii_end();
    let before = before.strip_suffix(b",").unwrap_or(before);
    first == b'{' && before.ends_with(b"}")
}
