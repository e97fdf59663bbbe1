//! Reads declarations (TOML) so that nothing is skipped in silence: what is
//! unknown, empty or of the wrong type is named with its line.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::answer::Notice;

/// Notices of one declaration; what comes after is counted in the last one.
const NOTICES_MAX: usize = 1000;

/// A value and the line it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a, 'i> {
    pub(crate) value: &'a DeValue<'i>,
    pub(crate) line: usize,
}

/// What was read, and what has to be said about it.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    kind: &'static str,
    notices: Vec<Notice>,
    more: usize,
}

/// The table of a text.
///
/// # Errors
///
/// Text that is no TOML, in words with the line.
pub(crate) fn document<'i>(
    text: &'i str,
    file: &str,
    kind: &'static str,
) -> Result<(Spanned<DeTable<'i>>, Reading), String> {
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let reading = Reading { lines, kind, notices: Vec::new(), more: 0 };
    match DeTable::parse(text) {
        Ok(table) => Ok((table, reading)),
        Err(error) => {
            let line = error.span().map_or(1, |span| reading.line(span.start));
            let message = error.message().trim();
            let hint = if message.contains("escape") {
                "; write paths with backslashes between single quotes"
            } else {
                ""
            };
            Err(format!("cannot read {file}, line {line}: {message}{hint}"))
        }
    }
}

impl Reading {
    /// The line of a byte, from 1.
    pub(crate) fn line(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start <= byte).max(1)
    }

    /// Says something about a line.
    pub(crate) fn say(&mut self, line: usize, text: &str) {
        self.say_as(self.kind, line, text);
    }

    /// Says something of another kind.
    pub(crate) fn say_as(&mut self, kind: &str, line: usize, text: &str) {
        if self.notices.len() >= NOTICES_MAX {
            self.more += 1;
            return;
        }
        let text = format!("line {line}: {text}");
        self.notices.push(Notice { kind: kind.to_owned(), text, evidence: Vec::new() });
    }

    /// All that was said.
    pub(crate) fn finish(mut self) -> Vec<Notice> {
        if self.more > 0 {
            let text = format!("{} more like these", self.more);
            self.notices.push(Notice { kind: self.kind.to_owned(), text, evidence: Vec::new() });
        }
        self.notices
    }

    /// A table's entries, to be taken one by one.
    pub(crate) fn section<'a, 'i>(&self, table: &'a DeTable<'i>) -> Section<'a, 'i> {
        let entry = |(key, value): (&'a Spanned<_>, &'a Spanned<DeValue<'i>>)| {
            let own: &std::borrow::Cow<'i, str> = key.get_ref();
            let line = self.line(key.span().start);
            (folded(own), line, value.get_ref())
        };
        Section { entries: table.iter().map(entry).collect() }
    }
}

/// Keys are compared without regard to case; `-` is `_`.
fn folded(key: &str) -> String {
    key.trim().to_lowercase().replace('-', "_")
}

/// Entries of a table that were not taken yet.
#[derive(Debug)]
pub(crate) struct Section<'a, 'i> {
    entries: Vec<(String, usize, &'a DeValue<'i>)>,
}

impl<'a, 'i> Section<'a, 'i> {
    /// Takes the first of these keys that is there.
    pub(crate) fn take(&mut self, keys: &[&str]) -> Option<Value<'a, 'i>> {
        let at = keys.iter().find_map(|key| self.entries.iter().position(|e| e.0 == *key))?;
        let (_, line, value) = self.entries.swap_remove(at);
        Some(Value { value, line })
    }

    /// Takes a text. `Err` where there is something else, or nothing in it.
    pub(crate) fn text(&mut self, keys: &[&str], to: &mut Reading) -> Result<Option<String>, ()> {
        let Some(found) = self.take(keys) else { return Ok(None) };
        let key = keys.first().copied().unwrap_or_default();
        match found.value.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
            Some(_) => {
                to.say(found.line, &format!("`{key}` is empty"));
                Err(())
            }
            None => {
                let is = found.value.type_str();
                to.say(found.line, &format!("`{key}` is of type {is}, expected a text"));
                Err(())
            }
        }
    }

    /// Takes a text or a list of texts; others are named and counted.
    pub(crate) fn texts(
        &mut self,
        keys: &[&str],
        to: &mut Reading,
    ) -> (Vec<(String, usize)>, usize) {
        let key = keys.first().copied().unwrap_or_default();
        let Some(found) = self.take(keys) else { return (Vec::new(), 0) };
        let mut texts = Vec::new();
        let mut bad = 0;
        for value in list(found, to) {
            match value.value.as_str().map(str::trim).filter(|text| !text.is_empty()) {
                Some(text) => texts.push((text.to_owned(), value.line)),
                None => {
                    bad += 1;
                    to.say(
                        value.line,
                        &format!("`{key}` holds something that is no text, or empty"),
                    );
                }
            }
        }
        (texts, bad)
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys that nobody took, with their lines, in the order of lines.
    pub(crate) fn rest(mut self) -> Vec<(String, usize)> {
        self.entries.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        self.entries.into_iter().map(|(key, line, _)| (key, line)).collect()
    }

    /// Names the keys that nobody took.
    pub(crate) fn finish(self, whose: &str, known: &[&str], to: &mut Reading) {
        for (key, line) in self.rest() {
            to.say(
                line,
                &format!("`{key}` of {whose} is not known and was not used{}", meant(&key, known)),
            );
        }
    }
}

/// The values of a list, or the one value that stands where a list could.
pub(crate) fn list<'a, 'i>(found: Value<'a, 'i>, to: &Reading) -> Vec<Value<'a, 'i>> {
    match found.value {
        DeValue::Array(all) => {
            let of = |value: &'a Spanned<DeValue<'i>>| Value {
                value: value.get_ref(),
                line: to.line(value.span().start),
            };
            all.iter().map(of).collect()
        }
        _ => vec![found],
    }
}

/// A hint for a key that is nearly one that is known.
pub(crate) fn meant(key: &str, known: &[&str]) -> String {
    let near = known.iter().find(|known| near(key, known));
    near.map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

/// Whether one letter differs, or two change places; of long ones, two letters.
pub(crate) fn near(a: &str, b: &str) -> bool {
    if a.len() > 40 || a.len() < 3 {
        return false;
    }
    let sorted = |text: &str| {
        let mut chars: Vec<char> = text.chars().collect();
        chars.sort_unstable();
        chars
    };
    if sorted(a) == sorted(b) {
        return true;
    }
    let most = if a.len() < 6 { 1 } else { 2 };
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut last = i + 1;
        for (y, pair) in b.iter().zip(row.windows(2)) {
            let [diagonal, up] = pair else { continue };
            last = (diagonal + usize::from(x != *y)).min(up + 1).min(last + 1);
            next.push(last);
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= most)
}
