//! Which rows of stored columns some indicator may hold for: those with a
//! value that wakes one. Only the columns that carry what indicators ask about
//! are read, each distinct value is asked once in a group of rows, and the keys
//! of rows only where one was found.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_event::Shape;
use sekisho_sigma::{LateColumns, LateValues};

use super::form::{Parts, extract};
use super::limits::PLANS_MAX;
use super::mapping::{Mapping, Reading, Source};
use super::program::{AtomId, IndicatorProgram, Scratch};
use super::unsearched::Unsearched;
use super::web::joined_url;

/// What is read of events of a shape, and how.
type ShapePlan = Vec<(Source, usize)>;

/// Finds rows for one thread.
#[derive(Debug)]
pub struct LateIndicators {
    program: Arc<IndicatorProgram>,
    plans: HashMap<Shape, Arc<ShapePlan>>,
    /// Ways to read a column, each once.
    ways: HashMap<Vec<Reading>, usize>,
    readings: Vec<Vec<Reading>>,
    scratch: Scratch,
    parts: Parts,
    atoms: Vec<AtomId>,
    url: String,
    unsearched: Unsearched,
}

/// What the value of a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    /// All that is asked about.
    Whole,
    /// The host, or the path, of an address of which no row has the other part.
    Host,
    Path,
}

/// A column, the way to read it and what its values are.
type Asked = (usize, usize, Role);

/// By what was asked: the values that wake an indicator, sorted.
type Waking = HashMap<Asked, Vec<u32>>;

impl LateIndicators {
    /// For indicators.
    #[must_use]
    pub fn new(program: Arc<IndicatorProgram>) -> Self {
        Self {
            program,
            plans: HashMap::new(),
            ways: HashMap::new(),
            readings: Vec::new(),
            scratch: Scratch::default(),
            parts: Parts::default(),
            atoms: Vec::new(),
            url: String::new(),
            unsearched: Unsearched::default(),
        }
    }

    /// Values that were too long to be looked at in full, counted since this
    /// was last asked: each once in a group of rows and a way to read it.
    pub fn take_unsearched(&mut self) -> Unsearched {
        std::mem::take(&mut self.unsearched)
    }

    /// Appends the rows for which some indicator may hold, in no order, some
    /// of them twice. `shapes` says how many rows of which shape come one after
    /// the other.
    ///
    /// # Errors
    ///
    /// Where a column cannot be read.
    pub fn rows<C: LateColumns>(
        &mut self,
        shapes: &[(Shape, usize)],
        columns: &mut C,
        out: &mut Vec<u32>,
    ) -> Result<(), C::Error> {
        let mut waking = Waking::new();
        let mut from = 0;
        for (shape, count) in shapes {
            let rows = from..from + count;
            from = rows.end;
            for (source, way) in &*self.plan(shape) {
                match source {
                    Source::One(name) => {
                        for column in named(name, columns) {
                            self.one(
                                (column, *way, Role::Whole),
                                &rows,
                                columns,
                                &mut waking,
                                out,
                            )?;
                        }
                    }
                    Source::Joined(host, path) => {
                        self.joined((host, path), *way, &rows, columns, &mut waking, out)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The plan of a shape, made where it is new.
    fn plan(&mut self, shape: &Shape) -> Arc<ShapePlan> {
        if let Some(known) = self.plans.get(shape) {
            return Arc::clone(known);
        }
        if self.plans.len() >= PLANS_MAX {
            self.plans = HashMap::new();
        }
        let asks = |property| self.program.asks(property);
        let plan = Mapping::get().readings(shape, &asks).into_iter().map(|(source, readings)| {
            let next = self.readings.len();
            let way = *self.ways.entry(readings.clone()).or_insert(next);
            if way == next {
                self.readings.push(readings);
            }
            (source, way)
        });
        let plan: Arc<ShapePlan> = Arc::new(plan.collect());
        self.plans.insert(shape.clone(), Arc::clone(&plan));
        plan
    }

    /// Rows with a value of one column that wakes an indicator.
    fn one<C: LateColumns>(
        &mut self,
        asked: Asked,
        rows: &Range<usize>,
        columns: &mut C,
        waking: &mut Waking,
        out: &mut Vec<u32>,
    ) -> Result<(), C::Error> {
        let (column, way, role) = asked;
        if !waking.contains_key(&asked) {
            columns.load(column)?;
            let values = columns.values(column);
            let mut found = Vec::new();
            for number in 0..u32::try_from(values.ends.len()).unwrap_or(u32::MAX) {
                if self.wakes_as(role, way, text_of(&values, number)) {
                    found.push(number);
                }
            }
            waking.insert(asked, found);
        }
        let found = waking.get(&asked).map_or(&[][..], |found| found);
        if found.is_empty() {
            return Ok(());
        }
        columns.load_keys(column)?;
        columns.keys(column).each(rows, |row, value| {
            if found.binary_search(&value).is_ok() {
                out.extend(u32::try_from(rows.start + row));
            }
        });
        Ok(())
    }

    /// Rows with values of two columns that wake an indicator when they are
    /// put together.
    fn joined<C: LateColumns>(
        &mut self,
        (host, path): (&str, &str),
        way: usize,
        rows: &Range<usize>,
        columns: &mut C,
        waking: &mut Waking,
        out: &mut Vec<u32>,
    ) -> Result<(), C::Error> {
        let (hosts, paths) = (named(host, columns), named(path, columns));
        for (alone, other, role) in [(&hosts, &paths, Role::Host), (&paths, &hosts, Role::Path)] {
            if other.is_empty() {
                for &column in alone {
                    self.one((column, way, role), rows, columns, waking, out)?;
                }
                return Ok(());
            }
        }
        // Of several values of a row the first counts; which that is is known
        // when the row is read, so any of them may be it.
        let mut of_row: HashMap<usize, [Vec<(usize, u32)>; 2]> = HashMap::new();
        for (side, all) in [hosts, paths].into_iter().enumerate() {
            for column in all {
                columns.load(column)?;
                columns.load_keys(column)?;
                columns.keys(column).each(rows, |row, value| {
                    if let Some(side) = of_row.entry(row).or_default().get_mut(side) {
                        side.push((column, value));
                    }
                });
            }
        }
        let mut known: HashMap<[Option<(usize, u32)>; 2], bool> = HashMap::new();
        for (row, [hosts, paths]) in of_row {
            let each = |all: &[(usize, u32)]| -> Vec<Option<(usize, u32)>> {
                if all.is_empty() { vec![None] } else { all.iter().copied().map(Some).collect() }
            };
            for host in each(&hosts) {
                for path in each(&paths) {
                    let pair = [host, path];
                    let wakes = known.get(&pair).copied().unwrap_or_else(|| {
                        let [host, path] = pair.map(|cell| {
                            cell.map_or("", |(column, n)| text_of(&columns.values(column), n))
                        });
                        self.wakes_joined(way, host, path)
                    });
                    known.insert(pair, wakes);
                    if wakes {
                        out.extend(u32::try_from(rows.start + row));
                    }
                }
            }
        }
        Ok(())
    }

    fn wakes_as(&mut self, role: Role, way: usize, text: &str) -> bool {
        match role {
            Role::Whole => self.wakes(way, text),
            Role::Host => self.wakes_joined(way, text, ""),
            Role::Path => self.wakes_joined(way, "", text),
        }
    }

    fn wakes_joined(&mut self, way: usize, host: &str, path: &str) -> bool {
        let mut url = std::mem::take(&mut self.url);
        url.clear();
        let wakes = joined_url(host, path, &mut url) && self.wakes(way, &url);
        self.url = url;
        wakes
    }

    /// Whether a value, read in a way, wakes an indicator.
    fn wakes(&mut self, way: usize, text: &str) -> bool {
        let Self { program, readings, scratch, parts, atoms, unsearched, .. } = self;
        let mut wakes = false;
        for reading in readings.get(way).map_or(&[][..], |readings| readings) {
            let property = Mapping::get().properties.get(usize::from(reading.property));
            let Some(property) = property else { continue };
            parts.clear();
            extract(property.form, reading.how, text, parts);
            if parts.cut() {
                unsearched.long_list(reading.property);
            }
            if parts.get().iter().any(|part| program.cuts(reading.property, part)) {
                unsearched.long_value(reading.property);
            }
            for part in parts.get() {
                atoms.clear();
                program.answers(reading.property, part, scratch, atoms);
                let woken = |atom: &AtomId| {
                    program.wakes.get(*atom as usize).is_some_and(|woken| !woken.is_empty())
                };
                wakes |= atoms.iter().any(woken);
            }
        }
        wakes
    }
}

fn named<C: LateColumns>(name: &str, columns: &C) -> Vec<usize> {
    let mut out = Vec::new();
    columns.named(name, &mut |column| out.push(column));
    out
}

fn text_of<'a>(values: &LateValues<'a>, number: u32) -> &'a str {
    values.text_of(number).unwrap_or_default()
}
