//! What was heard of each source: counts by hour and class, and its record
//! ids.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};
use sekisho_event::{RECORD_ID_UNKNOWN, TIME_UNKNOWN};

use crate::evidence::Record;
use crate::extract::Class;
use crate::names::Name;

/// Hours since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hour(pub i64);

/// Nanoseconds of an hour.
pub(crate) const HOUR: i64 = 3_600_000_000_000;

impl Hour {
    /// The hour of a time in nanoseconds.
    #[must_use]
    pub fn of(time: i64) -> Self {
        Self(time.div_euclid(HOUR))
    }

    /// When it begins, nanoseconds.
    #[must_use]
    pub fn start(self) -> i64 {
        self.0.saturating_mul(HOUR)
    }
}

/// A log of a host, or of a service's realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Whose; `None` where records name no host.
    pub host: Option<Name>,
    /// Which log.
    pub channel: Name,
}

/// What was heard in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourHeard {
    /// Events.
    pub events: u32,
    /// First time in it, nanoseconds.
    pub first: i64,
    /// Last time in it.
    pub last: i64,
}

/// A run of record ids without a hole, in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First id and its time.
    pub first: (u64, i64),
    /// Last id and its time.
    pub last: (u64, i64),
}

/// Everything that was heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// By source, class and hour.
    pub hours: HashMap<(Source, Class), BTreeMap<Hour, HourHeard>>,
    /// By source: its runs of record ids, not yet in order.
    pub runs: HashMap<Source, Vec<Run>>,
    /// Which hosts or addresses a sensor's log saw, by hour.
    pub watched: HashMap<(Name, Class), BTreeMap<Hour, HourHeard>>,
    /// Which containers records of a class name: buckets, mailboxes, sites.
    /// What is recorded of a container is often chosen one by one; that one of
    /// them was heard says nothing of the others.
    pub alive: HashMap<(Source, Class, Name), BTreeMap<Hour, HourHeard>>,
    /// Logs with records beside them that could not be read.
    pub unread: HashSet<Source>,
    /// Events without a time: they may have been at any.
    pub timeless: HashMap<(Source, Class), u64>,
}

impl Heard {
    /// An event of a place.
    pub fn add(&mut self, place: Option<Name>, class: Class, record: &Record) {
        let source = Source { host: place, channel: record.channel };
        let time = record.when();
        if time == TIME_UNKNOWN {
            *self.timeless.entry((source, class)).or_default() += 1;
            return;
        }
        note(self.hours.entry((source, class)).or_default(), time);
        if record.record_id == RECORD_ID_UNKNOWN {
            return;
        }
        let runs = self.runs.entry(source).or_default();
        let here = (record.record_id, time);
        match runs.last_mut() {
            Some(run) if run.last.0.checked_add(1) == Some(here.0) => run.last = here,
            Some(run) if run.first.0.checked_sub(1) == Some(here.0) => run.first = here,
            _ => runs.push(Run { first: here, last: here }),
        }
    }

    /// The last time before this one at which a source was heard, to the hour:
    /// of the hour itself, its first record.
    #[must_use]
    pub fn last_before(&self, source: Source, time: i64) -> Option<i64> {
        let of_source = self.hours.iter().filter(|((known, _), _)| *known == source);
        let last = of_source.filter_map(|(_, hours)| {
            let (_, heard) = hours.range(..=Hour::of(time)).next_back()?;
            let earlier = [heard.last, heard.first].into_iter().find(|at| *at < time);
            earlier.or_else(|| Some(hours.range(..Hour::of(time)).next_back()?.1.last))
        });
        last.max()
    }

    /// An event of this class shows that records are made for a container.
    pub fn alive(&mut self, place: Option<Name>, class: Class, container: Name, record: &Record) {
        let source = Source { host: place, channel: record.channel };
        if record.when() != TIME_UNKNOWN {
            note(self.alive.entry((source, class, container)).or_default(), record.when());
        }
    }

    /// Sensors know addresses only: what they watched is noted under the hosts
    /// too that had them in each hour.
    pub fn watched_hosts(&mut self, host_at: &dyn Fn(Name, i64) -> Option<Name>) {
        let mut found: Vec<(Name, Class, HourHeard)> = Vec::new();
        for (&(end, class), hours) in &self.watched {
            for heard in hours.values() {
                let host = host_at(end, heard.first).filter(|host| *host != end);
                found.extend(host.map(|host| (host, class, *heard)));
            }
        }
        for (host, class, heard) in found {
            let hours = self.watched.entry((host, class)).or_default();
            let known =
                hours.entry(Hour::of(heard.first)).or_insert(HourHeard { events: 0, ..heard });
            known.events = known.events.saturating_add(heard.events);
            known.first = known.first.min(heard.first);
            known.last = known.last.max(heard.last);
        }
    }

    /// A sensor's event shows that this host or address was watched.
    pub fn watched(&mut self, end: Name, class: Class, record: &Record) {
        if record.when() != TIME_UNKNOWN {
            note(self.watched.entry((end, class)).or_default(), record.when());
        }
    }
}

fn note(hours: &mut BTreeMap<Hour, HourHeard>, time: i64) {
    let new = HourHeard { events: 0, first: time, last: time };
    let heard = hours.entry(Hour::of(time)).or_insert(new);
    heard.events = heard.events.saturating_add(1);
    heard.first = heard.first.min(time);
    heard.last = heard.last.max(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_watched_is_of_the_hosts_that_had_the_addresses() {
        let (address, first, second) = (Name(1), Name(2), Name(3));
        let mut heard = Heard::default();
        for time in [5, HOUR - 5, HOUR + 5] {
            let record = Record {
                host: None,
                channel: Name(0),
                record_id: RECORD_ID_UNKNOWN,
                time,
                cell: 0,
                index: 0,
            };
            heard.watched(address, Class::Flow, &record);
        }
        let host_at =
            |name, time| (name == address).then_some(if time < HOUR { first } else { second });
        heard.watched_hosts(&host_at);
        let of = |host| heard.watched[&(host, Class::Flow)].clone();
        let hour = HourHeard { events: 2, first: 5, last: HOUR - 5 };
        assert_eq!(of(first), BTreeMap::from([(Hour(0), hour)]));
        assert_eq!(of(second).keys().copied().collect::<Vec<_>>(), [Hour(1)]);
        assert_eq!(of(address).len(), 2);
    }
}
