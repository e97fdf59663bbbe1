//! Collects statements. What is broken is named one by one up to a limit, then
//! counted, so that no file however bad fills the memory.

use super::{About, DisclosedEvent, Verified};
use crate::limits::STATEMENTS_NAMED_MAX;
use crate::statement::{Place, Standing, Statement};

/// The statements of one verification.
#[derive(Debug, Default)]
pub(super) struct Report {
    statements: Vec<Statement>,
    broken: Count,
    claimed: Count,
    missing: Count,
    not_understood: u64,
}

#[derive(Debug, Default)]
struct Count {
    named: usize,
    more: u64,
}

impl Count {
    /// Whether one more is named.
    fn next(&mut self) -> bool {
        let named = self.named < STATEMENTS_NAMED_MAX;
        if named {
            self.named += 1;
        } else {
            self.more += 1;
        }
        named
    }
}

impl Report {
    pub(super) fn proven(&mut self, place: Place, text: impl Into<String>) {
        self.statements.push(Statement::new(Standing::Proven, place, text));
    }

    pub(super) fn claimed(&mut self, place: Place, text: impl Into<String>) {
        if self.claimed.next() {
            self.statements.push(Statement::new(Standing::Claimed, place, text));
        }
    }

    pub(super) fn missing(&mut self, place: Place, text: impl Into<String>) {
        if self.missing.next() {
            self.statements.push(Statement::new(Standing::Missing, place, text));
        }
    }

    /// What was found broken first.
    pub(super) fn first_broken(&self) -> Option<&Statement> {
        self.statements.iter().find(|said| said.standing == Standing::Broken)
    }

    pub(super) fn required(&mut self, place: Place, text: impl Into<String>) {
        self.statements.push(Statement::required(place, text));
    }

    pub(super) fn broken(&mut self, place: Place, text: impl Into<String>) {
        if self.broken.next() {
            self.statements.push(Statement::new(Standing::Broken, place, text));
        }
    }

    /// More that is broken and not named.
    pub(super) fn more_broken(&mut self, count: u64) {
        self.broken.more = self.broken.more.saturating_add(count);
    }

    /// How much was found broken so far.
    pub(super) fn broken_so_far(&self) -> u64 {
        self.broken.more.saturating_add(self.broken.named as u64)
    }

    /// Counts what this version does not know.
    pub(super) fn not_understood(&mut self, place: Place, count: u64) {
        if count > 0 {
            self.not_understood = self.not_understood.saturating_add(count);
            self.claimed(place, format!("not understood, passed over: {count} members or lines"));
        }
    }

    /// A type of record that this version does not know.
    pub(super) fn type_not_understood(&mut self, place: Place, text: String) {
        self.not_understood = self.not_understood.saturating_add(1);
        self.claimed(place, text);
    }

    /// The outcome; `whole` is the place of what is only counted.
    pub(super) fn end(
        mut self,
        whole: &Place,
        about: Option<About>,
        events: Vec<DisclosedEvent>,
    ) -> Verified {
        let counts = [
            (Standing::Broken, self.broken.more),
            (Standing::Missing, self.missing.more),
            (Standing::Claimed, self.claimed.more),
        ];
        for (standing, more) in counts.into_iter().filter(|(_, more)| *more > 0) {
            let text = format!("{more} more, which are counted only");
            self.statements.push(Statement::new(standing, whole.clone(), text));
        }
        let (statements, not_understood) = (self.statements, self.not_understood);
        Verified { statements, about, events, not_understood }
    }
}
