//! How fast each reader of text is: its fixtures again and again, with other
//! numbers each time, read on one thread into the columns that the public
//! rules ask for.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sekisho_event::formats::FORMATS;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Format, SourceHints, Vocabulary};
use sekisho_sigma::Program;

/// How much of each log is made, in bytes.
const CORPUS_BYTES: usize = 64 << 20;

/// What each reader must reach, one of the two.
const RECORDS_PER_SECOND: f64 = 150_000.0;
const MEGABYTES_PER_SECOND: f64 = 200.0;

/// Formats whose first line is no record.
const HEADED: &[&str] = &["csv", "event-viewer-csv"];

/// Runs of at least so many digits are numbers that differ from record to
/// record; of them the last ones are changed. Runs of eight are dates.
const NUMBER_DIGITS: usize = 5;
const DATE_DIGITS: usize = 8;

/// Measures all readers, or those of one format.
pub(crate) fn run(rules: &Path, only: Option<&str>) -> Result<()> {
    let program = Arc::new(Program::new(crate::base::rules(rules)?));
    for format in FORMATS.iter().copied() {
        if only.is_some_and(|name| name != format.name()) {
            continue;
        }
        for log in logs(format, false)? {
            measure(format, &log, &program)?;
        }
    }
    Ok(())
}

/// The fixtures of a format that are not compressed: those that show things,
/// or their twins that do not.
fn logs(format: &dyn Format, twins: bool) -> Result<Vec<PathBuf>> {
    let folder = Path::new("crates/sekisho/tests/fixtures").join(format.name());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let twin = path.to_string_lossy().contains("twin");
        if twin == twins && path.is_file() && format.recognises(&fs::read(&path)?, true) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn measure(format: &dyn Format, log: &Path, program: &Arc<Program>) -> Result<()> {
    let bytes = corpus(format, &fs::read(log)?);
    let hints = SourceHints {
        name: log.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        written_before: Some(1_767_225_600_000_000_000),
        ..SourceHints::default()
    };
    let mut best = f64::MAX;
    let mut records = 0u32;
    for _ in 0..2 {
        let mut vocabulary = Vocabulary::new(program.projection(&[]));
        let mut cutter = format.cutter(Arc::new(hints.clone()), BLOCK_BYTES);
        let mut reader = format.reader();
        let (mut input, start) = (bytes.as_slice(), cpu()?);
        records = 0;
        while let Some(block) = cutter.next(&mut input)? {
            reader.read(&block, &mut vocabulary, &mut |parsed, _| records += parsed.count);
            vocabulary.trim();
        }
        best = best.min(cpu()? - start);
    }
    let rate = f64::from(records) / best;
    let megabytes = f64::from(u32::try_from(bytes.len())?) / 1e6 / best;
    let holds = rate >= RECORDS_PER_SECOND || megabytes >= MEGABYTES_PER_SECOND;
    writeln!(
        io::stdout(),
        "readers {:<18} {:<34} {rate:>10.0} records/s {megabytes:>6.0} MB/s{}",
        format.name(),
        hints.name,
        if holds { "" } else { "  BELOW" }
    )?;
    Ok(())
}

/// Writes a file of at least so many bytes: the first log of a format in which
/// nothing is to be found, again and again, its numbers changed.
pub(crate) fn write_large(name: &str, bytes: u64, to: &Path) -> Result<()> {
    let format = FORMATS.iter().copied().find(|format| format.name() == name);
    let format = format.with_context(|| format!("no format {name}"))?;
    let log = logs(format, true)?.into_iter().next().context("a fixture of the format")?;
    let (head, mut body) = split(format, &fs::read(log)?);
    if !body.ends_with(b"\n") {
        body.push(b'\n');
    }
    let mut out = io::BufWriter::with_capacity(1 << 20, fs::File::create(to)?);
    out.write_all(&head)?;
    let (mut written, mut copy) = (0, 0);
    while written < bytes {
        renumber(&mut body, copy);
        out.write_all(&body)?;
        written += body.len() as u64;
        copy += 1;
    }
    Ok(out.flush()?)
}

/// What stands once at the head of a log, and its records.
fn split(format: &dyn Format, log: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut head = 0;
    let line = |at: usize| {
        let rest = log.get(at..).unwrap_or_default();
        rest.split_inclusive(|&b| b == b'\n').next().unwrap_or_default()
    };
    while line(head).starts_with(b"#") {
        head += line(head).len();
    }
    if HEADED.contains(&format.name()) {
        head += line(head).len();
    }
    let (head, body) = log.split_at(head);
    (head.to_vec(), body.to_vec())
}

/// A log again and again, its numbers changed each time. One in UTF-16 is so
/// afterwards too.
fn corpus(format: &dyn Format, log: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"\xFF\xFE";
    let Some(wide) = log.strip_prefix(MARK) else { return copies(format, log, CORPUS_BYTES) };
    let units: Vec<u16> = wide.as_chunks::<2>().0.iter().map(|&b| u16::from_le_bytes(b)).collect();
    let text = String::from_utf16_lossy(&units);
    let text = copies(format, text.as_bytes(), CORPUS_BYTES / 2);
    let units: Vec<u16> = String::from_utf8_lossy(&text).encode_utf16().collect();
    MARK.iter().copied().chain(units.into_iter().flat_map(u16::to_le_bytes)).collect()
}

fn copies(format: &dyn Format, log: &[u8], bytes: usize) -> Vec<u8> {
    let (mut out, body) = split(format, log);
    let mut copy = 0u32;
    while out.len() < bytes {
        let start = out.len();
        out.extend_from_slice(&body);
        if !matches!(body.last(), Some(b'\n' | 0)) {
            out.push(b'\n');
        }
        if let Some(fresh) = out.get_mut(start..) {
            renumber(fresh, copy);
        }
        copy += 1;
    }
    out
}

/// Changes the last four digits of each number.
fn renumber(text: &mut [u8], copy: u32) {
    let digits = format!("{:04}", copy % 10_000).into_bytes();
    let mut run = 0;
    for at in 0..=text.len() {
        if text.get(at).is_some_and(u8::is_ascii_digit) {
            run += 1;
            continue;
        }
        if run >= NUMBER_DIGITS
            && run != DATE_DIGITS
            && let Some(last) = text.get_mut(at - digits.len()..at)
        {
            last.copy_from_slice(&digits);
        }
        run = 0;
    }
}

/// Time of this thread on the processor, in seconds.
fn cpu() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().context("schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}
