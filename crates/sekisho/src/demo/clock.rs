//! Time without a clock: the rehearsal lives in a fixed span of its own, counted in microseconds since 1970 (UTC).

use sekisho_event::calendar;

/// Microseconds since 1970-01-01T00:00:00Z.
pub(crate) type Micros = i64;

/// One second.
pub(crate) const SECOND: Micros = 1_000_000;
/// One minute.
pub(crate) const MINUTE: Micros = 60 * SECOND;
/// One hour.
pub(crate) const HOUR: Micros = 60 * MINUTE;
/// One day.
pub(crate) const DAY: Micros = 24 * HOUR;
/// 2026-03-02T00:00:00Z, a Monday: the first moment of the rehearsal.
pub(crate) const START: Micros = 20_514 * DAY;
/// Length of the rehearsal, eight weeks.
pub(crate) const DAYS: i64 = 56;

/// A moment given as day of the rehearsal, hour, minute.
pub(crate) const fn at(day: i64, hour: i64, minute: i64) -> Micros {
    START + day * DAY + hour * HOUR + minute * MINUTE
}

/// True from Monday to Friday.
pub(crate) fn is_workday(day: i64) -> bool {
    day.rem_euclid(7) < 5
}

struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
}

fn parts(time: Micros) -> Parts {
    let (year, month, day) = calendar::date(time.div_euclid(DAY));
    let rest = time.rem_euclid(DAY);
    Parts {
        year,
        month,
        day,
        hour: rest / HOUR,
        minute: rest % HOUR / MINUTE,
        second: rest % MINUTE / SECOND,
        micros: rest % SECOND,
    }
}

/// `2026-03-02T08:00:00.000000Z`.
pub(crate) fn iso(time: Micros) -> String {
    format!("{}.{:06}Z", seconds(time), parts(time).micros)
}

/// `2026-03-02T08:00:00`, as Microsoft 365 writes it (UTC, though it does not say so).
pub(crate) fn seconds(time: Micros) -> String {
    let p = parts(time);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        p.year, p.month, p.day, p.hour, p.minute, p.second
    )
}

/// `2026-03-02 08:00:00.000`, as Sysmon writes its own time.
pub(crate) fn sysmon(time: Micros) -> String {
    let p = parts(time);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
        p.year,
        p.month,
        p.day,
        p.hour,
        p.minute,
        p.second,
        p.micros / 1_000
    )
}

/// `2026-03-02-08-00-00`, as Zeek writes when it opened a log.
pub(crate) fn zeek_stamp(time: Micros) -> String {
    let p = parts(time);
    format!(
        "{:04}-{:02}-{:02}-{:02}-{:02}-{:02}",
        p.year, p.month, p.day, p.hour, p.minute, p.second
    )
}

/// `1772409600.000000`, as Zeek writes a time.
pub(crate) fn epoch(time: Micros) -> String {
    format!("{}.{:06}", time.div_euclid(SECOND), time.rem_euclid(SECOND))
}

/// Reads a UTC time in ISO form, with `T` or a space, with or without a fraction and a `Z`; or seconds since 1970.
/// `None` for all else, offsets other than zero included.
pub(crate) fn parse(text: &str) -> Option<Micros> {
    let text = text.trim().trim_end_matches('Z').trim_end_matches("+00:00");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let micros: i64 = digits.parse().ok()?;
    let Some((date, clock)) = whole.split_once(['T', ' ']) else {
        return whole.parse::<i64>().ok()?.checked_mul(SECOND)?.checked_add(micros);
    };
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut clock = clock.splitn(3, ':').map(str::parse::<i64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    if !(0..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return None;
    }
    Some(
        calendar::days_since_1970(year, month, day) * DAY
            + hour * HOUR
            + minute * MINUTE
            + second * SECOND
            + micros,
    )
}
