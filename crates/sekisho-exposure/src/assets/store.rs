//! Buckets, secrets, snapshots and credentials: things with ids.

use super::fit::{Fit, Match};
use super::glob::Glob;
use super::pattern::{PathPattern, SeenPart, SeenPath};
use super::tree::Probe;
use crate::names::{Name, Names, folded};

/// Objects in a bucket.
#[derive(Clone, Debug)]
pub struct BucketPattern {
    bucket: Glob,
    keys: Keys,
    /// It is declared by the address of another cloud.
    elsewhere: bool,
}

#[derive(Clone, Debug)]
enum Keys {
    All,
    Prefix(Box<str>),
    One(Box<str>),
    Like(PathPattern),
}

impl BucketPattern {
    /// Objects whose key begins with `prefix`, or is `key`; both may be
    /// patterns.
    pub(super) fn of(bucket: &str, prefix: &str, key: Option<&str>) -> Result<Self, String> {
        let bucket = Glob::new(bucket_name(&folded(bucket)))?;
        let text = folded(key.unwrap_or(prefix).trim_start_matches('/'));
        let keys = match key {
            _ if text.contains(['*', '?']) => Keys::Like(PathPattern::of(text.split('/'))?),
            _ if text.is_empty() => Keys::All,
            Some(_) => Keys::One(text.into()),
            None => Keys::Prefix(text.into()),
        };
        Ok(Self { bucket, keys, elsewhere: false })
    }

    /// The same, of the cloud that an address states.
    pub(super) fn at(self, address: &str) -> Self {
        Self { elsewhere: address.to_ascii_lowercase().starts_with("gs:"), ..self }
    }

    /// The bucket, where it is no pattern.
    #[must_use]
    pub fn bucket(&self) -> Option<&str> {
        self.bucket.is_plain().then(|| self.bucket.text())
    }

    /// Whether its name can be that of a bucket of AWS: other clouds have
    /// addresses, and schemes before a name.
    pub(super) fn can_be_of_aws(&self) -> bool {
        let name = self.bucket.text();
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_*?".contains(c);
        !self.elsewhere && (name.starts_with("arn:aws") || name.chars().all(plain))
    }

    pub(super) fn file_name(&self) -> Option<&str> {
        match &self.keys {
            Keys::One(key) => key.rsplit('/').next().filter(|name| !name.is_empty()),
            Keys::Like(pattern) => pattern.file_name(),
            Keys::All | Keys::Prefix(_) => None,
        }
    }

    /// What its keys begin with, to the last slash before anything is open.
    pub(super) fn root(&self) -> String {
        match &self.keys {
            Keys::All => String::new(),
            Keys::Prefix(own) => {
                own.rsplit_once('/').map_or(String::new(), |(head, _)| format!("{head}/"))
            }
            Keys::One(own) => format!("{own}/"),
            Keys::Like(pattern) => pattern.root().flat_map(|part| [part, "/"]).collect(),
        }
    }

    pub(super) fn matches(&self, bucket: &str, key: Option<&str>, whole: bool) -> Match {
        if !self.bucket.matches(bucket_name(bucket)) {
            return Match::NO;
        }
        let above = Match::sure(if whole { Fit::Whole } else { Fit::Contains });
        let Some(key) = key.map(|key| key.trim_start_matches('/')).filter(|key| !key.is_empty())
        else {
            let all = matches!(self.keys, Keys::All) && !whole;
            return if all { Match::sure(Fit::Is) } else { above };
        };
        if let Some((head, _)) = key.split_once('*') {
            return self.in_bucket(head, true).doubt();
        }
        self.in_bucket(key, whole)
    }

    fn in_bucket(&self, key: &str, whole: bool) -> Match {
        let (own, below) = match &self.keys {
            Keys::All => return Match::sure(Fit::Is),
            Keys::Like(pattern) => return pattern.matches(&slashed(key), whole),
            Keys::Prefix(own) => (own, key.starts_with(&**own)),
            Keys::One(own) => (own, key == &**own),
        };
        let above = own.starts_with(key);
        match (below, above) {
            (_, true) if whole => Match::sure(Fit::Whole),
            (true, _) => Match::sure(Fit::Is),
            (_, true) if key.ends_with('/') => Match::sure(Fit::Contains),
            _ => Match::NO,
        }
    }
}

pub(super) fn bucket_name(text: &str) -> &str {
    let text = text.rsplit_once(":::").map_or(text, |(_, name)| name);
    text.trim_end_matches('/')
}

/// A key or name, by its slashes.
pub(super) fn slashed(text: &str) -> SeenPath<'_> {
    let parts = text.split('/').filter(|part| !part.is_empty()).map(SeenPart::Text).collect();
    SeenPath { parts, loose: false, exact: true }
}

/// What to look for, for a key in lower case.
pub(super) fn key_probe(key: Option<&str>) -> Probe<'_> {
    let key = key.map(|key| key.trim_start_matches('/')).unwrap_or_default();
    Probe::Key { key: key.split('*').next().unwrap_or_default() }
}

/// A thing of a cloud by its name, id or ARN. Names with slashes are levels:
/// what lies below is in it.
#[derive(Clone, Debug)]
pub struct Resource {
    scope: Option<Scope>,
    name: PathPattern,
    /// Without the six characters that a secret's ARN ends in.
    short: Option<PathPattern>,
    text: Box<str>,
}

/// Service, region and account of an ARN; empty where it leaves them open.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope([Box<str>; 3]);

impl Resource {
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let text = folded(text.trim());
        let (scope, name) = arn(&text);
        let levels = |name: &str| PathPattern::of(name.split('/').filter(|part| !part.is_empty()));
        let short = scope.is_some().then(|| without_suffix(name)).flatten().map(levels);
        Ok(Self {
            name: levels(name)?,
            short: short.transpose()?,
            scope,
            text: text.as_str().into(),
        })
    }

    /// The names that it is found by.
    pub(super) fn names(&self) -> impl Iterator<Item = &PathPattern> + '_ {
        std::iter::once(&self.name).chain(&self.short)
    }

    /// As it was declared, in lower case.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it can be something of AWS: other clouds and stores write paths,
    /// addresses and schemes of their own.
    pub(super) fn can_be_of_aws(&self) -> bool {
        const OTHERS: [&str; 3] = ["projects/", "/subscriptions/", "subscriptions/"];
        let text = &*self.text;
        if text.starts_with("arn:") {
            return text.starts_with("arn:aws");
        }
        let own = ["rds:", "awsbackup:"].iter().any(|own| text.starts_with(own));
        (own || !text.contains(':')) && !OTHERS.iter().any(|other| text.starts_with(other))
    }

    /// Its name without its type and scope.
    fn declared_name(&self) -> &str {
        arn(&self.text).1
    }

    /// Whether its name has levels, so that what lies below is in it: a
    /// parameter's does, and a pattern's. The name of a secret is only a name.
    fn has_levels(&self, seen: Option<&Scope>, name: &str) -> bool {
        // Addresses of other clouds have versions at their ends.
        if self.text.contains(['*', '?']) || self.text.contains("://") {
            return true;
        }
        let service = |scope: &Scope| scope.0.first().map(|service| service.to_string());
        match self.scope.as_ref().or(seen).and_then(service).as_deref() {
            Some(service) => service == "ssm",
            None => self.text.starts_with('/') || name.starts_with('/'),
        }
    }

    /// The region that its ARN states.
    pub(crate) fn region(&self) -> Option<&str> {
        self.scope.as_ref().and_then(|Scope([_, region, _])| stated(region))
    }

    /// The number of the account that its ARN states.
    pub(crate) fn account(&self) -> Option<&str> {
        self.scope.as_ref().and_then(|Scope([_, _, account])| stated(account))
    }

    pub(super) fn matches(&self, seen: &str, whole: bool) -> Match {
        if *self.text == *seen {
            return Match::sure(if whole { Fit::Whole } else { Fit::Is });
        }
        let (scope, name) = arn(seen);
        if let (Some(own), Some(seen)) = (&self.scope, &scope)
            && !own.agrees(seen)
        {
            return Match::NO;
        }
        let cut = scope.is_some().then(|| without_suffix(name)).flatten();
        if !self.has_levels(scope.as_ref(), name) {
            let is = |own: &PathPattern, seen| own.matches(&slashed(seen), false);
            let own = std::iter::once(&self.name).chain(&self.short);
            let depth = |text: &str| text.split('/').filter(|part| !part.is_empty()).count();
            let mut all = own.flat_map(|own| {
                let seen = [Some(name), cut.filter(|_| std::ptr::eq(own, &self.name))];
                seen.into_iter().flatten().map(move |seen| (own, seen))
            });
            let same = all.any(|(own, seen)| {
                is(own, seen).fit.is_touch() && depth(seen) == depth(self.declared_name())
            });
            let fit = if whole { Fit::Whole } else { Fit::Is };
            return if same { Match::sure(fit) } else { Match::NO };
        }
        let long = self.name.matches(&slashed(name), whole);
        let shorter = cut.map(|cut| self.name.matches(&slashed(cut), whole));
        // An ARN without its suffix, or a bare name, for one that has it.
        let short = self.short.as_ref().map(|own| own.matches(&slashed(name), whole));
        [Some(long), shorter, short].into_iter().flatten().max().unwrap_or_default()
    }
}

/// A part of an ARN, unless it is left open.
fn stated(part: &str) -> Option<&str> {
    (!part.is_empty() && !part.contains(['*', '?'])).then_some(part)
}

impl Scope {
    fn agrees(&self, other: &Self) -> bool {
        let open = |text: &str| text.is_empty() || text == "*";
        self.0.iter().zip(&other.0).all(|(a, b)| a == b || open(a) || open(b))
    }
}

/// The scope of an ARN, and the name in it without its type; or the text as a
/// name.
fn arn(text: &str) -> (Option<Scope>, &str) {
    let mut parts = text.splitn(6, ':');
    let all = [(); 6].map(|()| parts.next());
    let [Some("arn"), Some(_), Some(service), Some(region), Some(account), Some(resource)] = all
    else {
        let name = text.strip_prefix("https://").unwrap_or(text);
        return (None, name.trim_start_matches('/'));
    };
    let name = resource.split_once([':', '/']).map_or(resource, |(_, name)| name);
    let scope = Scope([service.into(), region.into(), account.into()]);
    (Some(scope), name.trim_start_matches('/'))
}

/// The names that a thing in a record is looked for by.
pub(super) fn names_of(seen: &str) -> impl Iterator<Item = &str> {
    let (_, name) = arn(seen);
    std::iter::once(name).chain(without_suffix(name))
}

/// The user of an account's key.
pub(super) fn user_of(key: &str) -> &str {
    Account::parts(key).1
}

/// A secret's name without `-` and six letters or digits.
fn without_suffix(name: &str) -> Option<&str> {
    let (head, suffix) = name.rsplit_once('-')?;
    let is = suffix.len() == 6 && suffix.chars().all(|c| c.is_ascii_alphanumeric());
    (is && !head.is_empty()).then_some(head)
}

/// Whose credential.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account ([`Names::account`]); of a pattern, the pattern's text.
    pub name: Name,
    key: Glob,
}

impl Account {
    pub(super) fn of(text: &str, names: &mut Names) -> Option<Self> {
        let name = names.account(text, None)?;
        let key = Glob::simple(names.folded(name));
        Some(Self { name, key })
    }

    /// The user, where it is no pattern.
    pub(super) fn user(&self) -> Option<&str> {
        self.key.is_plain().then(|| Self::parts(self.key.text()).1)
    }

    fn parts(key: &str) -> (Option<&str>, &str) {
        key.split_once('\\').map_or((None, key), |(domain, user)| (Some(domain), user))
    }

    /// How an account relates to it. One without a domain may be it; of accounts
    /// that every domain has once (krbtgt) the domain may have another name.
    #[must_use]
    pub fn matches(&self, account: Name, names: &Names) -> Match {
        let seen = names.folded(account);
        if self.key.matches(seen) {
            return Match::sure(Fit::Is);
        }
        let ((own_domain, own), (domain, user)) = (Self::parts(self.key.text()), Self::parts(seen));
        let open = own_domain.is_none() || domain.is_none();
        let one = matches!(user, "krbtgt") || user.ends_with('$');
        if own == user && (open || one) { Match::maybe(Fit::Is) } else { Match::NO }
    }

    pub(super) fn in_directory(&self, realm: &str, whole: bool) -> Match {
        let fit = if whole { Fit::Whole } else { Fit::Contains };
        let label = realm.split('.').next().unwrap_or_default();
        match Self::parts(self.key.text()).0 {
            Some(domain) if domain == label => Match::sure(fit),
            // A cloud's directory has another key.
            _ if realm.contains(':') => Match::NO,
            _ => Match::maybe(fit),
        }
    }
}
