//! What sensors saw, from the bytes of their logs to activity.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests may fail as tests do"
)]

mod sensor;
