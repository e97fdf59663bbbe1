//! Objects whose owner asked for a record of each access: 4656 (a right was
//! asked for), 4663 (it was used), 4657 (a registry value was set).

use super::directory::touch;
use super::event::{Event, file_name};
use super::memory::{self, Access};
use super::registry;
use super::shares::{kinds, mask};
use crate::activity::{Object, TouchKind, Via, What};

pub(super) fn read(e: &mut Event<'_, '_, '_>) {
    match e.id {
        4656 | 4663 => object(e),
        4657 => registry::audited_value(e),
        _ => {}
    }
}

fn object(e: &mut Event<'_, '_, '_>) {
    let Some(name) = e.text("ObjectName") else { return };
    let kind = e.text("ObjectType").unwrap_or_default();
    match kind {
        "Process" => process(e, name),
        "Key" => registry::audited_key(e, name),
        _ if kind.eq_ignore_ascii_case("File") || is_path(name) => file(e, name),
        _ => {}
    }
}

/// Whether a name is one of a file: object types are not translated, but some
/// records lack them.
fn is_path(name: &str) -> bool {
    let bytes = name.as_bytes();
    let drive = matches!(bytes, [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic());
    drive || name.starts_with("\\Device\\HarddiskVolume") || name.starts_with("\\Device\\Mup\\")
}

fn file(e: &mut Event<'_, '_, '_>, name: &str) {
    let actor = e.subject_process();
    let reading = if e.id == 4663 { TouchKind::Read } else { TouchKind::Opened };
    let kinds = match e.is_failure() {
        true => vec![TouchKind::Denied],
        false => kinds(mask(e), reading),
    };
    let object = Object::File { host: e.here(), path: e.of(name) };
    for kind in kinds {
        e.push(actor, What::Touch(Box::new(touch(kind, object, Via::Recorded))));
    }
}

/// A process was opened: of interest where its memory holds credentials.
fn process(e: &mut Event<'_, '_, '_>, name: &str) {
    if e.is_failure() {
        return;
    }
    let rights = mask(e);
    let actor = e.subject_process();
    let target = file_name(name);
    memory::accessed(e, actor, Access { target, rights, by: e.text("ProcessName") });
}
