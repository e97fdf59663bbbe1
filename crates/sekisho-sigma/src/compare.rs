//! What it means for one value to equal, contain or exceed another: the
//! scalar questions that the reference matcher and the compiled one share.
//!
//! - Case: each character is lower-cased on its own (Unicode simple mapping).
//! - Numbers: decimal text with sign, fraction and exponent, or `0x` and hex
//!   digits; nothing around them.
//! - Addresses: IPv4 or IPv6 text, a zone (`%eth0`) is ignored; an IPv4
//!   address mapped into IPv6 counts as IPv4.
//! - Times: ISO 8601 text (with a zone: turned to UTC; without: as written) or
//!   a number since 1970, in seconds, milli-, micro- or nanoseconds by its size.

use std::net::{IpAddr, Ipv6Addr};

use sekisho_event::calendar::{date, days_since_1970};
use sekisho_event::{Kind, Value};

use crate::rule::{Ordering, Relation, TimePart};

/// One character in lower case.
#[must_use]
pub fn lower(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) }
}

/// Text in lower case, character by character.
#[must_use]
pub fn lower_text(text: &str) -> String {
    text.chars().map(lower).collect()
}

/// Appends a text in lower case, character by character.
pub fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let at = out.len();
        out.push_str(text);
        if let Some(tail) = out.get_mut(at..) {
            tail.make_ascii_lowercase();
        }
    } else {
        out.extend(text.chars().map(lower));
    }
}

/// Whether two texts are the same but for case.
#[must_use]
pub fn same_text(a: &str, b: &str) -> bool {
    a == b || a.chars().map(lower).eq(b.chars().map(lower))
}

/// Whether two texts relate as a field reference says.
#[must_use]
pub fn related(value: &str, other: &str, relation: Relation, cased: bool) -> bool {
    if !cased {
        return related(&lower_text(value), &lower_text(other), relation, true);
    }
    match relation {
        Relation::Equal => value == other,
        Relation::Contains => value.contains(other),
        Relation::StartsWith => value.starts_with(other),
        Relation::EndsWith => value.ends_with(other),
    }
}

/// A decimal number, the whole text.
#[must_use]
pub fn decimal(text: &str) -> Option<f64> {
    let starts = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    let allowed = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.starts_with(starts) || !text.bytes().all(allowed) {
        return None;
    }
    text.parse().ok().filter(|n: &f64| n.is_finite())
}

/// The number that a text is, decimal or `0x`.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match hex {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            u128::from_str_radix(digits, 16).ok().map(|n| n as f64)
        }
        Some(_) => None,
        None => decimal(text),
    }
}

/// [`Test::Number`](crate::rule::Test::Number): the same text, or a value that
/// is a number and the same one. Whole numbers are compared in full.
#[must_use]
pub fn equals_number(value: Value<'_>, wanted: f64, wanted_text: &str) -> bool {
    if same_text(value.text, wanted_text) {
        return true;
    }
    if value.kind != Kind::Number {
        return false;
    }
    match (value.text.parse::<i128>(), wanted_text.parse::<i128>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => number(value.text).is_some_and(|n| n == wanted),
    }
}

/// Whether `value` stands to `limit` as the ordering says.
#[must_use]
pub fn ordered(value: f64, ordering: Ordering, limit: f64) -> bool {
    match ordering {
        Ordering::Less => value < limit,
        Ordering::LessOrEqual => value <= limit,
        Ordering::Equal => value == limit,
        Ordering::GreaterOrEqual => value >= limit,
        Ordering::Greater => value > limit,
    }
}

/// The address that a text is.
#[must_use]
pub fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (before, zone) = text.split_once('%')?;
    // What else follows is no zone: the address may begin a list of several.
    let of_zone = |b: u8| b.is_ascii_alphanumeric() || b"-_.:@%".contains(&b);
    if !zone.bytes().all(of_zone) {
        return None;
    }
    before.parse::<Ipv6Addr>().ok().map(|a| IpAddr::V6(a).to_canonical())
}

/// Part of the time that a text is.
#[must_use]
pub fn time_part(text: &str, part: TimePart) -> Option<f64> {
    let seconds = epoch_seconds(text).or_else(|| iso_seconds(text))?;
    let days = seconds.div_euclid(86_400);
    let within = seconds.rem_euclid(86_400);
    let (year, month, day) = date(days);
    let found = match part {
        TimePart::Minute => within / 60 % 60,
        TimePart::Hour => within / 3_600,
        TimePart::Day => day,
        TimePart::Week => iso_week(days),
        TimePart::Month => month,
        TimePart::Year => year,
    };
    Some(found as f64)
}

fn epoch_seconds(text: &str) -> Option<i64> {
    let n = decimal(text)?;
    let scale = match n.abs() {
        size if size < 1e11 => 1.0,
        size if size < 1e14 => 1e3,
        size if size < 1e17 => 1e6,
        _ => 1e9,
    };
    let seconds = (n / scale).floor();
    (seconds.abs() < 1e11).then_some(seconds as i64)
}

/// `YYYY-MM-DD`, then perhaps `T` or a space and `HH:MM`, perhaps `:SS`, a
/// fraction, and a zone (`Z`, `+HH:MM`, `+HHMM`, `+HH`).
fn iso_seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let mut fields = date.split('-');
    let (year, month, day) =
        (digits(fields.next()?, 4)?, digits(fields.next()?, 2)?, digits(fields.next()?, 2)?);
    if fields.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let midnight = days_since_1970(year, month, day) * 86_400;
    if rest.is_empty() {
        return Some(midnight);
    }
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at_checked(zone_at)?;
    let mut fields = clock.trim_end().split(':');
    let (hour, minute) = (digits(fields.next()?, 2)?, digits(fields.next()?, 2)?);
    let second = match fields.next() {
        Some(text) => digits(text.split(['.', ',']).next()?, 2)?,
        None => 0,
    };
    if fields.next().is_some() || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    Some(midnight + hour * 3_600 + minute * 60 + second - zone_seconds(zone)?)
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let plain: String = zone.get(1..)?.chars().filter(|&c| c != ':').collect();
    let (hours, minutes) = match plain.len() {
        2 => (digits(&plain, 2)?, 0),
        4 => (digits(plain.get(..2)?, 2)?, digits(plain.get(2..)?, 2)?),
        _ => return None,
    };
    Some(sign * (hours * 3_600 + minutes * 60))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    text.parse().ok()
}

/// ISO week: the week's Thursday decides to which year it belongs.
fn iso_week(days: i64) -> i64 {
    let monday_based = (days + 3).rem_euclid(7);
    let thursday = days - monday_based + 3;
    let (year, _, _) = date(thursday);
    (thursday - days_since_1970(year, 1, 1)) / 7 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_texts() {
        assert_eq!(number("10"), Some(10.0));
        assert_eq!(number("-1.5"), Some(-1.5));
        assert_eq!(number("0x1F"), Some(31.0));
        for text in ["", "0x", "1 ", "inf", "nan", "e5", "1,5", "ten", "0x-1"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn large_whole_numbers_are_compared_in_full() {
        let value = |text| Value { kind: Kind::Number, text };
        assert!(!equals_number(
            value("18446744073709551615"),
            18_446_744_073_709_551_614.0,
            "18446744073709551614"
        ));
        assert!(equals_number(value("1.0"), 1.0, "1"));
        assert!(!equals_number(Value { kind: Kind::String, text: "1.0" }, 1.0, "1"));
        assert!(equals_number(Value { kind: Kind::String, text: "1" }, 1.0, "1"));
        assert!(equals_number(value("23"), 23.0, "0x17"));
    }

    #[test]
    fn parts_of_times() {
        let part = |text, p| time_part(text, p).map(|n| n as i64);
        let text = "2024-12-30T23:45:01.123456Z";
        assert_eq!(part(text, TimePart::Year), Some(2024));
        assert_eq!(part(text, TimePart::Month), Some(12));
        assert_eq!(part(text, TimePart::Day), Some(30));
        assert_eq!(part(text, TimePart::Hour), Some(23));
        assert_eq!(part(text, TimePart::Minute), Some(45));
        assert_eq!(part(text, TimePart::Week), Some(1));
        assert_eq!(part("2021-01-01", TimePart::Week), Some(53));
        assert_eq!(part("2024-05-01 01:30:00+02:00", TimePart::Hour), Some(23));
        assert_eq!(part("2024-05-01 01:30", TimePart::Hour), Some(1));
        for epoch in ["1714527000", "1714527000000", "1714527000.25", "1714527000000000"] {
            assert_eq!(part(epoch, TimePart::Day), Some(1), "{epoch}");
            assert_eq!(part(epoch, TimePart::Hour), Some(1), "{epoch}");
        }
        for text in ["", "yesterday", "2024-13-01", "2024-05-01T", "2024-05-01Tzz:00", "20240501é"]
        {
            assert_eq!(part(text, TimePart::Hour), None, "{text}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
        assert_eq!(address("fe80::1%eth0"), address("fe80::1"));
        assert_eq!(address("10.0.0.1:80"), None);
        assert_eq!(address("10.0.0.1%x"), None);
        for list in ["fe80::1%12;2001:db8::5", "fe80::1%12,10.0.0.1", "fe80::1%12 10.0.0.1"] {
            assert_eq!(address(list), None, "{list}");
        }
    }
}
