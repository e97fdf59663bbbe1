//! The yardsticks: only parsing, by the libraries that everybody uses; and our
//! own reader and matcher without all that is around them.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use evtx::{EvtxParser, ParserSettings};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Vocabulary, formats};
use sekisho_sigma::rule::{Document, Rule};
use sekisho_sigma::{Matcher, ParseOptions, Program};
use sonic_rs::{JsonContainerTrait as _, JsonValueTrait as _, Value};

fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

/// Parses EVTX files with the `evtx` crate on one thread, in the fastest mode
/// that it offers to others: records rendered to compact JSON bytes, without
/// checksums.
pub(crate) fn evtx(files: impl Iterator<Item = String>) -> Result<()> {
    let (mut records, mut bytes) = (0u64, 0u64);
    for file in files {
        let settings = ParserSettings::new().num_threads(1).indent(false).validate_checksums(false);
        let mut parser = EvtxParser::from_path(file)?.with_configuration(settings);
        for record in parser.records_json_bytes().flatten() {
            records += 1;
            bytes += record.data.len() as u64;
        }
    }
    say(&format!("{records} records, {bytes} bytes of JSON"))
}

/// The same in the mode that the crate keeps to its own tool: whole chunks
/// rendered into one buffer. Not part of its public interface.
pub(crate) fn evtx_chunks(files: impl Iterator<Item = String>) -> Result<()> {
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
    let mut line = Vec::new();
    for file in files {
        let mut input = BufReader::with_capacity(1 << 20, File::open(file)?);
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let value: Value = sonic_rs::from_slice(&line)?;
            records += 1;
            bytes += walk(&value);
        }
    }
    say(&format!("{records} records, {bytes} bytes of text"))
}

/// Our reader and matcher alone, on one thread: JSON lines to matches, without
/// hashing, output and report. `engine RULES_DIR EVENTS.jsonl EVENTS_MAX`;
/// prints events a second.
pub(crate) fn engine(mut args: impl Iterator<Item = String>) -> Result<()> {
    let mut next = || args.next().context("engine RULES_DIR EVENTS EVENTS_MAX");
    let (folder, events, most) = (next()?, next()?, next()?.parse::<usize>()?);
    let program = Arc::new(Program::new(rules(Path::new(&folder))?));
    let text = fs::read_to_string(events)?;
    let lines: usize = text.split_inclusive('\n').take(most).map(str::len).sum();
    let mut input = text.as_bytes().get(..lines).unwrap_or_default();
    let format = formats::recognise(input, false).context("a format that is known")?;
    let start = Instant::now();
    let mut matcher = Matcher::new(Arc::clone(&program));
    let mut vocabulary = Vocabulary::new(program.projection(&[]));
    let (mut reader, mut cutter) = (format.reader(), format.cutter(Arc::default(), BLOCK_BYTES));
    let (mut count, mut matches) = (0u32, Vec::new());
    while let Some(block) = cutter.next(&mut input)? {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            count += parsed.count;
            for batch in parsed.batches {
                matcher.run(batch, vocabulary, &mut matches);
            }
        });
        vocabulary.trim();
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    say(&format!("{{\"events_per_second\": {rate:.0}, \"matches\": {}}}", matches.len()))
}

/// All rules below a folder.
pub(crate) fn rules(folder: &Path) -> Result<Vec<Arc<Rule>>> {
    let mut loaded = Vec::new();
    for file in crate::corpus::files(folder, "yml")? {
        let name = Arc::from(file.to_string_lossy().as_ref());
        let parsed = sekisho_sigma::parse(&name, &fs::read(file)?, &ParseOptions::default());
        loaded.extend(parsed.documents.into_iter().filter_map(|document| match document {
            Document::Rule(rule) => Some(Arc::new(rule)),
            _ => None,
        }));
    }
    Ok(loaded)
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
