//! Squid's own access log: time, duration, client, result, size, request,
//! user, peer and type in columns of blanks; sites add further ones.

use std::sync::Arc;

use super::lines::{LineCutter, sampled};
use super::text::{Fault, Sink, TextFormat, TextReader};
use super::web::{Target, Token, Tokens, is_address, say_agent_and_referer, stated, unescaped};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};
use crate::time::{self, Stamp};

/// How many lines are looked at to recognise the format.
const SAMPLE_LINES: usize = 40;

/// Most numbers that may stand between the size and the method.
const FURTHER_NUMBERS_MAX: usize = 8;

/// The format `squid`.
#[derive(Clone, Copy, Debug)]
pub struct Squid;

impl Format for Squid {
    fn name(&self) -> &'static str {
        "squid"
    }

    /// At least half of the first lines are of such a log.
    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        let (seen, known) = sampled(start, whole, SAMPLE_LINES, |line| Entry::of(line).is_some());
        known > 0 && known * 2 >= seen
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(LineCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TextReader::<Lines>::default())
    }
}

/// A line is a record.
#[derive(Default)]
struct Lines;

impl TextFormat for Lines {
    type Context = ();

    fn context(&self, _: &Block) {}

    fn read(&self, text: &str, (): &(), sink: &mut dyn Sink) -> Result<(), Fault> {
        sink.shape("proxy", "squid", None);
        if let Some(entry) = Entry::of(text) {
            entry.say(sink);
            return Ok(());
        }
        sink.text("message", text);
        Err(Fault {
            what: "line that is not of Squid's log, read as text".into(),
            expected: "time, duration, client, result/status, size, method, address, …",
            kept: true,
        })
    }
}

/// A line, taken apart.
#[derive(Debug)]
struct Entry<'a> {
    stamp: Stamp,
    elapsed: &'a str,
    client: &'a str,
    port: Option<&'a str>,
    action: &'a str,
    status: &'a str,
    bytes: &'a str,
    method: &'a str,
    url: &'a str,
    /// User, hierarchy and peer, type, and whatever else.
    tail: Tokens<'a>,
}

impl<'a> Entry<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let mut tokens = Tokens::of(line);
        let mut bare = || match tokens.next() {
            Some(Token::Bare(text)) => Some(text),
            _ => None,
        };
        let time = bare()?;
        let (seconds, millis) = time.split_once('.')?;
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !(9..=10).contains(&seconds.len()) || !digits(seconds) || !digits(millis) {
            return None;
        }
        let stamp = Stamp::Utc(time::epoch(time)?);
        let (elapsed, client, result) = (bare()?, bare()?, bare()?);
        // Some sites write the client's port after its address,
        let (port, result) = if digits(result) { (Some(result), bare()?) } else { (None, result) };
        let bytes = bare()?;
        let (action, status) = result.split_once('/')?;
        let named = action.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let duration = digits(elapsed.strip_prefix('-').unwrap_or(elapsed));
        if action.is_empty() || !named || !digits(status) || !duration || !digits(bytes) {
            return None;
        }
        // and further sizes before the method.
        let mut method = bare()?;
        for _ in 0..FURTHER_NUMBERS_MAX {
            if digits(method) || method == "-" {
                method = bare()?;
            }
        }
        let url = bare()?;
        let tail = tokens;
        Some(Self { stamp, elapsed, client, port, action, status, bytes, method, url, tail })
    }

    fn say(&self, sink: &mut dyn Sink) {
        sink.value("time-taken", self.elapsed);
        if let Some(client) = stated(self.client) {
            sink.text("c-ip", client);
        }
        if let Some(port) = self.port {
            sink.value("c-port", port);
        }
        sink.text("s-action", self.action);
        sink.value("sc-status", self.status);
        sink.value("sc-bytes", self.bytes);
        if let Some(method) = stated(self.method) {
            sink.text("cs-method", method);
        }
        if let Some(url) = stated(self.url) {
            let target = Target::of(self.method, url);
            sink.text("c-uri", url);
            target.say_parts(sink);
            target.say_host(sink);
        }
        self.say_tail(sink);
        sink.time(self.stamp);
    }

    fn say_tail(&self, sink: &mut dyn Sink) {
        let (mut referer, mut agent) = (None, None);
        // The user stands before the hierarchy, the last of what does.
        let (mut user, mut peered, mut typed) = (None, false, false);
        for token in self.tail {
            let text = token.text();
            match token {
                Token::Bare(_) if !peered && is_hierarchy(text) => {
                    say_peer(text, sink);
                    peered = true;
                }
                _ if !peered => {
                    if let Some(text) = user.replace(text).and_then(stated) {
                        sink.text("extra", text);
                    }
                }
                _ if stated(text).is_none() => {}
                Token::Bare(_) if !typed && text.bytes().all(|b| b.is_ascii_digit()) => {
                    sink.value("r-port", text);
                }
                Token::Bare(_) if !typed && text.contains('/') => {
                    sink.text("rs-content-type", text);
                    typed = true;
                }
                Token::Quoted(_) if text.starts_with("http") && referer.is_none() => {
                    referer = Some(text);
                }
                Token::Quoted(_) if agent.is_none() => agent = Some(text),
                _ => sink.text("extra", &unescaped(text)),
            }
        }
        if let Some(user) = user.and_then(stated) {
            sink.text("cs-username", user);
        }
        say_agent_and_referer(agent, referer, sink);
    }
}

/// Whether a word says how the answer was got: `HIER_DIRECT/…`, `NONE/-`.
fn is_hierarchy(text: &str) -> bool {
    text.split_once('/').is_some_and(|(how, _)| {
        how.len() > 3 && how.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    })
}

/// `HIER_DIRECT/192.0.2.1`: how the answer was got, and from whom.
fn say_peer(text: &str, sink: &mut dyn Sink) {
    let (hierarchy, peer) = text.split_once('/').unwrap_or((text, ""));
    if let Some(hierarchy) = stated(hierarchy) {
        sink.text("s-hierarchy", hierarchy);
    }
    if let Some(peer) = stated(peer) {
        sink.text(if is_address(peer) { "r-ip" } else { "r-host" }, peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    fn json(line: &str) -> serde_json::Value {
        let (mut record, mut out) = (JsonRecord::default(), Vec::new());
        Entry::of(line).unwrap().say(&mut record);
        record.write(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn lines() {
        let head = "1286536308.779    180 192.0.2.1 TCP_MISS/200 411";
        for (line, field, expected) in [
            (
                format!("{head} GET http://h.org/a.exe?b - DIRECT/192.0.2.2 a/b"),
                "c-uri-extension",
                "exe",
            ),
            (format!("{head} CONNECT h.org:443 - DIRECT/192.0.2.2 -"), "cs-host", "h.org"),
            (format!("{head} GET http://h.org/ anna HIER_DIRECT/o.org a/b"), "r-host", "o.org"),
            (format!("{head} GET http://h.org/ anna HIER_DIRECT/o.org a/b"), "cs-username", "anna"),
            (
                format!("{head} GET http://h.org/ - FIRSTUP/192.0.2.2 a/b \"-\" \"x y\""),
                "cs-user-agent",
                "x y",
            ),
            (format!("{head} NONE error:x - HIER_NONE/- -"), "s-hierarchy", "HIER_NONE"),
            (format!("{head} GET http://h.org/"), "s-action", "TCP_MISS"),
        ] {
            assert_eq!(json(&line)[field], expected, "{line}");
        }
        assert_eq!(json(&format!("{head} GET /"))["sc-status"], 200);
        let long = json(
            "1773416922.391    104 192.0.2.1 58938 TCP_MISS/200 904 123 364 - 528 GET http://h.org/ \
             1.1 anna HIER_DIRECT/192.0.2.2 80 text/html - - \"-\" \"curl/8\" \"h.org\" \"-\" 53 -",
        );
        for (field, expected) in [
            ("cs-username", "anna"),
            ("cs-user-agent", "curl/8"),
            ("rs-content-type", "text/html"),
            ("cs-method", "GET"),
            ("r-ip", "192.0.2.2"),
        ] {
            assert_eq!(long[field], expected);
        }
        assert_eq!((&long["c-port"], &long["sc-bytes"]), (&58938.into(), &904.into()));
    }

    #[test]
    fn other_lines() {
        for no in [
            "",
            "text",
            "1286536308 180 192.0.2.1 TCP_MISS/200 411 GET http://h.org/",
            "1286536308.779 180 192.0.2.1 /200 411 GET http://h.org/",
            "1286536308.779 180 192.0.2.1 TCP_MISS/200 411 GET",
            "1286536308.779 x 192.0.2.1 TCP_MISS/200 411 GET http://h.org/",
        ] {
            assert!(Entry::of(no).is_none(), "{no}");
        }
    }
}
