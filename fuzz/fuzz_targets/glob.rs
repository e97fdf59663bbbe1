//! A pattern, another one, and a text, each a line: the pattern fits the text
//! if a plain reading of it does; what two patterns have in common, they are
//! said to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_exposure::assets::Glob;
use sekisho_exposure::names::Names;

/// Up to so many characters the plain way is tried.
const CHARS_MAX: usize = 300;

/// What stands for characters in a pattern.
enum Part {
    One(char),
    Any,
    Many,
    Class { not: bool, members: Vec<(char, char)> },
}

/// The parts of a pattern; `None` where a class is none.
fn parts(pattern: &str, classes: bool) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        parts.push(match c {
            '*' => Part::Many,
            '?' => Part::Any,
            '[' if classes => {
                let inner = rest.strip_prefix(['!', '^']);
                let not = inner.is_some();
                let inner = inner.unwrap_or(rest);
                let first = inner.chars().next()?.len_utf8();
                let end = first + inner[first..].find(']')?;
                rest = &inner[end + 1..];
                Part::Class { not, members: members(&inner[..end])? }
            }
            c => Part::One(c),
        });
    }
    Some(parts)
}

fn members(inside: &str) -> Option<Vec<(char, char)>> {
    let all: Vec<char> = inside.chars().collect();
    let (mut members, mut at) = (Vec::new(), 0);
    while at < all.len() {
        let to = all.get(at + 2).filter(|_| all[at + 1] == '-');
        members.push((all[at], *to.unwrap_or(&all[at])));
        at += if to.is_some() { 3 } else { 1 };
    }
    members.iter().all(|(from, to)| from <= to).then_some(members)
}

/// Which beginnings of the text the parts fit, one part after the other.
fn fits(parts: &[Part], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut fitted = vec![false; text.len() + 1];
    fitted[0] = true;
    for part in parts {
        let one = |c: char| match part {
            Part::One(own) => *own == c,
            Part::Any | Part::Many => true,
            Part::Class { not, members } => {
                members.iter().any(|(from, to)| *from <= c && c <= *to) != *not
            }
        };
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] |= matches!(part, Part::Many) && fitted[at];
            let from = if matches!(part, Part::Many) { &next } else { &fitted };
            next[at] |= at > 0 && from[at - 1] && one(text[at - 1]);
        }
        fitted = next;
    }
    fitted[text.len()]
}

/// As paths of records are, to be compared.
fn folded(text: &str) -> String {
    let mut names = Names::default();
    let name = names.of(text);
    names.folded(name).to_owned()
}

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let (Some(a), Some(b)) = (lines.next(), lines.next()) else { return };
    let text = folded(lines.next().unwrap_or_default());
    let [first, second] = [a, b].map(Glob::new);
    for (pattern, found) in [(a, &first), (b, &second)] {
        let pattern = pattern.trim();
        let plain = Glob::plain(pattern);
        assert!(plain.is_plain() && plain.matches(&folded(pattern)), "{pattern:?} is not itself");
        if pattern.chars().count().max(text.chars().count()) > CHARS_MAX {
            continue;
        }
        let simple = parts(&folded(pattern), false).expect("there are no classes");
        assert_eq!(
            Glob::simple(pattern).matches(&text),
            fits(&simple, &text),
            "{pattern:?} {text:?}"
        );
        assert_eq!(found.is_ok(), parts(&folded(pattern), true).is_some(), "{pattern:?}");
        let Some(parts) = Glob::new(pattern).ok().and(parts(&folded(pattern), true)) else {
            continue;
        };
        let glob = Glob::new(pattern).expect("as before");
        let fits = fits(&parts, &text) || text == folded(pattern);
        assert_eq!(glob.matches(&text), fits, "{pattern:?} {text:?}");
        assert!(!glob.is_any() || glob.matches(&text));
    }
    let (Ok(first), Ok(second)) = (first, second) else { return };
    assert_eq!(first.overlaps(&second), second.overlaps(&first), "{a:?} {b:?}");
    assert!(first.overlaps(&first) && second.overlaps(&second));
    if first.matches(&text) && second.matches(&text) {
        assert!(first.overlaps(&second), "{a:?} and {b:?} both fit {text:?}");
    }
});
