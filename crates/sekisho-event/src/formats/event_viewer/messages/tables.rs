//! The tables of `data/messages`: words of languages, and what they mean in
//! which event.

use std::sync::{Arc, LazyLock};

use hashbrown::{HashMap, HashSet};

use super::sentence::{Role, Sentence};

/// The tables of all languages.
pub(super) static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables::of(IDS, LANGUAGES.iter().map(|&(_, text)| text)));

/// What labels mean.
pub(super) const IDS: &str = include_str!("../../../../data/messages/ids.txt");

/// The words of each language.
pub(super) const LANGUAGES: [(&str, &str); 4] = [
    ("en", include_str!("../../../../data/messages/en.txt")),
    ("ja", include_str!("../../../../data/messages/ja.txt")),
    ("de", include_str!("../../../../data/messages/de.txt")),
    ("fr", include_str!("../../../../data/messages/fr.txt")),
];

/// Any heading, or none.
pub(super) const ANY: u16 = 0;

/// A heading that is not known.
pub(super) const UNKNOWN: u16 = 1;

/// How the message of an event is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// By labels and sentences.
    #[default]
    Labels,
    /// Its values have no names: the text is the field `Data`.
    Data,
    /// A block of a PowerShell script.
    Script,
    /// A PowerShell pipeline.
    Module,
}

/// How far a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To the end of its line.
    Line,
    /// To the first comma in its line.
    Comma,
    /// To a blank line or another label.
    Block,
    /// To another label of the event.
    Text,
    /// To the end of the task that it describes.
    Document,
}

/// What a label means.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) reach: Reach,
    /// The event has codes where the message has words.
    pub(super) coded: bool,
}

/// Fields in which an event has codes, `%%4417`, for which the message has the
/// words of a language.
const CODED: &[&str] = &[
    "AccessList",
    "AuditPolicyChanges",
    "Direction",
    "ElevatedToken",
    "ImpersonationLevel",
    "OperationType",
    "VirtualAccount",
];

/// Heading and label, to field.
type Fields = HashMap<(u16, u16), Field>;

/// What a word means in the tables, whatever the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The labels that it is: that of every language, that of one.
    pub(super) labels: [Option<u16>; 2],
    /// The heading that it is.
    pub(super) section: Option<u16>,
    /// The code for which a message has it.
    pub(super) code: Option<&'static str>,
}

/// What is known of an event.
#[derive(Clone, Copy)]
pub(super) struct Found<'t> {
    pub(super) fields: &'t Fields,
    sections: &'t HashSet<u16>,
    pub(super) reading: Reading,
    pub(super) sentences: &'t [Sentence],
    pub(super) roles: &'t [Role],
}

impl<'t> Found<'t> {
    /// The field of a label under a heading.
    pub(super) fn field(&self, section: u16, label: u16) -> Option<&'t Field> {
        self.fields.get(&(section, label)).or_else(|| self.fields.get(&(ANY, label)))
    }

    /// Whether any label of this event depends on this heading.
    pub(super) fn has_section(&self, section: u16) -> bool {
        self.sections.contains(&section)
    }
}

/// What an event of the table has.
#[derive(Clone, Default)]
struct Event {
    fields: Arc<Fields>,
    sections: Arc<HashSet<u16>>,
    reading: Reading,
    sentences: Vec<Sentence>,
    roles: Vec<Role>,
}

/// A line of a block.
struct Entry {
    section: u16,
    label: u16,
    field: String,
    reach: Reach,
}

/// An event of a provider, or all that are not named.
type Key = (u16, Option<u32>);

/// Everything that the files of `data/messages` say.
#[derive(Default)]
pub(super) struct Tables {
    names: Names,
    providers: HashMap<String, u16>,
    /// Beginnings of providers' names.
    beginnings: Vec<(String, u16)>,
    sections: HashMap<String, u16>,
    labels: HashMap<String, u16>,
    /// Labels that are the same in every language.
    same: HashMap<String, u16>,
    codes: HashMap<String, String>,
    events: HashMap<Key, Event>,
    /// Lines that could not be read; the tests want none.
    pub(super) bad: Vec<String>,
}

/// Numbers for keys.
#[derive(Default)]
struct Names(HashMap<String, u16>);

impl Names {
    fn id(&mut self, name: &str) -> u16 {
        match name {
            "*" => ANY,
            _ => {
                let next = u16::try_from(self.0.len() + 2).unwrap_or(UNKNOWN);
                *self.0.entry(name.to_owned()).or_insert(next)
            }
        }
    }
}

impl Tables {
    pub(super) fn of<'a>(ids: &str, languages: impl Iterator<Item = &'a str>) -> Self {
        let mut tables = Self::default();
        let mut blocks: HashMap<String, Vec<Entry>> = HashMap::new();
        let mut block = String::new();
        for line in rows(ids) {
            let mut cells = line.split('\t');
            let row = [cells.next(), cells.next(), cells.next(), cells.next()];
            let read = match row {
                [Some("provider"), Some(key), Some(names), None] => tables.provider(key, names),
                [Some("block"), Some(name), None, None] => {
                    name.clone_into(&mut block);
                    Some(())
                }
                [Some("event"), Some(key), Some(ids), Some(names)] => {
                    tables.add_event(key, ids, names, &blocks)
                }
                [Some("reads"), Some(key), Some(ids), Some(how)] => tables.reads(key, ids, how),
                [Some("quoted"), Some(key), Some(ids), Some(roles)] => {
                    tables.quoted(key, ids, roles)
                }
                [Some(section), Some(label), Some(field), how] => tables
                    .entry(section, label, field, how)
                    .map(|entry| blocks.entry_ref(&block).or_default().push(entry)),
                _ => None,
            };
            if read.is_none() {
                tables.bad.push(line.to_owned());
            }
        }
        for language in languages {
            tables.language(language);
        }
        tables
    }

    /// What is known of an event of a provider, by whatever name of it Event
    /// Viewer uses.
    pub(super) fn event(&self, provider: &str, id: u32) -> Option<Found<'_>> {
        let name = provider_name(provider);
        let key = self.providers.get(name.as_str()).copied().or_else(|| {
            let beginning = self.beginnings.iter().find(|(b, _)| name.starts_with(b.as_str()));
            beginning.map(|&(_, key)| key)
        })?;
        let event = self.events.get(&(key, Some(id))).or_else(|| self.events.get(&(key, None)))?;
        Some(Found {
            fields: &event.fields,
            sections: &event.sections,
            reading: event.reading,
            sentences: &event.sentences,
            roles: &event.roles,
        })
    }

    /// What a word means, in its normal form.
    pub(super) fn word(&'static self, word: &str) -> Word {
        Word {
            labels: [self.same.get(word).copied(), self.labels.get(word).copied()],
            section: self.section(word),
            code: self.code(word),
        }
    }

    /// The heading that a word is.
    pub(super) fn section(&self, word: &str) -> Option<u16> {
        self.sections.get(word).copied()
    }

    /// The code for which a message has this word.
    fn code(&self, word: &str) -> Option<&str> {
        self.codes.get(word).map(String::as_str)
    }

    /// The number of a heading's key.
    pub(super) fn key(&self, name: &str) -> Option<u16> {
        self.names.0.get(name).copied()
    }

    fn provider(&mut self, key: &str, names: &str) -> Option<()> {
        let key = self.names.id(key);
        for name in names.split(' ') {
            match name.strip_suffix('*') {
                Some(beginning) => self.beginnings.push((beginning.to_owned(), key)),
                None => drop(self.providers.insert(name.to_owned(), key)),
            }
        }
        Some(())
    }

    fn entry(
        &mut self,
        section: &str,
        label: &str,
        field: &str,
        how: Option<&str>,
    ) -> Option<Entry> {
        let reach = match how {
            None => Reach::Line,
            Some("comma") => Reach::Comma,
            Some("long") => Reach::Block,
            Some("text") => Reach::Text,
            Some("xml") => Reach::Document,
            Some(_) => return None,
        };
        let (section, id) = (self.names.id(section), self.names.id(label));
        if let Some(word) = label.strip_prefix('=') {
            let mut normalised = String::new();
            normal(word, &mut normalised);
            self.same.insert(normalised, id);
        }
        Some(Entry { section, label: id, field: field.to_owned(), reach })
    }

    /// The events of some ids, to be changed. Those that have not been named
    /// before begin as the provider's others are.
    fn each(&mut self, key: &str, ids: &str, change: &mut dyn FnMut(&mut Event)) -> Option<()> {
        let key = self.names.id(key);
        for part in ids.split(' ') {
            if part == "*" {
                change(self.events.entry((key, None)).or_default());
                continue;
            }
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
            for id in first..=last {
                let others = self.events.get(&(key, None)).cloned();
                let event = self.events.entry((key, Some(id)));
                change(event.or_insert_with(|| others.unwrap_or_default()));
            }
        }
        Some(())
    }

    fn add_event(
        &mut self,
        key: &str,
        ids: &str,
        names: &str,
        blocks: &HashMap<String, Vec<Entry>>,
    ) -> Option<()> {
        let (mut fields, mut sections) = (Fields::new(), HashSet::new());
        for name in names.split(' ') {
            for entry in blocks.get(name)? {
                let field = || Field {
                    name: entry.field.clone(),
                    reach: entry.reach,
                    coded: CODED.contains(&entry.field.as_str()),
                };
                fields.entry((entry.section, entry.label)).or_insert_with(field);
                sections.insert(entry.section);
            }
        }
        let (fields, sections) = (Arc::new(fields), Arc::new(sections));
        self.each(key, ids, &mut |event| {
            event.fields = Arc::clone(&fields);
            event.sections = Arc::clone(&sections);
        })
    }

    fn reads(&mut self, key: &str, ids: &str, how: &str) -> Option<()> {
        let reading = match how {
            "data" => Reading::Data,
            "script" => Reading::Script,
            "module" => Reading::Module,
            _ => return None,
        };
        self.each(key, ids, &mut |event| event.reading = reading)
    }

    fn quoted(&mut self, key: &str, ids: &str, roles: &str) -> Option<()> {
        let roles: Option<Vec<_>> = roles.split(' ').map(Role::of).collect();
        let roles = roles?;
        self.each(key, ids, &mut |event| event.roles.clone_from(&roles))
    }

    fn language(&mut self, text: &str) {
        for line in rows(text) {
            let cells: Vec<_> = line.split('\t').collect();
            let read = match cells.as_slice() {
                ["label", key, words] => self.words(true, key, words),
                ["section", key, words] => self.words(false, key, words),
                ["code", code, word] => self.add_code(code, word),
                ["sentence", event, pattern] => self.sentence(event, pattern),
                _ => None,
            };
            if read.is_none() {
                self.bad.push(line.to_owned());
            }
        }
    }

    /// Words of a key. A word means the same in all languages, or it is not
    /// taken.
    fn words(&mut self, label: bool, key: &str, words: &str) -> Option<()> {
        let key = self.names.id(key);
        let table = if label { &mut self.labels } else { &mut self.sections };
        let mut normalised = String::new();
        for word in words.split('|') {
            normal(word, &mut normalised);
            let taken = *table.entry(normalised.clone()).or_insert(key);
            if taken != key || normalised.is_empty() {
                return None;
            }
        }
        Some(())
    }

    fn add_code(&mut self, code: &str, word: &str) -> Option<()> {
        let mut normalised = String::new();
        normal(word, &mut normalised);
        self.codes.insert(normalised, code.to_owned()).is_none().then_some(())
    }

    fn sentence(&mut self, event: &str, pattern: &str) -> Option<()> {
        let (key, id) = event.split_once(' ')?;
        let sentence = Sentence::of(pattern)?;
        self.each(key, id, &mut |event| event.sentences.push(sentence.clone()))
    }
}

fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A label or heading as it is looked up: without what Windows itself writes
/// now so, now so (white space, apostrophes, the long-vowel mark at the end of
/// loan words, case, the width of brackets).
pub(super) fn normal(word: &str, into: &mut String) {
    into.clear();
    for c in word.chars() {
        match c {
            '\'' | '’' | '‘' | '`' | '´' | 'ー' | '\u{200e}' | '\u{200f}' => {}
            '（' => into.push('('),
            '）' => into.push(')'),
            '‑' | '–' | '－' => into.push('-'),
            _ if c.is_ascii() => {
                if !c.is_ascii_whitespace() {
                    into.push(c.to_ascii_lowercase());
                }
            }
            _ if c.is_whitespace() => {}
            _ => into.extend(c.to_lowercase()),
        }
    }
}

/// A provider's name without what differs between its full name, its short
/// one and its display name.
fn provider_name(provider: &str) -> String {
    let name: String =
        provider.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match name.strip_prefix("microsoftwindows") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => name,
    }
}
