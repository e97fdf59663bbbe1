//! Days without records: between the first and the last day of a stream of
//! records each day without any is said too, as *empty* or, where record ids
//! jump over it, as a *gap*.

use std::collections::BTreeMap;
use std::sync::Arc;

use sekisho_case::record::days_unseen;
use sekisho_case::time::Day;

use super::cells::{Cell, Stream};

/// A run of days of a stream without records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quiet {
    pub(crate) stream: Arc<Stream>,
    /// First and last day.
    pub(crate) from: Day,
    pub(crate) until: Day,
    pub(crate) ids: IdsOver,
}

/// What record ids say of days without records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdsOver {
    /// They go on as if nothing had been: nothing is missing.
    GoOn,
    /// So many of them did not come.
    Jump(u64),
    /// Records have none, or they began anew.
    Silent,
}

/// All quiet days of cells, in the order of streams and days, and how many
/// stretches between days were too long to be true.
pub(crate) fn quiet_days(cells: &[Cell]) -> (Vec<Quiet>, u64) {
    let mut streams: BTreeMap<&Arc<Stream>, BTreeMap<Day, &Cell>> = BTreeMap::new();
    for cell in cells {
        if let Some(day) = cell.key.day {
            streams.entry(&cell.key.stream).or_default().insert(day, cell);
        }
    }
    let (mut quiet, mut jumps) = (Vec::new(), 0);
    for (stream, days) in streams {
        let unseen = days_unseen(&days.keys().copied().collect());
        jumps += unseen.clock_jumps;
        for (from, until) in unseen.runs {
            let cell = |day: Option<Day>| day.and_then(|day| days.get(&day));
            let (earlier, later) = (cell(from.previous()), cell(until.next()));
            let ids = match (earlier, later) {
                (Some(earlier), Some(later)) => ids_over(earlier, later),
                _ => IdsOver::Silent,
            };
            quiet.push(Quiet { stream: Arc::clone(stream), from, until, ids });
        }
    }
    (quiet, jumps)
}

fn ids_over(earlier: &Cell, later: &Cell) -> IdsOver {
    match (earlier.ids.bounds(), later.ids.bounds()) {
        (Some((_, last)), Some((first, _))) if first > last => match first - last - 1 {
            0 => IdsOver::GoOn,
            missing => IdsOver::Jump(missing),
        },
        _ => IdsOver::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::{CellKey, CellPart, Cells, day_of};
    use super::*;

    const DAY: i64 = 86_400_000_000_000;

    fn cells(of: &[(&str, i64, &[u64])]) -> Cells {
        let mut cells = Cells::default();
        for (host, day, ids) in of {
            let stream =
                Stream { product: "windows".into(), host: (*host).into(), channel: "S".into() };
            let key = CellKey { stream: Arc::new(stream), day: day_of(day * DAY) };
            let mut part = CellPart::new(key);
            ids.iter().for_each(|&id| part.add(day * DAY, id));
            cells.merge(part).unwrap();
        }
        cells
    }

    #[test]
    fn a_day_without_records_is_empty_or_a_gap() {
        let unknown = &[u64::MAX][..];
        let cells = cells(&[
            ("a", 12, &[9, 10]),
            ("a", 10, &[1, 2]),
            ("b", 10, &[1, 2]),
            ("b", 13, &[3]),
            ("c", 1, unknown),
            ("c", 3, unknown),
            ("d", 1, &[5]),
            ("d", 2, &[90]),
        ]);
        let (quiet, jumps) = quiet_days(&cells.list);
        let said: Vec<(&str, i32, i32, IdsOver)> = quiet
            .iter()
            .map(|q| (&*q.stream.host, q.from.number(), q.until.number(), q.ids))
            .collect();
        assert_eq!(
            said,
            [
                ("a", 11, 11, IdsOver::Jump(6)),
                ("b", 11, 12, IdsOver::GoOn),
                ("c", 2, 2, IdsOver::Silent),
            ]
        );
        assert_eq!(jumps, 0);
    }

    #[test]
    fn a_clock_that_was_wrong_makes_no_centuries_of_quiet() {
        let cells = cells(&[("a", -100_000, &[1]), ("a", 20_000, &[2]), ("a", 20_002, &[3])]);
        let (quiet, jumps) = quiet_days(&cells.list);
        assert_eq!((quiet.len(), jumps), (1, 1));
    }
}
