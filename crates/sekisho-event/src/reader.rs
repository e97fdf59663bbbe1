//! What every format is: something that recognises its bytes, cuts them into
//! blocks which can be read on their own, and reads such a block.
//!
//! A source is cut by one thread and its blocks are read by many, so whatever
//! a block needs from earlier bytes (the header of a Zeek log) travels with it.

use std::io::{self, Read};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::batch::{EventBatch, TIME_UNKNOWN};
use crate::problem::Problems;
use crate::time::{self, Stamp};
use crate::vocabulary::Vocabulary;

/// What is known about a source before its first byte is read.
#[derive(Clone, Debug, Default)]
pub struct SourceHints {
    /// The file's name without its folders and without `.gz` and the like.
    pub name: String,
    /// The zone of times that carry none, where the user stated one.
    pub timezone: Option<TimeZone>,
    /// The host of records that name none, where the user or the path says it.
    pub host: Option<String>,
    /// No record was written after this: times without a year get the last
    /// year that does not go beyond it. Nanoseconds since 1970 in UTC.
    pub written_before: Option<i64>,
}

/// Bytes of a source that can be read without any other bytes of it.
#[derive(Clone, Debug)]
pub struct Block {
    /// The bytes. They begin and end between two records.
    pub bytes: Vec<u8>,
    /// Offset of the first of them in the (decompressed) source.
    pub offset: u64,
    /// What the format must carry over from earlier bytes, in its own form:
    /// the header lines of a Zeek log, the file header of an EVTX file.
    pub header: Arc<[u8]>,
    /// Of the whole source.
    pub hints: Arc<SourceHints>,
    /// What could not be cut: records longer than the limit.
    pub problems: Problems,
}

/// Cuts one source into blocks, in order.
pub trait Cutter: Send {
    /// The next block of about
    /// [`BLOCK_BYTES`](crate::limits::BLOCK_BYTES), or `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of `input`.
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>>;
}

/// Reads blocks of one format. One reader serves one thread and may keep what
/// it learned (templates, the order of keys) from block to block and from
/// source to source, as long as the result does not depend on it.
pub trait Reader: Send {
    /// Reads all records of a block and shows them to `visit`, exactly once.
    /// Never panics, whatever the bytes are.
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    );
}

/// The records of a block, after they were read.
pub struct Parsed<'a> {
    /// The events, one batch a shape.
    pub batches: &'a [EventBatch],
    /// How many records there are; those of the batches are numbered from 0 to
    /// one below. Records that could not be read are not counted here.
    pub count: u32,
    /// Where the records stand and what they say in full.
    pub records: &'a dyn Records,
    /// What could not be read, the block's own problems among it.
    pub problems: Problems,
    /// What the times of its records did not say.
    pub untimed: Untimed,
}

/// Records whose times say too little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untimed {
    /// How many had a time without a zone while [`SourceHints::timezone`]
    /// states none. Their times were taken for UTC.
    pub zoneless: u64,
    /// How many had a time without a zone and got the one that was stated.
    pub placed: u64,
    /// How many had a time without a year, and got one by
    /// [`SourceHints::written_before`].
    pub yearless: u64,
    /// How many fell into an hour that the stated zone's clocks showed twice;
    /// the first was taken.
    pub twice: u64,
    /// How many had no time that could be read.
    pub timeless: u64,
}

impl Untimed {
    /// The time of a record in UTC; counts it where that is not certain.
    pub(crate) fn utc(&mut self, time: Option<Stamp>, hints: &SourceHints) -> i64 {
        match time {
            Some(Stamp::Utc(time)) => time,
            Some(Stamp::Zoneless(time)) => self.in_zone(time, hints),
            Some(Stamp::Yearless(day)) => match hints.written_before.map(|end| day.before(end)) {
                Some(Some(time)) => {
                    self.yearless += 1;
                    self.in_zone(time, hints)
                }
                _ => self.unknown(),
            },
            None => self.unknown(),
        }
    }

    fn unknown(&mut self) -> i64 {
        self.timeless += 1;
        TIME_UNKNOWN
    }

    fn in_zone(&mut self, time: i64, hints: &SourceHints) -> i64 {
        let Some(zone) = &hints.timezone else {
            self.zoneless += 1;
            return time;
        };
        self.placed += 1;
        let (utc, twice) = time::in_zone(time, zone);
        self.twice += u64::from(twice);
        utc
    }

    /// Adds those of other records.
    pub fn add(&mut self, other: Self) {
        self.zoneless += other.zoneless;
        self.placed += other.placed;
        self.yearless += other.yearless;
        self.twice += other.twice;
        self.timeless += other.timeless;
    }
}

/// Records of a block by number.
pub trait Records {
    /// Offset of the record in the (decompressed) source.
    fn offset(&self, record: u32) -> u64;

    /// Appends the whole record as one line of JSON, without the line's end.
    /// Appends `null` where there is no such record.
    fn write_json(&self, record: u32, out: &mut Vec<u8>);

    /// How many labels, headings and sentences of their messages no table
    /// knows, where fields are read from messages. They stay text.
    fn labels_unknown(&self) -> u64 {
        0
    }
}

/// A format: what it is called, how it is recognised, cut and read.
pub trait Format: Sync {
    /// Its name, as in reports: `evtx`, `json`, `zeek-tsv`.
    fn name(&self) -> &'static str;

    /// Whether a source that begins with these bytes (up to 64 KiB of them;
    /// all of it where `whole`) is of this format. The formats are asked in the
    /// order of [`FORMATS`](crate::formats::FORMATS), so a format of which
    /// another is a special case comes after it.
    fn recognises(&self, start: &[u8], whole: bool) -> bool;

    /// Whether it is text as a whole, so that nothing in it can be a NUL byte
    /// by right.
    fn is_text(&self) -> bool {
        true
    }

    /// A cutter for one source, whose blocks have about this size. What is
    /// read from them does not depend on it.
    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter>;

    /// A reader for one thread.
    fn reader(&self) -> Box<dyn Reader>;
}

impl std::fmt::Debug for dyn Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
