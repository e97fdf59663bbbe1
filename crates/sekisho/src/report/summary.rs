//! The first screen, for the reader with one minute.

use super::html::{Html, cut};
use super::limits;
use super::model::{FiredRule, Level, Listed, Report, Subject};
use super::picture;
use super::tactics;
use super::when;

/// The first screen.
pub(super) fn write(report: &Report) -> Html {
    let mut page = Html::new();
    page.raw(
        "<header><p class=\"kind\"><b>Sekisho</b> Examination report</p><nav aria-label=\"Parts\">",
    );
    page.raw(
        "<a href=\"#unseen\">Not seen</a><a href=\"#rules\">Rules</a><a href=\"#hosts\">Hosts</a>",
    );
    page.raw("<a href=\"#accounts\">Accounts</a><a href=\"#sources\">Sources</a>");
    page.raw("<a href=\"#making\">How it was made</a></nav></header>\n<h1>");
    page.html(&sentence(report)).raw("</h1>\n");
    facts(&mut page, report);
    tiles(&mut page, report);
    page.raw("<div class=\"pair\">");
    picture::write(&mut page, report.timeline.as_ref());
    unseen(&mut page, report);
    page.raw("</div>\n<div class=\"tops\">");
    top_rules(&mut page, &report.rules);
    top(&mut page, &report.hosts, "Hosts", "#hosts");
    top(&mut page, &report.accounts, "Accounts", "#accounts");
    page.raw("</div>\n");
    tactics::strip(&mut page, report);
    page
}

/// Says above everything else that the examination was stopped; nothing when it ran to its end.
pub(super) fn banner(page: &mut Html, report: &Report) {
    if !report.complete {
        page.raw(
            "<p class=\"stopped\" role=\"alert\"><span><strong>Incomplete.</strong> The \
            examination was ",
        );
        page.raw(
            "stopped before its end. What follows is only what had been found by \
            then.</span></p>\n",
        );
    }
}

/// The whole report in plain words.
pub(super) fn sentence(report: &Report) -> Html {
    let mut words = Html::new();
    let totals = &report.totals;
    if totals.records == 0 {
        words.raw("No record could be read, so nothing was examined");
    } else if totals.rules_loaded == 0 {
        words.raw("No rule was loaded, so nothing was looked for in ").count(
            totals.records,
            "record",
            "records",
        );
    } else if totals.detections == 0 {
        words.raw("No rule matched in ").count(totals.records, "record", "records");
        if totals.hosts > 0 {
            words.raw(" from ").count(totals.hosts, "host", "hosts");
        }
        words.raw(", which does not prove that nothing happened");
    } else {
        found(&mut words, report);
    }
    words.raw(".");
    missed(&mut words, report);
    words
}

fn found(words: &mut Html, report: &Report) {
    let totals = &report.totals;
    words.raw("<b>").count(totals.detections, "detection", "detections").raw("</b>, ");
    match report.levels.critical.detections {
        0 if totals.detections == 1 => words.raw("not critical"),
        0 => words.raw("none of them critical"),
        1 if totals.detections == 1 => words.raw("<b class=\"worst\">critical</b>"),
        critical if critical == totals.detections => {
            words.raw("<b class=\"worst\">all critical</b>")
        }
        critical => words.raw("<b class=\"worst\">").num(critical).raw(" of them critical</b>"),
    };
    words.raw(", by ").count(totals.rules_fired, "rule", "rules");
    if totals.hosts > 0 {
        words.raw(" on ").num(totals.hosts_with_detections).raw(" of ").count(
            totals.hosts,
            "host",
            "hosts",
        );
    }
}

/// The second half of the sentence: what could not be read or had nothing to look at.
fn missed(words: &mut Html, report: &Report) {
    let unseen = &report.unseen;
    let idle = unseen.rules_idle();
    let mut parts = Vec::new();
    let lost = [
        (unseen.files_unread, "file could not be read", "files could not be read"),
        (unseen.files_in_part, "file was read only in part", "files were read only in part"),
        (unseen.records_unread, "record could not be read", "records could not be read"),
    ];
    if let Some((number, one, many)) = lost.into_iter().find(|(number, _, _)| *number > 0) {
        let mut part = Html::new();
        part.count(number, one, many);
        parts.push(part);
    }
    if idle > 0 {
        let mut part = Html::new();
        part.num(idle).raw(" of ").count(report.totals.rules_loaded.max(idle), "rule", "rules");
        part.raw(" had nothing to look at");
        parts.push(part);
    }
    for (at, part) in parts.iter().enumerate() {
        words.raw(if at == 0 { " " } else { " and " }).html(part);
    }
    words.raw(if parts.is_empty() { "" } else { "." });
}

fn facts(page: &mut Html, report: &Report) {
    let totals = &report.totals;
    page.raw("<ul class=\"facts\">");
    for (number, one, many) in [
        (totals.files, "file read", "files read"),
        (totals.hosts, "host", "hosts"),
        (totals.records, "record", "records"),
    ] {
        page.raw("<li><b>")
            .num(number)
            .raw("</b> ")
            .raw(if number == 1 { one } else { many })
            .raw("</li>");
    }
    page.raw("<li><b>")
        .num(totals.rules_fired)
        .raw("</b> of ")
        .num(totals.rules_loaded)
        .raw(" rules fired</li>");
    if let (Some(first), Some(last)) = (totals.first_ns, totals.last_ns) {
        let hours = when::hours(first, last);
        page.raw("<li><b>").num(hours).raw("</b> ").raw(if hours == 1 { "hour" } else { "hours" });
        if hours >= 72 {
            page.raw(" (").num(hours.div_ceil(24)).raw(" days)");
        }
        page.raw("<small>, ").minute(first).raw(" – ").minute(last).raw(" UTC</small></li>");
    }
    page.raw("</ul>\n");
}

fn tiles(page: &mut Html, report: &Report) {
    page.raw("<ul class=\"tiles\">");
    for level in Level::ALL {
        let count = report.levels.get(level);
        let zero = if count.detections == 0 { " zero" } else { "" };
        page.raw("<li").attr("class", &format!("{}{zero}", level.name())).raw(">");
        page.raw(if count.detections > 99_999 { "<b class=\"wide\">" } else { "<b>" });
        page.brief(count.detections).raw("</b><span>");
        mark(page, level);
        page.raw(match level {
            Level::Informational => {
                "<span class=\"long\">informational</span><span class=\"brief\">inform.</span>"
            }
            other => other.name(),
        });
        page.raw("</span><small>").count(count.rules, "rule", "rules").raw("</small></li>");
    }
    page.raw("</ul>\n");
}

/// The coloured shape of a level; always beside its name.
pub(super) fn mark(page: &mut Html, level: Level) {
    page.raw("<i")
        .attr("class", &format!("mark {}", level.name()))
        .raw(" aria-hidden=\"true\"></i>");
}

/// What could not be seen, in numbers.
fn unseen(page: &mut Html, report: &Report) {
    let unseen = &report.unseen;
    let rows = [
        (unseen.files_unread, "file could not be read", "files could not be read"),
        (unseen.files_in_part, "file was read only in part", "files were read only in part"),
        (unseen.records_unread, "record could not be read", "records could not be read"),
        (unseen.rules_idle(), "rule had nothing to look at", "rules had nothing to look at"),
        (unseen.records_unexamined, "record no rule looked at", "records no rule looked at"),
        (report.rejected.count(), "rule was not loaded", "rules were not loaded"),
        (unseen.rules_cut_short, "rule was cut short", "rules were cut short"),
        (unseen.assumptions.count(), "assumption was made", "assumptions were made"),
    ];
    page.raw("<section class=\"missing\"><h2>What could not be seen</h2><ul>");
    for (number, one, many) in rows {
        page.raw(if number == 0 { "<li class=\"zero\"><b>" } else { "<li><b>" });
        page.brief(number).raw("</b> ").raw(if number == 1 { one } else { many }).raw("</li>");
    }
    page.raw("</ul><p>");
    if rows.iter().all(|(number, _, _)| *number == 0) {
        page.raw("Nothing of this kind was recorded. ");
    }
    page.raw("Rules find only what they describe. <a href=\"#unseen\">All of it</a></p></section>");
}

fn top_rules(page: &mut Html, rules: &Listed<FiredRule>) {
    page.raw("<section class=\"top\"><h2><a href=\"#rules\">Rules</a> ");
    page.raw("<small>the gravest first</small></h2>");
    let rows = worst_rules(&rules.items);
    let rows = rows
        .iter()
        .take(limits::TOP)
        .map(|rule| (rule.title.as_str(), rule.level, rule.detections));
    top_list(page, rows, rules.count(), "#rules");
}

fn top(page: &mut Html, subjects: &Listed<Subject>, heading: &'static str, target: &'static str) {
    page.raw("<section class=\"top\"><h2><a")
        .attr("href", target)
        .raw(">")
        .raw(heading)
        .raw("</a></h2>");
    let rows = worst_subjects(&subjects.items);
    let rows =
        rows.iter().take(limits::TOP).map(|one| (one.name.as_str(), one.worst, one.detections));
    top_list(page, rows, subjects.count(), target);
}

fn top_list<'a>(
    page: &mut Html,
    rows: impl Iterator<Item = (&'a str, Level, u64)>,
    total: u64,
    target: &'static str,
) {
    let mut shown = 0_u64;
    page.raw("<ol>");
    for (name, level, detections) in rows {
        let whole = cut(name, limits::TOOLTIP_CHARS).0;
        page.raw("<li><span class=\"name\"")
            .attr("title", whole)
            .raw(">")
            .text(cut(name, limits::TOP_CHARS).0);
        page.raw("</span><span class=\"lv\">");
        mark(page, level);
        page.raw(level.name()).raw("</span><b>").brief(detections).raw("</b></li>");
        shown += 1;
    }
    page.raw("</ol>");
    if shown == 0 {
        page.raw("<p class=\"nothing\">None with a detection.</p>");
    } else if total > shown {
        page.raw("<p class=\"rest\"><a")
            .attr("href", target)
            .raw(">")
            .num(total - shown)
            .raw(" more</a></p>");
    }
    page.raw("</section>");
}

/// Rules in the order to show them: the gravest first, then the most frequent.
pub(super) fn worst_rules(rules: &[FiredRule]) -> Vec<&FiredRule> {
    let mut rules: Vec<&FiredRule> = rules.iter().collect();
    rules.sort_by(|a, b| {
        let key = |rule: &FiredRule| (rule.level, u64::MAX - rule.detections);
        key(a).cmp(&key(b)).then_with(|| (&a.title, &a.id).cmp(&(&b.title, &b.id)))
    });
    rules
}

/// Hosts or accounts in the order to show them: the gravest first, then the most frequent.
pub(super) fn worst_subjects(subjects: &[Subject]) -> Vec<&Subject> {
    let mut subjects: Vec<&Subject> = subjects.iter().collect();
    subjects.sort_by(|a, b| {
        let key = |one: &Subject| (one.worst, u64::MAX - one.detections);
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    subjects
}
