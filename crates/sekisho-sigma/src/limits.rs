//! Every limit on rule files, in one place, with its unit in its name. A
//! document beyond a limit is rejected by name; the other ones still load.

/// Longest YAML document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// Most YAML nodes in a document, copies made by aliases included.
pub const DOCUMENT_NODES_MAX: usize = 200_000;

/// Deepest nesting of maps and lists.
pub const DOCUMENT_DEPTH_MAX: usize = 64;

/// Most text that the aliases of a document may copy, in bytes.
pub const ALIAS_BYTES_MAX: usize = 4 << 20;

/// Most nodes that `action: global` and `action: repeat` may copy in a file.
pub const FILE_MERGED_NODES_MAX: usize = 400_000;

/// Most tests that the values of a document may become.
pub const DOCUMENT_TESTS_MAX: usize = 200_000;

/// Most text of those tests, in bytes.
pub const DOCUMENT_TEST_BYTES_MAX: usize = 16 << 20;

/// Most forms of one value (dashes, placeholders).
pub const VALUE_FORMS_MAX: usize = 4_096;

/// Most search identifiers of a document.
pub const SEARCHES_MAX: usize = 4_096;

/// Longest condition, in bytes.
pub const CONDITION_BYTES_MAX: usize = 32 << 10;

/// Deepest nesting of parentheses in a condition.
pub const CONDITION_DEPTH_MAX: usize = 64;

/// Most nodes of a condition after its quantifiers are resolved.
pub const CONDITION_NODES_MAX: usize = 100_000;

/// Longest regular expression, in bytes.
pub const REGEX_BYTES_MAX: usize = 16 << 10;

/// Largest regular expression with its repetitions written out, in units of
/// about one character or one range of characters.
pub const REGEX_SIZE_MAX: u64 = 150_000;

/// What an expression with look-around or references back may do: to a value of
/// so many bytes so many steps, by the shortest length that suffices. A step may
/// read all of the value, so that longer ones have fewer; to values that are
/// longer still no such expression is put.
pub const BACKTRACKING_STEPS: [(usize, usize); 2] = [(4 << 10, 1_000_000), (32 << 10, 131_072)];
