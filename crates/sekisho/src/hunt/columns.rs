//! The columns of a group of rows, as those who look for rows see them: those
//! of the segment, and behind them a column for each field in `_rest`.

use hashbrown::HashMap;
use sekisho_event::Kind;
use sekisho_sigma::{LateColumns, LateKeys, LateValues};
use sekisho_store::{Error, OpenGroup, RestField};

/// A column that unpacks to more than this is not read for nothing, also where
/// it was not written down what it is made of.
const DEFERRED_BYTES: u64 = 256 << 10;

/// The columns of a group of rows.
pub(super) struct Columns<'a> {
    pub(super) group: OpenGroup<'a>,
    rest: Vec<RestField>,
    /// By name: the segment's column, and that of `_rest`.
    names: HashMap<String, [Option<usize>; 2]>,
}

impl<'a> Columns<'a> {
    /// Of a group of rows. What stands in `_rest` is read at once: it is little.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub(super) fn new(mut group: OpenGroup<'a>) -> Result<Self, Error> {
        let rest = if group.has_rest() { group.rest(&|_| true)? } else { Vec::new() };
        let mut names: HashMap<String, [Option<usize>; 2]> = HashMap::new();
        for (number, (name, _)) in group.columns().iter().enumerate() {
            names.insert(name.clone(), [Some(number), None]);
        }
        let own = group.columns().len();
        for (number, field) in rest.iter().enumerate() {
            names.entry(field.name.clone()).or_default()[1] = Some(own + number);
        }
        Ok(Self { group, rest, names })
    }

    fn rest_field(&self, column: usize) -> Option<&RestField> {
        self.rest.get(column.checked_sub(self.group.columns().len())?)
    }
}

impl LateColumns for Columns<'_> {
    type Error = Error;

    fn count(&self) -> usize {
        self.group.columns().len() + self.rest.len()
    }

    fn named(&self, name: &str, each: &mut dyn FnMut(usize)) {
        self.names.get(name).into_iter().flatten().flatten().for_each(|&column| each(column));
    }

    fn deferred(&self, column: usize) -> Option<u64> {
        if self.rest_field(column).is_some() {
            return None;
        }
        let read = self.group.text(column).is_some();
        let bytes = if read { 0 } else { self.group.unpacked_bytes(column) };
        (self.group.grams(column).is_some() || bytes > DEFERRED_BYTES).then_some(bytes)
    }

    fn may_hold(&self, column: usize, text: &str, begins: bool, ends: bool) -> bool {
        self.group.grams(column).is_none_or(|grams| grams.may_hold(text, begins, ends))
    }

    fn odd_numbers(&self, column: usize) -> bool {
        self.group.grams(column).is_none_or(sekisho_store::Grams::odd_numbers)
    }

    fn load(&mut self, column: usize) -> Result<(), Error> {
        self.group.load(column)
    }

    fn values(&self, column: usize) -> LateValues<'_> {
        const NONE: LateValues<'static> = LateValues { text: "", ends: &[], kinds: &[Kind::Null] };
        if let Some(field) = self.rest_field(column) {
            return LateValues { text: &field.text, ends: &field.ends, kinds: &field.kinds };
        }
        self.group.text(column).map_or(NONE, |text| LateValues {
            text: &text.text,
            ends: &text.ends,
            kinds: std::slice::from_ref(&text.kind),
        })
    }

    fn load_keys(&mut self, column: usize) -> Result<(), Error> {
        self.group.load_keys(column)
    }

    fn keys(&self, column: usize) -> LateKeys<'_> {
        match self.rest_field(column) {
            Some(field) => LateKeys::Some(&field.cells),
            None => LateKeys::Each(self.group.text(column).map_or(&[], |text| &text.keys)),
        }
    }
}
