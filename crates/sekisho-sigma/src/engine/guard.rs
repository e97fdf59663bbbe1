//! Which atoms wake a rule. A guard is a set of atoms of which at least one
//! holds whenever the rule does; of the many that a formula has, the one that
//! is expected to hold most rarely is chosen.

use crate::engine::field_matcher::AtomId;
use crate::engine::program::Node;
use crate::engine::regex_guard::required_literals;
use crate::rule::{Part, Test};

/// How often an atom is expected to hold, and how dear it is to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Expected share of events for which it holds, times some constant.
    frequency: f32,
    /// Whether it can be a guard at all: questions about the event as a whole
    /// (is the field there?) are not looked up by value.
    guards: bool,
    dear: bool,
}

impl Cost {
    /// Whether the question is better not put to every new value.
    pub(crate) fn is_dear(self) -> bool {
        self.dear
    }
}

/// Fields that say what kind of event it is: the same for most events that
/// the rule looks at.
const COMMON_FIELDS: &[&str] = &[
    "EventID",
    "Channel",
    "Provider_Name",
    "Level",
    "EventType",
    "Initiated",
    "Protocol",
    "LogonType",
    "eventSource",
    "Status",
    "IntegrityLevel",
    "Computer",
    "Keywords",
];

/// The cost of a question about a field.
pub(crate) fn cost_of(field: &str, test: &Test) -> Cost {
    let (frequency, guards, dear) = match test {
        Test::Text(pattern) => {
            let longest = pattern.parts.iter().map(|part| match part {
                Part::Literal(text) => text.chars().count(),
                Part::Any | Part::One => 0,
            });
            let longest = longest.max().unwrap_or(0);
            let inner = longest == 0 && !pattern.parts.is_empty();
            (if inner { 10.0 } else { rarity(longest) }, true, false)
        }
        Test::Number(..) => (0.2, true, false),
        Test::Cidr(network) => (1.0 / (1.0 + f32::from(network.prefix)), true, false),
        Test::Compare(..) | Test::TimePart(..) => (2.0, true, false),
        Test::Regex(source) => match required_literals(&source.pattern) {
            Some(set) => {
                let shortest = set.iter().map(|s| s.chars().count()).min().unwrap_or(0);
                (rarity(shortest), true, false)
            }
            None => (5.0, true, true),
        },
        Test::FieldRef(_) | Test::Exists(_) | Test::Null => (f32::INFINITY, false, false),
    };
    let common = if COMMON_FIELDS.contains(&field) { 20.0 } else { 1.0 };
    Cost { frequency: frequency * common, guards, dear }
}

/// Longer texts are rarer.
fn rarity(characters: usize) -> f32 {
    let n = f32::from(u16::try_from(characters).unwrap_or(u16::MAX));
    1.0 / ((1.0 + n) * (1.0 + n))
}

/// The guard of a formula; `None` where it has none and the rule must be
/// looked at for every event.
pub(crate) fn guard_of(node: &Node, costs: &[Cost]) -> Option<Vec<AtomId>> {
    let (mut atoms, _) = best(node, costs)?;
    atoms.sort_unstable();
    atoms.dedup();
    Some(atoms)
}

fn best(node: &Node, costs: &[Cost]) -> Option<(Vec<AtomId>, f32)> {
    match node {
        Node::Constant(false) => Some((Vec::new(), 0.0)),
        Node::Constant(true) | Node::Not(_) => None,
        Node::Atom(atom) => {
            let cost = costs.get(*atom as usize).filter(|cost| cost.guards)?;
            Some((vec![*atom], cost.frequency))
        }
        Node::And(parts) => {
            parts.iter().filter_map(|part| best(part, costs)).min_by(|a, b| a.1.total_cmp(&b.1))
        }
        Node::Or(parts) => all_of(parts, costs),
        Node::AtLeast(0, _) => None,
        Node::AtLeast(_, parts) => all_of(parts, costs),
    }
}

fn all_of(parts: &[Node], costs: &[Cost]) -> Option<(Vec<AtomId>, f32)> {
    let mut atoms = Vec::new();
    let mut frequency = 0.0;
    for part in parts {
        let (more, f) = best(part, costs)?;
        atoms.extend(more);
        frequency += f;
    }
    Some((atoms, frequency))
}

/// The formula with its parts in the order in which they settle it soonest:
/// of an *and* the rarest first, of an *or* the most frequent. Also how often
/// it is expected to hold.
pub(crate) fn in_good_order(node: Node, costs: &[Cost]) -> (Node, f32) {
    let sorted = |parts: Vec<Node>, rarest_first: bool| {
        let mut parts: Vec<(Node, f32)> =
            parts.into_iter().map(|part| in_good_order(part, costs)).collect();
        parts.sort_by(|a, b| if rarest_first { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) });
        parts
    };
    match node {
        Node::Constant(value) => (Node::Constant(value), if value { f32::MAX } else { 0.0 }),
        Node::Atom(atom) => {
            // What is dear to ask or about the whole event comes late.
            let cost = costs.get(atom as usize);
            let frequency = cost.map_or(f32::MAX, |c| if c.dear { 1e6 } else { c.frequency });
            (Node::Atom(atom), frequency)
        }
        Node::Not(part) => {
            let (part, _) = in_good_order(*part, costs);
            (Node::Not(Box::new(part)), 1e3)
        }
        Node::And(parts) => {
            let parts = sorted(parts, true);
            let frequency = parts.first().map_or(f32::MAX, |p| p.1);
            (Node::And(parts.into_iter().map(|p| p.0).collect()), frequency)
        }
        Node::Or(parts) => {
            let parts = sorted(parts, false);
            let frequency = parts.iter().map(|p| p.1).sum();
            (Node::Or(parts.into_iter().map(|p| p.0).collect()), frequency)
        }
        Node::AtLeast(n, parts) => {
            let parts = sorted(parts, false);
            let frequency = parts.iter().map(|p| p.1).sum();
            (Node::AtLeast(n, parts.into_iter().map(|p| p.0).collect()), frequency)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(frequencies: &[f32]) -> Vec<Cost> {
        let cost =
            |&frequency: &f32| Cost { frequency, guards: frequency.is_finite(), dear: false };
        frequencies.iter().map(cost).collect()
    }

    #[test]
    fn the_rarest_necessary_atom_guards() {
        use Node::{And, Atom, Not, Or};
        let c = costs(&[1.0, 0.1, 0.5, f32::INFINITY]);
        let rule = And(vec![Atom(0), Or(vec![Atom(1), Atom(2)]), Not(Box::new(Atom(1)))]);
        assert_eq!(guard_of(&rule, &c), Some(vec![1, 2]));
        assert_eq!(guard_of(&Or(vec![Atom(0), Not(Box::new(Atom(1)))]), &c), None);
        assert_eq!(guard_of(&Or(vec![Atom(0), Atom(3)]), &c), None);
        assert_eq!(guard_of(&And(vec![Atom(0), Atom(3)]), &c), Some(vec![0]));
        assert_eq!(guard_of(&And(vec![]), &c), None);
        assert_eq!(guard_of(&Or(vec![]), &c), Some(vec![]));
    }
}
