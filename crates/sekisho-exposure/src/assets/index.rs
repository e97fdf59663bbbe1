//! All places of all assets, so that a thing is compared with few of them.

use super::Assets;
use super::fit::{Fit, Match, Seen, View};
use crate::activity::Object;

/// An asset that a thing relates to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Number of the asset in [`Assets::all`].
    pub asset: usize,
    /// Number of the place in [`Asset::locations`](super::Asset::locations) that
    /// it relates to most.
    pub location: usize,
    /// How.
    pub found: Match,
}

/// All places of all assets.
#[derive(Clone, Debug, Default)]
pub struct Index {
    assets: Assets,
}

impl Index {
    pub(super) fn of(assets: &Assets, _view: &View<'_>) -> Self {
        Self { assets: assets.clone() }
    }

    /// The assets that a thing relates to, in the order of declaration.
    #[must_use]
    pub fn find(&self, object: &Object, whole: bool, view: &View<'_>) -> Vec<Found> {
        let seen = Seen::of(object, view);
        let mut all = Vec::new();
        for (number, asset) in self.assets.all.iter().enumerate() {
            let best = asset
                .locations
                .iter()
                .enumerate()
                .map(|(at, l)| (l.place.matches(&seen, whole, view), std::cmp::Reverse(at)))
                .max();
            if let Some((found, at)) = best.filter(|(found, _)| found.fit != Fit::No) {
                all.push(Found { asset: number, location: at.0, found });
            }
        }
        all
    }
}
