//! Lines of IIS and HTTP.sys whose header was cut off (a tool took a part of
//! the log): which column is which is told by what stands in them.

use super::header::{Header, Separator, columns_of};
use crate::formats::web::is_address;

/// How many values stand before the method at most: date, time, site, machine
/// and address.
const BEFORE_METHOD_MAX: usize = 5;

/// The values of a line of HTTP.sys.
const HTTPERR: &str = "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status \
                       s-siteid s-reason s-queuename";

/// The values of a line of the format that is IIS's own, in which times are
/// those of the machine's zone.
const IIS_OWN: &str = "c-ip cs-username date time s-sitename s-computername s-ip time-taken \
                       cs-bytes sc-bytes sc-status sc-win32-status cs-method cs-uri-stem \
                       cs-uri-query";

/// The header that a line without one would have, if that is clear.
pub(super) fn header_of(line: &str) -> Option<Header> {
    if line.ends_with(',') {
        return is_iis_own(line).then(|| {
            let mut header = header("w3c", IIS_OWN);
            (header.separator, header.local) = (Separator::CommaBlank, true);
            header
        });
    }
    let words: Vec<&str> = line.split(' ').filter(|w| !w.is_empty()).take(64).collect();
    let (date, time) = (words.first()?.as_bytes(), words.get(1)?.as_bytes());
    let dated = date.len() == 10 && date.get(4) == Some(&b'-') && date.get(7) == Some(&b'-');
    let timed = time.len() == 8 && time.get(2) == Some(&b':') && time.get(5) == Some(&b':');
    let digits = |text: &[u8]| text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':'));
    if !dated || !timed || !digits(date) || !digits(time) {
        return None;
    }
    if is_httperr(&words) {
        return Some(header("httperr", HTTPERR));
    }
    Some(header("w3c", &iis(&words)?))
}

fn header(channel: &str, names: &str) -> Header {
    Header::headless(channel, columns_of(names))
}

fn is_iis_own(line: &str) -> bool {
    let mut values = line.trim_end_matches(',').split(", ");
    let mut value = |skip: usize| values.nth(skip).unwrap_or_default();
    let (client, date, time) = (value(0), value(1), value(0));
    let (server, taken, status) = (value(2), value(0), value(2));
    let (method, stem) = (value(1), value(0));
    let marked = |text: &str, mark: char| text.matches(mark).count() == 2;
    is_address(client)
        && is_address(server)
        && (marked(date, '/') && marked(time, ':'))
        && (is_number(taken) && is_number(status))
        && (is_method(method) || method.starts_with('['))
        && !stem.is_empty()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_httperr(words: &[&str]) -> bool {
    let [_, _, client, from, server, port, version, _, _, status, _, _, _] = words else {
        return false;
    };
    is_address(client)
        && is_address(server)
        && is_number(from)
        && is_number(port)
        && (version.starts_with("HTTP/") || *version == "-")
        && (is_number(status) || *status == "-")
}

fn is_cookie(text: &str) -> bool {
    text.contains('=') && !text.contains("://")
}

fn is_method(text: &str) -> bool {
    (3..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

/// The names of the values of a line of IIS.
fn iis(words: &[&str]) -> Option<String> {
    let method = (2..=BEFORE_METHOD_MAX).find(|&at| {
        let word = |n: usize| words.get(at + n).copied().unwrap_or_default();
        let client = is_address(word(5)) || word(5) == "-";
        is_method(word(0)) && word(1).starts_with(['/', '*']) && is_number(word(3)) && client
    })?;
    let mut names = vec!["date", "time"];
    for (at, word) in words.get(..method)?.iter().enumerate().skip(2) {
        names.push(match () {
            () if is_address(word) => "s-ip",
            () if word.starts_with("W3SVC") => "s-sitename",
            () if names.contains(&"s-sitename") || at + 2 == method => "s-computername",
            () => "s-sitename",
        });
    }
    names.extend(["cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip"]);
    let rest = words.get(method + 6..)?;
    let versioned = rest.first()?.starts_with("HTTP/");
    if versioned {
        names.push("cs-version");
    }
    let rest = rest.get(usize::from(versioned)..)?;
    let is_status = |at: usize| {
        let word = |n: usize| rest.get(at + n).copied().unwrap_or_default();
        word(0).len() == 3 && is_number(word(0)) && is_number(word(1)) && is_number(word(2))
    };
    let status = (1..=4).find(|&at| is_status(at))?;
    names.extend(match status {
        1 => ["cs(User-Agent)"].as_slice(),
        2 => &["cs(User-Agent)", "cs(Referer)"],
        3 if is_cookie(rest.get(1)?) => &["cs(User-Agent)", "cs(Cookie)", "cs(Referer)"],
        3 => &["cs(User-Agent)", "cs(Referer)", "cs-host"],
        _ => &["cs(User-Agent)", "cs(Cookie)", "cs(Referer)", "cs-host"],
    });
    names.extend(["sc-status", "sc-substatus", "sc-win32-status"]);
    let last = rest.get(status + 3..)?;
    let numbers = last.iter().take_while(|w| is_number(w)).count();
    names.extend(match numbers {
        0 => [].as_slice(),
        1 => &["time-taken"],
        2 => &["sc-bytes", "cs-bytes"],
        3 => &["sc-bytes", "cs-bytes", "time-taken"],
        _ => return None,
    });
    match last.get(numbers..)? {
        [] => {}
        [_] => names.push("x-forwarded-for"),
        [_, port] if is_number(port) => names.extend(["x-forwarded-for", "c-port"]),
        _ => return None,
    }
    Some(names.join(" "))
}

/// Whether a source without a header is of these: nearly all of its first
/// lines are.
pub(super) fn recognises<'a>(lines: impl Iterator<Item = &'a [u8]>) -> bool {
    let (mut seen, mut known) = (0_usize, 0_usize);
    for line in lines {
        seen += 1;
        known += usize::from(header_of(&String::from_utf8_lossy(line)).is_some());
    }
    known > 0 && known * 4 >= seen * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Option<String> {
        let header = header_of(line)?;
        let names: Vec<_> = header.columns.iter().skip(2).map(|c| c.name.to_string()).collect();
        Some(names.join(" "))
    }

    #[test]
    fn columns_are_told_by_their_values() {
        let stem = "cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip";
        let status = "sc-status sc-substatus sc-win32-status";
        for (line, expected) in [
            (
                "192.0.2.1 GET /a x=1 80 - 192.0.2.7 M/5 - 200 0 0 15",
                format!("s-ip {stem} cs-user-agent cs-referer {status} time-taken"),
            ),
            (
                "W3SVC1 WEB1 192.0.2.1 GET /a - 80 - ::1 HTTP/1.1 M/5 - - h.org 200 0 0 1 2 3",
                format!(
                    "s-sitename s-computername s-ip {stem} cs-version cs-user-agent cs-Cookie \
                     cs-referer cs-host {status} sc-bytes cs-bytes time-taken"
                )
                .replace("cs-Cookie", "cs-cookie"),
            ),
            (
                "web1 192.0.2.1 GET /a - 80 - 192.0.2.7 M/5 - 200 0 0 15 192.0.2.9 51234",
                format!(
                    "s-computername s-ip {stem} cs-user-agent cs-referer {status} time-taken \
                     x-forwarded-for c-port"
                ),
            ),
            (
                "SITE GET /a - 80 - ::1 M/5 404 0 2",
                format!("s-sitename {stem} cs-user-agent {status}"),
            ),
        ] {
            assert_eq!(names(&format!("2023-01-02 03:04:05 {line}")), Some(expected), "{line}");
        }
        let own = "192.0.2.7, -, 1/2/2023, 3:04:05, W3SVC1, WEB1, 10.0.0.5, 15, 300, 512, 200, 0, \
                   GET, /a.aspx, x=1,";
        assert!(names(own).is_some_and(|names| names.starts_with("date time s-sitename")));
        assert_eq!(names("192.0.2.7, -, 1/2/2023, 3:04:05,"), None);
        let refused = "2023-01-02 03:04:05 192.0.2.7 5123 192.0.2.1 80 HTTP/1.1 GET /a 400 - URL -";
        assert_eq!(header_of(refused).map(|h| h.channel), Some("httperr".into()));
        for no in [
            "",
            "2023-01-02 03:04:05",
            "2023-01-02 03:04:05 192.0.2.1 GET /a is what it asked for",
            "2023-01-02 03:04:05 INFO GET /a - 80 - 192.0.2.7 was slow",
            "2023-01-02T03:04:05 192.0.2.1 GET /a x=1 80 - 192.0.2.7 M/5 - 200 0 0 15",
        ] {
            assert_eq!(names(no), None, "{no}");
        }
    }
}
