//! Writes JSON by hand where it is written by the million.

use sekisho_event::calendar;

/// Appends a JSON string with its quotes.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut plain_from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(bytes.get(plain_from..at).unwrap_or_default());
        plain_from = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(bytes.get(plain_from..).unwrap_or_default());
    out.push(b'"');
}

/// Appends the beginning of an object about an event: time, host, channel and
/// record id.
pub(crate) fn event_head(
    time_ns: i64,
    host: &str,
    channel: &str,
    record_id: Option<u64>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"time\":");
    time(time_ns, out);
    out.extend_from_slice(b",\"host\":");
    string(host, out);
    out.extend_from_slice(b",\"channel\":");
    string(channel, out);
    out.extend_from_slice(b",\"record_id\":");
    match record_id {
        Some(id) => number(id, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// The same of several events together: `null` for a host or channel that they
/// do not share, and no record id.
pub(crate) fn joint_head(
    time_ns: i64,
    host: Option<&str>,
    channel: Option<&str>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"time\":");
    time(time_ns, out);
    for (key, name) in [(&b",\"host\":"[..], host), (&b",\"channel\":"[..], channel)] {
        out.extend_from_slice(key);
        match name {
            Some(name) => string(name, out),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.extend_from_slice(b",\"record_id\":null");
}

/// Appends a number in decimal notation.
pub(crate) fn number(value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        }
        rest /= 10;
        if rest == 0 || at == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

/// Appends a time as an ISO 8601 string with its quotes, or `null`. The
/// fraction has as many digits as it needs, in steps of three.
pub(crate) fn time(nanoseconds: i64, out: &mut Vec<u8>) {
    if nanoseconds == sekisho_event::TIME_UNKNOWN {
        out.extend_from_slice(b"null");
        return;
    }
    out.push(b'"');
    plain_time(nanoseconds, out);
    out.push(b'"');
}

/// Appends a time in ISO 8601.
pub(crate) fn plain_time(nanoseconds: i64, out: &mut Vec<u8>) {
    const DAY: i64 = 86_400;
    let (seconds, nanos) =
        (nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000));
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = calendar::date(days);
    let two = |n: i64, out: &mut Vec<u8>| {
        if n < 10 {
            out.push(b'0');
        }
        number(n.unsigned_abs(), out);
    };
    if year < 1000 {
        out.extend_from_slice(format!("{year:04}").as_bytes());
    } else {
        number(year.unsigned_abs(), out);
    }
    for (mark, n) in [
        (b'-', month),
        (b'-', day),
        (b'T', second / 3600),
        (b':', second / 60 % 60),
        (b':', second % 60),
    ] {
        out.push(mark);
        two(n, out);
    }
    let (digits, width) = match nanos {
        n if n % 1_000_000 == 0 => (n / 1_000_000, 3),
        n if n % 1_000 == 0 => (n / 1_000, 6),
        n => (n, 9),
    };
    let start = out.len();
    out.push(b'.');
    number(digits.unsigned_abs(), out);
    let missing = (width + 1usize).saturating_sub(out.len() - start);
    out.splice(start + 1..start + 1, std::iter::repeat_n(b'0', missing));
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_read_back() {
        for s in ["", "plain", "q\"b\\n\nr\rt\tz\0é\u{202e}", "\u{1f}x"] {
            let written = text(|out| string(s, out));
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), s);
        }
    }

    #[test]
    fn numbers_and_times() {
        assert_eq!(text(|o| number(0, o)), "0");
        assert_eq!(text(|o| number(u64::MAX, o)), u64::MAX.to_string());
        assert_eq!(text(|o| time(0, o)), "\"1970-01-01T00:00:00.000Z\"");
        assert_eq!(text(|o| time(-1, o)), "\"1969-12-31T23:59:59.999999999Z\"");
        assert_eq!(text(|o| time(1_600_000_000_000_050_000, o)), "\"2020-09-13T12:26:40.000050Z\"");
        assert_eq!(text(|o| time(sekisho_event::TIME_UNKNOWN, o)), "null");
        for ns in [i64::MIN + 1, i64::MAX, 951_782_400_000_000_000, 4_102_444_799_999_000_000] {
            let expected = jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap();
            let shown: jiff::Timestamp = text(|o| plain_time(ns, o)).parse().unwrap();
            assert_eq!(shown, expected);
        }
    }
}
