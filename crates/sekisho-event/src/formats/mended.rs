//! Text with what was never text in it: runs of NUL bytes, as a machine leaves
//! them that lost its power; byte order marks within, where files were set end
//! to end; and lines that end in CR only. All of it is seen by readers as ends
//! of lines, byte for byte, so that offsets stay those of the source and no
//! record is spoiled by what stands before it.

use std::collections::VecDeque;
use std::io::{self, Read};

use memchr::{memchr, memmem};

use super::utf16::Encoding;
use crate::problem::{Problem, Problems};
use crate::reader::Format;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Fewest NUL bytes at the start of a line that are taken for a gap.
const NULS_MIN: usize = 4;

/// Fewest of them within a line: fewer may be how a program fills a field.
const NULS_WITHIN_MIN: usize = 16;

/// Whether a start has lines that end in CR and none that end in LF.
#[must_use]
pub fn ends_in_cr(start: &[u8]) -> bool {
    memchr(b'\r', start).is_some() && memchr(b'\n', start).is_none()
}

/// Whether the start of a source, of this format, is of text that may be mended.
pub fn is_text(format: &dyn Format, start: &[u8]) -> bool {
    format.is_text() && Encoding::of(start) == Encoding::Utf8
}

/// Whether there is anything to mend.
#[must_use]
pub fn is_odd(bytes: &[u8]) -> bool {
    ends_in_cr(bytes)
        || memmem::find(bytes, &[0; NULS_MIN]).is_some()
        || memmem::find(bytes, b"\n\xEF\xBB\xBF").is_some()
        || memmem::find(bytes, b"\0\xEF\xBB\xBF").is_some()
}

/// Smallest buffer that is read into, in bytes: more than may be held.
const SMALL_BYTES: usize = 4 * NULS_WITHIN_MIN;

/// NUL bytes that are passed over.
#[derive(Clone, Copy, Debug)]
struct Gap {
    at: u64,
    len: u64,
}

/// Reads text and mends it.
pub struct Mended<'a> {
    inner: &'a mut dyn Read,
    /// Lines end in CR only.
    cr: bool,
    /// Of what is given out next, in what `inner` gives.
    offset: u64,
    /// It begins a line.
    starts_line: bool,
    /// Bytes that were read and wait for those after them.
    held: [u8; NULS_WITHIN_MIN],
    held_len: usize,
    /// Mended, and not given out for want of room.
    ready: VecDeque<u8>,
    /// Goes on with what is read next.
    gap: Option<Gap>,
    /// The gaps that were found.
    pub problems: Problems,
}

impl<'a> Mended<'a> {
    /// Mends what `inner` gives, a source from its beginning; `cr` says that
    /// its lines end in CR only.
    pub fn new(inner: &'a mut dyn Read, cr: bool) -> Self {
        Self {
            inner,
            cr,
            offset: 0,
            starts_line: true,
            held: [0; NULS_WITHIN_MIN],
            held_len: 0,
            ready: VecDeque::new(),
            gap: None,
            problems: Problems::default(),
        }
    }

    fn end_gap(&mut self) {
        if let Some(Gap { at, len }) = self.gap.take() {
            let what = format!("{len} NUL bytes, which are passed over");
            let expected = "text: a machine that lost its power leaves such a gap, and a log that \
                            was emptied while its program still wrote to it";
            self.problems.push(Problem::new(at, what, expected));
        }
    }

    /// Mends bytes; how many of them can be given out. The others wait for what
    /// follows them.
    fn mend(&mut self, bytes: &mut [u8], ended: bool) -> usize {
        if self.cr {
            bytes.iter_mut().filter(|b| **b == b'\r').for_each(|b| *b = b'\n');
        }
        let mut given = self.blank_nuls(bytes, ended);
        if given == bytes.len() && !ended {
            let tail = |len: usize| bytes.len().checked_sub(len).and_then(|at| bytes.get(at..));
            let begins = |len: usize| {
                tail(len + 1)
                    .map_or(self.starts_line && bytes.len() == len, |t| t.starts_with(b"\n"))
            };
            let cut = [2, 1].into_iter().find(|&len| tail(len) == BOM.get(..len) && begins(len));
            given -= cut.unwrap_or(0);
        }
        let shown = bytes.get_mut(..given).unwrap_or_default();
        if self.starts_line && self.offset > 0 && shown.starts_with(BOM) {
            shown.iter_mut().take(BOM.len()).for_each(|b| *b = b'\n');
        }
        let mut at = 0;
        while let Some(found) = shown.get(at..).and_then(|s| memmem::find(s, b"\n\xEF\xBB\xBF")) {
            at += found + 1;
            shown.iter_mut().skip(at).take(BOM.len()).for_each(|b| *b = b'\n');
        }
        given
    }

    fn blank_nuls(&mut self, bytes: &mut [u8], ended: bool) -> usize {
        let mut at = 0;
        if bytes.first() != Some(&0) {
            self.end_gap();
        }
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr(0, rest)) {
            let start = at + found;
            let rest = bytes.get(start..).unwrap_or_default();
            let len = rest.iter().position(|&b| b != 0).unwrap_or(rest.len());
            let (open, goes_on) = (start + len == bytes.len(), start == 0 && self.gap.is_some());
            let starts_line = match start.checked_sub(1) {
                None => self.starts_line,
                Some(before) => bytes.get(before) == Some(&b'\n'),
            };
            at = start + len;
            if !goes_on && open && !ended && len < NULS_WITHIN_MIN {
                return start;
            }
            if !goes_on && len < if starts_line { NULS_MIN } else { NULS_WITHIN_MIN } {
                continue;
            }
            bytes.iter_mut().skip(start).take(len).for_each(|b| *b = b'\n');
            let new = Gap { at: self.offset + start as u64, len: 0 };
            self.gap.get_or_insert(new).len += len as u64;
            if !open || ended {
                self.end_gap();
            }
        }
        bytes.len()
    }
}

impl Mended<'_> {
    /// Reads into a buffer with room for more than what is held.
    fn read_mended(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let held = self.held_len;
            let Some((front, rest)) = buffer.split_at_mut_checked(held) else { return Ok(0) };
            let got = self.inner.read(rest)?;
            front.copy_from_slice(self.held.get(..held).unwrap_or_default());
            self.held_len = 0;
            let bytes = buffer.get_mut(..held + got).unwrap_or_default();
            if bytes.is_empty() {
                self.end_gap();
                return Ok(0);
            }
            let given = self.mend(bytes, got == 0);
            let (shown, waiting) = bytes.split_at(given.min(bytes.len()));
            self.held_len = waiting.len();
            self.held.iter_mut().zip(waiting).for_each(|(to, from)| *to = *from);
            self.offset += given as u64;
            if let Some(last) = shown.last() {
                self.starts_line = *last == b'\n';
                return Ok(given);
            }
        }
    }
}

impl Read for Mended<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.ready.is_empty() {
            if buffer.len() >= SMALL_BYTES {
                return self.read_mended(buffer);
            }
            // Too little room to look at what is read there.
            let mut small = [0; SMALL_BYTES];
            let given = self.read_mended(&mut small)?;
            self.ready.extend(small.iter().take(given));
        }
        self.ready.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{Mended, ends_in_cr, is_odd};

    /// Gives a few bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl std::io::Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    /// What is read, whatever the size of the pieces, with `·` for ends of
    /// lines, and the gaps.
    fn read(bytes: &[u8]) -> (String, Vec<(u64, String)>) {
        let mut all = Vec::new();
        for step in [1, 2, 3, 5, 17, 1_000] {
            let mut input = Slowly(bytes, step);
            let mut mended = Mended::new(&mut input, ends_in_cr(bytes));
            let mut out = Vec::new();
            mended.read_to_end(&mut out).unwrap();
            assert_eq!(out.len(), bytes.len());
            let problems = mended.problems.named.iter().map(|p| (p.offset, p.what.clone()));
            let text = String::from_utf8(out).unwrap().replace('\n', "·").replace('\0', "0");
            all.push((text, problems.collect()));
        }
        all.dedup();
        assert_eq!(all.len(), 1, "{all:?}");
        all.pop().unwrap()
    }

    fn gap(at: u64, len: u64) -> (u64, String) {
        (at, format!("{len} NUL bytes, which are passed over"))
    }

    #[test]
    fn gaps_end_lines_and_are_named() {
        assert_eq!(read(b"a\n\0\0\0\0b\n"), ("a·····b·".into(), vec![gap(2, 4)]));
        assert_eq!(read(b"a\n\0\0\0b\n"), ("a·000b·".into(), vec![]));
        assert_eq!(read(b"to\0\0\0\0rn\n"), ("to0000rn·".into(), vec![]));
        let torn = [&b"to"[..], &[0; 40], b"rn\n", &[0; 17]].concat();
        let expected = format!("to{}rn·{}", "·".repeat(40), "·".repeat(17));
        assert_eq!(read(&torn), (expected, vec![gap(2, 40), gap(45, 17)]));
        assert_eq!(read(b"a\n\0\0\0"), ("a·000".into(), vec![]));
    }

    #[test]
    fn marks_and_lone_carriage_returns_end_lines() {
        let bom = "\u{feff}";
        let text = format!("{bom}a\n{bom}b{bom}\n\0\0\0\0{bom}c");
        let (read_as, _) = read(text.as_bytes());
        assert_eq!(read_as, format!("{bom}a····b{bom}········c"));
        assert_eq!(read(b"a\rb\r"), ("a·b·".into(), vec![]));
        assert_eq!(read(b"a\rb\n"), ("a\rb·".into(), vec![]));
    }

    #[test]
    fn what_is_sound_is_left_alone() {
        for text in ["a\nb\r\n", "{\"a\":1}\n", "", "\u{feff}a\n", "a\u{feff}b\n"] {
            assert!(!is_odd(text.as_bytes()), "{text}");
            assert_eq!(read(text.as_bytes()), (text.replace('\n', "·"), vec![]));
        }
        for text in ["a\rb", "a\n\0\0\0\0", "a\n\u{feff}b"] {
            assert!(is_odd(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_small_buffer_changes_nothing() {
        let bytes = b"a\n\0\0\0\0\0b\n\xEF\xBB\xBFc";
        let mut input = &bytes[..];
        let mut mended = Mended::new(&mut input, false);
        let (mut out, mut one) = (Vec::new(), [0]);
        while mended.read(&mut one).unwrap() > 0 {
            out.push(one[0]);
        }
        assert_eq!(out, b"a\n\n\n\n\n\nb\n\n\n\nc");
        assert_eq!(mended.problems.count(), 1);
    }
}
