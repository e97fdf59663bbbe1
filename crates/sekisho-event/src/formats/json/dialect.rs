//! Which dialect a record speaks, told by the keys that occur in it.

use hashbrown::HashMap;

use super::cloud::{self, Kind, Pair, Stated};
use super::paths::Marks;
use super::roles::Meaning;
use super::{folds, windows, zeek};

/// A way of writing records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Windows events, nested as in their XML.
    Nested,
    /// Windows events of winlogbeat and the Elastic agent.
    Winlogbeat,
    /// Windows events of Wazuh.
    Wazuh,
    /// Windows events on one level.
    Flat,
    Zeek,
    /// A line of the table of kinds.
    Known(usize),
    Unknown,
}

impl Dialect {
    /// A number of its own.
    pub(super) fn index(self) -> usize {
        match self {
            Self::Nested => 0,
            Self::Winlogbeat => 1,
            Self::Flat => 2,
            Self::Zeek => 3,
            Self::Unknown => 4,
            Self::Wazuh => 5,
            Self::Known(kind) => 6 + kind,
        }
    }

    pub(super) fn is_windows(self) -> bool {
        matches!(self, Self::Nested | Self::Winlogbeat | Self::Wazuh | Self::Flat)
    }
}

/// Keys that must all occur; tried before the table of kinds.
const BEFORE: &[(Dialect, &[&str])] = &[
    (Dialect::Nested, &["Event.System"]),
    (Dialect::Nested, &["Event.System.EventID"]),
    (Dialect::Nested, &["System.EventID"]),
    (Dialect::Winlogbeat, &["winlog.event_id"]),
    (Dialect::Winlogbeat, &["winlog.channel"]),
    (Dialect::Winlogbeat, &["winlog.provider_name"]),
    (Dialect::Winlogbeat, &["winlog.event_data"]),
    (Dialect::Wazuh, &["data.win.system.eventID"]),
    (Dialect::Winlogbeat, &["event_id", "log_name"]),
    (Dialect::Winlogbeat, &["event_id", "event_data"]),
    (Dialect::Zeek, &["_path", "ts"]),
    (Dialect::Zeek, &["_path", "_write_ts"]),
    (Dialect::Zeek, &["@stream", "@proc", "ts"]),
    (Dialect::Zeek, &["@stream", "uid", "ts"]),
];

/// The same; tried after it.
const AFTER: &[(Dialect, &[&str])] = &[
    (Dialect::Flat, &["EventID"]),
    (Dialect::Flat, &["EventId", "Channel"]),
    (Dialect::Flat, &["EventCode", "LogName"]),
    (Dialect::Flat, &["EventCode", "SourceName"]),
    (Dialect::Flat, &["Id", "LogName", "ProviderName"]),
    (Dialect::Zeek, &["ts", "uid", "id.orig_h"]),
    (Dialect::Zeek, &["ts", "uid", "id_orig_h"]),
    (Dialect::Zeek, &["ts", "uid", "id"]),
];

/// With the name of a Zeek log as the file's name, `ts` and one of these do.
const ZEEK_LIKE: &[&str] =
    &["uid", "fuid", "id", "id.orig_h", "id_orig_h", "peer", "ts_delta", "host", "src", "note"];

/// How many decisions are remembered.
const DECIDED_MAX: usize = 4_096;

/// All dialects and the keys by which they are told.
#[derive(Debug)]
pub(super) struct Dialects {
    pub(super) kinds: Vec<Kind>,
    pub(super) stated: Vec<Stated>,
    tests: Vec<(Dialect, Marks)>,
    ts: Marks,
    zeek_like: Marks,
    /// Of keys whose text may be JSON.
    pub(super) folded: Marks,
    last: Option<(Marks, bool, Dialect)>,
    decided: HashMap<(Marks, bool), Dialect>,
}

impl Dialects {
    /// The dialects, and the marks that keys get for them.
    pub(super) fn new() -> (Self, HashMap<String, Marks>) {
        let kinds = cloud::kinds();
        let mut marks: HashMap<String, Marks> = HashMap::new();
        let mut mark = |keys: &[&str]| {
            keys.iter().fold(Marks::NONE, |mask, key| {
                let bit = u32::try_from(marks.len()).unwrap_or(u32::MAX);
                let fresh = Marks::bit(bit).unwrap_or_default();
                mask.and(*marks.entry((*key).to_owned()).or_insert(fresh))
            })
        };
        let mut tests: Vec<_> = BEFORE.iter().map(|(d, keys)| (*d, mark(keys))).collect();
        tests.extend(kinds.iter().enumerate().map(|(n, k)| (Dialect::Known(n), mark(&k.keys))));
        tests.extend(AFTER.iter().map(|(d, keys)| (*d, mark(keys))));
        let (ts, zeek_like) = (mark(&["ts"]), mark(ZEEK_LIKE));
        let folded = Marks::bit(Marks::BITS - 1).unwrap_or_default();
        for key in folds::FOLDED {
            let slot = marks.entry((*key).to_owned()).or_default();
            *slot = slot.and(folded);
        }
        let dialects = Self {
            kinds,
            stated: cloud::stated(),
            tests,
            ts,
            zeek_like,
            folded,
            last: None,
            decided: HashMap::new(),
        };
        (dialects, marks)
    }

    /// The dialect of a record with these marks, in a file that has the name
    /// of a Zeek log or not.
    pub(super) fn decide(&mut self, marks: Marks, zeek_name: bool) -> Dialect {
        if let Some((m, z, dialect)) = self.last
            && (m, z) == (marks, zeek_name)
        {
            return dialect;
        }
        let key = (marks, zeek_name);
        let dialect = match self.decided.get(&key) {
            Some(&dialect) => dialect,
            None => {
                let dialect = self.told(marks, zeek_name);
                if self.decided.len() >= DECIDED_MAX {
                    self.decided.clear();
                }
                self.decided.insert(key, dialect);
                dialect
            }
        };
        self.last = Some((marks, zeek_name, dialect));
        dialect
    }

    fn told(&self, marks: Marks, zeek_name: bool) -> Dialect {
        let named = zeek_name && marks.meet(self.ts) && marks.meet(self.zeek_like);
        match self.tests.iter().find(|(_, mask)| marks.hold(*mask)) {
            Some(&(dialect, _)) => dialect,
            None if named => Dialect::Zeek,
            None => Dialect::Unknown,
        }
    }

    /// Whether records of a dialect are this product's.
    pub(super) fn is_of(&self, dialect: Dialect, product: &str) -> bool {
        let Dialect::Known(kind) = dialect else { return false };
        self.kinds.get(kind).is_some_and(|kind| kind.product == product)
    }

    /// The pairs of name and value that a path is a part of.
    pub(super) fn pair(&self, dialect: Dialect, path: &str) -> Option<&Pair> {
        let Dialect::Known(kind) = dialect else { return None };
        Some(self.kinds.get(kind)?.pair(unwrapped(path))?.0)
    }

    /// What a path means in a dialect.
    pub(super) fn meaning(&self, dialect: Dialect, path: &str) -> Meaning {
        let inner = unwrapped(path);
        match dialect {
            Dialect::Nested => windows::nested(inner),
            Dialect::Winlogbeat => windows::winlogbeat(inner),
            Dialect::Wazuh => windows::wazuh(inner),
            Dialect::Flat => windows::flat(inner),
            Dialect::Zeek => zeek::meaning(inner),
            Dialect::Known(kind) => match self.kinds.get(kind) {
                Some(kind) => cloud::known(kind, inner),
                None => cloud::unknown(path),
            },
            Dialect::Unknown => cloud::unknown(path),
        }
    }
}

/// A path without what an export from Elasticsearch or Splunk, a bus or an API
/// puts around each record, also one around the other.
pub(super) fn unwrapped(mut path: &str) -> &str {
    for _ in 0..folds::DEPTH_MAX {
        let Some(inner) = folds::AROUND.iter().find_map(|around| path.strip_prefix(around)) else {
            break;
        };
        path = inner;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_bit_for_every_key() {
        let (dialects, marks) = Dialects::new();
        // Keys whose text is read share one bit.
        let own = marks.values().filter(|m| **m != dialects.folded).count();
        assert!(own < Marks::BITS as usize, "{own}");
        assert!(marks.values().all(|m| *m != Marks::NONE));
        assert!(dialects.tests.iter().all(|(_, mask)| *mask != Marks::NONE));
        assert!(dialects.tests.iter().all(|(_, mask)| !mask.meet(dialects.folded)));
    }

    #[test]
    fn keys_tell_the_dialect() {
        let (mut dialects, marks) = Dialects::new();
        let mut decide = |keys: &[&str], zeek| {
            let of = |k: &&str| marks.get(*k).copied().unwrap_or_default();
            dialects.decide(keys.iter().map(of).fold(Marks::NONE, Marks::and), zeek)
        };
        assert_eq!(decide(&["Event.System", "EventID"], false), Dialect::Nested);
        assert_eq!(decide(&["EventID"], false), Dialect::Flat);
        assert_eq!(decide(&["ts", "host"], false), Dialect::Unknown);
        assert_eq!(decide(&["ts", "host"], true), Dialect::Zeek);
        assert_eq!(decide(&[], true), Dialect::Unknown);
        let cloudtrail = decide(&["eventSource", "eventName", "eventVersion"], false);
        assert!(matches!(cloudtrail, Dialect::Known(_)));
        assert_eq!(unwrapped("result._raw.detail.eventName"), "eventName");
    }
}
