//! Indicators from STIX 2.1 bundles: JSON files, or folders of them. Bare
//! objects, arrays of them, TAXII envelopes and one object a line are read
//! too. What cannot be used is named with its id and the reason; the rest
//! loads.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::check::Budget;
use super::limits::{
    FILE_BYTES_MAX, FILES_MAX, FOLDER_DEPTH_MAX, INDICATORS_MAX, LABELS_MAX, NAMES_TOLD_MAX,
    TEXT_BYTES_MAX,
};
use super::pattern::{self, stix_time};
use super::plan::{Plan, Planned};

/// An indicator that is looked for.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// `indicator--…`.
    pub id: Box<str>,
    /// Its name; empty where it has none.
    pub name: Box<str>,
    /// Its pattern, as written.
    pub pattern: Box<str>,
    /// From when on it is to be used, as written.
    pub valid_from: Option<Stamp>,
    /// From when on it is not to be used any more, as written.
    pub valid_until: Option<Stamp>,
    /// When this version was made, as written.
    pub modified: Option<Stamp>,
    /// `indicator_types`.
    pub types: Vec<Box<str>>,
    /// `labels`.
    pub labels: Vec<Box<str>>,
    /// `object_marking_refs`: under which terms it may be passed on.
    pub markings: Vec<Box<str>>,
    /// `confidence`, 0 to 100.
    pub confidence: Option<u8>,
    /// The file it was read from.
    pub file: PathBuf,
    /// Alternatives of the pattern that can never hold here, with the reason:
    /// the indicator is looked for without them.
    pub passed_over: Vec<Box<str>>,
    /// The pattern, checked.
    pub(super) plan: Plan,
}

/// A time, as written and in nanoseconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// As written.
    pub text: Box<str>,
    /// Nanoseconds since 1970 in UTC.
    pub time: i64,
}

impl Indicator {
    /// Whether the indicator was to be used at a time, in nanoseconds since
    /// 1970 in UTC. One that states no times always is.
    #[must_use]
    pub fn valid_at(&self, time: i64) -> bool {
        self.valid_from.as_ref().is_none_or(|from| time >= from.time)
            && self.valid_until.as_ref().is_none_or(|until| time < until.time)
    }

    /// How many observations of different events the pattern needs; 1 where
    /// an event alone satisfies it.
    #[must_use]
    pub fn needs_several_events(&self) -> bool {
        self.plan.joined.is_some()
    }
}

/// Why something is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Its producer withdrew it.
    Revoked,
    /// A later version of it was read.
    Superseded,
    /// Its pattern is in another language than STIX.
    Language,
    /// No log carries what it asks for.
    NotCarried,
    /// It goes beyond a limit.
    Limit,
    /// It cannot be understood in full.
    Invalid,
    /// In a folder: a file whose name is not that of indicators, or a link.
    NotRead,
}

/// Something that is not looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file.
    pub file: PathBuf,
    /// The id; empty where there is none (a file that cannot be read).
    pub id: Box<str>,
    /// The name; empty where there is none.
    pub name: Box<str>,
    /// What kind of reason.
    pub why: Why,
    /// The reason.
    pub reason: String,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The indicators that are looked for, in the order of files and places.
    pub indicators: Vec<Indicator>,
    /// What is not looked for.
    pub refused: Vec<Refused>,
    /// How many files were read.
    pub files: usize,
    /// How many objects of other types there were.
    pub others: u64,
    /// How many indicators were there again, word for word.
    pub repeated: u64,
}

/// What the names of files end in that are read of folders.
const ENDINGS: [&str; 4] = ["json", "jsonl", "stix", "stix2"];

/// Reads the indicators of files and of the files with the ending `.json`,
/// `.jsonl`, `.stix` or `.stix2` in folders. What else is in a folder is named
/// as not looked for.
#[must_use]
pub fn load(paths: &[PathBuf]) -> Loaded {
    let mut loader = Loader::default();
    let mut files = Vec::new();
    for path in paths {
        loader.list(path, 0, &mut files);
    }
    for file in files {
        loader.file(&file);
    }
    loader.finish()
}

/// Reads the indicators of one document that is in memory; `name` stands for
/// its file.
#[must_use]
pub fn read(name: &Path, bytes: &[u8]) -> Loaded {
    let mut loader = Loader::default();
    loader.document(name, bytes);
    loader.finish()
}

/// An indicator as it was read.
#[derive(Debug, Default)]
struct Raw {
    file: usize,
    members: HashMap<&'static str, Value>,
    twice: Option<&'static str>,
}

/// What is kept of an object.
const MEMBERS: [&str; 14] = [
    "type",
    "id",
    "name",
    "pattern",
    "pattern_type",
    "valid_from",
    "valid_until",
    "revoked",
    "modified",
    "indicator_types",
    "labels",
    "object_marking_refs",
    "confidence",
    "spec_version",
];

impl Raw {
    fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member).and_then(Value::as_str)
    }

    fn list(&self, member: &str) -> Result<Vec<Box<str>>, String> {
        let wrong = || format!("`{member}` is not a list of texts");
        match self.members.get(member) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .take(LABELS_MAX)
                .map(|item| item.as_str().map(|text| cut(text).into()).ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    fn stamp(&self, member: &str) -> Result<Option<Stamp>, String> {
        let Some(value) = self.members.get(member) else { return Ok(None) };
        let stamp = value.as_str().and_then(|text| Some((text, stix_time(text)?)));
        let (text, time) = stamp
            .ok_or_else(|| format!("`{member}` is not a time such as 2014-01-13T07:03:17Z"))?;
        Ok(Some(Stamp { text: text.into(), time }))
    }

    /// Times that cannot be read are the earliest; the indicator is refused
    /// for them if it is the one that counts.
    fn version(&self) -> i64 {
        self.stamp("modified").ok().flatten().map_or(i64::MIN, |stamp| stamp.time)
    }
}

#[derive(Default)]
struct Loader {
    files: Vec<PathBuf>,
    raws: Vec<Raw>,
    by_id: HashMap<Box<str>, usize>,
    /// How many were there, whatever became of them.
    indicators: u64,
    out: Loaded,
    full: bool,
}

impl Loader {
    fn refuse_file(&mut self, file: &Path, why: Why, reason: String) {
        let (id, name) = (Box::default(), Box::default());
        self.out.refused.push(Refused { file: file.to_owned(), id, name, why, reason });
    }

    /// Files in the order of their names.
    fn list(&mut self, path: &Path, depth: usize, out: &mut Vec<PathBuf>) {
        let is_folder =
            fs::symlink_metadata(path).map(|m| m.is_dir() || (depth == 0 && path.is_dir()));
        if !is_folder.unwrap_or(false) {
            if out.len() < FILES_MAX {
                out.push(path.to_owned());
            } else {
                self.refuse_file(
                    path,
                    Why::Limit,
                    format!("there are more than {FILES_MAX} files"),
                );
            }
            return;
        }
        if depth > FOLDER_DEPTH_MAX {
            let reason = format!("more than {FOLDER_DEPTH_MAX} folders within each other");
            self.refuse_file(path, Why::Limit, reason);
            return;
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(e) => {
                self.refuse_file(path, Why::Invalid, format!("the folder cannot be read: {e}"));
                return;
            }
        };
        entries.sort_unstable_by_key(fs::DirEntry::file_name);
        let mut passed_by = PassedBy::default();
        for entry in entries {
            let path = entry.path();
            match kind_of(&entry, &path) {
                Kind::Read => self.list(&path, depth + 1, out),
                Kind::Link => passed_by.links.push(entry.file_name()),
                Kind::Other => passed_by.others.push(entry.file_name()),
            }
        }
        if let Some(reason) = passed_by.told() {
            self.refuse_file(path, Why::NotRead, reason);
        }
    }

    fn file(&mut self, path: &Path) {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        match read() {
            Err(e) => self.refuse_file(path, Why::Invalid, format!("the file cannot be read: {e}")),
            Ok(bytes) if bytes.len() as u64 > FILE_BYTES_MAX => {
                let reason = format!("the file is larger than {FILE_BYTES_MAX} bytes");
                self.refuse_file(path, Why::Limit, reason);
            }
            Ok(bytes) => self.document(path, &bytes),
        }
    }

    fn document(&mut self, path: &Path, bytes: &[u8]) {
        self.files.push(path.to_owned());
        self.out.files += 1;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let before = self.indicators;
        let mut any = false;
        while !(any && deserializer.end().is_ok()) {
            any = true;
            if let Err(e) = (Objects { loader: self }).deserialize(&mut deserializer) {
                let before = if self.indicators > before {
                    "the indicators before that are looked for"
                } else {
                    "no indicator stands before that"
                };
                let reason = format!("not JSON from here on: {e}; {before}");
                self.refuse_file(path, Why::Invalid, reason);
                return;
            }
        }
    }

    /// Takes an object; of several versions the latest one stays.
    fn take(&mut self, mut raw: Raw) {
        if raw.text("type") != Some("indicator") {
            self.out.others += 1;
            return;
        }
        self.indicators += 1;
        raw.file = self.files.len().saturating_sub(1);
        let id: Box<str> = raw.text("id").unwrap_or_default().into();
        if !id.starts_with("indicator--") || id.len() > TEXT_BYTES_MAX {
            self.refuse(
                &raw,
                Why::Invalid,
                "the `id` does not begin with `indicator--`, or is too long",
            );
            return;
        }
        if let Some(&known) = self.by_id.get(&id)
            && let Some(before) = self.raws.get_mut(known)
        {
            let (old, new) = (before.version(), raw.version());
            if old == new && before.members == raw.members {
                self.out.repeated += 1;
                return;
            }
            let (gone, reason) = if new > old {
                (std::mem::replace(before, raw), "a later version was read")
            } else if new < old {
                (raw, "a later version was read")
            } else {
                (raw, "another indicator with this id and time of change was read before")
            };
            self.refuse(&gone, Why::Superseded, reason);
            return;
        }
        if self.raws.len() >= INDICATORS_MAX {
            if !std::mem::replace(&mut self.full, true) {
                let reason = format!(
                    "there are more than {INDICATORS_MAX} indicators; from here on \
                                      none is read"
                );
                let file = self.files.last().cloned().unwrap_or_default();
                self.refuse_file(&file, Why::Limit, reason);
            }
            return;
        }
        self.by_id.insert(id, self.raws.len());
        self.raws.push(raw);
    }

    fn refuse(&mut self, raw: &Raw, why: Why, reason: impl Into<String>) {
        self.out.refused.push(Refused {
            file: self.files.get(raw.file).cloned().unwrap_or_default(),
            id: cut(raw.text("id").unwrap_or_default()).into(),
            name: cut(raw.text("name").unwrap_or_default()).into(),
            why,
            reason: reason.into(),
        });
    }

    fn finish(mut self) -> Loaded {
        let mut budget = Budget::default();
        for raw in std::mem::take(&mut self.raws) {
            match indicator(&raw, &self.files, &mut budget) {
                Ok(indicator) => self.out.indicators.push(indicator),
                Err((why, reason)) => self.refuse(&raw, why, reason),
            }
        }
        self.out
    }
}

/// What an entry of a folder is.
enum Kind {
    /// A folder, or a file whose name says that it has indicators.
    Read,
    Link,
    Other,
}

fn kind_of(entry: &fs::DirEntry, path: &Path) -> Kind {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let named = ENDINGS.iter().any(|e| ending.eq_ignore_ascii_case(e));
    match entry.file_type() {
        Ok(kind) if kind.is_symlink() => Kind::Link,
        Ok(kind) if kind.is_dir() || (kind.is_file() && named) => Kind::Read,
        _ => Kind::Other,
    }
}

/// What was not read of a folder, in the order of names.
#[derive(Default)]
struct PassedBy {
    links: Vec<OsString>,
    others: Vec<OsString>,
}

impl PassedBy {
    /// In a sentence.
    fn told(&self) -> Option<String> {
        let names = |names: &[OsString]| {
            let told = names.iter().take(NAMES_TOLD_MAX).map(|name| name.to_string_lossy());
            let told = told.collect::<Vec<_>>().join(", ");
            match names.len().saturating_sub(NAMES_TOLD_MAX) {
                0 => told,
                more => format!("{told} and {more} more"),
            }
        };
        let mut parts = Vec::new();
        if !self.others.is_empty() {
            let endings = ENDINGS.map(|ending| format!(".{ending}")).join(", ");
            let others = names(&self.others);
            parts.push(format!(
                "not read, since the name does not end in one of {endings}: {others}"
            ));
        }
        if !self.links.is_empty() {
            parts.push(format!("links are not followed: {}", names(&self.links)));
        }
        Some(parts.join("; ")).filter(|text| !text.is_empty())
    }
}

fn indicator(
    raw: &Raw,
    files: &[PathBuf],
    budget: &mut Budget,
) -> Result<Indicator, (Why, String)> {
    let invalid = |reason: String| (Why::Invalid, reason);
    if let Some(twice) = raw.twice {
        return Err(invalid(format!("it has `{twice}` twice")));
    }
    match raw.members.get("revoked") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => return Err((Why::Revoked, "it is revoked".to_owned())),
        Some(_) => return Err(invalid("`revoked` is neither true nor false".to_owned())),
    }
    match raw.members.get("pattern_type") {
        // STIX 2.0 knew no other language and no such member.
        None => {}
        Some(Value::String(language)) if language == "stix" => {}
        Some(other) => {
            let shown = cut(other.as_str().unwrap_or("(no text)")).to_owned();
            return Err((Why::Language, format!("its pattern is in the language {shown:?}")));
        }
    }
    let pattern = raw.text("pattern");
    let pattern = pattern.ok_or_else(|| invalid("it has no text as `pattern`".to_owned()))?;
    let confidence = match raw.members.get("confidence") {
        None => None,
        Some(value) => {
            let number = value.as_u64().and_then(|n| u8::try_from(n).ok()).filter(|&n| n <= 100);
            Some(number.ok_or_else(|| invalid("`confidence` is not 0 to 100".to_owned()))?)
        }
    };
    if raw.members.get("name").is_some_and(|name| !name.is_string()) {
        return Err(invalid("`name` is not a text".to_owned()));
    }
    let parsed = pattern::parse(pattern).map_err(|e| invalid(format!("pattern: {e}")))?;
    let Planned { plan, passed_over } = Plan::of(&parsed, budget)?;
    Ok(Indicator {
        id: raw.text("id").unwrap_or_default().into(),
        name: cut(raw.text("name").unwrap_or_default()).into(),
        pattern: pattern.into(),
        valid_from: raw.stamp("valid_from").map_err(invalid)?,
        valid_until: raw.stamp("valid_until").map_err(invalid)?,
        modified: raw.stamp("modified").map_err(invalid)?,
        types: raw.list("indicator_types").map_err(invalid)?,
        labels: raw.list("labels").map_err(invalid)?,
        markings: raw.list("object_marking_refs").map_err(invalid)?,
        confidence,
        file: files.get(raw.file).cloned().unwrap_or_default(),
        passed_over,
        plan,
    })
}

/// As much of a text as is kept.
fn cut(text: &str) -> &str {
    let end = (0..=TEXT_BYTES_MAX.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Reads an object or a list of objects; anything else is passed over.
struct Objects<'a> {
    loader: &'a mut Loader,
}

impl<'de> DeserializeSeed<'de> for Objects<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("STIX objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut raw = Raw::default();
        let mut holds_objects = false;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == "objects" {
                holds_objects = true;
                // Of a bundle or an envelope. Where it is a dictionary of
                // observed objects, there are no indicators in it.
                map.next_value_seed(Objects { loader: &mut *self.loader })?;
            } else if let Some(member) = MEMBERS.into_iter().find(|m| *m == key) {
                if raw.members.insert(member, map.next_value::<Value>()?).is_some() {
                    raw.twice = Some(member);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if !holds_objects || raw.text("type") == Some("indicator") {
            self.loader.take(raw);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Objects { loader: &mut *self.loader })?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.loader.out.others += 1;
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.visit_bool(true)
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.visit_bool(true)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.visit_bool(true)
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.visit_bool(true)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.visit_bool(true)
    }
}
