//! What is in a folder of segments: `catalogue.json`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sekisho_event::Shape;
use serde::{Deserialize, Serialize};

use crate::durable::write_durably;
use crate::error::Error;
use crate::limits::CATALOGUE_BYTES_MAX;
use crate::schema::kind_named;

/// The catalogue's file name.
pub(crate) const FILE: &str = "catalogue.json";
const VERSION: u32 = 1;
const EXPECTED: &str = "a catalogue as it was written here";

/// The segments of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Of the layout of this file.
    pub version: u32,
    /// In the order in which they were given out.
    pub segments: Vec<Segment>,
}

/// A Parquet file and what is known about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its file name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// SHA-256 of them, in lower-case hex.
    pub sha256: String,
    /// The shapes of its rows, in their order in the file.
    pub shapes: Vec<ShapeRows>,
    /// First time, nanoseconds since 1970 in UTC; none where no row has one.
    pub first: Option<i64>,
    /// Last time.
    pub last: Option<i64>,
    /// Lowest and highest number of a source.
    pub sources: (u32, u32),
    /// Lowest and highest number of a cell.
    pub cells: (u32, u32),
    /// The fields that have columns, in their order in the file.
    pub columns: Vec<CatalogueColumn>,
    /// The fields of which values stand in `_rest`; none where these are too
    /// many to be named.
    pub rest: Option<Vec<String>>,
}

/// Rows of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeRows {
    /// See [`Shape::product`].
    pub product: String,
    /// See [`Shape::channel`].
    pub channel: String,
    /// See [`Shape::event_id`].
    pub event_id: Option<u32>,
    /// How many.
    pub rows: u64,
}

impl ShapeRows {
    /// The shape.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape {
            product: self.product.as_str().into(),
            channel: self.channel.as_str().into(),
            event_id: self.event_id,
        }
    }
}

/// A field that has a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueColumn {
    /// Its name.
    pub name: String,
    /// The kind of its values: `string`, `number`, `bool` or `null`.
    pub kind: String,
    /// Rows that have the field, in the column or in `_rest`.
    pub rows: u64,
}

impl Catalogue {
    /// Of these segments. Give them in the order in which they were given
    /// out, or in any other: they are sorted by name.
    #[must_use]
    pub fn new(mut segments: Vec<Segment>) -> Self {
        segments.sort_by(|a, b| a.name.cmp(&b.name));
        Self { version: VERSION, segments }
    }

    /// Rows of all segments.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.segments.iter().fold(0, |sum, segment| sum.saturating_add(segment.rows))
    }

    /// Writes `catalogue.json` into a folder, durably, and returns its bytes.
    ///
    /// # Errors
    ///
    /// Those of the file system; a catalogue that is there already.
    pub fn write(&self, folder: &Path) -> Result<Vec<u8>, Error> {
        let path = folder.join(FILE);
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|e| Error::io("writing", &path, e.into()))?;
        bytes.push(b'\n');
        write_durably(&path, &bytes).map_err(|e| Error::io("writing", &path, e))?;
        Ok(bytes)
    }

    /// Reads `catalogue.json` of a folder.
    ///
    /// # Errors
    ///
    /// Those of the file system; a file that is too long or is no catalogue.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let damaged =
            |what: String, expected| Error::Damaged { path: path.clone(), what, expected };
        // On a pipe one would wait for ever.
        if std::fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(damaged("is no regular file".to_owned(), EXPECTED));
        }
        let file = File::open(&path).map_err(|e| Error::io("opening", &path, e))?;
        let mut bytes = Vec::new();
        file.take(CATALOGUE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| Error::io("reading", &path, e))?;
        if bytes.len() as u64 > CATALOGUE_BYTES_MAX {
            return Err(damaged("is longer than 1 GiB".to_owned(), EXPECTED));
        }
        let read: Self =
            serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string(), EXPECTED))?;
        if read.version != VERSION {
            return Err(damaged(format!("is of version {}", read.version), "version 1"));
        }
        for segment in &read.segments {
            segment.check().map_err(|what| damaged(what, EXPECTED))?;
        }
        let rising = read.segments.is_sorted_by(|a, b| a.name < b.name);
        if !rising {
            return Err(damaged("names segments twice or out of order".to_owned(), EXPECTED));
        }
        Ok(read)
    }
}

impl Segment {
    fn check(&self) -> Result<(), String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let stem = self.name.strip_suffix(".parquet").unwrap_or_default();
        if stem.is_empty() || stem.len() > 128 || !stem.bytes().all(plain) {
            return Err(format!("names the segment {:?}", self.name));
        }
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if self.sha256.len() != 64 || !self.sha256.bytes().all(hex) {
            return Err(format!("gives {} the hash {:?}", self.name, self.sha256));
        }
        let mut sum = Some(0_u64);
        for shape in &self.shapes {
            sum = sum.and_then(|sum| sum.checked_add(shape.rows));
        }
        if sum != Some(self.rows) {
            return Err(format!("gives {} rows that its shapes do not add up to", self.name));
        }
        let unknown = self.columns.iter().find(|column| kind_named(&column.kind).is_none());
        match unknown {
            Some(column) => Err(format!("gives {} a column of kind {:?}", self.name, column.kind)),
            None => Ok(()),
        }
    }
}
