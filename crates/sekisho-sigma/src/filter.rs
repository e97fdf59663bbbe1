//! Filters: a further condition for the rules that they name, joined to the
//! rule's own before it is compiled.

use crate::parse::Note;
use crate::rule::{Detection, Expr, Filter, LogSource, Rule};

/// Joins filters to the rules that they are for. Notes name the filters that
/// are for no rule of the run.
pub fn apply_filters(rules: &mut [Rule], filters: &[Filter]) -> Vec<Note> {
    let mut notes = Vec::new();
    for filter in filters {
        let mut applied = false;
        for rule in rules.iter_mut().filter(|rule| is_for(filter, rule)) {
            applied = true;
            join(rule, filter);
        }
        if !applied {
            notes.push(Note {
                file: filter.header.file.clone(),
                line: filter.header.line,
                text: "this filter is for no rule that was loaded".to_owned(),
            });
        }
    }
    notes
}

fn is_for(filter: &Filter, rule: &Rule) -> bool {
    let header = &rule.header;
    let named = |name: &String| {
        !name.is_empty() && (name.eq_ignore_ascii_case(&header.id) || *name == header.name)
    };
    (filter.rules.is_empty() || filter.rules.iter().any(named))
        && fits(&filter.logsource, &rule.logsource)
}

/// Whether a rule's log source has everything that a filter's states.
fn fits(filter: &LogSource, rule: &LogSource) -> bool {
    let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (None, _) => true,
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (Some(_), None) => false,
    };
    same(&filter.category, &rule.category)
        && same(&filter.product, &rule.product)
        && same(&filter.service, &rule.service)
}

fn join(rule: &mut Rule, filter: &Filter) {
    let offset = rule.detections.len();
    rule.detections.extend(
        filter
            .detections
            .iter()
            .map(|(name, detection): &(String, Detection)| (name.clone(), detection.clone())),
    );
    let own = std::mem::replace(&mut rule.condition, Expr::And(Vec::new()));
    rule.condition = Expr::And(vec![own, shift(&filter.condition, offset)]);
}

/// The expression over detections that stand `offset` places later.
fn shift(expr: &Expr, offset: usize) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(|part| shift(part, offset)).collect();
    match expr {
        Expr::Detection(number) => Expr::Detection(number + offset),
        Expr::And(parts) => Expr::And(all(parts)),
        Expr::Or(parts) => Expr::Or(all(parts)),
        Expr::Not(part) => Expr::Not(Box::new(shift(part, offset))),
        Expr::AtLeast(n, parts) => Expr::AtLeast(*n, all(parts)),
    }
}
