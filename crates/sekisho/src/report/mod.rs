//! The report that people read: one self-contained HTML page.
//!
//! The first screen is for the reader with one minute: one sentence, the counts, the levels, the
//! picture of time, the worst hosts, accounts and rules, and, beside them, what could *not* be
//! seen. Everything below can be opened up and is for the analyst. The page loads nothing, works
//! without its script, and is the same bytes for the same [`Report`]: there is no clock in it. It
//! never calls a network clean.

mod detail;
mod fired;
pub(crate) mod html;
pub(crate) mod limits;
mod model;
mod page;
mod picture;
pub(crate) mod policy;
mod summary;
mod tactics;
mod unseen;
pub(crate) mod when;

#[cfg(test)]
mod tests;

pub use limits::PAGE_BYTES;
pub use model::{
    Assumption, Bucket, ByLevel, Duplicate, Example, FiredRule, IdleRules, Level, LevelCount,
    Listed, NamedValue, Position, Problem, RejectedRule, Report, Source, Subject, TacticCount,
    Timeline, Totals, UnexaminedKind, Unseen,
};

/// Writes the report as one HTML page, UTF-8, of at most [`PAGE_BYTES`] bytes.
#[must_use]
pub fn render(report: &Report) -> String {
    page::write(report)
}
