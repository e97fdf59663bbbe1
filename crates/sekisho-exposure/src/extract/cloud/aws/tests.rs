//! What single records of CloudTrail say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::activity::What;
use crate::extract::Class;
use crate::extract::cloud::test_support::{data, read, word, words};

const WHO: &str = "arn:aws:sts::111122223333:assumed-role/Admin/ann";

fn call(source: &str, name: &str, request: Value, response: Value) -> Value {
    json!({
        "eventVersion": "1.08", "eventTime": "2026-03-02T10:00:00Z",
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name,
        "awsRegion": "eu-central-1", "sourceIPAddress": "203.0.113.7", "userAgent": "aws-cli/2",
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "AssumedRole", "arn": WHO, "accountId": "111122223333",
            "principalId": "AROAX:ann", "accessKeyId": "ASIAEXAMPLE"},
        "requestParameters": request, "responseElements": response,
    })
}

fn none() -> Value {
    Value::Null
}

#[test]
fn objects_of_buckets() {
    let mut get = call("s3", "GetObject", json!({"bucketName": "plans", "key": "2024/a"}), none());
    get["additionalEventData"] = json!({"bytesTransferredOut": 89.0});
    assert_eq!(words(&get), ["touch Delivered s3://plans/2024/a bytes=89"]);
    get["errorCode"] = json!("AccessDenied");
    assert_eq!(words(&get), ["touch Denied s3://plans/2024/a bytes=89"]);
    let copy = call(
        "s3",
        "CopyObject",
        json!({"bucketName": "mine", "key": "b", "x-amz-copy-source": "/plans/2024%2Fa?versionId=1"}),
        none(),
    );
    let staged = ["touch Staged s3://plans/2024/a to=mine/b", "touch Written s3://mine/b"];
    assert_eq!(words(&copy), staged);
    let list = call("s3", "ListObjects", json!({"bucketName": "plans", "prefix": "2024/"}), none());
    assert_eq!(words(&list), ["touch Listed s3://plans/2024/ whole"]);
    assert_eq!(words(&call("s3", "ListBuckets", none(), none())), ["touch Listed s3 * whole"]);
}

#[test]
fn buckets_that_are_opened() {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"},
        {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::444455556666:root",
            "arn:aws:iam::111122223333:role/own"]}, "Action": "s3:*"}]});
    let put = json!({"bucketName": "plans", "bucketPolicy": policy});
    assert_eq!(
        words(&call("s3", "PutBucketPolicy", put, none())),
        [
            "touch Shared s3://plans/ to=* whole",
            "touch Shared s3://plans/ to=arn:aws:iam::444455556666:root whole"
        ]
    );
    let deny = json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]});
    let put = json!({"bucketName": "plans", "bucketPolicy": deny});
    let said = words(&call("s3", "PutBucketPolicy", put, none()));
    assert_eq!(said, [format!("session Seen {WHO} key=ASIAEXAMPLE guid=-")]);
    let acl = json!({"bucketName": "plans", "x-amz-acl": "public-read"});
    let said = words(&call("s3", "PutBucketAcl", acl, none()));
    assert_eq!(said, ["touch Shared s3://plans/ to=public-read whole"]);
    let gone = json!({"bucketName": "plans"});
    let said = words(&call("s3", "DeleteBucketPublicAccessBlock", gone, none()));
    assert_eq!(said, ["touch Named s3://plans/ whole"]);
    let replica = json!({"bucketName": "plans", "ReplicationConfiguration": {"Rule":
        {"Destination": {"Bucket": "arn:aws:s3:::far", "Account": "444455556666"}}}});
    let said = words(&call("s3", "PutBucketReplication", replica, none()));
    assert_eq!(said, ["touch Shared s3://plans/ to=444455556666 whole"]);
}

#[test]
fn secrets_and_keys() {
    let one = call("secretsmanager", "GetSecretValue", json!({"secretId": "db"}), none());
    assert_eq!(
        words(&one),
        ["touch Delivered secret arn:aws:secretsmanager:eu-central-1:111122223333:secret:db"]
    );
    let two = json!({"secretIdList": ["a", "b"]});
    let said = words(&call("secretsmanager", "BatchGetSecretValue", two, none()));
    assert_eq!(
        said,
        [
            "touch Delivered secret arn:aws:secretsmanager:eu-central-1:111122223333:secret:a",
            "touch Delivered secret arn:aws:secretsmanager:eu-central-1:111122223333:secret:b"
        ]
    );
    let path = call("ssm", "GetParametersByPath", json!({"path": "/prod"}), none());
    assert_eq!(
        words(&path),
        ["touch Delivered secret arn:aws:ssm:eu-central-1:111122223333:parameter/prod whole"]
    );
    let names = call("ssm", "GetParameters", json!({"names": ["/a", "/b"]}), none());
    assert_eq!(
        words(&names),
        [
            "touch Delivered secret arn:aws:ssm:eu-central-1:111122223333:parameter/a",
            "touch Delivered secret arn:aws:ssm:eu-central-1:111122223333:parameter/b"
        ]
    );
    let mut used = call("kms", "Decrypt", none(), none());
    used["resources"] =
        json!([{"ARN": "arn:aws:kms:x:111122223333:key/k", "type": "AWS::KMS::Key"}]);
    assert_eq!(words(&used), ["touch Read secret arn:aws:kms:x:111122223333:key/k"]);
}

#[test]
fn snapshots_are_copied_and_opened() {
    let add = json!({"snapshotId": "snap-1", "createVolumePermission":
        {"add": {"items": [{"userId": "444455556666"}, {"group": "all"}]}}});
    assert_eq!(
        words(&call("ec2", "ModifySnapshotAttribute", add, none())),
        [
            "touch Shared snapshot snap-1 to=444455556666 whole",
            "touch Shared snapshot snap-1 to=all whole"
        ]
    );
    let made = call(
        "ec2",
        "CreateSnapshot",
        json!({"volumeId": "vol-1"}),
        json!({"snapshotId": "snap-2"}),
    );
    let said = ["touch Staged ec2 vol-1 to=snap-2 whole", "touch Written snapshot snap-2"];
    assert_eq!(words(&made), said);
    let rds =
        json!({"dBSnapshotIdentifier": "s", "attributeName": "restore", "valuesToAdd": ["all"]});
    let said = words(&call("rds", "ModifyDBSnapshotAttribute", rds, none()));
    assert_eq!(said, ["touch Shared snapshot s to=all whole"]);
    let block = call("ebs", "GetSnapshotBlock", json!({"snapshotId": "snap-1"}), none());
    assert_eq!(words(&block), ["touch Delivered snapshot snap-1"]);
    let export = json!({"sourceArn": "arn:aws:rds:x:1:snapshot:s", "s3BucketName": "out"});
    let said = words(&call("rds", "StartExportTask", export, none()));
    assert_eq!(said, ["touch Staged snapshot arn:aws:rds:x:1:snapshot:s to=out whole"]);
}

#[test]
fn tokens_keys_and_rights() {
    let role = call(
        "sts",
        "AssumeRole",
        json!({"roleArn": "arn:aws:iam::111122223333:role/R", "roleSessionName": "s"}),
        json!({"credentials": {"accessKeyId": "ASIANEW"},
            "assumedRoleUser": {"arn": "arn:aws:sts::111122223333:assumed-role/R/s"}}),
    );
    assert_eq!(
        words(&role),
        ["ticket Issued Token arn:aws:sts::111122223333:assumed-role/R/s \
          for=arn:aws:iam::111122223333:role/R issued=ASIANEW method=-"]
    );
    let key = json!({"accessKey": {"accessKeyId": "AKIANEW", "userName": "bob"}});
    let made = call("iam", "CreateAccessKey", json!({"userName": "bob"}), key);
    let bob = "arn:aws:iam::111122223333:user/bob";
    let said = format!("ticket Created AccessKey {bob} for=- issued=AKIANEW method=-");
    assert_eq!(words(&made), [said]);
    let mut refused = made;
    refused["errorCode"] = json!("AccessDenied");
    assert!(words(&refused)[0].starts_with("ticket Refused AccessKey"));
    let off = json!({"userName": "bob", "accessKeyId": "AKIANEW", "status": "Inactive"});
    let said = format!("ticket Revoked AccessKey {bob} for=- issued=AKIANEW method=-");
    assert_eq!(words(&call("iam", "UpdateAccessKey", off, none())), [said]);
    let attach =
        json!({"userName": "bob", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    assert!(
        words(&call("iam", "AttachUserPolicy", attach, none()))[0]
            .starts_with(&format!("ticket Created Role {bob} for=arn:aws:iam::aws:policy/Admin"))
    );
    let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole"}]}"#;
    let role = json!({"roleName": "R", "policyDocument": trust});
    assert_eq!(
        words(&call("iam", "UpdateAssumeRolePolicy", role, none())),
        ["ticket Created Role arn:aws:iam::111122223333:role/R \
          for=arn:aws:iam::444455556666:root issued=- method=trust"]
    );
}

#[test]
fn sign_ins_and_what_runs() {
    let good = call("signin", "ConsoleLogin", none(), json!({"ConsoleLogin": "Success"}));
    assert!(words(&good)[0].starts_with("session Opened"));
    let bad = call("signin", "ConsoleLogin", none(), json!({"ConsoleLogin": "Failure"}));
    assert!(words(&bad)[0].starts_with("session Failed"));
    let send = json!({"documentName": "AWS-RunShellScript", "instanceIds": ["i-1", "i-2"]});
    let said = words(&call("ssm", "SendCommand", send, none()));
    assert_eq!(
        said,
        [
            "exec Started command AWS-RunShellScript on i-1",
            "exec Started command AWS-RunShellScript on i-2"
        ]
    );
    let code = json!({"functionName": "f"});
    let said = words(&call("lambda", "UpdateFunctionCode20150331v2", code, none()));
    assert_eq!(said, ["exec Installed function f"]);
}

#[test]
fn logs_that_end() {
    let stop = call("cloudtrail", "StopLogging", json!({"name": "t"}), none());
    assert_eq!(words(&stop), ["loss Stopped aws/cloudtrail t"]);
    let narrow = json!({"trailName": "t", "eventSelectors": [{"readWriteType": "All",
        "includeManagementEvents": true, "dataResources": []}]});
    let said = words(&call("cloudtrail", "PutEventSelectors", narrow, none()));
    assert_eq!(said, ["loss Narrowed aws/cloudtrail data events"]);
    let wide = json!({"trailName": "t", "eventSelectors": [{"readWriteType": "All",
        "includeManagementEvents": true,
        "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}]});
    let said = words(&call("cloudtrail", "PutEventSelectors", wide, none()));
    assert_eq!(said, ["loss Widened aws/cloudtrail data events"]);
    let off = json!({"detectorId": "d", "enable": false});
    let said = words(&call("guardduty", "UpdateDetector", off, none()));
    assert_eq!(said, ["loss Stopped aws/guardduty d"]);
}

#[test]
fn a_session_in_use_is_said_once_an_hour() {
    let at = |time: &str| {
        let mut record = call("ec2", "DescribeInstances", none(), none());
        record["eventTime"] = json!(time);
        record.to_string()
    };
    let times = ["2026-03-02T10:30:00Z", "2026-03-02T10:10:00Z", "2026-03-02T11:00:00Z"];
    let one = read(&times.map(at).join("\n"));
    assert_eq!(one.activities.len(), 2);
    let mut backwards = times;
    backwards.reverse();
    let other = read(&backwards.map(at).join("\n"));
    let of = |e: &crate::extract::Extraction| -> BTreeSet<i64> {
        e.activities.iter().map(|a| a.time).collect()
    };
    assert_eq!(of(&one), of(&other));
}

#[test]
fn who_where_and_which_bucket() {
    let mut get = call("s3", "GetObject", json!({"bucketName": "plans", "key": "a"}), none());
    get["eventCategory"] = json!("Data");
    let found = read(&get.to_string());
    let activity = &found.activities[0];
    let shown = |name: Option<crate::names::Name>| name.map_or("", |n| found.names.shown(n));
    assert_eq!(shown(activity.place), "aws:111122223333");
    assert_eq!(shown(activity.actor.account), WHO);
    assert_eq!(shown(activity.actor.session), "ASIAEXAMPLE");
    assert_eq!(shown(activity.actor.address), "203.0.113.7");
    assert_eq!(shown(activity.actor.agent), "aws-cli/2");
    let plans = found.names.find("plans").unwrap();
    assert!(found.heard.alive.keys().any(|k| k.1 == Class::CloudData && k.2 == plans));
    assert!(found.heard.hours.keys().any(|k| k.1 == Class::CloudData));
}

#[test]
fn recorded_techniques_are_activities() {
    let Some(folder) = data("cloudtrail") else { return };
    let mut silent: BTreeMap<String, usize> = BTreeMap::new();
    let mut said = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        let records = whole.as_array().cloned().unwrap_or_else(|| vec![whole.clone()]);
        for record in records {
            let found = read(&record.to_string());
            assert!(!found.activities.is_empty(), "{record}");
            let only_seen = found.activities.iter().all(|a| {
                matches!(&a.what, What::Session(s) if s.step == crate::activity::SessionStep::Seen)
            });
            match only_seen {
                true => {
                    *silent.entry(record["eventName"].as_str().unwrap().into()).or_default() += 1
                }
                false => said += 1,
            }
        }
    }
    eprintln!("said {said}, only the session: {silent:?}");
    assert!(said > 100, "{said}");
    for told in ["StopLogging", "GetSecretValue", "CreateAccessKey", "ModifySnapshotAttribute"] {
        assert!(!silent.contains_key(told), "{told}");
    }
}

#[test]
fn a_recorded_theft_from_a_bucket() {
    let Some(folder) = data("cases/aws-s3-exfil/logs") else { return };
    let mut all = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let found = read(&text);
        all.extend(found.activities.iter().map(|a| (a.time, word(&found, a))));
    }
    let got = all.iter().filter(|(_, w)| {
        w.starts_with("touch Delivered s3://") && w.ends_with("/ring.txt bytes=89")
    });
    assert!(got.count() >= 2);
    let listed = all.iter().filter(|(_, w)| w.starts_with("touch Listed s3://")).count();
    assert!(listed >= 7, "{listed}");
    assert!(all.iter().any(|(_, w)| w.starts_with("touch Listed s3 *")));
}
