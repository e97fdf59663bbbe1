//! JSON from the outside: layouts, dialects, damage, and every file of the
//! test data against `serde_json`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests may fail as tests do"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sekisho_event::formats::json::Json;
use sekisho_event::limits::{BLOCK_BYTES, RECORD_BYTES_MAX};
use sekisho_event::{Format, Projection, SourceHints, TIME_UNKNOWN, Vocabulary, formats};

/// An event as a test sees it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Event {
    offset: u64,
    shape: String,
    time: i64,
    host: String,
    record_id: u64,
    fields: BTreeMap<String, Vec<String>>,
    json: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Run {
    events: Vec<Event>,
    problems: Vec<(u64, String)>,
    zoneless: u64,
    timeless: u64,
}

impl Event {
    fn get(&self, field: &str) -> &[String] {
        self.fields.get(field).map_or(&[], |v| v)
    }
}

fn read_as(bytes: &[u8], hints: SourceHints, size: usize, projection: Projection) -> Run {
    let mut cutter = Json.cutter(Arc::new(hints), size);
    let (mut reader, mut vocabulary) = (Json.reader(), Vocabulary::new(projection));
    let (mut input, mut run) = (bytes, Run::default());
    while let Some(block) = cutter.next(&mut input).unwrap() {
        let mut events: BTreeMap<u32, Event> = BTreeMap::new();
        reader.read(&block, &mut vocabulary, &mut |parsed, v| {
            for batch in parsed.batches {
                for row in 0..batch.rows() {
                    let mut event = Event {
                        offset: parsed.records.offset(batch.records[row]),
                        shape: batch.shape.to_string(),
                        time: batch.times[row],
                        host: v.hosts.text(batch.hosts[row]).to_owned(),
                        record_id: batch.record_ids[row],
                        ..Event::default()
                    };
                    for column in &batch.columns {
                        let dictionary = v.dictionary(column.field).unwrap();
                        let values: Vec<_> =
                            column.values(row).map(|id| dictionary.text(id).to_owned()).collect();
                        if !values.is_empty() {
                            event.fields.insert(v.name(column.field).to_owned(), values);
                        }
                    }
                    let mut json = Vec::new();
                    parsed.records.write_json(batch.records[row], &mut json);
                    event.json = String::from_utf8(json).unwrap();
                    assert!(events.insert(batch.records[row], event).is_none());
                }
            }
            assert_eq!(events.len(), parsed.count as usize);
            let problems = parsed.problems.named.iter().map(|p| (p.offset, p.what.clone()));
            run.problems.extend(problems);
            run.zoneless += parsed.untimed.zoneless;
            run.timeless += parsed.untimed.timeless;
        });
        run.events.extend(events.into_values());
        vocabulary.trim();
    }
    run
}

fn named(text: &str, name: &str) -> Run {
    let hints = SourceHints { name: name.to_owned(), ..SourceHints::default() };
    read_as(text.as_bytes(), hints, BLOCK_BYTES, Projection::All)
}

fn read(text: &str) -> Run {
    named(text, "")
}

fn one(text: &str) -> Event {
    let run = read(text);
    assert_eq!(run.problems, [], "{text}");
    assert_eq!(run.events.len(), 1, "{text}");
    run.events[0].clone()
}

fn check(event: &Event, expected: &[(&str, &[&str])]) {
    for (field, values) in expected {
        assert_eq!(event.get(field), *values, "{field} in {event:#?}");
    }
}

const NOON: i64 = 1_600_603_200_000_000_000; // 2020-09-20T12:00:00Z

#[test]
fn all_layouts_hold_the_same_records() {
    let wide = |s: &str, be: bool| -> Vec<u8> {
        let bytes = |u: u16| if be { u.to_be_bytes() } else { u.to_le_bytes() };
        format!("\u{feff}{s}").encode_utf16().flat_map(bytes).collect()
    };
    let lines = "{\"a\":\"ü}{\",\"n\":1}\n{\"a\":\"\\\"[\",\"n\":2}\n{\"a\":\"😀\",\"n\":3}\n";
    let layouts: Vec<Vec<u8>> = vec![
        lines.into(),
        format!("\u{feff}{}", lines.replace('\n', "\r\n\r\n")).into(),
        lines.replace('\n', ",\n").into(),
        lines.replace('\n', "").into(),
        lines.replace("{\"a", "  {\"a").into(),
        format!("[{}]", lines.trim_end().replace('\n', ",")).into(),
        format!("[\n{}\n]\n", lines.trim_end().replace('\n', ",\n")).into(),
        format!("{{\"Records\":[{}]}}", lines.trim_end().replace('\n', ",")).into(),
        format!("{{\n \"Records\" : [\n{}\n]\n}}", lines.trim_end().replace('\n', ",\n")).into(),
        format!("[{}]\n", lines.trim_end().replace('\n', "]\n[")).into(),
        lines
            .replace("{\"a", "{\n  \"a")
            .replace(",\"n", " ,\n  \"n")
            .replace("}\n", "\n}\n")
            .into(),
        lines.replace("{\"a", "{\n\"a").replace(",\"n", ",\n\"n").replace("}\n", "\n}\n").into(),
        wide(lines, false),
        wide(lines, true),
        wide(&lines.replace('\n', ""), false),
    ];
    for layout in layouts {
        let shown = String::from_utf8_lossy(&layout);
        assert!(Json.recognises(&layout, true), "{shown}");
        let whole = read_as(&layout, SourceHints::default(), BLOCK_BYTES, Projection::All);
        assert_eq!(whole.problems, [], "{shown}");
        let said: Vec<_> = whole.events.iter().map(|e| e.get("a").concat()).collect();
        assert_eq!(said, ["ü}{", "\"[", "😀"], "{shown}");
        for event in &whole.events {
            let at = &layout[usize::try_from(event.offset).unwrap()..];
            assert!(at.starts_with(b"{") || at.starts_with(b"\0{"), "{shown}");
            serde_json::from_str::<serde_json::Value>(&event.json).unwrap();
        }
        for size in 1..layout.len() + 2 {
            let cut = read_as(&layout, SourceHints::default(), size, Projection::All);
            assert_eq!(cut, whole, "{size} {shown}");
        }
    }
}

#[test]
fn nested_windows_events_in_their_spellings() {
    let attributes = [
        (r##""#attributes":{"Name":"P","Guid":"G"}"##, r##""#attributes":{"SystemTime":"T"}"##),
        (r#""@Name":"P","@Guid":"G""#, r#""@SystemTime":"T""#),
        (r#""_attributes":{"Name":"P","Guid":"G"}"#, r#""_attributes":{"SystemTime":"T"}"#),
        (r#""$":{"Name":"P","Guid":"G"}"#, r#""$":{"SystemTime":"T"}"#),
        (r#""Name":"P","Guid":"G""#, r#""SystemTime":"T""#),
    ];
    for (provider, created) in attributes {
        let system = format!(
            r##""System":{{"Provider":{{{provider}}},"EventID":{{"#text":4624,"#attributes":{{"Qualifiers":7}}}},
            "TimeCreated":{{{created}}},"EventRecordID":"77","Correlation":null,"Security":{{}},
            "Channel":"Security","Computer":"h.example"}},"EventData":{{"LogonType":3,"Empty":null}}"##
        )
        .replace("\"T\"", "\"2020-09-20T12:00:00Z\"");
        for text in [format!("{{\"Event\":{{{system}}}}}"), format!("{{{system}}}")] {
            let event = one(&text);
            assert_eq!(event.shape, "windows Security 4624");
            assert_eq!((event.time, event.record_id, event.host.as_str()), (NOON, 77, "h.example"));
            check(
                &event,
                &[
                    ("Provider_Name", &["P"]),
                    ("Provider_Guid", &["G"]),
                    ("EventID", &["4624"]),
                    ("Qualifiers", &["7"]),
                    ("Channel", &["Security"]),
                    ("Computer", &["h.example"]),
                    ("LogonType", &["3"]),
                    ("Empty", &[""]),
                    ("Correlation", &[]),
                    ("Security", &[]),
                ],
            );
        }
    }
}

#[test]
fn data_elements_are_named_by_their_attribute() {
    let data = r##"[{"#attributes":{"Name":"A"},"#text":"1"},{"#text":"2","#attributes":{"Name":"B"}},
        {"@Name":"C","#text":3},{"@Name":"D"},"plain",{"#text":"bare"}]"##;
    let event = one(&format!(
        r#"{{"Event":{{"System":{{"EventID":1,"Channel":"X"}},"EventData":{{"Data":{data}}}}}}}"#
    ));
    check(
        &event,
        &[("A", &["1"]), ("B", &["2"]), ("C", &["3"]), ("D", &[""]), ("Data", &["plain", "bare"])],
    );
    let single = one(
        r##"{"Event":{"System":{"EventID":1},"EventData":{"Data":{"@Name":"x","#text":"y"}}}}"##,
    );
    check(&single, &[("x", &["y"])]);
    let user = one(
        r##"{"Event":{"System":{"EventID":1},"UserData":{"EventXML":{"#attributes":{"xmlns":"n"},"Param1":"v"}}}}"##,
    );
    check(&user, &[("Param1", &["v"]), ("EventXML.Param1", &["v"]), ("EventXML_xmlns", &[])]);
}

#[test]
fn winlogbeat_nested_dotted_and_exported() {
    let nested = r#"{"@timestamp":"2020-09-20T12:00:00.000Z","host":{"name":"other"},"message":"m",
        "winlog":{"channel":"Security","event_id":"4688","computer_name":"h","record_id":5,
        "provider_name":"P","process":{"pid":4,"thread":{"id":8}},"event_data":{"NewProcessName":"c.exe"},
        "user_data":{"xml_name":"E","Param1":"p"}}}"#;
    let dotted = r#"{"@timestamp":"2020-09-20T12:00:00.000Z","message":"m","winlog.channel":"Security",
        "winlog.event_id":4688,"winlog.computer_name":"h","winlog.record_id":"5","winlog.provider_name":"P",
        "winlog.process.pid":4,"winlog.process.thread.id":8,"winlog.event_data.NewProcessName":"c.exe",
        "winlog.user_data.Param1":"p"}"#;
    let exported = format!(r#"{{"_index":"w","_source":{nested}}}"#);
    for text in [nested, dotted, &exported] {
        let event = one(text);
        assert_eq!(event.shape, "windows Security 4688");
        assert_eq!((event.time, event.record_id, event.host.as_str()), (NOON, 5, "h"));
        check(
            &event,
            &[
                ("NewProcessName", &["c.exe"]),
                ("Computer", &["h"]),
                ("Provider_Name", &["P"]),
                ("Execution_ProcessID", &["4"]),
                ("Execution_ThreadID", &["8"]),
                ("Param1", &["p"]),
                ("Message", &["m"]),
                ("EventID", &["4688"]),
                ("EventRecordID", &["5"]),
            ],
        );
    }
}

#[test]
fn flat_windows_events() {
    let event = one(
        r#"{"EventTime":"2020-09-20 08:00:00","UtcTime":"2020-09-20 11:59:59","host":"collector",
        "EventID":10,"Channel":"Sysmon","Hostname":"h","RecordNumber":12,"SourceName":"S",
        "@timestamp":"2020-09-20T12:00:00Z","tags":["a","b"],"none":[]}"#,
    );
    assert_eq!(event.shape, "windows Sysmon 10");
    assert_eq!((event.time, event.record_id, event.host.as_str()), (NOON, 12, "h"));
    check(
        &event,
        &[
            ("Computer", &["h"]),
            ("Hostname", &["h"]),
            ("Provider_Name", &["S"]),
            ("tags", &["a", "b"]),
            ("EventRecordID", &["12"]),
            ("EventID", &["10"]),
            ("none", &[""]),
            ("host", &["collector"]),
        ],
    );
    assert_eq!(one(r#"{"EventID":"1"}"#).shape, "windows 1");
    let powershell = one(
        r#"{"Id":1,"LogName":"System","ProviderName":"P","MachineName":"m","TimeCreated":"\/Date(1600603200000)\/"}"#,
    );
    assert_eq!((powershell.shape.as_str(), powershell.time), ("windows System 1", NOON));
    assert_eq!(powershell.host, "m");
}

#[test]
fn times_without_a_zone_are_counted_or_placed() {
    let text = "{\"EventID\":1,\"EventTime\":\"2020-09-20 14:00:00\"}";
    let run = read(text);
    assert_eq!((run.zoneless, run.events[0].time), (1, NOON + 7_200_000_000_000));
    let timezone = jiff::tz::TimeZone::get("Europe/Berlin").ok();
    let hints = SourceHints { timezone, ..SourceHints::default() };
    let run = read_as(text.as_bytes(), hints, BLOCK_BYTES, Projection::All);
    assert_eq!((run.zoneless, run.events[0].time), (0, NOON));
    let utc = read(
        "{\"EventID\":1,\"UtcTime\":\"2020-09-20 12:00:00.000\",\"EventTime\":\"2020-09-20 14:00:00\"}",
    );
    assert_eq!((utc.zoneless, utc.events[0].time), (0, NOON));
    let none = read("{\"EventID\":1,\"EventTime\":\"yesterday\"}");
    assert_eq!((none.timeless, none.events[0].time), (1, TIME_UNKNOWN));
}

#[test]
fn zeek_by_path_and_by_file_name() {
    let event = one(
        r#"{"_path":"dns","ts":1600603200.5,"_system_name":"s","id.orig_h":"1.2.3.4","answers":["a","b"]}"#,
    );
    assert_eq!((event.shape.as_str(), event.host.as_str()), ("zeek dns", "s"));
    assert_eq!(event.time, NOON + 500_000_000);
    check(&event, &[("id.orig_h", &["1.2.3.4"]), ("answers", &["a", "b"])]);
    let text = r#"{"ts":"2020-09-20T12:00:00.000000Z","uid":"C","id_orig_h":"1.2.3.4"}"#;
    assert_eq!(named(text, "SITE_conn.log").events[0].shape, "zeek conn");
    assert_eq!(named(text, "other.log").events[0].shape, "zeek");
    check(
        &named(text, "conn.log").events[0],
        &[("id.orig_h", &["1.2.3.4"]), ("id_orig_h", &["1.2.3.4"])],
    );
    let stream = r#"{"@stream":"x509","@system":"sensor","@proc":"zeek","ts":1600603200}"#;
    assert_eq!(one(stream).shape, "zeek x509");
}

#[test]
fn known_kinds_and_the_rest() {
    for (text, shape) in [
        (
            r#"{"eventVersion":"1","eventSource":"s3","eventName":"n","eventTime":"2020-09-20T12:00:00Z"}"#,
            "aws cloudtrail",
        ),
        (
            r#"{"Workload":"Exchange","Operation":"o","CreationTime":"2020-09-20T12:00:00Z","RecordType":2}"#,
            "m365 Exchange",
        ),
        (
            r#"{"auditID":"x","verb":"get","stage":"s","stageTimestamp":"2020-09-20T12:00:00Z"}"#,
            "kubernetes audit",
        ),
        (
            r#"{"eventType":"user","published":"2020-09-20T12:00:00.000Z","actor":{"alternateId":"a"}}"#,
            "okta okta",
        ),
        (
            r#"{"protoPayload":{"serviceName":"s","methodName":"m"},"timestamp":"2020-09-20T12:00:00Z"}"#,
            "gcp gcp.audit",
        ),
        (
            r#"{"id":{"applicationName":"login","uniqueQualifier":"1","time":"2020-09-20T12:00:00Z"},"actor":{"profileId":"1"}}"#,
            "gcp google_workspace.login",
        ),
        (
            r#"{"action":"a","actor":"b","_document_id":"c","@timestamp":1600603200000}"#,
            "github audit",
        ),
        (
            r#"{"createdDateTime":"2020-09-20T12:00:00Z","userPrincipalName":"u","appDisplayName":"a"}"#,
            "azure signinlogs",
        ),
        (r#"{"time":"2020-09-20T12:00:00Z","x":{"y":[{"z":1},{"z":2}]}}"#, "unknown log source"),
    ] {
        let event = one(text);
        assert_eq!((event.shape.as_str(), event.time), (shape, NOON), "{text}");
    }
    check(
        &one(r#"{"x":{"y":[{"z":1},{"z":2}],"e":{}}}"#),
        &[("x.y.z", &["1", "2"]), ("x.e", &[""])],
    );
}

#[test]
fn only_wanted_fields_become_columns() {
    let names = ["Image".into()].into_iter().collect();
    let projection = Projection::Some { names, whole: vec![] };
    let text =
        b"{\"EventID\":1,\"Image\":\"i\",\"Other\":\"o\"}\n{\"Image\":\"i\",\"Other\":\"o\"}";
    let run = read_as(text, SourceHints::default(), BLOCK_BYTES, projection);
    assert_eq!(run.events[0].fields.keys().collect::<Vec<_>>(), ["Image"]);
    assert_eq!(run.events[1].fields.keys().collect::<Vec<_>>(), ["Image", "Other"]);
    assert_eq!(run.events[0].json, r#"{"EventID":1,"Image":"i","Other":"o"}"#);
}

#[test]
fn a_bad_record_is_named_and_costs_no_other() {
    let deep = format!("{{\"d\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for bad in [
        "{\"a\":",
        "{\"a\":\"x",
        "{\"a\" 1}",
        "{\"a\":1}}]{",
        "{\"a\":nul}",
        "{\"a\":1,}",
        deep.as_str(),
    ] {
        for (open, between, close) in [("", "\n", "\n"), ("[\n  ", ",\n  ", "\n]")] {
            let text = [
                open,
                "{\"n\":1}",
                between,
                "{\"n\":2}",
                between,
                bad,
                between,
                "{\"n\":3}",
                close,
            ]
            .concat();
            let run = read(&text);
            let said: Vec<_> = run.events.iter().flat_map(|e| e.get("n")).collect();
            assert_eq!(said, ["1", "2", "3"], "{text}");
            assert_eq!(run.problems.len(), 1, "{text} {:?}", run.problems);
            let from = text.find(bad).unwrap() as u64;
            let at = run.problems[0].0;
            assert!(at >= from && at <= from + bad.len() as u64 + 4, "{text} {at}");
            for size in [1, 7, 64, 1000] {
                let cut = read_as(text.as_bytes(), SourceHints::default(), size, Projection::All);
                assert_eq!(cut, run, "{size}");
            }
        }
    }
}

#[test]
fn a_line_over_the_limit_is_named_and_costs_no_other() {
    let mut text = b"{\"n\":1}\n{\"long\":\"".to_vec();
    text.resize(RECORD_BYTES_MAX + 1_000, b'x');
    text.extend_from_slice(b"\"}\n{\"n\":2}\n");
    for size in [1 << 20, BLOCK_BYTES, 64 << 20] {
        let run = read_as(&text, SourceHints::default(), size, Projection::All);
        assert_eq!(run.events.len(), 2);
        assert_eq!(run.problems.len(), 1);
        assert_eq!(run.problems[0].0, 8);
        assert!(run.problems[0].1.contains("longer than"));
    }
}

#[test]
fn invalid_utf8_is_replaced_and_counted() {
    let text = b"{\"a\":\"x\xffy\",\"b\":\"\xc3\"}\n{\"a\":\"ok\"}\n{\"a\":\"x\xffy\"}\n";
    let run = read_as(text, SourceHints::default(), BLOCK_BYTES, Projection::All);
    assert_eq!(run.events[0].get("a"), ["x\u{fffd}y"]);
    assert_eq!(run.events.len(), 3);
    assert_eq!(run.problems.iter().map(|p| p.0).collect::<Vec<_>>(), [7, 38]);
}

/// A simple generator of numbers; tests must not depend on chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below.max(1)
    }
}

#[test]
fn damage_never_panics_and_never_loses_later_lines() {
    let samples = [
        r##"{"Event":{"System":{"EventID":{"#text":1},"Channel":"C"},"EventData":{"Data":[{"@Name":"a","#text":"b"},"c"]}}}"##,
        r#"{"winlog":{"event_data":{"a":"\u00e9\"\\"},"event_id":1},"@timestamp":"2020-09-20T12:00:00Z"}"#,
        r#"{"EventID":1,"tags":["a",{"b":[1,-2.5e3,true,null]}],"EventTime":"2020-09-20 12:00:00"}"#,
        r#"{"ts":1600603200.5,"uid":"C","id.orig_h":"1.2.3.4","x":{}}"#,
    ];
    let mut dice = Dice(7);
    for round in 0..6_000 {
        let mut bad = samples[round % samples.len()].as_bytes().to_vec();
        for _ in 0..=dice.roll(3) {
            let at = dice.roll(bad.len());
            match dice.roll(3) {
                0 => bad.truncate(at),
                1 if !bad.is_empty() => bad[at] = b"{}[]\",:\\\x00\xff\n9"[dice.roll(12)],
                _ => bad.insert(at.min(bad.len()), b"{}[]\",:\\e-"[dice.roll(10)]),
            }
        }
        let mut text = b"{\"first\":1}\n".to_vec();
        text.extend_from_slice(&bad);
        text.extend_from_slice(b"\n{\"last\":1}\n");
        let run = read_as(&text, SourceHints::default(), BLOCK_BYTES, Projection::All);
        let shown = String::from_utf8_lossy(&bad);
        for field in ["first", "last"] {
            let count = run.events.iter().filter(|e| !e.get(field).is_empty()).count();
            assert_eq!(count, 1, "{shown}");
        }
        let blank = bad.iter().all(|b| b" \n\r\t,[]}\0".contains(b));
        assert!(blank || run.events.len() > 2 || !run.problems.is_empty(), "lost: {shown}");
        let cut = read_as(&text, SourceHints::default(), 1 + dice.roll(40), Projection::All);
        assert_eq!(cut, run, "{shown}");
        // The same without lines: no panic, and cuts do not matter.
        let mut array = b"[{\"first\":1},".to_vec();
        array.extend_from_slice(&bad);
        array.extend_from_slice(b",{\"last\":1}]");
        let run = read_as(&array, SourceHints::default(), BLOCK_BYTES, Projection::All);
        assert_eq!(run.events[0].get("first"), ["1"]);
        let cut = read_as(&array, SourceHints::default(), 1 + dice.roll(40), Projection::All);
        assert_eq!(cut, run, "{}", String::from_utf8_lossy(&array));
    }
}

/// A value as `serde_json` sees it, flattened: `(path, text)`.
fn flatten(path: &str, value: &serde_json::Value, out: &mut Vec<(String, String)>) {
    use serde_json::Value;
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, out);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            values.iter().for_each(|v| flatten(path, v, out));
        }
        Value::Object(_) | Value::Array(_) | Value::Null => {
            out.push((path.to_owned(), String::new()))
        }
        Value::String(text) => out.push((path.to_owned(), text.clone())),
        other => out.push((path.to_owned(), other.to_string())),
    }
}

/// The name under which Windows rules know a nested field.
fn sigma_name(path: &str) -> Option<String> {
    let path = path.strip_prefix("Event.")?;
    if let Some(attribute) = path.strip_prefix("EventData.#attributes.") {
        return Some(format!("EventData_{attribute}"));
    }
    let path = path.replace("#attributes.", "");
    if let Some(data) = path.strip_prefix("EventData.") {
        return Some(data.replace(".#text", "")).filter(|d| !d.starts_with("Data"));
    }
    let known = [
        ("System.Channel", "Channel"),
        ("System.Computer", "Computer"),
        ("System.EventID", "EventID"),
        ("System.Provider.Name", "Provider_Name"),
        ("System.EventRecordID", "EventRecordID"),
        ("System.TimeCreated.SystemTime", "SystemTime"),
        ("System.Security.UserID", "UserID"),
    ];
    known.iter().find(|(from, _)| *from == path).map(|(_, to)| (*to).to_owned())
}

fn same(ours: &str, theirs: &str) -> bool {
    let numbers = || Some(ours.parse::<f64>().ok()? == theirs.parse::<f64>().ok()?);
    ours == theirs || numbers().unwrap_or(false)
}

fn data() -> Option<PathBuf> {
    let path = std::env::var_os("SEKISHO_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let found = path.is_dir();
    if !found {
        println!("skipped: no test data");
    }
    found.then_some(path)
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
}

/// The records of a file, by `serde_json`.
fn oracle(bytes: &[u8]) -> Vec<serde_json::Value> {
    let mut out = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter() {
        match value.unwrap() {
            serde_json::Value::Array(values) => out.extend(values),
            value => out.push(value),
        }
    }
    out
}

#[test]
fn the_test_data_is_read_as_serde_json_reads_it() {
    let Some(data) = data() else { return };
    let mut paths = Vec::new();
    for folder in ["zeek", "cloudtrail", "cases", "sigma-regression"] {
        files(&data.join(folder), &mut paths);
    }
    let (mut seen, mut records) = (0, 0);
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let log = path.components().any(|c| c.as_os_str() == "logs");
        let inside = !path.components().any(|c| c.as_os_str() == "cases") || log;
        let json = log || path.extension().is_some_and(|e| e == "json");
        let recognised = Json.recognises(&bytes, true);
        if !inside || !recognised {
            assert!(!inside || !json || bytes.is_empty(), "{}", path.display());
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let hints = SourceHints { name, ..SourceHints::default() };
        let run = read_as(&bytes, hints.clone(), BLOCK_BYTES, Projection::All);
        assert_eq!(run.problems, [], "{}", path.display());
        let expected = oracle(&bytes);
        assert_eq!(run.events.len(), expected.len(), "{}", path.display());
        for (event, value) in run.events.iter().zip(&expected) {
            compare(event, value, &path);
        }
        if bytes.len() < 200_000 {
            for size in [100, 5_000] {
                assert_eq!(read_as(&bytes, hints.clone(), size, Projection::All), run);
            }
        }
        seen += 1;
        records += run.events.len();
    }
    println!("{seen} files, {records} records");
    assert!(seen > 150 && records > 5_000, "{seen} files, {records} records");
}

fn compare(event: &Event, value: &serde_json::Value, path: &Path) {
    let written: serde_json::Value = serde_json::from_str(&event.json).unwrap();
    assert_eq!(&written, value);
    assert_ne!(event.time, TIME_UNKNOWN, "{} {}", path.display(), event.json);
    assert_ne!(event.shape, "unknown log source", "{} {}", path.display(), event.json);
    let mut flat = Vec::new();
    flatten("", value, &mut flat);
    let nested = value.get("Event").is_some();
    let mut theirs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in flat {
        let name = if nested { sigma_name(&path) } else { Some(path) };
        if let Some(name) = name {
            theirs.entry(name).or_default().push(text);
        }
    }
    for (name, texts) in &theirs {
        let ours = event.get(name);
        let equal = ours.len() == texts.len() && ours.iter().zip(texts).all(|(a, b)| same(a, b));
        assert!(equal, "{} {name}: {ours:?} {texts:?}", path.display());
    }
    if event.shape.starts_with("aws") {
        const MADE: [&str; 3] = ["event.outcome", "requestParameters", "responseElements"];
        let own = |name: &&String| theirs.contains_key(*name) || !MADE.contains(&name.as_str());
        assert_eq!(event.fields.keys().filter(own).count(), theirs.len());
    }
}

#[test]
fn one_format_for_any_bytes() {
    for text in
        ["{\"a\":1}", "[{\"a\":1}]", "#separator \\x09\n", "#fields\tts\n", "x", "", "#!/bin/sh"]
    {
        let yes = formats::FORMATS.iter().filter(|f| f.recognises(text.as_bytes(), true)).count();
        assert!(yes <= 1, "{text}");
    }
    assert_eq!(formats::recognise(b"{\"a\":1}", true).unwrap().name(), "json");
    assert_eq!(formats::recognise(b"#separator \\x09\n", true).unwrap().name(), "zeek-tsv");
}

#[test]
fn too_many_values_are_named_and_the_record_is_read() {
    let values = vec!["1"; sekisho_event::limits::RECORD_CELLS_MAX + 10].join(",");
    let run = read(&format!("{{\"a\":[{values}],\"b\":2}}\n{{\"b\":3}}\n"));
    assert_eq!(run.events.len(), 2);
    assert_eq!(run.events[0].get("a").len(), sekisho_event::limits::RECORD_CELLS_MAX);
    assert!(run.problems[0].1.starts_with("11 values"), "{:?}", run.problems);
}

#[test]
fn more_shapes_than_are_remembered_are_read_alike() {
    let count = 2 * sekisho_event::limits::READER_SHAPES_MAX;
    let lines = (0..count).map(|n| format!("{{\"EventID\":{n},\"Channel\":\"c\"}}\n"));
    let text: String = lines.collect();
    let run = read_as(text.as_bytes(), SourceHints::default(), 200_000, Projection::All);
    assert_eq!(run.events.len(), count);
    let expected = |n: usize| format!("windows c {n}");
    assert!(run.events.iter().enumerate().all(|(n, e)| e.shape == expected(n)));
}

#[test]
fn random_bytes_end_and_cuts_do_not_matter() {
    let mut dice = Dice(11);
    for round in 0..400 {
        let any = |dice: &mut Dice| u8::try_from(dice.roll(256)).unwrap();
        let few = |dice: &mut Dice| b"{}[]\",:\\ \n\r1na\xff\xc3\0"[dice.roll(17)];
        let pick = |dice: &mut Dice| if round % 4 == 0 { any(dice) } else { few(dice) };
        let length = 1 + dice.roll(600);
        let text: Vec<u8> = (0..length).map(|_| pick(&mut dice)).collect();
        let whole = read_as(&text, SourceHints::default(), BLOCK_BYTES, Projection::All);
        let cut = read_as(&text, SourceHints::default(), 1 + dice.roll(50), Projection::All);
        assert_eq!(cut, whole, "{text:?}");
    }
}
