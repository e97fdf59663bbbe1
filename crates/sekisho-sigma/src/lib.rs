//! Sigma rules to a program, a program over event batches to matches.
//!
//! Pure: no files, no clock, no threads. A naive matcher without any
//! cleverness (`reference`) stays beside the compiled one as its oracle.

pub mod rule;

mod fold;
mod regex_guard;
