//! Patterns by how they begin and end.

use hashbrown::HashMap;

use super::pattern::{PathPattern, SeenPart, SeenPath};

/// What is looked for.
#[derive(Debug)]
pub(super) enum Probe<'a> {
    /// Everything.
    All,
    /// Patterns that a path may relate to. `file` is the name of a file in an
    /// unknown folder.
    Path { path: &'a SeenPath<'a>, whole: bool, file: Option<&'a str> },
    /// A file in a share of which the folder is not known.
    Unplaced { share: &'a str, path: &'a SeenPath<'a>, whole: bool },
    /// Patterns that begin with a text, or with which it begins.
    Key { key: &'a str },
    /// An id, or things without one.
    Id(Option<&'a str>),
}

/// Patterns, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    /// By the components before the first wildcard, each with `/` behind it; in
    /// order. Patterns that begin with `**` and end in a name are in
    /// `open_last` instead.
    roots: Vec<(Box<str>, usize)>,
    /// Drives that roots begin with.
    drives: Vec<Box<str>>,
    /// Those that begin with `**`, by their last component.
    open_last: HashMap<Box<str>, Vec<usize>>,
    /// All, by their last component, if it has no wildcard.
    by_last: HashMap<Box<str>, Vec<usize>>,
    /// All others.
    other_last: Vec<usize>,
    /// By every component without wildcards.
    by_part: HashMap<Box<str>, Vec<usize>>,
    /// Shares of unknown folders, by name.
    named: HashMap<Box<str>, Tree>,
    by_id: HashMap<Box<str>, Vec<usize>>,
    /// Of these, ids with an `@`, and without.
    mail_ids: Vec<usize>,
    bare_ids: Vec<usize>,
    /// Those to look at for whatever is asked.
    always: Vec<usize>,
    all: Vec<usize>,
}

impl Tree {
    pub(super) fn put(&mut self, pattern: &PathPattern, id: usize) {
        self.all.push(id);
        self.put_last(pattern, id);
        for part in pattern.plain_parts() {
            add(&mut self.by_part, part, id);
        }
        match pattern.file_name() {
            Some(last) if pattern.is_open() => add(&mut self.open_last, last, id),
            _ => {
                let mut root = String::new();
                for part in pattern.root() {
                    root.push_str(part);
                    root.push('/');
                }
                self.roots.push((root.into(), id));
            }
        }
    }

    fn put_last(&mut self, pattern: &PathPattern, id: usize) {
        match pattern.file_name() {
            Some(last) => add(&mut self.by_last, last, id),
            None => self.other_last.push(id),
        }
    }

    /// A root as it stands.
    pub(super) fn put_root(&mut self, root: String, id: usize) {
        self.all.push(id);
        self.roots.push((root.into(), id));
    }

    /// Files in a share of which the folder is not known.
    pub(super) fn put_named(&mut self, share: &str, path: &PathPattern, id: usize) {
        self.all.push(id);
        self.put_last(path, id);
        self.named.entry(share.into()).or_default().put(path, id);
    }

    pub(super) fn put_id(&mut self, own: Option<&str>, id: usize) {
        self.all.push(id);
        match own {
            Some(own) => {
                add(&mut self.by_id, own, id);
                let kind = if own.contains('@') { &mut self.mail_ids } else { &mut self.bare_ids };
                kind.push(id);
            }
            None => self.always.push(id),
        }
    }

    pub(super) fn put_always(&mut self, id: usize) {
        self.all.push(id);
        self.always.push(id);
    }

    /// Puts everything in order.
    pub(super) fn finish(&mut self) {
        self.named.values_mut().for_each(Self::finish);
        self.roots.sort_unstable();
        let firsts = self.roots.iter().filter_map(|(root, _)| root.split('/').next());
        let drives = firsts.filter(|first| first.len() == 2 && first.ends_with(':'));
        self.drives = drives.map(Into::into).collect();
        self.drives.dedup();
    }

    pub(super) fn ask(&self, probe: &Probe<'_>, ids: &mut Vec<usize>) {
        ids.extend(&self.always);
        match *probe {
            Probe::All => ids.extend(&self.all),
            Probe::Path { path, whole, file } => {
                file.into_iter().for_each(|file| get(&self.by_last, file, ids));
                self.path(path, whole, ids);
            }
            Probe::Unplaced { share, path, whole } => {
                if whole || path.parts.is_empty() {
                    ids.extend(&self.all);
                    return;
                }
                get(&self.by_part, share, ids);
                if let Some(SeenPart::Text(last)) = path.parts.last() {
                    get(&self.by_last, last, ids);
                }
            }
            Probe::Key { key } => self.key(key, ids),
            Probe::Id(Some(id)) => {
                get(&self.by_id, id, ids);
                // Ids of another kind cannot be compared.
                let others = if id.contains('@') { &self.bare_ids } else { &self.mail_ids };
                ids.extend(others.iter().filter(|_| !id.is_empty()));
            }
            Probe::Id(None) => ids.extend(&self.all),
        }
    }

    fn path(&self, path: &SeenPath<'_>, whole: bool, ids: &mut Vec<usize>) {
        let wild = path.parts.iter().any(|part| matches!(part, SeenPart::Wild(_)));
        let texts = || path.parts.iter().filter_map(SeenPart::text);
        if path.loose && wild {
            ids.extend(&self.all);
            return;
        }
        self.guessed(path, whole, ids);
        if path.loose {
            ids.extend(&self.other_last);
            texts().for_each(|text| get(&self.by_last, text, ids));
            return;
        }
        // A volume without its letter is no part that may be anything.
        let volume = usize::from(!path.exact);
        if whole || path.parts.is_empty() || path.parts.iter().skip(volume).any(SeenPart::is_wild) {
            self.open_last.values().for_each(|found| ids.extend(found));
        } else {
            texts().for_each(|text| get(&self.open_last, text, ids));
        }
        let mut key = String::new();
        if !path.exact && path.parts.first().is_some_and(SeenPart::is_wild) {
            // A volume without its letter.
            for drive in &self.drives {
                key.clear();
                key.push_str(drive);
                key.push('/');
                self.from(&mut key, path.parts.get(1..).unwrap_or_default(), ids);
            }
            self.equal("", ids);
            return;
        }
        self.from(&mut key, &path.parts, ids);
    }

    /// Files in shares of unknown folders, which a folder of the same name is
    /// taken to be.
    fn guessed(&self, path: &SeenPath<'_>, whole: bool, ids: &mut Vec<usize>) {
        if self.named.is_empty() {
            return;
        }
        for (at, part) in path.parts.iter().enumerate() {
            let Some(tree) = part.text().and_then(|text| self.named.get(text)) else { continue };
            let parts = path.parts.iter().skip(at + 1).cloned().collect();
            tree.path(&SeenPath { parts, loose: false, exact: true }, whole, ids);
        }
    }

    /// Roots above and below the components that come before a wildcard.
    fn from(&self, key: &mut String, parts: &[SeenPart<'_>], ids: &mut Vec<usize>) {
        self.equal("", ids);
        if !key.is_empty() {
            self.equal(key, ids);
        }
        for text in parts.iter().map_while(SeenPart::text) {
            key.push_str(text);
            key.push('/');
            self.equal(key, ids);
        }
        self.below(key, ids);
    }

    /// Keys with slashes: roots above, and those that begin with it.
    fn key(&self, key: &str, ids: &mut Vec<usize>) {
        self.equal("", ids);
        for (at, _) in key.match_indices('/') {
            self.equal(key.get(..=at).unwrap_or_default(), ids);
        }
        self.below(key, ids);
    }

    fn equal(&self, key: &str, ids: &mut Vec<usize>) {
        let from = self.roots.partition_point(|(root, _)| **root < *key);
        let same = self.roots.iter().skip(from).take_while(|(root, _)| **root == *key);
        ids.extend(same.map(|(_, id)| id));
    }

    fn below(&self, key: &str, ids: &mut Vec<usize>) {
        let from = self.roots.partition_point(|(root, _)| **root < *key);
        let begin = self.roots.iter().skip(from).take_while(|(root, _)| root.starts_with(key));
        ids.extend(begin.map(|(_, id)| id));
    }
}

fn add(map: &mut HashMap<Box<str>, Vec<usize>>, key: &str, id: usize) {
    map.entry(key.into()).or_default().push(id);
}

fn get(map: &HashMap<Box<str>, Vec<usize>>, key: &str, ids: &mut Vec<usize>) {
    if let Some(found) = map.get(key) {
        ids.extend(found);
    }
}
