//! The rules that fired, each to be opened up to some of its detections.

use super::detail::{end, level_of, part, place};
use super::html::{Html, cut};
use super::limits;
use super::model::{Example, FiredRule, Report};
use super::summary::worst_rules;
use super::when;

/// The part, open at first, its rules closed.
pub(super) fn write(report: &Report) -> Html {
    let mut page = Html::new();
    let total = report.rules.count();
    part(&mut page, "rules", "Rules that fired", Some(total), true);
    if total == 0 {
        page.raw("<p class=\"nothing\">No rule fired. ");
        page.count(report.totals.rules_loaded, "rule was", "rules were")
            .raw(" loaded; what they could not look at ");
        page.raw("is named above.</p>");
    } else {
        page.raw("<p class=\"filter\" hidden><label>Show only rules with <input type=\"search\" ");
        page.raw(
            "autocomplete=\"off\" spellcheck=\"false\"></label> \
            <output></output></p>\n<div class=\"rules\">\n",
        );
        let mut examples_bytes = 0;
        let shown =
            limits::fill(&mut page, limits::RULES, worst_rules(&report.rules.items), |rule| {
                card(rule, &mut examples_bytes)
            });
        page.raw("</div>");
        limits::more(&mut page, total, shown, "rule", "rules");
    }
    end(&mut page);
    page
}

/// One rule; its examples are left out once all examples together are too large.
fn card(rule: &FiredRule, examples_bytes: &mut usize) -> Html {
    let mut card = Html::new();
    card.raw("<details class=\"rule\"><summary>")
        .html(&level_of(rule.level))
        .raw("<span class=\"name\">");
    card.short(title(rule), limits::NAME_CHARS).raw("</span><span class=\"sum\"><b>");
    card.num(rule.detections)
        .raw("</b> on ")
        .count(rule.hosts, "host", "hosts")
        .raw("</span></summary>\n<div>");
    about(&mut card, rule);
    let examples = examples(rule);
    if *examples_bytes + examples.len() > limits::ALL_EXAMPLES_BYTES {
        card.raw(
            "<p class=\"more\">Examples are left out: the page would be too large. They are in ",
        );
        card.raw("<code>detections.jsonl</code>.</p>");
    } else {
        *examples_bytes += examples.len();
        card.html(&examples);
    }
    card.raw("</div></details>\n");
    card
}

fn title(rule: &FiredRule) -> &str {
    if rule.title.is_empty() { "(rule without a title)" } else { &rule.title }
}

fn about(card: &mut Html, rule: &FiredRule) {
    if !rule.description.is_empty() {
        card.raw("<p class=\"about\">")
            .short(&rule.description, limits::SENTENCE_CHARS)
            .raw("</p>");
    }
    card.raw("<dl class=\"meta\">");
    card.raw("<div><dt>First</dt><dd>").time(rule.first_ns).raw("</dd></div>");
    card.raw("<div><dt>Last</dt><dd>").time(rule.last_ns).raw("</dd></div>");
    if !rule.tags.is_empty() {
        card.raw("<div><dt>Tags</dt><dd class=\"tags\">");
        let shown = limits::fill(card, limits::TAGS, &rule.tags, |tag| {
            let mut piece = Html::new();
            piece.raw("<span>").short(tag, 60).raw("</span> ");
            piece
        });
        let rest = rule.tags.len().saturating_sub(shown) as u64;
        if rest > 0 {
            card.raw("and ").num(rest).raw(" more");
        }
        card.raw("</dd></div>");
    }
    for (name, value) in [("Rule file", &rule.file), ("Rule id", &rule.id)] {
        if !value.is_empty() {
            card.raw("<div><dt>")
                .raw(name)
                .raw("</dt><dd class=\"m\">")
                .short(value, limits::NAME_CHARS);
            card.raw("</dd></div>");
        }
    }
    card.raw("</dl>");
}

fn examples(rule: &FiredRule) -> Html {
    let mut page = Html::new();
    page.raw("<ol class=\"examples\">");
    let shown = limits::fill(&mut page, limits::EXAMPLES, &rule.examples, example);
    page.raw("</ol>");
    limits::more(
        &mut page,
        rule.detections,
        shown,
        "detection of this rule",
        "detections of this rule",
    );
    page
}

fn example(example: &Example) -> Html {
    let mut page = Html::new();
    page.raw("<li><p class=\"where\">");
    match example.time_ns {
        None => page.raw("<b>no time</b>"),
        Some(ns) => page.raw("<b>").text(&when::exact(ns)).raw("</b>"),
    };
    for word in [&example.host, &example.channel] {
        if !word.is_empty() {
            page.raw(" <span>").short(word, limits::NAME_CHARS).raw("</span>");
        }
    }
    if let Some(record_id) = example.record_id {
        page.raw(" <span>record ").num(record_id).raw("</span>");
    }
    page.raw("</p><p class=\"from\">").short(&example.path, limits::NAME_CHARS);
    if example.position.is_some() {
        page.raw(", ").html(&place(example.position));
    }
    page.raw("</p><dl class=\"fields\">");
    let shown = limits::fill(&mut page, limits::FIELDS, &example.matched, field);
    page.raw("</dl>");
    limits::more(&mut page, example.matched.len() as u64, shown, "field", "fields");
    page.raw("</li>\n");
    page
}

fn field((name, value): &(String, String)) -> Html {
    let mut piece = Html::new();
    piece.raw("<dt>").short(name, 80).raw("</dt><dd>");
    let (head, rest) = cut(value, limits::VALUE_CHARS);
    if value.is_empty() {
        piece.raw("<span class=\"none\">(empty)</span>");
    } else if rest == 0 {
        piece.text(head);
    } else {
        let (longer, beyond) = cut(value, limits::OPENED_CHARS);
        piece.text(head).raw("<details class=\"full\"><summary>").num(rest as u64);
        piece.raw(" more characters</summary><pre>").lines(longer).raw("</pre>");
        if beyond > 0 {
            piece
                .raw("<p class=\"more\">")
                .num(beyond as u64)
                .raw(" more characters not shown on this page.</p>");
        }
        piece.raw("</details>");
    }
    piece.raw("</dd>\n");
    piece
}
