//! Which events and which of their fields are to be shown.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// Longest line of a file of events, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// An event, as a user names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventRef {
    /// By its cell and its number in it.
    InCell {
        /// Number of the cell.
        cell: u32,
        /// Number of the event.
        index: u64,
    },
    /// By where it was read, as detections have it.
    Read {
        /// Path of the source.
        path: String,
        /// Hash of the source's file, where known.
        sha256: Option<String>,
        /// Where the record begins.
        offset: u64,
    },
}

/// Which fields of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldChoice {
    /// All.
    All,
    /// These, by the names that events have.
    Some(BTreeSet<String>),
    /// Those of these that an event has.
    Among(BTreeSet<String>),
}

impl FieldChoice {
    /// `all`, or names divided by commas; `none` is no field.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "all" => Self::All,
            "none" => Self::Some(BTreeSet::new()),
            names => {
                let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                Self::Some(names.map(str::to_owned).collect())
            }
        }
    }

    /// Whether a field of this name is shown.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) | Self::Among(names) => names.contains(name),
        }
    }
}

/// What of a line of `detections.jsonl` says where its events are.
#[derive(Deserialize)]
struct Detection {
    source: Option<DetectionSource>,
    correlation: Option<Correlation>,
}

#[derive(Deserialize)]
struct DetectionSource {
    path: String,
    sha256: Option<String>,
    offset: u64,
}

#[derive(Deserialize)]
struct Correlation {
    events: Vec<DetectionSource>,
}

impl From<DetectionSource> for EventRef {
    fn from(source: DetectionSource) -> Self {
        let sha256 = source.sha256.filter(|hash| hash.len() == 64);
        Self::Read { path: source.path, sha256, offset: source.offset }
    }
}

/// Events from what a user gave: `CELL.INDEX` (several divided by commas), or
/// a file with lines of `detections.jsonl`.
///
/// # Errors
///
/// Where it is neither.
pub fn events(given: &[String]) -> Result<Vec<EventRef>> {
    let mut found = BTreeSet::new();
    for text in given {
        match in_cells(text) {
            Some(events) => found.extend(events),
            None if Path::new(text).is_file() => from_file(Path::new(text), &mut found)?,
            None => bail!(
                "--events {text}: expected CELL.INDEX (such as 12.0,12.3), or a file with lines of \
                 detections.jsonl"
            ),
        }
    }
    if found.is_empty() {
        bail!("--events names no event: expected CELL.INDEX, or a file with detections");
    }
    Ok(found.into_iter().collect())
}

fn in_cells(text: &str) -> Option<Vec<EventRef>> {
    let one = |text: &str| {
        let (cell, index) = text.trim().split_once('.')?;
        Some(EventRef::InCell { cell: cell.parse().ok()?, index: index.parse().ok()? })
    };
    text.split(',').map(one).collect()
}

fn from_file(path: &Path, found: &mut BTreeSet<EventRef>) -> Result<()> {
    let reading = || format!("reading {}", path.display());
    let mut reader = BufReader::new(File::open(path).with_context(reading)?);
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        let mut limited = std::io::Read::take(&mut reader, LINE_BYTES_MAX);
        if limited.read_until(b'\n', &mut line).with_context(reading)? == 0 {
            return Ok(());
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let detection: Detection = serde_json::from_slice(&line).with_context(|| {
            format!("line {number} of {}: expected a line of detections.jsonl", path.display())
        })?;
        found.extend(detection.source.map(EventRef::from));
        let correlated = detection.correlation.map(|c| c.events).unwrap_or_default();
        found.extend(correlated.into_iter().map(EventRef::from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_named_by_cell_or_by_detections() {
        let one = EventRef::InCell { cell: 12, index: 3 };
        assert_eq!(events(&["12.3, 12.0".into()]).unwrap()[1], one);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("d.jsonl");
        let hash = "a".repeat(64);
        let lines = format!(
            "{{\"source\":{{\"path\":\"x\",\"sha256\":\"{hash}\",\"offset\":7}},\"rule\":1}}\n\n\
             {{\"source\":null,\"correlation\":{{\"events\":[{{\"path\":\"y\",\"offset\":9}}]}}}}\n"
        );
        std::fs::write(&file, lines).unwrap();
        let path = file.to_string_lossy().into_owned();
        let read =
            |path: &str, sha256, offset| EventRef::Read { path: path.into(), sha256, offset };
        assert_eq!(events(&[path]).unwrap(), [read("x", Some(hash), 7), read("y", None, 9)]);
        for bad in ["", "12", "12.x", "no-such-file"] {
            assert!(events(&[bad.into()]).is_err(), "{bad}");
        }
    }

    #[test]
    fn fields_are_named_or_all() {
        assert!(FieldChoice::parse("all").takes("x"));
        assert!(!FieldChoice::parse("none").takes("x"));
        let some = FieldChoice::parse("Image, CommandLine");
        assert!(some.takes("CommandLine") && !some.takes("User"));
    }
}
