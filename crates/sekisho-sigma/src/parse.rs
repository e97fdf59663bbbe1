//! A rule file to checked documents. What cannot be used is named with file,
//! line and reason; what can be used but deserves a word gets a note.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::document::document;
use crate::merge::Collection;
use crate::rule::Document;
use crate::yaml::{Fault, chunks};

/// What the user gives beside the rules.
#[derive(Clone, Debug, Default)]
pub struct ParseOptions {
    /// Values of placeholders (`%name%` with the modifier `expand`), by name
    /// without the percent signs. Wildcards in them count.
    pub placeholders: HashMap<String, Vec<String>>,
}

/// A document that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejected {
    /// The file, as given to [`parse`].
    pub file: Arc<str>,
    /// Line in the file, from 1.
    pub line: u32,
    /// What is wrong and what was expected, one line.
    pub reason: String,
}

/// Something about a document that was loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file, as given to [`parse`].
    pub file: Arc<str>,
    /// Line in the file, from 1.
    pub line: u32,
    /// What to know, one line.
    pub text: String,
}

/// The documents of a file.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Those that can be used, in their order.
    pub documents: Vec<Document>,
    /// Those that cannot.
    pub rejected: Vec<Rejected>,
    /// On those that can.
    pub notes: Vec<Note>,
}

/// What the reading of one document needs and leaves behind.
pub(crate) struct Context<'o> {
    pub(crate) options: &'o ParseOptions,
    /// Tests that the document's values became so far.
    pub(crate) tests: usize,
    /// Text of these tests, in bytes.
    pub(crate) test_bytes: usize,
    notes: Vec<(u32, String)>,
}

impl Context<'_> {
    pub(crate) fn note(&mut self, line: u32, text: String) {
        self.notes.push((line, text));
    }
}

/// Reads all documents of a rule file. Never panics; one that is broken costs
/// no other one, as long as a `---` line stands between them.
#[must_use]
pub fn parse(file: &Arc<str>, text: &[u8], options: &ParseOptions) -> Parsed {
    let mut out = Parsed::default();
    let mut collection = memchr::memmem::find(text, b"action:").map(|_| Collection::default());
    for chunk in chunks(text) {
        let (nodes, fault) = chunk.documents();
        for node in nodes {
            let taken = match &mut collection {
                Some(collection) => collection.take(node),
                None => Ok(Some(node)),
            };
            let mut context = Context { options, tests: 0, test_bytes: 0, notes: Vec::new() };
            let found = match taken {
                Ok(None) => continue,
                Ok(Some(node)) => document(&node, file, &mut context),
                Err(fault) => Err(fault),
            };
            match found {
                Ok(document) => {
                    out.documents.push(document);
                    let note = |(line, text)| Note { file: Arc::clone(file), line, text };
                    out.notes.extend(context.notes.into_iter().map(note));
                }
                Err(fault) => out.rejected.push(rejected(file, fault)),
            }
        }
        out.rejected.extend(fault.map(|fault| rejected(file, fault)));
    }
    out
}

/// Longest reason, in bytes: it may quote the rule.
const REASON_BYTES_MAX: usize = 500;

fn rejected(file: &Arc<str>, fault: Fault) -> Rejected {
    let mut reason = fault.reason.replace(['\n', '\r', '\0'], " ");
    if reason.len() > REASON_BYTES_MAX {
        reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
        reason.push('…');
    }
    Rejected { file: Arc::clone(file), line: fault.line, reason }
}
