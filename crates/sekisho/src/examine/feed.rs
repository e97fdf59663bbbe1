//! Hands out work: one source after another, cut into blocks. Whoever is free
//! takes the next piece, so a single huge file keeps all threads as busy as a
//! hundred thousand small ones do.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashMap;
use jiff::tz::TimeZone;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Block, Cutter, Format, SourceHints, formats};

use crate::sources::walk::{Inventory, read_up_to};
use crate::sources::{Source, SourceProblem, Wrapping, hash, open};

/// Bytes from which the format is told.
const START_BYTES: usize = 64 << 10;

/// Largest file that is read as a whole by one thread, in bytes.
const WHOLE_BYTES_MAX: u64 = 4 << 20;

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
    Block { source: usize, format: &'static dyn Format, block: Block },
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
}

impl Reading {
    pub(crate) fn hints(&self, source: &Source) -> Arc<SourceHints> {
        Arc::new(SourceHints {
            name: source.name.clone(),
            timezone: self.timezone.clone(),
            host: self.host.clone().or_else(|| source.host.clone()),
            written_before: source.written_before,
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
    let sizes = sizes(inventory);
    for (number, source) in inventory.sources.iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let mut feeder = Feeder { reading, stop, number, source, emit };
        let plain = source.wrapping == Wrapping::Plain;
        let going = if plain && source.bytes <= WHOLE_BYTES_MAX {
            feeder.whole()
        } else if plain && sizes.get(&source.bytes) == Some(&1) {
            // No other file can be a copy of it: the hash may come last.
            feeder.stream_and_hash()
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
    Feeder { reading, stop, number: 0, source, emit }.stream();
}

struct Feeder<'a> {
    reading: &'a Reading,
    stop: &'a AtomicBool,
    number: usize,
    source: &'a Source,
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
            Ok(_) => (self.emit)(Task::Whole { source: self.number, bytes }),
            Err(e) => self.failed(None, e, "a file that can be read"),
        }
    }

    /// Reads a file once, for its blocks and its hash.
    fn stream_and_hash(&mut self) -> bool {
        let file = match File::open(&self.source.file) {
            Ok(file) => file,
            Err(e) => return self.failed(None, e, "a file that can be opened"),
        };
        let mut input = hash::Hashing::new(file);
        if !self.stream_from(&mut input) {
            return false;
        }
        let stop = || self.stop.load(Ordering::Relaxed);
        match input.finish(&stop) {
            Ok(hash) => (self.emit)(Task::Hashed { file: self.source.file_number, hash }),
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

    fn stream_from(&mut self, input: &mut dyn Read) -> bool {
        let mut start = vec![0; START_BYTES];
        let mut input = UntilError { inner: input, error: None };
        let got = read_up_to(&mut input, &mut start).unwrap_or(0);
        start.truncate(got);
        let format = match (recognise(&start, got < START_BYTES), &input.error) {
            (Ok(format), _) => format,
            (Err(_), Some(e)) => {
                let what = e.to_string();
                return self.failed(Some(got as u64), what, "a source that can be read");
            }
            (Err((what, expected)), None) => return self.failed(Some(0), what, expected),
        };
        let mut cutter = format.cutter(self.reading.hints(self.source), BLOCK_BYTES);
        let going = self.cut(&mut *cutter, format, &mut start.as_slice().chain(&mut input));
        match input.error {
            Some(e) => {
                self.failed(None, e, "more of the source; what came before was read") && going
            }
            None => going,
        }
    }

    /// Gives out the blocks of a source.
    fn cut(
        &mut self,
        cutter: &mut dyn Cutter,
        format: &'static dyn Format,
        input: &mut dyn Read,
    ) -> bool {
        let mut read_to = 0;
        while !self.stop.load(Ordering::Relaxed) {
            match cutter.next(input) {
                Ok(Some(block)) => {
                    read_to = block.offset + block.bytes.len() as u64;
                    if !(self.emit)(Task::Block { source: self.number, format, block }) {
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

/// Input that ends where it cannot be read on, so that what came before is
/// read like any other source; the error is kept.
struct UntilError<'a> {
    inner: &'a mut dyn Read,
    error: Option<io::Error>,
}

impl Read for UntilError<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Err(e) if e.kind() != io::ErrorKind::Interrupted => {
                self.error = Some(e);
                Ok(0)
            }
            read => read,
        }
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

/// The format of a source, or what is wrong and what was expected.
pub(crate) fn recognise(
    start: &[u8],
    whole: bool,
) -> Result<&'static dyn Format, (&'static str, &'static str)> {
    if start.is_empty() {
        return Err(("empty", "a log with records"));
    }
    formats::recognise(start, whole).ok_or((
        "format not recognised",
        "EVTX, JSON (lines, documents, arrays) or Zeek logs, also within gzip, Zstandard or zip",
    ))
}
