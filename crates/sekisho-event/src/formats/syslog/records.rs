//! Where the records of a file of syslog stand. A record is a line, and the
//! indented lines without a header that go on with it: `journalctl` and some
//! programs write messages of several lines so.
//!
//! What belongs together depends on nothing but the lines themselves, and a
//! block ends where a record does: the size of blocks changes nothing.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memrchr_iter};

use super::head;
use crate::formats::lines::Buffer;
use crate::limits::{CONTINUATION_BYTES_MAX, CONTINUATION_LINES_MAX, RECORD_BYTES_MAX};
use crate::reader::{Block, Cutter, SourceHints};

/// What a line is to the record before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Starts,
    GoesOn,
    /// Of no record.
    Blank,
    /// More of the line must be seen.
    Unclear,
}

/// Tells line by line what belongs together.
#[derive(Default)]
struct Joiner {
    open: bool,
    joined: usize,
}

impl Joiner {
    fn next(&mut self, line: &[u8], whole: bool) -> Part {
        let part = self.part(line, whole);
        match part {
            Part::Starts => (self.open, self.joined) = (true, 0),
            Part::GoesOn => self.joined += 1,
            Part::Blank => self.open = false,
            Part::Unclear => {}
        }
        part
    }

    fn part(&self, line: &[u8], whole: bool) -> Part {
        let indented = matches!(line.first(), Some(b' ' | b'\t'));
        if line.len() > CONTINUATION_BYTES_MAX || !indented && !line.is_empty() {
            return Part::Starts;
        }
        if !whole {
            return Part::Unclear;
        }
        let text = line.trim_ascii();
        let goes_on = indented && self.open && self.joined < CONTINUATION_LINES_MAX;
        match text.is_empty() {
            _ if goes_on && (text.is_empty() || !head::begins(text)) => Part::GoesOn,
            true => Part::Blank,
            false => Part::Starts,
        }
    }
}

/// The lines of some bytes with their line ends off: start, end, and whether
/// the line is ended.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, usize, bool)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let end = memchr(b'\n', rest);
        let len = end.unwrap_or(rest.len());
        next = at + len + 1;
        let line = rest.get(..len)?;
        let len = line.strip_suffix(b"\r").unwrap_or(line).len();
        Some((at, at + len, end.is_some()))
    })
}

/// Where each record stands in bytes that begin with one and end with one.
pub(super) fn spans(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    let mut joiner = Joiner::default();
    for (start, end, _) in lines(bytes) {
        let line = bytes.get(start..end).unwrap_or_default();
        match joiner.next(line, true) {
            Part::Starts => split(line, start, &mut out),
            Part::GoesOn => {
                if let Some(last) = out.last_mut() {
                    last.1 = end;
                }
            }
            Part::Blank | Part::Unclear => {}
        }
    }
    out
}

/// Messages of counted octets that follow each other in one line.
fn split(line: &[u8], at: usize, out: &mut Vec<(usize, usize)>) {
    let mut from = 0;
    while let Some(rest) = line.get(from..)
        && let Some((digits, octets)) = head::octets(rest)
        && let Some(after) = rest.get(digits + octets..)
        && head::octets(after).is_some()
    {
        out.push((at + from, at + from + digits + octets));
        from += digits + octets;
    }
    out.push((at + from, at + line.len()));
}

/// The start of the last line that begins anew, other than at the very start.
fn last_start(bytes: &[u8]) -> Option<usize> {
    // A line that is not indented begins anew whatever stands before it.
    let plain = memrchr_iter(b'\n', bytes)
        .take(64)
        .map(|n| n + 1)
        .find(|&at| bytes.get(at).is_some_and(|b| !matches!(b, b' ' | b'\t')));
    if plain.is_some() {
        return plain;
    }
    let (mut joiner, mut last) = (Joiner::default(), None);
    for (start, end, whole) in lines(bytes) {
        let line = bytes.get(start..end).unwrap_or_default();
        if matches!(joiner.next(line, whole), Part::Starts | Part::Blank) {
            last = Some(start);
        }
    }
    last.filter(|&at| at > 0)
}

/// Cuts a source between records.
pub(super) struct RecordCutter {
    buffer: Buffer,
    started: bool,
}

impl RecordCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        Self { buffer: Buffer::new(hints, block_bytes), started: false }
    }
}

impl Cutter for RecordCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let buffer = &mut self.buffer;
        let mut target = buffer.block_bytes;
        loop {
            buffer.fill(input, target)?;
            if !std::mem::replace(&mut self.started, true) {
                buffer.drop_bom();
            }
            if buffer.ended {
                return Ok(buffer.give_last());
            }
            if let Some(end) = last_start(&buffer.bytes) {
                return Ok(Some(buffer.give(end)));
            }
            if buffer.bytes.len() > RECORD_BYTES_MAX && memchr(b'\n', &buffer.bytes).is_none() {
                buffer.skip_long(input)?;
            }
            target = buffer.bytes.len() + buffer.block_bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &str) -> Vec<&str> {
        spans(bytes.as_bytes()).iter().filter_map(|&(a, b)| bytes.get(a..b)).collect()
    }

    #[test]
    fn indented_lines_go_on_with_the_record_before() {
        let lines = "Jan  2 03:04:05 h a: one\n      two\r\n   \n\tthree\r\n\n  four\n five\n\
            six\n Jan  2 03:04:05 h b: seven\n";
        let expected = [
            "Jan  2 03:04:05 h a: one\n      two\r\n   \n\tthree",
            "  four\n five",
            "six",
            " Jan  2 03:04:05 h b: seven",
        ];
        assert_eq!(texts(lines), expected);
        assert_eq!(texts("   \n\n \n"), Vec::<&str>::new());
    }

    #[test]
    fn counted_octets_part_messages_in_a_line() {
        let lines = "11 <34>1 - a b11 <34>1 - c d10 <34>1 - ef\n12 <1>x\n";
        assert_eq!(texts(lines), ["11 <34>1 - a b", "11 <34>1 - c d", "10 <34>1 - ef", "12 <1>x"]);
    }

    #[test]
    fn records_are_bounded() {
        let many = format!("a\n{}", " b\n".repeat(CONTINUATION_LINES_MAX * 2 + 2));
        assert_eq!(texts(&many).len(), 3);
        let long = format!("a\n {}\n b\n", "x".repeat(CONTINUATION_BYTES_MAX));
        assert_eq!(texts(&long).len(), 2);
    }

    #[test]
    fn blocks_end_where_records_do() {
        let lines = "Jan  2 03:04:05 h a: one\n  two\n\n  four\n five\r\n\r\n  \n x\nsix\n"
            .repeat(3)
            + &" y\n".repeat(600);
        let expected = texts(&lines);
        for size in 16..600 {
            let hints = Arc::new(SourceHints::default());
            let (mut cutter, mut input) = (RecordCutter::new(hints, size), lines.as_bytes());
            let mut found = Vec::new();
            while let Some(block) = cutter.next(&mut input).unwrap() {
                let text = String::from_utf8(block.bytes).unwrap();
                found.extend(texts(&text).into_iter().map(str::to_owned));
            }
            assert_eq!(found, expected, "{size}");
        }
    }
}
