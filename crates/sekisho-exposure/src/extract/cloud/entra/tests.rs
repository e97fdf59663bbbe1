//! What single records of Entra ID say.

use serde_json::{Value, json};

use crate::extract::cloud::test_support::{read, words};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const APP: &str = "aaaaaaaa-0000-0000-0000-000000000001";
const OBJECT: &str = "aaaaaaaa-0000-0000-0000-000000000002";
const KEY: &str = "aaaaaaaa-0000-0000-0000-00000000000b";

fn sign_in() -> Value {
    json!({
        "id": "r1", "createdDateTime": "2026-03-02T10:00:00Z",
        "userPrincipalName": "ann@corp.example.org", "userId": OBJECT,
        "appDisplayName": "Mail", "appId": APP, "ipAddress": "203.0.113.7",
        "correlationId": "c1", "userAgent": "x", "uniqueTokenIdentifier": "t1",
        "sessionId": "s1", "resourceId": "res", "status": {"errorCode": 0},
        "homeTenantId": TENANT,
    })
}

/// In the form of diagnostic settings.
fn diagnostic(category: &str, properties: &Value) -> Value {
    json!({"time": "2026-03-02T10:00:00Z", "resourceId": format!("/tenants/{TENANT}/x"),
        "operationName": "Sign-in activity", "category": category, "tenantId": TENANT,
        "resultType": "0", "properties": properties})
}

#[test]
fn sign_ins_in_every_form() {
    let opened = ["session Opened corp\\ann key=s1 guid=t1"];
    assert_eq!(words(&sign_in()), opened);
    assert_eq!(words(&diagnostic("SignInLogs", &sign_in())), opened);
    let table = json!({"TimeGenerated": "2026-03-02T10:00:00Z", "ResultType": "0",
        "AppDisplayName": "Mail", "AppId": APP, "UserPrincipalName": "ann@corp.example.org",
        "SessionId": "s1", "UniqueTokenIdentifier": "t1", "AADTenantId": TENANT,
        "IPAddress": "203.0.113.7", "Category": "SignInLogs"});
    assert_eq!(words(&table), opened);
    let found = read(&table.to_string());
    let shown = |name: Option<crate::names::Name>| name.map_or("", |n| found.names.shown(n));
    assert_eq!(shown(found.activities[0].place), format!("tenant:{TENANT}"));
    assert_eq!(shown(found.activities[0].actor.app), APP);
    let mut failed = sign_in();
    failed["status"] = json!({"errorCode": 50126});
    assert_eq!(words(&failed), ["session Failed corp\\ann key=s1 guid=t1"]);
}

#[test]
fn applications_sign_in_with_their_secrets() {
    let record = json!({"createdDateTime": "2026-03-02T10:00:00Z", "appDisplayName": "Reader",
        "servicePrincipalName": "Reader", "servicePrincipalId": OBJECT, "appId": APP,
        "servicePrincipalCredentialKeyId": KEY, "resourceId": "res", "ipAddress": "203.0.113.7",
        "uniqueTokenIdentifier": "t2", "status": {"errorCode": 0}});
    assert_eq!(
        words(&diagnostic("ServicePrincipalSignInLogs", &record)),
        [
            "session Opened Reader key=t2 guid=t2".to_owned(),
            format!("ticket Used AppSecret Reader for=res issued={APP} method={KEY}")
        ]
    );
}

#[test]
fn what_rests_on_a_federated_server() {
    let mut record = sign_in();
    record["incomingTokenType"] = json!("saml11");
    let used = "ticket Used Token corp\\ann for=res issued=c1 method=federated";
    assert_eq!(words(&record)[1], used);
    let mut record = sign_in();
    record["authenticationDetails"] =
        json!([{"authenticationMethod": "Federated", "succeeded": true}]);
    assert_eq!(words(&record)[1], used);
    record["tokenIssuerType"] = json!("ADFederationServices");
    assert_eq!(words(&record)[1], "ticket Issued Token corp\\ann for=res issued=c1 method=adfs");
}

fn audit(operation: &str, targets: &Value) -> Value {
    json!({
        "id": "x", "category": "ApplicationManagement", "correlationId": "c1", "result": "success",
        "activityDisplayName": operation, "activityDateTime": "2026-03-02T10:00:00Z",
        "loggedByService": "Core Directory",
        "initiatedBy": {"user": {"id": OBJECT, "userPrincipalName": "ann@corp.example.org",
            "ipAddress": "203.0.113.7", "homeTenantId": TENANT}},
        "targetResources": targets,
        "additionalDetails": [{"key": "User-Agent", "value": "x"}, {"key": "AppId", "value": APP}],
    })
}

fn property(name: &str, old: &Value, new: &Value) -> Value {
    json!({"displayName": name, "oldValue": old.to_string(), "newValue": new.to_string()})
}

#[test]
fn secrets_of_applications() {
    let key = format!("[KeyIdentifier={KEY},KeyType=Password,KeyUsage=Verify,DisplayName=x]");
    let targets = json!([{"id": OBJECT, "displayName": "Reader", "type": "Application",
        "modifiedProperties": [property("KeyDescription", &json!([]), &json!([key]))]}]);
    let added = format!("ticket Created AppSecret Reader for={OBJECT} issued={APP} method={KEY}");
    for operation in [
        "Update application \u{2013} Certificates and secrets management ",
        "Update application - Certificates and secrets management",
        "Update application",
        "Add service principal credentials",
    ] {
        assert_eq!(words(&audit(operation, &targets)), [added.as_str()], "{operation}");
    }
    let targets = json!([{"id": OBJECT, "displayName": "Reader", "type": "Application",
        "modifiedProperties": [property("KeyDescription", &json!([key]), &json!([]))]}]);
    let found = words(&audit("Update application", &targets));
    assert!(found[0].starts_with("ticket Revoked AppSecret"), "{found:?}");
    let other = json!([{"id": OBJECT, "displayName": "Reader", "type": "Application",
        "modifiedProperties": [property("DisplayName", &json!("a"), &json!("b"))]}]);
    assert!(words(&audit("Update application", &other))[0].starts_with("session Seen"));
}

#[test]
fn consents_and_roles() {
    let targets = json!([{"id": OBJECT, "displayName": "Reader", "type": "ServicePrincipal",
        "modifiedProperties": [
            property("ConsentContext.IsAdminConsent", &Value::Null, &json!("True")),
            property("ConsentAction.Permissions", &json!(""),
                &json!("[] => [[Id: x, ConsentType: AllPrincipals, Scope: Mail.Read User.Read, Y: z]]")),
            property("TargetId.ServicePrincipalNames", &Value::Null, &json!(APP))]}]);
    assert_eq!(
        words(&audit("Consent to application", &targets)),
        [format!(
            "ticket Created Consent - for=Mail.Read User.Read issued={APP} method=Reader everyone"
        )]
    );
    let targets = json!([
        {"id": "g", "displayName": "Microsoft Graph", "type": "ServicePrincipal",
         "modifiedProperties": [
            property("AppRole.Value", &Value::Null, &json!("Mail.Read")),
            property("ServicePrincipal.ObjectID", &Value::Null, &json!(OBJECT)),
            property("ServicePrincipal.AppId", &Value::Null, &json!(APP)),
            property("ServicePrincipal.DisplayName", &Value::Null, &json!("Reader"))]}]);
    assert_eq!(
        words(&audit("Add app role assignment to service principal", &targets)),
        [format!("ticket Created Consent - for=Mail.Read issued={APP} method=Reader everyone")]
    );
    let targets = json!([{"id": OBJECT, "userPrincipalName": "bob@corp.example.org", "type": "User",
        "modifiedProperties": [
            property("Role.DisplayName", &Value::Null, &json!("Globaler Administrator")),
            property("Role.TemplateId", &Value::Null, &json!(KEY))]}]);
    assert_eq!(
        words(&audit("Add member to role", &targets)),
        [format!("ticket Created Role corp\\bob for={KEY} issued=- method=-")]
    );
}

#[test]
fn users_factors_domains_and_policies() {
    let bob = json!([{"id": OBJECT, "userPrincipalName": "bob@corp.example.org", "type": "User",
        "modifiedProperties": []}]);
    for (operation, what) in [
        ("Add user", "Created Account corp\\bob for=- issued=- method=-"),
        ("Reset user password", "Rolled Password corp\\bob for=- issued=- method=-"),
        ("Disable account", "Revoked Account corp\\bob for=- issued=- method=-"),
        ("User registered security info", "Created Password corp\\bob for=- issued=- method=mfa"),
        ("User deleted security info", "Created Role corp\\bob for=- issued=- method=mfa-removed"),
        (
            "Update StsRefreshTokenValidFrom Timestamp",
            "Revoked Token corp\\bob for=- issued=- method=-",
        ),
    ] {
        assert_eq!(words(&audit(operation, &bob)), [format!("ticket {what}")], "{operation}");
    }
    let domain = json!([{"id": "corp.example.org", "displayName": "corp.example.org",
        "modifiedProperties": [property("LiveType", &json!("Managed"), &json!("Federated"))]}]);
    let key = "ticket Created SigningKey - for=corp.example.org issued=- method=- everyone";
    assert_eq!(words(&audit("Set federation settings on domain", &domain)), [key]);
    assert_eq!(words(&audit("Set domain authentication", &domain)), [key]);
    let back = json!([{"id": "corp.example.org", "displayName": "corp.example.org",
        "modifiedProperties": [property("LiveType", &json!("Federated"), &json!("Managed"))]}]);
    assert!(words(&audit("Set domain authentication", &back))[0].starts_with("session Seen"));
    let policy = json!([{"id": OBJECT, "displayName": "Require MFA", "type": "Policy"}]);
    assert_eq!(
        words(&audit("Delete conditional access policy", &policy)),
        [format!("touch Deleted directory tenant:{TENANT} to=Require MFA")]
    );
}

#[test]
fn calls_of_graph() {
    let record = |uri: &str| {
        diagnostic(
            "MicrosoftGraphActivityLogs",
            &json!({"requestUri": uri, "requestMethod": "GET", "responseStatusCode": 200,
                "responseSizeBytes": 500, "appId": APP, "servicePrincipalId": OBJECT,
                "signInActivityId": "t2", "ipAddress": "203.0.113.7"}),
        )
    };
    let mail = record("https://graph.microsoft.com/v1.0/users/ceo@corp.example.org/messages/m1");
    let found = words(&mail);
    assert_eq!(found[0], "touch Delivered mail ceo@corp.example.org||m1 bytes=500");
    assert_eq!(found[1], format!("session Seen {OBJECT} key=t2 guid=t2"));
    let users = record("https://graph.microsoft.com/v1.0/users?$top=999");
    assert!(words(&users)[0].starts_with("touch Listed directory tenant:"));
}
