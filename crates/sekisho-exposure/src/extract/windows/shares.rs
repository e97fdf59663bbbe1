//! Shares: 5140 (a share is entered), 5145 (a file in it), 5142 to 5144 (a
//! share is made, changed, removed).

use super::directory::touch;
use super::event::Event;
use crate::activity::{Actor, Exec, ExecStep, Object, TouchKind, Via, What};
use crate::names::Name;

/// Bits of an access mask for files.
pub(super) mod access {
    pub(in super::super) const READ: u64 = 0x1;
    pub(in super::super) const WRITE: u64 = 0x2;
    pub(in super::super) const APPEND: u64 = 0x4;
    pub(in super::super) const DELETE_CHILD: u64 = 0x40;
    pub(in super::super) const DELETE: u64 = 0x1_0000;
    pub(in super::super) const WRITE_DAC: u64 = 0x4_0000;
    pub(in super::super) const WRITE_OWNER: u64 = 0x8_0000;
    pub(in super::super) const MAXIMUM: u64 = 0x200_0000;
    pub(in super::super) const GENERIC_ALL: u64 = 0x1000_0000;
    pub(in super::super) const GENERIC_WRITE: u64 = 0x4000_0000;
    pub(in super::super) const GENERIC_READ: u64 = 0x8000_0000;
}

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    match e.id {
        5140 => entered(e),
        5145 => file(e),
        5142 => set_up(e, ExecStep::Installed),
        5144 => set_up(e, ExecStep::Removed),
        _ => {}
    }
}

/// The access mask, by its bits or by the codes of the list of accesses.
pub(super) fn mask(e: &Event<'_, '_, '_>) -> u64 {
    if let Some(mask) = e.number("AccessMask") {
        return mask;
    }
    e.any(&["AccessList", "AccessMask"]).unwrap_or_default().split("%%").fold(0, |mask, code| {
        let digits = code.bytes().take_while(u8::is_ascii_digit).count();
        let code: u32 = code.get(..digits).and_then(|c| c.parse().ok()).unwrap_or(0);
        mask | match code {
            1537..=1541 => 0x1_0000 << (code - 1537),
            4416..=4424 => 0x1 << (code - 4416),
            _ => 0,
        }
    })
}

/// What rights are for. Of several, a write says more than a read; but what
/// may be read may have been read, so each is said. The right to remove is
/// also asked for by who writes a copy, so it counts alone only.
pub(super) fn kinds(mask: u64, reading: TouchKind) -> Vec<TouchKind> {
    use access::{
        APPEND, DELETE, DELETE_CHILD, GENERIC_ALL, GENERIC_READ, GENERIC_WRITE, MAXIMUM, READ,
        WRITE, WRITE_DAC, WRITE_OWNER,
    };
    let mut kinds = Vec::new();
    if mask & (READ | GENERIC_READ | GENERIC_ALL | MAXIMUM) != 0 {
        kinds.push(reading);
    }
    if mask & (WRITE | APPEND | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL) != 0 {
        kinds.push(TouchKind::Written);
    }
    if kinds.is_empty() && mask & (DELETE | DELETE_CHILD) != 0 {
        kinds.push(TouchKind::Deleted);
    }
    if kinds.is_empty() {
        kinds.push(TouchKind::Listed);
    }
    kinds
}

/// Who came: over the network, in a session of this host.
fn client(e: &mut Event<'_, '_, '_>) -> Actor {
    let from = e.peer("", "IpAddress", "");
    Actor { host: from.host, address: from.address, ..e.subject() }
}

/// Name of the share and the folder behind it.
fn share(e: &mut Event<'_, '_, '_>) -> (Name, Option<Name>) {
    let name = e.text("ShareName").unwrap_or_default();
    let name = e.of(name.rsplit('\\').next().unwrap_or(name));
    // Of a drive the prefix says nothing; of a shadow copy it does.
    let of_drive = |path: &&str| path.as_bytes().get(1) == Some(&b':');
    let local = e.text("ShareLocalPath").filter(|path| !path.is_empty());
    let local = local.map(|path| path.strip_prefix(r"\??\").filter(of_drive).unwrap_or(path));
    let local = local.map(|path| e.of(path));
    (name, local)
}

fn entered(e: &mut Event<'_, '_, '_>) {
    let actor = client(e);
    let (share, local) = share(e);
    let kind = if e.is_failure() { TouchKind::Denied } else { TouchKind::Listed };
    let object = Object::Shared { host: e.here(), share, path: e.of(""), local };
    e.push(actor, What::Touch(Box::new(touch(kind, object, Via::Recorded))));
}

fn file(e: &mut Event<'_, '_, '_>) {
    let actor = client(e);
    let (name, local) = share(e);
    let path = e.text("RelativeTargetName").unwrap_or_default().trim_start_matches('\\');
    let pipes = e.text("ShareName").is_some_and(|s| s.to_ascii_uppercase().ends_with("\\IPC$"));
    let denied = e.is_failure();
    if pipes {
        let object = Object::Other { service: e.of("pipe"), id: e.of(path) };
        let kind = if denied { TouchKind::Denied } else { TouchKind::Opened };
        e.push(actor, What::Touch(Box::new(touch(kind, object, Via::Recorded))));
        return;
    }
    let kinds = match (denied, path.is_empty()) {
        (true, _) => vec![TouchKind::Denied],
        // Of the share itself, reading is listing.
        (false, true) => vec![TouchKind::Listed],
        (false, false) => kinds(mask(e), TouchKind::Opened),
    };
    let object = Object::Shared { host: e.here(), share: name, path: e.of(path), local };
    for kind in kinds {
        e.push(actor, What::Touch(Box::new(touch(kind, object, Via::Recorded))));
    }
}

/// A share is made: a way to what lies behind it, not a departure.
fn set_up(e: &mut Event<'_, '_, '_>, step: ExecStep) {
    let actor = e.subject();
    let (share, local) = share(e);
    let label = format!("share {}", e.out().names().shown(share).to_owned());
    let (label, account, session) = (Some(e.of(&label)), actor.account, actor.session);
    let what = Exec { step, label, account, session, image: local, ..Exec::default() };
    e.push(actor, What::Exec(Box::new(what)));
}
