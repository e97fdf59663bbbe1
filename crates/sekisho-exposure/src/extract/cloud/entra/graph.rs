//! Calls of Microsoft Graph (`MicrosoftGraphActivityLogs`): what their
//! addresses name. They carry ids, seldom addresses of mailboxes.

use super::keys;
use crate::activity::{Actor, Object, Touch, TouchKind};
use crate::extract::cloud::say::{Say, caller, touch};
use crate::extract::cloud::{bytes, tenant};
use crate::extract::{Class, Out, Row};

use TouchKind::{Deleted, Delivered, Listed, Written};

pub(super) fn read(row: &Row<'_>, out: &mut Out<'_>) {
    out.class(Class::CloudData);
    tenant(row.any(keys::TENANT), None, out);
    let names = out.names();
    let mut of = |text: Option<&str>| text.map(|text| names.of(text));
    let token = of(row.any(keys::SIGN_IN));
    let actor = Actor {
        account: of(row.any(keys::USER_ID).or_else(|| row.any(keys::PRINCIPAL_ID))),
        session: of(row.any(keys::SESSION)).or(token),
        address: of(row.any(keys::ADDRESS).and_then(caller)),
        agent: of(row.any(keys::AGENT)),
        app: of(row.any(keys::APP_ID)),
        ..Actor::default()
    };
    let failed = bytes(row, keys::RESPONSE_STATUS).is_some_and(|code| code >= 400);
    let mut say = Say::of(out, actor, failed);
    said(row, &mut say);
    say.out.seen(actor, token);
}

/// The user in `users('ann@example.org')`.
fn in_brackets(part: &str) -> Option<&str> {
    let (head, rest) = part.split_once("('")?;
    head.eq_ignore_ascii_case("users").then(|| rest.trim_end_matches("')"))
}

fn said(row: &Row<'_>, say: &mut Say<'_, '_>) {
    let uri = row.any(keys::REQUEST_URI).unwrap_or_default();
    let path = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    // Host and version come first.
    let at = parts.iter().position(|part| matches!(*part, "v1.0" | "beta")).map_or(0, |at| at + 1);
    let parts = parts.get(at..).unwrap_or_default();
    let method = row.any(keys::REQUEST_METHOD).unwrap_or("GET");
    let kind = match method.to_ascii_uppercase().as_str() {
        "GET" => Delivered,
        "DELETE" => Deleted,
        _ => Written,
    };
    let size = bytes(row, keys::RESPONSE_SIZE).filter(|_| kind == Delivered);
    let holds = |word: &str| parts.iter().any(|part| part.eq_ignore_ascii_case(word));
    let (kind, object, whole) = if holds("messages") || holds("mailFolders") {
        let mailbox = match *parts {
            [users, id, ..] if users.eq_ignore_ascii_case("users") => Some(say.name(id)),
            [users, ..] => match in_brackets(users) {
                Some(id) => Some(say.name(id)),
                None => say.actor.account,
            },
            [] => say.actor.account,
        };
        let Some(mailbox) = mailbox else { return };
        let after = |word: &str| {
            let at = parts.iter().position(|part| part.eq_ignore_ascii_case(word))?;
            parts.get(at + 1).copied().filter(|id| !id.starts_with('$'))
        };
        let message = say.maybe(after("messages"));
        let folder = say.maybe(after("mailFolders"));
        // A page of a list at most; which messages, is not said.
        (kind, Object::Mail { mailbox, folder, message }, false)
    } else if holds("drives") || holds("drive") || holds("sites") {
        let url = say.name(&format!("https://{path}"));
        let content = parts.last().is_some_and(|part| *part == "content");
        let kind = if kind == Delivered && !content { Listed } else { kind };
        (kind, Object::Site { url }, false)
    } else if ["users", "groups", "servicePrincipals", "applications", "directoryRoles"]
        .contains(&parts.first().copied().unwrap_or_default())
    {
        let Some(realm) = say.out.realm() else { return };
        let kind = if kind == Delivered { Listed } else { kind };
        (kind, Object::Directory { realm }, parts.len() == 1)
    } else if holds("$batch") {
        // What the calls in it were of is in their own records, if at all.
        for service in ["exchange", "sharepoint"] {
            let (service, id) = (say.name(service), say.name("*"));
            say.touch(touch(TouchKind::Named, Object::Other { service, id }));
        }
        return;
    } else {
        return;
    };
    say.touch(Touch { bytes: size, whole, ..touch(kind, object) });
}
