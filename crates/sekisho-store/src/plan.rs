//! Which fields of a segment have a column of their own, of what kind it is,
//! and which cells stand in `_rest`.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};
use sekisho_event::Kind;

use crate::block::{BlockColumn, KINDS, RowBlock};
use crate::limits::{COLUMN_NAME_BYTES_MAX, FIELD_COLUMNS_MAX, RARE_ONE_IN_ROWS, REST_NAMES_MAX};
use crate::schema::Own;

const KIND_OF: [Kind; KINDS] = [Kind::String, Kind::Number, Kind::Bool, Kind::Null];

/// A field of a segment.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    /// Rows that have it.
    pub(crate) rows: u64,
    /// The kind of its column; of most of its values.
    pub(crate) kind: Kind,
    /// Whether it has a column.
    pub(crate) column: bool,
    /// Whether `_rest` holds values of it.
    pub(crate) rest: bool,
    /// Where it is: number of the block, and of the field in it.
    pub(crate) parts: Vec<(usize, usize)>,
}

/// The fields of a segment, in order of their names.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    /// By block and number of the field in it: number in `fields`.
    numbers: Vec<Vec<usize>>,
}

#[derive(Default)]
struct Seen {
    rows: u64,
    kinds: [u64; KINDS],
    parts: Vec<(usize, usize)>,
}

impl<'a> Plan<'a> {
    /// Of blocks that are sorted by shape.
    pub(crate) fn of(blocks: &[&'a RowBlock]) -> Self {
        let seen = see(blocks);
        let eligible = rows_of_shapes(blocks);
        let mut fields: Vec<Field<'a>> = seen
            .into_iter()
            .map(|(name, seen)| {
                let possible = rows_that_could(&seen.parts, &eligible);
                let kind = most(&seen.kinds);
                let column = can_be_a_column(name) && seen.rows * RARE_ONE_IN_ROWS >= possible;
                Field { name, rows: seen.rows, kind, column, rest: !column, parts: seen.parts }
            })
            .collect();
        keep_columns_apart(&mut fields);
        for field in &mut fields {
            let kind = field.kind;
            let odd = |&(block, number): &(usize, usize)| {
                let column = blocks.get(block).and_then(|block| block.field(number));
                column.is_some_and(|column| !fits(&column, kind))
            };
            field.rest = !field.column || field.parts.iter().any(odd);
        }
        let mut numbers: Vec<Vec<usize>> =
            blocks.iter().map(|block| vec![usize::MAX; block.fields().count()]).collect();
        for (number, field) in fields.iter().enumerate() {
            for &(block, local) in &field.parts {
                if let Some(slot) = numbers.get_mut(block).and_then(|n| n.get_mut(local)) {
                    *slot = number;
                }
            }
        }
        Self { fields, numbers }
    }

    /// The fields that have columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| field.column)
    }

    /// The field of a block's column.
    pub(crate) fn field(&self, block: usize, local: usize) -> Option<(usize, &Field<'a>)> {
        let number = *self.numbers.get(block)?.get(local)?;
        Some((number, self.fields.get(number)?))
    }

    /// The names of fields that `_rest` holds, unless there are too many.
    pub(crate) fn rest_names(&self) -> Option<Vec<&'a str>> {
        let names: Vec<&str> =
            self.fields.iter().filter(|field| field.rest).map(|field| field.name).collect();
        (names.len() <= REST_NAMES_MAX).then_some(names)
    }
}

/// Whether all values of a block's column can stand in a column of this kind.
pub(crate) fn fits(column: &BlockColumn<'_>, kind: Kind) -> bool {
    let others = KIND_OF.iter().zip(column.kinds()).any(|(&of, count)| of != kind && count > 0);
    !others && column.more().is_empty()
}

fn see<'a>(blocks: &[&'a RowBlock]) -> BTreeMap<&'a str, Seen> {
    let mut by_name: HashMap<&'a str, Seen> = HashMap::new();
    for (number, block) in blocks.iter().enumerate() {
        for (local, column) in block.fields().enumerate() {
            let seen = by_name.entry(column.name()).or_default();
            // A field that stands in a block twice is read from its first column.
            if seen.parts.last().is_some_and(|&(last, _)| last == number) {
                continue;
            }
            seen.rows += u64::from(column.present());
            for (sum, count) in seen.kinds.iter_mut().zip(column.kinds()) {
                *sum += u64::from(count);
            }
            seen.parts.push((number, local));
        }
    }
    by_name.into_iter().collect()
}

/// For each block the number of its shape and how many rows have that.
fn rows_of_shapes(blocks: &[&RowBlock]) -> Vec<(usize, u64)> {
    let mut out = Vec::with_capacity(blocks.len());
    for (number, same) in blocks.chunk_by(|a, b| a.shape() == b.shape()).enumerate() {
        let rows: u64 = same.iter().map(|block| block.rows() as u64).sum();
        out.extend(same.iter().map(|_| (number, rows)));
    }
    out
}

/// Rows of the shapes in which these parts are.
fn rows_that_could(parts: &[(usize, usize)], shapes: &[(usize, u64)]) -> u64 {
    let mut last = None;
    let mut sum = 0;
    for &(block, _) in parts {
        if let Some(&(shape, rows)) = shapes.get(block).filter(|(shape, _)| last != Some(*shape)) {
            last = Some(shape);
            sum += rows;
        }
    }
    sum
}

/// The kind of which there are most.
pub(crate) fn most(counts: &[u64; KINDS]) -> Kind {
    let best = counts.iter().zip(KIND_OF).rev().max_by_key(|(count, _)| **count);
    best.map_or(Kind::String, |(_, kind)| kind)
}

/// Names that another reader could not use, or that are ours, have no column.
fn can_be_a_column(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= COLUMN_NAME_BYTES_MAX
        && !name.chars().any(char::is_control)
        && !Own::ALL.iter().any(|own| own.name() == folded(name))
}

/// As readers compare names that do not tell upper from lower case.
pub(crate) fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// Of names that differ only by case the most frequent one has a column, and
/// of all the most frequent ones.
fn keep_columns_apart(fields: &mut [Field<'_>]) {
    let mut order: Vec<usize> = (0..fields.len()).collect();
    order.sort_by_key(|&number| std::cmp::Reverse(fields.get(number).map(|field| field.rows)));
    let mut taken: HashSet<String> = HashSet::new();
    for number in order {
        let Some(field) = fields.get_mut(number).filter(|field| field.column) else { continue };
        field.column = taken.len() < FIELD_COLUMNS_MAX && taken.insert(folded(field.name));
    }
}
