//! Logs of a network as it lives: as many events as are wanted, made of those
//! of the test data. Hosts, users and kinds of events are chosen by Zipf's
//! law, times go on, and the distinct values of each field grow by Heaps' law.
//! What a rule finds is made rare. The same seed gives the same bytes.

mod random;
mod template;

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{SourceHints, Vocabulary, formats};
use sekisho_sigma::{Matcher, Program};
use std::collections::HashMap;

use random::{Chance, Heaps, Zipf};
use template::{Part, Token};

/// Machines and people of the network.
const HOSTS: usize = 250;
const USERS: usize = 400;

/// The first event is of 2026-01-05, and there are so many a second.
const FIRST_SECONDS: u64 = 1_767_571_200;
const EVENTS_PER_SECOND: u64 = 29;

/// Of a million events, how many are of a kind that some rule finds.
const FOUND_PER_MILLION: u64 = 2_000;

/// What the logs are of: the file's name, the folders that its events are
/// from, the ending of their files, and its part of all events in percent.
const KINDS: &[(&str, &[&str], &[&str], u64)] = &[
    ("windows", &["cases/psexec-3host", "cases/smb-copy-3host"], &["json"], 55),
    ("evtx", &["evtx", "sigma-regression"], &["evtx"], 25),
    ("zeek", &["cases/apt29-day1-net", "zeek"], &["log", "raw"], 15),
    ("cloudtrail", &["cases/aws-s3-exfil", "cloudtrail"], &["json"], 5),
];

/// Events of one kind.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    percent: u64,
    usual: Templates,
    found: Templates,
}

#[derive(Debug)]
struct Templates {
    lines: Vec<Vec<Part>>,
    /// By part of each line: its text's place among those that vary.
    sites: Vec<Vec<u32>>,
    choice: Zipf,
}

/// Makes events.
#[derive(Debug)]
pub(crate) struct Life {
    kinds: Vec<Kind>,
    growing: Vec<(Heaps, u64)>,
    hosts: Zipf,
    users: Zipf,
    records: Vec<u64>,
    chance: Chance,
    made: u64,
    line: String,
}

impl Life {
    /// Learns the events of the test data, and which of them rules find.
    pub(crate) fn new(data: &Path, program: &Arc<Program>) -> Result<Self> {
        let mut chance = Chance::new(1);
        let (mut kinds, mut sites) = (Vec::new(), Sites::default());
        for &(name, folders, endings, percent) in KINDS {
            let (mut usual, mut found) = (Vec::new(), Vec::new());
            for folder in folders {
                for ending in endings {
                    for file in crate::corpus::files(&data.join(folder), ending)? {
                        learn(&file, program, &mut usual, &mut found)?;
                    }
                }
            }
            ensure!(!usual.is_empty(), "no events of kind {name} below {}", data.display());
            let usual = Templates::new(usual, 0.6, &mut sites, &mut chance);
            let found = Templates::new(found, 0.3, &mut sites, &mut chance);
            kinds.push(Kind { name, percent, usual, found });
        }
        Ok(Self {
            kinds,
            growing: sites.growing,
            hosts: Zipf::new(HOSTS, 0.8),
            users: Zipf::new(USERS, 0.9),
            records: vec![10_000; HOSTS],
            chance,
            made: 0,
            line: String::new(),
        })
    }

    /// Writes the next events, a file for each kind of log. The files there
    /// before are written over.
    pub(crate) fn write(&mut self, events: u64, folder: &Path) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(folder)?;
        let files: Vec<PathBuf> =
            self.kinds.iter().map(|kind| folder.join(format!("{}.jsonl", kind.name))).collect();
        let mut outs = Vec::new();
        for file in &files {
            outs.push(BufWriter::with_capacity(1 << 20, File::create(file)?));
        }
        for _ in 0..events {
            let kind = self.make();
            let out = outs.get_mut(kind).context("a file for each kind")?;
            out.write_all(self.line.as_bytes())?;
            out.write_all(b"\n")?;
        }
        for mut out in outs {
            out.flush()?;
        }
        Ok(files)
    }

    /// Makes an event and says of what kind it is.
    fn make(&mut self) -> usize {
        let mut at = self.chance.below(100);
        let mut number = 0;
        while let Some(kind) = self.kinds.get(number)
            && at >= kind.percent
        {
            at -= kind.percent;
            number += 1;
        }
        let rare = self.chance.below(1_000_000) < FOUND_PER_MILLION;
        let Self { kinds, growing, hosts, users, records, chance, made, line } = self;
        let Some(kind) = kinds.get(number) else { return 0 };
        let templates =
            if rare && !kind.found.lines.is_empty() { &kind.found } else { &kind.usual };
        let choice = templates.choice.pick(chance);
        let (host, user) = (hosts.pick(chance), users.pick(chance));
        *made += 1;
        line.clear();
        let parts = templates.lines.get(choice).map_or(&[][..], |l| l);
        let sites = templates.sites.get(choice).map_or(&[][..], |l| l);
        let mut moment = Moment { number: *made, host, user, records, chance, growing };
        for (part, &site) in parts.iter().zip(sites) {
            moment.write(part, site, line);
        }
        number
    }
}

/// One event in the making.
struct Moment<'a> {
    number: u64,
    host: usize,
    user: usize,
    records: &'a mut Vec<u64>,
    chance: &'a mut Chance,
    growing: &'a mut Vec<(Heaps, u64)>,
}

impl Moment<'_> {
    fn write(&mut self, part: &Part, site: u32, line: &mut String) {
        let millis = self.number * 1000 / EVENTS_PER_SECOND;
        match part {
            Part::Text(text) => line.push_str(text),
            Part::Time(form) => write_time(form, millis, line),
            Part::Seconds => {
                let fraction = self.chance.below(1000);
                let seconds = FIRST_SECONDS + millis / 1000;
                line.push_str(&format!("{seconds}.{:03}{fraction:03}", millis % 1000));
            }
            Part::Record => {
                if let Some(record) = self.records.get_mut(self.host) {
                    *record += 1;
                    line.push_str(&record.to_string());
                }
            }
            Part::Number(most) => {
                let number = 4 + self.chance.below(u64::from(*most) / 4) * 4;
                line.push_str(&number.to_string());
            }
            Part::Host => line.push_str(&format!("WS-{:04}.corp.example", self.host)),
            Part::User => template::user(self.user, line),
            Part::Varied { tokens, .. } => {
                if let Some((heaps, seed)) = self.growing.get_mut(site as usize) {
                    let variant = heaps.next(self.chance);
                    template::write_variant(tokens, *seed, variant, line);
                }
            }
        }
    }
}

/// `2026-01-05T00:00:00.000000Z` in the form of another time.
fn write_time(form: &str, millis: u64, line: &mut String) {
    let seconds = FIRST_SECONDS + millis / 1000;
    let (day, clock) = (5 + (seconds - FIRST_SECONDS) / 86_400, seconds % 86_400);
    let between = form.get(10..11).unwrap_or("T");
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    line.push_str(&format!("2026-01-{day:02}{between}{hour:02}:{minute:02}:{second:02}"));
    let rest = form.get(19..).unwrap_or_default();
    let mut digits = format!("{:03}", millis % 1000).into_bytes();
    digits.extend_from_slice(
        form.as_bytes()
            .iter()
            .rev()
            .map_while(|b| b.is_ascii_digit().then_some(b'7'))
            .collect::<Vec<_>>()
            .as_slice(),
    );
    let mut next = digits.into_iter();
    for c in rest.chars() {
        let digit = c.is_ascii_digit().then(|| next.next().map_or('3', char::from));
        line.push(digit.unwrap_or(c));
    }
}

/// The texts that vary: the same text of the same field is one.
#[derive(Debug, Default)]
struct Sites {
    growing: Vec<(Heaps, u64)>,
    known: HashMap<(Box<str>, String), u32>,
}

impl Sites {
    fn site(&mut self, part: &Part) -> u32 {
        let Part::Varied { exponent, key, tokens } = part else { return 0 };
        let mut text = String::new();
        template::write_variant(tokens, 0, 0, &mut text);
        let next = u32::try_from(self.growing.len()).unwrap_or(u32::MAX);
        // Identities are of the network, not of a kind of event.
        if *exponent >= 0.7 && *exponent < 1.0 && tokens.iter().any(|t| matches!(t, Token::Hex(_)))
        {
            text = "identity".to_owned();
        }
        let site = *self.known.entry((key.clone(), text)).or_insert(next);
        if site == next {
            self.growing.push((Heaps::new(*exponent), u64::from(site) + 1));
        }
        site
    }
}

impl Templates {
    fn new(
        mut lines: Vec<Vec<Part>>,
        exponent: f64,
        sites: &mut Sites,
        chance: &mut Chance,
    ) -> Self {
        // In an order in which neighbours have nothing in common.
        for at in (1..lines.len()).rev() {
            let other = usize::try_from(chance.below(at as u64 + 1)).unwrap_or(0);
            lines.swap(at, other);
        }
        let of_line = |line: &Vec<Part>, sites: &mut Sites| {
            line.iter().map(|part| sites.site(part)).collect()
        };
        let numbers = lines.iter().map(|line| of_line(line, sites)).collect();
        let choice = Zipf::new(lines.len(), exponent);
        Self { lines, sites: numbers, choice }
    }
}

/// Reads the events of a file, those that a rule finds apart from others.
fn learn(
    file: &Path,
    program: &Arc<Program>,
    usual: &mut Vec<Vec<Part>>,
    found: &mut Vec<Vec<Part>>,
) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let Some(format) = formats::recognise(&bytes, true) else { return Ok(()) };
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let hints = Arc::new(SourceHints { name, ..SourceHints::default() });
    let (mut cutter, mut reader) = (format.cutter(hints, BLOCK_BYTES), format.reader());
    let mut vocabulary = Vocabulary::new(program.projection(&[]));
    let mut matcher = Matcher::new(Arc::clone(program));
    let mut input = bytes.as_slice();
    while let Some(block) = cutter.next(&mut input)? {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            let mut matches = Vec::new();
            for batch in parsed.batches {
                matches.clear();
                matcher.run(batch, vocabulary, &mut matches);
                for (row, &record) in (0u32..).zip(&batch.records) {
                    if batch.shape.is_unknown() {
                        continue;
                    }
                    let mut json = Vec::new();
                    parsed.records.write_json(record, &mut json);
                    let parts = template::cut(&String::from_utf8_lossy(&json));
                    let hit = matches.iter().any(|m| m.row == row);
                    if hit { found.push(parts) } else { usual.push(parts) }
                }
            }
        });
    }
    Ok(())
}
