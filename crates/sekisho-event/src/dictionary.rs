//! Distinct values, each kept once. Rules ask a question about a *value*, not
//! about an event: what the dictionary has seen before costs one look-up, and
//! whatever was found out about it can be remembered under its [`ValueId`].

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// What a value was in its source. Numbers, booleans and nulls keep their
/// source text, so that a rule that compares text and one that compares
/// numbers both see what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    String,
    /// A number in decimal notation.
    Number,
    /// `true` or `false`.
    Bool,
    /// Present, but without a value; its text is empty.
    Null,
}

/// A distinct value of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value<'a> {
    /// What it was in the source.
    pub kind: Kind,
    /// Its text, decoded to UTF-8.
    pub text: &'a str,
}

/// Number of a distinct value within its [`Dictionary`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);

impl ValueId {
    /// "The event has no such field". Never the id of a value.
    pub const ABSENT: Self = Self(0);

    /// The id as an index; `0` stands for [`ValueId::ABSENT`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether there is a value.
    #[must_use]
    pub fn is_present(self) -> bool {
        self.0 != 0
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    raw_at: u32,
    raw_len: u32,
    text_at: u32,
    text_len: u32,
    form: u8,
    kind: Kind,
    /// The raw bytes are the text, and are kept once.
    plain: bool,
}

/// The distinct values of one field.
///
/// A value is found again by its *raw* bytes and their `form` (UTF-16 as EVTX
/// writes it, a JSON string before its escapes are resolved, a 32-bit integer
/// …), so that a value seen before is never decoded again. The same text in
/// two raw forms has two ids; no consumer may take different ids for different
/// texts.
#[derive(Debug, Default)]
pub struct Dictionary {
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    entries: Vec<Entry>,
    raw: Vec<u8>,
    text: String,
    /// Index of the value asked for last: many fields say the same again and
    /// again, and a comparison is cheaper than a hash.
    last: u32,
}

impl Dictionary {
    /// The id of the value with these raw bytes. `decode` appends its text and
    /// says its kind; it is called for a value not seen before only.
    pub fn intern(
        &mut self,
        form: u8,
        raw: &[u8],
        decode: impl FnOnce(&[u8], &mut String) -> Kind,
    ) -> ValueId {
        let Self { table, entries, raw: raws, text, hasher, last } = self;
        let same = |&i: &u32| {
            entries.get(i as usize).is_some_and(|e| {
                e.form == form && e.raw_len as usize == raw.len() && raw_of(e, raws, text) == raw
            })
        };
        if same(last) {
            return ValueId(*last + 1);
        }
        let hash = hasher.hash_one((form, raw));
        if let Some(&found) = table.find(hash, same) {
            *last = found;
            return ValueId(found + 1);
        }
        let text_at = text.len();
        let kind = decode(raw, text);
        let plain = text.as_bytes().get(text_at..) == Some(raw);
        let raw_at = raws.len();
        if !plain {
            raws.extend_from_slice(raw);
        }
        let index = to_u32(entries.len());
        entries.push(Entry {
            raw_at: to_u32(raw_at),
            raw_len: to_u32(raw.len()),
            text_at: to_u32(text_at),
            text_len: to_u32(text.len() - text_at),
            form,
            kind,
            plain,
        });
        table.insert_unique(hash, index, |&i| {
            entries.get(i as usize).map_or(0, |e| hasher.hash_one((e.form, raw_of(e, raws, text))))
        });
        *last = index;
        ValueId(index + 1)
    }

    /// The id of a value that is UTF-8 text already.
    pub fn intern_str(&mut self, kind: Kind, text: &str) -> ValueId {
        // Forms of readers start at zero; the last ones are this function's.
        let form = match kind {
            Kind::String => 255,
            Kind::Number => 254,
            Kind::Bool => 253,
            Kind::Null => 252,
        };
        self.intern(form, text.as_bytes(), |_, out| {
            out.push_str(text);
            kind
        })
    }

    /// The value with this id; `None` for [`ValueId::ABSENT`] and for ids of
    /// before the last [`Dictionary::clear`].
    #[must_use]
    pub fn get(&self, id: ValueId) -> Option<Value<'_>> {
        let entry = self.entries.get(id.index().checked_sub(1)?)?;
        let text = self.text.get(span(entry.text_at, entry.text_len))?;
        Some(Value { kind: entry.kind, text })
    }

    /// The text of a value, empty where there is none.
    #[must_use]
    pub fn text(&self, id: ValueId) -> &str {
        self.get(id).map_or("", |v| v.text)
    }

    /// How many distinct values there are. Ids run from 1 to this.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no value has been seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Memory taken, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.capacity()
            + self.raw.capacity()
            + self.entries.capacity() * (size_of::<Entry>() + 2 * size_of::<u32>())
    }

    /// Forgets all values and gives their memory back.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

fn raw_of<'a>(entry: &Entry, raws: &'a [u8], text: &'a str) -> &'a [u8] {
    let found = if entry.plain {
        text.as_bytes().get(span(entry.text_at, entry.text_len))
    } else {
        raws.get(span(entry.raw_at, entry.raw_len))
    };
    found.unwrap_or_default()
}

fn span(at: u32, len: u32) -> std::ops::Range<usize> {
    at as usize..at as usize + len as usize
}

/// Dictionaries are emptied long before they reach 4 GiB
/// ([`crate::limits::DICTIONARY_BYTES_MAX`]).
fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_once_and_by_form() {
        let mut d = Dictionary::default();
        let a = d.intern_str(Kind::String, "x");
        let b = d.intern_str(Kind::Number, "x");
        let c = d.intern(0, b"x", |_, out| {
            out.push('x');
            Kind::String
        });
        assert_eq!(a, d.intern_str(Kind::String, "x"));
        assert_ne!(a, b);
        assert_ne!(a, c);
        assert_eq!(d.len(), 3);
        assert_eq!(d.get(b), Some(Value { kind: Kind::Number, text: "x" }));
        assert_eq!(d.get(ValueId::ABSENT), None);
    }

    #[test]
    fn decoding_happens_once() {
        let mut d = Dictionary::default();
        let mut calls = 0;
        for _ in 0..3 {
            d.intern(7, &[0x41, 0x00], |_, out| {
                calls += 1;
                out.push('A');
                Kind::String
            });
        }
        assert_eq!(calls, 1);
        assert_eq!(d.text(ValueId(1)), "A");
    }
}
