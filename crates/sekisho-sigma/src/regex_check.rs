//! Regular expressions of rules: from the PCRE that Sigma names to the syntax
//! of the engines here, checked to be one without compiling it.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::limits::{REGEX_BYTES_MAX, REGEX_SIZE_MAX};
use crate::rule::RegexSource;

/// Checks a regular expression; `flags` are some of `i`, `m`, `s`.
pub(crate) fn check(pattern: &str, flags: &str) -> Result<RegexSource, String> {
    if pattern.len() > REGEX_BYTES_MAX {
        return Err(format!("regular expression is longer than {REGEX_BYTES_MAX} bytes"));
    }
    let mut source = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
    from_pcre(pattern, &mut source);
    let linear = match ParserBuilder::new().nest_limit(200).build().parse(&source) {
        Ok(hir) if size(&hir) > REGEX_SIZE_MAX => {
            return Err(
                "regular expression is too large once its repetitions are written out".to_owned()
            );
        }
        Ok(_) => return Ok(RegexSource { pattern: source }),
        Err(e) => reason(&e),
    };
    match fancy_regex::Expr::parse_tree(&source) {
        Ok(_) if needs_backtracking(&source) => Ok(RegexSource { pattern: source }),
        Ok(_) => Err(format!("not a regular expression: {linear}")),
        Err(e) => Err(format!("not a regular expression: {linear}; {e}")),
    }
}

/// Whether there is anything that only the backtracking engine knows.
fn needs_backtracking(source: &str) -> bool {
    const MARKS: [&str; 8] = ["(?=", "(?!", "(?<", "(?>", "(?(", "\\K", "\\G", "\\Z"];
    MARKS.iter().any(|mark| source.contains(mark))
        || ["++", "*+", "?+", "}+"].iter().any(|mark| source.contains(mark))
        || source
            .as_bytes()
            .windows(2)
            .any(|w| matches!(w, [b'\\', b'1'..=b'9' | b'k' | b'g' | b'h' | b'H' | b'e']))
}

fn reason(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(e) => e.kind().to_string(),
        regex_syntax::Error::Translate(e) => e.kind().to_string(),
        _ => "unknown error".to_owned(),
    }
}

/// What a class costs beside its ranges, since these become several of bytes.
const CLASS_SIZE: u64 = 15;

/// How large it becomes with all counted repetitions written out.
fn size(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => CLASS_SIZE + class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => CLASS_SIZE + class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min).max(1));
            size(&repetition.sub).saturating_mul(times)
        }
        HirKind::Capture(capture) => size(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(size).fold(1, u64::saturating_add)
        }
    }
}

/// Where PCRE and the engines here read the same characters differently, says
/// it so that all read it PCRE's way: `\<` is a character, a `{` that starts
/// no count is one, and classes know no sets within them.
fn from_pcre(pattern: &str, out: &mut String) {
    let mut rest = pattern;
    // Characters since a class was opened; none outside of one.
    let mut class: Option<usize> = None;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let next = after.chars().next();
        let mut taken = c.len_utf8();
        match (c, class) {
            ('\\', _) => {
                taken += next.map_or(0, char::len_utf8);
                taken += braces(next, rest.get(taken..).unwrap_or_default());
                match next {
                    Some(plain @ ('<' | '>')) => out.push(plain),
                    _ => out.push_str(rest.get(..taken).unwrap_or_default()),
                }
            }
            ('[', None) => {
                out.push('[');
                if next == Some('^') {
                    out.push('^');
                    taken += 1;
                }
                class = Some(0);
                rest = rest.get(taken..).unwrap_or_default();
                continue;
            }
            (']', Some(1..)) => {
                out.push(']');
                class = None;
            }
            ('[', Some(_)) if next == Some(':') && after.contains(":]") => {
                let length = after.find(":]").map_or(0, |at| at + 3);
                out.push_str(rest.get(..length).unwrap_or_default());
                taken = length;
            }
            ('[' | ']' | '&' | '~', Some(_)) => {
                out.push('\\');
                out.push(c);
            }
            ('-', Some(_)) if next == Some('-') => out.push_str("\\-"),
            ('{', None) if !is_count(after) => out.push_str("\\{"),
            _ => out.push(c),
        }
        class = class.map(|n| n + 1);
        rest = rest.get(taken..).unwrap_or_default();
    }
}

/// How long the braces are that belong to an escape: `\p{Lu}`, `\x{41}`.
fn braces(escaped: Option<char>, after: &str) -> usize {
    match escaped {
        Some('p' | 'P' | 'x' | 'u' | 'U' | 'k' | 'g' | 'b' | 'B') if after.starts_with('{') => {
            after.find('}').map_or(0, |at| at + 1)
        }
        _ => 0,
    }
}

/// Whether what follows a `{` makes it a count: `3}`, `3,}`, `3,5}`.
fn is_count(after: &str) -> bool {
    let Some((inside, _)) = after.split_once('}') else { return false };
    let (from, to) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    !from.is_empty() && digits(from) && digits(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, flags: &str, text: &str) -> Option<bool> {
        let source = check(pattern, flags).ok()?;
        Some(fancy_regex::Regex::new(&source.pattern).unwrap().is_match(text).unwrap())
    }

    #[test]
    fn pcre_is_read_as_pcre() {
        for (pattern, text, want) in [
            (r"a\<b\>", "a<b>", true),
            (r"${x}", "${x}", false),
            (r"\${x}", "${x}", true),
            (r"a{b", "a{b", true),
            (r"a{2}", "aa", true),
            (r"[a[b]+c", "[c", true),
            (r"[]x]", "]", true),
            (r"[^]x]", "]", false),
            (r"[a&&b]", "&", true),
            (r"[[:digit:]x]", "5", true),
            (r"[\w-]+", "a-b", true),
            (r"\p{Lu}\x{41}", "ZA", true),
            (r"(?<!a)b", "cb", true),
            (r"(?<!a)b", "ab", false),
            (r"(a)\1", "aa", true),
            (r"^a(?=b)", "ab", true),
            (r"(?>a+)b", "aab", true),
            (r"\/\-\_\%", "/-_%", true),
        ] {
            assert_eq!(found(pattern, "", text), Some(want), "{pattern}");
        }
        assert_eq!(found("A.b", "is", "a\nB"), Some(true));
        assert_eq!(found("^b", "m", "a\nb"), Some(true));
    }

    #[test]
    fn what_passes_compiles() {
        let largest = |form: &str| {
            let passes = |n: usize| check(&form.replace('N', &n.to_string()), "").ok();
            (0..12)
                .rev()
                .map(|bit| 1 << bit)
                .fold(0, |n, bit| if passes(n + bit).is_some() { n + bit } else { n })
        };
        for form in
            [r"\w{N}", r"\d{N}", r"(.{N}){9}", r"([a-z]x?){N}", r"(a{99}|b){N}", r"\p{L}{0,N}"]
        {
            let n = largest(form);
            assert!(n > 50, "{form} {n}");
            let source = form.replace('N', &n.to_string());
            assert!(regex::Regex::new(&source).is_ok(), "{source}");
        }
    }

    #[test]
    fn what_is_none_is_named() {
        for pattern in ["(", "a)", "[a", "*a", "[z-a]", "a{5,2}", "(?<!a", "\\"] {
            let reason = check(pattern, "").unwrap_err();
            assert!(reason.starts_with("not a regular expression"), "{pattern}: {reason}");
        }
    }

    #[test]
    fn bombs_are_refused_quickly() {
        for bomb in [
            "(a{1000}){1000}".to_owned(),
            r"((\w{99}){99}){99}".to_owned(),
            "a".repeat(1 << 20),
            "(".repeat(9000),
        ] {
            assert!(check(&bomb, "i").is_err());
        }
    }
}
