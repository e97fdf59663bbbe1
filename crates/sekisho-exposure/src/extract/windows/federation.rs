//! Federation (AD FS): tokens it issued, and its key when that is exported.

use super::event::Event;
use crate::activity::{Actor, Peer, Ticket, TicketKind, TicketStep, What};
use crate::names::{self, Name};

/// The audits of the service, in the security log under a provider of their
/// own: 299 and 1200 a token was issued, 1201 it was refused; 1202 and 1203 a
/// password was checked; 500 and 501 claims of a token that 299 names.
///
/// A token is known by the ids that the record has, one ticket each: that of
/// the instance joins 299, 500 and 501; that of the activity is what the
/// sign-in log of the service that took the token calls its correlation.
pub(super) fn audit(e: &mut Event<'_, '_, '_>) {
    let (step, kind) = match e.id {
        299 | 500 | 501 | 1200 => (TicketStep::Issued, TicketKind::Token),
        1201 => (TicketStep::Refused, TicketKind::Token),
        1202 => (TicketStep::Used, TicketKind::Password),
        1203 => (TicketStep::Refused, TicketKind::Password),
        _ => return,
    };
    let mut values: Vec<&str> = e.values("Data").chain(e.values("AuditData")).take(256).collect();
    values.extend(PARAMETERS.iter().filter_map(|name| e.text(name)));
    let user = values.iter().find_map(|value| element(value, "UserId")).or_else(|| claim(&values));
    let account = user.and_then(|user| e.user(user, None));
    let address = values.iter().find_map(|value| element(value, "IpAddress"));
    let address = address.and_then(|list| names::address(list.split(',').next()?));
    let mut service = values.iter().find_map(|value| element(value, "RelyingParty"));
    if e.id == 299 {
        service = service.or_else(|| values.iter().copied().find(|value| !is_guid(value)));
    }
    let agent = values.iter().find_map(|value| element(value, "UserAgentString"));
    let mut ids: Vec<Name> = Vec::new();
    for id in values.iter().take(IDS_MAX).filter(|id| is_guid(id)) {
        let id = e.of(id.trim().trim_matches(['{', '}']));
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if account.is_none() && ids.is_empty() {
        return;
    }
    let address = address.map(|address| e.of(address));
    let agent = agent.map(|agent| e.of(agent));
    let actor = Actor { account, address, agent, ..Actor::default() };
    let from = Peer { address, ..Peer::default() };
    let service = service.map(|service| e.of(service));
    let method = Some(e.of("adfs"));
    let of = Ticket { account, service, from, method, ..Ticket::of(step, kind) };
    let mut ids: Vec<Option<Name>> = ids.into_iter().map(Some).collect();
    if ids.is_empty() {
        ids.push(None);
    }
    for issued in ids {
        e.push(actor, What::Ticket(Box::new(Ticket { issued, ..of.clone() })));
    }
}

/// Values without names, as some shippers number them.
pub(super) const PARAMETERS: &[&str] =
    &["param1", "param2", "param3", "param4", "param5", "param6", "param7", "param8"];

/// How many values at the beginning may be ids of the token.
const IDS_MAX: usize = 3;

/// A certificate's private key was exported (lifecycle log 1007), or taken out
/// of its store by a process (CAPI2 70).
pub(super) fn exported(e: &mut Event<'_, '_, '_>) {
    let account = e.head_account();
    let process = e.writer();
    let actor = Actor { host: e.here(), account, process, ..Actor::default() };
    let name = e.any(&["SubjectNames", "SubjectName", "Thumbprint"]);
    let service = name.map(|name| e.of(name));
    let method = Some(e.of("certificate export"));
    let what = Ticket::of(TicketStep::Taken, TicketKind::SigningKey);
    e.push(actor, What::Ticket(Box::new(Ticket { service, method, ..what })));
}

fn is_guid(text: &str) -> bool {
    let text = text.trim().trim_start_matches('{').trim_end_matches('}');
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// The value after the name of a claim that says who: values of 501 come in
/// pairs.
fn claim<'t>(values: &[&'t str]) -> Option<&'t str> {
    const NAMES: &[&str] = &["/claims/upn", "/claims/emailaddress", "/claims/windowsaccountname"];
    let named = |value: &str| {
        let value = value.trim().to_ascii_lowercase();
        NAMES.iter().any(|name| value.ends_with(name))
    };
    let at = values.iter().position(|value| named(value))?;
    values.get(at + 1).copied().map(str::trim).filter(|value| !value.is_empty())
}

/// The text of the first element of this name.
fn element<'t>(xml: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    names::present(text)
}

#[cfg(test)]
mod tests {
    use crate::extract::testing::{all_shown, events, shape};

    const INSTANCE: &str = "aaaaaaaa-0000-0000-0000-000000000001";
    const ACTIVITY: &str = "aaaaaaaa-0000-0000-0000-000000000002";

    #[test]
    fn tokens_that_the_service_issued() {
        let xml = "<AuditBase><ContextComponents><Component>\
            <RelyingParty>urn:federation:MicrosoftOnline</RelyingParty><UserId>CORP\\ann</UserId>\
            </Component><Component><IpAddress>203.0.113.7,10.0.0.1</IpAddress>\
            <UserAgentString>x</UserAgentString></Component></ContextComponents></AuditBase>";
        for names in [["Data", "Data"], ["param1", "param2"]] {
            let row = [
                ("@host", "ADFS01"),
                ("Provider_Name", "AD FS Auditing"),
                (names[0], ACTIVITY),
                (names[1], xml),
            ];
            let found = all_shown(&events(&shape("windows", "Security", 1200), &[&row]));
            assert_eq!(found.len(), 1);
            for part in ["Issued", "Token", "account: CORP\\ann", "adfs", ACTIVITY, "203.0.113.7"] {
                assert!(found[0].contains(part), "{part}: {found:?}");
            }
        }
    }

    #[test]
    fn a_token_has_a_ticket_for_each_of_its_ids() {
        let row = [
            ("@host", "ADFS01"),
            ("Data", INSTANCE),
            ("Data", ACTIVITY),
            ("Data", "urn:federation:MicrosoftOnline"),
        ];
        let found = all_shown(&events(&shape("windows", "Security", 299), &[&row]));
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|text| text.contains("urn:federation:MicrosoftOnline")));
        let row = [
            ("@host", "ADFS01"),
            ("Data", INSTANCE),
            ("Data", "http://schemas.xmlsoap.org/claims/UPN"),
            ("Data", "ann@corp.example.org"),
        ];
        let found = all_shown(&events(&shape("windows", "Security", 500), &[&row]));
        assert!(found.len() == 1 && found[0].contains("corp\\ann"), "{found:?}");
    }
}
