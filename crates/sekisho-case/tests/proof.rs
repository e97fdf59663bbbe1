//! How small a proof is: from an event to the root of its cell, and from the
//! record of the cell to the signed checkpoint. `SEKISHO_SLOW_TESTS=1` takes
//! ten million events.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use sekisho_case::Hash;
use sekisho_case::checkpoint::{Checkpoint, SignedCheckpoint};
use sekisho_case::key::SigningKey;
use sekisho_case::log::Log;
use sekisho_case::merkle::{Tree, leaf_hash, verify_inclusion};
use sekisho_case::proof::{TlogProof, event_proof_bytes_max};
use sekisho_case::record::{Body, Cell, Endpoint, Nonce, Record};

const ORIGIN: &str = "example.com/owner/case/0123456789abcdef";

/// What a proof may take, in bytes.
const PROOF_BYTES_MAX: usize = 1_500;

fn leaf(number: u64) -> Vec<u8> {
    format!("the leaf of event {number}").into_bytes()
}

fn cell(number: u32, events: u64, root: Hash) -> Vec<u8> {
    let unknown = Endpoint { time: None, record_id: None };
    let cell = Cell {
        number,
        product: "windows".into(),
        host: format!("host-{number}"),
        channel: "Security".into(),
        day: None,
        events,
        root,
        first: unknown,
        last: unknown,
        missing: None,
    };
    Record::new(Nonce::random().unwrap(), Body::Cell(cell)).to_bytes().unwrap()
}

/// Numbers of the first event of each cell, and of the end: one cell has half
/// of all events, the others have the rest in equal parts.
fn starts(events: u64, cells: u64) -> Vec<u64> {
    let half = events / 2;
    let mut starts = vec![0];
    starts.extend((0..cells).map(|n| half + (events - half) * n / cells));
    starts.push(events);
    starts
}

#[test]
fn an_event_is_proven_in_few_bytes() {
    let slow = std::env::var_os("SEKISHO_SLOW_TESTS").is_some();
    let (events, cells) = if slow { (10_000_000, 5_000) } else { (100_000, 500) };
    let folder = tempfile::tempdir().unwrap();
    let owner = SigningKey::from_seed("example.com/owner", [7; 32]).unwrap();
    let log_key = owner.verifying_key().with_name(ORIGIN).unwrap();
    let mut writer = Log::create(folder.path(), &log_key).unwrap();
    let starts = starts(events, cells);
    // In each cell: the first event, the last, and one amid them.
    let mut proven = Vec::new();
    for (number, ends) in (0u32..).zip(starts.windows(2)) {
        let (first, size) = (ends[0], ends[1] - ends[0]);
        let tree = Tree::new((first..ends[1]).map(|n| leaf_hash(&leaf(n))).collect());
        let record = cell(number, size, tree.root());
        assert_eq!(writer.append(&record).unwrap(), u64::from(number));
        for index in [0, size / 3, size - 1] {
            let proof = tree.inclusion(index).unwrap();
            let hash = leaf_hash(&leaf(first + index));
            verify_inclusion(&hash, index, size, &proof, &tree.root()).unwrap();
            proven.push((number, size, record.clone(), proof.len()));
        }
    }
    writer.publish(&owner).unwrap();
    let log = writer.log().unwrap();
    let mut largest = 0;
    for (entry, size, record, hashes) in proven {
        let proof = TlogProof::of(&log, entry.into()).unwrap();
        proof.verify(&record).unwrap();
        let of_hashes = 32 * (hashes + proof.hashes.len());
        assert!(of_hashes as u64 <= event_proof_bytes_max(size, log.size()));
        largest = largest.max(of_hashes + proof.checkpoint.to_bytes().len());
        // Also as the proof is written: text, 45 bytes a hash.
        let written = proof.to_bytes().len() + 45 * hashes;
        assert!(written < PROOF_BYTES_MAX + 500, "{written} bytes of text");
    }
    println!("{events} events in {} cells: at most {largest} bytes a proof", starts.len() - 1);
    assert!(largest < PROOF_BYTES_MAX, "{largest}");
    assert!(largest > 32 * 20, "{largest}: too small to be true");
}

#[test]
fn so_it_is_with_a_thousand_million_events() {
    const EVENTS: u64 = 1_000_000_000;
    let owner = SigningKey::from_seed("example.com/owner", [7; 32]).unwrap();
    let owner = owner.with_name(ORIGIN).unwrap();
    // Proof and signed checkpoint together.
    let bytes = |cell_events: u64, entries: u64| {
        let checkpoint = Checkpoint::new(ORIGIN, entries, Hash([9; 32]));
        let signed = SignedCheckpoint::sign(&checkpoint, &owner).unwrap().to_bytes();
        event_proof_bytes_max(cell_events, entries) + signed.len() as u64
    };
    let limit = PROOF_BYTES_MAX as u64;
    // However many cells there are, if they are about equal, and as many other records again.
    for cells in (0..30).map(|bit| 1 << bit).chain([3, 1_000, 31_623, 999_999, EVENTS]) {
        let largest = bytes(EVENTS.div_ceil(cells), 2 * cells);
        assert!(largest < limit, "{cells} cells: {largest}");
    }
    // Half of all in one cell of a thousand.
    assert!(bytes(EVENTS / 2, 1_000) < limit);
    // Nothing within reason takes 2,000.
    let worst = bytes(EVENTS / 2, 10_000_000);
    println!("{EVENTS} events: {} bytes a proof, at worst {worst}", bytes(1_000, 1_010_000));
    assert!(worst < 2_000, "{worst}");
}
