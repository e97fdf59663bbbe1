//! Records to and from a sealed case.

pub mod checkpoint;
pub mod cosignature;
pub mod durable;
mod error;
mod hash;
pub mod key;
pub mod limits;
pub mod log;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod proof;
pub mod tile;
pub mod witness;

pub use error::Malformed;
pub use hash::Hash;
