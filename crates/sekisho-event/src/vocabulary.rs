//! Field names and, for each, the dictionary of its values: what one worker
//! has seen so far. Also the projection: fields that nobody asked for are not
//! read into columns at all.

use hashbrown::{HashMap, HashSet};

use crate::dictionary::Dictionary;
use crate::limits::{DICTIONARY_BYTES_MAX, FIELD_NAME_BYTES_MAX, FIELD_NAMES_MAX};
use crate::shape::Shape;

/// Number of a field name within a [`Vocabulary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

impl FieldId {
    /// The id as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which fields readers put into columns.
#[derive(Clone, Debug, Default)]
pub enum Projection {
    /// All of them.
    #[default]
    All,
    /// Some of them.
    Some {
        /// Fields with these names, in every shape.
        names: HashSet<Box<str>>,
        /// Shapes of which every field is wanted (some rule looks into all
        /// values of their events).
        whole: Vec<Shape>,
    },
    /// Only fields with these names, in every shape, also in those of which
    /// nothing is known: no rule will look.
    Only(HashSet<Box<str>>),
}

impl Projection {
    /// Whether a field of this name is read into a column in every shape.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some { names, .. } | Self::Only(names) => names.contains(name),
        }
    }

    /// Whether all fields of events of this shape are read into columns. A
    /// shape in the list stands for every shape that it does not contradict:
    /// its empty parts fit anything.
    #[must_use]
    pub fn wants_all_of(&self, shape: &Shape) -> bool {
        match self {
            Self::All => true,
            Self::Some { whole, .. } => shape.is_unknown() || whole.iter().any(|w| w.covers(shape)),
            Self::Only(_) => false,
        }
    }
}

/// The field names and distinct values that one worker has seen.
#[derive(Debug, Default)]
pub struct Vocabulary {
    projection: Projection,
    ids: HashMap<Box<str>, FieldId>,
    names: Vec<Box<str>>,
    wanted: Vec<bool>,
    dictionaries: Vec<Dictionary>,
    /// Host names.
    pub hosts: Dictionary,
    overflowed: bool,
    epoch: u64,
}

impl Vocabulary {
    /// An empty vocabulary that reads the fields of `projection`.
    #[must_use]
    pub fn new(projection: Projection) -> Self {
        Self { projection, ..Self::default() }
    }

    /// What readers put into columns.
    #[must_use]
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// The id of a field, added where it is new; `None` where a limit keeps
    /// it out ([`Vocabulary::overflowed`] tells).
    pub fn field(&mut self, name: &str) -> Option<FieldId> {
        if let Some(&known) = self.ids.get(name) {
            return Some(known);
        }
        if name.len() > FIELD_NAME_BYTES_MAX || self.names.len() >= FIELD_NAMES_MAX {
            self.overflowed = true;
            return None;
        }
        let id = FieldId(u32::try_from(self.names.len()).ok()?);
        self.ids.insert(name.into(), id);
        self.names.push(name.into());
        self.wanted.push(self.projection.wants(name));
        self.dictionaries.push(Dictionary::default());
        Some(id)
    }

    /// Whether the field goes into a column in every shape. If not, it does so
    /// only in shapes of which the projection wants everything
    /// ([`Projection::wants_all_of`]).
    #[must_use]
    pub fn wanted(&self, field: FieldId) -> bool {
        self.wanted.get(field.index()).copied().unwrap_or(false)
    }

    /// The id of a field seen before, without adding it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<FieldId> {
        self.ids.get(name).copied()
    }

    /// The name of a field.
    #[must_use]
    pub fn name(&self, field: FieldId) -> &str {
        self.names.get(field.index()).map_or("", |n| n)
    }

    /// How many fields there are; ids run from 0 to one below.
    #[must_use]
    pub fn fields(&self) -> usize {
        self.names.len()
    }

    /// The distinct values of a field.
    #[must_use]
    pub fn dictionary(&self, field: FieldId) -> Option<&Dictionary> {
        self.dictionaries.get(field.index())
    }

    /// The distinct values of a field, to add to.
    pub fn dictionary_mut(&mut self, field: FieldId) -> Option<&mut Dictionary> {
        self.dictionaries.get_mut(field.index())
    }

    /// Whether a limit kept a wanted field out of the columns.
    #[must_use]
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Counts how often the dictionaries were emptied. What a consumer
    /// remembers by [`ValueId`](crate::ValueId) is void once this changes.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Between two blocks: empties the dictionaries if they have outgrown
    /// their limit. Field ids stay.
    pub fn trim(&mut self) {
        let bytes: usize =
            self.dictionaries.iter().map(Dictionary::bytes).sum::<usize>() + self.hosts.bytes();
        if bytes <= DICTIONARY_BYTES_MAX {
            return;
        }
        self.dictionaries.iter_mut().for_each(Dictionary::clear);
        self.hosts.clear();
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projection_decides_what_is_read() {
        let names = ["Image".into()].into_iter().collect();
        let security =
            Shape { product: "windows".into(), channel: "Security".into(), event_id: None };
        let mut v = Vocabulary::new(Projection::Some { names, whole: vec![security.clone()] });
        let (image, message) = (v.field("Image").unwrap(), v.field("Message").unwrap());
        assert!(v.wanted(image) && !v.wanted(message));
        assert_eq!(v.find("Image"), Some(image));
        assert!(!v.overflowed());
        let logon = Shape { event_id: Some(4624), ..security.clone() };
        let system = Shape { channel: "System".into(), ..security };
        assert!(v.projection().wants_all_of(&logon) && !v.projection().wants_all_of(&system));
        assert!(v.projection().wants_all_of(&Shape::unknown()));
        let only = Projection::Only(["Id".into()].into_iter().collect());
        assert!(only.wants("Id") && !only.wants("Image"));
        assert!(!only.wants_all_of(&Shape::unknown()));
    }
}
