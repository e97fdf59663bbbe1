//! What the report shows, as plain data.
//!
//! The page knows nothing of logs, rules or engines: whoever examined fills a [`Report`] and
//! [`super::render`] writes it. Every string may come from a log that an attacker wrote, so nothing
//! here is trusted, ordered or short. [`Report::default`] is an incomplete report in which nothing
//! was read: the careful end to start from.

use serde::Serialize;

/// How grave a rule says its detections are, gravest first.
///
/// The order of the variants is the order of gravity, so the smallest of several levels is the
/// worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Act at once.
    Critical,
    /// Look today.
    High,
    /// Look soon.
    Medium,
    /// Seldom more than a hint.
    Low,
    /// Context only.
    #[default]
    Informational,
}

impl Level {
    /// All levels, gravest first.
    pub const ALL: [Level; 5] =
        [Level::Critical, Level::High, Level::Medium, Level::Low, Level::Informational];

    /// The level's name as Sigma writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Critical => "critical",
            Level::High => "high",
            Level::Medium => "medium",
            Level::Low => "low",
            Level::Informational => "informational",
        }
    }
}

/// One number for each level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByLevel<T> {
    /// For [`Level::Critical`].
    pub critical: T,
    /// For [`Level::High`].
    pub high: T,
    /// For [`Level::Medium`].
    pub medium: T,
    /// For [`Level::Low`].
    pub low: T,
    /// For [`Level::Informational`].
    pub informational: T,
}

impl<T> ByLevel<T> {
    /// The value of one level.
    pub const fn get(&self, level: Level) -> &T {
        match level {
            Level::Critical => &self.critical,
            Level::High => &self.high,
            Level::Medium => &self.medium,
            Level::Low => &self.low,
            Level::Informational => &self.informational,
        }
    }

    /// The value of one level, to be changed.
    pub const fn get_mut(&mut self, level: Level) -> &mut T {
        match level {
            Level::Critical => &mut self.critical,
            Level::High => &mut self.high,
            Level::Medium => &mut self.medium,
            Level::Low => &mut self.low,
            Level::Informational => &mut self.informational,
        }
    }
}

/// A list that may have been cut: some of the items, and how many there are in truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed<T> {
    /// The items kept.
    pub items: Vec<T>,
    /// How many there are in all; less than the number of items is read as that number.
    pub total: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), total: 0 }
    }
}

impl<T> From<Vec<T>> for Listed<T> {
    /// A whole list: nothing was cut.
    fn from(items: Vec<T>) -> Self {
        let total = items.len() as u64;
        Self { items, total }
    }
}

impl<T> Listed<T> {
    /// How many there are in all, never fewer than are listed.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.total.max(self.items.len() as u64)
    }
}

/// What an examination of logs with Sigma rules found, and what it could not see.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// False when the examination was stopped before its end.
    pub complete: bool,
    /// The version of the program that examined.
    pub version: String,
    /// The options that shaped the result, in the order to show them.
    pub options: Vec<NamedValue>,
    /// The headline counts.
    pub totals: Totals,
    /// Detections and distinct rules that fired, by level.
    pub levels: ByLevel<LevelCount>,
    /// Detections over time; without it no picture is drawn.
    pub timeline: Option<Timeline>,
    /// Hosts with detections, in any order; the page puts the worst first.
    pub hosts: Listed<Subject>,
    /// Accounts with detections, in any order; the page puts the worst first.
    pub accounts: Listed<Subject>,
    /// Rules that fired, in any order; the page puts the worst first.
    pub rules: Listed<FiredRule>,
    /// ATT&CK tactics with detections; the page adds those without and knows the order of the kill
    /// chain.
    pub tactics: Vec<TacticCount>,
    /// The files that were read.
    pub sources: Listed<Source>,
    /// What could not be seen.
    pub unseen: Unseen,
    /// Rules that were not loaded.
    pub rejected: Listed<RejectedRule>,
}

/// A name with a value, both as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NamedValue {
    /// The name, for instance `--timezone`.
    pub name: String,
    /// The value, for instance `Europe/Berlin`.
    pub value: String,
}

/// The headline counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Files of which at least one record was read, members of archives counted one by one.
    pub files: u64,
    /// Distinct hosts named in the records.
    pub hosts: u64,
    /// Distinct hosts with at least one detection.
    pub hosts_with_detections: u64,
    /// Records read.
    pub records: u64,
    /// Time of the earliest record, nanoseconds since 1970 UTC.
    pub first_ns: Option<i64>,
    /// Time of the latest record, nanoseconds since 1970 UTC.
    pub last_ns: Option<i64>,
    /// Detections.
    pub detections: u64,
    /// Rules loaded.
    pub rules_loaded: u64,
    /// Distinct rules with at least one detection.
    pub rules_fired: u64,
}

/// Counts of one level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LevelCount {
    /// Detections.
    pub detections: u64,
    /// Distinct rules that made them.
    pub rules: u64,
}

/// Detections over time, in buckets of equal length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Start of the first bucket, seconds since 1970 UTC.
    pub start_s: i64,
    /// Length of a bucket, seconds; zero is read as one.
    pub bucket_s: u64,
    /// The buckets, without holes; the page joins neighbours when there are too many to draw.
    pub buckets: Vec<Bucket>,
    /// Detections that bear no time and are therefore in no bucket.
    pub undated: u64,
}

/// One bucket of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Detections by level.
    pub levels: ByLevel<u64>,
    /// Records read of this time; `None` when not counted. Zero is drawn as a gap in the logs.
    pub records: Option<u64>,
}

/// A host or an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Its name as the logs have it.
    pub name: String,
    /// Detections.
    pub detections: u64,
    /// The gravest level among them.
    pub worst: Level,
    /// Time of the first detection, nanoseconds since 1970 UTC.
    pub first_ns: Option<i64>,
    /// Time of the last detection, nanoseconds since 1970 UTC.
    pub last_ns: Option<i64>,
}

/// A rule that fired.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FiredRule {
    /// The rule's title.
    pub title: String,
    /// The rule's id; may be empty.
    pub id: String,
    /// The rule's level.
    pub level: Level,
    /// What the rule's author says of it; may be empty.
    pub description: String,
    /// The rule's tags, for instance `attack.t1059.001`.
    pub tags: Vec<String>,
    /// The file that the rule was read from.
    pub file: String,
    /// Detections.
    pub detections: u64,
    /// Distinct hosts among them.
    pub hosts: u64,
    /// Time of the first detection, nanoseconds since 1970 UTC.
    pub first_ns: Option<i64>,
    /// Time of the last detection, nanoseconds since 1970 UTC.
    pub last_ns: Option<i64>,
    /// Some of the detections, to be shown in this order.
    pub examples: Vec<Example>,
}

/// One detection, shown as an example of its rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Time of the record, nanoseconds since 1970 UTC.
    pub time_ns: Option<i64>,
    /// The host; may be empty.
    pub host: String,
    /// The channel or kind of log; may be empty.
    pub channel: String,
    /// The record's number within its log.
    pub record_id: Option<u64>,
    /// The file that the record was read from.
    pub path: String,
    /// Where in the file.
    pub position: Option<Position>,
    /// The fields that matched, with their values, in the order to show them.
    pub matched: Vec<(String, String)>,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// Bytes from the start of the file.
    Offset(u64),
    /// Line number, the first being 1.
    Line(u64),
}

/// Counts of one ATT&CK tactic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TacticCount {
    /// The tactic as a Sigma tag (`attack.initial-access`, `initial_access`) or a name (`Initial
    /// Access`).
    pub tactic: String,
    /// Detections of rules with this tactic.
    pub detections: u64,
    /// Distinct rules that fired with this tactic.
    pub rules: u64,
}

/// A file that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its path as it was given or found.
    pub path: String,
    /// SHA-256 of its bytes, lower-case hex; may be empty.
    pub sha256: String,
    /// The format that it was read as, for instance `evtx`.
    pub format: String,
    /// Records read.
    pub records: u64,
    /// Time of the earliest record, nanoseconds since 1970 UTC.
    pub first_ns: Option<i64>,
    /// Time of the latest record, nanoseconds since 1970 UTC.
    pub last_ns: Option<i64>,
    /// Problems met while reading it.
    pub problems: u64,
}

/// What could not be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unseen {
    /// Files of which nothing could be read.
    pub files_unread: u64,
    /// Files of which only a part could be read.
    pub files_in_part: u64,
    /// Records that could not be read, as far as they could be counted.
    pub records_unread: u64,
    /// What went wrong while reading, alike ones counted together.
    pub problems: Listed<Problem>,
    /// Rules that could never fire on this input, by reason.
    pub idle_rules: Vec<IdleRules>,
    /// Rules of which an expression could not search all values to their end.
    pub rules_cut_short: u64,
    /// Records that no rule looked at.
    pub records_unexamined: u64,
    /// The same by kind of record.
    pub unexamined: Listed<UnexaminedKind>,
    /// What was taken for granted.
    pub assumptions: Listed<Assumption>,
    /// Files skipped because their bytes had been read already.
    pub duplicates: Listed<Duplicate>,
}

impl Unseen {
    /// Rules that could never fire on this input, all reasons together.
    #[must_use]
    pub fn rules_idle(&self) -> u64 {
        self.idle_rules.iter().fold(0, |sum, group| sum.saturating_add(group.rules))
    }
}

/// Something that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub path: String,
    /// Where in the file, the first time.
    pub position: Option<Position>,
    /// What was wrong.
    pub what: String,
    /// What had been expected; may be empty.
    pub expected: String,
    /// How often this was met in this file.
    pub count: u64,
}

/// Rules that could never fire on this input, for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IdleRules {
    /// The reason in plain words, for instance `no log source windows/sysmon in the input`.
    pub reason: String,
    /// How many rules.
    pub rules: u64,
    /// Titles of some of them.
    pub examples: Vec<String>,
}

/// A kind of record that no rule looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UnexaminedKind {
    /// The kind, for instance `Security 5379` or `zeek/ssl`.
    pub kind: String,
    /// How many records.
    pub records: u64,
}

/// Something that was taken for granted and may be wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Assumption {
    /// What it is about, for instance the path of a source.
    pub about: String,
    /// The assumption in plain words, for instance `times without a zone were read as UTC`.
    pub text: String,
}

/// A file skipped because its bytes had been read already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// The file skipped.
    pub path: String,
    /// The file that was read in its stead.
    pub same_as: String,
}

/// A rule that was not loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RejectedRule {
    /// The rule's file.
    pub file: String,
    /// The line in it, the first being 1.
    pub line: Option<u64>,
    /// Why it was not loaded.
    pub reason: String,
}
