//! Turns the text of an event's message, in the language in which Windows
//! wrote it, back into the fields of the event.
//!
//! Event Viewer saves no fields, only the message: a template of the event's
//! provider, in the user's language, filled with the fields' values. Most
//! templates are lines of `label: value` under headings; the same label is
//! another field under another heading and in another event. So words of a
//! language become labels and headings of no language first (`en.txt`,
//! `ja.txt`, …), and then one table for all languages says which field of
//! which event they are (`ids.txt`). The languages need not be told apart.
//!
//! What is not known stays text and is counted. A label below a heading that
//! is not known is no field, unless it is the same under any heading.

mod powershell;
mod sentence;
mod tables;
#[cfg(test)]
mod tests;

use hashbrown::{Equivalent, HashMap};
use memchr::{memchr2, memmem};

use self::sentence::Plain;
use self::tables::{ANY, Field, Found, Reach, Reading, TABLES, UNKNOWN, Word, normal};

/// Longest label that is looked at, in bytes.
const LABEL_BYTES_MAX: usize = 160;

/// Most words and most kinds of event that are remembered.
const REMEMBERED_MAX: usize = 4096;

/// Remembers what words and kinds of event mean, since logs say the same ones
/// again and again. What is said does not depend on it.
#[derive(Default)]
pub(in crate::formats) struct Memory {
    /// Labels, headings and words for codes, as they were written.
    words: HashMap<String, Word>,
    events: HashMap<(String, u32), Option<Found<'static>>>,
    /// A word as it is looked up.
    normal: String,
}

/// A kind of event as it is asked for.
#[derive(Hash)]
struct Asked<'a>(&'a str, u32);

impl Equivalent<(String, u32)> for Asked<'_> {
    fn equivalent(&self, key: &(String, u32)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

impl Memory {
    fn event(&mut self, provider: &str, event_id: u32) -> Option<Found<'static>> {
        if let Some(found) = self.events.get(&Asked(provider, event_id)) {
            return *found;
        }
        let found = TABLES.event(provider, event_id);
        if provider.len() <= LABEL_BYTES_MAX {
            if self.events.len() >= REMEMBERED_MAX {
                self.events.clear();
            }
            self.events.insert((provider.to_owned(), event_id), found);
        }
        found
    }

    fn word(&mut self, written: &str) -> Word {
        if let Some(word) = self.words.get(written) {
            return *word;
        }
        normal(written, &mut self.normal);
        let word = TABLES.word(&self.normal);
        if self.words.len() >= REMEMBERED_MAX {
            self.words.clear();
        }
        self.words.insert(written.to_owned(), word);
        word
    }
}

/// Says the fields of an event of which this is the message: the names are
/// those that the event has in an EVTX file. The result is how many labels,
/// headings or sentences of it are not known; they stay text. An event that is
/// not known counts as one of them.
pub(super) fn fields(
    provider: &str,
    event_id: u32,
    message: &str,
    memory: &mut Memory,
    emit: &mut dyn FnMut(&str, &str),
) -> usize {
    let Some(event) = memory.event(provider, event_id) else { return 1 };
    match event.reading {
        Reading::Script => powershell::script(message, &event, emit),
        Reading::Module => powershell::module(message, emit),
        Reading::Data => {
            emit("Data", message.trim());
            if event.fields.is_empty() {
                0
            } else {
                Labels::new(message, &event, memory).read(emit)
            }
        }
        Reading::Labels if event.sentences.is_empty() && event.roles.is_empty() => {
            Labels::new(message, &event, memory).read(emit)
        }
        Reading::Labels => sentences(message, &event, memory, emit),
    }
}

/// An event whose values stand in a sentence.
fn sentences(
    message: &str,
    event: &Found<'_>,
    memory: &mut Memory,
    emit: &mut dyn FnMut(&str, &str),
) -> usize {
    let plain = Plain::of(message);
    if event.sentences.iter().any(|s| s.read(&plain, emit)) {
        return 0;
    }
    if !event.roles.is_empty() {
        return usize::from(!sentence::quoted(&plain, event.roles, emit));
    }
    if event.fields.is_empty() { 1 } else { Labels::new(message, event, memory).read(emit) }
}

/// A line that has a label.
struct Labelled<'a> {
    label: &'a str,
    /// Without the white space around it.
    value: &'a str,
    /// Where what stands behind the label begins in the line.
    at: usize,
    indented: bool,
    /// Label or value are set off by a tab, as templates do and prose does not.
    tabbed: bool,
}

impl<'a> Labelled<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (colon, len) = colon(line)?;
        let (label, rest) = (line.get(..colon)?, line.get(colon + len..)?);
        // Some templates have the colon twice.
        let twice = rest.strip_prefix(':').filter(|r| r.trim_start().len() < r.len());
        let value = twice.unwrap_or(rest);
        let before = line.get(..line.len() - trim_start(line).len()).unwrap_or_default();
        Some(Self {
            label: trim(label),
            value: trim(value),
            at: line.len() - value.len(),
            indented: !before.is_empty(),
            tabbed: before.contains('\t') || value.starts_with('\t'),
        })
    }
}

/// Where the colon behind a label stands, and how long it is.
fn colon(line: &str) -> Option<(usize, usize)> {
    const WIDE: &[u8] = "：".as_bytes();
    let bytes = line.as_bytes();
    let start = bytes.get(..LABEL_BYTES_MAX).unwrap_or(bytes);
    let mut from = 0;
    loop {
        let at = from + memchr2(b':', 0xEF, start.get(from..)?)?;
        match bytes.get(at..) {
            Some([b':', ..]) => return Some((at, 1)),
            Some(rest) if rest.starts_with(WIDE) => return Some((at, WIDE.len())),
            _ => from = at + 1,
        }
    }
}

/// As [`str::trim`], but at once where there is only white space of ASCII.
fn trim(text: &str) -> &str {
    let text = text.trim_ascii();
    match text.as_bytes() {
        [b'!'..=b'~', .., b'!'..=b'~'] | [b'!'..=b'~'] | [] => text,
        _ => text.trim(),
    }
}

/// As [`str::trim_start`], likewise.
fn trim_start(text: &str) -> &str {
    let text = text.trim_ascii_start();
    if matches!(text.as_bytes(), [b'!'..=b'~', ..] | []) { text } else { text.trim_start() }
}

/// The lines of a text and where they begin, without line ends.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
    let mut at = 0;
    ends.chain([text.len()]).filter_map(move |end| {
        let start = at;
        at = end;
        let line = text.get(start..end).filter(|line| !line.is_empty())?;
        Some((start, line.trim_end_matches(['\r', '\n'])))
    })
}

/// A value that goes on in the lines below its label.
struct Open<'e> {
    field: &'e Field,
    start: usize,
    end: usize,
}

/// Reads a message of labels.
struct Labels<'a, 'e> {
    message: &'a str,
    event: &'e Found<'e>,
    section: u16,
    open: Option<Open<'e>>,
    unknown: usize,
    memory: &'e mut Memory,
    /// Where the last description of a task ends, once that was asked for.
    document_end: Option<usize>,
}

impl<'a, 'e> Labels<'a, 'e> {
    fn new(message: &'a str, event: &'e Found<'e>, memory: &'e mut Memory) -> Self {
        let (open, document_end) = (None, None);
        Self { message, event, section: ANY, open, unknown: 0, memory, document_end }
    }

    /// Looked for once, so that many labels cost no more than one.
    fn document_end(&mut self) -> usize {
        const END: &[u8] = b"</Task>";
        let text = self.message.as_bytes();
        *self
            .document_end
            .get_or_insert_with(|| memmem::rfind(text, END).map_or(0, |at| at + END.len()))
    }

    fn read(mut self, emit: &mut dyn FnMut(&str, &str)) -> usize {
        let mut taken_to = 0;
        for (start, line) in lines(self.message) {
            if start < taken_to {
                continue;
            }
            if trim(line).is_empty() {
                if self.open.as_ref().is_some_and(|o| o.field.reach == Reach::Block) {
                    self.close(emit);
                }
                continue;
            }
            match Labelled::of(line) {
                Some(found) => self.label(start, line, &found, emit),
                None => self.more(start + line.len()),
            }
            if self.open.as_ref().is_some_and(|open| open.field.reach == Reach::Document) {
                taken_to = self.document().unwrap_or(taken_to);
            }
        }
        self.close(emit);
        self.unknown
    }

    /// Lets the description of a task that is open go to its end.
    fn document(&mut self) -> Option<usize> {
        let end = self.document_end();
        let open = self.open.as_mut().filter(|open| open.start < end)?;
        open.end = end;
        Some(end)
    }

    fn label(
        &mut self,
        start: usize,
        line: &str,
        found: &Labelled<'_>,
        emit: &mut dyn FnMut(&str, &str),
    ) {
        let word = self.memory.word(found.label);
        let is_known = word.labels != [None; 2];
        let mut known = word.labels.into_iter().flatten();
        let field = known.find_map(|label| self.event.field(self.section, label));
        let heads = found.value.is_empty() && !found.indented;
        let heading = word.section.filter(|_| heads);
        if let Some(section) = heading
            && (field.is_none() || self.event.has_section(section))
        {
            self.close(emit);
            self.section = section;
        } else if let Some(field) = field {
            self.close(emit);
            self.value(field, start + found.at, start + line.len(), found.value, emit);
        } else if self.goes_on(is_known) {
            self.more(start + line.len());
        } else {
            self.close(emit);
            self.not_known(start == 0, heads, found);
        }
    }

    /// Says a value, or begins one that goes on.
    fn value(
        &mut self,
        field: &'e Field,
        start: usize,
        end: usize,
        value: &str,
        emit: &mut dyn FnMut(&str, &str),
    ) {
        match field.reach {
            Reach::Line => self.say(field, value, emit),
            Reach::Comma => emit(&field.name, value.split(',').next().unwrap_or(value).trim_end()),
            Reach::Block | Reach::Text | Reach::Document => {
                self.open = Some(Open { field, start, end });
            }
        }
    }

    /// Whether a line with a label that is no field of this event belongs to
    /// the value above. In a list, words that are labels elsewhere end it.
    fn goes_on(&self, known: bool) -> bool {
        self.open.as_ref().is_some_and(|open| match open.field.reach {
            Reach::Text | Reach::Document => true,
            _ => !known,
        })
    }

    fn not_known(&mut self, first: bool, heads: bool, found: &Labelled<'_>) {
        if first {
            // The title.
        } else if heads {
            self.section = UNKNOWN;
            self.unknown += 1;
        } else if found.tabbed {
            self.unknown += 1;
        }
    }

    fn more(&mut self, end: usize) {
        if let Some(open) = &mut self.open {
            open.end = end;
        }
    }

    fn close(&mut self, emit: &mut dyn FnMut(&str, &str)) {
        if let Some(open) = self.open.take() {
            let value = self.message.get(open.start..open.end).unwrap_or_default();
            self.say(open.field, value.trim(), emit);
        }
    }

    /// Says a value; and the codes that the event has for it, as rules ask for
    /// either.
    fn say(&mut self, field: &Field, value: &str, emit: &mut dyn FnMut(&str, &str)) {
        emit(&field.name, value);
        if !field.coded {
            return;
        }
        for word in value.split(['\n', ',']).filter(|word| word.len() <= LABEL_BYTES_MAX) {
            if let Some(code) = self.memory.word(trim(word)).code {
                emit(&field.name, code);
            }
        }
    }
}
