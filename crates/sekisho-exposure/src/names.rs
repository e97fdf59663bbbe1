//! Names, each kept once. Hosts, accounts, paths and ids are compared without
//! regard to case, as Windows and mail do; what is shown is a spelling that
//! records have.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

/// A name in [`Names`]. Equal names, folded to lower case, have equal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub u32);

impl Name {
    /// The number as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// All names that were seen. There may be tens of millions (each connection of
/// a sensor has an id), so their texts stand in one piece.
#[derive(Debug, Default)]
pub struct Names {
    hasher: DefaultHashBuilder,
    ids: HashTable<Name>,
    folded: Texts,
    shown: Texts,
    /// Spellings that stand before the first one in the alphabet: what is shown
    /// must not depend on the order of reading.
    earlier: HashMap<Name, Box<str>>,
    scratch: String,
}

/// Texts, one after the other.
#[derive(Debug, Default)]
struct Texts {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn get(&self, name: Name) -> Option<&str> {
        let index = name.index();
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before).copied());
        self.text.get(start.unwrap_or(0)..end)
    }
}

/// Folds a text to what is compared.
fn fold(text: &str, to: &mut String) {
    to.clear();
    if text.is_ascii() {
        to.push_str(text);
        to.make_ascii_lowercase();
    } else {
        to.extend(text.chars().flat_map(char::to_lowercase));
    }
}

/// A text as names are compared: letter by letter in lower case. (`to_lowercase`
/// of a whole text makes another sigma at the end of a word than within it.)
#[must_use]
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::new();
    fold(text, &mut out);
    out
}

impl Names {
    /// The number of a name.
    pub fn of(&mut self, text: &str) -> Name {
        let text = text.trim();
        let Self { hasher, ids, folded, shown, earlier, scratch } = self;
        fold(text, scratch);
        let hash = hasher.hash_one(scratch.as_str());
        if let Some(&known) = ids.find(hash, |&id| folded.get(id) == Some(scratch.as_str())) {
            let before = shown.get(known).is_some_and(|first| text < first);
            if before && earlier.get(&known).is_none_or(|spelling| text < &**spelling) {
                earlier.insert(known, text.into());
            }
            return known;
        }
        let name = Name(u32::try_from(folded.ends.len()).unwrap_or(u32::MAX));
        folded.push(scratch);
        shown.push(text);
        let hash_of = |id: &Name| hasher.hash_one(folded.get(*id).unwrap_or_default());
        ids.insert_unique(hash, name, hash_of);
        name
    }

    /// The number of a name that was seen before.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Name> {
        let mut wanted = String::new();
        fold(text.trim(), &mut wanted);
        let hash = self.hasher.hash_one(wanted.as_str());
        self.ids.find(hash, |&id| self.folded.get(id) == Some(wanted.as_str())).copied()
    }

    /// The name in lower case: what is compared.
    #[must_use]
    pub fn folded(&self, name: Name) -> &str {
        self.folded.get(name).unwrap_or_default()
    }

    /// The name as records write it; of several spellings the first in the
    /// alphabet.
    #[must_use]
    pub fn shown(&self, name: Name) -> &str {
        let earlier = self.earlier.get(&name).map(|spelling| &**spelling);
        earlier.or_else(|| self.shown.get(name)).unwrap_or_default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.folded.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.folded.ends.is_empty()
    }

    /// The key of a host: the first label of its name, or its address.
    /// `FS01.example.org`, `fs01` and `\\FS01` are one host.
    pub fn host(&mut self, text: &str) -> Option<Name> {
        let text = host_label(text)?;
        Some(self.of(text))
    }

    /// The key of an account: `domain\user`, of the domain only the first
    /// label, so that `CORP\ann`, `ann@corp.example.org` and `ann` in a record
    /// whose domain is `corp.example.org` are one. Without a domain the user
    /// alone. `None` where there is no name (`-`, empty).
    pub fn account(&mut self, user: &str, domain: Option<&str>) -> Option<Name> {
        let user = present(user)?;
        let (user, domain) = match (user.split_once('\\'), user.rsplit_once('@')) {
            (Some((domain, user)), _) => (user, Some(domain)),
            (None, Some((user, domain))) => (user, Some(domain)),
            (None, None) => (user, domain),
        };
        let label = domain.and_then(present).and_then(|d| d.split('.').next()).and_then(present);
        match label {
            Some(label) => {
                let whole = format!("{label}\\{user}");
                Some(self.of(&whole))
            }
            None => Some(self.of(user)),
        }
    }
}

/// The text, if it says anything. Records write `-` and the null logon for
/// "none".
#[must_use]
pub fn present(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && text != "-" && text != "N/A").then_some(text)
}

/// The label by which a host is known: without backslashes, port and domain.
/// Addresses stay whole; `None` for names of nothing.
#[must_use]
pub fn host_label(text: &str) -> Option<&str> {
    let text = present(text.trim().trim_start_matches('\\'))?;
    if address(text).is_some() {
        return address(text);
    }
    present(text.split('.').next().unwrap_or_default().trim_end_matches('$'))
}

/// What follows the first label of a host's name: its domain. `None` where the
/// text has none, or is an address.
#[must_use]
pub fn domain_label(text: &str) -> Option<&str> {
    let text = present(text.trim().trim_start_matches('\\'))?;
    let domain = text.split_once('.').filter(|_| address(text).is_none())?.1;
    present(domain.trim_end_matches('.'))
}

/// The address in a text, without brackets, zone and the prefix of an IPv4
/// address in IPv6; `None` where it is none.
#[must_use]
pub fn address(text: &str) -> Option<&str> {
    let text = text.trim().trim_start_matches('[');
    let text = text.split([']', '%']).next().unwrap_or_default();
    let text =
        text.strip_prefix("::ffff:").or_else(|| text.strip_prefix("::FFFF:")).unwrap_or(text);
    text.parse::<std::net::IpAddr>().is_ok().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_is_one_name_however_it_is_written() {
        let mut names = Names::default();
        let one = names.account("CORP\\Ann", None);
        assert_eq!(one, names.account("ann@corp.example.org", None));
        assert_eq!(one, names.account("ANN", Some("Corp.example.org")));
        assert_ne!(one, names.account("ann", None));
        assert_eq!(names.account("-", Some("CORP")), None);
        assert_eq!(names.shown(one.unwrap()), "CORP\\Ann");
        assert_eq!(names.find("corp\\ANN"), one);
    }

    #[test]
    fn many_names_are_told_apart() {
        let mut names = Names::default();
        let all: Vec<Name> = (0..5_000).map(|n| names.of(&format!("Name-É{n}"))).collect();
        for (n, name) in all.iter().enumerate() {
            assert_eq!(names.of(&format!(" name-é{n} ")), *name);
            assert_eq!(names.find(&format!("NAME-É{n}")), Some(*name));
            assert_eq!(names.folded(*name), format!("name-é{n}"));
            assert_eq!(names.shown(*name), format!("Name-É{n}"));
        }
        assert_eq!(names.len(), 5_000);
        assert_eq!(names.find("name-é5000"), None);
        assert_eq!(names.shown(Name(5_000)), "");
    }

    #[test]
    fn hosts_are_known_by_their_first_label_or_address() {
        let mut names = Names::default();
        assert_eq!(names.host("\\\\FS01"), names.host("fs01.example.org"));
        assert_eq!(names.host("FS01$"), names.host("fs01"));
        assert_eq!(host_label("10.0.1.4"), Some("10.0.1.4"));
        assert_eq!(host_label("::ffff:10.0.1.4"), Some("10.0.1.4"));
        assert_eq!(host_label("fe80::1%4"), Some("fe80::1"));
        assert_eq!(host_label("-"), None);
        assert_eq!(domain_label("\\\\FS01.example.org."), Some("example.org"));
        for none in ["fs01", "fs01.", "10.0.1.4", "fe80::1%4.5", "-"] {
            assert_eq!(domain_label(none), None, "{none}");
        }
    }
}
