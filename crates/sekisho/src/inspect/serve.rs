//! Which of the loaded rules have something to look at: those whose log source
//! is among the shapes that were found.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use sekisho_event::Shape;
use sekisho_sigma::log_source_has;
use sekisho_sigma::rule::{Level, LogSource};
use serde::Serialize;

use crate::rules::Loaded;

/// How many rules could fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RulesCouldFire {
    /// In all.
    pub total: u64,
    /// Of level critical.
    pub critical: u64,
    /// Of level high.
    pub high: u64,
    /// Of level medium.
    pub medium: u64,
    /// Of level low.
    pub low: u64,
    /// Of level informational, or of none.
    pub informational: u64,
}

impl RulesCouldFire {
    fn add(&mut self, level: Level, count: u64) {
        self.total += count;
        *match level {
            Level::Critical => &mut self.critical,
            Level::High => &mut self.high,
            Level::Medium => &mut self.medium,
            Level::Low => &mut self.low,
            Level::Informational => &mut self.informational,
        } += count;
    }
}

/// The log sources of all rules.
#[derive(Debug, Default)]
pub(crate) struct Served {
    sources: Vec<(LogSource, RulesCouldFire)>,
    /// By shape: the log sources (by number) that look at it.
    known: HashMap<Shape, Vec<usize>>,
    pub(crate) rules: u64,
}

impl Served {
    pub(crate) fn new(loaded: &Loaded) -> Self {
        let mut served = Self { rules: loaded.rules.len() as u64, ..Self::default() };
        let mut numbers: HashMap<LogSource, usize> = HashMap::new();
        for rule in &loaded.rules {
            let number = *numbers.entry(rule.logsource.clone()).or_insert(served.sources.len());
            if number == served.sources.len() {
                served.sources.push((rule.logsource.clone(), RulesCouldFire::default()));
            }
            if let Some((_, counts)) = served.sources.get_mut(number) {
                counts.add(rule.header.level, 1);
            }
        }
        served
    }

    /// The rules that look at any of these shapes.
    pub(crate) fn by(&mut self, shapes: &BTreeSet<Shape>) -> RulesCouldFire {
        let mut looking: BTreeSet<usize> = BTreeSet::new();
        for shape in shapes {
            if !self.known.contains_key(shape) {
                let sources = self.sources.iter().enumerate();
                let found = sources
                    .filter(|(_, (source, _))| log_source_has(source, shape))
                    .map(|(n, _)| n);
                self.known.insert(shape.clone(), found.collect());
            }
            looking.extend(self.known.get(shape).into_iter().flatten());
        }
        let mut all = RulesCouldFire::default();
        for number in looking {
            if let Some((_, counts)) = self.sources.get(number) {
                for (level, count) in [
                    (Level::Critical, counts.critical),
                    (Level::High, counts.high),
                    (Level::Medium, counts.medium),
                    (Level::Low, counts.low),
                    (Level::Informational, counts.informational),
                ] {
                    all.add(level, count);
                }
            }
        }
        all
    }
}
