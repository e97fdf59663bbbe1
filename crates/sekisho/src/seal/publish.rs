//! The end of sealing: what was read goes on record, and the case is published
//! in one step. Before that step nobody sees any of it; after it all of it is
//! durable.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sekisho_case::Hash;
use sekisho_case::merkle::{Frontier, leaf_hash};
use sekisho_case::record::{
    Body, Cells, Counted, Empty, Endpoint, Examination, ExaminationKind, FileSum, Gap, Results,
    Seal, Source, Span, Verdicts,
};
use sekisho_case::time::Timestamp;
use sekisho_store::{Catalogue, Segment};
use sha2::{Digest as _, Sha256};

use super::case::{CaseWriter, Published};
use super::cells::{Cell, End};
use super::quiet::{IdsOver, Quiet, quiet_days};
use super::writer::SealWriter;

/// The name of this program and its version, as records have it.
pub(crate) const ENGINE: &str = concat!("sekisho ", env!("CARGO_PKG_VERSION"));

/// Name of the file that says what is in the store.
const CATALOGUE: &str = "catalogue.json";

/// Results of an examination that become part of the case.
pub(crate) const RESULTS: [&str; 4] =
    ["detections.jsonl", "timeline.csv", "run.json", "report.html"];

/// What an examination says of itself.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) complete: bool,
    pub(crate) rules: Counted,
    pub(crate) sources: Vec<Source>,
    /// Folder with the results.
    pub(crate) results: PathBuf,
}

/// What was published.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The folder of the case.
    pub folder: PathBuf,
    /// The name of its log.
    pub origin: String,
    /// Number of this examination.
    pub examination: u32,
    /// Entries of the log, now.
    pub entries: u64,
    /// Root over them.
    pub root: Hash,
    /// Cells and events of this examination.
    pub cells: u64,
    /// Events of this examination.
    pub events: u64,
    /// Bytes of its segments.
    pub stored_bytes: u64,
    /// What could not be done besides, and what to do.
    pub warning: Option<String>,
}

/// Where the parts of an examination lie in a case.
#[derive(Debug)]
pub(crate) struct Places {
    folder: PathBuf,
    number: u32,
}

impl Places {
    pub(crate) fn new(folder: &Path, number: u32) -> Self {
        Self { folder: folder.to_owned(), number }
    }

    fn of(&self, kind: &str) -> PathBuf {
        self.folder.join(kind).join(format!("{:04}", self.number))
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.of("store")
    }

    pub(crate) fn leaves(&self) -> PathBuf {
        self.of("leaves")
    }

    pub(crate) fn spill(&self) -> PathBuf {
        self.of("leaves").with_extension("spill")
    }

    pub(crate) fn results(&self) -> PathBuf {
        self.of("examinations")
    }

    /// Makes the folders.
    pub(crate) fn create(&self) -> io::Result<()> {
        for folder in [self.store(), self.results(), self.folder.join("leaves")] {
            fs::create_dir_all(folder)?;
        }
        Ok(())
    }

    /// The name of a file in records: its path below the case.
    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        let parts = below.components().map(|part| part.as_os_str().to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Puts an examination on record and publishes the case.
pub(crate) fn publish(
    case: &mut CaseWriter,
    mut writer: SealWriter,
    seal: Seal,
    said: Said,
) -> Result<Sealed> {
    let places = Places::new(&case.folder, case.next.examination);
    for due in writer.drain() {
        let (number, segment) = due.write().context("writing the store")?;
        writer.written(number, segment);
    }
    let (cells, detections, segments) =
        writer.finish(&places.leaves()).context("writing the leaves of the case")?;
    let cells = cells.list;
    let stored_bytes = segments.iter().map(|segment| segment.bytes).sum();
    let catalogue = Catalogue::new(segments);
    catalogue.write(&places.store()).context("writing the catalogue of the store")?;
    let first = case.log.size();
    let sources = Span { first: u64::from(case.next.source), count: said.sources.len() as u64 };
    for source in said.sources {
        case.append(Body::Source(source))?;
    }
    let (input_root, events) = append_cells(case, &cells)?;
    let (quiet, clock_jumps) = quiet_days(&cells);
    for quiet in &quiet {
        case.append(quiet_record(quiet)?)?;
    }
    for segment in &catalogue.segments {
        case.append(segment_record(&places, segment)?)?;
    }
    let verdicts = verdicts(&detections, &quiet);
    write_verdicts(&places, case.next.cell, &detections)?;
    let found = append_results(case, &places, &said.results)?;
    let count = u32::try_from(cells.len()).unwrap_or(u32::MAX);
    let cells = Cells { first: case.next.cell, count, events };
    let examination = Examination {
        number: case.next.examination,
        kind: ExaminationKind::Examine,
        engine: ENGINE.to_owned(),
        complete: said.complete,
        rules: said.rules,
        indicators: None,
        seal: Some(seal),
        sources,
        cells,
        records: Span { first, count: case.log.size() - first },
        clock_jumps,
        input_root,
        detections: found,
        verdicts,
    };
    finish(case, examination, stored_bytes)
}

/// Appends the examination itself and publishes.
pub(crate) fn finish(
    case: &mut CaseWriter,
    examination: Examination,
    stored_bytes: u64,
) -> Result<Sealed> {
    let (number, cells) = (examination.number, examination.cells);
    case.append(Body::Examination(Box::new(examination)))?;
    sync_folders(&case.folder, number)?;
    let Published { checkpoint, warning } = case.publish()?;
    Ok(Sealed {
        folder: case.folder.clone(),
        origin: checkpoint.origin,
        examination: number,
        entries: checkpoint.size,
        root: checkpoint.root,
        cells: u64::from(cells.count),
        events: cells.events,
        stored_bytes,
        warning,
    })
}

/// Appends the record of what an examination wrote; how many detections it has.
pub(crate) fn append_results(case: &mut CaseWriter, places: &Places, from: &Path) -> Result<u64> {
    let files = keep_results(places, from)?;
    let (root, detections) = output_root(&places.results().join("detections.jsonl"))?;
    let results = Results { files, output_root: Some(root), assets: None, estate: None };
    case.append(Body::Results(results))?;
    Ok(detections)
}

/// Appends the records of cells; the root over them, and their events.
fn append_cells(case: &mut CaseWriter, cells: &[Cell]) -> Result<(Hash, u64)> {
    let mut tree = Frontier::new();
    let mut events = 0;
    for (number, cell) in (case.next.cell..).zip(cells) {
        let bytes = case.append(Body::Cell(cell_record(number, cell)?))?;
        tree.push(leaf_hash(&bytes));
        events += cell.tree.size();
    }
    Ok((tree.root(), events))
}

fn cell_record(number: u32, cell: &Cell) -> Result<sekisho_case::record::Cell> {
    let unknown = End { time: None, record_id: None };
    let (first, last) = cell.ends.unwrap_or((unknown, unknown));
    let place = |end: End| Endpoint { time: end.time.map(Timestamp), record_id: end.record_id };
    Ok(sekisho_case::record::Cell {
        number,
        product: cell.key.stream.product.to_string(),
        host: cell.key.stream.host.to_string(),
        channel: cell.key.stream.channel.to_string(),
        day: cell.key.day,
        events: cell.tree.size(),
        root: cell.tree.root(),
        first: place(first),
        last: place(last),
        missing: cell.missing(),
    })
}

fn quiet_record(quiet: &Quiet) -> Result<Body> {
    let product = quiet.stream.product.to_string();
    let host = quiet.stream.host.to_string();
    let channel = quiet.stream.channel.to_string();
    let (from, until) = (quiet.from, quiet.until);
    Ok(match quiet.ids {
        IdsOver::Jump(missing) => Body::Gap(Gap {
            product,
            host,
            channel,
            from,
            until,
            events: 0,
            missing,
            reason: "record ids jump over these days".to_owned(),
        }),
        ids => Body::Empty(Empty {
            product,
            host,
            channel,
            from,
            until,
            events: 0,
            proof: (ids == IdsOver::GoOn).then(|| "record ids go on".to_owned()),
        }),
    })
}

fn segment_record(places: &Places, segment: &Segment) -> Result<Body> {
    Ok(Body::Segment(sekisho_case::record::Segment {
        name: places.name(&places.store().join(&segment.name)),
        sha256: segment.sha256.parse().context("the hash of a segment")?,
        bytes: segment.bytes,
        events: segment.rows,
    }))
}

/// How many cells there are of each verdict.
fn verdicts(detections: &[u64], quiet: &[Quiet]) -> Verdicts {
    let findings = detections.iter().filter(|&&count| count > 0).count() as u64;
    let gap_days = |quiet: &Quiet| match quiet.ids {
        IdsOver::Jump(_) => u64::from(quiet.until.since(quiet.from).unsigned_abs()) + 1,
        _ => 0,
    };
    Verdicts {
        clean: detections.len() as u64 - findings,
        findings,
        gap: quiet.iter().map(gap_days).sum(),
        refused: 0,
    }
}

/// Writes the verdict of each cell: its number, the verdict, its detections.
pub(crate) fn write_verdicts(places: &Places, first: u32, detections: &[u64]) -> Result<()> {
    let path = places.results().join("verdicts.tsv");
    let mut text = String::from("cell\tverdict\tdetections\n");
    for (number, count) in (first..).zip(detections) {
        let verdict = if *count > 0 { "findings" } else { "clean" };
        text.push_str(&format!("{number}\t{verdict}\t{count}\n"));
    }
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
}

/// Copies the results into the case. All files of the examination, with their
/// hashes, durably written.
fn keep_results(places: &Places, from: &Path) -> Result<Vec<FileSum>> {
    for name in RESULTS {
        let (from, to) = (from.join(name), places.results().join(name));
        if from != to && from.exists() {
            fs::copy(&from, &to)
                .with_context(|| format!("copying {} into the case", from.display()))?;
        }
    }
    let mut paths = vec![places.store().join(CATALOGUE)];
    let mut results: Vec<PathBuf> = fs::read_dir(places.results())
        .with_context(|| format!("listing {}", places.results().display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    results.sort();
    paths.append(&mut results);
    paths.retain(|path| path.exists());
    paths.iter().map(|path| file_record(places, path)).collect()
}

fn file_record(places: &Places, path: &Path) -> Result<FileSum> {
    let hashed = || -> io::Result<(Hash, u64)> {
        let mut file = File::open(path)?;
        file.sync_all()?;
        let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok((Hash(hash.finalize().into()), bytes));
            }
            hash.update(buffer.get(..read).unwrap_or_default());
            bytes += read as u64;
        }
    };
    let (sha256, bytes) = hashed().with_context(|| format!("hashing {}", path.display()))?;
    Ok(FileSum { name: places.name(path), sha256, bytes })
}

/// The root over the lines of a file, and how many there are.
fn output_root(path: &Path) -> Result<(Hash, u64)> {
    let reading = || format!("reading {}", path.display());
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path).with_context(reading)?);
    let mut tree = Frontier::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).with_context(reading)? == 0 {
            return Ok((tree.root(), tree.size()));
        }
        tree.push(leaf_hash(line.strip_suffix(b"\n").unwrap_or(&line)));
    }
}

/// Makes the names of what was written durable.
fn sync_folders(folder: &Path, number: u32) -> Result<()> {
    let places = Places::new(folder, number);
    let all = [
        places.store(),
        places.results(),
        folder.join("store"),
        folder.join("examinations"),
        folder.join("leaves"),
        folder.to_owned(),
    ];
    for folder in all.iter().filter(|folder| folder.is_dir()) {
        sync_folder(folder).with_context(|| format!("syncing {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
