//! Why a rule did or did not match an event: the rule as a tree in which each
//! part says whether it held, and each item which values it looked at.

use std::fmt;

use crate::event_view::EventView;
use crate::reference::{Matcher, values};
use crate::rule::{Detection, Expr, Item, Ordering, Relation, Rule, Test, TimePart};

/// What part of a rule an [`Explanation`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The rule; its parts are the condition and the search identifiers.
    Rule,
    /// The condition, as the parser resolved it.
    Condition,
    /// A search identifier.
    Search,
    /// Parts of which all must hold.
    All,
    /// Parts of which one must hold.
    Any,
    /// A field with its tests.
    Item,
    /// One test.
    Test,
}

impl Part {
    /// Its name in the machine form.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Condition => "condition",
            Self::Search => "search",
            Self::All => "all",
            Self::Any => "any",
            Self::Item => "item",
            Self::Test => "test",
        }
    }
}

/// Whether a part of a rule held for an event, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What part of the rule.
    pub part: Part,
    /// Whether it held.
    pub held: bool,
    /// The part in words.
    pub what: String,
    /// Line in the rule file; 0 where the part has none.
    pub line: u32,
    /// Of an item with a field: the values of that field in the event.
    pub values: Vec<String>,
    /// What it is made of.
    pub parts: Vec<Self>,
}

impl Explanation {
    pub(crate) fn of(rule: &Rule, matcher: &Matcher<'_>, event: &EventView<'_>) -> Self {
        let held = matcher.matches(event);
        let condition = written(&rule.condition, &rule.detections, false);
        let mut parts = vec![Self::leaf(Part::Condition, held, condition)];
        for (name, detection) in &rule.detections {
            let inner = of_detection(detection, matcher, event);
            let mut search = Self::leaf(Part::Search, inner.held, name.clone());
            search.parts = if inner.part == Part::All { inner.parts } else { vec![inner] };
            parts.push(search);
        }
        let line = rule.header.line;
        Self { line, parts, ..Self::leaf(Part::Rule, held, rule.header.title.clone()) }
    }

    fn leaf(part: Part, held: bool, what: String) -> Self {
        Self { part, held, what, line: 0, values: Vec::new(), parts: Vec::new() }
    }

    /// Appends the machine form: one line of JSON with `part`, `held`,
    /// `what`, `line`, `values` and `parts`.
    pub fn write_json(&self, out: &mut String) {
        out.push_str("{\"part\":\"");
        out.push_str(self.part.name());
        out.push_str(if self.held { "\",\"held\":true" } else { "\",\"held\":false" });
        out.push_str(",\"what\":");
        json_text(&self.what, out);
        out.push_str(",\"line\":");
        out.push_str(&self.line.to_string());
        out.push_str(",\"values\":[");
        for (i, value) in self.values.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { "," });
            json_text(value, out);
        }
        out.push_str("],\"parts\":[");
        for (i, part) in self.parts.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { "," });
            part.write_json(out);
        }
        out.push_str("]}");
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let mark = if self.held { "✓" } else { "✗" };
        let indent = depth * 2;
        let label = if self.part == Part::Condition { "condition: " } else { "" };
        write!(f, "{:indent$}{mark} {label}{}", "", self.what)?;
        if self.part == Part::Item {
            match self.values.as_slice() {
                [] => f.write_str("   [the event has no such value]")?,
                values => write!(f, "   [event: {}]", values.join(", "))?,
            }
        }
        writeln!(f)?;
        self.parts.iter().try_for_each(|part| part.write(f, depth + 1))
    }
}

impl fmt::Display for Explanation {
    /// For people: one part a line, indented, `✓` where it held and `✗` where
    /// it did not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

/// Most characters of a value that an explanation quotes.
const QUOTED_CHARS_MAX: usize = 200;

fn quoted(text: &str) -> String {
    let mut out: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    format!("`{}`", out.replace(['\n', '\r', '\0'], " "))
}

fn of_detection(
    detection: &Detection,
    matcher: &Matcher<'_>,
    event: &EventView<'_>,
) -> Explanation {
    let (part, what, parts) = match detection {
        Detection::All(parts) => (Part::All, "all of these", parts),
        Detection::Any(parts) => (Part::Any, "any of these", parts),
        Detection::Item(item) => return of_item(item, matcher, event),
    };
    let held = matcher.detection(detection, event);
    let parts = parts.iter().map(|d| of_detection(d, matcher, event)).collect();
    Explanation { parts, ..Explanation::leaf(part, held, what.to_owned()) }
}

fn of_item(item: &Item, matcher: &Matcher<'_>, event: &EventView<'_>) -> Explanation {
    let looked_at = values(item, event);
    let of_test = |test: &Test| {
        Explanation::leaf(Part::Test, matcher.test(test, &looked_at, event), in_words(test))
    };
    let parts: Vec<Explanation> = item.tests.iter().map(of_test).collect();
    let all = parts.iter().all(|p| p.held);
    let any = parts.iter().any(|p| p.held);
    let held = (if item.all { all } else { any }) != item.negated;
    let name = item.field.as_deref().unwrap_or("any value of the event");
    let how = match (item.negated, item.all, item.tests.len() > 1) {
        (false, true, true) => "all of",
        (false, _, true) => "any of",
        (true, true, true) => "not all of",
        (true, _, _) => "none of",
        (false, _, false) => "",
    };
    let what = format!("{name} {how}").trim_end().to_owned();
    let shown = match item.field {
        Some(_) => looked_at.iter().map(|value| quoted(value.text)).collect(),
        None => vec![format!("{} values", looked_at.len())],
    };
    Explanation {
        line: item.line,
        values: shown,
        parts,
        ..Explanation::leaf(Part::Item, held, what)
    }
}

/// A condition with the names it was written with.
fn written(expr: &Expr, detections: &[(String, Detection)], inner: bool) -> String {
    let list = |parts: &[Expr], between: &str| {
        let parts: Vec<String> = parts.iter().map(|e| written(e, detections, true)).collect();
        parts.join(between)
    };
    let wrap = |text: String| if inner { format!("({text})") } else { text };
    match expr {
        Expr::Detection(index) => detections.get(*index).map_or("?", |(name, _)| name).to_owned(),
        Expr::And(parts) if parts.is_empty() => "always".to_owned(),
        Expr::Or(parts) if parts.is_empty() => "never".to_owned(),
        Expr::And(parts) => wrap(list(parts, " and ")),
        Expr::Or(parts) => wrap(list(parts, " or ")),
        Expr::Not(part) => format!("not {}", written(part, detections, true)),
        Expr::AtLeast(least, parts) => format!("{least} of ({})", list(parts, ", ")),
    }
}

fn in_words(test: &Test) -> String {
    match test {
        Test::Text(pattern) => {
            let case = if pattern.cased { " (case matters)" } else { "" };
            format!("like {}{case}", quoted(&pattern.to_string()))
        }
        Test::Number(_, text) => format!("equals {text}"),
        Test::Regex(source) => format!("has the regular expression {}", quoted(&source.pattern)),
        Test::Cidr(network) => format!("within {}/{}", network.address, network.prefix),
        Test::Compare(ordering, limit) => format!("{} {limit}", sign(*ordering)),
        Test::FieldRef(other) => {
            let how = match other.relation {
                Relation::Equal => "equals",
                Relation::Contains => "contains",
                Relation::StartsWith => "starts with",
                Relation::EndsWith => "ends with",
            };
            format!("{how} the field {}", other.field)
        }
        Test::Exists(true) => "is there".to_owned(),
        Test::Exists(false) => "is not there".to_owned(),
        Test::Null => "has no value".to_owned(),
        Test::TimePart(part, ordering, limit) => {
            format!("{} {} {limit}", part_name(*part), sign(*ordering))
        }
    }
}

fn sign(ordering: Ordering) -> &'static str {
    match ordering {
        Ordering::Less => "<",
        Ordering::LessOrEqual => "≤",
        Ordering::Equal => "=",
        Ordering::GreaterOrEqual => "≥",
        Ordering::Greater => ">",
    }
}

fn part_name(part: TimePart) -> &'static str {
    match part {
        TimePart::Minute => "minute",
        TimePart::Hour => "hour",
        TimePart::Day => "day",
        TimePart::Week => "week",
        TimePart::Month => "month",
        TimePart::Year => "year",
    }
}

fn json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
