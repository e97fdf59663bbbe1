//! The habit of a log: how long it is usually silent, and whether its record
//! ids usually go on without a hole.

use super::heard::{HOUR, HourHeard, Run};

/// Silences shorter than this say nothing, nanoseconds.
const SHORT: i64 = 300_000_000_000;

/// A log has the habit of unbroken ids where at least so many of a thousand
/// ids between its first and last are there.
const UNBROKEN_PER_MILLE: u128 = 970;

/// How many silences of a length make it a habit: nights and weekends recur.
const RECURRING: usize = 3;

/// So many small holes are a habit, if there are also more than [`HOLES_SHARE`].
const MANY: usize = 20;

/// At most one hole in so many records is none of a log's habits.
const HOLES_SHARE: u128 = 200;

/// A hole of at most so many ids is small.
const SMALL_HOLE: u64 = 50;

/// Between two records: when the earlier was, and the later.
pub(super) type Gap = (i64, i64);

/// The silences between hours that were heard, and the longest that is usual.
pub(super) fn silences(hours: &[HourHeard]) -> (Vec<Gap>, i64) {
    let gaps: Vec<Gap> = hours
        .windows(2)
        .filter_map(|two| {
            let [one, next] = two else { return None };
            (next.first - one.last > SHORT).then_some((one.last, next.first))
        })
        .collect();
    let events: i64 = hours.iter().map(|h| i64::from(h.events)).sum();
    let span = match (hours.first(), hours.last()) {
        (Some(first), Some(last)) => last.last - first.first,
        _ => 0,
    };
    // What an even rate would leave, ten times over, is no silence.
    let even = span.checked_div(events).unwrap_or(0).saturating_mul(10).clamp(SHORT, 2 * HOUR);
    let mut lengths: Vec<i64> = gaps.iter().map(|(from, to)| to - from).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let rank = RECURRING.max(lengths.len() / 20);
    let usual = lengths.get(rank).copied().unwrap_or(0);
    (gaps, even.max(usual.saturating_add(usual / 2)))
}

/// What record ids say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ids {
    /// They usually go on without a hole.
    pub(super) unbroken: bool,
    /// Holes that are not of the log's habit: from the record before to the
    /// record after, and how many ids are missing.
    pub(super) holes: Vec<(Gap, u64)>,
    /// Where they began anew, lower than before.
    pub(super) restarts: Vec<Gap>,
}

/// Reads the runs of ids of a log.
pub(super) fn ids(runs: &[Run]) -> Ids {
    let mut runs = runs.to_vec();
    runs.sort_unstable_by_key(|run| (run.first.0, run.last.0, run.first.1));
    let runs = merged(runs);
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ids::default() };
    let there: u128 = runs.iter().map(|run| u128::from(run.last.0 - run.first.0) + 1).sum();
    let all = u128::from(last.last.0 - first.first.0) + 1;
    // Two runs far apart, as of two machines or a log begun anew, do not make
    // a filtered log of two whole ones.
    let few = usize::try_from(there / HOLES_SHARE).unwrap_or(usize::MAX);
    let unbroken = there * 1000 >= all * UNBROKEN_PER_MILLE || runs.len() <= few + 1;
    let mut sizes: Vec<u64> = between(&runs).map(|(_, missing)| missing).collect();
    sizes.sort_unstable();
    let usual = sizes.get(sizes.len() / 2).copied().unwrap_or(0);
    // A few ids missing here and there is what a subscription leaves out.
    let filtered =
        sizes.len() >= MANY.max(few) && sizes.last().is_some_and(|most| *most <= SMALL_HOLE);
    let unbroken = unbroken && !filtered;
    let mut out = Ids { unbroken, ..Ids::default() };
    for (gap, missing) in between(&runs) {
        if gap.1 < gap.0 {
            out.restarts.push((gap.1, gap.0));
        } else if unbroken || (missing > usual.saturating_mul(200) && sizes.len() >= 20) {
            out.holes.push((gap, missing));
        }
    }
    out
}

/// Runs that touch or overlap, as copies of a log do, are one.
fn merged(runs: Vec<Run>) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match out.last_mut() {
            Some(last) if run.first.0 <= last.last.0.saturating_add(1) => {
                if run.last.0 > last.last.0 {
                    last.last = run.last;
                }
            }
            _ => out.push(run),
        }
    }
    out
}

fn between(runs: &[Run]) -> impl Iterator<Item = (Gap, u64)> + '_ {
    runs.windows(2).filter_map(|two| {
        let [one, next] = two else { return None };
        let missing = next.first.0.checked_sub(one.last.0)?.checked_sub(1)?;
        Some(((one.last.1, next.first.1), missing))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u64, last: u64, second: i64) -> Run {
        let time = second * 1_000_000_000;
        let end = i64::try_from(last - first).unwrap() * 1_000_000_000;
        Run { first: (first, time), last: (last, time + end) }
    }

    #[test]
    fn a_hole_in_unbroken_ids_is_a_hole_and_in_a_filtered_log_a_habit() {
        let unbroken = ids(&[run(1, 1000, 0), run(1011, 2000, 2000)]);
        assert!(unbroken.unbroken);
        assert_eq!(unbroken.holes.len(), 1);
        assert_eq!(unbroken.holes[0].1, 10);
        let filtered: Vec<Run> =
            (0..100).map(|n| run(n * 7, n * 7, i64::try_from(n).unwrap())).collect();
        let filtered = ids(&filtered);
        assert!(!filtered.unbroken && filtered.holes.is_empty());
    }

    #[test]
    fn three_small_holes_are_no_habit() {
        let holes =
            ids(&[run(1, 100, 0), run(102, 200, 200), run(203, 300, 400), run(311, 480, 600)]);
        assert!(holes.unbroken);
        assert_eq!(holes.holes.len(), 3);
    }

    #[test]
    fn nights_are_a_habit_and_one_long_silence_is_not() {
        let mut hours = Vec::new();
        for day in 0..14 {
            for hour in 8..18 {
                let at = (day * 24 + hour) * HOUR;
                hours.push(HourHeard { events: 50, first: at, last: at + HOUR - 1 });
            }
        }
        let (gaps, usual) = silences(&hours);
        assert!(gaps.iter().all(|(from, to)| to - from <= usual));
        hours.drain(35..75);
        let (gaps, usual) = silences(&hours);
        assert_eq!(gaps.iter().filter(|(from, to)| to - from > usual).count(), 1);
    }
}
