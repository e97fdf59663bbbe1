//! What recurs: an intruder of whom nothing else is known comes on few days.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::Client;
use crate::activity::{SessionStep, Transfer, What};
use crate::names::{Name, Names};
use crate::story::Story;

/// Who comes from where to where: the account, the source, the target.
pub(super) type Coming = (Option<Name>, Option<Name>, Name);

/// What recurs: an intruder of whom nothing else is known comes on few days.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    comings: HashMap<Coming, BTreeSet<i64>>,
    /// The same by address: who only connects chooses what he calls himself.
    addresses: HashMap<Coming, BTreeSet<i64>>,
    /// Who has sessions on which host, from wherever.
    at_home: HashMap<(Name, Name), BTreeSet<i64>>,
    /// Callers of clouds: the first times of so many days as make a habit.
    callers: HashMap<Client, Vec<i64>>,
    /// When the records begin.
    begin: i64,
    /// When a client was first seen, nanoseconds.
    first: HashMap<Client, i64>,
    /// The same with whatever agent; who was refused does not count.
    sources: HashMap<Client, (i64, BTreeSet<i64>)>,
    /// Large uploads: from which host or address to which end.
    uploads: HashMap<(Name, Name), BTreeSet<i64>>,
}

/// An upload of at least so many bytes is large.
pub(crate) const LARGE: u64 = 1 << 20;

/// On so many days something has to be seen to be a habit.
const HABIT_DAYS: usize = 3;

/// Days on which a caller comes lie so far apart at least: one night has two
/// dates, nanoseconds.
const APART: i64 = 18 * 3_600_000_000_000;

/// Records that begin later than so long before a time leave nobody room for a
/// habit from before it, nanoseconds.
const BEFORE_LEAST: i64 = 3 * DAY;

/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;

impl Habits {
    pub(super) fn of(story: &Story, names: &Names) -> Self {
        let begin = story.activities.first().map_or(0, |activity| activity.time);
        let mut habits = Self { begin, ..Self::default() };
        for activity in &story.activities {
            let day = activity.time.div_euclid(DAY);
            let client = Client::of(&activity.actor);
            let realm = || activity.place.is_some_and(|place| names.folded(place).contains(':'));
            if client.is_some() || realm() {
                let caller = Client::caller(&activity.actor);
                come(habits.callers.entry(caller).or_default(), activity.time);
            }
            if let Some(client) = client {
                let first = habits.first.entry(client).or_insert(activity.time);
                *first = (*first).min(activity.time);
                let failed =
                    matches!(&activity.what, What::Session(s) if s.step == SessionStep::Failed);
                if !failed {
                    let source = Client { agent: None, ..client };
                    let (first, days) =
                        habits.sources.entry(source).or_insert((activity.time, BTreeSet::new()));
                    *first = (*first).min(activity.time);
                    remember(days, day);
                }
            }
            if let What::Transfer(transfer) = &activity.what
                && transfer.sent.is_some_and(|sent| sent >= LARGE)
                && let Some(ends) = ends(transfer)
            {
                remember(habits.uploads.entry(ends).or_default(), day);
            }
            if let (What::Session(session), Some(place)) = (&activity.what, activity.place)
                && session.step == SessionStep::Opened
            {
                let coming = (session.account, session.from.host, place);
                remember(habits.comings.entry(coming).or_default(), day);
                let coming = (session.account, session.from.address, place);
                remember(habits.addresses.entry(coming).or_default(), day);
                if let Some(account) = session.account {
                    remember(habits.at_home.entry((account, place)).or_default(), day);
                }
            }
        }
        habits
    }

    /// Whether large uploads to this end recur, as backups do.
    pub(crate) fn upload(&self, transfer: &Transfer) -> bool {
        let days = ends(transfer).and_then(|ends| self.uploads.get(&ends));
        days.is_some_and(|days| days.len() >= HABIT_DAYS)
    }

    /// Whether a caller of a cloud had recurred before a time. Where the records
    /// begin too late before it for anybody to have, it must have been there
    /// before, and recur.
    pub(crate) fn caller_before(&self, caller: &Client, time: i64) -> bool {
        let days = self.callers.get(caller).filter(|days| days.len() >= HABIT_DAYS);
        let Some((first, last)) = days.and_then(|days| days.first().zip(days.last())) else {
            return false;
        };
        let short = time.saturating_sub(self.begin) < BEFORE_LEAST;
        *last < time || short && *first < time
    }

    /// An account at an address, with whatever agent, if it came from there only
    /// at this time: on few days, and not for more than a day before.
    pub(super) fn source(&self, client: Client, time: i64) -> Option<Client> {
        let source = Client { agent: None, ..client };
        let (first, days) = self.sources.get(&source)?;
        let known = client.account.is_some() && client.address.is_some() && client.agent.is_some();
        (known && days.len() < HABIT_DAYS && *first >= time.saturating_sub(DAY)).then_some(source)
    }

    /// Whether a client of a cloud was seen before a time.
    pub(super) fn before(&self, client: &Client, time: i64) -> bool {
        self.first.get(client).is_some_and(|first| *first < time)
    }

    /// Whether somebody had recurred before a time.
    pub(super) fn coming_before(&self, coming: &Coming, time: i64) -> bool {
        let days = self.comings.get(coming).filter(|days| days.len() >= HABIT_DAYS);
        days.and_then(BTreeSet::last).is_some_and(|last| *last < time.div_euclid(DAY))
    }

    /// Whether somebody recurs from an address.
    pub(super) fn coming_by_address(&self, coming: &Coming) -> bool {
        self.addresses.get(coming).is_some_and(|days| days.len() >= HABIT_DAYS)
    }

    /// Whether sessions of an account recur on a host.
    pub(super) fn is_at_home(&self, account: Name, host: Name) -> bool {
        self.at_home.get(&(account, host)).is_some_and(|days| days.len() >= HABIT_DAYS)
    }

    /// Whether somebody recurs.
    pub(super) fn coming(&self, coming: &Coming) -> bool {
        self.comings.get(coming).is_some_and(|days| days.len() >= HABIT_DAYS)
    }
}

fn ends(transfer: &Transfer) -> Option<(Name, Name)> {
    let client = transfer.client.host.or(transfer.client.address)?;
    Some((client, transfer.server.address.or(transfer.server.host)?))
}

/// A further day of a caller's. Activities come in order of time.
fn come(days: &mut Vec<i64>, time: i64) {
    let another = |last: &i64| {
        time.div_euclid(DAY) > last.div_euclid(DAY) && time.saturating_sub(*last) >= APART
    };
    if days.len() < HABIT_DAYS && days.last().is_none_or(another) {
        days.push(time);
    }
}

fn remember(days: &mut BTreeSet<i64>, day: i64) {
    if days.len() < HABIT_DAYS {
        days.insert(day);
    }
}
