//! Tables as a whole: what becomes of their rows, and of damage.

use std::sync::Arc;

use serde_json::Value;

use super::Csv;
use super::read::TableReader;
use crate::formats::event_viewer::EventViewer;
use crate::limits::{BLOCK_BYTES, RECORD_BYTES_MAX};
use crate::{Format, Projection, Reader, SourceHints, Vocabulary};

#[derive(Debug, Default, PartialEq)]
struct Run {
    /// Offset, shape, time and JSON of each record.
    records: Vec<(u64, String, i64, Value)>,
    problems: Vec<(u64, String)>,
}

fn read(mut bytes: &[u8], size: usize) -> Run {
    let mut cutter = Csv.cutter(Arc::new(SourceHints::default()), size);
    let (mut reader, mut v) = (Csv.reader(), Vocabulary::new(Projection::All));
    let mut run = Run::default();
    while let Some(block) = cutter.next(&mut bytes).unwrap() {
        assert!(block.bytes.len() <= size.max(RECORD_BYTES_MAX) + RECORD_BYTES_MAX);
        reader.read(&block, &mut v, &mut |parsed, _| {
            let mut rows = Vec::new();
            for batch in parsed.batches {
                for (row, &record) in batch.records.iter().enumerate() {
                    let mut json = Vec::new();
                    parsed.records.write_json(record, &mut json);
                    let json = serde_json::from_slice(&json).unwrap();
                    let offset = parsed.records.offset(record);
                    rows.push((offset, batch.shape.to_string(), batch.times[row], json));
                }
            }
            rows.sort_by_key(|row| row.0);
            run.records.append(&mut rows);
            let named = parsed.problems.named.iter();
            run.problems.extend(named.map(|p| (p.offset, p.what.clone())));
        });
    }
    run
}

/// All that is read from a log, whichever way its rows are.
fn all(format: &dyn Format, mut bytes: &[u8], size: usize, by_lines: bool) -> Vec<String> {
    let mut cutter = format.cutter(Arc::new(SourceHints::default()), size);
    let mut reader = TableReader::default();
    reader.by_lines = by_lines;
    let (mut v, mut out) = (Vocabulary::new(Projection::All), Vec::new());
    while let Some(block) = cutter.next(&mut bytes).unwrap() {
        reader.read(&block, &mut v, &mut |parsed, v| {
            let mut rows: Vec<(u32, String)> = Vec::new();
            for batch in parsed.batches {
                for (row, &record) in batch.records.iter().enumerate() {
                    let mut json = Vec::new();
                    parsed.records.write_json(record, &mut json);
                    let mut said: Vec<String> = Vec::new();
                    for column in &batch.columns {
                        let of = |id| v.dictionary(column.field).unwrap().get(id).unwrap();
                        let values: Vec<_> = column.values(row).map(of).collect();
                        said.push(format!("{}: {values:?}", v.name(column.field)));
                    }
                    said.sort();
                    let head =
                        (batch.times[row], batch.record_ids[row], v.hosts.get(batch.hosts[row]));
                    let offset = parsed.records.offset(record);
                    let json = String::from_utf8(json).unwrap();
                    rows.push((
                        record,
                        format!("{offset} {} {head:?} {json} {said:#?}", batch.shape),
                    ));
                }
            }
            rows.sort();
            assert!(rows.iter().map(|row| row.0).eq(0..parsed.count));
            out.extend(rows.into_iter().map(|row| row.1));
            let unknown = parsed.records.labels_unknown();
            out.extend(parsed.problems.named.iter().map(|problem| format!("{problem:?}")));
            out.push(format!("{} {:?} {unknown}", parsed.problems.more, parsed.untimed));
        });
    }
    out
}

#[test]
fn cells_and_lines_of_json_are_read_alike() {
    let mut logs: Vec<(&dyn Format, Vec<u8>)> = Vec::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../sekisho/tests/fixtures");
    for format in [&Csv as &dyn Format, &EventViewer] {
        for file in std::fs::read_dir(format!("{fixtures}/{}", format.name())).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().unwrap() != "cases.tsv" {
                logs.push((format, std::fs::read(path).unwrap()));
            }
        }
    }
    let windows = "Id,TimeCreated,ProviderName,LogName,MachineName,RecordId,ProcessId,Message,A,A";
    let security = "Microsoft-Windows-Security-Auditing,Security";
    for text in [
        // Numbers and what is none, doubled quotes, empty rows, several values.
        format!(
            "{windows}\n4624,3/2/2026 8:00:01 AM,{security},ws,7,\"4\n\",\"A logon.\n\nSubject:\n\
             \tSecurity ID:\t\t\"\"S-1-5-18\"\"\n\tAccount Name:\t\tb\\c\n\",x\\ny,\"\"\"\"\n\
             ,,,,,,,,,\n4 ,2026-03-02T08:00:01Z,,,,01,-0,1.50,1.,-1,beyond,\"be\"\"yond\"\n\
             \"4624\n\",1772438401,\"a\tb\",c\\d,,\" \",x\0y,,\u{85},\u{a0}\n"
        )
        .into_bytes(),
        // Bytes that are no UTF-8, in a cell and elsewhere.
        [
            windows.as_bytes(),
            b"\n1,2026-03-02T08:00:01Z,p,l,h\xFF,1,1,m\xC3,\xE9,b\n1,\xFF,p,l,h,1,1,m,a,b\n",
            b"2,2026-03-02T08:00:01Z,p,l,h,1,1,m,a,b\n",
        ]
        .concat(),
        // No kind that is known; records in cells; names that are paths.
        b"time,message,a.b,\n2026-03-02 08:00:01,x,1,2\n\
          2026-03-02 08:00:01,\"{\"\"eventName\"\":\"\"x\"\"}\",1,2\n2026-03-02 08:00:01,{\"\"x,[,2\n"
            .to_vec(),
        b"time,Parameters.Name,Parameters.Value,Operation,Workload,CreationTime,UserId\n\
          2026-03-02 08:00:01,n,v,o,Exchange,2026-03-02T08:00:01,u\n"
            .to_vec(),
        b"ts,uid,id.orig_h,a\n1772438401.5,C1,::1,\"{}\"\n".to_vec(),
        b"Date,Time,What\n14/03/2026,08:00:01,x\n03/14/2026,08:00:01,x\n,,x\nsoon,08:00:01,y\n".to_vec(),
    ] {
        assert!(Csv.recognises(&text, true), "{}", String::from_utf8_lossy(&text));
        logs.push((&Csv, text));
    }
    assert!(logs.len() > 30);
    for (format, log) in logs {
        for size in [BLOCK_BYTES, 200] {
            let said = all(format, &log, size, false);
            assert!(!said.is_empty());
            assert_eq!(said, all(format, &log, size, true), "{}", String::from_utf8_lossy(&log));
        }
    }
}

const EIGHT: i64 = 1_772_438_401_000_000_000;

#[test]
fn code_pages_are_read_and_said_once() {
    let rows =
        b"time,a,b\r\n2026-03-02 08:00:01,\xC4nderung,1\r\n2026-03-02 08:00:01,gr\xFC\xDFe,2\r\n";
    let run = read(rows, BLOCK_BYTES);
    let said: Vec<(u64, &Value)> = run.records.iter().map(|r| (r.0, &r.3["a"])).collect();
    assert_eq!(said, [(10, &Value::from("Änderung")), (42, &Value::from("grüße"))]);
    assert_eq!(run.problems, [(0, "the text is read as windows-1252".to_owned())]);
    let rows = b"time,a,b\n2026-03-02 08:00:01,\x83\x8c\x83x\x83\x8b\x83\x8c\xB6,1\n\
        2026-03-02 08:00:01,b,2\n";
    assert!(Csv.recognises(rows, true));
    for size in [BLOCK_BYTES, 16] {
        let run = read(rows, size);
        assert_eq!(run.records[0].3["a"], "レベルレｶ");
        assert_eq!(run.records[1].0, 41);
    }
}

#[test]
fn labels_that_no_table_knows_are_counted() {
    let text = "Id,ProviderName,LogName,TimeCreated,Message\n\
        4624,Microsoft-Windows-Security-Auditing,Security,2026-03-02 08:00:01,\"x\n\nSubject:\n\
        \tAccount Name:\t\tanna\n\tNo such label:\t\t1\"\n\
        1,No such provider,Application,2026-03-02 08:00:01,words\n";
    let mut bytes = text.as_bytes();
    let mut cutter = Csv.cutter(Arc::new(SourceHints::default()), BLOCK_BYTES);
    let (mut reader, mut v) = (Csv.reader(), Vocabulary::new(Projection::All));
    let block = cutter.next(&mut bytes).unwrap().unwrap();
    let mut unknown = 0;
    reader.read(&block, &mut v, &mut |parsed, _| unknown += parsed.records.labels_unknown());
    assert_eq!(unknown, 2);
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_record() {
    let text = "time,a,b\n\
        2026-03-02 08:00:01,\"one\",1\n\
        2026-03-02 08:00:01,\"open,2\n\
        2026-03-02 08:00:01,\"three\n\",3\n\
        2026-03-02 08:00:01,four,4\n";
    let run = read(text.as_bytes(), BLOCK_BYTES);
    let said: Vec<&Value> = run.records.iter().map(|r| &r.3["a"]).collect();
    assert_eq!(said, ["one", "open,2", "three\n", "four"]);
    assert_eq!(run.problems.len(), 2, "{:?}", run.problems);
    assert!(run.problems.iter().all(|p| p.0 == run.records[1].0));
    assert!(run.records.iter().all(|r| r.2 == EIGHT));
    for size in 1..text.len() {
        assert_eq!(read(text.as_bytes(), size), run, "{size}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_bounded() {
    let mut text = b"time,a,b\n2026-03-02 08:00:01,x,1\n2026-03-02 08:00:01,\"".to_vec();
    let long = 33;
    while text.len() < RECORD_BYTES_MAX + (1 << 20) {
        text.extend_from_slice(b"words without an end\n");
    }
    text.extend_from_slice(b"2026-03-02 08:00:01,y,2\n");
    for size in [1 << 20, 40 << 20] {
        let run = read(&text, size);
        assert_eq!(run.problems[0].0, long);
        assert!(run.problems[0].1.starts_with("record longer"), "{:?}", run.problems[0]);
        let last = run.records.last().unwrap();
        assert_eq!((last.3["a"].as_str(), last.3["b"].as_i64()), (Some("y"), Some(2)));
        assert_eq!(run.records[0].3["a"], "x");
    }
    // A line without an end is passed by as a whole.
    let mut line = b"time,a,b\n2026-03-02 08:00:01,".to_vec();
    line.resize(3 * RECORD_BYTES_MAX, b'x');
    line.extend_from_slice(b",1\n2026-03-02 08:00:01,y,2\n");
    let run = read(&line, 1 << 20);
    assert_eq!((run.records.len(), run.problems.len()), (1, 1));
    assert_eq!(run.problems[0].0, 9);
}

#[test]
fn records_in_utf_16_stand_where_they_stand() {
    let text = "\u{feff}\"timestamp\",\"a\"\r\n\"2026-03-02T08:00:01Z\",\"é😀\"\r\n\"2026-03-02T08:00:01Z\",\"x\"\r\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Csv.recognises(&wide, true));
    let run = read(&wide, BLOCK_BYTES);
    let units =
        |n: usize| text.lines().take(n).map(|l| l.encode_utf16().count() + 2).sum::<usize>();
    let places: Vec<u64> = run.records.iter().map(|r| r.0).collect();
    assert_eq!(places, [2 * units(1) as u64, 2 * units(2) as u64]);
    assert_eq!(run.records[0].3["a"], "é😀");
    for size in [1, 7, 100] {
        assert_eq!(read(&wide, size), run);
    }
}

/// The one row under a header: its shape, its time and a value in it.
fn check(header: &str, row: &str, shape: &str, key: &str, value: &str) {
    let text = format!("{header}\n{row}\n");
    assert!(Csv.recognises(text.as_bytes(), true), "{header}");
    let run = read(text.as_bytes(), BLOCK_BYTES);
    let (offset, found, time, json) = &run.records[0];
    assert_eq!((run.records.len(), *offset), (1, header.len() as u64 + 1), "{header}");
    assert_eq!((found.as_str(), json.pointer(key)), (shape, Some(&Value::from(value))), "{json}");
    let days = if row.contains("14") && !row.contains("\"\"") { 12 } else { 0 };
    assert_eq!(*time, EIGHT + days * 86_400_000_000_000, "{header}");
}

#[test]
fn rows_are_read_as_the_json_that_they_stand_for() {
    let audit = r#"{""CreationTime"":""2026-03-02T08:00:01"",""Operation"":""New-InboxRule"",""RecordType"":1,""Workload"":""Exchange""}"#;
    let payload =
        r##"{""EventData"":{""Data"":[{""@Name"":""CommandLine"",""#text"":""whoami""}]}}"##;
    for (header, row, shape, key, value) in [
        (
            "RecordId,CreationDate,RecordType,Operation,UserId,AuditData",
            format!("x,2026-03-02T08:00:01.0000000Z ,1,y,z,\"{audit}\""),
            "m365 Exchange",
            "/Operation",
            "New-InboxRule",
        ),
        (
            "RecordId,CreationDate,RecordType,Operation,UserId,AuditData",
            format!("x,2026-03-02T08:00:01.0000000Z ,1,y,z,\"{}\"", &audit[..60]),
            "m365",
            "/UserId",
            "z",
        ),
        (
            "EventRecordId,TimeCreated,EventId,Provider,Channel,Computer,Payload",
            format!("7,2026-03-02 08:00:01,1,Microsoft-Windows-Sysmon,Sysmon,ws01,\"{payload}\""),
            "windows Sysmon 1",
            "/EventData/Data/0/#text",
            "whoami",
        ),
        (
            "Message,Id,ProviderName,MachineName,TimeCreated",
            "\"a\nb\",7045,Service Control Manager,ws01,14/3/2026 08:00:01".to_owned(),
            "windows System 7045",
            "/Message",
            "a\nb",
        ),
    ] {
        check(header, &row, shape, key, value);
    }
}

#[test]
fn rows_have_the_names_and_times_of_their_kind() {
    for (header, row, shape, key, value) in [
        (
            "Date (UTC),Request ID,User,Username,Application,Status",
            "3/14/2026 8:00:01 AM,r,Anna,anna@example.org,Portal,Success",
            "azure signinlogs",
            "/createdDateTime",
            "2026-03-14T08:00:01Z",
        ),
        (
            "Date (UTC),Service,Category,Activity,Result,ActorType,Target1DisplayName",
            "2026-03-02T08:00:01Z,s,c,Add user,success,User,Anna",
            "azure auditlogs",
            "/targetResources/0/displayName",
            "Anna",
        ),
        (
            "Date,Time,What",
            "14/03/2026,08:00:01,x",
            "unknown log source",
            "/@timestamp",
            "2026-03-14T08:00:01",
        ),
        (
            "Date,Time,What",
            "2026-03-02,08:00:01,x",
            "unknown log source",
            "/@timestamp",
            "2026-03-02 08:00:01",
        ),
    ] {
        check(header, row, shape, key, value);
    }
}

#[test]
fn what_is_around_rows_is_no_row() {
    let text = "#TYPE X\r\n\"Time\",\"A\",\"B\"\r\n\r\n\"2026-03-02 08:00:01\",\"1\",\"2\"\r\n\
        #TYPE X\r\n\"Time\",\"A\",\"B\"\r\n#Software: X\r\n\"2026-03-02 08:00:01\",\"3\",\"4\",,\r\n(2 rows)\r\n";
    let run = read(text.as_bytes(), BLOCK_BYTES);
    assert_eq!(run.records.len(), 3);
    assert_eq!(run.problems.len(), 1);
    assert_eq!(run.problems[0].1, "row of 1 cells");
}

#[test]
fn tables_set_end_to_end_are_read_by_their_own_headers() {
    let text = "time,host,message\n2024-05-01T10:00:00Z,h1,a\ntime,host,message\n\
                2024-05-01T10:00:01Z,h2,b\nmessage,time,host\nc,2024-05-01T10:00:02Z,h3\n\
                \"host\",\"message\",\"time\"\nh4,d,2024-05-01T10:00:03Z\n";
    for size in [16, 70, BLOCK_BYTES] {
        let run = read(text.as_bytes(), size);
        let said: Vec<[&str; 2]> = run
            .records
            .iter()
            .map(|r| {
                ["host", "message"].map(|k| r.3.get(k).and_then(Value::as_str).unwrap_or_default())
            })
            .collect();
        assert_eq!(said, [["h1", "a"], ["h2", "b"], ["h3", "c"], ["h4", "d"]], "{size}");
        assert!(run.records.windows(2).all(|r| r[1].2 - r[0].2 == 1_000_000_000));
        assert_eq!(run.problems, []);
    }
    // As often as anyone likes, in time.
    let text = "time,host\n2024-05-01T10:00:00Z,h\nhost,time\nh,2024-05-01T10:00:00Z\n";
    let run = read(text.repeat(3_000).as_bytes(), BLOCK_BYTES);
    assert_eq!(run.problems.len(), 1, "{:?}", run.problems);
}
