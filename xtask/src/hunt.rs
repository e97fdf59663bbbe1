//! How fast rules run over evidence that is stored: the corpus of a network as
//! it lives, stored as an examination does, and swept.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sekisho::hunt::{Hunt, sweep};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Format, Projection, Vocabulary, formats};
use sekisho_sigma::Program;
use sekisho_store::{Catalogue, Pending, Placed, RowPacker, Store, StoreLimits, StoreWriter};
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;

use crate::life::Life;

/// Events of one piece of the corpus.
const PIECE_EVENTS: u64 = 1_000_000;

fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")?;
    io::stdout().flush()?;
    Ok(())
}

/// Time of this process on the processors, user and system, in seconds; of
/// threads that have ended too.
fn process_cpu() -> Result<f64> {
    crate::measure::own_cpu().context("reading /proc/self/stat")
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
    let (mut swept, mut rows, mut found, mut bytes, mut raw) = (0.0, 0u64, 0usize, 0u64, 0u64);
    pieces(Path::new(&data), work, events, &program, &mut |_, files| {
        let folder = work.join("store");
        bytes += store(files, &folder)?;
        raw += files.iter().filter_map(|f| Some(f.metadata().ok()?.len())).sum::<u64>();
        let store = Store::open(&folder)?;
        let stop = AtomicBool::new(false);
        let hunt = Hunt {
            store: &store,
            program: &program,
            indicators: None,
            correlator: None,
            threads: 1,
            stop: &stop,
        };
        let start = process_cpu()?;
        let mut places = HashSet::new();
        let mut failed = None;
        sweep(&hunt, &mut |part| {
            rows += part.rows;
            places.extend(
                part.matches.iter().map(|m| (m.place.source, m.place.offset, m.place.ordinal)),
            );
            failed = failed.take().or(part.error);
        });
        swept += process_cpu()? - start;
        found += places.len();
        failed.map_or(Ok(()), |error| Err(error.into()))
    })?;
    let rate = f64::from(u32::try_from(rows)?) / swept;
    say(&format!(
        "{rate:.0} events/s and core over {rows} events, {found} of them found; {bytes} bytes stored of {raw}"
    ))
}
