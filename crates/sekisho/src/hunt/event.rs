//! A stored event as one JSON object.

use sekisho_case::value::{Value, write_values};
use sekisho_event::{Dictionary, EventBatch, Kind, ValueId, Vocabulary};

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
        let Some(dictionary) = vocabulary.dictionary(column.field) else {
            out.extend_from_slice(b"null");
            continue;
        };
        write_values(out, column.values(row).map(|id| value(dictionary, id)));
    }
    out.push(b'}');
}

fn value(dictionary: &Dictionary, id: ValueId) -> Value<'_> {
    let Some(value) = dictionary.get(id) else { return Value::Null };
    match value.kind {
        Kind::String => Value::String(value.text),
        Kind::Number => Value::Number(value.text),
        Kind::Bool => Value::Bool(value.text.eq_ignore_ascii_case("true")),
        Kind::Null => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use sekisho_event::{BatchBuilder, RowHead, Shape};

    use super::*;

    #[test]
    fn fields_come_in_order_and_with_their_kinds() {
        let mut vocabulary = Vocabulary::default();
        let mut cells = Vec::new();
        for (name, kind, text) in [
            ("b", Kind::Number, "7"),
            ("a", Kind::String, "x\"y"),
            ("b", Kind::Number, "0x7"),
            ("c", Kind::Null, ""),
            ("d", Kind::Bool, "true"),
        ] {
            let field = vocabulary.field(name).unwrap();
            let id = vocabulary.dictionary_mut(field).unwrap().intern_str(kind, text);
            cells.push((field, id));
        }
        let mut builder = BatchBuilder::default();
        let shape = builder.shape(&Shape::unknown());
        let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record: 0 };
        builder.push(shape, head, &cells);
        let mut out = Vec::new();
        write(&builder.finish()[0], 0, &vocabulary, &mut out);
        let said = String::from_utf8(out).unwrap();
        assert_eq!(said, r#"{"a":"x\"y","b":[7,"0x7"],"c":null,"d":true}"#);
    }
}
