//! Correlation rules: what is counted or put in order over the matches of
//! other rules.

use crate::condition;
use crate::document::{missing, texts};
use crate::parse::Context;
use crate::rule::{Alias, Correlation, CorrelationKind, Expr, Header, Ordering};
use crate::value::Scalar;
use crate::yaml::{Entry, Fault, Node, NodeKind};

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// Reads `correlation:` and what belongs to it.
pub(crate) fn correlation(
    entry: &Entry<'_>,
    header: Header,
    document: &Node<'_>,
    context: &mut Context<'_>,
) -> Result<Correlation, Fault> {
    let section = &entry.value;
    if !matches!(section.kind, NodeKind::Map(_)) {
        let reason = format!("`correlation` is {}, expected a map", section.what());
        return Err(Fault::new(entry.line, reason));
    }
    let list = |key: &str| section.get(key).map_or(Ok(Vec::new()), |e| texts(e, key));
    let (kind, fixed_percentile) = kind(section, entry.line)?;
    let mut rules = list("rules")?;
    let wanted = wanted(section, kind, &mut rules, entry.line, context)?;
    if rules.is_empty() {
        return Err(missing(entry.line, "rules", "names or ids of rules"));
    }
    let percentile = match (fixed_percentile.or(wanted.percentile), kind) {
        (None, CorrelationKind::ValuePercentile) => {
            context.note(entry.line, "no percentile stated, taken for 50".to_owned());
            50.0
        }
        (found, _) => found.unwrap_or_default(),
    };
    let generate = section.get("generate").or_else(|| document.get("generate"));
    Ok(Correlation {
        header,
        kind,
        rules,
        group_by: list("group-by")?,
        timespan: timespan(section, entry.line)?,
        aliases: aliases(section)?,
        conditions: wanted.conditions,
        field: wanted.field,
        percentile,
        generate: generate.is_some_and(|e| {
            Scalar::of(&e.value) == Some(Scalar::Bool(true, "true"))
                || e.value.text().is_some_and(|t| t.eq_ignore_ascii_case("true"))
        }),
        expression: wanted.expression,
    })
}

/// The kind, and the percentile that some names stand for.
fn kind(section: &Node<'_>, line: u32) -> Result<(CorrelationKind, Option<f64>), Fault> {
    const KINDS: [(&str, CorrelationKind, Option<f64>); 10] = [
        ("event_count", CorrelationKind::EventCount, None),
        ("value_count", CorrelationKind::ValueCount, None),
        ("temporal", CorrelationKind::Temporal, None),
        ("temporal_ordered", CorrelationKind::TemporalOrdered, None),
        ("value_sum", CorrelationKind::ValueSum, None),
        ("value_avg", CorrelationKind::ValueAvg, None),
        ("value_percentile", CorrelationKind::ValuePercentile, None),
        ("value_median", CorrelationKind::ValuePercentile, Some(50.0)),
        ("value_min", CorrelationKind::ValuePercentile, Some(0.0)),
        ("value_max", CorrelationKind::ValuePercentile, Some(100.0)),
    ];
    let Some(entry) = section.get("type") else {
        return Err(missing(line, "type", "a kind of correlation such as `event_count`"));
    };
    let text = entry.value.text().unwrap_or_default();
    let found = KINDS.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(text));
    found.map(|&(_, kind, percentile)| (kind, percentile)).ok_or_else(|| {
        let names: Vec<&str> = KINDS.iter().map(|(name, _, _)| *name).collect();
        let reason = format!("unknown correlation type `{text}`, expected {}", names.join(", "));
        Fault::new(entry.line, reason)
    })
}

/// `condition`, in either of its forms.
#[derive(Default)]
struct Wanted {
    conditions: Vec<(Ordering, f64)>,
    field: Vec<String>,
    percentile: Option<f64>,
    expression: Option<Expr>,
}

fn wanted(
    section: &Node<'_>,
    kind: CorrelationKind,
    rules: &mut Vec<String>,
    line: u32,
    context: &mut Context<'_>,
) -> Result<Wanted, Fault> {
    let temporal = matches!(kind, CorrelationKind::Temporal | CorrelationKind::TemporalOrdered);
    let Some(entry) = section.get("condition").filter(|e| !e.value.is_null()) else {
        return match temporal {
            true => Ok(Wanted::default()),
            false => Err(missing(line, "condition", "a map such as `gte: 10`")),
        };
    };
    if let (Some(text), true) = (entry.value.text(), temporal) {
        let expression = expression(text, rules, entry.line, context)?;
        return Ok(Wanted { expression: Some(expression), ..Wanted::default() });
    }
    let NodeKind::Map(entries) = &entry.value.kind else {
        let reason =
            format!("condition is {}, expected a map such as `gte: 10`", entry.value.what());
        return Err(Fault::new(entry.line, reason));
    };
    let mut out = Wanted::default();
    for part in entries {
        criterion(part, &mut out)?;
    }
    if out.conditions.is_empty() {
        return Err(Fault::new(entry.line, "condition has no gt, gte, lt, lte or eq"));
    }
    if out.field.is_empty() && !temporal && kind != CorrelationKind::EventCount {
        return Err(missing(entry.line, "field", "in the condition, the field that is looked at"));
    }
    Ok(out)
}

fn criterion(part: &Entry<'_>, out: &mut Wanted) -> Result<(), Fault> {
    let ordering = match part.key.as_ref() {
        "gt" => Ordering::Greater,
        "gte" => Ordering::GreaterOrEqual,
        "lt" => Ordering::Less,
        "lte" => Ordering::LessOrEqual,
        "eq" => Ordering::Equal,
        "field" => {
            out.field = texts(part, "field")?;
            return Ok(());
        }
        "percentile" => {
            let percentile = number(part)?;
            if !(0.0..=100.0).contains(&percentile) {
                return Err(Fault::new(part.line, "percentile is not from 0 to 100"));
            }
            out.percentile = Some(percentile);
            return Ok(());
        }
        "neq" => {
            let reason =
                "`neq` is not a condition of correlations, expected gt, gte, lt, lte or eq";
            return Err(Fault::new(part.line, reason));
        }
        key => {
            let reason = format!(
                "unknown `{key}` in the condition, expected gt, gte, lt, lte, eq, field or percentile"
            );
            return Err(Fault::new(part.line, reason));
        }
    };
    out.conditions.push((ordering, number(part)?));
    Ok(())
}

fn number(entry: &Entry<'_>) -> Result<f64, Fault> {
    let text = entry.value.text().unwrap_or_default();
    crate::compare::number(text).ok_or_else(|| {
        Fault::new(entry.line, format!("`{}: {text}`, expected a number", entry.key))
    })
}

/// A condition over rules. Where `rules` is left out, it names them.
fn expression(
    text: &str,
    rules: &mut Vec<String>,
    line: u32,
    context: &mut Context<'_>,
) -> Result<Expr, Fault> {
    let fault = |reason: String| Fault::new(line, reason);
    if rules.is_empty() {
        let names = condition::identifiers(text).map_err(fault)?;
        rules.extend(names.into_iter().map(str::to_owned));
    }
    let names: Vec<&str> = rules.iter().map(String::as_str).collect();
    let found = condition::parse(text, &names).map_err(fault)?;
    for note in found.notes {
        context.note(line, note);
    }
    Ok(found.expr)
}

fn timespan(section: &Node<'_>, line: u32) -> Result<i64, Fault> {
    let expected = "a number and one of s, m, h, d, w, M, y, such as `10m`";
    let Some(entry) = section.get("timespan").or_else(|| section.get("timeframe")) else {
        return Err(missing(line, "timespan", expected));
    };
    let text = entry.value.text().unwrap_or_default().trim();
    let span = || {
        let (at, unit) = text.char_indices().next_back()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            // The mean Gregorian month and year.
            'M' => 2_629_746,
            'y' => 31_556_952,
            _ => return None,
        };
        let digits = text.get(..at)?;
        let count: i64 =
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
        count.checked_mul(seconds)?.checked_mul(SECOND).filter(|&span| span > 0)
    };
    span().ok_or_else(|| Fault::new(entry.line, format!("timespan `{text}`, expected {expected}")))
}

fn aliases(section: &Node<'_>) -> Result<Vec<Alias>, Fault> {
    let Some(entry) = section.get("aliases").filter(|e| !e.value.is_null()) else {
        return Ok(Vec::new());
    };
    let refuse = |entry: &Entry<'_>, expected: &str| {
        let reason = format!("`{}` is {}, expected {expected}", entry.key, entry.value.what());
        Fault::new(entry.line, reason)
    };
    let NodeKind::Map(entries) = &entry.value.kind else {
        return Err(refuse(entry, "a map of aliases"));
    };
    let mut out = Vec::new();
    for alias in entries {
        let NodeKind::Map(fields) = &alias.value.kind else {
            return Err(refuse(alias, "a map from rules to their fields"));
        };
        let mut mapping = Vec::new();
        for field in fields {
            let Some(name) = field.value.text() else {
                return Err(refuse(field, "the name of a field"));
            };
            mapping.push((field.key.to_string(), name.to_owned()));
        }
        out.push(Alias { name: alias.key.to_string(), mapping });
    }
    Ok(out)
}
