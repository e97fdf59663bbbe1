//! `timeline.csv`: one line a detection, in order of time. The lines come in
//! the order of the sources. Those that memory does not hold wait on disk in
//! sorted runs, which are merged at the end; so memory does not grow with the
//! number of detections.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::work::TimelineRow;

/// First line of the file.
const HEADER: &str = "time,host,channel,record_id,level,rule,rule_id,matched\n";

/// Lines that are held in memory before they go to disk, in bytes.
const MEMORY_BYTES: usize = 32 << 20;

/// What all runs together may hold in memory while they are merged, in bytes,
/// and the least that one does.
const MERGE_BYTES: usize = 16 << 20;
const RUN_BYTES_MIN: usize = 4 << 10;

/// A line in memory.
#[derive(Clone, Copy, Debug)]
struct Line {
    time: i64,
    at: usize,
    bytes: u32,
}

/// Lines by time, those without one last.
fn order(time: i64) -> (bool, i64) {
    (time == sekisho_event::TIME_UNKNOWN, time)
}

/// The lines of the timeline.
#[derive(Debug)]
pub(crate) struct Timeline {
    folder: PathBuf,
    memory_bytes: usize,
    lines: Vec<Line>,
    memory: Vec<u8>,
    spilled: Option<File>,
    /// Where the sorted runs end in the file.
    runs: Vec<u64>,
}

impl Timeline {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            memory_bytes: MEMORY_BYTES,
            lines: Vec::new(),
            memory: Vec::new(),
            spilled: None,
            runs: Vec::new(),
        }
    }

    /// Adds lines.
    pub(crate) fn add(&mut self, bytes: &[u8], rows: &[TimelineRow]) -> io::Result<()> {
        let mut at = self.memory.len();
        for row in rows {
            let bytes = u32::try_from(row.bytes).map_err(io::Error::other)?;
            self.lines.push(Line { time: row.time, at, bytes });
            at += row.bytes;
        }
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > self.memory_bytes {
            self.spill()?;
        }
        Ok(())
    }

    fn part(&self) -> PathBuf {
        self.folder.join("timeline.csv.part")
    }

    /// The lines in memory, in order.
    fn sorted(&mut self) -> impl Iterator<Item = (i64, &[u8])> {
        self.lines.sort_by_key(|line| (order(line.time), line.at));
        let text = |line: &Line| self.memory.get(line.at..line.at + line.bytes as usize);
        self.lines.iter().map(move |line| (line.time, text(line).unwrap_or_default()))
    }

    /// Writes the lines in memory to disk as a sorted run: of each its time,
    /// its length, and itself.
    fn spill(&mut self) -> io::Result<()> {
        let file = match self.spilled.take() {
            Some(file) => file,
            None => {
                let options = &mut File::options();
                let options = options.read(true).write(true).create(true).truncate(true);
                options.open(self.part())?
            }
        };
        let mut out = BufWriter::with_capacity(1 << 18, file);
        let mut end = self.runs.last().copied().unwrap_or(0);
        for (time, line) in self.sorted() {
            let length = u32::try_from(line.len()).map_err(io::Error::other)?;
            out.write_all(&time.to_le_bytes())?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(line)?;
            end += (Run::HEAD_BYTES + line.len()) as u64;
        }
        self.spilled = Some(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        self.runs.push(end);
        self.lines.clear();
        self.memory.clear();
        Ok(())
    }

    /// Writes the file, in order of time; lines of the same time stay in the
    /// order in which they came, those without a time come last.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let path = self.folder.join("timeline.csv");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        out.write_all(HEADER.as_bytes())?;
        if self.spilled.is_some() && !self.lines.is_empty() {
            self.spill()?;
        }
        match self.spilled.take() {
            None => {
                for (_, line) in self.sorted() {
                    out.write_all(line)?;
                }
            }
            Some(file) => {
                self.memory = Vec::new();
                merge(file, &self.runs, &mut out)?;
                fs::remove_file(self.part())?;
            }
        }
        out.flush()
    }
}

/// Writes the lines of all runs in order.
fn merge(mut file: File, ends: &[u64], out: &mut dyn Write) -> io::Result<()> {
    let room = (MERGE_BYTES / ends.len().max(1)).max(RUN_BYTES_MIN);
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let mut runs: Vec<Run> = starts
        .zip(ends)
        .map(|(at, &end)| Run { at, end, room, held: Vec::new(), from: 0 })
        .collect();
    let mut heap = BinaryHeap::new();
    for (number, run) in runs.iter_mut().enumerate() {
        if let Some(time) = run.time(&mut file)? {
            heap.push(Reverse((order(time), number)));
        }
    }
    while let Some(Reverse((_, number))) = heap.pop() {
        let Some(run) = runs.get_mut(number) else { continue };
        out.write_all(run.line(&mut file)?)?;
        if let Some(time) = run.time(&mut file)? {
            heap.push(Reverse((order(time), number)));
        }
    }
    Ok(())
}

/// A sorted run on disk, of which a little is in memory.
struct Run {
    at: u64,
    end: u64,
    room: usize,
    held: Vec<u8>,
    /// How much of what is held was given out.
    from: usize,
}

impl Run {
    /// Bytes of the time and the length before each line.
    const HEAD_BYTES: usize = 12;

    /// So many bytes that are next, or fewer at the end of the run.
    fn next(&mut self, file: &mut File, bytes: usize) -> io::Result<&[u8]> {
        if self.held.len() - self.from < bytes && self.at < self.end {
            self.held.drain(..self.from);
            self.from = 0;
            let left = self.end - self.at;
            let wanted = (self.room.max(bytes) - self.held.len()) as u64;
            file.seek(SeekFrom::Start(self.at))?;
            let got = file.take(wanted.min(left)).read_to_end(&mut self.held)?;
            self.at += got as u64;
        }
        Ok(self.held.get(self.from..self.from + bytes).unwrap_or_default())
    }

    /// The time of the next line, if there is one.
    fn time(&mut self, file: &mut File) -> io::Result<Option<i64>> {
        let head = self.next(file, Self::HEAD_BYTES)?;
        Ok(head.first_chunk().copied().map(i64::from_le_bytes))
    }

    /// The next line.
    fn line(&mut self, file: &mut File) -> io::Result<&[u8]> {
        let head = self.next(file, Self::HEAD_BYTES)?;
        let length = head.last_chunk().copied().map_or(0, u32::from_le_bytes);
        self.from += Self::HEAD_BYTES;
        let length = usize::try_from(length).map_err(io::Error::other)?;
        self.next(file, length)?;
        let line = self.held.get(self.from..self.from + length);
        self.from += length;
        line.ok_or_else(|| io::Error::other("timeline.csv.part was cut while it was read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_on_disk_give_what_memory_gives() {
        let mut seed: u64 = 5;
        let mut dice = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        let lines: Vec<(i64, String)> = (0..5_000)
            .map(|n| {
                let time = match dice(20) {
                    0 => sekisho_event::TIME_UNKNOWN,
                    _ => i64::try_from(dice(700)).unwrap() - 300,
                };
                (time, format!("{time},{n}{}\n", "x".repeat(usize::try_from(dice(90)).unwrap())))
            })
            .collect();
        let mut expected = lines.clone();
        expected.sort_by_key(|(time, _)| order(*time));
        let expected: String = expected.into_iter().map(|(_, line)| line).collect();
        for memory_bytes in [100, 3_000, 50_000, 1 << 30] {
            let folder = tempfile::tempdir().unwrap();
            let mut timeline = Timeline { memory_bytes, ..Timeline::new(folder.path()) };
            for some in lines.chunks(7) {
                let rows: Vec<TimelineRow> = some
                    .iter()
                    .map(|(time, line)| TimelineRow { time: *time, bytes: line.len() })
                    .collect();
                let bytes: String = some.iter().map(|(_, line)| line.as_str()).collect();
                timeline.add(bytes.as_bytes(), &rows).unwrap();
            }
            timeline.finish().unwrap();
            let written = fs::read_to_string(folder.path().join("timeline.csv")).unwrap();
            assert_eq!(written.strip_prefix(HEADER), Some(expected.as_str()), "{memory_bytes}");
            assert!(!folder.path().join("timeline.csv.part").exists());
        }
    }
}
