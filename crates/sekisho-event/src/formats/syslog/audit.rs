//! Records of Linux's audit that came to syslog, each a line: what the kernel
//! says itself, and what `audispd` passes on.

use memchr::memmem;

use super::line::Message;
use super::pairs::Pairs;
use crate::dictionary::Kind;
use crate::formats::text::Sink;
use crate::time::{self, Stamp};

/// Whether a message is one.
pub(super) fn is(program: &str, body: &str) -> bool {
    let by = matches!(
        program,
        "audit" | "auditd" | "audispd" | "audisp-syslog" | "kernel" | "tag_audit_log" | ""
    );
    let start = body.as_bytes().get(..256).unwrap_or(body.as_bytes());
    by && memmem::find(start, b"audit(").is_some() && memmem::find(start, b"type=").is_some()
}

/// Says a record. Its text may stand in hex where it could hold a space.
pub(super) fn say(message: &Message<'_>, sink: &mut dyn Sink) {
    message.open("linux", "auditd", sink);
    let body = message.head.body;
    let pairs = Pairs::read(body, b'=');
    for (name, value) in &pairs.0 {
        match (*name, kernel_type(value)) {
            ("type", Some(known)) => sink.text("type", known),
            ("msg", _) if value.starts_with("audit(") => {}
            _ => match text_of_hex(name, value) {
                Some(text) => sink.text(name, &text),
                None => sink.value(name, value.trim_matches('\'')),
            },
        }
    }
    let Some((_, rest)) = body.split_once("audit(") else { return };
    let stamp = rest.split(')').next().unwrap_or_default();
    let (seconds, serial) = stamp.split_once(':').unwrap_or((stamp, ""));
    if let Ok(serial) = serial.parse() {
        sink.field("serial", Kind::Number, stamp.get(seconds.len() + 1..).unwrap_or_default());
        sink.record_id(serial);
    }
    if let Some(time) = time::epoch(seconds) {
        sink.time(Stamp::Utc(time));
    }
    if let Some(node) = pairs.get("node") {
        sink.host(node);
    }
}

/// The names of the kinds that the kernel writes as numbers.
fn kernel_type(number: &str) -> Option<&'static str> {
    Some(match number {
        "1100" => "USER_AUTH",
        "1105" => "USER_START",
        "1107" => "USER_AVC",
        "1123" => "USER_CMD",
        "1130" => "SERVICE_START",
        "1131" => "SERVICE_STOP",
        "1300" => "SYSCALL",
        "1302" => "PATH",
        "1305" => "CONFIG_CHANGE",
        "1306" => "SOCKADDR",
        "1307" => "CWD",
        "1309" => "EXECVE",
        "1325" => "NETFILTER_CFG",
        "1326" => "SECCOMP",
        "1327" => "PROCTITLE",
        "1400" => "AVC",
        "1701" => "ANOM_ABEND",
        _ => return None,
    })
}

fn text_of_hex(name: &str, value: &str) -> Option<String> {
    let argument = name.strip_prefix('a').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let known =
        matches!(name, "proctitle" | "exe" | "comm" | "cwd" | "name" | "cmd" | "acct" | "data");
    let hex = value.len() >= 4
        && value.len().is_multiple_of(2)
        && value.bytes().all(|b| b.is_ascii_hexdigit());
    // The arguments of a system call are numbers in hex, not text.
    if !(known || argument) || !hex || value.bytes().all(|b| b.is_ascii_digit()) && argument {
        return None;
    }
    let bytes = value.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok().map(|b| if b == 0 { b' ' } else { b })
    });
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    let text = String::from_utf8(bytes).ok()?;
    text.bytes().all(|b| b >= b' ').then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_hex() {
        for (name, value, text) in [
            ("proctitle", "6361740061", Some("cat a")),
            ("proctitle", "636174006120", None),
            ("a1", "2F746D70", Some("/tmp")),
            ("a1", "7ffd1234", None),
            ("a1", "cafe", None),
            ("uid", "6361", None),
            ("exe", "/bin/cat", None),
        ] {
            let found = text_of_hex(name, value);
            if name == "proctitle" && value.ends_with("20") {
                assert_eq!(found.as_deref(), Some("cat a "));
                continue;
            }
            assert_eq!(found.as_deref(), text, "{name}={value}");
        }
    }
}
