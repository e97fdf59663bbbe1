//! Changes of mailboxes and of what is recorded of them: rules that forward,
//! delegates, auditing that is switched off.

use super::keys;
use crate::activity::{
    ExecStep, LossKind, Object, Ticket, TicketKind, TicketStep, Touch, TouchKind,
};
use crate::assets::{ALL, SOME};
use crate::extract::cloud::say::{Say, exec, touch};
use crate::extract::cloud::{Key, all, named_name, no, yes};
use crate::extract::{Class, Row};
use crate::names::Name;

pub(super) fn read(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> Option<Class> {
    let done = match operation {
        "New-InboxRule" | "Set-InboxRule" | "Enable-InboxRule" | "UpdateInboxRules" => {
            rule(row, operation, say)
        }
        "Remove-InboxRule" | "Disable-InboxRule" => {
            let label = label(row, "inbox rule", say);
            say.exec(exec(ExecStep::Removed, label));
            true
        }
        "Set-Mailbox" => forwarding(row, say) | auditing(row, operation, say),
        "New-TransportRule"
        | "Set-TransportRule"
        | "Enable-TransportRule"
        | "New-JournalRule"
        | "Set-JournalRule" => transport(row, say),
        _ => delegation(row, operation, say) || auditing(row, operation, say),
    };
    done.then_some(Class::MailboxChange)
}

/// The mailbox that a change is of: a command names it, with a folder or rule
/// behind it; a mailbox's own record has an owner.
fn changed<'a>(row: &Row<'a>) -> (&'a str, Option<&'a str>) {
    let named = row.any(keys::OF_MAILBOX).or_else(|| row.any(keys::MAILBOX));
    if let Some(named) = named {
        return (named, None);
    }
    let named = row.any(keys::IDENTITY).or_else(|| row.any(keys::USER)).unwrap_or(SOME);
    match named.split_once(":\\") {
        Some((mailbox, folder)) => (mailbox, Some(folder)),
        None => (named, None),
    }
}

fn label(row: &Row<'_>, kind: &str, say: &mut Say<'_, '_>) -> Name {
    let name =
        row.any(keys::RULE_NAME).or_else(|| keys::NAMES.iter().find_map(|of| named_name(row, of)));
    let name = name.or_else(|| row.any(keys::IDENTITY));
    let name = name.or_else(|| row.any(keys::OBJECT)).unwrap_or_default();
    say.name(&format!("{kind} {name}"))
}

fn rule(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    // A rule's own identity is `mailbox\number`, of which only the owner's
    // record or the caller says whose it is.
    let own = operation == "New-InboxRule" || row.any(keys::OF_MAILBOX).is_some();
    let mailbox = match own {
        true => changed(row).0,
        false => row.any(keys::MAILBOX).or_else(|| row.any(keys::USER)).unwrap_or(SOME),
    };
    let mut to = Vec::new();
    for key in [keys::FORWARD, keys::REDIRECT, keys::FORWARD_ATTACHED, keys::RULE_ACTIONS] {
        to.extend(all(row, key).into_iter().flat_map(addresses));
    }
    let mailbox = say.name(mailbox);
    opened(say, Object::Mail { mailbox, folder: None, message: None }, &to);
    let label = label(row, "inbox rule", say);
    say.exec(exec(ExecStep::Installed, label));
    true
}

/// Mail goes on to each of these. What stays within the domain of the mailbox
/// does not go to outside: that somebody there reads it is possible.
fn opened(say: &mut Say<'_, '_>, object: Object, to: &[String]) {
    let domain = |text: &str| text.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    let own = match object {
        Object::Mail { mailbox, .. } => domain(say.out.names().shown(mailbox)),
        _ => None,
    };
    for to in to {
        let far = domain(to);
        let inside = far.is_none() || own.is_some() && own == far;
        let kind = if inside { TouchKind::Named } else { TouchKind::Shared };
        let to = Some(say.name(to));
        say.touch(Touch { to, whole: true, ..touch(kind, object) });
    }
}

/// The addresses in a text: `smtp:a@b`, `"A" [SMTP:a@b]`, lists, JSON.
fn addresses(text: &str) -> Vec<String> {
    let ends = |c: char| !(c.is_alphanumeric() || "@._-+#%&*!/='".contains(c));
    let mut found: Vec<String> = text
        .split(ends)
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.contains('@'))
        .map(str::to_owned)
        .collect();
    if matches!(text.trim().to_ascii_lowercase().as_str(), "$null" | "null") {
        return found;
    }
    // A name of the directory, without an address.
    if found.is_empty() && !text.contains(['{', '[']) && !text.is_empty() {
        found.push(text.to_owned());
    }
    found
}

fn forwarding(row: &Row<'_>, say: &mut Say<'_, '_>) -> bool {
    let mut to = Vec::new();
    for key in [keys::FORWARDING_SMTP, keys::FORWARDING] {
        to.extend(all(row, key).into_iter().flat_map(addresses));
    }
    let (mailbox, _) = changed(row);
    if let Some(delegate) = row.any(keys::SEND_ON_BEHALF_TO) {
        granted(say, TicketStep::Created, Some(delegate), mailbox, None);
    }
    if to.is_empty() {
        return row.any(keys::SEND_ON_BEHALF_TO).is_some();
    }
    let mailbox = say.name(mailbox);
    opened(say, Object::Mail { mailbox, folder: None, message: None }, &to);
    let label = say.name("forwarding");
    say.exec(exec(ExecStep::Installed, label));
    true
}

/// Rules for all mail. `*` stands for every mailbox, where a rule names none.
fn transport(row: &Row<'_>, say: &mut Say<'_, '_>) -> bool {
    let mut to = Vec::new();
    let parts =
        [keys::BLIND_COPY, keys::COPY_TO, keys::ADD_TO, keys::REDIRECT_MESSAGE, keys::JOURNAL];
    for key in parts {
        to.extend(all(row, key).into_iter().flat_map(addresses));
    }
    let mut of: Vec<String> = Vec::new();
    for key in [keys::SENT_TO, keys::SENT_FROM, keys::JOURNALED] {
        of.extend(all(row, key).into_iter().flat_map(addresses));
    }
    if of.is_empty() {
        of.push(ALL.to_owned());
    }
    for mailbox in of {
        let mailbox = say.name(&mailbox);
        opened(say, Object::Mail { mailbox, folder: None, message: None }, &to);
    }
    let label = label(row, "transport rule", say);
    say.exec(exec(ExecStep::Installed, label));
    true
}

/// Somebody gets the right to a mailbox, to a folder, or to all.
fn granted(
    say: &mut Say<'_, '_>,
    step: TicketStep,
    who: Option<&str>,
    to: &str,
    rights: Option<&str>,
) {
    let account = say.account(who);
    let (service, method) = (say.maybe(Some(to)), say.maybe(rights));
    say.ticket(Ticket { account, service, method, ..Ticket::of(step, TicketKind::Role) });
}

fn delegation(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    use TicketStep::{Created, Revoked};
    let step = match operation {
        "Add-MailboxPermission"
        | "Add-RecipientPermission"
        | "Add-MailboxFolderPermission"
        | "Set-MailboxFolderPermission"
        | "New-ManagementRoleAssignment"
        | "Add-RoleGroupMember"
        | "AddFolderPermissions"
        | "ModifyFolderPermissions"
        | "UpdateFolderPermissions"
        | "UpdateCalendarDelegation"
        | "New-ApplicationAccessPolicy" => Created,
        "Remove-MailboxPermission"
        | "Remove-RecipientPermission"
        | "Remove-MailboxFolderPermission"
        | "Remove-ManagementRoleAssignment"
        | "Remove-RoleGroupMember"
        | "RemoveFolderPermissions" => Revoked,
        _ => return false,
    };
    let rights = row.any(keys::RIGHTS).or_else(|| row.any(keys::ITEM_RIGHTS));
    let who = row.any(keys::GRANTEE).or_else(|| row.any(keys::ITEM_MEMBER));
    let all_mail =
        matches!(operation, "New-ManagementRoleAssignment" | "Remove-ManagementRoleAssignment");
    let (mailbox, folder) = changed(row);
    let folder = folder.or_else(|| row.any(keys::ITEM_FOLDER));
    let to = match (all_mail, folder) {
        (true, _) => row.any(keys::RIGHTS).unwrap_or("*").to_owned(),
        (false, Some(folder)) => format!("{mailbox}:\\{}", folder.trim_start_matches('\\')),
        (false, None) => mailbox.to_owned(),
    };
    granted(say, step, who, &to, rights);
    true
}

/// What is recorded of a mailbox, or of all.
fn auditing(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    use LossKind::{Narrowed, Started, Stopped, Widened};
    let on_off = |key: Key, off_is_true: bool, stop: LossKind, start: LossKind| {
        let (off, on) = match off_is_true {
            true => (yes(row, key), no(row, key)),
            false => (no(row, key), yes(row, key)),
        };
        if off { Some(stop) } else { on.then_some(start) }
    };
    let (kind, channel) = match operation {
        "Set-AdminAuditLogConfig" => (on_off(keys::INGESTION, false, Stopped, Started), None),
        "Set-OrganizationConfig" => {
            (on_off(keys::AUDIT_DISABLED, true, Stopped, Started), Some("m365/Exchange"))
        }
        "Set-MailboxAuditBypassAssociation" => {
            (on_off(keys::AUDIT_BYPASS, true, Narrowed, Widened), Some("m365/Exchange"))
        }
        "Set-Mailbox" => {
            let parts =
                [keys::AUDIT_OWNER, keys::AUDIT_DELEGATE, keys::AUDIT_ADMIN, keys::AUDIT_AGE];
            let changed = || parts.iter().any(|key| row.any(key).is_some()).then_some(Narrowed);
            let kind = on_off(keys::AUDIT_ENABLED, false, Narrowed, Widened).or_else(changed);
            (kind, Some("m365/Exchange"))
        }
        "Remove-UnifiedAuditLogRetentionPolicy" | "Set-UnifiedAuditLogRetentionPolicy" => {
            (Some(Narrowed), None)
        }
        _ => return false,
    };
    let Some(kind) = kind else { return false };
    say.loss(kind, channel, row.any(keys::IDENTITY).or_else(|| row.any(keys::OBJECT)));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_what_people_write() {
        assert_eq!(addresses("smtp:a@b.org"), ["a@b.org"]);
        assert_eq!(addresses("\"A, B\" [SMTP:a@b.org];c@d.org"), ["a@b.org", "c@d.org"]);
        assert_eq!(addresses(r#"[{"Recipients":["a@b.org"]}]"#), ["a@b.org"]);
        assert_eq!(addresses("Ann"), ["Ann"]);
        assert!(addresses("$null").is_empty());
        assert!(addresses(r#"[{"ActionType":"Delete"}]"#).is_empty());
    }
}
