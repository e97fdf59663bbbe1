//! Batches as columns that are read late, and what is found in them so.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use sekisho_event::{EventBatch, Kind, Shape, Vocabulary};
use sekisho_sigma::compare::lower;
use sekisho_sigma::{LateColumns, LateKeys, LateMatcher, LateValues, Match, Program, RuleId};

#[derive(Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
    kinds: Vec<Kind>,
    keys: Vec<u32>,
    cells: Vec<(u32, u32)>,
    /// Whether it is asked what its values are made of before they are read.
    deferred: bool,
    loaded: bool,
}

impl Texts {
    fn add(&mut self, kind: Kind, text: &str) -> u32 {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.kinds.push(kind);
        u32::try_from(self.ends.len()).unwrap()
    }
}

/// By field: a column of first values, one of further values.
#[derive(Default)]
pub(crate) struct Group {
    columns: Vec<Texts>,
    names: BTreeMap<String, [usize; 2]>,
    rows: usize,
    shapes: Vec<(Shape, usize)>,
}

impl Group {
    /// All batches, one behind the other.
    pub(crate) fn of(batches: &[EventBatch], vocabulary: &Vocabulary) -> Self {
        let mut group = Self::default();
        for batch in batches {
            for column in &batch.columns {
                let [first, more] = group.names_of(vocabulary.name(column.field));
                let dictionary = vocabulary.dictionary(column.field).unwrap();
                for row in 0..batch.rows() {
                    for (n, id) in column.values(row).enumerate() {
                        let value = dictionary.get(id).unwrap();
                        let place = if n == 0 { first } else { more };
                        let texts = &mut group.columns[place];
                        let key = texts.add(value.kind, value.text);
                        if n == 0 {
                            texts.keys.resize(group.rows + row, 0);
                            texts.keys.push(key);
                        } else {
                            let row = u32::try_from(group.rows + row).unwrap();
                            texts.cells.push((row, key));
                        }
                    }
                }
            }
            group.rows += batch.rows();
            group.shapes.push((batch.shape.clone(), batch.rows()));
        }
        group
    }

    fn names_of(&mut self, name: &str) -> [usize; 2] {
        let next = self.columns.len();
        let places = *self.names.entry(name.to_owned()).or_insert([next, next + 1]);
        if places[0] == next {
            let deferred = !(next / 2).is_multiple_of(3);
            self.columns.extend([
                Texts { deferred, ..Texts::default() },
                Texts { deferred: !deferred, ..Texts::default() },
            ]);
        }
        places
    }

    /// What is found, batch by batch.
    pub(crate) fn run(
        &mut self,
        late: &mut LateMatcher,
        program: &Arc<Program>,
        batches: &[EventBatch],
        vocabulary: &Vocabulary,
    ) -> Vec<Vec<Match>> {
        let mut pairs: Vec<(u32, RuleId)> = Vec::new();
        let shapes = self.shapes.clone();
        late.run(&shapes, self, &mut pairs).unwrap_or_else(|never| match never {});
        assert!(pairs.is_sorted_by(|a, b| a < b), "not in order: {pairs:?}");
        let mut from = 0;
        let mut all = Vec::new();
        for batch in batches {
            let to = from + u32::try_from(batch.rows()).unwrap();
            let own = pairs.iter().filter(|(row, _)| (from..to).contains(row));
            let own: Vec<(u32, RuleId)> = own.map(|(row, rule)| (row - from, *rule)).collect();
            let mut found = Vec::new();
            program.judge(&own, batch, vocabulary, &mut found);
            all.push(found);
            from = to;
        }
        all
    }
}

impl LateColumns for Group {
    type Error = Infallible;

    fn count(&self) -> usize {
        self.columns.len()
    }

    fn named(&self, name: &str, each: &mut dyn FnMut(usize)) {
        self.names.get(name).into_iter().flatten().for_each(|&column| each(column));
    }

    fn deferred(&self, column: usize) -> Option<u64> {
        self.columns[column].deferred.then_some(column as u64)
    }

    fn may_hold(&self, column: usize, text: &str, begins: bool, ends: bool) -> bool {
        let texts = &self.columns[column];
        let mut from = 0;
        texts.ends.iter().any(|&end| {
            let value: String = texts.text[from..end].chars().map(lower).collect();
            from = end;
            match (begins, ends) {
                (true, true) => value == text,
                (true, false) => value.starts_with(text),
                (false, true) => value.ends_with(text),
                (false, false) => value.contains(text),
            }
        })
    }

    fn odd_numbers(&self, column: usize) -> bool {
        self.columns[column].kinds.contains(&Kind::Number)
    }

    fn load(&mut self, column: usize) -> Result<(), Infallible> {
        self.columns[column].loaded = true;
        Ok(())
    }

    fn values(&self, column: usize) -> LateValues<'_> {
        let texts = &self.columns[column];
        assert!(texts.loaded, "a column that was not read");
        LateValues { text: &texts.text, ends: &texts.ends, kinds: &texts.kinds }
    }

    fn load_keys(&mut self, _: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn keys(&self, column: usize) -> LateKeys<'_> {
        let texts = &self.columns[column];
        if texts.cells.is_empty() {
            LateKeys::Each(&texts.keys)
        } else {
            LateKeys::Some(&texts.cells)
        }
    }
}
