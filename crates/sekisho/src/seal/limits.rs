//! Limits of sealing.

/// Most cells (host, channel and UTC day) that one examination may have.
pub(crate) const CELLS_MAX: u32 = 4_000_000;

/// Memory that leaf hashes take while they are put into the order of cells,
/// in bytes.
pub(crate) const LEAVES_BYTES_MAX: usize = 32 << 20;

/// Bytes of a host's, a channel's or a product's name in the record of a cell.
pub(crate) const CELL_NAME_BYTES_MAX: usize = 1024;
