//! All distinct questions that any rule asks of one field, answered together
//! for one value. The texts that rules name are found by a hash map (whole
//! values), sorted tables (starts and ends) and one Aho-Corasick automaton
//! (parts); what needs more is checked only where such a text was found.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use hashbrown::HashMap;
use sekisho_event::{Kind, Value};

use crate::engine::fold::{fold, fold_into};
use crate::engine::regex_guard::required_literals;
use crate::engine::value_test::ValueTest;
use crate::rule::{Part, Pattern, Test};

/// Number of a distinct question about a field, within a program.
pub(crate) type AtomId = u32;

/// Most literals for which each is searched on its own instead of through an
/// automaton: long texts with few literals are scanned at memory speed so.
const SINGLE_SEARCHES_MAX: usize = 3;

/// Answers all questions about the values of one field.
#[derive(Debug, Default)]
pub(crate) struct FieldMatcher {
    tests: Vec<(AtomId, ValueTest)>,
    /// Whole values, folded.
    exact: HashMap<Box<str>, Vec<Use>>,
    starts: Affixes,
    ends: Affixes,
    /// Folded texts to be found anywhere, with what finding them means.
    parts: Vec<(String, Vec<Use>)>,
    search: OnceLock<Search>,
    /// Questions that are put to every value.
    every: Vec<u32>,
    /// Numbers, which besides their own text may be written in other ways.
    numbers: Vec<u32>,
}

/// What it means that a text was found: number of the test.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// The test holds.
    Holds(u32),
    /// The test may hold.
    Check(u32),
}

#[derive(Debug)]
enum Search {
    None,
    Few(Vec<memchr::memmem::Finder<'static>>),
    Many(Box<AhoCorasick>),
}

/// Memory that is used again from value to value.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    folded: String,
    checked: Vec<u32>,
    held: Vec<AtomId>,
}

/// How a question is looked up.
enum Handle {
    Exact(String),
    Starts(String),
    Ends(String),
    Part(Vec<String>),
    Number(String),
    Every,
}

impl FieldMatcher {
    /// Adds a question.
    pub(crate) fn add(&mut self, atom: AtomId, test: &Test) {
        let number = u32::try_from(self.tests.len()).unwrap_or(u32::MAX);
        self.tests.push((atom, ValueTest::new(test)));
        let (handle, sure) = handle_of(test);
        let found = if sure { Use::Holds(number) } else { Use::Check(number) };
        match handle {
            Handle::Exact(text) => {
                self.exact.entry(text.into_boxed_str()).or_default().push(found);
            }
            Handle::Starts(text) => self.starts.add(text.into_bytes(), found),
            Handle::Ends(text) => {
                let mut bytes = text.into_bytes();
                bytes.reverse();
                self.ends.add(bytes, found);
            }
            Handle::Part(texts) => {
                self.parts.extend(texts.into_iter().map(|text| (text, vec![found])));
            }
            Handle::Number(text) => {
                self.exact.entry(fold(&text).into()).or_default().push(found);
                if is_plain_integer(&text) {
                    self.numbers.push(number);
                } else {
                    self.every.push(number);
                }
            }
            Handle::Every => self.every.push(number),
        }
    }

    /// Sorts what was added. To be called once, before the first value.
    pub(crate) fn finish(&mut self) {
        self.starts.finish();
        self.ends.finish();
        join_equal(&mut self.parts);
    }

    /// Appends the atoms that hold for a value, in ascending order, once each.
    pub(crate) fn hits(&self, value: Value<'_>, scratch: &mut Scratch, out: &mut Vec<AtomId>) {
        if value.kind == Kind::Null {
            return;
        }
        let Scratch { folded, checked, held } = scratch;
        folded.clear();
        checked.clear();
        held.clear();
        fold_into(value.text, folded);
        let mut found = |u: Use| match u {
            Use::Holds(test) => held.extend(self.tests.get(test as usize).map(|t| t.0)),
            Use::Check(test) => checked.push(test),
        };
        if let Some(uses) = self.exact.get(folded.as_str()) {
            uses.iter().for_each(|&u| found(u));
        }
        self.starts.find(folded.bytes(), &mut found);
        self.ends.find(folded.bytes().rev(), &mut found);
        self.find_parts(folded, &mut found);
        checked.sort_unstable();
        checked.dedup();
        let spelled = value.kind == Kind::Number && !is_plain_integer(value.text);
        let numbers = if spelled { self.numbers.as_slice() } else { &[] };
        for number in checked.iter().chain(&self.every).chain(numbers) {
            if let Some((atom, test)) = self.tests.get(*number as usize)
                && test.holds(value)
            {
                held.push(*atom);
            }
        }
        held.sort_unstable();
        held.dedup();
        out.extend_from_slice(held);
    }

    fn find_parts(&self, text: &str, mut found: impl FnMut(Use)) {
        let mut all = |part: usize| {
            if let Some((_, uses)) = self.parts.get(part) {
                uses.iter().for_each(|&u| found(u));
            }
        };
        match self.search.get_or_init(|| self.build_search()) {
            Search::None => {}
            Search::Few(finders) => {
                for (part, finder) in finders.iter().enumerate() {
                    if finder.find(text.as_bytes()).is_some() {
                        all(part);
                    }
                }
            }
            Search::Many(automaton) => {
                for m in automaton.find_overlapping_iter(text) {
                    all(m.pattern().as_usize());
                }
            }
        }
    }

    fn build_search(&self) -> Search {
        let texts = || self.parts.iter().map(|(text, _)| text.as_bytes());
        if self.parts.is_empty() {
            return Search::None;
        }
        if self.parts.len() > SINGLE_SEARCHES_MAX
            && let Ok(automaton) =
                AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(texts())
        {
            return Search::Many(Box::new(automaton));
        }
        Search::Few(texts().map(|t| memchr::memmem::Finder::new(t).into_owned()).collect())
    }
}

/// Sorts texts and joins the uses of equal ones.
fn join_equal<T: Ord>(texts: &mut Vec<(T, Vec<Use>)>) {
    texts.sort_by(|a, b| a.0.cmp(&b.0));
    texts.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1.append(&mut later.1);
        }
        same
    });
}

/// How a question is looked up, and whether finding it answers it.
fn handle_of(test: &Test) -> (Handle, bool) {
    match test {
        Test::Text(pattern) => handle_of_pattern(pattern),
        Test::Regex(source) => match required_literals(&source.pattern) {
            Some(literals) => (Handle::Part(literals), false),
            None => (Handle::Every, false),
        },
        Test::Number(_, text) => (Handle::Number(text.clone()), true),
        _ => (Handle::Every, false),
    }
}

/// Most digits of a whole number that is compared in full; longer ones are
/// compared as floating-point numbers, where several texts are equal.
const WHOLE_DIGITS_MAX: usize = 38;

/// Whether a number is written in the one plain way: two such texts are the
/// same number only if they are the same text.
fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (1..=WHOLE_DIGITS_MAX).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !digits.starts_with('0'))
}

fn handle_of_pattern(pattern: &Pattern) -> (Handle, bool) {
    let sure = !pattern.cased;
    match pattern.parts.as_slice() {
        [] => (Handle::Exact(String::new()), sure),
        [Part::Literal(text)] => (Handle::Exact(fold(text).into_owned()), sure),
        [Part::Literal(text), Part::Any] => (Handle::Starts(fold(text).into_owned()), sure),
        [Part::Any, Part::Literal(text)] => (Handle::Ends(fold(text).into_owned()), sure),
        [Part::Any, Part::Literal(text), Part::Any] => {
            (Handle::Part(vec![fold(text).into_owned()]), sure)
        }
        parts => {
            let longest = parts
                .iter()
                .filter_map(|p| if let Part::Literal(text) = p { Some(text) } else { None })
                .max_by_key(|text| text.len());
            match longest {
                Some(text) => (Handle::Part(vec![fold(text).into_owned()]), false),
                None => (Handle::Every, false),
            }
        }
    }
}

/// Texts that values may start with (or, reversed, end with), sorted. A value
/// is followed byte by byte through the range of those that still fit.
#[derive(Debug, Default)]
struct Affixes {
    texts: Vec<(Vec<u8>, Vec<Use>)>,
}

impl Affixes {
    fn add(&mut self, text: Vec<u8>, found: Use) {
        self.texts.push((text, vec![found]));
    }

    fn finish(&mut self) {
        join_equal(&mut self.texts);
    }

    fn find(&self, bytes: impl Iterator<Item = u8>, mut found: impl FnMut(Use)) {
        let mut range = self.texts.as_slice();
        for (depth, byte) in bytes.map(Some).chain([None]).enumerate() {
            while let Some(((text, uses), rest)) = range.split_first()
                && text.len() == depth
            {
                uses.iter().for_each(|&u| found(u));
                range = rest;
            }
            let Some(byte) = byte else { return };
            let low = range.partition_point(|(text, _)| text.get(depth) < Some(&byte));
            range = range.get(low..).unwrap_or_default();
            let high = range.partition_point(|(text, _)| text.get(depth) <= Some(&byte));
            range = range.get(..high).unwrap_or_default();
            if range.is_empty() {
                return;
            }
        }
    }
}
