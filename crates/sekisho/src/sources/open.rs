//! Opens a source as a stream of its own bytes, whatever it is wrapped in.
//! Nothing is held in memory as a whole, and what expands beyond all measure
//! is stopped.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::archive::{Budget, Kind};
use super::limits::BUFFER_BYTES;
use super::walk::read_up_to;
use super::zstd::ZstdFrames;
use super::{Source, Wrapping, dates, tar};

/// Bytes read at once to look at how something begins.
const LOOK_BUFFER_BYTES: usize = 4 << 10;

/// The bytes of a source, and how many as stored were read for them.
pub struct Input<'a> {
    inner: &'a mut dyn Read,
    stored: &'a AtomicU64,
}

impl<'a> Input<'a> {
    /// Reads from `inner`, which counts the bytes as stored in `stored`.
    pub fn new(inner: &'a mut dyn Read, stored: &'a AtomicU64) -> Self {
        Self { inner, stored }
    }

    /// Bytes as stored that were read so far.
    #[must_use]
    pub fn stored(&self) -> &'a AtomicU64 {
        self.stored
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

/// Shows the bytes of a source, unwrapped, to `use_it`.
///
/// # Errors
///
/// Where it cannot be opened; errors while reading are `use_it`'s.
pub fn with_source<T>(
    source: &Source,
    use_it: impl FnOnce(&mut Input<'_>) -> T,
) -> Result<T, String> {
    if let Some(member) = &source.member {
        let archive = &member.archive;
        let opened = archive.pool.open(archive).map_err(|e| e.to_string())?;
        let read = member.with(&opened.bytes, |input, stored| {
            unwrap(&source.wrapping, &archive.budget, input, |inner| {
                use_it(&mut Input::new(inner, stored))
            })
        });
        return read.map_err(|e| e.to_string());
    }
    let file = File::open(&source.file).map_err(|e| e.to_string())?;
    let stored = AtomicU64::new(0);
    let mut counted = Counted::new(file, &stored);
    let budget = Arc::new(Budget::of(source.bytes));
    Ok(unwrap(&source.wrapping, &budget, &mut counted, |inner| {
        use_it(&mut Input::new(inner, &stored))
    }))
}

/// Shows what is within a wrapping to `use_it`.
pub(super) fn unwrap<T>(
    wrapping: &Wrapping,
    budget: &Arc<Budget>,
    input: &mut dyn Read,
    use_it: impl FnOnce(&mut dyn Read) -> T,
) -> T {
    unwrap_by(wrapping, budget, BUFFER_BYTES, input, use_it)
}

/// The same, reading this many bytes at once.
fn unwrap_by<T>(
    wrapping: &Wrapping,
    budget: &Arc<Budget>,
    buffer_bytes: usize,
    input: &mut dyn Read,
    use_it: impl FnOnce(&mut dyn Read) -> T,
) -> T {
    let budget = Arc::clone(budget);
    match wrapping {
        Wrapping::Plain => use_it(input),
        Wrapping::Gzip => {
            let buffered = BufReader::with_capacity(buffer_bytes, input);
            use_it(&mut Limited::new(MultiGzDecoder::new(buffered), budget))
        }
        Wrapping::Zstd => {
            let buffered = BufReader::with_capacity(buffer_bytes, input);
            use_it(&mut Limited::new(ZstdFrames::new(buffered), budget))
        }
    }
}

/// What the first bytes of a file or member tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) wrapping: Wrapping,
    /// Where it is an archive.
    pub(super) archive: Option<Kind>,
    /// When gzip says that what it wraps was last written to.
    pub(super) modified: Option<i64>,
}

/// Looks at the beginning of a file or member.
///
/// # Errors
///
/// Those of the input.
pub(super) fn look(input: &mut dyn Read) -> io::Result<Look> {
    // What cannot be read on is named when it is read for good.
    let input = &mut UntilError::new(input);
    let mut start = [0; tar::TAR_BLOCK_BYTES];
    let got = read_up_to(input, &mut start)?;
    let start = start.get(..got).unwrap_or_default();
    let wrapping = wrapping_of(start);
    if wrapping == Wrapping::Plain {
        return Ok(Look { wrapping, archive: archive_of(start), modified: None });
    }
    // Enough of it that what is wrapped begins to show.
    let mut inner = [0; tar::TAR_BLOCK_BYTES];
    let mut got = 0;
    let budget = Arc::new(Budget::of(0));
    let mut all = start.chain(input);
    unwrap_by(&wrapping, &budget, LOOK_BUFFER_BYTES, &mut all, |input| {
        while let Some(rest) = inner.get_mut(got..).filter(|rest| !rest.is_empty()) {
            // What is cut ends in an error; what came before it counts.
            match input.read(rest) {
                Ok(0) | Err(_) => break,
                Ok(n) => got += n,
            }
        }
    });
    let archive = archive_of(inner.get(..got).unwrap_or_default());
    let seconds = start.get(4..8).and_then(|b| b.first_chunk().copied()).map(u32::from_le_bytes);
    let modified = seconds.filter(|_| wrapping == Wrapping::Gzip).map(i64::from);
    Ok(Look { wrapping, archive, modified: modified.and_then(dates::of_seconds) })
}

/// How bytes are wrapped, by how they start.
fn wrapping_of(start: &[u8]) -> Wrapping {
    match start {
        [0x1f, 0x8b, ..] => Wrapping::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Wrapping::Zstd,
        _ => Wrapping::Plain,
    }
}

fn archive_of(start: &[u8]) -> Option<Kind> {
    match start {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Kind::Zip),
        _ => tar::is_header(start).then_some(Kind::Tar),
    }
}

/// Counts what is read.
pub struct Counted<'a, R> {
    inner: R,
    count: &'a AtomicU64,
}

impl<'a, R> Counted<'a, R> {
    /// Counts in `count`.
    pub fn new(inner: R, count: &'a AtomicU64) -> Self {
        Self { inner, count }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Ends a stream that expands beyond all measure with an error.
pub(super) struct Limited<R> {
    inner: R,
    budget: Arc<Budget>,
}

impl<R> Limited<R> {
    pub(super) fn new(inner: R, budget: Arc<Budget>) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.budget.take(n as u64)?;
        Ok(n)
    }
}

/// Input that ends where it cannot be read on, so that what came before is
/// read like any other; the error is kept.
pub struct UntilError<'a> {
    inner: &'a mut dyn Read,
    /// Why it could not be read on.
    pub error: Option<io::Error>,
}

impl<'a> UntilError<'a> {
    /// Reads from `inner`.
    pub fn new(inner: &'a mut dyn Read) -> Self {
        Self { inner, error: None }
    }
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
