//! Losses: records that were lost, or are no longer made.

use crate::names::Name;

/// What was lost, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossKind {
    /// A log was cleared: what it held before is gone.
    Cleared,
    /// Records were dropped (a full queue, packets not captured).
    Dropped,
    /// Logging was switched off, or a trail deleted.
    Stopped,
    /// Logging was switched on.
    Started,
    /// What is audited was changed, so that less is recorded.
    Narrowed,
    /// What is audited was changed, so that more is recorded.
    Widened,
    /// The service held records back because there were too many.
    Throttled,
    /// The host was shut down; nothing was recorded until it came up.
    Down,
    /// The host came up.
    Up,
    /// The host's clock was set.
    ClockSet {
        /// Nanoseconds since 1970 before.
        from: i64,
        /// And after.
        to: i64,
    },
}

/// Of the activity, `place` is whose records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// What.
    pub kind: LossKind,
    /// Of which log; `None` for all of the place.
    pub channel: Option<Name>,
    /// What is no longer (or again) recorded, in the record's words.
    pub what: Option<Name>,
    /// How much: records, or packets.
    pub amount: Option<u64>,
    /// Share of the whole that was lost, where the record says: 0 to 1.
    pub share: Option<f64>,
}
