//! One event, as extractors see it: fields by name.

use hashbrown::HashMap;
use sekisho_event::{Column, EventBatch, Shape, ValueId, Vocabulary};

use crate::names::present;

/// The columns of a batch by name, found once a batch.
#[derive(Debug)]
pub struct Columns<'a> {
    batch: &'a EventBatch,
    vocabulary: &'a Vocabulary,
    by_name: HashMap<&'a str, &'a Column>,
}

impl<'a> Columns<'a> {
    /// Those of a batch.
    #[must_use]
    pub fn of(batch: &'a EventBatch, vocabulary: &'a Vocabulary) -> Self {
        let by_name =
            batch.columns.iter().map(|column| (vocabulary.name(column.field), column)).collect();
        Self { batch, vocabulary, by_name }
    }

    /// One of its events.
    #[must_use]
    pub fn row(&self, row: usize) -> Row<'_> {
        Row { columns: self, row }
    }

    /// Those of some fields that occur, in the order of names.
    pub(super) fn of_fields(&self, fields: &[&str]) -> Vec<(&'a str, &'a Column)> {
        let named = fields.iter().filter_map(|name| self.by_name.get_key_value(*name));
        let mut columns: Vec<_> = named.map(|(&name, &column)| (name, column)).collect();
        columns.sort_unstable_by_key(|(name, _)| *name);
        columns.dedup_by_key(|(name, _)| *name);
        columns
    }

    /// Names of all fields that occur in the batch.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.by_name.keys().copied()
    }
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    columns: &'a Columns<'a>,
    row: usize,
}

impl<'a> Row<'a> {
    /// Of what shape.
    #[must_use]
    pub fn shape(&self) -> &'a Shape {
        &self.columns.batch.shape
    }

    /// Nanoseconds since 1970 in UTC, or [`sekisho_event::TIME_UNKNOWN`].
    #[must_use]
    pub fn time(&self) -> i64 {
        self.columns.batch.times.get(self.row).copied().unwrap_or(sekisho_event::TIME_UNKNOWN)
    }

    /// The record's own id, or [`sekisho_event::RECORD_ID_UNKNOWN`].
    #[must_use]
    pub fn record_id(&self) -> u64 {
        let ids = &self.columns.batch.record_ids;
        ids.get(self.row).copied().unwrap_or(sekisho_event::RECORD_ID_UNKNOWN)
    }

    /// The host that wrote it, as the reader found it.
    #[must_use]
    pub fn host(&self) -> Option<&'a str> {
        let id = self.columns.batch.hosts.get(self.row).copied().unwrap_or(ValueId::ABSENT);
        id.is_present().then(|| self.columns.vocabulary.hosts.text(id)).and_then(present)
    }

    /// The first value of a field, as text, unless it says nothing (`-`,
    /// empty).
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&'a str> {
        self.raw(field).and_then(present)
    }

    /// The first of several fields that says something.
    #[must_use]
    pub fn any(&self, fields: &[&str]) -> Option<&'a str> {
        fields.iter().find_map(|field| self.text(field))
    }

    /// The first value of a field, as it is.
    #[must_use]
    pub fn raw(&self, field: &str) -> Option<&'a str> {
        self.values(field).next()
    }

    /// All values of a field.
    pub fn values(&self, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let columns = self.columns;
        let row = self.row;
        let column = columns.by_name.get(field).copied();
        let dictionary = column.and_then(|c| columns.vocabulary.dictionary(c.field));
        column
            .into_iter()
            .flat_map(move |column| column.values(row))
            .filter_map(move |id| dictionary.map(|d| d.text(id)))
    }

    /// All values of a column of its batch.
    pub(super) fn of_column(&self, column: &'a Column) -> impl Iterator<Item = &'a str> + use<'a> {
        let dictionary = self.columns.vocabulary.dictionary(column.field);
        column.values(self.row).filter_map(move |id| dictionary.map(|d| d.text(id)))
    }

    /// All fields whose name begins so, with their first values. In the order
    /// of names. For records whose field names are numbered
    /// (`resources.0.ARN`).
    #[must_use]
    pub fn below(&self, prefix: &str) -> Vec<(&'a str, &'a str)> {
        let named = self.columns.by_name.iter().filter(|(name, _)| name.starts_with(prefix));
        let mut found: Vec<_> =
            named.filter_map(|(name, _)| Some((*name, self.text(name)?))).collect();
        found.sort_unstable();
        found
    }

    /// A field as a number: decimal, or hexadecimal with `0x`.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<u64> {
        let text = self.text(field)?;
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            return u64::from_str_radix(hex, 16).ok();
        }
        text.parse().ok()
    }
}
