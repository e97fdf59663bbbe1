//! Reads blocks of JSON: each record is scanned into cells, its dialect says
//! what they are called, and the wanted ones go into the columns of its shape.

use std::borrow::Cow;

use hashbrown::HashMap;
use memchr::{memchr, memmem};

use super::cutter::{WIDE, too_long};
use super::dialect::{Dialect, Dialects};
use super::folds::unfold;
use super::joined::{self, Joined};
use super::layout::{Outside, balanced_end, outside};
use super::made::Recipe;
use super::pairs::{PairId, Pairs};
use super::paths::{Paths, ROOT};
use super::roles::{Part, Role};
use super::scan::{Cell, Tape, Token, scan};
use super::text::{compact, unescape};
use super::utf16::wide_len;
use super::windows;
use super::zeek::path_of_name;
use crate::batch::{BatchBuilder, EventBatch, RECORD_ID_UNKNOWN, RowHead, ShapeId};
use crate::dictionary::{Dictionary, Kind, ValueId};
use crate::formats::csv::{Order, read_date};
use crate::limits::{
    BLOCK_BYTES, JSON_KEY_BYTES_MAX, READER_SHAPES_MAX, RECORD_BYTES_MAX, RECORD_CELLS_MAX,
};
use crate::problem::Problem;
use crate::reader::{Block, Parsed, Reader, Records, Untimed};
use crate::shape::Shape;
use crate::time::{self, Stamp};
use crate::vocabulary::{FieldId, Vocabulary};

/// The form of a JSON string's raw content in dictionaries, and that of text
/// as it is.
const FORM: u8 = 64;
const PLAIN_FORM: u8 = 65;

/// The problem of a string that begins like JSON and is none.
pub(in crate::formats) const TEXT_DAMAGED: &str = "JSON in a string is damaged, kept as text";

const NOT_UTF8: &str = "invalid UTF-8, read with U+FFFD in its place";

const NO_RANK: u8 = u8::MAX;

/// What a path means, with the vocabulary's numbers for its fields.
#[derive(Clone, Copy, Debug)]
struct Target {
    fields: [Option<(FieldId, bool)>; 2],
    role: Option<(Role, u8)>,
    part: Part,
    /// Of which pairs, where the part is one.
    pair: PairId,
    /// Looked at only where all fields are wanted.
    quiet: bool,
}

/// A shape in this block: its number, and whether all its fields are wanted.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: ShapeId,
    whole: bool,
    /// Where the fields stand that all its records have.
    stated: (usize, usize),
}

pub(super) struct JsonReader {
    paths: Paths,
    dialects: Dialects,
    tape: Tape,
    builder: BatchBuilder,
    shapes_made: usize,
    /// Channels in their raw form, to find shapes by.
    channels: Dictionary,
    /// The rest is void after each block or record.
    shapes: HashMap<(usize, ValueId, Option<u32>), Known>,
    targets: Vec<Vec<Option<Target>>>,
    windows: Vec<(Role, Option<(FieldId, bool)>)>,
    /// Cells to look at, and what they mean.
    of_cells: Vec<(usize, Target)>,
    row: Vec<(FieldId, ValueId)>,
    times: Vec<(u8, usize)>,
    pairs: Pairs,
    stated: Vec<(FieldId, ValueId)>,
    /// A record with what stood in its strings.
    unfolded: String,
    made: String,
}

impl Default for JsonReader {
    fn default() -> Self {
        let (dialects, marks) = Dialects::new();
        Self {
            paths: Paths::new(marks),
            dialects,
            tape: Tape::default(),
            builder: BatchBuilder::default(),
            shapes_made: 0,
            channels: Dictionary::default(),
            shapes: HashMap::new(),
            targets: Vec::new(),
            windows: Vec::new(),
            of_cells: Vec::new(),
            row: Vec::new(),
            times: Vec::new(),
            pairs: Pairs::default(),
            stated: Vec::new(),
            unfolded: String::new(),
            made: String::new(),
        }
    }
}

/// What the reading of one block finds beside events.
pub(in crate::formats) struct Found<'a> {
    block: &'a Block,
    /// What is said of a record that is a row of another format stands under
    /// the number of that row.
    pub(super) row: Option<usize>,
    zeek_log: Option<&'static str>,
    valid: bool,
    /// Where each record starts and ends.
    pub(super) spans: Vec<(usize, usize)>,
    pub(super) problems: Vec<(usize, Problem)>,
    pub(super) more_problems: u64,
    pub(super) untimed: Untimed,
}

impl<'a> Found<'a> {
    fn new(block: &'a Block) -> Self {
        Self {
            block,
            row: None,
            zeek_log: path_of_name(&block.hints.name),
            valid: std::str::from_utf8(&block.bytes).is_ok(),
            spans: Vec::new(),
            problems: Vec::new(),
            more_problems: 0,
            untimed: Untimed::default(),
        }
    }

    fn problem(&mut self, at: usize, what: impl Into<String>, expected: &str) {
        let at = self.row.unwrap_or(at);
        if self.problems.len() < crate::limits::BLOCK_PROBLEMS_MAX {
            self.problems.push((at, Problem::new(0, what, expected)));
        } else {
            self.more_problems += 1;
        }
    }
}

impl Reader for JsonReader {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        let mut found = self.begin(block, vocabulary);
        let bytes = block.bytes.as_slice();
        let pattern = block.header.get(1..).unwrap_or_default();
        if pattern.is_empty() {
            self.segment(&mut found, bytes, 0, false, vocabulary);
        } else {
            let finder = memmem::Finder::new(pattern);
            let mut start = 0;
            while start < bytes.len() {
                let rest = bytes.get(start..).unwrap_or_default();
                let end = line_end(rest, pattern, &finder).map_or(bytes.len(), |n| start + n);
                let upto = bytes.get(..end).unwrap_or_default();
                self.segment(&mut found, upto, start, true, vocabulary);
                start = end;
            }
        }
        let batches = self.end();
        finish(found, &batches, vocabulary, visit);
    }
}

/// Where the next record's line begins. Mostly that is the next line.
fn line_end(rest: &[u8], pattern: &[u8], finder: &memmem::Finder<'_>) -> Option<usize> {
    let first = memchr(b'\n', rest)?;
    let tail = rest.get(first..)?;
    let skip = if tail.starts_with(pattern) { 0 } else { finder.find(tail)? };
    Some(first + skip + 1)
}

/// Shows what was read.
fn finish(
    found: Found<'_>,
    batches: &[EventBatch],
    vocabulary: &Vocabulary,
    visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
) {
    let block = found.block;
    let mut offsets = Offsets::new(block);
    let mut problems = block.problems.clone();
    let mut named = found.problems;
    named.sort_by_key(|&(at, _)| at);
    let mut places = Offsets::new(block);
    for (at, mut problem) in named {
        problem.offset = places.of(at);
        problems.push(problem);
    }
    problems.more += found.more_problems;
    let wide = block.header.first() == Some(&WIDE);
    let spots = if wide { found.spans.iter().map(|s| offsets.of(s.0)).collect() } else { vec![] };
    let records = Lines { block, spans: found.spans, spots };
    let parsed = Parsed {
        batches,
        count: u32::try_from(records.spans.len()).unwrap_or(u32::MAX),
        records: &records,
        problems,
        untimed: found.untimed,
    };
    visit(&parsed, vocabulary);
}

/// Positions in a block as offsets in the source; asked for in rising order.
struct Offsets<'a> {
    block: &'a Block,
    at: usize,
    offset: u64,
}

impl<'a> Offsets<'a> {
    fn new(block: &'a Block) -> Self {
        Self { block, at: 0, offset: block.offset }
    }

    fn of(&mut self, at: usize) -> u64 {
        let passed = self.block.bytes.get(self.at..at).unwrap_or_default();
        let wide = self.block.header.first() == Some(&WIDE);
        self.offset += if wide { wide_len(passed) } else { passed.len() as u64 };
        self.at = at;
        self.offset
    }
}

/// The records of a block.
struct Lines<'a> {
    block: &'a Block,
    spans: Vec<(usize, usize)>,
    /// Offsets in a source in UTF-16.
    spots: Vec<u64>,
}

impl Records for Lines<'_> {
    fn offset(&self, record: u32) -> u64 {
        match (self.spots.get(record as usize), self.spans.get(record as usize)) {
            (Some(&offset), _) => offset,
            (None, Some(&(start, _))) => self.block.offset + start as u64,
            (None, None) => self.block.offset,
        }
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        let span = self.spans.get(record as usize);
        match span.and_then(|&(start, end)| self.block.bytes.get(start..end)) {
            Some(bytes) => compact(bytes, out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

impl JsonReader {
    fn forget_targets(&mut self) {
        self.targets.iter_mut().for_each(Vec::clear);
        self.pairs.clear();
    }

    /// Before the records of a block. Forgets what another vocabulary may have
    /// meant by its numbers.
    pub(super) fn begin<'a>(&mut self, block: &'a Block, vocabulary: &mut Vocabulary) -> Found<'a> {
        self.forget_targets();
        if self.unfolded.capacity() > BLOCK_BYTES {
            self.unfolded = String::new();
        }
        self.stated.clear();
        if self.shapes_made > READER_SHAPES_MAX || self.channels.bytes() > JSON_KEY_BYTES_MAX {
            self.builder = BatchBuilder::default();
            self.channels.clear();
            self.shapes_made = 0;
        }
        self.shapes.clear();
        self.windows.clear();
        for (role, name) in Role::WINDOWS {
            let field = vocabulary.field(name).map(|f| (f, vocabulary.wanted(f)));
            self.windows.push((role, field));
        }
        self.builder.begin(block, vocabulary);
        Found::new(block)
    }

    /// After the records of a block: its events.
    pub(super) fn end(&mut self) -> Vec<EventBatch> {
        self.builder.finish()
    }

    /// Between two records: forgets paths where there are too many.
    pub(super) fn trim(&mut self) {
        if self.paths.trim() {
            self.forget_targets();
        }
    }

    /// Reads the records from a position to the end of these bytes. In a
    /// source whose records begin on lines of their own (`lines`), nothing
    /// after a malformed record is believed up to the next such line.
    pub(super) fn segment(
        &mut self,
        found: &mut Found<'_>,
        bytes: &[u8],
        mut at: usize,
        lines: bool,
        vocabulary: &mut Vocabulary,
    ) {
        let end = bytes.len();
        loop {
            match outside(bytes.get(at..).unwrap_or_default(), 0) {
                Outside::End => return,
                Outside::Junk(from, to) => {
                    found.problem(at + from, "text outside of a record", "`{`");
                    at += to;
                }
                Outside::Record(n) => {
                    let start = at + n;
                    self.trim();
                    at = match scan(bytes, start, &mut self.paths, &mut self.tape) {
                        Ok(after) if after - start <= RECORD_BYTES_MAX => {
                            self.record(found, bytes, (start, after), vocabulary);
                            after
                        }
                        Ok(after) => {
                            let problem = too_long(0);
                            found.problem(start, problem.what, &problem.expected);
                            after
                        }
                        Err(fault) => {
                            let long = end - start > RECORD_BYTES_MAX;
                            let skip = balanced_end(bytes, start).filter(|_| !lines);
                            if long && skip.is_none_or(|s| s - start > RECORD_BYTES_MAX) {
                                let problem = too_long(0);
                                found.problem(start, problem.what, &problem.expected);
                            } else {
                                found.problem(fault.at, fault.what, fault.expected);
                            }
                            skip.unwrap_or(end)
                        }
                    };
                }
            }
        }
    }

    /// Puts the record on the tape, which stands there in these bytes, into its
    /// batch.
    fn record(
        &mut self,
        found: &mut Found<'_>,
        bytes: &[u8],
        span: (usize, usize),
        vocabulary: &mut Vocabulary,
    ) {
        let (dialect, folded) = self.dialect(found);
        if !folded {
            self.complain(found, bytes, span);
            self.cells(bytes, dialect, found, span, vocabulary);
            return;
        }
        let mut unfolded = std::mem::take(&mut self.unfolded);
        if self.unfold(found, bytes, span, &mut unfolded) {
            let (dialect, _) = self.dialect(found);
            self.complain(found, bytes, span);
            self.cells(unfolded.as_bytes(), dialect, found, span, vocabulary);
        } else {
            self.complain(found, bytes, span);
            self.cells(bytes, dialect, found, span, vocabulary);
        }
        self.unfolded = unfolded;
    }

    /// The dialect of the record on the tape, and whether its values are asked
    /// for records within them.
    #[inline(always)]
    fn dialect(&mut self, found: &Found<'_>) -> (Dialect, bool) {
        let dialect = self.dialects.decide(self.tape.marks, found.zeek_log.is_some());
        let folded = self.tape.marks.meet(self.dialects.folded)
            && !dialect.is_windows()
            && dialect != Dialect::Zeek;
        (dialect, folded)
    }

    /// Puts the record on the tape into its batch, which somebody has filled
    /// with places in these bytes. Says `false` and does nothing where there
    /// may be records in its values, or pairs: those are read from JSON only.
    pub(super) fn filled(
        &mut self,
        found: &mut Found<'_>,
        bytes: &[u8],
        vocabulary: &mut Vocabulary,
    ) -> bool {
        let (dialect, folded) = self.dialect(found);
        let holds = |cell: &Cell| {
            let opens = raw(bytes, cell).trim_ascii_start().first();
            matches!(opens, Some(b'{' | b'['))
                && self.paths.marks(cell.path).meet(self.dialects.folded)
        };
        let pairs = match dialect {
            Dialect::Known(kind) => {
                self.dialects.kinds.get(kind).is_some_and(|kind| !kind.pairs.is_empty())
            }
            _ => false,
        };
        if pairs || folded && self.tape.cells.iter().any(holds) {
            return false;
        }
        if self.tape.cells.is_empty() {
            // As an object without members.
            self.tape.push(ROOT, 0, Token::Null, 0, 0);
        }
        let damaged = |cell: &Cell| std::str::from_utf8(raw(bytes, cell)).is_err();
        if !found.valid && self.tape.cells.iter().any(damaged) {
            found.problem(0, NOT_UTF8, "UTF-8");
        }
        self.left_out(found, 0);
        self.cells(bytes, dialect, found, (0, usize::MAX), vocabulary);
        true
    }

    /// The tape, empty, and the paths of its cells.
    pub(super) fn blank(&mut self) -> (&mut Tape, &mut Paths) {
        self.trim();
        self.tape.clear();
        (&mut self.tape, &mut self.paths)
    }

    /// Reads on within the record's strings.
    fn unfold(
        &mut self,
        found: &mut Found<'_>,
        bytes: &[u8],
        span: (usize, usize),
        out: &mut String,
    ) -> bool {
        let record = (bytes, span.0, span.1);
        let mut faults = Vec::new();
        let folded = self.dialects.folded;
        let held = unfold(record, folded, &mut self.paths, &mut self.tape, out, &mut faults);
        for fault in faults {
            found.problem(span.0, TEXT_DAMAGED, fault.expected);
        }
        held
    }

    /// Puts the cells, which are places in these bytes, into a batch.
    fn cells(
        &mut self,
        bytes: &[u8],
        dialect: Dialect,
        found: &mut Found<'_>,
        span: (usize, usize),
        vocabulary: &mut Vocabulary,
    ) {
        let best = self.roles(dialect, vocabulary);
        let of = |role: Role| best.get(role as usize).and_then(|&(_, n)| self.tape.cells.get(n?));
        let event_id = of(Role::EventId).and_then(|c| number(bytes, c));
        let event_id =
            event_id.and_then(|n| u32::try_from(n).ok()).filter(|_| dialect.is_windows());
        let record_id = of(Role::RecordId).and_then(|c| number(bytes, c));
        let host =
            of(Role::Host).map_or(ValueId::ABSENT, |c| intern(&mut vocabulary.hosts, bytes, c));
        let channel = of(Role::Channel).copied();
        let utc = of(Role::UtcTime).copied();
        let time = self.time(bytes, dialect, found, utc);
        let shape = self.shape(bytes, (dialect, channel, event_id), found, vocabulary);
        self.row.clear();
        if shape.whole && self.of_cells.len() < self.tape.cells.len() {
            self.all_cells(dialect);
        }
        self.fields(bytes, shape.whole, vocabulary);
        match dialect {
            Dialect::Known(kind) => {
                self.more_fields(kind, bytes, &best, shape, vocabulary);
                self.joined(bytes, shape.whole, vocabulary);
            }
            _ if dialect.is_windows() => {
                self.windows_fields(bytes, &best, shape.whole, vocabulary);
                self.data_elements(bytes, shape.whole, vocabulary);
            }
            _ => {}
        }
        let record = u32::try_from(found.spans.len()).unwrap_or(u32::MAX);
        found.spans.push(span);
        let record_id = record_id.unwrap_or(RECORD_ID_UNKNOWN);
        self.builder.push(shape.id, RowHead { time, host, record_id, record }, &self.row);
    }

    /// Names what is wrong with a record that is read all the same.
    fn complain(&self, found: &mut Found<'_>, bytes: &[u8], (start, end): (usize, usize)) {
        if !found.valid
            && let Err(e) = std::str::from_utf8(bytes.get(start..end).unwrap_or_default())
        {
            found.problem(start + e.valid_up_to(), NOT_UTF8, "UTF-8");
        }
        self.left_out(found, start);
    }

    fn left_out(&self, found: &mut Found<'_>, start: usize) {
        if self.tape.left_out > 0 {
            let what = format!("{} values of a record are not read", self.tape.left_out);
            found.problem(start, what, &format!("at most {RECORD_CELLS_MAX} values in a record"));
        }
    }

    /// Finds out what the cells mean; for each role the best cell.
    fn roles(
        &mut self,
        dialect: Dialect,
        vocabulary: &mut Vocabulary,
    ) -> [(u8, Option<usize>); Role::COUNT] {
        let mut best = [(NO_RANK, None); Role::COUNT];
        self.of_cells.clear();
        self.times.clear();
        if self.targets.len() <= dialect.index() {
            self.targets.resize(dialect.index() + 1, Vec::new());
        }
        let Some(table) = self.targets.get_mut(dialect.index()) else { return best };
        for (n, cell) in self.tape.cells.iter().enumerate() {
            let target = match table.get(cell.path as usize) {
                Some(Some(target)) => *target,
                _ => {
                    let path = self.paths.name(cell.path);
                    let target =
                        resolve(&self.dialects, dialect, path, &mut self.pairs, vocabulary);
                    if table.len() <= cell.path as usize {
                        table.resize(self.paths.len().max(cell.path as usize + 1), None);
                    }
                    if let Some(slot) = table.get_mut(cell.path as usize) {
                        *slot = Some(target);
                    }
                    target
                }
            };
            if target.quiet {
                continue;
            }
            self.of_cells.push((n, target));
            let Some((role, rank)) = target.role else { continue };
            if cell.token == Token::Null || cell.start == cell.end {
                continue;
            }
            if role == Role::Time {
                self.times.push((rank, n));
            } else if let Some(slot) = best.get_mut(role as usize)
                && rank < slot.0
            {
                *slot = (rank, Some(n));
            }
        }
        best
    }

    /// Looks at all cells.
    fn all_cells(&mut self, dialect: Dialect) {
        let Some(table) = self.targets.get(dialect.index()) else { return };
        let target = |cell: &Cell| table.get(cell.path as usize).copied().flatten();
        let cells = self.tape.cells.iter().enumerate();
        self.of_cells.clear();
        self.of_cells.extend(cells.filter_map(|(n, cell)| Some((n, target(cell)?))));
    }

    /// When the record was written: a time with a zone before one without.
    fn time(
        &mut self,
        bytes: &[u8],
        dialect: Dialect,
        found: &mut Found<'_>,
        utc: Option<Cell>,
    ) -> i64 {
        self.times.sort_by_key(|&(rank, _)| rank);
        let mut zoneless = None;
        for &(_, n) in &self.times {
            match self.tape.cells.get(n).and_then(|c| stamp(bytes, c)) {
                Some(Stamp::Utc(time)) => return time,
                Some(other) => zoneless = zoneless.or(Some(other)),
                None => {}
            }
        }
        let hints = &found.block.hints;
        if (zoneless.is_none() || hints.timezone.is_none())
            && let Some(Stamp::Utc(time) | Stamp::Zoneless(time)) =
                utc.and_then(|c| stamp(bytes, &c))
        {
            return time;
        }
        let zoneless = zoneless.or_else(|| self.worded(bytes, dialect));
        match zoneless {
            Some(Stamp::Utc(time)) => time,
            other => found.untimed.utc(other, hints),
        }
    }

    /// A time as programs write it for people, where there is no other. Of
    /// dates in which day and month could be exchanged only Azure's are read,
    /// whose order and zone are known.
    fn worded(&self, bytes: &[u8], dialect: Dialect) -> Option<Stamp> {
        let azure = self.dialects.is_of(dialect, "azure");
        self.times.iter().find_map(|&(_, n)| {
            let mut text = text(bytes, self.tape.cells.get(n)?);
            if text.get(6..7) == Some("/") && text.get(11..12) == Some(":") {
                // `02/Jan/2006:15:04:05`, as web servers write it.
                text.replace_range(11..12, " ");
            }
            let year_first = text.bytes().take_while(u8::is_ascii_digit).count() == 4;
            let named = || text.as_bytes().windows(3).any(|w| time::month(w).is_some());
            let plain = azure || year_first || named();
            let dated = read_date(&text, Order::MonthFirst).filter(|_| plain)?;
            time::parse(&dated.iso(azure))
        })
    }

    fn shape(
        &mut self,
        bytes: &[u8],
        (dialect, channel, event_id): (Dialect, Option<Cell>, Option<u32>),
        found: &Found<'_>,
        vocabulary: &mut Vocabulary,
    ) -> Known {
        let of_name = found.zeek_log.filter(|_| dialect == Dialect::Zeek);
        let id = match (channel, of_name) {
            (Some(cell), _) => intern(&mut self.channels, bytes, &cell),
            (None, Some(log)) => self.channels.intern_str(Kind::String, log),
            (None, None) => ValueId::ABSENT,
        };
        let key = (dialect.index(), id, event_id);
        if let Some(&known) = self.shapes.get(&key) {
            return known;
        }
        let channel = self.channels.text(id);
        let shape = match dialect {
            Dialect::Unknown => Shape::unknown(),
            Dialect::Zeek => Shape { product: "zeek".into(), channel: channel.into(), event_id },
            Dialect::Known(kind) => match self.dialects.kinds.get(kind) {
                Some(kind) => Shape {
                    product: kind.product.into(),
                    channel: format!("{}{channel}", kind.channel).into(),
                    event_id,
                },
                None => Shape::unknown(),
            },
            _ => {
                let linux = channel.starts_with("Linux-Sysmon");
                let product = if linux { "linux" } else { "windows" };
                Shape { product: product.into(), channel: channel.into(), event_id }
            }
        };
        let whole = vocabulary.projection().wants_all_of(&shape);
        let stated = self.state(&shape, whole, vocabulary);
        let known = Known { id: self.builder.shape(&shape), whole, stated };
        self.shapes.insert(key, known);
        self.shapes_made += 1;
        known
    }

    /// Where the fields stand that all records of a shape have.
    fn state(&mut self, shape: &Shape, whole: bool, vocabulary: &mut Vocabulary) -> (usize, usize) {
        let from = self.stated.len();
        let stated = self.dialects.stated.iter();
        for (name, value) in stated.flat_map(|s| s.of(&shape.product, &shape.channel)) {
            if let Some(field) = vocabulary.field(name).filter(|f| whole || vocabulary.wanted(*f))
                && let Some(dictionary) = vocabulary.dictionary_mut(field)
            {
                self.stated.push((field, dictionary.intern_str(Kind::String, value)));
            }
        }
        (from, self.stated.len())
    }

    /// Fields of a known kind that are no cells: those of pairs of name and
    /// value, those made of others, those that go without saying.
    fn more_fields(
        &mut self,
        kind: usize,
        bytes: &[u8],
        best: &[(u8, Option<usize>); Role::COUNT],
        shape: Known,
        vocabulary: &mut Vocabulary,
    ) {
        let (from, to) = shape.stated;
        self.row.extend_from_slice(self.stated.get(from..to).unwrap_or_default());
        let Some(kind) = self.dialects.kinds.get(kind) else { return };
        let recipe = kind.recipe;
        if !kind.pairs.is_empty() {
            let cells = self.of_cells.iter();
            let cells = cells.filter_map(|(n, t)| Some((self.tape.cells.get(*n)?, t.part, t.pair)));
            self.pairs.read(cells, bytes, shape.whole, vocabulary, &mut self.row);
        }
        self.make_fields(recipe, bytes, best, shape.whole, vocabulary);
    }

    /// Fields that are made of others.
    fn make_fields(
        &mut self,
        recipe: Recipe,
        bytes: &[u8],
        best: &[(u8, Option<usize>); Role::COUNT],
        whole: bool,
        vocabulary: &mut Vocabulary,
    ) {
        for (n, name) in recipe.fields().iter().enumerate() {
            let Some(field) = vocabulary.field(name).filter(|f| whole || vocabulary.wanted(*f))
            else {
                continue;
            };
            let mut texts: [Option<Cow<'_, str>>; Role::MADE.len()] = Default::default();
            for (slot, role) in texts.iter_mut().zip(Role::MADE) {
                let cell = best.get(role as usize).and_then(|&(_, n)| self.tape.cells.get(n?));
                *slot = cell.map(|cell| said(bytes, cell));
            }
            let said = texts.each_ref().map(Option::as_deref);
            if recipe.make(n, &said, &mut self.made)
                && let Some(dictionary) = vocabulary.dictionary_mut(field)
            {
                self.row.push((field, dictionary.intern_str(Kind::String, &self.made)));
            }
        }
    }

    /// The cells that are fields as they are.
    fn fields(&mut self, bytes: &[u8], whole: bool, vocabulary: &mut Vocabulary) {
        for (n, target) in &self.of_cells {
            let Some(cell) = self.tape.cells.get(*n) else { continue };
            if target.part == Part::Container && cell.token == Token::Null {
                continue;
            }
            if joined::is_piece(target.part, cell.token) {
                continue;
            }
            let own = if matches!(target.part, Part::Joined(..)) { 1 } else { 2 };
            for (field, wanted) in target.fields.iter().take(own).flatten() {
                if (*wanted || whole)
                    && let Some(dictionary) = vocabulary.dictionary_mut(*field)
                {
                    let doubled = target.part == Part::Doubled && cell.token.is_text();
                    let id = match doubled.then(|| windows::halved(text(bytes, cell))) {
                        Some(text) => dictionary.intern_str(Kind::String, &text),
                        None => intern(dictionary, bytes, cell),
                    };
                    self.row.push((*field, id));
                }
            }
        }
    }

    /// The fields that are put together of several cells.
    fn joined(&mut self, bytes: &[u8], whole: bool, vocabulary: &mut Vocabulary) {
        let cells = self.of_cells.iter().filter_map(|(n, t)| {
            let cell = self.tape.cells.get(*n)?;
            let group = joined::group(t.part, cell.path)?;
            let piece = t.part != Part::Bytes || joined::is_piece(t.part, cell.token);
            (piece && cell.token != Token::Null).then_some((group, cell, t))
        });
        let mut made: Vec<(joined::Group, Target, Joined)> = Vec::new();
        for (group, cell, target) in cells {
            // A kind has one recipe, and the numbers of a list are neighbours.
            if made.last().is_none_or(|(other, ..)| *other != group) {
                made.push((group, *target, Joined::default()));
            }
            if let Some((.., joined)) = made.last_mut() {
                joined.take(target.part, bytes, cell);
            }
        }
        for (_, target, joined) in made {
            let [first, second] = target.fields;
            let field = if target.part == Part::Bytes { first } else { second };
            if let Some((field, wanted)) = field
                && (wanted || whole)
                && let Some(dictionary) = vocabulary.dictionary_mut(field)
            {
                let value = joined.make(target.part);
                self.row.push((field, dictionary.intern_str(Kind::String, &value)));
            }
        }
    }

    /// The fields in which all Windows events say who and where they are.
    fn windows_fields(
        &mut self,
        bytes: &[u8],
        best: &[(u8, Option<usize>); Role::COUNT],
        whole: bool,
        vocabulary: &mut Vocabulary,
    ) {
        for &(role, field) in &self.windows {
            let cell = best.get(role as usize).and_then(|&(_, n)| self.tape.cells.get(n?));
            if let (Some(cell), Some((field, wanted))) = (cell, field)
                && (wanted || whole)
                && let Some(dictionary) = vocabulary.dictionary_mut(field)
            {
                self.row.push((field, intern(dictionary, bytes, cell)));
            }
        }
    }

    /// `Data` elements, whose name stands beside their text.
    fn data_elements(&mut self, bytes: &[u8], whole: bool, vocabulary: &mut Vocabulary) {
        let cells =
            || self.of_cells.iter().filter_map(|(n, t)| Some((self.tape.cells.get(*n)?, t)));
        if !self.of_cells.iter().any(|(_, t)| matches!(t.part, Part::DataName | Part::DataText)) {
            return;
        }
        let mut names: HashMap<u32, (Option<FieldId>, bool)> = HashMap::new();
        for (cell, _) in cells().filter(|(_, t)| t.part == Part::DataName) {
            names.insert(cell.element, (vocabulary.field(&text(bytes, cell)), false));
        }
        for (cell, _) in cells().filter(|(_, t)| t.part == Part::DataText) {
            let field = match names.get_mut(&cell.element) {
                Some((field, used)) => {
                    *used = true;
                    *field
                }
                None if cell.token == Token::Null => None,
                None => vocabulary.field("Data"),
            };
            let Some(field) = field.filter(|&f| whole || vocabulary.wanted(f)) else { continue };
            if let Some(dictionary) = vocabulary.dictionary_mut(field) {
                self.row.push((field, intern(dictionary, bytes, cell)));
            }
        }
        // A name without text: the element is empty. In the order of the record.
        for (cell, _) in cells().filter(|(_, t)| t.part == Part::DataName) {
            let Some(&(Some(field), false)) = names.get(&cell.element) else { continue };
            if (whole || vocabulary.wanted(field))
                && let Some(dictionary) = vocabulary.dictionary_mut(field)
            {
                self.row.push((field, dictionary.intern_str(Kind::String, "")));
            }
        }
    }
}

fn resolve(
    dialects: &Dialects,
    dialect: Dialect,
    path: &str,
    pairs: &mut Pairs,
    vocabulary: &mut Vocabulary,
) -> Target {
    let meaning = dialects.meaning(dialect, path);
    let [first, second] = meaning.names;
    let mut field = |name: Option<String>| {
        let field = vocabulary.field(&name?)?;
        Some((field, vocabulary.wanted(field)))
    };
    let fields = [field(first), field(second)];
    let wanted = fields.iter().flatten().any(|(_, wanted)| *wanted);
    let alone =
        !matches!(meaning.part, Part::DataName | Part::DataText | Part::PairName | Part::PairValue);
    let quiet = !wanted && meaning.role.is_none() && alone;
    let pair = match meaning.part {
        Part::PairName | Part::PairValue => {
            dialects.pair(dialect, path).map_or(PairId::default(), |pair| pairs.id(pair))
        }
        _ => PairId::default(),
    };
    Target { fields, role: meaning.role, part: meaning.part, pair, quiet }
}

pub(super) fn raw<'a>(bytes: &'a [u8], cell: &Cell) -> &'a [u8] {
    bytes.get(cell.start as usize..cell.end as usize).unwrap_or_default()
}

/// The id of a cell's value.
#[inline]
pub(super) fn intern(dictionary: &mut Dictionary, bytes: &[u8], cell: &Cell) -> ValueId {
    let raw = raw(bytes, cell);
    match cell.token {
        Token::Text => dictionary.intern(FORM, raw, |raw, out| {
            unescape(raw, out);
            Kind::String
        }),
        Token::Plain => intern_plain(dictionary, raw),
        Token::Null => dictionary.intern_str(Kind::Null, ""),
        Token::Number => dictionary.intern_str(Kind::Number, ascii(raw)),
        Token::Bool => dictionary.intern_str(Kind::Bool, ascii(raw)),
    }
}

/// Apart, so that reading JSON does not pay for it.
#[inline(never)]
fn intern_plain(dictionary: &mut Dictionary, raw: &[u8]) -> ValueId {
    dictionary.intern(PLAIN_FORM, raw, |raw, out| {
        out.push_str(&String::from_utf8_lossy(raw));
        Kind::String
    })
}

fn ascii(raw: &[u8]) -> &str {
    std::str::from_utf8(raw).unwrap_or_default()
}

/// What a cell says, as it is written where that is the same.
fn said<'a>(bytes: &'a [u8], cell: &Cell) -> Cow<'a, str> {
    match std::str::from_utf8(raw(bytes, cell)) {
        Ok(plain) if cell.token == Token::Plain || !plain.contains('\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(text(bytes, cell)),
    }
}

/// What a cell says.
pub(super) fn text(bytes: &[u8], cell: &Cell) -> String {
    let raw = raw(bytes, cell);
    if cell.token == Token::Plain {
        return String::from_utf8_lossy(raw).into_owned();
    }
    let mut out = String::new();
    unescape(raw, &mut out);
    out
}

/// A whole number in decimal notation, as a number or as text.
fn number(bytes: &[u8], cell: &Cell) -> Option<u64> {
    let raw = raw(bytes, cell);
    // Such as JSON escapes.
    if raw.iter().any(|&b| b < b' ') {
        return None;
    }
    std::str::from_utf8(raw).ok()?.trim().parse().ok()
}

fn stamp(bytes: &[u8], cell: &Cell) -> Option<Stamp> {
    let raw = raw(bytes, cell);
    if cell.token == Token::Text && raw.contains(&b'\\') {
        return time::parse(&text(bytes, cell));
    }
    time::parse(std::str::from_utf8(raw).ok()?)
}
