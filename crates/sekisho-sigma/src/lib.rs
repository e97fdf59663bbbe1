//! Sigma rules to a program, a program over event batches to matches.
//!
//! Pure: no files, no clock, no threads. A naive matcher without any
//! cleverness (`reference`) stays beside the compiled one as its oracle.

pub mod compare;
mod condition;
mod correlation;
mod correlator;
mod detection;
mod document;
mod encode;
mod engine;
mod event_view;
mod expand;
pub mod explain;
mod filter;
pub mod limits;
mod merge;
mod modifiers;
mod network;
mod parse;
mod pattern;
pub mod reference;
mod regex_check;
pub mod regexes;
pub mod rule;
mod value;
mod yaml;

pub use correlator::{
    CorrelationId, CorrelationMatch, Correlator, OBSERVATIONS_MAX, Observation, Wanted,
};
pub use engine::{
    LateColumns, LateKeys, LateMatcher, LateValues, Match, Matcher, Program, RuleId,
    log_source_has, log_source_places,
};
pub use event_view::{EventView, FieldMap, same_name};
pub use explain::Explanation;
pub use filter::apply_filters;
pub use parse::{Note, ParseOptions, Parsed, Rejected, parse};
