//! The folder of a case, which may hold anything: only regular files in real
//! folders are opened, and never more is read than was asked for.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use super::UsageError;

/// The folder of a case.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// A folder that is there.
    pub(super) fn new(root: &Path) -> Result<Self, UsageError> {
        let listed = fs::canonicalize(root).and_then(|root| fs::read_dir(&root).map(|_| root));
        let wrong = |source| UsageError::Folder { path: root.to_owned(), source };
        listed.map(|root| Self { root }).map_err(wrong)
    }

    /// The path of a name in the case, if each part of it is a plain name.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let plain = |part: &str| {
            let mut components = Path::new(part).components();
            matches!((components.next(), components.next()), (Some(Component::Normal(_)), None))
        };
        let parts: Vec<&str> = name.split('/').collect();
        let path = || parts.iter().fold(self.root.clone(), |path, part| path.join(part));
        parts.iter().all(|part| plain(part)).then(path)
    }

    /// Opens a regular file that is reached without links; gives its length.
    pub(super) fn open(&self, name: &str) -> Result<(File, u64), String> {
        const IRREGULAR: &str = "is no regular file, or behind a link";
        let path = self.path(name).ok_or(IRREGULAR)?;
        let below = path.strip_prefix(&self.root).map_err(|_| IRREGULAR)?;
        let mut at = self.root.clone();
        for part in below.parent().into_iter().flat_map(Path::components) {
            at.push(part);
            if !fs::symlink_metadata(&at).map_err(|e| unread(&e))?.is_dir() {
                return Err(IRREGULAR.to_owned());
            }
        }
        if !fs::symlink_metadata(&path).map_err(|e| unread(&e))?.is_file() {
            return Err(IRREGULAR.to_owned());
        }
        let file = File::open(&path).map_err(|e| unread(&e))?;
        let metadata = file.metadata().map_err(|e| unread(&e))?;
        if metadata.is_file() { Ok((file, metadata.len())) } else { Err(IRREGULAR.to_owned()) }
    }

    /// Reads a file whole, if it is not longer than it may be.
    pub(super) fn read(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
        let (file, _) = self.open(name)?;
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| unread(&e))?;
        if bytes.len() > bytes_max {
            return Err(format!("has more than {bytes_max} bytes"));
        }
        Ok(bytes)
    }

    /// Whether there is anything of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.path(name).is_some_and(|path| fs::symlink_metadata(path).is_ok())
    }

    /// The paths of all files below a folder of the case (`""` for all), in
    /// order; not those in folders that `enter` refuses. Links are not
    /// followed, and count as files.
    pub(super) fn files(&self, below: &str, enter: impl Fn(&str) -> bool) -> Vec<String> {
        let (mut found, mut folders) = (Vec::new(), vec![below.to_owned()]);
        while let Some(folder) = folders.pop() {
            let path = if folder.is_empty() { self.root.clone() } else { self.root.join(&folder) };
            let real = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            let Some(entries) = real.then(|| fs::read_dir(&path).ok()).flatten() else { continue };
            for entry in entries.flatten() {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let name =
                    if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") };
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && enter(&name) => folders.push(name),
                    Ok(kind) if kind.is_dir() => {}
                    _ => found.push(name),
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// What is said of a file that could not be read.
pub(super) fn unread(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is not there".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
