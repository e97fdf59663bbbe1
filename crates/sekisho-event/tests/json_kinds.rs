//! Kinds of JSON records in the forms in which clouds and sensors give them:
//! the shape, the time, and fields that are not written in the record.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::sync::Arc;

use sekisho_event::formats::json::Json;
use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Format, SourceHints, Vocabulary};
use serde_json::{Value, json};

/// Shape, seconds since 1970 and fields of each record, and the problems.
type Read = (Vec<(String, i64, Vec<(String, String)>)>, Vec<String>);

fn read(text: &str) -> Read {
    let mut cutter = Json.cutter(Arc::new(SourceHints::default()), BLOCK_BYTES);
    let (mut reader, mut vocabulary) = (Json.reader(), Vocabulary::default());
    let (mut out, mut problems) = (Vec::new(), Vec::new());
    let mut input = text.as_bytes();
    while let Some(block) = cutter.next(&mut input).unwrap() {
        reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
            let mut found = Vec::new();
            for batch in parsed.batches {
                for row in 0..batch.rows() {
                    let mut fields = Vec::new();
                    for column in &batch.columns {
                        let values = vocabulary.dictionary(column.field).unwrap();
                        let name = vocabulary.name(column.field);
                        let all = column.values(row).map(|id| values.text(id));
                        fields.extend(all.map(|text| (name.to_owned(), text.to_owned())));
                    }
                    let seconds = batch.times[row] / 1_000_000_000;
                    found.push((batch.records[row], (batch.shape.to_string(), seconds, fields)));
                }
            }
            found.sort_by_key(|&(record, _)| record);
            out.extend(found.into_iter().map(|(_, event)| event));
            problems.extend(parsed.problems.named.iter().map(|p| p.what.clone()));
        });
    }
    (out, problems)
}

fn one(record: &Value) -> (String, i64, Vec<(String, String)>) {
    let (mut events, problems) = read(&record.to_string());
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(events.len(), 1, "{record}");
    events.remove(0)
}

fn values<'a>(fields: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    fields.iter().filter(|f| f.0 == name).map(|f| f.1.as_str()).collect()
}

/// 2024-05-01T10:00:00Z.
const TIME: i64 = 1_714_557_600;

fn amazon() -> Vec<(Value, &'static str)> {
    let time = "2024-05-01T10:00:00Z";
    let trail =
        json!({"eventVersion": "1.0", "eventSource": "s", "eventName": "n", "eventTime": time});
    vec![
        (trail.clone(), "aws cloudtrail"),
        (json!({"EventName": "n", "CloudTrailEvent": trail.to_string()}), "aws cloudtrail"),
        (json!({"detail-type": "x", "detail": trail}), "aws cloudtrail"),
        (json!({"result": {"_raw": trail.to_string()}}), "aws cloudtrail"),
        (json!({"_source": {"message": trail.to_string()}}), "aws cloudtrail"),
        (json!({"data": {"aws": trail}, "rule": {"id": "1"}}), "aws cloudtrail"),
        (
            json!({"eventversion": "1", "eventsource": "s", "eventname": "n", "eventtime": time,
                "requestparameters": "{\"a\":1}"}),
            "aws cloudtrail",
        ),
        (
            json!({"insightDetails": {"eventName": "n"}, "eventVersion": "1", "eventTime": time}),
            "aws cloudtrail",
        ),
    ]
}

fn office() -> Vec<(Value, &'static str)> {
    let time = "2024-05-01T10:00:00Z";
    let zoneless = "2024-05-01T10:00:00";
    let audit = json!({"Workload": "Exchange", "Operation": "o", "CreationTime": zoneless, "RecordType": 1});
    vec![
        (audit.clone(), "m365 Exchange"),
        (json!({"AuditData": audit.to_string(), "CreationDate": "/Date(1)/"}), "m365 Exchange"),
        (json!({"auditData": audit, "createdDateTime": time}), "m365 Exchange"),
        (json!({"RawEventData": audit.to_string(), "ActionType": "o"}), "m365 Exchange"),
    ]
}

fn azure_and_others() -> Vec<(Value, &'static str)> {
    let time = "2024-05-01T10:00:00Z";
    let zoneless = "2024-05-01T10:00:00";
    let sign_in = json!({"createdDateTime": time, "userPrincipalName": "u", "appDisplayName": "a"});
    let process = json!({"Timestamp": time, "DeviceId": "d", "DeviceName": "h", "ActionType": "ProcessCreated"});
    vec![
        (sign_in.clone(), "azure signinlogs"),
        (
            json!({"time": time, "resourceId": "/t", "operationName": "Sign-in activity",
                "category": "SignInLogs", "properties": sign_in}),
            "azure SignInLogs",
        ),
        (
            json!({"TimeGenerated": zoneless, "ResultType": "0", "AppDisplayName": "a"}),
            "azure signinlogs",
        ),
        (
            json!({"time": "5/1/2024 10:00:02 AM", "resourceId": "/t", "category": "UserRiskEvents",
                "operationName": "User Risk Detection",
                "properties": {"riskEventType": "x", "activityDateTime": time,
                    "additionalInfo": "[{\"Key\":\"userAgent\",\"Value\":\"v\"}]"}}),
            "azure UserRiskEvents",
        ),
        (
            json!({"category": "kube-audit", "resourceId": "/c", "operationName": "x", "properties": {
                "log": json!({"auditID": "a", "verb": "get", "stage": "s", "stageTimestamp": time})
                    .to_string()}}),
            "kubernetes audit",
        ),
        (
            json!({"body": {"time": time, "category": "AuditLogs", "resourceId": "/t",
                "operationName": "o"}, "x-opt-offset": 1}),
            "azure AuditLogs",
        ),
        (
            json!({"CreatedDateTime": zoneless, "AppDisplayName": "a", "Status": {"ErrorCode": 0}}),
            "azure signinlogs",
        ),
        (process.clone(), "defender ProcessCreated"),
        (
            json!({"time": time, "tenantId": "t", "category": "AdvancedHunting-DeviceProcessEvents",
                "properties": process}),
            "defender ProcessCreated",
        ),
        (json!({"suricata": {"eve": {"event_type": "dns"}}, "@timestamp": time}), "suricata dns"),
    ]
}

#[test]
fn kinds_are_told_in_all_their_forms() {
    for (record, shape) in amazon().into_iter().chain(office()).chain(azure_and_others()) {
        let (told, seconds, _) = one(&record);
        assert_eq!((told.as_str(), seconds), (shape, TIME), "{record}");
    }
}

#[test]
fn the_files_of_a_digest_stay_side_by_side() {
    let file = |n: u8| {
        json!({"s3Object": format!("o{n}"), "hashValue": format!("h{n}"),
        "newestEventTime": format!("t{n}")})
    };
    let digest = json!({"digestStartTime": "2024-05-01T09:00:00Z",
        "digestEndTime": "2024-05-01T10:00:00Z", "digestS3Object": "d", "logFiles": [file(1), file(2)]});
    let (shape, seconds, fields) = one(&digest);
    assert_eq!((shape.as_str(), seconds), ("aws cloudtrail-digest", TIME));
    for (key, letter) in [("s3Object", 'o'), ("hashValue", 'h'), ("newestEventTime", 't')] {
        let expected = [format!("{letter}1"), format!("{letter}2")];
        assert_eq!(values(&fields, &format!("logFiles.{key}")), expected);
    }
    let empty = json!({"digestStartTime": "2024-05-01T09:00:00Z",
        "digestEndTime": "2024-05-01T10:00:00Z", "digestS3Object": "d", "logFiles": []});
    assert_eq!(one(&empty).0, "aws cloudtrail-digest");
}

#[test]
fn pairs_are_fields_and_arrays_hold_all_their_values() {
    let audit = json!({"Workload": "Exchange", "Operation": "Set-Mailbox", "RecordType": 1,
        "CreationTime": "2024-05-01T10:00:00", "ResultStatus": "True", "Parameters": [
            {"Name": "ForwardTo", "Value": "a"}, {"Value": "b", "Name": "Identity"},
            {"Name": "None"}, {"Value": "alone"}],
        "ModifiedProperties": [{"Name": "Role", "NewValue": "\"x\"", "OldValue": ""}]});
    let (_, _, fields) = one(&audit);
    for (name, expected) in [
        ("Parameters.ForwardTo", &["a"][..]),
        ("Parameters.Identity", &["b"]),
        ("Parameters.None", &[]),
        ("Parameters.Value", &["a", "b", "alone"]),
        ("Parameters", &["ForwardTo", "a", "b", "Identity", "None", "alone"]),
        ("ModifiedProperties.Role.NewValue", &["x"]),
        ("event.outcome", &["success"]),
    ] {
        assert_eq!(values(&fields, name), expected, "{name}");
    }
}

#[test]
fn a_registry_value_of_defender_reads_like_one_of_sysmon() {
    let event = json!({"Timestamp": "2024-05-01T10:00:00Z", "DeviceId": "d", "DeviceName": "h",
        "ActionType": "RegistryValueSet", "RegistryKey": "HKEY_LOCAL_MACHINE\\X",
        "RegistryValueName": "y", "RegistryValueType": "Dword", "RegistryValueData": "1",
        "AdditionalFields": "{\"a\":{\"b\":[1]}}"});
    let (_, _, fields) = one(&event);
    for (name, expected) in [
        ("TargetObject", "HKLM\\X\\y"),
        ("Details", "DWORD (0x00000001)"),
        ("EventType", "SetValue"),
        ("AdditionalFields.a.b", "1"),
        ("AdditionalFields", "{\"a\":{\"b\":[1]}}"),
    ] {
        assert_eq!(values(&fields, name), [expected], "{name}");
    }
}

#[test]
fn text_that_is_cut_off_is_named_and_kept() {
    let record =
        json!({"AuditData": "{\"Workload\":\"Exch", "Operations": "o", "CreationDate": "x"});
    let (events, problems) = read(&record.to_string());
    assert_eq!(events[0].0, "m365");
    assert_eq!(values(&events[0].2, "AuditData"), ["{\"Workload\":\"Exch"]);
    assert_eq!(problems, ["JSON in a string is damaged, kept as text"]);
}

#[test]
fn documents_are_cut_and_what_is_beside_the_records_is_named() {
    let record = r#"{"auditID":"a","verb":"get","stage":"x"}"#;
    for (before, after) in [
        (r#"{"kind":"EventList","metadata":{"a":{}},"items":["#, "]}"),
        (r#"{"value":["#, r#"],"@odata.nextLink":"x"}"#),
        (r#"{"took":3,"_shards":{"total":1},"hits":{"total":{"value":1},"hits":["#, "]}}"),
        (r#"{"data":["#, r#"],"pagination":{"a":[{"b":1}]}}"#),
        (r#"{"preview":false,"messages":[],"results":["#, r#"],"highlighted":{}}"#),
    ] {
        let (events, problems) = read(&format!("{before}{record},{record}{after}"));
        assert_eq!(events.len(), 2, "{before}");
        assert!(problems.is_empty(), "{before} {problems:?}");
    }
    let (events, problems) = read(&format!(r#"{{"data":[{record}],"mine":{record}}}"#));
    assert_eq!((events.len(), problems.len()), (1, 1));
    let (events, problems) = read(r#"{"data":[],"mine":1}"#);
    assert_eq!((events.len(), problems.len()), (1, 0));
}
