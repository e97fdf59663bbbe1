//! Withheld values that leave all the same: a record that goes into a release
//! may say in clear what the fields keep back, as the reasons of a verdict do.
//!
//! All texts of the records are cut into words once; a value is then looked
//! for only in the texts that have its rarest word. Found is a value that
//! stands there as it is, in upper or lower case, and a word or path of it
//! that stands in a sentence. What a record says in other words is not found.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use serde_json::Value;

use super::files::Leaving;

/// Fewest characters of a value that is looked for: shorter ones are in every
/// text by chance.
const CHARACTERS_MIN: usize = 2;

/// Fewest characters of a part of a value that is looked for.
const PART_CHARACTERS_MIN: usize = 4;

/// Fewest digits of a number that is looked for outside of sentences, where
/// small ones are counts and places.
const DIGITS_MIN: usize = 6;

/// Most values of a field that are named one by one.
const VALUES_MAX: usize = 5;

/// Members that say nothing: what kind of record it is, and chance.
const SILENT: [&str; 2] = ["type", "nonce"];

/// What the records of one type say of one withheld field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    kind: String,
    field: String,
    /// Whether the whole value, not a part of it.
    whole: bool,
}

/// Withheld values that stand in clear in the records of a release.
#[derive(Clone, Debug, Default)]
pub(super) struct InClear {
    values: BTreeMap<Place, BTreeSet<String>>,
    /// By type of record: where the first of them stands.
    entries: BTreeMap<String, u64>,
}

impl InClear {
    /// Looks for withheld fields, given as name and JSON of the value.
    pub(super) fn find<'v>(
        records: &[Leaving],
        withheld: impl Iterator<Item = &'v (String, String)>,
    ) -> Self {
        let texts = Texts::of(records);
        let mut found = Self { entries: texts.entries.clone(), ..Self::default() };
        for (field, json) in withheld {
            let Ok(value) = serde_json::from_str::<Value>(json) else { continue };
            let mut words = Vec::new();
            leaves(&value, &mut words);
            for text in words {
                found.look(&texts, field, &text);
            }
        }
        found
    }

    fn look(&mut self, texts: &Texts, field: &str, value: &str) {
        let kinds = texts.with(value);
        for part in parts(value) {
            for kind in texts.with_part(part).difference(&kinds) {
                self.add(kind, field, part, false);
            }
        }
        for kind in kinds {
            self.add(kind, field, value, true);
        }
    }

    fn add(&mut self, kind: &str, field: &str, text: &str, whole: bool) {
        let place = Place { kind: kind.to_owned(), field: field.to_owned(), whole };
        self.values.entry(place).or_default().insert(text.to_owned());
    }

    /// One line for each type of record that says any; nothing if none does.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (place, values) in &self.values {
            let mut named: Vec<String> = values
                .iter()
                .take(VALUES_MAX)
                .map(|v| Value::from(v.as_str()).to_string())
                .collect();
            if values.len() > VALUES_MAX {
                named.push(format!("and {} more", values.len() - VALUES_MAX));
            }
            let part = if place.whole { "" } else { "a part of " };
            let said = format!("{part}{} {}", place.field, named.join(", "));
            lines.entry(&place.kind).or_default().push(said);
        }
        let line = |(kind, said): (&str, Vec<String>)| {
            let entry = self.entries.get(kind).copied().unwrap_or_default();
            format!("{kind} (entries/{entry}): {}", said.join("; "))
        };
        lines.into_iter().map(line).collect()
    }
}

/// A text that stands in records.
#[derive(Debug)]
struct Text {
    lower: String,
    sentence: bool,
    kinds: BTreeSet<String>,
}

/// All texts of the records, each once.
#[derive(Debug, Default)]
struct Texts {
    texts: Vec<Text>,
    /// By word: the texts that have it.
    words: HashMap<String, Vec<usize>>,
    entries: BTreeMap<String, u64>,
}

impl Texts {
    fn of(records: &[Leaving]) -> Self {
        let mut texts = Self::default();
        let mut known = HashMap::new();
        for record in records {
            let Ok(Value::Object(members)) = serde_json::from_str(&record.text) else { continue };
            texts.entries.entry(record.kind.clone()).or_insert(record.entry);
            let mut said = Vec::new();
            let speaking = |(name, _): &(&String, &Value)| !SILENT.contains(&name.as_str());
            members.iter().filter(speaking).for_each(|(_, value)| leaves(value, &mut said));
            for text in said {
                let at = *known.entry(text).or_insert_with_key(|text| texts.add(text));
                if let Some(text) = texts.texts.get_mut(at) {
                    text.kinds.insert(record.kind.clone());
                }
            }
        }
        texts
    }

    fn add(&mut self, text: &str) -> usize {
        let (at, lower) = (self.texts.len(), text.to_lowercase());
        for word in words(&lower).collect::<BTreeSet<_>>() {
            self.words.entry_ref(word).or_default().push(at);
        }
        let sentence = lower.trim().contains(char::is_whitespace);
        self.texts.push(Text { lower, sentence, kinds: BTreeSet::new() });
        at
    }

    /// The types of the records that have a value, as it is or escaped once
    /// more as JSON.
    fn with(&self, value: &str) -> BTreeSet<&str> {
        let lower = value.to_lowercase();
        if lower.chars().count() < CHARACTERS_MIN {
            return BTreeSet::new();
        }
        let number = lower.bytes().all(|byte| byte.is_ascii_digit());
        let escaped = Value::from(lower.as_str()).to_string();
        let escaped = escaped.get(1..escaped.len().saturating_sub(1)).unwrap_or_default();
        let has = |text: &&Text| {
            let small = number && lower.len() < DIGITS_MIN && !text.sentence;
            let stands = |needle: &str| stands_in(&text.lower, needle, |c| in_word(c, number));
            !small && (stands(&lower) || (escaped != lower && stands(escaped)))
        };
        let kinds = self.candidates(&lower).filter(has).flat_map(|text| &text.kinds);
        kinds.map(String::as_str).collect()
    }

    /// The types of the records with a sentence that has a part of a value.
    fn with_part(&self, part: &str) -> BTreeSet<&str> {
        let lower = part.to_lowercase();
        let inside = |c: char| !c.is_whitespace() && !DIVIDERS.contains(&c);
        let has = |text: &&Text| text.sentence && stands_in(&text.lower, &lower, inside);
        let kinds = self.candidates(&lower).filter(has).flat_map(|text| &text.kinds);
        kinds.map(String::as_str).collect()
    }

    /// The texts that have the rarest word of a value.
    fn candidates<'t>(&'t self, lower: &str) -> impl Iterator<Item = &'t Text> {
        const NONE: &[usize] = &[];
        let with = |word: &str| self.words.get(word).map_or(NONE, Vec::as_slice);
        let rarest = words(lower).map(with).min_by_key(|texts| texts.len()).unwrap_or(NONE);
        rarest.iter().filter_map(|&at| self.texts.get(at))
    }
}

/// All strings and numbers of a value, as text.
fn leaves(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Number(number) => out.push(number.to_string()),
        Value::Array(all) => all.iter().for_each(|value| leaves(value, out)),
        Value::Object(all) => all.values().for_each(|value| leaves(value, out)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn words(lower: &str) -> impl Iterator<Item = &str> {
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a character goes on with what is beside it; a number goes on after
/// a point or a dash, as in an address or a day.
fn in_word(c: char, number: bool) -> bool {
    c.is_alphanumeric() || (number && matches!(c, '.' | '-'))
}

/// Whether a text has another one that nothing goes on with at its ends.
fn stands_in(text: &str, needle: &str, inside: impl Fn(char) -> bool) -> bool {
    let begins = needle.starts_with(&inside);
    let ends = needle.ends_with(&inside);
    text.match_indices(needle).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let mut after = text.get(at + needle.len()..).unwrap_or_default().chars();
        // A point at the end of a sentence ends a number too.
        let after = match (after.next(), after.next()) {
            (Some('.'), None) => None,
            (Some('.'), Some(c)) if c.is_whitespace() => None,
            (next, _) => next,
        };
        let goes_on =
            (begins && before.is_some_and(&inside)) || (ends && after.is_some_and(&inside));
        !goes_on
    })
}

/// What parts of a value lie between.
const DIVIDERS: [char; 13] = ['"', '\'', ',', ';', '(', ')', '<', '>', '|', '=', '@', '\\', '/'];

/// Words and paths within a value that are no words of a language, and the
/// last names of paths.
fn parts(value: &str) -> BTreeSet<&str> {
    let mut parts = BTreeSet::new();
    let path = ['\\', '/'];
    let divides = |c: char| c.is_whitespace() || (DIVIDERS.contains(&c) && !path.contains(&c));
    for piece in value.split(divides) {
        let piece = piece.trim_matches(['.', ':']);
        if piece.chars().any(|c| !c.is_alphabetic()) {
            parts.insert(piece);
        }
        if let Some((_, last)) = piece.trim_end_matches(path).rsplit_once(path) {
            parts.insert(last);
        }
    }
    let enough = |part: &&str| {
        *part != value
            && part.chars().count() >= PART_CHARACTERS_MIN
            && part.chars().any(char::is_alphabetic)
    };
    parts.into_iter().filter(enough).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(record: &Value, fields: &[(&str, Value)]) -> Vec<String> {
        let kind = record["type"].as_str().unwrap().to_owned();
        let text = record.to_string();
        let fields: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        InClear::find(&[Leaving { entry: 7, kind, text }], fields.iter()).lines()
    }

    #[test]
    fn values_and_parts_of_them_are_found_in_sentences() {
        let verdict = serde_json::json!({"type": "verdict", "nonce": "tcp", "exposure": 1,
            "why": ["EXAMPLE\\adm-Tanaka 7z.exe copied E:\\Shares\\Plans\\*",
                    "from FS01 sent 1945416417 bytes to 203.0.113.77:443."]});
        let fields = [
            ("User", "EXAMPLE\\adm-tanaka".into()),
            ("CommandLine", "7z.exe a C:\\Temp\\~rs.7z E:\\Shares\\Plans\\*".into()),
            ("id.resp_h", "203.0.113.77".into()),
            ("id.resp_p", 443.into()),
            ("orig_bytes", 1_945_416_417_u64.into()),
            ("list", serde_json::json!(["x", {"a": "FS01"}])),
            // None of these stands there.
            ("EventID", 1.into()),
            ("near", "203.0.113.7".into()),
            ("number", 113.into()),
            ("proto", "tcp".into()),
            ("word", "sent by mail".into()),
            ("nothing", "-".into()),
            ("truth", true.into()),
        ];
        let expected = "verdict (entries/7): a part of CommandLine \"7z.exe\", \
                        \"E:\\\\Shares\\\\Plans\\\\*\"; User \"EXAMPLE\\\\adm-tanaka\"; \
                        id.resp_h \"203.0.113.77\"; id.resp_p \"443\"; list \"FS01\"; \
                        orig_bytes \"1945416417\"";
        let mut said = found(&verdict, &fields);
        assert_eq!(said.len(), 1);
        let mut said: Vec<&str> = said.remove(0).leak().split("; ").collect();
        said.sort_unstable();
        let mut expected: Vec<&str> = expected.split("; ").collect();
        expected.sort_unstable();
        assert_eq!(said, expected);
    }

    #[test]
    fn outside_of_sentences_only_whole_values_and_large_numbers_are_found() {
        let cell = serde_json::json!({"type": "cell", "host": "FS01.example.org", "number": 443,
            "day": "2026-03-17", "first": {"record_id": 366_132}, "quoted": "a\\\\b"});
        let fields = [
            ("Computer", "fs01.EXAMPLE.org".into()),
            ("EventRecordID", 366_132.into()),
            ("port", 443.into()),
            ("day", 17.into()),
            ("part", "C:\\FS01.example.org\\x".into()),
            ("escaped", "a\\b".into()),
        ];
        let said = found(&cell, &fields);
        let expected = "cell (entries/7): Computer \"fs01.EXAMPLE.org\"; EventRecordID \"366132\"; \
                        escaped \"a\\\\b\"";
        assert_eq!(said, [expected]);
    }
}
