//! Shares: which were connected to, and which files in them were opened,
//! written, removed.

use super::super::ends::Ends;
use crate::activity::{Object, Touch, TouchKind, Via, What};
use crate::extract::{Out, Row};
use crate::names::Name;

/// Zeek's word for the folder that is shared.
const ROOT: &str = "<share_root>";

/// A share was connected to. Pipes are no files.
pub(super) fn mapping(row: &Row<'_>, out: &mut Out<'_>) {
    let mut ends = super::ends(row, out);
    let share = share(row, &mut ends, out);
    let kind = row.text("share_type").unwrap_or_default();
    if kind.eq_ignore_ascii_case("PIPE") || is_pipes(row) {
        return;
    }
    let path = out.names().of("");
    let object = Object::Shared { host: ends.place(), share, path, local: None };
    touch(TouchKind::Listed, object, None, &ends, out);
}

/// A file in a share.
pub(super) fn file(row: &Row<'_>, out: &mut Out<'_>) {
    let mut ends = super::ends(row, out);
    let share = share(row, &mut ends, out);
    let action = row.text("action").unwrap_or_default();
    let action = action.rsplit("::").next().unwrap_or_default();
    if is_pipes(row) {
        return;
    }
    let kind = match action {
        "FILE_OPEN" => TouchKind::Opened,
        "FILE_READ" => TouchKind::Read,
        "FILE_WRITE" => TouchKind::Written,
        "FILE_DELETE" | "FILE_RENAME" => TouchKind::Deleted,
        _ => return,
    };
    let object = |name: &str, out: &mut Out<'_>| Object::Shared {
        host: ends.place(),
        share,
        path: path_of(name, out),
        local: None,
    };
    let name = row.text("name").unwrap_or_default();
    if action == "FILE_RENAME" {
        let to = path_of(name, out);
        let new = object(name, out);
        touch(TouchKind::Written, new, None, &ends, out);
        if let Some(before) = row.text("prev_name") {
            let old = object(before, out);
            touch(TouchKind::Deleted, old, Some(to), &ends, out);
        }
        return;
    }
    let object = object(name, out);
    touch(kind, object, None, &ends, out);
}

fn is_pipes(row: &Row<'_>) -> bool {
    row.text("path").is_some_and(|path| {
        let share = path.trim_end_matches('\\').rsplit('\\').next().unwrap_or_default();
        share.eq_ignore_ascii_case("IPC$")
    })
}

/// The path below a share.
pub(super) fn path_of(name: &str, out: &mut Out<'_>) -> Name {
    let name = name.trim_start_matches(['\\', '/']);
    let name = if name == ROOT { "" } else { name };
    if name.contains('/') { out.names().of(&name.replace('/', "\\")) } else { out.names().of(name) }
}

/// The share of `\\server\share`; empty where it was not seen. The server is
/// called by that name.
fn share(row: &Row<'_>, ends: &mut Ends, out: &mut Out<'_>) -> Name {
    let path = row.text("path").unwrap_or_default();
    let mut parts = path.split('\\').filter(|part| !part.is_empty());
    let Some(server) = parts.next().filter(|_| path.starts_with('\\')) else {
        return out.names().of(path);
    };
    ends.called(server, out);
    out.names().of(parts.next().unwrap_or_default())
}

fn touch(kind: TouchKind, object: Object, to: Option<Name>, ends: &Ends, out: &mut Out<'_>) {
    let touch = Touch {
        kind,
        object,
        via: Via::Network,
        bytes: None,
        whole: false,
        throttled: false,
        to,
        sha256: None,
    };
    out.push_on(ends.place(), ends.actor(), What::Touch(Box::new(touch)));
}
