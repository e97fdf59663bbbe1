//! Changes of a tenant's directory: accounts, passwords, roles, applications
//! and their secrets, consents, federation. Entra ID's own log and the unified
//! audit log of Microsoft 365 tell of them with one vocabulary.
//!
//! What an operation is, is told by its name, which is English in every
//! language, without dashes and dots that changed over the years, and by
//! which properties it modified.

use super::say::{Say, touch};
use super::{Key, all};
use crate::activity::{Object, Ticket, TicketKind, TicketStep, Touch, TouchKind};
use crate::extract::Row;
use crate::names::{Name, present};

use TicketKind::{Account, AppSecret, Consent, Password, Role, SigningKey, Token};
use TicketStep::{Created, Revoked, Rolled};

/// A modified property.
#[derive(Clone, Copy, Debug)]
struct Property {
    new: Key,
    old: Key,
}

macro_rules! properties {
    ($($name:ident = $text:literal;)*) => {
        $(const $name: Property = Property {
            new: &[
                concat!("targetResources.modifiedProperties.", $text, ".newValue"),
                concat!("properties.targetResources.modifiedProperties.", $text, ".newValue"),
                concat!("TargetResources.modifiedProperties.", $text, ".newValue"),
                concat!("TargetResources.ModifiedProperties.", $text, ".NewValue"),
                concat!("ModifiedProperties.", $text, ".NewValue"),
            ],
            old: &[
                concat!("targetResources.modifiedProperties.", $text, ".oldValue"),
                concat!("properties.targetResources.modifiedProperties.", $text, ".oldValue"),
                concat!("TargetResources.modifiedProperties.", $text, ".oldValue"),
                concat!("TargetResources.ModifiedProperties.", $text, ".OldValue"),
                concat!("ModifiedProperties.", $text, ".OldValue"),
            ],
        };)*
        /// The fields of all of them.
        pub(super) const AUDIT_PROPERTIES: &[Key] = &[$($name.new, $name.old,)*];
    };
}

properties! {
    KEY_DESCRIPTION = "KeyDescription";
    PASSWORD_CREDENTIALS = "PasswordCredentials";
    KEY_CREDENTIALS = "KeyCredentials";
    FEDERATED_CREDENTIALS = "FederatedIdentityCredentials";
    ADMIN_CONSENT = "ConsentContext.IsAdminConsent";
    CONSENT_FOR_ALL = "ConsentContext.OnBehalfOfAll";
    PERMISSIONS = "ConsentAction.Permissions";
    PRINCIPAL_NAMES = "TargetId.ServicePrincipalNames";
    PRINCIPAL_ID = "ServicePrincipal.ObjectID";
    PRINCIPAL_APP = "ServicePrincipal.AppId";
    PRINCIPAL_NAME = "ServicePrincipal.DisplayName";
    APP_ROLE = "AppRole.Value";
    SCOPE = "DelegatedPermissionGrant.Scope";
    CONSENT_TYPE = "DelegatedPermissionGrant.ConsentType";
    ROLE_WELL_KNOWN = "Role.WellKnownObjectName";
    ROLE_TEMPLATE = "Role.TemplateId";
    ROLE_ID = "Role.ObjectID";
    ROLE_NAME = "Role.DisplayName";
    GROUP_ID = "Group.ObjectID";
    STRONG_METHOD = "StrongAuthenticationMethod";
    STRONG_APP = "StrongAuthenticationPhoneAppDetail";
    STRONG_USER = "StrongAuthenticationUserDetails";
    STRONG_REQUIREMENT = "StrongAuthenticationRequirement";
    ENABLED = "AccountEnabled";
    LIVE_TYPE = "LiveType";
    APP_ID = "AppId";
}

/// A change, in whatever form it came.
#[derive(Debug)]
pub(super) struct Change<'r, 'a> {
    pub(super) row: &'r Row<'a>,
    pub(super) operation: &'a str,
    /// Addresses of the users it is of.
    pub(super) users: Vec<&'a str>,
    /// Ids of the things it is of.
    pub(super) ids: Vec<&'a str>,
    /// Names of the things it is of.
    pub(super) names: Vec<&'a str>,
    /// The application's id, where the record gives it apart.
    pub(super) app: Option<&'a str>,
}

impl<'a> Change<'_, 'a> {
    fn after(&self, property: Property) -> Option<&'a str> {
        self.row.any(property.new).filter(|text| *text != "[]" && *text != "null")
    }

    fn either(&self, property: Property) -> Option<&'a str> {
        self.after(property).or_else(|| self.row.any(property.old))
    }

    fn has(&self, property: Property) -> bool {
        self.row.any(property.new).or_else(|| self.row.any(property.old)).is_some()
    }

    /// The account it is of: a user's address, else a name, else an id.
    fn account(&self, say: &mut Say<'_, '_>) -> Option<Name> {
        match self.users.first() {
            Some(user) => say.account(Some(user)),
            None => say.maybe(self.names.first().or_else(|| self.ids.first()).copied()),
        }
    }

    /// The application it is of, by its id as sign-ins have it. A directory
    /// gives the id of its own object first.
    fn application(&self) -> Option<&'a str> {
        let named = [PRINCIPAL_APP, PRINCIPAL_NAMES, APP_ID];
        let told = named.iter().find_map(|p| self.either(*p).and_then(first_guid));
        told.or(self.app).or_else(|| self.ids.last().copied())
    }
}

/// Whether a text is a GUID.
pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(n, b)| match n {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// The first GUID in a text.
pub(super) fn first_guid(text: &str) -> Option<&str> {
    let other = |c: char| !(c.is_ascii_hexdigit() || c == '-');
    text.split(other).find(|word| is_guid(word))
}

/// The name of an operation: folded, with plain dashes, without the dot at
/// its end.
fn plain(operation: &str) -> String {
    let folded: String = operation
        .chars()
        .map(|c| if matches!(c, '\u{2010}'..='\u{2015}') { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect();
    folded.trim_matches(|c: char| c.is_whitespace() || c == '.').to_owned()
}

/// What a change says.
pub(super) fn read(change: &Change<'_, '_>, say: &mut Say<'_, '_>) {
    let operation = plain(change.operation);
    let operation = operation.as_str();
    let _ = secrets(change, operation, say)
        || consents(change, operation, say)
        || roles(change, operation, say)
        || users(change, operation, say)
        || factors(change, operation, say)
        || federation(change, operation, say)
        || policies(operation, change, say);
}

/// Ids of keys in what the directory writes of them:
/// `["[KeyIdentifier=…,KeyType=Password,…]"]`.
fn key_ids<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for text in texts {
        let parts = text.split("KeyIdentifier=").skip(1);
        found.extend(parts.filter_map(|part| part.get(..36)).filter(|id| is_guid(id)));
        if !text.contains("KeyIdentifier=") {
            let other = |c: char| !(c.is_ascii_hexdigit() || c == '-');
            found.extend(text.split(other).filter(|word| is_guid(word)));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Secrets and certificates of applications: which are new, which are gone.
fn secrets(change: &Change<'_, '_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    let named = operation.contains("certificates and secrets")
        || operation.ends_with("service principal credentials")
        || operation.ends_with("application credentials")
        || operation.contains("federated identity credential");
    let properties =
        [KEY_DESCRIPTION, PASSWORD_CREDENTIALS, KEY_CREDENTIALS, FEDERATED_CREDENTIALS];
    let of_app = operation.contains("application") || operation.contains("service principal");
    let modified = of_app && properties.iter().any(|p| change.has(*p));
    if !named && !modified {
        return false;
    }
    let gather = |of: fn(&Property) -> Key| -> Vec<&str> {
        let texts: Vec<&str> = properties.iter().flat_map(|p| all(change.row, of(p))).collect();
        key_ids(&texts)
    };
    let (new, old) = (gather(|p| p.new), gather(|p| p.old));
    let account = change.account(say);
    let issued = say.maybe(change.application());
    let service = say.maybe(change.ids.first().copied());
    let of_key = |step| Ticket { account, service, issued, ..Ticket::of(step, AppSecret) };
    for (step, keys, others) in [(Created, &new, &old), (Revoked, &old, &new)] {
        for key in keys.iter().filter(|key| !others.contains(key)) {
            let method = say.maybe(Some(key));
            say.ticket(Ticket { method, ..of_key(step) });
        }
    }
    if new.is_empty() && old.is_empty() {
        let gone = operation.starts_with("remove") || operation.starts_with("delete");
        say.ticket(of_key(if gone { Revoked } else { Created }));
    }
    true
}

/// Rights of applications to data.
fn consents(change: &Change<'_, '_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    let step = match operation {
        "consent to application"
        | "add delegated permission grant"
        | "add oauth2permissiongrant"
        | "add app role assignment to service principal" => Created,
        "revoke consent"
        | "remove delegated permission grant"
        | "remove oauth2permissiongrant"
        | "remove app role assignment from service principal" => Revoked,
        _ => return false,
    };
    let yes = |text: &str| text.eq_ignore_ascii_case("true");
    let everyone = operation.contains("app role")
        || change.after(ADMIN_CONSENT).is_some_and(yes)
        || change.after(CONSENT_FOR_ALL).is_some_and(yes)
        || change.either(CONSENT_TYPE).is_some_and(|t| t.eq_ignore_ascii_case("allprincipals"));
    // Of an app role it is said who got it, and of which service it is; the
    // service is the target.
    let client = [PRINCIPAL_APP, PRINCIPAL_ID]
        .iter()
        .find_map(|p| change.either(*p).and_then(first_guid))
        .filter(|_| operation != "consent to application");
    let issued = say.maybe(client.or_else(|| change.application()));
    let rights = [APP_ROLE, SCOPE, PERMISSIONS].iter().find_map(|p| change.either(*p));
    let service = say.maybe(rights.map(permissions).as_deref());
    let method = say.maybe(change.either(PRINCIPAL_NAME).or(change.names.first().copied()));
    let account = match everyone {
        true => None,
        false => change.users.first().and_then(|u| say.account(Some(u))).or(say.actor.account),
    };
    say.ticket(Ticket { account, everyone, issued, service, method, ..Ticket::of(step, Consent) });
    true
}

/// Bytes of a list of permissions that are kept.
const PERMISSIONS_BYTES_MAX: usize = 512;

/// The permissions in a consent: what stands after `Scope:`, else all of it.
fn permissions(text: &str) -> String {
    let scopes: Vec<&str> = text
        .split("Scope:")
        .skip(1)
        .filter_map(|part| part.split([',', ']']).next())
        .map(str::trim)
        .collect();
    let mut out = if scopes.is_empty() { text.to_owned() } else { scopes.join(" ") };
    let mut end = PERMISSIONS_BYTES_MAX.min(out.len());
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    out.truncate(end);
    out
}

/// Membership of roles and groups, ownership of applications.
fn roles(change: &Change<'_, '_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    if operation.contains("requested") || operation.contains("denied") {
        return false;
    }
    let begins = |words: &[&str]| words.iter().any(|word| operation.starts_with(word));
    let step = if begins(&[
        "add member to role",
        "add eligible member to role",
        "add scoped member to role",
        "add member to group",
        "add owner to",
        "add app role assignment",
        "add role assignment",
    ]) {
        Created
    } else if begins(&[
        "remove member from role",
        "remove eligible member from role",
        "remove scoped member from role",
        "remove member from group",
        "remove owner from",
        "remove app role assignment",
    ]) {
        Revoked
    } else {
        return false;
    };
    let of = [ROLE_WELL_KNOWN, ROLE_TEMPLATE, ROLE_ID, ROLE_NAME, GROUP_ID, APP_ROLE];
    let service = of.iter().find_map(|p| change.either(*p));
    let service = say.maybe(service.or_else(|| change.names.last().copied()));
    let account = change.account(say);
    say.ticket(Ticket { account, service, ..Ticket::of(step, Role) });
    true
}

/// Accounts and their passwords; sessions that were ended.
fn users(change: &Change<'_, '_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    let (step, kind) = match operation {
        "add user"
        | "invite external user"
        | "redeem external user invite"
        | "enable account"
        | "restore user"
        | "hard restore user" => (Created, Account),
        "add application" | "add service principal" => {
            let account = change.account(say);
            let issued = say.maybe(change.application());
            say.ticket(Ticket { account, issued, ..Ticket::of(Created, Account) });
            return true;
        }
        "delete user"
        | "disable account"
        | "hard delete user"
        | "delete application"
        | "remove service principal"
        | "delete service principal" => (Revoked, Account),
        "reset user password"
        | "change user password"
        | "reset password (self-service)"
        | "change password (self-service)"
        | "reset password (by admin)"
        | "self-service password reset flow activity progress"
        | "set user password" => (Rolled, Password),
        "update stsrefreshtokenvalidfrom timestamp"
        | "revoke sign-in sessions"
        | "revokesigninsessions"
        | "revoke user sign-in sessions"
        | "admin revoked sign-in sessions" => (Revoked, Token),
        "register device" | "add registered owner to device" | "add registered users to device" => {
            let account = change.users.first().and_then(|user| say.account(Some(user)));
            let account = account.or(say.actor.account);
            let service = say.maybe(change.names.first().copied());
            let method = Some(say.name("device"));
            say.ticket(Ticket { account, service, method, ..Ticket::of(Created, Token) });
            return true;
        }
        "update user" => match change.after(ENABLED) {
            Some(text) if text.contains("false") => (Revoked, Account),
            Some(text) if text.contains("true") => (Created, Account),
            _ => return false,
        },
        _ => return false,
    };
    let account = change.account(say);
    say.ticket(Ticket { account, ..Ticket::of(step, kind) });
    true
}

/// Second factors, and passes that stand for all of them.
fn factors(change: &Change<'_, '_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    let strong = [STRONG_METHOD, STRONG_APP, STRONG_USER, STRONG_REQUIREMENT];
    let changed = operation == "update user" && strong.iter().any(|p| change.has(*p));
    let registered = operation.contains("registered") && operation.contains("security info")
        || operation.contains("temporary access pass")
        || operation.contains("passkey")
        || operation == "enable strong authentication";
    let removed = operation.contains("deleted security info")
        || operation == "disable strong authentication"
        || operation == "admin deleted security info";
    let (kind, method) = match (changed || registered, removed) {
        (_, true) => (Role, "mfa-removed"),
        (true, false) => (Password, "mfa"),
        (false, false) => return false,
    };
    let account = change.account(say);
    let method = Some(say.name(method));
    say.ticket(Ticket { account, method, ..Ticket::of(Created, kind) });
    true
}

/// Who may vouch for the tenant's users: a federated domain's certificate, a
/// certificate authority, another provider of identities.
fn federation(change: &Change<'_, '_>, operation: &str, say: &mut Say<'_, '_>) -> bool {
    let managed = |text: &str| text.to_ascii_lowercase().contains("managed");
    match operation {
        "set federation settings on domain"
        | "add partner to company"
        | "create federation configuration"
        | "update federation configuration"
        | "set trusted certificate authorities for company"
        | "add trusted certificate authority"
        | "create identity provider"
        | "update identity provider"
        | "add identity provider" => {}
        "set domain authentication" if !change.after(LIVE_TYPE).is_some_and(managed) => {}
        _ => return false,
    }
    let service = say.maybe(change.names.first().or_else(|| change.ids.first()).copied());
    say.ticket(Ticket { service, everyone: true, ..Ticket::of(Created, SigningKey) });
    true
}

/// Rules of who may come in, and domains: written, as things of the directory.
fn policies(operation: &str, change: &Change<'_, '_>, say: &mut Say<'_, '_>) -> bool {
    let policy = operation.contains("policy") || operation.contains("named location");
    let domain = ["add unverified domain", "add verified domain", "verify domain"];
    if !policy && !domain.contains(&operation) {
        return false;
    }
    let Some(realm) = say.out.realm() else { return false };
    let to = change.names.first().or_else(|| change.ids.first()).copied().and_then(present);
    let to = say.maybe(to);
    let kind =
        if operation.starts_with("delete") { TouchKind::Deleted } else { TouchKind::Written };
    say.touch(Touch { to, ..touch(kind, Object::Directory { realm }) });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_compared_without_dashes_and_dots() {
        let one = plain("Update application \u{2013} Certificates and secrets management ");
        assert_eq!(one, "update application - certificates and secrets management");
        assert_eq!(plain("Add user."), "add user");
    }

    #[test]
    fn keys_are_found_in_what_the_directory_writes() {
        let id = "6a4ec34c-3d5c-4ab7-9c3b-3a0d3c5a2f11";
        let text = format!("[\"[KeyIdentifier={id},KeyType=Password,DisplayName=x]\"]");
        assert_eq!(key_ids(&[&text]), [id]);
        assert_eq!(first_guid(&format!("https://a/;{id}")), Some(id));
        assert!(key_ids(&["[KeyIdentifier=é"]).is_empty());
        assert_eq!(
            permissions("[[Id: x, Scope: Mail.Read User.Read, Type: y]]"),
            "Mail.Read User.Read"
        );
        assert_eq!(permissions(&"é".repeat(400)).len(), PERMISSIONS_BYTES_MAX);
    }
}
