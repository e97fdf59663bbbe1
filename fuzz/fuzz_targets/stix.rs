//! Any text as a STIX pattern: no panic; what is accepted is compiled, and the
//! compiled matcher agrees with the plain one on some events.
#![no_main]

use std::path::Path;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sekisho::indicators::{
    IndicatorMatcher, IndicatorProgram, Unsearched, pattern, read, reference,
};
use sekisho_event::{BatchBuilder, EventBatch, Kind, RowHead, Shape, ValueId, Vocabulary};

const EVENTS: [&[(&str, &str)]; 5] = [
    &[("Image", r"C:\a.exe"), ("Hashes", "MD5=d41d8cd98f00b204e9800998ecf8427e"), ("User", r"D\u")],
    &[("id.orig_h", "10.0.0.1"), ("id.resp_h", "2001:db8::1"), ("id.resp_p", "443")],
    &[("host", "example.com"), ("uri", "/x"), ("QueryName", "a.b"), ("answers", "192.0.2.1")],
    &[("TargetObject", r"HKU\S-1-5-21-1\Software\a"), ("CommandLine", "a -b \u{e4}")],
    &[("from", "A <a@b.c>"), ("Subject", ""), ("certificate.serial", "00:ff")],
];

fn events(vocabulary: &mut Vocabulary) -> EventBatch {
    let mut builder = BatchBuilder::default();
    let shape = builder.shape(&Shape::unknown());
    for (record, fields) in EVENTS.iter().enumerate() {
        let mut cells = Vec::new();
        for (name, value) in *fields {
            let field = vocabulary.field(name).expect("few fields");
            let values = vocabulary.dictionary_mut(field).expect("of a field that is there");
            cells.push((field, values.intern_str(Kind::String, value)));
        }
        let record = u32::try_from(record).expect("few events");
        let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record };
        builder.push(shape, head, &cells);
    }
    builder.finish().remove(0)
}

fuzz_target!(|bytes: &[u8]| {
    // As a file, whatever it is.
    let loaded = read(Path::new("fuzz.json"), bytes);
    assert!(loaded.indicators.len() + loaded.refused.len() <= bytes.len() + 1);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parsed = pattern::parse(text);
    let quoted: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let object =
        format!("{{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern\":\"{quoted}\"}}");
    let loaded = read(Path::new("fuzz.json"), object.as_bytes());
    assert_eq!(loaded.indicators.len() + loaded.refused.len(), 1, "neither accepted nor refused");
    let Some(indicator) = loaded.indicators.first() else { return };
    assert!(parsed.is_ok());
    // The plain way tries all choices of objects.
    if text.len() > 400 {
        return;
    }
    let mut vocabulary = Vocabulary::default();
    let batch = events(&mut vocabulary);
    let (program, refused) = IndicatorProgram::new(&loaded.indicators);
    if !refused.is_empty() {
        return;
    }
    let mut found = Vec::new();
    let mut matcher = IndicatorMatcher::new(Arc::new(program));
    matcher.run(&batch, &vocabulary, &mut found);
    if matcher.take_unsearched() != Unsearched::default() {
        return;
    }
    for row in 0..batch.rows() {
        let plain = reference::observations(indicator, &batch, row, &vocabulary);
        let got = found.iter().filter(|m| m.row as usize == row).count();
        let want = if indicator.needs_several_events() { plain.len() } else { plain.len().min(1) };
        assert_eq!(got, want, "{text}");
    }
});
