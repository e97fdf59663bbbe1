//! What is said of a file's chunks beyond each of them: whether as many came
//! as its header counts, whether one was wiped, and where chunks go on after
//! bytes that are none. It is told while the file is cut, from the first bytes
//! of each chunk.

use super::bytes::{u16_at, u32_at, u64_at};
use super::chunk::{self, CHUNK_BYTES};
use crate::problem::{Problem, Problems};

/// Of the flags of a file: it was open when it was copied, and what its header
/// counts may be old.
const OPEN: u32 = 1;

/// What is wrong with a file's header by its own checksum.
pub(super) fn damage(header: &[u8]) -> Option<String> {
    let (stored, found) = (u32_at(header, 124)?, ::evtx::checksum_ieee(header.get(..120)?));
    (stored != found)
        .then(|| format!("header of the file has checksum {found:#010x} and not {stored:#010x}"))
}

/// What a file's header says of the chunks behind it.
#[derive(Clone, Copy, Debug, Default)]
struct Stated {
    chunks: Option<u64>,
    /// The number that the next record would have got.
    next_record: Option<u64>,
    open: bool,
}

/// Chunks of zeros, one behind the other.
#[derive(Clone, Copy, Debug)]
struct Wiped {
    /// Where the first begins in the source, and the numbers of the first and
    /// the last.
    at: u64,
    first: u64,
    last: u64,
}

/// What can be given out as a block, and how many bytes behind it are no chunk
/// and are passed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) given: usize,
    pub(super) passed: usize,
}

/// What was seen of a file's chunks.
#[derive(Debug, Default)]
pub(super) struct Survey {
    stated: Stated,
    /// Behind the last chunk.
    wiped: Option<Wiped>,
    highest_record: Option<u64>,
    ended: bool,
    /// Not yet given out.
    pub(super) problems: Problems,
}

impl Survey {
    /// Keeps what a file's header says. It cannot count more than 65,535 chunks.
    pub(super) fn state(&mut self, header: &[u8]) {
        self.stated = Stated {
            chunks: u16_at(header, 42).filter(|&n| n < u16::MAX).map(u64::from),
            next_record: u64_at(header, 24),
            open: u32_at(header, 120).is_none_or(|flags| flags & OPEN != 0),
        };
    }

    /// Looks at bytes that begin at an offset of the source.
    pub(super) fn look(&mut self, bytes: &[u8], offset: u64, header_len: u64) -> Stretch {
        let mut at = 0;
        while at < bytes.len() {
            let data = bytes.get(at..).unwrap_or_default();
            let data = data.get(..CHUNK_BYTES).unwrap_or(data);
            let place = offset + at as u64;
            let number = place.saturating_sub(header_len) / CHUNK_BYTES as u64;
            match chunk::classify(data) {
                chunk::Found::Chunk => self.chunk(data),
                chunk::Found::Unused => {
                    let first = Wiped { at: place, first: number, last: number };
                    self.wiped.get_or_insert(first).last = number;
                }
                chunk::Found::Foreign => {
                    if let Some(stretch) = self.shifted(bytes, at, offset) {
                        return stretch;
                    }
                }
            }
            at += CHUNK_BYTES;
        }
        Stretch { given: bytes.len(), passed: 0 }
    }

    fn chunk(&mut self, data: &[u8]) {
        if let Some(wiped) = self.wiped.take() {
            self.name(wiped, "records, since a chunk follows; what it held is lost");
        }
        match chunk::header_damage(data) {
            None => self.highest_record = self.highest_record.max(u64_at(data, 32)),
            // What it holds is not known here.
            Some(_) => self.stated.next_record = None,
        }
    }

    fn name(&mut self, wiped: Wiped, expected: &str) {
        let Wiped { at, first, last } = wiped;
        let what = if first == last {
            format!("chunk {first} holds nothing but zeros")
        } else {
            format!("chunks {first} to {last} hold nothing but zeros")
        };
        self.problems.push(Problem::new(at, what, expected));
    }

    /// Where a chunk begins elsewhere than where the one at `at` should: before
    /// it, where bytes are missing, or behind it, where some were put in.
    fn shifted(&mut self, bytes: &[u8], at: usize, offset: u64) -> Option<Stretch> {
        let before = at.saturating_sub(CHUNK_BYTES) + usize::from(at > 0);
        let next = chunk::find(bytes, before)?;
        if next.abs_diff(at) % CHUNK_BYTES == 0 {
            return None;
        }
        if next < at {
            return Some(Stretch { given: next, passed: 0 });
        }
        let passed = next - at;
        let what = format!("{passed} bytes between chunks, which are none");
        let expected = "a chunk; the next one was read";
        self.problems.push(Problem::new(offset + at as u64, what, expected));
        Some(Stretch { given: at, passed })
    }

    /// At the end of the source: names what the header counts and did not come.
    pub(super) fn end(&mut self, end: u64, header_len: u64) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let Stated { chunks, next_record, open } = self.stated;
        let stated = chunks.unwrap_or(0);
        let found = end.saturating_sub(header_len) / CHUNK_BYTES as u64;
        let expected = format!("records: the header counts {stated} chunks");
        if let Some(wiped) = self.wiped.take_if(|wiped| !open && wiped.first < stated) {
            let last = wiped.last.min(stated.saturating_sub(1));
            self.name(Wiped { last, ..wiped }, &expected);
        }
        if found < stated {
            let what = format!("file ends after {found} of the {stated} chunks its header counts");
            self.problems.push(Problem::new(end, what, "the whole file; what is there was read"));
        }
        let last = next_record.and_then(|next| next.checked_sub(1)).filter(|_| !open);
        let highest = self.highest_record.unwrap_or(0);
        if let Some(last) = last.filter(|&last| highest < last) {
            let what = format!("its last record has number {highest}, and not {last}");
            let expected = "the number that the header of the file states; what was written last \
                            is missing";
            self.problems.push(Problem::new(end, what, expected));
        }
    }
}
