//! Found against true: which steps of the intrusion a sweep found, which it missed and why, and what it cried for
//! nothing.

use std::collections::BTreeMap;
use std::fmt;

use super::clock::parse;
use super::sink::CHANNELS;
use super::truth::{RecordRef, Truth, TruthGap, TruthStep};

/// One detection, as the sweep reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Id of the rule.
    pub rule_id: String,
    /// Title of the rule.
    pub title: String,
    /// Machine, with or without domain.
    pub host: String,
    /// Channel, as in the record.
    pub channel: String,
    /// Event record id; not looked at for logs that have no such ids.
    pub record_id: u64,
    /// Time in UTC.
    pub time: String,
    /// Level of the rule.
    pub level: String,
}

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The rule that was meant for it matched, or another of medium level or above did.
    Found {
        /// True when it was the rule that was meant for it.
        by_expected_rule: bool,
        /// Detections on its records.
        detections: usize,
    },
    /// Nothing pointed at it.
    Missed(
        /// Why.
        String,
    ),
}

/// One step with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The step.
    pub step: TruthStep,
    /// What became of it.
    pub outcome: Outcome,
}

/// False alarms of one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alarms {
    /// Detections of medium level or above that belong to no step.
    pub count: usize,
    /// Those of them on acts that were put there to look bad.
    pub on_decoys: usize,
    /// Those of them on acts of the defenders.
    pub on_responses: usize,
    /// Title of the rule.
    pub title: String,
}

/// Found against true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// All steps, in time order.
    pub steps: Vec<Judged>,
    /// False alarms by rule id.
    pub false_alarms: BTreeMap<String, Alarms>,
    /// Detections below medium that belong to no step; not counted as alarms.
    pub quiet: usize,
    /// Gaps in the logs.
    pub gaps: Vec<TruthGap>,
}

/// Sets detections against the truth. A detection belongs to a step when it points at one of its records: by host,
/// channel and record id, or by time for logs without record ids.
pub fn compare(truth: &Truth, found: &[Found]) -> Comparison {
    let mut owners: Vec<Vec<&Found>> = truth.steps.iter().map(|_| Vec::new()).collect();
    let mut false_alarms: BTreeMap<String, Alarms> = BTreeMap::new();
    let mut quiet = 0;
    for one in found {
        let mut owned = false;
        for (step, owner) in truth.steps.iter().zip(&mut owners) {
            if belongs(step, one) {
                owner.push(one);
                owned = true;
            }
        }
        if owned {
            continue;
        }
        if !is_loud(&one.level) {
            quiet += 1;
            continue;
        }
        let alarms = false_alarms.entry(one.rule_id.clone()).or_default();
        alarms.count += 1;
        alarms.title.clone_from(&one.title);
        if truth.decoys.iter().any(|decoy| belongs(decoy, one)) {
            alarms.on_decoys += 1;
        } else if truth.responses.iter().any(|act| belongs(act, one)) {
            alarms.on_responses += 1;
        }
    }
    let steps = truth
        .steps
        .iter()
        .zip(owners)
        .map(|(step, owner)| Judged { step: step.clone(), outcome: judge(step, &owner) })
        .collect();
    Comparison { steps, false_alarms, quiet, gaps: truth.gaps.clone() }
}

fn judge(step: &TruthStep, owner: &[&Found]) -> Outcome {
    let by_expected_rule =
        step.rule.as_ref().is_some_and(|rule| owner.iter().any(|one| same_id(&one.rule_id, rule)));
    if by_expected_rule || owner.iter().any(|one| is_loud(&one.level)) {
        return Outcome::Found { by_expected_rule, detections: owner.len() };
    }
    Outcome::Missed(match (&step.reason, &step.rule) {
        (Some(reason), _) => reason.clone(),
        (None, Some(rule)) => {
            format!("rule {} did not match its record", rule.get(..8).unwrap_or(rule))
        }
        (None, None) => "no rule is meant for it".to_owned(),
    })
}

fn same_id(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn is_loud(level: &str) -> bool {
    ["medium", "high", "critical"].iter().any(|loud| level.eq_ignore_ascii_case(loud))
}

fn belongs(step: &TruthStep, one: &Found) -> bool {
    step.record.iter().chain(&step.also).any(|record| points_at(record, one))
}

/// Half a second of tolerance would be too much for Windows; for the rest a millisecond covers rounded fractions.
const TOLERANCE: i64 = 1_000;

fn points_at(record: &RecordRef, one: &Found) -> bool {
    if let Some(id) = record.record_id {
        return id == one.record_id
            && same_id(&record.channel, &one.channel)
            && same_id(&record.host, short(&one.host));
    }
    if CHANNELS.iter().any(|channel| same_id(channel.name(), &one.channel)) {
        return false;
    }
    match (parse(&record.time), parse(&one.time)) {
        (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE,
        _ => false,
    }
}

fn short(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

impl Comparison {
    /// Number of steps found.
    pub fn found(&self) -> usize {
        self.steps.iter().filter(|judged| matches!(judged.outcome, Outcome::Found { .. })).count()
    }

    /// Number of steps missed.
    pub fn missed(&self) -> usize {
        self.steps.len() - self.found()
    }

    /// Steps missed although a rule was meant for them and their record survives: the sweep's own failures.
    pub fn failures(&self) -> usize {
        self.steps
            .iter()
            .filter(|judged| matches!(judged.outcome, Outcome::Missed(_)))
            .filter(|judged| judged.step.rule.is_some() && judged.step.record.is_some())
            .count()
    }
}

impl Alarms {
    /// What set the alarms off, in words.
    fn causes(&self) -> String {
        let other = self.count.saturating_sub(self.on_decoys + self.on_responses);
        let parts = [
            (self.on_decoys, "on ordinary acts that look bad"),
            (self.on_responses, "on acts of the defenders"),
            (other, "on others"),
        ];
        let said: Vec<String> =
            parts
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| {
                    if *count == self.count {
                        (*what).to_owned()
                    } else {
                        format!("{count} {what}")
                    }
                })
                .collect();
        said.join(", ")
    }
}

/// Widest line of the table.
const WIDTH: usize = 100;

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (total, found) = (self.steps.len(), self.found());
        line(
            f,
            &format!("{:16}  {:5}  {:11}  {:6}  {}", "time (UTC)", "host", "technique", "", "step"),
        )?;
        for judged in &self.steps {
            let step = &judged.step;
            let time: String = step.time.replace('T', " ").chars().take(16).collect();
            let word = match judged.outcome {
                Outcome::Found { .. } => "found",
                Outcome::Missed(_) => "MISSED",
            };
            let head = format!("{time}  {:5}  {:11}  {word:6}  ", step.host, step.technique);
            line(f, &format!("{head}{}", step.name))?;
            if let Outcome::Missed(reason) = &judged.outcome {
                wrapped(f, head.chars().count() + 2, reason)?;
            }
        }
        writeln!(f)?;
        let alarms: usize = self.false_alarms.values().map(|alarms| alarms.count).sum();
        writeln!(
            f,
            "{alarms} false alarms of medium level or above, {} quieter detections off the path",
            self.quiet
        )?;
        for alarms in self.false_alarms.values() {
            line(f, &format!("{:6}  {} ({})", alarms.count, alarms.title, alarms.causes()))?;
        }
        writeln!(f)?;
        writeln!(f, "{} gaps in the logs", self.gaps.len())?;
        for gap in &self.gaps {
            let minute = |time: &str| time.replace('T', " ").chars().take(16).collect::<String>();
            let (from, to) = (minute(&gap.from), minute(&gap.to));
            line(f, &format!("{from} to {to}  {} {}", gap.host, gap.channel))?;
            wrapped(f, 4, &format!("{}: {}", gap.kind, gap.reason))?;
        }
        writeln!(f)?;
        writeln!(f, "{found} of {total} steps of the intrusion found, {} missed", self.missed())
    }
}

fn line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if text.chars().count() <= WIDTH {
        return writeln!(f, "{}", text.trim_end());
    }
    let cut: String = text.chars().take(WIDTH - 1).collect();
    writeln!(f, "{cut}…")
}

/// Text broken at spaces, set in by `indent`.
fn wrapped(f: &mut fmt::Formatter<'_>, indent: usize, text: &str) -> fmt::Result {
    let mut current = String::new();
    for word in text.split_whitespace() {
        if !current.is_empty()
            && indent + current.chars().count() + 1 + word.chars().count() > WIDTH
        {
            line(f, &format!("{:indent$}{current}", ""))?;
            current.clear();
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    line(f, &format!("{:indent$}{current}", ""))
}
