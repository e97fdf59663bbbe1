//! Every limit on what a case says, in one place, with its unit in its name.

/// Most digests of a leaf: its number of them has 16 bits.
pub const LEAF_DIGESTS_MAX: usize = 65_535;

/// Longest disclosure, in bytes of its base64url text.
pub const DISCLOSURE_BYTES_MAX: usize = 64 << 20;

/// Longest salt of a disclosure, in bytes.
pub const SALT_BYTES_MAX: usize = 64;

/// Shortest salt of a disclosure, in bytes.
pub const SALT_BYTES_MIN: usize = 16;

/// Deepest nesting of arrays and objects in JSON.
pub const JSON_DEPTH_MAX: usize = 32;
