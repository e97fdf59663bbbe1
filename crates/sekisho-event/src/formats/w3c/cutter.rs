//! Cuts a W3C log between lines, and where its header changes.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memmem, memrchr};

use super::header::HeaderLines;
use crate::formats::lines::{Buffer, Pace};
use crate::limits::RECORD_BYTES_MAX;
use crate::reader::{Block, Cutter, SourceHints};

pub(super) struct HeaderCutter {
    buffer: Buffer,
    header: HeaderLines,
    pace: Pace,
    started: bool,
}

impl HeaderCutter {
    pub(super) fn new(hints: Arc<SourceHints>, block_bytes: usize) -> Self {
        let buffer = Buffer::new(hints, block_bytes);
        let pace = Pace::new(buffer.block_bytes);
        Self { buffer, header: HeaderLines::default(), pace, started: false }
    }

    /// Takes the lines at the start of the buffer that begin with `#`. `false`
    /// if more bytes are needed first.
    fn take_header(&mut self) -> bool {
        let (mut at, mut changed) = (0, false);
        while self.buffer.bytes.get(at) == Some(&b'#') {
            let rest = self.buffer.bytes.get(at..).unwrap_or_default();
            let len = match memchr(b'\n', rest) {
                Some(n) => n + 1,
                None if self.buffer.ended => rest.len(),
                None => break,
            };
            changed |= self.header.take(rest.get(..len).unwrap_or_default());
            at += len;
        }
        if changed {
            self.buffer.header = self.header.bytes().into();
        }
        self.buffer.drop_front(at);
        self.buffer.bytes.first().is_some_and(|b| *b != b'#')
    }

    /// Where the lines under the present header end, as far as can be seen,
    /// and whether it is a header that ends them.
    fn cut(&self) -> Option<(usize, bool)> {
        let bytes = &self.buffer.bytes;
        for n in memmem::find_iter(bytes, b"\n#") {
            let line = bytes.get(n + 1..)?;
            let whole = memchr(b'\n', line).and_then(|end| line.get(..end));
            if whole.is_none_or(|line| self.header.is_changed_by(line)) {
                return Some((n + 1, true));
            }
        }
        if self.buffer.ended {
            return Some((bytes.len(), false));
        }
        memrchr(b'\n', bytes).map(|n| (n + 1, false))
    }
}

impl Cutter for HeaderCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let mut target = self.pace.bytes();
        loop {
            self.buffer.fill(input, target)?;
            if !self.started {
                self.started = true;
                self.buffer.drop_bom();
            }
            if self.take_header() {
                if let Some((len, by_header)) = self.cut() {
                    self.pace.cut(by_header);
                    return Ok(Some(self.buffer.give(len)));
                }
            } else if self.buffer.ended {
                return Ok(self.buffer.give_last());
            }
            if self.buffer.bytes.len() > RECORD_BYTES_MAX {
                self.buffer.skip_long(input)?;
            }
            target = self.buffer.bytes.len() + self.pace.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_travels_with_its_blocks() {
        let log = "#Version: 1.0\n#Fields: a b\n1 2\n#Remark x\n3 4\n#Fields: a b\n5 6\n\
                   #Date: 2023-01-02\n#Fields: c\n7\n#Fields: d";
        for size in [1, 16, 30, 1 << 20] {
            let mut cutter = HeaderCutter::new(Arc::default(), size);
            let (mut bytes, mut all) = (log.as_bytes(), Vec::new());
            while let Some(block) = cutter.next(&mut bytes).unwrap() {
                let header = String::from_utf8(block.header.to_vec()).unwrap();
                let at = usize::try_from(block.offset).unwrap();
                assert!(log.as_bytes()[at..].starts_with(&block.bytes), "{size}");
                let text = String::from_utf8(block.bytes).unwrap();
                let lines = text.lines().filter(|l| !l.starts_with('#'));
                all.extend(lines.map(|l| (header.clone(), l.to_owned())));
            }
            let first = "#Fields: a b\n";
            let second = "#Date: 2023-01-02\n#Fields: c\n";
            let lines = [(first, "1 2"), (first, "3 4"), (first, "5 6"), (second, "7")];
            let lines = lines.map(|(h, l)| (h.to_owned(), l.to_owned()));
            assert_eq!(all, lines, "{size}");
        }
    }
}
