//! Finds the logs under the paths that a user names: in an order that does
//! not depend on the file system, without going round in circles.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive::{Archive, At, Budget, Entry, Kind, Member, Opened, Pool};
use super::bytes::Bytes;
use super::limits::{
    ARCHIVE_DEPTH_MAX, ARCHIVE_PROBLEMS_MAX, ARCHIVES_MAX, FILES_MAX, FOLDER_DEPTH_MAX,
    MEMBER_PATHS_BYTES_MAX, MEMBERS_MAX,
};
use super::open::{self, Look};
use super::{DatedBy, Source, SourceProblem, Wrapping, dates, host, series};

/// A file on disk.
#[derive(Clone, Debug)]
pub struct DiskFile {
    /// As shown to people.
    pub path: String,
    /// Where it is.
    pub file: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// When it was last changed: nanoseconds since 1970.
    pub modified: Option<i64>,
}

impl DiskFile {
    /// After so many of its bytes were read: whether it is still what was found.
    #[must_use]
    pub fn changed(&self, read: u64) -> Option<SourceProblem> {
        let now = fs::metadata(&self.file).ok();
        let modified = now.as_ref().and_then(|now| now.modified().ok());
        let same_time = self.modified.is_none()
            || modified.is_none()
            || modified.and_then(dates::of_system) == self.modified;
        let bytes = now.map_or(read, |now| now.len());
        if read == self.bytes && bytes == self.bytes && same_time {
            return None;
        }
        let what = if read == self.bytes && bytes == self.bytes {
            "it was written to while it was read".to_owned()
        } else {
            let Self { bytes: found, .. } = self;
            format!(
                "it changed while it was read: {found} bytes when it was found, {read} hashed, \
                 {bytes} afterwards"
            )
        };
        Some(SourceProblem {
            path: self.path.clone(),
            offset: None,
            what,
            expected: "a file that nobody writes to; take a copy and read that".to_owned(),
        })
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Files on disk, in order of their paths.
    pub files: Vec<DiskFile>,
    /// Sources in them, in the same order; members of an archive in the order
    /// of their names, files of one series with the oldest first.
    pub sources: Vec<Source>,
    /// What could not be entered or opened.
    pub problems: Vec<SourceProblem>,
    /// Files that are not looked at, by their real paths.
    passed_over: Vec<PathBuf>,
    pool: Arc<Pool>,
    archives: usize,
    members: usize,
    member_path_bytes: usize,
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
        inventory.pool.all_listed();
        series::order(&mut inventory.sources);
        series::join(&mut inventory.sources);
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
                modified: meta.modified().ok().and_then(dates::of_system),
            });
            return;
        }
        if !meta.is_dir() {
            return self.problem(path, "neither a file nor a folder", "a regular file");
        }
        if self.is_passed_over(path) {
            return;
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
        let on_disk: Arc<Path> = file.file.as_path().into();
        let look = Bytes::open(&on_disk).and_then(|bytes| open::look(&mut bytes.reader()));
        let look = match look {
            Ok(look) => look,
            Err(e) => return self.problem(Path::new(&file.path), e, "a file that can be read"),
        };
        let found = Found {
            file_number: number,
            path: file.path,
            at: At::Disk(Arc::clone(&on_disk)),
            file: on_disk,
            bytes: file.bytes,
            stored_bytes: file.bytes,
            modified: file.modified,
        };
        let budget = || Arc::new(Budget::of(file.bytes));
        match look.archive {
            Some(kind) => self.enter_archive(found, &look, kind, 1, budget()),
            None => self.sources.push(found.source(&look)),
        }
    }

    fn enter_archive(
        &mut self,
        found: Found,
        look: &Look,
        kind: Kind,
        depth: usize,
        budget: Arc<Budget>,
    ) {
        let path = Path::new(&found.path);
        if depth > ARCHIVE_DEPTH_MAX {
            return self.problem(
                path,
                "archives nested too deeply",
                "at most 8 within one another",
            );
        }
        if self.archives >= ARCHIVES_MAX {
            return self.problem(path, "too many archives", "at most 100,000 in one run");
        }
        let archive = Arc::new(Archive {
            number: self.archives,
            depth,
            path: found.path.clone(),
            kind,
            wrapping: look.wrapping,
            at: found.at.clone(),
            budget,
            pool: Arc::clone(&self.pool),
        });
        self.archives += 1;
        match self.pool.open(&archive) {
            Ok(opened) => self.list(&found, &archive, &opened),
            Err(e) => self.problem(path, e, "an archive that can be opened"),
        }
        self.pool.listed(archive.number);
    }

    /// Adds what is in an archive, in the order of names.
    fn list(&mut self, found: &Found, archive: &Arc<Archive>, opened: &Opened) {
        let path = Path::new(&found.path);
        if let Some(cut) = &opened.cut {
            self.problem(path, cut, "more of the archive; what came before was read");
        }
        let mut listing = match archive.list(&opened.bytes) {
            Ok(listing) => listing,
            Err(e) => return self.problem(path, e, "an archive whose directory can be read"),
        };
        for (what, expected) in &listing.problems {
            self.problem(path, what, expected);
        }
        if listing.entries.is_empty() && listing.problems.is_empty() {
            self.problem(path, "an archive without files", "logs in it");
        }
        listing.entries.sort_by(|a, b| a.name.cmp(&b.name));
        let mut named = 0_usize;
        for entry in listing.entries {
            let shown = format!("{}!{}", found.path, entry.name);
            self.members += 1;
            self.member_path_bytes += shown.len();
            if self.members > MEMBERS_MAX || self.member_path_bytes > MEMBER_PATHS_BYTES_MAX {
                let expected = "at most 300,000 in one run, with paths of 64 MiB";
                return self.problem(path, "too many members of archives", expected);
            }
            let Err((what, expected)) = self.add(found, archive, opened, entry, &shown) else {
                continue;
            };
            named += 1;
            if named <= ARCHIVE_PROBLEMS_MAX {
                self.problem(Path::new(&shown), what, expected);
            }
        }
        if let Some(more) = named.checked_sub(ARCHIVE_PROBLEMS_MAX).filter(|&more| more > 0) {
            let what = format!("{more} more of its members cannot be read");
            self.problem(path, what, "members like those that are named before");
        }
    }

    /// Adds a member, or what is in it if it is an archive.
    fn add(
        &mut self,
        outer: &Found,
        archive: &Arc<Archive>,
        opened: &Opened,
        entry: Entry,
        shown: &str,
    ) -> Result<(), (String, &'static str)> {
        if let Some(unreadable) = entry.unreadable {
            return Err(unreadable);
        }
        let member = Member { archive: Arc::clone(archive), place: entry.place };
        let look = member.with(&opened.bytes, |input, _| open::look(input));
        let look =
            look.and_then(|look| look).map_err(|e| (e.to_string(), "a member that can be read"))?;
        let found = Found {
            file_number: outer.file_number,
            file: Arc::clone(&outer.file),
            path: shown.to_owned(),
            at: At::Member(member),
            bytes: entry.bytes,
            stored_bytes: entry.stored,
            modified: entry.modified,
        };
        match look.archive {
            Some(kind) => {
                let budget = Arc::clone(&archive.budget);
                self.enter_archive(found, &look, kind, archive.depth + 1, budget);
            }
            None => self.sources.push(found.source(&look)),
        }
        Ok(())
    }
}

/// A file or member, before it is known what is in it.
struct Found {
    file_number: usize,
    file: Arc<Path>,
    path: String,
    at: At,
    bytes: u64,
    stored_bytes: u64,
    modified: Option<i64>,
}

impl Found {
    fn source(self, look: &Look) -> Source {
        let (member, by) = match self.at {
            At::Disk(_) => (None, DatedBy::File),
            At::Member(member) => (Some(member), DatedBy::Archive),
        };
        // What a gzip header says is older and truer than the time of a file
        // that was copied since; what an archive kept is as good as it.
        let named = dates::of_path(&self.path).and_then(dates::end_of);
        let kept = self.modified.filter(|_| by == DatedBy::Archive);
        let dated = named
            .map(|time| (time, DatedBy::Path))
            .or(kept.map(|time| (time, DatedBy::Archive)))
            .or(look.modified.map(|time| (time, DatedBy::Gzip)))
            .or(self.modified.map(|time| (time, by)));
        Source {
            name: file_name(&self.path, look.wrapping),
            host: host::of_path(&self.path),
            path: self.path,
            file: self.file,
            file_number: self.file_number,
            member,
            wrapping: look.wrapping,
            bytes: self.bytes,
            stored_bytes: self.stored_bytes,
            written_before: dated.map(|(time, _)| time),
            dated_by: dated.map(|(_, by)| by),
            series: None,
            pieces: Vec::new(),
        }
    }
}

fn file_name(path: &str, wrapping: Wrapping) -> String {
    let name = path.rsplit(['/', '\\', '!']).next().unwrap_or(path);
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

#[cfg(test)]
mod tests {
    use super::Inventory;

    #[test]
    fn a_file_that_changed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        std::fs::write(&path, b"one").unwrap();
        let inventory = Inventory::of(std::slice::from_ref(&path));
        let file = inventory.files.first().unwrap();
        assert_eq!(file.changed(3), None);
        let said = file.changed(2).unwrap().what;
        assert!(said.contains("3 bytes when it was found, 2 hashed, 3 afterwards"), "{said}");
        std::fs::write(&path, b"longer").unwrap();
        assert!(file.changed(3).unwrap().what.contains("6 afterwards"));
        std::fs::write(&path, b"two").unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(file.changed(3).unwrap().what, "it was written to while it was read");
    }
}
