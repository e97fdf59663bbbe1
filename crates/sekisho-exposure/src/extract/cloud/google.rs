//! Google: audit logs of its cloud (place `gcp:PROJECT`) and of Workspace
//! (place `google:CUSTOMER`). The session in the cloud is the key of the
//! service account that signed the call, where one did.

use std::sync::LazyLock;

use sekisho_event::Shape;

use super::all;
use super::say::{Say, account, caller, exec, touch};
use crate::activity::{
    Actor, ExecStep, LossKind, Object, SessionStep, Ticket, TicketKind, TicketStep, Touch,
    TouchKind,
};
use crate::extract::{Class, Extractor, Out, Row};

use TouchKind::{Deleted, Delivered, Listed, Read, Shared, Staged, Written};

mod keys {
    //! Names of fields: of Cloud Logging, and of the Reports API.
    use crate::extract::cloud::keys;

    keys! {
        METHOD = ["protoPayload.methodName", "gcp.audit.method_name"];
        SERVICE = ["protoPayload.serviceName", "gcp.audit.service_name"];
        RESOURCE = ["protoPayload.resourceName", "gcp.audit.resource_name"];
        PROJECT = ["resource.labels.project_id", "cloud.project.id"];
        WHO = ["protoPayload.authenticationInfo.principalEmail", "gcp.audit.authentication_info.principal_email", "protoPayload.authenticationInfo.principalSubject"];
        KEY = ["protoPayload.authenticationInfo.serviceAccountKeyName"];
        ADDRESS = ["protoPayload.requestMetadata.callerIp", "gcp.audit.request_metadata.caller_ip", "source.ip", "ipAddress"];
        AGENT = ["protoPayload.requestMetadata.callerSuppliedUserAgent", "gcp.audit.request_metadata.caller_supplied_user_agent"];
        STATUS = ["protoPayload.status.code", "gcp.audit.status.code"];
        LOG = ["logName", "log.logger"];
        MEMBER = ["protoPayload.serviceData.policyDelta.bindingDeltas.member", "protoPayload.metadata.policyDelta.bindingDeltas.member"];
        ACTION = ["protoPayload.serviceData.policyDelta.bindingDeltas.action", "protoPayload.metadata.policyDelta.bindingDeltas.action"];
        ROLE = ["protoPayload.serviceData.policyDelta.bindingDeltas.role", "protoPayload.metadata.policyDelta.bindingDeltas.role"];
        NEW_KEY = ["protoPayload.response.name"];
        CUSTOMER = ["id.customerId"];
        EMAIL = ["actor.email", "user.email", "protoPayload.authenticationInfo.principalEmail"];
        EVENT = ["events.name", "protoPayload.metadata.event.eventName", "event.action"];
        DOCUMENT = ["events.parameters.doc_id", "protoPayload.metadata.event.parameter.doc_id"];
        TARGET = ["events.parameters.target_user", "events.parameters.target_domain", "protoPayload.metadata.event.parameter.target_user"];
        VISIBILITY = ["events.parameters.visibility"];
        OF_USER = ["events.parameters.USER_EMAIL", "protoPayload.metadata.event.parameter.USER_EMAIL"];
        OF_ROLE = ["events.parameters.ROLE_NAME", "protoPayload.metadata.event.parameter.ROLE_NAME"];
        CLIENT = ["events.parameters.client_id", "protoPayload.metadata.event.parameter.client_id"];
        SCOPE = ["events.parameters.scope"];
    }
}

/// Reads Google's audit logs.
#[derive(Debug)]
pub(in crate::extract) struct Google;

static FIELDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| keys::ALL.iter().copied().flatten().copied().collect());

impl Extractor for Google {
    fn fields(&self) -> &'static [&'static str] {
        &FIELDS
    }

    fn reads(&self, shape: &Shape) -> bool {
        let channel = shape.channel.as_ref();
        shape.product.as_ref() == "gcp"
            && (channel == "gcp.audit" || channel.starts_with("google_workspace."))
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let workspace = row.shape().channel.starts_with("google_workspace.");
        let (kind, id) = match workspace {
            true => ("google", row.any(keys::CUSTOMER)),
            false => ("gcp", project(row)),
        };
        if let Some(id) = id {
            let place = out.names().of(&format!("{kind}:{id}"));
            out.place(place);
        }
        let who = if workspace { keys::EMAIL } else { keys::WHO };
        let who = row.any(who).and_then(|who| account(out, who));
        let names = out.names();
        let mut of = |text: Option<&str>| text.map(|text| names.of(text));
        let actor = Actor {
            account: who,
            session: of(row.any(keys::KEY)),
            address: of(row.any(keys::ADDRESS).and_then(caller)),
            agent: of(row.any(keys::AGENT)),
            app: of(row.any(keys::CLIENT)),
            ..Actor::default()
        };
        let failed = row.any(keys::STATUS).is_some_and(|code| code != "0");
        let mut say = Say::of(out, actor, failed);
        let class = if workspace { events(row, &mut say) } else { calls(row, &mut say) };
        if say.silent() && actor.account.is_some() {
            say.out.seen(actor, None);
        }
        out.class(class);
    }
}

/// The project by its label, else by the name of the resource.
fn project<'a>(row: &Row<'a>) -> Option<&'a str> {
    row.any(keys::PROJECT).or_else(|| {
        let name = row.any(keys::RESOURCE).or_else(|| row.any(keys::LOG))?;
        name.split_once("projects/")?.1.split('/').next().filter(|id| *id != "_")
    })
}

/// Calls of the cloud.
fn calls(row: &Row<'_>, say: &mut Say<'_, '_>) -> Class {
    let method = row.any(keys::METHOD).unwrap_or_default().to_ascii_lowercase();
    let resource = row.any(keys::RESOURCE).unwrap_or_default();
    let of_data = row.any(keys::LOG).is_some_and(|log| log.contains("data_access"));
    if method.starts_with("storage.") {
        storage(row, &method, resource, say);
    } else if method.ends_with("accesssecretversion") {
        let id = say.name(resource);
        say.touch(touch(Delivered, Object::Secret { id }));
    } else if method.ends_with("setiampolicy") || method.ends_with("setiampermissions") {
        bindings(row, resource, say);
    } else if method.contains("snapshots.insert") || method.contains("createsnapshot") {
        let (service, id) = (say.name("compute"), say.name(resource));
        say.touch(Touch { whole: true, ..touch(Staged, Object::Other { service, id }) });
    } else if method.ends_with("createserviceaccountkey")
        || method.ends_with("createserviceaccount")
        || method.ends_with("deleteserviceaccountkey")
        || method.ends_with("generateaccesstoken")
    {
        keys_of_accounts(row, &method, resource, say);
    } else if method.contains("deletesink") || method.contains("deletelog") {
        say.loss(LossKind::Stopped, Some("gcp/gcp.audit"), Some(resource));
    } else if method.contains("updatesink") || method.contains("createexclusion") {
        say.loss(LossKind::Narrowed, Some("gcp/gcp.audit"), Some(resource));
    } else if method.contains("instances.insert")
        || method.ends_with("createfunction")
        || method.ends_with("updatefunction")
        || method.contains("setmetadata")
    {
        let label = say.name(&format!("resource {resource}"));
        say.exec(exec(ExecStep::Installed, label));
    } else if method.ends_with("jobservice.jobcompleted") || method.contains("getqueryresults") {
        let (service, id) = (say.name("bigquery"), say.name(resource));
        say.touch(touch(Read, Object::Other { service, id }));
    }
    if of_data { Class::CloudData } else { Class::CloudManagement }
}

/// `projects/_/buckets/BUCKET/objects/KEY`.
fn storage(row: &Row<'_>, method: &str, resource: &str, say: &mut Say<'_, '_>) {
    let Some((_, rest)) = resource.split_once("/buckets/") else { return };
    let (bucket, key) = match rest.split_once("/objects/") {
        Some((bucket, key)) => (bucket, Some(key)),
        None => (rest, None),
    };
    let kind = match method {
        "storage.objects.get" => Delivered,
        "storage.objects.list" | "storage.buckets.list" | "storage.buckets.get" => Listed,
        "storage.objects.create" | "storage.objects.update" => Written,
        "storage.objects.delete" | "storage.buckets.delete" => Deleted,
        "storage.setiampermissions" => return bindings(row, resource, say),
        _ => return,
    };
    let bucket = say.name(bucket);
    say.out.alive(bucket);
    let key = say.maybe(key);
    let whole = kind == Listed;
    say.touch(Touch { whole, ..touch(kind, Object::Bucket { bucket, key }) });
}

/// Who got, or lost, which role on what.
fn bindings(row: &Row<'_>, resource: &str, say: &mut Say<'_, '_>) {
    let (actions, roles) = (all(row, keys::ACTION), all(row, keys::ROLE));
    for (at, member) in all(row, keys::MEMBER).into_iter().enumerate() {
        let gone = actions.get(at).is_some_and(|action| action.eq_ignore_ascii_case("remove"));
        if !gone && matches!(member, "allUsers" | "allAuthenticatedUsers") {
            let bucket = resource.split_once("/buckets/").map(|(_, rest)| rest);
            let object = match bucket.and_then(|rest| rest.split('/').next()) {
                Some(bucket) => Object::Bucket { bucket: say.name(bucket), key: None },
                None => Object::Other { service: say.name("gcp"), id: say.name(resource) },
            };
            let to = Some(say.name(member));
            say.touch(Touch { to, whole: true, ..touch(Shared, object) });
            continue;
        }
        let user = member.split_once(':').map_or(member, |(_, user)| user);
        let account = say.account(Some(user));
        let service = say.maybe(roles.get(at).copied());
        let method = say.maybe(Some(resource));
        let step = if gone { TicketStep::Revoked } else { TicketStep::Created };
        say.ticket(Ticket { account, service, method, ..Ticket::of(step, TicketKind::Role) });
    }
}

fn keys_of_accounts(row: &Row<'_>, method: &str, resource: &str, say: &mut Say<'_, '_>) {
    let (step, kind) = match method.rsplit('.').next().unwrap_or_default() {
        "createserviceaccountkey" => (TicketStep::Created, TicketKind::AccessKey),
        "deleteserviceaccountkey" => (TicketStep::Revoked, TicketKind::AccessKey),
        "generateaccesstoken" => (TicketStep::Issued, TicketKind::Token),
        _ => (TicketStep::Created, TicketKind::Account),
    };
    let name = resource.split_once("/serviceAccounts/").map_or(resource, |(_, rest)| rest);
    let account = say.account(name.split('/').next());
    // A key's name is what calls that it signs carry.
    let issued = say.maybe(row.any(keys::NEW_KEY).map(signed_by).as_deref());
    say.ticket(Ticket { account, issued, ..Ticket::of(step, kind) });
}

/// The name of a key as calls have it.
fn signed_by(name: &str) -> String {
    format!("//iam.googleapis.com/{}", name.trim_start_matches("//iam.googleapis.com/"))
}

/// Events of Workspace.
fn events(row: &Row<'_>, say: &mut Say<'_, '_>) -> Class {
    let mut class = Class::CloudManagement;
    for event in all(row, keys::EVENT) {
        let kind = match event {
            "login_success" => {
                say.session(SessionStep::Opened, None, false);
                class = Class::SignIn;
                continue;
            }
            "login_failure" | "login_challenge" => {
                if event == "login_failure" {
                    say.session(SessionStep::Failed, None, false);
                }
                class = Class::SignIn;
                continue;
            }
            "view" | "preview" => Read,
            "download" | "sync_item_content" => Delivered,
            "copy" | "source_copy" => Staged,
            "create" | "edit" | "upload" => Written,
            "delete" | "trash" => Deleted,
            "change_user_access"
            | "change_document_visibility"
            | "change_document_access_scope"
            | "change_acl_editors" => Shared,
            other => {
                changed(row, other, say);
                continue;
            }
        };
        class = Class::DocumentAccess;
        let Some(document) = row.any(keys::DOCUMENT) else { continue };
        let (service, id) = (say.name("drive"), say.name(document));
        let to = row.any(keys::TARGET).or_else(|| row.any(keys::VISIBILITY));
        let to = say.maybe(to.filter(|_| kind == Shared));
        say.touch(Touch { to, ..touch(kind, Object::Other { service, id }) });
    }
    class
}

/// What administrators and users change.
fn changed(row: &Row<'_>, event: &str, say: &mut Say<'_, '_>) {
    let (step, kind) = match event.to_ascii_lowercase().as_str() {
        "create_user" => (TicketStep::Created, TicketKind::Account),
        "delete_user" | "suspend_user" => (TicketStep::Revoked, TicketKind::Account),
        "change_password" | "password_edit" => (TicketStep::Rolled, TicketKind::Password),
        "assign_role" | "grant_admin_privilege" | "grant_delegated_admin_privileges" => {
            (TicketStep::Created, TicketKind::Role)
        }
        "unassign_role" => (TicketStep::Revoked, TicketKind::Role),
        "authorize" | "authorize_api_client_access" => (TicketStep::Created, TicketKind::Consent),
        "revoke" => (TicketStep::Revoked, TicketKind::Consent),
        "2sv_disable" | "turn_off_2_step_verification" => (TicketStep::Created, TicketKind::Role),
        _ => return,
    };
    let account = row.any(keys::OF_USER).and_then(|user| say.account(Some(user)));
    let account = account.or(say.actor.account);
    let service = say.maybe(row.any(keys::OF_ROLE).or_else(|| row.any(keys::SCOPE)));
    let issued = say.maybe(row.any(keys::CLIENT));
    say.ticket(Ticket { account, service, issued, ..Ticket::of(step, kind) });
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::extract::cloud::test_support::words;

    fn call(service: &str, method: &str, resource: &str, more: &Value) -> Value {
        let mut record = json!({"timestamp": "2026-03-02T10:00:00Z", "logName": "projects/p/logs/x",
            "resource": {"labels": {"project_id": "p"}},
            "protoPayload": {"serviceName": service, "methodName": method,
                "resourceName": resource,
                "authenticationInfo": {"principalEmail": "ann@example.org"},
                "requestMetadata": {"callerIp": "203.0.113.7"}}});
        for (key, value) in more.as_object().unwrap() {
            record["protoPayload"][key] = value.clone();
        }
        record
    }

    #[test]
    fn calls_of_the_cloud() {
        let object = "projects/_/buckets/plans/objects/2024/a";
        let get = call("storage.googleapis.com", "storage.objects.get", object, &json!({}));
        assert_eq!(words(&get), ["touch Delivered s3://plans/2024/a"]);
        let refused = json!({"status": {"code": 7}});
        let get = call("storage.googleapis.com", "storage.objects.get", object, &refused);
        assert_eq!(words(&get), ["touch Denied s3://plans/2024/a"]);
        let delta = json!({"serviceData": {"policyDelta": {"bindingDeltas": [
            {"action": "ADD", "member": "allUsers", "role": "r"},
            {"action": "ADD", "member": "user:x@evil.example", "role": "r"}]}}});
        let bucket = "projects/_/buckets/plans";
        let set = call("storage.googleapis.com", "storage.setIamPermissions", bucket, &delta);
        assert_eq!(
            words(&set),
            [
                "touch Shared s3://plans/ to=allUsers whole".to_owned(),
                format!("ticket Created Role evil\\x for=r issued=- method={bucket}")
            ]
        );
        let secret = call(
            "secretmanager.googleapis.com",
            "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
            "projects/p/secrets/s/versions/1",
            &json!({}),
        );
        assert_eq!(words(&secret), ["touch Delivered secret projects/p/secrets/s/versions/1"]);
    }

    #[test]
    fn events_of_workspace() {
        let event = |application: &str, name: &str, parameters: Value| {
            json!({"kind": "admin#reports#activity",
                "id": {"time": "2026-03-02T10:00:00Z", "uniqueQualifier": "1",
                    "applicationName": application, "customerId": "C1"},
                "actor": {"email": "ann@example.org"}, "ipAddress": "203.0.113.7",
                "events": [{"type": "t", "name": name, "parameters": parameters}]})
        };
        let login = event("login", "login_success", json!([]));
        assert_eq!(words(&login), ["session Opened example\\ann key=- guid=-"]);
        let got = event("drive", "download", json!([{"name": "doc_id", "value": "d1"}]));
        assert_eq!(words(&got), ["touch Delivered drive d1"]);
        let role = json!([{"name": "USER_EMAIL", "value": "bob@example.org"},
            {"name": "ROLE_NAME", "value": "_SEED_ADMIN_ROLE"}]);
        assert_eq!(
            words(&event("admin", "ASSIGN_ROLE", role)),
            ["ticket Created Role example\\bob for=_SEED_ADMIN_ROLE issued=- method=-"]
        );
    }
}
