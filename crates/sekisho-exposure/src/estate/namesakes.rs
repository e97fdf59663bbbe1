//! Hosts of different domains whose names begin alike.
//!
//! A host is known by the first label of its name, since most records write no
//! more. Two hosts that share it are one host to the method: what is done to
//! either is done to it, which is the grave side. What was *not* done is
//! another matter: the log of one says nothing of the other.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::DeclaredHost;
use crate::names::{Name, Names, domain_label};

/// Domains of one label that are told apart; two would do.
const DOMAINS_MAX: usize = 8;

/// Ends of names that say nothing of a domain.
const NO_DOMAINS: [&str; 3] = ["local", "localdomain", "lan"];

/// In which domains hosts were seen, or said to be, by their first label.
#[derive(Clone, Debug, Default)]
pub struct Domains(HashMap<Name, BTreeSet<Box<str>>>);

impl Domains {
    /// A host by its name, as it is written.
    pub fn add(&mut self, host: Name, text: &str) {
        let Some(domain) = domain_label(text) else { return };
        let domain = domain.to_lowercase();
        if NO_DOMAINS.contains(&domain.as_str()) {
            return;
        }
        let known = self.0.entry(host).or_default();
        known.insert(domain.into());
        // The first by name, so that the order of reading does not matter.
        if known.len() > DOMAINS_MAX {
            known.pop_last();
        }
    }

    /// Whether a label is of one domain here and of another there.
    pub(super) fn differ(&self, other: &Self, host: Name) -> bool {
        let known = |all: &Self| all.of(host).next().is_some();
        known(self) && known(other) && !self.of(host).any(|d| other.of(host).any(|o| o == d))
    }

    fn of(&self, host: Name) -> impl Iterator<Item = &str> {
        self.0.get(&host).into_iter().flatten().map(AsRef::as_ref)
    }
}

/// Labels that several hosts share, each with the domains of these, in the
/// order of names. Domains that are declared of one host are that host's.
pub(super) fn namesakes(
    seen: &Domains,
    declared: &[DeclaredHost],
    names: &Names,
) -> Vec<(Name, Vec<String>)> {
    let mut all = seen.clone();
    for host in declared {
        for (label, domains) in &host.domains.0 {
            all.0.entry(*label).or_default().extend(domains.iter().cloned());
        }
    }
    let of_one = |label: Name| {
        declared.iter().any(|host| all.of(label).all(|d| host.domains.of(label).any(|o| o == d)))
    };
    let shared = all.0.iter().filter(|(label, domains)| domains.len() > 1 && !of_one(**label));
    let mut shared: Vec<(Name, Vec<String>)> = shared
        .map(|(label, domains)| (*label, domains.iter().map(ToString::to_string).collect()))
        .collect();
    shared.sort_by(|(a, _), (b, _)| names.folded(*a).cmp(names.folded(*b)));
    shared
}
