//! Every limit of this crate, in one place, with its unit in its name.

/// Bytes of rows that a writer holds before it gives some of them out as
/// segments. Those given out take memory of their own until they are written.
pub const BUFFERED_BYTES: usize = 48 << 20;

/// Room for the text of a block that is kept for the next one, in bytes.
pub const ROOM_BYTES_KEPT: usize = 4 << 20;

/// Most rows of one segment.
pub const SEGMENT_ROWS_MAX: usize = 1 << 20;

/// Shapes with fewer rows and fewer bytes than this share a segment with
/// others.
pub const SEGMENT_ROWS_MIN: usize = 4_096;

/// See [`SEGMENT_ROWS_MIN`].
pub const SEGMENT_BYTES_MIN: usize = 3 << 20;

/// Most shapes of one segment.
pub const SEGMENT_SHAPES_MAX: usize = 4_096;

/// Most rows of a segment of several shapes.
pub const MIXED_ROWS_MAX: usize = 1 << 16;

/// Most fields of a segment that have a column of their own; the others stand
/// in `_rest`.
pub const FIELD_COLUMNS_MAX: usize = 1_024;

/// A field has a column of its own unless it occurs in fewer than one of this
/// many rows of the shapes that have it.
pub const RARE_ONE_IN_ROWS: u64 = 1_024;

/// Longest name of a field with a column of its own, in bytes.
pub const COLUMN_NAME_BYTES_MAX: usize = 256;

/// Most names of fields that a segment lists as standing in `_rest`; beyond
/// them it says that any may.
pub const REST_NAMES_MAX: usize = 4_096;

/// Rows of one page of a column.
pub const PAGE_ROWS: usize = 1 << 16;

/// Bytes of values of one page that has no dictionary, about: whoever wants
/// some rows unpacks no more than the pages that have them.
pub const PAGE_BYTES: usize = 1 << 17;

/// Columns with so many bytes of distinct values have a set of the pieces that
/// occur in them.
pub const GRAM_COLUMN_BYTES_MIN: usize = 4 << 10;

/// Fewest and most bits of such a set, as powers of two.
pub const GRAM_BITS_MIN_LOG2: u32 = 9;

/// See [`GRAM_BITS_MIN_LOG2`].
pub const GRAM_BITS_MAX_LOG2: u32 = 19;

/// Bits for each piece that occurs, unless that are too many.
pub const GRAM_BITS_PER_GRAM: usize = 4;

/// Most bytes of the sets of one group of rows.
pub const GRAMS_BYTES_MAX: usize = 256 << 20;

/// Longest smallest or largest value kept as a statistic, in bytes.
pub const STATISTIC_BYTES_MAX: usize = 64;

/// Bytes of `_rest` beyond which a segment begins another group of rows.
pub const REST_BYTES: usize = 32 << 20;

/// Longest footer of a segment that is read, in bytes.
pub const FOOTER_BYTES_MAX: usize = 32 << 20;

/// Most columns of a segment that is read.
pub const COLUMNS_MAX: usize = 8_192;

/// Most groups of rows of a segment that is read.
pub const ROW_GROUPS_MAX: usize = 65_536;

/// Deepest nesting in a footer.
pub const THRIFT_DEPTH_MAX: usize = 16;

/// Most bytes that the pages of one group of rows may unpack to while they
/// are read.
pub const ROW_GROUP_BYTES_MAX: usize = 1 << 30;

/// Most rows of a batch that a scan shows.
pub const BATCH_ROWS_MAX: usize = 1 << 16;

/// Most cells (rows × columns) of a batch that a scan shows.
pub const BATCH_CELLS_MAX: usize = 1 << 24;

/// Most room that is made at once for the values of a column without a
/// dictionary, in bytes.
pub const PLAIN_ROOM_BYTES_MAX: usize = 16 << 20;

/// Longest catalogue that is read, in bytes.
pub const CATALOGUE_BYTES_MAX: u64 = 1 << 30;

/// Most bytes of rows that a writer can be told to hold: a segment's columns
/// are addressed in 32 bits.
pub const BUFFERED_BYTES_MAX: usize = 1 << 30;

/// Most rows of one group of rows that is read.
pub const GROUP_ROWS_MAX: usize = 1 << 24;

/// Most rows of one page that is read.
pub const PAGE_ROWS_MAX: usize = 1 << 20;

/// Cells of `_rest` that a scan remembers from batch to batch.
pub const REST_CELLS_KEPT: usize = 1 << 20;

/// Most segments of several shapes that are put together at a time.
pub const MIXED_GROUPS_MAX: usize = 8;
