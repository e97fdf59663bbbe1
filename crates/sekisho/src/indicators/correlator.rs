//! Which events satisfy a pattern together, where it joins observations by
//! `AND`, `FOLLOWEDBY`, `WITHIN` or `REPEATS`.
//!
//! Observations may be of any host: the specification ties them by time only.
//! Events without a time can take part where neither order nor a window is
//! asked for. Each event takes part in one occurrence of a pattern; the
//! earliest events are tried first.

use hashbrown::HashMap;
use sekisho_event::TIME_UNKNOWN;

use super::bundle::Indicator;
use super::limits::{
    JOINED_EVENTS_MAX, OCCURRENCES_MAX, SEARCH_STEPS_MAX, SIGHTINGS_MAX, SIGHTINGS_TOTAL_MAX,
};
use super::plan::Joined;
use super::program::IndicatorId;

/// Remembers which events satisfy an observation. `E` says what an event is;
/// equal ones are the same event.
#[derive(Debug)]
pub struct IndicatorCorrelator<E> {
    patterns: Vec<Pattern<E>>,
    by_indicator: HashMap<IndicatorId, usize>,
    /// Most events for one observation.
    share: usize,
}

#[derive(Debug)]
struct Pattern<E> {
    indicator: IndicatorId,
    joined: Joined,
    /// By observation.
    seen: Vec<Seen<E>>,
}

#[derive(Debug)]
struct Seen<E> {
    events: Vec<(i64, E)>,
    cut: bool,
}

/// Events that satisfy a pattern together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence<E> {
    /// The indicator.
    pub indicator: IndicatorId,
    /// The events with their times, the earliest one first.
    pub events: Vec<(i64, E)>,
}

/// What was found at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion<E> {
    /// By indicator, then by time.
    pub occurrences: Vec<Occurrence<E>>,
    /// Indicators of which more occurrences may be there, with the reason.
    pub incomplete: Vec<(IndicatorId, &'static str)>,
}

impl<E: Clone + Ord> IndicatorCorrelator<E> {
    /// For the indicators that a program was made of.
    #[must_use]
    pub fn new(indicators: &[Indicator]) -> Self {
        let mut patterns = Vec::new();
        let mut by_indicator = HashMap::new();
        let mut observations = 0;
        for (id, indicator) in indicators.iter().enumerate() {
            let (Some(joined), Ok(id)) = (&indicator.plan.joined, IndicatorId::try_from(id)) else {
                continue;
            };
            let count = indicator.plan.observations.len();
            observations += count;
            let seen = (0..count).map(|_| Seen { events: Vec::new(), cut: false }).collect();
            by_indicator.insert(id, patterns.len());
            patterns.push(Pattern { indicator: id, joined: joined.clone(), seen });
        }
        let share = SIGHTINGS_MAX.min(SIGHTINGS_TOTAL_MAX / observations.max(1)).max(1);
        Self { patterns, by_indicator, share }
    }

    /// Whether there is anything to correlate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Takes a match of an observation
    /// ([`IndicatorMatch::observation`](super::IndicatorMatch)). The order in
    /// which they come does not matter.
    pub fn add(&mut self, indicator: IndicatorId, observation: u16, time: i64, event: E) {
        let share = self.share;
        let pattern = self.by_indicator.get(&indicator).and_then(|&at| self.patterns.get_mut(at));
        let seen = pattern.and_then(|p| p.seen.get_mut(usize::from(observation)));
        let Some(seen) = seen else { return };
        seen.events.push((time, event));
        // Sorted and cut only now and then.
        if seen.events.len() >= share.saturating_mul(2) {
            seen.settle(share);
        }
    }

    /// Finds the events that satisfy patterns together.
    #[must_use]
    pub fn conclude(mut self) -> Conclusion<E> {
        let mut out = Conclusion { occurrences: Vec::new(), incomplete: Vec::new() };
        for pattern in &mut self.patterns {
            pattern.seen.iter_mut().for_each(|seen| seen.settle(self.share));
            if pattern.seen.iter().any(|seen| seen.cut) {
                out.incomplete.push((pattern.indicator, "it has more events than are kept"));
            }
            pattern.conclude(&mut out);
        }
        out
    }
}

impl<E: Clone + Ord> Seen<E> {
    fn settle(&mut self, share: usize) {
        self.events.sort_unstable();
        self.events.dedup();
        self.cut |= self.events.len() > share;
        self.events.truncate(share);
    }
}

impl<E: Clone + Ord> Pattern<E> {
    fn conclude(&self, out: &mut Conclusion<E>) {
        let mut events: Vec<(i64, E)> =
            self.seen.iter().flat_map(|seen| seen.events.iter().cloned()).collect();
        events.sort_unstable();
        events.dedup();
        let number = |event: &(i64, E)| events.binary_search(event).unwrap_or(0);
        let seen: Vec<Vec<usize>> =
            self.seen.iter().map(|s| s.events.iter().map(number).collect()).collect();
        let times = events.iter().map(|(time, _)| *time).collect();
        let search = Search { times, shared: shared(&seen, events.len()), seen };
        let mut state =
            State { chosen: Vec::new(), used: vec![false; events.len()], steps: SEARCH_STEPS_MAX };
        for n in 0..=OCCURRENCES_MAX {
            let mut found: Option<Vec<usize>> = None;
            let mut take = |state: &mut State, _: Span| {
                found = Some(state.chosen.clone());
                true
            };
            let held = search.solve(&self.joined, Window::OPEN, &mut state, &mut take);
            let (true, Some(mut chosen)) = (held, found) else { break };
            if n == OCCURRENCES_MAX {
                out.incomplete.push((self.indicator, "it has more occurrences than are told"));
                break;
            }
            // They stay used.
            state.chosen.clear();
            chosen.sort_unstable();
            let events = chosen.iter().filter_map(|&at| events.get(at).cloned()).collect();
            out.occurrences.push(Occurrence { indicator: self.indicator, events });
        }
        if state.steps == 0 {
            out.incomplete.push((self.indicator, "its events are too many to try all choices"));
        }
    }
}

/// By observation: whether another one has some of its events too.
fn shared(seen: &[Vec<usize>], events: usize) -> Vec<bool> {
    let mut uses = vec![0u32; events];
    for &event in seen.iter().flatten() {
        if let Some(uses) = uses.get_mut(event) {
            *uses += 1;
        }
    }
    let several = |event: &usize| uses.get(*event).is_some_and(|&uses| uses > 1);
    seen.iter().map(|events| events.iter().any(several)).collect()
}

/// From the first to the last event of a choice.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: i64,
    last: i64,
}

impl Span {
    fn with(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }

    fn is_within(self, window: i64) -> bool {
        self.last.checked_sub(self.first).is_some_and(|length| length < window)
    }
}

/// What times a choice may have.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: i64,
    to: i64,
    /// All of it is less than this long.
    length: Option<i64>,
}

impl Window {
    /// Any time, and none.
    const OPEN: Self = Self { from: i64::MIN, to: i64::MAX, length: None };

    /// Only events with a time.
    fn timed(self) -> Self {
        const { assert!(TIME_UNKNOWN == i64::MIN) };
        Self { from: self.from.max(i64::MIN + 1), ..self }
    }

    /// What is left for the rest once a part is chosen.
    fn beside(self, chosen: Option<Span>, ordered: bool) -> Self {
        let Some(chosen) = chosen else { return self };
        let mut window = self;
        if ordered {
            window.from = window.from.max(chosen.last);
        }
        if let Some(length) = self.length {
            window.from = window.from.max(chosen.last.saturating_sub(length - 1));
            window.to = window.to.min(chosen.first.saturating_add(length - 1));
        }
        window
    }
}

/// The events of a pattern: times by number, numbers by observation, in order.
struct Search {
    times: Vec<i64>,
    seen: Vec<Vec<usize>>,
    shared: Vec<bool>,
}

struct State {
    chosen: Vec<usize>,
    used: Vec<bool>,
    steps: u64,
}

impl State {
    fn choose(&mut self, event: usize) {
        if let Some(used) = self.used.get_mut(event) {
            *used = true;
        }
        self.chosen.push(event);
    }

    fn unchoose(&mut self, count: usize) {
        let at = self.chosen.len().saturating_sub(count);
        for event in self.chosen.drain(at..) {
            if let Some(used) = self.used.get_mut(event) {
                *used = false;
            }
        }
    }

    fn is_free(&self, event: usize) -> bool {
        self.used.get(event) == Some(&false)
    }

    /// Counts a step; `false` where none is left.
    fn step(&mut self, cost: u64) -> bool {
        self.steps = self.steps.saturating_sub(cost);
        self.steps > 0
    }
}

/// What is to be done once a choice is made; says whether all is well.
type Then<'a> = &'a mut dyn FnMut(&mut State, Span) -> bool;

impl Search {
    /// Tries choices for a node until one suits what comes after it. The
    /// choice stays in the state then.
    fn solve(&self, joined: &Joined, window: Window, state: &mut State, then: Then<'_>) -> bool {
        match joined {
            Joined::Event(observation) => self.event(*observation, window, state, then),
            Joined::Any(parts) => {
                parts.iter().any(|part| self.solve(part, window, state, &mut *then))
            }
            Joined::All(parts) => {
                let parts: Vec<&Joined> = parts.iter().collect();
                self.parts(&parts, false, window, None, state, then)
            }
            Joined::Sequence(parts) => {
                let parts: Vec<&Joined> = parts.iter().collect();
                self.parts(&parts, true, window.timed(), None, state, then)
            }
            Joined::Within(inner, length) => {
                let shorter = window.length.map_or(*length, |outer| outer.min(*length));
                let inside = Window { length: Some(shorter), ..window.timed() };
                self.solve(inner, inside, state, &mut |state, span| {
                    span.is_within(*length) && then(state, span)
                })
            }
            Joined::Repeats(inner, times) => match **inner {
                Joined::Event(observation) => {
                    self.run(observation, *times as usize, window, state, then)
                }
                _ => {
                    let parts = vec![&**inner; *times as usize];
                    self.parts(&parts, false, window, None, state, then)
                }
            },
        }
    }

    /// The events of an observation with times in a window.
    fn events(&self, observation: u16, window: Window) -> &[usize] {
        let Some(seen) = self.seen.get(usize::from(observation)) else { return &[] };
        let time = |event: &usize| self.times.get(*event).copied().unwrap_or(TIME_UNKNOWN);
        let start = seen.partition_point(|event| time(event) < window.from);
        let end = seen.partition_point(|event| time(event) <= window.to);
        seen.get(start..end).unwrap_or_default()
    }

    fn event(&self, observation: u16, window: Window, state: &mut State, then: Then<'_>) -> bool {
        for &event in self.events(observation, window) {
            if !state.step(1) {
                return false;
            }
            if !state.is_free(event) {
                continue;
            }
            let time = self.time(Some(&event));
            state.choose(event);
            if then(state, Span { first: time, last: time }) {
                return true;
            }
            state.unchoose(1);
        }
        false
    }

    /// So many events of an observation. Neighbours in time come first: if any
    /// events suit, these do, but for those that another observation needs.
    fn run(
        &self,
        observation: u16,
        times: usize,
        window: Window,
        state: &mut State,
        then: Then<'_>,
    ) -> bool {
        let events = self.events(observation, window);
        if !state.step(1 + events.len() as u64 / 16) {
            return false;
        }
        let free: Vec<usize> = events.iter().copied().filter(|&e| state.is_free(e)).collect();
        for run in free.windows(times) {
            let span = Span { first: self.time(run.first()), last: self.time(run.last()) };
            if !state.step(1) {
                return false;
            }
            if window.length.is_some_and(|length| !span.is_within(length)) {
                continue;
            }
            if !state.step(times as u64) {
                return false;
            }
            run.iter().for_each(|&event| state.choose(event));
            if then(state, span) {
                return true;
            }
            state.unchoose(times);
        }
        if self.shared.get(usize::from(observation)) != Some(&true) || free.len() <= times {
            return false;
        }
        if times > JOINED_EVENTS_MAX {
            // Not all choices are tried, and that is told.
            state.steps = 0;
            return false;
        }
        self.choose(&free, times, window, None, state, then)
    }

    /// Any so many of these events, in their order.
    fn choose(
        &self,
        events: &[usize],
        times: usize,
        window: Window,
        chosen: Option<Span>,
        state: &mut State,
        then: Then<'_>,
    ) -> bool {
        if times == 0 {
            return chosen.is_some_and(|span| then(state, span));
        }
        for (n, event) in events.iter().enumerate() {
            let rest = events.get(n + 1..).unwrap_or_default();
            let time = self.time(Some(event));
            let span = Span { first: time, last: time };
            let span = chosen.map_or(span, |before| before.with(span));
            let fits = window.length.is_none_or(|length| span.is_within(length));
            if !fits || rest.len() + 1 < times || !state.step(1) {
                return false;
            }
            state.choose(*event);
            if self.choose(rest, times - 1, window, Some(span), state, &mut *then) {
                return true;
            }
            state.unchoose(1);
        }
        false
    }

    fn time(&self, event: Option<&usize>) -> i64 {
        event.and_then(|&event| self.times.get(event).copied()).unwrap_or(TIME_UNKNOWN)
    }

    fn parts(
        &self,
        parts: &[&Joined],
        ordered: bool,
        window: Window,
        chosen: Option<Span>,
        state: &mut State,
        then: Then<'_>,
    ) -> bool {
        let Some((first, rest)) = parts.split_first() else {
            return chosen.is_some_and(|span| then(state, span));
        };
        let left = window.beside(chosen, ordered);
        self.solve(first, left, state, &mut |state, span| {
            let span = chosen.map_or(span, |before| before.with(span));
            if window.length.is_some_and(|length| !span.is_within(length)) {
                return false;
            }
            self.parts(rest, ordered, window, Some(span), state, &mut *then)
        })
    }
}
