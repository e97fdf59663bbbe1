//! A card for each verdict: why, on which records, under which conditions,
//! what was not seen, and how to prove it to others.

use sekisho_exposure::answer::{Answer, AssetVerdict};

use super::limits::{CARDS, ON_CARD, RECORDS};
use super::words;
use crate::report::html::Html;
use crate::report::limits::{self, NAME_CHARS, SENTENCE_CHARS};

/// The part with all cards, the gravest verdicts first.
pub(super) fn write(answer: &Answer) -> Html {
    let mut page = Html::new();
    if answer.verdicts.is_empty() {
        return page;
    }
    page.raw("<details class=\"part\" open><summary><h2>Proof: what each verdict rests on</h2>");
    page.raw("<span class=\"many\">").num(answer.verdicts.len() as u64);
    page.raw("</span></summary><div id=\"proof\">");
    let mut all: Vec<&AssetVerdict> = answer.verdicts.iter().collect();
    all.sort_by_key(|v| super::parts::order(v));
    let shown = limits::fill(&mut page, CARDS, all.iter(), |verdict| card(verdict));
    limits::more(&mut page, all.len() as u64, shown, "verdict", "verdicts");
    page.raw("</div></details>\n");
    page
}

fn card(verdict: &AssetVerdict) -> Html {
    let mut page = Html::new();
    page.raw("<article").attr("class", &format!("card {}", words::class(verdict.verdict)));
    page.raw("><h3>").short(verdict.name.as_deref().unwrap_or(&verdict.asset), NAME_CHARS);
    page.raw("</h3><p class=\"line\">").html(&words::verdict(verdict.verdict)).raw(", ");
    let grade = words::grade_words(verdict.grade);
    page.raw(grade);
    // Of what left, the detail says the grade again.
    if !verdict.detail.is_empty() && verdict.detail != grade {
        page.raw(" · ").short(&verdict.detail, 80);
    }
    page.raw(" · <code>").short(&verdict.asset, NAME_CHARS).raw("</code>");
    if let Some(classification) = &verdict.classification {
        page.raw(" · ").short(classification, 80);
    }
    page.raw("</p>");
    if !verdict.why.is_empty() {
        page.raw("<p class=\"about\">").short(&verdict.why, SENTENCE_CHARS).raw("</p>");
    }
    facts(&mut page, verdict);
    records(&mut page, verdict);
    list(&mut page, "Holds if", verdict.conditions.len(), |page, at| {
        if let Some(condition) = verdict.conditions.get(at) {
            page.short(condition, SENTENCE_CHARS);
        }
    });
    missing(&mut page, verdict);
    page.raw("</article>\n");
    page
}

fn facts(page: &mut Html, verdict: &AssetVerdict) {
    let volume = verdict.volume.lower.or(verdict.volume.upper).is_some();
    if verdict.first.is_none() && verdict.last.is_none() && !volume {
        return;
    }
    page.raw("<dl class=\"meta\">");
    for (name, time) in [("First", &verdict.first), ("Last", &verdict.last)] {
        if time.is_some() {
            page.raw("<div><dt>").raw(name).raw("</dt><dd>").html(&words::at(time.as_ref()));
            page.raw("</dd></div>");
        }
    }
    if volume {
        page.raw("<div><dt>Left the estate</dt><dd>").html(&words::volume(verdict));
        page.raw("</dd></div>");
    }
    page.raw("</dl>");
}

fn records(page: &mut Html, verdict: &AssetVerdict) {
    if verdict.evidence.is_empty() {
        page.raw(
            "<p class=\"note\">It rests on no single record: on what was heard, and what was \
            not.</p>",
        );
        return;
    }
    page.raw("<ol class=\"examples\">");
    for cited in verdict.evidence.iter().take(RECORDS) {
        words::cited(page, cited);
    }
    page.raw("</ol>");
    let rest = verdict.evidence.len().saturating_sub(RECORDS) as u64;
    if rest > 0 {
        page.raw("<p class=\"more\">and ").count(rest, "more record", "more records").raw("</p>");
    }
    page.raw("<p class=\"note\">To prove it to others: <code>sekisho disclose CASE --verdict ");
    page.text(&quoted(&verdict.asset)).raw(" --out release.zip</code></p>");
}

/// An id as a shell takes it.
fn quoted(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
    if !id.is_empty() && id.chars().all(plain) {
        return id.to_owned();
    }
    format!("'{}'", id.replace('\'', r"'\''"))
}

fn missing(page: &mut Html, verdict: &AssetVerdict) {
    list(page, "Not seen", verdict.missing.len(), |page, at| {
        let Some(missing) = verdict.missing.get(at) else { return };
        page.short(&missing.host, NAME_CHARS)
            .raw(", ")
            .short(words::log(&missing.channel), NAME_CHARS);
        page.raw(" (").short(&missing.class, 60).raw("): ");
        words::minute(page, &missing.from);
        page.raw(" to ");
        words::minute(page, &missing.to);
        page.raw(": ").short(&missing.reason, 200);
    });
    list(page, "Would settle it", verdict.collect_next.len(), |page, at| {
        let Some(collect) = verdict.collect_next.get(at) else { return };
        page.short(words::log(&collect.channel), NAME_CHARS)
            .raw(" of ")
            .short(&collect.host, NAME_CHARS);
        page.raw(" (").short(&collect.class, 60).raw("), ");
        words::minute(page, &collect.from);
        page.raw(" to ");
        words::minute(page, &collect.to);
        if let Some(by) = &collect.overwritten_by {
            page.raw("; overwritten by ");
            words::minute(page, by);
        }
    });
}

/// A short list with a heading; nothing where it is empty.
fn list(page: &mut Html, heading: &'static str, count: usize, item: impl Fn(&mut Html, usize)) {
    if count == 0 {
        return;
    }
    page.raw("<h4>").raw(heading).raw("</h4><ul class=\"dots\">");
    for at in 0..count.min(ON_CARD) {
        page.raw("<li>");
        item(page, at);
        page.raw("</li>");
    }
    let rest = count.saturating_sub(ON_CARD) as u64;
    if rest > 0 {
        page.raw("<li>and ").num(rest).raw(" more</li>");
    }
    page.raw("</ul>");
}
