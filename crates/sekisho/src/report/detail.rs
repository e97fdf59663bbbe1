//! The parts below the first screen that are plain tables: hosts, accounts, sources, rules not
//! loaded, making.

use super::html::Html;
use super::limits::{self, Limit};
use super::model::{Listed, Position, RejectedRule, Report, Source, Subject};
use super::summary::{mark, worst_subjects};

/// A column of a table: its heading and the class of its cells (`n` for numbers, `t` for times, `m`
/// for code).
pub(super) type Column = (&'static str, &'static str);

/// Opens a part; `opened` parts are open at first.
pub(super) fn part(
    page: &mut Html,
    id: &'static str,
    heading: &'static str,
    count: Option<u64>,
    opened: bool,
) {
    page.raw("<details class=\"part\"")
        .raw(if opened { " open" } else { "" })
        .raw("><summary><h2>")
        .raw(heading);
    page.raw("</h2>");
    if let Some(count) = count {
        page.raw("<span class=\"many\">").num(count).raw("</span>");
    }
    page.raw("</summary><div").attr("id", id).raw(">\n");
}

/// Closes a part.
pub(super) fn end(page: &mut Html) {
    page.raw("</div></details>\n");
}

/// Writes a table of as many rows as the limit allows, and how many more there are.
pub(super) fn table<'a, T: 'a>(
    page: &mut Html,
    columns: &[Column],
    limit: Limit,
    rows: (impl IntoIterator<Item = &'a T>, u64),
    nouns: (&'static str, &'static str),
    mut cells: impl FnMut(&'a T) -> Vec<Html>,
) {
    let (items, total) = rows;
    page.raw("<table class=\"sort\"><thead><tr>");
    for &(heading, class) in columns {
        page.raw("<th scope=\"col\"").attr("class", class).raw(">").raw(heading).raw("</th>");
    }
    page.raw("</tr></thead><tbody>\n");
    let shown = limits::fill(page, limit, items, |item| row(columns, &cells(item)));
    page.raw("</tbody></table>\n");
    limits::more(page, total, shown, nouns.0, nouns.1);
}

fn row(columns: &[Column], cells: &[Html]) -> Html {
    let mut row = Html::new();
    row.raw("<tr>");
    for (&(heading, class), cell) in columns.iter().zip(cells) {
        row.raw("<td")
            .attr("class", class)
            .attr("data-l", heading)
            .raw(">")
            .html(cell)
            .raw("</td>");
    }
    row.raw("</tr>\n");
    row
}

/// A level with its mark.
pub(super) fn level_of(level: super::model::Level) -> Html {
    let mut cell = Html::new();
    cell.raw("<span class=\"lv\">");
    mark(&mut cell, level);
    cell.raw(level.name()).raw("</span>");
    cell
}

/// A time.
pub(super) fn time_of(ns: Option<i64>) -> Html {
    let mut cell = Html::new();
    cell.time(ns);
    cell
}

/// A place in a file, in words; empty when there is none.
pub(super) fn place(position: Option<Position>) -> Html {
    let mut cell = Html::new();
    match position {
        None => {}
        Some(Position::Offset(offset)) => {
            cell.raw("byte ").num(offset);
        }
        Some(Position::Line(line)) => {
            cell.raw("line ").num(line);
        }
    }
    cell
}

/// The hosts.
pub(super) fn hosts(report: &Report) -> Html {
    subjects(&report.hosts, "hosts", "Hosts with detections", ("host", "hosts"))
}

/// The accounts.
pub(super) fn accounts(report: &Report) -> Html {
    subjects(&report.accounts, "accounts", "Accounts with detections", ("account", "accounts"))
}

fn subjects(
    subjects: &Listed<Subject>,
    id: &'static str,
    heading: &'static str,
    nouns: (&'static str, &'static str),
) -> Html {
    let columns = [
        ("Name", "w"),
        ("Worst level", ""),
        ("Detections", "n"),
        ("First (UTC)", "t"),
        ("Last (UTC)", "t"),
    ];
    let mut page = Html::new();
    part(&mut page, id, heading, Some(subjects.count()), false);
    let rows = (worst_subjects(&subjects.items), subjects.count());
    if subjects.count() == 0 {
        page.raw("<p class=\"nothing\">None with a detection.</p>");
    } else {
        table(&mut page, &columns, limits::SUBJECTS, rows, nouns, |one| {
            vec![
                Html::of(&one.name, limits::NAME_CHARS),
                level_of(one.worst),
                Html::of_num(one.detections),
                time_of(one.first_ns),
                time_of(one.last_ns),
            ]
        });
    }
    end(&mut page);
    page
}

/// The sources.
pub(super) fn sources(report: &Report) -> Html {
    let columns = [
        ("File", "w"),
        ("Format", ""),
        ("Records", "n"),
        ("First (UTC)", "t"),
        ("Last (UTC)", "t"),
        ("Problems", "n"),
    ];
    let sources = &report.sources;
    let mut page = Html::new();
    part(&mut page, "sources", "Sources", Some(sources.count()), false);
    if sources.count() == 0 {
        page.raw("<p class=\"nothing\">No file was read.</p>");
    } else {
        table(
            &mut page,
            &columns,
            limits::SOURCES,
            (&sources.items, sources.count()),
            ("file", "files"),
            |source| {
                vec![
                    source_name(source),
                    Html::of(&source.format, 40),
                    Html::of_num(source.records),
                    time_of(source.first_ns),
                    time_of(source.last_ns),
                    Html::of_num(source.problems),
                ]
            },
        );
    }
    end(&mut page);
    page
}

fn source_name(source: &Source) -> Html {
    let mut cell = Html::of(&source.path, limits::NAME_CHARS);
    if !source.sha256.is_empty() {
        cell.raw("<small class=\"hash\">SHA-256 ").short(&source.sha256, 64).raw("</small>");
    }
    cell
}

/// The rules that were not loaded.
pub(super) fn rejected(report: &Report) -> Html {
    let columns = [("File", "w"), ("Line", "n"), ("Reason", "w")];
    let rejected = &report.rejected;
    let mut page = Html::new();
    part(&mut page, "rejected", "Rules that were not loaded", Some(rejected.count()), false);
    if rejected.count() == 0 {
        page.raw("<p class=\"nothing\">Every rule given was loaded.</p>");
    } else {
        page.raw("<p>What these rules describe was not looked for.</p>");
        let rows = (&rejected.items, rejected.count());
        table(&mut page, &columns, limits::REJECTED, rows, ("rule", "rules"), rejected_cells);
    }
    end(&mut page);
    page
}

fn rejected_cells(rule: &RejectedRule) -> Vec<Html> {
    vec![
        Html::of(&rule.file, limits::NAME_CHARS),
        rule.line.map(Html::of_num).unwrap_or_default(),
        Html::of(&rule.reason, limits::SENTENCE_CHARS),
    ]
}

/// What a reader of any part should know.
const NOTE: &str = "<p class=\"note\">All times are UTC. Text from logs is shown as it was found; \
    characters that cannot be seen, or that would change the order of reading, are shown by \
    number, as <i>U+202E</i>. Lists on this page end at a limit and then say how many items are \
    not shown; nothing is cut from the files written beside it: every detection is in \
    <code>detections.jsonl</code>, every count in <code>run.json</code>.</p>";

/// How the report was made.
pub(super) fn making(report: &Report) -> Html {
    let mut page = Html::new();
    part(&mut page, "making", "How this report was made", None, false);
    page.raw("<dl class=\"options\"><dt>Program</dt><dd>Sekisho ")
        .short(&report.version, 60)
        .raw("</dd>\n");
    page.raw("<dt>Ran to its end</dt><dd>")
        .raw(if report.complete { "yes" } else { "no" })
        .raw("</dd>\n");
    let shown = limits::fill(&mut page, limits::OPTIONS, &report.options, |option| {
        let mut piece = Html::new();
        piece.raw("<dt>").short(&option.name, limits::NAME_CHARS).raw("</dt><dd>");
        piece.short(&option.value, limits::SENTENCE_CHARS).raw("</dd>\n");
        piece
    });
    page.raw("</dl>");
    limits::more(&mut page, report.options.len() as u64, shown, "option", "options");
    page.raw(NOTE);
    end(&mut page);
    page
}
