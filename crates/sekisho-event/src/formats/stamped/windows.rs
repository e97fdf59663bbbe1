//! Windows events as Splunk's forwarder writes them: a time, then lines
//! `LogName=Security`, `EventCode=4688`, … of which the last is the message,
//! that goes on to the next event.

use std::sync::OnceLock;

use super::head;
use crate::formats::event_viewer::{Memory, Sources, message_fields};
use crate::formats::lines::lines;
use crate::formats::text::Sink;

/// How many lines are looked at to recognise such events.
const SAMPLE_LINES: usize = 200;

/// How many lines stand before the message at most.
const HEAD_LINES_MAX: usize = 24;

const LOG: &str = "LogName=";

/// Whether a source holds such events.
pub(super) fn recognises(start: &[u8]) -> bool {
    let mut timed = false;
    for (_, line) in lines(start).take(SAMPLE_LINES) {
        if timed && line.starts_with(LOG.as_bytes()) {
            return true;
        }
        timed = head::month_first(line).is_some();
    }
    false
}

/// Says an event; `false` if this is none.
pub(super) fn say(text: &str, sink: &mut dyn Sink) -> bool {
    let Some((time, rest)) = text.split_once('\n') else { return false };
    if !rest.starts_with(LOG) {
        return false;
    }
    let (mut pairs, mut message, mut left) = (Vec::new(), None, rest);
    while let Some((name, after)) = left.split_once('=') {
        if name == "Message" {
            message = Some(after.trim());
            break;
        }
        let (value, next) = after.split_once('\n').unwrap_or((after, ""));
        if pairs.len() >= HEAD_LINES_MAX || name.contains(['\n', ' ']) {
            break;
        }
        pairs.push((name, value.trim()));
        left = next;
    }
    let value = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    let channel = value("LogName").unwrap_or_default();
    let event_id = value("EventCode").and_then(|id| id.parse().ok());
    sink.shape("windows", channel, event_id);
    for &(name, value) in &pairs {
        say_pair(name, value, sink);
    }
    if let Some(message) = message {
        sink.text("Message", message);
        let source = provider(value("SourceName").unwrap_or_default());
        if let Some(id) = event_id {
            let memory = &mut Memory::default();
            message_fields(source, id, message, memory, &mut |name, value| sink.text(name, value));
        }
    }
    if let Some(stamp) = head::month_first(time.trim_ascii_end().as_bytes()) {
        sink.time(stamp);
    }
    true
}

fn say_pair(name: &str, value: &str, sink: &mut dyn Sink) {
    match name {
        "LogName" => sink.text("Channel", value),
        "EventCode" => sink.value("EventID", value),
        "ComputerName" => {
            sink.text("Computer", value);
            sink.host(value);
        }
        "SourceName" => sink.text("Provider_Name", provider(value)),
        "Type" => sink.text("Level", value),
        "TaskCategory" => sink.text("Task", value),
        "OpCode" => sink.text("Opcode", value),
        "RecordNumber" => {
            sink.value("EventRecordID", value);
            value.parse().into_iter().for_each(|id| sink.record_id(id));
        }
        name => sink.text(name, value),
    }
}

/// The provider's name in EVTX.
fn provider(source: &str) -> &str {
    static SOURCES: OnceLock<Sources> = OnceLock::new();
    SOURCES.get_or_init(Sources::default).provider(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    #[test]
    fn events() {
        let event = "10/06/2023 02:45:10 PM\r\nLogName=Security\r\n\
            SourceName=Microsoft Windows security auditing.\r\nEventCode=4688\r\nType=Information\r\n\
            ComputerName=dc1.example.org\r\nRecordNumber=7\r\nMessage=A new process has been created.\r\n\
            \r\nProcess Information:\r\n\tNew Process ID:\t\t0x1\r\n\
            \tNew Process Name:\tC:\\Windows\\whoami.exe\r\n";
        assert!(recognises(event.as_bytes()));
        let (mut record, mut out) = (JsonRecord::default(), Vec::new());
        assert!(say(event, &mut record));
        record.write(&mut out);
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        for (field, expected) in [
            ("Channel", "Security"),
            ("Computer", "dc1.example.org"),
            ("Provider_Name", "Microsoft-Windows-Security-Auditing"),
            ("NewProcessName", r"C:\Windows\whoami.exe"),
        ] {
            assert_eq!(json[field], expected, "{json}");
        }
        assert_eq!(json["EventID"], 4688);
        for no in ["", "10/06/2023 02:45:10 PM x\nLogName", "LogName=x\nEventCode=1"] {
            assert!(!recognises(no.as_bytes()), "{no}");
        }
    }
}
