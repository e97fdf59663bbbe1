//! The exposure method on generated rehearsals, through the real readers: no asset that was taken is ruled out, no
//! asset that was not is called exfiltrated; what is taken away from the evidence is missed; the order of reading
//! changes nothing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests say what is wrong by failing"
)]

use sekisho::rehearse::{Drop, Feed, LogFile, Options, Rehearsal, Table, Wrong, feed, generate};
use sekisho_exposure::answer::{Answer, AssetVerdict, Verdict};

fn answer(rehearsal: &Rehearsal, drop: Option<&Drop>) -> Answer {
    feed(&rehearsal.files, drop).answer(&rehearsal.beside).unwrap()
}

fn find<'a>(answer: &'a Answer, id: &str) -> &'a AssetVerdict {
    answer.verdicts.iter().find(|v| v.asset == id).unwrap()
}

/// Twenty by default, two hundred where slow tests are asked for.
fn count() -> u64 {
    if std::env::var_os("SEKISHO_SLOW_TESTS").is_some() { 200 } else { 20 }
}

#[test]
fn what_was_taken_is_never_ruled_out_and_what_was_not_never_called_exfiltrated() {
    let mut table = Table::default();
    for seed in 1..=count() {
        let rehearsal = generate(&Options::of(seed));
        table.add(&rehearsal.beside.truth, &answer(&rehearsal, None));
    }
    let bad = |wrong: Wrong| table.wrong.iter().any(|case| case.wrong == wrong);
    assert!(
        !bad(Wrong::Missing) && !bad(Wrong::TakenRuledOut) && !bad(Wrong::KeptExfiltrated),
        "{}",
        table.text()
    );
    // A method that never says anything would pass the above.
    assert!(table.count(|_, _, v| v == Verdict::Exfiltrated) > 0, "{}", table.text());
    assert!(table.count(|_, _, v| v == Verdict::RuledOut) > 0, "{}", table.text());
}

/// Assets that are ruled out, with a log without which they must not be.
fn ruled_out(rehearsal: &Rehearsal, answer: &Answer) -> Vec<(String, String)> {
    let assets = &rehearsal.beside.truth.assets;
    let out = assets.iter().filter(|a| find(answer, &a.id).verdict == Verdict::RuledOut);
    out.flat_map(|a| a.needs.iter().map(|log| (a.id.clone(), log.clone()))).collect()
}

fn check_removed(rehearsal: &Rehearsal, id: &str, drop: &Drop) {
    let less = answer(rehearsal, Some(drop));
    let verdict = find(&less, id);
    let seed = rehearsal.beside.truth.seed;
    assert_ne!(
        verdict.verdict,
        Verdict::RuledOut,
        "seed {seed}, {id}, without {drop:?}: {}",
        verdict.why
    );
}

#[test]
fn without_a_log_that_it_needs_nothing_is_ruled_out() {
    let mut tried = 0;
    for seed in 1..=count() / 2 {
        let rehearsal = generate(&Options::of(seed));
        let whole = answer(&rehearsal, None);
        let mut done = Vec::new();
        for (id, log) in ruled_out(&rehearsal, &whole) {
            // One asset a log: the others go the same way.
            if done.contains(&log) {
                continue;
            }
            done.push(log.clone());
            check_removed(&rehearsal, &id, &Drop { source: Some(log.clone()), ..Drop::default() });
            let seen = last_hours(&rehearsal, &log);
            check_removed(
                &rehearsal,
                &id,
                &Drop { source: Some(log.clone()), span: Some(seen), ..Drop::default() },
            );
            tried += 1;
        }
    }
    assert!(tried > 3, "too little was ruled out to try it: {tried}");
}

#[test]
fn without_records_of_logons_nothing_on_a_host_is_ruled_out() {
    for seed in 1..=count() / 2 {
        let rehearsal = generate(&Options::of(seed));
        let whole = answer(&rehearsal, None);
        for (id, log) in ruled_out(&rehearsal, &whole) {
            if log.ends_with("Security") {
                let drop = Drop { source: Some(log), event_id: Some(4624), span: None };
                check_removed(&rehearsal, &id, &drop);
            }
        }
    }
}

/// Thirty hours before the last day: long enough to be missed in any log.
fn last_hours(rehearsal: &Rehearsal, log: &str) -> (i64, i64) {
    const DAY: i64 = 86_400_000_000_000;
    let last = rehearsal.files.iter().filter(|f| f.source == log).map(|f| f.day).max().unwrap();
    let date = rehearsal.files.iter().find(|f| f.source == log && f.day == last).unwrap();
    let date = date.path.trim_end_matches(".jsonl").trim_end_matches(".json");
    let date: Vec<i64> = date[date.len() - 10..].split('-').map(|n| n.parse().unwrap()).collect();
    let begin = sekisho_event::calendar::days_since_1970(date[0], date[1], date[2]) * DAY;
    (begin - DAY - DAY / 4, begin)
}

#[test]
fn more_evidence_makes_no_verdict_milder_without_a_reason() {
    for seed in 1..=count() / 4 {
        let rehearsal = generate(&Options::of(seed));
        let whole = answer(&rehearsal, None);
        let mut logs: Vec<&str> = rehearsal.files.iter().map(|f| f.source.as_str()).collect();
        logs.sort_unstable();
        logs.dedup();
        for log in logs {
            let drop = Drop { source: Some(log.to_owned()), ..Drop::default() };
            let less = answer(&rehearsal, Some(&drop));
            for (before, after) in less.verdicts.iter().zip(&whole.verdicts) {
                let grave = matches!(before.verdict, Verdict::Accessed | Verdict::Exfiltrated);
                let milder = grave && after.verdict < before.verdict;
                let reason = after.verdict != Verdict::RuledOut
                    && !after.why.is_empty()
                    && after.why != before.why;
                assert!(
                    !milder || reason,
                    "seed {seed}, {}: with {log} as well {:?} ({}) became {:?} ({})",
                    before.asset,
                    before.verdict,
                    before.why,
                    after.verdict,
                    after.why
                );
            }
        }
    }
}

/// All but which records are cited: of records of one time that have no ids of their own, the order of lines says
/// which comes first.
fn without_citations(answer: &Answer) -> serde_json::Value {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                members.remove("evidence");
                members.values_mut().for_each(strip);
            }
            serde_json::Value::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(answer).unwrap();
    strip(&mut value);
    value
}

fn backwards(file: &LogFile) -> LogFile {
    if !file.path.ends_with(".jsonl") {
        return file.clone();
    }
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().rev().collect();
    LogFile { bytes: (lines.join("\n") + "\n").into_bytes(), ..file.clone() }
}

#[test]
fn the_order_of_reading_changes_nothing() {
    for seed in 1..=count() / 4 {
        let rehearsal = generate(&Options::of(seed));
        let whole = answer(&rehearsal, None);
        let mut other = Feed::default();
        // From the last to the first would keep neighbours together.
        let step = 7;
        for offset in (0..step).rev() {
            rehearsal
                .files
                .iter()
                .skip(offset)
                .step_by(step)
                .for_each(|file| other.file(file, None));
        }
        assert_eq!(
            whole,
            other.answer(&rehearsal.beside).unwrap(),
            "seed {seed}: files in another order"
        );
    }
}

#[test]
fn the_order_of_lines_changes_nothing() {
    for seed in 1..=count() / 4 {
        let rehearsal = generate(&Options::of(seed));
        let whole = answer(&rehearsal, None);
        let turned: Vec<LogFile> = rehearsal.files.iter().rev().map(backwards).collect();
        let other = feed(&turned, None).answer(&rehearsal.beside).unwrap();
        assert_eq!(
            without_citations(&whole),
            without_citations(&other),
            "seed {seed}: lines in another order"
        );
    }
}
