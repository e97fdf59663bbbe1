//! Comparisons with constants, checked and ready to be asked of a value.
//! [`Test::holds`] is what they mean; the engine only finds out faster.

use regex::{Regex, RegexBuilder};
use sekisho_sigma::compare::{address, fold_into, lower};
use sekisho_sigma::regexes;

use super::constant;
use super::form::{Form, Part, canonical, integer};
use super::limits::{REGEX_COMPILED_BYTES, REGEX_TOTAL_BYTES_MAX, SCANNED_BYTES_MAX};
use super::mapping::{Mapping, PropertyId};
use super::pattern::{Comparison, Literal, Operator};
use super::registry;

/// A comparison that some log can answer.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) property: PropertyId,
    pub(super) form: Form,
    /// Whether the outcome is turned round.
    pub(super) negated: bool,
    /// Any of these.
    pub(super) checks: Vec<Check>,
}

/// A question about one value.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// The value is this, in the one spelling of its form.
    Exact(Box<str>),
    /// The value is an address within this network.
    Within(Network),
    /// The value is a network that holds this one.
    Holds(Network),
    /// `LIKE`, without `_`.
    Like(Like),
    /// `MATCHES`, and `LIKE` with `_`.
    Matches(Expression),
    /// Order as numbers.
    Number(Operator, f64),
    /// Order by code points.
    Text(Operator, Box<str>),
    /// There is a value.
    Exists,
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network {
    pub(super) v6: bool,
    /// The address, its bits beyond the prefix cleared.
    pub(super) bits: u128,
    pub(super) prefix: u8,
}

/// Fixed texts in a row, with anything between them.
#[derive(Clone, Debug)]
pub(super) struct Like {
    /// At least one; the first one is at the start and the last one at the end
    /// of the value, both perhaps empty.
    pieces: Vec<Box<str>>,
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) regex: Regex,
    /// Its source as the engine reads it.
    pub(super) source: Box<str>,
}

/// Memory that expressions may still take, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(pub(super) usize);

impl Default for Budget {
    fn default() -> Self {
        Self(REGEX_TOTAL_BYTES_MAX)
    }
}

/// Why a comparison is not asked of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// No log carries it, or it compares what can never be equal: false for
    /// every event, as the specification has it.
    Never(String),
    /// It cannot be understood.
    Wrong(String),
}

use Unanswered::{Never, Wrong};

impl Test {
    /// Checks a comparison.
    pub(super) fn of(comparison: &Comparison, budget: &mut Budget) -> Result<Self, Unanswered> {
        let mapping = Mapping::get();
        let path = &comparison.path;
        let property = mapping.property(path);
        let found = property.and_then(|id| Some((id, mapping.properties.get(usize::from(id))?)));
        let Some((property, known)) = found else {
            return Err(Never(format!("no log carries {path}")));
        };
        let negated = comparison.negated;
        if negated && comparison.operator == Operator::Exists {
            return Err(Wrong(format!("that {path} does not exist is not told by any log")));
        }
        let form = known.form;
        let mut checks = Vec::new();
        if comparison.operator == Operator::Exists {
            checks.push(Check::Exists);
        }
        for literal in &comparison.literals {
            let found = checks_of(form, comparison.operator, literal, budget);
            checks.extend(found.map_err(|e| match e {
                Never(reason) => Never(format!("{path}: {reason}")),
                Wrong(reason) => Wrong(format!("{path}: {reason}")),
            })?);
        }
        if checks.is_empty() && !negated {
            return Err(Never(format!("{path} is compared with nothing")));
        }
        Ok(Self { property, form, negated, checks })
    }

    /// Whether the comparison holds for a value.
    pub(super) fn holds(&self, part: &Part) -> bool {
        if self.negated {
            return !part.alias && !self.checks.iter().any(|check| check.holds(self.form, part));
        }
        self.checks.iter().any(|check| check.holds(self.form, part))
    }
}

impl Check {
    pub(super) fn holds(&self, form: Form, part: &Part) -> bool {
        match self {
            Self::Exact(key) => **key == *part.key,
            Self::Within(network) => Network::of(&part.key).is_some_and(|n| network.holds(n)),
            Self::Holds(network) => Network::of(&part.key).is_some_and(|n| n.holds(*network)),
            Self::Like(like) => texts(form, part).any(|text| like.fits(form, text)),
            Self::Matches(expression) => {
                texts(form, part).any(|text| expression.regex.is_match(scanned(text)))
            }
            Self::Number(operator, limit) => {
                #[expect(clippy::cast_precision_loss, reason = "ports and process ids are exact")]
                let number = integer(&part.key).map(|n| n as f64);
                number.is_some_and(|n| in_order(*operator, n.partial_cmp(limit)))
            }
            Self::Text(operator, limit) => in_order(*operator, Some((*part.key).cmp(limit))),
            Self::Exists => true,
        }
    }
}

/// The texts to which wildcards and expressions are put.
pub(super) fn texts(form: Form, part: &Part) -> impl Iterator<Item = &str> {
    let spelt = form != Form::Exact && part.key != part.raw;
    [Some(part.raw.as_str()), Some(part.key.as_str()).filter(|_| spelt)].into_iter().flatten()
}

/// As much of a text as is looked at.
pub(super) fn scanned(text: &str) -> &str {
    if text.len() <= SCANNED_BYTES_MAX {
        return text;
    }
    let end = (0..=SCANNED_BYTES_MAX).rev().find(|&at| text.is_char_boundary(at));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

fn in_order(operator: Operator, found: Option<std::cmp::Ordering>) -> bool {
    found.is_some_and(|found| match operator {
        Operator::Less => found.is_lt(),
        Operator::LessOrEqual => found.is_le(),
        Operator::Greater => found.is_gt(),
        Operator::GreaterOrEqual => found.is_ge(),
        _ => false,
    })
}

/// What is asked for one constant: any of these.
fn checks_of(
    form: Form,
    operator: Operator,
    literal: &Literal,
    budget: &mut Budget,
) -> Result<Vec<Check>, Unanswered> {
    Ok(match operator {
        Operator::Equal | Operator::In => {
            let check = equal(form, literal)?;
            let other = match literal {
                Literal::Text(text) if form == Form::Registry => registry::other_meaning(text),
                _ => None,
            };
            std::iter::once(check).chain(other.map(|key| Check::Exact(key.into()))).collect()
        }
        Operator::Like => like(form, text_of(literal)?, budget)?,
        Operator::Subset | Operator::Superset => {
            vec![subset(form, operator, text_of(literal)?)?]
        }
        Operator::Matches => vec![matches(form, text_of(literal)?, budget)?],
        _ => vec![ordered(form, operator, literal)?],
    })
}

fn text_of(literal: &Literal) -> Result<&str, Unanswered> {
    match literal {
        Literal::Text(text) => Ok(text),
        other => Err(Wrong(format!("text was expected, not {}", other.kind()))),
    }
}

/// The text that a constant stands for where the property is text.
fn as_text(form: Form, literal: &Literal) -> Result<String, Unanswered> {
    match literal {
        Literal::Text(text) => Ok(text.to_string()),
        Literal::Hex(bytes) | Literal::Binary(bytes) => Ok(match form {
            Form::Hash(_) | Form::Serial => bytes.iter().map(|b| format!("{b:02x}")).collect(),
            _ => bytes.iter().map(|&b| char::from(b)).collect(),
        }),
        other => Err(Never(format!("it is text, and never equal to {}", other.kind()))),
    }
}

fn equal(form: Form, literal: &Literal) -> Result<Check, Unanswered> {
    if form == Form::Integer {
        return match literal {
            Literal::Integer(n) => Ok(Check::Exact(n.to_string().into())),
            Literal::Float(n) if n.fract() == 0.0 => Ok(Check::Exact(format!("{n:.0}").into())),
            other => {
                Err(Never(format!("it is a whole number, and never equal to {}", shown(other))))
            }
        };
    }
    let text = as_text(form, literal)?;
    if let (Form::Ipv4 | Form::Ipv6 | Form::Host, Some(network)) = (form, Network::of(&text)) {
        family(form, network, &text)?;
        return Ok(if network.is_single() {
            Check::Exact(network.address().to_string().into())
        } else {
            Check::Within(network)
        });
    }
    if form == Form::Kind {
        return Ok(Check::Exact(text.into()));
    }
    let mut key = String::new();
    let valid = canonical(form, &text, &mut key);
    constant::check(form, &text).map_err(Wrong)?;
    if !valid || (form == Form::Domain && key.contains('*')) {
        return Err(Wrong(format!("{text:?} is not {}", wanted(form))));
    }
    Ok(Check::Exact(key.into()))
}

fn shown(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => format!("the text {text:?}"),
        other => other.kind().to_owned(),
    }
}

/// What a constant of a form is, for people.
fn wanted(form: Form) -> String {
    match form {
        Form::Hash(algorithm) => format!("a hash of {} in hexadecimal digits", algorithm.name()),
        Form::Ssdeep => "an SSDEEP hash".to_owned(),
        Form::Ipv4 => "an IPv4 address or network".to_owned(),
        Form::Ipv6 => "an IPv6 address or network".to_owned(),
        Form::Host => "an address or the name of a machine".to_owned(),
        Form::Domain => "the name of a domain (LIKE knows wildcards, = does not)".to_owned(),
        Form::Url => "an address with a scheme, such as http://example.com/".to_owned(),
        Form::Mail => "an address of mail".to_owned(),
        Form::Mac => "a MAC address".to_owned(),
        Form::Serial => "a serial number in hexadecimal digits".to_owned(),
        _ => "a text with anything in it".to_owned(),
    }
}

fn family(form: Form, network: Network, text: &str) -> Result<(), Unanswered> {
    match form {
        Form::Ipv4 if network.v6 => Err(Wrong(format!("{text:?} is not {}", wanted(form)))),
        Form::Ipv6 if !network.v6 => Err(Wrong(format!("{text:?} is not {}", wanted(form)))),
        _ => Ok(()),
    }
}

fn subset(form: Form, operator: Operator, text: &str) -> Result<Check, Unanswered> {
    if !matches!(form, Form::Ipv4 | Form::Ipv6 | Form::Host) {
        return Err(Never(format!("{} is asked of what is no address", operator.name())));
    }
    let network = Network::of(text);
    let network = network.ok_or_else(|| Wrong(format!("{text:?} is not an address or network")))?;
    family(form, network, text)?;
    Ok(if operator == Operator::Subset { Check::Within(network) } else { Check::Holds(network) })
}

/// Constants of `LIKE` and `MATCHES` are to be in Unicode's form NFC; what
/// holds combining marks is not, or cannot be told apart from it here.
fn composed(text: &str) -> Result<(), Unanswered> {
    let combining = |c: char| {
        matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}' | '\u{3099}' | '\u{309a}' | '\u{fe20}'..='\u{fe2f}')
    };
    if text.chars().any(combining) {
        return Err(Wrong(
            "the text has combining marks: write it in Unicode's form NFC".to_owned(),
        ));
    }
    Ok(())
}

fn like(form: Form, text: &str, budget: &mut Budget) -> Result<Vec<Check>, Unanswered> {
    composed(text)?;
    if matches!(form, Form::Integer | Form::Kind) {
        return Err(Never("LIKE is asked of what is no text".to_owned()));
    }
    constant::check_like(form, text).map_err(Wrong)?;
    let spelt = if form == Form::Registry {
        let mut key = String::new();
        registry::key(text, &mut key);
        // A trailing backslash says "a key below", with a wildcard or not.
        key.push_str(if text.ends_with('\\') { "\\" } else { "" });
        key
    } else {
        text.to_owned()
    };
    let other = constant::other_like(form, text).filter(|other| *other != spelt);
    std::iter::once(spelt).chain(other).map(|spelt| wildcards(form, spelt, budget)).collect()
}

/// `%` stands for any text, `_` for one character.
fn wildcards(form: Form, spelt: String, budget: &mut Budget) -> Result<Check, Unanswered> {
    if spelt.contains('_') {
        let mut source = String::from("^");
        let mut buffer = [0; 4];
        for c in spelt.chars() {
            match c {
                '%' => source.push_str(".*"),
                '_' => source.push('.'),
                c => source.push_str(&regex::escape(c.encode_utf8(&mut buffer))),
            }
        }
        source.push('$');
        return expression(form, &source, "LIKE", budget).map(Check::Matches);
    }
    let mut folded = String::new();
    if form.folded() {
        fold_into(&spelt, &mut folded);
    } else {
        folded = spelt;
    }
    Ok(Check::Like(Like { pieces: folded.split('%').map(Into::into).collect() }))
}

fn matches(form: Form, text: &str, budget: &mut Budget) -> Result<Check, Unanswered> {
    composed(text)?;
    if matches!(form, Form::Integer | Form::Kind) {
        return Err(Never("MATCHES is asked of what is no text".to_owned()));
    }
    expression(form, text, "MATCHES", budget).map(Check::Matches)
}

fn expression(
    form: Form,
    text: &str,
    operator: &str,
    budget: &mut Budget,
) -> Result<Expression, Unanswered> {
    let flags = if form.folded() { "is" } else { "s" };
    let checked = regexes::check(text, flags).map_err(|e| Wrong(format!("{operator}: {e}")))?;
    for size in REGEX_COMPILED_BYTES {
        if size > budget.0 {
            return Err(Wrong(format!(
                "{operator}: the expressions of all indicators take more than \
                 {REGEX_TOTAL_BYTES_MAX} bytes"
            )));
        }
        match RegexBuilder::new(&checked).size_limit(size).build() {
            Ok(regex) => {
                budget.0 -= size;
                return Ok(Expression { regex, source: checked.into() });
            }
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(_) => {
                return Err(Wrong(format!(
                    "{operator}: the expression needs look-around, back-references or atomic \
                     groups, which are not run"
                )));
            }
        }
    }
    Err(Wrong(format!("{operator}: the expression is too large")))
}

fn ordered(form: Form, operator: Operator, literal: &Literal) -> Result<Check, Unanswered> {
    #[expect(clippy::cast_precision_loss, reason = "ports and process ids are exact")]
    match (form, literal) {
        (Form::Integer, Literal::Integer(n)) => Ok(Check::Number(operator, *n as f64)),
        (Form::Integer, Literal::Float(n)) => Ok(Check::Number(operator, *n)),
        (Form::Integer, other) => {
            Err(Never(format!("a number has no order with {}", other.kind())))
        }
        (_, Literal::Integer(_) | Literal::Float(_) | Literal::Time(_) | Literal::Bool(_)) => {
            Err(Never(format!("a text has no order with {}", literal.kind())))
        }
        (form, literal) => {
            let text = as_text(form, literal)?;
            let mut key = String::new();
            if !canonical(form, &text, &mut key) {
                return Err(Wrong(format!("{text:?} is not {}", wanted(form))));
            }
            Ok(Check::Text(operator, key.into()))
        }
    }
}

impl Network {
    /// `192.0.2.0/24`, `2001:db8::/32`, or one address. Of an IPv4 network
    /// that is mapped into IPv6 it is the IPv4 one.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (base, prefix) = match text.split_once('/') {
            Some((base, prefix)) => {
                let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
                (base, Some(prefix.parse::<u8>().ok().filter(|_| digits)?))
            }
            None => (text, None),
        };
        let mapped = base.contains(':');
        let found = address(base)?;
        let (v6, bits, most) = match found {
            std::net::IpAddr::V4(a) => (false, u128::from(u32::from(a)), 32),
            std::net::IpAddr::V6(a) => (true, u128::from(a), 128),
        };
        let prefix = match prefix {
            None => most,
            Some(prefix) if mapped && !v6 => prefix.checked_sub(96)?,
            Some(prefix) => prefix,
        };
        (prefix <= most).then(|| Self { v6, bits: bits & mask(v6, prefix), prefix })
    }

    /// Whether all addresses of the other one are of this one.
    pub(super) fn holds(self, other: Self) -> bool {
        self.v6 == other.v6
            && other.prefix >= self.prefix
            && other.bits & mask(self.v6, self.prefix) == self.bits
    }

    /// Whether it is one address.
    pub(super) fn is_single(self) -> bool {
        self.prefix == if self.v6 { 128 } else { 32 }
    }

    fn address(self) -> std::net::IpAddr {
        if self.v6 {
            std::net::Ipv6Addr::from(self.bits).into()
        } else {
            std::net::Ipv4Addr::from(u32::try_from(self.bits).unwrap_or(0)).into()
        }
    }
}

/// The bits of an address that a prefix keeps.
pub(super) fn mask(v6: bool, prefix: u8) -> u128 {
    let width = if v6 { 128 } else { 32 };
    let low = u128::MAX.checked_shr(128 - width).unwrap_or(0);
    let cleared = width.saturating_sub(u32::from(prefix));
    low.checked_shr(cleared).unwrap_or(0).checked_shl(cleared).unwrap_or(0)
}

impl Like {
    /// The longest fixed text.
    pub(super) fn longest(&self) -> &str {
        self.pieces.iter().max_by_key(|piece| piece.len()).map_or("", |piece| piece)
    }

    fn fits(&self, form: Form, text: &str) -> bool {
        let text = scanned(text);
        if !form.folded() {
            return self.fits_text(text);
        }
        let plain = text.is_ascii() && !text.bytes().any(|b| b.is_ascii_uppercase());
        if plain {
            self.fits_text(text)
        } else {
            self.fits_text(&text.chars().map(lower).collect::<String>())
        }
    }

    fn fits_text(&self, text: &str) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else { return false };
        let Some((last, middle)) = rest.split_last() else { return text == &**first };
        let Some(inside) = text.strip_prefix(&**first) else { return false };
        let Some(mut inside) = inside.strip_suffix(&**last) else { return false };
        for piece in middle {
            let Some(at) = inside.find(&**piece) else { return false };
            inside = inside.get(at + piece.len()..).unwrap_or_default();
        }
        true
    }
}
