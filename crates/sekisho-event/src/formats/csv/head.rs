//! The start of a table: where its header row stands, what parts its cells,
//! and its first rows, by which it is told whether it is a table at all.

use super::cells::{Scanner, Step, split, text, without_end};
use crate::formats::text::is_number;
use crate::limits::{RECOGNISED_BYTES, RECORD_CELLS_MAX};
use crate::time;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Most lines before the header row.
const LINES_BEFORE_MAX: usize = 8;

/// The start of what may be a table.
#[derive(Debug)]
pub(in crate::formats) struct Head {
    pub(in crate::formats) delimiter: u8,
    /// The header row, without its line's end.
    pub(in crate::formats) header: Vec<u8>,
    pub(in crate::formats) names: Vec<String>,
    /// Where the first row begins.
    pub(in crate::formats) rows_at: usize,
    /// The rows that are whole.
    pub(in crate::formats) rows: Vec<Vec<String>>,
}

impl Head {
    /// The start of a table in these bytes, in UTF-8, whose rows may have so
    /// many cells more than its header.
    pub(in crate::formats) fn of(start: &[u8], whole: bool, extra: usize) -> Option<Self> {
        let start = start.get(..RECOGNISED_BYTES).unwrap_or(start);
        let (at, stated) = before(start);
        let heads = match stated {
            Some(delimiter) => vec![Self::with(start, at, whole, delimiter)?],
            None => {
                let all = b",;\t".iter().filter_map(|&d| Self::with(start, at, whole, d));
                all.filter(|head| head.names.len() > 1).collect()
            }
        };
        let best =
            |head: &Self| (head.fitting(extra) * 4 / head.rows.len().max(1), head.names.len());
        heads.into_iter().max_by_key(best)
    }

    fn with(start: &[u8], at: usize, whole: bool, delimiter: u8) -> Option<Self> {
        let mut rows_at = record_end(start, at, delimiter, whole)?;
        let header = without_end(start.get(at..rows_at)?).to_vec();
        let mut head =
            Self { delimiter, names: said(&header, delimiter), header, rows_at, rows: Vec::new() };
        while let Some(end) = record_end(start, rows_at, delimiter, whole) {
            let row = without_end(start.get(rows_at..end)?);
            if !row.is_empty() && !is_directive(row) {
                head.rows.push(said(row, delimiter));
            }
            if end == rows_at {
                break;
            }
            rows_at = end;
        }
        Some(head)
    }

    /// How many of the first rows have as many cells as the header.
    pub(in crate::formats) fn fitting(&self, extra: usize) -> usize {
        let columns = self.names.len();
        self.rows.iter().filter(|row| (columns..=columns + extra).contains(&row.len())).count()
    }

    /// Whether the header row holds names and not values.
    pub(in crate::formats) fn named(&self) -> bool {
        let given: Vec<&str> =
            self.names.iter().map(|n| n.trim()).filter(|n| !n.is_empty()).collect();
        let first = self.names.iter().skip(1).position(|n| n.trim().is_empty());
        let tail = first.map_or(0, |n| self.names.len() - 1 - n);
        let blank = self.names.len() - given.len();
        let mut distinct = given.clone();
        distinct.sort_unstable();
        distinct.dedup();
        given.len() > 1
            && given.iter().all(|name| is_name(name))
            && distinct.len() * 2 > given.len()
            && (blank <= tail + 1 || blank * 4 <= given.len())
    }

    /// The cells of a column of the first rows.
    pub(in crate::formats) fn column(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(move |row| row.get(column)).map(|cell| cell.trim())
    }
}

/// Where the header row begins, and the delimiter where that is stated:
/// behind blank lines, the type that PowerShell names, what is said to
/// spreadsheets, and the directives of Exchange, of which one is the header.
fn before(start: &[u8]) -> (usize, Option<u8>) {
    let mut at = if start.starts_with(BOM) { BOM.len() } else { 0 };
    let mut stated = None;
    for _ in 0..LINES_BEFORE_MAX {
        let rest = start.get(at..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', rest) else { break };
        let line = without_end(rest.get(..end).unwrap_or_default()).trim_ascii();
        let bare = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")).unwrap_or(line);
        match bare {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => stated = Some(*delimiter),
            [] => {}
            _ if line.starts_with(FIELDS) && line.contains(&b',') => {
                return (at + FIELDS.len(), Some(b','));
            }
            _ if line.starts_with(b"# ") || is_directive(line) => {}
            _ => break,
        }
        at += end + 1;
    }
    (at, stated)
}

/// The directive of Exchange's logs that names the columns.
const FIELDS: &[u8] = b"#Fields: ";

/// Whether a line is a directive, as the logs of Exchange have them before and
/// among their rows, and PowerShell where it went on with a file.
pub(super) fn is_directive(line: &[u8]) -> bool {
    let names: [&[u8]; 6] =
        [FIELDS, b"#Software: ", b"#Version: ", b"#Log-type: ", b"#Date: ", b"#TYPE "];
    line.first() == Some(&b'#') && names.iter().any(|name| line.starts_with(name))
}

fn record_end(start: &[u8], at: usize, delimiter: u8, whole: bool) -> Option<usize> {
    if at >= start.len() {
        return None;
    }
    let mut scanner = Scanner::new(at);
    loop {
        match scanner.step(start, delimiter, whole) {
            Step::End(end) => return Some(end),
            Step::Bare(_) => {}
            Step::More => return None,
        }
    }
}

fn said(row: &[u8], delimiter: u8) -> Vec<String> {
    let mut cells = Vec::new();
    split(row, delimiter, RECORD_CELLS_MAX, &mut cells);
    cells.iter().map(|cell| text(row, *cell)).collect()
}

/// Whether a text can be the name of a column.
fn is_name(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let odd = |c: char| c.is_control() || matches!(c, '=' | '{' | '}' | '<' | '>');
    text.len() <= 128
        && words <= 8
        && !text.contains(odd)
        && !text.contains("://")
        && (text.contains(char::is_alphabetic) || text == "#")
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !is_number(text.as_bytes())
        && time::parse(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found() {
        for (start, delimiter, names) in [
            ("a,b\n1,2\n", b',', &["a", "b"][..]),
            ("\u{feff}\"a\";\"b, c\"\r\n1;2\r\n", b';', &["a", "b, c"]),
            ("#TYPE System.Object\r\n\"a\",\"b\"\r\n", b',', &["a", "b"]),
            ("sep=;\r\na,x;b\r\n1;2\n", b';', &["a,x", "b"]),
            ("\n\na\tb,c\td\n1\t2\t3,4\n", b'\t', &["a", "b,c", "d"]),
            ("a,b;c\n1,5;2\n1,5;2\n3;4\n", b';', &["a,b", "c"]),
            ("#Software: x\n#Fields: a,b\n1,2\n", b',', &["a", "b"]),
            ("a,b\n#Software: x\n#Fields: a,b\n1,2\n", b',', &["a", "b"]),
        ] {
            let head = Head::of(start.as_bytes(), true, 0).unwrap();
            assert_eq!(
                (head.delimiter, head.names.as_slice()),
                (delimiter, &names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()[..]),
                "{start}"
            );
            assert!(head.named(), "{start}");
        }
    }

    #[test]
    fn values_are_no_names() {
        for start in [
            "1,2,3\n4,5,6\n",
            "2026-03-02 08:00:01,a,b\n",
            "date=2026-03-02,time=08:00:01\n",
            "1772438401.1,host\n",
            "{\"a\":1},{\"b\":2}\n",
            "http://a/,b\n",
        ] {
            assert!(!Head::of(start.as_bytes(), true, 0).unwrap().named(), "{start}");
        }
        assert!(Head::of(b"one word\nanother\n", true, 0).is_none());
        assert!(Head::of(b"", true, 0).is_none());
    }
}
