//! The cloud tenant's audit trail, with the field names of the Microsoft 365 unified audit log.
//!
//! Its times have whole seconds only. Ordinary acts fall on even seconds and those of the story on odd ones, so that a
//! record of the story can be found again by its time.

use super::clock::{Micros, SECOND, seconds};
use super::json::{Obj, list};
use super::network::Account;
use super::rng::text_number;
use super::sink::{Line, Mark};
use super::stage::Stage;

/// A client which a person would use.
pub(super) const OUTLOOK: &str = "Client=MSExchangeRPC";
/// What an application uses.
pub(super) const REST: &str = "Client=REST;Client=RESTSystem;MailboxSync/1.0";

/// Who did something in the cloud and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Actor<'a> {
    pub(super) account: &'static Account,
    pub(super) ip: &'a str,
}

fn made_guid(text: &str) -> String {
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

impl Stage {
    /// Puts a time on a whole second, even for ordinary acts and odd for the story.
    fn whole_second(time: Micros, mark: Option<Mark>) -> Micros {
        let even = time - time.rem_euclid(2 * SECOND);
        if mark.is_some() { even + SECOND } else { even }
    }

    fn audit(
        &mut self,
        (operation, workload, record_type): (&str, &str, u16),
        actor: Actor<'_>,
        time: Micros,
    ) -> Obj {
        Obj::new()
            .s("CreationTime", &seconds(time))
            .s("Id", &self.rng.guid().to_lowercase())
            .s("Operation", operation)
            .s("OrganizationId", &made_guid("example.org"))
            .n("RecordType", record_type)
            .s("ResultStatus", if workload == "Exchange" { "Succeeded" } else { "Success" })
            .s("UserKey", &made_guid(actor.account.name))
            .n("UserType", 0)
            .n("Version", 1)
            .s("Workload", workload)
            .s("ClientIP", actor.ip)
            .s("UserId", &actor.account.mail())
    }

    fn cloud(&mut self, time: Micros, data: Obj, mark: Option<Mark>) {
        self.sink.put(("m365", "m365"), "m365", time, Line { text: data.end(), cut: None }, mark);
    }

    /// A sign-in.
    pub(super) fn cloud_logon(
        &mut self,
        actor: Actor<'_>,
        agent: &str,
        time: Micros,
        mark: Option<Mark>,
    ) {
        let time = Self::whole_second(time, mark);
        let more = list([
            pair("ResultStatusDetail", "Success"),
            pair("UserAgent", agent),
            pair("RequestType", "OAuth2:Authorize"),
        ]);
        let data = self
            .audit(("UserLoggedIn", "AzureActiveDirectory", 15), actor, time)
            .s("ObjectId", &made_guid("portal"))
            .n("AzureActiveDirectoryEventType", 1)
            .n("ExtendedProperties", more)
            .n("ModifiedProperties", "[]")
            .s("ActorIpAddress", actor.ip)
            .s("ApplicationId", &made_guid("portal"))
            .s("ErrorNumber", "0");
        self.cloud(time, data, mark);
    }

    /// Mail read: single items (`Bind`) or whole folders (`Sync`).
    pub(super) fn mail_access(
        &mut self,
        actor: Actor<'_>,
        (way, client, items, throttled): (&str, &str, u64, bool),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let time = Self::whole_second(time, mark);
        let how = list([
            pair("MailAccessType", way),
            pair("IsThrottled", if throttled { "True" } else { "False" }),
        ]);
        let mut data = self
            .audit(("MailItemsAccessed", "Exchange", 50), actor, time)
            .s("ClientIPAddress", actor.ip)
            .s("ClientInfoString", client)
            .n("ExternalAccess", false)
            .n("InternalLogonType", 0)
            .n("LogonType", 0)
            .s("LogonUserSid", &actor.account.sid())
            .s("MailboxGuid", &made_guid(&actor.account.mail()))
            .s("MailboxOwnerSid", &actor.account.sid())
            .s("MailboxOwnerUPN", &actor.account.mail())
            .n("OperationProperties", how)
            .s("OrganizationName", "example.org");
        if client == REST {
            data = data
                .s("AppId", &made_guid("mail helper"))
                .s("ClientAppId", &made_guid("mail helper"));
        }
        let folder = made_guid(actor.account.name).replace('-', "");
        if way == "Sync" {
            let parent = Obj::new().s("Id", &folder).s("Path", "\\Inbox").s("Name", "Inbox").end();
            data = data.n("Item", Obj::new().s("Id", &folder).n("ParentFolder", parent).end());
        } else {
            let mut mails = Vec::new();
            for _ in 0..items {
                let id = format!("<{:016x}@mail.example.org>", self.rng.next());
                mails.push(
                    Obj::new()
                        .s("InternetMessageId", &id)
                        .n("SizeInBytes", 4_000 + self.rng.below(90_000))
                        .end(),
                );
            }
            let one = Obj::new()
                .n("FolderItems", list(mails))
                .s("Id", &folder)
                .s("Path", "\\Inbox")
                .end();
            data = data.n("Folders", list([one]));
        }
        self.cloud(time, data.n("OperationCount", items.max(1)), mark);
    }

    /// A rule set on a mailbox.
    pub(super) fn inbox_rule(
        &mut self,
        actor: Actor<'_>,
        (name, verb, target): (&str, &str, &str),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let time = Self::whole_second(time, mark);
        let parameters =
            list([pair("Name", name), pair(verb, target), pair("StopProcessingRules", "True")]);
        let data = self
            .audit(("New-InboxRule", "Exchange", 1), actor, time)
            .s("ObjectId", &format!("{}\\{name}", actor.account.mail()))
            .s("OriginatingServer", "MAIL01.example.org (192.0.2.25)")
            .n("ExternalAccess", false)
            .n("Parameters", parameters);
        self.cloud(time, data, mark);
    }

    /// Someone agrees that an application may act for them.
    pub(super) fn consent(
        &mut self,
        actor: Actor<'_>,
        (app, scope): (&str, &str),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let time = Self::whole_second(time, mark);
        let entry =
            format!("[] => [[Id: {}, ConsentType: Principal, Scope: {scope}]]", made_guid(app));
        let properties = list([
            changed("ConsentContext.IsAdminConsent", "False"),
            changed("ConsentContext.OnBehalfOfAll", "False"),
            changed("ConsentAction.Permissions", &entry),
        ]);
        let data = self
            .audit(("Consent to application.", "AzureActiveDirectory", 8), actor, time)
            .s("ObjectId", &made_guid(app))
            .n("AzureActiveDirectoryEventType", 1)
            .n("ExtendedProperties", list([pair("additionalDetails", app)]))
            .n("ModifiedProperties", properties)
            .n("Target", list([Obj::new().s("ID", app).n("Type", 1).end()]));
        self.cloud(time, data, mark);
    }

    /// A file of the cloud store opened (`FileAccessed`) or taken (`FileDownloaded`).
    pub(super) fn cloud_file(
        &mut self,
        actor: Actor<'_>,
        (operation, folder, file): (&str, &str, &str),
        time: Micros,
        mark: Option<Mark>,
    ) {
        let time = Self::whole_second(time, mark);
        let site = "https://example.sharepoint.example/sites/office/";
        let data = self
            .audit((operation, "SharePoint", 6), actor, time)
            .s("ObjectId", &format!("{site}{folder}/{file}"))
            .s("EventSource", "SharePoint")
            .s("ItemType", "File")
            .s("Site", &made_guid("office"))
            .s("SiteUrl", site)
            .s("SourceRelativeUrl", folder)
            .s("SourceFileName", file)
            .s("SourceFileExtension", file.rsplit('.').next().unwrap_or(""))
            .s("UserAgent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)");
        self.cloud(time, data, mark);
    }
}

/// The address under which the office is seen outside.
pub(super) const OFFICE_IP: &str = "192.0.2.10";

/// Someone at their own desk.
pub(super) fn at_desk(account: &'static Account) -> Actor<'static> {
    Actor { account, ip: OFFICE_IP }
}
