//! The values of a column as they lie in a group of rows, read as late as can
//! be: a dictionary at once and the keys of rows behind it when they are asked
//! for; plain values page by page.

use std::ops::Range;

use sekisho_event::Kind;

use crate::cursor::{Head, Pages, Unpacker, cut, flaw, not_text, take_bytes};
use crate::error::Flaw;
use crate::hybrid::Stretch;
use crate::limits::PLAIN_ROOM_BYTES_MAX;
use crate::pick::unknown_key;

/// The distinct values of a column; all values one by one where it is stored
/// without a dictionary, of those pages that were read.
#[derive(Debug)]
pub struct LateText {
    /// What the values are.
    pub kind: Kind,
    /// The values, one behind the other.
    pub text: String,
    /// By value: where in the text it ends.
    pub ends: Vec<usize>,
    /// By row, once they were read: 0 for none, else one more than the number
    /// of the value.
    pub keys: Vec<u32>,
    left: Left,
}

/// What was not read yet.
#[derive(Debug)]
enum Left {
    /// The keys behind a dictionary.
    Keys(Pages),
    Plain(Pages, Vec<PlainPage>),
    Nothing,
}

/// A page of plain values.
#[derive(Debug)]
struct PlainPage {
    number: usize,
    head: Head,
    rows: Range<usize>,
}

/// What was not read, for whoever wants some rows.
pub(crate) enum Unread {
    Nothing,
    /// Keys of the dictionary that was read.
    Keys(Pages),
    /// All pages, though some were read.
    Pages(Pages),
}

impl LateText {
    /// Opens a column of so many rows; a dictionary is read.
    pub(crate) fn open(
        chunk: Vec<u8>,
        kind: Kind,
        rows: usize,
        unpacker: &mut Unpacker,
    ) -> Result<Self, Flaw> {
        let mut pages = Pages::new(chunk);
        let mut head = pages.head()?;
        if head.is_dictionary() {
            return Self::dictionary(pages, &head, kind, unpacker);
        }
        unpacker.take(rows.saturating_mul(size_of::<u32>()))?;
        let (mut plain, mut before) = (Vec::new(), 0);
        loop {
            if head.is_dictionary() || head.has_keys()? {
                return Err(flaw("a page of keys without a dictionary"));
            }
            let end = before + head.values;
            plain.push(PlainPage { number: plain.len(), head, rows: before..end });
            before = end;
            if before >= rows {
                break;
            }
            head = pages.head()?;
        }
        let left = Left::Plain(pages, plain);
        Ok(Self { kind, text: String::new(), ends: Vec::new(), keys: vec![0; before], left })
    }

    fn dictionary(
        mut pages: Pages,
        head: &Head,
        kind: Kind,
        unpacker: &mut Unpacker,
    ) -> Result<Self, Flaw> {
        pages.unpack(head, unpacker)?;
        if head.values > pages.body.len() / 4 {
            return Err(cut());
        }
        unpacker.take(head.values * size_of::<usize>())?;
        let mut bytes = Vec::with_capacity(pages.body.len());
        let mut ends = Vec::with_capacity(head.values);
        values(&pages.body, 0, head.values, &mut bytes, &mut ends)?;
        let mut out =
            Self { kind, text: String::new(), ends, keys: Vec::new(), left: Left::Nothing };
        out.append(bytes, 0)?;
        out.left = Left::Keys(pages);
        Ok(out)
    }

    /// Bytes that the pages of values unpack to which were not read.
    pub(crate) fn unread_bytes(&self) -> u64 {
        match &self.left {
            Left::Plain(_, plain) => plain.iter().map(|page| page.head.unpacked as u64).sum(),
            Left::Keys(_) | Left::Nothing => 0,
        }
    }

    /// Reads the pages of plain values that are wanted, by their number.
    /// Values that were read before keep theirs.
    pub(crate) fn read_pages(
        &mut self,
        wants: &mut dyn FnMut(usize) -> bool,
        unpacker: &mut Unpacker,
    ) -> Result<(), Flaw> {
        let Left::Plain(pages, plain) = &mut self.left else { return Ok(()) };
        let wanted: Vec<PlainPage> = plain.extract_if(.., |page| wants(page.number)).collect();
        let room: usize = wanted.iter().map(|page| page.head.unpacked).sum();
        let mut bytes = Vec::with_capacity(room.min(PLAIN_ROOM_BYTES_MAX));
        let (mut runs, before, first) = (Vec::new(), self.text.len(), self.ends.len());
        for page in wanted {
            pages.unpack(&page.head, unpacker)?;
            let at = pages.runs(&page.head, &mut runs)?;
            let count: usize = runs.iter().filter(|(has, _)| *has).map(|(_, some)| some).sum();
            unpacker.take(count * size_of::<usize>())?;
            let mut number = short_of(self.ends.len())?;
            values(&pages.body, at, count, &mut bytes, &mut self.ends)?;
            let mut keys = self.keys.get_mut(page.rows).unwrap_or_default().iter_mut();
            for &(has, some) in &runs {
                for key in keys.by_ref().take(some).filter(|_| has) {
                    number = short_of(number as usize + 1)?;
                    *key = number;
                }
            }
        }
        self.ends.iter_mut().skip(first).for_each(|end| *end += before);
        self.append(bytes, first)
    }

    /// Appends texts; those whose ends are known from here on.
    fn append(&mut self, bytes: Vec<u8>, first: usize) -> Result<(), Flaw> {
        let text = String::from_utf8(bytes).map_err(|_| not_text())?;
        let ascii = text.is_ascii();
        if self.text.is_empty() {
            self.text = text;
        } else {
            self.text.push_str(&text);
        }
        let mut ends = self.ends.iter().skip(first);
        if !ascii && !ends.all(|&end| self.text.is_char_boundary(end)) {
            return Err(not_text());
        }
        Ok(())
    }

    /// Reads the keys of rows behind a dictionary.
    pub(crate) fn read_keys(&mut self, rows: usize, unpacker: &mut Unpacker) -> Result<(), Flaw> {
        let Left::Keys(pages) = &mut self.left else { return Ok(()) };
        let mut pages = std::mem::take(pages);
        self.left = Left::Nothing;
        unpacker.take(rows.saturating_mul(size_of::<u32>()))?;
        self.keys.reserve(rows);
        let mut runs = Vec::new();
        while self.keys.len() < rows {
            let head = pages.head()?;
            if head.is_dictionary() || !head.has_keys()? {
                return Err(flaw("a page without keys behind a dictionary"));
            }
            pages.unpack(&head, unpacker)?;
            let at = pages.runs(&head, &mut runs)?;
            let mut decoder = pages.key_decoder(at)?;
            let from = self.keys.len();
            for &(has, count) in &runs {
                if !has {
                    self.keys.resize(self.keys.len() + count, 0);
                    continue;
                }
                decoder.take(&pages.body, count, &mut |stretch| {
                    match stretch {
                        Stretch::Same(key, count) => {
                            self.keys.resize(self.keys.len() + count, key.saturating_add(1));
                        }
                        Stretch::Each(keys) => {
                            self.keys.extend(keys.iter().map(|key| key.saturating_add(1)));
                        }
                    }
                    Ok(())
                })?;
            }
            let read = self.keys.get(from..).unwrap_or_default();
            let most = read.iter().copied().max().unwrap_or(0);
            if most as usize > self.ends.len() {
                return Err(unknown_key());
            }
        }
        Ok(())
    }

    /// What is left to be read.
    pub(crate) fn take_unread(&mut self) -> Unread {
        match std::mem::replace(&mut self.left, Left::Nothing) {
            Left::Keys(keys) => Unread::Keys(keys),
            Left::Plain(mut pages, unread) if !unread.is_empty() => {
                pages.rewind();
                Unread::Pages(pages)
            }
            Left::Plain(..) | Left::Nothing => Unread::Nothing,
        }
    }

    /// The value with this number, which is one more than its place.
    pub(crate) fn value(&self, number: u32) -> Option<&str> {
        let number = (number as usize).checked_sub(1)?;
        let from =
            number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(from..*self.ends.get(number)?)
    }
}

pub(crate) fn short_of(number: usize) -> Result<u32, Flaw> {
    u32::try_from(number).map_err(|_| flaw("more than 4 billion values"))
}

/// Appends values that stand in a page from here on.
fn values(
    body: &[u8],
    mut at: usize,
    count: usize,
    bytes: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Result<(), Flaw> {
    for _ in 0..count {
        bytes.extend_from_slice(take_bytes(body, &mut at)?);
        ends.push(bytes.len());
    }
    Ok(())
}
