//! Whether an event satisfies a condition, by what its values say.
//!
//! All comparisons of one object type that an `AND` joins must hold for the
//! same object; so objects are chosen, one of each type, until they do.

use sekisho_event::{FieldId, ValueId};

use super::limits::CHOICES_MAX;
use super::mapping::Mapping;
use super::program::{AtomId, Group, Node};

/// The cell, or the two cells, that a value stands in.
pub(super) type Evidence = [Option<(FieldId, ValueId)>; 2];

/// That a value answers a question with yes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) atom: AtomId,
    kind: u16,
    object: Chosen,
    cell: u32,
}

/// An object of the event at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chosen {
    object: u16,
    /// Cell and part, where each value is an object; else 0.
    cell: u32,
    part: u16,
}

/// What the values of the event at hand say.
#[derive(Debug, Default)]
pub(super) struct Hits {
    hits: Vec<Hit>,
    cells: Vec<Evidence>,
    pub(super) unsearched: u64,
}

/// The objects that were chosen, by type.
type Choice = Vec<(u16, Chosen)>;

impl Hits {
    pub(super) fn clear(&mut self) {
        self.hits.clear();
        self.cells.clear();
    }

    pub(super) fn all(&self) -> &[Hit] {
        &self.hits
    }

    pub(super) fn cell(&mut self, evidence: Evidence) -> u32 {
        self.cells.push(evidence);
        u32::try_from(self.cells.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn push(&mut self, atom: AtomId, object: u16, part: u16, cell: u32) {
        let known = Mapping::get().objects.get(usize::from(object));
        let Some(known) = known else { return };
        let chosen = if known.each {
            Chosen { object, cell: cell + 1, part }
        } else {
            Chosen { object, cell: 0, part: 0 }
        };
        self.hits.push(Hit { atom, kind: known.kind, object: chosen, cell });
    }

    /// The cells that speak for a condition, if it holds.
    pub(super) fn satisfy(&mut self, node: &Node) -> Option<Vec<(FieldId, ValueId)>> {
        let mut found = Vec::new();
        if !self.holds(node, &mut Choice::new(), &mut found) {
            return None;
        }
        let mut out = Vec::new();
        for cell in found {
            let evidence = self.cells.get(cell as usize).copied().unwrap_or_default();
            for cell in evidence.into_iter().flatten() {
                if !out.contains(&cell) {
                    out.push(cell);
                }
            }
        }
        Some(out)
    }

    /// Whether a node holds for the objects chosen so far; types of which none
    /// is chosen are free.
    fn holds(&mut self, node: &Node, choice: &mut Choice, found: &mut Vec<u32>) -> bool {
        match node {
            Node::Atom(atom) => {
                let before = found.len();
                let fits = |hit: &&Hit| {
                    hit.atom == *atom
                        && choice
                            .iter()
                            .all(|(kind, chosen)| *kind != hit.kind || *chosen == hit.object)
                };
                found.extend(self.hits.iter().filter(fits).map(|hit| hit.cell));
                found.len() > before
            }
            Node::Any(nodes) => {
                let mut any = false;
                for node in nodes {
                    any |= self.holds(node, choice, found);
                }
                any
            }
            Node::All(groups) => {
                let before = found.len();
                let all = groups.iter().all(|group| self.group(group, choice, found));
                if !all {
                    found.truncate(before);
                }
                all
            }
        }
    }

    /// Whether there are objects for which all of a group holds.
    fn group(&mut self, group: &Group, choice: &mut Choice, found: &mut Vec<u32>) -> bool {
        let free: Vec<u16> = group
            .kinds
            .iter()
            .copied()
            .filter(|kind| !choice.iter().any(|(chosen, _)| chosen == kind))
            .collect();
        let mut left = CHOICES_MAX;
        let held = self.choose(group, &free, choice, found, &mut left);
        if !held && left == 0 {
            self.unsearched += 1;
        }
        held
    }

    fn choose(
        &mut self,
        group: &Group,
        free: &[u16],
        choice: &mut Choice,
        found: &mut Vec<u32>,
        left: &mut usize,
    ) -> bool {
        let Some((kind, rest)) = free.split_first() else {
            if *left == 0 {
                return false;
            }
            *left -= 1;
            let before = found.len();
            let all = group.nodes.iter().all(|node| self.holds(node, choice, found));
            if !all {
                found.truncate(before);
            }
            return all;
        };
        let mut objects: Vec<Chosen> = Vec::new();
        for hit in self.hits.iter().filter(|hit| hit.kind == *kind) {
            if objects.len() < CHOICES_MAX && !objects.contains(&hit.object) {
                objects.push(hit.object);
            }
        }
        // A type of which the event has no object can still stand in an
        // alternative that does not hold.
        if objects.is_empty() {
            return self.choose(group, rest, choice, found, left);
        }
        for object in objects {
            choice.push((*kind, object));
            let held = self.choose(group, rest, choice, found, left);
            choice.pop();
            if held {
                return true;
            }
        }
        false
    }
}
