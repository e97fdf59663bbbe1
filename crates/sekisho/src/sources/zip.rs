//! Zip archives: their directory, and the bytes of their members. The
//! directory is read once, in a stream, and only what is needed of it is kept.

use std::io::{self, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::archive::{Entry, Listing, Place};
use super::bytes::Bytes;
use super::dates;
use super::limits::MEMBER_NAME_BYTES_MAX;
use super::zstd::ZstdFrames;

/// Longest comment behind the directory and the record of its end.
const END_BYTES_MAX: u64 = 22 + 0xffff;

const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const DIRECTORY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// Size of a local header without name and extra fields, in bytes.
const LOCAL_BYTES: u64 = 30;

/// Where a member stands in its archive, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZipPlace {
    header_at: u64,
    stored: u64,
    bytes: u64,
    crc: u32,
    method: u16,
}

/// Where the directory stands.
#[derive(Debug)]
struct Directory {
    at: u64,
    len: u64,
    /// Bytes before the archive that its offsets do not count.
    shift: u64,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b))
}

/// Members of an archive, in the order of its directory.
///
/// # Errors
///
/// Says why it has no directory that could be read.
pub fn list(bytes: &Bytes) -> Result<Listing, String> {
    let directory = directory(bytes).map_err(|e| format!("could not be read: {e}"))?;
    let directory = directory.ok_or("no directory at its end: cut off, or no zip archive")?;
    let mut listing = Listing::default();
    let mut taken = Vec::new();
    let mut input = bytes.part(directory.at, directory.len).buffered();
    loop {
        let mut head = [0; 46];
        let got = super::walk::read_up_to(&mut input, &mut head).map_err(|e| e.to_string())?;
        if got == 0 {
            unlisted(bytes, taken, directory.at, &mut listing).map_err(|e| e.to_string())?;
            return Ok(listing);
        }
        if got < head.len() || !head.starts_with(DIRECTORY) {
            // Signed directories end with a signature of their own.
            if !head.starts_with(b"PK\x05\x05") && !head.starts_with(END_64) {
                let what = "directory is damaged: members behind the damage are not known";
                listing.problem(what, "a whole directory");
            }
            return Ok(listing);
        }
        if !listing.has_room() {
            return Ok(listing);
        }
        let len = |at: usize| usize::from(u16_at(&head, at).unwrap_or(0));
        let mut rest = vec![0; len(28) + len(30) + len(32)];
        if input.read_exact(&mut rest).is_err() {
            listing.problem("directory is cut off", "a whole directory");
            return Ok(listing);
        }
        let (name, extra) = rest.split_at(len(28));
        let extra = extra.get(..len(30)).unwrap_or_default();
        taken.push(entry(&head, name, extra, directory.shift, &mut listing));
    }
}

/// Where a member of the directory stands: its local header, and the bytes
/// that it takes behind that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Taken {
    header_at: u64,
    stored: u64,
}

/// Names members that stand before the directory and are not in it: of an
/// archive that was set before this one, or hidden.
fn unlisted(
    bytes: &Bytes,
    mut taken: Vec<Taken>,
    directory_at: u64,
    listing: &mut Listing,
) -> io::Result<()> {
    const EXPECTED: &str = "members that its directory lists; of archives that are set end to end \
                            only the last is read: take them apart";
    taken.sort_unstable();
    let first = taken.first().map_or(directory_at, |first| first.header_at).min(directory_at);
    if first > 0 {
        let what = format!("{first} bytes before its first member are not read");
        listing.problem(&what, EXPECTED);
    }
    let ends = taken.iter().skip(1).map(|next| next.header_at).chain([directory_at]);
    for (member, next) in taken.iter().zip(ends) {
        let room = next.saturating_sub(member.header_at).saturating_sub(member.stored);
        if room < 2 * LOCAL_BYTES {
            continue;
        }
        let header = bytes.get(member.header_at, 30)?;
        let len = |at: usize| u64::from(u16_at(&header, at).unwrap_or(0));
        let end = LOCAL_BYTES + len(26) + len(28);
        let end = member.header_at.saturating_add(end).saturating_add(member.stored);
        let left = next.saturating_sub(end);
        if left < LOCAL_BYTES {
            continue;
        }
        // Sizes and a checksum may follow a member.
        let start = bytes.get(end, 24 + LOCAL.len())?;
        if start.windows(LOCAL.len()).any(|bytes| bytes == LOCAL) {
            let what = format!("{left} bytes from {end} on hold members that are not listed");
            listing.problem(&what, EXPECTED);
        }
    }
    Ok(())
}

/// Adds the member that one record of the directory tells of, and says where
/// it stands. Folders and links hold no bytes of a log.
fn entry(head: &[u8], name: &[u8], extra: &[u8], shift: u64, listing: &mut Listing) -> Taken {
    let short = |at: usize| u16_at(head, at).unwrap_or(0);
    let word = |at: usize| u64::from(u32_at(head, at).unwrap_or(0));
    let (flags, method) = (short(8), short(10));
    let (mut bytes, mut stored, mut header_at) = (word(24), word(20), word(42));
    let mut modified = dos_time(short(14), short(12));
    for (id, field) in extra_fields(extra) {
        match id {
            0x0001 => {
                let mut at = 0;
                for size in [&mut bytes, &mut stored, &mut header_at] {
                    if *size == u64::from(u32::MAX)
                        && let Some(long) = u64_at(field, at)
                    {
                        *size = long;
                        at += 8;
                    }
                }
            }
            // Seconds since 1970, and Windows' 100 ns since 1601.
            0x5455 if field.first().is_some_and(|flags| flags & 1 == 1) => {
                let seconds = u32_at(field, 1).and_then(|s| dates::of_seconds(i64::from(s)));
                modified = seconds.or(modified);
            }
            0x000a => modified = u64_at(field, 8).and_then(dates::of_filetime).or(modified),
            _ => {}
        }
    }
    let header_at = header_at.saturating_add(shift);
    let taken = Taken { header_at, stored };
    let by_unix = short(4) >> 8 == 3;
    let link = by_unix && (word(38) >> 28) == 0o12;
    let folder = matches!(name.last(), Some(b'/' | b'\\'));
    if link || folder {
        return taken;
    }
    let shown = String::from_utf8_lossy(name).into_owned();
    if name.len() > MEMBER_NAME_BYTES_MAX {
        let start: String = shown.chars().take(100).collect();
        let what = format!("name of a member is too long: {start}…");
        listing.problem(&what, "a name of at most 4,096 bytes");
        return taken;
    }
    let crc = u32_at(head, 16).unwrap_or(0);
    let place = ZipPlace { header_at, stored, bytes, crc, method };
    let unreadable = if flags & (1 | 1 << 6 | 1 << 13) != 0 || method == 99 {
        Some(("encrypted".to_owned(), "unpack it with its password first"))
    } else {
        unread_method(method)
    };
    listing.add(Entry {
        name: shown,
        place: Place::Zip(place),
        bytes,
        stored,
        modified,
        unreadable,
    });
    taken
}

fn unread_method(method: u16) -> Option<(String, &'static str)> {
    let name = match method {
        0 | 8 | 93 => return None,
        9 => "Deflate64",
        12 => "bzip2",
        14 => "LZMA",
        95 => "xz",
        _ => "a method without a known name",
    };
    let what = format!("compressed with {name} (method {method}), which is not read");
    Some((what, "stored, Deflate or Zstandard; unpack it first"))
}

/// The fields of extra data: number and bytes.
fn extra_fields(mut extra: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (id, len) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
        let field = extra.get(4..4 + len)?;
        extra = extra.get(4 + len..)?;
        Some((id, field))
    })
}

/// Days are counted without a zone: it is up to a day off.
fn dos_time(date: u16, time: u16) -> Option<i64> {
    let (date, time) = (i64::from(date), i64::from(time));
    dates::utc(
        [1980 + (date >> 9), date >> 5 & 15, date & 31],
        [time >> 11, time >> 5 & 63, (time & 31) * 2],
    )
}

fn directory(bytes: &Bytes) -> io::Result<Option<Directory>> {
    let tail_at = bytes.len().saturating_sub(END_BYTES_MAX);
    let tail = bytes.get(tail_at, usize::try_from(END_BYTES_MAX).unwrap_or(0))?;
    let ends = (0..tail.len().saturating_sub(21)).rev();
    for at in ends.filter(|&at| tail.get(at..).is_some_and(|end| end.starts_with(END))) {
        let end = tail.get(at..).unwrap_or_default();
        let end_at = tail_at + at as u64;
        let (disk, mut len, mut start) = match (u16_at(end, 4), u32_at(end, 12), u32_at(end, 16)) {
            (Some(disk), Some(len), Some(start)) => (disk, u64::from(len), u64::from(start)),
            _ => continue,
        };
        let mut before = end_at;
        if let Some((long_at, long_len, long_start)) = directory_64(bytes, end_at)? {
            (before, len, start) = (long_at, long_len, long_start);
        } else if disk != 0 && disk != u16::MAX {
            return Err(io::Error::other(format!("it is part {} of a split archive", disk + 1)));
        }
        // Bytes before the archive (a program that unpacks it) shift it all.
        let shift = before.saturating_sub(len).saturating_sub(start);
        for shift in [shift, 0] {
            let found = bytes.get(start.saturating_add(shift), 4)?;
            if found == DIRECTORY || (len == 0 && start.saturating_add(shift) <= end_at) {
                return Ok(Some(Directory { at: start.saturating_add(shift), len, shift }));
            }
        }
    }
    Ok(None)
}

/// Of a large archive: where the record of its directory's end stands, and
/// the directory's size and place.
fn directory_64(bytes: &Bytes, end_at: u64) -> io::Result<Option<(u64, u64, u64)>> {
    let Some(locator_at) = end_at.checked_sub(20) else { return Ok(None) };
    let locator = bytes.get(locator_at, 20)?;
    if !locator.starts_with(LOCATOR_64) {
        return Ok(None);
    }
    let stated = u64_at(&locator, 8).unwrap_or(0);
    for at in [stated, locator_at.saturating_sub(56)] {
        let end = bytes.get(at, 56)?;
        if end.starts_with(END_64)
            && let (Some(len), Some(start)) = (u64_at(&end, 40), u64_at(&end, 48))
        {
            return Ok(Some((at, len, start)));
        }
    }
    Ok(None)
}

impl ZipPlace {
    /// Its bytes as stored in an archive.
    ///
    /// # Errors
    ///
    /// Where there is no member at its place.
    pub fn stored(&self, archive: &Bytes) -> io::Result<Bytes> {
        let header = archive.get(self.header_at, 30)?;
        let (Some(name), Some(extra)) = (u16_at(&header, 26), u16_at(&header, 28)) else {
            return Err(io::Error::other("the archive ends before the member"));
        };
        if !header.starts_with(LOCAL) {
            return Err(io::Error::other("there is no member where the directory says"));
        }
        let at = self.header_at + 30 + u64::from(name) + u64::from(extra);
        Ok(archive.part(at, self.stored))
    }

    /// The part of the archive that is the member, where it is not compressed.
    #[must_use]
    pub fn part(&self, archive: &Bytes) -> Option<Bytes> {
        if self.method == 0 { self.stored(archive).ok() } else { None }
    }

    /// Reads the member, given its bytes as stored; what does not agree with
    /// the directory is an error at its end.
    pub fn unpack<'a>(&self, stored: impl io::BufRead + 'a) -> Box<dyn Read + 'a> {
        let inner: Box<dyn Read + 'a> = match self.method {
            0 => Box::new(stored),
            93 => Box::new(ZstdFrames::new(stored)),
            _ => Box::new(DeflateDecoder::new(stored)),
        };
        Box::new(Checked { inner, crc: Crc::new(), bytes: 0, place: *self })
    }
}

/// Compares what was read with what the directory says.
struct Checked<'a> {
    inner: Box<dyn Read + 'a>,
    crc: Crc,
    bytes: u64,
    place: ZipPlace,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.crc.update(buffer.get(..n).unwrap_or_default());
        self.bytes += n as u64;
        if n > 0 || buffer.is_empty() {
            return Ok(n);
        }
        if self.bytes != self.place.bytes {
            return Err(io::Error::other(format!(
                "has {} bytes, and its archive says {}",
                self.bytes, self.place.bytes
            )));
        }
        if self.crc.sum() != self.place.crc {
            return Err(io::Error::other("its checksum is not the one that its archive says"));
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn sample() -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        writer.add_directory("folder/", options).unwrap();
        let time = zip::DateTime::from_date_and_time(2024, 3, 1, 10, 20, 30).unwrap();
        writer.start_file("folder/é.log", options.last_modified_time(time)).unwrap();
        writer.write_all(&b"a line\n".repeat(1_000)).unwrap();
        let stored = options.compression_method(zip::CompressionMethod::Stored);
        writer.start_file("stored.log", stored.large_file(true)).unwrap();
        writer.write_all(b"as it is").unwrap();
        writer.add_symlink("link", "stored.log", options).unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn contents(bytes: &Bytes) -> Vec<(String, Result<Vec<u8>, String>)> {
        let listing = list(bytes).unwrap();
        let read = |entry: &Entry| {
            let Place::Zip(place) = entry.place else { panic!("a place in a zip archive") };
            let stored = place.stored(bytes).map_err(|e| e.to_string())?;
            let mut out = Vec::new();
            let read = place.unpack(stored.buffered()).take(1 << 20).read_to_end(&mut out);
            read.map(|_| out).map_err(|e| e.to_string())
        };
        listing.entries.iter().map(|e| (e.name.clone(), read(e))).collect()
    }

    #[test]
    fn members_are_found_and_read() {
        let expected = [
            ("folder/é.log".to_owned(), Ok(b"a line\n".repeat(1_000))),
            ("stored.log".to_owned(), Ok(b"as it is".to_vec())),
        ];
        let plain = sample();
        assert_eq!(contents(&Bytes::of_memory(plain.clone())), expected);
        // As the tail of a program, and with something behind it.
        let wrapped = [&b"MZ a program"[..], &plain, b"\0\0\0"].concat();
        assert_eq!(contents(&Bytes::of_memory(wrapped)), expected);
        let listing = list(&Bytes::of_memory(plain)).unwrap();
        assert_eq!(listing.entries[0].modified, dates::utc([2024, 3, 1], [10, 20, 30]));
        assert_eq!(listing.entries[1].bytes, 8);
    }

    #[test]
    fn lies_about_a_member_are_errors() {
        let mut bytes = sample();
        let at = bytes.windows(8).position(|w| w == b"as it is").unwrap();
        bytes[at] = b'A';
        let all = contents(&Bytes::of_memory(bytes));
        assert!(all[0].1.is_ok());
        assert!(all[1].1.as_ref().is_err_and(|e| e.contains("checksum")), "{all:?}");
    }

    #[test]
    fn members_that_are_not_listed_are_named() {
        let whats = |bytes: Vec<u8>| -> Vec<String> {
            let listing = list(&Bytes::of_memory(bytes)).unwrap();
            listing.problems.into_iter().map(|(what, _)| what).collect()
        };
        let whole = sample();
        assert_eq!(whats(whole.clone()), [""; 0]);
        let said = format!("{} bytes before its first member are not read", whole.len());
        assert_eq!(whats([whole.clone(), whole.clone()].concat()), [said]);
        // Taken out of the directory: its last member, then all.
        let end = whole.len() - 22;
        let start = usize::try_from(u32_at(&whole, end + 16).unwrap()).unwrap();
        let last = (start..end).rev().find(|&at| whole[at..].starts_with(DIRECTORY)).unwrap();
        let without = |from: usize| {
            let mut bytes = [&whole[..from], &whole[end..]].concat();
            let at = bytes.len() - 22 + 12;
            let len = u32::try_from(from - start).unwrap();
            bytes[at..at + 4].copy_from_slice(&len.to_le_bytes());
            whats(bytes)
        };
        let hidden = without(last);
        assert!(hidden[0].ends_with("hold members that are not listed"), "{hidden:?}");
        assert_eq!(without(start), [format!("{start} bytes before its first member are not read")]);
    }

    /// Whatever single byte is damaged, wherever it is cut: never a panic.
    #[test]
    fn damage_is_survived() {
        let whole = sample();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] = !damaged[at];
            for bytes in [damaged, whole[..at].to_vec(), whole[at..].to_vec()] {
                let bytes = Bytes::of_memory(bytes);
                if list(&bytes).is_ok() {
                    contents(&bytes);
                }
            }
        }
    }
}
