//! What could not be seen. It stands first among the parts, because a detection that is missing may
//! be missing for one of these reasons.

use super::detail::{Column, end, part, place, table};
use super::html::Html;
use super::limits;
use super::model::{IdleRules, Listed, Report, Unseen};

/// The part, open at first.
pub(super) fn write(report: &Report) -> Html {
    let mut page = Html::new();
    let unseen = &report.unseen;
    part(&mut page, "unseen", "What could not be seen", None, true);
    page.raw(
        "<p class=\"lead\">Where nothing was detected, one of the following may be why. \
        Nothing on this page ",
    );
    page.raw("says that a host, an account or a network is free of intruders.</p>\n");
    problems(&mut page, unseen);
    idle(&mut page, unseen);
    unexamined(&mut page, unseen);
    assumptions(&mut page, unseen);
    duplicates(&mut page, unseen);
    end(&mut page);
    page
}

fn problems(page: &mut Html, unseen: &Unseen) {
    const COLUMNS: [Column; 5] =
        [("File", "w"), ("Where", "t"), ("What was wrong", "w"), ("Expected", "w"), ("Times", "n")];
    page.raw("<section><h3>Could not be read</h3><p>");
    page.count(unseen.files_unread, "file", "files").raw(" not at all, ");
    page.count(unseen.files_in_part, "file", "files").raw(" only in part; ");
    page.count(unseen.records_unread, "record", "records")
        .raw(" lost as far as they could be counted.</p>");
    if unseen.problems.count() > 0 {
        let rows = (&unseen.problems.items, unseen.problems.count());
        table(page, &COLUMNS, limits::PROBLEMS, rows, ("problem", "problems"), |problem| {
            vec![
                Html::of(&problem.path, limits::NAME_CHARS),
                place(problem.position),
                Html::of(&problem.what, limits::SENTENCE_CHARS),
                Html::of(&problem.expected, limits::SENTENCE_CHARS),
                Html::of_num(problem.count),
            ]
        });
    }
    page.raw("</section>\n");
}

fn idle(page: &mut Html, unseen: &Unseen) {
    const COLUMNS: [Column; 3] = [("Reason", "w"), ("Rules", "n"), ("For instance", "w")];
    page.raw("<section><h3>Rules that could never fire on this input</h3>");
    let reasons = unseen.idle_rules.len() as u64;
    if reasons == 0 {
        page.raw("<p class=\"nothing\">None are known.</p></section>\n");
        return;
    }
    page.raw("<p>").count(unseen.rules_idle(), "rule", "rules").raw(" had nothing to look at.</p>");
    let mut groups: Vec<&IdleRules> = unseen.idle_rules.iter().collect();
    groups.sort_by(|a, b| b.rules.cmp(&a.rules).then_with(|| a.reason.cmp(&b.reason)));
    table(page, &COLUMNS, limits::IDLE, (groups, reasons), ("reason", "reasons"), |group| {
        vec![
            Html::of(&group.reason, limits::SENTENCE_CHARS),
            Html::of_num(group.rules),
            titles(group),
        ]
    });
    page.raw("</section>\n");
}

fn titles(group: &IdleRules) -> Html {
    let mut cell = Html::new();
    cell.raw("<ul>");
    let shown = limits::fill(&mut cell, limits::IDLE_EXAMPLES, &group.examples, |title| {
        let mut item = Html::new();
        item.raw("<li>").short(title, limits::NAME_CHARS).raw("</li>");
        item
    });
    let rest = group.rules.saturating_sub(shown as u64);
    if rest > 0 {
        cell.raw("<li class=\"more\">").raw(if shown == 0 { "" } else { "and " }).num(rest);
        cell.raw(if shown == 0 { " not named here</li>" } else { " more</li>" });
    }
    cell.raw("</ul>");
    cell
}

fn unexamined(page: &mut Html, unseen: &Unseen) {
    const COLUMNS: [Column; 2] = [("Kind of record", "w"), ("Records", "n")];
    page.raw("<section><h3>Records that no rule looked at</h3>");
    if unseen.records_unexamined == 0 && unseen.unexamined.count() == 0 {
        page.raw("<p class=\"nothing\">None are known.</p></section>\n");
        return;
    }
    page.raw("<p>").count(unseen.records_unexamined, "record", "records").raw(" in ");
    page.count(unseen.unexamined.count(), "kind", "kinds").raw(".</p>");
    let mut kinds: Vec<_> = unseen.unexamined.items.iter().collect();
    kinds.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.kind.cmp(&b.kind)));
    let rows = (kinds, unseen.unexamined.count());
    table(page, &COLUMNS, limits::UNEXAMINED, rows, ("kind", "kinds"), |kind| {
        vec![Html::of(&kind.kind, limits::NAME_CHARS), Html::of_num(kind.records)]
    });
    page.raw("</section>\n");
}

fn assumptions(page: &mut Html, unseen: &Unseen) {
    page.raw("<section><h3>Taken for granted</h3>");
    let pairs = |one: &super::model::Assumption| (one.about.clone(), one.text.clone());
    let nouns = ("assumption", "assumptions");
    list(
        page,
        &unseen.assumptions,
        [("About", "w"), ("Assumption", "w")],
        limits::ASSUMPTIONS,
        nouns,
        pairs,
    );
    page.raw("</section>\n");
}

fn duplicates(page: &mut Html, unseen: &Unseen) {
    page.raw("<section><h3>Skipped, because the same bytes had been read already</h3>");
    let pairs = |one: &super::model::Duplicate| (one.path.clone(), one.same_as.clone());
    let nouns = ("file", "files");
    list(
        page,
        &unseen.duplicates,
        [("File skipped", "w"), ("Same as", "w")],
        limits::DUPLICATES,
        nouns,
        pairs,
    );
    page.raw("</section>\n");
}

fn list<T>(
    page: &mut Html,
    items: &Listed<T>,
    columns: [Column; 2],
    limit: limits::Limit,
    nouns: (&'static str, &'static str),
    pair: impl Fn(&T) -> (String, String),
) {
    if items.count() == 0 {
        page.raw("<p class=\"nothing\">None are known.</p>");
        return;
    }
    table(page, &columns, limit, (&items.items, items.count()), nouns, |item| {
        let (left, right) = pair(item);
        vec![Html::of(&left, limits::NAME_CHARS), Html::of(&right, limits::SENTENCE_CHARS)]
    });
}
