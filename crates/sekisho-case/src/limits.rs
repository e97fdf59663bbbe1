//! Every limit of this crate, in one place, with its unit in its name. What is
//! beyond one is refused with an error that says so.

/// Longest log entry, in bytes: entry bundles count it with two bytes.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Longest name of a key, in bytes; also the longest origin of a log.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// Longest signed note, in bytes.
pub const NOTE_BYTES_MAX: usize = 1 << 20;

/// Most signatures of one note that are looked at.
pub const NOTE_SIGNATURES_MAX: usize = 128;

/// Longest signature of any algorithm, in bytes; those of unknown ones are
/// kept too.
pub const SIGNATURE_BYTES_MAX: usize = 16_384;

/// Longest inclusion or consistency proof, in hashes; a tree of 2^63 leaves
/// has none that is longer.
pub const PROOF_HASHES_MAX: usize = 63;

/// Longest extra data in a proof that travels, in bytes.
pub const PROOF_EXTRA_BYTES_MAX: usize = 65_536;

/// Longest policy, in bytes.
pub const POLICY_BYTES_MAX: usize = 1 << 18;

/// Most logs in a policy.
pub const POLICY_LOGS_MAX: usize = 256;

/// Most witnesses in a policy.
pub const POLICY_WITNESSES_MAX: usize = 256;

/// Most groups in a policy.
pub const POLICY_GROUPS_MAX: usize = 256;

/// Most tiles of hashes that an open log remembers, 8 KiB each.
pub const TILES_CACHED_MAX: usize = 256;

/// Most places of damage that a check of a log names; the rest is counted.
pub const DAMAGES_NAMED_MAX: usize = 1_000;

/// Most digests of a leaf: their number has 16 bits.
pub const LEAF_DIGESTS_MAX: usize = 65_535;

/// Most bytes of texts that a sealer keeps for values that come again; then it
/// begins anew.
pub const KEPT_BYTES_MAX: usize = 8 << 20;

/// Longest disclosure, in bytes of its base64url text.
pub const DISCLOSURE_BYTES_MAX: usize = 64 << 20;

/// Longest salt of a disclosure, in bytes.
pub const SALT_BYTES_MAX: usize = 64;

/// Shortest salt of a disclosure, in bytes.
pub const SALT_BYTES_MIN: usize = 16;

/// Deepest nesting of arrays and objects in JSON.
pub const JSON_DEPTH_MAX: usize = 32;

/// Most things that do not add up in the records of a case which are named; the
/// rest is counted.
pub const COMPLAINTS_NAMED_MAX: usize = 1_000;

/// Most statements of one kind (broken, claimed, missing) that a verification
/// makes; the rest is counted.
pub const STATEMENTS_NAMED_MAX: usize = 1_000;

/// Most tiles that lack, or have another length, before a verification reads no
/// further.
pub const TILES_LACKING_MAX: usize = 100;

/// Longest release that is verified, in bytes.
pub const RELEASE_BYTES_MAX: usize = 512 << 20;

/// Most files in a release.
pub const RELEASE_FILES_MAX: usize = 65_534;

/// Longest name of a file in a release, in bytes.
pub const RELEASE_NAME_BYTES_MAX: usize = 64;

/// Most values in the JSON of a release, as counted by the characters `,`, `[`
/// and `{` that come before all but one of them.
pub const RELEASE_VALUES_MAX: usize = 1 << 24;

/// Most events in a release.
pub const RELEASE_EVENTS_MAX: usize = 100_000;
