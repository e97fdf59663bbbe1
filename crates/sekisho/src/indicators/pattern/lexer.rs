//! Words and signs of a pattern.

use super::Literal;

/// A word or sign, and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword, an object type or a key.
    Word(Box<str>),
    /// A constant but `true` and `false`, which are words.
    Literal(Literal),
    /// `[ ] ( ) : . , * = != < <= > >=`.
    Sign(&'static str),
}

impl Token {
    /// How it is called in an error.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Literal(literal) => literal.kind().to_owned(),
            Self::Sign(sign) => format!("`{sign}`"),
        }
    }
}

/// The tokens of a pattern, each with its offset in bytes.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let mut lexer = Lexer { text, at: 0 };
    let mut out = Vec::new();
    loop {
        lexer.skip_space()?;
        let at = lexer.at;
        match lexer.next()? {
            Some(token) => out.push((at, token)),
            None => return Ok(out),
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

const SIGNS: [&str; 16] =
    ["==", "!=", "<>", "<=", ">=", "[", "]", "(", ")", ":", ".", ",", "*", "=", "<", ">"];

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) -> Result<(), String> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let comment = if let Some(inside) = trimmed.strip_prefix("/*") {
                let end = inside.find("*/");
                end.ok_or_else(|| format!("a comment at {} does not end", self.at))? + 4
            } else if trimmed.starts_with("//") {
                trimmed.find(['\n', '\r']).unwrap_or(trimmed.len())
            } else {
                return Ok(());
            };
            self.at += comment;
        }
    }

    fn next(&mut self) -> Result<Option<Token>, String> {
        let rest = self.rest();
        let mut chars = rest.chars();
        let Some(first) = chars.next() else { return Ok(None) };
        let second = chars.next();
        match (first, second) {
            ('\'', _) => self.text_literal().map(Some),
            ('h' | 'b' | 't', Some('\'')) => self.prefixed(first).map(Some),
            (c, _) if c.is_ascii_alphabetic() || c == '_' => Ok(Some(self.word())),
            (c, next) if starts_number(c, next) => self.number().map(Some),
            _ => self.sign(first).map(Some),
        }
    }

    fn sign(&mut self, first: char) -> Result<Token, String> {
        let found = SIGNS.iter().find(|sign| self.rest().starts_with(**sign));
        let sign =
            *found.ok_or_else(|| format!("{first:?} at {} is no part of a pattern", self.at))?;
        self.at += sign.len();
        Ok(Token::Sign(match sign {
            "==" => "=",
            "<>" => "!=",
            other => other,
        }))
    }

    fn word(&mut self) -> Token {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(rest.len());
        self.at += end;
        Token::Word(rest.get(..end).unwrap_or_default().into())
    }

    /// `'…'`, in which a backslash stands before an apostrophe or a backslash
    /// and before nothing else.
    fn text_literal(&mut self) -> Result<Token, String> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' => {
                    self.at += at + 1;
                    return Ok(Token::Literal(Literal::Text(out.into())));
                }
                '\\' => match chars.next() {
                    Some((_, escaped @ ('\'' | '\\'))) => out.push(escaped),
                    _ => {
                        return Err(format!(
                            "a backslash at {} stands before neither \\ nor '; write it twice",
                            start + at
                        ));
                    }
                },
                _ => out.push(c),
            }
        }
        Err(format!("a text at {start} does not end"))
    }

    /// `h'…'`, `b'…'`, `t'…'`.
    fn prefixed(&mut self, prefix: char) -> Result<Token, String> {
        let start = self.at;
        let inside = self.rest().get(2..).unwrap_or_default();
        let end = inside.find('\'').ok_or_else(|| format!("a constant at {start} does not end"))?;
        let inside = inside.get(..end).unwrap_or_default();
        self.at += end + 3;
        let literal = match prefix {
            'h' => hex(inside).map(Literal::Hex),
            'b' => base64(inside).map(Literal::Binary),
            _ => time(inside).map(Literal::Time),
        };
        let what = match prefix {
            'h' => "pairs of hexadecimal digits",
            'b' => "base64",
            _ => "a time such as 2014-01-13T07:03:17Z",
        };
        let literal = literal.ok_or_else(|| format!("the constant at {start} is not {what}"))?;
        Ok(Token::Literal(literal))
    }

    fn number(&mut self) -> Result<Token, String> {
        let start = self.at;
        let rest = self.rest();
        let signed = usize::from(rest.starts_with(['-', '+']));
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest.get(signed..).unwrap_or_default());
        let after = rest.get(signed + whole..).unwrap_or_default();
        let fraction = after.strip_prefix('.').map_or(0, digits);
        let length = signed + whole + if fraction > 0 { fraction + 1 } else { 0 };
        let text = rest.get(..length).unwrap_or_default();
        let wrong = || format!("the number at {start} cannot be read");
        let next = rest.get(length..).and_then(|rest| rest.chars().next());
        if next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_')) {
            return Err(wrong());
        }
        self.at += length;
        if fraction > 0 {
            let number: f64 = text.parse().map_err(|_| wrong())?;
            return Ok(Token::Literal(Literal::Float(number)));
        }
        let unsigned = text.get(signed..).unwrap_or_default();
        if unsigned.len() > 1 && unsigned.starts_with('0') {
            return Err(wrong());
        }
        let number: i64 = text.parse().map_err(|_| wrong())?;
        Ok(Token::Literal(Literal::Integer(number)))
    }
}

fn starts_number(c: char, next: Option<char>) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    digit(c) || (matches!(c, '-' | '+' | '.') && next.is_some_and(|n| digit(n) || n == '.'))
}

fn hex(text: &str) -> Option<Box<[u8]>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

/// RFC 4648, with padding; line ends are passed over.
fn base64(text: &str) -> Option<Box<[u8]>> {
    let symbols: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let (groups, rest) = symbols.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(groups.len() * 3);
    for (n, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|&&b| b == b'=').count();
        if padding > 2 || (padding > 0 && n + 1 < groups.len()) {
            return None;
        }
        let mut bits = 0u32;
        for (place, &symbol) in group.iter().enumerate() {
            let value = if place >= 4 - padding { 0 } else { sextet(symbol)? };
            bits = bits << 6 | value;
        }
        let bytes = bits.to_be_bytes();
        out.extend(bytes.iter().skip(1).take(3 - padding));
    }
    Some(out.into())
}

fn sextet(symbol: u8) -> Option<u32> {
    Some(u32::from(match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// A time of STIX: RFC 3339 in UTC with `Z`.
pub(in crate::indicators) fn time(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let form = bytes.len() >= 20 && bytes.get(10) == Some(&b'T') && bytes.last() == Some(&b'Z');
    let plain = bytes.iter().all(|b| b.is_ascii_digit() || b"-:.TZ".contains(b));
    if !form || !plain {
        return None;
    }
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}
