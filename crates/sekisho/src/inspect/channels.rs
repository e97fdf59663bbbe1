//! What is known of each host's channels: when, how much, what is missing. A
//! log that is spread over many files is one channel.

use std::collections::BTreeMap;

use super::identity;
use super::ranges::Ranges;
use super::silence::Times;
use crate::examine::stats::Span;

/// Most channels (host × product × channel) that are told apart.
pub(crate) const CHANNELS_MAX: usize = 100_000;

/// Most ranges of record ids that are kept in all. Of a channel whose ids are
/// so scattered that they go beyond it, no holes are told.
pub(crate) const RANGES_MAX: usize = 1_000_000;

/// Most clusters of times that are kept in all; beyond them they are told
/// apart less finely.
pub(crate) const CLUSTERS_MAX: usize = 500_000;

/// A log of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) host: Box<str>,
    pub(crate) product: Box<str>,
    pub(crate) channel: Box<str>,
}

/// What a block says of a channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) key: Key,
    pub(crate) records: u64,
    pub(crate) span: Span,
    pub(crate) ids: Ranges,
    /// Ids that came more than once within the block.
    pub(crate) repeated: u64,
    pub(crate) times: Times,
}

/// What all blocks say of a channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channel {
    pub(crate) records: u64,
    pub(crate) duplicates: u64,
    /// Record ids that came again at another time: the numbering began anew.
    pub(crate) reused: u64,
    pub(crate) sources: u64,
    last_source: Option<usize>,
    pub(crate) span: Span,
    ids: Ranges,
    scattered: bool,
    pub(crate) times: Times,
}

impl Channel {
    /// The record ids, if there are any and they are not too scattered.
    pub(crate) fn ids(&self) -> Option<&Ranges> {
        (!self.scattered && self.ids.len() > 0).then_some(&self.ids)
    }

    /// Whether its record ids are too scattered to tell what is missing.
    pub(crate) fn is_scattered(&self) -> bool {
        self.scattered
    }

    /// Adds ids; how many were there before, in the same time.
    fn number(&mut self, part: &Part, numbered: bool) -> u64 {
        if self.scattered {
            return 0;
        }
        // What is wholly before or behind all that was seen is no copy of it:
        // the log began anew, and counts from 1 again.
        let apart = match (self.span.get(), part.span.get()) {
            (Some((first, last)), Some((begin, end))) => begin > last || end < first,
            _ => false,
        };
        let again = self.ids.merge(&part.ids);
        match (numbered, apart) {
            (false, _) => 0,
            (true, true) => {
                self.reused += again;
                part.repeated
            }
            (true, false) => again + part.repeated,
        }
    }
}

/// All channels of a source, or of all sources.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channels {
    by_key: BTreeMap<Key, Channel>,
    ranges: usize,
    clusters: usize,
    /// Records of channels beyond the limit.
    pub(crate) records_beyond_limit: u64,
}

impl Channels {
    /// The channels in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Channel)> {
        self.by_key.iter()
    }

    /// Adds what a block says; how many of its records were there before.
    pub(crate) fn add(&mut self, part: &Part, source: usize) -> u64 {
        if !self.by_key.contains_key(&part.key) {
            if self.by_key.len() >= CHANNELS_MAX {
                self.records_beyond_limit += part.records;
                return 0;
            }
            self.by_key.insert(part.key.clone(), Channel::default());
        }
        let Some(channel) = self.by_key.get_mut(&part.key) else { return 0 };
        let before = (channel.ids.len(), channel.times.len());
        let numbered = identity::numbered(&part.key.product, &part.key.channel);
        let duplicates = channel.number(part, numbered);
        channel.duplicates += duplicates;
        channel.records += part.records;
        channel.span.merge(part.span);
        if channel.last_source.replace(source) != Some(source) {
            channel.sources += 1;
        }
        channel.times.merge(&part.times);
        self.ranges = self.ranges + channel.ids.len() - before.0;
        self.clusters = (self.clusters + channel.times.len()).saturating_sub(before.1);
        if self.ranges > RANGES_MAX {
            channel.scattered = true;
            self.ranges -= channel.ids.len();
            channel.ids = Ranges::default();
        }
        if self.clusters > CLUSTERS_MAX {
            self.coarsen();
        }
        duplicates
    }

    fn coarsen(&mut self) {
        let widths = self.by_key.values().map(|c| c.times.width());
        let mut width = widths.max().unwrap_or(0);
        while self.clusters > CLUSTERS_MAX / 2 && width < i64::MAX / 4 {
            width *= 2;
            self.by_key.values_mut().for_each(|c| c.times.widen(width));
            self.clusters = self.by_key.values().map(|c| c.times.len()).sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(ids: &[u64], from: i64) -> Part {
        let mut times: Vec<i64> = (0..).take(ids.len()).map(|n| from + n).collect();
        let (ids, repeated) = Ranges::of(&mut ids.to_vec());
        let mut span = Span::default();
        times.iter().for_each(|&t| span.add(t));
        let key = Key { host: "H".into(), product: "windows".into(), channel: "Security".into() };
        let records = times.len() as u64;
        Part { key, records, span, ids, repeated, times: Times::of(&mut times) }
    }

    #[test]
    fn the_same_records_again_are_duplicates_and_the_same_numbers_later_are_not() {
        let mut all = Channels::default();
        assert_eq!(all.add(&part(&[1, 2, 3, 5], 100), 0), 0);
        assert_eq!(all.add(&part(&[2, 3, 4], 101), 1), 2);
        assert_eq!(all.add(&part(&[1, 2], 5_000), 2), 0);
        let (_, channel) = all.iter().next().unwrap();
        assert_eq!((channel.records, channel.duplicates, channel.reused), (9, 2, 2));
        assert_eq!(channel.sources, 3);
        assert_eq!(channel.ids().unwrap().holes(5).count, 0);
    }

    fn of_host(host: usize, ids: &mut [u64], times: &mut [i64]) -> Part {
        let (ids, repeated) = Ranges::of(ids);
        let key = Key { host: host.to_string().into(), ..Key::default() };
        Part { key, records: 1, ids, repeated, times: Times::of(times), ..Part::default() }
    }

    #[test]
    fn of_ids_that_are_too_scattered_no_holes_are_told() {
        let mut all = Channels::default();
        all.add(&of_host(0, &mut [1, 2, 4], &mut []), 0);
        let step = 100_000;
        for block in 0..=RANGES_MAX as u64 / step {
            let mut ids: Vec<u64> = (block * step..(block + 1) * step).map(|n| n * 2).collect();
            all.add(&of_host(1, &mut ids, &mut []), 0);
        }
        let scattered: Vec<bool> = all.iter().map(|(_, c)| c.is_scattered()).collect();
        assert_eq!(scattered, [false, true]);
        let (_, tidy) = all.iter().next().unwrap();
        assert_eq!(tidy.ids().unwrap().holes(1).first, [(3, 3)]);
        assert_eq!(all.ranges, 2);
    }

    #[test]
    fn times_are_told_apart_less_finely_where_there_are_too_many() {
        let mut all = Channels::default();
        let minute = 60_000_000_000;
        let step = 50_000;
        for block in 0..=CLUSTERS_MAX as i64 / step {
            let times = block * step..(block + 1) * step;
            let mut times: Vec<i64> = times.map(|n| n * 2 * minute).collect();
            all.add(&of_host(0, &mut [], &mut times), 0);
        }
        let (_, channel) = all.iter().next().unwrap();
        assert!(channel.times.len() <= CLUSTERS_MAX && channel.times.width() >= 2 * minute);
    }

    #[test]
    fn records_of_channels_beyond_the_limit_are_counted() {
        let mut all = Channels::default();
        for host in 0..CHANNELS_MAX + 3 {
            all.add(&of_host(host, &mut [], &mut []), 0);
        }
        assert_eq!((all.iter().count(), all.records_beyond_limit), (CHANNELS_MAX, 3));
    }
}
