//! Every limit on indicators, in one place, with its unit in its name. An
//! indicator beyond a limit is refused by name; the other ones still load.

/// Largest file of indicators, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// Most files below the paths given.
pub const FILES_MAX: usize = 100_000;

/// Deepest nesting of folders.
pub const FOLDER_DEPTH_MAX: usize = 32;

/// Most names of files in a folder that are told as not read, and of links;
/// of further ones the number.
pub const NAMES_TOLD_MAX: usize = 20;

/// Most indicators, all files together.
pub const INDICATORS_MAX: usize = 1_000_000;

/// Longest text that is kept of an indicator beside its pattern (id, name, a
/// label), in bytes; a longer name is cut, a longer id refuses the indicator.
pub const TEXT_BYTES_MAX: usize = 1_024;

/// Most labels, types and marking references that are kept of an indicator,
/// of each; further ones are left out.
pub const LABELS_MAX: usize = 64;

/// Longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 256 << 10;

/// Deepest nesting of parentheses in a pattern.
pub const PATTERN_DEPTH_MAX: usize = 64;

/// Most comparisons of a pattern.
pub const COMPARISONS_MAX: usize = 10_000;

/// Most values of one `IN (…)`.
pub const SET_VALUES_MAX: usize = 20_000;

/// Most observations that a pattern joins.
pub const OBSERVATIONS_MAX: usize = 256;

/// Most repetitions that `REPEATS` may ask for.
pub const REPEATS_MAX: u32 = 10_000;

/// Most events that a pattern may need together, runs of one repeated
/// observation counted as one.
pub const JOINED_EVENTS_MAX: usize = 512;

/// Longest window of `WITHIN`, in seconds (a hundred years).
pub const WITHIN_SECONDS_MAX: f64 = 3_155_760_000.0;

/// Most tests of one property, of all indicators together, that need to be
/// made of every distinct value: `!=`, order, expressions and wildcards
/// without a fixed part. The indicators with further ones are refused.
pub const OPEN_TESTS_MAX: usize = 1_024;

/// Most wildcards and expressions of one property that begin with a search for
/// a fixed part, of all indicators together.
pub const GUARDED_TESTS_MAX: usize = 50_000;

/// Memory that one compiled expression may take, in bytes: tried from the
/// smallest on, so that what it takes is roughly known.
pub const REGEX_COMPILED_BYTES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 2 << 20];

/// Memory that the compiled expressions of all indicators that are loaded
/// together may take, in bytes.
pub const REGEX_TOTAL_BYTES_MAX: usize = 512 << 20;

/// Longest value that wildcards and expressions are put to, in bytes; of a
/// longer one the rest is not looked at, and that is counted.
pub const SCANNED_BYTES_MAX: usize = 1 << 20;

/// Most values that one cell may stand for (a list of addresses, of hashes).
pub const CELL_PARTS_MAX: usize = 256;

/// Most places beside the last backslash at which the name of a value of the
/// registry may begin: the first ones of a text.
pub const KEY_CUTS_MAX: usize = 8;

/// Most choices of objects that are tried for one pattern and event.
pub const CHOICES_MAX: usize = 4_096;

/// Most answers that a matcher remembers before it forgets all.
pub const ANSWERS_MAX: usize = 4 << 20;

/// Most pairs of host and path that a matcher remembers as addresses before it
/// forgets all.
pub const JOINED_MAX: usize = 1 << 20;

/// Most shapes whose reading plan a matcher remembers.
pub const PLANS_MAX: usize = 4_096;

/// Most events that are kept for one observation of a pattern that joins
/// several: the earliest ones.
pub const SIGHTINGS_MAX: usize = 10_000;

/// Most events that are kept for all observations of all patterns together:
/// each observation has an equal share.
pub const SIGHTINGS_TOTAL_MAX: usize = 4_000_000;

/// Most steps of the search for events that satisfy one pattern together.
pub const SEARCH_STEPS_MAX: u64 = 2_000_000;

/// Most occurrences that are told of one pattern that joins observations.
pub const OCCURRENCES_MAX: usize = 100;
