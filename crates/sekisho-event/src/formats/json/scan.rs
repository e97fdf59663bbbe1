//! One pass over a record: every value becomes a cell with the number of its
//! path and its place in the text. No tree, no copy, no recursion.

use super::layout::space;
use super::paths::{Marks, PathId, Paths, ROOT};
use super::text::string_end;
use crate::limits::{NESTING_DEPTH_MAX, RECORD_CELLS_MAX};

/// What a cell's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// The raw content of a string.
    Text,
    /// Text as it is, of a record that was never JSON.
    Plain,
    Number,
    Bool,
    /// `null`, `{}` or `[]`.
    Null,
}

/// A value of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) path: PathId,
    pub(super) start: u32,
    pub(super) end: u32,
    /// Number of the innermost array element that is an object, so that what
    /// stands together can be told.
    pub(super) element: u32,
    pub(super) token: Token,
}

/// Why a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: &'static str,
    pub(super) expected: &'static str,
}

/// What a record holds.
#[derive(Debug, Default)]
pub(super) struct Tape {
    pub(super) cells: Vec<Cell>,
    pub(super) marks: Marks,
    /// Cells beyond the limit.
    pub(super) left_out: usize,
    open: Vec<Open>,
    /// Array elements so far that are objects.
    elements: u32,
}

impl Tape {
    /// Forgets the record.
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.marks = Marks::NONE;
        self.left_out = 0;
        self.elements = 0;
    }

    /// Adds a value.
    #[inline(always)]
    pub(super) fn push(
        &mut self,
        path: PathId,
        element: u32,
        token: Token,
        start: usize,
        end: usize,
    ) {
        if self.cells.len() >= RECORD_CELLS_MAX {
            self.left_out += 1;
            return;
        }
        let place = |n| u32::try_from(n).unwrap_or(u32::MAX);
        self.cells.push(Cell { path, start: place(start), end: place(end), element, token });
    }
}

impl Token {
    /// Whether it is text, in whatever form.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Plain)
    }
}

/// An object or array that is not yet closed.
#[derive(Clone, Copy, Debug)]
struct Open {
    path: PathId,
    array: bool,
    /// The key before, [`ROOT`] for none.
    before: PathId,
    element: u32,
    empty: bool,
}

/// Reads the object that opens at `start` onto the tape; returns its end.
pub(super) fn scan(
    bytes: &[u8],
    start: usize,
    paths: &mut Paths,
    tape: &mut Tape,
) -> Result<usize, Fault> {
    tape.clear();
    scan_more(bytes, start, (ROOT, 0), paths, tape)
}

/// Reads the object or array that opens at `start` onto the tape, behind what
/// is on it, as if it were the value of this path within this array element;
/// returns its end.
pub(super) fn scan_more(
    bytes: &[u8],
    start: usize,
    (path, element): (PathId, u32),
    paths: &mut Paths,
    tape: &mut Tape,
) -> Result<usize, Fault> {
    tape.open.clear();
    let mut scan = Scan { bytes, at: start, paths, tape };
    scan.open(path, bytes.get(start) == Some(&b'['), element)?;
    loop {
        let Some(top) = scan.tape.open.last().copied() else { return Ok(scan.at) };
        scan.at = space(bytes, scan.at);
        let closing = if top.array { b']' } else { b'}' };
        match bytes.get(scan.at) {
            Some(&b) if b == closing => {
                scan.close(top);
                continue;
            }
            Some(b',') if !top.empty => scan.at = space(bytes, scan.at + 1),
            Some(_) if top.empty => {}
            _ => return Err(scan.expected("`,` or the closing bracket")),
        }
        if top.array {
            scan.value(top.path, top.element, true)?;
        } else {
            let path = scan.key(top)?;
            scan.value(path, top.element, false)?;
        }
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    paths: &'a mut Paths,
    tape: &'a mut Tape,
}

impl Scan<'_> {
    fn expected(&self, expected: &'static str) -> Fault {
        let what = match self.bytes.get(self.at) {
            None => "record ends too early",
            Some(_) => "malformed record",
        };
        Fault { at: self.at.min(self.bytes.len()), what, expected }
    }

    fn open(&mut self, path: PathId, array: bool, element: u32) -> Result<(), Fault> {
        if self.tape.open.len() >= NESTING_DEPTH_MAX {
            return Err(Fault {
                at: self.at,
                what: "record nested too deep",
                expected: "at most 64 levels of objects and arrays",
            });
        }
        self.at += 1;
        self.tape.open.push(Open { path, array, before: ROOT, element, empty: true });
        Ok(())
    }

    fn close(&mut self, top: Open) {
        self.at += 1;
        self.tape.open.pop();
        if top.empty {
            self.tape.push(top.path, top.element, Token::Null, self.at, self.at);
        }
    }

    /// Reads a key and its colon.
    #[inline]
    fn key(&mut self, top: Open) -> Result<PathId, Fault> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let start = self.at + 1;
        let tail = self.bytes.get(start..).unwrap_or_default();
        let (path, len) = match self.paths.guess(top.path, top.before, tail) {
            Some(found) => found,
            None => {
                let Some(end) = string_end(self.bytes, start) else {
                    return Err(self.expected("a key that ends"));
                };
                let key = self.bytes.get(start..=end).unwrap_or_default();
                (self.paths.find(top.path, top.before, key), key.len())
            }
        };
        if let Some(top) = self.tape.open.last_mut() {
            top.before = path;
            top.empty = false;
        }
        self.tape.marks = self.tape.marks.and(self.paths.marks(path));
        self.at = start + len;
        if self.bytes.get(self.at) != Some(&b':') {
            self.at = space(self.bytes, self.at);
            if self.bytes.get(self.at) != Some(&b':') {
                return Err(self.expected("`:` after the key"));
            }
        }
        self.at += 1;
        if self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at = space(self.bytes, self.at);
        }
        Ok(path)
    }

    /// Reads a value, or opens it.
    #[inline]
    fn value(&mut self, path: PathId, element: u32, in_array: bool) -> Result<(), Fault> {
        if in_array && let Some(top) = self.tape.open.last_mut() {
            top.empty = false;
        }
        let start = self.at;
        match self.bytes.get(start) {
            Some(b'"') => {
                let Some(end) = string_end(self.bytes, start + 1) else {
                    return Err(Fault {
                        at: start,
                        what: "string without an end",
                        expected: "a closing double quote",
                    });
                };
                self.tape.push(path, element, Token::Text, start + 1, end);
                self.at = end + 1;
            }
            Some(b'{') => {
                let own = if in_array {
                    self.tape.elements += 1;
                    self.tape.elements
                } else {
                    element
                };
                self.open(path, false, own)?;
            }
            Some(b'[') => self.open(path, true, element)?,
            Some(b't') => self.word(b"true", path, element, Token::Bool)?,
            Some(b'f') => self.word(b"false", path, element, Token::Bool)?,
            Some(b'n') => self.word(b"null", path, element, Token::Null)?,
            Some(b'-' | b'0'..=b'9') => {
                let Some(end) = number_end(self.bytes, start) else {
                    return Err(self.expected("a number in decimal notation"));
                };
                self.tape.push(path, element, Token::Number, start, end);
                self.at = end;
            }
            _ => return Err(self.expected("a value")),
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8], path: PathId, element: u32, token: Token) -> Result<(), Fault> {
        let end = self.at + word.len();
        if self.bytes.get(self.at..end) != Some(word) {
            return Err(self.expected("a value"));
        }
        self.tape.push(path, element, token, self.at, end);
        self.at = end;
        Ok(())
    }
}

/// The end of the number that starts here, if it is one.
#[inline]
fn number_end(bytes: &[u8], start: usize) -> Option<usize> {
    let digits = |mut at: usize| {
        while matches!(bytes.get(at), Some(b'0'..=b'9')) {
            at += 1;
        }
        at
    };
    let whole = start + usize::from(bytes.get(start) == Some(&b'-'));
    let mut at = digits(whole);
    let zeros = bytes.get(whole) == Some(&b'0') && at > whole + 1;
    if at == whole || zeros {
        return None;
    }
    if bytes.get(at) == Some(&b'.') {
        let end = digits(at + 1);
        if end == at + 1 {
            return None;
        }
        at = end;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        let exponent = at + 1 + usize::from(signed);
        let end = digits(exponent);
        if end == exponent {
            return None;
        }
        at = end;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hashbrown::HashMap;

    fn cells(text: &str) -> Result<Vec<(String, String)>, Fault> {
        let (mut paths, mut tape) = (Paths::new(HashMap::new()), Tape::default());
        let mut last = Vec::new();
        // Twice, so that the second time is guessed.
        for _ in 0..2 {
            let end = scan(text.as_bytes(), 0, &mut paths, &mut tape)?;
            assert_eq!(end, text.len());
            let found = tape.cells.iter().map(|c| {
                let text = text.get(c.start as usize..c.end as usize).unwrap();
                (paths.name(c.path).to_owned(), text.to_owned())
            });
            last = found.collect();
        }
        Ok(last)
    }

    #[test]
    fn values_have_dotted_paths() {
        let text =
            r#"{"a":{"b":[1,{"c":"x"},{"c":-2.5e+3}],"d":{}},"e.f":null,"a\u002eg":[true,[]]}"#;
        let expected = [
            ("a.b", "1"),
            ("a.b.c", "x"),
            ("a.b.c", "-2.5e+3"),
            ("a.d", ""),
            ("e.f", "null"),
            ("a.g", "true"),
            ("a.g", ""),
        ];
        let expected: Vec<_> = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        assert_eq!(cells(text).unwrap(), expected);
    }

    #[test]
    fn faults_name_their_place() {
        for (text, at) in [
            ("{\"a\" 1}", 5),
            ("{\"a\":}", 5),
            ("{\"a\":1,}", 7),
            ("{,}", 1),
            ("{\"a\":[1 2]}", 8),
            ("{\"a\":01}", 5),
            ("{\"a\":1.}", 5),
            ("{\"a\":tru}", 5),
            ("{\"a\":\"x}", 5),
            ("{\"a", 1),
            ("{\"a\":1", 6),
            ("{\"a\":[}", 6),
            ("{\"a\":NaN}", 5),
            ("{\"a\":1]", 6),
        ] {
            assert_eq!(cells(text).unwrap_err().at, at, "{text}");
        }
        let deep = "{\"a\":".repeat(10_000);
        assert_eq!(cells(&deep).unwrap_err().at, 5 * NESTING_DEPTH_MAX);
    }
}
