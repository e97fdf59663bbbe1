//! The frame of the page: head, order of the parts, foot.

use super::detail;
use super::fired;
use super::html::{Html, open_head};
use super::model::Report;
use super::picture;
use super::policy::policy;
use super::summary;
use super::unseen;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub(super) fn write(report: &Report) -> String {
    let mut page = Html::new();
    head(&mut page, report);
    page.raw("<body>\n<a class=\"skip\" href=\"#unseen\">Skip to the details</a>\n");
    summary::banner(&mut page, report);
    page.raw("<main>\n");
    page.html(&summary::write(report));
    page.raw("<div class=\"parts\">\n");
    page.html(&unseen::write(report));
    page.html(&fired::write(report));
    page.html(&detail::hosts(report));
    page.html(&detail::accounts(report));
    page.html(&picture::table(report));
    page.html(&detail::sources(report));
    page.html(&detail::rejected(report));
    page.html(&detail::making(report));
    page.raw("</div>\n</main>\n<script>").raw(SCRIPT).raw("</script>\n</body>\n</html>\n");
    page.into_string()
}

fn head(page: &mut Html, report: &Report) {
    open_head(page, &policy(STYLE, SCRIPT));
    page.raw(if report.complete { "" } else { "Incomplete: " });
    page.count(report.totals.detections, "detection", "detections")
        .raw(" – Sekisho examination report</title>\n");
    page.raw("<style>").raw(STYLE).raw("</style>\n</head>\n");
}
