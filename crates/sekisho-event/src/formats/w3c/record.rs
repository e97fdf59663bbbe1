//! A line of a W3C log: its values under the names of the header, and what
//! rules ask for that it holds in parts.

use std::borrow::Cow;

use memchr::memchr;

use super::header::{AGENT, Header, Role, Separator};
use super::headless;
use crate::formats::text::{Fault, Sink};
use crate::formats::web::{Target, percent_decoded, say_extension, stated};
use crate::time::{self, Civil, Stamp, fraction_of, number};

/// Says what a line says.
pub(super) fn say(text: &str, header: &Header, sink: &mut dyn Sink) -> Result<(), Fault> {
    if text.bytes().all(|b| b == 0) {
        return Err(Fault {
            what: "zero bytes where lines should be".into(),
            expected: "text; the writer was stopped before its lines were on the disk",
            kept: false,
        });
    }
    if header.columns.is_empty() {
        if let Some(header) = headless::header_of(text) {
            return say(text, &header, sink);
        }
        return Err(Fault {
            what: "line without a header".into(),
            expected: "a #Fields line before it",
            kept: false,
        });
    }
    sink.shape(header.product, &header.channel, None);
    let values = match values(text, header) {
        Ok(values) => values,
        Err(count) => {
            sink.text("message", text);
            return Err(Fault {
                what: format!("line of {count} values, read as text").into(),
                expected: "as many values as the #Fields line names",
                kept: true,
            });
        }
    };
    let mut parts = Parts::default();
    for (column, value) in header.columns.iter().zip(&values) {
        let Some(value) = stated(value) else { continue };
        parts.keep(column.role, value);
        match column.role {
            Role::Agent => say_agent(&column.name, value, header, sink),
            Role::Number => sink.value(&column.name, value),
            Role::Host => {
                sink.text(&column.name, value);
                sink.host(value);
            }
            _ => sink.text(&column.name, value),
        }
    }
    parts.say(header, sink);
    if let Some(stamp) = parts.stamp(header) {
        sink.time(stamp);
    }
    Ok(())
}

/// The name of a program with its spaces, and as it was written where that is
/// another text: rules are made for the one and for the other.
fn say_agent(name: &str, value: &str, header: &Header, sink: &mut dyn Sink) {
    let spaced = match () {
        () if header.encoded => percent_decoded(value),
        () if memchr(b'+', value.as_bytes()).is_some() && !value.contains(' ') => {
            Cow::Owned(value.replace('+', " "))
        }
        () => Cow::Borrowed(value),
    };
    if spaced != value {
        sink.text("cs(User-Agent)", value);
    }
    sink.text(if spaced == value { name } else { AGENT }, &spaced);
}

/// The values that others are made of.
#[derive(Debug, Default)]
struct Parts<'a> {
    date: Option<&'a str>,
    time: Option<&'a str>,
    moment: Option<&'a str>,
    scheme: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<&'a str>,
    stem: Option<&'a str>,
    query: Option<&'a str>,
    uri: Option<&'a str>,
    action: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn keep(&mut self, role: Role, value: &'a str) {
        let slot = match role {
            Role::Date => &mut self.date,
            Role::Time => &mut self.time,
            Role::Moment => &mut self.moment,
            Role::Scheme => &mut self.scheme,
            Role::TargetHost => &mut self.host,
            Role::TargetPort => &mut self.port,
            Role::Stem => &mut self.stem,
            Role::Query => &mut self.query,
            Role::Uri => &mut self.uri,
            Role::Action => &mut self.action,
            _ => return,
        };
        *slot = Some(value);
    }

    /// Says the whole address where the log holds it in parts, and its parts
    /// where the log holds it whole.
    fn say(&self, header: &Header, sink: &mut dyn Sink) {
        if let Some(uri) = self.uri {
            let target = Target::of("", uri);
            if self.stem.is_none() {
                target.say_parts(sink);
            }
            if self.host.is_none() {
                target.say_host(sink);
            }
        } else if let Some(stem) = self.stem {
            if !header.has_uri {
                sink.text("c-uri", &self.joined(header.product == "proxy", stem));
            }
            if !header.has_extension {
                say_extension(stem, sink);
            }
        } else if header.product == "proxy"
            && let Some(host) = self.host
            && !header.has_uri
        {
            sink.text("c-uri", host);
        }
        if header.channel.as_ref() == "firewall"
            && let Some(action) = self.action
        {
            let blocked = action.to_ascii_uppercase().starts_with("DROP");
            sink.text("blocked", if blocked { "true" } else { "false" });
        }
    }

    fn joined(&self, absolute: bool, stem: &'a str) -> Cow<'a, str> {
        let query = self.query;
        let host = self.host.filter(|_| absolute);
        if query.is_none() && host.is_none() {
            return Cow::Borrowed(stem);
        }
        let mut out = String::with_capacity(stem.len() + 64 + query.map_or(0, str::len));
        if let Some(host) = host {
            if let Some(scheme) = self.scheme {
                out.push_str(scheme);
                out.push_str("://");
            }
            out.push_str(host);
            if let Some(port) = self.port.filter(|p| !matches!(*p, "80" | "443" | "0")) {
                out.push(':');
                out.push_str(port);
            }
        }
        out.push_str(stem);
        if let Some(query) = query {
            if !query.starts_with('?') {
                out.push('?');
            }
            out.push_str(query);
        }
        Cow::Owned(out)
    }

    fn stamp(&self, header: &Header) -> Option<Stamp> {
        if let Some(time) = self.time {
            let day = match self.date {
                Some(date) => day_of(date),
                None => header.day,
            };
            if let Some(stamp) = day.and_then(|day| moment(day, time, header.local)) {
                return Some(stamp);
            }
        }
        let moment = self.moment.and_then(time::parse)?;
        // The format has its times in UTC; Exchange says so with a `Z`.
        Some(match moment {
            Stamp::Zoneless(nanos) if !header.local => Stamp::Utc(nanos),
            moment => moment,
        })
    }
}

fn day_of(date: &str) -> Option<(i64, i64, i64)> {
    let b = date.as_bytes();
    if let Some((month, (day, year))) =
        date.split_once('/').and_then(|(month, rest)| Some((month, rest.split_once('/')?)))
        && month.len() < 3
    {
        let part = |text: &str| number(text.as_bytes(), 0, text.len());
        let year = part(year).map(|year| if year < 100 { 2_000 + year } else { year });
        return Some((year?, part(month)?, part(day)?));
    }
    let parted = matches!((b.get(4)?, b.get(7)?), (b'-', b'-') | (b'/', b'/'));
    let day = (number(b, 0, 4)?, number(b, 5, 2)?, number(b, 8, 2)?);
    (parted && b.len() == 10).then_some(day)
}

fn moment(day: (i64, i64, i64), time: &str, local: bool) -> Option<Stamp> {
    let b = time.as_bytes();
    // Some write hours without a leading zero.
    let shift = usize::from(b.get(1) != Some(&b':'));
    let hour = number(b, 0, 1 + shift)?;
    let b = b.get(1 + shift..)?;
    if b.first() != Some(&b':') || !matches!(b.get(3), None | Some(b':')) {
        return None;
    }
    let minute = number(b, 1, 2)?;
    let second = if b.len() > 3 { number(b, 4, 2)? } else { 0 };
    let nanos = match b.get(6) {
        Some(b'.' | b',') => fraction_of(b.get(7..)?).0,
        None => 0,
        Some(_) => return None,
    };
    let (year, month, day) = day;
    let ahead = if local { None } else { Some(0) };
    Civil { year: Some(year), month, day, hour, minute, second, nanos, ahead }.stamp()
}

/// The values of a line, as many as there are columns; else how many there
/// are.
fn values<'a>(text: &'a str, header: &Header) -> Result<Vec<Cow<'a, str>>, usize> {
    let named = header.columns.len();
    let fits = |values: Vec<Cow<'a, str>>| {
        let count = values.len();
        if count == named { Ok(values) } else { Err(count) }
    };
    if header.separator == Separator::CommaBlank {
        let values = text.trim_end_matches([',', ' ']).split(", ").take(named + 1);
        return fits(values.map(|value| Cow::Borrowed(value.trim_ascii())).collect());
    }
    if header.separator == Separator::Comma {
        return fits(quoted_values(text, b',', b'"', named));
    }
    if memchr(b'\t', text.as_bytes()).is_some() {
        let values: Vec<_> = text.split('\t').take(named + 2).map(unquoted).collect();
        let values = if values.len() == named + 1 && text.ends_with('\t') {
            values.into_iter().take(named).collect()
        } else {
            values
        };
        if values.len() == named {
            return Ok(values);
        }
    }
    let plain = || {
        let values = text.split(' ').filter(|v| !v.is_empty()).take(named + 1);
        fits(values.map(Cow::Borrowed).collect())
    };
    if header.separator == Separator::Plain
        && let Ok(values) = plain()
    {
        return Ok(values);
    }
    let quoted = fits(quoted_values(text, b' ', b'"', named));
    match quoted {
        Ok(values) => Ok(values),
        Err(count) => {
            plain().or_else(|_| fits(quoted_values(text, b' ', b'\'', named))).map_err(|_| count)
        }
    }
}

fn unquoted(text: &str) -> Cow<'_, str> {
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    Cow::Borrowed(inner.unwrap_or(text))
}

/// Values of which some are quoted, at most two more than named. Several
/// spaces part like one; a quote within quotes is doubled.
fn quoted_values(text: &str, separator: u8, quote: u8, named: usize) -> Vec<Cow<'_, str>> {
    let mut out = Vec::with_capacity(named + 1);
    let mut rest = text;
    // After a quote that is not closed no other one is looked for.
    let mut unclosed = false;
    while out.len() < named + 2 {
        if separator == b' ' {
            rest = rest.trim_start_matches(' ');
            if rest.is_empty() {
                break;
            }
        }
        let quoted = (!unclosed && rest.as_bytes().first() == Some(&quote))
            .then(|| quoted_value(rest, separator, quote));
        unclosed |= matches!(quoted, Some(None));
        let (value, left) = quoted.flatten().unwrap_or_else(|| bare_value(rest, separator));
        out.push(value);
        match left {
            Some(left) => rest = left,
            None => break,
        }
    }
    out
}

fn bare_value(rest: &str, separator: u8) -> Value<'_> {
    match memchr(separator, rest.as_bytes()) {
        Some(at) => (Cow::Borrowed(rest.get(..at).unwrap_or_default()), rest.get(at + 1..)),
        None => (Cow::Borrowed(rest), None),
    }
}

type Value<'a> = (Cow<'a, str>, Option<&'a str>);

fn quoted_value(rest: &str, separator: u8, quote: u8) -> Option<Value<'_>> {
    let inner = rest.get(1..)?;
    let bytes = inner.as_bytes();
    let (mut at, mut doubled) = (0, false);
    loop {
        let n = at + memchr(quote, bytes.get(at..)?)?;
        match bytes.get(n + 1) {
            None => return Some((whole(inner.get(..n), doubled, quote), None)),
            Some(b) if *b == separator => {
                return Some((whole(inner.get(..n), doubled, quote), inner.get(n + 2..)));
            }
            Some(b) if *b == quote => {
                doubled = true;
                at = n + 2;
            }
            Some(_) => at = n + 1,
        }
    }
}

fn whole(text: Option<&str>, doubled: bool, quote: u8) -> Cow<'_, str> {
    let text = text.unwrap_or_default();
    if !doubled {
        return Cow::Borrowed(text);
    }
    let one = char::from(quote).to_string();
    Cow::Owned(text.replace(&one.repeat(2), &one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    fn json(header: &str, line: &str) -> Result<serde_json::Value, (String, bool)> {
        let header = Header::parse(header.as_bytes());
        let (mut record, mut out) = (JsonRecord::default(), Vec::new());
        let read = say(line, &header, &mut record);
        record.write(&mut out);
        read.map(|()| serde_json::from_slice(&out).unwrap())
            .map_err(|fault| (fault.what.into_owned(), fault.kept))
    }

    #[test]
    fn values_and_what_is_made_of_them() {
        let iis = "#Software: Microsoft Internet Information Services 10.0\n\
                   #Fields: date time cs-uri-stem cs-uri-query cs(User-Agent) sc-status\n";
        let proxy = "#Software: SGOS 6\n#Fields: c-ip cs-uri-scheme cs-host cs-uri-port \
                     cs-uri-path cs-uri-query cs(User-Agent) cs(Referer)\n";
        let whole = "#Fields: c-ip cs-method cs-uri r-host r-ip\n";
        let tabs = "#Software: Microsoft Forefront TMG\n\
                    #Fields: computer\tdate\ttime\tIP protocol\n";
        let csv = "#Software: Microsoft Exchange Server\n#Fields: a,b,c\n";
        for (header, line, field, expected) in [
            (iis, "2023-01-02 03:04:05 /a.aspx x=1 A+B/1 200", "c-uri", "/a.aspx?x=1"),
            (iis, "2023-01-02 03:04:05 /a.aspx - A+B/1 200", "c-uri", "/a.aspx"),
            (iis, "2023-01-02 03:04:05 /a.aspx x A+B/1 200", "cs-user-agent", "A B/1"),
            (iis, "2023-01-02 03:04:05 /a.aspx x A+B/1 200", "cs(User-Agent)", "A+B/1"),
            (iis, "2023-01-02 03:04:05 /a.aspx x \"A+B 200", "c-uri-extension", "aspx"),
            (
                proxy,
                "192.0.2.1 http h.org 8080 /a ?b \"C \"\"D\"\" E\" -",
                "c-uri",
                "http://h.org:8080/a?b",
            ),
            (
                proxy,
                "192.0.2.1 http h.org 80 /a - \"C \"\"D\"\" E\" -",
                "cs-user-agent",
                "C \"D\" E",
            ),
            (proxy, "192.0.2.1 http h.org 80  /a - 'C D' r", "cs-user-agent", "C D"),
            (proxy, "192.0.2.1\thttp\th.org\t80\t/a\t-\tC D\tr", "cs-user-agent", "C D"),
            (proxy, "192.0.2.1 tcp h.org 443 - - - -", "c-uri", "h.org"),
            (whole, "192.0.2.1 GET http://h.org/a?b - -", "cs-host", "h.org"),
            (whole, "192.0.2.1 GET http://h.org/a?b - -", "cs-uri-query", "b"),
            (csv, "x,\"y, \"\"z\"\"\",", "b", "y, \"z\""),
            (tabs, "h\t2023-01-02\t03:04:05\tTCP", "IP protocol", "TCP"),
            (csv, "x,,\"\"", "a", "x"),
        ] {
            assert_eq!(json(header, line).unwrap()[field], expected, "{line}");
        }
        let fewer = json(iis, "2023-01-02 03:04:05 /a").unwrap_err();
        assert_eq!(fewer, ("line of 3 values, read as text".to_owned(), true));
        assert!(!json("", "x").unwrap_err().1);
        assert!(!json(iis, "\0\0").unwrap_err().1);
    }

    #[test]
    fn times() {
        let of = |header: &str, line: &str| {
            let header = Header::parse(header.as_bytes());
            let mut parts = Parts::default();
            for (column, value) in header.columns.iter().zip(line.split(' ')) {
                parts.keep(column.role, value);
            }
            parts.stamp(&header)
        };
        let nanos = 1_672_628_645_000_000_000;
        let utc = Some(Stamp::Utc(nanos));
        let local = Some(Stamp::Zoneless(nanos));
        for (header, line, expected) in [
            ("#Fields: date time", "2023-01-02 03:04:05", utc),
            ("#Fields: date time", "2023-01-02 3:04:05", utc),
            ("#Fields: date time", "2023-01-02 03:04:05.0", utc),
            ("#Time Format: Local\n#Fields: date time", "2023-01-02 03:04:05", local),
            ("#Date: 2023-01-02 00:00:00\n#Fields: time", "03:04:05", utc),
            ("#Fields: time", "03:04:05", None),
            ("#Fields: date-time", "2023-01-02T03:04:05Z", utc),
            ("#Fields: DateTime", "2023-01-02T03:04:05.000", utc),
            ("#Fields: x-timestamp", "1672628645", utc),
            ("#Fields: date time", "2023-01-02 25:04:05", None),
            ("#Fields: date time", "2023-1-2 x", None),
        ] {
            assert_eq!(of(header, line), expected, "{header} {line}");
        }
    }
}
