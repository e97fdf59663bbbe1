//! C2SP tlog-witness without a network: a log asks for a cosignature with a
//! file, and a witness that remembers what it saw gives one, or keeps the
//! evidence that the log tells two stories.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::cosignature::cosign;
use crate::durable::{Disk, DiskError, Folders, RealDisk};
use crate::error::{Malformed, decimal};
use crate::hash::{Hash, shown};
use crate::key::{SigningKey, VerifyingKey};
use crate::limits::NOTE_BYTES_MAX;
use crate::log::{Log, LogError};
use crate::merkle::{ProofError, verify_consistency};
use crate::note::{NotSigned, NoteSignature};
use crate::proof::parse_hashes;

/// The request for a cosignature: the body of `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the log when the witness last saw it; 0 if it never did.
    pub old_size: u64,
    /// That the log only grew since.
    pub proof: Vec<Hash>,
    /// The checkpoint to cosign.
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// The request for the published checkpoint of a log, to a witness that saw
    /// it at an older size.
    ///
    /// # Errors
    /// The log was never so large, or is damaged.
    pub fn of(log: &Log, old_size: u64) -> Result<Self, LogError> {
        let proof = log.consistency(old_size, log.size())?;
        Ok(Self { old_size, proof, checkpoint: log.checkpoint().clone() })
    }

    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        const FORM: &str = "a line `old SIZE`, a proof, an empty line, and a checkpoint";
        let wrong = |what: &str| Malformed::new(format!("request of a cosignature: {what}"), FORM);
        if bytes.len() > NOTE_BYTES_MAX * 2 {
            return Err(wrong("it is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("that is no text"))?;
        let parts = text.split_once("\n\n");
        let (head, checkpoint) = parts.ok_or_else(|| wrong("there is no empty line"))?;
        let mut lines = head.split('\n');
        let first = lines.next().unwrap_or_default();
        let old_size = first.strip_prefix("old ").and_then(decimal);
        let old_size =
            old_size.ok_or_else(|| wrong(&format!("it begins with {}", shown(first))))?;
        let proof = parse_hashes(lines).map_err(|e| e.in_part("request of a cosignature"))?;
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        if old_size > checkpoint.unverified().size {
            return Err(wrong("the older size is beyond that of the checkpoint"));
        }
        if old_size == 0 && !proof.is_empty() {
            return Err(wrong("there is a proof where nothing was seen before"));
        }
        Ok(Self { old_size, proof, checkpoint })
    }

    /// As it is written.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", hash.base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Whether two checkpoints of one log, both signed by it, contradict one
/// another: the same size, another root. Then the log told two stories, which
/// anybody can see from these two files.
///
/// # Errors
/// One of them is not signed by the log, so that nothing follows.
pub fn fork_evidence(
    a: &SignedCheckpoint,
    b: &SignedCheckpoint,
    log: &VerifyingKey,
) -> Result<bool, NotSigned> {
    Ok(a.verify(log)?.contradicts(b.verify(log)?))
}

/// Where the evidence of a fork is kept: two files that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The checkpoint that was seen before.
    pub seen: PathBuf,
    /// The request that does not go on from it.
    pub offered: PathBuf,
}

/// Why a witness does not cosign.
#[derive(Debug)]
pub enum Refusal {
    /// The checkpoint is not signed by the log.
    Unsigned(NotSigned),
    /// The witness saw a larger log.
    Rollback {
        /// How large it was.
        seen: u64,
        /// How large it is said to be.
        offered: u64,
    },
    /// The request goes on from another size than the witness saw.
    OldSize {
        /// How large the log was when the witness saw it; ask for this.
        seen: u64,
        /// What the request goes on from.
        offered: u64,
    },
    /// The log told two stories: the same size, another root, both signed.
    Fork(Evidence),
    /// The proof does not show that the log only grew.
    Inconsistent {
        /// Why not.
        why: ProofError,
        /// What was kept. The proof may also have been spoilt on its way.
        evidence: Evidence,
    },
    /// What the witness remembers is damaged, or is not signed by this log.
    Memory {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Another process is cosigning with the same memory.
    Locked {
        /// The file that it has locked.
        path: PathBuf,
    },
    /// The time cannot be written.
    Time,
    /// The disk failed.
    Disk(DiskError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(why) => why.fmt(f),
            Self::Rollback { seen, offered } => {
                write!(f, "the log had {seen} entries when it was last seen, now it has {offered}")
            }
            Self::OldSize { seen, offered } => write!(
                f,
                "the proof goes on from {offered} entries, expected {seen}; ask \
                 for one from there"
            ),
            Self::Fork(evidence) => write!(
                f,
                "the log has signed two different states of the same size; both \
                 are kept as {} and {}",
                evidence.seen.display(),
                evidence.offered.display()
            ),
            Self::Inconsistent { why, evidence } => write!(
                f,
                "it is not shown that the log only grew ({why}); both states are \
                 kept as {} and {}",
                evidence.seen.display(),
                evidence.offered.display()
            ),
            Self::Memory { path, what } => write!(f, "{}: {what}", path.display()),
            Self::Locked { path } => {
                write!(f, "another process is cosigning: {} is locked", path.display())
            }
            Self::Time => f.write_str("the time of the cosignature is beyond 2^63 seconds"),
            Self::Disk(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<DiskError> for Refusal {
    fn from(e: DiskError) -> Self {
        Self::Disk(e)
    }
}

/// A witness: its key, and a folder with what it saw of each log.
///
/// ```text
/// seen/ORIGIN_HASH        the latest checkpoint cosigned of a log
/// forks/PAIR.seen         with PAIR.offered: two that do not go together
/// lock                    held while one is cosigned
/// ```
pub struct Witness {
    folder: PathBuf,
    key: SigningKey,
    disk: Arc<dyn Disk>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Witness {} in {}", self.key.name(), self.folder.display())
    }
}

impl Witness {
    /// A witness that remembers in a folder, which is made if it is missing.
    #[must_use]
    pub fn new(folder: &Path, key: SigningKey) -> Self {
        Self::on(Arc::new(RealDisk), folder, key)
    }

    /// The same on any disk.
    #[must_use]
    pub fn on(disk: Arc<dyn Disk>, folder: &Path, key: SigningKey) -> Self {
        Self { folder: folder.to_owned(), key, disk }
    }

    /// The latest checkpoint of a log that it cosigned.
    ///
    /// # Errors
    /// What it remembers cannot be read, or is not signed by that log.
    pub fn seen(&self, log: &VerifyingKey) -> Result<Option<SignedCheckpoint>, Refusal> {
        let path = self.memory_of(log.name());
        let bytes = match std::fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|e| DiskError::new("cannot read", &path, e))?,
        };
        let wrong = |what: String| Refusal::Memory { path: path.clone(), what };
        let seen = SignedCheckpoint::parse(&bytes).map_err(|e| wrong(e.to_string()))?;
        seen.verify(log).map_err(|e| wrong(e.to_string()))?;
        Ok(Some(seen))
    }

    /// Cosigns a checkpoint at a time (seconds since 1970) if it goes on from
    /// what was seen of this log, and remembers it first.
    ///
    /// # Errors
    /// Why it does not.
    pub fn cosign(
        &self,
        request: &AddCheckpoint,
        log: &VerifyingKey,
        time: u64,
    ) -> Result<NoteSignature, Refusal> {
        let offered = request.checkpoint.verify(log).map_err(Refusal::Unsigned)?;
        let signature = cosign(&self.key, request.checkpoint.note().text(), time);
        let signature = signature.ok_or(Refusal::Time)?;
        let mut folders = Folders::default();
        folders.create(&*self.disk, &self.folder)?;
        let _lock = self.lock()?;
        match self.seen(log)? {
            Some(seen) => self.check(request, offered, &seen)?,
            None if request.old_size == 0 && request.proof.is_empty() => {}
            None => return Err(Refusal::OldSize { seen: 0, offered: request.old_size }),
        }
        let path = self.memory_of(log.name());
        folders.write(&*self.disk, &path, &request.checkpoint.to_bytes())?;
        folders.sync(&*self.disk)?;
        Ok(signature)
    }

    /// That what is offered goes on from what was seen.
    fn check(
        &self,
        request: &AddCheckpoint,
        offered: &Checkpoint,
        seen: &SignedCheckpoint,
    ) -> Result<(), Refusal> {
        let before = seen.unverified();
        if offered.contradicts(before) {
            return Err(Refusal::Fork(self.keep(request, seen)?));
        }
        if offered.size < before.size {
            return Err(Refusal::Rollback { seen: before.size, offered: offered.size });
        }
        if request.old_size != before.size {
            return Err(Refusal::OldSize { seen: before.size, offered: request.old_size });
        }
        let (size, root) = (before.size, &before.root);
        let shown = match size {
            // Every log goes on from an empty one.
            0 if request.proof.is_empty() => Ok(()),
            0 => Err(ProofError::Length),
            _ => verify_consistency(size, root, offered.size, &offered.root, &request.proof),
        };
        match shown {
            Ok(()) => Ok(()),
            Err(why) => Err(Refusal::Inconsistent { why, evidence: self.keep(request, seen)? }),
        }
    }

    /// Keeps two checkpoints that do not go together, under a name that is
    /// theirs alone.
    fn keep(&self, request: &AddCheckpoint, seen: &SignedCheckpoint) -> Result<Evidence, Refusal> {
        keep_fork(&*self.disk, &self.folder, seen, &request.to_bytes()).map_err(Refusal::Disk)
    }

    fn memory_of(&self, origin: &str) -> PathBuf {
        self.folder.join("seen").join(Hash::of(origin.as_bytes()).to_string())
    }

    fn lock(&self) -> Result<File, Refusal> {
        let path = self.folder.join("lock");
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(|e| DiskError::new("cannot open", &path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Refusal::Locked { path }),
            Err(TryLockError::Error(e)) => Err(DiskError::new("cannot lock", &path, e).into()),
        }
    }
}

/// Keeps a checkpoint that was seen and what does not go together with it (a
/// checkpoint, or the request that holds it) in the folder `forks` of a
/// witness or a case. The same pair is kept once.
///
/// # Errors
/// The disk fails.
pub fn keep_fork(
    disk: &dyn Disk,
    folder: &Path,
    seen: &SignedCheckpoint,
    offered: &[u8],
) -> Result<Evidence, DiskError> {
    let seen_bytes = seen.to_bytes();
    let both = [Hash::of(&seen_bytes).0, Hash::of(offered).0].concat();
    let pair: String = Hash::of(&both).to_string().chars().take(16).collect();
    let [seen, offered_path] =
        ["seen", "offered"].map(|kind| folder.join("forks").join(format!("{pair}.{kind}")));
    let mut folders = Folders::default();
    folders.write(disk, &seen, &seen_bytes)?;
    folders.write(disk, &offered_path, offered)?;
    folders.sync(disk)?;
    Ok(Evidence { seen, offered: offered_path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::durable::FaultyDisk;
    use crate::merkle::{Tree, leaf_hash};

    fn key() -> SigningKey {
        SigningKey::from_seed("example.com/log", [1; 32]).unwrap()
    }

    fn witness(folder: &Path) -> Witness {
        let key = SigningKey::from_seed("witness.example/w", [2; 32]).unwrap();
        Witness::new(folder, key)
    }

    fn tree(size: u64, salt: u8) -> Tree {
        Tree::new((0..size).map(|n| leaf_hash(&[&n.to_be_bytes()[..], &[salt]].concat())).collect())
    }

    fn request(old_size: u64, size: u64, salt: u8) -> AddCheckpoint {
        let tree = tree(size, salt);
        let head = Checkpoint::new("example.com/log", size, tree.root());
        let checkpoint = SignedCheckpoint::sign(&head, &key()).unwrap();
        AddCheckpoint { old_size, proof: tree.consistency(old_size).unwrap(), checkpoint }
    }

    fn cosign(witness: &Witness, request: &AddCheckpoint) -> Result<(), Refusal> {
        let request = AddCheckpoint::parse(&request.to_bytes()).unwrap();
        let signature = witness.cosign(&request, &key().verifying_key(), 7)?;
        let mut note = request.checkpoint.note().clone();
        note.add(signature);
        assert_eq!(note.verify(&witness.key.cosigner_key()), Ok(Some(7)));
        Ok(())
    }

    fn size_seen(witness: &Witness) -> Option<u64> {
        witness.seen(&key().verifying_key()).unwrap().map(|seen| seen.unverified().size)
    }

    #[test]
    fn a_witness_cosigns_what_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let witness = witness(&folder.path().join("new/folder"));
        let steps = [(0, 0), (0, 3), (3, 3), (3, 4), (4, 700), (700, 1_024)];
        for (old, new) in steps {
            cosign(&witness, &request(old, new, 0)).unwrap();
            assert_eq!(size_seen(&witness), Some(new));
        }
        assert!(!folder.path().join("new/folder/forks").exists());
    }

    #[test]
    fn a_witness_begins_with_nothing_seen() {
        let folder = tempfile::tempdir().unwrap();
        let witness = witness(folder.path());
        let refused = cosign(&witness, &request(3, 5, 0)).unwrap_err();
        assert!(matches!(refused, Refusal::OldSize { seen: 0, offered: 3 }), "{refused}");
        assert_eq!(size_seen(&witness), None);
    }

    #[test]
    fn what_does_not_go_on_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let witness = witness(folder.path());
        cosign(&witness, &request(0, 10, 0)).unwrap();
        let cosign = |request: &AddCheckpoint| cosign(&witness, request).unwrap_err();
        let refused = cosign(&request(5, 9, 0));
        assert!(matches!(refused, Refusal::Rollback { seen: 10, offered: 9 }), "{refused}");
        for old in [0, 9, 11] {
            let refused = cosign(&request(old, 12, 0));
            assert!(matches!(refused, Refusal::OldSize { seen: 10, .. }), "{refused}");
        }
        let stranger = SigningKey::from_seed("example.com/log", [3; 32]).unwrap();
        let mut forged = request(10, 12, 0);
        let head = forged.checkpoint.unverified().clone();
        forged.checkpoint = SignedCheckpoint::sign(&head, &stranger).unwrap();
        assert!(matches!(cosign(&forged), Refusal::Unsigned(_)));
        let other = SigningKey::from_seed("example.com/other", [1; 32]).unwrap();
        let head = Checkpoint { origin: "example.com/other".into(), ..head };
        forged.checkpoint = SignedCheckpoint::sign(&head, &other).unwrap();
        assert!(matches!(cosign(&forged), Refusal::Unsigned(_)));
        assert_eq!(size_seen(&witness), Some(10));
        assert!(!folder.path().join("forks").exists());
    }

    #[test]
    fn two_stories_are_kept_as_evidence() {
        let folder = tempfile::tempdir().unwrap();
        let witness = witness(folder.path());
        cosign(&witness, &request(0, 10, 0)).unwrap();
        // The same size, another root: whatever it claims to go on from.
        for old in [0, 10, 4] {
            let fork = request(old, 10, 1);
            let refused = cosign(&witness, &fork).unwrap_err();
            let Refusal::Fork(evidence) = refused else { panic!("{refused}") };
            let seen = SignedCheckpoint::parse(&std::fs::read(evidence.seen).unwrap()).unwrap();
            let offered = std::fs::read(evidence.offered).unwrap();
            let offered = AddCheckpoint::parse(&offered).unwrap().checkpoint;
            assert_eq!(fork_evidence(&seen, &offered, &key().verifying_key()), Ok(true));
        }
        // A larger log with another beginning.
        let refused = cosign(&witness, &request(10, 20, 1)).unwrap_err();
        let Refusal::Inconsistent { why, evidence } = refused else { panic!("{refused}") };
        assert_eq!(why, ProofError::OldRoot);
        assert!(evidence.seen.exists() && evidence.offered.exists());
        assert_eq!(size_seen(&witness), Some(10));
        assert_eq!(std::fs::read_dir(folder.path().join("forks")).unwrap().count(), 8);
        cosign(&witness, &request(10, 20, 0)).unwrap();
    }

    #[test]
    fn evidence_needs_two_signatures() {
        let [a, b, c] = [(5, 0), (5, 1), (6, 1)].map(|(n, salt)| request(0, n, salt).checkpoint);
        let log = key().verifying_key();
        assert_eq!(fork_evidence(&a, &b, &log), Ok(true));
        assert_eq!(fork_evidence(&a, &a, &log), Ok(false));
        assert_eq!(fork_evidence(&a, &c, &log), Ok(false));
        let stranger = SigningKey::from_seed("example.com/log", [3; 32]).unwrap();
        let forged = SignedCheckpoint::sign(b.unverified(), &stranger).unwrap();
        assert!(fork_evidence(&a, &forged, &log).is_err());
        assert!(fork_evidence(&forged, &a, &log).is_err());
    }

    #[test]
    fn nothing_is_cosigned_that_is_not_remembered() {
        for steps in 0.. {
            let folder = tempfile::tempdir().unwrap();
            cosign(&witness(folder.path()), &request(0, 10, 0)).unwrap();
            let key = witness(folder.path()).key;
            let disk = Arc::new(FaultyDisk::after(steps));
            let done = cosign(&Witness::on(disk, folder.path(), key), &request(10, 20, 0));
            let seen = size_seen(&witness(folder.path())).unwrap();
            assert!(seen == 20 || (seen == 10 && done.is_err()), "{seen} after {steps}");
            if done.is_ok() {
                assert!(steps >= 3);
                break;
            }
        }
    }

    #[test]
    fn a_memory_that_was_tampered_with_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let witness = witness(folder.path());
        cosign(&witness, &request(0, 10, 0)).unwrap();
        let path = witness.memory_of("example.com/log");
        let good = std::fs::read_to_string(&path).unwrap();
        for bad in [String::new(), good.replace("\n10\n", "\n9\n")] {
            std::fs::write(&path, bad).unwrap();
            let refused = cosign(&witness, &request(10, 20, 0)).unwrap_err();
            assert!(matches!(refused, Refusal::Memory { .. }), "{refused}");
        }
    }

    #[test]
    fn one_process_cosigns_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let witness = witness(folder.path());
        let lock = witness.lock().unwrap();
        let refused = cosign(&witness, &request(0, 10, 0)).unwrap_err();
        assert!(matches!(refused, Refusal::Locked { .. }), "{refused}");
        drop(lock);
        cosign(&witness, &request(0, 10, 0)).unwrap();
    }

    #[test]
    fn requests_that_are_none_are_refused() {
        let good = request(3, 10, 0).to_string();
        assert_eq!(AddCheckpoint::parse(good.as_bytes()).unwrap(), request(3, 10, 0));
        let hash = format!("{}\n", Hash([1; 32]).base64());
        for case in [
            String::new(),
            good.replace("old 3", "old 03"),
            good.replace("old 3", "old 11"),
            good.replace("old 3", "old 0"),
            good.replace("old 3\n", ""),
            good.replace("old 3\n", "old 3\nAAAA\n"),
            good.replace("old 3\n", &format!("old 3\n{}", hash.repeat(64))),
            good.replace("\n\nexample", "\nexample"),
            good.replace('\n', "\r\n"),
            format!("{good}\n"),
        ] {
            assert!(AddCheckpoint::parse(case.as_bytes()).is_err(), "{case}");
        }
    }
}
