//! Times as logs write them, to nanoseconds since 1970 in UTC. A time without
//! a zone is told apart from one with a zone, so that a zone is never guessed
//! in silence. This file never asks the clock.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::calendar::{days_in_month, days_since_1970};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Nanoseconds since 1970 in UTC.
    Utc(i64),
    /// Without a zone: nanoseconds since 1970 if the zone were UTC.
    Zoneless(i64),
    /// Without a year and without a zone.
    Yearless(YearDay),
}

/// A day and a time of day of a year that is not stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearDay {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// Nanoseconds since midnight.
    pub nanos: i64,
}

impl YearDay {
    /// The last such moment that is not more than a day (clocks differ, and
    /// so do zones) after `end`, both in nanoseconds since 1970.
    #[must_use]
    pub fn before(self, end: i64) -> Option<i64> {
        let end = end.checked_add(DAY)?;
        let moment = Timestamp::from_nanosecond(i128::from(end)).ok()?;
        let year = i64::from(TimeZone::UTC.to_datetime(moment).year());
        // The 29th of February is looked for over eight years, since 1900 had
        // none.
        (0..=8).find_map(|back| {
            let (month, day) = (i64::from(self.month), i64::from(self.day));
            let valid = (1..=days_in_month(year - back, month)).contains(&day);
            let days = days_since_1970(year - back, month, day);
            let time = days.checked_mul(DAY)?.checked_add(self.nanos)?;
            (valid && time <= end).then_some(time)
        })
    }
}

/// A date and a time of day as they were written, to be checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Civil {
    /// `None` where it is not stated.
    pub(crate) year: Option<i64>,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    /// Up to 60.
    pub(crate) second: i64,
    /// Of the second.
    pub(crate) nanos: i64,
    /// Seconds that the zone is ahead of UTC; `None` where none is stated.
    pub(crate) ahead: Option<i64>,
}

impl Civil {
    /// The moment, if there is such a day and such a time.
    pub(crate) fn stamp(self) -> Option<Stamp> {
        // Without a year, a leap day may be one.
        let year = self.year.unwrap_or(2000);
        let fits = (0..=9999).contains(&year)
            && (1..=12).contains(&self.month)
            && (1..=days_in_month(year, self.month)).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..=60).contains(&self.second);
        if !fits {
            return None;
        }
        let nanos = (self.hour * 3_600 + self.minute * 60 + self.second) * SECOND + self.nanos;
        if self.year.is_none() {
            let (month, day) = (u8::try_from(self.month).ok()?, u8::try_from(self.day).ok()?);
            return Some(Stamp::Yearless(YearDay { month, day, nanos }));
        }
        let days = days_since_1970(year, self.month, self.day);
        let local = days.checked_mul(DAY)?.checked_add(nanos)?;
        Some(match self.ahead {
            Some(ahead) => Stamp::Utc(local.checked_sub(ahead.checked_mul(SECOND)?)?),
            None => Stamp::Zoneless(local),
        })
    }
}

/// The number of a month by its English name of three letters.
pub(crate) fn month(name: &[u8]) -> Option<i64> {
    const MONTHS: [&[u8; 3]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let number = MONTHS.iter().position(|m| name.eq_ignore_ascii_case(*m))?;
    i64::try_from(number + 1).ok()
}

/// Reads ISO 8601 and its like (`T` or a space, 0 to 9 digits of fraction
/// after a point or a comma, with zone or without), `/Date(…)/`, and numbers
/// since 1970 (see [`epoch`]).
#[must_use]
pub fn parse(text: &str) -> Option<Stamp> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix("/Date(") {
        let digits = inner.split([')', '+']).next()?;
        let millis: i64 = digits.parse().ok()?;
        return Some(Stamp::Utc(millis.checked_mul(SECOND / 1_000)?));
    }
    civil(text.as_bytes()).or_else(|| epoch(text).map(Stamp::Utc))
}

/// Reads a number since 1970 by its size: seconds, milliseconds, microseconds
/// or nanoseconds, with or without a decimal fraction. What would be a time
/// before March 1973 in seconds is taken for no time at all.
#[must_use]
pub fn epoch(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(fraction) || !digits(whole) {
        let number: f64 = text.parse().ok()?;
        let usable = text.contains(['e', 'E']) && (1e8..9e18).contains(&number);
        return usable.then(|| epoch(&format!("{number:.6}"))).flatten();
    }
    let whole: i64 = whole.parse().ok()?;
    let unit = match whole {
        n if n < 100_000_000 => return None,
        n if n < 100_000_000_000 => SECOND,
        n if n < 100_000_000_000_000 => SECOND / 1_000,
        n if n < 100_000_000_000_000_000 => SECOND / 1_000_000,
        _ => 1,
    };
    let (nanos, _) = fraction_of(fraction.as_bytes());
    whole.checked_mul(unit)?.checked_add(nanos / (SECOND / unit))
}

/// The moment at which clocks of a zone showed a zoneless time, and whether
/// they showed it twice: then it is the earlier. Where they never showed it,
/// it is the one after the gap.
#[must_use]
pub fn in_zone(zoneless: i64, zone: &TimeZone) -> (i64, bool) {
    let Ok(moment) = Timestamp::from_nanosecond(i128::from(zoneless)) else {
        return (zoneless, false);
    };
    let shown = zone.to_ambiguous_timestamp(TimeZone::UTC.to_datetime(moment));
    let twice = matches!(shown.offset(), AmbiguousOffset::Fold { .. });
    let utc = shown.compatible().ok().and_then(|t| i64::try_from(t.as_nanosecond()).ok());
    (utc.unwrap_or(zoneless), twice)
}

/// Nanoseconds of the leading digits, and how many digits there are.
pub(crate) fn fraction_of(bytes: &[u8]) -> (i64, usize) {
    let (mut nanos, mut unit, mut count) = (0, SECOND / 10, 0);
    for b in bytes.iter().take_while(|b| b.is_ascii_digit()) {
        nanos += i64::from(b - b'0') * unit;
        unit /= 10;
        count += 1;
    }
    (nanos, count)
}

pub(crate) fn number(bytes: &[u8], at: usize, len: usize) -> Option<i64> {
    let digits = bytes.get(at..at + len)?;
    digits.iter().try_fold(0_i64, |n, b| {
        let digit = b.is_ascii_digit().then(|| i64::from(b - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

fn civil(b: &[u8]) -> Option<Stamp> {
    let (year, month, day) = (number(b, 0, 4)?, number(b, 5, 2)?, number(b, 8, 2)?);
    let separators = (b.get(4)?, b.get(7)?);
    if !matches!(separators, (b'-', b'-') | (b'/', b'/'))
        || !matches!(b.get(10)?, b'T' | b't' | b' ')
    {
        return None;
    }
    let (hour, minute) = (number(b, 11, 2)?, number(b, 14, 2)?);
    let (mut second, mut nanos, mut at) = (0, 0, 16);
    if b.get(at) == Some(&b':') {
        second = number(b, 17, 2)?;
        at = 19;
        if matches!(b.get(at), Some(b'.' | b',')) {
            let (n, digits) = fraction_of(b.get(at + 1..)?);
            nanos = n;
            at += 1 + digits;
        }
    }
    if b.get(13) != Some(&b':') {
        return None;
    }
    let ahead = zone_seconds(b.get(at..)?)?;
    Civil { year: Some(year), month, day, hour, minute, second, nanos, ahead }.stamp()
}

/// Seconds that a zone is ahead of UTC; `Some(None)` for no zone, `None` for
/// something that is no zone.
pub(crate) fn zone_seconds(rest: &[u8]) -> Option<Option<i64>> {
    let rest = rest.trim_ascii();
    let named = rest.strip_prefix(b"UTC").or_else(|| rest.strip_prefix(b"GMT"));
    // `GMT+02:00`, as Java writes a zone that has no name, and `GMT+2`.
    let (rest, is_named) = named.map_or((rest, false), |rest| (rest, true));
    let short;
    let rest = match rest {
        &[sign @ (b'+' | b'-'), digit] if is_named => {
            short = [sign, b'0', digit];
            &short
        }
        rest => rest,
    };
    let sign = match rest {
        b"" => return Some(is_named.then_some(0)),
        b"Z" | b"z" if !is_named => return Some(Some(0)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let hours = number(rest, 1, 2)?;
    let minutes = match rest.len() {
        3 => 0,
        5 => number(rest, 3, 2)?,
        6 if rest.get(3) == Some(&b':') => number(rest, 4, 2)?,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(Some(sign * (hours * 3_600 + minutes * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oracle(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_nanosecond().try_into().unwrap()
    }

    #[test]
    fn a_number_that_is_too_large_is_none() {
        assert_eq!(number(b"9223372036854775807", 0, 19), Some(i64::MAX));
        assert_eq!(number(b"9223372036854775808", 0, 19), None);
        assert_eq!(number(&[b'9'; 100], 0, 100), None);
    }

    #[test]
    fn zoned_times_are_those_of_jiff() {
        for text in [
            "2020-09-20T16:16:09.362Z",
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999999Z",
            "2000-02-29T12:00:00+05:30",
            "2024-12-31T23:59:59-11:00",
            "1900-03-01T00:00:00Z",
            "2200-02-28T01:02:03.1Z",
        ] {
            assert_eq!(parse(text), Some(Stamp::Utc(oracle(text))), "{text}");
        }
        let mut day = 0_i64;
        while day < 80_000 {
            let t = Timestamp::from_second(day * 86_400).unwrap();
            assert_eq!(parse(&t.to_string()), Some(Stamp::Utc(day * 86_400 * SECOND)));
            day += 17;
        }
    }

    #[test]
    fn spellings() {
        let utc = Some(Stamp::Utc(oracle("2020-09-20T12:16:06.5Z")));
        for text in [
            "2020-09-20 12:16:06.5 UTC",
            "2020-09-20 12:16:06,500Z",
            "2020-09-20 14:16:06.5 GMT+02:00",
            "2020-09-20 09:16:06.5 UTC-0300",
            "2020-09-20 14:16:06.5 GMT+2",
            "2020/09/20 14:16:06.5+0200",
            "2020-09-20T10:16:06.5-02",
            "1600604166.5",
            "1600604166500",
            "1600604166500000",
            "1600604166500000000",
            "1.6006041665e9",
            "/Date(1600604166500)/",
        ] {
            assert_eq!(parse(text), utc, "{text}");
        }
        let bare = oracle("2020-09-20T12:16:00Z");
        assert_eq!(parse("2020-09-20 12:16"), Some(Stamp::Zoneless(bare)));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "-",
            "12.5",
            "2020-09-20",
            "2020-13-01 00:00:00",
            "2021-02-29 00:00:00",
            "2020-09-20 25:00:00",
            "2020-09-20 12:16:06 CEST",
            "99999999999999999999",
            "é",
            "NaN",
            "2020-09-20T12:16:06+2",
            "2020-09-20T12:16:06 UTCZ",
            "2020-09-20T12:16:06 GMT+",
            "2020-09-20T12:16:06 GMT 02:00",
            "1e400",
            "-5",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_stated_zone_is_used_with_its_summer_time() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (shown, meant) in [
            ("2020-07-01 12:00:00", "2020-07-01T10:00:00Z"),
            ("2020-12-01 12:00:00", "2020-12-01T11:00:00Z"),
        ] {
            let Some(Stamp::Zoneless(t)) = parse(shown) else { panic!("{shown}") };
            assert_eq!(in_zone(t, &berlin), (oracle(meant), false));
        }
        let Some(Stamp::Zoneless(t)) = parse("2020-10-25 02:30:00") else { panic!() };
        assert_eq!(in_zone(t, &berlin), (oracle("2020-10-25T00:30:00Z"), true));
    }

    #[test]
    fn a_year_is_the_last_that_fits() {
        let end = oracle("2024-03-04T12:00:00Z");
        for (month, day, expected) in [
            (3, 4, Some("2024-03-04T06:00:00Z")),
            (3, 5, Some("2024-03-05T06:00:00Z")),
            (3, 6, Some("2023-03-06T06:00:00Z")),
            (12, 31, Some("2023-12-31T06:00:00Z")),
            (2, 29, Some("2024-02-29T06:00:00Z")),
            (2, 30, None),
        ] {
            let moment = YearDay { month, day, nanos: 6 * 3_600 * SECOND };
            assert_eq!(moment.before(end), expected.map(oracle), "{month}-{day}");
        }
        let leap = YearDay { month: 2, day: 29, nanos: 0 };
        assert_eq!(
            leap.before(oracle("2023-06-01T00:00:00Z")),
            Some(oracle("2020-02-29T00:00:00Z"))
        );
    }
}
