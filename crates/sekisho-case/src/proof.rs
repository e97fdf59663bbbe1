//! C2SP tlog-proof: that an entry is in a log, in one small text file that can
//! be checked without the log.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::SignedCheckpoint;
use crate::error::{Malformed, decimal};
use crate::hash::{Hash, shown};
use crate::limits::{NOTE_BYTES_MAX, PROOF_EXTRA_BYTES_MAX, PROOF_HASHES_MAX};
use crate::log::{Log, LogError};
use crate::merkle::{ProofError, leaf_hash, verify_inclusion};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The proof that an entry is in a log, with the checkpoint that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Whatever an application adds; nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// Number of the entry.
    pub index: u64,
    /// From the sibling of the entry up to the root's child.
    pub hashes: Vec<Hash>,
    /// The checkpoint, with its signatures.
    pub checkpoint: SignedCheckpoint,
}

impl TlogProof {
    /// The proof of an entry of a log under its published checkpoint.
    ///
    /// # Errors
    /// There is no such entry, or the log is damaged.
    pub fn of(log: &Log, index: u64) -> Result<Self, LogError> {
        let hashes = log.inclusion(index, log.size())?;
        Ok(Self { extra: None, index, hashes, checkpoint: log.checkpoint().clone() })
    }

    /// Checks that these are the bytes of the entry, under the root of the
    /// checkpoint. Who signed the checkpoint is another question: see
    /// [`SignedCheckpoint::verify`] and [`Policy`](crate::policy::Policy).
    ///
    /// # Errors
    /// Why the proof does not show it.
    pub fn verify(&self, entry: &[u8]) -> Result<(), ProofError> {
        let head = self.checkpoint.unverified();
        verify_inclusion(&leaf_hash(entry), self.index, head.size, &self.hashes, &head.root)
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let wrong = |what: &str, expected: &str| {
            Malformed::new(format!("proof of an entry: {what}"), expected)
        };
        if bytes.len() > NOTE_BYTES_MAX + PROOF_EXTRA_BYTES_MAX * 2 {
            return Err(wrong(&format!("it has {} bytes", bytes.len()), "fewer"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("that is no text", "UTF-8"))?;
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| wrong("there is no empty line", "one before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(wrong("it begins otherwise", FIRST_LINE));
        }
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra.map(|line| {
            let base64 = line.strip_prefix("extra ").unwrap_or_default();
            let bytes = STANDARD.decode(base64).ok();
            let bytes = bytes.filter(|bytes| bytes.len() <= PROOF_EXTRA_BYTES_MAX);
            bytes.ok_or_else(|| wrong("the extra data is not as it should be", "some base64"))
        });
        let line = lines.next().unwrap_or_default();
        let index = line.strip_prefix("index ").and_then(decimal).ok_or_else(|| {
            wrong(&format!("there is {} where the index should be", shown(line)), "index NUMBER")
        })?;
        let hashes = parse_hashes(lines).map_err(|e| e.in_part("proof of an entry"))?;
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        Ok(Self { extra: extra.transpose()?, index, hashes, checkpoint })
    }

    /// As it is written.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", hash.base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Lines with one hash each.
pub(crate) fn parse_hashes<'a>(
    lines: impl Iterator<Item = &'a str>,
) -> Result<Vec<Hash>, Malformed> {
    let mut hashes = Vec::new();
    for line in lines {
        if hashes.len() == PROOF_HASHES_MAX {
            return Err(Malformed::new("it has too many hashes", "at most 63"));
        }
        hashes.push(Hash::from_base64(line)?);
    }
    Ok(hashes)
}

/// How many hashes the inclusion proof of a tree of that size has at most.
#[must_use]
pub fn inclusion_hashes_max(size: u64) -> u32 {
    size.max(1).next_power_of_two().trailing_zeros()
}

/// How many bytes the hashes take at most that prove an event: from the event
/// to the root of its cell, and from the cell's record to the root of the log.
#[must_use]
pub fn event_proof_bytes_max(cell_events: u64, log_entries: u64) -> u64 {
    32 * u64::from(inclusion_hashes_max(cell_events) + inclusion_hashes_max(log_entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::key::SigningKey;
    use crate::merkle::Tree;

    fn proof(size: u64, index: u64, extra: Option<&[u8]>) -> TlogProof {
        let key = SigningKey::from_seed("example.com/log", [7; 32]).unwrap();
        let tree = Tree::new((0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect());
        let checkpoint = Checkpoint::new(key.name(), size, tree.root());
        TlogProof {
            extra: extra.map(<[u8]>::to_vec),
            index,
            hashes: tree.inclusion(index).unwrap(),
            checkpoint: SignedCheckpoint::sign(&checkpoint, &key).unwrap(),
        }
    }

    #[test]
    fn proofs_are_written_read_and_checked() {
        for (size, index, extra) in
            [(1, 0, None), (2, 1, Some(b"x".as_slice())), (300, 299, Some(b"")), (300, 77, None)]
        {
            let proof = proof(size, index, extra);
            let read = TlogProof::parse(&proof.to_bytes()).unwrap();
            assert_eq!(read, proof);
            assert_eq!(read.verify(&index.to_be_bytes()), Ok(()));
            assert_eq!(read.verify(b"other"), Err(ProofError::Root));
        }
    }

    #[test]
    fn proofs_that_are_none_are_refused() {
        let good = proof(300, 77, Some(b"extra")).to_string();
        let hash = format!("{}\n", Hash([1; 32]).base64());
        let cases = [
            String::new(),
            good.replace("@v1", "@v2"),
            good.replace("extra ZX", "extra  ZX"),
            good.replace("extra ZX", "extra Z"),
            good.replace("index 77", "index 077"),
            good.replace("index 77", "index -77"),
            good.replace("index 77\n", ""),
            good.replace("index 77\n", "index 77\n\n"),
            good.replace("index 77\n", "index 77\nAAAA\n"),
            good.replace("index 77\n", &format!("index 77\n{}", hash.repeat(64))),
            good.replace("index 77\n", "index 77\nextra ZXh0cmE=\n"),
            good.replace("\n\nexample", "\nexample"),
            good.replace("\n300\n", "\n0300\n"),
            good.replace('\n', "\r\n"),
            format!("{good}\n"),
            format!(" {good}"),
        ];
        for case in cases {
            assert_ne!(case, good);
            assert!(TlogProof::parse(case.as_bytes()).is_err(), "{case}");
        }
        assert!(TlogProof::parse(&[0xff; 9]).is_err());
    }

    #[test]
    fn an_event_among_a_thousand_million_is_proven_in_less_than_1500_bytes() {
        const EVENTS: u64 = 1_000_000_000;
        let hashes = |size| u64::from(inclusion_hashes_max(size));
        // However evenly filled cells are cut: a few large ones or many small.
        for cells in (0..30).map(|bit| 1u64 << bit).chain([EVENTS, 3, 1_000, 31_623, 999_999]) {
            let cell_events = EVENTS.div_ceil(cells);
            let records_beside_cells = 1_000;
            let bytes = event_proof_bytes_max(cell_events, cells + records_beside_cells);
            assert!(bytes <= 41 * 32, "{cells} cells: {bytes} bytes");
            if cells > records_beside_cells {
                assert!(bytes <= 32 * 32, "{cells} cells: {bytes} bytes");
                // As text: 45 bytes a line in a proof, 47 an item in JSON.
                let text = hashes(cell_events) * 47 + hashes(cells) * 45;
                assert!(text < 1_500, "{cells} cells: {text} bytes of text");
            }
        }
        // Most uneven within reason: half of all in one cell, 65,536 cells.
        assert!(event_proof_bytes_max(EVENTS / 2, 65_536) < 1_500);
        // A tree of that many leaves has no longer proof anywhere.
        for (size, hashes) in [(0, 0), (1, 0), (2, 1), (3, 2), (256, 8), (257, 9), (EVENTS, 30)] {
            assert_eq!(inclusion_hashes_max(size), hashes);
            let ranges = crate::merkle::inclusion_ranges(0, size).len();
            assert_eq!(ranges, usize::try_from(hashes).unwrap());
        }
    }
}
