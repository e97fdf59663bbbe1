//! Files that somebody else may have put there: only regular ones are opened,
//! and never more is read than was asked for.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a regular file. Anything else, such as a pipe on which one could wait
/// for ever, is an error of the kind [`io::ErrorKind::InvalidData`].
///
/// # Errors
/// As the system says, or that it is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let irregular = || io::Error::new(io::ErrorKind::InvalidData, "it is no regular file");
    // Opening a pipe may wait for ever: looked at before, and again when open.
    if !fs::metadata(path)?.is_file() {
        return Err(irregular());
    }
    let file = File::open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}

/// Reads a regular file whole. One that is longer than it may be is an error of
/// the kind [`io::ErrorKind::InvalidData`].
///
/// # Errors
/// As the system says, or that it is no regular file, or too long.
pub fn read_regular(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    read_most(open_regular(path)?, bytes_max)
}

/// Reads what somebody named on a command line: of a pipe too, such as the
/// output of another program, and no more than it may have.
///
/// # Errors
/// As the system says, or that it is too long.
pub fn read_given(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    read_most(File::open(path)?, bytes_max)
}

fn read_most(file: File, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        let what = format!("it is too large: expected at most {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read_and_no_more_than_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"four").unwrap();
        assert_eq!(read_regular(&path, 4).unwrap(), b"four");
        let kind = |path: &Path, most| read_regular(path, most).unwrap_err().kind();
        assert_eq!(kind(&path, 3), io::ErrorKind::InvalidData);
        assert_eq!(kind(folder.path(), 3), io::ErrorKind::InvalidData);
        assert_eq!(kind(&folder.path().join("none"), 3), io::ErrorKind::NotFound);
        // As long as no disk: nobody has the memory to read it.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(kind(&path, 1 << 10), io::ErrorKind::InvalidData);
        if cfg!(unix) {
            assert_eq!(kind(Path::new("/dev/zero"), 3), io::ErrorKind::InvalidData);
            let given = read_given(Path::new("/dev/zero"), 3).unwrap_err();
            assert_eq!(given.kind(), io::ErrorKind::InvalidData);
            assert_eq!(read_given(Path::new("/dev/null"), 3).unwrap(), b"");
        }
    }
}
