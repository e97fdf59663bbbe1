//! Correlations against their definition: for every event the whole window is
//! looked through anew. The order in which observations arrive must not
//! matter, since threads bring them in any order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::cast_precision_loss, reason = "it is a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::generate::Choices;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use sekisho_sigma::compare::{number, ordered};
use sekisho_sigma::rule::{Correlation, CorrelationKind, Document, Expr, Rule};
use sekisho_sigma::{CorrelationMatch, Correlator, Observation, ParseOptions, Program, parse};

const SECOND: i64 = 1_000_000_000;

/// Three rules to correlate.
fn rules() -> Vec<Arc<Rule>> {
    let text: String = (0..3)
        .map(|i| {
            format!(
                "title: r{i}\nname: r{i}\nlogsource: {{product: p}}\ndetection:\n  s: {{A: '{i}'}}\n  \
                 condition: s\n---\n"
            )
        })
        .collect();
    let documents = parse(&"rules.yml".into(), text.as_bytes(), &ParseOptions::default()).documents;
    let rule = |document| match document {
        Document::Rule(rule) => Arc::new(rule),
        other => panic!("{other:?}"),
    };
    documents.into_iter().map(rule).collect()
}

fn correlation_text(choices: &mut Choices<'_>, name: &str, rules: &str) -> String {
    let kind = choices.pick(&[
        "event_count",
        "value_count",
        "temporal",
        "temporal_ordered",
        "value_sum",
        "value_avg",
        "value_percentile",
        "value_min",
    ]);
    let group = choices.pick(&["[G]", "[]", "[G, H]", "[alias]"]);
    let span = choices.pick(&["2s", "1s", "5s", "1m", "292y"]);
    let ordering = choices.pick(&["gte", "gt", "lt", "lte", "eq"]);
    let limit = choices.pick(&["2", "1", "0", "3", "-1", "2.5"]);
    let condition = match kind {
        "temporal" | "temporal_ordered" if rules.len() < 10 || choices.below(2) == 0 => {
            String::new()
        }
        "temporal" => {
            let text = choices.pick(&["r0 and r1", "r0 or r1", "r1 and not r0", "not r0"]);
            format!("  condition: {text}\n")
        }
        "temporal_ordered" => String::new(),
        "event_count" => format!("  condition: {{{ordering}: {limit}}}\n"),
        "value_percentile" => {
            let percentile = choices.pick(&["50", "0", "100", "90", "33"]);
            format!("  condition: {{{ordering}: {limit}, field: V, percentile: {percentile}}}\n")
        }
        _ => format!("  condition: {{{ordering}: {limit}, field: V}}\n"),
    };
    format!(
        "title: {name}\nname: {name}\ncorrelation:\n  type: {kind}\n  rules: {rules}\n  group-by: \
         {group}\n  timespan: {span}\n  aliases: {{alias: {{r0: G, r1: H, r2: G, c0: alias}}}}\n{condition}---\n"
    )
}

fn correlations(choices: &mut Choices<'_>) -> Vec<Correlation> {
    let mut text = String::new();
    for i in 0..3 {
        let rules = choices.pick(&["[r0, r1]", "[r0]", "[r1, r0]", "[r0, r1, r2]", "[r2, r2]"]);
        text.push_str(&correlation_text(choices, &format!("c{i}"), rules));
    }
    text.push_str(&correlation_text(choices, "over", "[c0, c1]"));
    let parsed = parse(&"c.yml".into(), text.as_bytes(), &ParseOptions::default());
    assert!(parsed.rejected.is_empty(), "{:?}\n{text}", parsed.rejected);
    let correlation = |document| match document {
        Document::Correlation(correlation) => correlation,
        other => panic!("{other:?}"),
    };
    parsed.documents.into_iter().map(correlation).collect()
}

/// An event for which some of the rules hold.
#[derive(Clone, Debug)]
struct Seen {
    time: i64,
    place: u64,
    rules: Vec<usize>,
    fields: BTreeMap<&'static str, &'static str>,
}

fn seen(choices: &mut Choices<'_>, place: u64) -> Seen {
    let time = match choices.below(40) {
        39 => i64::MIN,
        38 => i64::MAX,
        n => i64::try_from(n).unwrap() % 12 * SECOND / 2,
    };
    let rules = choices.pick(&[&[0][..], &[1], &[2], &[0, 1], &[0, 1, 2], &[0]]).to_vec();
    let mut fields = BTreeMap::new();
    for (name, values) in [
        ("G", &["x", "x", "y", ""][..]),
        ("H", &["x", "y", "x"]),
        ("V", &["1", "2", "0x2", "-1", "one", "2.0", "-0", "1e3"]),
    ] {
        if !choices.once_in(8) {
            fields.insert(name, choices.pick(values));
        }
    }
    Seen { time, place, rules, fields }
}

fn observations(correlator: &Correlator, events: &[Seen]) -> Vec<(Observation, u64)> {
    let mut out = Vec::new();
    for event in events {
        for &rule in &event.rules {
            for wanted in correlator.wanted(u32::try_from(rule).unwrap()) {
                let mut field = |name: &str| event.fields.get(name).copied();
                let observed = wanted.observe(event.time, &mut field);
                out.extend(observed.map(|o| (o, event.place)));
            }
        }
    }
    out
}

fn run(
    correlations: &[Correlation],
    program: &Program,
    events: &[Seen],
    shuffle: impl FnOnce(&mut Vec<(Observation, u64)>),
) -> Vec<CorrelationMatch> {
    let (mut correlator, rejected) = Correlator::new(correlations.to_vec(), program);
    assert!(rejected.is_empty(), "{rejected:?}");
    let mut all = observations(&correlator, events);
    shuffle(&mut all);
    for (observation, place) in all {
        correlator.add(observation, || place);
    }
    assert_eq!(correlator.dropped(), 0);
    correlator.finish(|place| place)
}

/// What the definition looks at: an event as one of the correlation's rules.
#[derive(Clone, Debug)]
struct Point {
    time: i64,
    place: u64,
    slot: usize,
    value: Option<&'static str>,
}

/// The matches of one correlation over rules, by definition.
fn naive(id: usize, correlation: &Correlation, events: &[Seen]) -> Vec<CorrelationMatch> {
    let mut groups: BTreeMap<Vec<&str>, Vec<Point>> = BTreeMap::new();
    for event in events {
        for (slot, name) in correlation.rules.iter().enumerate() {
            let rule: usize = name[1..].parse().unwrap();
            let field = |asked: &String| {
                let alias = if rule == 1 { "H" } else { "G" };
                event.fields.get(if asked == "alias" { alias } else { asked.as_str() }).copied()
            };
            let group: Option<Vec<&str>> = correlation.group_by.iter().map(field).collect();
            if let (true, Some(group)) = (event.rules.contains(&rule), group) {
                let value = correlation.field.iter().find_map(field);
                let point = Point { time: event.time, place: event.place, slot, value };
                groups.entry(group).or_default().push(point);
            }
        }
    }
    let mut out = Vec::new();
    for (group, mut points) in groups {
        // One event counts once; it is there for each rule that it fits, and
        // does not follow itself.
        points.sort_by_key(|p| (p.time, p.place, p.slot));
        match correlation.kind {
            CorrelationKind::Temporal => {}
            CorrelationKind::TemporalOrdered => {
                points.sort_by_key(|p| (p.time, p.place, std::cmp::Reverse(p.slot)));
            }
            _ => points.dedup_by_key(|p| p.place),
        }
        let names = correlation.group_by.iter().cloned();
        let group: Vec<_> = names.zip(group.iter().map(ToString::to_string)).collect();
        out.extend(stretches(id, correlation, &points, &group));
    }
    out
}

fn stretches(
    id: usize,
    correlation: &Correlation,
    points: &[Point],
    group: &[(String, String)],
) -> Vec<CorrelationMatch> {
    let mut out: Vec<CorrelationMatch> = Vec::new();
    let mut held = false;
    for (at, point) in points.iter().enumerate() {
        let young = |p: &&Point| {
            i128::from(p.time) >= i128::from(point.time) - i128::from(correlation.timespan)
        };
        let window: Vec<&Point> = points[..=at].iter().filter(young).collect();
        let value = holds(correlation, &window);
        match (value, held, out.last_mut()) {
            (Some(value), true, Some(m)) => {
                m.last = point.time;
                if value.abs() > m.value.abs() {
                    m.value = value;
                }
            }
            (Some(value), ..) => out.push(CorrelationMatch {
                correlation: id,
                first: window[0].time,
                time: point.time,
                last: point.time,
                group: group.to_vec(),
                value,
                places: places(&window).into_iter().take(100).collect(),
            }),
            (None, ..) => {}
        }
        held = value.is_some();
    }
    out
}

/// The events of a window, each once.
fn places(window: &[&Point]) -> Vec<u64> {
    let mut places: Vec<u64> = window.iter().map(|p| p.place).collect();
    places.dedup();
    places
}

/// Whether the correlation holds at the last event of a window, and for what
/// value.
fn holds(correlation: &Correlation, window: &[&Point]) -> Option<f64> {
    let mut numbers: Vec<f64> = window.iter().filter_map(|p| p.value).filter_map(number).collect();
    numbers.sort_by(f64::total_cmp);
    let sum = (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>());
    let count = places(window).len() as f64;
    let value = match correlation.kind {
        CorrelationKind::EventCount => count,
        CorrelationKind::ValueCount => {
            window.iter().filter_map(|p| p.value).collect::<BTreeSet<_>>().len() as f64
        }
        CorrelationKind::Temporal => {
            let there = |slot: usize| window.iter().any(|p| p.slot == slot);
            let all = (0..correlation.rules.len()).all(there);
            let held = correlation.expression.as_ref().map_or(all, |e| says(e, &there));
            return held.then_some(count);
        }
        CorrelationKind::TemporalOrdered => {
            let last = correlation.rules.len() - 1;
            let complete = window.last().is_some_and(|p| p.slot == last);
            return (complete && chain(window, last)).then_some(count);
        }
        CorrelationKind::ValueSum => sum?,
        CorrelationKind::ValueAvg => sum? / numbers.len() as f64,
        CorrelationKind::ValuePercentile => {
            let share = |n: usize| 100.0 * (n as f64) / (numbers.len() as f64);
            let enough = |n: &usize| share(*n) >= correlation.percentile - 1e-9;
            numbers[(1..=numbers.len()).find(enough)? - 1]
        }
    };
    correlation.conditions.iter().all(|(o, limit)| ordered(value, *o, *limit)).then_some(value)
}

fn says(expression: &Expr, there: &dyn Fn(usize) -> bool) -> bool {
    match expression {
        Expr::Detection(slot) => there(*slot),
        Expr::And(parts) => parts.iter().all(|p| says(p, there)),
        Expr::Or(parts) => parts.iter().any(|p| says(p, there)),
        Expr::Not(part) => !says(part, there),
        Expr::AtLeast(..) => panic!("not generated"),
    }
}

/// Whether points of slots 0, 1, … up to this one, in this order, end with the
/// last point.
fn chain(window: &[&Point], slot: usize) -> bool {
    let Some((last, before)) = window.split_last() else { return false };
    last.slot == slot
        && (slot == 0 || (0..before.len()).any(|end| chain(&before[..=end], slot - 1)))
}

fn shuffled<T>(list: &mut [T], mut state: u64) {
    for i in (1..list.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        list.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
    }
}

fn config() -> ProptestConfig {
    let slow = std::env::var_os("SEKISHO_SLOW_TESTS").is_some();
    ProptestConfig {
        failure_persistence: None,
        cases: if slow { 200_000 } else { 4_000 },
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn correlations_are_what_they_are_defined_to_be(
        bytes in vec(any::<u8>(), 0..300),
        seed in any::<u64>(),
    ) {
        let program = Program::new(rules());
        let mut choices = Choices(&bytes);
        let correlations = correlations(&mut choices);
        let events: Vec<Seen> =
            (0..choices.below(30) as u64).map(|place| seen(&mut choices, place)).collect();
        let found = run(&correlations, &program, &events, |_| {});
        let again = run(&correlations, &program, &events, |list| shuffled(list, seed));
        prop_assert_eq!(&found, &again, "the order of arrival matters\n{:#?}", events);
        for (id, correlation) in correlations.iter().enumerate().take(3) {
            let got: Vec<_> = found.iter().filter(|m| m.correlation == id).cloned().collect();
            let mut want = naive(id, correlation, &events);
            want.sort_by(|a, b| (a.time, &a.group).cmp(&(b.time, &b.group)));
            prop_assert_eq!(got, want, "{:#?}\n{:#?}", correlation, events);
        }
    }
}

/// The matches of one correlation of the first two rules on events that fit
/// both of them.
fn matches_of(lines: &str, count: u64) -> Vec<CorrelationMatch> {
    let text = format!(
        "title: c\nname: c\ncorrelation:\n  rules: [r0, r1]\n  group-by: [G]\n  timespan: 5s\n{lines}"
    );
    let mut parsed = parse(&"c.yml".into(), text.as_bytes(), &ParseOptions::default());
    let Some(Document::Correlation(correlation)) = parsed.documents.pop() else { panic!() };
    let fields = BTreeMap::from([("G", "x")]);
    let event = |place| Seen { time: 0, place, rules: vec![0, 1], fields: fields.clone() };
    let events: Vec<Seen> = (0..count).map(event).collect();
    let (program, correlations) = (Program::new(rules()), [correlation]);
    let found = run(&correlations, &program, &events, |_| {});
    assert_eq!(found, run(&correlations, &program, &events, |list| list.reverse()));
    found
}

/// An event for which two rules of a correlation hold is one event, which is
/// there for both and does not follow itself, whichever arrives first.
#[test]
fn one_event_as_two_rules() {
    assert_eq!(matches_of("  type: temporal_ordered\n", 1), []);
    assert_eq!(matches_of("  type: temporal_ordered\n", 2).len(), 1);
    let count = "  type: event_count\n  condition: {gte: 2}\n";
    assert_eq!(matches_of(count, 1), []);
    assert_eq!(matches_of(count, 2)[0].value.to_string(), "2");
    let beside = matches_of("  type: temporal\n", 1);
    assert_eq!((beside[0].value.to_string().as_str(), &beside[0].places[..]), ("1", &[0][..]));
}
