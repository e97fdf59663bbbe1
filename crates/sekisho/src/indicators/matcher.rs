//! Runs a program over batches. What a value answers is found out once and
//! remembered under its id; of a column in which nothing was found no event is
//! looked at, so that indicators that do not match cost nothing an event.

use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_event::{Column, EventBatch, FieldId, Shape, TIME_UNKNOWN, ValueId, Vocabulary};

use super::evaluate::{Evidence, Hit, Hits};
use super::form::{Parts, extract};
use super::limits::{ANSWERS_MAX, JOINED_MAX, PLANS_MAX};
use super::mapping::{Mapping, Reading, Source};
use super::program::{AtomId, IndicatorId, IndicatorProgram, Scratch};
use super::unsearched::Unsearched;
use super::web::joined_url;

/// An indicator that an event satisfies, or an observation of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorMatch {
    /// The event's row in its batch.
    pub row: u32,
    /// The indicator.
    pub indicator: IndicatorId,
    /// `None`: the event satisfies the pattern alone. Else the number of the
    /// observation in the pattern that it satisfies; the
    /// [`IndicatorCorrelator`](super::IndicatorCorrelator) finds out whether
    /// others do the rest.
    pub observation: Option<u16>,
    /// Columns and values that speak for it.
    pub evidence: Vec<(FieldId, ValueId)>,
}

/// Runs one program for one thread, over batches of one vocabulary.
#[derive(Debug)]
pub struct IndicatorMatcher {
    program: Arc<IndicatorProgram>,
    plans: HashMap<Shape, usize>,
    shapes: Vec<ShapePlan>,
    /// Ways to read a column, each once.
    ways: HashMap<Vec<Reading>, usize>,
    readings: Vec<Vec<Reading>>,
    memo_of: HashMap<(Cell, usize), usize>,
    memos: Vec<Memo>,
    answers: Vec<Answer>,
    pairs: HashMap<(usize, ValueId, ValueId), u32>,
    epoch: u64,
    scratch: Scratch,
    parts: Parts,
    atoms: Vec<AtomId>,
    hits: Hits,
    /// By watch: the last event for which it was looked at.
    looked: Vec<u64>,
    event: u64,
    unsearched: Unsearched,
}

/// A column, or two of which the values are put together; one of the two may
/// be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cell {
    One(FieldId),
    Joined(Option<FieldId>, Option<FieldId>),
}

/// What is read of events of a shape.
#[derive(Debug, Default)]
struct ShapePlan {
    /// By name of column: how.
    one: HashMap<Box<str>, usize>,
    joined: Vec<(Box<str>, Box<str>, usize)>,
    /// By field: one more than how, 0 for not read, `u32::MAX` for not asked.
    by_field: Vec<u32>,
}

/// What one value says about one property of one object.
#[derive(Clone, Copy, Debug)]
struct Answer {
    atom: AtomId,
    object: u16,
    part: u16,
}

/// By value: where its answers stand.
#[derive(Debug, Default)]
struct Memo {
    spans: Vec<Span>,
    /// Whether any value wakes an indicator.
    wakes: bool,
    /// Whether any value has an answer.
    answered: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    at: u32,
    /// Times two, plus one where one of them wakes an indicator.
    len_wakes: u32,
}

impl Span {
    fn wakes(self) -> bool {
        self.len_wakes & 1 == 1
    }

    fn range(self) -> std::ops::Range<usize> {
        self.at as usize..self.at as usize + (self.len_wakes >> 1) as usize
    }
}

/// A column of the batch that is read.
struct Read<'a> {
    memo: usize,
    cells: Cells<'a>,
}

enum Cells<'a> {
    Column(&'a Column),
    /// By row: the number of the pair; 0 for none.
    Joined {
        keys: Vec<u32>,
        pair: Pair<'a>,
    },
}

/// Columns of which the values are put together. A batch may lack one of them:
/// what a row says must not depend on what others beside it have.
#[derive(Clone, Copy)]
struct Pair<'a> {
    host: Option<&'a Column>,
    path: Option<&'a Column>,
}

impl Pair<'_> {
    fn rows(self) -> usize {
        let rows = |column: Option<&Column>| column.map_or(0, |column| column.keys.len());
        rows(self.host).max(rows(self.path))
    }

    /// The first values of a row.
    fn values(self, row: usize) -> (ValueId, ValueId) {
        let first = |column: Option<&Column>| column.map_or(ValueId::ABSENT, |c| c.first(row));
        (first(self.host), first(self.path))
    }

    fn evidence(self, row: usize) -> Evidence {
        let cell = |column: Option<&Column>| {
            let column = column?;
            let value = column.first(row);
            value.is_present().then_some((column.field, value))
        };
        [cell(self.host), cell(self.path)]
    }
}

impl IndicatorMatcher {
    /// A matcher without memories.
    #[must_use]
    pub fn new(program: Arc<IndicatorProgram>) -> Self {
        Self {
            looked: vec![0; program.watches.len()],
            program,
            plans: HashMap::new(),
            shapes: Vec::new(),
            ways: HashMap::new(),
            readings: Vec::new(),
            memo_of: HashMap::new(),
            memos: Vec::new(),
            answers: Vec::new(),
            pairs: HashMap::new(),
            epoch: 0,
            scratch: Scratch::default(),
            parts: Parts::default(),
            atoms: Vec::new(),
            hits: Hits::default(),
            event: 0,
            unsearched: Unsearched::default(),
        }
    }

    /// Events that had more choices of objects than are tried, so that an
    /// indicator may have been missed; counted since this was last asked.
    pub fn take_unsearched(&mut self) -> Unsearched {
        std::mem::take(&mut self.unsearched)
    }

    /// Appends all matches in a batch, in the order of rows, then of
    /// indicators, then of observations.
    pub fn run(
        &mut self,
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        out: &mut Vec<IndicatorMatch>,
    ) {
        let full = self.answers.len() > ANSWERS_MAX || self.pairs.len() > JOINED_MAX;
        if vocabulary.epoch() != self.epoch || full {
            self.forget();
            self.epoch = vocabulary.epoch();
        }
        let program = Arc::clone(&self.program);
        let reads = self.reads(&program, batch, vocabulary);
        let mut rows = Vec::new();
        for read in &reads {
            self.woken_rows(read, &mut rows);
        }
        rows.sort_unstable();
        rows.dedup();
        for row in rows {
            self.gather(&program, &reads, row as usize);
            self.judge(&program, batch, row, out);
        }
    }

    fn forget(&mut self) {
        self.memo_of = HashMap::new();
        self.memos = Vec::new();
        self.answers = Vec::new();
        self.pairs = HashMap::new();
    }

    /// The plan of a shape, made where it is new.
    fn plan(&mut self, program: &IndicatorProgram, shape: &Shape) -> usize {
        if let Some(&known) = self.plans.get(shape) {
            return known;
        }
        if self.shapes.len() >= PLANS_MAX {
            (self.plans, self.shapes) = (HashMap::new(), Vec::new());
        }
        let mut plan = ShapePlan::default();
        for (source, readings) in Mapping::get().readings(shape, &|p| program.asks(p)) {
            let next = self.readings.len();
            let way = *self.ways.entry(readings.clone()).or_insert(next);
            if way == next {
                self.readings.push(readings);
            }
            match source {
                Source::One(name) => {
                    plan.one.insert(name, way);
                }
                Source::Joined(host, path) => plan.joined.push((host, path, way)),
            }
        }
        self.shapes.push(plan);
        self.plans.insert(shape.clone(), self.shapes.len() - 1);
        self.shapes.len() - 1
    }

    /// The columns of the batch that indicators ask about, with the answers of
    /// all their values found.
    fn reads<'a>(
        &mut self,
        program: &IndicatorProgram,
        batch: &'a EventBatch,
        vocabulary: &Vocabulary,
    ) -> Vec<Read<'a>> {
        let plan = self.plan(program, &batch.shape);
        let mut out = Vec::new();
        for column in &batch.columns {
            if let Some(way) = self.way(plan, column.field, vocabulary) {
                let memo = self.memo(Cell::One(column.field), way);
                self.ask_new(program, memo, way, column.field, vocabulary);
                out.push(Read { memo, cells: Cells::Column(column) });
            }
        }
        let joined = self.shapes.get(plan).map(|plan| plan.joined.clone()).unwrap_or_default();
        for (host, path, way) in joined {
            let column = |name: &str| vocabulary.find(name).and_then(|id| batch.column(id));
            let pair = Pair { host: column(&host), path: column(&path) };
            if pair.rows() == 0 {
                continue;
            }
            let field = |column: Option<&Column>| column.map(|column| column.field);
            let memo = self.memo(Cell::Joined(field(pair.host), field(pair.path)), way);
            let keys = self.ask_pairs(program, memo, way, pair, vocabulary);
            out.push(Read { memo, cells: Cells::Joined { keys, pair } });
        }
        out.retain(|read| self.memos.get(read.memo).is_some_and(|memo| memo.answered));
        out
    }

    /// How a column of events of a shape is read.
    fn way(&mut self, plan: usize, field: FieldId, vocabulary: &Vocabulary) -> Option<usize> {
        let plan = self.shapes.get_mut(plan)?;
        if plan.by_field.len() <= field.index() {
            plan.by_field.resize(field.index() + 1, u32::MAX);
        }
        let known = plan.by_field.get_mut(field.index())?;
        if *known == u32::MAX {
            let way = plan.one.get(vocabulary.name(field)).copied();
            *known = way.and_then(|way| u32::try_from(way + 1).ok()).unwrap_or(0);
        }
        (*known as usize).checked_sub(1)
    }

    fn memo(&mut self, cell: Cell, way: usize) -> usize {
        let next = self.memos.len();
        let memo = *self.memo_of.entry((cell, way)).or_insert(next);
        if memo == next {
            // The span of id 0, "no value".
            self.memos.push(Memo { spans: vec![Span::default()], ..Memo::default() });
        }
        memo
    }

    /// Puts all questions to the values that are new in a dictionary.
    fn ask_new(
        &mut self,
        program: &IndicatorProgram,
        memo: usize,
        way: usize,
        field: FieldId,
        vocabulary: &Vocabulary,
    ) {
        let Some(dictionary) = vocabulary.dictionary(field) else { return };
        let known = self.memos.get(memo).map_or(0, |memo| memo.spans.len());
        for id in known..=dictionary.len() {
            let id = ValueId(u32::try_from(id).unwrap_or(u32::MAX));
            self.ask(program, memo, way, dictionary.text(id));
        }
    }

    /// Puts all questions to one value and remembers the answers.
    fn ask(&mut self, program: &IndicatorProgram, memo: usize, way: usize, text: &str) {
        let start = self.answers.len();
        let mut wakes = false;
        for reading in self.readings.get(way).map_or(&[][..], |readings| readings) {
            let property = Mapping::get().properties.get(usize::from(reading.property));
            let Some(property) = property else { continue };
            self.parts.clear();
            extract(property.form, reading.how, text, &mut self.parts);
            for (number, part) in self.parts.get().iter().enumerate() {
                self.atoms.clear();
                program.answers(reading.property, part, &mut self.scratch, &mut self.atoms);
                for &atom in &self.atoms {
                    let woken = program.wakes.get(atom as usize);
                    wakes |= woken.is_some_and(|woken| !woken.is_empty());
                    let part = u16::try_from(number).unwrap_or(u16::MAX);
                    self.answers.push(Answer { atom, object: reading.object, part });
                }
            }
        }
        let len = u32::try_from(self.answers.len() - start).unwrap_or(0);
        let at = u32::try_from(start).unwrap_or(u32::MAX);
        if let Some(memo) = self.memos.get_mut(memo) {
            memo.spans.push(Span { at, len_wakes: len << 1 | u32::from(wakes) });
            memo.wakes |= wakes;
            memo.answered |= len > 0;
        }
    }

    /// The same for values of two columns that are put together. Returns the
    /// number of each row's pair.
    fn ask_pairs(
        &mut self,
        program: &IndicatorProgram,
        memo: usize,
        way: usize,
        pair: Pair<'_>,
        vocabulary: &Vocabulary,
    ) -> Vec<u32> {
        let values =
            |column: Option<&Column>| column.and_then(|column| vocabulary.dictionary(column.field));
        let (hosts, paths) = (values(pair.host), values(pair.path));
        let mut keys = Vec::with_capacity(pair.rows());
        let mut url = String::new();
        for row in 0..pair.rows() {
            let (host, path) = pair.values(row);
            if !host.is_present() && !path.is_present() {
                keys.push(0);
                continue;
            }
            if let Some(&known) = self.pairs.get(&(memo, host, path)) {
                keys.push(known);
                continue;
            }
            url.clear();
            let host_text = hosts.map_or("", |values| values.text(host));
            let path_text = paths.map_or("", |values| values.text(path));
            let is_one = joined_url(host_text, path_text, &mut url);
            let next = self.memos.get(memo).map_or(0, |memo| memo.spans.len());
            let key = if is_one { u32::try_from(next).unwrap_or(0) } else { 0 };
            if is_one {
                self.ask(program, memo, way, &url);
            }
            self.pairs.insert((memo, host, path), key);
            keys.push(key);
        }
        keys
    }

    /// Appends the rows in which a value wakes an indicator.
    fn woken_rows(&self, read: &Read<'_>, rows: &mut Vec<u32>) {
        let Some(memo) = self.memos.get(read.memo).filter(|memo| memo.wakes) else { return };
        let wakes = |key: usize| memo.spans.get(key).is_some_and(|span| span.wakes());
        let number = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
        match &read.cells {
            Cells::Column(column) => {
                for (row, key) in column.keys.iter().enumerate() {
                    if wakes(key.index()) {
                        rows.push(number(row));
                    }
                }
                rows.extend(column.more.iter().filter(|(_, v)| wakes(v.index())).map(|(r, _)| *r));
            }
            Cells::Joined { keys, .. } => {
                for (row, &key) in keys.iter().enumerate() {
                    if wakes(key as usize) {
                        rows.push(number(row));
                    }
                }
            }
        }
    }

    /// Collects all that the values of an event say.
    fn gather(&mut self, _: &IndicatorProgram, reads: &[Read<'_>], row: usize) {
        self.hits.clear();
        for read in reads {
            let Some(memo) = self.memos.get(read.memo) else { continue };
            let mut add = |key: usize, evidence: Evidence| {
                let Some(&span) = memo.spans.get(key) else { return };
                let answers = self.answers.get(span.range()).unwrap_or_default();
                if answers.is_empty() {
                    return;
                }
                let cell = self.hits.cell(evidence);
                for answer in answers {
                    self.hits.push(answer.atom, answer.object, answer.part, cell);
                }
            };
            match &read.cells {
                Cells::Column(column) => {
                    let first = column.first(row);
                    if first.is_present() {
                        add(first.index(), [Some((column.field, first)), None]);
                    }
                    if !column.more.is_empty() {
                        for value in column.values(row).skip(1) {
                            add(value.index(), [Some((column.field, value)), None]);
                        }
                    }
                }
                Cells::Joined { keys, pair } => {
                    let key = keys.get(row).copied().unwrap_or(0);
                    if key != 0 {
                        add(key as usize, pair.evidence(row));
                    }
                }
            }
        }
    }

    /// Evaluates what the event at hand wakes.
    fn judge(
        &mut self,
        program: &IndicatorProgram,
        batch: &EventBatch,
        row: u32,
        out: &mut Vec<IndicatorMatch>,
    ) {
        self.event += 1;
        let mut woken = Vec::new();
        for Hit { atom, .. } in self.hits.all() {
            for &watch in program.wakes.get(*atom as usize).map_or(&[][..], |list| list) {
                if let Some(looked) = self.looked.get_mut(watch as usize)
                    && *looked != self.event
                {
                    *looked = self.event;
                    woken.push(watch);
                }
            }
        }
        woken.sort_unstable();
        let time = batch.times.get(row as usize).copied().unwrap_or(TIME_UNKNOWN);
        for number in woken {
            let Some(watch) = program.watches.get(number as usize) else { continue };
            let inside = |(start, stop)| time != TIME_UNKNOWN && (start..stop).contains(&time);
            if !watch.between.is_none_or(inside) {
                continue;
            }
            let before = self.hits.unsearched;
            let Some(evidence) = self.hits.satisfy(&watch.node) else {
                if self.hits.unsearched > before {
                    self.unsearched.choices(watch.indicator);
                }
                continue;
            };
            let (indicator, observation) = (watch.indicator, watch.observation);
            // Of alternatives that each satisfy the pattern alone, one match.
            if let Some(last) = out.last_mut()
                && (last.row, last.indicator, last.observation) == (row, indicator, None)
            {
                for cell in evidence {
                    if !last.evidence.contains(&cell) {
                        last.evidence.push(cell);
                    }
                }
                continue;
            }
            out.push(IndicatorMatch { row, indicator, observation, evidence });
        }
    }
}
