//! The rehearsal: logs of a small fictional network over eight weeks, with ordinary work, one intrusion in two stays
//! and known gaps, and the truth beside them. A newcomer, a test and an exercise all have something to run on.
//!
//! Everything follows from the seed: no clock, no environment; equal options give equal bytes. The intrusion is told
//! by log records only; nothing in it is a working attack.
//!
//! Below the output folder:
//! - `logs/windows/HOST/CHANNEL.jsonl`: Windows events as nested JSON, one a line (`/` in channel names becomes `%4`);
//! - `logs/zeek/*.log`: a sensor inside, tab separated; `logs/zeek-dmz/conn.json`: one before the gateway, JSON lines;
//! - `logs/cloud/m365-audit.jsonl`: the audit trail of a cloud tenant;
//! - `assets.toml`: what is to be protected;
//! - `truth.json`: what truly happened; its form is described in the module `truth`.

mod assets;
pub(crate) mod clock;
mod cloud;
mod compare;
mod gaps;
mod intrusion;
pub(crate) mod json;
mod network;
pub(crate) mod rng;
mod routine;
mod rules;
mod sink;
mod stage;
#[cfg(test)]
mod tests;
mod truth;
mod windows;
mod zeek;

use std::path::Path;

use anyhow::Context;

pub use compare::{Alarms, Comparison, Found, Judged, Outcome, compare};
pub use truth::{
    RecordRef, Truth, TruthAccount, TruthAsset, TruthGap, TruthHost, TruthStep, TruthWindow,
};

use clock::{DAY, DAYS, START};
use rng::Rng;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoOptions {
    /// From this everything follows.
    pub seed: u64,
    /// How many times the ordinary work of people; 1 gives some fifty thousand records. 0 counts as 1.
    pub scale: u32,
}

impl Default for DemoOptions {
    fn default() -> Self {
        DemoOptions { seed: 1, scale: 1 }
    }
}

/// Writes the rehearsal below `out` and returns the truth, which is also written there as `truth.json`.
pub fn generate(out: &Path, options: &DemoOptions) -> anyhow::Result<Truth> {
    let scale = options.scale.max(1);
    let mut stage = stage::Stage {
        rng: Rng::fork(options.seed, 0, 0),
        sink: sink::Sink::create(out, options.seed)?,
        notes: truth::Notes::default(),
    };
    for day in 0..DAYS {
        let part = u64::try_from(day).unwrap_or(0);
        stage.rng = Rng::fork(options.seed, 2, part);
        routine::day(&mut stage, day, scale);
        stage.rng = Rng::fork(options.seed, 3, part);
        intrusion::day(&mut stage, day);
        stage.sink.flush(START + (day + 1) * DAY)?;
    }
    let (records, placed) = stage.sink.finish()?;
    let truth = stage.notes.finish(options.seed, scale, records, &placed);
    for (name, text) in [("truth.json", truth.to_json()), ("assets.toml", truth.to_assets())] {
        let path = out.join(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(truth)
}
