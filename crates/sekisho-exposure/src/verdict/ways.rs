//! Ways to an asset: whether all of them were watched, whether the intruder
//! had one, and whether touches of its kind are recorded at all.

use std::rc::Rc;

use hashbrown::HashSet;

use super::acts::{Acts, is_theirs};
use super::cite::stamp;
use super::once::Once;
use crate::activity::{Object, TouchKind, What};
use crate::answer::Grade;
use crate::assets::{Asset, Kind, Place, View, drive_share};
use crate::extract::Class;
use crate::ledger::{Absent, Cover, Ledger};
use crate::names::Name;
use crate::taint::{Entity, May, Sweep};

/// From how many nanoseconds on it is said that a log begins later than the
/// evidence, or ends earlier, where its habit explains that.
const ENDS_SAID_MIN: i64 = 300_000_000_000;

/// Hosts of a credential that are named for that, at most.
const ENDS_NAMED_MAX: usize = 5;

/// What holds for everything that is ruled out.
const NO_COPY: &str = "no copy of it lies where it was not declared";

/// Everything that ways are judged with.
pub(crate) struct Ways<'a> {
    pub(crate) sweep: &'a Sweep<'a>,
    pub(crate) may: &'a May,
    pub(crate) ledger: &'a Ledger<'a>,
    pub(crate) heard: &'a crate::ledger::Heard,
    pub(crate) evidence: &'a crate::evidence::Evidence,
    /// Whether sensors say that they lost something, once it was asked.
    pub(crate) sensor_lost: std::cell::OnceCell<bool>,
    pub(crate) acts: &'a Acts,
    pub(crate) begin: i64,
    pub(crate) end: i64,
    /// From the first sign of the intruder to the last.
    pub(crate) signs: Option<(i64, i64)>,
    pub(crate) view: View<'a>,
    /// Realms of clouds that were heard.
    pub(crate) realms: Vec<Name>,
    /// What was found out for one asset and holds for others.
    pub(crate) once: Once,
}

/// What is known of the ways to an asset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    /// All of them were watched, and nothing of the intruder's came: which
    /// evidence says so.
    pub(crate) closed: Option<String>,
    /// What it rests on besides.
    pub(crate) conditions: Vec<String>,
    /// The intruder had one: how firmly, and what shows it.
    pub(crate) open: Option<(Grade, String)>,
    /// Touches of this kind are recorded, at least in part.
    pub(crate) recorded: bool,
    /// What was not seen.
    pub(crate) missing: Vec<Absent>,
    /// Why it is not closed.
    pub(crate) why: String,
    /// Bytes that can have left at most by the watched path.
    pub(crate) bound: Option<u64>,
}

impl Ways<'_> {
    /// The ways to an asset, over all of its places: closed only if each is,
    /// open if any is.
    pub(crate) fn to(&self, number: usize, asset: &Asset) -> Way {
        let mut all: Option<Way> = None;
        for location in &asset.locations {
            let way = self.to_place(number, asset, &location.place);
            all = Some(match all {
                None => way,
                Some(before) => joined(before, way),
            });
        }
        let mut way = all.unwrap_or_else(|| Way {
            why: "none of its declared places can be used".to_owned(),
            ..Way::default()
        });
        if asset.unread > 0 {
            way.closed = None;
            way.why = "some of its declared places cannot be used".to_owned();
        }
        let ways = self.acts.ways.get(number).into_iter().flatten();
        if let Some((_, grade)) = ways.max_by_key(|(_, grade)| *grade)
            && way.open.as_ref().is_none_or(|(known, _)| known < grade)
        {
            way.open = Some((*grade, "the intruder came to what contains it".to_owned()));
        }
        way
    }

    fn to_place(&self, number: usize, asset: &Asset, place: &Place) -> Way {
        match place.kind() {
            Kind::Host | Kind::Path | Kind::Share => self.to_host(number, asset, place),
            Kind::Mail => self.to_cloud(number, place, Class::MailAccess, "tenant:"),
            Kind::Site => self.to_cloud(number, place, Class::DocumentAccess, "tenant:"),
            Kind::Bucket => self.to_cloud(number, place, Class::CloudData, "aws:"),
            Kind::Secret | Kind::Snapshot => {
                self.to_cloud(number, place, Class::CloudManagement, "aws:")
            }
            Kind::Credential => self.to_credential(number, asset),
        }
    }

    /// A thing that lies on a host.
    fn to_host(&self, number: usize, asset: &Asset, place: &Place) -> Way {
        let mut way = Way::default();
        let Some(host) = place.host().and_then(|host| host.name()) else {
            way.why = "the host on which it lies is not declared by name".to_owned();
            return way;
        };
        let host = self.sweep.estate.canonical(host, self.begin);
        let logon = self.cover(host, Class::Logon);
        let share = self.cover(host, Class::ShareAccess);
        let files = self.cover(host, Class::FileAccess);
        let seen_by_sensor = self.watched(host, Class::FlowContent).is_some();
        way.open = self.way_to_host(host);
        let local = self.may.host(host).is_some();
        let from_far = place.kind() != Kind::Path || !local;
        way.recorded =
            files.alive || (share.alive || seen_by_sensor) && from_far && !self.ran_on(host);
        let visited = self.once.visited(host, || self.may_sessions(host));
        let acts = self.has_acts(number);
        if logon.whole && !local && visited.is_empty() && !acts {
            way.conditions.extend(self.within(host, Class::Logon));
            way.closed = Some(
                "every session on the host is on record, and none can have been the intruder's"
                    .to_owned(),
            );
        } else if share.whole
            && share.alive
            && logon.whole
            && !local
            && !acts
            && !self.once.unclear(|| self.touched_unclear()).contains(&host)
        {
            way.conditions.extend(self.within(host, Class::Logon));
            way.conditions.extend(self.within(host, Class::ShareAccess));
            way.closed = Some("every access to the host's shares is on record; whoever may have been the intruder could do no more than use shares, and did not touch it".to_owned());
        } else {
            way.why = self.why_open(local, &visited, acts, &logon.missing);
            way.missing.clone_from(&logon.missing);
            if way.open.is_some() || local {
                way.missing.extend(files.missing.iter().cloned());
            }
            if !visited.is_empty() {
                way.missing.extend(share.missing.iter().cloned());
            }
            self.volume(host, asset, &mut way);
        }
        way.conditions.push(NO_COPY.to_owned());
        way
    }

    /// What a way that is closed rests on besides: that nothing happened in the
    /// time for which only a log's habit speaks, at both ends of the evidence.
    fn within(&self, host: Name, class: Class) -> Option<String> {
        let (first, last) = self.cover(host, class).heard?;
        let log = format!("the records of {} of {}", class.word(), self.sweep.names.shown(host));
        let early = (first - self.begin > ENDS_SAID_MIN).then(|| stamp(whole_second(first)));
        let late = (self.end - last > ENDS_SAID_MIN).then(|| stamp(whole_second(last)));
        let (when, where_) = match (early, late) {
            (Some(early), Some(late)) => {
                (format!("before {early} or after {late}"), "begin and end")
            }
            (Some(early), None) => (format!("before {early}"), "begin"),
            (None, Some(late)) => (format!("after {late}"), "end"),
            (None, None) => return None,
        };
        Some(format!("nothing happened to it {when}, where {log} {where_}"))
    }

    /// Whether a host or realm was heard on a class over the whole time.
    fn cover(&self, host: Name, class: Class) -> Rc<Cover> {
        self.once.cover(self.ledger, host, class, (self.begin, self.end))
    }

    fn why_open(&self, local: bool, visited: &[Name], acts: bool, missing: &[Absent]) -> String {
        if acts {
            return "somebody who may have been the intruder touched it".to_owned();
        }
        if let Some(absent) = missing.first() {
            return format!("sessions on the host are not all on record: {}", absent.reason);
        }
        match (local, visited.first()) {
            (true, _) => "the host may have been the intruder's".to_owned(),
            (false, Some(source)) => format!(
                "sessions came from where the intruder may have been: {}",
                self.sweep.names.shown(*source)
            ),
            _ => "not all of the ways to it were watched".to_owned(),
        }
    }

    /// Whether anything of the intruder's ran on a host.
    fn ran_on(&self, host: Name) -> bool {
        self.sweep.taints.ever(Entity::Host(host)).is_some_and(|l| l.grade >= Grade::Probable)
    }

    fn has_acts(&self, number: usize) -> bool {
        let tainted = self.acts.tainted.get(number).is_some_and(|acts| !acts.is_empty());
        tainted || self.acts.may.get(number).is_some_and(|acts| !acts.is_empty())
    }

    /// How the intruder could get at what lies on a host.
    fn way_to_host(&self, host: Name) -> Option<(Grade, String)> {
        self.once.way_to(host, || self.find_way_to(host))
    }

    fn find_way_to(&self, host: Name) -> Option<(Grade, String)> {
        let ran = self.sweep.taints.ever(Entity::Host(host)).filter(|l| l.grade >= Grade::Probable);
        if let Some(link) = ran {
            return Some((link.grade, "something of the intruder's ran on its host".to_owned()));
        }
        let sessions = self.sweep.story.logons.on(host).filter_map(|logon| {
            let link = self.sweep.taints.ever(Entity::Session(logon.key))?;
            (link.grade >= Grade::Probable).then_some(link.grade)
        });
        if let Some(grade) = sessions.max() {
            return Some((grade, "the intruder had a session on its host".to_owned()));
        }
        let met = self.once.met(self.sweep, self.acts).contains(&host);
        met.then(|| (Grade::Probable, "the intruder connected to its host".to_owned()))
    }

    /// Where sessions on a host came from that may be the intruder's.
    fn may_sessions(&self, host: Name) -> Vec<Name> {
        let mut from: Vec<Name> = Vec::new();
        for logon in self.sweep.story.logons.on(host) {
            let live = logon.closed.is_none_or(|closed| closed >= self.begin);
            if live && self.may.session(logon.key) {
                from.push(logon.from.unwrap_or(host));
            }
        }
        from.extend(self.may.visits(host).map(|from| from.unwrap_or(host)));
        from.sort_by(|a, b| self.sweep.names.folded(*a).cmp(self.sweep.names.folded(*b)));
        from.dedup();
        from
    }

    /// Hosts of whose shares somebody who may be the intruder used something,
    /// and the records do not say clearly what.
    fn touched_unclear(&self) -> HashSet<Name> {
        let unclear = self.sweep.story.activities.iter().filter_map(|activity| {
            let What::Touch(touch) = &activity.what else { return None };
            let Object::Shared { host, share, path, local } = touch.object else { return None };
            let may = activity.actor.session.is_none_or(|key| self.may.session(key));
            let known = self.place_of((host?, share), local, path);
            (may && touch.kind != TouchKind::Denied && !known).then_some(host?)
        });
        unclear.collect()
    }

    /// Whether a record says where in the file system a thing in a share lies.
    fn place_of(&self, (host, share): (Name, Name), local: Option<Name>, path: Name) -> bool {
        let names = self.sweep.names;
        let drive = |text: &str| text.as_bytes().get(1) == Some(&b':');
        let share = names.folded(share);
        let lies = local.is_some_and(|local| drive(names.folded(local)))
            || drive_share(share).is_some()
            || self.view.shares.folder((self.view.hosts)(host), share).is_some();
        // Short names and streams of folders stand for other names.
        lies && !names.folded(path).contains(['~', ':'])
    }

    /// A bound by volume: what left a host in all is less than the asset.
    fn volume(&self, host: Name, asset: &Asset, way: &mut Way) {
        let Some(bound) = self.left(host).filter(|_| self.is_counted(host)) else { return };
        way.bound = Some(bound);
        let Some(size) = asset.size_bytes else { return };
        if bound < size && !asset.has_whole_host() {
            way.closed = Some(format!(
                "all connections of its host were watched, and {bound} bytes left it in all: fewer than the asset has"
            ));
            way.conditions.push("as a whole file, over the watched path: a part of it, or a packed form, is not ruled out".to_owned());
        }
    }

    /// Bytes that left a host in the window, where a sensor watched all of
    /// its connections; `None` where it is not known to.
    fn left(&self, host: Name) -> Option<u64> {
        let hours = self.heard.watched.get(&(host, Class::Flow))?;
        let watched =
            hours.values().next()?.first <= self.begin.saturating_add(crate::taint::SKEW * 60);
        let traffic = watched.then(|| self.once.traffic(self.sweep, self.begin))?;
        if traffic.is_focus(host) { traffic.left(host) } else { None }
    }

    /// Since when a sensor saw a host, by any of its names and addresses.
    fn watched(&self, host: Name, class: Class) -> Option<i64> {
        let names = std::iter::once(host).chain(self.sweep.estate.known_as(host));
        let hours = names.filter_map(|name| self.heard.watched.get(&(name, class)));
        hours.filter_map(|hours| Some(hours.values().next()?.first)).min()
    }

    /// A thing in a cloud.
    fn to_cloud(&self, number: usize, place: &Place, class: Class, realm: &str) -> Way {
        let mut way = Way::default();
        let realms = self.realms_of(place, class, realm);
        let acted = self.once.acted(self.sweep, self.acts);
        let here = realms.iter().filter_map(|realm| acted.get(realm).copied());
        way.open = here.max().map(|grade| (grade, "the intruder acted in its realm".to_owned()));
        if realms.is_empty() {
            way.why = "no log of its realm is there".to_owned();
            way.missing.push(Absent {
                host: None,
                channel: None,
                class,
                from: self.begin,
                to: self.end,
                reason: "no log of its realm is there".to_owned(),
            });
            return way;
        }
        let mut whole = !self.has_acts(number);
        if !whole {
            way.why = "somebody who may have been the intruder touched it".to_owned();
        }
        for realm in realms {
            let cover = self.cover(realm, class);
            let unheard = match class {
                Class::CloudManagement => self.unheard(realm, place),
                _ => self.unmade(realm, class, place),
            };
            way.recorded |= cover.alive && (class != Class::CloudManagement || unheard.is_none());
            way.conditions.extend(self.unsaid(realm, place).map(str::to_owned));
            way.conditions.extend(self.within(realm, class));
            if !cover.whole || unheard.is_some() {
                whole = false;
                let first = cover.missing.first().map(|absent| absent.reason.clone());
                way.why = first.or_else(|| unheard.clone()).unwrap_or_default();
                way.missing.extend(cover.missing.iter().cloned());
                if let Some(reason) = unheard.filter(|_| way.missing.is_empty()) {
                    way.missing.push(Absent {
                        host: Some(realm),
                        channel: None,
                        class,
                        from: self.begin,
                        to: self.end,
                        reason,
                    });
                }
            }
        }
        if whole {
            way.closed = Some(format!(
                "every record of {} of its realm is there, and none is of it",
                class.word()
            ));
            way.conditions.push("no credential was taken but those that are shown".to_owned());
        }
        way.conditions.push(NO_COPY.to_owned());
        way
    }

    /// A credential.
    fn to_credential(&self, number: usize, asset: &Asset) -> Way {
        let mut way = Way { recorded: true, ..Way::default() };
        let names = self.sweep.names;
        let own = |account: Name| asset.credentials().any(|c| is_theirs(c, account, names));
        let kept = self.once.kept(self.sweep).iter().filter(|(account, _)| own(*account));
        let mut hosts: Vec<Name> = kept.flat_map(|(_, hosts)| hosts).copied().collect();
        // Its secrets also lie where tickets are issued.
        hosts.extend(self.once.issuing(self.heard));
        hosts.sort_by(|a, b| names.folded(*a).cmp(names.folded(*b)));
        hosts.dedup();
        let mut whole = !self.has_acts(number) && !hosts.is_empty();
        if hosts.is_empty() {
            way.why = "no record shows where it was used or kept".to_owned();
        }
        let accounts = self.once.accounts(self.sweep).iter();
        let exposed = accounts.filter(|(account, _)| own(*account));
        if let Some((_, link)) = exposed.max_by_key(|(_, link)| link.grade) {
            way.open = Some((link.grade, format!("its secrets were within reach: {}", link.how)));
            whole = false;
        }
        let mut within: Vec<String> = Vec::new();
        for host in hosts {
            let cover = self.cover(host, Class::Logon);
            let may = self.may.host(host).is_some();
            within.extend(self.within(host, Class::Logon));
            if may || !cover.whole {
                whole = false;
                way.why = format!(
                    "it was used or kept on {}, which may have been the intruder's",
                    names.shown(host)
                );
                way.missing.extend(cover.missing.iter().cloned());
            }
            if let Some((grade, _)) = self.way_to_host(host).filter(|_| self.ran_on(host))
                && way.open.is_none()
            {
                way.open =
                    Some((grade, format!("the intruder ran something on {}", names.shown(host))));
                way.recorded = self.cover(host, Class::Process).alive;
            }
        }
        let more = within.len().saturating_sub(ENDS_NAMED_MAX);
        within.truncate(ENDS_NAMED_MAX);
        way.conditions.extend(within);
        if more > 0 {
            way.conditions.push(format!("and so for {more} more hosts, as `coverage` has them"));
        }
        if whole {
            way.closed = Some("every host on which it was used or kept was watched, and none can have been the intruder's".to_owned());
        }
        way
    }
}

/// A time without its fraction of a second.
fn whole_second(time: i64) -> i64 {
    time - time.rem_euclid(1_000_000_000)
}

/// Two places of one asset.
fn joined(mut one: Way, other: Way) -> Way {
    one.closed = match (one.closed, other.closed) {
        (Some(a), Some(b)) if a == b => Some(a),
        (Some(a), Some(b)) => Some(format!("{a}; {b}")),
        _ => None,
    };
    one.open = match (one.open, other.open) {
        (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
        (a, b) => a.or(b),
    };
    one.recorded |= other.recorded;
    one.missing.extend(other.missing);
    if one.why.is_empty() {
        one.why = other.why;
    }
    one.conditions.extend(other.conditions);
    one.conditions.dedup();
    one.bound = match (one.bound, other.bound) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        _ => None,
    };
    one
}
