//! What this crate writes, it finds valid: a case from its first entry to a
//! release, in both kinds of seal; and what goes on beside it in the folder.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::fs;
use std::path::Path;

use sekisho_case::Hash;
use sekisho_case::cosignature::cosign;
use sekisho_case::event::{EventHead, EventSealer, NAMES_NAME, PreparedName, SealedEvent};
use sekisho_case::key::SigningKey;
use sekisho_case::limits::NOTE_SIGNATURES_MAX;
use sekisho_case::log::{Log, LogWriter};
use sekisho_case::merkle::{Tree, leaf_hash, root_of};
use sekisho_case::policy::Policy;
use sekisho_case::record::{
    Body, Case, Cell, Cells, Counted, Endpoint, Examination, ExaminationKind, FileSum, Nonce,
    Party, Record, Release, Results, Role, Seal, SealKind, Source, Span, Verdicts,
};
use sekisho_case::release::{self, Content, OpenRelease, ReleaseError, ReleasedEvent};
use sekisho_case::statement::{Place, Standing};
use sekisho_case::time::{Day, Timestamp};
use sekisho_case::verify::{Trust, Verified, verify_case, verify_release};
use tempfile::TempDir;

const ORIGIN: &str = "example.com/owner/case/0123456789abcdef";
const DETECTIONS: &str = "examinations/0001/detections.jsonl";
const DAY_NANOS: i64 = 86_400_000_000_000;
const SEAL_NONCE: [u8; 16] = [9; 16];

fn owner() -> SigningKey {
    SigningKey::from_seed("example.com/owner", [1; 32]).unwrap()
}

fn trust() -> Trust {
    Trust { keys: vec![owner().verifying_key()], ..Trust::default() }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A case with one examination of a channel: some days, some events each.
struct Written {
    folder: TempDir,
    writer: LogWriter,
    cells: Vec<Vec<SealedEvent>>,
}

impl Written {
    fn new(kind: SealKind, days: u32, events: u32) -> Self {
        let (folder, owner) = (TempDir::new().unwrap(), owner().verifying_key());
        let writer = Log::create(folder.path(), &owner.with_name(ORIGIN).unwrap()).unwrap();
        let mut written = Self { folder, writer, cells: Vec::new() };
        let parties = vec![Party { name: "We".into(), role: Role::Owner, key: owner }];
        let policy = "quorum none\n".to_owned();
        let (origin, name) = (ORIGIN.to_owned(), "Case".to_owned());
        written.append(Body::Case(Case { version: 1, origin, name, parties, policy }));
        written.append(Body::Source(Source {
            number: 0,
            path: "logs/Security.evtx".into(),
            sha256: None,
            bytes: 7,
            format: None,
            records: 5,
            problems: 0,
            duplicate_of: None,
        }));
        let (mut records, mut leaves) = (Vec::new(), Vec::new());
        for day in 0..days {
            let events: Vec<SealedEvent> =
                (0..events).map(|event| sealed(kind, day, event)).collect();
            let hashes: Vec<Hash> = events.iter().map(|event| leaf_hash(&event.leaf)).collect();
            hashes.iter().for_each(|hash| leaves.extend(hash.0));
            let record = written.append(cell(day, events.len() as u64, root_of(&hashes)));
            records.push(leaf_hash(&record));
            written.cells.push(events);
        }
        let lines: &[u8] = b"{\"a\":1}\n{\"a\":2}\n";
        write(written.folder.path(), DETECTIONS, lines);
        write(written.folder.path(), "leaves/0001", &leaves);
        let events = u64::from(days) * u64::from(events);
        written.append(results(lines));
        written.append(examination(kind, (days, events), root_of(&records), lines));
        written.publish();
        written
    }

    fn append(&mut self, body: Body) -> Vec<u8> {
        let bytes = Record::new(Nonce::random().unwrap(), body).to_bytes().unwrap();
        self.writer.append(&bytes).unwrap();
        bytes
    }

    fn publish(&mut self) {
        self.writer.publish(&owner().with_name(ORIGIN).unwrap()).unwrap();
    }

    fn verify(&self) -> Verified {
        verify_case(self.folder.path(), &trust(), &mut |_| ()).unwrap()
    }

    /// An event with its user withheld.
    fn event(&self, day: usize, index: usize) -> ReleasedEvent {
        let events = &self.cells[day];
        let tree = Tree::new(events.iter().map(|event| leaf_hash(&event.leaf)).collect());
        let sealed = &events[index];
        let whole = sealed.disclosures.len() == 1;
        let shown = sealed.disclosures.iter().filter(|(name, _)| name != "User");
        ReleasedEvent {
            cell: day as u64 + 2,
            index: index as u64,
            proof: tree.inclusion(index as u64).unwrap(),
            leaf: sealed.leaf.clone(),
            disclosures: shown.map(|(_, text)| text.clone()).collect(),
            withheld: Some(if whole { vec![] } else { vec!["User".to_owned()] }),
        }
    }

    /// Seals a release into the log; gives its bytes.
    fn release(&mut self, events: Vec<ReleasedEvent>) -> Vec<u8> {
        // All but what the examination wrote, which does not leave.
        let results = self.cells.len() as u64 + 2;
        let entries: Vec<u64> = (0..results).chain([results + 1]).collect();
        let content = Content::new(ORIGIN, 1, "someone", events, &entries).unwrap();
        self.append(Body::Release(Release {
            number: 1,
            to: "someone".into(),
            events: content.events.len() as u64,
            fields: content.fields(),
            content: Hash::of(&content.to_bytes().unwrap()),
        }));
        self.publish();
        release::write(&content, &Log::open(self.folder.path()).unwrap()).unwrap()
    }
}

fn sealed(kind: SealKind, day: u32, event: u32) -> SealedEvent {
    let head = EventHead {
        time: i64::from(day) * DAY_NANOS + i64::from(event),
        record_id: u64::from(event),
        source: 0,
        offset: u64::from(day) << 32 | u64::from(event),
        ordinal: 0,
    };
    let secret = owner().salt_secret();
    let mut sealer = EventSealer::new(&secret, ORIGIN, &SEAL_NONCE, kind.into());
    let names = ["Computer", "User", "_sd"].map(PreparedName::new);
    let mut names = names.iter().collect::<Vec<_>>();
    names.sort_by(|a, b| a.written().cmp(b.written()));
    let mut open = sealer.begin(&head);
    names.iter().for_each(|name| open.field(name, format!("\"{day} {event}\"").as_bytes()));
    open.disclose().unwrap()
}

fn cell(day: u32, events: u64, root: Hash) -> Body {
    let midnight = i64::from(day) * DAY_NANOS;
    let end = |event: u64| Endpoint {
        time: Some(Timestamp(midnight + i64::try_from(event).unwrap())),
        record_id: Some(event),
    };
    Body::Cell(Cell {
        number: day,
        product: "windows".into(),
        host: "dc01".into(),
        channel: "Security".into(),
        day: Some(Day::of_nanos(midnight)),
        events,
        root,
        first: end(0),
        last: end(events - 1),
        missing: Some(0),
    })
}

fn of_lines(lines: &[u8]) -> Vec<Hash> {
    lines.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n').map(leaf_hash).collect()
}

fn results(lines: &[u8]) -> Body {
    let (name, bytes) = (DETECTIONS.into(), lines.len() as u64);
    Body::Results(Results {
        files: vec![FileSum { name, sha256: Hash::of(lines), bytes }],
        output_root: Some(root_of(&of_lines(lines))),
        assets: None,
        estate: None,
    })
}

fn examination(kind: SealKind, (days, events): (u32, u64), input: Hash, lines: &[u8]) -> Body {
    Body::Examination(Box::new(Examination {
        number: 1,
        kind: ExaminationKind::Examine,
        engine: "test".into(),
        complete: true,
        rules: Counted { count: 1, sha256: Hash::of(b"rules") },
        indicators: None,
        seal: Some(Seal { kind, nonce: Nonce(SEAL_NONCE) }),
        sources: Span { first: 0, count: 1 },
        cells: Cells { first: 0, count: days, events },
        records: Span { first: 1, count: u64::from(days) + 2 },
        input_root: input,
        detections: of_lines(lines).len() as u64,
        verdicts: Verdicts { clean: days.into(), ..Verdicts::default() },
        clock_jumps: 0,
    }))
}

fn told(verified: &Verified) -> String {
    verified.statements.iter().map(|statement| format!("{statement}\n")).collect()
}

#[test]
fn a_case_and_its_release_are_valid_in_both_kinds_of_seal() {
    for kind in [SealKind::Fields, SealKind::Whole] {
        // More entries than a tile has, so that there is a level above.
        let mut written = Written::new(kind, 300, 3);
        let verified = written.verify();
        assert!(verified.is_valid(), "{}", told(&verified));
        let about = verified.about.unwrap();
        assert_eq!((about.cells, about.events, about.size), (300, 900, 304));
        let events = vec![written.event(7, 2), written.event(7, 0), written.event(3, 1)];
        let release = written.release(events);
        let verified = verify_release(&release, &trust()).unwrap();
        assert!(verified.is_valid(), "{}", told(&verified));
        let order: Vec<_> = verified.events.iter().map(|event| (event.cell, event.index)).collect();
        assert_eq!(order, [(5, 1), (9, 0), (9, 2)]);
        for event in &verified.events {
            let fields: Vec<&str> = event.fields.iter().map(|(name, _)| name.as_str()).collect();
            let (expected, withheld): (&[&str], _) = match kind {
                SealKind::Fields => (&["Computer", "_sd"], 1),
                SealKind::Whole => (&["Computer", "User", "_sd"], 0),
            };
            assert_eq!((fields.as_slice(), event.withheld), (expected, Some(withheld)));
            assert!(event.names_proven);
        }
        // It may be kept in the case, and is then the one that was sealed.
        let missing = written.verify();
        assert!(missing.is_valid());
        let place = Place::File("releases/0001.zip".into());
        let kept = |verified: &Verified, standing| {
            verified.statements.iter().any(|s| s.place == place && s.standing == standing)
        };
        assert!(kept(&missing, Standing::Missing));
        write(written.folder.path(), "releases/0001.zip", &release);
        assert!(kept(&written.verify(), Standing::Proven), "{}", told(&written.verify()));
    }
}

#[test]
fn names_that_are_withheld_too_are_counted() {
    let mut written = Written::new(SealKind::Fields, 1, 1);
    let mut event = written.event(0, 0);
    let names = written.cells[0][0].disclosures.iter().find(|(name, _)| name == NAMES_NAME);
    let names = &names.unwrap().1;
    event.disclosures.retain(|text| text != names);
    event.withheld = None;
    let verified = verify_release(&written.release(vec![event]), &trust()).unwrap();
    assert!(verified.is_valid(), "{}", told(&verified));
    let event = &verified.events[0];
    assert_eq!(
        (event.withheld, &event.withheld_names, event.names_proven),
        (Some(1), &None, false)
    );
}

#[test]
fn a_release_takes_signatures_that_fit_and_no_others() {
    let mut written = Written::new(SealKind::Fields, 2, 3);
    let events = vec![written.event(0, 1), written.event(1, 2)];
    let release = written.release(events);
    let unchanged = OpenRelease::open(&release).unwrap();
    assert_eq!(unchanged.to_bytes().unwrap(), release);
    let witness = SigningKey::from_seed("witness.example", [5; 32]).unwrap();
    let (key, text) = (witness.cosigner_key(), unchanged.checkpoint().note().text());
    let line = cosign(&witness, text, 1_772_440_047).unwrap();

    let mut open = unchanged.clone();
    assert!(open.add_signature(line.clone(), &key).unwrap());
    assert!(!open.add_signature(line.clone(), &key).unwrap(), "it is there already");
    let cosigned = open.to_bytes().unwrap();
    // One line in the checkpoint, and in each proof.
    let proofs = 2 + 3 + 1;
    assert_eq!(cosigned.len() - release.len(), (1 + proofs) * (line.to_string().len() + 1));
    let policy = format!("witness w {key}\nquorum w\n");
    let trust = Trust { policy: Some(Policy::parse(&policy).unwrap()), ..trust() };
    let verified = verify_release(&cosigned, &trust).unwrap();
    assert!(verified.is_valid(), "{}", told(&verified));
    assert!(!verify_release(&release, &trust).unwrap().is_valid());

    // Of another text, by another key, or more than are read.
    let wrong = cosign(&witness, "another\n", 7).unwrap();
    let refused = unchanged.clone().add_signature(wrong, &key);
    assert!(matches!(refused, Err(ReleaseError::Unsigned(_))), "{refused:?}");
    let other = SigningKey::from_seed("other.example", [6; 32]).unwrap().cosigner_key();
    assert!(unchanged.clone().add_signature(line, &other).is_err());
    let mut full = unchanged;
    let most = u64::try_from(NOTE_SIGNATURES_MAX).unwrap();
    let mut added = (1..=most).map(|time| {
        let line = cosign(&witness, full.checkpoint().note().text(), time).unwrap();
        full.add_signature(line, &key)
    });
    // The owner's is there.
    assert_eq!(added.by_ref().take_while(|added| matches!(added, Ok(true))).count(), 127);
    drop(added);
    assert!(verify_release(&full.to_bytes().unwrap(), &trust).unwrap().is_valid());
    for none in [&b""[..], b"PK", &release[..release.len() - 1]] {
        assert!(matches!(OpenRelease::open(none), Err(ReleaseError::Broken(_))));
    }
}

#[test]
fn an_event_twice_makes_no_release() {
    let written = Written::new(SealKind::Fields, 1, 1);
    let events = vec![written.event(0, 0), written.event(0, 0)];
    assert!(Content::new(ORIGIN, 1, "", events, &[0]).is_err());
}

#[test]
fn any_zip_program_reads_a_release() {
    let mut written = Written::new(SealKind::Fields, 2, 2);
    let events = vec![written.event(1, 1)];
    let release = written.release(events);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&release)).unwrap();
    assert_eq!(zip.by_index(0).unwrap().name().unwrap(), "release.json");
    assert_eq!(zip.len(), 2 + 2 * 6);
}

#[test]
fn what_is_wrong_in_many_places_is_named_up_to_a_limit_and_counted() {
    let written = Written::new(SealKind::Fields, 1_500, 1);
    let path = written.folder.path().join("leaves/0001");
    let leaves = fs::read(&path).unwrap();
    fs::write(&path, vec![0; leaves.len()]).unwrap();
    let verified = written.verify();
    assert!(!verified.is_valid());
    let broken = |s: &&sekisho_case::statement::Statement| s.standing == Standing::Broken;
    let broken: Vec<_> = verified.statements.iter().filter(broken).collect();
    assert_eq!(broken.len(), 1_001);
    assert_eq!(broken[0].place, Place::Cell(0));
    assert!(broken[1_000].text.starts_with("500 more"), "{}", broken[1_000].text);
}
