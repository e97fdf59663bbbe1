//! How small a proof is: from an event to the root of its cell, and from the
//! record of the cell to the signed checkpoint. `SEKISHO_SLOW_TESTS=1` takes
//! ten million events.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail, and says what it did"
)]

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
    let mut largest = 0;
    for cells in [1, 1_000, 31_623, 1_000_000, EVENTS / 100] {
        let records = cells + 10_000;
        let checkpoint = Checkpoint::new(ORIGIN, records, Hash([9; 32]));
        let signed = SignedCheckpoint::sign(&checkpoint, &owner.with_name(ORIGIN).unwrap());
        let signed = signed.unwrap().to_bytes().len() as u64;
        // Equal cells, and one that has half of all.
        for cell_events in [EVENTS.div_ceil(cells), EVENTS / 2] {
            largest = largest.max(event_proof_bytes_max(cell_events, records) + signed);
        }
    }
    println!("{EVENTS} events: at most {largest} bytes a proof");
    // Half of all in one cell and ten million other cells: 29 + 24 hashes.
    assert!(largest < 2_000, "{largest}");
    let within = |cell_events, records| event_proof_bytes_max(cell_events, records) + 250;
    assert!(within(1_000, 1_010_000) < PROOF_BYTES_MAX as u64);
    assert!(within(EVENTS / 2, 1_000) < PROOF_BYTES_MAX as u64);
}
