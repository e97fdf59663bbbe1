//! The oracle: a matcher without any cleverness. It asks every question of a
//! rule for every event anew, in the order in which they are written, so that
//! it can be read against `event_view`, where the answers are defined. Only
//! regular expressions are compiled once.

use std::sync::OnceLock;

use hashbrown::HashMap;
use sekisho_event::{Kind, Value};

use crate::compare;
use crate::event_view::EventView;
use crate::explain::Explanation;
use crate::limits::BACKTRACKING_STEPS;
use crate::rule::{Detection, Expr, Item, RegexSource, Rule, Test};

/// Whether an event is what a rule looks for. The rule's log source is not
/// looked at.
#[must_use]
pub fn matches(rule: &Rule, event: &EventView<'_>) -> bool {
    Matcher::new(rule).matches(event)
}

/// Why an event is or is not what a rule looks for.
#[must_use]
pub fn explain(rule: &Rule, event: &EventView<'_>) -> Explanation {
    Explanation::of(rule, &Matcher::new(rule), event)
}

/// A regular expression, ready to run.
#[derive(Clone, Debug)]
pub enum Regex {
    /// By the engine whose time is linear.
    Linear(regex::Regex),
    /// By the one that knows look-around and references back, with a limit on
    /// its steps.
    Backtracking(Box<Backtracking>),
}

/// An expression with look-around or references back.
#[derive(Clone, Debug)]
pub struct Backtracking {
    source: Box<str>,
    /// By length of the value, as in [`BACKTRACKING_STEPS`]; most values are
    /// short.
    by_length: [OnceLock<Option<fancy_regex::Regex>>; BACKTRACKING_STEPS.len()],
}

impl Backtracking {
    /// `None` where it is too large.
    fn new(source: &str) -> Option<Self> {
        let made = Self { source: source.into(), by_length: Default::default() };
        made.for_length(0).is_some().then_some(made)
    }

    fn for_length(&self, bytes: usize) -> Option<&fancy_regex::Regex> {
        let mut all = BACKTRACKING_STEPS.iter().zip(&self.by_length);
        let ((_, steps), compiled) = all.find(|((longest, _), _)| bytes <= *longest)?;
        let compile =
            || fancy_regex::RegexBuilder::new(&self.source).backtrack_limit(*steps).build().ok();
        compiled.get_or_init(compile).as_ref()
    }
}

impl Regex {
    /// Compiles an expression that the parser accepted; `None` where it is
    /// too large.
    #[must_use]
    pub fn new(source: &RegexSource) -> Option<Self> {
        if let Ok(found) = regex::Regex::new(&source.pattern) {
            return Some(Self::Linear(found));
        }
        Backtracking::new(&source.pattern).map(|made| Self::Backtracking(Box::new(made)))
    }

    /// Whether it is found in a text; `None` where a limit came before the
    /// answer.
    #[must_use]
    pub fn search(&self, text: &str) -> Option<bool> {
        match self {
            Self::Linear(regex) => Some(regex.is_match(text)),
            Self::Backtracking(regex) => regex.for_length(text.len())?.is_match(text).ok(),
        }
    }

    /// Whether it is found in a text. What cannot be told is "no".
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.search(text).unwrap_or(false)
    }
}

/// A condition and its detections with their regular expressions compiled.
#[derive(Debug)]
pub struct Matcher<'r> {
    condition: &'r Expr,
    detections: &'r [(String, Detection)],
    regexes: HashMap<&'r RegexSource, Option<Regex>>,
}

impl<'r> Matcher<'r> {
    /// For a rule.
    #[must_use]
    pub fn new(rule: &'r Rule) -> Self {
        Self::of(&rule.condition, &rule.detections)
    }

    /// For the condition of a rule or a filter.
    #[must_use]
    pub fn of(condition: &'r Expr, detections: &'r [(String, Detection)]) -> Self {
        let mut regexes = HashMap::new();
        for (_, detection) in detections {
            compile(detection, &mut regexes);
        }
        Self { condition, detections, regexes }
    }

    /// Whether the condition holds for an event.
    #[must_use]
    pub fn matches(&self, event: &EventView<'_>) -> bool {
        self.expr(self.condition, event)
    }

    pub(crate) fn expr(&self, expr: &Expr, event: &EventView<'_>) -> bool {
        match expr {
            Expr::Detection(index) => {
                self.detections.get(*index).is_some_and(|(_, d)| self.detection(d, event))
            }
            Expr::And(parts) => parts.iter().all(|e| self.expr(e, event)),
            Expr::Or(parts) => parts.iter().any(|e| self.expr(e, event)),
            Expr::Not(part) => !self.expr(part, event),
            Expr::AtLeast(least, parts) => {
                let held = parts.iter().filter(|e| self.expr(e, event)).count();
                held as u64 >= u64::from(*least)
            }
        }
    }

    pub(crate) fn detection(&self, detection: &Detection, event: &EventView<'_>) -> bool {
        match detection {
            Detection::All(parts) => parts.iter().all(|d| self.detection(d, event)),
            Detection::Any(parts) => parts.iter().any(|d| self.detection(d, event)),
            Detection::Item(item) => self.item(item, event),
        }
    }

    fn item(&self, item: &Item, event: &EventView<'_>) -> bool {
        let values = values(item, event);
        let mut outcomes = item.tests.iter().map(|test| self.test(test, &values, event));
        let held = if item.all { outcomes.all(|o| o) } else { outcomes.any(|o| o) };
        held != item.negated
    }

    pub(crate) fn test(&self, test: &Test, values: &[Value<'_>], event: &EventView<'_>) -> bool {
        match test {
            Test::Null => values.iter().all(|value| value.kind == Kind::Null),
            Test::Exists(wanted) => *wanted != values.is_empty(),
            _ => values
                .iter()
                .filter(|value| value.kind != Kind::Null)
                .any(|value| self.value(test, *value, event)),
        }
    }

    fn value(&self, test: &Test, value: Value<'_>, event: &EventView<'_>) -> bool {
        let text = value.text;
        match test {
            Test::Text(pattern) => pattern.matches(text),
            Test::Number(wanted, written) => compare::equals_number(value, *wanted, written),
            Test::Regex(source) => {
                self.regexes.get(source).and_then(Option::as_ref).is_some_and(|r| r.is_match(text))
            }
            Test::Cidr(network) => network.contains_text(text),
            Test::Compare(ordering, limit) => {
                compare::number(text).is_some_and(|n| compare::ordered(n, *ordering, *limit))
            }
            Test::TimePart(part, ordering, limit) => compare::time_part(text, *part)
                .is_some_and(|n| compare::ordered(n, *ordering, *limit)),
            Test::FieldRef(other) => event
                .values(&other.field)
                .iter()
                .filter(|v| v.kind != Kind::Null)
                .any(|v| compare::related(text, v.text, other.relation, other.cased)),
            Test::Null | Test::Exists(_) => false,
        }
    }
}

/// The values that an item looks at.
pub(crate) fn values<'a>(item: &Item, event: &EventView<'a>) -> Vec<Value<'a>> {
    match &item.field {
        Some(field) => event.values(field),
        None => event.all_values().into_iter().map(|(_, value)| value).collect(),
    }
}

fn compile<'r>(detection: &'r Detection, regexes: &mut HashMap<&'r RegexSource, Option<Regex>>) {
    match detection {
        Detection::All(parts) | Detection::Any(parts) => {
            parts.iter().for_each(|part| compile(part, regexes));
        }
        Detection::Item(item) => {
            for test in &item.tests {
                if let Test::Regex(source) = test {
                    regexes.entry(source).or_insert_with(|| Regex::new(source));
                }
            }
        }
    }
}
