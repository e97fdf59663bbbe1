//! What stands before the tag: priority, host, sequence number and times, of
//! the device and of collectors, in any order.

use std::net::IpAddr;

use crate::time::{self, Civil, Stamp};

/// Most words before a tag that are looked at.
const WORDS_MAX: usize = 32;

/// Longest name of a host, in bytes.
const HOST_BYTES_MAX: usize = 255;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Who wrote a line, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The first name or address.
    pub(super) host: Option<&'a str>,
    /// The best of its times.
    pub(super) time: Option<Stamp>,
}

/// Reads what stands before a tag.
pub(super) fn read(before: &str) -> Head<'_> {
    let before = without_priority(before).trim_start();
    // Kiwi names the device so.
    let before = before.strip_prefix("Original Address=").unwrap_or(before);
    let words: Vec<&str> = before.split_whitespace().take(WORDS_MAX).collect();
    let mut head = Head::default();
    let mut best = 0;
    let mut rest = words.as_slice();
    while let Some((word, after)) = rest.split_first() {
        if let Some(found) = when(rest) {
            // A time with a zone before one without, one with a year before
            // one without, a clock that is set before one that is not, and the
            // device's before a collector's.
            let said = match found.stamp {
                Some(Stamp::Utc(_)) => 4,
                Some(Stamp::Zoneless(_)) => 2,
                _ => 0,
            };
            let rank = 1 + u8::from(found.set) + said;
            if found.stamp.is_some() && rank >= best {
                (best, head.time) = (rank, found.stamp);
            }
            rest = rest.get(found.words.max(1)..).unwrap_or_default();
            continue;
        }
        head.host = head.host.or_else(|| host(word));
        rest = after;
    }
    head
}

/// `<PRI>` at the start of a line is no part of a name.
fn without_priority(before: &str) -> &str {
    let inner = before.trim_start().strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match inner {
        Some((digits, rest)) if digits.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => before,
    }
}

/// A time at the start of some words.
struct When {
    /// What it says, if that is a moment.
    stamp: Option<Stamp>,
    /// The device knew its clock to be right.
    set: bool,
    words: usize,
}

fn when(words: &[&str]) -> Option<When> {
    let first = words.first()?;
    let bare = first.trim_start_matches(['*', '.']);
    let set = bare.len() == first.len();
    let next = words.get(1).copied().unwrap_or_default();
    if bare.len() == 4
        && let Some(year) = number(bare)
        && let Some(month) = month(next)
    {
        return dated(words, 2, Some(year), month, set);
    }
    // IOS XR writes the node before the time, without a space between them.
    let bare = bare.rsplit_once(':').filter(|(node, _)| node.contains('/')).map_or(bare, |n| n.1);
    match month(bare) {
        Some(month) => dated(words, 1, None, month, set),
        None => iso(bare, next, set),
    }
}

/// Day, perhaps the year, the time of day and perhaps the zone, after a month.
fn dated(
    words: &[&str],
    mut at: usize,
    mut year: Option<u32>,
    month: usize,
    set: bool,
) -> Option<When> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let day = number(word(at)).filter(|day| (1..=31).contains(day))?;
    at += 1;
    if year.is_none() && word(at).len() == 4 {
        year = number(word(at));
        at += usize::from(year.is_some());
    }
    let clock = word(at).trim_end_matches(':');
    if !is_clock(clock) {
        return None;
    }
    let closed = clock.len() < word(at).len();
    at += 1;
    let zone = if closed { None } else { zone(word(at)) };
    at += usize::from(zone.is_some());
    let utc = zone.unwrap_or_default();
    let at_year = |year: u32| format!("{year:04}-{month:02}-{day:02}T{clock}{utc}");
    let stamp = match year {
        Some(year) => time::parse(&at_year(year)),
        None => yearless(month, day, clock),
    };
    Some(When { stamp, set, words: at })
}

/// A day and a time of day of a year that is not stated.
fn yearless(month: usize, day: u32, clock: &str) -> Option<Stamp> {
    let b = clock.as_bytes();
    let fraction = b.get(9..).map_or(0, |digits| time::fraction_of(digits).0);
    let civil = Civil {
        year: None,
        month: i64::try_from(month).ok()?,
        day: i64::from(day),
        hour: time::number(b, 0, 2)?,
        minute: time::number(b, 3, 2)?,
        second: time::number(b, 6, 2)?,
        nanos: fraction,
        ahead: None,
    };
    civil.stamp()
}

/// A date that begins with the year in digits, in one word or in two.
fn iso(first: &str, next: &str, set: bool) -> Option<When> {
    if !matches!(first.as_bytes(), [b'0'..=b'9', _, _, _, b'-' | b'/', ..]) {
        return None;
    }
    let trimmed = first.trim_end_matches(':');
    if let Some(stamp) = time::parse(trimmed) {
        return Some(When { stamp: Some(stamp), set, words: 1 });
    }
    let stamp = time::parse(&format!("{trimmed} {}", next.trim_end_matches(':')))?;
    Some(When { stamp: Some(stamp), set, words: 2 })
}

/// A zone, as ISO 8601 writes it. Names other than that of UTC are given to
/// zones by whoever set up the device; they say that there is one, not which.
fn zone(word: &str) -> Option<String> {
    const SMALL: [&str; 12] =
        ["est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "cet", "cest", "bst", "ist"];
    let name = word.trim_end_matches(':');
    let closed = name.len() < word.len();
    if matches!(name, "UTC" | "GMT" | "Z") || closed && matches!(name, "utc" | "gmt") {
        return Some("Z".to_owned());
    }
    if let Some(offset) = name.strip_prefix("UTC").or_else(|| name.strip_prefix("GMT")) {
        return offset_of(offset);
    }
    let large = name.bytes().all(|b| b.is_ascii_uppercase())
        && ((2..=5).contains(&name.len()) || name.len() == 6 && name.ends_with("DST"));
    (closed && (large || SMALL.contains(&name))).then(String::new)
}

/// `+1` or `+07:30` as ISO 8601 has it.
fn offset_of(text: &str) -> Option<String> {
    let sign = text.get(..1).filter(|sign| matches!(*sign, "+" | "-"))?;
    let (hours, minutes) = text.get(1..)?.split_once(':').unwrap_or((text.get(1..)?, "0"));
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 15 && minutes < 60).then(|| format!("{sign}{hours:02}:{minutes:02}"))
}

fn month(word: &str) -> Option<usize> {
    MONTHS.iter().position(|m| *m == word).map(|n| n + 1)
}

fn number(word: &str) -> Option<u32> {
    word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok()).flatten()
}

/// `hh:mm:ss`, with a fraction or without.
fn is_clock(word: &str) -> bool {
    let whole = word.split(['.', ',']).next().unwrap_or_default();
    matches!(whole.as_bytes(), [a, b, b':', c, d, b':', e, f]
        if [a, b, c, d, e, f].iter().all(|b| b.is_ascii_digit()))
}

/// A word as the name or address of a host, if it can be one.
fn host(word: &str) -> Option<&str> {
    let address = |text: &str| text.parse::<IpAddr>().is_ok();
    if address(word) {
        return Some(word);
    }
    if let Some(closed) = word.strip_suffix(':').filter(|word| address(word)) {
        return Some(closed);
    }
    let name = word.trim_end_matches(':');
    let fits = name.len() <= HOST_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && name.bytes().any(|b| b.is_ascii_alphabetic());
    let is_name = fits && !is_priority(name) && !(is_uptime(name) && name.len() < word.len());
    (address(name) || is_name).then_some(name)
}

/// How long the device has been up, such as `1w2d`, which stands for a time.
fn is_uptime(name: &str) -> bool {
    let ends = name.ends_with(|c: char| "ywdhms".contains(c));
    let starts = name.starts_with(|c: char| c.is_ascii_digit());
    starts && ends && name.bytes().all(|b| b.is_ascii_digit() || b"ywdhms".contains(&b))
}

/// Facility and level of syslog in words, such as `Local7.Notice`.
fn is_priority(name: &str) -> bool {
    let facility = name.split_once('.').map_or("", |(facility, _)| facility);
    matches!(facility.to_ascii_lowercase().strip_prefix("local"),
        Some(digit) if matches!(digit.as_bytes(), [b'0'..=b'7']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTC: i64 = 1_771_335_603_673_000_000; // 2026-02-17T13:40:03.673Z

    #[test]
    fn hosts_and_times() {
        let (utc, zoneless) = (Some(Stamp::Utc(UTC)), Some(Stamp::Zoneless(UTC)));
        let yearless = yearless(2, 17, "13:40:03.673");
        for (before, host, time) in [
            ("172.16.5.10 6705: Feb 17 13:40:03.673: ", Some("172.16.5.10"), yearless),
            ("<189>6705: r1: *Feb 17 2026 13:40:03.673 UTC: ", Some("r1"), utc),
            (
                "<189>Feb 17 13:40:04 r-1.lan 6: .Feb 17 2026 13:40:03.673: ",
                Some("r-1.lan"),
                zoneless,
            ),
            ("000123: *Feb 17 2026 13:40:03.673 GMT: ", None, utc),
            ("<189>6: r1: Feb 17 2026 14:40:03.673 UTC+1: ", Some("r1"), utc),
            ("<189>6: r1: Feb 17 2026 21:10:03.673 UTC+07:30: ", Some("r1"), utc),
            ("<189>6: 7: Feb 17 2026 13:40:03.673 mdt: ", None, zoneless),
            ("<189>6: 2001:db8::: 7: Feb 17 2026 13:40:03.673 UTC: ", Some("2001:db8::"), utc),
            (
                "<189>Original Address=10.0.0.1 1 2026-02-17T13:40:03.673Z k Kiwi 3 OUT r1: *Feb 17 13:40:03: ",
                Some("10.0.0.1"),
                utc,
            ),
            ("Feb 17 2026 13:40:03.673 CET: ", None, zoneless),
            ("2026 Feb 17 13:40:03.673 N9K ", Some("N9K"), zoneless),
            ("Feb 17 2026 13:40:03.673 ASA1 : ", Some("ASA1"), zoneless),
            ("RP/0/RSP0/CPU0:Feb 17 2026 13:40:03.673 UTC: config[65]: ", None, utc),
            ("2026-02-17T14:40:03.673+01:00 fe80::1 6: Feb 17 13:40:03: ", Some("fe80::1"), utc),
            (
                "2026-02-17 13:40:03.673\tLocal7.Notice\t10.0.0.1\t6: 1w2d: ",
                Some("10.0.0.1"),
                zoneless,
            ),
            ("<189>1 2026-02-17T13:40:03.673Z sw - - - - 00:00:46: ", Some("sw"), utc),
            // A clock that was never set gives way to the collector's.
            ("2026-02-17T13:40:03.673Z r1 6: *Mar  1 1993 00:01:02 UTC: ", Some("r1"), utc),
            ("1w2d: ", None, None),
            ("Feb 17 2026 25:40:03: ", None, None),
            ("Feb 31 2026 13:40:03: ", None, None),
            ("May r1 ", Some("May"), None),
            ("", None, None),
            ("<>é <1>", None, None),
        ] {
            assert_eq!(read(before), Head { host, time }, "{before}");
        }
    }
}
