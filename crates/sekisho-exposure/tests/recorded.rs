//! What is read out of recorded intrusions: the facts that their published
//! timelines state are activities. Names, addresses and ids are taken from the
//! files with the truth, never written here.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests may fail as tests do"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Projection, SourceHints, Vocabulary, formats};
use sekisho_exposure::activity::{
    Activity, ExecStep, LogonKind, Object, SessionStep, TicketKind, TicketStep, TouchKind, What,
};
use sekisho_exposure::extract::{Extraction, Leaf};
use sekisho_exposure::names::Name;

/// The folder of a case; says so where there is no test data.
fn case(name: &str) -> Option<PathBuf> {
    let given = std::env::var_os("SEKISHO_TEST_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = given.unwrap_or(beside).join("cases").join(name);
    if !folder.is_dir() {
        println!("skipped: no test data ({})", folder.display());
        return None;
    }
    Some(folder)
}

fn truth(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("truth.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["truth"].take()
}

/// Everything that is read out of the logs of a case; only the fields that
/// extractors ask for are decoded.
fn extracted(folder: &Path) -> Extraction {
    let mut extraction = Extraction::default();
    let mut files: Vec<PathBuf> =
        folder.join("logs").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cell = 0;
    for file in files.iter().filter(|path| path.is_file()) {
        let bytes = std::fs::read(file).unwrap();
        let start = bytes.get(..bytes.len().min(65_536)).unwrap();
        let format = formats::recognise(start, false).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let hints = SourceHints { name, ..SourceHints::default() };
        let mut cutter = format.cutter(Arc::new(hints), BLOCK_BYTES);
        let mut reader = format.reader();
        let mut vocabulary = Vocabulary::new(Projection::Only(Extraction::fields()));
        let mut input = bytes.as_slice();
        while let Some(block) = cutter.next(&mut input).unwrap() {
            reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
                for batch in parsed.batches {
                    cell += 1;
                    let leaf = |row: usize| Some(Leaf { cell, index: row as u64 });
                    extraction.batch(batch, vocabulary, &leaf);
                }
            });
        }
    }
    extraction
}

struct Found<'e>(&'e Extraction);

impl Found<'_> {
    fn is(&self, name: Option<Name>, expected: &str) -> bool {
        name.is_some_and(|name| self.0.names.folded(name) == expected.to_lowercase())
    }

    fn any(&self, fits: impl Fn(&Activity) -> bool) -> bool {
        self.0.activities.iter().any(fits)
    }
}

/// The name and the address in `NAME (address)` or `NAME address`.
fn name_and_address(text: &str) -> (String, String) {
    let (name, address) = text.split_once(' ').unwrap();
    (name.to_owned(), address.trim_matches(['(', ')']).to_owned())
}

#[test]
fn a_file_that_is_copied_to_another_host() {
    let Some(folder) = case("smb-copy-3host") else { return };
    let truth = truth(&folder);
    let text = |key: &str| truth[key].as_str().unwrap().to_owned();
    let (from, address) = name_and_address(&text("from"));
    let (to, actor) = (text("to"), text("actor"));
    let session = format!("{to}|{}", text("logon_id_on_target"));
    let (share, path) = {
        let object = text("object");
        let (share, path) = object.rsplit_once(' ').unwrap();
        (share.rsplit('\\').next().unwrap().to_owned(), path.to_owned())
    };
    let extraction = extracted(&folder);
    let found = Found(&extraction);
    let by_actor = |name: Option<Name>| {
        name.is_some_and(|n| {
            extraction.names.folded(n).ends_with(&format!("\\{}", actor.to_lowercase()))
        })
    };

    // The session on the target, from the source, and its rights.
    assert!(found.any(|a| {
        let What::Session(s) = &a.what else { return false };
        s.step == SessionStep::Opened
            && s.kind == LogonKind::Network
            && found.is(a.place, &to)
            && found.is(s.key, &session)
            && found.is(s.from.address, &address)
            && by_actor(s.account)
    }));
    assert!(found.any(|a| {
        matches!(&a.what, What::Session(s) if s.step == SessionStep::Elevated && found.is(s.key, &session))
    }));
    // The ticket for the target, at the domain controller.
    assert!(found.any(|a| {
        let What::Ticket(t) = &a.what else { return false };
        t.step == TicketStep::Issued
            && t.kind == TicketKind::KerberosService
            && found.is(t.service, &format!("{to}$"))
            && found.is(t.from.address, &address)
            && by_actor(t.account)
    }));
    // The file was written, and not read.
    let touches: Vec<TouchKind> = extraction
        .activities
        .iter()
        .filter(|a| found.is(a.place, &to) && found.is(a.actor.session, &session))
        .filter_map(|a| match &a.what {
            What::Touch(t) => Some((t, a)),
            _ => None,
        })
        .filter(|(t, a)| {
            let Object::Shared { host, share: s, path: p, .. } = t.object else { return false };
            found.is(host, &to)
                && found.is(Some(s), &share)
                && found.is(Some(p), &path)
                && found.is(a.actor.address, &address)
        })
        .map(|(t, _)| t.kind)
        .collect();
    assert!(touches.contains(&TouchKind::Written), "{touches:?}");
    assert!(!touches.contains(&TouchKind::Read) && !touches.contains(&TouchKind::Delivered));
    assert!(extraction.names.find(&from).is_some());
}

#[test]
fn a_service_that_is_installed_from_another_host() {
    let Some(folder) = case("psexec-3host") else { return };
    let truth = truth(&folder);
    let (_, address) = name_and_address(truth["from"].as_str().unwrap());
    let to = truth["to"].as_str().unwrap();
    let extraction = extracted(&folder);
    let found = Found(&extraction);

    // Both logs say that the service was installed, and by whom.
    let installed: Vec<&Activity> = extraction
        .activities
        .iter()
        .filter(|a| {
            let What::Exec(exec) = &a.what else { return false };
            exec.step == ExecStep::Installed && found.is(a.place, to) && exec.image.is_some()
        })
        .collect();
    let channels: Vec<&str> = installed
        .iter()
        .map(|a| extraction.names.folded(extraction.evidence.get(a.record).unwrap().channel))
        .collect();
    assert!(channels.contains(&"security") && channels.contains(&"system"), "{channels:?}");
    // It was installed in a session that came from the source.
    let session = installed.iter().find_map(|a| a.actor.session).unwrap();
    assert!(found.any(|a| {
        let What::Session(s) = &a.what else { return false };
        s.step == SessionStep::Opened
            && s.key == Some(session)
            && found.is(s.from.address, &address)
    }));
    // With a ticket, and over the pipe of the service manager or a share.
    assert!(found.any(|a| {
        let What::Ticket(t) = &a.what else { return false };
        t.step == TicketStep::Issued
            && t.kind == TicketKind::KerberosService
            && found.is(t.service, &format!("{to}$"))
            && found.is(t.from.address, &address)
    }));
    // What it ran came after: a process, whose parent is another.
    let time = installed.first().unwrap().time;
    assert!(found.any(|a| {
        let What::Exec(exec) = &a.what else { return false };
        exec.step == ExecStep::Started
            && found.is(a.place, to)
            && a.time >= time - 1_000_000_000
            && exec.command.as_deref().is_some_and(|c| c.contains("-enc"))
    }));
}

#[test]
fn equal_input_gives_equal_activities() {
    let Some(folder) = case("smb-copy-3host") else { return };
    let (one, other) = (extracted(&folder), extracted(&folder));
    assert_eq!(one.activities, other.activities);
    assert!(!one.activities.is_empty());
}
