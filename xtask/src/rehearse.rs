//! Generated rehearsals in number: the confusion table of the exposure method, the verdicts that must not be with the
//! seed to play them again, and how long it takes at a million events and at ten.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use sekisho::rehearse::{Feed, Options, Play, Rehearsal, Table, feed, generate};

use crate::measure;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    count: u64,
    seed: u64,
    only: Option<u64>,
    dump: Option<PathBuf>,
}

impl Asked {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let mut asked = Self { count: 200, seed: 1, only: None, dump: None };
        while let Some(flag) = args.next() {
            let value = args.next().with_context(|| format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--count" => asked.count = value.parse().context("--count N")?,
                "--seed" => asked.seed = value.parse().context("--seed N")?,
                "--only" => asked.only = Some(value.parse().context("--only SEED")?),
                "--dump" => asked.dump = Some(value.into()),
                _ => bail!("unknown flag {flag}"),
            }
        }
        Ok(asked)
    }
}

fn say(text: &str) -> Result<()> {
    write!(io::stdout(), "{text}")?;
    io::stdout().flush()?;
    Ok(())
}

/// Plays rehearsals and prints what came of it.
pub(crate) fn run(asked: &Asked) -> Result<()> {
    let (first, count) = asked.only.map_or((asked.seed, asked.count), |seed| (seed, 1));
    let mut table = Table::default();
    let (mut slowest, mut slow_seed, mut events) = (Duration::ZERO, 0, 0);
    let start = Instant::now();
    for seed in first..first.saturating_add(count) {
        let begun = Instant::now();
        let rehearsal = generate(&Options::of(seed));
        let read = feed(&rehearsal.files, None);
        events += read.events;
        for problem in &read.problems {
            say(&format!("seed {seed}: {problem}\n"))?;
        }
        let answer = read.answer(&rehearsal.beside).map_err(|e| anyhow!("seed {seed}: {e}"))?;
        table.add(&rehearsal.beside.truth, &answer);
        if begun.elapsed() > slowest {
            (slowest, slow_seed) = (begun.elapsed(), seed);
        }
        if let Some(folder) = &asked.dump {
            dump(&rehearsal, &folder.join(seed.to_string()))?;
            let text = serde_json::to_string_pretty(&answer)?;
            fs::write(folder.join(seed.to_string()).join("answer.json"), text)?;
        }
    }
    say(&table.text())?;
    let each = start.elapsed().as_secs_f64() / f64::from(u32::try_from(count.max(1))?);
    say(&format!(
        "{events} events; {each:.2} s each, {:.2} s the longest (seed {slow_seed})\n",
        slowest.as_secs_f64()
    ))
}

/// Logs, assets, seeds and truth, as files.
fn dump(rehearsal: &Rehearsal, folder: &Path) -> Result<()> {
    for file in &rehearsal.files {
        let path = folder.join("logs").join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
        }
        fs::write(&path, &file.bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    let beside = &rehearsal.beside;
    fs::write(folder.join("assets.toml"), &beside.assets_toml)?;
    fs::write(folder.join("truth.json"), beside.truth.to_json())?;
    let seeds: Vec<&str> = beside.seeds.iter().map(|seed| seed.text.as_str()).collect();
    fs::write(folder.join("seeds.txt"), seeds.join("\n") + "\n")?;
    Ok(())
}

/// A million events and ten, each in a process of its own.
pub(crate) fn bench() -> Result<()> {
    let own = std::env::current_exe()?;
    for events in ["1000000", "10000000"] {
        let answer = fs::File::create(own.with_file_name("exposure.txt"))?;
        let mut command = Command::new(&own);
        command.args(["exposure-scale", events]).stderr(answer);
        let taken = measure::watched(&mut command)?;
        let told = fs::read_to_string(own.with_file_name("exposure.txt"))?;
        say(&format!("exposure {}; peak {:.0} MiB\n", told.trim(), taken.peak_mib))?;
    }
    Ok(())
}

/// Plays one rehearsal of about so many events, and says on stderr how long the readers and the method took.
pub(crate) fn scale(mut args: impl Iterator<Item = String>) -> Result<()> {
    let wanted: u64 = args.next().context("exposure-scale EVENTS")?.parse()?;
    let seed = args.next().map_or(Ok(1), |seed| seed.parse())?;
    let base = measure_one(seed, 1)?.events.max(1);
    let double = measure_one(seed, 2)?.events.saturating_sub(base).max(1);
    let scale = 1 + u32::try_from(wanted.saturating_sub(base) / double)?;
    let told = measure_one(seed, scale)?;
    let mut out = io::stderr();
    writeln!(
        out,
        "{} events: reading and extraction {:.1} s, judgement {:.1} s, {} activities",
        told.events,
        told.reading.as_secs_f64(),
        told.judging.as_secs_f64(),
        told.activities
    )?;
    Ok(())
}

struct Told {
    events: u64,
    activities: usize,
    reading: Duration,
    judging: Duration,
}

fn measure_one(seed: u64, scale: u32) -> Result<Told> {
    let mut play = Play::new(&Options { seed, scale });
    let mut read = Feed::default();
    let mut reading = Duration::ZERO;
    while let Some(files) = play.next_day() {
        let start = Instant::now();
        files.iter().for_each(|file| read.file(file, None));
        reading += start.elapsed();
    }
    let (events, activities) = (read.events, read.extraction.activities.len());
    let start = Instant::now();
    read.answer(&play.finish()).map_err(|e| anyhow!(e))?;
    Ok(Told { events, activities, reading, judging: start.elapsed() })
}
