//! Log lines of Cisco devices (IOS, IOS XE, IOS XR, NX-OS, ASA), as a
//! collector files them or `show logging` prints them. What they have in
//! common is a tag, `%FACILITY-SEVERITY-MNEMONIC:`; what stands before it
//! differs from device to device and from collector to collector.

mod head;
mod line;

use std::sync::Arc;

use self::line::Line;
use super::lines::LineCutter;
use super::text::{Fault, Sink, TextFormat, TextReader};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

/// The format `cisco`.
#[derive(Clone, Copy, Debug)]
pub struct Cisco;

impl Format for Cisco {
    fn name(&self) -> &'static str {
        "cisco"
    }

    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        line::plausible(start, whole)
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
        let line = Line::of(text);
        sink.shape("cisco", "ios", None);
        for (name, kind, value) in line.fields() {
            sink.field(name, kind, value);
        }
        let head = line.head();
        if let Some(host) = head.host {
            sink.host(host);
        }
        if let Some(time) = head.time {
            sink.time(time);
        }
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
        let mut cutter = Cisco.cutter(hints, size);
        let (mut reader, mut v) = (Cisco.reader(), Vocabulary::new(Projection::All));
        let mut run = Run::default();
        while let Some(block) = cutter.next(&mut bytes).unwrap() {
            reader.read(&block, &mut v, &mut |parsed, v| {
                for batch in parsed.batches {
                    assert_eq!(batch.shape.to_string(), "cisco ios");
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
        for event in &run.events {
            assert_eq!(serde_json::from_str::<serde_json::Value>(&event.4).unwrap(), event.3);
        }
        run
    }

    #[test]
    fn lines_are_records() {
        assert!(Cisco.recognises(LINES.as_bytes(), true));
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
            Cisco.recognises(&bad, dice(2) == 0);
            let whole = read_as(&bad, None, BLOCK_BYTES);
            assert_eq!(read_as(&bad, None, 1 + dice(200)), whole);
        }
    }
}
