//! Which rows of stored columns some rule may hold for. Columns are read as
//! late as can be: first it is asked what their values are made of, where that
//! was written down; then the distinct values of those columns are read on
//! which rules still depend; then the keys of rows, for rules that the values
//! leave possible. What is found is never too little, and nearly all of it
//! holds when [`judge`](super::judge) looks at the event, which has the last
//! word.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_event::{Kind, Shape, Value, ValueId};

use crate::compare::fold_into;
use crate::engine::field_matcher::{Asked, AtomId, FieldMatcher, MayHold, Values};
use crate::engine::program::{
    CompiledRule, EVERY_FIELD, FieldNumber, KeywordSet, Lane, Node, Program, Question, RuleId,
};
use crate::engine::remembered::Remembered;
use crate::engine::value_test::field_ref_holds;

/// Rows that are looked at together: sets of them are held for every question
/// that matters.
const ROWS_MAX: usize = 1 << 15;

/// Of a column with more bytes of values than this it is first looked whether
/// rules that depend on it still have rows.
const DEAR_BYTES: u64 = 256 << 10;

/// The columns of a group of rows. There may be several of a name, one beside
/// the other: a field of a row has the values of all.
pub trait LateColumns {
    /// Why a column cannot be read.
    type Error;

    /// How many there are.
    fn count(&self) -> usize;

    /// Shows the numbers of the columns of this name.
    fn named(&self, name: &str, each: &mut dyn FnMut(usize));

    /// Bytes of a column's values, where reading them is worth avoiding or it
    /// can be told without what they may hold; none once they were read.
    fn deferred(&self, column: usize) -> Option<u64>;

    /// Whether a value of a deferred column may hold this text, which is in
    /// lower case; at its beginning, at its end, or as a whole, as asked.
    fn may_hold(&self, column: usize, text: &str, begins: bool, ends: bool) -> bool;

    /// Whether a deferred column may hold numbers that are not written as
    /// plain whole numbers.
    fn odd_numbers(&self, column: usize) -> bool;

    /// Reads the distinct values of a column.
    ///
    /// # Errors
    ///
    /// Where they cannot be read.
    fn load(&mut self, column: usize) -> Result<(), Self::Error>;

    /// The values of a column that was read.
    fn values(&self, column: usize) -> LateValues<'_>;

    /// Reads which rows have which values.
    ///
    /// # Errors
    ///
    /// Where that cannot be read.
    fn load_keys(&mut self, column: usize) -> Result<(), Self::Error>;

    /// Which rows have which values, once it was read.
    fn keys(&self, column: usize) -> LateKeys<'_>;
}

/// Values of a column, numbered from 0.
#[derive(Clone, Copy, Debug)]
pub struct LateValues<'a> {
    /// The values, one behind the other.
    pub text: &'a str,
    /// By value: where in the text it ends.
    pub ends: &'a [usize],
    /// What they are: of all the same, or one a value.
    pub kinds: &'a [Kind],
}

/// Which rows have which values, each as one more than its number.
#[derive(Clone, Copy, Debug)]
pub enum LateKeys<'a> {
    /// One a row; 0 for none.
    Each(&'a [u32]),
    /// Rows and what they have, in order of rows.
    Some(&'a [(u32, u32)]),
}

impl<'a> LateValues<'a> {
    /// The text of a value.
    #[must_use]
    pub fn text_of(&self, number: u32) -> Option<&'a str> {
        let at = number as usize;
        let from = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(from..*self.ends.get(at)?)
    }

    fn kind(&self, number: u32) -> Kind {
        let kind = self.kinds.get(number as usize).or(self.kinds.first());
        kind.copied().unwrap_or(Kind::String)
    }
}

impl Values for LateValues<'_> {
    fn value(&self, number: u32) -> Option<Value<'_>> {
        Some(Value { kind: self.kind(number), text: self.text_of(number)? })
    }
}

impl LateKeys<'_> {
    /// Shows the rows of a range, from 0, that have a value, and its number.
    pub fn each(self, rows: &Range<usize>, mut visit: impl FnMut(usize, u32)) {
        match self {
            Self::Each(keys) => {
                let end = rows.end.min(keys.len());
                let keys = keys.get(rows.start.min(end)..end).unwrap_or_default();
                for (row, &key) in keys.iter().enumerate().filter(|(_, key)| **key != 0) {
                    visit(row, key - 1);
                }
            }
            Self::Some(cells) => {
                let from = cells.partition_point(|&(row, _)| (row as usize) < rows.start);
                let cells = cells.get(from..).unwrap_or_default();
                for &(row, key) in cells.iter().take_while(|(row, _)| (*row as usize) < rows.end) {
                    visit(row as usize - rows.start, key.saturating_sub(1));
                }
            }
        }
    }
}

/// Who asks about a column: the questions of a field, or some keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asker {
    Field(FieldNumber),
    Keywords(usize),
}

/// A column as rules of a lane read it.
struct Ask<'a> {
    column: usize,
    field: FieldNumber,
    asker: Asker,
    matcher: &'a FieldMatcher,
}

/// What is known of a column.
#[derive(Default)]
struct Known {
    /// What holds for which value, in order, and what holds for any.
    held: Vec<(ValueId, AtomId)>,
    atoms: Vec<AtomId>,
    /// What may hold for some value, and was not asked yet; sorted.
    hoped: Vec<AtomId>,
}

impl Known {
    /// Adds what holds, in order, and leaves nothing of it.
    fn learn(&mut self, held: &mut Vec<(ValueId, AtomId)>) {
        if held.is_empty() {
            return;
        }
        let mut atoms: Vec<AtomId> = held.iter().map(|(_, atom)| *atom).collect();
        atoms.sort_unstable();
        atoms.dedup();
        self.atoms.extend(atoms);
        if self.held.is_empty() {
            // What is asked with keeps its space.
            self.held.clone_from(held);
            held.clear();
        } else {
            self.held.append(held);
            self.held.sort_unstable();
        }
    }
}

/// What was found out about the columns of a group of rows.
type Answers = HashMap<(usize, Asker), Known>;

/// Most matchers of a few questions that are kept.
const SMALL_MATCHERS_MAX: usize = 1 << 12;

/// Where so many questions are asked about values that are not long, the
/// answers are remembered.
const REMEMBERED_QUESTIONS_MIN: usize = 64;

/// Bytes of values of a column beyond which its answers are not remembered.
const REMEMBERED_COLUMN_BYTES_MAX: usize = 1 << 20;

/// Memory that remembered answers may take, in bytes.
const REMEMBERED_BYTES_MAX: usize = 32 << 20;

/// Finds rows for one thread.
#[derive(Debug)]
pub struct LateMatcher {
    program: Arc<Program>,
    asked: Asked,
    /// Those that ask only some questions.
    small: HashMap<(Asker, Vec<AtomId>), Arc<FieldMatcher>>,
    /// What was answered to all questions of a field.
    remembered: HashMap<FieldNumber, Remembered>,
    /// Questions from which on they are.
    remember_from: usize,
    /// Counts how often rules were weighed.
    round: u64,
    /// By atom: the last round in which it may hold for some value, and in
    /// which it may hold for one that was not read.
    possible: Vec<u64>,
    hoped: Vec<u64>,
    /// By rule: the last round in which it was looked at.
    looked: Vec<u64>,
    /// By field: the last round in which there was a column of it.
    there: Vec<u64>,
    /// The rules that may hold.
    alive: Vec<RuleId>,
    /// Counts lanes, each time that one is looked at.
    lanes: u64,
    /// By rule: the last time of a lane at which it had no rows left.
    dropped: Vec<u64>,
}

impl LateMatcher {
    /// For rules.
    #[must_use]
    pub fn new(program: Arc<Program>) -> Self {
        Self {
            possible: vec![0; program.atoms.len()],
            hoped: vec![0; program.atoms.len()],
            looked: vec![0; program.rules.len()],
            dropped: vec![0; program.rules.len()],
            there: vec![0; program.fields.len()],
            program,
            asked: Asked::default(),
            small: HashMap::new(),
            remembered: HashMap::new(),
            remember_from: REMEMBERED_QUESTIONS_MIN,
            round: 0,
            alive: Vec::new(),
            lanes: 0,
        }
    }

    /// Remembers answers where at least so many questions are asked at a time,
    /// instead of as many as serve a large rule base best.
    #[must_use]
    pub fn remember_from(mut self, questions: usize) -> Self {
        self.remember_from = questions;
        self
    }

    /// Appends rows and the rules that may hold for them, in order: all that
    /// do hold, and hardly any other. `shapes` says how many rows of which
    /// shape come one after the other.
    ///
    /// # Errors
    ///
    /// Where a column cannot be read.
    pub fn run<C: LateColumns>(
        &mut self,
        shapes: &[(Shape, usize)],
        columns: &mut C,
        out: &mut Vec<(u32, RuleId)>,
    ) -> Result<(), C::Error> {
        let program = Arc::clone(&self.program);
        let mut answers = Answers::new();
        let (mut from, before) = (0, out.len());
        for (shape, count) in shapes {
            let rows = from..from + count;
            from = rows.end;
            let plan = program.plan(shape);
            for lane in &plan.lanes {
                let asks = asks_of(&program, lane, columns);
                self.settle(&program, lane, &asks, &rows, columns, &mut answers)?;
                if !self.alive.is_empty() {
                    let looking = self.looking(&program, &asks, &answers);
                    looking.rows(&self.alive, &rows, columns, out)?;
                }
            }
        }
        if let Some(found) = out.get_mut(before..) {
            found.sort_unstable();
        }
        Ok(())
    }

    /// Finds out which rules of a lane may hold, and reads the columns that it
    /// takes to know.
    fn settle<C: LateColumns>(
        &mut self,
        program: &Program,
        lane: &Lane,
        asks: &[Ask<'_>],
        rows: &Range<usize>,
        columns: &mut C,
        answers: &mut Answers,
    ) -> Result<(), C::Error> {
        self.lanes += 1;
        for ask in asks {
            if !answers.contains_key(&(ask.column, ask.asker)) {
                let mut known = Known::default();
                match columns.deferred(ask.column) {
                    None => {
                        columns.load(ask.column)?;
                        self.ask(ask, None, columns, &mut known);
                    }
                    Some(_) => hope(ask, columns, &mut known),
                }
                answers.insert((ask.column, ask.asker), known);
            }
        }
        loop {
            self.weigh(program, lane, asks, answers);
            let Some((next, atoms)) = self.next(program, asks, columns, answers) else {
                return Ok(());
            };
            if columns.deferred(next.column) > Some(DEAR_BYTES) {
                let looking = self.looking(program, asks, answers);
                let dropped = looking.without_rows(&self.alive, &atoms, rows, columns)?;
                if !dropped.is_empty() {
                    for rule in dropped {
                        renew(&mut self.dropped, rule, self.lanes);
                    }
                    continue;
                }
            }
            let Some(known) = answers.get_mut(&(next.column, next.asker)) else { return Ok(()) };
            known.hoped.retain(|atom| atoms.binary_search(atom).is_err());
            columns.load(next.column)?;
            self.ask(next, Some(atoms), columns, known);
        }
    }

    fn looking<'a>(
        &'a self,
        program: &'a Program,
        asks: &'a [Ask<'a>],
        answers: &'a Answers,
    ) -> Looking<'a> {
        Looking { program, asks, answers, hoped: &self.hoped, round: self.round }
    }

    /// A matcher that asks some of the questions about a column.
    fn small(&mut self, ask: &Ask<'_>, atoms: Vec<AtomId>) -> Arc<FieldMatcher> {
        if self.small.len() >= SMALL_MATCHERS_MAX {
            self.small.clear();
        }
        let made = self.small.entry((ask.asker, atoms));
        Arc::clone(made.or_insert_with_key(|(_, atoms)| Arc::new(ask.matcher.of(atoms))))
    }

    /// Puts these questions to all values of a column, which was read; all
    /// where none are given.
    fn ask<C: LateColumns>(
        &mut self,
        ask: &Ask<'_>,
        atoms: Option<Vec<AtomId>>,
        columns: &C,
        known: &mut Known,
    ) {
        let values = columns.values(ask.column);
        let questions = atoms.as_ref().map_or(ask.matcher.questions().len(), Vec::len);
        if let Asker::Field(field) = ask.asker
            && questions >= self.remember_from
            && values.text.len() <= REMEMBERED_COLUMN_BYTES_MAX
        {
            return self.recall(field, ask.matcher, atoms.as_deref(), &values, known);
        }
        let small = atoms.map(|atoms| self.small(ask, atoms));
        self.asked.take_text(values.text, values.ends);
        small.as_deref().unwrap_or(ask.matcher).ask(&values, &mut self.asked);
        self.asked.sort();
        known.learn(&mut self.asked.held);
    }

    /// As [`LateMatcher::ask`]; answers to all questions are remembered.
    fn recall(
        &mut self,
        field: FieldNumber,
        matcher: &FieldMatcher,
        atoms: Option<&[AtomId]>,
        values: &LateValues<'_>,
        known: &mut Known,
    ) {
        let mut asked_for = vec![0; self.possible.len().div_ceil(64)];
        atoms.into_iter().flatten().for_each(|&atom| set(&mut asked_for, atom as usize));
        let wanted = |atom: AtomId| atoms.is_none() || has(&asked_for, atom as usize);
        let mut held = Vec::new();
        let remembered = self.remembered.entry(field).or_default();
        remembered.ask(values, matcher, &mut self.asked, |number, atoms| {
            let atoms = atoms.iter().filter(|atom| wanted(**atom));
            held.extend(atoms.map(|&atom| (ValueId(number), atom)));
        });
        known.learn(&mut held);
        let bytes: usize = self.remembered.values().map(Remembered::bytes).sum();
        if bytes > REMEMBERED_BYTES_MAX {
            self.remembered.clear();
        }
    }

    /// Finds the rules that may hold by what is known so far.
    fn weigh(&mut self, program: &Program, lane: &Lane, asks: &[Ask<'_>], answers: &Answers) {
        self.round += 1;
        let Self { possible, hoped, looked, there, alive, round, dropped, lanes, .. } = self;
        alive.clear();
        alive.extend(&lane.unguarded);
        let mut wake = |atom: AtomId| {
            if renew(possible, atom, *round) {
                for &rule in lane.wakes.get(&atom).map_or(&[][..], |rules| rules) {
                    if renew(looked, rule, *round) {
                        alive.push(rule);
                    }
                }
            }
        };
        for ask in asks {
            if let Some(last) = there.get_mut(ask.field) {
                *last = *round;
            }
            let Some(known) = answers.get(&(ask.column, ask.asker)) else { continue };
            for &atom in &known.hoped {
                renew(hoped, atom, *round);
            }
            known.atoms.iter().chain(&known.hoped).for_each(|&atom| wake(atom));
        }
        let has = |field: FieldNumber| there.get(field) == Some(round);
        let mut may = |atom: AtomId| {
            let Some(asked) = program.atoms.get(atom as usize) else { return (false, true) };
            match asked.question {
                Question::Value => (possible.get(atom as usize) == Some(round), true),
                Question::Late => (has(asked.field), true),
                Question::Exists(true) => (has(asked.field), true),
                Question::Exists(false) | Question::Null => (true, has(asked.field)),
                Question::FieldRef(_, other) => (has(asked.field) && has(other), true),
            }
        };
        alive.retain(|&id| {
            let rule = program.rules.get(id as usize);
            dropped.get(id as usize) != Some(lanes)
                && rule.is_some_and(|rule| rule.node.may(&mut may).0)
        });
    }

    /// The column that is the least work to read, of those on which a rule
    /// depends that may hold; and what is to be asked about it.
    fn next<'a, 'b, C: LateColumns>(
        &self,
        program: &Program,
        asks: &'b [Ask<'a>],
        columns: &C,
        answers: &Answers,
    ) -> Option<(&'b Ask<'a>, Vec<AtomId>)> {
        let mut wanted: Vec<AtomId> = Vec::new();
        for rule in self.alive.iter().filter_map(|&id| program.rules.get(id as usize)) {
            rule.node.each_atom(&mut |atom, _| {
                if self.hoped.get(atom as usize) == Some(&self.round) {
                    wanted.push(atom);
                }
            });
        }
        wanted.sort_unstable();
        wanted.dedup();
        let unasked = |ask: &'b Ask<'a>| {
            let known = answers.get(&(ask.column, ask.asker))?;
            let hoped = known.hoped.iter().copied();
            let atoms: Vec<AtomId> =
                hoped.filter(|atom| wanted.binary_search(atom).is_ok()).collect();
            (!atoms.is_empty()).then_some((ask, atoms))
        };
        asks.iter().filter_map(unasked).min_by_key(|(ask, _)| columns.deferred(ask.column))
    }
}

/// What may hold for some value of a column that was not read.
fn hope<C: LateColumns>(ask: &Ask<'_>, columns: &C, known: &mut Known) {
    let may_hold: &MayHold<'_> =
        &|text, begins, ends| columns.may_hold(ask.column, text, begins, ends);
    let odd = columns.odd_numbers(ask.column);
    let hoped = ask.matcher.questions().filter(|(_, asking)| asking.may(may_hold, odd));
    known.hoped.extend(hoped.map(|(atom, _)| atom));
    known.hoped.sort_unstable();
}

/// The columns that rules of a lane read.
fn asks_of<'a, C: LateColumns>(program: &'a Program, lane: &'a Lane, columns: &C) -> Vec<Ask<'a>> {
    let mut asks = Vec::new();
    for (field, names) in &lane.reads {
        let Some(matcher) = program.matchers.get(*field) else { continue };
        for name in names {
            columns.named(name, &mut |column| {
                asks.push(Ask { column, field: *field, asker: Asker::Field(*field), matcher });
            });
        }
    }
    if let Some(keywords) = &lane.keywords {
        let KeywordSet { number, matcher } = &**keywords;
        let asker = Asker::Keywords(*number);
        let ask = |column| Ask { column, field: EVERY_FIELD, asker, matcher };
        asks.extend((0..columns.count()).map(ask));
    }
    asks
}

/// Sets the entry of an atom or a rule; whether it had another one before.
#[inline]
fn renew(entries: &mut [u64], number: u32, to: u64) -> bool {
    let entry = entries.get_mut(number as usize);
    entry.is_some_and(|entry| std::mem::replace(entry, to) != to)
}

/// A set of rows of a range.
#[derive(Clone, Debug)]
enum RowSet {
    None,
    All,
    Some(Vec<u64>),
}

impl RowSet {
    fn empty(rows: usize) -> Vec<u64> {
        vec![0; rows.div_ceil(64)]
    }

    fn not(self) -> Self {
        match self {
            Self::None => Self::All,
            Self::All => Self::None,
            Self::Some(words) => Self::Some(words.into_iter().map(|word| !word).collect()),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, other) | (other, Self::All) => other,
            (Self::Some(mut a), Self::Some(b)) => {
                a.iter_mut().zip(&b).for_each(|(a, b)| *a &= b);
                if a.iter().all(|word| *word == 0) { Self::None } else { Self::Some(a) }
            }
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, other) | (other, Self::None) => other,
            (Self::Some(mut a), Self::Some(b)) => {
                a.iter_mut().zip(&b).for_each(|(a, b)| *a |= b);
                Self::Some(a)
            }
        }
    }

    /// Whether any of so many rows is in the set.
    fn has_any(&self, rows: usize) -> bool {
        let mut any = false;
        match self {
            Self::None => {}
            Self::All => any = rows > 0,
            // The last word may have rows that there are not.
            Self::Some(_) => self.each(rows, |_| any = true),
        }
        any
    }

    /// Shows the rows of so many that are in the set.
    fn each(&self, rows: usize, mut visit: impl FnMut(usize)) {
        match self {
            Self::None => {}
            Self::All => (0..rows).for_each(visit),
            Self::Some(words) => {
                for (number, word) in words.iter().enumerate() {
                    let mut left = *word;
                    while left != 0 {
                        let row = number * 64 + left.trailing_zeros() as usize;
                        left &= left - 1;
                        if row < rows {
                            visit(row);
                        }
                    }
                }
            }
        }
    }
}

fn has(words: &[u64], row: usize) -> bool {
    words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
}

/// Rows of a lane, to be found.
struct Looking<'a> {
    program: &'a Program,
    asks: &'a [Ask<'a>],
    answers: &'a Answers,
    /// See [`LateMatcher::hoped`].
    hoped: &'a [u64],
    round: u64,
}

/// Sets of rows that formulas are made of, of one range of rows.
#[derive(Default)]
struct Sets {
    /// The rows with a value for which an atom holds, and by atom which of these
    /// sets is its.
    held: Vec<Vec<u64>>,
    places: HashMap<AtomId, usize>,
    /// By field: the rows that have it, and those in which it is not null.
    present: HashMap<FieldNumber, (Vec<u64>, Vec<u64>)>,
}

impl Sets {
    fn held(&self, atom: AtomId) -> Option<&Vec<u64>> {
        self.held.get(*self.places.get(&atom)?)
    }
}

fn set(words: &mut [u64], row: usize) {
    if let Some(word) = words.get_mut(row / 64) {
        *word |= 1 << (row % 64);
    }
}

impl Looking<'_> {
    /// Appends the rows of a range and the rules of these that may hold for
    /// them.
    fn rows<C: LateColumns>(
        &self,
        rules: &[RuleId],
        rows: &Range<usize>,
        columns: &mut C,
        out: &mut Vec<(u32, RuleId)>,
    ) -> Result<(), C::Error> {
        let mut from = rows.start;
        while from < rows.end {
            let some = from..rows.end.min(from + ROWS_MAX);
            let sets = self.sets(rules, &some, columns)?;
            for &id in rules {
                let Some(rule) = self.program.rules.get(id as usize) else { continue };
                let found = self.eval(&rule.node, true, &sets);
                let sieve = self.sieve(rule, &found, columns)?;
                found.each(some.len(), |row| {
                    if sieve.as_ref().is_none_or(|sieve| sieve.passes(row, some.start, &sets)) {
                        out.extend(u32::try_from(some.start + row).ok().map(|row| (row, id)));
                    }
                });
            }
            from = some.end;
        }
        Ok(())
    }

    /// Those of the rules for which there are no rows whatever is answered to
    /// these questions, of which they have some.
    fn without_rows<C: LateColumns>(
        &self,
        rules: &[RuleId],
        atoms: &[AtomId],
        rows: &Range<usize>,
        columns: &mut C,
    ) -> Result<Vec<RuleId>, C::Error> {
        let mut left: Vec<RuleId> = rules.to_vec();
        left.retain(|&id| {
            let (mut depends, mut all_read) = (false, true);
            let Some(rule) = self.program.rules.get(id as usize) else { return false };
            rule.node.each_atom(&mut |atom, _| {
                let question = self.program.atoms.get(atom as usize).map(|atom| &atom.question);
                depends |= atoms.binary_search(&atom).is_ok();
                // Whether a row has a field is only seen from all of its column.
                all_read &= !matches!(question, Some(Question::Exists(_) | Question::Null));
            });
            depends && all_read
        });
        let mut from = rows.start;
        while from < rows.end && !left.is_empty() {
            let some = from..rows.end.min(from + ROWS_MAX);
            let sets = self.sets(&left, &some, columns)?;
            left.retain(|&id| {
                let rule = self.program.rules.get(id as usize);
                !rule.is_some_and(|rule| self.eval(&rule.node, true, &sets).has_any(some.len()))
            });
            from = some.end;
        }
        Ok(left)
    }

    /// What asks the rows that were found for a rule the questions which were
    /// put off; `None` where there are none, or only of keywords.
    fn sieve<'s, C: LateColumns>(
        &'s self,
        rule: &'s CompiledRule,
        found: &RowSet,
        columns: &'s mut C,
    ) -> Result<Option<Sieve<'s, C>>, C::Error> {
        if matches!(found, RowSet::None) {
            return Ok(None);
        }
        let mut fields: Vec<FieldNumber> = Vec::new();
        rule.node.each_atom(&mut |id, _| {
            let Some(atom) = self.program.atoms.get(id as usize) else { return };
            match atom.question {
                Question::Late => fields.push(atom.field),
                Question::FieldRef(_, other) => fields.extend([atom.field, other]),
                Question::Value | Question::Exists(_) | Question::Null => {}
            }
        });
        if fields.is_empty() || fields.contains(&EVERY_FIELD) {
            return Ok(None);
        }
        let mut read: HashMap<FieldNumber, Vec<usize>> = HashMap::new();
        for ask in self.asks.iter().filter(|ask| fields.contains(&ask.field)) {
            columns.load(ask.column)?;
            columns.load_keys(ask.column)?;
            read.entry(ask.field).or_default().push(ask.column);
        }
        let (program, columns) = (self.program, &*columns);
        Ok(Some(Sieve { program, node: &rule.node, columns, read, known: RefCell::default() }))
    }

    /// The sets that these rules are made of.
    fn sets<C: LateColumns>(
        &self,
        rules: &[RuleId],
        rows: &Range<usize>,
        columns: &mut C,
    ) -> Result<Sets, C::Error> {
        let mut sets = Sets::default();
        let mut fields: Vec<FieldNumber> = Vec::new();
        for rule in rules.iter().filter_map(|&id| self.program.rules.get(id as usize)) {
            rule.node.each_atom(&mut |id, _| {
                let Some(atom) = self.program.atoms.get(id as usize) else { return };
                match atom.question {
                    Question::Value => {
                        let next = sets.places.len();
                        sets.places.entry(id).or_insert(next);
                    }
                    Question::Exists(_) | Question::Null => {
                        sets.present.entry(atom.field).or_default();
                    }
                    Question::Late | Question::FieldRef(..) => return,
                }
                fields.push(atom.field);
            });
        }
        sets.held.resize(sets.places.len(), Vec::new());
        fields.sort_unstable();
        fields.dedup();
        for ask in self.asks.iter().filter(|ask| fields.binary_search(&ask.field).is_ok()) {
            if let Some(known) = self.answers.get(&(ask.column, ask.asker)) {
                fill_held(ask.column, &known.held, rows, columns, &mut sets)?;
            }
            if let Some(present) = sets.present.get_mut(&ask.field) {
                fill_present(ask.column, rows, columns, present)?;
            }
        }
        Ok(sets)
    }

    /// The rows for which a formula may hold, or, where that is asked, may not.
    fn eval(&self, node: &Node, wanted: bool, sets: &Sets) -> RowSet {
        match node {
            Node::Constant(value) if *value == wanted => RowSet::All,
            Node::Constant(_) => RowSet::None,
            Node::Atom(id) => self.atom(*id, wanted, sets),
            Node::Not(part) => self.eval(part, !wanted, sets),
            Node::And(parts) if wanted => self.every(parts, wanted, sets),
            Node::Or(parts) if !wanted => self.every(parts, wanted, sets),
            Node::And(parts) | Node::Or(parts) => self.some(parts, wanted, sets),
            Node::AtLeast(0, _) => {
                if wanted {
                    RowSet::All
                } else {
                    RowSet::None
                }
            }
            Node::AtLeast(_, parts) if wanted => self.some(parts, wanted, sets),
            Node::AtLeast(..) => RowSet::All,
        }
    }

    fn every(&self, parts: &[Node], wanted: bool, sets: &Sets) -> RowSet {
        let mut all = RowSet::All;
        for part in parts {
            if matches!(all, RowSet::None) {
                break;
            }
            all = all.and(self.eval(part, wanted, sets));
        }
        all
    }

    fn some(&self, parts: &[Node], wanted: bool, sets: &Sets) -> RowSet {
        let mut any = RowSet::None;
        for part in parts {
            any = any.or(self.eval(part, wanted, sets));
        }
        any
    }

    fn atom(&self, id: AtomId, wanted: bool, sets: &Sets) -> RowSet {
        let Some(atom) = self.program.atoms.get(id as usize) else { return RowSet::All };
        let of = |words: Option<&Vec<u64>>| match words {
            Some(words) if !words.is_empty() => RowSet::Some(words.clone()),
            _ => RowSet::None,
        };
        let present = sets.present.get(&atom.field);
        let holds = match &atom.question {
            Question::Value if self.hoped.get(id as usize) == Some(&self.round) => {
                return RowSet::All;
            }
            Question::Value => of(sets.held(id)),
            Question::Exists(true) => of(present.map(|p| &p.0)),
            Question::Exists(false) => of(present.map(|p| &p.0)).not(),
            Question::Null => of(present.map(|p| &p.1)).not(),
            // To be asked of the few rows that are left.
            Question::Late | Question::FieldRef(..) => return RowSet::All,
        };
        if wanted { holds } else { holds.not() }
    }
}

/// Asks single rows what could not be told from sets of rows.
struct Sieve<'a, C> {
    program: &'a Program,
    node: &'a Node,
    columns: &'a C,
    /// By field of which is asked: its columns.
    read: HashMap<FieldNumber, Vec<usize>>,
    /// What was asked of a column's value, and its answer.
    known: RefCell<HashMap<(AtomId, usize, u32), bool>>,
}

impl<C: LateColumns> Sieve<'_, C> {
    /// Whether the rule may hold for a row, which is counted from the first one
    /// of the sets.
    fn passes(&self, row: usize, first: usize, sets: &Sets) -> bool {
        let has = |words: Option<&Vec<u64>>| words.is_some_and(|words| has(words, row));
        self.node.eval(&mut |id| {
            let Some(atom) = self.program.atoms.get(id as usize) else { return false };
            let present = sets.present.get(&atom.field);
            match &atom.question {
                Question::Value => has(sets.held(id)),
                Question::Exists(wanted) => has(present.map(|(some, _)| some)) == *wanted,
                Question::Null => !has(present.map(|(_, not_null)| not_null)),
                Question::Late => self.any(atom.field, first + row, &mut |column, key, value| {
                    let mut known = self.known.borrow_mut();
                    *known.entry((id, column, key)).or_insert_with(|| {
                        let mut folded = String::new();
                        fold_into(value.text, &mut folded);
                        atom.asking.holds(value, &folded)
                    })
                }),
                Question::FieldRef(reference, other) => {
                    self.any(atom.field, first + row, &mut |_, _, this| {
                        self.any(*other, first + row, &mut |_, _, that| {
                            field_ref_holds(reference, this, that)
                        })
                    })
                }
            }
        })
    }

    /// Whether something holds for one of the values that a field has in a row.
    fn any(
        &self,
        field: FieldNumber,
        row: usize,
        holds: &mut dyn FnMut(usize, u32, Value<'_>) -> bool,
    ) -> bool {
        self.read.get(&field).into_iter().flatten().any(|&column| {
            let values = self.columns.values(column);
            let mut any = false;
            self.columns.keys(column).each(&(row..row + 1), |_, key| {
                any = any || values.value(key).is_some_and(|value| holds(column, key, value));
            });
            any
        })
    }
}

/// Adds the rows with values for which the atoms hold that are wanted.
fn fill_held<C: LateColumns>(
    column: usize,
    held: &[(ValueId, AtomId)],
    rows: &Range<usize>,
    columns: &mut C,
    sets: &mut Sets,
) -> Result<(), C::Error> {
    // Values and the sets of what holds for them; by value where they begin.
    let Sets { held: sets, places, .. } = sets;
    let place = |&(value, atom)| places.get(&atom).map(|&place| (value, place));
    let wanted: Vec<(ValueId, usize)> = held.iter().filter_map(place).collect();
    let Some(last) = wanted.last() else { return Ok(()) };
    let mut first = vec![u32::MAX; last.0.index() + 1];
    for (at, (value, _)) in (0..).zip(&wanted) {
        if let Some(slot) = first.get_mut(value.index()).filter(|slot| **slot == u32::MAX) {
            *slot = at;
        }
    }
    columns.load_keys(column)?;
    columns.keys(column).each(rows, |row, value| {
        let Some(&at) = first.get(value as usize).filter(|at| **at != u32::MAX) else { return };
        let of_value = wanted.get(at as usize..).unwrap_or_default();
        for &(_, place) in of_value.iter().take_while(|(other, _)| other.0 == value) {
            if let Some(words) = sets.get_mut(place) {
                if words.is_empty() {
                    *words = RowSet::empty(rows.len());
                }
                set(words, row);
            }
        }
    });
    Ok(())
}

/// Adds the rows that have a value of a column, and those in which it is not
/// null.
fn fill_present<C: LateColumns>(
    column: usize,
    rows: &Range<usize>,
    columns: &mut C,
    (present, not_null): &mut (Vec<u64>, Vec<u64>),
) -> Result<(), C::Error> {
    columns.load(column)?;
    columns.load_keys(column)?;
    present.resize(rows.len().div_ceil(64), 0);
    not_null.resize(rows.len().div_ceil(64), 0);
    let values = columns.values(column);
    columns.keys(column).each(rows, |row, value| {
        set(present, row);
        if values.kind(value) != Kind::Null {
            set(not_null, row);
        }
    });
    Ok(())
}
