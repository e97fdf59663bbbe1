//! Records that another format hands over one by one, as the rows of a table:
//! as lines of JSON, or as cells where a row is one flat object, which saves
//! writing the JSON and reading it again. Either way they are read as the same
//! kinds of records as those that came as JSON.

use super::paths::{PathId, Paths, ROOT};
use super::read::{Found, JsonReader};
use super::scan::{Tape, Token};
use super::text::compact;
use crate::batch::EventBatch;
use crate::problem::Problem;
use crate::reader::{Block, Untimed};
use crate::vocabulary::Vocabulary;

/// Reads records that are rows.
#[derive(Default)]
pub(in crate::formats) struct RowReader(JsonReader);

impl RowReader {
    /// Before the rows of a block.
    pub(in crate::formats) fn begin<'a>(
        &mut self,
        block: &'a Block,
        vocabulary: &mut Vocabulary,
    ) -> Found<'a> {
        self.0.begin(block, vocabulary)
    }

    /// After them: their events.
    pub(in crate::formats) fn end(&mut self) -> Vec<EventBatch> {
        self.0.end()
    }

    /// Reads a row as a line of JSON. Mostly that is one record.
    pub(in crate::formats) fn line(
        &mut self,
        row: usize,
        line: &[u8],
        found: &mut Found<'_>,
        vocabulary: &mut Vocabulary,
    ) {
        found.row = Some(row);
        self.0.segment(found, line, 0, true, vocabulary);
    }

    /// A row without cells, to be filled.
    pub(in crate::formats) fn blank(&mut self) -> Cells<'_> {
        let (tape, paths) = self.0.blank();
        Cells { tape, paths, before: ROOT }
    }

    /// Reads the row that was filled, whose cells are places in `text`. Says
    /// `false` where it must be read as a line instead.
    pub(in crate::formats) fn filled(
        &mut self,
        row: usize,
        text: &[u8],
        found: &mut Found<'_>,
        vocabulary: &mut Vocabulary,
    ) -> bool {
        found.row = Some(row);
        self.0.filled(found, text, vocabulary)
    }
}

/// What a cell's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum Form {
    /// Text as it is, valid UTF-8 or not.
    Plain,
    /// The content of a JSON string.
    Escaped,
    /// A number as JSON has it.
    Number,
}

/// The cells of a row.
pub(in crate::formats) struct Cells<'a> {
    tape: &'a mut Tape,
    paths: &'a mut Paths,
    /// The key before.
    before: PathId,
}

impl Cells<'_> {
    /// Adds a cell. The key is as JSON has it, with its closing quote.
    #[inline]
    pub(in crate::formats) fn push(
        &mut self,
        key: &[u8],
        form: Form,
        (start, end): (usize, usize),
    ) {
        let path = match self.paths.guess(ROOT, self.before, key) {
            Some((path, len)) if len == key.len() => path,
            _ => self.paths.find(ROOT, self.before, key),
        };
        self.before = path;
        self.tape.marks = self.tape.marks.and(self.paths.marks(path));
        let token = match form {
            Form::Plain => Token::Plain,
            Form::Escaped => Token::Text,
            Form::Number => Token::Number,
        };
        self.tape.push(path, 0, token, start, end);
    }
}

impl Found<'_> {
    /// How many records there are so far.
    pub(in crate::formats) fn count(&self) -> usize {
        self.spans.len()
    }

    /// What is wrong with the rows of these numbers, and how much more is.
    pub(in crate::formats) fn problems(&self) -> (&[(usize, Problem)], u64) {
        (&self.problems, self.more_problems)
    }

    /// What the times of the records did not say.
    pub(in crate::formats) fn untimed(&self) -> Untimed {
        self.untimed
    }

    /// Appends a record, given the line of its row, as one clean line of JSON.
    pub(in crate::formats) fn write_json(&self, record: usize, line: &[u8], out: &mut Vec<u8>) {
        let span = self.spans.get(record);
        match span.and_then(|&(start, end)| line.get(start..end.min(line.len()))) {
            Some(bytes) => compact(bytes, out),
            None => out.extend_from_slice(b"null"),
        }
    }
}
