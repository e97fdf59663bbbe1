//! Reads blocks of a table: its rows become lines of JSON, and those are read
//! as such; then the records are told where they stand in the table.

use super::cells::{Cell, Scanner, Step, split, without_end};
use super::dates::Order;
use super::head::is_directive;
use super::json::is_object;
use super::kinds::{Kind, as_it_is, kinds};
use super::look::names;
use super::plan::{Damage, NO_COLUMN, Odd, Plan};
use super::row::{Cast, Column, Layout, Row, Writer, on_one_line};
use crate::formats::event_viewer;
use crate::formats::json::{Json, TEXT_DAMAGED, block_of_lines};
use crate::formats::text::too_many_values;
use crate::limits::RECORD_CELLS_MAX;
use crate::problem::{Problem, Problems};
use crate::reader::{Block, Format, Parsed, Reader, Records};
use crate::vocabulary::Vocabulary;

/// What is kept for the next block.
const SPARE_BYTES_MAX: usize = 16 << 20;

pub(in crate::formats) struct TableReader {
    kinds: Vec<Kind>,
    json: Box<dyn Reader>,
    cells: Vec<Cell>,
    writer: Writer,
    /// The record that a cell holds.
    inner: Vec<u8>,
    /// What the lines of the block before stood in, to be used again.
    spare: Vec<u8>,
}

impl Default for TableReader {
    fn default() -> Self {
        Self {
            kinds: kinds(),
            json: Json.reader(),
            cells: Vec::new(),
            writer: Writer::default(),
            inner: Vec::new(),
            spare: Vec::new(),
        }
    }
}

/// What a block's plan comes to.
struct Table {
    plan: Plan,
    layout: Layout,
    /// The column that holds the whole record.
    record: Option<usize>,
}

impl Table {
    fn of(plan: Plan, kinds: &[Kind]) -> Self {
        let names = names(&plan.header, plan.delimiter);
        let order = plan.order;
        if plan.kind == event_viewer::KIND {
            let columns = event_viewer::columns(&names);
            let layout = Layout::new(&columns, &[], true, order);
            return Self { plan, layout, record: None };
        }
        match kinds.get(usize::from(plan.kind)) {
            Some(kind) => {
                let columns = kind.columns(&names);
                let layout = Layout::new(&columns, &kind.constants, kind.windows, order);
                Self { plan, layout, record: kind.record(&names) }
            }
            None => {
                let layout = plain(&names, plan.time, order);
                Self { plan, layout, record: None }
            }
        }
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

/// Lines of JSON, and which rows they are.
#[derive(Default)]
struct Made {
    bytes: Vec<u8>,
    /// Where each line begins.
    starts: Vec<u64>,
    /// Where its row does, in the source.
    offsets: Vec<u64>,
    problems: Vec<Problem>,
    more_problems: u64,
    labels_unknown: u64,
}

impl Made {
    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < crate::limits::BLOCK_PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }

    /// The place in the source of something in the lines.
    fn offset(&self, at: u64) -> Option<u64> {
        let line = self.starts.partition_point(|&start| start <= at).checked_sub(1)?;
        self.offsets.get(line).copied()
    }
}

impl Reader for TableReader {
    fn read(
        &mut self,
        block: &Block,
        vocabulary: &mut Vocabulary,
        visit: &mut dyn FnMut(&Parsed<'_>, &Vocabulary),
    ) {
        let mut made = Made { bytes: std::mem::take(&mut self.spare), ..Made::default() };
        made.bytes.clear();
        if let Some((plan, odd)) = Plan::decode(&block.header) {
            let table = Table::of(plan, &self.kinds);
            made.bytes.reserve(block.bytes.len() * 2);
            self.rows(block, &table, &odd, &mut made);
        }
        let lines = block_of_lines(std::mem::take(&mut made.bytes), &block.hints);
        self.json.read(&lines, vocabulary, &mut |parsed, vocabulary| {
            let records = Rows { inner: parsed.records, made: &made, block };
            let shown = Parsed {
                batches: parsed.batches,
                count: parsed.count,
                records: &records,
                problems: problems(&parsed.problems, &made, block),
                untimed: parsed.untimed,
            };
            visit(&shown, vocabulary);
        });
        if lines.bytes.capacity() <= SPARE_BYTES_MAX {
            self.spare = lines.bytes;
        }
    }
}

/// All problems of a block, by their place.
fn problems(of_lines: &Problems, made: &Made, block: &Block) -> Problems {
    let mut all = block.problems.clone();
    let mut named = made.problems.clone();
    named.extend(of_lines.named.iter().filter_map(|problem| {
        let offset = made.offset(problem.offset).unwrap_or(block.offset);
        // What is wrong with such a cell was said where the row was read.
        let said = problem.what == TEXT_DAMAGED
            && made.problems.iter().any(|p| p.offset == offset && p.what == CELL_DAMAGED);
        (!said).then(|| Problem { offset, ..problem.clone() })
    }));
    named.sort_by_key(|problem| problem.offset);
    named.into_iter().for_each(|problem| all.push(problem));
    all.more += made.more_problems + of_lines.more;
    all
}

/// The records of a block.
struct Rows<'a> {
    inner: &'a dyn Records,
    made: &'a Made,
    block: &'a Block,
}

impl Records for Rows<'_> {
    fn offset(&self, record: u32) -> u64 {
        self.made.offset(self.inner.offset(record)).unwrap_or(self.block.offset)
    }

    fn write_json(&self, record: u32, out: &mut Vec<u8>) {
        self.inner.write_json(record, out);
    }

    fn labels_unknown(&self) -> u64 {
        self.made.labels_unknown
    }
}

impl TableReader {
    fn rows(&mut self, block: &Block, table: &Table, odd: &[Odd], made: &mut Made) {
        let bytes = block.bytes.as_slice();
        let (mut at, mut offset) = (0, block.offset);
        let mut odd = odd.iter().peekable();
        while at < bytes.len() {
            let (end, damage) = match odd.next_if(|odd| odd.start <= at) {
                Some(odd) if odd.start == at && odd.end > at => (odd.end, Some(odd.damage)),
                _ => match Scanner::new(at).step(bytes, table.plan.delimiter, true) {
                    Step::End(end) if end > at => (end, None),
                    // Not so in blocks of our cutter.
                    _ => (bytes.len(), Some(Damage::Cut)),
                },
            };
            let record = bytes.get(at..end).unwrap_or_default();
            let row = without_end(record);
            if !row.is_empty() && row != table.plan.header && !is_directive(row) {
                self.row(row, offset, damage, table, made);
            }
            offset += table.plan.width.len(record);
            at = end;
        }
    }

    fn row(
        &mut self,
        row: &[u8],
        offset: u64,
        damage: Option<Damage>,
        table: &Table,
        made: &mut Made,
    ) {
        let plan = &table.plan;
        let left_out = split(row, plan.delimiter, RECORD_CELLS_MAX, &mut self.cells);
        if left_out > 0 {
            made.problem(too_many_values(offset, left_out));
        }
        if let Some(damage) = damage {
            made.problem(damaged(damage, offset));
        }
        let columns = usize::from(plan.columns);
        let most = columns + usize::from(plan.extra);
        // Delimiters at a row's end are no cells.
        let said = self.cells.iter().rposition(|cell| cell.start < cell.end).map_or(0, |n| n + 1);
        if self.cells.len() < columns || said > most {
            let what = format!("row of {} cells", self.cells.len());
            made.problem(Problem::new(offset, what, format!("{columns} cells, as in the header")));
        }
        made.starts.push(made.bytes.len() as u64);
        made.offsets.push(offset);
        let row = Row { bytes: row, cells: &self.cells };
        if let Some(index) = table.record
            && record(row, index, offset, &mut self.inner, made)
        {
            return;
        }
        let beyond = most.min(self.cells.len())..self.cells.len();
        let noticed = self.writer.write(row, beyond, &table.layout, &mut made.bytes);
        made.labels_unknown += noticed.labels_unknown as u64;
        if noticed.contrary {
            let (what, expected) = match plan.order {
                Order::MonthFirst => ("a date with the day first", "month/day/year"),
                Order::DayFirst => ("a date with the month first", "day/month/year"),
            };
            let expected = format!("{expected}, as the dates at the start of the source");
            made.problem(Problem::new(offset, what, expected));
        }
    }
}

/// The record that a cell holds, if it does.
fn record(row: Row<'_>, index: usize, offset: u64, inner: &mut Vec<u8>, made: &mut Made) -> bool {
    inner.clear();
    if let Some(cell) = row.cells.get(index) {
        let raw = row.bytes.get(cell.start..cell.end).unwrap_or_default();
        on_one_line(raw, cell.doubled, inner);
    }
    let text = inner.trim_ascii();
    if is_object(text) {
        made.bytes.extend_from_slice(text);
        made.bytes.push(b'\n');
        return true;
    }
    let what = match text {
        [] => "a record without its JSON",
        _ => CELL_DAMAGED,
    };
    made.problem(Problem::new(offset, what, "a whole object; only the other cells are read"));
    false
}

fn damaged(damage: Damage, offset: u64) -> Problem {
    let (what, expected) = match damage {
        Damage::Bare => {
            ("a quote within a quoted cell that is not doubled", "`\"\"`; read as text")
        }
        Damage::Unclosed => (
            "a quote that opens a cell and is never closed",
            "a quote after it; the record ends before the next line that is one",
        ),
        Damage::Cut => ("the source ends within a quoted cell", "a quote after it"),
    };
    Problem::new(offset, what, expected)
}
