//! What the logs lack: the rehearsal loses records in the ways in which real evidence is lost, so that an examination
//! can be tested on what it says about silence.

use super::clock::{DAY, DAYS, MINUTE, Micros, START, at};

/// How records come to be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Written and lost later: record ids go on, so a hole is left.
    Hole,
    /// Never written: record ids go on without a hole.
    Silence,
    /// Nothing of this source ever reached us.
    NeverSupplied,
    /// Recorded only in part, because the service held back (throttling).
    Partial,
}

/// One gap. `host` and `channel` as in the logs; `*` stands for all.
#[derive(Debug)]
pub(super) struct Gap {
    pub(super) host: &'static str,
    pub(super) channel: &'static str,
    pub(super) from: Micros,
    pub(super) to: Micros,
    pub(super) loss: Loss,
    pub(super) reason: &'static str,
}

/// When the intruder emptied the Security log of WS04.
pub(super) const CLEARED: Micros = at(18, 4, 40);

/// All gaps, in time order.
pub(super) static GAPS: [Gap; 6] = [
    Gap {
        host: "LAB01",
        channel: "*",
        from: START,
        to: START + DAYS * DAY,
        loss: Loss::NeverSupplied,
        reason: "LAB01 is outside central logging and supplies nothing, though others name it",
    },
    Gap {
        host: "WS04",
        channel: "Security",
        from: at(17, 0, 0),
        to: CLEARED,
        loss: Loss::Hole,
        reason: "the Security log was cleared before the nightly export could take it",
    },
    Gap {
        host: "WS04",
        channel: "Microsoft-Windows-Sysmon/Operational",
        from: at(17, 12, 0),
        to: at(20, 8, 0),
        loss: Loss::Silence,
        reason: "the Sysmon service was stopped",
    },
    Gap {
        host: "zeek",
        channel: "*",
        from: at(18, 0, 0),
        to: at(18, 6, 0),
        loss: Loss::Silence,
        reason: "the sensor lost its mirror port during maintenance of the switch",
    },
    Gap {
        host: "m365",
        channel: "MailItemsAccessed of m.brandt",
        from: at(19, 9, 0),
        to: at(20, 9, 0),
        loss: Loss::Partial,
        reason: "the service throttled the recording of mail access after too many items",
    },
    Gap {
        host: "FS01",
        channel: "Security",
        from: at(46, 1, 0),
        to: at(46, 3, 0),
        loss: Loss::Hole,
        reason: "the log wrapped around before the export: the record ids leave a hole",
    },
];

/// The gap that swallows what this source would say at this time.
pub(super) fn gap_of(host: &str, channel: &str, time: Micros) -> Option<&'static Gap> {
    GAPS.iter().find(|gap| {
        gap.loss != Loss::Partial
            && gap.host == host
            && (gap.channel == "*" || gap.channel == channel)
            && (gap.from..gap.to).contains(&time)
    })
}

// The log is read out shortly after it was cleared, so the clearing itself survives.
const _: () = assert!(CLEARED > at(18, 4, 0) && CLEARED + MINUTE < at(18, 5, 0));
