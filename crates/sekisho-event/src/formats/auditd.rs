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

use crate::reader::{Cutter, Format, Reader, SourceHints};

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
