//! Patterns within one component of a path: `*`, `?`, `[..]`. Folded to lower
//! case on both sides, as [`Names`](crate::names::Names) are.

use crate::names::folded;

/// A pattern, or plain text where it has no wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: Box<str>,
    /// Empty where the text is plain.
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Many,
    /// `[..]`, `[!..]`
    Class {
        not: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// A pattern with `*`, `?` and `[..]`.
    ///
    /// # Errors
    ///
    /// A class that does not end, is empty, or whose range runs backwards.
    pub fn new(text: &str) -> Result<Self, String> {
        let text: Box<str> = folded(text).into();
        let tokens = if text.contains(['*', '?', '[']) { tokens(&text)? } else { Vec::new() };
        Ok(Self { text, tokens })
    }

    /// A pattern with `*` and `?` only: what stands in a command line, where a
    /// bracket is part of a name.
    #[must_use]
    pub fn simple(text: &str) -> Self {
        let text: Box<str> = folded(text).into();
        let wild = text.contains(['*', '?']);
        let tokens = if wild { text.chars().map(simple_token).collect() } else { Vec::new() };
        Self { text, tokens }
    }

    /// Text as it is, without wildcards.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self { text: folded(text).into(), tokens: Vec::new() }
    }

    /// Whether it has no wildcard.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whether it fits everything.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.is_plain() && self.tokens.iter().all(|token| *token == Token::Many)
    }

    /// The pattern, folded to lower case.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text (in lower case) fits. A text that is the pattern letter
    /// for letter fits too: `[draft].docx` is also the name of a file.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        *self.text == *text || (!self.is_plain() && walk(&self.tokens, text))
    }

    /// Whether some text fits both. Never `false` where one does; two classes
    /// are taken to overlap.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self.is_plain(), other.is_plain()) {
            (_, true) => self.matches(&other.text),
            (true, false) => other.matches(&self.text),
            (false, false) => self.text == other.text || meet(&self.tokens, &other.tokens),
        }
    }
}

fn simple_token(c: char) -> Token {
    match c {
        '*' => Token::Many,
        '?' => Token::One,
        other => Token::Char(other),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let token = if c == '[' { class(&mut rest)? } else { simple_token(c) };
        if token != Token::Many || tokens.last() != Some(&Token::Many) {
            tokens.push(token);
        }
    }
    Ok(tokens)
}

fn class(rest: &mut std::str::Chars<'_>) -> Result<Token, String> {
    let mut members = Vec::new();
    let not = matches!(rest.clone().next(), Some('!' | '^'));
    if not {
        rest.next();
    }
    loop {
        match rest.next() {
            // A bracket that comes first is a member.
            Some(']') if !members.is_empty() => break,
            Some(c) => members.push(c),
            None => return Err("a class `[` without its `]`".to_owned()),
        }
    }
    let mut ranges = Vec::new();
    let mut at = members.as_slice();
    while let Some((&from, after)) = at.split_first() {
        match after {
            [_, to, after @ ..] if after_is_range(at) => {
                if from > *to {
                    return Err(format!("a range `{from}-{to}` that runs backwards"));
                }
                ranges.push((from, *to));
                at = after;
            }
            _ => {
                ranges.push((from, from));
                at = after;
            }
        }
    }
    Ok(Token::Class { not, ranges })
}

fn after_is_range(at: &[char]) -> bool {
    at.get(1) == Some(&'-') && at.len() > 2
}

fn fits(token: &Token, c: char) -> bool {
    match token {
        Token::Char(own) => *own == c,
        Token::One | Token::Many => true,
        Token::Class { not, ranges } => ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)) != *not,
    }
}

/// Goes through the text once; on a mismatch, back to the last `*` only.
fn walk(tokens: &[Token], text: &str) -> bool {
    let mut token = 0;
    let mut rest = text.chars();
    let mut back: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let mut ahead = rest.clone();
        match (tokens.get(token), ahead.next()) {
            (Some(Token::Many), _) => {
                token += 1;
                back = Some((token, rest.clone()));
                continue;
            }
            (Some(own), Some(c)) if fits(own, c) => {
                token += 1;
                rest = ahead;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((after, from)) = back.as_mut() else { return false };
        if from.next().is_none() {
            return false;
        }
        token = *after;
        rest = from.clone();
    }
}

/// Whether two patterns have a text in common: which pairs of places in both
/// can be reached by one text.
fn meet(a: &[Token], b: &[Token]) -> bool {
    let mut row = vec![false; b.len() + 1];
    for i in 0..=a.len() {
        let mut next = vec![false; b.len() + 1];
        for j in 0..=b.len() {
            let mut here = (i == 0 && j == 0) || row.get(j).copied().unwrap_or_default();
            let before = j.checked_sub(1);
            let left = before.and_then(|k| next.get(k).copied()).unwrap_or_default();
            let right = before.and_then(|k| b.get(k));
            here |= left && (right == Some(&Token::Many) || (a.get(i) == Some(&Token::Many)));
            if let Some(cell) = next.get_mut(j) {
                *cell |= here;
            }
        }
        if i == a.len() {
            return next.last().copied().unwrap_or_default();
        }
        row = step(a.get(i), b, &next);
    }
    false
}

/// From the places reached before a token of one side to those behind it.
fn step(token: Option<&Token>, b: &[Token], reached: &[bool]) -> Vec<bool> {
    let mut row = vec![false; b.len() + 1];
    let Some(token) = token else { return row };
    for (j, _) in reached.iter().enumerate().filter(|(_, reached)| **reached) {
        let other = b.get(j);
        let stays = *token == Token::Many || other == Some(&Token::Many);
        let both = other.is_some_and(|other| common(token, other));
        if let Some(cell) = row.get_mut(j) {
            *cell |= stays;
        }
        if let Some(cell) = row.get_mut(j + 1) {
            *cell |= both;
        }
    }
    row
}

fn common(a: &Token, b: &Token) -> bool {
    match (a, b) {
        (Token::Char(c), other) | (other, Token::Char(c)) => fits(other, *c),
        _ => true,
    }
}
