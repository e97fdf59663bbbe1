//! Joins the lines of each event of a block, and reads it.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::event::{self, Line};
use super::line::{Head, Key, is_talk};
use crate::formats::lines::{lines, too_long};
use crate::formats::text::{Columns, JsonRecord, decoded, too_many_values};
use crate::limits::{AUDIT_GAP_BYTES_MAX, RECORD_BYTES_MAX};
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Parsed, Reader, Records};
use crate::vocabulary::Vocabulary;

/// Reads blocks of an audit log.
#[derive(Default)]
pub(super) struct AuditReader {
    columns: Columns,
}

/// A line of an event: which event, where the line stands, and its head.
#[derive(Clone, Copy, Debug)]
struct Member<'a> {
    event: usize,
    start: usize,
    raw: &'a [u8],
    head: Head<'a>,
}

impl Reader for AuditReader {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        let mut found = Problems::default();
        let (members, events) = join(block, &mut found);
        self.columns.begin(block, vocabulary);
        let mut said: Vec<Line<'_>> = Vec::new();
        let mut record = 0;
        for event in members.chunk_by(|a, b| a.event == b.event) {
            said.clear();
            said.extend(event.iter().map(|member| {
                let offset = block.offset + member.start as u64;
                let fields = member.raw.get(member.head.fields..).unwrap_or_default();
                Line { head: member.head, fields: decoded(fields, offset, &mut found) }
            }));
            let mut row = self.columns.record(block, vocabulary);
            event::say(&said, &mut row);
            if row.left_out > 0 {
                let offset = event.first().map_or(0, |member| member.start) as u64;
                found.push(too_many_values(block.offset + offset, row.left_out));
            }
            row.finish(record);
            record += 1;
        }
        let (batches, untimed) = self.columns.finish();
        let records = Events { block, members: &members, events };
        let problems = in_order(block.problems.clone(), found);
        visit(
            &Parsed { batches: &batches, count: record, records: &records, problems, untimed },
            vocabulary,
        );
    }
}

/// Problems in the order of their places.
fn in_order(mut all: Problems, mut found: Problems) -> Problems {
    found.named.sort_by_key(|problem| problem.offset);
    found.named.into_iter().for_each(|problem| all.push(problem));
    all.more += found.more;
    all
}

/// The lines of a block, event by event, in the order of their first lines;
/// and where the lines of each event begin among them.
fn join<'a>(block: &'a Block, problems: &mut Problems) -> (Vec<Member<'a>>, Vec<usize>) {
    let mut members: Vec<Member<'a>> = Vec::new();
    let mut open: HashMap<Key<'_>, (usize, usize)> = HashMap::new();
    let mut count = 0;
    for (start, raw) in lines(&block.bytes) {
        let offset = block.offset + start as u64;
        if raw.len() > RECORD_BYTES_MAX {
            problems.push(too_long(offset));
            continue;
        }
        let Some(head) = Head::of(raw) else {
            if !is_talk(raw) {
                let expected = "`type=… msg=audit(time:serial): …`";
                problems.push(Problem::new(offset, "line that is no audit record", expected));
            }
            continue;
        };
        let end = start + raw.len();
        let known = open.get_mut(&head.key());
        let event = match known {
            Some((event, ended)) if start.saturating_sub(*ended) <= AUDIT_GAP_BYTES_MAX => {
                *ended = end;
                *event
            }
            _ => {
                open.insert(head.key(), (count, end));
                count += 1;
                count - 1
            }
        };
        members.push(Member { event, start, raw, head });
    }
    members.sort_by_key(|member| member.event);
    let mut events = Vec::with_capacity(count);
    let mut last = None;
    for (n, member) in members.iter().enumerate() {
        if last.replace(member.event) != Some(member.event) {
            events.push(n);
        }
    }
    (members, events)
}

/// The events of a block.
struct Events<'a> {
    block: &'a Block,
    members: &'a [Member<'a>],
    /// Where the lines of each event begin among the members.
    events: Vec<usize>,
}

impl<'a> Events<'a> {
    fn lines(&self, record: u32) -> &'a [Member<'a>] {
        let at = record as usize;
        let Some(&start) = self.events.get(at) else { return &[] };
        let end = self.events.get(at + 1).copied().unwrap_or(self.members.len());
        self.members.get(start..end).unwrap_or_default()
    }
}

impl Records for Events<'_> {
    fn offset(&self, record: u32) -> u64 {
        let start = self.lines(record).first().map_or(0, |member| member.start);
        self.block.offset + start as u64
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        let members = self.lines(record);
        if members.is_empty() {
            out.extend_from_slice(b"null");
            return;
        }
        let text = |member: &Member<'_>| {
            let fields = member.raw.get(member.head.fields..).unwrap_or_default();
            Cow::Owned(String::from_utf8_lossy(fields).into_owned())
        };
        let lines: Vec<Line<'_>> =
            members.iter().map(|m| Line { head: m.head, fields: text(m) }).collect();
        let mut json = JsonRecord::default();
        event::say(&lines, &mut json);
        json.write(out);
    }
}
