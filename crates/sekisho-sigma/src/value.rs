//! What a YAML scalar means in a rule: its type by YAML's core schema, and the
//! wildcards and escapes of Sigma strings.

use crate::rule::Part;
use crate::yaml::{Node, NodeKind, is_null};

/// A scalar with its type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool, &'a str),
    Number(f64, &'a str),
    Text(&'a str),
}

impl<'a> Scalar<'a> {
    /// The type of a node; `None` for maps and lists.
    pub(crate) fn of(node: &'a Node<'_>) -> Option<Self> {
        match &node.kind {
            NodeKind::Scalar { text, plain: true } => Some(plain(text)),
            NodeKind::Scalar { text, plain: false } => Some(Self::Text(text)),
            NodeKind::Map(_) | NodeKind::List(_) => None,
        }
    }

    /// The text as written; empty for null.
    pub(crate) fn text(&self) -> &'a str {
        match self {
            Self::Null => "",
            Self::Bool(_, text) | Self::Number(_, text) | Self::Text(text) => text,
        }
    }
}

fn plain(text: &str) -> Scalar<'_> {
    match text {
        _ if is_null(text) => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true, text),
        "false" | "False" | "FALSE" => Scalar::Bool(false, text),
        _ => number(text).map_or(Scalar::Text(text), |n| Scalar::Number(n, text)),
    }
}

/// A number of YAML's core schema: decimal, `0x`, `0o`, fractions, exponents.
fn number(text: &str) -> Option<f64> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let whole = u128::from_str_radix(digits, radix).ok()?;
            return (!digits.starts_with('+')).then_some(whole as f64);
        }
    }
    crate::compare::decimal(text)
}

/// The parts of a Sigma string: `*` and `?` are wildcards, `\*`, `\?` and `\\`
/// stand for the second character, any other backslash for itself.
pub(crate) fn parts(text: &str) -> Vec<Part> {
    if memchr::memchr3(b'*', b'?', b'\\', text.as_bytes()).is_none() {
        return literal(text.to_owned());
    }
    let mut out = Vec::new();
    let mut pending = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next_if(|&next| matches!(next, '*' | '?' | '\\'));
                pending.push(escaped.unwrap_or('\\'));
            }
            '*' | '?' => {
                push(&mut out, Part::Literal(std::mem::take(&mut pending)));
                push(&mut out, if c == '*' { Part::Any } else { Part::One });
            }
            _ => pending.push(c),
        }
    }
    push(&mut out, Part::Literal(pending));
    out
}

/// Text without wildcards as parts.
pub(crate) fn literal(text: String) -> Vec<Part> {
    if text.is_empty() { Vec::new() } else { vec![Part::Literal(text)] }
}

/// Adds a part so that no two literals and no two `Any` follow each other and
/// no literal is empty.
pub(crate) fn push(parts: &mut Vec<Part>, part: Part) {
    match (parts.last_mut(), part) {
        (Some(Part::Any), Part::Any) => {}
        (_, Part::Literal(text)) if text.is_empty() => {}
        (Some(Part::Literal(before)), Part::Literal(text)) => before.push_str(&text),
        (_, part) => parts.push(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let show = |p: &Part| match p {
            Part::Literal(t) => format!("<{t}>"),
            Part::Any => "*".to_owned(),
            Part::One => "?".to_owned(),
        };
        parts(text).iter().map(show).collect()
    }

    #[test]
    fn escapes_are_those_of_the_specification() {
        for (text, want) in [
            ("", ""),
            ("a", "<a>"),
            (r"\", r"<\>"),
            (r"\\", r"<\>"),
            (r"\\\", r"<\\>"),
            (r"\\\\", r"<\\>"),
            (r"C:\Windows\*", r"<C:\Windows*>"),
            (r"C:\Windows\\*", r"<C:\Windows\>*"),
            (r"\\\*", r"<\*>"),
            (r"\\\\*", r"<\\>*"),
            (r"\?x?", r"<?x>?"),
            ("**a**", "*<a>*"),
            ("*?*", "*?*"),
            (r"a\b", r"<a\b>"),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn plain_scalars_have_types() {
        assert_eq!(plain(""), Scalar::Null);
        assert_eq!(plain("~"), Scalar::Null);
        assert_eq!(plain("True"), Scalar::Bool(true, "True"));
        assert_eq!(plain("-5"), Scalar::Number(-5.0, "-5"));
        assert_eq!(plain("0x17"), Scalar::Number(23.0, "0x17"));
        assert_eq!(plain("1.5e3"), Scalar::Number(1500.0, "1.5e3"));
        for text in ["yes", "1.2.3", "-", "inf", ".nan", "0xZZ", "1_000", "+", "2024-01-01"] {
            assert_eq!(plain(text), Scalar::Text(text));
        }
    }
}
