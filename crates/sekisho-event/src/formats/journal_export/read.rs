//! Reads the entries of a block.

use super::cutter::{after_long, too_long};
use super::entry::{self, End, Step, step};
use crate::formats::text::{Columns, JsonRecord, Sink, too_many_values};
use crate::formats::{auditd, event_xml};
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Parsed, Reader, Records};
use crate::time::{self, Stamp};
use crate::vocabulary::Vocabulary;

/// Reads blocks of an export.
#[derive(Default)]
pub(super) struct EntryReader {
    columns: Columns,
}

impl Reader for EntryReader {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        let mut problems = block.problems.clone();
        let spans = spans(block, &mut problems);
        self.columns.begin(block, vocabulary);
        let mut kept = Vec::with_capacity(spans.len());
        let mut fields = Vec::new();
        for span in spans {
            let offset = block.offset + span.0 as u64;
            let raw = block.bytes.get(span.0..span.1).unwrap_or_default();
            let odd = of_entry(raw, &mut fields);
            if odd > 0 {
                let what = format!("{odd} lines of an entry are not read");
                problems.push(Problem::new(offset, what, "`NAME=value`"));
            }
            if fields.is_empty() {
                continue;
            }
            let mut row = self.columns.record(block, vocabulary);
            say(&fields, &mut row);
            if row.left_out > 0 {
                problems.push(too_many_values(offset, row.left_out));
            }
            row.finish(u32::try_from(kept.len()).unwrap_or(u32::MAX));
            kept.push(span);
        }
        let (batches, untimed) = self.columns.finish();
        let count = u32::try_from(kept.len()).unwrap_or(u32::MAX);
        let records = Entries { block, spans: kept };
        visit(
            &Parsed { batches: &batches, count, records: &records, problems, untimed },
            vocabulary,
        );
    }
}

/// Where the entries of a block stand.
fn spans(block: &Block, problems: &mut Problems) -> Vec<(usize, usize)> {
    let bytes = &block.bytes;
    let (mut spans, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        // A block ends between entries.
        match entry::end(bytes, at, true) {
            End::At(len) => {
                if bytes.get(at..at + len).is_some_and(|b| !b.trim_ascii().is_empty()) {
                    spans.push((at, at + len));
                }
                at += len;
            }
            End::Open | End::Long => {
                problems.push(too_long(block.offset + at as u64));
                at = after_long(bytes, at).unwrap_or(bytes.len());
            }
        }
    }
    spans
}

/// The fields of an entry; says how many lines are none.
fn of_entry<'a>(entry: &'a [u8], fields: &mut Vec<(&'a [u8], &'a [u8])>) -> usize {
    fields.clear();
    let (mut at, mut odd) = (0, 0);
    while at < entry.len() {
        let (step, next) = step(entry, at, true);
        match step {
            Step::Field(name, value) => fields.push((name, value)),
            Step::Odd => odd += 1,
            Step::End | Step::Cut => break,
        }
        at = next;
    }
    odd
}

/// Says an entry.
fn say(fields: &[(&[u8], &[u8])], sink: &mut dyn Sink) {
    let of = |name: &str| {
        let found = fields.iter().find(|(n, _)| *n == name.as_bytes());
        found.map(|(_, value)| String::from_utf8_lossy(value))
    };
    let message = of("MESSAGE").unwrap_or_default();
    let program = of("SYSLOG_IDENTIFIER").or_else(|| of("_COMM")).unwrap_or_default();
    if message.starts_with("<Event>") || message.starts_with("<Event ") {
        // Sysmon for Linux: the entry is the event.
        if event_xml::event(&message, sink) {
            return;
        }
    }
    let audit = of("_TRANSPORT").is_some_and(|t| t == "audit")
        && auditd::message(&message, &of("_AUDIT_ID").unwrap_or_default(), sink);
    if !audit {
        sink.shape("linux", &program, None);
    }
    for (name, value) in fields {
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
        sink.value(&name, &value);
    }
    if let Some(host) = of("_HOSTNAME") {
        sink.host(&host);
    }
    let times = ["_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"];
    let time = times.into_iter().find_map(|name| time::epoch(of(name)?.trim()));
    if let Some(time) = time {
        sink.time(Stamp::Utc(time));
    }
}

/// The entries of a block.
struct Entries<'a> {
    block: &'a Block,
    spans: Vec<(usize, usize)>,
}

impl Records for Entries<'_> {
    fn offset(&self, record: u32) -> u64 {
        let start = self.spans.get(record as usize).map_or(0, |span| span.0);
        self.block.offset + start as u64
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        let Some(&(start, end)) = self.spans.get(record as usize) else {
            out.extend_from_slice(b"null");
            return;
        };
        let mut fields = Vec::new();
        of_entry(self.block.bytes.get(start..end).unwrap_or_default(), &mut fields);
        let mut json = JsonRecord::default();
        say(&fields, &mut json);
        json.write(out);
    }
}
