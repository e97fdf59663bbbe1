//! Zeek's own log format from the outside.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use sekisho_event::formats::zeek_tsv::ZeekTsv;
use sekisho_event::limits::{BLOCK_BYTES, RECORD_BYTES_MAX};
use sekisho_event::{Format, Kind, Projection, SourceHints, TIME_UNKNOWN, Vocabulary};

const CONN: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n\
#path\tconn\n#open\t2020-09-20-12-00-00\n\
#fields\tts\tuid\tid.orig_h\tid.orig_p\tlocal\tservice\ttunnels\tnote\n\
#types\ttime\tstring\taddr\tport\tbool\tset[string]\tset[string]\tstring\n\
1600603200.500000\tC1\t10.0.0.1\t443\tT\tssl,http\t(empty)\ta\\x09b\\\\c\n\
1600603201.000000\tC2\tfe80::1\t53\tF\t-\tx\\x2cy\t-\n\
#close\t2020-09-20-13-00-00\n";

const DNS: &str = "#separator \\x7c\n#set_separator|;\n#empty_field|EMPTY\n#unset_field|?\n#path|dns\n\
#fields|ts|query|TTLs|peer\n#types|time|string|vector[interval]|string\n\
1600603200.000000|a,b|1.5;2;?|s1\n2020-09-20 12:00:00|EMPTY|?|s2\n";

#[derive(Clone, Debug, Default, PartialEq)]
struct Event {
    offset: u64,
    shape: String,
    time: i64,
    host: String,
    fields: BTreeMap<String, Vec<(Kind, String)>>,
    json: String,
}

#[derive(Debug, Default, PartialEq)]
struct Run {
    events: Vec<Event>,
    problems: Vec<(u64, String)>,
    zoneless: u64,
}

impl Event {
    fn get(&self, field: &str) -> Vec<&str> {
        self.fields.get(field).into_iter().flatten().map(|(_, text)| text.as_str()).collect()
    }
}

fn read_as(bytes: &[u8], name: &str, size: usize) -> Run {
    let hints = SourceHints { name: name.to_owned(), ..SourceHints::default() };
    let mut cutter = ZeekTsv.cutter(Arc::new(hints), size);
    let (mut reader, mut vocabulary) = (ZeekTsv.reader(), Vocabulary::new(Projection::All));
    let (mut input, mut run) = (bytes, Run::default());
    while let Some(block) = cutter.next(&mut input).unwrap() {
        reader.read(&block, &mut vocabulary, &mut |parsed, v| {
            let mut events = BTreeMap::new();
            for batch in parsed.batches {
                for row in 0..batch.rows() {
                    let record = batch.records[row];
                    let mut json = Vec::new();
                    parsed.records.write_json(record, &mut json);
                    let mut event = Event {
                        offset: parsed.records.offset(record),
                        shape: batch.shape.to_string(),
                        time: batch.times[row],
                        host: v.hosts.text(batch.hosts[row]).to_owned(),
                        fields: BTreeMap::new(),
                        json: String::from_utf8(json).unwrap(),
                    };
                    for column in &batch.columns {
                        let dictionary = v.dictionary(column.field).unwrap();
                        let value = |id| dictionary.get(id).map(|v| (v.kind, v.text.to_owned()));
                        let values: Vec<_> = column.values(row).filter_map(value).collect();
                        if !values.is_empty() {
                            event.fields.insert(v.name(column.field).to_owned(), values);
                        }
                    }
                    serde_json::from_str::<serde_json::Value>(&event.json).unwrap();
                    events.insert(record, event);
                }
            }
            assert_eq!(events.len(), parsed.count as usize);
            run.events.extend(events.into_values());
            run.problems.extend(parsed.problems.named.iter().map(|p| (p.offset, p.what.clone())));
            run.zoneless += parsed.untimed.zoneless;
        });
    }
    run
}

fn read(text: &str) -> Run {
    read_as(text.as_bytes(), "", BLOCK_BYTES)
}

#[test]
fn values_sets_and_what_is_not_there() {
    assert!(ZeekTsv.recognises(CONN.as_bytes(), true));
    let run = read(CONN);
    assert_eq!(run.problems, []);
    let [first, second] = run.events.as_slice() else { panic!("{run:?}") };
    assert_eq!((first.shape.as_str(), first.host.as_str()), ("zeek conn", ""));
    assert_eq!(first.time, 1_600_603_200_500_000_000);
    assert_eq!(first.get("service"), ["ssl", "http"]);
    assert_eq!(first.get("tunnels"), [""]);
    assert_eq!(first.get("note"), ["a\tb\\\\c"]);
    assert_eq!(first.fields["id.orig_p"], [(Kind::Number, "443".to_owned())]);
    assert_eq!(first.fields["local"], [(Kind::Bool, "true".to_owned())]);
    assert_eq!(second.get("tunnels"), ["x,y"]);
    assert!(!second.fields.contains_key("service") && !second.fields.contains_key("note"));
    assert_eq!(first.offset, CONN.find("1600603200").unwrap() as u64);
    assert_eq!(
        first.json,
        r#"{"ts":1600603200.500000,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":443,"local":true,"service":["ssl","http"],"tunnels":[],"note":"a\u0009b\\\\c"}"#
    );
}

#[test]
fn logs_put_together_keep_their_own_headers() {
    let bare = "#fields\tts\tx\n1600603200\ty\n";
    let text = [CONN, DNS, CONN, bare, DNS].concat();
    let run = read(&text);
    assert_eq!(run.problems, []);
    let shapes: Vec<_> = run.events.iter().map(|e| e.shape.as_str()).collect();
    let (conn, dns) = ("zeek conn", "zeek dns");
    assert_eq!(shapes, [conn, conn, dns, dns, conn, conn, conn, dns, dns]);
    let query = &run.events[2];
    assert_eq!(query.get("query"), ["a,b"]);
    assert_eq!(query.get("TTLs"), ["1.5", "2"]);
    assert_eq!(query.host, "s1");
    assert_eq!(run.events[3].get("query"), [""]);
    assert_eq!(run.zoneless, 2);
    for event in &run.events {
        let at = usize::try_from(event.offset).unwrap();
        assert!(text[at..].starts_with("16006032") || text[at..].starts_with("2020"));
    }
    for size in 1..text.len() {
        assert_eq!(read_as(text.as_bytes(), "", size), run, "{size}");
    }
}

#[test]
fn the_path_is_in_the_header_or_in_the_name() {
    let text = "#fields\tts\tuid\r\n1600603200\tC\r\n";
    let run = read_as(text.as_bytes(), "SITE_http.log", BLOCK_BYTES);
    assert_eq!(run.events[0].shape, "zeek http");
    assert_eq!(run.events[0].get("uid"), ["C"]);
    assert_eq!(read(text).events[0].shape, "zeek");
}

#[test]
fn bad_lines_are_named_and_cost_no_other() {
    let head = "#separator \\x09\n#path\tx\n#fields\tts\ta\n#types\ttime\tstring\n";
    let text = format!("{head}1600603200\tok\n1600603200\ntoo\tmany\tcolumns\nbad\tok\n");
    let run = read(&text);
    assert_eq!(run.events.len(), 2);
    assert_eq!(run.events[1].time, TIME_UNKNOWN);
    let at = head.len() as u64;
    assert_eq!(run.problems.iter().map(|p| p.0 - at).collect::<Vec<_>>(), [14, 25]);
    let none = read("#separator \\x09\nvalue\tvalue\n");
    assert_eq!((none.events.len(), none.problems.len()), (0, 1));
    let mut bytes = format!("{head}1600603200\tx").into_bytes();
    bytes.extend_from_slice(b"\xff\n1600603200\t");
    let long = bytes.len() - 11;
    bytes.resize(bytes.len() + RECORD_BYTES_MAX, b'x');
    bytes.extend_from_slice(b"\n1600603200\tlast\n");
    for size in [1 << 20, 64 << 20] {
        let run = read_as(&bytes, "", size);
        assert_eq!(run.events.len(), 2);
        assert_eq!(run.events[0].get("a"), ["x\u{fffd}"]);
        assert_eq!(run.problems.len(), 2);
        assert_eq!(run.problems[1].0, long as u64);
    }
}

#[test]
fn damage_never_panics() {
    let text = [CONN, DNS].concat();
    let mut seed: u64 = 5;
    let mut dice = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for _ in 0..3_000 {
        let mut bad = text.as_bytes().to_vec();
        for _ in 0..=dice(4) {
            let at = dice(bad.len());
            match dice(3) {
                0 => bad.truncate(at + 1),
                1 => bad[at] = b"#\t\n|\\x\0\xff-"[dice(9)],
                _ => bad.insert(at, b"#\t\n|\\x,-"[dice(8)]),
            }
        }
        let whole = read_as(&bad, "", BLOCK_BYTES);
        assert_eq!(read_as(&bad, "", 1 + dice(90)), whole, "{}", String::from_utf8_lossy(&bad));
    }
}
