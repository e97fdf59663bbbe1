//! A chunk of 64 KiB: whether it is one, whether it is damaged, and where its
//! records stand.

use super::bytes::{offset_at, u32_at, u64_at};
use super::value::header_ticks;

/// Size of a chunk, in bytes.
pub(super) const CHUNK_BYTES: usize = 0x1_0000;

const HEADER_BYTES: usize = 512;
const RECORD_HEADER_BYTES: usize = 24;
const RECORD_MAGIC: [u8; 4] = [0x2a, 0x2a, 0, 0];
const NO_CHECKSUM: u32 = 0x4;

/// What stands where a chunk is expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Zeros: a chunk that was never used.
    Unused,
    /// Something else.
    Foreign,
    /// A chunk.
    Chunk,
}

const MAGIC: &[u8] = b"ElfChnk\0";

/// Size of the part of a header that tells its own size, in bytes.
const STATED_HEADER_BYTES: u32 = 128;

/// Whether bytes begin with the header of a chunk.
pub(super) fn is_header(data: &[u8]) -> bool {
    data.starts_with(MAGIC) && u32_at(data, 40) == Some(STATED_HEADER_BYTES)
}

/// Where the next header of a chunk stands.
pub(super) fn find(data: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let at = from + memchr::memmem::find(data.get(from..)?, MAGIC)?;
        if data.get(at..).is_some_and(is_header) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// What these bytes are.
pub(super) fn classify(data: &[u8]) -> Found {
    if data.starts_with(MAGIC) && data.len() >= HEADER_BYTES {
        Found::Chunk
    } else if data.first() == Some(&0) && data.iter().all(|&b| b == 0) {
        Found::Unused
    } else {
        Found::Foreign
    }
}

/// What is wrong with a chunk by its checksums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) what: String,
    /// The header is not what it was, so nothing that it says is sure.
    pub(super) of_header: bool,
}

/// What a chunk's checksums say: `None` if nothing is wrong.
pub(super) fn damage(data: &[u8]) -> Option<Damage> {
    if u32_at(data, 120)? & NO_CHECKSUM != 0 {
        return None;
    }
    if let Some(what) = header_damage(data) {
        return Some(Damage { what, of_header: true });
    }
    let Some(records) = data.get(HEADER_BYTES..offset_at(data, 48)?) else {
        return Some(Damage { what: "records end outside of it".into(), of_header: true });
    };
    let (stored, found) = (u32_at(data, 52)?, ::evtx::checksum_ieee(records));
    let what = || format!("records have checksum {found:#010x} and not {stored:#010x}");
    (stored != found).then(|| Damage { what: what(), of_header: false })
}

/// What the checksum of a chunk's header says.
pub(super) fn header_damage(data: &[u8]) -> Option<String> {
    if u32_at(data, 120)? & NO_CHECKSUM != 0 {
        return None;
    }
    let mut header = [0; 504];
    let (first, rest) = header.split_at_mut(120);
    first.copy_from_slice(data.get(..120)?);
    rest.copy_from_slice(data.get(128..512)?);
    let (stored, found) = (u32_at(data, 124)?, ::evtx::checksum_ieee(&header));
    (stored != found).then(|| format!("header has checksum {found:#010x} and not {stored:#010x}"))
}

/// Where a record stands in its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Offset of its header.
    pub(super) at: usize,
    /// Where its BinXML begins and ends.
    pub(super) body: usize,
    pub(super) end: usize,
    /// The record number and the ticks of its header.
    pub(super) id: u64,
    pub(super) ticks: u64,
}

/// Walks over the live records of a chunk, in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    next: Option<usize>,
    live_end: usize,
    last_record: usize,
    first_id: u64,
    last_id: u64,
    /// Where the records end is not known; what is left of others may follow.
    unsure: bool,
}

impl Walk {
    pub(super) fn new(data: &[u8]) -> Self {
        Self {
            next: Some(HEADER_BYTES),
            live_end: offset_at(data, 48).unwrap_or(0).min(data.len()),
            last_record: offset_at(data, 44).unwrap_or(0),
            first_id: u64_at(data, 24).unwrap_or(0),
            last_id: u64_at(data, 32).unwrap_or(0),
            unsure: false,
        }
    }

    /// Walks to the end of a chunk, whatever its header says of its records.
    pub(super) fn to_the_end(data: &[u8]) -> Self {
        Self {
            next: Some(HEADER_BYTES),
            live_end: data.len(),
            last_record: data.len(),
            first_id: 0,
            last_id: u64::MAX,
            unsure: true,
        }
    }

    /// The next record, or the offset at which there should be one.
    pub(super) fn next(&mut self, data: &[u8]) -> Option<Result<Span, usize>> {
        let at = self.next.filter(|&at| at < self.live_end)?;
        if let Some((span, after)) = record_at(data, at) {
            self.next = Some(after).filter(|_| span.id != self.last_id);
            return Some(Ok(span));
        }
        self.next = self.resync(data, at + 1);
        let blank = data.get(at..at + 4).is_none_or(|m| m == [0; 4]) || data.len() < at + 24;
        // Zeros are where the free space begins, unless records follow them.
        (self.next.is_some() || !blank && !self.unsure).then_some(Err(at))
    }

    /// The next place at or after `from` that is certainly a live record: the
    /// copy of its size agrees, and its number is one of this chunk's.
    fn resync(&self, data: &[u8], mut from: usize) -> Option<usize> {
        let end = self.live_end.min(self.last_record.saturating_add(4));
        loop {
            let hit = memchr::memmem::find(data.get(from..end)?, &RECORD_MAGIC)?;
            let at = from + hit;
            if let Some((span, after)) = record_at(data, at)
                && after <= self.live_end
                && u32_at(data, span.end) == u32_at(data, at + 4)
                && (self.first_id..=self.last_id).contains(&span.id)
            {
                return Some(at);
            }
            from = at + 1;
        }
    }
}

/// The record at an offset, and where the next one begins.
pub(super) fn record_at(data: &[u8], at: usize) -> Option<(Span, usize)> {
    if data.get(at..at + 4)? != RECORD_MAGIC {
        return None;
    }
    let size = offset_at(data, at + 4)?;
    let id = u64_at(data, at + 8)?;
    let ticks = header_ticks(data, at + 16)?;
    let body = at + RECORD_HEADER_BYTES;
    let end = body + size.checked_sub(RECORD_HEADER_BYTES + 4)?;
    (end <= data.len()).then_some((Span { at, body, end, id, ticks }, at + size))
}
