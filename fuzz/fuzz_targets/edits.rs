//! Changes to bytes that are right, as the bytes of a fuzzer say: what comes
//! of them is near enough to the right ones to be looked at in depth.

/// Most edits that are made of one input.
const EDITS_MAX: usize = 16;

/// Bytes of a fuzzer, taken from the front.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A number below `end` (0 if that is 0), of the next two bytes.
    pub fn below(&mut self, end: usize) -> Option<usize> {
        let number = usize::from(self.byte()?) << 8 | usize::from(self.byte()?);
        Some(number.checked_rem(end).unwrap_or(0))
    }

    /// So many bytes as the next one says, if there are so many.
    pub fn some(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?).min(self.0.len());
        let (some, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(some)
    }
}

/// Changes bytes until an edit says to stop, or there are no more.
pub fn edit(bytes: &mut Vec<u8>, edits: &mut Bytes<'_>) {
    for _ in 0..EDITS_MAX {
        if one(bytes, edits).is_none() {
            return;
        }
    }
}

/// One edit; `None` to stop.
fn one(bytes: &mut Vec<u8>, edits: &mut Bytes<'_>) -> Option<()> {
    let how = edits.byte()?;
    let at = edits.below(bytes.len() + 1)?;
    let end = |from: usize, length: u8, bytes: &[u8]| (from + usize::from(length)).min(bytes.len());
    match how % 9 {
        0 => return None,
        1 => {
            let byte = edits.byte()?;
            bytes.get_mut(at).into_iter().for_each(|there| *there = byte);
        }
        2 => {
            let bit = edits.byte()? % 8;
            bytes.get_mut(at).into_iter().for_each(|there| *there ^= 1 << bit);
        }
        3 => drop(bytes.splice(at..at, edits.some()?.iter().copied())),
        4 => {
            let until = end(at, edits.byte()?, bytes);
            drop(bytes.drain(at..until));
        }
        5 => {
            let new = edits.some()?;
            let until = (at + new.len()).min(bytes.len());
            drop(bytes.splice(at..until, new.iter().copied()));
        }
        6 => {
            // A part comes again elsewhere.
            let (from, length) = (edits.below(bytes.len() + 1)?, edits.byte()?);
            let part = bytes[from..end(from, length, bytes)].to_vec();
            drop(bytes.splice(at..at, part));
        }
        7 => {
            // Two neighbours change places.
            let (length, by) = (edits.byte()?, edits.byte()?);
            let part = end(at, length, bytes);
            let part = &mut bytes[at..part];
            part.rotate_left(usize::from(by).checked_rem(part.len()).unwrap_or(0));
        }
        _ => bytes.truncate(at),
    }
    Some(())
}
