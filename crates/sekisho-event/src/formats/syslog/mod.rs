//! Syslog, as collectors file it: a line from each of many programs and
//! devices, in whatever way they write. One reader serves all of it, and tells
//! for each line what it is; a file may mix everything. The formats `cef`,
//! `leef`, `firewall`, `cisco` and `syslog` differ in name only: it says what
//! most of the first lines of a source are.
//!
//! The path of a line: `records` says where it stands, `head` (with `clock`)
//! reads what a collector or the device put before the message, `line` tells
//! what it is, and one of the others reads the message.

mod audit;
mod cef;
mod cisco;
mod cisco_head;
mod clock;
mod device;
mod endpoints;
mod firewall;
mod head;
mod json_body;
mod leef;
mod line;
mod pairs;
mod paloalto;
mod programs;
mod recognise;
mod records;

use std::sync::Arc;

use self::recognise::{Kind, recognise};
use super::text::{Fault, Sink, TextFormat, TextReader};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

/// One of the formats of this family.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    name: &'static str,
    kind: Kind,
}

/// The format `cef`: the Common Event Format.
pub static CEF: Family = Family { name: "cef", kind: Kind::Cef };

/// The format `leef`: the Log Event Extended Format.
pub static LEEF: Family = Family { name: "leef", kind: Kind::Leef };

/// The format `firewall`: firewalls in the words of their makers.
pub static FIREWALL: Family = Family { name: "firewall", kind: Kind::Firewall };

/// The format `cisco`: devices of CISCO.
pub static CISCO: Family = Family { name: "cisco", kind: Kind::Cisco };

/// The format `syslog`: programs, and everything else with a syslog header.
pub static SYSLOG: Family = Family { name: "syslog", kind: Kind::Syslog };

impl Format for Family {
    fn name(&self) -> &'static str {
        self.name
    }

    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        recognise(start, whole) == Some(self.kind)
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(records::RecordCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        match self.kind {
            Kind::Cef => Box::new(TextReader::<Lines<0>>::default()),
            Kind::Leef => Box::new(TextReader::<Lines<1>>::default()),
            Kind::Firewall => Box::new(TextReader::<Lines<2>>::default()),
            Kind::Cisco => Box::new(TextReader::<Lines<3>>::default()),
            Kind::Syslog => Box::new(TextReader::<Lines<4>>::default()),
        }
    }
}

/// The shapes of lines that say nothing of where they are from, by what the
/// source is.
const STRAY: [(&str, &str); 5] =
    [("cef", ""), ("leef", ""), ("firewall", ""), ("cisco", "ios"), ("linux", "")];

/// A line is a record, with the indented lines that go on with it.
#[derive(Default)]
struct Lines<const STRAY_AT: usize>;

impl<const STRAY_AT: usize> TextFormat for Lines<STRAY_AT> {
    type Context = ();

    fn context(&self, _: &Block) {}

    fn spans(&self, bytes: &[u8], (): &()) -> Vec<(usize, usize)> {
        records::spans(bytes)
    }

    fn read(&self, text: &str, (): &(), sink: &mut dyn Sink) -> Result<(), Fault> {
        line::say(text, STRAY.get(STRAY_AT).copied().unwrap_or_default(), sink);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::limits::{BLOCK_BYTES, RECORD_BYTES_MAX};
    use crate::{Projection, TIME_UNKNOWN, Vocabulary};

    const LINES: &str = "172.16.5.10 6705: Feb 17 13:40:03.673: %PARSER-5-CFGLOG_LOGGEDCMD: User:admin  \
         logged command:no access-session port-control\r\n\
         <189>Feb 17 13:40:04 r1 6706: *Feb 17 2026 13:40:04.001 UTC: %SYS-5-CONFIG_I: \
         Configured from console by vty0\n\n\
         7: Feb 17 2026 13:40:05 CET: %PARSER-5-CFGLOG_LOGGEDCMD: User:unknown user  \
         logged command:!exec: enable\n\
         Log Buffer (8192 bytes) \"q\"\n";

    const FIRST: &str = "{\"message\":\"172.16.5.10 6705: Feb 17 13:40:03.673: \
        %PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:no access-session port-control\",\
        \"facility\":\"PARSER\",\"severity\":5,\"mnemonic\":\"CFGLOG_LOGGEDCMD\",\
        \"user\":\"admin\",\"command\":\"no access-session port-control\",\
        \"host\":\"172.16.5.10\"}";

    #[derive(Debug, Default, PartialEq)]
    struct Run {
        /// Offset, time, host, JSON made of the columns, JSON of the record.
        events: Vec<(u64, i64, String, serde_json::Value, String)>,
        problems: Vec<(u64, String)>,
        zoneless: u64,
        timeless: u64,
    }

    fn read_as(mut bytes: &[u8], timezone: Option<TimeZone>, size: usize) -> Run {
        let hints = Arc::new(SourceHints { timezone, ..SourceHints::default() });
        let mut cutter = CISCO.cutter(hints, size);
        let (mut reader, mut v) = (CISCO.reader(), Vocabulary::new(Projection::All));
        let mut run = Run::default();
        while let Some(block) = cutter.next(&mut bytes).unwrap() {
            reader.read(&block, &mut v, &mut |parsed, v| {
                for batch in parsed.batches {
                    for row in 0..batch.rows() {
                        let (record, mut json) = (batch.records[row], Vec::new());
                        parsed.records.write_json(record, &mut json);
                        let mut fields = serde_json::Map::new();
                        for column in &batch.columns {
                            let dictionary = v.dictionary(column.field).unwrap();
                            for value in column.values(row).filter_map(|id| dictionary.get(id)) {
                                let text = match value.kind {
                                    crate::Kind::Number => value.text.parse().unwrap(),
                                    _ => serde_json::Value::from(value.text),
                                };
                                fields.insert(v.name(column.field).to_owned(), text);
                            }
                        }
                        run.events.push((
                            parsed.records.offset(record),
                            batch.times[row],
                            v.hosts.text(batch.hosts[row]).to_owned(),
                            fields.into(),
                            String::from_utf8(json).unwrap(),
                        ));
                    }
                }
                assert_eq!(parsed.records.offset(u32::MAX), block.offset);
                let named = parsed.problems.named.iter();
                run.problems.extend(named.map(|p| (p.offset, p.what.clone())));
                run.zoneless += parsed.untimed.zoneless;
                run.timeless += parsed.untimed.timeless;
            });
        }
        run.events.sort_by_key(|event| event.0);
        for event in &run.events {
            assert_eq!(serde_json::from_str::<serde_json::Value>(&event.4).unwrap(), event.3);
        }
        run
    }

    #[test]
    fn lines_are_records() {
        assert!(CISCO.recognises(LINES.as_bytes(), true));
        let run = read_as(LINES.as_bytes(), None, BLOCK_BYTES);
        assert_eq!(run.problems, []);
        assert_eq!((run.events.len(), run.zoneless, run.timeless), (4, 1, 2));
        assert_eq!(run.events[0].4, FIRST);
        assert_eq!(run.events[3].4, r#"{"message":"Log Buffer (8192 bytes) \"q\""}"#);
        assert_eq!(run.events[2].3["user"], "unknown user");
        assert_eq!(run.events[2].3["command"], "!exec: enable");
        let heads: Vec<_> = run.events.iter().map(|e| (e.1, e.2.as_str())).collect();
        let (utc, zoneless) = (1_771_335_604_001_000_000, 1_771_335_605_000_000_000);
        let none = (TIME_UNKNOWN, "");
        assert_eq!(heads, [(TIME_UNKNOWN, "172.16.5.10"), (utc, "r1"), (zoneless, ""), none]);
        for event in &run.events {
            let at = usize::try_from(event.0).unwrap();
            let message = event.3["message"].as_str().unwrap();
            assert!(LINES.get(at..).unwrap().starts_with(message));
        }
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let stated = read_as(LINES.as_bytes(), Some(berlin), BLOCK_BYTES);
        assert_eq!((stated.zoneless, stated.timeless), (0, 2));
        assert_eq!(stated.events[2].1, zoneless - 3_600_000_000_000);
        for size in 1..LINES.len() + 2 {
            assert_eq!(read_as(LINES.as_bytes(), None, size), run, "{size}");
        }
    }

    #[test]
    fn a_line_over_the_limit_costs_no_other() {
        let mut bytes = b"1: %SYS-5-A: first\xff\n1: %SYS-5-A: ".to_vec();
        let long = 20;
        bytes.resize(bytes.len() + RECORD_BYTES_MAX, b'x');
        bytes.extend_from_slice(b"\n1: %SYS-5-A: last\n");
        for size in [1 << 20, 64 << 20] {
            let run = read_as(&bytes, None, size);
            let messages: Vec<_> = run.events.iter().map(|e| &e.3["message"]).collect();
            assert_eq!(messages, ["1: %SYS-5-A: first\u{fffd}", "1: %SYS-5-A: last"]);
            assert_eq!(run.problems.iter().map(|p| p.0).collect::<Vec<_>>(), [0, long]);
        }
        let end = read_as(bytes.get(..bytes.len() - 20).unwrap(), None, 1 << 20);
        assert_eq!((end.events.len(), end.problems.len()), (1, 2));
    }

    #[test]
    fn damage_never_panics() {
        let mut seed: u64 = 7;
        let mut dice = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(seed >> 33).unwrap() % below
        };
        for _ in 0..5_000 {
            let mut bad = LINES.as_bytes().to_vec();
            for _ in 0..=dice(6) {
                let (at, byte) = (dice(bad.len()), b"%-:*. \n\r<>5FU\xff\xc3\0"[dice(16)]);
                match dice(4) {
                    0 => bad.truncate(at + 1),
                    1 => bad[at] = byte,
                    2 => drop(bad.remove(at)),
                    _ => bad.insert(at, byte),
                }
                if bad.is_empty() {
                    bad.push(b'%');
                }
            }
            CISCO.recognises(&bad, dice(2) == 0);
            let whole = read_as(&bad, None, BLOCK_BYTES);
            assert_eq!(read_as(&bad, None, 1 + dice(200)), whole);
        }
    }
}
