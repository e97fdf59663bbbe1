//! The verification of a release by a stranger, step by step.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::authority::{
    InForce, check_cosignatures, check_given_keys, check_owner, check_seen, check_usage,
    parse_checkpoint,
};
use super::report::Report;
use super::{About, DisclosedEvent, Trust, UsageError, Verified};
use crate::Hash;
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::event::{Disclosed, Disclosure, EventHead, Kind, Leaf, check, plain_name, written_name};
use crate::hash::shown;
use crate::limits::{RELEASE_EVENTS_MAX, RELEASE_VALUES_MAX};
use crate::merkle::{leaf_hash, verify_inclusion};
use crate::record::{Body, Cell, EvidenceLeaf, Examination, Record, Verdict, compared};
use crate::release::archive;
use crate::release::{CHECKPOINT_FILE, CONTENT_FILE, ENTRIES_FOLDER, PROOF_SUFFIX};
use crate::statement::Place;
use crate::time::Timestamp;

/// The version of releases.
const VERSION: u64 = 1;

/// The first line of the proof of an entry.
const PROOF_LINE: &str = "c2sp.org/tlog-proof@v1";

/// `release.json`, as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    version: u64,
    origin: String,
    number: u64,
    to: String,
    events: Vec<DocumentEvent>,
    entries: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DocumentEvent {
    cell: u64,
    index: u64,
    proof: Vec<String>,
    leaf: String,
    disclosures: Vec<String>,
    withheld: Option<Vec<String>>,
}

/// The members of a release.
type Members = BTreeMap<String, Vec<u8>>;

/// Verifies the bytes of a release.
///
/// # Errors
/// The checkpoint seen before is of no use.
pub fn verify_release(bytes: &[u8], trust: &Trust) -> Result<Verified, UsageError> {
    check_usage(trust)?;
    let mut report = Report::default();
    let mut events = Vec::new();
    let about = verify(bytes, trust, &mut report, &mut events);
    Ok(report.end(&Place::Release, about, events))
}

fn verify(
    bytes: &[u8],
    trust: &Trust,
    report: &mut Report,
    events: &mut Vec<DisclosedEvent>,
) -> Option<About> {
    verify_opened(&open(bytes, report)?, trust, report, events)
}

fn verify_opened(
    opened: &Opened,
    trust: &Trust,
    report: &mut Report,
    events: &mut Vec<DisclosedEvent>,
) -> Option<About> {
    let (signed, document) = (&opened.signed, &opened.document);
    let checkpoint = signed.unverified();
    if !check_given_keys(signed, trust, report) {
        return None;
    }
    let records = proven_records(opened, report)?;
    let in_force = check_case(&records, checkpoint, report)?;
    if !check_owner(signed, &in_force, trust, report) {
        return None;
    }
    let text = format!("{} records of the release are in the log", records.len());
    report.proven(Place::Release, text);
    check_cosignatures(signed, &in_force, trust, report);
    check_seen(checkpoint, None, trust, report);
    if document.origin != checkpoint.origin {
        let text = format!("it is of another case: {}", shown(&document.origin));
        report.broken(Place::File(CONTENT_FILE.to_owned()), text);
    }
    check_release_record(&records, document, opened, report);
    let examinations = examinations(&records);
    for (position, event) in (0..).zip(&document.events) {
        let place = Place::Event(position);
        match disclosed_event(position, event, &records, &examinations) {
            Err(what) => report.broken(place, what),
            Ok((event, cell)) => {
                note_event(&event, cell, place, report);
                events.push(event);
            }
        }
    }
    check_verdicts(&records, events, report);
    note_claims(document, &examinations, report);
    about(opened, &in_force, &records, events.len())
}

/// A release whose members are those that it lists.
struct Opened {
    members: Members,
    signed: SignedCheckpoint,
    document: Document,
    /// The entries in it, with that of the release.
    numbers: Vec<u64>,
}

fn file(name: &str) -> Place {
    Place::File(name.to_owned())
}

fn open(bytes: &[u8], report: &mut Report) -> Option<Opened> {
    let opened = archive::open(bytes);
    for broken in &opened.broken {
        report.broken(Place::Zip, format!("{} {}", broken.file, broken.what));
    }
    if !opened.broken.is_empty() {
        return None;
    }
    let names: Vec<String> = opened.files.iter().map(|file| file.name.clone()).collect();
    let members: Members = opened.files.into_iter().map(|file| (file.name, file.bytes)).collect();
    for name in [CONTENT_FILE, CHECKPOINT_FILE] {
        if !members.contains_key(name) {
            report.broken(file(name), "is not in the release");
        }
    }
    let document = members.get(CONTENT_FILE).map(|bytes| parse_document(bytes));
    let signed = members.get(CHECKPOINT_FILE).map(|bytes| parse_checkpoint(bytes));
    let document = match document? {
        Ok((document, not_understood)) => {
            report.not_understood(file(CONTENT_FILE), not_understood);
            Some(document)
        }
        Err(what) => {
            report.broken(file(CONTENT_FILE), what);
            None
        }
    };
    let signed = match signed? {
        Ok(signed) => Some(signed),
        Err(what) => {
            report.broken(Place::Checkpoint, what);
            None
        }
    };
    let (document, signed) = (document?, signed?);
    match numbers_of(&document, &names, signed.unverified().size) {
        Ok(numbers) => Some(Opened { members, signed, document, numbers }),
        Err(what) => {
            report.broken(Place::Zip, what);
            None
        }
    }
}

/// Reads `release.json`; also how many members are not understood.
fn parse_document(bytes: &[u8]) -> Result<(Document, u64), String> {
    check_values(bytes, RELEASE_VALUES_MAX)?;
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    crate::json::members(text).map_err(|e| e.to_string())?;
    let document: Document = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let same = serde_json::to_vec(&document).is_ok_and(|written| written == bytes);
    let not_understood = if same { 0 } else { compared(text, &document)? };
    if document.version != VERSION {
        return Err(format!("version {} is not known; expected {VERSION}", document.version));
    }
    if document.events.len() > RELEASE_EVENTS_MAX {
        return Err(format!("more than {RELEASE_EVENTS_MAX} events are not read"));
    }
    if !document.entries.is_sorted_by(|a, b| a < b) {
        return Err("its entries are not in ascending order".to_owned());
    }
    if !document.events.is_sorted_by(|a, b| (a.cell, a.index) < (b.cell, b.index)) {
        return Err("its events are not in ascending order of cell and index".to_owned());
    }
    Ok((document, not_understood as u64))
}

/// Whether JSON has no more values than are read: each but the first comes after
/// one of these characters. What is small in a file may be large in memory, and
/// nobody has signed it yet.
fn check_values(bytes: &[u8], values_max: usize) -> Result<(), String> {
    let opens = |byte: &&u8| matches!(byte, b',' | b'[' | b'{');
    if bytes.iter().filter(opens).count() <= values_max {
        return Ok(());
    }
    Err(format!("more than {values_max} of the characters `,`, `[` and `{{` are not read"))
}

/// The entries of a release whose members are those that it lists, in order.
fn numbers_of(document: &Document, names: &[String], size: u64) -> Result<Vec<u64>, String> {
    let last = size.saturating_sub(1);
    let entries = &document.entries;
    if entries.first() != Some(&0) || entries.last().is_none_or(|entry| *entry >= last) {
        return Err(format!("its entries are not from 0 to below {last}"));
    }
    let numbers: Vec<u64> = entries.iter().copied().chain([last]).collect();
    let fixed = [CONTENT_FILE, CHECKPOINT_FILE].map(str::to_owned);
    let of_entries = numbers.iter().flat_map(|number| {
        let name = format!("{ENTRIES_FOLDER}{number}");
        [name.clone(), format!("{name}{PROOF_SUFFIX}")]
    });
    let mut found = names.iter();
    for expected in fixed.into_iter().chain(of_entries) {
        match found.next() {
            Some(name) if *name == expected => {}
            Some(name) => return Err(format!("{} where {expected} should be", shown(name))),
            None => return Err(format!("{expected} is not there")),
        }
    }
    match found.next() {
        Some(name) => Err(format!("{} does not belong there", shown(name))),
        None => Ok(numbers),
    }
}

/// Checks that an entry is in the log.
fn check_proof(
    number: u64,
    entry: &[u8],
    proof: &[u8],
    checkpoint: &Checkpoint,
    note: &[u8],
) -> Result<(), String> {
    let end = proof.windows(2).position(|pair| pair == b"\n\n");
    let (head, rest) = end.and_then(|at| proof.split_at_checked(at + 2)).unwrap_or_default();
    if rest != note {
        return Err("its proof does not end in the checkpoint of the release".to_owned());
    }
    let head = std::str::from_utf8(head).ok().and_then(|head| head.strip_suffix("\n\n"));
    let mut lines = head.unwrap_or_default().split('\n');
    if lines.next() != Some(PROOF_LINE) || lines.next() != Some(&format!("index {number}")) {
        return Err(format!("its proof is no tlog-proof of entry {number}"));
    }
    let hashes: Result<Vec<Hash>, _> = lines.map(Hash::from_base64).collect();
    let hashes = hashes.map_err(|e| e.to_string())?;
    verify_inclusion(&leaf_hash(entry), number, checkpoint.size, &hashes, &checkpoint.root)
        .map_err(|e| e.to_string())
}

/// The records, if all are in the log and what they should be by themselves.
fn proven_records(opened: &Opened, report: &mut Report) -> Option<BTreeMap<u64, Record>> {
    let mut records = BTreeMap::new();
    let empty = Vec::new();
    let member = |name: &str| opened.members.get(name).unwrap_or(&empty);
    let note = member(CHECKPOINT_FILE);
    for number in &opened.numbers {
        let place = Place::Entry(*number);
        let name = format!("{ENTRIES_FOLDER}{number}");
        let (entry, proof) = (member(&name), member(&format!("{name}{PROOF_SUFFIX}")));
        let proven = check_proof(*number, entry, proof, opened.signed.unverified(), note);
        match proven.and_then(|()| Record::parse(entry).map_err(|e| e.to_string())) {
            Err(what) => report.broken(place, what),
            Ok(record) => {
                match &record.body {
                    Body::Unknown { name, .. } => {
                        let what = format!("a record of type {}", shown(name));
                        let text = format!("not understood, passed over: {what}");
                        report.type_not_understood(place, text);
                    }
                    _ => report.not_understood(place, record.not_understood as u64),
                }
                records.insert(*number, record);
            }
        }
    }
    (records.len() == opened.numbers.len()).then_some(records)
}

/// Entry 0, and no other, is the case; gives the latest parties.
fn check_case(
    records: &BTreeMap<u64, Record>,
    checkpoint: &Checkpoint,
    report: &mut Report,
) -> Option<InForce> {
    let before = report.broken_so_far();
    for (number, record) in records {
        let is_case = matches!(record.body, Body::Case(_));
        if is_case != (*number == 0) {
            let text = if is_case { "is a second case" } else { "is no record of a case" };
            if is_case || *number == 0 {
                report.broken(Place::Entry(*number), text);
            }
        }
    }
    if let Some(Body::Case(case)) = records.get(&0).map(|record| &record.body)
        && case.origin != checkpoint.origin
    {
        let (said, case) = (shown(&checkpoint.origin), shown(&case.origin));
        let text = format!("it is of {said}, and the case in entry 0 is {case}");
        report.broken(Place::Checkpoint, text);
    }
    if report.broken_so_far() > before {
        return None;
    }
    records.iter().rev().find_map(|(number, record)| InForce::of(*number, record))
}

/// The record of the release says the same as `release.json`.
fn check_release_record(
    records: &BTreeMap<u64, Record>,
    document: &Document,
    opened: &Opened,
    report: &mut Report,
) {
    let Some((number, record)) = records.last_key_value() else { return };
    let place = Place::Entry(*number);
    let Body::Release(said) = &record.body else {
        let text = "the last entry of the checkpoint is not the record of this release";
        return report.broken(place, text);
    };
    let content = opened.members.get(CONTENT_FILE).map(|bytes| Hash::of(bytes));
    if content != Some(said.content) {
        let text = "it is not what the record of the release has sealed";
        report.broken(file(CONTENT_FILE), text);
    }
    let events = document.events.len() as u64;
    let fields: u64 = document.events.iter().map(|event| event.disclosures.len() as u64).sum();
    let wrong: Vec<&str> = [
        ("number", u64::from(said.number) != document.number),
        ("to", said.to != document.to),
        ("events", said.events != events),
        ("fields", said.fields != fields),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect();
    if !wrong.is_empty() {
        let text = format!("it differs from release.json in {}", wrong.join(", "));
        report.broken(place, text);
    } else if content == Some(said.content) {
        report.proven(place, "the owner sealed into the log that this was released");
    }
}

/// The examinations, by entry.
fn examinations(records: &BTreeMap<u64, Record>) -> BTreeMap<u64, &Examination> {
    let examination = |(number, record): (&u64, &'_ Record)| match &record.body {
        Body::Examination(_) => Some(*number),
        _ => None,
    };
    let numbers = records.iter().filter_map(examination);
    numbers
        .filter_map(|number| match &records.get(&number)?.body {
            Body::Examination(examination) => Some((number, &**examination)),
            _ => None,
        })
        .collect()
}

/// The examination to whose records an entry belongs.
fn examination_of<'a>(
    entry: u64,
    examinations: &BTreeMap<u64, &'a Examination>,
) -> Option<&'a Examination> {
    let (number, examination) = examinations.range(entry.checked_add(1)?..).next()?;
    let (first, count) = (examination.records.first, examination.records.count);
    let inside = first <= entry && first.checked_add(count) == Some(*number);
    inside.then_some(*examination)
}

/// Opens an event, and follows it to the root of its cell.
fn disclosed_event<'a>(
    position: u64,
    event: &DocumentEvent,
    records: &'a BTreeMap<u64, Record>,
    examinations: &BTreeMap<u64, &Examination>,
) -> Result<(DisclosedEvent, &'a Cell), String> {
    let Some(Body::Cell(cell)) = records.get(&event.cell).map(|record| &record.body) else {
        return Err(format!("entry {} is no cell in this release", event.cell));
    };
    let examination = examination_of(event.cell, examinations);
    let sealed = examination.and_then(|examination| Some((examination, examination.seal?)));
    let Some((examination, seal)) = sealed else {
        return Err("the examination that sealed its cell is not in this release".to_owned());
    };
    let leaf = STANDARD.decode(&event.leaf).map_err(|_| "its leaf is no base64".to_owned())?;
    let leaf = Leaf::parse(&leaf).map_err(|e| e.to_string())?;
    let proof: Result<Vec<Hash>, _> = event.proof.iter().map(|t| Hash::from_base64(t)).collect();
    let proof = proof.map_err(|e| e.to_string())?;
    verify_inclusion(&leaf.hash(), event.index, cell.events, &proof, &cell.root)
        .map_err(|e| format!("it is not in its cell: {e}"))?;
    check_head(&leaf, cell, examination)?;
    if leaf.kind != Kind::from(seal.kind) {
        return Err("it is sealed in another way than its examination says".to_owned());
    }
    let disclosures = event.disclosures.iter().map(|text| Disclosure::parse(text));
    let disclosures: Result<Vec<_>, _> = disclosures.collect();
    let disclosures = disclosures.map_err(|e| e.to_string())?;
    let disclosed = check(&leaf, &disclosures).map_err(|e| e.to_string())?;
    let withheld = check_withheld(&leaf, &disclosed, event.withheld.as_deref())?;
    let names_proven = disclosed.withheld_names.is_some();
    let plain = |name: &String| plain_name(name).unwrap_or(name).to_owned();
    let event = DisclosedEvent {
        cell: event.cell,
        index: event.index,
        position,
        product: cell.product.clone(),
        host: cell.host.clone(),
        channel: cell.channel.clone(),
        head: leaf.head,
        fields: disclosed.fields,
        withheld,
        withheld_names: event.withheld.as_ref().map(|names| names.iter().map(plain).collect()),
        names_proven,
    };
    Ok((event, cell))
}

/// Source and time in the head of a leaf are those of its examination and cell.
fn check_head(leaf: &Leaf, cell: &Cell, examination: &Examination) -> Result<(), String> {
    let (source, sources) = (u64::from(leaf.head.source), examination.sources);
    if source.checked_sub(sources.first).is_none_or(|at| at >= sources.count) {
        return Err(format!("source {source} is none of its examination's"));
    }
    let time = leaf.head.time;
    let fits = match (cell.first.time, cell.last.time) {
        (Some(first), Some(last)) => first.0 <= time && time <= last.0,
        _ => time == EventHead::TIME_UNKNOWN,
    };
    if fits { Ok(()) } else { Err("its time is outside of its cell".to_owned()) }
}

/// How many fields are withheld (`None` of a whole event), if what the release
/// says of them can be.
fn check_withheld(
    leaf: &Leaf,
    disclosed: &Disclosed,
    said: Option<&[String]>,
) -> Result<Option<u64>, String> {
    if let Some(names) = said {
        let written = names.iter().all(|name| plain_name(name).is_some());
        if !written || !names.is_sorted_by(|a, b| a < b) {
            return Err("the withheld names are not names of fields in order".to_owned());
        }
    }
    if leaf.kind == Kind::Whole {
        let fits = match &disclosed.withheld_names {
            Some(_) => said == Some(&[]),
            None => said.is_none(),
        };
        let wrong = "of an event that is shown whole, withheld is [], and else null";
        let count = disclosed.withheld_names.as_ref().map(|_| 0);
        return if fits { Ok(count) } else { Err(wrong.to_owned()) };
    }
    let shown: Vec<_> = disclosed.fields.iter().map(|(name, _)| written_name(name)).collect();
    let count = leaf.digests().len().checked_sub(1 + shown.len());
    let count = count.ok_or_else(|| "more fields are disclosed than it has".to_owned())?;
    let fits = match (&disclosed.withheld_names, said) {
        (Some(proven), Some(said)) => {
            proven.iter().map(|name| written_name(name)).eq(said.iter().map(String::as_str))
        }
        (Some(_), None) => false,
        (None, Some(said)) => {
            // They are in order, as was checked above.
            let is_said =
                |name: &str| said.binary_search_by(|said| said.as_str().cmp(name)).is_ok();
            said.len() == count && !shown.iter().any(|name| is_said(name))
        }
        (None, None) => true,
    };
    let wrong = || format!("what is said to be withheld does not fit: {count} fields are");
    if fits { Ok(Some(count as u64)) } else { Err(wrong()) }
}

fn note_event(event: &DisclosedEvent, cell: &Cell, place: Place, report: &mut Report) {
    let day = cell.day.map_or_else(|| "without a day".to_owned(), |day| day.to_string());
    let text = format!(
        "event {} of {} of {}, {}, {}, {day}{}; {} fields are as they were sealed",
        event.index,
        cell.events,
        shown(&cell.product),
        shown(&cell.host),
        shown(&cell.channel),
        match event.head.time {
            EventHead::TIME_UNKNOWN => String::new(),
            time => format!(", by its own clock at {}", Timestamp(time)),
        },
        event.fields.len()
    );
    report.proven(place.clone(), text);
    let Some(count) = event.withheld else { return };
    let names = event.withheld_names.as_ref().map(|names| {
        let names: Vec<String> = names.iter().map(|name| shown(name)).collect();
        names.join(", ")
    });
    match names {
        Some(names) if event.names_proven && count > 0 => {
            report.proven(place, format!("{count} fields are withheld: {names}"));
        }
        Some(names) if count > 0 => {
            report.proven(place.clone(), format!("{count} fields are withheld"));
            report.claimed(place, format!("the withheld fields are {names}"));
        }
        _ => report.proven(place, format!("{count} fields are withheld")),
    }
}

/// Verdicts in a release: that the case has them, and that the events that
/// they rest on are the ones that are shown.
fn check_verdicts(records: &BTreeMap<u64, Record>, events: &[DisclosedEvent], report: &mut Report) {
    let cells: BTreeMap<u32, (u64, u64)> = records
        .iter()
        .filter_map(|(entry, record)| match &record.body {
            Body::Cell(cell) => Some((cell.number, (*entry, cell.events))),
            _ => None,
        })
        .collect();
    let shown_events: BTreeMap<(u64, u64), EventHead> =
        events.iter().map(|event| ((event.cell, event.index), event.head)).collect();
    let exposures = Exposures::of(records);
    for (entry, record) in records {
        let Body::Verdict(verdict) = &record.body else { continue };
        let place = || Place::Entry(*entry);
        let asset = shown(&verdict.asset);
        let said = format!(
            "verdict {} ({}) of asset {asset} in exposure {}",
            verdict.verdict.name(),
            verdict.grade.name(),
            verdict.exposure
        );
        if !exposures.have(*entry, verdict) {
            let what = format!("exposure {}, which says it, is not there", verdict.exposure);
            report.broken(place(), what);
            continue;
        }
        let (mut proven, mut lacking) = (0, 0);
        for leaf in &verdict.evidence {
            match evidence_shown(leaf, &cells, &shown_events) {
                Ok(true) => proven += 1,
                Ok(false) => lacking += 1,
                Err(what) => {
                    let text = format!("rests on event {}.{}: {what}", leaf.cell, leaf.index);
                    report.broken(place(), text);
                }
            }
        }
        let count = verdict.evidence.len();
        if count == proven {
            let all = if count == 0 { "" } else { ", all proven" };
            report.proven(place(), format!("{said}, rests on {count} events{all}"));
        } else {
            report.proven(place(), format!("{said}, rests on {count} events, {proven} proven"));
        }
        if lacking > 0 {
            report.missing(place(), format!("{lacking} of its events are not in this release"));
        }
        report.claimed(place(), format!("that it follows from them: {}", shown(&verdict.why)));
    }
}

/// The exposures of a release, by number: where the records of each begin, and
/// its own entry. Only those whose records end directly before it are of use.
struct Exposures(BTreeMap<u32, Vec<(u64, u64)>>);

impl Exposures {
    fn of(records: &BTreeMap<u64, Record>) -> Self {
        let mut all = BTreeMap::<u32, Vec<(u64, u64)>>::new();
        for (at, record) in records {
            let Body::Exposure(exposure) = &record.body else { continue };
            let (first, count) = (exposure.records.first, exposure.records.count);
            if first.checked_add(count) == Some(*at) {
                all.entry(exposure.number).or_default().push((first, *at));
            }
        }
        Self(all)
    }

    /// Whether the exposure of a verdict is there and has it.
    fn have(&self, entry: u64, verdict: &Verdict) -> bool {
        let spans = self.0.get(&verdict.exposure);
        spans.into_iter().flatten().any(|(first, at)| *first <= entry && entry < *at)
    }
}

/// Whether an event that a verdict rests on is shown.
fn evidence_shown(
    leaf: &EvidenceLeaf,
    cells: &BTreeMap<u32, (u64, u64)>,
    events: &BTreeMap<(u64, u64), EventHead>,
) -> Result<bool, String> {
    let Some((entry, count)) = cells.get(&leaf.cell) else { return Ok(false) };
    if leaf.index >= *count {
        return Err("its cell has no such event".to_owned());
    }
    let Some(head) = events.get(&(*entry, leaf.index)) else { return Ok(false) };
    let time = leaf.time.map_or(EventHead::TIME_UNKNOWN, |time| time.0);
    let record_id = leaf.record_id.unwrap_or(EventHead::RECORD_ID_UNKNOWN);
    if (head.time, head.record_id) != (time, record_id) {
        return Err("its time or record id are not those of its leaf".to_owned());
    }
    Ok(true)
}

fn note_claims(
    document: &Document,
    examinations: &BTreeMap<u64, &Examination>,
    report: &mut Report,
) {
    for (number, examination) in examinations {
        let text = format!(
            "examination {} looked at {} events in {} cells, with {} detections, by {}{}",
            examination.number,
            examination.cells.events,
            examination.cells.count,
            examination.detections,
            shown(&examination.engine),
            if examination.complete { "" } else { "; it was stopped before its end" }
        );
        report.claimed(Place::Entry(*number), text);
    }
    let text = "no later parties than those shown were named before this release";
    report.claimed(Place::Release, text);
    report.claimed(Place::Release, format!("released to {}", shown(&document.to)));
}

fn about(
    opened: &Opened,
    in_force: &InForce,
    records: &BTreeMap<u64, Record>,
    events: usize,
) -> Option<About> {
    let checkpoint = opened.signed.unverified();
    let mut about = About {
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: checkpoint.root,
        owner: in_force.owner()?.clone(),
        parties: in_force.parties.clone(),
        policy: in_force.policy.clone(),
        examinations: Vec::new(),
        releases: Vec::new(),
        cells: 0,
        events: events as u64,
        gaps: 0,
        missing_records: 0,
        empty_days: 0,
    };
    for (number, record) in records {
        match &record.body {
            Body::Cell(_) => about.cells += 1,
            Body::Examination(e) => about.examinations.push((*number, (**e).clone())),
            Body::Release(release) => about.releases.push((*number, release.clone())),
            _ => {}
        }
    }
    Some(about)
}

/// The checkpoint of a release that is kept in its case, if nothing in it is
/// broken and its `release.json` is the one that was sealed. Cosignatures may
/// lack: whoever has a copy may have added them there.
pub(super) fn kept_release(bytes: &[u8], content: &Hash) -> Result<SignedCheckpoint, String> {
    let mut report = Report::default();
    let opened = open(bytes, &mut report);
    if let Some(opened) = &opened {
        let document = opened.members.get(CONTENT_FILE).map(|bytes| Hash::of(bytes));
        if document != Some(*content) {
            return Err("its release.json is not what was sealed".to_owned());
        }
        verify_opened(opened, &Trust::default(), &mut report, &mut Vec::new());
    }
    match (report.first_broken(), opened) {
        (None, Some(opened)) => Ok(opened.signed),
        (Some(broken), _) => {
            Err(format!("by itself it is a broken release: {}: {}", broken.place, broken.text))
        }
        (None, None) => Err("it is no release".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_would_fill_the_memory_is_not_read() {
        assert_eq!(check_values(br#"{"a":[1,2]}"#, 3), Ok(()));
        assert!(check_values(br#"{"a":[1,2]}"#, 2).is_err());
        for part in ["0,", "[],", "{},"] {
            let text = format!("{{\"x\":[{}0]}}", part.repeat(RELEASE_VALUES_MAX));
            let refused = parse_document(text.as_bytes()).unwrap_err();
            assert!(refused.contains("are not read"), "{refused}");
        }
    }
}
