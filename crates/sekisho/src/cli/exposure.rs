//! `sekisho exposure`, and the flags of it that `examine` has too.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum};
use sekisho_case::key::SigningKey;
use sekisho_exposure::answer::{Answer, AssetVerdict, Collect, Evicted, HostWord, Verdict};
use sekisho_exposure::question::SaidSeed;

use super::examine::{records, watched};
use super::key::PassphraseArgs;
use super::options::{Format, LevelArg};
use super::seal::{key_of_case, warn};
use super::show;
use crate::Exit;
use crate::examine::Progress;
use crate::exposure::{Options, Outcome, expose};
use crate::seal::{find_case, outside_case};

/// Most lines of each list on the terminal; the page and the JSON have all.
const LINES_MAX: usize = 20;

/// Most characters of a name on the terminal.
const NAME_CHARS: usize = 40;

/// Say what leaked, what did not, and what nobody can say; adds to the case.
#[derive(Debug, Args)]
#[command(after_help = "\
The answer, the page and the files that declare assets and estate lie in the case, in
exposures/NNNN, and are sealed with it; each verdict is a record of its own, which
`sekisho disclose CASE --verdict ASSET` proves to others. Without --assets, hosts, accounts, the
intruder's time and the coverage of the logs are still answered. docs/exposure.md says what the
verdicts mean, and what they do not. What is stored is first compared with the hashes that the case
has sealed. Exit code 4: it is not what was sealed; then nothing is answered.")]
pub(super) struct Exposure {
    /// The case: its folder, or the folder that has it as `case`.
    #[arg(value_name = "CASE")]
    pub(super) case: PathBuf,
    #[command(flatten)]
    question: QuestionArgs,
    /// Folder for a copy of the answer: exposure-N.json and exposure-N.html.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Exit with 1 if an asset has this verdict or a graver one.
    #[arg(long, value_name = "VERDICT")]
    fail_on: Option<VerdictArg>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Key of the owner: its name or its file; else the one that the case was begun with.
    #[arg(long, value_name = "NAME|FILE", help_heading = "Sealing")]
    key: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// What is asked.
#[derive(Clone, Debug, Args)]
pub(super) struct QuestionArgs {
    /// File that declares what is protected (TOML); a verdict is given for each asset in it.
    #[arg(long, value_name = "FILE", help_heading = "What was exposed")]
    pub(super) assets: Option<PathBuf>,
    /// File that declares hosts, addresses and networks (TOML); what it leaves out is learned from
    /// the logs.
    #[arg(long, value_name = "FILE", help_heading = "What was exposed")]
    estate: Option<PathBuf>,
    /// What is known to be the intruder's, as pairs: 'host=WS01 process=win.exe'; may be given
    /// again. Keys: host, process, account, address, agent, app, session, hash, domain, from, until.
    #[arg(long = "seed", value_name = "PAIRS", help_heading = "What was exposed")]
    seeds: Vec<String>,
    /// What is known to be nobody's but your own, in the same pairs; may be given again. Detections
    /// that fit are not taken for the intruder's; all else stays as it is. What it cleared goes on
    /// record with the answer.
    #[arg(long = "clear", value_name = "PAIRS", help_heading = "What was exposed")]
    clear: Vec<String>,
    /// Detections of this level or above are the intruder's; so is what indicators matched.
    #[arg(long, value_name = "LEVEL", default_value = "high", help_heading = "What was exposed")]
    seed_level: SeedLevelArg,
}

/// A level, or none at all.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SeedLevelArg {
    /// No detections: only what --seed says.
    None,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl SeedLevelArg {
    fn level(self) -> Option<LevelArg> {
        match self {
            Self::None => None,
            Self::Informational => Some(LevelArg::Informational),
            Self::Low => Some(LevelArg::Low),
            Self::Medium => Some(LevelArg::Medium),
            Self::High => Some(LevelArg::High),
            Self::Critical => Some(LevelArg::Critical),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum VerdictArg {
    CannotBeDetermined,
    Reachable,
    Accessed,
    Exfiltrated,
}

impl From<VerdictArg> for Verdict {
    fn from(verdict: VerdictArg) -> Self {
        match verdict {
            VerdictArg::CannotBeDetermined => Self::CannotBeDetermined,
            VerdictArg::Reachable => Self::Reachable,
            VerdictArg::Accessed => Self::Accessed,
            VerdictArg::Exfiltrated => Self::Exfiltrated,
        }
    }
}

impl QuestionArgs {
    /// Whether anything is asked beyond the defaults.
    pub(super) fn asks(&self) -> bool {
        self.assets.is_some()
            || self.estate.is_some()
            || !self.seeds.is_empty()
            || !self.clear.is_empty()
    }

    /// What is asked of a case.
    pub(super) fn options(&self, case: &Path, out: Option<PathBuf>) -> Result<Options> {
        let read = |flag: &str, texts: &[String]| -> Result<Vec<SaidSeed>> {
            let words = texts.iter().map(|text| {
                SaidSeed::parse(text).map_err(|e| anyhow!("{flag} {}: {e}", show::safe(text)))
            });
            words.collect()
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok();
        Ok(Options {
            case: case.to_owned(),
            assets: self.assets.clone(),
            estate: self.estate.clone(),
            said: read("--seed", &self.seeds)?,
            clear: read("--clear", &self.clear)?,
            seed_level: self.seed_level.level().map(Into::into),
            out,
            now: now.and_then(|now| i64::try_from(now.as_nanos()).ok()),
        })
    }
}

impl Exposure {
    pub(super) fn run(self) -> Result<Exit> {
        self.out.as_deref().map_or(Ok(()), outside_case)?;
        let options = self.question.options(&find_case(&self.case)?, self.out)?;
        let key = key_of_case(&self.passphrase.keys()?, self.key.as_deref(), &options.case)?;
        let outcome = run(&options, &key)?;
        let text = match self.format {
            Format::Text => summary(&outcome),
            Format::Json => outcome.json.clone(),
        };
        show::data(&text)?;
        let worst = outcome.answer.verdicts.iter().map(|v| v.verdict).max();
        let reached = self.fail_on.is_some_and(|limit| worst >= Some(limit.into()));
        Ok(if reached { Exit::Findings } else { Exit::Done })
    }
}

/// Asks with a progress bar, until done or Ctrl-C.
pub(super) fn run(options: &Options, key: &SigningKey) -> Result<Outcome> {
    let message = |progress: &Progress| format!("{} stored events", records(progress));
    let outcome = watched(&message, |stop, progress| expose(options, key, stop, progress))
        .with_context(|| format!("asking {} what was exposed", options.case.display()))?;
    warn(outcome.warning.as_deref());
    Ok(outcome)
}

/// What is printed at the end.
pub(super) fn summary(outcome: &Outcome) -> String {
    let answer = &outcome.answer;
    let mut text = String::new();
    if !answer.sentence.is_empty() {
        let _ = writeln!(text, "{}\n", show::safe(&answer.sentence));
    }
    text.push_str(&verdicts(answer));
    text.push_str(&undetermined(answer));
    text.push_str(&hosts(answer));
    text.push_str(&window(answer));
    text.push_str(&notices(answer));
    let (events, seeds) =
        (show::counted(outcome.events, "stored event"), show::counted(outcome.seeds, "seed"));
    let cleared = match answer.cleared.detections {
        0 => String::new(),
        count => format!("; {} cleared by the analyst", show::counted(count, "detection")),
    };
    let _ = writeln!(text, "\n{events} looked at, from {seeds} on{cleared}");
    let [json, html] = &outcome.files;
    let _ = writeln!(text, "Answer:  {}", json.display());
    let _ = writeln!(text, "Page:    {}", html.display());
    let entries = show::grouped(outcome.entries);
    let _ = writeln!(
        text,
        "Sealed:  exposure {}; log of {entries} entries, root {}",
        outcome.number, outcome.root
    );
    text
}

fn verdicts(answer: &Answer) -> String {
    let mut text = String::new();
    let mut all: Vec<&AssetVerdict> = answer.verdicts.iter().collect();
    all.sort_by_key(|v| std::cmp::Reverse(v.verdict));
    let name = |v: &AssetVerdict| show::cut(&show::safe(&v.asset), NAME_CHARS);
    let width = all.iter().take(LINES_MAX).map(|v| name(v).chars().count()).max().unwrap_or(0);
    for v in all.iter().take(LINES_MAX) {
        let _ = writeln!(
            text,
            "  {:<width$}  {:<21} {:<9} {}",
            name(v),
            verdict_words(v.verdict),
            grade_word(v),
            show::cut(&show::safe(&v.why), 100)
        );
    }
    text.push_str(&more(all.len(), "asset"));
    text
}

fn undetermined(answer: &Answer) -> String {
    let mut text = String::new();
    let open: Vec<&AssetVerdict> = answer
        .verdicts
        .iter()
        .filter(|v| v.verdict == Verdict::CannotBeDetermined || !v.missing.is_empty())
        .collect();
    if !open.is_empty() {
        let _ = writeln!(text, "\nWhat was not seen");
    }
    for v in open.iter().take(LINES_MAX) {
        let _ = writeln!(text, "  {}", show::cut(&show::safe(&v.asset), NAME_CHARS));
        for missing in v.missing.iter().take(3) {
            let log = if missing.channel == "any" { "any log" } else { &missing.channel };
            let line = format!(
                "{}, {log} ({}): {} to {}: {}",
                missing.host,
                missing.class,
                minute(&missing.from),
                minute(&missing.to),
                missing.reason
            );
            let _ = writeln!(text, "    {}", show::safe(&line));
        }
        let rest = v.missing.len().saturating_sub(3);
        if rest > 0 {
            let _ = writeln!(text, "    and {} more", show::grouped(rest as u64));
        }
    }
    text.push_str(&more(open.len(), "asset"));
    if !answer.collect_next.is_empty() {
        let _ = writeln!(text, "\nWhat would settle most");
    }
    for collect in answer.collect_next.iter().take(LINES_MAX / 2) {
        let _ = writeln!(text, "  {}", show::safe(&collect_line(collect)));
    }
    text.push_str(&more_than(answer.collect_next.len(), LINES_MAX / 2, "log"));
    text
}

fn collect_line(collect: &Collect) -> String {
    let by = collect.overwritten_by.as_deref().map(minute);
    let by = by.map_or_else(String::new, |by| format!(", before {by}, when it is overwritten"));
    let log = if collect.channel == "any" { "any log" } else { &collect.channel };
    format!(
        "{log} of {} ({}), {} to {}: settles {}{by}",
        collect.host,
        collect.class,
        minute(&collect.from),
        minute(&collect.to),
        show::counted(collect.settles.len() as u64, "asset"),
    )
}

fn hosts(answer: &Answer) -> String {
    let mut text = String::new();
    let of = |word| answer.hosts.iter().filter(move |host| host.state == word);
    if answer.hosts.is_empty() {
        return text;
    }
    let _ = writeln!(text, "\nHosts");
    for word in [HostWord::Compromised, HostWord::Reached, HostWord::Unknown, HostWord::Untouched] {
        let count = of(word).count();
        if count == 0 {
            continue;
        }
        let names: Vec<String> =
            of(word).take(8).map(|h| show::cut(&show::safe(&h.host), NAME_CHARS)).collect();
        let rest = if count > 8 { format!(" and {} more", count - 8) } else { String::new() };
        let count = show::grouped(count as u64);
        let _ = writeln!(text, "  {:<12}{count:>6}  {}{rest}", host_word(word), names.join(", "));
    }
    text
}

fn window(answer: &Answer) -> String {
    let window = &answer.window;
    let mut text = String::from("\nThe intruder's time (UTC)\n");
    let at = |time: &Option<String>| time.as_deref().map_or_else(|| "–".to_owned(), minute);
    let open = |censored| if censored { " (the evidence does not reach further)" } else { "" };
    let _ = writeln!(
        text,
        "  first proven {}, first sign {}{}",
        at(&window.first_proven),
        at(&window.earliest_anomaly),
        open(window.censored.left)
    );
    let _ = writeln!(text, "  last seen {}{}", at(&window.last_seen), open(window.censored.right));
    for reentry in window.reentries.iter().take(5) {
        let (from, to) = (minute(&reentry.quiet_from), minute(&reentry.at));
        let _ = writeln!(text, "  quiet from {from}, back {to}: {}", show::safe(&reentry.how));
    }
    let why = if window.evicted_why.is_empty() { "" } else { ": " };
    let _ = writeln!(
        text,
        "  out? {}{why}{}",
        evicted_words(window.evicted),
        show::safe(&window.evicted_why)
    );
    text
}

fn notices(answer: &Answer) -> String {
    let mut text = String::new();
    if !answer.notices.is_empty() {
        let _ = writeln!(text, "\nTo be known");
    }
    for notice in answer.notices.iter().take(LINES_MAX) {
        let _ = writeln!(text, "  {}", show::safe(&notice.text));
    }
    text.push_str(&more(answer.notices.len(), "notice"));
    text
}

fn more(count: usize, what: &str) -> String {
    more_than(count, LINES_MAX, what)
}

fn more_than(count: usize, shown: usize, what: &str) -> String {
    match count.checked_sub(shown) {
        Some(rest) if rest > 0 => {
            format!("  … and {} more\n", show::counted(rest as u64, what))
        }
        _ => String::new(),
    }
}

/// A time of the answer, to the minute.
fn minute(time: &str) -> String {
    show::safe(&time.chars().take(16).collect::<String>().replace('T', " "))
}

fn grade_word(verdict: &AssetVerdict) -> String {
    serde_json::to_value(verdict.grade)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

pub(super) fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::RuledOut => "ruled out",
        Verdict::CannotBeDetermined => "cannot be determined",
        Verdict::Reachable => "reachable",
        Verdict::Accessed => "accessed",
        Verdict::Exfiltrated => "exfiltrated",
    }
}

fn host_word(word: HostWord) -> &'static str {
    match word {
        HostWord::Untouched => "untouched",
        HostWord::Unknown => "unknown",
        HostWord::Reached => "reached",
        HostWord::Compromised => "compromised",
    }
}

fn evicted_words(evicted: Evicted) -> &'static str {
    match evicted {
        Evicted::Yes => "yes",
        Evicted::No => "no",
        Evicted::NotProvable => "not provable",
        Evicted::NoIntruder => "no intruder was seen",
    }
}
