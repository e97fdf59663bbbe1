//! Rules and events from arbitrary bytes: the property tests and the fuzz
//! target share this, so that what one finds the other can repeat. Every
//! choice takes a byte; where none is left, the first alternative is taken.

use std::fmt::Write;

use sekisho_event::{BatchBuilder, EventBatch, Kind, RowHead, Shape, ValueId, Vocabulary, limits};

/// Bytes as a row of choices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices<'a>(pub(crate) &'a [u8]);

impl Choices<'_> {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(first) % n.max(1)
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

const FIELDS: &[&str] = &["A", "B", "Image", "NewProcessName", "c.d"];

/// Texts of which values are made: what folds oddly, what is escaped, what
/// has a meaning to some modifier.
pub(crate) const PIECES: &[&str] = &[
    "",
    "a",
    "A",
    "b",
    "B",
    "ab",
    "\\",
    "*",
    "?",
    "\\*",
    "\\?",
    "\\\\",
    "İ",
    "i",
    "I",
    "ı",
    "ſ",
    "s",
    "S",
    "\u{212A}",
    "k",
    "K",
    "ß",
    "ẞ",
    "ǅ",
    "ǆ",
    "Ǆ",
    "Σ",
    "ς",
    "σ",
    "é",
    "É",
    "e\u{301}",
    "1",
    "01",
    "1.0",
    "1e3",
    "0x10",
    "16",
    "-1",
    "1000",
    " -a",
    " /a",
    "-",
    "–",
    "\n",
    "\0",
    "𐐀",
    "𐐨",
    "cmd.exe",
    "true",
    "10.0.0.1",
    "::1",
    "2024-02-29T23:59:59Z",
    "aaaa",
    "'",
    "\"",
    "%",
    "Å",
    "\u{212B}",
    "å",
    "ŉ",
    "ΐ",
];

const SCALARS: &[&str] = &[
    "1",
    "01",
    "1.0",
    "1e3",
    "0x10",
    "16",
    "-1",
    "0",
    "-0",
    "+1",
    "1.",
    ".5",
    "0o17",
    "true",
    "false",
    "null",
    "''",
    "'*'",
    "'?'",
    "'??*'",
    "170141183460469231731687303715884105728",
    "170141183460469231731687303715884105729",
    "0xffffffffffffffffff",
    "1e400",
];

const REGEXES: &[&str] = &[
    "a",
    "b+",
    "(ab|İ)",
    "[a-k]",
    "(?i)",
    "(?i:k)",
    "ſ",
    "\\d{1,2}",
    "^",
    "$",
    ".*",
    "(?:a|b)?",
    "(?=a)",
    "(a)\\1",
    "\\b",
    "a{2}",
    "(?:ab)*",
    "(?:cmd|ab)?",
    "(?:aa|é){0,1}",
    "(?:ab){2,3}",
    "[^b]",
    "K",
    "s",
    "S",
    "\\w",
    "cmd\\.exe",
    "ß",
    "ǅ",
    "(?:cmd|ab|1000)",
    "\\\\",
    "é",
    "[kK]",
    "|",
    "(?-u:a)",
    "(?s:.)",
    "\\x{212A}",
    "Σ",
    "a*",
    "(?!b)",
    "(?i-s)",
    "[[:alpha:]]",
    "(?P<n>b)",
    "İ",
    "i̇",
    "(?U)a+",
    "\\A",
    "\\z",
    "(?m)",
];

const CHAINS: &[&str] = &[
    "",
    "|contains",
    "|startswith",
    "|endswith",
    "|cased",
    "|contains|cased",
    "|startswith|cased",
    "|endswith|cased",
    "|re",
    "|re|i",
    "|re|i|s",
    "|re|m",
    "|re|contains",
    "|re|endswith",
    "|cidr",
    "|exists",
    "|fieldref",
    "|fieldref|cased",
    "|fieldref|contains",
    "|fieldref|startswith",
    "|fieldref|endswith|cased",
    "|lt",
    "|lte",
    "|gt",
    "|gte",
    "|windash",
    "|contains|windash",
    "|windash|endswith",
    "|base64",
    "|base64offset|contains",
    "|wide|base64offset|contains",
    "|wide",
    "|utf16be|base64",
    "|utf16|base64",
    "|minute",
    "|hour",
    "|day|gte",
    "|week|lt",
    "|month",
    "|year|lte",
];

const NETWORKS: &[&str] =
    &["10.0.0.0/8", "10.0.0.1", "::/0", "0.0.0.0/0", "::1/128", "::ffff:10.0.0.0/104"];

const LOG_SOURCES: &[&str] = &[
    "{product: p}",
    "{category: process_creation, product: windows}",
    "{product: windows, service: security}",
    "{product: zeek, service: conn}",
    "{product: windows}",
    "{category: process_creation}",
    "{service: sysmon}",
];

/// A text in the double quotes of YAML.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            _ => write!(out, "\\U{:08x}", u32::from(c)).unwrap(),
        }
    }
    out.push('"');
    out
}

fn text(choices: &mut Choices<'_>, pool: &[String]) -> String {
    if !pool.is_empty() && choices.once_in(2) {
        let at = choices.below(pool.len());
        return vary(choices, &pool[at]);
    }
    (0..choices.below(5)).map(|_| choices.pick(PIECES)).collect()
}

/// A text that was used before, perhaps changed a little.
fn vary(choices: &mut Choices<'_>, text: &str) -> String {
    match choices.below(8) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        2 => format!("{}{text}", choices.pick(PIECES)),
        3 => format!("{text}{}", choices.pick(PIECES)),
        4 => text.replace('*', choices.pick(PIECES)),
        5 => text.replace(['\\', '?'], choices.pick(PIECES)),
        _ => text.to_owned(),
    }
}

/// A regular expression, or what the parser refuses as one.
pub(crate) fn regex(choices: &mut Choices<'_>) -> String {
    (0..=choices.below(4)).map(|_| choices.pick(REGEXES)).collect()
}

fn value(choices: &mut Choices<'_>, chain: &str, pool: &mut Vec<String>) -> String {
    if chain.contains("|re") {
        return quoted(&regex(choices));
    }
    if chain.contains("cidr") {
        return format!("'{}'", choices.pick(NETWORKS));
    }
    if chain.contains("fieldref") {
        return choices.pick(FIELDS).to_owned();
    }
    if chain.contains("exists") {
        return choices.pick(&["true", "false"]).to_owned();
    }
    let numeric = ["|lt", "|gt", "|minute", "|hour", "|day", "|week", "|month", "|year"].iter();
    if numeric.clone().any(|m| chain.contains(m)) {
        return choices
            .pick(&["0", "1", "16", "1000", "-1", "0.5", "23", "59", "29", "2024"])
            .into();
    }
    if choices.once_in(4) {
        let scalar = choices.pick(SCALARS);
        pool.push(scalar.trim_matches('\'').to_owned());
        return scalar.to_owned();
    }
    let text = text(choices, pool);
    pool.push(text.clone());
    quoted(&text)
}

fn values(choices: &mut Choices<'_>, chain: &str, pool: &mut Vec<String>) -> String {
    let list: Vec<String> = (0..=choices.below(4)).map(|_| value(choices, chain, pool)).collect();
    match list.as_slice() {
        [only] if !chain.contains("|all") => only.clone(),
        list => format!("[{}]", list.join(", ")),
    }
}

fn item(choices: &mut Choices<'_>, field: &str, pool: &mut Vec<String>) -> String {
    let mut chain = choices.pick(CHAINS).to_owned();
    if choices.once_in(5) {
        chain.push_str("|all");
    }
    if choices.once_in(5) && !chain.contains("exists") {
        chain.push_str("|neq");
    }
    let values = values(choices, &chain, pool);
    format!("'{field}{chain}': {values}")
}

fn map(choices: &mut Choices<'_>, pool: &mut Vec<String>) -> String {
    let items: Vec<String> = (0..=choices.below(3))
        .map(|_| {
            let field = if choices.once_in(12) { "" } else { choices.pick(FIELDS) };
            item(choices, field, pool)
        })
        .collect();
    format!("{{{}}}", items.join(", "))
}

fn detection(choices: &mut Choices<'_>, pool: &mut Vec<String>) -> String {
    match choices.below(8) {
        0 => values(choices, "", pool),
        1 => format!("[{}, {}]", map(choices, pool), map(choices, pool)),
        2 => format!("[{}, {}]", map(choices, pool), quoted(&text(choices, pool))),
        _ => map(choices, pool),
    }
}

const NAMES: &[&str] = &["sel_a", "sel_b", "flt_a", "flt_b"];

fn condition(choices: &mut Choices<'_>, names: usize, depth: usize) -> String {
    if depth == 0 {
        return NAMES[choices.below(names)].to_owned();
    }
    let part = |c: &mut Choices<'_>| condition(c, names, depth - 1);
    match choices.below(10) {
        0 => format!("({} and {})", part(choices), part(choices)),
        1 => format!("({} or {})", part(choices), part(choices)),
        2 => format!("not {}", part(choices)),
        3 => format!("{} and not {}", part(choices), part(choices)),
        4 => choices.pick(&["1 of them", "all of them", "2 of them", "any of sel_*"]).to_owned(),
        5 => choices.pick(&["1 of sel_*", "all of sel_*", "3 of them", "not 1 of sel_*"]).into(),
        6 => format!("{} or {}", part(choices), part(choices)),
        _ => NAMES[choices.below(names)].to_owned(),
    }
}

/// The lines of a `detection` or `filter` section.
fn section(choices: &mut Choices<'_>, pool: &mut Vec<String>) -> String {
    let names = 1 + choices.below(NAMES.len());
    let mut out = String::new();
    for name in NAMES.iter().take(names) {
        writeln!(out, "  {name}: {}", detection(choices, pool)).unwrap();
    }
    let depth = choices.below(4);
    writeln!(out, "  condition: {}", condition(choices, names, depth)).unwrap();
    out
}

/// A rule as text. The values it names are added to `pool`.
pub(crate) fn rule(choices: &mut Choices<'_>, pool: &mut Vec<String>) -> String {
    let log_source = choices.pick(LOG_SOURCES);
    format!("title: t\nlogsource: {log_source}\ndetection:\n{}", section(choices, pool))
}

/// A filter as text.
pub(crate) fn filter(choices: &mut Choices<'_>, pool: &mut Vec<String>) -> String {
    let log_source = choices.pick(LOG_SOURCES);
    let section = section(choices, pool);
    format!("title: f\nlogsource: {log_source}\nfilter:\n  rules: any\n{section}")
}

fn shape(choices: &mut Choices<'_>) -> Shape {
    let (product, channel, event_id) = choices.pick(&[
        ("", "", None),
        ("p", "", None),
        ("windows", "Security", Some(4688)),
        ("windows", "Microsoft-Windows-Sysmon/Operational", Some(1)),
        ("windows", "", Some(1)),
        ("windows", "", Some(4688)),
        ("windows", "security", None),
        ("zeek", "conn", None),
        ("windows", "", None),
    ]);
    Shape { product: product.into(), channel: channel.into(), event_id }
}

/// One event before it is put into a batch.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) shape: Shape,
    pub(crate) cells: Vec<(&'static str, Kind, String)>,
}

/// An event whose values are often those that rules name.
pub(crate) fn event(choices: &mut Choices<'_>, pool: &[String]) -> Event {
    let shape = shape(choices);
    let mut cells = Vec::new();
    for _ in 0..choices.below(6) {
        let field = choices.pick(FIELDS);
        let (kind, text) = match choices.below(8) {
            0 => (Kind::Null, String::new()),
            1 | 2 => (Kind::Number, text(choices, pool)),
            3 => (Kind::Bool, choices.pick(&["true", "false"]).to_owned()),
            _ => (Kind::String, text(choices, pool)),
        };
        cells.push((field, kind, text));
    }
    Event { shape, cells }
}

/// What a reader makes of events: only wanted fields become cells.
pub(crate) fn batches(events: &[Event], vocabulary: &mut Vocabulary) -> Vec<EventBatch> {
    let mut builder = BatchBuilder::default();
    for (record, event) in (0..).zip(events) {
        let whole = vocabulary.projection().wants_all_of(&event.shape);
        let mut cells = Vec::new();
        for (name, kind, text) in &event.cells {
            let field = vocabulary.field(name).unwrap();
            if whole || vocabulary.wanted(field) {
                let values = vocabulary.dictionary_mut(field).unwrap();
                cells.push((field, values.intern_str(*kind, text)));
            }
        }
        let head = RowHead { time: 0, host: ValueId::ABSENT, record_id: 0, record };
        let shape = builder.shape(&event.shape);
        builder.push(shape, head, &cells);
    }
    builder.finish()
}

/// Makes the dictionaries outgrow their limit and empties them.
pub(crate) fn force_epoch(vocabulary: &mut Vocabulary) {
    let before = vocabulary.epoch();
    vocabulary.hosts.intern_str(Kind::String, &"x".repeat(limits::DICTIONARY_BYTES_MAX + 1));
    vocabulary.trim();
    assert_eq!(vocabulary.epoch(), before + 1);
}

/// Rules with perhaps a filter, and blocks of events for them.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) rules: Vec<String>,
    pub(crate) filter: Option<String>,
    pub(crate) blocks: Vec<Vec<Event>>,
}

/// A scene from bytes.
pub(crate) fn scene(bytes: &[u8]) -> Scene {
    let mut choices = Choices(bytes);
    let mut pool = Vec::new();
    let rules = (0..=choices.below(5)).map(|_| rule(&mut choices, &mut pool)).collect();
    let filter = choices.once_in(4).then(|| filter(&mut choices, &mut pool));
    let mut blocks = Vec::new();
    while blocks.len() < 4 && (blocks.is_empty() || !choices.is_empty()) {
        blocks.push((0..=choices.below(8)).map(|_| event(&mut choices, &pool)).collect());
    }
    Scene { rules, filter, blocks }
}
