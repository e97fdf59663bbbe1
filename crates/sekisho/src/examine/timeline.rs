//! `timeline.csv`: one line a detection, in order of time. The lines come in
//! the order of the sources; they wait in a file of their own, and only their
//! times and lengths are held in memory.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::work::TimelineRow;

/// First line of the file.
const HEADER: &str = "time,host,channel,record_id,level,rule,rule_id,matched\n";

/// Lines that are held in memory before they go to disk, in bytes.
const MEMORY_BYTES: usize = 32 << 20;

#[derive(Clone, Copy, Debug)]
struct Line {
    time: i64,
    at: u64,
    bytes: u32,
}

/// The lines of the timeline.
#[derive(Debug)]
pub(crate) struct Timeline {
    folder: PathBuf,
    lines: Vec<Line>,
    memory: Vec<u8>,
    spilled: Option<File>,
    spilled_bytes: u64,
}

impl Timeline {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            lines: Vec::new(),
            memory: Vec::new(),
            spilled: None,
            spilled_bytes: 0,
        }
    }

    /// Adds lines.
    pub(crate) fn add(&mut self, bytes: &[u8], rows: &[TimelineRow]) -> io::Result<()> {
        let mut at = self.spilled_bytes + self.memory.len() as u64;
        for row in rows {
            let bytes = u32::try_from(row.bytes).map_err(io::Error::other)?;
            self.lines.push(Line { time: row.time, at, bytes });
            at += u64::from(bytes);
        }
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > MEMORY_BYTES {
            self.spill()?;
        }
        Ok(())
    }

    fn part(&self) -> PathBuf {
        self.folder.join("timeline.csv.part")
    }

    fn spill(&mut self) -> io::Result<()> {
        let path = self.part();
        let file = match &mut self.spilled {
            Some(file) => file,
            slot => {
                let options = &mut File::options();
                let options = options.read(true).write(true).create(true).truncate(true);
                slot.insert(options.open(path)?)
            }
        };
        file.write_all(&self.memory)?;
        self.spilled_bytes += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    /// Writes the file, in order of time; lines of the same time stay in the
    /// order in which they came, those without a time come last.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let mut out =
            BufWriter::with_capacity(1 << 20, File::create(self.folder.join("timeline.csv"))?);
        out.write_all(HEADER.as_bytes())?;
        let key = |line: &Line| {
            let unknown = line.time == sekisho_event::TIME_UNKNOWN;
            (unknown, line.time, line.at)
        };
        self.lines.sort_by_key(key);
        if self.spilled.is_some() {
            self.spill()?;
        }
        let mut buffer = Vec::new();
        for line in &self.lines {
            match &mut self.spilled {
                None => {
                    let at = usize::try_from(line.at).map_err(io::Error::other)?;
                    let bytes = self.memory.get(at..at + line.bytes as usize);
                    out.write_all(bytes.unwrap_or_default())?;
                }
                Some(file) => {
                    buffer.resize(line.bytes as usize, 0);
                    file.seek(SeekFrom::Start(line.at))?;
                    file.read_exact(&mut buffer)?;
                    out.write_all(&buffer)?;
                }
            }
        }
        out.flush()?;
        if self.spilled.is_some() {
            fs::remove_file(self.part())?;
        }
        Ok(())
    }
}
