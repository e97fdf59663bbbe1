//! How many events a second `rsigma-eval` examines on one thread: with the
//! Sysmon pipeline and log source routing, with each of its prefilters; the
//! fastest counts. Prints one JSON object.
//!
//! Usage: `bench-rsigma RULES_DIR EVENTS.jsonl EVENTS_MAX`

use std::path::{Path, PathBuf};
use std::time::Instant;

use rsigma_eval::event::JsonEvent;
use rsigma_eval::{Engine, LogSourceExtractor};
use rsigma_parser::{LogSource, SigmaCollection, parse_sigma_yaml};

fn rule_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("rules folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rule_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yml") {
            out.push(path);
        }
    }
}

fn engine(collection: &SigmaCollection, bloom: bool) -> Engine {
    let mut engine = Engine::new();
    let sysmon = rsigma_eval::resolve_builtin_pipeline("sysmon");
    engine.add_pipeline(sysmon.expect("built-in pipeline").expect("pipeline parses"));
    let windows = LogSource { product: Some("windows".to_owned()), ..LogSource::default() };
    engine.set_logsource_extractor(Some(LogSourceExtractor::new().with_defaults(windows)));
    engine.set_bloom_prefilter(bloom);
    let rules: Vec<_> = collection.rules.iter().collect();
    let failed = engine.add_rules(rules);
    eprintln!("{} rules, {} failed", engine.rule_count(), failed.len());
    engine
}

fn main() {
    let mut args = std::env::args().skip(1);
    let rules = args.next().expect("RULES_DIR");
    let events = args.next().expect("EVENTS");
    let most: usize = args.next().and_then(|n| n.parse().ok()).expect("EVENTS_MAX");
    let mut files = Vec::new();
    rule_files(Path::new(&rules), &mut files);
    files.sort();
    let mut collection = SigmaCollection::default();
    for file in files {
        let text = std::fs::read_to_string(file).expect("rule file");
        if let Ok(found) = parse_sigma_yaml(&text) {
            collection.rules.extend(found.rules);
        }
    }
    let text = std::fs::read_to_string(events).expect("events");
    let mut best = 0.0f64;
    let mut matched = 0;
    for bloom in [false, true] {
        let engine = engine(&collection, bloom);
        let start = Instant::now();
        let mut count = 0usize;
        matched = 0;
        for line in text.lines().take(most) {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            matched += engine.evaluate(&JsonEvent::borrow(&value)).len();
            count += 1;
        }
        let rate = count as f64 / start.elapsed().as_secs_f64();
        eprintln!("bloom {bloom}: {count} events, {rate:.0} events/s, {matched} matches");
        best = best.max(rate);
    }
    println!("{{\"events_per_second\": {best:.0}, \"matches\": {matched}}}");
}
