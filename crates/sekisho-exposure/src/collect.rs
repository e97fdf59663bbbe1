//! What to get next: which missing logs would settle most verdicts.

use std::collections::BTreeMap;

use crate::answer::{AssetVerdict, Collect, Missing, Verdict};
use crate::ledger::Ledger;
use crate::names::Names;

/// What is named for one asset, at most.
const PER_ASSET_MAX: usize = 8;

/// What is named in all, at most.
const ALL_MAX: usize = 50;

/// Fills in what each verdict lacks, and gives back what would settle most.
pub(crate) fn next(
    verdicts: &mut [AssetVerdict],
    ledger: &Ledger<'_>,
    names: &Names,
) -> Vec<Collect> {
    let mut by: BTreeMap<Missing, Vec<String>> = BTreeMap::new();
    for verdict in verdicts.iter().filter(|v| is_open(v.verdict)) {
        for missing in &verdict.missing {
            by.entry(missing.clone()).or_default().push(verdict.asset.clone());
        }
    }
    let overwritten = |missing: &Missing| {
        let host = names.find(&missing.host)?;
        let kept = ledger.kept(host, names.find(&missing.channel)?)?;
        Some(crate::verdict::cite::stamp(kept))
    };
    let mut all: Vec<Collect> = by
        .iter()
        .map(|(missing, settles)| Collect {
            host: missing.host.clone(),
            channel: missing.channel.clone(),
            class: missing.class.clone(),
            from: missing.from.clone(),
            to: missing.to.clone(),
            settles: settles.clone(),
            overwritten_by: overwritten(missing),
        })
        .collect();
    all.sort_by_key(|collect| std::cmp::Reverse(collect.settles.len()));
    for verdict in verdicts.iter_mut().filter(|v| is_open(v.verdict)) {
        let theirs = all.iter().filter(|collect| collect.settles.contains(&verdict.asset));
        verdict.collect_next = theirs.take(PER_ASSET_MAX).cloned().collect();
    }
    all.truncate(ALL_MAX);
    all
}

fn is_open(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::CannotBeDetermined | Verdict::Reachable | Verdict::Accessed)
}
