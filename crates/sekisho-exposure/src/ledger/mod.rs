//! The coverage ledger: of each source, in which hours it was heard, and where
//! it was not, why.

mod book;
mod expected;
mod habit;
mod heard;

pub(crate) use book::{Absent, Cover, Ledger};
pub(crate) use expected::{HOST_EXPECTED, LOG_EXPECTED};
pub(crate) use heard::HOUR;
pub use heard::{Heard, Hour, HourHeard, Source};
