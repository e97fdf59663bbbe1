//! Records and cells on the level of bytes: RFC 4180 as it is met in the
//! wild. The cutter and the reader both look through these functions, so that
//! they agree on where a record ends.

use memchr::{memchr, memchr2};

use crate::formats::json::find_quote;

/// What follows a quote within a quoted cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// Another one: the two stand for one.
    Doubled,
    /// The end of the cell; a delimiter or the record's end stands here.
    Close(usize),
    /// Something else: the quote should have been doubled.
    Bare,
    /// What follows is not there yet.
    More,
}

#[inline]
fn after_quote(bytes: &[u8], quote: usize, delimiter: u8, ended: bool) -> After {
    let mut at = quote + 1;
    if bytes.get(at) == Some(&b'"') {
        return After::Doubled;
    }
    loop {
        match bytes.get(at) {
            Some(&b) if b == delimiter || b == b'\n' => return After::Close(at),
            Some(b' ') => at += 1,
            Some(b'\r') => {
                return match bytes.get(at + 1) {
                    Some(b'\n') => After::Close(at),
                    None if ended => After::Close(at),
                    None => After::More,
                    Some(_) => After::Bare,
                };
            }
            None if ended => return After::Close(at),
            None => return After::More,
            Some(_) => return After::Bare,
        }
    }
}

/// How far a [`Scanner`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The record ends; the next one begins here.
    End(usize),
    /// Within a quoted cell stands a quote that is not doubled. To go on is to
    /// take it for text.
    Bare(usize),
    /// The bytes end before the record does.
    More,
}

/// Looks for the end of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner {
    start: usize,
    from: usize,
    quoted: bool,
}

impl Scanner {
    /// A record that begins here.
    pub(super) fn new(start: usize) -> Self {
        Self { start, from: start, quoted: false }
    }

    /// Goes on. `ended` says that nothing follows the bytes.
    pub(super) fn step(&mut self, bytes: &[u8], delimiter: u8, ended: bool) -> Step {
        loop {
            if self.quoted {
                let Some(quote) = find_quote(bytes, self.from) else { return Step::More };
                match after_quote(bytes, quote, delimiter, ended) {
                    After::Doubled => self.from = quote + 2,
                    // Mostly the next cell is quoted too.
                    After::Close(at) if next_opens(bytes, at, delimiter) => self.from = at + 2,
                    After::Close(at) => (self.from, self.quoted) = (at, false),
                    After::Bare => {
                        self.from = quote + 1;
                        return Step::Bare(quote);
                    }
                    After::More => return Step::More,
                }
                continue;
            }
            let rest = bytes.get(self.from..).unwrap_or_default();
            let Some(at) = memchr2(b'"', b'\n', rest).map(|n| self.from + n) else {
                return if ended { Step::End(bytes.len()) } else { Step::More };
            };
            self.from = at + 1;
            if bytes.get(at) == Some(&b'\n') {
                return Step::End(at + 1);
            }
            self.quoted = self.opens(bytes, at, delimiter);
        }
    }

    /// Whether a quote is the first thing in its cell.
    fn opens(&self, bytes: &[u8], quote: usize, delimiter: u8) -> bool {
        let before = bytes.get(self.start..quote).unwrap_or_default();
        before.iter().rev().find(|&&b| b != b' ').is_none_or(|&b| b == delimiter)
    }
}

/// Whether at a closed cell's end a delimiter stands and then another quote.
#[inline]
fn next_opens(bytes: &[u8], at: usize, delimiter: u8) -> bool {
    delimiter != b'\n' && bytes.get(at) == Some(&delimiter) && bytes.get(at + 1) == Some(&b'"')
}

/// A cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Doubled quotes stand in it, each for one.
    pub(super) doubled: bool,
}

/// The cells of a row without its line's end; at most so many. Says how many
/// more there are.
pub(super) fn split(row: &[u8], delimiter: u8, most: usize, cells: &mut Vec<Cell>) -> usize {
    cells.clear();
    let (mut at, mut more) = (0, 0);
    loop {
        let rest = row.get(at..).unwrap_or_default();
        let open = at + rest.iter().take_while(|&&b| b == b' ').count();
        let (cell, end) = if row.get(open) == Some(&b'"') {
            quoted(row, open + 1, delimiter)
        } else {
            let end = memchr(delimiter, rest).map_or(row.len(), |n| at + n);
            (Cell { start: at, end, doubled: false }, end)
        };
        if cells.len() < most {
            cells.push(cell);
        } else {
            more += 1;
        }
        if end >= row.len() {
            return more;
        }
        at = end + 1;
    }
}

/// The quoted cell whose content starts here, and where what follows it does.
fn quoted(row: &[u8], start: usize, delimiter: u8) -> (Cell, usize) {
    let (mut at, mut doubled) = (start, false);
    while let Some(quote) = row.get(at..).and_then(|rest| memchr(b'"', rest)).map(|n| at + n) {
        match after_quote(row, quote, delimiter, true) {
            After::Doubled => {
                doubled = true;
                at = quote + 2;
            }
            After::Close(after) => return (Cell { start, end: quote, doubled }, after),
            _ => at = quote + 1,
        }
    }
    (Cell { start, end: row.len(), doubled }, row.len())
}

/// The cells of the record that begins here, as places in it, and where its
/// line's end and the next record begin: what [`Scanner`] and [`split`] say
/// together, found in one pass. Of a record in which quotes are not as they
/// should be, nothing is said.
pub(super) fn record(
    bytes: &[u8],
    at: usize,
    delimiter: u8,
    most: usize,
    cells: &mut Vec<Cell>,
) -> Option<(usize, usize, usize)> {
    if !matches!(delimiter, b',' | b';' | b'\t' | b'|') {
        return None;
    }
    cells.clear();
    let bytes = bytes.get(at..)?;
    let (mut from, mut more) = (0, 0);
    loop {
        let rest = bytes.get(from..).unwrap_or_default();
        let open = from + rest.iter().take_while(|&&b| b == b' ').count();
        let (cell, end) = match bytes.get(open) {
            Some(b'"') => closed(bytes, open + 1, delimiter)?,
            Some(&b) if b == delimiter => (Cell { start: from, end: open, doubled: false }, open),
            _ => {
                let end = memchr2(delimiter, b'\n', rest).map_or(bytes.len(), |n| from + n);
                let last = bytes.get(end) != Some(&delimiter) && end > from;
                let cut = last && bytes.get(end - 1) == Some(&b'\r');
                let end = end - usize::from(cut);
                (Cell { start: from, end, doubled: false }, end)
            }
        };
        if cells.len() < most {
            cells.push(cell);
        } else {
            more += 1;
        }
        if bytes.get(end) != Some(&delimiter) {
            let len = match bytes.get(end..) {
                Some([b'\r', b'\n', ..]) => 2,
                Some([b'\r' | b'\n', ..]) => 1,
                _ => 0,
            };
            return Some((at + end, at + end + len, more));
        }
        from = end + 1;
    }
}

/// The quoted cell whose content starts here, if it is closed as it should be,
/// and where what follows it does.
fn closed(bytes: &[u8], start: usize, delimiter: u8) -> Option<(Cell, usize)> {
    let (mut at, mut doubled) = (start, false);
    loop {
        let quote = find_quote(bytes, at)?;
        match after_quote(bytes, quote, delimiter, true) {
            After::Doubled => {
                doubled = true;
                at = quote + 2;
            }
            After::Close(after) => return Some((Cell { start, end: quote, doubled }, after)),
            _ => return None,
        }
    }
}

/// A record without its line's end.
pub(super) fn without_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// What a cell of a row says.
pub(super) fn text(row: &[u8], cell: Cell) -> String {
    let raw = String::from_utf8_lossy(row.get(cell.start..cell.end).unwrap_or_default());
    if cell.doubled { raw.replace("\"\"", "\"") } else { raw.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(row: &str, delimiter: u8) -> Vec<String> {
        let mut cells = Vec::new();
        assert_eq!(split(row.as_bytes(), delimiter, 100, &mut cells), 0);
        cells.iter().map(|c| text(row.as_bytes(), *c)).collect()
    }

    #[test]
    fn cells_are_what_they_say() {
        for (row, expected) in [
            ("a,b", &["a", "b"][..]),
            ("", &[""]),
            ("a,,", &["a", "", ""]),
            (r#""a,b","c""d","#, &["a,b", "c\"d", ""]),
            (r#""",b"#, &["", "b"]),
            (r#""""""""#, &["\"\""]),
            (r#"a"b,c"#, &["a\"b", "c"]),
            (r#"a, "b, c" ,d"#, &["a", "b, c", "d"]),
            (r#""a "b" c",d"#, &["a \"b\" c", "d"]),
            ("\"a\nb\r\nc\",d", &["a\nb\r\nc", "d"]),
            (r#"a,"never closed, b"#, &["a", "never closed, b"]),
        ] {
            assert_eq!(said(row, b','), expected, "{row}");
        }
        assert_eq!(said("a\t\"b\tc\"\td,e", b'\t'), ["a", "b\tc", "d,e"]);
        let mut cells = Vec::new();
        assert_eq!(split(b"a,b,c,d", b',', 2, &mut cells), 2);
        assert_eq!(cells.len(), 2);
    }

    #[test]
    fn one_pass_finds_what_two_find() {
        let pieces =
            ["a", "\"", "\"\"", ",", ";", "\n", "\r", "\r\n", " ", "b c", "\u{e9}", "\",\""];
        // All short texts of these pieces, and long ones by a linear congruence.
        let mut texts: Vec<String> = vec![String::new()];
        for _ in 0..4 {
            let longer = |t: &String| pieces.iter().map(|p| format!("{t}{p}")).collect::<Vec<_>>();
            texts.extend(texts.iter().flat_map(longer).collect::<Vec<_>>());
            texts.sort();
            texts.dedup();
        }
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..30 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888);
                text.push_str(pieces[usize::try_from(seed >> 40).unwrap() % pieces.len()]);
            }
            texts.push(text);
        }
        let (mut one, mut two, mut regular) = (Vec::new(), Vec::new(), 0);
        for text in &texts {
            let bytes = text.as_bytes();
            for delimiter in [b',', b';'] {
                for most in [2, 100] {
                    let Some(found) = record(bytes, 0, delimiter, most, &mut one) else { continue };
                    regular += 1;
                    let (row_end, next, more) = found;
                    let step = Scanner::new(0).step(bytes, delimiter, true);
                    assert_eq!(step, Step::End(next), "{text:?}");
                    let row = without_end(&bytes[..next]);
                    assert_eq!(row.len(), row_end, "{text:?}");
                    assert_eq!(split(row, delimiter, most, &mut two), more, "{text:?}");
                    assert_eq!(one, two, "{text:?}");
                }
            }
        }
        assert!(regular > texts.len());
        for irregular in ["\"a", "\"a\"b\",c\n"] {
            assert_eq!(record(irregular.as_bytes(), 0, b',', 9, &mut one), None);
        }
        assert_eq!(record(b"a b", 0, b' ', 9, &mut one), None);
    }

    #[test]
    fn records_end_outside_of_quotes() {
        for (bytes, ended, expected) in [
            ("a,b\nc", false, Step::End(4)),
            ("\"a\nb\",c\nd", false, Step::End(8)),
            ("\"a\"\"\nb\",c\r\nd", false, Step::End(11)),
            ("a,b", true, Step::End(3)),
            ("a,b", false, Step::More),
            ("\"a\"", true, Step::End(3)),
            ("\"a\"", false, Step::More),
            ("\"a\"\r", false, Step::More),
            ("\"a\nb", true, Step::More),
            ("\"a\"b\",c\n", true, Step::Bare(2)),
            ("a\"b\nc", true, Step::End(4)),
            ("a, \"b\nc\"\nd", true, Step::End(9)),
        ] {
            let step = Scanner::new(0).step(bytes.as_bytes(), b',', ended);
            assert_eq!(step, expected, "{bytes:?}");
        }
    }
}
