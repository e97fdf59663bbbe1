//! The coverage ledger: of each source, in which hours it was heard, and where
//! it was not, why.

mod heard;

pub use heard::{Heard, Hour, HourHeard, Source};
