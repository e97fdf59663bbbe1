//! Any text as the condition of a rule: no panic, and where it is accepted the
//! engine and the reference agree on every combination of what it names.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sekisho_event::{BatchBuilder, Kind, RowHead, Shape, ValueId, Vocabulary};
use sekisho_sigma::rule::Document;
use sekisho_sigma::{EventView, Matcher, ParseOptions, Program, parse, reference, same_name};

const NAMES: [&str; 4] = ["sel_a", "sel_b", "filter", "_x"];

fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        _ => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

fuzz_target!(|condition: &str| {
    let searches: String = NAMES.iter().map(|name| format!("  {name}: {{{name}: 1}}\n")).collect();
    let text = format!(
        "title: t\nlogsource: {{product: p}}\ndetection:\n{searches}  condition: {}\n",
        quoted(condition)
    );
    let mut parsed = parse(&"fuzz.yml".into(), text.as_bytes(), &ParseOptions::default());
    let Some(Document::Rule(rule)) = parsed.documents.pop() else {
        assert_eq!(parsed.rejected.len(), 1, "neither accepted nor refused");
        return;
    };
    let rule = Arc::new(rule);
    let mut vocabulary = Vocabulary::default();
    let mut builder = BatchBuilder::default();
    let shape = builder.shape(&Shape::unknown());
    for record in 0..1u32 << NAMES.len() {
        let mut cells = Vec::new();
        for (bit, name) in NAMES.iter().enumerate() {
            let field = vocabulary.field(name).expect("few fields");
            let values = vocabulary.dictionary_mut(field).expect("of a field that is there");
            let text = if record >> bit & 1 == 1 { "1" } else { "2" };
            cells.push((field, values.intern_str(Kind::Number, text)));
        }
        let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record };
        builder.push(shape, head, &cells);
    }
    let batch = builder.finish().remove(0);
    let mut found = Vec::new();
    let program = Arc::new(Program::new(vec![Arc::clone(&rule)]));
    Matcher::new(program).run(&batch, &vocabulary, &mut found);
    let got: Vec<usize> = found.iter().map(|m| m.row as usize).collect();
    let oracle = reference::Matcher::new(&rule);
    let want: Vec<usize> = (0..batch.rows())
        .filter(|&row| {
            let fields = &same_name;
            oracle.matches(&EventView { batch: &batch, row, vocabulary: &vocabulary, fields })
        })
        .collect();
    assert_eq!(got, want, "{:?}", rule.condition);
});
