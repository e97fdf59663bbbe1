//! Where an entry ends, and which fields it has.

use memchr::memchr;

use crate::limits::RECORD_BYTES_MAX;

/// Longest name of a field that journald takes, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Where the entry at the start of some bytes ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Here: the entry's length with the empty line after it.
    At(usize),
    /// The bytes end before it does.
    Open,
    /// It is longer than any may be.
    Long,
}

/// One step through an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Field(&'a [u8], &'a [u8]),
    /// A line that is no field.
    Odd,
    /// The empty line.
    End,
    /// The bytes end within a field.
    Cut,
}

/// What stands at a position of an entry, and the position after it.
pub(super) fn step(bytes: &[u8], at: usize, whole: bool) -> (Step<'_>, usize) {
    let rest = bytes.get(at..).unwrap_or_default();
    let (len, next) = match memchr(b'\n', rest) {
        Some(len) => (len, at + len + 1),
        None if whole && !rest.is_empty() => (rest.len(), bytes.len()),
        None => return (Step::Cut, bytes.len()),
    };
    let line = rest.get(..len).unwrap_or_default();
    if line.is_empty() || line == b"\r" {
        return (Step::End, next);
    }
    if let Some(equal) = memchr(b'=', line) {
        let (name, value) = line.split_at(equal);
        let step = if is_name(name) {
            Step::Field(name, value.get(1..).unwrap_or_default())
        } else {
            Step::Odd
        };
        return (step, next);
    }
    if is_name(line) { sized(bytes, line, next, whole) } else { (Step::Odd, next) }
}

/// A value after its length, which stands in 8 bytes.
fn sized<'a>(bytes: &'a [u8], name: &'a [u8], at: usize, whole: bool) -> (Step<'a>, usize) {
    let rest = bytes.get(at..).unwrap_or_default();
    let cut = if whole { (Step::Odd, at) } else { (Step::Cut, bytes.len()) };
    let Some(size) = rest.first_chunk::<8>() else { return cut };
    let size = usize::try_from(u64::from_le_bytes(*size)).unwrap_or(usize::MAX);
    if size > RECORD_BYTES_MAX {
        return (Step::Odd, at);
    }
    match (rest.get(8..8 + size), rest.get(8 + size)) {
        (Some(value), Some(b'\n')) => (Step::Field(name, value), at + 8 + size + 1),
        (_, Some(_)) => (Step::Odd, at),
        _ => cut,
    }
}

/// Where the entry at a position ends. What decides is within the length that
/// an entry may have, so that it does not depend on how much more is there.
pub(super) fn end(bytes: &[u8], start: usize, ended: bool) -> End {
    let all = bytes.get(start..).unwrap_or_default();
    let within = all.get(..RECORD_BYTES_MAX).unwrap_or(all);
    let long = all.len() > RECORD_BYTES_MAX;
    let whole = ended && !long;
    let mut at = 0;
    loop {
        if at >= within.len() && whole {
            return End::At(within.len());
        }
        match step(within, at, whole) {
            (Step::End, next) => return End::At(next),
            (Step::Cut, _) if long => return End::Long,
            (Step::Cut, _) => return End::Open,
            (_, next) => at = next,
        }
    }
}

fn is_name(name: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.iter().all(fits)
        && !name.first().is_some_and(u8::is_ascii_digit)
}

/// Whether a source that begins so is an export: its first entry has fields
/// that only the journal itself writes.
pub(super) fn plausible(start: &[u8]) -> bool {
    let (mut at, mut known, mut fields) = (0, false, 0);
    while start.get(at).is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        at += 1;
    }
    loop {
        match step(start, at, false) {
            (Step::Field(name, _), next) => {
                known |= matches!(
                    name,
                    b"__CURSOR" | b"__REALTIME_TIMESTAMP" | b"_BOOT_ID" | b"_MACHINE_ID"
                );
                fields += 1;
                at = next;
            }
            (Step::End | Step::Cut, _) => return known && fields > 1,
            (Step::Odd, _) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &[u8] = b"__CURSOR=a\nMESSAGE\n\x05\0\0\0\0\0\0\0a\n\nbc\n_PID=1\n\n";

    #[test]
    fn a_value_may_hold_empty_lines() {
        let mut all = ENTRY.to_vec();
        all.extend_from_slice(b"__CURSOR=b\n");
        assert_eq!(end(&all, 0, false), End::At(ENTRY.len()));
        assert_eq!(end(&all, ENTRY.len(), false), End::Open);
        assert_eq!(end(&all, ENTRY.len(), true), End::At(11));
        for len in 0..ENTRY.len() {
            assert_eq!(end(&ENTRY[..len], 0, false), End::Open, "{len}");
        }
        let (step, next) = step(ENTRY, 11, false);
        assert_eq!((step, next), (Step::Field(b"MESSAGE", b"a\n\nbc"), 33));
    }

    #[test]
    fn a_wrong_length_costs_one_line() {
        let bytes = b"A=1\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffx\nB=2\n\n";
        assert_eq!(end(bytes, 0, false), End::At(bytes.len()));
        assert_eq!(step(bytes, 4, false), (Step::Odd, 12));
        let long = vec![b'x'; RECORD_BYTES_MAX + 1];
        assert_eq!(end(&long, 0, true), End::Long);
    }

    #[test]
    fn what_is_recognised() {
        assert!(plausible(ENTRY));
        assert!(plausible(b"\n__REALTIME_TIMESTAMP=1\n_BOOT_ID=2\n"));
        for text in ["", "A=1\nB=2\n", "__CURSOR=1\nx y\n", "{\"__CURSOR\":1}", "__CURSOR=a\n\n"] {
            assert!(!plausible(text.as_bytes()), "{text}");
        }
    }
}
