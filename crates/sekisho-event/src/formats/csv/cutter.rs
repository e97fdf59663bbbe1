//! Cuts a table between records, in UTF-8 or UTF-16. A quote that is never
//! closed must not swallow what follows it: where quotes are not as they
//! should be, the next line that is a whole record of the table begins the
//! next record. What was decided so travels with the block, since it may rest
//! on bytes beyond it; so what is read does not depend on the size of blocks.

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};

use super::cells::{Scanner, Step, split, without_end};
use super::code_page::{CodePage, Translator, in_code_page};
use super::look::names;
use super::plan::{Damage, Odd, Plan};
use crate::formats::utf16::{Decoder, Encoding};
use crate::limits::{
    CSV_NAMES_BYTES_MAX, CSV_ODD_RECORDS_MAX, RECOGNISED_BYTES, RECORD_BYTES_MAX, RECORD_CELLS_MAX,
};
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Cutter, SourceHints};

/// How much of a source is decoded at once, in bytes: so much that it is still
/// at hand when it is.
const PIECE_BYTES: usize = 64 << 10;

/// How a table is written, told from its start, and where its first row
/// begins there.
pub(in crate::formats) type Look = fn(start: &[u8], whole: bool) -> (Plan, usize);

/// Most headers with columns in another order: each costs a look at what
/// follows it.
const HEADERS_MAX: usize = 1_000;

/// Where a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// There, as it should be or with this damage.
    At(usize, Option<Damage>),
    /// Not within the limit. It is passed by up to here; if `open`, up to the
    /// next line.
    TooLong { end: usize, open: bool },
    /// Nowhere: a header begins here whose columns stand in another order.
    Header,
    /// The bytes say too little.
    More,
}

/// The names of a table's columns as another of its headers may have them: in
/// another order, or quoted otherwise.
#[derive(Debug, Default)]
struct Names {
    sorted: Vec<String>,
    /// How long a row is that has them all: without quotes, with all in
    /// quotes, and as the header has them.
    lens: [usize; 3],
}

impl Names {
    fn of(plan: &Plan) -> Self {
        let mut sorted = names(&plan.header, plan.delimiter);
        let bare = sorted.iter().map(String::len).sum::<usize>() + sorted.len().saturating_sub(1);
        sorted.sort_unstable();
        let lens = [bare, bare + 2 * sorted.len(), plan.header.len()];
        Self { sorted, lens }
    }

    /// Whether a row is such a header. Nearly all rows differ by their length.
    #[inline]
    fn are(&self, row: &[u8], plan: &Plan) -> bool {
        self.lens.contains(&row.len()) && row != plan.header && {
            let mut other = names(row, plan.delimiter);
            other.sort_unstable();
            other == self.sorted
        }
    }
}

/// Where the record at `at` ends.
fn bound(bytes: &[u8], at: usize, plan: &Plan, ended: bool) -> Bound {
    let limit = at.saturating_add(RECORD_BYTES_MAX);
    let full = bytes.len() > limit;
    let bytes = bytes.get(..limit).unwrap_or(bytes);
    let ended = ended && !full;
    let mut scanner = Scanner::new(at);
    let (mut checked, mut damage) = (at, None);
    loop {
        let upto = match scanner.step(bytes, plan.delimiter, ended) {
            Step::End(next) => return Bound::At(next, damage),
            Step::Bare(quote) => quote,
            Step::More if full || ended => bytes.len(),
            Step::More => return Bound::More,
        };
        match resync(bytes, checked..upto, plan, ended, full) {
            Resync::At(line) => return Bound::At(line, Some(Damage::Unclosed)),
            Resync::More => return Bound::More,
            Resync::Nowhere => {}
        }
        if upto < bytes.len() {
            (checked, damage) = (upto, Some(Damage::Bare));
        } else if ended {
            return Bound::At(bytes.len(), Some(Damage::Cut));
        } else {
            let line = bytes.get(at..).and_then(|b| memrchr(b'\n', b)).map(|n| at + n + 1);
            return Bound::TooLong { end: line.unwrap_or(bytes.len()), open: line.is_none() };
        }
    }
}

/// Where a line is a whole record of the table.
enum Resync {
    At(usize),
    Nowhere,
    More,
}

fn resync(
    bytes: &[u8],
    range: std::ops::Range<usize>,
    plan: &Plan,
    ended: bool,
    full: bool,
) -> Resync {
    let mut cells = Vec::new();
    let within = bytes.get(range.clone()).unwrap_or_default();
    for line in memchr_iter(b'\n', within).map(|n| range.start + n + 1) {
        match Scanner::new(line).step(bytes, plan.delimiter, ended) {
            Step::End(end) if end > line => {
                let row = without_end(bytes.get(line..end).unwrap_or_default());
                split(row, plan.delimiter, RECORD_CELLS_MAX, &mut cells);
                if plan.fits(cells.len()) {
                    return Resync::At(line);
                }
            }
            Step::More if !ended && !full => return Resync::More,
            _ => {}
        }
    }
    Resync::Nowhere
}

pub(in crate::formats) struct TableCutter {
    hints: Arc<SourceHints>,
    block_bytes: usize,
    look: Look,
    /// Tells the code page of a start that is not in UTF-8.
    page: fn(&[u8]) -> Option<CodePage>,
    /// Once the start was seen.
    plan: Option<Plan>,
    /// What another header would hold; nothing where none is looked for.
    names: Names,
    /// How often a header changed the plan.
    headers: usize,
    /// The plan, as it goes with blocks that hold nothing odd.
    header: Arc<[u8]>,
    /// Most records in a block.
    records_max: usize,
    decoder: Option<Translator>,
    /// Read and not yet given out; begins between two records.
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte in the source.
    offset: u64,
    piece: Vec<u8>,
    started: bool,
    ended: bool,
    problems: Problems,
}

impl TableCutter {
    pub(in crate::formats) fn new(
        hints: Arc<SourceHints>,
        block_bytes: usize,
        look: Look,
        page: fn(&[u8]) -> Option<CodePage>,
    ) -> Self {
        Self {
            hints,
            block_bytes: block_bytes.max(16),
            look,
            page,
            plan: None,
            names: Names::default(),
            headers: 0,
            header: Arc::new([]),
            records_max: 1,
            decoder: None,
            buffer: Vec::new(),
            offset: 0,
            piece: Vec::new(),
            started: false,
            ended: false,
            problems: Problems::default(),
        }
    }

    /// Reads until the buffer has so many bytes, or the source ends.
    fn fill(&mut self, input: &mut dyn Read, bytes: usize) -> io::Result<()> {
        while !self.ended && self.buffer.len() < bytes {
            let mut missing = (bytes - self.buffer.len()).max(4);
            if self.decoder.is_some() {
                missing = missing.min(PIECE_BYTES);
            }
            self.piece.clear();
            let limited = &mut *input;
            let limited = limited.take(missing as u64);
            let wide = self.decoder.is_some() || !self.started;
            let into = if wide { &mut self.piece } else { &mut self.buffer };
            let mut limited = limited;
            let got = limited.read_to_end(into)?;
            self.ended = got < missing;
            if !std::mem::replace(&mut self.started, true) {
                self.decoder = self.translator();
                if self.decoder.is_none() {
                    self.buffer = std::mem::take(&mut self.piece);
                }
            }
            if let Some(decoder) = &mut self.decoder {
                decoder.decode(&self.piece, &mut self.buffer);
                if self.ended {
                    decoder.end(&mut self.buffer);
                }
            }
        }
        Ok(())
    }

    /// What turns the source, of which the first bytes were read, into UTF-8.
    /// A code page is stated.
    fn translator(&mut self) -> Option<Translator> {
        match Encoding::of(&self.piece) {
            Encoding::Utf8 if in_code_page(&self.piece) => {
                let page = (self.page)(&self.piece)?;
                let what = format!("the text is read as {}", page.name());
                let expected = "UTF-8 or UTF-16, in which there is no doubt";
                self.problems.push(Problem::new(self.offset, what, expected));
                Some(Translator::page(page))
            }
            Encoding::Utf8 => None,
            wide => Some(Translator::Wide(Decoder::new(wide))),
        }
    }

    /// Looks at the first bytes. What is decided by them must not depend on
    /// the size of blocks.
    fn start(&mut self, input: &mut dyn Read) -> io::Result<Plan> {
        self.fill(input, RECOGNISED_BYTES)?;
        let shown = self.buffer.get(..RECOGNISED_BYTES);
        let whole = shown.is_none() || self.ended && self.buffer.len() == RECOGNISED_BYTES;
        let (mut plan, rows_at) = (self.look)(shown.unwrap_or(&self.buffer), whole);
        plan.width = self.decoder.as_ref().map(Translator::width).unwrap_or_default();
        if let Some(what) = plan.assumption() {
            let expected = "a date that tells, or times with a zone";
            self.problems.push(Problem::new(self.offset, what, expected));
        }
        self.drop_front(rows_at.min(self.buffer.len()));
        self.keep(&plan);
        Ok(plan)
    }

    /// A header with the same columns in another order stands here: looks anew.
    fn start_again(&mut self, input: &mut dyn Read, old: Plan) -> io::Result<Plan> {
        self.headers += 1;
        if self.headers >= HEADERS_MAX {
            let what = format!("the order of the columns changed {HEADERS_MAX} times");
            let expected = "tables set end to end; further headers are read as rows";
            self.problems.push(Problem::new(self.offset, what, expected));
            self.names = Names::default();
            return Ok(old);
        }
        self.fill(input, RECOGNISED_BYTES)?;
        let shown = self.buffer.get(..RECOGNISED_BYTES);
        let whole = shown.is_none() || self.ended && self.buffer.len() == RECOGNISED_BYTES;
        let (mut plan, rows_at) = (self.look)(shown.unwrap_or(&self.buffer), whole);
        let mut found = names(&plan.header, plan.delimiter);
        found.sort_unstable();
        if found != self.names.sorted || rows_at == 0 {
            self.names = Names::default();
            return Ok(old);
        }
        // Of one source, dates are written in one way.
        (plan.width, plan.order, plan.assumed) = (old.width, old.order, old.assumed);
        self.drop_front(rows_at.min(self.buffer.len()));
        self.keep(&plan);
        Ok(plan)
    }

    fn keep(&mut self, plan: &Plan) {
        self.names = Names::of(plan);
        self.header = plan.encode(&[]);
        // Keys in the records are longer than names in the header, and some
        // stand in all records.
        self.records_max = (CSV_NAMES_BYTES_MAX / (plan.header.len() * 2).max(256)).max(1);
    }

    fn source_len(&self, bytes: &[u8]) -> u64 {
        self.decoder.as_ref().map(Translator::width).unwrap_or_default().len(bytes)
    }

    fn drop_front(&mut self, len: usize) {
        self.offset += self.source_len(self.buffer.get(..len).unwrap_or_default());
        self.buffer.drain(..len);
    }

    /// Gives out the first bytes of the buffer.
    fn give(&mut self, len: usize, plan: &Plan, odd: &[Odd]) -> Block {
        let rest = self.buffer.split_off(len);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let offset = self.offset;
        self.offset += self.source_len(&bytes);
        let header = if odd.is_empty() { Arc::clone(&self.header) } else { plan.encode(odd) };
        let problems = std::mem::take(&mut self.problems);
        Block { bytes, offset, header, hints: Arc::clone(&self.hints), problems }
    }

    /// As many records from the front of the buffer as make a block, those
    /// that are odd, and what stopped the search.
    fn records(&self, plan: &Plan) -> (usize, Vec<Odd>, Bound) {
        let (mut at, mut odd) = (0, Vec::new());
        for _ in 0..self.records_max {
            if at >= self.block_bytes || at >= self.buffer.len() {
                break;
            }
            match bound(&self.buffer, at, plan, self.ended) {
                Bound::At(end, damage) => {
                    let row = without_end(self.buffer.get(at..end).unwrap_or_default());
                    if self.names.are(row, plan) {
                        return (at, odd, Bound::Header);
                    }
                    odd.extend(damage.map(|damage| Odd { start: at, end, damage }));
                    at = end;
                }
                stop => return (at, odd, stop),
            }
            if odd.len() >= CSV_ODD_RECORDS_MAX {
                break;
            }
        }
        (at, odd, Bound::More)
    }

    /// Passes by the first record, which is over the limit.
    fn skip_long(&mut self, input: &mut dyn Read, end: usize, open: bool) -> io::Result<()> {
        let what = format!("record longer than {RECORD_BYTES_MAX} bytes");
        let expected = "shorter records, and a quote after each that opens a cell; skipped up to \
                        the last line that is within the limit";
        self.problems.push(Problem::new(self.offset, what, expected));
        self.drop_front(end);
        if !open {
            return Ok(());
        }
        loop {
            let line = memchr(b'\n', &self.buffer).map(|n| n + 1);
            self.drop_front(line.unwrap_or(self.buffer.len()));
            if line.is_some() || self.ended {
                return Ok(());
            }
            self.fill(input, self.block_bytes.max(1 << 16))?;
        }
    }
}

impl Cutter for TableCutter {
    fn next(&mut self, input: &mut dyn Read) -> io::Result<Option<Block>> {
        let mut plan = match self.plan.take() {
            Some(plan) => plan,
            None => self.start(input)?,
        };
        let mut target = self.block_bytes;
        let block = loop {
            self.fill(input, target)?;
            let (len, odd, stop) = self.records(&plan);
            if len > 0 {
                break Some(self.give(len, &plan, &odd));
            }
            if stop == Bound::Header {
                plan = self.start_again(input, plan)?;
            } else if let Bound::TooLong { end, open } = stop {
                self.skip_long(input, end, open)?;
                target = self.block_bytes;
            } else if self.ended && self.buffer.is_empty() {
                break (self.problems.count() > 0).then(|| self.give(0, &plan, &[]));
            } else {
                target = self.buffer.len().max(self.block_bytes) * 2;
            }
        };
        self.plan = Some(plan);
        Ok(block)
    }
}
