//! Files that are there whole or not at all, whenever the machine stops: every
//! step by which a case changes on disk is in this one place, so that a test
//! can make any of them fail.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Ending of a file that is being written. Whatever has it and is found later
/// is left over from a writer that died.
pub const UNFINISHED: &str = ".unfinished";

/// The steps by which files change. Each is done, or fails, or is cut off by
/// the end of the machine.
pub trait Disk: Send + Sync {
    /// Makes a folder, but not those above it. One that is there is no error.
    ///
    /// # Errors
    /// As the system says.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Writes a file anew and waits until its bytes are on the disk. A failure
    /// may leave any part of it.
    ///
    /// # Errors
    /// As the system says.
    fn write_synced(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Gives a file another name, in place of what has it.
    ///
    /// # Errors
    /// As the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until the names in a folder are on the disk.
    ///
    /// # Errors
    /// As the system says.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Removes a file. One that is not there is no error.
    ///
    /// # Errors
    /// As the system says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder without files. One that is not there is no error.
    ///
    /// # Errors
    /// As the system says.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            done => done,
        }
    }

    fn write_synced(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        // Elsewhere folders cannot be opened, and names are kept by the
        // journal of the file system.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        gone(fs::remove_file(path))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        gone(fs::remove_dir(path))
    }
}

fn gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// A disk for tests of whatever writes a case: it does as the real one up to a
/// step, and from then on nothing works any more.
#[derive(Clone)]
pub struct FaultyDisk {
    left: Arc<AtomicI64>,
}

/// How far a step of a faulty disk gets.
#[derive(PartialEq)]
enum Step {
    Done,
    Half,
    Refused,
}

impl FaultyDisk {
    /// The first `steps` steps are done; the next one is done by half (a file
    /// is cut off in the middle) and fails, and all others fail.
    #[must_use]
    pub fn after(steps: u32) -> Self {
        Self { left: Arc::new(AtomicI64::new(steps.into())) }
    }

    /// How many steps are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        u64::try_from(self.left.load(Ordering::Relaxed)).unwrap_or(0)
    }

    fn step(&self) -> Step {
        match self.left.fetch_sub(1, Ordering::Relaxed) {
            1.. => Step::Done,
            0 => Step::Half,
            _ => Step::Refused,
        }
    }

    fn whole(&self) -> io::Result<()> {
        if self.step() == Step::Done { Ok(()) } else { Err(full()) }
    }
}

fn full() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "no space left")
}

impl fmt::Debug for FaultyDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultyDisk({} steps left)", self.left())
    }
}

impl Disk for FaultyDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.whole().and_then(|()| RealDisk.create_folder(path))
    }

    fn write_synced(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.step() {
            Step::Done => RealDisk.write_synced(path, bytes),
            Step::Half => {
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                RealDisk.write_synced(path, half).and(Err(full()))
            }
            Step::Refused => Err(full()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.whole().and_then(|()| RealDisk.rename(from, to))
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.whole().and_then(|()| RealDisk.sync_folder(path))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.whole().and_then(|()| RealDisk.remove_file(path))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.whole().and_then(|()| RealDisk.remove_folder(path))
    }
}

/// What could not be done, and to what.
#[derive(Debug)]
pub struct DiskError {
    /// What was being done, such as `cannot write`.
    pub doing: &'static str,
    /// To which file or folder.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

impl DiskError {
    /// An error of the system, with what it was about.
    pub fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self { doing, path: path.to_owned(), source }
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.doing, self.path.display(), self.source)
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // What the system says stands in the sentence already.
        self.source.source()
    }
}

/// Writes a small file so that it is there whole or as it was before, and on
/// the disk when this returns: written beside, synced, renamed, folder synced.
/// Missing folders above it are made.
///
/// # Errors
/// The step that failed. The file is then as it was, or as it should be.
pub fn write_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let mut folders = Folders::default();
    folders.write(disk, path, bytes)?;
    folders.sync(disk)
}

/// Writes many files as [`write_file`] does, but syncs each folder only once,
/// in [`Folders::sync`].
#[derive(Debug, Default)]
pub struct Folders {
    changed: BTreeSet<PathBuf>,
    known: BTreeSet<PathBuf>,
}

impl Folders {
    /// Those below a folder that is there to stay. Folders found below it are
    /// synced too: who made them may have died before it could.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { changed: BTreeSet::new(), known: BTreeSet::from([root.to_owned()]) }
    }

    /// Writes a file; its name is not sure to be on the disk before
    /// [`Folders::sync`].
    ///
    /// # Errors
    /// The step that failed.
    pub fn write(&mut self, disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let folder = path.parent().unwrap_or(path);
        self.create(disk, folder)?;
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(UNFINISHED);
        let unfinished = PathBuf::from(unfinished);
        let written = disk.write_synced(&unfinished, bytes);
        written.map_err(|e| DiskError::new("cannot write", &unfinished, e))?;
        let renamed = disk.rename(&unfinished, path);
        renamed.map_err(|e| DiskError::new("cannot give its name to", path, e))?;
        self.changed.insert(folder.to_owned());
        Ok(())
    }

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// The step that failed.
    pub fn create(&mut self, disk: &dyn Disk, folder: &Path) -> Result<(), DiskError> {
        if self.known.contains(folder) || folder.as_os_str().is_empty() {
            return Ok(());
        }
        let is_below = folder.ancestors().any(|above| self.known.contains(above));
        if let Some(above) = folder.parent().filter(|_| is_below || !folder.is_dir()) {
            self.create(disk, above)?;
            self.changed.insert(above.to_owned());
        }
        if folder.is_dir() {
            self.known.insert(folder.to_owned());
            return Ok(());
        }
        let made = disk.create_folder(folder);
        made.map_err(|e| DiskError::new("cannot make the folder", folder, e))?;
        self.known.insert(folder.to_owned());
        Ok(())
    }

    /// Waits until all names that were given are on the disk.
    ///
    /// # Errors
    /// The step that failed.
    pub fn sync(&mut self, disk: &dyn Disk) -> Result<(), DiskError> {
        for folder in &self.changed {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let synced = disk.sync_folder(folder);
            synced.map_err(|e| DiskError::new("cannot sync the folder", folder, e))?;
        }
        self.changed.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_as_before_or_as_it_should_be() {
        for steps in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a/b/file");
            write_file(&RealDisk, &path, b"before").unwrap();
            let disk = FaultyDisk::after(steps);
            let done = write_file(&disk, &path, b"after, and longer");
            let found = fs::read(&path).unwrap();
            match done {
                Ok(()) => {
                    assert_eq!(found, b"after, and longer");
                    assert!(steps >= 3, "write, rename and sync are three steps");
                    break;
                }
                Err(e) => {
                    assert!(found == b"before" || found == b"after, and longer", "{steps}");
                    assert!(e.to_string().contains("no space left"), "{e}");
                }
            }
        }
    }

    #[test]
    fn a_new_file_is_there_or_not() {
        let mut seen = 0;
        for steps in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a/b/file");
            let done = write_file(&FaultyDisk::after(steps), &path, b"bytes");
            match fs::read(&path) {
                Ok(found) => assert_eq!(found, b"bytes"),
                Err(_) => seen += 1,
            }
            if done.is_ok() {
                break;
            }
        }
        assert!(seen >= 4, "folders, writing and renaming can fail: {seen}");
    }
}
