//! Messages of PowerShell, which carry whole scripts. What a script says must
//! not be taken for a label, so its end is looked for from the end.

use super::sentence::Plain;
use super::tables::{Found, TABLES, normal};
use super::{Labelled, lines};

/// Lines with a label behind the script: its number and its path. A few more
/// are looked at, for those that are blank.
const LINES_BEHIND_MAX: usize = 6;

/// 4104: a title with two numbers, the script, its number, its path.
pub(super) fn script(message: &str, event: &Found<'_>, emit: &mut dyn FnMut(&str, &str)) -> usize {
    let title = message.split_inclusive('\n').next().unwrap_or_default();
    let plain = Plain::of(title);
    let known = event.sentences.iter().any(|s| s.read(&plain, emit));
    let titled = known || title.trim_end().ends_with([':', '：']);
    let body = if titled { message.get(title.len()..).unwrap_or_default() } else { message };
    let Some(behind) = behind(body) else {
        emit("ScriptBlockText", body.trim_end_matches(['\r', '\n']));
        return usize::from(!known) + 1;
    };
    let text = body.get(..behind.start).unwrap_or_default();
    emit("ScriptBlockText", text.trim_end_matches(['\r', '\n']));
    emit("ScriptBlockId", behind.id);
    if let Some(path) = behind.path {
        emit("Path", path);
    }
    usize::from(!known)
}

/// What stands behind a script.
struct Behind<'a> {
    start: usize,
    id: &'a str,
    path: Option<&'a str>,
}

fn behind(body: &str) -> Option<Behind<'_>> {
    let mut end = body.len();
    let mut path = None;
    for _ in 0..LINES_BEHIND_MAX {
        let rest = body.get(..end)?;
        let start = rest.trim_end_matches(['\r', '\n']).rfind('\n').map_or(0, |at| at + 1);
        let found = Labelled::of(rest.get(start..)?);
        if let Some(Labelled { value: id, .. }) = found
            && is_guid(id)
        {
            return Some(Behind { start, id, path });
        }
        path = path.or(found.map(|f| f.value));
        end = start;
        if end == 0 {
            break;
        }
    }
    None
}

fn is_guid(value: &str) -> bool {
    let value = value.strip_prefix('{').and_then(|v| v.strip_suffix('}')).unwrap_or(value);
    value.len() == 36
        && value.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// 4103: what was called, the context, what the user gave.
pub(super) fn module(message: &str, emit: &mut dyn FnMut(&str, &str)) -> usize {
    let (context, user) = (TABLES.key("powershell_context"), TABLES.key("powershell_user"));
    let (mut context_at, mut user_at, mut word) = (None, None, String::new());
    for (start, line) in lines(message) {
        let Some(found) = Labelled::of(line) else { continue };
        if found.indented || !found.value.is_empty() {
            continue;
        }
        normal(found.label, &mut word);
        let section = TABLES.section(&word);
        if section.is_none() {
            continue;
        }
        if section == context {
            (context_at, user_at) = (Some((start, start + line.len())), None);
        } else if section == user {
            user_at = Some((start, start + line.len()));
        }
    }
    let Some((payload_end, start)) = context_at else {
        emit("Payload", message.trim());
        return 1;
    };
    let end = user_at.map_or(message.len(), |(at, _)| at);
    emit("Payload", message.get(..payload_end).unwrap_or_default().trim());
    emit("ContextInfo", message.get(start..end).unwrap_or_default().trim());
    if let Some((_, at)) = user_at {
        emit("UserData", message.get(at..).unwrap_or_default().trim());
    }
    0
}
