//! Sign-ins. The session's key is the session's id, else the token's, else
//! that of the exchange (`correlationId`); the token's id is told as the
//! session's second one wherever there is one.
//!
//! A sign-in that rests on the token of a federated server is also a ticket
//! that was used, with the method `federated`; what AD FS itself says it
//! issued is one that was issued, with the method `adfs`. They share the
//! correlation id.

use sekisho_event::time::{self, Stamp};

use super::keys;
use crate::activity::{Actor, SessionStep, Ticket, TicketKind, TicketStep};
use crate::extract::cloud::say::{Say, account, caller};
use crate::extract::cloud::{all, tenant};
use crate::extract::{Class, Out, Row};

/// A sign-in is recorded at most so long after it began, nanoseconds.
const LATE_MOST: i64 = 86_400_000_000_000;

pub(super) fn read(row: &Row<'_>, out: &mut Out<'_>) {
    out.class(Class::SignIn);
    let user = row.any(keys::UPN).or_else(|| row.any(keys::USER_ID));
    tenant(row.any(keys::TENANT), user, out);
    let of_app = user.is_none();
    let who = match user {
        Some(user) => account(out, user),
        None => {
            let name = row.any(keys::PRINCIPAL_NAME).or_else(|| row.any(keys::PRINCIPAL_ID));
            name.map(|name| out.names().of(name))
        }
    };
    let names = out.names();
    let mut of = |text: Option<&str>| text.map(|text| names.of(text));
    let token = of(row.any(keys::TOKEN));
    let correlation = of(row.any(keys::CORRELATION));
    let actor = Actor {
        account: who,
        session: of(row.any(keys::SESSION)).or(token).or(correlation),
        address: of(row.any(keys::ADDRESS).and_then(caller)),
        agent: of(row.any(keys::AGENT)),
        app: of(row.any(keys::APP_ID)),
        ..Actor::default()
    };
    let failed = row.any(keys::ERROR).is_some_and(|code| code != "0");
    let time = began(row, out.time());
    let mut say = Say::of(out, actor, failed);
    say.time = time;
    let step = if failed { SessionStep::Failed } else { SessionStep::Opened };
    say.session(step, token, false);
    if of_app {
        let issued = actor.app;
        let service = say.maybe(row.any(keys::RESOURCE_ID));
        let method = say.maybe(row.any(keys::PRINCIPAL_KEY));
        let secret = Ticket::of(TicketStep::Used, TicketKind::AppSecret);
        say.ticket(Ticket { account: who, issued, service, method, ..secret });
        return;
    }
    federated(row, &mut say);
}

/// When it began. Where logs are sent on, a record's own time is that of the
/// sending, minutes after what was done in the session began.
fn began(row: &Row<'_>, recorded: i64) -> Option<i64> {
    let Some(Stamp::Utc(began)) = row.any(keys::BEGAN).and_then(time::parse) else { return None };
    let late = recorded.checked_sub(began)?;
    (0..LATE_MOST).contains(&late).then_some(began)
}

fn federated(row: &Row<'_>, say: &mut Say<'_, '_>) {
    let of_server = row
        .any(keys::ISSUER_TYPE)
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("adfederationservices"))
        || row.shape().channel.eq_ignore_ascii_case("ADFSSignInLogs");
    let holds = |text: &&str, word: &str| text.to_ascii_lowercase().contains(word);
    let used = row.any(keys::INCOMING).is_some_and(|kind| holds(&kind, "saml"))
        || row.any(keys::FEDERATED_ISSUER).is_some()
        || row.any(keys::FEDERATED_ID).is_some()
        || all(row, keys::METHOD).iter().any(|text| holds(text, "federat"))
        || all(row, keys::METHOD_DETAIL).iter().any(|text| holds(text, "federat"));
    let (step, method) = match (of_server, used) {
        (true, _) => (TicketStep::Issued, "adfs"),
        (false, true) => (TicketStep::Used, "federated"),
        (false, false) => return,
    };
    let account = say.actor.account;
    let service = say.maybe(row.any(keys::RESOURCE_ID)).or(say.actor.app);
    let issued = [keys::CORRELATION, keys::FEDERATED_ID, keys::TOKEN];
    let issued = say.maybe(issued.iter().find_map(|key| row.any(key)));
    let method = Some(say.name(method));
    say.ticket(Ticket { account, service, issued, method, ..Ticket::of(step, TicketKind::Token) });
}
