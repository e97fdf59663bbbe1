//! What is counted while reading: kept per block, added up in the order of
//! the sources.

use std::collections::{BTreeMap, BTreeSet};

use sekisho_event::{Shape, TIME_UNKNOWN, Untimed};
use sekisho_sigma::RuleId;
use sekisho_sigma::rule::Level;

/// Most examples kept of one rule's detections.
pub(crate) const EXAMPLES_MAX: usize = 5;

/// Most hosts or accounts that are counted one by one.
pub(crate) const NAMES_MAX: usize = 100_000;

/// Width of the counting of detections over time, in seconds.
pub(crate) const BUCKET_SECONDS: i64 = 600;

/// First and last of some times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Default for Span {
    fn default() -> Self {
        Self { first: i64::MAX, last: i64::MIN }
    }
}

impl Span {
    pub(crate) fn add(&mut self, time: i64) {
        if time != TIME_UNKNOWN {
            self.first = self.first.min(time);
            self.last = self.last.max(time);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// First and last, if there were any.
    pub(crate) fn get(self) -> Option<(i64, i64)> {
        (self.first <= self.last).then_some((self.first, self.last))
    }
}

/// Records that name no host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostsOf {
    /// They got the one that is stated or that the path names.
    pub(crate) given: u64,
    /// They have none.
    pub(crate) unknown: u64,
}

impl HostsOf {
    pub(crate) fn add(&mut self, other: Self) {
        self.given += other.given;
        self.unknown += other.unknown;
    }
}

/// Records and detections of a host or an account.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NameStats {
    pub(crate) records: u64,
    pub(crate) detections: u64,
    pub(crate) worst: Level,
    /// Of detections.
    pub(crate) span: Span,
}

impl NameStats {
    pub(crate) fn detection(&mut self, time: i64, level: Level) {
        self.detections += 1;
        self.worst = self.worst.max(level);
        self.span.add(time);
    }

    fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.detections += other.detections;
        self.worst = self.worst.max(other.worst);
        self.span.merge(other.span);
    }
}

/// A detection kept as an example.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    pub(crate) time: i64,
    pub(crate) host: String,
    pub(crate) channel: String,
    pub(crate) record_id: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) source: usize,
    pub(crate) matched: Vec<(String, String)>,
}

/// Detections of a rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleStats {
    pub(crate) detections: u64,
    pub(crate) span: Span,
    pub(crate) hosts: BTreeSet<Box<str>>,
    pub(crate) examples: Vec<Example>,
}

/// All that is counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    pub(crate) records: u64,
    /// Records that had come before, and do not count again.
    pub(crate) duplicates: u64,
    pub(crate) untimed: Untimed,
    /// Labels of messages that no table knows.
    pub(crate) labels_unknown: u64,
    pub(crate) hosts_of: HostsOf,
    pub(crate) span: Span,
    pub(crate) shapes: BTreeMap<Shape, u64>,
    pub(crate) hosts: BTreeMap<Box<str>, NameStats>,
    pub(crate) accounts: BTreeMap<Box<str>, NameStats>,
    pub(crate) rules: BTreeMap<RuleId, RuleStats>,
    /// Start of the bucket in seconds since 1970 → detections by level.
    pub(crate) histogram: BTreeMap<i64, [u64; 5]>,
    /// Start of the bucket in seconds since 1970 → records read.
    pub(crate) read: BTreeMap<i64, u64>,
    /// Hosts or accounts beyond [`NAMES_MAX`].
    pub(crate) names_dropped: u64,
}

impl Stats {
    /// Adds those of a later block.
    pub(crate) fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.duplicates += other.duplicates;
        self.untimed.add(other.untimed);
        self.labels_unknown += other.labels_unknown;
        self.hosts_of.add(other.hosts_of);
        self.names_dropped += other.names_dropped;
        self.span.merge(other.span);
        for (shape, count) in other.shapes {
            *self.shapes.entry(shape).or_default() += count;
        }
        self.names_dropped += merge_names(&mut self.hosts, other.hosts);
        self.names_dropped += merge_names(&mut self.accounts, other.accounts);
        for (bucket, levels) in other.histogram {
            let mine = self.histogram.entry(bucket).or_default();
            mine.iter_mut().zip(levels).for_each(|(a, b)| *a += b);
        }
        for (bucket, count) in other.read {
            *self.read.entry(bucket).or_default() += count;
        }
        for (rule, theirs) in other.rules {
            let mine = self.rules.entry(rule).or_default();
            mine.detections += theirs.detections;
            mine.span.merge(theirs.span);
            if mine.hosts.len() < NAMES_MAX {
                mine.hosts.extend(theirs.hosts);
            }
            let free = EXAMPLES_MAX.saturating_sub(mine.examples.len());
            mine.examples.extend(theirs.examples.into_iter().take(free));
        }
    }

    /// Counts a detection in the picture over time.
    pub(crate) fn at(&mut self, time: i64, level: Level) {
        if time == TIME_UNKNOWN {
            return;
        }
        if let Some(slot) =
            self.histogram.entry(bucket_of(time)).or_default().get_mut(level as usize)
        {
            *slot += 1;
        }
    }

    /// Counts records in the picture over time. Neighbours mostly fall into
    /// the same bucket, so runs are counted before they are entered.
    pub(crate) fn read_at(&mut self, times: &[i64]) {
        let known = times.iter().filter(|&&time| time != TIME_UNKNOWN);
        let (mut bucket, mut run) = (0, 0);
        for at in known.map(|&time| bucket_of(time)) {
            if at != bucket && run > 0 {
                *self.read.entry(bucket).or_default() += run;
                run = 0;
            }
            bucket = at;
            run += 1;
        }
        if run > 0 {
            *self.read.entry(bucket).or_default() += run;
        }
    }
}

/// Start of the bucket of a time, in seconds since 1970.
fn bucket_of(time: i64) -> i64 {
    let seconds = time.div_euclid(1_000_000_000);
    seconds - seconds.rem_euclid(BUCKET_SECONDS)
}

fn merge_names(
    mine: &mut BTreeMap<Box<str>, NameStats>,
    theirs: BTreeMap<Box<str>, NameStats>,
) -> u64 {
    let mut dropped = 0;
    for (name, stats) in theirs {
        if let Some(known) = mine.get_mut(&name) {
            known.merge(stats);
        } else if mine.len() < NAMES_MAX {
            mine.insert(name, stats);
        } else {
            dropped += 1;
        }
    }
    dropped
}
