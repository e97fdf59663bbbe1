//! Whether a source is a table, and what is known of it from its start.

use super::code_page::Width;
use super::dates::{self, Dated, Order};
use super::head::Head;
use super::kinds::{Kind, find, folded, kinds};
use super::plan::{NO_COLUMN, Plan, UNKNOWN_KIND};
use crate::formats::text::is_number;
use crate::limits::FIELD_NAME_BYTES_MAX;
use crate::time::{self, Stamp};

/// Names of columns that tell the time, best first.
const TIMES: &[&str] = &[
    "@timestamp",
    "timestamp",
    "time stamp",
    "timecreated",
    "time created",
    "timegenerated",
    "time generated",
    "eventtime",
    "event time",
    "event_time",
    "datetime",
    "date time",
    "date/time",
    "date-time",
    "date and time",
    "date_time",
    "_time",
    "time",
    "ts",
    "created_at",
    "createdat",
    "created at",
    "created",
    "creationtime",
    "creation time",
    "creationdate",
    "creation date",
    "createddatetime",
    "logtime",
    "log time",
    "start time",
    "starttime",
    "start_time",
    "receive time",
    "receive_time",
    "generate time",
    "event date",
    "date",
];

/// Whether a source that begins so is a table.
pub(super) fn plausible(start: &[u8], whole: bool) -> bool {
    let Some(head) = Head::of(start, whole, 0) else { return false };
    if !head.named() {
        return false;
    }
    let (rows, fitting) = (head.rows.len(), head.fitting(0));
    if find(&kinds(), &head.names).is_some() {
        return rows > 0 || whole || head.names.len() > 3;
    }
    let timed = times(&head)[0] != NO_COLUMN;
    match head.names.len() {
        2 => timed && rows > 1 && fitting == rows,
        _ if timed => rows > 0 && fitting * 2 >= rows,
        _ => rows > 1 && fitting * 10 >= rows * 9,
    }
}

/// How a table is written that begins so, and where its first row begins.
pub(super) fn look(start: &[u8], whole: bool) -> (Plan, usize) {
    let Some(head) = Head::of(start, whole, 0) else {
        return (plan_of(b',', Vec::new(), 0, UNKNOWN_KIND), 0);
    };
    let kinds = kinds();
    let kind = find(&kinds, &head.names);
    let number = kind.and_then(|n| u8::try_from(n).ok()).unwrap_or(UNKNOWN_KIND);
    let mut plan = plan_of(head.delimiter, head.header.clone(), head.names.len(), number);
    let columns = match kind.and_then(|n| kinds.get(n)) {
        Some(kind) => Kind::times(kind, &head.names),
        None => {
            plan.time = times(&head);
            plan.time.iter().filter(|&&n| n != NO_COLUMN).map(|&n| usize::from(n)).collect()
        }
    };
    order(&head, &columns, Order::MonthFirst, &mut plan);
    // A record in a cell has its own time.
    let records = kind.and_then(|n| kinds.get(n)?.record(&head.names));
    plan.assumed &= records.is_none();
    (plan, head.rows_at)
}

/// A plan about whose dates nothing is known.
pub(in crate::formats) fn plan_of(
    delimiter: u8,
    header: Vec<u8>,
    columns: usize,
    kind: u8,
) -> Plan {
    Plan {
        delimiter,
        width: Width::Utf8,
        order: Order::MonthFirst,
        assumed: false,
        kind,
        time: [NO_COLUMN; 2],
        columns: u16::try_from(columns).unwrap_or(u16::MAX),
        extra: 0,
        header,
    }
}

/// Tells whether days or months come first in the dates of these columns: by
/// numbers that only one of them can be, else by which of the two leaves the
/// rows in the order of time, else by what is usual. That it was not proven is
/// part of the plan.
pub(in crate::formats) fn order(head: &Head, columns: &[usize], usual: Order, plan: &mut Plan) {
    let (mut ambiguous, mut first) = (false, None);
    for &column in columns {
        for cell in head.column(column).filter(|cell| time::parse(cell).is_none()) {
            let Some(dated) = day(cell, Order::MonthFirst) else { continue };
            ambiguous |= dated.ambiguous;
            if let Some(order) = dated.proves(Order::MonthFirst) {
                first = first.or(Some(order));
            }
        }
    }
    let guess = || {
        let steps = |order| steps(head, columns, order);
        let (month, day) = (steps(Order::MonthFirst), steps(Order::DayFirst));
        match month.cmp(&day) {
            std::cmp::Ordering::Less => Order::MonthFirst,
            std::cmp::Ordering::Greater => Order::DayFirst,
            std::cmp::Ordering::Equal => usual,
        }
    };
    plan.order = first.unwrap_or_else(guess);
    plan.assumed = ambiguous && first.is_none();
}

/// A date, with a time of day or without one.
fn day(cell: &str, order: Order) -> Option<Dated> {
    dates::read(cell, order).or_else(|| dates::read(&format!("{cell} 00:00"), order))
}

/// How often the times of the first column change their direction.
fn steps(head: &Head, columns: &[usize], order: Order) -> usize {
    let Some(&column) = columns.first() else { return 0 };
    let times: Vec<i64> =
        head.column(column).filter_map(|cell| day(cell, order)?.nanos()).collect();
    let pairs = || times.iter().zip(times.iter().skip(1));
    let (up, down) =
        (pairs().filter(|(a, b)| a < b).count(), pairs().filter(|(a, b)| a > b).count());
    up.min(down)
}

/// The columns of the time of a table of no known kind: one, or one of dates
/// and one of times of day.
fn times(head: &Head) -> [u16; 2] {
    let names: Vec<String> = head.names.iter().map(|name| folded(name)).collect();
    let number = |n: usize| u16::try_from(n).unwrap_or(NO_COLUMN);
    let rank = |name: &str| {
        let bare = name.trim_end_matches([')', ']']);
        let bare =
            bare.strip_suffix("utc").map_or(bare, |b| b.trim_end_matches([' ', '(', '[', '_']));
        TIMES.iter().position(|t| *t == bare)
    };
    let mut named: Vec<(usize, usize)> = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let like = || {
            let hint = ["time", "date", "stamp", "created"].iter().any(|h| name.contains(h));
            hint.then_some(TIMES.len() + column)
        };
        named.extend(rank(name).or_else(like).map(|rank| (rank, column)));
    }
    named.sort_unstable();
    if let Some(&(_, column)) = named.iter().find(|&&(_, column)| mostly(head.column(column))) {
        return [number(column), NO_COLUMN];
    }
    let of = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
    let pair = of(&["date", "event date", "log date"]).zip(of(&["time", "event time", "log time"]));
    if let Some((date, clock)) = pair {
        let joined: Vec<String> = head
            .column(date)
            .zip(head.column(clock))
            .map(|(date, clock)| format!("{date} {clock}"))
            .collect();
        if mostly(joined.iter().map(String::as_str)) {
            return [number(date), number(clock)];
        }
    }
    // In another language, by what stands in the columns. A number may be
    // anything.
    let dated = |&column: &usize| {
        mostly(head.column(column).map(|cell| if is_number(cell.as_bytes()) { "-" } else { cell }))
    };
    match (0..names.len()).find(dated) {
        Some(column) => [number(column), NO_COLUMN],
        None => [NO_COLUMN; 2],
    }
}

/// Whether at least half of some cells, and one of them, are times.
fn mostly<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let (mut all, mut times) = (0, 0);
    for cell in cells.filter(|cell| !cell.is_empty()).take(100) {
        all += 1;
        let stamp = time::parse(cell).filter(|s| !matches!(s, Stamp::Yearless(_)));
        times += usize::from(stamp.is_some() || dates::read(cell, Order::MonthFirst).is_some());
    }
    times > 0 && times * 2 >= all
}

/// The names of a header's columns, as keys.
pub(super) fn names(header: &[u8], delimiter: u8) -> Vec<String> {
    let mut cells = Vec::new();
    super::cells::split(header, delimiter, usize::from(u16::MAX), &mut cells);
    let name = |cell| {
        let mut name = super::cells::text(header, cell);
        let end = (0..=FIELD_NAME_BYTES_MAX).rev().find(|&n| name.is_char_boundary(n));
        name.truncate(end.unwrap_or(0));
        name
    };
    cells.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_told_from_other_text() {
        for (start, expected) in [
            ("timestamp,host,message\n2026-03-02T08:00:01Z,a,b\n", true),
            ("Date,Time,Source\n2026-03-02,08:00:01,x\n", true),
            ("name;size;owner\na;1;b\nc;2;d\n", true),
            ("name,size,owner\na,1,b\n", false),
            ("time,what\n2026-03-02 08:00:01,a\n2026-03-02 08:00:02,b\n", true),
            ("key,value\na,1\nb,2\n", false),
            ("Datum;Rechner;Meldung\n02.03.2026 08:00:01;a;b\n", true),
            ("\u{feff}\"CreationDate\",\"UserIds\",\"Operations\",\"AuditData\"\r\n", true),
            ("Dear all, today, we met\nand talked, as we, do\nThen, we left.\n", false),
            ("Mar  2 08:00:01 host sshd[1]: a, b\nMar  2 08:00:01 host sshd[1]: a, b\n", false),
            ("10.0.0.1 - - [02/Mar/2026:08:00:01 +0000] \"GET /a,b HTTP/1.1\" 200 1\n", false),
            (
                "date=2026-03-02,time=08:00:01,devname=a\ndate=2026-03-02,time=08:00:01,devname=a\n",
                false,
            ),
            ("#Software: Microsoft Internet Information Services\n#Fields: date time\n", false),
            ("1,2026/03/02 08:00:01,012801,TRAFFIC\n1,2026/03/02 08:00:01,012801,TRAFFIC\n", false),
            ("title: x\nid: y\n", false),
            ("a,b,c", false),
            ("", false),
        ] {
            assert_eq!(plausible(start.as_bytes(), true), expected, "{start}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_is_told() {
        let order = |rows: &[&str]| {
            let text = format!(
                "time,a,b\n{}",
                rows.iter().map(|r| format!("{r},x,y\n")).collect::<String>()
            );
            let (plan, _) = look(text.as_bytes(), true);
            (plan.order, plan.assumed)
        };
        use Order::{DayFirst, MonthFirst};
        for (rows, expected) in [
            (&["1/2/2026 8:00:01", "13/2/2026 8:00:01"][..], (DayFirst, false)),
            (&["1/2/2026 8:00:01", "2/13/2026 8:00:01"], (MonthFirst, false)),
            (&["1/2/2026 8:00:01 AM"], (MonthFirst, true)),
            (&["2/2/2026 8:00:01"], (MonthFirst, true)),
            // As days they rise.
            (
                &[
                    "11/1/2026 8:00",
                    "12/1/2026 8:00",
                    "1/2/2026 8:00",
                    "2/2/2026 8:00",
                    "1/3/2026 8:00",
                ],
                (DayFirst, true),
            ),
            (&["02.03.2026 08:00:01"], (MonthFirst, false)),
            (&["2026-03-02 08:00:01"], (MonthFirst, false)),
        ] {
            assert_eq!(order(rows), expected, "{rows:?}");
        }
    }
}
