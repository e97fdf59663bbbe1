//! Patterns of whole paths, and how a path relates to one.

use super::fit::{Fit, Match};
use super::glob::Glob;
use super::path::{Parsed, Root};

/// A pattern of paths: components from the root on. What lies below a path
/// that fits is meant too, so that `**` at the end says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathPattern {
    parts: Vec<Part>,
    /// How many components at the beginning have no wildcard.
    plain: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`: any number of components.
    Any,
    One(Glob),
}

/// A path that was seen, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SeenPath<'a> {
    pub(super) parts: Vec<SeenPart<'a>>,
    /// What stands before the first component is not known.
    pub(super) loose: bool,
    /// Every component is as it is on the host.
    pub(super) exact: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SeenPart<'a> {
    /// In lower case.
    Text(&'a str),
    /// With wildcards: a command line's.
    Wild(Glob),
}

impl<'a> SeenPart<'a> {
    pub(super) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Wild(_) => None,
        }
    }

    pub(super) fn is_wild(&self) -> bool {
        matches!(self, Self::Wild(_))
    }
}

impl PathPattern {
    /// A pattern of components.
    ///
    /// # Errors
    ///
    /// A component that is no pattern, in words.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut made: Vec<Part> = Vec::new();
        for part in parts {
            if part == "**" {
                if made.last() != Some(&Part::Any) {
                    made.push(Part::Any);
                }
            } else {
                made.push(Part::One(Glob::new(part)?));
            }
        }
        if made.last() == Some(&Part::Any) {
            made.pop();
        }
        let plain = made.iter().take_while(|p| matches!(p, Part::One(g) if g.is_plain())).count();
        Ok(Self { parts: made, plain })
    }

    /// A pattern of a path that was taken apart.
    pub(super) fn rooted(parsed: &Parsed<'_>) -> Result<Self, String> {
        let root: &[&str] = match parsed.root {
            Root::Drive => &[],
            Root::Unix => &["/"],
            Root::AnyDrive => &["?:"],
            Root::Unknown => &["**"],
        };
        Self::of(root.iter().chain(&parsed.parts).copied())
    }

    /// Whether it has no component: everything.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.parts.is_empty()
    }

    /// The components before the first wildcard, in lower case.
    pub fn root(&self) -> impl Iterator<Item = &str> + '_ {
        self.parts.iter().take(self.plain).filter_map(|part| match part {
            Part::One(glob) => Some(glob.text()),
            Part::Any => None,
        })
    }

    /// The last component in lower case, where it has no wildcard and is not a
    /// drive or root.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        match self.parts.last() {
            Some(Part::One(glob)) if glob.is_plain() => {
                let text = glob.text();
                (text != "/" && !text.ends_with(':')).then_some(text)
            }
            _ => None,
        }
    }

    /// Whether it begins with `**`.
    pub(super) fn is_open(&self) -> bool {
        self.parts.first() == Some(&Part::Any)
    }

    /// All components without wildcards, in lower case.
    pub(super) fn plain_parts(&self) -> impl Iterator<Item = &str> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::One(glob) if glob.is_plain() => Some(glob.text()),
            _ => None,
        })
    }

    /// The same pattern below other components.
    pub(super) fn below(&self, folder: &[Box<str>]) -> Self {
        let head = folder.iter().map(|part| Part::One(Glob::plain(part)));
        let parts: Vec<Part> = head.chain(self.parts.iter().cloned()).collect();
        let plain = parts.iter().take_while(|p| matches!(p, Part::One(g) if g.is_plain())).count();
        Self { parts, plain }
    }

    /// Whether one of its components without wildcards is this.
    pub(super) fn names(&self, part: &str) -> bool {
        self.parts.iter().any(|p| matches!(p, Part::One(g) if g.is_plain() && g.text() == part))
    }

    /// How a path relates to it.
    pub(super) fn matches(&self, seen: &SeenPath<'_>, whole: bool) -> Match {
        let mut states = self.start(seen.loose);
        for part in &seen.parts {
            states = self.step(&states, part);
            if !states.contains(&true) {
                return Match::NO;
            }
        }
        let is = states.last() == Some(&true);
        let depth = seen.parts.len();
        let literal = seen.parts.iter().all(|part| matches!(part, SeenPart::Text(_)));
        if seen.loose {
            let fit = if depth == 1 { Fit::NameOnly } else { Fit::Is };
            return if is { Match { fit, certain: depth == 1 } } else { Match::NO };
        }
        if is {
            let covers = whole && literal && depth <= self.parts.len();
            let certain = seen.exact && (literal || self.plain == self.parts.len());
            return Match { fit: if covers { Fit::Whole } else { Fit::Is }, certain };
        }
        let certain = seen.exact && literal && depth <= self.plain;
        let fixed = self.parts.iter().take_while(|part| **part != Part::Any).count();
        match (whole, states.get(depth).filter(|_| depth <= fixed)) {
            (true, _) => Match { fit: Fit::Whole, certain },
            (false, Some(true)) => Match { fit: Fit::Contains, certain },
            (false, _) => Match::NO,
        }
    }

    /// Places in the pattern before anything was read. Where what stands before
    /// is not known, it may be any that names something.
    fn start(&self, loose: bool) -> Vec<bool> {
        let telling = |part: &Part| matches!(part, Part::One(glob) if !glob.is_any());
        let mut states: Vec<bool> = self
            .parts
            .iter()
            .enumerate()
            .map(|(i, p)| (loose && telling(p)) || (!loose && i == 0))
            .collect();
        states.push(!loose && self.parts.is_empty());
        if !loose {
            self.skip(&mut states);
        }
        states
    }

    /// `**` may stand for nothing.
    fn skip(&self, states: &mut [bool]) {
        for (i, part) in self.parts.iter().enumerate() {
            if *part == Part::Any && states.get(i) == Some(&true) {
                set(states, i + 1);
            }
        }
    }

    /// Reads a component.
    fn step(&self, states: &[bool], seen: &SeenPart<'_>) -> Vec<bool> {
        let mut next = vec![false; self.parts.len() + 1];
        for (i, _) in states.iter().enumerate().filter(|(_, on)| **on) {
            match self.parts.get(i) {
                // Below something that fits.
                None | Some(Part::Any) => set(&mut next, i),
                Some(Part::One(glob)) if meets(glob, seen) => set(&mut next, i + 1),
                Some(Part::One(_)) => {}
            }
        }
        self.skip(&mut next);
        next
    }
}

fn meets(glob: &Glob, seen: &SeenPart<'_>) -> bool {
    match seen {
        SeenPart::Text(text) => glob.matches(text),
        SeenPart::Wild(wild) => glob.overlaps(wild),
    }
}

fn set(states: &mut [bool], at: usize) {
    if let Some(state) = states.get_mut(at) {
        *state = true;
    }
}
