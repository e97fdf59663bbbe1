//! A small case and a release of it, always the same: what targets begin from
//! that ask whether anything else can be called valid. The owner's key is here,
//! so that a dishonest owner can be tried too: all hashes and signatures above
//! what was changed fit.

use std::collections::BTreeMap;

use sekisho_case::Hash;
use sekisho_case::checkpoint::{Checkpoint, SignedCheckpoint};
use sekisho_case::cosignature::cosign;
use sekisho_case::event::{EventHead, EventSealer, PreparedName, SealedEvent};
use sekisho_case::key::SigningKey;
use sekisho_case::merkle::{Tree, leaf_hash, root_of};
use sekisho_case::proof::TlogProof;
use sekisho_case::record::{
    Body, Case, Cell, Cells, Counted, Empty, Endpoint, EvidenceLeaf, Examination, ExaminationKind,
    Exposure, FileSum, Gap, Nonce, Parties, Party, Record, Release, Results, Role, Seal, SealKind,
    Segment, Source, Span, Verdict, VerdictGrade, VerdictWord, Verdicts,
};
use sekisho_case::release::{Content, ReleasedEvent, pack};
use sekisho_case::tile::{TILE_WIDTH, Tile, TileKind, push_entry, write_hashes};
use sekisho_case::time::{Day, Timestamp};
use sekisho_case::verify::Trust;

pub const ORIGIN: &str = "example.com/owner/case/0123456789abcdef";

/// When the witness cosigned, in seconds since 1970.
pub const COSIGNED: u64 = 1_700_000_000;

const DAY_NANOS: i64 = 86_400_000_000_000;
const NONCE: Nonce = Nonce([9; 16]);
const LINES: &[u8] = b"{\"a\":1}\n{\"a\":2}\n";
const SEGMENT: &[u8] = b"PAR1";
const ANSWER: &[u8] = b"{}\n";

/// Entries before those of the cells, how many cells, how many events each.
const CELLS_AT: u64 = 2;
const CELLS: u32 = 2;
const EVENTS: u64 = 3;

/// Files by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A case with one examination, one exposure, and a release that proves it.
pub struct Sealed {
    pub entries: Vec<Vec<u8>>,
    /// Events by cell.
    pub events: Vec<Vec<SealedEvent>>,
    /// What is in the folder beside the log.
    pub files: Files,
    /// What `release.json` says.
    pub content: Content,
}

pub fn owner() -> SigningKey {
    SigningKey::from_seed("example.com/owner", [1; 32]).expect("a name")
}

pub fn witness() -> SigningKey {
    SigningKey::from_seed("example.com/witness", [2; 32]).expect("a name")
}

/// What somebody brings along who knows the owner.
pub fn trust() -> Trust {
    Trust { keys: vec![owner().verifying_key()], ..Trust::default() }
}

/// The checkpoint over entries, signed and cosigned.
pub fn checkpoint(entries: &[Vec<u8>]) -> SignedCheckpoint {
    let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let head = Checkpoint::new(ORIGIN, entries.len() as u64, root_of(&hashes));
    let key = owner().with_name(ORIGIN).expect("a name");
    let mut signed = SignedCheckpoint::sign(&head, &key).expect("the log's own key");
    signed.add(cosign(&witness(), signed.note().text(), COSIGNED).expect("a time"));
    signed
}

/// The members of a release of these entries, with `release.json` as it is
/// given, in order.
pub fn release(content: &[u8], entries: &[Vec<u8>], listed: &[u64]) -> Option<Vec<u8>> {
    let tree = Tree::new(entries.iter().map(|entry| leaf_hash(entry)).collect());
    let checkpoint = checkpoint(entries);
    let mut proven = Vec::new();
    for index in listed.iter().copied().chain((entries.len() as u64).checked_sub(1)) {
        let (entry, hashes) = (entries.get(usize::try_from(index).ok()?)?, tree.inclusion(index)?);
        let checkpoint = checkpoint.clone();
        proven.push((entry.clone(), TlogProof { extra: None, index, hashes, checkpoint }));
    }
    pack(content, &checkpoint, &proven).ok()
}

/// The log of entries as files; at most 256 entries.
pub fn log_files(entries: &[Vec<u8>]) -> Files {
    let mut bundle = Vec::new();
    let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    entries.iter().for_each(|entry| push_entry(&mut bundle, entry).expect("not too long"));
    assert!(entries.len() as u64 <= TILE_WIDTH);
    let width = u16::try_from(entries.len()).expect("a tile");
    let tile = |kind| Tile { kind, index: 0, width }.to_string();
    let mut files = Files::from([("checkpoint".into(), checkpoint(entries).to_bytes())]);
    if width > 0 {
        files.insert(tile(TileKind::Entries), bundle);
        files.insert(tile(TileKind::Level(0)), write_hashes(&hashes));
    }
    files
}

impl Sealed {
    /// The case, its events sealed in one kind or the other.
    pub fn new(kind: SealKind) -> Self {
        let files = Files::from([
            ("examinations/0001/detections.jsonl".into(), LINES.to_vec()),
            ("store/0001/0001.parquet".into(), SEGMENT.to_vec()),
            ("exposures/0001/exposure.json".into(), ANSWER.to_vec()),
        ]);
        let content = Content::new(ORIGIN, 1, "", Vec::new(), &[]).expect("nothing");
        let mut sealed = Self { entries: Vec::new(), events: Vec::new(), files, content };
        let bodies = begun().into_iter().chain(sealed.cells(kind)).chain(sealed.ended(kind));
        sealed.entries = bodies.map(written).collect();
        sealed.put_release();
        sealed
    }

    /// All files of the folder.
    pub fn all_files(&self) -> Files {
        self.files.clone().into_iter().chain(log_files(&self.entries)).collect()
    }

    /// The release, as it left the case.
    pub fn release(&self) -> Vec<u8> {
        let content = self.content.to_bytes().expect("JSON");
        release(&content, &self.entries, &self.content.entries).expect("small")
    }

    /// The cells of the examination, and their leaves.
    fn cells(&mut self, kind: SealKind) -> Vec<Body> {
        let (mut bodies, mut leaves) = (Vec::new(), Vec::new());
        for day in 0..CELLS {
            let events: Vec<SealedEvent> = (0..EVENTS).map(|n| event(kind, day, n)).collect();
            let hashes: Vec<Hash> = events.iter().map(|event| leaf_hash(&event.leaf)).collect();
            hashes.iter().for_each(|hash| leaves.extend(hash.0));
            bodies.push(cell(day, root_of(&hashes)));
            self.events.push(events);
        }
        self.files.insert("leaves/0001".into(), leaves);
        bodies
    }

    /// What comes after the cells.
    fn ended(&self, kind: SealKind) -> Vec<Body> {
        let roots = self.events.iter().zip(0..).map(|(events, day)| {
            let hashes: Vec<Hash> = events.iter().map(|event| leaf_hash(&event.leaf)).collect();
            leaf_hash(&written(cell(day, root_of(&hashes))))
        });
        let input = root_of(&roots.collect::<Vec<_>>());
        let segment = Segment {
            name: "store/0001/0001.parquet".into(),
            sha256: Hash::of(SEGMENT),
            bytes: SEGMENT.len() as u64,
            events: u64::from(CELLS) * EVENTS,
        };
        let at = CELLS_AT + u64::from(CELLS) + 2;
        let lines: Vec<Hash> = LINES.split(|byte| *byte == b'\n').map(leaf_hash).collect();
        let (_, lines) = lines.split_last().expect("it ends in a newline");
        let detections = lines.len() as u64;
        let output_root = Some(root_of(lines));
        let wrote = results("examinations/0001/detections.jsonl", LINES);
        let answered = results("exposures/0001/exposure.json", ANSWER);
        vec![
            Body::Segment(segment),
            Body::Results(Results { output_root, ..wrote }),
            Body::Examination(Box::new(examination(kind, input, detections, at))),
            Body::Verdict(Box::new(verdict())),
            Body::Results(Results { assets: Some(Hash::of(b"assets")), ..answered }),
            Body::Exposure(Box::new(exposure(at + 1))),
        ]
    }

    /// Seals a release with an event of each cell.
    fn put_release(&mut self) {
        let events = (0..CELLS).map(|day| self.released(day)).collect();
        let listed: Vec<u64> = (0..self.entries.len() as u64).collect();
        self.content = Content::new(ORIGIN, 1, "someone", events, &listed).expect("right");
        self.entries.push(written(Body::Release(Release {
            number: 1,
            to: "someone".into(),
            events: self.content.events.len() as u64,
            fields: self.content.fields(),
            content: Hash::of(&self.content.to_bytes().expect("JSON")),
        })));
        self.files.insert("releases/0001.zip".into(), self.release());
    }

    /// The second event of a cell, its user withheld if that can be.
    fn released(&self, day: u32) -> ReleasedEvent {
        let events = &self.events[day as usize];
        let tree = Tree::new(events.iter().map(|event| leaf_hash(&event.leaf)).collect());
        let event = &events[1];
        let whole = event.disclosures.len() == 1;
        let shown = event.disclosures.iter().filter(|(name, _)| name != "User");
        ReleasedEvent {
            cell: CELLS_AT + u64::from(day),
            index: 1,
            proof: tree.inclusion(1).expect("an event of the cell"),
            leaf: event.leaf.clone(),
            disclosures: shown.map(|(_, text)| text.clone()).collect(),
            withheld: Some(if whole { Vec::new() } else { vec!["User".into()] }),
        }
    }
}

/// A record as its entry has it.
pub fn written(body: Body) -> Vec<u8> {
    Record::new(NONCE, body).to_bytes().expect("a small record")
}

/// One record of each type that the case has not.
pub fn others() -> Vec<Vec<u8>> {
    let day = |day: i64| Day::of_nanos(day * DAY_NANOS);
    let of = || ("windows".to_owned(), "dc01".to_owned(), "Security".to_owned());
    let (product, host, channel) = of();
    let proof = Some("record ids go on".to_owned());
    let (from, until) = (day(2), day(3));
    let empty = Empty { product, host, channel, from, until, events: 0, proof };
    let (product, host, channel) = of();
    let (from, until, reason) = (day(4), day(5), "record ids".to_owned());
    let gap = Gap { product, host, channel, from, until, events: 0, missing: 7, reason };
    let Body::Case(case) = begun().swap_remove(0) else { return Vec::new() };
    let parties = Parties { parties: case.parties, policy: case.policy };
    [Body::Empty(empty), Body::Gap(gap), Body::Parties(parties)].map(written).into()
}

fn begun() -> Vec<Body> {
    let party = |name: &str, role, key| Party { name: name.into(), role, key };
    let parties = vec![
        party("We", Role::Owner, owner().verifying_key()),
        party("They", Role::Witness, witness().cosigner_key()),
    ];
    let policy = format!("witness w {}\nquorum w\n", witness().cosigner_vkey());
    let (origin, name) = (ORIGIN.to_owned(), "Case".to_owned());
    let source = Source {
        number: 0,
        path: "logs/Security.evtx".into(),
        sha256: Some(Hash::of(b"")),
        bytes: 7,
        format: Some("evtx".into()),
        records: u64::from(CELLS) * EVENTS,
        problems: 0,
        duplicate_of: None,
    };
    vec![Body::Case(Case { version: 1, origin, name, parties, policy }), Body::Source(source)]
}

fn event(kind: SealKind, day: u32, number: u64) -> SealedEvent {
    let head = EventHead {
        time: time(day, number).0,
        record_id: number,
        source: 0,
        offset: u64::from(day) << 32 | number,
        ordinal: 0,
    };
    let mut sealer = EventSealer::new(&owner().salt_secret(), ORIGIN, &NONCE.0, kind.into());
    let names = ["Image", "User", "_sd"].map(PreparedName::new);
    let mut names: Vec<&PreparedName> = names.iter().collect();
    names.sort_unstable();
    let mut open = sealer.begin(&head);
    names.iter().for_each(|name| open.field(name, format!("\"{day} {number}\"").as_bytes()));
    open.disclose().expect("names in order")
}

fn time(day: u32, number: u64) -> Timestamp {
    Timestamp(i64::from(day) * DAY_NANOS + i64::try_from(number).expect("small"))
}

fn cell(day: u32, root: Hash) -> Body {
    let end = |number| Endpoint { time: Some(time(day, number)), record_id: Some(number) };
    Body::Cell(Cell {
        number: day,
        product: "windows".into(),
        host: "dc01".into(),
        channel: "Security".into(),
        day: Some(time(day, 0).day()),
        events: EVENTS,
        root,
        first: end(0),
        last: end(EVENTS - 1),
        missing: Some(0),
    })
}

/// What was written: one file.
fn results(name: &str, content: &[u8]) -> Results {
    let (sha256, bytes) = (Hash::of(content), content.len() as u64);
    let files = vec![FileSum { name: name.into(), sha256, bytes }];
    Results { files, output_root: None, assets: None, estate: None }
}

/// The examination whose record is entry `at`.
fn examination(kind: SealKind, input_root: Hash, detections: u64, at: u64) -> Examination {
    Examination {
        number: 1,
        kind: ExaminationKind::Examine,
        engine: "test".into(),
        complete: true,
        rules: Counted { count: 1, sha256: Hash::of(b"rules") },
        indicators: None,
        seal: Some(Seal { kind, nonce: NONCE }),
        sources: Span { first: 0, count: 1 },
        cells: Cells { first: 0, count: CELLS, events: u64::from(CELLS) * EVENTS },
        records: Span { first: 1, count: at - 1 },
        input_root,
        detections,
        verdicts: Verdicts { clean: CELLS.into(), ..Verdicts::default() },
        clock_jumps: 0,
    }
}

fn verdict() -> Verdict {
    Verdict {
        exposure: 1,
        asset: "plans".into(),
        verdict: VerdictWord::Accessed,
        grade: VerdictGrade::Proven,
        detail: String::new(),
        why: "it was read".into(),
        first: Some(time(0, 1)),
        last: Some(time(0, 1)),
        evidence: vec![EvidenceLeaf {
            cell: 0,
            index: 1,
            time: Some(time(0, 1)),
            record_id: Some(1),
            why: "read".into(),
        }],
    }
}

/// The exposure whose only verdict is entry `at`.
fn exposure(at: u64) -> Exposure {
    Exposure {
        number: 1,
        engine: "test".into(),
        size: at,
        records: Span { first: at, count: 2 },
        events: u64::from(CELLS) * EVENTS,
        seeds: 1,
    }
}
