//! Benchmarks and chores: `cargo xtask bench`, `cargo xtask coverage`.
//!
//! Everything is measured as CPU time (user and system, of child processes)
//! on the same machine in the same run, so that the ratios mean something
//! wherever it runs.

mod base;
mod bench;
mod corpus;
mod coverage;
mod hunt;
mod indicators;
mod life;
mod measure;
mod readers;
mod rehearse;
mod seal;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask coverage
       writes docs/formats/coverage.md: the rules that can fire on what is read

       cargo xtask rehearse [--count N] [--seed N] [--only SEED] [--dump DIR]
       plays generated rehearsals and prints truth against verdicts; with --dump
       their logs, assets, truth and answers are written as files

       cargo xtask bench [--data DIR] [--work DIR] [--rounds N] [--only NAME]

  --data DIR    test data (default: $SEKISHO_TEST_DATA or ../shared/data)
  --work DIR    where corpora are made and kept (default: target/bench)
  --rounds N    runs of each; the least CPU time counts (default 3)
  --only NAME   evtx, json, rsigma, rules, indicators, memory, readers, seal,
                sealing, cores;
                or hunt, large or exposure, which are not among all
  --format NAME for readers and large: the format";

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("coverage") => coverage::run(),
        Some("bench") => bench::run(&bench::Options::parse(args)?),
        // What a benchmark runs as a process of its own.
        Some("base-evtx") => base::evtx(args),
        Some("base-evtx-chunks") => base::evtx_chunks(args),
        Some("base-sonic") => base::sonic(args),
        Some("engine") => base::engine(args),
                or hunt, large or exposure, which are not among all
        _ => bail!("{USAGE}"),
    }
}
