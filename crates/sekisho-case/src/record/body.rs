//! What each type of record holds, in the order in which it is written.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Checked, Nonce};
use crate::Hash;
use crate::hash::{hex_digit, shown};
use crate::key::{Algorithm, VerifyingKey, check_name};
use crate::policy::Policy;
use crate::time::{Day, Timestamp, from_text};

/// The version of the format of cases.
const VERSION: u32 = 1;

/// What a party does in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whose logs these are, and who signs the log.
    Owner,
    /// Who examines them.
    Assessor,
    /// Who is shown something.
    Partner,
    /// Who has seen the state of the log.
    Witness,
}

/// Someone with a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// As people call it.
    pub name: String,
    /// What it does.
    pub role: Role,
    /// Its public key.
    #[serde(serialize_with = "text", deserialize_with = "from_text")]
    pub key: VerifyingKey,
}

fn text<S: serde::Serializer>(key: &VerifyingKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

/// Entry 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Version of the format: 1.
    pub version: u32,
    /// Origin of the log.
    pub origin: String,
    /// As people call it.
    pub name: String,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// C2SP tlog-policy: which cosignatures a checkpoint needs.
    pub policy: String,
}

impl Checked for Case {
    fn wrong(&self) -> Option<String> {
        if self.version != VERSION {
            return Some(format!("version {} of cases is not known; expected 1", self.version));
        }
        if let Some(wrong) = wrong_parties(&self.parties, &self.policy) {
            return Some(wrong);
        }
        let name = self.origin.rsplit_once(ORIGIN_INFIX).map(|(name, _)| name);
        let fits = owner_name(&self.origin).is_some()
            && name == owner(&self.parties).map(VerifyingKey::name);
        (!fits).then(|| {
            format!(
                "the origin {} is not the name of the owner's key, {ORIGIN_INFIX} and 16 digits \
                 of hex",
                shown(&self.origin)
            )
        })
    }
}

/// What stands in an origin between the name of the owner's key and the number.
const ORIGIN_INFIX: &str = "/case/";

/// The name of the owner's key in the origin of a case; `None` if it is none.
#[must_use]
pub fn owner_name(origin: &str) -> Option<&str> {
    let (name, number) = origin.rsplit_once(ORIGIN_INFIX)?;
    let is_hex = number.len() == 16 && number.bytes().all(|byte| hex_digit(byte).is_some());
    (is_hex && check_name(name).is_ok()).then_some(name)
}

/// The key of the owner among parties, of which there is one in every record.
#[must_use]
pub fn owner(parties: &[Party]) -> Option<&VerifyingKey> {
    parties.iter().find(|party| party.role == Role::Owner).map(|party| &party.key)
}

/// What is wrong with parties and policy.
fn wrong_parties(parties: &[Party], policy: &str) -> Option<String> {
    let keys: BTreeSet<&[u8; 32]> = parties.iter().map(|party| party.key.public()).collect();
    if keys.len() != parties.len() {
        return Some("two parties have the same public key".to_owned());
    }
    let owners = parties.iter().filter(|party| party.role == Role::Owner).count();
    if owners != 1 || owner(parties).is_none_or(|key| key.algorithm() != Algorithm::Ed25519) {
        return Some(format!("{owners} owners; expected one, with a key of type 1"));
    }
    Policy::parse(policy).err().map(|e| e.to_string())
}

/// Supersedes the parties and the policy before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// Who takes part from here on.
    pub parties: Vec<Party>,
    /// C2SP tlog-policy.
    pub policy: String,
}

impl Checked for Parties {
    fn wrong(&self) -> Option<String> {
        wrong_parties(&self.parties, &self.policy)
    }
}

/// One log that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its number in the case.
    pub number: u32,
    /// Where it was.
    pub path: String,
    /// Of its bytes, if all were read.
    pub sha256: Option<Hash>,
    /// How many it has.
    pub bytes: u64,
    /// What it was read as.
    pub format: Option<String>,
    /// Records that were read.
    pub records: u64,
    /// What could not be read.
    pub problems: u64,
    /// Number of the source that has the same bytes.
    pub duplicate_of: Option<u32>,
}

impl Checked for Source {}

/// First or last event of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// When it was, if known.
    pub time: Option<Timestamp>,
    /// Its own number, if it has one.
    pub record_id: Option<u64>,
}

/// The events of a product, host, channel and day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Its number in the case.
    pub number: u32,
    /// Product.
    pub product: String,
    /// Host.
    pub host: String,
    /// Channel.
    pub channel: String,
    /// Day in UTC; none for events of unknown time.
    pub day: Option<Day>,
    /// How many events.
    pub events: u64,
    /// Root of the tree over the leaves of its events.
    pub root: Hash,
    /// The first one.
    pub first: Endpoint,
    /// The last one.
    pub last: Endpoint,
    /// Record ids between the lowest and the highest that did not come.
    pub missing: Option<u64>,
}

impl Checked for Cell {
    fn wrong(&self) -> Option<String> {
        if self.events == 0 {
            return Some("a cell without events; expected an `empty` record".into());
        }
        match (self.day, self.first.time, self.last.time) {
            (None, None, None) => None,
            (None, ..) => Some("a cell without a day has times".into()),
            (Some(day), Some(first), Some(last)) => {
                let fits = first <= last && first.day() == day && last.day() == day;
                (!fits).then(|| format!("{first} to {last} are not times of {day}, in order"))
            }
            (Some(_), ..) => Some("a cell of a day lacks its first or last time".into()),
        }
    }
}

/// Days without records, where none are known to be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {
    /// Product.
    pub product: String,
    /// Host.
    pub host: String,
    /// Channel.
    pub channel: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Day,
    /// 0.
    pub events: u64,
    /// Why nothing can be missing, such as `record ids go on`.
    pub proof: Option<String>,
}

impl Checked for Empty {
    fn wrong(&self) -> Option<String> {
        absence(self.from, self.until, self.events)
    }
}

/// Days without records, where some are missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Product.
    pub product: String,
    /// Host.
    pub host: String,
    /// Channel.
    pub channel: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Day,
    /// 0.
    pub events: u64,
    /// How many records.
    pub missing: u64,
    /// How that is known.
    pub reason: String,
}

impl Checked for Gap {
    fn wrong(&self) -> Option<String> {
        let nothing = || (self.missing == 0).then(|| "a gap in which nothing is missing".into());
        absence(self.from, self.until, self.events).or_else(nothing)
    }
}

fn absence(from: Day, until: Day, events: u64) -> Option<String> {
    if from > until {
        return Some(format!("the days end on {until}, before they begin on {from}"));
    }
    (events != 0).then(|| format!("{events} events; expected 0"))
}

/// A file of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Path in the folder of the case.
    pub name: String,
    /// Of its bytes.
    pub sha256: Hash,
    /// How many it has.
    pub bytes: u64,
    /// Events in it.
    pub events: u64,
}

impl Checked for Segment {
    fn wrong(&self) -> Option<String> {
        wrong_path(&self.name)
    }
}

/// What is wrong with the path of a file in a case.
fn wrong_path(path: &str) -> Option<String> {
    let strange = |c: char| c == '\\' || c.is_ascii_control();
    let fits =
        !path.contains(strange) && path.split('/').all(|part| !["", ".", ".."].contains(&part));
    (!fits).then(|| format!("{} is no path within the case", shown(path)))
}

/// What an examination was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExaminationKind {
    /// Logs were read and sealed.
    Examine,
    /// Sealed events were swept again.
    Hunt,
}

/// A number of things, and the hash of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// How many.
    pub count: u64,
    /// Of all.
    pub sha256: Hash,
}

/// How events are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SealKind {
    /// Each field by itself.
    Fields,
    /// Each event as a whole.
    Whole,
}

impl From<SealKind> for crate::event::Kind {
    fn from(kind: SealKind) -> Self {
        match kind {
            SealKind::Fields => Self::Fields,
            SealKind::Whole => Self::Whole,
        }
    }
}

/// How the events of an examination are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// In parts or as a whole.
    pub kind: SealKind,
    /// From which, with the secret, the salts are derived.
    pub nonce: Nonce,
}

/// Numbers that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first one.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// Cells that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// Number of the first one.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// Events in all of them.
    pub events: u64,
}

/// A file that an examination or an exposure wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSum {
    /// Path in the folder of the case.
    pub name: String,
    /// Of its bytes.
    pub sha256: Hash,
    /// How many it has.
    pub bytes: u64,
}

/// What an examination or an exposure wrote; the last of its records.
///
/// What is in these files can be guessed where little is in them, and a hash
/// then says whether a guess is right. So hashes and lengths stand apart from
/// what is shown to strangers, behind the nonce of this record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// The files.
    pub files: Vec<FileSum>,
    /// Root over the lines of the detections, of an examination.
    pub output_root: Option<Hash>,
    /// Of the file that declares what is protected, of an exposure.
    pub assets: Option<Hash>,
    /// Of the file that declares the estate, of an exposure.
    pub estate: Option<Hash>,
}

impl Checked for Results {
    fn wrong(&self) -> Option<String> {
        self.files.iter().find_map(|file| wrong_path(&file.name))
    }
}

/// How many cells had which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdicts {
    /// Nothing was found.
    pub clean: u64,
    /// Something was.
    pub findings: u64,
    /// Not all could be seen.
    pub gap: u64,
    /// Not to be seen.
    pub refused: u64,
}

/// What was looked at, with what, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    /// Its number in the case.
    pub number: u32,
    /// What it was.
    pub kind: ExaminationKind,
    /// Program and version.
    pub engine: String,
    /// It came to its end.
    pub complete: bool,
    /// The rules.
    pub rules: Counted,
    /// The indicators.
    pub indicators: Option<Counted>,
    /// How events were sealed, if any were.
    pub seal: Option<Seal>,
    /// Numbers of the sources.
    pub sources: Span,
    /// The cells that were looked at.
    pub cells: Cells,
    /// Log entries of this examination before this one.
    pub records: Span,
    /// Root over the records of the cells.
    pub input_root: Hash,
    /// How many detections.
    pub detections: u64,
    /// How many cells had which outcome.
    pub verdicts: Verdicts,
    /// Leaps of more than ten years between days of a channel.
    pub clock_jumps: u64,
}

impl Checked for Examination {}

impl Examination {
    /// The number as names of files have it.
    fn digits(&self) -> String {
        format!("{:04}", self.number)
    }

    /// Where its segments lie, in the folder of the case.
    #[must_use]
    pub fn store_folder(&self) -> String {
        format!("store/{}/", self.digits())
    }

    /// Where its results lie, in the folder of the case.
    #[must_use]
    pub fn results_folder(&self) -> String {
        format!("examinations/{}/", self.digits())
    }

    /// Its detections, in the folder of the case.
    #[must_use]
    pub fn detections_file(&self) -> String {
        format!("{}detections.jsonl", self.results_folder())
    }

    /// The hashes of its leaves, in the folder of the case.
    #[must_use]
    pub fn leaves_file(&self) -> String {
        format!("leaves/{}", self.digits())
    }
}

/// What left the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its number in the case.
    pub number: u32,
    /// For whom, or empty.
    pub to: String,
    /// How many events.
    pub events: u64,
    /// How many fields are disclosed, in all events.
    pub fields: u64,
    /// SHA-256 of `release.json`.
    pub content: Hash,
}

impl Checked for Release {}

impl Release {
    /// Where it is kept, in the folder of the case.
    #[must_use]
    pub fn file(&self) -> String {
        format!("releases/{:04}.zip", self.number)
    }
}

/// What is said of something protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictWord {
    /// Every way to it was watched, and nothing came near.
    RuledOut,
    /// None of the others.
    CannotBeDetermined,
    /// There was a way.
    Reachable,
    /// It was touched.
    Accessed,
    /// It left.
    Exfiltrated,
}

impl VerdictWord {
    /// As records have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RuledOut => "ruled-out",
            Self::CannotBeDetermined => "cannot-be-determined",
            Self::Reachable => "reachable",
            Self::Accessed => "accessed",
            Self::Exfiltrated => "exfiltrated",
        }
    }
}

/// How firmly a verdict stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerdictGrade {
    /// Something that could be otherwise is taken to be so.
    Possible,
    /// One link is by circumstance.
    Probable,
    /// Records show it.
    Proven,
}

impl VerdictGrade {
    /// As records have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Proven => "proven",
        }
    }
}

/// An event that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLeaf {
    /// Number of its cell.
    pub cell: u32,
    /// Its number in the cell.
    pub index: u64,
    /// When it was, if known: as in the head of its leaf.
    pub time: Option<Timestamp>,
    /// Its own number, if it has one: as in the head of its leaf.
    pub record_id: Option<u64>,
    /// What it shows.
    pub why: String,
}

/// What is said of one protected thing, and what that rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Number of the exposure that says it.
    pub exposure: u32,
    /// Id of the thing.
    pub asset: String,
    /// What is said.
    pub verdict: VerdictWord,
    /// How firmly.
    pub grade: VerdictGrade,
    /// Which kind of it.
    pub detail: String,
    /// Why, in a sentence.
    pub why: String,
    /// When it was first touched, or could have been.
    pub first: Option<Timestamp>,
    /// And last.
    pub last: Option<Timestamp>,
    /// The events that it rests on.
    pub evidence: Vec<EvidenceLeaf>,
}

impl Checked for Verdict {
    fn wrong(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        let twice = self.evidence.iter().find(|leaf| !seen.insert((leaf.cell, leaf.index)))?;
        Some(format!("event {}.{} is evidence twice", twice.cell, twice.index))
    }
}

/// An answer to what was exposed; the records before it are its verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// Its number in the case.
    pub number: u32,
    /// Program and version.
    pub engine: String,
    /// Entries of the log that it speaks of.
    pub size: u64,
    /// Log entries of its verdicts, before this one.
    pub records: Span,
    /// How many events it looked at.
    pub events: u64,
    /// How many things it began with.
    pub seeds: u64,
}

impl Checked for Exposure {}

impl Exposure {
    /// Where its files lie, in the folder of the case.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("exposures/{:04}/", self.number)
    }

    /// The answer itself, in the folder of the case.
    #[must_use]
    pub fn answer_file(&self) -> String {
        format!("{}exposure.json", self.folder())
    }
}
