//! The intruder's time: when it began, whether it is over, and returns.

use crate::activity::{ExecStep, What};
use crate::answer::{Censored, Evicted, Grade, Reentry, Window};
use crate::extract::Class;
use crate::ledger::{HOUR, Ledger};
use crate::names::Name;
use crate::taint::{Entity, Hit, Sweep};
use crate::verdict::cite::{Citing, stamp};

/// The intruder is taken to have gone and come again after so long without an
/// act, nanoseconds.
const QUIET_LEAST: i64 = 7 * 24 * HOUR;

/// A quiet time has to be so long, and watched, to show that the intruder is
/// out, nanoseconds.
const QUIET_SHOWN: i64 = 14 * 24 * HOUR;

/// Evidence that begins at most so long before the first act, or ends so
/// shortly after the last, does not show a beginning or an end, nanoseconds.
const EDGE: i64 = 24 * HOUR;

/// A stretch of time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) begin: i64,
    pub(crate) end: i64,
}

/// The window, as the answer has it.
pub(crate) fn of(
    sweep: &Sweep<'_>,
    ledger: &Ledger<'_>,
    acts: &[(u32, Hit)],
    citing: Citing<'_>,
) -> Window {
    let links = || sweep.taints.all().map(|(_, link)| link);
    let proven = links().filter(|link| link.grade >= Grade::Probable).map(|link| link.time).min();
    let anomaly = links().map(|link| link.time).min();
    let Some(anomaly) = anomaly else {
        return Window {
            evicted: Evicted::NoIntruder,
            evicted_why: "no detection counts, and nobody named where to begin".to_owned(),
            ..Window::default()
        };
    };
    let mut times: Vec<(i64, u32)> = acts
        .iter()
        .filter(|(_, hit)| hit.grade >= Grade::Probable)
        .filter_map(|(n, _)| Some((sweep.story.activities.get(*n as usize)?.time, *n)))
        .collect();
    times.extend(links().filter(|l| l.grade >= Grade::Probable).map(|l| (l.time, u32::MAX)));
    times.sort_unstable();
    let last = times.last().map_or(anomaly, |(time, _)| *time);
    let (from, to) = ledger.extent;
    let censored = Censored { left: anomaly - from < EDGE, right: to - last < EDGE };
    let (evicted, evicted_why) = evicted(sweep, ledger, last);
    Window {
        first_proven: proven.map(stamp),
        earliest_anomaly: Some(stamp(anomaly)),
        last_seen: Some(stamp(last)),
        censored,
        evicted,
        evicted_why,
        reentries: reentries(sweep, &times, citing),
    }
}

/// Whether the intruder is out: means to return rolled and removed, and a
/// watched quiet time.
fn evicted(sweep: &Sweep<'_>, ledger: &Ledger<'_>, last: i64) -> (Evicted, String) {
    let end = ledger.extent.1;
    if end - last < EDGE {
        return (Evicted::No, "acts were seen up to the end of the evidence".to_owned());
    }
    let mut left: Vec<String> = Vec::new();
    for (entity, link) in sweep.taints.all() {
        let Entity::Account(account) = entity else { continue };
        if link.grade >= Grade::Probable && !sweep.is_over(entity, link.time, end) {
            left.push(format!(
                "the credential of {} was not seen to be rolled",
                sweep.names.shown(account)
            ));
        }
    }
    left.extend(set_up(sweep));
    left.sort();
    left.dedup();
    if let Some(first) = left.first() {
        let more =
            if left.len() > 1 { format!(", and {} more", left.len() - 1) } else { String::new() };
        return (Evicted::NotProvable, format!("{first}{more}"));
    }
    if end - last < QUIET_SHOWN {
        let why = "the quiet time since the last act is shorter than two weeks";
        return (Evicted::NotProvable, why.to_owned());
    }
    let mut hosts: Vec<Name> = sweep
        .taints
        .all()
        .filter_map(|(entity, _)| match entity {
            Entity::Host(host) => Some(host),
            _ => None,
        })
        .collect();
    hosts.sort_by(|a, b| sweep.names.folded(*a).cmp(sweep.names.folded(*b)));
    hosts.dedup();
    let dark =
        hosts.into_iter().find(|host| !ledger.cover(*host, &[Class::Logon], last, end).whole);
    match dark {
        Some(host) => (
            Evicted::NotProvable,
            format!("{} was not watched since", sweep.names.shown(host)),
        ),
        None => (Evicted::Yes, "credentials were rolled, what had been set up is gone, and a watched time since then is quiet".to_owned()),
    }
}

/// What the intruder set up to run and was not seen to be removed.
fn set_up(sweep: &Sweep<'_>) -> Vec<String> {
    let mut there: std::collections::BTreeMap<(Option<Name>, Option<Name>), bool> =
        Default::default();
    for activity in &sweep.story.activities {
        let What::Exec(exec) = &activity.what else { continue };
        let key = (activity.place, exec.label);
        match exec.step {
            ExecStep::Installed => {
                let hit = sweep.actor(activity).or_else(|| sweep.remote_hand(activity));
                if hit.is_some_and(|hit| hit.grade >= Grade::Probable) {
                    there.insert(key, true);
                }
            }
            ExecStep::Removed => {
                there.entry(key).and_modify(|there| *there = false);
            }
            _ => {}
        }
    }
    let shown = |name: Option<Name>| name.map_or("", |name| sweep.names.shown(name));
    there
        .iter()
        .filter(|(_, there)| **there)
        .map(|((host, label), _)| {
            format!("{} on {} was not seen to be removed", shown(*label), shown(*host))
        })
        .collect()
}

fn reentries(sweep: &Sweep<'_>, times: &[(i64, u32)], citing: Citing<'_>) -> Vec<Reentry> {
    let pairs = times.windows(2).filter_map(|two| {
        let &[before, after] = two else { return None };
        (after.0 - before.0 >= QUIET_LEAST).then_some((before, after))
    });
    pairs
        .map(|(before, after)| Reentry {
            quiet_from: stamp(before.0),
            at: stamp(after.0),
            how: sweep
                .story
                .activities
                .get(after.1 as usize)
                .map_or_else(|| "a detection".to_owned(), |activity| citing.words(activity)),
        })
        .collect()
}
