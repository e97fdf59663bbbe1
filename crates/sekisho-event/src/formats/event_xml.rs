//! Windows events as XML: what `wevtutil qe /f:xml` and `Get-WinEvent` with
//! `ToXml()` print, what Event Viewer saves as XML, and what Sysmon for Linux
//! writes. Fields have the names that they have in EVTX.

mod cutter;
mod event;

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem;

use self::cutter::{OPEN, WIDE, XmlCutter, encoding};
use super::text::{Fault, Sink, TextFormat, TextReader};
use super::utf16::{Encoding, decode_start, wide_len};
use crate::reader::{Block, Cutter, Format, Reader, SourceHints};

/// The format `event-xml`.
#[derive(Clone, Copy, Debug)]
pub struct EventXml;

/// What the element is called that holds events: by Event Viewer, and by those
/// who call `wevtutil … /e:root`.
const LISTS: &[&str] = &["Events", "root", "Root"];

/// Bytes between two places whose offsets in UTF-16 are kept.
const STEP: usize = 4_096;

impl Format for EventXml {
    fn name(&self) -> &'static str {
        "event-xml"
    }

    fn recognises(&self, start: &[u8], _whole: bool) -> bool {
        match encoding(start) {
            Encoding::Utf8 => plausible(&String::from_utf8_lossy(start)),
            wide => plausible(&decode_start(start, wide)),
        }
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(XmlCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TextReader::<Events>::default())
    }
}

/// Reads the text of one `<Event>` into a sink; `false` where it is none.
/// Other formats hold such texts: syslog and journal entries of Sysmon for
/// Linux.
pub(super) fn event(text: &str, sink: &mut dyn Sink) -> bool {
    let text = text.trim_start();
    opens(text.as_bytes(), 0) == Some(0)
        && event::say(text, sink).map_or_else(|f| f.kept, |()| true)
}

/// Whether a source that begins so holds events: nothing stands before the
/// first one but what XML puts there.
fn plausible(start: &str) -> bool {
    let Some(at) = opens(start.as_bytes(), 0) else {
        // A list without events, or one whose first is far away.
        let rest = between(start);
        return rest.is_empty() && LISTS.iter().any(|list| start.contains(&format!("<{list}")));
    };
    let body = start.get(at..).unwrap_or_default();
    let body = body.get(body.find('>').map_or(body.len(), |n| n + 1)..).unwrap_or_default();
    between(start.get(..at).unwrap_or_default()).is_empty()
        && (between(body).starts_with("<System") || between(body).is_empty())
}

/// Where the next `<Event>` opens.
fn opens(bytes: &[u8], from: usize) -> Option<usize> {
    let found = memmem::find_iter(bytes.get(from..)?, OPEN).map(|at| from + at);
    found.into_iter().find(|at| {
        let next = bytes.get(at + OPEN.len());
        next.is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'>'))
    })
}

/// What is left of the text between events without what belongs there: white
/// space, declarations, comments, and the element that holds them all.
fn between(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest =
            rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
        let end = if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else if is_list(rest) {
            ">"
        } else {
            return rest;
        };
        let Some(at) = rest.find(end) else { return "" };
        rest = rest.get(at + end.len()..).unwrap_or_default();
    }
}

/// Whether a tag of an element that holds events stands here.
fn is_list(text: &str) -> bool {
    let tag = text.strip_prefix('<').map(|tag| tag.strip_prefix('/').unwrap_or(tag));
    let name = tag.and_then(|tag| tag.split(|c: char| c.is_whitespace() || c == '>').next());
    name.is_some_and(|name| LISTS.contains(&name))
}

/// An event is a record, and so is what is none: to be named.
#[derive(Default)]
struct Events;

/// For a block of a source in UTF-16: how many bytes of it stand before every
/// [`STEP`]th byte of the block.
type Steps = Option<Vec<u64>>;

impl TextFormat for Events {
    type Context = Steps;

    fn context(&self, block: &Block) -> Steps {
        let wide = block.header.first() == Some(&WIDE);
        wide.then(|| {
            let before = block.bytes.chunks(STEP).scan(0, |sum, chunk| {
                let before = *sum;
                *sum += wide_len(chunk);
                Some(before)
            });
            before.collect()
        })
    }

    fn offset(&self, block: &Block, steps: &Steps, at: usize) -> u64 {
        let Some(steps) = steps else { return block.offset + at as u64 };
        let step = at / STEP;
        let rest = block.bytes.get(step * STEP..at).unwrap_or_default();
        block.offset + steps.get(step).copied().unwrap_or(0) + wide_len(rest)
    }

    fn spans(&self, bytes: &[u8], _: &Steps) -> Vec<(usize, usize)> {
        let mut spans = Vec::new();
        let mut start = 0;
        while start < bytes.len() {
            let end = cutter::end_of_event(bytes, start).unwrap_or(bytes.len());
            segment(bytes, start, end, &mut spans);
            start = end;
        }
        spans
    }

    fn read(&self, text: &str, _: &Steps, sink: &mut dyn Sink) -> Result<(), Fault> {
        if opens(text.as_bytes(), 0) == Some(0) {
            return event::say(text, sink);
        }
        Err(Fault {
            what: Cow::Borrowed("text outside of an event"),
            expected: "`<Event …>`",
            kept: false,
        })
    }
}

/// The records of a stretch that ends with an event's end or the block's.
fn segment(bytes: &[u8], start: usize, end: usize, spans: &mut Vec<(usize, usize)>) {
    let within = bytes.get(..end).unwrap_or_default();
    let mut at = opens(within, start);
    let first = at.unwrap_or(end);
    let before = String::from_utf8_lossy(bytes.get(start..first).unwrap_or_default());
    let rest = between(&before).trim_end();
    if !rest.is_empty() {
        // Bytes that are no UTF-8 are longer in the text; then all is meant.
        let skipped = before.trim_end().len() - rest.len();
        let from = if bytes.get(start + skipped).is_some() { start + skipped } else { start };
        spans.push((from, first));
    }
    while let Some(open) = at {
        // An event that never ended stands before the next one.
        at = opens(within, open + OPEN.len());
        spans.push((open, at.unwrap_or(end)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    fn json(text: &str) -> serde_json::Value {
        let mut record = JsonRecord::default();
        assert!(event(text, &mut record), "{text}");
        let mut out = Vec::new();
        record.write(&mut out);
        serde_json::from_slice(&out).unwrap()
    }

    const SYSTEM: &str = "<System><Provider Name='P' Guid=\"{1}\"/><EventID Qualifiers='0'>7</EventID><Version>5</Version>\
        <TimeCreated SystemTime='2025-06-19T13:16:36.927819000Z'/><EventRecordID>581</EventRecordID><Correlation/>\
        <Execution ProcessID='4' ThreadID=\"5\"/><Channel>C/Operational</Channel><Computer>host</Computer><Security UserID='S-1-5-18'/></System>";

    #[test]
    fn fields_have_the_names_of_evtx() {
        let event = json(&format!(
            "<Event xmlns='http://x'>{SYSTEM}<EventData Name='E'><Data Name='Image'>C:\\a &amp; &lt;b&gt; &#x41;&#66;&quot;</Data>\
             <Data Name=\"Empty\"/><Data Name='None'></Data><Data>one</Data><Data>two</Data><Binary>00FF</Binary></EventData>\
             <RenderingInfo Culture='en-US'><Message>said\nso</Message><Keywords><Keyword>K</Keyword></Keywords></RenderingInfo></Event>"
        ));
        let expected = serde_json::json!({
            "Provider_Name": "P", "Provider_Guid": "{1}", "Qualifiers": 0, "EventID": 7, "Version": 5,
            "SystemTime": "2025-06-19T13:16:36.927819000Z", "EventRecordID": 581,
            "Execution_ProcessID": 4, "Execution_ThreadID": 5, "Channel": "C/Operational",
            "Computer": "host", "UserID": "S-1-5-18", "EventData_Name": "E",
            "Image": "C:\\a & <b> AB\"", "Empty": "", "None": "", "Data": ["one", "two"], "Binary": "00FF",
            "RenderingInfo_Culture": "en-US", "Message": "said\nso", "RenderingInfo.Message": "said\nso",
            "RenderingInfo.Keywords.Keyword": "K",
        });
        assert_eq!(event, expected);
        let event = json(&format!(
            "<Event>{SYSTEM}<UserData><X xmlns:a='b' xmlns='c' Id='1'><Param1>v</Param1><Y><Z>w</Z></Y></X></UserData></Event>"
        ));
        for (name, value) in [("Param1", "v"), ("X.Param1", "v"), ("Z", "w"), ("X.Y.Z", "w")] {
            assert_eq!(event[name], value, "{name}");
        }
        assert_eq!(event["X_Id"], 1);
    }

    #[test]
    fn what_is_no_event() {
        let mut sink = JsonRecord::default();
        for text in ["", "<Events>", "x<Event>", "<EventData>", "<Event"] {
            assert!(!event(text, &mut sink), "{text}");
        }
    }

    #[test]
    fn what_is_recognised() {
        for (text, expected) in [
            ("<Event xmlns='x'><System>", true),
            (
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events><Event xmlns='x'>\n <System>",
                true,
            ),
            ("<?xml version='1.0'?><Events></Events>", true),
            ("<!-- a --><Event><System>", true),
            ("<root><Event>\n<System>", true),
            ("<rooted><Event>\n<System>", false),
            ("<Event><Name>x</Name></Event>", false),
            ("<?xml version='1.0'?><Sysmon><EventFiltering>", false),
            ("Jun 1 h sysmon: <Event><System>", false),
            ("<14>Jun 1 h sysmon: <Event><System>", false),
            ("<html>", false),
            ("", false),
        ] {
            assert_eq!(EventXml.recognises(text.as_bytes(), true), expected, "{text}");
            let wide: Vec<u8> = "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect();
            assert_eq!(EventXml.recognises(&wide, true), expected, "{text}");
        }
    }
}
