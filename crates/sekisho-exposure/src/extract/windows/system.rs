//! What runs by itself: services (4697, 7045), tasks (4698 to 4702 and the
//! task scheduler's own log), WMI's permanent events (5861).

use super::event::{Event, Who};
use crate::activity::{Actor, Exec, ExecStep, What};
use crate::extract::commanded;

/// Services: 4697 of the security log, 7045 of the system's.
pub(super) fn service(e: &mut Event<'_, '_, '_>) {
    let audited = e.id == 4697;
    let (actor, command) = match audited {
        true => (e.subject(), e.text("ServiceFileName")),
        false => {
            // Here `AccountName` may be the service's: who did it is in the head.
            let account = e.account(Who { sid: "UserID", ..Who::default() });
            let actor = Actor { host: e.here(), account, ..Actor::default() };
            (actor, e.any(&["ImagePath", "ServiceFileName"]))
        }
    };
    let Some(name) = e.text("ServiceName") else { return };
    let label = format!("service {name}");
    let account = match e.text("ServiceAccount") {
        Some(user) if user.eq_ignore_ascii_case("LocalSystem") => {
            Some(e.of("NT AUTHORITY\\SYSTEM"))
        }
        Some(user) => e.user(user, None),
        None => None,
    };
    let what = Exec {
        step: ExecStep::Installed,
        account,
        label: Some(e.of(&label)),
        image: command.map(|command| e.of(program(command))),
        command: command.map(super::cut),
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
    if let Some(command) = command {
        commanded::say(e.out(), actor, None, command);
    }
}

/// The program of a command line.
fn program(command: &str) -> &str {
    let command = command.trim();
    match command.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or(rest),
        None => {
            let folded = command.to_ascii_lowercase();
            match folded.find(".exe") {
                Some(at) => command.get(..at + 4).unwrap_or(command),
                None => command.split(' ').next().unwrap_or(command),
            }
        }
    }
}

/// Tasks of the security log.
pub(super) fn task(e: &mut Event<'_, '_, '_>) {
    let actor = e.subject();
    let Some(name) = e.text("TaskName") else { return };
    let content = e.any(&["TaskContentNew", "TaskContent"]).unwrap_or_default();
    let command = element(content, "Command");
    let line = match (&command, element(content, "Arguments")) {
        (Some(command), Some(arguments)) => Some(format!("{command} {arguments}")),
        (command, _) => command.clone(),
    };
    let account = element(content, "UserId").and_then(|user| e.user(&user, None));
    let label = format!("task {name}");
    let what = Exec {
        step: if matches!(e.id, 4699 | 4701) { ExecStep::Removed } else { ExecStep::Installed },
        account,
        label: Some(e.of(&label)),
        image: command.as_deref().map(|command| e.of(command.trim_matches('"'))),
        command: line.as_deref().map(super::cut),
        ..Exec::default()
    };
    let installed = what.step == ExecStep::Installed;
    e.push(actor, What::Exec(Box::new(what)));
    if let Some(line) = line.filter(|_| installed) {
        commanded::say(e.out(), actor, None, &line);
    }
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    Some(plain.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The task scheduler's own log.
pub(super) fn scheduler(e: &mut Event<'_, '_, '_>) {
    let step = match e.id {
        106 | 140 => ExecStep::Installed,
        141 => ExecStep::Removed,
        129 | 200 => ExecStep::Started,
        _ => return,
    };
    let Some(name) = e.text("TaskName") else { return };
    let user = e.any(&["UserContext", "UserName"]);
    let account = user.and_then(|user| e.user(user, None));
    let label = format!("task {name}");
    let mut what = Exec { step, account, label: Some(e.of(&label)), ..Exec::default() };
    if step == ExecStep::Started {
        what.image = e.any(&["Path", "ActionName"]).map(|path| e.of(path.trim_matches('"')));
        what.process = e.process("", if e.id == 129 { "ProcessID" } else { "EnginePID" });
        if e.id == 200 {
            // The engine is the scheduler's host, not what it started.
            what.parent = std::mem::take(&mut what.process);
        }
    }
    let actor = Actor { host: e.here(), account, ..Actor::default() };
    e.push(actor, What::Exec(Box::new(what)));
}

/// A permanent consumer of WMI's events.
pub(super) fn wmi(e: &mut Event<'_, '_, '_>) {
    if e.id != 5861 {
        return;
    }
    let account = e.head_account();
    let actor = Actor { host: e.here(), account, ..Actor::default() };
    let name = e.any(&["ESS", "CONSUMER", "Namespace"]).unwrap_or_default();
    let label = format!("wmi {name}");
    let what = Exec {
        step: ExecStep::Installed,
        account,
        label: Some(e.of(&label)),
        command: e.any(&["PossibleCause", "CONSUMER"]).map(super::cut),
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_command_lines() {
        for (command, expected) in [
            ("\"C:\\a b\\c.exe\" -x", "C:\\a b\\c.exe"),
            ("C:\\a b\\c.exe -x", "C:\\a b\\c.exe"),
            ("%COMSPEC% /c x", "%COMSPEC%"),
            ("", ""),
        ] {
            assert_eq!(program(command), expected);
        }
        let xml = "<Exec><Command>cmd</Command><Arguments>/c a &amp;&amp; b</Arguments></Exec>";
        assert_eq!(element(xml, "Arguments").as_deref(), Some("/c a && b"));
        assert_eq!(element(xml, "UserId"), None);
    }
}
