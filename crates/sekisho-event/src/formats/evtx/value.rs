//! Typed values of BinXML: which of them are read here, and their text. The
//! text equals what the `evtx` crate renders, which a test compares.

use std::fmt::Write;

use super::bytes::{u16_at, u32_at, u64_at};
use crate::calendar;
use crate::dictionary::Kind;

pub(super) const NULL: u8 = 0x00;
pub(super) const STRING: u8 = 0x01;
pub(super) const BINXML: u8 = 0x21;
pub(super) const STRINGS: u8 = 0x81;

/// Ticks of 100 ns between 1601, where Windows begins, and 1970.
const TICKS_TO_1970: i64 = 116_444_736_000_000_000;
const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;

/// From 1601-01-01.
const DAYS_TO_1970: i64 = 134_774;

/// How a value is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// There is nothing in it.
    Empty,
    /// [`decode`] knows it.
    Plain,
    /// Several strings, one after another, each with a NUL behind it.
    Strings,
    /// A type or a size that is left to the `evtx` crate.
    Odd,
}

/// How a value of this type with these bytes is to be taken.
pub(super) fn fit(form: u8, raw: &[u8]) -> Fit {
    let len = raw.len();
    let sized = |width| if len == width { Fit::Plain } else { Fit::Odd };
    match form {
        NULL => Fit::Empty,
        STRING | STRINGS if len % 2 == 1 => Fit::Odd,
        STRING => filled(!matches!(raw, [] | [0, 0, ..])),
        0x02 if raw.is_ascii() => filled(raw.iter().any(|&b| b != 0)),
        0x03 | 0x04 => sized(1),
        0x05 | 0x06 => sized(2),
        0x07 | 0x08 | 0x0d | 0x14 => sized(4),
        0x09 | 0x0a | 0x11 | 0x15 => sized(8),
        0x0e => filled(len > 0),
        0x0f | 0x12 => sized(16),
        0x10 if len == 4 || len == 8 => Fit::Plain,
        0x13 => sized(8 + 4 * raw.get(1).copied().map_or(0, usize::from)),
        BINXML if len == 0 => Fit::Empty,
        STRINGS if len == 0 => Fit::Empty,
        STRINGS if raw.ends_with(&[0, 0]) => Fit::Strings,
        _ => Fit::Odd,
    }
}

fn filled(yes: bool) -> Fit {
    if yes { Fit::Plain } else { Fit::Empty }
}

/// Whether a dependent element is left out over this value.
pub(super) fn is_null(form: u8, raw: &[u8]) -> bool {
    form == NULL || (form == BINXML && raw.is_empty())
}

/// Appends the text of a value that is [`Fit::Plain`].
pub(super) fn decode(form: u8, raw: &[u8], out: &mut String) -> Kind {
    // Writing to a string cannot fail.
    let _ = match form {
        STRING => {
            utf16(raw, out);
            Ok(())
        }
        0x02 => {
            out.extend(raw.iter().filter(|&&b| b != 0).map(|&b| char::from(b)));
            Ok(())
        }
        0x0e => raw.iter().try_for_each(|b| write!(out, "{b:02X}")),
        0x0f => guid(raw, out),
        0x10 | 0x14 | 0x15 => write!(out, "{:#x}", unsigned(raw)),
        0x11 => write_time(fields_of_ticks(unsigned(raw)), out),
        0x12 => write_time(fields_of_systemtime(raw), out),
        0x13 => sid(raw, out),
        _ => return number(form, raw, out),
    };
    Kind::String
}

fn number(form: u8, raw: &[u8], out: &mut String) -> Kind {
    let _ = match form {
        0x03 | 0x05 | 0x07 | 0x09 => write!(out, "{}", signed(raw)),
        0x0d => match unsigned(raw) {
            0 => {
                out.push_str("false");
                return Kind::Bool;
            }
            1 => {
                out.push_str("true");
                return Kind::Bool;
            }
            _ => write!(out, "{}", signed(raw)),
        },
        _ => write!(out, "{}", unsigned(raw)),
    };
    Kind::Number
}

/// A whole number of up to eight bytes.
pub(super) fn unsigned(raw: &[u8]) -> u64 {
    raw.iter().take(8).rev().fold(0, |n, &b| (n << 8) | u64::from(b))
}

fn signed(raw: &[u8]) -> i64 {
    let unused = 64 - 8 * raw.len().clamp(1, 8);
    (unsigned(raw) << unused).cast_signed() >> unused
}

/// Appends UTF-16 up to the first NUL. What is no text becomes U+FFFD.
pub(super) fn utf16(raw: &[u8], out: &mut String) {
    let units = raw.as_chunks::<2>().0.iter().map(|&u| u16::from_le_bytes(u));
    out.reserve(raw.len() / 2);
    let text = char::decode_utf16(units.take_while(|&u| u != 0));
    out.extend(text.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// Like [`utf16`], but `None` where it is no text.
pub(super) fn utf16_strict(raw: &[u8]) -> Option<String> {
    let units = raw.as_chunks::<2>().0.iter().map(|&u| u16::from_le_bytes(u));
    char::decode_utf16(units.take_while(|&u| u != 0)).collect::<Result<_, _>>().ok()
}

/// The strings of a [`Fit::Strings`], each without its NUL.
pub(super) fn strings(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let units = rest.as_chunks::<2>().0;
        let end = 2 * units.iter().position(|&u| u == [0, 0]).unwrap_or(units.len());
        let (item, after) = rest.split_at_checked(end)?;
        rest = after.get(2..).unwrap_or_default();
        Some(item)
    })
}

fn guid(raw: &[u8], out: &mut String) -> std::fmt::Result {
    let (a, b, c) = (u32_at(raw, 0), u16_at(raw, 4), u16_at(raw, 6));
    let (a, b, c) = (a.unwrap_or(0), b.unwrap_or(0), c.unwrap_or(0));
    write!(out, "{{{a:08x}-{b:04x}-{c:04x}-")?;
    for (i, byte) in raw.iter().skip(8).enumerate() {
        write!(out, "{}{byte:02x}", if i == 2 { "-" } else { "" })?;
    }
    out.write_char('}')
}

fn sid(raw: &[u8], out: &mut String) -> std::fmt::Result {
    let authority = raw.iter().skip(2).take(6).fold(0u64, |n, &b| (n << 8) | u64::from(b));
    write!(out, "S-{}-{authority}", raw.first().copied().unwrap_or(0))?;
    let parts = raw.get(8..).unwrap_or_default().as_chunks::<4>().0;
    parts.iter().try_for_each(|&p| write!(out, "-{}", u32::from_le_bytes(p)))
}

/// Nanoseconds since 1970, where 64 bits hold them.
pub(super) fn nanoseconds(ticks: u64) -> Option<i64> {
    i64::try_from(ticks).ok()?.checked_sub(TICKS_TO_1970)?.checked_mul(100)
}

/// Year, month, day, hour, minute, second, ticks.
type Fields = [i64; 7];

fn fields_of_ticks(ticks: u64) -> Fields {
    let Ok(ticks) = i64::try_from(ticks) else { return Fields::default() };
    let (year, month, day) = calendar::date(ticks / TICKS_PER_DAY - DAYS_TO_1970);
    let in_day = ticks % TICKS_PER_DAY;
    let seconds = in_day / TICKS_PER_SECOND;
    let clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
    [year % 10_000, month, day, clock[0], clock[1], clock[2], in_day % TICKS_PER_SECOND]
}

fn fields_of_systemtime(raw: &[u8]) -> Fields {
    let part = |i: usize| u16_at(raw, 2 * i).map_or(0, i64::from);
    let [year, month, day] = [part(0), part(1), part(3)];
    let [hour, minute, second, milli] = [part(4), part(5), part(6), part(7)];
    let valid = (1601..=30_827).contains(&year)
        && (1..=12).contains(&month)
        && (1..=calendar::days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && milli < 1_000;
    if !valid {
        return [1601, 1, 1, 0, 0, 0, 0];
    }
    [year % 10_000, month, day, hour, minute, second, milli * 10_000]
}

fn write_time([y, mo, d, h, mi, s, ticks]: Fields, out: &mut String) -> std::fmt::Result {
    write!(out, "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{ticks:07}Z")
}

/// The ticks in the header of a record; `None` past the year 9999.
pub(super) fn header_ticks(data: &[u8], at: usize) -> Option<u64> {
    u64_at(data, at).filter(|&t| t <= 2_650_466_807_999_999_999)
}
