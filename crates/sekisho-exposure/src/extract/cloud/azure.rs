//! Azure: the activity log, and what vaults and storage accounts record of
//! their own. The place is `tenant:ID` where a record names the tenant, else
//! `azure:` and the subscription.

use std::sync::LazyLock;

use sekisho_event::Shape;

use super::say::{Say, account, caller, exec, touch};
use super::{bytes, tenant};
use crate::activity::{
    Actor, ExecStep, LossKind, Object, Ticket, TicketKind, TicketStep, Touch, TouchKind,
};
use crate::extract::{Class, Extractor, Out, Row};

mod keys {
    //! Names of fields: of the portal and the REST API, with `properties`, and
    //! in Log Analytics.
    use crate::extract::cloud::keys;

    keys! {
        OPERATION = ["operationName.value", "OperationNameValue", "authorization.action", "OperationName.Value", "operationName", "OperationName"];
        STATUS = ["status.value", "ActivityStatusValue", "Status.Value", "resultType", "ResultType", "Status"];
        CODE = ["statusCode", "StatusCode", "properties.httpStatusCode", "httpStatusCode_d"];
        RESOURCE = ["resourceId", "ResourceId", "_ResourceId"];
        CALLER = ["caller", "Caller", "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "identity.claim.upn", "identity.claim.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "identity.tokenHash", "identity.claim.oid"];
        ADDRESS = ["callerIpAddress", "CallerIpAddress", "CallerIPAddress", "httpRequest.clientIpAddress", "HTTPRequest.clientIpAddress", "claims.ipaddr", "Claims.ipaddr", "identity.claims.ipaddr"];
        APP = ["claims.appid", "Claims.appid", "Claims_d.appid", "identity.claims.appid", "identity.claim.appid", "identity.requester.appId"];
        AGENT = ["properties.userAgentHeader", "properties.clientInfo", "clientInfo_s", "UserAgentHeader", "userAgent"];
        SESSION = ["claims.uti", "Claims.uti", "identity.claims.uti"];
        TENANT = ["tenantId", "claims.http://schemas.microsoft.com/identity/claims/tenantid", "Claims.http://schemas.microsoft.com/identity/claims/tenantid", "identity.claims.http://schemas.microsoft.com/identity/claims/tenantid", "identity.requester.tenantId"];
        SUBSCRIPTION = ["subscriptionId", "SubscriptionId"];
        URI = ["uri", "Uri", "properties.requestUri", "requestUri_s", "properties.id", "id_s"];
        SIZE = ["properties.responseBodySize", "ResponseBodySize", "properties.responseBodySizeInBytes"];
    }
}

/// Reads Azure's logs.
#[derive(Debug)]
pub(in crate::extract) struct Azure;

static FIELDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| keys::ALL.iter().copied().flatten().copied().collect());

impl Extractor for Azure {
    fn fields(&self) -> &'static [&'static str] {
        &FIELDS
    }

    fn reads(&self, shape: &Shape) -> bool {
        const CHANNELS: &[&str] = &[
            "activitylogs",
            "administrative",
            "security",
            "policy",
            "auditevent",
            "storageread",
            "storagewrite",
            "storagedelete",
        ];
        let channel = shape.channel.to_ascii_lowercase();
        shape.product.as_ref() == "azure" && CHANNELS.contains(&channel.as_str())
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let channel = row.shape().channel.to_ascii_lowercase();
        let of_data = channel.starts_with("storage") || channel == "auditevent";
        out.class(if of_data { Class::CloudData } else { Class::CloudManagement });
        let resource = row.any(keys::RESOURCE).unwrap_or_default();
        place(row, resource, out);
        let who = row.any(keys::CALLER).and_then(|who| account(out, who));
        let names = out.names();
        let mut of = |text: Option<&str>| text.map(|text| names.of(text));
        let actor = Actor {
            account: who,
            session: of(row.any(keys::SESSION)),
            address: of(row.any(keys::ADDRESS).and_then(caller)),
            agent: of(row.any(keys::AGENT)),
            app: of(row.any(keys::APP)),
            ..Actor::default()
        };
        let status = row.any(keys::STATUS).unwrap_or_default();
        let refused = bytes(row, keys::CODE).is_some_and(|code| code >= 400);
        let failed = refused || status.eq_ignore_ascii_case("failed");
        let mut say = Say::of(out, actor, failed || status.eq_ignore_ascii_case("failure"));
        // What was begun and what was accepted is told again when it is done.
        let begun = ["started", "start", "accepted", "accept"];
        let operation = row.any(keys::OPERATION).unwrap_or_default().to_ascii_lowercase();
        if of_data {
            data(row, &operation, &mut say);
        } else if !begun.iter().any(|word| status.eq_ignore_ascii_case(word)) {
            management(resource, &operation, &mut say);
        }
        if say.silent() && actor.account.is_some() {
            say.out.seen(actor, None);
        }
    }
}

fn place(row: &Row<'_>, resource: &str, out: &mut Out<'_>) {
    if let Some(id) = row.any(keys::TENANT) {
        return tenant(Some(id), None, out);
    }
    let named = row.any(keys::SUBSCRIPTION).or_else(|| {
        let mut parts = resource.trim_start_matches('/').split('/');
        let first = parts.next()?;
        first.eq_ignore_ascii_case("subscriptions").then(|| parts.next()).flatten()
    });
    if let Some(subscription) = named {
        let subscription = subscription.rsplit('/').next().unwrap_or(subscription);
        let place = out.names().of(&format!("azure:{subscription}"));
        out.place(place);
    }
}

/// What an operation of the activity log does: it is told by its end.
fn management(resource: &str, operation: &str, say: &mut Say<'_, '_>) {
    use TicketStep::{Created, Revoked, Rolled, Taken};
    let ends = |end: &str| operation.ends_with(end);
    let of = |say: &mut Say<'_, '_>, step, kind| {
        let service = say.maybe(Some(resource));
        say.ticket(Ticket { service, ..Ticket::of(step, kind) });
    };
    if ends("/listkeys/action")
        || ends("/listaccountsas/action")
        || ends("/listservicesas/action")
        || ends("/listclusteradmincredential/action")
        || ends("/listconnectionstrings/action")
        || ends("/publishxml/action")
        || ends("/config/list/action")
    {
        of(say, Taken, TicketKind::AccessKey);
    } else if ends("/regeneratekey/action") {
        of(say, Rolled, TicketKind::AccessKey);
    } else if ends("roleassignments/write")
        || ends("/elevateaccess/action")
        || ends("/accesspolicies/write")
        || ends("roledefinitions/write")
    {
        of(say, Created, TicketKind::Role);
    } else if ends("roleassignments/delete") {
        of(say, Revoked, TicketKind::Role);
    } else if ends("/beginsgetaccess/action") || ends("/begingetaccess/action") {
        let id = say.name(resource);
        say.touch(Touch { whole: true, ..touch(TouchKind::Shared, Object::Snapshot { id }) });
    } else if ends("compute/snapshots/write") || ends("restorepoints/write") || ends("images/write")
    {
        let id = say.name(resource);
        say.touch(touch(TouchKind::Written, Object::Snapshot { id }));
    } else if ends("/runcommand/action") || ends("/runcommands/write") || ends("/jobs/write") {
        let label = say.name(&format!("command on {resource}"));
        say.exec(exec(ExecStep::Started, label));
    } else if ends("/extensions/write")
        || ends("runbooks/write")
        || ends("runbooks/publish/action")
        || ends("webhooks/write")
        || ends("virtualmachines/write")
    {
        let label = say.name(&format!("resource {resource}"));
        say.exec(exec(ExecStep::Installed, label));
    } else if ends("diagnosticsettings/delete")
        || ends("flowlogs/delete")
        || ends("workspaces/delete")
    {
        say.loss(LossKind::Stopped, None, Some(resource));
    }
}

/// What vaults and storage accounts say of what they hold.
fn data(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) {
    let Some(uri) = row.any(keys::URI) else { return };
    let uri = uri.split('?').next().unwrap_or(uri);
    let kind = match operation {
        "secretget" | "keyget" | "certificateget" | "secretbackup" | "keybackup" | "keyunwrap"
        | "keydecrypt" | "certificatebackup" | "getblob" | "getfile" | "queryblobcontents"
        | "queryentities" | "readfile" => TouchKind::Delivered,
        "secretset" | "keycreate" | "putblob" | "putblock" | "putblocklist" | "createfile" => {
            TouchKind::Written
        }
        "copyblob" | "copyblobfromurl" | "snapshotblob" => TouchKind::Staged,
        "deleteblob" | "secretdelete" | "deletefile" | "deletecontainer" => TouchKind::Deleted,
        other
            if other.starts_with("list")
                || other.ends_with("list")
                || other.contains("properties") =>
        {
            TouchKind::Listed
        }
        _ => return,
    };
    let vault = row.shape().channel.eq_ignore_ascii_case("AuditEvent");
    let name = say.name(uri);
    let object = if vault { Object::Secret { id: name } } else { Object::Site { url: name } };
    let size = bytes(row, keys::SIZE).filter(|_| kind == TouchKind::Delivered);
    let whole = kind == TouchKind::Listed;
    say.touch(Touch { bytes: size, whole, ..touch(kind, object) });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::extract::cloud::test_support::words;

    #[test]
    fn the_activity_log() {
        let record = |operation: &str, status: &str| {
            json!({"eventTimestamp": "2026-03-02T10:00:00Z", "caller": "ann@example.org",
                "operationName": {"value": operation}, "status": {"value": status},
                "resourceId": "/subscriptions/s1/resourceGroups/g/r", "correlationId": "c",
                "subscriptionId": "s1", "claims": {"ipaddr": "203.0.113.7", "appid": "a"}})
        };
        let thing = "/subscriptions/s1/resourceGroups/g/r";
        for (operation, what) in [
            (
                "Microsoft.Storage/storageAccounts/listKeys/action",
                format!("ticket Taken AccessKey - for={thing} issued=- method=-"),
            ),
            (
                "Microsoft.Compute/disks/beginGetAccess/action",
                format!("touch Shared snapshot {thing} whole"),
            ),
            (
                "Microsoft.Compute/virtualMachines/runCommand/action",
                format!("exec Started command on {thing}"),
            ),
            ("microsoft.insights/diagnosticSettings/delete", format!("loss Stopped - {thing}")),
        ] {
            assert_eq!(words(&record(operation, "Succeeded")), [what], "{operation}");
        }
        let begun = words(&record("Microsoft.Storage/storageAccounts/listKeys/action", "Started"));
        assert!(begun[0].starts_with("session Seen example\\ann"));
    }

    #[test]
    fn vaults() {
        let record = json!({"time": "2026-03-02T10:00:00Z", "category": "AuditEvent",
            "resourceId": "/SUBSCRIPTIONS/S1/VAULTS/V", "operationName": "SecretGet",
            "resultType": "Success", "callerIpAddress": "203.0.113.7",
            "properties": {"requestUri": "https://v.vault.azure.net/secrets/a?api-version=7",
                "httpStatusCode": 200}});
        assert_eq!(words(&record), ["touch Delivered secret https://v.vault.azure.net/secrets/a"]);
    }
}
