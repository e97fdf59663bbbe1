//! Correlations: rules over the matches of other rules, across files and
//! hosts. While events are read, only what a correlation needs of a match is
//! kept (an [`Observation`]); at the end they are put in order of time and
//! each group is walked once.
//!
//! A window is sliding and looks back from each event: it holds the events
//! of its group that are at most `timespan` older. A stretch of events over
//! which the condition keeps holding is one match. Events that lack a field
//! of `group-by` belong to no group.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::Rejected;
use crate::engine::{Program, RuleId};
use crate::rule::{Correlation, CorrelationKind, Expr, Header};

/// Most observations that are kept in one run; further ones are counted.
pub const OBSERVATIONS_MAX: usize = 1_500_000;

/// Most places that one match cites.
pub(crate) const PLACES_MAX: usize = 100;

/// Number of a correlation, in the order in which they were given.
pub type CorrelationId = usize;

/// What a correlation wants to know of a rule's matches.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which correlation.
    pub correlation: CorrelationId,
    /// Which of the rules that it refers to.
    slot: usize,
    /// The fields by which to group, as the rule's events call them.
    pub group: Vec<String>,
    /// The fields whose values count; the first that is there is taken.
    pub value: Vec<String>,
}

/// What is kept of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Which correlation.
    pub correlation: CorrelationId,
    slot: usize,
    /// Nanoseconds since 1970 in UTC.
    pub time: i64,
    /// Values of the fields by which to group.
    pub group: Vec<Box<str>>,
    /// Value that counts, if the event has one.
    pub value: Option<Box<str>>,
}

impl Wanted {
    /// An observation, given the event's time and a way to look up its
    /// fields; `None` where the event belongs to no group.
    pub fn observe<'a>(
        &self,
        time: i64,
        field: &mut dyn FnMut(&str) -> Option<&'a str>,
    ) -> Option<Observation> {
        let group: Option<Vec<Box<str>>> =
            self.group.iter().map(|name| field(name).map(Into::into)).collect();
        Some(Observation {
            correlation: self.correlation,
            slot: self.slot,
            time,
            group: group?,
            value: self.value.iter().find_map(|name| field(name)).map(Into::into),
        })
    }
}

/// A correlation that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelationMatch {
    /// Which correlation.
    pub correlation: CorrelationId,
    /// Time of the first event in the window when it first held.
    pub first: i64,
    /// Time of the event at which it first held.
    pub time: i64,
    /// Time of the last event for which it held.
    pub last: i64,
    /// The group: fields as the correlation names them, and values.
    pub group: Vec<(String, String)>,
    /// The count, sum, mean … that was furthest from nothing while it held.
    pub value: f64,
    /// Places of events in the window when it first held, oldest first; at
    /// most 100.
    pub places: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    time: i64,
    place: u64,
    slot: u32,
    group: u32,
    value: u32,
}

/// All correlations of a run and what they have seen.
#[derive(Clone, Debug, Default)]
pub struct Correlator {
    correlations: Vec<Correlation>,
    by_rule: HashMap<RuleId, Vec<Wanted>>,
    /// Correlation → the correlations that look at its matches, and as what.
    by_correlation: HashMap<CorrelationId, Vec<(CorrelationId, usize)>>,
    silenced: Vec<RuleId>,
    /// Correlation → of which of the rules it refers to what is seen is events,
    /// and not matches of other correlations.
    of_events: Vec<Vec<bool>>,
    seen: Vec<Vec<Seen>>,
    groups: HashMap<Vec<Box<str>>, u32>,
    group_names: Vec<Vec<Box<str>>>,
    values: HashMap<Box<str>, u32>,
    value_names: Vec<Box<str>>,
    kept: usize,
    dropped: u64,
}

/// No value.
const NO_VALUE: u32 = u32::MAX;

impl Correlator {
    /// Resolves what correlations refer to. Those that refer to nothing known
    /// are given back with the reason.
    #[must_use]
    pub fn new(correlations: Vec<Correlation>, program: &Program) -> (Self, Vec<Rejected>) {
        let mut rules: HashMap<&str, RuleId> = HashMap::new();
        for (id, rule) in (0..).zip(program.rules()) {
            for name in [&rule.header.name, &rule.header.id] {
                if !name.is_empty() {
                    rules.entry(name).or_insert(id);
                }
            }
        }
        let (kept, rejected) = keep_resolvable(correlations, &rules);
        let mut correlator = Self { seen: vec![Vec::new(); kept.len()], ..Self::default() };
        let mut loud: Vec<RuleId> = Vec::new();
        for (id, correlation) in kept.iter().enumerate() {
            let of_events = correlation.rules.iter().map(|name| rules.contains_key(name.as_str()));
            correlator.of_events.push(of_events.collect());
            for (slot, name) in correlation.rules.iter().enumerate() {
                if let Some(&rule) = rules.get(name.as_str()) {
                    let wanted =
                        wanted(id, slot, name, correlation, program.rule(rule).map(|r| &r.header));
                    correlator.by_rule.entry(rule).or_default().push(wanted);
                    correlator.silenced.push(rule);
                    if correlation.generate {
                        loud.push(rule);
                    }
                } else if let Some(other) = position(&kept, name) {
                    correlator.by_correlation.entry(other).or_default().push((id, slot));
                }
            }
        }
        correlator.silenced.retain(|rule| !loud.contains(rule));
        correlator.silenced.sort_unstable();
        correlator.silenced.dedup();
        correlator.correlations = kept;
        let named = |(header, reason): (Header, String)| Rejected {
            file: header.file,
            line: header.line,
            reason,
        };
        (correlator, rejected.into_iter().map(named).collect())
    }

    /// What is wanted of a rule's matches.
    #[must_use]
    pub fn wanted(&self, rule: RuleId) -> &[Wanted] {
        self.by_rule.get(&rule).map_or(&[], |list| list)
    }

    /// Whether a rule's own matches are not reported, because correlations
    /// refer to it and none says `generate: true`.
    #[must_use]
    pub fn silences(&self, rule: RuleId) -> bool {
        self.silenced.binary_search(&rule).is_ok()
    }

    /// The fields that must be read for the sake of correlations.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        let all = self.by_rule.values().flatten();
        all.flat_map(|w| w.group.iter().chain(&w.value)).map(String::as_str).collect()
    }

    /// The correlations.
    #[must_use]
    pub fn correlations(&self) -> &[Correlation] {
        &self.correlations
    }

    /// How many observations were not kept because of [`OBSERVATIONS_MAX`].
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What a correlation wants to know of the matches of rules, by rule.
    pub fn wanted_of(&self, id: CorrelationId) -> impl Iterator<Item = (RuleId, &Wanted)> {
        let all = self.by_rule.iter();
        let all = all.flat_map(|(&rule, list)| list.iter().map(move |wanted| (rule, wanted)));
        all.filter(move |(_, wanted)| wanted.correlation == id)
    }

    /// Keeps an observation, if the limit allows. `place` gives the caller's
    /// own number of the event; matches cite it.
    pub fn add(&mut self, observation: Observation, place: impl FnOnce() -> u64) {
        if self.kept >= OBSERVATIONS_MAX {
            self.dropped += 1;
            return;
        }
        self.kept += 1;
        let group = intern(&mut self.groups, &mut self.group_names, observation.group);
        let value = observation
            .value
            .map_or(NO_VALUE, |value| intern(&mut self.values, &mut self.value_names, value));
        let slot = u32::try_from(observation.slot).unwrap_or(u32::MAX);
        if let Some(list) = self.seen.get_mut(observation.correlation) {
            list.push(Seen { time: observation.time, place: place(), slot, group, value });
        }
    }

    /// All matches, in order of time. Forgets what was observed. `standing`
    /// says of a place where its event stands in what was read: events of the
    /// same time count in that order, whatever order they were added in.
    pub fn finish<K: Ord>(&mut self, standing: impl Fn(u64) -> K) -> Vec<CorrelationMatch> {
        let mut out = Vec::new();
        for id in order(&self.by_correlation, self.correlations.len()) {
            let Some(correlation) = self.correlations.get(id) else { continue };
            let mut seen = self.seen.get_mut(id).map(std::mem::take).unwrap_or_default();
            let ordered = correlation.kind == CorrelationKind::TemporalOrdered;
            sort(&mut seen, &self.value_names, &standing, ordered);
            let of_events = self.of_events.get(id).map_or(&[][..], |slots| slots);
            join(&mut seen, correlation, of_events, &standing);
            let mut found = Vec::new();
            for group in seen.chunk_by(|a, b| a.group == b.group) {
                walk(correlation, id, group, &self.value_names, &mut found);
            }
            let names: Vec<(u32, CorrelationMatch)> = found;
            for (group, mut m) in names {
                let values = self.group_names.get(group as usize).cloned().unwrap_or_default();
                self.pass_on(id, &m, &values);
                let Some(correlation) = self.correlations.get(id) else { continue };
                m.group = correlation
                    .group_by
                    .iter()
                    .cloned()
                    .zip(values.iter().map(ToString::to_string))
                    .collect();
                out.push(m);
            }
        }
        out.sort_by(|a, b| {
            (a.time, a.correlation, &a.group).cmp(&(b.time, b.correlation, &b.group))
        });
        out
    }

    /// Shows a match to the correlations that refer to this one. They see the
    /// fields of its `group-by`.
    fn pass_on(&mut self, id: CorrelationId, m: &CorrelationMatch, values: &[Box<str>]) {
        let names = self.correlations.get(id).map(|c| c.group_by.clone()).unwrap_or_default();
        let name = self.correlations.get(id).map(|c| c.header.clone()).unwrap_or_default();
        for (other, slot) in self.by_correlation.get(&id).cloned().unwrap_or_default() {
            let Some(correlation) = self.correlations.get(other) else { continue };
            let rule = correlation.rules.get(slot).cloned().unwrap_or_default();
            let wanted = wanted(other, slot, &rule, correlation, Some(&name));
            let mut field = |asked: &str| {
                let at = names.iter().position(|n| n == asked)?;
                values.get(at).map(|v| &**v)
            };
            if let Some(observation) = wanted.observe(m.time, &mut field) {
                self.add(observation, || m.places.last().copied().unwrap_or(u64::MAX));
            }
        }
    }
}

/// Puts observations in an order that does not depend on that of their
/// arrival: one event may be seen as several of a correlation's rules. Where
/// rules must follow one another, it counts for the later ones first, so that
/// it does not follow itself.
fn sort<K: Ord>(
    seen: &mut [Seen],
    values: &[Box<str>],
    standing: &impl Fn(u64) -> K,
    ordered: bool,
) {
    let when = |s: &Seen| (s.group, s.time);
    let slot = |s: &Seen| if ordered { u32::MAX - s.slot } else { s.slot };
    // Only asked of events of the same time, which are few.
    let read = |s: &Seen| (standing(s.place), slot(s), values.get(s.value as usize));
    seen.sort_unstable_by(|a, b| when(a).cmp(&when(b)).then_with(|| read(a).cmp(&read(b))));
}

/// Gives what was seen of one event one place. Where events count, it counts
/// once, whichever rules it fits; where they are put beside one another, it is
/// there for each of them.
fn join<K: Ord>(
    seen: &mut Vec<Seen>,
    correlation: &Correlation,
    of_events: &[bool],
    standing: &impl Fn(u64) -> K,
) {
    let is_event = |s: &Seen| of_events.get(s.slot as usize) == Some(&true);
    let temporal =
        matches!(correlation.kind, CorrelationKind::Temporal | CorrelationKind::TemporalOrdered);
    let counts = correlation.kind == CorrelationKind::EventCount;
    seen.dedup_by(|next, last| {
        let same = (next.group, next.time) == (last.group, last.time)
            && is_event(next)
            && is_event(last)
            && standing(next.place) == standing(last.place);
        if same {
            next.place = last.place;
        }
        same && !temporal && (counts || next.value == last.value)
    });
}

fn intern<K: std::hash::Hash + Eq + Clone>(
    ids: &mut HashMap<K, u32>,
    names: &mut Vec<K>,
    key: K,
) -> u32 {
    let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
    *ids.entry(key).or_insert_with_key(|key| {
        names.push(key.clone());
        next
    })
}

fn position(correlations: &[Correlation], name: &str) -> Option<CorrelationId> {
    correlations.iter().position(|c| c.header.name == name || c.header.id == name)
}

/// Leaves out correlations whose rules are not there, and those in a circle.
fn keep_resolvable(
    mut list: Vec<Correlation>,
    rules: &HashMap<&str, RuleId>,
) -> (Vec<Correlation>, Vec<(Header, String)>) {
    let mut rejected = Vec::new();
    loop {
        let bad = list.iter().position(|c| {
            c.rules.iter().any(|n| !rules.contains_key(n.as_str()) && position(&list, n).is_none())
        });
        let Some(at) = bad else { break };
        let c = list.remove(at);
        let missing = c.rules.iter().find(|n| !rules.contains_key(n.as_str())).cloned();
        let reason = format!(
            "refers to {:?}, which is no rule that was loaded; give its file or folder too",
            missing.unwrap_or_default()
        );
        rejected.push((c.header, reason));
    }
    // What can be ordered is taken out again and again; a circle is left.
    let mut settled: Vec<bool> = vec![false; list.len()];
    loop {
        let next = (0..list.len()).find(|&i| {
            settled.get(i) == Some(&false)
                && list.get(i).is_some_and(|c| {
                    c.rules.iter().all(|n| {
                        rules.contains_key(n.as_str())
                            || position(&list, n).and_then(|p| settled.get(p)) == Some(&true)
                    })
                })
        });
        match next.and_then(|i| settled.get_mut(i)) {
            Some(slot) => *slot = true,
            None => break,
        }
    }
    let mut kept = Vec::new();
    for (c, settled) in list.into_iter().zip(settled) {
        if settled {
            kept.push(c);
        } else {
            rejected.push((c.header, "refers to itself through other correlations".to_owned()));
        }
    }
    (kept, rejected)
}

/// Correlations in an order in which each comes after those it refers to.
fn order(
    referred: &HashMap<CorrelationId, Vec<(CorrelationId, usize)>>,
    count: usize,
) -> Vec<CorrelationId> {
    let mut waiting = vec![0usize; count];
    for (other, _) in referred.values().flatten() {
        if let Some(n) = waiting.get_mut(*other) {
            *n += 1;
        }
    }
    let mut ready: VecDeque<usize> = (0..count).filter(|&i| waiting.get(i) == Some(&0)).collect();
    let mut out = Vec::new();
    while let Some(id) = ready.pop_front() {
        out.push(id);
        for (other, _) in referred.get(&id).map_or(&[][..], |l| l) {
            if let Some(n) = waiting.get_mut(*other) {
                *n -= 1;
                if *n == 0 {
                    ready.push_back(*other);
                }
            }
        }
    }
    out
}

fn wanted(
    id: CorrelationId,
    slot: usize,
    rule: &str,
    correlation: &Correlation,
    header: Option<&Header>,
) -> Wanted {
    let is_rule = |name: &str| {
        name == rule || header.is_some_and(|h| !name.is_empty() && (h.name == name || h.id == name))
    };
    let own_name = |field: &String| {
        let alias = correlation.aliases.iter().find(|a| a.name == *field);
        let mapped = alias.and_then(|a| a.mapping.iter().find(|(name, _)| is_rule(name)));
        mapped.map_or_else(|| field.clone(), |(_, field)| field.clone())
    };
    Wanted {
        correlation: id,
        slot,
        group: correlation.group_by.iter().map(own_name).collect(),
        value: correlation.field.iter().map(own_name).collect(),
    }
}

/// Walks the events of one group in order of time.
fn walk(
    correlation: &Correlation,
    id: CorrelationId,
    events: &[Seen],
    values: &[Box<str>],
    out: &mut Vec<(u32, CorrelationMatch)>,
) {
    let mut window = Window::new(correlation, values);
    let mut open: Option<CorrelationMatch> = None;
    let group = events.first().map_or(0, |e| e.group);
    for event in events {
        let value = window.push(event);
        match (value, &mut open) {
            (Some(value), Some(m)) => {
                m.last = event.time;
                if value.abs() > m.value.abs() {
                    m.value = value;
                }
            }
            (Some(value), None) => {
                let places = window.places();
                open = Some(CorrelationMatch {
                    correlation: id,
                    first: window.events.front().map_or(event.time, |e| e.time),
                    time: event.time,
                    last: event.time,
                    group: Vec::new(),
                    value,
                    places,
                });
            }
            (None, open) => out.extend(open.take().map(|m| (group, m))),
        }
    }
    out.extend(open.map(|m| (group, m)));
}

/// The events of a group that are at most `timespan` older than the last.
struct Window<'a> {
    correlation: &'a Correlation,
    values: &'a [Box<str>],
    events: VecDeque<Seen>,
    /// How many of them are the event before them, seen as another rule.
    repeated: usize,
    distinct: HashMap<u32, usize>,
    numbers: Vec<f64>,
    /// By slot: time of the latest event.
    latest: Vec<Option<i64>>,
    /// By slot: latest start of a chain of events in order up to this slot.
    chains: Vec<Option<i64>>,
}

impl<'a> Window<'a> {
    fn new(correlation: &'a Correlation, values: &'a [Box<str>]) -> Self {
        let slots = correlation.rules.len();
        Self {
            correlation,
            values,
            events: VecDeque::new(),
            repeated: 0,
            distinct: HashMap::new(),
            numbers: Vec::new(),
            latest: vec![None; slots],
            chains: vec![None; slots],
        }
    }

    /// Adds an event and lets go of those that are too old; the value for
    /// which the correlation now holds, if it does.
    fn push(&mut self, event: &Seen) -> Option<f64> {
        let oldest = event.time.saturating_sub(self.correlation.timespan);
        while let Some(first) = self.events.front().copied().filter(|first| first.time < oldest) {
            self.events.pop_front();
            let again = self.events.front().is_some_and(|next| next.place == first.place);
            self.repeated -= usize::from(again);
            self.leave(&first);
        }
        let again = self.events.back().is_some_and(|last| last.place == event.place);
        self.repeated += usize::from(again);
        self.events.push_back(*event);
        self.enter(event);
        match self.correlation.kind {
            CorrelationKind::Temporal => self.temporal(oldest),
            CorrelationKind::TemporalOrdered => self.ordered(event, oldest),
            _ => {
                let value = self.measure()?;
                let holds = self
                    .correlation
                    .conditions
                    .iter()
                    .all(|(o, n)| crate::compare::ordered(value, *o, *n));
                holds.then_some(value)
            }
        }
    }

    fn number(&self, event: &Seen) -> Option<f64> {
        crate::compare::number(self.values.get(event.value as usize)?)
    }

    fn enter(&mut self, event: &Seen) {
        match self.correlation.kind {
            CorrelationKind::ValueCount if event.value != NO_VALUE => {
                *self.distinct.entry(event.value).or_default() += 1;
            }
            CorrelationKind::ValueSum
            | CorrelationKind::ValueAvg
            | CorrelationKind::ValuePercentile => {
                if let Some(n) = self.number(event) {
                    let at = self.numbers.partition_point(|x| *x < n);
                    self.numbers.insert(at, n);
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, event: &Seen) {
        if let Some(count) = self.distinct.get_mut(&event.value) {
            *count -= 1;
            if *count == 0 {
                self.distinct.remove(&event.value);
            }
        }
        if !self.numbers.is_empty()
            && let Some(n) = self.number(event)
        {
            let at = self.numbers.partition_point(|x| *x < n);
            if at < self.numbers.len() {
                self.numbers.remove(at);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    fn measure(&self) -> Option<f64> {
        let n = self.numbers.len();
        let sum = || self.numbers.iter().sum::<f64>();
        match self.correlation.kind {
            CorrelationKind::EventCount => Some(self.events.len() as f64),
            CorrelationKind::ValueCount => Some(self.distinct.len() as f64),
            CorrelationKind::ValueSum => (n > 0).then(sum),
            CorrelationKind::ValueAvg => (n > 0).then(|| sum() / n as f64),
            CorrelationKind::ValuePercentile => self.percentile(),
            CorrelationKind::Temporal | CorrelationKind::TemporalOrdered => None,
        }
    }

    /// Nearest-rank percentile.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank between 0 and the number of values"
    )]
    fn percentile(&self) -> Option<f64> {
        let n = self.numbers.len() as f64;
        let rank = (self.correlation.percentile / 100.0 * n).ceil().max(1.0) as usize;
        self.numbers.get(rank - 1).copied()
    }

    fn temporal(&mut self, oldest: i64) -> Option<f64> {
        if let Some(event) = self.events.back()
            && let Some(slot) = self.latest.get_mut(event.slot as usize)
        {
            *slot = Some(event.time);
        }
        let there = |slot: usize| {
            self.latest.get(slot).copied().flatten().is_some_and(|time| time >= oldest)
        };
        let holds = match &self.correlation.expression {
            Some(expression) => holds(expression, &there),
            None => (0..self.latest.len()).all(there),
        };
        holds.then(|| self.count())
    }

    fn ordered(&mut self, event: &Seen, oldest: i64) -> Option<f64> {
        let slot = event.slot as usize;
        let start = match slot.checked_sub(1) {
            None => Some(event.time),
            Some(before) => self.chains.get(before).copied().flatten(),
        };
        let chain = self.chains.get_mut(slot)?;
        *chain = (*chain).max(start);
        let complete =
            slot + 1 == self.correlation.rules.len() && start.is_some_and(|start| start >= oldest);
        complete.then(|| self.count())
    }

    /// Places of the events, oldest first, each once.
    fn places(&self) -> Vec<u64> {
        let mut places: Vec<u64> = Vec::new();
        for event in &self.events {
            if places.len() >= PLACES_MAX {
                break;
            }
            if places.last() != Some(&event.place) {
                places.push(event.place);
            }
        }
        places
    }

    /// How many events there are; one that fits several rules is one.
    fn count(&self) -> f64 {
        let count = self.events.len().saturating_sub(self.repeated);
        f64::from(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

fn holds(expression: &Expr, there: &dyn Fn(usize) -> bool) -> bool {
    match expression {
        Expr::Detection(slot) => there(*slot),
        Expr::And(parts) => parts.iter().all(|p| holds(p, there)),
        Expr::Or(parts) => parts.iter().any(|p| holds(p, there)),
        Expr::Not(part) => !holds(part, there),
        Expr::AtLeast(n, parts) => parts.iter().filter(|p| holds(p, there)).count() >= *n as usize,
    }
}
