//! Any bytes as the leaf of an event: what is read has no other way of being
//! written. Any change to a leaf that was sealed is refused, or is another
//! leaf, which is not in the cell and which no disclosure of the old one opens
//! otherwise than before.
#![no_main]

mod edits;
#[allow(dead_code, reason = "other targets need the rest")]
mod sealed;

use std::sync::LazyLock;

use edits::{Bytes, edit};
use libfuzzer_sys::fuzz_target;
use sealed::Sealed;
use sekisho_case::event::{Disclosure, Leaf, check};
use sekisho_case::merkle::{Tree, leaf_hash, verify_inclusion};
use sekisho_case::record::SealKind;

static SEALED: LazyLock<[Sealed; 2]> =
    LazyLock::new(|| [SealKind::Fields, SealKind::Whole].map(Sealed::new));

/// A leaf from its parts.
fn rewritten(leaf: &Leaf) -> Vec<u8> {
    let mut bytes = leaf.head.to_bytes(leaf.kind).to_vec();
    let count = u16::try_from(leaf.digests().len()).expect("as many as a leaf has");
    bytes.extend(count.to_be_bytes());
    leaf.digests().iter().for_each(|digest| bytes.extend(digest.0));
    bytes
}

fn read(bytes: &[u8]) -> Option<Leaf> {
    let leaf = Leaf::parse(bytes).ok()?;
    assert_eq!(rewritten(&leaf), bytes);
    assert_eq!(leaf.as_bytes(), bytes);
    assert_eq!(leaf.hash(), leaf_hash(bytes));
    assert!(leaf.digests().is_sorted_by(|a, b| a < b));
    Some(leaf)
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut edits = Bytes(bytes);
    let Some(which) = edits.byte() else { return };
    let events = &SEALED[usize::from(which & 1)].events[0];
    let event = &events[1];
    let mut changed = event.leaf.clone();
    edit(&mut changed, &mut edits);
    let (Some(leaf), false) = (read(&changed), changed == event.leaf) else { return };
    let tree = Tree::new(events.iter().map(|event| leaf_hash(&event.leaf)).collect());
    for index in 0..events.len() as u64 {
        let proof = tree.inclusion(index).expect("an event of the cell");
        let size = events.len() as u64;
        let own = events.iter().zip(0..).any(|(e, n)| n == index && e.leaf == changed);
        let found = verify_inclusion(&leaf.hash(), index, size, &proof, &tree.root());
        assert_eq!(found.is_ok(), own, "a leaf that was not sealed is in the cell");
    }
    let old = Leaf::parse(&event.leaf).expect("as it was sealed");
    for (_, text) in &event.disclosures {
        let disclosure = Disclosure::parse(text).expect("as it was sealed");
        let is_there = leaf.digests().contains(&disclosure.digest());
        let opened = check(&leaf, std::slice::from_ref(&disclosure));
        assert!(is_there || opened.is_err(), "a digest that is not there was opened");
        if let Ok(opened) = opened {
            let before = check(&old, &[disclosure]).expect("as it was sealed");
            assert_eq!(opened.fields, before.fields);
        }
    }
});
