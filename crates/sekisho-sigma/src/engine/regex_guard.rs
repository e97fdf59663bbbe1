//! What a text must contain for a regular expression to match it. Running
//! every expression on every value is far too slow; looking for one of a few
//! literals first is not.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::compare::lower;

/// Most alternatives that a guard may have.
const ALTERNATIVES_MAX: usize = 64;

/// Longest literal kept, in bytes; longer ones are cut, which only widens.
const LITERAL_BYTES_MAX: usize = 64;

/// Folded literals of which at least one is part of every text (after
/// folding) that the expression matches; `None` where nothing of use is known.
#[must_use]
pub(crate) fn required_literals(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let set = best(&hir)?;
    (shortest(&set) >= 2).then_some(set)
}

/// Most clauses that are worth looking for.
const CLAUSES_MAX: usize = 8;

/// Sets of folded literals: of each set at least one is part of every text
/// (after folding) that the expression matches. [`required_literals`] is the
/// best of them.
#[must_use]
pub(crate) fn required_clauses(pattern: &str) -> Vec<Vec<String>> {
    let Ok(hir) = regex_syntax::parse(pattern) else { return Vec::new() };
    let mut found = Vec::new();
    clauses(&hir, &mut found);
    found.retain(|set| shortest(set) >= 2);
    found.sort_by_key(|set| (std::cmp::Reverse(shortest(set)), set.len()));
    found.dedup();
    found.truncate(CLAUSES_MAX);
    found
}

fn clauses(hir: &Hir, out: &mut Vec<Vec<String>>) {
    match hir.kind() {
        HirKind::Capture(c) => clauses(&c.sub, out),
        HirKind::Repetition(r) if r.min >= 1 => clauses(&r.sub, out),
        HirKind::Concat(parts) => {
            for part in parts {
                // Literals on their own stand in the runs below.
                if exact(part).is_none() {
                    clauses(part, out);
                }
            }
            runs(parts, &mut |run| out.push(run));
        }
        _ => out.extend(best(hir)),
    }
}

fn shortest(set: &[String]) -> usize {
    set.iter().map(String::len).min().unwrap_or(0)
}

/// The better of two guards: the one whose shortest literal is longer, then
/// the one with fewer alternatives.
fn better(a: Option<Vec<String>>, b: Option<Vec<String>>) -> Option<Vec<String>> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let rank = |s: &Vec<String>| (shortest(s), usize::MAX - s.len());
            Some(if rank(&b) > rank(&a) { b } else { a })
        }
        (a, b) => a.or(b),
    }
}

/// All texts that an expression stands for, if they are few.
fn exact(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![String::new()]),
        HirKind::Literal(lit) => {
            Some(vec![std::str::from_utf8(&lit.0).ok()?.chars().map(lower).collect()])
        }
        HirKind::Class(class) => class_chars(class),
        HirKind::Capture(c) => exact(&c.sub),
        HirKind::Repetition(r) if r.min == 1 && r.max == Some(1) => exact(&r.sub),
        HirKind::Repetition(r) if r.min == 0 && r.max == Some(1) => {
            let mut out = exact(&r.sub)?;
            out.push(String::new());
            tidy(out)
        }
        HirKind::Repetition(_) => None,
        HirKind::Concat(parts) => {
            parts.iter().try_fold(vec![String::new()], |heads, part| join(&heads, &exact(part)?))
        }
        HirKind::Alternation(parts) => {
            let mut out = Vec::new();
            for part in parts {
                out.extend(exact(part)?);
            }
            tidy(out)
        }
    }
}

fn class_chars(class: &Class) -> Option<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    match class {
        Class::Unicode(c) => {
            for range in c.ranges() {
                if (range.end() as u32).saturating_sub(range.start() as u32) > 8 {
                    return None;
                }
                out.extend((range.start()..=range.end()).map(|c| lower(c).to_string()));
            }
        }
        Class::Bytes(_) => return None,
    }
    tidy(out)
}

fn join(heads: &[String], tails: &[String]) -> Option<Vec<String>> {
    let mut out = Vec::with_capacity(heads.len() * tails.len());
    for head in heads {
        for tail in tails {
            out.push(format!("{head}{tail}"));
        }
    }
    tidy(out)
}

fn tidy(mut set: Vec<String>) -> Option<Vec<String>> {
    set.sort_unstable();
    set.dedup();
    (!set.is_empty() && set.len() <= ALTERNATIVES_MAX).then_some(set)
}

/// A guard: literals of which one must occur somewhere.
fn best(hir: &Hir) -> Option<Vec<String>> {
    let whole = exact(hir).filter(|set| shortest(set) > 0).map(cut);
    let inner = match hir.kind() {
        HirKind::Capture(c) => best(&c.sub),
        HirKind::Repetition(r) if r.min >= 1 => best(&r.sub),
        HirKind::Concat(parts) => best_of_concat(parts),
        HirKind::Alternation(parts) => parts
            .iter()
            .map(best)
            .collect::<Option<Vec<_>>>()
            .and_then(|sets| tidy(sets.into_iter().flatten().collect())),
        _ => None,
    };
    better(whole, inner)
}

/// The best run of neighbours, or the best guard inside one part, wins.
fn best_of_concat(parts: &[Hir]) -> Option<Vec<String>> {
    let mut found = None;
    runs(parts, &mut |run| found = better(found.take(), Some(run)));
    parts.iter().fold(found, |found, part| better(found, best(part)))
}

/// Neighbours that stand for few texts, joined.
fn runs(parts: &[Hir], each: &mut dyn FnMut(Vec<String>)) {
    let mut end = |run: Vec<String>| {
        if shortest(&run) > 0 {
            each(cut(run));
        }
    };
    let mut run = vec![String::new()];
    for part in parts {
        let joined = exact(part).and_then(|set| join(&run, &set));
        match joined {
            Some(longer) if longer.len() <= 16 || run == [String::new()] => run = longer,
            _ => {
                end(std::mem::replace(
                    &mut run,
                    exact(part).unwrap_or_else(|| vec![String::new()]),
                ));
            }
        }
    }
    end(run);
}

fn cut(set: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = set
        .into_iter()
        .map(|s| {
            let end = (0..=LITERAL_BYTES_MAX.min(s.len())).rev().find(|&i| s.is_char_boundary(i));
            s.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    // Whoever holds the longer one holds the shorter one too.
    let all = out.clone();
    out.retain(|s| !all.iter().any(|part| part != s && s.contains(part.as_str())));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: Option<&[&str]>) {
        let expected = expected.map(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(required_literals(pattern), expected, "{pattern}");
    }

    #[test]
    fn literals_that_must_occur() {
        check("abc", Some(&["abc"]));
        check("(?i)AbC", Some(&["abc"]));
        check(".*foo.*barbaz.*", Some(&["barbaz"]));
        check("a|b", None);
        check("(foo|barr)x", Some(&["barrx", "foox"]));
        check("[0-9]{3}", None);
        check("(?:abc){2,}", Some(&["abc"]));
        check("(?:abc)*", None);
        check("^cmd\\.exe$", Some(&["cmd.exe"]));
        check("x?", None);
        check("(?:x|y)?abc?d?", Some(&["ab"]));
        check("do[gt]?s+", Some(&["do"]));
        check("\\w+-long-\\w+", Some(&["-long-"]));
    }

    #[test]
    fn every_clause_is_known() {
        let of = |pattern| required_clauses(pattern);
        assert_eq!(
            of(r"(?i)cmd.{0,5}(?:/c|/r).+explorer.+(?:\$\{?input\}?|noexit)"),
            [&["explorer"][..], &["$input", "${input", "noexit"], &["cmd"], &["/c", "/r"]]
        );
        assert_eq!(of("(?:ab.*cd)+e?"), [["ab"], ["cd"]]);
        assert_eq!(of("abc"), [["abc"]]);
        assert!(of("(?:abc)*|x").is_empty() && of("(").is_empty());
    }

    #[test]
    fn a_guard_never_excludes_a_match() {
        let patterns = [
            "(?i)k[el]vin|ſtraße",
            "ab?c",
            "(a|bc)(d|ef)+g",
            "a{2}b",
            "(?i)İx",
            "(?:ab.?c|a+d)g?",
            "b?(?:ce)?f+g?$",
        ];
        let texts = ["KELVIN", "Kelvin", "STRASSE", "ac", "abc", "bcefefg", "adg", "aab", "İx"];
        for p in patterns {
            let re = regex::Regex::new(p).unwrap();
            for t in texts.iter().filter(|t| re.is_match(t)) {
                if let Some(set) = required_literals(p) {
                    let folded = crate::engine::fold::fold(t);
                    assert!(set.iter().any(|l| folded.contains(l.as_str())), "{p} on {t}: {set:?}");
                }
                for set in required_clauses(p) {
                    let folded = crate::engine::fold::fold(t);
                    assert!(set.iter().any(|l| folded.contains(l.as_str())), "{p} on {t}: {set:?}");
                }
            }
        }
    }
}
