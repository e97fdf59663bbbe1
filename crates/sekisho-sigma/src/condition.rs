//! Conditions: `selection and not 1 of filter_*` to an expression over the
//! numbers of the things it names. Binding from weak to strong: `or`, `and`,
//! `not`, quantifiers, parentheses; keywords in any case.

use crate::limits::{CONDITION_BYTES_MAX, CONDITION_DEPTH_MAX, CONDITION_NODES_MAX};
use crate::rule::Expr;

/// An expression, and what a user should know about it.
#[derive(Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) expr: Expr,
    pub(crate) notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Word(&'a str),
}

/// Reads a condition over `names`; [`Expr::Detection`] is an index into them.
pub(crate) fn parse(text: &str, names: &[&str]) -> Result<Condition, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, names, nodes: 0, notes: Vec::new() };
    let expr = parser.any(0)?;
    match parser.peek() {
        None => Ok(Condition { expr, notes: parser.notes }),
        Some(token) => {
            let found = show(Some(token));
            Err(format!("{found} in the condition, expected `and`, `or` or its end"))
        }
    }
}

/// The things that a condition without quantifiers names, each once, in order.
pub(crate) fn identifiers(text: &str) -> Result<Vec<&str>, String> {
    let mut out: Vec<&str> = Vec::new();
    for token in tokens(text)? {
        if let Token::Word(word) = token
            && !["and", "or", "not"].iter().any(|k| k.eq_ignore_ascii_case(word))
            && !out.contains(&word)
        {
            out.push(word);
        }
    }
    Ok(out)
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    if text.len() > CONDITION_BYTES_MAX {
        return Err(format!("condition is longer than {CONDITION_BYTES_MAX} bytes"));
    }
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '|' => {
                return Err("aggregation after `|` is deprecated and not supported, \
                            use a correlation rule"
                    .to_owned());
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|');
                let length = rest.find(ends).unwrap_or(rest.len());
                (Token::Word(rest.get(..length).unwrap_or_default()), length)
            }
        };
        out.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    if out.is_empty() {
        return Err("condition is empty, expected a search identifier".to_owned());
    }
    Ok(out)
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    names: &'a [&'a str],
    nodes: usize,
    notes: Vec<String>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Result<Expr, String> {
        let mut parts = vec![self.all(depth)?];
        while self.keyword("or") {
            parts.push(self.all(depth)?);
        }
        Ok(single(parts).unwrap_or_else(Expr::Or))
    }

    fn all(&mut self, depth: usize) -> Result<Expr, String> {
        let mut parts = vec![self.not(depth)?];
        while self.keyword("and") {
            parts.push(self.not(depth)?);
        }
        Ok(single(parts).unwrap_or_else(Expr::And))
    }

    fn not(&mut self, depth: usize) -> Result<Expr, String> {
        let mut negated = false;
        while self.keyword("not") {
            negated = !negated;
        }
        let expr = self.operand(depth)?;
        Ok(if negated { Expr::Not(Box::new(expr)) } else { expr })
    }

    fn operand(&mut self, depth: usize) -> Result<Expr, String> {
        let token = self.peek();
        self.at += 1;
        match token {
            Some(Token::Open) => {
                if depth >= CONDITION_DEPTH_MAX {
                    return Err(format!("more than {CONDITION_DEPTH_MAX} parentheses deep"));
                }
                let expr = self.any(depth + 1)?;
                if self.peek() != Some(Token::Close) {
                    let found = show(self.peek());
                    return Err(format!("{found} in the condition, expected `)`"));
                }
                self.at += 1;
                Ok(expr)
            }
            Some(Token::Word(word)) if self.keyword("of") => self.quantifier(word),
            Some(Token::Word(word)) if !is_keyword(word) => self.identifier(word),
            _ => {
                let found = show(token);
                Err(format!(
                    "{found} in the condition, expected a search identifier, `not`, `(` or a \
                     quantifier such as `1 of`"
                ))
            }
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes += nodes;
        if self.nodes > CONDITION_NODES_MAX {
            return Err(format!("condition resolves to more than {CONDITION_NODES_MAX} parts"));
        }
        Ok(())
    }

    fn identifier(&mut self, word: &str) -> Result<Expr, String> {
        self.count(1)?;
        match self.names.iter().position(|name| *name == word) {
            Some(index) => Ok(Expr::Detection(index)),
            None => {
                let known = self.names.join(", ");
                Err(format!("unknown `{word}` in the condition, expected one of: {known}"))
            }
        }
    }

    fn quantifier(&mut self, how_many: &str) -> Result<Expr, String> {
        let Some(Token::Word(pattern)) = self.peek() else {
            let found = show(self.peek());
            return Err(format!("{found} after `{how_many} of`, expected `them` or a pattern"));
        };
        self.at += 1;
        let found: Vec<Expr> = (0..)
            .zip(self.names)
            .filter(|(_, name)| covers(pattern, name))
            .map(|(index, _)| Expr::Detection(index))
            .collect();
        self.count(found.len() + 1)?;
        let quantifier = format!("{how_many} of {pattern}");
        if how_many.eq_ignore_ascii_case("all") {
            return match found.len() {
                0 => Err(format!("`{quantifier}` names no search identifier")),
                _ => Ok(single(found).unwrap_or_else(Expr::And)),
            };
        }
        let least = if how_many.eq_ignore_ascii_case("any") {
            Some(1)
        } else {
            how_many.parse::<u32>().ok().filter(|&n| n > 0)
        };
        let Some(least) = least else {
            return Err(format!(
                "`{quantifier}` in the condition, expected a number from 1, `any` or `all` before `of`"
            ));
        };
        if (found.len() as u64) < u64::from(least) {
            self.notes.push(format!(
                "`{quantifier}` can never hold, {} search identifiers fit",
                found.len()
            ));
        }
        match (least, found.len()) {
            (1, 1) => Ok(single(found).unwrap_or_else(Expr::Or)),
            (1, _) => Ok(Expr::Or(found)),
            _ => Ok(Expr::AtLeast(least, found)),
        }
    }
}

fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "of"].iter().any(|k| k.eq_ignore_ascii_case(word))
}

/// The only element, or all of them back.
fn single(mut parts: Vec<Expr>) -> Result<Expr, Vec<Expr>> {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => Ok(only),
        (_, last) => {
            parts.extend(last);
            Err(parts)
        }
    }
}

fn show(token: Option<Token<'_>>) -> String {
    match token {
        None => "end".to_owned(),
        Some(Token::Open) => "`(`".to_owned(),
        Some(Token::Close) => "`)`".to_owned(),
        Some(Token::Word(word)) => format!("`{word}`"),
    }
}

/// Whether a quantifier's pattern names this search identifier. Those that
/// start with `_` are only named by patterns that do so too.
fn covers(pattern: &str, name: &str) -> bool {
    if name.starts_with('_') && !pattern.starts_with('_') {
        return false;
    }
    if pattern.eq_ignore_ascii_case("them") {
        return true;
    }
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some((_, after)) = rest.split_once(piece).filter(|_| !piece.is_empty()) else {
            if piece.is_empty() {
                continue;
            }
            return false;
        };
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["sel_a", "sel_b", "filter", "_hidden", "a-b.c"];

    fn shown(text: &str) -> String {
        fn show(e: &Expr) -> String {
            let list = |l: &[Expr]| l.iter().map(show).collect::<Vec<_>>().join(" ");
            match e {
                Expr::Detection(i) => i.to_string(),
                Expr::And(l) => format!("&({})", list(l)),
                Expr::Or(l) => format!("|({})", list(l)),
                Expr::Not(e) => format!("!{}", show(e)),
                Expr::AtLeast(n, l) => format!("{n}of({})", list(l)),
            }
        }
        match parse(text, &NAMES) {
            Ok(condition) => show(&condition.expr),
            Err(reason) => format!("error: {reason}"),
        }
    }

    #[test]
    fn forms() {
        for (text, want) in [
            ("sel_a", "0"),
            ("sel_a or sel_b and not filter", "|(0 &(1 !2))"),
            ("(sel_a OR sel_b) AND NOT filter", "&(|(0 1) !2)"),
            ("not not sel_a", "0"),
            ("not(sel_a)and(sel_b)", "&(!0 1)"),
            ("1 of sel_*", "|(0 1)"),
            ("any of sel_*", "|(0 1)"),
            ("all of sel_* and not 1 of f*", "&(&(0 1) !2)"),
            ("2 of them", "2of(0 1 2 4)"),
            ("1 of them", "|(0 1 2 4)"),
            ("all of them", "&(0 1 2 4)"),
            ("1 of *_*", "|(0 1)"),
            ("1 of *b*", "|(1 4)"),
            ("1 of _*", "3"),
            ("1 of sel_a", "0"),
            ("1 of none*", "|()"),
            ("a-b.c", "4"),
            ("_hidden", "3"),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn errors_say_what_was_expected() {
        for (text, want) in [
            ("", "condition is empty"),
            ("nothing", "unknown `nothing`"),
            ("sel_a and", "end in the condition, expected a search identifier"),
            ("sel_a sel_b", "`sel_b` in the condition, expected `and`"),
            ("(sel_a", "expected `)`"),
            ("sel_a)", "`)` in the condition"),
            ("1 of", "expected `them` or a pattern"),
            ("0 of them", "expected a number from 1"),
            ("some of them", "expected a number from 1"),
            ("all of none*", "names no search identifier"),
            ("sel_a | count() > 5", "use a correlation rule"),
            ("sel_a | near sel_b", "use a correlation rule"),
        ] {
            assert!(shown(text).contains(want), "{text}: {}", shown(text));
        }
        let deep = format!("{}sel_a{}", "(".repeat(5000), ")".repeat(5000));
        assert!(shown(&deep).contains("parentheses deep"));
        let many = "1 of them or ".repeat(2000) + "sel_a";
        assert!(parse(&many, &NAMES).is_ok());
    }

    #[test]
    fn quantifiers_over_nothing_are_noted() {
        assert_eq!(parse("sel_a and not 1 of x*", &NAMES).unwrap().notes.len(), 1);
        assert_eq!(parse("9 of them", &NAMES).unwrap().notes.len(), 1);
        assert_eq!(identifiers("a AND (b or not a)").unwrap(), ["a", "b"]);
    }
}
