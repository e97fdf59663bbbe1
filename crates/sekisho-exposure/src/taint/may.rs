//! What *may* be the intruder's: the widest that the records leave open. It
//! proves nothing; it is what must be empty before anything is ruled out.
//!
//! Everything on a compromised host may be, so may everything on a host that
//! nobody watched, and whoever comes from there, from a place that no record
//! names, or on too few days for it to be a habit. It is spread in order of time
//! until nothing is added.

use hashbrown::{HashMap, HashSet};

use super::{Entity, SKEW, Sweep};
use crate::activity::{LogonKind, SessionStep, What};
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
            if sweep.taints.ever(Entity::Session(logon.key)).is_some() {
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
            if session.step != SessionStep::Opened || activity.time < begin {
                continue;
            }
            let (Some(place), Some(key)) = (activity.place, session.key) else { continue };
            let tainted = || sweep.taints.ever(Entity::Session(key)).is_some();
            let known = self.sessions.contains(&key);
            if known || !(tainted() || self.comes_from(sweep, activity.time, session, place)) {
                continue;
            }
            self.sessions.insert(key);
            news = true;
            let before = self.hosts.get(&place).copied();
            // Who only uses a share runs nothing; one with rights can.
            let runs = session.kind != LogonKind::Network || session.privileged;
            if runs && before.is_none_or(|before| before > activity.time) {
                self.from(place, activity.time);
            }
        }
        news
    }

    /// Whether a session may come from the intruder.
    fn comes_from(
        &self,
        sweep: &Sweep<'_>,
        time: i64,
        session: &crate::activity::Session,
        place: Name,
    ) -> bool {
        let here = || self.host(place).is_some_and(|from| from <= time);
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
        match (session.from.host, session.from.address) {
            (Some(from), _) if from == place => here(),
            (Some(from), address) => {
                let far = address.is_some_and(|address| sweep.estate.inside(address) == Inside::No);
                far || self.host(from).is_some_and(|since| since <= time.saturating_add(SKEW))
            }
            // Nobody knows from where.
            (None, Some(_)) => true,
            (None, None) => session.kind != LogonKind::NewCredentials || here(),
        }
    }
}
