//! Reads a column's pages row by row, or rather many rows at a time. Each
//! distinct value of a dictionary is interned once; rows are looked up.

use std::ops::Range;

use sekisho_event::{Dictionary, Kind, ValueId};

use crate::error::Flaw;
use crate::hybrid::{Decoder, Stretch, take_varint};
use crate::limits::{PAGE_ROWS_MAX, ROW_GROUP_BYTES_MAX};
use crate::thrift::{Thrift, Wire, unzigzag};

const EXPECTED: &str = "a page as it was written here";

const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;
const PLAIN: i64 = 0;
const DELTA: i64 = 5;
const RLE_DICTIONARY: i64 = 8;

pub(crate) fn flaw(what: impl Into<String>) -> Flaw {
    Flaw::new(what, EXPECTED)
}

pub(crate) fn cut() -> Flaw {
    flaw("a page that ends too early")
}

/// Unpacks pages, as long as they do not unpack to too much.
pub(crate) struct Unpacker {
    left: usize,
    zstd: zstd::bulk::Decompressor<'static>,
}

impl Unpacker {
    /// For one group of rows.
    pub(crate) fn new() -> Result<Self, Flaw> {
        let zstd = zstd::bulk::Decompressor::new().map_err(|e| Flaw::new(e.to_string(), "zstd"))?;
        Ok(Self { left: ROW_GROUP_BYTES_MAX, zstd })
    }

    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Flaw> {
        let left = self.left.checked_sub(bytes).ok_or_else(|| {
            Flaw::new("pages that unpack to more than 1 GiB", "less in one group of rows")
        })?;
        self.left = left;
        Ok(())
    }
}

/// What stands before a page.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Head {
    kind: i64,
    unpacked: usize,
    packed: usize,
    pub(crate) values: usize,
    encoding: i64,
    levels: Option<i64>,
    /// Where its packed bytes begin.
    from: usize,
}

impl Head {
    pub(crate) fn is_dictionary(&self) -> bool {
        self.kind == DICTIONARY_PAGE
    }

    /// Of a page of rows, with its number of rows in bounds: whether its values
    /// are keys of a dictionary.
    pub(crate) fn has_keys(&self) -> Result<bool, Flaw> {
        self.rows()?;
        match self.encoding {
            RLE_DICTIONARY => Ok(true),
            PLAIN => Ok(false),
            other => Err(flaw(format!("a page in encoding {other}"))),
        }
    }

    fn rows(&self) -> Result<usize, Flaw> {
        if self.kind != DATA_PAGE || self.values > PAGE_ROWS_MAX || self.values == 0 {
            return Err(flaw(format!("a page of kind {} of {} rows", self.kind, self.values)));
        }
        Ok(self.values)
    }
}

/// The pages of a column, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    chunk: Vec<u8>,
    at: usize,
    pub(crate) body: Vec<u8>,
}

impl Pages {
    pub(crate) fn new(chunk: Vec<u8>) -> Self {
        Self { chunk, at: 0, body: Vec::new() }
    }

    fn next(&mut self, unpacker: &mut Unpacker) -> Result<Head, Flaw> {
        let head = self.head()?;
        self.unpack(&head, unpacker)?;
        Ok(head)
    }

    /// The head of the next page, which is passed over unless it is unpacked.
    pub(crate) fn head(&mut self) -> Result<Head, Flaw> {
        let bytes = self.chunk.get(self.at..).unwrap_or_default();
        let mut thrift = Thrift::new(bytes);
        let mut head = Head { kind: -1, encoding: -1, ..Head::default() };
        thrift.structure(&mut |thrift, id, wire| {
            match (id, wire) {
                (1, Wire::Integer) => head.kind = thrift.integer()?,
                (2, Wire::Integer) => head.unpacked = thrift.size()?,
                (3, Wire::Integer) => head.packed = thrift.size()?,
                (5 | 7, Wire::Struct) => page_head(thrift, &mut head)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        head.from = self.at + thrift.at();
        let end = head.from.checked_add(head.packed).filter(|&end| end <= self.chunk.len());
        self.at = end.ok_or_else(cut)?;
        Ok(head)
    }

    /// Unpacks the page with this head.
    pub(crate) fn unpack(&mut self, head: &Head, unpacker: &mut Unpacker) -> Result<(), Flaw> {
        let packed = self.chunk.get(head.from..head.from + head.packed).ok_or_else(cut)?;
        unpacker.take(head.unpacked)?;
        self.body.clear();
        self.body.reserve_exact(head.unpacked);
        unpacker
            .zstd
            .decompress_to_buffer(packed, &mut self.body)
            .map_err(|e| flaw(format!("a page that cannot be unpacked ({e})")))?;
        if self.body.len() != head.unpacked {
            return Err(flaw("a page that unpacks to another size than it says"));
        }
        Ok(())
    }

    /// Of a page that was unpacked: what tells which rows have a value, and
    /// where in the body the values begin.
    pub(crate) fn level_decoder(&self, head: &Head) -> Result<(Decoder, usize), Flaw> {
        head.rows()?;
        let len = self.body.first_chunk::<4>().map(|four| u32::from_le_bytes(*four));
        let end = 4 + len.ok_or_else(cut)? as usize;
        if end > self.body.len() {
            return Err(cut());
        }
        Ok((Decoder::new(4, end, 1)?, end))
    }

    /// What gives the keys that begin here in the body.
    pub(crate) fn key_decoder(&self, at: usize) -> Result<Decoder, Flaw> {
        // A page without values may end here.
        let width = self.body.get(at).copied().unwrap_or(0);
        Decoder::new((at + 1).min(self.body.len()), self.body.len(), width)
    }

    /// Of a page that was unpacked: stretches of rows that have a value or have
    /// none, and where in the body the values begin.
    pub(crate) fn runs(&self, head: &Head, out: &mut Vec<(bool, usize)>) -> Result<usize, Flaw> {
        out.clear();
        let (mut levels, end) = self.level_decoder(head)?;
        add_runs(&mut levels, &self.body, head.rows()?, out)?;
        Ok(end)
    }
}

fn page_head(thrift: &mut Thrift<'_>, head: &mut Head) -> Result<(), Flaw> {
    thrift.structure(&mut |thrift, id, wire| {
        match (id, wire) {
            (1, Wire::Integer) => head.values = thrift.size()?,
            (2, Wire::Integer) => head.encoding = thrift.integer()?,
            (3, Wire::Integer) => head.levels = Some(thrift.integer()?),
            _ => return Ok(false),
        }
        Ok(true)
    })
}

enum Encoded {
    Keys(Decoder),
    Plain(usize),
    Numbers(usize),
}

/// A column on its way to values.
pub(crate) struct Cursor {
    pages: Pages,
    optional: bool,
    /// Rows left in the page at hand.
    left: usize,
    levels: Decoder,
    encoded: Encoded,
    /// The dictionary's values.
    ids: Vec<ValueId>,
    numbers: Vec<i64>,
    /// Stretches of rows that have a value or have none.
    runs: Vec<(bool, usize)>,
    spread: Vec<ValueId>,
}

impl Cursor {
    /// Over the bytes of a column.
    pub(crate) fn new(chunk: Vec<u8>, optional: bool) -> Self {
        Self {
            pages: Pages::new(chunk),
            optional,
            left: 0,
            levels: Decoder::default(),
            encoded: Encoded::Plain(0),
            ids: Vec::new(),
            numbers: Vec::new(),
            runs: Vec::new(),
            spread: Vec::new(),
        }
    }

    /// Appends the values of the next rows of a column of texts.
    pub(crate) fn texts(
        &mut self,
        mut rows: usize,
        kind: Kind,
        to: &mut Dictionary,
        unpacker: &mut Unpacker,
        out: &mut Vec<ValueId>,
    ) -> Result<(), Flaw> {
        while rows > 0 {
            if self.left == 0 {
                self.next_page(kind, Some(to), unpacker)?;
                continue;
            }
            let some = rows.min(self.left);
            let present = self.levels(some)?;
            if present == some {
                self.values(some, kind, to, out)?;
            } else {
                let mut spread = std::mem::take(&mut self.spread);
                spread.clear();
                self.values(present, kind, to, &mut spread)?;
                let mut from = 0;
                for &(has, count) in &self.runs {
                    if has {
                        out.extend(spread.get(from..from + count).unwrap_or_default());
                        from += count;
                    } else {
                        out.resize(out.len() + count, ValueId::ABSENT);
                    }
                }
                self.spread = spread;
            }
            self.left -= some;
            rows -= some;
        }
        Ok(())
    }

    /// Appends the values of the next rows of a column of numbers.
    pub(crate) fn numbers(
        &mut self,
        mut rows: usize,
        none: i64,
        unpacker: &mut Unpacker,
        out: &mut Vec<i64>,
    ) -> Result<(), Flaw> {
        while rows > 0 {
            if self.left == 0 {
                self.next_page(Kind::Null, None, unpacker)?;
                continue;
            }
            let some = rows.min(self.left);
            self.levels(some)?;
            let Encoded::Numbers(at) = &mut self.encoded else { return Err(cut()) };
            for &(has, count) in &self.runs {
                if has {
                    let end = *at + count;
                    out.extend(self.numbers.get(*at..end).ok_or_else(cut)?);
                    *at = end;
                } else {
                    out.resize(out.len() + count, none);
                }
            }
            self.left -= some;
            rows -= some;
        }
        Ok(())
    }

    /// Finds out which of the next rows have a value; returns how many do.
    fn levels(&mut self, rows: usize) -> Result<usize, Flaw> {
        self.runs.clear();
        if !self.optional {
            self.runs.push((true, rows));
            return Ok(rows);
        }
        add_runs(&mut self.levels, &self.pages.body, rows, &mut self.runs)?;
        let present = self.runs.iter().filter(|(has, _)| *has).map(|(_, count)| count).sum();
        Ok(present)
    }

    /// Appends the next values, nulls left out.
    fn values(
        &mut self,
        count: usize,
        kind: Kind,
        to: &mut Dictionary,
        out: &mut Vec<ValueId>,
    ) -> Result<(), Flaw> {
        let body = &self.pages.body;
        match &mut self.encoded {
            Encoded::Keys(decoder) => {
                let ids = &self.ids;
                let unknown = || flaw("a key that its dictionary does not have");
                decoder.take(body, count, &mut |stretch| {
                    match stretch {
                        Stretch::Same(key, count) => {
                            let id = *ids.get(key as usize).ok_or_else(unknown)?;
                            out.resize(out.len() + count, id);
                        }
                        Stretch::Each(keys) => {
                            let before = out.len();
                            out.extend(keys.iter().map_while(|&key| ids.get(key as usize)));
                            if out.len() - before != keys.len() {
                                return Err(unknown());
                            }
                        }
                    }
                    Ok(())
                })
            }
            Encoded::Plain(at) => {
                out.reserve(count.min(PAGE_ROWS_MAX));
                for _ in 0..count {
                    out.push(to.intern_str(kind, take_text(body, at)?));
                }
                Ok(())
            }
            Encoded::Numbers(_) => Err(flaw("numbers in a column of texts")),
        }
    }

    fn next_page(
        &mut self,
        kind: Kind,
        to: Option<&mut Dictionary>,
        unpacker: &mut Unpacker,
    ) -> Result<(), Flaw> {
        let head = self.pages.next(unpacker)?;
        let body = &self.pages.body;
        if head.kind == DICTIONARY_PAGE {
            let to = to.ok_or_else(|| flaw("a dictionary in a column of numbers"))?;
            // Each value takes four bytes at least.
            if head.values > body.len() / 4 {
                return Err(cut());
            }
            unpacker.take(head.values * size_of::<ValueId>())?;
            let mut at = 0;
            self.ids = Vec::with_capacity(head.values);
            for _ in 0..head.values {
                self.ids.push(to.intern_str(kind, take_text(body, &mut at)?));
            }
            return Ok(());
        }
        head.rows()?;
        let mut at = 0;
        if self.optional {
            (self.levels, at) = self.pages.level_decoder(&head)?;
        }
        self.left = head.values;
        self.encoded = match (head.encoding, to) {
            (RLE_DICTIONARY, Some(_)) => Encoded::Keys(self.pages.key_decoder(at)?),
            (PLAIN, Some(_)) => Encoded::Plain(at),
            (DELTA, None) => {
                self.numbers.clear();
                deltas(body.get(at..).unwrap_or_default(), head.values, &mut self.numbers)?;
                Encoded::Numbers(0)
            }
            (other, _) => return Err(flaw(format!("a page in encoding {other}"))),
        };
        Ok(())
    }
}

/// Appends stretches of rows that have a value or have none.
fn add_runs(
    levels: &mut Decoder,
    body: &[u8],
    rows: usize,
    runs: &mut Vec<(bool, usize)>,
) -> Result<(), Flaw> {
    let mut add = |has: bool, count: usize| match runs.last_mut() {
        Some((last, so_far)) if *last == has => *so_far += count,
        _ => runs.push((has, count)),
    };
    levels.take(body, rows, &mut |stretch| {
        match stretch {
            Stretch::Same(level, count) => add(level == 1, count),
            Stretch::Each(levels) => levels.iter().for_each(|&level| add(level == 1, 1)),
        }
        Ok(())
    })
}

fn take_text<'a>(body: &'a [u8], at: &mut usize) -> Result<&'a str, Flaw> {
    std::str::from_utf8(take_bytes(body, at)?).map_err(|_| not_text())
}

pub(crate) fn not_text() -> Flaw {
    flaw("a value that is not UTF-8")
}

/// The bytes of the value that begins here; goes on to the next one.
#[inline]
pub(crate) fn take_bytes<'a>(body: &'a [u8], at: &mut usize) -> Result<&'a [u8], Flaw> {
    let range = take_range(body, at)?;
    body.get(range).ok_or_else(cut)
}

/// Where the next text of a page stands.
fn take_range(body: &[u8], at: &mut usize) -> Result<Range<usize>, Flaw> {
    let head = body.get(*at..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(cut)?;
    let from = *at + 4;
    let end = from + u32::from_le_bytes(*head) as usize;
    if end > body.len() {
        return Err(cut());
    }
    *at = end;
    Ok(from..end)
}

/// Moves the texts of a page together where they are, one behind the other,
/// and gives where each ends.
pub(crate) fn gather(body: &mut Vec<u8>, count: usize) -> Result<Vec<usize>, Flaw> {
    let (mut at, mut len) = (0, 0);
    let mut ends = Vec::with_capacity(count);
    for _ in 0..count {
        let text = take_range(body, &mut at)?;
        let size = text.len();
        body.copy_within(text, len);
        len += size;
        ends.push(len);
    }
    body.truncate(len);
    Ok(ends)
}

/// Reads numbers written as packed differences.
fn deltas(bytes: &[u8], most: usize, out: &mut Vec<i64>) -> Result<(), Flaw> {
    let mut at = 0;
    let mut next = || take_varint(bytes, &mut at).ok_or_else(cut);
    let (block, minis, total) = (next()?, next()?, next()?);
    let mut last = unzigzag(next()?);
    let odd = || flaw("differences in blocks of an odd size");
    let (block, minis) =
        (usize::try_from(block).map_err(|_| odd())?, usize::try_from(minis).map_err(|_| odd())?);
    let total = usize::try_from(total).ok().filter(|&total| total <= most).ok_or_else(cut)?;
    if minis == 0 || minis > 256 || block > 1 << 16 || block % (minis * 32) != 0 || block == 0 {
        return Err(odd());
    }
    if total == 0 {
        return Ok(());
    }
    out.push(last);
    while out.len() < total {
        let least = unzigzag(take_varint(bytes, &mut at).ok_or_else(cut)?);
        let widths = bytes.get(at..at + minis).ok_or_else(cut)?;
        at += minis;
        for &width in widths {
            if out.len() >= total {
                break;
            }
            if width > 64 {
                return Err(odd());
            }
            let count = (block / minis).min(total - out.len());
            unpack_deltas(bytes.get(at..).unwrap_or_default(), width, count, |delta| {
                last = last.wrapping_add(least).wrapping_add(delta.cast_signed());
                out.push(last);
            })?;
            at = at.checked_add(block / minis * usize::from(width) / 8).ok_or_else(cut)?;
        }
    }
    Ok(())
}

fn unpack_deltas(
    bytes: &[u8],
    width: u8,
    count: usize,
    mut each: impl FnMut(u64),
) -> Result<(), Flaw> {
    if width == 0 {
        (0..count).for_each(|_| each(0));
        return Ok(());
    }
    let width = usize::from(width);
    if (count * width).div_ceil(8) > bytes.len() {
        return Err(cut());
    }
    let mask = u64::MAX >> (64 - width);
    for number in 0..count {
        let (byte, shift) = (number * width / 8, number * width % 8);
        let word = match bytes.get(byte..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(eight) if shift + width <= 64 => u64::from_le_bytes(*eight) >> shift,
            _ => wide_word(bytes.get(byte..).unwrap_or_default(), shift),
        };
        each(word & mask);
    }
    Ok(())
}

/// 64 bits from a bit of the first byte on; what lies past the end is 0.
fn wide_word(bytes: &[u8], shift: usize) -> u64 {
    let mut sixteen = [0_u8; 16];
    for (to, from) in sixteen.iter_mut().zip(bytes) {
        *to = *from;
    }
    let word = u128::from_le_bytes(sixteen) >> shift;
    u64::try_from(word & u128::from(u64::MAX)).unwrap_or(0)
}
