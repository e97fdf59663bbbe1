//! Callers of clouds who are not known to be the intruder, and may be. Who
//! comes every day is taken for who comes every day only while nothing else
//! speaks against it: a habit counts from before the first sign of the
//! intruder, and not for an account, a host or an address that the intruder
//! has.

use hashbrown::{HashMap, HashSet};

use super::acts::role_of;
use crate::activity::{Activity, Actor};
use crate::answer::Grade;
use crate::names::{Name, Names, address};
use crate::taint::{Client, Entity, May, Sweep};

/// What speaks against a caller.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    /// The first sign of the intruder, nanoseconds.
    first: Option<i64>,
    /// Accounts that the intruder has or may have, since when it is seen.
    accounts: HashMap<Name, i64>,
    /// Where clients of the intruder's called from.
    addresses: HashSet<Name>,
}

impl Callers {
    pub(crate) fn of(sweep: &Sweep<'_>) -> Self {
        let mut callers = Self::default();
        for (entity, link) in sweep.taints.all() {
            let first = callers.first.get_or_insert(link.time);
            *first = (*first).min(link.time);
            match entity {
                Entity::Account(account) => callers.has(account, link.time),
                Entity::Client(client) => {
                    callers.addresses.extend(client.address);
                    if let Some(account) = client.account {
                        callers.has(account, link.time);
                    }
                }
                Entity::End(end) => {
                    callers.addresses.insert(end);
                }
                _ => {}
            }
        }
        callers
    }

    fn has(&mut self, account: Name, time: i64) {
        let known = self.accounts.entry(account).or_insert(time);
        *known = (*known).min(time);
    }

    /// Whether the caller of a cloud may be the intruder; `None` where it is
    /// no cloud that was called.
    pub(crate) fn may_be(&self, sweep: &Sweep<'_>, may: &May, activity: &Activity) -> Option<bool> {
        let actor = &activity.actor;
        let realm = activity.place.map_or("", |place| sweep.names.folded(place));
        if Client::of(actor).is_none() && !realm.contains(':') {
            return None;
        }
        let usual = || {
            let caller = Client::caller(actor);
            self.first.is_none_or(|first| sweep.habits.caller_before(&caller, first))
        };
        let held = self.is_held(sweep, actor, activity.time)
            || comes_from(sweep, may, actor, activity.time)
            || actor.address.is_some_and(|address| self.addresses.contains(&address));
        Some(held || is_nobody(actor, realm, sweep.names) || !usual())
    }

    /// Whether the intruder has the caller's account, and did not lose it
    /// before.
    fn is_held(&self, sweep: &Sweep<'_>, actor: &Actor, time: i64) -> bool {
        let Some(account) = actor.account else { return false };
        let role = role_of(sweep.names.folded(account));
        let role = role.and_then(|role| sweep.names.find(&role));
        [Some(account), role].into_iter().flatten().any(|account| {
            let since = self.accounts.get(&account);
            since.is_some_and(|since| !sweep.is_over(Entity::Account(account), *since, time))
        })
    }
}

/// Whether a call comes from a host that may be the intruder's.
fn comes_from(sweep: &Sweep<'_>, may: &May, actor: &Actor, time: i64) -> bool {
    let behind = actor.address.and_then(|address| sweep.estate.host_at(address, time));
    let mut hosts = [actor.host, behind].into_iter().flatten();
    hosts.any(|host| {
        let tainted = sweep.taints.first(Entity::Host(host), Grade::Possible).is_some();
        tainted || may.host(host).is_some()
    })
}

/// Whether a caller is nobody in particular, or of another account: that such
/// a one comes every day says nothing of who it is. A service of the cloud
/// itself is somebody.
fn is_nobody(actor: &Actor, realm: &str, names: &Names) -> bool {
    let Some(account) = actor.account else {
        return actor.address.is_some_and(|from| address(names.folded(from)).is_some());
    };
    let account = names.folded(account);
    let own = realm.strip_prefix("aws:");
    if account.contains("anonymous") || account.contains("urn:spo:anon") {
        return true;
    }
    let number = account.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3));
    own.zip(number).is_some_and(|(own, number)| !number.is_empty() && own != number)
}
