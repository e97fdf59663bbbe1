//! Days and times as records write them: UTC, one way of writing each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Malformed;
use crate::hash::shown;

const NANOS_OF_DAY: i64 = 86_400_000_000_000;
const NANOS_OF_SECOND: i64 = 1_000_000_000;

/// Days from 1970-01-01 to 0001-01-01 and to 9999-12-31.
const FIRST: i32 = -719_162;
const LAST: i32 = 2_932_896;

/// A day in UTC, from 0001-01-01 to 9999-12-31.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day in which an event of that time is, in nanoseconds since 1970.
    #[must_use]
    pub fn of_nanos(nanos: i64) -> Self {
        // An i64 reaches from 1677 to 2262.
        Self(i32::try_from(nanos.div_euclid(NANOS_OF_DAY)).unwrap_or(0))
    }

    /// A day of the calendar, if there is such a one.
    #[must_use]
    pub fn of_date(year: u16, month: u8, day: u8) -> Option<Self> {
        let (y, m, d) = (i32::from(year), i32::from(month), i32::from(day));
        // Years begin in March, so that the leap day is the last one.
        let shifted = if m > 2 { y } else { y - 1 };
        let of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
        let days = shifted * 365 + shifted.div_euclid(4) - shifted.div_euclid(100)
            + shifted.div_euclid(400)
            + of_year
            - 719_468;
        let found = Self(days);
        let exists = (1..=12).contains(&m) && (FIRST..=LAST).contains(&days);
        (exists && found.date() == (year, month, day)).then_some(found)
    }

    /// Year, month and day.
    #[must_use]
    pub fn date(self) -> (u16, u8, u8) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year + era * 400 + i32::from(month <= 2);
        // In range, as days are.
        (
            u16::try_from(year).unwrap_or(0),
            u8::try_from(month).unwrap_or(0),
            u8::try_from(day).unwrap_or(0),
        )
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The day so many days later (or before), if it can be written.
    #[must_use]
    pub fn plus(self, days: i32) -> Option<Self> {
        self.0.checked_add(days).filter(|day| (FIRST..=LAST).contains(day)).map(Self)
    }

    /// The next day.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.plus(1)
    }

    /// The day before.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.plus(-1)
    }

    /// How many days from another one to this one.
    #[must_use]
    pub fn since(self, other: Self) -> i32 {
        self.0 - other.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

impl FromStr for Day {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let parsed = || {
            let mut parts = text.split('-');
            let year = digits(parts.next()?, 4)?;
            let month = digits(parts.next()?, 2)?;
            let day = digits(parts.next()?, 2)?;
            let small = |number: u32| u8::try_from(number).ok();
            let date = (u16::try_from(year).ok()?, small(month)?, small(day)?);
            parts.next().is_none().then(|| Self::of_date(date.0, date.1, date.2)).flatten()
        };
        let what = || Malformed::new(format!("{} is no day", shown(text)), "such as 2026-02-17");
        parsed().ok_or_else(what)
    }
}

/// A time in UTC, in nanoseconds since 1970; written with nine digits behind
/// the seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Its day.
    #[must_use]
    pub fn day(self) -> Day {
        Day::of_nanos(self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_day = self.0.rem_euclid(NANOS_OF_DAY);
        let (seconds, nanos) = (of_day / NANOS_OF_SECOND, of_day % NANOS_OF_SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z", self.day())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let parsed = || {
            let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
            let day: Day = day.parse().ok()?;
            let (clock, nanos) = time.split_once('.')?;
            let mut parts = clock.split(':');
            let mut part = |below| digits(parts.next()?, 2).filter(|&n| n < below);
            let seconds = (part(24)? * 60 + part(60)?) * 60 + part(60)?;
            let nanos = i128::from(digits(nanos, 9)?);
            let days = i128::from(day.number()) * i128::from(NANOS_OF_DAY);
            let all = days + i128::from(seconds) * i128::from(NANOS_OF_SECOND) + nanos;
            parts.next().is_none().then(|| i64::try_from(all).ok()).flatten()
        };
        let expected = "such as 2026-02-17T08:15:00.000000000Z";
        let what = || Malformed::new(format!("{} is no time", shown(text)), expected);
        parsed().map(Self).ok_or_else(what)
    }
}

/// Reads a text into a checked type.
pub(crate) fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days() {
        for (text, number) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2026-02-17", 20_501),
            ("0001-01-01", FIRST),
            ("9999-12-31", LAST),
        ] {
            let day: Day = text.parse().unwrap();
            assert_eq!(day.number(), number, "{text}");
            assert_eq!(day.to_string(), text);
        }
    }

    #[test]
    fn days_and_times_that_are_none() {
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-04-31",
            "0000-01-01",
            "2026-1-01",
            "2026-01-01-",
            "+026-01-01",
            "26-01-01",
            "",
            "2026-01",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        for text in [
            "2026-02-17T08:15:00Z",
            "2026-02-17T08:15:00.0Z",
            "2026-02-17T24:00:00.000000000Z",
            "2026-02-17T08:60:00.000000000Z",
            "2026-02-17T08:15:60.000000000Z",
            "2026-02-17 08:15:00.000000000Z",
            "2026-02-17T08:15:00.000000000",
            "2026-02-17T08:15:00.000000000+00:00",
            "2300-01-01T00:00:00.000000000Z",
            "2026-02-17T08:15:00:00.000000000Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_end_where_they_cannot_be_written() {
        let last = Day::of_date(9999, 12, 31).unwrap();
        assert_eq!(last.next(), None);
        assert_eq!(Day::of_date(1, 1, 1).unwrap().previous(), None);
        assert_eq!(last.previous().unwrap().next(), Some(last));
        assert_eq!(last.plus(i32::MAX), None);
    }

    proptest! {
        #[test]
        fn days_are_read_as_they_are_written(number in FIRST..=LAST) {
            let day = Day(number);
            prop_assert_eq!(day.to_string().parse(), Ok(day));
            let (y, m, d) = day.date();
            prop_assert_eq!(Day::of_date(y, m, d), Some(day));
        }

        #[test]
        fn times_are_read_as_they_are_written(nanos: i64) {
            let time = Timestamp(nanos);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
            prop_assert_eq!(&time.to_string()[..10], time.day().to_string());
        }
    }
}
