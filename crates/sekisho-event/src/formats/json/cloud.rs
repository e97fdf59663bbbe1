//! Records that are known by their keys: cloud audit logs and their like. What
//! is known about them stands in `data/json_kinds.txt`.

use super::made::Recipe;
use super::roles::{Meaning, Part, Role};

/// Stands before a key of the table whose times are UTC although they have no
/// zone.
const UTC: &str = "utc:";

/// Begins a line of the table that states fields of a channel.
const STATED: char = '+';

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
    /// What stands before all keys and is no part of the fields' names.
    within: Vec<&'static str>,
    /// Objects and arrays that are also a field of all values in them.
    gathered: Vec<&'static str>,
    pub(super) pairs: Vec<Pair>,
    pub(super) recipe: Recipe,
    /// The keys that the recipe reads, in its order.
    made_of: Vec<&'static str>,
}

/// An array of pairs of name and value: where it stands, and what the two are
/// called in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    holder: &'static str,
    name: &'static str,
    value: &'static str,
}

/// Fields that every record of a channel has.
#[derive(Clone, Debug)]
pub(super) struct Stated {
    product: &'static str,
    channel: &'static str,
    fields: Vec<(&'static str, &'static str)>,
}

fn rows() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty())
}

/// The kinds of the table, in its order.
pub(super) fn kinds() -> Vec<Kind> {
    rows().filter(|line| !line.starts_with(STATED)).filter_map(kind).collect()
}

/// What the table states of channels.
pub(super) fn stated() -> Vec<Stated> {
    rows().filter_map(|line| line.strip_prefix(STATED)).filter_map(statement).collect()
}

fn statement(line: &'static str) -> Option<Stated> {
    let mut columns = line.split('|').map(str::trim);
    let (product, channel) = (columns.next()?, columns.next()?);
    let fields = columns.next()?.split_whitespace().filter_map(|f| f.split_once('=')).collect();
    Some(Stated { product, channel, fields })
}

impl Stated {
    /// The fields, if this is the channel.
    pub(super) fn of(&self, product: &str, channel: &str) -> &[(&'static str, &'static str)] {
        let this = self.product == product && self.channel.eq_ignore_ascii_case(channel);
        if this { &self.fields } else { &[] }
    }
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
    let (hosts, record_ids, within, gathered) = (words(), words(), words(), words());
    let pairs = words().into_iter().filter_map(pair).collect();
    let mut made_of = words();
    let recipe = if made_of.is_empty() { Recipe::None } else { Recipe::named(made_of.remove(0)) };
    Some(Kind {
        product,
        channel,
        channel_key,
        keys,
        times,
        utc_times,
        hosts,
        record_ids,
        within,
        gathered,
        pairs,
        recipe,
        made_of,
    })
}

fn pair(word: &'static str) -> Option<Pair> {
    let mut parts = word.split(':');
    Some(Pair { holder: parts.next()?, name: parts.next()?, value: parts.next()? })
}

impl Pair {
    /// The part of a path in these pairs.
    fn part(&self, path: &str) -> Option<Part> {
        let key = path.strip_prefix(self.holder)?.strip_prefix('.')?;
        match key {
            _ if key == self.name => Some(Part::PairName),
            _ if key == self.value => Some(Part::PairValue),
            _ => None,
        }
    }

    /// What stands before and after a name in the name of the field of its
    /// pair: a value that is called so says nothing of itself, while a new
    /// value has an old one beside it.
    pub(super) fn affixes(&self) -> (String, String) {
        let plain = self.value.to_ascii_lowercase().ends_with("value")
            && !self.value.eq_ignore_ascii_case("newValue")
            && !self.value.eq_ignore_ascii_case("oldValue");
        let after = if plain { String::new() } else { format!(".{}", self.value) };
        (format!("{}.", self.holder), after)
    }
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
    "eventTimestamp",
    "EventTimestamp",
    "event_timestamp",
    "createdDateTime",
    "CreatedDateTime",
    "creationTime",
    "createdTime",
    "created_time",
    "CreatedAt",
    "alertCreationTime",
    "timeStamp",
    "TimeStamp",
    "TIMESTAMP",
    "time_iso8601",
    "DateTime",
    "Datetime",
    "dateTime",
    "date_time",
    "Date",
    "@t",
    "t.$date",
    "unixTime",
    "query_timestamp",
    "When",
    "_ts",
    "event.time",
    "event.timestamp",
    "event.eventTime",
    "metadata.eventCreationTime",
    "metadata.event_timestamp",
    "metadata.timestamp",
    "lastTimestamp",
    "metadata.creationTimestamp",
    "receiveTimestamp",
    "time_local",
    "log.time",
    "header.timestamp",
    "startTime",
    "start_time",
    "StartTime",
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
    "hostName",
    "host_name",
    "HOSTNAME",
    "MachineName",
    "machine_name",
    "DeviceName",
    "device_name",
    "computerDnsName",
    "hostIdentifier",
    "agent.hostname",
    "beat.hostname",
    "device.hostname",
    "event.ComputerName",
    "event.Hostname",
    "node_name",
    "agent.name",
];

fn ranked(path: &str, lists: [(Role, &[&str]); 4]) -> Meaning {
    let field = Meaning::field(path);
    match super::roles::in_table(&lists, path) {
        Some((role, rank)) => field.with(role, rank),
        None => field,
    }
}

impl Kind {
    /// A path as the table writes it.
    pub(super) fn own<'a>(&self, path: &'a str) -> &'a str {
        self.within.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path)
    }

    /// The pairs that a path is the value or the name in.
    pub(super) fn pair(&self, path: &str) -> Option<(&Pair, Part)> {
        let path = self.own(path);
        self.pairs.iter().find_map(|pair| Some((pair, pair.part(path)?)))
    }

    fn made(&self, path: &str) -> Option<(Role, u8)> {
        let place = self.made_of.iter().position(|key| *key == path)?;
        if self.recipe.alternatives() {
            return Some((Role::Made0, u8::try_from(place).unwrap_or(u8::MAX - 1)));
        }
        Some((*Role::MADE.get(place)?, 0))
    }
}

/// A field of a record of a known kind.
pub(super) fn known(kind: &Kind, path: &str) -> Meaning {
    let path = kind.own(path);
    let mut meaning = if path == kind.channel_key {
        Meaning::field(path).with(Role::Channel, 0)
    } else {
        let lists = [
            (Role::Time, kind.times.as_slice()),
            (Role::UtcTime, kind.utc_times.as_slice()),
            (Role::Host, kind.hosts.as_slice()),
            (Role::RecordId, kind.record_ids.as_slice()),
        ];
        ranked(path, lists)
    };
    if meaning.role.is_none() {
        meaning.role = kind.made(path);
    }
    let below = |whole: &&&str| path.strip_prefix(**whole).is_some_and(|p| p.starts_with('.'));
    if let Some(whole) = kind.gathered.iter().find(below) {
        meaning = meaning.also(*whole);
    }
    if let Some((_, part)) = kind.pair(path) {
        meaning.part = part;
    }
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
        let kinds = kinds();
        assert_eq!(kinds.len() + stated().len(), rows().count());
        let timeless = |k: &Kind| k.times.is_empty() && k.utc_times.is_empty();
        for kind in &kinds {
            assert!(!kind.product.is_empty() && !timeless(kind), "{kind:?}");
        }
        for line in rows().filter(|line| !line.starts_with(STATED)) {
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            let kind = kind(line).unwrap();
            assert!(columns.len() <= 11, "{line}");
            let words = |n: usize| columns.get(n).map_or(0, |c| c.split_whitespace().count());
            assert_eq!(kind.pairs.len(), words(9 - 1), "{line}");
            assert_eq!(kind.recipe == Recipe::None, words(10 - 1) == 0, "{line}");
        }
        assert!(stated().iter().all(|s| !s.fields.is_empty()));
        let m365 = kinds.iter().find(|k| k.product == "m365").unwrap();
        assert_eq!(known(m365, "Workload").role, Some((Role::Channel, 0)));
        assert_eq!(known(m365, "CreationTime").role, Some((Role::UtcTime, 0)));
        assert_eq!(known(m365, "Parameters.Value").part, Part::PairValue);
        assert_eq!(known(m365, "Parameters.Value").names[1].as_deref(), Some("Parameters"));
    }
}
