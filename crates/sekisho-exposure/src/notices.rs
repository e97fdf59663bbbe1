//! What the reader must know of the input.

use crate::activity::{LossKind, What};
use crate::answer::{Cleared, ClearedBy, Notice};
use crate::extract::Extraction;
use crate::judge::notice;
use crate::ledger::Ledger;
use crate::question::Question;
use crate::taint::{Planted, Sweep};
use crate::verdict::cite::{Citing, stamp};

/// Notices of one kind, at most; more are counted in the last.
const OF_A_KIND_MAX: usize = 20;

/// Logs of a host that are named in one notice, at most.
const LOGS_NAMED_MAX: usize = 20;

/// Rules that are named in the notice of a clearing, at most.
const RULES_NAMED_MAX: usize = 10;

/// A clock may be ahead by so much, nanoseconds.
const AHEAD_MAX: i64 = 3_600_000_000_000;

/// All notices.
pub(crate) fn of(
    sweep: &Sweep<'_>,
    ledger: &Ledger<'_>,
    extraction: &Extraction,
    question: &Question,
    planted: Planted,
    citing: Citing<'_>,
) -> Vec<Notice> {
    let mut out = Vec::new();
    for by in &planted.cleared.by {
        out.push(cleared(by));
    }
    for seed in planted.unfit {
        out.push(notice("seed-without-match", format!("no record fits the seed `{seed}`")));
    }
    if sweep.taints.is_empty() {
        out.push(notice("no-seed", no_seed(&planted.cleared)));
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
    expected(ledger, citing, &mut out);
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

/// So many detections, in words.
pub(crate) fn detections(count: u64) -> String {
    if count == 1 { "1 detection".to_owned() } else { format!("{count} detections") }
}

fn no_seed(cleared: &Cleared) -> String {
    let detected = if cleared.detections == 0 {
        "nothing was detected at the level asked for"
    } else {
        "the analyst cleared all that was detected at the level asked for"
    };
    format!("{detected}, and no seed was given or fits: of no asset can anything be determined")
}

/// What an analyst's word cleared: a verdict may be milder for it.
fn cleared(by: &ClearedBy) -> Notice {
    if by.detections == 0 {
        return notice(
            "cleared-nothing",
            format!(
                "the analyst cleared `{}`: no detection fits it, and nothing was cleared",
                by.said
            ),
        );
    }
    let shown = by.rules.iter().take(RULES_NAMED_MAX);
    let mut rules: Vec<String> =
        shown.map(|rule| format!("{} ({}, {})", rule.title, rule.level, rule.detections)).collect();
    let more = by.rules.len().saturating_sub(RULES_NAMED_MAX);
    if more > 0 {
        rules.push(format!("and {more} more rules: `cleared` has all"));
    }
    notice(
        "cleared",
        format!(
            "the analyst cleared `{}`: {} not taken for the intruder's, of: {}",
            by.said,
            if by.detections == 1 {
                "1 detection was".to_owned()
            } else {
                format!("{} were", detections(by.detections))
            },
            rules.join("; ")
        ),
    )
}

/// What the estate says should be there and is not: a line a host.
fn expected(ledger: &Ledger<'_>, citing: Citing<'_>, out: &mut Vec<Notice>) {
    let mut named = 0;
    for lacking in ledger.lacking().iter().take(OF_A_KIND_MAX) {
        named += 1;
        let host = citing.shown(lacking.host);
        let mut logs: Vec<String> =
            lacking.logs.iter().take(LOGS_NAMED_MAX).map(|log| citing.shown(*log)).collect();
        let more = lacking.logs.len().saturating_sub(LOGS_NAMED_MAX);
        if more > 0 {
            logs.push(format!("and {more} more"));
        }
        let logs = logs.join(", ");
        let (kind, text) = match (lacking.silent, logs.is_empty()) {
            (true, true) => (
                "expected-host-missing",
                format!(
                    "the estate has the host {host}, and there is no record of any of its logs"
                ),
            ),
            (true, false) => (
                "expected-host-missing",
                format!(
                    "the estate has the host {host}, and there is no record of any of its logs; it expects {logs}"
                ),
            ),
            (false, _) => (
                "expected-log-missing",
                format!("of {host} the estate expects logs of which there is no record: {logs}"),
            ),
        };
        out.push(notice(kind, text));
    }
    let more = ledger.lacking().len() - named;
    if more > 0 {
        let text = format!(
            "and {more} more hosts of which something is missing that the estate expects: `coverage` has all"
        );
        out.push(notice("expected-log-missing", text));
    }
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
