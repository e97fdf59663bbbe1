//! Records of a cloud tenant: mail, documents, sign-ins, consents, with the fields of the unified audit log.

use super::estate::Account;
use super::scene::{FactId, Scene, Source};
use crate::demo::clock::{Micros, seconds};
use crate::demo::json::{Obj, list};
use crate::demo::rng::text_number;

/// What a person's own mail program says of itself.
pub(super) const OUTLOOK: &str = "Client=Microsoft.Outlook; Microsoft Outlook 16.0.17328";
/// What a browser's says.
pub(super) const WEB: &str = "Client=OWA;Action=ViaProxy";
/// What applications say.
pub(super) const REST: &str = "Client=REST;Client=RESTSystem;;";

/// Who did something in the tenant, from where, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct By<'a> {
    pub(super) account: &'a Account,
    pub(super) ip: &'a str,
    pub(super) agent: &'a str,
    /// Session that the sign-in gave.
    pub(super) session: &'a str,
    /// As which application, by its name.
    pub(super) app: Option<&'a str>,
}

/// Mail that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct MailRead<'a> {
    /// `Bind`: items; `Sync`: the whole folder.
    pub(super) way: &'a str,
    pub(super) client: &'a str,
    pub(super) folder: &'a str,
    pub(super) items: u64,
    pub(super) throttled: bool,
}

/// An id that depends on the text alone.
pub(super) fn made_guid(text: &str) -> String {
    let n = text_number(text);
    let m = n.rotate_left(31) ^ 0x2545_f491_4f6c_dd1d;
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        n >> 32,
        (n >> 16) & 0xffff,
        n & 0xfff,
        m & 0xfff,
        (m >> 12) & 0xffff_ffff_ffff
    )
}

fn pair(name: &str, value: &str) -> String {
    Obj::new().s("Name", name).s("Value", value).end()
}

fn changed(name: &str, value: &str) -> String {
    Obj::new().s("Name", name).s("NewValue", value).s("OldValue", "").end()
}

impl Scene {
    fn audit(
        &mut self,
        (operation, workload, kind): (&str, &str, u16),
        by: By<'_>,
        time: Micros,
    ) -> Obj {
        Obj::new()
            .s("CreationTime", &seconds(time))
            .s("Id", &self.rng.guid().to_lowercase())
            .s("Operation", operation)
            .s("OrganizationId", &made_guid(&self.estate.suffix))
            .n("RecordType", kind)
            .s("ResultStatus", if workload == "Exchange" { "Succeeded" } else { "Success" })
            .s("UserKey", &made_guid(&by.account.name))
            .n("UserType", 0)
            .n("Version", 1)
            .s("Workload", workload)
            .s("ClientIP", by.ip)
            .s("UserId", &by.account.mail)
    }

    fn tenant(&mut self, time: Micros, data: Obj, fact: Option<FactId>) {
        if self.estate.tenant.is_some() {
            self.line(Source::Tenant, time, data, fact);
        }
    }

    /// A sign-in.
    pub(super) fn signed_in(&mut self, by: By<'_>, time: Micros, fact: Option<FactId>) {
        let more = list([
            pair("ResultStatusDetail", "Success"),
            pair("UserAgent", by.agent),
            pair("RequestType", "OAuth2:Authorize"),
        ]);
        let device = list([pair("OS", "Windows10"), pair("SessionId", by.session)]);
        let data = self
            .audit(("UserLoggedIn", "AzureActiveDirectory", 15), by, time)
            .s("ObjectId", "00000002-0000-0ff1-ce00-000000000000")
            .n("AzureActiveDirectoryEventType", 1)
            .s("ActorIpAddress", by.ip)
            .s("ApplicationId", &made_guid(by.app.unwrap_or("office")))
            .n("ExtendedProperties", more)
            .n("DeviceProperties", device);
        self.tenant(time, data, fact);
    }

    /// Mail read: items or whole folders. Not recorded where the mailbox is not audited.
    pub(super) fn mail_read(
        &mut self,
        by: By<'_>,
        owner: &Account,
        read: MailRead<'_>,
        time: Micros,
        fact: Option<FactId>,
    ) {
        if !owner.mail_audit {
            return;
        }
        let how = list([
            pair("MailAccessType", read.way),
            pair("IsThrottled", if read.throttled { "True" } else { "False" }),
        ]);
        let app = made_guid(by.app.unwrap_or("office"));
        let data = self
            .audit(("MailItemsAccessed", "Exchange", 50), by, time)
            .s("ClientIPAddress", by.ip)
            .s("ClientInfoString", read.client)
            .s("ClientAppId", &app)
            .s("AppId", &app)
            .n("ExternalAccess", false)
            .n("InternalLogonType", 0)
            .n("LogonType", 0)
            .s("LogonUserSid", &by.account.sid)
            .s("MailboxGuid", &made_guid(&owner.mail))
            .s("MailboxOwnerSid", &owner.sid)
            .s("MailboxOwnerUPN", &owner.mail)
            .s("SessionId", by.session)
            .n("OperationProperties", how);
        let id = made_guid(&format!("{}{}", owner.mail, read.folder)).replace('-', "");
        let path = format!("\\{}", read.folder);
        let data = if read.way == "Sync" {
            let parent = Obj::new().s("Id", &id).s("Path", &path).s("Name", read.folder).end();
            data.n("Item", Obj::new().s("Id", &id).n("ParentFolder", parent).end())
        } else {
            let mut mails = Vec::new();
            for _ in 0..read.items {
                let mail = format!("<{:016x}@mail.{}>", self.rng.next(), self.estate.suffix);
                let size = 4_000 + self.rng.below(90_000);
                mails.push(Obj::new().s("InternetMessageId", &mail).n("SizeInBytes", size).end());
            }
            let one = Obj::new().n("FolderItems", list(mails)).s("Id", &id).s("Path", &path).end();
            data.n("Folders", list([one]))
        };
        self.tenant(time, data.n("OperationCount", read.items.max(1)), fact);
    }

    /// A rule set on a mailbox that sends its mail on.
    pub(super) fn inbox_rule(
        &mut self,
        by: By<'_>,
        (verb, target): (&str, &str),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let name = self.rng.word(&["..", "Sort", "rss", "newsletter"]);
        let parameters =
            list([pair("Name", name), pair(verb, target), pair("StopProcessingRules", "True")]);
        let data = self
            .audit(("New-InboxRule", "Exchange", 1), by, time)
            .s("ObjectId", &format!("{}\\{name}", by.account.mail))
            .s("SessionId", by.session)
            .n("ExternalAccess", false)
            .n("Parameters", parameters);
        self.tenant(time, data, fact);
    }

    /// Someone agrees that an application may act for them.
    pub(super) fn consent(
        &mut self,
        by: By<'_>,
        (app, scope): (&str, &str),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let entry =
            format!("[] => [[Id: {}, ConsentType: Principal, Scope: {scope}]]", made_guid(app));
        let properties = list([
            changed("ConsentContext.IsAdminConsent", "False"),
            changed("ConsentContext.OnBehalfOfAll", "False"),
            changed("ConsentAction.Permissions", &entry),
        ]);
        let target = [
            Obj::new().s("ID", app).n("Type", 1).end(),
            Obj::new().s("ID", &made_guid(app)).n("Type", 2).end(),
        ];
        let data = self
            .audit(("Consent to application.", "AzureActiveDirectory", 8), by, time)
            .s("ObjectId", &made_guid(app))
            .n("AzureActiveDirectoryEventType", 1)
            .n("ModifiedProperties", properties)
            .n("Target", list(target));
        self.tenant(time, data, fact);
    }

    /// A document opened (`FileAccessed`) or taken (`FileDownloaded`).
    pub(super) fn document(
        &mut self,
        by: By<'_>,
        operation: &str,
        (site, folder, file): (&str, &str, &str),
        time: Micros,
        fact: Option<FactId>,
    ) {
        let data = self
            .audit((operation, "SharePoint", 6), by, time)
            .s("ObjectId", &format!("{site}/{folder}/{file}"))
            .s("EventSource", "SharePoint")
            .s("ItemType", "File")
            .s("Site", &made_guid(site))
            .s("SiteUrl", &format!("{site}/"))
            .s("SourceRelativeUrl", folder)
            .s("SourceFileName", file)
            .s("SourceFileExtension", file.rsplit('.').next().unwrap_or(""))
            .n("AppAccessContext", Obj::new().s("AADSessionId", by.session).end())
            .s("UserAgent", by.agent);
        self.tenant(time, data, fact);
    }
}
