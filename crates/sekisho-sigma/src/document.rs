//! Rules and filters: what a document states about itself, where its events
//! come from, what it looks for.

use std::sync::Arc;

use crate::condition;
use crate::correlation::correlation;
use crate::detection::detection;
use crate::limits::SEARCHES_MAX;
use crate::parse::Context;
use crate::rule::{Detection, Document, Expr, Filter, Header, Level, LogSource, Rule, Status};
use crate::yaml::{Entry, Fault, Node, NodeKind};

/// Reads a document of any kind.
pub(crate) fn document(
    node: &Node<'_>,
    file: &Arc<str>,
    context: &mut Context<'_>,
) -> Result<Document, Fault> {
    if !matches!(node.kind, NodeKind::Map(_)) {
        let reason = format!("{}, expected a map with `title` and `detection`", node.what());
        return Err(Fault::new(node.line, reason));
    }
    let header = header(node, file, context)?;
    if let Some(entry) = node.get("correlation") {
        return correlation(entry, header, node, context).map(Document::Correlation);
    }
    if let Some(entry) = node.get("filter") {
        return filter(entry, header, node, context).map(Document::Filter);
    }
    rule(header, node, context).map(Document::Rule)
}

fn rule(header: Header, node: &Node<'_>, context: &mut Context<'_>) -> Result<Rule, Fault> {
    let logsource = logsource(node)?;
    let Some(entry) = node.get("detection") else {
        return Err(missing(node.line, "detection", "a map of search identifiers"));
    };
    let (detections, condition) = searches(entry, &["timeframe"], context)?;
    let fields = noted_texts(node, "fields", context);
    Ok(Rule { header, logsource, condition, detections, fields })
}

fn filter(
    entry: &Entry<'_>,
    header: Header,
    node: &Node<'_>,
    context: &mut Context<'_>,
) -> Result<Filter, Fault> {
    let logsource = logsource(node)?;
    let Some(rules) = entry.value.get("rules") else {
        return Err(missing(entry.line, "rules", "a list of rule ids or names, or `any`"));
    };
    let mut names = texts(rules, "rules")?;
    let is_any = |n: &String| n.eq_ignore_ascii_case("any") || n.eq_ignore_ascii_case("all");
    if rules.value.text().is_some() && names.iter().all(is_any) {
        names.clear();
    }
    let (detections, condition) = searches(entry, &["rules"], context)?;
    Ok(Filter { header, logsource, rules: names, condition, detections })
}

type Searches = (Vec<(String, Detection)>, Expr);

/// The search identifiers and the condition of `detection` or `filter`.
fn searches(
    entry: &Entry<'_>,
    not_searches: &[&str],
    context: &mut Context<'_>,
) -> Result<Searches, Fault> {
    let NodeKind::Map(entries) = &entry.value.kind else {
        let reason = format!("`{}` is {}, expected a map", entry.key, entry.value.what());
        return Err(Fault::new(entry.line, reason));
    };
    if entries.len() > SEARCHES_MAX {
        let reason = format!("`{}` has more than {SEARCHES_MAX} entries", entry.key);
        return Err(Fault::new(entry.line, reason));
    }
    let mut detections = Vec::with_capacity(entries.len());
    for search in entries {
        if search.key == "condition" || not_searches.contains(&search.key.as_ref()) {
            continue;
        }
        let found = detection(&search.value, context)
            .map_err(|f| Fault { reason: format!("in `{}`: {}", search.key, f.reason), ..f })?;
        detections.push((search.key.to_string(), found));
    }
    let Some(written) = entry.value.get("condition") else {
        return Err(missing(entry.line, "condition", "text such as `selection`"));
    };
    if detections.is_empty() {
        let reason = format!("`{}` has no search identifier", entry.key);
        return Err(Fault::new(entry.line, reason));
    }
    let names: Vec<&str> = detections.iter().map(|(name, _)| name.as_str()).collect();
    let condition = conditions(written, &names, context)?;
    Ok((detections, condition))
}

fn conditions(
    written: &Entry<'_>,
    names: &[&str],
    context: &mut Context<'_>,
) -> Result<Expr, Fault> {
    let nodes = match &written.value.kind {
        NodeKind::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(&written.value),
    };
    let mut exprs = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(text) = node.text() else {
            let reason = format!("condition is {}, expected text", node.what());
            return Err(Fault::new(node.line, reason));
        };
        let found =
            condition::parse(text, names).map_err(|reason| Fault::new(node.line, reason))?;
        for note in found.notes {
            context.note(node.line, note);
        }
        exprs.push(found.expr);
    }
    match (exprs.len(), exprs.pop()) {
        (_, None) => Err(Fault::new(written.line, "condition is an empty list, expected text")),
        (1, Some(only)) => Ok(only),
        (_, Some(last)) => {
            exprs.push(last);
            Ok(Expr::Or(exprs))
        }
    }
}

fn header(node: &Node<'_>, file: &Arc<str>, context: &mut Context<'_>) -> Result<Header, Fault> {
    let text = |key: &str| {
        let value = node.get(key).map(|e| &e.value).filter(|value| !value.is_null());
        value.and_then(Node::text).unwrap_or_default().trim()
    };
    let title = text("title");
    if title.is_empty() {
        return Err(missing(node.get("title").map_or(node.line, |e| e.line), "title", "text"));
    }
    let line_of = |key: &str| node.get(key).map_or(node.line, |e| e.line);
    let level = level(text("level"));
    if level.is_none() && !text("level").is_empty() {
        context
            .note(line_of("level"), format!("unknown level `{}`, taken for none", text("level")));
    }
    let status = status(text("status"));
    if status.is_none() && !text("status").is_empty() {
        let note = format!("unknown status `{}`, taken for experimental", text("status"));
        context.note(line_of("status"), note);
    }
    let id = text("id");
    if !id.is_empty() && !is_uuid(id) {
        context.note(line_of("id"), format!("id `{id}` is no UUID"));
    }
    let tags = noted_texts(node, "tags", context);
    Ok(Header {
        title: title.to_owned(),
        id: id.to_owned(),
        name: text("name").to_owned(),
        level: level.unwrap_or_default(),
        level_stated: level.is_some(),
        status: status.unwrap_or_default(),
        tags,
        description: text("description").to_owned(),
        file: Arc::clone(file),
        line: node.line,
    })
}

fn level(text: &str) -> Option<Level> {
    const LEVELS: [(&str, Level); 6] = [
        ("informational", Level::Informational),
        ("info", Level::Informational),
        ("low", Level::Low),
        ("medium", Level::Medium),
        ("high", Level::High),
        ("critical", Level::Critical),
    ];
    LEVELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|&(_, level)| level)
}

fn status(text: &str) -> Option<Status> {
    const STATUSES: [(&str, Status); 5] = [
        ("unsupported", Status::Unsupported),
        ("deprecated", Status::Deprecated),
        ("experimental", Status::Experimental),
        ("test", Status::Test),
        ("stable", Status::Stable),
    ];
    STATUSES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|&(_, status)| status)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn logsource(node: &Node<'_>) -> Result<LogSource, Fault> {
    let expected = "a map with `category`, `product` or `service`";
    let Some(entry) = node.get("logsource") else {
        return Err(missing(node.line, "logsource", expected));
    };
    let part = |key: &str| -> Result<Option<String>, Fault> {
        let Some(part) = entry.value.get(key).filter(|e| !e.value.is_null()) else {
            return Ok(None);
        };
        match part.value.text() {
            Some(text) => Ok(Some(text.trim().to_lowercase())),
            None => {
                let reason = format!("`{key}` is {}, expected text", part.value.what());
                Err(Fault::new(part.line, reason))
            }
        }
    };
    let found = LogSource {
        category: part("category")?,
        product: part("product")?,
        service: part("service")?,
    };
    if found == LogSource::default() {
        let reason = format!("`logsource` states nothing, expected {expected}");
        return Err(Fault::new(entry.line, reason));
    }
    Ok(found)
}

pub(crate) fn missing(line: u32, key: &str, expected: &str) -> Fault {
    Fault::new(line, format!("`{key}` is missing, expected {expected}"))
}

/// A list of texts that only reports need: what is wrong with it is noted.
fn noted_texts(node: &Node<'_>, key: &str, context: &mut Context<'_>) -> Vec<String> {
    let Some(entry) = node.get(key) else { return Vec::new() };
    texts(entry, key).unwrap_or_else(|fault| {
        context.note(fault.line, fault.reason);
        Vec::new()
    })
}

/// A list of texts, or one alone.
pub(crate) fn texts(entry: &Entry<'_>, key: &str) -> Result<Vec<String>, Fault> {
    let nodes = match &entry.value.kind {
        NodeKind::List(nodes) => nodes.as_slice(),
        _ if entry.value.is_null() => &[],
        _ => std::slice::from_ref(&entry.value),
    };
    let text = |node: &Node<'_>| match node.text() {
        Some(text) => Ok(text.to_owned()),
        None => {
            let reason = format!("{} in `{key}`, expected text", node.what());
            Err(Fault::new(node.line, reason))
        }
    };
    nodes.iter().map(text).collect()
}
