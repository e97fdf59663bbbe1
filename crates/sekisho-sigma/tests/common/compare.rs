//! Runs a generated scene through the compiled engine and the reference and
//! says where they differ. Shared by the property tests and the fuzz target.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekisho_event::{EventBatch, Vocabulary};
use sekisho_sigma::rule::{Document, Filter, Rule};
use sekisho_sigma::{
    EventView, LateMatcher, Match, Matcher, ParseOptions, Program, RuleId, apply_filters, parse,
    reference,
};

use super::generate::{Scene, batches, force_epoch};
use super::late::Group;

/// How much of a scene there was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Compared {
    pub(crate) rules: usize,
    pub(crate) refused: usize,
    pub(crate) pairs: usize,
    pub(crate) matches: usize,
}

/// The rules of a scene that the parser accepts, before the filter.
pub(crate) fn rules_of(scene: &Scene) -> (Vec<Rule>, Vec<Filter>, usize) {
    let (mut rules, mut filters, mut refused) = (Vec::new(), Vec::new(), 0);
    for text in scene.rules.iter().chain(&scene.filter) {
        let parsed = parse(&"generated.yml".into(), text.as_bytes(), &ParseOptions::default());
        refused += parsed.rejected.len();
        for document in parsed.documents {
            match document {
                Document::Rule(rule) => rules.push(rule),
                Document::Filter(filter) => filters.push(filter),
                Document::Correlation(_) => {}
            }
        }
    }
    (rules, filters, refused)
}

/// Compares everything; `Err` tells what differs. With `epochs`, dictionaries
/// are emptied between the blocks.
pub(crate) fn compare(scene: &Scene, epochs: bool) -> Result<Compared, String> {
    let (before, filters, refused) = rules_of(scene);
    let mut rules = before.clone();
    apply_filters(&mut rules, &filters);
    let narrowed: Vec<bool> =
        rules.iter().zip(&before).map(|(a, b)| a.detections.len() != b.detections.len()).collect();
    let rules: Vec<Arc<Rule>> = rules.into_iter().map(Arc::new).collect();
    let program = Arc::new(Program::new(rules.clone()));
    let references: Vec<_> = rules.iter().map(|rule| reference::Matcher::new(rule)).collect();
    let plain: Vec<_> = before
        .iter()
        .zip(&narrowed)
        .map(|(rule, narrowed)| narrowed.then(|| reference::Matcher::new(rule)))
        .collect();
    let filters: Vec<_> =
        filters.iter().map(|f| reference::Matcher::of(&f.condition, &f.detections)).collect();
    let mut out = Compared { rules: rules.len(), refused, ..Compared::default() };
    let mut all = Vocabulary::default();
    let mut some = Vocabulary::new(program.projection(&[]));
    let mut matcher = Matcher::new(Arc::clone(&program));
    let mut projected = Matcher::new(Arc::clone(&program));
    let mut late = LateMatcher::new(Arc::clone(&program));
    let mut remembering = LateMatcher::new(Arc::clone(&program)).remember_from(1);
    for events in &scene.blocks {
        let (wide, narrow) = (batches(events, &mut all), batches(events, &mut some));
        let lately = Group::of(&wide, &all).run(&mut late, &program, &wide, &all);
        let again = Group::of(&wide, &all).run(&mut remembering, &program, &wide, &all);
        if lately != again {
            return Err(format!("{lately:?}, of answers that are remembered: {again:?}"));
        }
        for ((wide, narrow), lately) in wide.iter().zip(&narrow).zip(lately) {
            let mut found = Vec::new();
            matcher.run(wide, &all, &mut found);
            if found != lately {
                return Err(format!("{}: {found:?}, read late: {lately:?}", wide.shape));
            }
            let got = checked(&found, wide)?;
            let mut again = Vec::new();
            projected.run(narrow, &some, &mut again);
            if checked(&again, narrow)? != got {
                return Err(format!("{}: matches depend on the projection", wide.shape));
            }
            out.matches += got.len();
            for (id, reference) in (0..).zip(&references) {
                let plain = plain[id as usize].as_ref();
                let judge = Judge { program: &program, id, reference, plain, filters: &filters };
                out.pairs += judge.rows(wide, &all, &got)?;
            }
        }
        if epochs {
            force_epoch(&mut all);
            force_epoch(&mut some);
        }
    }
    Ok(out)
}

/// Matches as a set, after a look at what must hold of each.
fn checked(found: &[Match], batch: &EventBatch) -> Result<BTreeSet<(usize, RuleId)>, String> {
    if !found.is_sorted_by(|a, b| (a.row, a.rule) < (b.row, b.rule)) {
        return Err(format!("matches are not in order: {found:?}"));
    }
    for m in found {
        for (field, value) in &m.evidence {
            let column = batch.column(*field);
            if !column.is_some_and(|c| c.values(m.row as usize).any(|v| v == *value)) {
                return Err(format!("evidence that is not in the event: {m:?}"));
            }
        }
    }
    Ok(found.iter().map(|m| (m.row as usize, m.rule)).collect())
}

struct Judge<'a> {
    program: &'a Program,
    id: RuleId,
    reference: &'a reference::Matcher<'a>,
    /// The rule before filters were joined to it, where some were.
    plain: Option<&'a reference::Matcher<'a>>,
    filters: &'a [reference::Matcher<'a>],
}

impl Judge<'_> {
    fn rows(
        &self,
        batch: &EventBatch,
        vocabulary: &Vocabulary,
        got: &BTreeSet<(usize, RuleId)>,
    ) -> Result<usize, String> {
        let routed = self.program.rule_looks_at(self.id, &batch.shape);
        let fields = |field: &str| self.program.columns_of(self.id, &batch.shape, field);
        for row in 0..batch.rows() {
            let view = EventView { batch, row, vocabulary, fields: &fields };
            let want = routed && self.reference.matches(&view);
            let compiled = got.contains(&(row, self.id));
            let rule = self.program.rule(self.id).unwrap();
            if want != compiled {
                return Err(format!(
                    "compiled {compiled}, reference {want} for rule {} on {} {:#?}\n{}\n{rule:#?}",
                    self.id,
                    batch.shape,
                    view.all_values(),
                    reference::explain(rule, &view),
                ));
            }
            if row == 0 && reference::explain(rule, &view).held != want && routed {
                return Err(format!("`explain` says otherwise for {rule:#?}"));
            }
            if let Some(plain) = self.plain
                && routed
                && want != (plain.matches(&view) && self.filters.iter().all(|f| f.matches(&view)))
            {
                return Err(format!("a filter is joined wrongly to {rule:#?}"));
            }
        }
        Ok(batch.rows())
    }
}
