//! The parts that are tables: assets, hosts, accounts, what to get, coverage,
//! notices, and how all of it was made.

use std::cmp::Reverse;

use sekisho_exposure::answer::{
    AccountState, Answer, AssetVerdict, Collect, Coverage, HostState, Verdict,
};

use super::Making;
use super::limits::{ACCOUNTS, ASSETS, COLLECT, COVERAGE, HOSTS, NOTICES};
use super::words;
use crate::report::html::Html;
use crate::report::limits::{self, Limit, NAME_CHARS, SENTENCE_CHARS};

/// In which order verdicts are shown: the gravest first.
pub(super) fn order(verdict: &AssetVerdict) -> (Reverse<Verdict>, Reverse<u8>, String) {
    let grade = verdict.grade as u8;
    (Reverse(verdict.verdict), Reverse(grade), verdict.asset.to_lowercase())
}

fn open(page: &mut Html, id: &'static str, heading: &'static str, count: usize, opened: bool) {
    page.raw("<details class=\"part\"").raw(if opened { " open" } else { "" });
    page.raw("><summary><h2>").raw(heading).raw("</h2><span class=\"many\">");
    page.num(count as u64).raw("</span></summary><div").attr("id", id).raw(">\n");
}

/// A table: headings with the classes of their cells, rows of cells.
fn table<'a, T: 'a>(
    page: &mut Html,
    columns: &[(&'static str, &'static str)],
    limit: Limit,
    items: &[&'a T],
    nouns: (&'static str, &'static str),
    cells: impl Fn(&'a T) -> Vec<Html>,
) {
    page.raw("<table class=\"sort\"><thead><tr>");
    for (heading, class) in columns {
        page.raw("<th scope=\"col\"").attr("class", class).raw(">").raw(heading).raw("</th>");
    }
    page.raw("</tr></thead><tbody>\n");
    let shown = limits::fill(page, limit, items.iter(), |item| {
        let mut row = Html::new();
        row.raw("<tr>");
        for ((heading, class), cell) in columns.iter().zip(cells(item)) {
            row.raw("<td").attr("class", class).attr("data-l", heading).raw(">").html(&cell);
            row.raw("</td>");
        }
        row.raw("</tr>\n");
        row
    });
    page.raw("</tbody></table>\n");
    limits::more(page, items.len() as u64, shown, nouns.0, nouns.1);
}

fn name(text: &str) -> Html {
    // An empty cell is left out where the page is narrow.
    if text.is_empty() { Html::new() } else { Html::of(text, NAME_CHARS) }
}

fn literal(text: &'static str) -> Html {
    let mut cell = Html::new();
    cell.raw(text);
    cell
}

/// The matrix of assets.
pub(super) fn verdicts(answer: &Answer) -> Html {
    let mut page = Html::new();
    if answer.verdicts.is_empty() {
        return page;
    }
    open(&mut page, "verdicts", "Assets", answer.verdicts.len(), true);
    let mut all: Vec<&AssetVerdict> = answer.verdicts.iter().collect();
    all.sort_by_cached_key(|v| order(v));
    let columns = [
        ("Asset", "w"),
        ("Class", ""),
        ("Verdict", "t"),
        ("Grade", "t"),
        ("Kind", ""),
        ("First", "t"),
        ("Last", "t"),
        ("Left", ""),
        ("Records", "n"),
        ("Not seen", "n"),
    ];
    table(&mut page, &columns, ASSETS, &all, ("asset", "assets"), |v: &AssetVerdict| {
        vec![
            name(v.name.as_deref().unwrap_or(&v.asset)),
            name(v.classification.as_deref().unwrap_or_default()),
            words::verdict(v.verdict),
            literal(words::grade_words(v.grade)),
            name(&v.detail),
            words::at(v.first.as_ref()),
            words::at(v.last.as_ref()),
            words::volume(v),
            Html::of_num(v.evidence.len() as u64),
            Html::of_num(v.missing.len() as u64),
        ]
    });
    page.raw("</div></details>\n");
    page
}

/// Hosts.
pub(super) fn hosts(answer: &Answer) -> Html {
    let mut page = Html::new();
    open(&mut page, "hosts", "Hosts", answer.hosts.len(), false);
    let mut all: Vec<&HostState> = answer.hosts.iter().collect();
    all.sort_by_cached_key(|host| (Reverse(host.state), host.host.to_lowercase()));
    let columns = [
        ("Host", "w"),
        ("State", ""),
        ("Also known as", ""),
        ("First", "t"),
        ("Last", "t"),
        ("Records", ""),
    ];
    table(&mut page, &columns, HOSTS, &all, ("host", "hosts"), |host: &HostState| {
        let mut state = Html::new();
        state.raw("<span class=\"lv\">");
        words::mark(&mut state, words::host_class(host.state));
        state.raw(words::host_words(host.state)).raw("</span>");
        let known: Vec<&str> = host.known_as.iter().take(8).map(String::as_str).collect();
        let more = host.known_as.len().saturating_sub(8);
        let mut known = name(&known.join(", "));
        if more > 0 {
            known.raw(" and ").num(more as u64).raw(" more");
        }
        let at = |time: &Option<String>| words::at(time.as_ref());
        vec![
            name(&host.host),
            state,
            known,
            at(&host.first),
            at(&host.last),
            leaves(&host.evidence),
        ]
    });
    page.raw("</div></details>\n");
    page
}

/// The first records of a list.
fn leaves(evidence: &[sekisho_exposure::answer::Cited]) -> Html {
    let mut cell = Html::new();
    for (at, cited) in evidence.iter().take(3).enumerate() {
        cell.raw(if at > 0 { ", " } else { "" }).html(&words::leaf(cited));
    }
    let rest = evidence.len().saturating_sub(3) as u64;
    if rest > 0 {
        cell.raw(" and ").num(rest).raw(" more");
    }
    cell
}

/// Accounts.
pub(super) fn accounts(answer: &Answer) -> Html {
    let mut page = Html::new();
    if answer.accounts.is_empty() {
        return page;
    }
    open(&mut page, "accounts", "Accounts", answer.accounts.len(), false);
    let all: Vec<&AccountState> = answer.accounts.iter().collect();
    let columns = [
        ("Account", "w"),
        ("How", ""),
        ("Grade", "t"),
        ("From", "t"),
        ("Until", "t"),
        ("Records", ""),
    ];
    table(&mut page, &columns, ACCOUNTS, &all, ("account", "accounts"), |a: &AccountState| {
        let mut until = Html::new();
        match &a.until {
            Some(until_) => words::minute(&mut until, until_),
            None => {
                until.raw("still works");
            }
        }
        vec![
            name(&a.account),
            name(&a.how),
            literal(words::grade_words(a.grade)),
            words::at(Some(&a.from)),
            until,
            leaves(&a.evidence),
        ]
    });
    page.raw("</div></details>\n");
    page
}

/// What to get.
pub(super) fn collect(answer: &Answer) -> Html {
    let mut page = Html::new();
    if answer.collect_next.is_empty() {
        return page;
    }
    open(&mut page, "collect", "What to get next", answer.collect_next.len(), false);
    let all: Vec<&Collect> = answer.collect_next.iter().collect();
    let columns = [
        ("Host", "w"),
        ("Log", ""),
        ("Class", ""),
        ("From", "t"),
        ("To", "t"),
        ("Overwritten by", "t"),
        ("Settles", ""),
    ];
    table(&mut page, &columns, COLLECT, &all, ("log", "logs"), |c: &Collect| {
        let settles: Vec<&str> = c.settles.iter().take(12).map(String::as_str).collect();
        let mut settled = name(&settles.join(", "));
        let more = c.settles.len().saturating_sub(12) as u64;
        if more > 0 {
            settled.raw(" and ").num(more).raw(" more");
        }
        vec![
            name(&c.host),
            name(words::log(&c.channel)),
            name(&c.class),
            words::at(Some(&c.from)),
            words::at(Some(&c.to)),
            words::at(c.overwritten_by.as_ref()),
            settled,
        ]
    });
    page.raw("</div></details>\n");
    page
}

/// The ledger.
pub(super) fn coverage(answer: &Answer) -> Html {
    let mut page = Html::new();
    open(&mut page, "coverage", "Coverage of the logs", answer.coverage.len(), false);
    page.raw(
        "<p class=\"lead\">What was heard of each log, and what was not. What is not covered \
        comes first: no verdict is milder than it allows.</p>",
    );
    let mut all: Vec<&Coverage> = answer.coverage.iter().collect();
    all.sort_by_cached_key(|c| {
        (Reverse(c.state), c.host.to_lowercase(), c.channel.clone(), c.from.clone())
    });
    let columns = [
        ("Host", "w"),
        ("Log", ""),
        ("State", ""),
        ("From", "t"),
        ("To", "t"),
        ("Hours", "n"),
        ("Why", ""),
    ];
    table(&mut page, &columns, COVERAGE, &all, ("stretch", "stretches"), |c: &Coverage| {
        let mut state = Html::new();
        state.raw("<span class=\"lv\"><i");
        state.attr("class", &format!("c {}", words::coverage_words(c.state))).raw("></i>");
        state.raw(words::coverage_words(c.state)).raw("</span>");
        vec![
            name(&c.host),
            name(&c.channel),
            state,
            words::at(Some(&c.from)),
            words::at(Some(&c.to)),
            Html::of_num(words::hours(&c.from, &c.to)),
            Html::of(&c.reason, SENTENCE_CHARS),
        ]
    });
    page.raw("</div></details>\n");
    page
}

/// What the reader must know of the input.
pub(super) fn notices(answer: &Answer) -> Html {
    let mut page = Html::new();
    if answer.notices.is_empty() {
        return page;
    }
    open(&mut page, "notices", "To be known of the input", answer.notices.len(), true);
    page.raw("<ul class=\"dots\">");
    let shown = limits::fill(&mut page, NOTICES, &answer.notices, |notice| {
        let mut item = Html::new();
        item.raw("<li>").short(&notice.text, SENTENCE_CHARS).raw(" <small>");
        item.short(&notice.kind, 60).raw("</small> ").html(&leaves(&notice.evidence));
        item.raw("</li>");
        item
    });
    page.raw("</ul>");
    limits::more(&mut page, answer.notices.len() as u64, shown, "notice", "notices");
    page.raw("</div></details>\n");
    page
}

/// How it was made, and what it does not say.
pub(super) fn making(answer: &Answer, making: &Making) -> Html {
    let mut page = Html::new();
    page.raw("<details class=\"part\"><summary><h2>How this was made, and what it does not say");
    page.raw("</h2></summary><div id=\"making\"><dl class=\"options\">");
    let mut row = |name: &'static str, value: Html| {
        page.raw("<dt>").raw(name).raw("</dt><dd>").html(&value).raw("</dd>");
    };
    row("Made by", name(&making.engine));
    row("Case", name(&making.origin));
    row("Exposure", Html::of_num(making.number.into()));
    row("Entries of the log that it speaks of", Html::of_num(making.size));
    row("Stored events looked at", Html::of_num(making.events));
    row("Seeds", Html::of_num(making.seeds));
    for said in making.said.iter().take(50) {
        row("Analyst's word", name(said));
    }
    for cleared in making.cleared.iter().take(50) {
        row("Cleared by the analyst", name(cleared));
    }
    if !making.cleared.is_empty() {
        row("Detections cleared", Html::of_num(answer.cleared.detections));
    }
    let hash = |hash: Option<sekisho_case::Hash>| {
        hash.map_or_else(|| literal("none was given"), |hash| name(&hash.to_string()))
    };
    row("SHA-256 of the assets' file", hash(making.assets));
    row("SHA-256 of the estate's file", hash(making.estate));
    row("Form of the answer", Html::of_num(answer.version.into()));
    page.raw(
        "</dl><p class=\"lead\">A verdict says what these logs show and what they could not \
        show, not what is in a thief's hands. “Ruled out” holds for the ways that are known and \
        the logs as they were read. Whoever could change a log before it was read, could change \
        what is said here. Numbers such as 12.3 name an event of the case by its cell and its \
        number in it; <code>sekisho verify</code> checks that each is there.</p></div></details>\n",
    );
    page
}
