//! All places of all assets, so that a thing is compared with few of them: with
//! those on its host, bucket, site or mailbox whose path begins as its own does,
//! or the other way round.

use hashbrown::HashMap;

use super::fit::{Fit, HostRef, Match, Seen, View};
use super::location::{Host, Place};
use super::pattern::SeenPath;
use super::tree::{Probe, Tree};
use super::{Assets, mail, site, store};
use crate::activity::Object;
use crate::names::{Name, address};

/// An asset that a thing relates to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Number of the asset in [`Assets::all`].
    pub asset: usize,
    /// Number of the place in [`Asset::locations`](super::Asset::locations) that
    /// it relates to most.
    pub location: usize,
    /// How.
    pub found: Match,
}

/// All places of all assets.
#[derive(Clone, Debug, Default)]
pub struct Index {
    assets: Assets,
    /// Asset and place of each number in the trees.
    places: Vec<(usize, usize)>,
    trees: HashMap<Shelf, Tree>,
}

/// Which places are looked at together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Shelf {
    /// Files of a host.
    Files(Name),
    /// Files of hosts that are given by a pattern or an address.
    FilesOpen,
    /// Files of all hosts.
    FilesAll,
    /// Shares of a host, and so on.
    Shares(Name),
    SharesOpen,
    SharesAll,
    /// By the user.
    Mail(Box<str>),
    MailOpen,
    MailAll,
    Bucket(Box<str>),
    BucketOpen,
    Site(Box<str>),
    SiteOpen,
    SiteAll,
    Secret,
    Snapshot,
    /// By the user.
    Account(Box<str>),
    AccountOpen,
    AccountAll,
}

impl Index {
    pub(super) fn of(assets: &Assets, view: &View<'_>) -> Self {
        let mut index = Self { assets: assets.clone(), ..Self::default() };
        for (number, asset) in assets.all.iter().enumerate() {
            for (at, location) in asset.locations.iter().enumerate() {
                let id = index.places.len();
                index.places.push((number, at));
                index.put(&location.place, id, view);
            }
        }
        index.trees.values_mut().for_each(Tree::finish);
        index
    }

    /// The assets that a thing relates to, in the order of declaration; the same
    /// as [`Asset::matches`](super::Asset::matches) says of each. Ask once for
    /// each distinct thing.
    #[must_use]
    pub fn find(&self, object: &Object, whole: bool, view: &View<'_>) -> Vec<Found> {
        let seen = Seen::of(object, view);
        let mut ids = Vec::new();
        self.candidates(&seen, whole, view, &mut ids);
        ids.sort_unstable();
        ids.dedup();
        let mut all: Vec<Found> = Vec::new();
        for id in ids {
            let Some(&(asset, location)) = self.places.get(id) else { continue };
            let declared = self.assets.all.get(asset).and_then(|a| a.locations.get(location));
            let Some(declared) = declared else { continue };
            let found = declared.place.matches(&seen, whole, view);
            match all.last_mut().filter(|last| last.asset == asset) {
                _ if found.fit == Fit::No => {}
                Some(last) if last.found < found => *last = Found { asset, location, found },
                Some(_) => {}
                None => all.push(Found { asset, location, found }),
            }
        }
        all
    }

    fn tree(&mut self, shelf: Shelf) -> &mut Tree {
        self.trees.entry(shelf).or_default()
    }

    fn put(&mut self, place: &Place, id: usize, view: &View<'_>) {
        match place {
            Place::Host(host) => {
                for shelf in files(host, view) {
                    self.tree(shelf).put_always(id);
                }
            }
            Place::Path { host, path } => {
                for shelf in files(host, view) {
                    self.tree(shelf).put(path, id);
                }
            }
            Place::Share { host, share, path } => {
                for shelf in shares(host, view) {
                    self.tree(shelf).put(path, id);
                }
                let name = share.is_plain().then(|| share.text());
                let folder = host
                    .name()
                    .zip(name)
                    .and_then(|(host, share)| view.shares.folder((view.hosts)(host), share));
                for shelf in files(host, view) {
                    let tree = self.tree(shelf);
                    match (folder, host, name) {
                        (Some(folder), ..) => tree.put(&path.below(folder), id),
                        (None, Host::One(_), Some(name)) => tree.put_named(name, path, id),
                        _ => tree.put_always(id),
                    }
                }
            }
            Place::Mail { mailbox, message, .. } => {
                let shelf = mailbox.user().map_or(Shelf::MailOpen, |user| Shelf::Mail(user.into()));
                let message = message.as_ref().and_then(mail::Message::id);
                self.tree(shelf).put_id(message, id);
                self.tree(Shelf::MailAll).put_id(message, id);
            }
            Place::Bucket(bucket) => {
                let shelf = bucket.bucket().map_or(Shelf::BucketOpen, |b| Shelf::Bucket(b.into()));
                self.tree(shelf).put_root(bucket.root(), id);
            }
            Place::Site(site) => {
                let shelf = site.host().map_or(Shelf::SiteOpen, |host| Shelf::Site(host.into()));
                self.tree(shelf).put(site.path(), id);
                self.tree(Shelf::SiteAll).put(site.path(), id);
            }
            Place::Secret(own) => own.names().for_each(|n| self.tree(Shelf::Secret).put(n, id)),
            Place::Snapshot(own) => own.names().for_each(|n| self.tree(Shelf::Snapshot).put(n, id)),
            Place::Credential(account) => {
                let shelf = account.user().map_or(Shelf::AccountOpen, |u| Shelf::Account(u.into()));
                self.tree(shelf).put_always(id);
                self.tree(Shelf::AccountAll).put_always(id);
            }
        }
    }

    fn ask(&self, shelf: &Shelf, probe: &Probe<'_>, ids: &mut Vec<usize>) {
        if let Some(tree) = self.trees.get(shelf) {
            tree.ask(probe, ids);
        }
    }

    fn candidates(&self, seen: &Seen<'_>, whole: bool, view: &View<'_>, ids: &mut Vec<usize>) {
        let text = |name: Name| view.names.folded(name);
        match seen.object {
            Object::File { .. } | Object::Shared { .. } | Object::Registry { .. } => {
                self.file_candidates(seen, whole, view, ids);
            }
            Object::Mail { mailbox, message, .. } => {
                let user = mail::user_of(text(mailbox));
                let id = message.map(|message| mail::bare(text(message)));
                if matches!(user, mail::ALL | mail::SOME) {
                    return self.ask(&Shelf::MailAll, &Probe::Id(id), ids);
                }
                for shelf in [Shelf::Mail(user.into()), Shelf::MailOpen] {
                    self.ask(&shelf, &Probe::Id(id), ids);
                }
            }
            Object::Bucket { bucket, key } => {
                let name = store::bucket_name(text(bucket)).into();
                let probe = store::key_probe(key.map(text));
                for shelf in [Shelf::Bucket(name), Shelf::BucketOpen] {
                    self.ask(&shelf, &probe, ids);
                }
            }
            Object::Site { url } => {
                let address = site::Address::of(text(url));
                let path = address.seen();
                let probe = Probe::Path { path: &path, whole, file: address.file() };
                match address.host() {
                    Some(host) => {
                        self.ask(&Shelf::Site(host.into()), &probe, ids);
                        self.ask(&Shelf::SiteOpen, &probe, ids);
                    }
                    None => self.ask(&Shelf::SiteAll, &probe, ids),
                }
            }
            Object::Secret { id } | Object::Snapshot { id } => {
                let secret = matches!(seen.object, Object::Secret { .. });
                let shelf = if secret { Shelf::Secret } else { Shelf::Snapshot };
                for name in store::names_of(text(id)) {
                    let path = store::slashed(name);
                    self.ask(&shelf, &Probe::Path { path: &path, whole, file: None }, ids);
                }
            }
            Object::Credential { account } => {
                let user = store::user_of(text(account)).into();
                for shelf in [Shelf::Account(user), Shelf::AccountOpen] {
                    self.ask(&shelf, &Probe::All, ids);
                }
            }
            Object::Directory { .. } => self.ask(&Shelf::AccountAll, &Probe::All, ids),
            Object::Other { .. } => {}
        }
    }

    fn file_candidates(&self, seen: &Seen<'_>, whole: bool, view: &View<'_>, ids: &mut Vec<usize>) {
        let (files, mut shares) = match seen.host {
            HostRef::Name(host) => {
                let known = (view.hosts)(host);
                (
                    vec![Shelf::Files(host), Shelf::Files(known), Shelf::FilesOpen],
                    vec![Shelf::Shares(host), Shelf::Shares(known), Shelf::SharesOpen],
                )
            }
            HostRef::Unknown | HostRef::Text(_) => (vec![Shelf::FilesAll], vec![Shelf::SharesAll]),
        };
        let none = SeenPath::default();
        for shelf in &files {
            match (&seen.local, &seen.shared) {
                (Some(path), _) => self.ask(shelf, &Probe::Path { path, whole, file: None }, ids),
                (None, Some((share, below))) => {
                    self.ask(shelf, &Probe::Unplaced { share, path: below, whole }, ids);
                }
                (None, None) => self.ask(shelf, &Probe::Id(Some("")), ids),
            }
        }
        let Some((share, below)) = &seen.shared else {
            // A bare name may be of a file in a share.
            if let Some(path) = seen.local.as_ref().filter(|path| path.loose) {
                for shelf in &shares {
                    self.ask(shelf, &Probe::Path { path, whole, file: None }, ids);
                }
            }
            return;
        };
        if super::fit::replicated(share) {
            shares.push(Shelf::SharesAll);
        }
        let path = if below.parts.is_empty() { &none } else { below };
        for shelf in &shares {
            self.ask(shelf, &Probe::Path { path, whole, file: None }, ids);
        }
    }
}

fn files(host: &Host, view: &View<'_>) -> Vec<Shelf> {
    match host {
        Host::One(name) => {
            let own = [Shelf::Files(*name), Shelf::FilesAll];
            let known = Some((view.hosts)(*name)).filter(|known| known != name);
            let open = address(view.names.folded(*name)).map(|_| Shelf::FilesOpen);
            own.into_iter().chain(known.map(Shelf::Files)).chain(open).collect()
        }
        Host::Like(_) => vec![Shelf::FilesOpen, Shelf::FilesAll],
    }
}

fn shares(host: &Host, view: &View<'_>) -> Vec<Shelf> {
    let as_share = |shelf| match shelf {
        Shelf::Files(name) => Shelf::Shares(name),
        Shelf::FilesOpen => Shelf::SharesOpen,
        _ => Shelf::SharesAll,
    };
    files(host, view).into_iter().map(as_share).collect()
}
