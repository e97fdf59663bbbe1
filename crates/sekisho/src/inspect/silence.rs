//! When nothing was written for long: silences that are out of proportion to
//! the log's own rate. Times are kept as clusters (times with no more than a
//! minute between neighbours), which is the same in whatever order they come.

use serde::Serialize;

/// Times this close together are one cluster, in nanoseconds.
const WIDTH_NS: i64 = 60_000_000_000;

/// A silence is at least this long, in nanoseconds.
const SILENCE_NS_MIN: i64 = 3_600_000_000_000;

/// A silence is longer than so many times the interval that 99 of 100 do not
/// exceed.
const SILENCE_FACTOR: i64 = 20;

/// With fewer intervals than this, nothing is said.
const INTERVALS_MIN: u64 = 10;

/// The rule in words.
pub(crate) const RULE: &str = "no record for longer than 1 hour and longer than 20 times the 99th percentile of the \
     intervals between records; not told of fewer than 11 records";

/// Times with no more than a certain width between neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    first: i64,
    last: i64,
    records: u64,
}

/// Clusters in order, further apart than the width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    clusters: Vec<Cluster>,
    width: i64,
}

impl Default for Times {
    fn default() -> Self {
        Self { clusters: Vec::new(), width: WIDTH_NS }
    }
}

/// Nothing was written between two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// The silences of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Silences {
    pub(crate) count: u64,
    /// Longer than this, in nanoseconds, is a silence here.
    pub(crate) threshold: i64,
    /// The longest ones, in order of time.
    pub(crate) longest: Vec<Silence>,
}

impl Times {
    /// Clusters of times in any order.
    pub(crate) fn of(times: &mut [i64]) -> Self {
        if !times.is_sorted() {
            times.sort_unstable();
        }
        let mut all = Self::default();
        for &time in times.iter() {
            all.push(Cluster { first: time, last: time, records: 1 });
        }
        all
    }

    /// How many clusters there are.
    pub(crate) fn len(&self) -> usize {
        self.clusters.len()
    }

    fn push(&mut self, next: Cluster) {
        match self.clusters.last_mut() {
            Some(last) if next.first.saturating_sub(last.last) <= self.width => {
                last.last = last.last.max(next.last);
                last.records += next.records;
            }
            _ => self.clusters.push(next),
        }
    }

    /// Adds the times of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.widen(other.width);
        let Some(first) = other.clusters.first() else { return };
        if self.clusters.last().is_none_or(|last| last.first <= first.first) {
            other.clusters.iter().for_each(|&cluster| self.push(cluster));
            return;
        }
        let before = std::mem::take(&mut self.clusters);
        let (mut ours, mut theirs) = (before.iter().peekable(), other.clusters.iter().peekable());
        loop {
            let next = match (ours.peek(), theirs.peek()) {
                (Some(a), Some(b)) if a.first <= b.first => ours.next(),
                (_, Some(_)) => theirs.next(),
                (Some(_), None) => ours.next(),
                (None, None) => break,
            };
            if let Some(&cluster) = next {
                self.push(cluster);
            }
        }
    }

    /// Takes times for neighbours that are up to `width` apart, if that is
    /// more than so far.
    pub(crate) fn widen(&mut self, width: i64) {
        if width <= self.width {
            return;
        }
        self.width = width;
        for cluster in std::mem::take(&mut self.clusters) {
            self.push(cluster);
        }
    }

    /// Doubles the width until there are no more than so many clusters.
    pub(crate) fn limit(&mut self, clusters_max: usize) {
        while self.clusters.len() > clusters_max {
            self.widen(self.width.saturating_mul(2));
        }
    }

    /// The width that holds now, in nanoseconds.
    pub(crate) fn width(&self) -> i64 {
        self.width
    }

    /// The silences, with at most so many named.
    pub(crate) fn silences(&self, named: usize) -> Silences {
        let records: u64 = self.clusters.iter().map(|c| c.records).sum();
        let pairs = self.clusters.iter().zip(self.clusters.iter().skip(1));
        let between: Vec<Silence> =
            pairs.map(|(a, b)| Silence { from: a.last, to: b.first }).collect();
        let intervals = records.saturating_sub(1);
        if intervals < INTERVALS_MIN {
            return Silences::default();
        }
        let mut lengths: Vec<i64> = between.iter().map(|s| s.length()).collect();
        lengths.sort_unstable();
        // Intervals within clusters are shorter than all between them.
        let within = intervals.saturating_sub(between.len() as u64);
        let rank = u64::try_from(u128::from(intervals - 1) * 99 / 100).unwrap_or(u64::MAX);
        let usual = match rank.checked_sub(within) {
            None => self.width,
            Some(at) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                lengths.get(at).copied().unwrap_or(self.width)
            }
        };
        let threshold = usual.saturating_mul(SILENCE_FACTOR).max(SILENCE_NS_MIN);
        let mut longest: Vec<Silence> =
            between.into_iter().filter(|s| s.length() > threshold).collect();
        let count = longest.len() as u64;
        longest.sort_by_key(|s| (std::cmp::Reverse(s.length()), s.from));
        longest.truncate(named);
        longest.sort_by_key(|s| s.from);
        Silences { count, threshold, longest }
    }
}

impl Silence {
    /// How long, in nanoseconds.
    pub(crate) fn length(&self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

/// A silence as it is written.
#[derive(Clone, Debug, Serialize)]
pub struct SilenceOut {
    /// Time of the last record before it.
    pub from: String,
    /// Time of the first record after it.
    pub to: String,
    /// How long, in whole seconds.
    pub seconds: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const HOUR: i64 = 3600 * SECOND;

    fn times(seconds: impl IntoIterator<Item = i64>) -> Vec<i64> {
        seconds.into_iter().map(|s| s * SECOND).collect()
    }

    #[test]
    fn clusters_do_not_depend_on_the_order_of_merging() {
        let parts: [Vec<i64>; 4] = [
            times([0, 30, 500]),
            times([90, 560, 9_000]),
            times([8_950, 610, 10]),
            times([20_000, 61]),
        ];
        let all = |order: &[usize]| {
            let mut all = Times::default();
            for &n in order {
                all.merge(&Times::of(&mut parts[n].clone()));
            }
            all
        };
        let whole = Times::of(&mut parts.concat());
        assert_eq!(whole.len(), 4);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
            assert_eq!(all(&order), whole, "{order:?}");
        }
        let mut few = whole;
        few.limit(2);
        assert!(few.len() <= 2);
        assert!(few.width() > WIDTH_NS);
    }

    #[test]
    fn a_silence_is_long_against_the_own_rate() {
        // A record a second, then nothing for two hours.
        let busy = Times::of(&mut times((0..100).chain(7_300..7_400)));
        let found = busy.silences(5);
        assert_eq!((found.count, found.threshold), (1, HOUR));
        assert_eq!(found.longest, [Silence { from: 99 * SECOND, to: 7_300 * SECOND }]);
        // A record an hour: two hours are nothing, two days are.
        let calm = |pause: i64| {
            let hours = (0..50).map(|h| h * 3600).chain((0..50).map(|h| pause + h * 3600));
            Times::of(&mut times(hours)).silences(5)
        };
        assert_eq!(calm(51 * 3600).count, 0);
        assert_eq!(calm(49 * 3600 + 48 * 3600).count, 1);
        assert_eq!(calm(49 * 3600 + 48 * 3600).threshold, 20 * HOUR);
    }

    #[test]
    fn of_few_records_nothing_is_said() {
        assert_eq!(Times::of(&mut times([0, 1, 90_000])).silences(5), Silences::default());
        assert_eq!(Times::default().silences(5), Silences::default());
    }
}
