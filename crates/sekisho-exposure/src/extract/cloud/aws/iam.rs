//! Users, roles, keys and rights: what opens an account later.

use super::policy::{outside, principals};
use super::{Call, keys};
use crate::activity::{Ticket, TicketKind, TicketStep};
use crate::extract::cloud::all;
use crate::extract::cloud::say::Say;
use crate::names::Name;

use TicketKind::{AccessKey, Account, Password, Role, SigningKey};
use TicketStep::{Created, Revoked, Rolled, Taken};

pub(super) fn read(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    match call.service {
        "iam" => {
            users(call, say)
                || secrets(call, say)
                || rights(call, say)
                || trust(call, say)
                || providers(call, say)
        }
        "rolesanywhere" => anywhere(call, say),
        "sso" | "sso-admin" => assigned(call, say),
        "ec2" | "ec2-instance-connect" => machines(call, say),
        "rds" => database(call, say),
        "ecr" | "codeartifact" if call.verb == "GetAuthorizationToken" => {
            let account = say.actor.account;
            let service = Some(say.name(call.service));
            let token = Ticket::of(TicketStep::Issued, TicketKind::Token);
            say.ticket(Ticket { account, service, ..token });
            true
        }
        _ => false,
    }
}

/// The user that a call is about; without one, the caller.
fn user(call: &Call<'_>, say: &mut Say<'_, '_>) -> Option<Name> {
    match call.row.any(keys::USER) {
        Some(name) => Some(say.name(&call.iam("user", name))),
        None => say.actor.account,
    }
}

/// The user, role or group that a call is about.
fn holder(call: &Call<'_>, say: &mut Say<'_, '_>) -> Option<Name> {
    let forms = [("user", keys::USER), ("role", keys::ROLE), ("group", keys::GROUP)];
    let found = forms.iter().find_map(|(kind, key)| Some((*kind, call.row.any(key)?)));
    found.map(|(kind, name)| say.name(&call.iam(kind, name)))
}

fn users(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let (step, kind) = match call.verb {
        "CreateUser" => (Created, Account),
        "DeleteUser" => (Revoked, Account),
        "CreateLoginProfile" => (Created, Password),
        "UpdateLoginProfile" | "ChangePassword" => (Rolled, Password),
        "DeleteLoginProfile" => (Revoked, Password),
        "EnableMFADevice" => (Created, Password),
        // One thing less is needed to be that user.
        "DeactivateMFADevice" | "DeleteVirtualMFADevice" => (Created, Role),
        _ => return false,
    };
    let account = match row.any(keys::NEW_USER) {
        Some(arn) => Some(say.name(arn)),
        None => user(call, say),
    };
    let method = match call.verb {
        "EnableMFADevice" => Some("mfa"),
        "DeactivateMFADevice" | "DeleteVirtualMFADevice" => Some("mfa-removed"),
        _ => None,
    };
    let (service, method) = (say.maybe(row.any(keys::SERIAL)), say.maybe(method));
    say.ticket(Ticket { account, service, method, ..Ticket::of(step, kind) });
    true
}

fn secrets(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let step = match call.verb {
        "CreateAccessKey"
        | "CreateServiceSpecificCredential"
        | "UploadSSHPublicKey"
        | "UploadSigningCertificate"
        | "ResetServiceSpecificCredential" => Created,
        "DeleteAccessKey"
        | "DeleteServiceSpecificCredential"
        | "DeleteSSHPublicKey"
        | "DeleteSigningCertificate" => Revoked,
        "UpdateAccessKey"
        | "UpdateSSHPublicKey"
        | "UpdateSigningCertificate"
        | "UpdateServiceSpecificCredential" => {
            let off = row.any(keys::STATUS).is_some_and(|s| s.eq_ignore_ascii_case("inactive"));
            if off { Revoked } else { Created }
        }
        _ => return false,
    };
    let ids = [
        keys::NEW_KEY,
        keys::NEW_SERVICE_KEY,
        keys::NEW_PUBLIC_KEY,
        keys::NEW_CERTIFICATE,
        keys::ACCESS_KEY,
    ];
    let issued = say.maybe(ids.iter().find_map(|key| row.any(key)));
    let account = match row.any(keys::NEW_KEY_USER) {
        Some(name) => Some(say.name(&call.iam("user", name))),
        None => user(call, say),
    };
    say.ticket(Ticket { account, issued, ..Ticket::of(step, AccessKey) });
    true
}

fn rights(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let step = match call.verb {
        "AttachUserPolicy"
        | "AttachRolePolicy"
        | "AttachGroupPolicy"
        | "PutUserPolicy"
        | "PutRolePolicy"
        | "PutGroupPolicy"
        | "AddUserToGroup"
        | "AddRoleToInstanceProfile"
        | "CreatePolicyVersion"
        | "SetDefaultPolicyVersion"
        | "DeleteUserPermissionsBoundary"
        | "DeleteRolePermissionsBoundary" => Created,
        "DetachUserPolicy"
        | "DetachRolePolicy"
        | "DetachGroupPolicy"
        | "DeleteUserPolicy"
        | "DeleteRolePolicy"
        | "DeleteGroupPolicy"
        | "RemoveUserFromGroup"
        | "RemoveRoleFromInstanceProfile"
        | "DeleteRole" => Revoked,
        _ => return false,
    };
    let account = holder(call, say);
    let what = [keys::POLICY_ARN, keys::POLICY_NAME, keys::GROUP, keys::PROFILE];
    let service = say.maybe(what.iter().find_map(|key| row.any(key)));
    say.ticket(Ticket { account, service, ..Ticket::of(step, Role) });
    true
}

/// Who may take on a role. Without anybody from outside, one ticket that
/// names nobody.
fn trust(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let text = match call.verb {
        "CreateRole" => call.row.any(keys::TRUST),
        "UpdateAssumeRolePolicy" => call.row.any(keys::POLICY_DOCUMENT),
        _ => return false,
    };
    let account = match call.row.any(keys::NEW_ROLE) {
        Some(arn) => Some(say.name(arn)),
        None => holder(call, say),
    };
    let method = Some(say.name("trust"));
    let trusted = principals(text.unwrap_or_default());
    let far: Vec<&str> = trusted.into_iter().filter(|p| outside(p, call.account)).collect();
    let role = Ticket { account, method, ..Ticket::of(Created, Role) };
    if far.is_empty() {
        say.ticket(role);
        return true;
    }
    for principal in far {
        let service = Some(say.name(principal));
        say.ticket(Ticket { service, ..role.clone() });
    }
    true
}

/// Who may vouch for others.
fn providers(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    match call.verb {
        "CreateSAMLProvider"
        | "UpdateSAMLProvider"
        | "CreateOpenIDConnectProvider"
        | "UpdateOpenIDConnectProviderThumbprint" => {
            let ids = [keys::SAML, keys::OPENID, keys::PROVIDER_ARN, keys::PROVIDER_URL];
            let service = say.maybe(ids.iter().find_map(|key| row.any(key)));
            say.ticket(Ticket { service, ..Ticket::of(Created, SigningKey) });
            true
        }
        _ => false,
    }
}

fn anywhere(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    match call.verb {
        "CreateTrustAnchor" | "UpdateTrustAnchor" | "EnableTrustAnchor" => {
            let service = call.row.any(keys::ANCHOR).or_else(|| call.row.any(keys::NAMED));
            let service = say.maybe(service);
            say.ticket(Ticket { service, ..Ticket::of(Created, SigningKey) });
        }
        "CreateProfile" | "UpdateProfile" => {
            for role in all(&call.row, keys::ROLE_ARNS) {
                let account = Some(say.name(role));
                let service = say.maybe(call.row.any(keys::NAMED));
                say.ticket(Ticket { account, service, ..Ticket::of(Created, Role) });
            }
        }
        _ => return false,
    }
    true
}

fn assigned(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let step = match call.verb {
        "CreateAccountAssignment" => Created,
        "DeleteAccountAssignment" => Revoked,
        _ => return false,
    };
    let account = say.maybe(call.row.any(keys::PRINCIPAL_ID));
    let service = say.maybe(call.row.any(keys::PERMISSION_SET));
    say.ticket(Ticket { account, service, ..Ticket::of(step, Role) });
    true
}

/// Keys and passwords of machines.
fn machines(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let instance = row.any(keys::INSTANCE);
    match call.verb {
        "GetPasswordData" => {
            let service = say.maybe(instance);
            let account = say.maybe(instance.map(|id| format!("{id}\\administrator")).as_deref());
            say.ticket(Ticket { account, service, ..Ticket::of(Taken, Password) });
        }
        "SendSSHPublicKey" | "SendSerialConsoleSSHPublicKey" => {
            let (service, os_user) = (say.maybe(instance), row.any(keys::OS_USER));
            let account = instance.map(|id| match os_user {
                Some(user) => format!("{id}\\{user}"),
                None => format!("{id}\\*"),
            });
            let account = say.maybe(account.as_deref());
            say.ticket(Ticket { account, service, ..Ticket::of(Created, AccessKey) });
        }
        "CreateKeyPair" | "ImportKeyPair" => {
            let service = say.maybe(row.any(keys::KEY_NAME));
            let issued = say.maybe(row.any(keys::KEY_PAIR));
            say.ticket(Ticket { service, issued, ..Ticket::of(Created, AccessKey) });
        }
        "AssociateIamInstanceProfile" | "ReplaceIamInstanceProfileAssociation" => {
            let account = say.maybe(instance);
            let profile = row.any(keys::PROFILE_ARN).or_else(|| row.any(keys::PROFILE_NAMED));
            let service = say.maybe(profile);
            say.ticket(Ticket { account, service, ..Ticket::of(Created, Role) });
        }
        _ => return false,
    }
    true
}

fn database(call: &Call<'_>, say: &mut Say<'_, '_>) -> bool {
    let row = call.row;
    let changes = matches!(call.verb, "ModifyDBInstance" | "ModifyDBCluster");
    if !changes || row.any(keys::DB_PASSWORD).is_none() {
        return false;
    }
    let name = row.any(keys::DB_INSTANCE).or_else(|| row.any(keys::DB_CLUSTER));
    let service = say.maybe(name);
    let account = say.maybe(name.map(|name| format!("{name}\\master")).as_deref());
    say.ticket(Ticket { account, service, ..Ticket::of(Rolled, Password) });
    true
}
