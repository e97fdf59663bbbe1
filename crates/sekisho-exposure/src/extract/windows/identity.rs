//! Who a Windows record means. The system's own identities have other names
//! in each language; their SIDs and logon ids are the same everywhere.

/// Beginnings of the names under which the system's own identities are kept,
/// folded.
const SERVICE_DOMAINS: &[&str] =
    &["nt authority\\", "nt service\\", "window manager\\", "font driver host\\", "iis apppool\\"];

/// The words for `NT AUTHORITY` in languages that translate it, in lower case.
const AUTHORITY: &[&str] = &[
    "nt authority",
    "nt-autorität",
    "autorite nt",
    "autorité nt",
    "autoridade nt",
    "zarządzanie nt",
    "nt instans",
    "nt-hallinta",
    "nt-myndighet",
    "nt-myndighed",
];

/// The words for its users, in lower case: what it is, and in which words.
const AUTHORITY_USERS: &[(&str, &[&str])] = &[
    ("SYSTEM", &["system", "système", "systeem", "sistema", "rendszer", "järjestelmä", "система"]),
    (
        "LOCAL SERVICE",
        &[
            "local service",
            "lokaler dienst",
            "service local",
            "servicio local",
            "serviço local",
            "servizio locale",
            "usługa lokalna",
        ],
    ),
    (
        "NETWORK SERVICE",
        &[
            "network service",
            "netzwerkdienst",
            "service réseau",
            "servicio de red",
            "serviço de rede",
            "servizio di rete",
            "usługa sieciowa",
        ],
    ),
    ("ANONYMOUS LOGON", &["anonymous logon", "anonymous-anmeldung", "anonyme anmeldung"]),
];

/// Whether an account (folded, as [`Names::folded`](crate::names::Names::folded)
/// gives it) is one of the system's own on each host: `nt authority\system`,
/// a service's virtual account, a window manager's. Two hosts' are two
/// identities with one name, and whoever runs on a host with the rights of an
/// administrator can be each of them.
#[must_use]
pub fn is_service_identity(account: &str) -> bool {
    SERVICE_DOMAINS.iter().any(|domain| account.starts_with(domain))
}

/// Whether an account (folded) is a computer's own in its domain: `corp\ws01$`.
#[must_use]
pub fn is_machine_account(account: &str) -> bool {
    account.ends_with('$')
}

/// The name under which an identity of the system is kept, by its SID.
pub(super) fn by_sid(sid: &str, user: Option<&str>) -> Option<String> {
    Some(match sid {
        "S-1-5-18" => "NT AUTHORITY\\SYSTEM".to_owned(),
        "S-1-5-19" => "NT AUTHORITY\\LOCAL SERVICE".to_owned(),
        "S-1-5-20" => "NT AUTHORITY\\NETWORK SERVICE".to_owned(),
        "S-1-5-7" => "NT AUTHORITY\\ANONYMOUS LOGON".to_owned(),
        _ => {
            let (domain, rest) = [
                ("WINDOW MANAGER\\DWM-", "S-1-5-90-"),
                ("FONT DRIVER HOST\\UMFD-", "S-1-5-96-"),
                ("NT SERVICE\\", "S-1-5-80-"),
                ("IIS APPPOOL\\", "S-1-5-82-"),
            ]
            .iter()
            .find_map(|(domain, prefix)| Some((*domain, sid.strip_prefix(prefix)?)))?;
            let last = rest.rsplit('-').next().unwrap_or(rest);
            let own = domain.ends_with('\\');
            let name = if own { user.map_or(sid, bare) } else { last };
            format!("{domain}{name}")
        }
    })
}

/// The same by its logon id.
pub(super) fn by_logon(id: u64) -> Option<&'static str> {
    match id {
        0x3e7 => Some("NT AUTHORITY\\SYSTEM"),
        0x3e5 => Some("NT AUTHORITY\\LOCAL SERVICE"),
        0x3e4 => Some("NT AUTHORITY\\NETWORK SERVICE"),
        0x3e6 => Some("NT AUTHORITY\\ANONYMOUS LOGON"),
        _ => None,
    }
}

/// The same by its name, where a record has no more.
pub(super) fn by_name(domain: &str, user: &str) -> Option<String> {
    let domain = domain.to_lowercase();
    if !AUTHORITY.contains(&domain.as_str()) {
        return None;
    }
    let folded = user.to_lowercase();
    let known = AUTHORITY_USERS.iter().find(|(_, words)| words.contains(&folded.as_str()));
    Some(format!("NT AUTHORITY\\{}", known.map_or(user, |(name, _)| name)))
}

/// A user without the domain before it.
fn bare(user: &str) -> &str {
    user.rsplit('\\').next().unwrap_or(user)
}

/// Whether a SID names nobody.
pub(super) fn is_nobody(sid: &str) -> bool {
    matches!(sid, "S-1-0-0" | "NULL SID" | "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_have_one_name_in_every_language() {
        assert_eq!(by_sid("S-1-5-18", Some("SRV$")).as_deref(), Some("NT AUTHORITY\\SYSTEM"));
        assert_eq!(by_sid("S-1-5-90-0-2", Some("x")).as_deref(), Some("WINDOW MANAGER\\DWM-2"));
        assert_eq!(by_sid("S-1-5-80-1-2", Some("NT SERVICE\\a")).as_deref(), Some("NT SERVICE\\a"));
        assert_eq!(by_sid("S-1-5-21-1-2-3-500", Some("x")), None);
        assert_eq!(by_name("AUTORITE NT", "Système").as_deref(), Some("NT AUTHORITY\\SYSTEM"));
        assert_eq!(
            by_name("NT-AUTORITÄT", "Netzwerkdienst").as_deref(),
            Some("NT AUTHORITY\\NETWORK SERVICE")
        );
        assert_eq!(by_name("CORP", "SYSTEM"), None);
        assert!(is_service_identity("nt authority\\system"));
        assert!(!is_service_identity("corp\\nt authority"));
        assert!(is_machine_account("corp\\ws01$") && !is_machine_account("corp\\ann"));
    }
}
