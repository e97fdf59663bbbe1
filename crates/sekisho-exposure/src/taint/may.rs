//! What *may* be the intruder's: the widest that the records leave open. It
//! proves nothing; it is what must be empty before anything is ruled out.
//!
//! Everything on a compromised host may be, so may everything on a host that
//! nobody watched, and whoever comes from there, from a place that no record
//! names, or on too few days for it to be a habit. It is spread in order of time
//! until nothing is added.

use hashbrown::{HashMap, HashSet};

use super::{Entity, SKEW, Sweep};
use crate::activity::{LogonKind, Session, SessionStep, What};
use crate::answer::Grade;
use crate::estate::Inside;
use crate::extract::is_machine_account;
use crate::names::Name;

/// Passes, at most.
const PASSES_MAX: u32 = 64;

/// What may be the intruder's, from when.
#[derive(Debug, Default)]
pub(crate) struct May {
    hosts: HashMap<Name, i64>,
    sessions: HashSet<Name>,
    /// Sessions of which the records have no key: on which host, from where,
    /// if that is known.
    visits: HashSet<(Name, Option<Name>)>,
}

/// Hosts from which the intruder may have come to where it was first seen, and
/// to these: those with a session there that had the rights to run something.
/// Who comes every day is taken for who comes every day.
fn sources(sweep: &Sweep<'_>) -> HashSet<Name> {
    let mut reached: HashMap<Name, i64> = HashMap::new();
    for (entity, link) in sweep.taints.all().filter(|(_, link)| link.from.is_none()) {
        let host = match entity {
            Entity::Process(id) => sweep.story.processes.get(id).and_then(|p| p.host),
            Entity::Session(key) => sweep.story.logons.get(key).and_then(|l| l.host),
            Entity::Host(host) => Some(host),
            _ => None,
        };
        if let Some(host) = host {
            later(&mut reached, host, link.time);
        }
    }
    let comings: Vec<(Name, Name, i64)> = sweep
        .story
        .activities
        .iter()
        .filter_map(|activity| {
            let What::Session(session) = &activity.what else { return None };
            let (to, from) = (activity.place?, session.from.host?);
            let machine = |account: Name| is_machine_account(sweep.names.folded(account));
            let remote = match session.kind {
                LogonKind::Network => session.privileged,
                LogonKind::RemoteInteractive | LogonKind::RemoteShell => true,
                _ => false,
            };
            let fits = session.step == SessionStep::Opened
                && remote
                && from != to
                && !sweep.is_service(session.account)
                && !session.account.is_some_and(machine)
                && !sweep.habits.coming(&(session.account, Some(from), to));
            fits.then_some((from, to, activity.time))
        })
        .collect();
    let seen: HashSet<Name> = reached.keys().copied().collect();
    for _ in 0..PASSES_MAX {
        let before = reached.len();
        for &(from, to, time) in comings.iter().rev() {
            let until = reached.get(&to).map(|until| until.saturating_add(SKEW));
            if until.is_some_and(|until| time <= until) {
                later(&mut reached, from, time);
            }
        }
        if reached.len() == before {
            break;
        }
    }
    reached.into_keys().filter(|host| !seen.contains(host)).collect()
}

/// Remembers the latest time at which the intruder may have come from a host.
fn later(reached: &mut HashMap<Name, i64>, host: Name, time: i64) {
    let known = reached.entry(host).or_insert(time);
    *known = (*known).max(time);
}

impl May {
    /// From when a host may be.
    pub(crate) fn host(&self, host: Name) -> Option<i64> {
        self.hosts.get(&host).copied()
    }

    /// Whether a session may be.
    pub(crate) fn session(&self, key: Name) -> bool {
        self.sessions.contains(&key)
    }

    /// Where sessions on a host came from that may be, and have no key.
    pub(crate) fn visits(&self, host: Name) -> impl Iterator<Item = Option<Name>> + '_ {
        self.visits.iter().filter(move |(on, _)| *on == host).map(|(_, from)| *from)
    }

    /// Spreads what may be the intruder's, from `begin` on. `unwatched` are
    /// the hosts of which nobody can say what ran there. When a compromised
    /// host became so is not known either: what was seen first need not have
    /// been first.
    pub(crate) fn of(sweep: &Sweep<'_>, begin: i64, unwatched: &HashSet<Name>) -> Self {
        let mut may = Self::default();
        for &host in unwatched {
            may.hosts.insert(host, begin);
        }
        for (entity, _) in sweep.taints.all() {
            if let Entity::Host(host) = entity {
                may.from(host, begin);
            }
        }
        for host in sources(sweep) {
            may.from(host, begin);
        }
        // Of some sessions the beginning was not seen.
        for logon in sweep.story.logons.all().filter(|logon| !logon.begun) {
            let tainted = sweep.taints.ever(Entity::Session(logon.key)).is_some();
            if tainted || is_strange(sweep, logon.account, logon.host) {
                may.sessions.insert(logon.key);
                if let Some(host) = logon.host {
                    may.from(host, logon.opened);
                }
            }
        }
        for _ in 0..PASSES_MAX {
            if !may.pass(sweep, begin) {
                break;
            }
        }
        may
    }

    fn from(&mut self, host: Name, time: i64) {
        let known = self.hosts.entry(host).or_insert(time);
        *known = (*known).min(time);
    }

    fn pass(&mut self, sweep: &Sweep<'_>, begin: i64) -> bool {
        let mut news = false;
        for activity in &sweep.story.activities {
            let What::Session(session) = &activity.what else { continue };
            let Some(place) = activity.place.filter(|_| activity.time >= begin) else { continue };
            if !lets_in(sweep, session, place) {
                continue;
            }
            let visit = (place, session.from.host.or(session.from.address));
            let known = match session.key {
                Some(key) => self.sessions.contains(&key),
                None => self.visits.contains(&visit),
            };
            let tainted =
                || session.key.is_some_and(|key| sweep.taints.ever(Entity::Session(key)).is_some());
            if known || !(tainted() || self.comes_from(sweep, activity.time, session, place)) {
                continue;
            }
            match session.key {
                Some(key) => self.sessions.insert(key),
                None => self.visits.insert(visit),
            };
            news = true;
            let before = self.hosts.get(&place).copied();
            // Who only uses a share runs nothing; one with rights can.
            let logon = session.key.and_then(|key| sweep.story.logons.get(key));
            let runs = session.kind != LogonKind::Network
                || session.privileged
                || logon.is_some_and(|logon| logon.privileged);
            if runs && before.is_none_or(|before| before > activity.time) {
                self.from(place, activity.time);
            }
        }
        news
    }

    /// Whether a session may come from the intruder.
    fn comes_from(&self, sweep: &Sweep<'_>, time: i64, session: &Session, place: Name) -> bool {
        let here = || self.host(place).is_some_and(|from| from <= time);
        let far = |address| sweep.estate.inside(address) == Inside::No;
        if session.from.address.is_some_and(far) {
            return true;
        }
        if matches!(session.kind, LogonKind::Service | LogonKind::Batch | LogonKind::Interactive) {
            return here();
        }
        let held =
            session.account.and_then(|account| sweep.taints.at(Entity::Account(account), time));
        if held.is_some_and(|link| link.whole || link.grade > Grade::Possible) {
            return true;
        }
        if !sweep.habits.coming(&(session.account, session.from.host, place)) {
            return true;
        }
        let may =
            |host: Name| self.host(host).is_some_and(|since| since <= time.saturating_add(SKEW));
        if let Some(address) = session.from.address {
            // What a client calls itself is its own choice; its address is not.
            let whose = sweep.estate.host_at(address, time);
            let usual = sweep.habits.coming_by_address(&(session.account, Some(address), place));
            if whose.is_some_and(may) || whose != Some(place) && !usual {
                return true;
            }
        }
        match (session.from.host, session.from.address) {
            (Some(from), _) if from == place => here(),
            (Some(from), _) => may(from),
            // Nobody knows from where.
            (None, Some(_)) => true,
            (None, None) => session.kind != LogonKind::NewCredentials || here(),
        }
    }
}

/// Whether a session's step lets somebody in, as far as anything was seen of
/// it. Sessions of clouds are seen in use, which begins none.
fn lets_in(sweep: &Sweep<'_>, session: &Session, place: Name) -> bool {
    match session.step {
        SessionStep::Opened | SessionStep::Resumed => true,
        SessionStep::Seen => session.account.is_some() && !sweep.names.folded(place).contains(':'),
        _ => false,
    }
}

/// Whether nothing on record says how an account came to be on a host: it has
/// no habit of sessions there. The system's own identities are at home
/// everywhere.
pub(crate) fn is_strange(sweep: &Sweep<'_>, account: Option<Name>, host: Option<Name>) -> bool {
    let (Some(account), Some(host)) = (account, host) else { return false };
    let realm = sweep.names.folded(host).contains(':');
    !realm && !sweep.is_machine(account, host) && !sweep.habits.is_at_home(account, host)
}
