//! Words and small pieces that all parts of the page use.

use sekisho_exposure::answer::{
    AssetVerdict, Cited, CoverageWord, Evicted, Grade, HostWord, Verdict,
};

use crate::exposure::record::moment;
use crate::report::html::Html;
use crate::report::limits::NAME_CHARS;
use crate::report::when;

/// All verdicts, the gravest first; ruled out is last, for it is the best.
pub(super) const VERDICTS: [Verdict; 5] = [
    Verdict::Exfiltrated,
    Verdict::Accessed,
    Verdict::Reachable,
    Verdict::CannotBeDetermined,
    Verdict::RuledOut,
];

/// A verdict as a word of the style.
pub(super) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exfiltrated => "taken",
        Verdict::Accessed => "opened",
        Verdict::Reachable => "near",
        Verdict::CannotBeDetermined => "open",
        Verdict::RuledOut => "out",
    }
}

/// A verdict for people.
pub(super) fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exfiltrated => "taken",
        Verdict::Accessed => "opened",
        Verdict::Reachable => "within reach",
        Verdict::CannotBeDetermined => "cannot be determined",
        Verdict::RuledOut => "ruled out",
    }
}

pub(super) fn grade_words(grade: Grade) -> &'static str {
    match grade {
        Grade::Possible => "possible",
        Grade::Probable => "probable",
        Grade::Proven => "proven",
    }
}

pub(super) fn host_words(word: HostWord) -> &'static str {
    match word {
        HostWord::Compromised => "compromised",
        HostWord::Reached => "reached",
        HostWord::Unknown => "unknown",
        HostWord::Untouched => "untouched",
    }
}

/// A host's state as a word of the style: that of the verdict it is most like.
pub(super) fn host_class(word: HostWord) -> &'static str {
    match word {
        HostWord::Compromised => "taken",
        HostWord::Reached => "near",
        HostWord::Unknown => "open",
        HostWord::Untouched => "out",
    }
}

pub(super) fn coverage_words(word: CoverageWord) -> &'static str {
    match word {
        CoverageWord::Covered => "covered",
        CoverageWord::Partial => "partial",
        CoverageWord::Missing => "missing",
        CoverageWord::Untrusted => "untrusted",
    }
}

pub(super) fn evicted_words(evicted: Evicted) -> &'static str {
    match evicted {
        Evicted::Yes => "Yes",
        Evicted::No => "No",
        Evicted::NotProvable => "Not provable",
        Evicted::NoIntruder => "No intruder was seen",
    }
}

/// A mark in the colour of a verdict.
pub(super) fn mark(page: &mut Html, class: &'static str) {
    page.raw("<i").attr("class", &format!("v {class}")).raw("></i>");
}

/// A verdict with its mark.
pub(super) fn verdict(verdict: Verdict) -> Html {
    let mut cell = Html::new();
    cell.raw("<span class=\"lv\">");
    mark(&mut cell, class(verdict));
    cell.raw(verdict_words(verdict)).raw("</span>");
    cell
}

/// Nanoseconds since 1970 of a time in an answer.
pub(super) fn ns(text: &str) -> Option<i64> {
    moment(text).map(|time| time.0)
}

/// A time to the minute; text that is no time as it is.
pub(super) fn minute(page: &mut Html, text: &str) {
    match ns(text) {
        Some(ns) => page.minute(ns),
        None => page.short(text, 32),
    };
}

/// A time to the second.
pub(super) fn second(page: &mut Html, text: &str) {
    match ns(text) {
        Some(ns) => page.time(Some(ns)),
        None => page.short(text, 32),
    };
}

/// A time that may not be there, to the minute.
pub(super) fn at(text: Option<&String>) -> Html {
    let mut cell = Html::new();
    match text {
        Some(text) => minute(&mut cell, text),
        None => {
            cell.time(None);
        }
    }
    cell
}

/// A log's name where there is little room.
pub(super) fn log(channel: &str) -> &str {
    match channel {
        "any" => "any log",
        channel => channel.strip_prefix("Microsoft-Windows-").unwrap_or(channel),
    }
}

/// A record as it is cited.
pub(super) fn cited(page: &mut Html, cited: &Cited) {
    page.raw("<li><p class=\"where\"><span>").short(&cited.host, NAME_CHARS).raw("</span>");
    page.raw("<span>").short(&cited.channel, NAME_CHARS).raw("</span>");
    if let Some(id) = cited.record_id {
        page.raw("<span>record ").text(&id.to_string()).raw("</span>");
    }
    page.raw("<span>");
    second(page, &cited.time);
    page.raw("</span><span class=\"cell\">event ").html(&leaf(cited)).raw("</span></p><p>");
    page.short(&cited.why, 400).raw("</p></li>");
}

/// `CELL.INDEX` of a record.
pub(super) fn leaf(cited: &Cited) -> Html {
    let mut text = Html::new();
    text.raw("<code>").text(&format!("{}.{}", cited.cell, cited.index)).raw("</code>");
    text
}

/// Bytes that left, in words.
pub(super) fn volume(verdict: &AssetVerdict) -> Html {
    let mut cell = Html::new();
    let volume = &verdict.volume;
    match (volume.lower, volume.upper) {
        (None, None) => cell.time(None),
        (Some(lower), None) => cell.raw("at least ").text(&bytes(lower)),
        (None, Some(upper)) => cell.raw("at most ").text(&bytes(upper)),
        (Some(lower), Some(upper)) if lower == upper => cell.text(&bytes(lower)),
        (Some(lower), Some(upper)) => cell.text(&format!("{} to {}", bytes(lower), bytes(upper))),
    };
    cell
}

/// A number of bytes with a unit, cut and not rounded.
pub(super) fn bytes(count: u64) -> String {
    let (unit, name) = match count {
        0..1_000 => return format!("{count} B"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    format!("{}.{} {name}", when::number(count / unit), count % unit * 10 / unit)
}

/// Whole hours between two times, at least one where they differ.
pub(super) fn hours(from: &str, to: &str) -> u64 {
    let length = ns(to).zip(ns(from)).map_or(0, |(to, from)| to.saturating_sub(from));
    u64::try_from(length).unwrap_or(0).div_ceil(3_600_000_000_000)
}
