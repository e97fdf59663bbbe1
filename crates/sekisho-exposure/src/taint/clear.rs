//! What an analyst clears: detections that fit are no seeds. Nothing else is
//! made cleaner by it, and what it did is counted, word by word and rule by
//! rule.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};
use sekisho_event::TIME_UNKNOWN;

use super::Sweep;
use super::seeds::is_host;
use crate::answer::{Cleared, ClearedBy, ClearedRule};
use crate::evidence::{Evidence, RecordId};
use crate::question::{SaidSeed, Seed};

/// What was cleared.
#[derive(Debug, Default)]
pub(super) struct Clearing {
    /// Records in which nothing is a seed for having been detected.
    pub(super) records: HashSet<RecordId>,
    pub(super) cleared: Cleared,
}

impl Sweep<'_> {
    /// Which of the detections among the seeds are cleared.
    pub(super) fn clearing(
        &self,
        words: &[SaidSeed],
        seeds: &[Seed],
        evidence: &Evidence,
    ) -> Clearing {
        if words.is_empty() {
            return Clearing::default();
        }
        let detections: Vec<(RecordId, &str, &str)> = seeds
            .iter()
            .filter_map(|seed| match seed {
                Seed::Detected { record, by, level } => Some((*record, &**by, &**level)),
                Seed::Said(_) => None,
            })
            .collect();
        let fitting = self.fitting(words, &detections, evidence);
        let mut counts: Vec<BTreeMap<(&str, &str), u64>> = vec![BTreeMap::new(); words.len()];
        let mut out = Clearing::default();
        for (record, title, level) in detections {
            let Some(by) = fitting.get(&record).filter(|by| !by.is_empty()) else { continue };
            out.records.insert(record);
            out.cleared.detections += 1;
            for &word in by {
                if let Some(rules) = counts.get_mut(word) {
                    *rules.entry((title, level)).or_default() += 1;
                }
            }
        }
        let by = words.iter().zip(counts).map(|(word, rules)| ClearedBy {
            said: word.text.clone(),
            detections: rules.values().sum(),
            rules: rules.into_iter().map(rule).collect(),
        });
        out.cleared.by = by.collect();
        out
    }

    /// By record in which something was detected: the words that fit it. Of
    /// several activities of a record the first one counts, which is what the
    /// record itself says: the others are what its command line asks for.
    fn fitting(
        &self,
        words: &[SaidSeed],
        detections: &[(RecordId, &str, &str)],
        evidence: &Evidence,
    ) -> HashMap<RecordId, Vec<usize>> {
        let wanted: BTreeSet<RecordId> = detections.iter().map(|(record, ..)| *record).collect();
        let mut found: HashMap<RecordId, Vec<usize>> = HashMap::new();
        let all = |fits: &dyn Fn(&SaidSeed) -> bool| -> Vec<usize> {
            words.iter().enumerate().filter(|(_, word)| fits(word)).map(|(at, _)| at).collect()
        };
        for activity in &self.story.activities {
            if wanted.contains(&activity.record) && !found.contains_key(&activity.record) {
                found.insert(activity.record, all(&|word| self.fits(word, activity)));
            }
        }
        // Records that show no activity have a host and a time only.
        for record in wanted {
            if !found.contains_key(&record) {
                found.insert(record, all(&|word| self.fits_silent(word, record, evidence)));
            }
        }
        found
    }

    /// Whether a word that says no more than host and time fits a record.
    fn fits_silent(&self, word: &SaidSeed, record: RecordId, evidence: &Evidence) -> bool {
        let (Some(said), Some(record)) = (&word.host, evidence.get(record)) else { return false };
        let alone = SaidSeed {
            text: word.text.clone(),
            host: word.host.clone(),
            from: word.from,
            until: word.until,
            ..SaidSeed::default()
        };
        let time = record.when();
        let Some(host) = record.host.filter(|_| *word == alone && time != TIME_UNKNOWN) else {
            return false;
        };
        let host = self.estate.canonical(host, time);
        is_host(self.names.folded(host), &said.to_lowercase())
            && word.from.is_none_or(|from| time >= from)
            && word.until.is_none_or(|until| time <= until)
    }
}

fn rule(((title, level), detections): ((&str, &str), u64)) -> ClearedRule {
    ClearedRule { title: title.to_owned(), level: level.to_owned(), detections }
}
