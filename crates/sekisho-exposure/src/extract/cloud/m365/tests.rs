//! What single records of the unified audit log say.

use sekisho_event::formats::csv::Csv;
use serde_json::{Value, json};

use crate::activity::What;
use crate::extract::Class;
use crate::extract::cloud::test_support::{read, read_as, word, words};
use crate::ledger::Hour;

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

fn record(workload: &str, operation: &str, more: &Value) -> Value {
    let mut record = json!({
        "Workload": workload, "Operation": operation, "RecordType": 2, "UserType": 0,
        "CreationTime": "2026-03-02T10:00:00", "OrganizationId": TENANT,
        "UserId": "ann@corp.example.org", "ResultStatus": "Succeeded",
        "ClientIP": "203.0.113.7:50211", "Id": "x",
    });
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

fn said(workload: &str, operation: &str, more: &Value) -> Vec<String> {
    words(&record(workload, operation, more))
}

fn pairs(of: &[(&str, &str)]) -> Value {
    of.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect()
}

fn bound() -> Value {
    json!({
        "MailboxOwnerUPN": "ceo@corp.example.org", "ClientInfoString": "Client=REST;",
        "ClientIPAddress": "2001:db8::1", "SessionId": "s1",
        "AppAccessContext": {"UniqueTokenId": "t1", "AADSessionId": "s1"}, "ClientAppId": "APP",
        "OperationProperties": pairs(&[("MailAccessType", "Bind"), ("IsThrottled", "False")]),
        "Folders": [{"Id": "f", "Path": "\\Inbox", "FolderItems": [
            {"InternetMessageId": "<1@x>", "SizeInBytes": 10},
            {"InternetMessageId": "<2@x>", "SizeInBytes": 20}]}],
    })
}

const READ: [&str; 3] = [
    "touch Read mail ceo@corp.example.org|\\Inbox|<1@x> bytes=10",
    "touch Read mail ceo@corp.example.org|\\Inbox|<2@x> bytes=20",
    "session Seen corp\\ann key=s1 guid=t1",
];

#[test]
fn a_bind_is_the_messages_in_every_form_of_the_record() {
    let plain = record("Exchange", "MailItemsAccessed", &bound());
    let audit = json!({"AuditData": plain.to_string(), "CreationDate": "2026-03-02T10:00:00Z",
        "UserIds": "ann@corp.example.org", "Operations": "MailItemsAccessed"});
    let graph = json!({"auditData": plain, "createdDateTime": "2026-03-02T10:00:00Z"});
    for form in [&plain, &audit, &graph] {
        assert_eq!(words(form), READ, "{form}");
    }
    // Log Analytics: objects as text.
    let mut table = bound();
    table["OperationProperties"] = json!(table["OperationProperties"].to_string());
    table["Folders"] = json!(table["Folders"].to_string());
    table["AppAccessContext"] = json!(table["AppAccessContext"].to_string());
    for (key, value) in [
        ("TimeGenerated", "2026-03-02T10:00:00Z"),
        ("OfficeWorkload", "Exchange"),
        ("Operation", "MailItemsAccessed"),
        ("OrganizationId", TENANT),
        ("UserId", "ann@corp.example.org"),
    ] {
        table[key] = json!(value);
    }
    assert_eq!(words(&table), READ);
    let found = read(&plain.to_string());
    let actor = found.activities[0].actor;
    let shown = |name: Option<crate::names::Name>| name.map_or("", |n| found.names.shown(n));
    assert_eq!(shown(found.activities[0].place), format!("tenant:{TENANT}"));
    assert_eq!(shown(actor.address), "2001:db8::1");
    assert_eq!((shown(actor.app), shown(actor.agent)), ("APP", "Client=REST;"));
    let mailbox = found.names.find("ceo@corp.example.org").unwrap();
    let alive = found.heard.alive.keys().find(|k| k.2 == mailbox).unwrap();
    assert_eq!(alive.1, Class::MailAccess);
    assert!(found.heard.alive[alive].contains_key(&Hour::of(found.activities[0].time)));
}

#[test]
fn an_export_as_a_table() {
    let plain = record("Exchange", "MailItemsAccessed", &bound()).to_string();
    let table = format!(
        "RecordId,CreationDate,RecordType,Operation,UserId,AuditData\n\
         r1,2026-03-02T10:00:00Z,50,MailItemsAccessed,ann@corp.example.org,\"{}\"\n\
         r2,2026-03-02T10:00:01Z,50,MailItemsAccessed,ann@corp.example.org,\"{}\"\n",
        plain.replace('"', "\"\""),
        plain.replace('"', "\"\"").replace("<1@x>", "<3@x>"),
    );
    let found = read_as(&Csv, &table);
    let said: Vec<String> = found.activities.iter().map(|a| word(&found, a)).collect();
    assert_eq!(said[..3], READ);
    assert!(said.contains(&READ[0].replace("<1@x>", "<3@x>")));
}

#[test]
fn messages_of_several_folders() {
    let mut more = bound();
    more["Folders"] = json!([
        {"Path": "\\A", "FolderItems": [{"InternetMessageId": "<1@x>"}]},
        {"Path": "\\B", "FolderItems": [{"InternetMessageId": "<2@x>"}]}]);
    let who = "touch Read mail ceo@corp.example.org|";
    assert_eq!(
        said("Exchange", "MailItemsAccessed", &more)[..4],
        [
            format!("{who}|<1@x>"),
            format!("{who}|<2@x>"),
            format!("{who}\\A|"),
            format!("{who}\\B|")
        ]
    );
}

#[test]
fn a_sync_is_the_folder_and_throttled_is_everything() {
    let more = json!({"MailboxOwnerUPN": "ceo@corp.example.org",
        "OperationProperties": pairs(&[("MailAccessType", "Sync"), ("IsThrottled", "False")]),
        "Item": {"ParentFolder": {"Id": "f", "Path": "\\Inbox", "Name": "Inbox"}}});
    let whole = "touch Delivered mail ceo@corp.example.org|\\Inbox| whole";
    assert_eq!(said("Exchange", "MailItemsAccessed", &more), [whole]);
    let mut more = bound();
    more["OperationProperties"] = pairs(&[("MailAccessType", "Bind"), ("IsThrottled", "True")]);
    let found = said("Exchange", "MailItemsAccessed", &more);
    assert_eq!(found[0], "touch Read mail ceo@corp.example.org|| whole throttled");
    assert_eq!(found[1], "loss Throttled m365/Exchange ceo@corp.example.org");
    assert_eq!(found[2], READ[0]);
}

#[test]
fn rules_and_forwarding() {
    let more = json!({"ObjectId": "corp\\ann\\7", "Parameters": pairs(&[
        ("Name", "."), ("ForwardTo", "smtp:x@evil.example;y@evil.example"), ("DeleteMessage", "True")])});
    let mail = "touch Shared mail ann@corp.example.org||";
    assert_eq!(
        said("Exchange", "New-InboxRule", &more),
        [
            format!("{mail} to=x@evil.example whole"),
            format!("{mail} to=y@evil.example whole"),
            "exec Installed inbox rule .".to_owned()
        ]
    );
    let more = json!({"MailboxOwnerUPN": "ann@corp.example.org", "OperationProperties": pairs(&[
        ("RuleOperation", "AddMailboxRule"), ("RuleName", "r"),
        ("RuleActions", "[{\"ActionType\":\"Redirect\",\"Recipients\":[\"x@evil.example\"]}]")])});
    assert_eq!(
        said("Exchange", "UpdateInboxRules", &more),
        [format!("{mail} to=x@evil.example whole"), "exec Installed inbox rule r".to_owned()]
    );
    let more = json!({"Parameters": pairs(&[("Identity", "bob@corp.example.org"),
        ("ForwardingSmtpAddress", "smtp:x@evil.example"), ("DeliverToMailboxAndForward", "True")])});
    assert_eq!(
        said("Exchange", "Set-Mailbox", &more),
        [
            "touch Shared mail bob@corp.example.org|| to=x@evil.example whole",
            "exec Installed forwarding"
        ]
    );
    let more = json!({"Parameters": pairs(&[("Name", "t"), ("BlindCopyTo", "x@evil.example")])});
    assert_eq!(
        said("Exchange", "New-TransportRule", &more),
        ["touch Shared mail *|| to=x@evil.example whole", "exec Installed transport rule t"]
    );
}

#[test]
fn delegates_and_auditing() {
    let more = json!({"Parameters": pairs(&[("Identity", "ceo@corp.example.org"),
        ("User", "bob@corp.example.org"), ("AccessRights", "FullAccess")])});
    assert_eq!(
        said("Exchange", "Add-MailboxPermission", &more),
        ["ticket Created Role corp\\bob for=ceo@corp.example.org issued=- method=FullAccess"]
    );
    let more = json!({"Parameters": pairs(&[("Identity", "ceo:\\Inbox"),
        ("User", "bob@corp.example.org"), ("AccessRights", "Reviewer")])});
    assert_eq!(
        said("Exchange", "Add-MailboxFolderPermission", &more),
        ["ticket Created Role corp\\bob for=ceo:\\Inbox issued=- method=Reviewer"]
    );
    let off = json!({"Parameters": pairs(&[("UnifiedAuditLogIngestionEnabled", "False")])});
    assert_eq!(said("Exchange", "Set-AdminAuditLogConfig", &off), ["loss Stopped - -"]);
    let off = json!({"Parameters": pairs(&[("Identity", "ceo"), ("AuditEnabled", "False")])});
    assert_eq!(said("Exchange", "Set-Mailbox", &off), ["loss Narrowed m365/Exchange ceo"]);
    let off = json!({"Parameters": pairs(&[("Identity", "svc"), ("AuditBypassEnabled", "True")])});
    let found = said("Exchange", "Set-MailboxAuditBypassAssociation", &off);
    assert_eq!(found, ["loss Narrowed m365/Exchange svc"]);
    let other = json!({"Parameters": pairs(&[("Identity", "svc"), ("CustomAttribute1", "x")])});
    assert!(said("Exchange", "Set-Mailbox", &other)[0].starts_with("session Seen"));
}

#[test]
fn documents() {
    let url = "https://corp.sharepoint.example/sites/plans/a.docx";
    let more = json!({"ObjectId": url, "SiteUrl": "https://corp.sharepoint.example/sites/plans/",
        "FileSizeBytes": 77, "TargetUserOrGroupName": "x@evil.example"});
    for (operation, what) in [
        ("FileAccessed", format!("touch Read site {url}")),
        ("FilePreviewed", format!("touch Read site {url}")),
        ("FileDownloaded", format!("touch Delivered site {url} bytes=77")),
        ("FileSyncDownloadedFull", format!("touch Delivered site {url} bytes=77")),
        ("FileDeleted", format!("touch Deleted site {url}")),
        ("SharingSet", format!("touch Shared site {url} to=x@evil.example")),
    ] {
        assert_eq!(said("SharePoint", operation, &more), [what], "{operation}");
    }
    let link = json!({"ObjectId": url});
    let found = said("OneDrive", "AnonymousLinkCreated", &link);
    assert_eq!(found, [format!("touch Shared site {url} to=anyone")]);
    let found = read(&record("SharePoint", "FileAccessed", &more).to_string());
    let site = found.names.find("https://corp.sharepoint.example/sites/plans").unwrap();
    assert!(found.heard.alive.keys().any(|k| k.1 == Class::DocumentAccess && k.2 == site));
}

#[test]
fn searches_of_everything() {
    let more = json!({"ObjectId": "case 1", "ExchangeLocations": "ceo@corp.example.org,All",
        "Query": "subject:plans"});
    assert_eq!(
        said("SecurityComplianceCenter", "SearchExportDownloaded", &more),
        ["touch Delivered mail ceo@corp.example.org||", "touch Delivered mail *||"]
    );
    let more = json!({"Parameters": pairs(&[("Mailbox", "ceo"), ("FilePath", "\\\\h\\s\\x.pst")])});
    let found = said("Exchange", "New-MailboxExportRequest", &more);
    assert_eq!(found, ["touch Staged mail ceo|| to=\\\\h\\s\\x.pst whole"]);
}

#[test]
fn the_directory_in_the_unified_log() {
    let app = "aaaaaaaa-0000-0000-0000-000000000001";
    let object = "aaaaaaaa-0000-0000-0000-000000000002";
    let (old, new) =
        ("aaaaaaaa-0000-0000-0000-00000000000a", "aaaaaaaa-0000-0000-0000-00000000000b");
    let key = |id: &str| format!("[KeyIdentifier={id},KeyType=Password,KeyUsage=Verify]");
    let more = json!({
        "RecordType": 8, "ResultStatus": "Success", "ObjectId": "Not Available",
        "ActorIpAddress": "203.0.113.7",
        "Target": [{"ID": format!("Application_{object}"), "Type": 2}, {"ID": object, "Type": 2},
            {"ID": "Application", "Type": 2}, {"ID": "Mail Reader", "Type": 1}],
        "ExtendedProperties": [{"Name": "additionalDetails",
            "Value": format!("{{\"User-Agent\":\"x\",\"AppId\":\"{app}\"}}")}],
        "ModifiedProperties": [{"Name": "KeyDescription",
            "NewValue": json!([key(new), key(old)]).to_string(),
            "OldValue": json!([key(old)]).to_string()}],
    });
    let operation = "Update application \u{2013} Certificates and secrets management ";
    let secret =
        format!("ticket Created AppSecret Mail Reader for={object} issued={app} method={new}");
    assert_eq!(said("AzureActiveDirectory", operation, &more), [secret]);
    let more = json!({"RecordType": 15, "ExtendedProperties": pairs(&[("UserAgent", "x")]),
        "DeviceProperties": pairs(&[("SessionId", "s1")]), "ApplicationId": "a"});
    assert_eq!(
        said("AzureActiveDirectory", "UserLoggedIn", &more),
        ["session Opened corp\\ann key=s1 guid=-"]
    );
    let mut failed = more;
    failed["ResultStatus"] = json!("Failed");
    let found = said("AzureActiveDirectory", "UserLoginFailed", &failed);
    assert_eq!(found, ["session Failed corp\\ann key=s1 guid=-"]);
    let more =
        json!({"RecordType": 8, "ObjectId": "bob@corp.example.org", "ResultStatus": "Success"});
    assert_eq!(
        said("AzureActiveDirectory", "Reset user password.", &more),
        ["ticket Rolled Password corp\\bob for=- issued=- method=-"]
    );
}

#[test]
fn nothing_that_fails_is_done() {
    let more = json!({"ResultStatus": "Failed", "Parameters": pairs(&[("Name", "r"),
        ("ForwardTo", "x@evil.example")])});
    let found = read(&record("Exchange", "New-InboxRule", &more).to_string());
    assert!(found.activities.iter().all(|a| match &a.what {
        What::Touch(touch) => touch.kind == crate::activity::TouchKind::Denied,
        What::Session(_) => true,
        _ => false,
    }));
}
