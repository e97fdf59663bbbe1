//! The values of one column of a group of rows: each distinct text once, and
//! for each row its number.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::block::BlockColumn;

/// The distinct texts of a column, laid out as Parquet's dictionary page: each
/// with its length before it.
#[derive(Debug, Default)]
pub(crate) struct ColumnValues {
    /// One a row: 0 for none, else one more than the number of its text.
    pub(crate) keys: Vec<u32>,
    /// Rows that have a value.
    pub(crate) present: usize,
    page: Vec<u8>,
    /// Where each text begins in the page, and its length.
    spans: Vec<(u32, u32)>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl ColumnValues {
    /// Forgets everything but keeps the space.
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.present = 0;
        self.page.clear();
        self.spans.clear();
        self.table.clear();
    }

    /// The key of a text, added where it is new.
    pub(crate) fn intern(&mut self, text: &[u8]) -> u32 {
        let Self { page, spans, table, hasher, .. } = self;
        let hash = hasher.hash_one(text);
        let same = |&number: &u32| text_at(page, spans, number as usize) == text;
        if let Some(&found) = table.find(hash, same) {
            return found + 1;
        }
        let number = to_u32(spans.len());
        let len = to_u32(text.len());
        page.extend(len.to_le_bytes());
        spans.push((to_u32(page.len()), len));
        page.extend(text);
        table.insert_unique(hash, number, |&other| {
            hasher.hash_one(text_at(page, spans, other as usize))
        });
        number + 1
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, key: u32) {
        self.present += usize::from(key != 0);
        self.keys.push(key);
    }

    /// Adds the rows of a block's column, all of whose values have these keys:
    /// the first one is for none.
    pub(crate) fn extend(&mut self, column: &BlockColumn<'_>, keys: &[u32]) {
        let before = self.keys.len();
        column.map_keys(keys, &mut self.keys);
        let added = self.keys.get(before..).unwrap_or_default();
        self.present += added.iter().filter(|&&key| key != 0).count();
    }

    /// Adds rows without a value until there are so many.
    pub(crate) fn fill(&mut self, rows: usize) {
        self.keys.resize(rows.max(self.keys.len()), 0);
    }

    /// How many distinct texts there are.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Their bytes, lengths included.
    pub(crate) fn page(&self) -> &[u8] {
        &self.page
    }

    /// The texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.spans.len()).map(|number| text_at(&self.page, &self.spans, number))
    }

    /// A text as it stands in a page: with its length before it.
    pub(crate) fn entry(&self, key: u32) -> &[u8] {
        let number = (key as usize).checked_sub(1);
        let Some(&(at, len)) = number.and_then(|n| self.spans.get(n)) else { return &[] };
        let at = at as usize;
        self.page.get(at.saturating_sub(4)..at + len as usize).unwrap_or_default()
    }

    /// The smallest and the largest text, bytewise.
    pub(crate) fn extremes(&self) -> Option<(&[u8], &[u8])> {
        Some((self.texts().min()?, self.texts().max()?))
    }
}

fn text_at<'a>(page: &'a [u8], spans: &[(u32, u32)], number: usize) -> &'a [u8] {
    let Some(&(at, len)) = spans.get(number) else { return &[] };
    page.get(at as usize..at as usize + len as usize).unwrap_or_default()
}

/// A segment is far smaller than 4 GiB; see
/// [`StoreLimits`](crate::StoreLimits).
fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
