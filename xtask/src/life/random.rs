//! Chance that is the same each time: numbers by seed, choices by Zipf's law,
//! and distinct values that grow by Heaps' law.

/// A stream of numbers (SplitMix64).
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// From 0 to just below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Picks one of several, the first ones most often: the weight of number *k*
/// (from 1) is *k* to the minus `exponent`.
#[derive(Debug)]
pub(super) struct Zipf(Vec<f64>);

impl Zipf {
    pub(super) fn new(count: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weight = |k: usize| f64::from(u32::try_from(k).unwrap_or(u32::MAX)).powf(-exponent);
        let sums = (1..=count).map(|k| {
            sum += weight(k);
            sum
        });
        Self(sums.collect())
    }

    pub(super) fn pick(&self, chance: &mut Chance) -> usize {
        let at = chance.unit() * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|&sum| sum <= at).min(self.0.len().saturating_sub(1))
    }
}

/// Distinct values of which there are *n* to the power of `exponent` after *n*
/// uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heaps {
    exponent: f64,
    uses: u32,
    distinct: u32,
}

impl Heaps {
    pub(super) fn new(exponent: f64) -> Self {
        Self { exponent, uses: 0, distinct: 0 }
    }

    /// The number of the value used next. Earlier ones come more often.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below u32")]
    pub(super) fn next(&mut self, chance: &mut Chance) -> u32 {
        self.uses = self.uses.saturating_add(1);
        if f64::from(self.distinct) < f64::from(self.uses).powf(self.exponent) {
            self.distinct += 1;
            return self.distinct - 1;
        }
        let skewed = chance.unit();
        (f64::from(self.distinct) * skewed * skewed * skewed) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_values_grow_by_their_law() {
        let (mut heaps, mut chance) = (Heaps::new(0.5), Chance::new(1));
        let most = (0..10_000).map(|_| heaps.next(&mut chance)).max();
        assert_eq!(most, Some(99));
    }

    #[test]
    fn the_first_is_picked_most() {
        let (zipf, mut chance) = (Zipf::new(10, 1.0), Chance::new(7));
        let mut counts = [0; 10];
        for _ in 0..10_000 {
            counts[zipf.pick(&mut chance)] += 1;
        }
        assert!(counts[0] > 3_000 && counts[0] < 3_800 && counts[9] > 200, "{counts:?}");
    }
}
