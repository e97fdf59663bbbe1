//! One question about one value, made ready to be asked often.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use sekisho_event::{Kind, Value};

use crate::compare;
use crate::reference::Regex;
use crate::rule::{FieldRef, Network, Ordering, Part, Pattern, RegexSource, Test, TimePart};

/// One question about one value.
#[derive(Debug)]
pub(crate) enum ValueTest {
    Text(Pattern),
    /// A pattern of nothing but gaps: any value, also an empty one.
    Anything,
    Number(f64, String),
    Regex(LazyRegex),
    Cidr(Network),
    Compare(Ordering, f64),
    TimePart(TimePart, Ordering, f64),
    /// A question about the event, not about a value.
    Never,
}

fn is_gap(parts: &[Part]) -> bool {
    !parts.is_empty() && parts.iter().all(|part| *part == Part::Any)
}

impl ValueTest {
    pub(crate) fn new(test: &Test) -> Self {
        match test {
            Test::Text(Pattern { parts, .. }) if is_gap(parts) => Self::Anything,
            Test::Text(pattern) => Self::Text(pattern.clone()),
            Test::Number(number, text) => Self::Number(*number, text.clone()),
            Test::Regex(source) => Self::Regex(LazyRegex::new(source)),
            Test::Cidr(network) => Self::Cidr(*network),
            Test::Compare(ordering, number) => Self::Compare(*ordering, *number),
            Test::TimePart(part, ordering, number) => Self::TimePart(*part, *ordering, *number),
            Test::FieldRef(_) | Test::Exists(_) | Test::Null => Self::Never,
        }
    }

    /// Whether a limit kept some value from being searched to its end.
    pub(crate) fn cut_short(&self) -> bool {
        matches!(self, Self::Regex(regex) if regex.cut_short.load(Memory::Relaxed))
    }

    pub(crate) fn holds(&self, value: Value<'_>) -> bool {
        if value.kind == Kind::Null {
            return false;
        }
        match self {
            Self::Text(pattern) => pattern.matches(value.text),
            Self::Anything => true,
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
    source: RegexSource,
    /// `None` once it proved too large. Parsing refuses such expressions; this
    /// is the second lock on the same door.
    compiled: OnceLock<Option<Regex>>,
    /// Whether a limit came before the answer for some value. Not how often:
    /// values are asked once or again as memory has it.
    cut_short: AtomicBool,
}

impl LazyRegex {
    fn new(source: &RegexSource) -> Self {
        Self {
            source: source.clone(),
            compiled: OnceLock::new(),
            cut_short: AtomicBool::new(false),
        }
    }

    fn is_match(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.source));
        let Some(regex) = compiled else { return false };
        regex.search(text).unwrap_or_else(|| {
            self.cut_short.store(true, Memory::Relaxed);
            false
        })
    }
}

/// Whether a value relates to the value of another field as asked.
pub(crate) fn field_ref_holds(reference: &FieldRef, this: Value<'_>, that: Value<'_>) -> bool {
    if this.kind == Kind::Null || that.kind == Kind::Null {
        return false;
    }
    compare::related(this.text, that.text, reference.relation, reference.cased)
}
