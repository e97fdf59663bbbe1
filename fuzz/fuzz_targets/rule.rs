//! Any bytes as a rule file: no panic, and what is accepted compiles and runs.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sekisho_event::{BatchBuilder, Kind, RowHead, Shape, ValueId, Vocabulary};
use sekisho_sigma::rule::Document;
use sekisho_sigma::{Correlator, Matcher, ParseOptions, Program, apply_filters, parse};

fuzz_target!(|bytes: &[u8]| {
    let parsed = parse(&"fuzz.yml".into(), bytes, &ParseOptions::default());
    for rejected in &parsed.rejected {
        assert!(!rejected.reason.is_empty() && !rejected.reason.contains('\n'));
    }
    let (mut rules, mut correlations, mut filters) = (Vec::new(), Vec::new(), Vec::new());
    for document in parsed.documents {
        match document {
            Document::Rule(rule) => rules.push(rule),
            Document::Correlation(correlation) => correlations.push(correlation),
            Document::Filter(filter) => filters.push(filter),
        }
    }
    apply_filters(&mut rules, &filters);
    let program = Arc::new(Program::new(rules.into_iter().map(Arc::new).collect()));
    let (mut correlator, _) = Correlator::new(correlations, &program);
    let mut vocabulary = Vocabulary::new(program.projection(&correlator.fields()));
    let mut builder = BatchBuilder::default();
    let shape = builder.shape(&Shape::unknown());
    let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record: 0 };
    let mut cells = Vec::new();
    for (name, text) in [("a", "x"), ("A", "1"), ("CommandLine", "cmd.exe /c whoami"), ("B", "")] {
        let field = vocabulary.field(name).expect("few fields");
        let values = vocabulary.dictionary_mut(field).expect("of a field that is there");
        cells.push((field, values.intern_str(Kind::String, text)));
    }
    builder.push(shape, head, &cells);
    let mut matcher = Matcher::new(Arc::clone(&program));
    for batch in builder.finish() {
        let mut found = Vec::new();
        matcher.run(&batch, &vocabulary, &mut found);
        for (place, m) in (0..).zip(&found) {
            for wanted in correlator.wanted(m.rule).to_vec() {
                let mut field = |name: &str| program.value_of(m.rule, name, &batch, 0, &vocabulary);
                if let Some(observation) = wanted.observe(place, &mut field) {
                    correlator.add(observation, || place.cast_unsigned());
                }
            }
        }
    }
    let _ = correlator.finish(|place| place);
});
