//! Programs that set something up to run again, change accounts, or stop and
//! empty logs.

use super::calls::Call;
use super::words::Shell;
use super::{Asked, Found, Verb};

pub(super) fn read(call: &Call, found: &mut Found) {
    match call.program.as_str() {
        "schtasks" => task(call, found),
        "at" => at(call, found),
        "sc" => service(call, found),
        "reg" => run_key(call, found),
        "net" | "net1" => account(call, found),
        "wevtutil" => logs(call, found),
        "auditpol" => policy(call, found),
        "fltmc" | "sysmon" | "sysmon64" => sensor(call, found),
        "auditctl" | "service" | "systemctl" => unix_service(call, found),
        "useradd" | "adduser" => {
            if let Some(user) = call.plain_but(USERADD).pop() {
                found.push(Asked::of(Verb::AddAccount).named(user));
            }
        }
        "usermod" | "gpasswd" => unix_member(call, found),
        "passwd" => {
            if let Some(user) = call.plain().pop() {
                found.push(Asked::of(Verb::SetPassword).named(user));
            }
        }
        "crontab" => crontab(call, found),
        "history" if call.has(&["c"]) => {
            found.push(Asked::of(Verb::ClearLog).named("shell history"))
        }
        "fsutil" if call.args().any(|arg| arg.eq_ignore_ascii_case("deletejournal")) => {
            found.push(Asked::of(Verb::ClearLog).named("usn journal"));
        }
        _ => {}
    }
    for path in &call.output {
        appended(call, path, found);
    }
}

const USERADD: &[&str] = &[
    "-u", "-g", "-G", "-d", "-s", "-p", "-c", "-e", "-f", "-k", "--uid", "--gid", "--shell",
    "--home",
];

/// `schtasks /create /tn name /tr command [/s host] [/ru account]`.
fn task(call: &Call, found: &mut Found) {
    let name = call.value(&["tn"]).unwrap_or_default();
    let label = format!("task {name}");
    let verb = if call.has(&["create", "change"]) {
        Verb::Persist
    } else if call.has(&["delete"]) {
        Verb::Unpersist
    } else {
        return;
    };
    let mut asked = Asked::of(verb).named(label).from(call.value(&["tr"]));
    asked.on = call.value(&["s"]).map(|host| host.trim_start_matches('\\').to_owned());
    found.push(asked);
}

/// `at [\\host] 12:00 command`.
fn at(call: &Call, found: &mut Found) {
    let args: Vec<String> = call.args().collect();
    let time = args.iter().position(|arg| {
        let (hour, rest) = arg.split_once(':').unwrap_or_default();
        !hour.is_empty() && hour.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty()
    });
    let Some(time) = time else { return };
    let command: Vec<String> =
        args.iter().skip(time + 1).filter(|a| !call.is_option(a)).cloned().collect();
    if command.is_empty() {
        return;
    }
    let mut asked = Asked::of(Verb::Persist).named("task at").from([command.join(" ")]);
    asked.on = args.first().and_then(|arg| arg.strip_prefix("\\\\")).map(str::to_owned);
    found.push(asked);
}

/// `sc [\\host] create name binPath= command`.
fn service(call: &Call, found: &mut Found) {
    let mut args: Vec<String> = call.args().collect();
    let on = args.first().and_then(|arg| arg.strip_prefix("\\\\")).map(str::to_owned);
    if on.is_some() {
        args.remove(0);
    }
    let [act, name, rest @ ..] = args.as_slice() else { return };
    let command = rest.iter().enumerate().find_map(|(at, arg)| {
        let after = arg.get(..8).filter(|start| start.eq_ignore_ascii_case("binpath="))?;
        let value = arg.get(after.len()..).unwrap_or_default();
        if value.is_empty() { rest.get(at + 1).cloned() } else { Some(value.to_owned()) }
    });
    let label = format!("service {name}");
    let act = act.to_ascii_lowercase();
    let stops = matches!(act.as_str(), "stop" | "delete")
        || (act == "config" && rest.iter().any(|a| a.eq_ignore_ascii_case("disabled")));
    if stops && is_recorder(name) {
        let mut asked = Asked::of(Verb::StopLog).named(name.clone());
        asked.on = on;
        return found.push(asked);
    }
    let verb = match act.as_str() {
        "create" => Verb::Persist,
        "config" if command.is_some() => Verb::Persist,
        "delete" => Verb::Unpersist,
        _ => return,
    };
    let mut asked = Asked::of(verb).named(label).from(command);
    asked.on = on;
    found.push(asked);
}

/// Services and drivers without which less is recorded.
pub(super) fn is_recorder(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "eventlog",
        "sysmon",
        "sysmon64",
        "sysmondrv",
        "windefend",
        "sense",
        "wecsvc",
        "nxlog",
        "winlogbeat",
        "filebeat",
        "auditd",
        "rsyslog",
        "syslog-ng",
        "systemd-journald",
        "wdfilter",
        "splunkforwarder",
        "ossecsvc",
        "wazuhsvc",
        "elastic-agent",
        "auditbeat",
        "falcon-sensor",
    ];
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".service").unwrap_or(&name);
    NAMES.contains(&name)
}

/// `reg add …\Run /v name /d command`.
fn run_key(call: &Call, found: &mut Found) {
    let plain = call.plain();
    let [act, key, ..] = plain.as_slice() else { return };
    let value = call.value(&["v"]).unwrap_or_default();
    let verb = match act.to_ascii_lowercase().as_str() {
        "add" => Verb::Persist,
        "delete" => Verb::Unpersist,
        _ => return,
    };
    registry_value(verb, key, &value, call.value(&["d"]), found);
}

/// A value of a registry key was set or removed.
pub(super) fn registry_value(
    verb: Verb,
    key: &str,
    value: &str,
    data: Option<String>,
    found: &mut Found,
) {
    let folded = key.to_ascii_lowercase();
    let runs = [
        "\\currentversion\\run",
        "\\currentversion\\policies\\explorer\\run",
        "\\winlogon",
        "\\image file execution options\\",
        "\\services\\",
        "\\environment",
        "\\silentprocessexit\\",
    ];
    if runs.iter().any(|part| folded.contains(part)) {
        let name = if value.is_empty() { key.rsplit('\\').next().unwrap_or(key) } else { value };
        found.push(Asked::of(verb).named(format!("run key {name}")).from(data));
    }
    let quiet = [
        "scriptblocklogging",
        "modulelogging",
        "\\powershell\\transcription",
        "\\windows defender",
        "processcreationincludecmdline",
    ];
    let off = verb == Verb::Unpersist || data_is(value);
    if off
        && quiet
            .iter()
            .any(|part| folded.contains(part) || value.to_ascii_lowercase().contains(part))
    {
        found.push(Asked::of(Verb::StopLog).named(key.to_owned()));
    }
}

/// Whether a value's name says that it switches something off or on.
fn data_is(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value.starts_with("disable") || value.starts_with("enable")
}

/// `net user name [password] /add`, `net localgroup group name /add`.
fn account(call: &Call, found: &mut Found) {
    let plain = call.plain();
    let Some((act, rest)) = plain.split_first() else { return };
    let adds = call.has(&["add"]);
    match (act.to_ascii_lowercase().as_str(), rest) {
        ("user" | "users", [name, ..]) if adds => {
            found.push(Asked::of(Verb::AddAccount).named(name.clone()));
        }
        ("user" | "users", [name, _, ..]) => {
            found.push(Asked::of(Verb::SetPassword).named(name.clone()));
        }
        ("group" | "localgroup", [group, names @ ..]) if adds => {
            for name in names {
                found.push(Asked::of(Verb::AddMember).named(name.clone()).to([group.clone()]));
            }
        }
        ("stop", [name, ..]) if is_recorder(name) => {
            found.push(Asked::of(Verb::StopLog).named(name.clone()));
        }
        _ => {}
    }
}

/// `wevtutil cl log`, `wevtutil sl log /e:false`.
fn logs(call: &Call, found: &mut Found) {
    let plain = call.plain();
    let [act, log, ..] = plain.as_slice() else { return };
    let mut asked = match act.to_ascii_lowercase().as_str() {
        "cl" | "clear-log" => Asked::of(Verb::ClearLog).named(log.clone()),
        "sl" | "set-log" => {
            let off =
                call.value(&["e", "enabled"]).is_some_and(|v| v.eq_ignore_ascii_case("false"));
            if !off {
                return;
            }
            Asked::of(Verb::StopLog).named(log.clone())
        }
        _ => return,
    };
    asked.on = call.value(&["r", "remote"]);
    found.push(asked);
}

/// `auditpol /set /subcategory:"…" /success:disable`, `/clear`, `/remove`.
fn policy(call: &Call, found: &mut Found) {
    let off =
        call.values(&["success", "failure"]).iter().any(|v| v.eq_ignore_ascii_case("disable"));
    if off || call.has(&["clear", "remove"]) {
        let what = call.value(&["subcategory", "category"]);
        found.push(
            Asked::of(Verb::StopLog).named(what.unwrap_or_else(|| "audit policy".to_owned())),
        );
    }
}

/// `fltmc unload SysmonDrv`, `sysmon -u`.
fn sensor(call: &Call, found: &mut Found) {
    let name = match call.program.as_str() {
        "fltmc" => {
            let plain = call.plain();
            let unloads = plain.first().is_some_and(|act| act.eq_ignore_ascii_case("unload"));
            plain.into_iter().nth(1).filter(|name| unloads && is_recorder(name))
        }
        _ => call.has(&["u"]).then(|| call.program.clone()),
    };
    if let Some(name) = name {
        found.push(Asked::of(Verb::StopLog).named(name));
    }
}

/// `systemctl stop auditd`, `service auditd stop`, `auditctl -e 0`,
/// `auditctl -D`, `systemctl enable x`.
fn unix_service(call: &Call, found: &mut Found) {
    let plain = call.plain();
    if call.is(&["auditctl"]) {
        if call.value(&["e"]).is_some_and(|v| v == "0") || call.has(&["D"]) {
            found.push(Asked::of(Verb::StopLog).named("audit rules"));
        }
        return;
    }
    let [first, second, ..] = plain.as_slice() else { return };
    let (act, name) = if call.is(&["service"]) { (second, first) } else { (first, second) };
    match act.as_str() {
        "stop" | "disable" | "mask" | "kill" if is_recorder(name) => {
            found.push(Asked::of(Verb::StopLog).named(name.clone()));
        }
        "enable" => found.push(Asked::of(Verb::Persist).named(format!("service {name}"))),
        _ => {}
    }
}

/// `usermod -aG group user`, `gpasswd -a user group`.
fn unix_member(call: &Call, found: &mut Found) {
    let groups = call.values(&["aG", "G", "append"]);
    if call.is(&["gpasswd"]) {
        if let (Some(user), Some(group)) = (call.value(&["a", "add"]), call.plain().pop()) {
            found.push(Asked::of(Verb::AddMember).named(user).to([group]));
        }
        return;
    }
    if let (Some(group), Some(user)) = (groups.first(), call.plain().pop()) {
        found.push(Asked::of(Verb::AddMember).named(user).to([group.clone()]));
    }
}

fn crontab(call: &Call, found: &mut Found) {
    if call.has(&["l"]) {
        return;
    }
    let verb = if call.has(&["r"]) { Verb::Unpersist } else { Verb::Persist };
    let user = call.value(&["u"]).unwrap_or_default();
    found.push(Asked::of(verb).named(format!("task crontab {user}").trim_end()));
}

/// A file to which something was written that makes it run, or lets someone
/// in.
fn appended(call: &Call, path: &str, found: &mut Found) {
    if call.shell != Shell::Unix {
        return;
    }
    let keys = path.ends_with("/authorized_keys");
    let runs = path.starts_with("/etc/cron")
        || path.starts_with("/var/spool/cron")
        || path.ends_with("/.bashrc")
        || path.ends_with("/.profile")
        || path.starts_with("/etc/systemd/");
    if keys || runs {
        found.push(Asked::of(Verb::Persist).named(format!("file {path}")));
    }
}
