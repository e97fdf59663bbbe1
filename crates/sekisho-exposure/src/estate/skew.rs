//! By how much clocks differ, measured by records of the same happenings: the
//! two sides of a logon that share its id, a connection that a host and a
//! sensor both saw.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use sekisho_event::TIME_UNKNOWN;

use crate::activity::{Activity, Peer, What};
use crate::evidence::Evidence;
use crate::names::Name;

/// A clock: of the host that wrote a record; `None` for sensors that name none.
pub type Clock = Option<Name>;

/// By how much a clock is ahead of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Nanoseconds; the median of all that was measured.
    pub offset: i64,
    /// Nine of ten measurements lie within so many nanoseconds of it.
    pub bound: i64,
    /// How many were made.
    pub pairs: usize,
}

/// Measurements that one pair of clocks needs at least.
const PAIRS_MIN: usize = 3;

/// Measurements of a pair of clocks that are kept; enough for a median.
const PAIRS_KEPT_MAX: usize = 4096;

/// Two records of a happening that are further apart are not of one, in
/// nanoseconds: a day and an hour, so that a wrong zone is still seen.
const APART_MAX: i64 = 25 * 3_600_000_000_000;

/// Clocks by way of which others are compared, at most.
const HOPS_MAX: usize = 3;

/// All measured differences.
#[derive(Clone, Debug, Default)]
pub(super) struct Skews {
    /// By the smaller clock, then the other: how far the other is ahead.
    pairs: BTreeMap<Clock, BTreeMap<Clock, Skew>>,
}

/// What two records of one happening share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Happening {
    Logon(Name),
    Connection { client: (Name, u16), server: (Name, u16) },
}

/// Where and when one was recorded; `None` where one clock recorded several
/// that cannot be told apart.
type Sides = Vec<(Clock, Option<i64>)>;

impl Skews {
    pub(super) fn of(
        activities: &[Activity],
        evidence: &Evidence,
        canonical: &dyn Fn(Name, i64) -> Name,
    ) -> Self {
        let mut seen: HashMap<Happening, Sides> = HashMap::new();
        for activity in activities.iter().filter(|a| a.time != TIME_UNKNOWN) {
            let Some((happening, logon)) = happening(activity) else { continue };
            let host = evidence.get(activity.record).and_then(|record| record.host);
            let clock = host.or(activity.place).map(|host| canonical(host, activity.time));
            let sides = seen.entry(happening).or_default();
            match sides.iter_mut().find(|(other, _)| *other == clock) {
                // Of a logon the first counts: its id is used again.
                Some((_, Some(time))) if logon => *time = (*time).min(activity.time),
                Some((_, time)) => *time = None,
                None => sides.push((clock, Some(activity.time))),
            }
        }
        let mut measured: BTreeMap<(Clock, Clock), Vec<i64>> = BTreeMap::new();
        for sides in seen.values_mut() {
            sides.sort_unstable();
            for (at, &(a, first)) in sides.iter().enumerate() {
                for &(b, second) in sides.iter().skip(at + 1) {
                    let (Some(first), Some(second)) = (first, second) else { continue };
                    let apart = second.saturating_sub(first);
                    if apart.abs() <= APART_MAX {
                        measured.entry((a, b)).or_default().push(apart);
                    }
                }
            }
        }
        let mut skews = Self::default();
        for ((a, b), apart) in measured {
            if let Some(skew) = summed(apart) {
                skews.pairs.entry(a).or_default().insert(b, skew);
                let back = Skew { offset: -skew.offset, ..skew };
                skews.pairs.entry(b).or_default().insert(a, back);
            }
        }
        skews
    }

    /// All pairs, each once.
    pub(super) fn all(&self) -> impl Iterator<Item = (Clock, Clock, Skew)> + '_ {
        let of = |(a, others): (&Clock, &'_ BTreeMap<Clock, Skew>)| {
            let a = *a;
            others
                .iter()
                .filter(move |(b, _)| a < **b)
                .map(move |(b, s)| (a, *b, *s))
                .collect::<Vec<_>>()
        };
        self.pairs.iter().flat_map(of)
    }

    /// The way over fewest clocks; of those, the one with the smallest bound.
    pub(super) fn between(&self, from: Clock, to: Clock) -> Option<Skew> {
        if from == to {
            return Some(Skew { offset: 0, bound: 0, pairs: 0 });
        }
        let mut reached: BTreeMap<Clock, Skew> = BTreeMap::new();
        let mut edge = vec![(from, Skew { offset: 0, bound: 0, pairs: usize::MAX })];
        for _ in 0..HOPS_MAX {
            let mut next: BTreeMap<Clock, Skew> = BTreeMap::new();
            for (clock, so_far) in &edge {
                for (other, skew) in self.pairs.get(clock).into_iter().flatten() {
                    if *other == from || reached.contains_key(other) {
                        continue;
                    }
                    let sum = Skew {
                        offset: so_far.offset.saturating_add(skew.offset),
                        bound: so_far.bound.saturating_add(skew.bound),
                        pairs: so_far.pairs.min(skew.pairs),
                    };
                    let best = next.entry(*other).or_insert(sum);
                    if sum.bound < best.bound {
                        *best = sum;
                    }
                }
            }
            if let Some(found) = next.get(&to) {
                return Some(*found);
            }
            reached.extend(next.iter().map(|(clock, skew)| (*clock, *skew)));
            edge = next.into_iter().collect();
        }
        None
    }
}

/// What an activity records that another clock may record too, and whether it
/// is a logon.
fn happening(activity: &Activity) -> Option<(Happening, bool)> {
    let end = |peer: &Peer| Some((peer.address?, peer.port?));
    match &activity.what {
        What::Session(session) => Some((Happening::Logon(session.guid?), true)),
        What::Transfer(transfer) => {
            let (client, server) = (end(&transfer.client)?, end(&transfer.server)?);
            Some((Happening::Connection { client, server }, false))
        }
        _ => None,
    }
}

fn summed(mut apart: Vec<i64>) -> Option<Skew> {
    let pairs = apart.len();
    if pairs < PAIRS_MIN {
        return None;
    }
    apart.sort_unstable();
    let step = pairs.div_ceil(PAIRS_KEPT_MAX);
    let kept: Vec<i64> = apart.into_iter().step_by(step).collect();
    let offset = kept.get(kept.len() / 2).copied()?;
    let mut off: Vec<i64> =
        kept.iter().map(|one| one.saturating_sub(offset).saturating_abs()).collect();
    off.sort_unstable();
    let bound = off.get((off.len() * 9).div_ceil(10).saturating_sub(1)).copied()?;
    Some(Skew { offset, bound, pairs })
}
