//! C2SP signed notes: a text, and the signatures of those who stand by it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Malformed;
use crate::hash::shown;
use crate::key::{SigningKey, VerifyingKey, check_name, no_private_key};
use crate::limits::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, SIGNATURE_BYTES_MAX};

/// What a signature line begins with.
const DASH: &str = "— ";

/// A text and its signatures. Nothing is known of it until a signature by a
/// trusted key was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature of a note, by whatever key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// Short hash of the key.
    pub id: u32,
    /// The signature proper; what is in it depends on the key's algorithm.
    pub signature: Vec<u8>,
}

/// What the signatures of a note say of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The key signed it; with the time if it is a cosignature, in seconds
    /// since 1970 (the latest, if there are several).
    Signed(Option<u64>),
    /// There is no signature by the key.
    Absent,
    /// A signature says that it is by the key, and is not.
    Wrong,
}

/// Why a note is not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSigned {
    /// There is no signature by the key of that name.
    Absent(String),
    /// There is one, and it does not fit.
    Wrong(String),
    /// The text says that it comes from another than the key's owner.
    OtherOrigin {
        /// What the text says.
        origin: String,
        /// The name of the key.
        key: String,
    },
}

impl fmt::Display for NotSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(name) => write!(f, "there is no signature by {name} (with this key)"),
            Self::Wrong(name) => write!(f, "the signature by {name} does not fit the text"),
            Self::OtherOrigin { origin, key } => {
                write!(f, "it is a checkpoint of {}, expected one of {key}", shown(origin))
            }
        }
    }
}

impl std::error::Error for NotSigned {}

impl Note {
    /// A note without signatures; `text` ends with its only or last newline.
    ///
    /// # Errors
    /// The text cannot be a note's.
    pub fn new(text: impl Into<String>) -> Result<Self, Malformed> {
        let text = text.into();
        check_text(&text)?;
        if text == "\n" || !text.ends_with('\n') {
            return Err(Malformed::new("the text of a note does not end", "a final newline"));
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note with at least one signature line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > NOTE_BYTES_MAX {
            let what = format!("a note of {} bytes", bytes.len());
            return Err(Malformed::new(what, format!("at most {NOTE_BYTES_MAX}")));
        }
        let all = std::str::from_utf8(bytes)
            .map_err(|_| Malformed::new("a note with bytes that are no text", "UTF-8"))?;
        check_text(all)?;
        let parts = all.rfind("\n\n").and_then(|at| all.split_at_checked(at + 1));
        let (text, rest) = parts.ok_or_else(|| {
            Malformed::new("a note without signatures", "an empty line, then signature lines")
        })?;
        let mut note = Self::new(text)?;
        note.signatures = parse_signatures(rest.get(1..).unwrap_or_default())?;
        if note.signatures.is_empty() {
            return Err(Malformed::new("a note without signatures", "a signature line"));
        }
        Ok(note)
    }

    /// The text, with its final newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signatures, known or not, in their order.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Signs it.
    pub fn sign(&mut self, key: &SigningKey) {
        self.add(key.sign_note(&self.text));
    }

    /// Adds a signature, unless it is there already.
    pub fn add(&mut self, signature: NoteSignature) {
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
    }

    /// What its signatures say of a key. One that does not fit is not made
    /// good by another one.
    #[must_use]
    pub fn standing(&self, key: &VerifyingKey) -> Standing {
        let by_key = |s: &&NoteSignature| s.name == key.name() && s.id == key.id();
        let mut standing = Standing::Absent;
        for signature in self.signatures.iter().filter(by_key) {
            standing = match (standing, key.verify_note(&self.text, &signature.signature)) {
                (_, Err(_)) => return Standing::Wrong,
                (Standing::Signed(before), Ok(time)) => Standing::Signed(before.max(time)),
                (_, Ok(time)) => Standing::Signed(time),
            };
        }
        standing
    }

    /// That a key signed it, as a result: with the time if it is a
    /// cosignature.
    ///
    /// # Errors
    /// There is no signature by the key, or it does not fit.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Option<u64>, NotSigned> {
        match self.standing(key) {
            Standing::Signed(time) => Ok(time),
            Standing::Absent => Err(NotSigned::Absent(key.name().to_owned())),
            Standing::Wrong => Err(NotSigned::Wrong(key.name().to_owned())),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl NoteSignature {
    /// A signature by a key.
    pub(crate) fn by(key: &VerifyingKey, signature: Vec<u8>) -> Self {
        Self { name: key.name().to_owned(), id: key.id(), signature }
    }

    /// Reads one signature line, without its newline.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(line: &str) -> Result<Self, Malformed> {
        const FORM: &str = "a dash (U+2014), the name of a key, and base64";
        no_private_key(line, FORM)?;
        let wrong =
            |what: &str| Malformed::new(format!("signature line {}: {what}", shown(line)), FORM);
        let rest = line.strip_prefix(DASH).ok_or_else(|| wrong("it begins otherwise"))?;
        let (name, base64) = rest.split_once(' ').ok_or_else(|| wrong("something is missing"))?;
        check_name(name)?;
        if base64.len() > SIGNATURE_BYTES_MAX / 3 * 4 {
            return Err(wrong("the signature is too long"));
        }
        let bytes = STANDARD.decode(base64).map_err(|_| wrong("that is no base64"))?;
        match bytes.split_first_chunk::<4>() {
            Some((id, signature)) if !signature.is_empty() => Ok(Self {
                name: name.to_owned(),
                id: u32::from_be_bytes(*id),
                signature: signature.to_vec(),
            }),
            _ => Err(wrong("the signature is too short")),
        }
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.to_be_bytes().as_slice(), &self.signature].concat();
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

/// Reads signature lines, each with its newline; also what a witness answers.
///
/// # Errors
/// What is wrong with one of them.
pub fn parse_signatures(lines: &str) -> Result<Vec<NoteSignature>, Malformed> {
    let mut out = Vec::new();
    for line in lines.split_inclusive('\n') {
        let line = line.strip_suffix('\n').ok_or_else(|| {
            Malformed::new("the last signature line does not end", "a final newline")
        })?;
        if out.len() == NOTE_SIGNATURES_MAX {
            let what = format!("more than {NOTE_SIGNATURES_MAX} signatures");
            return Err(Malformed::new(what, "fewer"));
        }
        out.push(NoteSignature::parse(line)?);
    }
    Ok(out)
}

fn check_text(text: &str) -> Result<(), Malformed> {
    let control = |c: char| c < ' ' && c != '\n';
    match text.find(control) {
        Some(at) => {
            let what = format!("a note with a control character at byte {at}");
            Err(Malformed::new(what, "no control characters but newlines"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed("example.com/owner", [7; 32]).unwrap()
    }

    fn signed(text: &str) -> Note {
        let mut note = Note::new(text).unwrap();
        note.sign(&key());
        note
    }

    #[test]
    fn notes_are_written_and_read() {
        for text in ["a\n", "a\n\nb\n", "a\n\n", "\n\na\n", "見\n"] {
            let note = signed(text);
            let read = Note::parse(note.to_string().as_bytes()).unwrap();
            assert_eq!(read, note, "{text:?}");
            assert_eq!(read.verify(&key().verifying_key()), Ok(None));
        }
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let example = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
            ed è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/\
            5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        let note = Note::parse(example.as_bytes()).unwrap();
        assert!(note.text().ends_with("è subito sera.\n"));
        assert_eq!(note.signatures().len(), 1);
        assert_eq!(note.to_string(), example);
    }

    #[test]
    fn unknown_signatures_are_kept_and_ignored() {
        let mut note = signed("a\n");
        let stranger = NoteSignature { name: "x".into(), id: 1, signature: vec![9; 2_428] };
        // Name or hash of a known key, but not both.
        let mut likeness = note.signatures()[0].clone();
        likeness.id ^= 1;
        note.add(stranger);
        note.add(likeness);
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read.signatures().len(), 3);
        assert_eq!(read.standing(&key().verifying_key()), Standing::Signed(None));
        assert_eq!(read.standing(&key().cosigner_key()), Standing::Absent);
    }

    #[test]
    fn one_wrong_signature_by_a_key_spoils_its_standing() {
        let mut note = signed("a\n");
        let mut forged = note.signatures()[0].clone();
        forged.signature[0] ^= 1;
        note.add(forged);
        assert_eq!(note.standing(&key().verifying_key()), Standing::Wrong);
        let other = Note { text: "b\n".into(), ..signed("a\n") };
        assert!(matches!(other.verify(&key().verifying_key()), Err(NotSigned::Wrong(_))));
    }

    #[test]
    fn notes_that_are_none_are_refused() {
        let good = signed("a\n").to_string();
        let line = good.split_once("\n\n").unwrap().1;
        let cases = [
            String::new(),
            "a\n".into(),
            "a\n\n".into(),
            format!("a\n{line}"),
            format!("\n\n{line}"),
            format!("a\n\n{}", line.trim_end()),
            format!("a\n\n{line}\n"),
            format!("a\n\n{line}x\n"),
            format!("a\n\n{}", line.replace('—', "-")),
            format!("a\n\n{}", line.replace("— ", "—")),
            format!("a\n\n{}", line.replace("owner ", "owner  ")),
            format!("a\n\n{}", line.replace("owner", "ow+er")),
            format!("a\n\n{}", line.replace("owner", "ow\u{a0}er")),
            format!("a\n\n{}", line.trim_end_matches("=\n").to_owned() + "\n"),
            "a\n\n— x AAAAAA==\n".into(),
            format!("a\u{1b}\n\n{line}"),
            format!("a\r\n\n{line}"),
            format!("a\tb\n\n{line}"),
            format!("a\n\n{}", line.repeat(NOTE_SIGNATURES_MAX + 1)),
            format!("a\n\n— x {}\n", "A".repeat(SIGNATURE_BYTES_MAX * 2)),
            format!("{}\n\n{line}", "a".repeat(NOTE_BYTES_MAX)),
        ];
        assert!(Note::parse(good.as_bytes()).is_ok());
        for case in cases {
            assert!(Note::parse(case.as_bytes()).is_err(), "{case:?}");
        }
        assert!(Note::parse(b"\xff\n\n").is_err());
    }

    #[test]
    fn sixteen_signatures_and_more_are_read() {
        let mut note = signed("a\n");
        for id in 0..100 {
            note.add(NoteSignature { name: "x".into(), id, signature: vec![9; 4_700] });
        }
        assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(bytes in any::<Vec<u8>>(), text in "[ab\n— ]{0,20}\n") {
            for bytes in [bytes, format!("{text}\n— x AAAAAAA=\n").into_bytes()] {
                if let Ok(note) = Note::parse(&bytes) {
                    prop_assert_eq!(note.to_string().into_bytes(), bytes);
                }
            }
        }
    }
}
