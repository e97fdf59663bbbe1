//! The leaf hashes of all events, in one file: cell by cell, and within a cell
//! in the order of reading. They come in the order of reading of all cells
//! together, so they are kept in a spill file first and put in order at the
//! end, with bounded memory.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sekisho_case::Hash;

use super::limits::LEAVES_BYTES_MAX;

/// Length of a hash, in bytes.
pub(crate) const HASH_BYTES: usize = 32;

/// Length of a cell's number before each hash in the spill file, in bytes.
const CELL_BYTES: usize = 4;

/// Leaf hashes in the order of reading.
#[derive(Debug)]
pub(crate) struct Spill {
    path: PathBuf,
    writer: BufWriter<File>,
    count: u64,
}

impl Spill {
    /// An empty spill file at a path, which must be free.
    pub(crate) fn create(path: PathBuf) -> io::Result<Self> {
        let writer = BufWriter::with_capacity(1 << 20, File::create_new(&path)?);
        Ok(Self { path, writer, count: 0 })
    }

    /// Adds the next event.
    pub(crate) fn push(&mut self, cell: u32, leaf: &Hash) -> io::Result<()> {
        self.count += 1;
        self.writer.write_all(&cell.to_be_bytes())?;
        self.writer.write_all(&leaf.0)
    }

    /// Puts the hashes in the order of cells into a file, which must not exist, and
    /// removes the spill file. `sizes` are the events of each cell.
    pub(crate) fn arrange(mut self, to: &Path, sizes: &[u64]) -> io::Result<()> {
        self.writer.flush()?;
        let mut next = Vec::with_capacity(sizes.len());
        let mut total: u64 = 0;
        for size in sizes {
            next.push(total);
            total += size;
        }
        if total != self.count {
            return Err(io::Error::other("the leaf hashes do not add up"));
        }
        let out = File::create_new(to)?;
        out.set_len(total * HASH_BYTES as u64)?;
        let mut reader = BufReader::with_capacity(1 << 20, File::open(&self.path)?);
        let mut left = self.count;
        let at_once = (LEAVES_BYTES_MAX / (2 * (CELL_BYTES + HASH_BYTES))) as u64;
        while left > 0 {
            let mut chunk = Vec::new();
            for _ in 0..left.min(at_once) {
                let (mut cell, mut hash) = ([0; CELL_BYTES], [0; HASH_BYTES]);
                reader.read_exact(&mut cell)?;
                reader.read_exact(&mut hash)?;
                chunk.push((u32::from_be_bytes(cell), hash));
            }
            left -= chunk.len() as u64;
            // Within a cell the order stays as it was.
            chunk.sort_by_key(|&(cell, _)| cell);
            write_runs(&out, &chunk, &mut next)?;
        }
        out.sync_all()?;
        fs::remove_file(&self.path)
    }
}

/// Writes hashes that are sorted by cell, each cell's behind what it has.
fn write_runs(out: &File, chunk: &[(u32, [u8; HASH_BYTES])], next: &mut [u64]) -> io::Result<()> {
    for run in chunk.chunk_by(|a, b| a.0 == b.0) {
        let Some(&(cell, _)) = run.first() else { continue };
        let bytes: Vec<u8> = run.iter().flat_map(|(_, hash)| *hash).collect();
        let Some(at) = next.get_mut(cell as usize) else {
            return Err(io::Error::other("a leaf hash of no cell"));
        };
        write_at(out, &bytes, *at * HASH_BYTES as u64)?;
        *at += run.len() as u64;
    }
    Ok(())
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::io::{Seek as _, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_end_up_by_cell_and_then_in_the_order_of_reading() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::create(folder.path().join("spill")).unwrap();
        let hash = |n: u8| Hash([n; HASH_BYTES]);
        for (cell, n) in [(1, 1), (0, 2), (1, 3), (2, 4), (0, 5), (1, 6)] {
            spill.push(cell, &hash(n)).unwrap();
        }
        let to = folder.path().join("leaves");
        spill.arrange(&to, &[2, 3, 1]).unwrap();
        let bytes = fs::read(&to).unwrap();
        let order: Vec<u8> = bytes.chunks(HASH_BYTES).map(|hash| hash[0]).collect();
        assert_eq!(order, [2, 5, 1, 3, 6, 4]);
        assert!(!folder.path().join("spill").exists());
    }

    #[test]
    fn sizes_that_do_not_add_up_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::create(folder.path().join("spill")).unwrap();
        spill.push(0, &Hash([0; HASH_BYTES])).unwrap();
        assert!(spill.arrange(&folder.path().join("leaves"), &[2]).is_err());
    }
}
