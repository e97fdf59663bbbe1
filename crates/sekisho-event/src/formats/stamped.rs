//! The last resort: any other log of text whose records begin with a time.
//! Lines that do not (a stack trace) belong to the record before them. Which
//! application wrote it nobody says, so it counts as a log of any of them; it
//! is no unknown record, on which rules for all that is logged would fire that
//! ask only for what is *not* in a field.

mod head;
mod windows;

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memrchr, memrchr_iter};

use super::lines::{Buffer, lines};
use super::text::{Fault, Sink, TextFormat, TextReader};
use crate::limits::{RECORD_BYTES_MAX, TEXT_RECORD_BYTES_MAX, TEXT_RECORD_LINES_MAX};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

/// How many lines are looked at to recognise the format.
const SAMPLE_LINES: usize = 400;

/// The format `text`.
#[derive(Clone, Copy, Debug)]
pub struct Stamped;

impl Format for Stamped {
    fn name(&self) -> &'static str {
        "text"
    }

    /// Text of which most lines begin with a time, those that continue a
    /// record left aside.
    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
        let end = memrchr(b'\n', start).filter(|_| !whole).unwrap_or(start.len());
        let start = start.get(..end).unwrap_or_default();
        let binary = |b: &u8| *b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
        if start.iter().any(binary) {
            return false;
        }
        if windows::recognises(start) {
            return true;
        }
        let (mut heads, mut others, mut first) = (0_usize, 0_usize, None);
        let mut graded = false;
        for (_, line) in lines(start).take(SAMPLE_LINES) {
            let is_head = head::of(line).is_some();
            graded |=
                is_head && (line.starts_with(head::QUERY) || first.is_none() && is_graded(line));
            first.get_or_insert(is_head);
            heads += usize::from(is_head);
            others += usize::from(!is_head && !continues(line));
        }
        // What a page of an application was made of may stand in a trace.
        heads > others && (first == Some(true) || heads > 1) || graded && heads * 20 > others
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(HeadCutter { buffer: Buffer::new(hints, block_bytes), started: false })
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TextReader::<Messages>::default())
    }
}

/// Whether a line says how grave it is, soon after its time.
fn is_graded(line: &[u8]) -> bool {
    let words = line.get(..head::BYTES_MAX).unwrap_or(line).split(|b| !b.is_ascii_alphabetic());
    const GRADES: [&[u8]; 8] =
        [b"TRACE", b"DEBUG", b"INFO", b"WARN", b"WARNING", b"ERROR", b"FATAL", b"SEVERE"];
    words.filter(|word| word.len() > 3).any(|word| GRADES.contains(&word))
}

/// Whether a line without a time looks like a part of the record before it.
fn continues(line: &[u8]) -> bool {
    const STARTS: [&[u8]; 17] = [
        b"at ",
        b"goroutine ",
        b"created by ",
        b"Caused by",
        b"Traceback",
        b"...",
        b"}",
        b"]",
        b")",
        b"Suppressed:",
        b"---",
        b"> ",
        b"| ",
        b"+ ",
        b"<",
        b"{",
        b"\"",
    ];
    let blank = line.first().is_none_or(u8::is_ascii_whitespace);
    blank || STARTS.iter().any(|s| line.starts_with(s)) || is_exception(line) || is_call(line)
}

/// `main.run(0x1, 0x2)`, in the traces of Go.
fn is_call(line: &[u8]) -> bool {
    let open = line.iter().position(|b| matches!(b, b'(' | b' '));
    let name = open.and_then(|at| line.get(..at)).unwrap_or_default();
    line.ends_with(b")") && name.contains(&b'.') && open.and_then(|at| line.get(at)) == Some(&b'(')
}

/// `java.lang.Exception: …`, `ValueError: …`
fn is_exception(line: &[u8]) -> bool {
    let end = line.iter().position(|b| !(b.is_ascii_alphanumeric() || b"._$:".contains(b)));
    let name = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
    let name = name.strip_suffix(b":").unwrap_or(name);
    [b"Exception".as_slice(), b"Error", b"Throwable", b"Warning", b"Interrupt", b"Exit"]
        .iter()
        .any(|e| name.ends_with(e))
}

/// Tells where records begin.
#[derive(Default)]
struct Joiner {
    /// Of the present record.
    bytes: usize,
    lines: usize,
}

impl Joiner {
    /// Takes the next line, its end included; whether a record begins with it.
    fn begins(&mut self, line: &[u8]) -> bool {
        let begins = self.lines == 0
            || self.lines >= TEXT_RECORD_LINES_MAX
            || self.bytes + line.len() > TEXT_RECORD_BYTES_MAX
            || head::of(line).is_some();
        if begins {
            *self = Self::default();
        }
        self.bytes += line.len();
        self.lines += 1;
        begins
    }
}

/// Lines with their ends, and where each begins.
fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        next = at + memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
        Some((at, bytes.get(at..next)?))
    })
}

/// A line that begins with a time and those after it that do not.
#[derive(Default)]
struct Messages;

impl TextFormat for Messages {
    type Context = ();

    fn context(&self, _: &Block) {}

    fn spans(&self, bytes: &[u8], (): &()) -> Vec<(usize, usize)> {
        let mut joiner = Joiner::default();
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for (at, line) in whole_lines(bytes) {
            let end = at + line.trim_ascii_end().len();
            if joiner.begins(line) {
                spans.push((at, end));
            } else if end > at
                && let Some(last) = spans.last_mut()
            {
                last.1 = end;
            }
        }
        spans.retain(|&(from, to)| {
            bytes.get(from..to).is_some_and(|text| !text.trim_ascii().is_empty())
        });
        spans
    }

    fn read(&self, text: &str, (): &(), sink: &mut dyn Sink) -> Result<(), Fault> {
        if windows::say(text, sink) {
            return Ok(());
        }
        sink.shape("application", "", None);
        sink.text("message", text);
        if let Some(Some(stamp)) = head::of(text.as_bytes()) {
            sink.time(stamp);
        }
        Ok(())
    }
}

/// Cuts before a line with which a record begins.
struct HeadCutter {
    buffer: Buffer,
    started: bool,
}

impl HeadCutter {
    /// Where the last record that begins in the buffer does so, if it is not
    /// its first.
    fn cut(&self) -> Option<usize> {
        let bytes = self.buffer.bytes.as_slice();
        let by_time = memrchr_iter(b'\n', bytes).map(|n| n + 1).find(|&at| {
            let line = bytes.get(at..).unwrap_or_default();
            // The rest of a time may be yet to come.
            let seen = line.len() >= head::BYTES_MAX || memchr(b'\n', line).is_some();
            seen && head::of(line).is_some()
        });
        by_time.or_else(|| {
            let mut joiner = Joiner::default();
            let begins = |(at, line): (usize, &[u8])| joiner.begins(line).then_some(at);
            let whole = memrchr(b'\n', bytes).map_or(0, |n| n + 1);
            // A line that is not whole may still begin with a time; it is
            // passed by unless it is too long anyhow.
            let last = whole_lines(bytes.get(..whole)?).filter_map(begins).last();
            let open = bytes.len() - whole;
            let over = joiner.lines >= TEXT_RECORD_LINES_MAX
                || joiner.bytes + open > TEXT_RECORD_BYTES_MAX;
            if over && open > 0 && whole > 0 { Some(whole) } else { last.filter(|&at| at > 0) }
        })
    }
}

impl Cutter for HeadCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let buffer_bytes = self.buffer.block_bytes;
        let mut target = buffer_bytes;
        loop {
            self.buffer.fill(input, target)?;
            if !std::mem::replace(&mut self.started, true) {
                self.buffer.drop_bom();
            }
            if self.buffer.ended {
                return Ok(self.buffer.give_last());
            }
            if let Some(len) = self.cut() {
                return Ok(Some(self.buffer.give(len)));
            }
            if self.buffer.bytes.len() > RECORD_BYTES_MAX {
                self.buffer.skip_long(input)?;
            }
            target = self.buffer.bytes.len() + buffer_bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        let spans = Messages.spans(text.as_bytes(), &());
        spans.into_iter().map(|(from, to)| text.get(from..to).unwrap()).collect()
    }

    #[test]
    fn a_stack_trace_belongs_to_its_record() {
        let text = "banner\r\n2024-01-02 03:04:05,678 ERROR x\r\n\r\njava.lang.E: y\r\n\tat a.b(c)\r\n\
                    \r\n2024-01-02 03:04:06 INFO z\n\n";
        let record = "2024-01-02 03:04:05,678 ERROR x\r\n\r\njava.lang.E: y\r\n\tat a.b(c)";
        assert_eq!(texts(text), ["banner", record, "2024-01-02 03:04:06 INFO z"]);
    }

    #[test]
    fn a_record_has_an_end_even_without_another_time() {
        let lines = TEXT_RECORD_LINES_MAX * 2 + 10;
        let text = "x\n".repeat(lines);
        assert_eq!(texts(&text).len(), 3);
        for block in [16, 1_000, 1 << 20] {
            let mut cutter = Stamped.cutter(Arc::default(), block);
            let (mut bytes, mut records) = (text.as_bytes(), 0);
            while let Some(block) = cutter.next(&mut bytes).unwrap() {
                records += Messages.spans(&block.bytes, &()).len();
            }
            assert_eq!(records, 3, "{block}");
        }
    }

    #[test]
    fn recognised_by_content() {
        let is = |text: &str| Stamped.recognises(text.as_bytes(), true);
        let trace = "2024-01-02 03:04:05,678 ERROR x\njava.lang.OddException: y\n\tat a.b(c)\nCaused by: z\n";
        for yes in [
            trace,
            "\u{feff}\n[2024-01-02T03:04:05Z] one",
            "Banner\n2024-01-02 03:04 a\n2024-01-02 03:04 b",
            "mysqld, Version: 8\n# Time: 2024-01-02T03:04:05Z\n# User@Host: a\nselect 1;\nselect 2;",
            "02-Jan-2024 03:04:05.678 SEVERE [main] a.B Unable to compile\nAn error\n15: x\n16: y",
            "E0102 03:04:05.678 7 a.go:1] x\ngoroutine 1 [running]:\na.b/v2.(*c).d(0x1, 0x2)\n\
             main.main()\ncreated by a.b",
        ] {
            assert!(is(yes), "{yes}");
        }
        let prose = "On the 2024-01-02 at 03:04:05 it rained.\nThen not.\n";
        for no in [
            "",
            "\n",
            prose,
            "key: value\n",
            "2024-01-02 03:04:05 a\0",
            "a\n2024-01-02 03:04:05 a\nb\n",
        ] {
            assert!(!is(no), "{no}");
        }
    }
}
