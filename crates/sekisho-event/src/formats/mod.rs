//! The formats, one file each. To add one: write the file, put it into
//! [`FORMATS`].

pub mod access_log;
pub mod auditd;
pub mod csv;
pub mod event_viewer;
pub mod event_xml;
pub mod evtx;
pub mod journal_export;
pub mod json;
mod lines;
pub mod mended;
pub mod squid;
pub mod stamped;
pub mod syslog;
mod text;
mod utf16;
pub mod w3c;
mod web;
pub mod web_error;
pub mod zeek_tsv;

use crate::reader::Format;

/// All formats, in the order in which they are asked.
pub static FORMATS: &[&dyn Format] = &[
    &evtx::Evtx,
    &json::Json,
    &zeek_tsv::ZeekTsv,
    &w3c::W3c,
    &event_xml::EventXml,
    &journal_export::JournalExport,
    &auditd::Auditd,
    &squid::Squid,
    &access_log::AccessLog,
    &web_error::WebError,
    &event_viewer::EventViewer,
    &syslog::CEF,
    &syslog::LEEF,
    &syslog::FIREWALL,
    &syslog::CISCO,
    &syslog::SYSLOG,
    &csv::Csv,
    // The last resort.
    &stamped::Stamped,
];

/// The format of a source that begins with these bytes (see
/// [`Format::recognises`]), by content alone.
#[must_use]
pub fn recognise(start: &[u8], whole: bool) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|f| f.recognises(start, whole))
}
