//! Whatever bytes come: no reader of them panics, and what is read is written
//! back as it was, so that nothing can be said in two ways.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use proptest::prelude::*;
use sekisho_case::checkpoint::{Checkpoint, SignedCheckpoint};
use sekisho_case::key::{SigningKey, VerifyingKey};
use sekisho_case::merkle::{Tree, leaf_hash};
use sekisho_case::note::Note;
use sekisho_case::policy::Policy;
use sekisho_case::proof::TlogProof;
use sekisho_case::tile::{Tile, parse_entries, parse_hashes, push_entry, write_hashes};
use sekisho_case::witness::AddCheckpoint;

/// Bytes that are right: a proof, a request, a policy, a key, a path, a bundle.
fn right() -> Vec<Vec<u8>> {
    let key = SigningKey::from_seed("example.com/log", [7; 32]).unwrap();
    let tree = Tree::new((0..9u8).map(|n| leaf_hash(&[n])).collect());
    let head = Checkpoint::new(key.name(), 9, tree.root());
    let checkpoint = SignedCheckpoint::sign(&head, &key).unwrap();
    let proof = tree.consistency(3).unwrap();
    let request = AddCheckpoint { old_size: 3, proof, checkpoint: checkpoint.clone() };
    let (extra, hashes) = (Some(b"x".to_vec()), tree.inclusion(5).unwrap());
    let proof = TlogProof { extra, index: 5, hashes, checkpoint };
    let witnesses = [("a".to_owned(), key.verifying_key())];
    let policy = Policy::text_needing_all(&key.verifying_key(), &witnesses);
    let mut bundle = Vec::new();
    push_entry(&mut bundle, b"entry").unwrap();
    vec![
        proof.to_bytes(),
        request.to_bytes(),
        request.checkpoint.to_bytes(),
        policy.into_bytes(),
        key.vkey().into_bytes(),
        b"tile/0/x001/234.p/5".to_vec(),
        bundle,
    ]
}

/// Reads bytes in every way; how many of them succeeded.
fn read_all(bytes: &[u8]) -> usize {
    let mut read = 0;
    let mut same = |written: Option<Vec<u8>>| {
        if let Some(written) = written {
            assert_eq!(written, bytes);
            read += 1;
        }
    };
    same(Note::parse(bytes).ok().map(|note| note.to_string().into_bytes()));
    same(SignedCheckpoint::parse(bytes).ok().map(|checkpoint| checkpoint.to_bytes()));
    same(TlogProof::parse(bytes).ok().map(|proof| proof.to_bytes()));
    same(AddCheckpoint::parse(bytes).ok().map(|request| request.to_bytes()));
    same(parse_hashes(bytes).ok().map(|hashes| write_hashes(&hashes)));
    same(parse_entries(bytes).ok().map(|entries| {
        let mut bundle = Vec::new();
        entries.iter().for_each(|entry| push_entry(&mut bundle, entry).unwrap());
        bundle
    }));
    let text = String::from_utf8_lossy(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        same(text.parse::<Tile>().ok().map(|tile| tile.to_string().into_bytes()));
        same(text.parse::<VerifyingKey>().ok().map(|key| key.to_string().into_bytes()));
    }
    read + usize::from(Policy::parse(&text).is_ok())
}

#[test]
fn what_is_right_is_read() {
    right().iter().for_each(|bytes| assert!(read_all(bytes) > 0));
}

proptest! {
    #[test]
    fn nothing_is_read_in_two_ways(
        which in 0usize..7,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..4)
    ) {
        let mut bytes = right().swap_remove(which);
        for (at, byte, how) in changes {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            match how {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => { bytes.remove(at); }
                2 => bytes.truncate(at),
                _ if at < bytes.len() => bytes[at] = byte,
                _ => {}
            }
        }
        read_all(&bytes);
    }

    #[test]
    fn nothing_panics(bytes in any::<Vec<u8>>()) {
        read_all(&bytes);
    }
}
