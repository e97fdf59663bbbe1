//! The files of a release beside its events, as they are about to leave.

use anyhow::Result;
use sekisho_case::log::Log;
use sekisho_case::record::Record;
use sekisho_case::release::Content;

/// A record that is about to leave: the file `entries/N`.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    /// Its number in the log.
    pub(super) entry: u64,
    /// Name of its type.
    pub(super) kind: String,
    /// All of it.
    pub(super) text: String,
}

impl Leaving {
    fn new(entry: u64, bytes: Vec<u8>) -> Result<Self> {
        let kind = Record::parse(&bytes)?.type_name().to_owned();
        Ok(Self { entry, kind, text: String::from_utf8(bytes)? })
    }

    /// Its name, what it is, and its text.
    pub(super) fn lines(&self) -> Vec<String> {
        let what = match self.kind.as_str() {
            "case" => {
                "the case as it was begun: its name, its first parties with their keys, its \
                       policy"
            }
            "parties" => "who takes part in the case by now, with their keys, and its policy",
            "source" => "a file that was read",
            "cell" => {
                "a host, channel and day: how many events, the first and the last of them, \
                       and how many record ids are missing"
            }
            "empty" => "days of a channel without any event",
            "gap" => "record ids that are missing in a channel",
            "segment" => "a file of the store",
            "examination" => "what was examined, with what, and how much was found",
            "verdict" => "a verdict, with its reasons and the records that it rests on",
            "exposure" => "what was asked for verdicts, and how much there was to look at",
            "release" => {
                "what the log will say of this release; its nonce is drawn anew by each \
                          run"
            }
            _ => "another record",
        };
        vec![format!("entries/{}  {}: {what}", self.entry, self.kind), format!("  {}", self.text)]
    }
}

/// All that leaves beside the events.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// `release.json`, without its events.
    content: String,
    origin: String,
    pub(super) records: Vec<Leaving>,
}

impl Files {
    /// What a release will hold when its own record, too, is in the log.
    ///
    /// # Errors
    ///
    /// Where the log cannot be read.
    pub(super) fn read(log: &Log, content: &Content, record: &[u8]) -> Result<Self> {
        let mut records = Vec::new();
        for &entry in &content.entries {
            records.push(Leaving::new(entry, log.entry(entry)?)?);
        }
        records.push(Leaving::new(log.size(), record.to_vec())?);
        let without = Content { events: Vec::new(), ..content.clone() };
        let json = String::from_utf8(without.to_bytes()?)?;
        Ok(Self { content: json, origin: log.origin().to_owned(), records })
    }

    /// `release.json`, in which the events are.
    pub(super) fn content(&self, events: usize) -> Vec<String> {
        let what = match events {
            0 => "all of it".to_owned(),
            1 => "its event is shown below".to_owned(),
            count => format!("its {count} events are shown below"),
        };
        vec![format!("release.json  {what}"), format!("  {}", self.content)]
    }

    /// The files that are made from hashes.
    pub(super) fn hashes(&self, of_fields: usize, of_cells: usize) -> Vec<String> {
        let size = self.records.last().map_or(0, |record| record.entry + 1);
        vec![
            "checkpoint  the state of the log: its name, its size, its hash; the signature of the \
             owner"
                .to_owned(),
            format!("  {}", self.origin),
            format!("  {size}"),
            format!(
                "entries/*.proof  {} files: each its record's number, hashes on the way to the \
                 checkpoint, and that again",
                self.records.len()
            ),
            format!(
                "hashes within the events: {of_fields} of fields, {of_cells} on the way to the \
                 roots of their cells"
            ),
        ]
    }
}
