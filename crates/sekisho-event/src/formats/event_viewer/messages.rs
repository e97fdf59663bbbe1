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

use self::sentence::Plain;
use self::tables::{ANY, Field, Found, Reach, Reading, TABLES, UNKNOWN, normal};

/// Longest label that is looked at, in bytes.
const LABEL_BYTES_MAX: usize = 160;

/// Says the fields of an event of which this is the message: the names are
/// those that the event has in an EVTX file. The result is how many labels,
/// headings or sentences of it are not known; they stay text.
pub(super) fn fields(
    provider: &str,
    event_id: u32,
    message: &str,
    emit: &mut dyn FnMut(&str, &str),
) -> usize {
    let Some(event) = TABLES.event(provider, event_id) else { return 0 };
    match event.reading {
        Reading::Script => powershell::script(message, &event, emit),
        Reading::Module => powershell::module(message, emit),
        Reading::Data => {
            emit("Data", message.trim());
            if event.fields.is_empty() { 0 } else { Labels::new(message, &event).read(emit) }
        }
        Reading::Labels if event.sentences.is_empty() && event.roles.is_empty() => {
            Labels::new(message, &event).read(emit)
        }
        Reading::Labels => sentences(message, &event, emit),
    }
}

/// An event whose values stand in a sentence.
fn sentences(message: &str, event: &Found<'_>, emit: &mut dyn FnMut(&str, &str)) -> usize {
    let plain = Plain::of(message);
    if event.sentences.iter().any(|s| s.read(&plain, emit)) {
        return 0;
    }
    if !event.roles.is_empty() {
        return usize::from(!sentence::quoted(&plain, event.roles, emit));
    }
    if event.fields.is_empty() { 1 } else { Labels::new(message, event).read(emit) }
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
        let (colon, c) = line
            .char_indices()
            .take_while(|&(at, _)| at < LABEL_BYTES_MAX)
            .find(|&(_, c)| c == ':' || c == '：')?;
        let (label, rest) = (line.get(..colon)?, line.get(colon + c.len_utf8()..)?);
        // Some templates have the colon twice.
        let twice = rest.strip_prefix(':').filter(|r| r.trim_start().len() < r.len());
        let value = twice.unwrap_or(rest);
        let behind = line.trim_start();
        let before = line.get(..line.len() - behind.len()).unwrap_or_default();
        Some(Self {
            label: label.trim(),
            value: value.trim(),
            at: line.len() - value.len(),
            indented: !before.is_empty(),
            tabbed: before.contains('\t') || value.starts_with('\t'),
        })
    }
}

/// The lines of a text and where they begin, without line ends.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\r', '\n']))
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
    /// A label or heading as it is looked up; kept for its memory.
    word: String,
}

impl<'a, 'e> Labels<'a, 'e> {
    fn new(message: &'a str, event: &'e Found<'e>) -> Self {
        Self { message, event, section: ANY, open: None, unknown: 0, word: String::new() }
    }

    fn read(mut self, emit: &mut dyn FnMut(&str, &str)) -> usize {
        // Looked for once, so that many labels cost no more than one.
        let document_end = self.message.rfind("</Task>").map_or(0, |at| at + "</Task>".len());
        let mut taken_to = 0;
        for (start, line) in lines(self.message) {
            if start < taken_to {
                continue;
            }
            if line.trim().is_empty() {
                if self.open.as_ref().is_some_and(|o| o.field.reach == Reach::Block) {
                    self.close(emit);
                }
                continue;
            }
            match Labelled::of(line) {
                Some(found) => self.label(start, line, &found, emit),
                None => self.more(start + line.len()),
            }
            if let Some(open) = &mut self.open
                && open.field.reach == Reach::Document
                && open.start < document_end
            {
                open.end = document_end;
                taken_to = document_end;
            }
        }
        self.close(emit);
        self.unknown
    }

    fn label(
        &mut self,
        start: usize,
        line: &str,
        found: &Labelled<'_>,
        emit: &mut dyn FnMut(&str, &str),
    ) {
        normal(found.label, &mut self.word);
        let labels = TABLES.labels(&self.word);
        let mut known = labels.into_iter().flatten().peekable();
        let is_known = known.peek().is_some();
        let field = known.find_map(|label| self.event.field(self.section, label));
        let heads = found.value.is_empty() && !found.indented;
        let heading = if heads { TABLES.section(&self.word) } else { None };
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
            normal(word, &mut self.word);
            if let Some(code) = TABLES.code(&self.word) {
                emit(&field.name, code);
            }
        }
    }
}
