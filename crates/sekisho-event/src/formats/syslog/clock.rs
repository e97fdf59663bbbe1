//! Times as syslog headers write them: RFC 3164 with and without year,
//! RFC 3339, and what devices and collectors make of them.

use crate::time::{Civil, Stamp, fraction_of, month, number};

/// A time at the start of some text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// What it says, if that is a moment.
    pub(super) stamp: Option<Stamp>,
    /// The device knew its clock to be right.
    pub(super) set: bool,
    /// It begins with a year in digits, as ISO 8601 has it.
    pub(super) iso: bool,
    /// It begins with the day of the week.
    pub(super) weekday: bool,
    /// How many bytes it takes.
    pub(super) len: usize,
}

/// Reads a time at the start of some text.
pub(super) fn read(text: &str) -> Option<Clock> {
    let b = text.as_bytes();
    let set = !matches!(b.first()?, b'*' | b'.');
    let mut at = usize::from(!set);
    let weekday = is_weekday(b.get(at..at + 3)?);
    if weekday {
        at += 3 + usize::from(b.get(at + 3) == Some(&b','));
        at = spaces(b, at)?;
    }
    let found = match b.get(at)? {
        b'0'..=b'9' if matches!(b.get(at + 4)?, b'-' | b'/' | b':') => iso(b, at, weekday),
        b'0'..=b'9' if b.get(at + 2) == Some(&b'/') => slashed(b, at),
        b'0'..=b'9' => year_first(b, at),
        _ => named(b, at, None),
    }?;
    let iso = found.2;
    Some(Clock { stamp: found.0, set, iso, weekday, len: found.1 })
}

/// The moment, where it ends, whether it is ISO 8601.
type Found = (Option<Stamp>, usize, bool);

fn is_weekday(b: &[u8]) -> bool {
    [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"].iter().any(|day| b == *day)
}

/// Past at least one space.
fn spaces(b: &[u8], at: usize) -> Option<usize> {
    let rest = b.get(at..)?;
    let count = rest.iter().take_while(|c| **c == b' ').count();
    (count > 0).then_some(at + count)
}

/// `2024-01-02T03:04:05.678+01:00`, with a space for the `T`, with the zone
/// apart.
fn iso(b: &[u8], at: usize, weekday: bool) -> Option<Found> {
    let (year, month, day) = (number(b, at, 4)?, number(b, at + 5, 2)?, number(b, at + 8, 2)?);
    let parts = (b.get(at + 4)?, b.get(at + 7)?, b.get(at + 10)?);
    let mut civil = Civil { year: Some(year), month, day, ..Civil::default() };
    let end = time_of_day(b, at + 11, &mut civil);
    match parts {
        (b'-', b'-', b'T' | b't' | b' ') | (b'/', b'/', b'T' | b't' | b' ') => {
            let end = match mistyped_zone(b, end?, &mut civil) {
                Some(end) => end,
                None => zone(b, end?, weekday, &mut civil),
            };
            Some((civil.stamp(), end, true))
        }
        // Sophos UTM: `2024:03:04-05:06:07`.
        (b':', b':', b'-') => Some((civil.stamp(), end?, false)),
        // NetScaler: `2024/03/04:05:06:07 GMT`.
        (b'/', b'/', b':') => {
            let end = zone(b, end?, true, &mut civil);
            civil.ahead.is_some().then(|| (civil.stamp(), end, true))
        }
        _ => None,
    }
}

/// `--5:00`, as gateways of Check Point write what is behind UTC.
fn mistyped_zone(b: &[u8], at: usize, civil: &mut Civil) -> Option<usize> {
    let matches = b.get(at..at + 2) == Some(b"--") && b.get(at + 3) == Some(&b':');
    let (hours, minutes) = (number(b, at + 2, 1)?, number(b, at + 4, 2)?);
    civil.ahead = matches.then(|| -(hours * 3_600 + minutes * 60));
    matches.then_some(at + 6)
}

/// `03/04/2024:05:06:07 GMT` of NetScaler, `03/04-05:06:07.123456` and
/// `03/04/2024-05:06:07.123456` of Snort and Suricata.
fn slashed(b: &[u8], at: usize) -> Option<Found> {
    let (first, second) = (number(b, at, 2)?, number(b, at + 3, 2)?);
    // Some put the day first.
    let (month, day) = if first > 12 { (second, first) } else { (first, second) };
    let mut civil = Civil { month, day, ..Civil::default() };
    let after = match (b.get(at + 5)?, b.get(at + 8)?) {
        (b'-', b':') => at + 5,
        (b'/', b'-') => {
            civil.year = Some(2_000 + number(b, at + 6, 2)?);
            at + 8
        }
        (b'/', _) => {
            civil.year = Some(number(b, at + 6, 4)?);
            at + 10
        }
        _ => return None,
    };
    let end = time_of_day(b, after + 1, &mut civil)?;
    if b.get(after) == Some(&b'-') {
        return (civil.nanos > 0 || end > after + 9).then(|| (civil.stamp(), end, false));
    }
    let end = if b.get(after) == Some(&b':') { zone(b, end, true, &mut civil) } else { end };
    civil.ahead.is_some().then(|| (civil.stamp(), end, true))
}

/// `2024 Jan  2 03:04:05`, of NX-OS.
fn year_first(b: &[u8], at: usize) -> Option<Found> {
    let year = number(b, at, 4)?;
    named(b, spaces(b, at + 4)?, Some(year))
}

/// Months that some write in full.
const LONG_MONTHS: [&[u8]; 12] = [
    b"January",
    b"February",
    b"March",
    b"April",
    b"June",
    b"July",
    b"August",
    b"Sept",
    b"September",
    b"October",
    b"November",
    b"December",
];

/// `Jan  2 03:04:05`, with a year before or after the time of day or without.
fn named(b: &[u8], at: usize, year: Option<i64>) -> Option<Found> {
    let letters = b.get(at..)?.iter().take(12).take_while(|c| c.is_ascii_alphabetic()).count();
    let whole = letters == 3 || LONG_MONTHS.iter().any(|m| b.get(at..at + letters) == Some(*m));
    let month = month(b.get(at..at + 3)?).filter(|_| whole)?;
    let mut at = spaces(b, at + letters)?;
    let digits = if b.get(at + 1)?.is_ascii_digit() { 2 } else { 1 };
    let day = number(b, at, digits)?;
    at = spaces(b, at + digits + usize::from(b.get(at + digits) == Some(&b',')))?;
    let mut civil = Civil { year, month, day, ..Civil::default() };
    if b.get(at + 4) == Some(&b' ')
        && let Some(year) = number(b, at, 4)
    {
        civil.year = civil.year.or(Some(year));
        at = spaces(b, at + 4)?;
    }
    at = time_of_day(b, at, &mut civil)?;
    at = zone(b, at, false, &mut civil);
    if civil.year.is_none()
        && let Some(year) = late_year(b, at)
    {
        civil.year = Some(year);
        at = zone(b, at + 5, false, &mut civil);
    }
    // A device closes its own time with a colon.
    at += usize::from(b.get(at) == Some(&b':'));
    Some((civil.stamp(), at, false))
}

/// The year after the time of day.
fn late_year(b: &[u8], at: usize) -> Option<i64> {
    let year = number(b, at + 1, 4).filter(|year| (1980..2200).contains(year))?;
    let apart = b.get(at) == Some(&b' ') && matches!(b.get(at + 5), None | Some(b' ' | b'\t'));
    apart.then_some(year)
}

/// `03:04:05` and a fraction; where it ends.
fn time_of_day(b: &[u8], at: usize, civil: &mut Civil) -> Option<usize> {
    if b.get(at + 2) != Some(&b':') || b.get(at + 5) != Some(&b':') {
        return None;
    }
    civil.hour = number(b, at, 2)?;
    civil.minute = number(b, at + 3, 2)?;
    civil.second = number(b, at + 6, 2)?;
    let end = at + 8;
    let fraction = b.get(end + 1..).unwrap_or_default();
    if matches!(b.get(end), Some(b'.' | b',')) && fraction.first().is_some_and(u8::is_ascii_digit) {
        let (nanos, digits) = fraction_of(fraction);
        civil.nanos = nanos;
        return Some(end + 1 + digits);
    }
    (!b.get(end).is_some_and(u8::is_ascii_alphanumeric) || b.get(end) == Some(&b'Z')).then_some(end)
}

/// How long `+02:00`, `+0200`, `+02` or `+2` is, behind `GMT`.
fn ahead_len(rest: &[u8]) -> usize {
    if !matches!(rest, [b'+' | b'-', digit, ..] if digit.is_ascii_digit()) {
        return 0;
    }
    let digits = rest.iter().skip(1).take(4).take_while(|c| c.is_ascii_digit()).count();
    let minutes =
        matches!(rest.get(3..6), Some([b':', a, b]) if a.is_ascii_digit() && b.is_ascii_digit());
    if digits == 2 && minutes { 6 } else { 1 + digits }
}

/// A zone right after the time of day, or after a space; where it ends. Names
/// other than that of UTC are whatever somebody set up: they are passed by
/// where they cannot be mistaken for a host.
fn zone(b: &[u8], at: usize, named: bool, civil: &mut Civil) -> usize {
    let start = at + usize::from(b.get(at) == Some(&b' '));
    let rest = b.get(start..).unwrap_or_default();
    let ends = |c: u8| c.is_ascii_whitespace() || c == b':' || c == b',';
    let len = match rest.first() {
        Some(b'+' | b'-') => match rest.get(3) {
            Some(b':') if rest.get(4).is_some_and(u8::is_ascii_digit) => 6,
            Some(c) if c.is_ascii_digit() => 5,
            _ => 3,
        },
        Some(c) if c.is_ascii_uppercase() => {
            let letters = rest.iter().take_while(|c| c.is_ascii_uppercase()).count();
            letters
                + if matches!(rest, [b'G', b'M', b'T', ..] | [b'U', b'T', b'C', ..]) {
                    ahead_len(rest.get(letters..).unwrap_or_default())
                } else {
                    0
                }
        }
        _ => return at,
    };
    let Some(word) = rest.get(..len) else { return at };
    if !rest.get(len).is_none_or(|c| ends(*c)) {
        return at;
    }
    match crate::time::zone_seconds(word) {
        Some(Some(ahead)) => civil.ahead = Some(ahead),
        // `CET:` of a device, `CET 2024` of `date`, `CET` of `journalctl`.
        _ if (2..=5).contains(&len) && word.iter().all(u8::is_ascii_uppercase) => {
            // What stands before a packet says what became of it.
            let packet = rest.get(len..).is_some_and(|r| r.starts_with(b": IN="));
            let closed = start > at && rest.get(len) == Some(&b':') && !packet;
            if !(named || closed || late_year(b, start + len).is_some()) {
                return at;
            }
        }
        _ => return at,
    }
    start + len
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::YearDay;

    #[test]
    fn times_of_headers() {
        // 2024-03-04T05:06:07Z
        let second = 1_000_000_000;
        let t = 1_709_528_767 * second;
        let utc = |n: i64| Some(Stamp::Utc(n));
        let bare = Some(Stamp::Zoneless(t));
        let less = |nanos: i64| {
            let nanos = (5 * 3_600 + 6 * 60 + 7) * second + nanos;
            Some(Stamp::Yearless(YearDay { month: 3, day: 4, nanos }))
        };
        for (text, stamp, rest) in [
            ("Mar  4 05:06:07 host", less(0), " host"),
            ("Mar 4 05:06:07 host", less(0), " host"),
            ("Mar 04 05:06:07.123456 host", less(123_456_000), " host"),
            ("Mar  4 05:06:07.5: %A", less(second / 2), " %A"),
            ("Mar  4 2024 05:06:07 host", bare, " host"),
            ("Mar  4 05:06:07 2024 host", bare, " host"),
            ("Mar  4 05:06:07 2024: %A", less(0), " 2024: %A"),
            ("2024 Mar  4 05:06:07 UTC host", utc(t), " host"),
            ("Mar  4 05:06:07 UTC 2024", utc(t), ""),
            ("Mar 04 2024 07:06:07 GMT+02:00", utc(t), ""),
            ("Mar 04 2024 00:06:07 UTC-0500 x", utc(t), " x"),
            ("Mar 04 2024 07:06:07 GMT+2: x", utc(t), " x"),
            ("Mar  4 05:06:07 CET 2024 x", bare, " x"),
            ("Mar  4 2024 05:06:07 CET: x", bare, " x"),
            ("Mar  4 2024 05:06:07 GATE x", bare, " GATE x"),
            ("Mon Mar  4 05:06:07 2024 -> x", bare, " -> x"),
            ("Mon 2024-03-04 05:06:07 CET host", bare, " host"),
            ("Mon 2024-03-04 05:06:07 UTC host", utc(t), " host"),
            ("2024-03-04T05:06:07Z host", utc(t), " host"),
            ("2024-03-04T05:06:07.25+00:00 host", utc(t + second / 4), " host"),
            ("2024-03-04T06:06:07,25+0100 host", utc(t + second / 4), " host"),
            ("2024-03-04 05:06:07 host", bare, " host"),
            ("2024-03-04 07:06:07 +0200 host", utc(t), " host"),
            ("2024/03/04 05:06:07\tLocal7.Debug", bare, "\tLocal7.Debug"),
            ("2024-02-31 05:06:07 x", None, " x"),
            ("Feb 31 05:06:07 x", None, " x"),
            (".Mar  4 2024 05:06:07.000 UTC: x", utc(t), " x"),
            ("March 4 2024 05:06:07 host", bare, " host"),
            ("2024:03:04-05:06:07 host", bare, " host"),
            ("2024/03/04:05:06:07 GMT ns", utc(t), " ns"),
            ("03/04/2024:05:06:07 GMT ns", utc(t), " ns"),
            ("03/04-05:06:07.123456  [**]", less(123_456_000), "  [**]"),
            ("03/04/2024-05:06:07.000000  [**]", bare, "  [**]"),
            ("03/04/24-05:06:07.000000  [**]", bare, "  [**]"),
            ("2024-03-04T00:06:07--5:00 host", utc(t), " host"),
        ] {
            let found = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found.stamp, stamp, "{text}");
            assert_eq!(text.get(found.len..), Some(rest), "{text}");
        }
        for text in [
            "",
            "Marching 4 05:06:07",
            "03/04/2024:05:06:07 x",
            "03/04-05:06:07 x",
            "May",
            "Mayor of x",
            "Mar  4 5:6:7",
            "1234",
            "2024-03-04",
            "é",
            "* x",
            "2024é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
