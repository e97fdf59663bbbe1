//! Taint: what is the intruder's, from when, how firmly, and by which records.
//!
//! Taint has three grades, and each thing may have one of each: possibly the
//! intruder's from eight, proven from nine. It spreads by the rules of
//! `spread.rs`, over all activities in order of time, again and again until a
//! pass adds nothing. Taint only grows and only moves back in time, so it
//! ends, and ends the same in whatever order activities were read.

mod actor;
mod anomaly;
mod clear;
mod credentials;
pub(crate) mod habits;
mod may;
mod seeds;
mod sessions;
mod spread;

use std::cell::OnceCell;

use hashbrown::HashMap;

use crate::answer::Grade;
use crate::evidence::RecordId;
use crate::names::Name;

pub(crate) use actor::Hit;
pub(crate) use anomaly::Norm;
pub(crate) use may::{May, is_strange};
pub(crate) use seeds::Planted;
pub(crate) use spread::Sweep;

/// Two records of one happening, written by two hosts, lie at most so far
/// apart where nothing better is known, nanoseconds.
pub(crate) const SKEW: i64 = 10_000_000_000;

/// Something that can be the intruder's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Entity {
    /// A process, by its number in the story.
    Process(u32),
    /// A session, by its key.
    Session(Name),
    /// A client of a cloud: who, from where, with what.
    Client(Client),
    /// The means to be an account.
    Account(Name),
    /// An application.
    App(Name),
    /// A host on which something of the intruder's ran.
    Host(Name),
    /// An end outside of the estate: address or name.
    End(Name),
    /// A file that the intruder wrote or set up to run: host, path.
    File(Option<Name>, Name),
}

/// A client of a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Client {
    pub(crate) account: Option<Name>,
    pub(crate) address: Option<Name>,
    pub(crate) agent: Option<Name>,
}

/// How it became the intruder's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// From what; `None` for a seed.
    pub(crate) from: Option<Entity>,
    /// To what.
    pub(crate) to: Entity,
    /// By which way.
    pub(crate) how: &'static str,
    /// From when the taint holds.
    pub(crate) time: i64,
    /// How firmly.
    pub(crate) grade: Grade,
    /// The record that shows it.
    pub(crate) record: RecordId,
    /// Whatever is done in its name from then on is the intruder's (an account
    /// that the intruder made, a session that the intruder opened), not only
    /// what comes from tainted places.
    pub(crate) whole: bool,
}

/// What is tainted.
#[derive(Debug, Default)]
pub(crate) struct Taints {
    /// For each thing, by grade, its link.
    by: HashMap<Entity, [Option<Link>; 3]>,
    /// Until when an account's means worked: rolled or revoked then.
    pub(crate) ended: HashMap<Entity, Vec<(i64, RecordId)>>,
    /// Everything in one order, once it was asked for.
    ordered: OnceCell<Vec<(Entity, Link)>>,
}

fn slot(grade: Grade) -> usize {
    match grade {
        Grade::Possible => 0,
        Grade::Probable => 1,
        Grade::Proven => 2,
    }
}

impl Taints {
    /// Adds a link; `true` where it says something new.
    pub(crate) fn add(&mut self, link: Link) -> bool {
        self.ordered.take();
        let slots = self.by.entry(link.to).or_default();
        let better = slots.iter().skip(slot(link.grade)).flatten();
        let known = better.clone().any(|l| l.time <= link.time && (l.whole || !link.whole));
        if known {
            return false;
        }
        if let Some(slot) = slots.get_mut(slot(link.grade)) {
            let whole = link.whole || slot.is_some_and(|l| l.whole && l.time <= link.time);
            let time = slot.map_or(link.time, |l| l.time.min(link.time));
            // An earlier link keeps its record: it is the reason.
            let first = slot.filter(|l| l.time <= link.time).unwrap_or(link);
            *slot = Some(Link { whole, time, ..first });
        }
        true
    }

    /// The firmest taint that holds at a time.
    pub(crate) fn at(&self, entity: Entity, time: i64) -> Option<&Link> {
        let slots = self.by.get(&entity)?;
        slots.iter().rev().flatten().find(|link| link.time <= time)
    }

    /// The firmest taint at whatever time.
    pub(crate) fn ever(&self, entity: Entity) -> Option<&Link> {
        self.by.get(&entity)?.iter().rev().flatten().next()
    }

    /// The earliest taint of at least this grade.
    pub(crate) fn first(&self, entity: Entity, least: Grade) -> Option<&Link> {
        let slots = self.by.get(&entity)?;
        slots.iter().skip(slot(least)).flatten().min_by_key(|link| link.time)
    }

    /// Everything that is tainted, with all its links, in one order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Entity, &Link)> {
        let ordered = self.ordered.get_or_init(|| {
            let links = self.by.iter();
            let mut all: Vec<(Entity, Link)> = links
                .flat_map(|(entity, slots)| slots.iter().flatten().map(|link| (*entity, *link)))
                .collect();
            all.sort_by_key(|(entity, link)| (link.time, link.record, *entity, link.grade));
            all
        });
        ordered.iter().map(|(entity, link)| (*entity, link))
    }

    /// Whether nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        self.by.is_empty()
    }
}
