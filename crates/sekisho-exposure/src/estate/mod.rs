//! The estate: hosts, their names and addresses, networks, clocks; declared in
//! `estate.toml`, or learned from the logs.
//!
//! ```toml
//! [[host]]
//! names = ["FS01", "files.example.org"]      # the first is what it is called
//! addresses = ["10.0.0.5", { address = "10.0.0.9", from = 2024-03-01T00:00:00Z, to = 2024-04-01T00:00:00Z }]
//! tier = 0
//! logs = ["Security", "Microsoft-Windows-Sysmon/Operational"]   # which it should have
//! shares = { Plans = 'D:\Plans' }            # folders by the names they are shared as
//!
//! [[network]]
//! cidr = "10.0.0.0/16"                       # or a list
//! internal = true                            # false: outside, though it looks private
//!
//! [trusted_egress]                           # where bytes may go: backups, a provider
//! addresses = ["203.0.113.7"]
//! networks = ["198.51.100.0/24"]
//! domains = ["backup.example.net"]           # and all below
//! ```
//!
//! Everything is optional. What is declared wins over what is learned.

mod addresses;
mod declared;
mod inside;
mod learn;
mod namesakes;
mod net;
mod skew;

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};
use sekisho_event::TIME_UNKNOWN;

use crate::answer::Notice;
use crate::assets::Shares;
use crate::extract::Extraction;
use crate::names::{Name, Names};

pub use inside::Inside;
pub use namesakes::Domains;
pub use net::Network;
pub use skew::{Clock, Skew};

/// What `estate.toml` declares.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Hosts, in the order of declaration.
    pub hosts: Vec<DeclaredHost>,
    /// Networks, and whether they are inside.
    pub networks: Vec<(Network, bool)>,
    /// Where bytes may go.
    pub trusted: Trusted,
}

/// A declared host.
#[derive(Clone, Debug, Default)]
pub struct DeclaredHost {
    /// Its names ([`Names::host`]); the first is what it is called.
    pub names: Vec<Name>,
    /// The domains that its names are of.
    pub domains: Domains,
    /// Its addresses, and from when until when (nanoseconds since 1970) it had
    /// each.
    pub addresses: Vec<Held>,
    /// Its tier; 0 is what all others depend on.
    pub tier: Option<u32>,
    /// Logs that it should have.
    pub logs: Vec<Name>,
    /// Shares and their folders.
    pub shares: Vec<(String, String)>,
    /// The line of its declaration.
    pub line: usize,
}

/// An address that a host had for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The address.
    pub address: Name,
    /// From when.
    pub from: i64,
    /// Until when (not included).
    pub to: i64,
}

/// Ends outside that may be sent to.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Addresses and networks.
    pub networks: Vec<Network>,
    /// Domains, in lower case; what is below them too.
    pub domains: Vec<String>,
}

impl Declared {
    /// Reads `estate.toml`. What cannot be used is named in a notice.
    ///
    /// # Errors
    ///
    /// Text that is no TOML, in words with the line.
    pub fn parse(text: &str, names: &mut Names) -> Result<(Self, Vec<Notice>), String> {
        declared::parse(text, names)
    }
}

/// The estate, as far as it is declared or can be learned.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Names of one host: to the one that it is called by.
    alias: HashMap<Name, Name>,
    /// Which host had an address when.
    addresses: addresses::Addresses,
    /// Hosts that are ours: they supply logs, or show that they belong.
    ours: HashSet<Name>,
    known_as: HashMap<Name, BTreeSet<Name>>,
    inside: HashMap<Name, Inside>,
    trusted: HashSet<Name>,
    domains: Vec<String>,
    tiers: HashMap<Name, u32>,
    logs: HashMap<Name, Vec<Name>>,
    /// Hosts that are declared, in that order, each once.
    declared: Vec<Name>,
    shares: Shares,
    skews: skew::Skews,
    /// Hosts by a name that hosts of several domains share.
    namesakes: HashSet<Name>,
    notices: Vec<Notice>,
}

impl Estate {
    /// Learns what records show of hosts, addresses and clocks, beside what is
    /// declared. Equal activities give an equal estate, in whatever order.
    #[must_use]
    pub fn learn(declared: &Declared, extraction: &Extraction) -> Self {
        learn::learn(declared, extraction)
    }

    /// The host that had an address at a time; `None` where nothing says so,
    /// where records contradict each other, or where many share it.
    #[must_use]
    pub fn host_at(&self, address: Name, time: i64) -> Option<Name> {
        self.addresses.at(address, time)
    }

    /// The one name of a host, whatever it is called by: another of its names,
    /// or its address at that time. Itself where nothing is known.
    #[must_use]
    pub fn canonical(&self, name: Name, time: i64) -> Name {
        let found = self.alias.get(&name).copied().or_else(|| self.host_at(name, time));
        found.unwrap_or(name)
    }

    /// The one name of a host at no particular time: of an address only if it
    /// was always the same host's.
    #[must_use]
    pub fn canonical_always(&self, name: Name) -> Name {
        let found = self.alias.get(&name).copied().or_else(|| self.addresses.always(name));
        found.unwrap_or(name)
    }

    /// Whether an address, or a host by its name, is of the estate.
    #[must_use]
    pub fn inside(&self, end: Name) -> Inside {
        match self.inside.get(&end) {
            Some(inside) => *inside,
            None if self.is_ours(end) => Inside::Yes,
            None => Inside::Unknown,
        }
    }

    /// Whether a host is known to be of the estate: it supplies logs, is
    /// declared, or records of others show that it belongs.
    #[must_use]
    pub fn is_ours(&self, host: Name) -> bool {
        self.ours.contains(&self.canonical_always(host))
    }

    /// Hosts of the estate, in the order of their names' numbers.
    #[must_use]
    pub fn hosts(&self) -> Vec<Name> {
        let mut hosts: Vec<Name> = self.ours.iter().copied().collect();
        hosts.sort_unstable();
        hosts
    }

    /// Whether bytes may go to an address.
    #[must_use]
    pub fn is_trusted(&self, address: Name) -> bool {
        self.trusted.contains(&address)
    }

    /// Whether bytes may go to a host by its whole name (a server name, not
    /// only its first label).
    #[must_use]
    pub fn is_trusted_domain(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_lowercase();
        self.domains.iter().any(|domain| {
            name.strip_suffix(domain.as_str())
                .is_some_and(|head| head.is_empty() || head.ends_with('.'))
        })
    }

    /// Addresses and other names that a host is known by.
    pub fn known_as(&self, host: Name) -> impl Iterator<Item = Name> + '_ {
        self.known_as.get(&host).into_iter().flatten().copied()
    }

    /// The declared tier of a host.
    #[must_use]
    pub fn tier(&self, host: Name) -> Option<u32> {
        self.tiers.get(&self.canonical_always(host)).copied()
    }

    /// Hosts that are declared, in the order of declaration.
    pub fn declared_hosts(&self) -> impl Iterator<Item = Name> + '_ {
        self.declared.iter().copied()
    }

    /// Logs that a host should have, as declared.
    #[must_use]
    pub fn expected_logs(&self, host: Name) -> &[Name] {
        self.logs.get(&host).map_or(&[], |logs| logs)
    }

    /// Which folders are shared by which name.
    #[must_use]
    pub fn shares(&self) -> &Shares {
        &self.shares
    }

    /// Whether hosts of several domains are known by this one name: what is in
    /// the log of one says nothing of the others.
    #[must_use]
    pub fn has_namesakes(&self, host: Name) -> bool {
        self.namesakes.contains(&host)
    }

    /// By how much the clock of `b` is ahead of that of `a`, measured by records
    /// of the same happenings; also by way of a third clock.
    #[must_use]
    pub fn skew(&self, a: Clock, b: Clock) -> Option<Skew> {
        self.skews.between(a, b)
    }

    /// What has to be said of it: addresses that two hosts had at once, clocks
    /// that are far apart.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

/// Nanoseconds of a declared time, or the end of all times.
fn bound(time: Option<i64>, open: i64) -> i64 {
    time.filter(|time| *time != TIME_UNKNOWN).unwrap_or(open)
}

#[cfg(test)]
mod tests;
