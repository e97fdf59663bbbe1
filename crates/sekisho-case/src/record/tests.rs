//! Records as they are written and read, and what does not add up.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::key::SigningKey;
use crate::time::Day;

const NONCE: Nonce = Nonce([7; 16]);

fn key(seed: u8) -> crate::key::VerifyingKey {
    SigningKey::from_seed("example.com/owner", [seed; 32]).unwrap().verifying_key()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn cell(number: u32, channel: &str, day: Option<Day>, events: u64) -> Cell {
    let midnight = |day: Day| format!("{day}T00:00:00.000000000Z").parse().unwrap();
    let place = Endpoint { time: day.map(midnight), record_id: None };
    Cell {
        number,
        product: "windows".into(),
        host: "dc01".into(),
        channel: channel.into(),
        day,
        events,
        root: Hash::of(b"cell"),
        first: place,
        last: place,
        missing: None,
    }
}

fn empty(channel: &str, from: Day, until: Day) -> Empty {
    Empty {
        product: "windows".into(),
        host: "dc01".into(),
        channel: channel.into(),
        from,
        until,
        events: 0,
        proof: Some("record ids go on".into()),
    }
}

fn source(number: u32) -> Source {
    Source {
        number,
        path: "logs/Security.evtx".into(),
        sha256: None,
        bytes: 1 << 40,
        format: Some("evtx".into()),
        records: 5,
        problems: 0,
        duplicate_of: None,
    }
}

fn examination() -> Examination {
    Examination {
        number: 1,
        kind: ExaminationKind::Examine,
        engine: "sekisho 0.1.0".into(),
        complete: true,
        rules: Counted { count: 3, sha256: Hash::of(b"rules") },
        indicators: None,
        seal: Some(Seal { kind: SealKind::Fields, nonce: Nonce([1; 16]) }),
        sources: Span { first: 0, count: 1 },
        cells: Cells { first: 0, count: 1, events: 5 },
        records: Span { first: 1, count: 2 },
        input_root: Hash::of(b"in"),
        detections: 0,
        verdicts: Verdicts::default(),
        clock_jumps: 0,
    }
}

/// What the examination with this number wrote.
fn wrote(number: u32) -> Results {
    let name = format!("examinations/{number:04}/detections.jsonl");
    Results {
        files: vec![FileSum { name, sha256: Hash::of(b"f"), bytes: 1 }],
        output_root: Some(Hash::of(b"out")),
        assets: None,
        estate: None,
    }
}

/// What the exposure with this number wrote.
fn answered(number: u32) -> Results {
    let name = format!("exposures/{number:04}/exposure.json");
    let files = vec![FileSum { name, sha256: Hash::of(b"f"), bytes: 1 }];
    Results { files, output_root: None, assets: Some(Hash::of(b"assets")), estate: None }
}

fn one_of_each() -> Vec<Body> {
    let parties = vec![Party { name: "We \"all\"".into(), role: Role::Owner, key: key(1) }];
    let policy = "quorum none\n".to_owned();
    let (from, until) = (day("2026-02-17"), day("2026-02-18"));
    let Empty { product, host, channel, .. } = empty("System", from, until);
    vec![
        Body::Case(Case {
            version: 1,
            origin: "example.com/owner/case/0123456789abcdef".into(),
            name: "é".into(),
            parties: parties.clone(),
            policy: policy.clone(),
        }),
        Body::Parties(Parties { parties, policy }),
        Body::Source(source(u32::MAX)),
        Body::Cell(cell(3, "Security", Some(from), u64::MAX)),
        Body::Empty(empty("System", from, until)),
        Body::Gap(Gap {
            product,
            host,
            channel,
            from,
            until,
            events: 0,
            missing: 9,
            reason: "record ids leap".into(),
        }),
        Body::Segment(Segment {
            name: "store/0001/a.parquet".into(),
            sha256: Hash::of(b"s"),
            bytes: 1,
            events: 2,
        }),
        Body::Results(wrote(1)),
        Body::Results(answered(1)),
        Body::Examination(Box::new(examination())),
        Body::Release(Release {
            number: 1,
            to: String::new(),
            events: 1,
            fields: 2,
            content: Hash::of(b"r"),
        }),
        Body::Verdict(Box::new(verdict(1, "plans", 0))),
        Body::Exposure(Box::new(exposure(1, 3, 2))),
    ]
}

fn verdict(number: u32, asset: &str, index: u64) -> Verdict {
    Verdict {
        exposure: number,
        asset: asset.into(),
        verdict: VerdictWord::CannotBeDetermined,
        grade: VerdictGrade::Probable,
        detail: "read".into(),
        why: "because".into(),
        first: None,
        last: Some(midnight()),
        evidence: vec![EvidenceLeaf {
            cell: 0,
            index,
            time: Some(midnight()),
            record_id: None,
            why: "shows it".into(),
        }],
    }
}

fn exposure(number: u32, first: u64, count: u64) -> Exposure {
    Exposure {
        number,
        engine: "sekisho 0.1.0".into(),
        size: first,
        records: Span { first, count },
        events: 5,
        seeds: 1,
    }
}

fn midnight() -> crate::time::Timestamp {
    "2026-02-17T00:00:00.000000000Z".parse().unwrap()
}

#[test]
fn records_are_read_as_they_are_written() {
    for body in one_of_each() {
        let record = Record::new(NONCE, body);
        let bytes = record.to_bytes().unwrap();
        let start = format!("{{\"type\":\"{}\",\"nonce\":\"{NONCE}\",", record.type_name());
        assert!(bytes.starts_with(start.as_bytes()), "{}", String::from_utf8_lossy(&bytes));
        let again = Record::parse(&bytes).unwrap();
        assert_eq!(again, record);
        assert_eq!(again.to_bytes().unwrap(), bytes);
    }
}

#[test]
fn a_cell_is_written_as_the_format_says() {
    let bytes = Record::new(NONCE, Body::Cell(cell(3, "Security", None, 5))).to_bytes().unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        format!(
            "{{\"type\":\"cell\",\"nonce\":\"BwcHBwcHBwcHBwcHBwcHBw\",\"number\":3,\
             \"product\":\"windows\",\"host\":\"dc01\",\"channel\":\"Security\",\"day\":null,\
             \"events\":5,\"root\":\"{}\",\"first\":{{\"time\":null,\"record_id\":null}},\
             \"last\":{{\"time\":null,\"record_id\":null}},\"missing\":null}}",
            Hash::of(b"cell")
        )
    );
}

/// Every member of every record, left out and made something else.
#[test]
fn a_record_that_lacks_a_member_or_has_another_is_refused() {
    for body in one_of_each() {
        let bytes = Record::new(NONCE, body).to_bytes().unwrap();
        let whole: serde_json::Map<String, Value> = serde_json::from_slice(&bytes).unwrap();
        for name in whole.keys() {
            let mut without = whole.clone();
            without.shift_remove(name);
            let without = serde_json::to_vec(&without).unwrap();
            assert!(Record::parse(&without).is_err(), "{}", String::from_utf8_lossy(&without));
            if name == "type" {
                continue;
            }
            let mut other = whole.clone();
            other.insert(name.clone(), Value::from(-1.5));
            let other = serde_json::to_vec(&other).unwrap();
            assert!(Record::parse(&other).is_err(), "{}", String::from_utf8_lossy(&other));
        }
    }
}

#[test]
fn what_a_later_version_adds_is_passed_over_and_counted() {
    let record = Record::new(NONCE, Body::Cell(cell(3, "Security", None, 5)));
    let text = String::from_utf8(record.to_bytes().unwrap()).unwrap();
    let later = text.replacen("\"number\"", "\"new\":{\"a\":[1]},\"number\"", 1).replacen(
        "\"record_id\"",
        "\"x\":1,\"record_id\"",
        1,
    );
    let read = Record::parse(later.as_bytes()).unwrap();
    assert_eq!(read.not_understood, 2);
    assert_eq!(read.body, record.body);
    let unknown = br#"{"type":"finding","a":1}"#;
    let read = Record::parse(unknown).unwrap();
    assert_eq!(read.body, Body::Unknown { name: "finding".into(), bytes: unknown.to_vec() });
    assert_eq!((read.not_understood, read.to_bytes().unwrap()), (1, unknown.to_vec()));
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let record = Record::new(
        NONCE,
        Body::Segment(Segment { name: "a".into(), sha256: Hash::of(b""), bytes: 1, events: 2 }),
    );
    let text = String::from_utf8(record.to_bytes().unwrap()).unwrap();
    for (from, to) in [
        ("\"bytes\":1", "\"bytes\":1,\"bytes\":2"),
        ("\"bytes\":1", "\"bytes\":1,\"b\\u0079tes\":2"),
        ("\"bytes\":1", "\"bytes\":1,\"x\":{\"y\":1,\"y\":1}"),
        ("\"bytes\":1", "\"bytes\": 1"),
        ("\"bytes\":1", "\"bytes\":1.0"),
        ("\"bytes\":1", "\"bytes\":01"),
        ("\"bytes\":1", "\"bytes\":-1"),
        ("{\"type\":\"segment\",", "{\"a\":1,\"type\":\"segment\","),
        ("\"type\":\"segment\"", "\"type\":7"),
        ("}", "}\n"),
        ("}", ""),
        ("\"events\":2}", "\"events\":2}{}"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert!(Record::parse(changed.as_bytes()).is_err(), "{changed}");
    }
    assert!(Record::parse(b"[]").is_err());
    assert_eq!(Record::parse(&[0xff]), Err(RecordError::Utf8));
}

#[test]
fn a_record_has_at_most_the_bytes_of_an_entry() {
    let of = |length| {
        let name = "x".repeat(length);
        Record::new(
            NONCE,
            Body::Segment(Segment { name, sha256: Hash::of(b""), bytes: 1, events: 2 }),
        )
    };
    let other = of(0).to_bytes().unwrap().len();
    let longest = of(ENTRY_BYTES_MAX - other).to_bytes().unwrap();
    assert_eq!(longest.len(), ENTRY_BYTES_MAX);
    assert!(Record::parse(&longest).is_ok());
    let longer = of(ENTRY_BYTES_MAX - other + 1);
    assert_eq!(longer.to_bytes(), Err(RecordError::Long(ENTRY_BYTES_MAX + 1)));
    assert_eq!(
        Record::parse(&[longest, vec![b' ']].concat()),
        Err(RecordError::Long(ENTRY_BYTES_MAX + 1))
    );
}

/// An examination after entry 0 whose other entries are given; numbers, sums
/// and roots as they should be.
fn examined(bodies: Vec<Body>, change: impl FnOnce(&mut Examination)) -> Vec<Body> {
    examined_that_wrote(bodies, wrote(1), change)
}

fn examined_that_wrote(
    bodies: Vec<Body>,
    results: Results,
    change: impl FnOnce(&mut Examination),
) -> Vec<Body> {
    let mut examination = examination();
    let mut frontier = merkle::Frontier::new();
    let (mut count, mut events, mut sources) = (0, 0, 0);
    for body in &bodies {
        match body {
            Body::Cell(cell) => {
                frontier.push(Record::new(NONCE, body.clone()).leaf_hash().unwrap());
                count += 1;
                events += cell.events;
            }
            Body::Source(_) => sources += 1,
            _ => {}
        }
    }
    examination.cells = Cells { first: 0, count, events };
    examination.sources = Span { first: 0, count: sources };
    examination.input_root = frontier.root();
    examination.verdicts.clean = count.into();
    examination.records = Span { first: 1, count: bodies.len() as u64 + 1 };
    change(&mut examination);
    let mut all = bodies;
    all.push(Body::Results(results));
    all.push(Body::Examination(Box::new(examination)));
    all
}

/// What is wrong with entries from 1 on.
fn complaints(bodies: &[Body]) -> Vec<Complaint> {
    let mut population = Population::new();
    for (body, entry) in bodies.iter().zip(1..) {
        let record = Record::new(NONCE, body.clone());
        population.add(entry, &record, &record.to_bytes().unwrap());
    }
    population.end().complaints
}

/// Two channels: one with days 1, 2, (3–4 empty), 5 and undated events, one
/// with a single day.
fn sound() -> Vec<Body> {
    let on = |n: i32| day("2026-02-01").plus(n - 1);
    vec![
        Body::Source(source(0)),
        Body::Source(source(1)),
        Body::Cell(cell(0, "Security", on(1), 5)),
        Body::Cell(cell(1, "Security", on(2), 6)),
        Body::Empty(empty("Security", on(3).unwrap(), on(4).unwrap())),
        Body::Cell(cell(2, "Security", on(5), 7)),
        Body::Cell(cell(3, "Security", None, 8)),
        Body::Cell(cell(4, "System", on(3), 9)),
    ]
}

#[test]
fn a_sound_population_has_nothing_wrong() {
    assert_eq!(complaints(&examined(sound(), |_| ())), []);
}

#[test]
fn each_thing_that_is_wrong_is_said_at_its_entry() {
    let with = |change: &dyn Fn(&mut Vec<Body>)| {
        let mut bodies = sound();
        change(&mut bodies);
        complaints(&examined(bodies, |_| ()))
    };
    let said = |found: Vec<Complaint>, entry: u64, part: &str| {
        assert!(
            found.iter().any(|(at, text)| *at == entry && text.contains(part)),
            "expected {entry}: {part}; found {found:?}"
        );
    };
    let on = |n: i32| day("2026-02-01").plus(n - 1);
    said(
        with(&|b| drop(b.remove(4))),
        5,
        "2026-02-03 of \"windows\", \"dc01\", \"Security\" is in no entry",
    );
    said(
        with(&|b| drop(b.remove(3))),
        4,
        "2026-02-02 of \"windows\", \"dc01\", \"Security\" is in no entry",
    );
    said(with(&|b| drop(b.remove(3))), 5, "cell 2; expected cell 1");
    said(with(&|b| drop(b.remove(0))), 1, "source 1; expected source 0");
    said(with(&|b| b.push(b[0].clone())), 9, "source 0; expected source 2");
    said(with(&|b| b.push(b[3].clone())), 9, "cell 1; expected cell 5");
    said(with(&|b| b.push(b[3].clone())), 9, "2026-02-02");
    said(
        with(&|b| b.push(Body::Empty(empty("Security", on(4).unwrap(), on(4).unwrap())))),
        9,
        "2026-02-04 of \"windows\", \"dc01\", \"Security\" is already in entry 5",
    );
    said(
        with(&|b| b.push(Body::Cell(cell(5, "Security", None, 1)))),
        9,
        "a second cell of its channel without a day",
    );
}

/// What makes an examination say something else.
type Change<'a> = &'a dyn Fn(&mut Examination);

#[test]
fn sums_that_do_not_agree_are_said() {
    let with = |change: &dyn Fn(&mut Examination)| complaints(&examined(sound(), change));
    let cases: [(Change<'_>, &str); 15] = [
        (&|e| e.cells.events += 1, "35 events; 36 are said"),
        (&|e| e.cells.count += 1, "6 cells from number 0 on are said, and 5"),
        (&|e| e.cells.count -= 1, "4 cells from number 0 on are said, and 5"),
        (&|e| e.cells.first = 1, "5 cells from number 1 on are said, and 5 from number 0"),
        (&|e| e.cells.first = u32::MAX, "are not there"),
        (&|e| e.input_root = Hash::of(b""), "input_root"),
        (&|e| e.sources.count = 1, "sources"),
        (&|e| e.sources.first = 1, "sources"),
        (&|e| e.records.count -= 1, "do not end directly before it"),
        (&|e| e.records.count = u64::MAX, "do not end directly before it"),
        (&|e| e.clock_jumps = 1, "clock jumps"),
        (&|e| e.number = 2, "examination 2; expected examination 1"),
        (&|e| e.seal = None, "without a seal"),
        (&|e| e.verdicts.findings += 1, "6 verdicts on 5 cells"),
        (&|e| e.verdicts.refused = u64::MAX, "verdicts on 5 cells"),
    ];
    for (change, part) in cases {
        let found = with(change);
        assert!(found.iter().any(|(_, text)| text.contains(part)), "{part}: {found:?}");
    }
    let found = with(&|e| e.records = Span { first: 2, count: 8 });
    assert!(found.contains(&(1, "belongs to no examination".into())), "{found:?}");
    let mut left = examined(sound(), |_| ());
    left.push(Body::Cell(cell(9, "System", None, 1)));
    assert_eq!(complaints(&left), [(11, "belongs to no examination".into())]);
}

/// What makes results say something else.
type Rewrite<'a> = &'a dyn Fn(&mut Results);

#[test]
fn what_an_examination_wrote_is_said_directly_before_it() {
    let with = |change: &dyn Fn(&mut Results)| {
        let mut results = wrote(1);
        change(&mut results);
        complaints(&examined_that_wrote(sound(), results, |_| ()))
    };
    let file = |name: &str| FileSum { name: name.into(), sha256: Hash::of(b""), bytes: 0 };
    let cases: [(Rewrite<'_>, &str); 6] = [
        (&|r| r.files.clear(), "does not name examinations/0001/detections.jsonl"),
        (&|r| r.files.push(file("store/0002/a")), "names a file outside"),
        (&|r| r.files.push(file("checkpoint")), "names a file outside"),
        (&|r| r.output_root = None, "have an output_root"),
        (&|r| r.assets = Some(Hash::of(b"")), "no assets"),
        (&|r| r.estate = Some(Hash::of(b"")), "no estate"),
    ];
    for (change, part) in cases {
        let found = with(change);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0 == 9 && found[0].1.contains(part), "{part}: {found:?}");
    }
    // None, and one that is not the last.
    let mut without = examined(sound(), |e| e.records.count -= 1);
    without.remove(8);
    let last = "its last record is not that of its results";
    assert_eq!(complaints(&without), [(9, last.into())]);
    let mut turned = examined(sound(), |_| ());
    turned.swap(7, 8);
    assert_eq!(complaints(&turned), [(10, last.into())]);
    let mut twice = sound();
    twice.push(Body::Results(wrote(1)));
    assert_eq!(complaints(&examined(twice, |_| ())).len(), 1);
}

#[test]
fn a_hunt_looks_at_cells_of_before() {
    let mut all = examined(sound(), |_| ());
    let Some(Body::Examination(first)) = all.last().cloned() else { panic!("no examination") };
    let hunt = |change: &dyn Fn(&mut Examination)| {
        let mut hunt = (*first).clone();
        hunt.number = 2;
        hunt.kind = ExaminationKind::Hunt;
        hunt.seal = None;
        hunt.sources.count = 0;
        hunt.records = Span { first: 11, count: 1 };
        change(&mut hunt);
        Body::Examination(Box::new(hunt))
    };
    all.push(Body::Results(wrote(2)));
    all.push(hunt(&|_| ()));
    assert_eq!(complaints(&all), []);
    all.pop();
    all.push(hunt(&|h| h.cells.first = 1));
    assert_ne!(complaints(&all), []);
    all.pop();
    // The same, said to be read from logs.
    all.push(hunt(&|h| h.kind = ExaminationKind::Examine));
    assert_ne!(complaints(&all), []);
    all.pop();
    for change in [
        &(|h: &mut Examination| h.seal = first.seal) as Change<'_>,
        &|h| h.sources.count = 1,
        &|h| h.clock_jumps = 1,
        &|h| h.records = Span { first: 10, count: 2 },
    ] {
        all.push(hunt(change));
        assert_eq!(complaints(&all).len(), 1);
        all.pop();
    }
}

#[test]
fn numbers_go_on_from_one_examination_to_the_next() {
    let on = |n: i32| day("2026-02-01").plus(n - 1);
    let both = |source_number, cell_number, cells_first| {
        let mut all = examined(sound(), |_| ());
        let cell = Body::Cell(cell(cell_number, "Security", on(1), 5));
        let bytes = Record::new(NONCE, cell.clone()).leaf_hash().unwrap();
        let bodies = vec![Body::Source(source(source_number)), cell];
        let second = examined_that_wrote(bodies, wrote(2), |e| {
            e.number = 2;
            e.sources.first = 2;
            e.cells.first = cells_first;
            e.input_root = merkle::root_of(&[bytes]);
            e.records = Span { first: 11, count: 3 };
        });
        all.extend(second);
        complaints(&all)
    };
    assert_eq!(both(2, 5, 5), []);
    assert_eq!(both(2, 0, 5), [(12, "cell 0; expected cell 5".into())]);
    assert_eq!(both(0, 5, 5), [(11, "source 0; expected source 2".into())]);
    assert!(!both(2, 5, 0).is_empty());
}

#[test]
fn releases_are_numbered_and_belong_to_no_examination() {
    let release = |number| {
        let (to, content) = (String::new(), Hash::of(b"r"));
        Body::Release(Release { number, to, events: 1, fields: 2, content })
    };
    let mut all = examined(sound(), |_| ());
    all.extend([release(1), release(2)]);
    assert_eq!(complaints(&all), []);
    all.push(release(2));
    assert_eq!(complaints(&all), [(13, "release 2; expected release 3".into())]);
    let mut within = sound();
    within.insert(3, release(1));
    let found = complaints(&examined(within, |_| ()));
    assert_eq!(found, [(11, "its records include entry 4, which is none of its own".into())]);
}

#[test]
fn segments_hold_all_events_and_lie_in_their_folder() {
    let with = |name: &str, events| {
        let mut bodies = sound();
        let (name, sha256) = (name.to_owned(), Hash::of(b""));
        bodies.push(Body::Segment(Segment { name, sha256, bytes: 1, events }));
        complaints(&examined(bodies, |_| ()))
    };
    assert_eq!(with("store/0001/a", 35), []);
    assert_eq!(with("store/0001/a", 34), [(11, "its segments hold 34 of 35 events".into())]);
    assert!(with("store/00010/a", 35)[0].1.contains("outside"));
}

#[test]
fn records_of_another_form_are_refused() {
    let on = day("2026-02-17");
    let text = |body| String::from_utf8(Record::new(NONCE, body).to_bytes().unwrap()).unwrap();
    let [case, _, _, cell, _, gap, segment, results, _, examination, ..]: [Body; 13] =
        one_of_each().try_into().unwrap();
    let other = key(2);
    let party = format!("{{\"name\":\"b\",\"role\":\"partner\",\"key\":\"{other}\"}}");
    let ends = format!("{{\"time\":\"{on}T00:00:00.000000000Z\",\"record_id\":null}}");
    for (body, from, to) in [
        (&case, "\"role\":\"owner\"", "\"role\":\"partner\""),
        (&case, "\"role\":\"owner\"", "\"role\":{\"owner\":null}"),
        (&case, "\"parties\":[", &format!("\"parties\":[{},", party.replace("partner", "owner"))),
        (
            &case,
            "\"parties\":[",
            &format!("\"parties\":[{},", party.replace(&other.to_string(), &key(1).to_string())),
        ),
        (&case, "0123456789abcdef", "0123456789abcde"),
        (&case, "0123456789abcdef", "0123456789ABCDEF"),
        (&case, "example.com/owner/case", "example.org/owner/case"),
        (&case, "quorum none\\n", ""),
        (&case, "quorum none", "quorum w"),
        (&cell, &ends, "[null,null]"),
        (&cell, &ends, "{\"time\":null,\"record_id\":null}"),
        (&cell, &ends, &ends.replace("T00", "T01")),
        (&cell, &ends, &ends.replace("2026-02-17", "2026-02-16")),
        (&gap, "\"missing\":9", "\"missing\":0"),
        (&segment, "store/0001/a.parquet", "/store/0001/a.parquet"),
        (&segment, "store/0001/a.parquet", "store/../a.parquet"),
        (&segment, "store/0001/a.parquet", "store//a.parquet"),
        (&segment, "store/0001/a.parquet", "store\\\\a.parquet"),
        (&segment, "store/0001/a.parquet", "store/a\\u0000.parquet"),
        (&segment, "store/0001/a.parquet", ""),
        (&results, "examinations/0001/detections.jsonl", "./detections.jsonl"),
        (&examination, "\"kind\":\"examine\"", "\"kind\":\"look\""),
    ] {
        let whole = text(body.clone());
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole, "{from}");
        assert!(Record::parse(whole.as_bytes()).is_ok());
        assert!(Record::parse(changed.as_bytes()).is_err(), "{changed}");
    }
    let more = text(case).replacen("\"parties\":[", &format!("\"parties\":[{party},"), 1);
    assert!(Record::parse(more.as_bytes()).is_ok());
}

#[test]
fn a_clock_that_leaps_is_not_filled_but_counted() {
    let first = day("2016-02-01");
    for (leap, runs, jumps) in
        [(1, 0, 0), (2, 1, 0), (CLOCK_JUMP_DAYS, 1, 0), (CLOCK_JUMP_DAYS + 1, 0, 1)]
    {
        let days = BTreeSet::from([first, first.plus(leap).unwrap()]);
        let unseen = days_unseen(&days);
        assert_eq!((unseen.runs.len(), unseen.clock_jumps), (runs, jumps), "{leap}");
    }
}

proptest! {
    #[test]
    fn what_days_unseen_says_makes_a_population_sound(
        channels in proptest::collection::btree_map(
            "[a-c]{1,2}",
            proptest::collection::btree_set(0i32..20_000, 1..12),
            1..4,
        ),
        dropped: prop::sample::Index,
    ) {
        let (mut bodies, mut number, mut jumps, mut empties) = (Vec::new(), 0, 0, BTreeMap::new());
        for (channel, days) in &channels {
            let days: BTreeSet<Day> =
                days.iter().map(|&n| day("1990-01-01").plus(n).unwrap()).collect();
            for &day in &days {
                bodies.push(Body::Cell(cell(number, channel, Some(day), 1)));
                number += 1;
            }
            let unseen = days_unseen(&days);
            jumps += unseen.clock_jumps;
            for (from, until) in unseen.runs {
                empties.insert(bodies.len(), ());
                bodies.push(Body::Empty(empty(channel, from, until)));
            }
        }
        prop_assert_eq!(complaints(&examined(bodies.clone(), |e| e.clock_jumps = jumps)), []);
        if !empties.is_empty() {
            let at = *empties.keys().nth(dropped.index(empties.len())).unwrap();
            bodies.remove(at);
            prop_assert_ne!(complaints(&examined(bodies, |e| e.clock_jumps = jumps)), []);
        }
    }
}
