//! What was done to each asset, by the intruder or by somebody who may be.

use hashbrown::HashMap;

use super::callers::Callers;
use super::letters::Letters;
use crate::activity::{
    Activity, FileSent, Object, SessionStep, TicketKind, TicketStep, Touch, TouchKind, Transfer,
    What,
};
use crate::answer::Grade;
use crate::assets::{Account, Assets, Fit, Found, Index, Kind, View};
use crate::estate::Inside;
use crate::names::{Name, Names};
use crate::taint::habits::LARGE;
use crate::taint::{Entity, Hit, May, Sweep, is_strange};

/// What kind of act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ActKind {
    /// A touch.
    Touch(u8),
    /// It was packed, and so much left the host to outside that it left too.
    LeftPacked,
    /// A file of that name or content was sent out.
    Sent,
    /// The credential's secrets were read out.
    Taken,
    /// The credential was used by the intruder.
    Used,
}

/// One act on an asset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act {
    /// Number of the activity in the story.
    pub(crate) activity: u32,
    /// How firmly it is the intruder's, and the asset's.
    pub(crate) grade: Grade,
    /// What was done, for a touch.
    pub(crate) touch: Option<TouchKind>,
    pub(crate) kind: ActKind,
    /// The thing, to count the same one once.
    pub(crate) thing: Option<Name>,
    pub(crate) bytes: Option<u64>,
    /// More was done than was recorded.
    pub(crate) throttled: bool,
}

/// Acts by asset.
#[derive(Debug, Default)]
pub(crate) struct Acts {
    /// The intruder's, in order of time.
    pub(crate) tainted: Vec<Vec<Act>>,
    /// Touches by somebody of whom it cannot be said that it was not the
    /// intruder.
    pub(crate) may: Vec<Vec<u32>>,
    /// Touches of what contains the asset, by the intruder.
    pub(crate) ways: Vec<Vec<(u32, Grade)>>,
    /// Ordinary reads of machine policy, which say nothing of a whole host.
    pub(crate) policy: Vec<Vec<u32>>,
    /// Numbers of all of the intruder's activities, and how firmly.
    pub(crate) all: Vec<(u32, Hit)>,
}

/// Everything that acts are found with.
pub(crate) struct Finder<'a> {
    pub(crate) sweep: &'a Sweep<'a>,
    pub(crate) may: &'a May,
    pub(crate) callers: Callers,
    pub(crate) assets: &'a Assets,
    pub(crate) index: &'a Index,
    pub(crate) view: View<'a>,
    /// By asset: names under which copies of it were seen (archives).
    pub(crate) copies: HashMap<Box<str>, Vec<(usize, Grade)>>,
    /// By account: the assets that are its credentials.
    pub(crate) owned: HashMap<Name, Vec<usize>>,
    /// Where declared messages lie.
    pub(crate) letters: Letters,
    /// What the intruder packed, and where.
    pub(crate) packed: Vec<Packed>,
}

/// An asset that the intruder packed on a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed {
    asset: usize,
    host: Name,
    at: i64,
    grade: Grade,
    /// Bytes of the asset, where they are declared.
    size: Option<u64>,
    /// Bytes that the host has sent since to ends of the intruder's.
    sent: u64,
}

/// What leaves so long after it was packed is taken for it, nanoseconds.
const LEAVES_WITHIN: i64 = 24 * 3_600_000_000_000;

/// What nobody declared the size of is taken to have so many bytes, packed.
const SIZE_UNKNOWN: u64 = 10 << 20;

/// Packed, a thing has at least one in so many of its bytes.
const PACKED_LEAST: u64 = 2;

impl Finder<'_> {
    /// Finds all acts.
    pub(crate) fn run(&mut self) -> Acts {
        let count = self.assets.all.len();
        let mut acts = Acts {
            tainted: vec![Vec::new(); count],
            may: vec![Vec::new(); count],
            ways: vec![Vec::new(); count],
            policy: vec![Vec::new(); count],
            all: Vec::new(),
        };
        self.name_files();
        for (number, activity) in self.sweep.story.activities.iter().enumerate() {
            let Ok(number) = u32::try_from(number) else { break };
            let hit = self.sweep.actor(activity);
            if let Some(hit) = hit {
                acts.all.push((number, hit));
                self.called(number, activity, hit, &mut acts);
            }
            match &activity.what {
                What::Touch(touch) => self.touch(number, activity, touch, hit, &mut acts),
                What::Ticket(ticket) => self.ticket(number, activity, ticket, hit, &mut acts),
                What::Session(session) => {
                    let opened = session.key.and_then(|key| {
                        let link = self.sweep.taints.at(Entity::Session(key), activity.time)?;
                        (link.whole && link.record == activity.record).then_some(link.grade)
                    });
                    if let (Some(grade), Some(account)) = (opened, session.account) {
                        self.used(number, account, grade, &mut acts);
                    }
                }
                What::Transfer(transfer) => self.sent(number, activity, transfer, hit, &mut acts),
                _ => {}
            }
        }
        acts
    }

    /// Files that are known by name, and may be seen to leave under it.
    fn name_files(&mut self) {
        for (number, asset) in self.assets.all.iter().enumerate() {
            for name in asset.file_names() {
                let known = self.copies.entry(name.to_lowercase().into()).or_default();
                known.push((number, Grade::Proven));
            }
        }
    }

    fn touch(
        &mut self,
        number: u32,
        activity: &Activity,
        touch: &Touch,
        hit: Option<Hit>,
        acts: &mut Acts,
    ) {
        if hit.is_none() && !self.may_be(activity) {
            return;
        }
        if touch.kind == TouchKind::Named {
            self.near(number, touch, hit, acts);
            return;
        }
        if is_some_mailbox(touch, self.sweep.names) {
            self.near_all(number, &[Kind::Mail], hit, acts);
        }
        let policy = is_policy(&touch.object, self.sweep.names);
        // Who lists a thing sees the names in it, and touches nothing in it.
        let whole = touch.kind != TouchKind::Listed && (touch.whole || touch.throttled);
        for Found { asset, location, found: fit } in
            self.index.find(&touch.object, whole, &self.view)
        {
            let declared = self.assets.all.get(asset).and_then(|a| a.locations.get(location));
            let host_alone = declared.is_some_and(|l| l.place.kind() == Kind::Host);
            let reads =
                matches!(touch.kind, TouchKind::Read | TouchKind::Opened | TouchKind::Listed);
            if policy && reads {
                push(&mut acts.policy, asset, number);
                if host_alone {
                    continue;
                }
            }
            let Some(hit) = hit else {
                if fit.fit.is_touch() || fit.fit == Fit::Contains && is_open(touch) {
                    push(&mut acts.may, asset, number);
                }
                continue;
            };
            let grade = if fit.certain { hit.grade } else { lower(hit.grade) };
            let place = declared.map(|location| &location.place);
            let touched = touch.kind != TouchKind::Denied && fit.fit.is_touch();
            let firm = self.of_mail((asset, location), place, touch, grade);
            let Some(grade) = firm.filter(|_| touched) else {
                if fit.fit != Fit::No {
                    push(&mut acts.ways, asset, (number, grade));
                }
                if fit.fit == Fit::Contains && is_open(touch) {
                    push(&mut acts.may, asset, number);
                }
                continue;
            };
            let act = Act {
                activity: number,
                grade,
                touch: Some(touch.kind),
                kind: ActKind::Touch(weight(touch.kind)),
                thing: thing(&touch.object),
                bytes: touch.bytes,
                throttled: touch.throttled,
            };
            push(&mut acts.tainted, asset, act);
            if let (TouchKind::Staged, Some(to)) = (touch.kind, touch.to) {
                let name = last_part(self.sweep.names.folded(to));
                self.copies.entry(name.into()).or_default().push((asset, grade));
                self.pack(asset, activity, grade);
            }
        }
    }

    /// A record that may be of a thing, and does not say so.
    fn near(&self, number: u32, touch: &Touch, hit: Option<Hit>, acts: &mut Acts) {
        if let Object::Other { service, .. } = touch.object {
            let kinds = kept_by(self.sweep.names.folded(service));
            self.near_all(number, kinds, hit, acts);
            return;
        }
        for found in self.index.find(&touch.object, touch.whole, &self.view) {
            if found.found.fit.is_touch() {
                came(number, found.asset, hit, acts);
            }
        }
    }

    /// A record that may be of any thing of these kinds.
    fn near_all(&self, number: u32, kinds: &[Kind], hit: Option<Hit>, acts: &mut Acts) {
        for (asset, one) in self.assets.all.iter().enumerate() {
            if one.locations.iter().any(|l| kinds.contains(&l.place.kind())) {
                came(number, asset, hit, acts);
            }
        }
    }

    fn pack(&mut self, asset: usize, activity: &Activity, grade: Grade) {
        let size = self.assets.all.get(asset).and_then(|asset| asset.size_bytes);
        let host = activity.actor.host.or(activity.place);
        if let Some(host) = host
            && grade >= Grade::Probable
        {
            self.packed.push(Packed { asset, host, at: activity.time, grade, size, sent: 0 });
        }
    }

    /// A large upload from a compromised host to an end that does not recur.
    fn is_odd_upload(&self, activity: &Activity, transfer: &Transfer) -> bool {
        let (sent, received) = (transfer.sent.unwrap_or(0), transfer.received.unwrap_or(0));
        let host = transfer.client.host.or(transfer.client.address);
        let taint = host.and_then(|host| self.sweep.taints.at(Entity::Host(host), activity.time));
        sent >= LARGE
            && sent > received
            && taint.is_some_and(|link| link.grade >= Grade::Probable)
            && !self.sweep.habits.upload(transfer)
    }

    /// Bytes that go to an end of the intruder's from a host on which something
    /// was packed: when they are enough, it left.
    fn left_packed(
        &mut self,
        number: u32,
        activity: &Activity,
        transfer: &Transfer,
        acts: &mut Acts,
    ) {
        let from = transfer.client.host.or(transfer.client.address);
        let (Some(from), Some(sent)) = (from, transfer.sent) else { return };
        for packed in self.packed.iter_mut().filter(|packed| packed.host == from) {
            let after = activity.time - packed.at;
            let before = packed.sent;
            if (0..=LEAVES_WITHIN).contains(&after) {
                packed.sent = packed.sent.saturating_add(sent);
            }
            let enough = packed.size.map_or(SIZE_UNKNOWN, |size| size / PACKED_LEAST);
            if before < enough && packed.sent >= enough {
                let grade = packed.grade.min(Grade::Probable);
                push(&mut acts.tainted, packed.asset, plain(number, grade, ActKind::LeftPacked));
            }
        }
    }

    fn ticket(
        &mut self,
        number: u32,
        activity: &Activity,
        ticket: &crate::activity::Ticket,
        hit: Option<Hit>,
        acts: &mut Acts,
    ) {
        match ticket.step {
            TicketStep::Taken => {
                let Some(hit) = hit else { return };
                for (asset, one) in self.assets.all.iter().enumerate() {
                    let theirs = one.credentials().any(|credential| {
                        let by_name =
                            |account: Name| is_theirs(credential, account, self.sweep.names);
                        let link = |account: Name| {
                            let link =
                                self.sweep.taints.first(Entity::Account(account), Grade::Possible);
                            link.is_some_and(|link| link.record == activity.record)
                        };
                        // With a key that signs others' tokens anybody can be named, and
                        // nobody's own secrets are read.
                        if ticket.kind == TicketKind::SigningKey {
                            return [ticket.account, ticket.service]
                                .into_iter()
                                .flatten()
                                .any(by_name);
                        }
                        let everyones = ticket.everyone && ticket.kind != TicketKind::Token;
                        ticket.account.is_some_and(by_name)
                            || everyones && self.in_domain(credential, activity.place)
                            || self.sweep.story.logons.accounts().any(|a| by_name(a) && link(a))
                    });
                    if theirs {
                        push(&mut acts.tainted, asset, plain(number, hit.grade, ActKind::Taken));
                    }
                }
            }
            TicketStep::Used | TicketStep::Forged | TicketStep::Issued => {
                let forged = ticket.step == TicketStep::Forged;
                let grade = hit.map(|hit| hit.grade).or(forged.then_some(Grade::Probable));
                // An application is known by its id too.
                let app = ticket.issued.filter(|_| ticket.kind == TicketKind::AppSecret);
                for account in [ticket.account, app].into_iter().flatten() {
                    if let Some(grade) = grade {
                        self.used(number, account, grade, acts);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a credential is of the domain of a place: of the accounts that
    /// logged on there.
    fn in_domain(&self, credential: &Account, place: Option<Name>) -> bool {
        let Some(place) = place else { return false };
        let names = self.sweep.names;
        let mut here = self.sweep.story.logons.on(place).filter_map(|logon| logon.account);
        here.any(|account| {
            let domain = names.folded(account).split_once('\\').map(|(domain, _)| domain);
            let own = names.folded(credential.name).split_once('\\').map(|(domain, _)| domain);
            domain.is_some_and(|domain| own.is_none_or(|own| own == domain))
        })
    }

    /// Who calls a cloud proves by it that the account is in hand, and the key
    /// that signed the call.
    fn called(&mut self, number: u32, activity: &Activity, hit: Hit, acts: &mut Acts) {
        let names = self.sweep.names;
        let realm = activity.place.map_or("", |place| names.folded(place));
        let refused = match &activity.what {
            What::Session(session) => session.step != SessionStep::Seen,
            What::Ticket(ticket) => ticket.step == TicketStep::Refused,
            What::Touch(touch) => matches!(touch.kind, TouchKind::Denied | TouchKind::Named),
            _ => false,
        };
        if refused || !(realm.starts_with("aws:") || realm.starts_with("tenant:")) {
            return;
        }
        let key = activity.actor.session.filter(|_| realm.starts_with("aws:"));
        // A session of a role is named by the role and by itself.
        let role = activity.actor.account.and_then(|account| role_of(names.folded(account)));
        let role = role.and_then(|role| names.find(&role));
        for name in [activity.actor.account, key, role].into_iter().flatten() {
            self.used(number, name, hit.grade, acts);
        }
    }

    fn used(&mut self, number: u32, account: Name, grade: Grade, acts: &mut Acts) {
        let (assets, names) = (self.assets, self.sweep.names);
        let owned = self.owned.entry(account).or_insert_with(|| {
            let all = assets.all.iter().enumerate();
            all.filter(|(_, asset)| asset.credentials().any(|c| is_theirs(c, account, names)))
                .map(|(number, _)| number)
                .collect()
        });
        for &asset in owned.iter() {
            push(&mut acts.tainted, asset, plain(number, grade, ActKind::Used));
        }
    }

    /// Files in a transfer to outside.
    fn sent(
        &mut self,
        number: u32,
        activity: &Activity,
        transfer: &Transfer,
        hit: Option<Hit>,
        acts: &mut Acts,
    ) {
        let ends = [transfer.server.address, transfer.server.host, transfer.server_name];
        let known_end = ends.into_iter().flatten().find_map(|end| {
            self.sweep.taints.at(Entity::End(end), activity.time).map(|link| link.grade)
        });
        let inside = [transfer.server.address, transfer.server.host]
            .into_iter()
            .flatten()
            .any(|end| self.sweep.estate.inside(end) == Inside::Yes);
        if inside && known_end.is_none() {
            return;
        }
        let detected = self.sweep.seeded.contains(&activity.record);
        let known = known_end.is_some_and(|grade| grade >= Grade::Probable);
        if detected || known || self.is_odd_upload(activity, transfer) {
            self.left_packed(number, activity, transfer, acts);
        }
        let Some(grade) = hit.map(|hit| hit.grade).max(known_end) else { return };
        for file in transfer.files.iter().filter(|file| file.upload) {
            self.file(number, file, grade, acts);
        }
    }

    fn file(&self, number: u32, file: &FileSent, grade: Grade, acts: &mut Acts) {
        let names = self.sweep.names;
        let by_hash = self
            .assets
            .all
            .iter()
            .enumerate()
            .filter(|(_, asset)| file.sha256.is_some_and(|hash| asset.hashes.contains(&hash)));
        let mut found: Vec<(usize, Grade)> =
            by_hash.map(|(asset, _)| (asset, Grade::Proven)).collect();
        if let Some(name) = file.name {
            let whole = names.folded(name);
            found.extend(self.copies.get(last_part(whole)).into_iter().flatten());
            let object = Object::File { host: None, path: name };
            let fits = self.index.find(&object, false, &self.view);
            let fits = fits.into_iter().filter(|fit| fit.found.fit.is_touch());
            found.extend(fits.map(|fit| (fit.asset, tie(fit.found.certain))));
        }
        found.sort_unstable_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)));
        found.dedup_by_key(|(asset, _)| *asset);
        for (asset, tie) in found {
            let refused = file.accepted == Some(false);
            if refused {
                continue;
            }
            let sure = if file.accepted == Some(true) { Grade::Proven } else { Grade::Probable };
            let act = Act {
                bytes: file.bytes,
                thing: file.name,
                ..plain(number, grade.min(tie).min(sure), ActKind::Sent)
            };
            push(&mut acts.tainted, asset, act);
        }
    }

    /// Whether somebody who is not tainted may still have been the intruder.
    fn may_be(&self, activity: &Activity) -> bool {
        let actor = &activity.actor;
        if let Some(may) = self.callers.may_be(self.sweep, self.may, activity) {
            return may;
        }
        let session = actor.session.is_some_and(|key| self.may.session(key));
        let unknown = actor
            .session
            .is_none_or(|key| self.sweep.story.logons.get(key).is_none_or(|l| !l.begun));
        let host = actor.host.or(activity.place);
        let strange = || is_strange(self.sweep, actor.account, activity.place);
        session || unknown && (host.is_none_or(|host| self.may.host(host).is_some()) || strange())
    }
}

/// How firmly a file is tied to an asset by where it lay.
fn tie(certain: bool) -> Grade {
    if certain { Grade::Proven } else { Grade::Probable }
}

/// Whether an account is the one whose credential is an asset.
pub(crate) fn is_theirs(credential: &Account, account: Name, names: &Names) -> bool {
    credential.matches(account, names).fit.is_touch()
}

fn push<T>(all: &mut [Vec<T>], asset: usize, one: T) {
    if let Some(of_asset) = all.get_mut(asset) {
        of_asset.push(one);
    }
}

fn plain(activity: u32, grade: Grade, kind: ActKind) -> Act {
    Act { activity, grade, touch: None, kind, thing: None, bytes: None, throttled: false }
}

/// One grade less.
pub(crate) fn lower(grade: Grade) -> Grade {
    match grade {
        Grade::Proven => Grade::Probable,
        Grade::Probable | Grade::Possible => Grade::Possible,
    }
}

/// How much a touch tells, for what is cited first.
fn weight(kind: TouchKind) -> u8 {
    match kind {
        TouchKind::Denied | TouchKind::Named => 0,
        TouchKind::Listed => 1,
        TouchKind::Deleted => 2,
        TouchKind::Written => 3,
        TouchKind::Opened => 4,
        TouchKind::Read => 5,
        TouchKind::Staged => 6,
        TouchKind::Shared => 7,
        TouchKind::Delivered => 8,
    }
}

/// Whether something was read or taken of which the record names no more than
/// what it lies in: what a search found, an object whose key is not there.
fn is_open(touch: &Touch) -> bool {
    let taken = matches!(touch.kind, TouchKind::Staged | TouchKind::Delivered);
    let read = taken || matches!(touch.kind, TouchKind::Read | TouchKind::Opened);
    match touch.object {
        Object::Site { .. } => taken,
        Object::Mail { message: None, .. }
        | Object::Bucket { .. }
        | Object::Secret { .. }
        | Object::Snapshot { .. } => read,
        _ => false,
    }
}

/// Somebody may have come to an asset; by the intruder it is a way.
fn came(number: u32, asset: usize, hit: Option<Hit>, acts: &mut Acts) {
    push(&mut acts.may, asset, number);
    if let Some(hit) = hit {
        push(&mut acts.ways, asset, (number, lower(hit.grade)));
    }
}

/// Whether mail of a mailbox was read, taken or opened of which the record has
/// an id only, or the name that people see: it may be anybody's.
fn is_some_mailbox(touch: &Touch, names: &Names) -> bool {
    let Object::Mail { mailbox, .. } = touch.object else { return false };
    let text = names.folded(mailbox);
    let known = text.contains(['@', '\\']) || text.contains("/cn=") || matches!(text, "*" | "?");
    let done = matches!(
        touch.kind,
        TouchKind::Read
            | TouchKind::Opened
            | TouchKind::Delivered
            | TouchKind::Staged
            | TouchKind::Shared
    );
    !known && done
}

/// What a service keeps.
fn kept_by(service: &str) -> &'static [Kind] {
    match service {
        "s3" => &[Kind::Bucket],
        "secretsmanager" | "ssm" => &[Kind::Secret],
        "ec2" => &[Kind::Snapshot],
        "exchange" => &[Kind::Mail],
        "sharepoint" => &[Kind::Site],
        _ => &[],
    }
}

/// What tells a thing from another, to count copies of one only once.
fn thing(object: &Object) -> Option<Name> {
    match *object {
        Object::File { path, .. } | Object::Shared { path, .. } => Some(path),
        Object::Mail { message, folder, mailbox } => message.or(folder).or(Some(mailbox)),
        Object::Bucket { key, bucket } => key.or(Some(bucket)),
        Object::Site { url } => Some(url),
        Object::Secret { id } | Object::Snapshot { id } | Object::Other { id, .. } => Some(id),
        Object::Credential { account } => Some(account),
        Object::Registry { key, .. } => Some(key),
        Object::Directory { realm } => Some(realm),
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// The role whose session an ARN names.
pub(super) fn role_of(session: &str) -> Option<String> {
    let (head, rest) = session.split_once(":assumed-role/")?;
    let (role, _) = rest.rsplit_once('/')?;
    Some(format!("{}:role/{role}", head.replacen(":sts:", ":iam:", 1)))
}

/// Shares from which every machine reads its policy.
fn is_policy(object: &Object, names: &Names) -> bool {
    let Object::Shared { share, .. } = object else { return false };
    matches!(names.folded(*share), "sysvol" | "netlogon")
}
