//! The column `_rest`: what has no column of its own, as one JSON object a row.
//!
//! A text stands as a string, a number in its source text, `true`, `false` and
//! `null` as themselves; several values are an array. What JSON could not give
//! back exactly is an object that names its kind: `{"number":"0x1F"}`.

use std::borrow::Cow;
use std::fmt;

use sekisho_event::Kind;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::Flaw;

const EXPECTED: &str = "a JSON object of fields in _rest";

/// Writes one object after the other into the same space.
#[derive(Debug, Default)]
pub(crate) struct RestText {
    text: Vec<u8>,
}

impl RestText {
    /// Begins an object.
    pub(crate) fn begin(&mut self) {
        self.text.clear();
        self.text.push(b'{');
    }

    /// Adds a field with its values.
    pub(crate) fn field<'a>(
        &mut self,
        name: &str,
        values: impl ExactSizeIterator<Item = (Kind, &'a str)>,
    ) {
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        string(name, &mut self.text);
        self.text.push(b':');
        let several = values.len() != 1;
        if several {
            self.text.push(b'[');
        }
        for (number, (kind, text)) in values.enumerate() {
            if number > 0 {
                self.text.push(b',');
            }
            value(kind, text, &mut self.text);
        }
        if several {
            self.text.push(b']');
        }
    }

    /// The finished object.
    pub(crate) fn finish(&mut self) -> &[u8] {
        self.text.push(b'}');
        &self.text
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    // Writing into memory does not fail.
    drop(serde_json::to_writer(out, text));
}

fn value(kind: Kind, text: &str, out: &mut Vec<u8>) {
    let (plain, name) = match kind {
        Kind::String => return string(text, out),
        Kind::Number => (is_number(text), "number"),
        Kind::Bool => (matches!(text, "true" | "false"), "bool"),
        Kind::Null => (text.is_empty(), "null"),
    };
    match (plain, kind) {
        (true, Kind::Null) => out.extend(b"null"),
        (true, _) => out.extend(text.as_bytes()),
        (false, _) => {
            out.push(b'{');
            string(name, out);
            out.push(b':');
            string(text, out);
            out.push(b'}');
        }
    }
}

/// Whether a text is a number in JSON.
fn is_number(text: &str) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut rest = text.as_bytes();
    rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.first() == Some(&b'0')) {
        return false;
    }
    rest = rest.get(whole..).unwrap_or_default();
    if let Some(after) = rest.strip_prefix(b".") {
        let part = digits(after);
        if part == 0 {
            return false;
        }
        rest = after.get(part..).unwrap_or_default();
    }
    if let Some(after) = rest.strip_prefix(b"e").or(rest.strip_prefix(b"E")) {
        let after = after.strip_prefix(b"-").or(after.strip_prefix(b"+")).unwrap_or(after);
        let power = digits(after);
        return power > 0 && power == after.len();
    }
    rest.is_empty()
}

struct Pairs<'a, 'b>(&'b mut dyn FnMut(&str, &'a RawValue) -> Result<(), Flaw>);

impl<'de> Visitor<'de> for Pairs<'de, '_> {
    type Value = Result<(), Flaw>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some((name, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            if let Err(flaw) = (self.0)(&name, value) {
                return Ok(Err(flaw));
            }
        }
        Ok(Ok(()))
    }
}

/// Calls `field` for each field of an object.
pub(crate) fn read_fields<'a>(
    text: &'a str,
    field: &mut dyn FnMut(&str, &'a RawValue) -> Result<(), Flaw>,
) -> Result<(), Flaw> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_map(Pairs(field));
    let ended = read.and_then(|outcome| reader.end().map(|()| outcome));
    ended.unwrap_or_else(|e| Err(Flaw::new(format!("_rest that cannot be read ({e})"), EXPECTED)))
}

/// Calls `each` for the values of a field of an object, in order.
pub(crate) fn read_values(value: &RawValue, each: &mut dyn FnMut(Kind, &str)) -> Result<(), Flaw> {
    if value.get().starts_with('[') {
        let several: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(not_a_value)?;
        return several.into_iter().try_for_each(|one| read_one(one, each));
    }
    read_one(value, each)
}

fn not_a_value(e: serde_json::Error) -> Flaw {
    Flaw::new(format!("a value in _rest that cannot be read ({e})"), EXPECTED)
}

fn read_one(value: &RawValue, each: &mut dyn FnMut(Kind, &str)) -> Result<(), Flaw> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => {
            let text: Cow<'_, str> =
                serde_json::from_str::<Borrowed<'_>>(text).map_err(not_a_value)?.0;
            each(Kind::String, &text);
        }
        Some(b't' | b'f') => each(Kind::Bool, text),
        Some(b'n') => each(Kind::Null, ""),
        Some(b'-' | b'0'..=b'9') => each(Kind::Number, text),
        Some(b'{') => read_fields(text, &mut |name, value| {
            let kind = match name {
                "number" => Kind::Number,
                "bool" => Kind::Bool,
                "null" => Kind::Null,
                _ => return Err(Flaw::new(format!("the kind {name:?} in _rest"), EXPECTED)),
            };
            let text = serde_json::from_str::<Borrowed<'_>>(value.get()).map_err(not_a_value)?.0;
            each(kind, &text);
            Ok(())
        })?,
        _ => return Err(Flaw::new("a value in _rest of no known kind", EXPECTED)),
    }
    Ok(())
}

/// A text, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Fields = Vec<(String, Vec<(Kind, String)>)>;

    fn read(text: &str) -> Result<Fields, Flaw> {
        let mut out: Fields = Vec::new();
        read_fields(text, &mut |name, value| {
            let mut values = Vec::new();
            read_values(value, &mut |kind, text| values.push((kind, text.to_owned())))?;
            out.push((name.to_owned(), values));
            Ok(())
        })?;
        Ok(out)
    }

    fn write(fields: &Fields) -> String {
        let mut rest = RestText::default();
        rest.begin();
        for (name, values) in fields {
            rest.field(name, values.iter().map(|(kind, text)| (*kind, text.as_str())));
        }
        String::from_utf8(rest.finish().to_vec()).unwrap()
    }

    #[test]
    fn values_keep_their_kind_and_text() {
        let own = |kind, text: &str| (kind, text.to_owned());
        let fields = vec![
            ("a".to_owned(), vec![own(Kind::String, "x\"\0ü")]),
            ("b".to_owned(), vec![own(Kind::Number, "-1.50e+3"), own(Kind::Number, "0x1F")]),
            ("c".to_owned(), vec![own(Kind::Bool, "true"), own(Kind::Bool, "True")]),
            ("d".to_owned(), vec![own(Kind::Null, ""), own(Kind::Null, "-")]),
            ("e".to_owned(), vec![own(Kind::Number, "01"), own(Kind::Number, "")]),
        ];
        let text = write(&fields);
        assert_eq!(
            text,
            "{\"a\":\"x\\\"\\u0000ü\",\"b\":[-1.50e+3,{\"number\":\"0x1F\"}],\
             \"c\":[true,{\"bool\":\"True\"}],\"d\":[null,{\"null\":\"-\"}],\
             \"e\":[{\"number\":\"01\"},{\"number\":\"\"}]}"
        );
        assert_eq!(read(&text).unwrap(), fields);
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        for wrong in ["", "[]", "{\"a\":}", "{\"a\":{\"x\":\"y\"}}", "{\"a\":[[1]]}", "{} {}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_values_come_back(
            fields in prop::collection::vec(
                (".*", prop::collection::vec((0_usize..4, "[-+0-9eE.xtruefals]{0,6}|.*"), 1..4)),
                0..5,
            )
        ) {
            let kinds = [Kind::String, Kind::Number, Kind::Bool, Kind::Null];
            let fields: Fields = fields
                .into_iter()
                .map(|(name, values)| {
                    (name, values.into_iter().map(|(k, text)| (kinds[k], text)).collect())
                })
                .collect();
            prop_assert_eq!(read(&write(&fields)).unwrap(), fields);
        }
    }
}
