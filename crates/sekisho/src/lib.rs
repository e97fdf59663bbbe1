//! Sekisho: trust without access. This is the façade library behind the one
//! binary; its command line is [`cli`].

pub mod cli;
pub mod demo;
pub mod disclose;
pub mod examine;
mod exit;
pub mod explain;
pub mod exposure;
pub mod hunt;
pub mod indicators;
pub mod inspect;
pub mod keys;
pub mod overview;
pub mod rehearse;
pub mod report;
pub mod rules;
pub mod seal;
pub mod sources;
pub mod witness;

pub use exit::{Exit, Invalid};
pub(crate) use exit::{in_case, says_invalid};
