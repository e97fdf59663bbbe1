//! Opens a record: which template it names, and where the values stand that
//! fill the template's gaps.

use super::bytes::offset_at;
use super::layout::{self, HEADER_BYTES, Layout, Nested, Place, Store};
use super::value::{self, Fit};

/// A value of a record: its type, and where it stands in the chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) form: u8,
    pub(super) len: u16,
    pub(super) at: u32,
}

/// The gaps of one template as a record fills them: a range of slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filled {
    pub(super) layout: u32,
    pub(super) first: usize,
    pub(super) count: usize,
    /// How many of them are BinXML.
    pub(super) fragments: u32,
    /// Where the values end.
    end: usize,
}

impl Filled {
    /// No gaps at all.
    pub(super) const NONE: Self = Self { layout: 0, first: 0, count: 0, fragments: 0, end: 0 };
}

/// A record: its template, the one that fills a gap of it, and what a collector
/// added behind that.
pub(super) struct Opened {
    pub(super) outer: Filled,
    pub(super) inner: Option<Filled>,
    pub(super) added: Option<Layout>,
}

/// "This record is left to the slow path."
#[derive(Debug)]
pub(super) struct Odd;

/// A record's values among the templates they fill.
#[derive(Debug, Default)]
pub(super) struct Opener {
    pub(super) store: Store,
    pub(super) slots: Vec<Slot>,
}

impl Opener {
    /// Opens a record.
    pub(super) fn record(&mut self, data: &[u8], body: usize, end: usize) -> Result<Opened, Odd> {
        self.slots.clear();
        let outer = self.instance(data, body, end, Place::Record).ok_or(Odd)?;
        let layout = self.store.get(outer.layout).filter(|l| !l.odd).ok_or(Odd)?;
        let gap = layout.nested;
        if !is_end(data, outer.end, end) {
            return Err(Odd);
        }
        let Some((inner, end)) = self.nested(data, outer, gap)? else {
            return Ok(Opened { outer, inner: None, added: None });
        };
        let mut added = None;
        if !is_end(data, inner.end, end) {
            let at_event = gap.is_some_and(|gap| gap.place == Place::Event);
            let found = layout::direct(data, inner.end, end).filter(|_| at_event);
            added = Some(found.ok_or(Odd)?);
        }
        Ok(Opened { outer, inner: Some(inner), added })
    }

    /// The template that fills the gap of another, if one does, and where the
    /// gap ends. No other gap may be filled by BinXML.
    fn nested(
        &mut self,
        data: &[u8],
        outer: Filled,
        gap: Option<Nested>,
    ) -> Result<Option<(Filled, usize)>, Odd> {
        if outer.fragments > 1 {
            return Err(Odd);
        }
        let gap = gap.filter(|gap| usize::from(gap.slot) < outer.count);
        let slot = gap.and_then(|gap| self.slots.get(outer.first + usize::from(gap.slot)));
        let (Some(gap), Some(&slot)) = (gap, slot) else {
            return if outer.fragments == 0 { Ok(None) } else { Err(Odd) };
        };
        let (from, to) = (slot.at as usize, slot.at as usize + usize::from(slot.len));
        let raw = data.get(from..to).ok_or(Odd)?;
        if slot.form != value::BINXML || raw.is_empty() {
            let nothing = outer.fragments == 0 && value::fit(slot.form, raw) == Fit::Empty;
            return if nothing { Ok(None) } else { Err(Odd) };
        }
        let inner = self.instance(data, from, to, gap.place).ok_or(Odd)?;
        let odd = self.store.get_mut(inner.layout).is_none_or(|l| l.odd);
        if odd || inner.fragments > 0 { Err(Odd) } else { Ok(Some((inner, to))) }
    }

    /// Reads a stream that begins with a template and its values.
    fn instance(&mut self, data: &[u8], at: usize, end: usize, place: Place) -> Option<Filled> {
        let stream = data.get(at..end)?;
        let at = match stream {
            [0x0f, _, _, _, 0x0c, ..] => at + 5,
            [0x0c, ..] => at + 1,
            _ => return None,
        };
        let template = offset_at(data, at + 5)?;
        let mut at = at + 9;
        if at == template {
            at = at.checked_add(HEADER_BYTES)?.checked_add(offset_at(data, at + 20)?)?;
        }
        let count = offset_at(data, at)?;
        let table = data.get(at + 4..at.checked_add(count.checked_mul(4)?)?.checked_add(4)?)?;
        let mut value_at = at + 4 + table.len();
        let first = self.slots.len();
        let mut fragments = 0;
        for &[low, high, form, _] in table.as_chunks::<4>().0 {
            let len = u16::from_le_bytes([low, high]);
            fragments += u32::from(form == value::BINXML && len > 0);
            self.slots.push(Slot { form, len, at: u32::try_from(value_at).ok()? });
            value_at += usize::from(len);
        }
        data.get(value_at..end)?;
        let layout = self.store.find(data, template, place)?;
        Some(Filled { layout, first, count, fragments, end: value_at })
    }
}

/// Whether nothing more comes in a stream that ends there.
fn is_end(data: &[u8], at: usize, end: usize) -> bool {
    matches!(data.get(at..end), Some([] | [0, ..]))
}

/// The type and the bytes of a gap; those of null where there is none.
pub(super) fn slot<'a>(
    data: &'a [u8],
    slots: &[Slot],
    filled: Filled,
    slot: u16,
) -> (u8, &'a [u8]) {
    let slot = usize::from(slot);
    let found = (slot < filled.count).then(|| slots.get(filled.first + slot)).flatten();
    let Some(found) = found else { return (value::NULL, &[]) };
    let from = found.at as usize;
    (found.form, data.get(from..from + usize::from(found.len)).unwrap_or_default())
}
