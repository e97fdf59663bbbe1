//! Programs of Unix: which service of Sigma's log sources a program is, and
//! what is known of the messages of some of them.

use super::head::word;
use super::line::Message;
use super::pairs::Pairs;
use crate::formats::text::Sink;

/// The service that a program is part of, in the words of Sigma's log sources.
/// `syslog` is what is none of the others.
pub(super) fn service(program: &str, priority: Option<u8>) -> &'static str {
    let name = program.rsplit('/').next().unwrap_or(program);
    let name = name.strip_suffix(".service").unwrap_or(name);
    let name = name.split('(').next().unwrap_or(name);
    match name {
        "sshd" | "ssh" | "sshd-session" | "sshd-auth" | "sshd@" | "dropbear" => "sshd",
        "sudo" | "sudoedit" | "sudo-rs" => "sudo",
        "CRON" | "cron" | "crond" | "CROND" | "crontab" | "anacron" | "atd" | "fcron"
        | "cronie" | "run-parts" | "/USR/SBIN/CRON" => "cron",
        "vsftpd" => "vsftpd",
        "guacd" | "guacamole" | "guacamole-client" => "guacamole",
        "kernel" | "vmunix" | "genunix" | "unix" => "kernel",
        "su"
        | "su-l"
        | "login"
        | "pkexec"
        | "polkitd"
        | "polkit-agent-helper-1"
        | "systemd-logind"
        | "elogind"
        | "useradd"
        | "userdel"
        | "usermod"
        | "groupadd"
        | "groupdel"
        | "groupmod"
        | "adduser"
        | "deluser"
        | "passwd"
        | "chpasswd"
        | "chfn"
        | "chsh"
        | "chage"
        | "gpasswd"
        | "newusers"
        | "lightdm"
        | "sddm"
        | "gdm"
        | "gdm-password"
        | "gdm-password]"
        | "xrdp-sesman"
        | "doas"
        | "PAM"
        | "sssd"
        | "sssd_be"
        | "krb5kdc"
        | "remote"
        | "rlogind"
        | "telnetd"
        | "in.telnetd"
        | "unix_chkpwd"
        | "systemd-user"
        | "systemd-homed"
        | "runuser"
        | "newgrp" => "auth",
        _ if name.starts_with("clam") || name == "freshclam" => "clamav",
        _ if name.starts_with("pam_") || name.starts_with("gdm-") => "auth",
        // Facilities auth and authpriv.
        _ if priority.is_some_and(|p| matches!(p / 8, 4 | 10)) => "auth",
        _ => "syslog",
    }
}

/// Says the message of a program.
pub(super) fn say(message: &Message<'_>, sink: &mut dyn Sink) {
    let head = &message.head;
    let program = head.program.unwrap_or_default();
    let (body, own) = own_log(message);
    let service = own.unwrap_or_else(|| service(program, head.priority));
    message.open_with_priority("linux", service, sink);
    message.say_data(sink);
    let body = match repeated(body) {
        Some((times, inside)) => {
            sink.value("repeated", times);
            inside
        }
        None => body,
    };
    // Solaris: [ID 800047 auth.info]
    let body = match body.strip_prefix("[ID ").and_then(|b| b.split_once("] ")) {
        Some((_, rest)) => rest,
        None => body,
    };
    if body.starts_with("pam_") || body.starts_with("(pam_") {
        return pam(body, sink);
    }
    // Older versions of PAM wrote their name beside the program's.
    if let Some((_, module)) = program.strip_suffix(')').and_then(|p| p.split_once("(pam_")) {
        sink.text("pam_module", &format!("pam_{module}"));
        return pam_message(body, sink);
    }
    match service {
        "sshd" => sshd(body, sink),
        "sudo" => sudo(body, sink),
        "cron" => cron(body, sink),
        "auth" => auth(program, body, sink),
        "clamav" => clamav(body, sink),
        "vsftpd" => vsftpd(body, sink),
        _ => {}
    }
}

/// Logs that some programs write themselves, each line with its time: the
/// message and the service.
fn own_log<'a>(message: &Message<'a>) -> (&'a str, Option<&'static str>) {
    let body = message.head.body;
    if message.head.program.is_some() {
        return (body, None);
    }
    if let Some(rest) = body.strip_prefix("-> ") {
        return (rest, Some("clamav"));
    }
    if body.starts_with("[pid ") && body.contains("Client \"") {
        return (body, Some("vsftpd"));
    }
    (body, None)
}

/// `message repeated 3 times: [ …]`: how often, and what.
fn repeated(body: &str) -> Option<(&str, &str)> {
    let bare = body.trim_start_matches("--- ").trim_start_matches("last ");
    let (times, rest) = bare.strip_prefix("message repeated ")?.split_once(" time")?;
    let inside = rest.split_once(": [").map_or("", |r| r.1);
    Some((times, inside.trim().strip_suffix(']').unwrap_or(inside)))
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// `Failed password for invalid user bob from 1.2.3.4 port 5 ssh2`.
fn sshd(body: &str, sink: &mut dyn Sink) {
    let (first, rest) = word(body);
    if matches!(first, "Accepted" | "Failed" | "Postponed" | "Partial") {
        sink.text("action", first);
        sink.text("method", word(rest.trim_start()).0);
    }
    // A name is what a stranger typed: the last words are not his.
    let from_address =
        |(_, from): &(&str, &str)| is_address(word(from).0.trim_end_matches([',', ':', ';']));
    let (before, from) = body.rsplit_once(" from ").filter(from_address).unwrap_or((body, ""));
    let (address, after) = word(from);
    let address = address.trim_end_matches([',', ':', ';']);
    let mut port = after.trim_start().strip_prefix("port ").map(|p| word(p).0);
    if is_address(address) {
        sink.text("src_ip", address);
    } else if let Some((head, tail)) = body.rsplit_once(" port ") {
        let address = head.rsplit(' ').next().unwrap_or_default();
        if is_address(address) {
            sink.text("src_ip", address);
            port = Some(word(tail).0);
        }
    }
    if let Some(port) = port {
        let digits = port.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            sink.value("src_port", port.get(..digits).unwrap_or_default());
        }
    }
    // No user is in what is said of a name of a host.
    if body.starts_with("reverse mapping ") || body.starts_with("Address ") {
        let last = body.rsplit_once('[').and_then(|(_, address)| address.split_once(']'));
        if let Some((address, _)) = last.filter(|(address, _)| is_address(address)) {
            sink.text("src_ip", address);
        }
        return;
    }
    let user = [
        "invalid user ",
        "illegal user ",
        "authenticating user ",
        " for user ",
        " for ",
        "User ",
        " user ",
        "user ",
    ]
    .iter()
    .find_map(|mark| before.split_once(mark).map(|(_, user)| user))
    .or_else(|| body.strip_prefix("Invalid user ").map(|u| u.split(" from ").next().unwrap_or(u)));
    if let Some(user) = user {
        let user = user.split(" port ").next().unwrap_or(user);
        let user = if from.is_empty() { word(user).0 } else { user };
        if !user.trim().is_empty() {
            sink.text("user", user.trim());
        }
    }
}

/// `alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id`.
fn sudo(body: &str, sink: &mut dyn Sink) {
    let Some((user, rest)) = body.split_once(" : ") else { return };
    sink.text("user", user.trim());
    let mut rest = rest;
    let mut said = false;
    while !rest.is_empty() {
        // The command comes last, and may hold what parts the others.
        if let Some(command) = rest.strip_prefix("COMMAND=") {
            sink.text("COMMAND", command);
            return;
        }
        let (item, after) = rest.split_once(" ; ").unwrap_or((rest, ""));
        match item.split_once('=') {
            Some((name, value))
                if !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase()) =>
            {
                sink.text(name, value.trim());
            }
            _ if !said => {
                said = true;
                sink.text("reason", item.trim());
            }
            _ => {}
        }
        rest = after.trim_start();
    }
}

/// `(root) CMD (run-parts /etc/cron.hourly)`, `(root) REPLACE (root)`.
fn cron(body: &str, sink: &mut dyn Sink) {
    let Some((user, rest)) = body.strip_prefix('(').and_then(|b| b.split_once(") ")) else {
        return;
    };
    sink.text("user", user);
    let (action, rest) = rest.split_once(" (").unwrap_or((rest, ""));
    sink.text("action", action.trim());
    let inside = rest.trim_end().strip_suffix(')').unwrap_or(rest);
    if !inside.is_empty() {
        sink.text(if action.trim() == "CMD" { "command" } else { "detail" }, inside);
    }
}

/// `su`, `useradd` and their like.
fn auth(program: &str, body: &str, sink: &mut dyn Sink) {
    if program.rsplit('/').next() == Some("su") {
        return su(body, sink);
    }
    if let Some(session) = body.strip_prefix("New session ") {
        if let Some((id, user)) = session.split_once(" of user ") {
            sink.text("session", id);
            sink.text("user", user.trim_end_matches('.'));
        }
        return;
    }
    // pkexec: bob: Executing command [USER=root] [TTY=/dev/pts/0] [COMMAND=…]
    if body.contains("[USER=") {
        if let Some((user, reason)) = body.split_once(": ") {
            sink.text("user", user);
            sink.text("reason", reason.split(" [USER=").next().unwrap_or(reason));
        }
        for part in body.split('[').skip(1) {
            if let Some((name, value)) = part.split_once('=')
                && name.bytes().all(|b| b.is_ascii_uppercase())
            {
                sink.text(name, value.trim_end().trim_end_matches(']'));
            }
        }
        return;
    }
    // useradd: new user: name=bob, UID=0, GID=0, home=/root, shell=/bin/sh
    if let Some((action, list)) = body.split_once(": ")
        && list.contains('=')
    {
        sink.text("action", action);
        Pairs::read_to(list, b'=', Some(b',')).say(sink);
        return;
    }
    // passwd: password changed for bob
    if let Some((_, user)) = body.rsplit_once("changed for ") {
        sink.text("user", user.trim());
    }
}

/// `Successful su for root by bob`, `(to root) bob on pts/0`.
fn su(body: &str, sink: &mut dyn Sink) {
    let (target, by) = match body.split_once("(to ").and_then(|(_, rest)| rest.split_once(") ")) {
        Some((target, rest)) => (target, word(rest).0),
        None => match body.split_once(" su for ").and_then(|(_, rest)| rest.split_once(" by ")) {
            Some(found) => found,
            None => return,
        },
    };
    sink.text("USER", target);
    sink.text("user", by.trim());
    let failed = body.starts_with("FAILED") || body.starts_with('-');
    sink.text("action", if failed { "Failed" } else { "Accepted" });
}

/// `pam_unix(sshd:auth): authentication failure; logname= uid=0 … rhost=1.2.3.4
/// user=root`, `…: session opened for user root(uid=0) by (uid=0)`.
fn pam(body: &str, sink: &mut dyn Sink) {
    let Some((module, rest)) = body.split_once(": ") else { return };
    let bare = module.strip_prefix('(').and_then(|m| m.strip_suffix(')'));
    sink.text("pam_module", bare.unwrap_or(module));
    pam_message(rest, sink);
}

fn pam_message(rest: &str, sink: &mut dyn Sink) {
    if let Some((reason, list)) = rest.split_once("; ") {
        sink.text("action", reason);
        let pairs = Pairs::read(list, b'=');
        pairs.say(sink);
        if let Some(host) = pairs.get("rhost").filter(|host| is_address(host)) {
            sink.text("src_ip", host);
        }
        return;
    }
    if let Some((action, rest)) = rest.split_once(" for user ") {
        sink.text("action", action);
        let user = word(rest).0;
        sink.text("user", user.split('(').next().unwrap_or(user));
    }
}

/// `/tmp/x: Win.Trojan.Y-1 FOUND`.
fn clamav(body: &str, sink: &mut dyn Sink) {
    let Some((path, found)) = body.rsplit_once(": ") else { return };
    if let Some(signature) = found.trim_end().strip_suffix(" FOUND") {
        sink.text("path", path);
        sink.text("signature", signature.split('(').next().unwrap_or(signature));
    }
}

/// `[pid 2] [bob] OK LOGIN: Client "1.2.3.4"`.
fn vsftpd(body: &str, sink: &mut dyn Sink) {
    let Some((before, client)) = body.split_once(": Client \"") else { return };
    let client = client.split('"').next().unwrap_or_default();
    let client = client.strip_prefix("::ffff:").unwrap_or(client);
    sink.text("src_ip", client);
    let mut rest = before;
    if let Some((pid, after)) = rest.strip_prefix("[pid ").and_then(|r| r.split_once(']')) {
        sink.value("pid", pid);
        rest = after.trim_start();
    }
    if let Some((user, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        sink.text("user", user);
        rest = after.trim_start();
    }
    sink.text("action", rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    /// The fields of a line, without those of every line.
    fn fields(line: &str) -> String {
        let (message, _) = Message::read(line);
        let mut record = JsonRecord::default();
        say(&message, &mut record);
        let mut json = Vec::new();
        record.write(&mut json);
        let mut object: serde_json::Map<_, _> = serde_json::from_slice(&json).unwrap();
        for name in ["message", "host", "program", "pid"] {
            object.remove(name);
        }
        let pairs = object.iter().map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}={text}"),
            None => format!("{name}={value}"),
        });
        let mut pairs: Vec<String> = pairs.collect();
        pairs.sort();
        pairs.join("|")
    }

    #[test]
    fn what_programs_say() {
        for (program, body, expected) in [
            (
                "sshd[1]",
                "Invalid user a b from 1.2.3.4 port 5",
                "src_ip=1.2.3.4|src_port=5|user=a b",
            ),
            (
                "sshd[1]",
                "Invalid user x from 9.9.9.9 from 1.2.3.4",
                "src_ip=1.2.3.4|user=x from 9.9.9.9",
            ),
            (
                "sshd[1]",
                "Disconnected from user bob 1.2.3.4 port 5",
                "src_ip=1.2.3.4|src_port=5|user=bob",
            ),
            (
                "sshd[1]",
                "Received disconnect from 1.2.3.4 port 5:11: bye",
                "src_ip=1.2.3.4|src_port=5",
            ),
            (
                "sshd[1]",
                "Connection closed by authenticating user bob 1.2.3.4 port 5 [preauth]",
                "src_ip=1.2.3.4|src_port=5|user=bob",
            ),
            (
                "sshd[1]",
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 rhost=1.2.3.4  user=bob",
                "action=authentication failure|logname=|pam_module=pam_unix(sshd:auth)|rhost=1.2.3.4|src_ip=1.2.3.4|uid=0|user=bob",
            ),
            (
                "sudo",
                "bob : 3 incorrect password attempts ; TTY=a ; PWD=/ ; USER=root ; COMMAND=/bin/sh -c x ; y=1",
                "COMMAND=/bin/sh -c x ; y=1|PWD=/|TTY=a|USER=root|reason=3 incorrect password attempts|user=bob",
            ),
            (
                "CRON[1]",
                "(root) CMD (test -x /a && (b))",
                "action=CMD|command=test -x /a && (b)|user=root",
            ),
            ("su", "FAILED SU (to root) bob on pts/1", "USER=root|action=Failed|user=bob"),
            ("su[1]", "Successful su for root by bob", "USER=root|action=Accepted|user=bob"),
            ("systemd-logind[1]", "New session 3 of user bob.", "session=3|user=bob"),
            (
                "vsftpd[1]",
                "[bob] FAIL LOGIN: Client \"::ffff:1.2.3.4\"",
                "action=FAIL LOGIN|src_ip=1.2.3.4|user=bob",
            ),
            ("cron", "", ""),
            ("sudo", "x", ""),
        ] {
            let line = format!("Jan  2 03:04:05 h {program}: {body}");
            assert_eq!(fields(&line), expected, "{body}");
        }
    }

    #[test]
    fn what_older_programs_say() {
        for (program, body, expected) in [
            (
                "sshd(pam_unix)[1]",
                "authentication failure; logname= uid=0 rhost=1.2.3.4  user=bob",
                "action=authentication failure|logname=|pam_module=pam_unix|rhost=1.2.3.4|src_ip=1.2.3.4|uid=0|user=bob",
            ),
            (
                "su(pam_unix)[1]",
                "session opened for user bob by (uid=0)",
                "action=session opened|pam_module=pam_unix|user=bob",
            ),
            (
                "sshd[1]",
                "reverse mapping checking getaddrinfo for h.example [1.2.3.4] failed - POSSIBLE BREAK-IN ATTEMPT!",
                "src_ip=1.2.3.4",
            ),
        ] {
            let line = format!("Jan  2 03:04:05 h {program}: {body}");
            assert_eq!(fields(&line), expected, "{body}");
        }
    }

    #[test]
    fn services() {
        for (program, priority, expected) in [
            ("/usr/sbin/cron", None, "cron"),
            ("sshd(pam_unix)", None, "sshd"),
            ("ssh.service", None, "sshd"),
            ("clamav-milter", None, "clamav"),
            ("odd", Some(86), "auth"),
            ("odd", Some(30), "syslog"),
            ("", None, "syslog"),
        ] {
            assert_eq!(service(program, priority), expected, "{program}");
        }
    }
}
