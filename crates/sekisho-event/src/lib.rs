//! Bytes of a log to columnar event batches with provenance.
//!
//! This crate knows formats and nothing else: no rules, no clock, no network,
//! no files. It is given bytes and never panics on them. A format is one file
//! under `formats/`.

mod batch;
pub mod calendar;
mod dictionary;
pub mod formats;
pub mod limits;
mod problem;
mod reader;
mod shape;
pub mod time;
mod vocabulary;

pub use batch::{
    BatchBuilder, Column, EventBatch, RECORD_ID_UNKNOWN, RowHead, ShapeId, TIME_UNKNOWN,
};
pub use dictionary::{Dictionary, Kind, Value, ValueId};
pub use problem::{Problem, Problems};
pub use reader::{Block, Cutter, Format, Parsed, Reader, Records, SourceHints, Untimed};
pub use shape::Shape;
pub use vocabulary::{FieldId, Projection, Vocabulary};
