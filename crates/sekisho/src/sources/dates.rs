//! Dates that say when a log was last written to, where its records do not
//! say the year: in the names of files and folders, and as archives keep them.

use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SECOND: i64 = 1_000_000_000;

/// Seconds from 1601 to 1970, from which Windows counts.
const FILETIME_AHEAD_SECONDS: i64 = 11_644_473_600;

/// Years that a name may mean.
const YEARS: std::ops::RangeInclusive<i64> = 1990..=2099;

/// Nanoseconds since 1970 of a day and a time of day in UTC.
#[must_use]
pub fn utc(day: [i64; 3], time: [i64; 3]) -> Option<i64> {
    let [year, month, day] = day;
    let [hour, minute, second] = time.map(|n| i8::try_from(n).ok());
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let year = i16::try_from(year).ok()?;
    let moment = DateTime::new(year, month, day, hour?, minute?, second?, 0).ok()?;
    let zoned = moment.to_zoned(TimeZone::UTC).ok()?;
    i64::try_from(zoned.timestamp().as_nanosecond()).ok()
}

/// Nanoseconds since 1970, of seconds.
#[must_use]
pub fn of_seconds(seconds: i64) -> Option<i64> {
    seconds.checked_mul(SECOND).filter(|_| seconds > 0)
}

/// Nanoseconds since 1970, of Windows' 100 ns since 1601.
#[must_use]
pub fn of_filetime(filetime: u64) -> Option<i64> {
    let seconds = i64::try_from(filetime / 10_000_000).ok()? - FILETIME_AHEAD_SECONDS;
    of_seconds(seconds)
}

/// Nanoseconds since 1970, of a file's time.
#[must_use]
pub fn of_system(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok()
}

/// Year, month and day.
pub type Day = [i64; 3];

/// The end of a day in UTC.
#[must_use]
pub fn end_of(day: Day) -> Option<i64> {
    utc(day, [23, 59, 59])
}

/// The last moment of a year in UTC.
#[must_use]
pub fn end_of_year(year: i64) -> Option<i64> {
    end_of([year, 12, 31])
}

/// The year of a moment in UTC.
#[must_use]
pub fn year_of(nanos: i64) -> Option<i64> {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(nanos)).ok()?;
    Some(i64::from(TimeZone::UTC.to_datetime(moment).year()))
}

/// The day that a path says a log is of: the last that the file's name says
/// (`messages-20231105`, `syslog.2024-03-01`), else that of its folders
/// (`2024/03/01`, `year=2024/month=03/day=01`, `2024-03-01`).
#[must_use]
pub fn of_path(path: &str) -> Option<Day> {
    let mut segments: Vec<&str> = path.split(['/', '\\', '!']).collect();
    let name = segments.pop()?;
    if let Some((_, _, day)) = days_in(name).last() {
        return Some(*day);
    }
    let whole = segments.iter().rev().find_map(|segment| {
        let value = segment.rsplit('=').next().unwrap_or(segment);
        let found = days_in(value);
        found.first().filter(|(start, end, _)| *start == 0 && *end == value.len()).map(|f| f.2)
    });
    let parts = || {
        segments.windows(3).rev().find_map(|three| {
            let number = |at: usize, len: &[usize]| {
                let value = three.get(at)?.rsplit('=').next()?;
                let digits = value.bytes().all(|b| b.is_ascii_digit());
                (digits && len.contains(&value.len())).then(|| value.parse::<i64>().ok()).flatten()
            };
            valid([number(0, &[4])?, number(1, &[1, 2])?, number(2, &[1, 2])?])
        })
    };
    whole.or_else(parts)
}

fn valid(day: Day) -> Option<Day> {
    let [year, ..] = day;
    (YEARS.contains(&year) && end_of(day).is_some()).then_some(day)
}

/// The days in a text: where each begins and ends.
pub(super) fn days_in(text: &str) -> Vec<(usize, usize, Day)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = digits_from(bytes, at);
        if run == 0 {
            at += 1;
            continue;
        }
        match day_at(bytes, at, run) {
            Some((end, day)) => {
                out.push((at, end, day));
                at = end + digits_from(bytes, end);
            }
            None => at += run,
        }
    }
    out
}

fn digits_from(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count()
}

/// The day that begins at the first of a run of digits, and its end.
fn day_at(bytes: &[u8], at: usize, run: usize) -> Option<(usize, Day)> {
    let number = |at: usize, len: usize| {
        let digits = bytes.get(at..at + len)?;
        digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    // With an hour, minutes and seconds right behind it, or none.
    if matches!(run, 8 | 10 | 12 | 14) {
        let day = valid([number(at, 4)?, number(at + 4, 2)?, number(at + 6, 2)?])?;
        return Some((at + 8, day));
    }
    let separator = *bytes.get(at + 4)?;
    let parted = run == 4
        && matches!(separator, b'-' | b'_' | b'.')
        && bytes.get(at + 7) == Some(&separator)
        && digits_from(bytes, at + 5) == 2
        && digits_from(bytes, at + 8) == 2;
    if !parted {
        return None;
    }
    let day = valid([number(at, 4)?, number(at + 5, 2)?, number(at + 8, 2)?])?;
    Some((at + 10, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_paths() {
        for (path, day) in [
            ("var/log/messages-20231105.gz", Some([2023, 11, 5])),
            ("auth.log-20240301", Some([2024, 3, 1])),
            ("syslog.2024-03-01", Some([2024, 3, 1])),
            ("app_2024_03_01.log", Some([2024, 3, 1])),
            ("uac-web01-linux-20240301120000.tar.gz!x/auth.log", None),
            ("from-20240101-to-20240229.log", Some([2024, 2, 29])),
            ("20240301T1200Z.log", Some([2024, 3, 1])),
            ("web/2024/03/01/access.log", Some([2024, 3, 1])),
            ("web/2024/3/1/access.log", Some([2024, 3, 1])),
            ("s3/year=2024/month=03/day=01/x.json", Some([2024, 3, 1])),
            ("s3/dt=2024-03-01/x.json", Some([2024, 3, 1])),
            ("a.zip!2024-03-01/messages", Some([2024, 3, 1])),
            ("messages-20231305", None),
            ("messages-20230229", None),
            ("messages-18991231", None),
            ("id-123456789", None),
            ("2024-03-0", None),
            ("10.20.30.40/messages", None),
            ("", None),
            ("é20240301é", Some([2024, 3, 1])),
        ] {
            assert_eq!(of_path(path), day, "{path}");
        }
    }

    #[test]
    fn moments() {
        assert_eq!(utc([1970, 1, 2], [0, 0, 1]), Some(86_401 * SECOND));
        assert_eq!(utc([1980, 0, 0], [0, 0, 0]), None);
        assert_eq!(of_filetime(116_444_736_010_000_000), Some(SECOND));
        assert_eq!(of_filetime(0), None);
        assert_eq!(end_of_year(2024).and_then(year_of), Some(2024));
    }
}
