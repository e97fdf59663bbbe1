//! Every limit on where bytes come from, with its unit in its name. What a
//! limit cuts off is named as a problem.

/// Deepest folder that is entered, counted from the path that was named.
pub const FOLDER_DEPTH_MAX: usize = 64;

/// Most files in one run.
pub const FILES_MAX: usize = 2_000_000;

/// Most archives within one another: an archive on disk has depth 1.
pub const ARCHIVE_DEPTH_MAX: usize = 8;

/// Most archives that are opened in one run.
pub const ARCHIVES_MAX: usize = 100_000;

/// Most members of one archive.
pub const ARCHIVE_MEMBERS_MAX: usize = 250_000;

/// Most members of all archives of a run: each of them is remembered.
pub const MEMBERS_MAX: usize = 300_000;

/// Memory that the paths of all members of a run may take, in bytes.
pub const MEMBER_PATHS_BYTES_MAX: usize = 64 << 20;

/// Longest name of a member of an archive, in bytes.
pub const MEMBER_NAME_BYTES_MAX: usize = 4_096;

/// Most members of one archive that are named as problems one by one.
pub const ARCHIVE_PROBLEMS_MAX: usize = 1_000;

/// Bytes of a compressed file or an archive that are always read, whatever
/// they expand to.
pub const EXPANDED_FREE_BYTES: u64 = 1 << 30;

/// Beyond those: most bytes for each byte of the file, over all that is in
/// it. Logs reach 50; what reaches this was made to fill memory.
pub const EXPANSION_RATIO_MAX: u64 = 200;

/// Largest window that a Zstandard frame may ask for, in bytes: it is held in
/// memory as a whole.
pub const ZSTD_WINDOW_BYTES_MAX: u64 = 64 << 20;

/// Memory that unpacked archives may take at one time, in bytes. What is
/// beyond it goes into temporary files without a name.
pub const UNPACKED_MEMORY_BYTES_MAX: u64 = 64 << 20;

/// Part of that memory that archives may keep between the first look at them
/// and the reading of their members, in bytes.
pub const KEPT_MEMORY_BYTES_MAX: u64 = 32 << 20;

/// Most bytes of temporary files at one time.
pub const SPOOLED_BYTES_MAX: u64 = 64 << 30;

/// Most archives that are kept so.
pub const KEPT_ARCHIVES_MAX: usize = 1_000;

/// Most temporary files that are kept between the first look at an archive
/// and the reading of its members.
pub const KEPT_FILES_MAX: usize = 4;

/// Longest extended header of a tar member, in bytes.
pub const TAR_EXTENDED_BYTES_MAX: u64 = 1 << 20;

/// Most NUL bytes at the beginning of a compressed log that are passed over.
/// Of a plain file, any number is.
pub const LEADING_NULS_UNPACKED_MAX: u64 = 64 << 20;

/// Bytes of a member of an archive read at once.
pub const MEMBER_BUFFER_BYTES: usize = 64 << 10;

/// Bytes read from disk at once.
pub const BUFFER_BYTES: usize = 1 << 18;
