//! The first screen: one sentence, the five counts, the picture, whether the
//! intruder is out, and what nobody can say with what would settle it.

use std::collections::{BTreeMap, BTreeSet};

use sekisho_exposure::answer::{Answer, AssetVerdict, Evicted, Grade, Verdict};

use super::lanes;
use super::limits::TOP;
use super::words::{self, VERDICTS};
use crate::report::html::Html;
use crate::report::limits::{NAME_CHARS, SENTENCE_CHARS};
use crate::report::when;

/// The first screen.
pub(super) fn write(answer: &Answer) -> Html {
    let mut page = Html::new();
    page.raw("<header><p class=\"kind\"><b>Sekisho</b> Exposure report</p>");
    page.raw("<nav aria-label=\"Parts\"><a href=\"#verdicts\">Verdicts</a>");
    page.raw("<a href=\"#proof\">Proof</a><a href=\"#lanes\">Time</a><a href=\"#reach\">Ways</a>");
    page.raw("<a href=\"#hosts\">Hosts</a><a href=\"#coverage\">Coverage</a></nav></header>\n<h1>");
    page.html(&sentence(answer)).raw("</h1>\n");
    tiles(&mut page, answer);
    page.raw("<div class=\"pair\">");
    lanes::figure(&mut page, answer);
    out(&mut page, answer);
    page.raw("</div>\n");
    undetermined(&mut page, answer);
    page
}

fn count(answer: &Answer, verdict: Verdict) -> u64 {
    answer.verdicts.iter().filter(|v| v.verdict == verdict).count() as u64
}

/// The whole answer in one sentence.
fn sentence(answer: &Answer) -> Html {
    let mut words = Html::new();
    if answer.verdicts.is_empty() {
        words.raw("No asset was declared, so there is no verdict");
        let hosts = answer.hosts.len() as u64;
        if hosts > 0 {
            words.raw("; of ").count(hosts, "host", "hosts").raw(" it is said what is known");
        }
        words.raw(".");
        return words;
    }
    let total = answer.verdicts.len() as u64;
    words.raw("Of <b>").count(total, "protected asset", "protected assets").raw("</b>");
    for (at, verdict) in VERDICTS.into_iter().enumerate() {
        let number = count(answer, verdict);
        words.raw(match at {
            0 => " ",
            4 => " and ",
            _ => ", ",
        });
        words.raw(if number > 0 && at < 2 { "<b class=\"worst\">" } else { "<b>" });
        words.num(number).raw("</b> ").raw(match (verdict, number) {
            (Verdict::Exfiltrated, 1) => "was taken",
            (Verdict::Exfiltrated, _) => "were taken",
            (Verdict::Accessed, 1) => "was opened",
            (Verdict::Accessed, _) => "were opened",
            (Verdict::Reachable, 1) => "is within reach",
            (Verdict::Reachable, _) => "are within reach",
            (Verdict::CannotBeDetermined, _) => "cannot be determined",
            (Verdict::RuledOut, 1) => "is ruled out",
            (Verdict::RuledOut, _) => "are ruled out",
        });
    }
    words.raw(".");
    words
}

fn tiles(page: &mut Html, answer: &Answer) {
    page.raw("<ul class=\"tiles\">");
    for verdict in VERDICTS {
        let number = count(answer, verdict);
        let zero = if number == 0 { " zero" } else { "" };
        page.raw("<li").attr("class", &format!("{}{zero}", words::class(verdict)));
        page.raw("><b>").num(number).raw("</b><span>");
        words::mark(page, words::class(verdict));
        page.raw(words::verdict_words(verdict)).raw("</span><small>");
        let proven = |v: &&AssetVerdict| v.verdict == verdict && v.grade == Grade::Proven;
        match verdict {
            _ if number == 0 => page.raw("none"),
            Verdict::Reachable => page.raw("no touch is on record"),
            Verdict::CannotBeDetermined => page.raw("not enough was seen"),
            Verdict::RuledOut => page.raw("every way was watched"),
            _ => {
                let proven = answer.verdicts.iter().filter(proven).count() as u64;
                page.num(proven).raw(" proven")
            }
        };
        page.raw("</small></li>");
    }
    page.raw("</ul>\n");
}

/// Whether the intruder is out, and the times.
fn out(page: &mut Html, answer: &Answer) {
    let window = &answer.window;
    let calm = matches!(window.evicted, Evicted::Yes | Evicted::NoIntruder);
    page.raw("<section").attr("class", if calm { "missing calm" } else { "missing" });
    page.raw("><h2>Is the intruder out?</h2><p class=\"say\">");
    page.raw(words::evicted_words(window.evicted)).raw("</p>");
    if !window.evicted_why.is_empty() {
        page.raw("<p>").short(&window.evicted_why, SENTENCE_CHARS).raw("</p>");
    }
    page.raw("<dl class=\"times\">");
    let mut row = |name: &'static str, time: Option<&String>, censored: Option<&'static str>| {
        page.raw("<dt>").raw(name).raw("</dt><dd>").html(&words::at(time));
        if let Some(censored) = censored {
            page.raw("<small>").raw(censored).raw("</small>");
        }
        page.raw("</dd>");
    };
    let left = window.censored.left.then_some("the evidence begins too late to say it was first");
    row("First sign", window.earliest_anomaly.as_ref(), left);
    row("First proven act", window.first_proven.as_ref(), None);
    let right = window.censored.right.then_some("the evidence ends there");
    row("Last act seen", window.last_seen.as_ref(), right);
    let ends = window.first_proven.as_deref().and_then(words::ns);
    if let Some((from, to)) = ends.zip(window.last_seen.as_deref().and_then(words::ns)) {
        let seconds = u64::try_from(to.saturating_sub(from) / 1_000_000_000).unwrap_or(0);
        page.raw("<dt>Dwelt at least</dt><dd>").text(&dwell(seconds)).raw("</dd>");
    }
    page.raw("</dl>");
    for reentry in window.reentries.iter().take(TOP) {
        page.raw("<p>Came back ");
        words::minute(page, &reentry.at);
        page.raw(" after a quiet time from ");
        words::minute(page, &reentry.quiet_from);
        page.raw(": ").short(&reentry.how, 200).raw("</p>");
    }
    let rest = window.reentries.len().saturating_sub(TOP) as u64;
    if rest > 0 {
        page.raw("<p>and ").num(rest).raw(" more returns</p>");
    }
    page.raw("</section>");
}

fn dwell(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, hours) => format!("{hours} h {minutes} min"),
        (days, hours) => format!("{} d {hours} h", when::number(days)),
    }
}

/// Hours of a log that were not seen, and which assets that leaves open.
#[derive(Default)]
struct Unseen<'a> {
    spans: BTreeSet<(i64, i64)>,
    assets: BTreeSet<&'a str>,
    from: &'a str,
    to: &'a str,
    reason: &'a str,
}

impl Unseen<'_> {
    /// Hours in all stretches, each once.
    fn hours(&self) -> u64 {
        let (mut sum, mut seen) = (0u64, i64::MIN);
        for (from, to) in &self.spans {
            let from = (*from).max(seen);
            if from < *to {
                sum = sum.saturating_add(to.abs_diff(from));
                seen = *to;
            }
        }
        sum.div_ceil(3_600_000_000_000)
    }
}

/// What nobody can say: which logs, which hosts, which hours; and what would
/// settle it, by when.
fn undetermined(page: &mut Html, answer: &Answer) {
    let mut by_log: BTreeMap<(&str, &str, &str), Unseen<'_>> = BTreeMap::new();
    let open = answer.verdicts.iter().filter(|v| v.verdict == Verdict::CannotBeDetermined);
    for verdict in open.clone() {
        for missing in &verdict.missing {
            let key = (missing.host.as_str(), missing.channel.as_str(), missing.class.as_str());
            let unseen = by_log.entry(key).or_default();
            unseen.assets.insert(&verdict.asset);
            if unseen.from.is_empty() || missing.from.as_str() < unseen.from {
                unseen.from = &missing.from;
            }
            if missing.to.as_str() > unseen.to {
                unseen.to = &missing.to;
            }
            unseen.spans.extend(words::ns(&missing.from).zip(words::ns(&missing.to)));
            unseen.reason = &missing.reason;
        }
    }
    let open = open.count() as u64;
    if open == 0 && answer.collect_next.is_empty() {
        return;
    }
    page.raw("<div class=\"tops two\"><section class=\"top\"><h2>Why <b>").num(open);
    page.raw("</b> cannot be determined</h2>");
    let mut all: Vec<_> = by_log.into_iter().collect();
    all.sort_by(|a, b| b.1.assets.len().cmp(&a.1.assets.len()).then_with(|| a.0.cmp(&b.0)));
    page.raw("<ol class=\"why\">");
    for ((host, channel, class), unseen) in all.iter().take(TOP) {
        page.raw("<li><b>")
            .short(host, NAME_CHARS)
            .raw("</b> ")
            .short(words::log(channel), NAME_CHARS);
        page.raw(" <small>").short(class, 60).raw("</small><span>");
        page.count(unseen.hours(), "hour", "hours").raw(", ");
        words::minute(page, unseen.from);
        page.raw(" to ");
        words::minute(page, unseen.to);
        page.raw(": ").short(unseen.reason, 160).raw("; leaves ");
        page.count(unseen.assets.len() as u64, "asset", "assets").raw(" open</span></li>");
    }
    page.raw("</ol>");
    rest(page, all.len(), "log", "logs");
    page.raw("</section>");
    settle(page, answer);
    page.raw("</div>\n");
}

fn settle(page: &mut Html, answer: &Answer) {
    page.raw("<section class=\"top\"><h2><a href=\"#collect\">What would settle most</a></h2>");
    if answer.collect_next.is_empty() {
        page.raw("<p class=\"nothing\">Nothing that is known of.</p>");
    }
    page.raw("<ol class=\"why\">");
    for collect in answer.collect_next.iter().take(TOP) {
        page.raw("<li><b>").short(&collect.host, NAME_CHARS).raw("</b> ");
        page.short(words::log(&collect.channel), NAME_CHARS)
            .raw(" <small>")
            .short(&collect.class, 60);
        page.raw("</small><span>");
        words::minute(page, &collect.from);
        page.raw(" to ");
        words::minute(page, &collect.to);
        page.raw("; settles ").count(collect.settles.len() as u64, "asset", "assets");
        if let Some(by) = &collect.overwritten_by {
            page.raw("; <b class=\"worst\">overwritten by ");
            words::minute(page, by);
            page.raw("</b>");
        }
        page.raw("</span></li>");
    }
    page.raw("</ol>");
    rest(page, answer.collect_next.len(), "log", "logs");
    page.raw("</section>");
}

fn rest(page: &mut Html, total: usize, one: &'static str, many: &'static str) {
    let rest = total.saturating_sub(TOP) as u64;
    if rest > 0 {
        page.raw("<p class=\"rest\">and ").num(rest).raw(" more ");
        page.raw(if rest == 1 { one } else { many }).raw("</p>");
    }
}
