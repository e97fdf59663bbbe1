//! The time with which a line begins, in the forms that programs give it, and
//! the little that some write before it.

use memchr::memmem;

use crate::formats::web_error::english_time;
use crate::time::{Civil, Stamp, fraction_of, month, number, zone_seconds};

/// How far into a line its time is looked for, in bytes.
pub(super) const BYTES_MAX: usize = 96;

/// Before the time of a query in MySQL's log of slow ones.
pub(super) const QUERY: &[u8] = b"# Time: ";

/// Words for how grave a record is, which some write before its time.
const LEVELS: [&str; 16] = [
    "trace", "debug", "info", "notice", "warn", "warning", "error", "err", "fatal", "critical",
    "severe", "verbose", "fine", "config", "alert", "panic",
];

/// Whether a line begins with a time, and which if it is certain.
pub(super) fn of(line: &[u8]) -> Option<Option<Stamp>> {
    let line = line.get(..BYTES_MAX).unwrap_or(line);
    let end = line.iter().position(|b| *b == b'\n').unwrap_or(line.len());
    let line = without_colour(line.get(..end)?);
    plain(line).or_else(|| plain(after_label(line)?))
}

/// What follows the sequences with which a terminal is told to change colour.
fn without_colour(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_prefix(b"\x1b[")
        && let Some(end) = rest.iter().take(12).position(u8::is_ascii_alphabetic)
    {
        line = rest.get(end + 1..).unwrap_or_default();
    }
    line
}

/// What follows a word that says where the line is from: the name of its file
/// (`a.log 2024-…`, `a.log:2024-…`), of its container (`web_1  | 2024-…`), the
/// number of its process in brackets, or the key of a pair (`time="2024-…`).
fn after_label(line: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = line.strip_prefix(QUERY) {
        return Some(rest);
    }
    let ends = |b: &u8| matches!(b, b' ' | b'=' | b'|');
    let len = line.iter().position(ends)?;
    let (word, rest) = line.split_at_checked(len)?;
    if rest.first() == Some(&b'=') {
        return after_key(word, rest);
    }
    if let [b'[', pid @ .., b']'] = word {
        let digits = !pid.is_empty() && pid.len() < 8 && pid.iter().all(u8::is_ascii_digit);
        return digits.then(|| rest.trim_ascii_start());
    }
    if let Some(at) = memmem::find(word, b".log") {
        let colon = word.get(at..)?.iter().position(|b| *b == b':').map(|n| at + n);
        let joined = colon.and_then(|at| line.get(at + 1..)).filter(|l| plain(l).is_some());
        return joined.or_else(|| line.get(len + 1..));
    }
    let rest = rest.trim_ascii_start().strip_prefix(b"|")?;
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    (len > 0 && word.iter().all(name)).then(|| rest.trim_ascii_start())
}

/// What follows `time=`, which may stand second (`level=info ts=…`).
fn after_key<'a>(key: &[u8], rest: &'a [u8]) -> Option<&'a [u8]> {
    let value = rest.strip_prefix(b"=")?;
    if matches!(key, b"time" | b"ts" | b"t" | b"timestamp" | b"date" | b"@timestamp") {
        return Some(value);
    }
    let next = value.get(value.iter().take(16).position(|b| *b == b' ')? + 1..)?;
    let times = [b"time=".as_slice(), b"ts=", b"t=", b"timestamp="];
    let second = || times.iter().find_map(|key| next.strip_prefix(*key));
    (key == b"level" || key == b"lvl").then(second).flatten()
}

/// Whether a line begins with a time or a level and a time.
fn plain(line: &[u8]) -> Option<Option<Stamp>> {
    // Nearly all lines are told by their first byte.
    let first = line.iter().find(|b| !matches!(b, b'[' | b'(' | b'<' | b'"'))?;
    if first.is_ascii_digit() {
        let at = line.iter().position(u8::is_ascii_digit)?;
        let b = line.get(at..)?;
        return (at <= 2).then(|| numeric(b).or_else(|| numeric(after_process(b)?))).flatten();
    }
    if !first.is_ascii_alphabetic() {
        return labelled_epoch(line);
    }
    let at = line.iter().position(u8::is_ascii_alphabetic)?;
    let words = line.get(at..)?;
    if at <= 1
        && let Some(found) = worded(words)
    {
        return Some(found);
    }
    match after_level(words) {
        Some(rest) => numeric(rest),
        None => labelled_epoch(line),
    }
}

/// `- 1117838570 2005.06.03 …`: a sign or a word for an alert, seconds since
/// 1970 and the day, as collectors of computing clusters write them.
fn labelled_epoch(line: &[u8]) -> Option<Option<Stamp>> {
    let len = line.iter().take(16).position(|b| *b == b' ')?;
    let label = line.get(..len)?;
    let rest = line.get(len + 1..)?;
    let known = label == b"-" || label.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    let dated = matches!(rest.get(10..22)?, [b' ', day @ .., b' '] if day.iter().filter(|b| **b == b'.').count() == 2);
    (known && dated).then(|| epoch(rest, 10)).flatten().map(Some)
}

/// Seconds or milliseconds since 1970, of so many digits, before words.
fn epoch(b: &[u8], digits: usize) -> Option<Stamp> {
    let seconds = number(b, 0, 10).filter(|n| (800_000_000..2_500_000_000).contains(n))?;
    let rest = b.get(10..)?;
    let (nanos, end) = match (digits, rest.first()?) {
        (13, _) => (number(rest, 0, 3)? * 1_000_000, 3),
        (10, b'.') => {
            let (nanos, digits) = fraction_of(rest.get(1..)?);
            (nanos, digits + 1)
        }
        _ => (0, 0),
    };
    let rest = rest.get(end..)?;
    let ends = matches!(rest.first()?, b' ' | b'\t' | b']');
    let worded = rest.iter().any(u8::is_ascii_alphabetic);
    (ends && worded).then_some(Stamp::Utc(seconds * 1_000_000_000 + nanos))
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
    // Some part milliseconds with a colon too.
    let three = |b: &[u8]| fraction_of(b).1 == 3;
    let colon = b.get(at) == Some(&b':') && b.get(at + 1..).is_some_and(three);
    if !colon && !matches!(b.get(at), Some(b'.' | b',')) {
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
    for len in [9, 8, 6, 5, 3, 1] {
        let (Some(text), next) = (spaced.get(..len), spaced.get(len)) else { continue };
        let ends = next.is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b':');
        // `GMT+02:00` is not `GMT`.
        let ahead = matches!(spaced.get(len..), Some([b'+' | b'-', b'0'..=b'9', ..]));
        let ends = ends && !(ahead && matches!(text, b"GMT" | b"UTC"));
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

/// `01/02/2024 03:04:05 AM` and nothing else, as programs of the United States
/// write it.
pub(super) fn month_first(line: &[u8]) -> Option<Stamp> {
    let line = line.trim_ascii_end();
    let mut parts = line.splitn(3, |b| *b == b'/');
    let part = |text: &[u8]| number(text, 0, text.len()).filter(|_| text.len() <= 2);
    let (month, day, rest) = (part(parts.next()?)?, part(parts.next()?)?, parts.next()?);
    let year = number(rest, 0, 4)?;
    let time = clock(rest, 5).filter(|_| rest.get(4) == Some(&b' '))?;
    let after = rest.get(time.1..)?;
    matches!(after, b" AM" | b" PM" | b"").then(|| civil(rest, [year, month, day], time)).flatten()
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
    let digits = b.iter().take(14).take_while(|b| b.is_ascii_digit()).count();
    let mark = *b.get(digits)?;
    if let Some(found) = short(b, digits, mark) {
        return Some(found);
    }
    match (digits, mark) {
        (10 | 13, _) => epoch(b, digits).map(Some),
        // 2024-01-02 03:04:05
        (4, b'-' | b'/' | b'.') if b.get(7) == Some(&mark) => {
            let day = [number(b, 0, 4)?, number(b, 5, 2)?, number(b, 8, 2)?];
            let at = if b.get(11) == Some(&b' ') { 12 } else { 11 };
            let parted = matches!(b.get(10)?, b'T' | b't' | b' ' | b'_' | b',' | b':' | b'-');
            let time = || clock(b, at).or_else(|| joined_clock(b, at));
            parted.then(|| civil(b, day, time()?)).flatten().map(Some)
        }
        // 20240102 03:04:05
        (8, b' ' | b'T' | b'-') => {
            let day = [number(b, 0, 4)?, number(b, 4, 2)?, number(b, 6, 2)?];
            civil(b, day, clock(b, 9).or_else(|| joined_clock(b, 9))?).map(Some)
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

/// Hours, minutes and seconds with dots or nothing between them.
fn joined_clock(b: &[u8], at: usize) -> Option<([i64; 4], usize)> {
    let step = if b.get(at + 2) == Some(&b'.') { 3 } else { 2 };
    let (hour, minute) = (number(b, at, 2)?, number(b, at + step, 2)?);
    let second = number(b, at + 2 * step, 2)?;
    let end = at + 2 * step + 2;
    if step == 3 && b.get(at + 5) != Some(&b'.') {
        return None;
    }
    match b.get(end) {
        Some(b'.' | b',') => {
            let (nanos, digits) = fraction_of(b.get(end + 1..)?);
            Some(([hour, minute, second, nanos], end + 1 + digits))
        }
        Some(d) if d.is_ascii_digit() => None,
        _ => Some(([hour, minute, second, 0], end)),
    }
}

/// A time whose year has two digits or is not written.
fn short(b: &[u8], digits: usize, mark: u8) -> Option<Option<Stamp>> {
    match (digits, mark) {
        // 240102 030405, 240102  3:04:05
        (6, b' ') => {
            let day = [2_000 + number(b, 0, 2)?, number(b, 2, 2)?, number(b, 4, 2)?];
            let at = if b.get(7) == Some(&b' ') { 8 } else { 7 };
            let time = clock(b, at).or_else(|| joined_clock(b, at))?;
            let ends = b.get(time.1).is_none_or(|b| matches!(b, b' ' | b'\t'));
            ends.then(|| civil(b, day, time)).flatten().map(Some)
        }
        // 2 Jan 03:04:05
        (1 | 2, b' ') if b.get(digits + 4) == Some(&b' ') => {
            let month = month(b.get(digits + 1..digits + 4)?)?;
            let (time, end) = clock(b, digits + 5)?;
            (end >= digits + 13).then(|| yearless(month, number(b, 0, digits)?, time).map(Some))?
        }
        // 0102/030405.678:ERROR:, as Chromium writes it
        (4, b'/') => {
            let time = joined_clock(b, 5)?;
            let fits = b.get(time.1) == Some(&b':');
            fits.then(|| yearless(number(b, 0, 2)?, number(b, 2, 2)?, time.0)).flatten().map(Some)
        }
        // 01/02-03:04:05.678, of Snort without its year
        (2, b'/') if b.get(5) == Some(&b'-') => {
            let (time, end) = clock(b, 6)?;
            (end > 14).then(|| yearless(number(b, 0, 2)?, number(b, 3, 2)?, time).map(Some))?
        }
        // 24/01/02 03:04:05 INFO; without a level nobody says which is the year.
        (2, b'/') if b.get(5) == Some(&b'/') && b.get(8) == Some(&b' ') => {
            let [first, second, third] = [number(b, 0, 2)?, number(b, 3, 2)?, number(b, 6, 2)?];
            let time = clock(b, 9)?;
            let rest = b.get(time.1..)?.trim_ascii_start();
            let levels =
                [b"INFO ".as_slice(), b"WARN ", b"ERROR ", b"DEBUG ", b"FATAL ", b"TRACE "];
            let java = levels.iter().any(|level| rest.starts_with(level));
            let stamp = || civil(b, [2_000 + first, second, third], time);
            Some(java.then(stamp).flatten())
        }
        // 01-02 03:04:05.678, and [01.02 03:04:05]
        (2, b'-' | b'.') if b.get(5) == Some(&b' ') => {
            let (time, end) = clock(b, 6)?;
            let fits =
                if mark == b'-' { time[3] > 0 || end > 14 } else { b.get(end) == Some(&b']') };
            let (month, day) = (number(b, 0, 2)?, number(b, 3, 2)?);
            (fits && end >= 14).then(|| yearless(month, day, time))
        }
        _ => None,
    }
}

fn yearless(month: i64, day: i64, [hour, minute, second, nanos]: [i64; 4]) -> Option<Stamp> {
    Civil { year: None, month, day, hour, minute, second, nanos, ahead: None }.stamp()
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

    const NANOS: i64 = 1_704_164_645_000_000_000;
    const MS: i64 = 678_000_000;

    type Told = Option<Option<Stamp>>;

    const fn zoneless(nanos: i64) -> Told {
        Some(Some(Stamp::Zoneless(nanos)))
    }

    const fn utc(nanos: i64) -> Told {
        Some(Some(Stamp::Utc(nanos)))
    }

    const fn yearless(ms: i64) -> Told {
        Some(Some(Stamp::Yearless(YearDay { month: 1, day: 2, nanos: 11_045_000_000_000 + ms })))
    }

    #[test]
    fn heads_of_lines() {
        for (line, expected) in [
            ("2024-01-02 03:04:05,678 INFO  [main] a.B - c", zoneless(NANOS + MS)),
            ("2024-01-02T03:04:05.678 INFO", zoneless(NANOS + MS)),
            ("2024-01-02T03:04:05Z 0 [Warning]", utc(NANOS)),
            ("2024-01-02T05:04:05+0200 x", utc(NANOS)),
            ("2024-01-02 05:04:05 +02:00 [x]", utc(NANOS)),
            ("2024-01-02 03:04:05 UTC [77] LOG:", utc(NANOS)),
            ("2024-01-02 03:04:05 CEST [77] LOG:", zoneless(NANOS)),
            ("2024-01-02 03:04:05 -12 degrees", zoneless(NANOS)),
            ("2024-01-02 03:04:05 - name - INFO - text", zoneless(NANOS)),
            ("2024/01/02 03:04:05 main.go:7: x", zoneless(NANOS)),
            ("[2024-01-02 03:04:05] local.ERROR: x", zoneless(NANOS)),
            ("E, [2024-01-02T03:04:05.678 #7] ERROR -- : x", zoneless(NANOS + MS)),
            ("ERROR 2024-01-02 03:04:05,678 views 1 2 x", zoneless(NANOS + MS)),
            ("[INFO] 2024-01-02 03:04:05 x", zoneless(NANOS)),
            ("WARN: [2024-01-02 03:04:05] x", zoneless(NANOS)),
            ("20240102 03:04:05 x", zoneless(NANOS)),
            ("02-Jan-2024 03:04:05.678 INFO [main] x", zoneless(NANOS + MS)),
            ("[02/Jan/2024:03:04:05 +0000] x", utc(NANOS)),
            ("[02-Jan-2024 03:04:05 UTC] PHP Warning:  x", utc(NANOS)),
            ("02 Jan 2024 03:04:05,678 x", zoneless(NANOS + MS)),
            ("2 Jan 2024 03:04:05 x", zoneless(NANOS)),
            ("02.01.2024 03:04:05 x", zoneless(NANOS)),
            ("02.01.2024, 03:04:05 x", zoneless(NANOS)),
            ("01/02/2024 03:04:05 AM x", Some(None)),
            ("01/02/2024-03:04:05.678  [**] x", zoneless(NANOS + MS)),
            ("77:M 02 Jan 2024 03:04:05.678 * x", zoneless(NANOS + MS)),
            ("77:M x", None),
            ("I0102 03:04:05.678 7 a.go:1] x", yearless(MS)),
            ("Jan 02, 2024 3:04:05 AM a.b.C run", zoneless(NANOS)),
            ("Jan 2, 2024 03:04:05 x", zoneless(NANOS)),
            ("Tue Jan  2 03:04:05 2024 x", zoneless(NANOS)),
            ("[Tue Jan 02 03:04:05.678 2024] x", zoneless(NANOS + MS)),
            ("Tue Jan 02 03:04:05 UTC 2024 x", utc(NANOS)),
            ("Tue, 02 Jan 2024 03:04:05 GMT x", utc(NANOS)),
            ("03:04:05.678 [main] INFO x", Some(None)),
            ("1704164645 x", utc(NANOS)),
            ("1704164645.678 [0 h:1] x", utc(NANOS + MS)),
            ("1704164645678 x", utc(NANOS + MS)),
            ("[1704164645] SERVICE ALERT: x", utc(NANOS)),
            ("1704164645 12 13", None),
        ] {
            assert_eq!(of(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn further_heads_of_lines() {
        for (line, expected) in [
            ("1704164645", None),
            ("- 1704164645 2024.01.02 n1 x", utc(NANOS)),
            ("APPREAD 1704164645 2024.01.02 n1 x", utc(NANOS)),
            ("APPREAD 1704164645 n1 x", None),
            ("24/01/02 03:04:05 INFO a.B: x", zoneless(NANOS)),
            ("24/01/02 03:04:05 x", Some(None)),
            ("240102 030405 148 INFO x", zoneless(NANOS)),
            ("240102  3:04:05 [Note] x", zoneless(NANOS)),
            ("240102 999", None),
            ("20240102-03:04:05:678|x", zoneless(NANOS + MS)),
            ("20240102T030405 x", zoneless(NANOS)),
            ("2024-01-02-03.04.05.678 x", zoneless(NANOS + MS)),
            ("[01.02 03:04:05] a.exe - x", yearless(0)),
            ("01-02 03:04:05.678  17  23 D x: y", yearless(MS)),
            ("01-02 03:04:05 x", None),
            ("01/02-03:04:05.678 [**] x", yearless(MS)),
            ("[0102/030405.678:ERROR:a.cc(1)] x", yearless(MS)),
            ("a.log.1.2024-01-02_03:04:05 2024-01-02 03:04:05.678 25 INFO x", zoneless(NANOS + MS)),
            ("a.log:2024-01-02 03:04:05 x", zoneless(NANOS)),
            ("web_1  | 2024-01-02 03:04:05 x", zoneless(NANOS)),
            ("77:M 02 Jan 03:04:05.678 * x", yearless(MS)),
            ("[2932] 2 Jan 03:04:05 * x", yearless(0)),
            ("[2932] 2 January x", None),
            ("# Time: 240102  3:04:05", zoneless(NANOS)),
            ("# Time: 2024-01-02T03:04:05.678Z", utc(NANOS + MS)),
            ("time=\"2024-01-02T03:04:05Z\" level=info msg=x", utc(NANOS)),
            ("level=info ts=2024-01-02T03:04:05Z x", utc(NANOS)),
            ("name=2024-01-02T03:04:05Z x", None),
            ("\x1b[32m2024-01-02 03:04:05\x1b[0m x", zoneless(NANOS)),
            ("2024-01-02 03:04 x", Some(Some(Stamp::Zoneless(NANOS - 5_000_000_000)))),
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
        assert_eq!(crate::time::parse("2024-01-02 03:04:05"), Some(Stamp::Zoneless(NANOS)));
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
