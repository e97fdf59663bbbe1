//! Single rows of a column: pages that have none of them are not unpacked, and
//! of the others only what stands at those rows is looked at.

use std::ops::Range;

use sekisho_event::{Dictionary, Kind, ValueId};

use crate::cursor::{Cursor, Head, Pages, Unpacker, cut, flaw, not_text, take_bytes};
use crate::error::Flaw;
use crate::hybrid::Decoder;
use crate::limits::PAGE_ROWS_MAX;

/// Gives the values of rows, in their order, once.
#[derive(Default)]
pub(crate) struct Picker {
    pages: Pages,
    /// The dictionary: its bytes, and where in them each value begins.
    dictionary: Vec<u8>,
    starts: Vec<usize>,
    /// Its head, until a page needs it.
    unread: Option<Head>,
    /// The rows of the page at hand, and the next one to be passed over.
    rows: Range<usize>,
    next: usize,
    levels: Decoder,
    /// How many values of the page were passed over in `values`, and how many
    /// stand before the next row.
    passed: usize,
    before: usize,
    values: Values,
}

/// How the values of a page are written.
enum Values {
    /// As keys of the dictionary.
    Keys(Decoder),
    /// One behind the other, from here on.
    Plain(usize),
}

impl Default for Values {
    fn default() -> Self {
        Self::Plain(0)
    }
}

/// Where the value of a row is.
enum At {
    /// In the dictionary.
    Key(u32),
    /// Here in the body of the page at hand.
    Body(Range<usize>),
}

impl Picker {
    pub(crate) fn new(chunk: Vec<u8>) -> Self {
        Self::over(Pages::new(chunk))
    }

    /// Of pages from here on; of keys only, where the dictionary was read.
    pub(crate) fn over(pages: Pages) -> Self {
        Self { pages, ..Self::default() }
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
            let text = match self.find(row as usize, unpacker)? {
                None => {
                    out.push(ValueId::ABSENT);
                    continue;
                }
                Some(At::Key(key)) => {
                    let start = self.starts.get(key as usize).copied();
                    take_bytes(&self.dictionary, &mut start.ok_or_else(unknown_key)?)?
                }
                Some(At::Body(at)) => self.pages.body.get(at).unwrap_or_default(),
            };
            let text = std::str::from_utf8(text).map_err(|_| not_text())?;
            out.push(to.intern_str(kind, text));
        }
        Ok(())
    }

    /// As [`Picker::texts`] where only keys are left: for each row 0 or one more
    /// than its key.
    pub(crate) fn keys(
        &mut self,
        rows: &[u32],
        unpacker: &mut Unpacker,
        out: &mut Vec<u32>,
    ) -> Result<(), Flaw> {
        for &row in rows {
            out.push(match self.find(row as usize, unpacker)? {
                None => 0,
                Some(At::Key(key)) => key.checked_add(1).ok_or_else(unknown_key)?,
                Some(At::Body(_)) => return Err(flaw("a page without keys behind a dictionary")),
            });
        }
        Ok(())
    }

    fn find(&mut self, row: usize, unpacker: &mut Unpacker) -> Result<Option<At>, Flaw> {
        while row >= self.rows.end {
            self.turn(row, unpacker)?;
        }
        self.value(row)
    }

    /// Goes on to the next page, and unpacks it if it has this row.
    fn turn(&mut self, row: usize, unpacker: &mut Unpacker) -> Result<(), Flaw> {
        let head = self.pages.head()?;
        if head.is_dictionary() {
            self.unread = Some(head);
            return Ok(());
        }
        let keyed = head.has_keys()?;
        self.rows = self.rows.end..self.rows.end + head.values;
        if row >= self.rows.end {
            return Ok(());
        }
        if let Some(head) = self.unread.take_if(|_| keyed) {
            self.learn(&head, unpacker)?;
        }
        self.pages.unpack(&head, unpacker)?;
        let at;
        (self.levels, at) = self.pages.level_decoder(&head)?;
        self.values =
            if keyed { Values::Keys(self.pages.key_decoder(at)?) } else { Values::Plain(at) };
        (self.next, self.passed, self.before) = (self.rows.start, 0, 0);
        Ok(())
    }

    /// The value of a row of the page at hand.
    fn value(&mut self, row: usize) -> Result<Option<At>, Flaw> {
        let body = &self.pages.body;
        let over = row.checked_sub(self.next).ok_or_else(|| flaw("rows in another order"))?;
        self.before += self.levels.pass(body, over)?;
        self.next = row + 1;
        if self.levels.one(body)? != 1 {
            return Ok(None);
        }
        let over = self.before - self.passed;
        self.before += 1;
        self.passed = self.before;
        Ok(Some(match &mut self.values {
            Values::Keys(decoder) => {
                decoder.pass(body, over)?;
                At::Key(decoder.one(body)?)
            }
            Values::Plain(at) => {
                for _ in 0..over {
                    take_bytes(body, at)?;
                }
                let len = take_bytes(body, at)?.len();
                At::Body(*at - len..*at)
            }
        }))
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
            self.starts.push(at);
            take_bytes(&self.dictionary, &mut at)?;
        }
        Ok(())
    }
}

pub(crate) fn unknown_key() -> Flaw {
    flaw("a key that its dictionary does not have")
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
