//! What the texts of a large column are made of: a set of the four-byte
//! pieces that occur in them, in lower case. Whoever looks for a text of
//! which some piece is missing need not unpack the column. Most rules look
//! for what is nowhere, so most large columns stay as they lie. Pieces of two
//! bytes are in the set too, for texts that are shorter.
//!
//! A column without a dictionary has a set for each page beside the one for
//! all of it: where something is in one page of many, the others stay packed.
//!
//! Two bytes that no text is expected to hold stand before each value and two
//! behind it, so that "begins with", "ends with" and "is" can be asked too.
//! The set is one of bits, of which several pieces may share one: it may say
//! that a text is there when it is not, never the other way round.

use bytes::Bytes;
use sekisho_event::Kind;

use crate::error::Flaw;
use crate::limits::{
    GRAM_BITS_MAX_LOG2, GRAM_BITS_MIN_LOG2, GRAM_BITS_PER_GRAM, GRAM_BITS_PER_GRAM_OF_PAGE,
};
use crate::page::Layout;
use crate::values::ColumnValues;

/// Bytes of a piece.
const GRAM: usize = 4;
/// What stands before a value and behind it.
const BEFORE: [u8; 2] = [0x02; 2];
const BEHIND: [u8; 2] = [0x03; 2];
/// Stands for whatever is not ASCII; no piece with it is kept or asked for.
const OTHER: u8 = 0x80;

/// Flags of a column's sets: it holds numbers that are not plain, pieces of two
/// bytes are in the sets, sets of pages follow.
const ODD_NUMBERS: u8 = 1;
const PAIRS: u8 = 2;
const PAGES: u8 = 4;

/// Takes bytes and shows the pieces that end at each.
struct Window {
    last: u32,
    have: usize,
}

impl Window {
    fn new() -> Self {
        Self { last: 0, have: 0 }
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        if byte >= OTHER {
            self.have = 0;
            return;
        }
        self.last = self.last >> 8 | u32::from(byte.to_ascii_lowercase()) << 24;
        self.have += 1;
    }

    /// The last four bytes, if all are ASCII.
    #[inline]
    fn gram(&self) -> Option<u32> {
        (self.have >= GRAM).then_some(self.last)
    }

    /// The last two.
    #[inline]
    fn pair(&self) -> Option<u32> {
        (self.have >= 2).then_some(self.last >> 16)
    }
}

/// The piece that stands for two bytes: no four ASCII bytes are like it.
fn pair_gram(pair: u32) -> u32 {
    u32::from_le_bytes([0, 0, OTHER, OTHER]) | pair
}

/// Which bit of so many (as a power of two) stands for a piece. Of fewer bits
/// it is the same one, as many times over as there are fewer.
#[inline]
fn slot(gram: u32, log2: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> (u32::BITS - log2)) as usize
}

/// The pieces of some values.
#[derive(Debug)]
struct Pieces {
    /// As many bits as a set may have.
    words: Vec<u64>,
    /// A bit for each pair of ASCII bytes.
    pairs: Vec<u64>,
}

impl Default for Pieces {
    fn default() -> Self {
        Self { words: vec![0; 1 << (GRAM_BITS_MAX_LOG2 - 6)], pairs: vec![0; 1 << (14 - 6)] }
    }
}

fn set(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

/// Shows the bits that are 1.
fn each_bit(words: &[u64], mut visit: impl FnMut(usize)) {
    for (number, word) in words.iter().enumerate().filter(|(_, word)| **word != 0) {
        let mut left = *word;
        while left != 0 {
            visit(number * 64 + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

impl Pieces {
    fn clear(&mut self) {
        self.words.fill(0);
        self.pairs.fill(0);
    }

    fn add(&mut self, value: &[u8]) {
        let Self { words, pairs } = self;
        let mut window = Window::new();
        let mut push = |byte: u8| {
            window.push(byte);
            if let Some(gram) = window.gram() {
                set(words, slot(gram, GRAM_BITS_MAX_LOG2));
            }
            if let Some(pair) = window.pair() {
                set(pairs, (pair & 0x7F | pair >> 1 & 0x3F80) as usize);
            }
        };
        BEFORE.iter().for_each(|&byte| push(byte));
        if value.is_ascii() {
            value.iter().for_each(|&byte| push(byte));
        } else {
            // Two letters that are not ASCII have lower-case forms that are.
            for c in String::from_utf8_lossy(value).chars() {
                let lower = c.to_lowercase().next().unwrap_or(c);
                push(u8::try_from(lower).ok().filter(u8::is_ascii).unwrap_or(OTHER));
            }
        }
        BEHIND.iter().for_each(|&byte| push(byte));
    }

    /// Adds the pieces of others.
    fn join(&mut self, others: &Self) {
        let Self { words, pairs } = self;
        words.iter_mut().zip(&others.words).for_each(|(word, other)| *word |= other);
        pairs.iter_mut().zip(&others.pairs).for_each(|(word, other)| *word |= other);
    }

    /// Appends a set of them with about so many bits for each.
    fn write(&mut self, bits_per_gram: usize, out: &mut Vec<u8>) {
        let Self { words, pairs } = self;
        each_bit(pairs, |bit| {
            let pair = bit as u32 & 0x7F | (bit as u32 & 0x3F80) << 1;
            set(words, slot(pair_gram(pair), GRAM_BITS_MAX_LOG2));
        });
        let ones: usize = words.iter().map(|word| word.count_ones() as usize).sum();
        let wanted = (ones * bits_per_gram).next_power_of_two().ilog2();
        let log2 = wanted.clamp(GRAM_BITS_MIN_LOG2, GRAM_BITS_MAX_LOG2);
        out.push(u8::try_from(log2).unwrap_or(0));
        let at = out.len();
        out.resize(at + (1 << (log2 - 3)), 0);
        let Some(bits) = out.get_mut(at..) else { return };
        each_bit(words, |bit| {
            let bit = bit >> (GRAM_BITS_MAX_LOG2 - log2);
            if let Some(byte) = bits.get_mut(bit / 8) {
                *byte |= 1 << (bit % 8);
            }
        });
    }
}

/// Makes sets; keeps its space from column to column.
#[derive(Debug, Default)]
pub(crate) struct GramMaker {
    all: Pieces,
    page: Pieces,
}

impl GramMaker {
    /// Appends the sets of a column, as [`Grams::read`] takes them.
    pub(crate) fn write(
        &mut self,
        values: &ColumnValues,
        layout: &Layout,
        kind: Kind,
        out: &mut Vec<u8>,
    ) {
        let Self { all, page } = self;
        let mut flags = PAIRS;
        if kind == Kind::Number && !values.texts().all(is_plain) {
            flags |= ODD_NUMBERS;
        }
        let mut pages = Vec::new();
        all.clear();
        if layout.dictionary || layout.pages.len() < 2 {
            values.texts().for_each(|text| all.add(text));
        } else {
            flags |= PAGES;
            for rows in &layout.pages {
                page.clear();
                let keys = values.keys.get(rows.clone()).unwrap_or_default();
                keys.iter().filter_map(|&key| values.text(key)).for_each(|text| page.add(text));
                all.join(page);
                page.write(GRAM_BITS_PER_GRAM_OF_PAGE, &mut pages);
            }
        }
        out.push(flags);
        all.write(GRAM_BITS_PER_GRAM, out);
        out.append(&mut pages);
    }
}

/// Whether a number is written in the one plain way of whole numbers.
fn is_plain(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    (1..=18).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && (number == b"0" || digits.first() != Some(&b'0'))
}

/// What the texts of a column are made of.
#[derive(Clone, Debug)]
pub struct Grams {
    odd_numbers: bool,
    all: GramSet,
    pages: Vec<GramSet>,
}

/// A set of pieces.
#[derive(Clone, Debug)]
pub struct GramSet {
    /// Whether pieces of two bytes are in it.
    pairs: bool,
    log2: u32,
    bits: Bytes,
}

impl Grams {
    pub(crate) fn read(mut bytes: Bytes) -> Result<Self, Flaw> {
        if bytes.is_empty() {
            return Err(wrong_set());
        }
        let flags = bytes.split_to(1).first().copied().unwrap_or(0);
        let pairs = flags & PAIRS != 0;
        let all = GramSet::read(&mut bytes, pairs)?;
        let mut pages = Vec::new();
        while flags & PAGES != 0 && !bytes.is_empty() {
            pages.push(GramSet::read(&mut bytes, pairs)?);
        }
        if !bytes.is_empty() {
            return Err(wrong_set());
        }
        Ok(Self { odd_numbers: flags & ODD_NUMBERS != 0, all, pages })
    }

    /// Whether the column holds numbers that are not written in the one plain
    /// way of whole numbers.
    #[must_use]
    pub fn odd_numbers(&self) -> bool {
        self.odd_numbers
    }

    /// The pieces of all values.
    #[must_use]
    pub fn all(&self) -> &GramSet {
        &self.all
    }

    /// Those of the values of a page, where there is a set for it.
    pub(crate) fn page(&self, number: usize) -> Option<&GramSet> {
        self.pages.get(number)
    }
}

fn wrong_set() -> Flaw {
    Flaw::new("a set of pieces of another size", "one as it was written here")
}

impl GramSet {
    /// Takes a set off the front.
    fn read(bytes: &mut Bytes, pairs: bool) -> Result<Self, Flaw> {
        let log2 = bytes.first().copied().map(u32::from).ok_or_else(wrong_set)?;
        if !(GRAM_BITS_MIN_LOG2..=GRAM_BITS_MAX_LOG2).contains(&log2) {
            return Err(wrong_set());
        }
        let end = 1 + (1 << (log2 - 3));
        if bytes.len() < end {
            return Err(wrong_set());
        }
        Ok(Self { pairs, log2, bits: bytes.split_to(end).slice(1..) })
    }

    /// Whether some value may hold this text, which is in lower case; at its
    /// beginning, or end, or as a whole, where that is asked. `true` where it
    /// cannot be told.
    #[must_use]
    pub fn may_hold(&self, text: &str, begins: bool, ends: bool) -> bool {
        let before = if begins { &BEFORE[..] } else { &[] };
        let behind = if ends { &BEHIND[..] } else { &[] };
        // Pieces of four tell all that those of two within them do.
        let short = before.len() + text.len() + behind.len() < GRAM;
        let mut window = Window::new();
        before.iter().chain(text.as_bytes()).chain(behind).all(|&byte| {
            window.push(byte);
            let piece =
                if short && self.pairs { window.pair().map(pair_gram) } else { window.gram() };
            piece.is_none_or(|piece| {
                let bit = slot(piece, self.log2);
                self.bits.get(bit / 8).is_none_or(|byte| byte >> (bit % 8) & 1 == 1)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grams(values: &[&str], kind: Kind, rows: usize) -> Grams {
        let mut column = ColumnValues::default();
        for value in values {
            let key = column.intern(value.as_bytes());
            column.push(key);
        }
        let ends = (0..values.len()).step_by(rows).skip(1).chain([values.len()]);
        let starts = (0..values.len()).step_by(rows);
        let pages = starts.zip(ends).map(|(from, to)| from..to).collect();
        let layout = Layout { dictionary: false, pages };
        let mut out = Vec::new();
        GramMaker::default().write(&column, &layout, kind, &mut out);
        Grams::read(out.into()).unwrap()
    }

    #[test]
    fn what_is_not_there_is_mostly_known_not_to_be() {
        let values = [r"C:\Windows\System32\cmd.exe", "K\u{212A}elvin", ""];
        let grams = |values: &[&str], kind| grams(values, kind, 9);
        let (set, plain) = (grams(&values, Kind::String), Kind::Number);
        let may = |text, begins, ends| set.all().may_hold(text, begins, ends);
        assert!(may(r"\cmd.exe", false, true) && may("c:", true, false));
        assert!(may("kkel", true, false) && may("", true, true) && may("c", true, false));
        assert!(!may(r"\cmd.exe", true, false) && !may("cmd.", false, true));
        assert!(!may("mimikatz", false, false) && !may("x", true, true));
        // Shorter than a piece of four.
        assert!(!may("&&", false, false) && !may("w", true, false) && !may("c:", false, true));
        assert!(may("em3", false, false) && may("m", false, false) && may("exe", false, true));
        assert!(!set.odd_numbers());
        assert!(!grams(&["0", "-17", "4688"], plain).odd_numbers());
        for odd in ["-0", "017", "1.0", "1e3", "0x1F", ""] {
            assert!(grams(&["1", odd], plain).odd_numbers(), "{odd}");
        }
    }

    #[test]
    fn pages_have_sets_of_their_own() {
        let set = grams(&["first", "second", "third"], Kind::String, 2);
        let may = |text| [0, 1].map(|page| set.page(page).unwrap().may_hold(text, true, true));
        assert_eq!(
            [may("first"), may("second"), may("third")].concat(),
            [true, false, true, false, false, true]
        );
        assert!(set.page(2).is_none() && set.all().may_hold("third", true, true));
        assert!(grams(&["first", "second"], Kind::String, 2).page(0).is_none());
    }

    proptest! {
        #[test]
        fn what_is_there_is_never_denied(
            values in prop::collection::vec("[a-cA-Cİ\u{212A}ü€\u{2}\u{3}]{0,9}", 1..60),
            which in any::<prop::sample::Index>(),
            rows in 1_usize..70,
            from in 0_usize..9,
            len in 0_usize..9,
        ) {
            let texts: Vec<&str> = values.iter().map(String::as_str).collect();
            let set = grams(&texts, Kind::String, rows);
            let which = which.index(values.len());
            let lower: Vec<char> =
                values[which].chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect();
            let from = from.min(lower.len());
            let to = (from + len).min(lower.len());
            let part: String = lower[from..to].iter().collect();
            let (begins, ends) = (from == 0, to == lower.len());
            prop_assert!(set.all().may_hold(&part, begins, ends));
            let page = set.page(which / rows);
            prop_assert!(page.is_none_or(|page| page.may_hold(&part, begins, ends)));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(set) = Grams::read(bytes.into()) {
                let _ = set.all().may_hold("something", true, true);
            }
        }
    }
}
