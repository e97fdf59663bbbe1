//! Records as the `evtx` crate renders them, for those that are out of the
//! ordinary. Slower by far than [`super::layout`] and [`super::json`], and the
//! oracle that both are tested against.

use std::ops::Range;
use std::sync::Arc;

use evtx::err::EvtxError;
use evtx::{EvtxChunkData, EvtxRecord, IterChunkRecords, ParserSettings};
use hashbrown::HashMap;
use serde_json::Value;

use super::chunk::Span;
use super::names;
use crate::dictionary::Kind;
use crate::limits::RECORD_CELLS_MAX;

/// Memory that the rendered records of one block may take before they are made
/// anew, in bytes (one more chunk can come on top).
const RENDERED_BYTES_MAX: usize = 16 << 20;

/// Bytes from a record's header to its BinXML.
const RECORD_HEADER_BYTES: u64 = 24;

/// A field of a record: its name, kind and text.
pub(super) type Field<'a> = (&'a str, Kind, &'a str);

/// How records are rendered.
pub(super) fn settings() -> Arc<ParserSettings> {
    Arc::new(ParserSettings::new().indent(false))
}

/// The crate's view of one chunk, wound forward record by record.
pub(super) struct Winder<'a, 'b> {
    records: &'b mut IterChunkRecords<'a>,
    /// One that was met too early.
    pending: Option<EvtxRecord<'a>>,
}

/// Opens a chunk for the crate and hands a [`Winder`] to `f`.
pub(super) fn with_winder<T>(
    data: &[u8],
    settings: &Arc<ParserSettings>,
    f: impl FnOnce(Option<Winder<'_, '_>>) -> T,
) -> T {
    let Ok(mut data) = EvtxChunkData::new(data.to_vec(), false) else { return f(None) };
    let Ok(mut chunk) = data.parse(Arc::clone(settings)) else { return f(None) };
    let mut records = chunk.iter();
    f(Some(Winder { records: &mut records, pending: None }))
}

impl<'a> Winder<'a, '_> {
    /// Shows the fields of a record of the chunk, in order. Records must be
    /// asked for in the order in which they stand.
    pub(super) fn fields(
        &mut self,
        span: &Span,
        visit: &mut dyn FnMut(Field<'_>),
    ) -> Result<(), String> {
        let record = self.wind(span)?;
        let value = record.into_json_value().map_err(|e| one_line(&e))?.data;
        let mut cells = 0;
        flatten(&value, &mut Vec::new(), &mut |field| {
            cells += 1;
            if cells <= RECORD_CELLS_MAX {
                visit(field);
            }
        });
        if cells <= RECORD_CELLS_MAX { Ok(()) } else { Err(TOO_MANY_CELLS.into()) }
    }

    fn wind(&mut self, span: &Span) -> Result<EvtxRecord<'a>, String> {
        let body = span.body as u64;
        loop {
            let next = match self.pending.take() {
                Some(record) => Ok(record),
                None => self.records.next().ok_or("it is not among those of its chunk")?,
            };
            match next {
                Ok(record) if record.binxml_offset == body => return Ok(record),
                Ok(record) if record.binxml_offset > body => {
                    self.pending = Some(record);
                    return Err("it is not among those of its chunk".into());
                }
                Err(EvtxError::FailedToParseRecord { record_id, source })
                    if record_id == span.id =>
                {
                    return Err(one_line(&*source));
                }
                _ => {}
            }
        }
    }
}

/// Why a record with more fields than allowed is refused.
pub(super) const TOO_MANY_CELLS: &str = "it has too many fields";

/// An error with its causes, in one line.
fn one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text.replace(['\n', '\r'], " ")
}

/// Shows each field of a rendered record.
fn flatten<'v>(value: &'v Value, path: &mut Vec<&'v str>, visit: &mut dyn FnMut(Field<'_>)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                flatten_member(key, member, path, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| flatten(item, path, visit)),
        Value::Null if !names::keeps_nulls(path) => {}
        _ => with_text(value, |kind, text| {
            names::of_element(path, |name| visit((name, kind, text)));
        }),
    }
}

fn flatten_member<'v>(
    key: &'v str,
    member: &'v Value,
    path: &mut Vec<&'v str>,
    visit: &mut dyn FnMut(Field<'_>),
) {
    match (key, member) {
        ("#attributes", Value::Object(attributes)) => {
            for (attribute, value) in attributes {
                with_text(value, |kind, text| {
                    names::of_attribute(path, attribute, |name| visit((name, kind, text)));
                });
            }
        }
        ("#text", _) => flatten(member, path, visit),
        _ => {
            path.push(key);
            flatten(member, path, visit);
            path.pop();
        }
    }
}

fn with_text(value: &Value, visit: impl FnOnce(Kind, &str)) {
    match value {
        Value::String(text) => visit(Kind::String, text),
        Value::Number(number) => visit(Kind::Number, &number.to_string()),
        Value::Bool(true) => visit(Kind::Bool, "true"),
        Value::Bool(false) => visit(Kind::Bool, "false"),
        Value::Null => visit(Kind::Null, ""),
        Value::Array(_) | Value::Object(_) => {}
    }
}

/// The rendered records of a block, chunk by chunk, made when first asked for.
#[derive(Default)]
pub(super) struct Rendered {
    json: Vec<u8>,
    /// By chunk, then by record: where its BinXML begins, and its JSON.
    chunks: HashMap<usize, Vec<(u64, Range<usize>)>>,
}

impl Rendered {
    /// Appends the JSON of the record at an offset of a chunk, or `null`.
    pub(super) fn write(
        &mut self,
        number: usize,
        at: usize,
        chunk: &[u8],
        settings: &Arc<ParserSettings>,
        out: &mut Vec<u8>,
    ) {
        if self.json.len() > RENDERED_BYTES_MAX {
            self.json.clear();
            self.chunks.clear();
        }
        let Self { json, chunks } = self;
        let records = chunks.entry(number).or_insert_with(|| render(chunk, settings, json));
        let body = at as u64 + RECORD_HEADER_BYTES;
        let found = records.binary_search_by_key(&body, |r| r.0).ok();
        let text = found.and_then(|i| records.get(i)).and_then(|r| json.get(r.1.clone()));
        out.extend_from_slice(text.unwrap_or(b"null"));
    }
}

fn render(
    chunk: &[u8],
    settings: &Arc<ParserSettings>,
    json: &mut Vec<u8>,
) -> Vec<(u64, Range<usize>)> {
    let mut spans = Vec::new();
    with_winder(chunk, settings, |winder| {
        let Some(winder) = winder else { return };
        for record in winder.records.by_ref().flatten() {
            let body = record.binxml_offset;
            if let Ok(rendered) = record.into_json_bytes() {
                let from = json.len();
                json.extend_from_slice(&rendered.data);
                spans.push((body, from..json.len()));
            }
        }
    });
    spans
}
