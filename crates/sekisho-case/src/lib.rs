//! Records to and from a sealed case.

pub mod event;
pub mod hash;
mod json;
pub mod limits;
mod sha256;
pub mod value;
