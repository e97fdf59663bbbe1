//! Disclosure: some events of a case leave it, some of their fields shown and
//! the others named as withheld, with proofs from each event to its cell and
//! from there to the checkpoint.
//!
//! What leaves is drawn up first ([`Disclosure::prepare`]), so that the owner
//! can see its exact bytes; then it is put on record, and only then written
//! ([`Disclosure::release`]): nothing leaves that the log does not name.

mod clear;
mod files;
mod index;
mod preview;
mod select;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result, bail};
use sekisho_case::Hash;
use sekisho_case::event::{EventSealer, NAMES_NAME, SealedEvent, written_name};
use sekisho_case::key::SigningKey;
use sekisho_case::merkle::{Tree, leaf_hash};
use sekisho_case::record::{Body, Record, Release, SealKind};
use sekisho_case::release::{Content, ReleasedEvent};
use sekisho_event::{Projection, Vocabulary};
use sekisho_store::{Row, Store, StoredBatch};

use files::Files;
pub(crate) use index::{Index, Sealed};
pub use preview::{Part, Preview, Shown};
pub use select::{EventRef, FieldChoice, events};

use crate::Invalid;
use crate::seal::check::{Leaves, head_of, sealer};
use crate::seal::publish::Places;
use crate::seal::releases::{keep_content, kept, make_file};
use crate::seal::rows::{Names, open_event};
use crate::seal::{CaseWriter, Published, intact_stores, outside_case, write_durably};

/// Most events of one release.
const EVENTS_MAX: usize = 100_000;

/// What is to leave.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which events.
    pub events: Vec<EventRef>,
    /// An asset whose latest verdict is shown, with all events that it rests
    /// on.
    pub verdict: Option<String>,
    /// Which of their fields.
    pub fields: FieldChoice,
    /// Whether the names of withheld fields stay hidden too.
    pub hide_names: bool,
    /// For whom; may be empty.
    pub to: String,
}

/// What is about to leave a case.
pub struct Disclosure {
    case: CaseWriter,
    content: Content,
    /// What the log will say of it: the bytes of the record.
    record: Vec<u8>,
    preview: Preview,
}

/// A release that was written.
#[derive(Clone, Debug)]
pub struct Released {
    /// Its number in the case.
    pub number: u32,
    /// How many events.
    pub events: usize,
    /// How many fields are shown, in all of them.
    pub fields: u64,
    /// Bytes of the file.
    pub bytes: usize,
    /// Where the case keeps it.
    pub kept: PathBuf,
    /// What could not be done besides, and what to do.
    pub warning: Option<String>,
}

impl Disclosure {
    /// Draws up what is to leave. Nothing is written; the case is locked as
    /// long as this lives.
    ///
    /// # Errors
    ///
    /// Where an event or field is not in the case, or the store does not hold
    /// any more what was sealed.
    pub fn prepare(folder: &Path, key: &SigningKey, request: &Request) -> Result<Self> {
        let mut case = CaseWriter::open(folder, key)?;
        let log = case.log.log()?;
        let index = Index::read(&log)?;
        let (rests_on, said) = verdict(&index, request.verdict.as_deref())?;
        let wanted = wanted(&index, request.events.iter().chain(&rests_on))?;
        let mut shown = Vec::new();
        let mut released = BTreeMap::new();
        for (&at, rows) in &wanted {
            let Some(sealed) = index.examinations.get(at) else { continue };
            let found = found(folder, key, log.origin(), sealed, rows)
                .map_err(|e| not_as_sealed(folder, &index, e))?;
            let mut prover = Prover::open(folder, sealed)?;
            for event in found {
                let (choice, show) = choose(&event, sealed, request)?;
                shown.push(show);
                let Some(cell) = index.cells.get(&event.row.cell) else { continue };
                let proof = prover.prove(&event, &cell.root)?;
                let event = ReleasedEvent {
                    cell: cell.entry,
                    index: event.row.index,
                    proof,
                    leaf: event.sealed.leaf,
                    disclosures: choice.disclosures,
                    withheld: choice.withheld,
                };
                released.insert((event.cell, event.index), event);
            }
        }
        check_fields(&request.fields, &shown)?;
        let cells = released.keys().map(|(cell, _)| *cell);
        let entries = entries(&index, &wanted, cells.chain(said));
        let number = index.releases + 1;
        let before = preview::earlier(folder, index.releases);
        let events: Vec<ReleasedEvent> = released.into_values().collect();
        let content = Content::new(log.origin(), number, &request.to, events, &entries)?;
        let record = record(&mut case, &content)?;
        let files = Files::read(&log, &content, &record)?;
        let preview = Preview::new(request, shown, before, &content, files)?;
        Ok(Self { case, content, record, preview })
    }

    /// What will leave, for the owner to look at.
    #[must_use]
    pub fn preview(&self) -> &Preview {
        &self.preview
    }

    /// Puts the release on record, publishes that, and writes the file.
    ///
    /// # Errors
    ///
    /// Where it cannot be written. If it is on record then, the error says so; the
    /// case has its file, or makes it with the next command that adds to it.
    pub fn release(mut self, out: &Path) -> Result<Released> {
        can_be_written(out)?;
        let Content { number, ref events, .. } = self.content;
        let (events, fields) = (events.len(), self.content.fields());
        keep_content(&self.case.folder, number, &self.content.to_bytes()?)?;
        self.case.log.append(&self.record)?;
        let Published { warning, .. } = self.case.publish()?;
        let log = self.case.log.log()?;
        let made = make_file(&self.case.folder, &log, &self.content);
        let (kept, zip) = made.with_context(|| {
            format!(
                "release {number} is on record, but its file is not there yet: the next command \
                 that adds to this case makes {}, for you to give away",
                kept(&self.case.folder, number).display()
            )
        })?;
        write_durably(out, &zip).with_context(|| {
            format!(
                "release {number} is on record, and the case keeps it: copy {} instead",
                kept.display()
            )
        })?;
        Ok(Released { number, events, fields, bytes: zip.len(), kept, warning })
    }
}

/// The record of a release, drawn up before it is put on record so that it can
/// be looked at: its bytes.
fn record(case: &mut CaseWriter, content: &Content) -> Result<Vec<u8>> {
    let release = Release {
        number: content.number,
        to: content.to.clone(),
        events: content.events.len() as u64,
        fields: content.fields(),
        content: Hash::of(&content.to_bytes()?),
    };
    Ok(Record::new(case.nonces.next()?, Body::Release(release)).to_bytes()?)
}

/// Finds out before anything goes on record whether a file can be made there.
fn can_be_written(path: &Path) -> Result<()> {
    outside_case(path)?;
    let writing = || format!("writing the release {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(writing)?;
    tempfile::NamedTempFile::new_in(folder).with_context(writing)?;
    Ok(())
}

/// By examination: the rows to be shown.
type Wanted = BTreeMap<usize, BTreeSet<Target>>;

/// A row that is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    InCell(u32, u64),
    Read(u32, u64),
}

impl Target {
    fn is(&self, row: &Row) -> bool {
        match self {
            Self::InCell(cell, index) => row.cell == *cell && row.index == *index,
            Self::Read(source, offset) => row.source == *source && row.offset == *offset,
        }
    }

    /// The targets that a row may be.
    fn of(row: &Row) -> [Self; 2] {
        [Self::InCell(row.cell, row.index), Self::Read(row.source, row.offset)]
    }
}

/// The events that the latest verdict on an asset rests on, and the entries of
/// the verdict and its exposure.
fn verdict(index: &Index, asset: Option<&str>) -> Result<(Vec<EventRef>, Vec<u64>)> {
    let Some(asset) = asset else { return Ok((Vec::new(), Vec::new())) };
    let Some((exposure, _)) = index.all_exposures.last() else {
        bail!("--verdict {asset}: the case has no verdicts yet; `sekisho exposure` gives some");
    };
    let said = index.verdicts.iter().find(|(_, verdict)| verdict.asset == asset);
    let Some((entry, verdict)) = said else {
        let known: Vec<&str> = index.verdicts.iter().map(|(_, v)| &*v.asset).take(20).collect();
        bail!(
            "--verdict {asset}: the latest exposure of the case has no such asset; it has {}",
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        );
    };
    let leaves = verdict.evidence.iter();
    let events = leaves.map(|leaf| EventRef::InCell { cell: leaf.cell, index: leaf.index });
    Ok((events.collect(), vec![*entry, *exposure]))
}

fn wanted<'e>(index: &Index, events: impl Iterator<Item = &'e EventRef>) -> Result<Wanted> {
    let mut wanted = Wanted::new();
    for (count, event) in events.enumerate() {
        if count == EVENTS_MAX {
            bail!("more than {EVENTS_MAX} events: a release has at most so many");
        }
        let (sealed, target) = match event {
            EventRef::InCell { cell, index: number } => {
                let sealed = index.of_cell(*cell);
                let there = |sealed: &Sealed| sealed.sizes.place(*cell, *number).is_some();
                if !sealed.is_some_and(there) {
                    bail!("event {cell}.{number}: there is no such cell or event in the case");
                }
                (sealed, Target::InCell(*cell, *number))
            }
            EventRef::Read { path, sha256, offset } => {
                let source = index.source(path, sha256.as_deref()).with_context(|| {
                    format!("an event of {path}: the case has no such source (path and SHA-256)")
                })?;
                (index.of_source(source), Target::Read(source, *offset))
            }
        };
        let at = sealed.and_then(|sealed| {
            index.examinations.iter().position(|other| other.entry == sealed.entry)
        });
        wanted.entry(at.context("an event of no examination")?).or_default().insert(target);
    }
    Ok(wanted)
}

/// An event found in the store, with its leaf as it was sealed.
struct FoundEvent {
    row: Row,
    time: i64,
    record_id: u64,
    host: String,
    channel: String,
    sealed: SealedEvent,
}

/// Why a store could not be read: that it is not what was sealed, if so.
fn not_as_sealed(folder: &Path, index: &Index, error: anyhow::Error) -> anyhow::Error {
    match intact_stores(folder, index, 1, &AtomicBool::new(false)) {
        Err(e) if e.downcast_ref::<Invalid>().is_some() => e,
        _ => error,
    }
}

/// Finds rows in the store and seals them again.
fn found(
    folder: &Path,
    key: &SigningKey,
    origin: &str,
    sealed: &Sealed,
    targets: &BTreeSet<Target>,
) -> Result<Vec<FoundEvent>> {
    let places = Places::new(folder, sealed.examination.number);
    let store = Store::open(&places.store())?;
    let seal = sealed.examination.seal.as_ref().context("an examination that sealed nothing")?;
    let mut sealer = sealer(key, origin, seal);
    let mut names = Names::default();
    let mut found = Vec::new();
    let mut failure = None;
    let mut vocabulary = Vocabulary::new(Projection::All);
    let may = |segment: &sekisho_store::Segment| {
        targets.iter().any(|target| match target {
            Target::InCell(cell, _) => (segment.cells.0..=segment.cells.1).contains(cell),
            Target::Read(source, _) => (segment.sources.0..=segment.sources.1).contains(source),
        })
    };
    let mut keep = |row: &Row| Target::of(row).iter().any(|target| targets.contains(target));
    store.select(&may, &mut keep, &mut vocabulary, &mut |stored, vocabulary| {
        names.learn(&stored.batch, vocabulary);
        for at in 0..stored.batch.rows() {
            match found_row(&mut sealer, &names, stored, at, vocabulary) {
                Ok(event) => found.extend(event),
                Err(e) => failure = Some(e),
            }
        }
    })?;
    if let Some(e) = failure {
        return Err(e);
    }
    for target in targets {
        if !found.iter().any(|event| target.is(&event.row)) {
            let what = match target {
                Target::InCell(cell, index) => format!("event {cell}.{index}"),
                Target::Read(_, offset) => format!("the event at offset {offset}"),
            };
            bail!("{what} is not in the store of examination {}", sealed.examination.number);
        }
    }
    found.sort_by_key(|event| (event.row.cell, event.row.index));
    Ok(found)
}

fn found_row(
    sealer: &mut EventSealer,
    names: &Names,
    stored: &StoredBatch,
    at: usize,
    vocabulary: &Vocabulary,
) -> Result<Option<FoundEvent>> {
    let Some(row) = stored.row(at) else { return Ok(None) };
    let mut columns = names.columns(&stored.batch, vocabulary);
    let head = head_of(stored, at, &row);
    let sealed = open_event(sealer, &head, &mut columns, at).disclose()?;
    let host = stored.batch.hosts.get(at).map_or("", |&host| vocabulary.hosts.text(host));
    Ok(Some(FoundEvent {
        row,
        time: head.time,
        record_id: head.record_id,
        host: host.to_owned(),
        channel: stored.batch.shape.channel.to_string(),
        sealed,
    }))
}

/// What of an event is shown.
struct Choice {
    disclosures: Vec<String>,
    withheld: Option<Vec<String>>,
}

fn choose(event: &FoundEvent, sealed: &Sealed, request: &Request) -> Result<(Choice, Shown)> {
    let whole = sealed.examination.seal.as_ref().is_some_and(|seal| seal.kind == SealKind::Whole);
    let takes = |name: &str| match (whole, name) {
        (true, _) => request.fields == FieldChoice::All,
        (false, NAMES_NAME) => !request.hide_names,
        (false, written) => match &request.fields {
            FieldChoice::All => true,
            FieldChoice::Some(names) | FieldChoice::Among(names) => {
                names.iter().any(|name| written_name(name) == written)
            }
        },
    };
    if whole && request.fields != FieldChoice::All {
        bail!(
            "examination {} sealed its events as a whole: they can be shown with --fields all only",
            sealed.examination.number
        );
    }
    let all = &event.sealed.disclosures;
    let (shown, hidden): (Vec<_>, Vec<_>) = all.iter().partition(|(name, _)| takes(name));
    let mut withheld: Vec<String> =
        hidden.iter().map(|(name, _)| name.clone()).filter(|name| name != NAMES_NAME).collect();
    withheld.sort();
    let disclosures: Vec<String> = shown.iter().map(|(_, text)| text.clone()).collect();
    let kept_back = hidden.iter().filter(|(name, _)| name != NAMES_NAME).map(|(_, text)| text);
    let show = Shown::new(event, &disclosures, kept_back, withheld.clone());
    let withheld = (!request.hide_names || whole).then_some(withheld);
    Ok((Choice { disclosures, withheld }, show))
}

/// Makes the proofs from leaves to the roots of their cells.
struct Prover<'a> {
    sealed: &'a Sealed,
    path: PathBuf,
    leaves: Leaves,
    /// The cell at hand.
    tree: Option<(u32, Tree)>,
}

impl<'a> Prover<'a> {
    fn open(folder: &Path, sealed: &'a Sealed) -> Result<Self> {
        let path = Places::new(folder, sealed.examination.number).leaves();
        let leaves = Leaves::open(&path).with_context(|| format!("opening {}", path.display()))?;
        Ok(Self { sealed, path, leaves, tree: None })
    }

    /// The proof that an event is in its cell, which has this root in the log.
    fn prove(&mut self, event: &FoundEvent, root: &Hash) -> Result<Vec<Hash>> {
        let Row { cell, index, .. } = event.row;
        let reading = || format!("reading {}", self.path.display());
        let (start, count) = self.sealed.sizes.of(cell).context("a cell of another examination")?;
        let kept = self.leaves.get(start + index).with_context(reading)?;
        if kept != leaf_hash(&event.sealed.leaf) {
            return Err(Invalid(format!(
                "event {cell}.{index} in the store is not what was sealed: nothing was released; \
                 `sekisho verify` says what was changed, and an intact copy of it mends it"
            ))
            .into());
        }
        if self.tree.as_ref().is_none_or(|(of, _)| *of != cell) {
            let leaves = self.leaves.range(start, count).with_context(reading)?;
            let tree = Tree::new(leaves);
            // Leaves beside the event may have been changed: no proof then leads to the root.
            if tree.root() != *root {
                return Err(Invalid(format!(
                    "{}: the leaves of cell {cell} do not give the root that was sealed: nothing \
                     was released; `sekisho verify` says what else was changed, and a copy of this \
                     file from before mends it",
                    self.path.display()
                ))
                .into());
            }
            self.tree = Some((cell, tree));
        }
        let proof = self.tree.as_ref().and_then(|(_, tree)| tree.inclusion(index));
        proof.context("an event beyond the end of its cell")
    }
}

/// The log entries that a release needs.
fn entries(index: &Index, wanted: &Wanted, cells: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut entries: BTreeSet<u64> = [0, index.parties].into();
    let examinations = wanted.keys().filter_map(|&at| index.examinations.get(at));
    entries.extend(examinations.map(|sealed| sealed.entry));
    entries.extend(cells);
    entries.into_iter().collect()
}

/// Every field that was asked for is in at least one event.
fn check_fields(fields: &FieldChoice, shown: &[Shown]) -> Result<()> {
    let FieldChoice::Some(names) = fields else { return Ok(()) };
    for name in names {
        if !shown.iter().any(|event| event.has(name)) {
            let known: BTreeSet<&str> =
                shown.iter().flat_map(|event| event.withheld.iter().map(String::as_str)).collect();
            let known: Vec<&str> = known.into_iter().take(40).collect();
            bail!(
                "--fields {name}: none of the events has such a field; they have {}",
                known.join(", ")
            );
        }
    }
    Ok(())
}
