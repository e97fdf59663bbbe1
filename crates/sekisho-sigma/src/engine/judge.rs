//! Whether single rules hold for single events, asked outright: for the few
//! that [`late`](super::late) leaves, which are too few for answers to be worth
//! remembering. Says the same as a [`Matcher`](crate::Matcher).

use sekisho_event::{Column, EventBatch, FieldId, Kind, Value, ValueId, Vocabulary};

use crate::engine::field_matcher::AtomId;
use crate::engine::matcher::{Fields, Match, columns_read};
use crate::engine::program::{Atom, FieldNumber, Program, Question, RuleId};
use crate::engine::value_test::field_ref_holds;
use crate::rule::FieldRef;

/// The events of a batch as rules of a lane read them.
struct Event<'a> {
    program: &'a Program,
    reads: Vec<(Fields, &'a Column)>,
    vocabulary: &'a Vocabulary,
}

impl Program {
    /// Appends those of the pairs of a row and a rule in which the rule holds.
    /// The pairs are in order, and so is what is appended.
    pub fn judge(
        &self,
        pairs: &[(u32, RuleId)],
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        out: &mut Vec<Match>,
    ) {
        let plan = self.plan(&batch.shape);
        let mut events: Vec<Option<Event<'_>>> = plan.lanes.iter().map(|_| None).collect();
        for &(row, id) in pairs {
            let has = |lane: &crate::engine::program::Lane| lane.rules.binary_search(&id).is_ok();
            let Some(at) = plan.lanes.iter().position(has) else { continue };
            let (Some(lane), Some(slot)) = (plan.lanes.get(at), events.get_mut(at)) else {
                continue;
            };
            let event = slot.get_or_insert_with(|| Event {
                program: self,
                reads: columns_read(lane, batch, vocabulary),
                vocabulary,
            });
            let Some(rule) = self.rules.get(id as usize) else { continue };
            if rule.node.eval(&mut |atom| event.holds(atom, row as usize)) {
                let evidence = event.evidence(&rule.evidence, row as usize);
                out.push(Match { row, rule: id, evidence });
            }
        }
    }
}

impl<'a> Event<'a> {
    /// Columns and values of a field in a row.
    fn values(
        &self,
        field: FieldNumber,
        row: usize,
    ) -> impl Iterator<Item = (FieldId, ValueId, Value<'a>)> {
        let columns = self.reads.iter().filter(move |(fields, _)| fields.contains(&Some(field)));
        columns.flat_map(move |(_, column)| {
            let dictionary = self.vocabulary.dictionary(column.field);
            let value = move |id| Some((column.field, id, dictionary?.get(id)?));
            column.values(row).filter_map(value)
        })
    }

    fn holds(&self, id: AtomId, row: usize) -> bool {
        let Some(atom) = self.program.atoms.get(id as usize) else { return false };
        let mut values = self.values(atom.field, row).map(|(.., value)| value);
        match &atom.question {
            Question::Value | Question::Late => values.any(|v| atom.asking.test.holds(v)),
            Question::Exists(wanted) => values.next().is_some() == *wanted,
            Question::Null => values.all(|value| value.kind == Kind::Null),
            Question::FieldRef(reference, other) => {
                values.any(|this| self.refers(reference, this, *other, row))
            }
        }
    }

    fn refers(
        &self,
        reference: &FieldRef,
        this: Value<'_>,
        other: FieldNumber,
        row: usize,
    ) -> bool {
        self.values(other, row).any(|(.., that)| field_ref_holds(reference, this, that))
    }

    /// The values of an event that speak for a rule.
    fn evidence(&self, atoms: &[AtomId], row: usize) -> Vec<(FieldId, ValueId)> {
        let mut out = Vec::new();
        for atom in atoms.iter().filter_map(|&id| self.program.atoms.get(id as usize)) {
            for (field, id, value) in self.values(atom.field, row) {
                if self.speaks(atom, value, row) && !out.contains(&(field, id)) {
                    out.push((field, id));
                }
            }
        }
        out
    }

    fn speaks(&self, atom: &Atom, value: Value<'_>, row: usize) -> bool {
        match &atom.question {
            Question::Value | Question::Late => atom.asking.test.holds(value),
            Question::Exists(wanted) => *wanted,
            Question::FieldRef(reference, other) => self.refers(reference, value, *other, row),
            Question::Null => false,
        }
    }
}
