//! Registry: where it makes something run again, and where it holds secrets.

use super::directory::touch;
use super::event::Event;
use crate::activity::{Actor, Exec, ExecStep, Object, TouchKind, Via, What};

/// Keys below which a value names a program that the system runs by itself,
/// in lower case; `*` stands for one part.
const RUNS: &[(&str, &str)] = &[
    ("run key", "\\microsoft\\windows\\currentversion\\run\\"),
    ("run key", "\\microsoft\\windows\\currentversion\\runonce\\"),
    ("run key", "\\microsoft\\windows\\currentversion\\runonceex\\"),
    ("run key", "\\microsoft\\windows\\currentversion\\runservices\\"),
    ("run key", "\\microsoft\\windows\\currentversion\\policies\\explorer\\run\\"),
    ("run key", "\\microsoft\\windows nt\\currentversion\\winlogon\\shell"),
    ("run key", "\\microsoft\\windows nt\\currentversion\\winlogon\\userinit"),
    ("run key", "\\microsoft\\windows nt\\currentversion\\windows\\load"),
    ("run key", "\\microsoft\\windows nt\\currentversion\\windows\\appinit_dlls"),
    ("debugger", "\\currentversion\\image file execution options\\*\\debugger"),
    ("debugger", "\\currentversion\\silentprocessexit\\*\\monitorprocess"),
    ("service", "\\services\\*\\imagepath"),
    ("service", "\\services\\*\\parameters\\servicedll"),
    ("security package", "\\control\\lsa\\security packages"),
    ("security package", "\\control\\lsa\\authentication packages"),
    ("security package", "\\control\\lsa\\notification packages"),
    ("logon script", "\\environment\\userinitmprlogonscript"),
    ("run key", "\\active setup\\installed components\\*\\stubpath"),
    ("screen saver", "\\control panel\\desktop\\scrnsave.exe"),
];

/// Keys that hold secrets, in lower case.
const SECRETS: &[&str] = &[
    "\\registry\\machine\\sam\\sam\\domains\\account",
    "\\registry\\machine\\security\\policy\\secrets",
    "\\registry\\machine\\security\\cache",
];

/// Whether a key or value makes something run: in which way, and what it is
/// called there.
fn runs(path: &str) -> Option<(&'static str, String)> {
    let folded = path.to_ascii_lowercase();
    RUNS.iter().find_map(|(kind, pattern)| {
        let name = match pattern.split_once('*') {
            None => {
                let at = folded.find(pattern)?;
                let rest = path.get(at + pattern.len()..)?;
                if pattern.ends_with('\\') { rest } else { pattern.rsplit('\\').next()? }
            }
            Some((before, after)) => {
                let at = folded.find(before)? + before.len();
                let rest = folded.get(at..)?;
                let name = rest.split('\\').next()?;
                rest.get(name.len()..)?.starts_with(after).then_some(())?;
                path.get(at..at + name.len())?
            }
        };
        (!name.is_empty()).then(|| (*kind, name.to_owned()))
    })
}

/// Something that runs by itself was set up in, or taken out of, the registry.
pub(super) fn changed(e: &mut Event<'_, '_, '_>, actor: Actor, path: &str, step: ExecStep) {
    let Some((kind, name)) = runs(path) else { return };
    let label = format!("{kind} {name}");
    let details = e.any(&["Details", "NewValue"]);
    let what = Exec {
        step,
        label: Some(e.of(&label)),
        account: actor.account,
        command: details.map(super::cut),
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
}

/// 4657: a value was set.
pub(super) fn audited_value(e: &mut Event<'_, '_, '_>) {
    /// The code for "value deleted" in `OperationType`.
    const DELETED: &str = "%%1906";
    let actor = e.subject_process();
    let Some(key) = e.text("ObjectName") else { return };
    let path = format!("{key}\\{}", e.text("ObjectValueName").unwrap_or_default());
    let deleted = e.text("OperationType") == Some(DELETED);
    changed(e, actor, &path, if deleted { ExecStep::Removed } else { ExecStep::Installed });
}

/// 4656 and 4663: a key was opened or read. Of all keys only those that hold
/// secrets are of interest.
pub(super) fn audited_key(e: &mut Event<'_, '_, '_>, key: &str) {
    let folded = key.to_ascii_lowercase();
    if !SECRETS.iter().any(|secret| folded.starts_with(secret)) {
        return;
    }
    let kind = match (e.is_failure(), e.id) {
        (true, _) => TouchKind::Denied,
        (false, 4663) => TouchKind::Read,
        (false, _) => TouchKind::Opened,
    };
    let actor = e.subject_process();
    let object = Object::Registry { host: e.here(), key: e.of(key) };
    e.push(actor, What::Touch(Box::new(touch(kind, object, Via::Recorded))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_by_itself() {
        for (path, expected) in [
            (
                "HKU\\S-1-5-21-1\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Up",
                Some("run key Up"),
            ),
            (
                "HKLM\\System\\CurrentControlSet\\Services\\Updater\\ImagePath",
                Some("service Updater"),
            ),
            (
                "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\a.exe\\Debugger",
                Some("debugger a.exe"),
            ),
            ("HKLM\\System\\CurrentControlSet\\Services\\Updater\\Start", None),
            ("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\", None),
            ("HKLM\\İ\\services\\é\\imagepath", Some("service é")),
        ] {
            let found = runs(path).map(|(kind, name)| format!("{kind} {name}"));
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }
}
