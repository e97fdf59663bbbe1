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
const SINGLE_SEARCHES_MAX: usize = 3;

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
    few: Vec<memmem::Finder<'static>>,
    /// The texts for which none of this will do, by number.
    rest: Option<(Box<AhoCorasick>, Vec<u32>)>,
}

impl PartSearch {
    pub(crate) fn new<'a>(texts: impl ExactSizeIterator<Item = &'a [u8]>) -> Self {
        let mut made = Self::default();
        if texts.len() <= SINGLE_SEARCHES_MAX {
            made.few = texts.map(|text| memmem::Finder::new(text).into_owned()).collect();
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
        let left = rest.iter().filter_map(|&n| made.texts.get(n as usize));
        if !rest.is_empty()
            && let Ok(automaton) =
                AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(left)
        {
            made.rest = Some((Box::new(automaton), rest));
        }
        made
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
        (0u32..).zip(text.windows(GRAM)).filter_map(cost).min().map(|(_, place, gram)| (place, gram))
    }

    /// Calls `found` with each place at which one of the texts stands: its
    /// number, its beginning and its end. The same may be told twice.
    pub(crate) fn find(&self, text: &[u8], mut found: impl FnMut(u32, usize, usize)) {
        for (number, finder) in (0u32..).zip(&self.few) {
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|rest| finder.find(rest)) {
                found(number, from + at, from + at + finder.needle().len());
                // Those that overlap count: one may reach beyond a value.
                from += at + 1;
            }
        }
        if !self.by_pair.is_empty() {
            for (at, window) in text.windows(PAIR).enumerate() {
                let pair = pair(window);
                if self.pairs.has(pair) {
                    let numbers = self.by_pair.get(&pair).map_or(&[][..], |list| list);
                    numbers.iter().for_each(|&n| self.compare(text, at, n, &mut found));
                }
            }
        }
        if !self.by_gram.is_empty() {
            for (at, window) in text.windows(GRAM).enumerate() {
                let gram = gram(window);
                if self.grams.has(slot(gram)) {
                    self.look(text, at, gram, &mut found);
                }
            }
        }
        if let Some((automaton, numbers)) = &self.rest {
            for m in automaton.find_overlapping_iter(text) {
                if let Some(&number) = numbers.get(m.pattern().as_usize()) {
                    found(number, m.start(), m.end());
                }
            }
        }
    }

    #[inline(never)]
    fn look(&self, text: &[u8], at: usize, gram: u32, found: &mut impl FnMut(u32, usize, usize)) {
        for &(number, place) in self.by_gram.get(&gram).map_or(&[][..], |list| list) {
            if let Some(start) = at.checked_sub(place as usize) {
                self.compare(text, start, number, found);
            }
        }
    }

    fn compare(
        &self,
        text: &[u8],
        start: usize,
        number: u32,
        found: &mut impl FnMut(u32, usize, usize),
    ) {
        let Some(part) = self.texts.get(number as usize) else { return };
        let end = start + part.len();
        if text.get(start..end) == Some(part) {
            found(number, start, end);
        }
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
#[expect(clippy::cast_possible_truncation, reason = "sixteen bits are left")]
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

    fn found(parts: &[&str], text: &str) -> Vec<(u32, usize)> {
        let search = PartSearch::new(parts.iter().map(|p| p.as_bytes()));
        let mut out = Vec::new();
        search.find(text.as_bytes(), |number, start, end| {
            assert_eq!(&text[start..end], parts[number as usize]);
            out.push((number, start));
        });
        out.sort_unstable();
        out.dedup();
        out
    }

    #[test]
    fn every_text_is_found_wherever_it_stands() {
        for parts in [&ALL[..], &ALL[..3], &ALL[1..2]] {
            agree(parts);
        }
    }

    const ALL: [&str; 8] =
        ["mimikatz", "katz", "a", "-e ", "", "sekurlsa::logon", "zzzz", "aa"];

    fn agree(parts: &[&str]) {
        let text = "xaaamimikatz -e sekurlsa::logon katz";
        let naive: Vec<(u32, usize)> = (0u32..)
            .zip(parts.iter().copied())
            .flat_map(|(n, p)| {
                (0..=text.len()).filter(move |&at| text[at..].starts_with(p)).map(move |at| (n, at))
            })
            .collect();
        assert_eq!(found(parts, text), naive);
    }

    #[test]
    fn texts_that_share_their_bytes_are_all_found() {
        let parts: Vec<String> = (0..40).map(|n| format!("aaaa{n:02}")).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let text = parts.join("-");
        assert_eq!(found(&parts, &text).len(), 40);
        let long = "ab".repeat(300);
        let texts = [long.as_str(), "bbbb", "cccc", "dddd"];
        assert_eq!(found(&texts, &format!("x{long}")), [(0, 1)]);
    }
}
