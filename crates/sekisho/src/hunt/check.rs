//! What a hunt sweeps must be what was sealed: before it reads a store, its
//! catalogue and each of its segments are hashed whole and compared with what
//! the log of the case says. So nothing is found, or not found, in evidence
//! that somebody put in the place of another.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Error, Result};
use sekisho_case::Hash;
use sekisho_store::Store;
use sha2::{Digest as _, Sha256};

use crate::Invalid;
use crate::disclose::{Index, Sealed};

/// Bytes that are hashed at once.
const BLOCK_BYTES: usize = 1 << 18;

/// What people can do about it.
const HINT: &str = "nothing was swept; `sekisho verify` says what else is not as it was sealed, \
                    and a copy of this file from before mends it";

/// A file as the log has it.
#[derive(Debug)]
struct Sum<'a> {
    name: &'a str,
    sha256: Hash,
    bytes: u64,
}

/// Checks the catalogue and all segments of all examinations that sealed
/// events. Where `stop` is set it ends early: then nothing is swept either.
///
/// # Errors
///
/// [`Invalid`] with the first file that is not as it was sealed; a file that
/// cannot be read.
pub(super) fn check_files(
    case: &Path,
    index: &Index,
    threads: usize,
    stop: &AtomicBool,
) -> Result<()> {
    let mut files = Vec::new();
    for sealed in &index.examinations {
        files.push(catalogue(sealed)?);
        let sum = |name, sha256, bytes| Sum { name, sha256, bytes };
        files.extend(sealed.segments.iter().map(|s| sum(s.name.as_str(), s.sha256, s.bytes)));
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let first: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let work = || {
        let mut buffer = vec![0; BLOCK_BYTES];
        while !stop.load(Ordering::Relaxed) && !failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(number) else { break };
            let Err(e) = check_file(case, file, &mut buffer, stop) else { continue };
            failed.store(true, Ordering::Relaxed);
            // All files before this one are being looked at: the first one is named.
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            if first.as_ref().is_none_or(|(other, _)| number < *other) {
                *first = Some((number, e));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, files.len().max(1)) {
            scope.spawn(work);
        }
    });
    match first.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, e)) => Err(e),
        None => Ok(()),
    }
}

/// What an examination has sealed of its catalogue.
fn catalogue(sealed: &Sealed) -> Result<Sum<'_>> {
    let examination = &sealed.examination;
    let name = format!("store/{:04}/catalogue.json", examination.number);
    let file = examination.files.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| {
        let number = examination.number;
        Invalid(format!("{name} is not among the files that examination {number} sealed; {HINT}"))
    })?;
    Ok(Sum { name: &file.name, sha256: file.sha256, bytes: file.bytes })
}

/// Checks that the segments in the catalogues are those that the log has, and
/// all of them.
///
/// # Errors
///
/// [`Invalid`] with the first one that is in one of the two only.
pub(super) fn check_catalogues(index: &Index, stores: &[Store]) -> Result<()> {
    for (sealed, store) in index.examinations.iter().zip(stores) {
        let number = sealed.examination.number;
        let names = store.segments().iter();
        let catalogued: BTreeSet<String> =
            names.map(|segment| format!("store/{number:04}/{}", segment.name)).collect();
        let sealed: BTreeSet<String> = sealed.segments.iter().map(|s| s.name.clone()).collect();
        if let Some(name) = catalogued.symmetric_difference(&sealed).next() {
            let (one, other) = if sealed.contains(name) {
                ("the log", "the catalogue")
            } else {
                ("the catalogue", "the log")
            };
            return Err(Invalid(format!("{name} is in {one} and not in {other}; {HINT}")).into());
        }
    }
    Ok(())
}

fn check_file(case: &Path, file: &Sum<'_>, buffer: &mut [u8], stop: &AtomicBool) -> Result<()> {
    let path = case.join(file.name);
    let expected = format!("expected {} bytes with SHA-256 {}", file.bytes, file.sha256);
    let is_file = match fs::symlink_metadata(&path) {
        Ok(meta) => meta.is_file(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
        Err(e) => return Err(e).with_context(|| format!("looking at {}", path.display())),
    };
    if !is_file {
        let text = format!("{}: there is no such file; {expected}; {HINT}", file.name);
        return Err(Invalid(text).into());
    }
    let found = hash(&path, buffer, stop);
    let Some((sha256, bytes)) = found.with_context(|| format!("reading {}", path.display()))?
    else {
        return Ok(());
    };
    if (sha256, bytes) == (file.sha256, file.bytes) {
        return Ok(());
    }
    let text = format!(
        "{} is not what was sealed: {expected}, found {bytes} bytes with SHA-256 {sha256}; {HINT}",
        file.name
    );
    Err(Invalid(text).into())
}

/// Hash and length of a file; `None` where it was stopped.
fn hash(path: &Path, buffer: &mut [u8], stop: &AtomicBool) -> io::Result<Option<(Hash, u64)>> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        let read = match file.read(buffer) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(Some((Hash(hash.finalize().into()), bytes)));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
    Ok(None)
}
