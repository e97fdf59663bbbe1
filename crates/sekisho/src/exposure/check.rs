//! Checks what answers cite against the stored events: that each is there,
//! and is of the host, channel, record id and time that the answer says.
//! Whether stored events are what was sealed is compared elsewhere
//! (`seal/check.rs`); the two together bind an answer to the seal.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
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

/// Most citations that are named one by one.
const NAMED_MAX: usize = 100;

/// What checking the answers of a case came to.
#[derive(Clone, Debug, Default)]
pub struct CitedStanding {
    /// By exposure: entry, number, citations that fit, and what is wrong with
    /// others.
    exposures: Vec<(u64, u32, u64, Vec<String>)>,
}

impl CitedStanding {
    /// What there is to say.
    #[must_use]
    pub fn statements(&self) -> Vec<Statement> {
        let mut said = Vec::new();
        for (entry, number, good, wrong) in &self.exposures {
            let place = Place::Entry(*entry);
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

/// Everything that one answer cites, by cell and number in it.
type Citations = BTreeMap<(u32, u64), Vec<Cited>>;

/// Compares what all answers of a case cite with its stored events.
///
/// # Errors
///
/// Where the log or an answer cannot be read.
pub fn compare_cited(folder: &Path) -> Result<CitedStanding> {
    let log = Log::open(folder)?;
    let index = Index::read(&log)?;
    let mut standing = CitedStanding::default();
    for (entry, exposure) in &index.all_exposures {
        let (mut good, mut wrong) = (0, Vec::new());
        let path = folder.join(exposure.answer_file());
        let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let answer: Answer = match serde_json::from_slice(&text) {
            Ok(answer) => answer,
            Err(e) => {
                wrong.push(format!("{} is no answer: {e}", exposure.answer_file()));
                standing.exposures.push((*entry, exposure.number, good, wrong));
                continue;
            }
        };
        let mut citations = citations(&answer);
        for sealed in &index.examinations {
            let number = sealed.examination.number;
            let looked = look_up(folder, number, &mut citations, &mut good, &mut wrong);
            if let Err(e) = looked {
                wrong.push(format!("the store of examination {number} cannot be read: {e:#}"));
            }
        }
        let lost = citations.keys().map(|(cell, index)| {
            format!("it cites event {cell}.{index}, which is not in the store")
        });
        wrong.extend(lost);
        standing.exposures.push((*entry, exposure.number, good, wrong));
    }
    Ok(standing)
}

fn citations(answer: &Answer) -> Citations {
    let mut all = Citations::new();
    let verdicts = answer.verdicts.iter().flat_map(|v| &v.evidence);
    let hosts = answer.hosts.iter().flat_map(|h| &h.evidence);
    let accounts = answer.accounts.iter().flat_map(|a| &a.evidence);
    let edges = answer.edges.iter().flat_map(|e| &e.evidence);
    let notices = answer.notices.iter().flat_map(|n| &n.evidence);
    for cited in verdicts.chain(hosts).chain(accounts).chain(edges).chain(notices) {
        all.entry((cited.cell, cited.index)).or_default().push(cited.clone());
    }
    all
}

/// Takes out of `citations` what the store has.
fn look_up(
    case: &Path,
    examination: u32,
    citations: &mut Citations,
    good: &mut u64,
    wrong: &mut Vec<String>,
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
            for cited in citations.remove(&(row.cell, row.index)).unwrap_or_default() {
                match differs(&cited, stored, at, vocabulary) {
                    None => *good += 1,
                    Some(what) => wrong.push(format!(
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
