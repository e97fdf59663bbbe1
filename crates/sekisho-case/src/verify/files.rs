//! The files that the log names: hashes, lengths, leaves, detections. Each file
//! is read once, a block at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read};

use sha2::{Digest as _, Sha256};

use super::folder::{Folder, unread};
use super::report::Report;
use super::{Progress, Step};
use crate::Hash;
use crate::merkle::Frontier;
use crate::record::{Accounted, ExaminationKind, Examined, Exposed, FileSum, Results, SealedCell};
use crate::statement::Place;

/// How much is read at once, in bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// What a file holds.
#[derive(Clone, Debug)]
struct Sum {
    bytes: u64,
    /// `None` where it has not the length that was sealed: then nothing of it
    /// is read, however long somebody has made it.
    sha256: Option<Hash>,
    /// Of files of detections.
    lines: Option<Lines>,
}

/// What the lines of a file give.
#[derive(Clone, Debug)]
struct Lines {
    count: u64,
    root: Hash,
    /// Whether the last one ends.
    ends: bool,
}

/// Checks the files of examinations.
pub(super) struct FileCheck<'a> {
    folder: &'a Folder,
    report: &'a mut Report,
    progress: &'a mut dyn FnMut(Progress),
    done: u64,
    total: u64,
    /// What each file holds, by name: none is read twice, however often it is
    /// named.
    sums: BTreeMap<String, Result<Sum, String>>,
}

impl<'a> FileCheck<'a> {
    pub(super) fn new(
        folder: &'a Folder,
        accounted: &Accounted,
        report: &'a mut Report,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        let bytes = |examined: &Examined| {
            let segments = examined.segments.iter().map(|segment| segment.bytes);
            let sum = segments
                .chain(wrote(&examined.results).map(|file| file.bytes))
                .fold(0u64, u64::saturating_add);
            sum.saturating_add(leaves_bytes(cells_of(accounted, examined)).unwrap_or(0))
        };
        let exposed = |exposed: &Exposed| {
            wrote(&exposed.results).map(|file| file.bytes).fold(0, u64::saturating_add)
        };
        let all = accounted.examinations.iter().map(bytes);
        let total = all.chain(accounted.exposures.iter().map(exposed)).fold(0, u64::saturating_add);
        Self { folder, report, progress, done: 0, total, sums: BTreeMap::new() }
    }

    /// Checks the files of an examination.
    pub(super) fn examination(&mut self, accounted: &Accounted, examined: &Examined) {
        let said = &examined.examination;
        let files = wrote(&examined.results).map(|file| (&file.name, file.bytes, file.sha256));
        let segments = &examined.segments;
        let segments = segments.iter().map(|file| (&file.name, file.bytes, file.sha256));
        let detections = said.detections_file();
        let what = format!("examination {}", said.number);
        let bad = self.named(examined.entry, &what, files.chain(segments));
        let detections_good = !bad.contains(&detections);
        if detections_good {
            self.detections(examined, &detections);
        }
        if said.kind == ExaminationKind::Examine {
            self.leaves(&said.leaves_file(), examined, cells_of(accounted, examined));
        }
    }

    /// Checks the files of an exposure.
    pub(super) fn exposure(&mut self, exposed: &Exposed) {
        let said = &exposed.exposure;
        let files = wrote(&exposed.results).map(|file| (&file.name, file.bytes, file.sha256));
        self.named(exposed.entry, &format!("exposure {}", said.number), files);
    }

    /// Checks files by their sizes and hashes; gives the names of those that
    /// are not as they were sealed.
    fn named<'n>(
        &mut self,
        entry: u64,
        of: &str,
        files: impl Iterator<Item = (&'n String, u64, Hash)>,
    ) -> BTreeSet<String> {
        let (mut good, mut bytes) = (0u64, 0u64);
        let mut bad = BTreeSet::new();
        for (name, length, sha256) in files {
            let what = match self.sum(name, length) {
                Ok(sum) if (sum.bytes, sum.sha256) == (length, Some(sha256)) => {
                    good += 1;
                    bytes = bytes.saturating_add(length);
                    continue;
                }
                Ok(sum) if sum.bytes != length => {
                    format!("it has {} bytes; {length} were sealed", sum.bytes)
                }
                Ok(_) => "its bytes are not those that were sealed".to_owned(),
                Err(what) => what,
            };
            bad.insert(name.clone());
            self.report.broken(Place::File(name.clone()), what);
        }
        if good > 0 {
            let text = format!("{good} files of {of}, {bytes} bytes, are as they were sealed");
            self.report.proven(Place::Entry(entry), text);
        }
        bad
    }

    /// The names of all files that were looked at.
    pub(super) fn names(self) -> BTreeSet<String> {
        self.sums.into_keys().collect()
    }

    /// What a file holds that was sealed with this length.
    fn sum(&mut self, name: &str, length: u64) -> Result<Sum, String> {
        let known = self.sums.get(name);
        let hashed = |sum: &Sum| sum.sha256.is_some() || sum.bytes != length;
        if let Some(sum) = known.filter(|sum| sum.as_ref().map_or(true, hashed)) {
            return sum.clone();
        }
        let sum = self.read(name, length);
        self.sums.insert(name.to_owned(), sum.clone());
        sum
    }

    fn read(&mut self, name: &str, length: u64) -> Result<Sum, String> {
        let (file, found) = self.folder.open(name)?;
        if found != length {
            return Ok(Sum { bytes: found, sha256: None, lines: None });
        }
        // It may grow while it is read.
        let mut file = file.take(length.saturating_add(1));
        let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0u64, vec![0; BLOCK_BYTES]);
        let mut lines = name.ends_with("/detections.jsonl").then(LineTree::default);
        loop {
            let read = file.read(&mut buffer).map_err(|e| unread(&e))?;
            let block = buffer.get(..read).unwrap_or_default();
            if block.is_empty() {
                let sha256 = Some(Hash(hash.finalize().into()));
                return Ok(Sum { bytes, sha256, lines: lines.map(LineTree::end) });
            }
            hash.update(block);
            if let Some(lines) = &mut lines {
                lines.push(block);
            }
            bytes = bytes.saturating_add(read as u64);
            self.passed(read as u64);
        }
    }

    fn passed(&mut self, bytes: u64) {
        self.done = self.done.saturating_add(bytes);
        let (done, total) = (self.done, self.total.max(self.done));
        (self.progress)(Progress { step: Step::Files, done, total });
    }

    fn detections(&mut self, examined: &Examined, name: &str) {
        let said = &examined.examination;
        let Some(Ok(Sum { lines: Some(lines), .. })) = self.sums.get(name) else {
            // That the record does not name it was said; nothing says how long it may be, so it is
            // not read.
            if !self.folder.has(name) {
                self.report.broken(Place::File(name.to_owned()), "is not there");
            }
            return;
        };
        let lines = lines.clone();
        if !lines.ends {
            return self.report.broken(Place::File(name.to_owned()), "its last line does not end");
        }
        if lines.count != said.detections {
            let text =
                format!("{} detections are said; {name} has {}", said.detections, lines.count);
            return self.report.broken(Place::Entry(examined.entry), text);
        }
        let Some((entry, results)) = &examined.results else { return };
        if results.output_root == Some(lines.root) {
            let text = format!("{} detections give output_root", lines.count);
            self.report.proven(Place::Entry(examined.entry), text);
        } else {
            let text = format!("output_root is not that of the lines of {name}");
            self.report.broken(Place::Entry(*entry), text);
        }
    }

    fn leaves(&mut self, name: &str, examined: &Examined, cells: &[SealedCell]) {
        let place = || Place::File(name.to_owned());
        let (file, length) = match self.folder.open(name) {
            Ok(opened) => opened,
            Err(what) => return self.report.broken(place(), what),
        };
        if Some(length) != leaves_bytes(cells) {
            let text = format!("{length} bytes; expected 32 for each event of the cells");
            return self.report.broken(place(), text);
        }
        let mut reader = BufReader::with_capacity(BLOCK_BYTES, file);
        let (mut good, mut events) = (0u64, 0u64);
        for (number, cell) in (examined.cells.start..).zip(cells) {
            let root = match root_of_leaves(&mut reader, cell.events) {
                Ok(root) => root,
                Err(e) => return self.report.broken(place(), unread(&e)),
            };
            if root == cell.root {
                good += 1;
                events = events.saturating_add(cell.events);
            } else {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                let text = format!(
                    "its {} leaves do not give the root in entry {}",
                    cell.events, cell.entry
                );
                self.report.broken(Place::Cell(number), text);
            }
            self.passed(cell.events.saturating_mul(32));
        }
        if good > 0 {
            let text = format!("{good} cells: {events} leaves give their roots");
            self.report.proven(place(), text);
        }
    }
}

/// The files that a record of results names.
fn wrote(results: &Option<(u64, Results)>) -> impl Iterator<Item = &FileSum> {
    results.iter().flat_map(|(_, results)| &results.files)
}

fn cells_of<'a>(accounted: &'a Accounted, examined: &Examined) -> &'a [SealedCell] {
    accounted.cells.get(examined.cells.clone()).unwrap_or_default()
}

/// How long the leaves of cells are; `None` if no file is so long.
fn leaves_bytes(cells: &[SealedCell]) -> Option<u64> {
    let add = |sum: u64, cell: &SealedCell| sum.checked_add(cell.events.checked_mul(32)?);
    cells.iter().try_fold(0, add)
}

fn root_of_leaves(reader: &mut BufReader<File>, events: u64) -> std::io::Result<Hash> {
    let mut tree = Frontier::new();
    let mut leaf = [0; Hash::BYTES];
    for _ in 0..events {
        reader.read_exact(&mut leaf)?;
        tree.push(Hash(leaf));
    }
    Ok(tree.root())
}

/// The tree over lines without their ends; no line is held.
#[derive(Default)]
struct LineTree {
    tree: Frontier,
    /// The line that has not ended.
    open: Option<Sha256>,
}

impl LineTree {
    fn push(&mut self, block: &[u8]) {
        for part in block.split_inclusive(|byte| *byte == b'\n') {
            let hash = self.open.take().unwrap_or_else(|| Sha256::new().chain_update([0]));
            match part.strip_suffix(b"\n") {
                Some(line) => self.tree.push(Hash(hash.chain_update(line).finalize().into())),
                None => self.open = Some(hash.chain_update(part)),
            }
        }
    }

    fn end(self) -> Lines {
        Lines { count: self.tree.size(), root: self.tree.root(), ends: self.open.is_none() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merkle::{leaf_hash, root_of};

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_are_read(
            lines in proptest::collection::vec("[a-c]{0,5}", 0..9),
            block in 1usize..7,
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let mut tree = LineTree::default();
            text.as_bytes().chunks(block).for_each(|block| tree.push(block));
            let hashes: Vec<Hash> = lines.iter().map(|line| leaf_hash(line.as_bytes())).collect();
            let read = tree.end();
            prop_assert_eq!((read.count, read.root, read.ends), (lines.len() as u64, root_of(&hashes), true));
        }
    }

    #[test]
    fn no_file_is_read_that_has_not_the_length_that_was_sealed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("small"), b"four").unwrap();
        // Nobody has the time to read this.
        let large = std::fs::File::create(root.path().join("large")).unwrap();
        large.set_len(1 << 40).unwrap();
        let folder = Folder::new(root.path()).unwrap();
        let (mut report, mut read) = (Report::default(), 0);
        let mut progress = |progress: Progress| read = progress.done;
        let accounted = Accounted::default();
        let mut check = FileCheck::new(&folder, &accounted, &mut report, &mut progress);
        let [small, large] = ["small", "large"].map(str::to_owned);
        let hash = Hash::of(b"four");
        let files = [(&small, 3, hash), (&large, 4, hash), (&small, 4, hash), (&small, 5, hash)];
        let bad = check.named(7, "it", files.into_iter());
        assert_eq!(bad, BTreeSet::from([small, large]));
        assert_eq!(read, 4);
        let said = report.end(&Place::Log, None, Vec::new()).statements;
        let texts: Vec<&str> = said.iter().map(|s| s.text.as_str()).collect();
        let large = "it has 1099511627776 bytes; 4 were sealed";
        let (shorter, longer) = ("it has 4 bytes; 3 were sealed", "it has 4 bytes; 5 were sealed");
        let good = "1 files of it, 4 bytes, are as they were sealed";
        for text in [shorter, large, longer, good] {
            assert!(texts.contains(&text), "{text}: {texts:?}");
        }
    }

    #[test]
    fn a_line_that_does_not_end_is_seen() {
        let mut tree = LineTree::default();
        tree.push(b"a\nb");
        assert!(!tree.end().ends);
    }
}
