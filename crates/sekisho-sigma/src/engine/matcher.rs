//! Runs a program over batches. For each column that rules read, the answers
//! to all questions about a value are found once and remembered under the
//! value's id. A batch is then looked at column by column: which values with
//! answers occur, which rules these answers leave possible, and in which rows
//! something occurs without which none of those rules holds. Only such rows
//! are looked at one by one.

use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_event::{Column, EventBatch, FieldId, Kind, ValueId, Vocabulary};

use crate::engine::field_matcher::{Asked, AtomId};
use crate::engine::program::{
    CompiledRule, EVERY_FIELD, FieldNumber, Lane, Program, Question, RuleId,
};
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
    /// Answers by rule fields, set of keywords and column.
    memo_of: HashMap<(Fields, Option<usize>, FieldId), usize>,
    memos: Vec<Memo>,
    /// Answers, one run of atoms a value.
    answers: Vec<AtomId>,
    late: HashMap<(AtomId, FieldId, ValueId), bool>,
    epoch: u64,
    asked: Asked,
    /// By atom: the last event for which it held.
    held: Vec<u64>,
    event: u64,
    /// By atom: the last run over a lane in which it held for some value, and
    /// in which it was one that wakes.
    seen: Vec<u64>,
    waking: Vec<u64>,
    /// By rule: the last run over a lane in which it was looked at, and in
    /// which it was found possible.
    looked: Vec<u64>,
    alive: Vec<u64>,
    lane: u64,
    /// The next mark that no memo has.
    mark: u32,
    candidates: Vec<RuleId>,
    /// Rows and rules woken in them: the row in the upper half.
    woken: Vec<u64>,
}

/// By value: where its answers stand.
#[derive(Debug, Default)]
struct Memo {
    spans: Vec<Span>,
    /// By value: of those without answers [`UNANSWERED`]; of others a number
    /// that says when they were seen last, and what they wake.
    marks: Vec<u32>,
    /// Whether any value has an answer. Where none has, the column need not
    /// be looked through.
    answered: bool,
}

/// The mark of values of which nothing holds.
const UNANSWERED: u32 = u32::MAX;

/// Marks from here on are not given; all is forgotten before.
const MARKS_MAX: u32 = u32::MAX / 2;

#[derive(Clone, Copy, Debug)]
struct Span {
    at: u32,
    len: u32,
}

/// The rule fields as which one column is read: its own, and every field
/// where keywords are looked for.
pub(crate) type Fields = [Option<FieldNumber>; 2];

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
            seen: vec![0; program.atoms.len()],
            waking: vec![0; program.atoms.len()],
            looked: vec![0; program.rules.len()],
            alive: vec![0; program.rules.len()],
            program,
            memo_of: HashMap::new(),
            memos: Vec::new(),
            answers: Vec::new(),
            late: HashMap::new(),
            epoch: 0,
            asked: Asked::default(),
            event: 0,
            lane: 0,
            mark: 1,
            candidates: Vec::new(),
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
        let full = self.answers.len() > ANSWERS_MAX || self.mark > MARKS_MAX;
        if vocabulary.epoch() != self.epoch || full {
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
        self.mark = 1;
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
            self.ask_new(program, lane, read, vocabulary);
        }
        let present = self.present(lane, &reads);
        self.weigh(program, lane, &reads);
        if self.candidates.is_empty() {
            return;
        }
        self.wake(program, lane, &reads, &present);
        self.judge_woken(program, batch.rows(), &reads, vocabulary, out);
    }

    /// The values of the batch of which something holds, by read. Notes what
    /// that is, and which rules it wakes.
    fn present(&mut self, lane: &Lane, reads: &[Read<'_>]) -> Vec<Vec<ValueId>> {
        self.lane += 1;
        self.candidates.clear();
        let mut all = Vec::with_capacity(reads.len());
        for read in reads {
            let mut values = Vec::new();
            self.mark += 1;
            let mark = self.mark;
            if let Some(memo) = self.memos.get_mut(read.memo).filter(|memo| memo.answered) {
                for &value in read.column.keys.iter().chain(read.column.more.iter().map(|m| &m.1)) {
                    if let Some(last) = memo.marks.get_mut(value.index())
                        && *last < mark
                    {
                        *last = mark;
                        values.push(value);
                    }
                }
            }
            for &value in &values {
                self.note_present(lane, read, value);
            }
            all.push(values);
        }
        all
    }

    fn note_present(&mut self, lane: &Lane, read: &Read<'_>, value: ValueId) {
        let span = self.memos.get(read.memo).and_then(|memo| memo.spans.get(value.index()));
        for &atom in span.map_or(&[][..], |span| answers(&self.answers, *span)) {
            if !renew(&mut self.seen, atom, self.lane) {
                continue;
            }
            for &rule in lane.wakes.get(&atom).map_or(&[][..], |list| list) {
                if renew(&mut self.looked, rule, self.lane) {
                    self.candidates.push(rule);
                }
            }
        }
    }

    /// Leaves those candidates that may hold for some event of the batch, by
    /// what holds for its values and by what columns there are.
    fn weigh(&mut self, program: &Program, lane: &Lane, reads: &[Read<'_>]) {
        let Self { candidates, seen, waking, alive, lane: number, .. } = self;
        let has = |field| reads.iter().any(|read| read.is_of(field));
        let mut may = |atom: AtomId| {
            let Some(asked) = program.atoms.get(atom as usize) else { return (false, true) };
            match asked.question {
                Question::Value => (seen.get(atom as usize) == Some(number), true),
                Question::Late => (has(asked.field), true),
                Question::Exists(true) => (has(asked.field), true),
                Question::Exists(false) | Question::Null => (true, has(asked.field)),
                Question::FieldRef(_, other) => (has(asked.field) && has(other), true),
            }
        };
        candidates.extend(&lane.unguarded);
        candidates.retain(|&id| {
            program.rules.get(id as usize).is_some_and(|rule| rule.node.may(&mut may).0)
        });
        candidates.sort_unstable();
        for &id in &*candidates {
            renew(alive, id, *number);
            let guard = program.rules.get(id as usize).and_then(|rule| rule.guard.as_ref());
            for &atom in guard.into_iter().flatten() {
                renew(waking, atom, *number);
            }
        }
    }

    /// Notes in which rows there is something that wakes a candidate.
    fn wake(
        &mut self,
        program: &Program,
        lane: &Lane,
        reads: &[Read<'_>],
        present: &[Vec<ValueId>],
    ) {
        let Self {
            candidates, memos, answers: all, waking, alive, lane: number, mark, woken, ..
        } = self;
        woken.clear();
        let unguarded = |id: &&RuleId| {
            program.rules.get(**id as usize).is_some_and(|rule: &CompiledRule| rule.guard.is_none())
        };
        candidates.retain(|id| unguarded(&id));
        for (read, values) in reads.iter().zip(present) {
            let Some(memo) = memos.get_mut(read.memo) else { continue };
            let first = *mark + 1;
            let mut lists: Vec<Vec<RuleId>> = Vec::new();
            for &value in values {
                let span = memo.spans.get(value.index()).copied();
                let atoms = span.map_or(&[][..], |span| answers(all, span));
                let atoms = atoms.iter().filter(|&&a| waking.get(a as usize) == Some(number));
                let rules = atoms.filter_map(|atom| lane.wakes.get(atom)).flatten().copied();
                let list: Vec<RuleId> =
                    rules.filter(|&rule| alive.get(rule as usize) == Some(number)).collect();
                if let (false, Some(slot)) = (list.is_empty(), memo.marks.get_mut(value.index())) {
                    *mark += 1;
                    *slot = *mark;
                    lists.push(list);
                }
            }
            if lists.is_empty() {
                continue;
            }
            let mut note = |row: u64, value: ValueId| {
                let mark = memo.marks.get(value.index()).copied().unwrap_or(UNANSWERED);
                let list = mark.checked_sub(first).and_then(|at| lists.get(at as usize));
                woken.extend(list.into_iter().flatten().map(|&rule| row << 32 | u64::from(rule)));
            };
            for (row, &value) in (0u64..).zip(&read.column.keys) {
                note(row, value);
            }
            for &(row, value) in &read.column.more {
                note(u64::from(row), value);
            }
        }
        woken.sort_unstable();
        woken.dedup();
    }

    /// Looks at the rows in which rules were woken; at all of them where some
    /// rule has no guard.
    fn judge_woken(
        &mut self,
        program: &Program,
        rows: usize,
        reads: &[Read<'_>],
        vocabulary: &Vocabulary,
        out: &mut Vec<Match>,
    ) {
        // Many columns hold nothing that any rule names.
        let telling: Vec<&Read<'_>> =
            reads.iter().filter(|r| self.memos.get(r.memo).is_some_and(|m| m.answered)).collect();
        let woken = std::mem::take(&mut self.woken);
        let unguarded = std::mem::take(&mut self.candidates);
        let mut rules = Vec::new();
        let mut left = woken.as_slice();
        let mut next = if unguarded.is_empty() { None } else { Some(0) };
        loop {
            let row = match (next, left.first()) {
                (Some(row), _) if row < rows => row,
                (None, Some(pair)) => usize::try_from(pair >> 32).unwrap_or(usize::MAX),
                _ => break,
            };
            next = next.map(|row| row + 1);
            rules.clear();
            rules.extend(&unguarded);
            let own = left.partition_point(|pair| pair >> 32 <= row as u64);
            let (now, later) = left.split_at(own);
            left = later;
            rules.extend(now.iter().filter_map(|&pair| u32::try_from(pair & 0xffff_ffff).ok()));
            rules.sort_unstable();
            self.event += 1;
            for read in &telling {
                for value in read.column.values(row) {
                    self.note(read, value);
                }
            }
            self.judge(program, row, &rules, reads, vocabulary, out);
        }
        self.woken = woken;
        self.candidates = unguarded;
    }

    /// The columns of the batch that rules of this lane read.
    fn reads<'a>(
        &mut self,
        lane: &Lane,
        batch: &'a EventBatch,
        vocabulary: &Vocabulary,
    ) -> Vec<Read<'a>> {
        let found = columns_read(lane, batch, vocabulary);
        let read = |(fields, column): (Fields, &'a Column)| {
            let next = self.memos.len();
            let set = fields.contains(&Some(EVERY_FIELD));
            let set = lane.keywords.as_ref().filter(|_| set).map(|keywords| keywords.number);
            let memo = *self.memo_of.entry((fields, set, column.field)).or_insert(next);
            if memo == next {
                self.memos.push(Memo::default());
            }
            Read { fields, memo, column }
        };
        found.into_iter().map(read).collect()
    }

    /// Notes which atoms hold for a value of the event at hand.
    #[inline]
    fn note(&mut self, read: &Read<'_>, value: ValueId) {
        let memo = self.memos.get(read.memo);
        let Some(&span) = memo.and_then(|memo| memo.spans.get(value.index())) else { return };
        for &atom in answers(&self.answers, span) {
            if let Some(held) = self.held.get_mut(atom as usize) {
                *held = self.event;
            }
        }
    }

    /// Puts all questions about a column's fields to the values that are new
    /// in its dictionary.
    fn ask_new(
        &mut self,
        program: &Program,
        lane: &Lane,
        read: &Read<'_>,
        vocabulary: &Vocabulary,
    ) {
        let Some(dictionary) = vocabulary.dictionary(read.column.field) else { return };
        let Some(memo) = self.memos.get_mut(read.memo) else { return };
        // Ids run from 1; the span of id 0 is never asked for.
        let from = memo.spans.len().max(1);
        memo.spans.resize(dictionary.len() + 1, Span { at: 0, len: 0 });
        memo.marks.resize(dictionary.len() + 1, UNANSWERED);
        if from > dictionary.len() {
            return;
        }
        let asked = &mut self.asked;
        asked.take(dictionary, from);
        for field in read.fields.iter().flatten() {
            let matcher = match (*field, &lane.keywords) {
                (EVERY_FIELD, Some(keywords)) => Some(&keywords.matcher),
                (field, _) => program.matchers.get(field),
            };
            if let Some(matcher) = matcher {
                matcher.ask(dictionary, asked);
            }
        }
        asked.sort();
        for of_value in asked.held.chunk_by(|a, b| a.0 == b.0) {
            let Some(&(value, _)) = of_value.first() else { continue };
            let at = u32::try_from(self.answers.len()).unwrap_or(u32::MAX);
            let len = u32::try_from(of_value.len()).unwrap_or(u32::MAX);
            self.answers.extend(of_value.iter().map(|held| held.1));
            if let (Some(span), Some(mark)) =
                (memo.spans.get_mut(value.index()), memo.marks.get_mut(value.index()))
            {
                *span = Span { at, len };
                *mark = 0;
            }
            memo.answered = true;
        }
    }

    /// Evaluates rules for the event at hand.
    fn judge(
        &mut self,
        program: &Program,
        row: usize,
        rules: &[RuleId],
        reads: &[Read<'_>],
        vocabulary: &Vocabulary,
        out: &mut Vec<Match>,
    ) {
        for &id in rules {
            let Some(rule) = program.rules.get(id as usize) else { continue };
            let mut holds = |atom| self.holds(program, atom, row, reads, vocabulary);
            if rule.node.eval(&mut holds) {
                let evidence = self.evidence(&rule.evidence, program, row, reads, vocabulary);
                let row = u32::try_from(row).unwrap_or(u32::MAX);
                out.push(Match { row, rule: id, evidence });
            }
        }
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
            Question::Late => values.any(|(field, value)| {
                *self.late.entry((id, field, value)).or_insert_with(|| {
                    vocabulary
                        .dictionary(field)
                        .and_then(|d| d.get(value))
                        .is_some_and(|v| atom.asking.test.holds(v))
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
                // Also of values that did not matter to the outcome: what was
                // asked before must not show.
                Question::Late => self.late.get(&(id, read.column.field, value)).map_or_else(
                    || {
                        let dictionary = vocabulary.dictionary(read.column.field);
                        let value = dictionary.and_then(|d| d.get(value));
                        value.is_some_and(|value| atom.asking.test.holds(value))
                    },
                    |known| *known,
                ),
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
        span.map_or(&[], |span| answers(&self.answers, *span))
    }
}

/// The columns of a batch that rules of a lane read, and as which fields.
pub(crate) fn columns_read<'a>(
    lane: &Lane,
    batch: &'a EventBatch,
    vocabulary: &Vocabulary,
) -> Vec<(Fields, &'a Column)> {
    let mut found: Vec<(Fields, &'a Column)> = Vec::new();
    for (field, names) in &lane.reads {
        for name in names {
            if let Some(column) = vocabulary.find(name).and_then(|id| batch.column(id)) {
                found.push(([Some(*field), None], column));
            }
        }
    }
    if lane.keywords.is_some() {
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
    found
}

#[inline]
fn answers(all: &[AtomId], span: Span) -> &[AtomId] {
    all.get(span.at as usize..span.at as usize + span.len as usize).unwrap_or_default()
}

/// Sets the entry of an atom or a rule; whether it had another one before.
#[inline]
fn renew(entries: &mut [u64], number: u32, to: u64) -> bool {
    let entry = entries.get_mut(number as usize);
    entry.is_some_and(|entry| std::mem::replace(entry, to) != to)
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
