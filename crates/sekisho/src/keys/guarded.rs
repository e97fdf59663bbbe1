//! Files that nobody else may see or change: made so from their first byte,
//! whole or not at all, and refused where they are not so.
//!
//! What others may do is told from the permission bits of Unix alone; access
//! control lists are not looked at. On Windows, where the folder of settings
//! belongs to the user, nothing is looked at.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The owner alone.
    Secret,
    /// Everybody; still nobody else may write.
    Public,
}

/// Makes a folder and all above it, for the user alone. `variable` is what to set where that
/// cannot be done.
pub(crate) fn make_folder(path: &Path, access: Access, variable: &str) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).with_context(|| {
        let path = path.display();
        format!("making the folder {path} (set {variable} to a folder that can be written)")
    })?;
    check_folder(path, access)
}

/// The bytes of a file that only the user may read or write.
pub(crate) fn read(path: &Path, access: Access, bytes_max: usize) -> Result<Zeroizing<Vec<u8>>> {
    let reading = || format!("reading {}", path.display());
    let seen = fs::symlink_metadata(path).with_context(reading)?;
    check_kind(path, &seen)?;
    check_mode(path, &seen, access)?;
    check_folder(folder_of(path), Access::Public)?;
    let file = File::open(path).with_context(reading)?;
    // Between the two looks the file may have become another one.
    if !is_same(&seen, &file.metadata().with_context(reading)?) {
        bail!("{} was exchanged while it was opened: try again", path.display());
    }
    // Room from the start: growing would leave copies of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(bytes_max.saturating_add(1)));
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).with_context(reading)?;
    if bytes.len() > bytes_max {
        bail!("{} is too large: expected at most {bytes_max} bytes", path.display());
    }
    Ok(bytes)
}

/// Makes a file that did not exist. Says whether it is now there with these bytes; `false` means
/// that there was one before, which was left alone.
pub(crate) fn create(path: &Path, bytes: &[u8], access: Access) -> Result<bool> {
    let making = || format!("making {}", path.display());
    let staged = stage(path, bytes, access).with_context(making)?;
    match staged.persist_noclobber(path) {
        Ok(_) => {}
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(e) => return Err(e.error).with_context(making),
    }
    sync_folder(folder_of(path)).with_context(making)?;
    Ok(true)
}

/// Puts other bytes into a file, all at once.
pub(crate) fn replace(path: &Path, bytes: &[u8], access: Access) -> Result<()> {
    let writing = || format!("writing {}", path.display());
    let staged = stage(path, bytes, access).with_context(writing)?;
    staged.persist(path).map_err(|e| e.error).with_context(writing)?;
    sync_folder(folder_of(path)).with_context(writing)
}

/// A file beside the one that is to be, complete and on the disk.
fn stage(path: &Path, bytes: &[u8], access: Access) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sekisho-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if access == Access::Secret { 0o600 } else { 0o644 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = access;
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Refuses a folder in which others may change files; a secret one also where they may look.
pub(crate) fn check_folder(path: &Path, access: Access) -> Result<()> {
    let seen = fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
    if !seen.is_dir() {
        bail!("{} is not a folder", path.display());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = seen.permissions().mode() & 0o7777;
        let sticky = mode & 0o1000 != 0; // as in a folder for all: nobody moves another's file
        let open = mode & 0o022 != 0 && !sticky;
        if open || access == Access::Secret && mode & 0o077 != 0 {
            let (done, bits) = if access == Access::Secret {
                ("read or written", "700")
            } else {
                ("written", "go-w")
            };
            bail!(
                "the folder {} can be {done} by others (mode {mode:04o}), who could exchange the \
                 keys in it; first run: chmod {bits} {}",
                path.display(),
                quoted(path)
            );
        }
    }
    #[cfg(not(unix))]
    let _ = access;
    Ok(())
}

fn check_kind(path: &Path, seen: &Metadata) -> Result<()> {
    if seen.is_symlink() {
        bail!("{} is a symbolic link: name the file that it points at", path.display());
    }
    if !seen.is_file() {
        bail!("{} is not a regular file", path.display());
    }
    Ok(())
}

#[cfg(unix)]
fn check_mode(path: &Path, seen: &Metadata, access: Access) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = seen.permissions().mode() & 0o7777;
    let (barred, done, bits) = match access {
        Access::Secret => (0o077, "read or written", "600"),
        Access::Public => (0o022, "written", "go-w"),
    };
    if mode & barred != 0 {
        bail!(
            "{} can be {done} by others (mode {mode:04o}), so it is not used; if nobody did, run: \
             chmod {bits} {}",
            path.display(),
            quoted(path)
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _seen: &Metadata, _access: Access) -> Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    a.dev() == b.dev() && a.ino() == b.ino()
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, b: &Metadata) -> bool {
    b.is_file()
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened as a file.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// A path as a shell reads it.
#[cfg(unix)]
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) && !text.starts_with('-') {
        text.into_owned()
    } else {
        format!("-- '{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "it is a test")]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_file_is_made_once_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert!(create(&path, b"one", Access::Secret).unwrap());
        assert!(!create(&path, b"two", Access::Secret).unwrap());
        assert_eq!(read(&path, Access::Secret, 3).unwrap().as_slice(), b"one");
        assert_eq!(mode(&path), 0o600);
        replace(&path, b"2", Access::Secret).unwrap();
        assert_eq!(read(&path, Access::Secret, 3).unwrap().as_slice(), b"2");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
    }

    #[test]
    fn what_others_may_touch_is_refused_with_what_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a key");
        create(&path, b"one", Access::Secret).unwrap();
        for bits in [0o644, 0o604, 0o640, 0o602, 0o620, 0o660, 0o601] {
            set_mode(&path, bits);
            let error = read(&path, Access::Secret, 3).unwrap_err().to_string();
            let command = format!("chmod 600 -- '{}'", path.display());
            assert!(error.ends_with(&command), "{bits:o}: {error}");
        }
        for bits in [0o600, 0o400, 0o700] {
            set_mode(&path, bits);
            assert!(read(&path, Access::Secret, 3).is_ok(), "{bits:o}");
        }
        set_mode(&path, 0o644);
        assert!(read(&path, Access::Public, 3).is_ok());
        set_mode(&path, 0o664);
        assert!(read(&path, Access::Public, 3).is_err());
        set_mode(&path, 0o600);
        for (bits, refused) in [(0o777, true), (0o720, true), (0o1777, false), (0o755, false)] {
            set_mode(folder.path(), bits);
            assert_eq!(read(&path, Access::Secret, 3).is_err(), refused, "{bits:o}");
        }
    }

    #[test]
    fn only_small_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        create(&path, b"1234", Access::Secret).unwrap();
        let read = |path: &Path| read(path, Access::Secret, 3).unwrap_err().to_string();
        assert!(read(&path).contains("too large"));
        let link = folder.path().join("b");
        symlink(&path, &link).unwrap();
        assert!(read(&link).contains("symbolic link"));
        assert!(read(folder.path()).contains("not a regular file"));
        assert!(read(&folder.path().join("none")).starts_with("reading "));
    }
}
