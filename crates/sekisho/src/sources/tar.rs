//! Tar archives: their members, by the headers that stand before each. Read
//! are the forms of POSIX and GNU, with long names in either way.

use super::archive::{Entry, Listing, Place};
use super::bytes::Bytes;
use super::dates;
use super::limits::{MEMBER_NAME_BYTES_MAX, TAR_EXTENDED_BYTES_MAX};

/// Bytes of a header, and what sizes are rounded up to.
pub const TAR_BLOCK_BYTES: usize = 512;

/// How much is read at once to see where zeros end, in bytes: a multiple of a
/// block.
const ZEROS_BYTES: usize = 64 << 10;

/// Whether bytes begin with the header of a member.
#[must_use]
pub fn is_header(start: &[u8]) -> bool {
    let Some(header) = start.get(..TAR_BLOCK_BYTES) else { return false };
    let stated = header.get(148..156).and_then(octal);
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, &b)| u64::from(if (148..156).contains(&at) { b' ' } else { b }))
        .sum();
    header.first() != Some(&0) && stated == Some(sum)
}

/// A number in octal digits, or in binary where it is too large for them.
fn octal(field: &[u8]) -> Option<u64> {
    if let [first @ (0x80 | 0x81), rest @ ..] = field {
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |n, &b| n.checked_mul(256).map(|n| n + u64::from(b)));
    }
    let text = field.split(|&b| b == 0).next()?.trim_ascii();
    let digit = |b: &u8| (b'0'..=b'7').contains(b).then(|| u64::from(b - b'0'));
    text.iter().try_fold(0u64, |n, b| n.checked_mul(8)?.checked_add(digit(b)?))
}

fn text(field: &[u8]) -> Vec<u8> {
    field.split(|&b| b == 0).next().unwrap_or_default().to_vec()
}

/// What extended headers say of the next member.
#[derive(Debug, Default)]
struct Extended {
    name: Option<Vec<u8>>,
    bytes: Option<u64>,
    modified: Option<i64>,
    sparse: bool,
}

impl Extended {
    /// Reads records `LENGTH KEY=VALUE\n`.
    fn read(&mut self, mut records: &[u8]) {
        while let Some(space) = records.iter().position(|&b| b == b' ') {
            let (digits, _) = records.split_at(space);
            let len = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<usize>().ok());
            let Some(len) = len.filter(|&len| len > space && len <= records.len()) else { return };
            let (record, rest) = records.split_at(len);
            records = rest;
            let record = record.get(space + 1..).unwrap_or_default();
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            let mut parts = record.splitn(2, |&b| b == b'=');
            let (Some(key), Some(value)) = (parts.next(), parts.next()) else { continue };
            let number = || std::str::from_utf8(value).ok()?.split('.').next()?.parse().ok();
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => self.bytes = number().and_then(|n| u64::try_from(n).ok()),
                b"mtime" => self.modified = number().and_then(dates::of_seconds),
                b"GNU.sparse.name" => {
                    self.name = Some(value.to_vec());
                    self.sparse = true;
                }
                _ if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
        }
    }
}

/// Members of an archive, in its order.
///
/// # Errors
///
/// Says why it could not be read at all.
pub fn list(bytes: &Bytes) -> Result<Listing, String> {
    let mut listing = Listing::default();
    let mut extended = Extended::default();
    let mut at = 0;
    let mut ended = false;
    while at < bytes.len() {
        let header = bytes.get(at, TAR_BLOCK_BYTES).map_err(|e| e.to_string())?;
        if header.iter().all(|&b| b == 0) {
            ended = true;
            let next = behind_end(bytes, at, &mut listing).map_err(|e| e.to_string())?;
            let Some(next) = next else { break };
            at = next;
            continue;
        }
        ended = false;
        if !is_header(&header) {
            let what = format!("header of a member is damaged or cut off at {at}");
            listing.problem(&what, "a tar header; what comes after it is not known");
            return Ok(listing);
        }
        if !listing.has_room() {
            return Ok(listing);
        }
        let stated = header.get(124..136).and_then(octal);
        let size = extended.bytes.or(stated).unwrap_or(0);
        let data = after_maps(bytes, &header, at).map_err(|e| e.to_string())?;
        let small = || {
            let len = usize::try_from(size.min(TAR_EXTENDED_BYTES_MAX)).unwrap_or(0);
            bytes.get(data, len).map_err(|e| e.to_string())
        };
        match header.get(156) {
            Some(b'x') => extended.read(&small()?),
            Some(b'L') => extended.name = Some(text(&small()?)),
            Some(b'g' | b'K') => {}
            Some(kind) => {
                let said = std::mem::take(&mut extended);
                member(&header, *kind, said, Place::Tar { at: data, len: size }, &mut listing);
            }
            None => {}
        }
        let blocks = size.div_ceil(TAR_BLOCK_BYTES as u64);
        let next = blocks.checked_mul(TAR_BLOCK_BYTES as u64).and_then(|len| data.checked_add(len));
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    if !ended {
        let what = format!("archive ends after {} bytes without its end mark", bytes.len());
        listing.problem(&what, "blocks of zeros; what came after the last member is not known");
    }
    Ok(listing)
}

/// Behind the blocks of zeros at `at`: where the header of a member stands, of
/// an archive that was set behind this one. Anything else is named.
fn behind_end(bytes: &Bytes, at: u64, listing: &mut Listing) -> std::io::Result<Option<u64>> {
    let mut from = at;
    let found = loop {
        let piece = bytes.get(from, ZEROS_BYTES)?;
        if piece.is_empty() {
            return Ok(None);
        }
        if let Some(within) = piece.iter().position(|&b| b != 0) {
            break from + within as u64;
        }
        from += piece.len() as u64;
    };
    let block = found - found % TAR_BLOCK_BYTES as u64;
    if is_header(&bytes.get(block, TAR_BLOCK_BYTES)?) {
        return Ok(Some(block));
    }
    let left = bytes.len() - found;
    let what = format!("{left} bytes behind the end of the archive, from {found} on, are not read");
    listing.problem(&what, "nothing, or the headers of more members");
    Ok(None)
}

/// Where the bytes of a member begin: behind its header, and behind the maps of
/// the gaps of a sparse one.
fn after_maps(bytes: &Bytes, header: &[u8], at: u64) -> std::io::Result<u64> {
    let mut data = at + TAR_BLOCK_BYTES as u64;
    let mut more = header.get(156) == Some(&b'S') && header.get(482) == Some(&1);
    while more {
        let map = bytes.get(data, TAR_BLOCK_BYTES)?;
        more = map.get(504) == Some(&1);
        data += TAR_BLOCK_BYTES as u64;
    }
    Ok(data)
}

/// Adds a member. Folders, links and devices hold no bytes of a log.
fn member(header: &[u8], kind: u8, said: Extended, place: Place, listing: &mut Listing) {
    let name = said.name.unwrap_or_else(|| name_of(header));
    if kind == b'M' {
        let shown: String = String::from_utf8_lossy(&name).chars().take(100).collect();
        let what = format!("{shown} goes on from another volume of the archive, and is not read");
        return listing.problem(&what, "all volumes, joined; unpack them first");
    }
    if !matches!(kind, 0 | b'0' | b'7' | b'S') || name.ends_with(b"/") {
        return;
    }
    let shown = String::from_utf8_lossy(&name).into_owned();
    if name.len() > MEMBER_NAME_BYTES_MAX {
        let start: String = shown.chars().take(100).collect();
        let what = format!("name of a member is too long: {start}…");
        return listing.problem(&what, "a name of at most 4,096 bytes");
    }
    let seconds = header.get(136..148).and_then(octal).and_then(|s| i64::try_from(s).ok());
    let modified = said.modified.or(seconds.filter(|&s| s > 0).and_then(dates::of_seconds));
    let sparse = said.sparse || kind == b'S';
    let unreadable = sparse.then(|| {
        let what = "stored with gaps (sparse), which is not read".to_owned();
        (what, "a tar archive made without --sparse; unpack it first")
    });
    let Place::Tar { len, .. } = place else { return };
    listing.add(Entry { name: shown, place, bytes: len, stored: len, modified, unreadable });
}

fn name_of(header: &[u8]) -> Vec<u8> {
    let name = text(header.get(..100).unwrap_or_default());
    let posix = header.get(257..263) == Some(b"ustar\0");
    let prefix = text(header.get(345..500).unwrap_or_default());
    if !posix || prefix.is_empty() {
        return name;
    }
    [&prefix[..], b"/", &name].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header and the bytes of a member.
    fn piece(name: &str, kind: u8, bytes: &[u8]) -> Vec<u8> {
        let mut header = vec![0; TAR_BLOCK_BYTES];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[136..148].copy_from_slice(format!("{:011o}\0", 1_709_288_400).as_bytes());
        header[156] = kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u64 = header.iter().map(|&b| u64::from(b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header.extend_from_slice(bytes);
        header.resize(header.len().div_ceil(TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES, 0);
        header
    }

    fn record(key: &str, value: &str) -> String {
        let rest = format!(" {key}={value}\n");
        let len = rest.len() + 2;
        assert!((10..100).contains(&len));
        format!("{len}{rest}")
    }

    fn sample() -> Vec<u8> {
        let pax = record("path", "long/ünd wide.log") + &record("mtime", "1700000000.25");
        [
            piece("folder/", b'5', b""),
            piece("folder/a.log", b'0', b"first"),
            piece("././@LongLink", b'L', b"a/very/long/name.log\0"),
            piece("a/very/lo", b'0', &[b'x'; 600]),
            piece("pax", b'x', pax.as_bytes()),
            piece("cut", b'0', b"second"),
            piece("link", b'2', b""),
            piece("gaps", b'S', b"third"),
            vec![0; 1024],
        ]
        .concat()
    }

    fn names(listing: &Listing) -> Vec<(&str, u64, bool)> {
        let all = listing.entries.iter();
        all.map(|e| (e.name.as_str(), e.bytes, e.unreadable.is_some())).collect()
    }

    #[test]
    fn members_are_found() {
        let whole = sample();
        assert!(is_header(&whole));
        let bytes = Bytes::of_memory(whole);
        let listing = list(&bytes).unwrap();
        let expected = [
            ("folder/a.log", 5, false),
            ("a/very/long/name.log", 600, false),
            ("long/ünd wide.log", 6, false),
            ("gaps", 5, true),
        ];
        assert_eq!(names(&listing), expected);
        assert!(listing.problems.is_empty());
        let Place::Tar { at, len } = listing.entries[2].place else { panic!("in a tar archive") };
        assert_eq!(bytes.get(at, usize::try_from(len).unwrap()).unwrap(), b"second");
        assert_eq!(listing.entries[0].modified, Some(1_709_288_400_000_000_000));
        assert_eq!(listing.entries[2].modified, Some(1_700_000_000_000_000_000));
    }

    #[test]
    fn numbers_in_both_ways() {
        assert_eq!(octal(b"0000644\0"), Some(0o644));
        assert_eq!(octal(b" 644 \0\0\0"), Some(0o644));
        assert_eq!(octal(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(2 << 32));
        assert_eq!(octal(&[0x80, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]), None);
        assert_eq!(octal(b"9"), None);
    }

    #[test]
    fn damage_is_survived_and_named() {
        let whole = sample();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] = !damaged[at];
            let _ = list(&Bytes::of_memory(damaged));
            let _ = list(&Bytes::of_memory(whole[..at].to_vec()));
        }
        let listing = list(&Bytes::of_memory(whole[..1600].to_vec())).unwrap();
        assert_eq!(listing.problems.len(), 1, "{:?}", listing.problems);
    }

    fn listed(parts: &[&[u8]]) -> (Vec<String>, Vec<String>) {
        let listing = list(&Bytes::of_memory(parts.concat())).unwrap();
        let names = listing.entries.into_iter().map(|e| e.name).collect();
        (names, listing.problems.into_iter().map(|p| p.0).collect())
    }

    #[test]
    fn what_stands_behind_the_end_is_read_or_named() {
        let (a, b) = (piece("a", b'0', b"first"), piece("b", b'0', b"second"));
        let end = vec![0; 1024];
        assert_eq!(listed(&[&a, &end]).1, [""; 0]);
        // Two archives end to end, with as much padding as may be.
        for zeros in [1024, 10_240, 200_704] {
            let (names, problems) = listed(&[&a, &vec![0; zeros], &b, &end]);
            assert_eq!((names.join(" "), problems), ("a b".to_owned(), vec![]));
        }
        let (names, problems) = listed(&[&a, &end, b"something"]);
        assert_eq!(names, ["a"]);
        assert_eq!(problems, ["9 bytes behind the end of the archive, from 2048 on, are not read"]);
        // Cut at the border of a member, and within its padding.
        for cut in [1024, 900] {
            let (names, problems) = listed(&[&[&a[..], &b].concat()[..cut]]);
            assert_eq!(names, ["a"]);
            let said = format!("archive ends after {cut} bytes without its end mark");
            assert_eq!(problems, [said]);
        }
        let (names, problems) = listed(&[&piece("m", b'M', b"rest"), &a, &end]);
        assert_eq!(names, ["a"]);
        assert!(problems[0].starts_with("m goes on from another volume"), "{problems:?}");
    }
}
