//! The yardsticks: only parsing, by the libraries that everybody uses.

use std::fs;
use std::io::{self, Write as _};

use anyhow::Result;
use evtx::{EvtxParser, ParserSettings};
use sonic_rs::{JsonContainerTrait as _, JsonValueTrait as _, Value};

fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

/// Parses EVTX files with the `evtx` crate on one thread, in its fastest
/// mode: whole chunks rendered to JSON bytes, compact, without checksums.
pub(crate) fn evtx(files: impl Iterator<Item = String>) -> Result<()> {
    let (mut records, mut bytes) = (0u64, 0u64);
    for file in files {
        let settings = ParserSettings::new().num_threads(1).indent(false).validate_checksums(false);
        let mut parser = EvtxParser::from_path(file)?.with_configuration(settings);
        for chunk in parser.chunks_json_bytes(false) {
            for (_, record) in chunk.records() {
                records += 1;
                bytes += record.len() as u64;
            }
        }
    }
    say(&format!("{records} records, {bytes} bytes of JSON"))
}

/// Parses JSON lines with `sonic-rs` and walks every string.
pub(crate) fn sonic(files: impl Iterator<Item = String>) -> Result<()> {
    let (mut records, mut bytes) = (0u64, 0u64);
    for file in files {
        for line in fs::read(file)?.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            let value: Value = sonic_rs::from_slice(line)?;
            records += 1;
            bytes += walk(&value);
        }
    }
    say(&format!("{records} records, {bytes} bytes of text"))
}

fn walk(value: &Value) -> u64 {
    if let Some(text) = value.as_str() {
        return text.bytes().map(u64::from).fold(0, u64::wrapping_add) & 1 | text.len() as u64;
    }
    if let Some(object) = value.as_object() {
        return object.iter().map(|(_, value)| walk(value)).sum();
    }
    value.as_array().map_or(0, |array| array.iter().map(walk).sum())
}
