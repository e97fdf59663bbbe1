//! Which host had an address when.

use hashbrown::HashMap;

use super::Held;
use crate::extract::{Known, NameBy};
use crate::ledger::Hour;
use crate::names::Name;

/// Hosts that one address had within an hour, from which on it is taken to be
/// shared: a translator, a proxy, a terminal server.
const HOSTS_OF_SHARED_MIN: usize = 3;

/// Which host had an address when.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    declared: HashMap<Name, Vec<(Held, Name)>>,
    /// By address: from when it was whose, in the order of time. `None` where
    /// records contradict each other.
    learned: HashMap<Name, Vec<(i64, Option<Name>)>>,
}

/// An address that was two hosts' in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) address: Name,
    pub(super) hosts: (Name, Name),
    pub(super) at: i64,
}

impl Addresses {
    pub(super) fn declare(&mut self, held: Held, host: Name) {
        self.declared.entry(held.address).or_default().push((held, host));
    }

    /// Learns from what records say; `known` in any order. `order` puts hosts in
    /// an order that does not depend on the order of reading.
    pub(super) fn learn(
        &mut self,
        known: &[Known],
        order: &dyn Fn(Name, Name) -> std::cmp::Ordering,
    ) -> Vec<Conflict> {
        let mut by_address: HashMap<Name, Vec<Known>> = HashMap::new();
        for one in known {
            by_address.entry(one.address).or_default().push(*one);
        }
        let mut conflicts = Vec::new();
        for (address, mut all) in by_address {
            let firm = all.iter().any(|known| is_firm(known.how));
            all.retain(|known| is_firm(known.how) == firm);
            all.sort_by(|a, b| {
                a.from.cmp(&b.from).then(a.how.cmp(&b.how)).then(order(a.host, b.host))
            });
            let spans = spans(address, &all, order, &mut conflicts);
            self.learned.insert(address, spans);
        }
        conflicts.sort_by(|a, b| {
            a.at.cmp(&b.at).then(order(a.address, b.address)).then(order(a.hosts.0, b.hosts.0))
        });
        conflicts
    }

    pub(super) fn at(&self, address: Name, time: i64) -> Option<Name> {
        if let Some(held) = self.declared.get(&address) {
            let mut held = held.iter().filter(|(held, _)| (held.from..held.to).contains(&time));
            let found = held.next().map(|(_, host)| *host);
            if found.is_some() {
                return found.filter(|host| held.all(|(_, other)| other == host));
            }
        }
        let spans = self.learned.get(&address)?;
        let after = spans.partition_point(|(from, _)| *from <= time);
        let before = after.checked_sub(1).and_then(|at| spans.get(at));
        // Before the first that is known, the first.
        before.or_else(|| spans.first()).and_then(|(_, host)| *host)
    }

    /// The host of an address that was never another's.
    pub(super) fn always(&self, address: Name) -> Option<Name> {
        let mut hosts = self.hosts(address);
        let first = hosts.next()?;
        hosts.all(|host| host == first).then_some(first).flatten()
    }

    /// All hosts that had an address; `None` where it is not known which.
    pub(super) fn hosts(&self, address: Name) -> impl Iterator<Item = Option<Name>> + '_ {
        let declared =
            self.declared.get(&address).into_iter().flatten().map(|(_, host)| Some(*host));
        declared.chain(self.learned.get(&address).into_iter().flatten().map(|(_, host)| *host))
    }

    /// All addresses of which something is known.
    pub(super) fn all(&self) -> impl Iterator<Item = Name> + '_ {
        let undeclared = self.learned.keys().filter(|a| !self.declared.contains_key(*a));
        self.declared.keys().chain(undeclared).copied()
    }
}

/// What somebody who only connects cannot say of himself.
pub(super) fn is_firm(how: NameBy) -> bool {
    match how {
        NameBy::Lease | NameBy::MachineTicket | NameBy::OwnRecord => true,
        NameBy::Logon | NameBy::Called | NameBy::Dns => false,
    }
}

fn weight(how: NameBy) -> u64 {
    match how {
        NameBy::Lease | NameBy::MachineTicket => 4,
        NameBy::OwnRecord => 6,
        NameBy::Logon | NameBy::Called => 2,
        NameBy::Dns => 1,
    }
}

/// Whose an address was: hour by hour the host with most weight.
fn spans(
    address: Name,
    all: &[Known],
    order: &dyn Fn(Name, Name) -> std::cmp::Ordering,
    conflicts: &mut Vec<Conflict>,
) -> Vec<(i64, Option<Name>)> {
    let mut spans: Vec<(i64, Option<Name>)> = Vec::new();
    for hour in all.chunk_by(|a, b| Hour::of(a.from) == Hour::of(b.from)) {
        let mut sums: HashMap<Name, (u64, i64)> = HashMap::new();
        for known in hour {
            sums.entry(known.host).or_insert((0, known.from)).0 += weight(known.how);
        }
        let mut hosts: Vec<(Name, u64, i64)> =
            sums.into_iter().map(|(host, (sum, from))| (host, sum, from)).collect();
        hosts.sort_by(|a, b| b.1.cmp(&a.1).then(order(a.0, b.0)));
        let firm = hour.first().is_some_and(|known| is_firm(known.how));
        let shared = !firm && hosts.len() >= HOSTS_OF_SHARED_MIN;
        if let [first, second, ..] = hosts.as_slice()
            && (shared || first.1 == second.1)
        {
            // A lease that changed hands within the hour is no contradiction.
            if firm && !shared && first.2 != second.2 {
                hosts.sort_by_key(|(_, _, from)| *from);
                for (host, _, from) in hosts {
                    push(&mut spans, from, Some(host));
                }
                continue;
            }
            conflicts.push(Conflict {
                address,
                hosts: (first.0, second.0),
                at: first.2.min(second.2),
            });
            push(&mut spans, first.2.min(second.2), None);
            continue;
        }
        if let Some(&(host, _, _)) = hosts.first() {
            let from = hour.first().map_or(i64::MIN, |known| known.from);
            push(&mut spans, from, Some(host));
        }
    }
    spans
}

fn push(spans: &mut Vec<(i64, Option<Name>)>, from: i64, host: Option<Name>) {
    if spans.last().is_none_or(|(_, last)| *last != host) {
        spans.push((from, host));
    }
}
