//! A Sigma document as a tree, after parsing and before compiling: checked
//! types, modifiers resolved into what is to be compared, nothing of YAML left.
//!
//! Source: Sigma specification 2.1 (rules, correlation rules, filters,
//! modifiers appendix), <https://github.com/SigmaHQ/sigma-specification>.

use std::sync::Arc;

/// One document of a rule file.
#[derive(Clone, Debug)]
pub enum Document {
    /// A detection rule.
    Rule(Rule),
    /// A correlation over other rules.
    Correlation(Correlation),
    /// A filter that narrows other rules.
    Filter(Filter),
}

/// Severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// `informational`, also where a rule states none.
    #[default]
    Informational,
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// `critical`
    Critical,
}

/// Maturity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Status {
    /// `unsupported`
    Unsupported,
    /// `deprecated`
    Deprecated,
    /// `experimental`, also where a rule states none.
    #[default]
    Experimental,
    /// `test`
    Test,
    /// `stable`
    Stable,
}

/// What a report says about a rule of any kind.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Title; never empty in a rule that was accepted.
    pub title: String,
    /// Id, empty where the rule has none.
    pub id: String,
    /// Name by which correlations refer to it, empty where it has none.
    pub name: String,
    /// Severity.
    pub level: Level,
    /// Whether the rule states a level at all.
    pub level_stated: bool,
    /// Maturity.
    pub status: Status,
    /// Tags as written, such as `attack.t1059.001`.
    pub tags: Vec<String>,
    /// Description.
    pub description: String,
    /// File it was read from, as given to the parser.
    pub file: Arc<str>,
    /// Line of its document's first key, from 1.
    pub line: u32,
}

/// Where the events come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogSource {
    /// `category`, such as `process_creation`.
    pub category: Option<String>,
    /// `product`, such as `windows`.
    pub product: Option<String>,
    /// `service`, such as `security`.
    pub service: Option<String>,
}

/// A detection rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Metadata.
    pub header: Header,
    /// Where the events come from.
    pub logsource: LogSource,
    /// The condition, with every search identifier and quantifier resolved to
    /// the detections they name. Several conditions in a list are one `Or`.
    pub condition: Expr,
    /// Names and detections in the order in which they are written; `Expr::Detection` points here.
    pub detections: Vec<(String, Detection)>,
    /// `fields`, for reports.
    pub fields: Vec<String>,
}

/// A condition over named detections.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Number of a detection in [`Rule::detections`].
    Detection(usize),
    /// All of them; of none, true.
    And(Vec<Expr>),
    /// Any of them; of none, false.
    Or(Vec<Expr>),
    /// Not.
    Not(Box<Expr>),
    /// At least this many of them.
    AtLeast(u32, Vec<Expr>),
}

/// What a search identifier holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Detection {
    /// A map: all of its items.
    All(Vec<Detection>),
    /// A list: any of its items.
    Any(Vec<Detection>),
    /// One comparison.
    Item(Item),
}

/// One line of a detection: a field (or none, for keywords) and the values of
/// which any, or with `|all` every one, must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Field, as written; `None` for keywords, which look into every value.
    pub field: Option<String>,
    /// Whether every test must hold (`|all`) instead of any.
    pub all: bool,
    /// Whether the outcome is turned round (`|neq`).
    pub negated: bool,
    /// The tests; never empty.
    pub tests: Vec<Test>,
    /// Line in the file, from 1.
    pub line: u32,
}

/// A question about one value of an event (or about its absence).
///
/// An event field with several values passes if one of them does, but for
/// [`Test::Null`] and [`Test::Exists`].
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Text with wildcards. Plain values, `contains`, `startswith`,
    /// `endswith`, `base64`, `base64offset`, `wide`, `windash` all end here.
    Text(Pattern),
    /// A number or boolean written without quotes, compared as the text of the value; a
    /// number also matches by value (`1` and `1.0`, `0x10` stays text).
    Number(f64, String),
    /// Regular expression, searched for unanchored.
    Regex(RegexSource),
    /// Address within a network, IPv4 or IPv6.
    Cidr(Network),
    /// Numeric comparison.
    Compare(Ordering, f64),
    /// The value of another field of the same event.
    FieldRef(FieldRef),
    /// Field present (`true`) or absent (`false`).
    Exists(bool),
    /// Absent, null or without value (YAML `null`).
    Null,
    /// Part of a time value compared with a number.
    TimePart(TimePart, Ordering, f64),
}

/// `lt`, `lte`, `gt`, `gte`, and equality for time parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ordering {
    /// `<`
    Less,
    /// `≤`
    LessOrEqual,
    /// `=`
    Equal,
    /// `≥`
    GreaterOrEqual,
    /// `>`
    Greater,
}

/// Parts of a time stamp, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimePart {
    /// 0 to 59
    Minute,
    /// 0 to 23
    Hour,
    /// 1 to 31
    Day,
    /// ISO week, 1 to 53
    Week,
    /// 1 to 12
    Month,
    /// Such as 2026
    Year,
}

/// Comparison with another field of the same event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldRef {
    /// The other field.
    pub field: String,
    /// How the values must relate: equal, starts with, ends with, contains.
    pub relation: Relation,
    /// Whether case matters.
    pub cased: bool,
}

/// How two texts must relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The same.
    Equal,
    /// The event's value contains the other.
    Contains,
    /// The event's value starts with the other.
    StartsWith,
    /// The event's value ends with the other.
    EndsWith,
}

/// A network in CIDR notation. IPv4 addresses mapped into IPv6 count as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    /// First address of the network.
    pub address: std::net::IpAddr,
    /// Length of the prefix, 0 to 32 or 0 to 128.
    pub prefix: u8,
}

/// A regular expression before it is compiled; checked to be one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegexSource {
    /// With flags in front, such as `(?i)`.
    pub pattern: String,
}

/// Text with wildcards, anchored at both ends. An unquoted `*` stands for any
/// text (also none), a `?` for exactly one character; `\*`, `\?` and `\\`
/// stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Literals and wildcards in turn; no two literals and no two `Any` follow each other.
    pub parts: Vec<Part>,
    /// Whether case matters (`|cased`). Without it, comparison is
    /// case-insensitive by Unicode simple lower-casing.
    pub cased: bool,
}

/// Part of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// This text, never empty. Kept as written; not lower-cased.
    Literal(String),
    /// `*`
    Any,
    /// `?`
    One,
}

/// A correlation rule.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// Metadata.
    pub header: Header,
    /// What is counted or put in order.
    pub kind: CorrelationKind,
    /// Names or ids of the rules it refers to, as written.
    pub rules: Vec<String>,
    /// Fields (or aliases) by which events are grouped.
    pub group_by: Vec<String>,
    /// Length of the window in nanoseconds.
    pub timespan: i64,
    /// Alias → (rule, field of that rule's events).
    pub aliases: Vec<Alias>,
    /// What must hold of the count, sum …; all of them.
    pub conditions: Vec<(Ordering, f64)>,
    /// `condition.field`, for kinds that look at values.
    pub field: Vec<String>,
    /// `condition.percentile`, 0 to 100, for [`CorrelationKind::ValuePercentile`].
    pub percentile: f64,
    /// `generate`: whether the referred rules also report their own matches.
    pub generate: bool,
    /// `condition: rule_a and not rule_b` of temporal kinds (Sigma 2.1 extended temporal
    /// conditions), as an expression over indexes into `rules`.
    pub expression: Option<Expr>,
}

/// The kinds of correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CorrelationKind {
    /// Number of events.
    EventCount,
    /// Number of distinct values of a field.
    ValueCount,
    /// All rules within the window, in any order.
    Temporal,
    /// All rules within the window, in their order.
    TemporalOrdered,
    /// Sum of a field.
    ValueSum,
    /// Mean of a field.
    ValueAvg,
    /// Percentile of a field.
    ValuePercentile,
}

/// A name for fields that are called differently in different rules' events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The name that `group-by` uses.
    pub name: String,
    /// Rule name or id, and the field in its events.
    pub mapping: Vec<(String, String)>,
}

/// A filter: narrows the rules it names by a further condition.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Metadata.
    pub header: Header,
    /// Applies to rules whose log source does not contradict this one.
    pub logsource: LogSource,
    /// Names or ids of the rules it applies to, or `any` (empty list) for all
    /// with a fitting log source.
    pub rules: Vec<String>,
    /// As in [`Rule`]; what it matches is taken *out* if its condition says so
    /// (`not selection`): the condition is `and`ed to that of the rule.
    pub condition: Expr,
    /// As in [`Rule::detections`].
    pub detections: Vec<(String, Detection)>,
}

impl Level {
    /// Its name as rules write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}
