//! Runs a program over batches. For each column that rules read, the answers
//! to all questions about a value are found once and remembered under the
//! value's id; an event then costs one look-up a cell, and a rule costs
//! something only when its guard is among the answers.

use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_event::{Column, EventBatch, FieldId, Kind, ValueId, Vocabulary};

use crate::engine::field_matcher::{AtomId, Scratch};
use crate::engine::program::{EVERY_FIELD, FieldNumber, Lane, Program, Question, RuleId};
use crate::engine::value_test::field_ref_holds;
use crate::rule::FieldRef;

/// A rule that holds for an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The event's row in its batch.
    pub row: u32,
    /// The rule.
    pub rule: RuleId,
    /// Columns and values that speak for the rule; none where it rests on
    /// what is absent.
    pub evidence: Vec<(FieldId, ValueId)>,
}

/// Runs one program for one thread.
#[derive(Debug)]
pub struct Matcher {
    program: Arc<Program>,
    /// Answers by rule fields and column.
    memo_of: HashMap<(Fields, FieldId), usize>,
    memos: Vec<Memo>,
    /// Answers, one run of atoms a value.
    answers: Vec<AtomId>,
    late: HashMap<(AtomId, FieldId, ValueId), bool>,
    epoch: u64,
    scratch: Scratch,
    /// By atom: the last event for which it held.
    held: Vec<u64>,
    /// By rule: the last event for which it was looked at.
    looked: Vec<u64>,
    event: u64,
    woken: Vec<RuleId>,
}

/// By value: where its answers stand.
#[derive(Debug, Default)]
struct Memo {
    spans: Vec<Span>,
    /// Whether any value has an answer. Where none has, the column need not
    /// be looked through.
    answered: bool,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    at: u32,
    len: u32,
}

/// The rule fields as which one column is read: its own, and every field
/// where keywords are looked for.
type Fields = [Option<FieldNumber>; 2];

/// A column as rules read it.
struct Read<'a> {
    fields: Fields,
    memo: usize,
    column: &'a Column,
}

impl Read<'_> {
    fn is_of(&self, field: FieldNumber) -> bool {
        self.fields.contains(&Some(field))
    }
}

/// Most answers that are remembered before all are forgotten.
const ANSWERS_MAX: usize = 4 << 20;

impl Matcher {
    /// A matcher without memories.
    #[must_use]
    pub fn new(program: Arc<Program>) -> Self {
        Self {
            held: vec![0; program.atoms.len()],
            looked: vec![0; program.rules.len()],
            program,
            memo_of: HashMap::new(),
            memos: Vec::new(),
            answers: Vec::new(),
            late: HashMap::new(),
            epoch: 0,
            scratch: Scratch::default(),
            event: 0,
            woken: Vec::new(),
        }
    }

    /// The program that runs.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Appends all matches in a batch, in the order of rows and then of rules.
    pub fn run(&mut self, batch: &EventBatch, vocabulary: &Vocabulary, out: &mut Vec<Match>) {
        if vocabulary.epoch() != self.epoch || self.answers.len() > ANSWERS_MAX {
            self.forget();
            self.epoch = vocabulary.epoch();
        }
        let program = Arc::clone(&self.program);
        let plan = program.plan(&batch.shape);
        let start = out.len();
        for lane in &plan.lanes {
            self.run_lane(&program, lane, batch, vocabulary, out);
        }
        if plan.lanes.len() > 1
            && let Some(tail) = out.get_mut(start..)
        {
            tail.sort_by_key(|m| (m.row, m.rule));
        }
    }

    fn forget(&mut self) {
        self.memos.iter_mut().for_each(|memo| *memo = Memo::default());
        self.answers = Vec::new();
        self.late = HashMap::new();
    }

    fn run_lane(
        &mut self,
        program: &Program,
        lane: &Lane,
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        out: &mut Vec<Match>,
    ) {
        let reads = self.reads(lane, batch, vocabulary);
        for read in &reads {
            self.ask_new(program, read, vocabulary);
        }
        // Many columns hold nothing that any rule names.
        let telling: Vec<&Read<'_>> =
            reads.iter().filter(|r| self.memos.get(r.memo).is_some_and(|m| m.answered)).collect();
        for row in 0..batch.rows() {
            self.event += 1;
            self.woken.clear();
            self.woken.extend(&lane.unguarded);
            for read in &telling {
                let first = read.column.first(row);
                if first.is_present() {
                    self.note(program, lane, read, first);
                }
                if !read.column.more.is_empty() {
                    for value in read.column.values(row).skip(1) {
                        self.note(program, lane, read, value);
                    }
                }
            }
            if self.woken.is_empty() {
                continue;
            }
            self.judge(program, row, &reads, vocabulary, out);
        }
    }

    /// The columns of the batch that rules of this lane read.
    fn reads<'a>(
        &mut self,
        lane: &Lane,
        batch: &'a EventBatch,
        vocabulary: &Vocabulary,
    ) -> Vec<Read<'a>> {
        let mut found: Vec<(Fields, &'a Column)> = Vec::new();
        for (field, names) in &lane.reads {
            for name in names {
                if let Some(column) = vocabulary.find(name).and_then(|id| batch.column(id)) {
                    found.push(([Some(*field), None], column));
                }
            }
        }
        if lane.every_field {
            for column in &batch.columns {
                let known = found
                    .iter_mut()
                    .find(|(fields, known)| known.field == column.field && fields[1].is_none());
                match known {
                    Some((fields, _)) => fields[1] = Some(EVERY_FIELD),
                    None => found.push(([Some(EVERY_FIELD), None], column)),
                }
            }
        }
        let read = |(fields, column): (Fields, &'a Column)| {
            let next = self.memos.len();
            let memo = *self.memo_of.entry((fields, column.field)).or_insert(next);
            if memo == next {
                self.memos.push(Memo::default());
            }
            Read { fields, memo, column }
        };
        found.into_iter().map(read).collect()
    }

    /// Notes which atoms hold for a value of the event at hand, and which
    /// rules that wakes.
    #[inline]
    fn note(&mut self, program: &Program, lane: &Lane, read: &Read<'_>, value: ValueId) {
        let memo = self.memos.get(read.memo);
        let Some(&span) = memo.and_then(|memo| memo.spans.get(value.index())) else { return };
        let answers = self.answers.get(span.at as usize..span.at as usize + span.len as usize);
        for &atom in answers.unwrap_or_default() {
            if let Some(held) = self.held.get_mut(atom as usize) {
                *held = self.event;
            }
            for &rule in program.wakes.get(atom as usize).map_or(&[][..], |list| list) {
                let looked = self.looked.get_mut(rule as usize);
                if lane.has.get(rule as usize) == Some(&true)
                    && let Some(looked) = looked
                    && *looked != self.event
                {
                    *looked = self.event;
                    self.woken.push(rule);
                }
            }
        }
    }

    /// Puts all questions about a column's fields to the values that are new
    /// in its dictionary.
    fn ask_new(&mut self, program: &Program, read: &Read<'_>, vocabulary: &Vocabulary) {
        let Some(dictionary) = vocabulary.dictionary(read.column.field) else { return };
        let Some(memo) = self.memos.get_mut(read.memo) else { return };
        // Ids run from 1; the span of id 0 is never asked for.
        if memo.spans.is_empty() {
            memo.spans.push(Span { at: 0, len: 0 });
        }
        memo.spans.reserve(dictionary.len() + 1 - memo.spans.len().min(dictionary.len() + 1));
        for id in memo.spans.len()..=dictionary.len() {
            let id = ValueId(u32::try_from(id).unwrap_or(u32::MAX));
            let start = self.answers.len();
            if let Some(value) = dictionary.get(id) {
                for field in read.fields.iter().flatten() {
                    if let Some(matcher) = program.matchers.get(*field) {
                        matcher.hits(value, &mut self.scratch, &mut self.answers);
                    }
                }
            }
            // Atoms of two fields are different ones; together they are sorted.
            if let Some(answers) = self.answers.get_mut(start..) {
                answers.sort_unstable();
            }
            let at = u32::try_from(start).unwrap_or(u32::MAX);
            let len = u32::try_from(self.answers.len() - start).unwrap_or(u32::MAX);
            memo.answered |= len > 0;
            memo.spans.push(Span { at, len });
        }
    }

    /// Evaluates the rules that were woken for an event.
    fn judge(
        &mut self,
        program: &Program,
        row: usize,
        reads: &[Read<'_>],
        vocabulary: &Vocabulary,
        out: &mut Vec<Match>,
    ) {
        let mut woken = std::mem::take(&mut self.woken);
        woken.sort_unstable();
        for &id in &woken {
            let Some(rule) = program.rules.get(id as usize) else { continue };
            let mut holds = |atom| self.holds(program, atom, row, reads, vocabulary);
            if rule.node.eval(&mut holds) {
                let evidence = self.evidence(&rule.evidence, program, row, reads, vocabulary);
                let row = u32::try_from(row).unwrap_or(u32::MAX);
                out.push(Match { row, rule: id, evidence });
            }
        }
        self.woken = woken;
    }

    /// Whether an atom holds for the event at hand.
    fn holds(
        &mut self,
        program: &Program,
        id: AtomId,
        row: usize,
        reads: &[Read<'_>],
        vocabulary: &Vocabulary,
    ) -> bool {
        let Some(atom) = program.atoms.get(id as usize) else { return false };
        let mut values = values_of(atom.field, row, reads);
        match &atom.question {
            Question::Value => self.held.get(id as usize) == Some(&self.event),
            Question::Late(test) => values.any(|(field, value)| {
                *self.late.entry((id, field, value)).or_insert_with(|| {
                    vocabulary
                        .dictionary(field)
                        .and_then(|d| d.get(value))
                        .is_some_and(|v| test.holds(v))
                })
            }),
            Question::Exists(wanted) => values.next().is_some() == *wanted,
            Question::Null => is_null(values, vocabulary),
            Question::FieldRef(reference, other) => {
                refers(reference, values, *other, row, reads, vocabulary)
            }
        }
    }

    /// The values of an event that speak for a rule.
    fn evidence(
        &self,
        atoms: &[AtomId],
        program: &Program,
        row: usize,
        reads: &[Read<'_>],
        vocabulary: &Vocabulary,
    ) -> Vec<(FieldId, ValueId)> {
        let mut out = Vec::new();
        for &id in atoms {
            let Some(atom) = program.atoms.get(id as usize) else { continue };
            let speaks = |read: &Read<'_>, value: ValueId| match &atom.question {
                Question::Value => {
                    self.held.get(id as usize) == Some(&self.event)
                        && self.answered(read, value).binary_search(&id).is_ok()
                }
                Question::Late(_) => self.late.get(&(id, read.column.field, value)) == Some(&true),
                Question::Exists(wanted) => *wanted,
                Question::FieldRef(reference, other) => {
                    let this = std::iter::once((read.column.field, value));
                    refers(reference, this, *other, row, reads, vocabulary)
                }
                Question::Null => false,
            };
            for read in reads.iter().filter(|read| read.is_of(atom.field)) {
                for value in read.column.values(row).filter(|&v| speaks(read, v)) {
                    if !out.contains(&(read.column.field, value)) {
                        out.push((read.column.field, value));
                    }
                }
            }
        }
        out
    }

    fn answered(&self, read: &Read<'_>, value: ValueId) -> &[AtomId] {
        let span = self.memos.get(read.memo).and_then(|memo| memo.spans.get(value.index()));
        let Some(span) = span else { return &[] };
        self.answers.get(span.at as usize..span.at as usize + span.len as usize).unwrap_or_default()
    }
}

fn values_of<'a>(
    field: FieldNumber,
    row: usize,
    reads: &'a [Read<'_>],
) -> impl Iterator<Item = (FieldId, ValueId)> + 'a {
    reads
        .iter()
        .filter(move |read| read.is_of(field))
        .flat_map(move |read| read.column.values(row).map(|value| (read.column.field, value)))
}

fn is_null(mut values: impl Iterator<Item = (FieldId, ValueId)>, vocabulary: &Vocabulary) -> bool {
    let null = |(field, value)| {
        let value = vocabulary.dictionary(field).and_then(|d| d.get(value));
        value.is_none_or(|v| v.kind == Kind::Null)
    };
    values.all(null)
}

fn refers(
    reference: &FieldRef,
    mut values: impl Iterator<Item = (FieldId, ValueId)>,
    other: FieldNumber,
    row: usize,
    reads: &[Read<'_>],
    vocabulary: &Vocabulary,
) -> bool {
    let get = |(field, value)| vocabulary.dictionary(field).and_then(|d| d.get(value));
    values.any(|this| {
        get(this).is_some_and(|this| {
            values_of(other, row, reads)
                .filter_map(get)
                .any(|that| field_ref_holds(reference, this, that))
        })
    })
}
