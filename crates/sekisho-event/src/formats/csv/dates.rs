//! Dates and times as programs write them for people, in the forms of many
//! countries, to ISO 8601. Where day and month may be either, the table says
//! which comes first.

use crate::time::{self, Civil, Stamp};

/// Of a date whose numbers do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum Order {
    MonthFirst,
    DayFirst,
}

/// Words for the first half of a day, in lower case and without dots.
const AM: &[&str] = &["am", "上午", "午前", "오전", "πμ", "ص", "sa", "ก่อนเที่ยง", "vm", "paradite"];
/// And for the second.
const PM: &[&str] = &["pm", "下午", "午後", "오후", "μμ", "م", "ch", "หลังเที่ยง", "nm", "pasdite"];

/// A date and time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Dated {
    civil: Civil,
    /// Day and month could be exchanged.
    pub(in crate::formats) ambiguous: bool,
    /// It only fits the other order than the one that was asked for.
    pub(in crate::formats) contrary: bool,
}

impl Dated {
    /// In ISO 8601; taken for UTC where it has no zone, if so stated.
    pub(in crate::formats) fn iso(&self, utc: bool) -> String {
        let Civil { year, month, day, hour, minute, second, nanos, ahead } = self.civil;
        let year = year.unwrap_or(0);
        let mut out = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if nanos > 0 {
            let fraction = format!("{nanos:09}");
            out.push('.');
            out.push_str(fraction.trim_end_matches('0'));
        }
        match ahead {
            Some(0) => out.push('Z'),
            None if utc => out.push('Z'),
            Some(ahead) => {
                let sign = if ahead < 0 { '-' } else { '+' };
                let minutes = ahead.abs() / 60;
                out.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
            }
            None => {}
        }
        out
    }

    /// Which order its numbers prove, if they do.
    pub(in crate::formats) fn proves(&self, asked: Order) -> Option<Order> {
        match (self.ambiguous, self.contrary, asked) {
            (true, ..) => None,
            (false, false, order) => Some(order),
            (false, true, Order::DayFirst) => Some(Order::MonthFirst),
            (false, true, Order::MonthFirst) => Some(Order::DayFirst),
        }
    }

    /// Since when, to tell which of two comes first.
    pub(in crate::formats) fn nanos(&self) -> Option<i64> {
        match self.civil.stamp()? {
            Stamp::Utc(time) | Stamp::Zoneless(time) => Some(time),
            Stamp::Yearless(_) => None,
        }
    }
}

/// A text on its way from front to end.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// The next number and how many digits it has.
    fn number(&mut self) -> Option<(i64, usize)> {
        let len = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at_checked(len).filter(|_| (1..=9).contains(&len))?;
        self.rest = rest;
        Some((digits.parse().ok()?, len))
    }

    /// The next word, of letters and dots between and after them.
    fn word(&mut self) -> Option<&'a str> {
        let letter = |c: char| c.is_alphabetic() || ('\u{e01}'..='\u{e4e}').contains(&c);
        let end = self.rest.find(|c: char| !letter(c) && c != '.').unwrap_or(self.rest.len());
        let (word, rest) =
            self.rest.split_at_checked(end).filter(|(w, _)| w.starts_with(letter))?;
        self.rest = rest;
        Some(word)
    }

    /// Passes by these characters and spaces; says which came first that is
    /// no space.
    fn skip(&mut self, characters: &str) -> Option<char> {
        let other = |c: char| !c.is_whitespace() && !characters.contains(c);
        let end = self.rest.find(other).unwrap_or(self.rest.len());
        let (passed, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        passed.chars().find(|c| !c.is_whitespace())
    }
}

/// Whether a word says which half of the day it is: 12 hours to be added, or
/// none.
fn half(word: &str) -> Option<bool> {
    let plain: String = word.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
    let is = |list: &[&str]| {
        list.iter().any(|w| w.chars().filter(|c| c.is_alphabetic()).eq(plain.chars()))
    };
    if is(AM) {
        return Some(false);
    }
    is(PM).then_some(true)
}

/// Reads a date with a time of day. ISO 8601 and numbers since 1970 are
/// [`time::parse`]'s.
pub(in crate::formats) fn read(text: &str, order: Order) -> Option<Dated> {
    if text.len() > 100 {
        return None;
    }
    // Marks of direction stand around the numbers in Arabic and Hebrew.
    let marks =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{61c}');
    let cleaned: String;
    let text = if text.contains(marks) {
        cleaned = text.replace(marks, "");
        &cleaned
    } else {
        text
    };
    let mut cursor = Cursor { rest: text.trim() };
    let mut dated = date(&mut cursor, order)?;
    clock(&mut cursor, &mut dated.civil)?;
    dated.civil.stamp().map(|_| dated)
}

fn date(cursor: &mut Cursor<'_>, order: Order) -> Option<Dated> {
    const BETWEEN: &str = "/.-,";
    let mut month = None;
    let mut numbers = [(0, 0); 3];
    let (mut count, mut separator) = (0, None);
    while count + usize::from(month.is_some()) < 3 {
        if let Some(word) = cursor.word() {
            // Another word is the name of a day, or 「年」 and the like.
            month = month.or_else(|| time::month(word.as_bytes().get(..3)?));
        } else {
            *numbers.get_mut(count)? = cursor.number()?;
            count += 1;
        }
        separator = separator.or(cursor.skip(BETWEEN));
    }
    let [(a, a_len), (b, b_len), (c, c_len)] = numbers;
    let mut dated = Dated { civil: Civil::default(), ambiguous: false, contrary: false };
    let (year, month, day) = match month {
        Some(month) if a_len == 4 => ((a, a_len), month, b),
        Some(month) => ((b, b_len), month, a),
        None if a_len == 4 => ((a, a_len), b, c),
        None => {
            let (day, month) = days(a, b, separator, order, &mut dated);
            ((c, c_len), month, day)
        }
    };
    let year = match year {
        (year, 2) => 2000 + year,
        // The years of Thailand.
        (year @ 2400..=2700, 4) => year - 543,
        (year, 4) => year,
        _ => return None,
    };
    dated.civil = Civil { year: Some(year), month, day, ..Civil::default() };
    Some(dated)
}

/// Day and month, in this order, of two numbers.
fn days(a: i64, b: i64, separator: Option<char>, order: Order, dated: &mut Dated) -> (i64, i64) {
    // Where a month comes first, it is parted from the day by `/` (or, in
    // some exports, by `-`).
    if separator == Some('.') {
        return (a, b);
    }
    let month_first = order == Order::MonthFirst;
    dated.ambiguous = a <= 12 && b <= 12 && a != b;
    dated.contrary = if month_first { a > 12 && b <= 12 } else { b > 12 && a <= 12 };
    if a == b && a <= 12 {
        dated.ambiguous = true;
    }
    if month_first == dated.contrary { (a, b) } else { (b, a) }
}

fn clock(cursor: &mut Cursor<'_>, civil: &mut Civil) -> Option<()> {
    cursor.skip(",.-");
    let mut later = None;
    while let Some(word) = cursor.word() {
        later = later.or_else(|| half(word));
        cursor.skip(",.");
    }
    civil.hour = cursor.number()?.0;
    let parted = cursor.skip(":.h")?;
    civil.minute = cursor.number()?.0;
    if cursor.rest.starts_with([':', '.']) {
        cursor.skip(":.");
        civil.second = cursor.number()?.0;
        if cursor.rest.starts_with(['.', ',', ':'])
            && (parted == ':' || !cursor.rest.starts_with('.'))
        {
            let digits = cursor.rest.get(1..)?;
            let (nanos, len) = time::fraction_of(digits.as_bytes());
            civil.nanos = nanos;
            cursor.rest = digits.get(len..)?;
        }
    }
    cursor.skip("");
    let tail = cursor.rest;
    let mut end = Cursor { rest: tail };
    while let Some(word) = end.word() {
        match half(word) {
            Some(half) => {
                later = Some(half);
                end.skip("");
                cursor.rest = end.rest;
                break;
            }
            // `a. m.`
            None => {
                end.skip("");
                let joined: String =
                    tail.strip_suffix(end.rest)?.chars().filter(|c| !c.is_whitespace()).collect();
                let Some(half) = half(&joined) else { continue };
                later = Some(half);
                cursor.rest = end.rest;
                break;
            }
        }
    }
    match later {
        Some(_) if !(0..=12).contains(&civil.hour) => {}
        Some(true) if civil.hour < 12 => civil.hour += 12,
        Some(false) if civil.hour == 12 => civil.hour = 0,
        _ => {}
    }
    civil.ahead = zone(cursor.rest)?;
    Some(())
}

/// What is said of a zone behind a time; browsers say
/// `GMT+0100 (Central European Standard Time)`.
fn zone(text: &str) -> Option<Option<i64>> {
    let browser = text.split_once(" (").map_or(text, |(zone, _)| zone).strip_prefix("GMT");
    let zone = match browser {
        Some(offset) if offset.starts_with(['+', '-']) => offset,
        _ => text.trim_matches(['(', ')']),
    };
    match zone {
        "Uhr" | "uhr" => Some(None),
        zone => time::zone_seconds(zone.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str, order: Order) -> Option<String> {
        read(text, order).map(|dated| dated.iso(false))
    }

    #[test]
    fn times_of_many_countries() {
        use Order::{DayFirst, MonthFirst};
        let eight = "2026-03-02T08:00:01";
        let evening = "2026-03-02T20:00:01";
        for (text, order, expected) in [
            ("3/2/2026 8:00:01 AM", MonthFirst, eight),
            ("03/02/2026 08:00:01 AM", MonthFirst, eight),
            ("3/2/2026 8:00:01\u{202f}PM", MonthFirst, evening),
            ("3/2/2026, 8:00:01.000 AM", MonthFirst, eight),
            ("02/03/2026 08:00:01", DayFirst, eight),
            ("2/03/2026 8:00:01 p.m.", DayFirst, evening),
            ("2/3/2026 8:00:01 p. m.", DayFirst, evening),
            ("02.03.2026 08:00:01", MonthFirst, eight),
            ("2.3.2026 8.00.01", MonthFirst, eight),
            ("02-03-2026 08:00:01", DayFirst, eight),
            ("2026/03/02 8:00:01", MonthFirst, eight),
            ("2026-03-02 8:00:01", MonthFirst, eight),
            ("2026. 03. 02. 8:00:01", MonthFirst, eight),
            ("2026-03-02 오후 8:00:01", MonthFirst, evening),
            ("2026/3/2 上午 08:00:01", MonthFirst, eight),
            ("2/3/2569 8:00:01", DayFirst, eight),
            ("2/3/2026 8:00:01 πμ", DayFirst, eight),
            ("Mar 2, 2026 8:00:01 PM", DayFirst, evening),
            ("Monday, March 2, 2026 8:00:01 AM", DayFirst, eight),
            ("2 Mar 2026 08:00:01", MonthFirst, eight),
            ("02-Mar-26 20:00:01", MonthFirst, evening),
            ("\u{200f}02/\u{200f}03/\u{200f}2026 08:00:01 م", DayFirst, evening),
            ("3/2/2026 8:00:01 AM +00:00", MonthFirst, "2026-03-02T08:00:01Z"),
            ("3/2/2026 8:00:01 AM -05:30", MonthFirst, "2026-03-02T08:00:01-05:30"),
            (
                "Mon Mar 02 2026 08:00:01 GMT+0100 (Central European Standard Time)",
                DayFirst,
                "2026-03-02T08:00:01+01:00",
            ),
            ("Mon Mar 02 2026 08:00:01 GMT+0000 (x)", DayFirst, "2026-03-02T08:00:01Z"),
            ("3/2/2026 8:00 AM", MonthFirst, "2026-03-02T08:00:00"),
            ("3/2/2026 12:00:01.25 AM", MonthFirst, "2026-03-02T00:00:01.25"),
            ("3/2/26 12:30", MonthFirst, "2026-03-02T12:30:00"),
        ] {
            assert_eq!(iso(text, order).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "1/2/2026",
            "8:00:01",
            "1/2/3/4 5:6",
            "13/13/2026 8:00:00",
            "10.0.0.1",
            "Logon",
            "2/3/2026 25:00:00",
            "a b c",
            "1.2.3.4:80",
            "2/3/2026 8:00 XYZ",
        ] {
            assert_eq!(iso(text, Order::MonthFirst), None, "{text}");
        }
    }

    #[test]
    fn the_numbers_may_prove_the_order() {
        let proof = |text, order| read(text, order).and_then(|d| d.proves(order));
        for order in [Order::MonthFirst, Order::DayFirst] {
            assert_eq!(proof("13/2/2026 8:00:01", order), Some(Order::DayFirst));
            assert_eq!(proof("2/13/2026 8:00:01", order), Some(Order::MonthFirst));
            assert_eq!(proof("2/3/2026 8:00:01", order), None);
        }
        let contrary = read("13/2/2026 8:00:01", Order::MonthFirst).unwrap();
        assert!(contrary.contrary);
        assert_eq!(contrary.iso(true), "2026-02-13T08:00:01Z");
    }
}
