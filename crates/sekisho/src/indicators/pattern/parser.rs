//! From text to the tree of a pattern.

use super::lexer::{Token, tokens};
use super::{Comparison, Condition, Expression, Literal, ObjectPath, Operator, Qualifier, Step};
use crate::indicators::limits::{
    COMPARISONS_MAX, OBSERVATIONS_MAX, PATTERN_BYTES_MAX, PATTERN_DEPTH_MAX, REPEATS_MAX,
    SET_VALUES_MAX, WITHIN_SECONDS_MAX,
};

/// Reads a pattern.
///
/// # Errors
///
/// What it is that cannot be read, with its offset in bytes, and what was
/// expected there.
pub fn parse(text: &str) -> Result<Expression, String> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(format!("the pattern is longer than {PATTERN_BYTES_MAX} bytes"));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        end: text.len(),
        at: 0,
        depth: 0,
        comparisons: 0,
        observations: 0,
    };
    let expression = parser.sequence()?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => {
            Err(parser.unexpected("the end of the pattern, AND, OR, FOLLOWEDBY or a qualifier"))
        }
    }
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    end: usize,
    at: usize,
    depth: usize,
    comparisons: usize,
    observations: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn unexpected(&self, wanted: &str) -> String {
        match self.tokens.get(self.at) {
            Some((at, token)) => format!("{} at {at}, where {wanted} was expected", token.shown()),
            None => format!("the pattern ends at {}, where {wanted} was expected", self.end),
        }
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn need_sign(&mut self, sign: &str) -> Result<(), String> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if **w == *word);
        self.at += usize::from(found);
        found
    }

    fn need_word(&mut self, word: &str) -> Result<(), String> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected(word)) }
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > PATTERN_DEPTH_MAX {
            return Err(format!("more than {PATTERN_DEPTH_MAX} parentheses within each other"));
        }
        Ok(())
    }

    /// Parts joined by one word.
    fn joined<T>(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<T, String>,
        join: fn(Vec<T>) -> T,
    ) -> Result<T, String> {
        let first = part(self)?;
        if !matches!(self.peek(), Some(Token::Word(w)) if **w == *word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn sequence(&mut self) -> Result<Expression, String> {
        self.joined("FOLLOWEDBY", Self::any_of, Expression::Sequence)
    }

    fn any_of(&mut self) -> Result<Expression, String> {
        self.joined("OR", Self::all_of, Expression::Any)
    }

    fn all_of(&mut self) -> Result<Expression, String> {
        self.joined("AND", Self::qualified, Expression::All)
    }

    /// An observation or what stands in parentheses, with its qualifiers.
    fn qualified(&mut self) -> Result<Expression, String> {
        let mut expression = if self.take_sign("[") {
            self.observations += 1;
            if self.observations > OBSERVATIONS_MAX {
                return Err(format!("more than {OBSERVATIONS_MAX} observations"));
            }
            let condition = self.condition()?;
            self.need_sign("]")?;
            Expression::Observation(condition)
        } else if self.take_sign("(") {
            self.deeper()?;
            let inner = self.sequence()?;
            self.depth -= 1;
            self.need_sign(")")?;
            inner
        } else {
            return Err(self.unexpected("`[` or `(`"));
        };
        let mut seen: [bool; 3] = [false; 3];
        while let Some((kind, qualifier)) = self.qualifier()? {
            if let Some(seen) = seen.get_mut(kind)
                && std::mem::replace(seen, true)
            {
                return Err("a qualifier stands twice after one expression".to_owned());
            }
            expression = Expression::Qualified(Box::new(expression), qualifier);
        }
        Ok(expression)
    }

    fn qualifier(&mut self) -> Result<Option<(usize, Qualifier)>, String> {
        if self.take_word("WITHIN") {
            let seconds = self.positive_number()?;
            self.need_word("SECONDS")?;
            return Ok(Some((0, Qualifier::Within(nanoseconds(seconds)))));
        }
        if self.take_word("REPEATS") {
            let Some(Token::Literal(Literal::Integer(times))) = self.peek() else {
                return Err(self.unexpected("how often"));
            };
            let times = u32::try_from(*times).ok().filter(|n| (1..=REPEATS_MAX).contains(n));
            let times =
                times.ok_or_else(|| format!("REPEATS takes a number of 1 to {REPEATS_MAX}"))?;
            self.at += 1;
            self.need_word("TIMES")?;
            return Ok(Some((1, Qualifier::Repeats(times))));
        }
        if self.take_word("START") {
            let start = self.time()?;
            self.need_word("STOP")?;
            let stop = self.time()?;
            if stop <= start {
                return Err("STOP is not after START".to_owned());
            }
            return Ok(Some((2, Qualifier::Between(start, stop))));
        }
        Ok(None)
    }

    fn positive_number(&mut self) -> Result<f64, String> {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a hundred years are exact")]
        let number = match self.peek() {
            Some(Token::Literal(Literal::Integer(n))) => *n as f64,
            Some(Token::Literal(Literal::Float(n))) => *n,
            _ => return Err(self.unexpected("a number of seconds")),
        };
        if !(number > 0.0 && number <= WITHIN_SECONDS_MAX) {
            return Err(format!("WITHIN takes seconds, above 0 and up to {WITHIN_SECONDS_MAX}"));
        }
        self.at += 1;
        Ok(number)
    }

    fn time(&mut self) -> Result<i64, String> {
        let Some(Token::Literal(Literal::Time(time))) = self.peek() else {
            return Err(self.unexpected("a time t'…'"));
        };
        self.at += 1;
        Ok(*time)
    }

    fn condition(&mut self) -> Result<Condition, String> {
        self.joined("OR", Self::condition_all, Condition::Any)
    }

    fn condition_all(&mut self) -> Result<Condition, String> {
        self.joined("AND", Self::condition_part, Condition::All)
    }

    fn condition_part(&mut self) -> Result<Condition, String> {
        if self.take_sign("(") {
            self.deeper()?;
            let inner = self.condition()?;
            self.depth -= 1;
            self.need_sign(")")?;
            return Ok(inner);
        }
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            return Err(format!("more than {COMPARISONS_MAX} comparisons"));
        }
        let negated = self.take_word("NOT");
        if self.take_word("EXISTS") {
            let path = self.path()?;
            let operator = Operator::Exists;
            return Ok(Condition::Test(Comparison {
                path,
                operator,
                negated,
                literals: Vec::new(),
            }));
        }
        if negated {
            return Err(self.unexpected("EXISTS; NOT stands before the operator"));
        }
        self.comparison().map(Condition::Test)
    }

    fn comparison(&mut self) -> Result<Comparison, String> {
        let path = self.path()?;
        let mut negated = self.take_word("NOT");
        let operator = match self.peek() {
            Some(Token::Sign(sign)) => match *sign {
                "=" => Operator::Equal,
                "!=" => {
                    negated = !negated;
                    Operator::Equal
                }
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                _ => return Err(self.unexpected("a comparison")),
            },
            Some(Token::Word(word)) => match &**word {
                "IN" => Operator::In,
                "LIKE" => Operator::Like,
                "MATCHES" => Operator::Matches,
                "ISSUBSET" => Operator::Subset,
                "ISSUPERSET" => Operator::Superset,
                _ => return Err(self.unexpected("a comparison")),
            },
            _ => return Err(self.unexpected("a comparison")),
        };
        self.at += 1;
        let literals = match operator {
            Operator::In => self.set()?,
            Operator::Like | Operator::Matches | Operator::Subset | Operator::Superset => {
                match self.peek() {
                    Some(Token::Literal(Literal::Text(_))) => vec![self.literal()?],
                    _ => return Err(self.unexpected("a text '…'")),
                }
            }
            Operator::Equal => vec![self.literal()?],
            _ => match self.literal()? {
                Literal::Bool(_) => return Err("true and false have no order".to_owned()),
                literal => vec![literal],
            },
        };
        Ok(Comparison { path, operator, negated, literals })
    }

    fn set(&mut self) -> Result<Vec<Literal>, String> {
        self.need_sign("(")?;
        let mut out = Vec::new();
        if self.take_sign(")") {
            return Ok(out);
        }
        loop {
            if out.len() >= SET_VALUES_MAX {
                return Err(format!("IN has more than {SET_VALUES_MAX} values"));
            }
            out.push(self.literal()?);
            if self.take_sign(")") {
                return Ok(out);
            }
            self.need_sign(",")?;
        }
    }

    fn literal(&mut self) -> Result<Literal, String> {
        let literal = match self.peek() {
            Some(Token::Literal(literal)) => literal.clone(),
            Some(Token::Word(word)) if **word == *"true" => Literal::Bool(true),
            Some(Token::Word(word)) if **word == *"false" => Literal::Bool(false),
            _ => return Err(self.unexpected("a constant")),
        };
        self.at += 1;
        Ok(literal)
    }

    fn path(&mut self) -> Result<ObjectPath, String> {
        let Some(Token::Word(object)) = self.peek() else {
            return Err(self.unexpected("an object path such as `file:name`"));
        };
        self.at += 1;
        self.need_sign(":")?;
        let mut steps = vec![self.key()?];
        loop {
            if self.take_sign(".") {
                steps.push(self.key()?);
            } else if self.take_sign("[") {
                steps.push(self.index()?);
                self.need_sign("]")?;
            } else {
                return Ok(ObjectPath { object: object.clone(), steps });
            }
        }
    }

    fn key(&mut self) -> Result<Step, String> {
        let key = match self.peek() {
            Some(Token::Word(key) | Token::Literal(Literal::Text(key))) => key.clone(),
            _ => return Err(self.unexpected("the name of a property")),
        };
        self.at += 1;
        Ok(Step::Key(key))
    }

    fn index(&mut self) -> Result<Step, String> {
        if self.take_sign("*") {
            return Ok(Step::Any);
        }
        let Some(Token::Literal(Literal::Integer(index))) = self.peek() else {
            return Err(self.unexpected("a number or `*`"));
        };
        self.at += 1;
        Ok(Step::Index(*index))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by WITHIN_SECONDS_MAX")]
fn nanoseconds(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}
