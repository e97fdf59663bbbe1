//! Chance that repeats itself: the rehearsal must come out byte for byte the same from the same seed, on any machine.

/// SplitMix64: small, fast, and the same everywhere. Not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A stream of its own for one purpose, so that more ordinary work never moves the intrusion.
    pub(crate) fn fork(seed: u64, purpose: u64, part: u64) -> Self {
        let mut rng = Rng(seed);
        let a = rng.next() ^ purpose.wrapping_mul(0xd1b5_4a32_d192_ed03);
        let mut rng = Rng(a);
        let b = rng.next() ^ part.wrapping_mul(0x8cb9_2ba7_2f3d_8dd7);
        Rng(b)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, or 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next().checked_rem(n).unwrap_or(0)
    }

    /// A number from `low` up to but not including `high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        low + i64::try_from(self.below(span)).unwrap_or(0)
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the words, or the empty word where there are none.
    pub(crate) fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.choose(words).copied().unwrap_or("")
    }

    /// One of the items.
    pub(crate) fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let at = self.below(items.len() as u64);
        items.get(usize::try_from(at).unwrap_or(0))
    }

    /// A GUID in capitals and without braces, as Sysmon records are commonly shown.
    pub(crate) fn guid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08X}-{:04X}-4{:03X}-{:04X}-{:012X}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            ((b >> 48) & 0x3fff) | 0x8000,
            b & 0xffff_ffff_ffff
        )
    }

    /// A connection id in the manner of Zeek.
    pub(crate) fn uid(&mut self) -> String {
        const LETTERS: &[u8; 62] =
            b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut text = String::from("C");
        for _ in 0..17 {
            text.push(char::from(self.choose(LETTERS).copied().unwrap_or(b'0')));
        }
        text
    }
}

/// A number that depends on the text alone (FNV-1a), for made-up file hashes.
pub(crate) fn text_number(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
