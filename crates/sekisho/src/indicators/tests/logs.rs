//! The fixtures of all formats: whatever a log states, an indicator made of it
//! finds it, as the plain way does.

use std::path::PathBuf;

use sekisho_event::SourceHints;
use sekisho_event::formats::recognise;
use sekisho_event::limits::BLOCK_BYTES;

use super::*;
use crate::indicators::form::{Form, Parts, extract};
use crate::indicators::mapping::{Mapping, Source};

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut out = Vec::new();
    for format in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(format.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if !path.ends_with("cases.tsv") && path.is_file() {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn batches(path: &Path, take: &mut dyn FnMut(&EventBatch, &Vocabulary)) {
    let bytes = std::fs::read(path).unwrap();
    let Some(format) = recognise(&bytes, true) else { return };
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let hints = SourceHints { name, ..SourceHints::default() };
    let (mut cutter, mut reader) = (format.cutter(Arc::new(hints), BLOCK_BYTES), format.reader());
    let (mut vocabulary, mut input) = (Vocabulary::default(), &bytes[..]);
    while let Some(block) = cutter.next(&mut input).unwrap() {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            parsed.batches.iter().for_each(|batch| take(batch, vocabulary));
        });
    }
}

/// `=` with each value that some column of the event states.
fn patterns_of(batch: &EventBatch, row: usize, vocabulary: &Vocabulary) -> Vec<(String, String)> {
    let mapping = Mapping::get();
    let mut out = Vec::new();
    for (source, readings) in mapping.readings(&batch.shape, &|_| true) {
        let Source::One(name) = source else { continue };
        let Some(column) = vocabulary.find(&name).and_then(|id| batch.column(id)) else { continue };
        for value in column.values(row) {
            let text = vocabulary.dictionary(column.field).unwrap().text(value);
            for reading in &readings {
                let property = &mapping.properties[usize::from(reading.property)];
                let mut parts = Parts::default();
                extract(property.form, reading.how, text, &mut parts);
                for part in parts.get() {
                    if part.key.contains('*')
                        || (property.form == Form::Url && part.raw.contains('*'))
                    {
                        continue;
                    }
                    let path = property.name.replace("http-request-ext", "'http-request-ext'");
                    let literal = match property.form {
                        Form::Integer => part.key.clone(),
                        _ => format!("'{}'", part.key.replace('\\', r"\\").replace('\'', r"\'")),
                    };
                    out.push((name.to_string(), format!("[{path} = {literal}]")));
                }
            }
        }
    }
    out
}

#[test]
fn what_a_log_states_is_found() {
    let mut tried = std::collections::BTreeMap::<String, usize>::new();
    let mut shapes = std::collections::BTreeSet::new();
    for path in fixtures() {
        batches(&path, &mut |batch, vocabulary| {
            for row in (0..batch.rows()).take(2) {
                let mut patterns = patterns_of(batch, row, vocabulary);
                patterns.sort();
                patterns.dedup_by(|a, b| a.1 == b.1);
                patterns.truncate(400);
                let texts: Vec<&str> =
                    patterns.iter().map(|(_, pattern)| pattern.as_str()).collect();
                let loaded = load_patterns(&texts);
                assert_eq!(loaded.refused, Vec::new(), "{}", path.display());
                let (program, _) = IndicatorProgram::new(&loaded.indicators);
                let mut found = Vec::new();
                IndicatorMatcher::new(Arc::new(program)).run(batch, vocabulary, &mut found);
                found.retain(|m| m.row as usize == row);
                let found: Vec<u32> = found.into_iter().map(|m| m.indicator).collect();
                let all: Vec<u32> = (0..u32::try_from(texts.len()).unwrap()).collect();
                assert_eq!(found, all, "{} {}", path.display(), batch.shape);
                for (_, pattern) in &patterns {
                    let property = pattern.trim_start_matches('[').split(' ').next().unwrap();
                    *tried.entry(property.to_owned()).or_default() += 1;
                }
                if !patterns.is_empty() {
                    shapes.insert(batch.shape.product.to_string());
                }
            }
        });
    }
    for property in [
        "ipv4-addr:value",
        "domain-name:value",
        "url:value",
        "file:name",
        "file:hashes.SHA-256",
        "process:command_line",
        "process:name",
        "network-traffic:dst_port",
        "network-traffic:src_ref.value",
        "user-account:account_login",
        "windows-registry-key:key",
        "email-addr:value",
    ] {
        assert!(tried.contains_key(property), "no fixture states {property}: {tried:?}");
    }
    for product in [
        "windows",
        "linux",
        "zeek",
        "aws",
        "m365",
        "azure",
        "defender",
        "web",
        "proxy",
        "iis",
        "cisco",
        "fortigate",
        "paloalto",
        "suricata",
        "gcp",
        "okta",
    ] {
        assert!(shapes.contains(product), "no event of {product} says anything: {shapes:?}");
    }
}
