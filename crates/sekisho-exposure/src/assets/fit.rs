//! How a thing that was touched relates to a place of an asset.

use super::glob::Glob;
use super::location::{Host, OnHost};
use super::path::{self, Parsed, Root};
use super::pattern::{PathPattern, SeenPart, SeenPath};
use super::{Account, BucketPattern, Folder, Mailbox, Message, Resource, Shares, SitePattern};
use crate::activity::Object;
use crate::names::{Name, Names, host_label};

/// How a thing relates to an asset. The order is from nothing to all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fit {
    /// Not at all.
    #[default]
    No,
    /// It has the name of the asset's file; where it lies is not known.
    NameOnly,
    /// It is strictly above the asset (a folder, a bucket, a mailbox): a way to
    /// it, not a touch of it.
    Contains,
    /// It is the asset, or in it.
    Is,
    /// The asset, all of it: a touch of the asset or of what is above it with
    /// everything below.
    Whole,
}

impl Fit {
    /// Whether the asset itself, or some of it, was touched.
    #[must_use]
    pub fn is_touch(self) -> bool {
        self >= Self::Is
    }
}

/// [`Fit`], and whether it is sure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Match {
    /// How it relates.
    pub fit: Fit,
    /// `false` where what the record leaves open could have it otherwise: the
    /// letter of a volume, a folder of a share, the beginning of a path, one of
    /// two patterns that overlap.
    pub certain: bool,
}

impl Match {
    /// Not at all.
    pub const NO: Self = Self { fit: Fit::No, certain: false };

    pub(super) fn sure(fit: Fit) -> Self {
        Self { fit, certain: true }
    }

    pub(super) fn maybe(fit: Fit) -> Self {
        Self { fit, certain: false }
    }

    pub(super) fn doubt(self) -> Self {
        Self { certain: false, ..self }
    }
}

/// What is needed to tell whether two things are one.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// All names.
    pub names: &'a Names,
    /// The one name of a host, whatever it is called by (an address, an alias).
    pub hosts: &'a dyn Fn(Name) -> Name,
    /// Which folders are shared by which name.
    pub shares: &'a Shares,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("View")
    }
}

/// A host that a record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostRef<'a> {
    Unknown,
    Name(Name),
    /// A name that nothing else has.
    Text(&'a str),
}

/// A thing, made ready to be compared.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) object: Object,
    pub(super) host: HostRef<'a>,
    /// The path on its host.
    pub(super) local: Option<SeenPath<'a>>,
    /// The share, and the path below it.
    pub(super) shared: Option<(&'a str, SeenPath<'a>)>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(object: &Object, view: &View<'a>) -> Self {
        let mut seen = Self { object: *object, host: HostRef::Unknown, local: None, shared: None };
        match *object {
            Object::File { host, path } => {
                seen.host = host.map_or(HostRef::Unknown, HostRef::Name);
                seen.file(path::parse(view.names.folded(path)), view);
            }
            Object::Shared { host, share, path, local } => {
                seen.host = host.map_or(HostRef::Unknown, HostRef::Name);
                let share = share_name(view.names.folded(share));
                let path = path::components_of(view.names.folded(path));
                seen.share(share, &path, view);
                if let Some(local) = local {
                    let mut whole = path::parse(view.names.folded(local));
                    whole.parts.extend(path);
                    seen.local = Some(seen_path(&whole));
                }
            }
            Object::Registry { host, .. } => {
                seen.host = host.map_or(HostRef::Unknown, HostRef::Name);
            }
            _ => {}
        }
        seen
    }

    /// A file by its path.
    fn file(&mut self, parsed: Parsed<'a>, view: &View<'a>) {
        let Some((host, share)) = parsed.unc else {
            self.local = Some(seen_path(&parsed));
            return;
        };
        if !matches!(host, "localhost" | "127.0.0.1" | "::1" | "." | "") {
            let label = host_label(host).unwrap_or(host);
            self.host = view.names.find(label).map_or(HostRef::Text(label), HostRef::Name);
        }
        self.share(share, &parsed.parts, view);
    }

    /// A file by its share and the path below.
    fn share(&mut self, share: &'a str, path: &[&'a str], view: &View<'a>) {
        if share.is_empty() {
            return;
        }
        self.shared = Some((share, seen_path(&below_share(path))));
        let folder = match self.host {
            HostRef::Name(host) => view.shares.folder((view.hosts)(host), share),
            _ => None,
        };
        let learned = folder.map(|folder| folder.iter().map(|part| &**part).collect::<Vec<_>>());
        if let Some(head) = learned {
            let whole = Parsed {
                unc: None,
                root: if head.first() == Some(&"/") { Root::Drive } else { root_of(&head) },
                parts: head.iter().chain(path).copied().collect(),
            };
            self.local = Some(seen_path(&whole));
        } else if let Some((head, root)) = usual_folder(share) {
            let parts = head.into_iter().chain(path.iter().copied()).collect();
            let mut local = seen_path(&Parsed { unc: None, root, parts });
            local.exact &= drive_share(share).is_some();
            self.local = Some(local);
        }
    }

    pub(super) fn on_host(&self, host: &Host, whole: bool, view: &View<'_>) -> Match {
        let lies = matches!(
            self.object,
            Object::File { .. } | Object::Shared { .. } | Object::Registry { .. }
        );
        let all = whole && self.local.as_ref().is_some_and(|path| path.parts.is_empty());
        match host.holds(self.host, view) {
            OnHost::Yes if lies && all => Match::sure(Fit::Whole),
            OnHost::Yes if lies => Match::sure(Fit::Is),
            _ => Match::NO,
        }
    }

    pub(super) fn in_path(
        &self,
        host: &Host,
        path: &PathPattern,
        whole: bool,
        view: &View<'_>,
    ) -> Match {
        let place = host.holds(self.host, view);
        if place == OnHost::No {
            return Match::NO;
        }
        let found = match (&self.local, &self.shared) {
            (Some(local), _) => path.matches(local, whole),
            (None, Some((share, below))) => unplaced(path, share, below, whole),
            (None, None) => Match::NO,
        };
        if place == OnHost::Yes || found.fit == Fit::NameOnly { found } else { found.doubt() }
    }

    pub(super) fn in_share(
        &self,
        host: &Host,
        share: &Glob,
        path: &PathPattern,
        whole: bool,
        view: &View<'_>,
    ) -> Match {
        let place = host.holds(self.host, view);
        if let Some((seen, below)) = &self.shared {
            let replicated = replicated(seen) && share.text() == *seen;
            if !share.matches(seen) || (place == OnHost::No && !replicated) {
                return Match::NO;
            }
            let found = path.matches(below, whole);
            return if place == OnHost::Yes { found } else { found.doubt() };
        }
        let Some(local) = self.local.as_ref().filter(|_| place != OnHost::No) else {
            return Match::NO;
        };
        let known = match (host, self.host) {
            (_, HostRef::Name(name)) => view.shares.folder((view.hosts)(name), share.text()),
            (Host::One(name), _) => view.shares.folder((view.hosts)(*name), share.text()),
            _ => None,
        };
        let found = match known {
            Some(folder) => path.below(folder).matches(local, whole),
            None => guessed(share, path, local, whole),
        };
        if place == OnHost::Yes || found.fit == Fit::NameOnly { found } else { found.doubt() }
    }

    pub(super) fn in_mail(
        &self,
        mailbox: &Mailbox,
        folder: Option<&Folder>,
        message: Option<&Message>,
        whole: bool,
        view: &View<'_>,
    ) -> Match {
        let Object::Mail { mailbox: own, folder: in_folder, message: id } = self.object else {
            return Match::NO;
        };
        let text = |name: Option<Name>| name.map(|name| view.names.folded(name));
        let owner = mailbox.matches(view.names.folded(own));
        super::mail::fit(owner, (folder, text(in_folder)), (message, text(id)), whole)
    }

    pub(super) fn in_bucket(&self, pattern: &BucketPattern, whole: bool, view: &View<'_>) -> Match {
        let Object::Bucket { bucket, key } = self.object else { return Match::NO };
        let key = key.map(|key| view.names.folded(key));
        pattern.matches(view.names.folded(bucket), key, whole)
    }

    pub(super) fn in_site(&self, pattern: &SitePattern, whole: bool, view: &View<'_>) -> Match {
        match self.object {
            Object::Site { url } => pattern.matches(view.names.folded(url), whole),
            _ => Match::NO,
        }
    }

    pub(super) fn in_secret(&self, secret: &Resource, whole: bool, view: &View<'_>) -> Match {
        match self.object {
            Object::Secret { id } => secret.matches(view.names.folded(id), whole),
            _ => Match::NO,
        }
    }

    pub(super) fn is_snapshot(&self, snapshot: &Resource, view: &View<'_>) -> Match {
        match self.object {
            Object::Snapshot { id } => snapshot.matches(view.names.folded(id), false),
            _ => Match::NO,
        }
    }

    pub(super) fn is_credential(&self, own: &Account, whole: bool, view: &View<'_>) -> Match {
        match self.object {
            Object::Credential { account } => own.matches(account, view.names),
            Object::Directory { realm } => own.in_directory(view.names.folded(realm), whole),
            _ => Match::NO,
        }
    }
}

/// A share by its name alone: `\\*\Plans` is `plans`.
fn share_name(share: &str) -> &str {
    share.trim_end_matches(['\\', '/']).rsplit(['\\', '/']).next().unwrap_or(share)
}

fn below_share<'a>(path: &[&'a str]) -> Parsed<'a> {
    Parsed { unc: None, root: Root::Drive, parts: path.to_vec() }
}

fn root_of(head: &[&str]) -> Root {
    if head.first().is_some_and(|first| first.ends_with(':')) {
        Root::Drive
    } else {
        Root::AnyDrive
    }
}

/// A parsed path (in lower case) as it is compared.
fn seen_path<'a>(parsed: &Parsed<'a>) -> SeenPath<'a> {
    let root = match parsed.root {
        Root::Unix => Some(SeenPart::Text("/")),
        Root::AnyDrive => Some(SeenPart::Wild(Glob::simple("?:"))),
        Root::Drive | Root::Unknown => None,
    };
    let part = |part: &&'a str| {
        if part.contains(['*', '?']) {
            SeenPart::Wild(Glob::simple(part))
        } else {
            SeenPart::Text(part)
        }
    };
    let parts = root.into_iter().chain(parsed.parts.iter().map(part)).collect();
    let exact = matches!(parsed.root, Root::Drive | Root::Unix);
    SeenPath { parts, loose: parsed.root == Root::Unknown, exact }
}

/// The drive that a share like `C$` is.
pub(crate) fn drive_share(share: &str) -> Option<&str> {
    let letter = share.strip_suffix('$')?;
    (letter.len() == 1 && letter.chars().all(|c| c.is_ascii_alphabetic())).then_some(letter)
}

/// Where the shares lie that every Windows host has.
fn usual_folder(share: &str) -> Option<(Vec<&'static str>, Root)> {
    if let Some(letter) = drive_share(share) {
        return Some((vec![drive(letter)?], Root::Drive));
    }
    let parts: &[&str] = match share {
        "admin$" => &["windows"],
        "sysvol" => &["windows", "sysvol", "sysvol"],
        "print$" => &["windows", "system32", "spool", "drivers"],
        _ => return None,
    };
    Some((parts.to_vec(), Root::AnyDrive))
}

fn drive(letter: &str) -> Option<&'static str> {
    const DRIVES: &str = "a:b:c:d:e:f:g:h:i:j:k:l:m:n:o:p:q:r:s:t:u:v:w:x:y:z:";
    let at = DRIVES.find(&letter.to_ascii_lowercase())?;
    DRIVES.get(at..at + 2)
}

/// Shares of domain controllers, alike on each of them and called by the
/// domain's name.
pub(super) fn replicated(share: &str) -> bool {
    matches!(share, "sysvol" | "netlogon")
}

/// A file in a share of which it is not known which folder it is: it may be
/// below any. Where the share's name is one of the pattern's folders, it is
/// taken to be that one.
fn unplaced(path: &PathPattern, share: &str, below: &SeenPath<'_>, whole: bool) -> Match {
    if share == "ipc$" {
        return Match::NO;
    }
    if path.is_all() {
        return Match::maybe(Fit::Is);
    }
    if path.names(share) {
        let head = std::iter::once(SeenPart::Text(share));
        let parts = head.chain(below.parts.iter().cloned()).collect();
        let found = path.matches(&SeenPath { parts, loose: true, exact: false }, whole);
        if found.fit != Fit::No {
            return Match::maybe(Fit::Is);
        }
    }
    let last = below.parts.last().map(|last| match last {
        SeenPart::Text(text) => path.file_name() == Some(text),
        SeenPart::Wild(_) => false,
    });
    match (last, whole) {
        (Some(true), _) => Match::maybe(Fit::NameOnly),
        (_, true) => Match::maybe(Fit::Whole),
        // The share itself: a way, perhaps.
        (None, false) => Match::maybe(Fit::Contains),
        (Some(false), false) => Match::NO,
    }
}

/// A file by its path, where it is not known which folder the asset's share
/// is: taken to be one of the same name.
fn guessed(share: &Glob, path: &PathPattern, local: &SeenPath<'_>, whole: bool) -> Match {
    let named = |part: &SeenPart<'_>| matches!(part, SeenPart::Text(text) if share.matches(text));
    let Some(at) = local.parts.iter().position(named).filter(|_| share.is_plain()) else {
        let bare = local.loose && local.parts.len() == 1;
        return if bare { path.matches(local, whole) } else { Match::NO };
    };
    let parts = local.parts.iter().skip(at + 1).cloned().collect();
    path.matches(&SeenPath { parts, loose: false, exact: false }, whole).doubt()
}
