//! Hosts and accounts, as the answer has them, and things tainted in words.

use crate::answer::{AccountState, Cited, Grade, HostState, HostWord};
use crate::assets::{Asset, Kind};
use crate::extract::Class;
use crate::ledger::Ledger;
use crate::names::Name;
use crate::taint::{Entity, Link, May, Sweep};
use crate::verdict::CITED_MAX;
use crate::verdict::cite::{Citing, stamp};
use crate::verdict::ways::Ways;
use crate::window::Span;

/// What something tainted is called.
pub(crate) fn entity(sweep: &Sweep<'_>, entity: Entity, citing: Citing<'_>) -> String {
    match entity {
        Entity::Process(id) => {
            let process = sweep.story.processes.get(id).copied().unwrap_or_default();
            let image = process.image.map_or_else(|| "unknown".to_owned(), |i| citing.shown(i));
            let image = image.rsplit(['\\', '/']).next().unwrap_or_default().to_owned();
            match process.host {
                Some(host) => format!("process {image} on {}", citing.shown(host)),
                None => format!("process {image}"),
            }
        }
        Entity::Session(key) => {
            let logon = sweep.story.logons.get(key);
            let account = logon.and_then(|l| l.account).map(|a| citing.shown(a));
            let host = logon.and_then(|l| l.host).map(|h| citing.shown(h));
            match (account, host) {
                (Some(account), Some(host)) => format!("session of {account} on {host}"),
                _ => format!("session {}", citing.shown(key)),
            }
        }
        Entity::Client(client) => {
            let part =
                |name: Option<Name>| name.map_or_else(|| "?".to_owned(), |n| citing.shown(n));
            format!("client {} from {}", part(client.account), part(client.address))
        }
        Entity::Account(account) => format!("account {}", citing.shown(account)),
        Entity::App(app) => format!("application {}", citing.shown(app)),
        Entity::Host(host) => format!("host {}", citing.shown(host)),
        Entity::End(end) => format!("outside {}", citing.shown(end)),
        Entity::File(_, path) => format!("file {}", citing.shown(path)),
    }
}

/// Records of links, the earliest first, each once.
fn cited<'a>(links: impl Iterator<Item = &'a Link>, citing: Citing<'_>) -> Vec<Cited> {
    let mut links: Vec<&Link> = links.collect();
    links.sort_by_key(|link| (link.time, link.record));
    links.dedup_by_key(|link| link.record);
    links.iter().filter_map(|l| citing.record(l.record, l.how)).take(CITED_MAX).collect()
}

/// All hosts that are known.
pub(crate) fn hosts(
    sweep: &Sweep<'_>,
    ledger: &Ledger<'_>,
    may: &May,
    span: Span,
    citing: Citing<'_>,
) -> Vec<HostState> {
    let mut hosts: Vec<Name> = Vec::new();
    for activity in &sweep.story.activities {
        hosts.extend(activity.place);
        hosts.extend(activity.actor.host);
    }
    hosts.extend(sweep.taints.all().filter_map(|(entity, _)| match entity {
        Entity::Host(host) => Some(host),
        _ => None,
    }));
    let silent = ledger.lacking().iter().filter(|lacking| lacking.silent);
    hosts.extend(silent.map(|lacking| lacking.host));
    hosts.retain(|host| !sweep.names.folded(*host).contains(':') && sweep.is_ours(*host));
    hosts.sort_by(|a, b| sweep.names.folded(*a).cmp(sweep.names.folded(*b)));
    hosts.dedup();
    let mut by_host: hashbrown::HashMap<Name, Vec<&Link>> = hashbrown::HashMap::new();
    for (entity, link) in sweep.taints.all() {
        let host = match entity {
            Entity::Host(host) => Some(host),
            Entity::Session(key) => sweep.story.logons.get(key).and_then(|logon| logon.host),
            Entity::Process(id) => sweep.story.processes.get(id).and_then(|p| p.host),
            _ => None,
        };
        if let Some(host) = host.filter(|_| link.grade >= Grade::Probable) {
            by_host.entry(host).or_default().push(link);
        }
    }
    // Taints come in no order; what is cited must not depend on it.
    by_host.values_mut().for_each(|links| links.sort_by_key(|l| (l.time, l.record, l.how)));
    hosts
        .into_iter()
        .map(|host| {
            let links = by_host.get(&host).map_or(&[][..], |links| links);
            let ran = links.iter().any(|l| matches!(l.to, Entity::Host(_) | Entity::Process(_)));
            let cover = || ledger.cover(host, &[Class::Logon], span.begin, span.end).whole;
            let state = match (ran, links.is_empty()) {
                (true, _) => HostWord::Compromised,
                (false, false) => HostWord::Reached,
                _ if may.host(host).is_none() && cover() => HostWord::Untouched,
                _ => HostWord::Unknown,
            };
            HostState {
                host: citing.shown(host),
                known_as: sweep.estate.known_as(host).map(|n| citing.shown(n)).collect(),
                state,
                first: links.iter().map(|l| l.time).min().map(stamp),
                last: links.iter().map(|l| l.time).max().map(stamp),
                evidence: cited(links.iter().copied(), citing),
            }
        })
        .collect()
}

/// Accounts that the intruder had, or may have had.
pub(crate) fn accounts(sweep: &Sweep<'_>, citing: Citing<'_>) -> Vec<AccountState> {
    let mut by: std::collections::BTreeMap<String, (Name, Vec<&Link>)> = Default::default();
    for (entity, link) in sweep.taints.all() {
        if let Entity::Account(account) = entity {
            let key = sweep.names.folded(account).to_owned();
            by.entry(key).or_insert((account, Vec::new())).1.push(link);
        }
    }
    by.into_values()
        .filter_map(|(account, links)| {
            let best =
                links.iter().max_by_key(|link| (link.grade, std::cmp::Reverse(link.time)))?;
            let ends = sweep.taints.ended.get(&Entity::Account(account)).into_iter().flatten();
            let until = ends.map(|(end, _)| *end).filter(|end| *end > best.time).min();
            Some(AccountState {
                account: citing.shown(account),
                grade: best.grade,
                how: how(best).to_owned(),
                from: stamp(best.time),
                until: until.map(stamp),
                evidence: cited(links.iter().copied(), citing),
            })
        })
        .collect()
}

fn how(link: &Link) -> &'static str {
    match link.how {
        "made by the intruder" => "created",
        "secrets read" | "secrets in memory" => "exposed",
        _ => "used",
    }
}

/// For an asset that is a whole host: whether something of the intruder's ran
/// on it.
pub(crate) fn ran_on_asset(
    ways: &Ways<'_>,
    asset: &Asset,
    citing: Citing<'_>,
) -> Option<(Grade, Vec<Cited>)> {
    let declared = asset.locations.iter().filter(|l| l.place.kind() == Kind::Host);
    let names = declared.filter_map(|l| l.place.host()?.name());
    let hosts = names.map(|host| (ways.view.hosts)(host));
    let links =
        hosts.filter_map(|host| ways.sweep.taints.first(Entity::Host(host), Grade::Probable));
    // A connection alone shows that something ran there, not what it reached.
    let links: Vec<&Link> = links.filter(|link| link.how != "connected").collect();
    let grade = links.iter().map(|link| link.grade).max()?;
    Some((grade, cited(links.into_iter(), citing)))
}
