//! The tactics of ATT&CK in the order of the kill chain, with those that were not seen.
//!
//! Since its version 19 ATT&CK has `Stealth` and `Defense Impairment` where it had `Defense
//! Evasion`; rules of both ages are in use, so the old name is shown when a rule uses it.

use super::html::Html;
use super::limits;
use super::model::{Report, TacticCount};

/// A tactic that the page knows.
struct Tactic {
    /// As in a Sigma tag, without `attack.`.
    tag: &'static str,
    /// As people read it.
    name: &'static str,
    /// Shown only when a rule with it fired.
    former: bool,
}

const fn tactic(tag: &'static str, name: &'static str) -> Tactic {
    Tactic { tag, name, former: false }
}

const CHAIN: [Tactic; 16] = [
    tactic("reconnaissance", "Recon\u{ad}nais\u{ad}sance"),
    tactic("resource-development", "Resource Develop\u{ad}ment"),
    tactic("initial-access", "Initial Access"),
    tactic("execution", "Execu\u{ad}tion"),
    tactic("persistence", "Persist\u{ad}ence"),
    tactic("privilege-escalation", "Privi\u{ad}lege Escala\u{ad}tion"),
    Tactic { tag: "defense-evasion", name: "Defense Evasion", former: true },
    tactic("stealth", "Stealth"),
    tactic("defense-impairment", "Defense Impair\u{ad}ment"),
    tactic("credential-access", "Creden\u{ad}tial Access"),
    tactic("discovery", "Disco\u{ad}very"),
    tactic("lateral-movement", "Lateral Move\u{ad}ment"),
    tactic("collection", "Collec\u{ad}tion"),
    tactic("command-and-control", "Com\u{ad}mand and Control"),
    tactic("exfiltration", "Exfil\u{ad}tration"),
    tactic("impact", "Impact"),
];

/// The strip of tactics on the first screen.
pub(super) fn strip(page: &mut Html, report: &Report) {
    page.raw("<section class=\"tactics\"><h2>ATT&amp;CK tactics, in the order of an intrusion ");
    page.raw("<small>detections, and rules that made them</small></h2><ol>");
    for tactic in &CHAIN {
        let (detections, rules) =
            sum(report.tactics.iter().filter(|count| plain(&count.tactic) == tactic.tag));
        if !tactic.former || detections > 0 {
            let mut name = Html::new();
            name.raw(tactic.name);
            cell(page, &name, detections, rules);
        }
    }
    let known =
        |count: &&TacticCount| CHAIN.iter().any(|tactic| plain(&count.tactic) == tactic.tag);
    let others: Vec<&TacticCount> = report.tactics.iter().filter(|count| !known(count)).collect();
    let shown = limits::fill(page, limits::OTHER_TACTICS, others.iter().copied(), |count| {
        let mut piece = Html::new();
        cell(&mut piece, &Html::of(&count.tactic, 40), count.detections, count.rules);
        piece
    });
    page.raw("</ol>");
    limits::more(
        page,
        others.len() as u64,
        shown,
        "tactic of another name",
        "tactics of other names",
    );
    page.raw("</section>\n");
}

fn cell(page: &mut Html, name: &Html, detections: u64, rules: u64) {
    page.raw(if detections == 0 { "<li class=\"zero\"><b>" } else { "<li><b>" });
    page.brief(detections).raw("</b><span>").html(name).raw("</span>");
    if detections > 0 {
        page.raw("<small>").count(rules, "rule", "rules").raw("</small>");
    }
    page.raw("</li>");
}

fn sum<'a>(counts: impl Iterator<Item = &'a TacticCount>) -> (u64, u64) {
    counts.fold((0, 0), |(detections, rules), count| {
        (detections.saturating_add(count.detections), rules.saturating_add(count.rules))
    })
}

/// A tactic's tag without its namespace, in lower case, with hyphens.
fn plain(tactic: &str) -> String {
    let lower = tactic.to_lowercase();
    lower.strip_prefix("attack.").unwrap_or(&lower).replace(['_', ' '], "-")
}
