//! The stores of a case, for whoever reads what it has sealed. What is read must
//! be what was sealed: before a store is opened, its catalogue and each of its
//! segments are hashed whole and compared with what the log of the case says. So
//! nothing is found, or not found, in evidence that somebody put in the place of
//! another.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Error, Result};
use sekisho_case::Hash;
use sekisho_store::Store;

use super::publish::Places;
use crate::Invalid;
use crate::disclose::{Index, Sealed};
use crate::sources::hash::Hashing;

/// What people can do about it.
const HINT: &str = "nothing was read from it; `sekisho verify` says what else is not as it was \
                    sealed, and a copy of this file from before mends it";

/// A file as the log has it.
#[derive(Clone, Copy, Debug)]
struct Sum<'a> {
    name: &'a str,
    sha256: Hash,
    bytes: u64,
}

/// The stores of all examinations that sealed events, after a look at all of
/// their files. Where `stop` is set it ends early: then nothing may be read.
///
/// # Errors
///
/// [`Invalid`] with the first file that is not as it was sealed; a file that
/// cannot be read.
pub(crate) fn intact_stores(
    case: &Path,
    index: &Index,
    threads: usize,
    stop: &AtomicBool,
) -> Result<Vec<Store>> {
    check_files(case, index, threads, stop)?;
    let open =
        |sealed: &Sealed| Ok(Store::open(&Places::new(case, sealed.examination.number).store())?);
    let stores = index.examinations.iter().map(open).collect::<Result<Vec<Store>>>()?;
    check_catalogues(index, &stores)?;
    Ok(stores)
}

/// Checks the catalogue and all segments of all examinations that sealed
/// events.
fn check_files(case: &Path, index: &Index, threads: usize, stop: &AtomicBool) -> Result<()> {
    let mut files = Vec::new();
    for sealed in &index.examinations {
        let number = sealed.examination.number;
        files.push(sum_of(index, sealed.entry, &format!("store/{number:04}/catalogue.json"))?);
        let sum = |name, sha256, bytes| Sum { name, sha256, bytes };
        files.extend(sealed.segments.iter().map(|s| sum(s.name.as_str(), s.sha256, s.bytes)));
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let first: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let work = || {
        while !stop.load(Ordering::Relaxed) && !failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(number) else { break };
            let looked = SealedFile::open(case, *file).and_then(|file| file.check(stop));
            let Err(e) = looked else { continue };
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

/// What the examination of an entry has sealed of a file.
fn sum_of<'a>(index: &'a Index, entry: u64, name: &str) -> Result<Sum<'a>> {
    let wrote = index.results.get(&entry);
    let file = wrote.and_then(|wrote| wrote.files.iter().find(|file| file.name == name));
    let file = file.ok_or_else(|| {
        Invalid(format!(
            "{name} is not among the files that the examination of entry {entry} sealed; {HINT}"
        ))
    })?;
    Ok(Sum { name: &file.name, sha256: file.sha256, bytes: file.bytes })
}

/// Checks that the segments in the catalogues are those that the log has, and
/// all of them.
fn check_catalogues(index: &Index, stores: &[Store]) -> Result<()> {
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

/// A file of a case that is hashed while it is read.
pub(crate) struct SealedFile<'a> {
    sum: Sum<'a>,
    path: PathBuf,
    bytes: u64,
    reader: Hashing<File>,
}

impl Read for SealedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl<'a> SealedFile<'a> {
    /// Opens a file of an examination, by the examination's entry and the file's
    /// name in the case.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where it is not there or was not sealed; where it cannot be
    /// opened.
    pub(crate) fn of(case: &Path, index: &'a Index, entry: u64, name: &str) -> Result<Self> {
        Self::open(case, sum_of(index, entry, name)?)
    }

    fn open(case: &Path, sum: Sum<'a>) -> Result<Self> {
        let path = case.join(sum.name);
        let bytes = match fs::symlink_metadata(&path) {
            Ok(meta) => meta.is_file().then_some(meta.len()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e).with_context(|| format!("looking at {}", path.display())),
        };
        let Some(bytes) = bytes else {
            let text = format!("{}: there is no such file; {}; {HINT}", sum.name, sum.expected());
            return Err(Invalid(text).into());
        };
        if bytes != sum.bytes {
            // However long somebody has made it, nothing of it is read.
            let expected = sum.expected();
            let text = format!(
                "{} is not what was sealed: {expected}, found {bytes} bytes; {HINT}",
                sum.name
            );
            return Err(Invalid(text).into());
        }
        let file = File::open(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(Self { sum, path, bytes, reader: Hashing::new(file) })
    }

    /// Reads on to the end and compares. Where `stop` is set it ends early: then
    /// nothing may be made of what was read.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where it is not what was sealed; where it cannot be read.
    pub(crate) fn check(self, stop: &AtomicBool) -> Result<()> {
        let Self { sum, path, bytes, reader } = self;
        let stopped = || stop.load(Ordering::Relaxed);
        let sha256 = match reader.finish(&stopped) {
            Err(_) if stopped() => return Ok(()),
            read => read.with_context(|| format!("reading {}", path.display()))?,
        };
        if sha256 == sum.sha256.to_string() && bytes == sum.bytes {
            return Ok(());
        }
        let text = format!(
            "{} is not what was sealed: {}, found {bytes} bytes with SHA-256 {sha256}; {HINT}",
            sum.name,
            sum.expected()
        );
        Err(Invalid(text).into())
    }
}

impl Sum<'_> {
    fn expected(&self) -> String {
        format!("expected {} bytes with SHA-256 {}", self.bytes, self.sha256)
    }
}
