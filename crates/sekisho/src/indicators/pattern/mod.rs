//! STIX 2.1 patterns (section 9 of the specification): what they say, as a
//! tree. [`parse`] reads all of the grammar, levels 1 to 3.
//!
//! A pattern joins *observations*; each stands in square brackets and is a
//! condition on one event. What a condition means for an event is written in
//! [`crate::indicators`].

mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub(super) use lexer::time as stix_time;
pub use parser::parse;

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `'text'`.
    Text(Box<str>),
    /// `5`.
    Integer(i64),
    /// `0.5`.
    Float(f64),
    /// `true`.
    Bool(bool),
    /// `t'2014-01-13T07:03:17Z'`, in nanoseconds since 1970 in UTC.
    Time(i64),
    /// `h'ffc3'`.
    Hex(Box<[u8]>),
    /// `b'ABI='`.
    Binary(Box<[u8]>),
}

impl Literal {
    /// What kind of constant it is, for people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Time(_) => "a time",
            Self::Hex(_) | Self::Binary(_) => "bytes",
        }
    }
}

/// A step from an object to one of its properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A property or the key of a dictionary.
    Key(Box<str>),
    /// `[*]`: any element of a list.
    Any,
    /// `[2]`: one element of a list.
    Index(i64),
}

/// `file:hashes.'SHA-256'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectPath {
    /// The type of the object: `file`.
    pub object: Box<str>,
    /// The way from there; at least one step, the first of which is a key.
    pub steps: Vec<Step>,
}

impl std::fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.object)?;
        for (n, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) => write!(f, "{}{key}", if n == 0 { ':' } else { '.' })?,
                Step::Any => f.write_str("[*]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// How a property is compared with constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`, and `!=` with [`Comparison::negated`].
    Equal,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `IN (…)`.
    In,
    /// `LIKE`.
    Like,
    /// `MATCHES`.
    Matches,
    /// `ISSUBSET`.
    Subset,
    /// `ISSUPERSET`.
    Superset,
    /// `EXISTS`; has no constant.
    Exists,
}

impl Operator {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "IN",
            Self::Like => "LIKE",
            Self::Matches => "MATCHES",
            Self::Subset => "ISSUBSET",
            Self::Superset => "ISSUPERSET",
            Self::Exists => "EXISTS",
        }
    }
}

/// A comparison of one property with constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The property.
    pub path: ObjectPath,
    /// How it is compared.
    pub operator: Operator,
    /// Whether the outcome is turned round: `!=`, `NOT`.
    pub negated: bool,
    /// One constant; several or none for `IN`, none for `EXISTS`.
    pub literals: Vec<Literal>,
}

/// A condition on one event: what stands between square brackets.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A comparison.
    Test(Comparison),
    /// `AND`.
    All(Vec<Condition>),
    /// `OR`.
    Any(Vec<Condition>),
}

/// A restriction on the events that satisfy an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Qualifier {
    /// `WITHIN 5 SECONDS`, in nanoseconds: the latest event is less than this
    /// after the earliest.
    Within(i64),
    /// `REPEATS 5 TIMES`, by different events.
    Repeats(u32),
    /// `START t'…' STOP t'…'`: from the first, before the second, in
    /// nanoseconds since 1970 in UTC.
    Between(i64, i64),
}

/// What events are to be observed.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// One event.
    Observation(Condition),
    /// `AND`: all of these, by different events.
    All(Vec<Expression>),
    /// `OR`: any of these.
    Any(Vec<Expression>),
    /// `FOLLOWEDBY`: each of these, none before the one that it stands after,
    /// by different events.
    Sequence(Vec<Expression>),
    /// Restricted.
    Qualified(Box<Expression>, Qualifier),
}
