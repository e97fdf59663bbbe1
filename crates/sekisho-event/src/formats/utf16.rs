//! UTF-16 sources, as PowerShell writes them: read as UTF-8, while offsets
//! stay those of the original bytes.

/// How a source's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// By the byte order mark, or by the zero byte beside the first character.
    pub(in crate::formats) fn of(start: &[u8]) -> Self {
        match start {
            [0xFF, 0xFE, ..] | [b'!'..=b'~', 0, ..] => Self::Utf16Le,
            [0xFE, 0xFF, ..] | [0, b'!'..=b'~', ..] => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }
}

/// Decodes a stream of UTF-16 piece by piece.
#[derive(Debug)]
pub(in crate::formats) struct Decoder {
    encoding: Encoding,
    /// A byte that waits for its second half.
    odd: Option<u8>,
    /// A first surrogate that waits for its second.
    high: Option<u16>,
}

impl Decoder {
    pub(in crate::formats) fn new(encoding: Encoding) -> Self {
        Self { encoding, odd: None, high: None }
    }

    /// Appends what these bytes say. A lone surrogate becomes U+FFFD.
    pub(in crate::formats) fn decode(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        if let (Some(odd), Some((&b, rest))) = (self.odd, bytes.split_first()) {
            self.odd = None;
            self.unit([odd, b], out);
            bytes = rest;
        }
        let (pairs, rest) = bytes.as_chunks::<2>();
        // Text is mostly ASCII: units are narrowed many at a time, and one by
        // one only where any of them is more.
        let (groups, last) = pairs.as_chunks::<16>();
        out.reserve(pairs.len());
        for group in groups {
            match self.narrow(group).filter(|_| self.high.is_none()) {
                Some(ascii) => out.extend_from_slice(&ascii),
                None => group.iter().for_each(|&pair| self.unit(pair, out)),
            }
        }
        last.iter().for_each(|&pair| self.unit(pair, out));
        if let Some(&b) = rest.first() {
            self.odd = Some(b);
        }
    }

    /// At the end of the source: what waited for more.
    pub(in crate::formats) fn end(&mut self, out: &mut Vec<u8>) {
        if self.high.take().is_some() | self.odd.take().is_some() {
            push(char::REPLACEMENT_CHARACTER, out);
        }
    }

    /// Units that are all of ASCII, as bytes.
    fn narrow(&self, group: &[[u8; 2]; 16]) -> Option<[u8; 16]> {
        let (mut lows, mut highs) = ([0; 16], 0);
        for (slot, [first, second]) in lows.iter_mut().zip(group) {
            *slot = *first;
            highs |= *second;
        }
        if self.encoding == Encoding::Utf16Be {
            highs = lows.iter().fold(0, |all, b| all | b);
            for (slot, [_, second]) in lows.iter_mut().zip(group) {
                *slot = *second;
            }
        }
        (highs == 0 && lows.is_ascii()).then_some(lows)
    }

    fn unit(&mut self, pair: [u8; 2], out: &mut Vec<u8>) {
        let unit = match self.encoding {
            Encoding::Utf16Be => u16::from_be_bytes(pair),
            _ => u16::from_le_bytes(pair),
        };
        let high = self.high.take();
        if let (Some(high), 0xDC00..=0xDFFF) = (high, unit) {
            let c = 0x1_0000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(unit) - 0xDC00);
            return push(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER), out);
        }
        if high.is_some() {
            push(char::REPLACEMENT_CHARACTER, out);
        }
        match unit {
            0xD800..=0xDBFF => self.high = Some(unit),
            _ => push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER), out),
        }
    }
}

fn push(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The text at the start of a source.
pub(in crate::formats) fn decode_start(start: &[u8], encoding: Encoding) -> String {
    let mut out = Vec::new();
    Decoder::new(encoding).decode(start, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// How many bytes this UTF-8 text took in UTF-16.
pub(in crate::formats) fn wide_len(utf8: &[u8]) -> u64 {
    // No byte counts more than twice, so that a sum of so many fits a byte.
    const COUNTED: usize = 112;
    let of = |b: &u8| u8::from(b & 0xC0 != 0x80) + u8::from(*b >= 0xF0);
    let units = |bytes: &[u8]| u64::from(bytes.iter().map(of).sum::<u8>());
    utf8.chunks(COUNTED).map(units).sum::<u64>() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_decode_alike() {
        let text = "\u{feff}{\"a\": \"é😀\u{2028}x\"} and more of ASCII than one group \u{7f}\u{80}0123456789 abcdef😀";
        for (encoding, wide) in [
            (Encoding::Utf16Le, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
            (Encoding::Utf16Be, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ] {
            assert_eq!(Encoding::of(&wide), encoding);
            assert_eq!(Encoding::of(&wide[2..]), encoding);
            assert_eq!(wide_len(text.as_bytes()), wide.len() as u64);
            for size in 1..wide.len() {
                let (mut decoder, mut out) = (Decoder::new(encoding), Vec::new());
                wide.chunks(size).for_each(|c| decoder.decode(c, &mut out));
                decoder.end(&mut out);
                assert_eq!(out, text.as_bytes());
            }
        }
    }
}
