//! What Event Viewer saves as CSV or as text, in any language: a header of
//! the columns that are shown, and rows with one cell more, the message. It is
//! a table like others; what is its own are the names of its columns, the
//! sources of events, and the messages.

mod columns;
mod messages;
mod sources;

use std::sync::Arc;

use super::csv::{Head, Plan, TableCutter, TableReader, in_utf8, order, plan_of};
use crate::reader::{Cutter, Format, Reader, SourceHints};

pub(super) use columns::columns;
pub(super) use messages::Memory;
pub(super) use sources::Sources;

/// The number of its kind of table, in the plan of one.
pub(super) const KIND: u8 = 254;

/// The format `event-viewer-csv`.
#[derive(Clone, Copy, Debug)]
pub struct EventViewer;

impl Format for EventViewer {
    fn name(&self) -> &'static str {
        "event-viewer-csv"
    }

    fn recognises(&self, start: &[u8], whole: bool) -> bool {
        in_utf8(start, columns::code_page, |start| {
            Head::of(start, whole, 1).is_some_and(|head| columns::plausible(&head, whole))
        })
    }

    fn cutter(&self, hints: Arc<SourceHints>, block_bytes: usize) -> Box<dyn Cutter> {
        Box::new(TableCutter::new(hints, block_bytes, look, columns::code_page))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TableReader::default())
    }
}

/// What the message of an event tells, as fields; and how many labels,
/// headings and sentences of it no table knows.
pub(super) fn message_fields(
    provider: &str,
    event_id: u32,
    message: &str,
    memory: &mut Memory,
    emit: &mut dyn FnMut(&str, &str),
) -> usize {
    messages::fields(provider, event_id, message, memory, emit)
}

/// How it is written, told from its start, and where its first row begins.
fn look(start: &[u8], whole: bool) -> (Plan, usize) {
    let Some(head) = Head::of(start, whole, 1) else {
        return (plan_of(b',', Vec::new(), 0, KIND), 0);
    };
    let mut plan = plan_of(head.delimiter, head.header.clone(), head.names.len(), KIND);
    plan.extra = 1;
    let date = columns::date(&head.names);
    order(&head, &[date], columns::usual_order(&head, date), &mut plan);
    (plan, head.rows_at)
}
