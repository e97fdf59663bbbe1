//! Single rows of a column: pages that have none of them are not unpacked, and
//! of a dictionary only what is used is looked at.

use sekisho_event::{Dictionary, Kind, ValueId};

use crate::cursor::{Cursor, Head, Pages, Unpacker, cut, flaw, not_text, take_bytes};
use crate::error::Flaw;
use crate::limits::PAGE_ROWS_MAX;

/// Says that a row has no value.
const NONE: u32 = u32::MAX;

/// Gives the values of rows, in their order, once.
pub(crate) struct Picker {
    pages: Pages,
    /// The dictionary: its bytes, and where in them each value begins.
    dictionary: Vec<u8>,
    starts: Vec<u32>,
    /// Its head, until a page needs it.
    unread: Option<Head>,
    /// The rows of the page at hand.
    rows: std::ops::Range<usize>,
    /// Of these rows: where in `dictionary` or in the page the value begins.
    at: Vec<u32>,
    keyed: bool,
    present: Vec<bool>,
    keys: Vec<u32>,
}

impl Picker {
    pub(crate) fn new(chunk: Vec<u8>) -> Self {
        Self {
            pages: Pages::new(chunk),
            dictionary: Vec::new(),
            starts: Vec::new(),
            unread: None,
            rows: 0..0,
            at: Vec::new(),
            keyed: false,
            present: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Appends the values of these rows, which are sorted and come after those
    /// that were asked for before.
    pub(crate) fn texts(
        &mut self,
        rows: &[u32],
        kind: Kind,
        to: &mut Dictionary,
        unpacker: &mut Unpacker,
        out: &mut Vec<ValueId>,
    ) -> Result<(), Flaw> {
        for &row in rows {
            let row = row as usize;
            while row >= self.rows.end {
                self.turn(row, unpacker)?;
            }
            let at = row.checked_sub(self.rows.start).and_then(|row| self.at.get(row)).copied();
            let at = at.unwrap_or(NONE);
            if at == NONE {
                out.push(ValueId::ABSENT);
                continue;
            }
            let body = if self.keyed { &self.dictionary } else { &self.pages.body };
            let text = take_bytes(body, &mut (at as usize))?;
            let text = std::str::from_utf8(text).map_err(|_| not_text())?;
            out.push(to.intern_str(kind, text));
        }
        Ok(())
    }

    /// Goes on to the next page, and unpacks it if it has this row.
    fn turn(&mut self, row: usize, unpacker: &mut Unpacker) -> Result<(), Flaw> {
        let head = self.pages.head()?;
        if head.is_dictionary() {
            self.unread = Some(head);
            return Ok(());
        }
        self.keyed = head.has_keys()?;
        self.rows = self.rows.end..self.rows.end + head.values;
        self.at.clear();
        if row >= self.rows.end {
            return Ok(());
        }
        if let Some(head) = self.unread.take_if(|_| self.keyed) {
            self.learn(&head, unpacker)?;
        }
        self.pages.unpack(&head, unpacker)?;
        self.present.clear();
        let mut at = self.pages.levels(&head, &mut self.present)?;
        if self.keyed { self.place_keys(at) } else { self.place_values(&mut at) }
    }

    /// Unpacks the dictionary and finds out where its values are.
    fn learn(&mut self, head: &Head, unpacker: &mut Unpacker) -> Result<(), Flaw> {
        self.pages.unpack(head, unpacker)?;
        self.dictionary = std::mem::take(&mut self.pages.body);
        if head.values > self.dictionary.len() / 4 {
            return Err(cut());
        }
        self.starts.clear();
        let mut at = 0;
        for _ in 0..head.values {
            self.starts.push(place(at)?);
            take_bytes(&self.dictionary, &mut at)?;
        }
        Ok(())
    }

    fn place_keys(&mut self, at: usize) -> Result<(), Flaw> {
        let count = self.present.iter().filter(|has| **has).count();
        self.keys.clear();
        self.pages.keys(at, count, &mut self.keys)?;
        let mut keys = self.keys.iter();
        for &has in &self.present {
            let place = match keys.as_slice().first().filter(|_| has) {
                None => NONE,
                Some(&key) => {
                    keys.next();
                    let start = self.starts.get(key as usize).copied();
                    start.ok_or_else(|| flaw("a key that its dictionary does not have"))?
                }
            };
            self.at.push(place);
        }
        Ok(())
    }

    fn place_values(&mut self, at: &mut usize) -> Result<(), Flaw> {
        for &has in &self.present {
            self.at.push(if has { place(*at)? } else { NONE });
            if has {
                take_bytes(&self.pages.body, at)?;
            }
        }
        Ok(())
    }
}

fn place(at: usize) -> Result<u32, Flaw> {
    u32::try_from(at).ok().filter(|&at| at != NONE).ok_or_else(|| flaw("a page of over 4 GiB"))
}

/// Appends the numbers of these rows of a column, which are sorted. All of it
/// is decoded: numbers take little.
pub(crate) fn numbers(
    chunk: Vec<u8>,
    optional: bool,
    rows: &[u32],
    none: i64,
    unpacker: &mut Unpacker,
    out: &mut Vec<i64>,
) -> Result<(), Flaw> {
    let mut cursor = Cursor::new(chunk, optional);
    let (mut some, mut before) = (Vec::new(), 0);
    let mut left = rows;
    while let Some(&last) = left.last() {
        let count = (last as usize + 1 - before).min(PAGE_ROWS_MAX);
        some.clear();
        cursor.numbers(count, none, unpacker, &mut some)?;
        let here = left.partition_point(|&row| (row as usize) < before + count);
        let (now, later) = left.split_at(here);
        out.extend(now.iter().filter_map(|&row| some.get(row as usize - before)));
        left = later;
        before += count;
    }
    Ok(())
}
