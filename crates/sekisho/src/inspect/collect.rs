//! Draws together what the threads say, source by source, in order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_event::{Shape, Untimed};

use super::channels::Channels;
use super::digests::Gathered;
use super::identity::Seen;
use super::model::{self, ChannelTotal, Gaps, ProblemOut, Source, SourceChannel, iso};
use super::serve::Served;
use super::silence::Times;
use super::work::{Outcome, Plan};
use crate::examine::stats::Span;

/// Most problems of a source that are named.
const PROBLEMS_MAX: usize = 20;

/// Most hosts of a source that are named.
const HOSTS_NAMED_MAX: usize = 5;

/// Most shapes of a source that are told apart.
const SHAPES_MAX: usize = 20_000;

/// Most clusters of times that are kept of a source.
const CLUSTERS_MAX: usize = 65_536;

/// All that is known so far.
pub(crate) struct Collected {
    plan: Arc<Plan>,
    pub(crate) served: Served,
    /// By number in the inventory; `None` where nothing came.
    pub(crate) sources: Vec<Option<Source>>,
    current: Option<Current>,
    pub(crate) all: Channels,
    pub(crate) seen: Seen,
    pub(crate) digests: Gathered,
    pub(crate) shapes: BTreeSet<Shape>,
    pub(crate) span: Span,
    by_hash: HashMap<String, usize>,
    /// By file on disk.
    pub(crate) hashes: Vec<Option<String>>,
    copies: Vec<Option<usize>>,
}

/// The source at hand.
#[derive(Default)]
struct Current {
    number: usize,
    out: Source,
    channels: Channels,
    shapes: BTreeSet<Shape>,
    untimed: Untimed,
    span: Span,
    times: Times,
}

impl Collected {
    pub(crate) fn new(plan: &Arc<Plan>, served: Served) -> Self {
        let (files, sources) = (plan.inventory.files.len(), plan.inventory.sources.len());
        Self {
            plan: Arc::clone(plan),
            served,
            sources: vec![None; sources],
            current: None,
            all: Channels::default(),
            seen: Seen::default(),
            digests: Gathered::default(),
            shapes: BTreeSet::new(),
            span: Span::default(),
            by_hash: HashMap::new(),
            hashes: vec![None; files],
            copies: vec![None; files],
        }
    }

    /// Takes the next outcome.
    pub(crate) fn settle(&mut self, mut outcome: Outcome) {
        if let Some((file, hash)) = outcome.hash.take() {
            self.hashed(file, hash);
        }
        let Some(number) = outcome.source else { return };
        if self.current.as_ref().is_none_or(|current| current.number != number) {
            self.finish_source();
            self.current = Some(Current { number, ..Current::default() });
        }
        let file = self.plan.inventory.sources.get(number).map(|s| s.file_number);
        let copy = file.and_then(|f| self.copies.get(f).copied().flatten()).is_some();
        let Some(mut current) = self.current.take() else { return };
        current.out.duplicates +=
            if copy { outcome.records } else { self.settle_in_all(number, &outcome) };
        current.settle(outcome);
        self.current = Some(current);
    }

    /// Adds what is not a copy; how many of the records were there before.
    fn settle_in_all(&mut self, number: usize, outcome: &Outcome) -> u64 {
        let mut duplicates = self.seen.add(&outcome.identities);
        for part in &outcome.parts {
            duplicates += self.all.add(part, number);
            self.span.merge(part.span);
        }
        for digest in &outcome.digests {
            self.digests.add(digest.clone());
        }
        duplicates
    }

    fn hashed(&mut self, file: usize, hash: String) {
        // Empty files have nothing in common.
        let empty = self.plan.inventory.files.get(file).is_some_and(|f| f.bytes == 0);
        let first = if empty { file } else { *self.by_hash.entry(hash.clone()).or_insert(file) };
        if let Some(slot) = self.copies.get_mut(file) {
            *slot = (first != file).then_some(first);
        }
        if let Some(slot) = self.hashes.get_mut(file) {
            *slot = Some(hash);
        }
    }

    /// Writes down the source at hand.
    pub(crate) fn finish_source(&mut self) {
        let Some(current) = self.current.take() else { return };
        let number = current.number;
        self.shapes.extend(current.shapes.iter().cloned());
        let mut out = current.finish(&mut self.served);
        if let Some(source) = self.plan.inventory.sources.get(number) {
            out.path.clone_from(&source.path);
            out.bytes = source.bytes;
            let copy = self.copies.get(source.file_number).copied().flatten();
            let first = copy.and_then(|f| self.plan.inventory.files.get(f));
            out.duplicate_of = first.map(|f| f.path.clone());
        }
        if let Some(slot) = self.sources.get_mut(number) {
            *slot = Some(out);
        }
    }

    /// Each log of each host.
    pub(crate) fn channels(&self) -> Vec<ChannelTotal> {
        let total = |(key, channel): (&super::channels::Key, &super::channels::Channel)| {
            let (first, last) = first_last(channel.span);
            ChannelTotal {
                host: key.host.to_string(),
                product: key.product.to_string(),
                channel: key.channel.to_string(),
                sources: channel.sources,
                records: channel.records,
                duplicates: channel.duplicates,
                first,
                last,
                gaps: Gaps {
                    record_ids: model::record_ids([(key, channel)].into_iter()),
                    time: model::silences(&channel.times),
                },
            }
        };
        self.all.iter().map(total).collect()
    }
}

/// Earliest and latest time, as they are written.
pub(crate) fn first_last(span: Span) -> (Option<String>, Option<String>) {
    span.get().map_or((None, None), |(first, last)| (iso(first), iso(last)))
}

impl Current {
    fn settle(&mut self, outcome: Outcome) {
        let out = &mut self.out;
        out.format = outcome.format.or(out.format);
        out.records += outcome.records;
        out.problem_count += outcome.problems.len() as u64 + outcome.problems_more;
        let free = PROBLEMS_MAX.saturating_sub(out.problems.len());
        out.problems.extend(outcome.problems.into_iter().take(free).map(|p| ProblemOut {
            offset: p.offset,
            what: p.what,
            expected: p.expected,
        }));
        self.untimed.add(outcome.untimed);
        out.labels_unknown += outcome.labels_unknown;
        for part in &outcome.parts {
            self.channels.add(part, self.number);
            self.span.merge(part.span);
            self.times.merge(&part.times);
        }
        self.times.limit(CLUSTERS_MAX);
        if self.shapes.len() < SHAPES_MAX {
            self.shapes.extend(outcome.shapes);
        }
    }

    fn finish(self, served: &mut Served) -> Source {
        let mut out = self.out;
        (out.first, out.last) = first_last(self.span);
        let mut hosts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut channels: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for (key, channel) in self.channels.iter() {
            if !key.host.is_empty() {
                *hosts.entry(&key.host).or_default() += channel.records;
            }
            *channels.entry((&key.product, &key.channel)).or_default() += channel.records;
        }
        out.host_count = hosts.len() as u64;
        out.hosts = most(hosts, HOSTS_NAMED_MAX, |name, _| name.to_owned());
        out.host = out.hosts.first().cloned();
        out.channel_count = channels.len() as u64;
        out.channels = most(channels, model::NAMED_MAX, |(product, channel), records| {
            let here = |s: &&Shape| *s.product == *product && *s.channel == *channel;
            let ids = self.shapes.iter().filter(here).filter(|s| s.event_id.is_some()).count();
            SourceChannel {
                product: product.to_owned(),
                channel: channel.to_owned(),
                event_ids: ids as u64,
                records,
            }
        });
        out.channel =
            out.channels.first().map(|c| c.channel.clone()).filter(|channel| !channel.is_empty());
        out.zone = model::zone(self.untimed, self.span.get().is_some());
        out.records_without_zone = self.untimed.zoneless + self.untimed.placed;
        out.records_without_year = self.untimed.yearless;
        out.records_without_time = self.untimed.timeless;
        out.gaps = Gaps {
            record_ids: model::record_ids(self.channels.iter()),
            time: model::silences(&self.times),
        };
        out.rules_could_fire = served.by(&self.shapes);
        out
    }
}

/// Those with most records, in order of that.
fn most<K, T>(all: BTreeMap<K, u64>, most: usize, to: impl Fn(K, u64) -> T) -> Vec<T> {
    let mut all: Vec<(K, u64)> = all.into_iter().collect();
    all.sort_by_key(|(_, records)| Reverse(*records));
    all.into_iter().take(most).map(|(key, records)| to(key, records)).collect()
}
