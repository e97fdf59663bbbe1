//! Rows in their order to segments. What goes into which segment depends on
//! the order in which blocks come and on what they hold, never on threads;
//! encoding and writing may be done by any of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sekisho_event::{Shape, TIME_UNKNOWN};
use sha2::{Digest as _, Sha256};

use crate::block::RowBlock;
use crate::catalogue::{CatalogueColumn, Segment, ShapeRows};
use crate::durable::write_durably;
use crate::encode;
use crate::error::Error;
use crate::groups;
use crate::limits::{
    BUFFERED_BYTES, BUFFERED_BYTES_MAX, SEGMENT_BYTES_MIN, SEGMENT_ROWS_MAX, SEGMENT_ROWS_MIN,
};
use crate::plan::Plan;
use crate::schema::kind_name;

/// Where the rows of a block stand in the case; one entry a row.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// The number of the row's cell.
    pub cells: Vec<u32>,
    /// Its number in that cell.
    pub indexes: Vec<u64>,
}

/// How much a writer may hold.
#[derive(Clone, Copy, Debug)]
pub struct StoreLimits {
    /// Bytes of rows that are held before some become a segment; at most
    /// [`BUFFERED_BYTES_MAX`]. The bytes of segments depend on it.
    pub buffered_bytes: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self { buffered_bytes: BUFFERED_BYTES }
    }
}

/// A block and its place.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) block: RowBlock,
    pub(crate) placed: Placed,
}

#[derive(Debug, Default)]
struct Buffer {
    parts: Vec<Part>,
    rows: usize,
    bytes: usize,
}

/// Collects blocks and gives them out as segments.
#[derive(Debug)]
pub struct StoreWriter {
    folder: PathBuf,
    limits: StoreLimits,
    buffers: BTreeMap<Shape, Buffer>,
    bytes: usize,
    rows: u64,
    given: u32,
}

impl StoreWriter {
    /// A writer into a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn create(folder: &Path, limits: StoreLimits) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io("creating", folder, e))?;
        let buffered_bytes = limits.buffered_bytes.min(BUFFERED_BYTES_MAX);
        Ok(Self {
            folder: folder.to_owned(),
            limits: StoreLimits { buffered_bytes },
            buffers: BTreeMap::new(),
            bytes: 0,
            rows: 0,
            given: 0,
        })
    }

    /// Rows taken so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of rows that wait for their segment.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a block; rows without a place in `placed` get cell and index 0.
    /// Returns the segments that are to be written now.
    #[must_use = "what is not written is lost"]
    pub fn append(&mut self, block: RowBlock, mut placed: Placed) -> Vec<Pending> {
        let rows = block.rows();
        if rows == 0 {
            return Vec::new();
        }
        placed.cells.resize(rows, 0);
        placed.indexes.resize(rows, 0);
        let mut out = Vec::new();
        let full = |buffer: &Buffer| buffer.rows + rows > SEGMENT_ROWS_MAX;
        if self.buffers.get(block.shape()).is_some_and(full) {
            let full = self.take(block.shape());
            out.extend(self.pending(full));
        }
        let bytes = block.bytes() + rows * (size_of::<u32>() + size_of::<u64>());
        self.bytes += bytes;
        self.rows += rows as u64;
        let buffer = match self.buffers.get_mut(block.shape()) {
            Some(buffer) => buffer,
            None => self.buffers.entry(block.shape().clone()).or_default(),
        };
        buffer.rows += rows;
        buffer.bytes += bytes;
        buffer.parts.push(Part { block, placed });
        while self.bytes > self.limits.buffered_bytes {
            out.extend(self.give_largest());
        }
        out
    }

    /// All that is left, as segments; the writer is empty afterwards.
    #[must_use = "what is not written is lost"]
    pub fn drain(&mut self) -> Vec<Pending> {
        let mut out = self.give_small();
        while !self.buffers.is_empty() {
            out.extend(self.give_largest());
        }
        out
    }

    /// The shape that takes most memory; all small ones if even that is small.
    fn give_largest(&mut self) -> Vec<Pending> {
        let largest =
            self.buffers.iter().max_by(|a, b| a.1.bytes.cmp(&b.1.bytes).then(b.0.cmp(a.0)));
        let Some((shape, buffer)) = largest else { return Vec::new() };
        if is_small(buffer) && self.buffers.len() > 1 {
            return self.give_small();
        }
        let shape = shape.clone();
        let parts = self.take(&shape);
        self.pending(parts).into_iter().collect()
    }

    /// All small shapes, several in a segment.
    fn give_small(&mut self) -> Vec<Pending> {
        let small = self.buffers.iter().filter(|(_, buffer)| is_small(buffer));
        let small: Vec<Shape> = small.map(|(shape, _)| shape.clone()).collect();
        let parts = small.iter().map(|shape| self.take(shape)).collect();
        groups::of(parts).into_iter().filter_map(|parts| self.pending(parts)).collect()
    }

    fn take(&mut self, shape: &Shape) -> Vec<Part> {
        let buffer = self.buffers.remove(shape).unwrap_or_default();
        self.bytes -= buffer.bytes;
        buffer.parts
    }

    fn pending(&mut self, parts: Vec<Part>) -> Option<Pending> {
        let (first, last) = (parts.first()?, parts.last()?);
        self.given += 1;
        let several = first.block.shape() != last.block.shape();
        let label = if several { "several".to_owned() } else { label(first.block.shape()) };
        let name = format!("{:06}-{label}.parquet", self.given);
        Some(Pending { folder: self.folder.clone(), name, parts })
    }
}

fn is_small(buffer: &Buffer) -> bool {
    buffer.rows < SEGMENT_ROWS_MIN && buffer.bytes < SEGMENT_BYTES_MIN
}

/// A shape in a file name: for people, not to be told apart by.
fn label(shape: &Shape) -> String {
    const CHARS: usize = 60;
    let mut out = String::new();
    for c in shape.to_string().chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
        if out.len() == CHARS {
            break;
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { "other".to_owned() } else { out.to_owned() }
}

/// Rows that are to become a segment.
#[derive(Debug)]
pub struct Pending {
    folder: PathBuf,
    name: String,
    parts: Vec<Part>,
}

impl Pending {
    /// The segment's file name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.block.rows()).sum()
    }

    /// Encodes the rows and writes them durably into a new file. Nothing
    /// refers to it before the catalogue does.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn write(self) -> Result<Segment, Error> {
        let (bytes, segment) = self.encode()?;
        let path = self.folder.join(&self.name);
        write_durably(&path, &bytes).map_err(|e| Error::io("writing", &path, e))?;
        Ok(segment)
    }

    /// The bytes of the segment and what the catalogue says about it.
    ///
    /// # Errors
    ///
    /// Rows of which there are too many for Parquet.
    pub fn encode(&self) -> Result<(Vec<u8>, Segment), Error> {
        let blocks: Vec<&RowBlock> = self.parts.iter().map(|part| &part.block).collect();
        let plan = Plan::of(&blocks);
        let bytes = encode::segment(&self.parts, &plan)
            .map_err(|e| Error::Encoding { name: self.name.clone(), what: e.to_string() })?;
        let segment = self.describe(&plan, &bytes);
        Ok((bytes, segment))
    }

    fn describe(&self, plan: &Plan<'_>, bytes: &[u8]) -> Segment {
        let times = || {
            let all = self.parts.iter().flat_map(|part| part.block.times.iter().copied());
            all.filter(|&time| time != TIME_UNKNOWN)
        };
        let sources = || self.parts.iter().map(|part| part.block.source());
        let cells = || self.parts.iter().flat_map(|part| part.placed.cells.iter().copied());
        let columns = plan.columns().map(|field| CatalogueColumn {
            name: field.name.to_owned(),
            kind: kind_name(field.kind).to_owned(),
            rows: field.rows,
        });
        let rest = plan.rest_names();
        Segment {
            name: self.name.clone(),
            rows: self.rows() as u64,
            bytes: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
            shapes: self.shapes(),
            first: times().min(),
            last: times().max(),
            sources: (sources().min().unwrap_or(0), sources().max().unwrap_or(0)),
            cells: (cells().min().unwrap_or(0), cells().max().unwrap_or(0)),
            columns: columns.collect(),
            rest: rest.map(|names| names.into_iter().map(str::to_owned).collect()),
        }
    }

    fn shapes(&self) -> Vec<ShapeRows> {
        let same = self.parts.chunk_by(|a, b| a.block.shape() == b.block.shape());
        let rows = same.filter_map(|parts| {
            let shape = parts.first()?.block.shape();
            Some(ShapeRows {
                product: shape.product.to_string(),
                channel: shape.channel.to_string(),
                event_id: shape.event_id,
                rows: parts.iter().map(|part| part.block.rows() as u64).sum(),
            })
        });
        rows.collect()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}
