//! Verdicts: what was done to an asset and what could be hidden, to one word.

pub(crate) mod acts;
pub(crate) mod callers;
pub(crate) mod cite;
pub(crate) mod letters;
mod once;
mod realms;
pub(crate) mod ways;

use hashbrown::HashMap;

use crate::activity::TouchKind;
use crate::answer::{AssetVerdict, Cited, Grade, Missing, Verdict, Volume};
use crate::assets::Asset;
use crate::ledger::Absent;
use crate::names::Name;
use crate::story::Story;

use acts::{Act, ActKind};
pub(crate) use once::Once;

use cite::{Citing, stamp};
use ways::Way;

/// Records that a verdict cites, at most.
pub(crate) const CITED_MAX: usize = 12;

/// Everything that a verdict is made of.
pub(crate) struct Grounds<'a> {
    pub(crate) asset: &'a Asset,
    pub(crate) acts: &'a [Act],
    pub(crate) policy: &'a [u32],
    pub(crate) way: &'a Way,
    pub(crate) story: &'a Story,
    pub(crate) citing: Citing<'a>,
    /// Something of the intruder's ran on the whole host that it is.
    pub(crate) on_host: Option<(Grade, Vec<Cited>)>,
    /// There is an intruder to speak of.
    pub(crate) window: bool,
}

/// The verdict of an asset.
pub(crate) fn of(grounds: &Grounds<'_>) -> AssetVerdict {
    let found = departed(grounds)
        .or_else(|| accessed(grounds))
        .or_else(|| ruled_out(grounds))
        .or_else(|| reachable(grounds))
        .unwrap_or_else(|| undetermined(grounds));
    let asset = grounds.asset;
    let mut conditions = found.conditions;
    conditions.dedup();
    AssetVerdict {
        asset: asset.id.clone(),
        name: asset.name.clone(),
        classification: asset.classification.clone(),
        verdict: found.verdict,
        grade: found.grade,
        detail: found.detail.to_owned(),
        why: found.why,
        first: found.acts.first().and_then(|act| time_of(grounds, act)),
        last: found.acts.last().and_then(|act| time_of(grounds, act)),
        volume: found.volume,
        evidence: found.evidence,
        conditions,
        missing: missing(&found.missing, grounds.citing),
        collect_next: Vec::new(),
    }
}

/// A verdict while it is made.
struct Found {
    verdict: Verdict,
    grade: Grade,
    detail: &'static str,
    why: String,
    acts: Vec<Act>,
    volume: Volume,
    evidence: Vec<Cited>,
    conditions: Vec<String>,
    missing: Vec<Absent>,
}

fn time_of(grounds: &Grounds<'_>, act: &Act) -> Option<String> {
    grounds.story.activities.get(act.activity as usize).map(|activity| stamp(activity.time))
}

/// It left.
fn departed(grounds: &Grounds<'_>) -> Option<Found> {
    let gone: Vec<Act> = grounds.acts.iter().copied().filter(left).collect();
    let best = gone.iter().max_by_key(|act| act.grade)?;
    let (grade, kind) = (best.grade, best.kind);
    let why = match (kind, best.touch) {
        (ActKind::Used, _) => "the intruder used it: possession is shown by use",
        (ActKind::Taken, _) => "its secrets were handed over to the intruder",
        (ActKind::LeftPacked, _) => {
            "the intruder packed it, and as much as it may take then left that host to outside"
        }
        (ActKind::Sent, _) => "a file of its name or content was sent to outside by the intruder",
        (_, Some(TouchKind::Shared)) => "the intruder opened it to outside",
        _ => "it was handed over to the intruder as a copy",
    };
    Some(Found {
        verdict: Verdict::Exfiltrated,
        grade,
        detail: if grade == Grade::Proven { "proven" } else { "probable" },
        why: why.to_owned(),
        volume: volume(&gone),
        evidence: cited(grounds, &with_packing(grounds, &gone)),
        acts: gone,
        conditions: Vec::new(),
        missing: Vec::new(),
    })
}

/// Departures, and where these are told by what was packed, the packing too:
/// that the one is the other's is only seen from both.
fn with_packing(grounds: &Grounds<'_>, gone: &[Act]) -> Vec<Act> {
    let mut acts = gone.to_vec();
    let last = gone.iter().filter(|act| act.kind == ActKind::LeftPacked).map(|act| act.activity);
    if let Some(last) = last.max() {
        let packed = |act: &&Act| {
            act.touch == Some(TouchKind::Staged)
                && act.grade >= Grade::Probable
                && act.activity < last
        };
        acts.extend(grounds.acts.iter().filter(packed));
    }
    acts
}

/// Whether an act is a departure.
fn left(act: &Act) -> bool {
    if act.grade < Grade::Probable {
        return false;
    }
    match act.kind {
        ActKind::LeftPacked | ActKind::Sent | ActKind::Used => true,
        ActKind::Taken => false,
        ActKind::Touch(_) => {
            matches!(act.touch, Some(TouchKind::Delivered | TouchKind::Shared)) && !act.throttled
        }
    }
}

/// The intruder touched it.
fn accessed(grounds: &Grounds<'_>) -> Option<Found> {
    let acts: Vec<Act> =
        grounds.acts.iter().copied().filter(|act| act.grade >= Grade::Probable).collect();
    let Some(best) = acts.iter().max_by_key(|act| (act.kind, act.grade)) else {
        return on_host(grounds);
    };
    let grade = acts.iter().map(|act| act.grade).max()?;
    let (detail, why) = match (best.kind, best.touch) {
        (ActKind::Taken, _) => ("read", "its secrets were read; use of them is not shown"),
        (_, Some(TouchKind::Staged)) => {
            ("staged", "it was copied or packed; a departure is not shown")
        }
        (_, Some(TouchKind::Listed)) => {
            ("names-only", "its name was listed; that it was opened is not shown")
        }
        (_, Some(TouchKind::Opened)) => ("opened", "it was opened; a departure is not shown"),
        (_, Some(TouchKind::Written)) => {
            ("written", "it was written to; that it was read is not shown")
        }
        (_, Some(TouchKind::Deleted)) => {
            ("deleted", "it was removed; that it was read is not shown")
        }
        _ if best.throttled => {
            ("read", "items were read, and records of more were held back: everything of that day")
        }
        _ => ("read", "it was read; a departure is not shown"),
    };
    let mut conditions = Vec::new();
    if acts.iter().all(|act| grounds.policy.contains(&act.activity)) {
        conditions.push("an ordinary pattern: every machine reads its policy there".to_owned());
    }
    Some(Found {
        verdict: Verdict::Accessed,
        grade,
        detail,
        why: why.to_owned(),
        volume: Volume { lower: None, upper: grounds.way.bound },
        evidence: cited(grounds, &acts),
        acts,
        conditions,
        missing: grounds.way.missing.clone(),
    })
}

/// A whole host on which something of the intruder's ran was touched.
fn on_host(grounds: &Grounds<'_>) -> Option<Found> {
    let (grade, evidence) = grounds.on_host.clone()?;
    Some(Found {
        verdict: Verdict::Accessed,
        grade,
        detail: "on-host",
        why: "something of the intruder's ran on it; what it read there is not shown".to_owned(),
        acts: Vec::new(),
        volume: Volume { lower: None, upper: grounds.way.bound },
        evidence,
        conditions: Vec::new(),
        missing: grounds.way.missing.clone(),
    })
}

fn ruled_out(grounds: &Grounds<'_>) -> Option<Found> {
    let closed = grounds.way.closed.clone().filter(|_| grounds.window)?;
    let by_volume = grounds.way.bound.is_some();
    Some(Found {
        verdict: Verdict::RuledOut,
        grade: if by_volume { Grade::Probable } else { Grade::Proven },
        detail: if by_volume { "volume-bound" } else { "watched" },
        why: closed,
        acts: Vec::new(),
        volume: Volume { lower: None, upper: grounds.way.bound.or(Some(0)) },
        evidence: Vec::new(),
        conditions: grounds.way.conditions.clone(),
        missing: Vec::new(),
    })
}

fn reachable(grounds: &Grounds<'_>) -> Option<Found> {
    let (grade, how) = grounds.way.open.clone()?;
    if grade < Grade::Probable || !grounds.way.recorded {
        return None;
    }
    Some(Found {
        verdict: Verdict::Reachable,
        grade,
        detail: "way-open",
        why: format!(
            "{how}; no touch of it is recorded, and touches of this kind are recorded only in part"
        ),
        acts: grounds.acts.to_vec(),
        volume: Volume { lower: None, upper: grounds.way.bound },
        evidence: cited(grounds, grounds.acts),
        conditions: Vec::new(),
        missing: grounds.way.missing.clone(),
    })
}

fn undetermined(grounds: &Grounds<'_>) -> Found {
    let why = if grounds.window {
        let why = grounds.way.why.clone();
        match &grounds.way.open {
            Some((_, how)) if why.is_empty() => {
                format!("{how}, and touches of this kind are not recorded")
            }
            Some((_, how)) => format!("{how}; {why}"),
            None => why,
        }
    } else {
        "no detection counts and nobody named where to begin: there is no intruder's time to speak of".to_owned()
    };
    Found {
        verdict: Verdict::CannotBeDetermined,
        grade: Grade::Possible,
        detail: "unseen",
        why,
        acts: grounds.acts.to_vec(),
        volume: Volume { lower: None, upper: grounds.way.bound },
        evidence: cited(grounds, grounds.acts),
        conditions: Vec::new(),
        missing: grounds.way.missing.clone(),
    }
}

/// Bytes that left: of each thing one copy, the largest that was seen.
fn volume(gone: &[Act]) -> Volume {
    let mut things: HashMap<Option<Name>, u64> = HashMap::new();
    let mut open = false;
    for act in gone {
        match act.bytes {
            Some(bytes) => {
                let most = things.entry(act.thing).or_default();
                *most = (*most).max(bytes);
            }
            None => open = true,
        }
    }
    let sum = things.values().fold(0_u64, |sum, bytes| sum.saturating_add(*bytes));
    let lower = (!things.is_empty()).then_some(sum);
    Volume { lower, upper: lower.filter(|_| !open) }
}

/// The most telling records, in order of time.
fn cited(grounds: &Grounds<'_>, acts: &[Act]) -> Vec<Cited> {
    let mut best: Vec<&Act> = acts.iter().collect();
    best.sort_by_key(|act| (std::cmp::Reverse((act.grade, act.kind)), act.activity));
    let mut out: Vec<(u32, Cited)> = Vec::new();
    for act in best {
        let Some(activity) = grounds.story.activities.get(act.activity as usize) else { continue };
        let Some(one) = grounds.citing.record(activity.record, grounds.citing.words(activity))
        else {
            continue;
        };
        if out.iter().any(|(_, known)| (known.cell, known.index) == (one.cell, one.index)) {
            continue;
        }
        out.push((act.activity, one));
        if out.len() == CITED_MAX {
            break;
        }
    }
    out.sort_by_key(|(activity, _)| *activity);
    out.into_iter().map(|(_, one)| one).collect()
}

/// What is missing, joined where it is the same.
pub(crate) fn missing(absent: &[Absent], citing: Citing<'_>) -> Vec<Missing> {
    let mut out: Vec<Missing> = absent
        .iter()
        .map(|a| Missing {
            host: a.host.map_or_else(|| "unknown".to_owned(), |host| citing.shown(host)),
            channel: a.channel.map_or_else(|| "any".to_owned(), |channel| citing.shown(channel)),
            class: a.class.word().to_owned(),
            from: stamp(a.from),
            to: stamp(a.to),
            reason: a.reason.clone(),
        })
        .collect();
    out.sort();
    out.dedup();
    out
}
