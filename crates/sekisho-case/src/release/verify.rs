//! What a stranger can say of a release, who has the owner's public key.

use std::collections::{BTreeMap, BTreeSet};

use super::VERSION;
use super::archive::{self, entry_of};
use super::{CHECKPOINT_FILE, CONTENT_FILE, Content, ENTRIES_FOLDER, PROOF_SUFFIX, ReleasedEvent};
use crate::Hash;
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::event::{EventHead, Kind};
use crate::hash::shown;
use crate::key::VerifyingKey;
use crate::limits::RELEASE_EVENTS_MAX;
use crate::merkle::{verify_consistency, verify_inclusion};
use crate::note::Standing as Signed;
use crate::policy::Policy;
use crate::proof::TlogProof;
use crate::record::{Body, Cell, Examination, Record, Role, beyond};
use crate::statement::{Place, Standing, Statement};
use crate::time::Timestamp;

/// Whom a verifier trusts.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The owner's public key; its name is the owner's, or the log's.
    pub owner: &'a VerifyingKey,
    /// Which cosignatures are asked for, instead of what the case says.
    pub policy: Option<&'a Policy>,
    /// A state of the log that was seen before.
    pub earlier: Option<&'a Earlier>,
}

/// A state of the log that was seen before.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
    /// A proof that the log of the release continues it, if there is one.
    pub consistency: Option<Vec<Hash>>,
}

/// An event of a release that was found to be as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisclosedEvent {
    /// Entry of the record of its cell.
    pub cell: u64,
    /// Its number in the cell.
    pub index: u64,
    /// Where and when.
    pub head: EventHead,
    /// Names and values (JSON) of the fields that are disclosed.
    pub fields: Vec<(String, String)>,
    /// How many digests nothing opens.
    pub withheld: usize,
    /// The names of those, if they are proven.
    pub withheld_names: Option<Vec<String>>,
}

/// The outcome of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// All that can be said.
    pub statements: Vec<Statement>,
    /// The events that are as they were sealed.
    pub events: Vec<DisclosedEvent>,
}

impl Verified {
    /// Whether nothing is broken and no cosignature is missing.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        crate::statement::is_valid(&self.statements)
    }

    fn say(&mut self, standing: Standing, place: Place, text: impl Into<String>) {
        self.statements.push(Statement::new(standing, place, text));
    }

    fn broken(&mut self, place: Place, text: impl Into<String>) {
        self.say(Standing::Broken, place, text);
    }

    fn proven(&mut self, place: Place, text: impl Into<String>) {
        self.say(Standing::Proven, place, text);
    }
}

/// What is in a release, as far as it could be read.
#[derive(Default)]
struct Parts {
    content: Option<(Content, Hash)>,
    checkpoint: Option<SignedCheckpoint>,
    entries: BTreeMap<u64, Vec<u8>>,
    proofs: BTreeMap<u64, Vec<u8>>,
}

/// Verifies the bytes of a release.
#[must_use]
pub fn verify(bytes: &[u8], trust: &Trust<'_>) -> Verified {
    let mut out = Verified::default();
    let parts = read_parts(bytes, &mut out);
    let Some(signed) = &parts.checkpoint else { return out };
    let Some(checkpoint) = check_signature(signed, trust, &mut out) else { return out };
    let records = read_records(&parts, signed, checkpoint, &mut out);
    check_case(&records, checkpoint, trust, &mut out);
    check_policy(&records, signed, trust, &mut out);
    check_earlier(checkpoint, trust, &mut out);
    let Some((content, hash)) = &parts.content else { return out };
    check_content(content, checkpoint, &records, &mut out);
    check_examinations(content, &records, &mut out);
    let mut seen = BTreeSet::new();
    for event in &content.events {
        if !seen.insert((event.cell, event.index)) {
            out.broken(place_of(event), "is in the release twice");
        }
        check_event(event, &records, &mut out);
    }
    check_release(content, *hash, checkpoint, &records, &mut out);
    out
}

fn file(name: &str) -> Place {
    Place::File(name.to_owned())
}

fn place_of(event: &ReleasedEvent) -> Place {
    Place::Event { cell: event.cell, index: event.index }
}

/// Takes the archive apart.
fn read_parts(bytes: &[u8], out: &mut Verified) -> Parts {
    let opened = archive::open(bytes);
    for broken in opened.broken {
        out.broken(Place::File(broken.file), broken.what);
    }
    let mut parts = Parts::default();
    let (mut content, mut checkpoint) = (None, None);
    for found in opened.files {
        match entry_of(&found.name) {
            Some((number, false)) => drop(parts.entries.insert(number, found.bytes)),
            Some((number, true)) => drop(parts.proofs.insert(number, found.bytes)),
            None if found.name == CONTENT_FILE => content = Some(found.bytes),
            None => checkpoint = Some(found.bytes),
        }
    }
    match checkpoint.as_deref().map(SignedCheckpoint::parse) {
        Some(Ok(signed)) => parts.checkpoint = Some(signed),
        Some(Err(e)) => out.broken(file(CHECKPOINT_FILE), e.to_string()),
        None => out.broken(file(CHECKPOINT_FILE), "is not in the release"),
    }
    match content.as_deref().map(|bytes| (parse_content(bytes), Hash::of(bytes))) {
        Some((Ok((content, not_understood)), hash)) => {
            if not_understood > 0 {
                let text = format!("{not_understood} members are not understood");
                out.say(Standing::Claimed, file(CONTENT_FILE), text);
            }
            parts.content = Some((content, hash));
        }
        Some((Err(why), _)) => out.broken(file(CONTENT_FILE), why),
        None => out.broken(file(CONTENT_FILE), "is not in the release"),
    }
    parts
}

/// Reads `release.json`: also how many members are not understood.
fn parse_content(bytes: &[u8]) -> Result<(Content, usize), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    crate::json::members(text).map_err(|e| e.to_string())?;
    let content: Content = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if content.version != VERSION {
        return Err(format!("version {} is not known; expected {VERSION}", content.version));
    }
    if content.events.len() > RELEASE_EVENTS_MAX {
        return Err(format!("more than {RELEASE_EVENTS_MAX} events"));
    }
    if content.entries.windows(2).any(|pair| pair.first() >= pair.last()) {
        return Err("the entries are not ascending".to_owned());
    }
    let there = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let known = serde_json::to_value(&content).map_err(|e| e.to_string())?;
    let not_understood = beyond(&there, &known).map_err(|name| format!("no `{name}`"))?;
    Ok((content, not_understood))
}

/// The checkpoint, if the owner signed it.
fn check_signature<'a>(
    signed: &'a SignedCheckpoint,
    trust: &Trust<'_>,
    out: &mut Verified,
) -> Option<&'a Checkpoint> {
    let origin = &signed.unverified().origin;
    let name = trust.owner.name();
    let random = origin.strip_prefix(name).and_then(|rest| rest.strip_prefix("/case/"));
    if origin != name && random.is_none_or(str::is_empty) {
        let text = format!("it is of {}, expected a case of {}", shown(origin), shown(name));
        out.broken(Place::Checkpoint, text);
        return None;
    }
    let verified = trust.owner.with_name(origin).map_err(|e| e.to_string());
    match verified.and_then(|key| signed.verify(&key).map_err(|e| e.to_string())) {
        Ok(checkpoint) => {
            let text = format!(
                "the owner signed the state of the log with {} entries, root {}",
                checkpoint.size, checkpoint.root
            );
            out.proven(Place::Checkpoint, text);
            Some(checkpoint)
        }
        Err(why) => {
            out.broken(Place::Checkpoint, why);
            None
        }
    }
}

/// Reads the entries that are proven to be in the log.
fn read_records(
    parts: &Parts,
    signed: &SignedCheckpoint,
    checkpoint: &Checkpoint,
    out: &mut Verified,
) -> BTreeMap<u64, Record> {
    let mut records = BTreeMap::new();
    let last = checkpoint.size.checked_sub(1);
    let listed = parts.content.as_ref().map(|(content, _)| content.entries.as_slice());
    let expected: BTreeSet<u64> = listed.unwrap_or_default().iter().copied().chain(last).collect();
    let name = |number: &u64| format!("{ENTRIES_FOLDER}{number}");
    for number in &expected {
        let Some(bytes) = parts.entries.get(number) else {
            out.broken(Place::Entry(*number), "is named by the release and not in it");
            continue;
        };
        match proven_record(*number, bytes, parts.proofs.get(number), signed) {
            Ok(record) => drop(records.insert(*number, record)),
            Err((place, why)) => out.broken(place, why),
        }
    }
    for number in parts.entries.keys().filter(|number| !expected.contains(number)) {
        out.broken(file(&name(number)), "is in the release and not named by it");
    }
    for number in parts.proofs.keys().filter(|number| !parts.entries.contains_key(number)) {
        out.broken(file(&format!("{}{PROOF_SUFFIX}", name(number))), "proves no entry");
    }
    if !records.is_empty() {
        let text = format!("{} records of the release are in the log", records.len());
        out.proven(Place::All, text);
    }
    for (number, record) in &records {
        if record.not_understood > 0 {
            let text = format!("{} members are not understood", record.not_understood);
            out.say(Standing::Claimed, Place::Entry(*number), text);
        }
    }
    records
}

fn proven_record(
    number: u64,
    bytes: &[u8],
    proof: Option<&Vec<u8>>,
    signed: &SignedCheckpoint,
) -> Result<Record, (Place, String)> {
    let proof_file = || file(&format!("{ENTRIES_FOLDER}{number}{PROOF_SUFFIX}"));
    let proof = proof.ok_or_else(|| (proof_file(), "is not in the release".to_owned()))?;
    let proof = TlogProof::parse(proof).map_err(|e| (proof_file(), e.to_string()))?;
    if proof.checkpoint != *signed {
        return Err((proof_file(), "leads to another checkpoint than the release's".into()));
    }
    if proof.index != number {
        return Err((proof_file(), format!("proves entry {} instead", proof.index)));
    }
    proof.verify(bytes).map_err(|e| (Place::Entry(number), e.to_string()))?;
    Record::parse(bytes).map_err(|e| (Place::Entry(number), e.to_string()))
}

/// The case is that of the log, and of the owner.
fn check_case(
    records: &BTreeMap<u64, Record>,
    checkpoint: &Checkpoint,
    trust: &Trust<'_>,
    out: &mut Verified,
) {
    let place = Place::Entry(0);
    let Some(Body::Case(case)) = records.get(&0).map(|record| &record.body) else {
        return out.broken(place, "there is no proven `case` record in the release");
    };
    if case.origin != checkpoint.origin {
        return out.broken(place, format!("it is the case {}", shown(&case.origin)));
    }
    let is_owner = |key: &VerifyingKey| key.public() == trust.owner.public();
    if case.parties.iter().any(|party| party.role == Role::Owner && is_owner(&party.key)) {
        out.proven(place, format!("the case is {}, of this owner", shown(&case.name)));
    } else {
        out.broken(place, "the case names another owner than the one who signed");
    }
}

/// The policy: that of the verifier, or the latest one that came along.
fn check_policy(
    records: &BTreeMap<u64, Record>,
    signed: &SignedCheckpoint,
    trust: &Trust<'_>,
    out: &mut Verified,
) {
    let of_case = records.iter().rev().find_map(|(number, record)| match &record.body {
        Body::Case(case) => Some((*number, &case.policy)),
        Body::Parties(parties) => Some((*number, &parties.policy)),
        _ => None,
    });
    let parsed;
    let policy = match (trust.policy, of_case) {
        (Some(policy), _) => policy,
        (None, None) => return,
        (None, Some((number, text))) => match Policy::parse(text) {
            Ok(policy) => {
                let text = "no later record than this one changes parties or policy";
                out.say(Standing::Claimed, Place::Entry(number), text);
                parsed = policy;
                &parsed
            }
            Err(e) => return out.broken(Place::Entry(number), e.to_string()),
        },
    };
    let evaluation = policy.evaluate(signed);
    if evaluation.names_logs && evaluation.log.is_none() {
        out.broken(Place::Checkpoint, "the policy knows other logs than this one");
    }
    for witness in evaluation.witnesses {
        let place = Place::Cosignature(witness.name);
        match witness.standing {
            Signed::Signed(time) => {
                let at = time.and_then(|time| i64::try_from(time).ok()?.checked_mul(1_000_000_000));
                let at = at.map(|nanos| format!(", at {}", Timestamp(nanos)));
                let text = format!("saw this state of the log{}", at.unwrap_or_default());
                out.proven(place, text);
            }
            Signed::Wrong => out.broken(place, "it does not fit the checkpoint"),
            Signed::Absent => {}
        }
    }
    for missing in evaluation.missing {
        let of = missing.of.join(", ");
        let text = format!("the policy asks for {} more of: {of}", missing.needed);
        out.say(Standing::Missing, Place::Cosignature(of), text);
    }
}

/// The log continues what was seen before.
fn check_earlier(checkpoint: &Checkpoint, trust: &Trust<'_>, out: &mut Verified) {
    let Some(earlier) = trust.earlier else { return };
    let place = Place::Checkpoint;
    let key = trust.owner.with_name(&checkpoint.origin);
    let verified = key.ok().and_then(|key| earlier.checkpoint.verify(&key).ok());
    let Some(before) = verified else {
        let text = "the checkpoint seen before is not one of this log, signed by this owner";
        return out.say(Standing::Missing, place, text);
    };
    if before.contradicts(checkpoint) {
        let text =
            format!("the log is forked: another state with {} entries was seen", before.size);
        return out.broken(place, text);
    }
    if before.size == checkpoint.size {
        return out.proven(place, "it is the state of the log that was seen before");
    }
    let Some(proof) = &earlier.consistency else {
        let text = format!(
            "a state with {} entries was seen before; a consistency proof is needed to tell \
             whether this log is the same one",
            before.size
        );
        return out.say(Standing::Missing, place, text);
    };
    let (old, new) =
        if before.size < checkpoint.size { (before, checkpoint) } else { (checkpoint, before) };
    match verify_consistency(old.size, &old.root, new.size, &new.root, proof) {
        Ok(()) => {
            let text = format!("the log is the one of which {} entries were seen", before.size);
            out.proven(place, text);
        }
        Err(e) => {
            let text = format!("it does not agree with what was seen before: {e}");
            out.broken(place, text);
        }
    }
}

fn check_content(
    content: &Content,
    checkpoint: &Checkpoint,
    records: &BTreeMap<u64, Record>,
    out: &mut Verified,
) {
    if content.origin != checkpoint.origin {
        let text = format!("it is a release of {}", shown(&content.origin));
        out.broken(file(CONTENT_FILE), text);
    }
    let cells: BTreeSet<u64> = content.events.iter().map(|event| event.cell).collect();
    for (number, record) in records {
        match &record.body {
            Body::Cell(_) if !cells.contains(number) => {
                let text = "its cell came along and no event of it did";
                out.say(Standing::Claimed, Place::Cell(*number), text);
            }
            Body::Unknown { name, .. } => {
                let text = format!("a record of type {} is not understood", shown(name));
                out.say(Standing::Claimed, Place::Entry(*number), text);
            }
            _ => {}
        }
    }
}

/// Each examination that came along, and what remains its word.
fn check_examinations(content: &Content, records: &BTreeMap<u64, Record>, out: &mut Verified) {
    let cells: BTreeSet<u64> = content.events.iter().map(|event| event.cell).collect();
    for (number, record) in records {
        let Body::Examination(examination) = &record.body else { continue };
        let of = &examination.engine;
        let text = format!(
            "{} looked at {} events in {} cells with {} rules{}: as the owner says",
            shown(of),
            examination.cells.events,
            examination.cells.count,
            examination.rules.count,
            if examination.complete { "" } else { ", and did not come to its end" }
        );
        out.say(Standing::Claimed, Place::Entry(*number), text);
    }
    for cell in cells {
        if records.contains_key(&cell) && examination_of(cell, records).is_none() {
            out.broken(Place::Cell(cell), "its examination is not in the release");
        }
    }
}

/// The examination to whose records an entry belongs.
fn examination_of(entry: u64, records: &BTreeMap<u64, Record>) -> Option<&Examination> {
    let (number, record) = records
        .range(entry.checked_add(1)?..)
        .find(|(_, record)| matches!(record.body, Body::Examination(_)))?;
    let Body::Examination(examination) = &record.body else { return None };
    let (first, count) = (examination.records.first, examination.records.count);
    let inside = first <= entry && first.checked_add(count) == Some(*number);
    inside.then_some(examination)
}

fn check_event(event: &ReleasedEvent, records: &BTreeMap<u64, Record>, out: &mut Verified) {
    let place = place_of(event);
    let record = records.get(&event.cell);
    let Some(Body::Cell(cell)) = record.map(|record| &record.body) else {
        return out.broken(place, "the record of its cell is not proven in the release");
    };
    match disclosed_event(event, cell, records) {
        Err(why) => out.broken(place, why),
        Ok(disclosed) => {
            let (fields, withheld) = (disclosed.fields.len(), disclosed.withheld);
            let names = disclosed.withheld_names.as_deref();
            let text = match names {
                Some([]) => format!("all {fields} fields are as sealed, none is withheld"),
                Some(names) => {
                    format!("{fields} fields are as sealed; withheld are {}", names.join(", "))
                }
                None => format!("{fields} fields are as sealed; {withheld} digests are withheld"),
            };
            out.proven(place.clone(), text);
            if names.is_none() && withheld > 0 {
                let text = match &event.withheld {
                    Some(names) => format!("withheld are {}", names.join(", ")),
                    None => "which fields are withheld is not said".to_owned(),
                };
                out.say(Standing::Claimed, place, text);
            }
            out.events.push(disclosed);
        }
    }
}

/// Opens an event, and follows it to the root of its cell.
fn disclosed_event(
    event: &ReleasedEvent,
    cell: &Cell,
    records: &BTreeMap<u64, Record>,
) -> Result<DisclosedEvent, String> {
    let (leaf, disclosed) = event.opened().map_err(|e| e.to_string())?;
    verify_inclusion(&leaf.hash(), event.index, cell.events, &event.proof, &cell.root)
        .map_err(|e| format!("it is not in its cell: {e}"))?;
    let time = (leaf.head.time != EventHead::TIME_UNKNOWN).then_some(Timestamp(leaf.head.time));
    if time.map(Timestamp::day) != cell.day {
        return Err("it is of another day than its cell".to_owned());
    }
    let seal = examination_of(event.cell, records).and_then(|examination| examination.seal);
    if seal.is_none_or(|seal| Kind::from(seal.kind) != leaf.kind) {
        return Err("it is sealed in another way than its examination says".to_owned());
    }
    if let Some(proven) = &disclosed.withheld_names {
        let mut said = event.withheld.clone().unwrap_or_default();
        said.sort_unstable();
        let mut proven = proven.clone();
        proven.sort_unstable();
        if event.withheld.is_none() || said != proven {
            let names = proven.join(", ");
            return Err(format!("what is said to be withheld is not what is: {names}"));
        }
    }
    let head = leaf.head;
    Ok(DisclosedEvent {
        cell: event.cell,
        index: event.index,
        head,
        fields: disclosed.fields,
        withheld: disclosed.withheld,
        withheld_names: disclosed.withheld_names,
    })
}

/// The `release` record is of this release.
fn check_release(
    content: &Content,
    hash: Hash,
    checkpoint: &Checkpoint,
    records: &BTreeMap<u64, Record>,
    out: &mut Verified,
) {
    let Some(last) = checkpoint.size.checked_sub(1) else {
        return out.broken(Place::Checkpoint, "the log is empty");
    };
    let place = Place::Entry(last);
    let Some(Body::Release(release)) = records.get(&last).map(|record| &record.body) else {
        return out.broken(place, "the last entry is no proven `release` record");
    };
    if release.content != hash {
        let text = "the `release` record is of another release.json";
        return out.broken(file(CONTENT_FILE), text);
    }
    let fields: usize = out.events.iter().map(|event| event.fields.len()).sum();
    let events = content.events.len() as u64;
    let complete = out.events.len() == content.events.len();
    if release.number != content.number || release.to != content.to || release.events != events {
        out.broken(place, "the `release` record says another number, receiver or number of events");
    } else if complete && release.fields != fields as u64 {
        let text = format!("{} fields are said to be disclosed; {fields} are", release.fields);
        out.broken(place, text);
    } else {
        out.proven(place, "the owner sealed into the log that this was released");
    }
}
