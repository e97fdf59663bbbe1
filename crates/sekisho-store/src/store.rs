//! A folder of segments with its catalogue.

use std::path::{Path, PathBuf};

use sekisho_event::Vocabulary;

use crate::catalogue::{Catalogue, Segment};
use crate::error::Error;
use crate::scan::{OpenSegment, Row, StoredBatch};

/// Stored evidence of one examination.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    catalogue: Catalogue,
}

impl Store {
    /// Reads the catalogue of a folder.
    ///
    /// # Errors
    ///
    /// See [`Catalogue::read`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Ok(Self { folder: folder.to_owned(), catalogue: Catalogue::read(folder)? })
    }

    /// What is in it.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Its segments.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.catalogue.segments
    }

    /// Where a segment lies.
    #[must_use]
    pub fn path(&self, segment: &Segment) -> PathBuf {
        self.folder.join(&segment.name)
    }

    /// Opens a segment.
    ///
    /// # Errors
    ///
    /// See [`OpenSegment::open`]; a segment with other rows than the catalogue
    /// says.
    pub fn segment(&self, segment: &Segment) -> Result<OpenSegment, Error> {
        let path = self.path(segment);
        let open = OpenSegment::open(&path)?;
        if open.rows() != segment.rows {
            let what = format!("has {} rows, its catalogue says {}", open.rows(), segment.rows);
            return Err(Error::Damaged { path, what, expected: "the same number in both" });
        }
        Ok(open)
    }

    /// Shows all rows of all segments; see [`OpenSegment::scan`].
    ///
    /// # Errors
    ///
    /// Those of the first segment that cannot be read.
    pub fn scan(
        &self,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&StoredBatch, &Vocabulary),
    ) -> Result<(), Error> {
        let mut segments = self.segments().iter();
        segments.try_for_each(|segment| self.segment(segment)?.scan(vocabulary, visit))
    }

    /// Shows the rows that were read at this place: as many as the record
    /// there is events. Looks through all segments that the source may be in:
    /// for many places use [`Store::select`] once.
    ///
    /// # Errors
    ///
    /// Those of the first segment that cannot be read.
    pub fn rows_at(
        &self,
        source: u32,
        offset: u64,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&StoredBatch, &Vocabulary),
    ) -> Result<(), Error> {
        let may = |segment: &Segment| (segment.sources.0..=segment.sources.1).contains(&source);
        let at = |row: &Row| row.source == source && row.offset == offset;
        self.select(&may, &mut { at }, vocabulary, visit)
    }

    /// Shows the rows of a cell. They come segment by segment; their numbers
    /// in the cell say their order.
    ///
    /// # Errors
    ///
    /// Those of the first segment that cannot be read.
    pub fn rows_of_cell(
        &self,
        cell: u32,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&StoredBatch, &Vocabulary),
    ) -> Result<(), Error> {
        let may = |segment: &Segment| (segment.cells.0..=segment.cells.1).contains(&cell);
        self.select(&may, &mut |row: &Row| row.cell == cell, vocabulary, visit)
    }

    /// Shows the rows for which `keep` says so, of the segments for which
    /// `may` says so.
    ///
    /// # Errors
    ///
    /// Those of the first segment that cannot be read.
    pub fn select(
        &self,
        may: &dyn Fn(&Segment) -> bool,
        keep: &mut dyn FnMut(&Row) -> bool,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&StoredBatch, &Vocabulary),
    ) -> Result<(), Error> {
        let mut segments = self.segments().iter().filter(|segment| may(segment));
        segments.try_for_each(|segment| self.segment(segment)?.select(keep, vocabulary, visit))
    }
}
