//! Which small shapes share a segment. A field has one name and one kind in a
//! segment; what does not fit stands in `_rest`, where queries have to look
//! for it. So shapes that disagree about a field are kept apart.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use sekisho_event::Kind;

use crate::block::KINDS;
use crate::limits::{FIELD_COLUMNS_MAX, MIXED_GROUPS_MAX, MIXED_ROWS_MAX, SEGMENT_SHAPES_MAX};
use crate::plan::{folded, most};
use crate::writer::Part;

#[derive(Default)]
struct Group {
    parts: Vec<Part>,
    rows: usize,
    shapes: usize,
    /// By folded name: the name and its kind.
    fields: HashMap<String, (String, Kind)>,
}

type Fields = Vec<(String, String, Kind)>;

/// Puts shapes, each with its parts, together.
pub(crate) fn of(shapes: Vec<Vec<Part>>) -> Vec<Vec<Part>> {
    let mut done = Vec::new();
    let mut open: Vec<Group> = Vec::new();
    for parts in shapes {
        let fields = fields_of(&parts);
        let rows = parts.iter().map(|part| part.block.rows()).sum();
        let room = open.len() < MIXED_GROUPS_MAX;
        let mut place = open.iter().position(|group| group.has_room(rows) && group.agrees(&fields));
        if place.is_none() && !room {
            place = open.iter().rposition(|group| group.has_room(rows));
        }
        if place.is_none() && !room {
            done.push(open.remove(0).parts);
        }
        let place = place.unwrap_or_else(|| {
            open.push(Group::default());
            open.len() - 1
        });
        if let Some(group) = open.get_mut(place) {
            group.add(parts, rows, fields);
        }
    }
    done.extend(open.into_iter().map(|group| group.parts));
    done
}

impl Group {
    fn has_room(&self, rows: usize) -> bool {
        self.rows + rows <= MIXED_ROWS_MAX && self.shapes < SEGMENT_SHAPES_MAX
    }

    fn agrees(&self, fields: &Fields) -> bool {
        let mut new = 0;
        let agree = fields.iter().all(|(folded, name, kind)| match self.fields.get(folded) {
            Some((other, of)) => other == name && of == kind,
            None => {
                new += 1;
                true
            }
        });
        agree && self.fields.len() + new <= FIELD_COLUMNS_MAX
    }

    fn add(&mut self, parts: Vec<Part>, rows: usize, fields: Fields) {
        self.parts.extend(parts);
        self.rows += rows;
        self.shapes += 1;
        for (folded, name, kind) in fields {
            self.fields.entry(folded).or_insert((name, kind));
        }
    }
}

/// The names of the fields and the kind of most of their values.
fn fields_of(parts: &[Part]) -> Fields {
    let mut counts: BTreeMap<&str, [u64; KINDS]> = BTreeMap::new();
    for column in parts.iter().flat_map(|part| part.block.fields()) {
        let sums = counts.entry(column.name()).or_default();
        for (sum, count) in sums.iter_mut().zip(column.kinds()) {
            *sum += u64::from(count);
        }
    }
    let field = |(name, kinds): (&str, _)| (folded(name), name.to_owned(), most(&kinds));
    counts.into_iter().map(field).collect()
}
