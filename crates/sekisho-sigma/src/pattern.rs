//! Matching text with wildcards, the plain way: the reference for whatever
//! faster machinery the compiled program uses.

use std::fmt;

use crate::compare::lower;
use crate::rule::{Part, Pattern};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Char(char),
    Any,
    One,
}

impl Pattern {
    /// Whether the whole text is as the pattern says. Time grows at most with
    /// the product of both lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let fold = |c: char| if self.cased { c } else { lower(c) };
        let mut steps = Vec::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => {
                    steps.extend(literal.chars().map(|c| Step::Char(fold(c))))
                }
                Part::Any => steps.push(Step::Any),
                Part::One => steps.push(Step::One),
            }
        }
        let text: Vec<char> = text.chars().map(fold).collect();
        matches(&steps, &text)
    }

    /// The text itself where there are no wildcards.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

/// Follows the steps; where they fail, gives the last `Any` one character more.
fn matches(steps: &[Step], text: &[char]) -> bool {
    let (mut step, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (steps.get(step), text.get(at)) {
            (Some(Step::Any), _) => {
                retry = Some((step + 1, at));
                step += 1;
                continue;
            }
            (None, None) => return true,
            (Some(Step::One), Some(_)) => {
                (step, at) = (step + 1, at + 1);
                continue;
            }
            (Some(Step::Char(wanted)), Some(found)) if wanted == found => {
                (step, at) = (step + 1, at + 1);
                continue;
            }
            _ => {}
        }
        match retry {
            Some((after, from)) if from < text.len() => {
                retry = Some((after, from + 1));
                (step, at) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

impl fmt::Display for Pattern {
    /// As a rule would write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Any => f.write_str("*")?,
                Part::One => f.write_str("?")?,
                Part::Literal(text) => {
                    let mut chars = text.chars().peekable();
                    while let Some(c) = chars.next() {
                        let ambiguous = c == '\\'
                            && chars.peek().is_none_or(|next| matches!(next, '*' | '?' | '\\'));
                        if matches!(c, '*' | '?') || ambiguous {
                            f.write_str("\\")?;
                        }
                        write!(f, "{c}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parts;

    fn check(pattern: &str, text: &str) -> bool {
        Pattern { parts: parts(pattern), cased: false }.matches(text)
    }

    #[test]
    fn wildcards() {
        for (pattern, text, want) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "ä", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("a?c", "ABC", true),
            ("*.exe", "x.exe.exe", true),
            ("*?", "", false),
            ("ÄÖ*", "äöü", true),
            ("straße", "STRASSE", false),
        ] {
            assert_eq!(check(pattern, text), want, "{pattern} {text}");
        }
        assert!(!Pattern { parts: parts("a"), cased: true }.matches("A"));
    }

    #[test]
    fn no_exponential_backtracking() {
        let pattern = "*a".repeat(100) + "b";
        assert!(!check(&pattern, &"a".repeat(20_000)));
    }

    #[test]
    fn shown_patterns_read_back() {
        for text in [r"a\*b", r"\\\\*", r"C:\x", r"*\\", r"\?\\\*"] {
            let pattern = Pattern { parts: parts(text), cased: false };
            assert_eq!(parts(&pattern.to_string()), pattern.parts, "{text} as {pattern}");
        }
    }
}
