//! From events to activity. One family of logs is one extractor; which fields
//! it reads, it says itself, so that a scan decodes no others.

mod class;
mod cloud;
mod commanded;
pub mod commands;
mod known;
mod linux;
mod row;
mod seen;
mod sensor;
mod sids;
#[cfg(test)]
pub(crate) mod testing;
mod windows;

use hashbrown::{HashMap, HashSet};
use sekisho_event::{EventBatch, Shape, Vocabulary};

use crate::activity::{Activity, Actor, LogonKind, Peer, Session, SessionStep, What};
use crate::estate::Domains;
use crate::evidence::{Evidence, Record, RecordId, reckoned};
use crate::ledger::{Heard, Hour, Source};
use crate::limits::ACTIVITIES_MAX;
use crate::names::{Name, Names};

pub use class::{Class, shows};
pub(crate) use cloud::{READS, region_of};
pub use known::{Known, KnownNames, NameBy};
pub use linux::Linux;
pub use row::{Columns, Row};
pub use seen::Seen;
pub use sids::Sids;
pub use windows::{Windows, is_machine_account, is_service_identity};

/// One family of logs.
pub trait Extractor: Sync + std::fmt::Debug {
    /// The fields that it reads.
    fn fields(&self) -> &'static [&'static str];

    /// Whether it reads events of this shape.
    fn reads(&self, shape: &Shape) -> bool;

    /// The activities that an event shows. Says the class of the event with
    /// [`Out::class`], also where there is no activity in it.
    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>);

    /// Whether no two events of this shape are alike in all of its fields and
    /// the time, so that one which comes again is the same one: a log beside a
    /// collection of all logs, one export beside another. It is not read again.
    fn tells_apart(&self, _shape: &Shape) -> bool {
        false
    }
}

/// All of them; the first that reads a shape has it.
pub const EXTRACTORS: &[&dyn Extractor] = &[
    &Windows,
    &Linux,
    &cloud::Aws,
    &cloud::M365,
    &cloud::Entra,
    &cloud::Azure,
    &cloud::Google,
    &sensor::Zeek,
    &sensor::Suricata,
    &sensor::Proxy,
    &sensor::Firewall,
];

/// What was read out of events so far.
#[derive(Debug, Default)]
pub struct Extraction {
    /// All names.
    pub names: Names,
    /// The records that activity was read from.
    pub evidence: Evidence,
    /// Activities, in the order in which they were read.
    pub activities: Vec<Activity>,
    /// Which sources were heard when, of which class.
    pub heard: Heard,
    /// Cells with events of files of which not all records could be read. Has to
    /// be said before they come.
    pub unread: HashSet<u32>,
    /// Of which domains the hosts are that records are of.
    pub domains: Domains,
    /// Which host had which address when, as records say.
    pub known: KnownNames,
    /// Which account has which SID, as records say.
    pub sids: Sids,
    /// Events that can be told from others ([`Extractor::tells_apart`]), and how
    /// many came again.
    pub seen: Seen,
    /// Activities that no longer fitted ([`ACTIVITIES_MAX`]).
    pub dropped: u64,
    /// Events (cell, index) that need a record even where they show no
    /// activity: something was detected in them.
    pub wanted: HashSet<(u32, u64)>,
    /// Sessions that were seen in use, by who used them where and in which
    /// hour, with the number of the activity that says so.
    in_use: HashMap<(Option<Name>, Actor, Option<Name>, Hour), usize>,
}

/// Where a row stands in the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Leaf {
    /// Cell.
    pub cell: u32,
    /// Number in the cell.
    pub index: u64,
}

impl Extraction {
    /// The fields that a scan has to decode.
    #[must_use]
    pub fn fields() -> HashSet<Box<str>> {
        EXTRACTORS.iter().flat_map(|e| e.fields()).map(|name| (*name).into()).collect()
    }

    /// Puts together what several records of one thing say, such as the request
    /// that carried a file and the record of the file, or an account's SID and
    /// its name. To be called once, when all was read.
    pub fn join(&mut self) {
        sensor::join(self);
        for activity in &mut self.activities {
            self.sids.resolve(activity);
        }
    }

    /// The host that a record is of, by its name.
    fn host(&mut self, text: Option<&str>) -> Option<Name> {
        let host = self.names.host(text?)?;
        self.domains.add(host, text?);
        Some(host)
    }

    /// Reads a batch. `leaf` says where each row stands in the case.
    pub fn batch(
        &mut self,
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        leaf: &dyn Fn(usize) -> Option<Leaf>,
    ) {
        let columns = Columns::of(batch, vocabulary);
        let extractor = EXTRACTORS.iter().find(|e| e.reads(&batch.shape));
        let told = extractor.filter(|e| e.tells_apart(&batch.shape));
        let columns_told = told.map(|e| columns.of_fields(e.fields()));
        let channel = self.names.of(&channel_of(&batch.shape));
        let mut last = (None, None);
        for row in 0..batch.rows() {
            let row_view = columns.row(row);
            let Some(leaf) = leaf(row) else { continue };
            if row_view.host() != last.0 {
                last = (row_view.host(), self.host(row_view.host()));
            }
            let host = last.1;
            let record = Record {
                host,
                channel,
                record_id: row_view.record_id(),
                time: row_view.time(),
                cell: leaf.cell,
                index: leaf.index,
            };
            let wanted = self.wanted.contains(&(leaf.cell, leaf.index));
            let told = columns_told.as_ref();
            let digest = told.and_then(|told| self.seen.digest(told, &row_view));
            if let Some(before) = digest.and_then(|digest| self.seen.before(digest)) {
                if wanted {
                    let first = before.unwrap_or_else(|| self.evidence.push(record));
                    self.evidence.push_again((leaf.cell, leaf.index), first);
                }
                continue;
            }
            let mut out = Out::of(self, record, wanted);
            if let Some(extractor) = extractor {
                extractor.extract(&row_view, &mut out);
            }
            if wanted {
                out.record();
            }
            let record = out.finish();
            if let Some(digest) = digest {
                self.seen.add(digest, record);
            }
        }
    }
}

/// The name of a log in the ledger: its channel, or its product where the
/// product has only one.
#[must_use]
pub fn channel_of(shape: &Shape) -> String {
    match (shape.product.as_ref(), shape.channel.as_ref()) {
        ("", "") => "unknown".to_owned(),
        (product, "") => product.to_owned(),
        ("windows", channel) => channel.to_owned(),
        (product, channel) => format!("{product}/{channel}"),
    }
}

/// Where an extractor puts what it read.
#[derive(Debug)]
pub struct Out<'a> {
    extraction: &'a mut Extraction,
    record: Record,
    id: Option<RecordId>,
    class: Class,
    place: Option<Name>,
    /// Other names of hosts or addresses that the event is evidence of having
    /// been watched: both ends of a connection that a sensor saw.
    watched: Vec<Name>,
    /// Containers that the event shows to be recorded.
    alive: Vec<Name>,
    /// Something was detected in the event.
    wanted: bool,
    /// What event it is cannot be told.
    unread: bool,
}

impl<'a> Out<'a> {
    fn of(extraction: &'a mut Extraction, record: Record, wanted: bool) -> Self {
        let place = record.host;
        let class = Class::Other;
        let (watched, alive) = (Vec::new(), Vec::new());
        Self { extraction, record, id: None, class, place, watched, alive, wanted, unread: false }
    }

    /// The names, to make new ones.
    pub fn names(&mut self) -> &mut Names {
        &mut self.extraction.names
    }

    /// Whether something was detected in the event and nothing was read out of
    /// it so far: a sensor then says at least who spoke to whom, since its own
    /// host has no part in that.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        self.wanted && self.id.is_none()
    }

    /// The host that wrote the event.
    #[must_use]
    pub fn host(&self) -> Option<Name> {
        self.record.host
    }

    /// The realm that was said, else the host.
    #[must_use]
    pub fn realm(&self) -> Option<Name> {
        self.place
    }

    /// When it was ([`Record::when`]).
    #[must_use]
    pub fn time(&self) -> i64 {
        self.record.when()
    }

    /// What class of evidence the event is of.
    pub fn class(&mut self, class: Class) {
        self.class = class;
    }

    /// It is of a log that is known, and what event it is cannot be told.
    pub fn unread(&mut self) {
        self.unread = true;
    }

    /// The realm that the event is of, where that is not the host that wrote
    /// it: `aws:123456789012`, `m365:example`. The ledger knows it by that.
    pub fn place(&mut self, place: Name) {
        self.place = Some(place);
        self.record.host = Some(place);
    }

    /// A sensor saw this address or host: it was watched at that time.
    pub fn watched(&mut self, end: Name) {
        self.watched.push(end);
    }

    /// The event shows that a host had an address.
    pub fn knows(&mut self, known: Known) {
        self.extraction.known.add(known);
    }

    /// The event names an account, and gives its SID.
    pub fn same_account(&mut self, sid: Name, account: Name) {
        self.extraction.sids.add(sid, account, &self.extraction.names);
    }

    /// Records of the event's class are made for this container: a bucket, a
    /// mailbox, a site.
    pub fn alive(&mut self, container: Name) {
        self.alive.push(container);
    }

    /// The record of the event, made when first asked for.
    pub fn record(&mut self) -> RecordId {
        let Self { id, extraction, record, .. } = self;
        *id.get_or_insert_with(|| extraction.evidence.push(*record))
    }

    /// Adds an activity at the time of the event.
    pub fn push(&mut self, actor: Actor, what: What) {
        self.push_at(self.time(), actor, what);
    }

    /// Adds an activity at another time that the event states.
    pub fn push_at(&mut self, time: i64, actor: Actor, what: What) {
        if self.extraction.activities.len() >= ACTIVITIES_MAX {
            self.extraction.dropped += 1;
            return;
        }
        let (record, time) = (self.record(), reckoned(time));
        let place = self.place;
        self.extraction.activities.push(Activity { record, time, place, actor, what });
    }

    /// Adds an activity that happened elsewhere than where it was recorded:
    /// what a sensor saw on the network. The ledger goes on knowing the event
    /// as the sensor's.
    pub fn push_on(&mut self, place: Option<Name>, actor: Actor, what: What) {
        let own = std::mem::replace(&mut self.place, place);
        self.push(actor, what);
        self.place = own;
    }

    /// The actor's session was seen in use; `guid` is a second id of it. Said
    /// once an hour for each actor, with the earliest record, in whatever
    /// order records come.
    pub fn seen(&mut self, actor: Actor, guid: Option<Name>) {
        let (time, place) = (self.time(), self.place);
        let of_hour = (place, actor, guid, Hour::of(time));
        if let Some(&at) = self.extraction.in_use.get(&of_hour) {
            let earlier = |known: &Activity| {
                let other = self.extraction.evidence.get(known.record);
                other.is_some_and(|o| {
                    (time, self.record.cell, self.record.index) < (known.time, o.cell, o.index)
                })
            };
            if self.extraction.activities.get(at).is_some_and(earlier) {
                let record = self.record();
                if let Some(known) = self.extraction.activities.get_mut(at) {
                    (known.record, known.time) = (record, time);
                }
            }
            return;
        }
        let at = self.extraction.activities.len();
        self.push(
            actor,
            What::Session(Session {
                step: SessionStep::Seen,
                kind: LogonKind::Cloud,
                key: actor.session,
                linked: None,
                guid,
                account: actor.account,
                from: Peer { host: None, address: actor.address, port: None },
                to: Peer::default(),
                privileged: false,
            }),
        );
        self.extraction.in_use.insert(of_hour, at);
    }

    fn finish(self) -> Option<RecordId> {
        let Self { extraction, record, class, watched, alive, place, id, unread, .. } = self;
        extraction.heard.add(place, class, &record);
        if unread || extraction.unread.contains(&record.cell) {
            extraction.heard.unread.insert(Source { host: place, channel: record.channel });
        }
        for container in alive {
            extraction.heard.alive(place, class, container, &record);
        }
        for end in watched {
            extraction.heard.watched(end, class, &record);
        }
        id
    }
}
