//! Generated rules on generated events: the compiled engine must say what the
//! reference matcher says, whatever the order, the projection and the state
//! of its memory. What once differed is kept below as a named test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use common::compare::{Compared, compare};
use common::generate::{Choices, Event, Scene, quoted, scene};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use sekisho_event::{Kind, Shape};

/// More cases with `SEKISHO_SLOW_TESTS` (or as many as `PROPTEST_CASES` says).
fn cases(normal: u32) -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        let slow = std::env::var_os("SEKISHO_SLOW_TESTS").is_some();
        config.cases = if slow { normal * 50 } else { normal };
    }
    config
}

fn check(scene: &Scene, epochs: bool) -> Result<Compared, String> {
    compare(scene, epochs).map_err(|why| format!("{why}\n{}", scene.rules.join("\n")))
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn compiled_is_reference(bytes in vec(any::<u8>(), 100..500)) {
        let outcome = check(&scene(&bytes), false);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

proptest! {
    #![proptest_config(cases(20))]

    #[test]
    fn emptied_dictionaries_change_nothing(bytes in vec(any::<u8>(), 100..600)) {
        let outcome = check(&scene(&bytes), true);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

/// The generator must not drift to where most rules are refused or none match.
#[test]
fn generated_scenes_are_worth_comparing() {
    let mut sum = Compared::default();
    let mut state = 1u64;
    for _ in 0..500 {
        let mut bytes = Vec::new();
        for _ in 0..300 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            bytes.push((state >> 33).to_le_bytes()[0]);
        }
        let one = check(&scene(&bytes), false).unwrap();
        sum.rules += one.rules;
        sum.refused += one.refused;
        sum.pairs += one.pairs;
        sum.matches += one.matches;
    }
    eprintln!("{sum:?}");
    assert!(sum.refused < sum.rules, "{sum:?}");
    assert!(sum.matches * 20 > sum.pairs, "{sum:?}");
}

fn event(product: &str, cells: &[(&'static str, Kind, &str)]) -> Event {
    let shape = Shape { product: product.into(), channel: "".into(), event_id: None };
    let cells = cells.iter().map(|(name, kind, text)| (*name, *kind, (*text).to_owned())).collect();
    Event { shape, cells }
}

proptest! {
    #![proptest_config(cases(1_500))]

    /// What is looked for before an expression is run must be in every text
    /// that the expression matches.
    #[test]
    fn guards_of_regexes_exclude_no_match(bytes in vec(any::<u8>(), 40..240), pick in 0usize..9) {
        let mut choices = Choices(&bytes);
        let regex = common::generate::regex(&mut choices);
        let flags = ["", "|i", "|m", "|s", "|i|s", "|i|m", "", "|i", ""][pick];
        let rule = format!(
            "title: t\nlogsource: {{product: p}}\ndetection:\n  s: {{'A|re{flags}': {}}}\n  \
             condition: s\n",
            quoted(&regex)
        );
        let mut texts: Vec<Event> = Vec::new();
        for _ in 0..40 {
            let text: String =
                (0..=choices.below(4)).map(|_| choices.pick(common::generate::PIECES)).collect();
            texts.push(event("p", &[("A", Kind::String, &text)]));
        }
        texts.push(event("p", &[("A", Kind::String, &regex)]));
        let outcome =
            check(&Scene { rules: vec![rule], filter: None, blocks: vec![texts] }, false);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

fn agree(detection: &str, log_source: &str, events: Vec<Event>) {
    let rule = format!("title: t\nlogsource: {log_source}\ndetection:\n{detection}");
    let compared = check(&Scene { rules: vec![rule], filter: None, blocks: vec![events] }, false);
    assert_eq!(compared.unwrap().refused, 0);
}

/// Keywords of a rule for one channel look at records that do not say theirs,
/// so that all fields of these must be read.
#[test]
fn keywords_see_records_without_a_channel() {
    agree(
        "  s: [needle]\n  condition: s\n",
        "{product: windows, service: security}",
        vec![event("windows", &[("A", Kind::String, "needle")])],
    );
}

/// Whole numbers beyond 128 bits are compared as floating-point numbers.
#[test]
fn numbers_beyond_128_bits() {
    let huge = "1".repeat(40);
    let other = format!("{}2", "1".repeat(39));
    agree(
        &format!("  s: {{A: {huge}}}\n  condition: s\n"),
        "{product: p}",
        vec![event("p", &[("A", Kind::Number, &other)]), event("p", &[("A", Kind::Number, &huge)])],
    );
}
