//! What this crate takes at most. Each limit has a name and a unit.

/// Activities of one run. More are counted and named in a notice; verdicts
/// that they could bear on are then not milder than "cannot be determined".
pub const ACTIVITIES_MAX: usize = 40_000_000;

/// The earliest time that a record is believed to be of, nanoseconds since
/// 1970: 1970-01-01. One that states another is counted as one without a time.
pub const TIME_EARLIEST: i64 = 0;

/// The latest: 2200-01-01.
pub const TIME_LATEST: i64 = 7_258_118_400_000_000_000;

/// Bytes of a command line that are read for sources and targets.
pub const COMMAND_LINE_BYTES_MAX: usize = 32 * 1024;

/// Objects (files, items, addresses) that one record may name.
pub const OBJECTS_PER_RECORD_MAX: usize = 4096;

/// Assets that may be declared.
pub const ASSETS_MAX: usize = 10_000;

/// Places of one asset.
pub const LOCATIONS_PER_ASSET_MAX: usize = 256;

/// Bytes of a pattern in a declaration.
pub const PATTERN_BYTES_MAX: usize = 4096;
