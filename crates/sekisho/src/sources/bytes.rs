//! Bytes that can be read from any place on: a file on disk, a temporary
//! file, memory, or a part of one of them. Several readers may share them.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::limits::BUFFER_BYTES;

#[derive(Clone)]
enum Store {
    File(Arc<File>),
    Memory(Arc<Vec<u8>>),
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.fmt(f),
            Self::Memory(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

/// A stretch of bytes that can be read from any place on.
#[derive(Clone, Debug)]
pub struct Bytes {
    store: Store,
    start: u64,
    len: u64,
}

impl Bytes {
    /// Those of a file on disk.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::of_file(File::open(path)?)
    }

    /// Those of an open file.
    ///
    /// # Errors
    ///
    /// Where its size cannot be told.
    pub fn of_file(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { store: Store::File(Arc::new(file)), start: 0, len })
    }

    /// Those of memory.
    #[must_use]
    pub fn of_memory(bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u64;
        Self { store: Store::Memory(Arc::new(bytes)), start: 0, len }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A part of them, cut where they end.
    #[must_use]
    pub fn part(&self, at: u64, len: u64) -> Self {
        let at = at.min(self.len);
        let len = len.min(self.len - at);
        Self { store: self.store.clone(), start: self.start.saturating_add(at), len }
    }

    /// Reads some bytes from a place on; 0 at the end.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        if buffer.is_empty() {
            return Ok(0);
        }
        let at = self.start.saturating_add(at);
        match &self.store {
            Store::File(file) => file_read_at(file, at, buffer),
            Store::Memory(bytes) => {
                let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..));
                rest.unwrap_or_default().read(buffer)
            }
        }
    }

    /// So many bytes from a place on, or fewer where they end.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn get(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let mut out = vec![0; len.min(left)];
        let got = super::walk::read_up_to(&mut Cursor { bytes: self.clone(), at }, &mut out)?;
        out.truncate(got);
        Ok(out)
    }

    /// Reads them from the first on.
    #[must_use]
    pub fn reader(&self) -> Cursor {
        Cursor { bytes: self.clone(), at: 0 }
    }

    /// The same with a buffer, no larger than they are.
    #[must_use]
    pub fn buffered(&self) -> BufReader<Cursor> {
        let len = usize::try_from(self.len).unwrap_or(usize::MAX);
        BufReader::with_capacity(len.clamp(16, BUFFER_BYTES), self.reader())
    }
}

#[cfg(unix)]
fn file_read_at(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn file_read_at(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// Reads bytes one after another.
#[derive(Debug)]
pub struct Cursor {
    bytes: Bytes,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read_at(self.at, buffer)?;
        self.at += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::Bytes;

    #[test]
    fn a_part_is_cut_where_the_whole_ends() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        for whole in [Bytes::of_memory(b"0123456789".to_vec()), Bytes::of_file(file).unwrap()] {
            let text = |bytes: &Bytes| {
                let mut out = String::new();
                bytes.reader().read_to_string(&mut out).unwrap();
                out
            };
            assert_eq!(text(&whole), "0123456789");
            assert_eq!(text(&whole.part(2, 5)), "23456");
            assert_eq!(text(&whole.part(2, 5).part(3, 100)), "56");
            assert_eq!(text(&whole.part(100, u64::MAX)), "");
            assert_eq!(whole.part(2, 5).get(1, 100).unwrap(), b"3456");
            assert_eq!(whole.get(u64::MAX, 1).unwrap(), b"");
        }
    }
}
