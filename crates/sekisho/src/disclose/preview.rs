//! What is about to leave, for the owner to look at: the exact bytes of each
//! disclosure, what is withheld, what was released before, and what the
//! release lets its reader link.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho_case::bounded::read_regular;
use sekisho_case::event::{Disclosure, EventHead, Leaf};
use sekisho_case::release::{Content, ReleasedEvent};
use sekisho_case::statement::Standing;
use sekisho_case::verify::{Trust, Verified, verify_release};

use super::clear::InClear;
use super::files::Files;
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

/// A piece of a preview: one record or event.
#[derive(Clone, Debug)]
pub struct Part {
    /// Whether it is an event; else a record or another file.
    pub is_event: bool,
    /// Its lines. Where texts of logs are in them, so may be anything that those have.
    pub lines: Vec<String>,
}

/// What of an event leaves besides its fields.
#[derive(Clone, Debug, Default)]
struct Besides {
    /// Places and numbers, in words.
    in_clear: String,
    /// The names of withheld fields as they leave: JSON.
    withheld: Option<String>,
    /// Hashes of fields, and on the way to the root of its cell.
    hashes: (usize, usize),
}

impl Besides {
    fn of(event: &ReleasedEvent) -> Result<Self> {
        let leaf = Leaf::parse(&event.leaf)?;
        let EventHead { time, record_id, source, offset, ordinal } = leaf.head;
        let time = match time {
            EventHead::TIME_UNKNOWN => "no time".to_owned(),
            time => format!("time {time} (nanoseconds since 1970)"),
        };
        let id = match record_id {
            EventHead::RECORD_ID_UNKNOWN => "no record id".to_owned(),
            id => format!("record id {id}"),
        };
        let (cell, index) = (event.cell, event.index);
        let in_clear = format!(
            "index {index} of the cell of entries/{cell}; {time}; {id}; source {source}, offset \
             {offset}, ordinal {ordinal}"
        );
        let withheld = event.withheld.as_ref().map(serde_json::to_string).transpose()?;
        let hashes = (leaf.digests().len(), event.proof.len());
        Ok(Self { in_clear, withheld, hashes })
    }
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
    /// Name and value of each of them.
    kept_back: Vec<(String, String)>,
    besides: Besides,
    /// Numbers of earlier releases that had this event.
    pub before: Vec<u32>,
}

impl Shown {
    pub(super) fn new<'d>(
        event: &FoundEvent,
        disclosures: &[String],
        kept_back: impl Iterator<Item = &'d String>,
        withheld: Vec<String>,
    ) -> Self {
        let kept_back = kept_back.filter_map(|text| Disclosure::parse(text).ok());
        let kept_back = kept_back.map(|one| (one.name().to_owned(), one.value().to_owned()));
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
            kept_back: kept_back.collect(),
            besides: Besides::default(),
            before: Vec::new(),
        }
    }

    /// Whether the event has a field, shown or not.
    pub(super) fn has(&self, name: &str) -> bool {
        let written = sekisho_case::event::written_name(name);
        self.names.contains(&*written) || self.withheld.iter().any(|other| *other == written)
    }

    /// All of it.
    fn lines(&self) -> Vec<String> {
        let mut time = Vec::new();
        crate::examine::json::time(self.time, &mut time);
        let mut lines = vec![
            format!(
                "event {}.{}  {}  {}  {}",
                self.cell,
                self.index,
                String::from_utf8_lossy(&time).trim_matches('"'),
                self.host,
                self.channel,
            ),
            format!("  in clear  {}", self.besides.in_clear),
        ];
        lines.extend(self.disclosed.iter().map(|json| format!("  shows     {json}")));
        match &self.besides.withheld {
            Some(_) if self.withheld.is_empty() => {}
            Some(json) => lines.push(format!("  withholds {json}")),
            None => lines.push(format!(
                "  withholds {} fields, and their names: {}",
                self.withheld.len(),
                self.withheld.join(", ")
            )),
        }
        if !self.before.is_empty() {
            lines.push(format!("  left before in release {:?}", self.before));
        }
        lines
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
    files: Files,
    in_clear: InClear,
}

impl Preview {
    /// Shows what a release holds.
    ///
    /// # Errors
    ///
    /// An event of it is not what it should be.
    pub(super) fn new(
        request: &Request,
        mut events: Vec<Shown>,
        before: Earlier,
        content: &Content,
        files: Files,
    ) -> Result<Self> {
        events.sort_by_key(|event| (event.cell, event.index));
        // Released events are by entry of the cell: in the same order as cells.
        for (event, released) in events.iter_mut().zip(&content.events) {
            let key = (released.cell, released.index);
            event.before = before.events.get(&key).cloned().unwrap_or_default();
            event.besides = Besides::of(released)?;
        }
        let kept_back = events.iter().flat_map(|event| &event.kept_back);
        let in_clear = InClear::find(&files.records, kept_back);
        let (to, names_hidden) = (request.to.clone(), request.hide_names);
        Ok(Self { to, names_hidden, events, unknown_before: before.unknown, files, in_clear })
    }

    /// All that leaves, one after the other: the records, then the events.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        let (mut fields, mut cells) = (0, 0);
        for Besides { hashes, .. } in self.events.iter().map(|event| &event.besides) {
            fields += hashes.0;
            cells += hashes.1;
        }
        let records = self.files.records.iter().map(super::files::Leaving::lines);
        let files = [self.files.hashes(fields, cells), self.files.content(self.events.len())];
        let files = records.chain(files).map(|lines| Part { is_event: false, lines });
        files.chain(self.events.iter().map(|event| Part { is_event: true, lines: event.lines() }))
    }

    /// Withheld values that leave all the same since a record says them, one
    /// line for each type of record.
    #[must_use]
    pub fn withheld_in_clear(&self) -> Vec<String> {
        self.in_clear.lines()
    }

    /// What the release lets its reader put together, in sentences.
    #[must_use]
    pub fn linkage(&self) -> Vec<String> {
        let hosts: BTreeSet<&str> = self.events.iter().map(|event| &*event.host).collect();
        let channels: BTreeSet<(&str, &str)> =
            self.events.iter().map(|event| (&*event.host, &*event.channel)).collect();
        let again = self.events.iter().filter(|event| !event.before.is_empty()).count();
        let mut said = vec!["all that the records say, whatever fields are shown".to_owned()];
        said.push(format!(
            "in clear for each event: host, channel, day, time, record id, number of the source and \
             place in it ({} hosts, {} channels of hosts)",
            hosts.len(),
            channels.len()
        ));
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
