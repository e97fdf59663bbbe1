//! What the texts of a large column are made of: a set of the four-byte
//! pieces that occur in them, in lower case. Whoever looks for a text of
//! which some piece is missing need not unpack the column. Most rules look
//! for what is nowhere, so most large columns stay as they lie. Pieces of two
//! bytes are in the set too, for texts that are shorter.
//!
//! Two bytes that no text is expected to hold stand before each value and two
//! behind it, so that "begins with", "ends with" and "is" can be asked too.
//! The set is one of bits, of which several pieces may share one: it may say
//! that a text is there when it is not, never the other way round.

use bytes::Bytes;
use sekisho_event::Kind;

use crate::error::Flaw;
use crate::limits::{GRAM_BITS_MAX_LOG2, GRAM_BITS_MIN_LOG2, GRAM_BITS_PER_GRAM};

/// Bytes of a piece.
const GRAM: usize = 4;
/// What stands before a value and behind it.
const BEFORE: [u8; 2] = [0x02; 2];
const BEHIND: [u8; 2] = [0x03; 2];
/// Stands for whatever is not ASCII; no piece with it is kept or asked for.
const OTHER: u8 = 0x80;

/// Flags of a set: the column holds numbers that are not plain, and pieces of
/// two bytes are in the set.
const ODD_NUMBERS: u8 = 1;
const PAIRS: u8 = 2;

/// The pieces of four bytes that are all ASCII.
fn grams(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let ascii = bytes.array_windows::<GRAM>().filter(|four| four.is_ascii());
    ascii.map(|four| u32::from_le_bytes(*four))
}

/// The pairs of bytes that are both ASCII.
fn pairs(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> {
    bytes.array_windows().filter(|two| two.is_ascii()).copied()
}

/// The piece that stands for two bytes: no four ASCII bytes are like it.
fn pair_gram([first, second]: [u8; 2]) -> u32 {
    u32::from_le_bytes([first, second, OTHER, OTHER])
}

/// Which bit of so many (as a power of two) stands for a piece. Of fewer bits
/// it is the same one, as many times over as there are fewer.
#[inline]
fn slot(gram: u32, log2: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> (u32::BITS - log2)) as usize
}

/// Makes sets; keeps its space from column to column.
#[derive(Debug)]
pub(crate) struct GramMaker {
    /// As many bits as a set may have.
    words: Vec<u64>,
    /// A bit for each pair of ASCII bytes.
    pairs: Vec<u64>,
    /// The value at hand, in lower case, and what stands around it.
    lower: Vec<u8>,
}

impl Default for GramMaker {
    fn default() -> Self {
        Self {
            words: vec![0; 1 << (GRAM_BITS_MAX_LOG2 - 6)],
            pairs: vec![0; 1 << (14 - 6)],
            lower: Vec::new(),
        }
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

impl GramMaker {
    /// Appends the set of some values, as [`Grams::read`] takes it.
    pub(crate) fn write<'a>(
        &mut self,
        values: impl Iterator<Item = &'a [u8]>,
        kind: Kind,
        out: &mut Vec<u8>,
    ) {
        self.words.fill(0);
        self.pairs.fill(0);
        let mut flags = PAIRS;
        for value in values {
            self.add(value);
            if kind == Kind::Number && !is_plain(value) {
                flags |= ODD_NUMBERS;
            }
        }
        out.push(flags);
        self.put(out);
    }

    fn add(&mut self, value: &[u8]) {
        let Self { words, pairs, lower } = self;
        lower.clear();
        lower.extend(BEFORE);
        if value.is_ascii() {
            lower.extend(value);
            lower.make_ascii_lowercase();
        } else {
            // Two letters that are not ASCII have lower-case forms that are.
            for c in String::from_utf8_lossy(value).chars() {
                let lower_case = c.to_lowercase().next().unwrap_or(c);
                lower.push(u8::try_from(lower_case).ok().filter(u8::is_ascii).unwrap_or(OTHER));
            }
        }
        lower.extend(BEHIND);
        for gram in grams(lower) {
            set(words, slot(gram, GRAM_BITS_MAX_LOG2));
        }
        for [first, second] in self::pairs(lower) {
            set(pairs, usize::from(first) | usize::from(second) << 7);
        }
    }

    /// Appends the set of what was added.
    fn put(&mut self, out: &mut Vec<u8>) {
        let Self { words, pairs, .. } = self;
        each_bit(pairs, |bit| {
            let pair = [bit & 0x7F, bit >> 7].map(|byte| u8::try_from(byte).unwrap_or(OTHER));
            set(words, slot(pair_gram(pair), GRAM_BITS_MAX_LOG2));
        });
        let ones: usize = words.iter().map(|word| word.count_ones() as usize).sum();
        let wanted = (ones * GRAM_BITS_PER_GRAM).next_power_of_two().ilog2();
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
    /// Whether pieces of two bytes are in the set.
    pairs: bool,
    log2: u32,
    bits: Bytes,
}

impl Grams {
    pub(crate) fn read(bytes: Bytes) -> Result<Self, Flaw> {
        let wrong = || Flaw::new("a set of pieces of another size", "one as it was written here");
        let &[flags, log2] = bytes.first_chunk().ok_or_else(wrong)?;
        let (log2, bits) = (u32::from(log2), bytes.slice(2..));
        if !(GRAM_BITS_MIN_LOG2..=GRAM_BITS_MAX_LOG2).contains(&log2)
            || bits.len() != 1 << (log2 - 3)
        {
            return Err(wrong());
        }
        let (odd_numbers, pairs) = (flags & ODD_NUMBERS != 0, flags & PAIRS != 0);
        Ok(Self { odd_numbers, pairs, log2, bits })
    }

    /// Whether the column holds numbers that are not written in the one plain
    /// way of whole numbers.
    #[must_use]
    pub fn odd_numbers(&self) -> bool {
        self.odd_numbers
    }

    /// Whether some value may hold this text, which is in lower case; at its
    /// beginning, or end, or as a whole, where that is asked. `true` where it
    /// cannot be told.
    #[must_use]
    pub fn may_hold(&self, text: &str, begins: bool, ends: bool) -> bool {
        let text = text.as_bytes();
        let before = if begins { &BEFORE[..] } else { &[] };
        let behind = if ends { &BEHIND[..] } else { &[] };
        let edges = text.first_chunk::<{ GRAM - 1 }>().zip(text.last_chunk::<{ GRAM - 1 }>());
        let Some((first, last)) = edges.filter(|_| text.len() >= GRAM) else {
            // Pieces of four tell all that those of two within them do.
            let short = before.len() + text.len() + behind.len() < GRAM;
            let whole = joined([before, text, behind]);
            return grams(&whole).all(|gram| self.has(gram))
                && !(short && self.pairs && pairs(&whole).any(|two| !self.has(pair_gram(two))));
        };
        // What lies within the text is most of it, and needs no copy.
        grams(text).all(|gram| self.has(gram))
            && (!begins || grams(&joined([before, first, &[]])).all(|gram| self.has(gram)))
            && (!ends || grams(&joined([&[], last, behind])).all(|gram| self.has(gram)))
    }

    #[inline]
    fn has(&self, piece: u32) -> bool {
        let bit = slot(piece, self.log2);
        self.bits.get(bit / 8).is_none_or(|byte| byte >> (bit % 8) & 1 == 1)
    }
}

/// Fewer bytes than two pieces have, one behind the other; behind them there is
/// nothing that a piece is made of.
fn joined(parts: [&[u8]; 3]) -> [u8; 2 * GRAM - 1] {
    let mut room = [OTHER; 2 * GRAM - 1];
    room.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    room
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grams(values: &[&str], kind: Kind) -> Grams {
        let mut out = Vec::new();
        GramMaker::default().write(values.iter().map(|v| v.as_bytes()), kind, &mut out);
        Grams::read(out.into()).unwrap()
    }

    #[test]
    fn what_is_not_there_is_mostly_known_not_to_be() {
        let values = [r"C:\Windows\System32\cmd.exe", "K\u{212A}elvin", ""];
        let (set, plain) = (grams(&values, Kind::String), Kind::Number);
        let may = |text, begins, ends| set.may_hold(text, begins, ends);
        assert!(may(r"\cmd.exe", false, true) && may("c:", true, false));
        assert!(may("kkel", true, false) && may("", true, true) && may("c", true, false));
        assert!(!may(r"\cmd.exe", true, false) && !may("cmd.", false, true));
        assert!(!may("mimikatz", false, false) && !may("x", true, true));
        // Shorter than a piece of four.
        assert!(
            !may("&&", false, false)
                && !may("&&&", false, false)
                && !may("w", true, false)
                && !may("c:", false, true)
        );
        assert!(may("em3", false, false) && may("m", false, false) && may("exe", false, true));
        assert!(!set.odd_numbers());
        assert!(!grams(&["0", "-17", "4688"], plain).odd_numbers());
        for odd in ["-0", "017", "1.0", "1e3", "0x1F", ""] {
            assert!(grams(&["1", odd], plain).odd_numbers(), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn what_is_there_is_never_denied(
            values in prop::collection::vec("[a-cA-Cİ\u{212A}ü€\u{2}\u{3}]{0,9}", 1..60),
            which in any::<prop::sample::Index>(),
            from in 0_usize..9,
            len in 0_usize..9,
        ) {
            let texts: Vec<&str> = values.iter().map(String::as_str).collect();
            let set = grams(&texts, Kind::String);
            let lower: Vec<char> = which
                .get(&values)
                .chars()
                .map(|c| c.to_lowercase().next().unwrap_or(c))
                .collect();
            let from = from.min(lower.len());
            let to = (from + len).min(lower.len());
            let part: String = lower[from..to].iter().collect();
            prop_assert!(set.may_hold(&part, from == 0, to == lower.len()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(set) = Grams::read(bytes.into()) {
                let _ = set.may_hold("something", true, true);
            }
        }
    }
}
