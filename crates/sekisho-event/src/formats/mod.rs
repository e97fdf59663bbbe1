//! The formats, one file each. To add one: write the file, put it into
//! [`FORMATS`].

pub mod cisco;
pub mod csv;
pub mod event_viewer;
pub mod evtx;
pub mod json;
mod lines;
mod text;
mod utf16;
pub mod zeek_tsv;

use crate::reader::Format;

/// All formats, in the order in which they are asked.
pub static FORMATS: &[&dyn Format] = &[
    &evtx::Evtx,
    &json::Json,
    &zeek_tsv::ZeekTsv,
    &cisco::Cisco,
    &event_viewer::EventViewer,
    &csv::Csv,
];

/// The format of a source that begins with these bytes (see
/// [`Format::recognises`]), by content alone.
#[must_use]
pub fn recognise(start: &[u8], whole: bool) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|f| f.recognises(start, whole))
}
