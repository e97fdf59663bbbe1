//! The compiled engine and the reference matcher must agree on real rules and
//! real events: every rule of the public rule base on every record of the
//! test data.
//!
//! Every event is judged by the rules of its log source, and a fixed sample of
//! events by all rules, as if nothing were known of their source. With
//! `SEKISHO_SLOW_TESTS` set, all events are judged by all rules (minutes).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_event::formats::recognise;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{
    BatchBuilder, Block, EventBatch, FieldId, Parsed, Reader, RowHead, Shape, SourceHints, ValueId,
    Vocabulary,
};
use sekisho_sigma::rule::{Document, Rule};
use sekisho_sigma::{EventView, Match, Matcher, ParseOptions, Program, RuleId};
use sekisho_sigma::{apply_filters, parse, reference};

/// Of how many events all rules look at one, whatever its log source.
const SAMPLE: u64 = 149;

fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("SEKISHO_TEST_DATA").map_or_else(beside, PathBuf::from)
}

fn files(dir: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        let Ok(entries) = std::fs::read_dir(dir) else { continue };
        for path in entries.flatten().map(|e| e.path()) {
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|e| endings.iter().any(|&x| e == x)) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn program() -> Option<Arc<Program>> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut filters = Vec::new();
    for path in files(&data().join("sigma"), &["yml", "yaml"]) {
        let text = std::fs::read(&path).unwrap();
        let parsed = parse(&path.to_string_lossy().into(), &text, &ParseOptions::default());
        for document in parsed.documents {
            match document {
                Document::Rule(rule) => rules.push(rule),
                Document::Filter(filter) => filters.push(filter),
                Document::Correlation(_) => {}
            }
        }
    }
    apply_filters(&mut rules, &filters);
    let rules: Vec<Arc<Rule>> = rules.into_iter().map(Arc::new).collect();
    (!rules.is_empty()).then(|| Arc::new(Program::new(rules)))
}

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    files: u64,
    events: u64,
    pairs: u64,
    matches: u64,
    unrouted_events: u64,
    unrouted_pairs: u64,
}

/// A match that does not depend on how its batch was put together.
type Found = (Shape, u32, RuleId);

/// One way of reading and matching: what one worker keeps.
struct Side {
    vocabulary: Vocabulary,
    matcher: Matcher,
    readers: HashMap<&'static str, Box<dyn Reader>>,
}

struct Comparison<'p> {
    program: &'p Arc<Program>,
    references: &'p [reference::Matcher<'p>],
    everything: bool,
    tally: Tally,
}

impl Comparison<'_> {
    fn file(&mut self, path: &Path, all: &mut Side, some: &mut Side) {
        let bytes = std::fs::read(path).unwrap();
        let start = &bytes[..bytes.len().min(64 << 10)];
        let Some(format) = recognise(start, start.len() == bytes.len()) else { return };
        self.tally.files += 1;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let hints = SourceHints { name, ..SourceHints::default() };
        let mut cutter = format.cutter(Arc::new(hints), BLOCK_BYTES);
        let mut input = bytes.as_slice();
        while let Some(block) = cutter.next(&mut input).unwrap() {
            let mut found = Vec::new();
            let Side { vocabulary, matcher, readers } = all;
            let reader = readers.entry(format.name()).or_insert_with(|| format.reader());
            reader.read(&block, vocabulary, &mut |parsed, vocabulary| {
                found = self.block(parsed, vocabulary, matcher, path);
            });
            vocabulary.trim();
            let reader = some.readers.entry(format.name()).or_insert_with(|| format.reader());
            let projected =
                matches_of(reader.as_mut(), &block, &mut some.vocabulary, &mut some.matcher);
            assert_eq!(found, projected, "{}: only wanted fields read", path.display());
        }
    }

    fn block(
        &mut self,
        parsed: &Parsed<'_>,
        vocabulary: &Vocabulary,
        matcher: &mut Matcher,
        path: &Path,
    ) -> Vec<Found> {
        let mut found = Vec::new();
        for batch in parsed.batches {
            let mut matches = Vec::new();
            matcher.run(batch, vocabulary, &mut matches);
            found.extend(found_in(batch, &matches));
            self.tally.matches += matches.len() as u64;
            self.batch(batch, vocabulary, &matches, path);
            self.unrouted(batch, vocabulary, matcher, path);
            self.tally.events += batch.rows() as u64;
        }
        found.sort();
        found
    }

    /// Each rule that looks at the batch, on each of its rows.
    fn batch(&mut self, batch: &EventBatch, words: &Vocabulary, matches: &[Match], path: &Path) {
        let claimed: BTreeSet<(usize, RuleId)> =
            matches.iter().map(|m| (m.row as usize, m.rule)).collect();
        for (rule, reference) in (0..).zip(self.references) {
            let routed = self.program.rule_looks_at(rule, &batch.shape);
            if !routed {
                let found = claimed.iter().any(|(_, r)| *r == rule);
                assert!(!found, "{}: rule {rule} has another log source", path.display());
                continue;
            }
            self.tally.pairs += batch.rows() as u64;
            let names = RefCell::new(HashMap::<String, Vec<String>>::new());
            let fields = |field: &str| {
                let columns = || self.program.columns_of(rule, &batch.shape, field);
                names.borrow_mut().entry(field.to_owned()).or_insert_with(columns).clone()
            };
            for row in 0..batch.rows() {
                let view = EventView { batch, row, vocabulary: words, fields: &fields };
                let agree = reference.matches(&view) == claimed.contains(&(row, rule));
                assert!(agree, "{}", disagreement(self.program, rule, &view, path));
            }
        }
    }

    /// All rules on some events, as if nothing were known of their source.
    fn unrouted(&mut self, batch: &EventBatch, words: &Vocabulary, m: &mut Matcher, path: &Path) {
        let every = if self.everything { 1 } else { SAMPLE };
        let mut builder = BatchBuilder::default();
        let shape = builder.shape(&Shape::unknown());
        for row in (0..batch.rows()).filter(|&row| hash(batch, row).is_multiple_of(every)) {
            let cells: Vec<(FieldId, ValueId)> = batch
                .columns
                .iter()
                .flat_map(|c| c.values(row).map(|value| (c.field, value)))
                .collect();
            let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record: 0 };
            builder.push(shape, head, &cells);
        }
        for batch in builder.finish() {
            let mut matches = Vec::new();
            m.run(&batch, words, &mut matches);
            let before = self.tally.pairs;
            self.batch(&batch, words, &matches, path);
            self.tally.unrouted_pairs += self.tally.pairs - before;
            self.tally.unrouted_events += batch.rows() as u64;
            self.tally.pairs = before;
        }
    }
}

/// A number that depends on where an event stands and on nothing else.
fn hash(batch: &EventBatch, row: usize) -> u64 {
    let id = batch.record_ids.get(row).copied().unwrap_or_default();
    let time = batch.times.get(row).copied().unwrap_or_default();
    let mixed = (id ^ time.cast_unsigned().rotate_left(17) ^ row as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed >> 20
}

fn matches_of(
    reader: &mut dyn Reader,
    block: &Block,
    vocabulary: &mut Vocabulary,
    matcher: &mut Matcher,
) -> Vec<Found> {
    let mut found = Vec::new();
    reader.read(block, vocabulary, &mut |parsed, vocabulary| {
        for batch in parsed.batches {
            let mut matches = Vec::new();
            matcher.run(batch, vocabulary, &mut matches);
            found.extend(found_in(batch, &matches));
        }
    });
    vocabulary.trim();
    found.sort();
    found
}

fn found_in<'a>(batch: &'a EventBatch, matches: &'a [Match]) -> impl Iterator<Item = Found> + 'a {
    matches.iter().map(|m| (batch.shape.clone(), batch.records[m.row as usize], m.rule))
}

fn disagreement(program: &Program, rule: RuleId, view: &EventView<'_>, path: &Path) -> String {
    let rule = program.rule(rule).unwrap();
    format!(
        "{} ({}) on row {} of {} in {}\n{}\n{:#?}",
        rule.header.title,
        rule.header.file,
        view.row,
        view.batch.shape,
        path.display(),
        reference::explain(rule, view),
        view.all_values(),
    )
}

#[test]
fn compiled_and_reference_agree_on_the_test_data() {
    let data = data();
    let Some(program) = program() else {
        eprintln!("skipped: no test data");
        return;
    };
    let rules: Vec<Arc<Rule>> = program.rules().cloned().collect();
    let references: Vec<_> = rules.iter().map(|rule| reference::Matcher::new(rule)).collect();
    let side = |vocabulary| Side {
        vocabulary,
        matcher: Matcher::new(Arc::clone(&program)),
        readers: HashMap::new(),
    };
    let mut all = side(Vocabulary::default());
    let mut some = side(Vocabulary::new(program.projection(&[])));
    let everything = std::env::var_os("SEKISHO_SLOW_TESTS").is_some();
    let mut comparison = Comparison {
        program: &program,
        references: &references,
        everything,
        tally: Tally::default(),
    };
    for folder in ["sigma-regression", "evtx", "cases", "cloudtrail", "zeek"] {
        for path in files(&data.join(folder), &["evtx", "json", "log"]) {
            comparison.file(&path, &mut all, &mut some);
        }
        eprintln!("{folder}: {:?}", comparison.tally);
    }
    assert!(comparison.tally.matches > 0);
}
