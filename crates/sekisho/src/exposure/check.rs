//! Checks what answers cite against the stored events: that each is there,
//! and is of the host, channel, record id and time that the answer says.
//! Whether stored events are what was sealed is compared elsewhere
//! (`seal/check.rs`); the two together bind an answer to the seal.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use sekisho_case::bounded::read_regular;
use sekisho_case::log::Log;
use sekisho_case::statement::{Place, Standing, Statement};
use sekisho_event::{Projection, RECORD_ID_UNKNOWN, TIME_UNKNOWN, ValueId, Vocabulary};
use sekisho_exposure::answer::{Answer, Cited};
use sekisho_exposure::extract::channel_of;
use sekisho_exposure::names::host_label;
use sekisho_store::{Row, Segment, Store, StoredBatch};

use super::record::moment;
use crate::disclose::Index;
use crate::seal::publish::Places;

/// Longest answer that is compared with the store, in bytes.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Most citations that are named one by one.
const NAMED_MAX: usize = 100;

/// What checking the answers of a case came to.
#[derive(Clone, Debug, Default)]
pub struct CitedStanding {
    exposures: Vec<CitedBy>,
}

/// What came of one exposure.
#[derive(Clone, Debug)]
struct CitedBy {
    entry: u64,
    number: u32,
    /// Citations that fit.
    good: u64,
    /// What is wrong with others.
    wrong: Vec<String>,
    /// Why nothing was compared.
    not_compared: Option<String>,
}

impl CitedStanding {
    /// What there is to say.
    #[must_use]
    pub fn statements(&self) -> Vec<Statement> {
        let mut said = Vec::new();
        for CitedBy { entry, number, good, wrong, not_compared } in &self.exposures {
            let place = Place::Entry(*entry);
            if let Some(why) = not_compared {
                let text = format!(
                    "exposure {number}: what it cites was not compared with the store: {why}"
                );
                said.push(Statement::new(Standing::Claimed, place.clone(), text));
            }
            if *good > 0 {
                let text = format!(
                    "exposure {number}: {good} events that it cites are in the store, with the \
                     host, channel, record id and time that it says"
                );
                said.push(Statement::new(Standing::Proven, place.clone(), text));
            }
            for text in wrong.iter().take(NAMED_MAX) {
                said.push(Statement::new(Standing::Broken, place.clone(), text.clone()));
            }
            if wrong.len() > NAMED_MAX {
                let text = format!("{} more citations are wrong", wrong.len() - NAMED_MAX);
                said.push(Statement::new(Standing::Broken, place, text));
            }
        }
        said
    }
}

/// Everything that answers cite, by cell and number in it, each with the
/// position of its exposure.
type Citations = BTreeMap<(u32, u64), Vec<(usize, Cited)>>;

/// Compares what all answers of a case cite with its stored events. Each store
/// is read once, however many answers there are.
///
/// # Errors
///
/// Where the log cannot be read.
pub fn compare_cited(folder: &Path) -> Result<CitedStanding> {
    let log = Log::open(folder)?;
    let index = Index::read(&log)?;
    let mut standing = CitedStanding::default();
    let mut citations = Citations::new();
    for (position, (entry, exposure)) in index.all_exposures.iter().enumerate() {
        let path = folder.join(exposure.answer_file());
        let mut by = CitedBy {
            entry: *entry,
            number: exposure.number,
            good: 0,
            wrong: Vec::new(),
            not_compared: None,
        };
        // What is in the file the format leaves open: it is what was sealed, and that is all.
        let answer = read_regular(&path, ANSWER_BYTES_MAX).map_err(|e| e.to_string());
        match answer.and_then(|text| serde_json::from_slice(&text).map_err(|e| e.to_string())) {
            Ok(answer) => cite(position, &answer, &mut citations),
            Err(e) => {
                let file = exposure.answer_file();
                by.not_compared = Some(format!("{file} is none that this program reads: {e}"));
            }
        }
        standing.exposures.push(by);
    }
    for sealed in &index.examinations {
        if citations.is_empty() {
            break;
        }
        let number = sealed.examination.number;
        if let Err(e) = look_up(folder, number, &mut citations, &mut standing.exposures) {
            let text = format!("the store of examination {number} cannot be read: {e:#}");
            let compared = |by: &&mut CitedBy| by.not_compared.is_none();
            standing
                .exposures
                .iter_mut()
                .filter(compared)
                .for_each(|by| by.wrong.push(text.clone()));
        }
    }
    for ((cell, index), lost) in citations {
        let text = format!("it cites event {cell}.{index}, which is not in the store");
        let mut positions: Vec<usize> = lost.into_iter().map(|(position, _)| position).collect();
        positions.dedup();
        for position in positions {
            if let Some(by) = standing.exposures.get_mut(position) {
                by.wrong.push(text.clone());
            }
        }
    }
    Ok(standing)
}

/// Adds what an answer cites.
fn cite(position: usize, answer: &Answer, all: &mut Citations) {
    let verdicts = answer.verdicts.iter().flat_map(|v| &v.evidence);
    let hosts = answer.hosts.iter().flat_map(|h| &h.evidence);
    let accounts = answer.accounts.iter().flat_map(|a| &a.evidence);
    let edges = answer.edges.iter().flat_map(|e| &e.evidence);
    let notices = answer.notices.iter().flat_map(|n| &n.evidence);
    for cited in verdicts.chain(hosts).chain(accounts).chain(edges).chain(notices) {
        all.entry((cited.cell, cited.index)).or_default().push((position, cited.clone()));
    }
}

/// Takes out of `citations` what the store has.
fn look_up(
    case: &Path,
    examination: u32,
    citations: &mut Citations,
    exposures: &mut [CitedBy],
) -> Result<()> {
    let store = Store::open(&Places::new(case, examination).store())?;
    let cells: std::collections::BTreeSet<u32> = citations.keys().map(|(cell, _)| *cell).collect();
    let may = |segment: &Segment| {
        cells.range(segment.cells.0..=segment.cells.1.max(segment.cells.0)).next().is_some()
    };
    let events: hashbrown::HashSet<(u32, u64)> = citations.keys().copied().collect();
    let mut keep = |row: &Row| events.contains(&(row.cell, row.index));
    let mut vocabulary = Vocabulary::new(Projection::Only(hashbrown::HashSet::new()));
    store.select(&may, &mut keep, &mut vocabulary, &mut |stored, vocabulary| {
        for at in 0..stored.batch.rows() {
            let Some(row) = stored.row(at) else { continue };
            for (position, cited) in citations.remove(&(row.cell, row.index)).unwrap_or_default() {
                let Some(by) = exposures.get_mut(position) else { continue };
                match differs(&cited, stored, at, vocabulary) {
                    None => by.good += 1,
                    Some(what) => by.wrong.push(format!(
                        "it cites event {}.{} with another {what} than the stored one has",
                        row.cell, row.index
                    )),
                }
            }
        }
    })?;
    Ok(())
}

/// In what a stored event differs from what is cited of it.
fn differs(
    cited: &Cited,
    stored: &StoredBatch,
    at: usize,
    vocabulary: &Vocabulary,
) -> Option<&'static str> {
    let batch = &stored.batch;
    let time = batch.times.get(at).copied().unwrap_or(TIME_UNKNOWN);
    let id = batch.record_ids.get(at).copied().filter(|&id| id != RECORD_ID_UNKNOWN);
    let host = batch.hosts.get(at).copied().unwrap_or(ValueId::ABSENT);
    let host = vocabulary.hosts.text(host);
    // Of services whose realm is not a host the realm is cited.
    let same_host = host_label(host).is_none_or(|host| {
        host_label(&cited.host).is_some_and(|cited| cited.eq_ignore_ascii_case(host))
            || cited.host.contains(':')
    });
    if !channel_of(&batch.shape).eq_ignore_ascii_case(&cited.channel) {
        return Some("channel");
    }
    if id != cited.record_id {
        return Some("record id");
    }
    if time != TIME_UNKNOWN && moment(&cited.time).map(|time| time.0) != Some(time) {
        return Some("time");
    }
    (!same_host).then_some("host")
}
