//! What storing costs: reads logs, stores them, scans them, and says how long
//! each took and how large the store is.
//!
//!     cargo run --release -p sekisho-store --example measure -- FOLDER LOG…

#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::error::Error;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sekisho_event::formats::FORMATS;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Projection, SourceHints, Vocabulary};
use sekisho_store::{
    Catalogue, Pending, Placed, RowPacker, Segment, Store, StoreLimits, StoreWriter,
};

/// Fields that rules often ask for.
const WANTED: &[&str] = &[
    "Image",
    "CommandLine",
    "ParentImage",
    "ParentCommandLine",
    "User",
    "TargetFilename",
    "TargetObject",
    "Details",
    "ImageLoaded",
    "SourceImage",
    "TargetImage",
    "GrantedAccess",
    "CallTrace",
    "DestinationIp",
    "Provider_Name",
];

#[derive(Default)]
struct Times {
    read: Duration,
    pack: Duration,
    append: Duration,
    write: Duration,
}

fn write(pending: Vec<Pending>, times: &mut Times, out: &mut Vec<Segment>) {
    let began = Instant::now();
    out.extend(pending.into_iter().filter_map(|one| one.write().ok()));
    times.write += began.elapsed();
}

fn store(
    number: u32,
    path: &Path,
    writer: &mut StoreWriter,
    times: &mut Times,
    out: &mut Vec<Segment>,
) -> Result<(), Box<dyn Error>> {
    let mut start = Vec::new();
    File::open(path)?.take(64 << 10).read_to_end(&mut start)?;
    let format = FORMATS.iter().find(|format| format.recognises(&start, false));
    let format = format.ok_or("not recognised")?;
    let mut cutter = format.cutter(Arc::new(SourceHints::default()), BLOCK_BYTES);
    let mut reader = format.reader();
    let mut vocabulary = Vocabulary::new(Projection::All);
    let mut packer = RowPacker::default();
    let mut file = File::open(path)?;
    let mut index = 0_u64;
    while let Some(block) = cutter.next(&mut file)? {
        let began = Instant::now();
        let mut within = Duration::ZERO;
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            let began = Instant::now();
            for batch in parsed.batches {
                let at = Instant::now();
                let offsets = |record| parsed.records.offset(record);
                let rows = packer.pack(batch, vocabulary, number, &offsets, &[]);
                times.pack += at.elapsed();
                let at = Instant::now();
                let count = rows.rows() as u64;
                let indexes = (index..index + count).collect();
                index += count;
                let placed = Placed { cells: vec![number; rows.rows()], indexes };
                let pending = writer.append(rows, placed);
                times.append += at.elapsed();
                write(pending, times, out);
            }
            within += began.elapsed();
        });
        times.read += began.elapsed().saturating_sub(within);
        vocabulary.trim();
    }
    Ok(())
}

fn scan(folder: &Path, name: &str, projection: &Projection) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let store = Store::open(folder)?;
    let (mut rows, mut cells) = (0_u64, 0_u64);
    let mut vocabulary = Vocabulary::new(projection.clone());
    for segment in store.segments() {
        store.segment(segment)?.scan(&mut vocabulary, &mut |stored, _| {
            rows += stored.batch.rows() as u64;
            cells += stored.batch.columns.iter().map(|c| c.keys.len() as u64).sum::<u64>();
        })?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let speed = rows as f64 / seconds / 1e6;
    println!("scan of {name}: {rows} rows, {cells} cells in {seconds:.3} s: {speed:.2} M rows/s");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: measure FOLDER LOG…")?;
    let logs: Vec<PathBuf> = arguments.collect();
    let (mut times, mut segments) = (Times::default(), Vec::new());
    if !logs.is_empty() {
        let mut writer = StoreWriter::create(&folder, StoreLimits::default())?;
        for (number, log) in (0_u32..).zip(&logs) {
            store(number, log, &mut writer, &mut times, &mut segments)?;
        }
        let pending = writer.drain();
        write(pending, &mut times, &mut segments);
        let rows = writer.rows() as f64;
        let us = |time: Duration| time.as_secs_f64() * 1e6 / rows;
        let read: u64 = logs.iter().filter_map(|log| Some(log.metadata().ok()?.len())).sum();
        let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
        println!("{rows} rows of {:.0} bytes in {} segments", read as f64 / rows, segments.len());
        println!("read {:.2}, pack {:.2}, ", us(times.read), us(times.pack));
        println!("append {:.2}, write {:.2} µs a row", us(times.append), us(times.write));
        println!("{:.1} bytes a row, 1/{:.1}", bytes as f64 / rows, read as f64 / bytes as f64);
        Catalogue::new(segments).write(&folder)?;
    }
    scan(&folder, "nothing", &Projection::Only(hashbrown::HashSet::new()))?;
    let wanted = WANTED.iter().map(|&name| name.into()).collect();
    scan(&folder, "15 fields", &Projection::Only(wanted))?;
    scan(&folder, "everything", &Projection::All)
}
