//! `sekisho demo`: the rehearsal.

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use sekisho_sigma::rule::Level;

use super::seal::SealArgs;
use super::show;
use crate::Exit;
use crate::demo::{DemoOptions, Found, TruthAsset, compare, generate};
use crate::examine::Options;
use crate::exposure::{Options as Question, Outcome};
use crate::seal::outside_case;

/// Rehearse: make the logs of a small network that was broken into, and examine them.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Folder for the logs, the truth and the results.
    #[arg(long, value_name = "DIR", default_value = "sekisho-demo")]
    out: PathBuf,
    /// From this number everything follows: the same number, the same logs.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Multiply the ordinary work of people by N.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    scale: u32,
    /// Threads; 0: one per core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    #[command(flatten)]
    seal: SealArgs,
}

impl Demo {
    pub(super) fn run(self) -> Result<Exit> {
        outside_case(&self.out)?;
        show::talk(&format!(
            "Making the logs of a small fictional network in {} (seed {}) …",
            self.out.display(),
            self.seed
        ));
        let truth = generate(&self.out, &DemoOptions { seed: self.seed, scale: self.scale })
            .with_context(|| format!("making the rehearsal in {}", self.out.display()))?;
        let options = Options {
            paths: vec![self.out.join("logs")],
            seal: self.seal.options(&self.out)?,
            out: self.out.join("results"),
            threads: self.threads,
            ..Options::default()
        };
        show::talk("Examining them with the built-in rules …");
        let outcome = super::examine::run(&options)?;
        let found = read_found(&options.out.join("detections.jsonl"))?;
        let comparison = compare(&truth, &found);
        let facts = truth.assets;
        let truth = self.out.join("truth.json");
        let exposed = self.exposed(&options, outcome.complete)?;
        let mut text = super::examine::summary(&outcome, &options.out);
        text.push_str("\nFound against true\n\n");
        text.push_str(&comparison.to_string());
        text.extend(exposed.as_ref().map(|exposed| said_and_true(exposed, &facts)));
        let _ = writeln!(text, "The whole story: {}", truth.display());
        let _ = writeln!(text, "The report:      {}", options.out.join("report.html").display());
        show::data(&text)?;
        Ok(if outcome.complete { Exit::Done } else { Exit::Failed })
    }
}

impl Demo {
    /// Asks the case what was exposed, if there is one.
    fn exposed(&self, options: &Options, complete: bool) -> Result<Option<Outcome>> {
        let Some(seal) = options.seal.as_ref().filter(|_| complete) else { return Ok(None) };
        show::talk("Asking what was exposed …");
        let question = Question {
            case: seal.case.clone(),
            assets: Some(self.out.join("assets.toml")),
            estate: None,
            said: Vec::new(),
            clear: Vec::new(),
            seed_level: Some(Level::High),
            // It stays in the case: results are the same whether sealed or not.
            out: None,
            // The story is a rehearsal's: it may lie ahead of the clock.
            now: None,
        };
        super::exposure::run(&question, &seal.key).map(Some)
    }
}

/// The verdicts beside what the surviving records allow to say.
fn said_and_true(exposed: &Outcome, truth: &[TruthAsset]) -> String {
    let mut text = String::from("\nWhat was exposed, said against true\n\n");
    let _ = writeln!(text, "  {:<20} {:<21} {:<21}", "asset", "said", "true");
    for (verdict, asset) in exposed.answer.verdicts.iter().zip(truth) {
        let said = super::exposure::verdict_words(verdict.verdict);
        let mark = if said == asset.verdict { "" } else { "  ✗" };
        let _ = writeln!(text, "  {:<20} {said:<21} {:<21}{mark}", asset.name, asset.verdict);
    }
    let [_, page] = &exposed.files;
    let _ = writeln!(text, "\nWhat was exposed: {}", page.display());
    text
}

/// What the comparison needs of a line of `detections.jsonl`.
#[derive(serde::Deserialize)]
struct Detection {
    time: Option<String>,
    host: Option<String>,
    channel: Option<String>,
    record_id: Option<u64>,
    rule: DetectionRule,
    correlation: Option<DetectionCorrelation>,
}

#[derive(serde::Deserialize)]
struct DetectionCorrelation {
    events: Vec<DetectionEvent>,
}

#[derive(serde::Deserialize)]
struct DetectionEvent {
    time: Option<String>,
    host: Option<String>,
    channel: Option<String>,
    record_id: Option<u64>,
}

#[derive(serde::Deserialize)]
struct DetectionRule {
    id: String,
    title: String,
    level: String,
}

/// The detections of a run, as the comparison wants them.
fn read_found(path: &std::path::Path) -> Result<Vec<Found>> {
    let reading = || format!("reading {}", path.display());
    let file = std::fs::File::open(path).with_context(reading)?;
    let mut found = Vec::new();
    for line in std::io::BufReader::new(file).lines() {
        let line = line.with_context(reading)?;
        let d: Detection = serde_json::from_str(&line).with_context(reading)?;
        let own = DetectionEvent {
            time: d.time,
            host: d.host,
            channel: d.channel,
            record_id: d.record_id,
        };
        // A correlation points at the event that completed it.
        let event = d.correlation.and_then(|mut c| c.events.pop()).unwrap_or(own);
        found.push(Found {
            rule_id: d.rule.id,
            title: d.rule.title,
            host: event.host.unwrap_or_default(),
            channel: event.channel.unwrap_or_default(),
            record_id: event.record_id.unwrap_or_default(),
            time: event.time.unwrap_or_default(),
            level: d.rule.level,
        });
    }
    Ok(found)
}
