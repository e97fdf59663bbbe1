//! Reads logs as a case does, and finds what was read.

use std::sync::Arc;

use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Projection, SourceHints, Vocabulary, formats};
use sekisho_exposure::activity::{Activity, Exec, Loss, Session, Ticket, Touch, Transfer, What};
use sekisho_exposure::extract::{Extraction, Leaf};
use sekisho_exposure::names::Name;

/// Reads a file of this name into what was read before. Only the fields that
/// extractors ask for are decoded.
pub(crate) fn read_into(extraction: &mut Extraction, name: &str, bytes: &[u8]) {
    let format = formats::recognise(bytes, true).unwrap();
    let hints = SourceHints { name: name.to_owned(), ..SourceHints::default() };
    let mut cutter = format.cutter(Arc::new(hints), BLOCK_BYTES);
    let mut reader = format.reader();
    let mut vocabulary = Vocabulary::new(Projection::Only(Extraction::fields()));
    let mut input = bytes;
    while let Some(block) = cutter.next(&mut input).unwrap() {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            for batch in parsed.batches {
                let leaf = |row: usize| {
                    let index = u64::from(batch.records[row]);
                    Some(Leaf { cell: 0, index })
                };
                extraction.batch(batch, vocabulary, &leaf);
            }
        });
    }
}

/// Reads a log.
pub(crate) fn read(name: &str, text: &str) -> Extraction {
    let mut extraction = Extraction::default();
    read_into(&mut extraction, name, text.as_bytes());
    extraction
}

/// A name as it is compared; empty for none.
pub(crate) fn said(extraction: &Extraction, name: Option<Name>) -> &str {
    name.map_or("", |name| extraction.names.folded(name))
}

/// All of this kind.
pub(crate) fn transfers(extraction: &Extraction) -> Vec<(&Activity, &Transfer)> {
    let all = extraction.activities.iter();
    all.filter_map(|activity| match &activity.what {
        What::Transfer(what) => Some((activity, &**what)),
        _ => None,
    })
    .collect()
}

/// All of this kind.
pub(crate) fn touches(extraction: &Extraction) -> Vec<(&Activity, &Touch)> {
    let all = extraction.activities.iter();
    all.filter_map(|activity| match &activity.what {
        What::Touch(what) => Some((activity, &**what)),
        _ => None,
    })
    .collect()
}

/// All of this kind.
pub(crate) fn tickets(extraction: &Extraction) -> Vec<(&Activity, &Ticket)> {
    let all = extraction.activities.iter();
    all.filter_map(|activity| match &activity.what {
        What::Ticket(what) => Some((activity, &**what)),
        _ => None,
    })
    .collect()
}

/// All of this kind.
pub(crate) fn execs(extraction: &Extraction) -> Vec<(&Activity, &Exec)> {
    let all = extraction.activities.iter();
    all.filter_map(|activity| match &activity.what {
        What::Exec(what) => Some((activity, &**what)),
        _ => None,
    })
    .collect()
}

/// All of this kind.
pub(crate) fn sessions(extraction: &Extraction) -> Vec<(&Activity, &Session)> {
    let all = extraction.activities.iter();
    all.filter_map(|activity| match &activity.what {
        What::Session(what) => Some((activity, what)),
        _ => None,
    })
    .collect()
}

/// All of this kind.
pub(crate) fn losses(extraction: &Extraction) -> Vec<(&Activity, &Loss)> {
    let all = extraction.activities.iter();
    all.filter_map(|activity| match &activity.what {
        What::Loss(what) => Some((activity, what)),
        _ => None,
    })
    .collect()
}
