//! How fast rules and indicators run over evidence that is stored: the corpus
//! of a network as it lives, sealed into a case piece by piece, and hunted in
//! by the program itself. The case is kept; logs only as long as it takes to
//! read them.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{FieldId, Format, Projection, ValueId, Vocabulary, formats};
use sekisho_sigma::Program;

use crate::life::Life;
use crate::measure::{Taken, least, run as measured};

/// Events of the pieces of the corpus; ten million in all.
const PIECES: [u64; 11] = [
    100_000, 900_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000,
    1_000_000, 1_000_000,
];

/// After so many events it is said how many distinct values there are.
const COUNTED_AT: [u64; 3] = [100_000, 1_000_000, 10_000_000];

/// Of all distinct values one of so many is counted.
const SAMPLED: u64 = 64;

/// Fields of which all distinct values are counted.
const COUNTED_FIELDS: &[&str] =
    &["Image", "CommandLine", "TargetObject", "DestinationIp", "Message"];

/// Distinct values by field, and of all fields a sample.
#[derive(Default)]
struct Distinct {
    hasher: BuildHasherDefault<DefaultHasher>,
    sample: HashSet<u64>,
    of: BTreeMap<&'static str, HashSet<u64>>,
}

impl Distinct {
    fn add(&mut self, name: &str, text: &str) {
        let hash = self.hasher.hash_one((name, text));
        if hash.is_multiple_of(SAMPLED) {
            self.sample.insert(hash);
        }
        if let Some(name) = COUNTED_FIELDS.iter().find(|counted| **counted == name) {
            self.of.entry(name).or_default().insert(hash);
        }
    }

    /// Counts what the events of a file say.
    fn read(&mut self, file: &Path) -> Result<()> {
        let format: &dyn Format = &formats::json::Json;
        let (mut reader, mut cutter) =
            (format.reader(), format.cutter(Arc::default(), BLOCK_BYTES));
        let mut input = fs::File::open(file)?;
        while let Some(block) = cutter.next(&mut input)? {
            let mut vocabulary = Vocabulary::new(Projection::All);
            reader.read(&block, &mut vocabulary, &mut |_, _| {});
            for field in (0..).map(FieldId).take(vocabulary.fields()) {
                let Some(dictionary) = vocabulary.dictionary(field) else { continue };
                for id in (1..).map(ValueId).take(dictionary.len()) {
                    self.add(vocabulary.name(field), dictionary.text(id));
                }
            }
        }
        Ok(())
    }

    fn line(&self, events: u64) -> String {
        let all = self.sample.len() as u64 * SAMPLED;
        let of = |name: &&str| format!("{name} {}", self.of.get(*name).map_or(0, HashSet::len));
        let fields: Vec<String> = COUNTED_FIELDS.iter().map(of).collect();
        format!("hunt    after {events} events about {all} distinct values; {}", fields.join(", "))
    }
}

/// Where things are.
pub(crate) struct Hunt<'a> {
    pub(crate) program: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) rules: PathBuf,
    pub(crate) work: PathBuf,
    pub(crate) rounds: usize,
}

impl Hunt<'_> {
    fn piece(&self) -> PathBuf {
        self.work.join("piece")
    }

    fn case(&self) -> PathBuf {
        self.work.join("sealed")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(self.program);
        command.arg(verb).env("HOME", self.work.join("home"));
        command
    }

    fn life(&self) -> Result<Life> {
        let program = Arc::new(Program::new(crate::base::rules(&self.rules)?));
        Life::new(self.data, &program)
    }

    /// Seals the corpus, unless that was done.
    fn seal(&self, say: &dyn Fn(&str) -> Result<()>) -> Result<()> {
        let done = self.work.join("done");
        if done.exists() {
            return say(&fs::read_to_string(&done)?);
        }
        let _ = fs::remove_dir_all(&self.work);
        fs::create_dir_all(self.work.join("home"))?;
        let (mut life, mut distinct) = (self.life()?, Distinct::default());
        let (mut events, mut bytes, mut lines) = (0, 0, Vec::new());
        for count in PIECES {
            let files = life.write(count, &self.piece())?;
            events += count;
            for file in &files {
                bytes += file.metadata()?.len();
                distinct.read(file)?;
            }
            if COUNTED_AT.contains(&events) {
                lines.push(distinct.line(events));
            }
            let case = self.case();
            let sealed = measured(
                self.command("examine")
                    .arg(self.piece())
                    .arg("--rules")
                    .arg(&self.rules)
                    .arg("--out")
                    .arg(case),
            )?;
            say(&format!("hunt    {events} events sealed ({:.1} CPU-s)", sealed.cpu))?;
        }
        let stored = crate::corpus::files(&self.case(), "parquet")?;
        let stored: u64 = stored.iter().filter_map(|f| Some(f.metadata().ok()?.len())).sum();
        lines.push(format!("hunt    {stored} bytes stored of {bytes} of JSON"));
        let text = lines.join("\n");
        say(&text)?;
        fs::remove_dir_all(self.piece())?;
        Ok(fs::write(done, text)?)
    }

    /// Examines the first million events, without sealing.
    fn raw(&self) -> Result<Taken> {
        self.life()?.write(1_000_000, &self.piece())?;
        let taken = least(self.rounds, || {
            measured(
                self.command("examine")
                    .arg(self.piece())
                    .arg("--rules")
                    .arg(&self.rules)
                    .arg("--out")
                    .arg(self.work.join("raw"))
                    .args(["--threads", "1", "--no-seal"]),
            )
        });
        fs::remove_dir_all(self.piece())?;
        taken
    }

    fn hunt(&self, flag: &str, path: &Path) -> Result<Taken> {
        least(self.rounds, || {
            measured(
                self.command("hunt")
                    .arg(self.case())
                    .arg(flag)
                    .arg(path)
                    .args(["--threads", "1"])
                    .arg("--out")
                    .arg(self.work.join("found")),
            )
        })
    }

    /// Measures, and says what came of it.
    pub(crate) fn run(&self, say: &dyn Fn(&str) -> Result<()>) -> Result<()> {
        self.seal(say)?;
        let events: u64 = PIECES.iter().sum();
        let millions = f64::from(u32::try_from(events)?) / 1e6;
        let rules = self.hunt("--rules", &self.rules)?;
        let found = fs::read(self.work.join("found/detections.jsonl")).context("detections")?;
        say(&format!(
            "hunt    all rules over {events} stored events: {:.2} CPU-s, {:.2} M events/s and \
             core, the whole verb; peak {:.0} MiB, {} detections",
            rules.cpu,
            millions / rules.cpu,
            rules.peak_mib,
            found.iter().filter(|&&byte| byte == b'\n').count()
        ))?;
        let raw = self.raw()?;
        say(&format!(
            "hunt    examining a million of the raw events without sealing: {:.2} CPU-s; hunting \
             takes {:.1} × less an event",
            raw.cpu,
            raw.cpu * millions / rules.cpu
        ))?;
        let bundle = self.work.join("bundle.json");
        fs::write(&bundle, crate::indicators::bundle())?;
        let indicators = self.hunt("--indicators", &bundle)?;
        say(&format!(
            "hunt    100,000 indicators over the same: {:.2} CPU-s, {:.2} s, peak {:.0} MiB",
            indicators.cpu, indicators.wall, indicators.peak_mib
        ))
    }
}
