//! Who speaks to whom, in messages that are prose: `from 1.2.3.4/5 to
//! inside:10.0.0.1/80`, `10.0.0.1(5) -> 8.8.8.8(53)`.

use std::net::IpAddr;

use crate::formats::text::Sink;

/// Most words of a message that are looked at.
const WORDS_MAX: usize = 64;

/// An address, and a port where it is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Endpoint<'a> {
    pub(super) address: &'a str,
    pub(super) port: Option<&'a str>,
}

impl<'a> Endpoint<'a> {
    /// A word as an endpoint: with an interface before it, a port after it.
    pub(super) fn of(word: &'a str) -> Option<Self> {
        let word = word.trim_matches(|c: char| ",;.\"'<>".contains(c)).trim_end_matches(':');
        if !word.contains(['.', ':']) || !word.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        Self::plain(word).or_else(|| {
            let after = |c: char| word.split_once(c).and_then(|(_, rest)| Self::plain(rest));
            after(':').or_else(|| after('/'))
        })
    }

    fn plain(text: &'a str) -> Option<Self> {
        let is_port =
            |p: &&str| !p.is_empty() && p.len() <= 5 && p.bytes().all(|b| b.is_ascii_digit());
        let address = |a: &str| a.parse::<IpAddr>().is_ok();
        if address(text) {
            return Some(Self { address: text, port: None });
        }
        let (before, port) = match text.split_once('(') {
            // A user may stand where a port does.
            Some((before, _)) if !address(before) => return Self::plain(before),
            Some((before, rest)) => (before, rest.split_once(')')?.0),
            None => text.split_once('/').or_else(|| text.rsplit_once(':'))?,
        };
        let bare = before.trim_start_matches('[').trim_end_matches(']');
        address(bare).then_some(Self { address: bare, port: Some(port).filter(is_port) })
    }
}

/// The first two endpoints of a message, if one speaks to the other.
pub(super) fn pair(message: &str) -> Option<(Endpoint<'_>, Endpoint<'_>)> {
    let words = message.split_ascii_whitespace().take(WORDS_MAX).flat_map(|w| w.split("->"));
    let mut found = words.filter(|w| !w.starts_with('(')).filter_map(Endpoint::of);
    Some((found.next()?, found.next()?))
}

/// Says them as `src_ip`, `src_port`, `dst_ip` and `dst_port`.
pub(super) fn say(from: Endpoint<'_>, to: Endpoint<'_>, sink: &mut dyn Sink) {
    sink.text("src_ip", from.address);
    if let Some(port) = from.port {
        sink.value("src_port", port);
    }
    sink.text("dst_ip", to.address);
    if let Some(port) = to.port {
        sink.value("dst_port", port);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_in_prose() {
        for (text, expected) in [
            (
                "Deny tcp src outside:1.2.3.4/5 dst inside:10.0.0.1/80 by access-group \"x\"",
                Some("1.2.3.4 5 10.0.0.1 80"),
            ),
            (
                "Built inbound TCP connection 7 for outside:1.2.3.4/5 (1.2.3.4/5) to inside:10.0.0.1/80 (9.9.9.9/80)",
                Some("1.2.3.4 5 10.0.0.1 80"),
            ),
            (
                "list 1 denied tcp 1.2.3.4(5) -> 10.0.0.1(80), 1 packet",
                Some("1.2.3.4 5 10.0.0.1 80"),
            ),
            ("permitted tcp in/1.2.3.4(5) -> out/10.0.0.1(80) hit", Some("1.2.3.4 5 10.0.0.1 80")),
            ("session created 1.2.3.4/5->10.0.0.1/80 junos", Some("1.2.3.4 5 10.0.0.1 80")),
            ("TCP (SYN), 1.2.3.4:5->10.0.0.1:80, len 52", Some("1.2.3.4 5 10.0.0.1 80")),
            ("from 2001:db8::1 to inside:2001:db8::2/443.", Some("2001:db8::1 - 2001:db8::2 443")),
            (
                "Deny icmp src a:1.2.3.4 dst b:10.0.0.1 (type 8, code 0)",
                Some("1.2.3.4 - 10.0.0.1 -"),
            ),
            (
                "for out:1.2.3.4/5(LOCAL\\bob) to in:10.0.0.1/80 duration",
                Some("1.2.3.4 5 10.0.0.1 80"),
            ),
            ("from 1.2.3.4 only", None),
            ("version 1.2.3.4.5 to 12:30:01", None),
        ] {
            let found = pair(text).map(|(a, b)| {
                let or = |p: Option<&str>| p.unwrap_or("-").to_owned();
                format!("{} {} {} {}", a.address, or(a.port), b.address, or(b.port))
            });
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
