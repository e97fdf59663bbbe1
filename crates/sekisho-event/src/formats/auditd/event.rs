//! What the lines of one event say together.

use std::borrow::Cow;

use memchr::memmem;

use super::decode::{self, Address};
use super::line::{Fields, Form, Head, Raw};
use super::names;
use crate::dictionary::Kind;
use crate::formats::text::Sink;

/// Record type of a program that is run; as event id it tells such events.
const EXEC: u32 = 1309;

/// Record type of a path; as event id it tells events that made a file.
const CREATED: u32 = 1302;

/// Record type of an address; as event id it tells events of a connection.
const CONNECTED: u32 = 1306;

/// A line of an event.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub(super) head: Head<'a>,
    /// What follows its head.
    pub(super) fields: Cow<'a, str>,
}

impl Line<'_> {
    fn kind(&self) -> &str {
        names::kind(std::str::from_utf8(self.head.kind).unwrap_or("?"))
    }
}

/// What an event is, by all its lines.
#[derive(Clone, Copy, Debug, Default)]
struct Nature {
    execve: bool,
    failed: bool,
    created: bool,
    connected: bool,
}

impl Nature {
    fn of(lines: &[Line<'_>]) -> Self {
        let mut nature = Self::default();
        let (mut call, mut address) = (false, false);
        for line in lines {
            match line.kind() {
                "EXECVE" => nature.execve = true,
                "SYSCALL" => {
                    nature.failed |= has(&line.fields, " success=no");
                    call |= is_connect(&line.fields);
                }
                "PATH" => {
                    let text = &line.fields;
                    // The kernels of RHEL 7 call it otherwise.
                    let made = has(text, " nametype=CREATE") || has(text, " objtype=CREATE");
                    nature.created |= made && !has(text, " mode=04") && !has(text, " mode=dir");
                }
                "SOCKADDR" => address = true,
                _ => {}
            }
        }
        nature.connected = call && address;
        nature
    }

    /// The event id; none where the event is nothing that a category of Sigma
    /// is about.
    fn event_id(self) -> Option<u32> {
        match self {
            Self { execve: true, failed: false, .. } => Some(EXEC),
            Self { created: true, failed: false, .. } => Some(CREATED),
            // Those that do not block fail first, and connect later.
            Self { connected: true, .. } => Some(CONNECTED),
            _ => None,
        }
    }
}

fn has(text: &str, part: &str) -> bool {
    memmem::find(text.as_bytes(), part.as_bytes()).is_some()
}

fn is_connect(fields: &str) -> bool {
    let of = |name: &str| {
        let at = memmem::find(fields.as_bytes(), name.as_bytes())? + name.len();
        fields.get(at..)?.split(' ').next()
    };
    match of(" syscall=") {
        Some("connect") => true,
        Some(number) => {
            of(" arch=").and_then(|arch| names::syscall(arch, number)) == Some("connect")
        }
        None => false,
    }
}

/// What is put together from fields of several lines.
#[derive(Debug, Default)]
struct Joined {
    command_line: String,
    has_command: bool,
    /// An argument that comes in pieces, and its number.
    piece: Option<(String, Vec<u8>)>,
    cwd: String,
    created: Vec<String>,
    address: Option<Address>,
    uid: String,
    user: String,
}

/// What a line has said so far.
#[derive(Debug, Default)]
struct Within<'a> {
    arch: &'a str,
    syscall: &'a str,
    named: bool,
    /// Values of `name` and `nametype`, and whether it is a folder.
    name: String,
    created: bool,
    folder: bool,
    words: String,
}

/// Says an event.
pub(super) fn say(lines: &[Line<'_>], sink: &mut dyn Sink) {
    let Some(first) = lines.first() else { return };
    let nature = Nature::of(lines);
    sink.shape("linux", "auditd", nature.event_id());
    for (n, line) in lines.iter().enumerate() {
        let kind = line.kind();
        if !lines.iter().take(n).rev().take(64).any(|other| other.kind() == kind) {
            sink.text("type", kind);
        }
    }
    if !first.head.node.is_empty() {
        let node = String::from_utf8_lossy(first.head.node);
        sink.text("node", &node);
        sink.host(&node);
    }
    sink.text("audit_id", &String::from_utf8_lossy(first.head.id));
    if let Some(time) = first.head.time() {
        sink.time(time);
    }
    if let Some(serial) = first.head.serial() {
        sink.record_id(serial);
    }
    let mut joined = Joined::default();
    for line in lines {
        Speaker { line, nature, joined: &mut joined, within: Within::default(), sink }.line();
    }
    end(nature, joined, sink);
}

/// After the last line: what they say together.
fn end(nature: Nature, mut joined: Joined, sink: &mut dyn Sink) {
    flush(&mut joined, sink);
    let Some(id) = nature.event_id() else { return };
    if id == EXEC && joined.has_command {
        sink.text("CommandLine", &joined.command_line);
    }
    if id == CREATED {
        for name in &joined.created {
            let relative = !name.starts_with('/') && !joined.cwd.is_empty();
            let base = if relative { joined.cwd.trim_end_matches('/') } else { "" };
            let name = if relative { name.trim_start_matches("./") } else { name };
            let slash = if relative { "/" } else { "" };
            sink.text("TargetFilename", &format!("{base}{slash}{name}"));
        }
    }
    if id == CONNECTED
        && let Some(address) = &joined.address
    {
        sink.text("DestinationIp", &address.ip);
        sink.value("DestinationPort", &address.port);
        sink.text("Initiated", "true");
    }
    let user = match (joined.user.as_str(), joined.uid.as_str()) {
        ("", "0") => "root",
        ("", uid) => uid,
        (user, _) => user,
    };
    if !user.is_empty() {
        sink.text("User", user);
    }
}

/// The end of an argument that came in pieces.
fn flush(joined: &mut Joined, sink: &mut dyn Sink) {
    if let Some((name, bytes)) = joined.piece.take() {
        let text = String::from_utf8_lossy(&bytes);
        sink.text(&name, &text);
        argument(joined, &text);
    }
}

fn argument(joined: &mut Joined, text: &str) {
    if std::mem::replace(&mut joined.has_command, true) {
        joined.command_line.push(' ');
    }
    joined.command_line.push_str(text);
}

struct Speaker<'a, 's> {
    line: &'a Line<'a>,
    nature: Nature,
    joined: &'s mut Joined,
    within: Within<'a>,
    sink: &'s mut dyn Sink,
}

impl<'a> Speaker<'a, '_> {
    fn line(mut self) {
        let line = self.line;
        let kind = line.kind();
        let fields = Fields::new(&line.fields, line.head.interpreted, kind == "EXECVE");
        for raw in fields {
            match raw.form {
                Form::Nested => {
                    self.sink.text("msg", raw.value);
                    for inner in Fields::new(raw.value, line.head.interpreted, false) {
                        self.field(kind, inner);
                    }
                }
                _ => self.field(kind, raw),
            }
        }
        self.finish(kind);
    }

    /// At the end of a line.
    fn finish(mut self, kind: &str) {
        if kind == "SYSCALL" && !self.within.named {
            let call = self.within.syscall;
            let name = names::syscall(self.within.arch, call);
            let spelled = call.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(call);
            if let Some(name) = name.or(spelled) {
                self.sink.text("SYSCALL", name);
            }
        }
        if self.within.created && !self.within.folder {
            self.joined.created.push(std::mem::take(&mut self.within.name));
        }
        if !self.within.words.is_empty() {
            self.sink.text("text", self.within.words.trim_end());
        }
    }

    fn field(&mut self, kind: &str, raw: Raw<'a>) {
        match raw.form {
            Form::Word => self.word(raw.value),
            Form::Braced => {
                self.sink.text(raw.name, raw.value);
                if let Some(address) = decode::named_address(raw.value) {
                    self.joined.address = Some(address);
                }
            }
            _ if kind == "EXECVE" && names::is_argument(raw.name) => self.argument(raw),
            _ => self.value(kind, raw),
        }
    }

    /// A word that is no field; those of access decisions have names.
    fn word(&mut self, word: &str) {
        let words = &mut self.within.words;
        if words.starts_with("avc:") {
            let name = match word {
                "denied" | "granted" => "seresult",
                "{" | "}" | "for" => "",
                _ => "seperms",
            };
            if !name.is_empty() {
                self.sink.text(name, word);
            }
        }
        words.push_str(word);
        words.push(' ');
    }

    /// An argument of the program that was run.
    fn argument(&mut self, raw: Raw<'a>) {
        if raw.name.ends_with("_len") {
            self.sink.value(raw.name, raw.value);
            return;
        }
        let whole = raw.name.split('[').next().unwrap_or(raw.name);
        if self.joined.piece.as_ref().is_some_and(|(name, _)| name != whole) {
            flush(self.joined, self.sink);
        }
        let mut bytes = Vec::new();
        let coded = raw.form == Form::Bare && !self.line.head.interpreted;
        if raw.name.len() > whole.len() {
            if !coded || !decode::hex(raw.value, &mut bytes) {
                bytes.extend_from_slice(raw.value.as_bytes());
            }
            let piece = self.joined.piece.get_or_insert_with(|| (whole.to_owned(), Vec::new()));
            piece.1.append(&mut bytes);
            return;
        }
        flush(self.joined, self.sink);
        let decoded = coded && decode::hex(raw.value, &mut bytes) && decode::needs_hex(&bytes);
        let text = if decoded { String::from_utf8_lossy(&bytes) } else { raw.value.into() };
        self.sink.text(raw.name, &text);
        argument(self.joined, &text);
    }

    fn value(&mut self, kind: &str, raw: Raw<'a>) {
        // A call's arguments are numbers and addresses; next to those of the
        // program they are kept apart.
        let name = match (kind, raw.name) {
            ("SYSCALL", "a0") if self.nature.execve => "syscall_a0",
            ("SYSCALL", "a1") if self.nature.execve => "syscall_a1",
            ("SYSCALL", "a2") if self.nature.execve => "syscall_a2",
            ("SYSCALL", "a3") if self.nature.execve => "syscall_a3",
            (_, name) => name,
        };
        match (kind, name) {
            ("SYSCALL", "arch") => self.within.arch = raw.value,
            ("SYSCALL", "syscall") => self.within.syscall = raw.value,
            ("PATH", "objtype") => self.sink.text("nametype", raw.value),
            _ => {}
        }
        if raw.form == Form::Bare && raw.value == "(null)" {
            self.sink.field(name, Kind::Null, "");
            return;
        }
        let coded = raw.form == Form::Bare && !self.line.head.interpreted;
        if !(coded && decode::is_untrusted(name) && self.hex(name, raw.value)) {
            match raw.form {
                Form::Quoted => self.sink.text(name, raw.value),
                _ => self.sink.value(name, raw.value),
            }
            self.remember(kind, name, raw.value);
        }
    }

    /// Says text in hex digits, if it is that.
    fn hex(&mut self, name: &'a str, value: &str) -> bool {
        let mut bytes = Vec::new();
        if !decode::hex(value, &mut bytes) || !(name == "data" || decode::needs_hex(&bytes)) {
            return false;
        }
        if name == "proctitle" {
            bytes.iter_mut().filter(|b| **b == 0).for_each(|b| *b = b' ');
        }
        let text = String::from_utf8_lossy(&bytes);
        match name {
            // One after another where several rules of the audit system fit.
            "key" => text.split('\u{1}').for_each(|key| self.sink.text(name, key)),
            "proctitle" => self.sink.text(name, text.trim_end()),
            _ => self.sink.text(name, &text),
        }
        self.remember("", name, &text);
        true
    }

    /// Keeps what is needed at the end of the line or of the event.
    fn remember(&mut self, kind: &str, name: &str, value: &str) {
        match (kind, name) {
            ("SYSCALL", "SYSCALL") => self.within.named = true,
            ("SYSCALL", "UID") => value.clone_into(&mut self.joined.user),
            ("SYSCALL", "uid") => value.clone_into(&mut self.joined.uid),
            ("PATH", "nametype" | "objtype") => self.within.created = value == "CREATE",
            ("PATH", "mode") => {
                self.within.folder = value.starts_with("04") || value.starts_with("dir");
            }
            ("SOCKADDR", "saddr") => self.joined.address = decode::address(value),
            (_, "name") => value.clone_into(&mut self.within.name),
            (_, "cwd") => value.clone_into(&mut self.joined.cwd),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::text::JsonRecord;

    fn json(text: &str) -> String {
        let lines: Vec<Line<'_>> = text
            .lines()
            .map(|line| {
                let head = Head::of(line.as_bytes()).unwrap();
                Line { head, fields: line.get(head.fields..).unwrap().into() }
            })
            .collect();
        let mut record = JsonRecord::default();
        say(&lines, &mut record);
        let mut out = Vec::new();
        record.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn value(text: &str) -> serde_json::Value {
        serde_json::from_str(&json(text)).unwrap()
    }

    #[test]
    fn a_program_that_is_run() {
        let event = value(
            "node=web1 type=SYSCALL msg=audit(1700000000.123:7): arch=c000003e syscall=59 success=yes exit=0 a0=55d0dd a1=7ffc a2=0 a3=8 items=2 ppid=10 pid=11 auid=1000 uid=0 comm=\"cat\" exe=\"/usr/bin/cat\" key=6B31016B32\n\
             node=web1 type=EXECVE msg=audit(1700000000.123:7): argc=4 a0=\"cat\" a1=2F746D702F6120622E747874 a2_len=8 a2[0]=61626364 a2[1]=65666768 a3=\"1234\"\n\
             node=web1 type=CWD msg=audit(1700000000.123:7): cwd=\"/root\"\n\
             node=web1 type=PATH msg=audit(1700000000.123:7): item=0 name=\"/usr/bin/cat\" inode=1 mode=0100755 nametype=NORMAL\n\
             node=web1 type=PATH msg=audit(1700000000.123:7): item=1 name=(null) nametype=NORMAL\n\
             node=web1 type=PROCTITLE msg=audit(1700000000.123:7): proctitle=636174002F746D702F6120622E747874",
        );
        assert_eq!(
            event["type"],
            serde_json::json!(["SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE"])
        );
        assert_eq!(event["a0"], "cat");
        assert_eq!(event["a1"], "/tmp/a b.txt");
        assert_eq!(event["a2"], "abcdefgh");
        assert_eq!(event["syscall_a0"], "55d0dd");
        assert_eq!(event["CommandLine"], "cat /tmp/a b.txt abcdefgh 1234");
        assert_eq!(event["SYSCALL"], "execve");
        assert_eq!(event["User"], "root");
        assert_eq!(event["key"], serde_json::json!(["k1", "k2"]));
        assert_eq!(event["name"], serde_json::json!(["/usr/bin/cat", null]));
        assert_eq!(event["proctitle"], "cat /tmp/a b.txt");
        assert_eq!(event["node"], "web1");
    }

    #[test]
    fn a_file_that_is_made() {
        let event = value(
            "type=SYSCALL msg=audit(1.5:7): arch=c000003e syscall=257 success=yes a0=4 exe=\"/bin/touch\"\u{1d}ARCH=x86_64 SYSCALL=openat UID=\"bob\"\n\
             type=CWD msg=audit(1.5:7): cwd=\"/etc\"\n\
             type=PATH msg=audit(1.5:7): item=0 name=\"./\" mode=040755 nametype=PARENT\n\
             type=PATH msg=audit(1.5:7): item=1 name=\"./cron.d/x\" mode=0100644 objtype=CREATE",
        );
        assert_eq!(event["nametype"], serde_json::json!(["PARENT", "CREATE"]));
        assert_eq!(event["TargetFilename"], "/etc/cron.d/x");
        assert_eq!(event["User"], "bob");
        assert_eq!(event["SYSCALL"], "openat");
        assert_eq!(event["a0"], 4);
    }

    #[test]
    fn a_connection() {
        let event = value(
            "type=SYSCALL msg=audit(1.5:7): arch=c000003e syscall=42 success=no exit=-115 exe=\"/bin/nc\" uid=33\n\
             type=SOCKADDR msg=audit(1.5:7): saddr=02000035646464640000000000000000",
        );
        assert_eq!(event["DestinationIp"], "100.100.100.100");
        assert_eq!(event["DestinationPort"], 53);
        assert_eq!(event["User"], "33");
    }

    #[test]
    fn messages_of_programs() {
        let event = value(
            "type=USER_CMD msg=audit(1.5:7): pid=5 uid=1000 msg='cwd=\"/home/a\" cmd=6C73202D6C exe=\"/usr/bin/sudo\" terminal=pts/0 res=success'\u{1d}UID=\"a\"",
        );
        assert_eq!(event["cmd"], "ls -l");
        assert_eq!(event["res"], "success");
        assert_eq!(event["UID"], "a");
        let event = value(
            "type=AVC msg=audit(1.5:7): avc:  denied  { read write } for  pid=1 comm=\"x\" permissive=0",
        );
        assert_eq!(event["seresult"], "denied");
        assert_eq!(event["seperms"], serde_json::json!(["read", "write"]));
        assert_eq!(event["text"], "avc: denied { read write } for");
        let event = value("type=TTY msg=audit(1.5:7): tty pid=1 comm=\"bash\" data=6C730D");
        assert_eq!(event["data"], "ls\r");
    }

    #[test]
    fn what_ausearch_interprets() {
        let event = value(
            "type=PROCTITLE msg=audit(03/28/2013 14:36:03.243:24287) : proctitle=sh -c a=1 b\n\
             type=EXECVE msg=audit(03/28/2013 14:36:03.243:24287) : argc=3 a0=sh a1=-c a2=a=1 b\n\
             type=SYSCALL msg=audit(03/28/2013 14:36:03.243:24287) : arch=x86_64 syscall=execve success=yes exit=0 a0=0x5 ppid=1 pid=2 uid=root exe=/usr/bin/sh key=x",
        );
        assert_eq!(event["SYSCALL"], "execve");
        assert_eq!(event["CommandLine"], "sh -c a=1 b");
        assert_eq!(event["User"], "root");
        assert_eq!(event["syscall_a0"], "0x5");
    }
}
