//! What one thread does with a segment: decode what rules read, match, and put
//! together the events in which something was found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sekisho_event::{
    EventBatch, FieldId, Projection, RECORD_ID_UNKNOWN, Shape, TIME_UNKNOWN, ValueId, Vocabulary,
};
use sekisho_sigma::{Match, Matcher, Observation};
use sekisho_store::{Error, OpenSegment, Segment, ShapeRows, StoredBatch};

use super::{Found, Hunt, HuntMatch, What, event};
use crate::indicators::{IndicatorMatch, IndicatorMatcher};

/// One thread's state. It serves as long as segments have the same columns to
/// be read.
pub(super) struct Worker<'a> {
    hunt: &'a Hunt<'a>,
    reading: Option<Reading>,
    whole: Vocabulary,
}

/// What is known of the values of some columns.
struct Reading {
    columns: Columns,
    vocabulary: Vocabulary,
    matcher: Matcher,
    indicators: Option<IndicatorMatcher>,
}

/// Which columns are read: all of the shapes in `whole`, and those with these
/// names of others.
#[derive(Default, PartialEq, Eq)]
struct Columns {
    all: bool,
    names: BTreeSet<Box<str>>,
    whole: Vec<Shape>,
}

impl Columns {
    fn of(hunt: &Hunt<'_>, shapes: &[Shape]) -> Self {
        let mut columns = Self { all: true, ..Self::default() };
        for shape in shapes {
            match hunt.program.columns_read(shape) {
                None => columns.whole.push(shape.clone()),
                Some(names) => {
                    columns.all = false;
                    columns.names.extend(names);
                }
            }
        }
        if columns.all {
            return Self { all: true, ..Self::default() };
        }
        let extra = hunt.correlator.into_iter().flat_map(|c| c.fields());
        columns.names.extend(extra.map(Into::into));
        let asked = hunt.indicators.into_iter().flat_map(|program| program.fields());
        columns.names.extend(asked.map(Into::into));
        columns
    }

    fn projection(&self) -> Projection {
        if self.all {
            return Projection::All;
        }
        let names = self.names.iter().cloned().collect();
        Projection::Some { names, whole: self.whole.clone() }
    }
}

/// A match, and the row in its group.
struct Row {
    row: u64,
    found: HuntMatch,
}

impl<'a> Worker<'a> {
    pub(super) fn new(hunt: &'a Hunt<'a>) -> Self {
        Self { hunt, reading: None, whole: Vocabulary::new(Projection::All) }
    }

    /// Searches a segment.
    pub(super) fn search(&mut self, number: usize) -> Found {
        let mut found = Found { segment: number, ..Found::default() };
        let Some(segment) = self.hunt.store.segments().get(number) else { return found };
        found.rows = segment.rows;
        let shapes: Vec<Shape> = segment.shapes.iter().map(shape_of).collect();
        let looked =
            |shape: &Shape| self.hunt.indicators.is_some() || self.hunt.program.looks_at(shape);
        let rows = segment.shapes.iter().zip(&shapes).filter(|(_, shape)| looked(shape));
        found.looked_at = rows.map(|(of, _)| of.rows).sum();
        if found.looked_at > 0
            && let Err(error) = self.read(segment, &shapes, &mut found)
        {
            found.error = Some(error);
        }
        found
    }

    fn read(
        &mut self,
        segment: &Segment,
        shapes: &[Shape],
        found: &mut Found,
    ) -> Result<(), Error> {
        let mut open = self.hunt.store.segment(segment)?;
        let columns = Columns::of(self.hunt, shapes);
        let mut reading = self.reading(columns);
        for group in 0..open.groups() {
            if self.hunt.stop.load(Ordering::Relaxed) {
                break;
            }
            let rows = reading.group(self.hunt, &mut open, group)?;
            self.complete(rows, &mut open, group, reading.columns.all, found)?;
        }
        self.reading = Some(reading);
        Ok(())
    }

    /// What serves to read these columns.
    fn reading(&mut self, columns: Columns) -> Reading {
        match self.reading.take() {
            Some(reading) if reading.columns == columns => reading,
            _ => Reading {
                vocabulary: Vocabulary::new(columns.projection()),
                columns,
                matcher: Matcher::new(Arc::clone(self.hunt.program)),
                indicators: self.hunt.indicators.map(|p| IndicatorMatcher::new(Arc::clone(p))),
            },
        }
    }

    /// Adds the whole events, and moves the matches over.
    fn complete(
        &mut self,
        rows: Vec<Row>,
        open: &mut OpenSegment,
        group: usize,
        complete: bool,
        found: &mut Found,
    ) -> Result<(), Error> {
        let mut events: BTreeMap<u64, Arc<[u8]>> = BTreeMap::new();
        if !complete && !rows.is_empty() {
            let wanted: BTreeSet<u64> = rows.iter().map(|row| row.row).collect();
            let mut before = 0;
            open.scan_group(group, &mut self.whole, &mut |stored, vocabulary| {
                let count = stored.batch.rows() as u64;
                for &row in wanted.range(before..before + count) {
                    let at = usize::try_from(row - before).unwrap_or(usize::MAX);
                    events.insert(row, whole_event(&stored.batch, at, vocabulary));
                }
                before += count;
            })?;
        }
        found.matches.extend(rows.into_iter().map(|row| match events.get(&row.row) {
            Some(event) => HuntMatch { event: Arc::clone(event), ..row.found },
            None => row.found,
        }));
        Ok(())
    }
}

fn whole_event(batch: &EventBatch, row: usize, vocabulary: &Vocabulary) -> Arc<[u8]> {
    let mut json = Vec::new();
    event::write(batch, row, vocabulary, &mut json);
    json.into()
}

fn shape_of(rows: &ShapeRows) -> Shape {
    Shape {
        product: rows.product.as_str().into(),
        channel: rows.channel.as_str().into(),
        event_id: rows.event_id,
    }
}

impl Reading {
    /// Matches one group of rows.
    fn group(
        &mut self,
        hunt: &Hunt<'_>,
        open: &mut OpenSegment,
        group: usize,
    ) -> Result<Vec<Row>, Error> {
        let Self { columns, vocabulary, matcher, indicators } = self;
        let (mut out, mut before) = (Vec::new(), 0);
        let (mut rules, mut indicated) = (Vec::new(), Vec::new());
        open.scan_group(group, vocabulary, &mut |stored, vocabulary| {
            matcher.run(&stored.batch, vocabulary, &mut rules);
            if let Some(indicators) = indicators {
                indicators.run(&stored.batch, vocabulary, &mut indicated);
            }
            let batch = Batch { hunt, stored, vocabulary, complete: columns.all, before };
            batch.note(&mut rules, &mut indicated, &mut out);
            before += stored.batch.rows() as u64;
        })?;
        Ok(out)
    }
}

/// A batch with what was found in it.
struct Batch<'a> {
    hunt: &'a Hunt<'a>,
    stored: &'a StoredBatch,
    vocabulary: &'a Vocabulary,
    /// Whether all columns are there.
    complete: bool,
    /// How many rows of the group are before it.
    before: u64,
}

impl Batch<'_> {
    fn note(
        &self,
        rules: &mut Vec<Match>,
        indicated: &mut Vec<IndicatorMatch>,
        out: &mut Vec<Row>,
    ) {
        let unknown = self.stored.batch.shape.is_unknown();
        let start = out.len();
        for m in rules.drain(..) {
            // Every rule looks at what may be of any log source. One that only
            // says what must not be there would match all of it.
            if unknown && m.evidence.is_empty() {
                continue;
            }
            let observations = self.observations(&m);
            out.extend(self.found(m.row, What::Rule(m.rule), &m.evidence, observations));
        }
        for m in indicated.drain(..) {
            let what = What::Indicator(m.indicator, m.observation);
            out.extend(self.found(m.row, what, &m.evidence, Vec::new()));
        }
        if let Some(new) = out.get_mut(start..) {
            new.sort_by_key(|row| (row.row, row.found.what));
            if self.complete {
                self.add_events(new);
            }
        }
    }

    /// Puts the whole event to each match; those of one row share it.
    fn add_events(&self, rows: &mut [Row]) {
        for of_row in rows.chunk_by_mut(|a, b| a.row == b.row) {
            let at = of_row.first().map_or(0, |first| first.row - self.before);
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            let event = whole_event(&self.stored.batch, at, self.vocabulary);
            of_row.iter_mut().for_each(|row| row.found.event = Arc::clone(&event));
        }
    }

    fn observations(&self, m: &Match) -> Vec<Observation> {
        let Some(correlator) = self.hunt.correlator else { return Vec::new() };
        let batch = &self.stored.batch;
        let row = m.row as usize;
        let time = batch.times.get(row).copied().unwrap_or(TIME_UNKNOWN);
        if time == TIME_UNKNOWN {
            return Vec::new();
        }
        let program = self.hunt.program;
        let mut field = |name: &str| program.value_of(m.rule, name, batch, row, self.vocabulary);
        correlator.wanted(m.rule).iter().filter_map(|w| w.observe(time, &mut field)).collect()
    }

    fn found(
        &self,
        row: u32,
        what: What,
        evidence: &[(FieldId, ValueId)],
        observations: Vec<Observation>,
    ) -> Option<Row> {
        let (at, batch, vocabulary) = (row as usize, &self.stored.batch, self.vocabulary);
        let matched = evidence.iter().map(|&(field, value)| {
            let text = vocabulary.dictionary(field).map_or("", |d| d.text(value));
            (vocabulary.name(field).into(), text.into())
        });
        let host = batch.hosts.get(at).copied().unwrap_or(ValueId::ABSENT);
        let record_id = batch.record_ids.get(at).copied();
        let found = HuntMatch {
            what,
            place: self.stored.row(at)?,
            time: batch.times.get(at).copied().unwrap_or(TIME_UNKNOWN),
            host: vocabulary.hosts.text(host).into(),
            channel: batch.shape.channel.clone(),
            record_id: record_id.filter(|&id| id != RECORD_ID_UNKNOWN),
            matched: matched.collect(),
            event: Arc::from(&b"{}"[..]),
            observations,
        };
        Some(Row { row: self.before + u64::from(row), found })
    }
}
