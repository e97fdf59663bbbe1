//! Files that are on the disk when they are said to be.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a new file and does not return before its bytes are on the disk.
/// Its name in the folder is not: whoever publishes it syncs the folder.
///
/// # Errors
///
/// A file of this name that exists already, and those of the file system. What
/// was written until then stays; nothing refers to it.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
