//! The stage on which both ordinary work and the intrusion are played: chance, the logs, and the truth being noted.

use super::rng::Rng;
use super::sink::Sink;
use super::truth::Notes;

/// What every act needs at hand.
pub(super) struct Stage {
    pub(super) rng: Rng,
    pub(super) sink: Sink,
    pub(super) notes: Notes,
}

impl Stage {
    /// A port from which a client calls.
    pub(super) fn port(&mut self) -> u16 {
        49_152 + u16::try_from(self.rng.below(16_000)).unwrap_or(0)
    }

    /// A process id, a multiple of four as on Windows.
    pub(super) fn pid(&mut self) -> u32 {
        1_000 + 4 * u32::try_from(self.rng.below(4_000)).unwrap_or(0)
    }

    /// A logon id.
    pub(super) fn logon_id(&mut self) -> String {
        format!("0x{:x}", 0x1_0000 + self.rng.below(0x0fff_0000))
    }
}
