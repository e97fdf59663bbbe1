//! What the estate says should be there and is not: hosts without any record,
//! and logs that a host should have and of which there is no record.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use super::heard::Heard;
use crate::estate::Estate;
use crate::extract::{Class, shows};
use crate::names::{Name, Names};

/// Why a log that is expected is missing.
pub(crate) const LOG_EXPECTED: &str = "the estate expects this log, and there is no record of it";

/// Why a host that is declared is missing.
pub(crate) const HOST_EXPECTED: &str =
    "the estate has this host, and there is no record of any of its logs";

/// What a declared host lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lacking {
    pub(crate) host: Name,
    /// Logs that it should have and of which there is no record, in the order
    /// of their names.
    pub(crate) logs: Vec<Name>,
    /// No log of it is there at all.
    pub(crate) silent: bool,
}

/// Everything that is lacking.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// By host, in the order of their names.
    lacking: Vec<Lacking>,
    /// What each log that is lacking could have shown.
    shows: HashMap<Name, BTreeSet<Class>>,
    by_host: HashMap<Name, usize>,
}

impl Expected {
    /// What is declared against what was heard. Records of a host are known by
    /// whatever name of it they have.
    pub(super) fn of(estate: &Estate, heard: &Heard, names: &Names) -> Self {
        let mut there: HashMap<Name, HashSet<Name>> = HashMap::new();
        let mut shown: HashMap<Name, BTreeSet<Class>> = HashMap::new();
        for (source, class) in heard.hours.keys() {
            shown.entry(source.channel).or_default().insert(*class);
            if let Some(host) = source.host {
                let host = estate.canonical_always(host);
                there.entry(host).or_default().insert(source.channel);
            }
        }
        let mut expected = Self::default();
        for host in estate.declared_hosts() {
            let logs = there.get(&host);
            let is_there = |log: &Name| logs.is_some_and(|logs| logs.contains(log));
            let mut lacks: Vec<Name> =
                estate.expected_logs(host).iter().copied().filter(|log| !is_there(log)).collect();
            lacks.sort_by(|a, b| names.folded(*a).cmp(names.folded(*b)));
            lacks.dedup();
            let lacking = Lacking { host, logs: lacks, silent: logs.is_none() };
            if lacking.silent || !lacking.logs.is_empty() {
                expected.lacking.push(lacking);
            }
        }
        expected.lacking.sort_by(|a, b| names.folded(a.host).cmp(names.folded(b.host)));
        expected.lacking.dedup_by_key(|lacking| lacking.host);
        for (at, lacking) in expected.lacking.iter().enumerate() {
            expected.by_host.insert(lacking.host, at);
            for &log in &lacking.logs {
                // What it shows of other hosts it would have shown of this one.
                expected.shows.entry(log).or_insert_with(|| {
                    let mut classes = shows(names.folded(log));
                    classes.extend(shown.get(&log).into_iter().flatten());
                    classes.remove(&Class::Other);
                    classes
                });
            }
        }
        expected
    }

    /// Everything, by host.
    pub(crate) fn lacking(&self) -> &[Lacking] {
        &self.lacking
    }

    /// The logs that a host lacks and that could have shown a class.
    pub(super) fn showing(&self, host: Name, class: Class) -> impl Iterator<Item = Name> + '_ {
        let lacking = self.by_host.get(&host).and_then(|&at| self.lacking.get(at));
        let logs = lacking.map_or(&[][..], |lacking| &lacking.logs);
        logs.iter()
            .copied()
            .filter(move |log| self.shows.get(log).is_some_and(|shows| shows.contains(&class)))
    }
}
