//! Answers that are remembered from one group of rows to the next. Names of
//! programs and command lines come again and again; asking thousands of
//! questions about each anew takes far longer than finding it again.

use sekisho_event::{Dictionary, Value, ValueId};

use crate::engine::field_matcher::{Asked, AtomId, FieldMatcher, Values};

/// The values of a field, and what holds for each.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    values: Dictionary,
    /// What holds, value by value, and by value where that ends.
    atoms: Vec<AtomId>,
    ends: Vec<usize>,
    /// The values at hand.
    ids: Vec<ValueId>,
}

impl Remembered {
    /// Shows for each of some values, numbered from 0, all that holds for it;
    /// only new ones are asked. `matcher` and what tells of the values before
    /// must be the same each time.
    pub(crate) fn ask(
        &mut self,
        values: &impl Values,
        matcher: &FieldMatcher,
        asked: &mut Asked,
        mut held: impl FnMut(u32, &[AtomId]),
    ) {
        let known = self.values.len();
        self.ids.clear();
        let every = (0..).map_while(|number| values.value(number));
        for Value { kind, text } in every {
            self.ids.push(self.values.intern_str(kind, text));
        }
        if self.values.len() > known {
            asked.take(&self.values, known + 1);
            matcher.ask(&self.values, asked);
            asked.sort();
            self.learn(&asked.held);
        }
        for (number, id) in (0..).zip(&self.ids) {
            let atoms = self.atoms_of(*id);
            if !atoms.is_empty() {
                held(number, atoms);
            }
        }
    }

    /// Takes what holds for the values that are new.
    fn learn(&mut self, held: &[(ValueId, AtomId)]) {
        let mut left = held;
        while self.ends.len() < self.values.len() {
            let id = self.ends.len() + 1;
            let (of_id, later) = left.split_at(left.partition_point(|(of, _)| of.index() <= id));
            self.atoms.extend(of_id.iter().map(|(_, atom)| *atom));
            self.ends.push(self.atoms.len());
            left = later;
        }
    }

    fn atoms_of(&self, id: ValueId) -> &[AtomId] {
        let Some(at) = id.index().checked_sub(1) else { return &[] };
        let from = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let to = self.ends.get(at).copied().unwrap_or(0);
        self.atoms.get(from.unwrap_or(0)..to).unwrap_or_default()
    }

    /// Memory taken, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.values.bytes()
            + self.atoms.capacity() * size_of::<AtomId>()
            + self.ends.capacity() * size_of::<usize>()
    }
}
