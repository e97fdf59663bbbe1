//! Whether single rules hold for single events, asked outright: for the few
//! that [`late`](super::late) leaves, which are too few for answers to be worth
//! remembering. Says the same as a [`Matcher`](crate::Matcher).

use std::rc::Rc;

use hashbrown::HashMap;
use sekisho_event::{Column, EventBatch, FieldId, Kind, Value, ValueId, Vocabulary};

use crate::compare::fold_into;
use crate::engine::field_matcher::AtomId;
use crate::engine::matcher::{Fields, Match, columns_read};
use crate::engine::program::{Atom, FieldNumber, Program, Question, RuleId};
use crate::engine::value_test::field_ref_holds;
use crate::rule::FieldRef;

/// The events of a batch as rules of a lane read them.
struct Event<'a> {
    program: &'a Program,
    /// By field: its columns.
    columns: HashMap<FieldNumber, Rc<[&'a Column]>>,
    vocabulary: &'a Vocabulary,
    /// Texts in lower case, of those that were asked.
    folded: HashMap<(FieldId, ValueId), String>,
}

/// A value and where it is from.
#[derive(Clone, Copy)]
struct Cell<'a> {
    at: (FieldId, ValueId),
    value: Value<'a>,
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
                columns: by_field(columns_read(lane, batch, vocabulary)),
                vocabulary,
                folded: HashMap::new(),
            });
            let Some(rule) = self.rules.get(id as usize) else { continue };
            if rule.node.eval(&mut |atom| event.holds(atom, row as usize)) {
                let evidence = event.evidence(&rule.evidence, row as usize);
                out.push(Match { row, rule: id, evidence });
            }
        }
    }
}

fn by_field<'a>(reads: Vec<(Fields, &'a Column)>) -> HashMap<FieldNumber, Rc<[&'a Column]>> {
    let mut columns: HashMap<FieldNumber, Vec<&'a Column>> = HashMap::new();
    for (fields, column) in reads {
        for field in fields.into_iter().flatten() {
            columns.entry(field).or_default().push(column);
        }
    }
    columns.into_iter().map(|(field, columns)| (field, columns.into())).collect()
}

impl<'a> Event<'a> {
    /// The values of a field in a row.
    fn values(&self, field: FieldNumber, row: usize) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let vocabulary = self.vocabulary;
        let columns = self.columns.get(&field).map(Rc::clone).unwrap_or_default();
        (0..columns.len()).filter_map(move |at| columns.get(at).copied()).flat_map(move |column| {
            let dictionary = vocabulary.dictionary(column.field);
            let value =
                move |id| Some(Cell { at: (column.field, id), value: dictionary?.get(id)? });
            column.values(row).filter_map(value)
        })
    }

    fn holds(&mut self, id: AtomId, row: usize) -> bool {
        let Some(atom) = self.program.atoms.get(id as usize) else { return false };
        let mut values = self.values(atom.field, row);
        match &atom.question {
            Question::Value | Question::Late => values.any(|cell| self.asks(atom, cell)),
            Question::Exists(wanted) => values.next().is_some() == *wanted,
            Question::Null => values.all(|cell| cell.value.kind == Kind::Null),
            Question::FieldRef(reference, other) => {
                values.any(|cell| self.refers(reference, cell.value, *other, row))
            }
        }
    }

    /// Whether a question about a value is answered with yes.
    fn asks(&mut self, atom: &Atom, cell: Cell<'_>) -> bool {
        let folded = self.folded.entry(cell.at).or_insert_with(|| {
            let mut folded = String::new();
            fold_into(cell.value.text, &mut folded);
            folded
        });
        atom.asking.holds(cell.value, folded)
    }

    fn refers(
        &self,
        reference: &FieldRef,
        this: Value<'_>,
        other: FieldNumber,
        row: usize,
    ) -> bool {
        self.values(other, row).any(|that| field_ref_holds(reference, this, that.value))
    }

    /// The values of an event that speak for a rule.
    fn evidence(&mut self, atoms: &[AtomId], row: usize) -> Vec<(FieldId, ValueId)> {
        let mut out = Vec::new();
        for atom in atoms.iter().filter_map(|&id| self.program.atoms.get(id as usize)) {
            for cell in self.values(atom.field, row) {
                if !out.contains(&cell.at) && self.speaks(atom, cell, row) {
                    out.push(cell.at);
                }
            }
        }
        out
    }

    fn speaks(&mut self, atom: &Atom, cell: Cell<'_>, row: usize) -> bool {
        match &atom.question {
            Question::Value | Question::Late => self.asks(atom, cell),
            Question::Exists(wanted) => *wanted,
            Question::FieldRef(reference, other) => self.refers(reference, cell.value, *other, row),
            Question::Null => false,
        }
    }
}
