//! A stored event as one JSON object.

use sekisho_event::{EventBatch, Kind, Value, Vocabulary};

use crate::examine::json;

/// Appends the fields of a row, in bytewise order of their names. One value is
/// a string, number, boolean or null; several are an array of these.
pub(super) fn write(batch: &EventBatch, row: usize, vocabulary: &Vocabulary, out: &mut Vec<u8>) {
    let mut fields: Vec<_> = batch
        .columns
        .iter()
        .map(|column| (vocabulary.name(column.field), column))
        .filter(|(_, column)| column.first(row).is_present())
        .collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    out.push(b'{');
    for (at, (name, column)) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json::string(name, out);
        out.push(b':');
        let values = column.values(row);
        let mut values = values.filter_map(|id| vocabulary.dictionary(column.field)?.get(id));
        let first = values.next();
        let rest: Vec<Value<'_>> = values.collect();
        if !rest.is_empty() {
            out.push(b'[');
        }
        first.into_iter().for_each(|one| value(one, out));
        for &one in &rest {
            out.push(b',');
            value(one, out);
        }
        if !rest.is_empty() {
            out.push(b']');
        }
    }
    out.push(b'}');
}

fn value(value: Value<'_>, out: &mut Vec<u8>) {
    let plain = match value.kind {
        Kind::String => false,
        Kind::Number => serde_json::from_str::<serde_json::value::RawValueCheck>(value.text).is_ok(),
        Kind::Bool => matches!(value.text, "true" | "false"),
        Kind::Null => return out.extend_from_slice(b"null"),
    };
    if plain {
        out.extend_from_slice(value.text.as_bytes());
    } else {
        json::string(value.text, out);
    }
}
