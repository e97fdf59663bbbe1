//! How much the page shows. An attacker decides how much there is to show; these decide how large
//! the page may grow.
//!
//! Each list ends at a number of items or of bytes, whichever comes first, and then says how many
//! are not shown. The byte limits together stay below [`PAGE_BYTES`].

use super::html::Html;

/// The page is never larger than this, bytes.
pub const PAGE_BYTES: usize = 5_000_000;

/// Where a list of the page ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Items at most.
    pub(crate) items: usize,
    /// Bytes of page at most.
    pub(crate) bytes: usize,
}

/// Rules that fired.
pub(super) const RULES: Limit = Limit { items: 1_000, bytes: 2_400_000 };
/// Examples of one rule.
pub(super) const EXAMPLES: Limit = Limit { items: 10, bytes: 80_000 };
/// Examples of all rules together, bytes; later rules are listed without.
pub(super) const ALL_EXAMPLES_BYTES: usize = 1_500_000;
/// Matched fields of one example.
pub(super) const FIELDS: Limit = Limit { items: 24, bytes: 64_000 };
/// Tags of one rule.
pub(super) const TAGS: Limit = Limit { items: 16, bytes: 4_000 };
/// Hosts, and accounts.
pub(super) const SUBJECTS: Limit = Limit { items: 500, bytes: 250_000 };
/// Sources.
pub(super) const SOURCES: Limit = Limit { items: 1_000, bytes: 450_000 };
/// Problems met while reading.
pub(super) const PROBLEMS: Limit = Limit { items: 500, bytes: 300_000 };
/// Reasons why rules could not fire.
pub(super) const IDLE: Limit = Limit { items: 200, bytes: 200_000 };
/// Titles of rules given for one such reason.
pub(super) const IDLE_EXAMPLES: Limit = Limit { items: 8, bytes: 8_000 };
/// Kinds of records that no rule looked at.
pub(super) const UNEXAMINED: Limit = Limit { items: 300, bytes: 100_000 };
/// Assumptions.
pub(super) const ASSUMPTIONS: Limit = Limit { items: 200, bytes: 100_000 };
/// Duplicates.
pub(super) const DUPLICATES: Limit = Limit { items: 200, bytes: 100_000 };
/// Rules that were not loaded.
pub(super) const REJECTED: Limit = Limit { items: 500, bytes: 250_000 };
/// Options.
pub(super) const OPTIONS: Limit = Limit { items: 60, bytes: 60_000 };
/// Tactics that are not in the list of ATT&CK.
pub(super) const OTHER_TACTICS: Limit = Limit { items: 4, bytes: 4_000 };
/// Bars of the picture of time; more buckets than that are joined.
pub(super) const BARS: usize = 160;
/// Rows of each short list on the first screen.
pub(super) const TOP: usize = 5;

/// Characters shown of a name on the first screen.
pub(super) const TOP_CHARS: usize = 90;
/// Characters shown of a name, a title or a path.
pub(crate) const NAME_CHARS: usize = 180;
/// Characters shown of a sentence: a reason, a description, an assumption.
pub(crate) const SENTENCE_CHARS: usize = 600;
/// Characters shown of a matched value before it must be opened up.
pub(super) const VALUE_CHARS: usize = 240;
/// Characters shown of a matched value when opened up.
pub(super) const OPENED_CHARS: usize = 4_000;
/// Characters of a tooltip.
pub(super) const TOOLTIP_CHARS: usize = 600;

/// Writes items until the limit is reached; gives how many were written.
pub(crate) fn fill<'a, T: 'a>(
    page: &mut Html,
    limit: Limit,
    items: impl IntoIterator<Item = &'a T>,
    mut write: impl FnMut(&'a T) -> Html,
) -> usize {
    let start = page.len();
    let mut shown = 0;
    for item in items.into_iter().take(limit.items) {
        let piece = write(item);
        if page.len() - start + piece.len() > limit.bytes {
            break;
        }
        page.html(&piece);
        shown += 1;
    }
    shown
}

/// Says how many are not shown; nothing when all are.
pub(crate) fn more(
    page: &mut Html,
    total: u64,
    shown: usize,
    one: &'static str,
    many: &'static str,
) {
    let rest = total.saturating_sub(shown as u64);
    if rest > 0 {
        page.raw("<p class=\"more\">")
            .num(rest)
            .raw(" more ")
            .raw(if rest == 1 { one } else { many })
            .raw(" not shown on this page.</p>");
    }
}
