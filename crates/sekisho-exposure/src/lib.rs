//! What leaked, what did not, and what nobody can say: activity, taint and
//! coverage to a verdict for each protected asset.
//!
//! Events go in as batches; [`extract`] reads [`activity`] out of them, and
//! notes for every source in which hours it was heard ([`ledger`]).
//! [`judge::judge`] has the rest. Nothing here opens a file or asks the clock:
//! time is an argument.

pub mod activity;
pub mod answer;
pub mod assets;
mod collect;
pub mod estate;
pub mod evidence;
pub mod extract;
pub mod judge;
pub mod ledger;
pub mod limits;
pub mod names;
mod notices;
mod people;
pub mod question;
mod story;
mod taint;
mod verdict;
mod window;
