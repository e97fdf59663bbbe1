//! Records to and from a sealed case.

pub mod bounded;
pub mod checkpoint;
pub mod cosignature;
pub mod durable;
mod error;
pub mod event;
mod hash;
mod json;
pub mod key;
pub mod limits;
pub mod log;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod proof;
pub mod record;
pub mod release;
pub mod statement;
pub mod tile;
pub mod time;
pub mod value;
pub mod verify;
pub mod witness;

pub use error::Malformed;
pub use hash::Hash;
