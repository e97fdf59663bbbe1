//! Cuts a log where no event has lines on both sides. Whether that is so at a
//! place is decided by the lines near it alone
//! ([`AUDIT_GAP_BYTES_MAX`]), so it does not depend on how large blocks are.
//! Where lines are knotted for longer than any block may be
//! ([`AUDIT_KNOT_BYTES_MAX`]), the knot is cut at that length, counted from
//! its beginning.

use std::io::{self, Read};
use std::sync::Arc;

use hashbrown::HashMap;
use memchr::{memchr, memrchr};

use super::line::{Head, Key};
use crate::formats::lines::Buffer;
use crate::limits::{
    AUDIT_GAP_BYTES_MAX, AUDIT_HEAD_BYTES_MAX, AUDIT_KNOT_BYTES_MAX, RECORD_BYTES_MAX,
};
use crate::reader::{Block, Cutter, SourceHints};

/// What is looked at beyond a place where a block might end.
const AHEAD: usize = AUDIT_GAP_BYTES_MAX + AUDIT_HEAD_BYTES_MAX + 2;

pub(super) struct EventCutter {
    buffer: Buffer,
    started: bool,
}

impl EventCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        Self { buffer: Buffer::new(hints, block_bytes), started: false }
    }

    /// Where the knot at the buffer's beginning is cut; it has no place to be
    /// cut within [`AUDIT_KNOT_BYTES_MAX`]. `None` where a line over the limit
    /// begins the buffer and was dropped.
    fn in_knot(&mut self, input: &mut dyn Read) -> io::Result<Option<usize>> {
        let mut seen = AUDIT_KNOT_BYTES_MAX;
        loop {
            let rest = self.buffer.bytes.get(seen..).unwrap_or_default();
            if let Some(end) = memchr(b'\n', rest) {
                return Ok(Some(seen + end + 1));
            }
            if self.buffer.ended {
                return Ok(Some(self.buffer.bytes.len()));
            }
            seen = self.buffer.bytes.len();
            let line = memrchr(b'\n', &self.buffer.bytes).map_or(0, |n| n + 1);
            if seen - line > RECORD_BYTES_MAX {
                if line > 0 {
                    return Ok(Some(line));
                }
                self.buffer.skip_long(input)?;
                return Ok(None);
            }
            self.buffer.fill(input, seen + (1 << 20))?;
        }
    }
}

impl Cutter for EventCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        loop {
            let target = self.buffer.block_bytes.min(AUDIT_KNOT_BYTES_MAX);
            self.buffer.fill(input, target + AHEAD)?;
            if !std::mem::replace(&mut self.started, true) {
                self.buffer.drop_bom();
            }
            if self.buffer.ended && self.buffer.bytes.len() <= target {
                return Ok(self.buffer.give_last());
            }
            if let Some(end) = place(&self.buffer.bytes, target, true) {
                return Ok(Some(self.buffer.give(end)));
            }
            self.buffer.fill(input, AUDIT_KNOT_BYTES_MAX + AHEAD)?;
            if self.buffer.ended && self.buffer.bytes.len() <= AUDIT_KNOT_BYTES_MAX {
                // Its end is a place like any other.
                let end = place(&self.buffer.bytes, self.buffer.bytes.len(), false);
                let end = end.unwrap_or(self.buffer.bytes.len());
                return Ok(Some(self.buffer.give(end)));
            }
            let end = match place(&self.buffer.bytes, AUDIT_KNOT_BYTES_MAX, false) {
                Some(end) => Some(end),
                None => self.in_knot(input)?,
            };
            if let Some(end) = end {
                return Ok(Some(self.buffer.give(end)));
            }
        }
    }
}

/// A place after the beginning and not after `target` where no event has lines
/// on both sides: the last one, or the first one.
fn place(bytes: &[u8], target: usize, last: bool) -> Option<usize> {
    let ahead = bytes.get(..target.saturating_add(AHEAD)).unwrap_or(bytes);
    // Mostly it is near.
    let mut back = if last { 4 * AUDIT_GAP_BYTES_MAX } else { target };
    loop {
        let from = target.saturating_sub(back);
        let before = from.saturating_sub(AUDIT_GAP_BYTES_MAX);
        let start = memrchr(b'\n', bytes.get(..before)?).map_or(0, |n| n + 1);
        let free = places(ahead.get(start..)?);
        let mut fit =
            free.iter().map(|at| start + at).filter(|&at| at > 0 && at >= from && at <= target);
        let found = if last { fit.next_back() } else { fit.next() };
        if found.is_some() || from == 0 {
            return found;
        }
        back = back.saturating_mul(4);
    }
}

/// The beginnings of lines before which no event is left open.
fn places(bytes: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    // How many events are open before a line, as differences.
    let mut opened: Vec<i32> = Vec::new();
    let mut seen: HashMap<Key<'_>, (usize, usize)> = HashMap::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let len = memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
        let line = rest.get(..len).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let number = starts.len();
        starts.push(at);
        opened.resize(number + 2, 0);
        if let Some(head) = Head::of(line)
            && let Some((before, ended)) = seen.insert(head.key(), (number, at + line.len()))
            && at - ended <= AUDIT_GAP_BYTES_MAX
        {
            for (line, change) in [(before + 1, 1), (number + 1, -1)] {
                if let Some(slot) = opened.get_mut(line) {
                    *slot += change;
                }
            }
        }
        at += len;
    }
    let mut open = 0;
    let free = starts.into_iter().zip(opened).filter(|&(_, change)| {
        open += change;
        open == 0
    });
    free.map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(source: &[u8], size: usize) -> Vec<Block> {
        let mut cutter = EventCutter::new(Arc::default(), size);
        let mut input = source;
        std::iter::from_fn(|| cutter.next(&mut input).unwrap()).collect()
    }

    fn line(id: usize, text: &str) -> String {
        format!("type=PATH msg=audit(1700000000.000:{id}): {text}\n")
    }

    #[test]
    fn an_event_is_not_parted() {
        let mut source = String::new();
        for n in 0..50 {
            // Two events with their lines in turn, then one on its own.
            for id in [n, n + 100, n, n + 100, n + 200] {
                source.push_str(&line(id, "x"));
            }
        }
        for size in [1, 50, 100, 300, 1_000, 1 << 20] {
            let all = blocks(source.as_bytes(), size);
            let bytes: Vec<u8> = all.iter().flat_map(|b| b.bytes.clone()).collect();
            assert_eq!(bytes, source.as_bytes());
            for block in &all {
                let text = String::from_utf8(block.bytes.clone()).unwrap();
                for n in 0..50 {
                    let count = text.matches(&format!(":{n})")).count();
                    assert!(count == 0 || count == 2, "{size}");
                }
            }
            assert!(size > 300 || all.len() >= 49, "{size}");
        }
    }

    #[test]
    fn a_knot_ends_at_its_limit() {
        // Each event is still open when the next one begins.
        let mut source = String::new();
        let filler = "x".repeat(2_000);
        let mut n = 0;
        while source.len() < 2 * AUDIT_KNOT_BYTES_MAX + (3 << 20) {
            source.push_str(&line(n, &filler));
            source.push_str(&line(n + 2, &filler));
            n += 1;
        }
        let cuts = |size| {
            let all = blocks(source.as_bytes(), size).into_iter().map(|b| b.offset);
            // Where it begins and ends there are places of their own.
            all.filter(|at| *at > 1 << 20).take(2).collect::<Vec<_>>()
        };
        let all = cuts(1 << 20);
        assert_eq!(all.len(), 2);
        assert_eq!(cuts(16 << 20), all);
        assert_eq!(cuts(64 << 10), all);
    }

    #[test]
    fn a_line_over_the_limit_is_named() {
        let mut source = line(1, "first").into_bytes();
        let at = source.len();
        source.extend_from_slice(line(1, "").trim_end().as_bytes());
        source.resize(source.len() + RECORD_BYTES_MAX + (3 << 20), b'x');
        source.push(b'\n');
        source.extend_from_slice(line(1, "last").as_bytes());
        for size in [1 << 20, 64 << 20] {
            let all = blocks(&source, size);
            let problems: Vec<_> = all.iter().flat_map(|b| &b.problems.named).collect();
            assert_eq!(problems.iter().map(|p| p.offset).collect::<Vec<_>>(), [at as u64]);
            let last = all.last().unwrap();
            assert!(last.bytes.ends_with(b"last\n"));
            assert_eq!(last.offset + last.bytes.len() as u64, source.len() as u64);
        }
    }
}
