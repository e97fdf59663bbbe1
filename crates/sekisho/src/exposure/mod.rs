//! `sekisho exposure`: what leaked, what did not, and what nobody can say, of
//! a case's stored evidence; the answer goes on record in the same case.
//!
//! All stored events are shown once to the method (`sekisho-exposure`), which
//! has no rim of its own: files, the case and what is detected in it come from
//! here, and the answer goes back into the case as a file, a page and one
//! record for each verdict.

mod check;
mod detected;
mod page;
mod record;
mod scan;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result, bail};
use sekisho_case::Hash;
use sekisho_case::key::SigningKey;
use sekisho_exposure::answer::{Answer, Notice};
use sekisho_exposure::assets::Assets;
use sekisho_exposure::estate::Declared;
use sekisho_exposure::extract::Extraction;
use sekisho_exposure::judge::judge;
use sekisho_exposure::names::Names;
use sekisho_exposure::question::{Question, SaidSeed, Seed};
use sekisho_sigma::rule::Level;

use crate::disclose::Index;
use crate::examine::Progress;
use crate::seal::CaseWriter;
pub use check::{CitedStanding, compare_cited};
use detected::Detections;

/// Largest file of declarations that is read, in bytes.
const DECLARED_BYTES_MAX: u64 = 64 << 20;

/// What is asked of a case.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the case.
    pub case: PathBuf,
    /// The file that declares what is protected.
    pub assets: Option<PathBuf>,
    /// The file that declares hosts and networks.
    pub estate: Option<PathBuf>,
    /// What an analyst says is the intruder's.
    pub said: Vec<SaidSeed>,
    /// What an analyst says is no intruder's: detections that fit it are no
    /// seeds.
    pub clear: Vec<SaidSeed>,
    /// Detections from this level on are the intruder's; `None`: none are.
    pub seed_level: Option<Level>,
    /// Folder for a copy of the answer.
    pub out: Option<PathBuf>,
    /// When it is asked, nanoseconds since 1970; `None`: no record is from the
    /// future.
    pub now: Option<i64>,
}

/// The answer, and where it is.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is said.
    pub answer: Answer,
    /// The same as it was written, JSON.
    pub json: String,
    /// Number of the exposure in the case.
    pub number: u32,
    /// Stored events that were looked at.
    pub events: u64,
    /// What it began with.
    pub seeds: u64,
    /// The answer as JSON, and as a page: as copied if asked for, else in the
    /// case.
    pub files: [PathBuf; 2],
    /// Entries of the log, now, and its root.
    pub entries: u64,
    /// See `entries`.
    pub root: Hash,
    /// What could not be done besides, and what to do.
    pub warning: Option<String>,
}

/// A file of declarations.
struct Declaration {
    text: String,
    sha256: Hash,
}

impl Declaration {
    fn read(path: &Path) -> Result<Self> {
        let reading = || format!("reading {}", path.display());
        let length = fs::metadata(path).with_context(reading)?.len();
        if length > DECLARED_BYTES_MAX {
            bail!("{}: {length} bytes; at most {DECLARED_BYTES_MAX} are read", path.display());
        }
        let text = fs::read_to_string(path).with_context(reading)?;
        let sha256 = Hash::of(text.as_bytes());
        Ok(Self { text, sha256 })
    }
}

/// What was declared, with what had to be said about it.
#[derive(Default)]
struct Given {
    assets: Option<Declaration>,
    estate: Option<Declaration>,
    question: Question,
    notices: Vec<Notice>,
}

impl Given {
    fn read(options: &Options, names: &mut Names) -> Result<Self> {
        let mut given = Self::default();
        given.question.now = options.now;
        if let Some(path) = &options.assets {
            let file = Declaration::read(path)?;
            let (assets, notices) = Assets::parse(&file.text, names)
                .map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
            given.question.assets = assets;
            given.notices.extend(notices);
            given.assets = Some(file);
        }
        if let Some(path) = &options.estate {
            let file = Declaration::read(path)?;
            let (estate, notices) = Declared::parse(&file.text, names)
                .map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
            given.question.estate = estate;
            given.notices.extend(notices);
            given.estate = Some(file);
        }
        let said = options.said.iter().cloned().map(|seed| Seed::Said(Box::new(seed)));
        given.question.seeds = said.collect();
        given.question.clear.clone_from(&options.clear);
        Ok(given)
    }
}

/// The fields of events that verdicts are made from.
#[must_use]
pub fn read_by_verdicts() -> BTreeSet<String> {
    Extraction::fields().into_iter().map(String::from).collect()
}

/// Asks a case what was exposed, and puts the answer on record in it.
///
/// # Errors
///
/// Where the case cannot be read or written, a declaration cannot be read, or
/// `stop` was set. The case is then as it was.
pub fn expose(
    options: &Options,
    key: &SigningKey,
    stop: &AtomicBool,
    progress: &Progress,
) -> Result<Outcome> {
    let mut extraction = Extraction::default();
    let mut given = Given::read(options, &mut extraction.names)?;
    let mut case = CaseWriter::open(&options.case, key)?;
    let log = case.log.log()?;
    let index = Index::read(&log)?;
    if index.examinations.is_empty() {
        bail!("{}: there is no stored evidence in this case yet", options.case.display());
    }
    let mut detections = match options.seed_level {
        Some(level) => Detections::read(&options.case, &index, level, stop)?,
        None => Detections::default(),
    };
    let unread = &index.unread;
    let mut scan = scan::Scan { extraction: &mut extraction, detections: &mut detections, unread };
    let events = scan.all(&options.case, &index, stop, progress)?;
    given.question.seeds.extend(detections.seeds(&extraction.evidence));
    given.notices.extend(detections.notices());
    let mut answer = judge(&mut extraction, &given.question);
    given.notices.append(&mut answer.notices);
    answer.notices = std::mem::take(&mut given.notices);
    // Where not all are shown, that a verdict may be milder for somebody's word is.
    answer.notices.sort_by_key(|notice| !notice.kind.starts_with("cleared"));
    let asked = record::Asked { options, given: &given, events, size: log.size() };
    record::publish(&mut case, &asked, answer, &extraction.evidence)
}
