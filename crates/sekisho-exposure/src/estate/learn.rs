//! What records show of hosts, addresses and clocks, put together with what is
//! declared.

use std::net::IpAddr;

use hashbrown::{HashMap, HashSet};

use super::addresses::{Conflict, is_firm};
use super::inside::{Networks, is_private};
use super::namesakes::namesakes;
use super::skew::Skews;
use super::{Declared, Estate};
use crate::activity::What;
use crate::answer::Notice;
use crate::assets::Shares;
use crate::extract::{Class, Extraction, Known, NameBy};
use crate::names::{Name, Names, address};

/// Conflicts that are named one by one; the rest is counted.
const CONFLICTS_NAMED_MAX: usize = 20;

/// From how many nanoseconds on a difference of clocks is worth a notice.
const SKEW_NAMED_MIN: i64 = 60_000_000_000;

/// Ports of the servers that every domain has: who answers there is of the
/// estate, if its address is private.
const DOMAIN_PORTS: [u16; 4] = [88, 389, 636, 3268];

pub(super) fn learn(declared: &Declared, extraction: &Extraction) -> Estate {
    let names = &extraction.names;
    let mut estate = Estate { domains: declared.trusted.domains.clone(), ..Estate::default() };
    declare(&mut estate, declared);
    let known = known(extraction, &estate);
    let order = |a: Name, b: Name| names.folded(a).cmp(names.folded(b));
    let conflicts = estate.addresses.learn(&known, &order);
    aliases(&mut estate, &known, extraction);
    estate.ours = ours(&estate, declared, extraction, &known);
    known_as(&mut estate, &known);
    networks(&mut estate, declared, extraction);
    let shares =
        Shares::learn(&extraction.activities, names, &|host| estate.canonical_always(host));
    estate.shares = shares;
    for host in &declared.hosts {
        let own = host.names.first().copied();
        for (share, folder) in &host.shares {
            own.into_iter().for_each(|own| estate.shares.declare(own, share, folder));
        }
    }
    estate.skews = Skews::of(&extraction.activities, &extraction.evidence, &|host, time| {
        estate.canonical(host, time)
    });
    let shared = namesakes(&extraction.domains, &declared.hosts, names);
    for (label, _) in &shared {
        estate.namesakes.extend([*label, estate.canonical_always(*label)]);
    }
    estate.notices = notices(&estate, &conflicts, &shared, names);
    estate
}

fn declare(estate: &mut Estate, declared: &Declared) {
    for host in &declared.hosts {
        let Some(&own) = host.names.first() else { continue };
        for name in &host.names {
            estate.alias.insert(*name, own);
        }
        for held in &host.addresses {
            estate.addresses.declare(*held, own);
        }
        estate.tiers.extend(host.tier.map(|tier| (own, tier)));
    }
    // Of a host that is declared twice, whatever either declaration expects.
    let mut known: HashSet<Name> = HashSet::new();
    for host in &declared.hosts {
        let Some(&first) = host.names.first() else { continue };
        let own = estate.alias.get(&first).copied().unwrap_or(first);
        if known.insert(own) {
            estate.declared.push(own);
        }
        if !host.logs.is_empty() {
            estate.logs.entry(own).or_default().extend(&host.logs);
        }
    }
}

/// What records say, as far as it is of use. Names that somebody gives himself,
/// or that a name server gives, say nothing of public addresses: one name has
/// many of them.
fn known(extraction: &Extraction, estate: &Estate) -> Vec<Known> {
    let names = &extraction.names;
    let mut known = extraction.known.all();
    for activity in &extraction.activities {
        let What::Session(session) = &activity.what else { continue };
        if let (Some(host), Some(address)) = (session.from.host, session.from.address) {
            known.push(Known { host, address, from: activity.time, how: NameBy::Logon });
        }
    }
    known.retain_mut(|one| {
        let parsed = names.folded(one.address).parse::<IpAddr>();
        let named = address(names.folded(one.host)).is_none();
        let Ok(parsed) = parsed else { return false };
        one.host = estate.alias.get(&one.host).copied().unwrap_or(one.host);
        let held = !parsed.is_loopback() && !parsed.is_unspecified() && !parsed.is_multicast();
        named && held && (is_firm(one.how) || is_private(parsed))
    });
    known.sort_unstable();
    known.dedup();
    known
}

/// A name that is only ever called, or given by a name server, for the address
/// of one known host is another name of that host.
fn aliases(estate: &mut Estate, known: &[Known], extraction: &Extraction) {
    let writes = writers(extraction);
    let mut called: HashMap<Name, Option<Name>> = HashMap::new();
    for one in known {
        let weak = matches!(one.how, NameBy::Called | NameBy::Dns) && !writes.contains(&one.host);
        let host = if weak { estate.addresses.at(one.address, one.from) } else { None };
        let entry = called.entry(one.host).or_insert(host);
        if *entry != host {
            *entry = None;
        }
    }
    for (name, host) in called {
        if let Some(host) = host.filter(|host| *host != name) {
            estate.alias.entry(name).or_insert(host);
        }
    }
}

/// Hosts that write records of their own (realms of clouds and sensors do not
/// count).
fn writers(extraction: &Extraction) -> HashSet<Name> {
    let own = |class: Class| {
        matches!(
            class,
            Class::Logon
                | Class::Process
                | Class::FileAccess
                | Class::FileWrite
                | Class::ShareAccess
                | Class::HostFlow
                | Class::Persistence
                | Class::Script
                | Class::AccountChange
                | Class::DirectoryAccess
        )
    };
    let names = &extraction.names;
    let heard = extraction.heard.hours.keys().filter(|(_, class)| own(*class));
    let hosts = heard.filter_map(|(source, _)| source.host);
    hosts
        .filter(|host| !names.folded(*host).contains(':') || address(names.folded(*host)).is_some())
        .collect()
}

fn ours(
    estate: &Estate,
    declared: &Declared,
    extraction: &Extraction,
    known: &[Known],
) -> HashSet<Name> {
    let written = writers(extraction).into_iter().map(|host| estate.canonical_always(host));
    let named = declared.hosts.iter().filter_map(|host| host.names.first().copied());
    let firm = known.iter().filter(|one| is_firm(one.how));
    written.chain(named).chain(firm.map(|one| estate.canonical_always(one.host))).collect()
}

fn known_as(estate: &mut Estate, known: &[Known]) {
    let mut all: Vec<(Name, Name)> =
        estate.alias.iter().map(|(name, host)| (*host, *name)).collect();
    for one in known {
        if let Some(host) = estate.addresses.at(one.address, one.from) {
            all.push((host, one.address));
        }
    }
    for address in estate.addresses.all() {
        all.extend(estate.addresses.hosts(address).flatten().map(|host| (host, address)));
    }
    for (host, name) in all.into_iter().filter(|(host, name)| host != name) {
        estate.known_as.entry(host).or_default().insert(name);
    }
}

/// Says of every address that any record names whether it is inside.
fn networks(estate: &mut Estate, declared: &Declared, extraction: &Extraction) {
    let names = &extraction.names;
    let parsed = |name: Name| names.folded(name).parse::<IpAddr>().ok();
    let mut own: HashSet<IpAddr> = HashSet::new();
    for name in estate.addresses.all() {
        let mut hosts = estate.addresses.hosts(name).flatten();
        if hosts.any(|host| estate.ours.contains(&host)) {
            own.extend(parsed(name));
        }
    }
    // A host that its records know by its address.
    own.extend(estate.ours.iter().filter_map(|host| parsed(*host)));
    for activity in &extraction.activities {
        let What::Transfer(transfer) = &activity.what else { continue };
        let server = &transfer.server;
        if server.port.is_some_and(|port| DOMAIN_PORTS.contains(&port))
            && transfer.received.is_some_and(|bytes| bytes > 0)
            && let Some(address) = server.address.and_then(parsed).filter(|a| is_private(*a))
        {
            own.insert(address);
        }
    }
    let networks = Networks::of(&declared.networks, own.into_iter());
    for number in 0..u32::try_from(names.len()).unwrap_or(u32::MAX) {
        let name = Name(number);
        let text = names.folded(name);
        let begins = text.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':');
        let Some(address) = begins.then(|| parsed(name)).flatten() else { continue };
        estate.inside.insert(name, networks.inside(address));
        if declared.trusted.networks.iter().any(|net| net.holds(address)) {
            estate.trusted.insert(name);
        }
    }
}

fn notices(
    estate: &Estate,
    conflicts: &[Conflict],
    shared: &[(Name, Vec<String>)],
    names: &Names,
) -> Vec<Notice> {
    let notice =
        |kind: &str, text: String| Notice { kind: kind.to_owned(), text, evidence: Vec::new() };
    let mut notices = Vec::new();
    let mut named: HashSet<(Name, Name, Name)> = HashSet::new();
    for conflict in conflicts {
        let (a, b) = conflict.hosts;
        if named.insert((conflict.address, a, b)) && named.len() <= CONFLICTS_NAMED_MAX {
            let text = format!(
                "{} is the address of {} and of {} within one hour; records that name only the address are given to neither",
                names.shown(conflict.address),
                names.shown(a),
                names.shown(b),
            );
            notices.push(notice("address-of-two-hosts", text));
        }
    }
    if let Some(more) = named.len().checked_sub(CONFLICTS_NAMED_MAX).filter(|more| *more > 0) {
        notices.push(notice("address-of-two-hosts", format!("{more} more addresses of two hosts")));
    }
    for (label, domains) in shared {
        let label = names.shown(*label);
        let text = format!(
            "{label} is the name of hosts in {}; they are taken for one host, on whose logs \
             nothing is ruled out. If it is one, name it in estate.toml by each of these names",
            domains.join(", ")
        );
        notices.push(notice("hosts-of-one-name", text));
    }
    let clock = |clock: Option<Name>| clock.map_or("a sensor", |host| names.shown(host)).to_owned();
    let mut skews: Vec<Notice> = Vec::new();
    for (a, b, skew) in estate.skews.all().filter(|(_, _, s)| s.offset.abs() >= SKEW_NAMED_MIN) {
        let (mut a, mut b, mut offset) = (clock(a), clock(b), skew.offset);
        if offset < 0 {
            std::mem::swap(&mut a, &mut b);
            offset = -offset;
        }
        let seconds = offset / 1_000_000_000;
        let text = format!(
            "the clock of {b} is {seconds} s ahead of that of {a} (measured {} times)",
            skew.pairs
        );
        skews.push(notice("clock-skew", text));
    }
    skews.sort_by(|a, b| a.text.cmp(&b.text));
    notices.extend(skews);
    notices
}
