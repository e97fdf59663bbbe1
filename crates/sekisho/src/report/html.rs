//! The only way into the page, built so that text of an attacker cannot become markup.
//!
//! [`Html::raw`] takes literals of this program and nothing else; all other text goes through
//! [`Html::text`] or [`Html::attr`], which escape it and make characters visible that would
//! otherwise hide or reorder what is read.

use super::limits;
use super::when;

/// A piece of page, already safe.
#[derive(Debug, Clone, Default)]
pub(crate) struct Html(String);

/// Opens the head of a page under a policy, up to the text of its title.
pub(crate) fn open_head(page: &mut Html, policy: &str) {
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta");
    page.attr("http-equiv", "Content-Security-Policy").attr("content", policy);
    page.raw(">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw(
        "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" \
        content=\"noindex\">\n",
    );
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
}

impl Html {
    /// An empty piece.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A piece with one text in it.
    pub(crate) fn of(text: &str, max_chars: usize) -> Self {
        let mut html = Self::new();
        html.short(text, max_chars);
        html
    }

    /// A piece with one number in it.
    pub(crate) fn of_num(number: u64) -> Self {
        let mut html = Self::new();
        html.num(number);
        html
    }

    /// Markup of our own, word for word.
    pub(crate) fn raw(&mut self, literal: &'static str) -> &mut Self {
        self.0.push_str(literal);
        self
    }

    /// Another piece.
    pub(crate) fn html(&mut self, piece: &Html) -> &mut Self {
        self.0.push_str(&piece.0);
        self
    }

    /// Any text, escaped, on one line, and kept from reordering its neighbours.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str("<bdi>");
        self.escaped(text, false);
        self.0.push_str("</bdi>");
        self
    }

    /// Any text, escaped, without an element around it: for pictures, which
    /// know none.
    pub(crate) fn plain(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match entity(c) {
                Some(entity) => self.0.push_str(entity),
                None if hides(c) => self.0.push_str(&format!("[{}]", code_point(c))),
                None => self.0.push(c),
            }
        }
        self
    }

    /// Any text with its line breaks kept, for a `pre`.
    pub(crate) fn lines(&mut self, text: &str) -> &mut Self {
        self.0.push_str("<bdi>");
        self.escaped(text, true);
        self.0.push_str("</bdi>");
        self
    }

    /// Any text, cut after `max_chars` characters with the longer text as a tooltip.
    pub(crate) fn short(&mut self, text: &str, max_chars: usize) -> &mut Self {
        let (head, rest) = cut(text, max_chars);
        if rest == 0 {
            return self.text(text);
        }
        let (longer, beyond) = cut(text, limits::TOOLTIP_CHARS);
        let mut title = longer.to_owned();
        if beyond > 0 {
            title.push_str(&format!(" … {} more characters", when::number(beyond as u64)));
        }
        self.raw("<span").attr("title", &title).raw(">");
        self.text(head).raw("<span class=\"cut\">…</span></span>")
    }

    /// One attribute with its leading space.
    pub(crate) fn attr(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"");
        for c in value.chars() {
            match entity(c) {
                Some(entity) => self.0.push_str(entity),
                None if hides(c) => self.0.push_str(&format!("[{}]", code_point(c))),
                None => self.0.push(c),
            }
        }
        self.raw("\"")
    }

    /// A whole number with commas between thousands.
    pub(crate) fn num(&mut self, number: u64) -> &mut Self {
        self.0.push_str(&when::number(number));
        self
    }

    /// A whole number where there is little room, in full as a tooltip.
    pub(crate) fn brief(&mut self, number: u64) -> &mut Self {
        if number < when::BRIEF_FROM {
            return self.num(number);
        }
        self.raw("<span")
            .attr("title", &when::number(number))
            .raw(">")
            .text(&when::brief(number))
            .raw("</span>")
    }

    /// A whole number and the noun that goes with it.
    pub(crate) fn count(
        &mut self,
        number: u64,
        one: &'static str,
        many: &'static str,
    ) -> &mut Self {
        self.num(number).raw(" ").raw(if number == 1 { one } else { many })
    }

    /// A length or place in a picture, with two digits after the point at most.
    pub(crate) fn fixed(&mut self, value: f64) -> &mut Self {
        let text = format!("{value:.2}");
        self.0.push_str(text.trim_end_matches('0').trim_end_matches('.'));
        self
    }

    /// A point in time, nanoseconds since 1970 UTC, to the second; an en dash when there is none.
    pub(crate) fn time(&mut self, ns: Option<i64>) -> &mut Self {
        match ns {
            None => self.raw("<span class=\"none\">–</span>"),
            Some(ns) => {
                let exact = when::exact(ns);
                self.raw("<time").attr("datetime", &exact).raw(">");
                self.0.push_str(&when::second(ns.div_euclid(1_000_000_000)));
                self.raw("</time>")
            }
        }
    }

    /// A point in time, nanoseconds since 1970 UTC, to the minute.
    pub(crate) fn minute(&mut self, ns: i64) -> &mut Self {
        self.raw("<time").attr("datetime", &when::exact(ns)).raw(">");
        self.0.push_str(&when::minute(ns.div_euclid(1_000_000_000)));
        self.raw("</time>")
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The finished text.
    pub(crate) fn into_string(self) -> String {
        self.0
    }

    fn escaped(&mut self, text: &str, keep_lines: bool) {
        let mut marks = 0;
        for c in text.chars() {
            marks = if is_mark(c) { marks + 1 } else { 0 };
            match (c, entity(c)) {
                (_, Some(entity)) => self.0.push_str(entity),
                ('\n', _) => {
                    self.0.push_str(if keep_lines { "<i>↵</i>\n" } else { "<i>↵</i>" })
                }
                ('\t', _) => self.0.push_str("<i>⇥</i>"),
                _ if hides(c) || marks > MARKS => {
                    self.0.push_str(&format!("<i>{}</i>", code_point(c)))
                }
                _ => self.0.push(c),
            }
        }
    }
}

/// The first `max_chars` characters, and how many characters follow.
pub(crate) fn cut(text: &str, max_chars: usize) -> (&str, usize) {
    match text.char_indices().nth(max_chars) {
        None => (text, 0),
        Some((at, _)) => match text.split_at_checked(at) {
            None => (text, 0),
            Some((head, tail)) => (head, tail.chars().count()),
        },
    }
}

/// The entity for a character that means something to HTML.
const fn entity(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        '`' => Some("&#96;"),
        _ => None,
    }
}

/// Whether a character is invisible, or changes the order or place of what stands around it.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Marks on one letter that are drawn; more would be piled over the lines around.
const MARKS: usize = 3;

/// Whether a character is drawn onto the letter before it.
const fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{e31}'
        | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}')
}

/// A character by its number, for instance `U+202E`.
fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}
