//! Linux: the audit system's records, and what programs say to syslog.

use sekisho_event::Shape;

use super::{Class, Extractor, Out, Row, commanded};
use crate::activity::{
    Actor, Ended, Exec, ExecStep, LogonKind, Loss, LossKind, Object, Peer, ProcessRef, Session,
    SessionStep, Ticket, TicketKind, TicketStep, Touch, TouchKind, Transfer, Via, What,
};
use crate::limits::{COMMAND_LINE_BYTES_MAX, OBJECTS_PER_RECORD_MAX};
use crate::names::{self, Name};

/// Arguments of a program that are read.
const ARGUMENTS: &[&str] = &[
    "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14",
    "a15", "a16", "a17", "a18", "a19", "a20", "a21", "a22", "a23", "a24", "a25", "a26", "a27",
    "a28", "a29", "a30", "a31",
];

/// All fields that are read, beside [`ARGUMENTS`].
const FIELDS: &[&str] = &[
    "COMMAND",
    "CommandLine",
    "DestinationIp",
    "DestinationPort",
    "PWD",
    "SYSCALL",
    "TargetFilename",
    "USER",
    "User",
    "acct",
    "action",
    "addr",
    "audit_enabled",
    "auid",
    "cmd",
    "command",
    "comm",
    "cwd",
    "exe",
    "exit",
    "hostname",
    "id",
    "method",
    "name",
    "nametype",
    "op",
    "pid",
    "ppid",
    "proctitle",
    "program",
    "reason",
    "res",
    "rhost",
    "ses",
    "src_ip",
    "src_port",
    "success",
    "syscall_a1",
    "a1",
    "type",
    "uid",
    "unit",
    "user",
    "AUID",
    "UID",
    "syscall_a2",
    "lost",
];

/// Both, once.
static ALL: std::sync::LazyLock<Vec<&'static str>> = std::sync::LazyLock::new(|| {
    let mut all: Vec<&'static str> = FIELDS.iter().chain(ARGUMENTS).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
});

/// Logs of Linux.
#[derive(Clone, Copy, Debug)]
pub struct Linux;

impl Extractor for Linux {
    fn fields(&self) -> &'static [&'static str] {
        ALL.as_slice()
    }

    fn reads(&self, shape: &Shape) -> bool {
        &*shape.product == "linux"
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let channel = row.shape().channel.to_ascii_lowercase();
        let mut event = Event { row: *row, out };
        match channel.as_str() {
            "auditd" => audited(&mut event),
            "sshd" => sshd(&mut event),
            "sudo" => sudo(&mut event),
            "auth" => auth(&mut event),
            "cron" => cron(&mut event),
            _ => {}
        }
    }
}

struct Event<'r, 'o, 'e> {
    row: Row<'r>,
    out: &'o mut Out<'e>,
}

impl<'r> Event<'r, '_, '_> {
    fn text(&self, field: &str) -> Option<&'r str> {
        debug_assert!(ALL.contains(&field), "{field} is not among the fields");
        self.row.text(field).filter(|text| !matches!(*text, "?" | "(null)" | "(none)"))
    }

    fn values(&self, field: &str) -> impl Iterator<Item = &'r str> + use<'r> {
        debug_assert!(ALL.contains(&field), "{field} is not among the fields");
        self.row.values(field)
    }

    fn of(&mut self, text: &str) -> Name {
        self.out.names().of(text)
    }

    fn here(&self) -> Option<Name> {
        self.out.host()
    }

    /// An account of this host: its name on it, where it has one.
    fn user(&mut self, user: &str) -> Option<Name> {
        let user = names::present(user).filter(|user| *user != UNSET && *user != "unset")?;
        let user = if user == "0" { "root" } else { user };
        let host = self.here();
        let names = self.out.names();
        let host = host.map(|host| names.shown(host).to_owned());
        names.account(user, host.as_deref())
    }

    /// The login session: its number on this host.
    fn session(&mut self) -> Option<Name> {
        let number = self.text("ses").filter(|ses| *ses != UNSET && *ses != "unset")?;
        let host = self.here()?;
        let names = self.out.names();
        let key = format!("{}|ses{number}", names.folded(host));
        Some(names.of(&key))
    }

    fn pid(&self, field: &str) -> ProcessRef {
        let pid = self.text(field).and_then(|pid| pid.parse().ok()).filter(|pid| *pid != 0);
        ProcessRef { guid: None, pid }
    }

    /// Who did it, by a record of the kernel.
    fn actor(&mut self) -> Actor {
        let user = self.text("User").or_else(|| self.text("UID")).or_else(|| self.text("uid"));
        let account = user.and_then(|user| self.user(user));
        let session = self.session();
        let image = self.text("exe").map(|exe| self.of(exe));
        Actor {
            host: self.here(),
            account,
            session,
            process: self.pid("pid"),
            image,
            ..Actor::default()
        }
    }

    /// Where somebody came from.
    fn from(&mut self, fields: &[&str]) -> Peer {
        let mut peer = Peer::default();
        let texts: Vec<&str> = fields.iter().filter_map(|field| self.text(field)).collect();
        for text in texts {
            match names::address(text) {
                Some(address) => {
                    let address = self.of(address);
                    peer.address.get_or_insert(address);
                }
                None => peer.host = peer.host.or(self.out.names().host(text)),
            }
        }
        peer
    }

    fn push(&mut self, actor: Actor, what: What) {
        self.out.push(actor, what);
    }
}

/// What the audit system writes for an id that was never set: -1.
const UNSET: &str = "4294967295";

fn audited(e: &mut Event<'_, '_, '_>) {
    let kinds: Vec<&str> = e.values("type").take(64).collect();
    let has = |kind: &str| kinds.contains(&kind);
    if has("EXECVE") || has("PROCTITLE") && has_call(e, &["execve", "execveat"]) {
        return executed(e);
    }
    if has("SOCKADDR") {
        return connected(e);
    }
    if has("PATH") {
        return touched(e);
    }
    match kinds.first().copied().unwrap_or_default() {
        "USER_LOGIN" | "USER_AUTH" | "USER_START" | "USER_END" | "USER_LOGOUT" | "LOGIN"
        | "CRED_ACQ" | "USER_ACCT" => session(e, &kinds),
        "USER_CMD" => command(e),
        "ADD_USER" | "DEL_USER" | "ADD_GROUP" | "USER_MGMT" | "USER_CHAUTHTOK" | "GRP_MGMT" => {
            account(e, &kinds);
        }
        "CONFIG_CHANGE" | "DAEMON_END" | "DAEMON_START" | "DAEMON_ABORT" | "SYSTEM_SHUTDOWN"
        | "SYSTEM_BOOT" | "DAEMON_ERR" => loss(e, &kinds),
        "SERVICE_START" | "SERVICE_STOP" => e.out.class(Class::Persistence),
        _ => {}
    }
}

fn has_call(e: &Event<'_, '_, '_>, names: &[&str]) -> bool {
    e.text("SYSCALL").is_some_and(|call| names.contains(&call))
}

fn failed(e: &Event<'_, '_, '_>) -> bool {
    e.text("success") == Some("no")
        || e.text("res").is_some_and(|res| matches!(res, "failed" | "0"))
}

fn cut(text: &str) -> Box<str> {
    let mut end = text.len().min(COMMAND_LINE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

/// A program was run.
fn executed(e: &mut Event<'_, '_, '_>) {
    e.out.class(Class::Process);
    if failed(e) {
        return;
    }
    let own = e.actor();
    let parent = e.pid("ppid");
    let command = e.text("CommandLine").or_else(|| e.text("proctitle"));
    let what = Exec {
        step: ExecStep::Started,
        process: own.process,
        session: own.session,
        account: own.account,
        parent,
        image: own.image,
        command: command.map(cut),
        ..Exec::default()
    };
    let actor = Actor { process: parent, image: None, ..own };
    e.push(actor, What::Exec(Box::new(what)));
    let folder = e.text("cwd");
    // A program called by itself; otherwise its words are not told apart.
    let words: Vec<&str> = ARGUMENTS.iter().map_while(|name| e.row.raw(name)).collect();
    if words.len() > 1 {
        commanded::say_arguments(e.out, own, folder, &words);
    } else if let Some(command) = command {
        commanded::say_unix(e.out, own, folder, command);
    }
}

/// A connection was opened.
fn connected(e: &mut Event<'_, '_, '_>) {
    e.out.class(Class::HostFlow);
    let Some(text) = e.text("DestinationIp").and_then(names::address) else { return };
    if text.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified()) {
        return;
    }
    let actor = e.actor();
    let address = Some(e.of(text));
    let port = e.text("DestinationPort").and_then(|port| port.parse().ok());
    let client = Peer { host: e.here(), ..Peer::default() };
    let what = Transfer {
        client,
        server: Peer { host: None, address, port },
        server_name: None,
        protocol: e.of("ip"),
        uid: None,
        sent: None,
        received: None,
        missed: 0,
        duration: None,
        ended: Ended::Unknown,
        files: Vec::new(),
        request: None,
    };
    e.push(actor, What::Transfer(Box::new(what)));
}

/// What a call does to the paths that its record names.
fn kind_of(call: &str, writes: bool) -> TouchKind {
    match call {
        "unlink" | "unlinkat" | "rmdir" | "rename" | "renameat" | "renameat2" => TouchKind::Deleted,
        "truncate" | "ftruncate" | "creat" | "link" | "linkat" | "symlink" | "symlinkat"
        | "mkdir" | "mkdirat" | "mknod" | "mknodat" | "chmod" | "fchmod" | "fchmodat" | "chown"
        | "lchown" | "fchown" | "fchownat" | "setxattr" | "utimensat" | "utimes" => {
            TouchKind::Written
        }
        "stat" | "lstat" | "newfstatat" | "statx" | "access" | "faccessat" | "faccessat2"
        | "getdents" | "getdents64" | "readlink" | "readlinkat" | "getxattr" | "chdir" => {
            TouchKind::Listed
        }
        "read" | "pread64" | "sendfile" | "copy_file_range" => TouchKind::Read,
        _ if writes => TouchKind::Written,
        _ => TouchKind::Opened,
    }
}

/// Whether an `open` asked for the right to write: its flags, in hex.
fn writes(e: &Event<'_, '_, '_>) -> bool {
    /// `O_WRONLY` and `O_RDWR`.
    const WRITE: u64 = 0x3;
    let field = match e.text("SYSCALL") {
        Some("open") => "a1",
        Some("openat" | "openat2") => "a2",
        Some("creat") => return true,
        _ => return false,
    };
    let flags = e.text(field).unwrap_or_default();
    if flags.contains("O_WRONLY") || flags.contains("O_RDWR") {
        return true;
    }
    let flags = u64::from_str_radix(flags.trim_start_matches("0x"), 16);
    flags.is_ok_and(|flags| flags & WRITE != 0)
}

/// A watched file was touched.
fn touched(e: &mut Event<'_, '_, '_>) {
    e.out.class(Class::FileAccess);
    let call = e.text("SYSCALL").unwrap_or_default();
    let kind = if failed(e) { TouchKind::Denied } else { kind_of(call, writes(e)) };
    let actor = e.actor();
    let folder = e.text("cwd").unwrap_or_default().trim_end_matches('/');
    let natures: Vec<&str> = e.values("nametype").take(OBJECTS_PER_RECORD_MAX).collect();
    let names: Vec<&str> = e.values("name").take(OBJECTS_PER_RECORD_MAX).collect();
    for (at, name) in names.iter().enumerate() {
        let nature = natures.get(at).copied().unwrap_or_default();
        let Some(name) = names::present(name).filter(|_| nature != "PARENT") else { continue };
        let path = match name.strip_prefix('/') {
            Some(_) => name.to_owned(),
            None => format!("{folder}/{}", name.trim_start_matches("./")),
        };
        let kind = match (kind, nature) {
            (TouchKind::Denied, _) => kind,
            (_, "DELETE") => TouchKind::Deleted,
            (_, "CREATE") => TouchKind::Written,
            _ => kind,
        };
        let object = Object::File { host: e.here(), path: e.of(&path) };
        e.push(actor, What::Touch(Box::new(touch(kind, object))));
    }
}

fn touch(kind: TouchKind, object: Object) -> Touch {
    Touch {
        kind,
        object,
        via: Via::Recorded,
        bytes: None,
        whole: false,
        throttled: false,
        to: None,
        sha256: None,
    }
}

fn step(step: SessionStep) -> Session {
    Session {
        step,
        kind: LogonKind::Unknown,
        key: None,
        linked: None,
        guid: None,
        account: None,
        from: Peer::default(),
        to: Peer::default(),
        privileged: false,
    }
}

/// Somebody came or went, by the records of PAM and its like.
fn session(e: &mut Event<'_, '_, '_>, kinds: &[&str]) {
    e.out.class(Class::Logon);
    let what = match (kinds.first().copied().unwrap_or_default(), failed(e)) {
        ("USER_LOGIN" | "USER_AUTH", true) => SessionStep::Failed,
        ("USER_LOGIN" | "USER_START", false) => SessionStep::Opened,
        ("USER_END" | "USER_LOGOUT", _) => SessionStep::Closed,
        _ => return,
    };
    let user = e
        .text("acct")
        .or_else(|| e.text("id"))
        .or_else(|| e.text("AUID"))
        .or_else(|| e.text("auid"));
    let account = user.and_then(|user| e.user(user));
    let from = e.from(&["addr", "hostname"]);
    let key = e.session();
    let exe = e.text("exe").unwrap_or_default();
    let kind = kind(exe, from);
    let remote = from.host.is_some() || from.address.is_some();
    let host = if remote { from.host } else { e.here() };
    let process = if remote { ProcessRef::default() } else { e.pid("pid") };
    let actor = Actor { host, account, address: from.address, process, ..Actor::default() };
    let privileged = account.is_some_and(|account| e.out.names().folded(account).ends_with("root"));
    let what = Session { kind, key, account, from, privileged, ..step(what) };
    e.push(actor, What::Session(what));
}

fn kind(program: &str, from: Peer) -> LogonKind {
    let name = program.rsplit('/').next().unwrap_or(program);
    let remote = from.host.is_some() || from.address.is_some();
    match name {
        "sshd" | "sshd-session" | "dropbear" => LogonKind::RemoteShell,
        "cron" | "crond" | "atd" => LogonKind::Batch,
        "systemd" => LogonKind::Service,
        "login" | "gdm-session-worker" | "lightdm" | "sddm-helper" => LogonKind::Interactive,
        _ if remote => LogonKind::Network,
        _ => LogonKind::Unknown,
    }
}

/// A command through `sudo`, in its own record.
fn command(e: &mut Event<'_, '_, '_>) {
    e.out.class(Class::Process);
    if failed(e) {
        return;
    }
    let actor = e.actor();
    let Some(command) = e.text("cmd") else { return };
    ran(e, actor, command, e.text("cwd"));
}

fn ran(e: &mut Event<'_, '_, '_>, actor: Actor, command: &str, folder: Option<&str>) {
    let what = Exec {
        step: ExecStep::Script,
        process: actor.process,
        session: actor.session,
        account: actor.account,
        command: Some(cut(command)),
        ..Exec::default()
    };
    e.push(actor, What::Exec(Box::new(what)));
    commanded::say_unix(e.out, actor, folder, command);
}

fn account(e: &mut Event<'_, '_, '_>, kinds: &[&str]) {
    e.out.class(Class::AccountChange);
    if failed(e) {
        return;
    }
    let (step, kind) = match kinds.first().copied().unwrap_or_default() {
        "ADD_USER" => (TicketStep::Created, TicketKind::Account),
        "DEL_USER" => (TicketStep::Revoked, TicketKind::Account),
        "USER_CHAUTHTOK" => (TicketStep::Rolled, TicketKind::Password),
        _ => (TicketStep::Created, TicketKind::Role),
    };
    let user = e.text("acct").or_else(|| e.text("id"));
    let account = user.and_then(|user| e.user(user));
    let actor = e.actor();
    ticket(e, actor, account, step, kind);
}

fn ticket(
    e: &mut Event<'_, '_, '_>,
    actor: Actor,
    account: Option<Name>,
    step: TicketStep,
    kind: TicketKind,
) {
    let what = Ticket {
        step,
        kind,
        account,
        everyone: false,
        service: None,
        issued: None,
        from: Peer::default(),
        method: e.text("op").map(|op| e.of(op)),
    };
    e.push(actor, What::Ticket(Box::new(what)));
}

fn loss(e: &mut Event<'_, '_, '_>, kinds: &[&str]) {
    let kind = match kinds.first().copied().unwrap_or_default() {
        "DAEMON_END" | "DAEMON_ABORT" => LossKind::Stopped,
        "DAEMON_START" => LossKind::Started,
        "DAEMON_ERR" => LossKind::Dropped,
        "SYSTEM_SHUTDOWN" => LossKind::Down,
        "SYSTEM_BOOT" => LossKind::Up,
        _ => match (e.text("op"), e.text("audit_enabled")) {
            (_, Some("0")) => LossKind::Stopped,
            (Some("remove_rule" | "remove rule"), _) => LossKind::Narrowed,
            (Some("add_rule" | "add rule"), _) => LossKind::Widened,
            _ => return,
        },
    };
    let actor = e.actor();
    let channel = match kind {
        LossKind::Up | LossKind::Down => None,
        _ => Some(e.of("linux/auditd")),
    };
    let what = Loss { kind, channel, what: None, amount: None, share: None };
    e.push(actor, What::Loss(what));
}

/// What `sshd` says.
fn sshd(e: &mut Event<'_, '_, '_>) {
    e.out.class(Class::Logon);
    let what = match e.text("action").unwrap_or_default() {
        "Accepted" => SessionStep::Opened,
        "Failed" | "authentication failure" => SessionStep::Failed,
        "session closed" => SessionStep::Closed,
        _ => return,
    };
    let account = e.text("user").and_then(|user| e.user(user));
    let from = e.from(&["src_ip", "rhost"]);
    let port = e.text("src_port").and_then(|port| port.parse().ok());
    let from = Peer { port, ..from };
    let actor = Actor { host: from.host, account, address: from.address, ..Actor::default() };
    let kind = LogonKind::RemoteShell;
    e.push(actor, What::Session(Session { kind, account, from, ..step(what) }));
}

/// `alice : … USER=root ; COMMAND=/usr/bin/id`.
fn sudo(e: &mut Event<'_, '_, '_>) {
    e.out.class(Class::Process);
    let (Some(user), Some(command)) = (e.text("user"), e.text("COMMAND")) else { return };
    let account = e.user(user);
    let actor = Actor { host: e.here(), account, ..Actor::default() };
    // With a reason it was refused.
    if e.text("reason").is_some() {
        return;
    }
    ran(e, actor, command, e.text("PWD"));
}

/// What `su`, `useradd`, `passwd` and PAM say.
fn auth(e: &mut Event<'_, '_, '_>) {
    let action = e.text("action").unwrap_or_default();
    let user = e.text("user").or_else(|| e.text("name"));
    match action {
        "new user" => {
            e.out.class(Class::AccountChange);
            let account = e.text("name").and_then(|user| e.user(user));
            let actor = Actor { host: e.here(), ..Actor::default() };
            ticket(e, actor, account, TicketStep::Created, TicketKind::Account);
        }
        "Accepted" | "session opened" | "Failed" | "authentication failure" | "session closed" => {
            e.out.class(Class::Logon);
            let target = e.text("USER").or(user).and_then(|user| e.user(user));
            let by = e.text("USER").and(user).and_then(|user| e.user(user));
            let what = match action {
                "Accepted" | "session opened" => SessionStep::Opened,
                "session closed" => SessionStep::Closed,
                _ => SessionStep::Failed,
            };
            let from = e.from(&["src_ip", "rhost"]);
            let remote = from.host.is_some() || from.address.is_some();
            let host = if remote { from.host } else { e.here() };
            let account = by.or(target);
            let actor = Actor { host, account, address: from.address, ..Actor::default() };
            e.push(actor, What::Session(Session { account: target, from, ..step(what) }));
        }
        _ => e.out.class(Class::Logon),
    }
}

/// `(root) CMD (run-parts /etc/cron.hourly)`.
fn cron(e: &mut Event<'_, '_, '_>) {
    e.out.class(Class::Persistence);
    let account = e.text("user").and_then(|user| e.user(user));
    let actor = Actor { host: e.here(), account, ..Actor::default() };
    match (e.text("action"), e.text("command")) {
        (Some("CMD"), Some(command)) => ran(e, actor, command, None),
        (Some("REPLACE" | "DELETE"), _) => {
            let user = e.text("user").unwrap_or_default();
            let label = format!("task crontab {user}");
            let gone = e.text("action") == Some("DELETE");
            let what = Exec {
                step: if gone { ExecStep::Removed } else { ExecStep::Installed },
                account,
                label: Some(e.of(&label)),
                ..Exec::default()
            };
            e.push(actor, What::Exec(Box::new(what)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{classes, events, has, shape};
    use super::*;

    fn audit(row: &[(&str, &str)]) -> super::super::Extraction {
        let mut row = row.to_vec();
        row.push(("@host", "web1"));
        events(&shape("linux", "auditd", 0), &[&row])
    }

    #[test]
    fn a_program() {
        let found = audit(&[
            ("type", "SYSCALL"),
            ("type", "EXECVE"),
            ("SYSCALL", "execve"),
            ("success", "yes"),
            ("pid", "11"),
            ("ppid", "10"),
            ("ses", "3"),
            ("User", "bob"),
            ("exe", "/usr/bin/tar"),
            ("a0", "tar"),
            ("a1", "czf"),
            ("a2", "/tmp/o.tgz"),
            ("a3", "my plans"),
            ("cwd", "/srv"),
            ("CommandLine", "tar czf /tmp/o.tgz my plans"),
        ]);
        assert_eq!(classes(&found), [Class::Process]);
        has(
            &found,
            &[
                "Started, process: ProcessRef { pid: 11 }, session: web1|ses3, account: web1\\bob, parent: ProcessRef { pid: 10 }",
            ],
        );
        has(
            &found,
            &[
                "Staged, object: File { host: web1, path: /srv/my plans }, via: Commanded",
                "to: /tmp/o.tgz",
            ],
        );
    }

    #[test]
    fn files() {
        let row = |call, flags, nature| {
            audit(&[
                ("type", "SYSCALL"),
                ("type", "PATH"),
                ("SYSCALL", call),
                ("a2", flags),
                ("success", "yes"),
                ("cwd", "/srv"),
                ("name", "/srv"),
                ("name", "./a"),
                ("nametype", "PARENT"),
                ("nametype", nature),
            ])
        };
        has(
            &row("openat", "80000", "NORMAL"),
            &["kind: Opened, object: File { host: web1, path: /srv/a }"],
        );
        has(&row("openat", "241", "NORMAL"), &["kind: Written"]);
        has(&row("unlinkat", "0", "DELETE"), &["kind: Deleted"]);
        assert_eq!(row("openat", "0", "NORMAL").activities.len(), 1);
    }

    #[test]
    fn logons() {
        let found = audit(&[
            ("type", "USER_LOGIN"),
            ("acct", "bob"),
            ("exe", "/usr/sbin/sshd"),
            ("addr", "192.0.2.7"),
            ("hostname", "192.0.2.7"),
            ("ses", "3"),
            ("res", "success"),
        ]);
        has(
            &found,
            &[
                "Opened, kind: RemoteShell, key: web1|ses3, account: web1\\bob, from: Peer { address: 192.0.2.7 }",
            ],
        );
        let row =
            [("action", "Failed"), ("user", "bob"), ("src_ip", "192.0.2.7"), ("@host", "web1")];
        let found = events(&shape("linux", "sshd", 0), &[&row]);
        has(&found, &["Failed, kind: RemoteShell"]);
        let row = [("user", "bob"), ("USER", "root"), ("COMMAND", "/bin/cat /etc/shadow")];
        let found = events(&shape("linux", "sudo", 0), &[&row]);
        has(&found, &["Taken", "method: command line"]);
        has(&found, &["kind: Read"]);
    }
}
