//! What the owner of a case has signed before: a state that does not continue
//! it is never signed. It would be a fork of the owner's own log, and proof of
//! it lasts (`spec/case-v1.md`, section 14).
//!
//! Three things tell: checkpoints in the releases that the case has kept, those
//! kept as evidence of forks, and what this program remembers in its home folder
//! of each log that it signed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sekisho_case::Hash;
use sekisho_case::bounded::read_regular;
use sekisho_case::checkpoint::SignedCheckpoint;
use sekisho_case::durable::{RealDisk, write_file};
use sekisho_case::key::VerifyingKey;
use sekisho_case::limits::{NOTE_BYTES_MAX, RELEASE_BYTES_MAX};
use sekisho_case::log::{CHECKPOINT_NEXT, Log};
use sekisho_case::release::OpenRelease;
use sekisho_case::witness::AddCheckpoint;

use super::case::RELEASES;
use crate::Invalid;
use crate::keys::Home;

/// Folder below a case with checkpoints that contradict one another.
const FORKS: &str = "forks";

/// How each record of a release begins.
const RELEASE_RECORD: &[u8] = br#"{"type":"release""#;

/// What was signed before is continued by the published state of a case.
///
/// # Errors
///
/// [`Invalid`] with the first file that shows another state.
pub(crate) fn check(folder: &Path, owner: &VerifyingKey) -> Result<()> {
    let log = newest(folder, owner)?;
    let shown = releases(folder).into_iter().chain(forks(folder)).chain(remembered(owner)?);
    for (path, signed) in shown {
        if let Ok(checkpoint) = signed.verify(owner) {
            let (size, root) = (checkpoint.size, checkpoint.root);
            if size > log.size() || log.root_at(size)? != root {
                return Err(not_continued(folder, &log, &path, size).into());
            }
        }
    }
    check_releases(folder, &log)
}

/// No release is kept that the log does not count: it would be written over, and
/// nothing else may show what left.
fn check_releases(folder: &Path, log: &Log) -> Result<()> {
    let number = |path: &PathBuf| -> Option<u64> { path.file_stem()?.to_str()?.parse().ok() };
    let kept = files(&folder.join(RELEASES));
    let kept = kept.iter().filter(|path| path.extension().is_some_and(|end| end == "zip"));
    let Some((number, path)) = kept.filter_map(|path| Some((number(path)?, path))).max() else {
        return Ok(());
    };
    let mut known = 0;
    for entry in log.entries(0..log.size()) {
        known += u64::from(entry?.1.starts_with(RELEASE_RECORD));
    }
    if number <= known {
        return Ok(());
    }
    Err(Invalid(format!(
        "{} is there, but the case says that {known} releases left it: its checkpoint is older than \
         what it keeps; nothing was written; put the newest copy of the case back, or move this \
         file away if it is no release",
        path.display()
    ))
    .into())
}

fn not_continued(folder: &Path, log: &Log, path: &Path, size: u64) -> Invalid {
    let (case, path) = (folder.display(), path.display());
    let what = if size > log.size() {
        format!("is at {} entries, and {path} shows that {size} were signed", log.size())
    } else {
        format!("has other entries among the first {size} than those that {path} shows as signed")
    };
    Invalid(format!(
        "the case {case} {what}: it is an older or another copy, and to go on from it would fork \
         the log; nothing was written; put the newest copy of the case back, and go on from that"
    ))
}

/// The published state, or the one that was signed and not published any more.
fn newest(folder: &Path, owner: &VerifyingKey) -> Result<Log> {
    let log = Log::open(folder)?;
    let next = checkpoint(&folder.join(CHECKPOINT_NEXT)).filter(|next| next.verify(owner).is_ok());
    Ok(match next {
        Some(next) if next.unverified().size > log.size() => Log::at(folder, next),
        _ => log,
    })
}

/// A checkpoint in a file, if there is one that can be read.
fn checkpoint(path: &Path) -> Option<SignedCheckpoint> {
    SignedCheckpoint::parse(&read_regular(path, NOTE_BYTES_MAX).ok()?).ok()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn releases(folder: &Path) -> Vec<(PathBuf, SignedCheckpoint)> {
    let of = |path: PathBuf| {
        let bytes = read_regular(&path, RELEASE_BYTES_MAX).ok()?;
        let release = OpenRelease::open(&bytes).ok()?;
        Some((path, release.checkpoint().clone()))
    };
    files(&folder.join(RELEASES)).into_iter().filter_map(of).collect()
}

/// Checkpoints, and those in requests for a cosignature.
fn forks(folder: &Path) -> Vec<(PathBuf, SignedCheckpoint)> {
    let of = |path: PathBuf| {
        let bytes = read_regular(&path, 2 * NOTE_BYTES_MAX).ok()?;
        let request = || Some(AddCheckpoint::parse(&bytes).ok()?.checkpoint);
        Some((path, SignedCheckpoint::parse(&bytes).ok().or_else(request)?))
    };
    files(&folder.join(FORKS)).into_iter().filter_map(of).collect()
}

/// Where the latest signed state of a log is remembered. `None` where there is
/// no home folder, and in tests of this crate, which are to leave nothing there.
fn memory(origin: &str) -> Option<(Home, PathBuf)> {
    if cfg!(test) {
        return None;
    }
    let home = Home::from_environment().ok()?;
    let file = home.signed().join(Hash::of(origin.as_bytes()).to_string());
    Some((home, file))
}

fn remembered(owner: &VerifyingKey) -> Result<Option<(PathBuf, SignedCheckpoint)>> {
    let Some((_, path)) = memory(owner.name()) else { return Ok(None) };
    let reading = || {
        let path = path.display();
        format!("reading {path}, which remembers what was signed of this case")
    };
    match read_regular(&path, NOTE_BYTES_MAX) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        read => {
            let bytes = read.with_context(reading)?;
            let signed = SignedCheckpoint::parse(&bytes).with_context(reading)?;
            Ok(Some((path, signed)))
        }
    }
}

/// Remembers what was signed and is published. Where there is no place for that (a home folder
/// that is read only, or that others can write in), what the case itself keeps
/// has to do: the owner's key may be from elsewhere.
///
/// # Errors
///
/// Where it cannot be written although there is a place.
pub(super) fn remember(signed: &SignedCheckpoint) -> Result<()> {
    let Some((home, path)) = memory(&signed.unverified().origin) else { return Ok(()) };
    if home.prepare_folder(&home.signed()).is_err() {
        return Ok(());
    }
    write_file(&RealDisk, &path, &signed.to_bytes()).with_context(|| {
        format!(
            "what was done is published in the case, but not remembered in {}: let that be written, \
             else an older copy of the case may go unnoticed here",
            path.display()
        )
    })
}
