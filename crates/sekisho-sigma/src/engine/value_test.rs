//! One question about one value, made ready to be asked often.

use std::sync::OnceLock;

use sekisho_event::{Kind, Value};

use crate::compare;
use crate::rule::{FieldRef, Network, Ordering, Pattern, Test, TimePart};

/// Most memory that a compiled regular expression may take, in bytes.
const REGEX_BYTES_MAX: usize = 10 << 20;

/// Most steps that a regular expression with look-around or back-references
/// may take on one value.
const BACKTRACK_MAX: usize = 1_000_000;

/// One question about one value.
#[derive(Debug)]
pub(crate) enum ValueTest {
    Text(Pattern),
    Number(f64, String),
    Regex(LazyRegex),
    Cidr(Network),
    Compare(Ordering, f64),
    TimePart(TimePart, Ordering, f64),
    /// A question about the event, not about a value.
    Never,
}

impl ValueTest {
    pub(crate) fn new(test: &Test) -> Self {
        match test {
            Test::Text(pattern) => Self::Text(pattern.clone()),
            Test::Number(number, text) => Self::Number(*number, text.clone()),
            Test::Regex(source) => Self::Regex(LazyRegex::new(&source.pattern)),
            Test::Cidr(network) => Self::Cidr(*network),
            Test::Compare(ordering, number) => Self::Compare(*ordering, *number),
            Test::TimePart(part, ordering, number) => Self::TimePart(*part, *ordering, *number),
            Test::FieldRef(_) | Test::Exists(_) | Test::Null => Self::Never,
        }
    }

    pub(crate) fn holds(&self, value: Value<'_>) -> bool {
        if value.kind == Kind::Null {
            return false;
        }
        match self {
            Self::Text(pattern) => pattern.matches(value.text),
            Self::Number(number, text) => compare::equals_number(value, *number, text),
            Self::Regex(regex) => regex.is_match(value.text),
            Self::Cidr(network) => network.contains_text(value.text),
            Self::Compare(ordering, limit) => {
                compare::number(value.text).is_some_and(|v| compare::ordered(v, *ordering, *limit))
            }
            Self::TimePart(part, ordering, limit) => compare::time_part(value.text, *part)
                .is_some_and(|v| compare::ordered(v, *ordering, *limit)),
            Self::Never => false,
        }
    }
}

/// A regular expression that is compiled when it is first asked: most never
/// are, since the literals they require do not occur.
#[derive(Debug)]
pub(crate) struct LazyRegex {
    pattern: String,
    compiled: OnceLock<Compiled>,
}

#[derive(Debug)]
enum Compiled {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
    /// Too large to compile. Parsing refuses such expressions; this is the
    /// second lock on the same door.
    Refused,
}

impl LazyRegex {
    pub(crate) fn new(pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), compiled: OnceLock::new() }
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        match self.compiled.get_or_init(|| compile(&self.pattern)) {
            Compiled::Linear(regex) => regex.is_match(text),
            Compiled::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
            Compiled::Refused => false,
        }
    }
}

fn compile(pattern: &str) -> Compiled {
    if let Ok(regex) = regex::RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build() {
        return Compiled::Linear(regex);
    }
    let backtracking = fancy_regex::RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACK_MAX)
        .delegate_size_limit(REGEX_BYTES_MAX)
        .build();
    backtracking.map_or(Compiled::Refused, |regex| Compiled::Backtracking(Box::new(regex)))
}

/// Whether a value relates to the value of another field as asked.
pub(crate) fn field_ref_holds(reference: &FieldRef, this: Value<'_>, that: Value<'_>) -> bool {
    if this.kind == Kind::Null || that.kind == Kind::Null {
        return false;
    }
    compare::related(this.text, that.text, reference.relation, reference.cased)
}
