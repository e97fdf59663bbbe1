//! How fast rules run over evidence that is stored: the corpus of a network as
//! it lives, stored as an examination does, and swept.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Format, Projection, Shape, Vocabulary, formats};
use sekisho_sigma::{Matcher, Program};
use sekisho_store::{
    Catalogue, Pending, Placed, RowPacker, ShapeRows, Store, StoreLimits, StoreWriter,
};
use std::collections::HashSet;

use crate::life::Life;

/// Events of one piece of the corpus.
const PIECE_EVENTS: u64 = 1_000_000;

fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")?;
    io::stdout().flush()?;
    Ok(())
}

fn shape_of(rows: &ShapeRows) -> Shape {
    Shape {
        product: rows.product.as_str().into(),
        channel: rows.channel.as_str().into(),
        event_id: rows.event_id,
    }
}

/// Time of this thread on the processor, in seconds.
fn cpu() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().context("schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// Stores events as an examination does, without sealing them. Each file is a
/// source.
fn store(files: &[PathBuf], folder: &Path) -> Result<u64> {
    let _ = fs::remove_dir_all(folder);
    let mut writer = StoreWriter::create(folder, StoreLimits::default())?;
    let mut segments = Vec::new();
    let mut write = |pending: Vec<Pending>| -> Result<()> {
        for one in pending {
            segments.push(one.write()?);
        }
        Ok(())
    };
    for (source, file) in (0u32..).zip(files) {
        let format: &dyn Format = &formats::json::Json;
        let mut vocabulary = Vocabulary::new(Projection::All);
        let (mut reader, mut cutter) =
            (format.reader(), format.cutter(Arc::default(), BLOCK_BYTES));
        let (mut packer, mut index) = (RowPacker::default(), 0);
        let mut input = fs::File::open(file)?;
        while let Some(block) = cutter.next(&mut input)? {
            let mut pending = Vec::new();
            reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
                for batch in parsed.batches {
                    let offsets = |record| parsed.records.offset(record);
                    let rows = packer.pack(batch, vocabulary, source, &offsets, &[]);
                    let count = rows.rows();
                    let indexes = (index..index + count as u64).collect();
                    index += count as u64;
                    let placed = Placed { cells: vec![source; count], indexes };
                    pending.extend(writer.append(rows, placed));
                }
            });
            write(pending)?;
            vocabulary.trim();
        }
    }
    write(writer.drain())?;
    let bytes = segments.iter().map(|segment| segment.bytes).sum();
    Catalogue::new(segments).write(folder)?;
    Ok(bytes)
}

/// The pieces of the corpus, one after the other; the files of a piece go when
/// the next is made, unless there is only one.
fn pieces(
    data: &Path,
    work: &Path,
    events: u64,
    program: &Arc<Program>,
    visit: &mut dyn FnMut(u64, &[PathBuf]) -> Result<()>,
) -> Result<()> {
    let mut life = None;
    let mut made = 0;
    while made < events {
        let count = PIECE_EVENTS.min(events - made);
        let folder = work.join(format!("life-{made}-{count}"));
        let done = folder.join("done");
        if !done.exists() || made > 0 {
            let life = match &mut life {
                Some(life) => life,
                None => life.insert(Life::new(data, program)?),
            };
            life.write(count, &folder)?;
            fs::write(&done, "")?;
        }
        made += count;
        visit(made, &crate::corpus::files(&folder, "jsonl")?)?;
        if events > PIECE_EVENTS {
            fs::remove_dir_all(&folder)?;
        }
    }
    Ok(())
}

/// A sweep of stored events on one thread, piece by piece of the corpus:
/// `hunt-store RULES_DIR DATA_DIR WORK_DIR EVENTS`. Says how many events a
/// second were swept, of which the files are dropped from no cache.
pub(crate) fn stored(mut args: impl Iterator<Item = String>) -> Result<()> {
    let mut next = || args.next().context("hunt-store RULES_DIR DATA_DIR WORK_DIR EVENTS");
    let (rules, data, work, events) = (next()?, next()?, next()?, next()?.parse::<u64>()?);
    let program = Arc::new(Program::new(crate::base::rules(Path::new(&rules))?));
    let work = Path::new(&work);
    let (mut swept, mut matched, mut rows, mut found, mut bytes, mut raw) =
        (0.0, 0.0, 0u64, 0usize, 0u64, 0u64);
    pieces(Path::new(&data), work, events, &program, &mut |_, files| {
        let folder = work.join("store");
        bytes += store(files, &folder)?;
        raw += files.iter().filter_map(|f| Some(f.metadata().ok()?.len())).sum::<u64>();
        let store = Store::open(&folder)?;
        let start = cpu()?;
        let mut key: Option<Vec<ShapeRows>> = None;
        let mut reading = (Vocabulary::default(), Matcher::new(Arc::clone(&program)));
        for segment in store.segments() {
            let shapes: Vec<Shape> = segment.shapes.iter().map(shape_of).collect();
            let projection = program.projection_of(&shapes, &[]);
            let all = matches!(projection, Projection::All);
            let new = if all { Vec::new() } else { segment.shapes.clone() };
            if key.as_ref() != Some(&new) {
                key = Some(new);
                reading = (Vocabulary::new(projection), Matcher::new(Arc::clone(&program)));
            }
            rows += segment.rows;
            if !shapes.iter().any(|shape| program.looks_at(shape)) {
                continue;
            }
            let (vocabulary, matcher) = &mut reading;
            let mut matches = Vec::new();
            store.segment(segment)?.scan(vocabulary, &mut |stored, vocabulary| {
                matches.clear();
                let matching = cpu().unwrap_or(0.0);
                matcher.run(&stored.batch, vocabulary, &mut matches);
                matched += cpu().unwrap_or(0.0) - matching;
                let rows: HashSet<u32> = matches.iter().map(|m| m.row).collect();
                found += rows.len();
            })?;
        }
        swept += cpu()? - start;
        Ok(())
    })?;
    let rate = f64::from(u32::try_from(rows)?) / swept;
    say(&format!(
        "{rate:.0} events/s and core over {rows} events, {found} of them found ({matched:.2} of {swept:.2} s matching); {bytes} bytes stored of {raw}"
    ))
}
