//! What the reader must know of the input.

use crate::activity::{LossKind, What};
use crate::answer::Notice;
use crate::extract::Extraction;
use crate::judge::notice;
use crate::ledger::Ledger;
use crate::question::Question;
use crate::taint::Sweep;
use crate::verdict::cite::{Citing, stamp};

/// Notices of one kind, at most; more are counted in the last.
const OF_A_KIND_MAX: usize = 20;

/// A clock may be ahead by so much, nanoseconds.
const AHEAD_MAX: i64 = 3_600_000_000_000;

/// All notices.
pub(crate) fn of(
    sweep: &Sweep<'_>,
    ledger: &Ledger<'_>,
    extraction: &Extraction,
    question: &Question,
    unfit: Vec<String>,
    citing: Citing<'_>,
) -> Vec<Notice> {
    let mut out = Vec::new();
    for seed in unfit {
        out.push(notice("seed-without-match", format!("no record fits the seed `{seed}`")));
    }
    if sweep.taints.is_empty() {
        out.push(notice("no-seed", "nothing was detected at the level asked for, and no seed was given or fits: of no asset can anything be determined".to_owned()));
    }
    if sweep.unfinished {
        out.push(notice(
            "unfinished",
            "the spreading of taint was stopped at its limit: more may be the intruder's"
                .to_owned(),
        ));
    }
    if extraction.dropped > 0 {
        out.push(notice(
            "too-many",
            format!("{} activities were beyond the limit and not looked at", extraction.dropped),
        ));
    }
    if sweep.story.timeless > 0 {
        out.push(notice(
            "without-time",
            format!("{} activities have no time and were not used", sweep.story.timeless),
        ));
    }
    out.extend(sweep.estate.notices().iter().cloned());
    losses(sweep, citing, &mut out);
    future(question, ledger, &mut out);
    for asset in question.assets.all.iter().filter(|asset| !asset.usable()) {
        out.push(notice(
            "asset-without-place",
            format!("none of the places of asset `{}` can be used", asset.id),
        ));
    }
    out
}

fn losses(sweep: &Sweep<'_>, citing: Citing<'_>, out: &mut Vec<Notice>) {
    let mut counts: std::collections::BTreeMap<&str, usize> = Default::default();
    for activity in &sweep.story.activities {
        let What::Loss(loss) = &activity.what else { continue };
        let what = loss.what.or(loss.channel).map(|n| citing.shown(n)).unwrap_or_default();
        let place = activity.place.map(|n| citing.shown(n)).unwrap_or_default();
        let at = stamp(activity.time);
        let (kind, text) = match loss.kind {
            LossKind::Cleared => ("log-cleared", format!("a log of {place} was cleared at {at}")),
            LossKind::Stopped => {
                ("recording-stopped", format!("{place} stopped recording at {at}: {what}"))
            }
            LossKind::Narrowed => {
                ("recording-narrowed", format!("{place} records less since {at}: {what}"))
            }
            LossKind::Throttled => {
                ("throttled", format!("{place} held records back on the day of {at}"))
            }
            LossKind::ClockSet { from, to } if (to - from).abs() >= 60_000_000_000 => (
                "clock-set",
                format!("the clock of {place} was set from {} to {}", stamp(from), stamp(to)),
            ),
            _ => continue,
        };
        let count = counts.entry(kind).or_default();
        *count += 1;
        if *count > OF_A_KIND_MAX {
            continue;
        }
        let evidence = citing.record(activity.record, text.clone()).into_iter().collect();
        out.push(Notice { kind: kind.to_owned(), text, evidence });
    }
    for (kind, count) in counts.into_iter().filter(|(_, count)| *count > OF_A_KIND_MAX) {
        out.push(notice(kind, format!("and {} more of these", count - OF_A_KIND_MAX)));
    }
}

fn future(question: &Question, ledger: &Ledger<'_>, out: &mut Vec<Notice>) {
    let Some(now) = question.now else { return };
    if ledger.extent.1 > now.saturating_add(AHEAD_MAX) {
        out.push(notice(
            "from-the-future",
            format!(
                "records say that they are from as late as {}, which is after this was asked",
                stamp(ledger.extent.1)
            ),
        ));
    }
}
