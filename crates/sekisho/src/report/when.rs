//! Numbers and times as the page writes them: the same everywhere, in UTC, without a clock or a
//! locale.

use sekisho_event::calendar;

/// Seconds in a day.
const DAY_S: i64 = 86_400;

/// A whole number with commas between thousands: `1,204`.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// From here on [`brief`] numbers are no longer given in full.
pub(crate) const BRIEF_FROM: u64 = 1_000_000;

/// A whole number where there is little room: in full below [`BRIEF_FROM`], then `1.2 M`, `1.2 bn`,
/// cut and not rounded.
pub(crate) fn brief(value: u64) -> String {
    let (unit, name) = match value {
        0..BRIEF_FROM => return number(value),
        BRIEF_FROM..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "bn"),
    };
    format!("{}.{}\u{a0}{name}", number(value / unit), value % unit * 10 / unit)
}

/// A day: `2024-02-29`. Seconds since 1970 UTC.
pub(crate) fn date(unix_s: i64) -> String {
    let (year, month, day) = calendar::date(unix_s.div_euclid(DAY_S));
    format!("{year:04}-{month:02}-{day:02}")
}

/// A minute: `2024-02-29 13:05`. Seconds since 1970 UTC.
pub(crate) fn minute(unix_s: i64) -> String {
    let in_day = unix_s.rem_euclid(DAY_S);
    format!("{} {:02}:{:02}", date(unix_s), in_day / 3_600, in_day / 60 % 60)
}

/// A second: `2024-02-29 13:05:09`. Seconds since 1970 UTC.
pub(crate) fn second(unix_s: i64) -> String {
    format!("{}:{:02}", minute(unix_s), unix_s.rem_euclid(60))
}

/// An exact time in ISO 8601: `2024-02-29T13:05:09.250Z`, with as many digits as are needed, in
/// groups of three. Nanoseconds since 1970 UTC.
pub(crate) fn exact(ns: i64) -> String {
    let whole = second(ns.div_euclid(1_000_000_000)).replace(' ', "T");
    let part = ns.rem_euclid(1_000_000_000);
    if part == 0 {
        return format!("{whole}Z");
    }
    let digits = format!("{part:09}");
    let fraction = digits.trim_end_matches("000");
    format!("{whole}.{fraction}Z")
}

/// A length of time in its largest whole unit, for instance `6 hours`. Seconds.
pub(crate) fn length(seconds: u64) -> String {
    let (count, unit) = match seconds {
        s if s >= 86_400 && s.is_multiple_of(86_400) => (s / 86_400, "day"),
        s if s >= 3_600 && s.is_multiple_of(3_600) => (s / 3_600, "hour"),
        s if s >= 60 && s.is_multiple_of(60) => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{} {unit}{}", number(count), if count == 1 { "" } else { "s" })
}

/// Whole hours between two times, rounded to the nearest. Nanoseconds since 1970 UTC, in any order.
pub(crate) fn hours(first_ns: i64, last_ns: i64) -> u64 {
    let ns = first_ns.abs_diff(last_ns);
    ns.saturating_add(1_800_000_000_000) / 3_600_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_204), "1,204");
        assert_eq!(number(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn brief_numbers_are_cut() {
        assert_eq!(brief(999_999), "999,999");
        assert_eq!(brief(1_290_000), "1.2\u{a0}M");
        assert_eq!(brief(u64::MAX), "18,446,744,073.7\u{a0}bn");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(exact(0), "1970-01-01T00:00:00Z");
        assert_eq!(exact(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(exact(1_709_211_909_250_000_000), "2024-02-29T13:05:09.250Z");
        assert_eq!(exact(i64::MAX), "2262-04-11T23:47:16.854775807Z");
        assert_eq!(exact(i64::MIN), "1677-09-21T00:12:43.145224192Z");
        assert_eq!(minute(951_782_400), "2000-02-29 00:00");
    }

    #[test]
    fn any_second_can_be_written() {
        for unix_s in [i64::MIN, i64::MAX] {
            assert!(!second(unix_s).is_empty());
        }
    }

    #[test]
    fn lengths_use_the_largest_unit() {
        assert_eq!(length(86_400), "1 day");
        assert_eq!(length(21_600), "6 hours");
        assert_eq!(length(90), "90 seconds");
        assert_eq!(hours(0, 3_600_000_000_000 * 5), 5);
        assert_eq!(hours(i64::MIN, i64::MAX), 5_124_095);
    }
}
