//! Small logs, made here, of things of which it is easy to claim too much or
//! too little.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do"
)]

use std::sync::Arc;

use sekisho_event::limits::BLOCK_BYTES;
use sekisho_event::{Projection, SourceHints, Vocabulary, formats};
use sekisho_exposure::answer::{Answer, HostWord, Verdict};
use sekisho_exposure::assets::Assets;
use sekisho_exposure::estate::Declared;
use sekisho_exposure::extract::{Extraction, Leaf};
use sekisho_exposure::judge::judge;
use sekisho_exposure::question::{Question, SaidSeed, Seed};
use serde_json::{Value, json};

/// The answer over logs by their names, for assets by their places.
fn asked(logs: &[(&str, Vec<Value>)], places: &[(&str, &str)], estate: &str, seed: &str) -> Answer {
    let mut extraction = Extraction::default();
    for (number, (name, records)) in logs.iter().enumerate() {
        let cell = u32::try_from(number).unwrap();
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        let text = lines.join("\n");
        let format = formats::recognise(text.as_bytes(), true).unwrap();
        let hints = SourceHints { name: (*name).to_owned(), ..SourceHints::default() };
        let mut cutter = format.cutter(Arc::new(hints), BLOCK_BYTES);
        let mut reader = format.reader();
        let mut vocabulary = Vocabulary::new(Projection::Only(Extraction::fields()));
        let mut input = text.as_bytes();
        let mut index = 0;
        while let Some(block) = cutter.next(&mut input).unwrap() {
            reader.read(&block, &mut vocabulary, &mut |parsed, vocabulary| {
                for batch in parsed.batches {
                    let first = index;
                    index += batch.rows() as u64;
                    let leaf = |row: usize| Some(Leaf { cell, index: first + row as u64 });
                    extraction.batch(batch, vocabulary, &leaf);
                }
            });
        }
    }
    let assets: Vec<String> = places
        .iter()
        .map(|(id, place)| format!("[[asset]]\nid = \"{id}\"\nname = \"x\"\nlocations = [{place}]"))
        .collect();
    let (assets, notices) = Assets::parse(&assets.join("\n"), &mut extraction.names).unwrap();
    assert_eq!(notices, []);
    let (estate, notices) = Declared::parse(estate, &mut extraction.names).unwrap();
    assert_eq!(notices, []);
    let seeds = vec![Seed::Said(Box::new(SaidSeed::parse(seed).unwrap()))];
    judge(&mut extraction, &Question { assets, estate, seeds, ..Question::default() })
}

fn verdict(answer: &Answer, id: &str) -> Verdict {
    let found = answer.verdicts.iter().find(|verdict| verdict.asset == id);
    found.unwrap().verdict
}

/// Midnight of the first day of 2026-03 and so many minutes.
fn at(minutes: u32) -> String {
    let (day, rest) = (minutes / 1440, minutes % 1440);
    format!("2026-03-{:02}T{:02}:{:02}:00", day + 1, rest / 60, rest % 60)
}

mod aws {
    use super::*;

    const ACCOUNT: &str = "111122223333";

    fn call(
        minute: u32,
        source: &str,
        verb: &str,
        who: (&str, &str, &str),
        request: Value,
    ) -> Value {
        let (user, key, address) = who;
        let reads = ["Get", "List", "Describe"].iter().any(|word| verb.starts_with(word));
        json!({"eventVersion": "1.09", "eventTime": format!("{}Z", at(minute)),
            "eventSource": format!("{source}.amazonaws.com"), "eventName": verb,
            "awsRegion": "eu-central-1", "sourceIPAddress": address, "userAgent": "aws-cli/2",
            "eventID": format!("{minute}-{verb}-{user}"), "readOnly": reads,
            "managementEvent": true, "eventCategory": "Management", "eventType": "AwsApiCall",
            "recipientAccountId": ACCOUNT, "requestParameters": request,
            "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": user,
                "arn": format!("arn:aws:iam::{ACCOUNT}:user/{user}"), "accessKeyId": key}})
    }

    /// Five days of work, and somebody with a stolen key who reads a secret.
    fn trail(reads: bool) -> Vec<Value> {
        let mut all = Vec::new();
        for hour in 0..120 {
            let ops = ("ops", "AKIAOPS", "192.0.2.1");
            all.push(call(hour * 60, "ec2", "DescribeInstances", ops, json!({})));
            all.push(call(hour * 60 + 5, "ec2", "CreateTags", ops, json!({})));
        }
        let stolen = ("ci", "AKIASTOLEN", "203.0.113.9");
        let secret = json!({"secretId": "prod/payroll"});
        all.push(call(3000, "secretsmanager", "GetSecretValue", stolen, secret));
        let bucket = json!({"bucketName": "plans"});
        all.push(call(3002, "s3", "GetBucketLocation", stolen, bucket));
        all.push(call(3001, "iam", "CreateUser", stolen, json!({"userName": "eve"})));
        all.retain(|call| reads || call["readOnly"] == json!(false));
        all.sort_by_key(|call| call["eventTime"].as_str().unwrap().to_owned());
        all
    }

    const PLACES: [(&str, &str); 13] = [
        ("bucket", "{ bucket = \"plans\" }"),
        (
            "read",
            "{ secret = \"arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/payroll-AbCdEf\" }",
        ),
        (
            "other",
            "{ secret = \"arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/other-AbCdEf\" }",
        ),
        ("nowhere", "{ secret = \"prod/other\" }"),
        ("vault", "{ secret = \"https://corp.vault.azure.net/secrets/db\" }"),
        ("store", "{ bucket = \"gs://plans\" }"),
        ("google", "{ snapshot = \"projects/p1/global/snapshots/s1\" }"),
        ("far", "{ secret = \"arn:aws:secretsmanager:ap-south-1:111122223333:secret:x-AbCdEf\" }"),
        (
            "foreign",
            "{ secret = \"arn:aws:secretsmanager:eu-central-1:444455556666:secret:x-AbCdEf\" }",
        ),
        (
            "disk",
            "{ snapshot = \"arn:aws:ec2:eu-central-1:111122223333:snapshot/snap-0aaaaaaaaaaaaaaa1\" }",
        ),
        ("object", "{ bucket = \"plans\", key = \"a.csv\" }"),
        ("key", "{ credential = \"AKIASTOLEN\" }"),
        ("user", "{ credential = \"arn:aws:iam::111122223333:user/ops\" }"),
    ];

    #[test]
    fn calls_that_manage_show_what_they_are_of_and_no_more() {
        let answer = asked(&[("trail", trail(true))], &PLACES, "", "key=AKIASTOLEN");
        for (id, expected) in [
            ("read", Verdict::Exfiltrated),
            ("other", Verdict::RuledOut),
            ("far", Verdict::CannotBeDetermined),
            ("foreign", Verdict::CannotBeDetermined),
            ("vault", Verdict::CannotBeDetermined),
            ("store", Verdict::CannotBeDetermined),
            ("google", Verdict::CannotBeDetermined),
            ("object", Verdict::CannotBeDetermined),
            ("bucket", Verdict::CannotBeDetermined),
            ("key", Verdict::Exfiltrated),
        ] {
            assert_eq!(verdict(&answer, id), expected, "{id}");
        }
        assert_ne!(verdict(&answer, "user"), Verdict::Exfiltrated);
        // In which region and account it is, nobody says.
        assert_ne!(verdict(&answer, "nowhere"), Verdict::RuledOut);
        let disk = answer.verdicts.iter().find(|verdict| verdict.asset == "disk").unwrap();
        assert!(disk.conditions.iter().any(|text| text.contains("data events")), "{disk:?}");
    }

    /// An instance and a thief sign with one key: what the instance does stays
    /// the instance's.
    #[test]
    fn a_key_that_two_use_makes_the_one_not_the_other() {
        let role = |minute: u32, source: &str, verb: &str, from: (&str, &str), request: Value| {
            let mut call = call(minute, source, verb, ("x", "ASIAONE", from.0), request);
            call["userAgent"] = json!(from.1);
            call["userIdentity"] = json!({"type": "AssumedRole", "accountId": ACCOUNT,
                "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/App/i-0123456789abcdef0"),
                "accessKeyId": "ASIAONE"});
            call
        };
        let (own, thief) = (("10.0.0.5", "Boto3/1"), ("203.0.113.9", "aws-cli/2 kali"));
        let mut log = Vec::new();
        for hour in 0..120 {
            let secret = json!({"secretId": "app/db"});
            log.push(role(hour * 60, "secretsmanager", "GetSecretValue", own, secret));
        }
        log.push(role(3001, "sts", "GetCallerIdentity", thief, json!(null)));
        log.push(role(3002, "ec2", "DescribeInstances", thief, json!({})));
        let other = (thief.0, "Boto3/2");
        let param = json!({"name": "/p/one", "withDecryption": true});
        log.push(role(3003, "ssm", "GetParameter", other, param));
        log.sort_by_key(|call| call["eventTime"].as_str().unwrap().to_owned());
        let places = [
            ("usual", "{ secret = \"app/db\" }"),
            ("taken", "{ secret = \"/p/one\" }"),
            ("role", "{ credential = \"arn:aws:iam::111122223333:role/App\" }"),
        ];
        for seed in ["agent=*kali*", "key=ASIAONE ip=203.0.113.9", "role=*/App/* ip=203.0.113.9"] {
            let answer = asked(&[("trail", log.clone())], &places, "", seed);
            let usual = verdict(&answer, "usual");
            assert!(
                matches!(usual, Verdict::Reachable | Verdict::CannotBeDetermined),
                "{seed}: {usual:?}"
            );
            assert_eq!(verdict(&answer, "taken"), Verdict::Exfiltrated, "{seed}");
            assert_eq!(verdict(&answer, "role"), Verdict::Exfiltrated, "{seed}");
        }
    }

    /// A data event: `key` of the bucket is got by somebody.
    fn got(minute: u32, who: (&str, &str, &str), key: &str) -> Value {
        let mut call =
            call(minute, "s3", "GetObject", who, json!({"bucketName": "plans", "key": key}));
        call["eventCategory"] = json!("Data");
        call["managementEvent"] = json!(false);
        call
    }

    const APP: (&str, &str, &str) = ("app", "AKIAAPP", "192.0.2.5");
    const THIEF: (&str, &str, &str) = ("ci", "AKIASTOLEN", "203.0.113.9");

    /// Ten days in which an application reads of a bucket, and more.
    fn bucket(more: Vec<Value>) -> Vec<Value> {
        let mut all: Vec<Value> = (0..240).map(|hour| got(hour * 60, APP, "a.pdf")).collect();
        all.push(call(8000, "s3", "ListBuckets", THIEF, json!({})));
        all.extend(more);
        all.sort_by_key(|call| call["eventTime"].as_str().unwrap().to_owned());
        all
    }

    const OBJECTS: [(&str, &str); 2] = [
        ("daily", "{ bucket = \"plans\", key = \"a.pdf\" }"),
        ("other", "{ bucket = \"plans\", key = \"b.pdf\" }"),
    ];

    /// Who comes every day is nobody's suspect, unless the intruder has the
    /// account, or came from the same address.
    #[test]
    fn a_habit_clears_nobody_whom_the_intruder_has() {
        let of = |more: Vec<Value>, seed: &str| {
            let answer = asked(&[("trail", bucket(more))], &OBJECTS, "", seed);
            verdict(&answer, "daily")
        };
        assert_eq!(of(vec![], "key=AKIASTOLEN"), Verdict::RuledOut);
        let same_address = ("ci", "AKIASTOLEN", APP.2);
        let more = vec![call(8001, "s3", "ListBuckets", same_address, json!({}))];
        assert_ne!(of(more, "key=AKIASTOLEN"), Verdict::RuledOut);
        let same_account = ("app", "AKIASTOLEN", "203.0.113.9");
        let more = vec![call(8001, "s3", "ListBuckets", same_account, json!({}))];
        assert_ne!(of(more, "key=AKIASTOLEN"), Verdict::RuledOut);
    }

    /// The intruder comes on three days too.
    #[test]
    fn a_habit_is_from_before_the_intruder() {
        let of = |who: (&str, &str, &str), anonymous: bool, days: &[u32]| {
            let mut more: Vec<Value> =
                days.iter().map(|minute| got(*minute, who, "b.pdf")).collect();
            for call in &mut more {
                if anonymous {
                    call["userIdentity"] = json!({"type": "AWSAccount",
                        "accountId": "ANONYMOUS_PRINCIPAL", "principalId": ""});
                }
            }
            let answer = asked(&[("trail", bucket(more))], &OBJECTS, "", "key=AKIASTOLEN");
            verdict(&answer, "other")
        };
        let new = ("eve", "AKIAEVE", "203.0.113.77");
        let (before, after) = ([600, 2100, 3600], [8100, 9600, 11_100]);
        assert_eq!(of(new, false, &before), Verdict::RuledOut);
        assert_ne!(of(new, false, &after), Verdict::RuledOut);
        assert_ne!(of(new, false, &[1438, 2000, 2882]), Verdict::RuledOut, "one night and a day");
        assert_ne!(of(new, true, &before), Verdict::RuledOut, "nobody has no habits");
        let from_there = ("eve", "AKIAEVE", THIEF.2);
        assert_ne!(of(from_there, false, &before), Verdict::RuledOut);
    }

    /// Records that do not say of which object they are, or in a field where it
    /// is seldom looked for.
    #[test]
    fn what_a_call_may_have_been_of_is_not_ruled_out() {
        let of = |verb: &str, request: Value, resources: Value| {
            let mut call = got(8002, THIEF, "");
            call["eventName"] = json!(verb);
            call["requestParameters"] = request;
            call["resources"] = resources;
            let answer = asked(&[("trail", bucket(vec![call]))], &OBJECTS, "", "key=AKIASTOLEN");
            verdict(&answer, "other")
        };
        let arn = json!([{"ARN": "arn:aws:s3:::plans/b.pdf"}, {"ARN": "arn:aws:s3:::plans"}]);
        let point = json!({"bucketName": "arn:aws:s3:eu-central-1:111122223333:accesspoint/ap",
            "key": "b.pdf"});
        assert_eq!(
            of("GetObject", json!({"bucketName": "plans", "key": "c"}), json!(null)),
            Verdict::RuledOut
        );
        assert_eq!(of("GetObject", point.clone(), arn.clone()), Verdict::Exfiltrated);
        assert_eq!(of("GetObject", json!(null), arn.clone()), Verdict::Exfiltrated);
        for (verb, request, resources) in [
            ("GetObject", point, json!(null)),
            ("GetObject", json!({"bucketName": "plans"}), json!(null)),
            ("GetObject", json!(null), json!(null)),
            ("RenameObject", json!({"bucketName": "plans", "key": "b.pdf"}), arn.clone()),
            ("CopyObject", json!({"bucketName": "evil", "key": "x"}), arn),
            ("JobCreated", json!({}), json!(null)),
        ] {
            let found = of(verb, request, resources);
            assert!(
                !matches!(found, Verdict::RuledOut | Verdict::Accessed | Verdict::Exfiltrated),
                "{verb}: {found:?}"
            );
        }
    }

    /// What is recorded from some day on was not recorded before.
    #[test]
    fn recording_that_begins_or_is_narrowed_is_a_loss() {
        let selector = |minute: u32, more: Value| {
            let mut fields = vec![
                json!({"field": "eventCategory", "equals": ["Data"]}),
                json!({"field": "resources.type", "equals": ["AWS::S3::Object"]}),
            ];
            fields.extend(more.as_array().unwrap().clone());
            let management =
                json!({"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]});
            let who = ("ops", "AKIAOPS", "192.0.2.1");
            call(
                minute,
                "cloudtrail",
                "PutEventSelectors",
                who,
                json!({"trailName": "t",
                "advancedEventSelectors": [management, {"fieldSelectors": fields}]}),
            )
        };
        let of = |more: Vec<Value>, until: u32| {
            let mut log = bucket(more);
            log.retain(|call| {
                call["eventName"] != json!("GetObject")
                    || call["eventTime"].as_str().unwrap() < format!("{}Z", at(until)).as_str()
            });
            let ops = ("ops", "AKIAOPS", "192.0.2.1");
            log.extend(
                (0..240).map(|hour| call(hour * 60, "ec2", "DescribeInstances", ops, json!({}))),
            );
            log.sort_by_key(|call| call["eventTime"].as_str().unwrap().to_owned());
            verdict(&asked(&[("trail", log)], &OBJECTS, "", "key=AKIASTOLEN"), "other")
        };
        assert_eq!(of(vec![], 14_400), Verdict::RuledOut);
        assert_ne!(of(vec![], 2880), Verdict::RuledOut, "none was made in the intruder's time");
        assert_ne!(of(vec![selector(12_000, json!([]))], 14_400), Verdict::RuledOut);
        let other = json!([{"field": "resources.ARN", "startsWith": ["arn:aws:s3:::other/"]}]);
        assert_ne!(of(vec![selector(7000, other)], 14_400), Verdict::RuledOut);
    }

    /// Bytes are shown to have left only where something was opened to somebody.
    #[test]
    fn what_could_be_opened_is_not_open() {
        let of = |verb: &str, request: Value| {
            let log = bucket(vec![call(8002, "s3", verb, THIEF, request)]);
            verdict(&asked(&[("trail", log)], &OBJECTS, "", "key=AKIASTOLEN"), "other")
        };
        let policy = |statements: Value| json!({"bucketName": "plans", "bucketPolicy": {"Statement": statements}});
        let far = json!({"AWS": "arn:aws:iam::999988887777:root"});
        let reads = |resource: &str| {
            policy(
                json!([{"Effect": "Allow", "Principal": far, "Action": "s3:GetObject", "Resource": resource}]),
            )
        };
        assert_eq!(of("PutBucketPolicy", reads("arn:aws:s3:::plans/*")), Verdict::Exfiltrated);
        let none = [
            ("DeleteBucketPublicAccessBlock", json!({"bucketName": "plans"})),
            ("PutBucketPolicy", reads("arn:aws:s3:::plans/public/*")),
            (
                "PutBucketPolicy",
                policy(json!([{"Effect": "Allow", "Principal": far,
                "Action": "s3:PutObject", "Resource": "arn:aws:s3:::plans/*"}])),
            ),
            (
                "PutBucketPolicy",
                policy(json!([
                {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::plans/*"},
                {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                    "Action": "s3:*", "Resource": "*"}])),
            ),
        ];
        for (verb, request) in none {
            let found = of(verb, request.clone());
            assert!(
                !matches!(found, Verdict::Accessed | Verdict::Exfiltrated),
                "{request}: {found:?}"
            );
        }
    }

    #[test]
    fn a_trail_of_writes_rules_no_read_out() {
        let answer = asked(&[("trail", trail(false))], &PLACES, "", "key=AKIASTOLEN");
        for id in ["read", "other", "far", "disk"] {
            assert_ne!(verdict(&answer, id), Verdict::RuledOut, "{id}");
        }
    }
}

mod tenant {
    use super::*;

    const TENANT: &str = "11111111-2222-3333-4444-555555555555";
    const SITE: &str = "https://corp.sharepoint.example/sites/plans/";

    fn record(
        minute: u32,
        workload: &str,
        operation: &str,
        who: (&str, &str),
        more: Value,
    ) -> Value {
        let (user, address) = who;
        let mut record = json!({"Workload": workload, "Operation": operation, "RecordType": 6,
            "UserType": 0, "CreationTime": at(minute), "OrganizationId": TENANT, "UserId": user,
            "ClientIP": address, "Id": format!("{minute}-{operation}-{user}"), "UserAgent": "web"});
        for (key, value) in more.as_object().unwrap() {
            record[key] = value.clone();
        }
        record
    }

    fn file(minute: u32, operation: &str, who: (&str, &str), name: &str, more: Value) -> Value {
        let mut record = record(minute, "SharePoint", operation, who, more);
        record["ObjectId"] = json!(format!("{SITE}{name}"));
        record["SiteUrl"] = json!(SITE);
        record
    }

    fn bind(minute: u32, who: (&str, &str), owner: &str, message: &str, app: &str) -> Value {
        record(
            minute,
            "Exchange",
            "MailItemsAccessed",
            who,
            json!({
            "MailboxOwnerUPN": owner, "ClientAppId": app, "ClientInfoString": "Client=REST;",
            "UserAgent": null, "ClientIPAddress": who.1,
            "OperationProperties": [{"Name": "MailAccessType", "Value": "Bind"},
                {"Name": "IsThrottled", "Value": "False"}],
            "Folders": [{"Path": "\\Inbox", "FolderItems": [{"InternetMessageId": message}]}]}),
        )
    }

    const ANN: &str = "ann@corp.example";
    const OWNER: (&str, &str) = (ANN, "192.0.2.1");
    const EVE: (&str, &str) = (ANN, "203.0.113.9");

    #[test]
    fn a_rule_sends_on_what_comes_and_not_what_was_there() {
        let mut log: Vec<Value> =
            (0..120).map(|h| bind(h * 60, OWNER, ANN, &format!("<{h}@x>"), "app")).collect();
        log.push(bind(3000, EVE, ANN, "<old@x>", "app"));
        log.push(record(
            3001,
            "Exchange",
            "New-InboxRule",
            EVE,
            json!({"Parameters": [
            {"Name": "Name", "Value": "."}, {"Name": "ForwardTo", "Value": "d@evil.example"}]}),
        ));
        let places = [
            ("message", "{ mailbox = \"ann@corp.example\", message = \"<old@x>\" }"),
            ("archive", "{ mailbox = \"ann@corp.example\", folder = \"Archiv\" }"),
            ("inbox", "{ mailbox = \"ann@corp.example\", folder = \"Posteingang\" }"),
            ("mailbox", "{ mailbox = \"ann@corp.example\" }"),
        ];
        let answer = asked(&[("log", log)], &places, "", "ip=203.0.113.9");
        assert_eq!(verdict(&answer, "message"), Verdict::Accessed);
        assert_ne!(verdict(&answer, "archive"), Verdict::Exfiltrated);
        assert_eq!(verdict(&answer, "inbox"), Verdict::Exfiltrated);
        assert_eq!(verdict(&answer, "mailbox"), Verdict::Exfiltrated);
    }

    /// Without the licence for it, what is sent is recorded, and what is read is
    /// not.
    #[test]
    fn that_mail_is_sent_does_not_show_that_its_reading_is_recorded() {
        let sent = |hour: u32, user: &str| {
            record(
                hour * 60,
                "Exchange",
                "Send",
                (user, "192.0.2.1"),
                json!({
                "MailboxOwnerUPN": user, "Item": {"InternetMessageId": format!("<{hour}@x>"),
                    "ParentFolder": {"Path": "\\Drafts"}}}),
            )
        };
        let mut log: Vec<Value> = (0..120).map(|hour| sent(hour, "bob@corp.example")).collect();
        let places = [("bob", "{ mailbox = \"bob@corp.example\" }")];
        log.push(record(3000, "Exchange", "Send", EVE, json!({"MailboxOwnerUPN": ANN})));
        let answer = asked(&[("log", log.clone())], &places, "", "ip=203.0.113.9");
        assert_eq!(verdict(&answer, "bob"), Verdict::CannotBeDetermined);
        log.push(bind(3001, EVE, ANN, "<1@x>", "app"));
        let answer = asked(&[("log", log)], &places, "", "ip=203.0.113.9");
        assert_ne!(verdict(&answer, "bob"), Verdict::RuledOut);
    }

    /// A folder that was synchronised has the messages that lie in it.
    #[test]
    fn a_folder_is_not_the_message_of_another() {
        let mut log: Vec<Value> =
            (0..120).map(|h| bind(h * 60, OWNER, ANN, &format!("<{h}@x>"), "app")).collect();
        log.push(bind(3000, EVE, ANN, "<bound@x>", "app"));
        let mut sync = bind(3001, EVE, ANN, "", "app");
        sync["OperationProperties"][0]["Value"] = json!("Sync");
        sync["Folders"] = json!(null);
        sync["Item"] = json!({"ParentFolder": {"Path": "\\Archiv"}});
        log.push(sync);
        let places = [
            ("bound", "{ mailbox = \"ann@corp.example\", message = \"<bound@x>\" }"),
            ("unseen", "{ mailbox = \"ann@corp.example\", message = \"<unseen@x>\" }"),
            ("archive", "{ mailbox = \"ann@corp.example\", folder = \"Archive\" }"),
        ];
        let answer = asked(&[("log", log)], &places, "", "ip=203.0.113.9");
        assert_eq!(verdict(&answer, "bound"), Verdict::Accessed);
        assert!(!matches!(verdict(&answer, "unseen"), Verdict::Exfiltrated | Verdict::RuledOut));
        assert_eq!(verdict(&answer, "archive"), Verdict::Exfiltrated);
    }

    #[test]
    fn a_link_for_the_organisation_opens_nothing_to_outside() {
        let mut log: Vec<Value> =
            (0..120).map(|h| file(h * 60, "FileAccessed", OWNER, "home.docx", json!({}))).collect();
        let guest =
            json!({"TargetUserOrGroupName": "x@far.example", "TargetUserOrGroupType": "Guest"});
        let member =
            json!({"TargetUserOrGroupName": "bob@corp.example", "TargetUserOrGroupType": "Member"});
        log.push(file(3000, "CompanyLinkCreated", EVE, "company.docx", json!({})));
        log.push(file(3001, "SharingSet", EVE, "member.docx", member));
        log.push(file(3002, "SharingSet", EVE, "guest.docx", guest));
        log.push(file(3003, "AnonymousLinkCreated", EVE, "anyone.docx", json!({})));
        log.push(file(3004, "FileSyncDownloadedFull", EVE, "synced.docx", json!({})));
        let place = |name: &str| format!("{{ site = \"{SITE}\", path = \"{name}.docx\" }}");
        let names = ["company", "member", "guest", "anyone", "synced", "other"];
        let places: Vec<(&str, String)> = names.map(|name| (name, place(name))).into();
        let places: Vec<(&str, &str)> = places.iter().map(|(n, p)| (*n, p.as_str())).collect();
        let answer = asked(&[("log", log)], &places, "", "ip=203.0.113.9");
        for id in ["company", "member"] {
            assert_eq!(verdict(&answer, id), Verdict::Accessed, "{id}");
        }
        for id in ["guest", "anyone", "synced"] {
            assert_eq!(verdict(&answer, id), Verdict::Exfiltrated, "{id}");
        }
        assert_eq!(verdict(&answer, "other"), Verdict::RuledOut);
    }

    /// A host on which the intruder runs something as somebody who works with
    /// the cloud every day, from where everybody does.
    #[test]
    fn whose_account_the_intruder_has_is_cleared_by_no_habit() {
        let hosts = |user: &str| {
            let started = json!({"SubjectUserSid": "S-1-5-21-1-2-3-1000", "SubjectUserName": user,
                "SubjectDomainName": "CORP", "SubjectLogonId": "0x9001", "NewProcessId": "0x1388",
                "NewProcessName": "C:\\t\\evil.exe", "ProcessId": "0x258",
                "CommandLine": "evil.exe"});
            vec![super::hosts::event("WS01", 4688, 1, 8000, started)]
        };
        let log: Vec<Value> =
            (0..240).map(|h| file(h * 60, "FileAccessed", OWNER, "plan.docx", json!({}))).collect();
        let place = format!("{{ site = \"{SITE}\", path = \"plan.docx\" }}");
        let places = [("plan", place.as_str())];
        for (user, cleared) in [("bob", true), ("ann", false)] {
            let logs = [("docs", log.clone()), ("security", hosts(user))];
            let answer = asked(&logs, &places, "", "host=WS01 process=evil.exe");
            assert_eq!(verdict(&answer, "plan") == Verdict::RuledOut, cleared, "{user}");
        }
    }

    /// What is recorded of a parent, or of a namesake, is not recorded of it.
    #[test]
    fn another_site_or_mailbox_shows_nothing_of_this_one() {
        let root = |hour: u32| {
            let mut record = file(hour * 60, "FileAccessed", OWNER, "", json!({}));
            record["SiteUrl"] = json!("https://corp.sharepoint.example/");
            record["ObjectId"] = json!("https://corp.sharepoint.example/Shared Documents/x.docx");
            record
        };
        let bob = ("bob@partner.onmicrosoft.com", "192.0.2.3");
        let mut log: Vec<Value> = (0..120).map(root).collect();
        log.extend((0..120).map(|h| bind(h * 60, bob, bob.0, &format!("<{h}@x>"), "app")));
        log.push(file(3000, "FileAccessed", EVE, "", json!({})));
        let last = log.len() - 1;
        log[last]["SiteUrl"] = json!("https://corp.sharepoint.example/");
        log[last]["ObjectId"] = json!("https://corp.sharepoint.example/Shared Documents/y.docx");
        let site = format!("{{ site = \"{SITE}\", path = \"plan.docx\" }}");
        let places = [
            ("site", site.as_str()),
            (
                "root",
                "{ site = \"https://corp.sharepoint.example/\", path = \"Shared Documents/z.docx\" }",
            ),
            ("mailbox", "{ mailbox = \"bob@corp.example\" }"),
        ];
        let answer = asked(&[("log", log)], &places, "", "ip=203.0.113.9");
        assert_eq!(verdict(&answer, "root"), Verdict::RuledOut);
        assert_ne!(verdict(&answer, "site"), Verdict::RuledOut);
        assert_ne!(verdict(&answer, "mailbox"), Verdict::RuledOut);
    }

    /// A record that has an id in place of a mailbox may be of any.
    #[test]
    fn mail_of_an_unknown_owner_may_be_anybodys() {
        const GUID: &str = "cccccccc-0000-0000-0000-00000000000c";
        let of = |owner: Value| {
            let eve = ("eve@corp.example", "203.0.113.9");
            let mut log: Vec<Value> =
                (0..120).map(|h| bind(h * 60, OWNER, ANN, &format!("<{h}@x>"), "app")).collect();
            let mut read = bind(3000, eve, "", "<plan@x>", "app");
            read["MailboxOwnerUPN"] = owner;
            read["MailboxGuid"] = json!(GUID);
            log.push(read);
            let places = [("mailbox", "{ mailbox = \"ann@corp.example\" }")];
            verdict(&asked(&[("log", log)], &places, "", "ip=203.0.113.9"), "mailbox")
        };
        assert_eq!(of(json!("eve@corp.example")), Verdict::RuledOut);
        for owner in [json!(null), json!(GUID), json!("Ann Meier")] {
            let found = of(owner.clone());
            let open = matches!(found, Verdict::Reachable | Verdict::CannotBeDetermined);
            assert!(open, "{owner}: {found:?}");
        }
    }

    /// Mail that goes on within the domain does not leave it.
    #[test]
    fn forwarding_within_the_domain_is_no_departure() {
        let of = |to: &str| {
            let mut log: Vec<Value> =
                (0..120).map(|h| bind(h * 60, OWNER, ANN, &format!("<{h}@x>"), "app")).collect();
            log.push(record(3001, "Exchange", "Set-Mailbox", EVE, json!({"Parameters": [
                {"Name": "Identity", "Value": ANN}, {"Name": "ForwardingSmtpAddress", "Value": to}]})));
            let places = [("mailbox", "{ mailbox = \"ann@corp.example\" }")];
            verdict(&asked(&[("log", log)], &places, "", "ip=203.0.113.9"), "mailbox")
        };
        assert_eq!(of("smtp:d@evil.example"), Verdict::Exfiltrated);
        for inside in ["smtp:bob@corp.example", "$null"] {
            let found = of(inside);
            assert!(
                !matches!(found, Verdict::Accessed | Verdict::Exfiltrated),
                "{inside}: {found:?}"
            );
        }
    }

    /// An application that has long been used gets one more secret.
    #[test]
    fn those_who_used_an_application_before_go_on_using_it() {
        const APP: &str = "aaaaaaaa-0000-0000-0000-000000000001";
        let (usual, thief) =
            (("ServicePrincipal_1", "192.0.2.7"), ("ServicePrincipal_1", "203.0.113.9"));
        let mut log: Vec<Value> = (0..120)
            .map(|h| bind(h * 60, usual, "archive@corp.example", &format!("<{h}@x>"), APP))
            .collect();
        log.push(bind(3010, thief, ANN, "<secret@x>", APP));
        let audit = json!({"activityDateTime": format!("{}Z", at(3000)), "id": "a",
            "activityDisplayName": "Update application – Certificates and secrets management ",
            "result": "success", "category": "ApplicationManagement",
            "initiatedBy": {"user": {"userPrincipalName": "adm@corp.example",
                "ipAddress": "203.0.113.8", "homeTenantId": TENANT}},
            "additionalDetails": [{"key": "AppId", "value": APP}],
            "targetResources": [{"id": "bbbbbbbb-0000-0000-0000-000000000001", "displayName": "Archiver",
                "type": "Application", "modifiedProperties": [{"displayName": "KeyDescription",
                    "oldValue": "[]",
                    "newValue": "[\"[KeyIdentifier=cccccccc-0000-0000-0000-000000000001,KeyType=Password]\"]"}]}]});
        let places = [
            ("archive", "{ mailbox = \"archive@corp.example\" }"),
            ("secret", "{ mailbox = \"ann@corp.example\", message = \"<secret@x>\" }"),
        ];
        let logs = [("mail", log), ("audit", vec![audit])];
        let answer = asked(&logs, &places, "", "ip=203.0.113.8");
        assert_eq!(verdict(&answer, "secret"), Verdict::Accessed);
        let archive = verdict(&answer, "archive");
        assert!(!matches!(archive, Verdict::Accessed | Verdict::Exfiltrated | Verdict::RuledOut));
    }

    /// Sign-ins name their tenant by its domain only, where Graph gave them out.
    #[test]
    fn a_log_of_sign_ins_alone_does_not_hide_that_mail_is_recorded() {
        let mut log: Vec<Value> =
            (0..120).map(|h| bind(h * 60, OWNER, ANN, &format!("<{h}@x>"), "app")).collect();
        let bob = ("bob@corp.example", "203.0.113.9");
        log.push(bind(3000, bob, "bob@corp.example", "<b@x>", "app"));
        let sign_in = json!({"id": "s", "createdDateTime": format!("{}Z", at(2990)),
            "userPrincipalName": "bob@corp.example", "appDisplayName": "Outlook", "appId": "o",
            "ipAddress": "203.0.113.9", "status": {"errorCode": 0}, "correlationId": "c"});
        let places = [("ann", "{ mailbox = \"ann@corp.example\" }")];
        let logs = [("mail", log), ("signins", vec![sign_in])];
        let answer = asked(&logs, &places, "", "ip=203.0.113.9");
        assert_eq!(verdict(&answer, "ann"), Verdict::RuledOut);
    }
}

mod hosts {
    use super::*;

    /// A record of Windows' Security log as it is exported.
    pub(super) fn event(host: &str, id: u32, number: u64, minute: u32, data: Value) -> Value {
        json!({"Event": {"System": {
            "Provider": {"#attributes": {"Name": "Microsoft-Windows-Security-Auditing"}},
            "EventID": id, "Keywords": "0x8020000000000000", "EventRecordID": number,
            "TimeCreated": {"#attributes": {"SystemTime": format!("{}.0000000Z", at(minute))}},
            "Channel": "Security", "Computer": format!("{host}.corp.example")},
            "EventData": data}})
    }

    pub(super) fn logon(user: &str, session: &str, kind: u32, from: (&str, &str)) -> Value {
        let (address, name) = from;
        json!({"TargetUserSid": "S-1-5-21-1-2-3-1000", "TargetUserName": user,
            "TargetDomainName": "CORP", "TargetLogonId": session, "LogonType": kind,
            "LogonGuid": "{11111111-0000-0000-0000-000000000001}", "WorkstationName": name,
            "IpAddress": address, "IpPort": "50000", "ElevatedToken": "%%1842"})
    }

    fn started(pid: u32, parent: u32, image: &str, session: &str) -> Value {
        let own = session == "0x3e7";
        let (sid, user) = if own { ("S-1-5-18", "X$") } else { ("S-1-5-21-1-2-3-1000", "adm") };
        json!({"SubjectUserSid": sid, "SubjectUserName": user, "SubjectDomainName": "CORP",
            "SubjectLogonId": session, "NewProcessId": format!("0x{pid:x}"), "NewProcessName": image,
            "ProcessId": format!("0x{parent:x}"), "CommandLine": image})
    }

    /// Hosts that each write all day; ids without a hole.
    fn quiet(hosts: &[&str], more: Vec<(&str, u32, u32, Value)>) -> Vec<Value> {
        let mut all: Vec<(&str, u32, u32, Value)> = more;
        for host in hosts {
            for hour in 0..10 {
                let pid = 2000 + hour;
                let image = "C:\\Windows\\System32\\svchost.exe";
                all.push((host, 4688, hour * 60, started(pid, 600, image, "0x3e7")));
                let own = json!({"TargetUserSid": "S-1-5-18", "TargetUserName": "Système",
                    "TargetDomainName": "AUTORITE NT", "TargetLogonId": "0x3e7", "LogonType": 5,
                    "LogonGuid": "{00000000-0000-0000-0000-000000000000}",
                    "WorkstationName": "-", "IpAddress": "-", "IpPort": "-"});
                all.push((host, 4624, hour * 60 + 30, own));
            }
        }
        all.sort_by_key(|(host, _, minute, _)| ((*host).to_owned(), *minute));
        let number = |n: usize| 1000 + n as u64;
        let numbered = all.into_iter().enumerate();
        numbered
            .map(|(n, (host, id, minute, data))| event(host, id, number(n), minute, data))
            .collect()
    }

    /// What was detected on one host came from another, of which nothing was.
    #[test]
    fn where_the_intruder_may_have_come_from_is_not_ruled_out() {
        let log = quiet(
            &["WS01", "WS02", "WS03"],
            vec![
                ("WS02", 4624, 300, logon("Administrateur", "0x9001", 3, ("10.0.0.1", "WS01"))),
                ("WS02", 4688, 301, started(5000, 600, "C:\\Windows\\svc.exe", "0x3e7")),
            ],
        );
        let places = [
            ("source", "{ host = \"WS01\", path = 'C:\\secret.txt' }"),
            ("beside", "{ host = \"WS03\", path = 'C:\\secret.txt' }"),
        ];
        let answer = asked(&[("log", log)], &places, "", "host=WS02 process=svc.exe");
        assert_eq!(verdict(&answer, "source"), Verdict::CannotBeDetermined);
        assert_eq!(verdict(&answer, "beside"), Verdict::RuledOut);
    }

    /// A service that the intruder set up runs, and of its start there is no
    /// record: what it starts names it.
    #[test]
    fn a_process_without_a_start_is_told_by_its_program() {
        let service = json!({"SubjectUserSid": "S-1-5-21-1-2-3-1000", "SubjectUserName": "adm",
            "SubjectDomainName": "CORP", "SubjectLogonId": "0x9009", "ServiceName": "up",
            "ServiceFileName": "C:\\Windows\\rsvc.exe", "ServiceType": "0x10",
            "ServiceStartType": "3", "ServiceAccount": "LocalSystem"});
        let packed = |parent: &str| {
            let mut packed = started(5000, 1911, "C:\\t\\7z.exe", "0x3e7");
            packed["CommandLine"] = json!("7z.exe a C:\\t\\o.7z E:\\Plans\\*");
            packed["ParentProcessName"] = json!(parent);
            packed
        };
        let of = |parent: &str| {
            let logon = logon("adm", "0x9009", 3, ("10.0.0.9", "-"));
            let more =
                [(4624, 200, logon), (4697, 201, service.clone()), (4688, 300, packed(parent))];
            let more = more.into_iter().map(|(id, minute, data)| ("FS01", id, minute, data));
            let places = [("plans", "{ host = \"FS01\", path = 'E:\\Plans\\**' }")];
            let log = quiet(&["FS01"], more.collect());
            let answer = asked(&[("log", log)], &places, "", "host=FS01 session=0x9009");
            verdict(&answer, "plans")
        };
        assert_eq!(of("C:\\Windows\\rsvc.exe"), Verdict::Accessed);
        assert_ne!(of("C:\\Windows\\backup.exe"), Verdict::Accessed);
    }

    /// A machine's own logon tells its address; remote desktop's record names the
    /// host that it is on beside the client's address.
    #[test]
    fn addresses_are_learned_from_machines_and_not_from_remote_desktop() {
        let log = quiet(
            &["DC", "WS02", "WS03"],
            vec![
                ("DC", 4624, 5, logon("WS02$", "0x8001", 3, ("10.0.0.2", "-"))),
                ("WS02", 4688, 300, started(5000, 600, "C:\\Windows\\svc.exe", "0x7001")),
                ("WS02", 4624, 290, logon("adm", "0x7001", 10, ("10.0.0.77", "WS02"))),
                ("WS03", 4624, 400, logon("adm", "0x9001", 10, ("10.0.0.2", "WS03"))),
                ("WS03", 4688, 401, started(6000, 700, "C:\\Windows\\cmd.exe", "0x9001")),
            ],
        );
        let places = [("there", "{ host = \"WS03\" }")];
        let answer = asked(&[("log", log)], &places, "", "host=WS02 process=svc.exe");
        assert_eq!(verdict(&answer, "there"), Verdict::Accessed);
        let state = |name: &str| answer.hosts.iter().find(|host| host.host == name).unwrap().state;
        assert_eq!(state("WS03"), HostWord::Compromised);
    }
}

mod directory {
    use super::hosts::{event, logon};
    use super::*;

    /// A session on a controller reads all secrets of the directory.
    fn read(user: &str, class: &str, right: &str) -> Verdict {
        let ticket = json!({"TargetUserName": "ann@CORP.EXAMPLE", "ServiceName": "DC$",
            "IpAddress": "::ffff:10.0.0.3", "Status": "0x0", "TicketEncryptionType": "0x12"});
        let read = json!({"SubjectUserSid": "S-1-5-21-1-2-3-1000", "SubjectUserName": user,
            "SubjectDomainName": "CORP", "SubjectLogonId": "0x9001", "AccessMask": "0x100",
            "Properties": format!("%%7688\n\t{{{right}}}"), "ObjectType": format!("%{{{class}}}")});
        let log = vec![
            event("DC", 4769, 1, 1, ticket),
            event("DC", 4624, 2, 2, logon(user, "0x9001", 3, ("10.0.0.2", "WS02"))),
            event("DC", 4662, 3, 2, read),
        ];
        let places = [("krbtgt", "{ credential = \"krbtgt@corp.example\" }")];
        verdict(&asked(&[("log", log)], &places, "", "process=nothing.exe"), "krbtgt")
    }

    fn replicated(user: &str) -> Verdict {
        let (class, right) =
            ("19195a5b-6da0-11d0-afd3-00c04fd930c9", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2");
        read(user, class, right)
    }

    /// The key of the federation's server makes tokens; it is no password.
    #[test]
    fn a_key_that_signs_tokens_is_nobodys_secret() {
        let (class, photo) =
            ("5cb41ed0-0e4c-11d0-a286-00aa003049e2", "8d3bca50-1d7e-11d0-a081-00aa006c33ed");
        let found = read("Administrateur", class, photo);
        assert!(matches!(found, Verdict::Reachable | Verdict::CannotBeDetermined), "{found:?}");
    }

    #[test]
    fn who_replicates_the_directory_and_is_no_controller_takes_it() {
        assert_eq!(replicated("Administrateur"), Verdict::Accessed);
        // What synchronises the directory with a cloud does it all day.
        assert_eq!(replicated("MSOL_0a1b2c3d4e5f"), Verdict::CannotBeDetermined);
    }
}

mod sensor {
    use super::*;

    const ESTATE: &str = "[[host]]\nnames = [\"PC\"]\naddresses = [\"10.0.0.5\"]\n\
        [[host]]\nnames = [\"FILES\"]\naddresses = [\"10.0.0.9\"]\n\
        [[network]]\ncidr = \"10.0.0.0/24\"\ninternal = true\n";

    const START: u32 = 1_772_323_200;

    fn conn(second: u32, from: (&str, u32), to: (&str, u32), sent: u32) -> Value {
        json!({"ts": START + second, "uid": format!("C{second}x{}", from.1), "id.orig_h": from.0,
            "id.orig_p": from.1, "id.resp_h": to.0, "id.resp_p": to.1, "proto": "tcp",
            "duration": 1.0, "orig_bytes": sent, "resp_bytes": 100, "conn_state": "SF",
            "missed_bytes": 0})
    }

    fn logs(lost: f64) -> Vec<(&'static str, Vec<Value>)> {
        let far = |n: u32| format!("198.51.100.{n}");
        let mut conns: Vec<Value> = (0..50)
            .map(|n| conn(n * 60, ("10.0.0.5", 50_000 + n), (&far(n + 1), 443), 1000))
            .collect();
        conns.push(conn(3000, ("10.0.0.5", 51_000), ("203.0.113.9", 443), 5000));
        conns.push(conn(3010, ("10.0.0.5", 51_001), ("10.0.0.9", 445), 5000));
        let loss = json!({"ts": START + 900, "ts_delta": 900.0, "peer": "z", "gaps": 5,
            "acks": 100, "percent_lost": lost});
        vec![("conn.log", conns), ("capture_loss.log", vec![loss])]
    }

    const PLACES: [(&str, &str); 1] = [(
        "disk",
        "{ host = \"PC\", path = 'C:\\disk.vhdx' }]\nsize_bytes = 900000000\nsha256 = [",
    )];

    #[test]
    fn what_a_sensor_lost_bounds_nothing() {
        let answer = asked(&logs(0.0), &PLACES, ESTATE, "ip=203.0.113.9");
        assert_eq!(verdict(&answer, "disk"), Verdict::RuledOut);
        let answer = asked(&logs(12.5), &PLACES, ESTATE, "ip=203.0.113.9");
        assert_eq!(verdict(&answer, "disk"), Verdict::CannotBeDetermined);
    }

    /// A sensor's records of a host that calls another are of the first.
    #[test]
    fn a_host_that_is_named_is_that_host() {
        let answer = asked(&logs(0.0), &PLACES, ESTATE, "host=PC");
        let state = |name: &str| {
            let found = answer.hosts.iter().find(|host| host.host == name);
            found.map(|host| host.state)
        };
        assert_eq!(state("PC"), Some(HostWord::Compromised));
        assert_ne!(state("FILES"), Some(HostWord::Compromised));
    }
}
