//! Tables in a code page of Windows, as older programs save them: read as
//! UTF-8, while offsets stay those of the original bytes. Which code page it
//! is must be told by the text; it is said once.

use encoding_rs::{
    BIG5, DecoderResult, EUC_KR, Encoding as Named, GBK, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1254,
};

use crate::formats::utf16::{Decoder, Encoding, wide_len};

/// Stands for a byte that the code page does not have; in no UTF-8.
const MALFORMED: u8 = 0xFF;

/// A code page of Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) struct CodePage(&'static Named);

/// The code pages by the languages whose Windows uses them; all others use
/// the Western one.
const PAGES: &[(&str, &Named)] = &[
    ("ja", SHIFT_JIS),
    ("zh-Hans", GBK),
    ("zh-Hant", BIG5),
    ("ko", EUC_KR),
    ("ru", WINDOWS_1251),
    ("uk", WINDOWS_1251),
    ("pl", WINDOWS_1250),
    ("cs", WINDOWS_1250),
    ("hu", WINDOWS_1250),
    ("tr", WINDOWS_1254),
];

impl CodePage {
    /// The code page of a language.
    pub(in crate::formats) fn of_language(language: &str) -> Self {
        let found = PAGES.iter().find(|(name, _)| *name == language);
        Self(found.map_or(WINDOWS_1252, |(_, page)| page))
    }

    /// All of them, each once, the Western one last.
    pub(in crate::formats) fn all() -> impl Iterator<Item = Self> {
        let mut pages: Vec<Self> = Vec::new();
        for (_, page) in PAGES {
            if !pages.contains(&Self(page)) {
                pages.push(Self(page));
            }
        }
        pages.push(Self(WINDOWS_1252));
        pages.into_iter()
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        self.0.name()
    }

    /// What some bytes say, if all of them are in this code page but for one
    /// that may be cut at their end.
    pub(in crate::formats) fn text(self, bytes: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        Translator::page(self).decode(bytes, &mut out);
        String::from_utf8(out).ok()
    }

    /// The code page of a text of which nothing else is known: Japanese has
    /// its own letters, and in Western text letters beyond ASCII stand alone.
    pub(super) fn of_text(start: &[u8]) -> Option<Self> {
        let kana =
            |text: String| text.chars().filter(|c| matches!(c, '\u{3041}'..='\u{30fa}')).count();
        if Self(SHIFT_JIS).text(start).map_or(0, kana) > 1 {
            return Some(Self(SHIFT_JIS));
        }
        let runs = || start.split(u8::is_ascii).filter(|run| !run.is_empty());
        let (all, short) = (runs().count(), runs().filter(|run| run.len() < 3).count());
        (short * 10 >= all * 9).then_some(Self(WINDOWS_1252))
    }
}

/// Whether a source that begins so is neither in UTF-8, be it damaged, nor in
/// UTF-16.
pub(in crate::formats) fn in_code_page(start: &[u8]) -> bool {
    if Encoding::of(start) != Encoding::Utf8 || start.starts_with(b"\xEF\xBB\xBF") {
        return false;
    }
    let (mut valid, mut invalid) = (0, 0);
    for chunk in start.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    // The last character may be cut off.
    let cut = std::str::from_utf8(start).is_err_and(|e| e.error_len().is_none());
    invalid > valid && !(cut && invalid == 1)
}

/// How much of the source stands behind a text in UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::formats) enum Width {
    /// The source is in UTF-8.
    #[default]
    Utf8,
    Utf16,
    /// A byte for each character.
    One,
    /// Two bytes for each character beyond ASCII.
    Two,
}

impl Width {
    /// How many bytes of the source this text is.
    pub(super) fn len(self, text: &[u8]) -> u64 {
        match self {
            Self::Utf8 => text.len() as u64,
            Self::Utf16 => wide_len(text),
            Self::One => text.iter().map(|&b| u64::from(b & 0xC0 != 0x80)).sum(),
            Self::Two => two_len(text),
        }
    }

    /// As a number, and back.
    pub(super) fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn of(number: u8) -> Self {
        match number {
            1 => Self::Utf16,
            2 => Self::One,
            3 => Self::Two,
            _ => Self::Utf8,
        }
    }
}

fn two_len(text: &[u8]) -> u64 {
    let of = |(at, &b): (usize, &u8)| match b {
        0..0x80 | MALFORMED => 1,
        0x80..0xC0 => 0,
        _ => match text.get(at..at + 3) {
            // Katakana of half width.
            Some([0xEF, 0xBD, 0xA1..=0xBF] | [0xEF, 0xBE, 0x80..=0x9F]) => 1,
            _ if text.get(at..at + 2) == Some(&[0xC2, 0x80]) => 1,
            _ => 2,
        },
    };
    text.iter().enumerate().map(of).sum()
}

/// Turns the bytes of a source into UTF-8, piece by piece.
pub(super) enum Translator {
    Wide(Decoder),
    Page(CodePage, Box<encoding_rs::Decoder>),
}

impl Translator {
    pub(super) fn page(page: CodePage) -> Self {
        Self::Page(page, Box::new(page.0.new_decoder_without_bom_handling()))
    }

    /// Appends what these bytes say.
    pub(super) fn decode(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Wide(decoder) => decoder.decode(bytes, out),
            Self::Page(_, decoder) => decode(decoder, bytes, false, out),
        }
    }

    /// At the end of the source.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Wide(decoder) => decoder.end(out),
            Self::Page(_, decoder) => decode(decoder, &[], true, out),
        }
    }

    pub(super) fn width(&self) -> Width {
        match self {
            Self::Wide(_) => Width::Utf16,
            Self::Page(page, _) if page.0.is_single_byte() => Width::One,
            Self::Page(..) => Width::Two,
        }
    }
}

/// What the code page does not have becomes bytes that are no UTF-8 either,
/// so that it is named with its record.
fn decode(decoder: &mut encoding_rs::Decoder, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
    let (mut rest, mut piece) = (bytes, [0; 4096]);
    loop {
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(rest, &mut piece, last);
        out.extend_from_slice(piece.get(..written).unwrap_or_default());
        rest = rest.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(len, _) => {
                out.extend(std::iter::repeat_n(MALFORMED, usize::from(len)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_decode_alike() {
        for (page, bytes, text) in [
            (WINDOWS_1252, &b"a\x80\xFC\x81,\xE9"[..], "a\u{20ac}ü\u{81},é".as_bytes()),
            (
                SHIFT_JIS,
                b"\x83\x8c\x83x\x83\x8b,\xb6\xc5,\x95\x5c\x80a\x81",
                "レベル,ｶﾅ,表\u{80}a?".as_bytes(),
            ),
            (SHIFT_JIS, b"a\xFFb\x81\"c", b"a\xFFb\xFF\"c"),
        ] {
            // A character that is cut at the end.
            let mut expected = text.to_vec();
            if page == SHIFT_JIS && bytes.ends_with(b"\x81") {
                *expected.last_mut().unwrap() = MALFORMED;
            }
            for size in 1..=bytes.len() {
                let (mut translator, mut out) = (Translator::page(CodePage(page)), Vec::new());
                bytes.chunks(size).for_each(|c| translator.decode(c, &mut out));
                translator.end(&mut out);
                assert_eq!(out, expected, "{bytes:?}");
                assert_eq!(translator.width().len(&out), bytes.len() as u64, "{bytes:?}");
            }
        }
    }

    #[test]
    fn code_pages_are_told_from_damaged_utf8() {
        for (start, expected) in [
            (&b"Schl\xFCsselw\xF6rter,a"[..], true),
            (b"\x83\x8c\x83x\x83\x8b,\x93\xfa\x95t\x82\xc6\x8e\x9e\x8d\x8f", true),
            ("Schlüssel,wörter,\u{20ac}".as_bytes(), false),
            (b"\xC3\xBC,\xC3\xBC,\xFC", false),
            (b"\xEF\xBB\xBFa,\xFC", false),
            (b"\xFF\xFEa\0", false),
            (b"a,\xC3", false),
            (b"a", false),
        ] {
            assert_eq!(in_code_page(start), expected, "{start:?}");
        }
        assert_eq!(CodePage::of_text(b"gr\xFC\xDFe,sch\xF6n"), Some(CodePage(WINDOWS_1252)));
        assert_eq!(CodePage::of_text(b"\x83\x8c\x83x\x83\x8b,a"), Some(CodePage(SHIFT_JIS)));
        assert_eq!(CodePage::of_text(b"\xD3\xF0\xEE\xE2\xE5\xED\xFC,\xC4\xE0\xF2\xE0"), None);
    }
}
