//! Rows found in columns that are read late must be all that a matcher finds
//! something in.

use std::convert::Infallible;
use std::sync::Arc;

use sekisho_event::{EventBatch, Kind, Vocabulary};
use sekisho_sigma::{LateColumns, LateKeys, LateValues};

use super::super::{IndicatorMatch, IndicatorProgram, LateIndicators};

#[derive(Default)]
struct Texts {
    name: String,
    text: String,
    ends: Vec<usize>,
    cells: Vec<(u32, u32)>,
}

/// The columns of a batch; each has a value for each cell.
struct Group(Vec<Texts>);

impl Group {
    fn of(batch: &EventBatch, vocabulary: &Vocabulary) -> Self {
        let texts = |column: &sekisho_event::Column| {
            let name = vocabulary.name(column.field).to_owned();
            let mut texts = Texts { name, ..Texts::default() };
            for row in 0..batch.rows() {
                for id in column.values(row) {
                    texts.text.push_str(vocabulary.dictionary(column.field).unwrap().text(id));
                    texts.ends.push(texts.text.len());
                    let number = u32::try_from(texts.ends.len()).unwrap();
                    texts.cells.push((u32::try_from(row).unwrap(), number));
                }
            }
            texts
        };
        Self(batch.columns.iter().map(texts).collect())
    }
}

impl LateColumns for Group {
    type Error = Infallible;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn named(&self, name: &str, each: &mut dyn FnMut(usize)) {
        let named = self.0.iter().enumerate().filter(|(_, texts)| texts.name == name);
        named.for_each(|(number, _)| each(number));
    }

    fn deferred(&self, _: usize) -> Option<u64> {
        None
    }

    fn may_hold(&self, _: usize, _: &str, _: bool, _: bool) -> bool {
        true
    }

    fn odd_numbers(&self, _: usize) -> bool {
        true
    }

    fn load(&mut self, _: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn values(&self, column: usize) -> LateValues<'_> {
        let texts = &self.0[column];
        LateValues { text: &texts.text, ends: &texts.ends, kinds: &[Kind::String] }
    }

    fn load_keys(&mut self, _: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn keys(&self, column: usize) -> LateKeys<'_> {
        LateKeys::Some(&self.0[column].cells)
    }
}

/// No row in which something was found may be missing.
pub(super) fn check(
    program: Arc<IndicatorProgram>,
    batch: &EventBatch,
    vocabulary: &Vocabulary,
    found: &[IndicatorMatch],
) {
    let mut rows = Vec::new();
    let shapes = [(batch.shape.clone(), batch.rows())];
    let mut late = LateIndicators::new(program);
    let Ok(()) = late.rows(&shapes, &mut Group::of(batch, vocabulary), &mut rows);
    for m in found {
        assert!(rows.contains(&m.row), "row {} is not among {rows:?}", m.row);
    }
}
