//! Keys of the registry, and names of values: what logs and indicators mean by
//! the same text written in several ways.

use sekisho_sigma::compare::fold_into;

use super::form::{Parts, fold_key};
use super::limits::KEY_CUTS_MAX;
use super::mapping::How;

/// Names of the parts of the registry, as they are written and as we do.
const HIVES: [(&str, &str); 14] = [
    ("hkey_local_machine", "hkey_local_machine"),
    ("hklm", "hkey_local_machine"),
    ("hklm:", "hkey_local_machine"),
    ("\\registry\\machine", "hkey_local_machine"),
    ("hkey_current_user", "hkey_current_user"),
    ("hkcu", "hkey_current_user"),
    ("hkcu:", "hkey_current_user"),
    ("hkey_users", "hkey_users"),
    ("hku", "hkey_users"),
    ("\\registry\\user", "hkey_users"),
    ("hkey_classes_root", "hkey_local_machine\\software\\classes"),
    ("hkcr", "hkey_local_machine\\software\\classes"),
    ("hkey_current_config", "hkey_current_config"),
    ("hkcc", "hkey_current_config"),
];

/// What stands before the number of a control set.
const SETS: &str = "hkey_local_machine\\system\\controlset";

/// Where programs register what opens files, of the machine and of the user.
const CLASSES: [&str; 2] =
    ["hkey_local_machine\\software\\classes", "hkey_current_user\\software\\classes"];

/// `HKEY_CLASSES_ROOT` shows both of them as one.
const ALL_CLASSES: &str = "hkey_classes_root";

/// A key with its hive written out, in lower case, with the control set that
/// is current.
pub(super) fn key(text: &str, key: &mut String) {
    written_out(text, key);
    to_current_set(key);
}

/// What else a constant may mean: `HKEY_CLASSES_ROOT` is also the user's part of
/// it, not only the machine's.
pub(super) fn other_meaning(text: &str) -> Option<String> {
    let mut whole = String::new();
    unprefixed(text, &mut whole);
    let written = ["hkcr", ALL_CLASSES].into_iter().find_map(|hive| below(&whole, hive));
    written.map(|rest| format!("{ALL_CLASSES}{rest}"))
}

/// What follows a key in a longer one, perhaps nothing.
fn below<'a>(key: &'a str, start: &str) -> Option<&'a str> {
    key.strip_prefix(start).filter(|rest| rest.is_empty() || rest.starts_with('\\'))
}

fn unprefixed(text: &str, key: &mut String) {
    fold_into(text.trim_end_matches('\\'), key);
    for start in ["computer\\", "registry::"] {
        if key.starts_with(start) {
            key.drain(..start.len());
        }
    }
}

/// In lower case, with the hive written out.
fn written_out(text: &str, key: &mut String) {
    unprefixed(text, key);
    let hive = HIVES.iter().find(|(written, _)| below(key, written).is_some());
    if let Some((written, ours)) = hive {
        key.replace_range(..written.len(), ours);
    }
}

/// Whether a control set was named by its number.
fn to_current_set(key: &mut String) -> bool {
    let Some(rest) = key.strip_prefix(SETS) else { return false };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let after = rest.as_bytes().get(digits);
    if digits != 3 || !(after.is_none() || after == Some(&b'\\')) {
        return false;
    }
    let at = SETS.len() - "controlset".len();
    key.replace_range(at..SETS.len() + digits, "currentcontrolset");
    true
}

/// The key as such; besides, without the name of a value behind it, and in the
/// other views that Windows gives of it.
pub(super) fn keys(how: How, text: &str, out: &mut Parts) {
    if text.is_empty() {
        return;
    }
    views(text, false, out);
    if how == How::Key {
        return;
    }
    if let Some((parent, _)) = text.rsplit_once('\\') {
        views(parent, true, out);
    }
    for (parent, _) in cuts(text).filter(|(parent, _)| !parent.is_empty()) {
        views(parent, true, out);
    }
}

/// The last part; besides, all of a path that is the name of a value.
pub(super) fn value_names(text: &str, out: &mut Parts) {
    let last = text.rsplit_once('\\').map_or(text, |(_, name)| name);
    out.push(last, false, fold_key);
    for (_, name) in cuts(text) {
        out.push(name, true, fold_key);
    }
}

/// Other places than the last backslash at which a key may end and the name of
/// a value begin: names of values may be paths.
fn cuts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let behind = text.match_indices('\\').filter_map(|(at, _)| {
        let (key, name) = (text.get(..at)?, text.get(at + 1..)?);
        Some((key, name)).filter(|_| !key.ends_with('\\'))
    });
    // A log that has names of values apart has nothing before them.
    let apart = std::iter::once(("", text));
    apart.chain(behind).filter(|(key, name)| begins_path(name, key.is_empty())).take(KEY_CUTS_MAX)
}

/// `C:\…`, `%name%\…`, `\\server\…`, `\Device\…`.
fn begins_path(name: &str, apart: bool) -> bool {
    if let Some(rest) = name.strip_prefix('%') {
        return rest.split_once('\\').is_some_and(|(variable, _)| variable.ends_with('%'));
    }
    if let Some(rest) = name.strip_prefix('\\') {
        // Where nothing is before it: as `\REGISTRY\MACHINE` begins a key.
        let device = rest.get(..7).is_some_and(|t| t.eq_ignore_ascii_case("device\\"));
        return !apart || device || rest.starts_with(['\\', '?']);
    }
    matches!(name.as_bytes(), [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic())
}

/// A key in all its views; only the first is no alias, if that.
fn views(text: &str, alias: bool, out: &mut Parts) {
    let mut current = String::new();
    written_out(text, &mut current);
    let named = current.clone();
    let other_set = to_current_set(&mut current);
    let own = own_view(&current);
    let of_classes = |key: &str| {
        let rest = CLASSES.into_iter().find_map(|start| below(key, start));
        rest.map(|rest| format!("{ALL_CLASSES}{rest}"))
    };
    let classes = of_classes(own.as_deref().unwrap_or(&current));
    let mut push = |alias: bool, view: &str| {
        out.push(text, alias, |_, key| {
            key.push_str(view);
            true
        });
    };
    push(alias, &current);
    if other_set {
        push(true, &named);
    }
    own.iter().chain(&classes).for_each(|view| push(true, view));
}

/// `HKU\S-1-5-21-…\Software` is that user's `HKCU\Software`; users of Entra
/// have `S-1-12-1-…`.
fn own_view(key: &str) -> Option<String> {
    let rest = below(key, "hkey_users")?.strip_prefix('\\')?;
    let (sid, path) = rest.split_once('\\').unwrap_or((rest, ""));
    if !["s-1-5-21-", "s-1-12-1-"].iter().any(|start| sid.starts_with(start)) {
        return None;
    }
    let classes = if sid.ends_with("_classes") { "\\software\\classes" } else { "" };
    let between = if path.is_empty() { "" } else { "\\" };
    Some(format!("hkey_current_user{classes}{between}{path}"))
}
