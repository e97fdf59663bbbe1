//! A search identifier: maps, lists and keywords to a tree of items.

use crate::encode::Base64;
use crate::expand;
use crate::modifiers::{Chain, chain};
use crate::parse::Context;
use crate::rule::{Detection, Item, Test};
use crate::value::Scalar;
use crate::yaml::{Entry, Fault, Node, NodeKind};

/// Reads what stands under a search identifier.
pub(crate) fn detection(node: &Node<'_>, context: &mut Context<'_>) -> Result<Detection, Fault> {
    match &node.kind {
        NodeKind::Map(entries) if entries.is_empty() => {
            Err(Fault::new(node.line, "an empty map, expected a field with a value"))
        }
        NodeKind::Map(entries) => {
            let items = entries.iter().map(|entry| field(entry, context));
            Ok(Detection::All(items.collect::<Result<_, _>>()?))
        }
        NodeKind::List(nodes) if nodes.is_empty() => {
            Err(Fault::new(node.line, "an empty list, expected values or maps"))
        }
        NodeKind::List(nodes) if nodes.iter().all(|n| n.text().is_some()) => {
            values(None, &Chain::default(), nodes, node.line, context)
        }
        NodeKind::List(nodes) => {
            let items = nodes.iter().map(|node| detection(node, context));
            Ok(Detection::Any(items.collect::<Result<_, _>>()?))
        }
        NodeKind::Scalar { .. } => {
            values(None, &Chain::default(), std::slice::from_ref(node), node.line, context)
        }
    }
}

fn field(entry: &Entry<'_>, context: &mut Context<'_>) -> Result<Detection, Fault> {
    let mut words = entry.key.split('|');
    let name = words.next().unwrap_or_default().trim();
    let named = |reason: String| Fault::new(entry.line, format!("`{}`: {reason}", entry.key));
    let chain = chain(words.map(str::trim)).map_err(named)?;
    let nodes = match &entry.value.kind {
        NodeKind::List(nodes) => nodes.as_slice(),
        NodeKind::Scalar { .. } => std::slice::from_ref(&entry.value),
        NodeKind::Map(_) => {
            return Err(named("a map, expected a value or a list of values".to_owned()));
        }
    };
    if nodes.is_empty() {
        return Err(named(
            "an empty list, expected values (or null for a field without value)".to_owned(),
        ));
    }
    if chain.base64 == Some(Base64::Offsets) && chain.relation.is_none() {
        let note = "`base64offset` without `contains` fits only values that are nothing else";
        context.note(entry.line, note.to_owned());
    }
    let field = (!name.is_empty()).then_some(name);
    values(field, &chain, nodes, entry.line, context)
        .map_err(|fault| Fault { reason: format!("`{}`: {}", entry.key, fault.reason), ..fault })
}

/// The item of a field with its values. Where a value has several forms and
/// all values must hold, each value becomes an item of its own.
fn values(
    field: Option<&str>,
    chain: &Chain,
    nodes: &[Node<'_>],
    line: u32,
    context: &mut Context<'_>,
) -> Result<Detection, Fault> {
    let mut forms: Vec<Vec<Test>> = Vec::with_capacity(if chain.all { nodes.len() } else { 1 });
    for node in nodes {
        let Some(value) = Scalar::of(node) else {
            let reason = format!("{} among values, expected a single value", node.what());
            return Err(Fault::new(node.line, reason));
        };
        let tests = expand::tests(chain, &value, field.is_none(), node.line, context)
            .map_err(|reason| Fault::new(node.line, reason))?;
        match forms.last_mut() {
            Some(before) if !chain.all => before.extend(tests),
            _ => forms.push(tests),
        }
    }
    let item = |all, tests: Vec<Test>| match tests.is_empty() {
        // Of no tests none holds.
        true if chain.negated => Detection::All(Vec::new()),
        true => Detection::Any(Vec::new()),
        false => {
            let field = field.map(str::to_owned);
            Detection::Item(Item { field, all, negated: chain.negated, tests, line })
        }
    };
    if forms.len() > 1 && forms.iter().all(|tests| tests.len() == 1) {
        return Ok(item(true, forms.into_iter().flatten().collect()));
    }
    if forms.len() == 1 {
        return Ok(item(false, forms.into_iter().flatten().collect()));
    }
    let items = forms.into_iter().map(|tests| item(false, tests)).collect();
    Ok(if chain.negated { Detection::Any(items) } else { Detection::All(items) })
}
