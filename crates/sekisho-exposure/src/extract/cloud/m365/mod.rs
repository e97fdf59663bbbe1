//! The unified audit log of Microsoft 365. The place is `tenant:` and the
//! tenant's id (that Entra ID's logs name too), else the first label of its
//! domain. The session is the id that a sign-in shares with all that was done
//! in it (`AADSessionId`, `SessionId`); where a record has none, that of the
//! token. Where it has both, the token's is the session's second id
//! ([`Session::guid`](crate::activity::Session)), which sign-in logs name too.

mod change;
mod content;
mod documents;
mod keys;
mod mail;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use sekisho_event::Shape;

use super::directory::{self, Change};
use super::say::{Say, account, caller};
use super::{all, tenant};
use crate::activity::{Actor, SessionStep};
use crate::extract::{Class, Extractor, Out, Row};

/// Reads the unified audit log.
#[derive(Debug)]
pub(in crate::extract) struct M365;

static FIELDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let own = keys::ALL.iter().copied().flatten().copied();
    own.chain(directory::AUDIT_PROPERTIES.iter().copied().flatten().copied()).collect()
});

impl Extractor for M365 {
    fn fields(&self) -> &'static [&'static str] {
        &FIELDS
    }

    fn reads(&self, shape: &Shape) -> bool {
        shape.product.as_ref() == "m365"
    }

    /// By the id of each record.
    fn tells_apart(&self, _shape: &Shape) -> bool {
        true
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let who = row.any(keys::USER).or_else(|| row.any(keys::LOGON_SID));
        let id = row.any(keys::TENANT).or_else(|| row.any(keys::ACTOR_TENANT));
        tenant(id, row.any(keys::TENANT_NAME).or(who), out);
        let operation = row.any(keys::OPERATION).unwrap_or_default();
        let workload = row.any(keys::WORKLOAD).unwrap_or_default();
        let (actor, token) = actor(row, who, out);
        let result = row.any(keys::RESULT).unwrap_or_default().to_ascii_lowercase();
        let failed = result.starts_with("fail") || result == "false" || result == "notauthorized";
        let mut say = Say::of(out, actor, failed);
        let class = if workload.eq_ignore_ascii_case("AzureActiveDirectory") {
            entra(row, operation, &mut say)
        } else {
            mail::read(row, operation, &mut say)
                .or_else(|| change::read(row, operation, &mut say))
                .or_else(|| documents::read(row, operation, workload, &mut say))
                .or_else(|| content::read(row, operation, &mut say))
        };
        // The two ids of a session, told together once an hour.
        if token.is_some() || say.silent() {
            say.out.seen(actor, token);
        }
        out.class(class.unwrap_or(Class::CloudManagement));
    }
}

/// Who, and the token where the session has an id of its own.
fn actor(
    row: &Row<'_>,
    who: Option<&str>,
    out: &mut Out<'_>,
) -> (Actor, Option<crate::names::Name>) {
    let who = who.and_then(|who| account(out, who));
    let names = out.names();
    let mut of = |text: Option<&str>| text.map(|text| names.of(text));
    let session = of(row.any(keys::SESSION));
    let token = of(row.any(keys::TOKEN));
    let actor = Actor {
        account: who,
        session: session.or(token),
        address: of(row.any(keys::ADDRESS).and_then(caller)),
        agent: of(row.any(keys::AGENT)),
        app: of(row.any(keys::APP)),
        ..Actor::default()
    };
    (actor, session.and(token))
}

/// Records of Entra ID in the unified audit log.
fn entra(row: &Row<'_>, operation: &str, say: &mut Say<'_, '_>) -> Option<Class> {
    match operation {
        "UserLoggedIn" => {
            let guid = row.any(keys::TOKEN).or_else(|| row.any(keys::CORRELATION));
            let guid = say.maybe(guid);
            say.session(SessionStep::Opened, guid, false);
            return Some(Class::SignIn);
        }
        "UserLoginFailed" => {
            say.session(SessionStep::Failed, None, false);
            return Some(Class::SignIn);
        }
        _ => {}
    }
    let ids = all(row, keys::TARGET_IDS);
    let object = row.any(keys::OBJECT).filter(|id| *id != "Not Available");
    let change = Change {
        row,
        operation,
        users: object.into_iter().filter(|id| id.contains('@')).collect(),
        // Kinds of things stand among the ids, as words.
        ids: ids.iter().copied().filter(|id| directory::is_guid(id)).collect(),
        names: ids.into_iter().filter(|id| is_name(id)).chain(object).collect(),
        app: row.any(keys::EXTRA).and_then(app_of),
    };
    directory::read(&change, say);
    Some(Class::AccountChange)
}

/// Whether one of a target's ids is the name that people see: not an id, with
/// or without its kind before it, and not the kind alone.
fn is_name(id: &str) -> bool {
    const KINDS: &[&str] =
        &["User", "ServicePrincipal", "Application", "Group", "Role", "Device", "Policy", "Other"];
    let tail = id.rsplit('_').next().unwrap_or(id);
    !directory::is_guid(tail) && !KINDS.contains(&id) && !id.contains('@')
}

/// The application's id among further details, which are text in JSON.
fn app_of(details: &str) -> Option<&str> {
    let (_, rest) = details.split_once("\"AppId\"")?;
    directory::first_guid(rest)
}
