//! One event as rules see it. Both matchers go by what is written here.
//!
//! **Fields.** A rule's field name stands for one or several columns (the
//! field mapping says which); the values of all of them together are the
//! values of the field. Names are compared exactly. A column without a value
//! in this row does not exist for this event.
//!
//! **Values.** A field may have several values. A value of
//! [`Kind::Null`] is there but has no text: no test on text, numbers,
//! addresses or time holds for it, not even the pattern `*`. An empty text is
//! a value like any other, and is not null.
//!
//! **Tests** ([`Test`]) hold for a field if they hold for at least one of its
//! values, but for two:
//! - [`Test::Null`] holds if no value of the field has a text: the field is
//!   absent, or all its values are null.
//! - [`Test::Exists`] asks whether the field has any value, null included.
//!
//! What the other tests ask of one value:
//! - [`Test::Text`]: the pattern fits the whole text; without `cased`, both are
//!   lower-cased character by character ([`crate::compare::lower`]).
//! - [`Test::Number`]: the same text but for case, or the value is
//!   [`Kind::Number`] and equal as a number
//!   ([`crate::compare::equals_number`]). Booleans in rules are text.
//! - [`Test::Regex`]: found somewhere in the text. One that cannot be run (too
//!   large to compile, too many steps) is not found.
//! - [`Test::Cidr`]: the text is an address within the network.
//! - [`Test::Compare`]: the text is a number, decimal or `0x`, and in order.
//! - [`Test::TimePart`]: the text is a time ([`crate::compare::time_part`]).
//! - [`Test::FieldRef`]: some value of the other field relates to it as asked;
//!   none does if the other field has none.
//!
//! **Items.** Any test must hold, or all of them with `|all` (each perhaps for
//! another value); `neq` turns the outcome of the whole item round, so that it
//! holds for an absent field. An item without a field (keywords) tests the
//! values of all columns of the event; that keywords are searched for *within*
//! a value is in their patterns already.
//!
//! **Conditions** are plain logic over these outcomes; nothing is unknown.

use sekisho_event::{Column, EventBatch, Value, Vocabulary};

#[cfg(doc)]
use crate::rule::Test;
#[cfg(doc)]
use sekisho_event::Kind;

/// The columns that a rule's field name stands for.
pub type FieldMap<'a> = dyn Fn(&str) -> Vec<String> + 'a;

/// The field mapping that changes nothing.
#[must_use]
pub fn same_name(field: &str) -> Vec<String> {
    vec![field.to_owned()]
}

/// A row of a batch.
#[derive(Clone, Copy)]
pub struct EventView<'a> {
    /// The batch.
    pub batch: &'a EventBatch,
    /// The row in it.
    pub row: usize,
    /// Where the batch's fields and values are kept.
    pub vocabulary: &'a Vocabulary,
    /// The field mapping.
    pub fields: &'a FieldMap<'a>,
}

impl<'a> EventView<'a> {
    /// The values of a rule's field.
    #[must_use]
    pub fn values(&self, field: &str) -> Vec<Value<'a>> {
        let names = (self.fields)(field);
        let ids = names.iter().filter_map(|name| self.vocabulary.find(name));
        let columns = ids.filter_map(|id| self.batch.column(id));
        columns.flat_map(|column| self.of_column(column)).collect()
    }

    /// The values of every column, with its name.
    #[must_use]
    pub fn all_values(&self) -> Vec<(&'a str, Value<'a>)> {
        let named = |column: &'a Column| {
            let name = self.vocabulary.name(column.field);
            self.of_column(column).into_iter().map(move |value| (name, value))
        };
        self.batch.columns.iter().flat_map(named).collect()
    }

    fn of_column(&self, column: &Column) -> Vec<Value<'a>> {
        let Some(dictionary) = self.vocabulary.dictionary(column.field) else {
            return Vec::new();
        };
        column.values(self.row).filter_map(|id| dictionary.get(id)).collect()
    }
}
