//! A rehearsal through the real readers and the method, in memory: bytes, batches, activity, answer.

use std::sync::Arc;

use hashbrown::HashMap;
use sekisho_event::formats;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{EventBatch, Reader, SourceHints, Vocabulary};
use sekisho_exposure::answer::Answer;
use sekisho_exposure::assets::Assets;
use sekisho_exposure::extract::{Extraction, Leaf};
use sekisho_exposure::judge::judge;
use sekisho_exposure::question::{Question, Seed};

use super::{Beside, LogFile};

/// What is taken away before the method sees it. All that is set must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drop {
    /// Of this log only ([`LogFile::source`]).
    pub source: Option<String>,
    /// Records of this event id only.
    pub event_id: Option<u32>,
    /// Of this stretch of time only: nanoseconds since 1970, the end not included.
    pub span: Option<(i64, i64)>,
}

impl Drop {
    fn concerns(&self, file: &LogFile) -> bool {
        self.source.as_ref().is_none_or(|source| *source == file.source)
    }

    fn takes(&self, batch: &EventBatch, row: usize) -> bool {
        let id = self.event_id.is_none_or(|id| batch.shape.event_id == Some(id));
        let time = batch.times.get(row).copied().unwrap_or(sekisho_event::TIME_UNKNOWN);
        id && self.span.is_none_or(|(from, to)| (from..to).contains(&time))
    }
}

/// Reads logs into an extraction. Each file is a cell.
#[derive(Debug, Default)]
pub struct Feed {
    /// What was read so far.
    pub extraction: Extraction,
    /// Events that were read.
    pub events: u64,
    /// What could not be read, at most 20.
    pub problems: Vec<String>,
    readers: Readers,
}

#[derive(Default)]
struct Readers(HashMap<&'static str, Box<dyn Reader>>);

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Feed {
    /// Reads one file.
    pub fn file(&mut self, file: &LogFile, drop: Option<&Drop>) {
        let drop = drop.filter(|drop| drop.concerns(file));
        if drop.is_some_and(|drop| drop.event_id.is_none() && drop.span.is_none()) {
            return;
        }
        let Some(format) = formats::recognise(&file.bytes, true) else {
            self.problem(file, "no format recognises it");
            return;
        };
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
        let hints = Arc::new(SourceHints { name, ..SourceHints::default() });
        let mut cutter = format.cutter(hints, BLOCK_BYTES);
        let mut input = file.bytes.as_slice();
        // A fresh one a file: what a long run keeps is the extraction, not the readers' values.
        let mut vocabulary = Vocabulary::default();
        let cell = u32::try_from(cell_of(&file.path)).unwrap_or(u32::MAX);
        let mut index = 0;
        loop {
            let block = match cutter.next(&mut input) {
                Ok(Some(block)) => block,
                Ok(None) => return,
                Err(error) => {
                    self.problem(file, &error.to_string());
                    return;
                }
            };
            let Self { extraction, events, problems, readers } = self;
            let reader = readers.0.entry(format.name()).or_insert_with(|| format.reader());
            reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
                for problem in &parsed.problems.named {
                    if problems.len() < 20 {
                        problems.push(format!("{}: {}", file.path, problem.what));
                    }
                }
                for batch in parsed.batches {
                    *events += batch.rows() as u64;
                    let leaf = |row: usize| {
                        let number = u64::from(batch.records.get(row).copied()?);
                        let taken = drop.is_some_and(|drop| drop.takes(batch, row));
                        (!taken).then_some(Leaf { cell, index: index + number })
                    };
                    extraction.batch(batch, vocabulary, &leaf);
                }
                index += u64::from(parsed.count);
            });
        }
    }

    fn problem(&mut self, file: &LogFile, what: &str) {
        if self.problems.len() < 20 {
            self.problems.push(format!("{}: {what}", file.path));
        }
    }

    /// What the method says to all that was read.
    ///
    /// # Errors
    ///
    /// A declaration of assets that cannot be read.
    pub fn answer(mut self, beside: &Beside) -> Result<Answer, String> {
        let (assets, _notices) = Assets::parse(&beside.assets_toml, &mut self.extraction.names)?;
        let seeds = beside.seeds.iter().map(|seed| Seed::Said(Box::new(seed.clone()))).collect();
        let question = Question { assets, seeds, ..Question::default() };
        Ok(judge(&mut self.extraction, &question))
    }
}

/// A number for a file that does not depend on the order in which files are read.
fn cell_of(path: &str) -> u64 {
    crate::demo::rng::text_number(path) >> 34
}

/// Reads all files.
#[must_use]
pub fn feed(files: &[LogFile], drop: Option<&Drop>) -> Feed {
    let mut feed = Feed::default();
    for file in files {
        feed.file(file, drop);
    }
    feed
}
