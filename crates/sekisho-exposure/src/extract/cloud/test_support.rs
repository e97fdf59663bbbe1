//! For tests: JSON through the reader into an extraction, and activities in
//! words.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_event::formats::json::Json;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Format, Projection, SourceHints, Vocabulary};

use crate::activity::{Activity, Object, What};
use crate::extract::{Extraction, Leaf};
use crate::names::Name;

/// Reads text as a case would be read: only the fields that are asked for.
pub(crate) fn read(text: &str) -> Extraction {
    read_as(&Json, text)
}

/// The same in another format.
pub(crate) fn read_as(format: &dyn Format, text: &str) -> Extraction {
    let mut cutter = format.cutter(Arc::new(SourceHints::default()), BLOCK_BYTES);
    let mut vocabulary = Vocabulary::new(Projection::Only(Extraction::fields()));
    let mut reader = format.reader();
    let mut extraction = Extraction::default();
    let mut input = text.as_bytes();
    while let Some(block) = cutter.next(&mut input).unwrap() {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            for batch in parsed.batches {
                let leaf = |row: usize| Some(Leaf { cell: 0, index: row as u64 });
                extraction.batch(batch, vocabulary, &leaf);
            }
        });
    }
    extraction
}

/// The activities of one record, in words.
pub(crate) fn words(record: &serde_json::Value) -> Vec<String> {
    let extraction = read(&record.to_string());
    extraction.activities.iter().map(|activity| word(&extraction, activity)).collect()
}

/// An activity in words, without its actor.
pub(crate) fn word(of: &Extraction, activity: &Activity) -> String {
    let n = |name: Option<Name>| name.map_or("-", |name| of.names.shown(name));
    match &activity.what {
        What::Session(s) => {
            format!("session {:?} {} key={} guid={}", s.step, n(s.account), n(s.key), n(s.guid))
        }
        What::Exec(e) => format!("exec {:?} {}", e.step, n(e.label)),
        What::Touch(t) => {
            let mut text = format!("touch {:?} {}", t.kind, thing(of, &t.object));
            text += &t.to.map_or(String::new(), |to| format!(" to={}", of.names.shown(to)));
            text += &t.bytes.map_or(String::new(), |bytes| format!(" bytes={bytes}"));
            text += if t.whole { " whole" } else { "" };
            text + if t.throttled { " throttled" } else { "" }
        }
        What::Transfer(_) => "transfer".to_owned(),
        What::Ticket(t) => format!(
            "ticket {:?} {:?} {} for={} issued={} method={}{}",
            t.step,
            t.kind,
            n(t.account),
            n(t.service),
            n(t.issued),
            n(t.method),
            if t.everyone { " everyone" } else { "" }
        ),
        What::Loss(l) => format!("loss {:?} {} {}", l.kind, n(l.channel), n(l.what)),
    }
}

fn thing(of: &Extraction, object: &Object) -> String {
    let s = |name: Name| of.names.shown(name);
    let o = |name: Option<Name>| name.map_or("", |name| of.names.shown(name));
    match *object {
        Object::Mail { mailbox, folder, message } => {
            format!("mail {}|{}|{}", s(mailbox), o(folder), o(message))
        }
        Object::Bucket { bucket, key } => format!("s3://{}/{}", s(bucket), o(key)),
        Object::Site { url } => format!("site {}", s(url)),
        Object::Secret { id } => format!("secret {}", s(id)),
        Object::Snapshot { id } => format!("snapshot {}", s(id)),
        Object::Directory { realm } => format!("directory {}", s(realm)),
        Object::Other { service, id } => format!("{} {}", s(service), s(id)),
        Object::File { path, .. } => format!("file {}", s(path)),
        Object::Shared { share, path, .. } => format!("share {}|{}", s(share), s(path)),
        Object::Credential { account } => format!("credential {}", s(account)),
        Object::Registry { key, .. } => format!("registry {}", s(key)),
    }
}

/// A folder of test data, if it is there.
pub(crate) fn data(below: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SEKISHO_TEST_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let folder = root.join(below);
    if folder.exists() {
        return Some(folder);
    }
    eprintln!("skipped: no test data");
    None
}
