//! Any bytes as what is signed and by whom: notes, checkpoints, cosignatures,
//! proofs, requests, keys, names of tiles, policies. What is read is written
//! the same. Of a checkpoint with signatures that hold, nothing can be changed
//! so that they still do; and a policy says of it what a plain reading of the
//! policy says.
#![no_main]

mod edits;
#[allow(dead_code, reason = "other targets need the rest")]
mod sealed;

use std::collections::HashMap;
use std::sync::LazyLock;

use edits::{Bytes, edit};
use libfuzzer_sys::fuzz_target;
use sealed::{COSIGNED, ORIGIN, Sealed, checkpoint, owner, witness};
use sekisho_case::checkpoint::{Checkpoint, SignedCheckpoint};
use sekisho_case::key::{SigningKey, VerifyingKey};
use sekisho_case::merkle::{Tree, leaf_hash};
use sekisho_case::note::{Note, Standing};
use sekisho_case::policy::Policy;
use sekisho_case::proof::TlogProof;
use sekisho_case::record::SealKind;
use sekisho_case::tile::{Tile, parse_hashes, write_hashes};
use sekisho_case::witness::AddCheckpoint;

struct Right {
    checkpoint: SignedCheckpoint,
    entry: Vec<u8>,
    /// Texts of each kind.
    texts: Vec<Vec<u8>>,
}

static RIGHT: LazyLock<Right> = LazyLock::new(|| {
    let entries = Sealed::new(SealKind::Fields).entries;
    let checkpoint = checkpoint(&entries);
    let tree = Tree::new(entries.iter().map(|entry| leaf_hash(entry)).collect());
    let hashes = tree.inclusion(1).expect("an entry");
    let proof = TlogProof { extra: None, index: 1, hashes, checkpoint: checkpoint.clone() };
    let proof_of_growth = tree.consistency(3).expect("not so many");
    let request =
        AddCheckpoint { old_size: 3, proof: proof_of_growth, checkpoint: checkpoint.clone() };
    let texts = vec![
        checkpoint.to_bytes(),
        proof.to_bytes(),
        request.to_bytes(),
        owner().vkey().into_bytes(),
        witness().cosigner_vkey().into_bytes(),
        policy().into_bytes(),
        b"tile/0/x001/234.p/5".to_vec(),
    ];
    Right { checkpoint, entry: entries[1].clone(), texts }
});

fn log_key() -> SigningKey {
    owner().with_name(ORIGIN).expect("a name")
}

/// A policy with all that a policy can have.
fn policy() -> String {
    let other = |name| SigningKey::from_seed(name, [7; 32]).expect("a name").cosigner_vkey();
    format!(
        "# who\nlog {} https://example.com\nwitness w {}\nwitness v {}\ngroup g any w v\n\
         group h 1 g\nquorum h\n",
        log_key().vkey(),
        witness().cosigner_vkey(),
        other("example.com/other"),
    )
}

/// What was read is written the same.
fn same(bytes: &[u8], written: Option<Vec<u8>>) {
    if let Some(written) = written {
        assert_eq!(written, bytes);
    }
}

fn read(bytes: &[u8]) {
    same(bytes, Note::parse(bytes).ok().map(|note| note.to_string().into_bytes()));
    same(bytes, parse_hashes(bytes).ok().map(|hashes| write_hashes(&hashes)));
    if let Ok(signed) = SignedCheckpoint::parse(bytes) {
        same(bytes, Some(signed.to_bytes()));
        signature(&signed);
    }
    if let Ok(proof) = TlogProof::parse(bytes) {
        same(bytes, Some(proof.to_bytes()));
        signature(&proof.checkpoint);
        let signed = proof.checkpoint.verify(&log_key().verifying_key()).is_ok();
        let right = &*RIGHT;
        if signed && proof.verify(&right.entry).is_ok() {
            assert_eq!(proof.index, 1, "the entry is proven to be elsewhere");
        }
    }
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        same(bytes, Some(request.to_bytes()));
        signature(&request.checkpoint);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    same(bytes, text.parse::<Tile>().ok().map(|tile| tile.to_string().into_bytes()));
    same(bytes, text.parse::<VerifyingKey>().ok().map(|key| key.to_string().into_bytes()));
    same(bytes, Checkpoint::parse(text).ok().map(|head| head.to_string().into_bytes()));
    follow(text);
}

/// Signatures hold for what was signed, and for nothing else.
fn signature(signed: &SignedCheckpoint) {
    let right = &RIGHT.checkpoint;
    let same_text = signed.note().text() == right.note().text();
    if let Ok(head) = signed.verify(&log_key().verifying_key()) {
        assert!(same_text && head == right.unverified(), "{signed}");
    }
    if let Standing::Signed(time) = signed.note().standing(&witness().cosigner_key()) {
        assert!(same_text && time == Some(COSIGNED), "{signed}");
    }
}

/// A policy says what a plain reading of it does.
fn follow(text: &str) {
    let Ok(policy) = Policy::parse(text) else { return };
    let found = policy.evaluate(&RIGHT.checkpoint);
    let mut reached: HashMap<&str, bool> = HashMap::from([("none", true)]);
    let mut quorum = None;
    let note = RIGHT.checkpoint.note();
    for line in text.split('\n') {
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        let holds = match words.as_slice() {
            ["witness", _, key, ..] => {
                let key: VerifyingKey = key.parse().expect("a key");
                matches!(note.standing(&key), Standing::Signed(_))
            }
            ["group", _, needed, members @ ..] => {
                let count = members.iter().filter(|member| reached[**member]).count();
                let needed = match *needed {
                    "all" => members.len(),
                    "any" => 1,
                    number => number.parse().expect("a number"),
                };
                count >= needed
            }
            ["quorum", name] => {
                quorum = Some(*name);
                continue;
            }
            _ => continue,
        };
        reached.insert(words[1], holds);
    }
    assert_eq!(found.has_quorum(), reached[quorum.expect("a quorum")], "{text}");
    let witnesses = policy.witnesses().count();
    assert_eq!(found.witnesses.len(), witnesses);
    for missing in &found.missing {
        assert!((1..=missing.of.len()).contains(&missing.needed), "{text}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut edits = Bytes(bytes);
    let texts = &RIGHT.texts;
    let Some(which) = edits.byte() else { return };
    let mut text = texts[usize::from(which) % texts.len()].clone();
    edit(&mut text, &mut edits);
    read(&text);
});
