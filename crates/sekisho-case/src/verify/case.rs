//! The verification of a case, step by step.

use std::collections::BTreeSet;
use std::path::Path;

use super::authority::{
    InForce, as_log, check_cosignatures, check_given_keys, check_owner, check_seen, check_usage,
    parse_checkpoint,
};
use super::files::FileCheck;
use super::folder::Folder;
use super::release::kept_release;
use super::report::Report;
use super::tree::{Roots, read_log};
use super::{About, Progress, Trust, UsageError, Verified};
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::hash::shown;
use crate::key::VerifyingKey;
use crate::limits::{NOTE_BYTES_MAX, RELEASE_BYTES_MAX, STATEMENTS_NAMED_MAX};
use crate::log::{CHECKPOINT, CHECKPOINT_NEXT, LOCK};
use crate::note::Standing;
use crate::record::{
    Accounted, Body, ExaminationKind, Examined, Exposed, Population, Record, Release,
};
use crate::statement::Place;

/// Where evidence of forks is kept, in the folder of a case.
const FORKS: &str = "forks";

/// Where tiles are.
const TILES: &str = "tile";

/// Verifies the folder of a case.
///
/// # Errors
/// There is no such folder, or the checkpoint seen before is of no use.
pub fn verify_case(
    folder: &Path,
    trust: &Trust,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verified, UsageError> {
    check_usage(trust)?;
    let folder = Folder::new(folder)?;
    let mut report = Report::default();
    let about = verify(&folder, trust, &mut report, progress);
    Ok(report.end(&Place::Log, about, Vec::new()))
}

fn verify(
    folder: &Folder,
    trust: &Trust,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> Option<About> {
    let read = folder.read(CHECKPOINT, NOTE_BYTES_MAX).and_then(|bytes| parse_checkpoint(&bytes));
    let signed = match read {
        Ok(signed) => signed,
        Err(what) => {
            report.broken(Place::Checkpoint, what);
            return None;
        }
    };
    let checkpoint = signed.unverified();
    if !check_given_keys(&signed, trust, report) {
        return None;
    }
    let forks = Forks::below(folder);
    let mut sizes = forks.sizes(folder);
    sizes.extend(trust.seen.as_ref().map(|seen| seen.unverified().size));
    let mut records = Records::default();
    let visit = &mut |entry, bytes: &[u8]| records.add(entry, bytes);
    let roots = read_log(folder, checkpoint, sizes, visit, report, progress)?;
    if !records.check(checkpoint, report) {
        return None;
    }
    let in_force = records.in_force.take()?;
    if !check_owner(&signed, &in_force, trust, report) {
        return None;
    }
    let text = format!("{} entries give the root of the checkpoint", checkpoint.size);
    report.proven(Place::Log, text);
    check_cosignatures(&signed, &in_force, trust, report);
    check_seen(checkpoint, Some(&|size| roots.get(&size).copied()), trust, report);
    let owners = std::mem::take(&mut records.owners);
    let releases = std::mem::take(&mut records.releases);
    let accounted = std::mem::take(&mut records.population).end();
    check_accounts(&accounted, report);
    let named = check_files(folder, &accounted, report, progress);
    for (entry, release) in &releases {
        check_kept(folder, *entry, release, checkpoint, &roots, report);
    }
    forks.check(folder, checkpoint, &owners, &roots, report);
    note_others(folder, &named, &accounted, &releases, report);
    about(checkpoint, &in_force, accounted, releases)
}

/// What is kept of the records while they pass.
#[derive(Default)]
struct Records {
    in_force: Option<InForce>,
    /// The origin in entry 0, if that is a case.
    origin: Option<String>,
    /// Each key that was ever the owner's.
    owners: Vec<VerifyingKey>,
    releases: Vec<(u64, Release)>,
    population: Population,
    /// What is wrong with single records, and how many more there are.
    broken: Vec<(u64, String)>,
    more: u64,
    /// What is not understood: in which entry, what, how many members.
    unknown: Vec<(u64, Option<String>, u64)>,
    unknown_more: u64,
}

impl Records {
    /// Whether the root with this entry will be asked for.
    fn add(&mut self, entry: u64, bytes: &[u8]) -> bool {
        let record = match Record::parse(bytes) {
            Ok(record) => record,
            Err(e) => {
                self.wrong(entry, e.to_string());
                return false;
            }
        };
        if record.not_understood > 0 {
            let name = match &record.body {
                Body::Unknown { name, .. } => Some(shown(name)),
                _ => None,
            };
            let count = record.not_understood as u64;
            if self.unknown.len() < STATEMENTS_NAMED_MAX {
                self.unknown.push((entry, name, count));
            } else {
                self.unknown_more = self.unknown_more.saturating_add(count);
            }
        }
        if (entry == 0) != matches!(record.body, Body::Case(_)) {
            let text = if entry == 0 { "is no record of a case" } else { "is a second case" };
            self.wrong(entry, text.to_owned());
        }
        if let Body::Case(case) = &record.body {
            self.origin.get_or_insert_with(|| case.origin.clone());
        }
        if let Some(in_force) = InForce::of(entry, &record) {
            let new = in_force.owner().filter(|owner| !self.owners.contains(owner)).cloned();
            self.owners.extend(new);
            self.in_force = Some(in_force);
        }
        self.population.add(entry, &record, bytes);
        match record.body {
            Body::Release(release) => {
                self.releases.push((entry, release));
                true
            }
            _ => false,
        }
    }

    fn wrong(&mut self, entry: u64, what: String) {
        if self.broken.len() < STATEMENTS_NAMED_MAX {
            self.broken.push((entry, what));
        } else {
            self.more += 1;
        }
    }

    /// Whether each record is what it should be by itself, and the case that of
    /// the log.
    fn check(&self, checkpoint: &Checkpoint, report: &mut Report) -> bool {
        let before = report.broken_so_far();
        for (entry, what) in &self.broken {
            report.broken(Place::Entry(*entry), what);
        }
        report.more_broken(self.more);
        for (entry, name, count) in &self.unknown {
            let place = Place::Entry(*entry);
            match name {
                Some(name) => report.type_not_understood(
                    place,
                    format!("not understood, passed over: a record of type {name}"),
                ),
                None => report.not_understood(place, *count),
            }
        }
        report.not_understood(Place::Log, self.unknown_more);
        if let Some(origin) = self.origin.as_ref().filter(|origin| **origin != checkpoint.origin) {
            let (said, case) = (shown(&checkpoint.origin), shown(origin));
            let text = format!("it is of {said}, and the case in entry 0 is {case}");
            report.broken(Place::Checkpoint, text);
        }
        report.broken_so_far() == before
    }
}

fn check_accounts(accounted: &Accounted, report: &mut Report) {
    for (entry, what) in &accounted.complaints {
        report.broken(Place::Entry(*entry), what);
    }
    report.more_broken(accounted.more);
    for examined in &accounted.examinations {
        let said = &examined.examination;
        let place = Place::Entry(examined.entry);
        let kind = match said.kind {
            ExaminationKind::Examine => "examine",
            ExaminationKind::Hunt => "hunt",
        };
        if examined.adds_up {
            let text = format!(
                "examination {} ({kind}) accounts for {} events in {} cells",
                said.number, said.cells.events, said.cells.count
            );
            report.proven(place.clone(), text);
        }
        if !said.complete {
            report.claimed(place.clone(), "it was stopped before its end");
        }
        let (engine, rules) = (shown(&said.engine), said.rules.count);
        report.claimed(place, format!("made by {engine} with {rules} rules"));
    }
    for Exposed { entry, exposure, evidence, adds_up, .. } in &accounted.exposures {
        let (number, count) = (exposure.number, exposure.records.count.saturating_sub(1));
        if *adds_up {
            let text = format!(
                "exposure {number}: {count} verdicts on {} entries of the log; they rest on \
                 {evidence} events, all in the case",
                exposure.size
            );
            report.proven(Place::Entry(*entry), text);
        }
        let text = format!("the verdicts are those of {}", shown(&exposure.engine));
        report.claimed(Place::Entry(*entry), text);
    }
}

/// Checks files; gives what the log names.
fn check_files(
    folder: &Folder,
    accounted: &Accounted,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> BTreeSet<String> {
    let mut check = FileCheck::new(folder, accounted, report, progress);
    for examined in &accounted.examinations {
        check.examination(accounted, examined);
    }
    for exposed in &accounted.exposures {
        check.exposure(exposed);
    }
    check.names()
}

/// The release that is kept is the one that was sealed.
fn check_kept(
    folder: &Folder,
    entry: u64,
    release: &Release,
    checkpoint: &Checkpoint,
    roots: &Roots,
    report: &mut Report,
) {
    let name = release.file();
    let place = Place::File(name.clone());
    if !folder.has(&name) {
        return report.missing(place, "the release itself is not kept in the case");
    }
    let root = roots.get(&(entry + 1)).copied();
    let kept = folder.read(&name, RELEASE_BYTES_MAX);
    let kept = kept.and_then(|bytes| kept_release(&bytes, &release.content));
    match kept.as_ref().map(SignedCheckpoint::unverified) {
        Err(what) => report.broken(place, what),
        Ok(kept) if kept.origin != checkpoint.origin || kept.size != entry + 1 => {
            report.broken(place, "its checkpoint is not the one that ends in its record");
        }
        Ok(kept) if Some(kept.root) != root => {
            report.broken(place, "its checkpoint has another root than this log");
        }
        Ok(_) => report.proven(place, "it is the release that was sealed, and all in it fits"),
    }
}

/// What is kept as evidence of forks.
struct Forks {
    names: Vec<String>,
}

impl Forks {
    fn below(folder: &Folder) -> Self {
        Self { names: folder.files(FORKS, |_| true) }
    }

    /// The checkpoint in a file, or in a request for a cosignature.
    fn read(folder: &Folder, name: &str) -> Result<SignedCheckpoint, String> {
        let bytes = folder.read(name, 2 * NOTE_BYTES_MAX)?;
        if !bytes.starts_with(b"old ") {
            return parse_checkpoint(&bytes);
        }
        let empty_line = bytes.windows(2).position(|pair| pair == b"\n\n");
        parse_checkpoint(empty_line.and_then(|at| bytes.get(at + 2..)).unwrap_or_default())
    }

    /// The sizes of which a root will be asked for.
    fn sizes(&self, folder: &Folder) -> BTreeSet<u64> {
        let read = self.names.iter().filter_map(|name| Self::read(folder, name).ok());
        read.map(|kept| kept.unverified().size).collect()
    }

    fn check(
        &self,
        folder: &Folder,
        checkpoint: &Checkpoint,
        owners: &[VerifyingKey],
        roots: &Roots,
        report: &mut Report,
    ) {
        let keys: Vec<VerifyingKey> =
            owners.iter().filter_map(|key| as_log(key, &checkpoint.origin)).collect();
        for name in &self.names {
            let place = Place::File(name.clone());
            let signed = match Self::read(folder, name) {
                Ok(signed) => signed,
                Err(what) => {
                    report.broken(place, what);
                    continue;
                }
            };
            let kept = signed.unverified();
            if kept.origin != checkpoint.origin || kept.size > checkpoint.size {
                continue;
            }
            let standings: Vec<Standing> =
                keys.iter().map(|key| signed.note().standing(key)).collect();
            if standings.contains(&Standing::Wrong) {
                report.broken(place, "the owner's signature does not fit");
            } else if standings.iter().any(|standing| matches!(standing, Standing::Signed(_)))
                && roots.get(&kept.size) != Some(&kept.root)
            {
                let text = format!(
                    "the log is forked: the owner has signed another root for {} entries; keep \
                     this file",
                    kept.size
                );
                report.broken(place, text);
            }
        }
    }
}

/// Names the files that prove nothing.
fn note_others(
    folder: &Folder,
    named: &BTreeSet<String>,
    accounted: &Accounted,
    releases: &[(u64, Release)],
    report: &mut Report,
) {
    let mut known: BTreeSet<String> = [CHECKPOINT, CHECKPOINT_NEXT, LOCK].map(str::to_owned).into();
    known.extend(releases.iter().map(|(_, release)| release.file()));
    let leaves = |examined: &Examined| examined.examination.leaves_file();
    known.extend(accounted.examinations.iter().map(leaves));
    for name in folder.files("", |folder| folder != TILES && folder != FORKS) {
        if !known.contains(&name) && !named.contains(&name) {
            report.claimed(Place::File(name), "the log does not name it: it proves nothing");
        }
    }
}

fn about(
    checkpoint: &Checkpoint,
    in_force: &InForce,
    accounted: Accounted,
    releases: Vec<(u64, Release)>,
) -> Option<About> {
    let events = accounted.cells.iter().map(|cell| cell.events).fold(0, u64::saturating_add);
    let cells = accounted.cells.len() as u64;
    let examinations = accounted.examinations.into_iter();
    Some(About {
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: checkpoint.root,
        owner: in_force.owner()?.clone(),
        parties: in_force.parties.clone(),
        policy: in_force.policy.clone(),
        examinations: examinations.map(|e| (e.entry, e.examination)).collect(),
        releases,
        cells,
        events,
        gaps: accounted.gaps,
        missing_records: accounted.missing,
        empty_days: accounted.empty_days,
    })
}
