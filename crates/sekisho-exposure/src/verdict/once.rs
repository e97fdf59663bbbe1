//! What is looked up for each asset, worked out once for all of them: an
//! estate has few hosts, and ten thousand assets lie on them.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use hashbrown::{HashMap, HashSet};

use super::acts::Acts;
use crate::activity::{Ended, Object, Peer, SessionStep, TouchKind, Transfer, What};
use crate::answer::Grade;
use crate::estate::Inside;
use crate::extract::Class;
use crate::ledger::{Cover, Heard, Ledger};
use crate::names::Name;
use crate::taint::{Entity, Link, Sweep};

/// A sensor stands where it saw so many ends that it saw of nobody else.
const ALONE_LEAST: usize = 2;

/// Everything that does not depend on the asset; each part is made when it is
/// first asked for.
#[derive(Debug, Default)]
pub(crate) struct Once {
    traffic: OnceCell<Traffic>,
    met: OnceCell<HashSet<Name>>,
    acted: OnceCell<HashMap<Name, Grade>>,
    unclear: OnceCell<HashSet<Name>>,
    named: OnceCell<HashSet<(Name, Object)>>,
    kept: OnceCell<Vec<(Name, BTreeSet<Name>)>>,
    issuing: OnceCell<BTreeSet<Name>>,
    accounts: OnceCell<Vec<(Name, Link)>>,
    covers: RefCell<HashMap<(Name, Class), Rc<Cover>>>,
    ways: RefCell<HashMap<Name, Option<(Grade, String)>>>,
    visited: RefCell<HashMap<Name, Rc<[Name]>>>,
}

impl Once {
    /// What connections that a sensor saw from `begin` on say.
    pub(super) fn traffic(&self, sweep: &Sweep<'_>, begin: i64) -> &Traffic {
        self.traffic.get_or_init(|| Traffic::of(sweep, begin))
    }

    /// Hosts that the intruder connected to.
    pub(super) fn met(&self, sweep: &Sweep<'_>, acts: &Acts) -> &HashSet<Name> {
        self.met.get_or_init(|| {
            let acts = acts.all.iter().filter(|(_, hit)| hit.grade >= Grade::Probable);
            let met = acts.filter_map(|(number, _)| {
                match &sweep.story.activities.get(*number as usize)?.what {
                    What::Transfer(t) => t.server.host.or(t.server.address),
                    What::Touch(t) => t.object.host(),
                    What::Session(s) => s.to.host,
                    _ => None,
                }
            });
            met.collect()
        })
    }

    /// Places at which the intruder acted, and how firmly at most.
    pub(super) fn acted(&self, sweep: &Sweep<'_>, acts: &Acts) -> &HashMap<Name, Grade> {
        self.acted.get_or_init(|| {
            let mut places: HashMap<Name, Grade> = HashMap::new();
            for (number, hit) in acts.all.iter().filter(|(_, hit)| hit.grade >= Grade::Probable) {
                let activity = sweep.story.activities.get(*number as usize);
                if let Some(place) = activity.and_then(|activity| activity.place) {
                    let most = places.entry(place).or_insert(hit.grade);
                    *most = (*most).max(hit.grade);
                }
            }
            places
        })
    }

    /// Secrets and snapshots that records name, and in which realm's log.
    pub(super) fn named(&self, sweep: &Sweep<'_>) -> &HashSet<(Name, Object)> {
        self.named.get_or_init(|| {
            let named = sweep.story.activities.iter().filter_map(|activity| {
                let What::Touch(touch) = &activity.what else { return None };
                let there = !matches!(touch.kind, TouchKind::Denied | TouchKind::Named);
                let kept = matches!(touch.object, Object::Secret { .. } | Object::Snapshot { .. });
                (there && kept).then_some((activity.place?, touch.object))
            });
            named.collect()
        })
    }

    /// Accounts that had sessions, and on which hosts.
    pub(super) fn kept(&self, sweep: &Sweep<'_>) -> &[(Name, BTreeSet<Name>)] {
        self.kept.get_or_init(|| {
            let mut hosts: HashMap<Name, BTreeSet<Name>> = HashMap::new();
            for logon in sweep.story.logons.all() {
                if let Some(account) = logon.account {
                    hosts.entry(account).or_default().extend(logon.host);
                }
            }
            // Where a session comes from it is typed in, or kept.
            for activity in &sweep.story.activities {
                let What::Session(session) = &activity.what else { continue };
                if let Some(account) = session.account
                    && session.step != SessionStep::Failed
                {
                    let ends = [session.from.host, session.to.host, activity.place];
                    let ours = ends.into_iter().flatten().filter(|end| sweep.is_ours(*end));
                    hosts.entry(account).or_default().extend(ours);
                }
            }
            hosts.into_iter().collect()
        })
    }

    /// Hosts of whose shares it is not clear what was used.
    pub(super) fn unclear(&self, find: impl FnOnce() -> HashSet<Name>) -> &HashSet<Name> {
        self.unclear.get_or_init(find)
    }

    /// Hosts that issue tickets.
    pub(super) fn issuing(&self, heard: &Heard) -> &BTreeSet<Name> {
        self.issuing.get_or_init(|| {
            let issuing = heard.hours.keys().filter(|(_, class)| *class == Class::Kerberos);
            issuing.filter_map(|(source, _)| source.host).collect()
        })
    }

    /// Accounts that are tainted, with all links, in one order.
    pub(super) fn accounts(&self, sweep: &Sweep<'_>) -> &[(Name, Link)] {
        self.accounts.get_or_init(|| {
            let all = sweep.taints.all().filter_map(|(entity, link)| match entity {
                Entity::Account(account) => Some((account, *link)),
                _ => None,
            });
            all.collect()
        })
    }

    /// Whether a host or realm was heard on a class over a stretch, which is
    /// the same for all assets.
    pub(super) fn cover(
        &self,
        ledger: &Ledger<'_>,
        host: Name,
        class: Class,
        (from, to): (i64, i64),
    ) -> Rc<Cover> {
        let mut covers = self.covers.borrow_mut();
        let cover = covers
            .entry((host, class))
            .or_insert_with(|| Rc::new(ledger.cover_expected(host, class, from, to)));
        Rc::clone(cover)
    }

    /// How the intruder could get at what lies on a host.
    pub(super) fn way_to(
        &self,
        host: Name,
        find: impl FnOnce() -> Option<(Grade, String)>,
    ) -> Option<(Grade, String)> {
        if let Some(known) = self.ways.borrow().get(&host) {
            return known.clone();
        }
        let found = find();
        self.ways.borrow_mut().insert(host, found.clone());
        found
    }

    /// Where sessions on a host came from that may be the intruder's.
    pub(super) fn visited(&self, host: Name, find: impl FnOnce() -> Vec<Name>) -> Rc<[Name]> {
        if let Some(known) = self.visited.borrow().get(&host) {
            return Rc::clone(known);
        }
        let found: Rc<[Name]> = find().into();
        self.visited.borrow_mut().insert(host, Rc::clone(&found));
        found
    }
}

/// Connections that sensors saw, by their ends.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Hosts that a sensor stands at.
    focus: HashSet<Name>,
    /// Bytes that left an end in all; `None` where a connection of it was not
    /// seen to end: its counts bound nothing.
    left: HashMap<Name, Option<u64>>,
}

impl Traffic {
    fn of(sweep: &Sweep<'_>, begin: i64) -> Self {
        let mut traffic = Self::default();
        let mut with: HashMap<Name, HashSet<Name>> = HashMap::new();
        for activity in &sweep.story.activities {
            let What::Transfer(transfer) = &activity.what else { continue };
            if transfer.uid.is_none() {
                continue;
            }
            let end = |peer: &Peer| peer.host.or(peer.address);
            if let (Some(client), Some(server)) = (end(&transfer.client), end(&transfer.server)) {
                with.entry(client).or_default().insert(server);
                with.entry(server).or_default().insert(client);
            }
            if activity.time >= begin {
                traffic.count(transfer);
            }
        }
        traffic.focus = with
            .iter()
            .filter(|(_, peers)| {
                let alone = peers.iter().filter(|peer| {
                    with.get(*peer).is_some_and(|ends| ends.len() == 1)
                        && sweep.estate.inside(**peer) != Inside::Yes
                });
                alone.count() >= ALONE_LEAST
            })
            .map(|(host, _)| *host)
            .collect();
        traffic
    }

    fn count(&mut self, transfer: &Transfer) {
        let open = matches!(transfer.ended, Ended::Open | Ended::Unknown);
        // Of who never answered nothing is counted, and nothing went.
        let uncounted = transfer.ended != Ended::Refused;
        let mut add = |end: Name, bytes: Option<u64>| {
            let left = self.left.entry(end).or_insert(Some(0));
            if open && bytes.is_some() || uncounted && bytes.is_none() {
                *left = None;
            }
            *left =
                left.map(|l| l.saturating_add(bytes.unwrap_or(0)).saturating_add(transfer.missed));
        };
        let ends = |peer: &Peer| [peer.host, peer.address.filter(|a| Some(*a) != peer.host)];
        let (clients, servers) = (ends(&transfer.client), ends(&transfer.server));
        for client in clients.into_iter().flatten() {
            add(client, transfer.sent);
        }
        // Who is at both ends is counted as the client.
        let servers = servers.into_iter().flatten();
        for server in servers.filter(|server| !clients.contains(&Some(*server))) {
            add(server, transfer.received);
        }
    }

    /// Whether a sensor stands at a host: it saw connections of it with ends
    /// that it saw of nobody else. A host that is only seen with such hosts
    /// has connections that nobody saw.
    pub(super) fn is_focus(&self, host: Name) -> bool {
        self.focus.contains(&host)
    }

    /// Bytes that left a host in all; `None` where they cannot be told.
    pub(super) fn left(&self, host: Name) -> Option<u64> {
        self.left.get(&host).copied().unwrap_or(Some(0))
    }
}
