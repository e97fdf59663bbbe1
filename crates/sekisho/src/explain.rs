//! Why a rule did or did not match an event: reads the event again with all
//! its fields and asks the reference matcher, which shows every step.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail, ensure};
use hashbrown::HashMap;
use jiff::tz::TimeZone;
use sekisho_event::{
    Block, EventBatch, Format, Parsed, Projection, RECORD_ID_UNKNOWN, Reader, Vocabulary,
};
use sekisho_sigma::rule::{Correlation, Header};
use sekisho_sigma::{EventView, Explanation, ParseOptions, Program, RuleId, reference};

use crate::examine::blocks;
use crate::rules::{self, Selection};
use crate::sources::walk::Inventory;

/// Which rules and which events.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Files and folders with the events.
    pub paths: Vec<PathBuf>,
    /// Rule files and folders; with none, the built-in pack.
    pub rules: Vec<PathBuf>,
    /// Which of the rules.
    pub selection: Selection,
    /// Values of placeholders.
    pub options: ParseOptions,
    /// Zone of times that state none.
    pub timezone: Option<TimeZone>,
    /// Only events with this record id.
    pub record_id: Option<u64>,
    /// Only events at this offset in their source.
    pub offset: Option<u64>,
    /// Only events for which the rule holds.
    pub matching: bool,
    /// Most answers.
    pub limit: usize,
}

/// One rule and one event.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Source of the event.
    pub path: String,
    /// Its offset there.
    pub offset: u64,
    /// Its record id, if it has one.
    pub record_id: Option<u64>,
    /// What kind of event it is.
    pub kind: String,
    /// Id of the rule.
    pub id: String,
    /// Title of the rule.
    pub title: String,
    /// Titles of the correlations that were asked for and refer to this rule.
    pub correlations: Vec<String>,
    /// Part for part, whether the rule held; or why the rule does not look at
    /// this event at all.
    pub explanation: Result<Explanation, String>,
}

struct Asker<'a> {
    question: &'a Question,
    program: &'a Program,
    correlations: &'a [Correlation],
    answers: usize,
    looked_through: u64,
    answer: &'a mut dyn FnMut(Answer) -> bool,
    going: bool,
}

/// Answers the question; `answer` returns false to end it. Gives back how
/// many events were looked through.
///
/// # Errors
///
/// Where no rule was named that could be loaded.
pub fn explain(
    question: &Question,
    stop: &Arc<AtomicBool>,
    answer: &mut dyn FnMut(Answer) -> bool,
) -> Result<u64> {
    let loaded = rules::load(&question.rules, &question.selection, &question.options, 1);
    ensure!(!loaded.rules.is_empty(), "{}", rules::nothing_loaded(&loaded));
    let program = Program::new(loaded.rules.clone());
    let inventory = Inventory::of(&question.paths);
    if let (Some(first), true) = (inventory.problems.first(), inventory.sources.is_empty()) {
        bail!("{}: {}; expected {}", first.path, first.what, first.expected);
    }
    let mut vocabulary = Vocabulary::new(Projection::All);
    let mut readers: HashMap<&'static str, Box<dyn Reader>> = HashMap::new();
    let mut asker = Asker {
        question,
        program: &program,
        correlations: &loaded.correlations,
        answers: 0,
        looked_through: 0,
        answer,
        going: true,
    };
    for source in &inventory.sources {
        blocks(
            source,
            question.timezone.clone(),
            stop,
            &mut |format: &'static dyn Format, block: Block| {
                let reader = readers.entry(format.name()).or_insert_with(|| format.reader());
                reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
                    asker.block(&source.path, parsed, vocabulary);
                });
                vocabulary.trim();
                asker.going
            },
        );
        if !asker.going || stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(asker.looked_through)
}

impl Asker<'_> {
    fn correlations_over(&self, header: &Header) -> Vec<String> {
        let refers = |c: &&Correlation| {
            c.rules.iter().any(|r| !r.is_empty() && (*r == header.name || *r == header.id))
        };
        self.correlations.iter().filter(refers).map(|c| c.header.title.clone()).collect()
    }

    fn block(&mut self, path: &str, parsed: &Parsed<'_>, vocabulary: &Vocabulary) {
        let mut rows: Vec<(u32, &EventBatch, usize)> = Vec::new();
        for batch in parsed.batches {
            rows.extend(
                batch.records.iter().enumerate().map(|(row, &record)| (record, batch, row)),
            );
        }
        rows.sort_by_key(|(record, ..)| *record);
        for (record, batch, row) in rows {
            self.looked_through += 1;
            let id = batch.record_ids.get(row).copied().filter(|&id| id != RECORD_ID_UNKNOWN);
            let offset = parsed.records.offset(record);
            let wanted = |asked: Option<u64>, has: Option<u64>| asked.is_none() || asked == has;
            if !wanted(self.question.record_id, id) || !wanted(self.question.offset, Some(offset)) {
                continue;
            }
            let rules = u32::try_from(self.program.rules().len()).unwrap_or(u32::MAX);
            for rule in 0..rules {
                if !self.going {
                    return;
                }
                self.ask(rule, path, offset, id, batch, row, vocabulary);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "an event is told by its batch, row and place")]
    fn ask(
        &mut self,
        id: RuleId,
        path: &str,
        offset: u64,
        record_id: Option<u64>,
        batch: &EventBatch,
        row: usize,
        vocabulary: &Vocabulary,
    ) {
        let Some(rule) = self.program.rule(id) else { return };
        let looks = self.program.rule_looks_at(id, &batch.shape);
        let named = self.question.record_id.is_some() || self.question.offset.is_some();
        if !looks && !named {
            return;
        }
        let explanation = if looks {
            let fields = |field: &str| self.program.columns_of(id, &batch.shape, field);
            Ok(reference::explain(rule, &EventView { batch, row, vocabulary, fields: &fields }))
        } else {
            Err(format!(
                "the rule is for the log source {}, and this event is of the kind {}",
                crate::examine::log_source(&rule.logsource),
                batch.shape
            ))
        };
        if self.question.matching && !explanation.as_ref().is_ok_and(|e| e.held) {
            return;
        }
        let answer = Answer {
            path: path.to_owned(),
            offset,
            record_id,
            kind: batch.shape.to_string(),
            id: rule.header.id.clone(),
            title: rule.header.title.clone(),
            correlations: self.correlations_over(&rule.header),
            explanation,
        };
        self.answers += 1;
        self.going = (self.answer)(answer) && self.answers < self.question.limit;
    }
}
