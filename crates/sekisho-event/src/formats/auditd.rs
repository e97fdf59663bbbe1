//! Records of the Linux audit system, as `auditd` writes them (raw and
//! enriched), as `ausearch` prints them (`-i` too) and as `audispd` hands them
//! to syslog. The kernel says one event in several lines (`SYSCALL`, `EXECVE`,
//! `CWD`, `PATH`, …), which may stand between lines of other events. Here they
//! are one record: what a rule asks about an event stands in different lines.
//!
//! `line` takes a line apart, `cutter` cuts only between events, `read` joins
//! the lines of an event, `event` says what they say together.

mod cutter;
mod decode;
mod event;
mod line;
mod names;
mod read;

use std::sync::Arc;

use super::text::Sink;
use crate::reader::{Cutter, Format, Reader, SourceHints};

/// Says one record that stands in a journal entry: its type, then its fields.
/// `false` where it is none. The entry tells the time.
pub(super) fn message(text: &str, serial: &str, sink: &mut dyn Sink) -> bool {
    let (kind, fields) = text.split_at(text.find(' ').unwrap_or(text.len()));
    let named = kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_[]".contains(&b));
    if named {
        let (node, id, kind) = (&b""[..], serial.as_bytes(), kind.as_bytes());
        let head = line::Head { node, kind, id, fields: 0, interpreted: false };
        event::say(&[event::Line { head, fields: fields.into() }], sink);
    }
    named
}

/// The format `auditd`.
#[derive(Clone, Copy, Debug)]
pub struct Auditd;

impl Format for Auditd {
    fn name(&self) -> &'static str {
        "auditd"
    }

    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        line::plausible(start, whole)
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(cutter::EventCutter::new(hints, block_bytes))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(read::AuditReader::default())
    }
}
