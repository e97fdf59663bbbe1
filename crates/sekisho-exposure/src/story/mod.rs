//! The activities in order of time, with hosts known by one name each, and
//! what they say of processes and sessions.

mod logons;
mod processes;

use crate::activity::{Activity, Peer, What};
use crate::estate::{Estate, Inside};
use crate::evidence::Evidence;
use crate::extract::Extraction;
use crate::names::{Name, Names, address as address_of};

pub(crate) use logons::Logons;
pub(crate) use processes::Processes;

/// The activities, put in order.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// In order of time; those without a time are left out.
    pub(crate) activities: Vec<Activity>,
    /// How many had no time.
    pub(crate) timeless: usize,
    /// Processes by id.
    pub(crate) processes: Processes,
    /// Sessions by key.
    pub(crate) logons: Logons,
}

impl Story {
    /// Puts what was extracted in order. The order depends on what activities
    /// say, and not on the order in which they were read.
    pub(crate) fn of(extraction: &mut Extraction, estate: &Estate) -> Self {
        let all = std::mem::take(&mut extraction.activities);
        let before = all.len();
        let mut activities: Vec<Activity> =
            all.into_iter().filter(|a| a.time != sekisho_event::TIME_UNKNOWN).collect();
        let timeless = before - activities.len();
        for activity in &mut activities {
            resolve(activity, estate, &extraction.names);
        }
        sort(&mut activities, &extraction.evidence, &extraction.names);
        let processes = Processes::of(&activities);
        let logons = Logons::of(&activities, &extraction.names);
        Self { activities, timeless, processes, logons }
    }
}

/// Ties in time are broken by what the record is, never by its number.
fn sort(activities: &mut [Activity], evidence: &Evidence, names: &Names) {
    let rank = ranks(names);
    let rank_of = |name: Option<Name>| name.and_then(|n| rank.get(n.index()).copied());
    activities.sort_by_cached_key(|activity| {
        let record = evidence.get(activity.record);
        let at = record.map(|r| (rank_of(r.host), rank_of(Some(r.channel)), r.record_id));
        let leaf = record.map(|r| (r.cell, r.index));
        (activity.time, at, leaf)
    });
}

/// Place of each name in the alphabet: names are numbered as they were read.
fn ranks(names: &Names) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(names.len()).unwrap_or(u32::MAX)).collect();
    order.sort_by(|&a, &b| names.folded(Name(a)).cmp(names.folded(Name(b))));
    let mut rank = vec![0; order.len()];
    for (place, &name) in order.iter().enumerate() {
        if let Some(slot) = rank.get_mut(name as usize) {
            *slot = u32::try_from(place).unwrap_or(u32::MAX);
        }
    }
    rank
}

/// Hosts by their one name, wherever an activity names one.
fn resolve(activity: &mut Activity, estate: &Estate, names: &Names) {
    let time = activity.time;
    let host = |name: Option<Name>| name.map(|n| estate.canonical(n, time));
    let peer = |peer: &mut Peer| {
        peer.host = host(peer.host).or_else(|| peer.address.and_then(|a| estate.host_at(a, time)));
    };
    activity.place = host(activity.place);
    let actor = &mut activity.actor;
    let realm = activity.place.is_some_and(|place| names.folded(place).contains(':'));
    // A host of ours that only its address names is known by that.
    let by_address = |address: Name| {
        let known = estate.host_at(address, time);
        let own = !realm && address_of(names.folded(address)).is_some();
        known.or_else(|| (own && estate.inside(address) != Inside::No).then_some(address))
    };
    actor.host = host(actor.host).or_else(|| actor.address.and_then(by_address));
    match &mut activity.what {
        What::Session(session) => {
            peer(&mut session.from);
            peer(&mut session.to);
        }
        What::Transfer(transfer) => {
            peer(&mut transfer.client);
            peer(&mut transfer.server);
        }
        What::Ticket(ticket) => peer(&mut ticket.from),
        What::Touch(touch) => touch.object.resolve(&host),
        What::Exec(_) | What::Loss(_) => {}
    }
}
