//! What is about to leave, for the owner to look at: the exact bytes of each
//! disclosure, what is withheld, what was released before, and what the
//! release lets its reader link.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho_case::bounded::read_regular;
use sekisho_case::event::Disclosure;
use sekisho_case::statement::Standing;
use sekisho_case::verify::{Trust, Verified, verify_release};

use super::{FoundEvent, Request};

/// Largest release of before that is looked into, in bytes.
const EARLIER_BYTES_MAX: usize = 256 << 20;

/// Most numbers of releases that are named in a sentence.
const NUMBERS_MAX: usize = 20;

/// Entry of the cell and number in it: what an event is in a release.
type EventKey = (u64, u64);

/// Releases of before, by event.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    events: BTreeMap<EventKey, Vec<u32>>,
    /// Releases that are on record, and whose events nobody can look up.
    unknown: Vec<u32>,
}

/// An event that is shown in part.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its cell, and its number in it.
    pub cell: u32,
    /// See `cell`.
    pub index: u64,
    /// In clear in its leaf: nanoseconds since 1970 in UTC.
    pub time: i64,
    /// In clear in its leaf.
    pub record_id: u64,
    /// In clear in the record of its cell.
    pub host: String,
    /// In clear in the record of its cell.
    pub channel: String,
    /// The JSON of each disclosure, as it will leave: salt, name, value.
    pub disclosed: Vec<String>,
    names: BTreeSet<String>,
    /// Names of the fields that are not shown.
    pub withheld: Vec<String>,
    /// Numbers of earlier releases that had this event.
    pub before: Vec<u32>,
}

impl Shown {
    pub(super) fn new(event: &FoundEvent, disclosures: &[String], withheld: Vec<String>) -> Self {
        let parsed = disclosures.iter().filter_map(|text| Disclosure::parse(text).ok());
        let (mut disclosed, mut names) = (Vec::new(), BTreeSet::new());
        for disclosure in parsed {
            names.insert(disclosure.name().to_owned());
            let json = URL_SAFE_NO_PAD.decode(disclosure.text()).unwrap_or_default();
            disclosed.push(String::from_utf8_lossy(&json).into_owned());
        }
        Self {
            cell: event.row.cell,
            index: event.row.index,
            time: event.time,
            record_id: event.record_id,
            host: event.host.clone(),
            channel: event.channel.clone(),
            disclosed,
            names,
            withheld,
            before: Vec::new(),
        }
    }

    /// Whether the event has a field, shown or not.
    pub(super) fn has(&self, name: &str) -> bool {
        let written = sekisho_case::event::written_name(name);
        self.names.contains(&*written) || self.withheld.iter().any(|other| *other == written)
    }
}

/// All that is about to leave.
#[derive(Clone, Debug)]
pub struct Preview {
    /// For whom; may be empty.
    pub to: String,
    /// Whether names of withheld fields stay hidden.
    pub names_hidden: bool,
    /// The events.
    pub events: Vec<Shown>,
    /// Numbers of earlier releases that the case has not kept, or that cannot be read: whether these
    /// events were in them, nobody can tell.
    pub unknown_before: Vec<u32>,
}

impl Preview {
    pub(super) fn new<'k>(
        request: &Request,
        mut events: Vec<Shown>,
        before: Earlier,
        keys: impl Iterator<Item = &'k EventKey>,
    ) -> Self {
        events.sort_by_key(|event| (event.cell, event.index));
        // Keys are by entry of the cell: in the same order as cells.
        for (event, key) in events.iter_mut().zip(keys) {
            event.before = before.events.get(key).cloned().unwrap_or_default();
        }
        let (to, names_hidden) = (request.to.clone(), request.hide_names);
        Self { to, names_hidden, events, unknown_before: before.unknown }
    }

    /// What the release lets its reader put together, in sentences.
    #[must_use]
    pub fn linkage(&self) -> Vec<String> {
        let hosts: BTreeSet<&str> = self.events.iter().map(|event| &*event.host).collect();
        let channels: BTreeSet<(&str, &str)> =
            self.events.iter().map(|event| (&*event.host, &*event.channel)).collect();
        let again = self.events.iter().filter(|event| !event.before.is_empty()).count();
        let mut said = vec![format!(
            "in clear for each event: host, channel, day, time, record id, number of the source and \
             place in it ({} hosts, {} channels of hosts)",
            hosts.len(),
            channels.len()
        )];
        if again > 0 {
            said.push(format!(
                "{again} of the events left before: whoever has both releases can put their fields \
                 together"
            ));
        }
        if !self.unknown_before.is_empty() {
            let count = self.unknown_before.len();
            let first: Vec<String> =
                self.unknown_before.iter().take(NUMBERS_MAX).map(u32::to_string).collect();
            let more = if count > NUMBERS_MAX { ", …" } else { "" };
            said.push(format!(
                "whether these events left before cannot be told in full: of the releases on record \
                 {count} are not kept in the case, or are not what was sealed ({}{more})",
                first.join(", ")
            ));
        }
        if !self.names_hidden {
            said.push("the names of all fields of these events, also of withheld ones".to_owned());
        }
        said.push("how many events each of these cells has".to_owned());
        said
    }

    /// All of it as text; at most so many events in full.
    #[must_use]
    pub fn to_text(&self, events_max: usize) -> String {
        let mut text = String::new();
        for event in self.events.iter().take(events_max) {
            let mut time = Vec::new();
            crate::examine::json::time(event.time, &mut time);
            let _ = writeln!(
                text,
                "event {}.{}  {}  {}  {}",
                event.cell,
                event.index,
                String::from_utf8_lossy(&time).trim_matches('"'),
                event.host,
                event.channel,
            );
            for json in &event.disclosed {
                let _ = writeln!(text, "  shows     {json}");
            }
            if !event.withheld.is_empty() {
                let _ = writeln!(text, "  withholds {}", event.withheld.join(", "));
            }
            if !event.before.is_empty() {
                let _ = writeln!(text, "  left before in release {:?}", event.before);
            }
        }
        let more = self.events.len().saturating_sub(events_max);
        if more > 0 {
            let _ = writeln!(text, "… and {more} more events (--dry-run shows all)");
        }
        text
    }
}

/// The events of earlier releases that the case has kept.
pub(super) fn earlier(folder: &Path, releases: u32) -> Earlier {
    let mut earlier = Earlier::default();
    for number in 1..=releases {
        let path = folder.join("releases").join(format!("{number:04}.zip"));
        let read = read_regular(&path, EARLIER_BYTES_MAX).ok();
        let verified = read.and_then(|bytes| verify_release(&bytes, &Trust::default()).ok());
        let whole = |verified: &Verified| {
            verified.statements.iter().all(|said| said.standing != Standing::Broken)
        };
        if !verified.as_ref().is_some_and(whole) {
            earlier.unknown.push(number);
        }
        for event in verified.into_iter().flat_map(|verified| verified.events) {
            earlier.events.entry((event.cell, event.index)).or_default().push(number);
        }
    }
    earlier
}
