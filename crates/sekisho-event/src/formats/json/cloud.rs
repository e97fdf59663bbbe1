//! Records that are known by their keys: cloud audit logs and their like. What
//! is known about them stands in `data/json_kinds.txt`.

use super::roles::{Meaning, Role};

/// Stands before a key of the table whose times are UTC although they have no
/// zone.
const UTC: &str = "utc:";

const TABLE: &str = include_str!("../../../data/json_kinds.txt");

/// A kind of record.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) product: &'static str,
    /// What the channel begins with, or all of it.
    pub(super) channel: &'static str,
    /// The key whose value is the rest of the channel.
    channel_key: &'static str,
    /// Keys that must occur.
    pub(super) keys: Vec<&'static str>,
    times: Vec<&'static str>,
    /// Keys of times without a zone that are UTC by definition.
    utc_times: Vec<&'static str>,
    hosts: Vec<&'static str>,
    record_ids: Vec<&'static str>,
}

/// The kinds of the table, in its order.
pub(super) fn kinds() -> Vec<Kind> {
    TABLE.lines().filter(|l| !l.starts_with('#')).filter_map(kind).collect()
}

fn kind(line: &'static str) -> Option<Kind> {
    let mut columns = line.split('|').map(str::trim);
    let product = columns.next()?;
    let channel = columns.next()?;
    let (channel, channel_key) = channel.split_once('=').unwrap_or((channel, ""));
    let mut words = || columns.next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    let keys = words();
    if keys.is_empty() {
        return None;
    }
    let (utc_times, times): (Vec<&str>, Vec<&str>) =
        words().into_iter().partition(|key| key.starts_with(UTC));
    let utc_times = utc_times.into_iter().filter_map(|key| key.strip_prefix(UTC)).collect();
    Some(Kind {
        product,
        channel,
        channel_key,
        keys,
        times,
        utc_times,
        hosts: words(),
        record_ids: words(),
    })
}

/// Keys that tell the time or the host in records of no known kind.
const TIMES: &[&str] = &[
    "@timestamp",
    "timestamp",
    "Timestamp",
    "time",
    "ts",
    "_time",
    "TimeCreated",
    "eventTime",
    "EventTime",
    "event_time",
    "datetime",
    "TimeGenerated",
    "created_at",
    "createdAt",
    "CreationTime",
    "published",
    "event.created",
    "date",
    "Time",
    "__REALTIME_TIMESTAMP",
];
const HOSTS: &[&str] = &[
    "host.name",
    "host.hostname",
    "hostname",
    "Hostname",
    "HostName",
    "Computer",
    "ComputerName",
    "computer_name",
    "host",
    "_HOSTNAME",
];

fn ranked(path: &str, lists: [(Role, &[&str]); 4]) -> Meaning {
    let field = Meaning::field(path);
    match super::roles::in_table(&lists, path) {
        Some((role, rank)) => field.with(role, rank),
        None => field,
    }
}

/// A field of a record of a known kind.
pub(super) fn known(kind: &Kind, path: &str) -> Meaning {
    if path == kind.channel_key {
        return Meaning::field(path).with(Role::Channel, 0);
    }
    let lists = [
        (Role::Time, kind.times.as_slice()),
        (Role::UtcTime, kind.utc_times.as_slice()),
        (Role::Host, kind.hosts.as_slice()),
        (Role::RecordId, kind.record_ids.as_slice()),
    ];
    let meaning = ranked(path, lists);
    match super::joined::meaning(kind.product, kind.channel, path) {
        Some(joined) => Meaning { role: meaning.role, ..joined },
        None => meaning,
    }
}

/// A field of any other record.
pub(super) fn unknown(path: &str) -> Meaning {
    let lists =
        [(Role::Time, TIMES), (Role::UtcTime, &[]), (Role::Host, HOSTS), (Role::RecordId, &[])];
    ranked(path, lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        let lines = TABLE.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).count();
        let kinds = kinds();
        assert_eq!(kinds.len(), lines);
        let timeless = |k: &Kind| k.times.is_empty() && k.utc_times.is_empty();
        assert!(!kinds.iter().any(|k| k.product.is_empty() || timeless(k)));
        let m365 = kinds.iter().find(|k| k.product == "m365").unwrap();
        assert_eq!(known(m365, "Workload").role, Some((Role::Channel, 0)));
        assert_eq!(known(m365, "CreationTime").role, Some((Role::UtcTime, 0)));
    }
}
