//! Reads blocks of a table: the cells of its rows, or lines of JSON where cells
//! hold JSON or their columns stand below others, are read as the records that
//! they are; then those are told where they stand in the table.

use std::cell::RefCell;

use super::cells::{self, Cell, Scanner, Step, split, without_end};
use super::dates::Order;
use super::head::is_directive;
use super::json::is_object;
use super::kinds::{Kind, as_it_is, kinds};
use super::look::names;
use super::plan::{Damage, NO_COLUMN, Odd, Plan};
use super::row::{Cast, Column, Layout, Noticed, Row, Writer, on_one_line};
use crate::formats::event_viewer;
use crate::formats::json::{Found, RowReader, TEXT_DAMAGED};
use crate::formats::text::too_many_values;
use crate::limits::{RECORD_BYTES_MAX, RECORD_CELLS_MAX};
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Parsed, Reader, Records};
use crate::vocabulary::Vocabulary;

/// Longest row that is read without being written as JSON first, in bytes: so
/// short that its JSON could not exceed the limit of records.
const DIRECT_BYTES_MAX: usize = RECORD_BYTES_MAX / 64;

#[derive(Default)]
pub(in crate::formats) struct TableReader {
    kinds: Kinds,
    rows: RowReader,
    maker: Maker,
    /// All rows are read as lines.
    #[cfg(test)]
    pub(super) by_lines: bool,
}

struct Kinds(Vec<Kind>);

impl Default for Kinds {
    fn default() -> Self {
        Self(kinds())
    }
}

/// Makes rows into lines or cells.
#[derive(Default)]
struct Maker {
    cells: Vec<Cell>,
    writer: Writer,
    /// A row as a line of JSON; or the row and what stands in its cells beyond
    /// that.
    text: Vec<u8>,
    /// The record that a cell holds.
    inner: Vec<u8>,
}

/// What a block's plan comes to.
struct Table {
    plan: Plan,
    layout: Layout,
    /// The column that holds the whole record.
    record: Option<usize>,
    /// Whether rows need not be written as JSON.
    direct: bool,
}

impl Table {
    fn of(plan: Plan, kinds: &[Kind]) -> Self {
        let names = names(&plan.header, plan.delimiter);
        let order = plan.order;
        let (layout, record) = match kinds.get(usize::from(plan.kind)) {
            _ if plan.kind == event_viewer::KIND => {
                (Layout::new(&event_viewer::columns(&names), &[], true, order), None)
            }
            Some(kind) => {
                let columns = kind.columns(&names);
                let layout = Layout::new(&columns, &kind.constants, kind.windows, order);
                (layout, kind.record(&names))
            }
            None => (plain(&names, plan.time, order), None),
        };
        let direct = record.is_none() && layout.is_flat();
        Self { plan, layout, record, direct }
    }

    /// The cells of a row that have no column.
    fn beyond(&self, cells: &[Cell]) -> std::ops::Range<usize> {
        let most = usize::from(self.plan.columns) + usize::from(self.plan.extra);
        most.min(cells.len())..cells.len()
    }
}

/// A table of no known kind.
fn plain(names: &[String], [date, clock]: [u16; 2], order: Order) -> Layout {
    let mut columns: Vec<Column> =
        names.iter().enumerate().map(|(n, name)| as_it_is(n, name, false)).collect();
    if date != NO_COLUMN {
        let index = usize::from(date);
        let name = names.get(index).map_or("", |name| name.trim());
        let utc = name.to_lowercase().contains("utc");
        let cast = match clock {
            NO_COLUMN => Cast::Time { utc },
            clock => Cast::TimeWith { other: usize::from(clock), utc },
        };
        if name != "@timestamp" {
            columns.push(Column { index, path: vec!["@timestamp".into()], cast, keep: false });
        }
    }
    Layout::new(&columns, &[], false, order)
}

/// The problem of a cell that begins a record and does not end it.
const CELL_DAMAGED: &str = "JSON in a cell that is damaged or cut off";

/// What is found in the rows of a block beside events.
#[derive(Default)]
struct Made {
    rows: Vec<Placed>,
    /// The row of each record.
    row_of: Vec<usize>,
    problems: Vec<Problem>,
    more_problems: u64,
    labels_unknown: u64,
}

/// Where a row stands.
#[derive(Clone, Copy)]
struct Placed {
    start: usize,
    end: usize,
    /// In the source.
    offset: u64,
}

impl Made {
    fn problem(&mut self, offset: u64, what: impl Into<String>, expected: impl Into<String>) {
        if self.problems.len() < crate::limits::BLOCK_PROBLEMS_MAX {
            self.problems.push(Problem::new(offset, what, expected));
        } else {
            self.more_problems += 1;
        }
    }

    fn row(&self, record: u32) -> Option<Placed> {
        self.rows.get(*self.row_of.get(record as usize)?).copied()
    }
}

impl Reader for TableReader {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        let mut made = Made::default();
        let mut found = self.rows.begin(block, vocabulary);
        let plan = Plan::decode(&block.header);
        let table = plan.map(|(plan, odd)| (Table::of(plan, &self.kinds.0), odd));
        if let Some((table, odd)) = &table {
            self.rows(block, table, odd, (&mut found, &mut made), vocabulary);
        }
        let batches = self.rows.end();
        let maker = RefCell::new(&mut self.maker);
        let table = table.as_ref().map(|(table, _)| table);
        let records = Rows { found: &found, made: &made, block, table, maker };
        let parsed = Parsed {
            batches: &batches,
            count: u32::try_from(found.count()).unwrap_or(u32::MAX),
            records: &records,
            problems: problems(&found, &made, block),
            untimed: found.untimed(),
        };
        visit(&parsed, vocabulary);
    }
}

/// All problems of a block, by their place.
fn problems(found: &Found<'_>, made: &Made, block: &Block) -> Problems {
    let mut all = block.problems.clone();
    let mut named = made.problems.clone();
    let (of_records, more) = found.problems();
    named.extend(of_records.iter().filter_map(|(row, problem)| {
        let offset = made.rows.get(*row).map_or(block.offset, |row| row.offset);
        // What is wrong with such a cell was said where the row was read.
        let said = problem.what == TEXT_DAMAGED
            && made.problems.iter().any(|p| p.offset == offset && p.what == CELL_DAMAGED);
        (!said).then(|| Problem { offset, ..problem.clone() })
    }));
    named.sort_by_key(|problem| problem.offset);
    named.into_iter().for_each(|problem| all.push(problem));
    all.more += made.more_problems + more;
    all
}

/// The records of a block.
struct Rows<'a> {
    found: &'a Found<'a>,
    made: &'a Made,
    block: &'a Block,
    table: Option<&'a Table>,
    maker: RefCell<&'a mut Maker>,
}

impl Records for Rows<'_> {
    fn offset(&self, record: u32) -> u64 {
        self.made.row(record).map_or(self.block.offset, |row| row.offset)
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        let mut maker = self.maker.borrow_mut();
        maker.text.clear();
        if let (Some(table), Some(placed)) = (self.table, self.made.row(record)) {
            let row = self.block.bytes.get(placed.start..placed.end).unwrap_or_default();
            split(row, table.plan.delimiter, RECORD_CELLS_MAX, &mut maker.cells);
            maker.line(row, table);
        }
        self.found.write_json(record as usize, &maker.text, out);
    }

    fn labels_unknown(&self) -> u64 {
        self.made.labels_unknown
    }
}

impl TableReader {
    fn rows(
        &mut self,
        block: &Block,
        table: &Table,
        odd: &[Odd],
        (found, made): (&mut Found<'_>, &mut Made),
        vocabulary: &mut Vocabulary,
    ) {
        let (plan, bytes) = (&table.plan, block.bytes.as_slice());
        let (mut at, mut offset) = (0, block.offset);
        let mut odd = odd.iter().peekable();
        let mut direct = table.direct;
        #[cfg(test)]
        {
            direct &= !self.by_lines;
        }
        while at < bytes.len() {
            let cells = &mut self.maker.cells;
            let stated = odd.next_if(|odd| odd.start <= at);
            let stated = stated.filter(|odd| odd.start == at && odd.end > at);
            let whole = match stated {
                None => cells::record(bytes, at, plan.delimiter, RECORD_CELLS_MAX, cells),
                Some(_) => None,
            };
            let (row_end, end, left_out, damage) = match whole {
                Some((row_end, end, left_out)) => (row_end, end, left_out, None),
                None => {
                    let (end, damage) = match stated {
                        Some(odd) => (odd.end, Some(odd.damage)),
                        None => end_of(bytes, at, plan.delimiter),
                    };
                    let row = without_end(bytes.get(at..end).unwrap_or_default());
                    let left_out = split(row, plan.delimiter, RECORD_CELLS_MAX, cells);
                    (at + row.len(), end, left_out, damage)
                }
            };
            let row = bytes.get(at..row_end).unwrap_or_default();
            if !row.is_empty() && row != plan.header && !is_directive(row) {
                made.rows.push(Placed { start: at, end: row_end, offset });
                self.maker.complain(table, offset, left_out, damage, made);
                self.row(row, offset, table, &mut direct, (found, made), vocabulary);
            }
            offset += plan.width.len(bytes.get(at..end).unwrap_or_default());
            at = end;
        }
    }

    /// Reads a row, whose cells were found.
    fn row(
        &mut self,
        row: &[u8],
        offset: u64,
        table: &Table,
        direct: &mut bool,
        (found, made): (&mut Found<'_>, &mut Made),
        vocabulary: &mut Vocabulary,
    ) {
        let number = made.rows.len().saturating_sub(1);
        let Self { rows, maker, .. } = self;
        let mut noticed = Noticed::default();
        let mut is_read = false;
        if *direct && row.len() <= DIRECT_BYTES_MAX {
            let beyond = table.beyond(&maker.cells);
            let row = Row { bytes: row, cells: &maker.cells };
            let blank = &mut rows.blank();
            noticed = maker.writer.fill(row, beyond, &table.layout, &mut maker.text, blank);
            is_read = rows.filled(number, &maker.text, found, vocabulary);
            // It will mostly be so for the rows after it too.
            *direct = is_read;
        }
        if !is_read {
            maker.text.clear();
            let (made_of, fault) = maker.line(row, table);
            noticed = made_of;
            if let Some(what) = fault {
                made.problem(offset, what, "a whole object; only the other cells are read");
            }
            rows.line(number, &maker.text, found, vocabulary);
        }
        made.row_of.resize(found.count(), number);
        made.labels_unknown += noticed.labels_unknown as u64;
        if noticed.contrary {
            let (what, expected) = match table.plan.order {
                Order::MonthFirst => ("a date with the day first", "month/day/year"),
                Order::DayFirst => ("a date with the month first", "day/month/year"),
            };
            let expected = format!("{expected}, as the dates at the start of the source");
            made.problem(offset, what, expected);
        }
    }
}

/// Where a record ends, of which no block of our cutter says that it is odd.
fn end_of(bytes: &[u8], at: usize, delimiter: u8) -> (usize, Option<Damage>) {
    match Scanner::new(at).step(bytes, delimiter, true) {
        Step::End(end) if end > at => (end, None),
        // Not so in blocks of our cutter.
        _ => (bytes.len(), Some(Damage::Cut)),
    }
}

impl Maker {
    /// Names what is wrong with a row that is read all the same.
    fn complain(
        &self,
        table: &Table,
        offset: u64,
        left_out: usize,
        damage: Option<Damage>,
        made: &mut Made,
    ) {
        if left_out > 0 {
            let Problem { what, expected, .. } = too_many_values(offset, left_out);
            made.problem(offset, what, expected);
        }
        if let Some(damage) = damage {
            let (what, expected) = damaged(damage);
            made.problem(offset, what, expected);
        }
        let columns = usize::from(table.plan.columns);
        let most = columns + usize::from(table.plan.extra);
        // Delimiters at a row's end are no cells.
        let is_said = |cells: &[Cell]| cells.iter().any(|cell| cell.start < cell.end);
        if self.cells.len() < columns || self.cells.get(most..).is_some_and(is_said) {
            let what = format!("row of {} cells", self.cells.len());
            made.problem(offset, what, format!("{columns} cells, as in the header"));
        }
    }

    /// Appends a row as a line, and says what is wrong with the record that
    /// one of its cells should be.
    fn line(&mut self, row: &[u8], table: &Table) -> (Noticed, Option<&'static str>) {
        let row = Row { bytes: row, cells: &self.cells };
        let mut fault = None;
        if let Some(index) = table.record {
            fault = record(row, index, &mut self.inner, &mut self.text);
            if fault.is_none() {
                return (Noticed::default(), None);
            }
        }
        let beyond = table.beyond(&self.cells);
        (self.writer.write(row, beyond, &table.layout, &mut self.text), fault)
    }
}

/// Appends the record that a cell holds as a line, or says why there is none.
fn record(
    row: Row<'_>,
    index: usize,
    inner: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Option<&'static str> {
    inner.clear();
    if let Some(cell) = row.cells.get(index) {
        let raw = row.bytes.get(cell.start..cell.end).unwrap_or_default();
        on_one_line(raw, cell.doubled, inner);
    }
    let text = inner.trim_ascii();
    if is_object(text) {
        out.extend_from_slice(text);
        out.push(b'\n');
        return None;
    }
    Some(if text.is_empty() { "a record without its JSON" } else { CELL_DAMAGED })
}

fn damaged(damage: Damage) -> (&'static str, &'static str) {
    match damage {
        Damage::Bare => {
            ("a quote within a quoted cell that is not doubled", "`\"\"`; read as text")
        }
        Damage::Unclosed => (
            "a quote that opens a cell and is never closed",
            "a quote after it; the record ends before the next line that is one",
        ),
        Damage::Cut => ("the source ends within a quoted cell", "a quote after it"),
    }
}
