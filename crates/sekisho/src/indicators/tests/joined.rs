//! Patterns that join observations.

use proptest::prelude::*;

use super::*;
use crate::indicators::{Conclusion, IndicatorCorrelator};

const SECOND: i64 = 1_000_000_000;

/// Runs a pattern over events `(time in seconds, file name)`; tells the
/// numbers of the events of each occurrence.
fn occurrences(pattern: &str, events: &[(i64, &str)]) -> Vec<Vec<usize>> {
    let found = conclude(pattern, events);
    assert_eq!(found.incomplete, Vec::new(), "{pattern}");
    found.occurrences.into_iter().map(|o| o.events.into_iter().map(|(_, e)| e).collect()).collect()
}

fn conclude(pattern: &str, events: &[(i64, &str)]) -> Conclusion<usize> {
    let indicators = indicators(&[pattern]);
    let mut vocabulary = Vocabulary::default();
    let fields: Vec<[(&str, &str); 1]> =
        events.iter().map(|(_, name)| [("TargetFilename", *name)]).collect();
    let rows: Vec<Fields<'_>> = fields.iter().map(|f| &f[..]).collect();
    let mut batch = batch(&Shape::unknown(), &rows, &mut vocabulary);
    batch.times = events.iter().map(|(time, _)| time.saturating_mul(SECOND)).collect();
    let mut correlator = IndicatorCorrelator::new(&indicators);
    for m in run(&indicators, &batch, &vocabulary) {
        let row = m.row as usize;
        correlator.add(m.indicator, m.observation.unwrap(), batch.times[row], row);
    }
    correlator.conclude()
}

fn name(n: &str) -> String {
    format!("[file:name = '{n}']")
}

#[test]
fn operators_and_qualifiers() {
    let (a, b, c) = (name("a"), name("b"), name("c"));
    let events = [(0, "a"), (10, "b"), (20, "a"), (30, "c"), (40, "b")];
    for (pattern, want) in [
        (format!("{a} AND {b}"), vec![vec![0, 1], vec![2, 4]]),
        (format!("{a} AND {a}"), vec![vec![0, 2]]),
        (format!("{a} AND {a} AND {a}"), vec![]),
        (format!("{b} FOLLOWEDBY {a}"), vec![vec![1, 2]]),
        (format!("{c} FOLLOWEDBY {a}"), vec![]),
        (format!("({a} AND {c}) WITHIN 11 SECONDS"), vec![vec![2, 3]]),
        (format!("({a} AND {c}) WITHIN 10 SECONDS"), vec![]),
        (format!("({a} AND {c}) WITHIN 10.1 SECONDS"), vec![vec![2, 3]]),
        (format!("{a} REPEATS 2 TIMES"), vec![vec![0, 2]]),
        (format!("{a} REPEATS 2 TIMES WITHIN 20 SECONDS"), vec![]),
        (format!("{a} REPEATS 2 TIMES WITHIN 21 SECONDS"), vec![vec![0, 2]]),
        (format!("{a} REPEATS 3 TIMES"), vec![]),
        (format!("({a} FOLLOWEDBY {b}) REPEATS 2 TIMES"), vec![vec![0, 1, 2, 4]]),
        (format!("{c} AND {a} OR {c} AND {b}"), vec![vec![0, 3]]),
        (
            format!("({a} FOLLOWEDBY {b} FOLLOWEDBY {a} FOLLOWEDBY {c}) WITHIN 31 SECONDS"),
            vec![vec![0, 1, 2, 3]],
        ),
        (
            format!("{a} AND {b} START t'1970-01-01T00:00:20Z' STOP t'1970-01-01T00:00:41Z'"),
            vec![vec![0, 4]],
        ),
        (
            format!("({a} AND {b}) START t'1970-01-01T00:00:05Z' STOP t'1970-01-01T00:00:40Z'"),
            vec![vec![1, 2]],
        ),
    ] {
        assert_eq!(occurrences(&pattern, &events), want, "{pattern}");
    }
    assert_eq!(occurrences(&format!("{a} FOLLOWEDBY {b}"), &[(5, "b"), (5, "a")]), [[0, 1]]);
}

#[test]
fn events_without_a_time_have_no_order() {
    let unknown = i64::MIN;
    let (a, b) = (name("a"), name("b"));
    let events = [(unknown, "a"), (unknown, "b")];
    assert_eq!(occurrences(&format!("{a} AND {b}"), &events).len(), 1);
    assert!(occurrences(&format!("{a} FOLLOWEDBY {b}"), &events).is_empty());
    assert!(occurrences(&format!("({a} AND {b}) WITHIN 5 SECONDS"), &events).is_empty());
    assert!(occurrences(&format!("{a} REPEATS 1 TIMES AND {b} START t'1970-01-01T00:00:00Z' STOP t'2100-01-01T00:00:00Z'"), &events).is_empty());
}

#[test]
fn observations_that_stand_alone_need_no_other_event() {
    for pattern in [
        "[file:name = 'a'] OR [file:name = 'b']",
        "([file:name = 'a'] OR ([file:name = 'b'])) WITHIN 5 SECONDS REPEATS 1 TIMES",
        "[file:name = 'a' OR file:name = 'b']",
    ] {
        assert!(!indicators(&[pattern])[0].needs_several_events(), "{pattern}");
        assert!(matches(pattern, "", &[("TargetFilename", "b")]));
    }
    let between = "[file:name = 'a'] START t'1970-01-01T00:00:01Z' STOP t'1970-01-01T00:00:02Z'";
    let mut vocabulary = Vocabulary::default();
    let events: [Fields<'_>; 3] = [&[("TargetFilename", "a")]; 3];
    let batch = batch(&Shape::unknown(), &events, &mut vocabulary);
    let found = run(&indicators(&[between]), &batch, &vocabulary);
    assert_eq!(found.iter().map(|m| m.row).collect::<Vec<_>>(), [1]);
}

#[test]
fn what_a_limit_cuts_is_told() {
    use crate::indicators::limits::{OCCURRENCES_MAX, SIGHTINGS_MAX};
    let many: Vec<(i64, &str)> = (0..=SIGHTINGS_MAX as i64).map(|n| (n, "a")).collect();
    let found = conclude(&format!("{} AND {}", name("a"), name("b")), &many);
    assert_eq!(found.incomplete.len(), 1);
    let pairs: Vec<(i64, &str)> =
        (0..1_000).map(|n| (n, if n % 2 == 0 { "a" } else { "b" })).collect();
    let found = conclude(&format!("{} FOLLOWEDBY {}", name("a"), name("b")), &pairs);
    assert_eq!(found.occurrences.len(), OCCURRENCES_MAX);
    assert_eq!(found.incomplete.len(), 1);
    let abc =
        format!("({0} FOLLOWEDBY {0} FOLLOWEDBY {1}) WITHIN 900 SECONDS", name("a"), name("b"));
    let late: Vec<(i64, &str)> = (0..5_000).map(|n| (n / 10, "a")).chain([(10_000, "b")]).collect();
    assert_eq!(conclude(&abc, &late).incomplete.len(), 1);
}

/// A small pattern over the names a, b, c.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just(name("a")), Just(name("b")), Just("[file:name != 'a']".to_owned())];
    leaf.prop_recursive(2, 5, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} AND {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} OR {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} FOLLOWEDBY {y})")),
            (inner.clone(), 1..4u32).prop_map(|(x, n)| format!("({x} WITHIN {n} SECONDS)")),
            inner.prop_map(|x| format!("({x} REPEATS 2 TIMES)")),
        ]
    })
}

mod plainly {
    //! Every set of events is tried.

    use super::*;
    use crate::indicators::pattern::{Condition, Expression, Qualifier, parse};

    /// All sets of events (as bits) that satisfy an expression, exactly.
    fn sets(e: &Expression, events: &[(i64, &str)]) -> Vec<u32> {
        let times = |set: u32| {
            (0..events.len()).filter(move |n| set >> n & 1 == 1).map(|n| events[n].0 * SECOND)
        };
        let joined = |parts: &[Expression], ordered: bool| {
            let mut out = vec![0u32];
            for part in parts {
                let of_part = sets(part, events);
                let mut next = Vec::new();
                for &x in &out {
                    for &y in &of_part {
                        let in_order = times(x).max() <= times(y).min();
                        if x & y == 0 && (!ordered || x == 0 || in_order) {
                            next.push(x | y);
                        }
                    }
                }
                next.sort_unstable();
                next.dedup();
                out = next;
            }
            out
        };
        match e {
            Expression::Observation(Condition::Test(c)) => {
                let wanted = format!("{:?}", c.literals[0]);
                let holds = |name: &str| (wanted == format!("Text({name:?})")) != c.negated;
                (0..events.len()).filter(|&n| holds(events[n].1)).map(|n| 1 << n).collect()
            }
            Expression::Observation(_) => unreachable!(),
            Expression::All(parts) => joined(parts, false),
            Expression::Sequence(parts) => joined(parts, true),
            Expression::Any(parts) => parts.iter().flat_map(|p| sets(p, events)).collect(),
            Expression::Qualified(inner, Qualifier::Within(length)) => sets(inner, events)
                .into_iter()
                .filter(|&set| times(set).max().unwrap() - times(set).min().unwrap() < *length)
                .collect(),
            Expression::Qualified(inner, Qualifier::Repeats(n)) => {
                joined(&vec![(**inner).clone(); *n as usize], false)
            }
            Expression::Qualified(..) => unreachable!(),
        }
    }

    pub(super) fn satisfied(pattern: &str, events: &[(i64, &str)]) -> Vec<u32> {
        sets(&parse(pattern).unwrap(), events)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn events_are_found_where_trying_every_set_finds_them(
        pattern in pattern(),
        events in proptest::collection::vec((0..5i64, 0..3usize), 0..7),
    ) {
        let mut events: Vec<(i64, &str)> =
            events.into_iter().map(|(time, n)| (time, ["a", "b", "c"][n])).collect();
        events.sort_unstable();
        let pattern = format!("{pattern} AND {pattern}");
        let wanted = plainly::satisfied(&pattern, &events);
        let found = occurrences(&pattern, &events);
        for chosen in &found {
            let set = chosen.iter().fold(0u32, |set, n| set | 1 << n);
            prop_assert!(wanted.contains(&set), "{pattern} {events:?}: {chosen:?}");
        }
        prop_assert_eq!(found.is_empty(), wanted.is_empty(), "{} {:?}", pattern, events);
    }
}
