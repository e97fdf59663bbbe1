//! Compiling and running rules: all rules of a run become one program, which
//! asks each distinct question about each distinct value once.
//!
//! [`logsource`] says where a rule's events are; [`program`] turns rules into
//! formulas over atoms and [`guard`] decides what wakes them; a
//! [`field_matcher`] answers all questions about one field; [`matcher`] runs
//! it all over batches; [`late`] finds out which rules may hold for which rows
//! of stored columns, with answers that are [`remembered`], and [`judge`]
//! whether they do. What the answers mean is defined in
//! [`event_view`](crate::event_view), and `reference` is the oracle.

mod field_matcher;
mod fold;
mod guard;
mod judge;
mod late;
mod logsource;
mod matcher;
mod part_search;
mod program;
mod regex_guard;
mod remembered;
mod tables;
mod value_test;

pub use late::{LateColumns, LateKeys, LateMatcher, LateValues};
pub use logsource::{log_source_has, log_source_places};
pub use matcher::{Match, Matcher};
pub use program::{Program, RuleId};
pub(crate) use regex_guard::required_literals;
