//! Archives and what is in them, also within one another. An archive is a
//! stretch of bytes that can be read from any place on: on disk, a part of
//! another archive that is stored as it is, or unpacked into memory or, where
//! it is large, into a temporary file without a name.
//!
//! Sources stand in the order of their archives, so an archive that was left
//! behind is closed: few files are open at any time, and nothing is unpacked
//! anew for each member.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Wrapping;
use super::bytes::Bytes;
use super::limits::{
    ARCHIVE_MEMBERS_MAX, ARCHIVE_PROBLEMS_MAX, EXPANDED_FREE_BYTES, EXPANSION_RATIO_MAX,
    KEPT_ARCHIVES_MAX, KEPT_FILES_MAX, KEPT_MEMORY_BYTES_MAX, MEMBER_BUFFER_BYTES,
    SPOOLED_BYTES_MAX, UNPACKED_MEMORY_BYTES_MAX,
};
use super::open::{self, Limited};
use super::zip::ZipPlace;
use super::{tar, zip};

/// What kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Zip.
    Zip,
    /// Tar.
    Tar,
}

/// Where the bytes of a member stand in its archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a zip archive.
    Zip(ZipPlace),
    /// In a tar archive: from where on, and how many.
    Tar {
        /// Offset of the first byte.
        at: u64,
        /// How many bytes.
        len: u64,
    },
}

/// A member, as the directory of its archive tells of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its path within the archive.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Its size in bytes.
    pub bytes: u64,
    /// The bytes that it takes in the archive.
    pub stored: u64,
    /// When it was last written to: nanoseconds since 1970.
    pub modified: Option<i64>,
    /// Why it cannot be read, and what was expected.
    pub unreadable: Option<(String, &'static str)>,
}

/// What the directory of an archive tells.
#[derive(Debug, Default)]
pub struct Listing {
    /// The members.
    pub entries: Vec<Entry>,
    /// What is wrong with the directory, and what was expected.
    pub problems: Vec<(String, &'static str)>,
    full: bool,
}

impl Listing {
    /// Whether one more member may be added; names it once if not.
    pub(super) fn has_room(&mut self) -> bool {
        if self.entries.len() < ARCHIVE_MEMBERS_MAX {
            return true;
        }
        if !std::mem::replace(&mut self.full, true) {
            self.problem(
                "archive has too many members",
                "at most 250,000; the others are not read",
            );
        }
        false
    }

    pub(super) fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(super) fn problem(&mut self, what: &str, expected: &'static str) {
        if self.problems.len() < ARCHIVE_PROBLEMS_MAX {
            self.problems.push((what.to_owned(), expected));
        }
    }
}

/// Bytes that a file on disk, and all that is in it, may still expand to.
#[derive(Debug)]
pub struct Budget {
    left: AtomicU64,
}

impl Budget {
    /// For a file of this size.
    #[must_use]
    pub fn of(stored_bytes: u64) -> Self {
        let most = stored_bytes.saturating_mul(EXPANSION_RATIO_MAX).max(EXPANDED_FREE_BYTES);
        Self { left: AtomicU64::new(most) }
    }

    /// Takes some of it.
    ///
    /// # Errors
    ///
    /// Where so much is not left.
    pub fn take(&self, bytes: u64) -> io::Result<()> {
        let less = |left: u64| left.checked_sub(bytes);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other(format!(
                "expands to more than {EXPANSION_RATIO_MAX} times its size: stopped"
            ))),
        }
    }
}

/// An archive on disk or within another.
#[derive(Debug)]
pub struct Archive {
    /// In the order of sources; an archive has a larger one than that in
    /// which it is.
    pub number: usize,
    /// 1 for an archive on disk.
    pub depth: usize,
    /// As shown to people.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// How it is wrapped.
    pub wrapping: Wrapping,
    /// Where its bytes are.
    pub at: At,
    /// Of the file on disk.
    pub budget: Arc<Budget>,
    /// Keeps it open.
    pub pool: Arc<Pool>,
}

/// Where the bytes of an archive or a source are.
#[derive(Clone, Debug)]
pub enum At {
    /// A file on disk.
    Disk(Arc<Path>),
    /// A member of an archive.
    Member(Member),
}

/// A member of an archive.
#[derive(Clone, Debug)]
pub struct Member {
    /// Of this archive.
    pub archive: Arc<Archive>,
    /// Where in it.
    pub place: Place,
}

impl Member {
    /// Shows its bytes to `use_it`, and tells how many bytes as stored were
    /// read meanwhile.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened.
    pub fn with<T>(
        &self,
        archive: &Bytes,
        use_it: impl FnOnce(&mut dyn Read, &AtomicU64) -> T,
    ) -> io::Result<T> {
        let count = AtomicU64::new(0);
        match &self.place {
            Place::Tar { at, len } => {
                let part = archive.part(*at, *len);
                let cut = part.len() < *len;
                let mut input = Whole { inner: open::Counted::new(part.reader(), &count), cut };
                Ok(use_it(&mut input, &count))
            }
            Place::Zip(place) => {
                let stored = place.stored(archive)?;
                let size = usize::try_from(stored.len()).unwrap_or(usize::MAX);
                let counted = open::Counted::new(stored.reader(), &count);
                let size = size.clamp(16, MEMBER_BUFFER_BYTES);
                let unpacked = place.unpack(io::BufReader::with_capacity(size, counted));
                let mut limited = Limited::new(unpacked, Arc::clone(&self.archive.budget));
                Ok(use_it(&mut limited, &count))
            }
        }
    }

    /// The part of the archive that it is, where it stands there as it is.
    fn part(&self, archive: &Bytes) -> Option<Bytes> {
        match &self.place {
            Place::Tar { at, len } => Some(archive.part(*at, *len)),
            Place::Zip(place) => place.part(archive),
        }
    }
}

/// A member of a tar archive, which may end before it does.
struct Whole<R> {
    inner: R,
    cut: bool,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if n == 0 && self.cut && !buffer.is_empty() {
            return Err(io::Error::other("the archive is cut off within it"));
        }
        Ok(n)
    }
}

impl Archive {
    /// Its members, in the order of its directory.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn list(&self, bytes: &Bytes) -> Result<Listing, String> {
        match self.kind {
            Kind::Zip => zip::list(bytes),
            Kind::Tar => tar::list(bytes),
        }
    }

    fn is_in(&self, number: usize) -> bool {
        self.number == number
            || matches!(&self.at, At::Member(member) if member.archive.is_in(number))
    }
}

/// An open archive.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its bytes.
    pub bytes: Bytes,
    /// Why they are not all of it.
    pub cut: Option<Arc<str>>,
    /// Memory that it takes, in bytes.
    memory: u64,
    /// Bytes of its temporary file.
    spooled: u64,
}

/// The archives that are open.
#[derive(Debug, Default)]
pub struct Pool {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Whether archives are being looked into for the first time: then what
    /// comes later is not known yet, and nothing is closed by itself.
    listing: bool,
    open: BTreeMap<usize, Opened>,
    /// Memory that they take, in bytes.
    memory: u64,
    /// Bytes of their temporary files, and how many files these are.
    spooled: u64,
    files: usize,
}

impl Default for State {
    fn default() -> Self {
        Self { listing: true, open: BTreeMap::new(), memory: 0, spooled: 0, files: 0 }
    }
}

impl Pool {
    /// Opens an archive, with those that it is in, or gives what is open.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened or unpacked.
    pub fn open(&self, archive: &Archive) -> io::Result<Opened> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).open(archive)
    }

    /// After the members of an archive were listed: it is kept open for the
    /// reading of its members if it is costly to open again, and not large.
    pub fn listed(&self, number: usize) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).listed(number);
    }

    /// From now on sources are read in their order.
    pub fn all_listed(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).listing = false;
    }
}

impl State {
    fn open(&mut self, archive: &Archive) -> io::Result<Opened> {
        if !self.listing {
            let before = self.open.range(..archive.number).map(|(&number, _)| number);
            let left: Vec<usize> = before.filter(|&number| !archive.is_in(number)).collect();
            left.into_iter().for_each(|number| self.close(number));
        }
        if let Some(open) = self.open.get(&archive.number) {
            return Ok(open.clone());
        }
        let opened = match &archive.at {
            At::Disk(path) => {
                let bytes = Bytes::open(path)?;
                self.unwrapped(archive, &bytes)?
            }
            At::Member(member) => {
                let outer = self.open(&member.archive)?;
                match member.part(&outer.bytes) {
                    Some(bytes) => self.unwrapped(archive, &bytes)?,
                    None => {
                        let unpacked = member.with(&outer.bytes, |input, _| {
                            open::unwrap(&archive.wrapping, &archive.budget, input, |input| {
                                self.unpack(input)
                            })
                        });
                        unpacked??
                    }
                }
            }
        };
        self.memory += opened.memory;
        self.spooled += opened.spooled;
        self.files += usize::from(opened.spooled > 0);
        self.open.insert(archive.number, opened.clone());
        Ok(opened)
    }

    fn close(&mut self, number: usize) {
        if let Some(opened) = self.open.remove(&number) {
            self.memory = self.memory.saturating_sub(opened.memory);
            self.spooled = self.spooled.saturating_sub(opened.spooled);
            self.files = self.files.saturating_sub(usize::from(opened.spooled > 0));
        }
    }

    fn unwrapped(&self, archive: &Archive, bytes: &Bytes) -> io::Result<Opened> {
        if archive.wrapping == Wrapping::Plain {
            return Ok(Opened { bytes: bytes.clone(), cut: None, memory: 0, spooled: 0 });
        }
        let mut input = bytes.reader();
        open::unwrap(&archive.wrapping, &archive.budget, &mut input, |input| self.unpack(input))
    }

    /// Unpacks into memory while there is room, then into a temporary file. An
    /// error on the way leaves what was unpacked before it.
    fn unpack(&self, input: &mut dyn Read) -> io::Result<Opened> {
        let room = UNPACKED_MEMORY_BYTES_MAX.saturating_sub(self.memory);
        let mut input = open::UntilError::new(input);
        let mut memory = Vec::new();
        (&mut input).take(room).read_to_end(&mut memory)?;
        let mut next = [0];
        let more = super::walk::read_up_to(&mut input, &mut next)?;
        if more == 0 {
            memory.shrink_to_fit();
            let size = memory.len() as u64;
            let cut = input.error.map(|e| e.to_string().into());
            let bytes = Bytes::of_memory(memory);
            return Ok(Opened { bytes, cut, memory: size, spooled: 0 });
        }
        let room = SPOOLED_BYTES_MAX.saturating_sub(self.spooled);
        let no_room = |e: io::Error| {
            let text = format!("could not be unpacked into a temporary file: {e}");
            io::Error::new(e.kind(), text)
        };
        let mut file = tempfile::tempfile().map_err(no_room)?;
        file.write_all(&memory).and_then(|()| file.write_all(&next)).map_err(no_room)?;
        let size = memory.len() as u64 + 1;
        drop(memory);
        let copied = io::copy(&mut (&mut input).take(room), &mut file).map_err(no_room)?;
        file.rewind()?;
        let cut = match input.error {
            Some(e) => Some(e.to_string().into()),
            None if copied == room => {
                Some(format!("unpacks to more than {SPOOLED_BYTES_MAX} bytes").into())
            }
            None => None,
        };
        Ok(Opened { bytes: Bytes::of_file(file)?, cut, memory: 0, spooled: size + copied })
    }

    /// Those that were opened before and are not closed are kept, or this one
    /// is in them.
    fn listed(&mut self, number: usize) {
        let keep = self.open.get(&number).is_some_and(|open| {
            let costly = open.memory > 0 || open.spooled > 0;
            costly
                && self.memory <= KEPT_MEMORY_BYTES_MAX
                && self.files <= KEPT_FILES_MAX
                && self.open.len() <= KEPT_ARCHIVES_MAX
        });
        if !keep {
            self.close(number);
        }
    }
}
