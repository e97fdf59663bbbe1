//! Rehearsals with truth: from a seed an estate of its own, days of ordinary work, one or several intrusions drawn from
//! building blocks, and the ways in which evidence is lost; beside it what truly happened to each protected asset, and
//! whether the records that are left can show it. The method that judges exposure is measured on hundreds of them.
//!
//! Everything follows from the seed: no clock, no environment. The intrusions are told by log records only. This module
//! knows nothing of the method, and the method nothing of it: they meet in the formats of the logs.
//!
//! [`demo`](crate::demo) is one story, told well; these are many, told plainly.

mod assets;
mod aws;
mod blocks;
mod campaign;
mod compare;
mod estate;
mod logging;
mod network;
mod routine;
mod run;
mod scene;
mod tenant;
#[cfg(test)]
mod tests;
mod truth;
mod windows;

use sekisho_exposure::question::SaidSeed;

pub use compare::{Case, Table, Wrong};
pub use run::{Drop, Feed, feed};
pub use truth::{Fate, Step, Truth, TruthAsset};

use crate::demo::clock::DAY;
use crate::demo::rng::Rng;
use scene::Scene;

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// From this everything follows.
    pub seed: u64,
    /// How many times the ordinary work; 1 gives some ten thousand records in all. 0 counts as 1.
    pub scale: u32,
}

impl Options {
    /// The ordinary size.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { seed, scale: 1 }
    }
}

/// One log of one day, as it would lie in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Where, below the folder of logs.
    pub path: String,
    /// The log that it is a day of: `windows/FS01/Security`, `zeek/conn`, `cloudtrail`.
    pub source: String,
    /// Day of the rehearsal, from 0.
    pub day: i64,
    /// Records in it.
    pub records: u64,
    /// Its text.
    pub bytes: Vec<u8>,
}

/// What is known beside the logs.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The declaration of the assets, as a file.
    pub assets_toml: String,
    /// What an analyst would say when the examination begins.
    pub seeds: Vec<SaidSeed>,
    /// What truly happened.
    pub truth: Truth,
}

/// A whole rehearsal in memory.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// All logs, by day and then by name.
    pub files: Vec<LogFile>,
    /// Assets, seeds and truth.
    pub beside: Beside,
}

/// A rehearsal that is played day by day, so that a large one never lies in memory whole.
#[derive(Debug)]
pub struct Play {
    scene: Scene,
    plan: campaign::Plan,
    day: i64,
    scale: u32,
}

impl Play {
    /// Sets the scene and plays the intrusions; their records wait for their days.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let mut rng = Rng::fork(options.seed, 10, 0);
        let estate = estate::draw(&mut rng);
        let mut scene = Scene::new(options.seed, estate);
        let plan = campaign::play(&mut scene);
        Self { scene, plan, day: 0, scale: options.scale.max(1) }
    }

    /// The logs of the next day; `None` after the last.
    pub fn next_day(&mut self) -> Option<Vec<LogFile>> {
        if self.day >= self.scene.estate.days {
            return None;
        }
        let day = self.day;
        self.day += 1;
        for round in 0..self.scale {
            let part = u64::try_from(day).unwrap_or(0) * 1_000_000 + u64::from(round);
            self.scene.rng = Rng::fork(self.scene.seed, 12, part);
            routine::day(&mut self.scene, day, round);
        }
        let until = self.scene.estate.start + (day + 1) * DAY;
        Some(self.scene.flush(day, until))
    }

    /// What is known beside the logs, once all days were played.
    #[must_use]
    pub fn finish(self) -> Beside {
        truth::beside(&self.scene, &self.plan)
    }
}

/// A rehearsal, whole.
#[must_use]
pub fn generate(options: &Options) -> Rehearsal {
    let mut play = Play::new(options);
    let mut files = Vec::new();
    while let Some(mut day) = play.next_day() {
        files.append(&mut day);
    }
    Rehearsal { files, beside: play.finish() }
}
