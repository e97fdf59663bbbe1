//! What limits kept from being looked at: counted, so that it is told.

use std::collections::BTreeMap;

use super::bundle::Indicator;
use super::limits::{CELL_PARTS_MAX, CHOICES_MAX, SCANNED_BYTES_MAX};
use super::mapping::{Mapping, PropertyId};
use super::program::IndicatorId;

/// What was not looked at in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsearched {
    /// By indicator: how often an event had more choices of objects than are
    /// tried, and none of those that were tried suited.
    choices: BTreeMap<IndicatorId, u64>,
    /// By property: values of which wildcards and expressions saw the beginning.
    long_values: BTreeMap<PropertyId, u64>,
    /// By property: values that list more than is taken of one.
    long_lists: BTreeMap<PropertyId, u64>,
}

impl Unsearched {
    pub(super) fn choices(&mut self, indicator: IndicatorId) {
        *self.choices.entry(indicator).or_default() += 1;
    }

    pub(super) fn long_value(&mut self, property: PropertyId) {
        *self.long_values.entry(property).or_default() += 1;
    }

    pub(super) fn long_list(&mut self, property: PropertyId) {
        *self.long_lists.entry(property).or_default() += 1;
    }

    /// Adds what others counted.
    pub fn merge(&mut self, other: Self) {
        fn add<K: Ord>(sum: &mut BTreeMap<K, u64>, more: BTreeMap<K, u64>) {
            more.into_iter().for_each(|(key, count)| *sum.entry(key).or_default() += count);
        }
        add(&mut self.choices, other.choices);
        add(&mut self.long_values, other.long_values);
        add(&mut self.long_lists, other.long_lists);
    }

    /// How many choices, long values and long lists, under these names.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u64); 3] {
        [
            ("choices", self.choices.values().sum()),
            ("long_values", self.long_values.values().sum()),
            ("long_lists", self.long_lists.values().sum()),
        ]
    }

    /// One sentence each, for people. `indicators` are those of the program.
    #[must_use]
    pub fn told(&self, indicators: &[Indicator]) -> Vec<String> {
        let property = |id: &PropertyId| {
            Mapping::get().properties.get(usize::from(*id)).map_or("", |property| &*property.name)
        };
        let long_values = self.long_values.iter().map(|(id, count)| {
            format!(
                "indicators that ask for {} by LIKE or MATCHES: {} not searched beyond \
                 {SCANNED_BYTES_MAX} bytes",
                property(id),
                were(*count, "value was", "values were"),
            )
        });
        let long_lists = self.long_lists.iter().map(|(id, count)| {
            format!(
                "indicators that ask for {}: {} not read beyond the first {CELL_PARTS_MAX} entries",
                property(id),
                were(*count, "list was", "lists were"),
            )
        });
        let choices = self.choices.iter().map(|(id, count)| {
            let id = indicators.get(*id as usize).map_or("", |indicator| &*indicator.id);
            format!(
                "indicator {id}: of {} only {CHOICES_MAX} choices of objects were tried",
                were(*count, "event", "events"),
            )
        });
        long_values.chain(long_lists).chain(choices).collect()
    }
}

fn were(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
