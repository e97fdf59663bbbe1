//! Hands out work: one source after another, cut into blocks. Whoever is free
//! takes the next piece, so a single huge file keeps all threads as busy as a
//! hundred thousand small ones do.

use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use hashbrown::{HashMap, HashSet};
use jiff::tz::TimeZone;
use sekisho_event::formats::mended::{self, Mended};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Block, Cutter, Format, Problems, SourceHints, formats};

use super::pieces::{self, Joined, Piece};
use crate::sources::limits::LEADING_NULS_UNPACKED_MAX;
use crate::sources::open::{Counted, Input, UntilError};
use crate::sources::walk::{Inventory, read_up_to};
use crate::sources::{Source, SourceProblem, Wrapping, dates, hash, open};

/// Bytes from which the format is told.
pub(super) const START_BYTES: usize = 64 << 10;

/// Largest file that is read as a whole by one thread, in bytes.
const WHOLE_BYTES_MAX: u64 = 4 << 20;

/// Fewest NUL bytes at the beginning of a log that are passed over: fewer may
/// be text in UTF-16 or UTF-32.
const LEADING_NULS_MIN: usize = 4;

/// Smallest size of blocks, in bytes.
const SMALL_BLOCK_BYTES: usize = 64 << 10;

/// What compressed logs may be expected to expand to.
const USUAL_EXPANSION: u64 = 16;

/// A piece of work, in the order in which its results are wanted.
#[derive(Debug)]
pub(crate) enum Task {
    /// Compute the SHA-256 of a file on disk.
    Hash {
        /// Number in [`Inventory::files`].
        file: usize,
    },
    /// The SHA-256 of a file, worked out while its blocks were cut.
    Hashed {
        /// Number in [`Inventory::files`].
        file: usize,
        hash: String,
    },
    /// Read a small file that is held in memory as a whole, and hash it.
    Whole {
        /// Number in [`Inventory::sources`].
        source: usize,
        bytes: Vec<u8>,
    },
    /// Read a block.
    Block {
        source: usize,
        format: &'static dyn Format,
        block: Block,
        /// Bytes as stored that were read for it.
        stored_bytes: u64,
    },
    /// A source could not be opened, recognised or read on.
    Failed { source: usize, problem: SourceProblem },
}

/// What all sources are read with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Zone of times that state none.
    pub(crate) timezone: Option<TimeZone>,
    /// Host of records that name none.
    pub(crate) host: Option<String>,
    /// Year of the last record of each log whose records name none.
    pub(crate) year: Option<i64>,
}

impl Reading {
    /// No record of a source was written after this.
    pub(crate) fn written_before(&self, source: &Source) -> Option<i64> {
        let Some(year) = self.year else { return source.written_before };
        // What says when it was written may still say the day.
        let known = source.written_before.filter(|&t| dates::year_of(t) == Some(year));
        known.or_else(|| dates::end_of([year, 12, 30]))
    }

    pub(crate) fn hints(&self, source: &Source) -> Arc<SourceHints> {
        Arc::new(SourceHints {
            name: source.name.clone(),
            timezone: self.timezone.clone(),
            host: self.host.clone().or_else(|| source.host.clone()),
            written_before: self.written_before(source),
        })
    }
}

/// Gives out all work, in order, until it is done or `stop` is set.
/// `emit` returns false when nobody takes work any more.
pub(crate) fn feed(
    inventory: &Inventory,
    reading: &Reading,
    stop: &AtomicBool,
    emit: &mut dyn FnMut(Task) -> bool,
) {
    let mut hashed = None;
    let mut joined = HashSet::new();
    let sizes = sizes(inventory);
    for (number, source) in inventory.sources.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        if joined.contains(&number) {
            continue;
        }
        let pieces = pieces::of(inventory, number);
        joined.extend(pieces.iter().map(|piece| piece.source));
        let mut feeder = Feeder { reading, stop, number, source, pieces, hashed: 0, emit };
        let plain = source.wrapping == Wrapping::Plain && source.member.is_none();
        let going = if !feeder.pieces.is_empty() {
            feeder.stream_joined(inventory)
        } else if plain && source.bytes <= WHOLE_BYTES_MAX {
            feeder.whole()
        } else if plain && sizes.get(&source.bytes) == Some(&1) {
            // No other file can be a copy of it: the hash may come last.
            feeder.stream_and_hash(inventory)
        } else {
            let first_of_file = hashed.replace(source.file_number) != Some(source.file_number);
            (!first_of_file || (feeder.emit)(Task::Hash { file: source.file_number }))
                && feeder.stream()
        };
        if !going {
            return;
        }
    }
}

/// How many files there are of each size.
fn sizes(inventory: &Inventory) -> HashMap<u64, usize> {
    let mut sizes = HashMap::new();
    for file in &inventory.files {
        *sizes.entry(file.bytes).or_insert(0) += 1;
    }
    sizes
}

/// Gives out the blocks of one source as number 0, whatever its size.
pub(crate) fn stream(
    source: &Source,
    reading: &Reading,
    stop: &AtomicBool,
    emit: &mut dyn FnMut(Task) -> bool,
) {
    let pieces = Vec::new();
    Feeder { reading, stop, number: 0, source, pieces, hashed: 0, emit }.stream();
}

struct Feeder<'a> {
    reading: &'a Reading,
    stop: &'a AtomicBool,
    number: usize,
    source: &'a Source,
    /// Where the log was split, its pieces.
    pieces: Vec<Piece>,
    /// Pieces whose hashes are asked for.
    hashed: usize,
    emit: &'a mut dyn FnMut(Task) -> bool,
}

impl Feeder<'_> {
    fn failed(&mut self, offset: Option<u64>, what: impl ToString, expected: &str) -> bool {
        let problem = problem(self.source, offset, what, expected);
        (self.emit)(Task::Failed { source: self.number, problem })
    }

    fn whole(&mut self) -> bool {
        let mut bytes = Vec::with_capacity(usize::try_from(self.source.bytes).unwrap_or(0) + 1);
        let read = File::open(&self.source.file)
            .and_then(|file| file.take(WHOLE_BYTES_MAX + 1).read_to_end(&mut bytes));
        match read {
            // It grew since it was found.
            Ok(got) if got as u64 > WHOLE_BYTES_MAX => {
                (self.emit)(Task::Hash { file: self.source.file_number }) && self.stream()
            }
            Ok(_) if bytes.starts_with(&[0; LEADING_NULS_MIN]) || is_mended(&bytes) => {
                (self.emit)(Task::Hash { file: self.source.file_number }) && self.stream()
            }
            Ok(_) => (self.emit)(Task::Whole { source: self.number, bytes }),
            Err(e) => self.failed(None, e, "a file that can be read"),
        }
    }

    /// Reads a file once, for its blocks and its hash.
    fn stream_and_hash(&mut self, inventory: &Inventory) -> bool {
        let file = match File::open(&self.source.file) {
            Ok(file) => file,
            Err(e) => return self.failed(None, e, "a file that can be opened"),
        };
        let hashed = AtomicU64::new(0);
        let mut hashing = hash::Hashing::new(Counted::new(file, &hashed));
        let stored = AtomicU64::new(0);
        let mut counted = Counted::new(&mut hashing, &stored);
        if !self.stream_from(&mut Input::new(&mut counted, &stored)) {
            return false;
        }
        let stop = || self.stop.load(Ordering::Relaxed);
        match hashing.finish(&stop) {
            Ok(hash) => {
                let file = self.source.file_number;
                let found = inventory.files.get(file);
                let changed = found.and_then(|f| f.changed(hashed.load(Ordering::Relaxed)));
                let told = changed.is_none_or(|problem| {
                    (self.emit)(Task::Failed { source: self.number, problem })
                });
                told && (self.emit)(Task::Hashed { file, hash })
            }
            Err(e) => {
                let what = format!("could not be hashed: {e}");
                self.failed(None, what, "a file that can be read to its end")
            }
        }
    }

    fn stream(&mut self) -> bool {
        let source = self.source;
        let streamed = open::with_source(source, |input| self.stream_from(input));
        match streamed {
            Ok(going) => going,
            Err(what) => self.failed(None, what, "a file or member that can be opened"),
        }
    }

    /// Reads the pieces of a log as one.
    fn stream_joined(&mut self, inventory: &Inventory) -> bool {
        let stored = AtomicU64::new(0);
        let mut counted = Counted::new(Joined::new(inventory, &self.pieces), &stored);
        self.stream_from(&mut Input::new(&mut counted, &stored)) && self.hash_to(self.pieces.len())
    }

    /// Asks for the hashes of the first pieces, each once.
    fn hash_to(&mut self, count: usize) -> bool {
        let files: Vec<usize> = self.pieces.iter().map(|piece| piece.file).collect();
        let new = files.get(self.hashed..count).unwrap_or_default();
        self.hashed = self.hashed.max(count);
        new.iter().all(|&file| (self.emit)(Task::Hash { file }))
    }

    /// Gives out a block; what begins in another piece as one of that.
    fn give(&mut self, format: &'static dyn Format, block: Block, mut stored_bytes: u64) -> bool {
        let mut rest = Some(block);
        while let Some(mut block) = rest.take() {
            let mut source = self.number;
            let later = self.pieces.iter().position(|piece| piece.start > block.offset);
            let at = later.unwrap_or(self.pieces.len());
            if let Some(piece) = at.checked_sub(1).and_then(|at| self.pieces.get(at)).cloned() {
                if let Some(next) = self.pieces.get(at) {
                    (block, rest) = pieces::part(block, next.start, format);
                }
                if !self.hash_to(at) {
                    return false;
                }
                source = piece.source;
                block.offset -= piece.start;
                block.problems.named.iter_mut().for_each(|p| {
                    p.offset = p.offset.saturating_sub(piece.start);
                });
            }
            let task = Task::Block { source, format, block, stored_bytes };
            if !(self.emit)(task) {
                return false;
            }
            stored_bytes = 0;
        }
        true
    }

    fn stream_from(&mut self, input: &mut Input<'_>) -> bool {
        let stored = input.stored();
        let mut input = UntilError::new(input);
        let Some((start, skipped)) = self.start(&mut input) else { return true };
        let cr = mended::ends_in_cr(&start);
        let recognised = recognise_mended(&start, start.len() < START_BYTES);
        let format = match (recognised, &input.error) {
            (Ok(format), _) => format,
            (Err(_), Some(e)) => {
                let what = e.to_string();
                return self.failed(Some(start.len() as u64), what, "a source that can be read");
            }
            (Err((what, expected)), None) => return self.failed(Some(0), what, expected),
        };
        if skipped > 0 && !self.named_nuls(skipped) {
            return false;
        }
        let cutter = &mut *format.cutter(self.reading.hints(self.source), self.block_bytes());
        let is_text = mended::is_text(format, &start);
        let mut all = start.as_slice().chain(&mut input);
        let going = if is_text {
            let mut mended = Mended::new(&mut all, cr);
            self.cut(cutter, format, &mut mended, stored, skipped)
                && self.named_gaps(&mended.problems, skipped)
        } else {
            self.cut(cutter, format, &mut all, stored, skipped)
        };
        match input.error {
            Some(e) => {
                self.failed(None, e, "more of the source; what came before was read") && going
            }
            None => going,
        }
    }

    /// No more than there is to read: a small source takes little memory.
    fn block_bytes(&self) -> usize {
        let Source { wrapping, bytes, .. } = self.source;
        let packed = *wrapping != Wrapping::Plain;
        let bytes = bytes.saturating_mul(if packed { USUAL_EXPANSION } else { 1 });
        let bytes = usize::try_from(bytes).unwrap_or(BLOCK_BYTES);
        bytes.saturating_add(1).clamp(SMALL_BLOCK_BYTES, BLOCK_BYTES)
    }

    /// The bytes from which the format is told, and how many NUL bytes stand
    /// before them; `None` where there is nothing else, which is named.
    fn start(&mut self, input: &mut UntilError<'_>) -> Option<(Vec<u8>, u64)> {
        let mut start = vec![0; START_BYTES];
        let mut skipped = 0;
        loop {
            let got = read_up_to(input, &mut start).unwrap_or(0);
            let nuls = start.iter().take(got).take_while(|&&b| b == 0).count();
            if skipped == 0 && nuls < LEADING_NULS_MIN {
                start.truncate(got);
                return Some((start, 0));
            }
            skipped += nuls as u64;
            if nuls < got {
                start.truncate(got);
                start.drain(..nuls);
                let mut more = vec![0; nuls];
                let added = read_up_to(input, &mut more).unwrap_or(0);
                start.extend_from_slice(more.get(..added).unwrap_or_default());
                return Some((start, skipped));
            }
            let plain = self.source.wrapping == Wrapping::Plain && self.source.member.is_none();
            let too_many = !plain && skipped > LEADING_NULS_UNPACKED_MAX;
            if let Some(e) = input.error.take() {
                self.failed(Some(skipped), e, "a source that can be read");
                return None;
            }
            if got < START_BYTES || too_many || self.stop.load(Ordering::Relaxed) {
                let what =
                    if too_many { "begins with very many NUL bytes" } else { "NUL bytes only" };
                self.failed(Some(0), what, "a log with records");
                return None;
            }
        }
    }

    fn named_nuls(&mut self, skipped: u64) -> bool {
        let what = format!("begins with {skipped} NUL bytes, which are passed over");
        let expected = "records from the first byte on: a log that was emptied while its program \
                        still wrote to it has such a gap";
        self.failed(Some(0), what, expected)
    }

    fn named_gaps(&mut self, gaps: &Problems, skipped: u64) -> bool {
        let named = gaps.named.iter();
        let all = named.map(|gap| (Some(gap.offset + skipped), gap.what.clone(), &*gap.expected));
        let more = (gaps.more > 0).then(|| {
            let what = format!("{} more runs of NUL bytes, which are passed over", gaps.more);
            (None, what, "text")
        });
        all.chain(more).all(|(offset, what, expected)| self.failed(offset, what, expected))
    }

    /// Gives out the blocks of a source.
    fn cut(
        &mut self,
        cutter: &mut dyn Cutter,
        format: &'static dyn Format,
        input: &mut dyn Read,
        stored: &AtomicU64,
        skipped: u64,
    ) -> bool {
        let mut read_to = 0;
        let mut counted = 0;
        while !self.stop.load(Ordering::Relaxed) {
            match cutter.next(input) {
                Ok(Some(mut block)) => {
                    block.offset += skipped;
                    block.problems.named.iter_mut().for_each(|p| p.offset += skipped);
                    read_to = block.offset + block.bytes.len() as u64;
                    let read = stored.load(Ordering::Relaxed);
                    let stored_bytes = read.saturating_sub(std::mem::replace(&mut counted, read));
                    if !self.give(format, block, stored_bytes) {
                        return false;
                    }
                }
                Ok(None) => return true,
                Err(e) => {
                    return self.failed(Some(read_to), e, "a source that can be cut");
                }
            }
        }
        false
    }
}

/// Whether a file must be mended while it is read.
fn is_mended(bytes: &[u8]) -> bool {
    mended::is_odd(bytes)
        && recognise_mended(bytes, true).is_ok_and(|format| mended::is_text(format, bytes))
}

/// The format of a source, if need be as its text is when it is mended.
fn recognise_mended(
    start: &[u8],
    whole: bool,
) -> Result<&'static dyn Format, (&'static str, &'static str)> {
    let cr = mended::ends_in_cr(start);
    let raw = recognise(start, whole);
    if !cr && raw.is_ok() || !mended::is_odd(start) {
        return raw;
    }
    let (mut bytes, mut lines) = (start, Vec::with_capacity(start.len()));
    match Mended::new(&mut bytes, cr).read_to_end(&mut lines) {
        Ok(_) => recognise(&lines, whole).or(raw),
        Err(_) => raw,
    }
}

/// A problem with a source.
pub(crate) fn problem(
    source: &Source,
    offset: Option<u64>,
    what: impl ToString,
    expected: &str,
) -> SourceProblem {
    SourceProblem {
        path: source.path.clone(),
        offset,
        what: what.to_string(),
        expected: expected.to_owned(),
    }
}

/// What was expected of a source that is not recognised.
static EXPECTED: LazyLock<String> = LazyLock::new(|| {
    let count = formats::FORMATS.len();
    format!("a log of one of the {count} formats that are read, as it is or packed")
});

/// The format of a source, or what is wrong and what was expected.
pub(crate) fn recognise(
    start: &[u8],
    whole: bool,
) -> Result<&'static dyn Format, (&'static str, &'static str)> {
    if start.is_empty() {
        return Err(("empty", "a log with records"));
    }
    formats::recognise(start, whole).ok_or_else(|| match packed(start) {
        Some(what) => (what, "plain, gzip, Zstandard, zip or tar; unpack it first"),
        None => ("format not recognised", EXPECTED.as_str()),
    })
}

/// What a source is that is packed in a way that is not read.
fn packed(start: &[u8]) -> Option<&'static str> {
    const PACKED: [(&[u8], &str); 7] = [
        (b"\xfd7zXZ\0", "compressed with xz, which is not read"),
        (b"BZh", "compressed with bzip2, which is not read"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which is not read"),
        (b"Rar!\x1a\x07", "a RAR archive, which is not read"),
        (b"\x04\x22\x4d\x18", "compressed with LZ4, which is not read"),
        (b"\x1f\x9d", "compressed with compress, which is not read"),
        (b"MSCF\0\0\0\0", "a cabinet, which is not read"),
    ];
    PACKED.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, what)| *what)
}
