//! C2SP tlog-checkpoint: the signed head of a log.

use std::fmt;

use crate::error::{Malformed, decimal};
use crate::hash::{Hash, shown};
use crate::key::{Algorithm, SigningKey, VerifyingKey};
use crate::merkle::empty_root;
use crate::note::{NotSigned, Note, NoteSignature};

/// How large a log is, and the root over all of its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log; for a case `NAME/case/HEX16`.
    pub origin: String,
    /// How many entries there are.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Further lines, of which nothing is known.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// One without further lines.
    #[must_use]
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Self {
        Self { origin: origin.into(), size, root, extensions: Vec::new() }
    }

    /// Reads the text of a note.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const FORM: &str = "three lines or more, none of them empty: origin, size, root";
        let wrong = |what: String| Malformed::new(format!("checkpoint: {what}"), FORM);
        let body = text.strip_suffix('\n').ok_or_else(|| wrong("it does not end".into()))?;
        let lines: Vec<&str> = body.split('\n').collect();
        if lines.iter().any(|line| line.is_empty()) {
            return Err(wrong("there is an empty line".into()));
        }
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err(wrong("there are fewer than three lines".into()));
        };
        let size = decimal(size).ok_or_else(|| wrong(format!("the size is {}", shown(size))))?;
        let root = Hash::from_base64(root).map_err(|e| e.in_part("checkpoint"))?;
        if size == 0 && root != empty_root() {
            return Err(wrong("an empty log with the root of another one".into()));
        }
        let extensions = extensions.iter().map(|&line| line.to_owned()).collect();
        Ok(Self { origin: (*origin).to_owned(), size, root, extensions })
    }

    /// Whether two checkpoints cannot both be true: the same log, the same
    /// size, another root.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        self.origin == other.origin && self.size == other.size && self.root != other.root
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root.base64())?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A checkpoint with the signatures that came with it, verified or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: Note,
    checkpoint: Checkpoint,
}

impl SignedCheckpoint {
    /// Reads a signed note whose text is a checkpoint.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self { note, checkpoint })
    }

    /// Signs a checkpoint as its log; the name of the key must be the origin.
    ///
    /// # Errors
    /// It is not, or the checkpoint cannot be written.
    pub fn sign(checkpoint: &Checkpoint, key: &SigningKey) -> Result<Self, Malformed> {
        if key.name() != checkpoint.origin {
            let what = format!("a key by the name of {} signs for a log", shown(key.name()));
            return Err(Malformed::new(what, format!("the log's: {}", shown(&checkpoint.origin))));
        }
        let mut note = Note::new(checkpoint.to_string())?;
        note.sign(key);
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self { note, checkpoint })
    }

    /// What it says, which is nothing before a signature was verified.
    #[must_use]
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// What it says, if it is signed with the key of the log that it names.
    ///
    /// # Errors
    /// Why it is not.
    pub fn verify(&self, log: &VerifyingKey) -> Result<&Checkpoint, NotSigned> {
        if self.checkpoint.origin != log.name() {
            let (origin, key) = (self.checkpoint.origin.clone(), log.name().to_owned());
            return Err(NotSigned::OtherOrigin { origin, key });
        }
        let log = log.with_algorithm(Algorithm::Ed25519);
        self.note.verify(&log).map(|_| &self.checkpoint)
    }

    /// The note that it is.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a signature, unless it is there already.
    pub fn add(&mut self, signature: NoteSignature) {
        self.note.add(signature);
    }

    /// As it is written.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.note.to_string().into_bytes()
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn checkpoints_are_written_and_read() {
        for text in [
            format!("example.com/behind-the-sofa\n20852163\n{ROOT}\n"),
            format!("ex\n1\n{ROOT}\nfurther\n  lines\n"),
            format!("with space\n0\n{EMPTY}\n"),
        ] {
            assert_eq!(Checkpoint::parse(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn checkpoints_that_are_none_are_refused() {
        for text in [
            String::new(),
            "a\n1\n".into(),
            format!("a\n1\n{ROOT}"),
            format!("\n1\n{ROOT}\n"),
            format!("a\n01\n{ROOT}\n"),
            format!("a\n-1\n{ROOT}\n"),
            format!("a\n1 \n{ROOT}\n"),
            format!("a\n9223372036854775808\n{ROOT}\n"),
            format!("a\n1\n{ROOT} \n"),
            format!("a\n1\n{}\n", &ROOT[1..]),
            format!("a\n1\n{ROOT}\n\n"),
            format!("a\n1\n{ROOT}\n\nb\n"),
            format!("a\n0\n{ROOT}\n"),
        ] {
            assert!(Checkpoint::parse(&text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_checkpoint_is_signed_by_its_own_log() {
        let key = SigningKey::from_seed("a", [7; 32]).unwrap();
        let checkpoint = Checkpoint::new("a", 1, Hash([1; 32]));
        let signed = SignedCheckpoint::sign(&checkpoint, &key).unwrap();
        let read = SignedCheckpoint::parse(&signed.to_bytes()).unwrap();
        assert_eq!(read.verify(&key.verifying_key()), Ok(&checkpoint));
        let other = SigningKey::from_seed("b", [7; 32]).unwrap();
        assert!(SignedCheckpoint::sign(&checkpoint, &other).is_err());
        assert!(matches!(read.verify(&other.verifying_key()), Err(NotSigned::OtherOrigin { .. })));
        let stranger = SigningKey::from_seed("a", [8; 32]).unwrap();
        assert!(matches!(read.verify(&stranger.verifying_key()), Err(NotSigned::Absent(_))));
    }

    #[test]
    fn an_origin_cannot_smuggle_lines_in() {
        let origin = "a\n1\nx";
        let checkpoint = Checkpoint::new(origin, 1, Hash([1; 32]));
        assert!(Checkpoint::parse(&checkpoint.to_string()).is_err());
        assert!(SigningKey::from_seed(origin, [7; 32]).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_in_one_way_or_not_at_all(text in "[a0-9\n]{0,9}\n[0-9]{0,3}\n") {
            let text = format!("{text}{ROOT}\n");
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert_eq!(checkpoint.to_string(), text);
            }
        }
    }
}
