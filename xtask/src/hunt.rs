//! How fast rules run over evidence that is stored: the corpus of a network as
//! it lives, read once, its rows of one shape put together as a store does.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Column, EventBatch, Shape, ValueId, Vocabulary, formats};
use sekisho_sigma::{Matcher, Program};
use std::collections::{HashMap, HashSet};

use crate::life::Life;

/// Rows of a batch of stored events.
const BATCH_ROWS: usize = 131_072;

/// Events of one piece of the corpus.
const PIECE_EVENTS: u64 = 1_000_000;

fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")?;
    io::stdout().flush()?;
    Ok(())
}

/// Time of this thread on the processor, in seconds.
fn cpu() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().context("schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// Rows of one shape as a store keeps them: each distinct value of a column
/// once, and numbers that point to them.
#[derive(Debug, Default)]
struct Rows {
    batch: EventBatch,
    /// By column of the batch: name and distinct values.
    values: Vec<(Box<str>, Distinct)>,
}

#[derive(Debug, Default)]
struct Distinct {
    known: HashMap<(u8, Box<str>), ValueId>,
    list: Vec<(sekisho_event::Kind, Box<str>)>,
}

impl Distinct {
    fn id(&mut self, value: sekisho_event::Value<'_>) -> ValueId {
        let key = (value.kind as u8, Box::from(value.text));
        let next = ValueId(u32::try_from(self.list.len() + 1).unwrap_or(u32::MAX));
        let id = *self.known.entry(key).or_insert(next);
        if id == next {
            self.list.push((value.kind, value.text.into()));
        }
        id
    }
}

impl Rows {
    /// Adds rows, of the columns that rules read in this shape.
    fn add(&mut self, batch: &EventBatch, vocabulary: &Vocabulary, program: &Program) {
        let read = program.columns_read(&batch.shape);
        let reads =
            |name: &str| read.as_ref().is_none_or(|names| names.iter().any(|n| **n == *name));
        let before = self.batch.rows();
        self.batch.times.extend(&batch.times);
        self.batch.hosts.extend(&batch.hosts);
        self.batch.record_ids.extend(&batch.record_ids);
        self.batch.records.extend(&batch.records);
        for column in &batch.columns {
            let name = vocabulary.name(column.field);
            if !reads(name) {
                continue;
            }
            let known = self.values.iter().position(|(known, _)| **known == *name);
            let at = known.unwrap_or_else(|| {
                self.values.push((name.into(), Distinct::default()));
                let field = column.field;
                self.batch.columns.push(Column { field, keys: Vec::new(), more: Vec::new() });
                self.values.len() - 1
            });
            let Some(dictionary) = vocabulary.dictionary(column.field) else { continue };
            let (Some((_, distinct)), Some(to)) =
                (self.values.get_mut(at), self.batch.columns.get_mut(at))
            else {
                continue;
            };
            let mut memo: HashMap<ValueId, ValueId> = HashMap::new();
            let mut place = |id: ValueId| {
                *memo.entry(id).or_insert_with(|| {
                    dictionary.get(id).map_or(ValueId::ABSENT, |v| distinct.id(v))
                })
            };
            to.keys.resize(before, ValueId::ABSENT);
            for &key in &column.keys {
                to.keys.push(if key.is_present() { place(key) } else { key });
            }
            for &(row, key) in &column.more {
                let row = u32::try_from(before).unwrap_or(0) + row;
                to.more.push((row, place(key)));
            }
        }
    }

    /// The rows as a worker gets them from a store: every distinct value is
    /// looked up once, then the numbers are exchanged.
    fn open(&self, vocabulary: &mut Vocabulary) -> EventBatch {
        let mut batch = EventBatch { columns: Vec::new(), ..self.batch.clone() };
        for (column, (name, distinct)) in self.batch.columns.iter().zip(&self.values) {
            let Some(field) = vocabulary.field(name) else { continue };
            let Some(dictionary) = vocabulary.dictionary_mut(field) else { continue };
            let mut ids = vec![ValueId::ABSENT];
            ids.extend(distinct.list.iter().map(|(kind, text)| dictionary.intern_str(*kind, text)));
            let new = |id: &ValueId| ids.get(id.index()).copied().unwrap_or_default();
            let keys = column.keys.iter().map(new).collect();
            let more = column.more.iter().map(|(row, id)| (*row, new(id))).collect();
            batch.columns.push(Column { field, keys, more });
        }
        batch
    }
}

/// Reads JSON lines and puts rows of one shape together.
fn gather(files: &[PathBuf], program: &Arc<Program>) -> Result<Vec<Rows>> {
    let (mut open, mut full): (HashMap<Shape, Rows>, Vec<Rows>) = (HashMap::new(), Vec::new());
    for file in files {
        let format = &formats::json::Json;
        let format: &dyn sekisho_event::Format = format;
        let mut vocabulary = Vocabulary::new(program.projection(&[]));
        let (mut reader, mut cutter) =
            (format.reader(), format.cutter(Arc::default(), BLOCK_BYTES));
        let mut input = fs::File::open(file)?;
        while let Some(block) = cutter.next(&mut input)? {
            reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
                for batch in parsed.batches {
                    let rows = open.entry(batch.shape.clone()).or_insert_with(|| Rows {
                        batch: EventBatch { shape: batch.shape.clone(), ..EventBatch::default() },
                        values: Vec::new(),
                    });
                    rows.add(batch, vocabulary, program);
                    if rows.batch.rows() >= BATCH_ROWS
                        && let Some(rows) = open.remove(&batch.shape)
                    {
                        full.push(rows);
                    }
                }
            });
            vocabulary.trim();
        }
    }
    let mut rest: Vec<Rows> = open.into_values().collect();
    rest.sort_by(|a, b| a.batch.shape.cmp(&b.batch.shape));
    full.append(&mut rest);
    Ok(full)
}

/// The pieces of the corpus, one after the other; the files of a piece go when
/// the next is made, unless there is only one.
fn pieces(
    data: &Path,
    work: &Path,
    events: u64,
    program: &Arc<Program>,
    visit: &mut dyn FnMut(u64, &[PathBuf]) -> Result<()>,
) -> Result<()> {
    let mut life = None;
    let mut made = 0;
    while made < events {
        let count = PIECE_EVENTS.min(events - made);
        let folder = work.join(format!("life-{made}-{count}"));
        let done = folder.join("done");
        if !done.exists() || made > 0 {
            let life = match &mut life {
                Some(life) => life,
                None => life.insert(Life::new(data, program)?),
            };
            life.write(count, &folder)?;
            fs::write(&done, "")?;
        }
        made += count;
        visit(made, &crate::corpus::files(&folder, "jsonl")?)?;
        if events > PIECE_EVENTS {
            fs::remove_dir_all(&folder)?;
        }
    }
    Ok(())
}

/// The matcher alone over batches as of a store, on one thread:
/// `hunt-match RULES_DIR DATA_DIR WORK_DIR EVENTS`.
pub(crate) fn matching(mut args: impl Iterator<Item = String>) -> Result<()> {
    let mut next = || args.next().context("hunt-match RULES_DIR DATA_DIR WORK_DIR EVENTS");
    let (rules, data, work, events) = (next()?, next()?, next()?, next()?.parse::<u64>()?);
    let program = Arc::new(Program::new(crate::base::rules(Path::new(&rules))?));
    let mut matcher = Matcher::new(Arc::clone(&program));
    let mut vocabulary = Vocabulary::new(program.projection(&[]));
    let (mut opening, mut matching) = (0.0, 0.0);
    let (mut rows, mut matches) = (0usize, 0usize);
    let (mut cells, mut values, mut value_bytes) = (0usize, 0usize, 0usize);
    let mut slow: HashMap<Shape, (usize, f64, f64)> = HashMap::new();
    pieces(Path::new(&data), Path::new(&work), events, &program, &mut |made, files| {
        let gathered = gather(files, &program)?;
        say(&format!("{made} events, {} batches", gathered.len()))?;
        for part in &gathered {
            let start = cpu()?;
            let batch = part.open(&mut vocabulary);
            let opened = cpu()?;
            let mut out = Vec::new();
            matcher.run(&batch, &vocabulary, &mut out);
            let end = cpu()?;
            vocabulary.trim();
            let found: HashSet<u32> = out.iter().map(|m| m.row).collect();
            matches += found.len();
            rows += batch.rows();
            cells += batch
                .columns
                .iter()
                .map(|c| c.keys.iter().filter(|k| k.is_present()).count())
                .sum::<usize>();
            values += part.values.iter().map(|(_, d)| d.list.len()).sum::<usize>();
            value_bytes +=
                part.values.iter().flat_map(|(_, d)| &d.list).map(|v| v.1.len()).sum::<usize>();
            opening += opened - start;
            matching += end - opened;
            let entry = slow.entry(batch.shape.clone()).or_default();
            entry.0 += batch.rows();
            entry.1 += opened - start;
            entry.2 += end - opened;
        }
        Ok(())
    })?;
    let mut slow: Vec<_> = slow.into_iter().collect();
    slow.sort_by(|a, b| (b.1.1 + b.1.2).total_cmp(&(a.1.1 + a.1.2)));
    for (shape, (rows, opening, matching)) in slow.iter().take(25) {
        say(&format!("{shape}: {rows} rows, opening {opening:.3} s, matching {matching:.3} s"))?;
    }
    say(&format!("{cells} cells, {values} distinct values in batches, {value_bytes} bytes"))?;
    let rate = |seconds: f64| f64::from(u32::try_from(rows).unwrap_or(0)) / seconds / 1e6;
    say(&format!(
        "{rows} rows, {matches} of them found; opening {opening:.2} s ({:.2} M/s), matching {matching:.2} s ({:.2} M/s)",
        rate(opening),
        rate(matching)
    ))
}
