//! Logs of several files: rotated ones, which are read with the oldest first
//! and named as one series, and split ones, whose pieces are told by name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::dates::{Day, days_in};
use super::{Source, Wrapping};

/// Largest number of a rotation.
const ROTATION_MAX: u32 = 999;

/// When a file of a series was put aside, so that the oldest comes first:
/// by date, else by number (the largest is the oldest), last what is still
/// written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// With digits behind it: the time of day, or a number.
    Dated(Day, u64),
    Numbered(Reverse<u32>),
    Current,
}

/// Puts the files of each series in order, in the places that they have, and
/// names them.
pub fn order(sources: &mut [Source]) {
    let mut groups: HashMap<(&str, String), Vec<(Age, usize)>> = HashMap::new();
    for (at, source) in sources.iter().enumerate() {
        let (stem, age) = rotation(&source.name).unwrap_or((source.name.clone(), Age::Current));
        groups.entry((folder(&source.path), stem)).or_default().push((age, at));
    }
    let mut moves: Vec<(Vec<usize>, Vec<usize>, Arc<str>)> = Vec::new();
    for ((folder, stem), mut members) in groups {
        let rotated = members.iter().any(|(age, _)| *age != Age::Current);
        if members.len() < 2 || !rotated {
            continue;
        }
        let places = members.iter().map(|(_, at)| *at).collect();
        members.sort();
        let order = members.iter().map(|(_, at)| *at).collect();
        moves.push((places, order, format!("{folder}{stem}").into()));
    }
    for (places, order, name) in moves {
        let mut moved: Vec<Source> =
            order.iter().filter_map(|&at| sources.get(at).cloned()).collect();
        moved.iter_mut().for_each(|source| source.series = Some(Arc::clone(&name)));
        for (&place, source) in places.iter().zip(moved) {
            if let Some(slot) = sources.get_mut(place) {
                *slot = source;
            }
        }
    }
}

/// Notes which files on disk are pieces of one that was split, where their
/// numbers are complete.
pub fn join(sources: &mut [Source]) {
    let mut groups: BTreeMap<(&str, &str, usize), BTreeMap<usize, usize>> = BTreeMap::new();
    for (at, source) in sources.iter().enumerate() {
        let plain = source.wrapping == Wrapping::Plain && source.member.is_none();
        if let Some((stem, width, number)) = piece(&source.name).filter(|_| plain) {
            let group = groups.entry((folder(&source.path), stem, width)).or_default();
            group.insert(number, at);
        }
    }
    let mut found: Vec<(Vec<usize>, Arc<str>)> = Vec::new();
    for ((folder, stem, _), group) in groups {
        let first = group.keys().next().copied().unwrap_or(0);
        let complete = first <= 1 && group.keys().copied().eq(first..first + group.len());
        if group.len() > 1 && complete {
            found.push((group.into_values().collect(), format!("{folder}{stem}").into()));
        }
    }
    for (places, name) in found {
        for &at in &places {
            if let Some(source) = sources.get_mut(at) {
                source.series = Some(Arc::clone(&name));
            }
        }
        let mut places = places.into_iter();
        if let Some(first) = places.next().and_then(|at| sources.get_mut(at)) {
            first.pieces = places.collect();
        }
    }
}

/// The name of the file of which one is a piece, how its number is written,
/// and its number: `.aa`, `.aab`, `.001`, `.part2`.
fn piece(name: &str) -> Option<(&str, usize, usize)> {
    let (stem, ending) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?;
    let letters = ending.bytes().all(|b| b.is_ascii_lowercase());
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
    if let Some(number) = ending.strip_prefix("part").filter(|n| digits(n) && n.len() < 6) {
        return Some((stem, 100, number.parse().ok()?));
    }
    if letters && matches!(ending.len(), 2 | 3) {
        let number = ending.bytes().fold(0, |n, b| n * 26 + usize::from(b - b'a'));
        return Some((stem, 10 + ending.len(), number));
    }
    let numbered = digits(ending) && matches!(ending.len(), 2..=5);
    if numbered { Some((stem, ending.len(), ending.parse().ok()?)) } else { None }
}

/// The path up to the name.
fn folder(path: &str) -> &str {
    let end = path.rfind(['/', '\\', '!']).map_or(0, |at| at + 1);
    path.get(..end).unwrap_or_default()
}

/// The name of the log of which a file is a rotation, and its age.
fn rotation(name: &str) -> Option<(String, Age)> {
    if let Some((start, end, day)) = days_in(name).last().copied() {
        let rest = name.get(end..)?;
        let digits = rest.trim_start_matches(['T', 't', '_', '-', '.']);
        let len = digits.bytes().take_while(u8::is_ascii_digit).count();
        // What follows are digits of a time or a number, then perhaps an ending.
        let (number, ending) = match digits.get(..len).filter(|d| !d.is_empty()) {
            Some(number) => (number.parse().unwrap_or(u64::MAX), digits.get(len..)?),
            None => (0, rest),
        };
        let before = name.get(..start)?;
        let stem = before.trim_end_matches(['-', '_', '.']);
        let parted = stem.len() < before.len() && !stem.is_empty();
        let letters = ending.bytes().skip(1).all(|b| b.is_ascii_alphabetic());
        let ends = ending.is_empty() || (ending.starts_with('.') && letters);
        return (parted && ends).then(|| (format!("{stem}{ending}"), Age::Dated(day, number)));
    }
    let (stem, digits) = name.rsplit_once('.')?;
    let counted = !stem.is_empty()
        && !digits.starts_with('0')
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|&n| counted && n <= ROTATION_MAX)?;
    Some((stem.to_owned(), Age::Numbered(Reverse(number))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_by_name() {
        let numbered = |stem: &str, n| Some((stem.to_owned(), Age::Numbered(Reverse(n))));
        let dated = |stem: &str, n| Some((stem.to_owned(), Age::Dated([2024, 3, 1], n)));
        for (name, expected) in [
            ("auth.log.1", numbered("auth.log", 1)),
            ("messages.12", numbered("messages", 12)),
            ("messages-20240301", dated("messages", 0)),
            ("access.log.2024-03-01", dated("access.log", 0)),
            ("access.log-2024-03-01.3", dated("access.log", 3)),
            ("catalina.2024-03-01.log", dated("catalina.log", 0)),
            ("messages-2024030113", dated("messages", 13)),
            ("app-20240301T131500.log", dated("app.log", 131_500)),
            ("auth.log", None),
            ("auth.log.001", None),
            ("auth.log.1000", None),
            ("20240301", None),
            ("a-20240301-b.log", None),
            (".1", None),
        ] {
            assert_eq!(rotation(name), expected, "{name}");
        }
    }

    #[test]
    fn pieces_by_name() {
        for (name, expected) in [
            ("big.json.aa", Some(("big.json", 12, 0))),
            ("big.json.bc", Some(("big.json", 12, 28))),
            ("big.json.aaz", Some(("big.json", 13, 25))),
            ("x.log.001", Some(("x.log", 3, 1))),
            ("x.log.00", Some(("x.log", 2, 0))),
            ("x.part12", Some(("x", 100, 12))),
            ("x.log.1", None),
            ("x.part", None),
            (".aa", None),
            ("aa", None),
        ] {
            assert_eq!(piece(name), expected, "{name}");
        }
    }

    #[test]
    fn the_oldest_is_the_first() {
        let number = |n| Age::Numbered(Reverse(n));
        let day = |d| Age::Dated([2024, 3, d], 0);
        let mut ages = [Age::Current, number(1), number(10), number(2), day(2), day(1)];
        ages.sort();
        assert_eq!(ages, [day(1), day(2), number(10), number(2), number(1), Age::Current]);
    }
}
