//! What a command line or a script asked for, as activities. Whether it
//! succeeded is not known, and each of them says so.

use super::Out;
use super::commands::{self, Asked, Store, Verb};
use crate::activity::{
    Actor, Ended, Exec, ExecStep, FileSent, LogonKind, Loss, LossKind, Object, Peer, Session,
    SessionStep, Ticket, TicketKind, TicketStep, Touch, TouchKind, Transfer, Via, What,
};
use crate::names::{self, Name};

/// How tickets are marked that a command asked for.
pub(super) const METHOD: &str = "command line";

/// Says what a command line of Windows asks for. `actor` is the process that
/// runs it, `folder` the one that it runs in.
pub(super) fn say(out: &mut Out<'_>, actor: Actor, folder: Option<&str>, command: &str) {
    all(out, actor, folder, &commands::read(command));
}

/// The same of a program of Unix and its arguments.
pub(super) fn say_arguments(
    out: &mut Out<'_>,
    actor: Actor,
    folder: Option<&str>,
    arguments: &[&str],
) {
    all(out, actor, folder, &commands::read_arguments(arguments));
}

/// The same of a line of a Unix shell.
pub(super) fn say_unix(out: &mut Out<'_>, actor: Actor, folder: Option<&str>, command: &str) {
    all(out, actor, folder, &commands::read_unix(command));
}

fn all(out: &mut Out<'_>, actor: Actor, folder: Option<&str>, asked: &[Asked]) {
    for asked in asked {
        let on = asked.on.as_deref().and_then(|host| out.names().host(host));
        let here = out.host();
        Saying { host: on.or(here), out, actor, folder, asked }.say();
    }
}

struct Saying<'s, 'o> {
    out: &'s mut Out<'o>,
    actor: Actor,
    folder: Option<&'s str>,
    asked: &'s Asked,
    /// The host on which it is to happen.
    host: Option<Name>,
}

impl Saying<'_, '_> {
    fn say(mut self) {
        match self.asked.verb {
            Verb::Archive | Verb::Copy => self.moved(TouchKind::Staged),
            Verb::Move => {
                self.moved(TouchKind::Staged);
                self.touches(TouchKind::Deleted);
            }
            Verb::Read => self.touches(TouchKind::Read),
            Verb::List => self.touches(TouchKind::Listed),
            Verb::Delete => self.touches(TouchKind::Deleted),
            Verb::Write => self.written(),
            Verb::Upload => self.transfer(true),
            Verb::Download => self.transfer(false),
            Verb::ListDirectory => self.directory(),
            Verb::Credentials(store) => self.credentials(store),
            Verb::Forge => self.account(TicketStep::Forged, TicketKind::KerberosTgt),
            Verb::Persist => self.installed(ExecStep::Installed),
            Verb::Unpersist => self.installed(ExecStep::Removed),
            Verb::AddAccount => self.account(TicketStep::Created, TicketKind::Account),
            Verb::SetPassword => self.account(TicketStep::Rolled, TicketKind::Password),
            Verb::AddMember => self.account(TicketStep::Created, TicketKind::Role),
            Verb::Connect => self.connect(),
            Verb::ClearLog => self.loss(LossKind::Cleared),
            Verb::StopLog => self.loss(LossKind::Stopped),
        }
    }

    fn push(&mut self, what: What) {
        self.out.push(self.actor, what);
    }

    /// The thing that a path names; `None` where it names none: a variable
    /// alone, a standard stream.
    fn object(&mut self, path: &str) -> Option<Object> {
        let path = path.trim().trim_matches(['"', '\'']);
        let path = path.strip_prefix("Microsoft.PowerShell.Core\\FileSystem::").unwrap_or(path);
        if path.is_empty() || path == "-" || is_variable(path) {
            return None;
        }
        if let Some(shared) = self.shared(path) {
            return Some(shared);
        }
        let whole = match self.folder.filter(|_| is_relative(path)) {
            Some(folder) => joined(folder, path),
            None => path.to_owned(),
        };
        Some(Object::File { host: self.host, path: self.out.names().of(&whole) })
    }

    /// `\\host\share\path`.
    fn shared(&mut self, path: &str) -> Option<Object> {
        let rest = path.strip_prefix("\\\\")?;
        // `\\?\C:\…` and `\\.\…` are paths of this host.
        if rest.starts_with(['?', '.']) {
            return None;
        }
        let mut parts = rest.splitn(3, '\\');
        let host = parts.next().filter(|host| !host.is_empty())?;
        let share = parts.next()?;
        let below = parts.next().unwrap_or_default();
        // By its own loopback it is the host on which it happens.
        let own = host.eq_ignore_ascii_case("localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let names = self.out.names();
        let host = if own { self.host } else { names.host(host) };
        let (share, path) = (names.of(share), names.of(below.trim_end_matches('\\')));
        Some(Object::Shared { host, share, path, local: None })
    }

    fn touch(&mut self, kind: TouchKind, path: &str, to: Option<Name>) {
        let Some(object) = self.object(path) else { return };
        let touch = Touch {
            kind,
            object,
            via: Via::Commanded,
            bytes: None,
            // Of a folder, all that is in it: that it is one, only its user
            // knew. A pattern says so itself.
            whole: false,
            throttled: false,
            to,
            sha256: None,
        };
        self.push(What::Touch(Box::new(touch)));
    }

    fn touches(&mut self, kind: TouchKind) {
        let asked = self.asked;
        for source in &asked.sources {
            self.touch(kind, source, None);
        }
    }

    /// Sources that went into the target.
    fn moved(&mut self, kind: TouchKind) {
        let asked = self.asked;
        let to = asked.targets.first().map(|target| self.out.names().of(target));
        for source in &asked.sources {
            self.touch(kind, source, to);
        }
        self.written();
    }

    fn written(&mut self) {
        let asked = self.asked;
        for target in &asked.targets {
            self.touch(TouchKind::Written, target, None);
        }
    }

    fn transfer(&mut self, upload: bool) {
        let asked = self.asked;
        let url = asked.url.as_deref().unwrap_or_default();
        let to = (!url.is_empty()).then(|| self.out.names().of(url));
        let files = if upload { &asked.sources } else { &asked.targets };
        let files = files.iter().map(|file| FileSent {
            id: None,
            name: Some(self.out.names().of(file)),
            bytes: None,
            missed: 0,
            sha256: None,
            upload,
            accepted: None,
        });
        let files: Vec<FileSent> = files.collect();
        let end = end(url);
        let address = end.host.and_then(names::address).map(|a| self.out.names().of(a));
        let server_name = end.host.map(|host| self.out.names().of(host));
        let what = Transfer {
            client: Peer { host: self.host, ..Peer::default() },
            server: Peer { address, port: end.port, ..Peer::default() },
            server_name,
            protocol: self.out.names().of(end.scheme),
            uid: None,
            sent: None,
            received: None,
            missed: 0,
            duration: None,
            ended: Ended::Unknown,
            files,
            request: to,
        };
        self.push(What::Transfer(Box::new(what)));
        if upload {
            for source in &asked.sources {
                self.touch(TouchKind::Staged, source, to);
            }
        } else {
            self.written();
        }
    }

    fn directory(&mut self) {
        let actor = self.actor;
        let names = self.out.names();
        let account = actor.account.map(|account| names.folded(account).to_owned());
        let realm = account.as_deref().and_then(|a| a.split_once('\\')).map(|(realm, _)| realm);
        let realm = names.of(realm.unwrap_or_default());
        let touch = Touch {
            kind: TouchKind::Listed,
            object: Object::Directory { realm },
            via: Via::Commanded,
            bytes: None,
            whole: true,
            throttled: false,
            to: None,
            sha256: None,
        };
        self.push(What::Touch(Box::new(touch)));
        self.written();
    }

    fn ticket(&mut self, step: TicketStep, kind: TicketKind) -> Ticket {
        let method = Some(self.out.names().of(METHOD));
        let (account, service, issued) = (None, None, None);
        let from = Peer { host: self.host, ..Peer::default() };
        Ticket { step, kind, account, everyone: false, service, issued, from, method }
    }

    fn credentials(&mut self, store: Store) {
        let (kind, everyone) = match store {
            Store::Memory | Store::Local | Store::Saved => (TicketKind::Password, false),
            Store::Directory => (TicketKind::Password, true),
            Store::Keys => (TicketKind::SigningKey, true),
            Store::Tickets => (TicketKind::KerberosTgt, false),
        };
        let account = self.named_account();
        let what = self.ticket(TicketStep::Taken, kind);
        let service = Some(self.out.names().of(word(store)));
        // One that is named is that one only.
        let everyone = everyone && account.is_none();
        let what = Ticket { account, everyone, service, ..what };
        let krbtgt = account.is_some_and(|account| {
            let name = self.out.names().folded(account);
            name.rsplit('\\').next() == Some("krbtgt")
        });
        let signing = store == Store::Directory && (everyone || krbtgt);
        let key = Ticket { kind: TicketKind::SigningKey, ..what.clone() };
        self.push(What::Ticket(Box::new(what)));
        if signing {
            self.push(What::Ticket(Box::new(key)));
        }
        self.written();
    }

    /// The account that the command names; without a domain it is of the
    /// actor's.
    fn named_account(&mut self) -> Option<Name> {
        let name = self.asked.name.as_deref()?;
        self.out.names().account(name, None)
    }

    fn account(&mut self, step: TicketStep, kind: TicketKind) {
        let account = self.named_account();
        let service = self.asked.targets.first().map(|group| self.out.names().of(group));
        let what = self.ticket(step, kind);
        self.push(What::Ticket(Box::new(Ticket { account, service, ..what })));
    }

    fn installed(&mut self, step: ExecStep) {
        let asked = self.asked;
        let label = asked.name.as_deref().map(|label| self.out.names().of(label));
        let command = asked.sources.first().map(|command| command.as_str().into());
        let what = Exec { step, label, command, ..Exec::default() };
        self.push(What::Exec(Box::new(what)));
    }

    fn connect(&mut self) {
        let account = self.named_account();
        let what = Session {
            step: SessionStep::AskedElsewhere,
            kind: LogonKind::Unknown,
            key: None,
            linked: None,
            guid: None,
            account,
            from: Peer::default(),
            to: Peer { host: self.host, ..Peer::default() },
            privileged: false,
        };
        self.push(What::Session(what));
    }

    fn loss(&mut self, kind: LossKind) {
        let name = self.asked.name.as_deref();
        let channel = name.map(|name| self.out.names().of(name));
        let what = Some(self.out.names().of(METHOD));
        let channel = channel.filter(|_| kind == LossKind::Cleared);
        let what =
            if kind == LossKind::Cleared { what } else { name.map(|n| self.out.names().of(n)) };
        self.push(What::Loss(Loss { kind, channel, what, amount: None, share: None }));
    }
}

/// The word for a store of credentials.
fn word(store: Store) -> &'static str {
    match store {
        Store::Memory => "memory",
        Store::Local => "local accounts",
        Store::Directory => "directory",
        Store::Saved => "saved by the user",
        Store::Keys => "keys",
        Store::Tickets => "tickets",
    }
}

/// The other end of an address.
struct End<'t> {
    scheme: &'t str,
    host: Option<&'t str>,
    port: Option<u16>,
}

/// Takes an address apart: `https://user@host:1/x`, `user@host:path`,
/// `remote:path`, `\\host\share`.
fn end(url: &str) -> End<'_> {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None if url.starts_with("\\\\") => ("smb", url.trim_start_matches('\\')),
        None => match url.split_once(':') {
            Some((before, _)) if before.contains('@') || before.contains('.') => ("ssh", before),
            Some((remote, _)) => (remote, ""),
            None => ("http", url),
        },
    };
    let whole = rest.split(['/', '\\', '?']).next().unwrap_or(rest);
    let whole = if scheme == "smb" { whole } else { whole.rsplit('@').next().unwrap_or(whole) };
    let (host, port) = match whole.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port.parse().ok()),
        _ => (whole, None),
    };
    let host = (!host.is_empty()).then_some(host);
    End { scheme, host, port }
}

/// Whether a word is a variable alone: which file it names is not said.
fn is_variable(path: &str) -> bool {
    path.starts_with("$_") || (path.starts_with('$') && !path.contains(['\\', '/']))
}

/// Whether a path begins at the folder that a command runs in.
fn is_relative(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    !drive && !path.starts_with(['\\', '/', '%', '$', '~']) && !path.contains("://")
}

fn joined(folder: &str, path: &str) -> String {
    let slash = if folder.contains('\\') { '\\' } else { '/' };
    let mut folder = folder.trim_end_matches(['\\', '/']);
    let mut path = path;
    loop {
        if let Some(rest) = path.strip_prefix("..").and_then(|rest| rest.strip_prefix(['\\', '/']))
        {
            folder = folder.rsplit_once(['\\', '/']).map_or(folder, |(up, _)| up);
            path = rest;
        } else if let Some(rest) = path.strip_prefix(".\\").or_else(|| path.strip_prefix("./")) {
            path = rest;
        } else {
            break;
        }
    }
    match path {
        "." => folder.to_owned(),
        _ => format!("{folder}{slash}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_addresses() {
        for (url, scheme, host, port) in [
            ("https://u:p@x.example:8443/a?b", "https", Some("x.example"), Some(8443)),
            ("bob@192.0.2.7:/tmp", "ssh", Some("192.0.2.7"), None),
            ("mega:x", "mega", None, None),
            ("\\\\tsclient\\C\\t", "smb", Some("tsclient"), None),
            ("tcp://192.0.2.7:443", "tcp", Some("192.0.2.7"), Some(443)),
            ("", "http", None, None),
        ] {
            let end = end(url);
            assert_eq!((end.scheme, end.host, end.port), (scheme, host, port), "{url}");
        }
    }

    #[test]
    fn paths_from_a_folder() {
        assert_eq!(joined("C:\\a\\b\\", "..\\c.txt"), "C:\\a\\c.txt");
        assert_eq!(joined("/srv", "./x"), "/srv/x");
        assert_eq!(joined("/srv", "."), "/srv");
        assert!(is_relative("a.txt") && !is_relative("C:\\a") && !is_relative("%TEMP%\\a"));
        assert!(is_variable("$x") && !is_variable("$env:TEMP\\x"));
    }
}
