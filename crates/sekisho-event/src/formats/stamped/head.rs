//! The time with which a line begins, in the forms that programs give it, and
//! the little that some write before it.

use crate::formats::web_error::english_time;
use crate::time::{Civil, Stamp, fraction_of, month, number, zone_seconds};

/// How far into a line its time is looked for, in bytes.
pub(super) const BYTES_MAX: usize = 96;

/// Words for how grave a record is, which some write before its time.
const LEVELS: [&str; 16] = [
    "trace", "debug", "info", "notice", "warn", "warning", "error", "err", "fatal", "critical",
    "severe", "verbose", "fine", "config", "alert", "panic",
];

/// Whether a line begins with a time, and which if it is certain.
pub(super) fn of(line: &[u8]) -> Option<Option<Stamp>> {
    let line = line.get(..BYTES_MAX).unwrap_or(line);
    let end = line.iter().position(|b| *b == b'\n').unwrap_or(line.len());
    let line = line.get(..end)?;
    // Nearly all lines are told by their first byte.
    let first = line.iter().find(|b| !matches!(b, b'[' | b'(' | b'<' | b'"'))?;
    if first.is_ascii_digit() {
        let at = line.iter().position(u8::is_ascii_digit)?;
        let b = line.get(at..)?;
        return (at <= 2).then(|| numeric(b).or_else(|| numeric(after_process(b)?))).flatten();
    }
    if !first.is_ascii_alphabetic() {
        return None;
    }
    let at = line.iter().position(u8::is_ascii_alphabetic)?;
    let words = line.get(at..)?;
    if at <= 1
        && let Some(found) = worded(words)
    {
        return Some(found);
    }
    numeric(after_level(words)?)
}

/// What follows a word for how grave it is.
fn after_level(words: &[u8]) -> Option<&[u8]> {
    let len = words.iter().position(|b| !b.is_ascii_alphabetic())?;
    let word = std::str::from_utf8(words.get(..len)?).ok()?;
    // Ruby writes the first letter only: `E, [2024-…`.
    let letter = len == 1 && words.get(1) == Some(&b',');
    if !letter && !LEVELS.iter().any(|l| word.eq_ignore_ascii_case(l)) {
        return None;
    }
    let rest = words.get(len..)?;
    let skip = rest.iter().position(|b| {
        !matches!(b, b']' | b')' | b':' | b',' | b' ' | b'\t' | b'[' | b'|' | b'-')
    })?;
    (1..=8).contains(&skip).then(|| rest.get(skip..)).flatten()
}

/// What follows the number and the role of a process, as Redis writes them
/// (`77:M 02 Jan 2024 …`).
fn after_process(b: &[u8]) -> Option<&[u8]> {
    let digits = b.iter().take(7).take_while(|b| b.is_ascii_digit()).count();
    match b.get(digits..)? {
        [b':', role, b' ', rest @ ..] if role.is_ascii_uppercase() => Some(rest),
        _ => None,
    }
}

/// Hours, minutes, seconds and nanoseconds, and where they end.
fn clock(b: &[u8], at: usize) -> Option<([i64; 4], usize)> {
    let digits = b.get(at..)?.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    let hour = (digits > 0).then(|| number(b, at, digits)).flatten()?;
    let at = at + digits;
    let minute = (b.get(at) == Some(&b':')).then(|| number(b, at + 1, 2)).flatten()?;
    let at = at + 3;
    let seconds = (b.get(at) == Some(&b':')).then(|| number(b, at + 1, 2)).flatten();
    let Some(second) = seconds else { return Some(([hour, minute, 0, 0], at)) };
    let at = at + 3;
    if !matches!(b.get(at), Some(b'.' | b',')) {
        return Some(([hour, minute, second, 0], at));
    }
    let (nanos, digits) = fraction_of(b.get(at + 1..)?);
    let end = if digits == 0 { at } else { at + 1 + digits };
    Some(([hour, minute, second, nanos], end))
}

/// The zone that follows a time, if one does.
fn zone(b: &[u8], at: usize) -> Option<i64> {
    let rest = b.get(at..)?;
    let spaced = rest.strip_prefix(b" ").unwrap_or(rest);
    for len in [6, 5, 3, 1] {
        let (Some(text), next) = (spaced.get(..len), spaced.get(len)) else { continue };
        let ends = next.is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b':');
        // A dash and two digits may as well be a part of the text.
        let unclear = len == 3 && matches!(text, [b'+' | b'-', ..]) && spaced.len() < rest.len();
        if ends
            && !unclear
            && !text.contains(&b' ')
            && let Some(Some(ahead)) = zone_seconds(text)
        {
            return Some(ahead);
        }
    }
    None
}

fn civil(b: &[u8], day: [i64; 3], clock: ([i64; 4], usize)) -> Option<Stamp> {
    let ([mut hour, minute, second, nanos], mut at) = clock;
    let [year, month, day] = day;
    match b.get(at..at + 3) {
        Some(b" AM" | b" am") if hour <= 12 => (hour, at) = (hour % 12, at + 3),
        Some(b" PM" | b" pm") if hour <= 12 => (hour, at) = (hour % 12 + 12, at + 3),
        _ => {}
    }
    let ahead = zone(b, at);
    Civil { year: Some(year), month, day, hour, minute, second, nanos, ahead }.stamp()
}

/// A time that begins with a digit.
fn numeric(b: &[u8]) -> Option<Option<Stamp>> {
    let digits = b.iter().take(9).take_while(|b| b.is_ascii_digit()).count();
    let mark = *b.get(digits)?;
    match (digits, mark) {
        // 2024-01-02 03:04:05
        (4, b'-' | b'/' | b'.') if b.get(7) == Some(&mark) => {
            let day = [number(b, 0, 4)?, number(b, 5, 2)?, number(b, 8, 2)?];
            let at = if b.get(11) == Some(&b' ') { 12 } else { 11 };
            let parted = matches!(b.get(10)?, b'T' | b't' | b' ' | b'_' | b',' | b':' | b'-');
            parted.then(|| civil(b, day, clock(b, at)?)).flatten().map(Some)
        }
        // 20240102 03:04:05
        (8, b' ' | b'T' | b'-') => {
            let day = [number(b, 0, 4)?, number(b, 4, 2)?, number(b, 6, 2)?];
            civil(b, day, clock(b, 9)?).map(Some)
        }
        // 02/Jan/2024 03:04:05
        (1 | 2, b'/' | b'-' | b' ') if month(b.get(digits + 1..digits + 4)?).is_some() => {
            let b2 = b.get(digits..)?;
            let day = [number(b2, 5, 4)?, month(b2.get(1..4)?)?, number(b, 0, digits)?];
            let parted = b2.get(4) == Some(&mark) && matches!(b2.get(9)?, b' ' | b':' | b'T');
            parted.then(|| civil(b2, day, clock(b2, 10)?)).flatten().map(Some)
        }
        // 02.01.2024 03:04:05, and 01/02/2024, of which nobody knows the month.
        (1 | 2, b'.' | b'/' | b'-') => {
            let b2 = b.get(digits + 1..)?;
            let more = b2.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
            let b3 = b2.get(more + 1..)?;
            let year = number(b3, 0, 4)?;
            // Suricata and Snort join day and time so, and have the month first.
            let joined = mark == b'/' && b3.get(4) == Some(&b'-');
            let blanks = b3.get(4..)?.iter().take_while(|b| matches!(b, b' ' | b',' | b'T'));
            let skip = blanks.count() + usize::from(joined);
            let time = clock(b3, 4 + skip)?;
            let parted = b2.get(more) == Some(&mark) && (1..=2).contains(&skip) && more > 0;
            let (first, second) = (number(b, 0, digits)?, number(b2, 0, more)?);
            let day = if joined { [year, first, second] } else { [year, second, first] };
            let stamp = civil(b3, day, time).filter(|_| mark == b'.' || joined);
            (parted && (1_990..2_100).contains(&year)).then_some(stamp)
        }
        // 03:04:05.678
        (2, b':') => {
            let ([hour, ..], end) = clock(b, 0)?;
            let ends = b.get(end).is_none_or(|b| matches!(b, b' ' | b']' | b'\t' | b'|'));
            (ends && end >= 8 && hour < 24).then_some(None)
        }
        _ => None,
    }
}

/// A time that begins with the name of a day or a month.
fn worded(b: &[u8]) -> Option<Option<Stamp>> {
    // I0102 03:04:05.678901, as the parts of Kubernetes write it.
    if let [b'I' | b'W' | b'E' | b'F', b'0' | b'1', _, _, _, b' ', ..] = b {
        let (month, day) = (number(b, 1, 2)?, number(b, 3, 2)?);
        let ([hour, minute, second, nanos], _) = clock(b, 6)?;
        let ahead = None;
        return Civil { year: None, month, day, hour, minute, second, nanos, ahead }
            .stamp()
            .map(Some);
    }
    // Jan 02, 2024 3:04:05 AM
    if month(b.get(..3)?).is_some() && b.get(3) == Some(&b' ') {
        let comma = b.get(..8)?.iter().position(|b| *b == b',')?;
        let day = number(b, 4, comma.checked_sub(4)?)?;
        let year = number(b, comma + 2, 4)?;
        let day = [year, month(b.get(..3)?)?, day];
        let spaced = b.get(comma + 1) == Some(&b' ') && b.get(comma + 6) == Some(&b' ');
        return spaced.then(|| civil(b, day, clock(b, comma + 7)?)).flatten().map(Some);
    }
    let is_day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .iter()
        .any(|d| b.starts_with(d.as_bytes()));
    if !is_day {
        return None;
    }
    // Tue, 02 Jan 2024 03:04:05 GMT
    if let Some(rest) = b.get(3..)?.strip_prefix(b", ") {
        return numeric(rest);
    }
    // Tue Jan  2 03:04:05 2024, or with a zone before the year.
    let text = std::str::from_utf8(b).ok()?;
    for len in [24, 31, 28] {
        let Some(time) = text.get(..len) else { continue };
        if let Some(stamp) = english_time(time) {
            return Some(Some(stamp));
        }
    }
    let ([..], end) = clock(b, 11)?;
    let rest = text.get(end..)?.trim_start();
    let (name, year) = rest.split_once(' ')?;
    let without = format!("{} {}", text.get(..end)?, year.get(..4)?);
    let stamp = english_time(&without)?;
    let known = matches!(name, "UTC" | "GMT");
    Some(Some(match stamp {
        Stamp::Zoneless(nanos) if known => Stamp::Utc(nanos),
        stamp => stamp,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::YearDay;

    #[test]
    fn heads_of_lines() {
        let (nanos, ms) = (1_704_164_645_000_000_000_i64, 678_000_000_i64);
        let zoneless = Some(Some(Stamp::Zoneless(nanos)));
        let fraction = Some(Some(Stamp::Zoneless(nanos + ms)));
        let utc = Some(Some(Stamp::Utc(nanos)));
        let since_midnight = 11_045_000_000_000 + ms;
        let yearless = YearDay { month: 1, day: 2, nanos: since_midnight };
        let yearless = Some(Some(Stamp::Yearless(yearless)));
        for (line, expected) in [
            ("2024-01-02 03:04:05,678 INFO  [main] a.B - c", fraction),
            ("2024-01-02T03:04:05.678 INFO", fraction),
            ("2024-01-02T03:04:05Z 0 [Warning]", utc),
            ("2024-01-02T05:04:05+0200 x", utc),
            ("2024-01-02 05:04:05 +02:00 [x]", utc),
            ("2024-01-02 03:04:05 UTC [77] LOG:", utc),
            ("2024-01-02 03:04:05 CEST [77] LOG:", zoneless),
            ("2024-01-02 03:04:05 -12 degrees", zoneless),
            ("2024-01-02 03:04:05 - name - INFO - text", zoneless),
            ("2024/01/02 03:04:05 main.go:7: x", zoneless),
            ("[2024-01-02 03:04:05] local.ERROR: x", zoneless),
            ("E, [2024-01-02T03:04:05.678 #7] ERROR -- : x", fraction),
            ("ERROR 2024-01-02 03:04:05,678 views 1 2 x", fraction),
            ("[INFO] 2024-01-02 03:04:05 x", zoneless),
            ("WARN: [2024-01-02 03:04:05] x", zoneless),
            ("20240102 03:04:05 x", zoneless),
            ("02-Jan-2024 03:04:05.678 INFO [main] x", fraction),
            ("[02/Jan/2024:03:04:05 +0000] x", utc),
            ("[02-Jan-2024 03:04:05 UTC] PHP Warning:  x", utc),
            ("02 Jan 2024 03:04:05,678 x", fraction),
            ("2 Jan 2024 03:04:05 x", zoneless),
            ("02.01.2024 03:04:05 x", zoneless),
            ("02.01.2024, 03:04:05 x", zoneless),
            ("01/02/2024 03:04:05 AM x", Some(None)),
            ("01/02/2024-03:04:05.678  [**] x", fraction),
            ("77:M 02 Jan 2024 03:04:05.678 * x", fraction),
            ("77:M x", None),
            ("I0102 03:04:05.678 7 a.go:1] x", yearless),
            ("Jan 02, 2024 3:04:05 AM a.b.C run", zoneless),
            ("Jan 2, 2024 03:04:05 x", zoneless),
            ("Tue Jan  2 03:04:05 2024 x", zoneless),
            ("[Tue Jan 02 03:04:05.678 2024] x", fraction),
            ("Tue Jan 02 03:04:05 UTC 2024 x", utc),
            ("Tue, 02 Jan 2024 03:04:05 GMT x", utc),
            ("03:04:05.678 [main] INFO x", Some(None)),
            ("2024-01-02 03:04 x", Some(Some(Stamp::Zoneless(nanos - 5_000_000_000)))),
            ("2024-01-02", None),
            ("2024-13-02 03:04:05", None),
            ("Jan  2 03:04:05 host sshd[1]: x", None),
            ("at 2024-01-02 03:04:05", None),
            ("\tat a.b", None),
            ("12:30 lunch", None),
            ("1.2.3.4 - - [x]", None),
            ("informal 2024-01-02 03:04:05", None),
            ("", None),
            ("é 2024-01-02 03:04:05", None),
        ] {
            assert_eq!(of(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(crate::time::parse("2024-01-02 03:04:05"), Some(Stamp::Zoneless(nanos)));
    }

    #[test]
    fn damage_never_panics() {
        for line in [
            "2024-01-02 03:04:05,678 é",
            "Tue Jan  2 03:04:05 UTC 2024",
            "[E, [02/Jan/2024:03:04:05",
        ] {
            for at in 0..line.len() {
                let mut bytes = line.as_bytes().to_vec();
                of(bytes.get(..at).unwrap_or_default());
                for byte in b"\0 9:[]\xff/T-" {
                    bytes[at] = *byte;
                    of(&bytes);
                }
            }
        }
    }
}
