//! Rules from folders and from the pack that is built in, and which of them
//! a user wants.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use sekisho_sigma::rule::{Correlation, Document, Header, Level, Rule, Status};
use sekisho_sigma::{Note, ParseOptions, Rejected, apply_filters, parse};
use sha2::{Digest as _, Sha256};

/// Largest rule file, in bytes.
pub const RULE_FILE_BYTES_MAX: u64 = 4 << 20;

/// Deepest folder that is entered.
const FOLDER_DEPTH_MAX: usize = 64;

include!(concat!(env!("OUT_DIR"), "/rule_pack.rs"));

/// Which rules are wanted. Empty lists leave nothing out.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Lowest level.
    pub level: Option<Level>,
    /// Lowest status.
    pub status: Option<Status>,
    /// Tags of which a rule must have one.
    pub tags: Vec<String>,
    /// Ids of which a rule must have one.
    pub ids: Vec<String>,
    /// Tags that leave a rule out.
    pub exclude_tags: Vec<String>,
    /// Ids that leave a rule out.
    pub exclude_ids: Vec<String>,
}

impl Selection {
    /// Whether a rule is wanted.
    #[must_use]
    pub fn takes(&self, header: &Header) -> bool {
        let tagged =
            |tags: &[String]| tags.iter().any(|tag| header.tags.iter().any(|t| tag_fits(tag, t)));
        let named = |ids: &[String]| ids.iter().any(|id| id.eq_ignore_ascii_case(&header.id));
        self.level.is_none_or(|level| header.level >= level)
            && self.status.is_none_or(|status| header.status >= status)
            && (self.tags.is_empty() || tagged(&self.tags))
            && (self.ids.is_empty() || named(&self.ids))
            && !tagged(&self.exclude_tags)
            && !named(&self.exclude_ids)
    }
}

/// A tag stands for itself and, as `attack.t1059` does for
/// `attack.t1059.001`, for what is below it.
fn tag_fits(wanted: &str, tag: &str) -> bool {
    let (wanted, tag) = (wanted.to_lowercase(), tag.to_lowercase());
    tag == wanted || tag.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Detection rules, with filters applied, in order of files.
    pub rules: Vec<Arc<Rule>>,
    /// Correlations.
    pub correlations: Vec<Correlation>,
    /// Documents that could not be loaded.
    pub rejected: Vec<Rejected>,
    /// What was loaded, but not as its author may think.
    pub notes: Vec<Note>,
    /// How many rules the selection left out.
    pub left_out: usize,
    /// How many filters were applied.
    pub filters: usize,
    /// SHA-256 over the SHA-256 of each file that was read, in bytewise order:
    /// the same rules have the same one, wherever they lie.
    pub sha256: [u8; 32],
}

/// Loads rule files and folders; with none, the pack that is built in. The
/// result does not depend on the number of threads.
#[must_use]
pub fn load(
    paths: &[PathBuf],
    selection: &Selection,
    options: &ParseOptions,
    threads: usize,
) -> Loaded {
    let mut found = Found::default();
    for path in paths {
        found.path(path);
    }
    let share = found.files.len().div_ceil(threads.max(1)).max(1);
    let mut loading = Loading::new(options);
    if paths.is_empty() {
        for (name, text) in RULE_PACK {
            loading.text(&format!("built-in/{name}"), text.as_bytes());
        }
    }
    thread::scope(|scope| {
        let parts: Vec<_> = found
            .files
            .chunks(share)
            .map(|files| {
                scope.spawn(move || {
                    let mut part = Loading::new(options);
                    files.iter().for_each(|file| part.file(file));
                    part
                })
            })
            .collect();
        for part in parts {
            if let Ok(part) = part.join() {
                loading.append(part);
            }
        }
    });
    loading.loaded.rejected.extend(found.rejected);
    loading.loaded.notes.extend(found.notes);
    loading.finish(selection)
}

/// Why there is no rule to work with, and what to do.
#[must_use]
pub fn nothing_loaded(loaded: &Loaded) -> String {
    let left_out = match loaded.left_out {
        0 => String::new(),
        n => format!("; --level, --status, --tag, --id or --exclude-… left out all {n} others"),
    };
    match loaded.rejected.first() {
        Some(first) => format!(
            "no rule was loaded: {}: {}{}{left_out}",
            first.file,
            first.reason,
            match loaded.rejected.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more; `sekisho rules check` names them all)"),
            }
        ),
        None if loaded.left_out > 0 => {
            format!("no rule is left{}", left_out.replace(" others", " that were loaded"))
        }
        None => "no rule was found: --rules takes files, or folders with .yml files".to_owned(),
    }
}

fn rejected(path: &Path, reason: impl ToString) -> Rejected {
    let file = path.to_string_lossy().into_owned().into();
    Rejected { file, line: 0, reason: reason.to_string() }
}

/// Rule files, in order of their paths.
#[derive(Debug, Default)]
struct Found {
    files: Vec<PathBuf>,
    rejected: Vec<Rejected>,
    notes: Vec<Note>,
    /// Files and folders that were found, by their real paths.
    entered: BTreeSet<PathBuf>,
}

impl Found {
    fn reject(&mut self, path: &Path, reason: impl ToString) {
        self.rejected.push(rejected(path, reason));
    }

    /// A file that is named is read whatever it is called; in folders, only
    /// `.yml` and `.yaml` files are rules.
    fn path(&mut self, path: &Path) {
        match real(path) {
            Ok((real, kind)) => self.enter(path, real, kind, 0),
            Err(e) => self.reject(path, format!("cannot be opened: {e}")),
        }
    }

    /// Takes a file or folder, unless it was reached before: by a link, or
    /// because it was named twice.
    fn enter(&mut self, path: &Path, real: PathBuf, kind: FileType, depth: usize) {
        if !kind.is_dir() && !kind.is_file() {
            return self.reject(path, "neither a file nor a folder");
        }
        if !self.entered.insert(real.clone()) {
            let file = path.to_string_lossy().into();
            let text = "was already read under another path".to_owned();
            return self.notes.push(Note { file, line: 0, text });
        }
        if kind.is_dir() {
            self.folder(path, &real, depth);
        } else {
            self.files.push(path.to_owned());
        }
    }

    fn folder(&mut self, path: &Path, real_path: &Path, depth: usize) {
        if depth > FOLDER_DEPTH_MAX {
            return self.reject(path, "folders nested more than 64 deep");
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(e) => return self.reject(path, format!("cannot be read: {e}")),
        };
        let mut children = Vec::new();
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            // Only links need another look at the disk to be told apart.
            let found = match entry.file_type() {
                Ok(kind) if !kind.is_symlink() => Ok((real_path.join(name), kind)),
                _ => real(&path),
            };
            let folder = found.as_ref().is_ok_and(|(_, kind)| kind.is_dir());
            if folder || is_rule_file(&path) {
                children.push((path, found));
            }
        }
        children.sort_by(|a, b| a.0.cmp(&b.0));
        for (child, found) in children {
            match found {
                Ok((real, kind)) => self.enter(&child, real, kind, depth + 1),
                Err(e) => self.reject(&child, format!("cannot be opened: {e}")),
            }
        }
    }
}

/// Where a path leads in the end, and to what.
fn real(path: &Path) -> io::Result<(PathBuf, FileType)> {
    let real = fs::canonicalize(path)?;
    let kind = fs::metadata(&real)?.file_type();
    Ok((real, kind))
}

/// Reads and parses rule files, one after another.
struct Loading<'a> {
    options: &'a ParseOptions,
    documents: Vec<Document>,
    loaded: Loaded,
    /// SHA-256 of each file.
    hashes: Vec<[u8; 32]>,
    /// Used again from file to file.
    buffer: Vec<u8>,
}

impl<'a> Loading<'a> {
    fn new(options: &'a ParseOptions) -> Self {
        Self {
            options,
            documents: Vec::new(),
            loaded: Loaded::default(),
            hashes: Vec::new(),
            buffer: Vec::new(),
        }
    }

    fn append(&mut self, other: Self) {
        self.documents.extend(other.documents);
        self.hashes.extend(other.hashes);
        self.loaded.rejected.extend(other.loaded.rejected);
        self.loaded.notes.extend(other.loaded.notes);
    }

    fn file(&mut self, path: &Path) {
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.clear();
        let read = fs::File::open(path)
            .and_then(|file| file.take(RULE_FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
        match read {
            Ok(n) if n as u64 > RULE_FILE_BYTES_MAX => {
                let why = format!("more than {RULE_FILE_BYTES_MAX} bytes");
                self.loaded.rejected.push(rejected(path, why));
            }
            Ok(_) => self.text(&path.to_string_lossy(), &bytes),
            Err(e) => {
                self.loaded.rejected.push(rejected(path, format!("cannot be read: {e}")));
            }
        }
        self.buffer = bytes;
    }

    fn text(&mut self, name: &str, bytes: &[u8]) {
        self.hashes.push(Sha256::digest(bytes).into());
        let parsed = parse(&Arc::from(name), bytes, self.options);
        self.documents.extend(parsed.documents);
        self.loaded.rejected.extend(parsed.rejected);
        self.loaded.notes.extend(parsed.notes);
    }

    fn finish(mut self, selection: &Selection) -> Loaded {
        let mut loaded = self.loaded;
        self.hashes.sort_unstable();
        loaded.sha256 = Sha256::digest(self.hashes.as_flattened()).into();
        let mut filters = Vec::new();
        let mut rules = Vec::new();
        for document in self.documents {
            match document {
                Document::Rule(rule) => rules.push(rule),
                Document::Correlation(correlation) => {
                    if selection.takes(&correlation.header) {
                        loaded.correlations.push(correlation);
                    } else {
                        loaded.left_out += 1;
                    }
                }
                Document::Filter(filter) => filters.push(filter),
            }
        }
        let referred: Vec<&str> =
            loaded.correlations.iter().flat_map(|c| c.rules.iter().map(String::as_str)).collect();
        let before = rules.len();
        // A rule that a wanted correlation stands on is kept in any case.
        rules.retain(|rule| {
            let header = &rule.header;
            selection.takes(header)
                || (!header.name.is_empty() && referred.contains(&header.name.as_str()))
                || (!header.id.is_empty() && referred.contains(&header.id.as_str()))
        });
        loaded.left_out += before - rules.len();
        loaded.filters = filters.len();
        loaded.notes.extend(apply_filters(&mut rules, &filters));
        loaded.rules = rules.into_iter().map(Arc::new).collect();
        loaded
    }
}

fn is_rule_file(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("yml") || e.eq_ignore_ascii_case("yaml"))
}
