//! Which formats give records for the log sources of the public rules, and of
//! how many rules no record can be read. `docs/formats/coverage.md` says it;
//! it is written anew by `cargo xtask coverage`, which is this test with
//! `SEKISHO_COVERAGE=write`.
//!
//! A format gives the kinds of records that `provides.tsv` says; a rule looks
//! at a kind if the tables of log sources say so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "it is a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::data;
use sekisho::rules::{Selection, load};
use sekisho_event::formats::{FORMATS, recognise};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Format, Projection, Shape, SourceHints, Vocabulary};
use sekisho_sigma::rule::LogSource;
use sekisho_sigma::{ParseOptions, Program, log_source_places};

/// Most rules, of a thousand, of whose log source nothing can be read.
const UNREAD_PERMILLE_MAX: usize = 30;

const PAGE: &str = "docs/formats/coverage.md";

/// A kind of record that a format gives.
#[derive(Debug)]
struct Provided {
    format: String,
    /// Empty where nothing is known of the source.
    product: String,
    channels: Vec<String>,
    what: String,
}

/// Why nothing of a log source is read.
struct Reason {
    category: String,
    product: String,
    service: String,
    why: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rows(path: &str) -> Vec<Vec<String>> {
    let path = root().join("crates").join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn provided() -> Vec<Provided> {
    let mut out = Vec::new();
    for row in rows("sekisho-event/data/provides.tsv") {
        let [format, product, channel, what] = row.as_slice() else { panic!("{row:?}") };
        let one = |product: &str, channels: Vec<String>| Provided {
            format: format.clone(),
            product: product.to_owned(),
            channels,
            what: what.clone(),
        };
        match product.as_str() {
            "kinds" => out.extend(kinds().into_iter().map(|(p, c)| one(&p, vec![c]))),
            "-" => out.push(one("", Vec::new())),
            product => out.push(one(product, channel.split('|').map(str::to_owned).collect())),
        }
    }
    out
}

/// Product and channel of the kinds of JSON records, each once.
fn kinds() -> BTreeSet<(String, String)> {
    let path = root().join("crates/sekisho-event/data/json_kinds.txt");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|l| !l.starts_with(['#', '+']) && l.contains('|'));
    lines
        .map(|line| {
            let mut cells = line.split('|').map(str::trim);
            let (product, channel) = (cells.next().unwrap(), cells.next().unwrap());
            let channel = match channel.split_once('=') {
                Some((begin, _)) => format!("{begin}*"),
                None => channel.to_owned(),
            };
            (product.to_owned(), channel)
        })
        .collect()
}

impl Provided {
    /// Whether records of a place are given; `known`: the place is in the
    /// tables.
    fn gives(&self, place: &Shape, known: bool) -> bool {
        let (product, channel) = (&*place.product, &*place.channel);
        if self.product.is_empty() || (!product.is_empty() && product != self.product) {
            return false;
        }
        // A category without a product that the tables do not know (database)
        // says nothing that a log's own names could be compared with.
        if product.is_empty() && !known && !channel.is_empty() {
            return false;
        }
        channel.is_empty()
            || (known && self.channels.iter().any(|own| own == "known"))
            || self.channel(channel)
    }

    /// Whether a channel is one of those that are named.
    fn channel(&self, channel: &str) -> bool {
        self.channels.iter().any(|own| match own.strip_suffix('*') {
            Some(begin) => channel.to_lowercase().starts_with(begin),
            None => own.eq_ignore_ascii_case(channel),
        })
    }
}

/// By format and shape: the fields of its fixtures.
type Shown = BTreeMap<(&'static str, Shape), BTreeSet<String>>;

/// What the fixtures of all formats show.
fn shown() -> Shown {
    let mut out = Shown::new();
    for format in FORMATS {
        let folder = root().join("crates/sekisho/tests/fixtures").join(format.name());
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let bytes = fs::read(&path).unwrap();
            let start = &bytes[..bytes.len().min(64 << 10)];
            let whole = start.len() == bytes.len();
            if recognise(start, whole).map(|f| f.name()) == Some(format.name()) {
                shapes(*format, &path, &bytes, &mut out);
            }
        }
    }
    out
}

fn shapes(format: &'static dyn Format, path: &Path, bytes: &[u8], out: &mut Shown) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let hints = Arc::new(SourceHints { name, ..SourceHints::default() });
    let (mut cutter, mut reader) = (format.cutter(hints, BLOCK_BYTES), format.reader());
    let mut vocabulary = Vocabulary::new(Projection::All);
    let mut input = bytes;
    while let Some(block) = cutter.next(&mut input).unwrap() {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            for batch in parsed.batches {
                let fields = out.entry((format.name(), batch.shape.clone())).or_default();
                let names = batch.columns.iter().map(|c| vocabulary.name(c.field).to_owned());
                fields.extend(names);
            }
        });
    }
}

/// By format: of how many rules its fixtures show the fields.
fn fields_shown(program: &Program, shown: &Shown) -> BTreeMap<&'static str, usize> {
    let mut rules: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for ((format, shape), fields) in shown.iter().filter(|((_, shape), _)| !shape.is_unknown()) {
        let ids = 0..u32::try_from(program.rules().len()).unwrap();
        let fits = |id: &u32| {
            program.rule_looks_at(*id, shape)
                && program.could_fire(*id, shape, &|name| fields.contains(name)).is_ok()
        };
        rules.entry(format).or_default().extend(ids.filter(fits));
    }
    rules.into_iter().map(|(format, ids)| (format, ids.len())).collect()
}

fn cell(part: Option<&String>) -> &str {
    part.map_or("-", String::as_str)
}

fn key(source: &LogSource) -> [&str; 3] {
    [&source.category, &source.product, &source.service].map(|part| cell(part.as_ref()))
}

impl Reason {
    fn fits(&self, source: &LogSource) -> bool {
        let own = [&self.category, &self.product, &self.service];
        own.iter().zip(key(source)).all(|(own, it)| own.as_str() == "*" || own.as_str() == it)
    }
}

fn reasons() -> Vec<Reason> {
    let row = |row: Vec<String>| match <[String; 4]>::try_from(row) {
        Ok([category, product, service, why]) => Reason { category, product, service, why },
        Err(row) => panic!("{row:?}"),
    };
    rows("sekisho-sigma/data/unread.tsv").into_iter().map(row).collect()
}

/// A log source, its rules and the formats that give its records.
struct Served {
    source: LogSource,
    rules: usize,
    /// Rules that may hold for a line of text of which nothing is known.
    on_text: usize,
    formats: BTreeSet<String>,
}

fn served(program: &Program, provided: &[Provided]) -> Vec<Served> {
    let mut sources: BTreeMap<[String; 3], Served> = BTreeMap::new();
    let any_text = provided.iter().any(|p| p.product.is_empty());
    for (id, rule) in (0..).zip(program.rules()) {
        let source = &rule.logsource;
        let slot = sources.entry(key(source).map(str::to_owned)).or_insert_with(|| {
            let places = log_source_places(source);
            let gives = |p: &&Provided| places.iter().any(|(place, known)| p.gives(place, *known));
            let formats = provided.iter().filter(gives).map(|p| p.format.clone()).collect();
            Served { source: source.clone(), rules: 0, on_text: 0, formats }
        });
        slot.rules += 1;
        let text = program.could_fire(id, &Shape::unknown(), &|field| field == "message").is_ok();
        slot.on_text += usize::from(any_text && text);
    }
    let mut all: Vec<Served> = sources.into_values().collect();
    all.sort_by(|a, b| b.rules.cmp(&a.rules).then_with(|| key(&a.source).cmp(&key(&b.source))));
    all
}

fn percent(part: usize, of: usize) -> String {
    let permille = (part * 1000 + of / 2) / of.max(1);
    format!("{}.{} %", permille / 10, permille % 10)
}

fn listed(source: &LogSource) -> String {
    key(source).map(|part| format!("{part} |")).join(" ")
}

fn page(
    all: &[Served],
    provided: &[Provided],
    reasons: &[Reason],
    fields: &BTreeMap<&str, usize>,
) -> String {
    let total: usize = all.iter().map(|s| s.rules).sum();
    let (read, unread): (Vec<&Served>, Vec<&Served>) =
        all.iter().partition(|s| !s.formats.is_empty());
    let rules = |list: &[&Served]| list.iter().map(|s| s.rules).sum::<usize>();
    let on_text: usize = unread.iter().map(|s| s.on_text).sum();
    let without = rules(&unread) - on_text;
    let mut text = format!(
        "# Rules that can fire on what is read\n\n\
         Written by `cargo xtask coverage` from the public rule base, \
         `crates/sekisho-event/data/provides.tsv` (which\nkinds of records a format gives) and the tables of log sources; a test compares. \
         Of {total} rules\n\n\
         - {} ({}) are for log sources of which a format gives records;\n\
         - {on_text} more ({}) can hold for lines of text of which nothing is known;\n\
         - {without} ({}) are for log sources of which nothing is read.\n\n\
         ## By format\n\n*Shown*: rules that could hold for an event with the fields that the \
         fixtures of the format have. (EVTX has none\nhere; its tests are elsewhere.)\n\n\
         | format | records of | log sources | rules | shown |\n|---|---|---|---|---|\n",
        rules(&read),
        percent(rules(&read), total),
        percent(on_text, total),
        percent(without, total),
    );
    for format in FORMATS.iter().map(|f| f.name()) {
        let own = provided.iter().filter(|p| p.format == format);
        let what: BTreeSet<&str> = own.map(|p| p.what.as_str()).collect();
        let here: Vec<&&Served> = read.iter().filter(|s| s.formats.contains(format)).collect();
        let _ = writeln!(
            text,
            "| [{format}]({format}.md) | {} | {} | {} | {} |",
            what.into_iter().collect::<Vec<_>>().join("; "),
            here.len(),
            here.iter().map(|s| s.rules).sum::<usize>(),
            fields.get(format).map_or("-".to_owned(), usize::to_string)
        );
    }
    text.push_str("\n## By log source\n\n| category | product | service | rules | read by |\n|---|---|---|---|---|\n");
    for s in read {
        let formats: Vec<&str> = s.formats.iter().map(String::as_str).collect();
        let _ = writeln!(text, "| {} {} | {} |", listed(&s.source), s.rules, formats.join(", "));
    }
    text.push_str(
        "\n## Without a reader\n\nOf these, *on text* can hold for lines of text of which nothing is known.\n\n\
         | category | product | service | rules | on text | why |\n|---|---|---|---|---|---|\n",
    );
    for s in unread {
        let why = reasons.iter().find(|r| r.fits(&s.source)).map_or("", |r| r.why.as_str());
        let _ = writeln!(text, "| {} {} | {} | {why} |", listed(&s.source), s.rules, s.on_text);
    }
    text
}

#[test]
fn the_rules_that_can_fire_are_those_of_the_page() {
    let Some(base) = data("sigma") else { return };
    let loaded = load(&[base], &Selection::default(), &ParseOptions::default(), 2);
    let (provided, reasons) = (provided(), reasons());
    let program = Program::new(loaded.rules);
    let all = served(&program, &provided);
    let page = page(&all, &provided, &reasons, &fields_shown(&program, &shown()));
    let path = root().join(PAGE);
    if std::env::var_os("SEKISHO_COVERAGE").is_some_and(|v| v == "write") {
        fs::write(&path, &page).unwrap();
    }
    let unread: Vec<&Served> = all.iter().filter(|s| s.formats.is_empty()).collect();
    let mut wrong: Vec<String> = Vec::new();
    for s in &unread {
        if !reasons.iter().any(|r| r.fits(&s.source)) {
            wrong.push(format!("unread.tsv does not say why {:?} is not read", key(&s.source)));
        }
    }
    for reason in &reasons {
        let first = |s: &&&Served| {
            reasons.iter().find(|r| r.fits(&s.source)).is_some_and(|r| std::ptr::eq(r, reason))
        };
        if !unread.iter().any(|s| first(&s)) {
            let row = [&reason.category, &reason.product, &reason.service];
            wrong.push(format!("unread.tsv: {row:?} is no longer needed"));
        }
    }
    let total: usize = all.iter().map(|s| s.rules).sum();
    let without: usize = unread.iter().map(|s| s.rules - s.on_text).sum();
    if without * 1000 >= total * UNREAD_PERMILLE_MAX {
        wrong.push(format!("of {without} of {total} rules nothing can be read"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{PAGE} is not what holds now: run cargo xtask coverage");
}

#[test]
fn every_format_says_what_it_gives() {
    let provided = provided();
    let mut missing = BTreeSet::new();
    for (format, Shape { product, channel, .. }) in shown().into_keys() {
        let said = provided.iter().any(|p| {
            let anything = p.channels.iter().any(|own| own == "known") || channel.is_empty();
            p.format == format && *p.product == *product && (anything || p.channel(&channel))
        });
        if !said && !product.is_empty() {
            missing.insert(format!("{format}\t{product}\t{channel}"));
        }
    }
    assert!(missing.is_empty(), "provides.tsv does not say what fixtures show: {missing:#?}");
    let names: BTreeSet<&str> = FORMATS.iter().map(|f| f.name()).collect();
    for name in &names {
        assert!(provided.iter().any(|p| p.format == *name), "provides.tsv has no row of {name}");
    }
    for p in &provided {
        assert!(
            names.contains(p.format.as_str()),
            "provides.tsv: no format is called {}",
            p.format
        );
    }
}
