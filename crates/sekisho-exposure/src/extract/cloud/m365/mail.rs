//! Mail that was read, sent, moved, deleted. Of what a client synchronised
//! only the folder is recorded: all of it was handed over. Where the service
//! held records back, there was more that day than any record says.

use super::keys;
use crate::activity::{LossKind, Object, Touch, TouchKind};
use crate::assets::SOME;
use crate::extract::cloud::say::{Say, touch};
use crate::extract::cloud::{all, bytes, yes};
use crate::extract::{Class, Row};
use crate::names::Name;

use TouchKind::{Deleted, Delivered, Listed, Opened, Read, Staged, Written};

pub(super) fn read(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> Option<Class> {
    let kind = match operation {
        "MailItemsAccessed" => {
            accessed(row, say);
            return Some(Class::MailAccess);
        }
        "MessageBind" => Read,
        "FolderBind" => Opened,
        "SearchQueryInitiatedExchange" => Listed,
        "AttachmentAccess" => Delivered,
        "Send" | "SendAs" | "SendOnBehalf" | "Create" | "Update" => Written,
        "Copy" => Staged,
        "Move" | "MoveToDeletedItems" | "SoftDelete" | "HardDelete" | "RecordDelete" => Deleted,
        _ => return None,
    };
    let mailbox = mailbox(row, say);
    let mut messages = all(row, keys::AFFECTED);
    if messages.is_empty() {
        messages = all(row, keys::AFFECTED_IDS);
    }
    let mut folders = all(row, keys::AFFECTED_FOLDERS);
    if messages.is_empty() {
        messages.extend(row.any(keys::ITEM_MESSAGE).or_else(|| row.any(keys::ITEM_ID)));
        folders = all(row, keys::ITEM_FOLDER);
    }
    if folders.is_empty() {
        folders = all(row, keys::FOLDER);
    }
    let to = say.maybe(row.any(keys::DEST_FOLDER).or_else(|| row.any(keys::SEND_ON_BEHALF)));
    let size = bytes(row, keys::ITEM_SIZE).filter(|_| messages.len() == 1);
    let make = |say: &mut Say<'_, '_>, object| {
        let bytes = size.filter(|_| matches!(kind, Read | Delivered));
        say.touch(Touch { to, bytes, ..touch(kind, object) });
    };
    each(say, mailbox, &folders, &messages, make);
    // What is sent, moved and deleted is recorded of mailboxes of which it is
    // not recorded what is read.
    let reads = matches!(kind, Read | Opened | Listed | Delivered);
    Some(if reads { Class::MailAccess } else { Class::MailboxChange })
}

/// Whose mailbox; without its owner, the one of an id, which may be anybody's;
/// without that too, the caller's.
pub(super) fn mailbox(row: &Row<'_>, say: &mut Say<'_, '_>) -> Name {
    let named = row.any(keys::MAILBOX).or_else(|| row.any(keys::MAILBOX_GUID));
    say.name(named.or_else(|| row.any(keys::USER)).unwrap_or(SOME))
}

/// Something for each message. Messages of several folders stand in one list
/// in which it cannot be seen which is whose: then the messages are without a
/// folder, and each folder is touched, without a message.
fn each(
    say: &mut Say<'_, '_>,
    mailbox: Name,
    folders: &[&str],
    messages: &[&str],
    mut make: impl FnMut(&mut Say<'_, '_>, Object),
) {
    let mut distinct = folders.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let one = match distinct.as_slice() {
        [one] => say.maybe(Some(one)),
        _ => None,
    };
    for message in messages {
        let message = Some(say.name(message));
        make(say, Object::Mail { mailbox, folder: one, message });
    }
    if messages.is_empty() && distinct.len() <= 1 {
        make(say, Object::Mail { mailbox, folder: one, message: None });
    }
    if distinct.len() > 1 {
        for folder in distinct {
            let folder = Some(say.name(folder));
            make(say, Object::Mail { mailbox, folder, message: None });
        }
    }
}

fn accessed(row: &Row<'_>, say: &mut Say<'_, '_>) {
    let mailbox = mailbox(row, say);
    say.out.alive(mailbox);
    let whole_of = |folder| Object::Mail { mailbox, folder, message: None };
    let mut messages = all(row, keys::FOLDER_ITEMS);
    if messages.is_empty() {
        messages = all(row, keys::FOLDER_ITEM_IDS);
    }
    let mut folders = all(row, keys::FOLDERS);
    if folders.is_empty() {
        folders = all(row, keys::ITEM_FOLDER);
    }
    if yes(row, keys::THROTTLED) {
        let held = Touch { throttled: true, whole: true, ..touch(Read, whole_of(None)) };
        say.touch(held);
        let owner = row.any(keys::MAILBOX);
        say.loss(LossKind::Throttled, Some("m365/Exchange"), owner);
    }
    let kind = row.any(keys::ACCESS_TYPE).unwrap_or_default();
    let sync = kind.eq_ignore_ascii_case("sync") || (kind.is_empty() && messages.is_empty());
    if sync {
        if folders.is_empty() {
            say.touch(Touch { whole: true, ..touch(Delivered, whole_of(None)) });
        }
        for folder in folders {
            let folder = Some(say.name(folder));
            say.touch(Touch { whole: true, ..touch(Delivered, whole_of(folder)) });
        }
        return;
    }
    if messages.is_empty() {
        messages.extend(row.any(keys::ITEM_MESSAGE).or_else(|| row.any(keys::ITEM_ID)));
    }
    let sizes = all(row, keys::FOLDER_SIZES);
    let sized = sizes.len() == messages.len();
    let mut sizes = sizes.into_iter();
    each(say, mailbox, &folders, &messages, |say, object| {
        let is_item = matches!(object, Object::Mail { message: Some(_), .. });
        let size = if sized && is_item { sizes.next() } else { None };
        let bytes = size.and_then(|size| size.parse().ok());
        say.touch(Touch { bytes, ..touch(Read, object) });
    });
}
