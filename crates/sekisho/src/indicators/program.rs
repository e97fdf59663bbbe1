//! All indicators of a sweep, put together: each distinct question about a
//! property is asked once, exact values by a hash map whatever their number,
//! networks by one look-up for each length of prefix, wildcards and
//! expressions only where a fixed part of them was found.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use hashbrown::{HashMap, HashSet};
use sekisho_event::Projection;
use sekisho_sigma::regexes::required_literals;

use super::bundle::{Indicator, Refused, Why};
use super::check::{Check, Network, Test, mask, scanned, texts};
use super::form::{Form, Part};
use super::limits::{GUARDED_TESTS_MAX, OPEN_TESTS_MAX, SCANNED_BYTES_MAX};
use super::mapping::{Mapping, PropertyId};
use super::plan::Formula;
use sekisho_sigma::compare::fold_into;

/// Number of an indicator: its place in what the program was made of.
pub type IndicatorId = u32;

/// Number of a distinct question about a property.
pub(super) type AtomId = u32;

/// A condition on an event over the answers to questions.
#[derive(Debug)]
pub(super) enum Node {
    Atom(AtomId),
    Any(Vec<Node>),
    /// What is asked of the same objects stands in one group.
    All(Vec<Group>),
}

/// Conditions that are tied together by the objects that they speak of.
#[derive(Debug)]
pub(super) struct Group {
    /// Types of objects; the same one object of each for all of the nodes.
    pub(super) kinds: Vec<u16>,
    pub(super) nodes: Vec<Node>,
}

/// One observation of one indicator.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) indicator: IndicatorId,
    /// Its number where the pattern joins several; `None` where it satisfies
    /// the pattern alone.
    pub(super) observation: Option<u16>,
    pub(super) node: Node,
    pub(super) between: Option<(i64, i64)>,
}

/// Indicators, compiled.
#[derive(Debug)]
pub struct IndicatorProgram {
    pub(super) watches: Vec<Watch>,
    /// By atom: the watches that are looked at when it holds.
    pub(super) wakes: Vec<Vec<u32>>,
    /// By property.
    asked: Vec<Asked>,
    /// By atom: the type of object.
    pub(super) kinds: Vec<u16>,
}

/// The questions about one property.
#[derive(Debug, Default)]
struct Asked {
    form: Option<Form>,
    exact: HashMap<Box<str>, AtomId>,
    networks: Vec<Networks>,
    exists: Option<AtomId>,
    /// Asked of every value.
    open: Vec<(AtomId, Test)>,
    /// Asked where one of the texts was found; by number of the text.
    guarded: Vec<(AtomId, Test)>,
    guards: Option<AhoCorasick>,
    /// By guard text: tests.
    guards_of: Vec<Vec<u32>>,
    /// Whether wildcards or expressions are put to its values.
    scans: bool,
}

/// Networks with prefixes of one length.
#[derive(Debug)]
struct Networks {
    v6: bool,
    prefix: u8,
    of: HashMap<u128, AtomId>,
}

/// What asking needs and uses again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    folded: String,
    seen: HashSet<u32>,
}

impl IndicatorProgram {
    /// Puts indicators together. Those that go beyond a limit are refused.
    #[must_use]
    pub fn new(indicators: &[Indicator]) -> (Self, Vec<Refused>) {
        let mut builder = Builder::new();
        for (id, indicator) in indicators.iter().enumerate() {
            let Ok(id) = IndicatorId::try_from(id) else { break };
            builder.add(id, indicator);
        }
        builder.finish()
    }

    /// The fields of events that the indicators ask for. Readers need put no
    /// others into columns.
    #[must_use]
    pub fn projection(&self) -> Projection {
        Projection::Only(self.fields().into_iter().map(Into::into).collect())
    }

    /// Names of the fields that the indicators ask for, sorted.
    #[must_use]
    pub fn fields(&self) -> Vec<&'static str> {
        Mapping::get().columns(&|property| self.asks(property))
    }

    /// Whether anything is asked about a property.
    pub(super) fn asks(&self, property: PropertyId) -> bool {
        self.asked.get(usize::from(property)).is_some_and(|asked| asked.form.is_some())
    }

    /// Whether wildcards or expressions are put to only a part of a value.
    pub(super) fn cuts(&self, property: PropertyId, part: &Part) -> bool {
        part.raw.len().max(part.key.len()) > SCANNED_BYTES_MAX
            && self.asked.get(usize::from(property)).is_some_and(|asked| asked.scans)
    }

    /// Appends the questions about a property that a value answers with yes.
    pub(super) fn answers(
        &self,
        property: PropertyId,
        part: &Part,
        scratch: &mut Scratch,
        out: &mut Vec<AtomId>,
    ) {
        let Some(asked) = self.asked.get(usize::from(property)) else { return };
        let Some(form) = asked.form else { return };
        out.extend(asked.exact.get(part.key.as_str()));
        out.extend(asked.exists);
        if !asked.networks.is_empty()
            && let Some(network) = Network::of(&part.key)
        {
            for same in &asked.networks {
                if same.v6 == network.v6 && same.prefix <= network.prefix {
                    out.extend(same.of.get(&(network.bits & mask(same.v6, same.prefix))));
                }
            }
        }
        out.extend(asked.open.iter().filter(|(_, test)| test.holds(part)).map(|(atom, _)| *atom));
        if let Some(guards) = &asked.guards {
            asked.guarded_answers(guards, form, part, scratch, out);
        }
    }
}

impl Asked {
    fn guarded_answers(
        &self,
        guards: &AhoCorasick,
        form: Form,
        part: &Part,
        scratch: &mut Scratch,
        out: &mut Vec<AtomId>,
    ) {
        scratch.seen.clear();
        for text in texts(form, part) {
            scratch.folded.clear();
            fold_into(scanned(text), &mut scratch.folded);
            for found in guards.find_overlapping_iter(scratch.folded.as_str()) {
                let tests = self.guards_of.get(found.pattern().as_usize());
                for &number in tests.map_or(&[][..], |tests| tests) {
                    if scratch.seen.insert(number)
                        && let Some((atom, test)) = self.guarded.get(number as usize)
                        && test.holds(part)
                    {
                        out.push(*atom);
                    }
                }
            }
        }
    }
}

/// How many events an atom holds for, roughly: the lower the rarer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    Network,
    Guarded,
    Open,
}

struct Builder {
    program: IndicatorProgram,
    ranks: Vec<Rank>,
    /// By property: texts that guard tests, and their numbers.
    guards: Vec<HashMap<String, u32>>,
    refused: Vec<Refused>,
}

impl Builder {
    fn new() -> Self {
        let properties = Mapping::get().properties.len();
        let asked = (0..properties).map(|_| Asked::default()).collect();
        let program =
            IndicatorProgram { watches: Vec::new(), wakes: Vec::new(), asked, kinds: Vec::new() };
        let guards = (0..properties).map(|_| HashMap::new()).collect();
        Self { program, ranks: Vec::new(), guards, refused: Vec::new() }
    }

    fn add(&mut self, id: IndicatorId, indicator: &Indicator) {
        let plan = &indicator.plan;
        if let Err(reason) = plan.observations.iter().try_for_each(|o| self.room(&o.formula)) {
            self.refused.push(Refused {
                file: indicator.file.clone(),
                id: indicator.id.clone(),
                name: indicator.name.clone(),
                why: Why::Limit,
                reason,
            });
            return;
        }
        for (number, observation) in plan.observations.iter().enumerate() {
            let node = self.node(&observation.formula);
            let (_, mut guard) = self.guard(&node);
            guard.sort_unstable();
            guard.dedup();
            let Ok(watch) = u32::try_from(self.program.watches.len()) else { return };
            for atom in guard {
                if let Some(wakes) = self.program.wakes.get_mut(atom as usize) {
                    wakes.push(watch);
                }
            }
            let several = plan.joined.is_some();
            self.program.watches.push(Watch {
                indicator: id,
                observation: u16::try_from(number).ok().filter(|_| several),
                node,
                between: observation.between,
            });
        }
    }

    /// Whether the limits leave room for all tests of a formula.
    fn room(&self, formula: &Formula) -> Result<(), String> {
        match formula {
            Formula::All(parts) | Formula::Any(parts) => {
                parts.iter().try_for_each(|part| self.room(part))
            }
            Formula::Test(test) => {
                let asked = self.program.asked.get(usize::from(test.property));
                let (open, guarded) = asked.map_or((0, 0), |a| (a.open.len(), a.guarded.len()));
                if open >= OPEN_TESTS_MAX && rank_of(test) == Rank::Open {
                    return Err(format!(
                        "more than {OPEN_TESTS_MAX} comparisons of one property by !=, NOT, order \
                         or expressions without a fixed text"
                    ));
                }
                if guarded >= GUARDED_TESTS_MAX && rank_of(test) == Rank::Guarded {
                    return Err(format!(
                        "more than {GUARDED_TESTS_MAX} comparisons of one property by LIKE or \
                         MATCHES"
                    ));
                }
                Ok(())
            }
        }
    }

    fn atom(&mut self, property: PropertyId, rank: Rank) -> AtomId {
        let known = Mapping::get().properties.get(usize::from(property));
        self.program.kinds.push(known.map_or(0, |p| p.kind));
        self.program.wakes.push(Vec::new());
        self.ranks.push(rank);
        AtomId::try_from(self.ranks.len() - 1).unwrap_or(AtomId::MAX)
    }

    fn node(&mut self, formula: &Formula) -> Node {
        match formula {
            Formula::Test(test) => self.test(test),
            Formula::Any(parts) => Node::Any(parts.iter().map(|part| self.node(part)).collect()),
            Formula::All(parts) => {
                let nodes: Vec<Node> = parts.iter().map(|part| self.node(part)).collect();
                Node::All(self.groups(nodes))
            }
        }
    }

    /// Puts nodes that share a type of objects together.
    fn groups(&self, nodes: Vec<Node>) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for node in nodes {
            let mut kinds = Vec::new();
            self.kinds(&node, &mut kinds);
            let mut joined = Group { kinds, nodes: vec![node] };
            let mut apart = Vec::new();
            for group in groups {
                if group.kinds.iter().any(|kind| joined.kinds.contains(kind)) {
                    let mut nodes = group.nodes;
                    nodes.append(&mut joined.nodes);
                    joined.nodes = nodes;
                    joined.kinds.extend(group.kinds);
                } else {
                    apart.push(group);
                }
            }
            joined.kinds.sort_unstable();
            joined.kinds.dedup();
            apart.push(joined);
            groups = apart;
        }
        groups
    }

    fn kinds(&self, node: &Node, out: &mut Vec<u16>) {
        match node {
            Node::Atom(atom) => {
                let kind = self.program.kinds.get(*atom as usize).copied().unwrap_or(0);
                if !out.contains(&kind) {
                    out.push(kind);
                }
            }
            Node::Any(nodes) => nodes.iter().for_each(|node| self.kinds(node, out)),
            Node::All(groups) => {
                groups.iter().flat_map(|g| &g.nodes).for_each(|node| self.kinds(node, out));
            }
        }
    }

    fn test(&mut self, test: &Test) -> Node {
        let property = test.property;
        if let Some(asked) = self.program.asked.get_mut(usize::from(property)) {
            asked.form = Some(test.form);
        }
        if test.negated {
            return Node::Atom(self.open(property, test.clone()));
        }
        let mut nodes: Vec<Node> = Vec::with_capacity(test.checks.len());
        for check in &test.checks {
            nodes.push(Node::Atom(self.check(test, check)));
        }
        if nodes.len() == 1
            && let Some(node) = nodes.pop()
        {
            return node;
        }
        Node::Any(nodes)
    }

    fn check(&mut self, test: &Test, check: &Check) -> AtomId {
        let property = test.property;
        let place = usize::from(property);
        match check {
            Check::Exact(key) => {
                let known = self.program.asked.get(place).and_then(|a| a.exact.get(key).copied());
                if let Some(atom) = known {
                    return atom;
                }
                let atom = self.atom(property, Rank::Exact);
                if let Some(asked) = self.program.asked.get_mut(place) {
                    asked.exact.insert(key.clone(), atom);
                }
                atom
            }
            Check::Within(network) => self.network(property, *network),
            Check::Exists => {
                if let Some(atom) = self.program.asked.get(place).and_then(|a| a.exists) {
                    return atom;
                }
                let atom = self.atom(property, Rank::Open);
                if let Some(asked) = self.program.asked.get_mut(place) {
                    asked.exists = Some(atom);
                }
                atom
            }
            Check::Like(_) | Check::Matches(_) => {
                let single = Test { checks: vec![check.clone()], ..test.clone() };
                match guard_texts(check) {
                    Some(texts) => self.guarded(property, single, texts),
                    None => self.open(property, single),
                }
            }
            Check::Holds(_) | Check::Number(..) | Check::Text(..) => {
                self.open(property, Test { checks: vec![check.clone()], ..test.clone() })
            }
        }
    }

    fn open(&mut self, property: PropertyId, test: Test) -> AtomId {
        let atom = self.atom(property, Rank::Open);
        if let Some(asked) = self.program.asked.get_mut(usize::from(property)) {
            asked.open.push((atom, test));
        }
        atom
    }

    fn guarded(&mut self, property: PropertyId, test: Test, texts: Vec<String>) -> AtomId {
        let atom = self.atom(property, Rank::Guarded);
        let place = usize::from(property);
        let (Some(asked), Some(guards)) =
            (self.program.asked.get_mut(place), self.guards.get_mut(place))
        else {
            return atom;
        };
        let number = u32::try_from(asked.guarded.len()).unwrap_or(u32::MAX);
        asked.guarded.push((atom, test));
        for text in texts {
            let next = u32::try_from(guards.len()).unwrap_or(u32::MAX);
            let guard = *guards.entry(text).or_insert(next);
            if guard == next {
                asked.guards_of.push(Vec::new());
            }
            if let Some(tests) = asked.guards_of.get_mut(guard as usize) {
                tests.push(number);
            }
        }
        atom
    }

    fn network(&mut self, property: PropertyId, network: Network) -> AtomId {
        let place = usize::from(property);
        let same = |n: &Networks| n.v6 == network.v6 && n.prefix == network.prefix;
        let asked = self.program.asked.get(place);
        let known = asked.and_then(|a| a.networks.iter().find(|n| same(n))?.of.get(&network.bits));
        if let Some(&atom) = known {
            return atom;
        }
        let atom = self.atom(property, Rank::Network);
        let Some(asked) = self.program.asked.get_mut(place) else { return atom };
        match asked.networks.iter_mut().find(|n| same(n)) {
            Some(networks) => {
                networks.of.insert(network.bits, atom);
            }
            None => {
                let of = std::iter::once((network.bits, atom)).collect();
                asked.networks.push(Networks { v6: network.v6, prefix: network.prefix, of });
            }
        }
        atom
    }

    /// Atoms of which one holds wherever the node does.
    fn guard(&self, node: &Node) -> (Rank, Vec<AtomId>) {
        match node {
            Node::Atom(atom) => {
                let rank = self.ranks.get(*atom as usize).copied().unwrap_or(Rank::Open);
                (rank, vec![*atom])
            }
            Node::Any(nodes) => {
                let mut out = (Rank::Exact, Vec::new());
                for node in nodes {
                    let (rank, atoms) = self.guard(node);
                    out.0 = out.0.max(rank);
                    out.1.extend(atoms);
                }
                out
            }
            Node::All(groups) => {
                let guards = groups.iter().flat_map(|g| &g.nodes).map(|node| self.guard(node));
                let best = guards.min_by_key(|(rank, atoms)| (*rank, atoms.len()));
                best.unwrap_or((Rank::Open, Vec::new()))
            }
        }
    }

    fn finish(mut self) -> (IndicatorProgram, Vec<Refused>) {
        for (asked, guards) in self.program.asked.iter_mut().zip(&self.guards) {
            let scans = |check: &Check| matches!(check, Check::Like(_) | Check::Matches(_));
            let mut tests = asked.open.iter().chain(&asked.guarded);
            asked.scans = tests.any(|(_, test)| test.checks.iter().any(scans));
            if guards.is_empty() {
                continue;
            }
            let mut texts: Vec<(&String, &u32)> = guards.iter().collect();
            texts.sort_unstable_by_key(|(_, number)| **number);
            let built = AhoCorasickBuilder::new()
                .match_kind(MatchKind::Standard)
                .build(texts.iter().map(|(text, _)| text.as_str()));
            match built {
                Ok(built) => asked.guards = Some(built),
                // Too large for an automaton: asked of every value.
                Err(_) => asked.open.append(&mut asked.guarded),
            }
        }
        (self.program, self.refused)
    }
}

fn rank_of(test: &Test) -> Rank {
    let of_check = |check: &Check| match check {
        Check::Exact(_) => Rank::Exact,
        Check::Within(_) => Rank::Network,
        Check::Like(_) | Check::Matches(_) if guard_texts(check).is_some() => Rank::Guarded,
        _ => Rank::Open,
    };
    if test.negated {
        return Rank::Open;
    }
    test.checks.iter().map(of_check).max().unwrap_or(Rank::Open)
}

/// Texts in lower case of which one must be there for the check to hold.
fn guard_texts(check: &Check) -> Option<Vec<String>> {
    match check {
        Check::Like(like) => {
            let mut folded = String::new();
            fold_into(like.longest(), &mut folded);
            (folded.len() >= 3).then(|| vec![folded])
        }
        Check::Matches(expression) => required_literals(&expression.source),
        _ => None,
    }
}
