//! Verdicts against truth: the confusion table, and every verdict that must not be.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sekisho_exposure::answer::{Answer, Verdict};

use super::truth::{Fate, Truth, TruthAsset};

const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::RuledOut, "ruled-out"),
    (Verdict::CannotBeDetermined, "cannot-be-determined"),
    (Verdict::Reachable, "reachable"),
    (Verdict::Accessed, "accessed"),
    (Verdict::Exfiltrated, "exfiltrated"),
];

/// What must not be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wrong {
    /// It was taken, and is ruled out.
    TakenRuledOut,
    /// It was not taken, and is called exfiltrated.
    KeptExfiltrated,
    /// It was opened, and is ruled out.
    OpenedRuledOut,
    /// No verdict at all.
    Missing,
}

impl Wrong {
    /// The words for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Wrong::TakenRuledOut => "taken, yet ruled out",
            Wrong::KeptExfiltrated => "not taken, yet called exfiltrated",
            Wrong::OpenedRuledOut => "opened, yet ruled out",
            Wrong::Missing => "no verdict",
        }
    }
}

/// A verdict that must not be, with what is needed to play it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Seed of the rehearsal.
    pub seed: u64,
    /// The truth about the asset.
    pub asset: TruthAsset,
    /// What is wrong.
    pub wrong: Wrong,
    /// What the method said, and why.
    pub said: String,
}

/// Counts over many rehearsals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// By truth, whether it can be determined, and verdict.
    cells: BTreeMap<(Fate, bool, Verdict), u64>,
    /// All verdicts that must not be.
    pub wrong: Vec<Case>,
    /// How many rehearsals.
    pub rehearsals: u64,
}

impl Table {
    /// Adds the answer to one rehearsal.
    pub fn add(&mut self, truth: &Truth, answer: &Answer) {
        self.rehearsals += 1;
        for asset in &truth.assets {
            let found = answer.verdicts.iter().find(|v| v.asset == asset.id);
            let verdict = found.map(|v| v.verdict);
            if let Some(verdict) = verdict {
                *self.cells.entry((asset.fate, asset.determinable, verdict)).or_default() += 1;
            }
            if let Some(wrong) = wrong(asset.fate, verdict) {
                let said = found
                    .map_or(String::new(), |v| format!("{:?}, {}: {}", v.grade, v.detail, v.why));
                self.wrong.push(Case { seed: truth.seed, asset: asset.clone(), wrong, said });
            }
        }
    }

    /// How many verdicts fit.
    #[must_use]
    pub fn count(&self, fits: impl Fn(Fate, bool, Verdict) -> bool) -> u64 {
        self.cells
            .iter()
            .filter(|((fate, known, verdict), _)| fits(*fate, *known, *verdict))
            .map(|(_, n)| n)
            .sum()
    }

    /// As text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{:<12}", "truth");
        for (_, word) in VERDICTS {
            // Writing to a String cannot fail.
            let _ = write!(out, "{word:>22}");
        }
        out.push('\n');
        for fate in Fate::ALL {
            let _ = write!(out, "{:<12}", fate.word());
            for (verdict, _) in VERDICTS {
                let _ = write!(out, "{:>22}", self.count(|f, _, v| f == fate && v == verdict));
            }
            out.push('\n');
        }
        self.shares(&mut out);
        for case in &self.wrong {
            let _ = writeln!(
                out,
                "WRONG {}: seed {}, {} ({}), determinable: {}; said {}",
                case.wrong.word(),
                case.seed,
                case.asset.id,
                case.asset.place,
                case.asset.determinable,
                case.said
            );
        }
        out
    }

    fn shares(&self, out: &mut String) {
        let open = self.count(|_, _, v| v == Verdict::CannotBeDetermined);
        let truly = self.count(|_, known, v| v == Verdict::CannotBeDetermined && !known);
        let said = self.count(|_, known, v| v == Verdict::RuledOut && !known);
        let told = |fate, verdict| {
            (
                self.count(|f, known, v| f == fate && known && v == verdict),
                self.count(|f, known, _| f == fate && known),
            )
        };
        let (left, of_left) = told(Fate::Taken, Verdict::Exfiltrated);
        let (read, of_read) = told(Fate::Opened, Verdict::Accessed);
        let (out_, of_out) = told(Fate::Untouched, Verdict::RuledOut);
        let _ = writeln!(
            out,
            "{} rehearsals, {} assets. Cannot be determined: {open}, of which {truly} truly cannot ({} %).\n\
             Ruled out though the records that are left do not suffice for that: {said}.\n\
             Of those that the records can show: taken, called exfiltrated {left} of {of_left}; opened, called accessed \
             {read} of {of_read}; untouched, ruled out {out_} of {of_out}.",
            self.rehearsals,
            self.count(|_, _, _| true),
            (truly * 100).checked_div(open).unwrap_or(100),
        );
    }
}

fn wrong(fate: Fate, verdict: Option<Verdict>) -> Option<Wrong> {
    match (fate, verdict) {
        (_, None) => Some(Wrong::Missing),
        (Fate::Taken, Some(Verdict::RuledOut)) => Some(Wrong::TakenRuledOut),
        (Fate::Opened, Some(Verdict::RuledOut)) => Some(Wrong::OpenedRuledOut),
        (Fate::Taken, Some(_)) => None,
        (_, Some(Verdict::Exfiltrated)) => Some(Wrong::KeptExfiltrated),
        _ => None,
    }
}
