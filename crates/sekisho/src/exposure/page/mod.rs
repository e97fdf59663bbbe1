//! The page about what was exposed: one self-contained file, for the reader
//! with one minute first, for analysts below. It follows the rules of the
//! report of an examination (`report/`): it loads nothing, works without its
//! script, is the same bytes for the same answer, and text from logs cannot
//! become markup.

mod cards;
mod first;
mod lanes;
mod limits;
mod parts;
mod reach;
mod words;

#[cfg(test)]
mod tests;

use sekisho_case::Hash;
use sekisho_exposure::answer::Answer;

use crate::report::html::{Html, open_head};
use crate::report::policy::policy;

const STYLE: &str = concat!(include_str!("../../report/style.css"), include_str!("exposure.css"));
const SCRIPT: &str = include_str!("../../report/page.js");

/// How an answer came about.
#[derive(Clone, Debug)]
pub(super) struct Making {
    /// Program and version.
    pub(super) engine: String,
    /// Name of the case's log.
    pub(super) origin: String,
    /// Number of the exposure in the case.
    pub(super) number: u32,
    /// Entries of the log that it speaks of.
    pub(super) size: u64,
    /// Events that were looked at.
    pub(super) events: u64,
    /// Detections and words of an analyst that it began with.
    pub(super) seeds: u64,
    /// Words of an analyst, as they were typed.
    pub(super) said: Vec<String>,
    /// What an analyst cleared, as it was typed.
    pub(super) cleared: Vec<String>,
    /// Of the file that declares assets.
    pub(super) assets: Option<Hash>,
    /// Of the file that declares the estate.
    pub(super) estate: Option<Hash>,
}

/// Writes the page, UTF-8.
#[must_use]
pub(super) fn render(answer: &Answer, making: &Making) -> String {
    let mut page = Html::new();
    head(&mut page, answer);
    page.raw("<body>\n<a class=\"skip\" href=\"#verdicts\">Skip to the details</a>\n<main>\n");
    page.html(&first::write(answer));
    page.raw("<div class=\"parts\">\n");
    page.html(&parts::verdicts(answer));
    page.html(&cards::write(answer));
    page.html(&lanes::part(answer));
    page.html(&reach::part(answer));
    page.html(&parts::hosts(answer));
    page.html(&parts::accounts(answer));
    page.html(&parts::collect(answer));
    page.html(&parts::coverage(answer));
    page.html(&parts::notices(answer));
    page.html(&parts::making(answer, making));
    page.raw("</div>\n</main>\n<script>").raw(SCRIPT).raw("</script>\n</body>\n</html>\n");
    page.into_string()
}

fn head(page: &mut Html, answer: &Answer) {
    open_head(page, &policy(STYLE, SCRIPT));
    page.count(answer.verdicts.len() as u64, "asset", "assets");
    page.raw(" – Sekisho exposure report</title>\n<style>").raw(STYLE).raw("</style>\n</head>\n");
}
