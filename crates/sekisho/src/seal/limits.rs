//! Limits of sealing.

/// Most cells (host, channel and UTC day) that one examination may have.
pub(crate) const CELLS_MAX: u32 = 4_000_000;

/// Memory that leaf hashes take while they are put into the order of cells,
/// in bytes.
pub(crate) const LEAVES_BYTES_MAX: usize = 32 << 20;
