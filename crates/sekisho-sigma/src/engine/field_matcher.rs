//! All distinct questions that any rule asks of one field, answered together
//! for all values that are new in its dictionary. The texts that rules name
//! are found by a hash map (whole values), sorted tables (starts and ends) and
//! a search for all of them at once (parts); what needs more is checked only
//! where such a text was found. Nearly all values have nothing of all this,
//! and a few bits tell so for most.

use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use memchr::memmem;
use sekisho_event::{Dictionary, Kind, Value, ValueId};

use crate::compare::fold_into;
use crate::engine::fold::fold;
use crate::engine::part_search::{Bits, PartSearch};
use crate::engine::regex_guard::{required_clauses, required_literals};
use crate::engine::value_test::ValueTest;
use crate::rule::{Part, Pattern, Test};

/// Number of a distinct question about a field, within a program.
pub(crate) type AtomId = u32;

/// Answers all questions about the values of one field.
#[derive(Debug, Default)]
pub(crate) struct FieldMatcher {
    tests: Vec<(AtomId, Arc<Asking>)>,
    /// Whole values, folded.
    exact: HashMap<Box<str>, Vec<Use>>,
    starts: Affixes,
    ends: Affixes,
    /// Folded texts to be found anywhere, with what finding them means.
    parts: Vec<(String, Vec<Use>)>,
    /// Made when the first value is there: of most fields none ever is.
    search: OnceLock<PartSearch>,
    sieve: OnceLock<Sieve>,
    /// Questions that are put to every value.
    every: Vec<u32>,
    /// Numbers, which besides their own text may be written in other ways.
    numbers: Vec<u32>,
}

/// Values that have numbers.
pub(crate) trait Values {
    /// The value with this number.
    fn value(&self, number: u32) -> Option<Value<'_>>;
}

impl Values for Dictionary {
    fn value(&self, number: u32) -> Option<Value<'_>> {
        self.get(ValueId(number))
    }
}

/// What it means that a text was found: number of the test.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// The test holds.
    Holds(u32),
    /// The test may hold.
    Check(u32),
}

/// New values of a field, folded, one behind the other. Memory that is used
/// again and again.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Id of the first of them.
    from: u32,
    folded: String,
    /// By value: where it ends in `folded`.
    ends: Vec<usize>,
    checked: Vec<(u32, u32)>,
    /// What holds: value and atom. In order and once each after
    /// [`Asked::sort`].
    pub(crate) held: Vec<(ValueId, AtomId)>,
}

impl Asked {
    /// Takes the values from an id on.
    pub(crate) fn take(&mut self, dictionary: &Dictionary, from: usize) {
        self.folded.clear();
        self.ends.clear();
        self.held.clear();
        self.from = u32::try_from(from).unwrap_or(u32::MAX);
        for id in self.from..=u32::try_from(dictionary.len()).unwrap_or(u32::MAX - 1) {
            fold_into(dictionary.text(ValueId(id)), &mut self.folded);
            self.ends.push(self.folded.len());
        }
    }

    /// Takes values that stand one behind the other in a text; they are
    /// numbered from 0.
    pub(crate) fn take_text(&mut self, text: &str, ends: &[usize]) {
        self.folded.clear();
        self.ends.clear();
        self.held.clear();
        self.from = 0;
        if text.is_ascii() {
            fold_into(text, &mut self.folded);
            self.ends.extend_from_slice(ends);
            return;
        }
        let mut from = 0;
        for &end in ends {
            fold_into(text.get(from..end).unwrap_or_default(), &mut self.folded);
            self.ends.push(self.folded.len());
            from = end;
        }
    }

    /// Puts what holds in order.
    pub(crate) fn sort(&mut self) {
        self.held.sort_unstable();
        self.held.dedup();
    }
}

/// How a question is looked up: what a value must have, folded, for it to be
/// answered with yes.
#[derive(Clone, Debug)]
pub(crate) enum Handle {
    /// It is this text.
    Exact(String),
    /// It begins with this text.
    Starts(String),
    /// It ends with this text.
    Ends(String),
    /// It holds one of these texts.
    Part(Vec<String>),
    /// It is this number, as text or written in another way.
    Number(String),
    /// Nothing that could be looked up.
    Every,
}

/// Whether some values may hold a text, which is in lower case; at its
/// beginning, at its end, or as a whole, as asked.
pub(crate) type MayHold<'a> = dyn Fn(&str, bool, bool) -> bool + 'a;

/// A question about a value, and how it is looked up.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) test: ValueTest,
    pub(crate) handle: Handle,
    /// Whether finding what the handle says answers the question.
    sure: bool,
    chain: Option<Chain>,
    glob: Option<Glob>,
    clauses: Vec<Clause>,
}

/// Texts, folded, of which a value must hold one: what a regular expression
/// asks for besides what it is looked up by.
#[derive(Debug)]
struct Clause(Vec<memmem::Finder<'static>>);

impl Clause {
    fn all_of(test: &Test, handle: &Handle) -> Vec<Self> {
        let (Test::Regex(source), Handle::Part(looked_up)) = (test, handle) else {
            return Vec::new();
        };
        let others = required_clauses(&source.pattern).into_iter().filter(|set| set != looked_up);
        let finder = |text: String| memmem::Finder::new(text.as_bytes()).into_owned();
        others.map(|set| Self(set.into_iter().map(finder).collect())).collect()
    }

    fn holds(&self, folded: &str) -> bool {
        self.0.iter().any(|finder| finder.find(folded.as_bytes()).is_some())
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|finder| std::str::from_utf8(finder.needle()).ok())
    }
}

/// A pattern as steps over a text that is ASCII, folded unless case counts.
#[derive(Debug)]
struct Glob {
    cased: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Byte(u8),
    Any,
    One,
}

impl Glob {
    fn of(test: &Test) -> Option<Self> {
        let Test::Text(pattern) = test else { return None };
        let mut steps = Vec::new();
        for part in &pattern.parts {
            match part {
                Part::Literal(text) if pattern.cased => steps.extend(text.bytes().map(Step::Byte)),
                Part::Literal(text) => steps.extend(fold(text).bytes().map(Step::Byte)),
                Part::Any => steps.push(Step::Any),
                Part::One => steps.push(Step::One),
            }
        }
        Some(Self { cased: pattern.cased, steps })
    }

    /// Follows the steps; where they fail, gives the last `Any` one byte more.
    fn holds(&self, text: &[u8]) -> bool {
        let (mut step, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.steps.get(step), text.get(at)) {
                (None, None) => return true,
                (Some(Step::Any), _) => {
                    step += 1;
                    retry = Some((step, at));
                    continue;
                }
                (Some(Step::One), Some(_)) => {
                    (step, at) = (step + 1, at + 1);
                    continue;
                }
                (Some(Step::Byte(wanted)), Some(found)) if wanted == found => {
                    (step, at) = (step + 1, at + 1);
                    continue;
                }
                _ => {}
            }
            let Some((after, from)) = retry.filter(|(_, from)| *from < text.len()) else {
                return false;
            };
            retry = Some((after, from + 1));
            (step, at) = (after, from + 1);
        }
    }
}

/// A pattern of nothing but texts, folded, and gaps of any length between them.
#[derive(Debug)]
struct Chain {
    texts: Vec<String>,
    /// Whether it begins and ends with a text.
    starts: bool,
    ends: bool,
}

impl Chain {
    fn of(test: &Test) -> Option<Self> {
        let Test::Text(pattern) = test else { return None };
        if pattern.cased || pattern.parts.contains(&Part::One) {
            return None;
        }
        let is_text = |part: Option<&Part>| matches!(part, Some(Part::Literal(_)));
        let texts = pattern.parts.iter().filter_map(|part| match part {
            Part::Literal(text) => Some(fold(text).into_owned()),
            Part::Any | Part::One => None,
        });
        let texts: Vec<String> = texts.collect();
        // Two texts without a gap between them would be one.
        let apart = pattern.parts.windows(2).all(|two| two.contains(&Part::Any));
        let (starts, ends) = (is_text(pattern.parts.first()), is_text(pattern.parts.last()));
        (apart && texts.len() > 1).then_some(Self { texts, starts, ends })
    }

    /// Whether some values may hold all of its texts.
    fn may(&self, may_hold: &MayHold<'_>) -> bool {
        let last = self.texts.len().saturating_sub(1);
        self.texts.iter().enumerate().all(|(number, text)| {
            may_hold(text, self.starts && number == 0, self.ends && number == last)
        })
    }

    /// Whether a folded text is like that. Each text is taken where it stands
    /// first: what is left for the others is then the most that can be.
    fn holds(&self, folded: &str) -> bool {
        let (mut left, mut texts) = (folded, self.texts.as_slice());
        if let (true, Some((first, others))) = (self.starts, texts.split_first()) {
            let Some(rest) = left.strip_prefix(first.as_str()) else { return false };
            (left, texts) = (rest, others);
        }
        if let (true, Some((last, others))) = (self.ends, texts.split_last()) {
            let Some(rest) = left.strip_suffix(last.as_str()) else { return false };
            (left, texts) = (rest, others);
        }
        texts.iter().all(|text| {
            let at = memmem::find(left.as_bytes(), text.as_bytes());
            let rest = at.and_then(|at| left.get(at + text.len()..));
            left = rest.unwrap_or_default();
            rest.is_some()
        })
    }
}

impl Asking {
    pub(crate) fn new(test: &Test) -> Self {
        let (handle, sure) = handle_of(test);
        let (chain, glob) = if sure { (None, None) } else { (Chain::of(test), Glob::of(test)) };
        let clauses = Clause::all_of(test, &handle);
        Self { test: ValueTest::new(test), handle, sure, chain, glob, clauses }
    }

    /// Whether it may hold for one of some values; `odd_numbers` is whether
    /// numbers among them may be written in another way than whole ones are.
    pub(crate) fn may(&self, may_hold: &MayHold<'_>, odd_numbers: bool) -> bool {
        let handle = match &self.handle {
            Handle::Every => true,
            Handle::Exact(text) => may_hold(text, true, true),
            Handle::Number(text) => {
                odd_numbers || !is_plain_integer(text) || may_hold(text, true, true)
            }
            Handle::Starts(text) => may_hold(text, true, false),
            Handle::Ends(text) => may_hold(text, false, true),
            Handle::Part(texts) => texts.iter().any(|text| may_hold(text, false, false)),
        };
        let may_be_part = |text: &str| may_hold(text, false, false);
        handle
            && self.clauses.iter().all(|clause| clause.texts().any(may_be_part))
            && self.chain.as_ref().is_none_or(|chain| chain.may(may_hold))
    }

    /// Whether the answer is yes where what the handle says was found.
    fn confirms(&self, value: Value<'_>, folded: &str) -> bool {
        if value.kind == Kind::Null {
            return false;
        }
        if let Some(chain) = &self.chain {
            return chain.holds(folded);
        }
        if !self.clauses.iter().all(|clause| clause.holds(folded)) {
            return false;
        }
        match &self.glob {
            Some(glob) if glob.cased && value.text.is_ascii() => glob.holds(value.text.as_bytes()),
            Some(glob) if !glob.cased && folded.is_ascii() => glob.holds(folded.as_bytes()),
            _ => self.test.holds(value),
        }
    }

    /// Whether the answer is yes; the value's text is also given folded.
    pub(crate) fn holds(&self, value: Value<'_>, folded: &str) -> bool {
        let found = match &self.handle {
            Handle::Exact(text) => folded == text,
            Handle::Starts(text) => folded.starts_with(text.as_str()),
            Handle::Ends(text) => folded.ends_with(text.as_str()),
            Handle::Part(texts) => {
                texts.iter().any(|text| memmem::find(folded.as_bytes(), text.as_bytes()).is_some())
            }
            Handle::Number(_) | Handle::Every => return self.test.holds(value),
        };
        found && value.kind != Kind::Null && (self.sure || self.confirms(value, folded))
    }
}

impl FieldMatcher {
    /// Adds a question.
    pub(crate) fn add(&mut self, atom: AtomId, asking: &Arc<Asking>) {
        let number = u32::try_from(self.tests.len()).unwrap_or(u32::MAX);
        self.tests.push((atom, Arc::clone(asking)));
        let found = if asking.sure { Use::Holds(number) } else { Use::Check(number) };
        match &asking.handle {
            Handle::Exact(text) => {
                self.exact.entry(text.as_str().into()).or_default().push(found);
            }
            Handle::Starts(text) => self.starts.add(text.clone().into_bytes(), found),
            Handle::Ends(text) => {
                let mut bytes = text.clone().into_bytes();
                bytes.reverse();
                self.ends.add(bytes, found);
            }
            Handle::Part(texts) => {
                self.parts.extend(texts.iter().map(|text| (text.clone(), vec![found])));
            }
            Handle::Number(text) => {
                self.exact.entry(fold(text).into()).or_default().push(found);
                if is_plain_integer(text) {
                    self.numbers.push(number);
                } else {
                    self.every.push(number);
                }
            }
            Handle::Every => self.every.push(number),
        }
    }

    /// The questions.
    pub(crate) fn questions(&self) -> impl ExactSizeIterator<Item = (AtomId, &Asking)> {
        self.tests.iter().map(|(atom, asking)| (*atom, &**asking))
    }

    /// A matcher that asks only these, which are sorted.
    pub(crate) fn of(&self, atoms: &[AtomId]) -> Self {
        let mut some = Self::default();
        for (atom, asking) in &self.tests {
            if atoms.binary_search(atom).is_ok() {
                some.add(*atom, asking);
            }
        }
        some.finish();
        some
    }

    /// Sorts what was added. To be called once, before the first value.
    pub(crate) fn finish(&mut self) {
        self.starts.finish();
        self.ends.finish();
        join_equal(&mut self.parts);
    }

    /// Adds the atoms that hold for the values that were taken.
    pub(crate) fn ask(&self, dictionary: &impl Values, asked: &mut Asked) {
        let Asked { from, folded, ends, checked, held } = asked;
        checked.clear();
        let mut note = |value: u32, u: Use| match u {
            Use::Holds(test) => {
                held.extend(self.tests.get(test as usize).map(|t| (ValueId(*from + value), t.0)));
            }
            Use::Check(test) => checked.push((value, test)),
        };
        self.ask_parts(folded, ends, &mut note);
        let sieve = self.sieve.get_or_init(|| Sieve::of(self));
        let mut start = 0;
        // Keywords are nearly always looked for anywhere.
        let whole = if sieve.is_empty() { &[][..] } else { &**ends };
        for (value, &end) in (0u32..).zip(whole) {
            let text = folded.get(start..end).unwrap_or_default();
            start = end;
            if sieve.exact.may(text)
                && let Some(uses) = self.exact.get(text)
            {
                uses.iter().for_each(|&u| note(value, u));
            }
            if sieve.starts.may(text.as_bytes()) {
                self.starts.find(text.bytes(), |u| note(value, u));
            }
            if sieve.ends.may(text.as_bytes()) {
                self.ends.find(text.bytes().rev(), |u| note(value, u));
            }
        }
        checked.sort_unstable();
        checked.dedup();
        let from = *from;
        for &(value, test) in &*checked {
            let at = value as usize;
            let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied();
            let end = ends.get(at).copied().unwrap_or(0);
            let text = folded.get(start.unwrap_or(0)..end).unwrap_or_default();
            let id = ValueId(from + value);
            if let (Some((atom, asking)), Some(value)) =
                (self.tests.get(test as usize), dictionary.value(id.0))
                && asking.confirms(value, text)
            {
                held.push((id, *atom));
            }
        }
        let count = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        self.ask_each(dictionary, from, count, held);
    }

    /// Puts the questions that no text stands for to every value, and forgets
    /// what was found of nulls: no question about a value holds for them.
    fn ask_each(
        &self,
        dictionary: &impl Values,
        from: u32,
        count: u32,
        held: &mut Vec<(ValueId, AtomId)>,
    ) {
        let is = |id: ValueId, kind| dictionary.value(id.0).is_some_and(|v| v.kind == kind);
        held.retain(|&(id, _)| !is(id, Kind::Null));
        if self.every.is_empty() && self.numbers.is_empty() {
            return;
        }
        for id in (0..count).map(|n| ValueId(from + n)) {
            for &test in &self.every {
                self.check(dictionary, id, test, held);
            }
            let number = dictionary.value(id.0).filter(|v| v.kind == Kind::Number);
            if number.is_some_and(|v| !is_plain_integer(v.text)) {
                for &test in &self.numbers {
                    self.check(dictionary, id, test, held);
                }
            }
        }
    }

    fn check(
        &self,
        dictionary: &impl Values,
        id: ValueId,
        test: u32,
        held: &mut Vec<(ValueId, AtomId)>,
    ) {
        if let (Some((atom, test)), Some(value)) =
            (self.tests.get(test as usize), dictionary.value(id.0))
            && test.test.holds(value)
        {
            held.push((id, *atom));
        }
    }

    /// Looks for parts in all values at once.
    fn ask_parts(&self, folded: &str, ends: &[usize], note: &mut impl FnMut(u32, Use)) {
        if self.parts.is_empty() {
            return;
        }
        let texts = || self.parts.iter().map(|(text, _)| text.as_bytes());
        let search = self.search.get_or_init(|| PartSearch::new(texts()));
        search.find(folded.as_bytes(), ends, |part, value| {
            let uses = self.parts.get(part as usize).map_or(&[][..], |p| &p.1);
            uses.iter().for_each(|&u| note(value, u));
        });
    }
}

/// Tells for most values with a few bits that they are none of those that are
/// looked for, nor begin or end like one.
#[derive(Debug, Default)]
struct Sieve {
    exact: ExactSieve,
    starts: AffixSieve,
    ends: AffixSieve,
}

impl Sieve {
    fn is_empty(&self) -> bool {
        let none = |sieve: &AffixSieve| !sieve.empty && !sieve.used.contains(&true);
        !self.exact.any && none(&self.starts) && none(&self.ends)
    }

    fn of(matcher: &FieldMatcher) -> Self {
        let mut sieve = Self::default();
        matcher.exact.keys().for_each(|text| sieve.exact.add(text));
        for (text, _) in &matcher.starts.texts {
            sieve.starts.add(text.iter().copied());
        }
        for (text, _) in &matcher.ends.texts {
            sieve.ends.add(text.iter().copied());
        }
        sieve.ends.reversed = true;
        sieve
    }
}

#[derive(Debug, Default)]
struct ExactSieve {
    any: bool,
    bits: Bits,
}

impl ExactSieve {
    fn add(&mut self, text: &str) {
        self.any = true;
        self.bits.add(Self::slot(text));
    }

    #[inline]
    fn may(&self, text: &str) -> bool {
        self.any && self.bits.has(Self::slot(text))
    }

    /// Of length, first, middle and last byte.
    #[inline]
    fn slot(text: &str) -> u16 {
        let bytes = text.as_bytes();
        let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or(0));
        let len = u32::try_from(bytes.len() & 0xff).unwrap_or(0);
        let ends = byte(0) | byte(bytes.len().saturating_sub(1)) << 8;
        spread(u64::from(ends | byte(bytes.len() / 2) << 16 | len << 24))
    }
}

/// How many of the outermost bytes are looked at, where a text has so many.
const AFFIX_BYTES: [usize; 4] = [8, 4, 2, 1];

#[derive(Debug, Default)]
struct AffixSieve {
    /// Whether there are texts of that class of length.
    used: [bool; AFFIX_BYTES.len()],
    bits: Bits,
    /// Whether texts are given from behind.
    reversed: bool,
    /// Whether an empty text is among them.
    empty: bool,
}

impl AffixSieve {
    fn add(&mut self, text: impl ExactSizeIterator<Item = u8>) {
        let len = text.len();
        let Some(class) = AFFIX_BYTES.iter().position(|&bytes| bytes <= len) else {
            self.empty = true;
            return;
        };
        let bytes = AFFIX_BYTES.get(class).copied().unwrap_or(1);
        if let Some(used) = self.used.get_mut(class) {
            *used = true;
        }
        let number = text.take(bytes).fold(0, |sum, byte| sum << 8 | u64::from(byte));
        self.bits.add(spread(number ^ (bytes as u64) << 59));
    }

    #[inline]
    fn may(&self, text: &[u8]) -> bool {
        self.empty
            || self.used.iter().zip(AFFIX_BYTES).any(|(&used, bytes)| {
                used && text.len() >= bytes && {
                    let number = self.outermost(text, bytes);
                    self.bits.has(spread(number ^ (bytes as u64) << 59))
                }
            })
    }

    /// The outermost bytes as a number, the outermost one highest.
    #[inline]
    fn outermost(&self, text: &[u8], bytes: usize) -> u64 {
        let shift = 64 - 8 * u32::try_from(bytes).unwrap_or(8);
        if self.reversed {
            if let Some(last) = text.last_chunk::<8>() {
                return u64::from_le_bytes(*last) >> shift;
            }
            return text.iter().rev().take(bytes).fold(0, |sum, b| sum << 8 | u64::from(*b));
        }
        if let Some(first) = text.first_chunk::<8>() {
            return u64::from_be_bytes(*first) >> shift;
        }
        text.iter().take(bytes).fold(0, |sum, b| sum << 8 | u64::from(*b))
    }
}

/// Sixteen bits of a number.
#[inline]
fn spread(number: u64) -> u16 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
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
pub(crate) fn is_plain_integer(text: &str) -> bool {
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
