//! A row as a line of JSON: each cell under the key that its column has in
//! the JSON form of such records. What is known of those is then known of the
//! table too. Where that would be one flat object, the cells can be handed
//! over as they are: what is read is the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::cells::Cell;
use super::dates::{self, Dated, Order};
use super::json::{is_object, is_value};
use crate::formats::event_viewer::{self, Memory, Sources};
use crate::formats::json::{Cells, Form, write_string};
use crate::formats::text::is_number;
use crate::time::{self, Stamp};

/// What becomes of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum Cast {
    /// Its text, or the number that it is.
    Value,
    /// The JSON that it is; else its text.
    Json,
    /// The members of the JSON object that it is; else its text.
    Splice,
    /// The time that it is, in ISO 8601; else its text.
    Time { utc: bool },
    /// Its text, if it is no time in ISO 8601.
    Unreadable,
    /// The time that it and the cell of another column are.
    TimeWith { other: usize, utc: bool },
    /// The name of a Windows event's provider, spelled as in EVTX.
    Provider,
}

/// Where the cells of a column go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Column {
    pub(in crate::formats) index: usize,
    pub(in crate::formats) path: Vec<String>,
    pub(in crate::formats) cast: Cast,
    /// Also where they are empty.
    pub(in crate::formats) keep: bool,
}

/// A part of the record that rows are turned into.
#[derive(Debug)]
enum Node {
    /// Cells that have one key.
    Cells(Vec<(usize, Cast, bool)>),
    Object(Vec<(Vec<u8>, Node)>),
    Array(Vec<Node>),
    /// A value that is the same for all rows.
    Constant(Vec<u8>),
}

/// A tree on its way: by key, in the order in which keys came.
#[derive(Default)]
struct Branch {
    cells: Vec<(usize, Cast, bool)>,
    constant: Option<String>,
    order: Vec<String>,
    below: BTreeMap<String, Branch>,
}

impl Branch {
    fn at(&mut self, path: &[String]) -> &mut Self {
        let Some((key, rest)) = path.split_first() else { return self };
        if !self.below.contains_key(key) {
            self.order.push(key.clone());
        }
        self.below.entry(key.clone()).or_default().at(rest)
    }

    fn node(mut self) -> Node {
        if self.order.is_empty() {
            return match self.constant {
                Some(value) if self.cells.is_empty() => {
                    let mut out = Vec::new();
                    write_string(&value, &mut out);
                    Node::Constant(out)
                }
                _ => Node::Cells(self.cells),
            };
        }
        let array = self.order.iter().all(|key| key.bytes().all(|b| b.is_ascii_digit()));
        if array {
            let mut below: Vec<(usize, Self)> =
                self.below.into_iter().filter_map(|(k, b)| Some((k.parse().ok()?, b))).collect();
            below.sort_by_key(|&(n, _)| n);
            return Node::Array(below.into_iter().map(|(_, branch)| branch.node()).collect());
        }
        let members = self.order.iter().filter_map(|key| {
            let branch = self.below.remove(key)?;
            let mut name = Vec::new();
            write_string(key, &mut name);
            name.push(b':');
            Some((name, branch.node()))
        });
        Node::Object(members.collect())
    }
}

/// The columns by which a Windows event's message is understood.
#[derive(Clone, Copy, Debug, Default)]
struct Windows {
    event_id: Option<usize>,
    provider: Option<usize>,
    channel: Option<usize>,
    message: Option<usize>,
}

/// How rows become lines.
#[derive(Debug)]
pub(in crate::formats) struct Layout {
    root: Node,
    windows: Option<Windows>,
    order: Order,
}

impl Layout {
    /// Of these columns; constants stand where no column goes.
    pub(in crate::formats) fn new(
        columns: &[Column],
        constants: &[(&str, &str)],
        windows: bool,
        order: Order,
    ) -> Self {
        let mut root = Branch::default();
        for column in columns {
            root.at(&column.path).cells.push((column.index, column.cast, column.keep));
        }
        for (path, value) in constants {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            let branch = root.at(&path);
            branch.constant = Some((*value).to_owned());
            branch.cells.iter_mut().for_each(|cell| cell.2 = true);
        }
        let of = |key: &str| columns.iter().find(|c| c.path == [key]).map(|c| c.index);
        let windows = windows.then(|| Windows {
            event_id: of("EventID"),
            provider: of("Provider_Name"),
            channel: of("Channel"),
            message: of("Message"),
        });
        Self { root: root.node(), windows, order }
    }

    /// Whether rows are flat objects without JSON in their cells.
    pub(super) fn is_flat(&self) -> bool {
        let plain = |cast: &Cast| !matches!(cast, Cast::Json | Cast::Splice);
        let flat = |node: &Node| match node {
            Node::Cells(cells) => cells.iter().all(|(_, cast, _)| plain(cast)),
            Node::Constant(_) => true,
            Node::Object(_) | Node::Array(_) => false,
        };
        matches!(&self.root, Node::Object(members) if members.iter().all(|(_, node)| flat(node)))
    }
}

/// A row: its bytes and its cells.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Row<'a> {
    pub(in crate::formats) bytes: &'a [u8],
    pub(in crate::formats) cells: &'a [Cell],
}

impl Row<'_> {
    fn raw(&self, index: usize) -> (&[u8], bool) {
        let cell = self.cells.get(index);
        let raw = cell.and_then(|c| self.bytes.get(c.start..c.end)).unwrap_or_default();
        (raw, cell.is_some_and(|c| c.doubled))
    }

    /// What a cell says.
    pub(super) fn text(&self, index: usize) -> Cow<'_, str> {
        let (raw, doubled) = self.raw(index);
        let text = match std::str::from_utf8(raw) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(raw),
        };
        if doubled { text.replace("\"\"", "\"").into() } else { text }
    }
}

/// What was noticed while a row was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Noticed {
    /// A date only fits an order of day and month that is not the table's.
    pub(super) contrary: bool,
    /// How many labels of a Windows event's message no table knows.
    pub(super) labels_unknown: usize,
}

/// Writes rows.
#[derive(Default)]
pub(super) struct Writer {
    scratch: Vec<u8>,
    /// The JSON of a value.
    value: Vec<u8>,
    sources: Sources,
    memory: Memory,
    last_time: LastTime,
    noticed: Noticed,
}

/// A time as it was read last: rows often have that of the row before.
#[derive(Default)]
struct LastTime {
    text: String,
    utc: bool,
    day_first: bool,
    contrary: bool,
    json: Vec<u8>,
}

impl Writer {
    /// Appends a row as one line of JSON. `beyond` are the cells for which the
    /// header has no name.
    pub(super) fn write(
        &mut self,
        row: Row<'_>,
        beyond: std::ops::Range<usize>,
        layout: &Layout,
        out: &mut Vec<u8>,
    ) -> Noticed {
        self.noticed = Noticed::default();
        out.push(b'{');
        if let Node::Object(members) = &layout.root {
            self.members(members, row, layout.order, out);
        }
        for index in beyond {
            let (raw, doubled) = row.raw(index);
            if !raw.is_empty() {
                comma(out);
                write_string(&format!("column {}", index + 1), out);
                out.push(b':');
                value(raw, doubled, out);
            }
        }
        if let Some(windows) = layout.windows {
            let mut field = |name: &str, said: &str| {
                comma(out);
                quoted(name.as_bytes(), false, out);
                out.push(b':');
                value(said.as_bytes(), false, out);
            };
            self.noticed.labels_unknown =
                event(windows, &self.sources, &mut self.memory, row, &mut field);
        }
        out.extend_from_slice(b"}\n");
        self.noticed
    }

    /// Fills in the cells of a row whose layout is flat, as the line that
    /// [`Self::write`] makes would have them. They are places in `text`, which
    /// begins with the row itself.
    pub(super) fn fill(
        &mut self,
        row: Row<'_>,
        beyond: std::ops::Range<usize>,
        layout: &Layout,
        text: &mut Vec<u8>,
        to: &mut Cells<'_>,
    ) -> Noticed {
        self.noticed = Noticed::default();
        text.clear();
        text.extend_from_slice(row.bytes);
        if let Node::Object(members) = &layout.root {
            for (key, node) in members {
                let key = key.get(1..key.len() - 1).unwrap_or_default();
                match node {
                    Node::Constant(value) => scalar(key, value, text, to),
                    Node::Cells(cells) => {
                        for &(index, cast, keep) in cells {
                            self.fill_cell(row, (index, cast, keep), layout.order, key, text, to);
                        }
                    }
                    Node::Object(_) | Node::Array(_) => {}
                }
            }
        }
        let mut key = Vec::new();
        for index in beyond {
            key.clear();
            write_string(&format!("column {}", index + 1), &mut key);
            let cast = (index, Cast::Value, false);
            self.fill_cell(row, cast, layout.order, key.get(1..).unwrap_or_default(), text, to);
        }
        if let Some(windows) = layout.windows {
            let key = &mut self.scratch;
            let mut field = |name: &str, said: &str| {
                key.clear();
                quoted(name.as_bytes(), false, key);
                let (start, said) = (text.len(), said.as_bytes());
                text.extend_from_slice(said);
                to.push(key.get(1..).unwrap_or_default(), form(said), (start, text.len()));
            };
            self.noticed.labels_unknown =
                event(windows, &self.sources, &mut self.memory, row, &mut field);
        }
        self.noticed
    }

    fn fill_cell(
        &mut self,
        row: Row<'_>,
        (index, cast, keep): (usize, Cast, bool),
        order: Order,
        key: &[u8],
        text: &mut Vec<u8>,
        to: &mut Cells<'_>,
    ) {
        let Some(cell) = row.cells.get(index).filter(|cell| cell.start < cell.end) else {
            if keep {
                to.push(key, Form::Plain, (0, 0));
            }
            return;
        };
        if cast != Cast::Value {
            let mut json = std::mem::take(&mut self.value);
            json.clear();
            if self.cell(row, index, cast, keep, order, &mut json) == Written::Something {
                scalar(key, &json, text, to);
            }
            self.value = json;
            return;
        }
        let raw = row.bytes.get(cell.start..cell.end).unwrap_or_default();
        if cell.doubled {
            let start = text.len();
            single(raw, text);
            to.push(key, form(raw), (start, text.len()));
        } else {
            to.push(key, form(raw), (cell.start, cell.end));
        }
    }

    fn members(
        &mut self,
        members: &[(Vec<u8>, Node)],
        row: Row<'_>,
        order: Order,
        out: &mut Vec<u8>,
    ) {
        for (key, node) in members {
            let before = out.len();
            comma(out);
            out.extend_from_slice(key);
            let spliced = key.len() + usize::from(before + key.len() < out.len());
            match self.node(node, row, order, out) {
                Written::Something => {}
                Written::Nothing => out.truncate(before),
                Written::Members => {
                    // The key goes, its comma stays where members came.
                    let from = before + spliced - key.len();
                    out.drain(from..from + key.len());
                }
            }
        }
    }

    fn node(&mut self, node: &Node, row: Row<'_>, order: Order, out: &mut Vec<u8>) -> Written {
        let before = out.len();
        match node {
            Node::Constant(value) => {
                out.extend_from_slice(value);
                return Written::Something;
            }
            Node::Cells(cells) => {
                if let [(index, cast, keep)] = cells.as_slice() {
                    return self.cell(row, *index, *cast, *keep, order, out);
                }
                out.push(b'[');
                for (index, cast, keep) in cells {
                    let here = out.len();
                    comma(out);
                    if self.cell(row, *index, *cast, *keep, order, out) != Written::Something {
                        out.truncate(here);
                    }
                }
                out.push(b']');
            }
            Node::Array(nodes) => {
                out.push(b'[');
                for node in nodes {
                    let here = out.len();
                    comma(out);
                    if self.node(node, row, order, out) != Written::Something {
                        out.truncate(here);
                    }
                }
                out.push(b']');
            }
            Node::Object(members) => {
                out.push(b'{');
                self.members(members, row, order, out);
                out.push(b'}');
            }
        }
        if out.len() == before + 2 { Written::Nothing } else { Written::Something }
    }

    fn cell(
        &mut self,
        row: Row<'_>,
        index: usize,
        cast: Cast,
        keep: bool,
        order: Order,
        out: &mut Vec<u8>,
    ) -> Written {
        let (raw, doubled) = row.raw(index);
        if raw.is_empty() {
            if keep {
                out.extend_from_slice(b"\"\"");
            }
            return if keep { Written::Something } else { Written::Nothing };
        }
        match cast {
            Cast::Value => value(raw, doubled, out),
            Cast::Json | Cast::Splice => return self.json(raw, doubled, cast, out),
            Cast::Time { utc } => self.time(&row.text(index), utc, order, out),
            Cast::TimeWith { other, utc } => {
                let both = format!("{} {}", row.text(index).trim(), row.text(other).trim());
                if readable(&both, order).is_none() {
                    return Written::Nothing;
                }
                self.time(&both, utc, order, out);
            }
            Cast::Unreadable => {
                if time::parse(&row.text(index)).is_some() {
                    return Written::Nothing;
                }
                value(raw, doubled, out);
            }
            Cast::Provider => {
                let name = row.text(index);
                quoted(self.sources.provider(&name).as_bytes(), false, out);
            }
        }
        Written::Something
    }

    fn json(&mut self, raw: &[u8], doubled: bool, cast: Cast, out: &mut Vec<u8>) -> Written {
        self.scratch.clear();
        on_one_line(raw, doubled, &mut self.scratch);
        let text = self.scratch.trim_ascii();
        if cast == Cast::Splice && is_object(text) {
            let inside = text.get(1..text.len() - 1).unwrap_or_default().trim_ascii();
            out.extend_from_slice(inside);
            return if inside.is_empty() { Written::Nothing } else { Written::Members };
        }
        if cast == Cast::Json && is_value(text) {
            out.extend_from_slice(text);
        } else {
            value(raw, doubled, out);
        }
        Written::Something
    }

    fn time(&mut self, text: &str, utc: bool, order: Order, out: &mut Vec<u8>) {
        let (text, day_first) = (text.trim(), order == Order::DayFirst);
        let last = &mut self.last_time;
        if last.json.is_empty()
            || last.text != text
            || last.utc != utc
            || last.day_first != day_first
        {
            (last.utc, last.day_first) = (utc, day_first);
            text.clone_into(&mut last.text);
            last.json.clear();
            last.contrary = written_time(text, utc, order, &mut last.json);
        }
        self.noticed.contrary |= last.contrary;
        out.extend_from_slice(&last.json);
    }
}

/// Appends a time in ISO 8601, or its text. Says whether day and month only
/// fit the other order.
fn written_time(text: &str, utc: bool, order: Order, out: &mut Vec<u8>) -> bool {
    match time::parse(text) {
        Some(Stamp::Zoneless(_)) if utc => write_string(&format!("{text}Z"), out),
        Some(_) => value(text.as_bytes(), false, out),
        None => match dates::read(text, order) {
            Some(dated) => {
                write_string(&dated.iso(utc), out);
                return dated.contrary;
            }
            None => write_string(text, out),
        },
    }
    false
}

/// The time that a text is.
fn readable(text: &str, order: Order) -> Option<()> {
    time::parse(text).map(|_| ()).or_else(|| dates::read(text, order).map(|_: Dated| ()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Nothing,
    Something,
    /// Members of the object around it.
    Members,
}

/// Parts a value or member from one before it.
fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'{' | b'[')) {
        out.push(b',');
    }
}

/// What the message of a Windows event tells, and what its provider does. Says
/// how many labels of the message are not known.
fn event(
    windows: Windows,
    sources: &Sources,
    memory: &mut Memory,
    row: Row<'_>,
    field: &mut dyn FnMut(&str, &str),
) -> usize {
    let text = |index: Option<usize>| index.map(|index| row.text(index)).unwrap_or_default();
    let source = text(windows.provider);
    let id = text(windows.event_id).trim().parse().unwrap_or(0);
    let (provider, channel) = (sources.provider(&source), sources.channel(&source, id));
    if text(windows.channel).is_empty() && !channel.is_empty() {
        field("Channel", channel);
    }
    let message = text(windows.message);
    if message.is_empty() {
        return 0;
    }
    event_viewer::message_fields(provider, id, &message, memory, field)
}

/// What a value is: a number if it looks like one, else text.
fn form(raw: &[u8]) -> Form {
    let (first, last) = (raw.first(), raw.last());
    let number = first.is_some_and(|b| matches!(b, b'-' | b'0'..=b'9'))
        && last.is_some_and(u8::is_ascii_digit)
        && is_number(raw);
    if number { Form::Number } else { Form::Plain }
}

/// Adds a string or number that is written as JSON to the cells of a row.
fn scalar(key: &[u8], json: &[u8], text: &mut Vec<u8>, to: &mut Cells<'_>) {
    let inner = json.strip_prefix(b"\"").and_then(|json| json.strip_suffix(b"\""));
    let start = text.len();
    text.extend_from_slice(inner.unwrap_or(json));
    let form = if inner.is_some() { Form::Escaped } else { Form::Number };
    to.push(key, form, (start, text.len()));
}

/// A value as JSON.
fn value(raw: &[u8], doubled: bool, out: &mut Vec<u8>) {
    match form(raw) {
        Form::Number => out.extend_from_slice(raw),
        _ => quoted(raw, doubled, out),
    }
}

/// How many bytes stand in a JSON string as they are, before the first that
/// does not.
#[inline]
fn plain(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = ONES << 7;
    let is = |word: u64, byte: u64| {
        let differs = word ^ (ONES * byte);
        differs.wrapping_sub(ONES) & !differs
    };
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (control | is(word, 0x22) | is(word, 0x5C)) & TOPS;
        if found != 0 {
            return Some(n * 8 + (found.trailing_zeros() / 8) as usize);
        }
    }
    let at = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20))?;
    Some(words.len() * 8 + at)
}

/// A JSON string.
fn quoted(raw: &[u8], doubled: bool, out: &mut Vec<u8>) {
    out.reserve(raw.len() + raw.len() / 8 + 2);
    out.push(b'"');
    let mut rest = raw;
    while let Some(at) = plain(rest) {
        let (before, mut tail) = rest.split_at(at);
        out.extend_from_slice(before);
        // Line ends and tabs come in groups.
        while let Some((&b, behind)) = tail.split_first() {
            tail = behind;
            let short = match b {
                b'"' => {
                    if doubled {
                        tail = tail.strip_prefix(b"\"").unwrap_or(tail);
                    }
                    b'"'
                }
                b'\\' => b'\\',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                0..0x20 => {
                    out.extend_from_slice(format!("\\u{b:04x}").as_bytes());
                    continue;
                }
                b => {
                    out.push(b);
                    break;
                }
            };
            out.extend_from_slice(&[b'\\', short]);
        }
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Appends what a cell with JSON in it says; line breaks, which can only stand
/// between its tokens, become spaces.
pub(super) fn on_one_line(raw: &[u8], doubled: bool, out: &mut Vec<u8>) {
    let start = out.len();
    if doubled {
        single(raw, out);
    } else {
        out.extend_from_slice(raw);
    }
    for b in out.iter_mut().skip(start).filter(|b| matches!(b, b'\n' | b'\r')) {
        *b = b' ';
    }
}

/// Appends a cell's text, with one quote where two stand for it.
fn single(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        let (plain, tail) = rest.split_at(quote + 1);
        out.extend_from_slice(plain);
        rest = tail.strip_prefix(b"\"").unwrap_or(tail);
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::super::cells::split;
    use super::*;

    fn column(index: usize, path: &[&str], cast: Cast) -> Column {
        let path = path.iter().map(|s| (*s).to_owned()).collect();
        Column { index, path, cast, keep: false }
    }

    fn line(columns: &[Column], constants: &[(&str, &str)], row: &str) -> (String, bool) {
        let layout = Layout::new(columns, constants, false, Order::MonthFirst);
        let (mut cells, mut out) = (Vec::new(), Vec::new());
        split(row.as_bytes(), b',', 100, &mut cells);
        let whole = Row { bytes: row.as_bytes(), cells: &cells };
        let beyond = columns.len()..cells.len();
        let noticed = Writer::default().write(whole, beyond, &layout, &mut out);
        (String::from_utf8(out).unwrap().trim_end().to_owned(), noticed.contrary)
    }

    #[test]
    fn rows_are_objects() {
        let columns = [
            column(0, &["a"], Cast::Value),
            column(1, &["b", "c"], Cast::Value),
            column(2, &["d", "1", "e"], Cast::Value),
            column(3, &["d", "0", "e"], Cast::Value),
            column(4, &["a"], Cast::Value),
        ];
        for (row, expected) in [
            ("1,x,y,z,02", r#"{"a":[1,"02"],"b":{"c":"x"},"d":[{"e":"z"},{"e":"y"}]}"#),
            (",,,,", "{}"),
            (",,,z", r#"{"d":[{"e":"z"}]}"#),
            (
                "\"q\"\"\\\n\t\u{1}\",,,,,more",
                "{\"a\":[\"q\\\"\\\\\\n\\t\\u0001\"],\"column 6\":\"more\"}",
            ),
        ] {
            assert_eq!(line(&columns, &[], row).0, expected, "{row}");
        }
        let constants = [("a", ""), ("x.y", "v")];
        let (kept, _) = line(&columns[..1], &constants, "");
        assert_eq!(kept, r#"{"a":"","x":{"y":"v"}}"#);
    }

    #[test]
    fn special_bytes_are_found_anywhere() {
        for special in ["\"", "\\", "\n", "\u{1}", "\u{1f}"] {
            for at in 0..20 {
                let text = format!("{}{special}{}\"", "é~ a".repeat(at), "\n".repeat(at));
                assert_eq!(plain(text.as_bytes()), Some(5 * at), "{text:?}");
            }
        }
        assert_eq!(plain("~ é\u{7f}\u{80}\u{ff}0123456789".as_bytes()), None);
    }

    #[test]
    fn cells_of_json_and_times() {
        for (cast, row, expected) in [
            (Cast::Json, r#""{""b"": [1, ""x""]}""#, r#"{"k":{"b": [1, "x"]}}"#),
            (Cast::Json, r#""{""b"": [1""#, r#"{"k":"{\"b\": [1"}"#),
            (Cast::Splice, r#""{""b"": 1,""c"":{}}""#, r#"{"b": 1,"c":{}}"#),
            (Cast::Splice, r#""{ }""#, "{}"),
            (Cast::Splice, "text", r#"{"k":"text"}"#),
            (
                Cast::Time { utc: true },
                "2026-03-02 08:00:01.5",
                r#"{"k":"2026-03-02 08:00:01.5Z"}"#,
            ),
            (Cast::Time { utc: false }, "3/2/2026 8:00:01 AM", r#"{"k":"2026-03-02T08:00:01"}"#),
            (Cast::Time { utc: true }, "soon", r#"{"k":"soon"}"#),
            (Cast::Unreadable, "2026-03-02 08:00:01", "{}"),
            (Cast::Unreadable, "3/2/2026 8:00:01 AM", r#"{"k":"3/2/2026 8:00:01 AM"}"#),
        ] {
            let said = line(&[column(0, &["k"], cast)], &[], row).0;
            assert_eq!(said, expected, "{row}");
            assert!(serde_json::from_str::<serde_json::Value>(&said).is_ok());
        }
        let two = [column(0, &["a"], Cast::Value), column(1, &["k"], Cast::Splice)];
        assert_eq!(line(&two, &[], r#"1,"{""b"": 1}""#).0, r#"{"a":1,"b": 1}"#);
        let pair = [column(0, &["t"], Cast::TimeWith { other: 1, utc: false })];
        assert_eq!(
            line(&pair, &[], "2026-03-02,08:00:01").0,
            r#"{"t":"2026-03-02 08:00:01","column 2":"08:00:01"}"#
        );
        let contrary = line(&[column(0, &["k"], Cast::Time { utc: false })], &[], "13/2/2026 8:00");
        assert_eq!(contrary, (r#"{"k":"2026-02-13T08:00:00"}"#.to_owned(), true));
    }
}
