//! Finds the logs under the paths that a user names: in an order that does
//! not depend on the file system, without going round in circles.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Source, SourceProblem, Wrapping};

/// Deepest folder that is entered, counted from the path that was named.
pub const FOLDER_DEPTH_MAX: usize = 64;

/// Most files in one run.
pub const FILES_MAX: usize = 2_000_000;

/// Most members of one archive.
pub const ARCHIVE_MEMBERS_MAX: usize = 1_000_000;

/// A file on disk.
#[derive(Clone, Debug)]
pub struct DiskFile {
    /// As shown to people.
    pub path: String,
    /// Where it is.
    pub file: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Files on disk, in order of their paths.
    pub files: Vec<DiskFile>,
    /// Sources in them, in the same order; members of an archive in the order
    /// of their names.
    pub sources: Vec<Source>,
    /// What could not be entered or opened.
    pub problems: Vec<SourceProblem>,
    /// Files that are not looked at, by their real paths.
    passed_over: Vec<PathBuf>,
}

impl Inventory {
    /// Looks through files and folders.
    #[must_use]
    pub fn of(paths: &[PathBuf]) -> Self {
        Self::without(paths, &[])
    }

    /// Looks through files and folders, passing over some files: the results
    /// of an earlier run, which this one will write anew.
    #[must_use]
    pub fn without(paths: &[PathBuf], passed_over: &[PathBuf]) -> Self {
        let passed_over = passed_over.iter().filter_map(|p| fs::canonicalize(p).ok()).collect();
        let mut inventory = Self { passed_over, ..Self::default() };
        let mut paths = paths.to_vec();
        paths.sort();
        paths.dedup();
        let mut entered = BTreeSet::new();
        for path in &paths {
            inventory.enter(path, 0, &mut entered);
        }
        for number in 0..inventory.files.len() {
            inventory.open(number);
        }
        inventory
    }

    fn problem(&mut self, path: &Path, what: impl ToString, expected: &str) {
        self.problems.push(SourceProblem {
            path: path.to_string_lossy().into_owned(),
            offset: None,
            what: what.to_string(),
            expected: expected.to_owned(),
        });
    }

    fn enter(&mut self, path: &Path, depth: usize, entered: &mut BTreeSet<PathBuf>) {
        let meta = match fs::metadata(path) {
            Ok(meta) => meta,
            Err(e) => return self.problem(path, e, "a file or folder that can be read"),
        };
        if meta.is_file() {
            if self.is_passed_over(path) {
                return;
            }
            if self.files.len() >= FILES_MAX {
                return self.problem(path, "too many files", "at most 2,000,000 in one run");
            }
            self.files.push(DiskFile {
                path: path.to_string_lossy().into_owned(),
                file: path.to_owned(),
                bytes: meta.len(),
            });
            return;
        }
        if !meta.is_dir() {
            return self.problem(path, "neither a file nor a folder", "a regular file");
        }
        self.enter_folder(path, depth, entered);
    }

    fn is_passed_over(&self, path: &Path) -> bool {
        let same_name = |p: &&PathBuf| p.file_name() == path.file_name();
        let mut alike = self.passed_over.iter().filter(same_name).peekable();
        alike.peek().is_some() && fs::canonicalize(path).is_ok_and(|real| alike.any(|p| *p == real))
    }

    fn enter_folder(&mut self, path: &Path, depth: usize, entered: &mut BTreeSet<PathBuf>) {
        if depth > FOLDER_DEPTH_MAX {
            return self.problem(path, "folders nested too deeply", "at most 64 levels");
        }
        // A folder reached twice (by links, or named twice) is read once.
        let first = fs::canonicalize(path).map(|real| entered.insert(real));
        match first {
            Ok(true) => {}
            Ok(false) => {
                return self.problem(
                    path,
                    "folder was already read under another path",
                    "nothing to do: its files are counted once",
                );
            }
            Err(e) => return self.problem(path, e, "a folder that can be read"),
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(e) => return self.problem(path, e, "a folder that can be read"),
        };
        let mut children = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => children.push(entry.path()),
                Err(e) => self.problem(path, e, "a folder whose entries can be read"),
            }
        }
        children.sort();
        for child in children {
            self.enter(&child, depth + 1, entered);
        }
    }

    /// Sees how a file is wrapped, and what is in it if it is an archive.
    fn open(&mut self, number: usize) {
        let Some(file) = self.files.get(number).cloned() else { return };
        let mut start = [0; 4];
        let got = File::open(&file.file).and_then(|mut f| read_up_to(&mut f, &mut start));
        let wrapping = match got {
            Ok(n) => wrapping_of(start.get(..n).unwrap_or_default()),
            Err(e) => {
                return self.problem(Path::new(&file.path), e, "a file that can be read");
            }
        };
        let Some(wrapping) = wrapping else { return self.open_archive(number, &file) };
        let name = file_name(&file.path, &wrapping);
        self.sources.push(Source {
            path: file.path,
            file: file.file,
            file_number: number,
            wrapping,
            name,
            bytes: file.bytes,
            host: None,
            written_before: None,
        });
    }

    fn open_archive(&mut self, number: usize, file: &DiskFile) {
        let path = Path::new(&file.path);
        let mut archive = match super::open::archive(&file.file) {
            Ok(archive) => archive,
            Err(e) => return self.problem(path, e, "a zip archive whose directory can be read"),
        };
        if archive.len() > ARCHIVE_MEMBERS_MAX {
            return self.problem(path, "archive has too many members", "at most 1,000,000");
        }
        let mut members = Vec::new();
        for index in 0..archive.len() {
            match super::open::member_start(&mut archive, index) {
                Ok(None) => {}
                Ok(Some((name, bytes, start))) => members.push((name, bytes, start, index)),
                Err((name, what)) => {
                    let shown = format!("{}!{name}", file.path);
                    self.problem(Path::new(&shown), what, "a member that can be read");
                }
            }
        }
        members.sort();
        for (name, bytes, start, index) in members {
            let shown = format!("{}!{name}", file.path);
            let Some(inner) = wrapping_of(&start) else {
                self.problem(
                    Path::new(&shown),
                    "an archive within an archive",
                    "unpack the outer archive first",
                );
                continue;
            };
            self.sources.push(Source {
                name: file_name(&name, &inner),
                path: shown,
                file: file.file.clone(),
                file_number: number,
                wrapping: Wrapping::ZipMember(index, Box::new(inner)),
                bytes,
                host: None,
                written_before: None,
            });
        }
    }
}

/// How bytes are wrapped, by how they start; `None` for a zip archive.
fn wrapping_of(start: &[u8]) -> Option<Wrapping> {
    match start {
        [0x1f, 0x8b, ..] => Some(Wrapping::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Wrapping::Zstd),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => None,
        _ => Some(Wrapping::Plain),
    }
}

fn file_name(path: &str, wrapping: &Wrapping) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let endings: &[&str] = match wrapping {
        Wrapping::Gzip => &[".gz", ".gzip"],
        Wrapping::Zstd => &[".zst", ".zstd"],
        _ => &[],
    };
    endings.iter().find_map(|e| name.strip_suffix(e)).unwrap_or(name).to_owned()
}

/// Reads until the buffer is full or the input ends; how many bytes were read.
///
/// # Errors
///
/// Those of the input.
pub fn read_up_to(input: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}
