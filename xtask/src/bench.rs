//! The benchmarks that the documentation's figures come from.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::corpus;
use crate::measure::{Taken, least, run as measured};

/// What to measure, where.
#[derive(Debug)]
pub(crate) struct Options {
    data: PathBuf,
    work: PathBuf,
    rounds: usize,
    only: Option<String>,
    format: Option<String>,
}

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let data =
            std::env::var_os("SEKISHO_TEST_DATA").map_or("../shared/data".into(), PathBuf::from);
        let mut options =
            Self { data, work: "target/bench".into(), rounds: 3, only: None, format: None };
        while let Some(flag) = args.next() {
            let value = args.next().with_context(|| format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--data" => options.data = value.into(),
                "--work" => options.work = value.into(),
                "--rounds" => options.rounds = value.parse().context("--rounds N")?,
                "--format" => options.format = Some(value),
                "--only" => options.only = Some(value),
                _ => bail!("unknown flag {flag}"),
            }
        }
        // The program under test keeps its keys in there: it wants to know where that is.
        options.work = std::path::absolute(&options.work)?;
        Ok(options)
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }

    fn rules(&self) -> PathBuf {
        self.data.join("sigma")
    }
}

fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")?;
    io::stdout().flush()?;
    Ok(())
}

fn program() -> Result<PathBuf> {
    let built = Command::new("cargo")
        .args(["build", "--release", "--package", "sekisho", "--quiet"])
        .status()?;
    anyhow::ensure!(built.success(), "the program could not be built");
    let own = std::env::current_exe()?;
    Ok(own.with_file_name("sekisho"))
}

fn examine(program: &Path, paths: &[PathBuf], options: &Options, threads: usize) -> Result<Taken> {
    let out = options.work.join("out");
    measured(
        Command::new(program)
            .arg("examine")
            .args(paths)
            .arg("--rules")
            .arg(options.rules())
            .arg("--out")
            .arg(out)
            .args(["--threads", &threads.to_string(), "--no-seal"]),
    )
}

/// Runs all benchmarks, or the one that was named.
pub(crate) fn run(options: &Options) -> Result<()> {
    // These need neither the program nor data. The last is asked for by name: it is long.
    if options.only.as_deref() == Some("exposure") {
        return crate::rehearse::bench();
    }
    if options.wants("seal") {
        crate::seal::run()?;
    }
    if options.wants("indicators") {
        say(&crate::indicators::run(options.rounds)?)?;
    }
    if options.only.as_deref().is_some_and(|only| ["seal", "indicators"].contains(&only)) {
        return Ok(());
    }
    let program = program()?;
    if options.wants("rules") {
        rules(&program, options)?;
    }
    if options.wants("evtx") {
        evtx(&program, options)?;
    }
    if options.wants("json") {
        json(&program, options)?;
    }
    if options.wants("rsigma") {
        rsigma(&program, options)?;
    }
    if options.wants("memory") {
        memory(&program, options)?;
    }
    // Only when it is asked for by name: it needs room for the file.
    if options.only.as_deref() == Some("large") {
        large(&program, options)?;
    }
    // The same of a case of ten million events.
    if options.only.as_deref() == Some("hunt") {
        let hunt = crate::hunt::Hunt {
            program: &program,
            data: &options.data,
            rules: options.rules(),
            work: options.work.join("hunt"),
            rounds: options.rounds,
        };
        hunt.run(&say)?;
    }
    if options.wants("readers") {
        crate::readers::run(&options.rules(), options.format.as_deref())?;
    }
    if options.wants("cores") {
        cores(&program, options)?;
    }
    if options.wants("sealing") {
        sealing(&program, options)?;
    }
    Ok(())
}

fn rules(program: &Path, options: &Options) -> Result<()> {
    let taken = least(options.rounds, || {
        measured(Command::new(program).args(["rules", "check"]).arg(options.rules()))
    })?;
    say(&format!("rules   load, check and compile all rules: {:.2} CPU-s", taken.cpu))
}

fn evtx(program: &Path, options: &Options) -> Result<()> {
    let files = corpus::evtx(&options.data, &options.work, 40)?;
    let own = std::env::current_exe()?;
    let base =
        least(options.rounds, || measured(Command::new(&own).arg("base-evtx").args(&files)))?;
    let chunks = least(options.rounds, || {
        measured(Command::new(&own).arg("base-evtx-chunks").args(&files))
    })?;
    let ours = least(options.rounds, || examine(program, &files, options, 1))?;
    say(&format!(
        "evtx    parse only (evtx crate) {:.2} CPU-s, examine {:.2} CPU-s: {:.2} ×; against the \
         crate's private mode ({:.2} CPU-s) {:.2} ×",
        base.cpu,
        ours.cpu,
        ours.cpu / base.cpu,
        chunks.cpu,
        ours.cpu / chunks.cpu
    ))
}

fn json(program: &Path, options: &Options) -> Result<()> {
    let file = corpus::json(&options.data, &options.work, 80)?;
    let own = std::env::current_exe()?;
    let base = least(options.rounds, || measured(Command::new(&own).arg("base-sonic").arg(&file)))?;
    let files = [file];
    let ours = least(options.rounds, || examine(program, &files, options, 1))?;
    say(&format!(
        "json    parse and walk (sonic-rs) {:.2} CPU-s, examine {:.2} CPU-s: {:.2} ×",
        base.cpu,
        ours.cpu,
        ours.cpu / base.cpu
    ))
}

/// Events a second and core: `rsigma-eval` (parsing and matching only), our
/// reader and matcher (the same work), and the whole program.
fn rsigma(program: &Path, options: &Options) -> Result<()> {
    let file = corpus::json(&options.data, &options.work, 80)?;
    let lines = bytecount(&file)?;
    let built = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--manifest-path", "bench/rsigma/Cargo.toml"])
        .arg("--target-dir")
        .arg(options.work.join("rsigma"))
        .status()?;
    anyhow::ensure!(built.success(), "bench/rsigma could not be built");
    let rules = options.rules();
    let theirs = rate(
        Command::new(options.work.join("rsigma/release/bench-rsigma"))
            .arg(&rules)
            .arg(&file)
            .arg("150000"),
        options.rounds,
    )?;
    let engine = rate(
        Command::new(std::env::current_exe()?).arg("engine").arg(&rules).arg(&file).arg("150000"),
        options.rounds,
    )?;
    let files = [file];
    let ours = least(options.rounds, || examine(program, &files, options, 1))?;
    let whole = lines / ours.cpu;
    say(&format!(
        "rsigma  rsigma-eval {theirs:.0} events/s; our reader and matcher {engine:.0}: {:.1} ×; \
         whole examine, hashing and output included, {whole:.0}: {:.1} ×",
        engine / theirs,
        whole / theirs
    ))
}

/// The best of several answers of a process that prints events a second.
fn rate(command: &mut Command, rounds: usize) -> Result<f64> {
    let mut best = 0.0f64;
    for _ in 0..rounds.max(1) {
        let answer = command.output().with_context(|| format!("running {command:?}"))?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let rate =
            text.split_once(':').and_then(|(_, rest)| rest.split(',').next()?.trim().parse().ok());
        best = best.max(rate.with_context(|| format!("reading {text:?} of {command:?}"))?);
    }
    Ok(best)
}

#[expect(clippy::cast_precision_loss, reason = "a count of lines")]
fn bytecount(file: &Path) -> Result<f64> {
    let bytes = std::fs::read(file)?;
    Ok(bytes.iter().filter(|&&b| b == b'\n').count() as f64)
}

fn memory(program: &Path, options: &Options) -> Result<()> {
    for (name, copies) in [("0.1 GB", 8), ("1 GB", 80), ("2 GB", 160)] {
        let file = corpus::json(&options.data, &options.work, copies)?;
        let taken = examine(program, &[file], options, 2)?;
        say(&format!("memory  JSON {name}: peak {:.0} MiB", taken.peak_mib))?;
    }
    for (name, copies) in [("0.1 GB", 5), ("1 GB", 45), ("2 GB", 90)] {
        let files = corpus::evtx(&options.data, &options.work, copies)?;
        let taken = examine(program, &files, options, 2)?;
        say(&format!("memory  EVTX {name}: peak {:.0} MiB", taken.peak_mib))?;
    }
    Ok(())
}

/// One file of 10 GB of a format of text; made for this, and not kept.
fn large(program: &Path, options: &Options) -> Result<()> {
    const BYTES: u64 = 10_000_000_000;
    let format = options.format.as_deref().unwrap_or("access-log");
    std::fs::create_dir_all(&options.work)?;
    let file = options.work.join("large.log");
    crate::readers::write_large(format, BYTES, &file)?;
    let taken = examine(program, std::slice::from_ref(&file), options, 2);
    std::fs::remove_file(&file)?;
    let taken = taken?;
    say(&format!(
        "large   {format}, 10 GB in one file: peak {:.0} MiB, {:.0} s, {:.0} CPU-s",
        taken.peak_mib, taken.wall, taken.cpu
    ))
}

fn cores(program: &Path, options: &Options) -> Result<()> {
    let evtx = corpus::evtx(&options.data, &options.work, 40)?;
    let json = [corpus::json(&options.data, &options.work, 80)?];
    for (name, files) in [("EVTX", evtx.as_slice()), ("one JSON file", json.as_slice())] {
        let one = least(options.rounds, || examine(program, files, options, 1))?;
        let two = least(options.rounds, || examine(program, files, options, 2))?;
        say(&format!(
            "cores   {name}: one {:.2} s, two {:.2} s: {:.2} ×",
            one.wall,
            two.wall,
            one.wall / two.wall
        ))?;
    }
    Ok(())
}

/// What sealing adds to an examination, on one thread.
fn sealing(program: &Path, options: &Options) -> Result<()> {
    const MOST: f64 = 2.0;
    let corpora = [
        ("EVTX", corpus::evtx(&options.data, &options.work, 40)?),
        ("JSON", vec![corpus::json(&options.data, &options.work, 80)?]),
        ("life", corpus::life(&options.data, &options.work, &options.rules())?),
    ];
    for (name, files) in corpora {
        // In turns, so that both meet the same neighbours.
        let (mut plain, mut sealed) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds.max(1) {
            plain.push(examine(program, &files, options, 1)?);
            sealed.push(examine_sealed(program, &files, options)?);
        }
        let least = |all: &[Taken]| all.iter().map(|taken| taken.cpu).fold(f64::MAX, f64::min);
        let peak = sealed.iter().map(|taken| taken.peak_mib).fold(0.0, f64::max);
        let (plain, sealed) = (least(&plain), least(&sealed));
        let verdict = if sealed <= MOST * plain { "reached" } else { "missed" };
        say(&format!(
            "sealing {name}: {plain:.2} CPU-s without, {sealed:.2} with: {:.2} × (at most {MOST} \
             ×: {verdict}); peak {peak:.0} MiB",
            sealed / plain
        ))?;
    }
    Ok(())
}

/// Examines and seals into a new case.
fn examine_sealed(program: &Path, paths: &[PathBuf], options: &Options) -> Result<Taken> {
    let out = options.work.join("out-sealed");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    measured(
        Command::new(program)
            .env("SEKISHO_HOME", options.work.join("home"))
            .arg("examine")
            .args(paths)
            .arg("--rules")
            .arg(options.rules())
            .arg("--out")
            .arg(out)
            .args(["--threads", "1"]),
    )
}
