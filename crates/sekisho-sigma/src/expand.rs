//! One value of a rule to the tests it stands for: placeholders filled in,
//! dashes varied, encodings applied, wildcards added.

use std::borrow::Cow;

use crate::encode::{Base64, base64, base64_offsets};
use crate::limits::{DOCUMENT_TEST_BYTES_MAX, DOCUMENT_TESTS_MAX, VALUE_FORMS_MAX};
use crate::modifiers::{Chain, Kind};
use crate::parse::Context;
use crate::regex_check;
use crate::rule::{FieldRef, Network, Ordering, Part, Pattern, Relation, Test};
use crate::value::{Scalar, literal, parts, push};

/// The characters that begin an option on some Windows command line.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// The tests of which one must hold for this value. None: a placeholder in it
/// has no values. `keyword`: the value belongs to no field.
pub(crate) fn tests(
    chain: &Chain,
    value: &Scalar<'_>,
    keyword: bool,
    line: u32,
    context: &mut Context<'_>,
) -> Result<Vec<Test>, String> {
    if keyword && needs_field(chain, value) {
        return Err("this comparison needs a field before the first `|`".to_owned());
    }
    let found = match &chain.kind {
        Kind::Plain => plain(chain, value, keyword, line, context)?,
        Kind::Exists => vec![Test::Exists(boolean(value)?)],
        Kind::Compare(ordering) => vec![Test::Compare(*ordering, number(value)?)],
        Kind::Time(part, ordering) => {
            vec![Test::TimePart(*part, ordering.unwrap_or(Ordering::Equal), number(value)?)]
        }
        Kind::FieldRef => vec![field_ref(chain, value)?],
        Kind::Cidr => {
            let texts = texts(chain, value, line, context, |text| text.to_owned())?;
            texts.iter().map(|text| network(text)).collect::<Result<_, _>>()?
        }
        Kind::Regex { flags } => {
            let texts = texts(chain, value, line, context, regex_syntax::escape)?;
            texts.iter().map(|text| regex(chain, text, flags)).collect::<Result<_, _>>()?
        }
    };
    spend(&found, context)?;
    Ok(found)
}

fn needs_field(chain: &Chain, value: &Scalar<'_>) -> bool {
    match chain.kind {
        Kind::Plain => *value == Scalar::Null,
        Kind::Regex { .. } | Kind::Cidr => false,
        _ => true,
    }
}

fn spend(tests: &[Test], context: &mut Context<'_>) -> Result<(), String> {
    context.tests += tests.len();
    context.test_bytes += tests.iter().map(weight).sum::<usize>();
    if context.tests > DOCUMENT_TESTS_MAX || context.test_bytes > DOCUMENT_TEST_BYTES_MAX {
        return Err(format!(
            "values become more than {DOCUMENT_TESTS_MAX} tests or {DOCUMENT_TEST_BYTES_MAX} bytes"
        ));
    }
    Ok(())
}

/// Before a value is copied into many forms: whether they fit the limit.
fn affordable(forms: usize, bytes: usize) -> Result<(), String> {
    if forms.saturating_mul(bytes) > DOCUMENT_TEST_BYTES_MAX {
        return Err(format!("a value becomes more than {DOCUMENT_TEST_BYTES_MAX} bytes"));
    }
    Ok(())
}

fn weight(test: &Test) -> usize {
    match test {
        Test::Text(pattern) => pattern.parts.iter().map(part_weight).sum(),
        Test::Regex(source) => source.pattern.len(),
        _ => 1,
    }
}

fn part_weight(part: &Part) -> usize {
    if let Part::Literal(text) = part { text.len() } else { 1 }
}

fn boolean(value: &Scalar<'_>) -> Result<bool, String> {
    match value {
        Scalar::Bool(yes, _) => Ok(*yes),
        Scalar::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Scalar::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(format!("`exists` with `{}`, expected true or false", value.text())),
    }
}

fn number(value: &Scalar<'_>) -> Result<f64, String> {
    let found = match value {
        Scalar::Number(n, _) => Some(*n),
        Scalar::Text(text) => crate::compare::number(text),
        Scalar::Null | Scalar::Bool(..) => None,
    };
    found.ok_or_else(|| format!("comparison with `{}`, expected a number", value.text()))
}

fn network(text: &str) -> Result<Test, String> {
    let expected = || format!("`{text}` with `cidr`, expected a network such as 10.0.0.0/8");
    Network::parse(text).map(Test::Cidr).ok_or_else(expected)
}

fn regex(chain: &Chain, text: &str, flags: &str) -> Result<Test, String> {
    let pattern: Cow<'_, str> = match chain.relation {
        None | Some(Relation::Contains | Relation::Equal) => text.into(),
        Some(Relation::StartsWith) => format!("\\A(?:{text})").into(),
        Some(Relation::EndsWith) => format!("(?:{text})\\z").into(),
    };
    regex_check::check(&pattern, flags).map(Test::Regex)
}

fn field_ref(chain: &Chain, value: &Scalar<'_>) -> Result<Test, String> {
    let field = value.text();
    if field.is_empty() || field.contains(['*', '?']) {
        return Err(format!("`{field}` with `fieldref`, expected the name of a field"));
    }
    Ok(Test::FieldRef(FieldRef {
        field: field.to_owned(),
        relation: chain.relation.unwrap_or(Relation::Equal),
        cased: chain.cased,
    }))
}

fn plain(
    chain: &Chain,
    value: &Scalar<'_>,
    keyword: bool,
    line: u32,
    context: &mut Context<'_>,
) -> Result<Vec<Test>, String> {
    let changes = keyword
        || chain.relation.is_some()
        || chain.windash
        || chain.wide.is_some()
        || chain.base64.is_some();
    match value {
        Scalar::Null if changes || chain.expand => {
            return Err("null with a modifier for text, expected text".to_owned());
        }
        Scalar::Null => return Ok(vec![Test::Null]),
        Scalar::Number(n, text) if !changes => {
            return Ok(vec![Test::Number(*n, (*text).to_owned())]);
        }
        _ => {}
    }
    let mut forms = match value {
        Scalar::Text(text) if !chain.expand => vec![parts(text)],
        Scalar::Text(_) => {
            let texts = texts(chain, value, line, context, str::to_owned)?;
            texts.iter().map(|text| parts(text)).collect()
        }
        _ => vec![literal(value.text().to_owned())],
    };
    if chain.windash {
        forms = varied(forms)?;
    }
    if chain.wide.is_some() || chain.base64.is_some() {
        forms = encoded(chain, forms)?;
    }
    let relation = chain.relation.or(keyword.then_some(Relation::Contains));
    let pattern =
        |parts| Test::Text(Pattern { parts: anchored(parts, relation), cased: chain.cased });
    Ok(forms.into_iter().map(pattern).collect())
}

/// Adds the wildcards that `contains` and its like stand for.
fn anchored(parts: Vec<Part>, relation: Option<Relation>) -> Vec<Part> {
    let (before, after) = match relation {
        None | Some(Relation::Equal) => return parts,
        Some(Relation::Contains) => (true, true),
        Some(Relation::StartsWith) => (false, true),
        Some(Relation::EndsWith) => (true, false),
    };
    let mut out = Vec::with_capacity(parts.len() + 2);
    if before {
        out.push(Part::Any);
    }
    for part in parts {
        push(&mut out, part);
    }
    if after {
        push(&mut out, Part::Any);
    }
    out
}

/// Every combination of dashes where one begins a word.
fn varied(forms: Vec<Vec<Part>>) -> Result<Vec<Vec<Part>>, String> {
    let mut out = Vec::new();
    for parts in forms {
        let mut begun = vec![Vec::with_capacity(parts.len())];
        for part in parts {
            let Part::Literal(text) = part else {
                begun.iter_mut().for_each(|form| push(form, part.clone()));
                continue;
            };
            let mut from = 0;
            for (at, dash) in option_dashes(&text) {
                let before = text.get(from..at).unwrap_or_default();
                let with = |form: &Vec<Part>, dash: char| {
                    let mut form = form.clone();
                    push(&mut form, Part::Literal(format!("{before}{dash}")));
                    form
                };
                if out.len() + begun.len() * DASHES.len() > VALUE_FORMS_MAX {
                    let reason = "value has too many dashes for `windash`, expected at most 5";
                    return Err(reason.to_owned());
                }
                affordable(out.len() + begun.len() * DASHES.len(), text.len())?;
                begun = begun.iter().flat_map(|form| DASHES.map(|dash| with(form, dash))).collect();
                from = at + dash.len_utf8();
            }
            let rest = text.get(from..).unwrap_or_default();
            begun.iter_mut().for_each(|form| push(form, Part::Literal(rest.to_owned())));
        }
        out.append(&mut begun);
    }
    Ok(out)
}

/// Dashes that no word character precedes and one follows.
fn option_dashes(text: &str) -> Vec<(usize, char)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = Vec::new();
    let mut before = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let begins = DASHES.contains(&c) && !before.is_some_and(is_word);
        if begins && chars.peek().is_some_and(|&(_, next)| is_word(next)) {
            out.push((at, c));
        }
        before = Some(c);
    }
    out
}

fn encoded(chain: &Chain, forms: Vec<Vec<Part>>) -> Result<Vec<Vec<Part>>, String> {
    let mut out = Vec::new();
    for parts in forms {
        match chain.base64 {
            None => out.push(wide_parts(chain, parts)?),
            Some(kind) => {
                let bytes = bytes(chain, &parts)?;
                match kind {
                    Base64::Whole => out.push(literal(base64(&bytes))),
                    Base64::Offsets => out.extend(base64_offsets(&bytes).map(literal)),
                }
            }
        }
    }
    Ok(out)
}

fn wide_parts(chain: &Chain, parts: Vec<Part>) -> Result<Vec<Part>, String> {
    let Some(wide) = chain.wide else { return Ok(parts) };
    let widened = |part| match part {
        Part::Literal(text) => wide.text(&text).map(Part::Literal),
        other => Some(other),
    };
    parts.into_iter().map(widened).collect::<Option<_>>().ok_or_else(|| {
        "text beyond ASCII with `wide`, expected `base64` or `base64offset` after it".to_owned()
    })
}

fn bytes(chain: &Chain, parts: &[Part]) -> Result<Vec<u8>, String> {
    let text = match parts {
        [] => "",
        [Part::Literal(text)] => text,
        _ => return Err("wildcards in a value for base64, expected them escaped".to_owned()),
    };
    Ok(chain.wide.map_or_else(|| text.as_bytes().to_vec(), |wide| wide.bytes(text)))
}

/// The value, or with `expand` its forms with each placeholder filled in.
fn texts<'v>(
    chain: &Chain,
    value: &Scalar<'v>,
    line: u32,
    context: &mut Context<'_>,
    written: impl Fn(&str) -> String,
) -> Result<Vec<Cow<'v, str>>, String> {
    if *value == Scalar::Null {
        return Err("null with a modifier for text, expected text".to_owned());
    }
    let text = value.text();
    if !chain.expand {
        return Ok(vec![Cow::Borrowed(text)]);
    }
    let mut forms = vec![String::new()];
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, after) =
            (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default());
        let backslashes = before.bytes().rev().take_while(|&b| b == b'\\').count();
        let name = after.split('%').next().filter(|name| {
            name.len() < after.len()
                && !name.is_empty()
                && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        });
        if backslashes % 2 == 1 {
            let before = before.get(..at - 1).unwrap_or_default();
            forms.iter_mut().for_each(|form| *form = format!("{form}{before}%"));
            rest = after;
            continue;
        }
        let Some(name) = name else {
            forms.iter_mut().for_each(|form| *form = format!("{form}{before}%"));
            rest = after;
            continue;
        };
        let values = context.options.placeholders.get(name).map_or(&[][..], Vec::as_slice);
        if values.is_empty() {
            context.note(
                line,
                format!("placeholder %{name}% has no values, what it stands in never matches"),
            );
            return Ok(Vec::new());
        }
        if forms.len().saturating_mul(values.len()) > VALUE_FORMS_MAX {
            return Err(format!("placeholders make more than {VALUE_FORMS_MAX} values of one"));
        }
        let longest = values.iter().map(String::len).max().unwrap_or_default();
        affordable(forms.len() * values.len(), text.len() + longest)?;
        forms = forms
            .iter()
            .flat_map(|form| {
                values.iter().map(|v| format!("{form}{before}{}", written(v))).collect::<Vec<_>>()
            })
            .collect();
        rest = after.get(name.len() + 1..).unwrap_or_default();
    }
    forms.iter_mut().for_each(|form| form.push_str(rest));
    Ok(forms.into_iter().map(Cow::Owned).collect())
}
