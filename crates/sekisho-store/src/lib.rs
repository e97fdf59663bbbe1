//! The evidence on disk: events as Parquet segments, a catalogue of them, and
//! scans that turn them back into event batches.
//!
//! Segments are written with the `parquet` crate's writer, but their pages are
//! made here: values arrive with their dictionaries, and are never hashed cell
//! by cell. They are read by a reader of our own, which takes exactly what is
//! written here: it bounds every size before it believes it, and leaves
//! dictionaries as they are. Any other Parquet reader can read them too.
//!
//! This crate knows no rule, no format and no key; it touches no file outside
//! of the folder that it is given, and starts no thread.

mod block;
mod catalogue;
mod cursor;
mod durable;
mod encode;
mod error;
mod footer;
mod grams;
mod group;
mod groups;
mod hybrid;
pub mod limits;
mod page;
mod pick;
mod plan;
mod rest;
mod scan;
mod schema;
mod store;
mod thrift;
mod values;
mod writer;

pub use block::{RowBlock, RowPacker};
pub use catalogue::{Catalogue, CatalogueColumn, Segment, ShapeRows};
pub use durable::write_durably;
pub use error::Error;
pub use grams::Grams;
pub use group::{LateText, OpenGroup, RestField};
pub use scan::{OpenSegment, Row, StoredBatch};
pub use store::Store;
pub use writer::{Pending, Placed, StoreLimits, StoreWriter};
