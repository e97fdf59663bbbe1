//! Documents of SharePoint and OneDrive: opened, handed over, shared.

use super::keys;
use crate::activity::{Object, Ticket, TicketKind, TicketStep, Touch, TouchKind};
use crate::extract::cloud::bytes;
use crate::extract::cloud::say::{Say, touch};
use crate::extract::{Class, Row};

use TouchKind::{Deleted, Delivered, Listed, Opened, Read, Shared, Staged, Written};

/// What an operation does, and whom it opens a thing to where the record
/// names nobody.
fn kind(operation: &str) -> Option<(TouchKind, Option<&'static str>)> {
    Some(match operation {
        "FileAccessed"
        | "FileAccessedExtended"
        | "FilePreviewed"
        | "PageViewed"
        | "PageViewedExtended"
        | "FileTranscriptContentAccessed"
        | "SecureLinkUsed"
        | "AnonymousLinkUsed"
        | "CompanyLinkUsed"
        | "AddedToSecureLinkUsed" => (Read, None),
        "FileDownloaded"
        | "FileSyncDownloadedFull"
        | "FileSyncDownloadedPartial"
        | "FileDownloadedFromBrowser"
        | "FolderDownloaded" => (Delivered, None),
        "FileCheckedOut" => (Opened, None),
        "ListViewed"
        | "SearchQueryPerformed"
        | "SearchQueryInitiatedSharePoint"
        | "FolderViewed"
        | "ClientViewSignaled"
        | "PagePrefetched"
        | "FilePreviewedExtended" => (Listed, None),
        "FileCopied" | "FolderCopied" => (Staged, None),
        "FileModified"
        | "FileModifiedExtended"
        | "FileUploaded"
        | "FileSyncUploadedFull"
        | "FileSyncUploadedPartial"
        | "FileCheckedIn"
        | "FolderCreated"
        | "FileUploadedPartial"
        | "FolderModified"
        | "FileRestored" => (Written, None),
        "FileDeleted"
        | "FileRecycled"
        | "FileMoved"
        | "FileRenamed"
        | "FolderDeleted"
        | "FolderRecycled"
        | "FolderMoved"
        | "FolderRenamed"
        | "FileDeletedFirstStageRecycleBin"
        | "FileDeletedSecondStageRecycleBin"
        | "FileVersionsAllDeleted" => (Deleted, None),
        "AnonymousLinkCreated" | "AnonymousLinkUpdated" => (Shared, Some("anyone")),
        // To somebody who is not of the organisation.
        "SharingInvitationCreated" | "SharingInvitationUpdated" => (Shared, Some("a guest")),
        "SharingSet"
        | "CompanyLinkCreated"
        | "SecureLinkCreated"
        | "SecureLinkUpdated"
        | "AddedToSecureLink"
        | "AddedToSharingLink"
        | "SharingLinkCreated"
        | "SharingLinkUpdated"
        | "AccessRequestApproved" => (Shared, None),
        _ => return None,
    })
}

pub(super) fn read(
    row: &Row<'_>,
    operation: &str,
    workload: &str,
    say: &mut Say<'_, '_>,
) -> Option<Class> {
    if roles(row, operation, say) {
        return Some(Class::AccountChange);
    }
    let (kind, whom) = kind(operation)?;
    let documents = ["SharePoint", "OneDrive", "SharePointFileOperation"];
    let is_service = documents.iter().any(|service| workload.eq_ignore_ascii_case(service));
    let url = row.any(keys::OBJECT).or_else(|| row.any(keys::SITE));
    // What stays within the organisation is not opened to outside; but whoever
    // shares a thing has seen its name.
    let outside = kind != Shared || whom.is_some() || is_outside(row);
    let kind = if outside { kind } else { Listed };
    let Some(url) = url.filter(|url| is_service || url.contains("://")) else {
        return is_service.then_some(Class::DocumentAccess);
    };
    // That writes are recorded does not show that reads are.
    let reads = matches!(kind, Read | Delivered | Opened);
    if let Some(site) = row.any(keys::SITE).filter(|_| reads) {
        let site = say.name(site.trim_end_matches('/'));
        say.out.alive(site);
    }
    let to = match kind {
        Shared => row.any(keys::TARGET).or(whom).map(str::to_owned),
        Staged | Deleted => destination(row),
        _ => None,
    };
    let to = say.maybe(to.as_deref());
    let size = bytes(row, keys::SIZE).filter(|_| kind == Delivered);
    let whole = matches!(kind, Listed) || operation.starts_with("Folder");
    let url = say.name(url);
    say.touch(Touch { to, bytes: size, whole, ..touch(kind, Object::Site { url }) });
    Some(Class::DocumentAccess)
}

/// Whether the one to whom a thing was opened is not of the organisation, as far
/// as the record says.
fn is_outside(row: &Row<'_>) -> bool {
    let is = |text: &str, words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if let Some(scope) = row.any(keys::LINK_SCOPE) {
        return is(scope, &["anyone", "anonymous"]);
    }
    let target = row.any(keys::TARGET).unwrap_or_default().to_lowercase();
    if target.contains("#ext#") {
        return true;
    }
    match row.any(keys::TARGET_TYPE) {
        Some(kind) => is(kind, &["guest", "partner", "external"]),
        None => {
            let domain =
                |text: &str| text.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
            let own = row.any(keys::USER).and_then(domain);
            domain(&target).is_some_and(|far| own.is_none_or(|own| own != far))
        }
    }
}

/// Where a copied or moved file went: site, folder, name.
fn destination(row: &Row<'_>) -> Option<String> {
    let folder = row.any(keys::DEST_URL)?;
    let site = row.any(keys::SITE).unwrap_or_default().trim_end_matches('/');
    let name = row.any(keys::DEST_NAME).unwrap_or_default();
    Some(format!("{site}/{}/{name}", folder.trim_matches('/')))
}

/// Rights to a site.
fn roles(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    let step = match operation {
        "SiteCollectionAdminAdded" | "AddedToGroup" | "PermissionLevelAdded" => TicketStep::Created,
        "SiteCollectionAdminRemoved" | "RemovedFromGroup" => TicketStep::Revoked,
        _ => return false,
    };
    let account = say.account(row.any(keys::TARGET));
    let service = say.maybe(row.any(keys::SITE).or_else(|| row.any(keys::OBJECT)));
    say.ticket(Ticket { account, service, ..Ticket::of(step, TicketKind::Role) });
    true
}
