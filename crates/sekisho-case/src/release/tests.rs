use std::time::Instant;

use super::*;
use crate::checkpoint::Checkpoint;
use crate::cosignature::cosign;
use crate::event::{EventHead, EventSealer, Kind, NAMES_NAME, PreparedName, SealedEvent};
use crate::key::{SigningKey, VerifyingKey};
use crate::merkle::{Frontier, Tree, leaf_hash};
use crate::policy::Policy;
use crate::record::{
    Body, Case, Cell, Cells, Counted, Endpoint, Examination, ExaminationKind, Nonce, Party, Record,
    Release, Role, Seal, SealKind, Span, Verdicts,
};
use crate::statement::{Place, Standing, Statement};
use crate::time::Day;

const ORIGIN: &str = "example.com/owner/case/0123456789abcdef";
const DAY: &str = "2026-02-17";
const NONCE: [u8; 16] = [9; 16];
const WITNESS: &str = "example.org/witness";

fn owner() -> SigningKey {
    SigningKey::from_seed("example.com/owner", [1; 32]).unwrap()
}

fn witness() -> SigningKey {
    SigningKey::from_seed(WITNESS, [2; 32]).unwrap()
}

/// A case with one examination: entries, and leaves of the events of each cell
/// (cell n is entry n + 1).
struct Fixture {
    entries: Vec<Vec<u8>>,
    cells: Vec<Vec<SealedEvent>>,
    trees: Vec<Tree>,
    policy: String,
}

fn sealed(kind: Kind, cell: u64, index: u64) -> SealedEvent {
    let midnight = i64::from(DAY.parse::<Day>().unwrap().number()) * 86_400_000_000_000;
    let head = EventHead {
        time: midnight + i64::try_from(index).unwrap(),
        record_id: index,
        source: 0,
        offset: cell << 32 | index,
        ordinal: 0,
    };
    let secret = owner().salt_secret();
    let mut sealer = EventSealer::new(&secret, ORIGIN, &NONCE, kind);
    let names = ["Computer", "Image", "IpAddress", "User"].map(PreparedName::new);
    let mut event = sealer.begin(&head);
    for name in &names {
        event.field(name, format!("\"{} {cell} {index}\"", name.written()).as_bytes());
    }
    event.disclose().unwrap()
}

fn record(body: Body) -> Vec<u8> {
    Record::new(Nonce([5; 16]), body).to_bytes().unwrap()
}

impl Fixture {
    fn new(kind: SealKind, sizes: &[u64]) -> Self {
        let log = owner().verifying_key().with_name(ORIGIN).unwrap();
        let policy = Policy::text_needing_all(&log, &[]);
        let mut fixture =
            Self { entries: Vec::new(), cells: Vec::new(), trees: Vec::new(), policy };
        let key = owner().verifying_key();
        fixture.entries.push(record(Body::Case(Case {
            version: 1,
            origin: ORIGIN.into(),
            name: "Case".into(),
            parties: vec![Party { name: "We".into(), role: Role::Owner, key }],
            policy: fixture.policy.clone(),
        })));
        let mut frontier = Frontier::new();
        for (cell, size) in (0..).zip(sizes) {
            let events: Vec<_> = (0..*size).map(|at| sealed(kind.into(), cell, at)).collect();
            let tree = Tree::new(events.iter().map(|event| leaf_hash(&event.leaf)).collect());
            let at = Endpoint { time: None, record_id: None };
            let bytes = record(Body::Cell(Cell {
                number: u32::try_from(cell).unwrap(),
                product: "windows".into(),
                host: "dc01".into(),
                channel: format!("Channel{cell}"),
                day: Some(DAY.parse().unwrap()),
                events: *size,
                root: tree.root(),
                first: at,
                last: at,
                missing: None,
            }));
            frontier.push(leaf_hash(&bytes));
            fixture.entries.push(bytes);
            fixture.cells.push(events);
            fixture.trees.push(tree);
        }
        fixture.entries.push(examination(kind, sizes, frontier.root()));
        fixture
    }

    /// An event without its user and address.
    fn event(&self, cell: u64, index: u64) -> ReleasedEvent {
        let at = usize::try_from(cell).unwrap();
        let sealed = &self.cells[at][usize::try_from(index).unwrap()];
        let hidden = ["IpAddress", "User"];
        let shown = |(name, _): &&(String, String)| !hidden.contains(&name.as_str());
        let whole = sealed.disclosures.len() == 1;
        ReleasedEvent {
            cell: cell + 1,
            index,
            proof: self.trees[at].inclusion(index).unwrap(),
            leaf: sealed.leaf.clone(),
            disclosures: sealed.disclosures.iter().filter(shown).map(|(_, t)| t.clone()).collect(),
            withheld: Some(if whole { vec![] } else { hidden.map(str::to_owned).to_vec() }),
        }
    }

    fn content(&self, events: Vec<ReleasedEvent>) -> Content {
        let entries: Vec<u64> = (0..self.entries.len() as u64).collect();
        Content::new(ORIGIN, 1, "someone", events, &entries).unwrap()
    }

    /// The release of some content, sealed into the log by the owner whatever
    /// it says; changed where the parts are put together.
    fn release(&self, content: &Content, change: impl FnOnce(&mut Parts)) -> Vec<u8> {
        let mut entries = self.entries.clone();
        let bytes = content.to_bytes().unwrap();
        entries.push(record(Body::Release(Release {
            number: 1,
            to: "someone".into(),
            events: content.events.len() as u64,
            fields: content.fields(),
            content: Hash::of(&bytes),
        })));
        let tree = Tree::new(entries.iter().map(|entry| leaf_hash(entry)).collect());
        let head = Checkpoint::new(ORIGIN, tree.size(), tree.root());
        let key = owner().with_name(ORIGIN).unwrap();
        let checkpoint = SignedCheckpoint::sign(&head, &key).unwrap();
        let last = entries.len() as u64 - 1;
        let mut parts = Parts { content: bytes, checkpoint, entries: Vec::new() };
        for number in content.entries.iter().copied().chain([last]) {
            let hashes = tree.inclusion(number).unwrap();
            let checkpoint = parts.checkpoint.clone();
            let proof = TlogProof { extra: None, index: number, hashes, checkpoint };
            parts.entries.push((entries[usize::try_from(number).unwrap()].clone(), proof));
        }
        change(&mut parts);
        pack(&parts.content, &parts.checkpoint, &parts.entries).unwrap()
    }
}

fn examination(kind: SealKind, sizes: &[u64], input_root: Hash) -> Vec<u8> {
    let count = u32::try_from(sizes.len()).unwrap();
    record(Body::Examination(Box::new(Examination {
        number: 1,
        kind: ExaminationKind::Examine,
        engine: "sekisho".into(),
        complete: true,
        rules: Counted { count: 3, sha256: Hash::of(b"rules") },
        indicators: None,
        seal: Some(Seal { kind, nonce: Nonce(NONCE) }),
        sources: Span { first: 0, count: 0 },
        cells: Cells { first: 0, count, events: sizes.iter().sum() },
        records: Span { first: 1, count: u64::from(count) },
        input_root,
        output_root: Hash::of(b""),
        detections: 0,
        files: Vec::new(),
        verdicts: Verdicts::default(),
        clock_jumps: 0,
    })))
}

struct Parts {
    content: Vec<u8>,
    checkpoint: SignedCheckpoint,
    entries: Vec<(Vec<u8>, TlogProof)>,
}

fn verified(bytes: &[u8]) -> Verified {
    verify(bytes, &Trust { owner: &owner().verifying_key(), policy: None, earlier: None })
}

fn fatal(verified: &Verified) -> Vec<&Statement> {
    verified.statements.iter().filter(|statement| statement.is_fatal()).collect()
}

#[track_caller]
fn expect_broken(bytes: &[u8], place: &Place, part: &str) {
    let outcome = verified(bytes);
    assert!(!outcome.is_valid());
    let found = fatal(&outcome);
    let there = found.iter().any(|s| s.place == *place && s.text.contains(part));
    assert!(there, "expected {place}: {part}; found {found:#?}");
}

fn small() -> (Fixture, Content) {
    let fixture = Fixture::new(SealKind::Fields, &[5, 3]);
    let content =
        fixture.content(vec![fixture.event(0, 1), fixture.event(0, 4), fixture.event(1, 0)]);
    (fixture, content)
}

fn file(name: &str) -> Place {
    Place::File(name.into())
}

#[test]
fn a_release_is_proven_and_says_what_is_withheld() {
    let (fixture, content) = small();
    let bytes = fixture.release(&content, |_| ());
    assert_eq!(bytes, fixture.release(&content, |_| ()));
    let outcome = verified(&bytes);
    assert_eq!(fatal(&outcome), Vec::<&Statement>::new());
    assert_eq!(outcome.events.len(), 3);
    let event = &outcome.events[1];
    assert_eq!((event.cell, event.index, event.withheld), (1, 4, 2));
    assert_eq!(event.fields[0], ("Computer".to_owned(), "\"Computer 0 4\"".to_owned()));
    assert_eq!(event.withheld_names, Some(vec!["IpAddress".into(), "User".into()]));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(!text.contains("User 0 4"));
    let said = |standing, place: Place| {
        outcome.statements.iter().any(|s| s.standing == standing && s.place == place)
    };
    assert!(said(Standing::Proven, Place::Checkpoint));
    assert!(said(Standing::Proven, Place::Entry(4)));
    assert!(said(Standing::Proven, Place::Event { cell: 2, index: 0 }));
    assert!(said(Standing::Claimed, Place::Entry(3)));
}

#[test]
fn whole_events_and_withheld_names() {
    let fixture = Fixture::new(SealKind::Whole, &[3]);
    let bytes = fixture.release(&fixture.content(vec![fixture.event(0, 2)]), |_| ());
    let outcome = verified(&bytes);
    assert_eq!(fatal(&outcome), Vec::<&Statement>::new());
    assert_eq!((outcome.events[0].fields.len(), outcome.events[0].withheld), (4, 0));

    // Without the names, which fields are withheld is only claimed.
    let (fixture, _) = small();
    let mut event = fixture.event(0, 1);
    let names = fixture.cells[0][1].disclosures.iter().find(|(name, _)| name == NAMES_NAME);
    event.disclosures.retain(|text| *text != names.unwrap().1);
    let outcome = verified(&fixture.release(&fixture.content(vec![event]), |_| ()));
    assert_eq!(fatal(&outcome), Vec::<&Statement>::new());
    assert_eq!((outcome.events[0].withheld, &outcome.events[0].withheld_names), (3, &None));
    let place = Place::Event { cell: 1, index: 1 };
    let claimed = Statement::new(Standing::Claimed, place, "withheld are IpAddress, User");
    assert!(outcome.statements.contains(&claimed));
}

/// The owner seals a release that lies: each lie shows at its event.
#[test]
fn lies_about_events_are_found_at_the_event() {
    let (fixture, content) = small();
    let check = |at: usize, part: &str, change: &dyn Fn(&mut ReleasedEvent)| {
        let mut lie = content.clone();
        change(&mut lie.events[at]);
        let place = Place::Event { cell: lie.events[at].cell, index: lie.events[at].index };
        expect_broken(&fixture.release(&lie, |_| ()), &place, part);
    };
    let other = fixture.event(0, 2);
    check(0, "not in its cell", &|e| e.index = 2);
    check(0, "not in its cell", &|e| e.index = 5);
    check(0, "not in its cell", &|e| e.index = u64::MAX);
    check(0, "not in its cell", &|e| e.cell = 2);
    check(0, "not in its cell", &|e| e.proof.clone_from(&other.proof));
    check(0, "not in its cell", &|e| e.proof.clear());
    check(0, "not in its cell", &|e| e.proof.push(Hash::of(b"")));
    check(0, "not in the leaf", &|e| e.leaf.clone_from(&other.leaf));
    check(0, "not in the leaf", &|e| e.disclosures.clone_from(&other.disclosures));
    check(0, "not in the leaf", &|e| e.disclosures.push(other.disclosures[0].clone()));
    check(0, "twice", &|e| e.disclosures.push(e.disclosures[0].clone()));
    check(0, "what is said to be withheld", &|e| drop(e.disclosures.remove(0)));
    check(0, "what is said to be withheld", &|e| e.withheld = Some(vec!["User".into()]));
    check(0, "what is said to be withheld", &|e| e.withheld = None);
    check(0, "base64url", &|e| e.disclosures[0].push('='));
    check(0, "a leaf of", &|e| e.leaf.truncate(100));
    check(0, "version", &|e| e.leaf[0] = 2);
    check(0, "not in its cell", &|e| e.leaf[9] ^= 1);
    check(0, "not in its cell", &|e| e.leaf[35 - 2] ^= 1);
    check(2, "record of its cell is not proven", &|e| e.cell = 3);
    check(2, "record of its cell is not proven", &|e| e.cell = 77);
}

#[test]
fn lies_about_the_release_are_found() {
    let (fixture, content) = small();
    let lied = |change: &dyn Fn(&mut Content)| {
        let mut lie = content.clone();
        change(&mut lie);
        fixture.release(&lie, |_| ())
    };
    let twice = lied(&|c| c.events.push(c.events[1].clone()));
    expect_broken(&twice, &Place::Event { cell: 1, index: 4 }, "twice");
    expect_broken(&lied(&|c| c.origin.push('x')), &file("release.json"), "release of");
    expect_broken(&lied(&|c| c.version = 2), &file("release.json"), "version 2");
    expect_broken(&lied(&|c| c.number = 2), &Place::Entry(4), "another number");
    expect_broken(&lied(&|c| c.to.clear()), &Place::Entry(4), "another number");
    expect_broken(&lied(&|c| c.entries = vec![0, 1, 2]), &Place::Cell(1), "examination");
    expect_broken(&lied(&|c| c.entries = vec![1, 2, 3]), &Place::Entry(0), "`case` record");
    let missing = lied(&|c| c.entries = vec![0, 1, 3]);
    expect_broken(&missing, &Place::Event { cell: 2, index: 0 }, "not proven");
    expect_broken(&lied(&|c| c.entries = vec![1, 0, 2, 3]), &file("release.json"), "ascending");
}

/// Someone changes a release on its way.
#[test]
fn changes_on_the_way_are_found_where_they_are() {
    let (fixture, content) = small();
    let changed = |change: &dyn Fn(&mut Parts)| fixture.release(&content, change);
    let of = |name: &str| file(&format!("entries/{name}"));
    let swap = changed(&|p| {
        let entry = p.entries[1].0.clone();
        p.entries[1].0 = std::mem::replace(&mut p.entries[2].0, entry);
    });
    expect_broken(&swap, &Place::Entry(1), "root");
    expect_broken(&swap, &Place::Entry(2), "root");
    let dropped = changed(&|p| drop(p.entries.remove(3)));
    expect_broken(&dropped, &Place::Entry(3), "not in it");
    let last = changed(&|p| drop(p.entries.pop()));
    expect_broken(&last, &Place::Entry(4), "not in it");
    let added = changed(&|p| {
        let mut more = p.entries[0].clone();
        more.1.index = 9;
        p.entries.push(more);
    });
    expect_broken(&added, &of("9"), "not named");
    let other = changed(&|p| {
        let head = p.entries[2].1.checkpoint.unverified().clone();
        let key = SigningKey::from_seed(ORIGIN, [3; 32]).unwrap();
        p.entries[2].1.checkpoint = SignedCheckpoint::sign(&head, &key).unwrap();
    });
    expect_broken(&other, &of("2.proof"), "another checkpoint");
    let json = changed(&|p| {
        let text = String::from_utf8(p.content.clone()).unwrap();
        p.content = text.replacen("someone", "anybody", 1).into_bytes();
    });
    expect_broken(&json, &file("release.json"), "another release.json");
    let spaced = changed(&|p| p.content.push(b'\n'));
    expect_broken(&spaced, &file("release.json"), "the end");
    let key = changed(&|p| {
        let head = p.checkpoint.unverified().clone();
        let key = SigningKey::from_seed(ORIGIN, [3; 32]).unwrap();
        p.checkpoint = SignedCheckpoint::sign(&head, &key).unwrap();
    });
    expect_broken(&key, &Place::Checkpoint, "no signature");
    let head = changed(&|p| {
        let text = p.checkpoint.to_string().replacen("\n5\n", "\n6\n", 1);
        p.checkpoint = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    });
    expect_broken(&head, &Place::Checkpoint, "does not fit");
}

#[test]
fn a_release_of_another_owner_or_case_is_refused() {
    let (fixture, content) = small();
    let bytes = fixture.release(&content, |_| ());
    let verified_by =
        |key: &VerifyingKey| verify(&bytes, &Trust { owner: key, policy: None, earlier: None });
    let key =
        |name: &str, seed: u8| SigningKey::from_seed(name, [seed; 32]).unwrap().verifying_key();
    assert!(verified_by(&key(ORIGIN, 1)).is_valid());
    for (name, seed) in [
        ("example.com/owner", 7),
        ("example.com/other", 1),
        ("example.com/own", 1),
        ("example.com/owner/case/ffffffffffffffff", 1),
    ] {
        let outcome = verified_by(&key(name, seed));
        assert_eq!(fatal(&outcome)[0].place, Place::Checkpoint, "{name}");
        assert_eq!(outcome.events, []);
    }
}

#[test]
fn cosignatures_that_a_policy_asks_for() {
    let (fixture, content) = small();
    let log = owner().verifying_key().with_name(ORIGIN).unwrap();
    let needed = [(WITNESS.to_owned(), witness().verifying_key())];
    let policy = Policy::parse(&Policy::text_needing_all(&log, &needed)).unwrap();
    let key = owner().verifying_key();
    let trust = Trust { owner: &key, policy: Some(&policy), earlier: None };
    let cosigned = |change: &dyn Fn(&mut SignedCheckpoint)| {
        let bytes = fixture.release(&content, |parts| {
            change(&mut parts.checkpoint);
            for (_, proof) in &mut parts.entries {
                proof.checkpoint = parts.checkpoint.clone();
            }
        });
        verify(&bytes, &trust)
    };
    let by = |text: &str| cosign(&witness(), text, 1_771_300_000).unwrap();
    let outcome = cosigned(&|_| ());
    assert_eq!(fatal(&outcome).len(), 1);
    assert_eq!(fatal(&outcome)[0].standing, Standing::Missing);
    assert_eq!(fatal(&outcome)[0].place, Place::Cosignature(WITNESS.into()));
    let outcome = cosigned(&|c| c.add(by(c.note().text())));
    assert_eq!(fatal(&outcome), Vec::<&Statement>::new());
    let outcome = cosigned(&|c| c.add(by(&c.note().text().replace("\n5\n", "\n6\n"))));
    assert_eq!(fatal(&outcome)[0].standing, Standing::Broken);
    assert_eq!(fatal(&outcome)[0].place, Place::Cosignature(WITNESS.into()));
    // A policy that knows another log.
    let other = SigningKey::from_seed(ORIGIN, [8; 32]).unwrap().verifying_key();
    let policy = Policy::parse(&Policy::text_needing_all(&other, &[])).unwrap();
    let trust = Trust { owner: &key, policy: Some(&policy), earlier: None };
    let outcome = verify(&fixture.release(&content, |_| ()), &trust);
    assert_eq!(fatal(&outcome)[0].place, Place::Checkpoint);
}

#[test]
fn what_was_seen_before_is_held_against_it() {
    let (fixture, content) = small();
    let bytes = fixture.release(&content, |_| ());
    let mut entries = fixture.entries.clone();
    let tree = |entries: &[Vec<u8>]| Tree::new(entries.iter().map(|e| leaf_hash(e)).collect());
    let own = owner().verifying_key();
    let seen = |tree: &Tree, consistency: Option<Vec<Hash>>| {
        let key = owner().with_name(ORIGIN).unwrap();
        let head = Checkpoint::new(ORIGIN, tree.size(), tree.root());
        let checkpoint = SignedCheckpoint::sign(&head, &key).unwrap();
        let earlier = Earlier { checkpoint, consistency };
        verify(&bytes, &Trust { owner: &own, policy: None, earlier: Some(&earlier) })
    };
    let about = |outcome: &Verified, standing: Standing, part: &str| {
        let found = outcome.statements.iter().any(|s| {
            s.standing == standing && s.place == Place::Checkpoint && s.text.contains(part)
        });
        assert!(found, "{standing} {part}: {:#?}", outcome.statements);
    };
    let before = tree(&entries);
    let outcome = seen(&before, None);
    assert!(outcome.is_valid());
    about(&outcome, Standing::Missing, "consistency proof");
    // The release's own log, and one with another last entry.
    let opened = archive::open(&bytes);
    let last = opened.files.iter().find(|file| file.name == "entries/4").unwrap();
    entries.push(last.bytes.clone());
    let now = tree(&entries);
    let proof = now.consistency(4).unwrap();
    let outcome = seen(&before, Some(proof.clone()));
    assert!(outcome.is_valid());
    about(&outcome, Standing::Proven, "4 entries were seen");
    about(&seen(&now, None), Standing::Proven, "seen before");
    entries[4] = b"other".to_vec();
    let fork = seen(&tree(&entries), None);
    assert!(!fork.is_valid());
    about(&fork, Standing::Broken, "forked");
    entries[3] = b"other".to_vec();
    let other = seen(&tree(&entries[..4]), Some(proof));
    assert!(!other.is_valid());
    about(&other, Standing::Broken, "does not agree");
}

#[test]
fn no_byte_can_be_changed_and_no_end_cut() {
    let fixture = Fixture::new(SealKind::Fields, &[2]);
    let bytes = fixture.release(&fixture.content(vec![fixture.event(0, 1)]), |_| ());
    assert!(verified(&bytes).is_valid());
    for at in 0..bytes.len() {
        assert!(!verified(&bytes[..at]).is_valid(), "cut at {at}");
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert!(!verified(&other).is_valid(), "another byte at {at}");
    }
}

/// As before, but with checksums made to fit: what is wrong is named by the
/// file, the entry or the event, not only by the archive.
#[test]
fn no_byte_of_a_file_can_be_changed_even_with_its_checksum() {
    let fixture = Fixture::new(SealKind::Fields, &[2]);
    let bytes = fixture.release(&fixture.content(vec![fixture.event(0, 1)]), |_| ());
    let files = archive::open(&bytes).files;
    for at in 0..files.len() {
        for byte in (0..files[at].bytes.len()).step_by(3) {
            let mut files = files.clone();
            files[at].bytes[byte] ^= 1;
            let outcome = verified(&archive::write(&files).unwrap());
            let name = &files[at].name;
            assert!(!outcome.is_valid(), "{name} byte {byte}");
            let number = archive::entry_of(name).map(|(number, _)| number);
            let located = fatal(&outcome).iter().any(|s| match (&s.place, number) {
                (Place::File(file), _) if file == name => true,
                (Place::Checkpoint, None) => name == CHECKPOINT_FILE,
                (Place::Entry(entry), Some(number)) => *entry == number,
                _ => false,
            });
            assert!(located, "{name} byte {byte}: {:#?}", fatal(&outcome));
        }
    }
}

#[test]
fn three_hundred_events_are_verified_in_less_than_a_second() {
    let fixture = Fixture::new(SealKind::Fields, &[1_000, 1_000]);
    let events = (0..300).map(|n| fixture.event(n % 2, n * 3)).collect();
    let bytes = fixture.release(&fixture.content(events), |_| ());
    let start = Instant::now();
    let outcome = verified(&bytes);
    let taken = start.elapsed();
    assert!(outcome.is_valid());
    assert_eq!(outcome.events.len(), 300);
    assert!(taken.as_secs_f64() < 1.0, "{taken:?}");
}

#[test]
fn a_release_is_written_from_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    let (fixture, content) = small();
    let key = owner().with_name(ORIGIN).unwrap();
    let mut log = Log::create(&case, &key.verifying_key()).unwrap();
    for entry in &fixture.entries {
        log.append(entry).unwrap();
    }
    let release = Release {
        number: 1,
        to: "someone".into(),
        events: 3,
        fields: content.fields(),
        content: Hash::of(&content.to_bytes().unwrap()),
    };
    log.append(&record(Body::Release(release))).unwrap();
    log.publish(&key).unwrap();
    let bytes = write(&content, &Log::open(&case).unwrap()).unwrap();
    assert_eq!(bytes, fixture.release(&content, |_| ()));
    assert!(verified(&bytes).is_valid());
}
