//! The answer goes into the case: files first, then a record for each verdict
//! and one for the whole, then the log is published.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use hashbrown::{HashMap, HashSet};
use sekisho_case::Hash;
use sekisho_case::record::{
    Body, EvidenceLeaf, Exposure, FileSum, Results, Span, Verdict as VerdictRecord, VerdictGrade,
    VerdictWord,
};
use sekisho_case::time::Timestamp;
use sekisho_event::{RECORD_ID_UNKNOWN, TIME_UNKNOWN};
use sekisho_exposure::answer::{Answer, AssetVerdict, Cited, Grade, Verdict};
use sekisho_exposure::evidence::{Evidence, Record};
use serde_json::json;

use super::page;
use super::{Given, Options, Outcome};
use crate::seal::publish::{ENGINE, sync_folder};
use crate::seal::{CaseWriter, Published, write_durably};

/// Most characters of a sentence in a record; an entry of the log has a limit.
const SENTENCE_CHARS_MAX: usize = 1_000;

/// Most characters of what one event shows.
const WHY_CHARS_MAX: usize = 300;

/// Most events that a record of a verdict names.
const LEAVES_MAX: usize = 12;

/// Everything that was asked, and of what.
pub(super) struct Asked<'a> {
    pub(super) options: &'a Options,
    pub(super) given: &'a Given,
    pub(super) events: u64,
    /// Entries of the log.
    pub(super) size: u64,
}

/// Puts an answer on record.
///
/// # Errors
///
/// Where it cannot be written; then the case is as it was.
pub(super) fn publish(
    case: &mut CaseWriter,
    asked: &Asked<'_>,
    answer: Answer,
    evidence: &Evidence,
) -> Result<Outcome> {
    let number = case.next.exposure;
    let first = case.log.size();
    let verdicts = verdict_records(number, &answer, evidence)?;
    let mut json = serde_json::to_string_pretty(&answer)?;
    json.push('\n');
    let exposure = Exposure {
        number,
        engine: ENGINE.to_owned(),
        size: asked.size,
        // Its verdicts, and what it wrote.
        records: Span { first, count: verdicts.len() as u64 + 1 },
        events: asked.events,
        seeds: (asked.given.question.seeds.len() as u64).saturating_sub(answer.cleared.detections),
    };
    let folder = case.folder.join(exposure.folder());
    let page = page::render(&answer, &making(asked, &exposure, case.origin()));
    let written = write_files(&folder, asked, &answer, &json, &page)?;
    let files = written
        .iter()
        .map(|(name, sum)| FileSum { name: format!("{}{name}", exposure.folder()), ..sum.clone() });
    let results = Results {
        files: files.collect(),
        output_root: None,
        assets: asked.given.assets.as_ref().map(|file| file.sha256),
        estate: asked.given.estate.as_ref().map(|file| file.sha256),
    };
    let seeds = exposure.seeds;
    for verdict in verdicts {
        case.append(Body::Verdict(Box::new(verdict)))?;
    }
    case.append(Body::Results(results))?;
    case.append(Body::Exposure(Box::new(exposure)))?;
    for folder in [folder.as_path(), &case.folder.join("exposures"), &case.folder] {
        sync_folder(folder).with_context(|| format!("syncing {}", folder.display()))?;
    }
    let Published { checkpoint, warning } = case.publish()?;
    let (entries, root) = (checkpoint.size, checkpoint.root);
    let files = copies(asked.options.out.as_deref(), &folder, number)?;
    let events = asked.events;
    Ok(Outcome { answer, json, number, events, seeds, files, entries, root, warning })
}

fn making(asked: &Asked<'_>, exposure: &Exposure, origin: &str) -> page::Making {
    page::Making {
        engine: exposure.engine.clone(),
        origin: origin.to_owned(),
        number: exposure.number,
        size: exposure.size,
        events: exposure.events,
        seeds: exposure.seeds,
        said: asked.options.said.iter().map(|seed| seed.text.clone()).collect(),
        cleared: asked.options.clear.iter().map(|word| word.text.clone()).collect(),
        assets: asked.given.assets.as_ref().map(|file| file.sha256),
        estate: asked.given.estate.as_ref().map(|file| file.sha256),
    }
}

/// Writes all files of an exposure: their names and sums.
fn write_files(
    folder: &Path,
    asked: &Asked<'_>,
    answer: &Answer,
    json: &str,
    page: &str,
) -> Result<Vec<(&'static str, FileSum)>> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let options = asked.options;
    let said: Vec<&str> = options.said.iter().map(|seed| seed.text.as_str()).collect();
    let level = options.seed_level.map(sekisho_sigma::rule::Level::name);
    let seeds = json!({
        "version": 1, "detections_from": level, "said": said, "cleared": answer.cleared,
    });
    let seeds = format!("{}\n", serde_json::to_string_pretty(&seeds)?);
    let declared = [("assets.toml", &asked.given.assets), ("estate.toml", &asked.given.estate)];
    let declared = declared.into_iter().filter_map(|(name, file)| Some((name, file.as_ref()?)));
    let mut all: Vec<(&'static str, &str)> = vec![("exposure.json", json), ("exposure.html", page)];
    all.extend(declared.map(|(name, file)| (name, file.text.as_str())));
    all.push(("seeds.json", &seeds));
    let mut sums = Vec::new();
    for (name, text) in all {
        let bytes = text.as_bytes();
        write_durably(&folder.join(name), bytes)?;
        let (sha256, length) = (Hash::of(bytes), bytes.len() as u64);
        sums.push((name, FileSum { name: String::new(), sha256, bytes: length }));
    }
    Ok(sums)
}

/// Copies the answer into a folder if one is asked for; where it is then.
fn copies(out: Option<&Path>, folder: &Path, number: u32) -> Result<[PathBuf; 2]> {
    let kept = ["exposure.json", "exposure.html"].map(|name| folder.join(name));
    let Some(out) = out else { return Ok(kept) };
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let copied = ["json", "html"].map(|ending| out.join(format!("exposure-{number}.{ending}")));
    for (from, to) in kept.iter().zip(&copied) {
        fs::copy(from, to).with_context(|| format!("copying {}", from.display()))?;
    }
    Ok(copied)
}

fn verdict_records(
    number: u32,
    answer: &Answer,
    evidence: &Evidence,
) -> Result<Vec<VerdictRecord>> {
    let cited: HashSet<(u32, u64)> =
        answer.verdicts.iter().flat_map(|v| &v.evidence).map(|c| (c.cell, c.index)).collect();
    let records: HashMap<(u32, u64), &Record> = evidence
        .records()
        .iter()
        .map(|record| ((record.cell, record.index), record))
        .filter(|(event, _)| cited.contains(event))
        .collect();
    let mut assets = HashSet::new();
    let mut verdicts = Vec::new();
    for verdict in &answer.verdicts {
        // Of two declarations of one id the first has the record.
        if assets.insert(&verdict.asset) {
            let mut record = verdict_record(number, verdict, &records)?;
            record.why = on_condition(&record.why, answer.cleared.detections);
            verdicts.push(record);
        }
    }
    Ok(verdicts)
}

/// Why, and that an analyst cleared detections: who is shown a verdict alone
/// does not see the answer.
fn on_condition(why: &str, cleared: u64) -> String {
    if cleared == 0 {
        return why.to_owned();
    }
    let detections = if cleared == 1 { "detection" } else { "detections" };
    let told = format!("; the analyst cleared {cleared} {detections}");
    let room = SENTENCE_CHARS_MAX.saturating_sub(told.chars().count());
    cut(why, room) + &told
}

fn verdict_record(
    number: u32,
    verdict: &AssetVerdict,
    records: &HashMap<(u32, u64), &Record>,
) -> Result<VerdictRecord> {
    let mut seen = HashSet::new();
    let mut evidence = Vec::new();
    for Cited { cell, index, why, .. } in &verdict.evidence {
        if evidence.len() == LEAVES_MAX || !seen.insert((*cell, *index)) {
            continue;
        }
        let Some(record) = records.get(&(*cell, *index)) else {
            bail!(
                "the verdict on {} cites event {cell}.{index}, which was not read",
                verdict.asset
            );
        };
        evidence.push(EvidenceLeaf {
            cell: *cell,
            index: *index,
            time: (record.time != TIME_UNKNOWN).then_some(Timestamp(record.time)),
            record_id: (record.record_id != RECORD_ID_UNKNOWN).then_some(record.record_id),
            why: cut(why, WHY_CHARS_MAX),
        });
    }
    Ok(VerdictRecord {
        exposure: number,
        asset: verdict.asset.clone(),
        verdict: word(verdict.verdict),
        grade: grade(verdict.grade),
        detail: cut(&verdict.detail, WHY_CHARS_MAX),
        why: cut(&verdict.why, SENTENCE_CHARS_MAX),
        first: verdict.first.as_deref().and_then(moment),
        last: verdict.last.as_deref().and_then(moment),
        evidence,
    })
}

/// A time of an answer.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok().map(Timestamp)
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn word(verdict: Verdict) -> VerdictWord {
    match verdict {
        Verdict::RuledOut => VerdictWord::RuledOut,
        Verdict::CannotBeDetermined => VerdictWord::CannotBeDetermined,
        Verdict::Reachable => VerdictWord::Reachable,
        Verdict::Accessed => VerdictWord::Accessed,
        Verdict::Exfiltrated => VerdictWord::Exfiltrated,
    }
}

fn grade(grade: Grade) -> VerdictGrade {
    match grade {
        Grade::Possible => VerdictGrade::Possible,
        Grade::Probable => VerdictGrade::Probable,
        Grade::Proven => VerdictGrade::Proven,
    }
}
