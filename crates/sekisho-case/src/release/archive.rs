//! The archive that a release is: a zip file in which everything has one place
//! and one way of being written, so that equal content is equal bytes and
//! nothing can hide between the files.
//!
//! Files are stored one behind another, then comes the directory, and nothing
//! else: no compression, no comments, no extra fields, dates all 1980-01-01.
//! Any zip program opens it. Reading goes through the files from the start, and
//! then all of it is written again: what differs is refused.

use std::collections::BTreeSet;

use crate::error::decimal;
use crate::limits::{RELEASE_BYTES_MAX, RELEASE_FILES_MAX, RELEASE_NAME_BYTES_MAX};

/// Signatures of a file, of its line in the directory, and of the end.
const FILE: [u8; 4] = *b"PK\x03\x04";
const LINE: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";

/// What stands before the name of a file, in bytes.
const FILE_HEADER_BYTES: usize = 30;

/// Version 1.0, no flags, stored, midnight, 1980-01-01.
const FIXED: [u8; 10] = [10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];

/// Where the directory is meant when nothing has a name.
pub(crate) const DIRECTORY: &str = "the directory of the archive";

/// A file in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Something wrong with the archive: in which file (or before it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) file: String,
    pub(crate) what: String,
}

/// What was found in an archive.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) files: Vec<File>,
    /// Files whose checksum does not fit, and what is wrong with the rest.
    pub(crate) broken: Vec<Broken>,
}

/// Writes an archive; `None` if it would be beyond the limits.
pub(crate) fn write(files: &[File]) -> Option<Vec<u8>> {
    let crcs: Vec<u32> = files.iter().map(|file| crc32fast::hash(&file.bytes)).collect();
    assemble(files, &crcs)
}

fn assemble(files: &[File], crcs: &[u32]) -> Option<Vec<u8>> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (file, crc) in files.iter().zip(crcs) {
        let offset = u32::try_from(out.len()).ok()?;
        let header = header(&file.name, &file.bytes, *crc)?;
        out.extend_from_slice(&FILE);
        out.extend_from_slice(&header);
        out.extend_from_slice(file.name.as_bytes());
        out.extend_from_slice(&file.bytes);
        directory.extend_from_slice(&LINE);
        // Made by version 1.0, on no system in particular.
        directory.extend_from_slice(&[10, 0]);
        directory.extend_from_slice(&header);
        // No comment, first disk, no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(file.name.as_bytes());
        if out.len() > RELEASE_BYTES_MAX {
            return None;
        }
    }
    let count = u16::try_from(files.len()).ok().filter(|_| files.len() <= RELEASE_FILES_MAX)?;
    let offset = u32::try_from(out.len()).ok()?;
    out.extend_from_slice(&directory);
    out.extend_from_slice(&END);
    // One disk.
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&u32::try_from(directory.len()).ok()?.to_le_bytes());
    out.extend_from_slice(&offset.to_le_bytes());
    // No comment.
    out.extend_from_slice(&[0; 2]);
    (out.len() <= RELEASE_BYTES_MAX).then_some(out)
}

/// What a file and its line in the directory have in common: 26 bytes.
fn header(name: &str, bytes: &[u8], crc: u32) -> Option<Vec<u8>> {
    let size = u32::try_from(bytes.len()).ok()?.to_le_bytes();
    let length = u16::try_from(name.len()).ok()?.to_le_bytes();
    let extra = [0; 2];
    Some([FIXED.as_slice(), &crc.to_le_bytes(), &size, &size, &length, &extra].concat())
}

/// Opens an archive. If its form is broken, gives the files before that.
pub(crate) fn open(bytes: &[u8]) -> Opened {
    let mut opened = Opened { files: Vec::new(), broken: Vec::new() };
    let (mut crcs, mut names, mut rest) = (Vec::new(), BTreeSet::new(), bytes);
    let broken = |file: &str, what: &str| Broken { file: file.into(), what: what.into() };
    if bytes.len() > RELEASE_BYTES_MAX {
        let what = format!("{} bytes; at most {RELEASE_BYTES_MAX} are read", bytes.len());
        opened.broken.push(broken("the archive", &what));
        return opened;
    }
    while rest.starts_with(&FILE) {
        let before = opened.files.last().map_or("nothing", |file| file.name.as_str());
        let (file, crc, left) = match next_file(rest) {
            Ok(next) => next,
            Err((None, what)) => {
                opened.broken.push(broken(&format!("what comes after {before}"), what));
                return opened;
            }
            Err((Some(name), what)) => {
                opened.broken.push(broken(&name, what));
                return opened;
            }
        };
        if opened.files.len() == RELEASE_FILES_MAX {
            let what = format!("more than {RELEASE_FILES_MAX} files");
            opened.broken.push(broken(DIRECTORY, &what));
            return opened;
        }
        if !names.insert(file.name.clone()) {
            opened.broken.push(broken(&file.name, "is there twice"));
            return opened;
        }
        if crc32fast::hash(&file.bytes) != crc {
            opened.broken.push(broken(&file.name, "its checksum does not fit its bytes"));
        }
        opened.files.push(file);
        crcs.push(crc);
        rest = left;
    }
    if assemble(&opened.files, &crcs).as_deref() != Some(bytes) {
        let what = if rest.is_empty() || rest.starts_with(&LINE) || END.starts_with(rest) {
            "it is cut, has something added, or does not agree with the files"
        } else {
            "something else than a file or the directory comes after the last file"
        };
        opened.broken.push(broken(DIRECTORY, what));
    }
    opened
}

/// The name of the file if that could be read, and what is wrong.
type FileError = (Option<String>, &'static str);

/// Reads the file at the beginning; gives also its checksum and the rest.
fn next_file(rest: &[u8]) -> Result<(File, u32, &[u8]), FileError> {
    const CUT: &str = "is cut";
    let header = rest.first_chunk::<FILE_HEADER_BYTES>().ok_or((None, CUT))?;
    let number16 = |at: usize| {
        let bytes = header.get(at..).and_then(|bytes| bytes.first_chunk::<2>());
        bytes.map_or(0, |bytes| usize::from(u16::from_le_bytes(*bytes)))
    };
    let number32 = |at: usize| {
        let bytes = header.get(at..).and_then(|bytes| bytes.first_chunk::<4>());
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    };
    let (crc, packed, size) = (number32(14), number32(18), number32(22));
    let (name_length, extra_length) = (number16(26), number16(28));
    if name_length > RELEASE_NAME_BYTES_MAX {
        return Err((None, "has a name that is too long"));
    }
    let body = rest.get(FILE_HEADER_BYTES..).unwrap_or_default();
    let (name, body) = body.split_at_checked(name_length).ok_or((None, CUT))?;
    let name = std::str::from_utf8(name).ok().filter(|name| is_name(name));
    let name = name.ok_or((None, "has a name that no file of a release has"))?.to_owned();
    if header.get(4..14) != Some(&FIXED) || packed != size || extra_length != 0 {
        let what = "is compressed, dated, flagged or has extra fields; expected it stored plainly";
        return Err((Some(name), what));
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    match body.split_at_checked(size) {
        Some((bytes, left)) => Ok((File { name, bytes: bytes.to_vec() }, crc, left)),
        None => Err((Some(name), CUT)),
    }
}

/// Whether a release has files of this name.
fn is_name(name: &str) -> bool {
    name == super::CONTENT_FILE || name == super::CHECKPOINT_FILE || entry_of(name).is_some()
}

/// The entry whose file this is, and whether it is the proof.
pub(crate) fn entry_of(name: &str) -> Option<(u64, bool)> {
    let name = name.strip_prefix(super::ENTRIES_FOLDER)?;
    match name.strip_suffix(super::PROOF_SUFFIX) {
        Some(number) => Some((decimal(number)?, true)),
        None => Some((decimal(name)?, false)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _, Write as _};

    use super::*;

    fn files() -> Vec<File> {
        let file = |name: &str, bytes: &[u8]| File { name: name.into(), bytes: bytes.to_vec() };
        vec![
            file("release.json", b"{}"),
            file("checkpoint", b""),
            file("entries/0", &[7; 300]),
            file("entries/0.proof", b"PK\x03\x04"),
        ]
    }

    fn wrong(bytes: &[u8]) -> Vec<Broken> {
        open(bytes).broken
    }

    #[test]
    fn another_program_reads_what_is_written() {
        let bytes = write(&files()).unwrap();
        assert_eq!(write(&files()).unwrap(), bytes);
        let opened = open(&bytes);
        assert_eq!((opened.files, opened.broken), (files(), Vec::new()));
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        for (at, expected) in files().iter().enumerate() {
            let mut file = archive.by_index(at).unwrap();
            let mut found = Vec::new();
            file.read_to_end(&mut found).unwrap();
            assert_eq!(file.name().unwrap(), expected.name);
            assert_eq!(found, expected.bytes);
            let date = file.last_modified().unwrap();
            assert_eq!((date.year(), date.month(), date.day(), date.hour()), (1980, 1, 1, 0));
        }
        assert_eq!(archive.len(), files().len());
    }

    #[test]
    fn an_archive_written_in_another_way_is_refused() {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        for file in files() {
            writer.start_file(file.name, options).unwrap();
            writer.write_all(&file.bytes).unwrap();
        }
        assert_ne!(wrong(&writer.finish().unwrap().into_inner()), []);
    }

    #[test]
    fn cut_at_every_byte_and_with_a_byte_more_anywhere() {
        let bytes = write(&files()).unwrap();
        for at in 0..bytes.len() {
            assert_ne!(wrong(&bytes[..at]), [], "cut at {at}");
            let more = [&bytes[..at], &[0], &bytes[at..]].concat();
            assert_ne!(wrong(&more), [], "a byte more at {at}");
            let mut other = bytes.clone();
            other[at] ^= 0x20;
            assert_ne!(wrong(&other), [], "another byte at {at}");
        }
        assert_ne!(wrong(&[bytes.as_slice(), b"\n"].concat()), []);
        assert_ne!(wrong(&[b"\n", bytes.as_slice()].concat()), []);
        assert_ne!(wrong(&[bytes.as_slice(), &bytes].concat()), []);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_file() {
        let bytes = write(&files()).unwrap();
        let at = bytes.windows(3).position(|window| window == [7; 3]).unwrap();
        let in_entry = |broken: &[Broken]| broken.iter().all(|b| b.file == "entries/0");
        assert!(in_entry(&wrong(&bytes[..at + 9])));
        let mut other = bytes.clone();
        other[at] = 8;
        let found = wrong(&other);
        assert!(in_entry(&found) && found[0].what.contains("checksum"), "{found:?}");
        let end = bytes.len() - 1;
        assert_eq!(wrong(&bytes[..end])[0].file, DIRECTORY);
    }

    #[test]
    fn names_that_no_release_has_and_names_twice_are_refused() {
        let of = |names: &[&str]| {
            let file = |name: &&str| File { name: (*name).into(), bytes: b"x".to_vec() };
            wrong(&write(&names.iter().map(file).collect::<Vec<_>>()).unwrap())
        };
        assert_eq!(of(&["entries/0", "entries/18446744073709551"]), []);
        for name in [
            "",
            "x",
            "release.json/",
            "entries/",
            "entries/01",
            "entries/-1",
            "entries/1.proof.proof",
            "entries/../checkpoint",
            "/checkpoint",
            "./checkpoint",
            "Checkpoint",
            "entries/1/",
            "entries/99999999999999999999",
            &"x".repeat(65),
        ] {
            assert_ne!(of(&[name]), [], "{name}");
        }
        assert_eq!(of(&["checkpoint", "checkpoint"])[0].what, "is there twice");
    }

    #[test]
    fn more_files_than_the_limit_are_refused() {
        let file = |n: usize| File { name: format!("entries/{n}"), bytes: Vec::new() };
        let files: Vec<_> = (0..=RELEASE_FILES_MAX).map(file).collect();
        assert_eq!(write(&files), None);
        let most = &files[..RELEASE_FILES_MAX];
        assert_eq!(wrong(&write(most).unwrap()), []);
    }
}
