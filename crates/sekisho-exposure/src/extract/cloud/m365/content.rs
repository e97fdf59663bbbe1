//! Searches and exports of everything (eDiscovery), chats, assistants.

use super::keys;
use crate::activity::{Object, SessionStep, Ticket, TicketKind, TicketStep, Touch, TouchKind};
use crate::assets::{ALL, SOME};
use crate::extract::cloud::all;
use crate::extract::cloud::say::{Say, touch};
use crate::extract::{Class, Row};

use TouchKind::{Delivered, Listed, Read, Staged, Written};

pub(super) fn read(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> Option<Class> {
    match operation {
        "MailboxLogin" | "TeamsSessionStarted" => {
            say.session(SessionStep::Opened, None, false);
            Some(Class::SignIn)
        }
        "New-MailboxExportRequest" => {
            let mailbox = row.any(keys::OF_MAILBOX).or_else(|| row.any(keys::IDENTITY));
            let mailbox = say.name(mailbox.unwrap_or(SOME));
            let object = Object::Mail { mailbox, folder: None, message: None };
            let to = say.maybe(row.any(keys::FILE_PATH));
            say.touch(Touch { to, whole: true, ..touch(Staged, object) });
            Some(Class::MailboxChange)
        }
        "CopilotInteraction" => {
            for url in all(row, keys::AI_SITES) {
                let url = say.name(url);
                say.touch(touch(Read, Object::Site { url }));
            }
            Some(Class::DocumentAccess)
        }
        "MessagesListed"
        | "ChatRetrieved"
        | "MessageRead"
        | "MessagesExported"
        | "RecordingExported"
        | "MessageHostedContentRead"
        | "ChatsListed" => {
            let kind = if operation == "ChatsListed" { Listed } else { Delivered };
            thread(row, kind, say);
            Some(Class::DocumentAccess)
        }
        "MessageSent" | "ChatCreated" | "MessageUpdated" => {
            thread(row, Written, say);
            Some(Class::DocumentAccess)
        }
        "MemberAdded" | "MemberRoleChanged" => {
            let service = say.maybe(row.any(keys::THREAD));
            for member in all(row, keys::MEMBERS) {
                let account = say.account(Some(member));
                let role = Ticket::of(TicketStep::Created, TicketKind::Role);
                say.ticket(Ticket { account, service, ..role });
            }
            Some(Class::AccountChange)
        }
        _ => searches(row, operation, say),
    }
}

fn thread(row: &Row<'_>, kind: TouchKind, say: &mut Say<'_, '_>) {
    let (service, id) = (say.name("teams"), row.any(keys::THREAD).unwrap_or("*"));
    let id = say.name(id);
    say.touch(touch(kind, Object::Other { service, id }));
}

/// Searches across mailboxes and sites, and what was done with what they
/// found.
fn searches(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> Option<Class> {
    let kind = match operation {
        "SearchCreated"
        | "SearchStarted"
        | "SearchUpdated"
        | "SearchReport"
        | "New-ComplianceSearch"
        | "Start-ComplianceSearch"
        | "Search-Mailbox" => Listed,
        "SearchPreviewed" | "PreviewItemListed" | "PreviewItemRendered" | "PreviewItemViewed" => {
            Read
        }
        "SearchExported" | "SearchResultsExported" | "SearchExportStarted" => Staged,
        "SearchExportDownloaded"
        | "SearchResultExportDownloaded"
        | "PreviewItemDownloaded"
        | "ExportDownloaded" => Delivered,
        "New-ComplianceSearchAction" => {
            let export = row.any(keys::EXPORT);
            let no = |text: &str| text.eq_ignore_ascii_case("false");
            if export.is_some_and(|text| !no(text)) { Staged } else { Read }
        }
        _ => return None,
    };
    let mut objects = Vec::new();
    for mailbox in all(row, keys::EXCHANGE_LOCATIONS).iter().flat_map(|text| text.split([',', ';']))
    {
        let any = mailbox.trim().eq_ignore_ascii_case("all");
        let mailbox = say.name(if any { ALL } else { mailbox });
        objects.push(Object::Mail { mailbox, folder: None, message: None });
    }
    for url in all(row, keys::SITE_LOCATIONS).iter().flat_map(|text| text.split([',', ';'])) {
        let any = url.trim().eq_ignore_ascii_case("all");
        let url = say.name(if any { ALL } else { url });
        objects.push(Object::Site { url });
    }
    if objects.is_empty() {
        // Where it searched is not in this record: it may have been anywhere.
        let some = say.name(SOME);
        objects.push(Object::Mail { mailbox: some, folder: None, message: None });
        objects.push(Object::Site { url: some });
        let name = row.any(keys::OBJECT).or_else(|| row.any(keys::SEARCH_NAME));
        let (service, id) = (say.name("ediscovery"), say.name(name.unwrap_or("*")));
        objects.push(Object::Other { service, id });
    }
    // With a query, some of what is there; which, is not recorded.
    let whole = row.any(keys::QUERY).is_none();
    for object in objects {
        say.touch(Touch { whole, ..touch(kind, object) });
    }
    Some(Class::CloudManagement)
}
