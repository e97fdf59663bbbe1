//! From events to activity. One family of logs is one extractor; which fields
//! it reads, it says itself, so that a scan decodes no others.

mod class;
mod commanded;
pub mod commands;
mod linux;
mod row;
#[cfg(test)]
pub(crate) mod testing;
mod windows;

use hashbrown::HashSet;
use sekisho_event::{EventBatch, Shape, Vocabulary};

use crate::activity::{Activity, Actor, What};
use crate::evidence::{Evidence, Record, RecordId};
use crate::ledger::Heard;
use crate::limits::ACTIVITIES_MAX;
use crate::names::{Name, Names};

pub use class::Class;
pub use linux::Linux;
pub use row::{Columns, Row};
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
}

/// All of them; the first that reads a shape has it.
pub const EXTRACTORS: &[&dyn Extractor] = &[&Windows, &Linux];

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
    /// Activities that no longer fitted ([`ACTIVITIES_MAX`]).
    pub dropped: u64,
    /// Events (cell, index) that need a record even where they show no
    /// activity: something was detected in them.
    pub wanted: HashSet<(u32, u64)>,
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

    /// Reads a batch. `leaf` says where each row stands in the case.
    pub fn batch(
        &mut self,
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        leaf: &dyn Fn(usize) -> Option<Leaf>,
    ) {
        let columns = Columns::of(batch, vocabulary);
        let extractor = EXTRACTORS.iter().find(|e| e.reads(&batch.shape));
        let channel = self.names.of(&channel_of(&batch.shape));
        for row in 0..batch.rows() {
            let row_view = columns.row(row);
            let Some(leaf) = leaf(row) else { continue };
            let host = row_view.host().and_then(|host| self.names.host(host));
            let record = Record {
                host,
                channel,
                record_id: row_view.record_id(),
                time: row_view.time(),
                cell: leaf.cell,
                index: leaf.index,
            };
            let wanted = self.wanted.contains(&(leaf.cell, leaf.index));
            let mut out = Out::of(self, record);
            if let Some(extractor) = extractor {
                extractor.extract(&row_view, &mut out);
            }
            if wanted {
                out.record();
            }
            out.finish();
        }
    }
}

/// The name of a log in the ledger: its channel, or its product where the
/// product has only one.
fn channel_of(shape: &Shape) -> String {
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
}

impl<'a> Out<'a> {
    fn of(extraction: &'a mut Extraction, record: Record) -> Self {
        let place = record.host;
        let class = Class::Other;
        Self { extraction, record, id: None, class, place, watched: Vec::new() }
    }

    /// The names, to make new ones.
    pub fn names(&mut self) -> &mut Names {
        &mut self.extraction.names
    }

    /// The host that wrote the event.
    #[must_use]
    pub fn host(&self) -> Option<Name> {
        self.record.host
    }

    /// When it says it was.
    #[must_use]
    pub fn time(&self) -> i64 {
        self.record.time
    }

    /// What class of evidence the event is of.
    pub fn class(&mut self, class: Class) {
        self.class = class;
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

    /// The record of the event, made when first asked for.
    pub fn record(&mut self) -> RecordId {
        let Self { id, extraction, record, .. } = self;
        *id.get_or_insert_with(|| extraction.evidence.push(*record))
    }

    /// Adds an activity at the time of the event.
    pub fn push(&mut self, actor: Actor, what: What) {
        let time = self.record.time;
        self.push_at(time, actor, what);
    }

    /// Adds an activity at another time that the event states.
    pub fn push_at(&mut self, time: i64, actor: Actor, what: What) {
        if self.extraction.activities.len() >= ACTIVITIES_MAX {
            self.extraction.dropped += 1;
            return;
        }
        let record = self.record();
        let place = self.place;
        self.extraction.activities.push(Activity { record, time, place, actor, what });
    }

    fn finish(self) {
        let Self { extraction, record, class, watched, place, .. } = self;
        extraction.heard.add(place, class, &record);
        for end in watched {
            extraction.heard.watched(end, class, &record);
        }
    }
}
