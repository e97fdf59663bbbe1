//! STIX 2.1 indicators, swept over events.
//!
//! [`load`] reads bundles; [`IndicatorProgram`] puts indicators together;
//! [`IndicatorMatcher`] finds the events that satisfy a pattern, or one
//! observation of it; [`IndicatorCorrelator`] finds the events that satisfy a
//! pattern together. Which columns carry which properties of STIX objects is
//! in the tables of `data/indicators`, explained in `docs/indicators.md`.
//!
//! What a pattern means for an event:
//!
//! - An event is one *observation*. It holds *objects*: its process, the
//!   parent of that, a file, a connection, each address and each name. The
//!   values of columns are values of their properties.
//! - A *comparison* holds for an object if it holds for at least one value of
//!   the property; negated ones (`!=`, `NOT`) if at least one value is not so.
//!   It does not hold where there is no value, negated or not.
//! - `AND` within an observation: all comparisons of one type of object hold
//!   for the same object, and all for the same event.
//! - Values are compared in one spelling (`form`); of addresses, `=` with a
//!   network means "within it".
//! - What no log carries, and what compares things that are never equal, is
//!   false, as the specification has it; a pattern that can never hold, or
//!   that is not understood, is refused by name.
//!
//! A naive matcher that asks every question anew for every event
//! (module `reference`) is the oracle of the tests.

mod bundle;
mod check;
mod command;
mod constant;
mod correlator;
mod evaluate;
mod form;
mod json;
mod late;
pub mod limits;
mod mapping;
mod matcher;
pub mod pattern;
mod plan;
mod program;
pub mod reference;
mod registry;
#[cfg(test)]
mod tests;
mod unsearched;
mod web;

pub use bundle::{Indicator, Loaded, Refused, Stamp, Why, load, read};
pub use correlator::{Conclusion, IndicatorCorrelator, Occurrence};
pub use late::LateIndicators;
pub use matcher::{IndicatorMatch, IndicatorMatcher};
pub use program::{IndicatorId, IndicatorProgram};
pub use unsearched::Unsearched;

/// The properties of STIX objects that some log carries, in the order of the
/// tables.
#[must_use]
pub fn carried() -> Vec<&'static str> {
    mapping::Mapping::get().properties.iter().map(|property| &*property.name).collect()
}
