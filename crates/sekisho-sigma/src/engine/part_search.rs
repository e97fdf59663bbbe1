//! Finds which of many texts occur in a long one. Of each text four bytes are
//! chosen that are rare in logs; the long text is looked through for any of
//! those, four bytes at a time, and only where some are found the texts that
//! have them are compared. Several times as fast as an automaton, since
//! nearly nothing is ever compared. What such four bytes cannot stand for
//! (very short or long texts, those with bytes that too many others share) is
//! left to an automaton.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use hashbrown::HashMap;
use memchr::memmem;

/// A set of 16-bit numbers.
#[derive(Debug)]
pub(crate) struct Bits(Box<[u64; 1024]>);

impl Default for Bits {
    fn default() -> Self {
        Self(Box::new([0; 1024]))
    }
}

impl Bits {
    #[inline]
    pub(crate) fn has(&self, number: u16) -> bool {
        self.0.get(usize::from(number >> 6)).is_some_and(|word| word >> (number & 63) & 1 == 1)
    }

    pub(crate) fn add(&mut self, number: u16) {
        if let Some(word) = self.0.get_mut(usize::from(number >> 6)) {
            *word |= 1 << (number & 63);
        }
    }
}

/// How many bytes stand for a text; for a short one, so many.
const GRAM: usize = 4;
const PAIR: usize = 2;

/// So few texts are better looked for one after the other.
const SINGLE_SEARCHES_MAX: usize = 6;

/// The longest text that is compared byte by byte, and most that may share
/// their four bytes: so much work may a place in a hostile text make.
const COMPARED_BYTES_MAX: usize = 256;
const SHARING_MAX: usize = 8;

/// What is everywhere in logs: four bytes of it tell little.
const COMMON: &str = "c:\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe \
    c:\\program files (x86)\\microsoft\\ c:\\programdata\\microsoft\\windows defender\\platform \
    hklm\\software\\microsoft\\windows nt\\currentversion\\run hku\\s-1-5-21- hkcu \\registry\\machine\\system\\controlset001\\services \
    c:\\users\\public\\appdata\\local\\temp\\roaming c:\\windows\\syswow64\\ntdll.dll kernelbase.dll kernel32.dll \
    https://www.http://.com/.net .org svchost.exe -k netsvcs cmd.exe /c  microsoft.windows.common system.management.automation \
    commandinvocation(out-default): \"new-object\" parameterbinding(set-variable): name=\"inputobject\"; value=\" \
    host name = consolehost host version = host id = host application = engine version = runspace id = pipeline id = \
    command name = command type = script name = command path = sequence number = user = connected user = shell id = \
    severity = informational microsoft-windows-sysmon/operational security-auditing domain account logon process true false \
    function string return param get- set- new- write-output write-host $null foreach-object where-object -not -and 0000000000000000";

/// Many texts, to be found in others.
#[derive(Debug, Default)]
pub(crate) struct PartSearch {
    texts: Vec<Box<[u8]>>,
    grams: Bits,
    /// By four bytes: the texts that have them, and where.
    by_gram: HashMap<u32, Vec<(u32, u32)>>,
    /// The same for texts of two or three bytes.
    pairs: Bits,
    by_pair: HashMap<u16, Vec<u32>>,
    /// Where there are only a few texts.
    few: Vec<(u32, memmem::Finder<'static>)>,
    /// The texts for which none of this will do, by number, where there are
    /// more than a few.
    rest: Option<(Box<AhoCorasick>, Vec<u32>)>,
}

impl PartSearch {
    pub(crate) fn new<'a>(texts: impl ExactSizeIterator<Item = &'a [u8]>) -> Self {
        let mut made = Self::default();
        if texts.len() <= SINGLE_SEARCHES_MAX {
            made.texts = texts.map(Into::into).collect();
            made.search_singly(0..u32::try_from(made.texts.len()).unwrap_or(0));
            return made;
        }
        let common: HashMap<u32, u32> = {
            let mut counts = HashMap::new();
            COMMON.as_bytes().windows(GRAM).for_each(|w| *counts.entry(gram(w)).or_default() += 1);
            counts
        };
        let mut rest = Vec::new();
        for (number, text) in (0u32..).zip(texts) {
            made.texts.push(text.into());
            match made.best_place(text, &common) {
                None if (PAIR..GRAM).contains(&text.len()) => {
                    let pair = pair(text);
                    made.pairs.add(pair);
                    made.by_pair.entry(pair).or_default().push(number);
                }
                Some((place, gram)) => {
                    made.grams.add(slot(gram));
                    made.by_gram.entry(gram).or_default().push((number, place));
                }
                None => rest.push(number),
            }
        }
        if rest.len() <= SINGLE_SEARCHES_MAX {
            made.search_singly(rest.into_iter());
            return made;
        }
        let left = rest.iter().filter_map(|&n| made.texts.get(n as usize));
        let automaton = AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(left);
        if let Ok(automaton) = automaton {
            made.rest = Some((Box::new(automaton), rest));
        }
        made
    }

    fn search_singly(&mut self, numbers: impl Iterator<Item = u32>) {
        for number in numbers {
            let text = self.texts.get(number as usize).map_or(&[][..], |text| text);
            self.few.push((number, memmem::Finder::new(text).into_owned()));
        }
    }

    /// The four bytes that stand for a text, and where in it they are.
    fn best_place(&self, text: &[u8], common: &HashMap<u32, u32>) -> Option<(u32, u32)> {
        if text.len() > COMPARED_BYTES_MAX {
            return None;
        }
        let cost = |(place, window): (u32, &[u8])| {
            let gram = gram(window);
            let sharing = self.by_gram.get(&gram).map_or(0, Vec::len);
            let usual: u32 = window.iter().map(|&b| usual(b)).sum();
            let often = common.get(&gram).copied().unwrap_or(0);
            let shared = u32::try_from(sharing).unwrap_or(u32::MAX);
            (sharing < SHARING_MAX).then_some((often * 100 + usual + shared * 4, place, gram))
        };
        (0u32..)
            .zip(text.windows(GRAM))
            .filter_map(cost)
            .min()
            .map(|(_, place, gram)| (place, gram))
    }

    /// Calls `found` with each text and each value in which it stands, once
    /// each. The values are written one behind the other in `text`; `ends`
    /// says where each of them ends. What reaches from one into the next does
    /// not count.
    pub(crate) fn find(&self, text: &[u8], ends: &[usize], found: impl FnMut(u32, u32)) {
        let until = vec![0; self.texts.len()];
        let mut finding = Finding { text, ends, value: 0..0, number: 0, until, found };
        for &(number, ref finder) in &self.few {
            let (mut from, len) = (0, finder.needle().len());
            while let Some(at) = text.get(from..).and_then(|rest| finder.find(rest)) {
                let known = finding.found_at(number, from + at, from + at + len);
                from = known.max(from + at + 1);
            }
        }
        if !self.by_pair.is_empty() {
            for (at, window) in text.windows(PAIR).enumerate() {
                let pair = pair(window);
                if self.pairs.has(pair) {
                    let numbers = self.by_pair.get(&pair).map_or(&[][..], |list| list);
                    numbers.iter().for_each(|&n| self.compare(at, n, &mut finding));
                }
            }
        }
        if !self.by_gram.is_empty() {
            for (at, window) in text.windows(GRAM).enumerate() {
                let gram = gram(window);
                if self.grams.has(slot(gram)) {
                    self.look(at, gram, &mut finding);
                }
            }
        }
        if let Some((automaton, numbers)) = &self.rest {
            for m in automaton.find_overlapping_iter(text) {
                if let Some(&number) = numbers.get(m.pattern().as_usize()) {
                    finding.found_at(number, m.start(), m.end());
                }
            }
        }
    }

    #[inline(never)]
    fn look(&self, at: usize, gram: u32, finding: &mut Finding<'_, impl FnMut(u32, u32)>) {
        for &(number, place) in self.by_gram.get(&gram).map_or(&[][..], |list| list) {
            if let Some(start) = at.checked_sub(place as usize) {
                self.compare(start, number, finding);
            }
        }
    }

    #[inline]
    fn compare(&self, start: usize, number: u32, finding: &mut Finding<'_, impl FnMut(u32, u32)>) {
        if finding.until.get(number as usize).is_some_and(|&until| start < until) {
            return;
        }
        let Some(part) = self.texts.get(number as usize) else { return };
        let end = start + part.len();
        if finding.text.get(start..end) == Some(part) {
            finding.found_at(number, start, end);
        }
    }
}

/// A search under way.
struct Finding<'a, F> {
    text: &'a [u8],
    ends: &'a [usize],
    /// The value that was looked at last: where it stands.
    value: std::ops::Range<usize>,
    /// Which one that is.
    number: usize,
    /// By text: up to where it need not be looked for, because it is known of
    /// the value. Each text is found from left to right.
    until: Vec<usize>,
    found: F,
}

impl<F: FnMut(u32, u32)> Finding<'_, F> {
    /// A text stands here. Says up to where it need not be looked for.
    fn found_at(&mut self, number: u32, start: usize, end: usize) -> usize {
        let until = self.until.get(number as usize).copied().unwrap_or(0);
        if start < until {
            return until;
        }
        if start == end {
            // An empty text stands in every value, also in empty ones.
            (0u32..).zip(self.ends).for_each(|(value, _)| (self.found)(number, value));
            return self.done(number, usize::MAX);
        }
        if !self.value.contains(&start) {
            let value = self.ends.partition_point(|&e| e <= start);
            let before = value.checked_sub(1).and_then(|before| self.ends.get(before));
            let end = self.ends.get(value).copied().unwrap_or(usize::MAX);
            self.value = before.copied().unwrap_or(0)..end;
            self.number = value;
        }
        if end > self.value.end {
            return until;
        }
        (self.found)(number, u32::try_from(self.number).unwrap_or(u32::MAX));
        self.done(number, self.value.end)
    }

    fn done(&mut self, number: u32, until: usize) -> usize {
        if let Some(slot) = self.until.get_mut(number as usize) {
            *slot = until;
        }
        until
    }
}

#[inline]
fn pair(bytes: &[u8]) -> u16 {
    let first = bytes.first_chunk::<PAIR>();
    first.map_or(0, |&pair| u16::from_le_bytes(pair))
}

#[inline]
fn gram(window: &[u8]) -> u32 {
    window.try_into().map_or(0, u32::from_le_bytes)
}

/// The upper half of a product spreads similar bytes well.
#[inline]
fn slot(gram: u32) -> u16 {
    (gram.wrapping_mul(0x9e37_79b1) >> 16) as u16
}

/// How usual a byte is in logs, roughly.
fn usual(byte: u8) -> u32 {
    match byte {
        b'e' | b'o' | b's' | b'r' | b't' | b'i' | b'n' | b'a' | b'\\' | b' ' | b'0' => 8,
        b'c' | b'm' | b'd' | b'l' | b'p' | b'.' | b'w' | b'u' | b'h' | b'-' | b'1' | b'2' => 5,
        b'a'..=b'z' | b'0'..=b'9' => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(parts: &[&str], values: &[&str]) -> Vec<(u32, u32)> {
        let search = PartSearch::new(parts.iter().map(|p| p.as_bytes()));
        let ends: Vec<usize> =
            (1..=values.len()).map(|n| values[..n].iter().map(|v| v.len()).sum()).collect();
        let mut out = Vec::new();
        search.find(values.concat().as_bytes(), &ends, |part, value| out.push((part, value)));
        out.sort_unstable();
        out
    }

    #[test]
    fn every_text_is_found_once_in_every_value() {
        for parts in [&ALL[..], &ALL[..3], &ALL[1..2], &ALL[2..]] {
            let values = [
                "xaaamimikatz -e ",
                "",
                "sekurlsa::logon katz",
                "mimi",
                "katz",
                "a",
                "a",
                "mimikatzmimikatz",
            ];
            let mut naive = Vec::new();
            for (n, part) in (0u32..).zip(parts) {
                naive.extend(
                    (0u32..).zip(values).filter(|(_, v)| v.contains(part)).map(|(v, _)| (n, v)),
                );
            }
            assert_eq!(found(parts, &values), naive);
        }
    }

    const ALL: [&str; 8] = ["mimikatz", "katz", "a", "-e ", "", "sekurlsa::logon", "zzzz", "aa"];

    #[test]
    fn texts_that_share_their_bytes_are_all_found() {
        let parts: Vec<String> = (0..40).map(|n| format!("aaaa{n:02}")).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let text = parts.join("-");
        assert_eq!(found(&parts, &[&text]).len(), 40);
        let long = "ab".repeat(300);
        let texts = [long.as_str(), "bbbb", "cccc", "dddd"];
        assert_eq!(found(&texts, &["x", &format!("x{long}")]), [(0, 1)]);
    }
}
