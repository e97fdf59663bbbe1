//! All rules of a run as one program. Every distinct question about a field
//! (an *atom*) exists once, however many rules ask it; a rule is a small
//! formula over atoms, and is looked at only when an atom hit without which
//! it cannot hold (its *guard*).

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::{HashMap, HashSet};
use sekisho_event::{EventBatch, Kind, Projection, Shape, Vocabulary};

use crate::engine::field_matcher::{Asking, AtomId, FieldMatcher};
use crate::engine::guard::{Cost, cost_of, guard_of, in_good_order};
use crate::engine::logsource::{LaneId, Place, columns, places};
use crate::rule::{Detection, Expr, Item, Pattern, Rule, Test};

/// Number of a rule within a program, in the order in which they were given.
pub type RuleId = u32;

/// Number of a field that rules ask about; 0 stands for every field
/// (keywords).
pub(crate) type FieldNumber = usize;

/// The field number of keywords.
pub(crate) const EVERY_FIELD: FieldNumber = 0;

/// What an atom asks.
#[derive(Debug)]
pub(crate) enum Question {
    /// About a value; answered by the field's matcher for each new value.
    Value,
    /// About a value, too dear for each new value: answered when a rule that
    /// some other atom woke wants to know.
    Late,
    /// Whether the event has the field (`true`) or has not.
    Exists(bool),
    /// Whether the field is absent or null.
    Null,
    /// About the value of another field.
    FieldRef(crate::rule::FieldRef, FieldNumber),
}

/// A distinct question about a field.
#[derive(Debug)]
pub(crate) struct Atom {
    pub(crate) field: FieldNumber,
    pub(crate) question: Question,
    /// The question, where it is one about a value.
    pub(crate) asking: Arc<Asking>,
}

/// A rule as a formula over atoms.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Constant(bool),
    Atom(AtomId),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    AtLeast(u32, Vec<Node>),
}

#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub(crate) rule: Arc<Rule>,
    pub(crate) node: Node,
    /// Atoms that speak for the rule when they hold: those not under a `not`.
    pub(crate) evidence: Vec<AtomId>,
    /// Atoms of which at least one holds whenever the rule does; `None` where
    /// there are no such atoms.
    pub(crate) guard: Option<Vec<AtomId>>,
    places: Vec<Place>,
}

/// Rules, compiled together. Shared by all threads.
#[derive(Debug)]
pub struct Program {
    pub(crate) rules: Vec<CompiledRule>,
    pub(crate) atoms: Vec<Atom>,
    /// By field number: the name in rules.
    pub(crate) fields: Vec<Box<str>>,
    /// By field number.
    pub(crate) matchers: Vec<FieldMatcher>,
    /// Rules without a guard, looked at for each of their events.
    unguarded: Vec<RuleId>,
    /// What keywords ask.
    keywords: Vec<AtomId>,
    keyword_sets: Mutex<HashMap<Vec<AtomId>, Arc<KeywordSet>>>,
    plans: Mutex<HashMap<Shape, Arc<ShapePlan>>>,
}

/// The keywords that rules of a lane look for. They are not asked with those
/// of other lanes: some look for a single character, which is everywhere.
#[derive(Debug)]
pub(crate) struct KeywordSet {
    /// No other set of the program has it.
    pub(crate) number: usize,
    pub(crate) matcher: FieldMatcher,
}

/// Which rules look at the events of a shape, and how they name its fields.
#[derive(Debug)]
pub(crate) struct ShapePlan {
    pub(crate) lanes: Vec<Lane>,
}

/// Rules that name the fields of a shape in the same way.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) rules: Vec<RuleId>,
    pub(crate) unguarded: Vec<RuleId>,
    /// By atom: the rules of this lane to be looked at when it holds.
    pub(crate) wakes: HashMap<AtomId, Vec<RuleId>>,
    /// The fields that these rules ask about, and the columns in which they
    /// are found.
    pub(crate) reads: Vec<(FieldNumber, Vec<Box<str>>)>,
    /// What is looked for in every field, if some rule does so.
    pub(crate) keywords: Option<Arc<KeywordSet>>,
}

#[derive(Hash, PartialEq, Eq)]
enum Key<'a> {
    Pattern(&'a Pattern),
    Other(String),
}

#[derive(Default)]
struct Compiler<'a> {
    numbers: HashMap<&'a str, FieldNumber>,
    fields: Vec<Box<str>>,
    atoms: Vec<(FieldNumber, &'a Test)>,
    costs: Vec<Cost>,
    known: HashMap<(FieldNumber, Key<'a>), AtomId>,
}

impl<'a> Compiler<'a> {
    fn field(&mut self, name: &'a str) -> FieldNumber {
        let next = self.fields.len();
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.fields.push(name.into());
        }
        number
    }

    fn atom(&mut self, field: FieldNumber, test: &'a Test) -> AtomId {
        let key = match test {
            Test::Text(pattern) => Key::Pattern(pattern),
            other => Key::Other(format!("{other:?}")),
        };
        let next = AtomId::try_from(self.atoms.len()).unwrap_or(AtomId::MAX);
        let atom = *self.known.entry((field, key)).or_insert(next);
        if atom == next {
            let name = self.fields.get(field).map_or("", |n| n);
            self.costs.push(cost_of(name, test));
            self.atoms.push((field, test));
        }
        atom
    }

    fn expr(&mut self, expr: &'a Expr, detections: &'a [(String, Detection)]) -> Node {
        let list = |c: &mut Self, list: &'a [Expr]| -> Vec<Node> {
            list.iter().map(|e| c.expr(e, detections)).collect()
        };
        match expr {
            Expr::Detection(number) => match detections.get(*number) {
                Some((_, detection)) => self.detection(detection),
                None => Node::Constant(false),
            },
            Expr::And(parts) => Node::And(list(self, parts)),
            Expr::Or(parts) => Node::Or(list(self, parts)),
            Expr::Not(part) => Node::Not(Box::new(self.expr(part, detections))),
            Expr::AtLeast(n, parts) => Node::AtLeast(*n, list(self, parts)),
        }
    }

    fn detection(&mut self, detection: &'a Detection) -> Node {
        match detection {
            Detection::All(parts) => Node::And(parts.iter().map(|p| self.detection(p)).collect()),
            Detection::Any(parts) => Node::Or(parts.iter().map(|p| self.detection(p)).collect()),
            Detection::Item(item) => self.item(item),
        }
    }

    fn item(&mut self, item: &'a Item) -> Node {
        let field = match &item.field {
            Some(name) => self.field(name),
            None => EVERY_FIELD,
        };
        let mut nodes: Vec<Node> =
            item.tests.iter().map(|test| Node::Atom(self.atom(field, test))).collect();
        let node = match (nodes.len(), item.all) {
            (1, _) => nodes.pop().unwrap_or(Node::Constant(false)),
            (_, true) => Node::And(nodes),
            (_, false) => Node::Or(nodes),
        };
        if item.negated { Node::Not(Box::new(node)) } else { node }
    }
}

impl Program {
    /// Compiles rules. Filters must have been applied
    /// ([`apply_filters`](crate::apply_filters)).
    #[must_use]
    pub fn new(rules: Vec<Arc<Rule>>) -> Self {
        let mut compiler = Compiler::default();
        compiler.fields.push(Box::default());
        let nodes: Vec<Node> =
            rules.iter().map(|rule| compiler.expr(&rule.condition, &rule.detections)).collect();
        let Compiler { mut numbers, mut fields, atoms: tests, costs, .. } = compiler;
        let nodes: Vec<Node> =
            nodes.into_iter().map(|node| in_good_order(node, &costs).0).collect();
        let mut late = vec![false; tests.len()];
        for (slot, cost) in late.iter_mut().zip(&costs) {
            *slot = cost.is_dear();
        }
        let mut unguarded = Vec::new();
        let guards: Vec<_> = nodes.iter().map(|node| guard_of(node, &costs)).collect();
        for (id, guard) in (0..).zip(&guards) {
            if guard.is_none() {
                unguarded.push(id);
            }
            for &atom in guard.iter().flatten() {
                if let Some(slot) = late.get_mut(atom as usize) {
                    *slot = false;
                }
            }
        }
        let atoms = tests
            .iter()
            .zip(&late)
            .map(|(&(field, test), &late)| Atom {
                field,
                question: question(test, late, &mut numbers, &mut fields),
                asking: Arc::new(Asking::new(test)),
            })
            .collect::<Vec<_>>();
        let matchers = matchers(fields.len(), &atoms);
        let keywords = (0..).zip(&atoms).filter_map(|(id, atom)| {
            let asked = atom.field == EVERY_FIELD && matches!(atom.question, Question::Value);
            asked.then_some(id)
        });
        let keywords = keywords.collect();
        let evidence = nodes.iter().map(evidence_of).collect::<Vec<_>>();
        let parts = rules.iter().zip(nodes).zip(evidence).zip(guards);
        let rules = parts.map(|(((rule, node), evidence), guard)| {
            let places = places(&rule.logsource);
            CompiledRule { rule: Arc::clone(rule), node, evidence, guard, places }
        });
        let rules = rules.collect();
        Self {
            rules,
            atoms,
            fields,
            matchers,
            unguarded,
            keywords,
            keyword_sets: Mutex::default(),
            plans: Mutex::default(),
        }
    }

    /// The rules, by [`RuleId`].
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Arc<Rule>> {
        self.rules.iter().map(|r| &r.rule)
    }

    /// A rule.
    #[must_use]
    pub fn rule(&self, id: RuleId) -> Option<&Arc<Rule>> {
        self.rules.get(id as usize).map(|r| &r.rule)
    }

    /// How many distinct questions the rules ask.
    #[must_use]
    pub fn atoms(&self) -> usize {
        self.atoms.len()
    }

    /// Rules that must be looked at for each event of their log source,
    /// because nothing that has to hold for them can be looked up.
    #[must_use]
    pub fn unguarded(&self) -> &[RuleId] {
        &self.unguarded
    }

    /// Rules with look-around or references back in an expression that a limit
    /// kept from searching some value, in all sweeps with this program so far.
    #[must_use]
    pub fn cut_short(&self) -> Vec<RuleId> {
        let cut = |atom: AtomId| {
            self.atoms.get(atom as usize).is_some_and(|atom| atom.asking.test.cut_short())
        };
        let mut out = Vec::new();
        for (id, rule) in (0..).zip(&self.rules) {
            let mut any = false;
            rule.node.each_atom(&mut |atom, _| any |= cut(atom));
            out.extend(any.then_some(id));
        }
        out
    }

    /// What readers have to put into columns: the fields that rules name,
    /// those in `extra`, and all fields of shapes that keywords search.
    #[must_use]
    pub fn projection(&self, extra: &[&str]) -> Projection {
        let mut names: HashSet<Box<str>> = extra.iter().map(|&name| name.into()).collect();
        let mut whole: Vec<Shape> = Vec::new();
        for rule in &self.rules {
            let mut fields = Vec::new();
            self.fields_of(&rule.node, &mut fields);
            for place in &rule.places {
                for &field in &fields {
                    let name = self.fields.get(field).map_or("", |n| n);
                    if field == EVERY_FIELD {
                        let shape = place.as_shape();
                        if !whole.contains(&shape) {
                            whole.push(shape);
                        }
                    } else {
                        names.extend(columns(place.lane, name));
                    }
                }
            }
        }
        Projection::Some { names, whole }
    }

    /// Whether any rule looks at events of this shape.
    #[must_use]
    pub fn looks_at(&self, shape: &Shape) -> bool {
        self.plan(shape).lanes.iter().any(|lane| !lane.rules.is_empty())
    }

    /// The columns that rules read in events of a shape, sorted; `None` where
    /// some rule looks into all of them. Fewer than those of the
    /// [`projection`](Self::projection), which is for every shape.
    #[must_use]
    pub fn columns_read(&self, shape: &Shape) -> Option<Vec<Box<str>>> {
        let plan = self.plan(shape);
        if plan.lanes.iter().any(|lane| lane.keywords.is_some()) {
            return None;
        }
        let reads = plan.lanes.iter().flat_map(|lane| &lane.reads);
        let mut names: Vec<Box<str>> = reads.flat_map(|(_, names)| names.iter().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        Some(names)
    }

    /// What is to be read of stored events of these shapes, where each shape
    /// can be read by itself: less than [`projection`](Self::projection), which
    /// has to do for every shape. All of it, where rules look into all fields
    /// of all of them.
    #[must_use]
    pub fn projection_of(&self, shapes: &[Shape], extra: &[&str]) -> Projection {
        let mut names: HashSet<Box<str>> = extra.iter().map(|&name| name.into()).collect();
        let mut whole = Vec::new();
        for shape in shapes {
            match self.columns_read(shape) {
                Some(read) => names.extend(read),
                None => whole.push(shape.clone()),
            }
        }
        if whole.len() == shapes.len() {
            return Projection::All;
        }
        Projection::Some { names, whole }
    }

    /// Whether a rule looks at events of this shape.
    #[must_use]
    pub fn rule_looks_at(&self, rule: RuleId, shape: &Shape) -> bool {
        self.rules.get(rule as usize).is_some_and(|r| r.lane(shape).is_some())
    }

    /// The columns in which a rule finds a field in events of a shape; none
    /// where the rule does not look at the shape.
    #[must_use]
    pub fn columns_of(&self, rule: RuleId, shape: &Shape, field: &str) -> Vec<String> {
        let lane = self.rules.get(rule as usize).and_then(|r| r.lane(shape));
        let names = lane.map(|lane| columns(lane, field)).unwrap_or_default();
        names.into_iter().map(String::from).collect()
    }

    /// Whether a rule could hold for events of a shape that have no other
    /// fields than those of which `occurs` is true. If not: the rule's fields
    /// that do not occur.
    ///
    /// # Errors
    ///
    /// The names of the missing fields, sorted.
    pub fn could_fire(
        &self,
        rule: RuleId,
        shape: &Shape,
        occurs: &dyn Fn(&str) -> bool,
    ) -> Result<(), Vec<String>> {
        let Some(compiled) = self.rules.get(rule as usize) else { return Err(Vec::new()) };
        let Some(lane) = compiled.lane(shape) else { return Err(Vec::new()) };
        let mut missing = Vec::new();
        let mut known = |atom: AtomId| {
            let atom = self.atoms.get(atom as usize)?;
            let name = self.fields.get(atom.field)?;
            let there = atom.field == EVERY_FIELD
                || columns(lane, name).iter().any(|column| occurs(column));
            if there {
                return None;
            }
            match atom.question {
                Question::Exists(wanted) => Some(!wanted),
                Question::Null => Some(true),
                _ => {
                    if !missing.contains(&name.to_string()) {
                        missing.push(name.to_string());
                    }
                    Some(false)
                }
            }
        };
        if compiled.node.possible(&mut known) != Some(false) {
            return Ok(());
        }
        missing.sort_unstable();
        Err(missing)
    }

    pub(crate) fn plan(&self, shape: &Shape) -> Arc<ShapePlan> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(shape) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(self.make_plan(shape));
        plans.insert(shape.clone(), Arc::clone(&plan));
        plan
    }

    fn make_plan(&self, shape: &Shape) -> ShapePlan {
        let mut lanes: Vec<(LaneId, Lane, HashSet<FieldNumber>)> = Vec::new();
        for (id, rule) in (0..).zip(&self.rules) {
            let Some(lane_id) = rule.lane(shape) else { continue };
            let at = lanes.iter().position(|(known, ..)| *known == lane_id).unwrap_or_else(|| {
                lanes.push((lane_id, Lane::default(), HashSet::new()));
                lanes.len() - 1
            });
            let Some((_, lane, fields)) = lanes.get_mut(at) else { continue };
            lane.rules.push(id);
            match &rule.guard {
                None => lane.unguarded.push(id),
                Some(guard) => {
                    guard.iter().for_each(|&atom| lane.wakes.entry(atom).or_default().push(id));
                }
            }
            let mut asked = Vec::new();
            self.fields_of(&rule.node, &mut asked);
            fields.extend(asked);
        }
        let lanes = lanes.into_iter().map(|(id, mut lane, fields)| {
            lane.keywords = fields.contains(&EVERY_FIELD).then(|| self.keyword_set(&lane.rules));
            let mut numbers: Vec<FieldNumber> =
                fields.into_iter().filter(|&f| f != EVERY_FIELD).collect();
            numbers.sort_unstable();
            let name = |f: FieldNumber| self.fields.get(f).map_or("", |n| n);
            lane.reads = numbers.into_iter().map(|f| (f, columns(id, name(f)))).collect();
            lane
        });
        ShapePlan { lanes: lanes.collect() }
    }

    /// The keywords of some rules.
    fn keyword_set(&self, rules: &[RuleId]) -> Arc<KeywordSet> {
        let mut atoms = Vec::new();
        for rule in rules.iter().filter_map(|&id| self.rules.get(id as usize)) {
            rule.node.each_atom(&mut |atom, _| {
                if self.keywords.binary_search(&atom).is_ok() {
                    atoms.push(atom);
                }
            });
        }
        atoms.sort_unstable();
        atoms.dedup();
        let mut sets = self.keyword_sets.lock().unwrap_or_else(PoisonError::into_inner);
        let number = sets.len();
        let made = sets.entry(atoms).or_insert_with_key(|atoms| {
            let mut matcher = FieldMatcher::default();
            for &id in atoms {
                if let Some(atom) = self.atoms.get(id as usize) {
                    matcher.add(id, &atom.asking);
                }
            }
            matcher.finish();
            Arc::new(KeywordSet { number, matcher })
        });
        Arc::clone(made)
    }

    fn fields_of(&self, node: &Node, out: &mut Vec<FieldNumber>) {
        node.each_atom(&mut |atom, _| {
            if let Some(atom) = self.atoms.get(atom as usize) {
                out.push(atom.field);
                if let Question::FieldRef(_, other) = atom.question {
                    out.push(other);
                }
            }
        });
    }
}

impl CompiledRule {
    /// The lane in which the rule reads events of a shape, if it does.
    fn lane(&self, shape: &Shape) -> Option<LaneId> {
        if shape.is_unknown() {
            return Some(0);
        }
        self.places.iter().find(|place| place.has(shape)).map(|place| place.lane)
    }
}

fn question<'a>(
    test: &'a Test,
    late: bool,
    numbers: &mut HashMap<&'a str, FieldNumber>,
    fields: &mut Vec<Box<str>>,
) -> Question {
    match test {
        Test::Exists(wanted) => Question::Exists(*wanted),
        Test::Null => Question::Null,
        Test::FieldRef(reference) => {
            let next = fields.len();
            let number = *numbers.entry(&reference.field).or_insert(next);
            if number == next {
                fields.push(reference.field.as_str().into());
            }
            Question::FieldRef(reference.clone(), number)
        }
        _ if late => Question::Late,
        _ => Question::Value,
    }
}

fn matchers(fields: usize, atoms: &[Atom]) -> Vec<FieldMatcher> {
    let mut matchers: Vec<FieldMatcher> = Vec::new();
    matchers.resize_with(fields, FieldMatcher::default);
    for (id, atom) in (0..).zip(atoms) {
        if atom.field == EVERY_FIELD {
            continue;
        }
        if let (Question::Value, Some(matcher)) = (&atom.question, matchers.get_mut(atom.field)) {
            matcher.add(id, &atom.asking);
        }
    }
    matchers.iter_mut().for_each(FieldMatcher::finish);
    matchers
}

fn evidence_of(node: &Node) -> Vec<AtomId> {
    let mut atoms = Vec::new();
    node.each_atom(&mut |atom, negated| {
        if !negated {
            atoms.push(atom);
        }
    });
    atoms.sort_unstable();
    atoms.dedup();
    atoms
}

impl Node {
    /// Every atom of the formula, with whether it stands under an odd number
    /// of `not`s.
    pub(crate) fn each_atom(&self, visit: &mut dyn FnMut(AtomId, bool)) {
        self.walk(false, visit);
    }

    fn walk(&self, negated: bool, visit: &mut dyn FnMut(AtomId, bool)) {
        match self {
            Self::Constant(_) => {}
            Self::Atom(atom) => visit(*atom, negated),
            Self::Not(part) => part.walk(!negated, visit),
            Self::And(parts) | Self::Or(parts) | Self::AtLeast(_, parts) => {
                parts.iter().for_each(|part| part.walk(negated, visit));
            }
        }
    }

    /// Whether the formula holds, where `holds` answers for atoms.
    pub(crate) fn eval(&self, holds: &mut impl FnMut(AtomId) -> bool) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Atom(atom) => holds(*atom),
            Self::Not(part) => !part.eval(holds),
            Self::And(parts) => parts.iter().all(|part| part.eval(holds)),
            Self::Or(parts) => parts.iter().any(|part| part.eval(holds)),
            Self::AtLeast(n, parts) => {
                let mut left = *n;
                left == 0
                    || parts.iter().any(|part| {
                        left -= u32::from(part.eval(holds));
                        left == 0
                    })
            }
        }
    }

    /// Whether the formula may hold and whether it may not, where `may` says
    /// the same of atoms.
    pub(crate) fn may(&self, may: &mut impl FnMut(AtomId) -> (bool, bool)) -> (bool, bool) {
        match self {
            Self::Constant(value) => (*value, !*value),
            Self::Atom(atom) => may(*atom),
            Self::Not(part) => {
                let (hold, fail) = part.may(may);
                (fail, hold)
            }
            Self::And(parts) => parts.iter().fold((true, false), |(hold, fail), part| {
                let (h, f) = if hold { part.may(may) } else { (false, true) };
                (hold && h, fail || f)
            }),
            Self::Or(parts) => parts.iter().fold((false, true), |(hold, fail), part| {
                let (h, f) = part.may(may);
                (hold || h, fail && f)
            }),
            Self::AtLeast(n, parts) => {
                let (mut possible, mut certain) = (0, 0);
                for part in parts {
                    let (hold, fail) = part.may(may);
                    possible += u32::from(hold);
                    certain += u32::from(!fail);
                }
                (possible >= *n, certain < *n)
            }
        }
    }

    /// The formula's value where that of some atoms is known (`Some`) and that
    /// of the others is not.
    fn possible(&self, known: &mut dyn FnMut(AtomId) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Atom(atom) => known(*atom),
            Self::Not(part) => part.possible(known).map(|v| !v),
            Self::And(parts) => {
                let values: Vec<_> = parts.iter().map(|p| p.possible(known)).collect();
                if values.contains(&Some(false)) {
                    Some(false)
                } else {
                    values.iter().all(|v| *v == Some(true)).then_some(true)
                }
            }
            Self::Or(parts) => {
                let values: Vec<_> = parts.iter().map(|p| p.possible(known)).collect();
                if values.contains(&Some(true)) {
                    Some(true)
                } else {
                    values.iter().all(|v| *v == Some(false)).then_some(false)
                }
            }
            Self::AtLeast(n, parts) => {
                let values: Vec<_> = parts.iter().map(|p| p.possible(known)).collect();
                let count = |value| values.iter().filter(|v| **v == value).count();
                let needed = *n as usize;
                if count(Some(true)) >= needed {
                    Some(true)
                } else if values.len() - count(Some(false)) < needed {
                    Some(false)
                } else {
                    None
                }
            }
        }
    }
}

impl Program {
    /// Whether a field, under the name by which a rule knows it, can have a
    /// value in events of a shape that have no other fields than those of which
    /// `occurs` is true.
    #[must_use]
    pub fn field_occurs(
        &self,
        rule: RuleId,
        field: &str,
        shape: &Shape,
        occurs: &dyn Fn(&str) -> bool,
    ) -> bool {
        let lane = self.rules.get(rule as usize).and_then(|rule| rule.lane(shape));
        lane.is_some_and(|lane| columns(lane, field).iter().any(|column| occurs(column)))
    }

    /// The value of a field in an event, under the name by which a rule knows
    /// it; the first one where there are several. Null is no value.
    #[must_use]
    pub fn value_of<'a>(
        &self,
        rule: RuleId,
        field: &str,
        batch: &EventBatch,
        row: usize,
        vocabulary: &'a Vocabulary,
    ) -> Option<&'a str> {
        let lane = self.rules.get(rule as usize)?.lane(&batch.shape)?;
        columns(lane, field).iter().find_map(|name| {
            let id = vocabulary.find(name)?;
            let dictionary = vocabulary.dictionary(id)?;
            let mut values = batch.column(id)?.values(row).filter_map(|v| dictionary.get(v));
            values.find(|value| value.kind != Kind::Null).map(|value| value.text)
        })
    }
}
