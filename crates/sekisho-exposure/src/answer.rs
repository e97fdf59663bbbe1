//! The answer: a verdict for each asset, with what it rests on and what would
//! be needed to say more. It is written as JSON as it stands here
//! (`docs/exposure.md`); times are RFC 3339 in UTC.

use serde::{Deserialize, Serialize};

/// Version of the answer's JSON. It goes up when a member changes its meaning
/// or goes; new members may come at any time.
pub const ANSWER_VERSION: u32 = 1;

/// What can be said of an asset. The order is from mild to grave, except that
/// nothing is known where [`Verdict::CannotBeDetermined`] is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every way to the asset was watched over the whole window, the records
    /// are trusted, and nothing tainted came near.
    RuledOut,
    /// None of the others.
    CannotBeDetermined,
    /// The intruder had a way and the rights; no touch is recorded, and
    /// touches of this kind are recorded only in part.
    Reachable,
    /// The intruder touched it; a departure is not shown.
    Accessed,
    /// It left, or possession was shown by use.
    Exfiltrated,
}

/// How firmly a verdict stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Something that could be otherwise is taken to be so.
    Possible,
    /// It follows by a chain of which one link is by circumstance.
    Probable,
    /// Records show it.
    Proven,
}

/// The whole answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// [`ANSWER_VERSION`].
    pub version: u32,
    /// One sentence for the minister.
    pub sentence: String,
    /// The intruder's time.
    pub window: Window,
    /// For each declared asset, in the order of declaration.
    pub verdicts: Vec<AssetVerdict>,
    /// Hosts that are known, by name.
    pub hosts: Vec<HostState>,
    /// Accounts that the intruder had or may have had.
    pub accounts: Vec<AccountState>,
    /// The ledger: stretches of hours of equal state, by host and channel.
    pub coverage: Vec<Coverage>,
    /// How the intruder got from where to where.
    pub edges: Vec<Edge>,
    /// What would settle most, best first.
    pub collect_next: Vec<Collect>,
    /// What the reader must know of the input.
    pub notices: Vec<Notice>,
    /// Detections that were no seeds, for an analyst said that they are no
    /// intruder's. Answers of before that could be said do not have it.
    #[serde(default)]
    pub cleared: Cleared,
}

/// What an analyst cleared: every verdict stands on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// Detections that did not become seeds, each once.
    pub detections: u64,
    /// By what was said, in the order in which it was; also what cleared
    /// nothing.
    pub by: Vec<ClearedBy>,
}

/// What was cleared by one word of an analyst.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearedBy {
    /// The word, as it was typed.
    pub said: String,
    /// Detections that fit it. Some may fit another word too.
    pub detections: u64,
    /// What detected them, by title and level.
    pub rules: Vec<ClearedRule>,
}

/// A rule or indicator of which detections were cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearedRule {
    /// Title of the rule, or name of the indicator.
    pub title: String,
    /// Level of the rule, or `indicator`.
    pub level: String,
    /// How many.
    pub detections: u64,
}

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssetVerdict {
    /// Id of the asset.
    pub asset: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// What is said.
    pub verdict: Verdict,
    /// How firmly.
    pub grade: Grade,
    /// Which kind of it: `proven`, `probable`, `staged`, `read`,
    /// `names-only`, `volume-bound`, …
    pub detail: String,
    /// One sentence: why.
    pub why: String,
    /// When it was first touched, or could have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// And last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// How many bytes of it left.
    pub volume: Volume,
    /// Records that it rests on, at most 12, the most telling first.
    pub evidence: Vec<Cited>,
    /// What has to hold beside the records for it to stand.
    pub conditions: Vec<String>,
    /// What was not seen and would be needed to say more.
    pub missing: Vec<Missing>,
    /// What to get, best first.
    pub collect_next: Vec<Collect>,
}

/// Bytes that left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// At least so many; `None` where nothing is shown.
    pub lower: Option<u64>,
    /// At most so many; `None` where there is no bound.
    pub upper: Option<u64>,
}

/// A record that is cited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// Host that wrote it, or the realm.
    pub host: String,
    /// Its log.
    pub channel: String,
    /// Its id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_id: Option<u64>,
    /// When.
    pub time: String,
    /// What it shows.
    pub why: String,
    /// Where it is sealed: number of the cell, number in it. `CELL.INDEX` is
    /// what `sekisho disclose --events` takes.
    pub cell: u32,
    /// See `cell`.
    pub index: u64,
}

/// Hours that were not seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Missing {
    /// Whose.
    pub host: String,
    /// Which log.
    pub channel: String,
    /// Which class of evidence.
    pub class: String,
    /// From when.
    pub from: String,
    /// Until when (not included).
    pub to: String,
    /// Why it is missing.
    pub reason: String,
}

/// Something to be got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collect {
    /// From which host or realm.
    pub host: String,
    /// Which log.
    pub channel: String,
    /// Which class.
    pub class: String,
    /// From when.
    pub from: String,
    /// Until when.
    pub to: String,
    /// Ids of the assets that it could settle.
    pub settles: Vec<String>,
    /// When it will be overwritten, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overwritten_by: Option<String>,
}

/// What is known of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostState {
    /// Its name.
    pub host: String,
    /// Addresses and other names.
    pub known_as: Vec<String>,
    /// What is said.
    pub state: HostWord,
    /// When it was first touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// And last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Records, at most 12.
    pub evidence: Vec<Cited>,
}

/// What is said of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostWord {
    /// Watched over the whole window, and nothing tainted came.
    Untouched,
    /// Not watched well enough to say.
    Unknown,
    /// The intruder's connections or sessions came to it.
    Reached,
    /// Something of the intruder's ran on it.
    Compromised,
}

/// An account that the intruder had, or may have had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountState {
    /// Which.
    pub account: String,
    /// How firmly.
    pub grade: Grade,
    /// `used`, `exposed` (its secrets were within reach), `created`, `forged`.
    pub how: String,
    /// From when.
    pub from: String,
    /// Until when: rolled or disabled; `None` while it still works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Records, at most 12.
    pub evidence: Vec<Cited>,
}

/// A stretch of hours of a source in one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Whose.
    pub host: String,
    /// Which log.
    pub channel: String,
    /// From when.
    pub from: String,
    /// Until when (not included).
    pub to: String,
    /// The state.
    pub state: CoverageWord,
    /// Why it is not covered, or `heard`.
    pub reason: String,
}

/// The state of a source in an hour. The order is from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageWord {
    /// Heard without a break.
    Covered,
    /// Heard, but not everything.
    Partial,
    /// Not heard.
    Missing,
    /// Heard, but what it says may have been tampered with.
    Untrusted,
}

/// A step of the intruder from one thing to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// From what: `host WS01`, `account corp\ann`, `session …`.
    pub from: String,
    /// To what.
    pub to: String,
    /// How: `logon`, `child`, `credential`, `service`, …
    pub how: String,
    /// When.
    pub time: String,
    /// How firmly.
    pub grade: Grade,
    /// Records that prove it, at most 4.
    pub evidence: Vec<Cited>,
}

/// The intruder's time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// The first act that is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_proven: Option<String>,
    /// The first thing that may have been one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest_anomaly: Option<String>,
    /// The last act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// The evidence begins after, or so shortly before the first act that it
    /// may have begun earlier; or ends while it goes on.
    pub censored: Censored,
    /// Whether the intruder is out.
    pub evicted: Evicted,
    /// Why that is said.
    pub evicted_why: String,
    /// When the intruder came back after a quiet time.
    pub reentries: Vec<Reentry>,
}

/// Where the evidence ends before the story does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Censored {
    /// At its beginning.
    pub left: bool,
    /// At its end.
    pub right: bool,
}

/// Whether the intruder is out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evicted {
    /// Credentials were rolled, what had been set up is gone, and a covered
    /// time since then is quiet.
    Yes,
    /// Acts were seen at the end of the evidence, or means to return remain.
    No,
    /// Neither can be shown.
    #[default]
    NotProvable,
    /// No intruder was seen at all.
    NoIntruder,
}

/// A return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reentry {
    /// Last act before.
    pub quiet_from: String,
    /// First act after.
    pub at: String,
    /// By what.
    pub how: String,
}

/// Something that the reader must know of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What kind: `clock-set`, `log-cleared`, `asset-without-match`, …
    pub kind: String,
    /// In words.
    pub text: String,
    /// Records, at most 4.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    pub evidence: Vec<Cited>,
}
