//! Sign-ins and tokens: consoles, roles, federation.

use super::{Call, keys};
use crate::activity::{SessionStep, Ticket, TicketKind, TicketStep};
use crate::extract::cloud::say::Say;

/// Whether the call is a sign-in of a person.
pub(super) fn is_sign_in(call: &Call<'_>) -> bool {
    match call.service {
        "signin" => true,
        "sso" | "sso-directory" => {
            matches!(call.verb, "Authenticate" | "Federate" | "UserAuthentication" | "Logout")
        }
        _ => false,
    }
}

pub(super) fn read(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    match (call.service, call.verb) {
        ("signin", verb) => sign_in(call, verb, say),
        ("sso", "Authenticate" | "UserAuthentication" | "Federate") => {
            opened(call, say, true);
            true
        }
        ("sso", "GetRoleCredentials") | ("sso-oauth", "CreateToken" | "CreateTokenWithIAM") => {
            let service = say.maybe(call.row.any(keys::ROLE));
            let account = say.actor.account;
            issue(say, Ticket { account, service, ..token() });
            true
        }
        ("sts", verb) => sts(call, verb, say),
        _ => false,
    }
}

fn sign_in(call: &Call<'_>, verb: &str, say: &mut Say<'_, '_>) -> bool {
    match verb {
        "ConsoleLogin" => {
            let word = call.row.any(keys::LOGIN);
            let good = word.is_none_or(|word| word.eq_ignore_ascii_case("success"));
            opened(call, say, good && call.row.any(keys::ERROR_MESSAGE).is_none());
        }
        "SwitchRole" => {
            let service = say.maybe(call.row.any(keys::ROLE));
            let account = say.actor.account;
            issue(say, Ticket { account, service, ..token() });
        }
        // A key was turned into an address that opens the console.
        "GetSigninToken" => {
            let account = say.actor.account;
            let service = Some(say.name("console"));
            issue(say, Ticket { account, service, ..token() });
        }
        _ => return false,
    }
    true
}

fn opened(call: &Call<'_>, say: &mut Say<'_, '_>, good: bool) {
    let good = good && !say.failed;
    let step = if good { SessionStep::Opened } else { SessionStep::Failed };
    let root = call.row.any(keys::WHO_TYPE) == Some("Root");
    say.session(step, None, root);
}

fn sts(call: &Call<'_>, verb: &str, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let account = match verb {
        "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" => {
            row.any(keys::ASSUMED).or_else(|| row.any(keys::ROLE_ARN))
        }
        "AssumeRoot" => row.any(keys::TARGET),
        "GetFederationToken" => row.any(keys::FEDERATED).or(call.arn),
        "GetSessionToken" => call.arn,
        _ => return false,
    };
    let account = say.maybe(account).or(say.actor.account);
    let service = say.maybe(row.any(keys::ROLE_ARN));
    let issued = say.maybe(row.any(keys::ISSUED));
    let method = say.maybe(row.any(keys::WHO_PROVIDER));
    issue(say, Ticket { account, service, issued, method, ..token() });
    true
}

fn token() -> Ticket {
    Ticket::of(TicketStep::Issued, TicketKind::Token)
}

fn issue(say: &mut Say<'_, '_>, ticket: Ticket) {
    say.ticket(ticket);
}
