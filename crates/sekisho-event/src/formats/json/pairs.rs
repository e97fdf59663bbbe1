//! Arrays of pairs of name and value (`Parameters` of Exchange, `parameters`
//! of Google): beside the fields of all names and all values, each pair is a
//! field of its own, named by its name.

use hashbrown::HashMap;

use super::cloud::Pair;
use super::read::{intern, raw, text};
use super::roles::Part;
use super::scan::{Cell, Token};
use crate::dictionary::{Kind, ValueId};
use crate::limits::{FIELD_NAME_BYTES_MAX, PAIR_NAMES_MAX};
use crate::vocabulary::{FieldId, Vocabulary};

/// Number of an array of pairs within [`Pairs`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PairId(usize);

#[derive(Debug)]
struct Known {
    before: String,
    after: String,
    /// By raw name.
    fields: HashMap<Box<[u8]>, Option<(FieldId, bool)>>,
}

/// The arrays of pairs that were met, and the fields of their names.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    known: Vec<Known>,
    /// The names of a record, by the number of their array element.
    names: Vec<(u32, Cell)>,
}

impl Pairs {
    /// Forgets the numbers of fields.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// The number of an array of pairs.
    pub(super) fn id(&mut self, pair: &Pair) -> PairId {
        let (before, after) = pair.affixes();
        let same = |k: &Known| k.before == before && k.after == after;
        if let Some(known) = self.known.iter().position(same) {
            return PairId(known);
        }
        self.known.push(Known { before, after, fields: HashMap::new() });
        PairId(self.known.len() - 1)
    }

    /// Adds the fields of the pairs among a record's cells.
    pub(super) fn read<'a>(
        &mut self,
        cells: impl Iterator<Item = (&'a Cell, Part, PairId)> + Clone,
        bytes: &[u8],
        whole: bool,
        vocabulary: &mut Vocabulary,
        row: &mut Vec<(FieldId, ValueId)>,
    ) {
        self.names.clear();
        let named = |part: Part, cell: &Cell| part == Part::PairName && cell.token == Token::Text;
        let names = cells.clone().filter(|(cell, part, _)| named(*part, cell));
        self.names.extend(names.map(|(cell, ..)| (cell.element, *cell)));
        // Stable: of several names of an element the first one counts.
        self.names.sort_by_key(|&(element, _)| element);
        for (cell, part, id) in cells {
            if part != Part::PairValue || cell.token == Token::Null {
                continue;
            }
            let at = self.names.partition_point(|&(element, _)| element < cell.element);
            let name = self.names.get(at).filter(|&&(element, _)| element == cell.element);
            let Some(&(_, name)) = name else { continue };
            let Some((field, wanted)) = self.field(id, bytes, &name, vocabulary) else { continue };
            if (wanted || whole)
                && let Some(dictionary) = vocabulary.dictionary_mut(field)
            {
                let value = match bare(bytes, cell) {
                    Some(text) => dictionary.intern_str(Kind::String, &text),
                    None => intern(dictionary, bytes, cell),
                };
                row.push((field, value));
            }
        }
    }

    /// The field of a name.
    fn field(
        &mut self,
        id: PairId,
        bytes: &[u8],
        name: &Cell,
        vocabulary: &mut Vocabulary,
    ) -> Option<(FieldId, bool)> {
        let Known { before, after, fields } = self.known.get_mut(id.0)?;
        let key = raw(bytes, name);
        if let Some(&known) = fields.get(key) {
            return known;
        }
        if key.is_empty() || key.len() > FIELD_NAME_BYTES_MAX || fields.len() >= PAIR_NAMES_MAX {
            return None;
        }
        let full = format!("{before}{}{after}", text(bytes, name));
        let field = vocabulary.field(&full).map(|field| (field, vocabulary.wanted(field)));
        fields.insert(key.into(), field);
        field
    }
}

/// What a value says that is text in quotes within its quotes, as those of
/// Entra ID's modified properties are.
fn bare(bytes: &[u8], cell: &Cell) -> Option<String> {
    let raw = raw(bytes, cell);
    if cell.token != Token::Text || !raw.starts_with(b"\\\"") {
        return None;
    }
    let text = text(bytes, cell);
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('"')).then(|| inner.to_owned())
}
