//! The ledger itself: for each source, stretches of time in one state.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::expected::{Expected, LOG_EXPECTED, Lacking};
use super::habit::{Gap, Ids, ids, silences};
use super::heard::{HOUR, Heard, Hour, HourHeard, Source};
use crate::activity::{Loss, LossKind, What};
use crate::answer::CoverageWord;
use crate::estate::Estate;
use crate::evidence::{Evidence, RecordId};
use crate::extract::Class;
use crate::names::{Name, Names};
use crate::story::Story;

/// A clock that is set by less is kept right by a time service, nanoseconds.
const CLOCK_SET_LEAST: i64 = 60_000_000_000;

/// A host that shuts down stops its logs at most so long before it is down,
/// nanoseconds.
const SHUTTING_DOWN: i64 = 600_000_000_000;

/// Nanoseconds of a day.
const DAY: i64 = 24 * HOUR;

/// A stretch of time of a source in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) from: i64,
    /// Not included.
    pub(crate) to: i64,
    pub(crate) word: CoverageWord,
    pub(crate) reason: String,
}

/// Something that makes a stretch of a source worse than covered.
type Mark = (Gap, CoverageWord, String);

/// The ledger.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    heard: &'a Heard,
    names: &'a Names,
    /// From the first record of all to the last.
    pub(crate) extent: Gap,
    ids: HashMap<Source, Ids>,
    losses: HashMap<Source, Vec<Mark>>,
    /// By host, in order: its sources and the classes heard of them.
    sources: HashMap<Option<Name>, Vec<(Source, BTreeSet<Class>)>>,
    /// What the estate says should be there and is not.
    expected: Expected,
}

/// How well classes of evidence were heard over a stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cover {
    /// Heard without a break, trusted, and alive.
    pub(crate) whole: bool,
    /// Heard at all in the stretch or near it.
    pub(crate) alive: bool,
    /// What is missing: of which log, of which class, when, why.
    pub(crate) missing: Vec<Absent>,
    /// From the first to the last record of what it rests on: habit covers what
    /// is beyond, and no record does. `None` where nothing was heard.
    pub(crate) heard: Option<Gap>,
}

/// A stretch that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Absent {
    pub(crate) host: Option<Name>,
    pub(crate) channel: Option<Name>,
    pub(crate) class: Class,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) reason: String,
}

impl<'a> Ledger<'a> {
    /// From what was heard, what was lost and what the estate expects.
    pub(crate) fn of(
        heard: &'a Heard,
        story: &Story,
        evidence: &Evidence,
        names: &'a Names,
        estate: &Estate,
    ) -> Self {
        let all = || heard.hours.values().flat_map(|hours| hours.values());
        let first = all().map(|h| h.first).min().unwrap_or(0);
        let last = all().map(|h| h.last).max().unwrap_or(0);
        let mut sources: HashMap<Option<Name>, Vec<(Source, BTreeSet<Class>)>> = HashMap::new();
        for (source, class) in heard.hours.keys() {
            let of_host = sources.entry(source.host).or_default();
            match of_host.iter_mut().find(|(known, _)| known == source) {
                Some((_, classes)) => {
                    classes.insert(*class);
                }
                None => of_host.push((*source, BTreeSet::from([*class]))),
            }
        }
        for of_host in sources.values_mut() {
            of_host.sort_by(|(a, _), (b, _)| names.folded(a.channel).cmp(names.folded(b.channel)));
        }
        let ids = heard.runs.iter().map(|(source, runs)| (*source, ids(runs))).collect();
        let mut ledger = Self {
            heard,
            names,
            extent: (first, last),
            ids,
            losses: HashMap::new(),
            sources,
            expected: Expected::of(estate, heard, names),
        };
        ledger.read_losses(story, evidence);
        ledger.doubt_namesakes(estate);
        ledger
    }

    /// All sources, in the order of their hosts' and logs' names.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let mut all: Vec<Source> =
            self.sources.values().flatten().map(|(source, _)| *source).collect();
        let text = |name: Option<Name>| name.map_or("", |n| self.names.folded(n));
        all.sort_by(|a, b| {
            (text(a.host), self.names.folded(a.channel))
                .cmp(&(text(b.host), self.names.folded(b.channel)))
        });
        all
    }

    /// The sources of a host, and what each shows.
    pub(crate) fn of_host(&self, host: Name) -> &[(Source, BTreeSet<Class>)] {
        self.sources.get(&Some(host)).map_or(&[], |sources| sources)
    }

    /// When the earliest records of a log that still exist will be gone, if it
    /// keeps as long a time as it kept when it was read.
    pub(crate) fn kept(&self, host: Name, channel: Name) -> Option<i64> {
        let source = Source { host: Some(host), channel };
        let hours = self.hours(source, None);
        let (first, last) = (hours.first()?.first, hours.last()?.last);
        // Of a log that begins with the evidence nothing says how long it is.
        let own = first.checked_sub(self.extent.0)? > HOUR;
        own.then(|| last.saturating_add(last - first))
    }

    /// Whether any log of a host is there.
    pub(crate) fn supplies(&self, host: Name) -> bool {
        !self.of_host(host).is_empty()
    }

    /// What the estate says should be there and is not, by host.
    pub(crate) fn lacking(&self) -> &[Lacking] {
        self.expected.lacking()
    }

    /// The state of a source over all of the evidence's time.
    pub(crate) fn stretches(&self, source: Source) -> Vec<Stretch> {
        let hours = self.hours(source, None);
        self.lay(source, None, &hours)
    }

    /// Whether some source of a host showed these classes over a stretch: the
    /// best of its sources for each.
    pub(crate) fn cover(&self, host: Name, classes: &[Class], from: i64, to: i64) -> Cover {
        let mut cover = Cover { whole: true, alive: true, missing: Vec::new(), heard: None };
        for &class in classes {
            let with = self.of_host(host).iter().filter(|(_, has)| has.contains(&class));
            let best = with
                .map(|(source, _)| self.class_cover(*source, class, from, to))
                .min_by_key(|(absent, _)| absent.iter().map(|a| a.to - a.from).sum::<i64>());
            let mut lacking = self.lacks(host, class, from, to).peekable();
            let absent = match best {
                Some((absent, heard)) => {
                    cover.heard = match (cover.heard, heard) {
                        (Some(a), Some(b)) => Some((a.0.max(b.0), a.1.min(b.1))),
                        (one, other) => one.or(other),
                    };
                    absent
                }
                None => {
                    cover.alive = false;
                    cover.whole = false;
                    // Which log it is, the estate says better.
                    let never = || Absent {
                        host: Some(host),
                        channel: None,
                        class,
                        from,
                        to,
                        reason: self.why_never(host, class),
                    };
                    lacking.peek().is_none().then(never).into_iter().collect()
                }
            };
            cover.whole &= absent.is_empty();
            cover.missing.extend(absent);
            if !cover.whole {
                cover.missing.extend(lacking);
            }
        }
        cover
    }

    /// The same for a verdict that rests on it: a log that the estate expects
    /// and of which there is no record is missing then, even where another one
    /// shows the class, for nobody knows which of them would have shown more.
    pub(crate) fn cover_expected(&self, host: Name, class: Class, from: i64, to: i64) -> Cover {
        let mut cover = self.cover(host, &[class], from, to);
        if cover.whole {
            cover.missing.extend(self.lacks(host, class, from, to));
            cover.whole = cover.missing.is_empty();
        }
        cover
    }

    /// Logs of a host that the estate expects, that could show a class, and of
    /// which there is no record.
    fn lacks(
        &self,
        host: Name,
        class: Class,
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = Absent> + '_ {
        self.expected.showing(host, class).map(move |log| Absent {
            host: Some(host),
            channel: Some(log),
            class,
            from,
            to,
            reason: LOG_EXPECTED.to_owned(),
        })
    }

    fn why_never(&self, host: Name, class: Class) -> String {
        if self.supplies(host) {
            format!("no record of {} was ever heard of this host", class.word())
        } else {
            "this host supplies no log".to_owned()
        }
    }

    /// What one source lacks of one class over a stretch, and from when until
    /// when it was heard.
    fn class_cover(
        &self,
        source: Source,
        class: Class,
        from: i64,
        to: i64,
    ) -> (Vec<Absent>, Option<Gap>) {
        // What is in a cloud's stores is recorded when somebody touches it, and
        // only then: whether its log was alive, all of its records show.
        let on_touch =
            matches!(class, Class::CloudData | Class::MailAccess | Class::DocumentAccess);
        let unbroken = on_touch || self.ids.get(&source).is_some_and(|ids| ids.unbroken);
        // Where ids prove that nothing is missing, that a class was silent is
        // no loss; else each class has a habit of its own.
        let hours = self.hours(source, (!unbroken).then_some(class));
        let heard = hours.first().zip(hours.last()).map(|(first, last)| (first.first, last.last));
        let laid = self.lay(source, Some(class), &hours);
        let absent = laid
            .into_iter()
            .filter(|stretch| stretch.word != CoverageWord::Covered)
            .filter(|stretch| stretch.from < to && stretch.to > from)
            .map(|stretch| Absent {
                host: source.host,
                channel: Some(source.channel),
                class,
                from: stretch.from.max(from),
                to: stretch.to.min(to),
                reason: stretch.reason,
            })
            .collect();
        (absent, heard)
    }

    /// The hours in which a source was heard, of one class or all.
    fn hours(&self, source: Source, class: Option<Class>) -> Vec<HourHeard> {
        let mut hours: std::collections::BTreeMap<Hour, HourHeard> = Default::default();
        let classes = self.sources.get(&source.host).into_iter().flatten();
        let classes =
            classes.filter(|(known, _)| *known == source).flat_map(|(_, classes)| classes);
        for &one in classes.filter(|one| class.is_none_or(|class| class == **one)) {
            for (&hour, heard) in self.heard.hours.get(&(source, one)).into_iter().flatten() {
                hours
                    .entry(hour)
                    .and_modify(|all| {
                        all.events = all.events.saturating_add(heard.events);
                        all.first = all.first.min(heard.first);
                        all.last = all.last.max(heard.last);
                    })
                    .or_insert(*heard);
            }
        }
        hours.into_values().collect()
    }

    /// How many records of a source have no time, of one class or all.
    fn timeless(&self, source: Source, class: Option<Class>) -> u64 {
        let of_source =
            self.heard.timeless.iter().filter(|((known, of), _)| {
                *known == source && class.is_none_or(|class| class == *of)
            });
        of_source.map(|(_, count)| count).sum()
    }

    /// Lays the marks of a source over the time of the evidence. `class` is the
    /// one that is asked about, if not all.
    fn lay(&self, source: Source, class: Option<Class>, hours: &[HourHeard]) -> Vec<Stretch> {
        let (first, last) = self.extent;
        let end = last.saturating_add(1);
        let mut marks: Vec<Mark> = Vec::new();
        let (Some(begins), Some(ends)) = (hours.first(), hours.last()) else {
            let missing = "never heard".to_owned();
            return vec![Stretch {
                from: first,
                to: end,
                word: CoverageWord::Missing,
                reason: missing,
            }];
        };
        let (gaps, usual) = silences(hours);
        if begins.first - first > usual {
            marks.push((
                (first, begins.first),
                CoverageWord::Missing,
                "its first record is later".into(),
            ));
        }
        if last - ends.last > usual {
            marks.push((
                (ends.last, end),
                CoverageWord::Missing,
                "its last record is earlier".into(),
            ));
        }
        let known = Ids::default();
        let ids = self.ids.get(&source).unwrap_or(&known);
        for (gap, missing) in &ids.holes {
            let reason = format!("{missing} record ids are missing");
            marks.push((*gap, CoverageWord::Missing, reason));
        }
        for gap in &ids.restarts {
            marks.push((*gap, CoverageWord::Untrusted, "record ids began anew".into()));
        }
        if !ids.unbroken {
            let silent = gaps.into_iter().filter(|(from, to)| to - from > usual);
            marks.extend(silent.map(|gap| {
                (gap, CoverageWord::Missing, "silent for longer than is its habit".to_owned())
            }));
        }
        if self.heard.unread.contains(&source) {
            let reason = "some records of it could not be read".to_owned();
            marks.push(((first, end), CoverageWord::Partial, reason));
        }
        // Nobody knows when they were, and what they say is not followed.
        let timeless = self.timeless(source, class);
        if timeless > 0 {
            let reason = format!("{timeless} of its records have no time");
            marks.push(((first, end), CoverageWord::Partial, reason));
        }
        marks.extend(self.losses.get(&source).into_iter().flatten().cloned());
        laid(&marks, first, end)
    }

    /// Of whose log a record is cannot be told where hosts share a name.
    fn doubt_namesakes(&mut self, estate: &Estate) {
        let (first, last) = self.extent;
        let shared = |source: &Source| source.host.is_some_and(|host| estate.has_namesakes(host));
        for source in self.sources.values().flatten().map(|(source, _)| *source).filter(shared) {
            let reason = "hosts of several domains have this name".to_owned();
            let mark = ((first, last.saturating_add(1)), CoverageWord::Partial, reason);
            self.losses.entry(source).or_default().push(mark);
        }
    }

    /// What losses say, for each source that they are about.
    fn read_losses(&mut self, story: &Story, evidence: &Evidence) {
        let mut open: HashMap<Source, (i64, CoverageWord, String)> = HashMap::new();
        for activity in &story.activities {
            let What::Loss(loss) = &activity.what else { continue };
            for source in self.meant(activity.place, loss, activity.record, evidence) {
                self.loss(source, activity.time, loss, &mut open);
            }
        }
        let end = self.extent.1.saturating_add(1);
        // A host that was never seen to come up again may have been up.
        open.retain(|_, (_, word, _)| *word != CoverageWord::Covered);
        let mut rest: Vec<_> = open.into_iter().collect();
        rest.sort_by_key(|(source, (from, _, _))| (*source, *from));
        for (source, (from, word, reason)) in rest {
            self.losses.entry(source).or_default().push(((from, end), word, reason));
        }
    }

    /// The sources that a loss is about.
    fn meant(
        &self,
        place: Option<Name>,
        loss: &Loss,
        record: RecordId,
        evidence: &Evidence,
    ) -> Vec<Source> {
        let all = self.sources.get(&place).into_iter().flatten().map(|(source, _)| *source);
        match loss.channel {
            Some(channel) => all.filter(|source| source.channel == channel).collect(),
            None if loss.kind == LossKind::Cleared => {
                let own = evidence.get(record).map(|r| r.channel);
                all.filter(|source| Some(source.channel) == own).collect()
            }
            None => all.collect(),
        }
    }

    fn loss(
        &mut self,
        source: Source,
        time: i64,
        loss: &Loss,
        open: &mut HashMap<Source, (i64, CoverageWord, String)>,
    ) {
        use CoverageWord::{Covered, Missing, Partial, Untrusted};
        let what =
            loss.what.map(|what| format!(": {}", self.names.shown(what))).unwrap_or_default();
        let realm = source.host.is_some_and(|host| self.names.folded(host).contains(':'));
        let mut mark = |gap: Gap, word, reason: String| {
            self.losses.entry(source).or_default().push((gap, word, reason));
        };
        match loss.kind {
            LossKind::Cleared => {
                let before = self.heard.last_before(source, time).unwrap_or(self.extent.0);
                mark((before, time), Untrusted, "the log was cleared".into());
            }
            LossKind::Dropped => {
                let hour = Hour::of(time).start();
                mark((hour, hour + HOUR), Partial, "records were dropped".into());
            }
            LossKind::Throttled => {
                let day = time.div_euclid(DAY) * DAY;
                mark((day, day + DAY), Partial, "the service held records back".into());
            }
            LossKind::Stopped => {
                let reason = format!("recording was switched off{what}");
                open.entry(source).or_insert((time, Missing, reason));
            }
            LossKind::Narrowed => {
                open.entry(source).or_insert((time, Partial, format!("less was recorded{what}")));
            }
            LossKind::Started | LossKind::Widened => {
                if let Some((from, word, reason)) = open.remove(&source) {
                    mark((from, time), word, reason);
                } else if realm {
                    // What a service is told to record, it may not have
                    // recorded before; hosts say so whenever they start.
                    let reason = format!("less was recorded before{what}");
                    mark((self.extent.0, time), Partial, reason);
                }
            }
            LossKind::ClockSet { from, to } if (to - from).abs() >= CLOCK_SET_LEAST => {
                mark((from.min(to), from.max(to)), Untrusted, "the clock was set".into());
            }
            LossKind::ClockSet { .. } => {}
            LossKind::Down => {
                // Logs stop shortly before the host does.
                if open
                    .get(&source)
                    .is_some_and(|(from, word, _)| *word == Missing && time - from <= SHUTTING_DOWN)
                {
                    open.remove(&source);
                }
                open.entry(source).or_insert((time, Covered, "the host was down".into()));
            }
            LossKind::Up => {
                if open.get(&source).is_some_and(|(_, word, _)| *word == Covered)
                    && let Some((from, word, reason)) = open.remove(&source)
                {
                    mark((from, time), word, reason);
                }
            }
        }
    }
}

/// Marks over a stretch: the worst where several overlap, but that a host which
/// was down could lose nothing by silence.
fn laid(marks: &[Mark], first: i64, end: i64) -> Vec<Stretch> {
    let mut cuts: Vec<i64> = marks.iter().flat_map(|((from, to), _, _)| [*from, *to]).collect();
    cuts.extend([first, end]);
    cuts.retain(|cut| (first..=end).contains(cut));
    cuts.sort_unstable();
    cuts.dedup();
    let mut out: Vec<Stretch> = Vec::new();
    for two in cuts.windows(2) {
        let &[from, to] = two else { continue };
        let here = marks.iter().filter(|((a, b), _, _)| *a <= from && *b >= to);
        let down = here.clone().find(|(_, word, _)| *word == CoverageWord::Covered);
        let worst = here.filter(|(_, word, _)| down.is_none() || *word == CoverageWord::Untrusted);
        let worst = worst.max_by_key(|(_, word, _)| *word).or(down);
        let (word, reason) = match worst {
            Some((_, word, reason)) => (*word, reason.as_str()),
            None => (CoverageWord::Covered, "heard"),
        };
        match out.last_mut() {
            Some(last) if last.word == word && last.reason == reason => last.to = to,
            _ => out.push(Stretch { from, to, word, reason: reason.to_owned() }),
        }
    }
    out
}
