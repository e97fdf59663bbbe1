//! Parquet's hybrid of run lengths and packed bits: how dictionary keys and
//! the levels that tell values from nulls are written.

use crate::error::Flaw;

const EXPECTED: &str = "runs of keys as Parquet writes them";

/// Bits that numbers up to this one need.
pub(crate) fn bits(most: u32) -> u8 {
    u8::try_from(u32::BITS - most.leading_zeros()).unwrap_or(32)
}

/// Appends numbers of this width.
pub(crate) fn encode(numbers: &[u32], width: u8, out: &mut Vec<u8>) {
    let mut packed: Vec<u32> = Vec::new();
    let mut rest = numbers;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|&&number| number == first).count();
        if run >= 8 {
            pack(&mut packed, width, out);
            varint((run as u64) << 1, out);
            let bytes = usize::from(width).div_ceil(8);
            out.extend(first.to_le_bytes().iter().take(bytes));
            rest = rest.get(run..).unwrap_or_default();
            continue;
        }
        let eight = rest.len().min(8);
        packed.extend(rest.iter().take(eight));
        rest = rest.get(eight..).unwrap_or_default();
    }
    pack(&mut packed, width, out);
}

/// Writes numbers as one run of packed bits; the last eight are filled up.
fn pack(numbers: &mut Vec<u32>, width: u8, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    let groups = numbers.len().div_ceil(8);
    numbers.resize(groups * 8, 0);
    varint((groups as u64) << 1 | 1, out);
    let (mut held, mut count) = (0_u64, 0_u32);
    for &number in numbers.iter() {
        held |= u64::from(number) << count;
        count += u32::from(width);
        if count >= 32 {
            let [a, b, c, d, ..] = held.to_le_bytes();
            out.extend([a, b, c, d]);
            held >>= 32;
            count -= 32;
        }
    }
    let left = count.div_ceil(8) as usize;
    out.extend(held.to_le_bytes().iter().take(left));
    numbers.clear();
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7F) as u8);
}

/// Takes a number of at most 64 bits, seven in a byte.
pub(crate) fn take_varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7F).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Reads numbers piece by piece.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Decoder {
    at: usize,
    end: usize,
    width: u8,
    run: Run,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    Same { left: usize, number: u32 },
    Packed { left: usize, at: usize, bit: usize },
}

impl Run {
    fn left(&self) -> usize {
        match self {
            Self::Same { left, .. } | Self::Packed { left, .. } => *left,
        }
    }
}

impl Default for Run {
    fn default() -> Self {
        Self::Same { left: 0, number: 0 }
    }
}

/// Some numbers of one run.
pub(crate) enum Stretch<'a> {
    /// So many times the same.
    Same(u32, usize),
    /// These.
    Each(&'a [u32]),
}

impl Decoder {
    /// Of the bytes `at..end`, which hold numbers of this width.
    pub(crate) fn new(at: usize, end: usize, width: u8) -> Result<Self, Flaw> {
        if width > 32 {
            return Err(Flaw::new(format!("keys of {width} bits"), EXPECTED));
        }
        Ok(Self { at, end, width, run: Run::default() })
    }

    /// Gives the next `count` numbers to `visit`, stretch by stretch.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        mut count: usize,
        visit: &mut dyn FnMut(Stretch<'_>) -> Result<(), Flaw>,
    ) -> Result<(), Flaw> {
        const MANY: usize = 256;
        let mut numbers = [0_u32; MANY];
        while count > 0 {
            let part = self.part(bytes, count)?;
            count -= part.left();
            match part {
                Run::Same { left, number } => visit(Stretch::Same(number, left))?,
                Run::Packed { mut left, at, mut bit } => {
                    while left > 0 {
                        let some = left.min(MANY);
                        let Some(into) = numbers.get_mut(..some) else { break };
                        unpack(bytes, at, bit, self.width, into);
                        bit += some * usize::from(self.width);
                        left -= some;
                        visit(Stretch::Each(into))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Passes over the next `count` numbers without unpacking them. Of numbers
    /// of one bit it says how many are 1; of others, nothing of use.
    pub(crate) fn pass(&mut self, bytes: &[u8], mut count: usize) -> Result<usize, Flaw> {
        let mut ones = 0;
        while count > 0 {
            let part = self.part(bytes, count)?;
            count -= part.left();
            match part {
                Run::Same { left, number: 1 } => ones += left,
                Run::Packed { left, at, bit } if self.width == 1 => {
                    ones += ones_in(bytes.get(at..).unwrap_or_default(), bit, left);
                }
                Run::Same { .. } | Run::Packed { .. } => {}
            }
        }
        Ok(ones)
    }

    /// The next number.
    pub(crate) fn one(&mut self, bytes: &[u8]) -> Result<u32, Flaw> {
        match self.part(bytes, 1)? {
            Run::Same { number, .. } => Ok(number),
            Run::Packed { at, bit, .. } => {
                let mut number = [0];
                unpack(bytes, at, bit, self.width, &mut number);
                Ok(number[0])
            }
        }
    }

    /// Takes so many numbers, at most, off the run at hand: at least one.
    fn part(&mut self, bytes: &[u8], most: usize) -> Result<Run, Flaw> {
        while self.run.left() == 0 {
            self.next_run(bytes)?;
        }
        let some = most.min(self.run.left());
        Ok(match &mut self.run {
            Run::Same { left, number } => {
                *left -= some;
                Run::Same { left: some, number: *number }
            }
            Run::Packed { left, at, bit } => {
                let part = Run::Packed { left: some, at: *at, bit: *bit };
                let end = *bit + some * usize::from(self.width);
                (*left, *at, *bit) = (*left - some, *at + end / 8, end % 8);
                part
            }
        })
    }

    fn next_run(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let bytes = bytes.get(..self.end).unwrap_or_default();
        let short = || Flaw::new("a page whose keys end too early", EXPECTED);
        let head = take_varint(bytes, &mut self.at).ok_or_else(short)?;
        let count = usize::try_from(head >> 1).map_err(|_| short())?;
        if count == 0 {
            return Err(Flaw::new("an empty run of keys", EXPECTED));
        }
        if head & 1 == 1 {
            let taken = count.checked_mul(usize::from(self.width)).ok_or_else(short)?;
            let end = self.at.checked_add(taken).filter(|&end| end <= self.end);
            let left = count.checked_mul(8).ok_or_else(short)?;
            self.run = Run::Packed { left, at: self.at, bit: 0 };
            self.at = end.ok_or_else(short)?;
            return Ok(());
        }
        let mut number = 0_u32;
        for shift in 0..u32::from(self.width).div_ceil(8) {
            let byte = bytes.get(self.at).ok_or_else(short)?;
            self.at += 1;
            number |= u32::from(*byte) << (8 * shift);
        }
        self.run = Run::Same { left: count, number };
        Ok(())
    }
}

/// How many of so many bits are 1, from a bit of the first byte on.
fn ones_in(bytes: &[u8], bit: usize, count: usize) -> usize {
    let end = bit + count;
    let whole = bytes.get(..end / 8).unwrap_or(bytes);
    let (words, rest) = whole.as_chunks::<8>();
    let mut ones: u32 = words.iter().map(|word| u64::from_le_bytes(*word).count_ones()).sum();
    ones += rest.iter().map(|byte| byte.count_ones()).sum::<u32>();
    let below = |bits: usize| u8::MAX.checked_shr(8 - u32::try_from(bits % 8).unwrap_or(0));
    let last = bytes.get(end / 8).copied().unwrap_or(0);
    ones += (last & below(end).unwrap_or(0)).count_ones();
    let first = bytes.first().copied().unwrap_or(0);
    ones -= (first & below(bit).unwrap_or(0)).count_ones();
    ones as usize
}

/// Unpacks numbers that begin at a bit of a byte; what lies past the end of
/// the bytes is 0.
fn unpack(bytes: &[u8], at: usize, bit: usize, width: u8, into: &mut [u32]) {
    let width = usize::from(width);
    if width == 0 {
        into.fill(0);
        return;
    }
    let mask = (1_u64 << width) - 1;
    let mut position = bit;
    let bytes = bytes.get(at..).unwrap_or_default();
    for number in into {
        let byte = position / 8;
        let word = match bytes.get(byte..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(eight) => u64::from_le_bytes(*eight),
            None => tail(bytes.get(byte..).unwrap_or_default()),
        };
        *number = low_word((word >> (position % 8)) & mask);
        position += width;
    }
}

fn tail(bytes: &[u8]) -> u64 {
    let shifted = |(place, &byte): (usize, &u8)| u64::from(byte) << (8 * place);
    bytes.iter().take(8).enumerate().map(shifted).sum()
}

fn low_word(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(bytes: &[u8], width: u8, counts: &[usize]) -> Result<Vec<u32>, Flaw> {
        let mut decoder = Decoder::new(0, bytes.len(), width)?;
        let mut out = Vec::new();
        for &count in counts {
            decoder.take(bytes, count, &mut |stretch| {
                match stretch {
                    Stretch::Same(number, count) => out.extend(std::iter::repeat_n(number, count)),
                    Stretch::Each(numbers) => out.extend(numbers),
                }
                Ok(())
            })?;
        }
        Ok(out)
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(
            runs in prop::collection::vec((any::<u32>(), 1_usize..40), 0..40),
            width in 0_u8..=32,
            step in 1_usize..100,
        ) {
            let mask = if width == 32 { u32::MAX } else { (1 << width) - 1 };
            let numbers: Vec<u32> =
                runs.iter().flat_map(|&(n, count)| std::iter::repeat_n(n & mask, count)).collect();
            let mut bytes = Vec::new();
            encode(&numbers, width, &mut bytes);
            let counts: Vec<usize> = numbers.chunks(step).map(<[u32]>::len).collect();
            prop_assert_eq!(decode(&bytes, width, &counts).unwrap(), numbers);
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..64),
            width in 0_u8..=40,
        ) {
            if let Ok(numbers) = decode(&bytes, width, &[100, 1_000]) {
                prop_assert_eq!(numbers.len(), 1_100);
            }
        }
    }

    proptest! {
        #[test]
        fn single_numbers_are_those_of_all(
            runs in prop::collection::vec((any::<u32>(), 1_usize..40), 1..40),
            width in 0_u8..=32,
            steps in prop::collection::vec(0_usize..60, 1..30),
        ) {
            let mask = if width == 32 { u32::MAX } else { (1 << width) - 1 };
            let numbers: Vec<u32> =
                runs.iter().flat_map(|&(n, count)| std::iter::repeat_n(n & mask, count)).collect();
            let mut bytes = Vec::new();
            encode(&numbers, width, &mut bytes);
            let mut decoder = Decoder::new(0, bytes.len(), width).unwrap();
            let mut at = 0;
            for step in steps {
                let step = step.min(numbers.len() - at);
                let ones = decoder.pass(&bytes, step).unwrap();
                let passed = numbers.get(at..at + step).unwrap();
                if width == 1 {
                    prop_assert_eq!(ones, passed.iter().filter(|n| **n == 1).count());
                }
                at += step;
                if at == numbers.len() {
                    break;
                }
                prop_assert_eq!(decoder.one(&bytes).unwrap(), numbers[at]);
                at += 1;
            }
        }
    }

    #[test]
    fn widths_are_as_small_as_they_can_be() {
        assert_eq!([bits(0), bits(1), bits(2), bits(255), bits(256)], [0, 1, 2, 8, 9]);
        assert_eq!(bits(u32::MAX), 32);
    }
}
