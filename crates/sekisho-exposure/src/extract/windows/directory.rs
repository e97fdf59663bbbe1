//! The directory: what was read of it (4662), what was changed in it (5136,
//! 5137, 5141), and certificates (4876, 4886, 4887).

use super::accounts::{common_name, domain_of};
use super::event::{Event, Who};
use crate::activity::{
    Actor, Exec, ExecStep, Object, Ticket, TicketKind, TicketStep, Touch, TouchKind, Via, What,
};

/// Rights to replicate the directory: changes, all of them (with secrets), and
/// those of the filtered set. Who uses one from elsewhere takes every
/// account's keys.
const REPLICATION: &[&str] = &[
    "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2",
    "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2",
    "89e95b76-444d-4c62-991a-0facbeda640c",
];

/// The class `contact` and its attribute `thumbnailPhoto`: where AD FS keeps
/// the key to its token-signing certificate.
const CONTACT: &str = "5cb41ed0-0e4c-11d0-a286-00aa003049e2";
const PHOTO: &str = "8d3bca50-1d7e-11d0-a081-00aa006c33ed";

/// The database engine: 325 made, 326 attached, 327 detached a database. That
/// of the directory lies elsewhere only where it is a copy.
pub(super) fn engine(e: &mut Event<'_, '_, '_>) {
    if !matches!(e.id, 216 | 325..=327) {
        return;
    }
    let copied = e.values("Data").any(|text| {
        let path = text.to_ascii_lowercase();
        path.ends_with("\\ntds.dit")
            && path.get(1..).is_some_and(|p| p != ":\\windows\\ntds\\ntds.dit")
    });
    if copied {
        let actor = Actor { host: e.here(), ..Actor::default() };
        for kind in [TicketKind::Password, TicketKind::SigningKey] {
            let method = Some(e.of("copy of the directory's database"));
            let what = Ticket { everyone: true, method, ..Ticket::of(TicketStep::Taken, kind) };
            e.push(actor, What::Ticket(Box::new(what)));
        }
    }
}

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    match e.id {
        4662 => accessed(e),
        5136 | 5137 | 5141 => changed(e),
        4876 => taken(e, TicketKind::SigningKey, "certificate authority backup"),
        4886 | 4887 => certificate(e),
        _ => {}
    }
}

fn taken(e: &mut Event<'_, '_, '_>, kind: TicketKind, method: &str) {
    let actor = e.subject_process();
    let method = Some(e.of(method));
    let what = Ticket { everyone: true, method, ..Ticket::of(TicketStep::Taken, kind) };
    e.push(actor, What::Ticket(Box::new(what)));
}

fn accessed(e: &mut Event<'_, '_, '_>) {
    if e.is_failure() {
        return;
    }
    let properties = e.text("Properties").unwrap_or_default().to_ascii_lowercase();
    if REPLICATION.iter().any(|right| properties.contains(right)) {
        taken(e, TicketKind::Password, "directory replication");
        taken(e, TicketKind::SigningKey, "directory replication");
        return;
    }
    let class = e.text("ObjectType").unwrap_or_default().to_ascii_lowercase();
    if class.contains(CONTACT) && properties.contains(PHOTO) {
        taken(e, TicketKind::SigningKey, "federation service's key container");
    }
}

fn changed(e: &mut Event<'_, '_, '_>) {
    /// The code for "value deleted" in `OperationType`.
    const DELETED: &str = "%%14675";
    let dn = e.text("ObjectDN").unwrap_or_default();
    let class = e.text("ObjectClass").unwrap_or_default();
    let removed = e.id == 5141 || e.text("OperationType") == Some(DELETED);
    let attribute = e.text("AttributeLDAPDisplayName").unwrap_or_default();
    let policy = class.eq_ignore_ascii_case("groupPolicyContainer")
        || attribute.eq_ignore_ascii_case("gPLink");
    if policy {
        return policy_changed(e, dn, removed);
    }
    let kind = match attribute.to_ascii_lowercase().as_str() {
        "msds-keycredentiallink" | "altsecurityidentities" => TicketKind::Password,
        "unicodepwd" | "supplementalcredentials" | "userpassword" => TicketKind::Password,
        "serviceprincipalname"
        | "msds-allowedtoactonbehalfofotheridentity"
        | "msds-allowedtodelegateto"
        | "ntsecuritydescriptor"
        | "sidhistory"
        | "member"
        | "useraccountcontrol" => TicketKind::Role,
        _ => return,
    };
    let account = common_name(dn).and_then(|name| e.user(name, domain_of(dn)));
    let service = e.name("AttributeValue").filter(|_| kind == TicketKind::Role);
    let method = Some(e.of(attribute));
    let step = if removed { TicketStep::Revoked } else { TicketStep::Created };
    let actor = e.subject();
    let what = Ticket { account, service, method, ..Ticket::of(step, kind) };
    e.push(actor, What::Ticket(Box::new(what)));
}

/// A group policy: it runs on every host that it is linked to.
fn policy_changed(e: &mut Event<'_, '_, '_>, dn: &str, removed: bool) {
    let label = format!("policy {dn}");
    let actor = e.subject();
    let what = Exec {
        step: if removed { ExecStep::Removed } else { ExecStep::Installed },
        label: Some(e.of(&label)),
        account: actor.account,
        session: actor.session,
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
    let realm = domain_of(dn).unwrap_or(dn);
    let object = Object::Directory { realm: e.of(realm) };
    e.push(actor, What::Touch(Box::new(touch(TouchKind::Written, object, Via::Recorded))));
}

/// A touch of which nothing is known but this.
pub(super) fn touch(kind: TouchKind, object: Object, via: Via) -> Touch {
    Touch { kind, object, via, bytes: None, whole: false, throttled: false, to: None, sha256: None }
}

/// A certificate was asked for (4886) or issued (4887). Whose it is follows
/// from what was asked: the name in its attributes, else who asked.
fn certificate(e: &mut Event<'_, '_, '_>) {
    if e.id == 4886 {
        return;
    }
    let asked = e.account(Who { user: "Requester", ..Who::default() });
    let attributes = e.text("Attributes").unwrap_or_default();
    let upn = after(attributes, "upn=").map(|rest| rest.split(['&', '\r', '\n', ' ']).next());
    let account = upn.flatten().and_then(|user| e.user(user, None)).or(asked);
    let template = after(attributes, "CertificateTemplate:")
        .and_then(|rest| rest.split(['\r', '\n']).next())
        .map(|name| e.of(name));
    let method = Some(e.of("certificate"));
    let mut actor = e.subject();
    actor.account = asked;
    actor.session = None;
    actor.host = None;
    let what = Ticket::of(TicketStep::Issued, TicketKind::AppSecret);
    let what = Ticket { account, service: template, method, ..what };
    e.push(actor, What::Ticket(Box::new(what)));
}

/// What follows a word, without regard to case of ASCII letters.
fn after<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let at = text.to_ascii_lowercase().find(&word.to_ascii_lowercase())?;
    text.get(at + word.len()..)
}
