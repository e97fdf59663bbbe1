//! Every limit of this crate, in one place, with its unit in its name. What a
//! limit cuts off is reported as a [`Problem`](crate::Problem), never dropped
//! in silence.

/// Longest record that is read, in bytes. A longer one is named and skipped.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// Deepest nesting of objects and arrays in a JSON record.
pub const NESTING_DEPTH_MAX: usize = 64;

/// Most cells (field × value) that one record may have.
pub const RECORD_CELLS_MAX: usize = 16_384;

/// Most distinct field names that one worker keeps apart. Names beyond it are
/// not read into columns, and that is reported.
pub const FIELD_NAMES_MAX: usize = 65_536;

/// Longest field name, in bytes; a longer path is not read into a column.
pub const FIELD_NAME_BYTES_MAX: usize = 1_024;

/// Most problems that one block reports one by one; the rest is counted.
pub const BLOCK_PROBLEMS_MAX: usize = 1_000;

/// Size of the blocks into which a file is cut for parallel work, in bytes.
pub const BLOCK_BYTES: usize = 4 << 20;

/// Memory that one worker's dictionaries may take between two blocks before
/// they are emptied, in bytes.
pub const DICTIONARY_BYTES_MAX: usize = 32 << 20;

/// Most different paths of keys in JSON that one worker remembers from record
/// to record; beyond it they are learned anew.
pub const JSON_PATHS_MAX: usize = 131_072;

/// Most bytes of keys in JSON that one worker remembers from record to record.
pub const JSON_KEY_BYTES_MAX: usize = 16 << 20;

/// Most shapes of JSON and Zeek records that one worker remembers from block
/// to block.
pub const READER_SHAPES_MAX: usize = 4_096;

/// Most names of one array of pairs (`Parameters.…`) in JSON that one worker
/// keeps apart within a block; pairs of further names are values of the array
/// only.
pub const PAIR_NAMES_MAX: usize = 4_096;

/// Cells that the columns of a batch may always have, filled or not.
pub const SPARSE_CELLS_FREE: usize = 4_096;

/// Beyond those: most cells for each value. A batch with more of them ends,
/// and the next record of its shape begins another.
pub const SPARSE_CELLS_PER_VALUE: usize = 16;

/// Longest value of a header line of a W3C log, in bytes. A longer line is
/// taken for a comment.
pub const W3C_HEADER_BYTES_MAX: usize = 16 << 10;

/// Most lines that are joined to one record of a log of text, and most bytes
/// of them; the next line begins another record.
pub const TEXT_RECORD_LINES_MAX: usize = 2_000;

/// See [`TEXT_RECORD_LINES_MAX`].
pub const TEXT_RECORD_BYTES_MAX: usize = 1 << 20;

/// How far into a line of an audit log it is looked for the event it is of,
/// in bytes.
pub const AUDIT_HEAD_BYTES_MAX: usize = 1_024;

/// Most bytes of other events between two lines of an audit event; lines
/// farther apart are records of their own.
pub const AUDIT_GAP_BYTES_MAX: usize = 64 << 10;

/// Most bytes of an audit log in which every line stands between lines of one
/// event; there it is cut all the same.
pub const AUDIT_KNOT_BYTES_MAX: usize = 8 << 20;

/// Most indented lines that go on with the record before them, in syslog.
pub const CONTINUATION_LINES_MAX: usize = 256;

/// Longest such line, in bytes; a longer one is a record of its own.
pub const CONTINUATION_BYTES_MAX: usize = 64 << 10;

/// How many bytes of a source decide what it is and how it is written.
pub const RECOGNISED_BYTES: usize = 64 << 10;

/// Most bytes of column names that the rows of one block of a table repeat
/// when they are turned into records.
pub const CSV_NAMES_BYTES_MAX: usize = 16 << 20;

/// Most records with damaged quotes in one block of a table.
pub const CSV_ODD_RECORDS_MAX: usize = 65_536;
